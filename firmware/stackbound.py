"""A bound on the stack of an image: the deepest chain of calls, by the compiler's own figure for each function.

Frames are what `-Zemit-stack-sizes` says; for the few functions that are compiled elsewhere (memcpy, division) what
their first instructions take. Calls are those in the disassembly. A call through a table of functions goes to every
function that some table holds at that place, of a trait further down in `LAYERS`: that is how the layers call each
other, and what keeps a chain from going round for ever. `Fill` may be called twice, since a layer fills the rest of its
packet from the layer above. No interrupt is ever taken here, so none is added.
"""

import re
import struct
import subprocess
import tempfile

import lab

# Who calls whom. What is no method of these traits is a function kept as a value: the IP layer's duties.
LAYERS = ("LinkLayer", "Upper", "duty", "Transport", "IpLayer", "Links", "LinkTx", "Fill", "Fill", "Congestion")
ALIKE = {"Routes": "IpLayer", "Transports": "Transport"}
NAMED = {"sl": 10, "fp": 11, "ip": 12, "lr": 14, "pc": 15}
# Registers that point at locals and arguments, not at a table.
LOCAL = ("sp", "r7")
# What a call goes to if the place in the table is not known: any.
ANY = -1


class Bound:
    """The calls of one image."""

    def __init__(self, elf):
        self.elf, self.names, self.calls, self.through, self.frames = elf, {}, {}, {}, {}
        self.read_code()
        # What is no start of a function is a branch within one, or padding that looks like one.
        self.calls = {place: (targets & self.names.keys()) - {place} for place, targets in self.calls.items()}
        self.frames |= self.recorded()
        self.tables = self.read_tables()
        self.recursive = set()

    def read_code(self):
        text = lab.output(lab.tool("objdump"), "-d", "-C", "--no-show-raw-insn", str(self.elf))
        here, recent = None, []
        for line in text.splitlines():
            if entry := re.match(r"^([0-9a-f]+) <(.*)>:$", line):
                here, recent = int(entry[1], 16), []
                self.names[here], self.calls[here], self.through[here], self.frames[here] = entry[2], set(), set(), 0
            elif here is not None and (found := re.match(r"^\s*[0-9a-f]+:\t(\S+)\s*(.*)$", line)):
                self.instruction(here, *found.groups(), recent)
                recent.append(found.groups())

    def instruction(self, here, name, operands, recent):
        if target := re.match(r"b(?:l|[a-z]{2})?(?:\.[nw])?$", name) and re.match(r"([0-9a-f]+) <", operands):
            self.calls[here].add(int(target[1], 16))
        elif target := re.match(r"cbn?z$", name) and re.search(r", ([0-9a-f]+) <", operands):
            self.calls[here].add(int(target[1], 16))
        elif name in ("blx", "bx") and operands.split()[0] != "lr":
            self.through[here].add(slot(operands.split()[0], recent))
        elif name.startswith(("push", "stmdb")) and len(recent) < 8 and ("sp!" in operands or name.startswith("push")):
            self.frames[here] += 4 * registers(operands)
        elif name.startswith("sub") and len(recent) < 12 and (size := re.match(r"sp, (?:sp, )?#(\d+)", operands)):
            self.frames[here] += int(size[1])

    def recorded(self):
        """Frames by the compiler."""
        records, at, found = section(self.elf, ".stack_sizes"), 0, {}
        while at + 4 < len(records):
            place, size, shift = int.from_bytes(records[at:at + 4], "little") & ~1, 0, 0
            at += 4
            while True:
                octet, at = records[at], at + 1
                size |= (octet & 127) << shift
                shift += 7
                if not octet & 128:
                    break
            found[place] = size
        return found

    def read_tables(self):
        """Functions by their place in a trait's table: drop, size, alignment, then the methods."""
        octets = section(self.elf, ".rodata")
        words = struct.unpack(f"<{len(octets) // 4}I", octets[:len(octets) // 4 * 4])
        code = [word & ~1 if word & 1 and word & ~1 in self.names else None for word in words]
        found = {ANY: set()}
        for at in range(len(words) - 3):
            if (words[at] == 0 or code[at]) and words[at + 1] < 1 << 16 and words[at + 2] in (1, 2, 4, 8, 16):
                after = at + 3
                while after < len(words) and code[after]:
                    found.setdefault(4 * (after - at), set()).add(code[after])
                    found[ANY].add(code[after])
                    after += 1
        return found

    def layer(self, place, layer):
        """Where in `LAYERS` a call from `layer` to this method goes; None if it cannot."""
        found = re.search(r" as (?:\w+::)*(\w+)(?:<.*>)?>::\w+(?:::\{[^:]*\})?$", self.names[place])
        trait = ALIKE.get(found[1], found[1]) if found else "duty"
        trait = trait if trait in LAYERS else "duty"
        return next((at for at in range(layer + 1, len(LAYERS)) if LAYERS[at] == trait), None)

    def deepest(self, calls="indirect", root="main"):
        """Octets, and the chain of functions with their frames: by direct calls alone, or by all."""
        known, path = {}, []

        def below(place, layer):
            """The same from one function on, and on which functions of the path this depends."""
            if (place, layer) in known:
                return *known[place, layer], frozenset()
            # What calls itself does so once.
            if path.count((place, layer)) == 2:
                self.recursive.add(self.names[place])
                return 0, (), frozenset([(place, layer)])
            path.append((place, layer))
            targets = [(target, layer) for target in self.calls[place]]
            if calls == "indirect":
                targets += [(target, self.layer(target, layer))
                            for offset in self.through[place] for target in self.tables.get(offset, ())]
            best, depends = (0, ()), frozenset()
            for target, called in targets:
                if called is not None:
                    *found, on = below(target, called)
                    best, depends = max(best, tuple(found)), depends | on
            path.pop()
            best = best[0] + self.frames[place], ((self.names[place], self.frames[place]), *best[1])
            if (place, layer) not in path:
                depends -= {(place, layer)}
            if not depends:
                known[place, layer] = best
            return *best, depends

        octets, chain, _ = below(next(place for place, name in self.names.items() if name == root), -1)
        return octets, chain


def slot(register, recent):
    """From which place of a table a register was loaded last."""
    for name, operands in reversed(recent[-40:]):
        if name.startswith("ldrd"):
            if found := re.match(r"(\w+), (\w+), \[(\w+)(?:, #(\d+))?\]", operands):
                first, second, base, offset = found.groups()
                if register in (first, second):
                    return ANY if base in LOCAL else int(offset or 0) + 4 * (register == second)
        elif operands.startswith(register + ","):
            found = re.match(r"\w+, \[(\w+)(?:, #(\d+))?\]$", operands)
            return int(found[2] or 0) if name.startswith("ldr") and found and found[1] not in LOCAL else ANY
    return ANY


def registers(operands):
    """How many a list such as `{r4-r7, lr}` holds."""
    count = 0
    for part in re.search(r"\{(.*)\}", operands)[1].split(", "):
        numbers = [NAMED.get(name) or int(name[1:]) for name in part.split("-")]
        count += numbers[-1] - numbers[0] + 1
    return count


def section(elf, name):
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run([lab.tool("objcopy"), "-O", "binary", f"--only-section={name}", "--set-section-flags",
                        f"{name}=alloc", str(elf), out.name], check=True)
        return out.read()
