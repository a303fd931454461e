//! The engine: its tables, and the two ways into it. A segment finds its connection; `transmit` visits what is
//! ready.
//!
//! ```text
//!   receive ──▶ look-up ──▶ connection ─┐            timers ──┐
//!                 ├──▶ SYN table        ├──▶ ready list ──────┴──▶ transmit: visit each once ──▶ timers
//!                 ├──▶ TIME-WAIT        │                            ├──▶ parked: no room, no next hop
//!                 └──▶ listeners, RST   ┘ user calls                 └──▶ done: freed
//! ```
//! A deadline lives in the slot and nowhere else. Whoever changes a slot puts it on the ready list; the visit sets
//! its one entry in the timers. So `poll_at` is a peek, and exact.

use crate::addresses::Packed;
use crate::challenge::Limiter;
use crate::config::{Config, Timestamps};
use crate::congestion::Congestion;
use crate::cookie::SynCookies;
use crate::duties::Duties;
use crate::index::{HashKey, Index};
use crate::listener::Listeners;
use crate::pool::Pool;
use crate::ready::Ready;
use crate::records::Acked;
use crate::rtt::RtoConfig;
use crate::sack::Dsack;
use crate::shared::{Limits, Shared};
use crate::slots::{ClassState, MAX_CLASSES};
use crate::state::State;
use crate::statistics::{count, Statistics};
use crate::storage::{cut, Slices, Storage, CONNECTION_LINKS, SYN_LINKS};
use crate::syn_table::SynTable;
use crate::tcb::{Flags, Slot};
use crate::time_wait::{Evicted, Last, TimeWaits};
use crate::timers::Timers;
use crate::timestamps::Clock;
use crate::wakers::Waiting;
use core::fmt;
use tersus_ip::{Deadline, Instant, InterfaceSet, Path, Random};

/// A TCP engine: connections, listeners and all they need, in memory of the caller's.
///
/// It is a [`tersus_ip::Transport`]: give it to each poll of the stack. Between polls call its methods: `listen`, `accept`,
/// `connect`, `send`, `recv`, `close` and so on. None of them sends; what they cause leaves in the next poll.
pub struct Tcp<'a> {
    pub(crate) slots: &'a mut [Slot],
    pub(crate) shared: Shared<'a>,
    pub(crate) index: Index<'a>,
    pub(crate) timers: Timers<'a>,
    pub(crate) ready: Ready<'a>,
    pub(crate) parked: Ready<'a>,
    pub(crate) events: Ready<'a>,
    /// Tasks that wait, if any can.
    pub(crate) waiting: Option<Waiting<'a>>,
    pub(crate) listeners: Listeners<'a>,
    pub(crate) syns: SynTable<'a>,
    pub(crate) waits: TimeWaits<'a>,
    pub(crate) classes: [ClassState; MAX_CLASSES],
    pub(crate) key: HashKey,
    /// The path of the last SYN-ACK or of the last connection that was opened: whoever connects often to one host, or is
    /// connected to by it, does so without a new decision each time.
    pub(crate) recent: Path,
    /// What parked connections wait for.
    pub(crate) parked_on: InterfaceSet,
    pub(crate) parked_generation: u32,
    /// Interfaces that half-open connections wait for.
    pub(crate) syns_on: InterfaceSet,
    pub(crate) cookies: Option<SynCookies>,
    /// Until then an ACK may bring a cookie.
    pub(crate) cookies_until: Deadline,
    /// MTU of the path that the last SYN-ACK took; 0: none left yet.
    pub(crate) announced_mtu: u16,
}

/// Without connections and their data, and without the key.
impl fmt::Debug for Tcp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tcp").field("statistics", self.statistics()).finish_non_exhaustive()
    }
}

impl<'a> Tcp<'a> {
    /// An engine in `storage`. `seed` must be unpredictable and used for nothing else: sequence numbers and ports
    /// come from it.
    pub fn new<
        const CONNS: usize,
        const RX: usize,
        const TX: usize,
        const SYNS: usize,
        const WAITS: usize,
        const LISTENERS: usize,
        const RECORDS: usize,
        const RANGES: usize,
        const WORDS: usize,
    >(
        storage: &'a mut Storage<CONNS, RX, TX, SYNS, WAITS, LISTENERS, RECORDS, RANGES, WORDS>,
        config: Config,
        congestion: &'a dyn Congestion,
        seed: [u8; 32],
    ) -> Self {
        Self::with_duties(storage, config, &Duties::ALL, congestion, seed)
    }

    /// As [`Tcp::new`], with a choice of duties: those left out are not linked.
    pub fn with_duties<
        const CONNS: usize,
        const RX: usize,
        const TX: usize,
        const SYNS: usize,
        const WAITS: usize,
        const LISTENERS: usize,
        const RECORDS: usize,
        const RANGES: usize,
        const WORDS: usize,
    >(
        storage: &'a mut Storage<CONNS, RX, TX, SYNS, WAITS, LISTENERS, RECORDS, RANGES, WORDS>,
        config: Config,
        duties: &'static Duties,
        congestion: &'a dyn Congestion,
        seed: [u8; 32],
    ) -> Self {
        Self::from_slices_with_duties(storage.slices(), config, duties, congestion, seed)
    }

    /// An engine in slices of any length, zero included.
    pub fn from_slices(
        slices: Slices<'a>,
        config: Config,
        congestion: &'a dyn Congestion,
        seed: [u8; 32],
    ) -> Self {
        Self::from_slices_with_duties(slices, config, &Duties::ALL, congestion, seed)
    }

    /// As [`Tcp::from_slices`], with a choice of duties: those left out are not linked.
    pub fn from_slices_with_duties(
        slices: Slices<'a>,
        config: Config,
        duties: &'static Duties,
        congestion: &'a dyn Congestion,
        seed: [u8; 32],
    ) -> Self {
        let Slices { slots, rx, tx, words, cells, deadlines, mut links, .. } = slices;
        words.fill(0);
        cells.fill(0);
        links.fill(0);
        let per_words = words.len().checked_div(congestion.words()).unwrap_or(usize::MAX);
        // Without a link each for heap, place, ready and parked there is no connection; without the fifth no events.
        let n = slots.len().min(MAX_CONNECTIONS).min(per_words).min(cells.len() / 2).min(deadlines.len());
        let n = n.min(links.len() / (CONNECTION_LINKS - 1));
        let slots = slots.get_mut(..n).unwrap_or_default();
        slots.fill(Slot::FREE);
        deadlines.fill(Deadline::NONE);
        let (heap, places) = (cut(&mut links, n), cut(&mut links, n));
        let (ready, parked, events) = (cut(&mut links, n), cut(&mut links, n), cut(&mut links, n));

        let Slices { syns, syn_cells, syn_deadlines, mut syn_links, waits, wait_cells, .. } = slices;
        syn_cells.fill(0);
        syn_deadlines.fill(Deadline::NONE);
        syn_links.fill(0);
        let m = syns.len().min(MAX_CONNECTIONS).min(syn_cells.len() / 2).min(syn_deadlines.len());
        let m = m.min(syn_links.len() / SYN_LINKS);
        let (syn_heap, syn_places) = (cut(&mut syn_links, m), cut(&mut syn_links, m));
        let syn_table = SynTable::new(
            syns.get_mut(..m).unwrap_or_default(),
            Index::new(syn_cells),
            Timers::new(syn_deadlines, syn_heap, syn_places),
            Ready::new(syn_links),
        );
        wait_cells.fill(0);
        let w = waits.len().min(MAX_CONNECTIONS).min(wait_cells.len() / 2);

        let mut random = Random::new(seed);
        let key = HashKey::new(&mut random);
        let mut tcp = Self {
            slots,
            shared: Shared {
                rx,
                tx,
                words,
                words_each: congestion.words(),
                records: Pool::new(slices.records, RECORDS_A_CONNECTION, n),
                ranges: Pool::new(slices.ranges, RANGES_A_CONNECTION, n),
                limits: Limits::new(&config),
                rto: RtoConfig::of(&config),
                congestion,
                duties,
                watch: None,
                observers: [None; 2],
                sink: None,
                figures: &mut [],
                growing: None,
                timestamps: duties.timestamps.filter(|_| config.timestamps == Timestamps::On),
                limiter: Limiter::new(),
                random,
                stats: Statistics::new(),
                dsack: Dsack::NONE,
                pacing: duties.pacing.filter(|_| congestion.is_paced()),
                acked: Acked::default(),
                burst: 0,
                clock: Clock::new(),
                id: 0,
                now: Instant::ZERO,
            },
            index: Index::new(cells),
            timers: Timers::new(deadlines, heap, places),
            ready: Ready::new(ready),
            parked: Ready::new(parked),
            events: Ready::new(events),
            waiting: None,
            listeners: Listeners::new(slices.listeners),
            syns: syn_table,
            waits: TimeWaits::new(waits.get_mut(..w).unwrap_or_default(), wait_cells),
            classes: [ClassState::default(); MAX_CLASSES],
            key,
            recent: Path::EMPTY,
            parked_on: InterfaceSet::NONE,
            parked_generation: 0,
            syns_on: InterfaceSet::NONE,
            cookies: None,
            cookies_until: Deadline::NONE,
            announced_mtu: 0,
        };
        tcp.divide_equally();
        tcp
    }

    /// What happened so far.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.shared.stats
    }

    /// A connection, and what its steps need beside it.
    pub(crate) fn connection(&mut self, id: u16) -> Option<(&mut Slot, &mut Shared<'a>)> {
        self.shared.id = id;
        Some((self.slots.get_mut(usize::from(id))?, &mut self.shared))
    }

    /// What follows from a change of a connection: it is visited in the next `transmit`, the user is told, and one
    /// that needs no segments any more leaves the look-up.
    pub(crate) fn settle(&mut self, id: u16) {
        self.ready.push(id);
        let Some(slot) = self.slots.get_mut(usize::from(id)) else { return };
        if slot.events != 0 && !slot.flags.contains(Flags::RELEASED) {
            self.events.push(id);
        }
        if let Some(waiting) = &mut self.waiting {
            (waiting.wake)(waiting, id, slot);
        }
        if slot.state.is_live() || !slot.flags.contains(Flags::IN_INDEX) {
            return;
        }
        self.leave(id);
    }

    /// A connection that needs no segments any more leaves the look-up; in TIME-WAIT an entry takes its place.
    #[cold]
    pub(crate) fn leave(&mut self, id: u16) {
        let Some(slot) = self.slots.get_mut(usize::from(id)) else { return };
        slot.flags.remove(Flags::IN_INDEX);
        let key = Packed::of_path(&slot.path);
        let hash = self.key.hash(&key.get(), slot.ports);
        self.index.remove(hash, id);
        if slot.state == State::TimeWait {
            let ts_recent = slot.flags.contains(Flags::TIMESTAMPS).then_some(slot.ts_recent);
            let last = Last { snd_nxt: slot.snd_nxt(), rcv_nxt: slot.rcv_nxt, ts_recent };
            let until = self.shared.now.plus_micros(self.shared.limits.time_wait);
            if self.waits.insert(hash, key, slot.ports, last, until) == Evicted::Oldest {
                count(&mut self.shared.stats.time_wait_evicted);
            }
        }
    }
}

/// Ids have 16 bits and links are ids plus one.
const MAX_CONNECTIONS: usize = 60_000;
/// Bounds of what one connection may take of the pools; walks over them are no longer.
const RECORDS_A_CONNECTION: u16 = 2048;
const RANGES_A_CONNECTION: u16 = 1024;
