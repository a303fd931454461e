//! The boundary to a driver: frames in, frames out, and what the hardware can do.

use crate::Instant;

/// A network device, in the token form that drivers written for smoltcp and embassy-net have.
///
/// # For implementers
/// - `receive` yields the oldest frame that waits, and with it the right to send one back if the transmitter
///   has room: a full transmitter must not block reception.
/// - A token that is dropped unused has no effect, but that a received frame counts as read.
/// - Frames are handed over without the frame check sequence.
/// - A transmitter that had no room and has some again must cause a poll (an interrupt, usually).
///
/// A driver with one buffer each way; others have rings of them:
/// ```
/// use tersus_phy::{Capabilities, Device, Ethernet, Instant, LinkLayer, Medium, RxToken, TxMeta, TxToken};
///
/// /// What the hardware and the driver share. A length of 0: the receive buffer is empty, the transmit buffer free.
/// struct Mac {
///     rx: [u8; 1514],
///     rx_len: usize,
///     tx: [u8; 1514],
///     tx_len: usize,
/// }
///
/// struct Rx<'a>(&'a mut [u8]);
/// struct Tx<'a>(&'a mut [u8; 1514], &'a mut usize);
///
/// impl RxToken for Rx<'_> {
///     fn consume<R>(self, f: impl FnOnce(&mut [u8]) -> R) -> R {
///         f(self.0)
///     }
/// }
///
/// impl TxToken for Tx<'_> {
///     fn consume<R>(self, len: usize, _: TxMeta, f: impl FnOnce(&mut [u8]) -> R) -> R {
///         let result = f(&mut self.0[..len]); // 1514 octets are the MTU and the header: len is never more
///         *self.1 = len; // here the hardware would be told to send
///         result
///     }
/// }
///
/// impl Device for Mac {
///     type Rx<'a> = Rx<'a>;
///     type Tx<'a> = Tx<'a>;
///
///     fn receive(&mut self, _: Instant) -> Option<(Rx<'_>, Option<Tx<'_>>)> {
///         let len = core::mem::take(&mut self.rx_len);
///         if len == 0 {
///             return None;
///         }
///         let back = (self.tx_len == 0).then_some(Tx(&mut self.tx, &mut self.tx_len));
///         Some((Rx(&mut self.rx[..len]), back))
///     }
///
///     fn transmit(&mut self, _: Instant) -> Option<Tx<'_>> {
///         (self.tx_len == 0).then_some(Tx(&mut self.tx, &mut self.tx_len))
///     }
///
///     fn capabilities(&self) -> Capabilities {
///         Capabilities::new(Medium::Ethernet, 1500)
///     }
/// }
///
/// let mac = Mac { rx: [0; 1514], rx_len: 0, tx: [0; 1514], tx_len: 0 };
/// let link: Ethernet<_> = Ethernet::new(mac, [2, 0, 0, 0, 0, 1]); // what a stack polls
/// assert_eq!(link.properties().mtu, 1500);
/// ```
pub trait Device {
    /// One received frame.
    type Rx<'a>: RxToken
    where
        Self: 'a;
    /// The right to send one frame.
    type Tx<'a>: TxToken
    where
        Self: 'a;

    /// The oldest frame that waits, and room for one to send back if there is any.
    fn receive(&mut self, now: Instant) -> Option<(Self::Rx<'_>, Option<Self::Tx<'_>>)>;

    /// Room for one frame to send, if there is any.
    fn transmit(&mut self, now: Instant) -> Option<Self::Tx<'_>>;

    /// What the device is and can do. May change at run time (link state); the link looks once a turn.
    fn capabilities(&self) -> Capabilities;

    /// When `receive` or `transmit` will next have something by the passing of time alone: simulated delay and
    /// rate. `None` for hardware, whose interrupt causes a poll.
    fn poll_at(&self) -> Option<Instant> {
        None
    }
}

/// One received frame.
pub trait RxToken {
    /// What the device knows of the frame.
    fn meta(&self) -> RxMeta {
        RxMeta::default()
    }

    /// Lends the frame's octets, which may be altered, and gives the frame back to the device.
    fn consume<R>(self, f: impl FnOnce(&mut [u8]) -> R) -> R;
}

/// The right to send one frame.
pub trait TxToken {
    /// Lends a buffer of exactly `len` octets, whose content is arbitrary, and sends what `f` left in it.
    ///
    /// `len` is at most the device's MTU and its medium's header.
    fn consume<R>(self, len: usize, meta: TxMeta, f: impl FnOnce(&mut [u8]) -> R) -> R;
}

/// What a frame starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Medium {
    /// Ethernet II: a header of 14 octets.
    #[default]
    Ethernet,
    /// An IPv4 or IPv6 packet, no link header.
    Ip,
    /// An IEEE 802.15.4 MAC frame.
    Ieee802154,
}

impl Medium {
    /// Octets of a frame that do not count to the MTU: 14 on Ethernet, else none.
    #[must_use]
    pub const fn header_len(self) -> usize {
        match self {
            Self::Ethernet => tersus_wire::ethernet::HEADER_LEN,
            Self::Ip | Self::Ieee802154 => 0,
        }
    }
}

/// Whether a device can carry frames at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LinkState {
    /// Frames pass.
    #[default]
    Up,
    /// Cable out, not associated, or switched off.
    Down,
}

/// How much of the upper-layer checksum work a device does when it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChecksumOffload {
    /// None: every frame must be complete.
    #[default]
    None,
    /// It completes a checksum described by [`TxChecksum::Partial`].
    Partial,
}

/// What a device is and can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// What frames start with.
    pub medium: Medium,
    /// Largest payload, in octets: the largest IP packet on Ethernet (1500) and raw IP, the largest MAC frame
    /// without its check sequence on IEEE 802.15.4 (125).
    pub mtu: u16,
    /// Whether frames pass at present.
    pub link_state: LinkState,
    /// Checksums that the device completes in frames to send.
    pub checksum: ChecksumOffload,
    /// Largest IP packet, in octets, that the device cuts into TCP segments itself; 0: it does not.
    pub segmentation: u16,
}

impl Capabilities {
    /// A device of this medium and MTU that is up and offloads nothing.
    #[must_use]
    pub const fn new(medium: Medium, mtu: u16) -> Self {
        Self { medium, mtu, link_state: LinkState::Up, checksum: ChecksumOffload::None, segmentation: 0 }
    }
}

/// What a device says of a received frame's upper-layer checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RxChecksum {
    /// Nothing: verify it.
    #[default]
    Unknown,
    /// It was verified, or the frame never left the machine: it need not be verified, and may be partial in
    /// octets.
    Verified,
}

/// What a device knows of a received frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RxMeta {
    /// State of the upper-layer checksum.
    pub checksum: RxChecksum,
    /// Segment size, in octets of TCP payload, of a frame coalesced from several; 0: one as it was sent.
    pub segment: u16,
    /// When the hardware saw the frame.
    pub timestamp: Option<Instant>,
}

/// The upper-layer checksum of a frame to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TxChecksum {
    /// Complete.
    #[default]
    Full,
    /// To be completed by the device: the field holds the pseudo-header's sum, and the complement of the sum from
    /// `start` to the end belongs at `start + offset`; 0xffff if that is zero, which in UDP would mean none.
    Partial {
        /// Where summing starts, in octets from the start of the packet (at a device: of the frame).
        start: u16,
        /// Offset of the checksum field from `start`.
        offset: u16,
    },
}

/// What a device must do to a frame to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TxMeta {
    /// Checksum to complete. Only for devices with [`ChecksumOffload::Partial`].
    pub checksum: TxChecksum,
    /// TCP payload octets per segment to cut the frame into; 0: send as it is. Only for devices with
    /// segmentation.
    pub segment: u16,
}

impl<D: Device + ?Sized> Device for &mut D {
    type Rx<'a>
        = D::Rx<'a>
    where
        Self: 'a;
    type Tx<'a>
        = D::Tx<'a>
    where
        Self: 'a;

    fn receive(&mut self, now: Instant) -> Option<(Self::Rx<'_>, Option<Self::Tx<'_>>)> {
        (**self).receive(now)
    }

    fn transmit(&mut self, now: Instant) -> Option<Self::Tx<'_>> {
        (**self).transmit(now)
    }

    fn capabilities(&self) -> Capabilities {
        (**self).capabilities()
    }

    fn poll_at(&self) -> Option<Instant> {
        (**self).poll_at()
    }
}
