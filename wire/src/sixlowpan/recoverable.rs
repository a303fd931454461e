//! Recoverable fragments and their acknowledgement, RFC 8931 §5.
//!
//! ```text
//!  RFRAG      |1 1 1 0 1 0 0|E| Datagram_Tag |X| Sequence | Fragment_Size | Fragment_Offset |
//!                 7          1       8        1     5           10              16
//!  RFRAG-ACK  |1 1 1 0 1 0 1|E| Datagram_Tag | RFRAG Acknowledgment Bitmap |
//!                 7          1       8                   32
//! ```
//!
//! Sizes and offsets count octets of the compressed datagram, unlike those of RFC 4944.

use crate::put::Put;
use crate::Error;
use core::fmt;

/// Length of the header of a recoverable fragment, and of an acknowledgement, in octets.
pub const HEADER_LEN: usize = 6;
/// The largest Fragment_Size, in octets.
pub const FRAGMENT_SIZE_MAX: u16 = 0x03ff;
/// The largest Sequence.
pub const SEQUENCE_MAX: u8 = 31;

const RFRAG: u8 = 0b1110_1000;
const RFRAG_ACK: u8 = 0b1110_1010;
const DISPATCH_MASK: u8 = 0b1111_1110;
const E_FLAG: u8 = 1;
const X_FLAG: u16 = 0x8000;

/// The header of a recoverable fragment, RFC 8931 §5.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct RecoverableFragment {
    /// E: congestion was met on the way.
    pub ecn: bool,
    /// Datagram_Tag: tells the datagrams of the previous hop apart.
    pub datagram_tag: u8,
    /// X: an acknowledgement is asked for.
    pub ack_request: bool,
    /// Sequence: number of the fragment in the datagram, 0 to 31.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<31>))]
    pub sequence: u8,
    /// Fragment_Size, in octets: at most 1023.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u16::<0x3ff>))]
    pub fragment_size: u16,
    /// Fragment_Offset, in octets; in the first fragment (Sequence 0) the length of the whole compressed datagram. 0: the
    /// datagram is given up.
    pub fragment_offset: u16,
}

impl RecoverableFragment {
    /// Splits `bytes` into the header and the rest. That so many octets follow as Fragment_Size says is for the caller to
    /// check.
    ///
    /// # Errors
    /// `Unknown` with the dispatch octet if it is another; `Truncated`.
    pub fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let (&[dispatch, datagram_tag, a, b, c, d], rest) = split(RFRAG, bytes)?;
        let field = u16::from_be_bytes([a, b]);
        let [sequence, _] = (field >> 10 & 0x1f).to_le_bytes();
        let header = Self {
            ecn: dispatch & E_FLAG != 0,
            datagram_tag,
            ack_request: field & X_FLAG != 0,
            sequence,
            fragment_size: field & FRAGMENT_SIZE_MAX,
            fragment_offset: u16::from_be_bytes([c, d]),
        };
        Ok((header, rest))
    }

    /// Writes the header at the front of `buffer`; returns its length, 6.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` if the size is above 1023 or the sequence above 31.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        if self.fragment_size > FRAGMENT_SIZE_MAX || self.sequence > SEQUENCE_MAX {
            return Err(Error::Unrepresentable);
        }
        let x = if self.ack_request { X_FLAG } else { 0 };
        let field = x | u16::from(self.sequence) << 10 | self.fragment_size;
        let mut out = Put::new(buffer, HEADER_LEN)?;
        out.octets(&[RFRAG | u8::from(self.ecn), self.datagram_tag]);
        out.octets(&field.to_be_bytes());
        out.octets(&self.fragment_offset.to_be_bytes());
        Ok(HEADER_LEN)
    }
}

impl fmt::Display for RecoverableFragment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RFRAG tag {} seq {} size {}", self.datagram_tag, self.sequence, self.fragment_size)?;
        match (self.fragment_offset, self.sequence) {
            (0, _) => f.write_str(" abort")?,
            (size, 0) => write!(f, " of {size}")?,
            (offset, _) => write!(f, " offset {offset}")?,
        }
        f.write_str(if self.ack_request { " wants ack" } else { "" })?;
        f.write_str(if self.ecn { " congested" } else { "" })
    }
}

/// The acknowledgement of recoverable fragments, RFC 8931 §5.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct RecoverableAck {
    /// E: congestion was met by a fragment.
    pub ecn: bool,
    /// Datagram_Tag of the fragments.
    pub datagram_tag: u8,
    /// Which fragments arrived, Sequence 0 in the highest bit. All: the whole datagram; none: it is given up.
    pub bitmap: u32,
}

impl RecoverableAck {
    /// Splits `bytes` into the header and the rest.
    ///
    /// # Errors
    /// `Unknown` with the dispatch octet if it is another; `Truncated`.
    pub fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let (&[dispatch, datagram_tag, a, b, c, d], rest) = split(RFRAG_ACK, bytes)?;
        let bitmap = u32::from_be_bytes([a, b, c, d]);
        Ok((Self { ecn: dispatch & E_FLAG != 0, datagram_tag, bitmap }, rest))
    }

    /// Writes the header at the front of `buffer`; returns its length, 6.
    ///
    /// # Errors
    /// `NoRoom`.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let mut out = Put::new(buffer, HEADER_LEN)?;
        out.octets(&[RFRAG_ACK | u8::from(self.ecn), self.datagram_tag]);
        out.octets(&self.bitmap.to_be_bytes());
        Ok(HEADER_LEN)
    }

    /// Whether the fragment with this Sequence arrived; `false` above 31.
    #[must_use]
    pub fn has(&self, sequence: u8) -> bool {
        let bit = (1u32 << 31).checked_shr(u32::from(sequence)).unwrap_or(0);
        self.bitmap & bit != 0
    }
}

impl fmt::Display for RecoverableAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RFRAG-ACK tag {}", self.datagram_tag)?;
        match self.bitmap {
            0 => f.write_str(" abort")?,
            u32::MAX => f.write_str(" all")?,
            bitmap => write!(f, " bitmap {bitmap:032b}")?,
        }
        f.write_str(if self.ecn { " congested" } else { "" })
    }
}

/// Splits `bytes` into a header of this dispatch value, whole, and the rest.
fn split(dispatch: u8, bytes: &[u8]) -> Result<(&[u8; HEADER_LEN], &[u8]), Error> {
    let truncated = Error::truncated(HEADER_LEN, bytes.len());
    let &first = bytes.first().ok_or(truncated)?;
    if first & DISPATCH_MASK != dispatch {
        return Err(Error::Unknown(first));
    }
    bytes.split_first_chunk().ok_or(truncated)
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;

    const FRAGMENT: RecoverableFragment = RecoverableFragment {
        ecn: false,
        datagram_tag: 0xbe,
        ack_request: true,
        sequence: 21,
        fragment_size: 0x155,
        fragment_offset: 0x0102,
    };

    // conf: LWP-FRG-15
    #[test]
    fn the_headers_are_six_octets_each() {
        let first = RecoverableFragment { ecn: true, sequence: 0, ack_request: false, ..FRAGMENT };
        let last = RecoverableFragment { sequence: 31, fragment_size: 1023, fragment_offset: 0, ..FRAGMENT };
        for (header, want, text) in [
            (FRAGMENT, [0xe8, 0xbe, 0xd5, 0x55, 1, 2], "RFRAG tag 190 seq 21 size 341 offset 258 wants ack"),
            (first, [0xe9, 0xbe, 0x01, 0x55, 1, 2], "RFRAG tag 190 seq 0 size 341 of 258 congested"),
            (last, [0xe8, 0xbe, 0xff, 0xff, 0, 0], "RFRAG tag 190 seq 31 size 1023 abort wants ack"),
        ] {
            let mut buffer = [0xee; 7];
            assert_eq!(header.emit(&mut buffer), Ok(6));
            assert_eq!((&buffer[..6], buffer[6]), (&want[..], 0xee));
            assert_eq!(RecoverableFragment::parse(&buffer), Ok((header, &[0xee][..])));
            assert_eq!(header.to_string(), text);
            for cut in 0..6 {
                assert_eq!(RecoverableFragment::parse(&want[..cut]), Err(Error::truncated(6, cut)));
                assert_eq!(header.emit(&mut [0; 6][..cut]), Err(Error::no_room(6, cut)));
            }
        }
        let ack = RecoverableAck { ecn: true, datagram_tag: 7, bitmap: 0x8000_0001 };
        for (ack, want, text) in [
            (
                ack,
                [0xeb, 7, 0x80, 0, 0, 1],
                "RFRAG-ACK tag 7 bitmap 10000000000000000000000000000001 congested",
            ),
            (RecoverableAck { ecn: false, bitmap: 0, ..ack }, [0xea, 7, 0, 0, 0, 0], "RFRAG-ACK tag 7 abort"),
            (
                RecoverableAck { ecn: false, bitmap: u32::MAX, ..ack },
                [0xea, 7, 0xff, 0xff, 0xff, 0xff],
                "RFRAG-ACK tag 7 all",
            ),
        ] {
            let mut buffer = [0xee; 7];
            assert_eq!(ack.emit(&mut buffer), Ok(6));
            assert_eq!((&buffer[..6], buffer[6]), (&want[..], 0xee));
            assert_eq!(RecoverableAck::parse(&buffer), Ok((ack, &[0xee][..])));
            assert_eq!(ack.to_string(), text);
            for cut in 0..6 {
                assert_eq!(RecoverableAck::parse(&want[..cut]), Err(Error::truncated(6, cut)));
                assert_eq!(ack.emit(&mut [0; 6][..cut]), Err(Error::no_room(6, cut)));
            }
        }
        assert!(ack.has(0) && ack.has(31) && !ack.has(1) && !ack.has(32) && !ack.has(255));
    }

    // conf: LWP-FRG-15
    #[test]
    fn other_dispatch_values_are_neither() {
        for octet in 0..=255u8 {
            let bytes = [octet, 1, 2, 3, 4, 5];
            let is_fragment = octet >> 1 == 0b111_0100;
            let is_ack = octet >> 1 == 0b111_0101;
            assert_eq!(RecoverableFragment::parse(&bytes).is_ok(), is_fragment, "0x{octet:02x}");
            assert_eq!(RecoverableAck::parse(&bytes).is_ok(), is_ack, "0x{octet:02x}");
            if !is_fragment {
                assert_eq!(RecoverableFragment::parse(&bytes), Err(Error::Unknown(octet)));
            }
        }
        for wrong in [
            RecoverableFragment { fragment_size: 1024, ..FRAGMENT },
            RecoverableFragment { sequence: 32, ..FRAGMENT },
        ] {
            assert_eq!(wrong.emit(&mut [0; 6]), Err(Error::Unrepresentable));
        }
    }
}
