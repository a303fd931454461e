//! Words in the peripherals' address space.

use crate::registers::Register;

/// The Ethernet controller, LM3S6965 data sheet, chapter "Ethernet Controller".
pub(super) mod mac {
    use super::Register;

    /// Reads as causes; a one written clears. Bits as in `IM`.
    pub(crate) const IACK: Register = Register(0x4004_8000);
    /// Causes that interrupt.
    pub(crate) const IM: Register = Register(0x4004_8004);
    /// Receiver: 0 enable, 1 all groups, 2 promiscuous, 3 reject a bad FCS, 4 reset the FIFO.
    pub(crate) const RCTL: Register = Register(0x4004_8008);
    /// Transmitter: 0 enable, 1 pad, 2 append the FCS, 4 duplex.
    pub(crate) const TCTL: Register = Register(0x4004_800C);
    /// The FIFOs' port.
    pub(crate) const DATA: Register = Register(0x4004_8010);
    /// Station address, first four octets, the first one lowest.
    pub(crate) const IA0: Register = Register(0x4004_8014);
    /// Station address, last two octets.
    pub(crate) const IA1: Register = Register(0x4004_8018);
    /// Octets, in units of 32, from which on a frame is sent before it is complete; 0x3F: never.
    pub(crate) const THR: Register = Register(0x4004_801C);
    /// Frames waiting.
    pub(crate) const NP: Register = Register(0x4004_8034);
    /// A one written sends the frame in the FIFO; reads as one while it does.
    pub(crate) const TR: Register = Register(0x4004_8038);

    /// A frame was received.
    pub(crate) const RX: u32 = 1;
    /// A transmission failed; clearing it empties the transmit FIFO.
    pub(crate) const TX_ERROR: u32 = 1 << 1;
    /// The transmit FIFO is empty.
    pub(crate) const TX_EMPTY: u32 = 1 << 2;
    /// The receive FIFO overran.
    pub(crate) const RX_OVERRUN: u32 = 1 << 3;
    /// A frame was received with errors.
    pub(crate) const RX_ERROR: u32 = 1 << 4;
}

/// General-purpose timer 0, used as one timer of 32 bits that runs once.
pub(super) mod timer {
    use super::Register;

    pub(crate) const CFG: Register = Register(0x4003_0000);
    pub(crate) const TAMR: Register = Register(0x4003_0004);
    pub(crate) const CTL: Register = Register(0x4003_000C);
    pub(crate) const IMR: Register = Register(0x4003_0018);
    pub(crate) const ICR: Register = Register(0x4003_0024);
    pub(crate) const TAILR: Register = Register(0x4003_0028);
}

/// Clock gates of the peripherals.
pub(super) mod system {
    use super::Register;

    /// Bit 16: timer 0.
    pub(crate) const RCGC1: Register = Register(0x400F_E104);
    /// Bit 28: Ethernet MAC, bit 30: its PHY.
    pub(crate) const RCGC2: Register = Register(0x400F_E108);
}

/// Interrupt 19, in the interrupt controller's first word.
pub(super) const TIMER_0A: u32 = 1 << 19;
/// Interrupt 42, in its second word.
pub(super) const ETHERNET: u32 = 1 << (42 - 32);
