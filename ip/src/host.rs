//! The tables of the host and what they answer; everything but reassembly, whose memory lends out the packet that is
//! worked on.

use crate::event::{Event, Events};
#[cfg(feature = "fragmentation")]
use crate::fragment::Fragmenter;
use crate::interface::InterfaceFlags;
use crate::neighbour::{Changes, Lookup, Neighbours};
use crate::path::PathFlags;
use crate::path_mtu::PathMtu;
use crate::rate_limit::TokenBucket;
use crate::statistics::count;
use crate::{
    groups, own_addresses, Config, Duties, Instant, Interface, InterfaceId, InterfaceSet, JoinError,
    Membership, OwnAddress, PackedAddress, Path, Random, RouteEntry, Statistics,
};
use tersus_wire::HardwareAddress;

/// Counters from which IPv4 identifications come; paths share them by hash.
#[cfg(feature = "ipv4")]
const IDENTIFICATIONS: usize = 16;

/// The state of the host.
#[derive(Debug)]
pub(crate) struct Host<'a> {
    /// The moment of the last call that told one.
    pub(crate) now: Instant,
    pub(crate) generation: u32,
    pub(crate) group_generation: u32,
    /// Interfaces whose link answered `Full`.
    pub(crate) full: InterfaceSet,
    /// Interfaces that found no fragment buffer.
    pub(crate) unbuffered: InterfaceSet,
    /// Source and destination of the last IPv4 packet that was accepted as sent to us alone, with where.
    #[cfg(feature = "ipv4")]
    pub(crate) accepted: Accepted,
    /// The neighbour that was last marked used.
    pub(crate) marked: Marked,
    /// Something changed since the deadlines were last gathered.
    pub(crate) is_changed: bool,
    /// Since the transports had their turn something moved that they may wait for: they need another.
    pub(crate) is_turn_due: bool,
    pub(crate) interfaces: &'a mut [Interface],
    pub(crate) addresses: &'a mut [OwnAddress],
    pub(crate) routes: &'a mut [RouteEntry],
    pub(crate) groups: &'a mut [Membership],
    pub(crate) groups_each: usize,
    pub(crate) neighbours: Neighbours<'a>,
    pub(crate) path_mtu: PathMtu<'a>,
    #[cfg(feature = "fragmentation")]
    pub(crate) fragments: Fragmenter<'a>,
    /// Generation at which all waiting fragments were last tried.
    #[cfg(feature = "fragmentation")]
    pub(crate) fragments_tried: u32,
    pub(crate) error_bucket: TokenBucket,
    pub(crate) random: Random,
    pub(crate) events: Events,
    pub(crate) config: Config,
    pub(crate) duties: &'static Duties,
    pub(crate) statistics: Statistics,
    #[cfg(feature = "ipv4")]
    pub(crate) arp_statistics: crate::arp::Statistics,
    #[cfg(feature = "ipv6")]
    pub(crate) nd_statistics: crate::ndisc::Statistics,
    #[cfg(feature = "ipv4")]
    identifications: [u16; IDENTIFICATIONS],
}

impl<'a> Host<'a> {
    pub(crate) fn new(
        slices: HostSlices<'a>,
        seed: [u8; 32],
        config: Config,
        duties: &'static Duties,
    ) -> Self {
        let mut random = Random::new(seed);
        let interface_count = slices.interfaces.len().min(InterfaceSet::MAX);
        let (interfaces, _) = slices.interfaces.split_at_mut(interface_count);
        Self {
            now: Instant::ZERO,
            generation: 1,
            group_generation: 1,
            full: InterfaceSet::NONE,
            unbuffered: InterfaceSet::NONE,
            #[cfg(feature = "ipv4")]
            accepted: Accepted::default(),
            marked: Marked::NONE,
            is_changed: true,
            is_turn_due: false,
            groups_each: slices.groups.len().checked_div(interface_count).unwrap_or(0),
            interfaces,
            addresses: slices.addresses,
            routes: slices.routes,
            groups: slices.groups,
            neighbours: Neighbours::new(slices.neighbours, config.neighbours, &mut random),
            path_mtu: PathMtu::new(slices.paths, config.path_mtu),
            #[cfg(feature = "fragmentation")]
            fragments: slices.fragments,
            #[cfg(feature = "fragmentation")]
            fragments_tried: 0,
            error_bucket: TokenBucket::new(),
            #[cfg(feature = "ipv4")]
            identifications: [0; IDENTIFICATIONS],
            random,
            events: Events::new(),
            config,
            duties,
            statistics: Statistics::default(),
            #[cfg(feature = "ipv4")]
            arp_statistics: crate::arp::Statistics::default(),
            #[cfg(feature = "ipv6")]
            nd_statistics: crate::ndisc::Statistics::default(),
        }
    }

    /// The interface, if the table has it.
    pub(crate) fn interface(&self, id: InterfaceId) -> Option<&Interface> {
        self.interfaces.get(usize::from(id.0))
    }

    /// The interface, to be altered.
    pub(crate) fn interface_mut(&mut self, id: InterfaceId) -> Option<&mut Interface> {
        self.interfaces.get_mut(usize::from(id.0))
    }

    /// How many interfaces the table has.
    pub(crate) fn interface_count(&self) -> u8 {
        u8::try_from(self.interfaces.len()).unwrap_or(u8::MAX)
    }

    /// Moves the generation: paths are decided again.
    #[inline(never)]
    pub(crate) fn moved(&mut self) {
        self.generation = self.generation.wrapping_add(1).max(1);
        #[cfg(feature = "ipv4")]
        {
            self.accepted = Accepted::default();
        }
        self.is_changed = true;
        self.is_turn_due = true;
    }

    /// Takes note of what neighbours changed.
    pub(crate) fn note(&mut self, changes: Changes) {
        self.marked = Marked::NONE;
        if changes.contains(Changes::MOVED) {
            self.moved();
        }
        self.is_changed = true;
    }

    /// Tells the user of an event.
    pub(crate) fn tell(&mut self, event: Event) {
        if let Some(tell) = self.duties.tell {
            tell(self, event);
        }
    }

    /// Queues an event for the user.
    pub(crate) fn keep_event(&mut self, event: Event) {
        if !self.events.push(event) {
            count(&mut self.statistics.events_lost);
        }
    }

    /// The interfaces that can send whatever fits the MTU.
    pub(crate) fn link_room(&self) -> InterfaceSet {
        InterfaceSet::ALL.without(self.full)
    }

    /// The interfaces that can send.
    pub(crate) fn room(&self) -> InterfaceSet {
        self.link_room().without(self.unbuffered)
    }

    /// Whether `address` is ours, on any interface.
    #[inline(never)]
    pub(crate) fn is_own(&self, address: &PackedAddress) -> bool {
        self.addresses.iter().any(|own| own.address == *address)
    }

    /// Whether `address` is ours on `interface`.
    pub(crate) fn is_own_on(&self, interface: InterfaceId, address: &PackedAddress) -> bool {
        own_addresses::find(self.addresses, interface, address).is_some()
    }

    /// Whether `to` is the broadcast address of a prefix on `interface`.
    pub(crate) fn is_directed_broadcast(&self, interface: InterfaceId, to: &PackedAddress) -> bool {
        own_addresses::iter(self.addresses).any(|own| own.interface == interface && own.is_broadcast(to))
    }

    /// Whether the host is a member of `group` on `interface`.
    pub(crate) fn is_member(&self, interface: InterfaceId, group: &PackedAddress) -> bool {
        self.duties.groups.as_ref().is_some_and(|groups| (groups.contains)(self, interface, group))
    }

    /// As [`Host::is_member`], of a host with groups.
    pub(crate) fn is_joined(&self, interface: InterfaceId, group: &PackedAddress) -> bool {
        groups::contains(groups::share(self.groups, self.groups_each, interface), group)
    }

    /// Counts one more user of a group.
    pub(crate) fn join(&mut self, interface: InterfaceId, group: PackedAddress) -> Result<(), JoinError> {
        let table = groups::share_mut(self.groups, self.groups_each, interface);
        let change = groups::join(table, group)?;
        self.on_group_change(interface, change);
        Ok(())
    }

    /// Counts one user of a group less.
    pub(crate) fn leave(&mut self, interface: InterfaceId, group: PackedAddress) -> bool {
        let table = groups::share_mut(self.groups, self.groups_each, interface);
        let change = groups::leave(table, &group);
        self.on_group_change(interface, change);
        change != groups::Change::None
    }

    fn on_group_change(&mut self, interface: InterfaceId, change: groups::Change) {
        if change == groups::Change::Membership {
            self.group_generation = self.group_generation.wrapping_add(1).max(1);
            self.is_changed = true;
            self.is_turn_due = true;
            if let Some(interface) = self.interface_mut(interface) {
                interface.flags.insert(InterfaceFlags::GROUPS_CHANGED);
            }
        }
    }

    /// Largest packet to `to` that leaves by `interface`.
    pub(crate) fn mtu_to(&self, interface: &Interface, to: &PackedAddress) -> u16 {
        let mtu = interface.mtu();
        let known = self.duties.errors.as_ref().and_then(|errors| (errors.path_mtu)(self, to));
        known.map_or(mtu, |known| known.min(mtu))
    }

    /// Whether a route is to be passed over where another serves.
    pub(crate) fn has_failed(&self, route: &RouteEntry) -> bool {
        self.duties.failover.as_ref().is_some_and(|failover| (failover.has_failed)(self, route))
    }

    /// Whether a gateway did not answer of late, and has not been heard of since.
    pub(crate) fn gateway_failed(&self, entry: &RouteEntry) -> bool {
        match self.neighbours.lookup(entry.interface, entry.gateway, self.now) {
            Lookup::Found { .. } => false,
            Lookup::Failed => true,
            Lookup::Resolving | Lookup::Unknown => entry.has_failed(self.now),
        }
    }

    /// Enters what is known of the next hop.
    pub(crate) fn neighbour_into(&self, path: &mut Path, address: PackedAddress) {
        match self.neighbours.lookup(path.interface, address, self.now) {
            Lookup::Found { index, hardware } => {
                path.neighbour = index.saturating_add(1);
                path.next_hop = hardware;
            }
            _ => path.flags.insert(PathFlags::RESOLVING),
        }
    }

    /// Prepares the identifications of an IPv4 path, in the part of the template that IPv4 leaves free: where they
    /// start, which only the seed tells (RFC 6274 §3.5.2), and which counter they share.
    #[cfg(feature = "ipv4")]
    pub(crate) fn identification_into(&self, path: &mut Path) {
        if path.family == 4 {
            let mut addresses = [0; 8];
            for (to, from) in addresses.iter_mut().zip(path.header.iter().skip(12)) {
                *to = *from;
            }
            let [a, b, c, ..] = self.random.hash(&addresses).to_le_bytes();
            path.header[20] = a;
            path.header[21] = b;
            path.header[22] = c;
        }
    }

    /// The next identification of an IPv4 path: not repeated within 65,536 packets of all that share the counter.
    #[cfg(feature = "ipv4")]
    pub(crate) fn next_identification(&mut self, path: &Path) -> u16 {
        let base = u16::from_be_bytes([path.header[20], path.header[21]]);
        let index = usize::from(path.header[22]) % IDENTIFICATIONS;
        let Some(counter) = self.identifications.get_mut(index) else { return base };
        *counter = counter.wrapping_add(1);
        base.wrapping_add(*counter)
    }
}

/// What an accepted packet need not be looked at again for, until the generation moves.
#[cfg(feature = "ipv4")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Accepted {
    pub(crate) addresses: [u8; 8],
    /// Where it came in.
    pub(crate) interface: Option<InterfaceId>,
}

/// What marking a neighbour used need not be repeated for: another packet to it, a little later.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marked {
    /// As in [`Path`].
    pub(crate) neighbour: u16,
    pub(crate) hardware: HardwareAddress,
    pub(crate) since: Instant,
    /// Microseconds.
    pub(crate) span: u64,
}

impl Marked {
    /// No neighbour.
    pub(crate) const NONE: Self =
        Self { neighbour: 0, hardware: HardwareAddress::NONE, since: Instant::ZERO, span: 0 };
}

/// Memory of [`Host`].
pub(crate) struct HostSlices<'a> {
    pub(crate) interfaces: &'a mut [Interface],
    pub(crate) addresses: &'a mut [OwnAddress],
    pub(crate) routes: &'a mut [RouteEntry],
    pub(crate) neighbours: &'a mut [crate::neighbour::NeighbourSlot],
    pub(crate) groups: &'a mut [Membership],
    pub(crate) paths: &'a mut [crate::path_mtu::Entry],
    #[cfg(feature = "fragmentation")]
    pub(crate) fragments: Fragmenter<'a>,
}
