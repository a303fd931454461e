//! A segment arrives: whose is it? RFC 9293 §3.10.7, and CLOSED (§3.10.7.1) and TIME-WAIT, which have no connection.
//!
//! One look-up for all of them: connections, half-open ones, TIME-WAIT, then the listeners.

use crate::addresses::Packed;
use crate::config;
use crate::ecn::EcnFlags;
use crate::engine::Tcp;
use crate::options::{Answer, OptionArea};
use crate::ready::Ready;
use crate::segment::{reset_for, write_reply, Reply, Segment};
use crate::seq::SeqNum;
use crate::shared::Shared;
use crate::statistics::count;
use crate::tcb::{Flags, Slot};
use crate::time_wait::Last;
use crate::timers::Timers;
use crate::timestamps::is_older;
use crate::wakers::Waiting;
use crate::watch::Watch;
use tersus_ip::{Addresses, Cast, Instant, IpMeta, RxChecksum, Verdict};
use tersus_wire::tcp::{self, Fields, Flags as Control, Header, Timestamps};
use tersus_wire::IpProtocol;

impl Tcp<'_> {
    /// Takes a packet from the IP layer.
    pub(crate) fn on_packet(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        if packet.protocol != IpProtocol::TCP {
            return Verdict::NotMine;
        }
        self.shared.now = packet.now;
        if packet.cast != Cast::Unicast {
            count(&mut self.shared.stats.not_unicast);
            return Verdict::Done;
        }
        let is_intact = packet.rx.checksum == RxChecksum::Verified
            || tcp::verify_checksum(segment, packet.addresses.pseudo_sum());
        if !is_intact {
            count(&mut self.shared.stats.bad_checksum);
            return Verdict::Done;
        }
        let room = segment.len();
        let answer = match tcp::split_mut(segment) {
            Ok((header, options, payload)) => {
                count(&mut self.shared.stats.segments_received);
                let control = header.flags() & CONTROLS;
                let mut seg = Segment {
                    ports: header.ports(),
                    seq: SeqNum(header.seq()),
                    ack: SeqNum(header.ack()),
                    up: if control.contains(Control::URG) { up(&header) } else { SeqNum(0) },
                    control,
                    window: header.window(),
                    echo: 0,
                    room,
                    options,
                    payload,
                };
                match self.shared.watch {
                    Some(watch) => self.watched(watch, packet, seg),
                    None => self.on_segment(packet, &mut seg),
                }
            }
            Err(_) => {
                count(&mut self.shared.stats.malformed);
                None
            }
        };
        match answer {
            None => Verdict::Done,
            Some(answer) => self.answer(packet, segment, &answer),
        }
    }

    #[cold]
    #[inline(never)]
    fn watched(&mut self, watch: &Watch, packet: &IpMeta<'_>, mut seg: Segment<'_>) -> Option<Answer> {
        (watch.segment)(self, packet, &mut seg)
    }

    /// Writes an answer in the place of the segment.
    #[cold]
    fn answer(&mut self, packet: &IpMeta<'_>, segment: &mut [u8], answer: &Answer) -> Verdict {
        match write_reply(segment, answer, packet.addresses.pseudo_sum()) {
            0 => Verdict::Done,
            len => {
                count(&mut self.shared.stats.segments_sent);
                if let Some(watch) = self.shared.watch {
                    (watch.answered)(self, packet, answer);
                }
                Verdict::Reply(len)
            }
        }
    }

    /// A segment with a right checksum. `Some`: an answer to write in its place.
    pub(crate) fn on_segment(&mut self, packet: &IpMeta<'_>, seg: &mut Segment<'_>) -> Option<Answer> {
        // Mostly it is of the connection that was at work last. Where flash is short, that is no reason for more code.
        if cfg!(not(target_pointer_width = "32")) {
            if let Some(id) = self.at_work(&packet.addresses, seg.ports) {
                return self.on_segment_of(id, packet, seg);
            }
        }
        self.on_segment_of_any(packet, seg)
    }

    /// The connection that was at work last, if it is of these endpoints.
    #[inline]
    fn at_work(&self, addresses: &Addresses<'_>, ports: u32) -> Option<u16> {
        let id = self.shared.id;
        let slot = self.slots.get(usize::from(id))?;
        let is_it =
            slot.ports == ports && slot.flags.contains(Flags::IN_INDEX) && slot.path.matches(addresses);
        is_it.then_some(id)
    }

    /// As [`Tcp::on_segment`]: the look-up.
    #[cfg_attr(not(target_pointer_width = "32"), inline(never))]
    fn on_segment_of_any(&mut self, packet: &IpMeta<'_>, seg: &mut Segment<'_>) -> Option<Answer> {
        let hash = self.key.hash(&packet.addresses, seg.ports);
        let found = self.find_connection(&packet.addresses, hash, seg.ports);
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
        if let Some(listener) =
            self.listeners.find(packet.addresses.destination(), seg.local_port(), packet.interface)
        {
            return self.in_listen(packet, seg, hash, listener, above);
        }
        count(&mut self.shared.stats.unmatched);
        self.in_closed(seg)
    }

    /// The connection of these endpoints.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn find_connection(&self, addresses: &Addresses<'_>, hash: u32, ports: u32) -> Option<u16> {
        self.index.find(hash, |id| {
            let slot = self.slots.get(usize::from(id));
            slot.is_some_and(|slot| slot.ports == ports && slot.path.matches(addresses))
        })
    }

    /// §3.10.7.1.
    pub(crate) fn in_closed(&mut self, seg: &Segment<'_>) -> Option<Answer> {
        if seg.has(Control::RST) {
            count(&mut self.shared.stats.resets_ignored);
            return None;
        }
        Some(self.reset(seg))
    }

    pub(crate) fn reset(&mut self, seg: &Segment<'_>) -> Answer {
        self.shared.reset(seg)
    }

    /// A segment of a connection.
    pub(crate) fn on_segment_of(
        &mut self,
        id: u16,
        packet: &IpMeta<'_>,
        seg: &mut Segment<'_>,
    ) -> Option<Answer> {
        self.shared.id = id;
        let Self { slots, shared, ready, timers, events, waiting, .. } = self;
        let slot = slots.get_mut(usize::from(id))?;
        if slot.ecn.contains(EcnFlags::AGREED) {
            if let Some(ecn) = &shared.duties.ecn {
                (ecn.on_segment)(slot, shared, seg, packet.traffic_class);
            }
        }
        let reply = match shared.pacing {
            Some(pacing) => {
                let before = (pacing.before)(slot, shared);
                let reply = slot.on_paced_segment(shared, seg);
                (pacing.after)(slot, shared, before);
                reply
            }
            None => slot.on_segment(shared, seg),
        };
        if let Some(growing) = &shared.growing {
            (growing.after)(slot, shared, seg);
        }
        debug_assert_eq!(slot.flaw(shared), None, "after a segment");
        let answer = match reply {
            Reply::Nothing => None,
            Reply::Reset => Some(shared.reset(seg)),
            Reply::Ack => {
                let answer = slot.ack(shared);
                // Nobody may answer from here, or there is no room: the ACK leaves in the next visit.
                if packet.reply_from.is_none() || answer.len() > seg.room {
                    slot.flags.insert(Flags::ACK_NOW);
                    None
                } else {
                    shared.dsack.on_ack_left(id);
                    Some(answer)
                }
            }
        };
        if settle(slot, id, shared.now, ready, timers, events, waiting.as_mut()) == Settled::Over {
            self.leave(id);
        }
        answer
    }

    /// A connection has taken in a segment.
    pub(crate) fn settle_after_segment(&mut self, id: u16) {
        let Self { slots, shared, ready, timers, events, waiting, .. } = self;
        let Some(slot) = slots.get_mut(usize::from(id)) else { return };
        if settle(slot, id, shared.now, ready, timers, events, waiting.as_mut()) == Settled::Over {
            self.leave(id);
        }
    }

    /// §3.10.7.4 for TIME-WAIT.
    fn in_time_wait(&mut self, id: u16, packet: &IpMeta<'_>, seg: &Segment<'_>) -> Reopen {
        let Some(last) = self.waits.last(id) else { return Reopen::No(None) };
        if seg.has(Control::RST) {
            // Ignored, else the wait could be ended by a stray one: RFC 1337.
            count(&mut self.shared.stats.resets_ignored);
            return Reopen::No(None);
        }
        let duty = self.shared.timestamps;
        let timestamps = duty.and_then(|duty| (duty.find)(seg.options));
        if seg.has(Control::SYN) && !seg.has(Control::ACK) {
            let listener =
                self.listeners.find(packet.addresses.destination(), seg.local_port(), packet.interface);
            let listener = listener.and_then(|index| self.listeners.at(index));
            if listener.is_some_and(|listener| is_new(&last, seg, timestamps, listener.options.timestamps)) {
                count(&mut self.shared.stats.time_wait_reused);
                self.waits.remove(id);
                return Reopen::Above(last.snd_nxt);
            }
            count(&mut self.shared.stats.not_acceptable);
            return Reopen::No(None);
        }
        if seg.len() == 0 {
            return Reopen::No(None);
        }
        let mut options = OptionArea::NONE;
        if let (Some(duty), Some(ts_recent)) = (duty, last.ts_recent) {
            let Some(timestamps) = timestamps else {
                count(&mut self.shared.stats.timestamps_missing);
                return Reopen::No(None);
            };
            let is_old = is_older(timestamps.value, ts_recent);
            let echo = if is_old { ts_recent } else { timestamps.value };
            let addresses = Packed::new(&packet.addresses);
            options = OptionArea::timestamps((duty.stamp)(&mut self.shared, &addresses, seg.ports, echo));
        }
        if seg.has(Control::FIN) {
            self.waits.restart(id, packet.now.plus_micros(self.shared.limits.time_wait));
        }
        let fields = Fields {
            src_port: seg.local_port(),
            dst_port: seg.remote_port(),
            seq: last.snd_nxt.0,
            ack: last.rcv_nxt.0,
            flags: Control::ACK,
            ..Fields::default()
        };
        Reopen::No(Some(Answer { fields, options }))
    }
}

impl Shared<'_> {
    /// The RST that answers a segment.
    fn reset(&mut self, seg: &Segment<'_>) -> Answer {
        count(&mut self.stats.resets_sent);
        let mut answer = reset_for(seg);
        // RFC 7323 §5.2: a TSval of 0, and an echo for whoever looks at it.
        if let Some(timestamps) = self.timestamps.and_then(|duty| (duty.find)(seg.options)) {
            answer.options = OptionArea::timestamps(Timestamps { value: 0, echo: timestamps.value });
        }
        answer
    }
}

/// Whether a connection goes on after a segment.
#[derive(PartialEq, Eq)]
enum Settled {
    GoesOn,
    /// It needs no segments any more: it is to leave the look-up.
    Over,
}

/// What follows from a segment, as `Tcp::settle` has it; but a connection that has plainly nothing to send, or nothing any
/// more, is not visited: its timer is set at once. Of the engine's parts, so that nothing is looked up twice.
#[cfg_attr(not(target_pointer_width = "32"), inline(always))]
fn settle(
    slot: &mut Slot,
    id: u16,
    now: Instant,
    ready: &mut Ready<'_>,
    timers: &mut Timers<'_>,
    events: &mut Ready<'_>,
    waiting: Option<&mut Waiting<'_>>,
) -> Settled {
    if !ready.contains(id) {
        if !(slot.is_quiet() || slot.is_silent()) || slot.flags.intersects(Flags::OWED) {
            ready.push(id);
        } else {
            timers.set(id, slot.next_deadline(now));
        }
    }
    if slot.events != 0 && !slot.flags.contains(Flags::RELEASED) {
        events.push(id);
    }
    if let Some(waiting) = waiting {
        (waiting.wake)(waiting, id, slot);
    }
    if slot.state.is_live() || !slot.flags.contains(Flags::IN_INDEX) {
        Settled::GoesOn
    } else {
        Settled::Over
    }
}

/// RFC 6191 §2: whether a SYN opens a connection anew that is in TIME-WAIT.
fn is_new(last: &Last, seg: &Segment<'_>, syn: Option<Timestamps>, wanted: config::Timestamps) -> bool {
    // RCV.NXT is behind the peer's FIN, the last number that it used.
    let above = seg.seq.ge(last.rcv_nxt);
    match (last.ts_recent, syn.filter(|_| wanted == config::Timestamps::On)) {
        (Some(ts_recent), Some(syn)) => is_older(ts_recent, syn.value) || (syn.value == ts_recent && above),
        (None, Some(_)) => true,
        (_, None) => above,
    }
}

/// SEG.UP.
#[cold]
fn up(header: &Header<'_>) -> SeqNum {
    SeqNum(header.seq()) + header.urgent().map_or(0, u32::from)
}

/// What a SYN does to a TIME-WAIT entry.
enum Reopen {
    /// Nothing; perhaps an answer.
    No(Option<Answer>),
    /// It ends the wait: a new connection may begin, with sequence numbers above these.
    Above(SeqNum),
}

/// Control bits that mean something here.
const CONTROLS: Control = Control::FIN
    .union(Control::SYN)
    .union(Control::RST)
    .union(Control::PSH)
    .union(Control::ACK)
    .union(Control::URG)
    .union(Control::ECE)
    .union(Control::CWR);
