//! The boundary below the waist: what a link offers to the IP layer.

use crate::{ChecksumOffload, Instant, LinkState, Medium, RxMeta, TxChecksum};
use tersus_wire::{EtherType, HardwareAddress};

/// Writes a packet into a buffer that a lower layer lends.
///
/// An own trait and not `dyn FnMut`, whose vtable would keep a second copy of each body. Every
/// `FnMut(&mut [u8])` is a `Fill`: write `&mut |buffer: &mut [u8]| …`.
pub trait Fill {
    /// Writes all of `buffer`, which has exactly the length that was asked for and arbitrary content.
    ///
    /// A link that lends another length is at fault: debug builds say so by a panic, others send what then stands there.
    fn fill(&mut self, buffer: &mut [u8]);
}

impl<F: FnMut(&mut [u8])> Fill for F {
    fn fill(&mut self, buffer: &mut [u8]) {
        self(buffer);
    }
}

/// Takes the packets that a link received.
pub trait Upper {
    /// Takes one packet. `back` sends at most one packet to where this one came from, or to any address of
    /// the link, if the device has room; further sends answer [`LinkError::Full`].
    fn receive(&mut self, frame: &mut Frame<'_>, back: &mut dyn LinkTx);
}

/// Whom a frame or packet was addressed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cast {
    /// This station alone.
    #[default]
    Unicast,
    /// A group of stations.
    Multicast,
    /// All stations.
    Broadcast,
}

/// A received packet with what the link knows of it.
#[derive(Debug)]
pub struct Frame<'a> {
    /// Who sent it; [`HardwareAddress::NONE`] on links without addresses.
    pub from: HardwareAddress,
    /// Whom the link addressed.
    pub cast: Cast,
    /// What the payload is.
    pub protocol: EtherType,
    /// What the device knows of it.
    pub meta: RxMeta,
    /// The packet, without link header; padding of the link may follow it.
    pub payload: &'a mut [u8],
}

/// A packet to send, but for its octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkPacket {
    /// What the payload is.
    pub protocol: EtherType,
    /// Its length, in octets: at most the link's MTU, or its segmentation limit if `segment` is not 0.
    pub len: u16,
    /// TCP payload octets per segment for the device to cut it into; 0: one packet.
    pub segment: u16,
    /// Checksum for the device to complete; offsets count from the start of the packet.
    pub checksum: TxChecksum,
}

impl LinkPacket {
    /// A packet that needs nothing of the device.
    #[must_use]
    pub const fn new(protocol: EtherType, len: u16) -> Self {
        Self { protocol, len, segment: 0, checksum: TxChecksum::Full }
    }
}

/// Why a link did not take a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The transmitter has no room now; it will say [`LinkEvents::ROOM`] when it has.
    #[error("transmitter full")]
    Full,
    /// The packet is longer than the link carries, or asks for an offload that the link did not declare.
    #[error("packet does not fit the link")]
    TooBig,
    /// The address is none of this kind of link, or the link is down.
    #[error("link cannot reach the address")]
    Unreachable,
}

/// The sending half of a link.
pub trait LinkTx {
    /// Sends one packet to a station or group. `fill` is called exactly once if the answer is `Ok`, with a
    /// buffer of `packet.len` octets, else not at all.
    ///
    /// # Errors
    /// [`LinkError`]; the packet was then not sent, and nothing of it is kept.
    fn send(
        &mut self,
        to: &HardwareAddress,
        packet: &LinkPacket,
        fill: &mut dyn Fill,
    ) -> Result<(), LinkError>;
}

/// What a link is. The IP layer reads it when the link is attached and after [`LinkEvents::CHANGED`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkProperties {
    /// Kind of link: says how neighbours are resolved and groups are mapped.
    pub medium: Medium,
    /// Own address; [`HardwareAddress::NONE`] on raw IP links.
    pub hardware_address: HardwareAddress,
    /// Largest IP packet, in octets.
    pub mtu: u16,
    /// Whether packets pass at present.
    pub link_state: LinkState,
    /// Checksums that the device completes.
    pub checksum: ChecksumOffload,
    /// Largest IP packet, in octets, that the device cuts into TCP segments; 0: it does not.
    pub segmentation: u16,
    /// Whether what is sent to an own address or group of the host belongs here: a loopback link.
    pub is_loopback: bool,
}

impl LinkProperties {
    /// A link that is up, is no loopback and offloads nothing.
    #[must_use]
    pub const fn new(medium: Medium, hardware_address: HardwareAddress, mtu: u16) -> Self {
        Self {
            medium,
            hardware_address,
            mtu,
            link_state: LinkState::Up,
            checksum: ChecksumOffload::None,
            segmentation: 0,
            is_loopback: false,
        }
    }
}

bitflags::bitflags! {
    /// What happened on a link since the last turn.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct LinkEvents: u8 {
        /// The transmitter has room. A link that never ran full may always say so.
        const ROOM = 1;
        /// [`LinkLayer::properties`] changed.
        const CHANGED = 2;
    }
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Switch {
    /// Disabled.
    #[default]
    Off,
    /// Enabled.
    On,
}

/// A request to a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkControl<'a> {
    /// Receive frames to this group address too. Counted by the IP layer: asked once per address, unless it is one that
    /// never leaves; asked again, nothing changes.
    Join(&'a HardwareAddress),
    /// Receive frames to this group address no more.
    Leave(&'a HardwareAddress),
    /// Receive frames to all addresses.
    Promiscuous(Switch),
    /// Set (`prefix` given) or remove a 6LoWPAN compression context, RFC 6282 §3.1.2.
    Context {
        /// Context identifier, 0 to 15.
        id: u8,
        /// The prefix and its length in bits, 0 to 128; bits beyond the length are zero. `None` removes the context.
        prefix: Option<([u8; 16], u8)>,
        /// Whether it may be used to compress, not only to decompress.
        compress: Switch,
    },
}

/// The link has no such function; for [`LinkControl::Join`] that means that its filter passes all groups, or
/// that its table is full (the link then passes all groups).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the link has no such function")]
pub struct Unsupported;

/// A link as the IP layer sees it. Object-safe: a stack takes a list of `&mut dyn LinkLayer`, or, smaller and faster,
/// links of one type.
///
/// Whoever has a driver for Ethernet, a radio or raw packets writes a [`Device`](crate::Device) instead and puts
/// [`Ethernet`](crate::Ethernet), `tersus_sixlowpan::Sixlowpan` or [`RawIp`](crate::RawIp) over it. A link of one's own
/// is for other framing and addressing.
///
/// # For callers
/// In each turn: `service` first, then `receive`, then sends through `tx`.
///
/// # For implementers
/// - What is addressed to another station is dropped here (counted), unless promiscuous.
/// - `receive` and `service` return after bounded work.
/// - After a send was refused with `Full`, `service` must once say [`LinkEvents::ROOM`] when there is room
///   again, and the device must cause a poll.
/// - Without the `device` that causes polls, as for a wire in memory, `poll_at` must name the moment.
///
/// A serial line that carries a length and a packet; the two buffers stand for the driver's:
/// ```
/// use tersus_phy::{
///     Cast, EtherType, Fill, Frame, HardwareAddress, Instant, LinkControl, LinkError, LinkEvents, LinkLayer, LinkPacket,
///     LinkProperties, LinkTx, Medium, RxMeta, TxChecksum, Unsupported, Upper,
/// };
///
/// const MTU: u16 = 1280;
///
/// struct Line {
///     sender: Sender,
///     /// Received octets: a length, then so many.
///     rx: [u8; 2 + MTU as usize],
///     /// Whether what was received is complete.
///     rx_ready: bool,
///     malformed: u32,
/// }
/// struct Sender {
///     tx: [u8; 2 + MTU as usize],
///     /// Octets that the hardware has not sent yet.
///     tx_len: usize,
///     was_full: bool,
/// }
///
/// impl LinkTx for Sender {
///     fn send(&mut self, _: &HardwareAddress, packet: &LinkPacket, fill: &mut dyn Fill) -> Result<(), LinkError> {
///         // Nothing is offloaded here, so nobody should ask for it.
///         if packet.len > MTU || packet.segment != 0 || packet.checksum != TxChecksum::Full {
///             return Err(LinkError::TooBig);
///         }
///         if self.tx_len != 0 {
///             self.was_full = true;
///             return Err(LinkError::Full);
///         }
///         let (length, octets) = self.tx.split_at_mut(2);
///         length.copy_from_slice(&packet.len.to_be_bytes());
///         fill.fill(&mut octets[..usize::from(packet.len)]); // once, with exactly so many octets
///         self.tx_len = 2 + usize::from(packet.len);
///         Ok(())
///     }
/// }
///
/// impl LinkLayer for Line {
///     fn tx(&mut self, _: Instant) -> &mut dyn LinkTx {
///         &mut self.sender
///     }
///     fn properties(&self) -> LinkProperties {
///         // Medium::Ip: no neighbours to be resolved, no groups to be joined.
///         LinkProperties::new(Medium::Ip, HardwareAddress::NONE, MTU)
///     }
///     fn service(&mut self, _: Instant) -> LinkEvents {
///         if self.sender.tx_len == 0 && core::mem::take(&mut self.sender.was_full) {
///             return LinkEvents::ROOM;
///         }
///         LinkEvents::empty()
///     }
///     fn receive(&mut self, _: Instant, budget: usize, upper: &mut dyn Upper) -> usize {
///         if budget == 0 || !core::mem::take(&mut self.rx_ready) {
///             return 0;
///         }
///         let (length, octets) = self.rx.split_at_mut(2);
///         let len = usize::from(u16::from_be_bytes([length[0], length[1]]));
///         let Some(payload) = octets.get_mut(..len) else {
///             self.malformed += 1;
///             return 1;
///         };
///         let is_ipv4 = payload.first().is_some_and(|first| first >> 4 == 4);
///         let protocol = if is_ipv4 { EtherType::IPV4 } else { EtherType::IPV6 };
///         let (from, meta) = (HardwareAddress::NONE, RxMeta::default());
///         let mut frame = Frame { from, cast: Cast::Unicast, protocol, meta, payload };
///         upper.receive(&mut frame, &mut self.sender);
///         1
///     }
///     fn control(&mut self, _: LinkControl<'_>) -> Result<(), Unsupported> {
///         Err(Unsupported)
///     }
///     fn poll_at(&self) -> Option<Instant> {
///         None // the interrupts of the line cause the polls
///     }
/// }
/// ```
pub trait LinkLayer {
    /// The sending half, for use at `now`. A method and not a supertrait: trait objects cannot be upcast
    /// before Rust 1.86.
    fn tx(&mut self, now: Instant) -> &mut dyn LinkTx;

    /// What the link is.
    fn properties(&self) -> LinkProperties;

    /// First in each turn: sends what waits inside the link (fragments) and tells what happened.
    fn service(&mut self, now: Instant) -> LinkEvents;

    /// Hands up to `budget` received frames to `upper`; returns how many frames were taken from the device,
    /// dropped ones included.
    fn receive(&mut self, now: Instant, budget: usize, upper: &mut dyn Upper) -> usize;

    /// Passes a request to the link.
    ///
    /// # Errors
    /// [`Unsupported`] where the link has no such function.
    fn control(&mut self, command: LinkControl<'_>) -> Result<(), Unsupported>;

    /// When the link next has something to do by the passing of time alone.
    fn poll_at(&self) -> Option<Instant>;
}
