//! The LAN9118: a data FIFO and a status FIFO each way, behind a bus of 32 bits; no DMA.
//!
//! ```text
//!   read from   +-----+-------------------+-----+---------+
//!   RX_DATA     | gap | frame             | FCS | padding |   its length, with the FCS, stands in RX_STATUS
//!               +-----+-------------------+-----+---------+   to a word
//!   written to  +-----------+-----------+-----+-------------------+---------+
//!   TX_DATA     | command A | command B | gap | frame             | padding |
//!               +-----------+-----------+-----+-------------------+---------+
//! ```
//!
//! The gap of two octets, which the controller makes and leaves out itself, puts the IP header at a multiple of four.
//!
//! The controller passes frames to its own address, to all, and to any group; the link picks the groups. Its filter
//! of groups by hash is left off: a `Device` is not told which are joined.

use super::registers::lan::{
    ADDRH, ADDRL, FIFO_INT, HW_CFG, INT_EN, INT_STS, IRQ_CFG, MAC_CR, MAC_CSR_CMD, MAC_CSR_DATA, RX_CFG,
    RX_DATA, RX_FIFO_INF, RX_STATUS, RX_STATUS_LEVEL, TX_AVAILABLE, TX_CFG, TX_DATA, TX_FIFO_INF,
};
use crate::ethernet::{Buffer, Read, BUFFER_LEN, FCS_LEN, GAP_LEN};

/// Octets that a frame to send takes at most: its commands, and a buffer.
const ROOM: u32 = 8 + BUFFER_LEN as u32;
/// Tries until the controller is ready; it takes microseconds.
const TRIES: u32 = 100_000;

/// Starts the controller with this station address.
pub(crate) fn start(address: [u8; 6]) {
    HW_CFG.write(1);
    wait(|| HW_CFG.read() & 1 == 0);
    HW_CFG.write(1 << 20 | 5 << 16);
    let [a, b, c, d, e, f] = address;
    write_mac(ADDRH, u32::from_le_bytes([e, f, 0, 0]));
    write_mac(ADDRL, u32::from_le_bytes([a, b, c, d]));
    RX_CFG.write((GAP_LEN as u32) << 8);
    TX_CFG.write(1 << 1 | 1 << 2);
    // Any frame received; room for one more.
    FIFO_INT.write(ROOM.div_ceil(64) << 24);
    acknowledge();
    INT_EN.write(RX_STATUS_LEVEL);
    IRQ_CFG.write(1 << 8 | 1 << 4 | 1);
    write_mac(MAC_CR, 1 << 20 | 1 << 19 | 1 << 3 | 1 << 2);
}

/// Nothing is pending any more.
pub(crate) fn acknowledge() {
    INT_STS.write(RX_STATUS_LEVEL | TX_AVAILABLE);
}

/// Whether a frame waits.
#[inline]
pub(crate) fn has_frame() -> bool {
    RX_FIFO_INF.read() >> 16 & 0xFF != 0
}

/// Takes the oldest frame that waits.
#[inline]
pub(crate) fn read(buffer: &mut Buffer) -> Read {
    if !has_frame() {
        return Read::Nothing;
    }
    let status = RX_STATUS.read();
    let length = (status >> 16 & 0x3FFF) as usize;
    let words = (GAP_LEN + length).div_ceil(4);
    if status & 1 << 15 != 0 || words > buffer.len() / 4 {
        // Only as long as the status says: bounded by 14 bits.
        for _ in 0..words {
            RX_DATA.read();
        }
        return Read::Refused;
    }
    for word in buffer.chunks_exact_mut(4).take(words) {
        word.copy_from_slice(&RX_DATA.read().to_le_bytes());
    }
    Read::Frame(length.saturating_sub(FCS_LEN))
}

/// Whether a frame can be written. If not, an interrupt will tell.
pub(crate) fn has_room() -> bool {
    let room = TX_FIFO_INF.read() & 0xFFFF >= ROOM;
    // Only then: an interrupt after each frame would cost an idle turn each.
    INT_EN.write(if room { RX_STATUS_LEVEL } else { RX_STATUS_LEVEL | TX_AVAILABLE });
    room
}

/// Sends the frame of `len` octets, at most the largest there is, that stands behind the gap.
#[inline]
pub(crate) fn write(buffer: &mut Buffer, len: usize) {
    let Ok(octets) = u32::try_from(len) else { return };
    // Where its data starts in the first word; first and last part of the frame.
    TX_DATA.write((GAP_LEN as u32) << 16 | 1 << 13 | 1 << 12 | octets);
    TX_DATA.write(octets);
    for word in buffer.chunks_exact(4).take((GAP_LEN + len).div_ceil(4)) {
        if let Ok(word) = word.try_into() {
            TX_DATA.write(u32::from_le_bytes(word));
        }
    }
}

fn write_mac(register: u32, value: u32) {
    wait(|| MAC_CSR_CMD.read() >> 31 == 0);
    MAC_CSR_DATA.write(value);
    MAC_CSR_CMD.write(1 << 31 | register);
    wait(|| MAC_CSR_CMD.read() >> 31 == 0);
}

/// Until `ready`; not for ever, so that a board without a controller still starts.
fn wait(ready: impl Fn() -> bool) {
    for _ in 0..TRIES {
        if ready() {
            return;
        }
    }
}
