//! Deciding the way to a destination: interface, next hop, source, MTU. RFC 1122 §3.3.1 and §3.3.4, RFC 6724 §5.
//!
//! ```text
//!   to = own address ........ the loopback link
//!   to = group, broadcast ... the interface asked for, that of the source, a route's, or the only one
//!   to = link-local ......... the same; the station is on the link
//!   else .................... longest prefix among on-link prefixes and routes; gateways that failed go last
//! ```
//!
//! The strong host model (RFC 1122 §3.3.4.2): a source that the caller fixes also fixes the interface.

use crate::host::Host;
use crate::interface::Interface;
use crate::martian::{is_link_scoped_group, Kind};
use crate::path::PathFlags;
use crate::{InterfaceId, PackedAddress, Path, Source, Unreachable};
use tersus_phy::ChecksumOffload;
use tersus_wire::HardwareAddress;

/// Whom the link shall carry a packet to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextHop {
    /// This hardware address: a group, all stations, or nothing on links without addresses.
    Link(HardwareAddress),
    /// The station that has this IP address.
    Station(PackedAddress),
}

/// The way to a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) source: PackedAddress,
    pub(crate) interface: InterfaceId,
    pub(crate) next_hop: NextHop,
    pub(crate) mtu: u16,
}

/// [`Source`], with its address as tables hold it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) address: Option<PackedAddress>,
    pub(crate) interface: Option<InterfaceId>,
}

impl From<Source> for Origin {
    fn from(source: Source) -> Self {
        Self { address: source.address.map(PackedAddress::new), interface: source.interface }
    }
}

/// A candidate for the next hop, best first in the order of its fields.
#[derive(Clone, Copy)]
struct Candidate {
    prefix_len: u8,
    is_failed: bool,
    metric: u16,
    interface: InterfaceId,
    next_hop: PackedAddress,
}

impl Candidate {
    fn is_better_than(&self, other: &Self) -> bool {
        if self.prefix_len != other.prefix_len {
            self.prefix_len > other.prefix_len
        } else if self.is_failed != other.is_failed {
            other.is_failed
        } else {
            self.metric < other.metric
        }
    }
}

impl Host<'_> {
    /// Decides the way to `to`.
    pub(crate) fn decide(&self, from: &Origin, to: &PackedAddress) -> Result<Decision, Unreachable> {
        let kind = crate::martian::kind(to).ok_or(Unreachable::Family)?;
        if from.address.is_some_and(|source| !source.is_like(to)) {
            return Err(Unreachable::Family);
        }
        if matches!(kind, Kind::Unspecified | Kind::Reserved) {
            return Err(Unreachable::Destination);
        }
        let unspecified = from.address.is_some_and(|source| source.is_unspecified());
        if unspecified && from.interface.is_none() {
            return Err(Unreachable::NoSource);
        }
        if kind == Kind::Loopback || self.is_own(to) {
            return self.decide_loopback(from, to);
        }
        let fixed = match (from.interface, from.address) {
            (interface, Some(source)) if !unspecified => Some(self.owner(&source, interface)?),
            (interface, _) => interface,
        };
        let (id, next_hop) = match kind {
            Kind::LinkLocal => (self.link_scope_interface(fixed, to)?, *to),
            _ if kind.is_many() => (self.link_scope_interface(fixed, to)?, *to),
            _ => self.look_up(fixed, to)?,
        };
        let interface = self.interface(id).filter(|i| i.is_up()).ok_or(Unreachable::InterfaceDown)?;
        let hop = if kind.is_many() || self.is_directed_broadcast(id, to) || !interface.has_neighbours() {
            NextHop::Link(interface.group_address(to))
        } else {
            NextHop::Station(next_hop)
        };
        let source = match from.address {
            Some(source) => source,
            None => self.select_source(id, to, &next_hop).ok_or(Unreachable::NoSource)?,
        };
        Ok(Decision { source, interface: id, next_hop: hop, mtu: self.mtu_to(interface, to) })
    }

    /// A destination that is ourselves: through the loopback link, with itself as source unless another own address
    /// is asked for.
    fn decide_loopback(&self, from: &Origin, to: &PackedAddress) -> Result<Decision, Unreachable> {
        if !self.is_own(to) {
            return Err(Unreachable::NoRoute);
        }
        let source = from.address.unwrap_or(*to);
        if !self.is_own(&source) {
            return Err(Unreachable::NotOurs);
        }
        let index = self.interfaces.iter().position(Interface::is_loopback).ok_or(Unreachable::NoRoute)?;
        let id = InterfaceId(u8::try_from(index).unwrap_or(u8::MAX));
        let interface = self.interface(id).filter(|i| i.is_up()).ok_or(Unreachable::InterfaceDown)?;
        let next_hop = NextHop::Link(HardwareAddress::NONE);
        Ok(Decision { source, interface: id, next_hop, mtu: interface.mtu() })
    }

    /// The interface that has `source`; the one asked for must be among them.
    fn owner(&self, source: &PackedAddress, asked: Option<InterfaceId>) -> Result<InterfaceId, Unreachable> {
        self.addresses
            .iter()
            .find(|own| own.address == *source && asked.map_or(true, |id| id == own.interface))
            .map(|own| own.interface)
            .ok_or(Unreachable::NotOurs)
    }

    /// Where groups, broadcasts and link-local destinations leave: they name no interface themselves.
    fn link_scope_interface(
        &self,
        fixed: Option<InterfaceId>,
        to: &PackedAddress,
    ) -> Result<InterfaceId, Unreachable> {
        if let Some(id) = fixed {
            return Ok(id);
        }
        let mut usable = None;
        for index in 0..self.interface_count() {
            let id = InterfaceId(index);
            if self.interface(id).is_some_and(|entry| entry.is_attached() && !entry.is_loopback()) {
                if usable.is_some() {
                    // More than one: the groups of wider scope go by the routes.
                    if to.is_group() && !is_link_scoped_group(to) {
                        return self.look_up(None, to).map(|(id, _)| id);
                    }
                    return Err(Unreachable::NoRoute);
                }
                usable = Some(id);
            }
        }
        usable.ok_or(Unreachable::InterfaceDown)
    }

    /// Interface and next hop by the longest prefix.
    fn look_up(
        &self,
        fixed: Option<InterfaceId>,
        to: &PackedAddress,
    ) -> Result<(InterfaceId, PackedAddress), Unreachable> {
        let on_link = self.addresses.iter().filter(|own| own.contains(to)).map(|own| Candidate {
            prefix_len: own.prefix_len,
            is_failed: false,
            metric: 0,
            interface: own.interface,
            next_hop: *to,
        });
        let routed = self.routes.iter().filter(|route| route.contains(to)).map(|route| Candidate {
            prefix_len: route.prefix_len,
            is_failed: !route.gateway.is_none() && self.has_failed(route),
            metric: route.metric,
            interface: route.interface,
            next_hop: if route.gateway.is_none() { *to } else { route.gateway },
        });
        let mut best: Option<Candidate> = None;
        let mut reason = Unreachable::NoRoute;
        for candidate in on_link.chain(routed) {
            if fixed.is_some_and(|id| id != candidate.interface) {
                continue;
            }
            if !self.interface(candidate.interface).is_some_and(Interface::is_up) {
                reason = Unreachable::InterfaceDown;
            } else if best.as_ref().map_or(true, |best| candidate.is_better_than(best)) {
                best = Some(candidate);
            }
        }
        best.map(|best| (best.interface, best.next_hop)).ok_or(reason)
    }

    /// The source for `to`, among the addresses of the interface: RFC 6724 §5, rules 1, 2 and 8 (5 by the caller).
    /// The prefix is compared with the next hop for IPv4, as RFC 1122 §3.3.4.3 wants, with the destination for IPv6.
    pub(crate) fn select_source(
        &self,
        interface: InterfaceId,
        to: &PackedAddress,
        next_hop: &PackedAddress,
    ) -> Option<PackedAddress> {
        let near = if to.is_ipv4() { next_hop } else { to };
        let wanted = scope(to);
        let mut best: Option<(u8, u8, &PackedAddress)> = None;
        for own in self.addresses.iter() {
            let address = &own.address;
            if own.interface != interface || !address.is_like(to) {
                continue;
            }
            let scope = scope(address);
            // Of scopes wide enough the narrowest, else the widest.
            let fit = if scope >= wanted { u8::MAX - scope } else { scope };
            let common = address.common_prefix_len(near).min(own.prefix_len);
            if best.map_or(true, |(f, c, _)| (fit, common) > (f, c)) {
                best = Some((fit, common, address));
            }
        }
        best.map(|(_, _, address)| *address)
    }

    /// Makes the path of a decision, with the next hop's hardware address if that is known.
    pub(crate) fn path(
        &self,
        from: &Origin,
        to: &PackedAddress,
        decision: &Decision,
    ) -> Result<Path, Unreachable> {
        let mut path = Path::between(&decision.source, to, decision.interface, decision.mtu)
            .ok_or(Unreachable::Family)?;
        path.generation = self.generation;
        if from.address.is_some() {
            path.flags.insert(PathFlags::SOURCE_FIXED);
        }
        if from.interface.is_some() {
            path.flags.insert(PathFlags::INTERFACE_FIXED);
        }
        let completes = |interface: &Interface| interface.properties.checksum == ChecksumOffload::Partial;
        if self.interface(decision.interface).is_some_and(completes) {
            path.flags.insert(PathFlags::CHECKSUM_OFFLOAD);
        }
        match decision.next_hop {
            NextHop::Link(hardware) => path.next_hop = hardware,
            NextHop::Station(address) => self.neighbour_into(&mut path, address),
        }
        #[cfg(feature = "ipv4")]
        self.identification_into(&mut path);
        Ok(path)
    }
}

/// Scope of a unicast address or group, as the number in RFC 4291 §2.7.
fn scope(address: &PackedAddress) -> u8 {
    const LINK_LOCAL: u8 = 2;
    const GLOBAL: u8 = 14;
    let [_, second, ..] = *address.octets();
    match crate::martian::kind(address) {
        Some(Kind::LinkLocal | Kind::Loopback) => LINK_LOCAL,
        Some(Kind::Multicast) if !address.is_ipv4() => second & 0x0f,
        Some(Kind::Multicast) if is_link_scoped_group(address) => LINK_LOCAL,
        _ => GLOBAL,
    }
}
