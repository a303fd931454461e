//! A deadline that is never far: four octets where [`Deadline`] takes eight.
//!
//! ```text
//!   the circle of 2^32 µs:   ────|───────────────────────|──────────────────────────────▶
//!                               now       not due       now + SPAN     all the rest: due
//! ```
//! Nothing sets one further ahead than [`Soon::SPAN`]; so whatever seems to lie beyond has passed, however late the poll
//! comes and however the clock jumps.

use crate::records::stamp;
use tersus_ip::{Deadline, Instant};

/// The low 32 bits of an `Instant`'s microseconds; 0: not running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Soon(u32);

impl Soon {
    /// Not running.
    pub(crate) const NONE: Self = Self(0);
    /// How far ahead one may lie, in µs.
    pub(crate) const SPAN: u32 = 1 << 22;

    /// Falls due at this moment, as [`stamp`] has it; 0 counts as one microsecond later.
    pub(crate) const fn at(stamp: u32) -> Self {
        Self(if stamp == 0 { 1 } else { stamp })
    }

    /// Falls due so many µs from now, at most [`Soon::SPAN`].
    pub(crate) fn after(now: Instant, micros: u32) -> Self {
        Self::at(stamp(now).wrapping_add(micros.min(Self::SPAN)))
    }

    /// The moment, as [`stamp`] has it, if it runs.
    pub(crate) const fn moment(self) -> Option<u32> {
        if self.0 == 0 {
            None
        } else {
            Some(self.0)
        }
    }

    /// Whether it runs.
    pub(crate) const fn is_running(self) -> bool {
        self.0 != 0
    }

    /// Whether it runs and has fallen due.
    pub(crate) fn is_due(self, now: Instant) -> bool {
        self.is_running() && self.ahead(now) == 0
    }

    /// The same as a deadline; what is due is due now.
    #[inline]
    pub(crate) fn deadline(self, now: Instant) -> Deadline {
        if self.is_running() {
            Deadline::at(now.plus_micros(self.ahead(now).into()))
        } else {
            Deadline::NONE
        }
    }

    /// Stops it.
    pub(crate) fn stop(&mut self) {
        *self = Self::NONE;
    }

    /// µs to go.
    #[inline]
    fn ahead(self, now: Instant) -> u32 {
        let ahead = self.0.wrapping_sub(stamp(now));
        if ahead > Self::SPAN {
            0
        } else {
            ahead
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_due_from_its_moment_on_and_for_ever() {
        const WRAP: u64 = 1 << 32;
        for start in [0, 5, WRAP - 1, WRAP - 40_000, 7 * WRAP, u64::MAX - 5_000_000] {
            let now = Instant::from_micros(start);
            let soon = Soon::after(now, 40_000);
            // Later by µs, due
            for (later, due) in [
                (0, false),
                (39_999, false),
                (40_001, true),
                (4_000_000, true),
                (WRAP - Soon::SPAN as u64, true),
            ] {
                let then = now.plus_micros(later);
                // At the end of time it stands still.
                if then.micros() == start.wrapping_add(later) {
                    assert_eq!(soon.is_due(then), due, "{start} + {later}");
                }
            }
            let at = soon.deadline(now).instant().map_or(0, Instant::micros);
            assert!((40_000..=40_001).contains(&(at - start)), "{start}: {at}");
        }
    }

    #[test]
    fn a_clock_that_jumps_makes_it_due_or_moves_it_by_its_span_at_most() {
        let soon = Soon::after(Instant::from_micros(1 << 40), 40_000);
        for back in [1 << 24, 1 << 33, 1 << 39] {
            let now = Instant::from_micros((1 << 40) - back);
            let at = soon.deadline(now).instant().map_or(0, Instant::micros);
            assert!(at - now.micros() <= Soon::SPAN.into());
        }
        assert_eq!(Soon::NONE.deadline(Instant::from_micros(5)), Deadline::NONE);
        assert!(!Soon::NONE.is_due(Instant::from_micros(u64::MAX)));
    }
}
