//! IPv4, RFC 791 §3.1.
//!
//! ```text
//!  0               8              16              24            31
//! +-------+-------+---------------+-------------------------------+
//! |Version|  IHL  | Traffic Class |         Total Length          |
//! +-------+-------+---------------+-----+-------------------------+
//! |        Identification         |Flags|     Fragment Offset     |
//! +---------------+---------------+-----+-------------------------+
//! | Time to Live  |   Protocol    |        Header Checksum        |
//! +---------------+---------------+-------------------------------+
//! |                        Source Address                         |
//! +---------------------------------------------------------------+
//! |                      Destination Address                      |
//! +---------------------------------------------------------------+
//! |          Options, 0 to 40 octets, a multiple of four          |
//! +---------------------------------------------------------------+
//! ```
//!
//! The second octet is read as RFC 2474 and RFC 3168 define it; the octets of both families have one name here,
//! Traffic Class, and so have Time to Live and Hop Limit.
//!
//! ```
//! use tersus_wire::{ipv4, IpProtocol};
//!
//! // A header is written in front of its payload, of which only the length matters here.
//! let mut packet = [0; ipv4::HEADER_LEN + 4];
//! let repr = ipv4::Repr::new(IpProtocol::UDP, [192, 0, 2, 1].into(), [192, 0, 2, 2].into(), 4);
//! ipv4::Repr { hop_limit: 1, ..repr }.emit(&mut packet)?;
//!
//! let read = ipv4::Packet::parse(&packet)?; // verifies the header checksum
//! assert_eq!((read.header().hop_limit(), read.payload()), (1, &[0; 4][..]));
//! assert_eq!(read.to_string(), "IPv4 192.0.2.1 > 192.0.2.2 UDP ttl 1 len 24 DF");
//!
//! // A field of a packet that is passed on; the checksum follows.
//! ipv4::set_traffic_class(&mut packet, 0xb8)?;
//! # Ok::<(), tersus_wire::Error>(())
//! ```
//!
//! [`Packet::parse`] refuses what a host must drop. Two kinds of packets in captures are legitimate and refused all the
//! same, because a device was to finish them: with a wrong checksum (checksum offload), and with a Total Length of 0
//! (segmentation offload). [`Packet::parse_captured`] takes both.

mod edit;
mod option;
mod repr;
mod route;

pub use edit::{set_addresses, set_hop_limit, set_traffic_class};
pub use option::{emit_options, options, options_len, Opt, Options};
pub use repr::Repr;
pub use route::{Route, TimestampEntry, TimestampFlag, Timestamps, OPTION_DATA_LEN_MAX, ROUTE_LEN_MAX};

use crate::checksum::Sum;
use crate::{Error, IpProtocol};
use core::fmt;
use core::net::Ipv4Addr;

/// Length of the header without options, in octets.
pub const HEADER_LEN: usize = 20;
/// Largest length of the options, in octets.
pub const OPTIONS_LEN_MAX: usize = 40;
/// The Router Alert option with value 0, RFC 2113 §2.1: ready to be sent.
pub const ROUTER_ALERT: [u8; 4] = [148, 4, 0, 0];

/// Version 4 and an IHL of 5 words.
const PLAIN: u8 = 0x45;

const VERSION_IHL: usize = 0;
const TRAFFIC_CLASS: usize = 1;
const TOTAL_LENGTH: usize = 2;
const IDENTIFICATION: usize = 4;
const FLAGS_OFFSET: usize = 6;
const HOP_LIMIT: usize = 8;
const PROTOCOL: usize = 9;
const CHECKSUM: usize = 10;
const SOURCE: usize = 12;
const DESTINATION: usize = 16;

bitflags::bitflags! {
    /// The three bits before the Fragment Offset.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Flags: u8 {
        /// Reserved, sent as 0.
        const RESERVED = 4;
        /// DF: no router may fragment the packet.
        const DONT_FRAGMENT = 2;
        /// MF: this is not the datagram's last fragment.
        const MORE_FRAGMENTS = 1;
    }
}

/// The fixed part of a header.
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

    /// Version: 4 after a successful parse.
    #[must_use]
    pub const fn version(&self) -> u8 {
        self.0[VERSION_IHL] >> 4
    }

    /// Length of the header with its options, in octets: IHL times four.
    #[must_use]
    pub fn header_len(&self) -> usize {
        usize::from(self.0[VERSION_IHL] & 0x0f) << 2
    }

    /// Traffic Class: DS field and ECN, RFC 2474, RFC 3168.
    #[must_use]
    pub const fn traffic_class(&self) -> u8 {
        self.0[TRAFFIC_CLASS]
    }

    /// Length of header and payload, in octets.
    #[must_use]
    pub const fn total_len(&self) -> u16 {
        u16::from_be_bytes([self.0[TOTAL_LENGTH], self.0[TOTAL_LENGTH + 1]])
    }

    /// Identification of the datagram that a fragment belongs to.
    #[must_use]
    pub const fn identification(&self) -> u16 {
        u16::from_be_bytes([self.0[IDENTIFICATION], self.0[IDENTIFICATION + 1]])
    }

    /// The flags.
    #[must_use]
    pub const fn flags(&self) -> Flags {
        Flags::from_bits_retain(self.0[FLAGS_OFFSET] >> 5)
    }

    /// Where the payload lies in its datagram, in octets.
    #[must_use]
    pub const fn fragment_offset(&self) -> u16 {
        u16::from_be_bytes([self.0[FLAGS_OFFSET], self.0[FLAGS_OFFSET + 1]]) << 3
    }

    /// Whether the packet is only a part of a datagram.
    #[must_use]
    pub const fn is_fragment(&self) -> bool {
        (self.0[FLAGS_OFFSET] & 0x3f) | self.0[FLAGS_OFFSET + 1] != 0
    }

    /// Hop Limit, also Time to Live.
    #[must_use]
    pub const fn hop_limit(&self) -> u8 {
        self.0[HOP_LIMIT]
    }

    /// Upper-layer protocol.
    #[must_use]
    pub const fn protocol(&self) -> IpProtocol {
        IpProtocol(self.0[PROTOCOL])
    }

    /// Header Checksum.
    #[must_use]
    pub const fn checksum(&self) -> u16 {
        u16::from_be_bytes([self.0[CHECKSUM], self.0[CHECKSUM + 1]])
    }

    /// Source Address.
    #[must_use]
    pub const fn source(&self) -> Ipv4Addr {
        Ipv4Addr::new(self.0[SOURCE], self.0[SOURCE + 1], self.0[SOURCE + 2], self.0[SOURCE + 3])
    }

    /// Destination Address.
    #[must_use]
    pub const fn destination(&self) -> Ipv4Addr {
        Ipv4Addr::new(
            self.0[DESTINATION],
            self.0[DESTINATION + 1],
            self.0[DESTINATION + 2],
            self.0[DESTINATION + 3],
        )
    }

    /// Both addresses as they stand in the header.
    #[must_use]
    pub fn addresses(&self) -> &'a [u8; 8] {
        self.0.last_chunk().unwrap_or(&[0; 8])
    }

    /// Whether this is what most headers are: of version 4, without options, of a whole datagram, and intact. Its Total
    /// Length is not looked at.
    #[must_use]
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.0[VERSION_IHL] == PLAIN && !self.is_fragment() && Sum::new().is_valid_with(self.0)
    }

    /// Version and lengths, against the octets that are there; gives the length of the options and of the payload.
    fn lengths(&self, have: usize) -> Result<(usize, usize), Error> {
        if self.version() != 4 {
            return Err(Error::Version(self.version()));
        }
        let header_len = self.header_len();
        let options_len =
            header_len.checked_sub(HEADER_LEN).ok_or(Error::Length(u16::from(self.0[VERSION_IHL] & 0x0f)))?;
        let total_len = usize::from(self.total_len());
        let payload_len = total_len.checked_sub(header_len).ok_or(Error::Length(self.total_len()))?;
        if total_len > have {
            return Err(Error::truncated(total_len, have));
        }
        Ok((options_len, payload_len))
    }

    /// Whether the checksum over header and options is right.
    fn is_intact(&self, options: &[u8]) -> bool {
        let mut sum = Sum::new().add_array(self.0);
        if !options.is_empty() {
            sum = sum.add_bytes(options);
        }
        sum.is_valid()
    }
}

impl fmt::Display for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "IPv4 {} > {} {} ttl {} len {}",
            self.source(),
            self.destination(),
            self.protocol(),
            self.hop_limit(),
            self.total_len()
        )?;
        if self.traffic_class() != 0 {
            write!(f, " tos 0x{:02x}", self.traffic_class())?;
        }
        if self.flags().contains(Flags::DONT_FRAGMENT) {
            f.write_str(" DF")?;
        }
        if self.is_fragment() {
            let more = if self.flags().contains(Flags::MORE_FRAGMENTS) { "+" } else { "" };
            write!(f, " fragment {} at {}{more}", self.identification(), self.fragment_offset())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Splits a received packet into header, options and payload, all disjoint, so that the payload can be altered and
/// the header still be quoted. Octets beyond the Total Length (padding of the link) are left out.
///
/// # Errors
/// `Truncated`, `Version`, `Length` (IHL below 5, or Total Length below the header's), `Checksum`. The options are
/// not looked into: see [`options`].
pub fn split_mut(packet: &mut [u8]) -> Result<(Header<'_>, &mut [u8], &mut [u8]), Error> {
    let have = packet.len();
    let (header, rest) = packet.split_first_chunk_mut().ok_or_else(|| Error::truncated(HEADER_LEN, have))?;
    let header = Header(header);
    let (options_len, payload_len) = header.lengths(have)?;
    let short = Error::truncated(usize::from(header.total_len()), have);
    let (options, rest) = rest.split_at_mut_checked(options_len).ok_or(short)?;
    let payload = rest.get_mut(..payload_len).ok_or(short)?;
    if !header.is_intact(options) {
        return Err(Error::Checksum);
    }
    Ok((header, options, payload))
}

/// A view of a whole packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    header: Header<'a>,
    options: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Splits `bytes` into header, options and payload; octets beyond the Total Length are ignored.
    ///
    /// # Errors
    /// `Truncated`, `Version`, `Length`, `Checksum`, as [`split_mut`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let have = bytes.len();
        let (header, rest) = bytes.split_first_chunk().ok_or_else(|| Error::truncated(HEADER_LEN, have))?;
        let header = Header(header);
        let (options_len, payload_len) = header.lengths(have)?;
        let short = Error::truncated(usize::from(header.total_len()), have);
        let (options, rest) = rest.split_at_checked(options_len).ok_or(short)?;
        let payload = rest.get(..payload_len).ok_or(short)?;
        if !header.is_intact(options) {
            return Err(Error::Checksum);
        }
        Ok(Self { header, options, payload })
    }

    /// Splits the start of a packet, as ICMP errors quote it: the payload may be cut off, and the checksum is not
    /// looked at, because routers alter what it covers.
    ///
    /// # Errors
    /// `Truncated` if the header with its options is not all there; `Version`; `Length`.
    pub fn parse_quoted(bytes: &'a [u8]) -> Result<Self, Error> {
        let have = bytes.len();
        let (header, rest) = bytes.split_first_chunk().ok_or_else(|| Error::truncated(HEADER_LEN, have))?;
        let header = Header(header);
        let (options_len, payload_len) = header.lengths(usize::from(u16::MAX))?;
        let (options, rest) = rest
            .split_at_checked(options_len)
            .ok_or_else(|| Error::truncated(HEADER_LEN + options_len, have))?;
        let payload = rest.get(..payload_len).unwrap_or(rest);
        Ok(Self { header, options, payload })
    }

    /// Splits a packet of a capture, which may lack what a device was still to add or the capture cut off: as
    /// [`Packet::parse_quoted`], and a Total Length of 0, as before segmentation by a device, means all octets that are
    /// there.
    ///
    /// # Errors
    /// As [`Packet::parse_quoted`].
    pub fn parse_captured(bytes: &'a [u8]) -> Result<Self, Error> {
        match Self::parse_quoted(bytes) {
            Err(Error::Length(0)) => {}
            result => return result,
        }
        let have = bytes.len();
        let (header, rest) = bytes.split_first_chunk().ok_or_else(|| Error::truncated(HEADER_LEN, have))?;
        let header = Header(header);
        let need = header.header_len();
        let options_len = need.checked_sub(HEADER_LEN).ok_or(Error::Length(0))?;
        let (options, payload) =
            rest.split_at_checked(options_len).ok_or_else(|| Error::truncated(need, have))?;
        Ok(Self { header, options, payload })
    }

    /// The fixed part of the header.
    #[must_use]
    pub const fn header(&self) -> Header<'a> {
        self.header
    }

    /// The octets of the options.
    #[must_use]
    pub const fn option_octets(&self) -> &'a [u8] {
        self.options
    }

    /// The options, one by one.
    #[must_use]
    pub const fn options(&self) -> Options<'a> {
        options(self.options)
    }

    /// What follows the header: as much as the Total Length says.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.header, f)?;
        for option in self.options() {
            match option {
                Ok(option) => write!(f, " {option}")?,
                Err(_) => f.write_str(" bad option")?,
            }
        }
        Ok(())
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
            identification: 0x1234,
            flags: Flags::MORE_FRAGMENTS,
            fragment_offset: 1480,
            hop_limit: 3,
            protocol: IpProtocol::UDP,
            source: Ipv4Addr::new(192, 0, 2, 1),
            destination: Ipv4Addr::new(203, 0, 113, 9),
            payload_len: 8,
        }
    }

    fn packet(options: &[u8]) -> Vec<u8> {
        let mut bytes = alloc::vec![0xaa; 28 + options.len()];
        repr().emit_with_options(options, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_was_emitted_is_parsed_again() {
        for options in [&[][..], &ROUTER_ALERT, &[1; 40]] {
            let bytes = packet(options);
            let packet = Packet::parse(&bytes).unwrap();
            assert_eq!(Repr::parse(&packet), repr());
            assert_eq!(packet.option_octets(), options);
            assert_eq!(packet.payload(), [0xaa; 8]);
        }
    }

    #[test]
    fn every_field_stands_at_its_place() {
        let bytes = packet(&[]);
        let header = Packet::parse(&bytes).unwrap().header();
        assert_eq!(bytes[..10], [0x45, 0xb9, 0, 28, 0x12, 0x34, 0x20, 185, 3, 17]);
        assert_eq!(header.checksum(), u16::from_be_bytes([bytes[10], bytes[11]]));
        assert_eq!(header.addresses(), &[192, 0, 2, 1, 203, 0, 113, 9]);
        assert!(header.is_fragment());
        assert_eq!(
            header.to_string(),
            "IPv4 192.0.2.1 > 203.0.113.9 UDP ttl 3 len 28 tos 0xb9 fragment 4660 at 1480+"
        );
    }

    // conf: IP4-HDR-01, IP4-HDR-02, IP4-HDR-03
    #[test]
    fn wrong_headers_are_refused() {
        let good = packet(&[]);
        // offset, value, error
        for (offset, value, want) in [
            (0, 0x05, Error::Version(0)),
            (0, 0x55, Error::Version(5)),
            (0, 0x65, Error::Version(6)),
            (0, 0xf5, Error::Version(15)),
            (0, 0x44, Error::Length(4)),
            (0, 0x40, Error::Length(0)),
            (0, 0x4f, Error::Length(28)),
            (3, 19, Error::Length(19)),
            (3, 29, Error::Truncated { need: 29, have: 28 }),
            (8, 4, Error::Checksum),
            (19, 0, Error::Checksum),
        ] {
            let mut bytes = good.clone();
            bytes[offset] = value;
            assert_eq!(Packet::parse(&bytes).map(|_| ()), Err(want), "octet {offset} = {value:#x}");
            assert_eq!(split_mut(&mut bytes).map(|_| ()), Err(want), "octet {offset} = {value:#x}");
        }
        for len in 0..good.len() {
            assert!(Packet::parse(&good[..len]).is_err(), "length {len}");
            assert!(split_mut(&mut good[..len].to_vec()).is_err(), "length {len}");
        }
    }

    // conf: IP4-HDR-02
    #[test]
    fn every_flipped_bit_of_the_header_is_noticed() {
        for options in [&[][..], &ROUTER_ALERT] {
            let good = packet(options);
            for bit in 0..(20 + options.len()) * 8 {
                let mut bytes = good.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert!(Packet::parse(&bytes).is_err(), "bit {bit}");
            }
        }
    }

    // conf: IP4-HDR-04
    #[test]
    fn octets_beyond_the_total_length_are_padding() {
        let mut bytes = packet(&[]);
        bytes.resize(46, 0);
        assert_eq!(Packet::parse(&bytes).unwrap().payload().len(), 8);
        let (header, options, payload) = split_mut(&mut bytes).unwrap();
        assert_eq!((header.header_len(), options.len(), payload.len()), (20, 0, 8));
    }

    #[test]
    fn a_quoted_packet_may_be_cut_off() {
        let bytes = packet(&ROUTER_ALERT);
        for len in 0..24 {
            assert!(Packet::parse_quoted(&bytes[..len]).is_err(), "length {len}");
        }
        for len in 24..=bytes.len() {
            assert_eq!(Packet::parse_quoted(&bytes[..len]).unwrap().payload().len(), len - 24);
        }
    }

    // conf: IP4-OPT-03, IP4-OPT-04
    #[test]
    fn options_are_walked_and_their_lengths_checked() {
        let walk = |octets: &[u8]| -> Vec<_> { options(octets).map(|o| o.map(|o| o.to_string())).collect() };
        let ok = |text: &str| Ok(text.to_string());
        // octets, options
        for (octets, want) in [
            (&[][..], alloc::vec![]),
            (&[1, 1, 1, 0], alloc::vec![]),
            (&[0, 7, 0, 0], alloc::vec![]),
            (&[148, 4, 0, 0], alloc::vec![ok("RA 0")]),
            (&[1, 136, 4, 0, 5, 1, 0, 9], alloc::vec![ok("SID 5")]),
            (&[131, 3, 4, 137, 3, 4, 0, 0], alloc::vec![ok("LSRR full"), ok("SSRR full")]),
            (&[0x9e, 2, 7, 3, 4, 0, 0, 0], alloc::vec![ok("option 158"), ok("RR full")]),
            (&[1, 0x9e], alloc::vec![Err(Error::Field(21))]),
            (&[0x9e, 0, 1, 1], alloc::vec![Err(Error::Field(20))]),
            (&[0x9e, 1, 1, 1], alloc::vec![Err(Error::Field(20))]),
            (&[1, 1, 0x9e, 3], alloc::vec![Err(Error::Field(22))]),
            (&[148, 3, 0, 0], alloc::vec![Err(Error::Field(20))]),
        ] {
            assert_eq!(walk(octets), want, "{octets:?}");
        }
    }

    // Examples 1 and 2 of appendix A: a datagram with one octet of data, and one of 452 cut into two fragments.
    #[test]
    fn the_headers_of_the_examples_of_rfc_791_come_back() {
        let more = Flags::MORE_FRAGMENTS;
        // octets of data, flags, offset, octets 2 to 9
        for (len, flags, offset, want) in [
            (1, Flags::empty(), 0, [0, 21, 0, 111, 0, 0, 123, 1]),
            (452, Flags::empty(), 0, [0x01, 0xd8, 0, 111, 0, 0, 123, 6]),
            (256, more, 0, [0x01, 0x14, 0, 111, 0x20, 0, 119, 6]),
            (196, Flags::empty(), 256, [0x00, 0xd8, 0, 111, 0, 32, 119, 6]),
        ] {
            let repr = Repr {
                identification: 111,
                flags,
                fragment_offset: offset,
                hop_limit: want[6],
                ..Repr::new(IpProtocol(want[7]), [192, 0, 2, 1].into(), [192, 0, 2, 2].into(), len)
            };
            let mut bytes = alloc::vec![0; 20 + usize::from(len)];
            repr.emit(&mut bytes).unwrap();
            assert_eq!((bytes[0], &bytes[2..10]), (0x45, &want[..]));
            let packet = Packet::parse(&bytes).unwrap();
            assert_eq!((Repr::parse(&packet), packet.payload().len()), (repr, usize::from(len)));
            assert_eq!(packet.header().is_fragment(), flags == more || offset != 0);
        }
    }

    // Offset and flags share a field: every value of either leaves the other alone.
    #[test]
    fn fragments_of_every_offset_come_back() {
        for offset in (0..=u16::MAX - 7).step_by(8) {
            for flags in [Flags::empty(), Flags::MORE_FRAGMENTS, Flags::DONT_FRAGMENT] {
                let repr = Repr { flags, fragment_offset: offset, ..repr() };
                let mut bytes = [0; 28];
                repr.emit(&mut bytes).unwrap();
                assert_eq!(Repr::parse(&Packet::parse(&bytes).unwrap()), repr);
            }
        }
    }

    #[test]
    fn what_cannot_be_said_is_not_emitted() {
        let mut buffer = [0; 100];
        assert_eq!(repr().emit(&mut buffer[..19]), Err(Error::NoRoom { need: 20, have: 19 }));
        for options in [&[1; 3][..], &[1; 44]] {
            assert_eq!(repr().emit_with_options(options, &mut buffer), Err(Error::Unrepresentable));
        }
        let large = Repr { payload_len: 65_516, ..repr() };
        assert_eq!(large.emit(&mut buffer), Err(Error::Unrepresentable));
        let odd = Repr { fragment_offset: 4, ..repr() };
        assert_eq!(odd.emit(&mut buffer), Err(Error::Unrepresentable));
    }
}
