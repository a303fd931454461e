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
//! Both lengths are of 16 bits, the low octet first, so the frame starts at offset 2 of a buffer that is aligned to
//! words, and its IP header at a multiple of four.
//!
//! Frames to other stations are the link's business: QEMU's controller lets all of them through.

use crate::registers::mac::{self, DATA, IA0, IA1, IACK, IM, NP, RCTL, TCTL, THR, TR};
use tersus_phy::{Capabilities, Device, Instant, Medium, RxToken, TxMeta, TxToken};

/// Largest frame, in octets, without FCS.
pub const FRAME_LEN_MAX: usize = HEADER_LEN + MTU as usize;

const HEADER_LEN: usize = 14;
const MTU: u16 = 1500;
/// Octets of the length in front of a frame.
const LENGTH_LEN: usize = 2;
const FCS_LEN: usize = 4;
/// A frame with its length and FCS, to whole words.
const BUFFER_LEN: usize = (LENGTH_LEN + FRAME_LEN_MAX + FCS_LEN).next_multiple_of(4);

/// One frame in, and one frame out. All zeros.
#[derive(Debug)]
#[repr(C, align(4))]
pub struct Buffers {
    rx: [u8; BUFFER_LEN],
    tx: [u8; BUFFER_LEN],
}

impl Buffers {
    /// Empty.
    #[must_use]
    pub const fn new() -> Self {
        Self { rx: [0; BUFFER_LEN], tx: [0; BUFFER_LEN] }
    }
}

impl Default for Buffers {
    fn default() -> Self {
        Self::new()
    }
}

/// The driver.
#[derive(Debug)]
pub struct Ethernet {
    buffers: &'static mut Buffers,
    /// Frames dropped since they were longer than Ethernet allows.
    pub too_long: u32,
}

impl Ethernet {
    pub(crate) fn new(buffers: &'static mut Buffers, address: [u8; 6]) -> Self {
        let [a, b, c, d, e, f] = address;
        RCTL.write(0);
        TCTL.write(0);
        IA0.write(u32::from_le_bytes([a, b, c, d]));
        IA1.write(u32::from_le_bytes([e, f, 0, 0]));
        THR.write(0x3F);
        IACK.write(mac::RX | mac::TX_ERROR | mac::TX_EMPTY | mac::RX_OVERRUN | mac::RX_ERROR);
        IM.write(WAKES);
        // Full duplex, FCS, padding.
        TCTL.write(0b1_0111);
        // Bad FCS rejected, all groups, FIFO emptied.
        RCTL.write(0b1_1011);
        Self { buffers, too_long: 0 }
    }

    /// The oldest frame that waits.
    #[inline]
    fn read(&mut self) -> Option<Received<'_>> {
        if NP.read() == 0 {
            return None;
        }
        let Buffers { rx, tx } = &mut *self.buffers;
        let first = DATA.read();
        let length = (first & 0xFFFF) as usize;
        let words = length.div_ceil(4).saturating_sub(1);
        let (front, body) = rx.split_at_mut(4);
        front.copy_from_slice(&first.to_le_bytes());
        if words > body.len() / 4 {
            // Only as long as the FIFO says: bounded by 16 bits.
            for _ in 0..words {
                DATA.read();
            }
            self.too_long = self.too_long.wrapping_add(1);
            return None;
        }
        for word in body.chunks_exact_mut(4).take(words) {
            word.copy_from_slice(&DATA.read().to_le_bytes());
        }
        let frame = rx.get_mut(LENGTH_LEN..length.saturating_sub(FCS_LEN))?;
        Some((frame, tx))
    }

    /// Whether a frame can be written. If not, an interrupt will tell.
    fn has_room() -> bool {
        let room = TR.read() & 1 == 0;
        // Only then: an interrupt after each frame would cost an idle turn each.
        if !room {
            IM.write(WAKES | mac::TX_EMPTY);
        }
        room
    }
}

/// What ends a sleep. The overrun does since frames are lost: what came before them waits.
const WAKES: u32 = mac::RX | mac::RX_OVERRUN;

/// A frame, and the buffer to answer it from.
type Received<'a> = (&'a mut [u8], &'a mut [u8; BUFFER_LEN]);

impl Device for Ethernet {
    type Rx<'a> = Rx<'a>;
    type Tx<'a> = Tx<'a>;

    #[inline]
    fn receive(&mut self, _: Instant) -> Option<(Rx<'_>, Option<Tx<'_>>)> {
        let (frame, buffer) = self.read()?;
        Some((Rx { frame }, Self::has_room().then_some(Tx { buffer })))
    }

    #[inline]
    fn transmit(&mut self, _: Instant) -> Option<Tx<'_>> {
        Self::has_room().then_some(Tx { buffer: &mut self.buffers.tx })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new(Medium::Ethernet, MTU)
    }
}

/// A received frame.
#[derive(Debug)]
pub struct Rx<'a> {
    frame: &'a mut [u8],
}

impl RxToken for Rx<'_> {
    #[inline]
    fn consume<R>(self, f: impl FnOnce(&mut [u8]) -> R) -> R {
        f(self.frame)
    }
}

/// Room for a frame to send.
#[derive(Debug)]
pub struct Tx<'a> {
    buffer: &'a mut [u8; BUFFER_LEN],
}

impl TxToken for Tx<'_> {
    #[inline]
    fn consume<R>(self, len: usize, _: TxMeta, f: impl FnOnce(&mut [u8]) -> R) -> R {
        let len = len.clamp(HEADER_LEN, FRAME_LEN_MAX);
        let (front, frame) = self.buffer.split_at_mut(LENGTH_LEN);
        let payload = u16::try_from(len - HEADER_LEN).unwrap_or(MTU);
        front.copy_from_slice(&payload.to_le_bytes());
        let result = f(frame.get_mut(..len).unwrap_or_default());
        for word in self.buffer.chunks_exact(4).take((LENGTH_LEN + len).div_ceil(4)) {
            if let Ok(word) = word.try_into() {
                DATA.write(u32::from_le_bytes(word));
            }
        }
        TR.write(1);
        result
    }
}
