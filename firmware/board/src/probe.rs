//! The board as an instrument: a host says when it is and that a frame comes, and is told what the poll cost.
//!
//! ```text
//!   host to board:  | time, µs: 8      | what: 4 |             0: poll; 1: poll, a frame comes; 2: start again
//!   board to host:  | deadline, µs: 8  | ticks: 4 | flags: 4 |  0: poll again at once; 1: a frame still waits
//! ```
//!
//! All little-endian, by ARM semihosting over the standard input and output of QEMU. With `-icount shift=7` an
//! instruction takes 128 ns and a tick of the clock 80 ns, so ticks count instructions. Time is the host's alone: the
//! same frames at the same times are the same run.

use crate::chip::{self, mac};
use crate::registers::core::{AIRCR, SYSRESETREQ};
use crate::{halt, Buffers, Clock, Ethernet, ADDRESS};
use cortex_m_semihosting::{nr, syscall};
use tersus_phy::Instant;

const RESTART: u32 = 2;
const FRAME: u32 = 1;

/// What the main loop does beside polling.
#[derive(Debug)]
pub struct Board {
    clock: Clock,
    input: usize,
    output: usize,
    ticks: u32,
    flags: u32,
}

impl Board {
    /// Starts clock, timer and Ethernet controller. To be called once, first in `main`.
    #[must_use]
    pub fn start(buffers: &'static mut Buffers) -> (Self, Ethernet) {
        cortex_m::interrupt::disable();
        chip::start();
        let (input, output) = (open(nr::open::R), open(nr::open::W_TRUNC));
        (Self { clock: Clock::start(), input, output, ticks: 0, flags: 0 }, Ethernet::new(buffers, ADDRESS))
    }

    /// Waits for a command, and for the frame that it announces; the time.
    pub fn acknowledge(&mut self) -> Instant {
        let mut command = [0; 12];
        let [t0, t1, t2, t3, t4, t5, t6, t7, w0, w1, w2, w3] = {
            transfer(nr::READ, self.input, &mut command);
            command
        };
        match u32::from_le_bytes([w0, w1, w2, w3]) {
            FRAME => while !mac::has_frame() {},
            RESTART => {
                AIRCR.write(SYSRESETREQ);
                halt();
            }
            _ => {}
        }
        chip::acknowledge();
        self.clock.lap();
        Instant::from_micros(u64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]))
    }

    /// The poll that began with [`Board::acknowledge`] is over; `more`: there is more to do at once.
    pub fn polled(&mut self, more: bool) {
        self.ticks = self.clock.lap();
        self.flags = u32::from(more) | u32::from(mac::has_frame()) << 1;
    }

    /// Tells the host what the poll cost and when the next is due.
    pub fn sleep(&mut self, until: Option<Instant>) {
        let mut report = [0; 16];
        let (deadline, rest) = report.split_at_mut(8);
        let (ticks, flags) = rest.split_at_mut(4);
        deadline.copy_from_slice(&until.map_or(u64::MAX, Instant::micros).to_le_bytes());
        ticks.copy_from_slice(&self.ticks.to_le_bytes());
        flags.copy_from_slice(&self.flags.to_le_bytes());
        transfer(nr::WRITE, self.output, &mut report);
    }
}

/// The standard input or output of QEMU.
fn open(mode: usize) -> usize {
    let name = b":tt\0";
    // SAFETY: the block holds what SYS_OPEN takes: a string that ends in zero, a mode, the length of the string.
    unsafe { syscall(nr::OPEN, &[name.as_ptr() as usize, mode, name.len() - 1]) }
}

/// Reads into `octets`, or writes them; an end of either side ends everything.
fn transfer(operation: usize, handle: usize, octets: &mut [u8]) {
    // SAFETY: the block holds what SYS_READ and SYS_WRITE take: a handle, where the octets are, how many.
    let left = unsafe { syscall(operation, &[handle, octets.as_mut_ptr() as usize, octets.len()]) };
    if left != 0 {
        halt();
    }
}
