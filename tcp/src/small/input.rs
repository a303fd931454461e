//! SEGMENT ARRIVES, RFC 9293 §3.10.7.

use super::calls::listens_at;
use super::connection::{lower_half, Connection, End, Flags};
use super::{Shared, SmallTcp, DELAYED_ACK, FIN_WAIT_2, KEEP_ALIVE_IDLE, MSS_FLOOR, TIME_WAIT};
use crate::isn;
use crate::seq::{acceptable, is_right_behind, SeqNum};
use crate::state::State;
use crate::statistics::count;
use tersus_ip::{Cast, Deadline, Instant, IpMeta, RxChecksum, Verdict};
use tersus_wire::tcp::{self, Flags as Control};

/// A received segment in the terms of §3.3.1; it shrinks to what is new and inside the window.
struct Segment<'s> {
    /// The peer's in the upper half.
    ports: u32,
    seq: SeqNum,
    ack: SeqNum,
    control: Control,
    window: u16,
    options: &'s [u8],
    payload: &'s [u8],
}

impl Segment<'_> {
    fn has(&self, control: Control) -> bool {
        self.control.contains(control)
    }

    fn payload_len(&self) -> u32 {
        u32::try_from(self.payload.len()).unwrap_or(0)
    }

    /// SEG.LEN.
    fn len(&self) -> u32 {
        self.payload_len() + u32::from(self.has(Control::SYN)) + u32::from(self.has(Control::FIN))
    }
}

/// What a segment is answered with in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reply {
    Nothing,
    Reset,
}

impl SmallTcp<'_> {
    pub(super) fn on_packet(&mut self, packet: &IpMeta<'_>, octets: &mut [u8]) -> Verdict {
        if packet.cast != Cast::Unicast {
            count(&mut self.shared.statistics.not_unicast);
            return Verdict::Done;
        }
        let addresses = packet.addresses.pseudo_sum();
        if packet.rx.checksum == RxChecksum::Unknown && !tcp::verify_checksum(octets, addresses) {
            count(&mut self.shared.statistics.bad_checksum);
            return Verdict::Done;
        }
        let Ok(parsed) = tcp::Packet::parse(octets) else {
            count(&mut self.shared.statistics.malformed);
            return Verdict::Done;
        };
        count(&mut self.shared.statistics.segments_received);
        let header = parsed.header();
        let mut seg = Segment {
            ports: header.ports(),
            seq: SeqNum(header.seq()),
            ack: SeqNum(header.ack()),
            control: header.flags(),
            window: header.window(),
            options: parsed.option_octets(),
            payload: parsed.payload(),
        };
        if self.on_segment(packet, &mut seg) == Reply::Nothing {
            return Verdict::Done;
        }
        // §3.10.7.1, the numbers of an RST that the sender will believe. What it tells of was not cut, or has an ACK.
        let mut rst = [seg.ports.rotate_left(16), seg.ack.0, 0, u32::from(Control::RST.bits()) << 16, 0];
        if !seg.has(Control::ACK) {
            rst[1] = 0;
            rst[2] = (seg.seq + seg.len()).0;
            rst[3] |= u32::from(Control::ACK.bits()) << 16;
        }
        count(&mut self.shared.statistics.resets_sent);
        count(&mut self.shared.statistics.segments_sent);
        let Some(reply) = octets.get_mut(..tcp::HEADER_LEN) else { return Verdict::Done };
        match tcp::emit_words(reply, &rst, addresses) {
            Ok(()) => Verdict::Reply(20),
            Err(_) => Verdict::Done,
        }
    }

    fn on_segment(&mut self, packet: &IpMeta<'_>, seg: &mut Segment<'_>) -> Reply {
        let statistics = &mut self.shared.statistics;
        let [_, _, c, d] = seg.ports.to_be_bytes();
        let port = u16::from_be_bytes([c, d]);
        // §3.10.7.2, or CLOSED, if there is no connection.
        let is_listening = port != 0 && listens_at(self.listeners, port);
        let first = seg.control.intersection(Control::SYN | Control::ACK | Control::RST);
        let is_first = is_listening && first == Control::SYN;
        let mut above = None;
        let found = self.connections.iter_mut().find(|connection| {
            connection.state != State::Closed
                && connection.ports == seg.ports
                && connection.path.matches(&packet.addresses)
        });
        if let Some(connection) = found {
            // RFC 6191 §2: a new connection whose numbers lie above the old one's; so must ours, RFC 9293 §3.6.1 MAY-2.
            if !is_first || connection.state != State::TimeWait || seg.seq.lt(connection.rcv_nxt) {
                return connection.on_segment(seg, &mut self.shared);
            }
            count(&mut statistics.time_wait_reused);
            above = Some(connection.snd_max);
            connection.finish(End::Finished);
        }
        if first.contains(Control::RST) {
            count(&mut statistics.resets_ignored);
        } else if is_first {
            self.in_listen(packet, seg, above);
        } else {
            count(&mut statistics.unmatched);
            // A listener drops what has none of the three.
            if !is_listening || !first.is_empty() {
                return Reply::Reset;
            }
        }
        Reply::Nothing
    }

    /// §3.10.7.2: a SYN for a listener. Our sequence number lies above the one given.
    #[inline(never)]
    fn in_listen(&mut self, packet: &IpMeta<'_>, seg: &Segment<'_>, above: Option<SeqNum>) {
        count(&mut self.shared.statistics.syns_received);
        let mut iss = isn::initial_light(&self.random, self.shared.now, &packet.addresses, seg.ports);
        if let Some(old) = above {
            iss = iss.max(old + (1 << 16));
        }
        let Some((_, connection)) = room(self.connections) else {
            return count(&mut self.shared.statistics.syn_no_room);
        };
        connection.begin(seg.ports, iss);
        connection.path.answer(&packet.addresses, packet.interface);
        connection.state = State::SynReceived;
        connection.flags.insert(Flags::PASSIVE);
        connection.take_syn(seg);
    }
}

/// An entry for a new connection, with its place: a free one, or that of one in TIME-WAIT, or of one that is half open and
/// whose peer did not answer at once. So a flood of forged SYNs displaces itself.
pub(super) fn room(connections: &mut [Connection]) -> Option<(u16, &mut Connection)> {
    let rank = |connection: &Connection| match connection.state {
        _ if connection.is_free() => 3,
        _ if connection.flags.contains(Flags::HELD) => 0,
        State::TimeWait => 2,
        State::SynReceived if connection.tries > 0 => 1,
        _ => 0,
    };
    let mut best = None;
    let mut best_rank = 0;
    for found in (0..).zip(connections) {
        let rank = rank(found.1);
        if rank > best_rank {
            best_rank = rank;
            best = Some(found);
        }
    }
    best
}

impl Connection {
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn on_segment(&mut self, seg: &mut Segment<'_>, shared: &mut Shared<'_>) -> Reply {
        // Whatever it says, it may let something leave.
        self.flags.insert(Flags::READY);
        let reply = match self.state {
            State::SynSent => self.in_syn_sent(seg, shared),
            _ => self.in_other_states(seg, shared),
        };
        // Whoever speaks lives.
        if self.flags.contains(Flags::KEEP_ALIVE) && self.is_idle() {
            self.tries = 0;
            self.timer = Deadline::at(shared.now.plus_micros(KEEP_ALIVE_IDLE));
        }
        reply
    }

    /// Whether all that was sent is acknowledged, and nothing waits.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.state, State::Established | State::CloseWait)
            && self.flight() == 0
            && self.tx.is_empty()
    }

    /// §3.10.7.3.
    fn in_syn_sent(&mut self, seg: &Segment<'_>, shared: &mut Shared<'_>) -> Reply {
        let is_answer = seg.has(Control::ACK);
        if is_answer && seg.ack != self.iss + 1 {
            count(&mut shared.statistics.bad_ack);
            return if seg.has(Control::RST) { Reply::Nothing } else { Reply::Reset };
        }
        if seg.has(Control::RST) {
            if is_answer {
                count(&mut shared.statistics.resets_received);
                self.finish(End::Refused);
            }
            return Reply::Nothing;
        }
        if seg.has(Control::SYN) {
            self.take_syn(seg);
            if is_answer {
                count(&mut shared.statistics.opened_active);
                self.establish(shared.now);
                self.flags.insert(Flags::ACK_NOW);
            } else {
                // Both opened at once.
                self.state = State::SynReceived;
                self.snd_nxt = self.iss;
            }
        }
        Reply::Nothing
    }

    /// What the peer's SYN says.
    #[inline(never)]
    fn take_syn(&mut self, seg: &Segment<'_>) {
        self.rcv_nxt = seg.seq + 1;
        self.rcv_edge = self.rcv_nxt + self.rx.size().min(u32::from(u16::MAX));
        self.snd_wnd = u32::from(seg.window);
        self.max_snd_wnd = self.snd_wnd;
        self.snd_wl1 = seg.seq;
        self.snd_wl2 = seg.ack;
        let mut area = seg.options;
        // Up to the end of the list, or the first option whose length is nonsense.
        while let [kind, rest @ ..] = area {
            let data = match (kind, rest) {
                (0, _) => return,
                (1, _) => {
                    area = rest;
                    continue;
                }
                (_, [len, ..]) => {
                    let Some((option, behind)) =
                        usize::from(*len).checked_sub(1).and_then(|len| rest.split_at_checked(len))
                    else {
                        return;
                    };
                    area = behind;
                    option
                }
                _ => return,
            };
            match (kind, data) {
                (2, [_, high, low]) => self.mss = u16::from_be_bytes([*high, *low]).max(MSS_FLOOR),
                (3, [_, shift]) => {
                    self.snd_shift = (*shift).min(14);
                    self.flags.insert(Flags::SCALED);
                }
                (4, [_]) => self.flags.insert(Flags::SACK),
                _ => {}
            }
        }
    }

    /// The handshake is complete: our SYN is acknowledged.
    fn establish(&mut self, now: Instant) {
        self.snd_una = self.iss + 1;
        // A SYN that was to be sent again need not be.
        self.snd_nxt = self.snd_una;
        self.timer.stop();
        self.take_sample(now);
        self.state =
            if self.flags.contains(Flags::FIN_QUEUED) { State::FinWait1 } else { State::Established };
        self.note_smss();
        // RFC 6928 §2.
        let smss = self.smss;
        self.cwnd = if self.tries > 1 { smss } else { (10 * smss).min((2 * smss).max(14_600)) };
        if self.tries > 0 {
            self.flags.insert(Flags::SYN_LOST);
            self.tries = 0;
            self.backoff = 0;
        }
    }

    /// §3.10.7.4.
    fn in_other_states(&mut self, seg: &mut Segment<'_>, shared: &mut Shared<'_>) -> Reply {
        if self.state == State::SynReceived && seg.has(Control::SYN) && seg.seq + 1 == self.rcv_nxt {
            // The SYN that is known, again; with an ACK the end of a simultaneous open.
            if !seg.has(Control::ACK) {
                count(&mut shared.statistics.syns_duplicate);
                self.snd_nxt = self.iss;
                return Reply::Nothing;
            }
            seg.seq = self.rcv_nxt;
            seg.control.remove(Control::SYN);
            // Its window is not scaled, RFC 7323 §2.2.
            seg.window >>= self.snd_shift;
        }
        // First, the sequence number.
        let window = self.rcv_edge.distance(self.rcv_nxt);
        // An RST is judged by its number alone, whatever it carries: §3.4 MUST-66, §3.5.3 SHLD-2.
        let is_reset = seg.has(Control::RST);
        let len = if is_reset { 0 } else { seg.len() };
        let is_behind = is_right_behind(self.rcv_edge, seg.seq, len) && !is_reset;
        if !is_behind && !acceptable(self.rcv_nxt, window, seg.seq, len) {
            count(&mut shared.statistics.not_acceptable);
            if is_reset {
                count(&mut shared.statistics.resets_ignored);
                return Reply::Nothing;
            }
            if window != 0 || seg.seq != self.rcv_nxt || seg.has(Control::SYN) {
                if self.state == State::TimeWait && seg.has(Control::FIN) {
                    self.start(TIME_WAIT, shared.now);
                }
                self.challenge(shared);
                return Reply::Nothing;
            }
            // A window of zero takes no text, but what is said with it.
            seg.payload = &[];
            seg.control.remove(Control::FIN);
            self.flags.insert(Flags::ACK_NOW);
        }
        // Second, RST; RFC 5961 §3.
        if is_reset {
            if self.state == State::TimeWait {
                // RFC 1337.
                count(&mut shared.statistics.resets_ignored);
            } else if seg.seq == self.rcv_nxt {
                count(&mut shared.statistics.resets_received);
                self.finish(match self.state {
                    State::SynReceived => End::Refused,
                    // Both have closed: nothing is lost.
                    State::Closing | State::LastAck => End::Finished,
                    _ => End::Reset,
                });
            } else {
                self.challenge(shared);
            }
            return Reply::Nothing;
        }
        // Fourth, SYN; RFC 5961 §4.
        if seg.has(Control::SYN) {
            self.challenge(shared);
            return Reply::Nothing;
        }
        // Fifth, ACK.
        if !seg.has(Control::ACK) {
            count(&mut shared.statistics.no_ack);
            return Reply::Nothing;
        }
        if self.state == State::SynReceived {
            if seg.ack != self.iss + 1 {
                count(&mut shared.statistics.bad_ack);
                return Reply::Reset;
            }
            count(&mut shared.statistics.opened_passive);
            self.establish(shared.now);
        }
        if seg.ack.gt(self.snd_max)
            || (seg.ack.lt(self.snd_una) && self.snd_una.distance(seg.ack) > self.max_snd_wnd)
        {
            count(&mut shared.statistics.bad_ack);
            self.challenge(shared);
            return Reply::Nothing;
        }
        if seg.ack.ge(self.snd_una) {
            self.on_ack(seg, shared);
        }
        if self.state == State::Closed {
            return Reply::Nothing;
        }
        // Seventh, text; eighth, FIN.
        self.on_text(seg, shared);
        Reply::Nothing
    }

    /// An ACK answers what can be a guess, or an old segment: RFC 5961, within a rate.
    fn challenge(&mut self, shared: &mut Shared<'_>) {
        if shared.challenges.take(shared.now) {
            count(&mut shared.statistics.challenge_acks);
            self.flags.insert(Flags::ACK_NOW);
        } else {
            count(&mut shared.statistics.challenge_limited);
        }
    }

    /// An ACK that is not older than what is known.
    fn on_ack(&mut self, seg: &Segment<'_>, shared: &mut Shared<'_>) {
        let window = u32::from(seg.window) << self.snd_shift;
        let is_other_window = window != self.snd_wnd;
        let acked = seg.ack.distance(self.snd_una);
        if acked > 0 || self.snd_wnd == 0 {
            // It gets on, or answers the probe of a closed window, §3.8.6.1 MUST-37: R2 starts anew. That the peer speaks
            // says nothing of what it does not get.
            self.tries = 0;
        }
        if self.snd_wl1.lt(seg.seq) || (self.snd_wl1 == seg.seq && self.snd_wl2.le(seg.ack)) {
            if self.snd_wnd == 0 && window != 0 {
                // What probed the closed window was thrown away, most likely.
                self.snd_nxt = self.snd_una;
                self.backoff = 0;
            }
            self.snd_wnd = window;
            self.max_snd_wnd = self.max_snd_wnd.max(window);
            self.snd_wl1 = seg.seq;
            self.snd_wl2 = seg.ack;
        }
        if acked > 0 {
            self.on_ack_advance(acked, shared);
        } else if self.flight() > 0 && seg.len() == 0 && !is_other_window {
            self.on_duplicate(shared);
        }
    }

    /// SND.UNA moves by so much.
    fn on_ack_advance(&mut self, acked: u32, shared: &mut Shared<'_>) {
        let is_fin_acked = self.tx.consume(acked) < acked;
        self.snd_una += acked;
        self.snd_nxt = self.snd_nxt.max(self.snd_una);
        self.take_sample(shared.now);
        self.grow(acked);
        match self.flight() {
            0 => self.timer.stop(),
            _ => self.start(self.rto(), shared.now),
        }
        if is_fin_acked {
            self.flags.remove(Flags::FIN_QUEUED);
            match self.state {
                State::FinWait1 => {
                    self.state = State::FinWait2;
                    if self.flags.contains(Flags::RELEASED) {
                        self.start(FIN_WAIT_2, shared.now);
                    }
                }
                State::Closing => self.enter_time_wait(shared.now),
                State::LastAck => self.finish(End::Finished),
                _ => {}
            }
        }
    }

    /// What is timed may be acknowledged.
    fn take_sample(&mut self, now: Instant) {
        if self.flags.contains(Flags::TIMING) && self.snd_una.ge(self.timed) {
            self.flags.remove(Flags::TIMING);
            self.on_sample(lower_half(now).wrapping_sub(self.timed_at));
        }
    }

    /// RFC 5681 §3.1 and RFC 6582 §3.2, step 3.
    fn grow(&mut self, acked: u32) {
        let smss = self.smss;
        self.dup_acks = 0;
        if self.flags.contains(Flags::RECOVERY) {
            if self.snd_una.ge(self.recover) {
                self.flags.remove(Flags::RECOVERY);
                self.cwnd = self.ssthresh;
            } else {
                // A partial one: the next segment is lost too. In its place another may leave, if it is one.
                self.flags.insert(Flags::RESEND);
                let back = if acked < smss { 0 } else { smss };
                self.cwnd = self.cwnd.saturating_sub(acked).saturating_add(back);
            }
            return;
        }
        if self.snd_una.gt(self.recover) {
            // It never falls behind by half of the circle.
            self.recover = self.snd_una - 1;
        }
        let step = if self.cwnd < self.ssthresh {
            acked.min(smss)
        } else {
            (smss * smss).checked_div(self.cwnd).unwrap_or(0).max(1)
        };
        self.cwnd = self.cwnd.saturating_add(step);
    }

    /// RFC 5681 §3.2, RFC 6582 §3.2.
    fn on_duplicate(&mut self, shared: &mut Shared<'_>) {
        count(&mut shared.statistics.duplicate_acks);
        let smss = self.smss;
        self.dup_acks = self.dup_acks.saturating_add(1);
        if self.flags.contains(Flags::RECOVERY) {
            self.cwnd = self.cwnd.saturating_add(smss);
        } else if self.dup_acks == 3 && self.snd_una.gt(self.recover) {
            count(&mut shared.statistics.fast_retransmits);
            self.ssthresh = (self.flight() / 2).max(2 * smss);
            self.cwnd = self.ssthresh.saturating_add(3 * smss);
            self.recover = self.snd_max;
            self.flags.insert(Flags::RECOVERY | Flags::RESEND);
        }
    }

    fn enter_time_wait(&mut self, now: Instant) {
        self.state = State::TimeWait;
        self.start(TIME_WAIT, now);
    }

    /// Text and FIN, of what is inside the window.
    fn on_text(&mut self, seg: &mut Segment<'_>, shared: &mut Shared<'_>) {
        if !self.may_receive() {
            if !seg.payload.is_empty() {
                count(&mut shared.statistics.data_after_fin);
            }
            return;
        }
        if seg.seq.lt(self.rcv_nxt) {
            let old = usize::try_from(self.rcv_nxt.distance(seg.seq)).unwrap_or(usize::MAX);
            seg.payload = seg.payload.get(old..).unwrap_or_default();
            seg.seq = self.rcv_nxt;
            count(&mut shared.statistics.data_duplicate);
        }
        let room = self.rcv_edge.distance(seg.seq);
        if seg.payload_len() > room {
            seg.payload = seg.payload.get(..usize::try_from(room).unwrap_or(0)).unwrap_or_default();
            seg.control.remove(Control::FIN);
            count(&mut shared.statistics.data_beyond_window);
        }
        if !seg.payload.is_empty() {
            if self.flags.contains(Flags::RELEASED) {
                // Nobody will read it, RFC 9293 §3.6.1.
                count(&mut shared.statistics.data_unread);
                self.finish(End::Aborted);
                self.flags.insert(Flags::RESET | Flags::READY);
                return;
            }
            if seg.seq == self.rcv_nxt {
                self.on_data_in_order(seg, shared);
            } else {
                self.on_data_ahead(seg, shared);
                return;
            }
        }
        if seg.has(Control::FIN) && seg.seq == self.rcv_nxt {
            self.on_fin(shared.now);
        }
    }

    fn on_data_in_order(&mut self, seg: &mut Segment<'_>, shared: &mut Shared<'_>) {
        let taken = self.rx.write(shared.rx, seg.payload);
        self.rcv_nxt += taken;
        seg.seq += seg.payload_len();
        shared.statistics.octets_received = shared.statistics.octets_received.wrapping_add(taken);
        let has_ahead = self.ahead != self.ahead_end;
        if has_ahead && self.ahead.le(self.rcv_nxt) {
            if self.ahead_end.gt(self.rcv_nxt) {
                let more = self.rx.extend(self.ahead_end.distance(self.rcv_nxt));
                self.rcv_nxt += more;
            }
            self.ahead = self.ahead_end;
        }
        // RFC 9293 §3.8.6.3, RFC 5681 §4.2: every second segment, and at once around a gap.
        if has_ahead || self.ack_at.is_running() {
            self.flags.insert(Flags::ACK_NOW);
        } else {
            self.ack_at = Deadline::at(shared.now.plus_micros(DELAYED_ACK));
        }
    }

    /// What came ahead of a gap is kept if it joins what is kept.
    fn on_data_ahead(&mut self, seg: &Segment<'_>, shared: &mut Shared<'_>) {
        self.flags.insert(Flags::ACK_NOW);
        let end = seg.seq + seg.payload_len();
        let is_first = self.ahead == self.ahead_end;
        if !is_first && (seg.seq.gt(self.ahead_end) || end.lt(self.ahead)) {
            return count(&mut shared.statistics.ranges_full);
        }
        let offset = seg.seq.distance(self.rcv_nxt);
        if self.rx.write_at(shared.rx, offset, seg.payload) < seg.payload_len() {
            return count(&mut shared.statistics.ranges_full);
        }
        count(&mut shared.statistics.data_out_of_order);
        self.ahead = if is_first { seg.seq } else { self.ahead.min(seg.seq) };
        self.ahead_end = if is_first { end } else { self.ahead_end.max(end) };
    }

    fn on_fin(&mut self, now: Instant) {
        self.rcv_nxt += 1;
        self.rcv_edge = self.rcv_edge.max(self.rcv_nxt);
        self.flags.insert(Flags::ACK_NOW);
        match self.state {
            State::Established => self.state = State::CloseWait,
            State::FinWait1 => self.state = State::Closing,
            _ => self.enter_time_wait(now),
        }
    }
}
