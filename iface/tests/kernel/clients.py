"""Clients of the kernel's sockets for the interoperability tests. Each ends with a status that tells success."""

import hashlib
import os
import socket
import struct
import sys
import threading
import time

PERIOD = bytes(range(251))


def pattern(start, length):
    """Octet i of the pattern has the value i mod 251."""
    phase = start % 251
    return (PERIOD * (length // 251 + 2))[phase:phase + length]


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def connect(address, port, timeout=60):
    connection = socket.socket(family(address), socket.SOCK_STREAM)
    connection.settimeout(timeout)
    connection.connect((address, port))
    return connection


def udp(address, port):
    sock = socket.socket(family(address), socket.SOCK_DGRAM)
    sock.settimeout(5)
    sock.connect((address, port))
    return sock


def pattern_digest(length):
    digest = hashlib.sha256()
    for start in range(0, int(length), 1 << 20):
        digest.update(pattern(start, min(1 << 20, int(length) - start)))
    print(digest.hexdigest())


def pattern_file(length, name):
    with open(name, "wb") as out:
        for start in range(0, int(length), 1 << 20):
            out.write(pattern(start, min(1 << 20, int(length) - start)))


def udp_echo(address, *sizes):
    sock = udp(address, 7)
    for size in map(int, sizes):
        data = os.urandom(size)
        sock.send(data)
        assert sock.recv(65535) == data, f"{size} octets came back altered"


def udp_burst(address, count, size):
    """Datagrams in flight up to a bound, each verified; none may be lost on a link without loss, and none overtake another.

    The first may: while Linux sends what waited for our hardware address, a later datagram finds the address known."""
    sock = udp(address, 7)
    count, size, window = int(count), int(size), 8
    sent, waiting = 0, set()
    while waiting or sent < count:
        while sent < count and len(waiting) < window:
            sock.send(struct.pack("!I", sent) + pattern(sent, size - 4))
            waiting.add(sent)
            sent += 1
        data = sock.recv(65535)
        number = struct.unpack("!I", data[:4])[0]
        assert data[4:] == pattern(number, size - 4), f"datagram {number} came back altered"
        assert number in waiting, f"datagram {number} once more"
        assert number == min(waiting) or min(waiting) < 2 * window, f"datagram {number} before {min(waiting)}"
        waiting.remove(number)


def udp_refused(address, port):
    sock = udp(address, int(port))
    sock.send(b"anyone?")
    try:
        sock.recv(100)
    except ConnectionRefusedError:
        return
    raise AssertionError("no port unreachable")


def tcp_refused(address, port):
    start = time.monotonic()
    try:
        connect(address, int(port), timeout=10)
    except ConnectionRefusedError:
        assert time.monotonic() - start < 2, "refused late"
        return
    raise AssertionError("connected to nobody")


def feed(connection, length):
    """Sends the pattern from a thread of its own, then closes that direction."""
    def run():
        for start in range(0, length, 1 << 16):
            connection.sendall(pattern(start, min(1 << 16, length - start)))
        connection.shutdown(socket.SHUT_WR)
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def read_pattern(connection, length):
    received = 0
    while True:
        data = connection.recv(1 << 16)
        if not data:
            break
        assert data == pattern(received, len(data)), f"altered after octet {received}"
        received += len(data)
    assert received == length, f"{received} of {length} octets"


def tcp_echo(address, length):
    connection = connect(address, 7)
    thread = feed(connection, int(length))
    read_pattern(connection, int(length))
    thread.join()
    connection.close()


def tcp_discard(address, length):
    connection = connect(address, 9)
    feed(connection, int(length)).join()
    assert connection.recv(1) == b"", "discard sent something"
    connection.close()


def tcp_feed(address, port, length):
    """Sends so much, and waits until the peer has taken all of it."""
    connection = connect(address, int(port))
    feed(connection, int(length)).join()
    assert connection.recv(1) == b"", "the sink said something"
    connection.close()


def tcp_sink(address, port):
    """Takes one connection and reads it to its end; prints how much came."""
    listener = socket.create_server((address, int(port)), family=family(address))
    print("ready", flush=True)
    connection, _ = listener.accept()
    received = 0
    while data := connection.recv(1 << 16):
        received += len(data)
    print(received)


def tcp_chargen(address, length):
    connection = connect(address, 19)
    received = 0
    while received < int(length):
        data = connection.recv(1 << 16)
        assert data, "chargen ended"
        received += len(data)
    connection.close()


def tcp_half_close(address, length):
    """Closes the sending direction first; all must still come back."""
    connection = connect(address, 7)
    length = int(length)
    connection.settimeout(60)
    thread = feed(connection, length)
    time.sleep(0.2)
    read_pattern(connection, length)
    thread.join()


def tcp_close(address, count):
    """Closes with unread data now and then: both kinds of end."""
    for i in range(int(count)):
        connection = connect(address, 7)
        connection.sendall(b"x" * 100)
        if i % 2:
            connection.recv(100)
        connection.close()


def tcp_reset(address, count):
    for _ in range(int(count)):
        connection = connect(address, 7)
        connection.sendall(b"x" * 100)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()


def tcp_row(address, count):
    """One connection after the other; the client and the server take turns in closing first."""
    for i in range(int(count)):
        connection = connect(address, 7)
        data = struct.pack("!I", i) * 4
        connection.sendall(data)
        if i % 2:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while len(received) < len(data):
            got = connection.recv(100)
            assert got, f"connection {i} ended early"
            received += got
        assert received == data, f"connection {i}: got {received}"
        if i % 2:
            assert connection.recv(1) == b"", f"connection {i}: more than was sent"
        connection.close()


def tcp_crowd(address, count, length):
    """Connections that are all open at once before the first octet is sent; each echo is verified."""
    count, length = int(count), int(length)
    connections = [connect(address, 7) for _ in range(count)]
    texts = [pattern(i, length) for i in range(count)]
    for connection, text in zip(connections, texts):
        connection.sendall(text)
    for i, (connection, text) in enumerate(zip(connections, texts)):
        received = b""
        while len(received) < length:
            got = connection.recv(length)
            assert got, f"connection {i} ended early"
            received += got
        assert received == text, f"connection {i} came back altered"
    for connection in connections:
        connection.close()


def tcp_slow(address, length):
    """Reads a page of octets now and then, from behind a small window that closes often."""
    connection = socket.socket(family(address), socket.SOCK_STREAM)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(60)
    connection.connect((address, 7))
    length = int(length)
    thread = feed(connection, length)
    received = 0
    while received < length:
        data = connection.recv(1000)
        assert data == pattern(received, len(data)) and data, f"altered or ended after octet {received}"
        received += len(data)
        if received % 7 == 0:
            time.sleep(0.002)
    thread.join()
    assert connection.recv(1) == b""
    connection.close()


def tcp_linger(address, count):
    """Peers that go away without a word: sockets closed with text on its way, some of which lingers."""
    for i in range(int(count)):
        connection = connect(address, 19 if i % 2 else 7)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 1))
        connection.sendall(b"x" * 1000)
        connection.close()


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def syn_flood(device, target, hardware, count, seconds):
    """SYNs from forged addresses behind the gateway, each of other endpoints, spread over some seconds."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((device, 0))
    to = bytes.fromhex(hardware.replace(":", ""))
    with open(f"/sys/class/net/{device}/address") as file:
        own = bytes.fromhex(file.read().strip().replace(":", ""))
    destination = socket.inet_aton(target)
    count, seconds = int(count), float(seconds)
    start = time.monotonic()
    for i in range(count):
        source = bytes([198, 18 + (i >> 16 & 1), i >> 8 & 255, i & 255])
        ports = struct.pack("!HH", 1024 + i * 7919 % 60000, 7)
        pseudo = source + destination + struct.pack("!HH", 6, 24)
        head = ports + struct.pack("!IIBBH", i * 2654435761 % 2 ** 32, 0, 0x60, 2, 65535)
        tail = b"\0\0" + b"\x02\x04\x05\xb4"
        tcp = head + struct.pack("!H", checksum(pseudo + head + b"\0\0" + tail)) + tail
        ip = struct.pack("!BBHHHBB", 0x45, 0, 44, i & 0xffff, 0, 64, 6)
        ip += struct.pack("!H", checksum(ip + b"\0\0" + source + destination)) + source + destination
        sock.send(to + own + b"\x08\x00" + ip + tcp)
        due = start + seconds * i / count
        if i % 64 == 0 and due > time.monotonic():
            time.sleep(due - time.monotonic())


def tcp_steady(address, seconds):
    """Short connections for some seconds, one after the other; prints how many there were."""
    end, count = time.monotonic() + float(seconds), 0
    while time.monotonic() < end:
        connection = connect(address, 7, timeout=30)
        connection.sendall(b"still there?")
        assert connection.recv(100) == b"still there?"
        connection.close()
        count += 1
        time.sleep(0.01)
    print(count)


def arp_flood(device, target, count):
    """Requests for `target` from strangers on its /24, each of another hardware address."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((device, 0))
    wanted = socket.inet_aton(target)
    for i in range(int(count)):
        mac = b"\x02\x99" + struct.pack("!I", i)
        sender = wanted[:3] + bytes([3 + i % 250])
        arp = struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, mac, sender, b"\0" * 6, wanted)
        sock.send(b"\xff" * 6 + mac + b"\x08\x06" + arp)
        if i % 100 == 99:
            time.sleep(0.005)


COMMANDS = {
    "pattern-digest": pattern_digest, "pattern-file": pattern_file,
    "udp-echo": udp_echo, "udp-burst": udp_burst, "udp-refused": udp_refused,
    "tcp-echo": tcp_echo, "tcp-discard": tcp_discard, "tcp-chargen": tcp_chargen, "tcp-refused": tcp_refused,
    "tcp-half-close": tcp_half_close, "tcp-close": tcp_close, "tcp-reset": tcp_reset, "arp-flood": arp_flood,
    "tcp-feed": tcp_feed, "tcp-sink": tcp_sink, "tcp-row": tcp_row, "tcp-crowd": tcp_crowd, "tcp-slow": tcp_slow, "tcp-linger": tcp_linger,
    "tcp-steady": tcp_steady, "syn-flood": syn_flood,
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
