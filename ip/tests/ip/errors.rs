//! ICMP errors: when they are sent, when not, and what received ones do.

use crate::support::*;
use tersus_ip::{Cast, Config, InterfaceId, Quoted, Reject, Route, Routes, Source, Verdict};
use tersus_wire::{icmpv4, icmpv6, ipv4, EtherType, IpProtocol};

const ETH: InterfaceId = InterfaceId(0);

fn closed() -> Host {
    let mut host = Host::ethernet();
    host.transport.verdict = Verdict::Reject(Reject::PortUnreachable);
    host.ip.join(ETH, ip("239.1.1.1")).unwrap();
    host
}

fn answer(host: &mut Host, cast: Cast, packet: Vec<u8>) -> Vec<String> {
    let protocol = if packet[0] >> 4 == 4 { EtherType::IPV4 } else { EtherType::IPV6 };
    host.arrive_as(PEER, cast, protocol, packet);
    host.kinds()
}

// conf: ICM-V4-03, ICM-V4-05, ICM-V4-08, ICM-V6-06, ICM-V6-07
#[test]
fn an_error_quotes_the_packet_and_comes_from_where_it_was_sent() {
    let mut host = closed();
    let packet = packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"abcdefghijkl");
    let sent = host.packet(packet.clone());
    assert_eq!(sent[0].kind(), "icmp 3/3");
    let error = sent[0].v4();
    let header = error.header();
    assert_eq!((header.source(), header.destination()), (v4("192.0.2.1"), v4("192.0.2.9")));
    assert_eq!((header.traffic_class(), header.protocol()), (0, IpProtocol::ICMPV4));
    assert_eq!(error.payload()[8..], packet[..]);
    let packet = datagram_v6("2001:db8::9", "fe80::1", b"abcdefghijkl");
    let sent = host.packet(packet.clone());
    assert_eq!(sent[0].v6().header().source(), v6("fe80::1"));
    assert_eq!(sent[0].v6().payload()[8..], packet[..]);
    let message = icmpv6::Packet::parse(sent[0].v6().payload()).unwrap();
    assert!(message.is_checksum_valid(v6("fe80::1"), v6("2001:db8::9")));
}

// conf: ICM-ERR-01, ICM-ERR-03, ICM-ERR-04, ICM-ERR-05, ICM-ERR-06, ICM-V4-08
#[test]
fn about_some_packets_no_error_is_sent() {
    let mut host = closed();
    host.transport.protocols.clear();
    let v4_to = |to| packet_v4("192.0.2.9", to, IpProtocol(200), b"abcdefgh");
    let v6_to = |to| packet_v6(v6("2001:db8::9"), v6(to), IpProtocol(200), 64, b"abcdefgh");
    let mut later = ipv4::Repr::new(IpProtocol(200), v4("192.0.2.9"), v4("192.0.2.1"), 8);
    later.flags = ipv4::Flags::empty();
    later.fragment_offset = 8;
    let mut icmp_error = vec![3, 3, 0, 0, 0, 0, 0, 0];
    icmp_error.extend(packet_v4("192.0.2.77", "192.0.2.9", IpProtocol::UDP, b"abcdefgh"));
    icmpv4::fill_checksum(&mut icmp_error);
    // how it came, packet, answer
    for (cast, packet, want) in [
        (Cast::Unicast, v4_to("192.0.2.1"), Some("icmp 3/2")),
        (Cast::Unicast, v4_to("192.0.2.255"), None),
        (Cast::Unicast, v4_to("255.255.255.255"), None),
        (Cast::Unicast, v4_to("239.1.1.1"), None),
        (Cast::Broadcast, v4_to("192.0.2.1"), None),
        (Cast::Multicast, v4_to("239.1.1.1"), None),
        (Cast::Unicast, packet_v4_with(later, &[], b"abcdefgh"), None),
        (Cast::Unicast, packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::ICMPV4, &icmp_error), None),
        (Cast::Unicast, packet_v4("0.0.0.0", "192.0.2.1", IpProtocol(200), b"abcdefgh"), None),
        (Cast::Unicast, packet_v4("127.0.0.1", "192.0.2.1", IpProtocol(200), b"abcdefgh"), None),
        (Cast::Unicast, packet_v4("224.0.0.1", "192.0.2.1", IpProtocol(200), b"abcdefgh"), None),
        (Cast::Unicast, packet_v4("192.0.2.255", "192.0.2.1", IpProtocol(200), b"abcdefgh"), None),
        (Cast::Unicast, packet_v4("240.0.0.1", "192.0.2.1", IpProtocol(200), b"abcdefgh"), None),
        (Cast::Unicast, v6_to("2001:db8::1"), Some("icmp 4/1")),
        (Cast::Unicast, v6_to("ff02::1"), None),
        (Cast::Broadcast, v6_to("2001:db8::1"), None),
        (Cast::Multicast, v6_to("2001:db8::1"), None),
        (Cast::Unicast, packet_v6(v6("::"), v6("ff02::1"), IpProtocol(200), 64, b"abcdefgh"), None),
        (Cast::Unicast, packet_v6(v6("ff02::9"), v6("2001:db8::1"), IpProtocol(200), 64, b"abcdefgh"), None),
    ] {
        let shown = format!("{cast:?} {packet:x?}");
        let kinds = answer(&mut host, cast, packet);
        assert_eq!(kinds.iter().map(String::as_str).collect::<Vec<_>>(), Vec::from_iter(want), "{shown}");
    }
}

// conf: IP6-EXT-04, ICM-ERR-03, ICM-ERR-04, IP6-EXT-02, IP6-EXT-09, ICM-V6-12
#[test]
fn header_errors_are_answered_with_exact_pointers() {
    let mut host = closed();
    let option = |kind| vec![17, 0, kind, 4, 0, 0, 0, 0];
    // first header, chain, destination, answer, pointer
    for (first, chain, to, want, pointer) in [
        (60, option(0x1e), "2001:db8::1", None, 0),
        (60, option(0x5e), "2001:db8::1", None, 0),
        (60, option(0x9e), "2001:db8::1", Some("icmp 4/2"), 42),
        (60, option(0xde), "2001:db8::1", Some("icmp 4/2"), 42),
        (60, option(0x9e), "ff02::1", Some("icmp 4/2"), 42),
        (60, option(0xde), "ff02::1", None, 0),
        (60, vec![0, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0], "2001:db8::1", Some("icmp 4/1"), 40),
        (43, vec![17, 0, 0, 1, 0, 0, 0, 0], "2001:db8::1", Some("icmp 4/0"), 42),
        (0, vec![17, 255, 1, 4, 0, 0, 0, 0], "2001:db8::1", Some("icmp 4/0"), 41),
        (200, vec![], "2001:db8::1", Some("icmp 4/1"), 6),
    ] {
        host.transport.verdict = Verdict::Done;
        let payload = [&chain[..], b"abcdefgh"].concat();
        let packet = packet_v6(v6("2001:db8::9"), v6(to), IpProtocol(first), 64, &payload);
        host.now = ms(host.now.millis() + 1000);
        let sent = host.packet(packet);
        assert_eq!(sent.iter().map(Sent::kind).collect::<Vec<_>>(), Vec::from_iter(want), "{chain:?} {to}");
        if want.is_some() {
            assert_eq!(sent[0].v6().payload()[4..8], u32::to_be_bytes(pointer));
            assert!(!sent[0].v6().header().source().is_multicast());
        }
    }
}

// conf: IP4-OPT-03, ICM-V4-11
#[test]
fn a_bad_ipv4_option_draws_a_parameter_problem() {
    let mut host = Host::ethernet();
    for (options, pointer) in [(&[0x9e, 0, 1, 1][..], 20), (&[1, 0x9e, 1, 1], 21), (&[1, 1, 0x9e, 9], 22)] {
        let repr = ipv4::Repr::new(IpProtocol::UDP, v4("192.0.2.9"), v4("192.0.2.1"), 8);
        let sent = host.packet(packet_v4_with(repr, options, b"abcdefgh"));
        assert_eq!(sent[0].kind(), "icmp 12/0");
        assert_eq!(sent[0].v4().payload()[4], pointer);
    }
    assert!(host.transport.got.is_empty());
    assert_eq!(host.counter("bad_option"), 3);
}

// conf: ICM-ERR-08, ICM-V4-15
#[test]
fn errors_are_limited_to_a_burst_and_a_rate() {
    let mut host = closed();
    let mut sent = 0;
    for i in 0..1000_u64 {
        host.now = ms(10_000 + i);
        sent += host.packet(packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"abcdefgh")).len();
    }
    assert!((19..=20).contains(&sent), "ten at once and ten a second: {sent}");
    assert_eq!(host.counter("errors_limited"), 1000 - u32::try_from(sent).unwrap());
    let mut config = Config::default();
    config.errors.per_second = 0;
    let mut silent = Host::with_config(vec![FakeLink::ethernet()], config);
    silent.ip.add_address(ETH, cidr("192.0.2.1/24")).unwrap();
    silent.settle();
    assert!(silent.packet(packet_v4("192.0.2.9", "192.0.2.1", IpProtocol(200), b"abcdefgh")).is_empty());
}

/// An ICMP error about a packet of ours.
fn error_about(kind: u8, code: u8, rest: [u8; 4], quoted: &[u8]) -> Vec<u8> {
    let mut message = vec![kind, code, 0, 0];
    message.extend(rest);
    message.extend(quoted);
    if quoted[0] >> 4 == 4 {
        icmpv4::fill_checksum(&mut message);
        packet_v4("192.0.2.254", "192.0.2.1", IpProtocol::ICMPV4, &message)
    } else {
        icmp_v6("2001:db8::fe", "2001:db8::1", message)
    }
}

// conf: ICM-V4-06, ICM-V4-07, ICM-V4-09, ICM-V4-10, ICM-V4-12, ICM-V6-02, ICM-V6-09, UDP-API-10
#[test]
fn received_errors_reach_the_transports_if_they_quote_a_packet_of_ours() {
    let mut host = Host::ethernet();
    let ours = packet_v4("192.0.2.1", "203.0.113.9", IpProtocol::UDP, b"abcdefgh");
    let theirs = packet_v4("192.0.2.77", "203.0.113.9", IpProtocol::UDP, b"abcdefgh");
    let ours_v6 = datagram_v6("2001:db8::1", "2001:db8:1::9", b"abcdefgh");
    // type, code, quoted, what the transports hear
    for (kind, code, quoted, want) in [
        (3, 3, &ours[..], Some("PortUnreachable")),
        (3, 1, &ours, Some("HostUnreachable")),
        (11, 0, &ours, Some("HopLimitExceeded")),
        (12, 0, &ours, Some("ParameterProblem")),
        (3, 3, &theirs, None),
        (3, 3, &ours[..24], None),
        (3, 3, &ours[..12], None),
        (4, 0, &ours, None),
        (1, 4, &ours_v6, Some("PortUnreachable")),
        (3, 0, &ours_v6, Some("HopLimitExceeded")),
        (1, 4, &ours_v6[..44], None),
        (0, 0, &ours_v6, Some("Other(0, 0)")),
        (5, 0, &ours_v6, Some("Other(5, 0)")),
        (127, 9, &ours_v6, Some("Other(127, 9)")),
    ] {
        host.transport.errors.clear();
        let sent = host.packet(error_about(kind, code, [0; 4], quoted));
        assert!(sent.is_empty());
        let heard = host.transport.errors.first().map(|error| error.0.as_str());
        assert_eq!(heard, want, "{kind}/{code} quoting {} octets", quoted.len());
        if let Some((_, local, remote, quoted)) = host.transport.errors.first() {
            assert!([ip("192.0.2.1"), ip("2001:db8::1")].contains(local));
            assert!([ip("203.0.113.9"), ip("2001:db8:1::9")].contains(remote));
            assert_eq!(quoted, b"abcdefgh");
        }
    }
}

// conf: IP4-FRG-09, IP6-PMT-01, IP6-PMT-02, IP6-PMT-03, IP6-PMT-04, ICM-V6-10
#[test]
fn too_big_messages_lower_the_path_mtu_until_it_ages() {
    let mut host = Host::ethernet();
    host.ip.add_route(tersus_ip::Route::default_by(ip("192.0.2.254"), ETH)).unwrap();
    host.ip.add_route(tersus_ip::Route::default_by(ip("2001:db8::fe"), ETH)).unwrap();
    let mtu = |host: &Host, to: &str| host.ip.route(Source::ANY, ip(to)).unwrap().mtu();
    let ours = packet_v4("192.0.2.1", "203.0.113.9", IpProtocol::UDP, b"abcdefgh");
    let theirs = packet_v4("192.0.2.77", "203.0.113.8", IpProtocol::UDP, b"abcdefgh");
    let generation = host.ip.generation();
    host.packet(error_about(3, 4, [0, 0, 5, 0], &theirs));
    assert_eq!((mtu(&host, "203.0.113.8"), host.ip.generation()), (1500, generation));
    host.packet(error_about(3, 4, [0, 0, 5, 0], &ours));
    assert_eq!((mtu(&host, "203.0.113.9"), mtu(&host, "203.0.113.8")), (1280, 1500));
    assert_ne!(host.ip.generation(), generation);
    host.packet(error_about(3, 4, [0, 0, 5, 200], &ours));
    assert_eq!(mtu(&host, "203.0.113.9"), 1280, "never raised");
    let ours = datagram_v6("2001:db8::1", "2001:db8:1::9", b"abcdefgh");
    host.packet(error_about(2, 5, [0, 0, 4, 0xff], &ours));
    assert_eq!(mtu(&host, "2001:db8:1::9"), 1500, "below 1280 is ignored");
    host.packet(error_about(2, 5, [0, 0, 5, 0x14], &ours));
    assert_eq!(mtu(&host, "2001:db8:1::9"), 1300);
    assert_eq!(host.transport.errors.iter().filter(|error| error.0.starts_with("TooBig")).count(), 4);
    let at = host.ip.poll_at().unwrap();
    assert!(at.millis() >= host.now.millis() + 300_000, "not before five minutes");
    host.at(host.now.millis() + 700_000);
    assert_eq!((mtu(&host, "203.0.113.9"), mtu(&host, "2001:db8:1::9")), (1500, 1500));
}

/// Whoever forges a message knows the addresses; what is in flight only the transports know.
#[test]
fn a_too_big_message_about_what_was_not_sent_changes_no_path() {
    for (quoted, want) in [(Quoted::Unknown, 1500), (Quoted::Possible, 576), (Quoted::Known, 256)] {
        let mut host = Host::ethernet();
        host.ip.add_route(tersus_ip::Route::default_by(ip("192.0.2.254"), ETH)).unwrap();
        host.transport.quoted = quoted;
        let ours = packet_v4("192.0.2.1", "203.0.113.9", IpProtocol::TCP, b"abcdefgh");
        host.packet(error_about(3, 4, [0, 0, 1, 0], &ours));
        assert_eq!(host.ip.route(Source::ANY, ip("203.0.113.9")).unwrap().mtu(), want);
        assert_eq!(host.ip.path_mtu_statistics().not_ours, u32::from(quoted == Quoted::Unknown));
        assert_eq!(host.transport.errors.len(), 1, "the transport hears of it all the same");
    }
}

/// The reported MTU is compared with that of the link by which the packet left, wherever the message came in.
#[test]
fn a_too_big_message_may_come_by_another_and_narrower_link() {
    let lan = InterfaceId(1);
    let mut narrow = FakeLink::ethernet();
    narrow.properties.mtu = 1280;
    let mut host = Host::new(vec![narrow, FakeLink::ethernet()]);
    host.ip.add_address(ETH, cidr("192.0.2.1/24")).unwrap();
    host.ip.add_address(lan, cidr("198.51.100.1/24")).unwrap();
    host.ip.add_route(Route::default_by(ip("198.51.100.254"), lan)).unwrap();
    host.settle();
    // reported, MTU afterwards
    for (reported, want) in [(1500_u16, 1500), (1400, 1400), (1450, 1400)] {
        let [a, b] = reported.to_be_bytes();
        let mut message = vec![3, 4, 0, 0, 0, 0, a, b];
        message.extend(packet_v4("198.51.100.1", "203.0.113.9", IpProtocol::UDP, &[7; 16]));
        icmpv4::fill_checksum(&mut message);
        host.packet(packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::ICMPV4, &message));
        assert_eq!(host.ip.route(Source::ANY, ip("203.0.113.9")).unwrap().mtu(), want, "{reported}");
    }
}
