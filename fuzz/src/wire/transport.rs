//! UDP and TCP.

use super::emitted;
use crate::check;
use core::net::{IpAddr, Ipv4Addr};
use tersus_wire::ip::pseudo_addresses;
use tersus_wire::{tcp as t, udp as u, Error, IpProtocol};

const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const DESTINATION: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

pub(super) fn udp(bytes: &[u8]) {
    let addresses = pseudo_addresses(SOURCE, DESTINATION);
    let parsed = u::Packet::parse(bytes);
    let mut copy = bytes.to_vec();
    match (&parsed, u::split_mut(&mut copy)) {
        (Ok(packet), Ok((header, payload))) => {
            assert_eq!(packet.header(), header);
            assert_eq!(packet.payload(), payload);
        }
        (Err(one), Err(other)) => assert_eq!(*one, other),
        (one, other) => panic!("{one:?} is not {other:?}"),
    }
    let Ok(packet) = parsed else { return };
    let _ = packet.to_string();
    let _ = packet.verify(addresses);
    let header = packet.header();
    let repr = u::Repr { src_port: header.src_port().unwrap_or(0), dst_port: header.dst_port() };
    let len = u::Repr::buffer_len(packet.payload().len());
    let again = emitted(len, |buffer| repr.emit(buffer, packet.payload(), addresses));
    check::segment(SOURCE, DESTINATION, IpProtocol::UDP, &again);
    let again = u::Packet::parse(&again).expect("what was emitted can be parsed");
    assert!(again.header().checksum().is_some());
    assert_eq!(u::Repr::parse(&again, addresses), Ok(repr));
    assert_eq!(again.payload(), packet.payload());
}

pub(super) fn tcp(bytes: &[u8]) {
    let addresses = pseudo_addresses(SOURCE, DESTINATION);
    let parsed = t::Packet::parse(bytes);
    let mut copy = bytes.to_vec();
    match (&parsed, t::split_mut(&mut copy)) {
        (Ok(packet), Ok((header, options, payload))) => {
            assert_eq!(packet.header(), header);
            assert_eq!(packet.option_octets(), options);
            assert_eq!(packet.payload(), payload);
        }
        (Err(one), Err(other)) => assert_eq!(*one, other),
        (one, other) => panic!("{one:?} is not {other:?}"),
    }
    let Ok(packet) = parsed else { return };
    let _ = packet.to_string();
    assert!(packet.options().count() <= t::OPTIONS_LEN_MAX);
    assert_eq!(packet.verify_checksum(addresses), t::verify_checksum(bytes, addresses));
    let Ok(repr) = t::Repr::parse(&packet) else { return };
    let mut area = [0; t::OPTIONS_LEN_MAX];
    match repr.options.emit(&mut area) {
        Ok(len) => assert_eq!(len, repr.options.buffer_len()),
        // Options packed without alignment may need more room than there is when they are aligned.
        Err(Error::Unrepresentable) => {
            assert!(repr.options.buffer_len() > t::OPTIONS_LEN_MAX);
            return;
        }
        Err(error) => panic!("{error}"),
    }
    let payload = packet.payload();
    let again = emitted(repr.buffer_len() + payload.len(), |buffer| {
        repr.emit(buffer, payload, t::Checksum::Full(addresses)).map(|_| ())
    });
    check::segment(SOURCE, DESTINATION, IpProtocol::TCP, &again);
    let again = t::Packet::parse(&again).expect("what was emitted can be parsed");
    assert_eq!(t::Repr::parse(&again), Ok(repr));
    assert_eq!(again.payload(), payload);
    assert_eq!(again.segment_len(), packet.segment_len());
}
