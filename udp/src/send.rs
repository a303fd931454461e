//! The user's side of sending: a datagram is checked, given its way, and queued.

use crate::place::{append_plain, copy, decide, place, place_back, unfragmented, way};
use crate::slot::Flags;
use crate::{Handle, RecvMeta, SendError, StaleHandle, Udp};
use core::net::{IpAddr, SocketAddr};
use tersus_ip::{Fill, InterfaceId, Routes};

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
    /// Hop Limit; 0: as [`Settings`](crate::Settings) say.
    pub hop_limit: u8,
    /// Traffic Class, DS field and ECN; `None`: as [`Settings`](crate::Settings) say.
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
        if cfg!(not(target_pointer_width = "32")) && self.send_as_before(routes, socket, &remote, data) {
            return Ok(());
        }
        self.send_elsewhere(routes, socket, remote, data)
    }

    /// As [`Udp::send_to`], with all checks. Out of line: the short way shall not have the stack frame of this.
    #[cfg_attr(not(target_pointer_width = "32"), inline(never))]
    fn send_elsewhere(
        &mut self,
        routes: &dyn Routes,
        socket: Handle,
        remote: SocketAddr,
        data: &[u8],
    ) -> Result<(), SendError> {
        self.send_meta(routes, socket, &SendMeta::to(remote), data)
    }

    /// Queues `data` if it asks for nothing and goes where the datagram before it went, in one piece: then all that a
    /// send call checks has been checked. Says whether.
    #[inline]
    fn send_as_before(
        &mut self,
        routes: &dyn Routes,
        socket: Handle,
        remote: &SocketAddr,
        data: &[u8],
    ) -> bool {
        let Some(slot) = self.slots.get_mut(usize::from(socket.index)) else { return false };
        if !slot.is_open(socket) || !slot.path.is_current(routes.generation()) {
            return false;
        }
        let Some(region) = self.tx.get(socket.index) else { return false };
        // One of each family, in which the compiler knows it.
        let is_queued = match remote {
            SocketAddr::V4(to) => {
                slot.path.leads_to(IpAddr::V4(*to.ip())) && append_plain(slot, region, to.port(), data)
            }
            SocketAddr::V6(to) => {
                slot.path.leads_to(IpAddr::V6(*to.ip())) && append_plain(slot, region, to.port(), data)
            }
        };
        if is_queued && !slot.flags.contains(Flags::READY) {
            slot.flags.insert(Flags::READY);
            self.ready.push(socket.index);
        }
        is_queued
    }

    /// Queues `data` with all that its sender may choose.
    ///
    /// # Errors
    /// [`SendError`]; nothing was queued.
    #[inline]
    pub fn send_meta(
        &mut self,
        routes: &dyn Routes,
        socket: Handle,
        meta: &SendMeta,
        data: &[u8],
    ) -> Result<(), SendError> {
        copy(self.place(routes, socket, meta, data.len())?, data);
        self.make_ready(socket.index);
        Ok(())
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
        fill.fill(self.place(routes, socket, meta, len)?);
        self.make_ready(socket.index);
        Ok(())
    }

    /// Does all of a send call but the filling.
    #[inline]
    fn place(
        &mut self,
        routes: &dyn Routes,
        socket: Handle,
        meta: &SendMeta,
        len: usize,
    ) -> Result<&mut [u8], SendError> {
        let slot = self.slots.get_mut(usize::from(socket.index)).filter(|slot| slot.is_open(socket));
        let slot = slot.ok_or(SendError::Stale)?;
        place(slot, self.tx.of(socket.index), &mut self.statistics, routes, meta, len)
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

    /// Passes the oldest received datagram back to its sender, as it is or as [`Udp::peek_with`] left it: by the
    /// interface that it came by, and from the address that it was sent to unless that was a group or broadcast
    /// address. What an echo server does; it is the shortest way to answer. Returns the datagram's length in octets;
    /// `None` if there is none. If it cannot be queued it stays, to be tried again or dropped by [`Udp::skip`].
    ///
    /// # Errors
    /// [`SendError`]; nothing was queued or taken.
    pub fn send_back(&mut self, routes: &dyn Routes, socket: Handle) -> Result<Option<usize>, SendError> {
        let slot = self.slots.get_mut(usize::from(socket.index)).filter(|slot| slot.is_open(socket));
        let slot = slot.ok_or(SendError::Stale)?;
        let Some(record) = slot.receive.front(self.rx.of(socket.index)) else { return Ok(None) };
        let len = record.payload.len();
        let place = place_back(slot, self.tx.of(socket.index), &mut self.statistics, routes, &record)?;
        copy(place, record.payload);
        self.drop_front(socket.index);
        self.make_ready(socket.index);
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
        let path = match way(slot, routes, meta)? {
            (None, _) => slot.path,
            (Some(question), _) => decide(slot, routes, &question)?,
        };
        Ok(unfragmented(&path))
    }

    /// Whether nothing waits to leave.
    ///
    /// # Errors
    /// [`StaleHandle`].
    pub fn is_send_queue_empty(&self, socket: Handle) -> Result<bool, StaleHandle> {
        Ok(self.slot(socket)?.transmit.is_empty())
    }
}
