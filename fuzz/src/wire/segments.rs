//! Family `wire_transport`: TCP options one by one, UDP by the rule of each family.

use super::{emitted, transport, Family};
use crate::{check, samples};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tersus_wire::tcp::{OptionsIter, OtherOption, TcpOption, OPTIONS_LEN_MAX};
use tersus_wire::udp as u;
use tersus_wire::IpProtocol;

/// The family.
pub(super) const FAMILY: Family = Family {
    name: "wire_transport",
    formats: &[
        (0, "tcp_options", tcp_options),
        (1, "udp_between", udp_between),
        (2, "tcp", transport::tcp),
        (3, "udp", transport::udp),
    ],
    samples: samples::transport,
};

pub(super) fn tcp_options(bytes: &[u8]) {
    let area = &bytes[..bytes.len().min(OPTIONS_LEN_MAX)];
    let _ = OptionsIter::new(area).to_string();
    assert!(OptionsIter::new(area).count() <= area.len());
    let only = |octets: &[u8], want: TcpOption<'_>| {
        let mut options = OptionsIter::new(octets);
        assert_eq!((options.next(), options.next()), (Some(Ok(want)), None));
    };
    for option in OptionsIter::new(area).map_while(Result::ok) {
        let again = emitted(option.buffer_len(), |buffer| option.emit(buffer));
        only(&again, option);
        let TcpOption::Unknown { kind, data } = option else { continue };
        let Some(other) = OtherOption::read(kind, data) else { continue };
        let _ = other.to_string();
        assert_eq!(emitted(other.buffer_len(), |buffer| other.emit(buffer)), again);
    }
}

/// Accepted as a sum of our own says, and without checksum over IPv4 only.
pub(super) fn udp_between(bytes: &[u8]) {
    let Ok(packet) = u::Packet::parse(bytes) else { return };
    let datagram = &bytes[..usize::from(packet.header().length())];
    for (source, destination) in [
        (IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2))),
        (IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
    ] {
        let pseudo = check::pseudo_header(source, destination, IpProtocol::UDP, datagram.len());
        let want = match packet.header().checksum() {
            None => source.is_ipv4(),
            Some(_) => check::ones_complement_sum(&[&pseudo, datagram]) == 0xffff,
        };
        assert_eq!(packet.verify_between(source, destination).is_ok(), want);
    }
}
