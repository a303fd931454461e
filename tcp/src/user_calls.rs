//! The user's calls, RFC 9293 §3.10.1 and §3.10.4 to §3.10.6: OPEN, CLOSE, ABORT, STATUS; how long a connection
//! lives.
//!
//! A slot belongs to the user from `connect` or `accept` until `release`. Whatever happens to the connection, it can
//! be asked how it ended and what was received in order can be read. After `release` the engine finishes what the
//! protocol still needs (sends the rest, exchanges the FINs) and frees the slot by itself.

use crate::addresses::Packed;
use crate::config::{ConnectOptions, Endpoint, KeepAlive, Nagle, Options};
use crate::engine::{Class, ClassState, Tcp, MAX_CLASSES};
use crate::error::{ConnectError, ListenError, Outcome, Stale};
use crate::handshake::default_mss;
use crate::isn;
use crate::listener::ListenerId;
use crate::records::Records;
use crate::ring::Ring;
use crate::state::State;
use crate::statistics::count;
use crate::tcb::{Ended, Flags, Slot};
use crate::{events, ConnectionId};
use core::net::{IpAddr, SocketAddr};
use tersus_ip::{ErrorKind, Instant, Path, Routes, Source};

impl Tcp<'_> {
    /// Waits for connections at `local`: passive OPEN, RFC 9293 §3.10.1. At most `backlog` connections are half-open
    /// or wait for `accept`; 0 refuses all.
    ///
    /// # Errors
    /// [`ListenError`].
    pub fn listen(&mut self, local: impl Into<Endpoint>, backlog: u16) -> Result<ListenerId, ListenError> {
        self.listen_with(local.into(), backlog, Options::NONE)
    }

    /// The same, with settings for the connections that will be accepted.
    ///
    /// # Errors
    /// [`ListenError`].
    pub fn listen_with(
        &mut self,
        local: Endpoint,
        backlog: u16,
        options: Options,
    ) -> Result<ListenerId, ListenError> {
        if local.port == 0 {
            return Err(ListenError::NoPort);
        }
        if local.address.is_some_and(is_group) {
            return Err(ListenError::Address);
        }
        if self.listeners.has(local) {
            return Err(ListenError::InUse);
        }
        self.listeners.insert(local, backlog, options).ok_or(ListenError::NoRoom)
    }

    /// Listens no more: half-open connections are forgotten, those that were not accepted are aborted. Linear in the
    /// length of the SYN table.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn unlisten(&mut self, listener: ListenerId) -> Result<(), Stale> {
        self.listeners.get(listener).ok_or(Stale)?;
        while let Some(id) = self.dequeue(listener) {
            self.abort_slot(id);
            self.release_slot(id);
        }
        self.syns.remove_of(listener);
        self.listeners.remove(listener);
        Ok(())
    }

    /// The connection that has waited longest in a listener's queue; `None` if there is none, or the handle is stale.
    pub fn accept(&mut self, listener: ListenerId) -> Option<ConnectionId> {
        let index = self.dequeue(listener)?;
        let slot = self.slots.get_mut(usize::from(index))?;
        // What happened before nobody was told.
        events::raise(slot, events::READABLE | events::WRITABLE);
        if slot.ended != Ended::No {
            events::raise(slot, events::ENDED);
        }
        let generation = slot.generation;
        self.events.push(index);
        Some(ConnectionId { index, generation })
    }

    /// Takes the first connection out of a listener's queue.
    fn dequeue(&mut self, listener: ListenerId) -> Option<u16> {
        let listener = self.listeners.get(listener)?;
        let id = listener.head.checked_sub(1)?;
        let slot = self.slots.get_mut(usize::from(id))?;
        listener.head = slot.link;
        listener.len -= 1;
        if listener.head == 0 {
            listener.tail = 0;
        }
        slot.link = 0;
        slot.flags.remove(Flags::IN_QUEUE);
        Some(id)
    }

    /// How many connections wait for `accept`.
    pub fn acceptable(&mut self, listener: ListenerId) -> Result<u16, Stale> {
        self.listeners.get(listener).map(|l| l.len).ok_or(Stale)
    }

    /// Opens a connection: active OPEN, RFC 9293 §3.10.1. The SYN leaves in the next poll; data may be sent at once
    /// and leave when the connection is established.
    ///
    /// # Errors
    /// [`ConnectError`]; nothing was sent.
    pub fn connect(
        &mut self,
        routes: &dyn Routes,
        now: Instant,
        remote: SocketAddr,
        options: ConnectOptions,
    ) -> Result<ConnectionId, ConnectError> {
        if remote.port() == 0 || remote.ip().is_unspecified() || is_group(remote.ip()) {
            return Err(ConnectError::Remote);
        }
        let from = Source { address: options.address, interface: options.interface };
        let path = routes.route(from, remote.ip())?;
        let ports = match options.port {
            0 => self.ephemeral(&path, remote.port()).ok_or(ConnectError::NoPort)?,
            port => join_ports(remote.port(), port),
        };
        if self.is_taken(&path, ports) || is_self(&path, ports) {
            return Err(ConnectError::InUse);
        }
        let id = self.allocate(&options.options).ok_or(ConnectError::NoRoom)?;
        let hash = self.key.hash_path(&path, ports);
        // The index has two cells for each connection: it cannot be full.
        let indexed = self.index.insert(hash, id);
        debug_assert!(indexed.is_ok());
        let tcb = self.slots.get_mut(usize::from(id)).ok_or(ConnectError::NoRoom)?;
        tcb.flags.insert(Flags::IN_INDEX);
        tcb.state = State::SynSent;
        tcb.pseudo_sum = path.pseudo_sum();
        tcb.path = path;
        tcb.ports = ports;
        tcb.peer_mss = default_mss(if path.is_ipv6() { 6 } else { 4 });
        let iss = isn::initial(&self.random, now, &path, tcb.local_port(), tcb.remote_port());
        (tcb.iss, tcb.snd_una, tcb.snd_nxt) = (iss, iss, iss);
        tcb.records = Records::new(iss);
        tcb.progress = now;
        let generation = tcb.generation;
        self.ready.push(id);
        Ok(ConnectionId { index: id, generation })
    }

    /// An ephemeral port by RFC 6056 §3.3.3: a keyed hash of the endpoints says where the search begins, so ports cannot
    /// be guessed, and one remote endpoint does not see a port twice in a row.
    fn ephemeral(&mut self, path: &Path, remote_port: u16) -> Option<u32> {
        let (first, last) = (self.env.config.first_port, self.env.config.last_port);
        let span = u32::from(last - first) + 1;
        let offset = self.random.below(span);
        (0..span.min(PORT_TRIES)).find_map(|step| {
            let port = u16::try_from(u32::from(first) + (offset + step) % span).ok()?;
            let ports = join_ports(remote_port, port);
            let free = !self.listeners.has_port(port) && !self.is_taken(path, ports) && !is_self(path, ports);
            free.then_some(ports)
        })
    }

    /// Whether these endpoints have a connection, half-open and TIME-WAIT ones included.
    fn is_taken(&self, path: &Path, ports: u32) -> bool {
        let hash = self.key.hash_path(path, ports);
        let own = self.index.find(hash, |id| {
            self.slots.get(usize::from(id)).is_some_and(|slot| {
                slot.ports == ports
                    && slot.path.source() == path.source()
                    && slot.path.destination() == path.destination()
            })
        });
        let addresses = Packed::of_path(path);
        own.is_some()
            || self.waits.find(hash, &addresses.get(), ports).is_some()
            || self.syns.find(hash, &addresses.get(), ports).is_some()
    }

    /// Closes our side: CLOSE, RFC 9293 §3.10.4. What was queued still leaves, then a FIN; receiving goes on until the
    /// peer closes as well. Before the connection is established it is given up. Once more changes nothing.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn close(&mut self, id: ConnectionId) -> Result<(), Stale> {
        self.slot(id)?;
        self.close_slot(id.index);
        Ok(())
    }

    fn close_slot(&mut self, id: u16) {
        let Some(mut connection) = self.connection(id, Instant::ZERO) else { return };
        let tcb = &mut *connection.tcb;
        match tcb.state {
            State::SynSent => connection.end(Ended::Aborted),
            // Queued until the connection is established.
            State::SynReceived => tcb.flags.insert(Flags::FIN_QUEUED),
            State::Established | State::CloseWait => {
                tcb.flags.insert(Flags::FIN_QUEUED);
                let next = if tcb.state == State::Established { State::FinWait1 } else { State::LastAck };
                tcb.state = next;
            }
            _ => return,
        }
        self.settle_user(id);
    }

    /// Ends the connection at once: ABORT, RFC 9293 §3.10.5. What was queued or not read is gone; the peer gets an RST
    /// if it has anything to lose.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn abort(&mut self, id: ConnectionId) -> Result<(), Stale> {
        self.slot(id)?;
        self.abort_slot(id.index);
        Ok(())
    }

    fn abort_slot(&mut self, id: u16) {
        let Some(mut connection) = self.connection(id, Instant::ZERO) else { return };
        match connection.tcb.state {
            State::SynReceived
            | State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait => connection.tcb.flags.insert(Flags::RESET_DUE),
            State::SynSent | State::Closing | State::LastAck => {}
            State::Closed | State::TimeWait => return,
        }
        connection.end(Ended::Aborted);
        self.settle_user(id);
    }

    /// Gives the handle back. The connection is closed first if it was not; if received data were not read, or more
    /// come, it is aborted, since nobody will read them: RFC 9293 §3.6.1 SHLD-3. The slot is free when the peer has
    /// acknowledged everything, or has been given up.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn release(&mut self, id: ConnectionId) -> Result<(), Stale> {
        self.slot(id)?;
        self.release_slot(id.index);
        Ok(())
    }

    fn release_slot(&mut self, id: u16) {
        let Some(slot) = self.slots.get_mut(usize::from(id)) else { return };
        slot.flags.insert(Flags::RELEASED);
        // From here on the handle names nothing.
        slot.generation = slot.generation.wrapping_add(1);
        if slot.state.is_live() && !slot.rx.is_empty() {
            count(&mut self.stats.data_unread);
            self.abort_slot(id);
        } else {
            self.close_slot(id);
        }
        let Some(slot) = self.slots.get_mut(usize::from(id)) else { return };
        if slot.is_over() {
            self.free(id);
        } else {
            // FIN-WAIT-2 now has an end: the visit starts its timer.
            slot.flags.insert(Flags::START_IDLE);
            self.ready.push(id);
        }
    }

    /// A slot for a connection, with its buffers empty and its settings made.
    pub(crate) fn allocate(&mut self, options: &Options) -> Option<u16> {
        let class = self.classes.get_mut(usize::from(options.class))?;
        let id = class.free.checked_sub(1)?;
        let slot = self.slots.get_mut(usize::from(id))?;
        class.free = slot.link;
        slot.link = 0;
        slot.flags = Flags::IN_USE;
        slot.set_options(options);
        Some(id)
    }

    /// Returns a slot to its class.
    pub(crate) fn free(&mut self, id: u16) {
        let Some(slot) = self.slots.get_mut(usize::from(id)) else { return };
        let (class, generation) = (slot.class, slot.generation.wrapping_add(1));
        let (mut rx, mut tx) = (slot.rx, slot.tx);
        rx.clear();
        tx.clear();
        let Some(class_state) = self.classes.get_mut(usize::from(class)) else { return };
        *slot = Slot { class, generation, rx, tx, link: class_state.free, ..Slot::FREE };
        class_state.free = id + 1;
    }

    /// The slot of a handle.
    pub(crate) fn slot(&self, id: ConnectionId) -> Result<&Slot, Stale> {
        let slot = self.slots.get(usize::from(id.index)).ok_or(Stale)?;
        let valid = slot.generation == id.generation && slot.flags.contains(Flags::IN_USE);
        if valid && !slot.flags.contains(Flags::RELEASED) {
            Ok(slot)
        } else {
            Err(Stale)
        }
    }

    /// After a user call changed a connection.
    pub(crate) fn settle_user(&mut self, id: u16) {
        self.settle(id, Instant::ZERO);
    }

    /// Divides buffers and connections into classes of unequal buffers; for fresh engines. Classes beyond
    /// [`MAX_CLASSES`], and connections that find no memory left, are left out. Connections choose by
    /// [`Options::class`].
    pub fn divide(&mut self, classes: &[Class]) {
        let (mut next, mut rx, mut tx) = (0u16, 0u32, 0u32);
        let in_use = self.slots.iter().any(|slot| slot.flags.contains(Flags::IN_USE));
        if in_use {
            return;
        }
        let rx_len = u32::try_from(self.rx.len()).unwrap_or(u32::MAX);
        let tx_len = u32::try_from(self.tx.len()).unwrap_or(u32::MAX);
        self.classes = [ClassState::default(); MAX_CLASSES];
        for (number, (class, state)) in (0u8..).zip(classes.iter().zip(&mut self.classes)) {
            // A window beyond 2^30 cannot be announced, RFC 7323 §2.2.
            let (receive, send) = (class.receive.min(1 << 30), class.send.min(1 << 30));
            state.receive = receive;
            let mut last = 0;
            for _ in 0..class.connections {
                let fits = rx_len - rx >= receive && tx_len - tx >= send;
                let Some(slot) = self.slots.get_mut(usize::from(next)).filter(|_| fits) else { break };
                slot.class = number;
                slot.rx = Ring::new(rx, receive);
                slot.tx = Ring::new(tx, send);
                slot.link = 0;
                (rx, tx) = (rx + receive, tx + send);
                next += 1;
                if last == 0 {
                    state.free = next;
                } else if let Some(before) = self.slots.get_mut(usize::from(last) - 1) {
                    before.link = next;
                }
                last = next;
            }
        }
    }

    pub(crate) fn divide_equally(&mut self) {
        let connections = u16::try_from(self.slots.len()).unwrap_or(u16::MAX);
        let share = |len: usize| {
            let share = len.checked_div(usize::from(connections)).unwrap_or(0);
            u32::try_from(share).unwrap_or(u32::MAX)
        };
        let class = Class { connections, receive: share(self.rx.len()), send: share(self.tx.len()) };
        self.divide(&[class]);
    }

    /// State of a connection: STATUS, RFC 9293 §3.10.6.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn state(&self, id: ConnectionId) -> Result<State, Stale> {
        self.slot(id).map(|slot| slot.state)
    }

    /// How the connection ended; `None`: it has not.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn outcome(&self, id: ConnectionId) -> Result<Option<Outcome>, Stale> {
        self.slot(id).map(Slot::outcome)
    }

    /// The last soft error that ICMP reported, RFC 9293 §3.9.1.8: of no consequence, but it may tell why nothing moves.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn soft_error(&self, id: ConnectionId) -> Result<Option<ErrorKind>, Stale> {
        self.slot(id).map(|slot| slot.flags.contains(Flags::SOFT_ERROR).then_some(slot.soft_error))
    }

    /// Our end.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn local(&self, id: ConnectionId) -> Result<SocketAddr, Stale> {
        self.slot(id).map(|slot| SocketAddr::new(slot.path.source(), slot.local_port()))
    }

    /// The peer's end.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn remote(&self, id: ConnectionId) -> Result<SocketAddr, Stale> {
        self.slot(id).map(|slot| SocketAddr::new(slot.path.destination(), slot.remote_port()))
    }

    /// Changes the settings of a connection; all but the buffer class.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn set_options(&mut self, id: ConnectionId, options: Options) -> Result<(), Stale> {
        let class = self.slot(id)?.class;
        let slot = self.slots.get_mut(usize::from(id.index)).ok_or(Stale)?;
        slot.set_options(&Options { class, ..options });
        slot.probes = 0;
        slot.flags.insert(Flags::START_IDLE);
        self.ready.push(id.index);
        Ok(())
    }

    /// The settings of a connection.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn options(&self, id: ConnectionId) -> Result<Options, Stale> {
        self.slot(id).map(|slot| Options {
            nagle: if slot.flags.contains(Flags::NAGLE_OFF) { Nagle::Off } else { Nagle::On },
            keep_alive: if slot.flags.contains(Flags::KEEP_ALIVE) { KeepAlive::On } else { KeepAlive::Off },
            user_timeout: core::time::Duration::from_millis(slot.user_timeout_ms.into()),
            hop_limit: slot.hop_limit,
            traffic_class: slot.traffic_class,
            class: slot.class,
        })
    }
}

/// Ports tried before `connect` gives up: bounded work.
const PORT_TRIES: u32 = 256;

/// Both ports as they arrive.
fn join_ports(remote: u16, local: u16) -> u32 {
    u32::from(remote) << 16 | u32::from(local)
}

fn is_group(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_multicast() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_multicast(),
    }
}

/// A connection from an endpoint to itself would be simultaneous open with oneself: nobody means that.
fn is_self(path: &Path, ports: u32) -> bool {
    path.source() == path.destination() && ports >> 16 == ports & 0xffff
}
