//! Time by SysTick: 24 bits that run free at the processor's clock and wrap every 1.34 s, or 0.67 s.

use crate::chip::{MICROS, TICKS};
use crate::registers::core::{ICSR, PENDSTCLR, SYST_CSR, SYST_CVR, SYST_RVR};
use tersus_phy::Instant;

const MASK: u32 = 0x00FF_FFFF;

/// A monotonic clock, right as long as it is read once in each wrap; each wrap ends a sleep, so a main loop cannot
/// miss one.
#[derive(Debug)]
pub struct Clock {
    last: u32,
    /// Ticks, below 25, that are not in `micros` yet.
    rest: u32,
    micros: u64,
}

impl Clock {
    /// Starts it.
    pub(crate) fn start() -> Self {
        SYST_RVR.write(MASK);
        SYST_CVR.write(0);
        // The processor's clock, and an exception at each wrap.
        SYST_CSR.write(0b111);
        Self { last: MASK, rest: 0, micros: 0 }
    }

    /// Time since the start.
    pub fn now(&mut self) -> Instant {
        let ticks = self.rest + self.lap();
        let pairs = ticks / TICKS;
        self.rest = ticks - pairs * TICKS;
        self.micros = self.micros.wrapping_add(u64::from(pairs * MICROS));
        Instant::from_micros(self.micros)
    }

    /// Ticks since it was last read.
    pub(crate) fn lap(&mut self) -> u32 {
        let value = SYST_CVR.read() & MASK;
        // It counts down.
        let ticks = self.last.wrapping_sub(value) & MASK;
        self.last = value;
        ticks
    }

    /// The wrap is not pending any more.
    pub(crate) fn acknowledge() {
        ICSR.write(PENDSTCLR);
    }
}

/// As ticks of the timer: at least one, and no more than a wrap.
pub(crate) fn ticks(micros: u64) -> u32 {
    let micros = u32::try_from(micros).unwrap_or(u32::MAX).min(MASK / TICKS * MICROS);
    (micros / MICROS * TICKS).max(TICKS)
}
