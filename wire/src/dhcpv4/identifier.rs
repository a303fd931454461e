//! Who a client is: what option 61 holds.
//!
//! ```text
//!   +------+-----------------------------------+
//!   | type | identifier …                      |   RFC 2132 §9.14: of a hardware type, or 0: something else
//!   +------+---------------------------+-------+
//!   | 255  | IAID (4)                  | DUID …   RFC 4361 §6.1: the same as in DHCPv6
//!   +------+---------------------------+-------+
//! ```
//!
//! A server compares the octets whole and takes nothing from them; it returns them as they came (RFC 6842). A client
//! keeps the same identifier across boots.

use super::Value;
use crate::put::Put;
use crate::{Error, HardwareAddress};
use core::fmt;

/// The type of identifiers that RFC 4361 has.
const NODE_SPECIFIC: u8 = 255;
/// Octets of a DUID without its type, at least and at most, RFC 8415 §11.1; of the type two more.
const DUID_LEN: core::ops::RangeInclusive<usize> = 3..=130;

/// A client identifier, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum ClientIdentifier<'a> {
    /// A hardware type but 0 and 255, and an address of it: the interface is the client.
    Hardware(
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::hardware_type))] u8,
        &'a [u8],
    ),
    /// Type 255: one of the interfaces of a node, RFC 4361 §6.1.
    Node {
        /// IAID: which interface, by a number that the node chose.
        iaid: u32,
        /// DUID: which node. Two octets of type and one to 128 more.
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::duid))]
        duid: &'a [u8],
    },
    /// Type 0: anything else, such as a name.
    Other(&'a [u8]),
}

impl<'a> ClientIdentifier<'a> {
    /// From the octets of the option, put together by [`Value::copy_to`] or [`Value::as_slice`].
    ///
    /// # Errors
    /// `Length` below two octets, and for a DUID below three or above 130.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Error> {
        let length = Error::Length(u16::try_from(octets.len()).unwrap_or(u16::MAX));
        match octets {
            [] | [_] => Err(length),
            [0, octets @ ..] => Ok(Self::Other(octets)),
            [NODE_SPECIFIC, a, b, c, d, duid @ ..] if DUID_LEN.contains(&duid.len()) => {
                Ok(Self::Node { iaid: u32::from_be_bytes([*a, *b, *c, *d]), duid })
            }
            [NODE_SPECIFIC, ..] => Err(length),
            [kind, address @ ..] => Ok(Self::Hardware(*kind, address)),
        }
    }

    /// Octets that [`Self::emit`] writes.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        match self {
            Self::Hardware(_, octets) | Self::Other(octets) => octets.len().saturating_add(1),
            Self::Node { duid, .. } => duid.len().saturating_add(5),
        }
    }

    /// Writes the identifier to the front of `buffer`, from where an option takes it.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` for a hardware type of 0 or 255, without an octet of identifier, and for a DUID of
    /// fewer than three octets or more than 130.
    pub fn emit<'b>(&self, buffer: &'b mut [u8]) -> Result<Value<'b>, Error> {
        let is_possible = match self {
            Self::Hardware(kind, address) => !matches!(*kind, 0 | NODE_SPECIFIC) && !address.is_empty(),
            Self::Node { duid, .. } => DUID_LEN.contains(&duid.len()),
            Self::Other(octets) => !octets.is_empty(),
        };
        if !is_possible {
            return Err(Error::Unrepresentable);
        }
        let need = self.buffer_len();
        let mut out = Put::new(buffer, need)?;
        match self {
            Self::Hardware(kind, address) => {
                out.octets(&[*kind]);
                out.octets(address);
            }
            Self::Node { iaid, duid } => {
                out.octets(&[NODE_SPECIFIC]);
                out.octets(&iaid.to_be_bytes());
                out.octets(duid);
            }
            Self::Other(octets) => {
                out.octets(&[0]);
                out.octets(octets);
            }
        }
        let octets: &'b [u8] = buffer;
        Ok(octets.get(..need).unwrap_or_default().into())
    }
}

impl fmt::Display for ClientIdentifier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = |f: &mut fmt::Formatter<'_>, octets: &[u8]| {
            octets.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
        };
        match self {
            Self::Hardware(1, octets) if octets.len() == 6 => match HardwareAddress::from_bytes(octets) {
                Some(address) => write!(f, "{address}"),
                None => hex(f, octets),
            },
            Self::Hardware(kind, octets) => {
                write!(f, "of hardware {kind} ")?;
                hex(f, octets)
            }
            Self::Node { iaid, duid } => {
                write!(f, "IAID {iaid} DUID ")?;
                hex(f, duid)
            }
            Self::Other(octets) => {
                let value = Value::from(*octets);
                write!(f, "{value}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::super::{Opt, Packet, Repr};
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn identifiers_are_taken_apart_and_put_together() {
        // DUID type 3, RFC 8415 §11.4: hardware type 1 and an address.
        let duid = [0, 3, 0, 1, 2, 0, 0, 0, 0, 1];
        for (identifier, octets, text) in [
            (
                ClientIdentifier::Hardware(1, &[2, 0, 0, 0, 0, 1]),
                &[1, 2, 0, 0, 0, 0, 1][..],
                "02:00:00:00:00:01",
            ),
            (ClientIdentifier::Hardware(27, &[7]), &[27, 7], "of hardware 27 07"),
            (
                ClientIdentifier::Node { iaid: 258, duid: &duid },
                &[255, 0, 0, 1, 2, 0, 3, 0, 1, 2, 0, 0, 0, 0, 1],
                "IAID 258 DUID 00030001020000000001",
            ),
            (ClientIdentifier::Other(b"lamp"), b"\0lamp", "\"lamp\""),
        ] {
            assert_eq!(ClientIdentifier::parse(octets), Ok(identifier));
            assert_eq!(identifier.to_string(), text);
            let mut buffer = [0; 40];
            for len in 0..octets.len() {
                let refused = identifier.emit(&mut buffer[..len]);
                assert_eq!(refused, Err(Error::no_room(octets.len(), len)));
            }
            let value = identifier.emit(&mut buffer).unwrap();
            assert!(value == *octets);
            // In a message, and on its line.
            let mut message = [0; 300];
            let client = HardwareAddress::ethernet([2, 0, 0, 0, 0, 1]);
            Repr::discover(1, client).emit(&[Opt::ClientIdentifier(value)], &mut message).unwrap();
            let packet = Packet::parse(&message).unwrap();
            let read = packet.parameters().client_identifier.unwrap();
            assert_eq!(ClientIdentifier::parse(read.as_slice().unwrap()), Ok(identifier));
            assert!(packet.to_string().ends_with(&alloc::format!(", client {text}")), "{packet}");
        }
    }

    #[test]
    fn what_is_no_identifier_is_refused_both_ways() {
        for (octets, length) in [(&[][..], 0), (&[1], 1), (&[255, 0, 0, 0, 1, 0, 3], 7), (&[255; 136], 136)] {
            assert_eq!(ClientIdentifier::parse(octets), Err(Error::Length(length)));
        }
        let mut buffer = [0; 200];
        for identifier in [
            ClientIdentifier::Hardware(0, &[1]),
            ClientIdentifier::Hardware(255, &[1]),
            ClientIdentifier::Hardware(1, &[]),
            ClientIdentifier::Node { iaid: 1, duid: &[0, 3] },
            ClientIdentifier::Node { iaid: 1, duid: &[0; 131] },
            ClientIdentifier::Other(&[]),
        ] {
            assert_eq!(identifier.emit(&mut buffer), Err(Error::Unrepresentable), "{identifier:?}");
        }
        // The line of one that cannot be taken apart has its octets.
        assert_eq!(Opt::ClientIdentifier((&[255, 1]).into()).to_string(), "client ff01");
    }
}
