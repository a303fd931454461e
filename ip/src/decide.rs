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
use crate::{ChecksumOffload, InterfaceId, PackedAddress, Path, Source, Unreachable};

/// [`Source`], as tables hold it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    /// None: the layer chooses.
    pub(crate) address: PackedAddress,
    pub(crate) interface: Option<InterfaceId>,
}

impl From<Source> for Origin {
    fn from(source: Source) -> Self {
        Self { address: source.address.into(), interface: source.interface }
    }
}

/// The best next hop seen so far.
struct Best {
    /// Of the one that is found; 0: none.
    rank: u32,
    interface: InterfaceId,
    next_hop: PackedAddress,
    /// Why there is none.
    reason: Unreachable,
}

/// The longer prefix goes first, then the gateway that answers, then the smaller metric. Never 0.
fn rank(prefix_len: u8, answers: bool, metric: u16) -> u32 {
    1 + (u32::from(prefix_len) << 17 | u32::from(answers) << 16 | u32::from(!metric))
}

impl Host<'_> {
    /// Decides the way to `to`. Enters it into `path`, but for the hardware address of the station that is asked by
    /// address resolution: the answer is its address, none if there is none to ask.
    pub(crate) fn way(
        &self,
        from: &Origin,
        to: &PackedAddress,
        path: &mut Path,
    ) -> Result<PackedAddress, Unreachable> {
        let kind = crate::martian::kind(to).ok_or(Unreachable::Family)?;
        let mut source = from.address;
        let mut fixed = from.interface;
        if !source.is_none() && !source.is_like(to) {
            return Err(Unreachable::Family);
        }
        if matches!(kind, Kind::Unspecified | Kind::Reserved) {
            return Err(Unreachable::Destination);
        }
        let is_own = self.is_own(to);
        if is_own || kind == Kind::Loopback {
            // Ourselves: through the loopback link, from there too unless another own address is asked for.
            if !is_own {
                return Err(Unreachable::NoRoute);
            }
            if source.is_none() {
                source = *to;
            }
            if !self.is_own(&source) {
                return Err(Unreachable::NotOurs);
            }
            let loopback = self.interfaces.iter().position(Interface::is_loopback);
            let loopback = loopback.and_then(|index| u8::try_from(index).ok()).ok_or(Unreachable::NoRoute)?;
            fixed = Some(InterfaceId(loopback));
        } else if !source.is_unspecified() {
            fixed = Some(self.owner(&source, fixed)?);
        } else if !source.is_none() && fixed.is_none() {
            return Err(Unreachable::NoSource);
        }
        let mut best =
            Best { rank: 0, interface: InterfaceId(0), next_hop: *to, reason: Unreachable::NoRoute };
        let id = if is_own || kind.is_many() || kind == Kind::LinkLocal {
            self.link_scope_interface(fixed, to, &mut best)?
        } else {
            self.look_up(fixed, to, &mut best)?
        };
        let interface = self.interface(id).filter(|i| i.is_up()).ok_or(Unreachable::InterfaceDown)?;
        if kind.is_interface_local() && !interface.is_loopback() {
            return Err(Unreachable::NoRoute);
        }
        if source.is_none() {
            source = self.select_source(id, to, &best.next_hop).ok_or(Unreachable::NoSource)?;
        }
        *path = Path::between(&source, to, id, self.mtu_to(interface, to)).ok_or(Unreachable::Family)?;
        path.generation = self.generation;
        path.set_hop_limit(interface.hop_limit());
        path.flags.set(PathFlags::SOURCE_FIXED, !from.address.is_none());
        path.flags.set(PathFlags::INTERFACE_FIXED, from.interface.is_some());
        let completes = interface.properties.checksum == ChecksumOffload::Partial;
        path.flags.set(PathFlags::CHECKSUM_OFFLOAD, completes);
        #[cfg(feature = "ipv4")]
        self.identification_into(path);
        if kind.is_many() || self.is_directed_broadcast(id, to) || !interface.has_neighbours() {
            path.next_hop = interface.group_address(to);
            return Ok(PackedAddress::NONE);
        }
        Ok(best.next_hop)
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
        best: &mut Best,
    ) -> Result<InterfaceId, Unreachable> {
        if let Some(id) = fixed {
            return Ok(id);
        }
        let mut usable = None;
        for (id, entry) in (0..).zip(self.interfaces.iter()) {
            if !entry.is_attached() || entry.is_loopback() {
                continue;
            }
            if usable.is_some() {
                // More than one: the groups of wider scope go by the routes.
                if to.is_group() && !is_link_scoped_group(to) {
                    let found = self.look_up(None, to, best);
                    best.next_hop = *to;
                    return found;
                }
                return Err(Unreachable::NoRoute);
            }
            usable = Some(InterfaceId(id));
        }
        usable.ok_or(Unreachable::InterfaceDown)
    }

    /// Interface and next hop by the longest prefix.
    fn look_up(
        &self,
        fixed: Option<InterfaceId>,
        to: &PackedAddress,
        best: &mut Best,
    ) -> Result<InterfaceId, Unreachable> {
        for own in self.addresses.iter().filter(|own| own.contains(to)) {
            self.consider(best, fixed, rank(own.prefix_len, true, 0), own.interface, to);
        }
        for route in self.routes.iter().filter(|route| route.contains(to)) {
            let (hop, answers) =
                if route.gateway.is_none() { (to, true) } else { (&route.gateway, !self.has_failed(route)) };
            self.consider(best, fixed, rank(route.prefix_len, answers, route.metric), route.interface, hop);
        }
        if best.rank == 0 {
            return Err(best.reason);
        }
        Ok(best.interface)
    }

    #[inline(never)]
    fn consider(
        &self,
        best: &mut Best,
        fixed: Option<InterfaceId>,
        rank: u32,
        interface: InterfaceId,
        next_hop: &PackedAddress,
    ) {
        if fixed.is_some_and(|id| id != interface) {
            return;
        }
        if !self.interface(interface).is_some_and(Interface::is_up) {
            best.reason = Unreachable::InterfaceDown;
        } else if rank > best.rank {
            best.rank = rank;
            best.interface = interface;
            best.next_hop = *next_hop;
        }
    }

    /// The source for `to`, among the addresses of the interface: RFC 6724 §5, rules 1, 2, 6 and 8 (5 by the caller).
    /// The prefix is compared with the next hop for IPv4, as RFC 1122 §3.3.4.3 wants, with the destination for IPv6.
    pub(crate) fn select_source(
        &self,
        interface: InterfaceId,
        to: &PackedAddress,
        next_hop: &PackedAddress,
    ) -> Option<PackedAddress> {
        let near = if to.is_ipv4() { next_hop } else { to };
        let wanted = scope(to);
        let mut best: Option<(u8, bool, u8, &PackedAddress)> = None;
        for own in self.addresses.iter() {
            let address = &own.address;
            if own.interface != interface || !address.is_like(to) {
                continue;
            }
            let scope = scope(address);
            // Of scopes wide enough the narrowest, else the widest.
            let fit = if scope >= wanted { u8::MAX - scope } else { scope };
            let common = address.common_prefix_len(near).min(own.prefix_len);
            let is_alike = label(address) == label(to);
            if best.map_or(true, |(f, a, c, _)| (fit, is_alike, common) > (f, a, c)) {
                best = Some((fit, is_alike, common, address));
            }
        }
        best.map(|(.., address)| *address)
    }
}

/// Label of an address in the default policy table, RFC 6724 §2.1: a source of the same label is preferred. Those for
/// which there is no choice, `::1` and what holds an IPv4 address, have that of most.
pub(crate) fn label(address: &PackedAddress) -> u8 {
    let [a, b, c, d, ..] = *address.octets();
    match [a, b] {
        _ if address.is_ipv4() => 4,
        [0x20, 0x02] => 2,
        [0x20, 0x01] if c | d == 0 => 5,
        [0xfc | 0xfd, _] => 13,
        [0xfe, 0xc0..=0xff] => 11,
        [0x3f, 0xfe] => 12,
        _ => 1,
    }
}

/// Scope of a unicast address or group, as the number in RFC 4291 §2.7.
fn scope(address: &PackedAddress) -> u8 {
    const LINK_LOCAL: u8 = 2;
    const GLOBAL: u8 = 14;
    let [_, second, ..] = *address.octets();
    match crate::martian::kind(address) {
        Some(Kind::LinkLocal | Kind::Loopback) => LINK_LOCAL,
        Some(kind) if kind.is_many() && !address.is_ipv4() => second & 0x0f,
        Some(Kind::Multicast) if is_link_scoped_group(address) => LINK_LOCAL,
        _ => GLOBAL,
    }
}
