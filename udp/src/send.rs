//! The user's side of sending: a datagram is checked, given its way, and queued.

use crate::slot::{Flags, Slot};
use crate::statistics::count;
use crate::{Handle, RecvMeta, SendError, StaleHandle, Statistics, Udp};
use core::net::{IpAddr, SocketAddr};
use tersus_ip::queue::{Label, Queue};
use tersus_ip::{Fill, InterfaceId, Routes, Unreachable};

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

/// What `prepare` learned of a way.
struct Way {
    /// Largest payload that leaves in one piece, in octets.
    unfragmented: u16,
    is_resolving: bool,
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
        self.send_meta(routes, socket, &SendMeta::to(remote), data)
    }

    /// Queues `data` with all that its sender may choose.
    ///
    /// # Errors
    /// [`SendError`]; nothing was queued.
    pub fn send_meta(
        &mut self,
        routes: &dyn Routes,
        socket: Handle,
        meta: &SendMeta,
        data: &[u8],
    ) -> Result<(), SendError> {
        let mut copy = |place: &mut [u8]| {
            // The place is as long as was asked for.
            if place.len() == data.len() {
                place.copy_from_slice(data);
            }
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
        let label = self.prepare(routes, socket, meta, len)?;
        let slot = self.slots.get_mut(usize::from(socket.index)).ok_or(SendError::Stale)?;
        let region = self.tx.of(socket.index);
        let place = Self::push(slot, region, &label, len, &mut self.statistics)?;
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
        let Some((_, data)) = receive.front(self.rx.of(from.index)) else { return Ok(None) };
        let len = data.len();
        let label = self.prepare(routes, to, meta, len)?;
        let slot = self.slots.get_mut(usize::from(to.index)).ok_or(SendError::Stale)?;
        let place = Self::push(slot, self.tx.of(to.index), &label, len, &mut self.statistics)?;
        if let Some((_, data)) = receive.front(self.rx.of(from.index)) {
            if place.len() == data.len() {
                place.copy_from_slice(data);
            }
        }
        if let Some(slot) = self.slots.get_mut(usize::from(from.index)) {
            slot.receive.pop(self.rx.of(from.index));
        }
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
        let (remote, label) = self.label(socket, meta)?;
        Ok(self.way(routes, socket.index, remote, &label)?.unfragmented)
    }

    /// Whether nothing waits to leave.
    ///
    /// # Errors
    /// [`StaleHandle`].
    pub fn is_send_queue_empty(&self, socket: Handle) -> Result<bool, StaleHandle> {
        Ok(self.slot(socket)?.transmit.is_empty())
    }

    /// Does all of a send call but the queueing.
    fn prepare(
        &mut self,
        routes: &dyn Routes,
        socket: Handle,
        meta: &SendMeta,
        len: usize,
    ) -> Result<Label, SendError> {
        let (remote, label) = self.label(socket, meta)?;
        let way = self.way(routes, socket.index, remote, &label)?;
        let ip_max = match remote.ip() {
            IpAddr::V4(_) => 65_527 - IPV4_HEADER_LEN,
            IpAddr::V6(_) => 65_527,
        };
        let may_fragment = cfg!(feature = "fragmentation") && meta.fragmentation == Fragmentation::Allow;
        let max = if may_fragment { ip_max } else { way.unfragmented.min(ip_max) };
        if len > usize::from(max) {
            return Err(SendError::TooLong(max));
        }
        match Queue::longest(&label, self.tx.len()) {
            Some(max) if len <= usize::from(max) => {}
            max => return Err(SendError::TooLong(max.unwrap_or(0))),
        }
        if way.is_resolving && self.has_had_its_share(socket.index, remote) {
            return Err(self.refuse_full());
        }
        Ok(label)
    }

    /// Checks what the sender chose and completes it from the socket's settings.
    fn label(&self, socket: Handle, meta: &SendMeta) -> Result<(SocketAddr, Label), SendError> {
        let slot = self.slot(socket).map_err(|StaleHandle| SendError::Stale)?;
        let remote = match (meta.remote, slot.remote()) {
            (None, None) => return Err(SendError::NotConnected),
            (Some(remote), None) | (None, Some(remote)) => remote,
            (Some(remote), Some(peer)) => {
                if remote.ip() != peer.ip() || remote.port() != peer.port() {
                    return Err(SendError::Connected);
                }
                peer
            }
        };
        let address = remote.ip();
        if remote.port() == 0 {
            return Err(SendError::Port);
        }
        if !slot.admits_family(address)
            || meta.source.is_some_and(|source| source.is_ipv4() != address.is_ipv4())
        {
            return Err(SendError::Family);
        }
        let label = Label {
            remote: address,
            port: remote.port(),
            local: own_source(slot, meta)?,
            interface: own_interface(slot, meta)?,
            hop_limit: match meta.hop_limit {
                0 if address.is_multicast() => slot.multicast_hop_limit.max(1),
                0 => slot.hop_limit,
                hop_limit => hop_limit,
            },
            traffic_class: meta.traffic_class.unwrap_or(slot.traffic_class),
            flags: match meta.fragmentation {
                Fragmentation::Allow => 0,
                Fragmentation::Never => DONT_FRAGMENT,
            },
        };
        Ok((remote, label))
    }

    /// Finds the way: the kept one, if it is for this destination and nothing changed, else a new one.
    fn way(
        &mut self,
        routes: &dyn Routes,
        index: u16,
        remote: SocketAddr,
        label: &Label,
    ) -> Result<Way, SendError> {
        let slot = self.slots.get_mut(usize::from(index)).ok_or(SendError::Stale)?;
        let generation = routes.generation();
        let found;
        let path = if slot.path_generation == generation && slot.has_path_for(label) {
            &slot.path
        } else {
            found = routes.route(slot.source(label), remote.ip()).map_err(|reason| match reason {
                Unreachable::Family => SendError::Family,
                reason => SendError::Unreachable(reason),
            })?;
            slot.keep_path(&found, label, generation);
            &found
        };
        let unfragmented = path.max_segment_len().saturating_sub(8).min(65_527);
        Ok(Way { unfragmented, is_resolving: path.is_resolving() })
    }

    /// Whether a destination whose next hop does not answer yet fills a quarter of the queue: the rest is for
    /// others, which only a socket that is not connected has. One datagram is always allowed.
    fn has_had_its_share(&mut self, index: u16, remote: SocketAddr) -> bool {
        let Some(slot) = self.slots.get(usize::from(index)) else { return false };
        if slot.flags.contains(Flags::CONNECTED) {
            return false;
        }
        let queue = slot.transmit;
        let region = self.tx.of(index);
        queue.len_for(region, remote.ip()) >= (region.len() / 4).max(1)
    }

    /// Appends to a socket's queue. Datagrams that wait for a resolution hold the room of those that left before
    /// them, until it is asked for here. Borrows the parts of the engine that it needs, so that the place can be
    /// filled from another.
    fn push<'p>(
        slot: &mut Slot,
        region: &'p mut [u8],
        label: &Label,
        len: usize,
        statistics: &mut Statistics,
    ) -> Result<&'p mut [u8], SendError> {
        if slot.flags.contains(Flags::WAITING) && !slot.transmit.has_room(label, len, region.len()) {
            slot.transmit.compact(region);
        }
        slot.transmit.push(region, label, len).ok_or_else(|| {
            count(&mut statistics.send_full);
            SendError::Full
        })
    }

    fn refuse_full(&mut self) -> SendError {
        count(&mut self.statistics.send_full);
        SendError::Full
    }
}

/// The source that this datagram asks for beyond what the socket fixes.
fn own_source(slot: &Slot, meta: &SendMeta) -> Result<Option<IpAddr>, SendError> {
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
    let fixed =
        if slot.flags.contains(Flags::CONNECTED) { Some(slot.path.interface()) } else { slot.interface() };
    match (meta.interface, fixed) {
        (Some(interface), Some(fixed)) if interface != fixed => Err(SendError::Interface),
        (_, Some(_)) => Ok(None),
        (interface, None) => Ok(interface),
    }
}
