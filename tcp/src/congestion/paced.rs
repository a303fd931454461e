//! Pacing for algorithms that have a window and no rate of their own: the window in one smoothed round trip, and somewhat
//! more, so that the rate never is what limits the window's growth.

/// How [`Reno`](super::Reno) and [`Cubic`](super::Cubic) are paced: a value, so that whoever does without does not
/// link it.
#[derive(Clone, Copy, Debug)]
pub struct Pacing {
    /// Percent of cwnd / SRTT while cwnd is below ssthresh. Default 200: the window may double in a round trip.
    pub slow_start_percent: u16,
    /// Percent of cwnd / SRTT otherwise. Default 120.
    pub avoidance_percent: u16,
    pub(super) rate: fn(u32, u32, u16) -> u64,
}

impl Pacing {
    /// Twice the window in each round trip of slow start, then a fifth more than the window.
    pub const DEFAULT: Self = Self { slow_start_percent: 200, avoidance_percent: 120, rate };

    /// Octets per second; `None` before the first sample of the round-trip time.
    pub(super) fn rate(&self, cwnd: u32, ssthresh: u32, srtt_us: u32) -> Option<u64> {
        let percent = if cwnd < ssthresh { self.slow_start_percent } else { self.avoidance_percent };
        (srtt_us > 0).then(|| (self.rate)(cwnd, srtt_us, percent))
    }
}

fn rate(cwnd: u32, srtt_us: u32, percent: u16) -> u64 {
    // At most 2^32 * 2^16 * 10^4 / 1.
    u64::from(cwnd) * u64::from(percent) * 10_000 / u64::from(srtt_us.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_the_window_in_a_round_trip_and_somewhat_more() {
        // cwnd, ssthresh, SRTT in µs, octets per second
        for (cwnd, ssthresh, srtt_us, want) in [
            (10_000, u32::MAX, 0, None),
            (10_000, u32::MAX, 100_000, Some(200_000)),
            (10_000, 10_001, 100_000, Some(200_000)),
            (10_000, 10_000, 100_000, Some(120_000)),
            (u32::MAX, 0, 1, Some(u64::from(u32::MAX) * 1_200_000)),
            (0, 0, u32::MAX, Some(0)),
        ] {
            assert_eq!(Pacing::DEFAULT.rate(cwnd, ssthresh, srtt_us), want, "{cwnd} {ssthresh} {srtt_us}");
        }
    }
}
