//! What the options of a message say, and the lists inside options.

use super::{MessageType, Opt, Packet, Value};
use crate::dns::{Labels, Name};
use crate::{Cidr, Error};
use core::fmt;
use core::net::{IpAddr, Ipv4Addr};

/// What the options of a message say that every client or server looks at; what is missing, or wrong, is `None`. Times
/// are in seconds. For the others there are [`Packet::option`] and [`Packet::options`].
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
    /// The MTU of the interface.
    pub interface_mtu: Option<u16>,
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
    /// Seconds for which a host that can do without IPv4 is to do so, RFC 8925.
    pub ipv6_only_preferred: Option<u32>,
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
                Opt::InterfaceMtu(mtu) => all.interface_mtu = Some(mtu),
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
                Opt::Ipv6OnlyPreferred(time) => all.ipv6_only_preferred = Some(time),
                // For servers, relays and boot loaders, who ask for them by code.
                Opt::BroadcastAddress(_)
                | Opt::Overload(_)
                | Opt::TftpServerName(_)
                | Opt::BootFile(_)
                | Opt::RapidCommit
                | Opt::RelayInformation(_)
                | Opt::CaptivePortal(_)
                | Opt::Unknown(..) => {}
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

/// Octets that are written one behind the other.
struct Out<'b> {
    buffer: &'b mut [u8],
    len: usize,
}

impl<'b> Out<'b> {
    fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, len: 0 }
    }

    fn put(&mut self, octets: &[u8]) -> Result<(), Error> {
        let (need, have) = (self.len + octets.len(), self.buffer.len());
        let room = self.buffer.get_mut(self.len..need).ok_or_else(|| Error::no_room(need, have))?;
        for (to, from) in room.iter_mut().zip(octets) {
            *to = *from;
        }
        self.len = need;
        Ok(())
    }

    fn written(&self, len: usize) -> &[u8] {
        self.buffer.get(..len).unwrap_or_default()
    }

    fn finish(self) -> &'b [u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }
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

    /// Writes addresses to the front of `buffer`, from where an option takes them.
    ///
    /// # Errors
    /// `NoRoom`; `Length` for none.
    pub fn emit(addresses: &[Ipv4Addr], buffer: &'a mut [u8]) -> Result<Self, Error> {
        let mut out = Out::new(buffer);
        addresses.iter().try_for_each(|address| out.put(&address.octets()))?;
        Self::parse(out.finish().into())
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

    /// Writes routes to the front of `buffer`, from where an option takes them.
    ///
    /// # Errors
    /// `NoRoom`; `Length` for none; `Unrepresentable` for a destination of IPv6.
    pub fn emit(routes: &[Route], buffer: &'a mut [u8]) -> Result<Self, Error> {
        let mut out = Out::new(buffer);
        for route in routes {
            let IpAddr::V4(address) = route.destination.address() else { return Err(Error::Unrepresentable) };
            let prefix_len = route.destination.prefix_len();
            out.put(&[prefix_len])?;
            let octets = (address.to_bits() & mask(prefix_len)).to_be_bytes();
            out.put(octets.get(..usize::from(prefix_len.div_ceil(8))).unwrap_or(&octets))?;
            out.put(&route.router.octets())?;
        }
        Self::parse(out.finish().into())
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

/// The bits of a prefix.
fn mask(prefix_len: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix_len.min(32))).unwrap_or(0)
}

/// A route behind its prefix length.
fn read_route(prefix_len: u8, octets: &mut impl Iterator<Item = u8>) -> Option<Route> {
    let mut prefix = [0; 4];
    for octet in prefix.iter_mut().take(usize::from(prefix_len.div_ceil(8))) {
        *octet = octets.next()?;
    }
    let router = Ipv4Addr::from(take::<4>(octets)?);
    let prefix = Ipv4Addr::from_bits(u32::from_be_bytes(prefix) & mask(prefix_len));
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

    /// Writes names to the front of `buffer`, from where an option takes them. They are compressed: what a name ends in
    /// points to where an earlier one ends in the same octets.
    ///
    /// # Errors
    /// `NoRoom`; that of a broken name; `Length` for none.
    pub fn emit(names: &[Name<'_>], buffer: &'a mut [u8]) -> Result<Self, Error> {
        let mut out = Out::new(buffer);
        for name in names {
            name.check()?;
            let known = out.len;
            let mut labels = name.labels();
            loop {
                let rest = labels.clone();
                let Some(label) = labels.next() else {
                    out.put(&[0])?;
                    break;
                };
                let label = label?;
                if let Some(place) = place_of(out.written(known), rest) {
                    out.put(&(place | POINTER).to_be_bytes())?;
                    break;
                }
                out.put(&[u8::try_from(label.len()).map_err(|_| Error::Unrepresentable)?])?;
                out.put(label)?;
            }
        }
        match out.finish() {
            [] => Err(Error::Length(0)),
            octets => Ok(Self(octets.into())),
        }
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

/// What makes two octets a pointer, RFC 1035 §4.1.4; 14 bits are left for the place.
const POINTER: u16 = 0xc000;

/// Where in `octets`, which are names of our own, these labels stand to the end of a name.
fn place_of(octets: &[u8], labels: Labels<'_>) -> Option<u16> {
    let mut at = 0;
    loop {
        let place = u16::try_from(at).ok().filter(|place| place & POINTER == 0)?;
        let next = match *octets.get(at)? {
            0 => at + 1,
            // A pointer leads to labels that were looked at.
            0xc0.. => at + 2,
            len => {
                let (there, _) = Name::parse(octets, at, 0).ok()?;
                if there.labels().eq(labels.clone()) {
                    return Some(place);
                }
                at + 1 + usize::from(len)
            }
        };
        at = next;
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
