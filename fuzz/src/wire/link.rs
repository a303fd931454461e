//! Ethernet and ARP.

use super::emitted;
use tersus_wire::{arp, ethernet};

pub(super) fn ethernet(bytes: &[u8]) {
    let mut copy = bytes.to_vec();
    let split = ethernet::split_mut(&mut copy).is_ok();
    assert_eq!(split, bytes.len() >= ethernet::HEADER_LEN);
    let Ok(packet) = ethernet::Packet::parse(bytes) else { return };
    assert!(split && packet.payload().len() <= bytes.len() - ethernet::HEADER_LEN);
    let _ = packet.to_string();
    if let Ok(repr) = ethernet::Repr::parse(&packet) {
        assert_eq!(emitted(repr.buffer_len(), |buffer| repr.emit(buffer)), bytes[..ethernet::HEADER_LEN]);
    }
}

pub(super) fn arp(bytes: &[u8]) {
    let Ok(packet) = arp::Packet::parse(bytes) else { return };
    let _ = packet.to_string();
    let repr = arp::Repr::parse(&packet);
    assert_eq!(emitted(repr.buffer_len(), |buffer| repr.emit(buffer)), bytes[..arp::LEN]);
}
