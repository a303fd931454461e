//! Which segment leaves next: RFC 9293 §3.8.6.2.1 (sender's SWS avoidance), §3.7.4 and Appendix A.3 (Nagle), §3.8.6.1
//! (zero-window probes), RFC 5681 and RFC 6675 (what the congestion window permits, and what counts as lost first).

use crate::ecn::EcnFlags;
use crate::recovery::Marks;
use crate::seq::SeqNum;
use crate::shared::Shared;
use crate::state::State;
use crate::tcb::{Flags, Slot};
use tersus_wire::tcp::Flags as Control;

/// The next segment to send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Next {
    pub(crate) seq: SeqNum,
    /// Octets of payload, from the send ring.
    pub(crate) len: u32,
    pub(crate) control: Control,
    pub(crate) kind: Kind,
    /// So many octets behind it may leave as well; not the last that are queued, so without PSH and FIN.
    pub(crate) run: u32,
    /// How many have left.
    pub(crate) segments: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Reset,
    /// SYN, data or FIN that never left before.
    New,
    /// The same once more, because it counts as lost.
    Again,
    /// The same once more, in case that it is lost: once in a recovery.
    Rescue,
    /// Zero-window probe.
    Probe,
    KeepAlive,
    /// An ACK without data.
    Ack,
}

impl Kind {
    /// Whether it is of the stream and no probe.
    pub(crate) fn is_data(self) -> bool {
        matches!(self, Self::New | Self::Again)
    }
}

impl Slot {
    /// Whether anything may leave now.
    pub(crate) fn wants_to_send(&self, shared: &Shared<'_>) -> bool {
        self.next_segment(shared).is_some()
    }

    pub(crate) fn next_segment(&self, shared: &Shared<'_>) -> Option<Next> {
        let rare = Flags::RESET_DUE | Flags::PROBE_DUE | Flags::KEEP_ALIVE_DUE | Flags::FAST_RECOVERY;
        let is_usual =
            self.state.is_synchronized() && !self.flags.intersects(rare) && self.records.lost() == 0;
        let data = if is_usual { self.next_new(shared) } else { self.next_rare(shared) };
        data.or_else(|| self.next_ack())
    }

    /// An ACK without data, if one is to leave.
    pub(crate) fn next_ack(&self) -> Option<Next> {
        if !self.flags.contains(Flags::ACK_NOW) || self.state == State::SynSent {
            return None;
        }
        Some(Next {
            seq: self.snd_nxt(),
            len: 0,
            control: Control::ACK,
            kind: Kind::Ack,
            run: 0,
            segments: 0,
        })
    }

    /// What is rare, and what comes behind it.
    #[inline(never)]
    fn next_rare(&self, shared: &Shared<'_>) -> Option<Next> {
        if self.flags.contains(Flags::RESET_DUE) {
            let control = Control::RST | Control::ACK;
            return Some(Next {
                seq: self.snd_nxt(),
                len: 0,
                control,
                kind: Kind::Reset,
                run: 0,
                segments: 0,
            });
        }
        match self.state {
            State::SynSent => self.next_syn(shared, Control::SYN),
            State::SynReceived => self.next_syn(shared, Control::SYN | Control::ACK),
            State::Closed | State::TimeWait => None,
            _ => self
                .next_lost(shared)
                .or_else(|| self.next_new(shared))
                .or_else(|| self.next_more(shared))
                .or_else(|| self.next_loss_probe(shared))
                .or_else(|| self.next_probe()),
        }
    }

    pub(crate) fn next_syn(&self, shared: &Shared<'_>, mut control: Control) -> Option<Next> {
        let (seq, kind) = if self.snd_nxt() == self.iss {
            if self.ecn.contains(EcnFlags::REQUEST) && shared.duties.ecn.is_some() {
                control |= crate::ecn::SETUP;
            }
            (self.iss, Kind::New)
        } else {
            (self.records.first_lost(&shared.records)?.0, Kind::Again)
        };
        Some(Next { seq, len: 0, control, kind, run: 0, segments: 0 })
    }

    /// The first octets that count as lost, as far as windows permit.
    fn next_lost(&self, shared: &Shared<'_>) -> Option<Next> {
        // While new data ask whether anything was lost, what may be waits.
        if self.records.lost() == 0 || self.repair.marks.contains(Marks::SPURIOUS_2) {
            return None;
        }
        let (seq, lost) = self.records.first_lost(&shared.records)?;
        let edge = self.snd_una + self.snd_wnd;
        // In fast recovery the third duplicate and each partial ACK let the first segment out, whatever cwnd says.
        let one = if self.flags.contains(Flags::SACK_OK) {
            self.repair.marks.contains(Marks::FIRST_AGAIN)
        } else {
            self.flags.contains(Flags::FAST_RECOVERY) && seq == self.snd_una
        };
        let pipe = self.records.pipe(self.flight_size());
        let held = !one && pipe > 0 && pipe.saturating_add(self.mss()) > self.cwnd(shared);
        if held || !seq.lt(edge) {
            return None;
        }
        Some(self.again(shared, seq, lost, Kind::Again))
    }

    /// What recovery by SACK sends when nothing is lost and there is nothing new.
    fn next_more(&self, shared: &Shared<'_>) -> Option<Next> {
        let sack = shared.duties.sack.as_ref()?;
        if !self.flags.contains(Flags::FAST_RECOVERY | Flags::SACK_OK) {
            return None;
        }
        let more = (sack.more)(self, shared).filter(|more| more.seq.lt(self.snd_una + self.snd_wnd))?;
        let kind = if more.is_rescue { Kind::Rescue } else { Kind::Again };
        Some(self.again(shared, more.seq, more.len, kind))
    }

    /// The last segment in flight once more, because nothing is heard: RFC 8985 §7.3.
    fn next_loss_probe(&self, shared: &Shared<'_>) -> Option<Next> {
        if !self.is_loss_probe_due() {
            return None;
        }
        let (seq, len) = self.records.last(&shared.records)?;
        let last = len.min(self.payload_room(shared, self.mss()));
        let seq = seq + (len - last);
        seq.lt(self.snd_una + self.snd_wnd).then(|| self.again(shared, seq, last, Kind::Again))
    }

    /// The octets from `seq` on once more, at most `most` and what a segment holds.
    fn again(&self, shared: &Shared<'_>, seq: SeqNum, most: u32, kind: Kind) -> Next {
        let edge = self.snd_una + self.snd_wnd;
        let lost = most;
        let room = self.payload_room(shared, self.mss());
        let data = self.data_end().distance(seq).min(lost).min(edge.distance(seq)).min(room);
        let (len, fin) = if seq.ge(self.data_end()) {
            (0, true)
        } else {
            let whole = seq + data == self.data_end() && lost > data;
            (data, whole && self.flags.contains(Flags::FIN_SENT))
        };
        Next { seq, len, control: self.data_control(seq + len, fin), kind, run: 0, segments: 0 }
    }

    /// Data that were never sent, and the FIN behind them.
    fn next_new(&self, shared: &Shared<'_>) -> Option<Next> {
        let flight = self.flight_size();
        // In these states the ring starts at SND.UNA; a FIN that was sent is the last that can be.
        let queued = self.tx.len().saturating_sub(flight);
        let closing = self.flags.contains(Flags::FIN_QUEUED);
        if (queued == 0 && !closing) || self.flags.contains(Flags::FIN_SENT) || !self.state.is_live() {
            return None;
        }
        let mss = self.mss();
        let offered = self.snd_wnd.saturating_sub(flight);
        let cwnd = self.cwnd(shared).saturating_add(self.limited_transmit(mss));
        let permitted = cwnd.saturating_sub(self.records.pipe(flight)).min(offered);
        let whole = self.payload_room(shared, mss);
        let len = queued.min(whole).min(permitted);
        let last = len == queued;
        // A FIN takes one place in the window as well.
        let fin = closing && last && offered > len;
        if len == 0 && !fin {
            return None;
        }
        let worth = len == whole
            || (last
                && (fin
                    || self.flags.intersects(Flags::NAGLE_OFF | Flags::PUSHED)
                    || !(self.flags.contains(Flags::CORKED) || self.has_small_in_flight(flight))))
            || (len > 0 && len >= self.max_snd_wnd / 2)
            || self.flags.contains(Flags::OVERRIDE)
            || self.is_loss_probe_due();
        if !worth {
            return None;
        }
        let run = if len == whole { queued.saturating_sub(1).min(permitted).saturating_sub(len) } else { 0 };
        let mut control = Control::ACK;
        control.set(Control::PSH, last && queued > 0);
        control.set(Control::FIN, fin);
        Some(Next { seq: self.snd_nxt(), len, control, kind: Kind::New, run, segments: 0 })
    }

    /// One octet (or the FIN) into a closed window, or a keep-alive probe.
    fn next_probe(&self) -> Option<Next> {
        if self.flags.contains(Flags::PROBE_DUE) && !self.is_loss_probe_due() {
            let seq = self.snd_una;
            let len = self.data_end().distance(seq).min(1);
            let control = self.data_control(seq + len, len == 0);
            return Some(Next { seq, len, control, kind: Kind::Probe, run: 0, segments: 0 });
        }
        if self.flags.contains(Flags::KEEP_ALIVE_DUE) {
            return Some(Next {
                seq: self.snd_nxt() - 1,
                len: 0,
                control: Control::ACK,
                kind: Kind::KeepAlive,
                run: 0,
                segments: 0,
            });
        }
        None
    }

    /// PSH stands on the last of what is queued, RFC 9293 §3.9.1.2 MUST-61.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn data_control(&self, end: SeqNum, fin: bool) -> Control {
        let mut control = Control::ACK;
        control.set(Control::FIN, fin);
        control.set(Control::PSH, end == self.data_end() && !self.tx.is_empty());
        control
    }
}
