//! The connection variables, RFC 9293 §3.3.1: one slot per connection.
//!
//! ```text
//!   send:      snd_una           snd_nxt       snd_una + snd_wnd
//!   -------------+-----------------+-------------------+-----------
//!   acknowledged |    in flight    |  may be sent now  |  not yet
//!
//!   receive:   rcv_nxt                          rcv_edge
//!   -------------+---------------------------------+---------------
//!   received     |  acceptable: rcv_wnd            |  not acceptable
//! ```
//! The send ring starts at `snd_una` (one later while our SYN is unacknowledged), the receive ring ends at
//! `rcv_nxt`; data ahead of a gap lie behind that end, noted in the pool of ranges.

use crate::config::{Ecn, KeepAlive, Nagle, Options, Timestamps};
use crate::ecn::EcnFlags;
use crate::error::Outcome;
use crate::icmp::SoftError;
use crate::ranges::Ranges;
use crate::records::Records;
use crate::recovery::Repair;
use crate::ring::Ring;
use crate::rtt::Rtt;
use crate::seq::SeqNum;
use crate::shared::{Limits, Shared};
use crate::soon::Soon;
use crate::state::State;
use core::time::Duration;
use tersus_ip::{Deadline, Instant, Path};

bitflags::bitflags! {
    /// What is to be done and what has happened, one bit each.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub(crate) struct Flags: u32 {
        /// An ACK is to leave in the next visit.
        const ACK_NOW = 1;
        /// The user closed: a FIN follows the data.
        const FIN_QUEUED = 1 << 1;
        /// The FIN was sent at least once: it is the octet before `snd_nxt`.
        const FIN_SENT = 1 << 2;
        /// The peer's FIN was seen; it stands at `fin_seq`.
        const FIN_SEEN = 1 << 3;
        /// An RST is to leave in the next visit.
        const RESET_DUE = 1 << 4;
        /// The handle was given back.
        const RELEASED = 1 << 5;
        /// Established, waits in a listener's accept queue.
        const IN_QUEUE = 1 << 6;
        /// Small segments do not wait.
        const NAGLE_OFF = 1 << 8;
        /// The idle connection is probed.
        const KEEP_ALIVE = 1 << 9;
        /// Both SYNs carried a window scale option.
        const SCALED = 1 << 10;
        /// Loss found by duplicate ACKs is being repaired up to `recover`, RFC 6582.
        const FAST_RECOVERY = 1 << 11;
        /// Loss found by a timeout is being repaired up to `recover`; without SACK, until an ACK covers more.
        const TIMEOUT_RECOVERY = 1 << 12;
        /// A zero-window probe is to leave; with `Marks::LOSS_PROBE` a tail loss probe.
        const PROBE_DUE = 1 << 13;
        /// The last timer expiry was a zero-window probe's.
        const PROBING = 1 << 14;
        /// A keep-alive probe is to leave.
        const KEEP_ALIVE_DUE = 1 << 15;
        /// The sender's SWS delay has passed: what fits may leave.
        const OVERRIDE = 1 << 16;
        /// The peer made progress: the IP layer may know.
        const REACHABLE = 1 << 17;
        /// R1 was reached: the IP layer should know.
        const SUSPECT = 1 << 18;
        /// Both SYNs carried SACK-permitted.
        const SACK_OK = 1 << 7;
        /// A segment with data waits for its ACK.
        const UNACKED = 1 << 19;
        /// Both SYNs carried timestamps.
        const TIMESTAMPS = 1 << 20;
        /// The user wants timestamps.
        const TIMESTAMPS_WANTED = 1 << 30;
        /// The look-up leads to this slot.
        const IN_INDEX = 1 << 21;
        /// The retransmission timer has expired since the last progress.
        const EXPIRED = 1 << 22;
        /// A connection, and not a free slot.
        const IN_USE = 1 << 23;
        /// The next visit starts the timer of silence anew.
        const START_IDLE = 1 << 24;
        /// Data that may leave wait for `next_send`.
        const HELD = 1 << 31;
        /// `rcv_up` is a mark that the user may not have read up to.
        const URGENT_IN = 1 << 25;
        /// `snd_mark` is SND.UP, a mark that the peer may not have acknowledged.
        const URGENT_OUT = 1 << 26;
        /// What is queued leaves without waiting for company.
        const PUSHED = 1 << 27;
        /// The user reads no more.
        const RECV_SHUT = 1 << 28;
        /// Small segments wait for company, even with nothing in flight.
        const CORKED = 1 << 29;
        /// What a visit does beside sending.
        const OWED = Self::REACHABLE.bits() | Self::SUSPECT.bits() | Self::START_IDLE.bits();
    }
}

/// How a connection ended, in one octet; zero: it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub(crate) enum Ended {
    #[default]
    No,
    Finished,
    Reset,
    Refused,
    TimedOut,
    Unreachable,
    Aborted,
}

/// One connection; all zeros: free.
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    /// Addresses, route and prepared IP header.
    pub(crate) path: Path,
    /// As they arrive: the peer's in the upper half.
    pub(crate) ports: u32,
    pub(crate) flags: Flags,
    /// Moves whenever the slot is freed.
    pub(crate) generation: u16,
    /// Free list, or accept queue: index plus one of the next.
    pub(crate) link: u16,
    /// Index of the listener, while `IN_QUEUE`.
    pub(crate) listener: u16,
    pub(crate) state: State,
    pub(crate) ended: Ended,
    /// Shifts of RFC 7323 §2.3, 0 unless `SCALED`.
    pub(crate) snd_shift: u8,
    pub(crate) rcv_shift: u8,
    pub(crate) class: u8,
    pub(crate) hop_limit: u8,
    pub(crate) traffic_class: u8,
    /// Keep-alive probes since the peer was last heard.
    pub(crate) probes: u8,
    /// Duplicate ACKs in a row, saturating.
    pub(crate) duplicate_acks: u8,
    /// So many full segments are still acknowledged one by one, because of a gap.
    pub(crate) quick_acks: u8,
    /// Challenge ACKs sent in the current five seconds.
    pub(crate) challenges: u8,
    /// The five seconds that `challenges` counts in, modulo 256.
    pub(crate) challenge_period: u8,
    /// When the IP layer was last told that the peer answers, in units of 2^20 microseconds modulo 256.
    pub(crate) advised: u8,
    /// Pending events of the user's, see `events`.
    pub(crate) events: u8,
    pub(crate) ecn: EcnFlags,
    /// What the peer's MSS option said, or the default.
    pub(crate) peer_mss: u16,
    /// SMSS, see [`Slot::set_mss`].
    pub(crate) smss: u16,
    /// When TS.Recent was set, in units of 2^30 µs modulo 2^16.
    pub(crate) ts_recent_at: u16,

    pub(crate) snd_una: SeqNum,
    /// Scaled up.
    pub(crate) snd_wnd: u32,
    /// The largest `snd_wnd` ever.
    pub(crate) max_snd_wnd: u32,
    pub(crate) snd_wl1: SeqNum,
    pub(crate) iss: SeqNum,
    /// SND.NXT when the loss was found that is being repaired, or at the first duplicate ACK.
    pub(crate) recover: SeqNum,
    /// SND.UP if `URGENT_OUT`: behind the last urgent octet of the user's. Otherwise behind the last small segment
    /// that was sent, see [`Slot::has_small_in_flight`]; both at once are not needed.
    pub(crate) snd_mark: SeqNum,
    /// SND.NXT when cwnd was last reduced, of a connection with ECN.
    pub(crate) cwr_end: SeqNum,

    pub(crate) rcv_nxt: SeqNum,
    /// Right edge of the window that was last announced, not rounded by scaling.
    pub(crate) rcv_edge: SeqNum,
    /// Where the peer's FIN stands, if `FIN_SEEN`.
    pub(crate) fin_seq: SeqNum,
    /// RCV.UP: behind the last urgent octet of the peer's, if `URGENT_IN`.
    pub(crate) rcv_up: SeqNum,

    /// TS.Recent, RFC 7323 §4.3.
    pub(crate) ts_recent: u32,
    /// What our clock is ahead of the engine's.
    pub(crate) ts_offset: u32,

    pub(crate) tx: Ring,
    pub(crate) rx: Ring,
    pub(crate) ranges: Ranges,
    pub(crate) records: Records,
    pub(crate) rtt: Rtt,
    pub(crate) repair: Repair,

    /// RFC 6298 §5: send what is in flight again. With nothing in flight: zero-window probe, §3.8.6.1, or the
    /// override of SWS avoidance, §3.8.6.2.1.
    pub(crate) retransmit: Deadline,
    /// RFC 9293 §3.8.6.3: an ACK waits no longer than this.
    pub(crate) delayed_ack: Soon,
    /// Pacing: no data leave before. It is a deadline while `HELD`.
    pub(crate) next_send: Soon,
    /// Keep-alive, §3.8.4; in FIN-WAIT-2 of a released connection: give up.
    pub(crate) idle: Deadline,
    /// When something was sent into an empty flight, or the peer last acknowledged something new: R2 and the user
    /// timeout count from here.
    pub(crate) progress: Instant,
    /// When data were last sent.
    pub(crate) last_sent: Instant,
    /// User timeout in milliseconds; 0: none.
    pub(crate) user_timeout_ms: u32,
    pub(crate) soft_error: SoftError,

    /// Counters of this connection.
    pub(crate) retransmissions: u32,
    pub(crate) octets_sent: u64,
    pub(crate) octets_received: u64,
}

impl Slot {
    /// A free slot.
    pub const FREE: Self = Self {
        path: Path::EMPTY,
        ports: 0,
        flags: Flags::empty(),
        generation: 0,
        link: 0,
        listener: 0,
        state: State::Closed,
        ended: Ended::No,
        snd_shift: 0,
        rcv_shift: 0,
        class: 0,
        hop_limit: 0,
        traffic_class: 0,
        probes: 0,
        duplicate_acks: 0,
        quick_acks: 0,
        challenges: 0,
        challenge_period: 0,
        advised: 0,
        events: 0,
        ecn: EcnFlags::empty(),
        peer_mss: 0,
        smss: 0,
        snd_una: SeqNum(0),
        snd_wnd: 0,
        max_snd_wnd: 0,
        snd_wl1: SeqNum(0),
        iss: SeqNum(0),
        recover: SeqNum(0),
        snd_mark: SeqNum(0),
        cwr_end: SeqNum(0),
        rcv_nxt: SeqNum(0),
        rcv_edge: SeqNum(0),
        fin_seq: SeqNum(0),
        rcv_up: SeqNum(0),
        ts_recent: 0,
        ts_recent_at: 0,
        ts_offset: 0,
        tx: Ring::new(0, 0),
        rx: Ring::new(0, 0),
        ranges: Ranges::NONE,
        records: Records::NONE,
        rtt: Rtt::NONE,
        repair: Repair::NONE,
        retransmit: Deadline::NONE,
        delayed_ack: Soon::NONE,
        next_send: Soon::NONE,
        idle: Deadline::NONE,
        progress: Instant::ZERO,
        last_sent: Instant::ZERO,
        user_timeout_ms: 0,
        soft_error: SoftError::No,
        retransmissions: 0,
        octets_sent: 0,
        octets_received: 0,
    };

    /// Takes over the user's settings.
    pub(crate) fn set_options(&mut self, options: &Options) {
        self.flags.set(Flags::NAGLE_OFF, options.nagle == Nagle::Off);
        self.flags.set(Flags::CORKED, options.nagle == Nagle::Cork);
        self.flags.set(Flags::KEEP_ALIVE, options.keep_alive == KeepAlive::On);
        self.flags.set(Flags::TIMESTAMPS_WANTED, options.timestamps == Timestamps::On);
        self.user_timeout_ms = millis_rounded_up(options.user_timeout);
        self.hop_limit = options.hop_limit;
        self.traffic_class = options.traffic_class & 0xfc;
        self.class = options.class;
        self.ecn.set(EcnFlags::REQUEST, options.ecn == Ecn::Request);
        self.ecn.set(EcnFlags::OFF, options.ecn == Ecn::Off);
    }

    pub(crate) fn local_port(&self) -> u16 {
        let [_, _, a, b] = self.ports.to_be_bytes();
        u16::from_be_bytes([a, b])
    }

    pub(crate) fn remote_port(&self) -> u16 {
        let [a, b, ..] = self.ports.to_be_bytes();
        u16::from_be_bytes([a, b])
    }

    /// SND.NXT: all that was sent is recorded.
    #[inline]
    pub(crate) fn snd_nxt(&self) -> SeqNum {
        self.records.end()
    }

    /// RCV.WND, as it was last announced.
    pub(crate) fn rcv_wnd(&self) -> u32 {
        self.rcv_edge.distance(self.rcv_nxt)
    }

    /// Octets of sequence space that are in flight.
    pub(crate) fn flight_size(&self) -> u32 {
        self.snd_nxt().distance(self.snd_una)
    }

    /// Whether a small segment is unacknowledged, which Nagle's rule asks in the form of RFC 9293 Appendix A.3; `flight`
    /// is FlightSize. While there is urgent data all that is in flight counts: such a segment goes unnoted.
    #[inline]
    pub(crate) fn has_small_in_flight(&self, flight: u32) -> bool {
        if self.flags.contains(Flags::URGENT_OUT) {
            return flight > 0;
        }
        // Any number but those in flight is old, however far numbers have come round.
        (self.snd_mark - 1).in_range(self.snd_una, self.snd_una + flight)
    }

    /// So many new octets of data left, up to SND.NXT. A full segment that had to make room for SACK blocks passes for a
    /// small one: the next waits for it as it would under the strict rule.
    #[inline]
    pub(crate) fn note_small(&mut self, len: u32) {
        if len > 0 && len < self.mss() && !self.flags.contains(Flags::URGENT_OUT) {
            self.snd_mark = self.snd_nxt();
        }
    }

    /// Sequence number of the first octet in the send ring.
    pub(crate) fn data_start(&self) -> SeqNum {
        match self.state {
            State::SynSent | State::SynReceived => self.snd_una + 1,
            _ => self.snd_una,
        }
    }

    /// Sequence number after the last octet in the send ring: the FIN's, if one follows.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn data_end(&self) -> SeqNum {
        if self.fin_is_acked() {
            self.snd_una
        } else {
            self.data_start() + self.tx.len()
        }
    }

    /// Whether our FIN was sent and acknowledged.
    pub(crate) fn fin_is_acked(&self) -> bool {
        self.flags.contains(Flags::FIN_SENT) && self.snd_una == self.snd_nxt()
    }

    /// Whether data or a FIN have not been sent even once.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn has_unsent(&self) -> bool {
        let fin = self.flags.contains(Flags::FIN_QUEUED) && !self.flags.contains(Flags::FIN_SENT);
        fin || self.data_end().gt(self.snd_nxt())
    }

    /// SMSS, RFC 9293 §3.7.1: octets of payload that the peer takes and the path carries beside our options.
    #[inline]
    pub(crate) fn mss(&self) -> u32 {
        self.smss.into()
    }

    /// Notes SMSS, which hangs on the path's MTU and on what was agreed on.
    pub(crate) fn set_mss(&mut self, limits: &Limits) {
        let path = self.path.max_segment_len().saturating_sub(20);
        let whole = self.peer_mss.min(path).max(limits.mss_floor);
        self.smss = whole.saturating_sub(self.options_len()).max(1);
    }

    /// The right edge of the window to announce: it moves in steps worth telling, and never back. RFC 9293
    /// §3.8.6.2.2.
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    pub(crate) fn next_edge(&self, shared: &Shared<'_>) -> SeqNum {
        let size = shared.receive_limit(self.rx.size());
        let most = size.saturating_sub(self.rx.len()).min(u32::from(u16::MAX) << self.rcv_shift);
        let edge = self.rcv_nxt + most;
        if !edge.gt(self.rcv_edge) {
            return self.rcv_edge;
        }
        let step = (size / 2).min(self.mss());
        if edge.distance(self.rcv_edge) >= step {
            edge
        } else {
            self.rcv_edge
        }
    }

    /// How the connection ended, if it has.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        Some(match self.ended {
            Ended::No => return None,
            Ended::Finished => Outcome::Finished,
            Ended::Reset => Outcome::Reset,
            Ended::Refused => Outcome::Refused,
            Ended::TimedOut => Outcome::TimedOut,
            Ended::Unreachable => Outcome::Unreachable(self.soft_error.kind()?),
            Ended::Aborted => Outcome::Aborted,
        })
    }

    /// When the user timeout ends the connection, if one is set and something is outstanding.
    pub(crate) fn give_up(&self) -> Deadline {
        let never = matches!(self.user_timeout_ms, 0 | u32::MAX);
        if never || !self.retransmit.is_running() {
            return Deadline::NONE;
        }
        Deadline::at(self.progress.plus_micros(u64::from(self.user_timeout_ms) * 1_000))
    }

    /// The earliest of all timers.
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    pub(crate) fn next_deadline(&self, now: Instant) -> Deadline {
        let mut next = self.retransmit.earlier(self.idle);
        if self.user_timeout_ms != 0 {
            next = next.earlier(self.give_up());
        }
        if self.delayed_ack.is_running() {
            next = next.earlier(self.delayed_ack.deadline(now));
        }
        if self.flags.contains(Flags::HELD) {
            next = next.earlier(self.held_until(now));
        }
        next
    }

    /// Whether nobody needs the slot any more.
    pub(crate) fn is_over(&self) -> bool {
        self.flags.contains(Flags::RELEASED)
            && !self.state.is_live()
            && !self.flags.intersects(Flags::RESET_DUE | Flags::ACK_NOW)
    }

    /// Stops all timers.
    pub(crate) fn stop_timers(&mut self) {
        self.retransmit.stop();
        self.delayed_ack.stop();
        self.idle.stop();
        self.flags.remove(Flags::HELD);
    }
}

fn millis_rounded_up(span: Duration) -> u32 {
    if span.is_zero() {
        return 0;
    }
    let whole = span.as_secs().saturating_mul(1_000);
    let rest = span.subsec_nanos().div_ceil(1_000_000);
    u32::try_from(whole.saturating_add(rest.into())).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flag_has_a_bit_of_its_own() {
        use bitflags::Flags as _;
        let bits =
            || Flags::FLAGS.iter().map(|flag| flag.value().bits()).filter(|bits| bits.is_power_of_two());
        assert_eq!(bits().map(u64::from).sum::<u64>(), u64::from(bits().fold(0, |all, one| all | one)));
    }

    #[test]
    fn a_connection_is_as_small_as_planned() {
        // With its share of the side tables: two cells, a deadline, five links.
        let side = 2 * 4 + 8 + 5 * 2;
        let size = core::mem::size_of::<Slot>() + side;
        // 4 of them are for pacing, 8 for ECN, 8 for the urgent mechanism, 48 for recovery by SACK, RACK and undoing, 10 for
        // timestamps.
        assert!(size <= 402, "{size}");
    }
}
