//! The operating system's monotonic clock as the stack's time.

use crate::Instant;
use core::time::Duration;
use std::time::SystemTime;

/// Reads the time for the stack, which never does so itself.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started: std::time::Instant,
    origin: Instant,
}

impl Clock {
    /// A clock that shows 0 now.
    #[must_use]
    pub fn new() -> Self {
        Self { started: std::time::Instant::now(), origin: Instant::ZERO }
    }

    /// A clock that shows the time since 1970 now, and then runs evenly whatever is done to the system's clock:
    /// captures then carry real dates.
    #[must_use]
    pub fn since_1970() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self { started: std::time::Instant::now(), origin: Instant::ZERO + since }
    }

    /// The current time. Never goes back.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.origin + self.started.elapsed()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;
    use crate::Instant;

    #[test]
    fn time_runs_from_the_origin_and_never_back() {
        let clock = Clock::new();
        let first = clock.now();
        assert!(first < Instant::from_secs(60));
        assert!(clock.now() >= first);
        assert!(Clock::since_1970().now() > Instant::from_secs(1_700_000_000));
    }
}
