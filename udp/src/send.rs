//! The user's side of sending: a datagram is checked, given its way, and queued.

use crate::slot::{Flags, Slot, Wish};
use crate::statistics::count;
use crate::{Handle, RecvMeta, SendError, StaleHandle, Statistics, Udp};
use core::net::{IpAddr, SocketAddr};
use tersus_ip::queue::{Label, Queue};
use tersus_ip::{Fill, InterfaceId, Path, Routes, Unreachable};

/// Bit of [`Label::flags`]: the datagram may not be fragmented.
pub(crate) const DONT_FRAGMENT: u8 = 1;

/// Octets of an IPv4 header; IPv6's is not counted in its Payload Length.
const IPV4_HEADER_LEN: u16 = 20;

/// Whether a datagram may leave in fragments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fragmentation {
    /// If it is larger than the path's MTU. Never if the crate is built without `fragmentation`.
    #[default]
    Allow,
    /// Never: IPv4 DF is set, and what is larger is refused.
    Never,
}

/// What the sender of a datagram chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SendMeta {
    /// Destination; `None`: the peer that the socket is connected to.
    pub remote: Option<SocketAddr>,
    /// Source address; `None`: the one that the socket is bound to, else the IP layer's choice. `Some` of the
    /// unspecified address is sent as it is (for address configuration), and needs an interface.
    pub source: Option<IpAddr>,
    /// Interface to leave by; `None`: the one that the socket is bound to, else the routing table's choice.
    /// Link-local and group destinations need one if the host has several.
    pub interface: Option<InterfaceId>,
    /// Hop Limit; 0: as [`crate::Settings`] say.
    pub hop_limit: u8,
    /// Traffic Class, DS field and ECN; `None`: as [`crate::Settings`] say.
    pub traffic_class: Option<u8>,
    /// Whether it may be fragmented.
    pub fragmentation: Fragmentation,
}

impl SendMeta {
    /// To the peer that the socket is connected to.
    pub const CONNECTED: Self = Self {
        remote: None,
        source: None,
        interface: None,
        hop_limit: 0,
        traffic_class: None,
        fragmentation: Fragmentation::Allow,
    };

    /// To `remote`, the rest as the socket's settings say.
    #[must_use]
    pub const fn to(remote: SocketAddr) -> Self {
        Self { remote: Some(remote), ..Self::CONNECTED }
    }

    /// Back to where a datagram came from: by the same interface, and from the address that it was sent to unless
    /// that was a group or broadcast address. RFC 1122 §4.1.3.5.
    #[must_use]
    pub fn reply_to(received: &RecvMeta) -> Self {
        let source = received.is_unicast().then_some(received.local);
        Self { source, interface: Some(received.interface), ..Self::to(received.remote) }
    }
}

/// What `place` needs of a way.
struct Way {
    /// Largest payload that leaves in one piece, in octets.
    unfragmented: u16,
    is_resolving: bool,
}

impl Way {
    #[inline]
    fn along(path: &Path) -> Self {
        let unfragmented = path.max_segment_len().saturating_sub(8).min(65_527);
        Self { unfragmented, is_resolving: path.is_resolving() }
    }
}

impl Udp<'_> {
    /// Queues `data` for the peer that the socket is connected to. Nothing leaves before the next poll.
    ///
    /// # Errors
    /// [`SendError`]; nothing was queued.
    pub fn send(&mut self, routes: &dyn Routes, socket: Handle, data: &[u8]) -> Result<(), SendError> {
        self.send_meta(routes, socket, &SendMeta::CONNECTED, data)
    }

    /// Queues `data` for `remote`.
    ///
    /// # Errors
    /// [`SendError`]; nothing was queued.
    pub fn send_to(
        &mut self,
        routes: &dyn Routes,
        socket: Handle,
        remote: SocketAddr,
        data: &[u8],
    ) -> Result<(), SendError> {
        let slot = self.slots.get_mut(usize::from(socket.index)).filter(|slot| slot.is_open(socket));
        let slot = slot.ok_or(SendError::Stale)?;
        if is_as_before(slot, routes, &remote, data.len()) {
            let region = self.tx.of(socket.index);
            let Slot { hop_limit, traffic_class, .. } = *slot;
            if let Some(place) = slot.transmit.push_to(region, &remote, hop_limit, traffic_class, data.len())
            {
                copy(place, data);
                self.make_ready(socket.index);
                return Ok(());
            }
        }
        self.send_meta(routes, socket, &SendMeta::to(remote), data)
    }

    /// Queues `data` with all that its sender may choose.
    ///
    /// # Errors
    /// [`SendError`]; nothing was queued.
    #[inline(never)]
    pub fn send_meta(
        &mut self,
        routes: &dyn Routes,
        socket: Handle,
        meta: &SendMeta,
        data: &[u8],
    ) -> Result<(), SendError> {
        let mut copy = |place: &mut [u8]| {
            copy(place, data);
        };
        self.send_with(routes, socket, meta, data.len(), &mut copy)
    }

    /// Queues a datagram of `len` octets, which `fill` writes into the queue in place: no copy in the application.
    /// `fill` is called once if the answer is `Ok`, else not at all.
    ///
    /// # Errors
    /// [`SendError`]; nothing was queued.
    pub fn send_with(
        &mut self,
        routes: &dyn Routes,
        socket: Handle,
        meta: &SendMeta,
        len: usize,
        fill: &mut dyn Fill,
    ) -> Result<(), SendError> {
        let slot = self.slots.get_mut(usize::from(socket.index)).filter(|slot| slot.is_open(socket));
        let slot = slot.ok_or(SendError::Stale)?;
        let region = self.tx.of(socket.index);
        let place = place(slot, region, &mut self.statistics, routes, meta, len)?;
        fill.fill(place);
        self.make_ready(socket.index);
        Ok(())
    }

    /// Passes the oldest datagram that `from` received on, through `to`, which may be the same socket: one copy,
    /// from queue to queue. Returns its length in octets; `None` if there is none. If it cannot be queued it
    /// stays, to be tried again or dropped by [`Udp::skip`].
    ///
    /// An echo server is `udp.peek(s)?`, then `udp.forward(routes, s, s, &SendMeta::reply_to(&meta))`.
    ///
    /// # Errors
    /// [`SendError`]; nothing was queued or taken.
    pub fn forward(
        &mut self,
        routes: &dyn Routes,
        from: Handle,
        to: Handle,
        meta: &SendMeta,
    ) -> Result<Option<usize>, SendError> {
        let receive = self.slot(from).map_err(|StaleHandle| SendError::Stale)?.receive;
        let Some(record) = receive.front(self.rx.of(from.index)) else { return Ok(None) };
        let len = record.payload.len();
        let slot = self.slots.get_mut(usize::from(to.index)).filter(|slot| slot.is_open(to));
        let slot = slot.ok_or(SendError::Stale)?;
        let region = self.tx.of(to.index);
        copy(place(slot, region, &mut self.statistics, routes, meta, len)?, record.payload);
        self.drop_front(from.index);
        self.make_ready(to.index);
        Ok(Some(len))
    }

    /// Largest payload, in octets, that leaves for `meta.remote` in one piece: what the path's MTU leaves beside
    /// the headers. RFC 8085 §3.2: send no more if you can.
    ///
    /// # Errors
    /// As for sending nothing there.
    pub fn max_payload(
        &mut self,
        routes: &dyn Routes,
        socket: Handle,
        meta: &SendMeta,
    ) -> Result<u16, SendError> {
        let slot = self.slot_mut(socket).map_err(|StaleHandle| SendError::Stale)?;
        let (remote, _) = destination(slot, meta)?;
        let wish = Wish { source: own_source(slot, meta)?, interface: own_interface(slot, meta)? };
        Ok(way(slot, routes, remote, &wish)?.unfragmented)
    }

    /// Whether nothing waits to leave.
    ///
    /// # Errors
    /// [`StaleHandle`].
    pub fn is_send_queue_empty(&self, socket: Handle) -> Result<bool, StaleHandle> {
        Ok(self.slot(socket)?.transmit.is_empty())
    }
}

/// Fills a place in a queue. It is as long as was asked for; said so that no panic is linked.
#[inline]
pub(crate) fn copy(place: &mut [u8], data: &[u8]) {
    if place.len() == data.len() {
        place.copy_from_slice(data);
    }
}

/// Does all of a send call but the filling. Borrows the parts of the engine that it needs, so that the place can be
/// filled from another.
fn place<'p>(
    slot: &mut Slot,
    region: &'p mut [u8],
    statistics: &mut Statistics,
    routes: &dyn Routes,
    meta: &SendMeta,
    len: usize,
) -> Result<&'p mut [u8], SendError> {
    let (remote, port) = destination(slot, meta)?;
    let wish = Wish { source: own_source(slot, meta)?, interface: own_interface(slot, meta)? };
    let way = way(slot, routes, remote, &wish)?;
    if len > usize::from(way.unfragmented) {
        let max = match remote {
            IpAddr::V4(_) => 65_527 - IPV4_HEADER_LEN,
            IpAddr::V6(_) => 65_527,
        };
        let may_fragment = cfg!(feature = "fragmentation") && meta.fragmentation == Fragmentation::Allow;
        let max = if may_fragment { max } else { way.unfragmented };
        if len > usize::from(max) {
            return Err(SendError::TooLong(max));
        }
    }
    let label = Label {
        remote,
        port,
        local: wish.source,
        interface: wish.interface,
        hop_limit: match meta.hop_limit {
            0 if remote.is_multicast() => slot.multicast_hop_limit.max(1),
            0 => slot.hop_limit,
            hop_limit => hop_limit,
        },
        traffic_class: meta.traffic_class.unwrap_or(slot.traffic_class),
        flags: match meta.fragmentation {
            Fragmentation::Allow => 0,
            Fragmentation::Never => DONT_FRAGMENT,
        },
    };
    if way.is_resolving || slot.flags.contains(Flags::WAITING) {
        make_room(slot, region, &label, len, &way).map_err(|error| refuse(statistics, error))?;
    }
    let region_len = region.len();
    match slot.transmit.push(region, &label, len) {
        Some(place) => Ok(place),
        None => Err(refuse(statistics, too_long(&label, len, region_len).unwrap_or(SendError::Full))),
    }
}

/// Whether a datagram without wishes goes the way of the one before it, in one piece, and past none that waits. Then
/// all checks of [`place`] have been made.
#[inline]
fn is_as_before(slot: &Slot, routes: &dyn Routes, remote: &SocketAddr, len: usize) -> bool {
    slot.has_plain_path_to(remote)
        && remote.port() != 0
        && !slot.flags.contains(Flags::WAITING)
        && !slot.path.is_resolving()
        && len.saturating_add(8) <= usize::from(slot.path.max_segment_len())
        && slot.path_generation == routes.generation()
}

/// While something waits. Datagrams that wait for a resolution hold the room of those that left before them, until it
/// is asked for here; and they do not get all of it.
#[cold]
#[inline(never)]
fn make_room(
    slot: &mut Slot,
    region: &mut [u8],
    label: &Label,
    len: usize,
    way: &Way,
) -> Result<(), SendError> {
    if let Some(error) = too_long(label, len, region.len()) {
        return Err(error);
    }
    if way.is_resolving && has_had_its_share(slot, region, label.remote) {
        return Err(SendError::Full);
    }
    if slot.flags.contains(Flags::WAITING) && !slot.transmit.has_room(label, len, region.len()) {
        slot.transmit.compact(region);
    }
    Ok(())
}

/// Whether not even an empty queue takes so much.
fn too_long(label: &Label, len: usize, region_len: usize) -> Option<SendError> {
    let max = Queue::longest(label, region_len);
    (max.map_or(true, |max| len > usize::from(max))).then_some(SendError::TooLong(max.unwrap_or(0)))
}

#[cold]
fn refuse(statistics: &mut Statistics, error: SendError) -> SendError {
    if error == SendError::Full {
        count(&mut statistics.send_full);
    }
    error
}

/// Whether a destination whose next hop does not answer yet fills a quarter of the queue: the rest is for others,
/// which only a socket that is not connected has. One datagram is always allowed.
fn has_had_its_share(slot: &Slot, region: &mut [u8], remote: IpAddr) -> bool {
    !slot.flags.contains(Flags::CONNECTED)
        && slot.transmit.len_for(region, remote) >= (region.len() / 4).max(1)
}

/// Address and port that a datagram goes to, if the socket may send there.
fn destination(slot: &Slot, meta: &SendMeta) -> Result<(IpAddr, u16), SendError> {
    let is_connected = slot.flags.contains(Flags::CONNECTED);
    let (address, port) = match meta.remote {
        Some(remote) => (remote.ip(), remote.port()),
        None if is_connected => (slot.path.destination(), slot.remote_port),
        None => return Err(SendError::NotConnected),
    };
    if is_connected && !(slot.path.leads_to(address) && slot.remote_port == port) {
        return Err(SendError::Connected);
    }
    if port == 0 {
        return Err(SendError::Port);
    }
    if !slot.admits_family(address) || meta.source.is_some_and(|source| source.is_ipv4() != address.is_ipv4())
    {
        return Err(SendError::Family);
    }
    Ok((address, port))
}

/// Finds the way: the kept one, if it is for this destination and nothing changed, else a new one.
fn way(slot: &mut Slot, routes: &dyn Routes, to: IpAddr, wish: &Wish) -> Result<Way, SendError> {
    let generation = routes.generation();
    if slot.path_generation == generation && slot.has_path_for(to, wish) {
        return Ok(Way::along(&slot.path));
    }
    new_way(slot, routes, to, wish, generation)
}

#[cold]
#[inline(never)]
fn new_way(
    slot: &mut Slot,
    routes: &dyn Routes,
    to: IpAddr,
    wish: &Wish,
    generation: u32,
) -> Result<Way, SendError> {
    let path = routes.route(slot.source(wish), to).map_err(|reason| match reason {
        Unreachable::Family => SendError::Family,
        reason => SendError::Unreachable(reason),
    })?;
    slot.keep_path(&path, to, wish, generation);
    Ok(Way::along(&path))
}

/// The source that this datagram asks for beyond what the socket fixes.
fn own_source(slot: &Slot, meta: &SendMeta) -> Result<Option<IpAddr>, SendError> {
    if meta.source.is_none() {
        return Ok(None);
    }
    let fixed = if slot.flags.contains(Flags::GROUP) {
        None
    } else if slot.flags.contains(Flags::CONNECTED) {
        Some(slot.path.source())
    } else {
        slot.address()
    };
    match (meta.source, fixed) {
        (Some(source), Some(fixed)) if source != fixed => Err(SendError::Source),
        (_, Some(_)) => Ok(None),
        (source, None) => Ok(source),
    }
}

/// The interface that this datagram asks for beyond what the socket fixes.
fn own_interface(slot: &Slot, meta: &SendMeta) -> Result<Option<InterfaceId>, SendError> {
    if meta.interface.is_none() {
        return Ok(None);
    }
    let fixed =
        if slot.flags.contains(Flags::CONNECTED) { Some(slot.path.interface()) } else { slot.interface() };
    match (meta.interface, fixed) {
        (Some(interface), Some(fixed)) if interface != fixed => Err(SendError::Interface),
        (_, Some(_)) => Ok(None),
        (interface, None) => Ok(interface),
    }
}
