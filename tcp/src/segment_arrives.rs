//! SEGMENT ARRIVES for connections, RFC 9293 §3.10.7.3 and §3.10.7.4.
//!
//! CLOSED (§3.10.7.1) and LISTEN (§3.10.7.2) have no connection: see `engine` and `handshake`; passively opened
//! connections stay in the SYN table until they are ESTABLISHED, and leave for the TIME-WAIT table.
//!
//! Header prediction skips checks, never steps: both ways call the same `on_ack_advance` and `on_data`.

use crate::connection::Connection;
use crate::events;
use crate::segment::{Reply, Segment};
use crate::seq::acceptable;
use crate::state::State;
use crate::statistics::count;
use crate::tcb::{Ended, Flags};
use core::ops::ControlFlow::{self, Break, Continue};
use tersus_wire::tcp::{Flags as Control, Options};

impl Connection<'_, '_> {
    /// SEGMENT ARRIVES, RFC 9293 §3.10.7.
    pub(crate) fn on_segment(&mut self, seg: &mut Segment<'_>) -> Reply {
        if self.is_predicted(seg) {
            count(&mut self.stats.predicted);
            return self.on_predicted(seg);
        }
        let done = match self.tcb.state {
            State::Closed | State::TimeWait => Break(Reply::Nothing),
            State::SynSent => self.in_syn_sent(seg),
            _ => self.in_other_states(seg),
        };
        match done {
            Break(reply) => reply,
            Continue(()) => Reply::Nothing,
        }
    }

    /// Whether this is one of the two usual segments: the next data, or an acknowledgement of new data.
    fn is_predicted(&self, seg: &Segment<'_>) -> bool {
        let tcb = &*self.tcb;
        let off = Flags::FAST_RECOVERY | Flags::TIMEOUT_RECOVERY | Flags::FIN_SEEN | Flags::RELEASED;
        tcb.state == State::Established
            && seg.control.difference(Control::PSH) == Control::ACK
            && seg.seq == tcb.rcv_nxt
            && seg.payload_len() <= tcb.rcv_wnd()
            && !tcb.flags.intersects(off)
            && tcb.ranges.is_empty()
            && seg.ack.distance(tcb.snd_una) <= tcb.flight_size()
            && (seg.ack != tcb.snd_una || !seg.payload.is_empty())
    }

    fn on_predicted(&mut self, seg: &Segment<'_>) -> Reply {
        self.on_heard();
        if seg.ack != self.tcb.snd_una {
            self.on_ack_advance(seg.ack);
        }
        self.take_window(seg);
        if seg.payload.is_empty() {
            return Reply::Nothing;
        }
        self.on_data(seg)
    }

    /// §3.10.7.3.
    fn in_syn_sent(&mut self, seg: &mut Segment<'_>) -> ControlFlow<Reply> {
        // First, the ACK bit.
        let acks_syn = seg.has(Control::ACK);
        if acks_syn && !(seg.ack.gt(self.tcb.iss) && seg.ack.le(self.tcb.snd_nxt)) {
            count(&mut self.stats.bad_ack);
            return Break(if seg.has(Control::RST) { Reply::Nothing } else { Reply::Reset });
        }
        // Second, the RST bit.
        if seg.has(Control::RST) {
            if acks_syn {
                count(&mut self.stats.resets_received);
                self.end(Ended::Refused);
            } else {
                count(&mut self.stats.resets_ignored);
            }
            return Break(Reply::Nothing);
        }
        // Third, security and compartment: left out, see README. Fourth, the SYN bit; fifth, neither SYN nor RST.
        if !seg.has(Control::SYN) {
            return Break(Reply::Nothing);
        }
        let Ok(options) = Options::parse(seg.options) else {
            count(&mut self.stats.malformed);
            return Break(Reply::Nothing);
        };
        self.on_peer_syn(seg, &options);
        if !acks_syn {
            // Simultaneous open, §3.5 MUST-10. What else the segment carries comes again.
            self.enter(State::SynReceived);
            let iss = self.tcb.iss;
            self.tcb.records.mark_lost(self.records, iss, 1);
            return Break(Reply::Nothing);
        }
        self.on_ack_advance(seg.ack);
        self.establish();
        count(&mut self.stats.opened_active);
        events::raise(self.tcb, events::CONNECTED | events::WRITABLE);
        self.tcb.flags.insert(Flags::ACK_NOW);
        // Other controls and text go on at the sixth step.
        seg.seq += 1;
        seg.control.remove(Control::SYN);
        seg.cut_from(self.tcb.rcv_edge);
        self.sixth_check_urg(seg);
        self.seventh_process_text(seg)?;
        self.eighth_check_fin(seg)
    }

    /// The variables that the peer's SYN brings: IRS, window and options.
    fn on_peer_syn(&mut self, seg: &Segment<'_>, options: &Options) {
        let size = self.tcb.rx.size();
        let tcb = &mut *self.tcb;
        tcb.rcv_nxt = seg.seq + 1;
        // What the SYN offered, before scaling: RFC 7323 §2.2.
        tcb.rcv_edge = tcb.rcv_nxt + size.min(u16::MAX.into());
        tcb.snd_wnd = seg.window.into();
        tcb.max_snd_wnd = tcb.snd_wnd;
        tcb.snd_wl1 = seg.seq;
        tcb.snd_wl2 = seg.ack;
        if let Some(mss) = options.mss {
            tcb.peer_mss = mss;
        }
        if let Some(shift) = options.window_scale {
            tcb.flags.insert(Flags::SCALED);
            tcb.snd_shift = shift.min(14);
            tcb.rcv_shift = shift_for(size);
        }
    }

    /// §3.10.7.4, one call per numbered step. `Break`: the segment needs no further step.
    fn in_other_states(&mut self, seg: &mut Segment<'_>) -> ControlFlow<Reply> {
        self.first_check_sequence(seg)?;
        self.second_check_rst(seg)?;
        // Third, security and compartment: left out, see README.
        self.fourth_check_syn(seg)?;
        self.fifth_check_ack(seg)?;
        self.sixth_check_urg(seg);
        self.seventh_process_text(seg)?;
        self.eighth_check_fin(seg)
    }

    /// First, the sequence number; what lies outside of the window is cut off.
    fn first_check_sequence(&mut self, seg: &mut Segment<'_>) -> ControlFlow<Reply> {
        let (rcv_nxt, rcv_wnd) = (self.tcb.rcv_nxt, self.tcb.rcv_wnd());
        if seg.has(Control::RST) {
            // Judged by its sequence number alone, whatever it carries: §3.4 MUST-66, §3.5.3 SHLD-2.
            if acceptable(rcv_nxt, rcv_wnd, seg.seq, 0) {
                return Continue(());
            }
            count(&mut self.stats.resets_ignored);
            return Break(Reply::Nothing);
        }
        let is_probe = rcv_wnd == 0 && seg.seq == rcv_nxt;
        if !acceptable(rcv_nxt, rcv_wnd, seg.seq, seg.len()) && !is_probe {
            count(&mut self.stats.not_acceptable);
            return Break(self.challenge());
        }
        if seg.seq.lt(rcv_nxt) {
            if !seg.payload.is_empty() {
                count(&mut self.stats.data_duplicate);
                self.tcb.flags.insert(Flags::ACK_NOW);
            }
            seg.cut_before(rcv_nxt);
        }
        if seg.cut_from(self.tcb.rcv_edge) {
            count(&mut self.stats.data_beyond_window);
            self.tcb.flags.insert(Flags::ACK_NOW);
        }
        Continue(())
    }

    /// Second, the RST bit: RFC 5961 §3.
    fn second_check_rst(&mut self, seg: &Segment<'_>) -> ControlFlow<Reply> {
        if !seg.has(Control::RST) {
            return Continue(());
        }
        if seg.seq != self.tcb.rcv_nxt {
            return Break(self.challenge());
        }
        count(&mut self.stats.resets_received);
        match self.tcb.state {
            State::SynReceived => self.end(Ended::Refused),
            State::Closing | State::LastAck => self.end(Ended::Finished),
            _ => self.end(Ended::Reset),
        }
        Break(Reply::Nothing)
    }

    /// Fourth, the SYN bit: RFC 5961 §4.
    fn fourth_check_syn(&mut self, seg: &Segment<'_>) -> ControlFlow<Reply> {
        if seg.has(Control::SYN) {
            return Break(self.challenge());
        }
        Continue(())
    }

    /// Fifth, the ACK field.
    fn fifth_check_ack(&mut self, seg: &Segment<'_>) -> ControlFlow<Reply> {
        if !seg.has(Control::ACK) {
            count(&mut self.stats.no_ack);
            return Break(Reply::Nothing);
        }
        let tcb = &*self.tcb;
        if tcb.state == State::SynReceived {
            if !(seg.ack.gt(tcb.snd_una) && seg.ack.le(tcb.snd_nxt)) {
                count(&mut self.stats.bad_ack);
                return Break(Reply::Reset);
            }
            self.on_ack_advance(seg.ack);
            self.establish();
            self.take_window(seg);
            count(&mut self.stats.opened_active);
            events::raise(self.tcb, events::CONNECTED | events::WRITABLE);
            return Continue(());
        }
        // RFC 5961 §5.2: from SND.UNA - MAX.SND.WND to SND.NXT.
        let oldest = tcb.snd_una - tcb.max_snd_wnd;
        if seg.ack.distance(oldest) > tcb.snd_nxt.distance(oldest) {
            count(&mut self.stats.bad_ack);
            return Break(self.challenge());
        }
        self.on_heard();
        self.on_ack(seg);
        if self.tcb.fin_is_acked() {
            match self.tcb.state {
                State::FinWait1 => self.enter(State::FinWait2),
                State::Closing => {
                    self.end_in_time_wait();
                    return Break(Reply::Nothing);
                }
                State::LastAck => {
                    self.end(Ended::Finished);
                    return Break(Reply::Nothing);
                }
                _ => {}
            }
        }
        Continue(())
    }

    /// Sixth, the URG bit: urgent data stay in line, and nobody is told (RFC 6093 §5; see README).
    fn sixth_check_urg(&mut self, _seg: &Segment<'_>) {}

    /// Seventh, the segment text.
    fn seventh_process_text(&mut self, seg: &Segment<'_>) -> ControlFlow<Reply> {
        if seg.payload.is_empty() {
            return Continue(());
        }
        match self.tcb.state {
            State::Established | State::FinWait1 | State::FinWait2 => match self.on_data(seg) {
                Reply::Nothing => Continue(()),
                // A FIN behind a gap is noted all the same.
                reply => {
                    if self.tcb.state.is_live() {
                        self.eighth_check_fin(seg)?;
                    }
                    Break(reply)
                }
            },
            _ => {
                count(&mut self.stats.data_after_fin);
                Continue(())
            }
        }
    }

    /// Eighth, the FIN bit.
    fn eighth_check_fin(&mut self, seg: &Segment<'_>) -> ControlFlow<Reply> {
        let news = !self.tcb.state.has_received_fin() && !self.tcb.flags.contains(Flags::FIN_SEEN);
        if seg.has(Control::FIN) && news {
            self.tcb.fin_seq = seg.seq + seg.payload_len();
            self.tcb.flags.insert(Flags::FIN_SEEN);
        }
        let in_order = self.tcb.flags.contains(Flags::FIN_SEEN) && self.tcb.rcv_nxt.ge(self.tcb.fin_seq);
        if !in_order {
            if seg.has(Control::FIN) && seg.payload.is_empty() {
                // A gap is told at once, whatever lies behind it: RFC 5681 §4.2. Text was answered already.
                return Break(Reply::Ack);
            }
            return Continue(());
        }
        match self.tcb.state {
            State::Established => self.enter(State::CloseWait),
            // Our FIN is not acknowledged, else the fifth step had left this state.
            State::FinWait1 => self.enter(State::Closing),
            State::FinWait2 => {}
            _ => return Continue(()),
        }
        self.tcb.rcv_nxt += 1;
        events::raise(self.tcb, events::READABLE);
        self.tcb.rcv_edge = self.tcb.rcv_edge.max(self.tcb.rcv_nxt);
        self.tcb.ranges.clear(self.ranges);
        self.tcb.flags.insert(Flags::ACK_NOW);
        if self.tcb.state == State::FinWait2 {
            self.end_in_time_wait();
        }
        Continue(())
    }

    /// Both FINs are exchanged and we closed first: what the protocol still needs goes to the TIME-WAIT table.
    fn end_in_time_wait(&mut self) {
        self.tcb.ended = Ended::Finished;
        events::raise(self.tcb, events::ENDED);
        self.enter(State::TimeWait);
    }

    /// An acceptable segment came: the peer is alive.
    fn on_heard(&mut self) {
        self.tcb.probes = 0;
        if self.tcb.flags.contains(Flags::RELEASED) {
            // A peer that answers and never reads or closes cannot hold a slot that nobody has a handle of.
            return;
        }
        if self.tcb.idle.is_running() {
            self.start_idle_timer();
        }
        if self.tcb.snd_wnd == 0 {
            // Probes that are answered keep the connection open for ever, §3.8.6.1 MUST-37.
            self.tcb.progress = self.now;
        }
    }

    /// The ACK that RFC 5961 and the first check ask for, within its limits.
    pub(crate) fn challenge(&mut self) -> Reply {
        if self.limiter.allows(self.tcb, &self.env.config, self.now, self.random) {
            count(&mut self.stats.challenge_acks);
            Reply::Ack
        } else {
            count(&mut self.stats.challenge_limited);
            Reply::Nothing
        }
    }
}

/// The smallest window scale that can announce `size` octets, RFC 7323 §2.3.
pub(crate) fn shift_for(size: u32) -> u8 {
    (0..14).find(|&shift| size >> shift <= u16::MAX.into()).unwrap_or(14)
}
