//! One connection with all that its steps need, borrowed from the engine for the time of a call.

use crate::challenge::Limiter;
use crate::config::Config;
use crate::congestion::{Ack, Congestion};
use crate::events;
use crate::pool::Pool;
use crate::ranges::Range;
use crate::records::Record;
use crate::rtt::RtoConfig;
use crate::state::State;
use crate::statistics::Statistics;
use crate::tcb::{Ended, Flags, Slot};
use core::time::Duration;
use tersus_ip::{Deadline, Instant, Random};
use tersus_wire::tcp::{Fields, Flags as Control};

/// What all connections share and none changes.
pub(crate) struct Env<'a> {
    pub(crate) config: Config,
    pub(crate) rto: RtoConfig,
    pub(crate) congestion: &'a dyn Congestion,
}

/// A connection at work.
pub(crate) struct Connection<'s, 'a> {
    pub(crate) tcb: &'s mut Slot,
    /// The congestion control's words.
    pub(crate) words: &'s mut [u32],
    /// The regions that the rings lie in.
    pub(crate) rx: &'s mut [u8],
    pub(crate) tx: &'s mut [u8],
    pub(crate) records: &'s mut Pool<'a, Record>,
    pub(crate) ranges: &'s mut Pool<'a, Range>,
    pub(crate) env: &'s Env<'a>,
    pub(crate) limiter: &'s mut Limiter,
    pub(crate) random: &'s Random,
    pub(crate) stats: &'s mut Statistics,
    pub(crate) now: Instant,
}

impl Connection<'_, '_> {
    /// Changes the state and stops the timers that the new one lacks.
    pub(crate) fn enter(&mut self, state: State) {
        self.tcb.state = state;
        match state {
            State::Closed | State::TimeWait => {
                self.tcb.stop_timers();
                self.tcb.records.clear(self.records);
                self.tcb.ranges.clear(self.ranges);
            }
            State::FinWait2 => self.start_idle_timer(),
            _ => {}
        }
    }

    /// The connection is over, by both FINs or otherwise.
    pub(crate) fn end(&mut self, how: Ended) {
        if self.tcb.ended == Ended::No {
            self.tcb.ended = how;
        }
        events::raise(self.tcb, events::ENDED | events::READABLE);
        self.enter(State::Closed);
        self.tcb.tx.clear();
        // What was received in order before a normal end may still be read, RFC 9293 §3.10.7.4; after a reset
        // nothing may.
        if how != Ended::Finished {
            self.tcb.rx.clear();
        }
        self.tcb.flags.remove(Flags::PROBE_DUE | Flags::KEEP_ALIVE_DUE);
        if how != Ended::Finished {
            self.tcb.flags.remove(Flags::ACK_NOW);
        }
    }

    /// Both SYNs are exchanged.
    pub(crate) fn establish(&mut self) {
        let mss = self.mss();
        let tries = self.tcb.rtt.backoff();
        self.env.congestion.start(self.words, mss, tries);
        if tries > 0 {
            self.tcb.rtt.on_established_after_syn_timeout();
        }
        self.tcb.last_sent = self.now;
        self.enter(State::Established);
        self.start_idle_timer();
        if self.tcb.flags.contains(Flags::FIN_QUEUED) {
            self.enter(State::FinWait1);
        }
    }

    /// The ACK that tells the truth about the connection.
    pub(crate) fn ack_fields(&self) -> Fields {
        Fields {
            src_port: self.tcb.local_port(),
            dst_port: self.tcb.remote_port(),
            seq: self.tcb.snd_nxt.0,
            ack: self.tcb.rcv_nxt.0,
            flags: Control::ACK,
            window: u16::try_from(self.tcb.rcv_wnd() >> self.tcb.rcv_shift).unwrap_or(u16::MAX),
            urgent: 0,
        }
    }

    /// SMSS.
    pub(crate) fn mss(&self) -> u32 {
        self.tcb.mss(self.env.config.mss_floor)
    }

    /// The current RTO.
    pub(crate) fn rto(&self) -> Duration {
        Duration::from_micros(self.tcb.rtt.rto_us(&self.env.rto).into())
    }

    /// Starts the retransmission timer anew, RFC 6298 §5.1 to §5.3.
    pub(crate) fn start_retransmit_timer(&mut self) {
        let rto_us = self.tcb.rtt.rto_us(&self.env.rto);
        self.tcb.retransmit = Deadline::at(self.now.plus_micros(rto_us.into()));
    }

    /// The peer was heard, or the state changed: the time of silence starts anew.
    pub(crate) fn start_idle_timer(&mut self) {
        let config = &self.env.config;
        let span = match self.tcb.state {
            State::FinWait2 if self.tcb.flags.contains(Flags::RELEASED) => config.fin_wait_2,
            State::Closed | State::SynSent | State::SynReceived | State::TimeWait => return,
            _ if self.tcb.flags.contains(Flags::KEEP_ALIVE) => config.keep_alive_idle,
            _ => return self.tcb.idle.stop(),
        };
        self.tcb.idle = Deadline::at(self.now + span);
    }

    /// What the congestion control is told of an acknowledgement.
    pub(crate) fn ack_sample(&self, acked: u32, flight_size: u32) -> Ack {
        Ack { acked, flight_size, smss: self.mss(), srtt_us: self.tcb.rtt.srtt_us(), now: self.now }
    }
}
