//! ICMPv4, ICMPv6, neighbour discovery.

use super::emitted;
use crate::check;
use core::net::{IpAddr, Ipv6Addr};
use tersus_wire::ndisc::{self, AdvertisementRepr, Message, RouterSolicitationRepr, SolicitationRepr};
use tersus_wire::{icmpv4 as v4, icmpv6 as v6, HardwareAddress, IpProtocol};

const SOURCE: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const DESTINATION: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);
const OTHER: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0xffff, 0, 0, 3);

pub(super) fn icmpv4(bytes: &[u8]) {
    let Ok(packet) = v4::Packet::parse(bytes) else { return };
    let _ = packet.to_string();
    assert!(packet.quote().len() <= packet.body().len());
    if let Ok(repr) = v4::Repr::parse(&packet) {
        let again = emitted(repr.buffer_len(), |buffer| repr.emit(buffer).map(|_| ()));
        assert_eq!(check::ones_complement_sum(&[&again]), 0xffff);
        let again = v4::Packet::parse(&again).expect("what was emitted can be parsed");
        assert!(again.is_checksum_valid());
        assert_eq!(v4::Repr::parse(&again), Ok(repr));
    }
    // As it is, and with a right checksum: it stays what it is.
    let mut message = bytes.to_vec();
    if v4::echo_reply_in_place(&mut message).is_ok() {
        let mut request = bytes.to_vec();
        v4::fill_checksum(&mut request);
        v4::echo_reply_in_place(&mut request).expect("an echo request");
        assert_eq!(request[0], 0);
        assert_eq!(check::ones_complement_sum(&[&request]), 0xffff, "reply: {request:02x?}");
        assert_eq!(request[4..], bytes[4..]);
    }
}

pub(super) fn icmpv6(bytes: &[u8]) {
    let is_intact = |source: Ipv6Addr, destination: Ipv6Addr, message: &[u8]| {
        let (source, destination) = (IpAddr::V6(source), IpAddr::V6(destination));
        let pseudo = check::pseudo_header(source, destination, IpProtocol::ICMPV6, message.len());
        check::ones_complement_sum(&[&pseudo, message]) == 0xffff
    };
    let Ok(packet) = v6::Packet::parse(bytes) else { return };
    let _ = packet.to_string();
    assert!(packet.quote().len() <= packet.body().len());
    assert_eq!(packet.is_checksum_valid(SOURCE, DESTINATION), is_intact(SOURCE, DESTINATION, bytes));
    if let Ok(repr) = v6::Repr::parse(&packet) {
        let again = emitted(repr.buffer_len(), |buffer| repr.emit(SOURCE, DESTINATION, buffer).map(|_| ()));
        assert!(is_intact(SOURCE, DESTINATION, &again));
        let again = v6::Packet::parse(&again).expect("what was emitted can be parsed");
        assert_eq!(v6::Repr::parse(&again), Ok(repr));
    }
    let mut request = bytes.to_vec();
    v6::fill_checksum(SOURCE, DESTINATION, &mut request);
    if v6::echo_reply_in_place(&mut request).is_ok() {
        assert!(is_intact(DESTINATION, SOURCE, &request), "reply: {request:02x?}");
        v6::readdress_in_place(&mut request, DESTINATION, OTHER);
        assert!(is_intact(OTHER, SOURCE, &request), "reply from another address: {request:02x?}");
    }
}

/// Input: type, code, kind of link, Hop Limit, source and destination by one octet each, then the body.
pub(super) fn ndisc(bytes: &[u8]) {
    let Some(([kind, code, link, hop_limit, source, destination], body)) = bytes.split_first_chunk() else {
        return;
    };
    let Ok(message) = Message::parse(*kind, *code, body) else { return };
    let _ = message.to_string();
    assert!(message.options().count() <= body.len() / 8);
    let envelope = ndisc::Envelope {
        source: address(*source),
        destination: address(*destination),
        hop_limit: hop_limit.wrapping_sub(1),
    };
    let _ = message.validate(&envelope);
    let like = match link & 3 {
        0 => HardwareAddress::NONE,
        1 => HardwareAddress::ethernet([2, 0, 0, 0, 0, 1]),
        2 => HardwareAddress::short(1),
        _ => HardwareAddress::extended([2; 8]),
    };
    match message {
        Message::NeighbourSolicitation(message) => {
            let repr = SolicitationRepr::parse(&message, &like);
            let again = emitted(repr.buffer_len(), |buffer| repr.emit(SOURCE, DESTINATION, buffer));
            reparse(&again, |message| match message {
                Message::NeighbourSolicitation(message) => {
                    assert_eq!(SolicitationRepr::parse(&message, &like), repr);
                }
                other => panic!("{other}"),
            });
        }
        Message::NeighbourAdvertisement(message) => {
            let repr = AdvertisementRepr::parse(&message, &like);
            let again = emitted(repr.buffer_len(), |buffer| repr.emit(SOURCE, DESTINATION, buffer));
            reparse(&again, |message| match message {
                Message::NeighbourAdvertisement(message) => {
                    assert_eq!(AdvertisementRepr::parse(&message, &like), repr);
                }
                other => panic!("{other}"),
            });
        }
        Message::RouterSolicitation(message) => {
            let repr = RouterSolicitationRepr::parse(&message, &like);
            let again = emitted(repr.buffer_len(), |buffer| repr.emit(SOURCE, DESTINATION, buffer));
            reparse(&again, |message| match message {
                Message::RouterSolicitation(message) => {
                    assert_eq!(RouterSolicitationRepr::parse(&message, &like), repr);
                }
                other => panic!("{other}"),
            });
        }
        Message::RouterAdvertisement(message) => {
            let _ = (message.cur_hop_limit(), message.flags(), message.preference());
            let _ = (message.router_lifetime(), message.reachable_time_ms(), message.retrans_timer_ms());
        }
        Message::Redirect(message) => {
            let _ = (message.target(), message.destination());
        }
    }
}

/// Gives the message that was emitted to `then`.
fn reparse(bytes: &[u8], then: impl Fn(Message<'_>)) {
    let packet = v6::Packet::parse(bytes).expect("what was emitted can be parsed");
    assert!(packet.is_checksum_valid(SOURCE, DESTINATION));
    then(Message::parse(bytes[0], bytes[1], packet.body()).expect("what was emitted can be parsed"));
}

/// An address of each kind that the rules tell apart.
fn address(kind: u8) -> Ipv6Addr {
    match kind % 6 {
        0 => SOURCE,
        1 => Ipv6Addr::UNSPECIFIED,
        2 => OTHER,
        3 => ndisc::ALL_NODES,
        4 => tersus_wire::ip::solicited_node(DESTINATION),
        _ => Ipv6Addr::LOCALHOST,
    }
}
