//! A UDP header as NHC encodes it, RFC 6282 §4.3.
//!
//! ```text
//!   0   1   2   3   4   5   6   7
//! +---+---+---+---+---+---+---+---+
//! | 1   1   1   1   0 | C |   P   |   then ports (P: 4, 3, 3 or 1 octets), checksum (C = 0)
//! +---+---+---+---+---+---+---+---+
//! ```
//!
//! The length is always that of what follows. This is the header alone, behind an [`iphc::Repr`](super::iphc::Repr).

use super::cursor::{Reader, Writer};
use super::nhc;
use super::Error;
use crate::checksum::Sum;
use crate::udp;

/// Most octets that the encoding takes.
pub const ENCODED_LEN_MAX: usize = 7;
const ENCODING_MASK: u8 = 0b1111_1000;
const PORTS_MASK: u8 = 0b11;

/// What an encoded UDP header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Repr {
    /// Source Port; 0 if no answer is expected.
    pub src_port: u16,
    /// Destination Port.
    pub dst_port: u16,
    /// Checksum, over the header as it is uncompressed; `None` if elided. To leave it out is for an upper layer to
    /// authorise, RFC 6282 §4.3.2; who restores it computes it.
    pub checksum: Option<u16>,
}

impl Repr {
    /// Reads the encoding at the front of `bytes`; gives what follows, too.
    ///
    /// # Errors
    /// `Truncated`; `NextHeader` if another header is encoded there.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let mut reader = Reader { rest: bytes };
        let octet = reader.octet()?;
        if octet & ENCODING_MASK != nhc::UDP {
            return Err(Error::NextHeader(octet));
        }
        let (src_port, dst_port) = match octet & PORTS_MASK {
            0 => (reader.u16()?, reader.u16()?),
            1 => (reader.u16()?, 0xf000 | u16::from(reader.octet()?)),
            2 => (0xf000 | u16::from(reader.octet()?), reader.u16()?),
            _ => {
                let both = u16::from(reader.octet()?);
                (0xf0b0 | both >> 4, 0xf0b0 | both & 0x0f)
            }
        };
        let checksum = if octet & nhc::CHECKSUM_MASK == 0 { Some(reader.u16()?) } else { None };
        let header = Self { src_port, dst_port, checksum };
        Ok((header, reader.rest))
    }

    /// Octets that `emit` writes: 2 to 7.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        let ports = match self.ports() {
            3 => 1,
            0 => 4,
            _ => 3,
        };
        1 + ports + if self.checksum.is_some() { 2 } else { 0 }
    }

    /// Writes the encoding to the front of `buffer` and returns its length.
    ///
    /// # Errors
    /// `NoRoom`; what was written then is of no use.
    #[inline]
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let mut writer = Writer::new(buffer);
        let ports = self.ports();
        let elided = if self.checksum.is_none() { nhc::CHECKSUM_MASK } else { 0 };
        let encoding = nhc::UDP | elided | ports;
        let ([s0, s1], [d0, d1]) = (self.src_port.to_be_bytes(), self.dst_port.to_be_bytes());
        match ports {
            0 => writer.put(&[encoding, s0, s1, d0, d1])?,
            1 => writer.put(&[encoding, s0, s1, d1])?,
            2 => writer.put(&[encoding, s1, d0, d1])?,
            _ => writer.put(&[encoding, s1 << 4 | d1 & 0x0f])?,
        }
        if let Some(checksum) = self.checksum {
            writer.put(&checksum.to_be_bytes())?;
        }
        Ok(writer.len())
    }

    /// Whether the checksum of the datagram with this `payload` is right. One that was elided is not wrong here.
    /// `addresses` is the sum over both addresses, [`ip::pseudo_addresses`](crate::ip::pseudo_addresses).
    #[must_use]
    #[inline]
    pub fn is_intact(&self, payload: &[u8], addresses: Sum) -> bool {
        let Some(checksum) = self.checksum else { return true };
        let Ok(length) = u16::try_from(nhc::UDP_HEADER_LEN + payload.len()) else { return false };
        let header = udp::Repr { src_port: self.src_port, dst_port: self.dst_port };
        header.checksum(length, addresses, Sum::new().add_bytes(payload)) == checksum
    }

    /// P: which bits of the ports are elided.
    #[inline]
    fn ports(&self) -> u8 {
        if self.src_port & 0xfff0 == 0xf0b0 && self.dst_port & 0xfff0 == 0xf0b0 {
            3
        } else if self.dst_port & 0xff00 == 0xf000 {
            1
        } else if self.src_port & 0xff00 == 0xf000 {
            2
        } else {
            0
        }
    }
}
