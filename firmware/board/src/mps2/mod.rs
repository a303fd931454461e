//! QEMU's `mps2-an385`: a Cortex-M3 at 25 MHz with RAM where others have flash, and a LAN9118 for Ethernet (a LAN9220
//! on the real board, which differs in what is not used here).

pub(crate) mod mac;
mod registers;

use crate::registers::core::{NVIC_ICPR0, NVIC_ISER0};
use registers::{timer, ETHERNET, TIMER_0};

/// 40 ns a tick of the processor's clock: 25 ticks are 1 µs.
pub(crate) const TICKS: u32 = 25;
pub(crate) const MICROS: u32 = 1;

/// Interrupts.
pub(crate) fn start() {
    NVIC_ISER0.write(TIMER_0 | ETHERNET);
}

/// Nothing of the board is pending any more.
pub(crate) fn acknowledge() {
    mac::acknowledge();
    timer::INTCLEAR.write(1);
    NVIC_ICPR0.write(TIMER_0 | ETHERNET);
}

/// An interrupt in so many ticks.
pub(crate) fn wake_in(ticks: u32) {
    timer::CTRL.write(0);
    // Nothing to begin again with: it runs once. This sets the value too, so it comes first.
    timer::RELOAD.write(0);
    timer::VALUE.write(ticks);
    timer::CTRL.write(timer::ENABLE | timer::INTERRUPT);
}
