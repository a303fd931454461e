//! The Encapsulating Security Payload, RFC 4303 §2, as far as it is visible without the key.
//!
//! ```text
//! +---------------------------------------------------------------+
//! |               Security Parameters Index (SPI)                 |
//! +---------------------------------------------------------------+
//! |                       Sequence Number                         |
//! +---------------------------------------------------------------+
//! |   encrypted: payload, padding, Pad Length, Next Header        |
//! |   integrity check value, of a length that only the key tells  |
//! +---------------------------------------------------------------+
//! ```
//! [`Trailer`] takes the end of the decrypted part apart.
//!
//! ```
//! use tersus_wire::{esp, IpProtocol};
//!
//! let mut buffer = [0; 64];
//! let len = esp::Repr { spi: 0x100, sequence: 1 }.emit(&mut buffer)?;
//! let plain = &mut buffer[len..];
//! plain[..5].copy_from_slice(b"hello");
//! let len = 5 + esp::Trailer::emit(5, 4, IpProtocol::UDP, &mut plain[5..])?; // then `plain[..len]` is encrypted
//!
//! let trailer = esp::Trailer::parse(&plain[..len])?; // once it is decrypted
//! assert_eq!((trailer.payload, trailer.next_header), (&b"hello"[..], IpProtocol::UDP));
//! assert_eq!(esp::Packet::parse(&buffer)?.sequence(), 1);
//! # Ok::<(), tersus_wire::Error>(())
//! ```

use crate::cursor::Reader;
use crate::put::Put;
use crate::{Error, IpProtocol};
use core::fmt;

/// Length of what is visible, in octets.
pub const HEADER_LEN: usize = 8;

/// A view of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    spi: u32,
    sequence: u32,
    protected: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Splits `bytes` into what is visible and the rest.
    ///
    /// # Errors
    /// `Truncated` below eight octets.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        let header: &[u8; HEADER_LEN] = reader.array()?;
        let [a, b, c, d, e, f, g, h] = *header;
        Ok(Self {
            spi: u32::from_be_bytes([a, b, c, d]),
            sequence: u32::from_be_bytes([e, f, g, h]),
            protected: reader.rest(),
        })
    }

    /// Security Parameters Index: which association protects the packet.
    #[must_use]
    pub const fn spi(&self) -> u32 {
        self.spi
    }

    /// Sequence Number, or the lower half of an extended one.
    #[must_use]
    pub const fn sequence(&self) -> u32 {
        self.sequence
    }

    /// What is encrypted, and the integrity check value.
    #[must_use]
    pub const fn protected(&self) -> &'a [u8] {
        self.protected
    }
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} octets", Repr::parse(self), self.protected.len())
    }
}

/// What is visible of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Repr {
    /// Security Parameters Index: not 0 on the wire; 1 to 255 are reserved.
    pub spi: u32,
    /// Sequence Number.
    pub sequence: u32,
}

impl Repr {
    /// Both fields of a packet.
    #[must_use]
    pub const fn parse(packet: &Packet<'_>) -> Self {
        Self { spi: packet.spi, sequence: packet.sequence }
    }

    /// What `emit` writes: 8 octets.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        HEADER_LEN
    }

    /// Writes both fields at the front of `buffer` and returns their length; the protected part follows.
    ///
    /// # Errors
    /// `NoRoom` below eight octets.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let mut writer = Put::new(buffer, HEADER_LEN)?;
        writer.octets(&self.spi.to_be_bytes());
        writer.octets(&self.sequence.to_be_bytes());
        Ok(HEADER_LEN)
    }
}

impl fmt::Display for Repr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ESP SPI 0x{:08x} sequence {}", self.spi, self.sequence)
    }
}

/// The end of the decrypted part, RFC 4303 §2.4 to §2.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Trailer<'a> {
    /// What was protected.
    pub payload: &'a [u8],
    /// The padding; its octets are 1, 2, 3, ... unless the cipher says otherwise.
    pub padding: &'a [u8],
    /// What the payload is.
    pub next_header: IpProtocol,
}

impl<'a> Trailer<'a> {
    /// Takes `plain`, the decrypted part without the integrity check value, apart.
    ///
    /// # Errors
    /// `Truncated` below two octets, or if the padding is longer than what is there.
    pub fn parse(plain: &'a [u8]) -> Result<Self, Error> {
        let have = plain.len();
        let (front, [pad_len, next_header]) = plain.split_last_chunk().ok_or(Error::truncated(2, have))?;
        let need = usize::from(*pad_len);
        let payload_len = front.len().checked_sub(need).ok_or(Error::truncated(need + 2, have))?;
        let (payload, padding) =
            front.split_at_checked(payload_len).ok_or(Error::truncated(need + 2, have))?;
        Ok(Self { payload, padding, next_header: IpProtocol(*next_header) })
    }

    /// Writes the trailer of `payload_len` octets at the front of `buffer`, padded by 1, 2, 3, ... so that the
    /// protected part is a multiple of four octets and of `block_len`; returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` if more than 255 octets of padding were needed.
    pub fn emit(
        payload_len: usize,
        block_len: u8,
        next_header: IpProtocol,
        buffer: &mut [u8],
    ) -> Result<usize, Error> {
        let mut padding = 0_u8;
        let is_aligned = |padding: u8| {
            let len = payload_len.saturating_add(usize::from(padding) + 2);
            len % 4 == 0 && len % usize::from(block_len).max(1) == 0
        };
        while !is_aligned(padding) {
            padding = padding.checked_add(1).ok_or(Error::Unrepresentable)?;
        }
        let need = usize::from(padding) + 2;
        let mut writer = Put::new(buffer, need)?;
        for octet in 1..=padding {
            writer.octets(&[octet]);
        }
        writer.octets(&[padding, next_header.0]);
        Ok(need)
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn packets_come_back_and_every_truncation_is_refused() {
        let repr = Repr { spi: 0xdead_beef, sequence: 77 };
        let mut buffer = [9; 30];
        assert_eq!((repr.emit(&mut buffer), repr.buffer_len()), (Ok(8), 8));
        assert_eq!(buffer[..8], [0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 77]);
        let packet = Packet::parse(&buffer).unwrap();
        assert_eq!((Repr::parse(&packet), packet.protected()), (repr, &[9; 22][..]));
        assert_eq!(packet.to_string(), "ESP SPI 0xdeadbeef sequence 77, 22 octets");
        for cut in 0..8 {
            assert_eq!(Packet::parse(&buffer[..cut]), Err(Error::truncated(8, cut)));
            assert_eq!(repr.emit(&mut [0; 8][..cut]), Err(Error::no_room(8, cut)));
        }
    }

    #[test]
    fn trailers_pad_to_the_block_and_come_back() {
        // payload, block, padding
        for (len, block, padding) in
            [(0, 1, 2), (2, 0, 0), (3, 4, 3), (20, 16, 10), (30, 16, 0), (31, 16, 15), (0, 128, 126)]
        {
            let trailer = Trailer::emit(len, block, IpProtocol::IPV6, &mut [0; 300]).unwrap();
            assert_eq!(trailer, padding + 2, "{len} {block}");
            let mut plain = alloc::vec![0xaa; len + trailer];
            Trailer::emit(len, block, IpProtocol::IPV6, &mut plain[len..]).unwrap();
            let got = Trailer::parse(&plain).unwrap();
            assert_eq!((got.payload.len(), got.padding.len()), (len, padding));
            assert_eq!(got.next_header, IpProtocol::IPV6);
            assert!(got.padding.iter().copied().eq(1..=u8::try_from(padding).unwrap()));
            let room = Trailer::emit(len, block, IpProtocol::IPV6, &mut plain[len..][..trailer - 1]);
            assert_eq!(room, Err(Error::no_room(trailer, trailer - 1)));
        }
        // 4 and 255 have no common multiple within reach.
        let far = Trailer::emit(0, 255, IpProtocol::IPV6, &mut [0; 300]);
        assert_eq!(far, Err(Error::Unrepresentable));
        assert_eq!(Trailer::parse(&[0]), Err(Error::truncated(2, 1)));
        assert_eq!(Trailer::parse(&[1, 2, 3, 6]), Err(Error::truncated(5, 4)));
        assert_eq!(Trailer::parse(&[1, 2, 2, 6]).unwrap().payload, []);
    }
}
