//! Words in the peripherals' address space.

use crate::registers::Register;

/// The Ethernet controller, SMSC LAN9118 data sheet, chapter "Register Description".
pub(super) mod lan {
    use super::Register;

    /// Received frames, with the start and end that `RX_CFG` asks for.
    pub(crate) const RX_DATA: Register = Register(0x4020_0000);
    /// Two command words in front of each frame to send, and its octets.
    pub(crate) const TX_DATA: Register = Register(0x4020_0020);
    /// A word for each received frame: 29..16 octets with FCS, 15 something is wrong with it.
    pub(crate) const RX_STATUS: Register = Register(0x4020_0040);
    /// Interrupt line: 0 push-pull, 4 active high, 8 enable.
    pub(crate) const IRQ_CFG: Register = Register(0x4020_0054);
    /// Reads as causes; a one written clears. Bits as in `INT_EN`.
    pub(crate) const INT_STS: Register = Register(0x4020_0058);
    /// Causes that interrupt.
    pub(crate) const INT_EN: Register = Register(0x4020_005C);
    /// Levels that are a cause: 7..0 received frames, 31..24 room to send, in units of 64 octets.
    pub(crate) const FIFO_INT: Register = Register(0x4020_0068);
    /// Receiver: 12..8 octets in front of a frame.
    pub(crate) const RX_CFG: Register = Register(0x4020_006C);
    /// Transmitter: 1 enable, 2 goes on when nobody reads its status.
    pub(crate) const TX_CFG: Register = Register(0x4020_0070);
    /// 0 reset, 19..16 KiB of memory for the transmitter, 20 must be set.
    pub(crate) const HW_CFG: Register = Register(0x4020_0074);
    /// 23..16 received frames that wait.
    pub(crate) const RX_FIFO_INF: Register = Register(0x4020_007C);
    /// 15..0 octets of room to send.
    pub(crate) const TX_FIFO_INF: Register = Register(0x4020_0080);
    /// 31 busy, 30 a read, 7..0 which of the MAC's registers.
    pub(crate) const MAC_CSR_CMD: Register = Register(0x4020_00A4);
    /// The value for or from it.
    pub(crate) const MAC_CSR_DATA: Register = Register(0x4020_00A8);

    /// More frames were received than `FIFO_INT` says.
    pub(crate) const RX_STATUS_LEVEL: u32 = 1 << 3;
    /// There is more room to send than `FIFO_INT` says.
    pub(crate) const TX_AVAILABLE: u32 = 1 << 9;

    /// The MAC's registers, behind `MAC_CSR_CMD`. Control: 2 receiver, 3 transmitter, 18 promiscuous, 19 all groups,
    /// 20 full duplex.
    pub(crate) const MAC_CR: u32 = 1;
    /// Station address, last two octets.
    pub(crate) const ADDRH: u32 = 2;
    /// Station address, first four octets, the first one lowest.
    pub(crate) const ADDRL: u32 = 3;
}

/// Timer 0, Cortex-M System Design Kit Technical Reference Manual, chapter "APB timer". It counts down.
pub(super) mod timer {
    use super::Register;

    pub(crate) const CTRL: Register = Register(0x4000_0000);
    pub(crate) const VALUE: Register = Register(0x4000_0004);
    pub(crate) const RELOAD: Register = Register(0x4000_0008);
    pub(crate) const INTCLEAR: Register = Register(0x4000_000C);

    /// In `CTRL`: it runs.
    pub(crate) const ENABLE: u32 = 1;
    /// In `CTRL`: reaching zero interrupts.
    pub(crate) const INTERRUPT: u32 = 1 << 3;
}

/// Interrupt 8.
pub(super) const TIMER_0: u32 = 1 << 8;
/// Interrupt 13.
pub(super) const ETHERNET: u32 = 1 << 13;
