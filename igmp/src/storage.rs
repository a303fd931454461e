//! The memory of the engine, and the engine itself.

use crate::{Config, Statistics};
use core::time::Duration;
use tersus_ip::{Deadline, Instant, InterfaceId, InterfaceSet, PackedAddress, Random};
use tersus_wire::igmp;

/// RFC 3810 §9.2: time between general queries if no querier says otherwise.
const QUERY_INTERVAL: Duration = Duration::from_secs(125);

/// What is said of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    /// The entry is free.
    Free = 0,
    /// The host is member.
    Member,
    /// It is member no more, and has still to say so.
    Leaving,
}

bitflags::bitflags! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Flags: u8 {
        /// The last report that was seen of this group was ours: leaving is ours to tell.
        const LAST_REPORTER = 1;
        /// Seen in the IP layer's list, while that is walked.
        const PRESENT = 2;
    }
}

/// What is to be said of one group on one interface. Only for tables that are handed to `Igmp::from_slices`: start
/// with [`Entry::EMPTY`].
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub(crate) group: PackedAddress,
    pub(crate) interface: InterfaceId,
    pub(crate) state: State,
    pub(crate) flags: Flags,
    /// How often the change is still to be told.
    pub(crate) repeats: u8,
    /// When next.
    pub(crate) change_at: Deadline,
    /// When a query is to be answered.
    pub(crate) response_at: Deadline,
}

impl Entry {
    /// A free entry.
    pub const EMPTY: Self = Self {
        group: PackedAddress::NONE,
        interface: InterfaceId(0),
        state: State::Free,
        flags: Flags::empty(),
        repeats: 0,
        change_at: Deadline::NONE,
        response_at: Deadline::NONE,
    };

    /// Forgets what was to be said.
    pub(crate) fn silence(&mut self) {
        self.repeats = 0;
        self.change_at.stop();
        self.response_at.stop();
        if self.state == State::Leaving {
            *self = Self::EMPTY;
        }
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.change_at.is_due(now) || self.response_at.is_due(now)
    }

    pub(crate) fn next(&self) -> Deadline {
        self.change_at.earlier(self.response_at)
    }
}

/// What is known of the routers that ask on one interface. Only for tables that are handed to `Igmp::from_slices`:
/// start with [`Querier::EMPTY`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Querier {
    /// Until then IGMPv1 is spoken.
    pub(crate) igmp_v1_until: Deadline,
    /// Until then MLDv1 is spoken.
    pub(crate) mld_v1_until: Deadline,
    /// MLD: Querier's Query Interval Code; 0: not told.
    pub(crate) qqic: u8,
    /// MLD: Querier's Robustness Variable; 0: not told.
    pub(crate) qrv: u8,
}

impl Querier {
    /// Nobody has asked yet.
    pub const EMPTY: Self =
        Self { igmp_v1_until: Deadline::NONE, mld_v1_until: Deadline::NONE, qqic: 0, qrv: 0 };

    pub(crate) fn is_igmp_v1(&self, now: Instant) -> bool {
        self.igmp_v1_until.instant().is_some_and(|until| now < until)
    }

    pub(crate) fn is_mld_v1(&self, now: Instant) -> bool {
        self.mld_v1_until.instant().is_some_and(|until| now < until)
    }

    pub(crate) fn query_interval(&self) -> Duration {
        match self.qqic {
            0 => QUERY_INTERVAL,
            code => Duration::from_secs(u64::from(igmp::decode(code))),
        }
    }

    /// How often a change is told: what the querier wants, else what is configured.
    pub(crate) fn robustness(&self, config: &Config) -> u8 {
        match self.qrv {
            0 => config.robustness.clamp(1, 7),
            qrv => qrv,
        }
    }
}

/// Memory for `INTERFACES` interfaces and `GROUPS` groups on all of them together. A group that was left keeps its place
/// until that was told. All zeros when empty, so that a `static` lies in `.bss`. Either may be 0, which means none.
#[derive(Debug)]
pub struct Storage<const INTERFACES: usize, const GROUPS: usize> {
    queriers: [Querier; INTERFACES],
    entries: [Entry; GROUPS],
}

impl<const INTERFACES: usize, const GROUPS: usize> Storage<INTERFACES, GROUPS> {
    /// Empty memory.
    #[must_use]
    pub const fn new() -> Self {
        Self { queriers: [Querier::EMPTY; INTERFACES], entries: [Entry::EMPTY; GROUPS] }
    }
}

impl<const INTERFACES: usize, const GROUPS: usize> Default for Storage<INTERFACES, GROUPS> {
    fn default() -> Self {
        Self::new()
    }
}

/// Group membership: a [`tersus_ip::Transport`]. See the crate's documentation.
#[derive(Debug)]
pub struct Igmp<'a> {
    /// One for each interface, by its number.
    pub(crate) queriers: &'a mut [Querier],
    pub(crate) entries: &'a mut [Entry],
    pub(crate) config: Config,
    pub(crate) random: Random,
    /// When next something is to be said, where there is room and a way.
    pub(crate) next: Deadline,
    /// The IP layer's counters when they were last looked at.
    pub(crate) group_generation: u32,
    pub(crate) generation: u32,
    /// A group found no room among the entries.
    pub(crate) is_short: bool,
    /// Interfaces that had no room, and those that had no way out.
    pub(crate) full: InterfaceSet,
    pub(crate) unreachable: InterfaceSet,
    /// Interfaces whose link was down when the IP layer last changed.
    pub(crate) down: InterfaceSet,
    /// Interfaces whose groups were reported from the unspecified address.
    pub(crate) unspecified: InterfaceSet,
    pub(crate) statistics: Statistics,
}

impl<'a> Igmp<'a> {
    /// An engine that knows of no group yet. `seed` makes delays unpredictable: no outsider may know it, and no two
    /// engines may have the same.
    pub fn new<const INTERFACES: usize, const GROUPS: usize>(
        storage: &'a mut Storage<INTERFACES, GROUPS>,
        config: Config,
        seed: [u8; 32],
    ) -> Self {
        Self::from_slices(&mut storage.queriers, &mut storage.entries, config, seed)
    }

    /// An engine over memory whose size is known at run time only.
    pub fn from_slices(
        queriers: &'a mut [Querier],
        entries: &'a mut [Entry],
        config: Config,
        seed: [u8; 32],
    ) -> Self {
        queriers.fill(Querier::EMPTY);
        entries.fill(Entry::EMPTY);
        Self {
            queriers,
            entries,
            config,
            random: Random::new(seed),
            next: Deadline::NONE,
            group_generation: 0,
            generation: 0,
            is_short: false,
            full: InterfaceSet::NONE,
            unreachable: InterfaceSet::NONE,
            down: InterfaceSet::NONE,
            unspecified: InterfaceSet::NONE,
            statistics: Statistics::ZERO,
        }
    }

    /// What happened so far.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// What is known of an interface's routers.
    pub(crate) fn querier(&self, interface: InterfaceId) -> Querier {
        self.queriers.get(usize::from(interface.0)).copied().unwrap_or_default()
    }

    /// Whether MLDv2 is spoken of a group: not if it is of IPv4, or an older querier is present.
    pub(crate) fn is_mld_v2(&self, entry: &Entry, now: Instant) -> bool {
        matches!(entry.group.get(), Some(core::net::IpAddr::V6(_)))
            && !self.querier(entry.interface).is_mld_v1(now)
    }

    /// Finds out anew when next something is to be said.
    pub(crate) fn reckon(&mut self) {
        let silent = self.full.union(self.unreachable);
        let able = self.entries.iter().filter(|entry| !silent.contains(entry.interface));
        self.next = able.fold(Deadline::NONE, |next, entry| next.earlier(entry.next()));
    }
}
