//! TCP for a small host: a few connections, and no more than a stream needs. For devices that count octets of flash; it
//! is a [`tersus_ip::Transport`] like [`Tcp`](crate::Tcp), over any IP layer.
//!
//! ```text
//!    Tcp ........ thousands of connections, each kind of recovery        duties and values leave things out
//!    SmallTcp ... a handful; a visit to each in every turn               features are what is in here
//! ```
//!
//! What it does: RFC 9293 with all its states, both ways to open, half-closed streams, zero-window probes, strict Nagle and
//! both sides of silly window avoidance, delayed ACKs, window scaling, keep-alive, TIME-WAIT and R2; the timeout of RFC
//! 6298; slow start, congestion avoidance and fast recovery of RFC 5681 and RFC 6582; SACK for one gap; RSTs, SYNs and
//! ACKs that only guess are challenged, RFC 5961, within a rate; initial sequence numbers of RFC 6528.
//!
//! What it does not, which [`Tcp`](crate::Tcp) does: send records, so that a timeout sends again all that followed;
//! more than one gap in what came; half-open connections without buffers, and SYN cookies; a choice of congestion
//! control; path MTU discovery and the reaction to ICMP errors; timestamps, urgent data, statistics of a connection,
//! traces, events: whoever holds a handle asks. Of RFC 5681 limited transmit (§3.2 step 1) and the smaller window after
//! silence (§4.1), of RFC 2018 §4 the block beside data, of RFC 5961 §7 a limit that strangers cannot use up.
//!
//! Work in each turn is linear in the number of connections: it is for tens of them at most.
//!
//! What cannot be set: an ACK waits at most 40 ms; TIME-WAIT lasts 10 s, FIN-WAIT-2 of a released connection 60 s; a keep-alive
//! probe follows two hours of silence, further ones every 75 s; a connection is given up when eight retransmissions or probes in
//! a row are not answered, which takes over three minutes; no peer imposes segments below 64 octets; ephemeral ports are 49,152
//! to 65,535; ten ACKs a second challenge guesses, for all connections together.
//!
//! An echo server of three connections; there are no events, so it looks at each after every poll:
//! ```
//! use tersus_tcp::small::{SmallTcp, Storage};
//! use tersus_tcp::ConnectionId;
//!
//! /// To be called after each poll of the stack.
//! fn serve(tcp: &mut SmallTcp<'_>, clients: &mut [Option<ConnectionId>; 3]) {
//!     let mut buffer = [0; 256];
//!     for client in clients {
//!         *client = client.or_else(|| tcp.accept(7));
//!         let Some(id) = *client else { continue };
//!         loop {
//!             // No more than can be sent back: the rest waits, and the peer's window closes.
//!             let room = tcp.send_room(id).unwrap_or(0).min(buffer.len());
//!             match tcp.recv(id, &mut buffer[..room]) {
//!                 Ok(0) => break,
//!                 Ok(len) => drop(tcp.send(id, &buffer[..len])),
//!                 // The end of the stream, or of the connection: what is queued still leaves.
//!                 Err(_) => {
//!                     let _ = tcp.release(id);
//!                     *client = None;
//!                     break;
//!                 }
//!             }
//!         }
//!     }
//! }
//!
//! // Connections, octets to receive and to send of each. One more than are served: the last one may be in TIME-WAIT.
//! let mut memory: Storage<4, 1024, 1024> = Storage::new();
//! let mut tcp = SmallTcp::new(&mut memory, [7; 32]); // a seed that nobody can guess
//! tcp.listen(7)?;
//! serve(&mut tcp, &mut [None; 3]);
//! # Ok::<(), tersus_tcp::ListenError>(())
//! ```

mod calls;
mod connection;
mod input;
mod output;
// The tests speak both families.
#[cfg(test)]
#[cfg(all(feature = "ipv4", feature = "ipv6"))]
mod tests;

pub use connection::Connection;

use crate::ring::Ring;
use crate::Statistics;
use tersus_ip::{
    Deadline, IcmpError, Instant, IpLayer, IpMeta, Progress, Quoted, Random, Transport, Verdict,
};
use tersus_wire::IpProtocol;

/// How long an ACK waits for company, RFC 9293 §3.8.6.3, in microseconds.
const DELAYED_ACK: u64 = 40_000;
/// TIME-WAIT, as in the field; RFC 9293 §3.4.2 says 240 s.
const TIME_WAIT: u32 = 10_000_000;
/// FIN-WAIT-2 of a connection that its user has given back.
const FIN_WAIT_2: u32 = 60_000_000;
/// Silence before the first keep-alive probe, RFC 9293 §3.8.4, and between two.
const KEEP_ALIVE_IDLE: u64 = 7_200_000_000;
const KEEP_ALIVE_INTERVAL: u32 = 75_000_000;
/// Expirations without an answer after which a connection is given up: R2 of RFC 9293 §3.8.3, over three minutes as the
/// timeout doubles from a second on.
const TRIES: u8 = 8;
/// The smallest segment size that a peer's option can impose.
const MSS_FLOOR: u16 = 64;
/// ACKs that answer what only guesses, RFC 5961 §7, of all connections together in each [`Challenges::SPAN`].
const CHALLENGES: u32 = 10;

/// Memory for one [`SmallTcp`]; all zeros when empty. Any number may be zero.
///
/// - `CONNS`: connections, those in TIME-WAIT and half-open ones included.
/// - `RX`, `TX`: receive and send buffer of each, in octets.
/// - `LISTENERS`: ports to listen at.
#[derive(Debug)]
pub struct Storage<const CONNS: usize, const RX: usize, const TX: usize, const LISTENERS: usize = 1> {
    connections: [Connection; CONNS],
    rx: [[u8; RX]; CONNS],
    tx: [[u8; TX]; CONNS],
    listeners: [u16; LISTENERS],
}

impl<const CONNS: usize, const RX: usize, const TX: usize, const LISTENERS: usize>
    Storage<CONNS, RX, TX, LISTENERS>
{
    /// Empty, all zeros.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            connections: [Connection::FREE; CONNS],
            rx: [[0; RX]; CONNS],
            tx: [[0; TX]; CONNS],
            listeners: [0; LISTENERS],
        }
    }
}

impl<const CONNS: usize, const RX: usize, const TX: usize, const LISTENERS: usize> Default
    for Storage<CONNS, RX, TX, LISTENERS>
{
    fn default() -> Self {
        Self::new()
    }
}

/// TCP with a few connections. See the [module](self).
#[derive(Debug)]
pub struct SmallTcp<'a> {
    connections: &'a mut [Connection],
    /// Ports; 0: free.
    listeners: &'a mut [u16],
    random: Random,
    /// The IP layer's generation in the last turn.
    generation: u32,
    /// Who is visited first.
    first: u16,
    shared: Shared<'a>,
}

/// What the steps of a connection need beside it.
#[derive(Debug)]
#[repr(C)]
struct Shared<'a> {
    /// The moment of the last call that told one.
    now: Instant,
    rx: &'a mut [u8],
    tx: &'a mut [u8],
    challenges: Challenges,
    statistics: Statistics,
}

/// A limit on challenge ACKs: so many in each span.
#[derive(Debug, Default)]
struct Challenges {
    span: u64,
    sent: u32,
}

impl Challenges {
    /// Microseconds, as a power of two: about a second.
    const SPAN: u32 = 20;

    /// Takes one if there is one left.
    fn take(&mut self, now: Instant) -> bool {
        let span = now.micros() >> Self::SPAN;
        if span != self.span {
            *self = Self { span, sent: 0 };
        }
        let is_left = self.sent < CHALLENGES;
        self.sent += u32::from(is_left);
        is_left
    }
}

impl<'a> SmallTcp<'a> {
    /// An engine without connections. `seed` makes sequence numbers unpredictable: no outsider may know it, and no two
    /// engines may have the same.
    pub fn new<const CONNS: usize, const RX: usize, const TX: usize, const LISTENERS: usize>(
        storage: &'a mut Storage<CONNS, RX, TX, LISTENERS>,
        seed: [u8; 32],
    ) -> Self {
        Self::from_slices(
            &mut storage.connections,
            storage.rx.as_flattened_mut(),
            storage.tx.as_flattened_mut(),
            &mut storage.listeners,
            seed,
        )
    }

    /// An engine over slices of run-time sizes, which are cleared. `rx` and `tx` are divided equally.
    pub fn from_slices(
        connections: &'a mut [Connection],
        rx: &'a mut [u8],
        tx: &'a mut [u8],
        listeners: &'a mut [u16],
        seed: [u8; 32],
    ) -> Self {
        let count = connections.len().min(usize::from(u16::MAX));
        let connections = connections.get_mut(..count).unwrap_or_default();
        let share = |region: &[u8]| u32::try_from(region.len().checked_div(count).unwrap_or(0)).unwrap_or(0);
        let (rx_size, tx_size) = (share(rx), share(tx));
        let (mut rx_start, mut tx_start) = (0, 0);
        for connection in connections.iter_mut() {
            connection.clear(Ring::new(rx_start, rx_size), Ring::new(tx_start, tx_size));
            rx_start += rx_size;
            tx_start += tx_size;
        }
        listeners.fill(0);
        Self {
            connections,
            listeners,
            random: Random::new(seed),
            generation: 0,
            first: 0,
            shared: Shared {
                now: Instant::ZERO,
                rx,
                tx,
                challenges: Challenges::default(),
                statistics: Statistics::default(),
            },
        }
    }

    /// Counters of the engine. Those of what is not here stay 0.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.shared.statistics
    }
}

impl Transport for SmallTcp<'_> {
    #[inline]
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        if packet.protocol != IpProtocol::TCP {
            return Verdict::NotMine;
        }
        self.shared.now = packet.now;
        self.on_packet(packet, segment)
    }

    fn error(&mut self, _now: Instant, _error: &IcmpError<'_>) -> Quoted {
        Quoted::Unknown
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Progress {
        self.shared.now = ip.now();
        self.visit_all(ip, budget)
    }

    fn poll_at(&self) -> Option<Instant> {
        let deadlines = self.connections.iter().map(Connection::next_deadline);
        deadlines.fold(Deadline::NONE, Deadline::earlier).instant()
    }
}
