//! Ethernet II frames, RFC 894 and RFC 1122 §2.3.3.
//!
//! ```text
//!  0             6             12     14                       at least 60
//!  +-------------+-------------+------+------------------------+-----+
//!  | destination |   source    | type | payload                | pad |
//!  +-------------+-------------+------+------------------------+-----+
//! ```
//! The frame check sequence is the device's. A type field up to 1500 is an IEEE 802.3 length; what follows is
//! then an IEEE 802.2 header, see [`llc`](crate::llc). Tags of IEEE 802.1Q show as the types [`EtherType::VLAN`] and
//! [`EtherType::SERVICE_VLAN`]; [`vlan`](crate::vlan) takes them apart.
//!
//! ```
//! use tersus_wire::{ethernet, EtherType};
//!
//! let mut frame = [0; ethernet::MIN_FRAME_LEN];
//! let header =
//!     ethernet::Repr { destination: ethernet::BROADCAST, source: [2, 0, 0, 0, 0, 1], ether_type: EtherType::ARP };
//! header.emit(&mut frame)?; // the payload goes behind it, to frame[ethernet::HEADER_LEN..]
//!
//! let read = ethernet::Packet::parse(&frame)?;
//! assert_eq!(read.to_string(), "Ethernet 02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff ARP, 46 octets");
//! assert_eq!(read.payload().len(), 46); // padding included: only the packet inside knows how long it is
//! # Ok::<(), tersus_wire::Error>(())
//! ```

use crate::{Error, HardwareAddress};
use core::fmt;

/// Length of the header, in octets.
pub const HEADER_LEN: usize = 14;
/// Shortest frame on the wire, in octets, without its check sequence; shorter ones are padded, by whoever sends them:
/// emitters here pad nothing.
pub const MIN_FRAME_LEN: usize = 60;
/// Largest payload of a standard frame, in octets, RFC 894.
pub const MTU: u16 = 1500;
/// The address of all stations, ff:ff:ff:ff:ff:ff.
pub const BROADCAST: [u8; 6] = [0xff; 6];

const SOURCE: u16 = 6;

/// An EtherType, IANA "ETHER TYPES"; below 0x0600 it is an IEEE 802.3 length.
///
/// Two octets, so that it travels in registers; all values are legal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct EtherType(pub u16);

impl EtherType {
    /// IPv4, RFC 894.
    pub const IPV4: Self = Self(0x0800);
    /// ARP, RFC 826.
    pub const ARP: Self = Self(0x0806);
    /// A customer's tag of IEEE 802.1Q; see [`vlan`](crate::vlan).
    pub const VLAN: Self = Self(0x8100);
    /// A provider's tag of IEEE 802.1Q, once IEEE 802.1ad.
    pub const SERVICE_VLAN: Self = Self(0x88a8);
    /// IPv6, RFC 2464 §3.
    pub const IPV6: Self = Self(0x86dd);

    /// Whether the field is a type: 0x0600 and above, RFC 1122 §2.3.3. What is below is a length, up to 1500,
    /// or invalid.
    #[must_use]
    pub const fn is_type(self) -> bool {
        self.0 >= 0x0600
    }

    /// The field as an IEEE 802.3 length, in octets, if it is one.
    #[must_use]
    pub const fn as_length(self) -> Option<u16> {
        if self.0 <= MTU {
            Some(self.0)
        } else {
            None
        }
    }
}

impl fmt::Display for EtherType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::IPV4 => "IPv4",
            Self::ARP => "ARP",
            Self::VLAN => "VLAN",
            Self::SERVICE_VLAN => "service VLAN",
            Self::IPV6 => "IPv6",
            Self(number) => return write!(f, "EtherType 0x{number:04x}"),
        })
    }
}

impl fmt::Debug for EtherType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether the group bit of an address is set: multicast and broadcast.
#[must_use]
pub const fn is_group(address: &[u8; 6]) -> bool {
    address[0] & 1 != 0
}

/// An address as one word: its octets in this order from the third lowest on.
#[must_use]
pub const fn address_word(address: &[u8; 6]) -> u64 {
    let [a, b, c, d, e, f] = *address;
    u64::from_le_bytes([0, 0, a, b, c, d, e, f])
}

/// The header of a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Header<'a>(&'a [u8; HEADER_LEN]);

impl<'a> Header<'a> {
    /// Whether it is to this station.
    #[must_use]
    #[inline]
    pub fn is_to(&self, station: &[u8; 6]) -> bool {
        // In place: an array that is put together of octets is compared by octets.
        self.0.first_chunk() == Some(station)
    }

    /// The destination address as [`address_word`] makes it: where words have 64 bits, the shortest way to compare it.
    #[must_use]
    #[inline]
    pub fn destination_word(&self) -> u64 {
        self.0.first_chunk().map_or(0, |octets| u64::from_le_bytes(*octets) << 16)
    }

    /// A view of these octets; every content is a header.
    #[must_use]
    pub const fn new(octets: &'a [u8; HEADER_LEN]) -> Self {
        Self(octets)
    }

    /// The octets.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8; HEADER_LEN] {
        self.0
    }

    /// Destination address.
    #[must_use]
    pub const fn destination(&self) -> [u8; 6] {
        let [a, b, c, d, e, f, ..] = *self.0;
        [a, b, c, d, e, f]
    }

    /// Source address.
    #[must_use]
    pub const fn source(&self) -> [u8; 6] {
        let [_, _, _, _, _, _, a, b, c, d, e, f, _, _] = *self.0;
        [a, b, c, d, e, f]
    }

    /// As [`Self::source`], in place.
    #[must_use]
    #[inline]
    pub fn source_octets(&self) -> &'a [u8; 6] {
        let (_, source) = self.0.split_at(6);
        source.first_chunk().unwrap_or(&[0; 6])
    }

    /// The type field, which may be an IEEE 802.3 length.
    #[must_use]
    pub const fn ether_type(&self) -> EtherType {
        let [.., high, low] = *self.0;
        EtherType(u16::from_be_bytes([high, low]))
    }
}

impl fmt::Display for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = HardwareAddress::ethernet(self.source());
        let destination = HardwareAddress::ethernet(self.destination());
        write!(f, "Ethernet {source} > {destination} ")?;
        match self.ether_type().as_length() {
            Some(length) => write!(f, "802.3 length {length}"),
            None => write!(f, "{}", self.ether_type()),
        }
    }
}

impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Splits a received frame into its header and what follows, padding included, without looking into either.
///
/// # Errors
/// `Truncated` if there are fewer than 14 octets.
pub fn split_mut(bytes: &mut [u8]) -> Result<(Header<'_>, &mut [u8]), Error> {
    let have = bytes.len();
    match bytes.split_first_chunk_mut() {
        Some((header, payload)) => Ok((Header(header), payload)),
        None => Err(Error::truncated(HEADER_LEN, have)),
    }
}

/// A view of a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    header: Header<'a>,
    payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Splits `bytes`, a frame without its check sequence, into header and payload.
    ///
    /// # Errors
    /// `Truncated` if the header, or the payload of an IEEE 802.3 frame, is not all there; `Length` if the type
    /// field is neither a type nor a length (1501 to 1535).
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let have = bytes.len();
        let (header, rest) = bytes.split_first_chunk().ok_or_else(|| Error::truncated(HEADER_LEN, have))?;
        let header = Header(header);
        let field = header.ether_type();
        let payload = if field.is_type() {
            rest
        } else {
            let length = usize::from(field.as_length().ok_or(Error::Length(field.0))?);
            rest.get(..length).ok_or_else(|| Error::truncated(HEADER_LEN + length, have))?
        };
        Ok(Self { header, payload })
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> Header<'a> {
        self.header
    }

    /// Destination address.
    #[must_use]
    pub const fn destination(&self) -> [u8; 6] {
        self.header.destination()
    }

    /// Source address.
    #[must_use]
    pub const fn source(&self) -> [u8; 6] {
        self.header.source()
    }

    /// The type field, which may be an IEEE 802.3 length.
    #[must_use]
    pub const fn ether_type(&self) -> EtherType {
        self.header.ether_type()
    }

    /// What follows the header: without padding in an IEEE 802.3 frame, with it else.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} octets", self.header, self.payload.len())
    }
}

impl fmt::Debug for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The header of an Ethernet II frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Repr {
    /// Whom the frame is for.
    pub destination: [u8; 6],
    /// Who sent it: never a group.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::station))]
    pub source: [u8; 6],
    /// What the payload is: never below 0x0600.
    pub ether_type: EtherType,
}

impl Repr {
    /// Takes the header of an Ethernet II frame from one station.
    ///
    /// # Errors
    /// `Length` for an IEEE 802.3 frame; `Field` if the source is a group.
    pub fn parse(packet: &Packet<'_>) -> Result<Self, Error> {
        let header = packet.header;
        if !header.ether_type().is_type() {
            return Err(Error::Length(header.ether_type().0));
        }
        if is_group(&header.source()) {
            return Err(Error::Field(SOURCE));
        }
        Ok(Self {
            destination: header.destination(),
            source: header.source(),
            ether_type: header.ether_type(),
        })
    }

    /// How many octets `emit` writes.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        HEADER_LEN
    }

    /// Writes the header to the front of `buffer`.
    ///
    /// # Errors
    /// `NoRoom` below 14 octets; `Unrepresentable` if the type is below 0x0600 or the source is a group.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<(), Error> {
        let have = buffer.len();
        let header = buffer.first_chunk_mut().ok_or_else(|| Error::no_room(HEADER_LEN, have))?;
        if !self.ether_type.is_type() || is_group(&self.source) {
            return Err(Error::Unrepresentable);
        }
        write_header(header, &self.destination, &self.source, self.ether_type);
        Ok(())
    }
}

/// The header of an IEEE 802.3 frame, whose type field is a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct LengthRepr {
    /// Whom the frame is for.
    pub destination: [u8; 6],
    /// Who sent it: never a group.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::station))]
    pub source: [u8; 6],
    /// Octets that follow, padding not counted: up to 1500.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u16::<1500>))]
    pub length: u16,
}

impl LengthRepr {
    /// Takes the header of an IEEE 802.3 frame from one station.
    ///
    /// # Errors
    /// `Length` for an Ethernet II frame; `Field` if the source is a group.
    pub fn parse(packet: &Packet<'_>) -> Result<Self, Error> {
        let header = packet.header;
        let length = header.ether_type().as_length().ok_or(Error::Length(header.ether_type().0))?;
        if is_group(&header.source()) {
            return Err(Error::Field(SOURCE));
        }
        Ok(Self { destination: header.destination(), source: header.source(), length })
    }

    /// How many octets `emit` writes.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        HEADER_LEN
    }

    /// Writes the header to the front of `buffer`.
    ///
    /// # Errors
    /// `NoRoom` below 14 octets; `Unrepresentable` if the length is above 1500 or the source is a group.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<(), Error> {
        let have = buffer.len();
        let header = buffer.first_chunk_mut().ok_or(Error::no_room(HEADER_LEN, have))?;
        if self.length > MTU || is_group(&self.source) {
            return Err(Error::Unrepresentable);
        }
        write_header(header, &self.destination, &self.source, EtherType(self.length));
        Ok(())
    }
}

/// Writes a header, whatever the values.
#[inline]
pub fn write_header(
    header: &mut [u8; HEADER_LEN],
    destination: &[u8; 6],
    source: &[u8; 6],
    ether_type: EtherType,
) {
    header[..6].copy_from_slice(destination);
    header[6..12].copy_from_slice(source);
    header[12..].copy_from_slice(&ether_type.0.to_be_bytes());
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    const A: [u8; 6] = [2, 0, 0, 0, 0, 0xa];
    const B: [u8; 6] = [2, 0, 0, 0, 0, 0xb];

    fn frame(ether_type: u16, payload: &[u8]) -> Vec<u8> {
        let mut bytes = alloc::vec![0; HEADER_LEN];
        write_header(bytes.first_chunk_mut().unwrap(), &B, &A, EtherType(ether_type));
        bytes.extend_from_slice(payload);
        bytes
    }

    // conf: ETH-ETH-01
    #[test]
    fn the_word_of_an_address_is_that_of_the_header_with_it() {
        let mut octets = [0xee; HEADER_LEN];
        octets[..6].copy_from_slice(&[1, 2, 3, 4, 5, 6]);
        let header = Header::new(&octets);
        assert_eq!(header.destination_word(), address_word(&[1, 2, 3, 4, 5, 6]));
        for place in 0..6 {
            let mut other = [1, 2, 3, 4, 5, 6];
            other[place] ^= 0x10;
            assert_ne!(header.destination_word(), address_word(&other), "{other:?}");
        }
    }

    #[test]
    fn what_is_emitted_parses_to_the_same() {
        for ether_type in [EtherType::IPV4, EtherType::ARP, EtherType::IPV6, EtherType(0xffff)] {
            for destination in [B, BROADCAST, [1, 0, 0x5e, 0, 0, 1]] {
                let repr = Repr { destination, source: A, ether_type };
                let mut bytes = [0x55; 20];
                repr.emit(&mut bytes).unwrap();
                assert_eq!(bytes[repr.buffer_len()..], [0x55; 6]);
                let packet = Packet::parse(&bytes).unwrap();
                assert_eq!(packet.payload(), [0x55; 6]);
                assert_eq!(Repr::parse(&packet), Ok(repr));
            }
        }
    }

    #[test]
    fn fields_stand_where_rfc_894_puts_them() {
        let bytes = [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 0x86, 0xdd, 99];
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!(packet.destination(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(packet.source(), [8, 9, 10, 11, 12, 13]);
        assert_eq!(packet.ether_type(), EtherType::IPV6);
        assert_eq!(packet.payload(), [99]);
        assert_eq!(packet.header().octets(), bytes.first_chunk().unwrap());
    }

    // conf: ETH-ETH-02, ETH-LLC-05
    #[test]
    fn the_type_field_is_a_type_a_length_or_invalid() {
        // field, payload octets present, payload octets of the frame
        for (field, present, want) in [
            (0x0600, 100, Ok(100)),
            (0x0600, 0, Ok(0)),
            (0x86dd, 46, Ok(46)),
            (0, 46, Ok(0)),
            (38, 46, Ok(38)),
            (46, 46, Ok(46)),
            (47, 46, Err(Error::Truncated { need: 61, have: 60 })),
            (1500, 1500, Ok(1500)),
            (1501, 1501, Err(Error::Length(1501))),
            (0x05dd, 1600, Err(Error::Length(0x05dd))),
            (0x05ff, 1600, Err(Error::Length(0x05ff))),
        ] {
            let bytes = frame(field, &alloc::vec![0; present]);
            let packet = Packet::parse(&bytes);
            assert_eq!(packet.map(|p| p.payload().len()), want, "field {field:#06x}");
            if let Ok(packet) = packet {
                assert_eq!(Repr::parse(&packet).is_ok(), field >= 0x0600, "field {field:#06x}");
            }
        }
    }

    // conf: ETH-ETH-04
    #[test]
    fn every_truncation_of_the_header_is_refused() {
        let mut bytes = frame(0x0800, &[]);
        for len in 0..HEADER_LEN {
            let want = Error::truncated(HEADER_LEN, len);
            assert_eq!(Packet::parse(&bytes[..len]).unwrap_err(), want);
            assert_eq!(split_mut(&mut bytes[..len]).unwrap_err(), want);
            let repr = Repr { destination: B, source: A, ether_type: EtherType::IPV4 };
            assert_eq!(repr.emit(&mut bytes[..len]), Err(Error::no_room(HEADER_LEN, len)));
        }
        let (header, payload) = split_mut(&mut bytes).unwrap();
        assert_eq!((header.source(), header.destination(), payload.len()), (A, B, 0));
    }

    // conf: ETH-ETH-08
    #[test]
    fn a_group_is_no_source() {
        let mut bytes = frame(0x0800, &[]);
        bytes[6] |= 1;
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!(Repr::parse(&packet), Err(Error::Field(6)));
        let repr = Repr { destination: B, source: BROADCAST, ether_type: EtherType::IPV4 };
        assert_eq!(repr.emit(&mut bytes), Err(Error::Unrepresentable));
        let repr = Repr { destination: B, source: A, ether_type: EtherType(1500) };
        assert_eq!(repr.emit(&mut bytes), Err(Error::Unrepresentable));
    }

    #[test]
    fn the_header_of_an_802_3_frame_comes_back() {
        for length in [0, 3, 46, 1500] {
            let repr = LengthRepr { destination: BROADCAST, source: A, length };
            let mut bytes = alloc::vec![0x55; HEADER_LEN + usize::from(length) + 7];
            assert_eq!((repr.emit(&mut bytes), repr.buffer_len()), (Ok(()), HEADER_LEN));
            let packet = Packet::parse(&bytes).unwrap();
            assert_eq!((LengthRepr::parse(&packet), packet.payload().len()), (Ok(repr), usize::from(length)));
        }
        let repr = LengthRepr { destination: B, source: A, length: 46 };
        for len in 0..HEADER_LEN {
            assert_eq!(repr.emit(&mut [0; HEADER_LEN][..len]), Err(Error::no_room(HEADER_LEN, len)));
        }
        for bad in [LengthRepr { length: 1501, ..repr }, LengthRepr { source: BROADCAST, ..repr }] {
            assert_eq!(bad.emit(&mut [0; 14]), Err(Error::Unrepresentable));
        }
        let bytes = frame(0x0800, &[]);
        assert_eq!(LengthRepr::parse(&Packet::parse(&bytes).unwrap()), Err(Error::Length(0x0800)));
        let mut bytes = frame(0, &[]);
        bytes[6] |= 1;
        assert_eq!(LengthRepr::parse(&Packet::parse(&bytes).unwrap()), Err(Error::Field(6)));
    }

    #[test]
    fn a_frame_prints_as_one_line() {
        let bytes = frame(0x0806, &[0; 46]);
        let want = "Ethernet 02:00:00:00:00:0a > 02:00:00:00:00:0b ARP, 46 octets";
        assert_eq!(Packet::parse(&bytes).unwrap().to_string(), want);
        let bytes = frame(3, &[0; 46]);
        assert!(Packet::parse(&bytes).unwrap().to_string().ends_with("802.3 length 3, 3 octets"));
    }
}
