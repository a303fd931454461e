extern crate alloc;
use super::*;
use alloc::vec;
use alloc::vec::Vec;
use tersus_wire::icmpv6::ProblemCode;

const PORT: Reason = Reason::PortUnreachable;
const HOST4: [u8; 4] = [198, 51, 100, 7];
const OURS4: [u8; 4] = [192, 0, 2, 1];

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// An IPv4 header of 20 octets.
fn v4(source: [u8; 4], destination: [u8; 4], protocol: u8, fragment: u16, payload: usize) -> Vec<u8> {
    let [high, low] = u16::try_from(20 + payload).unwrap().to_be_bytes();
    let [flags, offset] = fragment.to_be_bytes();
    let mut header = vec![0x45, 0xb8, high, low, 0, 7, flags, offset, 61, protocol, 0xab, 0xcd];
    header.extend(source);
    header.extend(destination);
    header
}

fn v6(source: &str, destination: &str, next: u8, payload: usize) -> Vec<u8> {
    let [high, low] = u16::try_from(payload).unwrap().to_be_bytes();
    let mut header = vec![0x6b, 0x81, 2, 3, high, low, next, 61];
    for text in [source, destination] {
        header.extend(text.parse::<Ipv6Addr>().unwrap().octets());
    }
    header
}

fn about<'p>(header: &'p [u8], rest: &'p [u8]) -> Offender<'p> {
    Offender { header, rest, cast: Cast::Unicast, source_cast: Cast::Unicast }
}

fn written(message: &Message<'_>, source: &str) -> Vec<u8> {
    let mut buffer = vec![0xee; message.len()];
    message.write(&ip(source).into(), &mut buffer);
    buffer
}

fn octets(len: usize) -> Vec<u8> {
    (0..len).map(|i| u8::try_from(i * 7 % 251).unwrap()).collect()
}

// conf: ICM-V4-03, ICM-V4-04, ICM-V4-08, ICM-V4-11, IP4-OPT-03
#[test]
fn ipv4_errors_have_type_code_pointer_and_a_quote_as_received() {
    // reason, type, code, the four octets behind
    for (reason, kind, code, rest) in [
        (Reason::UnknownProtocol { pointer: 9 }, 3, 2, [0, 0, 0, 0]),
        (PORT, 3, 3, [0, 0, 0, 0]),
        (Reason::Prohibited, 3, 10, [0, 0, 0, 0]),
        (Reason::HostUnreachable, 3, 1, [0, 0, 0, 0]),
        (Reason::TooBig(1400), 3, 4, [0, 0, 5, 0x78]),
        (Reason::HopLimitExceeded, 11, 0, [0, 0, 0, 0]),
        (Reason::ReassemblyTimeExceeded, 11, 1, [0, 0, 0, 0]),
        (Reason::BadField { pointer: 21 }, 12, 0, [21, 0, 0, 0]),
    ] {
        // payload, quoted: as much as makes 576 octets with header and header
        for (len, quoted) in [(0, 0), (8, 8), (100, 100), (528, 528), (529, 528), (60_000, 528)] {
            let (header, rest_of_packet) = (v4(HOST4, OURS4, 17, 0, len), octets(len));
            let message = make(&about(&header, &rest_of_packet), reason).unwrap();
            assert_eq!(message.destination().get(), Some(IpAddr::from(HOST4)));
            assert_eq!(
                (message.addressed().get(), message.protocol()),
                (Some(IpAddr::from(OURS4)), IpProtocol::ICMPV4)
            );
            let bytes = written(&message, "192.0.2.1");
            let packet = icmpv4::Packet::parse(&bytes).unwrap();
            assert!(packet.is_checksum_valid());
            assert_eq!((u8::from(packet.message_type()), packet.code()), (kind, code), "{reason:?}");
            assert_eq!(packet.rest_of_header(), rest, "{reason:?}");
            assert_eq!(packet.body(), [&header[..], &rest_of_packet[..quoted]].concat());
            assert!(20 + bytes.len() <= 576);
        }
    }
    let header = [v4(HOST4, OURS4, 17, 0, 4), vec![0x9e, 1, 0, 0]].concat();
    let far = make(&about(&header, &[]), Reason::BadField { pointer: 256 });
    assert_eq!(far, Err(Suppressed::NoSuchError), "no pointer reaches there");
}

// conf: ICM-V6-04, ICM-V6-07, ICM-V6-12, ICM-V6-13
#[test]
fn ipv6_errors_have_type_code_pointer_and_a_quote_that_fills_1280_octets() {
    let chain = |code, pointer| Reason::Chain(Problem { code, pointer, even_if_multicast: false });
    for (reason, kind, code, rest) in [
        (Reason::UnknownProtocol { pointer: 6 }, 4, 1, [0, 0, 0, 6]),
        (PORT, 1, 4, [0, 0, 0, 0]),
        (Reason::Prohibited, 1, 1, [0, 0, 0, 0]),
        (Reason::HostUnreachable, 1, 3, [0, 0, 0, 0]),
        (Reason::TooBig(1400), 2, 0, [0, 0, 5, 0x78]),
        (Reason::HopLimitExceeded, 3, 0, [0, 0, 0, 0]),
        (Reason::ReassemblyTimeExceeded, 3, 1, [0, 0, 0, 0]),
        (Reason::BadField { pointer: 0x1234 }, 4, 0, [0, 0, 0x12, 0x34]),
        (chain(ProblemCode::Option, 48), 4, 2, [0, 0, 0, 48]),
        (chain(ProblemCode::IncompleteChain, 0), 4, 3, [0, 0, 0, 0]),
    ] {
        for (len, quoted) in [(0, 0), (1192, 1192), (1193, 1192), (60_000, 1192)] {
            let header = v6("2001:db8:1::7", "2001:db8::1", 17, len);
            let rest_of_packet = octets(len);
            let message = make(&about(&header, &rest_of_packet), reason).unwrap();
            assert_eq!(message.destination().get(), Some(ip("2001:db8:1::7")));
            assert_eq!(
                (message.addressed().get(), message.protocol()),
                (Some(ip("2001:db8::1")), IpProtocol::ICMPV6)
            );
            let bytes = written(&message, "2001:db8::1");
            let packet = icmpv6::Packet::parse(&bytes).unwrap();
            let (IpAddr::V6(from), Some(IpAddr::V6(to))) = (ip("2001:db8::1"), message.destination().get())
            else {
                panic!()
            };
            assert!(packet.is_checksum_valid(from, to));
            assert_eq!((u8::from(packet.message_type()), packet.code()), (kind, code), "{reason:?}");
            assert_eq!(packet.body()[..4], rest, "{reason:?}");
            assert_eq!(packet.body()[4..], [&header[..], &rest_of_packet[..quoted]].concat());
            assert!(40 + bytes.len() <= 1280 && (len < 1193 || 40 + bytes.len() == 1280));
        }
    }
}

// conf: ICM-ERR-01, ICM-ERR-02
#[test]
fn no_error_is_about_an_error() {
    for kind in 0..=255 {
        let rest = [kind, 0, 0, 0, 0, 0, 0, 0];
        let header = v4(HOST4, OURS4, 1, 0, 8);
        let is_error = matches!(kind, 3 | 4 | 5 | 11 | 12);
        let got = make(&about(&header, &rest), PORT).map(|_| ());
        assert_eq!(got, if is_error { Err(Suppressed::AboutError) } else { Ok(()) }, "ICMPv4 type {kind}");

        let is_error = kind < 128 || kind == 137;
        let want = if is_error { Err(Suppressed::AboutError) } else { Ok(()) };
        let header = v6("2001:db8:1::7", "2001:db8::1", 58, 8);
        assert_eq!(make(&about(&header, &rest), PORT).map(|_| ()), want, "ICMPv6 type {kind}");
        // Behind extension headers, in either part of what the caller has.
        let header = v6("2001:db8:1::7", "2001:db8::1", 60, 16);
        let options = [58, 0, 1, 4, 0, 0, 0, 0];
        let behind = [&options[..], &rest].concat();
        assert_eq!(make(&about(&header, &behind), PORT).map(|_| ()), want, "ICMPv6 type {kind}");
        let with_options = [&header[..], &options].concat();
        assert_eq!(make(&about(&with_options, &rest), PORT).map(|_| ()), want, "ICMPv6 type {kind}");
        assert_eq!(make(&about(&[&header[..], &behind].concat(), &[]), PORT).map(|_| ()), want);
    }
    for (header, rest) in [
        (v4(HOST4, OURS4, 1, 0, 0), vec![]),
        (v6("2001:db8:1::7", "2001:db8::1", 58, 0), vec![]),
        (v6("2001:db8:1::7", "2001:db8::1", 60, 0), vec![58, 0, 1, 4, 0, 0, 0, 0]),
    ] {
        assert_eq!(make(&about(&header, &rest), PORT), Err(Suppressed::AboutError), "it could be one");
    }
}

// conf: ICM-ERR-03, ICM-ERR-04
#[test]
fn no_error_is_about_what_was_not_unicast_but_for_the_two_of_ipv6() {
    let chain = |even_if_multicast| {
        Reason::Chain(Problem { code: ProblemCode::Option, pointer: 42, even_if_multicast })
    };
    let group6 = v6("2001:db8:1::7", "ff02::1", 17, 8);
    let unicast6 = v6("2001:db8:1::7", "2001:db8::1", 17, 8);
    for (header, cast) in [
        (&v4(HOST4, [224, 0, 0, 1], 17, 0, 8), Cast::Unicast),
        (&v4(HOST4, [255; 4], 17, 0, 8), Cast::Unicast),
        (&v4(HOST4, [192, 0, 2, 255], 17, 0, 8), Cast::Broadcast),
        (&v4(HOST4, OURS4, 17, 0, 8), Cast::Broadcast),
        (&v4(HOST4, OURS4, 17, 0, 8), Cast::Multicast),
        (&group6, Cast::Unicast),
        (&unicast6, Cast::Multicast),
        (&unicast6, Cast::Broadcast),
    ] {
        let offender = Offender { cast, ..about(header, &[0; 8]) };
        for (reason, in_ipv6) in [
            (PORT, false),
            (Reason::BadField { pointer: 4 }, false),
            (Reason::ReassemblyTimeExceeded, false),
            (Reason::TooBig(1280), true),
            (chain(true), true),
            (chain(false), false),
        ] {
            let is_sent = make(&offender, reason).is_ok();
            assert_eq!(is_sent, in_ipv6 && header[0] >> 4 == 6, "{cast:?} {reason:?} {header:?}");
        }
    }
}

// conf: ICM-ERR-05
#[test]
fn no_error_is_about_a_later_ipv4_fragment() {
    for (fragment, sent) in
        [(0, true), (0x2000, true), (0x4000, true), (1, false), (0x2001, false), (0x1fff, false)]
    {
        let header = v4(HOST4, OURS4, 17, fragment, 8);
        let want = if sent { Ok(()) } else { Err(Suppressed::Fragment) };
        assert_eq!(make(&about(&header, &[0; 8]), PORT).map(|_| ()), want, "{fragment:04x}");
    }
}

// The Parameter Problems of RFC 8200 §4.5 are about later fragments, and their data are no ICMP header.
// conf: IP6-FRG-04
#[test]
fn a_later_ipv6_fragment_may_draw_a_problem() {
    let header = v6("2001:db8:1::7", "2001:db8::1", 44, 16);
    let fragment = [58, 0, 0xff, 0xf8, 0, 0, 0, 1];
    let data = [1, 0, 0, 0, 0, 0, 0, 0];
    let all = [&header[..], &fragment].concat();
    assert!(make(&about(&all, &data), Reason::BadField { pointer: 42 }).is_ok());
    assert!(make(&about(&header, &[fragment, data].concat()), Reason::BadField { pointer: 42 }).is_ok());
}

// conf: ICM-ERR-06
#[test]
fn no_error_goes_to_what_names_no_single_host() {
    for source in [
        [0, 0, 0, 0],
        [0, 1, 2, 3],
        [127, 0, 0, 1],
        [224, 0, 0, 1],
        [239, 255, 255, 255],
        [240, 0, 0, 1],
        [255, 255, 255, 255],
    ] {
        let header = v4(source, OURS4, 17, 0, 8);
        assert_eq!(make(&about(&header, &[0; 8]), PORT), Err(Suppressed::Source), "{source:?}");
    }
    for source in ["::", "::1", "ff02::1"] {
        let header = v6(source, "2001:db8::1", 17, 8);
        assert_eq!(make(&about(&header, &[0; 8]), PORT), Err(Suppressed::Source), "{source}");
        assert_eq!(make(&about(&header, &[0; 8]), Reason::TooBig(1280)), Err(Suppressed::Source));
    }
    for header in [v4(HOST4, OURS4, 17, 0, 8), v6("2001:db8:1::7", "2001:db8::1", 17, 8)] {
        for source_cast in [Cast::Broadcast, Cast::Multicast] {
            let offender = Offender { source_cast, ..about(&header, &[0; 8]) };
            assert_eq!(make(&offender, PORT), Err(Suppressed::Source));
        }
    }
}

#[test]
fn a_message_may_be_limited_to_a_narrow_path() {
    let (header, rest) = (v4(HOST4, OURS4, 17, 0, 500), octets(500));
    let message = make(&about(&header, &rest), PORT).unwrap();
    for (limit, want) in [(600, 528), (528, 528), (100, 100), (36, 36), (35, 36), (0, 36)] {
        let limited = message.limited(limit);
        assert_eq!(limited.len(), want, "{limit}");
        let bytes = written(&limited, "192.0.2.1");
        assert!(icmpv4::Packet::parse(&bytes).unwrap().is_checksum_valid());
    }
}

const QUOTED: [u8; 8] = [0x30, 0x39, 0, 53, 0, 16, 0xab, 0xcd];

fn parse4(message: &[u8]) -> Option<Received<'_>> {
    parse(&Addresses::V4(&[203, 0, 113, 1, 192, 0, 2, 1]), message)
}

fn parse6(message: &[u8]) -> Option<Received<'_>> {
    let mut addresses = [0; 32];
    addresses[..16].copy_from_slice(&"2001:db8:ffff::1".parse::<Ipv6Addr>().unwrap().octets());
    parse(&Addresses::V6(&addresses), message)
}

// conf: ICM-V4-06, ICM-V4-09, ICM-V4-10, ICM-V4-12
#[test]
fn received_ipv4_errors_name_our_packet() {
    use ErrorKind as K;
    let quote = [&v4(OURS4, HOST4, 17, 0x4000, 1000)[..], &QUOTED].concat();
    // type, code, meaning; None: not for transports
    let mut table = vec![
        (3, 2, Some(K::ProtocolUnreachable)),
        (3, 3, Some(K::PortUnreachable)),
        (3, 4, Some(K::TooBig(0x0578))),
        (3, 14, Some(K::Other(3, 14))),
        (3, 200, Some(K::Other(3, 200))),
        (11, 0, Some(K::HopLimitExceeded)),
        (11, 1, Some(K::ReassemblyTimeExceeded)),
        (11, 2, Some(K::Other(11, 2))),
        (12, 0, Some(K::ParameterProblem)),
        (12, 1, Some(K::ParameterProblem)),
        (4, 0, None),
        (5, 1, None),
        (0, 0, None),
        (8, 0, None),
        (13, 0, None),
        (200, 0, None),
    ];
    table.extend([0, 1, 5, 6, 7, 8, 11, 12].map(|code| (3, code, Some(K::HostUnreachable))));
    table.extend([9, 10, 13].map(|code| (3, code, Some(K::Prohibited))));
    for (kind, code, want) in table {
        let message = [&[kind, code, 0, 0, 0, 0, 5, 0x78], &quote[..]].concat();
        let received = parse4(&message);
        assert_eq!(received.map(|r| r.error.kind), want, "{kind} {code}");
        let Some(Received { error, packet_len, mtu }) = received else { continue };
        assert_eq!((error.reporter, error.local), (ip("203.0.113.1"), IpAddr::from(OURS4)));
        assert_eq!((error.remote, error.protocol), (IpAddr::from(HOST4), IpProtocol::UDP));
        assert_eq!((error.quoted, packet_len), (&QUOTED[..], 1020));
        assert_eq!(mtu, if (kind, code) == (3, 4) { 1400 } else { 0 });
    }
}

// conf: ICM-V6-02, ICM-V6-05, ICM-V6-09, ICM-V6-10
#[test]
fn received_ipv6_errors_name_our_packet_behind_its_extension_headers() {
    use ErrorKind as K;
    let hop_by_hop = [60, 0, 5, 2, 0, 0, 1, 0];
    let options = [44, 0, 1, 4, 0, 0, 0, 0];
    let first_fragment = [17, 0, 0, 1, 0, 0, 0, 1];
    let plain = [&v6("2001:db8::1", "2001:db8:1::7", 17, 1000)[..], &QUOTED].concat();
    let long =
        [&v6("2001:db8::1", "2001:db8:1::7", 0, 1000)[..], &hop_by_hop, &options, &first_fragment, &QUOTED]
            .concat();
    for (kind, code, want) in [
        (1, 0, Some(K::HostUnreachable)),
        (1, 1, Some(K::Prohibited)),
        (1, 2, Some(K::HostUnreachable)),
        (1, 3, Some(K::HostUnreachable)),
        (1, 4, Some(K::PortUnreachable)),
        (1, 5, Some(K::Prohibited)),
        (1, 6, Some(K::Prohibited)),
        (1, 99, Some(K::Other(1, 99))),
        (2, 0, Some(K::TooBig(1400))),
        (2, 5, Some(K::TooBig(1400))),
        (3, 0, Some(K::HopLimitExceeded)),
        (3, 1, Some(K::ReassemblyTimeExceeded)),
        (4, 0, Some(K::ParameterProblem)),
        (4, 1, Some(K::ProtocolUnreachable)),
        (4, 2, Some(K::ParameterProblem)),
        (100, 7, Some(K::Other(100, 7))),
        (128, 0, None),
        (137, 0, None),
        (200, 0, None),
    ] {
        for quote in [&plain, &long] {
            let rest = if kind == 2 { [0, 0, 5, 0x78] } else { [0; 4] };
            let message = [&[kind, code, 0, 0], &rest[..], quote].concat();
            let received = parse6(&message);
            assert_eq!(received.map(|r| r.error.kind), want, "{kind} {code}");
            let Some(Received { error, packet_len, mtu }) = received else { continue };
            assert_eq!((error.reporter, error.local), (ip("2001:db8:ffff::1"), ip("2001:db8::1")));
            assert_eq!((error.remote, error.protocol), (ip("2001:db8:1::7"), IpProtocol::UDP));
            assert_eq!((error.quoted, packet_len), (&QUOTED[..], 1040));
            assert_eq!(mtu, if kind == 2 { 1400 } else { 0 });
        }
    }
    let huge = [&[2, 0, 0, 0, 0, 1, 0, 0], &plain[..]].concat();
    let received = parse6(&huge).unwrap();
    assert_eq!((received.error.kind, received.mtu), (K::TooBig(65_535), 65_536));
}

// conf: ICM-V4-07, ICM-V6-05
#[test]
fn quotes_that_end_before_the_ports_are_ignored() {
    let quote4 = [&v4(OURS4, HOST4, 17, 0, 8)[..], &QUOTED].concat();
    let message4 = [&[3, 3, 0, 0, 0, 0, 0, 0], &quote4[..]].concat();
    let quote6 =
        [&v6("2001:db8::1", "2001:db8:1::7", 60, 16)[..], &[17, 0, 1, 4, 0, 0, 0, 0], &QUOTED].concat();
    let message6 = [&[1, 4, 0, 0, 0, 0, 0, 0], &quote6[..]].concat();
    for len in 0..=message4.len() {
        assert_eq!(parse4(&message4[..len]).is_some(), len == message4.len(), "{len}");
    }
    for len in 0..=message6.len() {
        assert_eq!(parse6(&message6[..len]).is_some(), len == message6.len(), "{len}");
    }
    // Octets of the quote that make it unreadable: where, what.
    for (at, octet) in [(0, 0x44), (0, 0x4f), (0, 0x65), (6, 1), (7, 1)] {
        let mut message = message4.clone();
        message[8 + at] = octet;
        assert!(parse4(&message).is_none(), "{at} {octet:02x}");
    }
    // IPv4; a fragment header, which makes it a later fragment; options longer than what is there.
    for (at, octet) in [(0, 0x45), (6, 44), (41, 2)] {
        let mut message = message6.clone();
        message[8 + at] = octet;
        assert!(parse6(&message).is_none(), "{at} {octet:02x}");
    }
    let mut message = message4;
    message[5] = 5;
    assert!(parse4(&message).is_none(), "RFC 4884 says that the quote ends with its header");
}

#[test]
fn a_segment_shorter_than_eight_octets_is_quoted_as_a_whole_or_not_at_all() {
    for len in 0..8 {
        let segment = &QUOTED[..len];
        let quote4 = [&v4(OURS4, HOST4, 253, 0, len)[..], segment].concat();
        let message4 = [&[3, 2, 0, 0, 0, 0, 0, 0], &quote4[..]].concat();
        let quote6 = [&v6("2001:db8::1", "2001:db8:1::7", 253, len)[..], segment].concat();
        let message6 = [&[4, 1, 0, 0, 0, 0, 0, 6], &quote6[..]].concat();
        for received in [parse4(&message4), parse6(&message6)] {
            let error = received.unwrap().error;
            assert_eq!((error.kind, error.protocol), (ErrorKind::ProtocolUnreachable, IpProtocol(253)));
            assert_eq!(error.quoted, segment);
        }
        if len > 0 {
            assert!(parse4(&message4[..message4.len() - 1]).is_none(), "{len}");
            assert!(parse6(&message6[..message6.len() - 1]).is_none(), "{len}");
        }
    }
}

/// Whatever is received: nothing panics, and what is sent back has a right checksum and keeps its bound.
#[test]
fn making_and_reading_are_total() {
    let mut random = crate::Random::new([5; 32]);
    let seeds = [
        [v4(HOST4, OURS4, 17, 0, 8), QUOTED.to_vec()].concat(),
        [v6("2001:db8::1", "2001:db8:1::7", 60, 16), vec![17, 0, 1, 4, 0, 0, 0, 0], QUOTED.to_vec()].concat(),
    ];
    let mut sent = 0;
    for _ in 0..100_000 {
        let mut below = |bound: usize| usize::try_from(random.below(u32::try_from(bound).unwrap())).unwrap();
        let mut packet = seeds[below(2)].clone();
        for _ in 0..below(4) {
            let at = below(packet.len());
            packet[at] = u8::try_from(below(256)).unwrap();
        }
        packet.truncate(below(packet.len() + 1));
        let (header, rest) = packet.split_at(below(packet.len() + 1));
        let reason = [PORT, Reason::TooBig(1300), Reason::BadField { pointer: 3 }][below(3)];
        if let Ok(message) = make(&about(header, rest), reason) {
            let bytes = written(&message, if message.destination().is_ipv4() { "192.0.2.1" } else { "::2" });
            assert!(bytes.len() <= 1240);
            sent += 1;
        }
        let kind = u8::try_from(below(16)).unwrap();
        let message = [&[kind, u8::try_from(below(8)).unwrap(), 0, 0, 0, 0, 0, 0], &packet[..]].concat();
        for received in [parse4(&message), parse6(&message)].into_iter().flatten() {
            assert!(
                received.error.quoted.len() >= 8 || usize::from(received.packet_len) <= message.len() - 8
            );
        }
    }
    assert!(sent > 5_000, "{sent}");
    for header in [&[][..], &[0x45], &[0x60; 39], &[0; 60]] {
        assert_eq!(make(&about(header, &[]), PORT), Err(Suppressed::NoSuchError));
    }
}
