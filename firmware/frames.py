"""Frames for an image, from short descriptions, and the peer that keeps their numbers right.

A step is a dictionary. `kind` says what is sent; the fields have defaults, so a step says only what matters:

    {"kind": "tcp", "v": 4, "host": 1, "port": 2, "dport": 7, "flags": "A", "seq": 0, "ack": 0, "len": 100}

Sequence numbers are relative to what the connection has reached, so a step means the same when the image chooses other
numbers. The peer answers address resolution for every host there is, as another step would, and is otherwise silent.
"""

import struct

US_MAC, US = b"\x02\0\0\0\0\x51", {4: bytes([10, 0, 0, 2]), 6: bytes.fromhex("fd00") + bytes(13) + b"\2"}
ON_LINK = 200
TCP, UDP, ICMP = 6, 17, {4: 1, 6: 58}
FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "C": 128}


def mac(host):
    return b"\x02\0\0\0" + struct.pack("!H", 0x100 + host % ON_LINK)


def address(v, host):
    """Hosts from 200 on are behind a router."""
    if v == 4:
        return bytes([10, 0, 0, 16 + host]) if host < ON_LINK else bytes([198, 51, 100, host - ON_LINK & 0xFF])
    return bytes.fromhex("fd00" if host < ON_LINK else "20010db8").ljust(14, b"\0") + struct.pack("!H", 0x1000 + host)


def link_local(host):
    return b"\xfe\x80" + bytes(12) + struct.pack("!H", 0x1000 + host)


# Who has an address on the link.
HOSTS = {octets: host for host in range(ON_LINK) for octets in (address(4, host), address(6, host), link_local(host))}


def checksum(octets):
    total = sum(struct.unpack(f"!{(len(octets) + 1) // 2}H", octets + b"\0" * (len(octets) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def with_checksum(v, src, dst, protocol, segment, at):
    pseudo = b"" if v == 4 and protocol != UDP and protocol != TCP else struct.pack("!HH", protocol, len(segment))
    value = checksum(pseudo and pseudo + src + dst + segment or segment) or 0xFFFF
    return segment[:at] + struct.pack("!H", value) + segment[at + 2:]


PATTERN = bytes(i * 7 & 0xFF for i in range(16384))


def payload(length):
    return PATTERN[:max(length, 0)]


def group(v, which):
    if v == 4:
        return {"all": bytes([224, 0, 0, 1]), "broadcast": b"\xff" * 4, "other": bytes([10, 0, 0, 99])}[which]
    return {"all": b"\xff\2" + bytes(13) + b"\1", "broadcast": b"\xff\2" + bytes(9) + b"\1\xff\0\0\2",
            "other": address(6, 99)}[which]


def group_mac(v, octets):
    if v == 4:
        return b"\xff" * 6 if octets == b"\xff" * 4 else b"\1\0\x5e" + octets[1:] if octets[0] >> 4 == 14 else US_MAC
    return b"\x33\x33" + octets[12:] if octets[0] == 0xFF else US_MAC


def tcp_option(option, timestamp):
    name, *values = option if isinstance(option, list) else [option]
    if name == "sack":
        return bytes([5, 2 + 4 * len(values)]) + b"".join(struct.pack("!I", value & 0xFFFFFFFF) for value in values)
    return {"nop": lambda n=1: b"\1" * n, "mss": lambda n=1460: struct.pack("!BBH", 2, 4, n),
            "scale": lambda n=7: bytes([3, 3, n]), "sackok": lambda: b"\4\2",
            "time": lambda n=0: struct.pack("!BBII", 8, 10, n, timestamp),
            "unknown": lambda n=2: bytes([254, max(n, 2)]) + bytes(max(n, 2) - 2), "end": lambda: b"\0"}[name](*values)


def nd_option(name, host):
    return {"source": bytes([1, 1]) + mac(host), "target": bytes([2, 1]) + mac(host),
            "prefix": struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 86400, 86400, 0) + b"\x20\1\x0d\xb8" + bytes(12),
            "prefix2": struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 1, 1, 0) + b"\x20\1\x0d\xb9" + bytes(12),
            "mtu": struct.pack("!BBHI", 5, 1, 0, 1400), "nonce": bytes([14, 1]) + bytes(6),
            "redirected": bytes([4, 8]) + bytes(62), "unknown": bytes([200, 1]) + bytes(6)}[name]


def extension(kind, fill, units, following):
    """An extension header of `units` times eight octets more than the first eight, filled with one kind of option;
    `late`: padding, and at the very end what must be answered with an error."""
    if kind == "route":
        return bytes([following, units, 0, fill == "left"]) + bytes(4 + 8 * units)
    room = 6 + 8 * units
    if fill == "late":
        return bytes([following, units]) + bytes(room - 2) + b"\x80\0"
    pattern = {"pad1": b"\0", "padn": b"\1\0", "skip": b"\x1e\0", "alert": b"\5\2\0\0", "discard": b"\x40\0",
               "report": b"\x80\0"}[fill]
    body = (pattern * (room // len(pattern))).ljust(room, b"\0")
    return bytes([following, units]) + body


EXTENSION = {"hop": 0, "dst": 60, "route": 43}


class Peer:
    """All hosts around the image. What they know, they know from what they have seen."""

    def __init__(self):
        self.connections = {}
        self.last = b""
        self.answers = []

    # ---- what the image sends --------------------------------------------------------------------------------------

    def saw(self, frame):
        kind, packet = frame[12:14], frame[14:]
        if kind == b"\x08\x06" and packet[6:8] == b"\0\1":
            host = HOSTS.get(packet[24:28])
            if host is not None:
                self.answers.append({"kind": "arp", "op": 2, "host": host})
        elif kind == b"\x86\xdd" and packet[6:7] == b"\x3a" and packet[40:41] == b"\x87":
            host = HOSTS.get(packet[48:64])
            if host is not None and packet[8:24] != bytes(16):
                self.answers.append({"kind": "nd", "type": 136, "host": host, "options": ["target"]})
        elif kind in (b"\x08\0", b"\x86\xdd"):
            self.last = packet
            v = packet[0] >> 4
            start, protocol = ((packet[0] & 15) * 4, packet[9]) if v == 4 else (40, packet[6])
            segment = packet[start:struct.unpack("!H", packet[2:4])[0] if v == 4 else None]
            if protocol == TCP and len(segment) >= 20:
                self.saw_segment(v, packet[16:20] if v == 4 else packet[24:40], segment)

    def saw_segment(self, v, to, segment):
        sport, dport, seq, ack, offset, flags = struct.unpack("!HHIIBB", segment[:14])
        connection = self.connections.get((v, to, dport, sport))
        if connection:
            length = len(segment) - (offset >> 4) * 4 + bool(flags & 2) + bool(flags & 1)
            end = seq + length & 0xFFFFFFFF
            if connection["rcv"] is None or flags & 2 or (end - connection["rcv"] & 0xFFFFFFFF) < 1 << 31:
                connection["rcv"] = end
            at = segment.find(b"\x08\x0a", 20, (offset >> 4) * 4)
            if at > 0:
                connection["time"] = struct.unpack("!I", segment[at + 2:at + 6])[0]

    # ---- what it receives ------------------------------------------------------------------------------------------

    def frame(self, step):
        """The frame of a step; None if it only waits."""
        make = getattr(self, "make_" + step.get("kind", "wait"))
        frame = make(step)
        if frame is None:
            return None
        frame = bytearray(frame)
        for at, value in step.get("flip", ()):
            frame[at % len(frame)] = value
        return bytes(frame[:1514]).ljust(60, b"\0")

    def make_wait(self, step):
        return None

    def make_arp(self, step):
        host, op = step.get("host", 0), step.get("op", 1)
        target = {"us": US[4], "self": address(4, host), "other": bytes([10, 0, 0, 99])}[step.get("target", "us")]
        sender = {"host": address(4, host), "us": US[4], "none": bytes(4)}[step.get("sender", "host")]
        body = struct.pack("!HHBBH", 1, 0x800, 6, 4, op) + mac(host) + sender + US_MAC + target
        return (US_MAC if op == 2 else b"\xff" * 6) + mac(host) + b"\x08\x06" + body

    def make_ping(self, step):
        v = step.get("v", 4)
        segment = bytes([8 if v == 4 else 128, 0, 0, 0, 0, 1, 0, step.get("n", 0) & 0xFF]) + payload(step.get("len", 8))
        return self.packet(step, ICMP[v], segment, 2)

    def make_udp(self, step):
        length = step.get("len", 8)
        segment = struct.pack("!HHHH", 5000 + step.get("port", 0) & 0xFFFF, step.get("dport", 7) & 0xFFFF,
                              8 + length & 0xFFFF, 0)
        return self.packet(step, UDP, segment + payload(length), 6)

    def make_tcp(self, step):
        v, host = step.get("v", 4), step.get("host", 0)
        ports = 40000 + step.get("port", 0) & 0xFFFF, step.get("dport", 7) & 0xFFFF
        flags = step.get("flags", "A")
        key = (v, address(v, host), *ports)
        connection = self.connections.get(key)
        if connection is None or flags == "S":
            start = 1000 + 70000 * len(self.connections)
            connection = self.connections[key] = {"snd": start, "rcv": None, "time": 0}
        options = b"".join(tcp_option(option, connection["time"]) if option_name(option) != "sack" else
                           tcp_option(["sack", *((connection["rcv"] or 0) + value for value in option[1:])], 0)
                           for option in step.get("options", ()))[:40]
        options += b"\0" * (-len(options) % 4)
        seq, length = connection["snd"] + step.get("seq", 0), step.get("len", 0)
        ack = (connection["rcv"] or 0) + step.get("ack", 0) if "A" in flags else 0
        if step.get("seq", 0) == 0:
            connection["snd"] += length + ("S" in flags) + ("F" in flags)
        data = b"GET / HTTP/1.0\r\n\r\n".ljust(length, b"x")[:length] if ports[1] == 80 else payload(length)
        segment = struct.pack("!HHIIBBHHH", *ports, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, (20 + len(options)) << 2,
                              sum(FLAGS[flag] for flag in set(flags)), step.get("window", 65535) & 0xFFFF, 0,
                              step.get("urgent", 0))
        return self.packet(step, TCP, segment + options + data, 16)

    def make_error(self, step):
        """An ICMP error about the last packet that the image sent."""
        v = step.get("v", 4)
        segment = struct.pack("!BBHI", step.get("type", 3 if v == 4 else 1) & 0xFF, step.get("code", 1) & 0xFF, 0,
                              step.get("info", 0) & 0xFFFFFFFF)
        return self.packet(step, ICMP[v], segment + self.last[:step.get("quote", 576)], 2)

    def make_nd(self, step):
        host, kind = step.get("host", 0), step.get("type", 135)
        target = {"us": US[6], "host": address(6, host), "other": address(6, 99)}[
            step.get("target", "host" if kind == 136 else "us")]
        if kind == 133:
            body = bytes(4)
        elif kind == 134:
            body = struct.pack("!BBHII", 64, 0, step.get("life", 1800) & 0xFFFF, 0, 0)
        elif kind == 137:
            body = bytes(4) + address(6, host) + address(6, step.get("about", 300))
        else:
            flags = step.get("info", 0x60000000 if kind == 136 else 0)
            body = struct.pack("!I", flags & 0xFFFFFFFF) + target
        segment = bytes([kind & 0xFF, step.get("code", 0) & 0xFF, 0, 0]) + body
        segment += b"".join(nd_option(option, host) for option in step.get("options", ()))
        return self.packet({"ttl": 255, "local": kind in (134, 137), **step, "v": 6}, ICMP[6], segment, 2)

    def make_query(self, step):
        """A membership query, IGMP or MLD, with as many sources as `sources`."""
        v, sources, delay = step.get("v", 4), min(step.get("sources", 0), 400), step.get("delay", 100) & 0xFFFF
        which = group(v, "all") if step.get("specific") else bytes(4 if v == 4 else 16)
        tail = b""
        if step.get("version", 3) == 3:
            tail = struct.pack("!BBH", 2, 125, sources) + bytes(len(which)) * sources
        if v == 4:
            segment, protocol = struct.pack("!BBH", 0x11, delay & 0xFF, 0) + which + tail, 2
        else:
            segment, protocol = struct.pack("!BBHHH", 130, 0, 0, delay, 0) + which + tail, ICMP[6]
        alert = {"ip_options": "94040000"} if v == 4 else {"ext": [["hop", "alert", 0]]}
        return self.packet({"ttl": 1, "to": "all", "local": True, **alert, **step}, protocol, segment, 2)

    def packet(self, step, protocol, segment, checksum_at):
        v, host, to = step.get("v", 4), step.get("host", 0), step.get("to", "us")
        src = link_local(host) if v == 6 and step.get("local") else address(v, host)
        dst = US[v] if to == "us" else group(v, to)
        segment = with_checksum(v, src, dst, protocol, segment, checksum_at)
        if v == 6:
            # What stands behind a fragment header is in the datagram that is put together.
            protocol, segment = chain(step.get("inner", ()), protocol, segment)
        fragment = step.get("fragment")
        first, last = fragment or (0, len(segment))
        first, more = first & ~7, fragment is not None and last < len(segment)
        part = segment[first:last & ~7 if more else last]
        ident, ttl = step.get("id", 1), step.get("ttl", 64) & 0xFF
        ether = group_mac(v, dst) + mac(host)
        if v == 4:
            options = bytes.fromhex(step.get("ip_options", ""))
            options = options[:40] + b"\0" * (-len(options[:40]) % 4)
            length = 20 + len(options) + len(part)
            header = struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, step.get("tos", 0), length, ident & 0xFFFF,
                                 more << 13 | first >> 3, ttl, protocol, 0) + src + dst + options
            header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
            return ether + b"\x08\0" + header + part
        if fragment:
            part = struct.pack("!BBHI", protocol, 0, first | more, ident) + part
            protocol = 44
        protocol, part = chain(step.get("ext", ()), protocol, part)
        return ether + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(part), protocol, ttl) + src + dst + part


def chain(extensions, protocol, rest):
    """Extension headers in front of something."""
    for kind, fill, units in reversed(extensions):
        rest = extension(kind, fill, units, protocol) + rest
        protocol = EXTENSION[kind]
    return protocol, rest


def option_name(option):
    return option[0] if isinstance(option, list) else option
