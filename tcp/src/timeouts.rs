//! TIMEOUTS, RFC 9293 §3.10.8 and §3.8: what a connection does when one of its deadlines has passed.

use crate::congestion::{Expiry, Loss};
use crate::connection::Connection;
use crate::state::State;
use crate::statistics::count;
use crate::tcb::{Ended, Flags};
use core::time::Duration;
use tersus_ip::Deadline;

impl Connection<'_, '_> {
    /// Runs what is due. Early or repeated calls do nothing.
    pub(crate) fn on_timeout(&mut self) {
        if self.tcb.give_up().is_due(self.now) {
            return self.time_out();
        }
        if self.tcb.retransmit.is_due(self.now) {
            self.tcb.retransmit.stop();
            self.on_retransmit_timeout();
        }
        if self.tcb.delayed_ack.is_due(self.now) {
            self.tcb.delayed_ack.stop();
            self.tcb.flags.insert(Flags::ACK_NOW);
        }
        if self.tcb.idle.is_due(self.now) {
            self.tcb.idle.stop();
            self.on_idle_timeout();
        }
    }

    fn on_retransmit_timeout(&mut self) {
        let in_flight = self.tcb.flight_size() > 0;
        if self.tcb.state.is_synchronized() && self.tcb.snd_wnd == 0 && (in_flight || self.tcb.has_unsent()) {
            return self.on_persist_timeout();
        }
        if in_flight {
            return self.on_rto();
        }
        // What the SWS avoidance held back leaves now, §3.8.6.2.1.
        self.tcb.flags.insert(Flags::OVERRIDE);
    }

    /// RFC 6298 §5.4 to §5.7 and RFC 5681 §3.1; R1 and R2 of RFC 9293 §3.8.3.
    fn on_rto(&mut self) {
        count(&mut self.stats.timeouts);
        let synchronized = self.tcb.state.is_synchronized();
        let limit = if synchronized { self.env.config.r2 } else { self.env.config.r2_syn };
        if self.has_exceeded(limit) {
            return self.time_out();
        }
        let repeated = self.tcb.flags.contains(Flags::EXPIRED);
        self.tcb.flags.insert(Flags::EXPIRED);
        self.tcb.rtt.on_timeout();
        if self.tcb.rtt.backoff() >= self.env.config.r1 {
            self.tcb.flags.insert(Flags::SUSPECT);
        }
        if synchronized {
            let loss = Loss { flight_size: self.tcb.flight_size(), smss: self.mss(), now: self.now };
            let expiry = if repeated { Expiry::Repeated } else { Expiry::First };
            self.env.congestion.on_timeout(self.words, &loss, expiry);
            self.tcb.recover = self.tcb.snd_nxt;
            self.tcb.flags.remove(Flags::FAST_RECOVERY);
            self.tcb.flags.insert(Flags::TIMEOUT_RECOVERY);
            self.tcb.duplicate_acks = 0;
        }
        self.tcb.records.mark_all_lost(self.records);
        self.start_retransmit_timer();
    }

    /// §3.8.6.1: the spacing doubles; a peer that answers is probed for ever.
    fn on_persist_timeout(&mut self) {
        if self.has_exceeded(self.env.config.r2) {
            return self.time_out();
        }
        self.tcb.persist_shift = self.tcb.persist_shift.saturating_add(1);
        self.tcb.flags.insert(Flags::PROBE_DUE | Flags::PROBING);
        let span = self.persist_span();
        self.tcb.retransmit = Deadline::at(self.now + span);
    }

    /// Time to the next zero-window probe.
    pub(crate) fn persist_span(&self) -> Duration {
        let doubled = self.rto().saturating_mul(1 << self.tcb.persist_shift.min(16));
        doubled.min(self.env.config.rto_max)
    }

    /// Whether the last transmission was sent `limit` or more after the first: R2, §3.8.3.
    fn has_exceeded(&self, limit: Duration) -> bool {
        self.now.since(self.tcb.progress) >= limit.saturating_add(self.rto())
    }

    /// Keep-alive, §3.8.4; the end of a FIN-WAIT-2 that nobody has a handle of.
    fn on_idle_timeout(&mut self) {
        let released = self.tcb.flags.contains(Flags::RELEASED);
        if self.tcb.state == State::FinWait2 && released {
            self.tcb.flags.insert(Flags::RESET_DUE);
            return self.end(Ended::Aborted);
        }
        let config = &self.env.config;
        if self.tcb.flight_size() > 0 || self.tcb.has_unsent() {
            // Data in flight are probe enough: MUST-26.
            self.tcb.idle = Deadline::at(self.now + config.keep_alive_idle);
            return;
        }
        if self.tcb.probes >= config.keep_alive_count {
            self.tcb.flags.insert(Flags::RESET_DUE);
            return self.time_out();
        }
        self.tcb.probes += 1;
        self.tcb.flags.insert(Flags::KEEP_ALIVE_DUE);
        self.tcb.idle = Deadline::at(self.now + config.keep_alive_interval);
    }
}
