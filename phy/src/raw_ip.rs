//! The raw IP link: IPv4 and IPv6 packets without a link header, over a TUN device, a serial line's framing or
//! a loopback.

use crate::port::{tx_meta, Port};
use crate::statistics::{add, count};
use crate::{
    Cast, Device, Fill, Frame, Instant, LinkControl, LinkError, LinkEvents, LinkLayer, LinkPacket,
    LinkProperties, LinkTx, Medium, RxMeta, RxToken, TxToken, Unsupported, Upper,
};
use tersus_wire::{EtherType, HardwareAddress};

/// Whether what is sent comes back to the host itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Wire,
    Loopback,
}

/// A link over a device of [`Medium::Ip`]; its packets' protocol is told by their version nibble.
///
/// It knows no hardware addresses: sends go to [`HardwareAddress::NONE`], received frames come from there and
/// count as unicast, since the IP header alone says more. Over a device of another medium the link is down.
///
/// The link of a host's own addresses, to stand in the list of links beside those to others:
/// ```
/// use tersus_phy::{FrameStorage, LinkLayer, Loopback, RawIp};
///
/// let mut memory = FrameStorage::<4, 1500>::new();
/// let link = RawIp::loopback(Loopback::new(&mut memory));
/// assert!(link.properties().is_loopback);
/// assert_eq!(link.properties().mtu, 1500);
/// ```
#[derive(Debug)]
pub struct RawIp<D> {
    device: D,
    kind: Kind,
    sender: Sender,
}

impl<D: Device> RawIp<D> {
    /// A link to other hosts.
    pub fn new(device: D) -> Self {
        Self::of_kind(device, Kind::Wire)
    }

    /// The host's loopback link: [`LinkProperties::is_loopback`] is true. The device gives back what is sent, as
    /// [`Loopback`](crate::Loopback) does, be it wrapped or not.
    pub fn loopback(device: D) -> Self {
        Self::of_kind(device, Kind::Loopback)
    }

    fn of_kind(device: D, kind: Kind) -> Self {
        let port = Port::new(Medium::Ip, &device);
        Self { device, kind, sender: Sender { port, statistics: Statistics::default() } }
    }

    /// The device.
    pub const fn device(&self) -> &D {
        &self.device
    }

    /// The device, to be changed.
    pub fn device_mut(&mut self) -> &mut D {
        &mut self.device
    }

    /// Takes the link apart.
    pub fn into_device(self) -> D {
        self.device
    }

    /// What the link has counted.
    pub const fn statistics(&self) -> &Statistics {
        &self.sender.statistics
    }
}

impl<D: Device> LinkLayer for RawIp<D> {
    fn tx(&mut self, now: Instant) -> &mut dyn LinkTx {
        self.sender.port.now = now;
        self
    }

    fn properties(&self) -> LinkProperties {
        LinkProperties {
            is_loopback: self.kind == Kind::Loopback,
            ..self.sender.port.properties(HardwareAddress::NONE)
        }
    }

    fn service(&mut self, now: Instant) -> LinkEvents {
        self.sender.port.service(&mut self.device, now)
    }

    fn receive(&mut self, now: Instant, budget: usize, upper: &mut dyn Upper) -> usize {
        let mut taken = 0;
        while taken < budget {
            let Some((rx, token)) = self.device.receive(now) else { break };
            taken += 1;
            let meta = rx.meta();
            let sender = &mut self.sender;
            rx.consume(|packet| input(packet, &meta, &mut Back { token, sender }, upper));
        }
        self.sender.port.after_receive(&mut self.device, now);
        taken
    }

    /// There is no filter: `Join` and `Promiscuous` are unsupported because all packets pass.
    fn control(&mut self, _: LinkControl<'_>) -> Result<(), Unsupported> {
        Err(Unsupported)
    }

    fn poll_at(&self) -> Option<Instant> {
        self.sender.port.poll_at(&self.device)
    }
}

/// Hands one received packet up. Out of line for the sake of idle turns, as in `ethernet`.
#[inline(never)]
fn input<T: TxToken>(packet: &mut [u8], meta: &RxMeta, back: &mut Back<'_, T>, upper: &mut dyn Upper) {
    let statistics = &mut back.sender.statistics;
    let protocol = match packet.first().map(|octet| octet >> 4) {
        Some(4) => EtherType::IPV4,
        Some(6) => EtherType::IPV6,
        Some(_) => return count(&mut statistics.rx_version),
        None => return count(&mut statistics.rx_empty),
    };
    count(&mut statistics.rx_frames);
    add(&mut statistics.rx_octets, packet.len());
    let mut frame =
        Frame { from: HardwareAddress::NONE, cast: Cast::Unicast, protocol, meta: *meta, payload: packet };
    upper.receive(&mut frame, back);
}

impl<D: Device> LinkTx for RawIp<D> {
    fn send(
        &mut self,
        to: &HardwareAddress,
        packet: &LinkPacket,
        fill: &mut dyn Fill,
    ) -> Result<(), LinkError> {
        self.sender.check(to, packet)?;
        let token = self.device.transmit(self.sender.port.now);
        self.sender.send(token, packet, fill)
    }
}

/// One packet out through the room that came with a received one.
struct Back<'s, T> {
    token: Option<T>,
    sender: &'s mut Sender,
}

impl<T: TxToken> LinkTx for Back<'_, T> {
    fn send(
        &mut self,
        to: &HardwareAddress,
        packet: &LinkPacket,
        fill: &mut dyn Fill,
    ) -> Result<(), LinkError> {
        self.sender.check(to, packet)?;
        self.sender.send(self.token.take(), packet, fill)
    }
}

/// All of the link but its device: what both ways to send need.
#[derive(Debug)]
struct Sender {
    port: Port,
    statistics: Statistics,
}

impl Sender {
    #[inline]
    fn check(&mut self, to: &HardwareAddress, packet: &LinkPacket) -> Result<(), LinkError> {
        let is_ip = packet.protocol == EtherType::IPV4 || packet.protocol == EtherType::IPV6;
        let refused = match self.port.check(packet) {
            Ok(()) if to.is_none() && is_ip => return Ok(()),
            Ok(()) => LinkError::Unreachable,
            Err(error) => error,
        };
        count(match refused {
            LinkError::TooBig => &mut self.statistics.tx_too_big,
            _ => &mut self.statistics.tx_unreachable,
        });
        Err(refused)
    }

    fn send<T: TxToken>(
        &mut self,
        token: Option<T>,
        packet: &LinkPacket,
        fill: &mut dyn Fill,
    ) -> Result<(), LinkError> {
        let Some(token) = token else {
            count(&mut self.statistics.tx_full);
            return Err(self.port.refuse());
        };
        let len = usize::from(packet.len);
        token.consume(len, tx_meta(packet, 0), |buffer| fill.fill(buffer));
        count(&mut self.statistics.tx_frames);
        add(&mut self.statistics.tx_octets, len);
        Ok(())
    }
}

/// What a raw IP link has counted since it was made. Counters wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Statistics {
    /// Packets handed up.
    pub rx_frames: u32,
    /// Octets of those.
    pub rx_octets: u32,
    /// Dropped: without a single octet.
    pub rx_empty: u32,
    /// Dropped: the version is neither 4 nor 6.
    pub rx_version: u32,
    /// Packets sent.
    pub tx_frames: u32,
    /// Octets of those.
    pub tx_octets: u32,
    /// Sends refused: the transmitter was full, or the one reply to a packet had been used.
    pub tx_full: u32,
    /// Sends refused: longer than the device carries, or with an offload that it has not.
    pub tx_too_big: u32,
    /// Sends refused: to a hardware address, of another protocol than IP, or the link is down.
    pub tx_unreachable: u32,
}

impl Statistics {
    /// All counters by the names of their fields.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u32); 9] {
        [
            ("rx_frames", self.rx_frames),
            ("rx_octets", self.rx_octets),
            ("rx_empty", self.rx_empty),
            ("rx_version", self.rx_version),
            ("tx_frames", self.tx_frames),
            ("tx_octets", self.tx_octets),
            ("tx_full", self.tx_full),
            ("tx_too_big", self.tx_too_big),
            ("tx_unreachable", self.tx_unreachable),
        ]
    }
}
