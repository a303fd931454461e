//! Family `wire_control`: control messages in full: ICMP queries and extensions, options of neighbour discovery, RPL,
//! group membership.

use super::{emitted, group, icmp, Family};
use crate::{check, samples};
use core::net::{IpAddr, Ipv6Addr};
use tersus_wire::icmp_ext::{self, ExtendedEcho, Extensions};
use tersus_wire::ndisc::{DuplicateAddress, Message, OptionRepr, Options, Repr};
use tersus_wire::rpl::{self, ConsistencyCheck, Metrics, Secure, Security};
use tersus_wire::{icmpv4, icmpv6, HardwareAddress, IpProtocol};

const SOURCE: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const DESTINATION: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x1a);

/// The family.
pub(super) const FAMILY: Family = Family {
    name: "wire_control",
    formats: &[
        (0, "icmpv4_query", icmpv4_query),
        (1, "icmp_extensions", extensions),
        (2, "icmpv4_error", icmpv4_error),
        (3, "icmpv6_error", icmpv6_error),
        (4, "extended_echo", extended_echo),
        (5, "ndisc_options", ndisc_options),
        (6, "ndisc_message", ndisc_message),
        (7, "duplicate_address", duplicate_address),
        (8, "rpl", rpl_message),
        (9, "rpl_options", rpl_options),
        (10, "rpl_secure", rpl_secure),
        (11, "rpl_metrics", rpl_metrics),
        (12, "igmp", group::igmp),
        (13, "mld", group::mld),
        (14, "icmpv4", icmp::icmpv4),
        (15, "icmpv6", icmp::icmpv6),
    ],
    samples: samples::control,
};

fn is_intact(message: &[u8]) {
    check::segment(IpAddr::V6(SOURCE), IpAddr::V6(DESTINATION), IpProtocol::ICMPV6, message);
}

pub(super) fn icmpv4_query(bytes: &[u8]) {
    let Ok(packet) = icmpv4::Packet::parse(bytes) else { return };
    let _ = packet.to_string();
    let Ok(query) = icmpv4::Query::parse(&packet) else { return };
    let again = emitted(query.buffer_len(), |buffer| query.emit(buffer));
    assert_eq!(check::ones_complement_sum(&[&again]), 0xffff);
    let again = icmpv4::Packet::parse(&again).expect("what was emitted can be parsed");
    assert_eq!(icmpv4::Query::parse(&again), Ok(query));
    if let icmpv4::Query::RouterAdvertisement { routers, .. } = query {
        assert_eq!(routers.iter().count(), routers.len());
    }
}

/// As it is, and without checksum, which most inputs have wrong.
pub(super) fn extensions(bytes: &[u8]) {
    let mut without = bytes.to_vec();
    if let [_, _, a, b, ..] = &mut without[..] {
        [*a, *b] = [0, 0];
    }
    for bytes in [bytes, &without] {
        let Ok(extensions) = Extensions::parse(bytes) else { continue };
        let _ = extensions.to_string();
        assert!(extensions.objects().count() <= bytes.len() / 4);
        let objects: Vec<_> = extensions.objects().map_while(Result::ok).collect();
        let again = emitted(icmp_ext::buffer_len(&objects), |buffer| icmp_ext::emit(&objects, buffer));
        assert_eq!(check::ones_complement_sum(&[&again]), 0xffff);
        let read = Extensions::parse(&again).expect("what was emitted can be parsed");
        assert!(read.objects().map(|object| object.expect("whole")).eq(objects));
    }
}

pub(super) fn icmpv4_error(bytes: &[u8]) {
    let Ok(packet) = icmpv4::Packet::parse(bytes) else { return };
    let _ = packet.to_string();
    let (Ok(repr), Some(Ok(extensions))) = (icmpv4::Repr::parse(&packet), packet.extensions()) else {
        return;
    };
    let objects: Vec<_> = extensions.objects().map_while(Result::ok).collect();
    let again = emitted(repr.buffer_len_with_extensions(&objects), |buffer| {
        repr.emit_with_extensions(&objects, buffer)
    });
    assert_eq!(check::ones_complement_sum(&[&again]), 0xffff);
    let again = icmpv4::Packet::parse(&again).expect("what was emitted can be parsed");
    assert!(again.quote().starts_with(packet.quote()));
    let read = again.extensions().expect("there").expect("intact");
    assert!(read.objects().map(|object| object.expect("whole")).eq(objects));
}

pub(super) fn icmpv6_error(bytes: &[u8]) {
    let Ok(packet) = icmpv6::Packet::parse(bytes) else { return };
    let _ = packet.to_string();
    let (Ok(repr), Some(Ok(extensions))) = (icmpv6::Repr::parse(&packet), packet.extensions()) else {
        return;
    };
    let objects: Vec<_> = extensions.objects().map_while(Result::ok).collect();
    let again = emitted(repr.buffer_len_with_extensions(&objects), |buffer| {
        repr.emit_with_extensions(SOURCE, DESTINATION, &objects, buffer)
    });
    is_intact(&again);
    let again = icmpv6::Packet::parse(&again).expect("what was emitted can be parsed");
    assert!(again.quote().starts_with(packet.quote()));
    let read = again.extensions().expect("there").expect("intact");
    assert!(read.objects().map(|object| object.expect("whole")).eq(objects));
}

/// The same octets as ICMPv4 and as ICMPv6.
pub(super) fn extended_echo(bytes: &[u8]) {
    if let Ok(packet) = icmpv4::Packet::parse(bytes) {
        if let Ok(echo) = ExtendedEcho::parse_v4(&packet) {
            let _ = echo.to_string();
            let again = emitted(echo.buffer_len(), |buffer| echo.emit_v4(buffer));
            assert_eq!(check::ones_complement_sum(&[&again]), 0xffff);
            let again = icmpv4::Packet::parse(&again).expect("what was emitted can be parsed");
            assert_eq!(ExtendedEcho::parse_v4(&again), Ok(echo));
        }
    }
    let Ok(packet) = icmpv6::Packet::parse(bytes) else { return };
    let Ok(echo) = ExtendedEcho::parse_v6(&packet) else { return };
    let _ = (echo.to_string(), echo.interface());
    let again = emitted(echo.buffer_len(), |buffer| echo.emit_v6(SOURCE, DESTINATION, buffer));
    is_intact(&again);
    let again = icmpv6::Packet::parse(&again).expect("what was emitted can be parsed");
    assert_eq!(ExtendedEcho::parse_v6(&again), Ok(echo));
}

/// Input: kind of link, then options.
pub(super) fn ndisc_options(bytes: &[u8]) {
    let Some((link, bytes)) = bytes.split_first() else { return };
    let like = match link & 3 {
        0 => HardwareAddress::NONE,
        1 => HardwareAddress::ethernet([2, 0, 0, 0, 0, 1]),
        2 => HardwareAddress::short(1),
        _ => HardwareAddress::extended([2; 8]),
    };
    let Ok(options) = Options::parse(bytes) else { return };
    assert!(options.count() <= bytes.len() / 8);
    for option in options {
        let _ = option.to_string();
        let repr = OptionRepr::parse(&option, &like);
        let _ = repr.to_string();
        let again = emitted(repr.buffer_len(), |buffer| repr.emit(buffer));
        let read = Options::parse(&again).expect("what was emitted can be parsed").next().expect("one");
        assert_eq!(OptionRepr::parse(&read, &like), repr);
    }
}

/// Input: type, code, then the body.
pub(super) fn ndisc_message(bytes: &[u8]) {
    let Some((&[kind, code], body)) = bytes.split_first_chunk() else { return };
    let Ok(message) = Message::parse(kind, code, body) else { return };
    let repr = Repr::parse(&message);
    let again = emitted(repr.buffer_len(), |buffer| repr.emit(SOURCE, DESTINATION, buffer));
    is_intact(&again);
    let packet = icmpv6::Packet::parse(&again).expect("what was emitted can be parsed");
    let message = Message::parse(again[0], again[1], packet.body()).expect("what was emitted can be parsed");
    assert_eq!(Repr::parse(&message), repr);
}

pub(super) fn duplicate_address(bytes: &[u8]) {
    let Ok(packet) = icmpv6::Packet::parse(bytes) else { return };
    let Ok(repr) = DuplicateAddress::parse(&packet) else { return };
    let _ = packet.to_string();
    let again = emitted(repr.buffer_len(), |buffer| repr.emit(SOURCE, DESTINATION, buffer));
    is_intact(&again);
    let again = icmpv6::Packet::parse(&again).expect("what was emitted can be parsed");
    assert_eq!(DuplicateAddress::parse(&again), Ok(repr));
}

pub(super) fn rpl_message(bytes: &[u8]) {
    let Ok(packet) = rpl::Packet::parse(bytes) else { return };
    let _ = packet.to_string();
    let Ok(repr) = rpl::Repr::parse(&packet) else { return };
    let again = emitted(repr.buffer_len(), |buffer| repr.emit(SOURCE, DESTINATION, buffer));
    is_intact(&again);
    let again = rpl::Packet::parse(&again).expect("what was emitted can be parsed");
    assert_eq!(rpl::Repr::parse(&again), Ok(repr));
}

pub(super) fn rpl_options(bytes: &[u8]) {
    let Ok(options) = rpl::Options::parse(bytes) else { return };
    assert!(options.count() <= bytes.len());
    let mut len = 0;
    for option in options {
        let _ = option.to_string();
        let again = emitted(option.buffer_len(), |buffer| option.emit(buffer));
        let read = rpl::Options::parse(&again).expect("what was emitted can be parsed").next();
        assert_eq!(read, Some(option));
        len += again.len();
    }
    assert!(len <= bytes.len(), "never longer than it came");
}

/// Input: code, then security section and content.
pub(super) fn rpl_secure(bytes: &[u8]) {
    if let Ok(check) = ConsistencyCheck::parse(bytes) {
        let _ = check.to_string();
        let again = emitted(check.buffer_len(), |buffer| check.emit(buffer));
        assert_eq!(ConsistencyCheck::parse(&again), Ok(check));
    }
    let Some((code, body)) = bytes.split_first() else { return };
    let Ok((security, content)) = Security::parse(body) else { return };
    assert_eq!(security.buffer_len() + content.len(), body.len());
    let secure = Secure { code: rpl::Code::from(*code), security, content };
    let _ = (secure.to_string(), secure.parts(), secure.message(), secure.consistency_check());
}

pub(super) fn rpl_metrics(bytes: &[u8]) {
    assert!(Metrics::new(bytes).count() <= bytes.len());
    for metric in Metrics::new(bytes).map_while(Result::ok) {
        let _ = (metric.to_string(), metric.etx(), metric.hop_count());
        let again = emitted(metric.buffer_len(), |buffer| metric.emit(buffer));
        assert_eq!(Metrics::new(&again).next(), Some(Ok(metric)));
    }
}
