//! The routing table: prefixes that are reached by a gateway or directly, RFC 1122 §3.3.1.
//!
//! Prefixes of own addresses need no entry: they are on-link by themselves. The longest prefix wins, then the
//! smallest metric, then the older entry; a gateway that does not answer is passed over while another one serves.

use crate::martian::{self, Kind};
use crate::{Deadline, Instant, InterfaceId, PackedAddress};
use core::net::IpAddr;
use core::time::Duration;
use tersus_wire::Cidr;

/// How long a gateway that did not answer is passed over, RFC 4191 §3.5.
const RETRY: Duration = Duration::from_secs(60);

/// A way to a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Where it leads. Prefix length 0: a default route.
    pub prefix: Cidr,
    /// Who forwards; `None`: stations of the prefix are on the link. Must be on the link itself, or the route is
    /// without effect.
    pub gateway: Option<IpAddr>,
    /// The interface to leave from.
    pub interface: InterfaceId,
    /// Among routes to one prefix the smallest goes first.
    pub metric: u16,
}

impl Route {
    /// A default route by `gateway`, metric 0.
    #[must_use]
    pub fn default_by(gateway: IpAddr, interface: InterfaceId) -> Self {
        let any = match gateway {
            IpAddr::V4(_) => IpAddr::V4(core::net::Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(_) => IpAddr::V6(core::net::Ipv6Addr::UNSPECIFIED),
        };
        // Prefix length 0 is right for both families.
        let prefix = Cidr::new(any, 0).unwrap_or(Cidr::host(any));
        Self { prefix, gateway: Some(gateway), interface, metric: 0 }
    }
}

/// Why a route was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RouteError {
    /// The interface does not exist.
    #[error("no such interface")]
    Interface,
    /// Prefix and gateway are of two families, or the family is left out of this build.
    #[error("prefix and gateway are not of one family of this build")]
    Family,
    /// The gateway's address cannot be a router's: unspecified, loopback, a group, broadcast or reserved.
    #[error("gateway is no address of a station")]
    Gateway,
    /// The same prefix, whatever its host bits, by the same gateway and interface is there already.
    #[error("route is there already")]
    Exists,
    /// The table is full.
    #[error("table of routes is full")]
    TableFull,
}

/// One route: an entry of the table that [`Storage`](crate::Storage) holds.
#[derive(Debug, Clone, Copy)]
pub struct RouteEntry {
    prefix: PackedAddress,
    pub(crate) prefix_len: u8,
    pub(crate) interface: InterfaceId,
    pub(crate) metric: u16,
    /// Who forwards; none: stations of the prefix are on the link.
    pub(crate) gateway: PackedAddress,
    /// Until when the gateway is passed over because it did not answer.
    failed_until: Deadline,
}

impl RouteEntry {
    /// A free entry.
    pub const FREE: Self = Self {
        prefix: PackedAddress::NONE,
        prefix_len: 0,
        interface: InterfaceId(0),
        metric: 0,
        gateway: PackedAddress::NONE,
        failed_until: Deadline::NONE,
    };

    /// The route; `None` if the entry is free.
    #[must_use]
    pub fn get(&self) -> Option<Route> {
        Some(Route {
            prefix: Cidr::new(self.prefix.get()?, self.prefix_len).ok()?,
            gateway: self.gateway.get(),
            interface: self.interface,
            metric: self.metric,
        })
    }

    /// Whether the route leads to `to`.
    pub(crate) fn contains(&self, to: &PackedAddress) -> bool {
        !self.prefix.is_none() && self.prefix.shares(self.prefix_len, to)
    }

    fn is_same(&self, other: &Self) -> bool {
        self.prefix_len == other.prefix_len
            && self.contains(&other.prefix)
            && self.gateway == other.gateway
            && self.interface == other.interface
    }

    /// Whether the gateway did not answer within the last minute.
    pub(crate) fn has_failed(&self, now: Instant) -> bool {
        self.failed_until.is_running() && !self.failed_until.is_due(now)
    }
}

impl From<Route> for RouteEntry {
    fn from(route: Route) -> Self {
        Self {
            prefix: PackedAddress::new(route.prefix.address()),
            prefix_len: route.prefix.prefix_len(),
            interface: route.interface,
            metric: route.metric,
            gateway: route.gateway.into(),
            failed_until: Deadline::NONE,
        }
    }
}

/// Adds a route whose interface exists.
pub(crate) fn add(table: &mut [RouteEntry], route: Route) -> Result<(), RouteError> {
    if let Some(gateway) = route.gateway {
        if gateway.is_ipv4() != route.prefix.address().is_ipv4() {
            return Err(RouteError::Family);
        }
        if !matches!(martian::kind(&gateway.into()), None | Some(Kind::Unicast | Kind::LinkLocal)) {
            return Err(RouteError::Gateway);
        }
    }
    let route = RouteEntry::from(route);
    if route.get().is_none() {
        return Err(RouteError::Family);
    }
    if table.iter().any(|other| other.is_same(&route)) {
        return Err(RouteError::Exists);
    }
    let free = table.iter_mut().find(|entry| entry.prefix.is_none()).ok_or(RouteError::TableFull)?;
    *free = route;
    Ok(())
}

/// Removes a route; the metric does not matter. `false` if there was none.
pub(crate) fn remove(table: &mut [RouteEntry], route: &Route) -> bool {
    let route = RouteEntry::from(*route);
    let entry = table.iter_mut().find(|entry| entry.is_same(&route));
    entry.map(|entry| *entry = RouteEntry::FREE).is_some()
}

/// A gateway did not answer: it is passed over for a minute where another serves.
pub(crate) fn on_failure(
    table: &mut [RouteEntry],
    interface: InterfaceId,
    gateway: &PackedAddress,
    now: Instant,
) {
    for entry in table.iter_mut().filter(|entry| entry.interface == interface && entry.gateway == *gateway) {
        entry.failed_until = Deadline::at(now + RETRY);
    }
}

#[cfg(all(test, not(all(feature = "ipv4", feature = "ipv6"))))]
mod tests {
    use super::*;

    #[test]
    fn a_route_of_a_family_left_out_is_refused() {
        let mut table = [RouteEntry::FREE; 4];
        // gateway, whether its family is in this build
        for (gateway, is_in) in
            [("192.0.2.254", cfg!(feature = "ipv4")), ("2001:db8::fe", cfg!(feature = "ipv6"))]
        {
            let route = Route::default_by(gateway.parse().unwrap(), InterfaceId(0));
            assert_eq!(add(&mut table, route), if is_in { Ok(()) } else { Err(RouteError::Family) });
            assert_eq!(remove(&mut table, &route), is_in);
        }
    }
}
