//! What the options of a message say, and the lists inside options.

use super::{MessageType, Opt, Packet, Value};
use crate::dns::Name;
use crate::{Cidr, Error};
use core::fmt;
use core::net::{IpAddr, Ipv4Addr};

/// What the known options of a message say; what is missing, or wrong, is `None`. Times are in seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameters<'a> {
    /// Kind of message.
    pub message_type: Option<MessageType>,
    /// Which server speaks.
    pub server_identifier: Option<Ipv4Addr>,
    /// The address that a client asks for.
    pub requested_address: Option<Ipv4Addr>,
    /// How long the address may be used; 0xffff_ffff: without end.
    pub lease_time: Option<u32>,
    /// T1.
    pub renewal_time: Option<u32>,
    /// T2.
    pub rebinding_time: Option<u32>,
    /// The length of the subnet's prefix, from its mask.
    pub prefix_len: Option<u8>,
    /// Routers; none where there are `classless_routes`, beside which they are to be ignored, RFC 3442.
    pub routers: Option<Addresses<'a>>,
    /// Routes.
    pub classless_routes: Option<Routes<'a>>,
    /// DNS servers.
    pub dns_servers: Option<Addresses<'a>>,
    /// NTP servers.
    pub ntp_servers: Option<Addresses<'a>>,
    /// The client's name.
    pub host_name: Option<Value<'a>>,
    /// The domain to resolve names in.
    pub domain_name: Option<Value<'a>>,
    /// Domains to resolve names in.
    pub domain_search: Option<SearchList<'a>>,
    /// Codes of the options that a client wants.
    pub parameter_list: Option<Value<'a>>,
    /// Largest message that is taken, in octets.
    pub max_message_size: Option<u16>,
    /// Who the client is.
    pub client_identifier: Option<Value<'a>>,
    /// What kind of client this is.
    pub class_identifier: Option<Value<'a>>,
    /// Why something was refused.
    pub message: Option<Value<'a>>,
}

impl<'a> Parameters<'a> {
    pub(super) fn of(packet: &Packet<'a>) -> Self {
        let mut all = Self::default();
        for option in packet.options().flatten() {
            match option {
                Opt::MessageType(kind) => all.message_type = Some(kind),
                Opt::ServerIdentifier(address) => all.server_identifier = Some(address),
                Opt::RequestedAddress(address) => all.requested_address = Some(address),
                Opt::LeaseTime(time) => all.lease_time = Some(time),
                Opt::RenewalTime(time) => all.renewal_time = Some(time),
                Opt::RebindingTime(time) => all.rebinding_time = Some(time),
                // At most 32.
                Opt::SubnetMask(mask) => all.prefix_len = u8::try_from(mask.to_bits().leading_ones()).ok(),
                Opt::Routers(list) => all.routers = Some(list),
                Opt::ClasslessRoutes(routes) => all.classless_routes = Some(routes),
                Opt::DnsServers(list) => all.dns_servers = Some(list),
                Opt::NtpServers(list) => all.ntp_servers = Some(list),
                Opt::HostName(value) => all.host_name = Some(value),
                Opt::DomainName(value) => all.domain_name = Some(value),
                Opt::DomainSearch(list) => all.domain_search = Some(list),
                Opt::ParameterList(value) => all.parameter_list = Some(value),
                Opt::MaxMessageSize(size) => all.max_message_size = Some(size),
                Opt::ClientIdentifier(value) => all.client_identifier = Some(value),
                Opt::ClassIdentifier(value) => all.class_identifier = Some(value),
                Opt::Message(value) => all.message = Some(value),
                Opt::Overload(_) | Opt::Unknown(..) => {}
            }
        }
        // RFC 3442: a client that knows classless routes ignores the routers beside them.
        if all.classless_routes.is_some() {
            all.routers = None;
        }
        all
    }
}

/// The next `N` octets.
fn take<const N: usize>(octets: &mut impl Iterator<Item = u8>) -> Option<[u8; N]> {
    let mut array = [0; N];
    for to in &mut array {
        *to = octets.next()?;
    }
    Some(array)
}

/// At least one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses<'a>(Value<'a>);

impl<'a> Addresses<'a> {
    /// Addresses from their octets, four each.
    ///
    /// # Errors
    /// `Length` for none, or part of one.
    pub fn parse(value: Value<'a>) -> Result<Self, Error> {
        match value.len() {
            0 => Err(value.wrong_len()),
            len if len % 4 != 0 => Err(value.wrong_len()),
            _ => Ok(Self(value)),
        }
    }

    /// The octets.
    #[must_use]
    pub const fn value(&self) -> &Value<'a> {
        &self.0
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Ipv4Addr> + 'a {
        let mut octets = self.0.octets();
        core::iter::from_fn(move || take::<4>(&mut octets).map(Ipv4Addr::from))
    }
}

impl fmt::Display for Addresses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|address| write!(f, " {address}"))
    }
}

/// A route of option 121, RFC 3442.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Where it leads: bits beyond the prefix are zero.
    pub destination: Cidr,
    /// By way of whom; unspecified: the destination is on the link.
    pub router: Ipv4Addr,
}

/// At least one route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routes<'a>(Value<'a>);

impl<'a> Routes<'a> {
    /// Routes from their octets: prefix length, as many octets of the prefix as it needs, router.
    ///
    /// # Errors
    /// `Length` for none, or part of one; `Field` for a prefix longer than 32 bits.
    pub fn parse(value: Value<'a>) -> Result<Self, Error> {
        let mut octets = value.octets();
        let mut count = 0;
        while let Some(prefix_len) = octets.next() {
            if prefix_len > 32 {
                return Err(Error::Field(2));
            }
            read_route(prefix_len, &mut octets).ok_or_else(|| value.wrong_len())?;
            count += 1;
        }
        if count == 0 {
            return Err(value.wrong_len());
        }
        Ok(Self(value))
    }

    /// The octets.
    #[must_use]
    pub const fn value(&self) -> &Value<'a> {
        &self.0
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Route> + 'a {
        let mut octets = self.0.octets();
        core::iter::from_fn(move || {
            let prefix_len = octets.next()?;
            read_route(prefix_len, &mut octets)
        })
    }
}

/// A route behind its prefix length.
fn read_route(prefix_len: u8, octets: &mut impl Iterator<Item = u8>) -> Option<Route> {
    let mut prefix = [0; 4];
    for octet in prefix.iter_mut().take(usize::from(prefix_len.div_ceil(8))) {
        *octet = octets.next()?;
    }
    let router = Ipv4Addr::from(take::<4>(octets)?);
    let mask = u32::MAX.checked_shl(32 - u32::from(prefix_len.min(32))).unwrap_or(0);
    let prefix = Ipv4Addr::from_bits(u32::from_be_bytes(prefix) & mask);
    Some(Route { destination: Cidr::new(IpAddr::V4(prefix), prefix_len).ok()?, router })
}

impl fmt::Display for Routes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|route| write!(f, " {} via {}", route.destination, route.router))
    }
}

/// The domains of option 119, RFC 3397: names, compressed within the option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchList<'a>(Value<'a>);

impl<'a> SearchList<'a> {
    /// A list from its octets.
    #[must_use]
    pub const fn new(value: Value<'a>) -> Self {
        Self(value)
    }

    /// The octets.
    #[must_use]
    pub const fn value(&self) -> &Value<'a> {
        &self.0
    }

    /// The names in the option's octets, put together by [`Value::copy_to`] or [`Value::as_slice`]. A broken one is
    /// an error and ends the walk.
    pub fn names(octets: &[u8]) -> impl Iterator<Item = Result<Name<'_>, Error>> {
        let mut at = Some(0);
        core::iter::from_fn(move || {
            let start = at.filter(|at| *at < octets.len())?;
            let name = Name::parse(octets, start, 0);
            at = name.ok().map(|(_, end)| end);
            Some(name.map(|(name, _)| name))
        })
    }
}

impl fmt::Display for SearchList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(octets) = self.0.as_slice() else { return write!(f, " {} octets in pieces", self.0.len()) };
        for name in Self::names(octets) {
            match name {
                Ok(name) => write!(f, " {name}")?,
                Err(error) => write!(f, " ({error})")?,
            }
        }
        Ok(())
    }
}
