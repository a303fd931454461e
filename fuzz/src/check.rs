//! What must hold for every packet that leaves a stack, checked by means that are not the stack's own.
//!
//! The checksums are computed octet by octet as RFC 1071 §4.1 defines them, so that a mistake in
//! `tersus_wire::checksum` cannot hide itself.

use core::net::IpAddr;
use tersus_wire::{icmpv4, ipv4, ipv6, ipv6_ext, tcp, udp, IpProtocol};

/// The ones' complement sum of parts that lie one behind the other, each of even length but the last, folded.
#[must_use]
pub fn ones_complement_sum(parts: &[&[u8]]) -> u16 {
    let mut sum: u64 = 0;
    for part in parts {
        for pair in part.chunks(2) {
            sum += u64::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]));
        }
    }
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    u16::try_from(sum).expect("folded")
}

/// The octets of a pseudo-header, RFC 9293 §3.1 and RFC 8200 §8.1.
#[must_use]
pub fn pseudo_header(source: IpAddr, destination: IpAddr, protocol: IpProtocol, len: usize) -> Vec<u8> {
    let mut octets = Vec::with_capacity(40);
    for address in [source, destination] {
        match address {
            IpAddr::V4(address) => octets.extend(address.octets()),
            IpAddr::V6(address) => octets.extend(address.octets()),
        }
    }
    octets.extend(u32::try_from(len).expect("shorter than 4 GiB").to_be_bytes());
    octets.extend([0, 0, 0, protocol.0]);
    octets
}

/// Checks one IP packet that a stack sent, without link header and padding.
///
/// # Panics
/// If a length, a checksum or a structure is wrong.
pub fn packet(bytes: &[u8]) {
    match bytes.first().map(|first| first >> 4) {
        Some(4) => ipv4_packet(bytes),
        Some(6) => ipv6_packet(bytes),
        version => panic!("version {version:?}: {bytes:02x?}"),
    }
}

fn ipv4_packet(bytes: &[u8]) {
    let packet = ipv4::Packet::parse(bytes).unwrap_or_else(|error| panic!("{error}: {bytes:02x?}"));
    let header = packet.header();
    assert_eq!(usize::from(header.total_len()), bytes.len(), "Total Length: {bytes:02x?}");
    let header_octets = &bytes[..header.header_len()];
    assert_eq!(ones_complement_sum(&[header_octets]), 0xffff, "header checksum: {bytes:02x?}");
    assert!(header.hop_limit() > 0, "Time to Live 0: {bytes:02x?}");
    assert!(!header.flags().contains(ipv4::Flags::RESERVED), "reserved flag: {bytes:02x?}");
    for option in packet.options() {
        option.unwrap_or_else(|error| panic!("option: {error}: {bytes:02x?}"));
    }
    if header.is_fragment() {
        let more = header.flags().contains(ipv4::Flags::MORE_FRAGMENTS);
        assert!(!more || packet.payload().len() % 8 == 0, "fragment of no multiple of eight: {bytes:02x?}");
        let end = usize::from(header.fragment_offset()) + packet.payload().len();
        assert!(end + header.header_len() <= 65_535, "fragment beyond 65,535: {bytes:02x?}");
        return;
    }
    let (source, destination) = (IpAddr::V4(header.source()), IpAddr::V4(header.destination()));
    segment(source, destination, header.protocol(), packet.payload());
}

fn ipv6_packet(bytes: &[u8]) {
    let packet = ipv6::Packet::parse(bytes).unwrap_or_else(|error| panic!("{error}: {bytes:02x?}"));
    let header = packet.header();
    assert_eq!(usize::from(header.payload_len()) + 40, bytes.len(), "Payload Length: {bytes:02x?}");
    assert!(header.hop_limit() > 0, "Hop Limit 0: {bytes:02x?}");
    let mut chain = ipv6_ext::Chain::new(header.next_header(), packet.payload());
    while let Some(extension) = chain.next_header().unwrap_or_else(|error| panic!("{error}: {bytes:02x?}")) {
        for option in extension.options() {
            option.unwrap_or_else(|error| panic!("option: {error}: {bytes:02x?}"));
        }
        if let Some(fragment) = extension.fragment() {
            if !fragment.is_atomic() {
                let len = chain.rest().len();
                assert!(!fragment.more || len % 8 == 0, "fragment of no multiple of eight: {bytes:02x?}");
                assert!(usize::from(fragment.offset) + len <= 65_535, "fragment beyond 65,535: {bytes:02x?}");
                return;
            }
        }
    }
    let (source, destination) = (IpAddr::V6(header.source()), IpAddr::V6(header.destination()));
    segment(source, destination, chain.protocol(), chain.rest());
}

/// Checks an upper-layer segment that is sent between these addresses.
///
/// # Panics
/// If a length, a checksum or a structure is wrong.
pub fn segment(source: IpAddr, destination: IpAddr, protocol: IpProtocol, bytes: &[u8]) {
    let is_intact = |protocol| {
        let pseudo = pseudo_header(source, destination, protocol, bytes.len());
        ones_complement_sum(&[&pseudo, bytes]) == 0xffff
    };
    match protocol {
        IpProtocol::TCP => {
            let packet = tcp::Packet::parse(bytes).unwrap_or_else(|error| panic!("{error}: {bytes:02x?}"));
            assert!(is_intact(protocol), "TCP checksum: {bytes:02x?}");
            assert_eq!(packet.header().reserved(), 0, "reserved bits: {bytes:02x?}");
            for option in packet.options() {
                option.unwrap_or_else(|error| panic!("option: {error}: {bytes:02x?}"));
            }
        }
        IpProtocol::UDP => {
            let packet = udp::Packet::parse(bytes).unwrap_or_else(|error| panic!("{error}: {bytes:02x?}"));
            assert_eq!(usize::from(packet.header().length()), bytes.len(), "UDP Length: {bytes:02x?}");
            let has_none = packet.header().checksum().is_none();
            assert!(is_intact(protocol) || (has_none && source.is_ipv4()), "UDP checksum: {bytes:02x?}");
        }
        IpProtocol::ICMPV4 => {
            let packet = icmpv4::Packet::parse(bytes).unwrap_or_else(|error| panic!("{error}: {bytes:02x?}"));
            assert_eq!(ones_complement_sum(&[bytes]), 0xffff, "ICMP checksum: {bytes:02x?}");
            if packet.message_type().is_error() {
                ipv4::Packet::parse_quoted(packet.quote()).unwrap_or_else(|error| panic!("quote: {error}"));
            }
        }
        IpProtocol::ICMPV6 => {
            assert!(bytes.len() >= 4, "ICMPv6 message of {} octets", bytes.len());
            assert!(is_intact(protocol), "ICMPv6 checksum: {bytes:02x?}");
        }
        IpProtocol::IGMP => {
            assert_eq!(ones_complement_sum(&[bytes]), 0xffff, "IGMP checksum: {bytes:02x?}");
        }
        _ => {}
    }
}

/// Computes the upper-layer checksum of an unfragmented packet and writes it, IPv4's header checksum too, so that a
/// mutated packet gets past the first check of a receiver. What is too short, or no IP packet, stays as it is.
pub fn repair(bytes: &mut [u8]) {
    let Some((source, destination, protocol, start)) = upper_layer(bytes) else { return };
    let segment = &mut bytes[start..];
    let (offset, has_pseudo_header) = match protocol {
        IpProtocol::TCP => (16, true),
        IpProtocol::UDP => (6, true),
        IpProtocol::ICMPV6 => (2, true),
        IpProtocol::ICMPV4 | IpProtocol::IGMP => (2, false),
        _ => return,
    };
    if segment.len() < offset + 2 {
        return;
    }
    segment[offset..offset + 2].fill(0);
    let pseudo = pseudo_header(source, destination, protocol, segment.len());
    let sum = ones_complement_sum(&[if has_pseudo_header { &pseudo } else { &[] }, segment]);
    let checksum = if protocol == IpProtocol::UDP && sum == 0xffff { 0xffff } else { !sum };
    segment[offset..offset + 2].copy_from_slice(&checksum.to_be_bytes());
}

/// Repairs the IPv4 header checksum and tells where the upper-layer segment starts.
fn upper_layer(bytes: &mut [u8]) -> Option<(IpAddr, IpAddr, IpProtocol, usize)> {
    match bytes.first()? >> 4 {
        4 => {
            let header_len = usize::from(bytes[0] & 0x0f) * 4;
            if header_len < 20 || bytes.len() < header_len {
                return None;
            }
            bytes[10..12].fill(0);
            let checksum = !ones_complement_sum(&[&bytes[..header_len]]);
            bytes[10..12].copy_from_slice(&checksum.to_be_bytes());
            let packet = ipv4::Packet::parse(bytes).ok()?;
            let header = packet.header();
            if header.is_fragment() {
                return None;
            }
            Some((header.source().into(), header.destination().into(), header.protocol(), header_len))
        }
        6 => {
            let packet = ipv6::Packet::parse(bytes).ok()?;
            let header = packet.header();
            let chain = ipv6_ext::Chain::new(header.next_header(), packet.payload()).to_end().ok()?;
            let start = usize::from(chain.offset());
            Some((header.source().into(), header.destination().into(), chain.protocol(), start))
        }
        _ => None,
    }
}
