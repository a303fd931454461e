//! The fragment header, RFC 8200 §4.5.
//!
//! ```text
//! +---------------+---------------+-------------------------+---+-+
//! |  Next Header  |   Reserved    |     Fragment Offset     |Res|M|
//! +---------------+---------------+-------------------------+---+-+
//! |                        Identification                         |
//! +---------------------------------------------------------------+
//! ```

use crate::{Error, IpProtocol};
use core::fmt;

/// Length of a fragment header, in octets.
pub const FRAGMENT_LEN: usize = 8;

/// The fragment header, RFC 8200 §4.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Fragment {
    /// Next Header: the first header of the fragmentable part. Only the first fragment's counts.
    pub next_header: IpProtocol,
    /// Fragment Offset, in octets: a multiple of eight.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::fragment_offset))]
    pub offset: u16,
    /// M flag: more fragments follow.
    pub more: bool,
    /// Identification.
    pub identification: u32,
}

impl Fragment {
    /// Reads the header at the start of `bytes`. Reserved bits are ignored.
    ///
    /// # Errors
    /// `Truncated` below eight octets.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let header: &[u8; FRAGMENT_LEN] =
            bytes.first_chunk().ok_or_else(|| Error::truncated(FRAGMENT_LEN, bytes.len()))?;
        let field = u16::from_be_bytes([header[2], header[3]]);
        Ok(Self {
            next_header: IpProtocol(header[0]),
            offset: field & 0xfff8,
            more: field & 1 != 0,
            identification: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
        })
    }

    /// Whether it holds the whole packet, RFC 6946: it is then no fragment but to its form.
    #[must_use]
    pub fn is_atomic(&self) -> bool {
        self.offset == 0 && !self.more
    }

    /// The header's octets; an offset that is no multiple of eight is rounded down.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; FRAGMENT_LEN] {
        let [c, d] = ((self.offset & 0xfff8) | u16::from(self.more)).to_be_bytes();
        let [e, f, g, h] = self.identification.to_be_bytes();
        [self.next_header.0, 0, c, d, e, f, g, h]
    }

    /// Writes the header; returns its length.
    ///
    /// # Errors
    /// `NoRoom` below eight octets; `Unrepresentable` if the offset is no multiple of eight.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let have = buffer.len();
        let to: &mut [u8; FRAGMENT_LEN] =
            buffer.first_chunk_mut().ok_or_else(|| Error::no_room(FRAGMENT_LEN, have))?;
        if self.offset & 7 != 0 {
            return Err(Error::Unrepresentable);
        }
        *to = self.to_bytes();
        Ok(FRAGMENT_LEN)
    }
}

impl fmt::Display for Fragment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.more { "+" } else { "" };
        write!(f, "fragment {:08x} at {}{more} of {}", self.identification, self.offset, self.next_header)
    }
}
