//! HyStart++, RFC 9406: the first slow start ends when round trips grow longer, before the queue overflows.
//!
//! ```text
//!   slow start ── a round's least RTT grew by RttThresh ──▶ conservative slow start ── five rounds ──▶ avoidance
//!       ▲                                                       │
//!       └──────── a round's least RTT fell below the baseline ──┘
//! ```
//! A round ends when what was SND.NXT at its start is acknowledged. Where the peer acknowledges so seldom that a round has
//! less than eight samples, nothing changes: it is slow start without HyStart++.

use super::Ack;
use crate::seq::SeqNum;

/// RFC 9406 §4.3: MIN_RTT_THRESH, in µs.
const MIN_RTT_THRESH_US: u32 = 4_000;
/// MAX_RTT_THRESH, in µs.
const MAX_RTT_THRESH_US: u32 = 16_000;
/// MIN_RTT_DIVISOR.
const MIN_RTT_DIVISOR: u32 = 8;
/// N_RTT_SAMPLE.
const N_RTT_SAMPLE: u32 = 8;
/// CSS_GROWTH_DIVISOR.
pub(super) const CSS_GROWTH_DIVISOR: u32 = 4;
/// CSS_ROUNDS.
const CSS_ROUNDS: u32 = 5;

/// How the first slow start looks at round-trip times: a value for [`Reno`](super::Reno) and [`Cubic`](super::Cubic),
/// so that whoever does without does not link it. Later slow starts, after a timeout, never do (RFC 9406 §4.2).
#[derive(Clone, Copy, Debug)]
pub struct HyStart {
    pub(super) on_ack: fn(&mut [u32; WORDS], &Ack) -> Phase,
}

impl HyStart {
    /// With the constants of RFC 9406 §4.3; L is [`Reno::segments_per_ack`](super::Reno::segments_per_ack).
    pub const RFC9406: Self = Self { on_ack };
}

/// Words that it needs; zeros: no round has begun.
pub(super) const WORDS: usize = 5;

/// A round has begun.
const BEGUN: u32 = 1 << 16;
/// Conservative slow start; the rounds that it has lasted are counted above.
const CSS: u32 = 1 << 17;
const CSS_ROUND: u32 = 1 << 18;
/// Samples in this round, in the lower half.
const SAMPLES: u32 = 0xffff;

/// The words of a connection. Round-trip times are in µs; 0 stands for the RFC's infinity.
struct State<'a> {
    window_end: &'a mut u32,
    last_round_min: &'a mut u32,
    current_round_min: &'a mut u32,
    css_baseline: &'a mut u32,
    progress: &'a mut u32,
}

/// How slow start goes on after an acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    SlowStart,
    /// Growth is a fourth of that.
    Conservative,
    /// Congestion avoidance begins: ssthresh = cwnd.
    Over,
}

/// Takes in an acknowledgement of the first slow start.
fn on_ack(words: &mut [u32; WORDS], ack: &Ack) -> Phase {
    let [window_end, last_round_min, current_round_min, css_baseline, progress] = words;
    State { window_end, last_round_min, current_round_min, css_baseline, progress }.on_ack(ack)
}

impl State<'_> {
    fn on_ack(&mut self, ack: &Ack) -> Phase {
        // §4.2: the ACK of the old window's end begins a new round.
        let ends_round = SeqNum(ack.snd_una).ge(SeqNum(*self.window_end));
        if *self.progress & BEGUN == 0 || ends_round {
            self.begin_round(ack);
            if *self.progress & CSS != 0 && self.end_css_round() {
                return Phase::Over;
            }
        }
        if ack.rtt_us != 0 {
            *self.current_round_min = least(*self.current_round_min, ack.rtt_us);
            if *self.progress & SAMPLES < SAMPLES {
                *self.progress += 1;
            }
        }
        if *self.progress & SAMPLES >= N_RTT_SAMPLE && *self.current_round_min != 0 {
            self.judge();
        }
        if *self.progress & CSS == 0 {
            Phase::SlowStart
        } else {
            Phase::Conservative
        }
    }

    fn begin_round(&mut self, ack: &Ack) {
        *self.window_end = ack.snd_nxt;
        // Before the first round both are 0.
        *self.last_round_min = *self.current_round_min;
        *self.current_round_min = 0;
        *self.progress = *self.progress & !SAMPLES | BEGUN;
    }

    /// A round of conservative slow start is over; whether that was the last. The one in which it began counts as well.
    fn end_css_round(&mut self) -> bool {
        *self.progress = self.progress.saturating_add(CSS_ROUND);
        *self.progress / CSS_ROUND >= CSS_ROUNDS
    }

    /// Enough samples were seen in this round.
    fn judge(&mut self) {
        if *self.progress & CSS == 0 {
            let last = *self.last_round_min;
            let threshold = (last / MIN_RTT_DIVISOR).clamp(MIN_RTT_THRESH_US, MAX_RTT_THRESH_US);
            if last != 0 && *self.current_round_min >= last.saturating_add(threshold) {
                *self.css_baseline = *self.current_round_min;
                *self.progress |= CSS;
            }
        } else if *self.current_round_min < *self.css_baseline {
            // It was jitter.
            *self.css_baseline = 0;
            *self.progress &= SAMPLES | BEGUN;
        }
    }
}

/// The smaller one, where 0 means infinity.
fn least(a: u32, b: u32) -> u32 {
    if a == 0 {
        b
    } else {
        a.min(b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tersus_ip::Instant;

    /// A round of ten segments at sequence number `from`: an acknowledgement each, with these round-trip times.
    fn round(words: &mut [u32; WORDS], number: u32, rtts_ms: [u32; 10]) -> Phase {
        let start = number.wrapping_mul(10_000).wrapping_sub(15_000);
        let mut phase = Phase::SlowStart;
        for (rtt, n) in rtts_ms.into_iter().zip(0u32..) {
            let snd_una = start.wrapping_add(n * 1_000);
            let ack = Ack {
                acked: 1_000,
                flight_size: 10_000,
                smss: 1_000,
                srtt_us: 0,
                rtt_us: rtt * 1_000,
                snd_una,
                snd_nxt: snd_una.wrapping_add(10_000),
                now: Instant::ZERO,
            };
            phase = on_ack(words, &ack);
            if phase == Phase::Over {
                break;
            }
        }
        phase
    }

    // conf: TCP-CUB-11
    #[test]
    fn a_round_that_is_slower_by_the_threshold_ends_slow_start_five_rounds_later() {
        use Phase::{Conservative, Over, SlowStart};
        // RTT of the first round and of the second, whether that is enough: an eighth, at least 4 ms, at most 16 ms
        for (first, second, slower) in [
            (10, 13, false),
            (10, 14, true),
            (80, 89, false),
            (80, 90, true),
            (800, 815, false),
            (800, 816, true),
            (80, 40, false),
        ] {
            let mut words = [0; WORDS];
            assert_eq!(round(&mut words, 0, [first; 10]), SlowStart);
            let want = if slower { Conservative } else { SlowStart };
            assert_eq!(round(&mut words, 1, [second; 10]), want, "{first} ms, then {second}");
            for number in 2..6 {
                assert_eq!(round(&mut words, number, [second; 10]), want, "round {number}");
            }
            let want = if slower { Over } else { SlowStart };
            assert_eq!(round(&mut words, 6, [second; 10]), want, "{first} ms, then {second}");
        }
    }

    #[test]
    fn round_trips_that_get_shorter_again_resume_slow_start() {
        let mut words = [0; WORDS];
        round(&mut words, 0, [50; 10]);
        assert_eq!(round(&mut words, 1, [70; 10]), Phase::Conservative);
        assert_eq!(round(&mut words, 2, [70; 10]), Phase::Conservative);
        assert_eq!(round(&mut words, 3, [69; 10]), Phase::SlowStart);
        // And it can end anew, with all its rounds.
        assert_eq!(round(&mut words, 4, [90; 10]), Phase::Conservative);
        for number in 5..9 {
            assert_eq!(round(&mut words, number, [90; 10]), Phase::Conservative);
        }
        assert_eq!(round(&mut words, 9, [90; 10]), Phase::Over);
    }

    #[test]
    fn few_samples_and_single_fast_ones_change_nothing() {
        let mut words = [0; WORDS];
        // Seven samples, then none.
        let few = [50, 50, 50, 50, 50, 50, 50, 0, 0, 0];
        for number in 0..20 {
            assert_eq!(round(&mut words, number, few.map(|rtt| rtt * (number + 1))), Phase::SlowStart);
        }
        // The least of a round counts: one fast packet shows that there is no queue.
        let mut words = [0; WORDS];
        round(&mut words, 0, [50; 10]);
        assert_eq!(round(&mut words, 1, [51, 99, 99, 99, 99, 99, 99, 99, 99, 99]), Phase::SlowStart);
    }
}
