//! The engine: what a user configures and asks.

use crate::event::Event;
use crate::host::{Host, HostSlices};
use crate::martian::{self, Kind};
use crate::own_addresses::AddressError;
#[cfg(feature = "fragmentation")]
use crate::{fragment::Fragmenter, reassembly::Reassembly};
use crate::{
    groups, neighbour, own_addresses, path_mtu, routes, Config, Deadline, Duties, Instant, Interface,
    InterfaceId, JoinError, Membership, OwnAddress, PackedAddress, Path, Route, RouteEntry, RouteError,
    Routes, Slices, Source, Statistics, Storage, Unreachable,
};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tersus_wire::ip::solicited_node;
use tersus_wire::{Cidr, HardwareAddress};

/// ff02::1, RFC 4291 §2.7.1.
pub(crate) const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// 224.0.0.1, RFC 1112 §4.
pub(crate) const ALL_HOSTS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 1);

/// The IP layer of a host: interfaces, addresses, routes, neighbours, groups, and IPv4 and IPv6 in and out.
///
/// Each turn is driven by [`Ip::service`], [`Ip::receive`], [`Ip::out`] and [`Ip::maintain`], in this order; see the
/// crate documentation. Everything else may be called between turns.
#[derive(Debug)]
pub struct Ip<'a> {
    pub(crate) host: Host<'a>,
    #[cfg(feature = "fragmentation")]
    pub(crate) reassembly: Reassembly<'a>,
    /// What [`Ip::poll_at`] answers as long as nothing changes.
    pub(crate) wake: Deadline,
}

impl<'a> Ip<'a> {
    /// An IP layer in `storage`, with nothing configured. `seed` must be unpredictable to outsiders.
    #[must_use]
    pub fn new<
        const INTERFACES: usize,
        const ADDRESSES: usize,
        const ROUTES: usize,
        const NEIGHBOURS: usize,
        const GROUPS: usize,
        const DATAGRAMS: usize,
        const DATAGRAM_LEN: usize,
        const PATHS: usize,
    >(
        storage: &'a mut Storage<
            INTERFACES,
            ADDRESSES,
            ROUTES,
            NEIGHBOURS,
            GROUPS,
            DATAGRAMS,
            DATAGRAM_LEN,
            PATHS,
        >,
        seed: [u8; 32],
        config: Config,
    ) -> Self {
        Self::with_duties(storage, seed, config, &Duties::ALL)
    }

    /// As [`Ip::new`], with a choice of duties: those left out are not linked.
    #[must_use]
    pub fn with_duties<
        const INTERFACES: usize,
        const ADDRESSES: usize,
        const ROUTES: usize,
        const NEIGHBOURS: usize,
        const GROUPS: usize,
        const DATAGRAMS: usize,
        const DATAGRAM_LEN: usize,
        const PATHS: usize,
    >(
        storage: &'a mut Storage<
            INTERFACES,
            ADDRESSES,
            ROUTES,
            NEIGHBOURS,
            GROUPS,
            DATAGRAMS,
            DATAGRAM_LEN,
            PATHS,
        >,
        seed: [u8; 32],
        config: Config,
        duties: &'static Duties,
    ) -> Self {
        let slices = Slices {
            interfaces: &mut storage.interfaces,
            addresses: &mut storage.addresses,
            routes: &mut storage.routes,
            neighbours: &mut storage.neighbours,
            groups: storage.groups.as_flattened_mut(),
            paths: &mut storage.paths,
            #[cfg(feature = "fragmentation")]
            reassembly: Reassembly::new(&mut storage.reassembly, config.reassembly),
            #[cfg(feature = "fragmentation")]
            fragments: Fragmenter::new(&mut storage.fragments, config.fragments),
        };
        Self::from_slices_with_duties(slices, seed, config, duties)
    }

    /// An IP layer in slices of run-time sizes, which are cleared.
    #[must_use]
    pub fn from_slices(slices: Slices<'a>, seed: [u8; 32], config: Config) -> Self {
        Self::from_slices_with_duties(slices, seed, config, &Duties::ALL)
    }

    /// As [`Ip::from_slices`], with a choice of duties: those left out are not linked.
    #[must_use]
    pub fn from_slices_with_duties(
        slices: Slices<'a>,
        seed: [u8; 32],
        config: Config,
        duties: &'static Duties,
    ) -> Self {
        slices.interfaces.fill(Interface::FREE);
        slices.addresses.fill(OwnAddress::FREE);
        slices.routes.fill(RouteEntry::FREE);
        slices.groups.fill(Membership::FREE);
        let host = HostSlices {
            interfaces: slices.interfaces,
            addresses: slices.addresses,
            routes: slices.routes,
            neighbours: slices.neighbours,
            groups: slices.groups,
            paths: slices.paths,
            #[cfg(feature = "fragmentation")]
            fragments: slices.fragments,
        };
        Self {
            host: Host::new(host, seed, config, duties),
            #[cfg(feature = "fragmentation")]
            reassembly: slices.reassembly,
            wake: Deadline::NONE,
        }
    }

    // ---- interfaces ------------------------------------------------------------------------------------------

    /// An interface; `None` if the table does not have it.
    #[must_use]
    pub fn interface(&self, interface: InterfaceId) -> Option<&Interface> {
        self.host.interface(interface)
    }

    /// Sets the Hop Limit of packets whose sender chooses none; 0 restores 64.
    ///
    /// # Errors
    /// [`InterfaceError::Interface`].
    pub fn set_hop_limit(&mut self, interface: InterfaceId, hop_limit: u8) -> Result<(), InterfaceError> {
        self.host.interface_mut(interface).ok_or(InterfaceError::Interface)?.hop_limit = hop_limit;
        // It stands in the headers that paths hold.
        self.host.moved();
        Ok(())
    }

    /// Limits the MTU of an interface, in octets, where the link carries more; 0 removes the limit.
    ///
    /// # Errors
    /// [`InterfaceError::Interface`]; [`InterfaceError::Mtu`] below 68, or below 1280 if the interface has an IPv6
    /// address.
    pub fn set_mtu(&mut self, interface: InterfaceId, mtu: u16) -> Result<(), InterfaceError> {
        let is_v6 =
            |own: &OwnAddress| own.interface == interface && !own.address.is_none() && !own.address.is_ipv4();
        let min = if self.host.addresses.iter().any(is_v6) {
            path_mtu::IPV6_MIN_MTU
        } else {
            path_mtu::IPV4_MIN_MTU
        };
        let entry = self.host.interface_mut(interface).ok_or(InterfaceError::Interface)?;
        if mtu != 0 && mtu < min {
            return Err(InterfaceError::Mtu(min));
        }
        entry.mtu_limit = mtu;
        self.host.moved();
        Ok(())
    }

    // ---- addresses -------------------------------------------------------------------------------------------

    /// Gives an interface an address with its prefix, which is then on-link. It is used at once, and announced as
    /// soon as the link is up. An IPv6 address joins its solicited-node group and ff02::1, the first IPv4 address
    /// 224.0.0.1 if there is room for it.
    ///
    /// # Errors
    /// [`AddressError`]; nothing was changed.
    pub fn add_address(&mut self, interface: InterfaceId, cidr: Cidr) -> Result<(), AddressError> {
        let address = cidr.address();
        let entry = self.host.interface(interface).ok_or(AddressError::Interface)?;
        if address.is_ipv6() && (1..path_mtu::IPV6_MIN_MTU).contains(&entry.mtu_limit) {
            return Err(AddressError::Mtu);
        }
        let packed = PackedAddress::new(address);
        match martian::kind(&packed).ok_or(AddressError::Family)? {
            Kind::Unicast | Kind::LinkLocal | Kind::Loopback => {}
            _ => return Err(AddressError::NotUnicast),
        }
        #[cfg(feature = "ipv4")]
        if let (IpAddr::V4(address), Some(range)) =
            (address, own_addresses::RangeV4::of(&packed, cidr.prefix_len()))
        {
            // RFC 1122 §3.2.1.3 (b) and (d): all host bits zero, or all one.
            if range.is_broadcast(address) {
                return Err(AddressError::NotUnicast);
            }
        }
        if self.host.is_own_on(interface, &packed) {
            return Err(AddressError::Exists);
        }
        let index = self.host.addresses.iter().position(|own| own.address.is_none());
        let index = index.ok_or(AddressError::TableFull)?;
        let mut in_groups = true;
        match address {
            IpAddr::V4(_) => {
                let groups = self.host.duties.groups.as_ref();
                // Without it the host misses only what is said to all hosts.
                in_groups = groups.is_some_and(|groups| {
                    (groups.join)(&mut self.host, interface, PackedAddress::v4(ALL_HOSTS)).is_ok()
                });
            }
            IpAddr::V6(address) => {
                let groups = self.host.duties.groups.as_ref().ok_or(AddressError::GroupsFull)?;
                let group = PackedAddress::v6(solicited_node(address));
                (groups.join)(&mut self.host, interface, group).map_err(|_| AddressError::GroupsFull)?;
                if (groups.join)(&mut self.host, interface, PackedAddress::v6(ALL_NODES)).is_err() {
                    (groups.leave)(&mut self.host, interface, group);
                    return Err(AddressError::GroupsFull);
                }
            }
        }
        if let Some(own) = self.host.addresses.get_mut(index) {
            let prefix_len = cidr.prefix_len();
            *own = OwnAddress { address: packed, prefix_len, interface, in_groups, ..OwnAddress::FREE };
            own.announce(own_addresses::News::Address, Instant::ZERO);
        }
        self.host.moved();
        Ok(())
    }

    /// Takes an address from an interface; `false` if it did not have it. Its groups keep their places until the next
    /// poll, as with [`Ip::leave`].
    pub fn remove_address(&mut self, interface: InterfaceId, address: IpAddr) -> bool {
        let packed = PackedAddress::new(address);
        let entry =
            self.host.addresses.iter_mut().find(|own| own.address == packed && own.interface == interface);
        let Some(entry) = entry else { return false };
        let in_groups = entry.in_groups;
        *entry = OwnAddress::FREE;
        match address {
            IpAddr::V4(_) => in_groups && self.leave(interface, IpAddr::V4(ALL_HOSTS)),
            IpAddr::V6(address) => {
                self.leave(interface, IpAddr::V6(solicited_node(address)))
                    & self.leave(interface, IpAddr::V6(ALL_NODES))
            }
        };
        self.host.moved();
        true
    }

    /// The own addresses, in the order of the table.
    pub fn addresses(&self) -> impl Iterator<Item = (InterfaceId, Cidr)> + '_ {
        own_addresses::iter(self.host.addresses).filter_map(|own| Some((own.interface, own.cidr()?)))
    }

    // ---- routes ----------------------------------------------------------------------------------------------

    /// Adds a route.
    ///
    /// # Errors
    /// [`RouteError`]; nothing was changed.
    pub fn add_route(&mut self, route: Route) -> Result<(), RouteError> {
        if self.host.interface(route.interface).is_none() {
            return Err(RouteError::Interface);
        }
        routes::add(self.host.routes, route)?;
        self.host.moved();
        Ok(())
    }

    /// Removes the route to the same prefix by the same gateway and interface; `false` if there is none.
    pub fn remove_route(&mut self, route: &Route) -> bool {
        let removed = routes::remove(self.host.routes, route);
        if removed {
            if let Some(gateway) = route.gateway {
                self.host.neighbours.set_role(route.interface, gateway, neighbour::Role::Host);
            }
            self.host.moved();
        }
        removed
    }

    /// The routes, in the order of the table; prefixes of own addresses are not among them.
    pub fn routes(&self) -> impl Iterator<Item = Route> + '_ {
        self.host.routes.iter().filter_map(RouteEntry::get)
    }

    // ---- neighbours ------------------------------------------------------------------------------------------

    /// The neighbours that are known, for display. Linear in their table.
    pub fn neighbours(&self) -> impl Iterator<Item = neighbour::Neighbour> + '_ {
        self.host.neighbours.iter(self.host.now)
    }

    /// Sets a neighbour that neither messages nor time change, or another hardware address for it.
    ///
    /// # Errors
    /// [`NeighbourError`]; nothing was changed.
    pub fn add_neighbour(
        &mut self,
        interface: InterfaceId,
        address: IpAddr,
        hardware: HardwareAddress,
    ) -> Result<(), NeighbourError> {
        if self.host.interface(interface).is_none() {
            return Err(NeighbourError::Interface);
        }
        match martian::kind(&PackedAddress::new(address)).ok_or(NeighbourError::Family)? {
            Kind::Unicast | Kind::LinkLocal => {}
            _ => return Err(NeighbourError::NotUnicast),
        }
        let now = self.host.now;
        let changes = self.host.neighbours.set_permanent(interface, address, hardware, now);
        self.host.note(changes.map_err(|_| NeighbourError::TableFull)?);
        Ok(())
    }

    /// Forgets a neighbour, static or not.
    pub fn remove_neighbour(&mut self, interface: InterfaceId, address: IpAddr) {
        let changes = self.host.neighbours.remove(interface, address);
        self.host.note(changes);
    }

    // ---- groups ----------------------------------------------------------------------------------------------

    /// Joins a group on an interface. Each join is counted and wants one [`Ip::leave`].
    ///
    /// # Errors
    /// [`JoinError`]; nothing was changed.
    pub fn join(&mut self, interface: InterfaceId, group: IpAddr) -> Result<(), JoinError> {
        let group = PackedAddress::new(group);
        match martian::kind(&group) {
            Some(kind) if kind == Kind::Multicast || kind.is_interface_local() => {}
            Some(_) => return Err(JoinError::NotAGroup),
            None => return Err(JoinError::Family),
        }
        if self.host.interface(interface).is_none() {
            return Err(JoinError::Interface);
        }
        let groups = self.host.duties.groups.as_ref().ok_or(JoinError::LeftOut)?;
        (groups.join)(&mut self.host, interface, group)
    }

    /// Leaves a group once; `false` if it was not joined. Its place in the table is free for another when the link has
    /// been told, in the next poll.
    pub fn leave(&mut self, interface: InterfaceId, group: IpAddr) -> bool {
        let groups = self.host.duties.groups.as_ref();
        groups.is_some_and(|groups| (groups.leave)(&mut self.host, interface, PackedAddress::new(group)))
    }

    // ---- what happened ---------------------------------------------------------------------------------------

    /// The oldest event that was not taken yet.
    pub fn next_event(&mut self) -> Option<Event> {
        self.host.events.pop()
    }

    /// Counters of the layer.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.host.statistics
    }

    /// Counters of the neighbour table.
    #[must_use]
    pub fn neighbour_statistics(&self) -> &neighbour::Statistics {
        self.host.neighbours.statistics()
    }

    /// Counters of ARP packets.
    #[cfg(feature = "ipv4")]
    #[must_use]
    pub fn arp_statistics(&self) -> &crate::arp::Statistics {
        &self.host.arp_statistics
    }

    /// Counters of neighbour discovery messages.
    #[cfg(feature = "ipv6")]
    #[must_use]
    pub fn nd_statistics(&self) -> &crate::ndisc::Statistics {
        &self.host.nd_statistics
    }

    /// Counters of path MTU discovery.
    #[must_use]
    pub fn path_mtu_statistics(&self) -> &path_mtu::Statistics {
        &self.host.path_mtu.statistics
    }

    /// Counters of reassembly.
    #[cfg(feature = "fragmentation")]
    #[must_use]
    pub fn reassembly_statistics(&self) -> &crate::reassembly::Statistics {
        &self.reassembly.statistics
    }

    /// Counters of fragmentation.
    #[cfg(feature = "fragmentation")]
    #[must_use]
    pub fn fragment_statistics(&self) -> &crate::fragment::Statistics {
        &self.host.fragments.statistics
    }
}

/// Why an interface was not configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InterfaceError {
    /// The interface does not exist.
    #[error("no such interface")]
    Interface,
    /// The MTU is below what the interface's addresses need, RFC 791 §3.2, RFC 8200 §5; holds the minimum.
    #[error("MTU below the minimum of {0} octets")]
    Mtu(u16),
}

/// Why a neighbour was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NeighbourError {
    /// The interface does not exist.
    #[error("no such interface")]
    Interface,
    /// The address cannot be a neighbour's: unspecified, loopback, a group, broadcast, or reserved.
    #[error("not an address of a station")]
    NotUnicast,
    /// The family is left out of this build.
    #[error("address family left out of this build")]
    Family,
    /// All places where the address could stand hold neighbours in use, gateways or static ones.
    #[error("neighbour table full")]
    TableFull,
}

impl Routes for Ip<'_> {
    fn route(&self, from: Source, to: IpAddr) -> Result<Path, Unreachable> {
        self.host.route(from, to)
    }

    fn generation(&self) -> u32 {
        self.host.generation
    }

    fn groups(&self, interface: InterfaceId) -> &[Membership] {
        groups::share(self.host.groups, self.host.groups_each, interface)
    }

    fn group_generation(&self) -> u32 {
        self.host.group_generation
    }

    fn interface_count(&self) -> u8 {
        self.host.interface_count()
    }
}
