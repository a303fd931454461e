//! What leaves: a visit to a connection sends until window, budget or device stops it, and notes what is gone. RFC 6298 §5:
//! the timer starts with what is sent.

use crate::ecn::EcnFlags;
use crate::icmp::SoftError;
use crate::next::{Kind, Next};
use crate::rack::Probe;
use crate::recovery::Marks;
use crate::shared::Shared;
use crate::state::State;
use crate::statistics::{add, count};
use crate::tcb::{Ended, Flags, Slot};
use tersus_ip::{InterfaceId, IpLayer, SendError};
use tersus_wire::tcp::Flags as Control;

/// How a visit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visit {
    /// All that can leave has left.
    Done,
    /// The budget is used up.
    Budget,
    /// The interface has no room.
    Blocked(InterfaceId),
    /// The next hop is being resolved.
    Resolving,
}

impl Slot {
    /// Sends what may leave now.
    #[cfg_attr(not(target_pointer_width = "32"), inline(never))]
    pub(crate) fn output(
        &mut self,
        shared: &mut Shared<'_>,
        ip: &mut dyn IpLayer,
        budget: &mut usize,
    ) -> Visit {
        if self.flight_size() == 0 {
            self.restart_after_idle(shared);
        }
        self.begin_burst(shared);
        let mut too_big = 0;
        let mut found = self.next_segment(shared);
        while let Some(mut next) = found {
            if *budget == 0 {
                return Visit::Budget;
            }
            let is_paced = shared.pacing.is_some() && next.len > 0 && next.kind.is_data();
            if is_paced {
                if self.is_held(shared) {
                    found = self.next_ack();
                    continue;
                }
                next.run = next.run.min(shared.burst.saturating_sub(next.len));
            }
            let mtu = self.path.mtu();
            let sent = self.emit(shared, ip, &mut next, *budget);
            self.follow_mtu(shared, mtu);
            if let Err(error) = sent {
                // The path now knows its MTU, so the segment is cut anew; a layer that says so again and again is
                // treated as one that lost the segment.
                if matches!(error, SendError::TooBig(_)) && too_big < 3 {
                    too_big += 1;
                    found = self.next_segment(shared);
                    continue;
                }
                if let Some(visit) = self.on_refusal(shared, error) {
                    return visit;
                }
            }
            *budget = budget.saturating_sub(next.segments.max(1));
            match shared.watch {
                Some(watch) => (watch.sent)(self, shared, &next),
                None => self.on_sent(shared, &next),
            }
            if is_paced {
                self.on_paced(shared, next.len);
            }
            // Behind a SYN nothing leaves before it is acknowledged.
            let is_all = self.is_quiet() || next.control.contains(Control::SYN);
            found = if is_all { None } else { self.next_segment(shared) };
        }
        if let Some(pacing) = shared.pacing {
            (pacing.idle)(self, shared);
        }
        Visit::Done
    }

    /// The IP layer did not take a segment. `None`: as if it had been lost on the way.
    #[cold]
    pub(crate) fn on_refusal(&mut self, shared: &mut Shared<'_>, error: SendError) -> Option<Visit> {
        match error {
            SendError::Full => {
                count(&mut shared.stats.blocked);
                return Some(Visit::Blocked(self.path.interface()));
            }
            SendError::Resolving => {
                count(&mut shared.stats.resolving);
                return Some(Visit::Resolving);
            }
            SendError::TooBig(_) => count(&mut shared.stats.unroutable),
            SendError::Unreachable(_) => {
                count(&mut shared.stats.unroutable);
                self.soft_error = SoftError::Host;
                // An attempt ends at once: this host itself finds no way, or no neighbour that answers. What is
                // synchronized goes on, RFC 1122 §4.2.3.9: routes and neighbours come back.
                if self.state == State::SynSent {
                    self.end(shared, Ended::Unreachable);
                    return Some(Visit::Done);
                }
            }
        }
        None
    }

    /// Whether there is plainly nothing to send: the usual visit after a segment that needs no answer.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn is_quiet(&self) -> bool {
        let due = Flags::RESET_DUE
            | Flags::ACK_NOW
            | Flags::PROBE_DUE
            | Flags::KEEP_ALIVE_DUE
            | Flags::FAST_RECOVERY;
        !self.flags.intersects(due)
            && self.records.lost() == 0
            && self.tx.len() <= self.flight_size()
            && (self.state == State::Established || self.has_sent_fin_or_need_not())
    }

    /// Whether the connection ends, and our FIN has been sent or the user has not closed yet.
    fn has_sent_fin_or_need_not(&self) -> bool {
        let fin = self.flags.intersection(Flags::FIN_QUEUED | Flags::FIN_SENT);
        self.state.is_synchronized() && self.state.is_live() && fin != Flags::FIN_QUEUED
    }

    /// Whether the connection is over, with nothing left to send; who has a handle of it may ask how it ended.
    pub(crate) fn is_silent(&self) -> bool {
        let due = Flags::RESET_DUE | Flags::ACK_NOW | Flags::RELEASED;
        !self.state.is_live() && !self.flags.intersects(due)
    }

    /// RFC 5681 §4.1: after silence the network is not as it was.
    fn restart_after_idle(&mut self, shared: &mut Shared<'_>) {
        let silence = shared.now.micros().saturating_sub(self.last_sent.micros());
        // No RTO is below the least: most visits end here.
        if silence > shared.rto.min_us.into()
            && silence > self.rtt.rto_us(&shared.rto).into()
            && self.state.is_synchronized()
            && self.has_unsent()
        {
            let mss = self.mss();
            shared.congestion.after_idle(shared.words_mut(), mss);
            self.last_sent = shared.now;
        }
    }

    /// The segment is gone, or counts as lost on the way.
    pub(crate) fn on_sent(&mut self, shared: &mut Shared<'_>, next: &Next) {
        add(&mut shared.stats.segments_sent, next.segments.max(1));
        if next.kind == Kind::Reset {
            count(&mut shared.stats.resets_sent);
            self.flags.remove(Flags::RESET_DUE | Flags::ACK_NOW);
            return;
        }
        if next.control.contains(Control::ACK) {
            self.flags.remove(Flags::ACK_NOW | Flags::UNACKED);
            self.delayed_ack.stop();
            shared.dsack.on_ack_left(shared.id);
        }
        if next.kind == Kind::Ack {
            return;
        }
        // SYN and FIN take a place each, and never come together.
        let octets = next.len + u32::from(next.control.intersects(Control::SYN | Control::FIN));
        // The probe timeout counts from the newest data, RFC 8985 §7.2; the first in flight start it anyway.
        let is_probed = next.kind == Kind::New
            && self.repair.marks.contains(Marks::PROBE_TIMER)
            && self.flight_size() > 0;
        if next.kind == Kind::New {
            self.on_sent_new(shared, next, octets);
        } else {
            self.on_sent_rare(shared, next, octets);
        }
        if self.is_loss_probe_due() {
            if let Some(rack) = &shared.duties.rack {
                let probe = if next.kind == Kind::New { Probe::New } else { Probe::Again };
                (rack.on_probe_sent)(self, shared, probe);
            }
        }
        if octets > 0 && (is_probed || !self.retransmit.is_running()) {
            self.start_retransmit_timer(shared);
        }
        shared.stats.octets_sent = shared.stats.octets_sent.wrapping_add(next.len);
        self.octets_sent += u64::from(next.len);
    }

    /// What is sent again, and probes.
    #[inline(never)]
    fn on_sent_rare(&mut self, shared: &mut Shared<'_>, next: &Next, octets: u32) {
        if next.kind == Kind::KeepAlive {
            count(&mut shared.stats.keep_alives);
            self.flags.remove(Flags::KEEP_ALIVE_DUE);
            return;
        }
        if next.kind == Kind::Probe {
            count(&mut shared.stats.probes);
            self.flags.remove(Flags::PROBE_DUE);
            if next.seq == self.snd_nxt() {
                return self.on_sent_new(shared, next, octets);
            }
            self.records.mark_lost(&mut shared.records, next.seq, octets);
        }
        self.repair.marks.remove(Marks::FIRST_AGAIN);
        if let Some(undo) = &shared.duties.undo {
            (undo.on_sent_again)(self, octets);
        }
        if next.kind == Kind::Rescue {
            self.repair.marks.insert(Marks::RESCUED);
        }
        if next.control.contains(Control::SYN) {
            // It was a plain one: RFC 3168 §6.1.1.1.
            self.ecn.remove(EcnFlags::REQUEST);
        }
        self.records.on_retransmit(&mut shared.records, next.seq, octets, shared.now);
        let in_recovery = self.flags.contains(Flags::FAST_RECOVERY | Flags::SACK_OK);
        if in_recovery && self.records.lost() == 0 && shared.duties.rack.is_some() {
            // Nothing more is known to be lost: how long RACK lets there be silence counts from here.
            self.start_retransmit_timer(shared);
        }
        if octets > 0 {
            count(&mut shared.stats.retransmits);
            self.retransmissions = self.retransmissions.wrapping_add(1);
        }
        self.last_sent = shared.now;
    }

    fn on_sent_new(&mut self, shared: &mut Shared<'_>, next: &Next, octets: u32) {
        if self.flight_size() == 0 && next.kind == Kind::New {
            self.progress = shared.now;
            // Whatever ran was the persist or override timer.
            self.start_retransmit_timer(shared);
        }
        self.records.on_send(&mut shared.records, octets, shared.now);
        self.note_small(next.len);
        self.last_sent = shared.now;
        self.flags.remove(Flags::OVERRIDE);
        if self.ecn.contains(EcnFlags::CWR_DUE) && next.kind == Kind::New && next.len > 0 {
            self.ecn.remove(EcnFlags::CWR_DUE);
        }
        if next.control.intersects(Control::PSH | Control::FIN) {
            // All that was queued has left.
            self.flags.remove(Flags::PUSHED);
            self.flags.set(Flags::FIN_SENT, next.control.contains(Control::FIN));
        }
    }

    /// After a visit: with nothing in flight but something to send, a timer must bring us back. Zero window:
    /// §3.8.6.1; too small a window to be worth it: §3.8.6.2.1.
    pub(crate) fn start_persist_timer(&mut self, shared: &mut Shared<'_>) {
        if self.retransmit.is_running()
            || !self.state.is_synchronized()
            || !self.state.is_live()
            || self.flight_size() > 0
            || self.flags.contains(Flags::HELD)
            || !self.has_unsent()
        {
            return;
        }
        let span =
            if self.snd_wnd == 0 { self.persist_span(shared) } else { shared.limits.sws_override.into() };
        self.retransmit = shared.after(span);
        self.progress = shared.now;
    }

    /// Ends what `Ended::TimedOut` and its like leave behind.
    pub(crate) fn time_out(&mut self, shared: &mut Shared<'_>) {
        count(&mut shared.stats.timed_out);
        let how = if self.soft_error != SoftError::No && !self.state.is_synchronized() {
            Ended::Unreachable
        } else {
            Ended::TimedOut
        };
        self.end(shared, how);
    }
}
