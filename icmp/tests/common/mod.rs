//! What the tests share: messages to feed.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tersus_ip::{Addresses, Instant, IpMeta, Transport, Verdict};
use tersus_wire::{icmpv4, icmpv6, IpProtocol};

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// An echo message with a right checksum: type, code, identifier, sequence number, data.
pub(crate) fn message(from: IpAddr, to: IpAddr, kind: u8, numbers: [u16; 2], data: &[u8]) -> Vec<u8> {
    let mut octets = vec![kind, 0, 0, 0];
    octets.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    octets.extend(data);
    close(from, to, octets)
}

/// Makes the checksum of a message right.
pub(crate) fn close(from: IpAddr, to: IpAddr, mut octets: Vec<u8>) -> Vec<u8> {
    match (from, to) {
        (IpAddr::V6(from), IpAddr::V6(to)) => icmpv6::fill_checksum(from, to, &mut octets),
        _ => icmpv4::fill_checksum(&mut octets),
    }
    octets
}

pub(crate) fn is_valid(from: IpAddr, to: IpAddr, octets: &[u8]) -> bool {
    match (from, to) {
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            icmpv6::Packet::parse(octets).is_ok_and(|packet| packet.is_checksum_valid(from, to))
        }
        _ => icmpv4::Packet::parse(octets).is_ok_and(|packet| packet.is_checksum_valid()),
    }
}

/// Feeds octets as a packet between two addresses; `adjust` may change what IP knows of it.
pub(crate) fn feed(
    icmp: &mut dyn Transport,
    from: IpAddr,
    to: IpAddr,
    octets: &mut [u8],
    adjust: impl FnOnce(&mut IpMeta<'_>),
) -> Verdict {
    let (mut v4, mut v6) = ([0; 8], [0; 32]);
    let (protocol, addresses) = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            v4[..4].copy_from_slice(&Ipv4Addr::octets(&from));
            v4[4..].copy_from_slice(&to.octets());
            (IpProtocol::ICMPV4, Addresses::V4(&v4))
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            v6[..16].copy_from_slice(&Ipv6Addr::octets(&from));
            v6[16..].copy_from_slice(&to.octets());
            (IpProtocol::ICMPV6, Addresses::V6(&v6))
        }
        _ => panic!("one family"),
    };
    let mut meta = IpMeta::new(Instant::ZERO, protocol, addresses);
    adjust(&mut meta);
    icmp.receive(&meta, octets)
}
