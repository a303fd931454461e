//! The board of all images: QEMU's `lm3s6965evb`, a Cortex-M3 with the Stellaris Ethernet controller.
//!
//! ```text
//!   image:  loop { acknowledge; now; poll the stack; sleep until an interrupt or the deadline }
//!              |                |                       |
//!           Ethernet         Clock                   Board
//!        (the device)   (SysTick runs free)   (timer 0 once, WFI)
//! ```
//!
//! Interrupts wake the processor but are never taken: they are masked throughout (PRIMASK), and what is pending ends
//! WFI all the same. So there is one thread of control and nothing to share. [`Board::acknowledge`] comes before the
//! poll: what arrives during the poll is pending again, and the next WFI returns at once.
//!
//! Not a board support package: the pins and the PHY of a real LM3S6965 are left as they are after reset, since QEMU
//! has neither.
#![no_std]

mod clock;
mod entropy;
mod ethernet;
mod power;
mod registers;

pub use clock::Clock;
pub use entropy::entropy;
pub use ethernet::{Buffers, Ethernet, Rx, Tx, FRAME_LEN_MAX};
pub use power::{halt, Board};

/// The station address of every image.
pub const ADDRESS: [u8; 6] = [2, 0, 0, 0, 0, 0x51];
