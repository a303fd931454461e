//! CUBIC, RFC 9438: the window grows with the time since the last loss, not with the round trips, and fastest far
//! from where the loss was.
//!
//! ```text
//!   cwnd              concave          convex
//!    ^                                    /          W_cubic(t) = C (t - K)^3 + W_max
//!  W_max . . . . . . _.-------.---- . . ./. .        K = cubic root of (W_max - cwnd) / C
//!    |            .-'                 _-'            C = 0.4, windows in segments, times in seconds
//!    |          /
//!    |   beta  /                                     Where Reno would be faster, it is followed: W_est.
//!    +--------+---------------+------------> t
//!             0               K
//! ```
//! Integers only: octets, milliseconds, cubic roots to the millisecond.
//!
//! The first slow start is HyStart++'s (§4.10, RFC 9406), unless it is turned off: with growth as steep as CUBIC's, its
//! overshoot costs most. Until there is an ssthresh its words lie where the cubic function's will.

use super::hystart::{self, HyStart, Phase};
use super::reno::{self, Reno};
use super::{Ack, Congestion, Expiry, Loss, Pacing, Recovery};
use tersus_ip::Instant;

/// 1 / C in the units used here: milliseconds cubed for each segment, 10^9 / 0.4.
const MS_CUBED_PER_SEGMENT: u64 = 2_500_000_000;
/// Beyond this distance from K, in milliseconds, growth goes on as it is there.
const MS_MAX: u32 = 60_000;
/// No loss yet, or the last was told by the timer.
const UNKNOWN: u32 = 0;
/// Growth by time has not begun.
const NO_EPOCH: u32 = 0;

/// CUBIC, RFC 9438, with NewReno's recovery.
#[derive(Clone, Copy, Debug)]
pub struct Cubic {
    /// Slow start, the initial and the restart window, pacing.
    pub slow_start: Reno,
}

impl Cubic {
    /// With ten segments to begin with, HyStart++, and L = 8 as RFC 9406 §4.3 has it.
    pub const DEFAULT: Self =
        Self { slow_start: Reno { segments_per_ack: 8, hystart: Some(HyStart::RFC9406), ..Reno::DEFAULT } };

    /// The same, paced. L has no limit then, as RFC 9406 §4.3 has it.
    pub const PACED: Self = Self {
        slow_start: Reno { segments_per_ack: 255, pacing: Some(Pacing::DEFAULT), ..Self::DEFAULT.slow_start },
    };
}

impl Default for Cubic {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The words of a connection. The first three are Reno's.
struct State<'a> {
    cwnd: &'a mut u32,
    ssthresh: &'a mut u32,
    /// What is left of the last division for `w_est`: cwnd parts of an octet.
    counted: &'a mut u32,
    /// W_max, in octets, or `UNKNOWN`.
    w_max: &'a mut u32,
    /// K, in milliseconds.
    k_ms: &'a mut u32,
    /// When this congestion avoidance stage began, in milliseconds modulo 2^32, or `NO_EPOCH`.
    epoch_ms: &'a mut u32,
    /// W_est, in octets.
    w_est: &'a mut u32,
    /// cwnd before the last reduction, in octets.
    cwnd_prior: &'a mut u32,
    /// What is left of the last division: cwnd parts of an octet.
    remainder: &'a mut u32,
}

const WORDS: usize = 9;

fn state(words: &mut [u32]) -> Option<State<'_>> {
    let [cwnd, ssthresh, counted, w_max, k_ms, epoch_ms, w_est, cwnd_prior, remainder] =
        words.first_chunk_mut::<WORDS>()?;
    Some(State { cwnd, ssthresh, counted, w_max, k_ms, epoch_ms, w_est, cwnd_prior, remainder })
}

/// The same when a loss is told: what the first slow start kept in their place is gone.
fn after_first_slow_start(words: &mut [u32]) -> Option<State<'_>> {
    let [_, ssthresh, _, rest @ ..] = words.first_chunk_mut::<WORDS>()?;
    if *ssthresh == u32::MAX {
        rest.fill(0);
    }
    state(words)
}

/// beta = 0.7 of a window.
fn reduced(window: u32) -> u32 {
    (window / 10).saturating_mul(7).saturating_add(window % 10 * 7 / 10)
}

/// §4.6, from FlightSize. Where no other segment would have fitted the window, that is cwnd: what it has above whole segments
/// was not in flight, but was found by the same growth.
fn new_ssthresh(cwnd: u32, loss: &Loss) -> u32 {
    let is_full = loss.flight_size.saturating_add(loss.smss) > cwnd;
    let window = if is_full { cwnd } else { loss.flight_size };
    reduced(window).max(loss.smss.saturating_mul(2))
}

/// `a * b / whole`, with what the last such division left, and what this one leaves.
fn split(a: u32, b: u32, left: u32, whole: u32) -> (u32, u32) {
    let (parts, whole) = (u64::from(a) * u64::from(b), u64::from(whole.max(1)));
    let parts = parts.saturating_add(left.into());
    let [step, rest] = [parts / whole, parts % whole].map(|part| u32::try_from(part).unwrap_or(u32::MAX));
    (step, rest)
}

/// The largest number whose cube is not above `n`.
fn cubic_root(n: u64) -> u32 {
    let (mut root, mut rest) = (0u64, n);
    // Three bits of `n` make one of the root.
    for shift in (0..=63).rev().step_by(3) {
        root *= 2;
        let step = 3 * root * (root + 1) + 1;
        if rest >> shift >= step {
            rest -= step << shift;
            root += 1;
        }
    }
    u32::try_from(root).unwrap_or(u32::MAX)
}

fn millis(now: Instant) -> u32 {
    let [a, b, c, d, ..] = (now.micros() / 1000).to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

impl State<'_> {
    /// A congestion avoidance stage begins: §4.2, or §4.8 after a timeout.
    fn begin(&mut self, ack: &Ack) {
        *self.epoch_ms = millis(ack.now) | 1;
        *self.k_ms = if *self.w_max == UNKNOWN || *self.cwnd >= *self.w_max {
            *self.w_max = *self.cwnd;
            0
        } else {
            let missing = u64::from(*self.w_max - *self.cwnd);
            let cube = missing.saturating_mul(MS_CUBED_PER_SEGMENT) / u64::from(ack.smss.max(1));
            cubic_root(cube).min(MS_MAX)
        };
        *self.w_est = *self.cwnd;
        *self.counted = 0;
        *self.remainder = 0;
    }

    /// W_cubic(t), in octets.
    fn w_cubic(&self, t_ms: u32, smss: u32) -> u32 {
        let distance = u64::from(t_ms.abs_diff(*self.k_ms).min(MS_MAX));
        let octets = distance.pow(3).saturating_mul(smss.into()) / MS_CUBED_PER_SEGMENT;
        let octets = u32::try_from(octets).unwrap_or(u32::MAX);
        if t_ms < *self.k_ms {
            self.w_max.saturating_sub(octets)
        } else {
            self.w_max.saturating_add(octets).min(reno::CWND_MAX)
        }
    }

    /// §4.3: what Reno would have. It gains 9/17 of a segment a round trip, which makes up for the smaller reduction,
    /// until it has won back what was there before.
    fn follow_reno(&mut self, ack: &Ack) {
        let share = if *self.w_est < *self.cwnd_prior {
            ack.acked / 17 * 9 + ack.acked % 17 * 9 / 17
        } else {
            ack.acked
        };
        let (step, rest) = split(share, ack.smss, *self.counted, *self.cwnd);
        *self.counted = rest;
        *self.w_est = self.w_est.saturating_add(step).min(reno::CWND_MAX);
    }

    /// Congestion avoidance, §4.2 to §4.5.
    fn avoid_congestion(&mut self, ack: &Ack) {
        if *self.epoch_ms == NO_EPOCH {
            self.begin(ack);
        }
        self.follow_reno(ack);
        let t = millis(ack.now).wrapping_sub(*self.epoch_ms);
        // A clock that stepped back is one that stood still.
        let t = if t > u32::MAX / 2 { 0 } else { t };
        if self.w_cubic(t, ack.smss) < *self.w_est {
            *self.cwnd = (*self.cwnd).max(*self.w_est);
            return;
        }
        let most = self.cwnd.saturating_add(*self.cwnd / 2);
        let target = self.w_cubic(t.saturating_add(ack.srtt_us / 1000), ack.smss).min(most);
        let missing = target.saturating_sub(*self.cwnd);
        let (step, rest) = split(missing, ack.acked, *self.remainder, *self.cwnd);
        *self.remainder = rest;
        // No acknowledgement opens the window by more than it covers.
        *self.cwnd = self.cwnd.saturating_add(step.min(ack.acked)).min(reno::CWND_MAX);
    }
}

/// An acknowledgement above ssthresh. Out of line: slow start shall not have the stack frame of this.
#[cfg_attr(not(target_pointer_width = "32"), inline(never))]
fn after_slow_start(words: &mut [u32], ack: &Ack) {
    let Some(mut state) = state(words) else { return };
    if ack.flight_size < *state.cwnd / 2 {
        // A window that was not half used was not tested. The time without a test does not count, §4.2.
        *state.epoch_ms = NO_EPOCH;
        return;
    }
    state.avoid_congestion(ack);
}

impl Congestion for Cubic {
    fn words(&self) -> usize {
        WORDS
    }

    fn start(&self, words: &mut [u32], smss: u32, syn_retransmissions: u8) {
        words.fill(0);
        self.slow_start.start(words, smss, syn_retransmissions);
    }

    fn window(&self, words: &[u32]) -> u32 {
        self.slow_start.window(words)
    }

    fn ssthresh(&self, words: &[u32]) -> u32 {
        self.slow_start.ssthresh(words)
    }

    fn on_ack(&self, words: &mut [u32], ack: &Ack) {
        let Some([cwnd, ssthresh, _, rest @ ..]) = words.first_chunk_mut::<WORDS>() else { return };
        if *cwnd >= *ssthresh {
            return after_slow_start(words, ack);
        }
        let hystart = rest.first_chunk_mut::<{ hystart::WORDS }>();
        if self.slow_start.slow_start(cwnd, ssthresh, hystart, ack) == Phase::Over {
            rest.fill(0);
        }
    }

    fn enter_recovery(&self, words: &mut [u32], loss: &Loss, recovery: Recovery) {
        let Some(state) = after_first_slow_start(words) else { return };
        *state.cwnd_prior = *state.cwnd;
        // Fast convergence, §4.7: who loses before the last plateau makes room for newcomers.
        *state.w_max = if *state.cwnd < *state.w_max {
            (*state.cwnd / 20).saturating_mul(17).saturating_add(*state.cwnd % 20 * 17 / 20)
        } else {
            *state.cwnd
        };
        *state.epoch_ms = NO_EPOCH;
        *state.ssthresh = new_ssthresh(*state.cwnd, loss);
        *state.cwnd = match recovery {
            Recovery::NewReno => state.ssthresh.saturating_add(loss.smss.saturating_mul(3)),
            Recovery::Sack => *state.ssthresh,
        };
    }

    fn on_duplicate_ack(&self, words: &mut [u32], smss: u32) {
        self.slow_start.on_duplicate_ack(words, smss);
    }

    fn on_partial_ack(&self, words: &mut [u32], acked: u32, smss: u32) {
        self.slow_start.on_partial_ack(words, acked, smss);
    }

    fn exit_recovery(&self, words: &mut [u32], flight_size: u32, smss: u32) {
        self.slow_start.exit_recovery(words, flight_size, smss);
    }

    fn on_timeout(&self, words: &mut [u32], loss: &Loss, expiry: Expiry) {
        let Some(state) = after_first_slow_start(words) else { return };
        if expiry == Expiry::First {
            *state.cwnd_prior = *state.cwnd;
            *state.ssthresh = new_ssthresh(*state.cwnd, loss);
        }
        *state.cwnd = loss.smss;
        *state.w_max = UNKNOWN;
        *state.epoch_ms = NO_EPOCH;
    }

    fn is_paced(&self) -> bool {
        self.slow_start.is_paced()
    }

    fn pacing_rate(&self, words: &[u32], srtt_us: u32) -> Option<u64> {
        self.slow_start.pacing_rate(words, srtt_us)
    }

    fn undo(&self, words: &mut [u32], cwnd: u32, ssthresh: u32) {
        self.slow_start.undo(words, cwnd, ssthresh);
        let Some(state) = state(words) else { return };
        // Growth goes on from where it was, §4.9; back in the first slow start the words are HyStart++'s.
        *state.w_max = if ssthresh == u32::MAX { UNKNOWN } else { (*state.w_max).max(cwnd) };
        *state.k_ms = 0;
        *state.epoch_ms = NO_EPOCH;
        *state.w_est = 0;
        *state.cwnd_prior = 0;
        *state.remainder = 0;
    }

    fn after_idle(&self, words: &mut [u32], smss: u32) {
        let Some(state) = state(words) else { return };
        if *state.ssthresh != u32::MAX {
            *state.epoch_ms = NO_EPOCH;
        }
        self.slow_start.after_idle(words, smss);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMSS: u32 = 1_000;

    fn ack(acked: u32, flight_size: u32, rtt_ms: u32, at_ms: u64) -> Ack {
        Ack {
            acked,
            flight_size,
            smss: SMSS,
            srtt_us: rtt_ms * 1000,
            rtt_us: rtt_ms * 1000,
            snd_una: 0,
            snd_nxt: flight_size,
            now: Instant::from_millis(at_ms),
        }
    }

    fn loss(flight_size: u32) -> Loss {
        Loss { flight_size, smss: SMSS, now: Instant::ZERO }
    }

    /// A connection that lost with `cwnd` in flight, and is through with the recovery.
    fn after_loss(cwnd: u32) -> [u32; WORDS] {
        let mut words = [7; WORDS];
        Cubic::DEFAULT.start(&mut words, SMSS, 0);
        words[0] = cwnd;
        Cubic::DEFAULT.enter_recovery(&mut words, &loss(cwnd), Recovery::Sack);
        words
    }

    /// Acknowledges a window a round trip, a segment at a time, for some milliseconds; cwnd after each round trip.
    fn rounds(words: &mut [u32; WORDS], rtt_ms: u32, for_ms: u64) -> Vec<(u64, u32)> {
        let mut trace = Vec::new();
        let mut at = 1;
        while at <= for_ms {
            trace.push((at - 1, words[0]));
            for _ in 0..words[0] / SMSS {
                let full = ack(SMSS, words[0], rtt_ms, at);
                Cubic::DEFAULT.on_ack(words, &full);
            }
            at += u64::from(rtt_ms);
        }
        trace
    }

    extern crate std;
    use std::vec::Vec;

    #[test]
    fn cubic_roots_are_exact() {
        for n in [0, 1, 7, 8, 26, 27, 999_999_999, 1_000_000_000, u64::MAX] {
            let root = u128::from(cubic_root(n));
            assert!(root.pow(3) <= u128::from(n) && u128::from(n) < (root + 1).pow(3), "{n}");
        }
    }

    // conf: TCP-CUB-01, TCP-CUB-02, TCP-CUB-05
    #[test]
    fn the_window_follows_the_cubic_function() {
        // A round trip of 100 ms with hundreds of segments: far from Reno's region.
        for w_max in [200_000u32, 1_000_000, 4_000_000] {
            let mut words = after_loss(w_max);
            let segments = f64::from(w_max) / f64::from(SMSS);
            let start = segments * 0.7;
            let k = ((segments - start) / 0.4).cbrt();
            for (ms, cwnd) in rounds(&mut words, 100, 20_000) {
                let t = ms as f64 / 1000.0;
                if t > 1.5 * k {
                    break;
                }
                let want = 0.4 * (t - k).powi(3) + segments;
                let got = f64::from(cwnd) / f64::from(SMSS);
                // What is aimed at is the value a round trip on, from which discrete steps stay a little behind.
                let slope = 1.2 * (t - k).powi(2) * 0.1;
                assert!((got - want).abs() <= 1.0 + slope, "W_max {segments}, at {t} s: {got}, not {want}");
            }
        }
    }

    // conf: TCP-CUB-03
    #[test]
    fn a_round_trip_opens_the_window_by_half_at_most() {
        let mut words = after_loss(100_000);
        Cubic::DEFAULT.on_ack(&mut words, &ack(SMSS, 70_000, 100, 1));
        // An hour later the function is far beyond reach.
        let before = words[0];
        for _ in 0..before / SMSS {
            Cubic::DEFAULT.on_ack(&mut words, &ack(SMSS, before, 100, 3_600_000));
        }
        assert!(words[0] <= before + before / 2 + SMSS, "{} from {before}", words[0]);
        assert!(words[0] > before + before / 3, "{} from {before}", words[0]);
    }

    // conf: TCP-CUB-04
    #[test]
    fn on_a_short_path_it_is_not_slower_than_reno() {
        let mut words = after_loss(20_000);
        let mut reno = 14_000.0f64;
        let trace = rounds(&mut words, 10, 2_000);
        for (ms, cwnd) in &trace {
            if *ms > 0 {
                reno += if reno < 20_000.0 { 9.0 / 17.0 * 1000.0 } else { 1000.0 };
            }
            assert!(f64::from(*cwnd) >= reno * 0.9 - 1000.0, "at {ms} ms: {cwnd}, Reno {reno}");
        }
        assert!(trace.last().unwrap().1 > 150_000, "{:?}", trace.last());
    }

    // conf: TCP-CUB-06, TCP-CUB-08
    #[test]
    fn a_loss_leaves_seven_tenths_and_a_second_one_lowers_the_plateau() {
        let mut words = after_loss(100_000);
        assert_eq!((words[0], words[1], words[3]), (70_000, 70_000, 100_000));
        // Lost again before the plateau: W_max = cwnd (1 + beta) / 2.
        Cubic::DEFAULT.enter_recovery(&mut words, &loss(70_000), Recovery::Sack);
        assert_eq!((words[0], words[1], words[3]), (49_000, 49_000, 59_500));
        // Never below two segments, and by what was in flight, not by cwnd.
        words[0] = 50_000;
        Cubic::DEFAULT.enter_recovery(&mut words, &loss(1_500), Recovery::NewReno);
        assert_eq!((words[0], words[1]), (5_000, 2_000));
    }

    // conf: TCP-CUB-07
    #[test]
    fn a_window_that_is_not_used_does_not_grow() {
        let mut words = after_loss(100_000);
        for ms in 0..10_000 {
            Cubic::DEFAULT.on_ack(&mut words, &ack(SMSS, 34_000, 100, ms));
        }
        assert_eq!(words[0], 70_000);
        // Used again, growth begins where it would have begun, not ten seconds on.
        Cubic::DEFAULT.on_ack(&mut words, &ack(SMSS, 70_000, 100, 10_000));
        assert!(words[0] < 71_100, "{}", words[0]);
    }

    #[test]
    fn a_clock_that_steps_back_is_one_that_stood_still() {
        let mut words = after_loss(100_000);
        for at in [5_000, 1_000] {
            for _ in 0..70 {
                let full = ack(SMSS, words[0], 100, at);
                Cubic::DEFAULT.on_ack(&mut words, &full);
            }
            // Reno's 9/17 of a segment for each window.
            assert!((70_400..71_100).contains(&words[0]), "{} at {at}", words[0]);
        }
    }

    /// §4.9: growth goes on from where it was.
    #[test]
    fn what_is_undone_is_the_plateau_too() {
        // cwnd before the second loss, W_max behind it, cwnd and W_max once it is taken back
        for (cwnd, lowered, want, plateau) in
            [(90_000, 76_500, 90_000, 90_000), (120_000, 120_000, 120_000, 120_000)]
        {
            let mut words = after_loss(100_000);
            words[0] = cwnd;
            Cubic::DEFAULT.enter_recovery(&mut words, &loss(cwnd), Recovery::Sack);
            assert_eq!(words[3], lowered);
            let full = ack(SMSS, words[0], 100, 1);
            Cubic::DEFAULT.on_ack(&mut words, &full);
            Cubic::DEFAULT.undo(&mut words, cwnd, 70_000);
            assert_eq!((words[0], words[1], words[3]), (want, 70_000, plateau));
            // On the plateau: K is 0.
            let full = ack(SMSS, words[0], 100, 100);
            Cubic::DEFAULT.on_ack(&mut words, &full);
            assert_eq!((words[3], words[4]), (plateau, 0));
        }
        // A cwnd below the plateau, which stays.
        let mut words = after_loss(100_000);
        Cubic::DEFAULT.undo(&mut words, 80_000, 60_000);
        assert_eq!((words[0], words[3]), (80_000, 100_000));
        // Back in the first slow start nothing is left: the words are HyStart++'s again.
        let mut words = after_loss(100_000);
        let full = ack(SMSS, words[0], 100, 1);
        Cubic::DEFAULT.on_ack(&mut words, &full);
        Cubic::DEFAULT.undo(&mut words, 100_000, u32::MAX);
        assert_eq!(words[..2], [100_000, u32::MAX]);
        assert_eq!(words[3..], [0; WORDS - 3]);
    }

    // conf: TCP-CUB-06
    #[test]
    fn a_full_window_is_reduced_with_what_it_has_above_whole_segments() {
        // cwnd, FlightSize, ssthresh: seven tenths of cwnd if no other segment would have fitted it, else of what was in flight
        for (cwnd, flight_size, want) in [
            (10_900, 10_000, 7_630),
            (10_999, 10_000, 7_699),
            (11_000, 10_000, 7_000),
            (20_000, 10_000, 7_000),
            (10_000, 10_000, 7_000),
        ] {
            let mut words = after_loss(100_000);
            words[0] = cwnd;
            Cubic::DEFAULT.enter_recovery(&mut words, &loss(flight_size), Recovery::Sack);
            assert_eq!((words[0], words[1]), (want, want), "{cwnd} {flight_size}");
        }
    }

    // conf: TCP-CUB-04
    #[test]
    fn in_renos_region_the_window_grows_with_each_acknowledgement() {
        // At 10 ms Reno is faster: 9/17 of a segment a round trip, and half of that in half of one.
        let mut words = after_loss(20_000);
        let mut half = 0;
        for n in 1..=14 {
            Cubic::DEFAULT.on_ack(&mut words, &ack(SMSS, 14_000, 10, 1));
            half = if n == 7 { words[0] } else { half };
        }
        assert!((14_255..=14_265).contains(&half), "{half}");
        assert!((14_510..=14_529).contains(&words[0]), "{}", words[0]);
    }

    // conf: TCP-CUB-09, TCP-CUB-11
    #[test]
    fn after_a_timeout_slow_start_ends_at_seven_tenths_and_growth_starts_there() {
        let mut words = after_loss(100_000);
        Cubic::DEFAULT.on_timeout(&mut words, &loss(70_000), Expiry::First);
        assert_eq!((words[0], words[1]), (SMSS, 49_000));
        Cubic::DEFAULT.on_timeout(&mut words, &loss(1_000), Expiry::Repeated);
        assert_eq!((words[0], words[1]), (SMSS, 49_000));
        for n in 1..49 {
            let full = ack(SMSS, words[0], 100, 5);
            Cubic::DEFAULT.on_ack(&mut words, &full);
            assert_eq!(words[0], SMSS * (n + 1), "slow start by the segment");
        }
        Cubic::DEFAULT.on_ack(&mut words, &ack(SMSS, 49_000, 100, 5_000));
        // K = 0 and W_max = cwnd.
        assert_eq!((words[3], words[4]), (49_000, 0));
    }

    #[test]
    fn the_first_slow_start_ends_before_a_loss_and_leaves_no_trace() {
        let mut words = [7; WORDS];
        Cubic::DEFAULT.start(&mut words, SMSS, 0);
        let mut snd_una = 0u32;
        let mut rounds = 0;
        // The queue grows by 10 ms a round trip.
        while words[1] == u32::MAX {
            let (flight, rtt) = (words[0], 50 + 10 * rounds);
            let mut left = flight / SMSS;
            while left > 0 && words[1] == u32::MAX {
                snd_una += SMSS;
                let sample = ack(SMSS, flight, rtt, 0);
                Cubic::DEFAULT.on_ack(&mut words, &Ack { snd_una, snd_nxt: snd_una + flight, ..sample });
                left -= 1;
            }
            rounds += 1;
            assert!(rounds < 20, "{words:?}");
        }
        assert_eq!(words[0], words[1]);
        assert!(words[2..].iter().all(|&word| word == 0), "{words:?}");
        // Two rounds to notice, five of a fourth of the growth, and in the last nothing was lost.
        assert_eq!(rounds, 7);
        // A loss in it is like any other: there was no plateau before.
        Cubic::DEFAULT.start(&mut words, SMSS, 0);
        words[3..].fill(u32::MAX);
        Cubic::DEFAULT.enter_recovery(&mut words, &loss(10_000), Recovery::Sack);
        assert_eq!((words[0], words[1], words[3]), (7_000, 7_000, 10_000));
    }

    #[test]
    fn any_words_and_any_clock_are_survived() {
        let cubic: &dyn Congestion = &Cubic::DEFAULT;
        for fill in [0, 1, 12_345, u32::MAX / 2, u32::MAX] {
            for short in 0..=WORDS {
                let mut words = [fill; WORDS];
                let words = &mut words[..short];
                for at in [0, 1, u64::from(u32::MAX), u64::MAX / 1000, 5] {
                    let all = Ack { smss: fill, srtt_us: fill, ..ack(fill, fill, 0, at) };
                    cubic.on_ack(words, &all);
                    cubic.on_ack(words, &ack(0, u32::MAX, 4_000, at));
                    cubic.enter_recovery(words, &loss(fill), Recovery::NewReno);
                    cubic.on_duplicate_ack(words, fill);
                    cubic.on_partial_ack(words, fill, fill);
                    cubic.exit_recovery(words, fill, fill);
                    cubic.on_timeout(words, &loss(fill), Expiry::First);
                    cubic.after_idle(words, fill);
                }
            }
        }
    }
}
