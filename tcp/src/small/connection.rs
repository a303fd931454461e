//! One connection: the variables of RFC 9293 §3.3.1, and when it next has something to do.

use super::Instant;
use crate::ring::Ring;
use crate::seq::SeqNum;
use crate::state::State;
use crate::Outcome;
use tersus_ip::{Deadline, Path};

bitflags::bitflags! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) struct Flags: u32 {
        /// To be visited in the next turn.
        const READY = 1;
        /// Waits for the next hop: until the generation moves.
        const PARKED = 1 << 1;
        /// Waits for room on its interface.
        const BLOCKED = 1 << 2;
        /// An ACK is to leave now.
        const ACK_NOW = 1 << 3;
        /// The user closed: a FIN follows the data.
        const FIN_QUEUED = 1 << 4;
        /// The oldest segment is to be sent again.
        const RESEND = 1 << 5;
        /// Something is to be sent though window or silly window avoidance forbid it.
        const FORCE = 1 << 6;
        /// A keep-alive probe is to leave.
        const PROBE = 1 << 7;
        /// An RST is to leave, and then the connection is gone.
        const RESET = 1 << 8;
        /// A listener opened it.
        const PASSIVE = 1 << 9;
        /// A user has its handle.
        const HELD = 1 << 10;
        /// A round trip is being timed.
        const TIMING = 1 << 11;
        /// Both sides scale windows.
        const SCALED = 1 << 12;
        /// The peer takes SACK.
        const SACK = 1 << 13;
        /// Fast recovery, RFC 6582.
        const RECOVERY = 1 << 14;
        const KEEP_ALIVE = 1 << 15;
        /// Its user wants small segments at once.
        const NO_DELAY = 1 << 16;
        /// It was given back before it was over.
        const RELEASED = 1 << 17;
        /// A SYN of ours timed out, RFC 6298 §5, rule 5.7.
        const SYN_LOST = 1 << 18;
        /// Either of the two.
        const WAITS = 1 << 1 | 1 << 2;
    }
}

/// How a connection ended; the value of none is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum End {
    None,
    Finished,
    Reset,
    Refused,
    TimedOut,
    Aborted,
}

impl End {
    pub(super) fn outcome(self) -> Option<Outcome> {
        match self {
            Self::None => None,
            Self::Finished => Some(Outcome::Finished),
            Self::Reset => Some(Outcome::Reset),
            Self::Refused => Some(Outcome::Refused),
            Self::TimedOut => Some(Outcome::TimedOut),
            Self::Aborted => Some(Outcome::Aborted),
        }
    }
}

/// One connection: an entry of the table that [`Storage`](super::Storage) holds.
// In this order: on small processors, instructions of two octets reach octets up to 31, half words up to 62 and words up
// to 124 octets behind the start of a structure.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Connection {
    pub(super) state: State,
    pub(super) end: End,
    /// Shift of the windows that the peer announces, RFC 7323 §2, and of ours.
    pub(super) snd_shift: u8,
    pub(super) rcv_shift: u8,
    pub(super) dup_acks: u8,
    /// Expirations without an answer.
    pub(super) tries: u8,
    /// Expirations since the last sign of progress.
    pub(super) backoff: u8,
    pub(super) generation: u16,
    pub(super) mss: u16,
    /// As they arrive: the peer's in the upper half.
    pub(super) ports: u32,
    pub(super) flags: Flags,
    /// Octets of payload that a segment carries: of the peer's option and of the path.
    pub(super) smss: u32,
    pub(super) iss: SeqNum,
    pub(super) snd_una: SeqNum,
    pub(super) snd_nxt: SeqNum,
    /// Behind all that was ever sent.
    pub(super) snd_max: SeqNum,
    pub(super) snd_wnd: u32,
    pub(super) snd_wl1: SeqNum,
    pub(super) snd_wl2: SeqNum,
    pub(super) max_snd_wnd: u32,
    pub(super) rcv_nxt: SeqNum,
    /// Right edge of the window that the peer was told.
    pub(super) rcv_edge: SeqNum,
    /// What came ahead of a gap, if `ahead_end` lies behind it.
    pub(super) ahead: SeqNum,
    pub(super) ahead_end: SeqNum,
    pub(super) cwnd: u32,
    pub(super) ssthresh: u32,
    /// RFC 6582: recovery ends with an ACK of this, and duplicates of ACKs up to it tell of no loss.
    pub(super) recover: SeqNum,
    /// SRTT in microseconds, times eight; 0: no sample yet.
    srtt_x8: u32,
    /// RTTVAR in microseconds, times four.
    rttvar_x4: u32,
    /// What is being timed, and since when: the lower half of an instant.
    pub(super) timed: SeqNum,
    pub(super) timed_at: u32,
    pub(super) tx: Ring,
    pub(super) rx: Ring,
    /// Retransmission, probe, TIME-WAIT, FIN-WAIT-2 or keep-alive: what it means follows from the rest.
    pub(super) timer: Deadline,
    pub(super) ack_at: Deadline,
    /// The way to the peer; of MTU 0 until it is decided.
    pub(super) path: Path,
}

impl Connection {
    /// A free entry.
    pub const FREE: Self = Self {
        state: State::Closed,
        end: End::None,
        snd_shift: 0,
        rcv_shift: 0,
        dup_acks: 0,
        tries: 0,
        backoff: 0,
        generation: 0,
        mss: 0,
        ports: 0,
        flags: Flags::empty(),
        smss: 0,
        iss: SeqNum(0),
        snd_una: SeqNum(0),
        snd_nxt: SeqNum(0),
        snd_max: SeqNum(0),
        snd_wnd: 0,
        snd_wl1: SeqNum(0),
        snd_wl2: SeqNum(0),
        max_snd_wnd: 0,
        rcv_nxt: SeqNum(0),
        rcv_edge: SeqNum(0),
        ahead: SeqNum(0),
        ahead_end: SeqNum(0),
        cwnd: 0,
        ssthresh: 0,
        recover: SeqNum(0),
        srtt_x8: 0,
        rttvar_x4: 0,
        timed: SeqNum(0),
        timed_at: 0,
        tx: Ring::new(0, 0),
        rx: Ring::new(0, 0),
        timer: Deadline::NONE,
        ack_at: Deadline::NONE,
        path: Path::EMPTY,
    };

    /// Becomes a free entry whose buffers lie there.
    pub(super) fn clear(&mut self, rx: Ring, tx: Ring) {
        self.path = Path::EMPTY;
        // Without the path: a constant of which a part is copied would lie in flash.
        *self = Self { rx, tx, path: self.path, ..Self::FREE };
    }

    /// Starts anew, with nothing of the connection before but buffers and the number of the next handle. The path, which
    /// is left as it was, is still to be given.
    pub(super) fn begin(&mut self, ports: u32, iss: SeqNum) {
        let (mut rx, mut tx) = (self.rx, self.tx);
        rx.clear();
        tx.clear();
        *self = Self {
            generation: self.generation.wrapping_add(1),
            mss: 536,
            ports,
            flags: Flags::READY,
            iss,
            snd_una: iss,
            snd_nxt: iss,
            snd_max: iss,
            recover: iss,
            ssthresh: u32::MAX,
            tx,
            rx,
            path: self.path,
            ..Self::FREE
        };
        while self.rcv_shift < 14 && rx.size() >> self.rcv_shift > u32::from(u16::MAX) {
            self.rcv_shift += 1;
        }
    }

    pub(super) fn local_port(&self) -> u16 {
        let [_, _, c, d] = self.ports.to_be_bytes();
        u16::from_be_bytes([c, d])
    }

    pub(super) fn remote_port(&self) -> u16 {
        let [a, b, _, _] = self.ports.to_be_bytes();
        u16::from_be_bytes([a, b])
    }

    /// Whether another connection may take the entry.
    pub(super) fn is_free(&self) -> bool {
        self.state == State::Closed && !self.flags.intersects(Flags::HELD.union(Flags::RESET))
    }

    /// The connection is over.
    #[inline(never)]
    pub(super) fn finish(&mut self, end: End) {
        self.state = State::Closed;
        self.end = end;
        self.timer.stop();
        self.ack_at.stop();
        self.flags = self.flags.intersection(Flags::HELD);
    }

    /// The timer starts anew, to end in so many microseconds.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(super) fn start(&mut self, micros: u32, now: Instant) {
        self.timer = Deadline::at(now.plus_micros(u64::from(micros)));
    }

    /// Notes what a segment carries now.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(super) fn note_smss(&mut self) {
        // No floor of ours moves the path's.
        let path = self.path.max_segment_len().saturating_sub(20).max(1);
        self.smss = u32::from(self.mss.min(path));
    }

    /// Octets sent and not acknowledged.
    pub(super) fn flight(&self) -> u32 {
        self.snd_max.distance(self.snd_una)
    }

    /// A round trip was timed, RFC 6298 §2, rules 2.2 and 2.3. That alone ends the back-off, by Karn's rule (§5): where a
    /// round trip takes longer than the timeout, an ACK is of what was sent again, and tells nothing.
    pub(super) fn on_sample(&mut self, micros: u32) {
        self.backoff = 0;
        // Four minutes at most: scaled by eight it still fits.
        let rtt = micros.clamp(1, 1 << 28);
        if self.srtt_x8 == 0 {
            self.srtt_x8 = rtt * 8;
            self.rttvar_x4 = rtt * 2;
        } else {
            let delta = (self.srtt_x8 / 8).abs_diff(rtt);
            self.rttvar_x4 = self.rttvar_x4 - self.rttvar_x4 / 4 + delta;
            self.srtt_x8 = self.srtt_x8 - self.srtt_x8 / 8 + rtt;
        }
    }

    /// The timeout in microseconds, RFC 6298 §2: a second to a minute, doubled with each expiration.
    pub(super) fn rto(&self) -> u32 {
        let base = match self.srtt_x8 {
            0 if self.flags.contains(Flags::SYN_LOST) => 3_000_000,
            0 => 0,
            srtt => srtt / 8 + self.rttvar_x4.max(1000),
        };
        (base.clamp(1_000_000, 60_000_000) << self.backoff.min(6)).min(60_000_000)
    }

    /// Whether data may still come.
    pub(super) fn may_receive(&self) -> bool {
        matches!(self.state, State::Established | State::FinWait1 | State::FinWait2)
    }

    /// When it next has something to do.
    pub(super) fn next_deadline(&self) -> Deadline {
        if self.flags.intersects(Flags::WAITS) {
            // The end of the wait causes the turn.
            return Deadline::NONE;
        }
        if self.flags.contains(Flags::READY) {
            return Deadline::at(Instant::ZERO);
        }
        self.timer.earlier(self.ack_at)
    }

    /// Moves the right edge of the window if that is worth telling (RFC 9293 §3.8.6.2.2), and returns what the field of
    /// a segment says of it.
    pub(super) fn window(&mut self, shift: u8) -> u16 {
        let edge = self.rcv_nxt + self.rx.free();
        if edge.distance(self.rcv_edge) >= self.least_step() {
            self.rcv_edge = edge;
        }
        u16::try_from(self.rcv_edge.distance(self.rcv_nxt) >> shift).unwrap_or(u16::MAX)
    }

    /// By how much a window must have opened to be told.
    pub(super) fn least_step(&self) -> u32 {
        (self.rx.size() / 2).min(self.smss)
    }
}

/// Time for what is measured in minutes at most: microseconds, counted modulo 2^32.
pub(super) fn lower_half(now: Instant) -> u32 {
    let [a, b, c, d, ..] = now.micros().to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}
