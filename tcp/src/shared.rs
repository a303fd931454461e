//! What the steps of a connection use beside its own variables: pools, buffers, settings, counters, the time.
//!
//! A step is a method of [`Slot`](crate::tcb::Slot) that gets this as an argument: two pointers, and nothing is put
//! together for a visit.

use crate::challenge::Limiter;
use crate::config::Config;
use crate::congestion::Congestion;
use crate::duties::Duties;
use crate::growth::Growing;
use crate::info::Figures;
use crate::pacing::Pacing;
use crate::pool::Pool;
use crate::ranges::Range;
use crate::records::{Acked, Record};
use crate::rtt::RtoConfig;
use crate::sack::Dsack;
use crate::statistics::Statistics;
use crate::timestamps::{Clock, Timestamping};
use crate::trace::Sink;
use crate::watch::{Observer, Watch};
use core::time::Duration;
use tersus_ip::{Deadline, Instant, Random};

/// What all connections share.
pub(crate) struct Shared<'a> {
    /// The regions that the rings lie in.
    pub(crate) rx: &'a mut [u8],
    pub(crate) tx: &'a mut [u8],
    /// The congestion control's words, of all connections.
    pub(crate) words: &'a mut [u32],
    /// How many of them each has.
    pub(crate) words_each: usize,
    pub(crate) records: Pool<'a, Record>,
    pub(crate) ranges: Pool<'a, Range>,
    pub(crate) limits: Limits,
    pub(crate) rto: RtoConfig,
    pub(crate) congestion: &'a dyn Congestion,
    pub(crate) duties: &'static Duties,
    /// A duty as well, unless the configuration has them off.
    pub(crate) timestamps: Option<&'static Timestamping>,
    /// Where connections are watched, if they are.
    pub(crate) watch: Option<&'static Watch>,
    /// Those who watch: for a trace, and for figures.
    pub(crate) observers: [Option<Observer>; 2],
    pub(crate) sink: Option<Sink<'a>>,
    /// What is counted of each connection, where there is a place.
    pub(crate) figures: &'a mut [Figures],
    /// Windows that grow, if they are to.
    pub(crate) growing: Option<Growing<'a>>,
    pub(crate) limiter: Limiter,
    pub(crate) random: Random,
    pub(crate) stats: Statistics,
    /// Octets that came twice and are to be reported.
    pub(crate) dsack: Dsack,
    /// The duty, if the congestion control makes use of it.
    pub(crate) pacing: Option<Pacing>,
    /// What the segment at work brought; counts with `pacing` alone.
    pub(crate) acked: Acked,
    /// Octets of data that the visit at work may still send; counts with `pacing` alone.
    pub(crate) burst: u32,
    /// The clock that TSval shows.
    pub(crate) clock: Clock,
    /// The connection at work.
    pub(crate) id: u16,
    /// The moment of the turn, or of the last one for what the user calls.
    pub(crate) now: Instant,
}

impl Shared<'_> {
    /// The congestion control's words of the connection at work.
    pub(crate) fn words(&self) -> &[u32] {
        if self.words_each == 0 {
            return &[];
        }
        let first = usize::from(self.id) * self.words_each;
        self.words.get(first..first + self.words_each).unwrap_or_default()
    }

    /// The same, to be changed.
    pub(crate) fn words_mut(&mut self) -> &mut [u32] {
        let first = usize::from(self.id) * self.words_each;
        self.words.get_mut(first..first + self.words_each).unwrap_or_default()
    }

    /// The moment so many microseconds from now, as a deadline.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn after(&self, micros: u64) -> Deadline {
        Deadline::at(self.now.plus_micros(micros))
    }

    /// cwnd of the connection at work.
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    pub(crate) fn cwnd(&self) -> u32 {
        self.congestion.window(self.words())
    }
}

/// The settings as the steps use them: spans in microseconds, all in range.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) r2: u64,
    pub(crate) r2_syn: u64,
    pub(crate) keep_alive_idle: u64,
    pub(crate) keep_alive_interval: u64,
    pub(crate) time_wait: u64,
    pub(crate) fin_wait_2: u64,
    pub(crate) half_open: u32,
    pub(crate) delayed_ack: u32,
    pub(crate) quick_acks: u8,
    pub(crate) quick_acks_after_gap: u8,
    pub(crate) sws_override: u32,
    pub(crate) challenge_acks_overall: u16,
    pub(crate) mss_floor: u16,
    pub(crate) first_port: u16,
    pub(crate) last_port: u16,
    pub(crate) r1: u8,
    pub(crate) keep_alive_count: u8,
    pub(crate) challenge_acks: u8,
}

const MILLISECOND: u32 = 1_000;
const SECOND: u32 = 1_000 * MILLISECOND;
const HOUR: u32 = 3_600 * SECOND;

impl Limits {
    /// Brings what is outside of its range into it.
    pub(crate) fn new(config: &Config) -> Self {
        let first_port = config.first_port.max(1);
        Self {
            r2: wide(config.r2),
            r2_syn: wide(config.r2_syn),
            keep_alive_idle: wide(config.keep_alive_idle).max(MILLISECOND.into()),
            keep_alive_interval: wide(config.keep_alive_interval).max(MILLISECOND.into()),
            time_wait: wide(config.time_wait),
            fin_wait_2: wide(config.fin_wait_2),
            half_open: within(config.half_open, SECOND, HOUR),
            delayed_ack: within(config.delayed_ack, 0, 499 * MILLISECOND),
            quick_acks: config.quick_acks,
            quick_acks_after_gap: config.quick_acks_after_gap,
            sws_override: within(config.sws_override, 100 * MILLISECOND, SECOND),
            challenge_acks_overall: config.challenge_acks_overall,
            mss_floor: config.mss_floor.clamp(1, 536),
            first_port,
            last_port: config.last_port.max(first_port),
            r1: config.r1,
            keep_alive_count: config.keep_alive_count.max(2),
            challenge_acks: config.challenge_acks,
        }
    }
}

impl RtoConfig {
    /// Brings what is outside of its range into it.
    pub(crate) fn of(config: &Config) -> Self {
        let min_us = within(config.rto_min, 10 * MILLISECOND, HOUR);
        let max_us = within(config.rto_max, min_us.max(SECOND), HOUR);
        let initial_us = within(config.rto_initial, min_us, max_us);
        Self { initial_us, min_us, max_us, ..Self::DEFAULT }
    }
}

/// Out of line: wide arithmetic on small processors.
#[inline(never)]
fn wide(span: Duration) -> u64 {
    tersus_ip::span_micros(span)
}

#[inline(never)]
fn within(span: Duration, least: u32, most: u32) -> u32 {
    u32::try_from(wide(span)).unwrap_or(u32::MAX).max(least).min(most)
}
