//! IPv6, RFC 8200 §3.
//!
//! ```text
//!  0       4              12      16              24            31
//! +-------+---------------+-------+-------------------------------+
//! |Version| Traffic Class |               Flow Label              |
//! +-------+---------------+-------+---------------+---------------+
//! |        Payload Length         |  Next Header  |   Hop Limit   |
//! +-------------------------------+---------------+---------------+
//! |                  Source Address, 16 octets                    |
//! +---------------------------------------------------------------+
//! |                Destination Address, 16 octets                 |
//! +---------------------------------------------------------------+
//! ```
//!
//! Extension headers follow it; they are in [`ipv6_ext`](crate::ipv6_ext), and so are jumbograms (RFC 2675). The header has
//! no checksum; those of upper layers cover the addresses, see [`ip::pseudo_addresses`](crate::ip::pseudo_addresses).
//!
//! ```
//! use tersus_wire::{ip, ipv6, udp, IpProtocol};
//!
//! let (source, destination) = ("2001:db8::1".parse()?, "2001:db8::2".parse()?);
//! let mut packet = [0; ipv6::HEADER_LEN + 13];
//! ipv6::Repr::new(IpProtocol::UDP, source, destination, 13).emit(&mut packet)?;
//! let addresses = ip::pseudo_addresses(source.into(), destination.into());
//! udp::Repr { src_port: 5000, dst_port: 53 }.emit(&mut packet[ipv6::HEADER_LEN..], b"hello", addresses)?;
//!
//! let read = ipv6::Packet::parse(&packet)?;
//! assert_eq!(read.header().next_header(), IpProtocol::UDP); // else ipv6_ext::Chain walks to what follows
//! assert_eq!(udp::Packet::parse(read.payload())?.payload(), b"hello");
//! assert_eq!(read.to_string(), "IPv6 2001:db8::1 > 2001:db8::2 UDP hop limit 64 len 13");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::{words, Error, IpProtocol};
use core::fmt;
use core::net::Ipv6Addr;

/// Length of the header, in octets.
pub const HEADER_LEN: usize = 40;
/// Least MTU of a link, in octets, RFC 8200 §5.
pub const MIN_MTU: u16 = 1280;

const VERSION: usize = 0;
const PAYLOAD_LENGTH: usize = 4;
const NEXT_HEADER: usize = 6;
const HOP_LIMIT: usize = 7;

/// The fixed header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Header<'a>(&'a [u8; HEADER_LEN]);

impl<'a> Header<'a> {
    /// A header from its octets, with nothing checked.
    #[must_use]
    pub const fn new(octets: &'a [u8; HEADER_LEN]) -> Self {
        Self(octets)
    }

    /// The octets.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8; HEADER_LEN] {
        self.0
    }

    /// Version: 6 after a successful parse.
    #[must_use]
    pub const fn version(&self) -> u8 {
        self.0[VERSION] >> 4
    }

    /// Traffic Class: DS field and ECN, RFC 2474, RFC 3168.
    #[must_use]
    pub const fn traffic_class(&self) -> u8 {
        self.0[VERSION] << 4 | self.0[VERSION + 1] >> 4
    }

    /// Flow Label, 20 bits, RFC 6437.
    #[must_use]
    pub const fn flow_label(&self) -> u32 {
        u32::from_be_bytes([0, self.0[VERSION + 1] & 0x0f, self.0[VERSION + 2], self.0[VERSION + 3]])
    }

    /// Octets that follow the header, extension headers included.
    #[must_use]
    pub const fn payload_len(&self) -> u16 {
        u16::from_be_bytes([self.0[PAYLOAD_LENGTH], self.0[PAYLOAD_LENGTH + 1]])
    }

    /// What follows: an extension header or an upper-layer protocol.
    #[must_use]
    pub const fn next_header(&self) -> IpProtocol {
        IpProtocol(self.0[NEXT_HEADER])
    }

    /// Hop Limit.
    #[must_use]
    pub const fn hop_limit(&self) -> u8 {
        self.0[HOP_LIMIT]
    }

    /// Source Address.
    #[must_use]
    pub fn source(&self) -> Ipv6Addr {
        let octets = self.addresses().first_chunk::<16>();
        octets.map_or(Ipv6Addr::UNSPECIFIED, |octets| Ipv6Addr::from(*octets))
    }

    /// Destination Address.
    #[must_use]
    pub fn destination(&self) -> Ipv6Addr {
        let octets = self.addresses().last_chunk::<16>();
        octets.map_or(Ipv6Addr::UNSPECIFIED, |octets| Ipv6Addr::from(*octets))
    }

    /// Both addresses as they stand in the header.
    #[must_use]
    pub fn addresses(&self) -> &'a [u8; 32] {
        self.0.last_chunk().unwrap_or(&[0; 32])
    }

    /// Version and length, against the octets that follow the header; gives the length of the payload.
    fn payload_within(&self, have: usize) -> Result<usize, Error> {
        if self.version() != 6 {
            return Err(Error::Version(self.version()));
        }
        let len = usize::from(self.payload_len());
        if len > have {
            return Err(Error::truncated(HEADER_LEN + len, HEADER_LEN + have));
        }
        Ok(len)
    }
}

impl fmt::Display for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "IPv6 {} > {} {} hop limit {} len {}",
            self.source(),
            self.destination(),
            self.next_header(),
            self.hop_limit(),
            self.payload_len()
        )?;
        if self.traffic_class() != 0 {
            write!(f, " class 0x{:02x}", self.traffic_class())?;
        }
        if self.flow_label() != 0 {
            write!(f, " flow 0x{:05x}", self.flow_label())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Splits a received packet into header and payload, disjoint, so that the payload can be altered and the header
/// still be quoted. Octets beyond the Payload Length (padding of the link) are left out.
///
/// # Errors
/// `Truncated` or `Version`.
pub fn split_mut(packet: &mut [u8]) -> Result<(Header<'_>, &mut [u8]), Error> {
    let have = packet.len();
    let (header, rest) = packet.split_first_chunk_mut().ok_or_else(|| Error::truncated(HEADER_LEN, have))?;
    let header = Header(header);
    let len = header.payload_within(rest.len())?;
    let payload = rest.get_mut(..len).ok_or_else(|| Error::truncated(HEADER_LEN + len, have))?;
    Ok((header, payload))
}

/// A view of a whole packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    header: Header<'a>,
    payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Splits `bytes` into header and payload; octets beyond the Payload Length are ignored.
    ///
    /// # Errors
    /// `Truncated` or `Version`.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let have = bytes.len();
        let (header, rest) = bytes.split_first_chunk().ok_or_else(|| Error::truncated(HEADER_LEN, have))?;
        let header = Header(header);
        let len = header.payload_within(rest.len())?;
        let payload = rest.get(..len).ok_or_else(|| Error::truncated(HEADER_LEN + len, have))?;
        Ok(Self { header, payload })
    }

    /// Splits the start of a packet, as ICMP errors quote it: the payload may be cut off.
    ///
    /// # Errors
    /// `Truncated` if the header is not all there; `Version`.
    pub fn parse_quoted(bytes: &'a [u8]) -> Result<Self, Error> {
        let have = bytes.len();
        let (header, rest) = bytes.split_first_chunk().ok_or_else(|| Error::truncated(HEADER_LEN, have))?;
        let header = Header(header);
        let len = header.payload_within(usize::from(u16::MAX))?;
        Ok(Self { header, payload: rest.get(..len).unwrap_or(rest) })
    }

    /// Splits a packet of a capture, which may be cut off: as [`Packet::parse_quoted`]; and a Payload Length of 0 in front
    /// of what cannot be empty means all octets that are there: a jumbogram (RFC 2675, see
    /// [`ipv6_ext::Jumbogram`](crate::ipv6_ext::Jumbogram)), or what a device was to cut into segments.
    ///
    /// # Errors
    /// As [`Packet::parse_quoted`].
    pub fn parse_captured(bytes: &'a [u8]) -> Result<Self, Error> {
        let packet = Self::parse_quoted(bytes)?;
        let header = packet.header;
        if header.payload_len() != 0 || header.next_header() == IpProtocol::NO_NEXT_HEADER {
            return Ok(packet);
        }
        Ok(Self { header, payload: bytes.get(HEADER_LEN..).unwrap_or_default() })
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> Header<'a> {
        self.header
    }

    /// What follows the header: as much as the Payload Length says.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.header, f)
    }
}

/// The meaning of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Repr {
    /// Traffic Class: DS field and ECN.
    pub traffic_class: u8,
    /// Flow Label, 20 bits.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u32::<0xf_ffff>))]
    pub flow_label: u32,
    /// Octets that follow the header.
    pub payload_len: u16,
    /// What follows.
    pub next_header: IpProtocol,
    /// Hop Limit.
    pub hop_limit: u8,
    /// Source Address.
    pub source: Ipv6Addr,
    /// Destination Address.
    pub destination: Ipv6Addr,
}

impl Repr {
    /// A packet with Hop Limit 64, Traffic Class and Flow Label 0.
    #[must_use]
    pub const fn new(
        next_header: IpProtocol,
        source: Ipv6Addr,
        destination: Ipv6Addr,
        payload_len: u16,
    ) -> Self {
        Self { traffic_class: 0, flow_label: 0, payload_len, next_header, hop_limit: 64, source, destination }
    }

    /// The meaning of a parsed packet.
    #[must_use]
    pub fn parse(packet: &Packet<'_>) -> Self {
        let header = packet.header;
        Self {
            traffic_class: header.traffic_class(),
            flow_label: header.flow_label(),
            payload_len: header.payload_len(),
            next_header: header.next_header(),
            hop_limit: header.hop_limit(),
            source: header.source(),
            destination: header.destination(),
        }
    }

    /// Octets that `emit` writes.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        HEADER_LEN
    }

    /// Writes the header to the front of `buffer`; the payload is the caller's.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` if the Flow Label has more than 20 bits.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<(), Error> {
        let have = buffer.len();
        if self.flow_label >> 20 != 0 {
            return Err(Error::Unrepresentable);
        }
        let header: &mut [u8; HEADER_LEN] =
            buffer.first_chunk_mut().ok_or_else(|| Error::no_room(HEADER_LEN, have))?;
        // Three whole arrays: octet by octet it would cost five times as much. The lengths add up to the header's.
        let Some((start, addresses)) = header.split_first_chunk_mut::<8>() else { return Ok(()) };
        let Some((source, destination)) = addresses.split_first_chunk_mut::<16>() else { return Ok(()) };
        let Some(destination) = destination.first_chunk_mut::<16>() else { return Ok(()) };
        let word = 6 << 28 | u32::from(self.traffic_class) << 20 | self.flow_label;
        let next = u16::from_be_bytes([self.next_header.0, self.hop_limit]);
        *start = words::octets([word.to_be(), words::pair(self.payload_len, next)]);
        *source = self.source.octets();
        *destination = self.destination.octets();
        Ok(())
    }
}

/// Sets the Hop Limit of the packet at the front of `packet`.
///
/// # Errors
/// `Truncated` below 40 octets, `Version`; nothing was written then.
pub fn set_hop_limit(packet: &mut [u8], hop_limit: u8) -> Result<(), Error> {
    header_mut(packet)?[HOP_LIMIT] = hop_limit;
    Ok(())
}

/// Sets the Traffic Class (DS field and ECN) of the packet at the front of `packet`.
///
/// # Errors
/// `Truncated` below 40 octets, `Version`; nothing was written then.
pub fn set_traffic_class(packet: &mut [u8], traffic_class: u8) -> Result<(), Error> {
    let header = header_mut(packet)?;
    header[VERSION] = header[VERSION] & 0xf0 | traffic_class >> 4;
    header[VERSION + 1] = header[VERSION + 1] & 0x0f | traffic_class << 4;
    Ok(())
}

/// The fixed header of a packet of this version.
fn header_mut(packet: &mut [u8]) -> Result<&mut [u8; HEADER_LEN], Error> {
    let have = packet.len();
    let header: &mut [u8; HEADER_LEN] =
        packet.first_chunk_mut().ok_or_else(|| Error::truncated(HEADER_LEN, have))?;
    match header[VERSION] >> 4 {
        6 => Ok(header),
        version => Err(Error::Version(version)),
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    fn repr() -> Repr {
        Repr {
            traffic_class: 0xb9,
            flow_label: 0xa_bcde,
            payload_len: 8,
            next_header: IpProtocol::UDP,
            hop_limit: 3,
            source: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1),
            destination: Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 2),
        }
    }

    fn packet() -> Vec<u8> {
        let mut bytes = alloc::vec![0xaa; 48];
        repr().emit(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_was_emitted_is_parsed_again() {
        let bytes = packet();
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!(Repr::parse(&packet), repr());
        assert_eq!(packet.payload(), [0xaa; 8]);
        assert_eq!(bytes[..8], [0x6b, 0x9a, 0xbc, 0xde, 0, 8, 17, 3]);
        assert_eq!(
            packet.to_string(),
            "IPv6 2001:db8::1 > 2001:db8:0:1::2 UDP hop limit 3 len 8 class 0xb9 flow 0xabcde"
        );
    }

    // conf: IP6-HDR-01, IP6-HDR-02
    #[test]
    fn version_and_length_decide() {
        let good = packet();
        for version in 0..16u8 {
            let mut bytes = good.clone();
            bytes[0] = version << 4 | 0x0b;
            let want = if version == 6 { Ok(()) } else { Err(Error::Version(version)) };
            assert_eq!(Packet::parse(&bytes).map(|_| ()), want);
            assert_eq!(split_mut(&mut bytes).map(|_| ()), want);
        }
        for len in 0..good.len() {
            assert!(Packet::parse(&good[..len]).is_err(), "length {len}");
            assert!(split_mut(&mut good[..len].to_vec()).is_err(), "length {len}");
        }
        let mut padded = good.clone();
        padded.resize(60, 0);
        assert_eq!(Packet::parse(&padded).unwrap().payload().len(), 8);
        assert_eq!(split_mut(&mut padded).unwrap().1.len(), 8);
    }

    #[test]
    fn a_quoted_packet_may_be_cut_off() {
        let bytes = packet();
        assert!(Packet::parse_quoted(&bytes[..39]).is_err());
        for len in 40..=48 {
            assert_eq!(Packet::parse_quoted(&bytes[..len]).unwrap().payload().len(), len - 40);
        }
    }

    #[test]
    fn what_cannot_be_said_is_not_emitted() {
        assert_eq!(repr().emit(&mut [0; 39]), Err(Error::NoRoom { need: 40, have: 39 }));
        let wide = Repr { flow_label: 0x10_0000, ..repr() };
        assert_eq!(wide.emit(&mut [0; 40]), Err(Error::Unrepresentable));
    }

    #[test]
    fn an_edited_packet_is_the_one_that_would_have_been_emitted() {
        let repr = Repr {
            flow_label: 0xf_1234,
            ..Repr::new(IpProtocol::UDP, Ipv6Addr::LOCALHOST, Ipv6Addr::LOCALHOST, 0)
        };
        for value in 0..=u8::MAX {
            let (mut edited, mut emitted) = ([0; HEADER_LEN], [0; HEADER_LEN]);
            repr.emit(&mut edited).unwrap();
            set_hop_limit(&mut edited, value).unwrap();
            set_traffic_class(&mut edited, !value).unwrap();
            Repr { hop_limit: value, traffic_class: !value, ..repr }.emit(&mut emitted).unwrap();
            assert_eq!(edited, emitted);
        }
        assert_eq!(set_hop_limit(&mut [0x60; 39], 1), Err(Error::truncated(40, 39)));
        assert_eq!(set_traffic_class(&mut [0x45; 40], 1), Err(Error::Version(4)));
    }
}
