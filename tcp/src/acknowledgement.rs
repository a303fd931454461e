//! What an acknowledgement does: RFC 9293 §3.10.7.4 fifth, with loss recovery by RFC 5681 and RFC 6582.

use crate::congestion::{Loss, Recovery};
use crate::connection::Connection;
use crate::events;
use crate::segment::Segment;
use crate::seq::SeqNum;
use crate::state::State;
use crate::statistics::count;
use crate::tcb::Flags;
use tersus_wire::tcp::Flags as Control;

/// Duplicate ACKs that reveal a loss, RFC 5681 §3.2.
const DUPLICATE_ACKS: u8 = 3;

impl Connection<'_, '_> {
    /// An ACK field within RFC 5961's range.
    pub(crate) fn on_ack(&mut self, seg: &Segment<'_>) {
        let una = self.tcb.snd_una;
        if seg.ack.gt(una) {
            self.on_ack_advance(seg.ack);
        } else if seg.ack == una && self.is_duplicate_ack(seg) {
            self.on_duplicate_ack();
        }
        if seg.ack.ge(una) {
            self.take_window(seg);
        }
    }

    /// RFC 5681 §2. Answers to zero-window probes look the same and are none.
    fn is_duplicate_ack(&self, seg: &Segment<'_>) -> bool {
        let tcb = &*self.tcb;
        tcb.flight_size() > 0
            && seg.payload.is_empty()
            && !seg.has(Control::FIN)
            && self.window_of(seg) == tcb.snd_wnd
            && tcb.snd_wnd > 0
    }

    /// SEG.WND, scaled up.
    fn window_of(&self, seg: &Segment<'_>) -> u32 {
        u32::from(seg.window) << self.tcb.snd_shift
    }

    /// Everything below `ack` has arrived.
    pub(crate) fn on_ack_advance(&mut self, ack: SeqNum) {
        let flight_size = self.tcb.flight_size();
        let octets = ack.distance(self.tcb.snd_una);
        let syn = matches!(self.tcb.state, State::SynSent | State::SynReceived);
        let fin = self.tcb.flags.contains(Flags::FIN_SENT) && ack == self.tcb.snd_nxt;
        let acked = self.tcb.records.on_ack(self.records, ack, self.now);
        if self.tcb.tx.consume(octets - u32::from(syn) - u32::from(fin)) > 0 {
            events::raise(self.tcb, events::WRITABLE);
        }
        self.tcb.snd_una = ack;
        if let Some(rtt) = acked.rtt_us {
            self.tcb.rtt.on_sample(rtt);
        }
        self.tcb.progress = self.now;
        self.tcb.duplicate_acks = 0;
        self.tcb.flags.insert(Flags::REACHABLE);
        self.tcb.flags.remove(Flags::PROBING | Flags::PROBE_DUE | Flags::EXPIRED);
        if self.tcb.flags.contains(Flags::FAST_RECOVERY) {
            if ack.lt(self.tcb.recover) {
                return self.on_partial_ack(octets);
            }
            self.tcb.flags.remove(Flags::FAST_RECOVERY);
            let mss = self.mss();
            self.env.congestion.exit_recovery(self.words, self.tcb.flight_size(), mss);
        } else if !syn {
            if self.tcb.flags.contains(Flags::TIMEOUT_RECOVERY) && ack.ge(self.tcb.recover) {
                self.tcb.flags.remove(Flags::TIMEOUT_RECOVERY);
            }
            let sample = self.ack_sample(octets, flight_size);
            self.env.congestion.on_ack(self.words, &sample);
        }
        self.restart_after_ack();
    }

    /// RFC 6298 §5.2 and §5.3.
    fn restart_after_ack(&mut self) {
        if self.tcb.flight_size() == 0 {
            self.tcb.retransmit.stop();
        } else {
            self.start_retransmit_timer();
        }
    }

    /// RFC 6582 §3.2: the first octet that is not acknowledged is the next hole.
    fn on_partial_ack(&mut self, octets: u32) {
        let mss = self.mss();
        self.env.congestion.on_partial_ack(self.words, octets, mss);
        self.mark_first_lost(mss);
        // Restarted by each partial ACK ("slow but steady"): with one hole repaired a round trip, the timer would
        // otherwise expire in the midst of a repair that works.
        self.start_retransmit_timer();
    }

    /// RFC 5681 §3.2, and RFC 3042 by way of `limited_transmit`.
    fn on_duplicate_ack(&mut self) {
        count(&mut self.stats.duplicate_acks);
        let mss = self.mss();
        self.tcb.duplicate_acks = self.tcb.duplicate_acks.saturating_add(1);
        if self.tcb.flags.contains(Flags::FAST_RECOVERY) {
            return self.env.congestion.on_duplicate_ack(self.words, mss);
        }
        if self.tcb.flags.contains(Flags::TIMEOUT_RECOVERY) {
            // What is resent draws duplicate ACKs by itself: RFC 6582 §3.2.
            return;
        }
        if self.tcb.duplicate_acks == 1 {
            self.tcb.recover = self.tcb.snd_nxt;
        }
        if self.tcb.duplicate_acks == DUPLICATE_ACKS {
            count(&mut self.stats.fast_retransmits);
            // Without what limited transmit sent: RFC 5681 §3.2, step 2.
            let flight_size = self.tcb.recover.distance(self.tcb.snd_una);
            let loss = Loss { flight_size, smss: mss, now: self.now };
            self.env.congestion.enter_recovery(self.words, &loss, Recovery::NewReno);
            self.tcb.recover = self.tcb.snd_nxt;
            self.tcb.flags.insert(Flags::FAST_RECOVERY);
            self.mark_first_lost(mss);
        }
    }

    /// The first segment in flight counts as lost: `output` sends it again.
    fn mark_first_lost(&mut self, mss: u32) {
        let len = mss.min(self.tcb.flight_size());
        let una = self.tcb.snd_una;
        self.tcb.records.mark_lost(self.records, una, len);
    }

    /// Octets that limited transmit lets out beyond cwnd, RFC 3042 §2.
    pub(crate) fn limited_transmit(&self) -> u32 {
        let recovery = Flags::FAST_RECOVERY | Flags::TIMEOUT_RECOVERY;
        if self.tcb.flags.intersects(recovery) {
            return 0;
        }
        u32::from(self.tcb.duplicate_acks.min(2)) * self.mss()
    }

    /// The window update of the fifth step: only from segments that are newer than the last that brought one.
    pub(crate) fn take_window(&mut self, seg: &Segment<'_>) {
        let tcb = &mut *self.tcb;
        let newer = tcb.snd_wl1.lt(seg.seq) || (tcb.snd_wl1 == seg.seq && tcb.snd_wl2.le(seg.ack));
        if !newer {
            return;
        }
        tcb.snd_wl1 = seg.seq;
        tcb.snd_wl2 = seg.ack;
        let was = tcb.snd_wnd;
        tcb.snd_wnd = u32::from(seg.window) << tcb.snd_shift;
        tcb.max_snd_wnd = tcb.max_snd_wnd.max(tcb.snd_wnd);
        if was == 0 && tcb.snd_wnd > 0 {
            tcb.persist_shift = 0;
            if tcb.flags.contains(Flags::PROBING) && tcb.flight_size() > 0 {
                // The peer threw the probe's octet away: it goes again now, and no loss is to be inferred.
                tcb.records.mark_all_lost(self.records);
                self.start_retransmit_timer();
            } else if tcb.flight_size() == 0 {
                tcb.retransmit.stop();
            }
            self.tcb.flags.remove(Flags::PROBING | Flags::PROBE_DUE);
        }
    }
}
