//! Options, RFC 2132 and RFC 3396.
//!
//! ```text
//!   +------+-----+------ … -----+
//!   | code | len | len octets   |      code 0 is padding, 255 the end: neither has a length
//!   +------+-----+------ … -----+
//! ```

use super::parameters::{Addresses, Routes, SearchList};
use super::{Packet, Value};
use crate::Error;
use core::fmt;
use core::net::Ipv4Addr;

/// Codes of the options that are known here, IANA "BOOTP Vendor Extensions and DHCP Options".
pub mod code {
    /// Padding: no length.
    pub const PAD: u8 = 0;
    /// Subnet Mask, RFC 2132 §3.3.
    pub const SUBNET_MASK: u8 = 1;
    /// Router, RFC 2132 §3.5.
    pub const ROUTER: u8 = 3;
    /// Domain Name Server, RFC 2132 §3.8.
    pub const DNS_SERVER: u8 = 6;
    /// Host Name, RFC 2132 §3.14.
    pub const HOST_NAME: u8 = 12;
    /// Domain Name, RFC 2132 §3.17.
    pub const DOMAIN_NAME: u8 = 15;
    /// Network Time Protocol Servers, RFC 2132 §8.3.
    pub const NTP_SERVER: u8 = 42;
    /// Requested IP Address, RFC 2132 §9.1.
    pub const REQUESTED_ADDRESS: u8 = 50;
    /// IP Address Lease Time, RFC 2132 §9.2.
    pub const LEASE_TIME: u8 = 51;
    /// Option Overload, RFC 2132 §9.3.
    pub const OVERLOAD: u8 = 52;
    /// DHCP Message Type, RFC 2132 §9.6.
    pub const MESSAGE_TYPE: u8 = 53;
    /// Server Identifier, RFC 2132 §9.7.
    pub const SERVER_IDENTIFIER: u8 = 54;
    /// Parameter Request List, RFC 2132 §9.8.
    pub const PARAMETER_LIST: u8 = 55;
    /// Message, RFC 2132 §9.9.
    pub const MESSAGE: u8 = 56;
    /// Maximum DHCP Message Size, RFC 2132 §9.10.
    pub const MAX_MESSAGE_SIZE: u8 = 57;
    /// Renewal (T1) Time, RFC 2132 §9.11.
    pub const RENEWAL_TIME: u8 = 58;
    /// Rebinding (T2) Time, RFC 2132 §9.12.
    pub const REBINDING_TIME: u8 = 59;
    /// Vendor Class Identifier, RFC 2132 §9.13.
    pub const CLASS_IDENTIFIER: u8 = 60;
    /// Client Identifier, RFC 2132 §9.14.
    pub const CLIENT_IDENTIFIER: u8 = 61;
    /// Domain Search, RFC 3397.
    pub const DOMAIN_SEARCH: u8 = 119;
    /// Classless Static Route, RFC 3442.
    pub const CLASSLESS_ROUTES: u8 = 121;
    /// The end: no length.
    pub const END: u8 = 255;
}

/// Kind of message, RFC 2132 §9.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageType {
    /// 1: a client looks for servers.
    Discover,
    /// 2: a server offers an address.
    Offer,
    /// 3: a client asks for an address, or for more time.
    Request,
    /// 4: a client says that the address is in use.
    Decline,
    /// 5: a server grants.
    Ack,
    /// 6: a server refuses.
    Nak,
    /// 7: a client gives the address back.
    Release,
    /// 8: a client that has an address asks for the rest.
    Inform,
    /// Anything else.
    Unknown(u8),
}

impl From<u8> for MessageType {
    fn from(number: u8) -> Self {
        match number {
            1 => Self::Discover,
            2 => Self::Offer,
            3 => Self::Request,
            4 => Self::Decline,
            5 => Self::Ack,
            6 => Self::Nak,
            7 => Self::Release,
            8 => Self::Inform,
            other => Self::Unknown(other),
        }
    }
}

impl From<MessageType> for u8 {
    fn from(kind: MessageType) -> Self {
        match kind {
            MessageType::Discover => 1,
            MessageType::Offer => 2,
            MessageType::Request => 3,
            MessageType::Decline => 4,
            MessageType::Ack => 5,
            MessageType::Nak => 6,
            MessageType::Release => 7,
            MessageType::Inform => 8,
            MessageType::Unknown(other) => other,
        }
    }
}

impl fmt::Display for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discover => "DISCOVER",
            Self::Offer => "OFFER",
            Self::Request => "REQUEST",
            Self::Decline => "DECLINE",
            Self::Ack => "ACK",
            Self::Nak => "NAK",
            Self::Release => "RELEASE",
            Self::Inform => "INFORM",
            Self::Unknown(number) => return write!(f, "message type {number}"),
        })
    }
}

/// The pieces of options as they stand; see [`Packet::pieces`].
#[derive(Debug, Clone)]
pub struct Pieces<'a> {
    rest: &'a [u8],
    /// What else holds options: `file` and `sname`, or nothing.
    file: &'a [u8],
    sname: &'a [u8],
}

impl<'a> Pieces<'a> {
    /// RFC 2131 §4.1: options, then `file`, then `sname`.
    pub(super) fn of(packet: &Packet<'a>) -> Self {
        let mut pieces = Self { rest: packet.option_octets(), file: &[], sname: &[] };
        // Only what stands in the options field counts; RFC 2132 §9.3.
        let overload = pieces.clone().find_map(|piece| match piece {
            Ok((code::OVERLOAD, &[fields])) => Some(fields),
            _ => None,
        });
        if matches!(overload, Some(1 | 3)) {
            pieces.file = packet.file_field();
        }
        if matches!(overload, Some(2 | 3)) {
            pieces.sname = packet.server_name_field();
        }
        pieces
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Result<(u8, &'a [u8]), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.rest {
                [code::PAD, rest @ ..] => self.rest = rest,
                [] | [code::END, ..] => {
                    self.rest = core::mem::take(&mut self.file);
                    if self.rest.is_empty() {
                        self.rest = core::mem::take(&mut self.sname);
                    }
                    if self.rest.is_empty() {
                        return None;
                    }
                }
                [code, behind @ ..] => {
                    let have = self.rest.len();
                    self.rest = &[];
                    let Some((len, behind)) = behind.split_first() else {
                        return Some(Err(Error::truncated(2, have)));
                    };
                    let Some((octets, rest)) = behind.split_at_checked(usize::from(*len)) else {
                        return Some(Err(Error::truncated(2 + usize::from(*len), have)));
                    };
                    self.rest = rest;
                    return Some(Ok((*code, octets)));
                }
            }
        }
    }
}

/// The options of a message, whole and typed; see [`Packet::options`].
#[derive(Debug, Clone)]
pub struct Options<'a> {
    pieces: Pieces<'a>,
    /// One bit for each code that was yielded.
    seen: [u32; 8],
}

impl<'a> Options<'a> {
    pub(super) const fn new(pieces: Pieces<'a>) -> Self {
        Self { pieces, seen: [0; 8] }
    }

    /// Marks a code; says whether it is the first of its kind.
    fn is_first(&mut self, code: u8) -> bool {
        let bit = 1 << (code & 31);
        let Some(word) = self.seen.get_mut(usize::from(code >> 5)) else { return false };
        let first = *word & bit == 0;
        *word |= bit;
        first
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = Result<Opt<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.pieces.next()? {
                Ok((code, first)) if self.is_first(code) => {
                    return Some(Opt::parse(code, Value::new(code, first, self.pieces.clone())));
                }
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// An option. Times are in seconds; a lease of 0xffff_ffff is without end, RFC 2131 §3.3.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Opt<'a> {
    /// 1: the subnet mask, without gaps.
    SubnetMask(Ipv4Addr),
    /// 3: routers, the preferred first.
    Routers(Addresses<'a>),
    /// 6: DNS servers, the preferred first.
    DnsServers(Addresses<'a>),
    /// 12: the client's name.
    HostName(Value<'a>),
    /// 15: the domain to resolve names in.
    DomainName(Value<'a>),
    /// 42: NTP servers, the preferred first.
    NtpServers(Addresses<'a>),
    /// 50: the address that a client asks for.
    RequestedAddress(Ipv4Addr),
    /// 51: how long the address may be used.
    LeaseTime(u32),
    /// 52: which fields hold options: 1 `file`, 2 `sname`, 3 both.
    Overload(u8),
    /// 53: kind of message.
    MessageType(MessageType),
    /// 54: which server speaks, or is spoken to.
    ServerIdentifier(Ipv4Addr),
    /// 55: codes of the options that a client wants.
    ParameterList(Value<'a>),
    /// 56: why something was refused.
    Message(Value<'a>),
    /// 57: largest message that is taken, in octets, at least 576.
    MaxMessageSize(u16),
    /// 58, T1: when to ask the same server for more time.
    RenewalTime(u32),
    /// 59, T2: when to ask any server.
    RebindingTime(u32),
    /// 60: what kind of client this is.
    ClassIdentifier(Value<'a>),
    /// 61: who the client is; type and identifier.
    ClientIdentifier(Value<'a>),
    /// 119: domains to resolve names in.
    DomainSearch(SearchList<'a>),
    /// 121: routes; with them, option 3 is ignored, RFC 3442.
    ClasslessRoutes(Routes<'a>),
    /// Any other: code and octets.
    Unknown(u8, Value<'a>),
}

impl<'a> Opt<'a> {
    /// Reads the octets of the option with this code.
    ///
    /// # Errors
    /// `Length` if they are not as many as the option needs; `Field` for a value that it cannot have.
    pub fn parse(code: u8, value: Value<'a>) -> Result<Self, Error> {
        let word = |value: &Value<'a>| value.array().map(u32::from_be_bytes);
        let address = |value: &Value<'a>| value.array::<4>().map(Ipv4Addr::from);
        Ok(match code {
            code::SUBNET_MASK => {
                let mask = address(&value)?;
                if mask.to_bits().leading_ones() + mask.to_bits().trailing_zeros() < 32 {
                    return Err(Error::Field(2));
                }
                Self::SubnetMask(mask)
            }
            code::ROUTER => Self::Routers(Addresses::parse(value)?),
            code::DNS_SERVER => Self::DnsServers(Addresses::parse(value)?),
            code::NTP_SERVER => Self::NtpServers(Addresses::parse(value)?),
            code::REQUESTED_ADDRESS => Self::RequestedAddress(address(&value)?),
            code::SERVER_IDENTIFIER => Self::ServerIdentifier(address(&value)?),
            code::LEASE_TIME => Self::LeaseTime(word(&value)?),
            code::RENEWAL_TIME => Self::RenewalTime(word(&value)?),
            code::REBINDING_TIME => Self::RebindingTime(word(&value)?),
            code::OVERLOAD => match value.array()? {
                [fields @ 1..=3] => Self::Overload(fields),
                _ => return Err(Error::Field(2)),
            },
            code::MESSAGE_TYPE => {
                let [number] = value.array()?;
                Self::MessageType(MessageType::from(number))
            }
            code::MAX_MESSAGE_SIZE => match value.array().map(u16::from_be_bytes)? {
                0..576 => return Err(Error::Field(2)),
                size => Self::MaxMessageSize(size),
            },
            code::CLASSLESS_ROUTES => Self::ClasslessRoutes(Routes::parse(value)?),
            // RFC 2132: at least one octet each; of a client identifier, two.
            code::CLIENT_IDENTIFIER if value.len() < 2 => return Err(value.wrong_len()),
            code::HOST_NAME
            | code::DOMAIN_NAME
            | code::PARAMETER_LIST
            | code::MESSAGE
            | code::CLASS_IDENTIFIER
            | code::DOMAIN_SEARCH
                if value.is_empty() =>
            {
                return Err(value.wrong_len())
            }
            code::CLIENT_IDENTIFIER => Self::ClientIdentifier(value),
            code::HOST_NAME => Self::HostName(value),
            code::DOMAIN_NAME => Self::DomainName(value),
            code::PARAMETER_LIST => Self::ParameterList(value),
            code::MESSAGE => Self::Message(value),
            code::CLASS_IDENTIFIER => Self::ClassIdentifier(value),
            code::DOMAIN_SEARCH => Self::DomainSearch(SearchList::new(value)),
            other => Self::Unknown(other, value),
        })
    }

    /// Code.
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self {
            Self::SubnetMask(_) => code::SUBNET_MASK,
            Self::Routers(_) => code::ROUTER,
            Self::DnsServers(_) => code::DNS_SERVER,
            Self::HostName(_) => code::HOST_NAME,
            Self::DomainName(_) => code::DOMAIN_NAME,
            Self::NtpServers(_) => code::NTP_SERVER,
            Self::RequestedAddress(_) => code::REQUESTED_ADDRESS,
            Self::LeaseTime(_) => code::LEASE_TIME,
            Self::Overload(_) => code::OVERLOAD,
            Self::MessageType(_) => code::MESSAGE_TYPE,
            Self::ServerIdentifier(_) => code::SERVER_IDENTIFIER,
            Self::ParameterList(_) => code::PARAMETER_LIST,
            Self::Message(_) => code::MESSAGE,
            Self::MaxMessageSize(_) => code::MAX_MESSAGE_SIZE,
            Self::RenewalTime(_) => code::RENEWAL_TIME,
            Self::RebindingTime(_) => code::REBINDING_TIME,
            Self::ClassIdentifier(_) => code::CLASS_IDENTIFIER,
            Self::ClientIdentifier(_) => code::CLIENT_IDENTIFIER,
            Self::DomainSearch(_) => code::DOMAIN_SEARCH,
            Self::ClasslessRoutes(_) => code::CLASSLESS_ROUTES,
            Self::Unknown(code, _) => *code,
        }
    }

    /// Gives the octets to `then`.
    pub(super) fn with_octets<R>(&self, then: impl FnOnce(&Value<'_>) -> R) -> R {
        match self {
            Self::SubnetMask(address) | Self::RequestedAddress(address) | Self::ServerIdentifier(address) => {
                then(&(&address.octets()).into())
            }
            Self::LeaseTime(time) | Self::RenewalTime(time) | Self::RebindingTime(time) => {
                then(&(&time.to_be_bytes()).into())
            }
            Self::MaxMessageSize(size) => then(&(&size.to_be_bytes()).into()),
            Self::Overload(fields) => then(&(&[*fields]).into()),
            Self::MessageType(kind) => then(&(&[u8::from(*kind)]).into()),
            Self::Routers(list) | Self::DnsServers(list) | Self::NtpServers(list) => then(list.value()),
            Self::DomainSearch(list) => then(list.value()),
            Self::ClasslessRoutes(routes) => then(routes.value()),
            Self::HostName(value)
            | Self::DomainName(value)
            | Self::ParameterList(value)
            | Self::Message(value)
            | Self::ClassIdentifier(value)
            | Self::ClientIdentifier(value)
            | Self::Unknown(_, value) => then(value),
        }
    }
}

impl fmt::Display for Opt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SubnetMask(mask) => write!(f, "mask {mask}"),
            Self::Routers(list) => write!(f, "router{list}"),
            Self::DnsServers(list) => write!(f, "DNS{list}"),
            Self::HostName(value) => write!(f, "host {value}"),
            Self::DomainName(value) => write!(f, "domain {value}"),
            Self::NtpServers(list) => write!(f, "NTP{list}"),
            Self::RequestedAddress(address) => write!(f, "requested {address}"),
            Self::LeaseTime(u32::MAX) => f.write_str("lease without end"),
            Self::LeaseTime(time) => write!(f, "lease {time} s"),
            Self::Overload(fields) => write!(f, "overload {fields}"),
            Self::MessageType(kind) => write!(f, "{kind}"),
            Self::ServerIdentifier(address) => write!(f, "server {address}"),
            Self::ParameterList(value) => {
                f.write_str("wants")?;
                value.octets().try_for_each(|code| write!(f, " {code}"))
            }
            Self::Message(value) => write!(f, "message {value}"),
            Self::MaxMessageSize(size) => write!(f, "size {size}"),
            Self::RenewalTime(time) => write!(f, "T1 {time} s"),
            Self::RebindingTime(time) => write!(f, "T2 {time} s"),
            Self::ClassIdentifier(value) => write!(f, "class {value}"),
            Self::ClientIdentifier(value) => {
                f.write_str("client ")?;
                value.octets().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
            Self::DomainSearch(list) => write!(f, "search{list}"),
            Self::ClasslessRoutes(routes) => write!(f, "routes{routes}"),
            Self::Unknown(code, value) => write!(f, "option {code} of {} octets", value.len()),
        }
    }
}
