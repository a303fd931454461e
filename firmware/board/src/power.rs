//! Start, sleep, and the end.

use crate::{chip, clock, Buffers, Clock, Ethernet, ADDRESS};
use tersus_phy::Instant;

/// What the main loop does beside polling.
#[derive(Debug)]
pub struct Board {
    /// Time.
    pub clock: Clock,
}

impl Board {
    /// Starts clock, timer and Ethernet controller. To be called once, first in `main`.
    #[must_use]
    pub fn start(buffers: &'static mut Buffers) -> (Self, Ethernet) {
        cortex_m::interrupt::disable();
        chip::start();
        (Self { clock: Clock::start() }, Ethernet::new(buffers, ADDRESS))
    }

    /// Forgets what is pending, and returns the time. To be called before each poll: what happens from here on ends
    /// the next sleep.
    pub fn acknowledge(&mut self) -> Instant {
        chip::acknowledge();
        Clock::acknowledge();
        self.clock.now()
    }

    /// Sleeps until something happens since [`Board::acknowledge`], or `until`, or a wrap of the clock; not at all if
    /// `until` is past.
    pub fn sleep(&mut self, until: Option<Instant>) {
        if let Some(until) = until {
            let now = self.clock.now();
            if until <= now {
                return;
            }
            chip::wake_in(clock::ticks(until.micros() - now.micros()));
        }
        cortex_m::asm::dsb();
        cortex_m::asm::wfi();
    }
}

/// Nothing more to do, ever: what an image does when its own configuration is refused.
pub fn halt() -> ! {
    loop {
        cortex_m::asm::wfi();
    }
}
