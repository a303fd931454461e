//! ICMPv4, RFC 792: echo, and the error messages that quote the packet they are about.
//!
//! ```text
//!   0               1               2               3
//!   +---------------+---------------+---------------+---------------+
//!   |     Type      |     Code      |           Checksum            |
//!   +---------------+---------------+---------------+---------------+
//!   |   depends on the type: identifier and sequence number, MTU,   |
//!   |   pointer, gateway; octet 5: length of the quote (RFC 4884)   |
//!   +---------------+---------------+---------------+---------------+
//!   |   data of an echo, or the start of the offending packet       |
//! ```
//!
//! Timestamp, Information and Address Mask messages are values of [`Type`] only.

use crate::checksum::{self, Sum};
use crate::Error;
use core::fmt;
use core::net::Ipv4Addr;

/// Length of the header that echo and error messages have, in octets.
pub const HEADER_LEN: usize = 8;

/// Message type, IANA "ICMP Type Numbers".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// 0
    EchoReply,
    /// 3
    DestinationUnreachable,
    /// 4, deprecated by RFC 6633.
    SourceQuench,
    /// 5
    Redirect,
    /// 8
    EchoRequest,
    /// 9, RFC 1256.
    RouterAdvertisement,
    /// 10, RFC 1256.
    RouterSolicitation,
    /// 11
    TimeExceeded,
    /// 12
    ParameterProblem,
    /// 13
    Timestamp,
    /// 14
    TimestampReply,
    /// Any other.
    Unknown(u8),
}

impl Type {
    /// Whether messages of this type are about another packet: no error is sent about those.
    #[must_use]
    pub const fn is_error(self) -> bool {
        matches!(
            self,
            Self::DestinationUnreachable
                | Self::SourceQuench
                | Self::Redirect
                | Self::TimeExceeded
                | Self::ParameterProblem
        )
    }
}

impl From<u8> for Type {
    fn from(number: u8) -> Self {
        match number {
            0 => Self::EchoReply,
            3 => Self::DestinationUnreachable,
            4 => Self::SourceQuench,
            5 => Self::Redirect,
            8 => Self::EchoRequest,
            9 => Self::RouterAdvertisement,
            10 => Self::RouterSolicitation,
            11 => Self::TimeExceeded,
            12 => Self::ParameterProblem,
            13 => Self::Timestamp,
            14 => Self::TimestampReply,
            other => Self::Unknown(other),
        }
    }
}

impl From<Type> for u8 {
    fn from(kind: Type) -> Self {
        match kind {
            Type::EchoReply => 0,
            Type::DestinationUnreachable => 3,
            Type::SourceQuench => 4,
            Type::Redirect => 5,
            Type::EchoRequest => 8,
            Type::RouterAdvertisement => 9,
            Type::RouterSolicitation => 10,
            Type::TimeExceeded => 11,
            Type::ParameterProblem => 12,
            Type::Timestamp => 13,
            Type::TimestampReply => 14,
            Type::Unknown(other) => other,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EchoReply => "echo reply",
            Self::DestinationUnreachable => "destination unreachable",
            Self::SourceQuench => "source quench",
            Self::Redirect => "redirect",
            Self::EchoRequest => "echo request",
            Self::RouterAdvertisement => "router advertisement",
            Self::RouterSolicitation => "router solicitation",
            Self::TimeExceeded => "time exceeded",
            Self::ParameterProblem => "parameter problem",
            Self::Timestamp => "timestamp",
            Self::TimestampReply => "timestamp reply",
            Self::Unknown(number) => return write!(f, "type {number}"),
        })
    }
}

/// Code of a Destination Unreachable, RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreachableCode {
    /// 0
    Net,
    /// 1
    Host,
    /// 2
    Protocol,
    /// 3
    Port,
    /// 4: fragmentation needed and DF set; the message holds the next hop's MTU (RFC 1191 §4).
    FragmentationNeeded,
    /// 5
    SourceRouteFailed,
    /// 6
    NetUnknown,
    /// 7
    HostUnknown,
    /// 8
    SourceIsolated,
    /// 9
    NetProhibited,
    /// 10
    HostProhibited,
    /// 11
    NetForTos,
    /// 12
    HostForTos,
    /// 13
    CommunicationProhibited,
    /// 14
    HostPrecedenceViolation,
    /// 15
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
    /// 0
    Net,
    /// 1
    Host,
    /// 2
    NetForTos,
    /// 3
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

/// Code of a Time Exceeded, RFC 792.
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

/// A view of a message that has at least the header of echo and error messages.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a> {
    bytes: &'a [u8],
    header: &'a [u8; HEADER_LEN],
    body: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Splits a message into header and body. The checksum is not verified: see [`Self::is_checksum_valid`].
    ///
    /// # Errors
    /// `Truncated` below eight octets.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let (header, body) =
            bytes.split_first_chunk().ok_or_else(|| Error::truncated(HEADER_LEN, bytes.len()))?;
        Ok(Self { bytes, header, body })
    }

    /// Type.
    #[must_use]
    pub fn message_type(&self) -> Type {
        Type::from(self.header[0])
    }

    /// Code.
    #[must_use]
    pub fn code(&self) -> u8 {
        self.header[1]
    }

    /// Checksum, as it stands.
    #[must_use]
    pub fn checksum(&self) -> u16 {
        u16::from_be_bytes([self.header[2], self.header[3]])
    }

    /// Whether the checksum is right; it covers the whole message.
    #[must_use]
    pub fn is_checksum_valid(&self) -> bool {
        Sum::new().add_bytes(self.bytes).is_valid()
    }

    /// The four octets whose meaning depends on the type.
    #[must_use]
    pub fn rest_of_header(&self) -> [u8; 4] {
        [self.header[4], self.header[5], self.header[6], self.header[7]]
    }

    /// Identifier of echo messages.
    #[must_use]
    pub fn identifier(&self) -> u16 {
        u16::from_be_bytes([self.header[4], self.header[5]])
    }

    /// Sequence Number of echo messages.
    #[must_use]
    pub fn sequence(&self) -> u16 {
        u16::from_be_bytes([self.header[6], self.header[7]])
    }

    /// All that follows the eight octets of header.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The quoted packet of an error message: the body, or as much of it as the length field of RFC 4884 §4 says,
    /// behind which extensions follow.
    #[must_use]
    pub fn quote(&self) -> &'a [u8] {
        let words = match self.message_type() {
            Type::DestinationUnreachable | Type::TimeExceeded | Type::ParameterProblem => self.header[5],
            _ => 0,
        };
        match words {
            0 => self.body,
            words => self.body.get(..usize::from(words) * 4).unwrap_or(self.body),
        }
    }
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Repr::parse(self) {
            Ok(repr) => fmt::Display::fmt(&repr, f),
            Err(_) => write!(f, "ICMP {} code {} len {}", self.message_type(), self.code(), self.body.len()),
        }
    }
}

/// A message that the stack acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repr<'a> {
    /// Echo, RFC 792; any code.
    EchoRequest {
        /// Identifier.
        identifier: u16,
        /// Sequence Number.
        sequence: u16,
        /// What the reply returns.
        data: &'a [u8],
    },
    /// Echo Reply, RFC 792; any code.
    EchoReply {
        /// Identifier of the request.
        identifier: u16,
        /// Sequence Number of the request.
        sequence: u16,
        /// Data of the request.
        data: &'a [u8],
    },
    /// Destination Unreachable.
    DestinationUnreachable {
        /// Why.
        code: UnreachableCode,
        /// Next-hop MTU, in octets, of `FragmentationNeeded`; 0: not reported, and in all other cases.
        mtu: u16,
        /// The start of the packet that it is about.
        quote: &'a [u8],
    },
    /// Redirect.
    Redirect {
        /// How wide.
        code: RedirectCode,
        /// The better gateway.
        gateway: Ipv4Addr,
        /// The start of the packet that it is about.
        quote: &'a [u8],
    },
    /// Time Exceeded.
    TimeExceeded {
        /// Which time.
        code: TimeExceededCode,
        /// The start of the packet that it is about.
        quote: &'a [u8],
    },
    /// Parameter Problem.
    ParameterProblem {
        /// 0: the pointer says where; 1: a required option is missing; 2: bad length.
        code: u8,
        /// Offset of the wrong octet in the quoted packet.
        pointer: u8,
        /// The start of the packet that it is about.
        quote: &'a [u8],
    },
}

impl<'a> Repr<'a> {
    /// The message's meaning. The checksum is not looked at.
    ///
    /// # Errors
    /// `Unknown`, with the type, for all other messages.
    pub fn parse(packet: &Packet<'a>) -> Result<Self, Error> {
        let (identifier, sequence, data) = (packet.identifier(), packet.sequence(), packet.body());
        let (code, quote) = (packet.code(), packet.quote());
        let [first, ..] = packet.rest_of_header();
        Ok(match packet.message_type() {
            Type::EchoRequest => Self::EchoRequest { identifier, sequence, data },
            Type::EchoReply => Self::EchoReply { identifier, sequence, data },
            Type::DestinationUnreachable => {
                let code = UnreachableCode::from(code);
                let has_mtu = code == UnreachableCode::FragmentationNeeded;
                Self::DestinationUnreachable { code, mtu: if has_mtu { sequence } else { 0 }, quote }
            }
            Type::Redirect => Self::Redirect {
                code: RedirectCode::from(code),
                gateway: Ipv4Addr::from(packet.rest_of_header()),
                quote,
            },
            Type::TimeExceeded => Self::TimeExceeded { code: TimeExceededCode::from(code), quote },
            Type::ParameterProblem => Self::ParameterProblem { code, pointer: first, quote },
            other => return Err(Error::Unknown(u8::from(other))),
        })
    }

    /// The type and code that it is sent with.
    #[must_use]
    pub fn type_and_code(&self) -> (Type, u8) {
        match *self {
            Self::EchoRequest { .. } => (Type::EchoRequest, 0),
            Self::EchoReply { .. } => (Type::EchoReply, 0),
            Self::DestinationUnreachable { code, .. } => (Type::DestinationUnreachable, u8::from(code)),
            Self::Redirect { code, .. } => (Type::Redirect, u8::from(code)),
            Self::TimeExceeded { code, .. } => (Type::TimeExceeded, u8::from(code)),
            Self::ParameterProblem { code, .. } => (Type::ParameterProblem, code),
        }
    }

    /// The data of an echo, the quote of an error.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        match *self {
            Self::EchoRequest { data, .. } | Self::EchoReply { data, .. } => data,
            Self::DestinationUnreachable { quote, .. }
            | Self::Redirect { quote, .. }
            | Self::TimeExceeded { quote, .. }
            | Self::ParameterProblem { quote, .. } => quote,
        }
    }

    /// Length of the message, in octets.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        HEADER_LEN + self.body().len()
    }

    /// The eight octets in front of the body, checksum zero.
    #[must_use]
    pub fn header(&self) -> [u8; HEADER_LEN] {
        let (kind, code) = self.type_and_code();
        let [a, b, c, d] = match *self {
            Self::EchoRequest { identifier, sequence, .. } | Self::EchoReply { identifier, sequence, .. } => {
                let [a, b] = identifier.to_be_bytes();
                let [c, d] = sequence.to_be_bytes();
                [a, b, c, d]
            }
            Self::DestinationUnreachable { mtu, .. } => u32::from(mtu).to_be_bytes(),
            Self::Redirect { gateway, .. } => gateway.octets(),
            Self::TimeExceeded { .. } => [0; 4],
            Self::ParameterProblem { pointer, .. } => [pointer, 0, 0, 0],
        };
        [u8::from(kind), code, 0, 0, a, b, c, d]
    }

    /// Writes the message, checksum included; returns its length.
    ///
    /// # Errors
    /// `NoRoom` if the buffer is shorter than [`Self::buffer_len`].
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let (need, have) = (self.buffer_len(), buffer.len());
        let message = buffer.get_mut(..need).ok_or_else(|| Error::no_room(need, have))?;
        let (header, body) =
            message.split_first_chunk_mut::<HEADER_LEN>().ok_or_else(|| Error::no_room(need, have))?;
        *header = self.header();
        body.copy_from_slice(self.body());
        fill_checksum(message);
        Ok(need)
    }
}

impl fmt::Display for Repr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ICMP {}", self.type_and_code().0)?;
        match self {
            Self::EchoRequest { identifier, sequence, data }
            | Self::EchoReply { identifier, sequence, data } => {
                write!(f, " id {identifier} seq {sequence} len {}", data.len())
            }
            Self::DestinationUnreachable { code: UnreachableCode::FragmentationNeeded, mtu, quote } => {
                write!(f, " fragmentation needed mtu {mtu} quoting {}", quote.len())
            }
            Self::DestinationUnreachable { code, quote, .. } => {
                write!(f, " {code:?} quoting {}", quote.len())
            }
            Self::Redirect { code, gateway, quote } => {
                write!(f, " {code:?} to {gateway} quoting {}", quote.len())
            }
            Self::TimeExceeded { code, quote } => write!(f, " {code:?} quoting {}", quote.len()),
            Self::ParameterProblem { code, pointer, quote } => {
                write!(f, " code {code} at octet {pointer} quoting {}", quote.len())
            }
        }
    }
}

/// Computes the checksum of a whole message and writes it into its field. Messages below four octets stay as they
/// are.
pub fn fill_checksum(message: &mut [u8]) {
    let Some((header, body)) = message.split_first_chunk_mut::<4>() else { return };
    [header[2], header[3]] = [0, 0];
    let checksum = Sum::new().add_bytes(&*header).add_bytes(body).checksum();
    [header[2], header[3]] = checksum.to_be_bytes();
}

/// Turns an echo request into its reply: type and code change, the checksum is updated (RFC 1624), the rest stays. A
/// wrong checksum stays wrong.
///
/// # Errors
/// `Truncated` below eight octets; `Unknown` if it is no echo request.
pub fn echo_reply_in_place(message: &mut [u8]) -> Result<(), Error> {
    let have = message.len();
    let header = message.first_chunk_mut::<HEADER_LEN>().ok_or_else(|| Error::truncated(HEADER_LEN, have))?;
    if Type::from(header[0]) != Type::EchoRequest {
        return Err(Error::Unknown(header[0]));
    }
    let old = u16::from_be_bytes([header[0], header[1]]);
    let checksum = u16::from_be_bytes([header[2], header[3]]);
    [header[0], header[1]] = [u8::from(Type::EchoReply), 0];
    [header[2], header[3]] = checksum::update(checksum, old, 0).to_be_bytes();
    Ok(())
}
