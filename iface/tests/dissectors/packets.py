#!/usr/bin/env python3
"""Packets of every format that scapy knows and tersus-wire too, with truncations and mutations of each.

Usage: packets.py FOLDER. Writes FOLDER/KIND.pcap for KIND ethernet, ip, ieee802154, more (IP), lowpan, rfcs (IP), fields (IP) and radio, and the mutated ones to
FOLDER/KIND-broken.pcap. The same packets each time: what is random comes from one seed.
"""
import random
import sys

from scapy.config import conf

conf.verb = 0
from scapy.all import *  # noqa: E402,F403
from scapy.contrib.igmp import IGMP  # noqa: E402
from scapy.contrib.igmpv3 import IGMPv3, IGMPv3gr, IGMPv3mq, IGMPv3mr  # noqa: E402
from scapy.layers.dot15d4 import Dot15d4, Dot15d4Data, Dot15d4FCS  # noqa: E402
from scapy.layers.sixlowpan import LoWPAN_IPHC, SixLoWPAN, sixlowpan_fragment  # noqa: E402

try:
    from scapy.contrib.rpl import RPLDAO, RPLDAOACK, RPLDIO, RPLDIS  # noqa: E402
    from scapy.layers.inet6 import ICMPv6RPL  # noqa: E402
except ImportError:
    RPLDIO = None

MAC = dict(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
V4 = dict(src="192.0.2.1", dst="192.0.2.2")
V6 = dict(src="2001:db8::1", dst="2001:db8::2")
LL = dict(src="fe80::1", dst="fe80::2")


def ether(packet):
    return Ether(**MAC) / packet


def links():
    yield Ether(**MAC, type=0x88B5) / Raw(b"local experiment" * 3)
    yield Ether(**MAC) / ARP(op=1, hwsrc=MAC["src"], psrc="192.0.2.1", pdst="192.0.2.2")
    yield Ether(**MAC) / ARP(op=2, hwsrc=MAC["src"], psrc="192.0.2.1", hwdst=MAC["dst"], pdst="192.0.2.2")
    yield Ether(**MAC) / Dot1Q(vlan=7, prio=3) / IP(**V4) / UDP(sport=5000, dport=5001) / b"tagged"
    yield Ether(**MAC, type=0x88A8) / Dot1AD(vlan=100, prio=1) / Dot1Q(vlan=7, id=1) / IP(**V4) / UDP(sport=1, dport=9)
    yield Dot3(**MAC) / LLC(dsap=0x42, ssap=0x42, ctrl=3) / Raw(b"\0" * 35)
    yield Dot3(**MAC) / LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(OUI=0, code=0x800) / IP(**V4) / ICMP()
    yield Dot3(**MAC) / LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(OUI=0x00000C, code=0x2000) / Raw(b"\x02\xb4\0\0")


def internet4():
    echo = ICMP(id=7, seq=9) / b"abcdefgh"
    yield IP(**V4) / echo
    yield IP(**V4, tos=0xB9, id=0x1234, flags="DF", ttl=3) / ICMP(type=0, id=7, seq=9) / b"x"
    yield IP(**V4, options=[IPOption_Router_Alert()]) / echo
    yield IP(**V4, options=[IPOption_RR(routers=["0.0.0.0"] * 3)]) / echo
    yield IP(**V4, options=[IPOption_LSRR(routers=["192.0.2.9", "192.0.2.10"])]) / echo
    yield IP(**V4, options=[IPOption_Timestamp(flg=0, timestamp=0)]) / echo
    yield IP(**V4, options=[IPOption(b"\x5e\x06abcd")]) / echo
    yield from fragment(IP(**V4, id=77) / UDP(sport=5000, dport=5001) / Raw(b"f" * 3000), 1000)
    inner = IP(**V4) / UDP(sport=5000, dport=7) / b"what was sent"
    for kind, code in [(3, 0), (3, 1), (3, 3), (3, 13), (11, 0), (11, 1)]:
        yield IP(src="192.0.2.2", dst="192.0.2.1") / ICMP(type=kind, code=code) / inner
    yield IP(src="192.0.2.2", dst="192.0.2.1") / ICMP(type=3, code=4, nexthopmtu=576) / inner
    yield IP(src="192.0.2.2", dst="192.0.2.1") / ICMP(type=5, code=1, gw="192.0.2.3") / inner
    yield IP(src="192.0.2.2", dst="192.0.2.1") / ICMP(type=12, ptr=20) / inner
    yield IP(src="192.0.2.2", dst="192.0.2.1") / ICMP(type=3, code=3) / Raw(bytes(inner)[:28])
    yield IP(**V4) / ICMP(type=13, id=1, seq=2, ts_ori=3, ts_rx=0, ts_tx=0)
    yield IP(**V4) / IP(src="10.0.0.1", dst="10.0.0.2") / echo
    yield IP(**V4) / IPv6(**V6) / ICMPv6EchoRequest(id=1, seq=2)


def igmp():
    to = dict(src="192.0.2.1", ttl=1, options=[IPOption_Router_Alert()])
    yield IP(dst="224.0.0.1", **to) / IGMP(type=0x11, mrcode=0, gaddr="0.0.0.0")
    yield IP(dst="224.0.0.1", **to) / IGMP(type=0x11, mrcode=100, gaddr="239.1.2.3")
    yield IP(dst="239.1.2.3", **to) / IGMP(type=0x12, gaddr="239.1.2.3")
    yield IP(dst="239.1.2.3", **to) / IGMP(type=0x16, gaddr="239.1.2.3")
    yield IP(dst="224.0.0.2", **to) / IGMP(type=0x17, gaddr="239.1.2.3")
    yield IP(dst="224.0.0.1", **to) / IGMPv3(type=0x11, mrcode=0x88) / IGMPv3mq(
        gaddr="239.1.2.3", s=1, qrv=2, qqic=125, srcaddrs=["192.0.2.5", "192.0.2.6"]
    )
    records = [IGMPv3gr(rtype=kind, maddr="239.1.2.%d" % kind, srcaddrs=["192.0.2.5"] * (kind % 3)) for kind in range(1, 7)]
    yield IP(dst="224.0.0.22", **to) / IGMPv3(type=0x22) / IGMPv3mr(numgrp=6, records=records)


def internet6():
    echo = ICMPv6EchoRequest(id=7, seq=9, data=b"abcdefgh")
    yield IPv6(**V6, tc=0xB9, fl=0x12345, hlim=3) / echo
    yield IPv6(**V6) / ICMPv6EchoReply(id=7, seq=9)
    yield IPv6(**V6) / IPv6ExtHdrHopByHop(options=[RouterAlert(value=0)]) / echo
    yield IPv6(**V6) / IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0\0")]) / echo
    yield IPv6(**V6) / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / IPv6ExtHdrRouting(addresses=["2001:db8::9"]) / echo
    yield IPv6(**V6) / IPv6ExtHdrSegmentRouting(addresses=["2001:db8::8", "2001:db8::9"], segleft=1) / echo
    whole = IPv6(**V6) / IPv6ExtHdrFragment(id=0x01020304) / UDP(sport=5000, dport=5001) / Raw(b"f" * 3000)
    yield from fragment6(whole, 1280)
    yield IPv6(**V6) / IPv6ExtHdrFragment(id=5, m=0, offset=0) / echo
    yield IPv6(**V6, nh=59) / Raw(b"nothing follows")
    yield IPv6(**V6, nh=58) / ICMPv6Unknown(type=200, code=1, msgbody=b"test")
    inner = IPv6(**V6) / UDP(sport=5000, dport=7) / b"what was sent"
    back = dict(src=V6["dst"], dst=V6["src"])
    for code in range(7):
        yield IPv6(**back) / ICMPv6DestUnreach(code=code) / inner
    yield IPv6(**back) / ICMPv6PacketTooBig(mtu=1280) / inner
    yield IPv6(**back) / ICMPv6TimeExceeded(code=0) / inner
    yield IPv6(**back) / ICMPv6ParamProblem(code=1, ptr=6) / inner
    yield IPv6(**V6) / IPv6(src="2001:db8::a", dst="2001:db8::b") / echo
    yield IPv6(**V6) / IP(src="10.0.0.1", dst="10.0.0.2") / ICMP(id=1, seq=2)
    yield IPv6(**V6) / AH(spi=7, seq=1, icv=b"i" * 12) / UDP(sport=1, dport=9) / b"authentic"


def ndisc():
    mac = MAC["src"]
    yield IPv6(src="fe80::1", dst="ff02::2", hlim=255) / ICMPv6ND_RS() / ICMPv6NDOptSrcLLAddr(lladdr=mac)
    yield IPv6(src="fe80::1", dst="ff02::1", hlim=255) / ICMPv6ND_RA(
        chlim=64, M=1, O=1, prf=1, routerlifetime=1800, reachabletime=30000, retranstimer=1000
    ) / ICMPv6NDOptSrcLLAddr(lladdr=mac) / ICMPv6NDOptMTU(mtu=1500) / ICMPv6NDOptPrefixInfo(
        prefixlen=64, L=1, A=1, validlifetime=86400, preferredlifetime=14400, prefix="2001:db8::"
    ) / ICMPv6NDOptRDNSS(lifetime=600, dns=["2001:db8::53", "2001:db8::54"]) / ICMPv6NDOptDNSSL(
        lifetime=600, searchlist=["example.com.", "example.org."]
    ) / ICMPv6NDOptRouteInfo(plen=48, prf=3, rtlifetime=60, prefix="2001:db8:1::")
    yield IPv6(src="fe80::1", dst="ff02::1:ff00:2", hlim=255) / ICMPv6ND_NS(tgt="fe80::2") / ICMPv6NDOptSrcLLAddr(lladdr=mac)
    yield IPv6(src="::", dst="ff02::1:ff00:2", hlim=255) / ICMPv6ND_NS(tgt="fe80::2")
    yield IPv6(**LL, hlim=255) / ICMPv6ND_NA(tgt="fe80::1", R=1, S=1, O=1) / ICMPv6NDOptDstLLAddr(lladdr=mac)
    yield IPv6(**LL, hlim=255) / ICMPv6ND_Redirect(tgt="fe80::3", dst="2001:db8::9") / ICMPv6NDOptDstLLAddr(
        lladdr=mac
    ) / ICMPv6NDOptRedirectedHdr(pkt=IPv6(**V6) / UDP(sport=1, dport=9))
    alert = IPv6ExtHdrHopByHop(options=[RouterAlert(value=0)])
    yield IPv6(src="fe80::1", dst="ff02::1", hlim=1) / alert / ICMPv6MLQuery(mrd=1000)
    yield IPv6(src="fe80::1", dst="ff05::77", hlim=1) / alert / ICMPv6MLReport(mladdr="ff05::77")
    yield IPv6(src="fe80::1", dst="ff02::2", hlim=1) / alert / ICMPv6MLDone(mladdr="ff05::77")
    yield IPv6(src="fe80::1", dst="ff02::1", hlim=1) / alert / ICMPv6MLQuery2(
        mladdr="ff05::77", mrd=0x9000, S=1, QRV=2, QQIC=125, sources=["2001:db8::5", "2001:db8::6"]
    )
    yield IPv6(src="fe80::1", dst="ff02::16", hlim=1) / alert / ICMPv6MLReport2(
        records=[ICMPv6MLDMultAddrRec(rtype=kind, dst="ff05::%d" % kind, sources=["2001:db8::5"] * (kind % 3)) for kind in range(1, 7)]
    )


def rpl():
    if RPLDIO is None:
        return
    to = dict(src="fe80::1", dst="ff02::1a", hlim=255)
    yield IPv6(**to) / ICMPv6RPL(code=0) / RPLDIS()
    yield IPv6(**to) / ICMPv6RPL(code=1) / RPLDIO(RPLInstanceID=30, ver=240, rank=256, G=1, mop=2, prf=3, dtsn=241, dodagid="2001:db8::1")
    yield IPv6(**LL) / ICMPv6RPL(code=2) / RPLDAO(RPLInstanceID=30, K=1, D=1, daoseq=242, dodagid="2001:db8::1")
    yield IPv6(**LL) / ICMPv6RPL(code=3) / RPLDAOACK(RPLInstanceID=30, D=1, daoseq=242, status=1, dodagid="2001:db8::1")


def transports():
    syn = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1000, 0)), ("NOP", None), ("WScale", 7)]
    yield IP(**V4) / TCP(sport=5000, dport=80, seq=0xFFFFFFFF, flags="S", window=64240, options=syn)
    yield IPv6(**V6) / TCP(sport=80, dport=5000, seq=1, ack=0, flags="SA", window=65535, options=syn)
    sack = [("NOP", None), ("NOP", None), ("SAck", (100, 200, 300, 400, 500, 600))]
    yield IP(**V4) / TCP(sport=5000, dport=80, seq=5, ack=6, flags="PA", options=sack) / b"GET / HTTP/1.0\r\n"
    yield IP(**V4) / TCP(sport=5000, dport=81, flags="FAEC", urgptr=5, options=[(28, b"\x80\x05"), (254, b"\xf9\x89")]) / b"d"
    yield IP(**V4) / TCP(sport=5000, dport=81, flags="RUA", urgptr=5) / b"urgent"
    yield IP(**V4) / UDP(sport=5000, dport=5001) / b"datagram"
    yield IP(**V4) / UDP(sport=5000, dport=5001, chksum=0) / b"no checksum"
    yield IP(**V4) / UDP(sport=5000, dport=5001, chksum=0x1234) / b"wrong checksum"
    yield IPv6(**V6) / UDP(sport=5000, dport=5001)


def applications():
    down = IP(**V4) / UDP(sport=53, dport=5000)
    name = "www.example.com"
    yield IP(**V4) / UDP(sport=5000, dport=53) / DNS(id=1, rd=1, qd=DNSQR(qname=name, qtype="AAAA"))
    answers = DNSRR(rrname=name, type="CNAME", ttl=60, rdata="host.example.com") / DNSRR(
        rrname="host.example.com", type="A", ttl=300, rdata="192.0.2.80"
    )
    yield down / DNS(id=1, qr=1, aa=1, ra=1, qd=DNSQR(qname=name), an=answers, ns=DNSRR(rrname="example.com", type="NS", rdata="ns.example.com"), ar=DNSRROPT(rclass=1232))
    for record in [
        DNSRR(rrname=name, type="AAAA", rdata="2001:db8::80"),
        DNSRR(rrname="80.2.0.192.in-addr.arpa", type="PTR", rdata=name),
        DNSRR(rrname=name, type="TXT", rdata=[b"one", b"two words"]),
        DNSRRMX(rrname="example.com", preference=10, exchange="mail.example.com"),
        DNSRRSOA(rrname="example.com", mname="ns.example.com", rname="admin.example.com", serial=2026),
        DNSRRSRV(rrname="_http._tcp.example.com", priority=1, weight=2, port=80, target=name),
        DNSRR(rrname=name, type=99, rdata=b"\x03spf"),
    ]:
        yield down / DNS(id=2, qr=1, qd=DNSQR(qname=record.rrname, qtype=record.type), an=record)
    yield down / DNS(id=3, qr=1, rcode=3, qd=DNSQR(qname="no.example.com"))
    yield IP(src="192.0.2.1", dst="224.0.0.251", ttl=255) / UDP(sport=5353, dport=5353) / DNS(qd=DNSQR(qname="host.local", qclass=0x8001))
    hardware = bytes.fromhex("020000000001")
    up = IP(src="0.0.0.0", dst="255.255.255.255") / UDP(sport=68, dport=67)
    yield up / BOOTP(chaddr=hardware, xid=0x12345678, flags=0x8000) / DHCP(
        options=[("message-type", "discover"), ("param_req_list", [1, 3, 6, 15, 51]), ("max_dhcp_size", 576), ("client_id", b"\1" + hardware), "end"]
    )
    yield IP(src="192.0.2.1", dst="192.0.2.50") / UDP(sport=67, dport=68) / BOOTP(
        op=2, chaddr=hardware, xid=0x12345678, yiaddr="192.0.2.50", siaddr="192.0.2.1"
    ) / DHCP(
        options=[
            ("message-type", "ack"),
            ("server_id", "192.0.2.1"),
            ("lease_time", 3600),
            ("renewal_time", 1800),
            ("rebinding_time", 3150),
            ("subnet_mask", "255.255.255.0"),
            ("router", "192.0.2.1", "192.0.2.2"),
            ("name_server", "192.0.2.53", "192.0.2.54"),
            ("domain", "example.com"),
            ("hostname", "host"),
            ("NTP_server", "192.0.2.123"),
            "end",
        ]
    )


def radio():
    short = dict(dest_panid=0xABCD, dest_addr=2, src_addr=1)
    mac = Dot15d4(fcf_frametype=1, fcf_panidcompress=1, fcf_ackreq=1, fcf_destaddrmode=2, fcf_srcaddrmode=2, seqnum=5)
    long = Dot15d4(fcf_frametype=1, fcf_panidcompress=1, fcf_destaddrmode=3, fcf_srcaddrmode=3, seqnum=6)
    extended = dict(dest_panid=0xABCD, dest_addr=0x0102030405060708, src_addr=0x1112131415161718)
    # Written out, as RFC 6282 has it: scapy's own compression of UDP is not complete.
    udp = bytes.fromhex("7e33f0f0b0f0b1") + b"\x12\x34" + b"payload"
    yield mac / Dot15d4Data(**short) / Raw(udp)
    yield long / Dot15d4Data(**extended) / Raw(bytes.fromhex("7a3311") + b"\x01\x02" + b"\x3a\x80\0\0\0\0\1\0\2")
    yield mac / Dot15d4Data(**short) / Raw(b"\x41" + bytes(IPv6(**LL) / ICMPv6EchoRequest(id=1, seq=2)))
    yield mac / Dot15d4Data(**short) / Raw(bytes.fromhex("6000") + b"\x91\x23\x45" + bytes.fromhex("3a40") + b"\xfe\x80" + bytes(14) + b"\xfe\x80" + bytes(14) + bytes(ICMPv6EchoRequest(id=1, seq=2, cksum=1)))
    yield mac / Dot15d4Data(**short) / Raw(bytes.fromhex("c0c80007") + udp)
    yield mac / Dot15d4Data(**short) / Raw(bytes.fromhex("e0c8000705") + b"middle of a packet" * 2)
    yield mac / Dot15d4Data(**short) / Raw(b"\x01\x02\x03 not 6LoWPAN")
    yield Dot15d4(fcf_frametype=2, seqnum=9)


def more():
    """In files of their own, so that the frames of the others keep their numbers in differences.tsv."""
    yield IPv6(**V6) / ESP(spi=0x1001, seq=7, data=b"encrypted octets")
    yield IP(**V4) / ESP(spi=0x1002, seq=8, data=b"encrypted octets")
    # RFC 6775: address registration, context, authoritative border router. RFC 8505: the first with R, T and a TID.
    eui64 = bytes.fromhex("00124b0001020304")
    for registration in ["210200000000003c", "210200000305003c", "210201000000003c"]:
        yield IPv6(**LL, hlim=255) / ICMPv6ND_NS(tgt="fe80::2") / Raw(bytes.fromhex(registration) + eui64)
    context = bytes.fromhex("220240130000003c") + bytes.fromhex("20010db800000000")
    border = bytes.fromhex("230300010000003c") + bytes.fromhex("20010db8000000000000000000000001")
    yield IPv6(src="fe80::1", dst="ff02::1", hlim=255) / ICMPv6ND_RA(routerlifetime=0) / Raw(context + border)


def lowpan():
    frame = bytes.fromhex("618805cdab02000100")
    udp = bytes.fromhex("7e33f0f0b0f0b1") + b"\x12\x34" + b"payload"
    # RFC 8931 sections 5.1 and 5.2: dispatch and E, tag, X with sequence and size, offset; dispatch, tag, bitmap.
    yield frame + bytes.fromhex("e807844000a0") + b"middle of a packet" * 4
    yield frame + bytes.fromhex("ea07ff800000")
    # RFC 8025 and RFC 8138: page 1, RPI-6LoRH with instance and rank of 16 bits; with a rank of 8 bits.
    yield frame + bytes.fromhex("f18005090100") + udp
    yield frame + bytes.fromhex("f181050901") + udp
    # What the MAC says itself: beacons, association request and response, data request, beacon request.
    beacon = bytes.fromhex("0080" + "05" + "cdab" + "0100")
    yield beacon + bytes.fromhex("ffcf" + "00" + "00") + b"payload"
    yield beacon + bytes.fromhex("56c8" + "00" + "01" + "3412")
    eui64 = "0403020100" + "4b1200"
    yield bytes.fromhex("23c8" + "07" + "cdab" + "0000" + "ffff" + eui64 + "018e")
    yield bytes.fromhex("63cc" + "08" + "cdab" + eui64 + "1817161514131211" + "02341200")
    yield bytes.fromhex("6388" + "09" + "cdab" + "0000" + "0100" + "04")
    yield bytes.fromhex("0308" + "0a" + "ffff" + "ffff" + "07")


def rfcs():
    """Octets that RFCs print or draw, and headers of which scapy has only a part."""
    # RFC 7400 appendix A, figures 9 to 13: RPL with its options, neighbour discovery of 6LoWPAN as it once was.
    for dump in [
        "60000000005c3afffe80000000000000021cdafffe003023ff02000000000000000000000000001a"
        "9b017a5f00f001008800000020020db800000000000000fffe00face040e001409ff000001000000000000000"
        "81e8020ffffffffffffffff0000000020020db800000000000000fffe00face030e4000ffffffff20020db800000000",
        "6000000000323aff20020db800000000000000fffe00334420020db800000000000000fffe001122"
        "9b02587d018000f10512008020020db800000000000000fffe00334406140080f100fe80000000000000000000fffe001122",
        "6000000000303aff20020db800000000000000fffe003bd3fe80000000000000021cdafffe003023"
        "8700a76800000000fe80000000000000021cdafffe00302301013bd3000000001f02000000000006001cdafffe002024",
        "6000000000183afffe80000000000000aede480000000001ff020000000000000000000000000002"
        "85009065000000000102acde4800000000010000000000 00",
    ]:
        yield Raw(bytes.fromhex(dump))
    # Home address and routing header of type 2 (RFC 6275), the one type of scapy's that is not for all.
    data = UDP(sport=5000, dport=7) / b"data"
    yield IPv6(**V6) / IPv6ExtHdrDestOpt(options=[HAO(hoa="2001:db8::7")]) / IPv6ExtHdrDestOpt() / ICMPv6EchoRequest(id=1)
    # RFC 6554: CmprI and CmprE 15, with the least padding and with the most that Pad can say.
    for route in ["3a010301ff70000002" + "00" * 7, "3a020301fff0000002" + "00" * 15]:
        yield IPv6(**V6, nh=43) / Raw(bytes.fromhex(route)) / Raw(bytes(ICMPv6Unknown(type=200, msgbody=b"test")))
    # RFC 9008: the RPL option.
    yield IPv6(**V6, nh=0) / Raw(bytes.fromhex("11002304801e0100")) / Raw(bytes(data))
    # RFC 4884 with RFC 4950 and RFC 5837 behind a quote of 128 octets, and the same without a length.
    quote = bytes(IP(**V4) / UDP(sport=5000, dport=7, len=108) / Raw(b"q" * 100))
    extension = bytes.fromhex("2000" + "0000" + "00080101" + "03e81d01" + "000c0208" + "00000005" + "00000000")[:20]
    for length in [32, 0]:
        yield IP(src="192.0.2.2", dst="192.0.2.1") / ICMP(type=11, code=0, length=length) / Raw(quote + extension)
    # RFC 1256: one router, and none.
    for routers in ["0102070800000000c0000201", "0002070800000000"]:
        yield IP(src="192.0.2.2", dst="224.0.0.1", ttl=1, proto=1) / Raw(bytes.fromhex("0900" + "0000" + routers))
    # RFC 3376 and RFC 3810: auxiliary data, reserved bits.
    yield IP(src="192.0.2.1", dst="224.0.0.22", ttl=1, proto=2) / Raw(bytes.fromhex("2200000000000001" + "04010000ef010203" + "aaaaaaaa"))
    # RFC 5482: a timeout of zero.
    yield IP(**V4) / TCP(sport=5000, dport=81, flags="A", options=[(28, b"\0\0")]) / b"d"


def echoes():
    """Messages and options that are whole in themselves, written out: each with fields that no other group has."""
    back = dict(src="192.0.2.2", dst="192.0.2.1")
    # RFC 8335: by index; by address; the reply of an active interface with IPv4 and IPv6.
    for message in [
        "2a0000000007010120000000" + "00080302" + "00000005",
        "2a0000000007020020000000" + "000c0303" + "00010400" + "c0000207",
        "2b00000000070107",
        "2b00000000070246",
    ]:
        yield IP(**back, proto=1) / Raw(icmp4(bytes.fromhex(message)))
    # RFC 792 and RFC 950: times, a mask.
    for message in ["0e00000000010002" + "000000030000000400000005", "1100000000010002" + "00000000", "1200000000010002" + "fffffe00"]:
        yield IP(**back, proto=1) / Raw(icmp4(bytes.fromhex(message)))
    # RFC 8335 over ICMPv6; RFC 6775 section 4.4: duplicate address request and confirmation.
    eui64 = "00124b0001020304"
    for kind, code, body in [
        (160, 0, "00070101" + "20000000" + "00080302" + "00000005"),
        (161, 0, "00070107"),
        (157, 0, "0000003c" + eui64 + "20010db8000000000000000000000007"),
        (158, 0, "0100003c" + eui64 + "20010db8000000000000000000000007"),
    ]:
        yield IPv6(**V6) / ICMPv6Unknown(type=kind, code=code, msgbody=bytes.fromhex(body))
    # RFC 8910, RFC 8781, RFC 3971: a portal, a translator's prefix, a nonce.
    portal = bytes.fromhex("2504") + b"https://portal.example/api" + b"\0" * 4
    nat64 = bytes.fromhex("26020708" + "0064ff9b" + "00" * 8)
    yield IPv6(src="fe80::1", dst="ff02::1", hlim=255) / ICMPv6ND_RA(routerlifetime=0) / Raw(portal + nat64)
    yield IPv6(src="::", dst="ff02::1:ff00:2", hlim=255) / ICMPv6ND_NS(tgt="fe80::2") / Raw(bytes.fromhex("0e01010203040506"))
    # RFC 2473: how many more tunnels.
    yield IPv6(**V6, nh=60) / Raw(bytes.fromhex("1100" + "040104" + "010100")) / Raw(bytes(UDP(sport=5000, dport=7)))


def roots():
    """RPL with every option of RFC 6550, and with a security section."""
    instance = "1e"
    root = "20010db8000000000000000000000001"
    configuration = "040e" + "03" + "080c0a" + "0700" + "0100" + "0001" + "00" + "ff" + "003c"
    metrics = "020c" + "03000002" + "0003" + "07000002" + "0080"
    route = "0316" + "4008" + "00000e10" + root
    prefix = "081e" + "40e0" + "00015180" + "00003840" + "00000000" + root
    target = "0512" + "0080" + root
    transit = "0614" + "80" + "c0" + "f1" + "1e" + root
    descriptor = "0904" + "00000007"
    solicited = "0713" + instance + "e0" + root + "05"
    dio = "1ef00100" + "90" + "f100" + "00" + root
    for code, body in [
        (0, "0000" + solicited),
        (1, dio + configuration + "00" + metrics + "0102" + "0000"),
        (1, dio + route + prefix),
        (2, instance + "c0" + "00" + "f2" + root + target + transit + descriptor),
        (3, instance + "80" + "f2" + "81" + root),
        # Security section: a group key by index; level 0, an authentication code of four octets, which tshark takes for options.
        (0x80, "00000000" + "00000009" + "01" + "0000" + solicited + "01020000"),
    ]:
        yield IPv6(**LL) / ICMPv6Unknown(type=155, code=code, msgbody=bytes.fromhex(body))


def options():
    """Options of TCP and of DHCP that scapy has no fields for."""
    for option in [
        (172, bytes.fromhex("000001" + "000002" + "000003")),
        (174, bytes.fromhex("000003" + "000002" + "000001")),
        (172, bytes.fromhex("000001")),
        (34, b"cookie12"),
        (34, b""),
        (28, b"\x80\x05"),
        (29, b"\x01\x02" + b"m" * 12),
        (19, b"d" * 16),
    ]:
        yield IP(**V4) / TCP(sport=5000, dport=81, seq=1, ack=2, flags="A", options=[option]) / b"d"
    down = IP(src="192.0.2.1", dst="192.0.2.50") / UDP(sport=67, dport=68)
    hardware = bytes.fromhex("020000000001")
    cookie = bytes.fromhex("63825363")

    def reply(options, **fields):
        return down / BOOTP(op=2, chaddr=hardware, xid=0x12345678, yiaddr="192.0.2.50", options=cookie, **fields) / Raw(options)

    # RFC 3442, RFC 3397, RFC 3046, RFC 3396: routes, domains, what a relay added, an option in two pieces.
    yield reply(bytes.fromhex("350105" + "790e" + "080ac0000201" + "180a0001c0000202" + "ff"))
    yield reply(b"\x35\x01\x05\x0c\x04host\x0f\x07example\x3c\x06tersus\x1a\x02\x05\xdc\x1c\x04\xc0\x00\x02\xff\xff")
    yield reply(b"\x35\x01\x06\x38\x0cnot for here\x36\x04\xc0\x00\x02\x01\xff")
    yield reply(b"\x35\x01\x05\x42\x04boot\x43\x05image\x52\x06\x01\x04port\xff")


def later_radio():
    """IEEE 802.15.4 of the editions 2006 and 2015: which PAN ids are there, security headers, information elements."""
    far, near = "1817161514131211", "0807060504030201"
    body = b"not 6LoWPAN"

    def frame(control, rest, payload=body):
        yield bytes.fromhex(control + rest) + payload

    # Version 2015, short and short: both PAN ids; one.
    yield from frame("01a8", "05" + "3412" + "0200" + "7856" + "0100")
    yield from frame("41a8", "06" + "3412" + "0200" + "0100")
    # Extended and extended: one PAN id; none.
    yield from frame("01ec", "07" + "3412" + far + near)
    yield from frame("41ec", "08" + far + near)
    # One address only: with its PAN id, and without.
    yield from frame("0128", "09" + "3412" + "0200")
    yield from frame("4128", "0a" + "0200")
    yield from frame("01a0", "0b" + "7856" + "0100")
    yield from frame("41a0", "0c" + "0100")
    # No address: no PAN id; one.
    yield from frame("0120", "0d")
    yield from frame("4120", "0e" + "3412")
    # Extended and short, with and without a second PAN id; no sequence number.
    yield from frame("01ac", "0f" + "3412" + far + "7856" + "0100")
    yield from frame("41ad", "3412" + far + "0100")
    # Security of 2006: level 5, key by index; level 6, key by short and by extended source.
    yield from frame("4998", "10" + "3412" + "0200" + "0100" + "0d" + "01000000" + "07", b"encrypted and four")
    yield from frame("4998", "11" + "3412" + "0200" + "0100" + "16" + "02000000" + "cdab0000" + "08", b"encrypted and eight")
    yield from frame("4998", "12" + "3412" + "0200" + "0100" + "1e" + "03000000" + near + "09", b"encrypted and eight")
    # Of 2015, without a frame counter.
    yield from frame("49a8", "13" + "3412" + "0200" + "0100" + "2d" + "0a", b"encrypted and four")
    # An acknowledgement with a time correction; data with header and payload elements.
    yield from frame("0222", "14" + "020f" + "0a80", b"")
    yield from frame("41aa", "15" + "3412" + "0200" + "0100" + "020f" + "0a00" + "003f" + "0590" + "aabbcc" + "0102" + "00f8")


def icmp4(message):
    """With its checksum."""
    total = sum(int.from_bytes(message[at : at + 2], "big") for at in range(0, len(message), 2))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return message[:2] + (0xFFFF - total).to_bytes(2, "big") + message[4:]


def broken(packets, seed):
    """Truncations at every length of the short ones, and mutations of single octets."""
    chance = random.Random(seed)
    for packet in packets:
        octets = bytes(packet)
        head = octets[: min(len(octets), 160)]
        for length in sorted(chance.sample(range(1, len(head)), min(12, len(head) - 1))):
            yield octets[:length]
        for _ in range(12):
            at = chance.randrange(min(len(octets), 120))
            yield octets[:at] + bytes([octets[at] ^ (1 << chance.randrange(8))]) + octets[at + 1 :]


def write(path, packets, link):
    writer = RawPcapWriter(path, linktype=link)
    writer.write_header(None)
    for index, packet in enumerate(packets):
        writer.write_packet(bytes(packet), sec=1, usec=index)
    writer.close()


def main(folder):
    ip = [*internet4(), *igmp(), *internet6(), *ndisc(), *rpl(), *transports(), *applications()]
    ethernet = [*links(), *(ether(packet) for packet in ip)]
    for name, link, packets in [
        ("ethernet", 1, ethernet),
        ("ip", 101, ip),
        ("ieee802154", 230, [*radio()]),
        ("more", 101, [*more()]),
        ("lowpan", 230, [*lowpan()]),
        ("rfcs", 101, [*rfcs()]),
        ("fields", 101, [*echoes(), *roots(), *options()]),
        ("radio", 230, [*later_radio()]),
    ]:
        write(f"{folder}/{name}.pcap", packets, link)
        write(f"{folder}/{name}-broken.pcap", broken(packets, name), link)


main(sys.argv[1])
