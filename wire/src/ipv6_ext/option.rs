//! The options of Hop-by-Hop and Destination Options headers, RFC 8200 §4.2: structure.
//!
//! ```text
//!  0             1              2
//!  +-------------+--------------+-------------------+
//!  | Option Type | Opt Data Len | Option Data       |      type:  action 2 | may change 1 | number 5
//!  +-------------+--------------+-------------------+
//!  | 0 |  Pad1, of one octet
//!  +---+
//! ```
//! What the data mean is [`Opt`](super::Opt).

use crate::Error;

/// Option type, IANA "Destination Options and Hop-by-Hop Options".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct OptionType(pub u8);

impl OptionType {
    /// One octet of padding, RFC 8200 §4.2.
    pub const PAD_1: Self = Self(0);
    /// Two or more octets of padding, RFC 8200 §4.2.
    pub const PAD_N: Self = Self(1);
    /// Tunnel Encapsulation Limit, RFC 2473 §4.1.1.
    pub const TUNNEL_ENCAPSULATION_LIMIT: Self = Self(4);
    /// Router Alert, RFC 2711.
    pub const ROUTER_ALERT: Self = Self(5);
    /// RPL, RFC 9008 §4.
    pub const RPL: Self = Self(0x23);
    /// RPL, as RFC 6553 had it: a node that does not know it drops the packet.
    pub const RPL_6553: Self = Self(0x63);
    /// Jumbo Payload, RFC 2675 §2.
    pub const JUMBO_PAYLOAD: Self = Self(0xc2);
    /// Home Address, RFC 6275 §6.3.
    pub const HOME_ADDRESS: Self = Self(0xc9);

    /// Whether [`Opt`](super::Opt) has a variant for it.
    pub(super) const fn is_known(self) -> bool {
        matches!(
            self,
            Self::PAD_1
                | Self::PAD_N
                | Self::TUNNEL_ENCAPSULATION_LIMIT
                | Self::ROUTER_ALERT
                | Self::RPL
                | Self::RPL_6553
                | Self::JUMBO_PAYLOAD
                | Self::HOME_ADDRESS
        )
    }

    /// Whether routers may change the data on the way: the third highest bit, RFC 8200 §4.2.
    #[must_use]
    pub const fn may_change(self) -> bool {
        self.0 & 0x20 != 0
    }

    /// What a node does that does not know the option: the highest two bits, RFC 8200 §4.2.
    #[must_use]
    pub const fn action(self) -> Action {
        match self.0 >> 6 {
            0 => Action::Skip,
            1 => Action::Discard,
            2 => Action::Problem,
            _ => Action::ProblemUnlessMulticast,
        }
    }
}

/// What a node does with an option that it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Action {
    /// 00: goes on to the next.
    Skip,
    /// 01: drops the packet.
    Discard,
    /// 10: drops it and sends a Parameter Problem, even about a multicast packet.
    Problem,
    /// 11: drops it and sends a Parameter Problem unless it was multicast.
    ProblemUnlessMulticast,
}

/// One option as it stands in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionAt<'a> {
    /// Its type.
    pub kind: OptionType,
    /// Offset of the type octet, from the start of the IPv6 header.
    pub offset: u16,
    /// Option Data; empty for Pad1.
    pub data: &'a [u8],
}

/// The options of one header, in order. After an error it is empty.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    bytes: &'a [u8],
    offset: u16,
}

impl<'a> Options<'a> {
    /// The options in `bytes`, which start at `offset` from the start of the IPv6 header.
    #[must_use]
    pub fn new(bytes: &'a [u8], offset: u16) -> Self {
        Self { bytes, offset }
    }
}

impl<'a> Iterator for Options<'a> {
    /// `Field` holds the offset, from the start of the IPv6 header, of a length octet that is missing or leads beyond
    /// the header.
    type Item = Result<OptionAt<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, after) = self.bytes.split_first()?;
        let kind = OptionType(*kind);
        let offset = self.offset;
        let (data, rest) = if kind == OptionType::PAD_1 {
            (&[] as &[u8], after)
        } else {
            let split =
                after.split_first().and_then(|(len, after)| after.split_at_checked(usize::from(*len)));
            let Some(split) = split else {
                self.bytes = &[];
                return Some(Err(Error::Field(offset.saturating_add(1))));
            };
            split
        };
        let taken = self.bytes.len() - rest.len();
        self.offset = offset.saturating_add(u16::try_from(taken).unwrap_or(u16::MAX));
        self.bytes = rest;
        Some(Ok(OptionAt { kind, offset, data }))
    }
}
