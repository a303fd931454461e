//! Start, sleep, and the end.

use crate::registers::core::{ETHERNET, NVIC_ICPR0, NVIC_ICPR1, NVIC_ISER0, NVIC_ISER1, TIMER_0A};
use crate::registers::{mac, system, timer};
use crate::{clock, Buffers, Clock, Ethernet, ADDRESS};
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
        system::RCGC1.write(1 << 16);
        system::RCGC2.write(1 << 28 | 1 << 30);
        // One timer of 32 bits, once.
        timer::CFG.write(0);
        timer::TAMR.write(1);
        timer::IMR.write(1);
        NVIC_ISER0.write(TIMER_0A);
        NVIC_ISER1.write(ETHERNET);
        (Self { clock: Clock::start() }, Ethernet::new(buffers, ADDRESS))
    }

    /// Forgets what is pending, and returns the time. To be called before each poll: what happens from here on ends
    /// the next sleep.
    pub fn acknowledge(&mut self) -> Instant {
        mac::IACK.write(mac::RX | mac::TX_EMPTY | mac::RX_OVERRUN | mac::RX_ERROR | mac::TX_ERROR);
        timer::ICR.write(1);
        NVIC_ICPR0.write(TIMER_0A);
        NVIC_ICPR1.write(ETHERNET);
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
            timer::CTL.write(0);
            timer::TAILR.write(clock::ticks(until.micros() - now.micros()));
            timer::CTL.write(1);
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
