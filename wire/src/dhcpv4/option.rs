//! Options, RFC 2132 and RFC 3396.
//!
//! ```text
//!   +------+-----+------ … -----+
//!   | code | len | len octets   |      code 0 is padding, 255 the end: neither has a length
//!   +------+-----+------ … -----+
//! ```

use super::parameters::{Addresses, Routes, SearchList};
use super::{code, ClientIdentifier, Packet, Value};
use crate::Error;
use core::fmt;
use core::net::Ipv4Addr;

/// Smallest MTU that option 26 may give, RFC 2132 §5.1.
const INTERFACE_MTU_MIN: u16 = 68;
/// Smallest message that everyone takes, RFC 2132 §9.10.
const MAX_MESSAGE_SIZE_MIN: u16 = 576;

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
        let overload = Value::find(code::OVERLOAD, pieces.clone()).map(|value| value.array());
        if matches!(overload, Some(Ok([1 | 3]))) {
            pieces.file = packet.file_field();
        }
        if matches!(overload, Some(Ok([2 | 3]))) {
            pieces.sname = packet.server_name_field();
        }
        pieces
    }

    /// The options inside an option, with padding and end as in a message: those of a vendor (43), RFC 2132 §8.4.
    #[must_use]
    pub const fn encapsulated(octets: &'a [u8]) -> Self {
        Self { rest: octets, file: &[], sname: &[] }
    }

    /// Whether `file` is still to be walked.
    pub(super) const fn uses_file(&self) -> bool {
        !self.file.is_empty()
    }

    /// Whether `sname` is still to be walked.
    pub(super) const fn uses_sname(&self) -> bool {
        !self.sname.is_empty()
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

/// What a relay said of the client: the sub-options of option 82, RFC 3046 §2.0, without padding and end. What is cut
/// off is an error and ends the walk.
pub fn relay_sub_options(octets: &[u8]) -> impl Iterator<Item = Result<(u8, &[u8]), Error>> {
    let mut rest = octets;
    core::iter::from_fn(move || {
        let (code, behind) = rest.split_first()?;
        let have = rest.len();
        rest = &[];
        let Some((len, behind)) = behind.split_first() else { return Some(Err(Error::truncated(2, have))) };
        let need = usize::from(*len);
        let Some((octets, next)) = behind.split_at_checked(need) else {
            return Some(Err(Error::truncated(2 + need, have)));
        };
        rest = next;
        Some(Ok((*code, octets)))
    })
}

/// The options of a message, whole and typed; see [`Packet::options`].
#[derive(Debug, Clone)]
pub struct Options<'a> {
    pieces: Pieces<'a>,
    seen: Codes,
}

impl<'a> Options<'a> {
    pub(super) fn new(pieces: Pieces<'a>) -> Self {
        Self { pieces, seen: Codes::default() }
    }
}

/// Codes that were met, one bit each.
#[derive(Debug, Clone, Default)]
pub(super) struct Codes([u32; 8]);

impl Codes {
    /// Marks a code; says whether it is the first of its kind.
    pub(super) fn is_first(&mut self, code: u8) -> bool {
        let bit = 1 << (code & 31);
        let Some(word) = self.0.get_mut(usize::from(code >> 5)) else { return false };
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
                Ok((code, first)) if self.seen.is_first(code) => {
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
    /// 26: the MTU of the interface, in octets, at least 68.
    InterfaceMtu(u16),
    /// 28: the broadcast address of the subnet.
    BroadcastAddress(Ipv4Addr),
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
    /// 61: who the client is; type and identifier, see [`ClientIdentifier`].
    ClientIdentifier(Value<'a>),
    /// 66: where the boot file is, instead of `sname`.
    TftpServerName(Value<'a>),
    /// 67: the boot file, instead of `file`.
    BootFile(Value<'a>),
    /// 80, RFC 4039: in a DISCOVER, an ACK may answer it; in an ACK, that it does.
    RapidCommit,
    /// 82: what a relay added; a server puts it, unaltered, behind all other options of its reply. See
    /// [`relay_sub_options`].
    RelayInformation(Value<'a>),
    /// 108, RFC 8925: seconds for which a host that can do without IPv4 is to do so.
    Ipv6OnlyPreferred(u32),
    /// 114, RFC 8910: the URI of the portal's API.
    CaptivePortal(Value<'a>),
    /// 119: domains to resolve names in.
    DomainSearch(SearchList<'a>),
    /// 121: routes; with them, option 3 is ignored, RFC 3442.
    ClasslessRoutes(Routes<'a>),
    /// Any other: code and octets, of a number that the code allows.
    Unknown(u8, Value<'a>),
}

impl<'a> Opt<'a> {
    /// Reads the octets of the option with this code.
    ///
    /// # Errors
    /// `Length` if they are not as many as the option needs; `Field` for a value that it cannot have.
    pub fn parse(code: u8, value: Value<'a>) -> Result<Self, Error> {
        if !code::is_len(code, value.len()) {
            return Err(value.wrong_len());
        }
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
            code::HOST_NAME => Self::HostName(value),
            code::DOMAIN_NAME => Self::DomainName(value),
            code::INTERFACE_MTU => match value.array().map(u16::from_be_bytes)? {
                0..INTERFACE_MTU_MIN => return Err(Error::Field(2)),
                mtu => Self::InterfaceMtu(mtu),
            },
            code::BROADCAST_ADDRESS => Self::BroadcastAddress(address(&value)?),
            code::NTP_SERVER => Self::NtpServers(Addresses::parse(value)?),
            code::REQUESTED_ADDRESS => Self::RequestedAddress(address(&value)?),
            code::LEASE_TIME => Self::LeaseTime(word(&value)?),
            code::OVERLOAD => match value.array()? {
                [fields @ 1..=3] => Self::Overload(fields),
                _ => return Err(Error::Field(2)),
            },
            code::MESSAGE_TYPE => {
                let [number] = value.array()?;
                Self::MessageType(MessageType::from(number))
            }
            code::SERVER_IDENTIFIER => Self::ServerIdentifier(address(&value)?),
            code::PARAMETER_LIST => Self::ParameterList(value),
            code::MESSAGE => Self::Message(value),
            code::MAX_MESSAGE_SIZE => match value.array().map(u16::from_be_bytes)? {
                0..MAX_MESSAGE_SIZE_MIN => return Err(Error::Field(2)),
                size => Self::MaxMessageSize(size),
            },
            code::RENEWAL_TIME => Self::RenewalTime(word(&value)?),
            code::REBINDING_TIME => Self::RebindingTime(word(&value)?),
            code::CLASS_IDENTIFIER => Self::ClassIdentifier(value),
            code::CLIENT_IDENTIFIER => Self::ClientIdentifier(value),
            code::TFTP_SERVER_NAME => Self::TftpServerName(value),
            code::BOOT_FILE => Self::BootFile(value),
            code::RAPID_COMMIT => Self::RapidCommit,
            code::RELAY_INFORMATION => Self::RelayInformation(value),
            code::IPV6_ONLY_PREFERRED => Self::Ipv6OnlyPreferred(word(&value)?),
            code::CAPTIVE_PORTAL => Self::CaptivePortal(value),
            code::DOMAIN_SEARCH => Self::DomainSearch(SearchList::new(value)),
            code::CLASSLESS_ROUTES => Self::ClasslessRoutes(Routes::parse(value)?),
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
            Self::InterfaceMtu(_) => code::INTERFACE_MTU,
            Self::BroadcastAddress(_) => code::BROADCAST_ADDRESS,
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
            Self::TftpServerName(_) => code::TFTP_SERVER_NAME,
            Self::BootFile(_) => code::BOOT_FILE,
            Self::RapidCommit => code::RAPID_COMMIT,
            Self::RelayInformation(_) => code::RELAY_INFORMATION,
            Self::Ipv6OnlyPreferred(_) => code::IPV6_ONLY_PREFERRED,
            Self::CaptivePortal(_) => code::CAPTIVE_PORTAL,
            Self::DomainSearch(_) => code::DOMAIN_SEARCH,
            Self::ClasslessRoutes(_) => code::CLASSLESS_ROUTES,
            Self::Unknown(code, _) => *code,
        }
    }

    /// Gives the octets to `then`.
    pub(super) fn with_octets<R>(&self, then: impl FnOnce(&Value<'_>) -> R) -> R {
        match self {
            Self::SubnetMask(address)
            | Self::BroadcastAddress(address)
            | Self::RequestedAddress(address)
            | Self::ServerIdentifier(address) => then(&(&address.octets()).into()),
            Self::LeaseTime(time)
            | Self::RenewalTime(time)
            | Self::RebindingTime(time)
            | Self::Ipv6OnlyPreferred(time) => then(&(&time.to_be_bytes()).into()),
            Self::InterfaceMtu(size) | Self::MaxMessageSize(size) => then(&(&size.to_be_bytes()).into()),
            Self::RapidCommit => then(&(&[]).into()),
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
            | Self::TftpServerName(value)
            | Self::BootFile(value)
            | Self::RelayInformation(value)
            | Self::CaptivePortal(value)
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
            Self::InterfaceMtu(mtu) => write!(f, "MTU {mtu}"),
            Self::BroadcastAddress(address) => write!(f, "broadcast address {address}"),
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
                if let Some(Ok(identifier)) = value.as_slice().map(ClientIdentifier::parse) {
                    return write!(f, "{identifier}");
                }
                value.octets().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
            Self::TftpServerName(value) => write!(f, "TFTP server {value}"),
            Self::BootFile(value) => write!(f, "boot file {value}"),
            Self::RapidCommit => f.write_str("rapid commit"),
            Self::RelayInformation(value) => write!(f, "relay information {value}"),
            Self::Ipv6OnlyPreferred(time) => write!(f, "IPv6 only {time} s"),
            Self::CaptivePortal(value) => write!(f, "portal {value}"),
            Self::DomainSearch(list) => write!(f, "search{list}"),
            Self::ClasslessRoutes(routes) => write!(f, "routes{routes}"),
            Self::Unknown(code, value) => write!(f, "option {code} of {} octets", value.len()),
        }
    }
}
