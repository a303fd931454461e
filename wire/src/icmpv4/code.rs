//! Types and codes of ICMPv4, RFC 792 and its successors.

use core::fmt;

/// Message type, IANA "ICMP Type Numbers".
///
/// One octet, so that it travels in registers; all 256 values are legal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Type(pub u8);

impl Type {
    /// Echo reply, RFC 792.
    pub const ECHO_REPLY: Self = Self(0);
    /// Destination unreachable, RFC 792.
    pub const DESTINATION_UNREACHABLE: Self = Self(3);
    /// Source quench, deprecated by RFC 6633.
    pub const SOURCE_QUENCH: Self = Self(4);
    /// Redirect, RFC 792.
    pub const REDIRECT: Self = Self(5);
    /// Echo request, RFC 792.
    pub const ECHO_REQUEST: Self = Self(8);
    /// Router advertisement, RFC 1256.
    pub const ROUTER_ADVERTISEMENT: Self = Self(9);
    /// Router solicitation, RFC 1256.
    pub const ROUTER_SOLICITATION: Self = Self(10);
    /// Time exceeded, RFC 792.
    pub const TIME_EXCEEDED: Self = Self(11);
    /// Parameter problem, RFC 792.
    pub const PARAMETER_PROBLEM: Self = Self(12);
    /// Timestamp, RFC 792.
    pub const TIMESTAMP: Self = Self(13);
    /// Timestamp reply, RFC 792.
    pub const TIMESTAMP_REPLY: Self = Self(14);
    /// Information request, deprecated by RFC 6918.
    pub const INFORMATION_REQUEST: Self = Self(15);
    /// Information reply, deprecated by RFC 6918.
    pub const INFORMATION_REPLY: Self = Self(16);
    /// Address mask request, RFC 950, deprecated by RFC 6918.
    pub const ADDRESS_MASK_REQUEST: Self = Self(17);
    /// Address mask reply, RFC 950, deprecated by RFC 6918.
    pub const ADDRESS_MASK_REPLY: Self = Self(18);
    /// Extended echo request, RFC 8335.
    pub const EXTENDED_ECHO_REQUEST: Self = Self(42);
    /// Extended echo reply, RFC 8335.
    pub const EXTENDED_ECHO_REPLY: Self = Self(43);

    /// Whether messages of this type are about another packet: no error is sent about those.
    #[must_use]
    pub const fn is_error(self) -> bool {
        matches!(
            self,
            Self::DESTINATION_UNREACHABLE
                | Self::SOURCE_QUENCH
                | Self::REDIRECT
                | Self::TIME_EXCEEDED
                | Self::PARAMETER_PROBLEM
        )
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
            Self::ECHO_REPLY => "echo reply",
            Self::DESTINATION_UNREACHABLE => "destination unreachable",
            Self::SOURCE_QUENCH => "source quench",
            Self::REDIRECT => "redirect",
            Self::ECHO_REQUEST => "echo request",
            Self::ROUTER_ADVERTISEMENT => "router advertisement",
            Self::ROUTER_SOLICITATION => "router solicitation",
            Self::TIME_EXCEEDED => "time exceeded",
            Self::PARAMETER_PROBLEM => "parameter problem",
            Self::TIMESTAMP => "timestamp",
            Self::TIMESTAMP_REPLY => "timestamp reply",
            Self::INFORMATION_REQUEST => "information request",
            Self::INFORMATION_REPLY => "information reply",
            Self::ADDRESS_MASK_REQUEST => "address mask request",
            Self::ADDRESS_MASK_REPLY => "address mask reply",
            Self::EXTENDED_ECHO_REQUEST => "extended echo request",
            Self::EXTENDED_ECHO_REPLY => "extended echo reply",
            Self(number) => return write!(f, "type {number}"),
        })
    }
}

/// Code of a Destination Unreachable, RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreachableCode {
    /// 0: there is no way to the network.
    Net,
    /// 1: the host is not reached.
    Host,
    /// 2: nobody there takes the protocol.
    Protocol,
    /// 3: nobody there listens at the port.
    Port,
    /// 4: fragmentation needed and DF set; the message holds the next hop's MTU (RFC 1191 §4).
    FragmentationNeeded,
    /// 5: a source route failed.
    SourceRouteFailed,
    /// 6: the network is unknown.
    NetUnknown,
    /// 7: the host is unknown.
    HostUnknown,
    /// 8: the source is isolated; obsolete.
    SourceIsolated,
    /// 9: packets to the network are prohibited.
    NetProhibited,
    /// 10: packets to the host are prohibited.
    HostProhibited,
    /// 11: the network is not reached with this Traffic Class.
    NetForTos,
    /// 12: the host is not reached with this Traffic Class.
    HostForTos,
    /// 13: a filter prohibits it.
    CommunicationProhibited,
    /// 14: the precedence is not permitted.
    HostPrecedenceViolation,
    /// 15: the precedence is too low for the network.
    PrecedenceCutoff,
    /// Any other.
    Unknown(u8),
}

impl From<u8> for UnreachableCode {
    fn from(code: u8) -> Self {
        match code {
            0 => Self::Net,
            1 => Self::Host,
            2 => Self::Protocol,
            3 => Self::Port,
            4 => Self::FragmentationNeeded,
            5 => Self::SourceRouteFailed,
            6 => Self::NetUnknown,
            7 => Self::HostUnknown,
            8 => Self::SourceIsolated,
            9 => Self::NetProhibited,
            10 => Self::HostProhibited,
            11 => Self::NetForTos,
            12 => Self::HostForTos,
            13 => Self::CommunicationProhibited,
            14 => Self::HostPrecedenceViolation,
            15 => Self::PrecedenceCutoff,
            other => Self::Unknown(other),
        }
    }
}

impl From<UnreachableCode> for u8 {
    fn from(code: UnreachableCode) -> Self {
        match code {
            UnreachableCode::Net => 0,
            UnreachableCode::Host => 1,
            UnreachableCode::Protocol => 2,
            UnreachableCode::Port => 3,
            UnreachableCode::FragmentationNeeded => 4,
            UnreachableCode::SourceRouteFailed => 5,
            UnreachableCode::NetUnknown => 6,
            UnreachableCode::HostUnknown => 7,
            UnreachableCode::SourceIsolated => 8,
            UnreachableCode::NetProhibited => 9,
            UnreachableCode::HostProhibited => 10,
            UnreachableCode::NetForTos => 11,
            UnreachableCode::HostForTos => 12,
            UnreachableCode::CommunicationProhibited => 13,
            UnreachableCode::HostPrecedenceViolation => 14,
            UnreachableCode::PrecedenceCutoff => 15,
            UnreachableCode::Unknown(other) => other,
        }
    }
}

/// Code of a Redirect, RFC 792; a host treats all alike (RFC 1122 §3.2.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectCode {
    /// 0: for all of the network.
    Net,
    /// 1: for the host.
    Host,
    /// 2: for the network, and this Traffic Class.
    NetForTos,
    /// 3: for the host, and this Traffic Class.
    HostForTos,
    /// Any other.
    Unknown(u8),
}

impl From<u8> for RedirectCode {
    fn from(code: u8) -> Self {
        match code {
            0 => Self::Net,
            1 => Self::Host,
            2 => Self::NetForTos,
            3 => Self::HostForTos,
            other => Self::Unknown(other),
        }
    }
}

impl From<RedirectCode> for u8 {
    fn from(code: RedirectCode) -> Self {
        match code {
            RedirectCode::Net => 0,
            RedirectCode::Host => 1,
            RedirectCode::NetForTos => 2,
            RedirectCode::HostForTos => 3,
            RedirectCode::Unknown(other) => other,
        }
    }
}

/// Code of a Time Exceeded, RFC 792 and RFC 4443 §3.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeExceededCode {
    /// 0: in transit.
    HopLimit,
    /// 1: fragments were missing.
    Reassembly,
    /// Any other.
    Unknown(u8),
}

impl From<u8> for TimeExceededCode {
    fn from(code: u8) -> Self {
        match code {
            0 => Self::HopLimit,
            1 => Self::Reassembly,
            other => Self::Unknown(other),
        }
    }
}

impl From<TimeExceededCode> for u8 {
    fn from(code: TimeExceededCode) -> Self {
        match code {
            TimeExceededCode::HopLimit => 0,
            TimeExceededCode::Reassembly => 1,
            TimeExceededCode::Unknown(other) => other,
        }
    }
}
