//! UDP, RFC 768.
//!
//! ```text
//!  0      7 8     15 16    23 24    31
//! +--------+--------+--------+--------+
//! |   Source Port   | Destination Port|
//! +--------+--------+--------+--------+
//! |     Length      |    Checksum     |
//! +--------+--------+--------+--------+
//! |          data octets ...
//! ```
//!
//! Zero in the Checksum field means that none was made: legal over IPv4, by default not over IPv6 (RFC 8200
//! §8.1). Which to accept is the caller's decision: [`Header::checksum`] tells, [`Packet::verify_between`] is the default.
//!
//! ```
//! use tersus_wire::{ip, udp};
//!
//! let (source, destination) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
//! let mut datagram = [0; udp::HEADER_LEN + 5];
//! let repr = udp::Repr { src_port: 5000, dst_port: 53 };
//! repr.emit(&mut datagram, b"hello", ip::pseudo_addresses(source, destination))?;
//!
//! let read = udp::Packet::parse(&datagram)?;
//! read.verify_between(source, destination)?;
//! assert_eq!((read.header().src_port(), read.header().dst_port()), (Some(5000), 53));
//! assert_eq!(read.payload(), b"hello");
//! # Ok::<(), tersus_wire::Error>(())
//! ```

use crate::checksum::{copy_and_sum, Sum};
use crate::ip::pseudo_addresses;
use crate::{words, Error, IpProtocol};
use core::fmt;
use core::net::IpAddr;

/// Length of the header, in octets.
pub const HEADER_LEN: usize = 8;

/// Largest payload, in octets, over IPv6 without jumbograms: Length counts the header too.
pub const PAYLOAD_LEN_MAX: usize = 65_535 - HEADER_LEN;

/// A view of a UDP header, RFC 768.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a>(&'a [u8; HEADER_LEN]);

impl Header<'_> {
    /// Source Port; `None` (0 in the field) where the sender expects no answer.
    #[must_use]
    pub fn src_port(&self) -> Option<u16> {
        let &[a, b, ..] = self.0;
        nonzero(u16::from_be_bytes([a, b]))
    }

    /// Destination Port.
    #[must_use]
    pub fn dst_port(&self) -> u16 {
        let &[_, _, a, b, ..] = self.0;
        u16::from_be_bytes([a, b])
    }

    /// Length of header and payload, in octets: 8 to 65,535 after a successful parse.
    #[must_use]
    pub fn length(&self) -> u16 {
        let &[_, _, _, _, a, b, ..] = self.0;
        u16::from_be_bytes([a, b])
    }

    /// Checksum; `None` (0 in the field) if the sender made none.
    #[must_use]
    pub fn checksum(&self) -> Option<u16> {
        let &[.., a, b] = self.0;
        nonzero(u16::from_be_bytes([a, b]))
    }

    /// Verifies the checksum over pseudo-header, header and `payload`. A checksum that was not made is not wrong
    /// here. `addresses` is the sum over both addresses, [`ip::pseudo_addresses`](crate::ip::pseudo_addresses).
    ///
    /// # Errors
    /// `Checksum` if it is there and wrong.
    pub fn verify(&self, payload: &[u8], addresses: Sum) -> Result<(), Error> {
        if self.checksum().is_none() {
            return Ok(());
        }
        let mut sum = self.sum(addresses);
        if !payload.is_empty() {
            sum = sum.add_bytes(payload);
        }
        if sum.is_valid() {
            Ok(())
        } else {
            Err(Error::Checksum)
        }
    }

    /// The sum of pseudo-header and header, for callers that sum the payload while they copy it: joined with that it
    /// is valid if the checksum is there and right.
    #[must_use]
    #[inline]
    pub fn sum(&self, addresses: Sum) -> Sum {
        pseudo(addresses, self.length()).add_array(self.0)
    }
}

/// A view of a UDP datagram, RFC 768.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    header: Header<'a>,
    payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Splits `bytes` into header and payload; octets beyond the Length field are ignored.
    ///
    /// # Errors
    /// `Truncated` if header or payload are not all there; `Length` if Length is below 8.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let have = bytes.len();
        let (header, rest) = bytes.split_first_chunk().ok_or_else(|| Error::truncated(HEADER_LEN, have))?;
        let header = Header(header);
        let payload_len = payload_len(header)?;
        let payload =
            rest.get(..payload_len).ok_or_else(|| Error::truncated(HEADER_LEN + payload_len, have))?;
        Ok(Self { header, payload })
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> Header<'a> {
        self.header
    }

    /// The data octets.
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// Verifies the checksum as [`Header::verify`] does.
    ///
    /// # Errors
    /// `Checksum` if it is there and wrong.
    pub fn verify(&self, addresses: Sum) -> Result<(), Error> {
        self.header.verify(self.payload, addresses)
    }

    /// Verifies the checksum of a datagram between these addresses by the rule of their family: one that was not made is
    /// accepted over IPv4 (RFC 1122 §4.1.3.4), not over IPv6 (RFC 8200 §8.1).
    ///
    /// # Errors
    /// `Checksum` if it is wrong, or missing over IPv6.
    pub fn verify_between(&self, source: IpAddr, destination: IpAddr) -> Result<(), Error> {
        if self.header.checksum().is_none() && source.is_ipv6() {
            return Err(Error::Checksum);
        }
        self.verify(pseudo_addresses(source, destination))
    }
}

/// Splits a received segment into header and payload, the latter mutable; octets beyond the Length field are left
/// out. For the receive path; [`Packet::parse`] is the reading form.
///
/// # Errors
/// As [`Packet::parse`].
pub fn split_mut(segment: &mut [u8]) -> Result<(Header<'_>, &mut [u8]), Error> {
    let have = segment.len();
    let (header, rest) = segment.split_first_chunk_mut().ok_or_else(|| Error::truncated(HEADER_LEN, have))?;
    let header = Header(header);
    let payload_len = payload_len(header)?;
    let payload =
        rest.get_mut(..payload_len).ok_or_else(|| Error::truncated(HEADER_LEN + payload_len, have))?;
    Ok((header, payload))
}

/// What a UDP header means, but for its length and checksum, which follow from payload and addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Repr {
    /// Source Port; 0 if no answer is expected.
    pub src_port: u16,
    /// Destination Port.
    pub dst_port: u16,
}

/// What [`Repr::emit_with`] writes into the Checksum field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// The checksum.
    Full,
    /// The sum of the pseudo-header, not complemented, for a device that completes it: the checksum of all octets of the
    /// datagram belongs there.
    Partial,
}

impl Repr {
    /// Takes the ports of a datagram whose checksum, if there is one, is right. `addresses` is the sum over both
    /// addresses, [`ip::pseudo_addresses`](crate::ip::pseudo_addresses).
    ///
    /// # Errors
    /// `Checksum` if it is there and wrong.
    pub fn parse(packet: &Packet<'_>, addresses: Sum) -> Result<Self, Error> {
        packet.verify(addresses)?;
        let header = packet.header();
        Ok(Self { src_port: header.src_port().unwrap_or(0), dst_port: header.dst_port() })
    }

    /// How many octets a datagram with so much payload has.
    #[must_use]
    pub fn buffer_len(payload_len: usize) -> usize {
        HEADER_LEN.saturating_add(payload_len)
    }

    /// Writes header and payload, with checksum, to the front of `buffer`. A computed checksum of zero is sent as
    /// 0xffff. `addresses` is the sum over both addresses, [`ip::pseudo_addresses`](crate::ip::pseudo_addresses).
    ///
    /// # Errors
    /// `NoRoom` if `buffer` is shorter than [`Repr::buffer_len`]; `Unrepresentable` if the payload is longer than
    /// [`PAYLOAD_LEN_MAX`].
    #[inline]
    pub fn emit(&self, buffer: &mut [u8], payload: &[u8], addresses: Sum) -> Result<(), Error> {
        self.emit_with(buffer, payload, addresses, Checksum::Full)
    }

    /// As [`Repr::emit`], with such a checksum.
    ///
    /// # Errors
    /// As [`Repr::emit`].
    #[inline]
    pub fn emit_with(
        &self,
        buffer: &mut [u8],
        payload: &[u8],
        addresses: Sum,
        checksum: Checksum,
    ) -> Result<(), Error> {
        let need = Self::buffer_len(payload.len());
        let have = buffer.len();
        let length = u16::try_from(need).map_err(|_| Error::Unrepresentable)?;
        let (header, rest) =
            buffer.split_first_chunk_mut::<HEADER_LEN>().ok_or_else(|| Error::no_room(need, have))?;
        let to = rest.get_mut(..payload.len()).ok_or_else(|| Error::no_room(need, have))?;
        // Stored one by one, and what is known at first: to join them in a register costs more.
        let (ports, lengths) = header.split_at_mut(4);
        let (Some(ports), Some((to_length, to_checksum))) =
            (ports.first_chunk_mut(), lengths.split_first_chunk_mut())
        else {
            return Ok(());
        };
        *ports = words::pair(self.src_port, self.dst_port).to_ne_bytes();
        *to_length = length.to_be_bytes();
        let field = match checksum {
            Checksum::Full => {
                let sum = self.sum(length, addresses);
                let sum = if payload.is_empty() { sum } else { sum.join(copy_and_sum(to, payload)) };
                nonzero_checksum(sum)
            }
            Checksum::Partial => {
                to.copy_from_slice(payload);
                pseudo(addresses, length).partial()
            }
        };
        if let Some(to) = to_checksum.first_chunk_mut() {
            *to = field.to_be_bytes();
        }
        Ok(())
    }

    /// The checksum of a datagram of `length` octets, header included, whose payload has the sum `payload`: never
    /// zero. `addresses` is the sum over both addresses, [`ip::pseudo_addresses`](crate::ip::pseudo_addresses).
    #[must_use]
    #[inline]
    pub fn checksum(&self, length: u16, addresses: Sum, payload: Sum) -> u16 {
        nonzero_checksum(self.sum(length, addresses).join(payload))
    }

    /// The sum of pseudo-header and header.
    #[inline]
    fn sum(&self, length: u16, addresses: Sum) -> Sum {
        let ports = words::pair(self.src_port, self.dst_port);
        // The length is in the header as well.
        let lengths = u32::from(PROTOCOL.to_be()) + 2 * u32::from(length.to_be());
        addresses.add_word(lengths).add_word(ports)
    }
}

/// A computed checksum of zero is sent as 0xffff: zero says that there is none.
#[inline]
fn nonzero_checksum(sum: Sum) -> u16 {
    match sum.checksum() {
        0 => 0xffff,
        checksum => checksum,
    }
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = self.header;
        match header.src_port() {
            Some(port) => write!(f, "UDP {port} > {}", header.dst_port())?,
            None => write!(f, "UDP no port > {}", header.dst_port())?,
        }
        write!(f, " len {}", self.payload.len())?;
        if header.checksum().is_none() {
            f.write_str(" no checksum")?;
        }
        Ok(())
    }
}

/// The protocol number as the pseudo-header has it.
const PROTOCOL: u16 = IpProtocol::UDP.0 as u16;

fn nonzero(field: u16) -> Option<u16> {
    if field == 0 {
        None
    } else {
        Some(field)
    }
}

fn payload_len(header: Header<'_>) -> Result<usize, Error> {
    let length = header.length();
    usize::from(length).checked_sub(HEADER_LEN).ok_or(Error::Length(length))
}

/// Adds protocol and length to the sum over the addresses.
fn pseudo(addresses: Sum, length: u16) -> Sum {
    addresses.add_word(u32::from(PROTOCOL.to_be()) + u32::from(length.to_be()))
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::string::ToString;

    const V4: [&str; 2] = ["192.0.2.1", "192.0.2.2"];
    const V6: [&str; 2] = ["2001:db8::1", "2001:db8::2"];

    fn sum([source, destination]: [&str; 2]) -> Sum {
        pseudo_addresses(source.parse().unwrap(), destination.parse().unwrap())
    }

    fn emit<'a>(buffer: &'a mut [u8], payload: &[u8], addresses: Sum) -> &'a mut [u8] {
        let repr = Repr { src_port: 49_152, dst_port: 53 };
        repr.emit(buffer, payload, addresses).unwrap();
        &mut buffer[..HEADER_LEN + payload.len()]
    }

    // A DNS query as a host sent it, with the checksum that it made.
    // conf: UDP-HDR-02
    #[test]
    fn a_checksum_made_by_another_stack_is_right() {
        let bytes = [
            0xab, 0xbe, 0x00, 0x35, 0x00, 0x40, 0x78, 0x24, 0x59, 0x34, 0x01, 0x20, 0x00, 0x01, 0x00, 0x00,
            0x00, 0x00, 0x00, 0x01, 0x03, 0x77, 0x77, 0x77, 0x07, 0x74, 0x63, 0x70, 0x64, 0x75, 0x6d, 0x70,
            0x03, 0x6f, 0x72, 0x67, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x29, 0x10, 0x00, 0x00, 0x00,
            0x00, 0x00, 0x00, 0x0c, 0x00, 0x0a, 0x00, 0x08, 0x42, 0xf5, 0xd0, 0x09, 0x96, 0xf9, 0x0b, 0x13,
        ];
        let addresses = sum(["192.168.1.11", "209.87.249.18"]);
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!(Repr::parse(&packet, addresses), Ok(Repr { src_port: 43_966, dst_port: 53 }));
        assert_eq!(packet.header().checksum(), Some(0x7824));
        let mut buffer = [0; 64];
        Repr { src_port: 43_966, dst_port: 53 }.emit(&mut buffer, packet.payload(), addresses).unwrap();
        assert_eq!(buffer, bytes);
    }

    // conf: UDP-HDR-02
    #[test]
    fn what_is_emitted_parses_to_the_same() {
        let data = [0xa5; 9];
        for (name, addresses) in [("v4", sum(V4)), ("v6", sum(V6))] {
            for len in 0..=data.len() {
                let mut buffer = [0xee; 32];
                let bytes = emit(&mut buffer, &data[..len], addresses);
                let packet = Packet::parse(bytes).unwrap();
                assert_eq!(packet.payload(), &data[..len], "{name} {len}");
                assert_eq!(
                    Repr::parse(&packet, addresses),
                    Ok(Repr { src_port: 49_152, dst_port: 53 }),
                    "{name} {len}"
                );
                assert_eq!(buffer[HEADER_LEN + len], 0xee, "nothing is written behind the datagram");
            }
        }
    }

    #[test]
    fn a_device_that_sums_the_whole_datagram_completes_a_partial_checksum() {
        let repr = Repr { src_port: 49_152, dst_port: 53 };
        for addresses in [sum(V4), sum(V6)] {
            for payload in [&b""[..], b"1", b"an even number of octets"] {
                let (mut whole, mut partial) = ([0xee; 40], [0xee; 40]);
                let len = Repr::buffer_len(payload.len());
                repr.emit(&mut whole, payload, addresses).unwrap();
                repr.emit_with(&mut partial, payload, addresses, Checksum::Partial).unwrap();
                let checksum = Sum::new().add_bytes(&partial[..len]).checksum();
                partial[6..8].copy_from_slice(&checksum.to_be_bytes());
                assert_eq!(partial, whole, "{} octets", payload.len());
                let short = repr.emit_with(&mut partial[..len - 1], payload, addresses, Checksum::Partial);
                assert_eq!(short, Err(Error::no_room(len, len - 1)));
            }
        }
        let long = std::vec![0; PAYLOAD_LEN_MAX + 1];
        assert_eq!(repr.emit_with(&mut [], &long, sum(V4), Checksum::Partial), Err(Error::Unrepresentable));
    }

    // conf: UDP-HDR-04
    #[test]
    fn any_flipped_bit_is_noticed() {
        let mut buffer = [0; 32];
        let bytes = emit(&mut buffer, b"seven o", sum(V4));
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            let seen = Packet::parse(bytes).and_then(|packet| Repr::parse(&packet, sum(V4)));
            assert!(seen.is_err(), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }

    // conf: UDP-HDR-03
    #[test]
    fn a_computed_zero_is_sent_as_all_ones() {
        let addresses = sum(V4);
        // The payload word that makes the sum all ones is the checksum of the rest.
        let mut buffer = [0; 16];
        let rest = emit(&mut buffer, &[0, 0], addresses);
        let word = [rest[6], rest[7]];
        let bytes = emit(&mut buffer, &word, addresses);
        assert_eq!(bytes[6..8], [0xff, 0xff]);
        assert_eq!(Packet::parse(bytes).unwrap().verify(addresses), Ok(()));
    }

    #[test]
    fn zero_means_absent() {
        let packet = Packet::parse(&[0, 0, 0, 53, 0, 8, 0, 0]).unwrap();
        assert_eq!((packet.header().src_port(), packet.header().checksum()), (None, None));
        assert_eq!(packet.verify(sum(V4)), Ok(()));
    }

    // conf: UDP-HDR-05, UDP-HDR-06
    #[test]
    fn a_datagram_without_checksum_is_accepted_over_ipv4_only() {
        for (addresses, want) in [(V4, Ok(())), (V6, Err(Error::Checksum))] {
            let [source, destination] = addresses.map(|address| address.parse::<IpAddr>().unwrap());
            let mut buffer = [0; 16];
            let bytes = emit(&mut buffer, b"data", sum(addresses));
            let verify = |bytes: &[u8]| Packet::parse(bytes).unwrap().verify_between(source, destination);
            assert_eq!(verify(bytes), Ok(()));
            let good = bytes.to_vec();
            for bit in 0..bytes.len() * 8 {
                bytes[bit / 8] ^= 1 << (bit % 8);
                let seen = Packet::parse(bytes).and_then(|packet| packet.verify_between(source, destination));
                assert!(seen.is_err(), "bit {bit}");
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
            assert_eq!(bytes, good);
            bytes[6..8].fill(0);
            assert_eq!(verify(bytes), want);
        }
    }

    #[test]
    fn every_octet_of_a_datagram_may_have_any_value() {
        let mut buffer = [0; 16];
        let bytes = emit(&mut buffer, b"data", sum(V6));
        for at in 0..bytes.len() {
            let good = bytes[at];
            for value in 0..=255 {
                bytes[at] = value;
                match Packet::parse(bytes) {
                    Ok(packet) => drop((packet.to_string(), Repr::parse(&packet, sum(V6)))),
                    Err(error) => assert_eq!((at == 4 || at == 5, error), (true, error)),
                }
            }
            bytes[at] = good;
        }
    }

    // conf: UDP-HDR-01
    #[test]
    fn the_length_field_rules() {
        // Length field, octets present, payload or error
        for (length, have, want) in [
            (0, 8, Err(Error::Length(0))),
            (7, 12, Err(Error::Length(7))),
            (8, 8, Ok(0)),
            (8, 12, Ok(0)),
            (11, 12, Ok(3)),
            (12, 12, Ok(4)),
            (13, 12, Err(Error::Truncated { need: 13, have: 12 })),
            (65_535, 12, Err(Error::Truncated { need: 65_535, have: 12 })),
        ] {
            let mut bytes = [0; 12];
            bytes[4..6].copy_from_slice(&u16::to_be_bytes(length));
            assert_eq!(Packet::parse(&bytes[..have]).map(|p| p.payload().len()), want, "{length} {have}");
            assert_eq!(split_mut(&mut bytes[..have]).map(|(_, p)| p.len()), want, "{length} {have}");
        }
    }

    #[test]
    fn every_truncation_is_refused() {
        let mut buffer = [0; 32];
        let bytes = emit(&mut buffer, b"data", sum(V4));
        for len in 0..bytes.len() {
            assert!(matches!(Packet::parse(&bytes[..len]), Err(Error::Truncated { .. })), "{len}");
            assert!(matches!(split_mut(&mut bytes[..len]), Err(Error::Truncated { .. })), "{len}");
        }
    }

    #[test]
    fn emitting_checks_the_room() {
        let repr = Repr { src_port: 1, dst_port: 2 };
        for have in 0..12 {
            let mut buffer = [0; 12];
            let room = &mut buffer[..have];
            let want = Err(Error::NoRoom { need: 12, have: u16::try_from(have).unwrap() });
            assert_eq!(repr.emit(room, b"data", Sum::new()), want, "{have}");
        }
        let long = std::vec![0; PAYLOAD_LEN_MAX + 1];
        let mut buffer = std::vec![0; 70_000];
        assert_eq!(repr.emit(&mut buffer, &long, Sum::new()), Err(Error::Unrepresentable));
        assert_eq!(repr.emit(&mut buffer, &long[1..], Sum::new()), Ok(()));
    }

    #[test]
    fn a_person_can_read_it() {
        let mut buffer = [0; 32];
        let bytes = emit(&mut buffer, b"data", sum(V4));
        assert_eq!(Packet::parse(bytes).unwrap().to_string(), "UDP 49152 > 53 len 4");
        let bare = Packet::parse(&[0, 0, 0, 53, 0, 8, 0, 0]).unwrap();
        assert_eq!(bare.to_string(), "UDP no port > 53 len 0 no checksum");
    }
}
