//! What leaves: RFC 9293 §3.8.6.2.1 (sender's SWS avoidance), §3.7.4 and Appendix A.3 (Nagle), §3.8.6.1
//! (zero-window probes), RFC 5681 (what the congestion window permits), RFC 6298 §5 (the timer starts with what is sent).
//!
//! One visit sends until window, budget or device stops it. Each octet of payload is copied once, from the ring
//! into the buffer that the lower layers lend.

use crate::ecn::EcnFlags;
use crate::icmp::SoftError;
use crate::options::{syn_options, OptionArea};
use crate::rack::Probe;
use crate::recovery::Marks;
use crate::seq::SeqNum;
use crate::shared::Shared;
use crate::state::State;
use crate::statistics::{add, count};
use crate::tcb::{Ended, Flags, Slot};
use tersus_ip::{InterfaceId, IpLayer, OutFlags, Outgoing, Path, SendError};
use tersus_wire::tcp::{self, Checksum, Fields, Flags as Control, PlainSyn};
use tersus_wire::IpProtocol;

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

/// The next segment to send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Next {
    pub(crate) seq: SeqNum,
    /// Octets of payload, from the send ring.
    pub(crate) len: u32,
    pub(crate) control: Control,
    pub(crate) kind: Kind,
    /// So many octets behind it may leave as well; not the last that are queued, so without PSH and FIN.
    run: u32,
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
    fn is_data(self) -> bool {
        matches!(self, Self::New | Self::Again)
    }
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

    /// Whether anything may leave now.
    pub(crate) fn wants_to_send(&self, shared: &Shared<'_>) -> bool {
        self.next_segment(shared).is_some()
    }

    fn next_segment(&self, shared: &Shared<'_>) -> Option<Next> {
        let rare = Flags::RESET_DUE | Flags::PROBE_DUE | Flags::KEEP_ALIVE_DUE | Flags::FAST_RECOVERY;
        let is_usual =
            self.state.is_synchronized() && !self.flags.intersects(rare) && self.records.lost() == 0;
        let data = if is_usual { self.next_new(shared) } else { self.next_rare(shared) };
        data.or_else(|| self.next_ack())
    }

    /// An ACK without data, if one is to leave.
    fn next_ack(&self) -> Option<Next> {
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

    /// Hands a segment to the IP layer, and those of its run behind it: neither windows nor what is queued change during a
    /// visit, so nothing has to be decided between whole segments. `next` becomes all that left.
    fn emit(
        &mut self,
        shared: &mut Shared<'_>,
        ip: &mut dyn IpLayer,
        next: &mut Next,
        budget: usize,
    ) -> Result<(), SendError> {
        if next.control.contains(Control::SYN) {
            return self.emit_syn(shared, ip, next);
        }
        if next.kind != Kind::Reset {
            self.rcv_edge = self.next_edge(shared);
        }
        let window = u16::try_from(self.rcv_wnd() >> self.rcv_shift).unwrap_or(u16::MAX);
        let (stamp, rare);
        let options = if self.has_usual_options(shared) {
            match self.timestamps(shared) {
                Some(timestamps) => {
                    stamp = timestamps.to_octets();
                    &stamp[..]
                }
                None => &[],
            }
        } else {
            rare = self.options(shared);
            rare.as_slice()
        };
        let mut fields = self.fields(next, window);
        if self.flags.contains(Flags::URGENT_OUT) {
            self.point_to_urgent(shared, next, &mut fields);
        }
        // A path below our floor is left to fragmentation; those of IPv6 never are.
        let whole = self.path.mtu() >= shared.limits.mss_floor + 40;
        let mut packet = self.packet(if whole { OutFlags::DONT_FRAGMENT } else { OutFlags::empty() });
        let len = next.len;
        if self.ecn.contains(EcnFlags::AGREED) && next.kind != Kind::Reset {
            packet.traffic_class = self.mark_ecn(shared, next, &mut fields);
        }
        let mut offset = next.seq.distance(self.data_start());
        // What is to be sent as far as it lies in one piece.
        let mut front: &[u8] = &[];
        loop {
            // Where flash is short, that most of it lies in one piece is no reason for more code.
            if cfg!(not(target_pointer_width = "32")) && front.len() < len as usize {
                [front, _] = self.tx.slices(shared.tx, offset, len + next.run);
            }
            let sent = match front.split_at_checked(len as usize) {
                Some((whole, behind)) if len > 0 => {
                    front = behind;
                    if options.is_empty() {
                        send_data(ip, &mut self.path, packet, &fields, whole)
                    } else {
                        send_segment(ip, &mut self.path, packet, &fields, options, [whole, &[]])
                    }
                }
                _ => {
                    let pieces =
                        if len > 0 { self.tx.slices(shared.tx, offset, len) } else { [&[][..], &[]] };
                    send_segment(ip, &mut self.path, packet, &fields, options, pieces)
                }
            };
            if next.segments == 0 {
                sent?;
            } else if sent.is_err() {
                // Whatever it is, the next try will meet it.
                return Ok(());
            } else {
                next.len += len;
            }
            next.segments += 1;
            if next.run < len || next.run == 0 || next.segments >= budget {
                return Ok(());
            }
            next.run -= len;
            offset += len;
            fields.seq = fields.seq.wrapping_add(len);
        }
    }

    /// Each segment before the end of urgent data has a pointer of its own.
    #[cold]
    fn point_to_urgent(&mut self, shared: &Shared<'_>, next: &mut Next, fields: &mut Fields) {
        if let Some(urgent) = shared.duties.urgent {
            (urgent.point)(self, fields);
        }
        next.run = 0;
        next.control = fields.flags;
    }

    /// Whatever was sent may have found that the path's MTU is not what it was.
    #[inline]
    pub(crate) fn follow_mtu(&mut self, shared: &Shared<'_>, before: u16) {
        if self.path.mtu() != before {
            self.set_mss(&shared.limits);
        }
    }

    /// The same for a SYN: it has options, and its window is not scaled, RFC 7323 §2.2.
    #[cfg_attr(not(target_pointer_width = "32"), inline(never))]
    #[cfg_attr(target_pointer_width = "32", cold)]
    pub(crate) fn emit_syn(
        &mut self,
        shared: &mut Shared<'_>,
        ip: &mut dyn IpLayer,
        next: &mut Next,
    ) -> Result<(), SendError> {
        let offer = self.syn_offer(shared);
        let options = syn_options(&self.path, offer);
        let fields = self.fields(next, shared.syn_window(self.rx.size()));
        let packet = self.packet(OutFlags::DONT_FRAGMENT);
        send_syn(ip, &mut self.path, packet, &fields, &options)?;
        next.segments = 1;
        Ok(())
    }

    /// RFC 3168 §6.1: the bits that the segment carries, and its traffic class.
    #[inline(never)]
    fn mark_ecn(&mut self, shared: &Shared<'_>, next: &mut Next, fields: &mut Fields) -> u8 {
        let Some(ecn) = &shared.duties.ecn else { return self.traffic_class };
        let new = if next.kind == Kind::New { next.len } else { 0 };
        let traffic_class = (ecn.mark)(self, fields, new);
        if fields.flags.contains(Control::CWR) {
            // It stands on the first segment alone.
            next.run = 0;
        }
        traffic_class
    }

    fn fields(&self, next: &Next, window: u16) -> Fields {
        Fields {
            src_port: self.local_port(),
            dst_port: self.remote_port(),
            seq: next.seq.0,
            ack: if next.control.contains(Control::ACK) { self.rcv_nxt.0 } else { 0 },
            flags: next.control,
            window,
            urgent: 0,
        }
    }

    pub(crate) fn packet(&self, flags: OutFlags) -> Outgoing {
        Outgoing {
            protocol: IpProtocol::TCP,
            hop_limit: self.hop_limit,
            traffic_class: self.traffic_class,
            flags,
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

/// As [`send_segment`], without options and data: a header alone takes half the steps.
#[inline(always)]
pub(crate) fn send_bare(
    ip: &mut dyn IpLayer,
    path: &mut Path,
    mut packet: Outgoing,
    fields: &Fields,
) -> Result<(), SendError> {
    let pseudo_sum = path.pseudo_sum();
    let mut checksum = Checksum::Full(pseudo_sum);
    if path.has_checksum_offload() {
        packet.flags |= OutFlags::PARTIAL_CHECKSUM;
        checksum = Checksum::Partial(pseudo_sum);
    }
    ip.send(path, packet, tcp::HEADER_LEN, &mut |buffer: &mut [u8]| {
        let wrote = fields.emit(buffer, checksum);
        debug_assert!(wrote.is_ok(), "the buffer has the length that was asked for");
    })
}

/// As [`send_segment`], of a SYN: options of the usual length take half the steps, because the compiler knows it.
#[cfg_attr(not(target_pointer_width = "32"), inline(always))]
pub(crate) fn send_syn(
    ip: &mut dyn IpLayer,
    path: &mut Path,
    packet: Outgoing,
    fields: &Fields,
    options: &OptionArea,
) -> Result<(), SendError> {
    // Where flash is short, that is no reason for more code.
    if cfg!(target_pointer_width = "32") {
        return send_segment(ip, path, packet, fields, options.as_slice(), [&[], &[]]);
    }
    match <&[u8; PlainSyn::LEN]>::try_from(options.as_slice()) {
        Ok(usual) => send_filled(ip, path, packet, tcp::HEADER_LEN + PlainSyn::LEN, |buffer, checksum| {
            tcp::emit(buffer, fields, usual, [&[], &[]], checksum)
        }),
        Err(_) => send_segment(ip, path, packet, fields, options.as_slice(), [&[], &[]]),
    }
}

/// As [`send_segment`], of data in one piece without options.
#[inline(always)]
pub(crate) fn send_data(
    ip: &mut dyn IpLayer,
    path: &mut Path,
    packet: Outgoing,
    fields: &Fields,
    payload: &[u8],
) -> Result<(), SendError> {
    send_filled(ip, path, packet, tcp::HEADER_LEN + payload.len(), |buffer, checksum| {
        tcp::emit(buffer, fields, &[], [payload, &[]], checksum)
    })
}

/// Sends a segment of `len` octets that `emit` writes, with the checksum that the link leaves to do.
#[inline(always)]
fn send_filled(
    ip: &mut dyn IpLayer,
    path: &mut Path,
    mut packet: Outgoing,
    len: usize,
    emit: impl Fn(&mut [u8], Checksum) -> Result<usize, tersus_wire::Error>,
) -> Result<(), SendError> {
    let pseudo_sum = path.pseudo_sum();
    let mut checksum = Checksum::Full(pseudo_sum);
    if path.has_checksum_offload() {
        packet.flags |= OutFlags::PARTIAL_CHECKSUM;
        checksum = Checksum::Partial(pseudo_sum);
    }
    ip.send(path, packet, len, &mut |buffer: &mut [u8]| {
        let wrote = emit(buffer, checksum);
        debug_assert!(wrote.is_ok(), "the buffer has the length that was asked for");
    })
}

/// Sends a segment along `path`. The link does the checksum where it can.
#[cfg_attr(not(target_pointer_width = "32"), inline(always))]
pub(crate) fn send_segment(
    ip: &mut dyn IpLayer,
    path: &mut Path,
    packet: Outgoing,
    fields: &Fields,
    options: &[u8],
    payload: [&[u8]; 2],
) -> Result<(), SendError> {
    let len = tcp::HEADER_LEN + options.len() + payload[0].len() + payload[1].len();
    send_filled(ip, path, packet, len, |buffer, checksum| {
        tcp::emit(buffer, fields, options, payload, checksum)
    })
}
