//! The link: frames of the device in, packets of the IP layer out, and back.

use crate::config::is_station;
use crate::inbound::{Fragment, Key, Table};
use crate::outbound::{Back, Station};
use crate::statistics::Drop;
use crate::{Config, ConfigError, ElidedChecksum, Inbound, Outbound, Scratch, Statistics, Storage};
use tersus_phy::{
    earliest, Cast, Device, Fill, Frame, Instant, LinkControl, LinkError, LinkEvents, LinkLayer, LinkPacket,
    LinkProperties, LinkState, LinkTx, Medium, RxMeta, RxToken, Switch, TxToken, Unsupported, Upper,
};
use tersus_wire::ieee802154::{self, FrameType, PAN_BROADCAST};
use tersus_wire::sixlowpan::{
    self, decompress, Context, ContextUse, Contexts, Decompressed, Dispatch, FragmentHeader, LinkAddresses,
    MTU,
};
use tersus_wire::{EtherType, HardwareAddress};

/// Shortest packet that can be: an IPv6 header, in octets.
const SIZE_MIN: u16 = 40;
/// [`MTU`] as the field of a fragment header has it.
const SIZE_MAX: u16 = 1280;
const _: () = assert!(SIZE_MAX as usize == MTU);

/// IPv6 over an IEEE 802.15.4 device. See the crate docs.
#[derive(Debug)]
pub struct Sixlowpan<'a, D> {
    device: D,
    receiver: Receiver<'a>,
    station: Station<'a>,
    /// The moment of the sends through `tx`.
    now: Instant,
    /// The IP layer must read the properties again.
    is_changed: bool,
    /// `ROOM` is owed, and there is room again: seen after the burst in which it was refused.
    has_room: bool,
}

/// What receiving needs beside the [`Station`], which meanwhile may send.
#[derive(Debug)]
struct Receiver<'a> {
    table: Table<'a>,
    scratch: &'a mut Scratch,
    promiscuous: Switch,
}

impl<'a, D: Device> Sixlowpan<'a, D> {
    /// A link over `device` that uses `storage`, whose content is discarded.
    ///
    /// # Errors
    /// [`ConfigError`] if the configuration is impossible or the device has another medium.
    pub fn new<const IN: usize, const OUT: usize>(
        device: D,
        config: Config,
        storage: &'a mut Storage<IN, OUT>,
    ) -> Result<Self, ConfigError> {
        let Storage { inbound, outbound, scratch } = storage;
        Self::from_slices(device, config, inbound, outbound, scratch)
    }

    /// The same with memory whose sizes are chosen at run time. Either table may be empty.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn from_slices(
        device: D,
        config: Config,
        inbound: &'a mut [Inbound],
        outbound: &'a mut [Outbound],
        scratch: &'a mut Scratch,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        let capabilities = device.capabilities();
        if capabilities.medium != Medium::Ieee802154 {
            return Err(ConfigError::Medium);
        }
        let mut station = Station::new(config, outbound);
        station.link_state = capabilities.link_state;
        station.frame_len_max = usize::from(capabilities.mtu);
        let receiver = Receiver { table: Table::new(inbound), scratch, promiscuous: Switch::Off };
        Ok(Self { device, receiver, station, now: Instant::ZERO, is_changed: false, has_room: false })
    }

    /// Takes another PAN or address, after an association for instance. All packets in parts are given up, in both
    /// directions (RFC 4944 §5.3); contexts stay.
    ///
    /// # Errors
    /// As [`Self::new`]; nothing is changed then.
    pub fn configure(&mut self, config: Config) -> Result<(), ConfigError> {
        config.check()?;
        self.station.config = config;
        self.give_up();
        self.is_changed = true;
        Ok(())
    }

    /// What was counted.
    pub fn statistics(&self) -> &Statistics {
        &self.station.statistics
    }

    /// The contexts in use. They are set through [`LinkControl::Context`].
    pub fn contexts(&self) -> &Contexts {
        &self.station.contexts
    }

    /// The device.
    pub fn device(&self) -> &D {
        &self.device
    }

    /// The device, to configure it.
    pub fn device_mut(&mut self) -> &mut D {
        &mut self.device
    }

    fn give_up(&mut self) {
        self.receiver.table.clear(&mut self.station.statistics);
        self.station.clear();
    }
}

impl<D: Device> LinkTx for Sixlowpan<'_, D> {
    fn send(
        &mut self,
        to: &HardwareAddress,
        packet: &LinkPacket,
        fill: &mut dyn Fill,
    ) -> Result<(), LinkError> {
        let token = self.device.transmit(self.now);
        self.station.is_refused |= token.is_none();
        self.station.send(token, *to, packet, fill, self.now)?;
        // Only when the device has no room left may something wait.
        self.station.send_waiting(&mut self.device, self.now);
        Ok(())
    }
}

impl<D: Device> LinkLayer for Sixlowpan<'_, D> {
    fn tx(&mut self, now: Instant) -> &mut dyn LinkTx {
        self.now = now;
        self
    }

    fn properties(&self) -> LinkProperties {
        let address = self.station.config.hardware_address;
        let mut properties = LinkProperties::new(Medium::Ieee802154, address, SIZE_MAX);
        properties.link_state = self.station.link_state;
        properties
    }

    fn service(&mut self, now: Instant) -> LinkEvents {
        let mut events = LinkEvents::empty();
        let capabilities = self.device.capabilities();
        self.station.frame_len_max = usize::from(capabilities.mtu);
        if self.station.link_state != capabilities.link_state {
            self.station.link_state = capabilities.link_state;
            self.is_changed = true;
            if capabilities.link_state == LinkState::Down {
                self.give_up();
            }
        }
        if core::mem::take(&mut self.is_changed) {
            events |= LinkEvents::CHANGED;
        }
        self.receiver.table.on_timeout(now, &mut self.station.statistics);
        self.station.on_timeout(now);
        self.station.send_waiting(&mut self.device, now);
        // Room after all that waited: so there is a free fragment buffer, too.
        // A device that refused room causes turns until it is asked again, even if what wanted it is gone.
        let asks = self.station.owes_room || self.station.is_refused;
        if asks && self.device.transmit(now).is_some() {
            events.set(LinkEvents::ROOM, self.station.owes_room);
            self.station.owes_room = false;
            self.station.is_refused = false;
        }
        self.has_room = false;
        events
    }

    fn receive(&mut self, now: Instant, budget: usize, upper: &mut dyn Upper) -> usize {
        self.receiver.table.on_timeout(now, &mut self.station.statistics);
        let mut taken = 0;
        while taken < budget {
            let Some((rx, token)) = self.device.receive(now) else { break };
            taken += 1;
            Statistics::count(&mut self.station.statistics.rx_frames);
            let meta = rx.meta();
            let mut back = Back { station: &mut self.station, token, now };
            let receiver = &mut self.receiver;
            if let Err(why) = rx.consume(|bytes| receiver.on_frame(bytes, meta, &mut back, upper)) {
                self.station.statistics.count_drop(why);
            }
        }
        // What was sent back may be in parts.
        self.station.send_waiting(&mut self.device, now);
        // A reply that found no room has not asked the device for it: nobody else would cause the turn in which
        // `ROOM` is said.
        if self.station.owes_room {
            self.has_room = self.device.transmit(now).is_some();
            self.station.is_refused |= !self.has_room;
        }
        taken
    }

    fn control(&mut self, command: LinkControl<'_>) -> Result<(), Unsupported> {
        match command {
            // Groups are broadcast (RFC 4944 §3): all of them pass.
            LinkControl::Join(_) | LinkControl::Leave(_) => Err(Unsupported),
            LinkControl::Promiscuous(switch) => {
                self.receiver.promiscuous = switch;
                Ok(())
            }
            LinkControl::Context { id, prefix, compress } => {
                let usage = if compress == Switch::On { ContextUse::Both } else { ContextUse::Decompress };
                let context = match prefix {
                    Some((prefix, prefix_len)) => {
                        Context::new(prefix, prefix_len, usage).ok_or(Unsupported)?
                    }
                    None => Context::NONE,
                };
                if self.station.contexts.set(id, context) {
                    Ok(())
                } else {
                    Err(Unsupported)
                }
            }
            _ => Err(Unsupported),
        }
    }

    fn poll_at(&self) -> Option<Instant> {
        let timeouts = earliest(self.receiver.table.poll_at(), self.station.poll_at());
        let room = self.has_room.then_some(Instant::ZERO);
        earliest(earliest(timeouts, room), self.device.poll_at())
    }
}

/// A frame that is for this station.
struct Admitted<'f> {
    link: LinkAddresses,
    cast: Cast,
    payload: &'f [u8],
}

impl Receiver<'_> {
    fn on_frame<T: TxToken>(
        &mut self,
        bytes: &[u8],
        meta: RxMeta,
        back: &mut Back<'_, '_, T>,
        upper: &mut dyn Upper,
    ) -> Result<(), Drop> {
        let frame = self.admit(bytes, back.station)?;
        let first = *frame.payload.first().ok_or(Drop::NotLowpan)?;
        match Dispatch::of(first) {
            Dispatch::FirstFragment | Dispatch::NextFragment => self.on_fragment(&frame, meta, back, upper),
            _ => self.on_packet(&frame, meta, back, upper),
        }
    }

    /// Whether the frame is data for this station, from one that could be answered.
    fn admit<'f>(&self, bytes: &'f [u8], station: &Station<'_>) -> Result<Admitted<'f>, Drop> {
        let first = *bytes.first().ok_or(Drop::Malformed)?;
        if FrameType::of(first) != FrameType::Data {
            return Err(Drop::NotData);
        }
        if bytes.len() > station.frame_len_max {
            return Err(Drop::Malformed);
        }
        let frame = ieee802154::Frame::parse(bytes).map_err(|_| Drop::Malformed)?;
        if frame.is_secured() {
            return Err(Drop::Secured);
        }
        let Config { pan_id, hardware_address, alias, .. } = station.config;
        // Version 2 leaves both PAN ids out where they are understood.
        let is_pan = |pan: u16| pan == pan_id || pan == PAN_BROADCAST;
        if !frame.dst_pan().map_or(true, is_pan) || !frame.src_pan().map_or(true, is_pan) {
            return Err(Drop::OtherPan);
        }
        let (source, destination) = (frame.src(), frame.dst());
        let is_own = destination == hardware_address || (destination == alias && !alias.is_none());
        let is_broadcast = destination.is_broadcast();
        let is_admitted = is_own || is_broadcast || self.promiscuous == Switch::On;
        if destination.is_none() || !is_admitted {
            return Err(Drop::OtherStation);
        }
        if !is_station(source) {
            return Err(Drop::NoSource);
        }
        let cast = if is_broadcast { Cast::Broadcast } else { Cast::Unicast };
        Ok(Admitted { link: LinkAddresses { source, destination }, cast, payload: frame.payload() })
    }

    /// A packet in one frame.
    fn on_packet<T: TxToken>(
        &mut self,
        frame: &Admitted<'_>,
        meta: RxMeta,
        back: &mut Back<'_, '_, T>,
        upper: &mut dyn Upper,
    ) -> Result<(), Drop> {
        let done = restore(frame.payload, None, &frame.link, &back.station.contexts, self.scratch)?;
        let packet = self.scratch.get_mut(..done.len).ok_or(Drop::TooLong)?;
        complete_checksum(done.checksum, packet, &back.station.config)?;
        deliver(frame.link.source, frame.cast, meta, packet, back, upper);
        Ok(())
    }

    /// A part of a packet, RFC 4944 §5.3.
    fn on_fragment<T: TxToken>(
        &mut self,
        frame: &Admitted<'_>,
        meta: RxMeta,
        back: &mut Back<'_, '_, T>,
        upper: &mut dyn Upper,
    ) -> Result<(), Drop> {
        let station = &mut *back.station;
        Statistics::count(&mut station.statistics.rx_fragments);
        let (header, payload) = FragmentHeader::parse(frame.payload).map_err(|_| Drop::BadFragment)?;
        let size = header.datagram_size;
        if size > SIZE_MAX {
            return Err(Drop::TooLong);
        }
        if size < SIZE_MIN || header.datagram_offset == Some(0) {
            return Err(Drop::BadFragment);
        }
        let fragment = if header.datagram_offset.is_none() {
            let done = restore(payload, Some(size), &frame.link, &station.contexts, self.scratch)?;
            if done.checksum.is_some() && station.config.elided_checksum == ElidedChecksum::Drop {
                return Err(Drop::ElidedChecksum);
            }
            let data = self.scratch.get(..done.len).ok_or(Drop::TooLong)?;
            Fragment { offset: 0, data, checksum: done.checksum }
        } else {
            Fragment { offset: header.offset(), data: payload, checksum: None }
        };
        fragment.check(size)?;
        let key = Key::new(&frame.link, size, header.datagram_tag);
        let (config, statistics) = (&station.config, &mut station.statistics);
        let Some(slot) = self.table.on_fragment(key, &fragment, back.now, config, statistics)? else {
            return Ok(());
        };
        // The frame's checksum state says nothing of the other fragments.
        let mut whole = RxMeta::default();
        whole.timestamp = meta.timestamp;
        let (packet, checksum) = slot.packet();
        let result = complete_checksum(checksum, packet, config);
        if result.is_ok() {
            deliver(key.source, frame.cast, whole, packet, back, upper);
        }
        slot.free();
        result
    }
}

/// Writes the uncompressed packet, or its first part, to `scratch`.
fn restore(
    payload: &[u8],
    size: Option<u16>,
    link: &LinkAddresses,
    contexts: &Contexts,
    scratch: &mut Scratch,
) -> Result<Decompressed, Drop> {
    let first = *payload.first().ok_or(Drop::NotLowpan)?;
    if Dispatch::of(first) == Dispatch::NotLowpan {
        return Err(Drop::NotLowpan);
    }
    let payload = sixlowpan::dispatch::skip_pages(payload).map_err(|_| Drop::Unsupported)?;
    let (dispatch, packet) = payload.split_first().ok_or(Drop::NotLowpan)?;
    match Dispatch::of(*dispatch) {
        Dispatch::Iphc => decompress(payload, size, link, contexts, scratch).map_err(|error| match error {
            sixlowpan::Error::Context(_) => Drop::UnknownContext,
            sixlowpan::Error::NextHeader(_) => Drop::UnknownNextHeader,
            sixlowpan::Error::NoRoom => Drop::TooLong,
            _ => Drop::BadHeader,
        }),
        Dispatch::Ipv6 => {
            let to = scratch.get_mut(..packet.len()).ok_or(Drop::TooLong)?;
            to.copy_from_slice(packet);
            Ok(Decompressed { len: packet.len(), header_len: 0, checksum: None })
        }
        _ => Err(Drop::Unsupported),
    }
}

/// Computes a checksum that was left out, RFC 6282 §4.3.2, or refuses the packet.
fn complete_checksum(
    checksum: Option<sixlowpan::ElidedChecksum>,
    packet: &mut [u8],
    config: &Config,
) -> Result<(), Drop> {
    match (checksum, config.elided_checksum) {
        (None, _) => Ok(()),
        (Some(checksum), ElidedChecksum::Compute) => checksum.restore(packet).map_err(|_| Drop::BadHeader),
        (Some(_), ElidedChecksum::Drop) => Err(Drop::ElidedChecksum),
    }
}

fn deliver<T: TxToken>(
    from: HardwareAddress,
    cast: Cast,
    meta: RxMeta,
    payload: &mut [u8],
    back: &mut Back<'_, '_, T>,
    upper: &mut dyn Upper,
) {
    Statistics::count(&mut back.station.statistics.rx_packets);
    upper.receive(&mut Frame { from, cast, protocol: EtherType::IPV6, meta, payload }, back);
}
