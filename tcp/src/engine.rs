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
use crate::config::Config;
use crate::congestion::Congestion;
use crate::connection::{Connection, Env};
use crate::events::Event;
use crate::index::{HashKey, Index};
use crate::listener::{ListenerId, Listeners};
use crate::output::Visit;
use crate::pool::Pool;
use crate::ranges::Range;
use crate::ready::Ready;
use crate::records::Record;
use crate::rtt::RtoConfig;
use crate::segment::{self, reset_for, Reply, Segment};
use crate::seq::SeqNum;
use crate::state::State;
use crate::statistics::{count, Statistics};
use crate::storage::{cut, Slices, Storage, CONNECTION_LINKS};
use crate::syn_table::SynTable;
use crate::tcb::{Flags, Slot};
use crate::time_wait::{Evicted, TimeWaits};
use crate::timers::Timers;
use crate::ConnectionId;
use core::time::Duration;
use tersus_ip::{
    earliest, Advice, Cast, Deadline, IcmpError, Instant, InterfaceSet, IpLayer, IpMeta, Progress, Random,
    RxChecksum, Transport, Verdict,
};
use tersus_wire::tcp::{self, Fields, Flags as Control};
use tersus_wire::IpProtocol;

/// A TCP engine: connections, listeners and all they need, in memory of the caller's.
///
/// It is a [`Transport`]: give it to each poll of the stack. Between polls call its methods: `listen`, `accept`,
/// `connect`, `send`, `recv`, `close` and so on. None of them sends; what they cause leaves in the next poll.
pub struct Tcp<'a> {
    pub(crate) slots: &'a mut [Slot],
    pub(crate) rx: &'a mut [u8],
    pub(crate) tx: &'a mut [u8],
    words: &'a mut [u32],
    pub(crate) index: Index<'a>,
    timers: Timers<'a>,
    pub(crate) ready: Ready<'a>,
    parked: Ready<'a>,
    pub(crate) events: Ready<'a>,
    pub(crate) records: Pool<'a, Record>,
    pub(crate) ranges: Pool<'a, Range>,
    pub(crate) listeners: Listeners<'a>,
    pub(crate) syns: SynTable<'a>,
    pub(crate) waits: TimeWaits<'a>,
    pub(crate) classes: [ClassState; MAX_CLASSES],
    pub(crate) env: Env<'a>,
    pub(crate) key: HashKey,
    pub(crate) random: Random,
    limiter: Limiter,
    pub(crate) stats: Statistics,
    /// What parked connections wait for.
    parked_on: InterfaceSet,
    parked_generation: u32,
    /// Interfaces that half-open connections wait for.
    syns_on: InterfaceSet,
}

/// How many buffer classes there can be.
pub const MAX_CLASSES: usize = 4;

/// Connections with buffers of one size; see [`Tcp::divide`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    /// How many connections.
    pub connections: u16,
    /// Receive buffer of each, in octets.
    pub receive: u32,
    /// Send buffer of each, in octets.
    pub send: u32,
}

/// A class at work.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ClassState {
    /// First free slot, index plus one.
    pub(crate) free: u16,
    /// Receive buffer of each, in octets.
    pub(crate) receive: u32,
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
        Self::from_slices(storage.slices(), config, congestion, seed)
    }

    /// An engine in slices of any length, zero included.
    pub fn from_slices(
        slices: Slices<'a>,
        config: Config,
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
        let m = m.min(syn_links.len() / crate::storage::SYN_LINKS);
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
        let config = config.in_range();
        let mut tcp = Self {
            slots,
            rx,
            tx,
            words,
            index: Index::new(cells),
            timers: Timers::new(deadlines, heap, places),
            ready: Ready::new(ready),
            parked: Ready::new(parked),
            events: Ready::new(events),
            records: Pool::new(slices.records, RECORDS_A_CONNECTION, n),
            ranges: Pool::new(slices.ranges, RANGES_A_CONNECTION, n),
            listeners: Listeners::new(slices.listeners),
            syns: syn_table,
            waits: TimeWaits::new(waits.get_mut(..w).unwrap_or_default(), wait_cells),
            classes: [ClassState::default(); MAX_CLASSES],
            env: Env { rto: rto_config(&config), config, congestion },
            key: HashKey::new(&mut random),
            random,
            limiter: Limiter::new(),
            stats: Statistics::new(),
            parked_on: InterfaceSet::NONE,
            parked_generation: 0,
            syns_on: InterfaceSet::NONE,
        };
        tcp.divide_equally();
        tcp
    }

    /// What happened so far.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.stats
    }

    /// A connection with all that its steps need.
    pub(crate) fn connection(&mut self, id: u16, now: Instant) -> Option<Connection<'_, 'a>> {
        let words = self.env.congestion.words();
        let first = usize::from(id) * words;
        Some(Connection {
            tcb: self.slots.get_mut(usize::from(id))?,
            words: self.words.get_mut(first..first + words)?,
            rx: self.rx,
            tx: self.tx,
            records: &mut self.records,
            ranges: &mut self.ranges,
            env: &self.env,
            limiter: &mut self.limiter,
            random: &self.random,
            stats: &mut self.stats,
            now,
        })
    }

    /// A segment with a right checksum. `Some`: the header of an answer to write in its place.
    fn on_segment(&mut self, packet: &IpMeta<'_>, seg: &mut Segment<'_>) -> Option<Fields> {
        let hash = self.key.hash(&packet.addresses, seg.ports);
        let slots = &*self.slots;
        let found = self.index.find(hash, |id| {
            slots
                .get(usize::from(id))
                .is_some_and(|slot| slot.ports == seg.ports && slot.path.matches(&packet.addresses))
        });
        if let Some(id) = found {
            return self.on_segment_of(id, packet, seg);
        }
        if let Some(id) = self.syns.find(hash, &packet.addresses, seg.ports) {
            return self.in_syn_received(id, packet, seg);
        }
        let mut above = None;
        if let Some(id) = self.waits.find(hash, &packet.addresses, seg.ports) {
            match self.in_time_wait(id, packet, seg) {
                Reopen::No(answer) => return answer,
                Reopen::Above(snd_nxt) => above = Some(snd_nxt),
            }
        }
        let listens = self.listeners.find(packet.addresses.destination(), seg.local_port());
        if listens.is_some() {
            return self.in_listen(packet, seg, hash, above);
        }
        count(&mut self.stats.unmatched);
        self.in_closed(seg)
    }

    /// §3.10.7.1.
    pub(crate) fn in_closed(&mut self, seg: &Segment<'_>) -> Option<Fields> {
        if seg.has(Control::RST) {
            count(&mut self.stats.resets_ignored);
            return None;
        }
        Some(self.reset(seg))
    }

    pub(crate) fn reset(&mut self, seg: &Segment<'_>) -> Fields {
        count(&mut self.stats.resets_sent);
        reset_for(seg)
    }

    /// A segment of a connection.
    pub(crate) fn on_segment_of(
        &mut self,
        id: u16,
        packet: &IpMeta<'_>,
        seg: &mut Segment<'_>,
    ) -> Option<Fields> {
        let mut connection = self.connection(id, packet.now)?;
        let reply = connection.on_segment(seg);
        let answer = match reply {
            Reply::Nothing => None,
            Reply::Reset => Some(reset_for(seg)),
            // Nobody may answer from here: the ACK leaves in the next visit.
            Reply::Ack if packet.reply_from.is_none() => {
                connection.tcb.flags.insert(Flags::ACK_NOW);
                None
            }
            Reply::Ack => Some(connection.ack_fields()),
        };
        if reply == Reply::Reset {
            count(&mut self.stats.resets_sent);
        }
        self.settle(id, packet.now);
        answer
    }

    /// What follows from a change of a connection: it is visited in the next `transmit`, the user is told, and one
    /// that needs no segments any more leaves the look-up.
    pub(crate) fn settle(&mut self, id: u16, now: Instant) {
        self.ready.push(id);
        let Some(slot) = self.slots.get_mut(usize::from(id)) else { return };
        if slot.events != 0 && !slot.flags.contains(Flags::RELEASED) {
            self.events.push(id);
        }
        if slot.state.is_live() || !slot.flags.contains(Flags::IN_INDEX) {
            return;
        }
        slot.flags.remove(Flags::IN_INDEX);
        let hash = self.key.hash_path(&slot.path, slot.ports);
        self.index.remove(hash, id);
        if slot.state == State::TimeWait {
            let key = Packed::of_path(&slot.path);
            let numbers = (slot.snd_nxt, slot.rcv_nxt);
            let until = now + self.env.config.time_wait;
            if self.waits.insert(hash, key, slot.ports, numbers, until) == Evicted::Oldest {
                count(&mut self.stats.time_wait_evicted);
            }
        }
    }

    /// §3.10.7.4 for TIME-WAIT.
    fn in_time_wait(&mut self, id: u16, packet: &IpMeta<'_>, seg: &Segment<'_>) -> Reopen {
        let Some((snd_nxt, rcv_nxt)) = self.waits.sequence_numbers(id) else { return Reopen::No(None) };
        if seg.has(Control::RST) {
            // Ignored, else the wait could be ended by a stray one: RFC 1337.
            count(&mut self.stats.resets_ignored);
            return Reopen::No(None);
        }
        if seg.has(Control::SYN) && !seg.has(Control::ACK) {
            // RFC 6191 §2 without timestamps.
            let destination = packet.addresses.destination();
            let listens = self.listeners.find(destination, seg.local_port()).is_some();
            if listens && seg.seq.gt(rcv_nxt) {
                count(&mut self.stats.time_wait_reused);
                self.waits.remove(id);
                return Reopen::Above(snd_nxt);
            }
            count(&mut self.stats.not_acceptable);
            return Reopen::No(None);
        }
        if seg.len() == 0 {
            return Reopen::No(None);
        }
        if seg.has(Control::FIN) {
            self.waits.restart(id, packet.now + self.env.config.time_wait);
        }
        Reopen::No(Some(Fields {
            src_port: seg.local_port(),
            dst_port: seg.remote_port(),
            seq: snd_nxt.0,
            ack: rcv_nxt.0,
            flags: Control::ACK,
            ..Fields::default()
        }))
    }

    /// Lets what waited for room or for a next hop be visited again, if that may help.
    fn unpark(&mut self, ip: &dyn IpLayer) {
        let moved = ip.generation() != self.parked_generation;
        let room = ip.room();
        if !self.parked.is_empty() && (moved || room.intersects(self.parked_on)) {
            self.parked_on = InterfaceSet::NONE;
            while let Some(id) = self.parked.pop() {
                self.ready.push(id);
            }
        }
        if self.syns.is_waiting() && (moved || room.intersects(self.syns_on)) {
            self.syns_on = InterfaceSet::NONE;
            self.syns.wake(ip.now());
        }
    }

    /// Runs the timers that are due.
    fn run_timers(&mut self, now: Instant) {
        self.waits.expire(now);
        while let Some((id, at)) = self.timers.earliest() {
            if !at.is_due(now) {
                break;
            }
            let deadline = match self.connection(id, now) {
                Some(mut connection) => {
                    connection.on_timeout();
                    connection.tcb.next_deadline()
                }
                None => Deadline::NONE,
            };
            // Whatever a clock or a setting does: each connection is visited once a turn.
            let deadline = if deadline.is_due(now) { Deadline::NONE } else { deadline };
            self.timers.set(id, deadline);
            self.settle(id, now);
        }
    }

    /// Visits one connection: sends what may leave, then sets its timer.
    fn visit(&mut self, id: u16, ip: &mut dyn IpLayer, budget: &mut usize, full: InterfaceSet) -> Visit {
        let now = ip.now();
        let Some(mut connection) = self.connection(id, now) else { return Visit::Done };
        if !connection.tcb.flags.contains(Flags::IN_USE) {
            return Visit::Done;
        }
        let interface = connection.tcb.path.interface();
        let visit = if full.contains(interface) && connection.wants_to_send() {
            Visit::Blocked(interface)
        } else {
            connection.output(ip, budget)
        };
        connection.start_persist_timer();
        if connection.tcb.flags.contains(Flags::START_IDLE) {
            connection.start_idle_timer();
        }
        if connection.tcb.flags.contains(Flags::REACHABLE) {
            ip.advise(&connection.tcb.path, Advice::Reachable);
        }
        if connection.tcb.flags.contains(Flags::SUSPECT) {
            ip.advise(&connection.tcb.path, Advice::Suspect);
        }
        connection.tcb.flags.remove(Flags::REACHABLE | Flags::SUSPECT | Flags::START_IDLE);
        let deadline = connection.tcb.next_deadline();
        let over = connection.tcb.is_over();
        self.timers.set(id, deadline);
        if over {
            self.free(id);
        }
        visit
    }

    /// Visits each ready connection once.
    fn visit_ready(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) {
        let mut full = InterfaceSet::NONE;
        for _ in 0..self.ready.len() {
            if *budget == 0 {
                return;
            }
            let Some(id) = self.ready.pop() else { return };
            match self.visit(id, ip, budget, full) {
                Visit::Done => {}
                Visit::Budget => self.ready.push(id),
                Visit::Blocked(interface) => {
                    full.insert(interface);
                    self.parked_on.insert(interface);
                    self.parked.push(id);
                }
                Visit::Resolving => self.parked.push(id),
            }
        }
    }

    /// Sends the SYN-ACKs that are due.
    fn transmit_syns(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) {
        let now = ip.now();
        while *budget > 0 {
            let Some(id) = self.syns.due(now) else { return };
            match self.send_syn_ack(id, ip) {
                Visit::Blocked(interface) => {
                    self.syns_on.insert(interface);
                    self.syns.wait(id);
                }
                Visit::Resolving => self.syns.wait(id),
                Visit::Done => *budget -= 1,
                Visit::Budget => {}
            }
        }
    }

    /// The next event, if there is one. O(1). Without it nothing is lost but time: state can be asked for.
    pub fn next_event(&mut self) -> Option<Event> {
        while let Some(index) = self.events.pop() {
            let Some(slot) = self.slots.get_mut(usize::from(index)) else { continue };
            let changes = core::mem::take(&mut slot.events);
            if slot.flags.contains(Flags::IN_QUEUE) {
                return Some(Event::Acceptable(ListenerId {
                    port: slot.local_port(),
                    serial: slot.listener,
                }));
            }
            if slot.flags.contains(Flags::IN_USE) && !slot.flags.contains(Flags::RELEASED) && changes != 0 {
                let id = ConnectionId { index, generation: slot.generation };
                return Some(Event::Connection(id, crate::events::Changes::from_bits_truncate(changes)));
            }
        }
        None
    }
}

impl Transport for Tcp<'_> {
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        if packet.protocol != IpProtocol::TCP {
            return Verdict::NotMine;
        }
        if packet.cast != Cast::Unicast {
            count(&mut self.stats.not_unicast);
            return Verdict::Done;
        }
        let addresses = packet.addresses.pseudo_sum();
        if packet.rx.checksum == RxChecksum::Unknown && !tcp::verify_checksum(segment, addresses) {
            count(&mut self.stats.bad_checksum);
            return Verdict::Done;
        }
        let answer = match tcp::split_mut(segment) {
            Ok((header, options, payload)) => {
                count(&mut self.stats.segments_received);
                let mut seg = Segment {
                    ports: header.ports(),
                    seq: SeqNum(header.seq()),
                    ack: SeqNum(header.ack()),
                    control: header.flags() & CONTROLS,
                    window: header.window(),
                    options,
                    payload,
                };
                self.on_segment(packet, &mut seg)
            }
            Err(_) => {
                count(&mut self.stats.malformed);
                None
            }
        };
        let Some(fields) = answer else { return Verdict::Done };
        match segment::write_reply(segment, &fields, addresses) {
            0 => Verdict::Done,
            len => {
                count(&mut self.stats.segments_sent);
                Verdict::Reply(len)
            }
        }
    }

    fn error(&mut self, now: Instant, error: &IcmpError<'_>) {
        self.on_icmp_error(now, error);
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Progress {
        self.unpark(ip);
        self.run_timers(ip.now());
        self.transmit_syns(ip, budget);
        self.visit_ready(ip, budget);
        self.parked_generation = ip.generation();
        let blocked = self.parked_on.union(self.syns_on);
        if !self.ready.is_empty() || self.syns.due(ip.now()).is_some() {
            Progress::More
        } else if blocked.is_empty() {
            Progress::Idle
        } else {
            Progress::Blocked(blocked)
        }
    }

    fn poll_at(&self) -> Option<Instant> {
        if !self.ready.is_empty() {
            return Some(Instant::ZERO);
        }
        let timer = self.timers.earliest().and_then(|(_, at)| at.instant());
        earliest(timer, earliest(self.waits.poll_at(), self.syns.poll_at()))
    }
}

/// What a SYN does to a TIME-WAIT entry.
enum Reopen {
    /// Nothing; perhaps an answer.
    No(Option<Fields>),
    /// It ends the wait: a new connection may begin, with sequence numbers above these.
    Above(SeqNum),
}

/// Control bits that mean something here: ECE and CWR come with RFC 3168.
const CONTROLS: Control = Control::FIN
    .union(Control::SYN)
    .union(Control::RST)
    .union(Control::PSH)
    .union(Control::ACK)
    .union(Control::URG);

/// Ids have 16 bits and links are ids plus one.
const MAX_CONNECTIONS: usize = 60_000;
/// Bounds of what one connection may take of the pools; walks over them are no longer.
const RECORDS_A_CONNECTION: u16 = 256;
const RANGES_A_CONNECTION: u16 = 64;

fn rto_config(config: &Config) -> RtoConfig {
    let micros = |span: Duration| u32::try_from(span.as_micros()).unwrap_or(u32::MAX);
    RtoConfig {
        initial_us: micros(config.rto_initial),
        min_us: micros(config.rto_min),
        max_us: micros(config.rto_max),
        ..RtoConfig::DEFAULT
    }
}
