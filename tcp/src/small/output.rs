//! What leaves, and what time does: RFC 9293 §3.8 and §3.10.8.

use super::connection::{lower_half, Connection, End, Flags};
use super::{Shared, SmallTcp, KEEP_ALIVE_INTERVAL, TRIES};
use crate::seq::SeqNum;
use crate::state::State;
use crate::statistics::{count, Statistics};
use tersus_ip::{
    Deadline, Instant, InterfaceSet, IpLayer, IpProtocol, OutFlags, Outgoing, Progress, SendError,
};
use tersus_wire::tcp::{self, Flags as Control};

/// The segment to leave next.
#[derive(Debug, Clone, Copy)]
struct Plan {
    seq: SeqNum,
    control: Control,
    /// Octets of data, from `seq` on.
    len: u32,
}

/// How a visit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visited {
    Done,
    OutOfBudget,
}

impl SmallTcp<'_> {
    pub(super) fn visit_all(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Progress {
        let generation = ip.generation();
        let waits = if generation == self.generation { Flags::BLOCKED } else { Flags::WAITS };
        self.generation = generation;
        let room = ip.room();
        let mut blocked = InterfaceSet::NONE;
        let mut is_out_of_budget = false;
        let count = self.connections.len();
        let mut index = usize::from(self.first);
        for _ in 0..count {
            // Who found the budget used up goes first in the next turn.
            index = if index < count { index } else { 0 };
            let Some(connection) = self.connections.get_mut(index) else { break };
            let interface = connection.path.interface();
            connection.wake(
                if room.contains(interface) { waits } else { waits.difference(Flags::BLOCKED) },
                &mut self.shared,
            );
            if connection.visit(ip, budget, &mut self.shared) == Visited::OutOfBudget && !is_out_of_budget {
                is_out_of_budget = true;
                self.first = u16::try_from(index).unwrap_or(0);
            }
            if connection.flags.contains(Flags::BLOCKED) {
                blocked.insert(interface);
            }
            index += 1;
        }
        match (is_out_of_budget, blocked.is_empty()) {
            (true, _) => Progress::More,
            (_, true) => Progress::Idle,
            _ => Progress::Blocked(blocked),
        }
    }
}

impl Connection {
    /// What it waits for may have come, if that is among `over`, or its time.
    fn wake(&mut self, over: Flags, shared: &mut Shared<'_>) {
        if self.flags.intersects(over) {
            self.flags.remove(over);
            self.flags.insert(Flags::READY);
        }
        if self.ack_at.is_due(shared.now) {
            self.ack_at.stop();
            self.flags.insert(Flags::ACK_NOW | Flags::READY);
        }
        if self.timer.is_due(shared.now) {
            self.timer.stop();
            self.on_timer(&mut shared.statistics);
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
                let smss = self.smss;
                self.ssthresh = (self.flight() / 2).max(2 * smss);
                self.cwnd = smss;
            }
            self.recover = self.snd_max;
            self.flags.insert(Flags::FORCE);
        }
        self.snd_nxt = self.snd_una;
    }

    /// Sends all that may leave now.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn visit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize, shared: &mut Shared<'_>) -> Visited {
        while self.flags.intersection(Flags::WAITS | Flags::READY) == Flags::READY {
            self.note_smss();
            let Some(plan) = self.next(shared.now) else {
                self.flags.remove(Flags::READY);
                break;
            };
            if *budget == 0 {
                return Visited::OutOfBudget;
            }
            match self.emit(&plan, shared.tx, ip) {
                Ok(()) => {
                    *budget -= 1;
                    count(&mut shared.statistics.segments_sent);
                    shared.statistics.octets_sent = shared.statistics.octets_sent.wrapping_add(plan.len);
                }
                Err(SendError::Full) => {
                    count(&mut shared.statistics.blocked);
                    self.flags.insert(Flags::BLOCKED);
                    break;
                }
                Err(SendError::Resolving) => {
                    count(&mut shared.statistics.resolving);
                    self.flags.insert(Flags::PARKED);
                    break;
                }
                // The path has a smaller MTU now, which `next` minds; or there is no way, which is as if it were lost.
                Err(SendError::TooBig(_)) if self.has_shrunk(&plan) => continue,
                Err(_) => {
                    count(&mut shared.statistics.unroutable);
                    if self.path.mtu() == 0 {
                        // To a peer whose SYN came there never was one.
                        self.finish(End::Refused);
                        break;
                    }
                }
            }
            self.on_sent(&plan, shared);
        }
        Visited::Done
    }

    /// The segment to leave next; if there is none and something waits for the window, the timer for that is set.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn next(&mut self, now: Instant) -> Option<Plan> {
        let bare = |seq, control| Some(Plan { seq, control, len: 0 });
        if self.flags.contains(Flags::RESET) {
            return bare(self.snd_heard(), Control::RST | Control::ACK);
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
            return bare(self.snd_max, Control::ACK);
        }
        None
    }

    /// The number of a reset: behind all that was sent, but not behind the window. A probe lies behind a closed one, and
    /// a peer that keeps to its window would not hear what follows it. An ACK has SND.NXT: the peer may have taken the
    /// octet in.
    fn snd_heard(&self) -> SeqNum {
        self.snd_max.min(self.snd_una + self.snd_wnd)
    }

    /// Data and FIN.
    fn next_data(&mut self, now: Instant) -> Option<Plan> {
        let smss = self.smss;
        let has_fin = self.flags.contains(Flags::FIN_QUEUED);
        let is_again = self.flags.contains(Flags::RESEND) && self.flight() > 0;
        let is_forced = is_again || self.flags.contains(Flags::FORCE);
        let seq = if is_again { self.snd_una } else { self.snd_nxt };
        let in_flight = seq.distance(self.snd_una);
        // None: behind the FIN.
        let unsent = self.tx.len().checked_sub(in_flight)?;
        if unsent == 0 && !has_fin {
            return None;
        }
        let mut room = self.snd_wnd.min(self.cwnd).saturating_sub(in_flight);
        if is_again {
            room = self.flight();
        } else if is_forced {
            room = room.max(1);
        }
        let len = unsent.min(room).min(smss);
        let is_last = len == unsent;
        // RFC 9293 §3.7.4 and §3.8.6.2.1.
        let is_in_order = in_flight == 0 || has_fin || self.flags.contains(Flags::NO_DELAY);
        let least =
            if is_forced || (is_last && is_in_order) { 1 } else { smss.min(self.max_snd_wnd / 2).max(1) };
        let fin = has_fin && is_last && room > len;
        if fin || len >= least {
            let mut control = Control::ACK;
            control.set(Control::PSH, is_last && len > 0);
            control.set(Control::FIN, fin);
            return Some(Plan { seq, control, len });
        }
        if self.flight() == 0 {
            // §3.8.6.1: the window may open unheard. A keep-alive would ask too late.
            self.timer = self.timer.earlier(Deadline::at(now.plus_micros(u64::from(self.rto()))));
        }
        None
    }

    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn emit(&mut self, plan: &Plan, tx: &[u8], ip: &mut dyn IpLayer) -> Result<(), SendError> {
        if self.path.mtu() == 0 {
            // It came with a SYN; now its way is decided.
            ip.prepare(&mut self.path)?;
        }
        let is_scaled = self.flags.contains(Flags::SCALED);
        let has_sack = self.flags.contains(Flags::SACK);
        let mut shift = if is_scaled { self.rcv_shift } else { 0 };
        // Without options, until there are some: none begins with 0.
        let mut options = [0; 3];
        if plan.control.contains(Control::SYN) {
            let is_first = self.state == State::SynSent;
            let mss = self.path.max_segment_len().saturating_sub(20);
            shift = 0;
            options = [
                0x0204_0000 | u32::from(mss),
                if is_first || is_scaled { 0x0103_0300 | u32::from(self.rcv_shift) } else { 0x0101_0101 },
                if is_first || has_sack { 0x0101_0402 } else { 0x0101_0101 },
            ];
        } else if plan.len == 0 && has_sack && self.ahead != self.ahead_end {
            // RFC 2018 §4.
            options = [0x0101_050A, self.ahead.0, self.ahead_end.0];
        }
        let [a, b, c] = options;
        let words = if a == 0 { 5 } else { 8 };
        let header = [
            self.ports.rotate_left(16),
            plan.seq.0,
            if plan.control.contains(Control::ACK) { self.rcv_nxt.0 } else { 0 },
            u32::from(plan.control.bits()) << 16 | u32::from(self.window(shift)),
            0,
            a,
            b,
            c,
        ];
        let addresses = self.path.pseudo_sum();
        let packet = Outgoing {
            protocol: IpProtocol::TCP,
            hop_limit: 0,
            traffic_class: 0,
            flags: OutFlags::DONT_FRAGMENT,
        };
        let offset = plan.seq.distance(self.snd_una);
        let len = words * 4 + usize::try_from(plan.len).unwrap_or(0);
        let (ring, path) = (&self.tx, &mut self.path);
        ip.send(path, packet, len, &mut move |buffer: &mut [u8]| {
            // The buffer is as long as was asked for.
            if let Some(data) = buffer.get_mut(words * 4..) {
                ring.copy_to(tx, offset, data);
            }
            let written = tcp::emit_words(buffer, header.get(..words).unwrap_or(&header), addresses);
            debug_assert!(written.is_ok());
        })
    }

    /// Whether what was to leave is more than a segment carries by now.
    fn has_shrunk(&mut self, plan: &Plan) -> bool {
        self.note_smss();
        self.smss < plan.len
    }

    /// A segment left, or was lost at once.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn on_sent(&mut self, plan: &Plan, shared: &mut Shared<'_>) {
        if plan.control.contains(Control::RST) {
            count(&mut shared.statistics.resets_sent);
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
                self.start(KEEP_ALIVE_INTERVAL, shared.now);
            }
            return;
        }
        let end = plan.seq + sequence;
        let was_idle = self.flight() == 0;
        if self.snd_nxt == plan.seq {
            self.snd_nxt = end;
        }
        self.flags.remove(Flags::FORCE | Flags::RESEND);
        if plan.seq.lt(self.snd_max) {
            count(&mut shared.statistics.retransmits);
            // Karn's rule, RFC 6298 §3.
            self.flags.remove(Flags::TIMING);
        } else if !self.flags.contains(Flags::TIMING) {
            self.flags.insert(Flags::TIMING);
            self.timed = end;
            self.timed_at = lower_half(shared.now);
        }
        // Whoever repeats a SYN puts off no end.
        let is_oldest = plan.seq == self.snd_una && !is_syn;
        if was_idle {
            // What a silent peer was asked before counts for no R2 of this.
            self.tries = 0;
        }
        if was_idle || is_oldest || !self.timer.is_running() {
            self.start(self.rto(), shared.now);
        }
        self.snd_max = self.snd_max.max(end);
    }
}
