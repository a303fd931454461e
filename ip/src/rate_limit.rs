//! A token bucket, as RFC 4443 §2.4 (f) suggests for ICMP errors.
//!
//! It is kept as one moment, the *theoretical arrival time* of the generic cell rate algorithm: when the bucket
//! would be full again. Each token pushes it one interval further; a token is there as long as it lies at most
//! `burst` intervals ahead.
//!
//! ```text
//!        now                 full_at            now + burst * interval
//!   ------+--------------------+------------------------+---------> time
//!         |    tokens taken    |     tokens left        |
//! ```
//!
//! ```
//! use tersus_ip::rate_limit::{Rate, TokenBucket};
//! use tersus_ip::Instant;
//!
//! let rate = Rate { per_second: 10, burst: 2 };
//! let mut bucket = TokenBucket::new();
//! let now = Instant::from_secs(1);
//! assert!(bucket.take(now, rate) && bucket.take(now, rate));
//! assert!(!bucket.take(now, rate));
//! assert!(bucket.take(Instant::from_millis(1_100), rate));
//! ```

use crate::Instant;

/// How many events per second are let through, and how many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Tokens that return each second; 0: nothing ever passes. Above 1,000,000 counts as that.
    pub per_second: u32,
    /// Tokens that the full bucket holds; 0: nothing ever passes.
    pub burst: u32,
}

impl Default for Rate {
    /// Ten each second, ten at once: RFC 4443 §2.4 (f), for a small device.
    fn default() -> Self {
        Self { per_second: 10, burst: 10 }
    }
}

/// A bucket of tokens; full when empty of history, all zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TokenBucket {
    full_at: Instant,
}

impl TokenBucket {
    /// A full bucket.
    #[must_use]
    pub const fn new() -> Self {
        Self { full_at: Instant::ZERO }
    }

    /// Takes a token if there is one; says whether there was.
    ///
    /// Over any span of `t` seconds at most `burst + per_second * t` calls succeed. A clock that steps back finds
    /// the bucket empty at worst, never closed for longer than it takes to fill.
    #[must_use]
    pub fn take(&mut self, now: Instant, rate: Rate) -> bool {
        if rate.per_second == 0 || rate.burst == 0 {
            return false;
        }
        let interval = Self::interval(rate);
        let empty_at = now.plus_micros(u64::from(interval) * u64::from(rate.burst));
        // Further ahead than an empty bucket can lie: the clock stepped back, or the rate was changed.
        let full_at = self.full_at.min(empty_at).max(now);
        let next = full_at.plus_micros(u64::from(interval));
        let taken = next <= empty_at;
        self.full_at = if taken { next } else { full_at };
        taken
    }

    /// Microseconds between two tokens, rounded up, so that the rate is never exceeded.
    fn interval(rate: Rate) -> u32 {
        1_000_000_u32.div_ceil(rate.per_second.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: u64) -> Instant {
        Instant::from_micros(micros)
    }

    // conf: ICM-ERR-08, ICM-V4-15
    #[test]
    fn a_thousand_requests_at_once_pass_ten_and_then_ten_a_second() {
        let mut bucket = TokenBucket::new();
        let rate = Rate::default();
        let passed = (0..1000).filter(|_| bucket.take(at(0), rate)).count();
        assert_eq!(passed, 10);
        // One tick before and at the moment the first token returns.
        assert!(!bucket.take(at(99_999), rate));
        assert!(bucket.take(at(100_000), rate));
        assert!(!bucket.take(at(100_001), rate));
        // A busy ten seconds in steps of a millisecond: exactly rate times time.
        let passed = (101..=10_100).filter(|ms| bucket.take(at(ms * 1000), rate)).count();
        assert_eq!(passed, 100);
    }

    #[test]
    fn a_full_bucket_never_holds_more_than_its_burst() {
        let mut bucket = TokenBucket::new();
        for year in 1..4 {
            let now = Instant::from_secs(year * 31_536_000);
            let passed = (0..100).filter(|_| bucket.take(now, Rate::default())).count();
            assert_eq!(passed, 10, "after an idle year");
        }
    }

    #[test]
    fn a_clock_that_steps_back_does_not_close_the_bucket() {
        let mut bucket = TokenBucket::new();
        let rate = Rate { per_second: 2, burst: 3 };
        let late = Instant::from_secs(1_000_000);
        assert_eq!((0..9).filter(|_| bucket.take(late, rate)).count(), 3);
        assert!(!bucket.take(at(0), rate));
        assert!(!bucket.take(at(499_999), rate));
        assert!(bucket.take(at(500_000), rate));
    }

    #[test]
    fn nothing_passes_a_rate_or_burst_of_zero_and_extremes_do_no_harm() {
        // rate, burst, passed of 100 at the end of time
        for (per_second, burst, want) in
            [(0, 10, 0), (10, 0, 0), (u32::MAX, 5, 5), (1, u32::MAX, 100), (u32::MAX, u32::MAX, 100)]
        {
            let mut bucket = TokenBucket::new();
            let passed = (0..100).filter(|_| bucket.take(at(7), Rate { per_second, burst })).count();
            assert_eq!(passed, want, "{per_second} {burst}");
            let _ = bucket.take(at(u64::MAX), Rate { per_second, burst });
        }
    }
}
