//! Link fragments, RFC 4944 §5.3.
//!
//! ```text
//!  FRAG1                                          FRAGN
//!  +-----+---------------+----------------+       +-----+---------------+----------------+--------+
//!  |11000| datagram_size | datagram_tag   |       |11100| datagram_size | datagram_tag   | offset |
//!  +-----+---------------+----------------+       +-----+---------------+----------------+--------+
//!     5         11              16                   5         11              16           8
//! ```
//!
//! Size and offset count octets of the uncompressed IPv6 packet, the offset in units of eight.

use crate::Error;
use core::fmt;

/// Length of the header of the first fragment, in octets.
pub const FIRST_HEADER_LEN: usize = 4;
/// Length of the header of a further fragment, in octets.
pub const NEXT_HEADER_LEN: usize = 5;
/// The unit of offsets, in octets: all fragments but the last stand for a multiple of it.
pub const UNIT: usize = 8;
/// The largest `datagram_size`.
pub const SIZE_MAX: u16 = 0x07ff;

const FIRST: u8 = 0b1100_0000;
const NEXT: u8 = 0b1110_0000;

/// The header of a link fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FragmentHeader {
    /// Length of the whole uncompressed IPv6 packet, in octets: at most 2047.
    pub datagram_size: u16,
    /// The same in all fragments of a packet.
    pub datagram_tag: u16,
    /// Offset of the fragment in the uncompressed packet in units of eight octets; `None`: the first fragment.
    pub datagram_offset: Option<u8>,
}

impl FragmentHeader {
    /// Splits `bytes` into the header and the rest.
    ///
    /// # Errors
    /// `Unknown` if the dispatch is none of the two, `Truncated`.
    pub fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let truncated = |need| Error::truncated(need, bytes.len());
        let ([first, size, tag_high, tag_low], rest) =
            bytes.split_first_chunk().ok_or(truncated(FIRST_HEADER_LEN))?;
        let datagram_size = u16::from_be_bytes([first & 0b111, *size]);
        let datagram_tag = u16::from_be_bytes([*tag_high, *tag_low]);
        let (datagram_offset, rest) = match first & 0b1111_1000 {
            FIRST => (None, rest),
            NEXT => {
                let (offset, rest) = rest.split_first().ok_or(truncated(NEXT_HEADER_LEN))?;
                (Some(*offset), rest)
            }
            _ => return Err(Error::Unknown(*first)),
        };
        Ok((Self { datagram_size, datagram_tag, datagram_offset }, rest))
    }

    /// Octets that [`Self::emit`] writes: 4 or 5.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        match self.datagram_offset {
            None => FIRST_HEADER_LEN,
            Some(_) => NEXT_HEADER_LEN,
        }
    }

    /// Writes the header at the front of `buf`.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` if the size is above 2047.
    pub fn emit(&self, buf: &mut [u8]) -> Result<(), Error> {
        if self.datagram_size > SIZE_MAX {
            return Err(Error::Unrepresentable);
        }
        let no_room = Error::no_room(self.buffer_len(), buf.len());
        let kind = if self.datagram_offset.is_none() { FIRST } else { NEXT };
        let [size_high, size_low] = self.datagram_size.to_be_bytes();
        let [tag_high, tag_low] = self.datagram_tag.to_be_bytes();
        let header = [kind | size_high, size_low, tag_high, tag_low];
        match self.datagram_offset {
            None => *buf.first_chunk_mut().ok_or(no_room)? = header,
            Some(offset) => {
                let [a, b, c, d] = header;
                *buf.first_chunk_mut().ok_or(no_room)? = [a, b, c, d, offset];
            }
        }
        Ok(())
    }

    /// Offset in the uncompressed packet, in octets; 0 in the first fragment.
    #[must_use]
    pub fn offset(&self) -> usize {
        usize::from(self.datagram_offset.unwrap_or(0)) * UNIT
    }
}

impl fmt::Display for FragmentHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.datagram_offset.is_none() { "FRAG1" } else { "FRAGN" };
        write!(f, "{kind} size {} tag {} offset {}", self.datagram_size, self.datagram_tag, self.offset())
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;

    // conf: LWP-FRG-01
    #[test]
    fn headers_are_four_and_five_octets() {
        let first = FragmentHeader { datagram_size: 1280, datagram_tag: 0xbeef, datagram_offset: None };
        let next = FragmentHeader { datagram_offset: Some(12), ..first };
        let largest =
            FragmentHeader { datagram_size: 2047, datagram_tag: 0xffff, datagram_offset: Some(255) };
        for (header, want) in [
            (first, &[0xc5, 0x00, 0xbe, 0xef][..]),
            (next, &[0xe5, 0x00, 0xbe, 0xef, 12]),
            (largest, &[0xe7, 0xff, 0xff, 0xff, 255]),
        ] {
            let mut buf = [0x55; 8];
            header.emit(&mut buf).unwrap();
            assert_eq!(buf[..want.len()], *want);
            assert_eq!(buf[want.len()..], [0x55; 8][want.len()..]);
            assert_eq!(FragmentHeader::parse(&buf), Ok((header, &buf[want.len()..])));
            for len in 0..want.len() {
                assert!(matches!(FragmentHeader::parse(&buf[..len]), Err(Error::Truncated { .. })));
                assert!(matches!(header.emit(&mut [0; 8][..len]), Err(Error::NoRoom { .. })));
            }
        }
        assert_eq!(next.to_string(), "FRAGN size 1280 tag 48879 offset 96");
    }

    // conf: LWP-FRG-15
    #[test]
    fn other_dispatch_values_are_no_fragments() {
        for octet in 0..=255u8 {
            let is_fragment = matches!(octet >> 3, 0b11000 | 0b11100);
            assert_eq!(FragmentHeader::parse(&[octet, 40, 0, 0, 0]).is_ok(), is_fragment, "0x{octet:02x}");
        }
        let long = FragmentHeader { datagram_size: 2048, datagram_tag: 0, datagram_offset: None };
        assert_eq!(long.emit(&mut [0; 8]), Err(Error::Unrepresentable));
    }
}
