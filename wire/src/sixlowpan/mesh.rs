//! The headers of a frame that is forwarded below IP: mesh addressing, RFC 4944 §5.2, and broadcast, §11.1.
//!
//! ```text
//!  +-+-+-+-+-+-+-+-+---------------------+---------------------+
//!  |1 0|V|F|HopsLft| originator (8 or 2) | final dest (8 or 2) |   V, F: that address is short
//!  +-+-+-+-+-+-+-+-+---------------------+---------------------+
//!  |1 0|V|F|1 1 1 1| Deep Hops Left      | addresses as above  |   15 hops and more
//!
//!  |0 1 0 1 0 0 0 0| Sequence Number     |                         LOWPAN_BC0
//! ```
//!
//! They stand in front of fragment headers, mesh first. Nothing is forwarded here.

use crate::put::Put;
use crate::{Error, HardwareAddress};
use core::fmt;

const MESH: u8 = 0b1000_0000;
const MESH_MASK: u8 = 0b1100_0000;
const ORIGINATOR_IS_SHORT: u8 = 0b0010_0000;
const FINAL_IS_SHORT: u8 = 0b0001_0000;
/// Hops Left of the form in which another octet holds them.
const DEEP: u8 = 0x0f;
const BROADCAST: u8 = 0b0101_0000;

/// Length of a broadcast header, in octets.
pub const BROADCAST_LEN: usize = 2;

/// A mesh addressing header, RFC 4944 §5.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeshHeader {
    /// Hops Left: how often the frame may still be forwarded. 15 and more take an octet of their own.
    pub hops_left: u8,
    /// Who sent the packet: an address of IEEE 802.15.4.
    pub originator: HardwareAddress,
    /// For whom it is: an address of IEEE 802.15.4.
    pub final_destination: HardwareAddress,
}

/// An address at the front of `bytes`, and what follows it.
fn split_address(is_short: bool, bytes: &[u8]) -> Option<(HardwareAddress, &[u8])> {
    let (octets, rest) = bytes.split_at_checked(address_len(is_short))?;
    Some((HardwareAddress::from_bytes(octets)?, rest))
}

const fn address_len(is_short: bool) -> usize {
    if is_short {
        2
    } else {
        8
    }
}

impl MeshHeader {
    /// Splits `bytes` into the header and the rest.
    ///
    /// # Errors
    /// `Unknown` with the dispatch octet if it is another; `Truncated`.
    pub fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let have = bytes.len();
        let (&first, rest) = bytes.split_first().ok_or(Error::truncated(1, have))?;
        if first & MESH_MASK != MESH {
            return Err(Error::Unknown(first));
        }
        let is_deep = first & DEEP == DEEP;
        let (originator, last) = (first & ORIGINATOR_IS_SHORT != 0, first & FINAL_IS_SHORT != 0);
        let need = 1 + usize::from(is_deep) + address_len(originator) + address_len(last);
        let truncated = Error::truncated(need, have);
        let (hops_left, rest) = if is_deep {
            let (&hops_left, rest) = rest.split_first().ok_or(truncated)?;
            (hops_left, rest)
        } else {
            (first & DEEP, rest)
        };
        let (originator, rest) = split_address(originator, rest).ok_or(truncated)?;
        let (final_destination, rest) = split_address(last, rest).ok_or(truncated)?;
        Ok((Self { hops_left, originator, final_destination }, rest))
    }

    /// Octets that [`Self::emit`] writes: 5 to 18.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        let deep_len = usize::from(self.hops_left >= DEEP);
        1 + deep_len + self.originator.as_bytes().len() + self.final_destination.as_bytes().len()
    }

    /// Writes the header at the front of `buffer`; returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` if an address is none of IEEE 802.15.4.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let flag = |address: &HardwareAddress, short: u8| match address.as_bytes().len() {
            2 => Ok(short),
            8 => Ok(0),
            _ => Err(Error::Unrepresentable),
        };
        let flags =
            flag(&self.originator, ORIGINATOR_IS_SHORT)? | flag(&self.final_destination, FINAL_IS_SHORT)?;
        let mut out = Put::new(buffer, self.buffer_len())?;
        out.octets(&[MESH | flags | self.hops_left.min(DEEP)]);
        if self.hops_left >= DEEP {
            out.octets(&[self.hops_left]);
        }
        out.octets(self.originator.as_bytes());
        out.octets(self.final_destination.as_bytes());
        Ok(self.buffer_len())
    }
}

impl fmt::Display for MeshHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mesh {} > {} hops left {}", self.originator, self.final_destination, self.hops_left)
    }
}

/// A broadcast header, LOWPAN_BC0, RFC 4944 §11.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct BroadcastHeader {
    /// Sequence Number: tells duplicates.
    pub sequence: u8,
}

impl BroadcastHeader {
    /// Splits `bytes` into the header and the rest.
    ///
    /// # Errors
    /// `Unknown` with the dispatch octet if it is another; `Truncated`.
    pub fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let truncated = Error::truncated(BROADCAST_LEN, bytes.len());
        let (&first, rest) = bytes.split_first().ok_or(truncated)?;
        if first != BROADCAST {
            return Err(Error::Unknown(first));
        }
        let (&sequence, rest) = rest.split_first().ok_or(truncated)?;
        Ok((Self { sequence }, rest))
    }

    /// Writes the header at the front of `buffer`; returns its length, 2.
    ///
    /// # Errors
    /// `NoRoom`.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        Put::new(buffer, BROADCAST_LEN)?.octets(&[BROADCAST, self.sequence]);
        Ok(BROADCAST_LEN)
    }
}

impl fmt::Display for BroadcastHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BC0 seq {}", self.sequence)
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;

    const SHORT: HardwareAddress = HardwareAddress::short(0x1234);
    const LONG: HardwareAddress = HardwareAddress::extended([2, 0, 0, 0, 0, 0, 0, 1]);

    // conf: LWP-DSP-06
    #[test]
    fn a_mesh_header_survives_with_both_kinds_of_addresses_and_any_number_of_hops() {
        for (originator, final_destination, flags) in
            [(SHORT, SHORT, 0xb0), (LONG, SHORT, 0x90), (SHORT, LONG, 0xa0), (LONG, LONG, 0x80)]
        {
            for hops_left in 0..=255 {
                let header = MeshHeader { hops_left, originator, final_destination };
                let mut buffer = [0xee; 20];
                let len = header.emit(&mut buffer).unwrap();
                assert_eq!((len, buffer[len]), (header.buffer_len(), 0xee));
                assert_eq!(buffer[0], flags | hops_left.min(15));
                assert_eq!(MeshHeader::parse(&buffer), Ok((header, &buffer[len..])));
                for cut in 0..len {
                    let need = if cut == 0 { 1 } else { len };
                    assert_eq!(MeshHeader::parse(&buffer[..cut]), Err(Error::truncated(need, cut)));
                    assert_eq!(header.emit(&mut [0; 20][..cut]), Err(Error::no_room(len, cut)));
                }
            }
        }
        let header = MeshHeader { hops_left: 14, originator: SHORT, final_destination: SHORT };
        let mut buffer = [0; 6];
        assert_eq!(header.emit(&mut buffer), Ok(5));
        assert_eq!(buffer, [0xbe, 0x12, 0x34, 0x12, 0x34, 0]);
        assert_eq!(MeshHeader { hops_left: 15, ..header }.emit(&mut buffer), Ok(6));
        assert_eq!(buffer, [0xbf, 15, 0x12, 0x34, 0x12, 0x34]);
        // The deep form may hold a number that would not have needed it.
        assert_eq!(
            MeshHeader::parse(&[0xbf, 1, 0x12, 0x34, 0x12, 0x34]),
            Ok((MeshHeader { hops_left: 1, ..header }, &[][..]))
        );
        assert_eq!(header.to_string(), "mesh 12:34 > 12:34 hops left 14");
        for other in [HardwareAddress::NONE, HardwareAddress::ETHERNET_BROADCAST] {
            let header = MeshHeader { originator: other, ..header };
            assert_eq!(header.emit(&mut [0; 20]), Err(Error::Unrepresentable));
        }
    }

    // conf: LWP-DSP-06, LWP-DSP-07
    #[test]
    fn other_dispatch_values_are_neither() {
        for octet in 0..=255u8 {
            let bytes = [octet; 20];
            assert_eq!(MeshHeader::parse(&bytes).is_ok(), octet >> 6 == 0b10, "0x{octet:02x}");
            assert_eq!(BroadcastHeader::parse(&bytes).is_ok(), octet == 0x50, "0x{octet:02x}");
        }
        assert_eq!(MeshHeader::parse(&[0xc0]), Err(Error::Unknown(0xc0)));
        assert_eq!(BroadcastHeader::parse(&[0x51, 0]), Err(Error::Unknown(0x51)));
    }

    // conf: LWP-DSP-07
    #[test]
    fn a_broadcast_header_is_two_octets() {
        let header = BroadcastHeader { sequence: 9 };
        let mut buffer = [0xee; 3];
        assert_eq!(header.emit(&mut buffer), Ok(2));
        assert_eq!(buffer, [0x50, 9, 0xee]);
        assert_eq!(BroadcastHeader::parse(&buffer), Ok((header, &[0xee][..])));
        for cut in 0..2 {
            assert_eq!(BroadcastHeader::parse(&buffer[..cut]), Err(Error::truncated(2, cut)));
            assert_eq!(header.emit(&mut [0; 2][..cut]), Err(Error::no_room(2, cut)));
        }
        assert_eq!(header.to_string(), "BC0 seq 9");
    }
}
