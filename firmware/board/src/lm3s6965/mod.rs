//! QEMU's `lm3s6965evb`: a Cortex-M3 at 12.5 MHz with 256 KiB of flash, 64 KiB of RAM, and the Stellaris Ethernet
//! controller.

pub(crate) mod mac;
mod registers;

use crate::registers::core::{NVIC_ICPR0, NVIC_ICPR1, NVIC_ISER0, NVIC_ISER1};
use registers::{system, timer, ETHERNET, TIMER_0A};

/// 80 ns a tick of the processor's clock: 25 ticks are 2 µs.
pub(crate) const TICKS: u32 = 25;
pub(crate) const MICROS: u32 = 2;

/// Clocks, the timer, interrupts.
pub(crate) fn start() {
    system::RCGC1.write(1 << 16);
    system::RCGC2.write(1 << 28 | 1 << 30);
    // One timer of 32 bits, once.
    timer::CFG.write(0);
    timer::TAMR.write(1);
    timer::IMR.write(1);
    NVIC_ISER0.write(TIMER_0A);
    NVIC_ISER1.write(ETHERNET);
}

/// Nothing of the board is pending any more.
pub(crate) fn acknowledge() {
    mac::acknowledge();
    timer::ICR.write(1);
    NVIC_ICPR0.write(TIMER_0A);
    NVIC_ICPR1.write(ETHERNET);
}

/// An interrupt in so many ticks.
pub(crate) fn wake_in(ticks: u32) {
    timer::CTL.write(0);
    timer::TAILR.write(ticks);
    timer::CTL.write(1);
}
