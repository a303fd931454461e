//! The Ethernet link, RFC 894 and RFC 2464: Ethernet II frames over any [`Device`].
//!
//! ```text
//!   receive:  device -> to own address, broadcast or a joined group? -> upper      (else counted, dropped)
//!   send:     header from constants, then the packet by `fill`, then zeros up to 60 octets -> device
//! ```
//! Left out, each with a counter: IEEE 802.3 frames, tags of IEEE 802.1Q.

use crate::filter::Filter;
use crate::port::{tx_meta, Port};
use crate::statistics::{add, count};
use crate::{
    Cast, Device, Fill, Frame, Instant, LinkControl, LinkError, LinkEvents, LinkLayer, LinkPacket,
    LinkProperties, LinkTx, Medium, RxMeta, RxToken, TxToken, Unsupported, Upper,
};
use tersus_wire::ethernet::{is_group, split_mut, write_header, HEADER_LEN, MIN_FRAME_LEN};
use tersus_wire::{EtherType, HardwareAddress};

/// An Ethernet link over a device of [`Medium::Ethernet`].
///
/// `GROUPS` is how many group addresses the receive filter tells apart; when more are joined, it passes all
/// groups. Frames shorter than 60 octets are padded here with zeros (RFC 894), whatever the device would do.
/// Over a device of another medium the link is down.
#[derive(Debug)]
pub struct Ethernet<D, const GROUPS: usize = 8> {
    device: D,
    filter: Filter<GROUPS>,
    sender: Sender,
}

impl<D: Device> Ethernet<D> {
    /// A link whose station has the unicast address `address`, with room for eight groups.
    pub fn new(device: D, address: [u8; 6]) -> Self {
        Self::with_groups(device, address)
    }
}

impl<D: Device, const GROUPS: usize> Ethernet<D, GROUPS> {
    /// A link whose station has the unicast address `address`: `Ethernet::<_, 32>::with_groups(…)`.
    pub fn with_groups(device: D, address: [u8; 6]) -> Self {
        let port = Port::new(Medium::Ethernet, &device);
        let sender = Sender { address, port, statistics: Statistics::default() };
        Self { device, filter: Filter::new(address), sender }
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

impl<D: Device, const GROUPS: usize> LinkLayer for Ethernet<D, GROUPS> {
    fn tx(&mut self, now: Instant) -> &mut dyn LinkTx {
        self.sender.port.now = now;
        self
    }

    fn properties(&self) -> LinkProperties {
        self.sender.port.properties(HardwareAddress::ethernet(*self.filter.own()))
    }

    fn service(&mut self, now: Instant) -> LinkEvents {
        self.sender.port.service(&mut self.device, now)
    }

    fn receive(&mut self, now: Instant, budget: usize, upper: &mut dyn Upper) -> usize {
        let mut taken = 0;
        while taken < budget {
            let Some((rx, token)) = self.device.receive(now) else { break };
            taken += 1;
            take(rx, &mut Back { token, filter: &self.filter, sender: &mut self.sender }, upper);
        }
        self.sender.port.after_receive(&mut self.device, now);
        taken
    }

    fn control(&mut self, command: LinkControl<'_>) -> Result<(), Unsupported> {
        self.filter.control(command)
    }

    fn poll_at(&self) -> Option<Instant> {
        self.sender.port.poll_at(&self.device)
    }
}

/// Takes one frame.
///
/// Out of line: inlined, the compiler loads filter and counters before each burst, even an empty one, which doubles
/// what an idle turn costs.
#[inline(never)]
fn take<R: RxToken, T: TxToken, const GROUPS: usize>(
    rx: R,
    back: &mut Back<'_, T, GROUPS>,
    upper: &mut dyn Upper,
) {
    let meta = rx.meta();
    rx.consume(|octets| input(octets, &meta, back, upper));
}

/// Hands one received frame up, unless it is for others or none of ours.
#[inline]
fn input<T: TxToken, const GROUPS: usize>(
    octets: &mut [u8],
    meta: &RxMeta,
    back: &mut Back<'_, T, GROUPS>,
    upper: &mut dyn Upper,
) {
    let statistics = &mut back.sender.statistics;
    let len = octets.len();
    let Ok((header, payload)) = split_mut(octets) else {
        return count(&mut statistics.rx_short);
    };
    let cast = match back.filter.cast(&header) {
        Ok(cast) => cast,
        Err(Cast::Unicast) => return count(&mut statistics.rx_other_station),
        Err(Cast::Multicast | Cast::Broadcast) => return count(&mut statistics.rx_other_group),
    };
    let source = header.source_octets();
    if is_group(source) {
        return count(&mut statistics.rx_group_source);
    }
    let protocol = header.ether_type();
    if protocol != EtherType::IPV4 {
        if !protocol.is_type() {
            return count(if protocol.as_length().is_some() {
                &mut statistics.rx_802_3
            } else {
                &mut statistics.rx_bad_type
            });
        }
        if protocol == EtherType::VLAN {
            return count(&mut statistics.rx_vlan);
        }
    }
    count(&mut statistics.rx_frames);
    add(&mut statistics.rx_octets, len);
    let mut frame =
        Frame { from: HardwareAddress::from_ethernet(source), cast, protocol, meta: *meta, payload };
    upper.receive(&mut frame, back);
}

impl<D: Device, const GROUPS: usize> LinkTx for Ethernet<D, GROUPS> {
    fn send(
        &mut self,
        to: &HardwareAddress,
        packet: &LinkPacket,
        fill: &mut dyn Fill,
    ) -> Result<(), LinkError> {
        let mut token = self.device.transmit(self.sender.port.now);
        self.sender.send(&mut token, to, packet, fill)
    }
}

/// One frame out through the room that came with a received one.
struct Back<'s, T, const GROUPS: usize> {
    token: Option<T>,
    filter: &'s Filter<GROUPS>,
    sender: &'s mut Sender,
}

impl<T: TxToken, const GROUPS: usize> LinkTx for Back<'_, T, GROUPS> {
    fn send(
        &mut self,
        to: &HardwareAddress,
        packet: &LinkPacket,
        fill: &mut dyn Fill,
    ) -> Result<(), LinkError> {
        self.sender.send(&mut self.token, to, packet, fill)
    }
}

/// All of the link but its device and filter: what both ways to send need.
#[derive(Debug)]
struct Sender {
    address: [u8; 6],
    port: Port,
    statistics: Statistics,
}

impl Sender {
    /// The destination, if the device can carry the packet there.
    #[inline]
    fn check<'t>(&mut self, to: &'t HardwareAddress, packet: &LinkPacket) -> Result<&'t [u8; 6], LinkError> {
        match to.ethernet_octets() {
            Some(destination)
                if cfg!(not(target_pointer_width = "32")) && self.port.carries_whole(packet) =>
            {
                Ok(destination)
            }
            destination => self.check_again(destination, *packet),
        }
    }

    /// As [`Sender::check`], of a packet to be cut by the device, or that it cannot carry.
    #[cfg_attr(not(target_pointer_width = "32"), cold, inline(never))]
    #[cfg_attr(target_pointer_width = "32", inline)]
    fn check_again<'t>(
        &mut self,
        destination: Option<&'t [u8; 6]>,
        packet: LinkPacket,
    ) -> Result<&'t [u8; 6], LinkError> {
        let refused = match (destination, self.port.check(&packet)) {
            (Some(destination), Ok(())) => return Ok(destination),
            (None, Ok(())) => LinkError::Unreachable,
            (_, Err(error)) => error,
        };
        count(match refused {
            LinkError::TooBig => &mut self.statistics.tx_too_big,
            _ => &mut self.statistics.tx_unreachable,
        });
        Err(refused)
    }

    // On small machines one piece of code for both ways to send is worth more than speed; on others what can be known of
    // the packet where it is sent needs no test, and the device's part alone is out of line.
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn send<T: TxToken>(
        &mut self,
        token: &mut Option<T>,
        to: &HardwareAddress,
        packet: &LinkPacket,
        fill: &mut dyn Fill,
    ) -> Result<(), LinkError> {
        let destination = self.check(to, packet)?;
        let Some(token) = token.take() else {
            count(&mut self.statistics.tx_full);
            return Err(self.port.refuse());
        };
        self.put(token, destination, packet, fill);
        Ok(())
    }

    /// Sends a packet that the device carries.
    #[cfg_attr(not(target_pointer_width = "32"), inline(never))]
    #[cfg_attr(target_pointer_width = "32", inline)]
    fn put<T: TxToken>(&mut self, token: T, destination: &[u8; 6], packet: &LinkPacket, fill: &mut dyn Fill) {
        let payload_len = usize::from(packet.len);
        let mut len = HEADER_LEN + payload_len;
        if len < MIN_FRAME_LEN {
            // A device whose MTU is below 46 has no room for the padding.
            let mtu = usize::from(self.port.mtu());
            len = if mtu >= MIN_FRAME_LEN - HEADER_LEN { MIN_FRAME_LEN } else { len.max(HEADER_LEN + mtu) };
        }
        token.consume(len, tx_meta(packet, 14), |frame| {
            let Some((header, rest)) = frame.split_first_chunk_mut() else { return };
            write_header(header, destination, &self.address, packet.protocol);
            if payload_len < rest.len() {
                clear_padding(rest, payload_len);
            }
            if let Some(payload) = rest.get_mut(..payload_len) {
                fill.fill(payload);
            }
        });
        count(&mut self.statistics.tx_frames);
        add(&mut self.statistics.tx_octets, len);
    }
}

/// Zeros behind the payload; in front of it they do no harm, since it is written later. Most padding is short, and one word
/// covers it.
#[inline]
fn clear_padding(rest: &mut [u8], payload_len: usize) {
    const WORD: usize = 8;
    let padding = rest.len() - payload_len.min(rest.len());
    match rest.last_chunk_mut::<WORD>() {
        // Where flash is short, one way does for all.
        Some(last) if cfg!(not(target_pointer_width = "32")) && padding <= WORD => *last = [0; WORD],
        _ => rest.fill(0),
    }
}

/// What an Ethernet link has counted since it was made. Counters wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Statistics {
    /// Frames handed up.
    pub rx_frames: u32,
    /// Octets of those, with headers and padding.
    pub rx_octets: u32,
    /// Dropped: shorter than a header.
    pub rx_short: u32,
    /// Dropped: to another station.
    pub rx_other_station: u32,
    /// Dropped: to a group that was not joined.
    pub rx_other_group: u32,
    /// Dropped: from a group address.
    pub rx_group_source: u32,
    /// Dropped: an IEEE 802.3 frame (its type field is a length).
    pub rx_802_3: u32,
    /// Dropped: the type field is neither a type nor a length.
    pub rx_bad_type: u32,
    /// Dropped: tagged, IEEE 802.1Q.
    pub rx_vlan: u32,
    /// Frames sent.
    pub tx_frames: u32,
    /// Octets of those, with headers and padding.
    pub tx_octets: u32,
    /// Sends refused: the transmitter was full, or the one reply to a frame had been used.
    pub tx_full: u32,
    /// Sends refused: longer than the device carries, or with an offload that it has not.
    pub tx_too_big: u32,
    /// Sends refused: no Ethernet address, or the link is down.
    pub tx_unreachable: u32,
}

impl Statistics {
    /// All counters by the names of their fields.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u32); 14] {
        [
            ("rx_frames", self.rx_frames),
            ("rx_octets", self.rx_octets),
            ("rx_short", self.rx_short),
            ("rx_other_station", self.rx_other_station),
            ("rx_other_group", self.rx_other_group),
            ("rx_group_source", self.rx_group_source),
            ("rx_802_3", self.rx_802_3),
            ("rx_bad_type", self.rx_bad_type),
            ("rx_vlan", self.rx_vlan),
            ("tx_frames", self.tx_frames),
            ("tx_octets", self.tx_octets),
            ("tx_full", self.tx_full),
            ("tx_too_big", self.tx_too_big),
            ("tx_unreachable", self.tx_unreachable),
        ]
    }
}
