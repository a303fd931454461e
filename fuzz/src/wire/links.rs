//! Family `wire_links`: the formats of links that the stack itself does not speak, or not in full.

use super::{emitted, Family};
use crate::samples;
use tersus_wire::arp::general;
use tersus_wire::ieee802154::elements::{HeaderElements, NestedElements, PayloadElements};
use tersus_wire::ieee802154::{Beacon, Command, Frame, FrameRepr};
use tersus_wire::{ethernet, llc as wire_llc, vlan as wire_vlan, Error, EtherType};

/// The family.
pub(super) const FAMILY: Family = Family {
    name: "wire_links",
    formats: &[
        (0, "llc", llc),
        (1, "vlan", vlan),
        (2, "arp_general", arp_general),
        (3, "ieee802154_frame", frame),
        (4, "ieee802154_elements", elements),
        (5, "ieee802154_beacon", beacon),
        (6, "ieee802154_command", command),
        (7, "ethernet_frame", ethernet_frame),
    ],
    samples: samples::links,
};

pub(super) fn llc(bytes: &[u8]) {
    let Ok(packet) = wire_llc::Packet::parse(bytes) else { return };
    let _ = packet.to_string();
    let repr = wire_llc::Repr::parse(&packet);
    if repr.dsap == wire_llc::Sap::IP || repr.ssap == wire_llc::Sap::IP {
        assert!(repr.emit(&mut [0; 4]).is_err(), "never sent");
    } else {
        let again = emitted(repr.buffer_len(), |buffer| repr.emit(buffer));
        let again = [&again, packet.information()].concat();
        assert_eq!(again.len(), bytes.len());
        assert_eq!(wire_llc::Packet::parse(&again), Ok(packet));
    }
    if let Ok(Some(snap)) = packet.snap() {
        let repr = wire_llc::SnapRepr::parse(&snap);
        let again = emitted(repr.buffer_len(), |buffer| repr.emit(buffer));
        assert_eq!([&again, snap.payload()].concat(), bytes);
        assert_eq!(snap.ether_type(), (snap.oui() == [0; 3]).then_some(EtherType(snap.protocol())));
    }
}

pub(super) fn vlan(bytes: &[u8]) {
    let Ok(packet) = wire_vlan::Packet::parse(bytes) else { return };
    let _ = packet.to_string();
    let header_len = ethernet::HEADER_LEN + wire_vlan::TAG_LEN * packet.tags().len();
    assert!(header_len + packet.payload().len() <= bytes.len());
    if let Ok(repr) = wire_vlan::Repr::parse(&packet) {
        assert_eq!(emitted(repr.buffer_len(), |buffer| repr.emit(buffer)), bytes[..header_len]);
    }
}

pub(super) fn arp_general(bytes: &[u8]) {
    let Ok(packet) = general::Packet::parse(bytes) else { return };
    let _ = packet.to_string();
    let again = emitted(packet.buffer_len(), |buffer| packet.emit(buffer));
    assert_eq!(again, bytes[..again.len()]);
    if let Ok(ethernet) = tersus_wire::arp::Packet::parse(bytes) {
        assert_eq!(ethernet.operation(), packet.operation);
        assert_eq!(ethernet.sender_hardware().as_bytes(), packet.sender_hardware);
        assert_eq!(ethernet.target_protocol().octets(), packet.target_protocol);
    }
}

pub(super) fn frame(bytes: &[u8]) {
    let Ok(frame) = Frame::parse(bytes) else { return };
    let _ = frame.to_string();
    // What the parser measured, the iterators walk over.
    assert!(HeaderElements::new(frame.header_elements()).all(|element| element.is_ok()));
    assert!(PayloadElements::new(frame.payload_elements()).all(|element| element.is_ok()));
    if let Ok((payload, code)) = frame.split_integrity_code() {
        assert_eq!([payload, code].concat(), frame.payload());
    }
    let Ok(repr) = FrameRepr::parse(&frame) else {
        assert!(frame.is_secured() && frame.security().is_none());
        return;
    };
    let header = emitted(repr.buffer_len(), |buffer| repr.emit(buffer));
    let again = [&header, frame.payload()].concat();
    // Reserved bits of the frame control and of the security control are left out; all else stays.
    let different = again.iter().zip(bytes).filter(|(a, b)| a != b).count();
    assert!(again.len() == bytes.len() && different <= 3, "{again:02x?} is not {bytes:02x?}");
    let again = Frame::parse(&again).expect("what was emitted can be parsed");
    assert_eq!((FrameRepr::parse(&again), again.payload()), (Ok(repr), frame.payload()));
}

/// The octets as elements of each kind.
pub(super) fn elements(bytes: &[u8]) {
    let mut rest = bytes;
    for element in HeaderElements::new(bytes).map_while(Result::ok) {
        let again = emitted(element.buffer_len(), |buffer| element.emit(buffer));
        rest = rest.strip_prefix(&again[..]).expect("one behind the other");
        let _ = element.to_string();
    }
    let mut rest = bytes;
    let mut walk = PayloadElements::new(bytes);
    while let Some(Ok(element)) = walk.next() {
        let again = emitted(element.buffer_len(), |buffer| element.emit(buffer));
        rest = rest.strip_prefix(&again[..]).expect("one behind the other");
        assert_eq!(walk.rest(), rest);
        assert!(element.nested().count() <= element.content.len());
        let _ = element.to_string();
    }
    let mut rest = bytes;
    for element in NestedElements::new(bytes).map_while(Result::ok) {
        let again = emitted(element.buffer_len(), |buffer| element.emit(buffer));
        rest = rest.strip_prefix(&again[..]).expect("one behind the other");
    }
}

pub(super) fn beacon(bytes: &[u8]) {
    let Ok(beacon) = Beacon::parse(bytes) else { return };
    let _ = beacon.to_string();
    let again = emitted(beacon.buffer_len(), |buffer| beacon.emit(buffer));
    assert_eq!(again.len(), bytes.len());
    assert_eq!(Beacon::parse(&again), Ok(beacon));
}

pub(super) fn command(bytes: &[u8]) {
    let Ok(command) = Command::parse(bytes) else { return };
    let _ = command.to_string();
    assert_eq!(emitted(command.buffer_len(), |buffer| command.emit(buffer)), bytes);
}

/// A frame as a receiver of everything takes it: tags, length, LLC, SNAP, ARP.
pub(super) fn ethernet_frame(bytes: &[u8]) {
    let plain = ethernet::Packet::parse(bytes);
    let packet = wire_vlan::Packet::parse(bytes);
    match (&plain, &packet) {
        (Ok(plain), Ok(tagged)) if tagged.tags().is_empty() => {
            assert_eq!(plain.payload(), tagged.payload());
            if let Ok(repr) = ethernet::LengthRepr::parse(plain) {
                let again = emitted(repr.buffer_len(), |buffer| repr.emit(buffer));
                assert_eq!(again, bytes[..ethernet::HEADER_LEN]);
            }
        }
        (Err(one), Err(other)) => assert_eq!(one, other),
        (Ok(plain), _) => assert!(wire_vlan::is_tpid(plain.ether_type())),
        (Err(error), Ok(_)) => panic!("{error}"),
    }
    let Ok(packet) = packet else {
        assert!(!matches!(packet, Err(Error::Checksum | Error::Version(_))));
        return;
    };
    if packet.ether_type().as_length().is_some() {
        llc(packet.payload());
        let packet = wire_llc::Packet::parse(packet.payload());
        if let Some(Ok(Some(snap))) = packet.ok().map(|packet| packet.snap()) {
            if snap.ether_type() == Some(EtherType::ARP) {
                arp_general(snap.payload());
            }
        }
    }
}
