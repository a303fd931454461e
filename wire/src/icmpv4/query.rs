//! The query messages beside echo: router discovery (RFC 1256), timestamp and information (RFC 792), address mask
//! (RFC 950). All but router discovery are out of use (RFC 6918); a host sees them nevertheless.
//!
//! ```text
//!   type 9    Num Addrs | Addr Entry Size | Lifetime | so many times: router address, preference level
//!   type 10   reserved (4)
//!   13, 14    Identifier | Sequence Number | Originate, Receive and Transmit Timestamp (4 each)
//!   15, 16    Identifier | Sequence Number
//!   17, 18    Identifier | Sequence Number | Address Mask (4)
//! ```

use super::{fill_checksum, Packet, Type, HEADER_LEN};
use crate::put::Put;
use crate::Error;
use core::fmt;
use core::net::Ipv4Addr;

/// Words of 32 bits that an address and its preference take.
const ENTRY_WORDS: u8 = 2;

/// The routers of an advertisement, each with how preferable it is as default router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Routers<'a> {
    octets: &'a [u8],
    /// Addr Entry Size: 2 or more.
    words: u8,
}

impl<'a> Routers<'a> {
    /// From the octets of its entries, an address and a preference of four octets each; `None` if they are no multiple
    /// of eight, or not one to 255.
    #[must_use]
    pub fn new(octets: &'a [u8]) -> Option<Self> {
        let fits = octets.len() % 8 == 0 && matches!(octets.len() / 8, 1..=255);
        fits.then_some(Self { octets, words: ENTRY_WORDS })
    }

    /// How many there are, at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "never empty")]
    pub fn len(&self) -> usize {
        self.octets.len() / self.entry_len()
    }

    /// Addresses and preferences, one after the other; a preference of `i32::MIN`: not as default router.
    pub fn iter(&self) -> impl Iterator<Item = (Ipv4Addr, i32)> + 'a {
        self.octets.chunks_exact(self.entry_len()).filter_map(|entry| {
            let &[a, b, c, d, e, f, g, h] = entry.first_chunk()?;
            Some((Ipv4Addr::new(a, b, c, d), i32::from_be_bytes([e, f, g, h])))
        })
    }

    fn entry_len(&self) -> usize {
        usize::from(self.words.max(ENTRY_WORDS)) * 4
    }
}

/// A query message other than echo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Query<'a> {
    /// Type 9, RFC 1256 §3.
    RouterAdvertisement {
        /// 0, or 16: no forwarder of common traffic (RFC 5944 §2.1).
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::advertisement_code))]
        code: u8,
        /// How long the addresses are valid, in seconds.
        lifetime: u16,
        /// The router's addresses.
        routers: Routers<'a>,
    },
    /// Type 10, RFC 1256 §3.
    RouterSolicitation,
    /// Type 13.
    Timestamp {
        /// Identifier.
        identifier: u16,
        /// Sequence Number.
        sequence: u16,
        /// When the sender last touched it, in milliseconds since midnight UT, if the highest bit is clear.
        originate: u32,
    },
    /// Type 14.
    TimestampReply {
        /// Identifier of the request.
        identifier: u16,
        /// Sequence Number of the request.
        sequence: u16,
        /// Originate Timestamp of the request.
        originate: u32,
        /// When the request came.
        receive: u32,
        /// When the reply left.
        transmit: u32,
    },
    /// Type 15.
    InformationRequest {
        /// Identifier.
        identifier: u16,
        /// Sequence Number.
        sequence: u16,
    },
    /// Type 16.
    InformationReply {
        /// Identifier of the request.
        identifier: u16,
        /// Sequence Number of the request.
        sequence: u16,
    },
    /// Type 17.
    AddressMaskRequest {
        /// Identifier.
        identifier: u16,
        /// Sequence Number.
        sequence: u16,
    },
    /// Type 18.
    AddressMaskReply {
        /// Identifier of the request.
        identifier: u16,
        /// Sequence Number of the request.
        sequence: u16,
        /// The mask.
        mask: Ipv4Addr,
    },
}

impl<'a> Query<'a> {
    /// The message's meaning. The checksum is not looked at.
    ///
    /// # Errors
    /// `Unknown`, with the type, for all other messages; `Truncated` if it is shorter than its type; of router discovery
    /// what RFC 1256 §5.2 and §4.2 have discarded: `Field(1)` for an impossible code, `Length` for no address or an entry size
    /// below two words.
    pub fn parse(packet: &Packet<'a>) -> Result<Self, Error> {
        let (identifier, sequence) = (packet.identifier(), packet.sequence());
        let body = packet.body();
        let have = HEADER_LEN + body.len();
        let truncated = |len: usize| Error::truncated(HEADER_LEN + len, have);
        Ok(match packet.message_type() {
            Type::ROUTER_ADVERTISEMENT => {
                let [number, words, l0, l1] = packet.rest_of_header();
                if !is_advertisement_code(packet.code()) {
                    return Err(Error::Field(1));
                }
                if number == 0 {
                    return Err(Error::Length(0));
                }
                if words < ENTRY_WORDS {
                    return Err(Error::Length(u16::from(words)));
                }
                let len = usize::from(number) * usize::from(words) * 4;
                let octets = body.get(..len).ok_or_else(|| truncated(len))?;
                let lifetime = u16::from_be_bytes([l0, l1]);
                Self::RouterAdvertisement {
                    code: packet.code(),
                    lifetime,
                    routers: Routers { octets, words },
                }
            }
            Type::ROUTER_SOLICITATION if packet.code() != 0 => return Err(Error::Field(1)),
            Type::ROUTER_SOLICITATION => Self::RouterSolicitation,
            kind @ (Type::TIMESTAMP | Type::TIMESTAMP_REPLY) => {
                let times = body.first_chunk::<12>().ok_or_else(|| truncated(12))?;
                let &[a, b, c, d, e, f, g, h, i, j, k, l] = times;
                let originate = u32::from_be_bytes([a, b, c, d]);
                let receive = u32::from_be_bytes([e, f, g, h]);
                let transmit = u32::from_be_bytes([i, j, k, l]);
                match kind {
                    Type::TIMESTAMP => Self::Timestamp { identifier, sequence, originate },
                    _ => Self::TimestampReply { identifier, sequence, originate, receive, transmit },
                }
            }
            Type::INFORMATION_REQUEST => Self::InformationRequest { identifier, sequence },
            Type::INFORMATION_REPLY => Self::InformationReply { identifier, sequence },
            kind @ (Type::ADDRESS_MASK_REQUEST | Type::ADDRESS_MASK_REPLY) => {
                let mask = body.first_chunk::<4>().ok_or_else(|| truncated(4))?;
                match kind {
                    Type::ADDRESS_MASK_REQUEST => Self::AddressMaskRequest { identifier, sequence },
                    _ => Self::AddressMaskReply { identifier, sequence, mask: Ipv4Addr::from(*mask) },
                }
            }
            other => return Err(Error::Unknown(u8::from(other))),
        })
    }

    /// The type and code that it is sent with.
    #[must_use]
    pub fn type_and_code(&self) -> (Type, u8) {
        match *self {
            Self::RouterAdvertisement { code, .. } => (Type::ROUTER_ADVERTISEMENT, code),
            Self::RouterSolicitation => (Type::ROUTER_SOLICITATION, 0),
            Self::Timestamp { .. } => (Type::TIMESTAMP, 0),
            Self::TimestampReply { .. } => (Type::TIMESTAMP_REPLY, 0),
            Self::InformationRequest { .. } => (Type::INFORMATION_REQUEST, 0),
            Self::InformationReply { .. } => (Type::INFORMATION_REPLY, 0),
            Self::AddressMaskRequest { .. } => (Type::ADDRESS_MASK_REQUEST, 0),
            Self::AddressMaskReply { .. } => (Type::ADDRESS_MASK_REPLY, 0),
        }
    }

    /// Length of the message, in octets.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        HEADER_LEN
            + match self {
                Self::RouterAdvertisement { routers, .. } => routers.octets.len(),
                Self::Timestamp { .. } | Self::TimestampReply { .. } => 12,
                Self::AddressMaskRequest { .. } | Self::AddressMaskReply { .. } => 4,
                Self::RouterSolicitation
                | Self::InformationRequest { .. }
                | Self::InformationReply { .. } => 0,
            }
    }

    /// Writes the message, checksum included; returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` for a code that a router advertisement does not have.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let need = self.buffer_len();
        let mut out = Put::new(buffer, need)?;
        let (kind, code) = self.type_and_code();
        if kind == Type::ROUTER_ADVERTISEMENT && !is_advertisement_code(code) {
            return Err(Error::Unrepresentable);
        }
        out.octets(&[u8::from(kind), code, 0, 0]);
        match *self {
            Self::RouterSolicitation => {}
            Self::RouterAdvertisement { lifetime, routers, .. } => {
                // At most 255 by construction.
                let number = u8::try_from(routers.len()).map_err(|_| Error::Unrepresentable)?;
                out.octets(&[number, routers.words]);
                out.octets(&lifetime.to_be_bytes());
                out.octets(routers.octets);
            }
            Self::Timestamp { identifier, sequence, .. }
            | Self::TimestampReply { identifier, sequence, .. }
            | Self::InformationRequest { identifier, sequence }
            | Self::InformationReply { identifier, sequence }
            | Self::AddressMaskRequest { identifier, sequence }
            | Self::AddressMaskReply { identifier, sequence, .. } => {
                out.octets(&identifier.to_be_bytes());
                out.octets(&sequence.to_be_bytes());
            }
        }
        match *self {
            Self::Timestamp { originate, .. } => out.octets(&originate.to_be_bytes()),
            Self::TimestampReply { originate, receive, transmit, .. } => {
                for time in [originate, receive, transmit] {
                    out.octets(&time.to_be_bytes());
                }
            }
            Self::AddressMaskReply { mask, .. } => out.octets(&mask.octets()),
            _ => {}
        }
        out.zeros();
        fill_checksum(buffer.get_mut(..need).unwrap_or_default());
        Ok(need)
    }
}

/// Codes of a router advertisement: RFC 1256 §3 and RFC 5944 §2.1.
const fn is_advertisement_code(code: u8) -> bool {
    matches!(code, 0 | 16)
}

impl fmt::Display for Query<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ICMP {}", self.type_and_code().0)?;
        match self {
            Self::RouterSolicitation => Ok(()),
            Self::RouterAdvertisement { lifetime, routers, .. } => {
                write!(f, " lifetime {lifetime} s")?;
                routers
                    .iter()
                    .try_for_each(|(address, preference)| write!(f, ", {address} preference {preference}"))
            }
            Self::InformationRequest { identifier, sequence }
            | Self::InformationReply { identifier, sequence }
            | Self::AddressMaskRequest { identifier, sequence } => {
                write!(f, " id {identifier} seq {sequence}")
            }
            Self::AddressMaskReply { identifier, sequence, mask } => {
                write!(f, " id {identifier} seq {sequence} mask {mask}")
            }
            Self::Timestamp { identifier, sequence, originate } => {
                write!(f, " id {identifier} seq {sequence} originate {originate}")
            }
            Self::TimestampReply { identifier, sequence, originate, receive, transmit } => {
                write!(f, " id {identifier} seq {sequence}")?;
                write!(f, " originate {originate} receive {receive} transmit {transmit}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    const ROUTERS: [u8; 16] = [192, 0, 2, 1, 0, 0, 0, 5, 192, 0, 2, 2, 0x80, 0, 0, 0];

    fn all() -> [Query<'static>; 8] {
        let (identifier, sequence) = (0x1234, 7);
        let (originate, receive, transmit) = (1, 0x8000_0002, 3);
        [
            Query::RouterAdvertisement { code: 16, lifetime: 1800, routers: Routers::new(&ROUTERS).unwrap() },
            Query::RouterSolicitation,
            Query::Timestamp { identifier, sequence, originate },
            Query::TimestampReply { identifier, sequence, originate, receive, transmit },
            Query::InformationRequest { identifier, sequence },
            Query::InformationReply { identifier, sequence },
            Query::AddressMaskRequest { identifier, sequence },
            Query::AddressMaskReply { identifier, sequence, mask: Ipv4Addr::new(255, 255, 254, 0) },
        ]
    }

    fn emitted(query: &Query<'_>) -> Vec<u8> {
        let mut buffer = [0xee; 40];
        let len = query.emit(&mut buffer).unwrap();
        assert_eq!((len, buffer[len]), (query.buffer_len(), 0xee));
        buffer[..len].to_vec()
    }

    // conf: ICM-V4-01
    #[test]
    fn what_is_emitted_parses_to_the_same_and_every_truncation_is_refused() {
        for query in all() {
            let bytes = emitted(&query);
            let packet = Packet::parse(&bytes).unwrap();
            assert!(packet.is_checksum_valid());
            assert_eq!(Query::parse(&packet), Ok(query));
            for len in 0..bytes.len() {
                assert_eq!(query.emit(&mut [0; 40][..len]), Err(Error::no_room(bytes.len(), len)));
                let need = if len < 8 { 8 } else { bytes.len() };
                let refused = Packet::parse(&bytes[..len]).and_then(|packet| Query::parse(&packet));
                assert_eq!(refused, Err(Error::truncated(need, len)), "{query}");
            }
        }
    }

    #[test]
    fn every_octet_may_have_any_value() {
        for query in all() {
            let mut bytes = emitted(&query);
            for at in 0..bytes.len() {
                let good = bytes[at];
                for value in 0..=255 {
                    bytes[at] = value;
                    let packet = Packet::parse(&bytes).unwrap();
                    drop(packet.to_string());
                    let Ok(query) = Query::parse(&packet) else { continue };
                    let again = emitted(&query);
                    assert_eq!(Query::parse(&Packet::parse(&again).unwrap()), Ok(query));
                }
                bytes[at] = good;
            }
        }
    }

    #[test]
    fn entries_of_an_advertisement_may_be_longer_but_not_shorter() {
        let mut bytes = [9, 0, 0, 0, 2, 2, 0, 9, 1, 1, 1, 1, 0, 0, 0, 5, 2, 2, 2, 2, 0, 0, 0, 6];
        let mut routers = |number, words| {
            [bytes[4], bytes[5]] = [number, words];
            match Query::parse(&Packet::parse(&bytes).unwrap())? {
                Query::RouterAdvertisement { routers, .. } => {
                    assert_eq!(routers.iter().count(), routers.len());
                    Ok(routers.iter().map(|(router, preference)| (router.octets()[0], preference)).collect())
                }
                other => panic!("{other}"),
            }
        };
        assert_eq!(routers(2, 2), Ok(Vec::from([(1, 5), (2, 6)])));
        assert_eq!(routers(1, 4), Ok(Vec::from([(1, 5)])));
        assert_eq!(routers(0, 2), Err(Error::Length(0)));
        assert_eq!(routers(2, 1), Err(Error::Length(1)));
        assert_eq!(routers(3, 2), Err(Error::truncated(32, 24)));
        assert_eq!(routers(255, 255), Err(Error::truncated(255 * 255 * 4 + 8, 24)));
        assert_eq!(Routers::new(&[]), None);
        assert!(Routers::new(&[0; 255 * 8]).is_some());
        assert_eq!(Routers::new(&[0; 256 * 8]), None);
        assert_eq!(Routers::new(&[0; 9]), None);
    }

    #[test]
    fn router_discovery_has_the_codes_of_its_rfcs() {
        let routers = Routers::new(&ROUTERS).unwrap();
        for code in 0..=255 {
            let is_code = matches!(code, 0 | 16);
            let query = Query::RouterAdvertisement { code, lifetime: 1, routers };
            assert_eq!(query.emit(&mut [0; 40]).is_ok(), is_code, "{code}");
            let mut bytes = emitted(&all()[0]);
            bytes[1] = code;
            let parsed = Query::parse(&Packet::parse(&bytes).unwrap()).map(|query| query.type_and_code().1);
            assert_eq!(parsed, if is_code { Ok(code) } else { Err(Error::Field(1)) });
            let solicitation = [10, code, 0, 0, 0, 0, 0, 0];
            let parsed = Query::parse(&Packet::parse(&solicitation).unwrap());
            assert_eq!(parsed.is_ok(), code == 0);
        }
    }

    #[test]
    fn messages_are_shown_as_a_person_reads_them() {
        for (query, want) in all().iter().zip([
            "ICMP router advertisement lifetime 1800 s, 192.0.2.1 preference 5, 192.0.2.2 preference -2147483648",
            "ICMP router solicitation",
            "ICMP timestamp id 4660 seq 7 originate 1",
            "ICMP timestamp reply id 4660 seq 7 originate 1 receive 2147483650 transmit 3",
            "ICMP information request id 4660 seq 7",
            "ICMP information reply id 4660 seq 7",
            "ICMP address mask request id 4660 seq 7",
            "ICMP address mask reply id 4660 seq 7 mask 255.255.254.0",
        ]) {
            assert_eq!(Packet::parse(&emitted(query)).unwrap().to_string(), want);
        }
    }
}
