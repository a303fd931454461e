//! Time as the stack sees it: microseconds since an origin that the caller chose.

use core::fmt;
use core::ops::{Add, AddAssign};
use core::time::Duration;

/// A moment: microseconds since an arbitrary start, from a monotonic clock.
///
/// Arithmetic saturates: no clock value makes it panic or wrap.
///
/// ```
/// use core::time::Duration;
/// use tersus_phy::Instant;
///
/// /// From a tick counter of 32.768 kHz that somebody has widened to 64 bits.
/// fn now(ticks: u64) -> Instant {
///     Instant::from_micros(ticks.saturating_mul(15_625) / 512)
/// }
/// assert_eq!(now(32_768), Instant::from_secs(1));
/// assert_eq!(now(32_768) + Duration::from_millis(5), Instant::from_millis(1_005));
/// // What a processor may sleep: nothing if the moment has passed.
/// assert_eq!(Instant::from_millis(7).since(now(32_768)), Duration::ZERO);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

impl Instant {
    /// The start of time.
    pub const ZERO: Self = Self(0);

    /// The moment `micros` microseconds after the start.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// The moment `millis` milliseconds after the start, saturating.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// The moment `secs` seconds after the start, saturating.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Microseconds since the start.
    #[must_use]
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the start.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0 / 1_000
    }

    /// Time since `earlier`; zero if that lies in the future.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// The moment `micros` microseconds later, saturating. For spans that are kept as microseconds: a [`Duration`]
    /// made of a number costs a division, which small processors have to link.
    #[must_use]
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub const fn plus_micros(self, micros: u64) -> Self {
        Self(self.0.saturating_add(micros))
    }
}

/// Microseconds of `span`, saturating.
///
/// Out of line on small processors: it is wide arithmetic there, and most spans are variables.
#[must_use]
#[cfg_attr(target_pointer_width = "32", inline(never))]
pub const fn span_micros(span: Duration) -> u64 {
    span.as_secs().saturating_mul(1_000_000).saturating_add(span.subsec_micros() as u64)
}

impl Add<Duration> for Instant {
    type Output = Self;

    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn add(self, span: Duration) -> Self {
        self.plus_micros(span_micros(span))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, span: Duration) {
        *self = *self + span;
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}s", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A timer in one word: when something falls due, or that it is not running.
///
/// The empty value is all zeros. A deadline in the past is due at once.
///
/// ```
/// use core::time::Duration;
/// use tersus_phy::{Deadline, Instant};
///
/// let now = Instant::from_secs(1);
/// let mut retry = Deadline::at(now + Duration::from_millis(200));
/// assert_eq!(retry.instant(), Some(Instant::from_millis(1_200))); // what a `poll_at` answers
/// assert!(!retry.is_due(now));
/// retry.stop();
/// assert_eq!(retry.instant(), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Deadline(u64);

impl Deadline {
    /// Not running.
    pub const NONE: Self = Self(0);

    /// Falls due at `at`; the start of time counts as one microsecond later.
    #[must_use]
    pub const fn at(at: Instant) -> Self {
        Self(if at.0 == 0 { 1 } else { at.0 })
    }

    /// When it falls due, if it runs.
    #[must_use]
    pub const fn instant(self) -> Option<Instant> {
        if self.0 == 0 {
            None
        } else {
            Some(Instant(self.0))
        }
    }

    /// Whether it runs.
    #[must_use]
    pub const fn is_running(self) -> bool {
        self.0 != 0
    }

    /// Whether it runs and has fallen due.
    #[must_use]
    pub const fn is_due(self, now: Instant) -> bool {
        self.0 != 0 && self.0 <= now.0
    }

    /// Whether it falls due before another; one that does not run is never first.
    #[must_use]
    pub const fn is_before(self, other: Self) -> bool {
        // NONE becomes the largest word by wrapping.
        self.0.wrapping_sub(1) < other.0.wrapping_sub(1)
    }

    /// The one that falls due first; a deadline that does not run is never first.
    #[must_use]
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub const fn earlier(self, other: Self) -> Self {
        if other.is_before(self) {
            other
        } else {
            self
        }
    }

    /// Stops it.
    pub fn stop(&mut self) {
        *self = Self::NONE;
    }
}

impl From<Option<Instant>> for Deadline {
    fn from(at: Option<Instant>) -> Self {
        at.map_or(Self::NONE, Self::at)
    }
}

impl fmt::Debug for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.instant() {
            Some(at) => fmt::Display::fmt(&at, f),
            None => f.write_str("never"),
        }
    }
}

/// The earlier of two moments of which each may be "never".
#[must_use]
pub fn earliest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, None) | (None, one) => one,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_time_is_not_passed() {
        let end = Instant::from_micros(u64::MAX);
        assert_eq!(end + Duration::MAX, end);
        assert_eq!(Instant::ZERO.since(end), Duration::ZERO);
        assert_eq!(Instant::from_secs(u64::MAX), end);
    }

    #[test]
    fn a_deadline_that_does_not_run_is_never_first() {
        let two = Deadline::at(Instant::from_micros(2));
        let five = Deadline::at(Instant::from_micros(5));
        assert_eq!(two.earlier(five), two);
        assert_eq!(five.earlier(two), two);
        assert_eq!(Deadline::NONE.earlier(five), five);
        assert_eq!(five.earlier(Deadline::NONE), five);
        assert_eq!(Deadline::NONE.earlier(Deadline::NONE), Deadline::NONE);
        for (a, b, want) in [(two, five, true), (five, two, false), (two, two, false)] {
            assert_eq!(a.is_before(b), want);
        }
        assert!(two.is_before(Deadline::NONE) && !Deadline::NONE.is_before(two));
    }

    #[test]
    fn a_deadline_at_the_start_of_time_runs() {
        let start = Deadline::at(Instant::ZERO);
        assert!(start.is_running());
        assert!(start.is_due(Instant::from_micros(1)));
        assert!(!Deadline::NONE.is_due(Instant::from_micros(u64::MAX)));
    }
}
