//! Places where connections at work can be watched: traces and statistics of single connections hang here.
//!
//! ```text
//!   segment ──▶ watch.segment ──▶ Received ─┐
//!   deadline ─▶ watch.timeout ──▶ Expired   ├──▶ observers: trace, statistics
//!   calls ────▶ watch.state ────▶ Entered   │
//!   output ───▶ watch.sent ─────▶ Sent ─────┘
//! ```
//! States are compared before and after, and not told by `enter`: that is on the way of every connection, several times.
//!
//! An engine that nobody watches tests one pointer at each place and links nothing that is behind it: the functions
//! are named by [`Tcp::trace_to`] and [`Tcp::keep_figures`] alone.

use crate::engine::Tcp;
use crate::next::{Kind, Next};
use crate::options::{syn_options, Answer, OptionArea};
use crate::recovery::Marks;
use crate::segment::Segment;
use crate::shared::Shared;
use crate::state::State;
use crate::syn_table::SynEntry;
use crate::tcb::{Flags, Slot};
use crate::trace::{Cause, Loss, Segment as Shown, Timer, Variables, What};
use core::net::SocketAddr;
use tersus_ip::IpMeta;
use tersus_wire::tcp::{Fields, Flags as Control, Options};

/// Whose it is that something happened to.
pub(crate) enum Of<'s> {
    /// A connection's.
    Connection(&'s Slot),
    /// Half-open, in TIME-WAIT, or nobody's: our end and the peer's.
    Endpoints(SocketAddr, SocketAddr),
}

/// Is told what happened.
pub(crate) type Observer = fn(&mut Shared<'_>, &Of<'_>, &What);

/// What stands at the places.
pub(crate) struct Watch {
    /// Takes a segment in.
    pub(crate) segment: fn(&mut Tcp<'_>, &IpMeta<'_>, &mut Segment<'_>) -> Option<Answer>,
    /// Runs what is due.
    pub(crate) timeout: fn(&mut Slot, &mut Shared<'_>),
    /// Something left, and is to be noted.
    pub(crate) sent: fn(&mut Slot, &mut Shared<'_>, &Next),
    /// The state was this one before a call.
    pub(crate) state: fn(&mut Tcp<'_>, u16, State),
    /// An answer was written in the place of a segment.
    pub(crate) answered: fn(&mut Tcp<'_>, &IpMeta<'_>, &Answer),
    /// A SYN-ACK left, so many after others.
    pub(crate) syn_ack: fn(&mut Shared<'_>, &SynEntry, &Fields, &OptionArea),
}

/// The one there is.
const WATCH: &Watch = &Watch { segment, timeout, sent, state, answered, syn_ack };

impl Shared<'_> {
    /// From now on the one who traces is told.
    pub(crate) fn watch_for_trace(&mut self, observer: Observer) {
        self.observers[0] = Some(observer);
        self.watch = Some(WATCH);
    }

    /// From now on the one who counts is told.
    pub(crate) fn watch_for_figures(&mut self, observer: Observer) {
        self.observers[1] = Some(observer);
        self.watch = Some(WATCH);
    }

    fn tell(&mut self, of: &Of<'_>, what: &What) {
        for observer in self.observers.into_iter().flatten() {
            observer(self, of, what);
        }
    }
}

impl Tcp<'_> {
    /// A call may have changed the state of a connection, which was `from`.
    pub(crate) fn tell_state(&mut self, id: u16, from: State) {
        if let Some(watch) = self.shared.watch {
            (watch.state)(self, id, from);
        }
    }
}

fn segment(tcp: &mut Tcp<'_>, packet: &IpMeta<'_>, seg: &mut Segment<'_>) -> Option<Answer> {
    let hash = tcp.key.hash(&packet.addresses, seg.ports);
    let local = SocketAddr::new(packet.addresses.destination(), seg.local_port());
    let remote = SocketAddr::new(packet.addresses.source(), seg.remote_port());
    let found = tcp.find_connection(&packet.addresses, hash, seg.ports);
    let before = match found.and_then(|id| tcp.connection(id)) {
        Some((slot, shared)) => {
            let shift = if seg.has(Control::SYN) { 0 } else { slot.snd_shift };
            shared.tell(&Of::Connection(slot), &What::Received(shown(seg, shift)));
            Some(Variables::of(slot, shared))
        }
        None => {
            tcp.shared.tell(&Of::Endpoints(local, remote), &What::Received(shown(seg, 0)));
            None
        }
    };
    let answer = tcp.on_segment(packet, seg);
    // The last ACK of a handshake makes a connection.
    let found = found.or_else(|| tcp.find_connection(&packet.addresses, hash, seg.ports));
    if let Some((slot, shared)) = found.and_then(|id| tcp.connection(id)) {
        let from = before.map_or(State::Closed, |before| before.state);
        tell_state(slot, shared, from);
        tell_change(slot, shared, before);
    }
    answer
}

fn timeout(slot: &mut Slot, shared: &mut Shared<'_>) {
    let before = Variables::of(slot, shared);
    for timer in slot.due_timers(shared).into_iter().flatten() {
        shared.tell(&Of::Connection(slot), &What::Expired(timer));
    }
    slot.on_timeout(shared);
    tell_state(slot, shared, before.state);
    tell_change(slot, shared, Some(before));
}

fn tell_change(slot: &Slot, shared: &mut Shared<'_>, before: Option<Variables>) {
    if before != Some(Variables::of(slot, shared)) {
        shared.tell(&Of::Connection(slot), &What::Changed);
    }
}

fn sent(slot: &mut Slot, shared: &mut Shared<'_>, next: &Next) {
    // Once it is noted that it left, nobody knows why it did, or which duplicate it reported.
    let cause = cause(slot, next);
    let (options, urgent) = (options(slot, shared, next), urgent(slot, shared, next));
    slot.on_sent(shared, next);
    // Those of a run are all of one length.
    let segments = u32::try_from(next.segments.max(1)).unwrap_or(1);
    let each = next.len.checked_div(segments).unwrap_or(0);
    let window = if next.control.contains(Control::SYN) {
        shared.syn_window(slot.rx.size()).into()
    } else {
        slot.rcv_wnd()
    };
    let mut seq = next.seq;
    for _ in 0..segments {
        let ack = next.control.contains(Control::ACK).then_some(slot.rcv_nxt.0);
        let segment = Shown { seq: seq.0, ack, len: each, flags: next.control, window, urgent, options };
        shared.tell(&Of::Connection(slot), &What::Sent(segment, cause));
        seq += each;
    }
}

/// The options of what is leaving.
fn options(slot: &mut Slot, shared: &mut Shared<'_>, next: &Next) -> Options {
    let area = if next.control.contains(Control::SYN) {
        let offer = slot.syn_offer(shared);
        syn_options(&slot.path, offer)
    } else {
        slot.options(shared)
    };
    known(area.as_slice())
}

/// The Urgent Pointer of what is leaving.
fn urgent(slot: &mut Slot, shared: &Shared<'_>, next: &Next) -> Option<u16> {
    let urgent = shared.duties.urgent.filter(|_| next.control.contains(Control::URG))?;
    let mut fields = Fields { seq: next.seq.0, flags: next.control, ..Fields::default() };
    (urgent.point)(slot, &mut fields);
    Some(fields.urgent)
}

/// The options of an area that are known; none of a malformed one.
fn known(area: &[u8]) -> Options {
    Options::parse(area).unwrap_or_default()
}

fn cause(slot: &Slot, next: &Next) -> Cause {
    match next.kind {
        Kind::New => Cause::New,
        Kind::Again if slot.is_loss_probe_due() => Cause::Again(Loss::Tail),
        Kind::Again if slot.flags.contains(Flags::FAST_RECOVERY) => Cause::Again(Loss::Recovery),
        Kind::Again if slot.flags.intersects(Flags::TIMEOUT_RECOVERY | Flags::EXPIRED) => {
            Cause::Again(Loss::Timeout)
        }
        Kind::Again => Cause::Again(Loss::Other),
        Kind::Rescue => Cause::Again(Loss::Recovery),
        Kind::Probe => Cause::Probe,
        Kind::KeepAlive => Cause::KeepAlive,
        Kind::Ack => Cause::Ack,
        Kind::Reset => Cause::Reset,
    }
}

fn state(tcp: &mut Tcp<'_>, id: u16, from: State) {
    if let Some((slot, shared)) = tcp.connection(id) {
        tell_state(slot, shared, from);
    }
}

fn tell_state(slot: &Slot, shared: &mut Shared<'_>, from: State) {
    if slot.state != from {
        shared.tell(&Of::Connection(slot), &What::Entered { from });
    }
}

fn answered(tcp: &mut Tcp<'_>, packet: &IpMeta<'_>, answer: &Answer) {
    let fields = &answer.fields;
    let ports = u32::from(fields.dst_port) << 16 | u32::from(fields.src_port);
    let hash = tcp.key.hash(&packet.addresses, ports);
    let cause = if fields.flags.contains(Control::RST) { Cause::Reset } else { Cause::Ack };
    let found = tcp.find_connection(&packet.addresses, hash, ports);
    if let Some((slot, shared)) = found.and_then(|id| tcp.connection(id)) {
        let mut segment = shown_fields(fields, &answer.options);
        segment.window <<= slot.rcv_shift;
        return shared.tell(&Of::Connection(slot), &What::Sent(segment, cause));
    }
    let local = SocketAddr::new(packet.addresses.destination(), fields.src_port);
    let remote = SocketAddr::new(packet.addresses.source(), fields.dst_port);
    tcp.shared.tell(&Of::Endpoints(local, remote), &What::Sent(shown_fields(fields, &answer.options), cause));
}

fn syn_ack(shared: &mut Shared<'_>, entry: &SynEntry, fields: &Fields, options: &OptionArea) {
    let local = SocketAddr::new(entry.local(), entry.local_port());
    let remote = SocketAddr::new(entry.remote(), entry.remote_port());
    let cause = if entry.tries > 0 { Cause::Again(Loss::Timeout) } else { Cause::New };
    shared.tell(&Of::Endpoints(local, remote), &What::Sent(shown_fields(fields, options), cause));
}

/// A segment as it arrived.
fn shown(seg: &Segment<'_>, shift: u8) -> Shown {
    Shown {
        seq: seg.seq.0,
        ack: seg.has(Control::ACK).then_some(seg.ack.0),
        len: seg.payload_len(),
        flags: seg.control,
        window: u32::from(seg.window) << shift.min(14),
        urgent: seg.has(Control::URG).then(|| u16::try_from(seg.up.distance(seg.seq)).unwrap_or(u16::MAX)),
        options: known(seg.options),
    }
}

/// A segment without payload, whose window is not scaled.
fn shown_fields(fields: &Fields, options: &OptionArea) -> Shown {
    Shown {
        seq: fields.seq,
        ack: fields.flags.contains(Control::ACK).then_some(fields.ack),
        len: 0,
        flags: fields.flags,
        window: fields.window.into(),
        urgent: None,
        options: known(options.as_slice()),
    }
}

impl Slot {
    /// The timers that `on_timeout` will find due.
    fn due_timers(&self, shared: &Shared<'_>) -> [Option<Timer>; 5] {
        let now = shared.now;
        let outstanding = self.flight_size() > 0 || self.has_unsent();
        let retransmit = match self.flight_size() {
            _ if self.state.is_synchronized() && self.snd_wnd == 0 && outstanding => Timer::Persist,
            0 => Timer::Override,
            _ if self.repair.marks.contains(Marks::REORDERING_TIMER) => Timer::Reordering,
            _ if self.repair.marks.contains(Marks::PROBE_TIMER) => Timer::LossProbe,
            _ => Timer::Retransmission,
        };
        let idle = if self.state == State::FinWait2 && self.flags.contains(Flags::RELEASED) {
            Timer::FinWait2
        } else {
            Timer::KeepAlive
        };
        [
            self.give_up().is_due(now).then_some(Timer::User),
            self.retransmit.is_due(now).then_some(retransmit),
            self.delayed_ack.is_due(now).then_some(Timer::DelayedAck),
            (self.flags.contains(Flags::HELD) && self.next_send.is_due(now)).then_some(Timer::Pacing),
            self.idle.is_due(now).then_some(idle),
        ]
    }
}
