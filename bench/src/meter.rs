//! The measured region: instructions counted by callgrind, or time.
//!
//! Under `valgrind --tool=callgrind --instr-atstart=no` nothing is counted until [`Meter::start`], so the set-up of a
//! scenario is neither in the figures nor slow. Outside valgrind the requests do nothing.

use std::time::{Duration, Instant};

/// What is taken of the measured region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
pub enum Mode {
    /// Instructions: the process runs under callgrind.
    Count,
    /// Elapsed time, of more repetitions.
    Time,
    /// Nothing: payloads are written and compared, frames are audited.
    Verify,
}

/// Starts and stops the measurement, once a process.
pub struct Meter {
    mode: Mode,
    started: Option<Instant>,
    elapsed: Duration,
}

impl Meter {
    pub fn new(mode: Mode) -> Self {
        Self { mode, started: None, elapsed: Duration::ZERO }
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// How often to repeat what is `count` repetitions in counting, and `count * factor` in timing.
    pub fn repeat(&self, count: u64, factor: u64) -> u64 {
        if self.mode == Mode::Time {
            count * factor
        } else {
            count
        }
    }

    #[inline(never)]
    pub fn start(&mut self) {
        match self.mode {
            Mode::Count => callgrind::start_instrumentation(),
            Mode::Time => self.started = Some(Instant::now()),
            Mode::Verify => {}
        }
    }

    #[inline(never)]
    pub fn stop(&mut self) {
        match self.mode {
            Mode::Count => callgrind::stop_instrumentation(),
            Mode::Time => self.elapsed += self.started.take().map_or(Duration::ZERO, |at| at.elapsed()),
            Mode::Verify => {}
        }
    }

    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }
}

/// Client requests of valgrind: `valgrind.h` and `callgrind.h` of its distribution.
mod callgrind {
    const TOOL_BASE: u64 = (b'C' as u64) << 24 | (b'T' as u64) << 16;

    pub(super) fn start_instrumentation() {
        request(TOOL_BASE + 4);
    }

    /// The costs are written first: they do not survive the stop.
    pub(super) fn stop_instrumentation() {
        request(TOOL_BASE);
        request(TOOL_BASE + 5);
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn request(number: u64) {
        let arguments: [u64; 6] = [number, 0, 0, 0, 0, 0];
        // SAFETY: on a processor the four rotations add up to 128 bits and the exchange is of a register with itself, so
        // nothing changes but the flags. Valgrind reads the six words at rax and writes rdx, which is declared.
        unsafe {
            core::arch::asm!(
                "rol rdi, 3",
                "rol rdi, 13",
                "rol rdi, 61",
                "rol rdi, 51",
                "xchg rbx, rbx",
                in("rax") arguments.as_ptr(),
                inout("rdx") 0u64 => _,
            );
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn request(_number: u64) {}
}
