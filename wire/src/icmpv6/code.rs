//! Types and codes of ICMPv6, RFC 4443 and its successors.

use core::fmt;

/// Message type, IANA "ICMPv6 type Numbers".
///
/// One octet, so that it travels in registers; all 256 values are legal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Type(pub u8);

impl Type {
    /// Destination unreachable, RFC 4443.
    pub const DESTINATION_UNREACHABLE: Self = Self(1);
    /// Packet too big, RFC 4443.
    pub const PACKET_TOO_BIG: Self = Self(2);
    /// Time exceeded, RFC 4443.
    pub const TIME_EXCEEDED: Self = Self(3);
    /// Parameter problem, RFC 4443.
    pub const PARAMETER_PROBLEM: Self = Self(4);
    /// Echo request, RFC 4443.
    pub const ECHO_REQUEST: Self = Self(128);
    /// Echo reply, RFC 4443.
    pub const ECHO_REPLY: Self = Self(129);
    /// Multicast listener query, RFC 2710 and RFC 3810.
    pub const MULTICAST_LISTENER_QUERY: Self = Self(130);
    /// Multicast listener report, RFC 2710.
    pub const MULTICAST_LISTENER_REPORT: Self = Self(131);
    /// Multicast listener done, RFC 2710.
    pub const MULTICAST_LISTENER_DONE: Self = Self(132);
    /// Router solicitation, RFC 4861.
    pub const ROUTER_SOLICITATION: Self = Self(133);
    /// Router advertisement, RFC 4861.
    pub const ROUTER_ADVERTISEMENT: Self = Self(134);
    /// Neighbour solicitation, RFC 4861.
    pub const NEIGHBOUR_SOLICITATION: Self = Self(135);
    /// Neighbour advertisement, RFC 4861.
    pub const NEIGHBOUR_ADVERTISEMENT: Self = Self(136);
    /// Redirect, RFC 4861.
    pub const REDIRECT: Self = Self(137);
    /// Node information query, RFC 4620.
    pub const NODE_INFORMATION_QUERY: Self = Self(139);
    /// Node information response, RFC 4620.
    pub const NODE_INFORMATION_RESPONSE: Self = Self(140);
    /// Inverse neighbour solicitation, RFC 3122.
    pub const INVERSE_SOLICITATION: Self = Self(141);
    /// Inverse neighbour advertisement, RFC 3122.
    pub const INVERSE_ADVERTISEMENT: Self = Self(142);
    /// Multicast listener report v2, RFC 3810.
    pub const MULTICAST_LISTENER_REPORT_V2: Self = Self(143);
    /// Multicast router advertisement, RFC 4286.
    pub const MULTICAST_ROUTER_ADVERTISEMENT: Self = Self(151);
    /// Multicast router solicitation, RFC 4286.
    pub const MULTICAST_ROUTER_SOLICITATION: Self = Self(152);
    /// Multicast router termination, RFC 4286.
    pub const MULTICAST_ROUTER_TERMINATION: Self = Self(153);
    /// RPL control message, RFC 6550.
    pub const RPL: Self = Self(155);
    /// Duplicate address request, RFC 6775, RFC 8505.
    pub const DUPLICATE_ADDRESS_REQUEST: Self = Self(157);
    /// Duplicate address confirmation, RFC 6775, RFC 8505.
    pub const DUPLICATE_ADDRESS_CONFIRMATION: Self = Self(158);
    /// Extended echo request, RFC 8335.
    pub const EXTENDED_ECHO_REQUEST: Self = Self(160);
    /// Extended echo reply, RFC 8335.
    pub const EXTENDED_ECHO_REPLY: Self = Self(161);

    /// Whether messages of this type are errors: types below 128.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.0 < 128
    }
}

impl From<u8> for Type {
    fn from(number: u8) -> Self {
        Self(number)
    }
}

impl From<Type> for u8 {
    fn from(kind: Type) -> Self {
        kind.0
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::DESTINATION_UNREACHABLE => "destination unreachable",
            Self::PACKET_TOO_BIG => "packet too big",
            Self::TIME_EXCEEDED => "time exceeded",
            Self::PARAMETER_PROBLEM => "parameter problem",
            Self::ECHO_REQUEST => "echo request",
            Self::ECHO_REPLY => "echo reply",
            Self::MULTICAST_LISTENER_QUERY => "multicast listener query",
            Self::MULTICAST_LISTENER_REPORT => "multicast listener report",
            Self::MULTICAST_LISTENER_DONE => "multicast listener done",
            Self::ROUTER_SOLICITATION => "router solicitation",
            Self::ROUTER_ADVERTISEMENT => "router advertisement",
            Self::NEIGHBOUR_SOLICITATION => "neighbour solicitation",
            Self::NEIGHBOUR_ADVERTISEMENT => "neighbour advertisement",
            Self::REDIRECT => "redirect",
            Self::NODE_INFORMATION_QUERY => "node information query",
            Self::NODE_INFORMATION_RESPONSE => "node information response",
            Self::INVERSE_SOLICITATION => "inverse neighbour solicitation",
            Self::INVERSE_ADVERTISEMENT => "inverse neighbour advertisement",
            Self::MULTICAST_LISTENER_REPORT_V2 => "multicast listener report v2",
            Self::MULTICAST_ROUTER_ADVERTISEMENT => "multicast router advertisement",
            Self::MULTICAST_ROUTER_SOLICITATION => "multicast router solicitation",
            Self::MULTICAST_ROUTER_TERMINATION => "multicast router termination",
            Self::RPL => "RPL",
            Self::DUPLICATE_ADDRESS_REQUEST => "duplicate address request",
            Self::DUPLICATE_ADDRESS_CONFIRMATION => "duplicate address confirmation",
            Self::EXTENDED_ECHO_REQUEST => "extended echo request",
            Self::EXTENDED_ECHO_REPLY => "extended echo reply",
            Self(number) => return write!(f, "type {number}"),
        })
    }
}

/// Code of a Destination Unreachable, RFC 4443 §3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreachableCode {
    /// 0: there is no route to the destination.
    NoRoute,
    /// 1: a filter prohibits it.
    Prohibited,
    /// 2: the destination is beyond the scope of the source address.
    BeyondScope,
    /// 3: the address is not reached: such as a neighbour that does not answer.
    Address,
    /// 4: nobody there listens at the port.
    Port,
    /// 5: source address failed ingress or egress policy.
    SourcePolicy,
    /// 6: reject route.
    RejectRoute,
    /// 7: the next hop of a strict source route is not on the link, RFC 6554.
    SourceRoute,
    /// 8: the headers are longer than a node on the way can look through, RFC 8883 §3.
    HeadersTooLong,
    /// Any other.
    Unknown(u8),
}

impl From<u8> for UnreachableCode {
    fn from(code: u8) -> Self {
        match code {
            0 => Self::NoRoute,
            1 => Self::Prohibited,
            2 => Self::BeyondScope,
            3 => Self::Address,
            4 => Self::Port,
            5 => Self::SourcePolicy,
            6 => Self::RejectRoute,
            7 => Self::SourceRoute,
            8 => Self::HeadersTooLong,
            other => Self::Unknown(other),
        }
    }
}

impl From<UnreachableCode> for u8 {
    fn from(code: UnreachableCode) -> Self {
        match code {
            UnreachableCode::NoRoute => 0,
            UnreachableCode::Prohibited => 1,
            UnreachableCode::BeyondScope => 2,
            UnreachableCode::Address => 3,
            UnreachableCode::Port => 4,
            UnreachableCode::SourcePolicy => 5,
            UnreachableCode::RejectRoute => 6,
            UnreachableCode::SourceRoute => 7,
            UnreachableCode::HeadersTooLong => 8,
            UnreachableCode::Unknown(other) => other,
        }
    }
}

/// Code of a Parameter Problem, RFC 4443 §3.4, RFC 7112 §5, RFC 8754 §8, RFC 8883 §2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemCode {
    /// 0: erroneous header field.
    HeaderField,
    /// 1: unrecognized Next Header type.
    NextHeader,
    /// 2: unrecognized IPv6 option.
    Option,
    /// 3: the first fragment has an incomplete header chain.
    IncompleteChain,
    /// 4: what follows a segment routing header is not allowed there.
    SegmentRouting,
    /// 5: unrecognized Next Header type, by a node on the way.
    NextHeaderOnTheWay,
    /// 6: an extension header is too long.
    HeaderTooLong,
    /// 7: the chain of extension headers is too long.
    ChainTooLong,
    /// 8: there are too many extension headers.
    TooManyHeaders,
    /// 9: there are too many options in an extension header.
    TooManyOptions,
    /// 10: an option is too long.
    OptionTooLong,
    /// Any other.
    Unknown(u8),
}

impl From<u8> for ProblemCode {
    fn from(code: u8) -> Self {
        match code {
            0 => Self::HeaderField,
            1 => Self::NextHeader,
            2 => Self::Option,
            3 => Self::IncompleteChain,
            4 => Self::SegmentRouting,
            5 => Self::NextHeaderOnTheWay,
            6 => Self::HeaderTooLong,
            7 => Self::ChainTooLong,
            8 => Self::TooManyHeaders,
            9 => Self::TooManyOptions,
            10 => Self::OptionTooLong,
            other => Self::Unknown(other),
        }
    }
}

impl From<ProblemCode> for u8 {
    fn from(code: ProblemCode) -> Self {
        match code {
            ProblemCode::HeaderField => 0,
            ProblemCode::NextHeader => 1,
            ProblemCode::Option => 2,
            ProblemCode::IncompleteChain => 3,
            ProblemCode::SegmentRouting => 4,
            ProblemCode::NextHeaderOnTheWay => 5,
            ProblemCode::HeaderTooLong => 6,
            ProblemCode::ChainTooLong => 7,
            ProblemCode::TooManyHeaders => 8,
            ProblemCode::TooManyOptions => 9,
            ProblemCode::OptionTooLong => 10,
            ProblemCode::Unknown(other) => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::icmpv6::TimeExceededCode;

    #[test]
    fn codes_are_those_of_the_registry_and_survive() {
        for code in 0..=255 {
            assert_eq!(u8::from(UnreachableCode::from(code)), code);
            assert_eq!(u8::from(TimeExceededCode::from(code)), code);
            assert_eq!(u8::from(ProblemCode::from(code)), code);
            assert_eq!(matches!(UnreachableCode::from(code), UnreachableCode::Unknown(_)), code > 8);
            assert_eq!(matches!(TimeExceededCode::from(code), TimeExceededCode::Unknown(_)), code > 1);
            assert_eq!(matches!(ProblemCode::from(code), ProblemCode::Unknown(_)), code > 10);
        }
        // RFC 6554 §4.2, RFC 8883 §7, RFC 8754 §8.
        assert_eq!(UnreachableCode::from(7), UnreachableCode::SourceRoute);
        assert_eq!(UnreachableCode::from(8), UnreachableCode::HeadersTooLong);
        assert_eq!(ProblemCode::from(4), ProblemCode::SegmentRouting);
        assert_eq!(ProblemCode::from(5), ProblemCode::NextHeaderOnTheWay);
        assert_eq!(ProblemCode::from(10), ProblemCode::OptionTooLong);
    }
}
