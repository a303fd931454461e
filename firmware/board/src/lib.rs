//! The board of all images: QEMU's `lm3s6965evb`, a Cortex-M3 with the Stellaris Ethernet controller; or, with the
//! feature `mps2`, QEMU's `mps2-an385`, a Cortex-M3 with a LAN9118. What differs lies in a module each.
//!
//! ```text
//!   image:  loop { acknowledge; now; poll the stack; sleep until an interrupt or the deadline }
//!              |                |                       |
//!           Ethernet         Clock                   Board
//!        (the device)   (SysTick runs free)   (a timer once, WFI)
//! ```
//!
//! Interrupts wake the processor but are never taken: they are masked throughout (PRIMASK), and what is pending ends
//! WFI all the same. So there is one thread of control and nothing to share. [`Board::acknowledge`] comes before the
//! poll: what arrives during the poll is pending again, and the next WFI returns at once.
//!
//! Not a board support package: the pins and the PHY of the real boards are left as they are after reset, since QEMU
//! has neither.
#![no_std]
#![cfg_attr(feature = "probe", expect(dead_code, unreachable_pub, reason = "a probe never sleeps"))]

mod clock;
mod entropy;
mod ethernet;
#[cfg(not(feature = "mps2"))]
mod lm3s6965;
#[cfg(feature = "mps2")]
mod mps2;
mod power;
#[cfg(feature = "probe")]
mod probe;
mod registers;

#[cfg(not(feature = "mps2"))]
use lm3s6965 as chip;
#[cfg(feature = "mps2")]
use mps2 as chip;

pub use clock::Clock;
pub use entropy::entropy;
pub use ethernet::{Buffers, Ethernet, Rx, Tx, FRAME_LEN_MAX};
pub use power::halt;
#[cfg(not(feature = "probe"))]
pub use power::Board;
#[cfg(feature = "probe")]
pub use probe::Board;

/// The station address of every image.
pub const ADDRESS: [u8; 6] = [2, 0, 0, 0, 0, 0x51];
