//! SEGMENT ARRIVES for connections, RFC 9293 §3.10.7.3 and §3.10.7.4.
//!
//! CLOSED (§3.10.7.1) and LISTEN (§3.10.7.2) have no connection: see `engine` and `handshake`; passively opened
//! connections stay in the SYN table until they are ESTABLISHED, and leave for the TIME-WAIT table.
//!
//! Header prediction skips checks, never steps: both ways call the same `on_ack_advance` and `on_data`.

use crate::ecn::EcnFlags;
use crate::events;
use crate::recovery::Marks;
use crate::segment::{Reply, Segment};
use crate::seq::{acceptable, is_right_behind, SeqNum};
use crate::shared::Shared;
use crate::state::State;
use crate::statistics::count;
use crate::tcb::{Ended, Flags, Slot};
use core::ops::ControlFlow::{self, Break, Continue};
use tersus_wire::tcp::{Flags as Control, Options};

impl Slot {
    /// SEGMENT ARRIVES, RFC 9293 §3.10.7.
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    pub(crate) fn on_segment(&mut self, shared: &mut Shared<'_>, seg: &mut Segment<'_>) -> Reply {
        if let (true, Some(duty)) = (self.flags.contains(Flags::TIMESTAMPS), shared.timestamps) {
            if let Break(reply) = (duty.arrive)(self, shared, seg) {
                return reply;
            }
        }
        if self.is_predicted(seg) {
            count(&mut shared.stats.predicted);
            return self.on_predicted(shared, seg);
        }
        self.on_unpredicted(shared, seg)
    }

    /// As [`Slot::on_segment`]: with pacing. It has a way of its own, so that the usual one remembers nothing for it.
    #[inline(never)]
    pub(crate) fn on_paced_segment(&mut self, shared: &mut Shared<'_>, seg: &mut Segment<'_>) -> Reply {
        self.on_segment(shared, seg)
    }

    /// Out of line: the usual way shall not have the stack frame of this, nor this that of the general one.
    #[cfg_attr(not(target_pointer_width = "32"), inline(never))]
    fn on_unpredicted(&mut self, shared: &mut Shared<'_>, seg: &mut Segment<'_>) -> Reply {
        // Where flash is short, that all goes as usual is no reason for more code.
        if cfg!(not(target_pointer_width = "32")) && self.is_predicted_at_end(seg) {
            return reply_of(self.on_predicted_at_end(shared, seg));
        }
        self.on_any(shared, seg)
    }

    /// The general way.
    #[cfg_attr(not(target_pointer_width = "32"), inline(never))]
    fn on_any(&mut self, shared: &mut Shared<'_>, seg: &mut Segment<'_>) -> Reply {
        reply_of(match self.state {
            State::Closed | State::TimeWait => Break(Reply::Nothing),
            State::SynSent => self.in_syn_sent(shared, seg),
            _ => self.in_other_states(shared, seg),
        })
    }

    /// Whether this is one of the two usual segments: the next data, or an acknowledgement of new data.
    fn is_predicted(&self, seg: &Segment<'_>) -> bool {
        let off = Flags::FAST_RECOVERY
            | Flags::TIMEOUT_RECOVERY
            | Flags::FIN_SEEN
            | Flags::RELEASED
            | Flags::RECV_SHUT;
        self.state == State::Established
            && seg.control.difference(Control::PSH) == Control::ACK
            && seg.seq == self.rcv_nxt
            && seg.payload.len() <= self.rcv_wnd() as usize
            && !self.flags.intersects(off)
            && self.ranges.is_empty()
            && self.records.sacked() == 0
            && !self.repair.marks.contains(Marks::PROBED)
            && seg.options.is_empty()
            && seg.ack.distance(self.snd_una) <= self.flight_size()
            && (seg.ack != self.snd_una || !seg.payload.is_empty())
    }

    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    fn on_predicted(&mut self, shared: &mut Shared<'_>, seg: &Segment<'_>) -> Reply {
        self.on_heard(shared);
        if seg.ack != self.snd_una {
            self.on_ack_advance(shared, seg);
        }
        self.take_window(shared, seg);
        if seg.payload.is_empty() {
            return Reply::Nothing;
        }
        // All that `on_data` asks is answered.
        self.on_data_in_order(shared, seg.payload);
        Reply::Nothing
    }

    /// Whether this is a usual segment of a connection that ends: the FIN, alone or behind the next data, or an
    /// acknowledgement of new data or of our FIN.
    fn is_predicted_at_end(&self, seg: &Segment<'_>) -> bool {
        let has_fin = seg.has(Control::FIN);
        let is_bare = seg.payload.is_empty() && !has_fin;
        let off = Flags::FAST_RECOVERY | Flags::TIMEOUT_RECOVERY;
        let unread = Flags::FIN_SEEN | Flags::RELEASED | Flags::RECV_SHUT;
        self.state.is_live()
            && self.state.is_synchronized()
            && seg.control.difference(Control::PSH | Control::FIN) == Control::ACK
            && seg.seq == self.rcv_nxt
            && seg.payload_len() + u32::from(has_fin) <= self.rcv_wnd()
            && !self.flags.intersects(if is_bare { off } else { off | unread })
            && self.ranges.is_empty()
            && self.records.sacked() == 0
            && !self.repair.marks.intersects(Marks::PROBED | Marks::UNDO)
            && seg.options.is_empty()
            && seg.ack.distance(self.snd_una) <= self.flight_size()
            && (seg.ack != self.snd_una || !is_bare)
    }

    /// As [`Slot::on_predicted`], and what FINs change.
    #[inline]
    fn on_predicted_at_end(&mut self, shared: &mut Shared<'_>, seg: &Segment<'_>) -> ControlFlow<Reply> {
        self.on_predicted(shared, seg);
        self.on_fin_acked(shared)?;
        if seg.has(Control::FIN) {
            return self.eighth_check_fin(shared, seg);
        }
        Continue(())
    }

    /// §3.10.7.3.
    fn in_syn_sent(&mut self, shared: &mut Shared<'_>, seg: &mut Segment<'_>) -> ControlFlow<Reply> {
        // First, the ACK bit.
        let acks_syn = seg.has(Control::ACK);
        if acks_syn && !(seg.ack.gt(self.iss) && seg.ack.le(self.snd_nxt())) {
            count(&mut shared.stats.bad_ack);
            return Break(if seg.has(Control::RST) { Reply::Nothing } else { Reply::Reset });
        }
        // Second, the RST bit.
        if seg.has(Control::RST) {
            if acks_syn {
                count(&mut shared.stats.resets_received);
                self.end(shared, Ended::Refused);
            } else {
                count(&mut shared.stats.resets_ignored);
            }
            return Break(Reply::Nothing);
        }
        // Third, security and compartment: left out, see README. Fourth, the SYN bit; fifth, neither SYN nor RST.
        if !seg.has(Control::SYN) {
            return Break(Reply::Nothing);
        }
        let Ok(options) = Options::parse(seg.options) else {
            count(&mut shared.stats.malformed);
            return Break(Reply::Nothing);
        };
        self.on_peer_syn(shared, seg, &options);
        self.agree_on_ecn(shared, seg);
        self.flags.set(Flags::SACK_OK, options.sack_permitted && shared.duties.sack.is_some());
        if !acks_syn {
            // Simultaneous open, §3.5 MUST-10. What else the segment carries comes again.
            self.enter(shared, State::SynReceived);
            let iss = self.iss;
            self.records.mark_lost(&mut shared.records, iss, 1);
            return Break(Reply::Nothing);
        }
        self.on_ack_advance(shared, seg);
        self.establish(shared);
        count(&mut shared.stats.opened_active);
        events::raise(self, events::CONNECTED | events::WRITABLE);
        self.flags.insert(Flags::ACK_NOW);
        // Other controls and text go on at the sixth step.
        seg.seq += 1;
        seg.control.remove(Control::SYN);
        seg.cut_from(self.rcv_edge);
        self.sixth_check_urg(shared, seg);
        self.seventh_process_text(shared, seg)?;
        self.eighth_check_fin(shared, seg)
    }

    /// RFC 3168 §6.1.1: our SYN asked for ECN, and the SYN-ACK agrees.
    fn agree_on_ecn(&mut self, shared: &Shared<'_>, seg: &Segment<'_>) {
        let asked = self.ecn.contains(EcnFlags::REQUEST) && shared.duties.ecn.is_some();
        let agreed = seg.has(Control::ACK) && crate::ecn::is_agreed(seg.control);
        self.ecn.set(EcnFlags::AGREED, asked && agreed);
    }

    /// The variables that the peer's SYN brings: IRS, window and options.
    fn on_peer_syn(&mut self, shared: &Shared<'_>, seg: &Segment<'_>, options: &Options) {
        let size = self.rx.size();
        self.rcv_nxt = seg.seq + 1;
        // What the SYN offered, before scaling: RFC 7323 §2.2.
        self.rcv_edge = self.rcv_nxt + shared.syn_window(size).into();
        self.snd_wnd = seg.window.into();
        self.max_snd_wnd = self.snd_wnd;
        self.snd_wl1 = seg.seq;
        if let Some(mss) = options.mss {
            self.peer_mss = mss;
        }
        if let Some(shift) = options.window_scale {
            self.flags.insert(Flags::SCALED);
            self.snd_shift = shift.min(14);
            self.rcv_shift = shift_for(size);
        }
        let wanted = shared.timestamps.is_some() && self.flags.contains(Flags::TIMESTAMPS_WANTED);
        if let Some(timestamps) = options.timestamps.filter(|_| wanted) {
            self.flags.insert(Flags::TIMESTAMPS);
            self.set_ts_recent(timestamps.value, shared.now);
        }
    }

    /// §3.10.7.4, one call per numbered step. `Break`: the segment needs no further step.
    fn in_other_states(&mut self, shared: &mut Shared<'_>, seg: &mut Segment<'_>) -> ControlFlow<Reply> {
        self.first_check_sequence(shared, seg)?;
        self.second_check_rst(shared, seg)?;
        // Third, security and compartment: left out, see README.
        self.fourth_check_syn(shared, seg)?;
        self.fifth_check_ack(shared, seg)?;
        self.sixth_check_urg(shared, seg);
        self.seventh_process_text(shared, seg)?;
        self.eighth_check_fin(shared, seg)
    }

    /// First, the sequence number; what lies outside of the window is cut off.
    fn first_check_sequence(&mut self, shared: &mut Shared<'_>, seg: &mut Segment<'_>) -> ControlFlow<Reply> {
        let (rcv_nxt, rcv_wnd) = (self.rcv_nxt, self.rcv_wnd());
        if seg.has(Control::RST) {
            // Judged by its sequence number alone, whatever it carries: §3.4 MUST-66, §3.5.3 SHLD-2.
            if acceptable(rcv_nxt, rcv_wnd, seg.seq, 0) {
                return Continue(());
            }
            count(&mut shared.stats.resets_ignored);
            return Break(Reply::Nothing);
        }
        let is_probe = rcv_wnd == 0 && seg.seq == rcv_nxt;
        let is_behind = is_right_behind(self.rcv_edge, seg.seq, seg.len());
        if !acceptable(rcv_nxt, rcv_wnd, seg.seq, seg.len()) && !is_probe && !is_behind {
            count(&mut shared.stats.not_acceptable);
            let end = seg.seq + seg.payload_len();
            let is_old = seg.seq.lt(rcv_nxt) && end.le(rcv_nxt) && !seg.has(Control::SYN);
            if is_old && self.note_duplicate(shared, seg.seq, end) {
                // Each is to be reported, and ACKs that answer data cannot go round in circles.
                return Break(Reply::Ack);
            }
            return Break(self.challenge(shared));
        }
        if seg.has(Control::SYN) && self.state.is_synchronized() {
            // Wherever it lies; it is not to be cut off, RFC 5961 §4.2.
            return Break(self.challenge(shared));
        }
        if seg.seq.lt(rcv_nxt) {
            if !seg.payload.is_empty() {
                count(&mut shared.stats.data_duplicate);
                self.flags.insert(Flags::ACK_NOW);
                self.note_duplicate(shared, seg.seq, rcv_nxt);
            }
            seg.cut_before(rcv_nxt);
        }
        if seg.cut_from(self.rcv_edge) {
            count(&mut shared.stats.data_beyond_window);
            self.flags.insert(Flags::ACK_NOW);
        }
        Continue(())
    }

    /// Second, the RST bit: RFC 5961 §3.
    fn second_check_rst(&mut self, shared: &mut Shared<'_>, seg: &Segment<'_>) -> ControlFlow<Reply> {
        if !seg.has(Control::RST) {
            return Continue(());
        }
        if seg.seq != self.rcv_nxt {
            return Break(self.challenge(shared));
        }
        count(&mut shared.stats.resets_received);
        match self.state {
            State::SynReceived => self.end(shared, Ended::Refused),
            State::Closing | State::LastAck => self.end(shared, Ended::Finished),
            _ => self.end(shared, Ended::Reset),
        }
        Break(Reply::Nothing)
    }

    /// Fourth, the SYN bit: RFC 5961 §4.
    fn fourth_check_syn(&mut self, shared: &mut Shared<'_>, seg: &Segment<'_>) -> ControlFlow<Reply> {
        if seg.has(Control::SYN) {
            return Break(self.challenge(shared));
        }
        Continue(())
    }

    /// Fifth, the ACK field.
    fn fifth_check_ack(&mut self, shared: &mut Shared<'_>, seg: &Segment<'_>) -> ControlFlow<Reply> {
        if !seg.has(Control::ACK) {
            count(&mut shared.stats.no_ack);
            return Break(Reply::Nothing);
        }
        if self.state == State::SynReceived {
            if !(seg.ack.gt(self.snd_una) && seg.ack.le(self.snd_nxt())) {
                count(&mut shared.stats.bad_ack);
                return Break(Reply::Reset);
            }
            self.on_ack_advance(shared, seg);
            self.establish(shared);
            self.take_window(shared, seg);
            count(&mut shared.stats.opened_active);
            events::raise(self, events::CONNECTED | events::WRITABLE);
            return Continue(());
        }
        // RFC 5961 §5.2: from SND.UNA - MAX.SND.WND to SND.NXT.
        let oldest = self.snd_una - self.max_snd_wnd;
        if seg.ack.distance(oldest) > self.snd_nxt().distance(oldest) {
            count(&mut shared.stats.bad_ack);
            return Break(self.challenge(shared));
        }
        self.on_heard(shared);
        self.on_ack(shared, seg);
        self.on_fin_acked(shared)
    }

    /// What follows in the fifth step if our FIN is acknowledged now.
    fn on_fin_acked(&mut self, shared: &mut Shared<'_>) -> ControlFlow<Reply> {
        if self.fin_is_acked() {
            match self.state {
                State::FinWait1 => self.enter(shared, State::FinWait2),
                State::Closing => {
                    self.end_in_time_wait(shared);
                    return Break(Reply::Nothing);
                }
                State::LastAck => {
                    self.end(shared, Ended::Finished);
                    return Break(Reply::Nothing);
                }
                _ => {}
            }
        }
        Continue(())
    }

    /// Sixth, the URG bit.
    fn sixth_check_urg(&mut self, shared: &mut Shared<'_>, seg: &Segment<'_>) {
        if !seg.has(Control::URG) {
            return;
        }
        if let Some(urgent) = shared.duties.urgent {
            (urgent.arrived)(self, shared, seg);
        }
    }

    /// Seventh, the segment text.
    fn seventh_process_text(&mut self, shared: &mut Shared<'_>, seg: &Segment<'_>) -> ControlFlow<Reply> {
        if seg.payload.is_empty() {
            return Continue(());
        }
        match self.state {
            State::Established | State::FinWait1 | State::FinWait2 => match self.on_data(shared, seg) {
                Reply::Nothing => Continue(()),
                // A FIN behind a gap is noted all the same.
                reply => {
                    if self.state.is_live() {
                        self.eighth_check_fin(shared, seg)?;
                    }
                    Break(reply)
                }
            },
            _ => {
                count(&mut shared.stats.data_after_fin);
                Continue(())
            }
        }
    }

    /// Eighth, the FIN bit.
    fn eighth_check_fin(&mut self, shared: &mut Shared<'_>, seg: &Segment<'_>) -> ControlFlow<Reply> {
        let news = !self.state.has_received_fin() && !self.flags.contains(Flags::FIN_SEEN);
        if seg.has(Control::FIN) && news {
            self.fin_seq = seg.seq + seg.payload_len();
            self.flags.insert(Flags::FIN_SEEN);
        }
        let in_order = self.flags.contains(Flags::FIN_SEEN) && self.rcv_nxt.ge(self.fin_seq);
        if !in_order {
            if seg.has(Control::FIN) && seg.payload.is_empty() {
                // A gap is told at once, whatever lies behind it: RFC 5681 §4.2. Text was answered already.
                return Break(Reply::Ack);
            }
            return Continue(());
        }
        match self.state {
            State::Established => self.enter(shared, State::CloseWait),
            // Our FIN is not acknowledged, else the fifth step had left this state.
            State::FinWait1 => self.enter(shared, State::Closing),
            State::FinWait2 => {}
            _ => return Continue(()),
        }
        self.rcv_nxt += 1;
        events::raise(self, events::READABLE);
        self.rcv_edge = self.rcv_edge.max(self.rcv_nxt);
        self.ranges.clear(&mut shared.ranges);
        self.flags.insert(Flags::ACK_NOW);
        if self.state == State::FinWait2 {
            self.end_in_time_wait(shared);
        }
        Continue(())
    }

    /// Both FINs are exchanged and we closed first: what the protocol still needs goes to the TIME-WAIT table.
    fn end_in_time_wait(&mut self, shared: &mut Shared<'_>) {
        self.ended = Ended::Finished;
        events::raise(self, events::ENDED);
        self.enter(shared, State::TimeWait);
    }

    /// An acceptable segment came: the peer is alive.
    fn on_heard(&mut self, shared: &mut Shared<'_>) {
        self.probes = 0;
        if self.flags.contains(Flags::RELEASED) {
            // A peer that answers and never reads or closes cannot hold a slot that nobody has a handle of.
            return;
        }
        if self.idle.is_running() {
            self.start_idle_timer(shared);
        }
        if self.snd_wnd == 0 {
            // Probes that are answered keep the connection open for ever, §3.8.6.1 MUST-37.
            self.progress = shared.now;
        }
    }

    /// The octets from `left` to `right` were here already; whether the next ACK will say so.
    pub(crate) fn note_duplicate(&self, shared: &mut Shared<'_>, left: SeqNum, right: SeqNum) -> bool {
        shared.duties.sack.as_ref().is_some_and(|sack| (sack.duplicate)(self, shared, left, right))
    }

    /// The ACK that RFC 5961 and the first check ask for, within its limits.
    pub(crate) fn challenge(&mut self, shared: &mut Shared<'_>) -> Reply {
        if shared.limiter.allows(self, &shared.limits, shared.now, &shared.random) {
            count(&mut shared.stats.challenge_acks);
            Reply::Ack
        } else {
            count(&mut shared.stats.challenge_limited);
            Reply::Nothing
        }
    }
}

/// How steps that have been gone through answer.
fn reply_of(done: ControlFlow<Reply>) -> Reply {
    match done {
        Break(reply) => reply,
        Continue(()) => Reply::Nothing,
    }
}

/// The smallest window scale that can announce `size` octets, RFC 7323 §2.3.
pub(crate) fn shift_for(size: u32) -> u8 {
    (0..14).find(|&shift| size >> shift <= u16::MAX.into()).unwrap_or(14)
}
