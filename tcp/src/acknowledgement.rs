//! What an acknowledgement does: RFC 9293 §3.10.7.4 fifth, with loss recovery by RFC 5681 and RFC 6582.

use crate::congestion::{Loss, Recovery};
use crate::events;
use crate::records::{Acked, Rate};
use crate::recovery::Marks;
use crate::segment::Segment;
use crate::shared::Shared;
use crate::state::State;
use crate::statistics::count;
use crate::tcb::{Flags, Slot};
use tersus_wire::tcp::Flags as Control;

/// Duplicate ACKs that reveal a loss, RFC 5681 §3.2.
pub(crate) const DUPLICATE_ACKS: u8 = 3;

impl Slot {
    /// An ACK field within RFC 5961's range.
    pub(crate) fn on_ack(&mut self, shared: &mut Shared<'_>, seg: &Segment<'_>) {
        if let Some(sack) = shared.duties.sack.as_ref().filter(|_| self.flags.contains(Flags::SACK_OK)) {
            if !self.is_ack_of_all(seg) {
                return (sack.on_ack)(self, shared, seg);
            }
        }
        let una = self.snd_una;
        if seg.ack.gt(una) {
            self.on_ack_advance(shared, seg);
        } else if seg.ack == una && self.is_duplicate_ack(seg) {
            self.on_duplicate_ack(shared);
        }
        if seg.ack.ge(una) {
            self.take_window(shared, seg);
        }
    }

    /// Whether nothing is left in flight behind this ACK, and nothing was repaired or asked that it could tell of: then
    /// recovery by SACK has no more to do with it than with a predicted one.
    fn is_ack_of_all(&self, seg: &Segment<'_>) -> bool {
        seg.ack == self.snd_nxt()
            && seg.options.is_empty()
            && self.records.sacked() == 0
            && !self.flags.intersects(Flags::FAST_RECOVERY | Flags::TIMEOUT_RECOVERY)
            && !self.repair.marks.intersects(Marks::PROBED | Marks::UNDO)
    }

    /// RFC 5681 §2. Answers to zero-window probes look the same and are none.
    pub(crate) fn is_duplicate_ack(&self, seg: &Segment<'_>) -> bool {
        self.flight_size() > 0
            && seg.payload.is_empty()
            && !seg.has(Control::FIN)
            && self.window_of(seg) == self.snd_wnd
            && self.snd_wnd > 0
    }

    /// SEG.WND, scaled up.
    pub(crate) fn window_of(&self, seg: &Segment<'_>) -> u32 {
        u32::from(seg.window) << self.snd_shift
    }

    /// Everything below `ack` has arrived.
    pub(crate) fn on_ack_advance(&mut self, shared: &mut Shared<'_>, seg: &Segment<'_>) {
        let ack = seg.ack;
        let flight_size = self.flight_size();
        let syn = matches!(self.state, State::SynSent | State::SynReceived);
        let rate = if shared.pacing.is_some() { Rate::Wanted } else { Rate::Unasked };
        let acked = self.records.on_ack(&mut shared.records, ack, shared.now, rate);
        self.advance(shared, seg, &acked);
        if self.flags.contains(Flags::FAST_RECOVERY) {
            if ack.lt(self.recover) {
                return self.on_partial_ack(shared, acked.octets);
            }
            self.flags.remove(Flags::FAST_RECOVERY);
            let mss = self.mss();
            shared.congestion.exit_recovery(shared.words_mut(), self.flight_size(), mss);
        } else if !syn {
            // What was sent again in vain is answered by duplicates of `recover` itself: RFC 6582 §3.2 step 2.
            if self.flags.contains(Flags::TIMEOUT_RECOVERY) && ack.gt(self.recover) {
                self.flags.remove(Flags::TIMEOUT_RECOVERY);
            }
            if shared.words_each > 0 {
                let sample = self.ack_sample(shared, &acked, flight_size);
                shared.congestion.on_ack(shared.words_mut(), &sample);
            }
        }
        self.restart_after_ack(shared);
    }

    /// SND.UNA moves to SEG.ACK, and the records know: what was queued up to there is done, and the peer is alive.
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    pub(crate) fn advance(&mut self, shared: &mut Shared<'_>, seg: &Segment<'_>, acked: &Acked) {
        let (ack, flight_size) = (seg.ack, self.flight_size());
        let octets = ack.distance(self.snd_una);
        let syn = matches!(self.state, State::SynSent | State::SynReceived);
        let fin = self.flags.contains(Flags::FIN_SENT) && ack == self.snd_nxt();
        if self.tx.consume(octets - u32::from(syn) - u32::from(fin)) > 0 {
            events::raise(self, events::WRITABLE);
        }
        self.snd_una = ack;
        if shared.pacing.is_some() {
            shared.acked = *acked;
        }
        match acked.rtt_us {
            // One of several in this round trip counts for so much less.
            Some(rtt) => {
                self.rtt.on_sample(rtt, samples_shift(flight_size, octets));
                self.repair.marks.remove(Marks::UNSAMPLED);
            }
            None if !syn => self.on_ambiguous_ack(shared, seg.echo, samples_shift(flight_size, octets)),
            // What a lost SYN means for the data phase must not be forgotten: RFC 6298 §5, rule 5.7, RFC 5681 §3.1.
            None => {}
        }
        self.progress = shared.now;
        self.duplicate_acks = 0;
        // At most about once a second: neighbours are believed for much longer.
        let [_, _, low, high, ..] = shared.now.micros().to_le_bytes();
        let [second, _] = (u16::from_le_bytes([low, high]) >> 4).to_le_bytes();
        if second != self.advised {
            self.advised = second;
            self.flags.insert(Flags::REACHABLE);
        }
        self.flags.remove(Flags::PROBING | Flags::PROBE_DUE | Flags::EXPIRED);
        if self.flags.contains(Flags::TIMEOUT_RECOVERY) && ack.lt(self.recover) {
            self.records.mark_rest_lost(&mut shared.records, self.recover);
        }
    }

    /// Some of what is acknowledged was sent twice, or its time is not known: only timestamps can tell how long it took,
    /// RFC 7323 §4.1.
    #[cold]
    fn on_ambiguous_ack(&mut self, shared: &mut Shared<'_>, echo: u32, samples_shift: u32) {
        let duty = shared.timestamps.filter(|_| self.flags.contains(Flags::TIMESTAMPS));
        if let Some(rtt) = duty.and_then(|duty| (duty.round_trip)(self, shared, echo)) {
            // Ticks are coarse: less than the least that was ever measured is an error of theirs.
            self.rtt.on_sample(rtt.max(self.rtt.min_us()), samples_shift);
            self.repair.marks.remove(Marks::UNSAMPLED);
        }
    }

    /// RFC 6298 §5, rules 5.2 and 5.3.
    pub(crate) fn restart_after_ack(&mut self, shared: &mut Shared<'_>) {
        if self.flight_size() == 0 {
            self.retransmit.stop();
        } else {
            self.start_retransmit_timer(shared);
        }
    }

    /// RFC 6582 §3.2: the first octet that is not acknowledged is the next hole.
    fn on_partial_ack(&mut self, shared: &mut Shared<'_>, octets: u32) {
        let mss = self.mss();
        shared.congestion.on_partial_ack(shared.words_mut(), octets, mss);
        self.mark_first_lost(shared, mss);
        // Restarted by each partial ACK ("slow but steady", RFC 3782 §4): with one hole repaired a round trip, the timer would
        // otherwise expire in the midst of a repair that works.
        self.start_retransmit_timer(shared);
    }

    /// RFC 5681 §3.2, and RFC 3042 by way of `limited_transmit`.
    fn on_duplicate_ack(&mut self, shared: &mut Shared<'_>) {
        count(&mut shared.stats.duplicate_acks);
        let mss = self.mss();
        self.duplicate_acks = self.duplicate_acks.saturating_add(1);
        if self.flags.contains(Flags::FAST_RECOVERY) {
            return shared.congestion.on_duplicate_ack(shared.words_mut(), mss);
        }
        if self.flags.contains(Flags::TIMEOUT_RECOVERY) {
            // What is resent draws duplicate ACKs by itself: RFC 6582 §3.2 step 2.
            return;
        }
        if self.duplicate_acks == 1 {
            self.recover = self.snd_nxt();
        }
        if self.duplicate_acks == DUPLICATE_ACKS {
            count(&mut shared.stats.fast_retransmits);
            // Without what limited transmit sent: RFC 5681 §3.2, step 2.
            let flight_size = self.recover.distance(self.snd_una);
            let loss = Loss { flight_size, smss: mss, now: shared.now };
            shared.congestion.enter_recovery(shared.words_mut(), &loss, Recovery::NewReno);
            self.on_window_reduced();
            self.recover = self.snd_nxt();
            self.flags.insert(Flags::FAST_RECOVERY);
            self.mark_first_lost(shared, mss);
        }
    }

    /// The first segment in flight counts as lost: `output` sends it again.
    pub(crate) fn mark_first_lost(&mut self, shared: &mut Shared<'_>, mss: u32) {
        let len = mss.min(self.flight_size());
        let una = self.snd_una;
        self.records.mark_lost(&mut shared.records, una, len);
    }

    /// Octets that limited transmit lets out beyond cwnd, RFC 3042 §2.
    pub(crate) fn limited_transmit(&self, mss: u32) -> u32 {
        let recovery = Flags::FAST_RECOVERY | Flags::TIMEOUT_RECOVERY;
        if self.is_loss_probe_due() {
            return mss;
        }
        // With SACK, pipe says what has left the network.
        if self.duplicate_acks == 0 || self.flags.intersects(recovery | Flags::SACK_OK) {
            return 0;
        }
        u32::from(self.duplicate_acks.min(2)) * mss
    }

    /// The window update of the fifth step: only from segments that are newer than the last that brought one. SND.WL2 is
    /// not kept: the segment acknowledges SND.UNA, and nothing beyond that has brought a window.
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    pub(crate) fn take_window(&mut self, shared: &mut Shared<'_>, seg: &Segment<'_>) {
        if seg.seq.lt(self.snd_wl1) {
            return;
        }
        self.snd_wl1 = seg.seq;
        let was = self.snd_wnd;
        self.snd_wnd = u32::from(seg.window) << self.snd_shift;
        self.max_snd_wnd = self.max_snd_wnd.max(self.snd_wnd);
        if was == 0 && self.snd_wnd > 0 {
            self.rtt.on_window_open();
            if self.flags.contains(Flags::PROBING) && self.flight_size() > 0 {
                // The peer threw the probe's octet away: it goes again now, and no loss is to be inferred.
                self.records.mark_all_lost(&mut shared.records);
                self.start_retransmit_timer(shared);
            } else if self.flight_size() == 0 {
                self.retransmit.stop();
            }
            self.flags.remove(Flags::PROBING | Flags::PROBE_DUE);
        }
    }
}

/// How many samples a round trip gives if each is like this one, as a power of two: what is in flight over what was
/// acknowledged at once. RFC 7323 appendix G expects an acknowledgement for every two segments; one poll's burst is
/// acknowledged at once here, and often by the peer.
#[inline]
pub(crate) fn samples_shift(flight_size: u32, acked: u32) -> u32 {
    if acked >= flight_size {
        return 0;
    }
    acked.leading_zeros().saturating_sub(flight_size.leading_zeros())
}
