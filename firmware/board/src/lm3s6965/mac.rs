//! The Ethernet controller of the LM3S6965: two FIFOs that the processor reads and writes by words; no DMA.
//!
//! ```text
//!   read     +--------+-------------------+-----+---------+
//!   from     | length | frame             | FCS | padding |   length counts itself and the FCS
//!   DATA     +--------+-------------------+-----+---------+   to a word
//!            0        2                   length - 4
//!   written  +--------+-------------------+---------+
//!   to DATA  | length | frame             | padding |         length counts what follows the 14 octets of header
//!            +--------+-------------------+---------+
//! ```
//!
//! Both lengths are of 16 bits, the low octet first: the buffers' gap is for them.
//!
//! Frames to other stations are the link's business: QEMU's controller lets all of them through.

use super::registers::mac::{
    DATA, IA0, IA1, IACK, IM, NP, RCTL, RX, RX_ERROR, RX_OVERRUN, TCTL, THR, TR, TX_EMPTY, TX_ERROR,
};
use crate::ethernet::{Buffer, Read, FCS_LEN, GAP_LEN, HEADER_LEN};

/// What ends a sleep. The overrun does since frames are lost: what came before them waits.
const WAKES: u32 = RX | RX_OVERRUN;

/// Starts the controller with this station address.
pub(crate) fn start(address: [u8; 6]) {
    let [a, b, c, d, e, f] = address;
    RCTL.write(0);
    TCTL.write(0);
    IA0.write(u32::from_le_bytes([a, b, c, d]));
    IA1.write(u32::from_le_bytes([e, f, 0, 0]));
    THR.write(0x3F);
    acknowledge();
    IM.write(WAKES);
    // Full duplex, FCS, padding.
    TCTL.write(0b1_0111);
    // Bad FCS rejected, all groups, FIFO emptied.
    RCTL.write(0b1_1011);
}

/// Nothing is pending any more.
pub(crate) fn acknowledge() {
    IACK.write(RX | TX_EMPTY | RX_OVERRUN | RX_ERROR | TX_ERROR);
}

/// Whether a frame waits.
#[inline]
pub(crate) fn has_frame() -> bool {
    NP.read() != 0
}

/// Takes the oldest frame that waits.
#[inline]
pub(crate) fn read(buffer: &mut Buffer) -> Read {
    if !has_frame() {
        return Read::Nothing;
    }
    let first = DATA.read();
    let length = (first & 0xFFFF) as usize;
    let words = length.div_ceil(4).saturating_sub(1);
    let (front, body) = buffer.split_at_mut(4);
    front.copy_from_slice(&first.to_le_bytes());
    if words > body.len() / 4 {
        // Only as long as the FIFO says: bounded by 16 bits.
        for _ in 0..words {
            DATA.read();
        }
        return Read::Refused;
    }
    for word in body.chunks_exact_mut(4).take(words) {
        word.copy_from_slice(&DATA.read().to_le_bytes());
    }
    Read::Frame(length.saturating_sub(GAP_LEN + FCS_LEN))
}

/// Whether a frame can be written. If not, an interrupt will tell.
pub(crate) fn has_room() -> bool {
    let room = TR.read() & 1 == 0;
    // Only then: an interrupt after each frame would cost an idle turn each.
    if !room {
        IM.write(WAKES | TX_EMPTY);
    }
    room
}

/// Sends the frame of `len` octets, at most the largest there is, that stands behind the gap.
#[inline]
pub(crate) fn write(buffer: &mut Buffer, len: usize) {
    if let Ok(payload) = u16::try_from(len.saturating_sub(HEADER_LEN)) {
        let (gap, _) = buffer.split_at_mut(GAP_LEN);
        gap.copy_from_slice(&payload.to_le_bytes());
    }
    for word in buffer.chunks_exact(4).take((GAP_LEN + len).div_ceil(4)) {
        if let Ok(word) = word.try_into() {
            DATA.write(u32::from_le_bytes(word));
        }
    }
    TR.write(1);
}
