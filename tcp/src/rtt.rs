//! The retransmission timeout, RFC 6298: SRTT, RTTVAR, RTO and its back-off.
//!
//! §5's MAY, forgetting SRTT after several back-offs, is left out: the estimate of the last measured path is kept.

/// Largest sample that is believed, in µs (over four minutes): scaled by eight it still fits.
const SAMPLE_MAX: u32 = 1 << 28;
/// Beyond so many samples a round trip, as a power of two, nothing would be left of the gain.
const SAMPLES_SHIFT_MAX: u32 = 6;
/// RFC 6298 §5, rule 5.7: the least timeout that data starts with after a SYN timed out.
const AFTER_SYN_TIMEOUT_US: u32 = 3_000_000;

/// Limits of the retransmission timeout, in microseconds. Where two contradict each other, the cap counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RtoConfig {
    /// RTO before the first sample, RFC 6298 §2, rule 2.1. Default 1 s.
    pub(crate) initial_us: u32,
    /// Floor, rule 2.4. Default 1 s; a lower one departs from the RFC.
    pub(crate) min_us: u32,
    /// Cap, also with back-off, rule 2.5. Default 60 s; a lower one departs from the RFC.
    pub(crate) max_us: u32,
    /// Clock granularity G, rule 2.2: how late `poll` may come. Default 1 ms.
    pub(crate) granularity_us: u32,
}

impl RtoConfig {
    /// As RFC 6298 has it.
    pub(crate) const DEFAULT: Self =
        Self { initial_us: 1_000_000, min_us: 1_000_000, max_us: 60_000_000, granularity_us: 1_000 };

    const fn limit(&self, rto: u32) -> u32 {
        let rto = if rto < self.min_us { self.min_us } else { rto };
        if rto > self.max_us {
            self.max_us
        } else {
            rto
        }
    }
}

impl Default for RtoConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Estimate and back-off of one connection, 16 octets; zeros: no sample yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rtt {
    /// SRTT in µs, times eight; 0: no sample yet.
    srtt_x8: u32,
    /// RTTVAR in µs, times four.
    rttvar_x4: u32,
    /// Smallest sample, in µs.
    min_us: u32,
    /// Expirations since the last sample.
    backoff: u8,
    start: Start,
    /// Zero-window probes since the window closed.
    probes: u8,
}

/// What the data phase started from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Start {
    #[default]
    Normal,
    SynTimedOut,
}

impl Rtt {
    /// Without a sample.
    pub(crate) const NONE: Self =
        Self { srtt_x8: 0, rttvar_x4: 0, min_us: 0, backoff: 0, start: Start::Normal, probes: 0 };

    /// Takes in a sample, in µs, RFC 6298 §2, rules 2.2 and 2.3; it ends the back-off. By Karn's rule (§3) the octets that it was
    /// taken from must not have been sent twice, unless timestamps tell. Where a round trip gives 2^`samples_shift`
    /// samples, each counts for so much less: RFC 7323 §4.2, appendix G.
    pub(crate) fn on_sample(&mut self, rtt_us: u32, samples_shift: u32) {
        let rtt = rtt_us.clamp(1, SAMPLE_MAX);
        if self.srtt_x8 == 0 {
            self.srtt_x8 = rtt * 8;
            self.rttvar_x4 = rtt * 2;
            self.min_us = rtt;
        } else {
            // Both gains, 1/8 and 1/4, lie in the scales of the two words.
            let (srtt, rttvar) = (self.srtt_us(), self.rttvar_x4 / 4);
            let (mut steps, mut backs) = ([srtt.abs_diff(rtt), rtt], [rttvar, srtt]);
            if samples_shift > 0 {
                let shift = samples_shift.min(SAMPLES_SHIFT_MAX);
                steps = steps.map(|step| step >> shift);
                backs = backs.map(|back| back >> shift);
            }
            self.rttvar_x4 = self.rttvar_x4 - backs[0] + steps[0];
            self.srtt_x8 = self.srtt_x8 - backs[1] + steps[1];
            self.min_us = self.min_us.min(rtt);
        }
        self.backoff = 0;
        self.start = Start::Normal;
    }

    /// The timer expired: the timeout doubles, rule 5.5, until the next sample.
    pub(crate) fn on_timeout(&mut self) {
        self.backoff = self.backoff.saturating_add(1);
    }

    /// The handshake is complete, and a SYN (or SYN-ACK) had timed out: data starts with at least 3 s, rule 5.7.
    pub(crate) fn on_established_after_syn_timeout(&mut self) {
        self.backoff = 0;
        self.start = Start::SynTimedOut;
    }

    /// RTO in µs, limits and back-off included.
    #[must_use]
    pub(crate) fn rto_us(&self, config: &RtoConfig) -> u32 {
        let base = match (self.srtt_x8, self.start) {
            (0, Start::Normal) => config.initial_us,
            (0, Start::SynTimedOut) => config.initial_us.max(AFTER_SYN_TIMEOUT_US),
            _ => self.srtt_us().saturating_add(self.rttvar_x4.max(config.granularity_us)),
        };
        let limited = config.limit(base);
        if self.backoff == 0 {
            return limited;
        }
        let doubled = u64::from(limited) << self.backoff.min(31);
        u32::try_from(doubled).unwrap_or(u32::MAX).min(config.max_us)
    }

    /// A zero-window probe is due: the next comes after twice the time, RFC 9293 §3.8.6.1.
    pub(crate) fn on_zero_window_probe(&mut self) {
        self.probes = self.probes.saturating_add(1);
    }

    /// The window has opened.
    pub(crate) fn on_window_open(&mut self) {
        self.probes = 0;
    }

    /// Time to the next zero-window probe, in µs.
    #[must_use]
    pub(crate) fn persist_us(&self, config: &RtoConfig) -> u64 {
        let doubled = u64::from(self.rto_us(config)) << self.probes.min(16);
        doubled.min(config.max_us.into())
    }

    /// SRTT in µs; 0 before the first sample.
    #[must_use]
    pub(crate) const fn srtt_us(&self) -> u32 {
        self.srtt_x8 / 8
    }

    /// RTTVAR in µs; 0 before the first sample.
    #[must_use]
    pub(crate) const fn rttvar_us(&self) -> u32 {
        self.rttvar_x4 / 4
    }

    /// The smallest sample in µs; 0 before the first.
    #[must_use]
    pub(crate) const fn min_us(&self) -> u32 {
        self.min_us
    }

    /// How often the timer expired since the last sample.
    #[must_use]
    pub(crate) const fn backoff(&self) -> u8 {
        self.backoff
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: RtoConfig = RtoConfig::DEFAULT;
    /// No floor and a fine clock, to see the formula.
    const BARE: RtoConfig = RtoConfig { min_us: 0, granularity_us: 1, ..DEFAULT };

    fn sampled(samples: &[u32]) -> Rtt {
        let mut rtt = Rtt::NONE;
        samples.iter().for_each(|&sample| rtt.on_sample(sample, 0));
        rtt
    }

    #[test]
    fn the_estimate_is_as_small_as_planned() {
        assert_eq!(core::mem::size_of::<Rtt>(), 16);
    }

    // conf: TCP-RTO-02, TCP-RTO-03
    #[test]
    fn samples_are_smoothed_in_the_order_of_section_2() {
        // Samples, SRTT, RTTVAR, RTO
        for (samples, srtt, rttvar, rto) in [
            (&[2_000_000][..], 2_000_000, 1_000_000, 6_000_000),
            (&[800], 800, 400, 2_400),
            // RTTVAR = 3/4 * 400 + 1/4 * |800 - 1600|, from the old SRTT; SRTT = 7/8 * 800 + 1/8 * 1600
            (&[800, 1_600], 900, 500, 2_900),
            (&[800, 1_600, 900], 900, 375, 2_400),
            (&[800, 1_600, 900, 100], 800, 481, 2_725),
            (&[80_000, 80_000], 80_000, 30_000, 200_000),
        ] {
            let rtt = sampled(samples);
            assert_eq!(
                (rtt.srtt_us(), rtt.rttvar_us(), rtt.rto_us(&BARE)),
                (srtt, rttvar, rto),
                "{samples:?}"
            );
        }
        assert_eq!(sampled(&[800, 1_600, 900, 100]).min_us(), 100);
    }

    // conf: TCP-RTO-01
    #[test]
    fn before_a_sample_the_timeout_is_the_initial_one() {
        assert_eq!(Rtt::NONE.rto_us(&DEFAULT), 1_000_000);
    }

    // conf: TCP-RTO-04
    #[test]
    fn the_floor_holds_and_can_be_lowered() {
        let rtt = sampled(&[10_000]);
        assert_eq!(rtt.rto_us(&DEFAULT), 1_000_000);
        assert_eq!(rtt.rto_us(&RtoConfig { min_us: 200_000, ..DEFAULT }), 200_000);
        assert_eq!(rtt.rto_us(&BARE), 30_000);
    }

    // conf: TCP-RTO-08
    #[test]
    fn with_a_constant_round_trip_time_the_granularity_is_added() {
        let mut rtt = Rtt::NONE;
        for _ in 0..100 {
            rtt.on_sample(2_000_000, 0);
        }
        assert!(rtt.rttvar_us() == 0);
        assert_eq!(rtt.rto_us(&DEFAULT), 2_001_000);
    }

    // conf: TCP-RTO-05, TCP-RTO-12
    #[test]
    fn each_expiration_doubles_the_timeout_up_to_the_cap() {
        let mut rtt = Rtt::NONE;
        for want in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert_eq!(rtt.rto_us(&DEFAULT), want * 1_000_000);
            rtt.on_timeout();
        }
        for _ in 0..300 {
            rtt.on_timeout();
        }
        assert_eq!((rtt.backoff(), rtt.rto_us(&DEFAULT)), (255, 60_000_000));
        rtt.on_sample(1_000_000, 0);
        assert_eq!((rtt.backoff(), rtt.rto_us(&DEFAULT)), (0, 3_000_000));
    }

    // conf: TCP-RTO-13
    #[test]
    fn data_starts_with_three_seconds_after_a_lost_syn() {
        let mut rtt = Rtt::NONE;
        rtt.on_timeout();
        rtt.on_established_after_syn_timeout();
        assert_eq!(rtt.rto_us(&DEFAULT), 3_000_000);
        rtt.on_timeout();
        assert_eq!(rtt.rto_us(&DEFAULT), 6_000_000);
        rtt.on_sample(500_000, 0);
        assert_eq!(rtt.rto_us(&DEFAULT), 1_500_000);
        let mut slow = Rtt::NONE;
        slow.on_established_after_syn_timeout();
        assert_eq!(slow.rto_us(&RtoConfig { initial_us: 5_000_000, ..DEFAULT }), 5_000_000);
    }

    #[test]
    fn the_estimate_follows_a_step_in_delay() {
        let mut rtt = sampled(&[20_000; 50]);
        for _ in 0..40 {
            rtt.on_sample(300_000, 0);
        }
        assert!((290_000..=300_000).contains(&rtt.srtt_us()), "{}", rtt.srtt_us());
        assert_eq!(rtt.min_us(), 20_000);
    }

    // conf: TCP-RTO-07
    #[test]
    fn many_samples_in_a_round_trip_remember_as_long_as_one() {
        // Ten round trips of 100 ms after one of 20 ms, with one, four and sixty-four samples each.
        let of = |shift: u32| {
            let mut rtt = sampled(&[20_000; 50]);
            for _ in 0..10 << shift {
                rtt.on_sample(100_000, shift);
            }
            (rtt.srtt_us() / 1000, rtt.rttvar_us() / 1000)
        };
        let (one, four, many) = (of(0), of(2), of(6));
        for other in [four, many] {
            assert!(one.0.abs_diff(other.0) <= 3 && one.1.abs_diff(other.1) <= 5, "{one:?} {other:?}");
        }
        // Without the weights sixty-four samples would have forgotten what was before.
        assert!(many.0 < 85 && many.1 > 5, "{many:?}");
    }

    #[test]
    fn no_sample_and_no_limit_makes_it_overflow() {
        for samples in [&[0][..], &[u32::MAX, 0, u32::MAX], &[u32::MAX; 9], &[0; 9]] {
            let mut rtt = sampled(samples);
            for config in [
                DEFAULT,
                BARE,
                RtoConfig { initial_us: 0, min_us: 0, max_us: 0, granularity_us: 0 },
                RtoConfig {
                    initial_us: u32::MAX,
                    min_us: u32::MAX,
                    max_us: u32::MAX,
                    granularity_us: u32::MAX,
                },
                RtoConfig { min_us: 9, max_us: 3, ..DEFAULT },
            ] {
                for _ in 0..40 {
                    assert!(rtt.rto_us(&config) <= config.max_us);
                    rtt.on_timeout();
                }
            }
        }
    }
}
