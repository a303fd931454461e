//! One connection: the variables of RFC 9293 §3.3.1, and when it next has something to do.

use super::{Instant, MSS_FLOOR};
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
        /// A SYN of ours timed out, RFC 6298 §5.7.
        const SYN_LOST = 1 << 18;
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

/// One connection: an entry of the table that [`super::Storage`] holds.
#[derive(Debug, Clone, Copy)]
pub struct Connection {
    /// The way to the peer; of MTU 0 until it is decided.
    pub(super) path: Path,
    pub(super) local_port: u16,
    pub(super) remote_port: u16,
    pub(super) generation: u16,
    pub(super) mss: u16,
    pub(super) flags: Flags,
    pub(super) state: State,
    pub(super) end: End,
    /// Shift of the windows that the peer announces, RFC 7323 §2.
    pub(super) snd_shift: u8,
    pub(super) dup_acks: u8,
    /// Expirations without an answer.
    pub(super) tries: u8,
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
    /// RFC 6582: recovery ends with an ACK of this.
    pub(super) recover: SeqNum,
    /// SRTT in microseconds, times eight; 0: no sample yet.
    srtt_x8: u32,
    /// RTTVAR in microseconds, times four.
    rttvar_x4: u32,
    /// Expirations since the last sign of progress.
    pub(super) backoff: u8,
    /// What is being timed, and since when.
    pub(super) timed: SeqNum,
    pub(super) timed_at: Instant,
    /// Retransmission, probe, TIME-WAIT, FIN-WAIT-2 or keep-alive: what it means follows from the rest.
    pub(super) timer: Deadline,
    pub(super) ack_at: Deadline,
    pub(super) rx: Ring,
    pub(super) tx: Ring,
}

impl Connection {
    /// A free entry.
    pub const FREE: Self = Self {
        path: Path::EMPTY,
        local_port: 0,
        remote_port: 0,
        generation: 0,
        mss: 0,
        flags: Flags::empty(),
        state: State::Closed,
        end: End::None,
        snd_shift: 0,
        dup_acks: 0,
        tries: 0,
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
        backoff: 0,
        timed: SeqNum(0),
        timed_at: Instant::ZERO,
        timer: Deadline::NONE,
        ack_at: Deadline::NONE,
        rx: Ring::new(0, 0),
        tx: Ring::new(0, 0),
    };

    /// A free entry whose buffers lie there.
    pub(super) const fn over(rx: u32, rx_size: u32, tx: u32, tx_size: u32) -> Self {
        Self { rx: Ring::new(rx, rx_size), tx: Ring::new(tx, tx_size), ..Self::FREE }
    }

    /// Starts anew, with nothing of the connection before but buffers and the number of the next handle.
    pub(super) fn begin(&mut self, path: Path, local_port: u16, remote_port: u16, iss: SeqNum) {
        let (mut rx, mut tx) = (self.rx, self.tx);
        rx.clear();
        tx.clear();
        *self = Self {
            path,
            local_port,
            remote_port,
            generation: self.generation.wrapping_add(1),
            mss: 536,
            flags: Flags::READY,
            iss,
            snd_una: iss,
            snd_nxt: iss,
            snd_max: iss,
            ssthresh: u32::MAX,
            recover: iss,
            rx,
            tx,
            ..Self::FREE
        };
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

    /// Octets of payload that a segment carries: of the peer's option and of the path.
    pub(super) fn smss(&self) -> u32 {
        let path = self.path.max_segment_len().saturating_sub(20).max(MSS_FLOOR);
        u32::from(self.mss.min(path))
    }

    /// Octets sent and not acknowledged.
    pub(super) fn flight(&self) -> u32 {
        self.snd_max.distance(self.snd_una)
    }

    /// Behind the last octet that waits to be acknowledged or sent, FIN excluded.
    pub(super) fn data_end(&self) -> SeqNum {
        self.snd_una + self.tx.len()
    }

    /// A round trip was timed, RFC 6298 §2.2 and §2.3.
    pub(super) fn on_sample(&mut self, micros: u32) {
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
    pub(super) fn rto(&self) -> u64 {
        let base = match self.srtt_x8 {
            0 if self.flags.contains(Flags::SYN_LOST) => 3_000_000,
            0 => 0,
            srtt => srtt / 8 + self.rttvar_x4.max(1000),
        };
        u64::from((base.clamp(1_000_000, 60_000_000) << self.backoff.min(6)).min(60_000_000))
    }

    /// Whether data may still come.
    pub(super) fn may_receive(&self) -> bool {
        matches!(self.state, State::Established | State::FinWait1 | State::FinWait2)
    }

    /// When it next has something to do.
    pub(super) fn poll_at(&self) -> Option<Instant> {
        if self.flags.intersects(Flags::PARKED.union(Flags::BLOCKED)) {
            // The end of the wait causes the turn.
            return None;
        }
        if self.flags.contains(Flags::READY) {
            return Some(Instant::ZERO);
        }
        self.timer.earlier(self.ack_at).instant()
    }

    /// Moves the right edge of the window if that is worth telling (RFC 9293 §3.8.6.2.2), and returns what the field of
    /// a segment says of it.
    pub(super) fn window(&mut self) -> u16 {
        let edge = self.rcv_nxt + self.rx.free();
        if edge.distance(self.rcv_edge) >= self.least_step() {
            self.rcv_edge = edge;
        }
        let shift = if self.flags.contains(Flags::SCALED) { shift_for(self.rx.size()) } else { 0 };
        u16::try_from(self.rcv_edge.distance(self.rcv_nxt) >> shift).unwrap_or(u16::MAX)
    }

    /// By how much a window must have opened to be told.
    pub(super) fn least_step(&self) -> u32 {
        (self.rx.size() / 2).min(self.smss()).max(1)
    }
}

/// The shift that makes a window of `size` octets fit its field.
pub(super) fn shift_for(size: u32) -> u8 {
    let mut shift = 0;
    while shift < 14 && size >> shift > u32::from(u16::MAX) {
        shift += 1;
    }
    shift
}
