//! What leaves, and what time does: RFC 9293 §3.8 and §3.10.8.

use super::connection::{shift_for, Connection, End, Flags};
use super::{SmallTcp, KEEP_ALIVE_INTERVAL, TRIES};
use crate::seq::SeqNum;
use crate::state::State;
use crate::statistics::{count, Statistics};
use tersus_ip::{
    Deadline, Instant, InterfaceSet, IpLayer, IpProtocol, OutFlags, Outgoing, Progress, SendError, Source,
};
use tersus_wire::tcp::{self, Checksum, Fields, Flags as Control};

/// The segment to leave next.
#[derive(Debug, Clone, Copy)]
struct Plan {
    seq: SeqNum,
    control: Control,
    /// Octets of data, from `seq` on.
    len: u32,
}

/// How a visit ended.
enum Visited {
    Done,
    OutOfBudget,
    Blocked,
}

impl SmallTcp<'_> {
    pub(super) fn visit_all(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Progress {
        let generation = ip.generation();
        let has_moved = generation != self.generation;
        self.generation = generation;
        let room = ip.room();
        let mut blocked = InterfaceSet::NONE;
        let mut progress = Progress::Idle;
        // Who found the budget used up goes first in the next turn.
        let first = usize::from(self.first);
        let (before, from) = self.connections.split_at_mut_checked(first).unwrap_or_default();
        for (index, connection) in (self.first..).zip(from.iter_mut()).chain((0..).zip(before)) {
            connection.wake(self.now, has_moved, room, &mut self.statistics);
            let interface = connection.path.interface();
            let waits = Flags::PARKED.union(Flags::BLOCKED);
            let visited = if connection.flags.intersection(waits.union(Flags::READY)) == Flags::READY {
                connection.visit(self.tx, self.now, ip, budget, &mut self.statistics)
            } else if connection.flags.contains(Flags::BLOCKED) {
                Visited::Blocked
            } else {
                Visited::Done
            };
            match visited {
                Visited::Done => {}
                Visited::OutOfBudget => {
                    if progress == Progress::Idle {
                        self.first = index;
                    }
                    progress = Progress::More;
                }
                Visited::Blocked => blocked.insert(interface),
            }
        }
        if progress == Progress::Idle && blocked != InterfaceSet::NONE {
            progress = Progress::Blocked(blocked);
        }
        progress
    }
}

impl Connection {
    /// What it waits for may have come, or its time.
    fn wake(&mut self, now: Instant, has_moved: bool, room: InterfaceSet, statistics: &mut Statistics) {
        if has_moved && self.flags.contains(Flags::PARKED) {
            self.flags.remove(Flags::PARKED);
            self.flags.insert(Flags::READY);
        }
        if self.flags.contains(Flags::BLOCKED) && room.contains(self.path.interface()) {
            self.flags.remove(Flags::BLOCKED);
            self.flags.insert(Flags::READY);
        }
        if self.ack_at.is_due(now) {
            self.ack_at.stop();
            self.flags.insert(Flags::ACK_NOW | Flags::READY);
        }
        if self.timer.is_due(now) {
            self.timer.stop();
            self.on_timer(statistics);
        }
    }

    /// §3.10.8.
    #[cold]
    #[inline(never)]
    fn on_timer(&mut self, statistics: &mut Statistics) {
        if self.state == State::TimeWait || self.state == State::FinWait2 {
            return self.finish(End::Finished);
        }
        self.tries = self.tries.saturating_add(1);
        if self.tries > TRIES {
            count(&mut statistics.timed_out);
            return self.finish(End::TimedOut);
        }
        self.flags.insert(Flags::READY);
        if self.is_idle() {
            count(&mut statistics.keep_alives);
            return self.flags.insert(Flags::PROBE);
        }
        count(&mut statistics.timeouts);
        self.flags.remove(Flags::TIMING | Flags::RECOVERY | Flags::RESEND);
        self.backoff = self.backoff.saturating_add(1);
        self.dup_acks = 0;
        if self.state.is_synchronized() {
            // RFC 5681 §3.1 (4); a probe of a closed window has lost nothing.
            if self.snd_wnd != 0 && self.tries == 1 {
                let smss = self.smss();
                self.ssthresh = (self.flight() / 2).max(2 * smss);
                self.cwnd = smss;
            }
            self.recover = self.snd_max;
            self.flags.insert(Flags::FORCE);
        }
        self.snd_nxt = self.snd_una;
    }

    /// Sends all that may leave now.
    fn visit(
        &mut self,
        tx: &[u8],
        now: Instant,
        ip: &mut dyn IpLayer,
        budget: &mut usize,
        statistics: &mut Statistics,
    ) -> Visited {
        if self.path.mtu() == 0 {
            // It came with a SYN; now its way is decided.
            let from = Source { address: Some(self.path.source()), interface: Some(self.path.interface()) };
            match ip.route(from, self.path.destination()) {
                Ok(path) => self.path = path,
                Err(_) => {
                    count(&mut statistics.unroutable);
                    self.finish(End::Refused);
                    return Visited::Done;
                }
            }
        }
        loop {
            let Some(plan) = self.next(now) else {
                self.flags.remove(Flags::READY);
                return Visited::Done;
            };
            if *budget == 0 {
                return Visited::OutOfBudget;
            }
            match self.emit(&plan, tx, ip) {
                Ok(()) => {
                    *budget -= 1;
                    count(&mut statistics.segments_sent);
                    statistics.octets_sent = statistics.octets_sent.wrapping_add(plan.len);
                }
                Err(SendError::Full) => {
                    count(&mut statistics.blocked);
                    self.flags.insert(Flags::BLOCKED);
                    return Visited::Blocked;
                }
                Err(SendError::Resolving) => {
                    count(&mut statistics.resolving);
                    self.flags.insert(Flags::PARKED);
                    return Visited::Done;
                }
                // The path has a smaller MTU now, which `next` minds; or there is no way, which is as if it were lost.
                Err(SendError::TooBig(_)) if self.smss() < plan.len => continue,
                Err(_) => count(&mut statistics.unroutable),
            }
            self.on_sent(&plan, now, statistics);
        }
    }

    /// The segment to leave next; if there is none and something waits for the window, the timer for that is set.
    fn next(&mut self, now: Instant) -> Option<Plan> {
        let bare = |seq, control| Some(Plan { seq, control, len: 0 });
        if self.flags.contains(Flags::RESET) {
            return bare(self.snd_max, Control::RST | Control::ACK);
        }
        match self.state {
            State::Closed => return None,
            State::SynSent | State::SynReceived if self.snd_nxt == self.iss => {
                let ack = if self.state == State::SynSent { Control::empty() } else { Control::ACK };
                return bare(self.iss, Control::SYN | ack);
            }
            State::SynSent => return None,
            State::SynReceived => {}
            _ => {
                if let Some(plan) = self.next_data(now) {
                    return Some(plan);
                }
            }
        }
        if self.flags.contains(Flags::PROBE) {
            return bare(self.snd_una - 1, Control::ACK);
        }
        if self.flags.contains(Flags::ACK_NOW) {
            // The octet of a probe lies beyond the peer's window; an ACK there would not be taken in.
            return bare(self.snd_una + self.flight().min(self.snd_wnd), Control::ACK);
        }
        None
    }

    /// Data and FIN.
    fn next_data(&mut self, now: Instant) -> Option<Plan> {
        let smss = self.smss();
        let has_fin = self.flags.contains(Flags::FIN_QUEUED);
        let plan = |seq, len, is_last, fin| {
            let mut control = Control::ACK;
            control.set(Control::PSH, is_last && len > 0);
            control.set(Control::FIN, fin);
            Some(Plan { seq, control, len })
        };
        if self.flags.contains(Flags::RESEND) && self.flight() > 0 {
            let len = self.tx.len().min(smss).min(self.flight());
            let is_last = len == self.tx.len();
            return plan(self.snd_una, len, is_last, has_fin && is_last);
        }
        let end = self.data_end();
        if self.snd_nxt.gt(end) {
            return None;
        }
        let unsent = end.distance(self.snd_nxt);
        if unsent == 0 && !has_fin {
            return None;
        }
        let is_forced = self.flags.contains(Flags::FORCE);
        let in_flight = self.snd_nxt.distance(self.snd_una);
        let mut room = self.snd_wnd.min(self.cwnd).saturating_sub(in_flight);
        if is_forced {
            room = room.max(1);
        }
        let len = unsent.min(room).min(smss);
        let is_last = len == unsent;
        let fin = has_fin && is_last && room > len;
        // RFC 9293 §3.7.4 and §3.8.6.2.1.
        let may_leave = len == smss
            || is_forced
            || (is_last && (has_fin || in_flight == 0 || self.flags.contains(Flags::NO_DELAY)))
            || len >= (self.max_snd_wnd / 2).max(1);
        if (len > 0 && may_leave) || fin {
            return plan(self.snd_nxt, len, is_last, fin);
        }
        if self.flight() == 0 && !self.timer.is_running() {
            // §3.8.6.1: the window may open unheard.
            self.timer = Deadline::at(now.plus_micros(self.rto()));
        }
        None
    }

    fn emit(&mut self, plan: &Plan, tx: &[u8], ip: &mut dyn IpLayer) -> Result<(), SendError> {
        let is_syn = plan.control.contains(Control::SYN);
        let mut options = [0; 12];
        let mut options_len = 0;
        if is_syn {
            let is_first = self.state == State::SynSent;
            let [m0, m1] = self.path.max_segment_len().saturating_sub(20).to_be_bytes();
            let shift = shift_for(self.rx.size());
            let scale =
                if is_first || self.flags.contains(Flags::SCALED) { [1, 3, 3, shift] } else { [1; 4] };
            let sack = if is_first || self.flags.contains(Flags::SACK) { [1, 1, 4, 2] } else { [1; 4] };
            let ([a, b, c, d], [e, f, g, h]) = (scale, sack);
            options = [2, 4, m0, m1, a, b, c, d, e, f, g, h];
            options_len = 12;
        } else if plan.len == 0 && self.flags.contains(Flags::SACK) && self.ahead != self.ahead_end {
            // RFC 2018 §4.
            let ([a, b, c, d], [e, f, g, h]) = (self.ahead.0.to_be_bytes(), self.ahead_end.0.to_be_bytes());
            options = [1, 1, 5, 10, a, b, c, d, e, f, g, h];
            options_len = 12;
        }
        let window = if is_syn { u16::try_from(self.rx.free()).unwrap_or(u16::MAX) } else { self.window() };
        let fields = Fields {
            src_port: self.local_port,
            dst_port: self.remote_port,
            seq: plan.seq.0,
            ack: if plan.control.contains(Control::ACK) { self.rcv_nxt.0 } else { 0 },
            flags: plan.control,
            window,
            urgent: 0,
        };
        let options = options.get(..options_len).unwrap_or_default();
        let payload = self.tx.slices(tx, plan.seq.distance(self.snd_una), plan.len);
        let payload = if plan.len == 0 { [&[][..], &[]] } else { payload };
        let addresses = self.path.pseudo_sum();
        let packet = Outgoing {
            protocol: IpProtocol::TCP,
            hop_limit: 0,
            traffic_class: 0,
            flags: OutFlags::DONT_FRAGMENT,
        };
        let len = tcp::HEADER_LEN + options.len() + usize::try_from(plan.len).unwrap_or(0);
        ip.send(&mut self.path, packet, len, &mut |buffer: &mut [u8]| {
            // The buffer is as long as was asked for.
            let written = tcp::emit(buffer, &fields, options, payload, Checksum::Full(addresses));
            debug_assert!(written.is_ok());
        })
    }

    /// A segment left, or was lost at once.
    fn on_sent(&mut self, plan: &Plan, now: Instant, statistics: &mut Statistics) {
        if plan.control.contains(Control::RST) {
            count(&mut statistics.resets_sent);
            self.flags = self.flags.intersection(Flags::HELD);
            return;
        }
        // It says what has been received, whatever else it is.
        self.flags.remove(Flags::ACK_NOW);
        self.ack_at.stop();
        let is_syn = plan.control.contains(Control::SYN);
        let sequence = plan.len + u32::from(is_syn) + u32::from(plan.control.contains(Control::FIN));
        if sequence == 0 {
            if plan.seq.lt(self.snd_una) {
                self.flags.remove(Flags::PROBE);
                self.timer = Deadline::at(now.plus_micros(KEEP_ALIVE_INTERVAL));
            }
            return;
        }
        let end = plan.seq + sequence;
        let was_idle = self.flight() == 0;
        if self.snd_nxt == plan.seq {
            self.snd_nxt = end;
        }
        self.snd_nxt = self.snd_nxt.max(self.snd_una);
        self.flags.remove(Flags::FORCE | Flags::RESEND);
        if plan.seq.lt(self.snd_max) {
            count(&mut statistics.retransmits);
            // Karn's rule, RFC 6298 §3.
            self.flags.remove(Flags::TIMING);
        } else if !self.flags.contains(Flags::TIMING) {
            self.flags.insert(Flags::TIMING);
            self.timed = end;
            self.timed_at = now;
        }
        if was_idle || plan.seq == self.snd_una || !self.timer.is_running() {
            self.timer = Deadline::at(now.plus_micros(self.rto()));
        }
        self.snd_max = self.snd_max.max(end);
    }
}
