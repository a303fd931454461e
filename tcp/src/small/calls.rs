//! The user's calls, RFC 9293 §3.10.1 to §3.10.6.

use super::connection::{Connection, End, Flags};
use super::input::room;
use super::{SmallTcp, FIN_WAIT_2, KEEP_ALIVE_IDLE};
use crate::addresses::Packed;
use crate::state::State;
use crate::{
    isn, ConnectError, ConnectionId, KeepAlive, ListenError, Nagle, Outcome, RecvError, SendError, Stale,
};
use core::net::{IpAddr, SocketAddr};
use tersus_ip::{Deadline, Instant, Routes, Source};

/// Ports that `connect` picks from, RFC 6335 §6: the dynamic ones.
const EPHEMERAL: u16 = 49_152;

impl SmallTcp<'_> {
    /// Takes connections to a port of ours from now on, at any own address. Each waits in the table of connections until it
    /// is accepted.
    ///
    /// # Errors
    /// [`ListenError::NoPort`], [`ListenError::InUse`], [`ListenError::NoRoom`].
    pub fn listen(&mut self, port: u16) -> Result<(), ListenError> {
        if port == 0 {
            return Err(ListenError::NoPort);
        }
        if listens_at(self.listeners, port) {
            return Err(ListenError::InUse);
        }
        let free = self.listeners.iter_mut().find(|listener| **listener == 0);
        *free.ok_or(ListenError::NoRoom)? = port;
        Ok(())
    }

    /// Takes no new connections to a port any more. Those that were opened can still be accepted.
    pub fn unlisten(&mut self, port: u16) {
        for listener in self.listeners.iter_mut().filter(|listener| **listener == port) {
            *listener = 0;
        }
    }

    /// A connection to `port` that is established and that nobody has taken; `None` if there is none.
    pub fn accept(&mut self, port: u16) -> Option<ConnectionId> {
        let is_new = |connection: &Connection| {
            connection.local_port() == port
                && connection.flags.contains(Flags::PASSIVE)
                && !connection.flags.intersects(Flags::HELD.union(Flags::RELEASED))
                && connection.state.is_synchronized()
        };
        let (index, connection) =
            (0..).zip(self.connections.iter_mut()).find(|(_, connection)| is_new(connection))?;
        connection.flags.insert(Flags::HELD);
        Some(ConnectionId { index, generation: connection.generation })
    }

    /// Opens a connection to `remote`, from an ephemeral port. Its SYN leaves in the next turn.
    ///
    /// # Errors
    /// [`ConnectError`]; nothing was sent.
    pub fn connect(
        &mut self,
        routes: &dyn Routes,
        now: Instant,
        remote: SocketAddr,
    ) -> Result<ConnectionId, ConnectError> {
        let is_many = match remote.ip() {
            IpAddr::V4(address) => address.is_multicast() || address.is_broadcast(),
            IpAddr::V6(address) => address.is_multicast(),
        };
        if is_many || remote.ip().is_unspecified() || remote.port() == 0 {
            return Err(ConnectError::Remote);
        }
        let path = routes.route(Source::ANY, remote.ip())?;
        let offset = self.random.next_u16() & !EPHEMERAL;
        let port = (0..=u16::MAX - EPHEMERAL)
            .map(|step| EPHEMERAL | (offset.wrapping_add(step) & !EPHEMERAL))
            .find(|port| !listens_at(self.listeners, *port) && !self.has_port(*port))
            .ok_or(ConnectError::NoPort)?;
        let ports = u32::from(remote.port()) << 16 | u32::from(port);
        let iss = isn::initial_light(&self.random, now, &Packed::of_path(&path).get(), ports);
        let (index, connection) = room(self.connections).ok_or(ConnectError::NoRoom)?;
        connection.begin(ports, iss);
        connection.path = path;
        connection.state = State::SynSent;
        connection.flags.insert(Flags::HELD);
        Ok(ConnectionId { index, generation: connection.generation })
    }

    fn has_port(&self, port: u16) -> bool {
        self.connections.iter().any(|connection| !connection.is_free() && connection.local_port() == port)
    }

    /// Queues `data` and returns how many octets were taken, 0 when the buffer is full. Nothing leaves before the next
    /// turn.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn send(&mut self, id: ConnectionId, data: &[u8]) -> Result<usize, SendError> {
        let connection = find(self.connections, id)?;
        if let Some(outcome) = connection.end.outcome() {
            return Err(SendError::Ended(outcome));
        }
        let is_open = matches!(
            connection.state,
            State::SynSent | State::SynReceived | State::Established | State::CloseWait
        );
        if !is_open || connection.flags.contains(Flags::FIN_QUEUED) {
            return Err(SendError::Closing);
        }
        let taken = connection.tx.write(self.shared.tx, data);
        if taken != 0 {
            connection.flags.insert(Flags::READY);
        }
        Ok(usize::try_from(taken).unwrap_or(0))
    }

    /// Free octets of the send buffer: what [`SmallTcp::send`] takes, as long as it takes any.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn send_room(&mut self, id: ConnectionId) -> Result<usize, Stale> {
        Ok(usize::try_from(find(self.connections, id)?.tx.free()).unwrap_or(0))
    }

    /// Copies what was received to the front of `buffer`, and returns how many octets; 0: nothing yet.
    ///
    /// # Errors
    /// [`RecvError::Finished`] behind the last octet of a stream that its sender closed.
    pub fn recv(&mut self, id: ConnectionId, buffer: &mut [u8]) -> Result<usize, RecvError> {
        let connection = find(self.connections, id)?;
        let read = connection.rx.copy_to(self.shared.rx, 0, buffer);
        if read != 0 {
            connection.rx.consume(read);
            let edge = connection.rcv_nxt + connection.rx.free();
            if connection.may_receive() && edge.distance(connection.rcv_edge) >= connection.least_step() {
                connection.flags.insert(Flags::ACK_NOW | Flags::READY);
            }
            return Ok(usize::try_from(read).unwrap_or(0));
        }
        match connection.end.outcome() {
            // The buffer has no room.
            _ if !connection.rx.is_empty() => Ok(0),
            _ if connection.state.has_received_fin() => Err(RecvError::Finished),
            Some(Outcome::Finished) => Err(RecvError::Finished),
            Some(outcome) => Err(RecvError::Ended(outcome)),
            None => Ok(0),
        }
    }

    /// No more is sent after what is queued: a FIN follows it. What the peer sends can still be read.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn close(&mut self, id: ConnectionId) -> Result<(), Stale> {
        close(find(self.connections, id)?);
        Ok(())
    }

    /// Ends the connection at once with an RST.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn abort(&mut self, id: ConnectionId) -> Result<(), Stale> {
        abort(find(self.connections, id)?);
        Ok(())
    }

    /// Gives the handle back. A connection that is not over is closed; if octets were received that nobody read, it is
    /// reset (RFC 9293 §3.6.1).
    ///
    /// # Errors
    /// [`Stale`].
    pub fn release(&mut self, id: ConnectionId) -> Result<(), Stale> {
        let connection = find(self.connections, id)?;
        if !connection.rx.is_empty() {
            abort(connection);
        } else {
            close(connection);
        }
        connection.flags.remove(Flags::HELD);
        connection.flags.insert(Flags::RELEASED);
        connection.generation = connection.generation.wrapping_add(1);
        if connection.state == State::FinWait2 {
            connection.start(FIN_WAIT_2, self.shared.now);
        }
        Ok(())
    }

    /// The connection's state.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn state(&mut self, id: ConnectionId) -> Result<State, Stale> {
        Ok(find(self.connections, id)?.state)
    }

    /// How the connection ended; `None` if it did not.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn outcome(&mut self, id: ConnectionId) -> Result<Option<Outcome>, Stale> {
        Ok(find(self.connections, id)?.end.outcome())
    }

    /// The peer.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn remote(&mut self, id: ConnectionId) -> Result<SocketAddr, Stale> {
        let connection = find(self.connections, id)?;
        Ok(SocketAddr::new(connection.path.destination(), connection.remote_port()))
    }

    /// Whether a silent peer is asked, after two hours, if it still lives: RFC 9293 §3.8.4. Off at first.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn set_keep_alive(&mut self, id: ConnectionId, keep_alive: KeepAlive) -> Result<(), Stale> {
        let now = self.shared.now;
        let connection = find(self.connections, id)?;
        connection.flags.set(Flags::KEEP_ALIVE, keep_alive == KeepAlive::On);
        if connection.is_idle() {
            connection.timer = Deadline::NONE;
            if keep_alive == KeepAlive::On {
                connection.timer = Deadline::at(now.plus_micros(KEEP_ALIVE_IDLE));
            }
        }
        Ok(())
    }

    /// Whether small segments wait for the ACK of all that is in flight, RFC 9293 §3.7.4 without its Appendix A.3. On at
    /// first; `Cork` is `On` here.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn set_nagle(&mut self, id: ConnectionId, nagle: Nagle) -> Result<(), Stale> {
        let connection = find(self.connections, id)?;
        connection.flags.set(Flags::NO_DELAY, nagle == Nagle::Off);
        connection.flags.insert(Flags::READY);
        Ok(())
    }
}

/// Whether a port is listened at. By a loop: `contains` compares many at a time, which is code.
pub(super) fn listens_at(listeners: &[u16], port: u16) -> bool {
    for listener in listeners {
        if *listener == port {
            return true;
        }
    }
    false
}

/// The connection of a handle.
#[inline(never)]
fn find(connections: &mut [Connection], id: ConnectionId) -> Result<&mut Connection, Stale> {
    match connections.get_mut(usize::from(id.index)) {
        Some(connection)
            if connection.generation == id.generation && connection.flags.contains(Flags::HELD) =>
        {
            Ok(connection)
        }
        _ => Err(Stale),
    }
}

/// CLOSE, §3.10.4.
fn close(connection: &mut Connection) {
    match connection.state {
        State::SynSent => return connection.finish(End::Aborted),
        State::SynReceived => {}
        State::Established => connection.state = State::FinWait1,
        State::CloseWait => connection.state = State::LastAck,
        _ => return,
    }
    connection.flags.insert(Flags::FIN_QUEUED | Flags::READY);
}

/// ABORT, §3.10.5.
fn abort(connection: &mut Connection) {
    let is_told =
        connection.may_receive() || matches!(connection.state, State::SynReceived | State::CloseWait);
    if connection.state != State::Closed {
        connection.finish(End::Aborted);
    }
    if is_told {
        connection.flags.insert(Flags::RESET | Flags::READY);
    }
}
