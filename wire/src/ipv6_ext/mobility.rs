//! The mobility header, RFC 6275 §6.1: recognised, its messages not taken apart.
//!
//! ```text
//!  +---------------+-------------+---------+----------+
//!  | Payload Proto | Header Len  | MH Type | Reserved |
//!  +---------------+-------------+---------+----------+
//!  |           Checksum          | message data       |
//! ```
//! It has the form of an extension header, but Payload Proto is always No Next Header: to a host without mobility it is
//! an upper-layer protocol that it does not know.

use crate::checksum::Sum;
use crate::cursor::Reader;
use crate::put::Put;
use crate::{ip, Error, IpProtocol};
use core::fmt;
use core::net::Ipv6Addr;

/// Length of what all mobility messages have, in octets: Payload Proto to Checksum.
pub const MOBILITY_HEADER_LEN: usize = 6;
const CHECKSUM: usize = 4;

/// A mobility header, with its checksum apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Mobility<'a> {
    /// What follows: No Next Header.
    pub payload_proto: IpProtocol,
    /// MH Type: which message, IANA "Mobility Header Types".
    pub mh_type: u8,
    /// Message data: two octets, or eight times n more.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::mobility_data))]
    pub data: &'a [u8],
}

impl<'a> Mobility<'a> {
    /// The header at the start of `bytes`, and its checksum; what follows it is ignored.
    ///
    /// # Errors
    /// `Truncated`.
    pub fn parse(bytes: &'a [u8]) -> Result<(Self, u16), Error> {
        let mut reader = Reader::new(bytes);
        let [payload_proto, units, mh_type, _, a, b] = *reader.array()?;
        let data = reader.slice(usize::from(units) * 8 + 2)?;
        Ok((Self { payload_proto: IpProtocol(payload_proto), mh_type, data }, u16::from_be_bytes([a, b])))
    }

    /// Whether the checksum over a pseudo-header and `bytes`, the header and nothing else, is right.
    #[must_use]
    pub fn is_checksum_valid(source: Ipv6Addr, destination: Ipv6Addr, bytes: &[u8]) -> bool {
        sum(source, destination, bytes).is_valid()
    }

    /// What `emit` writes: a multiple of eight octets.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        MOBILITY_HEADER_LEN + self.data.len()
    }

    /// Writes the header with its checksum at the front of `buffer` and returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` if the data are not two octets, or eight times n more, up to 2,042.
    pub fn emit(&self, source: Ipv6Addr, destination: Ipv6Addr, buffer: &mut [u8]) -> Result<usize, Error> {
        let need = self.buffer_len();
        let units = need.checked_sub(8).filter(|_| need % 8 == 0).map(|rest| rest / 8);
        let units = units.and_then(|units| u8::try_from(units).ok()).ok_or(Error::Unrepresentable)?;
        let mut writer = Put::new(buffer, need)?;
        writer.octets(&[self.payload_proto.0, units, self.mh_type, 0, 0, 0]);
        writer.octets(self.data);
        let written = buffer.get_mut(..need).unwrap_or(&mut []);
        let checksum = sum(source, destination, written).checksum();
        if let Some(field) = written.get_mut(CHECKSUM..CHECKSUM + 2) {
            field.copy_from_slice(&checksum.to_be_bytes());
        }
        Ok(need)
    }
}

fn sum(source: Ipv6Addr, destination: Ipv6Addr, bytes: &[u8]) -> Sum {
    let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    ip::pseudo_header(source.into(), destination.into(), IpProtocol::MOBILITY, len).add_bytes(bytes)
}

impl fmt::Display for Mobility<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.mh_type {
            0 => "binding refresh request",
            1 => "home test init",
            2 => "care-of test init",
            3 => "home test",
            4 => "care-of test",
            5 => "binding update",
            6 => "binding acknowledgement",
            7 => "binding error",
            other => return write!(f, "Mobility type {other}, {} octets", self.buffer_len()),
        };
        write!(f, "Mobility {name}, {} octets", self.buffer_len())
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;

    const A: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    const B: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);

    #[test]
    fn headers_come_back_with_a_right_checksum() {
        for (mh_type, len) in [(0, 2), (1, 10), (5, 26), (99, 2042)] {
            let data = alloc::vec![0x5a; len];
            let repr = Mobility { payload_proto: IpProtocol::NO_NEXT_HEADER, mh_type, data: &data };
            let mut buffer = alloc::vec![0; len + 6];
            assert_eq!((repr.emit(A, B, &mut buffer), repr.buffer_len()), (Ok(len + 6), len + 6));
            let (got, checksum) = Mobility::parse(&buffer).unwrap();
            assert_eq!((got, checksum.to_be_bytes()), (repr, [buffer[4], buffer[5]]));
            assert!(Mobility::is_checksum_valid(A, B, &buffer));
            for cut in 0..buffer.len() {
                let need = if cut < 6 { 6 } else { len + 6 };
                assert_eq!(Mobility::parse(&buffer[..cut]), Err(Error::truncated(need, cut)));
            }
            assert_eq!(repr.emit(A, B, &mut buffer[..len]), Err(Error::no_room(len + 6, len)));
            buffer[7] ^= 1;
            assert!(!Mobility::is_checksum_valid(A, B, &buffer));
        }
    }

    #[test]
    fn odd_lengths_are_not_emitted_and_messages_are_named() {
        let repr = Mobility { payload_proto: IpProtocol::NO_NEXT_HEADER, mh_type: 5, data: &[0; 10] };
        assert_eq!(repr.to_string(), "Mobility binding update, 16 octets");
        assert_eq!(Mobility { mh_type: 77, ..repr }.to_string(), "Mobility type 77, 16 octets");
        for data in [&[][..], &[0; 3], &[0; 2050]] {
            assert_eq!(Mobility { data, ..repr }.emit(A, B, &mut [0; 3_000]), Err(Error::Unrepresentable));
        }
    }
}
