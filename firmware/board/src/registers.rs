//! Words in the address space: what reads and writes them, and the processor's own.

/// The processor's own: SysTick and the interrupt controller, ARMv7-M Architecture Reference Manual, B3.2 to B3.4.
pub(crate) mod core {
    use super::Register;

    pub(crate) const SYST_CSR: Register = Register(0xE000_E010);
    pub(crate) const SYST_RVR: Register = Register(0xE000_E014);
    pub(crate) const SYST_CVR: Register = Register(0xE000_E018);
    pub(crate) const NVIC_ISER0: Register = Register(0xE000_E100);
    #[cfg(not(feature = "mps2"))]
    pub(crate) const NVIC_ISER1: Register = Register(0xE000_E104);
    pub(crate) const NVIC_ICPR0: Register = Register(0xE000_E280);
    #[cfg(not(feature = "mps2"))]
    pub(crate) const NVIC_ICPR1: Register = Register(0xE000_E284);
    pub(crate) const ICSR: Register = Register(0xE000_ED04);

    #[cfg(feature = "probe")]
    pub(crate) const AIRCR: Register = Register(0xE000_ED0C);

    /// In `AIRCR`, with the key that it asks for: the system starts again.
    #[cfg(feature = "probe")]
    pub(crate) const SYSRESETREQ: u32 = 0x05FA_0004;
    /// In `ICSR`: SysTick is not pending any more.
    pub(crate) const PENDSTCLR: u32 = 1 << 25;
}

/// A register of 32 bits at a fixed address of the board.
#[derive(Clone, Copy)]
pub(crate) struct Register(pub(crate) usize);

impl Register {
    pub(crate) fn read(self) -> u32 {
        // SAFETY: the constants of this crate's register modules are the only values: aligned words that the board
        // has, which no Rust object overlaps.
        unsafe { ::core::ptr::read_volatile(self.0 as *const u32) }
    }

    pub(crate) fn write(self, value: u32) {
        // SAFETY: as for `read`; no register here makes the hardware write to memory.
        unsafe { ::core::ptr::write_volatile(self.0 as *mut u32, value) }
    }
}
