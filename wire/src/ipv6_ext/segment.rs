//! The segment routing header, a routing header of type 4: RFC 8754 §2.
//!
//! ```text
//!  +-------------+-------------+--------------+---------------+
//!  | Next Header | Hdr Ext Len |      4       | Segments Left |
//!  +-------------+-------------+--------------+---------------+
//!  | Last Entry  |    Flags    |             Tag              |
//!  +-------------+-------------+------------------------------+
//!  | Segment List[0], 16 octets: the last segment of the path |
//!  | ... Segment List[Last Entry]: the first                  |
//!  +----------------------------------------------------------+
//!  | TLVs: type, length, value                                |
//! ```

use super::routing::{start, HDR_EXT_LEN, SEGMENTS_LEFT};
use super::{Routing, RoutingType};
use crate::put::Put;
use crate::{Error, IpProtocol};
use core::fmt;
use core::net::Ipv6Addr;

/// Octets in front of the segments.
const HEADER_LEN: usize = 8;
/// A view of the type-specific data of a segment routing header (type 4), RFC 8754 §2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentRouting<'a> {
    flags: u8,
    tag: u16,
    segments: &'a [u8],
    tlvs: &'a [u8],
}

impl<'a> SegmentRouting<'a> {
    /// Takes type-specific data apart; the check of RFC 8754 §4.3.1.1, which points at Segments Left for Last Entry, too.
    pub(super) fn parse(data: &'a [u8], segments_left: u8) -> Result<Self, Error> {
        let ([last_entry, flags, a, b], rest) = data.split_first_chunk().ok_or(Error::Field(HDR_EXT_LEN))?;
        let len = (usize::from(*last_entry) + 1) * 16;
        let (segments, tlvs) = rest.split_at_checked(len).ok_or(Error::Field(SEGMENTS_LEFT))?;
        if usize::from(segments_left) > usize::from(*last_entry) + 1 {
            return Err(Error::Field(SEGMENTS_LEFT));
        }
        Ok(Self { flags: *flags, tag: u16::from_be_bytes([*a, *b]), segments, tlvs })
    }

    /// Flags: RFC 8754 defines none; what others define is kept.
    #[must_use]
    pub const fn flags(&self) -> u8 {
        self.flags
    }

    /// Tag: a class of packets that are treated alike.
    #[must_use]
    pub const fn tag(&self) -> u16 {
        self.tag
    }

    /// Last Entry: index of the first segment of the path in [`Self::segments`].
    #[must_use]
    pub const fn last_entry(&self) -> usize {
        self.segments.len() / 16 - 1
    }

    /// The Segment List as it stands: the last segment of the path first.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = Ipv6Addr> + ExactSizeIterator + 'a {
        self.segments
            .chunks_exact(16)
            .map(|octets| Ipv6Addr::from(<[u8; 16]>::try_from(octets).unwrap_or_default()))
    }

    /// The TLVs, padding included.
    #[must_use]
    pub const fn tlvs(&self) -> Tlvs<'a> {
        Tlvs { rest: self.tlvs, offset: HEADER_LEN + self.segments.len() }
    }
}

/// The path in its order, from the first segment to the last.
impl fmt::Display for SegmentRouting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, segment) in self.segments().rev().enumerate() {
            write!(f, "{}{segment}", if i == 0 { "" } else { " " })?;
        }
        if self.tag != 0 {
            write!(f, " tag {}", self.tag)?;
        }
        for tlv in self.tlvs() {
            match tlv {
                Ok(Tlv::Pad1 | Tlv::PadN(_)) => {}
                Ok(tlv) => write!(f, " {tlv}")?,
                Err(_) => f.write_str(" bad TLV")?,
            }
        }
        Ok(())
    }
}

/// A TLV of a segment routing header, RFC 8754 §2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tlv<'a> {
    /// Type 0: one octet of padding.
    Pad1,
    /// Type 4: padding with this data of at most five octets, zeros when sent.
    PadN(&'a [u8]),
    /// Type 5: HMAC, §2.1.2. Not verified: that takes the key.
    Hmac {
        /// D bit: the destination address is not covered.
        is_destination_excluded: bool,
        /// Which key.
        key_id: u32,
        /// The keyed hash: up to 32 octets, a multiple of eight.
        hmac: &'a [u8],
    },
    /// Any other: type and data.
    Unknown(u8, &'a [u8]),
}

impl Tlv<'_> {
    const PAD_1: u8 = 0;
    const PAD_N: u8 = 4;
    const HMAC: u8 = 5;
    /// Most octets behind type and length of PadN, RFC 8754 §2.1.1.2.
    const PAD_N_MAX: usize = 5;

    /// Octets that it takes, padding in front not.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        match self {
            Self::Pad1 => 1,
            Self::PadN(data) | Self::Unknown(_, data) => 2 + data.len(),
            Self::Hmac { hmac, .. } => 8 + hmac.len(),
        }
    }

    /// Octets of padding in front, so that an HMAC is aligned to 8n.
    fn padding_at(&self, offset: usize) -> usize {
        match self {
            Self::Hmac { .. } => (8 - offset % 8) % 8,
            _ => 0,
        }
    }

    fn write(&self, writer: &mut Put<'_>) -> Result<(), Error> {
        let len = |len: usize| u8::try_from(len).map_err(|_| Error::Unrepresentable);
        match self {
            Self::Pad1 => writer.octets(&[Self::PAD_1]),
            Self::PadN(data) if data.len() > Self::PAD_N_MAX => return Err(Error::Unrepresentable),
            Self::PadN(data) => {
                writer.octets(&[Self::PAD_N, len(data.len())?]);
                writer.pad(data.len());
            }
            Self::Hmac { is_destination_excluded, key_id, hmac } => {
                if hmac.len() > 32 || hmac.len() % 8 != 0 {
                    return Err(Error::Unrepresentable);
                }
                let d = u8::from(*is_destination_excluded) << 7;
                writer.octets(&[Self::HMAC, len(6 + hmac.len())?, d, 0]);
                writer.octets(&key_id.to_be_bytes());
                writer.octets(hmac);
            }
            Self::Unknown(Self::PAD_1 | Self::HMAC, _) => return Err(Error::Unrepresentable),
            Self::Unknown(Self::PAD_N, data) if data.len() <= Self::PAD_N_MAX => {
                return Err(Error::Unrepresentable);
            }
            Self::Unknown(kind, data) => {
                writer.octets(&[*kind, len(data.len())?]);
                writer.octets(data);
            }
        }
        Ok(())
    }
}

impl fmt::Display for Tlv<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pad1 => f.write_str("Pad1"),
            Self::PadN(data) => write!(f, "PadN {}", data.len() + 2),
            Self::Hmac { key_id, .. } => write!(f, "HMAC key {key_id}"),
            Self::Unknown(kind, data) => write!(f, "TLV {kind}, {} octets", data.len()),
        }
    }
}

/// The TLVs of a header, one by one. A wrong length yields one error, `Field` with the offset of the length octet from
/// the start of the routing header, and ends the walk.
#[derive(Debug, Clone)]
pub struct Tlvs<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Iterator for Tlvs<'a> {
    type Item = Result<Tlv<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, after) = self.rest.split_first()?;
        if *kind == Tlv::PAD_1 {
            self.rest = after;
            self.offset += 1;
            return Some(Ok(Tlv::Pad1));
        }
        self.rest = &[];
        let bad = Some(Err(Error::Field(u16::try_from(self.offset + 1).unwrap_or(u16::MAX))));
        let split = after.split_first().and_then(|(len, after)| after.split_at_checked(usize::from(*len)));
        let Some((data, rest)) = split else { return bad };
        let tlv = match (*kind, data) {
            (Tlv::PAD_N, _) if data.len() <= Tlv::PAD_N_MAX => Tlv::PadN(data),
            (Tlv::HMAC, [d, _, a, b, c, e, hmac @ ..]) if hmac.len() <= 32 && hmac.len() % 8 == 0 => {
                let key_id = u32::from_be_bytes([*a, *b, *c, *e]);
                Tlv::Hmac { is_destination_excluded: d & 0x80 != 0, key_id, hmac }
            }
            (Tlv::HMAC, _) => return bad,
            (kind, _) => Tlv::Unknown(kind, data),
        };
        self.rest = rest;
        self.offset += 2 + data.len();
        Some(Ok(tlv))
    }
}

/// A segment routing header to be sent; its inverse is [`SegmentRouting`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentRoutingRepr<'a> {
    /// What follows the header.
    pub next_header: IpProtocol,
    /// Segments Left: at most as many as segments.
    pub segments_left: u8,
    /// Flags: RFC 8754 defines none, 0.
    pub flags: u8,
    /// Tag; 0 if unused.
    pub tag: u16,
    /// The Segment List as it stands, the last segment of the path first: one or more.
    pub segments: &'a [Ipv6Addr],
    /// TLVs; they are padded to their alignment.
    pub tlvs: &'a [Tlv<'a>],
}

impl SegmentRoutingRepr<'_> {
    /// What `emit` writes: a multiple of eight octets.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        let start = self.segments.len().saturating_mul(16).saturating_add(HEADER_LEN);
        let end = self.tlvs.iter().fold(start, |offset, tlv| {
            offset.saturating_add(tlv.padding_at(offset)).saturating_add(tlv.buffer_len())
        });
        end.saturating_add(7) & !7
    }

    /// Writes the header at the front of `buffer` and returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` without segments, with fewer segments than segments left, above 2,048 octets, for
    /// an HMAC of another length than it may have, and for an unknown TLV of a known type.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let need = self.buffer_len();
        let last_entry = self.segments.len().checked_sub(1).ok_or(Error::Unrepresentable)?;
        let last_entry = u8::try_from(last_entry).map_err(|_| Error::Unrepresentable)?;
        if usize::from(self.segments_left) > self.segments.len() {
            return Err(Error::Unrepresentable);
        }
        let mut writer = start(buffer, need, self.next_header, RoutingType::SEGMENT, self.segments_left)?;
        let [high, low] = self.tag.to_be_bytes();
        writer.octets(&[last_entry, self.flags, high, low]);
        for segment in self.segments {
            writer.octets(&segment.octets());
        }
        let mut offset = HEADER_LEN + self.segments.len() * 16;
        for tlv in self.tlvs {
            let padding = tlv.padding_at(offset);
            pad(&mut writer, padding)?;
            tlv.write(&mut writer)?;
            offset += padding + tlv.buffer_len();
        }
        pad(&mut writer, need - offset)?;
        Ok(need)
    }
}

/// Up to seven octets of padding.
fn pad(writer: &mut Put<'_>, len: usize) -> Result<(), Error> {
    match len {
        0 => Ok(()),
        1 => Tlv::Pad1.write(writer),
        _ => Tlv::PadN([0; 8].get(..len - 2).unwrap_or(&[])).write(writer),
    }
}

impl<'a> Routing<'a> {
    /// The segment routing header, if this is one.
    ///
    /// # Errors
    /// As [`Routing::route`].
    pub fn segment_routing(&self) -> Result<Option<SegmentRouting<'a>>, Error> {
        match self.route()? {
            super::Route::Segment(route) => Ok(Some(route)),
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    const A: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    const B: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
    const HMAC: Tlv<'static> = Tlv::Hmac { is_destination_excluded: true, key_id: 9, hmac: &[7; 32] };

    fn repr<'a>(segments: &'a [Ipv6Addr], tlvs: &'a [Tlv<'a>]) -> SegmentRoutingRepr<'a> {
        SegmentRoutingRepr {
            next_header: IpProtocol::UDP,
            segments_left: 1,
            flags: 0,
            tag: 5,
            segments,
            tlvs,
        }
    }

    fn parsed(bytes: &[u8]) -> SegmentRouting<'_> {
        Routing::parse(bytes).unwrap().segment_routing().unwrap().unwrap()
    }

    #[test]
    fn headers_come_back_with_their_tlvs() {
        let short = Tlv::Hmac { is_destination_excluded: false, key_id: u32::MAX, hmac: &[] };
        for (segments, tlvs, len) in [
            (&[A][..], &[][..], 24),
            (&[A, B], &[], 40),
            (&[A; 127], &[], 2040),
            (&[A, B], &[HMAC], 80),
            (&[A], &[Tlv::Unknown(128, &[1, 2, 3]), HMAC, short], 80),
            (&[A], &[Tlv::Unknown(9, &[])], 32),
        ] {
            let repr = repr(segments, tlvs);
            let mut buffer = alloc::vec![0xee; len + 1];
            assert_eq!((repr.emit(&mut buffer), repr.buffer_len()), (Ok(len), len));
            let route = parsed(&buffer);
            assert_eq!((route.flags(), route.tag(), route.last_entry()), (0, 5, segments.len() - 1));
            assert_eq!(route.segments().collect::<Vec<_>>(), segments);
            let is_padding = |tlv: &Tlv<'_>| matches!(tlv, Tlv::Pad1 | Tlv::PadN(_));
            let got: Vec<_> = route.tlvs().map(Result::unwrap).filter(|tlv| !is_padding(tlv)).collect();
            assert_eq!(got, tlvs);
            for cut in 0..len {
                assert!(Routing::parse(&buffer[..cut]).is_err());
                assert_eq!(repr.emit(&mut buffer[..cut]), Err(Error::no_room(len, cut)));
            }
        }
    }

    #[test]
    fn the_path_is_shown_in_its_order() {
        let mut buffer = [0; 80];
        repr(&[B, A], &[HMAC]).emit(&mut buffer).unwrap();
        assert_eq!(buffer[..8], [17, 9, 4, 1, 1, 0, 0, 5]);
        assert_eq!(buffer[40..48], [5, 38, 0x80, 0, 0, 0, 0, 9]);
        let text = Routing::parse(&buffer).unwrap().to_string();
        assert_eq!(text, "segment routing, 1 segments left: 2001:db8::1 2001:db8::2 tag 5 HMAC key 9");
    }

    // RFC 8754 §4.3.1.1: what a node checks before it goes on.
    #[test]
    fn contradictions_are_pointed_at() {
        // Hdr Ext Len, Segments Left, Last Entry, result
        for (units, left, last, want) in [
            (2, 1, 0, Ok(())),
            (2, 2, 0, Err(Error::Field(3))),
            (4, 2, 1, Ok(())),
            (4, 3, 1, Err(Error::Field(3))),
            (4, 0, 2, Err(Error::Field(3))),
            (1, 0, 0, Err(Error::Field(3))),
            (0, 0, 0, Err(Error::Field(3))),
            (255, 0, 127, Err(Error::Field(3))),
            (255, 0, 126, Ok(())),
        ] {
            let mut bytes = alloc::vec![17, units, 4, left, last, 0, 0, 0];
            bytes.resize(usize::from(units) * 8 + 8, 0);
            let route = Routing::parse(&bytes).unwrap().route().map(|_| ());
            assert_eq!(route, want, "{units} {left} {last}");
        }
    }

    #[test]
    fn tlvs_of_wrong_length_end_the_walk() {
        // octets behind one segment, what the walk yields
        for (octets, want) in [
            (&[0, 0, 0, 0, 0, 0, 0, 0][..], alloc::vec![Ok(Tlv::Pad1); 8]),
            (&[4, 6, 0, 0, 0, 0, 0, 0], alloc::vec![Ok(Tlv::Unknown(4, &[0; 6]))]),
            (&[4, 5, 9, 9, 9, 9, 9, 0], alloc::vec![Ok(Tlv::PadN(&[9; 5])), Ok(Tlv::Pad1)]),
            (&[4, 7, 0, 0, 0, 0, 0, 0], alloc::vec![Err(Error::Field(25))]),
            (&[0, 5, 5, 0, 0, 0, 0, 9], alloc::vec![Ok(Tlv::Pad1), Err(Error::Field(26))]),
            (&[9, 5, 1, 1, 1, 1, 1, 9], alloc::vec![Ok(Tlv::Unknown(9, &[1; 5])), Err(Error::Field(32))]),
        ] {
            let mut bytes = alloc::vec![17, 3, 4, 0, 0, 0, 0, 0];
            bytes.extend([0; 16]);
            bytes.extend(octets);
            assert_eq!(parsed(&bytes).tlvs().collect::<Vec<_>>(), want, "{octets:?}");
        }
    }

    #[test]
    fn what_cannot_be_said_is_not_emitted() {
        let mut buffer = [0; 5_000];
        let odd = Tlv::Hmac { is_destination_excluded: false, key_id: 1, hmac: &[0; 12] };
        let long = Tlv::Hmac { is_destination_excluded: false, key_id: 1, hmac: &[0; 40] };
        let padding = [Tlv::PadN(&[0; 6]), Tlv::Unknown(4, &[0; 5])];
        assert!(padding.iter().all(|tlv| repr(&[A], &[*tlv]).emit(&mut buffer).is_err()));
        for tlv in [odd, long, Tlv::Unknown(0, &[]), Tlv::Unknown(5, &[]), Tlv::Unknown(9, &[0; 256])] {
            assert_eq!(repr(&[A], &[tlv]).emit(&mut buffer), Err(Error::Unrepresentable), "{tlv}");
        }
        assert_eq!(repr(&[], &[]).emit(&mut buffer), Err(Error::Unrepresentable));
        assert_eq!(repr(&[A; 128], &[]).emit(&mut buffer), Err(Error::Unrepresentable));
        assert_eq!(repr(&[A; 300], &[]).emit(&mut buffer), Err(Error::Unrepresentable));
        let left = SegmentRoutingRepr { segments_left: 2, ..repr(&[A], &[]) };
        assert_eq!(left.emit(&mut buffer), Err(Error::Unrepresentable));
    }
}
