//! TIMEOUTS, RFC 9293 §3.10.8 and §3.8: what a connection does when one of its deadlines has passed.

use crate::congestion::{Expiry, Loss};
use crate::events;
use crate::recovery::Marks;
use crate::shared::Shared;
use crate::state::State;
use crate::statistics::count;
use crate::tcb::{Ended, Flags, Slot};
use crate::undo::By;

impl Slot {
    /// Runs what is due. Early or repeated calls do nothing.
    pub(crate) fn on_timeout(&mut self, shared: &mut Shared<'_>) {
        if self.give_up().is_due(shared.now) {
            return self.time_out(shared);
        }
        if self.retransmit.is_due(shared.now) {
            self.retransmit.stop();
            let before = shared.pacing.map(|pacing| (pacing.before)(self, shared));
            self.on_retransmit_timeout(shared);
            // What the reordering timer found lost is told; of a timeout the congestion control hears otherwise.
            if let (Some(pacing), Some(before)) = (shared.pacing, before) {
                if !self.flags.contains(Flags::TIMEOUT_RECOVERY) {
                    (pacing.after)(self, shared, before);
                }
            }
        }
        if self.delayed_ack.is_due(shared.now) {
            self.delayed_ack.stop();
            self.flags.insert(Flags::ACK_NOW);
        }
        if self.flags.contains(Flags::HELD) && self.next_send.is_due(shared.now) {
            // The visit that follows sends.
            self.flags.remove(Flags::HELD);
        }
        if self.idle.is_due(shared.now) {
            self.idle.stop();
            self.on_idle_timeout(shared);
        }
    }

    fn on_retransmit_timeout(&mut self, shared: &mut Shared<'_>) {
        let in_flight = self.flight_size() > 0;
        if self.state.is_synchronized() && self.snd_wnd == 0 && (in_flight || self.has_unsent()) {
            return self.on_persist_timeout(shared);
        }
        if let Some(rack) = &shared.duties.rack {
            if in_flight && self.repair.marks.intersects(Marks::TIMERS) {
                return (rack.on_timer)(self, shared);
            }
        }
        if in_flight {
            return self.on_rto(shared);
        }
        // What the SWS avoidance held back leaves now, §3.8.6.2.1.
        self.flags.insert(Flags::OVERRIDE);
    }

    /// RFC 6298 §5, rules 5.4 to 5.7, and RFC 5681 §3.1; R1 and R2 of RFC 9293 §3.8.3.
    fn on_rto(&mut self, shared: &mut Shared<'_>) {
        count(&mut shared.stats.timeouts);
        let synchronized = self.state.is_synchronized();
        let limit = if synchronized { shared.limits.r2 } else { shared.limits.r2_syn };
        if self.has_exceeded(shared, limit) {
            return self.time_out(shared);
        }
        if let Some(undo) = shared.duties.undo.as_ref().filter(|_| synchronized) {
            (undo.on_reduction)(self, shared, By::Timeout);
        }
        let repeated = self.flags.contains(Flags::EXPIRED);
        self.flags.insert(Flags::EXPIRED);
        self.rtt.on_timeout();
        if self.rtt.backoff() >= shared.limits.r1 {
            self.flags.insert(Flags::SUSPECT);
            events::raise(self, events::STALLED);
        }
        if synchronized {
            let mut flight_size = self.flight_size();
            if self.flags.contains(Flags::FAST_RECOVERY) {
                // What was sent again is lost as well: a second reduction, from the window that the first left, RFC 5681
                // §4.3.
                flight_size = flight_size.min(shared.congestion.ssthresh(shared.words()));
            }
            let loss = Loss { flight_size, smss: self.mss(), now: shared.now };
            let expiry = if repeated { Expiry::Repeated } else { Expiry::First };
            shared.congestion.on_timeout(shared.words_mut(), &loss, expiry);
            self.on_window_reduced();
            self.recover = self.snd_nxt();
            self.flags.remove(Flags::FAST_RECOVERY);
            self.flags.insert(Flags::TIMEOUT_RECOVERY);
            self.duplicate_acks = 0;
            self.repair.marks.remove(Marks::PROBED | Marks::PROBED_AGAIN);
        }
        match &shared.duties.rack {
            Some(rack) if synchronized && self.repair.marks.contains(Marks::MEASURED) => {
                (rack.mark_old_lost)(self, shared);
            }
            _ => self.records.mark_all_lost(&mut shared.records),
        }
        self.start_retransmit_timer(shared);
    }

    /// §3.8.6.1: the spacing doubles; a peer that answers is probed for ever.
    fn on_persist_timeout(&mut self, shared: &mut Shared<'_>) {
        if self.has_exceeded(shared, shared.limits.r2) {
            return self.time_out(shared);
        }
        self.rtt.on_zero_window_probe();
        self.flags.insert(Flags::PROBE_DUE | Flags::PROBING);
        self.repair.marks.remove(Marks::LOSS_PROBE);
        let span = self.persist_span(shared);
        self.retransmit = shared.after(span);
    }

    /// Time to the next zero-window probe, in microseconds.
    pub(crate) fn persist_span(&self, shared: &Shared<'_>) -> u64 {
        self.rtt.persist_us(&shared.rto)
    }

    /// Whether the last transmission was sent `limit` microseconds or more after the first: R2, §3.8.3. A user timeout
    /// is the user's R2 and counts alone, MUST-21, as long as there is a user: see [`Slot::give_up`].
    fn has_exceeded(&self, shared: &Shared<'_>, limit: u64) -> bool {
        if self.user_timeout_ms != 0 && !self.flags.contains(Flags::RELEASED) {
            return false;
        }
        let limit = limit.saturating_add(self.rtt.rto_us(&shared.rto).into());
        shared.now.micros().saturating_sub(self.progress.micros()) >= limit
    }

    /// Keep-alive, §3.8.4; the end of a FIN-WAIT-2 that nobody has a handle of.
    fn on_idle_timeout(&mut self, shared: &mut Shared<'_>) {
        let released = self.flags.contains(Flags::RELEASED);
        if self.state == State::FinWait2 && released {
            self.flags.insert(Flags::RESET_DUE);
            return self.end(shared, Ended::Aborted);
        }
        if let Some(probe) = shared.duties.keep_alive {
            probe(self, shared);
        }
    }

    /// Keep-alive, §3.8.4: the peer was silent for as long as the user wants, or since the last probe.
    pub(crate) fn on_keep_alive_timeout(&mut self, shared: &mut Shared<'_>) {
        let limits = &shared.limits;
        if self.flight_size() > 0 || self.has_unsent() {
            // Data in flight are probe enough: MUST-26.
            self.idle = shared.after(limits.keep_alive_idle);
            return;
        }
        if self.probes >= limits.keep_alive_count {
            self.flags.insert(Flags::RESET_DUE);
            return self.time_out(shared);
        }
        self.probes += 1;
        self.flags.insert(Flags::KEEP_ALIVE_DUE);
        self.idle = shared.after(limits.keep_alive_interval);
    }
}
