//! Tags of virtual LANs, IEEE 802.1Q and 802.1ad, between the addresses and the type of an Ethernet frame.
//!
//! ```text
//!  0             6             12      14            16     18            20     22
//!  +-------------+-------------+-------+-------------+------+-------------+------+---------
//!  | destination |   source    | TPID  | TCI         | TPID | TCI         | type | payload
//!  +-------------+-------------+-------+-------------+------+-------------+------+---------
//!                              <- outermost tag ----> <- inner tag ------->
//!  TCI:  PCP 3 | DEI 1 | VID 12
//! ```
//! The type behind the last tag may be an IEEE 802.3 length, as in a frame without tags. [`remove_tag`] and [`insert_tag`]
//! are for a driver that shows one VLAN as an interface without tags.
//!
//! ```
//! use tersus_wire::{vlan, EtherType};
//!
//! let repr = vlan::Repr {
//!     destination: [2, 0, 0, 0, 0, 2],
//!     source: [2, 0, 0, 0, 0, 1],
//!     tags: [vlan::Tag { priority: 5, ..vlan::Tag::new(100) }].into_iter().collect(),
//!     ether_type: EtherType::IPV6,
//! };
//! let mut frame = [0; 64];
//! assert_eq!(repr.emit(&mut frame)?, 18);
//!
//! let packet = vlan::Packet::parse(&frame)?;
//! assert_eq!((packet.tags()[0].vid, packet.ether_type()), (100, EtherType::IPV6));
//! assert_eq!(vlan::Repr::parse(&packet)?, repr);
//! # Ok::<(), tersus_wire::Error>(())
//! ```

mod edit;

use crate::ethernet::{self, EtherType, Header};
use crate::{Error, HardwareAddress};
use core::fmt;
pub use edit::{insert_tag, remove_tag};

/// Length of a tag, in octets.
pub const TAG_LEN: usize = 4;
/// Most tags that a frame may carry here: two are standard, more are refused.
pub const TAGS_MAX: usize = 4;
/// The VID of a frame that belongs to no VLAN and only has a priority.
pub const VID_PRIORITY: u16 = 0;
/// The reserved VID: never on the wire.
pub const VID_RESERVED: u16 = 0xfff;

/// Where the first TCI stands in a frame.
const FIRST_TCI: usize = ethernet::HEADER_LEN;

/// A tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Tag {
    /// Which kind of tag: [`EtherType::VLAN`] for a customer's, [`EtherType::SERVICE_VLAN`] for a provider's.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::tpid))]
    pub tpid: EtherType,
    /// PCP, 0 to 7: how urgent the frame is; 1 is the least, then 0, 2 and up.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<7>))]
    pub priority: u8,
    /// DEI: the frame goes first if one must be dropped.
    pub is_drop_eligible: bool,
    /// VID: 1 to 4094, or [`VID_PRIORITY`].
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u16::<0xfff>))]
    pub vid: u16,
}

impl Tag {
    /// A customer's tag with priority 0.
    #[must_use]
    pub const fn new(vid: u16) -> Self {
        Self { tpid: EtherType::VLAN, priority: 0, is_drop_eligible: false, vid }
    }

    /// The tag of this kind with this tag control information.
    #[must_use]
    pub const fn from_tci(tpid: EtherType, tci: u16) -> Self {
        let [high, _] = tci.to_be_bytes();
        Self { tpid, priority: high >> 5, is_drop_eligible: high & 0x10 != 0, vid: tci & 0xfff }
    }

    /// The tag control information.
    ///
    /// # Errors
    /// `Unrepresentable` if the priority has more than three bits or the VID is above 4094.
    pub fn tci(&self) -> Result<u16, Error> {
        if self.priority > 7 || self.vid >= VID_RESERVED {
            return Err(Error::Unrepresentable);
        }
        Ok(u16::from(self.priority) << 13 | u16::from(self.is_drop_eligible) << 12 | self.vid)
    }

    /// Whether the frame belongs to no VLAN: it is handled as one without a tag.
    #[must_use]
    pub const fn is_priority_tag(&self) -> bool {
        self.vid == VID_PRIORITY
    }

    /// The tag's four octets.
    ///
    /// # Errors
    /// As [`Tag::tci`]; `Unrepresentable` too if the TPID is none.
    pub fn to_bytes(&self) -> Result<[u8; TAG_LEN], Error> {
        if !is_tpid(self.tpid) {
            return Err(Error::Unrepresentable);
        }
        let [a, b] = self.tpid.0.to_be_bytes();
        let [c, d] = self.tci()?.to_be_bytes();
        Ok([a, b, c, d])
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.tpid, self.vid)?;
        if self.priority != 0 {
            write!(f, " priority {}", self.priority)?;
        }
        f.write_str(if self.is_drop_eligible { " drop-eligible" } else { "" })
    }
}

/// Whether a type field says that a tag follows.
#[must_use]
pub const fn is_tpid(ether_type: EtherType) -> bool {
    matches!(ether_type, EtherType::VLAN | EtherType::SERVICE_VLAN)
}

/// The tags of a frame, outermost first; a frame without any is legal.
#[derive(Clone, PartialEq, Eq)]
pub struct Packet<'a> {
    header: Header<'a>,
    tags: heapless::Vec<Tag, TAGS_MAX>,
    ether_type: EtherType,
    payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Takes the tags of `bytes`, a frame without its check sequence, apart.
    ///
    /// # Errors
    /// `Truncated` if the header, a tag, or the payload of an IEEE 802.3 frame is not all there; `Field` with the
    /// offset of the TPID of a tag too many ([`TAGS_MAX`]); `Length` if the type field is neither a type nor a length.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let have = bytes.len();
        let (header, mut payload) =
            bytes.split_first_chunk().ok_or(Error::truncated(ethernet::HEADER_LEN, have))?;
        let header = Header::new(header);
        let (mut ether_type, mut tags) = (header.ether_type(), heapless::Vec::new());
        let mut offset = FIRST_TCI;
        while is_tpid(ether_type) {
            let short = Error::truncated(offset + TAG_LEN, have);
            let ([a, b, c, d], rest) = payload.split_first_chunk().ok_or(short)?;
            let tag = Tag::from_tci(ether_type, u16::from_be_bytes([*a, *b]));
            tags.push(tag).map_err(|_| Error::Field(u16::try_from(offset - 2).unwrap_or(u16::MAX)))?;
            ether_type = EtherType(u16::from_be_bytes([*c, *d]));
            offset += TAG_LEN;
            payload = rest;
        }
        if !ether_type.is_type() {
            let length = usize::from(ether_type.as_length().ok_or(Error::Length(ether_type.0))?);
            payload = payload.get(..length).ok_or(Error::truncated(offset + length, have))?;
        }
        Ok(Self { header, tags, ether_type, payload })
    }

    /// The header; its type field is the TPID of the first tag.
    #[must_use]
    pub fn header(&self) -> Header<'a> {
        self.header
    }

    /// The tags, outermost first.
    #[must_use]
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// The type behind the tags, which may be an IEEE 802.3 length.
    #[must_use]
    pub fn ether_type(&self) -> EtherType {
        self.ether_type
    }

    /// What follows: without padding in an IEEE 802.3 frame, with it else.
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = HardwareAddress::ethernet(self.header.source());
        let destination = HardwareAddress::ethernet(self.header.destination());
        write!(f, "Ethernet {source} > {destination} ")?;
        for tag in &self.tags {
            write!(f, "{tag}, ")?;
        }
        match self.ether_type.as_length() {
            Some(length) => write!(f, "802.3 length {length}")?,
            None => write!(f, "{}", self.ether_type)?,
        }
        write!(f, ", {} octets", self.payload.len())
    }
}

impl fmt::Debug for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The header of a frame with its tags.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Repr {
    /// Whom the frame is for.
    pub destination: [u8; 6],
    /// Who sent it: never a group.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::station))]
    pub source: [u8; 6],
    /// The tags, outermost first.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::list))]
    pub tags: heapless::Vec<Tag, TAGS_MAX>,
    /// What the payload is, or the length of the payload, up to 1500.
    pub ether_type: EtherType,
}

impl Repr {
    /// Takes the header of a frame from one station.
    ///
    /// # Errors
    /// `Field` with the offset of the source, if it is a group, or of a TCI with the reserved VID.
    pub fn parse(packet: &Packet<'_>) -> Result<Self, Error> {
        if ethernet::is_group(&packet.header.source()) {
            return Err(Error::Field(6));
        }
        for (tci, tag) in (14u16..).step_by(TAG_LEN).zip(&packet.tags) {
            if tag.vid == VID_RESERVED {
                return Err(Error::Field(tci));
            }
        }
        Ok(Self {
            destination: packet.header.destination(),
            source: packet.header.source(),
            tags: packet.tags.clone(),
            ether_type: packet.ether_type,
        })
    }

    /// What `emit` writes: 14 octets and 4 a tag.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        ethernet::HEADER_LEN + TAG_LEN * self.tags.len()
    }

    /// Writes the header at the front of `buffer` and returns its length; the payload follows.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` if the source is a group, the type neither a type nor a length, or itself a TPID,
    /// and as [`Tag::to_bytes`].
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let need = self.buffer_len();
        let mut writer = crate::put::Put::new(buffer, need)?;
        let is_possible = self.ether_type.is_type() || self.ether_type.as_length().is_some();
        if ethernet::is_group(&self.source) || !is_possible || is_tpid(self.ether_type) {
            return Err(Error::Unrepresentable);
        }
        writer.octets(&self.destination);
        writer.octets(&self.source);
        for tag in &self.tags {
            writer.octets(&tag.to_bytes()?);
        }
        writer.octets(&self.ether_type.0.to_be_bytes());
        Ok(need)
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    fn repr(tags: &[Tag], ether_type: EtherType) -> Repr {
        let tags = heapless::Vec::from_slice(tags).unwrap();
        Repr { destination: [2, 0, 0, 0, 0, 0xb], source: [2, 0, 0, 0, 0, 0xa], tags, ether_type }
    }

    fn frame(repr: &Repr, payload: &[u8]) -> Vec<u8> {
        let mut bytes = alloc::vec![0; repr.buffer_len()];
        repr.emit(&mut bytes).unwrap();
        bytes.extend(payload);
        bytes
    }

    const SERVICE: Tag =
        Tag { tpid: EtherType::SERVICE_VLAN, priority: 5, is_drop_eligible: true, vid: 0xabc };

    // conf: ETH-VLN-01
    #[test]
    fn tags_have_the_octets_of_802_1q_and_come_back() {
        let bytes = frame(&repr(&[SERVICE, Tag::new(1)], EtherType::IPV4), &[7, 8]);
        assert_eq!(bytes[12..], [0x88, 0xa8, 0xba, 0xbc, 0x81, 0, 0, 1, 8, 0, 7, 8]);
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!(packet.header().ether_type(), EtherType::SERVICE_VLAN);
        assert_eq!(packet.payload(), [7, 8]);
        assert_eq!(
            packet.to_string(),
            "Ethernet 02:00:00:00:00:0a > 02:00:00:00:00:0b service VLAN 2748 priority 5 drop-eligible, VLAN 1, \
             IPv4, 2 octets"
        );
        for priority in 0..8 {
            for is_drop_eligible in [false, true] {
                for vid in [0, 1, 2, 0x7ff, 0x800, 4094] {
                    for tpid in [EtherType::VLAN, EtherType::SERVICE_VLAN] {
                        let tag = Tag { tpid, priority, is_drop_eligible, vid };
                        let want = repr(&[tag], EtherType::IPV6);
                        let bytes = frame(&want, &[]);
                        assert_eq!(bytes.len(), 18);
                        assert_eq!(Repr::parse(&Packet::parse(&bytes).unwrap()), Ok(want));
                        assert_eq!(tag.is_priority_tag(), vid == 0);
                    }
                }
            }
        }
    }

    // conf: ETH-VLN-03
    #[test]
    fn the_reserved_vid_is_refused_both_ways() {
        let mut bytes = frame(&repr(&[Tag::new(9), Tag::new(4094)], EtherType::ARP), &[]);
        bytes[19] = 0xff;
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!(packet.tags()[1].vid, VID_RESERVED);
        assert_eq!(Repr::parse(&packet), Err(Error::Field(18)));
        let wide = Tag { priority: 8, ..Tag::new(1) };
        let other = Tag { tpid: EtherType::IPV4, ..Tag::new(1) };
        for tag in [Tag::new(VID_RESERVED), Tag::new(0x1000), wide, other] {
            let repr = repr(&[tag], EtherType::ARP);
            assert_eq!(repr.emit(&mut [0; 18]), Err(Error::Unrepresentable), "{tag:?}");
        }
        let group = Repr { source: ethernet::BROADCAST, ..repr(&[], EtherType::ARP) };
        assert_eq!(group.emit(&mut [0; 14]), Err(Error::Unrepresentable));
        bytes[6] |= 1;
        assert_eq!(Repr::parse(&Packet::parse(&bytes).unwrap()), Err(Error::Field(6)));
        for ether_type in [EtherType(1501), EtherType::VLAN, EtherType::SERVICE_VLAN] {
            assert_eq!(repr(&[], ether_type).emit(&mut [0; 14]), Err(Error::Unrepresentable));
        }
    }

    // conf: ETH-VLN-06
    #[test]
    fn cut_off_tags_and_tags_beyond_the_bound_are_refused() {
        let tags = [SERVICE, Tag::new(1), Tag::new(2), Tag::new(3)];
        for count in 0..=TAGS_MAX {
            let repr = repr(&tags[..count], EtherType::IPV4);
            let bytes = frame(&repr, &[]);
            assert_eq!(Packet::parse(&bytes).unwrap().tags(), &tags[..count]);
            for len in 0..bytes.len() {
                // What is read next: the header, or the tag that begins in it.
                let need = if len < 14 { 14 } else { 18 + (len - 14) / 4 * 4 };
                assert_eq!(Packet::parse(&bytes[..len]), Err(Error::truncated(need, len)));
                assert_eq!(repr.emit(&mut [0; 40][..len]), Err(Error::no_room(bytes.len(), len)));
            }
        }
        let mut bytes = frame(&repr(&tags, EtherType::IPV4), &[0; 10]);
        bytes[28..30].copy_from_slice(&[0x81, 0]);
        assert_eq!(Packet::parse(&bytes), Err(Error::Field(28)));
    }

    #[test]
    fn the_type_behind_tags_may_be_a_length() {
        let bytes = frame(&repr(&[Tag::new(7)], EtherType(3)), &[0x42, 0x42, 3, 0, 0]);
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!((packet.ether_type(), packet.payload()), (EtherType(3), &[0x42, 0x42, 3][..]));
        assert!(packet.to_string().ends_with("VLAN 7, 802.3 length 3, 3 octets"));
        assert_eq!(Packet::parse(&bytes[..20]), Err(Error::truncated(21, 20)));
        for field in [1501u16, 1535] {
            let mut bytes = bytes.clone();
            bytes[16..18].copy_from_slice(&field.to_be_bytes());
            assert_eq!(Packet::parse(&bytes), Err(Error::Length(field)));
        }
    }
}
