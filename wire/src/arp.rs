//! ARP for IPv4 over Ethernet, RFC 826.
//!
//! ```text
//!    0                   1                   2                   3
//!    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//!   +-------------------------------+-------------------------------+
//!   |          hrd = 1              |         pro = 0x0800          |
//!   +---------------+---------------+-------------------------------+
//!   |    hln = 6    |    pln = 4    |              op               |
//!   +---------------+---------------+-------------------------------+
//!   |          sha: sender hardware address, 6 octets               |
//!   |          spa: sender protocol address, 4 octets               |
//!   |          tha: target hardware address, 6 octets               |
//!   |          tpa: target protocol address, 4 octets               |
//!   +---------------------------------------------------------------+
//! ```
//!
//! [`Packet`] refuses other hardware and protocols. [`general`] shows
//! packets of any kind.
//!
//! ```
//! use tersus_wire::{arp, HardwareAddress};
//!
//! let request = arp::Repr {
//!     operation: arp::Operation::Request,
//!     sender_hardware: HardwareAddress::ethernet([2, 0, 0, 0, 0, 1]),
//!     sender_protocol: [192, 0, 2, 1].into(),
//!     target_hardware: HardwareAddress::NONE, // it is what is asked for
//!     target_protocol: [192, 0, 2, 2].into(),
//! };
//! let mut packet = [0; arp::LEN];
//! request.emit(&mut packet)?;
//!
//! let read = arp::Packet::parse(&packet)?;
//! assert_eq!(read.to_string(), "ARP who has 192.0.2.2? tell 192.0.2.1 at 02:00:00:00:00:01");
//!
//! // Who is asked answers with the roles exchanged.
//! let me = HardwareAddress::ethernet([2, 0, 0, 0, 0, 2]);
//! let reply = arp::Repr {
//!     operation: arp::Operation::Reply,
//!     sender_hardware: me,
//!     sender_protocol: read.target_protocol(),
//!     target_hardware: read.sender_hardware(),
//!     target_protocol: read.sender_protocol(),
//! };
//! reply.emit(&mut packet)?;
//! assert_eq!(arp::Packet::parse(&packet)?.to_string(), "ARP 192.0.2.2 is at 02:00:00:00:00:02");
//! # Ok::<(), tersus_wire::Error>(())
//! ```

pub mod general;

use crate::{Error, HardwareAddress};
use core::fmt;
use core::net::Ipv4Addr;

/// Length of a packet, in octets. A link may pad behind it.
pub const LEN: usize = 28;

/// The octets up to `op`: Ethernet, IPv4, and their address lengths.
const KIND: [u8; 6] = [0, 1, 8, 0, 6, 4];
/// Offsets of the fields that [`KIND`] holds.
const HRD: u16 = 0;
const PRO: u16 = 2;
const HLN: u16 = 4;
const PLN: u16 = 5;
const OP: usize = 6;
const SHA: usize = 8;
const SPA: usize = 14;
const THA: usize = 18;
const TPA: usize = 24;

/// What a packet is, RFC 826 `ar$op`; IANA "ARP Parameters".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// 1: who has the target protocol address?
    Request,
    /// 2: the sender has it.
    Reply,
    /// RARP, InARP and others.
    Unknown(u16),
}

impl From<u16> for Operation {
    fn from(op: u16) -> Self {
        match op {
            1 => Self::Request,
            2 => Self::Reply,
            other => Self::Unknown(other),
        }
    }
}

impl From<Operation> for u16 {
    fn from(op: Operation) -> Self {
        match op {
            Operation::Request => 1,
            Operation::Reply => 2,
            Operation::Unknown(other) => other,
        }
    }
}

/// A view of an ARP packet for IPv4 over Ethernet.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a> {
    octets: &'a [u8; LEN],
}

impl<'a> Packet<'a> {
    /// Checks that `bytes` hold a packet of the one kind known here; padding behind it is ignored.
    ///
    /// # Errors
    /// `Truncated` below 28 octets; `Field` with the offset of hardware type, protocol type or a length that is
    /// not that of IPv4 over Ethernet.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let (octets, _) = bytes.split_first_chunk::<LEN>().ok_or(Error::truncated(LEN, bytes.len()))?;
        let [hrd0, hrd1, pro0, pro1, hln, pln] = KIND;
        match [octets[0], octets[1], octets[2], octets[3], octets[4], octets[5]] {
            [a, b, ..] if [a, b] != [hrd0, hrd1] => Err(Error::Field(HRD)),
            [_, _, a, b, ..] if [a, b] != [pro0, pro1] => Err(Error::Field(PRO)),
            [.., a, _] if a != hln => Err(Error::Field(HLN)),
            [.., a] if a != pln => Err(Error::Field(PLN)),
            _ => Ok(Self { octets }),
        }
    }

    /// Request, reply or another operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        u16::from_be_bytes([self.octets[OP], self.octets[OP + 1]]).into()
    }

    /// Who sends: its Ethernet address.
    #[must_use]
    pub fn sender_hardware(&self) -> HardwareAddress {
        let o = self.octets;
        HardwareAddress::ethernet([o[SHA], o[SHA + 1], o[SHA + 2], o[SHA + 3], o[SHA + 4], o[SHA + 5]])
    }

    /// Who sends: its IPv4 address; 0.0.0.0 in a probe, RFC 5227 §1.1.
    #[must_use]
    pub fn sender_protocol(&self) -> Ipv4Addr {
        let o = self.octets;
        Ipv4Addr::new(o[SPA], o[SPA + 1], o[SPA + 2], o[SPA + 3])
    }

    /// Whose Ethernet address is wanted, or who wanted to know. Without meaning in a request.
    #[must_use]
    pub fn target_hardware(&self) -> HardwareAddress {
        let o = self.octets;
        HardwareAddress::ethernet([o[THA], o[THA + 1], o[THA + 2], o[THA + 3], o[THA + 4], o[THA + 5]])
    }

    /// Whose Ethernet address is wanted, or who wanted to know: the IPv4 address.
    #[must_use]
    pub fn target_protocol(&self) -> Ipv4Addr {
        let o = self.octets;
        Ipv4Addr::new(o[TPA], o[TPA + 1], o[TPA + 2], o[TPA + 3])
    }
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Repr::parse(self).fmt(f)
    }
}

/// An ARP packet's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Repr {
    /// Request, reply or another.
    pub operation: Operation,
    /// The sender's Ethernet address.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::ethernet_address))]
    pub sender_hardware: HardwareAddress,
    /// The sender's IPv4 address.
    pub sender_protocol: Ipv4Addr,
    /// The target's Ethernet address; [`HardwareAddress::NONE`] is emitted as zeros.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::ethernet_address))]
    pub target_hardware: HardwareAddress,
    /// The target's IPv4 address.
    pub target_protocol: Ipv4Addr,
}

impl Repr {
    /// All fields of a packet.
    #[must_use]
    pub fn parse(packet: &Packet<'_>) -> Self {
        Self {
            operation: packet.operation(),
            sender_hardware: packet.sender_hardware(),
            sender_protocol: packet.sender_protocol(),
            target_hardware: packet.target_hardware(),
            target_protocol: packet.target_protocol(),
        }
    }

    /// What `emit` writes, in octets.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        LEN
    }

    /// Writes the packet to the front of `buffer`.
    ///
    /// # Errors
    /// `NoRoom` below 28 octets; `Unrepresentable` if a hardware address is not Ethernet's.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<(), Error> {
        let have = buffer.len();
        let (octets, _) = buffer.split_first_chunk_mut::<LEN>().ok_or(Error::no_room(LEN, have))?;
        let Some([a, b, c, d, e, f]) = self.sender_hardware.as_ethernet() else {
            return Err(Error::Unrepresentable);
        };
        let target =
            if self.target_hardware.is_none() { Some([0; 6]) } else { self.target_hardware.as_ethernet() };
        let Some([g, h, i, j, k, l]) = target else { return Err(Error::Unrepresentable) };
        let [hrd0, hrd1, pro0, pro1, hln, pln] = KIND;
        let [op0, op1] = u16::from(self.operation).to_be_bytes();
        let [s0, s1, s2, s3] = self.sender_protocol.octets();
        let [t0, t1, t2, t3] = self.target_protocol.octets();
        *octets = [
            hrd0, hrd1, pro0, pro1, hln, pln, op0, op1, a, b, c, d, e, f, s0, s1, s2, s3, g, h, i, j, k, l,
            t0, t1, t2, t3,
        ];
        Ok(())
    }
}

impl fmt::Display for Repr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sender_hardware: sha, sender_protocol: spa, target_protocol: tpa, .. } = self;
        match self.operation {
            Operation::Request if spa.is_unspecified() => write!(f, "ARP probe for {tpa} by {sha}"),
            Operation::Request if spa == tpa => write!(f, "ARP announcement {spa} is at {sha}"),
            Operation::Request => write!(f, "ARP who has {tpa}? tell {spa} at {sha}"),
            Operation::Reply => write!(f, "ARP {spa} is at {sha}"),
            Operation::Unknown(op) => write!(f, "ARP operation {op} from {spa} at {sha} to {tpa}"),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;

    const A: HardwareAddress = HardwareAddress::ethernet([2, 0, 0, 0, 0, 0xa]);
    const B: HardwareAddress = HardwareAddress::ethernet([2, 0, 0, 0, 0, 0xb]);

    /// 192.0.2.1 at A asks who has 192.0.2.2.
    const REQUEST: [u8; LEN] =
        [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 0xa, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 192, 0, 2, 2];

    fn request() -> Repr {
        Repr {
            operation: Operation::Request,
            sender_hardware: A,
            sender_protocol: Ipv4Addr::new(192, 0, 2, 1),
            target_hardware: HardwareAddress::NONE,
            target_protocol: Ipv4Addr::new(192, 0, 2, 2),
        }
    }

    #[test]
    fn a_request_has_the_octets_of_rfc_826() {
        let mut buffer = [0xee; 30];
        assert_eq!(request().buffer_len(), 28);
        request().emit(&mut buffer).unwrap();
        assert_eq!(buffer[..LEN], REQUEST);
        assert_eq!(buffer[LEN..], [0xee; 2]);
    }

    #[test]
    fn packets_round_trip() {
        for op in [0, 1, 2, 3, 9, 0x8001] {
            let repr = Repr { operation: op.into(), target_hardware: B, ..request() };
            let mut buffer = [0; LEN];
            repr.emit(&mut buffer).unwrap();
            let packet = Packet::parse(&buffer).unwrap();
            assert_eq!(Repr::parse(&packet), repr);
            assert_eq!(u16::from(packet.operation()), op);
        }
    }

    // conf: ETH-ARP-04
    #[test]
    fn other_kinds_and_short_packets_are_refused() {
        for (offset, field) in [(0, 0), (1, 0), (2, 2), (3, 2), (4, 4), (5, 5)] {
            for bit in 0..8 {
                let mut packet = REQUEST;
                packet[offset] ^= 1 << bit;
                assert_eq!(Packet::parse(&packet).unwrap_err(), Error::Field(field), "octet {offset}");
            }
        }
        for len in 0..LEN {
            assert_eq!(Packet::parse(&REQUEST[..len]).unwrap_err(), Error::truncated(LEN, len));
        }
        // Ethernet pads to 46 octets.
        let mut padded = [0; 46];
        padded[..LEN].copy_from_slice(&REQUEST);
        assert!(Packet::parse(&padded).is_ok());
    }

    #[test]
    fn what_does_not_fit_is_not_emitted() {
        for len in 0..LEN {
            assert_eq!(request().emit(&mut [0; LEN][..len]), Err(Error::no_room(LEN, len)));
        }
        let short = Repr { sender_hardware: HardwareAddress::short(1), ..request() };
        assert_eq!(short.emit(&mut [0; LEN]), Err(Error::Unrepresentable));
        let short = Repr { target_hardware: HardwareAddress::short(1), ..request() };
        assert_eq!(short.emit(&mut [0; LEN]), Err(Error::Unrepresentable));
    }

    #[test]
    fn packets_are_shown_as_a_person_reads_them() {
        let spa = Ipv4Addr::new(192, 0, 2, 2);
        for (repr, want) in [
            (request(), "ARP who has 192.0.2.2? tell 192.0.2.1 at 02:00:00:00:00:0a"),
            (
                Repr { sender_protocol: Ipv4Addr::UNSPECIFIED, ..request() },
                "ARP probe for 192.0.2.2 by 02:00:00:00:00:0a",
            ),
            (
                Repr { sender_protocol: spa, ..request() },
                "ARP announcement 192.0.2.2 is at 02:00:00:00:00:0a",
            ),
            (Repr { operation: Operation::Reply, ..request() }, "ARP 192.0.2.1 is at 02:00:00:00:00:0a"),
            (
                Repr { operation: Operation::Unknown(9), ..request() },
                "ARP operation 9 from 192.0.2.1 at 02:00:00:00:00:0a to 192.0.2.2",
            ),
        ] {
            let mut buffer = [0; LEN];
            repr.emit(&mut buffer).unwrap();
            assert_eq!(Packet::parse(&buffer).unwrap().to_string(), want);
        }
    }
}
