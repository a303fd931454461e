//! OPEN, RFC 9293 §3.10.1: listeners and what they accept, connections and their ports (RFC 6056).

use crate::addresses::Packed;
use crate::config::{ConnectOptions, Endpoint, Options};
use crate::engine::Tcp;
use crate::error::{ConnectError, ListenError, Stale};
use crate::handshake::default_mss;
use crate::listener::ListenerId;
use crate::records::Records;
use crate::state::State;
use crate::tcb::{Ended, Flags};
use crate::{events, isn, ConnectionId};
use core::net::{IpAddr, SocketAddr};
use tersus_ip::{Instant, Path, Routes, Source, Unreachable};

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
        self.syns.remove_of(listener.index);
        self.listeners.remove(listener);
        if let Some(waiting) = &mut self.waiting {
            (waiting.accept)(waiting, listener.index);
        }
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
    ///
    /// # Errors
    /// [`Stale`].
    pub fn acceptable(&mut self, listener: ListenerId) -> Result<u16, Stale> {
        self.listeners.get(listener).map(|l| l.len).ok_or(Stale)
    }

    /// Opens a connection: active OPEN, RFC 9293 §3.10.1. The SYN leaves in the next poll; data may be sent at once
    /// and leave when the connection is established.
    ///
    /// `routes` is the IP layer, such as `stack.ip`, polled once already, so that it knows its links. `now` is the time
    /// of the call, from the clock that polls are given.
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
        let path = self.way(routes, &options, remote.ip())?;
        let addresses = Packed::of_path(&path);
        let (ports, hash) = match options.port {
            0 => self.ephemeral(&addresses, remote.port()).ok_or(ConnectError::NoPort)?,
            port => {
                let ports = join_ports(remote.port(), port);
                (ports, self.free_hash(&addresses, ports).ok_or(ConnectError::InUse)?)
            }
        };
        let id = self.allocate(&options.options).ok_or(ConnectError::NoRoom)?;
        // The index has two cells for each connection: it cannot be full.
        let indexed = self.index.insert(hash, id);
        debug_assert!(indexed.is_ok());
        let tcb = self.slots.get_mut(usize::from(id)).ok_or(ConnectError::NoRoom)?;
        tcb.flags.insert(Flags::IN_INDEX);
        tcb.state = State::SynSent;
        tcb.path = path;
        tcb.ports = ports;
        tcb.peer_mss = default_mss(if path.is_ipv6() { 6 } else { 4 });
        let (iss, offset) = isn::initial(&self.shared.random, now, &addresses, ports);
        tcb.ts_offset = offset;
        (tcb.iss, tcb.snd_una, tcb.snd_mark) = (iss, iss, iss);
        tcb.set_mss(&self.shared.limits);
        tcb.records = Records::new(iss);
        tcb.progress = now;
        let generation = tcb.generation;
        self.ready.push(id);
        self.shared.now = now;
        self.tell_state(id, State::Closed);
        Ok(ConnectionId { index: id, generation })
    }

    /// The path of a new connection: that of the last one, if nothing else could come out.
    fn way(
        &mut self,
        routes: &dyn Routes,
        options: &ConnectOptions,
        to: IpAddr,
    ) -> Result<Path, Unreachable> {
        let from = Source { address: options.address, interface: options.interface };
        if from != Source::ANY {
            return routes.route(from, to);
        }
        let is_same = self.recent.is_plain() && self.recent.leads_to(to);
        if !is_same || !self.recent.is_current(routes.generation()) {
            self.recent = routes.route(from, to)?;
        }
        Ok(self.recent)
    }

    /// An ephemeral port by RFC 6056 §3.3.1: the search begins at a random place. Ports that have a listener are left
    /// out. Both ports, and the hash of the endpoints.
    fn ephemeral(&mut self, addresses: &Packed, remote_port: u16) -> Option<(u32, u32)> {
        let (first, last) = (self.shared.limits.first_port, self.shared.limits.last_port);
        let span = u32::from(last - first) + 1;
        let offset = self.shared.random.below(span);
        (0..span.min(PORT_TRIES)).find_map(|step| {
            let port = u16::try_from(u32::from(first) + (offset + step) % span).ok()?;
            let ports = join_ports(remote_port, port);
            if self.listeners.has_port(port) {
                return None;
            }
            Some((ports, self.free_hash(addresses, ports)?))
        })
    }

    /// The hash of these endpoints; `None` if they have a connection, half-open and TIME-WAIT ones included, or are one and
    /// the same: a connection to oneself would be simultaneous open, and nobody means that.
    fn free_hash(&self, addresses: &Packed, ports: u32) -> Option<u32> {
        let addresses = addresses.get();
        let hash = self.key.hash(&addresses, ports);
        let is_taken = (ports >> 16 == ports & 0xffff && addresses.source() == addresses.destination())
            || self.find_connection(&addresses, hash, ports).is_some()
            || self.waits.find(hash, &addresses, ports).is_some()
            || self.syns.find(hash, &addresses, ports).is_some();
        (!is_taken).then_some(hash)
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

// The tests speak both families.
#[cfg(test)]
#[cfg(all(feature = "ipv4", feature = "ipv6"))]
mod tests {
    use super::*;
    use crate::{Config, Storage};
    use core::net::Ipv4Addr;
    use tersus_ip::fake::FakeIp;

    #[test]
    fn a_path_is_decided_anew_when_something_has_changed_or_the_caller_chooses() {
        let mut ignore = |_: &Path, _, _: &[u8]| {};
        let mut ip = FakeIp::new(&mut [], &mut ignore);
        let mut storage = Storage::<8, 1, 1>::new();
        let mut tcp = Tcp::new(&mut storage, Config::new(), &crate::congestion::Unlimited, [1; 32]);
        let [a, b, c] = [1, 2, 3].map(|last| Ipv4Addr::new(192, 0, 2, last));
        let [near, far] = ["203.0.113.9:80", "198.51.100.9:80"].map(|peer| peer.parse().unwrap());
        // The layer's address, whether it says so, the caller's, the peer: the connection's address.
        for (own, moves, chosen, peer, want) in [
            (a, true, None, near, a),
            (b, false, None, near, a),
            (b, false, None, far, b),
            (b, false, Some(c), far, c),
            (a, false, None, far, b),
            (a, true, None, far, a),
        ] {
            ip.ipv4 = own;
            ip.generation += u32::from(moves);
            let options = ConnectOptions { address: chosen.map(IpAddr::V4), ..ConnectOptions::default() };
            let id = tcp.connect(&ip, Instant::ZERO, peer, options).unwrap();
            assert_eq!(tcp.local(id).unwrap().ip(), IpAddr::V4(want), "{own} {chosen:?} {peer}");
        }
    }
}
