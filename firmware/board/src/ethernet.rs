//! A driver in the form of a [`Device`], over either board's controller.
//!
//! ```text
//!            +-----+-------------------+-----+---------+
//!   buffer:  | gap | frame             | FCS | padding |   words
//!            +-----+-------------------+-----+---------+
//!            0     2                   2 + length
//! ```
//!
//! Both controllers have FIFOs that are read and written by words, and put something of two octets in front of a
//! frame; so its IP header lies at a multiple of four. The functions of a `mac` are: `start`, `acknowledge`,
//! `has_frame`, `read`, `has_room`, `write`.

use crate::chip::mac;
use tersus_phy::{Capabilities, Device, Instant, Medium, RxToken, TxMeta, TxToken};

/// Largest frame, in octets, without FCS.
pub const FRAME_LEN_MAX: usize = HEADER_LEN + MTU as usize;

pub(crate) const HEADER_LEN: usize = 14;
const MTU: u16 = 1500;
pub(crate) const GAP_LEN: usize = 2;
pub(crate) const FCS_LEN: usize = 4;
/// A frame with gap and FCS, to whole words.
pub(crate) const BUFFER_LEN: usize = (GAP_LEN + FRAME_LEN_MAX + FCS_LEN).next_multiple_of(4);

/// Memory for one frame.
pub(crate) type Buffer = [u8; BUFFER_LEN];

/// What a controller had.
pub(crate) enum Read {
    /// No frame waits.
    Nothing,
    /// One was dropped: it was damaged, or longer than Ethernet allows.
    Refused,
    /// One of so many octets, without FCS, stands behind the gap.
    Frame(usize),
}

/// One frame in, and one frame out. All zeros.
#[derive(Debug)]
#[repr(C, align(4))]
pub struct Buffers {
    rx: Buffer,
    tx: Buffer,
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
    /// Frames dropped since they were damaged, or longer than Ethernet allows.
    pub refused: u32,
}

impl Ethernet {
    pub(crate) fn new(buffers: &'static mut Buffers, address: [u8; 6]) -> Self {
        mac::start(address);
        Self { buffers, refused: 0 }
    }

    /// The oldest frame that waits.
    #[inline]
    fn read(&mut self) -> Option<Received<'_>> {
        let len = match mac::read(&mut self.buffers.rx) {
            Read::Nothing => return None,
            Read::Frame(len) => len,
            // An empty one takes its place, which the link drops: what waits behind it is read all the same, and a
            // flood of damaged frames is bounded like any other.
            Read::Refused => {
                self.refused = self.refused.wrapping_add(1);
                0
            }
        };
        let Buffers { rx, tx } = &mut *self.buffers;
        Some((rx.get_mut(GAP_LEN..GAP_LEN + len)?, tx))
    }
}

/// A frame, and the buffer to answer it from.
type Received<'a> = (&'a mut [u8], &'a mut Buffer);

impl Device for Ethernet {
    type Rx<'a> = Rx<'a>;
    type Tx<'a> = Tx<'a>;

    #[inline]
    fn receive(&mut self, _: Instant) -> Option<(Rx<'_>, Option<Tx<'_>>)> {
        let (frame, buffer) = self.read()?;
        Some((Rx { frame }, mac::has_room().then_some(Tx { buffer })))
    }

    #[inline]
    fn transmit(&mut self, _: Instant) -> Option<Tx<'_>> {
        mac::has_room().then_some(Tx { buffer: &mut self.buffers.tx })
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
    buffer: &'a mut Buffer,
}

impl TxToken for Tx<'_> {
    #[inline]
    fn consume<R>(self, len: usize, _: TxMeta, f: impl FnOnce(&mut [u8]) -> R) -> R {
        let len = len.clamp(HEADER_LEN, FRAME_LEN_MAX);
        let result = f(self.buffer.get_mut(GAP_LEN..GAP_LEN + len).unwrap_or_default());
        mac::write(self.buffer, len);
        result
    }
}
