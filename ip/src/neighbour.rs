//! The neighbour cache: which hardware address an address on the link has, and whether it still answers.
//!
//! RFC 4861 §5.1 and §7.3. ARP (RFC 826, RFC 1122 §2.3.2) runs the same machine with its own constants.
//!
//! ```text
//!            resolve                 answer              reachable time passes
//!    (none) ---------> Incomplete ----------> Reachable ----------------------> Stale <--- heard of,
//!      ^                   | 3 tries           ^     ^                            |        not asked
//!      |  failed_hold      v                   |     | answer, advice             | sent to
//!      +<--------------- Failed         answer |     +---------------+            v
//!      |                                       |                     +--------- Delay
//!      |         3 tries                       |                                  | 5 s
//!      +<------------------------------------ Probe <-----------------------------+
//! ```
//!
//! - Only Incomplete, Delay and Probe have timers. Reachable becomes Stale, an idle ARP entry expires, and a
//!   verdict is forgotten when somebody looks: RFC 4861 §7.3.3 permits that, and idle neighbours cost nothing.
//! - Nothing that strangers send evicts what we use: see [`Neighbours::resolve`].
//! - Indices are stable while an entry lives. A sender keeps index and hardware address, and shows both at each
//!   packet: an entry that changed or is another's since then is noticed there. So evicting or expiring an entry
//!   moves no generation counter.
//!
//! One neighbour from the first packet on; the module [`arp`](crate::arp) turns packets into these calls and back:
//! ```
//! use tersus_ip::neighbour::{ArpEvidence, Config, Due, Lookup, NeighbourSlot, Neighbours, Role};
//! use tersus_ip::{HardwareAddress, Instant, InterfaceId, InterfaceSet, Random};
//!
//! # if cfg!(not(feature = "ipv4")) { return Ok(()) }
//! let mut random = Random::new([7; 32]);
//! let mut slots = [NeighbourSlot::FREE; 8]; // at most 48 octets each
//! let mut table = Neighbours::new(&mut slots, Config::default(), &mut random);
//! let (link, now) = (InterfaceId(0), Instant::from_secs(1));
//! let ipv4: core::net::Ipv4Addr = "192.0.2.9".parse()?;
//! let address = core::net::IpAddr::V4(ipv4);
//!
//! assert_eq!(table.resolve(link, address, Role::Host, 0, now), Ok(Lookup::Resolving));
//! let Some(Due::Solicit(solicitation)) = table.next_due(now, InterfaceSet::ALL, &mut random) else { panic!() };
//! table.sent(&solicitation, now); // an ARP request, to all
//! assert_eq!(table.poll_at(), Some(Instant::from_secs(2))); // the next one, unless it answers
//!
//! let hardware = HardwareAddress::ethernet([2, 0, 0, 0, 0, 9]);
//! let _moved = table.on_arp(link, ipv4, hardware, ArpEvidence::RepliedToUs, now);
//! let Lookup::Found { hardware: found, .. } = table.lookup(link, address, now) else { panic!() };
//! assert_eq!(found, hardware);
//! # Ok::<(), core::net::AddrParseError>(())
//! ```
//!
//! Left out: RFC 7048 (back-off beyond three probes), proxying.

mod evidence;
mod place;
mod slot;
// The tables of the tests list both families.
#[cfg(test)]
#[cfg(all(feature = "ipv4", feature = "ipv6"))]
mod tests;
mod timers;
mod types;

use crate::{Deadline, Instant, InterfaceId, InterfaceSet, PackedAddress, Random};
use core::net::IpAddr;
use core::time::Duration;
pub use evidence::{ArpEvidence, Changes};
use place::Claim;
use slot::{coarse, Flags, State};
pub use slot::{Neighbour, NeighbourSlot, Reachability, RouterFlag};
use tersus_wire::HardwareAddress;
use timers::draw;
pub use types::{
    Config, Due, Failure, Lookup, Ownership, ResolveError, Role, Solicitation, Statistics, Usable,
};

fn count(counter: &mut u32) {
    *counter = counter.wrapping_add(1);
}

/// The neighbours of all interfaces and both families, in memory of the caller's.
///
/// In each turn call [`Neighbours::next_due`] until it answers `None`, last of all, so that what the turn asked
/// for leaves in it. Look-ups are O(1), 64 slots at most; work that is not is said at the method.
#[derive(Debug)]
pub struct Neighbours<'a> {
    slots: &'a mut [NeighbourSlot],
    config: Config,
    /// Hash key: nobody outside can choose addresses that fall into one chain.
    key: u32,
    /// Entries that are Incomplete.
    incomplete: u16,
    /// Entries that are in Delay or Probe.
    doubted: u16,
    /// `ReachableTime` of RFC 4861 §6.3.2, drawn from the base, in microseconds; 0 in builds without IPv6.
    reachable_time: u64,
    redraw: Deadline,
    /// Interfaces without room when it was last asked what is due.
    full: InterfaceSet,
    /// Where the pass of `next_due` over the slots stands; 0: none runs.
    cursor: u16,
    /// The moment of the last `next_due`, to notice a clock that steps back.
    last: Instant,
    statistics: Statistics,
}

impl<'a> Neighbours<'a> {
    /// An empty table in `slots`, which are cleared; the first 65,534 are used, none is legal. O(n).
    #[must_use]
    pub fn new(slots: &'a mut [NeighbourSlot], config: Config, random: &mut Random) -> Self {
        let len = slots.len().min(usize::from(u16::MAX) - 1);
        let (slots, _) = slots.split_at_mut(len);
        slots.fill(NeighbourSlot::FREE);
        Self {
            slots,
            config,
            key: random.next_u32(),
            incomplete: 0,
            doubted: 0,
            reachable_time: if cfg!(feature = "ipv6") { draw(config.base_reachable_time, random) } else { 0 },
            redraw: Deadline::NONE,
            full: InterfaceSet::NONE,
            cursor: 0,
            last: Instant::ZERO,
            statistics: Statistics::default(),
        }
    }

    /// What is known of `address` on `interface`. Changes nothing.
    #[must_use]
    pub fn lookup(&self, interface: InterfaceId, address: impl Into<PackedAddress>, now: Instant) -> Lookup {
        self.find(interface, &address.into()).map_or(Lookup::Unknown, |index| self.answer(index, now))
    }

    /// What an entry answers to a look-up.
    fn answer(&self, index: u16, now: Instant) -> Lookup {
        let Some(slot) = self.slot(index) else { return Lookup::Unknown };
        match self.reachability(slot, now) {
            None => Lookup::Unknown,
            Some(Reachability::Incomplete) => Lookup::Resolving,
            Some(Reachability::Failed) => Lookup::Failed,
            Some(_) => Lookup::Found { index, hardware: slot.hardware },
        }
    }

    /// Looks up, and starts a resolution if nothing is known: for the first send to a neighbour. The first
    /// solicitation comes from [`Neighbours::next_due`]. `source` is given back with it.
    ///
    /// A full table evicts a verdict, or the idle entry that was not sent to for longest; never a permanent
    /// entry, a gateway, or one that was sent to within [`Config::in_use`]. Of a table of more than 64 slots, 64 are
    /// looked at, which the address and the key choose. An eighth of the table is kept from resolutions that run
    /// (RFC 6583).
    ///
    /// # Errors
    /// [`ResolveError`]; nothing was started.
    pub fn resolve(
        &mut self,
        interface: InterfaceId,
        address: impl Into<PackedAddress>,
        role: Role,
        source: u8,
        now: Instant,
    ) -> Result<Lookup, ResolveError> {
        let address = address.into();
        let found = self.lookup(interface, address, now);
        if found == Lookup::Unknown {
            let len = self.slots.len();
            if len > 0 && usize::from(self.incomplete) >= len - len / 8 {
                count(&mut self.statistics.refused_busy);
                return Err(ResolveError::Busy);
            }
            let Some(index) = self.take(interface, address, Claim::Resolve, now) else {
                count(&mut self.statistics.refused_full);
                return Err(ResolveError::Full);
            };
            count(&mut self.statistics.resolutions);
            if let Some(slot) = self.slot_mut(index) {
                slot.source = source;
                // Somebody waits for it: as good as in use.
                slot.used = coarse(now);
            }
            self.enter(index, State::Incomplete, now);
        }
        if role == Role::Gateway {
            self.set_role(interface, address, role);
        }
        Ok(if found == Lookup::Unknown { Lookup::Resolving } else { found })
    }

    /// Says what a neighbour is to the routing table. Nothing happens if it is not in the table.
    pub fn set_role(&mut self, interface: InterfaceId, address: impl Into<PackedAddress>, role: Role) {
        let index = self.find(interface, &address.into());
        if let Some(slot) = index.and_then(|index| self.slot_mut(index)) {
            slot.flags.set(Flags::GATEWAY, role == Role::Gateway);
        }
    }

    /// To be called for each packet that is sent to a neighbour, with index and hardware address as they were
    /// found: a comparison and a store.
    pub fn mark_used(&mut self, index: u16, hardware: &HardwareAddress, now: Instant) -> Usable {
        let Some(slot) = self.slots.get_mut(usize::from(index)) else { return Usable::No };
        if slot.hardware != *hardware {
            return Usable::No;
        }
        match slot.state {
            State::Permanent | State::Delay | State::Probe => {}
            State::Reachable if !slot.time.is_due(now) => {}
            State::Reachable | State::Stale => {
                let slot = *slot;
                return self.mark_stale(index, &slot, now);
            }
            State::Free | State::Incomplete | State::Failed => return Usable::No,
        }
        slot.used = coarse(now);
        Usable::Yes
    }

    /// How long, in microseconds, marking a neighbour used once more would change nothing, unless the table changes; at
    /// least 1.
    pub(crate) fn marked_for(&self, index: u16, now: Instant) -> u64 {
        const UNIT: u64 = 1 << 20;
        let rest = UNIT - now.micros() % UNIT;
        match self.slot(index) {
            Some(slot) => match (slot.state, slot.time.instant()) {
                (State::Permanent | State::Delay | State::Probe, _) | (State::Reachable, None) => rest,
                (State::Reachable, Some(end)) => rest.min(end.micros().saturating_sub(now.micros())).max(1),
                _ => 1,
            },
            None => 1,
        }
    }

    /// An upper layer made progress through this neighbour, RFC 4861 §7.3.1: it is reachable.
    pub fn confirm(&mut self, index: u16, hardware: &HardwareAddress, now: Instant) {
        let Some(slot) = self.slot(index).filter(|slot| slot.hardware == *hardware) else { return };
        match self.reachability(slot, now) {
            Some(Reachability::Reachable | Reachability::Stale) => {}
            Some(Reachability::Delay | Reachability::Probe) => {}
            _ => return,
        }
        self.enter(index, State::Reachable, now);
    }

    /// An upper layer makes no progress through this neighbour: it is asked now, without delay, unless it was
    /// confirmed within the last [`Config::retrans_timer`].
    pub fn suspect(&mut self, index: u16, hardware: &HardwareAddress, now: Instant) {
        let Some(slot) = self.slot(index).filter(|slot| slot.hardware == *hardware) else { return };
        let just_confirmed = self.end_of(State::Reachable, slot, now);
        match self.reachability(slot, now) {
            Some(Reachability::Reachable)
                if slot.time.instant().map(|end| end + self.config.retrans_timer)
                    > just_confirmed.instant() => {}
            Some(Reachability::Reachable | Reachability::Stale | Reachability::Delay) => {
                self.enter(index, State::Probe, now);
            }
            _ => {}
        }
    }

    /// Sets a static entry.
    ///
    /// # Errors
    /// [`ResolveError::Full`] if there is no room.
    pub fn set_permanent(
        &mut self,
        interface: InterfaceId,
        address: IpAddr,
        hardware: HardwareAddress,
        now: Instant,
    ) -> Result<Changes, ResolveError> {
        let taken = self.take(interface, PackedAddress::new(address), Claim::Resolve, now);
        let index = taken.ok_or(ResolveError::Full)?;
        self.enter(index, State::Permanent, now);
        if let Some(slot) = self.slot_mut(index) {
            slot.hardware = hardware;
        }
        Ok(Changes::MOVED)
    }

    /// Forgets an entry, static or not.
    pub fn remove(&mut self, interface: InterfaceId, address: IpAddr) -> Changes {
        let Some(index) = self.find(interface, &PackedAddress::new(address)) else { return Changes::empty() };
        let changes = self.slot(index).map_or(Changes::empty(), of_removal);
        self.forget(index);
        changes
    }

    /// Forgets all entries of an interface but static ones: for a link that went down or changed. O(n).
    pub fn flush(&mut self, interface: InterfaceId) -> Changes {
        let mut changes = Changes::empty();
        for index in 0..u16::try_from(self.slots.len()).unwrap_or(u16::MAX) {
            let Some(slot) = self.slot(index).filter(|slot| slot.interface == interface) else { continue };
            if !matches!(slot.state, State::Free | State::Permanent) {
                changes |= of_removal(slot);
                self.forget(index);
            }
        }
        changes
    }

    /// The neighbours that are known at `now`, for display. O(n).
    pub fn iter(&self, now: Instant) -> impl Iterator<Item = Neighbour> + '_ {
        self.slots.iter().filter_map(move |slot| {
            Some(Neighbour {
                interface: slot.interface,
                address: slot.address.get()?,
                hardware: slot.hardware,
                reachability: self.reachability(slot, now)?,
                router: if slot.flags.contains(Flags::ROUTER) {
                    RouterFlag::Router
                } else {
                    RouterFlag::Host
                },
            })
        })
    }

    /// What happened so far.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// `ReachableTime` of RFC 4861 §6.3.2 as drawn last; zero in builds without IPv6, to which alone it applies.
    #[must_use]
    pub fn reachable_time(&self) -> Duration {
        Duration::from_micros(self.reachable_time)
    }

    /// Draws the reachable time anew from another base, as a router advertised it, RFC 4861 §6.3.4.
    pub fn set_base_reachable_time(&mut self, base: Duration, random: &mut Random) {
        if base != self.config.base_reachable_time {
            self.config.base_reachable_time = base;
            self.reachable_time = draw(base, random);
        }
    }

    /// State of an entry at `now`; `None` if it is free, expired or forgotten.
    #[inline(never)]
    fn reachability(&self, slot: &NeighbourSlot, now: Instant) -> Option<Reachability> {
        match slot.state {
            State::Free => None,
            State::Incomplete => Some(Reachability::Incomplete),
            State::Reachable if !slot.time.is_due(now) => Some(Reachability::Reachable),
            State::Reachable | State::Stale if self.expiry(slot).is_due(now) => None,
            State::Reachable | State::Stale => Some(Reachability::Stale),
            State::Delay => Some(Reachability::Delay),
            State::Probe => Some(Reachability::Probe),
            State::Permanent => Some(Reachability::Permanent),
            State::Failed if slot.time.is_due(now) => None,
            State::Failed => Some(Reachability::Failed),
        }
    }

    /// Changes the state of an entry, the only way to do so, and keeps what is counted over all entries true.
    fn enter(&mut self, index: u16, state: State, now: Instant) {
        let Some(time) = self.slot(index).map(|slot| self.end_of(state, slot, now)) else { return };
        let Some(slot) = self.slots.get_mut(usize::from(index)) else { return };
        match slot.state {
            State::Incomplete => self.incomplete = self.incomplete.wrapping_sub(1),
            State::Delay | State::Probe => self.doubted = self.doubted.wrapping_sub(1),
            _ => {}
        }
        match state {
            State::Incomplete => self.incomplete = self.incomplete.wrapping_add(1),
            State::Delay | State::Probe => self.doubted = self.doubted.wrapping_add(1),
            _ => {}
        }
        if matches!(state, State::Incomplete | State::Failed) {
            slot.hardware = HardwareAddress::NONE;
        }
        slot.state = state;
        slot.time = time;
        slot.tries = 0;
    }

    fn slot(&self, index: u16) -> Option<&NeighbourSlot> {
        self.slots.get(usize::from(index))
    }

    fn slot_mut(&mut self, index: u16) -> Option<&mut NeighbourSlot> {
        self.slots.get_mut(usize::from(index))
    }
}

/// What removing an entry changes for others: somebody may use it, or wait for it.
fn of_removal(slot: &NeighbourSlot) -> Changes {
    if slot.used != 0 || slot.state == State::Permanent {
        Changes::MOVED
    } else {
        Changes::empty()
    }
}
