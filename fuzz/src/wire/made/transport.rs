//! Reprs of transports.

use super::super::{segments as checks, transport};
use super::{emit, open, whole, Kind, Made};
use arbitrary::{Result, Unstructured};
use core::net::{IpAddr, Ipv4Addr};
use tersus_wire::checksum::Sum;
use tersus_wire::ip::pseudo_addresses;
use tersus_wire::tcp::{self, OptionsIter, OtherOption, TcpOption};
use tersus_wire::{udp, Error};

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "udp::Repr", make: datagram, read: read_udp, check: transport::udp },
    Kind { name: "tcp::Repr", make: segment, read: read_tcp, check: transport::tcp },
    Kind { name: "tcp::TcpOption", make: option, read: read_option, check: checks::tcp_options },
    Kind { name: "tcp::OtherOption", make: other_option, read: read_option, check: checks::tcp_options },
];

fn addresses() -> Sum {
    let address = |last| IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
    pseudo_addresses(address(1), address(2))
}

fn datagram(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let (repr, payload): (udp::Repr, &[u8]) = (from.arbitrary()?, from.arbitrary()?);
    let octets = emit(udp::Repr::buffer_len(payload.len()), |buffer| repr.emit(buffer, payload, addresses()));
    whole(octets, &repr, |octets| {
        let packet = udp::Packet::parse(octets)?;
        Ok(udp::Repr::parse(&packet, addresses())? == repr && packet.payload() == payload)
    })
}

fn read_udp(octets: &[u8]) -> core::result::Result<(), Error> {
    udp::Packet::parse(octets).map(|_| ())
}

fn segment(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let (repr, payload): (tcp::Repr, &[u8]) = (from.arbitrary()?, from.arbitrary()?);
    let len = repr.buffer_len() + payload.len();
    let octets = emit(len, |buffer| repr.emit(buffer, payload, tcp::Checksum::Full(addresses())));
    open(octets, repr.buffer_len(), &repr, |octets| {
        let packet = tcp::Packet::parse(octets)?;
        let is_same = tcp::Repr::parse(&packet)? == repr && packet.payload() == payload;
        Ok(is_same && packet.verify_checksum(addresses()))
    })
}

fn read_tcp(octets: &[u8]) -> core::result::Result<(), Error> {
    tcp::Packet::parse(octets).map(|_| ())
}

fn option(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let option: TcpOption<'_> = from.arbitrary()?;
    whole(emit(option.buffer_len(), |buffer| option.emit(buffer)), &option, |octets| {
        Ok(OptionsIter::new(octets).next().transpose()? == Some(option))
    })
}

fn other_option(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let other: OtherOption<'_> = from.arbitrary()?;
    whole(emit(other.buffer_len(), |buffer| other.emit(buffer)), &other, |octets| {
        match OptionsIter::new(octets).next().transpose()? {
            Some(TcpOption::Unknown { kind, data }) => Ok(OtherOption::read(kind, data) == Some(other)),
            _ => Ok(false),
        }
    })
}

fn read_option(octets: &[u8]) -> core::result::Result<(), Error> {
    OptionsIter::new(octets).next().unwrap_or(Err(Error::truncated(1, 0))).map(|_| ())
}
