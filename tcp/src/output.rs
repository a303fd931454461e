//! What leaves: RFC 9293 §3.8.6.2.1 (sender's SWS avoidance), §3.7.4 (Nagle), §3.8.6.1 (zero-window probes),
//! RFC 5681 (what the congestion window permits), RFC 6298 §5 (the timer starts with what is sent).
//!
//! One visit sends until window, budget or device stops it. Each octet of payload is copied once, from the ring
//! into the buffer that the lower layers lend.

use crate::connection::Connection;
use crate::segment_arrives::shift_for;
use crate::seq::SeqNum;
use crate::state::State;
use crate::statistics::{add, count};
use crate::tcb::{Ended, Flags};
use tersus_ip::{Deadline, ErrorKind, InterfaceId, IpLayer, OutFlags, Outgoing, Path, SendError};
use tersus_wire::checksum::Sum;
use tersus_wire::tcp::{self, Checksum, Fields, Flags as Control, Options};
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
struct Next {
    seq: SeqNum,
    /// Octets of payload, from the send ring.
    len: u32,
    control: Control,
    kind: Kind,
    /// So many octets behind it may leave as well; not the last that are queued, so without PSH and FIN.
    run: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reset,
    /// SYN, data or FIN that never left before.
    New,
    /// The same once more, because it counts as lost.
    Again,
    /// Zero-window probe.
    Probe,
    KeepAlive,
    /// An ACK without data.
    Ack,
}

impl Connection<'_, '_> {
    /// Sends what may leave now.
    pub(crate) fn output(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Visit {
        self.restart_after_idle();
        let mut too_big = 0;
        let mut found = self.first_segment();
        while let Some(next) = found {
            if *budget == 0 {
                return Visit::Budget;
            }
            match self.emit(ip, &next) {
                Ok(()) => {}
                Err(SendError::Full) => {
                    count(&mut self.stats.blocked);
                    return Visit::Blocked(self.tcb.path.interface());
                }
                Err(SendError::Resolving) => {
                    count(&mut self.stats.resolving);
                    return Visit::Resolving;
                }
                // The path now knows its MTU, so the segment is cut anew; a layer that says so again and again is
                // treated as one that lost the segment.
                Err(SendError::TooBig(_)) if too_big < 3 => {
                    too_big += 1;
                    found = self.first_segment();
                    continue;
                }
                Err(SendError::TooBig(_)) => count(&mut self.stats.unroutable),
                Err(SendError::Unreachable(_)) => {
                    count(&mut self.stats.unroutable);
                    self.tcb.soft_error = ErrorKind::HostUnreachable;
                    self.tcb.flags.insert(Flags::SOFT_ERROR);
                    // An attempt ends at once: this host itself finds no way, or no neighbour that answers. What is
                    // synchronized goes on, RFC 1122 §4.2.3.9: routes and neighbours come back.
                    if self.tcb.state == State::SynSent {
                        self.end(Ended::Unreachable);
                        return Visit::Done;
                    }
                }
            }
            *budget -= 1;
            self.on_sent(&next);
            found = self.following(&next);
        }
        Visit::Done
    }

    /// What is to leave next, unless there is plainly nothing: the usual visit after a segment that needs no answer.
    fn first_segment(&self) -> Option<Next> {
        let tcb = &*self.tcb;
        let due = Flags::RESET_DUE | Flags::ACK_NOW | Flags::PROBE_DUE | Flags::KEEP_ALIVE_DUE;
        let is_quiet = tcb.state == State::Established
            && !tcb.flags.intersects(due)
            && tcb.records.lost() == 0
            && !tcb.has_unsent();
        if is_quiet {
            None
        } else {
            self.next_segment()
        }
    }

    /// The segment behind one that has left: while whole ones follow each other nothing has to be decided, since
    /// neither windows nor what is queued change during a visit.
    fn following(&self, sent: &Next) -> Option<Next> {
        match sent.run.checked_sub(sent.len) {
            Some(run) if sent.run > 0 => Some(Next { seq: sent.seq + sent.len, run, ..*sent }),
            _ => self.first_segment(),
        }
    }

    /// RFC 5681 §4.1: after silence the network is not as it was.
    fn restart_after_idle(&mut self) {
        let tcb = &*self.tcb;
        if tcb.flight_size() != 0 {
            return;
        }
        let is_silent = |us: u32| self.now > tcb.last_sent.plus_micros(us.into());
        // No RTO is below the least: most visits end here.
        if !is_silent(self.env.rto.min_us) || !is_silent(tcb.rtt.rto_us(&self.env.rto)) {
            return;
        }
        if tcb.state.is_synchronized() && tcb.has_unsent() {
            let mss = self.mss();
            self.env.congestion.after_idle(self.words, mss);
            self.tcb.last_sent = self.now;
        }
    }

    /// Whether anything may leave now.
    pub(crate) fn wants_to_send(&self) -> bool {
        self.next_segment().is_some()
    }

    fn next_segment(&self) -> Option<Next> {
        let tcb = &*self.tcb;
        if tcb.flags.contains(Flags::RESET_DUE) {
            return Some(Next {
                seq: tcb.snd_nxt,
                len: 0,
                control: Control::RST | Control::ACK,
                kind: Kind::Reset,
                run: 0,
            });
        }
        let data = match tcb.state {
            State::SynSent => self.next_syn(Control::SYN),
            State::SynReceived => self.next_syn(Control::SYN | Control::ACK),
            State::Closed | State::TimeWait => None,
            _ => self.next_lost().or_else(|| self.next_new()).or_else(|| self.next_probe()),
        };
        data.or_else(|| {
            let due = tcb.flags.contains(Flags::ACK_NOW) && tcb.state != State::SynSent;
            due.then_some(Next { seq: tcb.snd_nxt, len: 0, control: Control::ACK, kind: Kind::Ack, run: 0 })
        })
    }

    fn next_syn(&self, control: Control) -> Option<Next> {
        let (seq, kind) = if self.tcb.snd_nxt == self.tcb.iss {
            (self.tcb.iss, Kind::New)
        } else {
            (self.tcb.records.first_lost(self.records)?.0, Kind::Again)
        };
        Some(Next { seq, len: 0, control, kind, run: 0 })
    }

    /// The first octets that count as lost, as far as windows permit.
    fn next_lost(&self) -> Option<Next> {
        let tcb = &*self.tcb;
        if tcb.records.lost() == 0 {
            return None;
        }
        let (seq, lost) = tcb.records.first_lost(self.records)?;
        let edge = tcb.snd_una + tcb.snd_wnd;
        // In fast recovery each duplicate or partial ACK lets one segment out, whatever cwnd says.
        let one = tcb.flags.contains(Flags::FAST_RECOVERY) && tcb.records.lost() <= self.mss();
        let pipe = tcb.records.pipe(tcb.flight_size());
        let held =
            !one && pipe > 0 && pipe.saturating_add(self.mss()) > self.env.congestion.window(self.words);
        if held || !seq.lt(edge) {
            return None;
        }
        let data = tcb.data_end().distance(seq).min(lost).min(edge.distance(seq)).min(self.mss());
        let (len, fin) = if seq.ge(tcb.data_end()) {
            (0, true)
        } else {
            let whole = seq + data == tcb.data_end() && lost > data;
            (data, whole && tcb.flags.contains(Flags::FIN_SENT))
        };
        Some(Next { seq, len, control: self.data_control(seq + len, fin), kind: Kind::Again, run: 0 })
    }

    /// Data that were never sent, and the FIN behind them.
    fn next_new(&self) -> Option<Next> {
        let tcb = &*self.tcb;
        if tcb.flags.contains(Flags::FIN_SENT) {
            return None;
        }
        let seq = tcb.snd_nxt;
        let queued = tcb.data_end().distance(seq);
        let closing = tcb.flags.contains(Flags::FIN_QUEUED);
        if queued == 0 && !closing {
            return None;
        }
        let mss = self.mss();
        let edge = tcb.snd_una + tcb.snd_wnd;
        let offered = if seq.lt(edge) { edge.distance(seq) } else { 0 };
        let cwnd = self.env.congestion.window(self.words).saturating_add(self.limited_transmit());
        let permitted = cwnd.saturating_sub(tcb.records.pipe(tcb.flight_size()));
        let permitted = permitted.min(offered);
        let len = queued.min(mss).min(permitted);
        let last = len == queued;
        // A FIN takes one place in the window as well.
        let fin = closing && last && offered > len;
        if len == 0 && !fin {
            return None;
        }
        let idle = tcb.flight_size() == 0;
        let nagle = idle || fin || tcb.flags.contains(Flags::NAGLE_OFF);
        let worth = len == mss
            || (last && nagle)
            || (len > 0 && len >= tcb.max_snd_wnd / 2)
            || tcb.flags.contains(Flags::OVERRIDE);
        let run = if len == mss { queued.saturating_sub(1).min(permitted).saturating_sub(len) } else { 0 };
        worth.then_some(Next { seq, len, control: self.data_control(seq + len, fin), kind: Kind::New, run })
    }

    /// One octet (or the FIN) into a closed window, or a keep-alive probe.
    fn next_probe(&self) -> Option<Next> {
        let tcb = &*self.tcb;
        if tcb.flags.contains(Flags::PROBE_DUE) {
            let seq = tcb.snd_una;
            let len = tcb.data_end().distance(seq).min(1);
            let control = self.data_control(seq + len, len == 0);
            return Some(Next { seq, len, control, kind: Kind::Probe, run: 0 });
        }
        if tcb.flags.contains(Flags::KEEP_ALIVE_DUE) {
            return Some(Next {
                seq: tcb.snd_nxt - 1,
                len: 0,
                control: Control::ACK,
                kind: Kind::KeepAlive,
                run: 0,
            });
        }
        None
    }

    /// PSH stands on the last of what is queued, RFC 9293 §3.9.1.2 MUST-61.
    fn data_control(&self, end: SeqNum, fin: bool) -> Control {
        let mut control = Control::ACK;
        control.set(Control::FIN, fin);
        control.set(Control::PSH, end == self.tcb.data_end() && !self.tcb.tx.is_empty());
        control
    }

    /// Hands one segment to the IP layer.
    fn emit(&mut self, ip: &mut dyn IpLayer, next: &Next) -> Result<(), SendError> {
        let mut area;
        let options: &[u8] = if next.control.contains(Control::SYN) {
            area = [0; tcp::MAX_OPTIONS_LEN];
            self.syn_options(&mut area)
        } else {
            &[]
        };
        let fields = Fields {
            src_port: self.tcb.local_port(),
            dst_port: self.tcb.remote_port(),
            seq: next.seq.0,
            ack: if next.control.contains(Control::ACK) { self.tcb.rcv_nxt.0 } else { 0 },
            flags: next.control,
            window: self.window_field(next),
            urgent: 0,
        };
        let payload = if next.len == 0 {
            [&[][..], &[][..]]
        } else {
            let offset = next.seq.distance(self.tcb.data_start());
            self.tcb.tx.slices(self.tx, offset, next.len)
        };
        let [first, second] = payload;
        let len = tcp::HEADER_LEN + options.len() + first.len() + second.len();
        let (checksum, partial) = checksum_for(&self.tcb.path, self.tcb.pseudo_sum);
        let outgoing = Outgoing {
            protocol: IpProtocol::TCP,
            hop_limit: self.tcb.hop_limit,
            traffic_class: self.tcb.traffic_class,
            // A path below our floor is left to fragmentation; those of IPv6 never are.
            flags: if self.tcb.path.mtu() >= self.env.config.mss_floor + 40 {
                partial.union(OutFlags::DONT_FRAGMENT)
            } else {
                partial
            },
        };
        ip.send(&mut self.tcb.path, outgoing, len, &mut move |buffer: &mut [u8]| {
            let wrote = tcp::emit(buffer, &fields, options, payload, checksum);
            debug_assert!(wrote.is_ok(), "the buffer has the length that was asked for");
        })
    }

    /// Our options on a SYN: MSS, and window scale unless the peer's SYN came without.
    fn syn_options<'b>(&self, area: &'b mut [u8; tcp::MAX_OPTIONS_LEN]) -> &'b [u8] {
        let tcb = &*self.tcb;
        let offer = tcb.state == State::SynSent || tcb.flags.contains(Flags::SCALED);
        let options = Options {
            mss: Some(tcb.path.max_segment_len().saturating_sub(20)),
            window_scale: offer.then(|| shift_for(tcb.rx.size())),
            ..Options::default()
        };
        let len = options.emit(area).unwrap_or(0);
        area.get(..len).unwrap_or_default()
    }

    /// SEG.WND: never scaled on a SYN, RFC 7323 §2.2.
    fn window_field(&mut self, next: &Next) -> u16 {
        if next.control.contains(Control::SYN) {
            return u16::try_from(self.tcb.rx.free()).unwrap_or(u16::MAX);
        }
        if next.kind != Kind::Reset {
            self.tcb.rcv_edge = self.tcb.next_edge(self.env.config.mss_floor);
        }
        u16::try_from(self.tcb.rcv_wnd() >> self.tcb.rcv_shift).unwrap_or(u16::MAX)
    }

    /// The segment is gone, or counts as lost on the way.
    fn on_sent(&mut self, next: &Next) {
        count(&mut self.stats.segments_sent);
        if next.kind == Kind::Reset {
            count(&mut self.stats.resets_sent);
            self.tcb.flags.remove(Flags::RESET_DUE | Flags::ACK_NOW);
            return;
        }
        if next.control.contains(Control::ACK) {
            self.tcb.flags.remove(Flags::ACK_NOW);
            self.tcb.delayed_ack.stop();
            self.tcb.unacked_segments = 0;
        }
        let occupies =
            u32::from(next.control.contains(Control::SYN)) + u32::from(next.control.contains(Control::FIN));
        let octets = next.len + occupies;
        if next.kind == Kind::Probe {
            count(&mut self.stats.probes);
            self.tcb.flags.remove(Flags::PROBE_DUE);
        }
        match next.kind {
            Kind::New | Kind::Probe if next.seq == self.tcb.snd_nxt => self.on_sent_new(next, octets),
            Kind::New | Kind::Again | Kind::Probe => {
                if next.kind == Kind::Probe {
                    self.tcb.records.mark_lost(self.records, next.seq, octets);
                }
                self.tcb.records.on_retransmit(self.records, next.seq, octets, self.now);
                self.count_again(octets);
            }
            Kind::KeepAlive => {
                count(&mut self.stats.keep_alives);
                self.tcb.flags.remove(Flags::KEEP_ALIVE_DUE);
            }
            Kind::Ack | Kind::Reset => {}
        }
        if octets > 0 && !self.tcb.retransmit.is_running() {
            self.start_retransmit_timer();
        }
        add(&mut self.stats.octets_sent, usize::try_from(next.len).unwrap_or(0));
        self.tcb.octets_sent += u64::from(next.len);
    }

    fn count_again(&mut self, octets: u32) {
        if octets > 0 {
            count(&mut self.stats.retransmits);
            self.tcb.retransmissions = self.tcb.retransmissions.wrapping_add(1);
        }
        self.tcb.last_sent = self.now;
    }

    fn on_sent_new(&mut self, next: &Next, octets: u32) {
        if self.tcb.flight_size() == 0 && next.kind == Kind::New {
            self.tcb.progress = self.now;
            // Whatever ran was the persist or override timer.
            self.start_retransmit_timer();
        }
        self.tcb.records.on_send(self.records, octets, self.now);
        self.tcb.snd_nxt += octets;
        self.tcb.last_sent = self.now;
        self.tcb.flags.remove(Flags::OVERRIDE);
        if next.control.contains(Control::FIN) {
            self.tcb.flags.insert(Flags::FIN_SENT);
        }
    }

    /// After a visit: with nothing in flight but something to send, a timer must bring us back. Zero window:
    /// §3.8.6.1; too small a window to be worth it: §3.8.6.2.1.
    pub(crate) fn start_persist_timer(&mut self) {
        let tcb = &*self.tcb;
        if tcb.retransmit.is_running()
            || !tcb.state.is_synchronized()
            || !tcb.state.is_live()
            || tcb.flight_size() > 0
            || !tcb.has_unsent()
        {
            return;
        }
        let span = if tcb.snd_wnd == 0 { self.persist_span() } else { self.env.config.sws_override };
        self.tcb.retransmit = Deadline::at(self.now + span);
        self.tcb.progress = self.now;
    }

    /// Ends what `Ended::TimedOut` and its like leave behind.
    pub(crate) fn time_out(&mut self) {
        count(&mut self.stats.timed_out);
        let how = if self.tcb.flags.contains(Flags::SOFT_ERROR) && !self.tcb.state.is_synchronized() {
            Ended::Unreachable
        } else {
            Ended::TimedOut
        };
        self.end(how);
    }
}

/// How a segment on `path` gets its checksum: from the link where that completes them.
pub(crate) fn checksum_for(path: &Path, pseudo_sum: Sum) -> (Checksum, OutFlags) {
    if path.has_checksum_offload() {
        (Checksum::Partial(pseudo_sum), OutFlags::PARTIAL_CHECKSUM)
    } else {
        (Checksum::Full(pseudo_sum), OutFlags::empty())
    }
}
