//! IGMP and MLD.

use super::emitted;
use crate::check;
use core::net::{IpAddr, Ipv6Addr};
use tersus_wire::{igmp as v4, mld as v6, IpProtocol};

const SOURCE: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const DESTINATION: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x16);

/// As it is, and with a right checksum.
pub(super) fn igmp(bytes: &[u8]) {
    let Ok(packet) = v4::Packet::parse(bytes) else { return };
    let _ = packet.to_string();
    assert!(v4::Repr::parse(&packet).is_err() || packet.is_checksum_valid());
    let mut repaired = bytes.to_vec();
    v4::fill_checksum(&mut repaired);
    assert_eq!(check::ones_complement_sum(&[&repaired]), 0xffff);
    let packet = v4::Packet::parse(&repaired).expect("as long as before");
    let Ok(repr) = v4::Repr::parse(&packet) else { return };
    let _ = repr.to_string();
    if let v4::Repr::ReportV3 { records } = repr {
        assert_eq!(records.iter().count(), usize::from(records.len()));
        for record in records.iter() {
            assert_eq!(record.sources.iter().count(), record.sources.len());
            let again = emitted(record.buffer_len(), |buffer| record.emit(buffer).map(|_| ()));
            assert_eq!(v4::Record::parse(&again).map(|(again, _)| again), Ok(record));
        }
    }
    let again = emitted(repr.buffer_len(), |buffer| repr.emit(buffer).map(|_| ()));
    assert_eq!(check::ones_complement_sum(&[&again]), 0xffff);
    let again = v4::Packet::parse(&again).expect("what was emitted can be parsed");
    assert_eq!(v4::Repr::parse(&again), Ok(repr));
    let _ = v4::decode(v4::encode(v4::decode(packet.max_resp_code())));
}

pub(super) fn mld(bytes: &[u8]) {
    let Ok(packet) = v6::Packet::parse(bytes) else { return };
    let _ = packet.to_string();
    let Ok(repr) = v6::Repr::parse(&packet) else { return };
    let _ = repr.to_string();
    if let v6::Repr::ReportV2 { records } = repr {
        assert_eq!(records.iter().count(), usize::from(records.len()));
        for record in records.iter() {
            assert_eq!(record.sources.iter().count(), record.sources.len());
            let again = emitted(record.buffer_len(), |buffer| record.emit(buffer).map(|_| ()));
            assert_eq!(v6::Record::parse(&again).map(|(again, _)| again), Ok(record));
        }
    }
    let again = emitted(repr.buffer_len(), |buffer| repr.emit(SOURCE, DESTINATION, buffer).map(|_| ()));
    let (source, destination) = (IpAddr::V6(SOURCE), IpAddr::V6(DESTINATION));
    check::segment(source, destination, IpProtocol::ICMPV6, &again);
    let again = v6::Packet::parse(&again).expect("what was emitted can be parsed");
    assert!(again.is_checksum_valid(SOURCE, DESTINATION));
    assert_eq!(v6::Repr::parse(&again), Ok(repr));
}
