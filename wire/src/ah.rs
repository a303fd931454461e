//! The Authentication Header, RFC 4302 §2.
//!
//! ```text
//! +---------------+---------------+-------------------------------+
//! |  Next Header  |  Payload Len  |           Reserved            |
//! +---------------+---------------+-------------------------------+
//! |               Security Parameters Index (SPI)                 |
//! +---------------------------------------------------------------+
//! |                       Sequence Number                         |
//! +---------------------------------------------------------------+
//! |           Integrity Check Value, padding included             |
//! +---------------------------------------------------------------+
//! ```
//! Nothing is verified: that takes the key. Payload Len counts words of four octets, less two.
//!
//! ```
//! use tersus_wire::{ah, IpProtocol};
//!
//! let repr = ah::Repr { next_header: IpProtocol::UDP, spi: 0x100, sequence: 1, icv: &[0xab; 12] };
//! let mut buffer = [0; 32];
//! let len = repr.emit(&mut buffer)?;
//!
//! let packet = ah::Packet::parse(&buffer[..len])?;
//! assert_eq!((packet.spi(), packet.icv()), (0x100, &[0xab; 12][..]));
//! # Ok::<(), tersus_wire::Error>(())
//! ```

use crate::cursor::Reader;
use crate::put::Put;
use crate::{Error, IpProtocol};
use core::fmt;

/// Length of the header before its integrity check value, in octets.
pub const HEADER_LEN: usize = 12;
/// Longest integrity check value, in octets.
pub const ICV_LEN_MAX: usize = 1016;

const PAYLOAD_LEN: u16 = 1;

/// A view of the header and of what it protects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    header: &'a [u8; HEADER_LEN],
    icv: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Splits `bytes`, which start with the header.
    ///
    /// # Errors
    /// `Truncated`; `Field` at Payload Len if that is below the header's own twelve octets.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        let header: &[u8; HEADER_LEN] = reader.array()?;
        let len = (usize::from(header[1]) + 2) * 4;
        let icv_len = len.checked_sub(HEADER_LEN).ok_or(Error::Field(PAYLOAD_LEN))?;
        Ok(Self { header, icv: reader.slice(icv_len)?, payload: reader.rest() })
    }

    /// What follows.
    #[must_use]
    pub const fn next_header(&self) -> IpProtocol {
        IpProtocol(self.header[0])
    }

    /// Length of the header, integrity check value included, in octets.
    #[must_use]
    pub const fn header_len(&self) -> usize {
        HEADER_LEN + self.icv.len()
    }

    /// Security Parameters Index: which association protects the packet.
    #[must_use]
    pub const fn spi(&self) -> u32 {
        u32::from_be_bytes([self.header[4], self.header[5], self.header[6], self.header[7]])
    }

    /// Sequence Number.
    #[must_use]
    pub const fn sequence(&self) -> u32 {
        u32::from_be_bytes([self.header[8], self.header[9], self.header[10], self.header[11]])
    }

    /// Integrity Check Value, with what pads it.
    #[must_use]
    pub const fn icv(&self) -> &'a [u8] {
        self.icv
    }

    /// What follows the header.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Repr::parse(self), f)
    }
}

/// The meaning of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Repr<'a> {
    /// What follows.
    pub next_header: IpProtocol,
    /// Security Parameters Index: not 0 on the wire; 1 to 255 are reserved.
    pub spi: u32,
    /// Sequence Number.
    pub sequence: u32,
    /// Integrity Check Value with its padding: a multiple of four octets, over IPv6 four more than one of eight.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::units::<4, 64>))]
    pub icv: &'a [u8],
}

impl<'a> Repr<'a> {
    /// All fields of a header.
    #[must_use]
    pub const fn parse(packet: &Packet<'a>) -> Self {
        Self {
            next_header: packet.next_header(),
            spi: packet.spi(),
            sequence: packet.sequence(),
            icv: packet.icv,
        }
    }

    /// What `emit` writes, in octets.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        HEADER_LEN + self.icv.len()
    }

    /// Writes the header at the front of `buffer` and returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` for an integrity check value of no multiple of four octets or above 1016.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let need = self.buffer_len();
        if self.icv.len() % 4 != 0 || self.icv.len() > ICV_LEN_MAX {
            return Err(Error::Unrepresentable);
        }
        let units = u8::try_from(need / 4 - 2).map_err(|_| Error::Unrepresentable)?;
        let mut writer = Put::new(buffer, need)?;
        writer.octets(&[self.next_header.0, units, 0, 0]);
        writer.octets(&self.spi.to_be_bytes());
        writer.octets(&self.sequence.to_be_bytes());
        writer.octets(self.icv);
        Ok(need)
    }
}

impl fmt::Display for Repr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { next_header, spi, sequence, icv } = self;
        write!(f, "AH SPI 0x{spi:08x} sequence {sequence} ICV {} octets > {next_header}", icv.len())
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn headers_come_back_and_every_truncation_is_refused() {
        for icv_len in [0, 4, 12, 16, 1016] {
            let icv = alloc::vec![7; icv_len];
            let repr = Repr { next_header: IpProtocol::TCP, spi: 0x1234_5678, sequence: 9, icv: &icv };
            let len = HEADER_LEN + icv_len;
            let mut buffer = alloc::vec![0xee; len + 3];
            assert_eq!((repr.emit(&mut buffer), repr.buffer_len()), (Ok(len), len));
            let packet = Packet::parse(&buffer).unwrap();
            assert_eq!((Repr::parse(&packet), packet.payload()), (repr, &[0xee; 3][..]));
            assert_eq!((packet.header_len(), packet.icv()), (len, &icv[..]));
            for cut in 0..len {
                let need = if cut < HEADER_LEN { HEADER_LEN } else { len };
                assert_eq!(Packet::parse(&buffer[..cut]), Err(Error::truncated(need, cut)));
                assert_eq!(repr.emit(&mut alloc::vec![0; cut]), Err(Error::no_room(len, cut)));
            }
        }
    }

    #[test]
    fn lengths_that_cannot_be_are_refused() {
        assert_eq!(Packet::parse(&[6, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]), Err(Error::Field(1)));
        for icv in [&[0; 3][..], &[0; 1020]] {
            let repr = Repr { next_header: IpProtocol::TCP, spi: 1, sequence: 1, icv };
            assert_eq!(repr.emit(&mut [0; 2_000]), Err(Error::Unrepresentable));
        }
        // Twelve octets in front of an ICV of twelve, as RFC 2403 and RFC 2404 have it: Payload Len 4.
        let repr = Repr { next_header: IpProtocol::UDP, spi: 256, sequence: 1, icv: &[0; 12] };
        let mut buffer = [0; 24];
        repr.emit(&mut buffer).unwrap();
        assert_eq!(buffer[..4], [17, 4, 0, 0]);
        assert_eq!(repr.to_string(), "AH SPI 0x00000100 sequence 1 ICV 12 octets > UDP");
        assert_eq!(Packet::parse(&buffer).unwrap().to_string(), repr.to_string());
    }
}
