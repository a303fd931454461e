//! Extended echo, RFC 8335: asks a node about one of its interfaces.
//!
//! ```text
//!   +---------------+---------------+-------------------------------+
//!   |     Type      |     Code      |           Checksum            |   42 and 43, in ICMPv6 160 and 161
//!   +---------------+---------------+---------------+-------------+-+
//!   |          Identifier           |Sequence Number|  Reserved   |L|   request: extension structure follows
//!   |          Identifier           |Sequence Number|State|Res|A4 6|   reply
//!   +-------------------------------+---------------+---------------+
//! ```

use super::{Extensions, HEADER_LEN as STRUCTURE_HEADER_LEN};
use crate::put::Put;
use crate::{icmpv4, icmpv6, Error};
use core::fmt;
use core::net::Ipv6Addr;

const HEADER_LEN: usize = 8;
/// Request: the interface is the replying node's own.
const L_FLAG: u8 = 1;

/// Code of a reply, RFC 8335 §3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyCode {
    /// 0: the answer is in the other fields.
    NoError,
    /// 1: the request was not understood.
    MalformedQuery,
    /// 2: the node has no such interface.
    NoSuchInterface,
    /// 3: the node has no such neighbour.
    NoSuchTableEntry,
    /// 4: several interfaces are meant.
    MultipleInterfaces,
    /// Any other.
    Unknown(u8),
}

impl From<u8> for ReplyCode {
    fn from(code: u8) -> Self {
        match code {
            0 => Self::NoError,
            1 => Self::MalformedQuery,
            2 => Self::NoSuchInterface,
            3 => Self::NoSuchTableEntry,
            4 => Self::MultipleInterfaces,
            other => Self::Unknown(other),
        }
    }
}

impl From<ReplyCode> for u8 {
    fn from(code: ReplyCode) -> Self {
        match code {
            ReplyCode::NoError => 0,
            ReplyCode::MalformedQuery => 1,
            ReplyCode::NoSuchInterface => 2,
            ReplyCode::NoSuchTableEntry => 3,
            ReplyCode::MultipleInterfaces => 4,
            ReplyCode::Unknown(other) => other,
        }
    }
}

/// State: that of the neighbour table's entry, where the interface is another node's, RFC 8335 §3; three bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeighbourState {
    /// 0: there is none to tell.
    Reserved,
    /// 1
    Incomplete,
    /// 2
    Reachable,
    /// 3
    Stale,
    /// 4
    Delay,
    /// 5
    Probe,
    /// 6
    Failed,
    /// 7
    Unassigned,
}

impl From<u8> for NeighbourState {
    /// From the lower three bits.
    fn from(state: u8) -> Self {
        match state & 7 {
            0 => Self::Reserved,
            1 => Self::Incomplete,
            2 => Self::Reachable,
            3 => Self::Stale,
            4 => Self::Delay,
            5 => Self::Probe,
            6 => Self::Failed,
            _ => Self::Unassigned,
        }
    }
}

impl From<NeighbourState> for u8 {
    fn from(state: NeighbourState) -> Self {
        match state {
            NeighbourState::Reserved => 0,
            NeighbourState::Incomplete => 1,
            NeighbourState::Reachable => 2,
            NeighbourState::Stale => 3,
            NeighbourState::Delay => 4,
            NeighbourState::Probe => 5,
            NeighbourState::Failed => 6,
            NeighbourState::Unassigned => 7,
        }
    }
}

bitflags::bitflags! {
    /// What a reply says of the interface, RFC 8335 §3.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct ReplyFlags: u8 {
        /// A: it is active.
        const ACTIVE = 4;
        /// 4: IPv4 runs on it.
        const IPV4 = 2;
        /// 6: IPv6 runs on it.
        const IPV6 = 1;
    }
}

/// An extended echo message of either family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum ExtendedEcho<'a> {
    /// RFC 8335 §2; any code.
    Request {
        /// Identifier.
        identifier: u16,
        /// Sequence Number.
        sequence: u8,
        /// L: the interface is one of the node that is asked, else of a neighbour of it.
        local: bool,
        /// The extension structure: which interface, see [`ExtendedEcho::interface`].
        extensions: &'a [u8],
    },
    /// RFC 8335 §3.
    Reply {
        /// Whether the request could be answered.
        code: ReplyCode,
        /// Identifier of the request.
        identifier: u16,
        /// Sequence Number of the request.
        sequence: u8,
        /// State.
        state: NeighbourState,
        /// A, 4 and 6.
        flags: ReplyFlags,
    },
}

impl<'a> ExtendedEcho<'a> {
    /// The message's meaning. The checksum is not looked at.
    ///
    /// # Errors
    /// `Unknown`, with the type, for all other messages.
    pub fn parse_v4(packet: &icmpv4::Packet<'a>) -> Result<Self, Error> {
        let fixed = packet.rest_of_header();
        match packet.message_type() {
            icmpv4::Type::EXTENDED_ECHO_REQUEST => Ok(Self::request(fixed, packet.body())),
            icmpv4::Type::EXTENDED_ECHO_REPLY => Ok(Self::reply(packet.code(), fixed)),
            other => Err(Error::Unknown(u8::from(other))),
        }
    }

    /// The message's meaning. The checksum is not looked at.
    ///
    /// # Errors
    /// `Unknown`, with the type, for all other messages; `Truncated` below eight octets.
    pub fn parse_v6(packet: &icmpv6::Packet<'a>) -> Result<Self, Error> {
        let is_request = match packet.message_type() {
            icmpv6::Type::EXTENDED_ECHO_REQUEST => true,
            icmpv6::Type::EXTENDED_ECHO_REPLY => false,
            other => return Err(Error::Unknown(u8::from(other))),
        };
        let body = packet.body();
        let (fixed, rest) = body
            .split_first_chunk::<4>()
            .ok_or_else(|| Error::truncated(HEADER_LEN, icmpv6::COMMON_LEN + body.len()))?;
        Ok(if is_request { Self::request(*fixed, rest) } else { Self::reply(packet.code(), *fixed) })
    }

    fn request([i0, i1, sequence, flags]: [u8; 4], extensions: &'a [u8]) -> Self {
        let identifier = u16::from_be_bytes([i0, i1]);
        Self::Request { identifier, sequence, local: flags & L_FLAG != 0, extensions }
    }

    fn reply(code: u8, [i0, i1, sequence, flags]: [u8; 4]) -> Self {
        Self::Reply {
            code: ReplyCode::from(code),
            identifier: u16::from_be_bytes([i0, i1]),
            sequence,
            state: NeighbourState::from(flags >> 5),
            flags: ReplyFlags::from_bits_truncate(flags),
        }
    }

    /// The extension structure of a request; `None` of a reply. It has one object, RFC 8335 §2; what stands behind that
    /// is left out: senders put data there that the reply shall bring back.
    ///
    /// # Errors
    /// As [`Extensions::parse`].
    #[must_use]
    pub fn interface(&self) -> Option<Result<Extensions<'a>, Error>> {
        match self {
            Self::Request { extensions, .. } => Some(Extensions::parse(one_object(extensions))),
            Self::Reply { .. } => None,
        }
    }

    /// Length of the message, in octets.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        match self {
            Self::Request { extensions, .. } => HEADER_LEN.saturating_add(extensions.len()),
            Self::Reply { .. } => HEADER_LEN,
        }
    }

    /// Writes the ICMPv4 message, checksum included; returns its length.
    ///
    /// # Errors
    /// `NoRoom`.
    pub fn emit_v4(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let types = (icmpv4::Type::EXTENDED_ECHO_REQUEST, icmpv4::Type::EXTENDED_ECHO_REPLY);
        let message = self.emit(u8::from(types.0), u8::from(types.1), buffer)?;
        icmpv4::fill_checksum(message);
        Ok(message.len())
    }

    /// Writes the ICMPv6 message, checksum included; returns its length.
    ///
    /// # Errors
    /// `NoRoom`.
    pub fn emit_v6(
        &self,
        source: Ipv6Addr,
        destination: Ipv6Addr,
        buffer: &mut [u8],
    ) -> Result<usize, Error> {
        let types = (icmpv6::Type::EXTENDED_ECHO_REQUEST, icmpv6::Type::EXTENDED_ECHO_REPLY);
        let message = self.emit(u8::from(types.0), u8::from(types.1), buffer)?;
        icmpv6::fill_checksum(source, destination, message);
        Ok(message.len())
    }

    /// Without checksum.
    fn emit<'b>(&self, request: u8, reply: u8, buffer: &'b mut [u8]) -> Result<&'b mut [u8], Error> {
        let need = self.buffer_len();
        let mut out = Put::new(buffer, need)?;
        match *self {
            Self::Request { identifier, sequence, local, extensions } => {
                let [i0, i1] = identifier.to_be_bytes();
                let flags = if local { L_FLAG } else { 0 };
                out.octets(&[request, 0, 0, 0, i0, i1, sequence, flags]);
                out.octets(extensions);
            }
            Self::Reply { code, identifier, sequence, state, flags } => {
                let [i0, i1] = identifier.to_be_bytes();
                let flags = u8::from(state) << 5 | flags.bits();
                out.octets(&[reply, u8::from(code), 0, 0, i0, i1, sequence, flags]);
            }
        }
        Ok(buffer.get_mut(..need).unwrap_or_default())
    }
}

/// The structure as far as its first object goes, if that is all there.
fn one_object(extensions: &[u8]) -> &[u8] {
    match extensions {
        &[_, _, _, _, high, low, ..] => {
            let len = STRUCTURE_HEADER_LEN + usize::from(u16::from_be_bytes([high, low]));
            extensions.get(..len).unwrap_or(extensions)
        }
        _ => extensions,
    }
}

impl fmt::Display for ExtendedEcho<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request { identifier, sequence, local, .. } => {
                write!(f, "extended echo request id {identifier} seq {sequence}")?;
                f.write_str(if *local { " local " } else { " neighbour's " })?;
                match self.interface() {
                    Some(Ok(extensions)) => fmt::Display::fmt(&extensions, f),
                    Some(Err(error)) => fmt::Display::fmt(&error, f),
                    None => Ok(()),
                }
            }
            Self::Reply { code, identifier, sequence, state, flags } => {
                write!(f, "extended echo reply id {identifier} seq {sequence}")?;
                if *code != ReplyCode::NoError {
                    write!(f, " {code:?}")?;
                }
                if *state != NeighbourState::Reserved {
                    write!(f, " {state:?}")?;
                }
                for (flag, name) in [
                    (ReplyFlags::ACTIVE, " active"),
                    (ReplyFlags::IPV4, " IPv4"),
                    (ReplyFlags::IPV6, " IPv6"),
                ] {
                    f.write_str(if flags.contains(flag) { name } else { "" })?;
                }
                Ok(())
            }
        }
    }
}
