"""Builds images, measures them, and runs them in QEMU on a TAP in a network namespace of their own.

Used by `ladder` and `smoke`. The namespace belongs to the process: it and the TAP are gone when the process is, however
that ends, and QEMU is killed with it.
"""

import bisect
import collections
import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
TARGET = "thumbv7m-none-eabi"
ADDRESS = {4: "10.0.0.2", 6: "fd00::2"}
PAINT = b"\xcc\xcc\xcc\xcc"

# Board, as QEMU calls it: its Ethernet controller, the feature that chooses it.
BOARDS = {"lm3s6965evb": ("stellaris", ""), "mps2-an385": ("lan9118", ",mps2")}
BOARD = "lm3s6965evb"

# Image: program, features. The same for both stacks.
IMAGES = {
    "udp-v4": ("udp", "udp,ipv4"),
    "tcp-v4": ("tcp", "tcp,ipv4"),
    "tcp-sack": ("tcp_sack", "tcp,ipv4"),
    "tcp-dual": ("tcp_ping", "tcp,icmp,ipv4,ipv6"),
    "http": ("http", "ipv4,ipv6,fragmentation,icmp,igmp,udp,tcp"),
    "all": ("all", "ipv4,ipv6,fragmentation,icmp,igmp,udp,tcp"),
}
# What smoltcp has no counterpart of is compared with this one.
NEIGHBOUR = {"all": "http", "tcp-sack": "tcp-v4"}


class Broken(Exception):
    """What the user is told, without a trace."""


def tool(name):
    return "arm-none-eabi-" + name


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


# ---- building ------------------------------------------------------------------------------------------------------


def build(image, stack="tersus", composition="static", opt="s", board=BOARD, probe=False, lines=False, extra=()):
    """Builds one image and returns where it lies. A panic that is reachable is a linker's error."""
    if stack == "smoltcp":
        image = NEIGHBOUR.get(image, image)
    program, features = IMAGES[image]
    if stack == "smoltcp":
        package, program = "smoltcp-images", "smoltcp-" + program.removesuffix("_ping")
    else:
        package = "tersus-images"
        features += ",objects" if composition == "objects" else ""
        features += BOARDS[board][1] + (",probe" if probe else "")
    environment = dict(os.environ, CARGO_PROFILE_RELEASE_OPT_LEVEL=opt, CARGO_INCREMENTAL="0")
    environment.pop("RUSTFLAGS", None)
    if lines:
        environment["CARGO_PROFILE_RELEASE_DEBUG"] = "line-tables-only"
    # One for each level, so that two can be built at a time.
    target_dir = HERE / "target" / opt
    command = [HERE / "bm", "rustc", "--release", "--quiet", "-p", package, "--bin", program, "--features", features,
               "--target-dir", target_dir, "--", "-Zemit-stack-sizes", *extra]
    done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        hint = ""
        if "a_panic_is_reachable" in done.stderr:
            hint = f"\n{image}: a panic is reachable; `ladder --why {image}` says from where"
        raise Broken(done.stderr + hint)
    name = (image if stack == "tersus" else f"{stack}-{image}") + ("" if board == BOARD else f"-{board}")
    name += ("-probe" if probe else "") + ("-lines" if lines else "")
    kept = HERE / "target" / "images" / f"{name}-{composition}-{opt}.elf"
    kept.parent.mkdir(exist_ok=True)
    shutil.copy(target_dir / TARGET / "release" / program, kept)
    return kept


def sections(elf):
    """Octets by section."""
    found = dict(re.findall(r"^(\.\w+)\s+(\d+)", output(tool("size"), "-A", str(elf)), re.M))
    return {name: int(found.get(name, 0)) for name in (".text", ".rodata", ".data", ".bss")}


def functions(elf):
    """Functions and constants in flash with their octets, largest first."""
    lines = output(tool("nm"), "--size-sort", "-r", "-S", "-C", str(elf)).splitlines()
    return [(int(size, 16), name) for _, size, kind, name in (line.split(" ", 3) for line in lines) if kind in "tTrRwW"]


PANIC = re.compile(r"core::panicking|_fail(ed)?(::|$)|panic_const|panic_bounds_check")


def by_function(elf, places):
    """Sums what was counted by place (hexadecimal, as QEMU logs it) by function, largest first."""
    lines = (line.split(" ", 2) for line in output(tool("nm"), "-n", "-C", str(elf)).splitlines())
    starts, names = zip(*((int(place, 16) & ~1, name) for place, kind, name in lines if kind in "tT"))
    sums = collections.Counter()
    for place, count in places.items():
        sums[names[bisect.bisect_right(starts, int(place, 16)) - 1]] += count
    return [(count, name) for name, count in sums.most_common()]


def panics(elf):
    """Functions that only panic, and how many places branch to one."""
    sites, here = 0, ""
    for line in output(tool("objdump"), "-d", "-C", "--no-show-raw-insn", str(elf)).splitlines():
        if entry := re.match(r"^[0-9a-f]+ <(.*)>:$", line):
            here = entry[1]
        elif call := re.search(r"\tb(?:l|\.w|\.n)?\t[0-9a-f]+ <([^+>]*)>", line):
            sites += bool(PANIC.search(call[1])) and not PANIC.search(here)
    return sum(bool(PANIC.search(name)) for _, name in functions(elf)), sites


# What an instruction belongs to, by the file it was written in; both stacks.
LAYERS = (
    ("application, board, start", r"/firmware/|/cortex-m"),
    ("link", r"/phy/src/|/smoltcp-[^/]*/src/(phy|iface/interface/ethernet)"),
    ("IP, neighbours, ICMP errors", r"/ip/src/|/smoltcp-[^/]*/src/iface"),
    ("ping", r"/icmp/src/|/smoltcp-[^/]*/src/socket/icmp"),
    ("groups", r"/igmp/src/"),
    ("UDP", r"/udp/src/|/smoltcp-[^/]*/src/(socket/udp|storage/packet)"),
    ("TCP", r"/tcp/src/|/smoltcp-[^/]*/src/(socket|storage)"),
    ("stack", r"/iface/src/"),
    ("formats, checksums", r"/wire/src/|/smoltcp-[^/]*/src/wire"),
    ("core, compiler, other libraries", r""),
)


def by_layer(elf):
    """Octets of code by who wrote the line, through all that was inlined; what `core` has, by who called it."""
    places = []
    for line in output(tool("nm"), "-S", str(elf)).splitlines():
        if found := re.match(r"([0-9a-f]+) ([0-9a-f]+) [tT] ", line):
            start = int(found[1], 16) & ~1
            places += range(start, start + int(found[2], 16), 2)
    asked = "\n".join(f"{place:x}" for place in sorted(set(places)))
    told = subprocess.run([tool("addr2line"), "-i", "-a", "-e", str(elf)], input=asked, check=True,
                          capture_output=True, text=True).stdout
    sums = collections.Counter()
    for chain in re.split(r"^0x[0-9a-f]+\n", told, flags=re.M)[1:]:
        files = [file for file in chain.splitlines() if "/rustlib/" not in file] or [""]
        sums[next(layer for layer, pattern in LAYERS if re.search(pattern, files[0]))] += 2
    return sums


def why(image):
    """Where the panics of an image come from: the chain of inlined functions at each branch to one."""
    os.environ.update(CARGO_PROFILE_RELEASE_DEBUG="1", CARGO_PROFILE_RELEASE_STRIP="none")
    elf = build(image, extra=["-C", "link-arg=--defsym=a_panic_is_reachable=1"])
    lines = output(tool("objdump"), "-d", "-C", "--no-show-raw-insn", str(elf)).splitlines()
    branch = re.compile(r"^ *([0-9a-f]+):\tb\w*(?:\.[nw])?\t([0-9a-f]+) <([^+>]*)")
    branches = [found.groups() for line in lines if (found := branch.match(line))]
    calls = {place for place, _, to in branches if PANIC.search(to)}
    # A shared call at the end of a function: who jumps to it says more.
    calls |= {place for place, to, _ in branches if to in calls}
    for place in sorted(calls):
        print(output(tool("addr2line"), "-i", "-f", "-C", "-p", "-e", str(elf), place))


# ---- running -------------------------------------------------------------------------------------------------------


def need(*programs):
    missing = [program for program in programs if not shutil.which(program)]
    if missing:
        raise Broken("not installed: " + " ".join(missing))


def enter_namespace():
    """Runs this program again, in a network namespace of its own, with a TAP in it."""
    need("unshare", "ip", "qemu-system-arm")
    if os.environ.get("FIRMWARE_NAMESPACE") != str(os.getpid()):
        if os.geteuid() != 0:
            raise Broken("a TAP needs root")
        # `exec` keeps the number of the process, and only the process itself is in the namespace.
        os.environ["FIRMWARE_NAMESPACE"] = str(os.getpid())
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    for command in (
        "link set lo up",
        "tuntap add dev tap0 mode tap",
        "address add 10.0.0.1/24 dev tap0",
        "address add fd00::1/64 dev tap0 nodad",
        "link set tap0 up",
    ):
        subprocess.run(["ip", *command.split()], check=True)
    # What the kernel says on its own would be counted.
    with contextlib.suppress(OSError):
        pathlib.Path("/proc/sys/net/ipv6/conf/tap0/router_solicitations").write_text("0")


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Machine:
    """QEMU with one image, traced or not."""

    def __init__(self, elf, board=BOARD, traced=False):
        self.elf, self.board, self.traced = elf, board, traced

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.folder.name)
        self.monitor = folder / "monitor"
        nic = "tap,ifname=tap0,script=no,downscript=no,mac=02:00:00:00:00:51,model=" + BOARDS[self.board][0]
        command = ["qemu-system-arm", "-M", self.board, "-display", "none", "-serial", "null",
                   "-monitor", f"unix:{self.monitor},server=on,wait=off",
                   "-nic", nic, "-kernel", str(self.elf)]
        if self.traced:
            fifo = folder / "trace"
            os.mkfifo(fifo)
            command += ["-singlestep", "-d", "exec,nochain", "-D", str(fifo)]
            self.trace = Trace(fifo)
        self.log = open(folder / "log", "w+")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        preexec_fn=die_with_parent)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()
        self.folder.cleanup()

    def command(self, line):
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.connect(str(self.monitor))
            monitor.settimeout(10)
            for text in (None, line):
                if text:
                    monitor.sendall(text.encode() + b"\n")
                received = b""
                while not received.endswith(b"(qemu) "):
                    received += monitor.recv(4096)

    def stack(self):
        """The deepest that the stack has been, in octets: below it the paint is as it was."""
        dump = pathlib.Path(self.folder.name) / "ram"
        names = output(tool("nm"), str(self.elf))
        low, high = (int(re.search(rf"^([0-9a-f]+) . {name}$", names, re.M)[1], 16)
                     for name in ("__euninit", "_stack_start"))
        self.command(f'pmemsave {low:#x} {high - low:#x} "{dump}"')
        ram, unused = dump.read_bytes(), 0
        while ram[unused:unused + 4] == PAINT:
            unused += 4
        return high - low - unused


class Trace(threading.Thread):
    """Counts the instructions that QEMU logs."""

    PC = re.compile(rb"\[[0-9a-f]+/([0-9a-f]+)/")

    def __init__(self, fifo):
        super().__init__(daemon=True)
        self.fifo, self.total, self.places = fifo, 0, collections.Counter()
        self.start()

    def run(self):
        with open(self.fifo, "rb", buffering=0) as fifo:
            rest = b""
            while block := fifo.read(1 << 16):
                lines, _, rest = (rest + block).rpartition(b"\n")
                found = self.PC.findall(lines)
                self.places.update(found)
                self.total += len(found)

    def settled(self, quiet=0.3):
        """The count, once nothing has been executed for a while."""
        while True:
            before = self.total
            time.sleep(quiet)
            if self.total == before:
                return before

    def idle_turn(self):
        """Instructions of a turn that only a wrap of the clock caused: the least of three."""
        turns = []
        for _ in range(3):
            before, deadline = self.settled(), time.monotonic() + 5
            while self.total == before:
                if time.monotonic() > deadline:
                    return min(turns, default=0)
                time.sleep(0.02)
            turns.append(self.settled() - before)
        return min(turns)


class Echo:
    """A peer of the image's port 7."""

    def __init__(self, kind, family=4, wait=15):
        self.address = (ADDRESS[family], 7)
        self.is_tcp = kind == "tcp"
        families = {4: socket.AF_INET, 6: socket.AF_INET6}
        deadline = time.monotonic() + wait
        while True:
            self.socket = socket.socket(families[family], socket.SOCK_STREAM if self.is_tcp else socket.SOCK_DGRAM)
            self.socket.settimeout(1)
            try:
                self.socket.connect(self.address)
                if self.is_tcp:
                    self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.echo(8)
                self.socket.settimeout(5)
                return
            except OSError as error:
                self.socket.close()
                if time.monotonic() > deadline:
                    raise Broken(f"{kind} echo at {self.address}: {error}") from error
                time.sleep(0.1)

    def echo(self, size):
        """Sends so many octets and takes them back."""
        sent = os.urandom(size)
        self.socket.sendall(sent)
        received = b""
        while len(received) < size:
            part = self.socket.recv(65536)
            if not part:
                raise Broken("the connection was closed")
            received += part
        if received != sent:
            raise Broken(f"{size} octets came back altered")
        if self.is_tcp:
            # The acknowledgement is to ride on the next segment.
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)

    def close(self):
        self.socket.close()


def measure(elf, kind, families=(4,), echoes=20):
    """Instructions per echo by family and size, per idle turn, and the stack's depth."""
    result = {}
    with Machine(elf, traced=True) as machine:
        trace = machine.trace
        for family in families:
            peer = Echo(kind, family, wait=30)
            for _ in range(20):
                peer.echo(64)
            for size in (64, 1000, 1460 if kind == "tcp" else 1472):
                peer.echo(size)
                before = trace.settled()
                for _ in range(echoes):
                    peer.echo(size)
                result[f"v{family}/{size}"] = round((trace.settled() - before) / echoes)
            peer.close()
        time.sleep(0.5)
        result["idle"] = trace.idle_turn()
        result["stack"] = machine.stack()
    return result
