//! The packets, octet by octet, and what is in their fields.

use std::hint::black_box;

const SOURCE_MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];
const DESTINATION_MAC: [u8; 6] = [2, 0, 0, 0, 0, 2];
const SOURCE_V4: [u8; 4] = [10, 0, 0, 1];
const DESTINATION_V4: [u8; 4] = [10, 0, 0, 2];
/// fe80::1 and fe80::2.
const SOURCE_V6: [u8; 16] = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const DESTINATION_V6: [u8; 16] = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
pub const SOURCE_PORT: u16 = 49_152;
pub const SEQ: u32 = 0x0123_4567;

/// Source and destination.
pub struct Ends<T> {
    pub source: T,
    pub destination: T,
}

/// The fields are given as variables: a compiler that knew them would write the headers itself.
#[inline(always)]
fn ends<T>(source: T, destination: T) -> Ends<T> {
    Ends { source: black_box(source), destination: black_box(destination) }
}

#[inline(always)]
pub fn macs() -> Ends<[u8; 6]> {
    ends(SOURCE_MAC, DESTINATION_MAC)
}

#[inline(always)]
pub fn v4() -> Ends<[u8; 4]> {
    ends(SOURCE_V4, DESTINATION_V4)
}

#[inline(always)]
pub fn v6() -> Ends<[u8; 16]> {
    ends(SOURCE_V6, DESTINATION_V6)
}

#[inline(always)]
pub fn ports() -> Ends<u16> {
    ends(SOURCE_PORT, 80)
}

/// SEG.SEQ, SEG.ACK, and the window.
#[inline(always)]
pub fn tcp() -> (u32, u32, u16) {
    (black_box(SEQ), black_box(0x89ab_cdef), black_box(0x4000))
}

/// Extended addresses of the stations that speak 6LoWPAN; their interface identifiers are in the IPv6 addresses.
#[inline(always)]
pub fn stations() -> Ends<[u8; 8]> {
    ends([2, 0, 0, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 0, 0, 2])
}

/// An acknowledgement.
pub const TCP4: [u8; 54] = [
    2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00, // Ethernet
    0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0x26, 0xce, 10, 0, 0, 1, 10, 0, 0, 2, // IPv4
    0xc0, 0x00, 0, 80, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x50, 0x10, 0x40, 0, 0xfd, 0x5b, 0, 0,
];

/// An empty datagram.
pub const UDP6: [u8; 62] = [
    2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, // Ethernet
    0x60, 0, 0, 0, 0, 8, 17, 64, // IPv6
    0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, //
    0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, //
    0xc0, 0x00, 0, 80, 0, 8, 0x42, 0x89, // UDP
];

/// Ports that RFC 6282 §4.3.3 compresses to four bits each. Zeros, as smoltcp 0.14 loses the bits of others.
pub const LOWPAN_PORTS: [u16; 2] = [0xf0b0, 0xf0b0];
pub const LOWPAN_DATA: [u8; 32] = [0x5a; 32];

/// LOWPAN_IPHC with both addresses elided, LOWPAN_NHC with both ports compressed, the checksum in-line, the data.
pub fn iphc() -> Vec<u8> {
    let mut packet = vec![0x7e, 0x33, 0xf3, 0x00];
    packet.extend(udp6_checksum(LOWPAN_PORTS, &LOWPAN_DATA).to_be_bytes());
    packet.extend(LOWPAN_DATA);
    packet
}

/// The same, uncompressed.
pub fn ipv6() -> Vec<u8> {
    let len = 8 + LOWPAN_DATA.len() as u8;
    let mut packet = vec![0x60, 0, 0, 0, 0, len, 17, 64];
    packet.extend(SOURCE_V6);
    packet.extend(DESTINATION_V6);
    packet.extend(LOWPAN_PORTS.iter().flat_map(|port| port.to_be_bytes()));
    packet.extend([0, len]);
    packet.extend(udp6_checksum(LOWPAN_PORTS, &LOWPAN_DATA).to_be_bytes());
    packet.extend(LOWPAN_DATA);
    packet
}

fn udp6_checksum(ports: [u16; 2], data: &[u8]) -> u16 {
    let len = 8 + data.len() as u16;
    let words = SOURCE_V6.iter().chain(&DESTINATION_V6).chain(data).copied().collect::<Vec<_>>();
    let mut sum: u32 = words.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    sum += u32::from(ports[0]) + u32::from(ports[1]) + 2 * u32::from(len) + 17;
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// www.example.org is a CNAME of host.example.org, which has an address.
pub const DNS: &[u8] = b"\x12\x34\x81\x80\0\x01\0\x02\0\0\0\0\
    \x03www\x07example\x03org\0\0\x01\0\x01\
    \xc0\x0c\0\x05\0\x01\0\0\x0e\x10\0\x07\x04host\xc0\x10\
    \xc0\x2d\0\x01\0\x01\0\0\x0e\x10\0\x04\xc0\0\x02\x01";
