//! UDP for a small host: sockets with a queue each, and no more than datagrams need. For devices that count octets of
//! flash; it is a [`tersus_ip::Transport`] like [`Udp`](crate::Udp), over any IP layer.
//!
//! ```text
//!                      +-- port 7 ---- received ----> recv, recv_with ---+
//!    receive ----------+-- port 53 --- received                          | send_back
//!                      +-- port 161 -- received                          v
//!    transmit <------------------------ to send <-- send_to, send_with --+
//! ```
//!
//! What it does: sockets bound to a port, each with a queue of received datagrams; one queue of datagrams to send, from
//! which one that waits for address resolution holds up no other, and of what has waited no more than half stays when the
//! rest is needed; answers from the address that was asked; Port
//! Unreachable where nobody listens; checksums both ways.
//!
//! What it does not, which [`Udp`](crate::Udp) does: connected sockets, ports shared by several sockets or bound to
//! addresses and interfaces, a choice of Hop Limit, Traffic Class and source where there is no datagram to answer,
//! errors told to the application. A datagram that cannot leave is dropped in its turn and counted:
//! [`Statistics::unreachable`], [`Statistics::too_big`].
//!
//! Finding a socket is linear in their number: it is for tens of them at most.
//!
//! ```
//! use tersus_ip::{fake::FakeIp, Transport};
//! use tersus_udp::small::{SmallUdp, Storage};
//!
//! // Two sockets that hold 2 KiB of received datagrams each, and 2 KiB to send.
//! let mut storage: Storage<2, 2048, 2048> = Storage::new();
//! let mut udp = SmallUdp::new(&mut storage);
//! let socket = udp.bind(5683)?;
//! # if cfg!(not(feature = "ipv4")) { return Ok(()) }
//! udp.send_to(socket, "192.0.2.9:5683".parse().unwrap(), b"hello")?;
//!
//! let mut buffer = [0; 1500];
//! let mut sent = 0;
//! let mut count = |_: &_, _, segment: &[u8]| sent += segment.len();
//! udp.transmit(&mut FakeIp::new(&mut buffer, &mut count), &mut 64);
//! assert_eq!(sent, 8 + 5);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod calls;
mod ring;
// The tests speak both families.
#[cfg(test)]
#[cfg(all(feature = "ipv4", feature = "ipv6"))]
mod tests;

use crate::place::copy;
use crate::statistics::count;
use crate::{Handle, StaleHandle, Statistics};
use ring::{octets, Head, Record, Ring};
use tersus_ip::queue::Regions;
use tersus_ip::{
    Addresses, Cast, IcmpError, Instant, InterfaceSet, IpLayer, IpMeta, OutFlags, Outgoing, Progress, Quoted,
    Reject, RxChecksum, SendError, Source, Transport, Verdict,
};
use tersus_wire::udp::{split_mut, Repr, HEADER_LEN};
use tersus_wire::IpProtocol;

/// Memory for one [`SmallUdp`]; all zeros when empty. Any number may be zero.
///
/// - `SOCKETS`: ports that are open at a time.
/// - `RX`: octets for received datagrams of each.
/// - `TX`: octets for datagrams to send, of all together.
///
/// A datagram takes its octets and 16 (IPv4) or 40 (IPv6) more, rounded up to a multiple of four.
#[derive(Debug)]
pub struct Storage<const SOCKETS: usize, const RX: usize, const TX: usize> {
    sockets: [Socket; SOCKETS],
    rx: [[u8; RX]; SOCKETS],
    tx: [u8; TX],
}

impl<const SOCKETS: usize, const RX: usize, const TX: usize> Storage<SOCKETS, RX, TX> {
    /// Empty, all zeros.
    #[must_use]
    pub const fn new() -> Self {
        Self { sockets: [Socket::FREE; SOCKETS], rx: [[0; RX]; SOCKETS], tx: [0; TX] }
    }
}

impl<const SOCKETS: usize, const RX: usize, const TX: usize> Default for Storage<SOCKETS, RX, TX> {
    fn default() -> Self {
        Self::new()
    }
}

/// A socket: an entry of the table that [`Storage`] holds.
#[derive(Debug, Clone, Copy)]
pub struct Socket {
    /// 0: free.
    port: u16,
    /// How often the entry was given back.
    generation: u16,
    received: Ring,
}

impl Socket {
    /// A free entry.
    pub const FREE: Self = Self { port: 0, generation: 0, received: Ring::EMPTY };
}

/// The sockets with the memory of their queues.
#[derive(Debug)]
struct Table<'a> {
    sockets: &'a mut [Socket],
    rx: Regions<'a>,
}

impl Table<'_> {
    /// The socket that is bound to a port; port 0 finds one that is free.
    fn at_port(&self, port: u16) -> Option<usize> {
        self.sockets.iter().position(|socket| socket.port == port)
    }

    /// A socket with the memory of its queue.
    #[inline]
    fn at(&mut self, index: usize) -> Option<(&mut Socket, &mut [u8])> {
        Some((self.sockets.get_mut(index)?, self.rx.at(index)?))
    }

    /// That of a handle which is not stale.
    #[inline]
    fn open(&mut self, socket: Handle) -> Result<(&mut Socket, &mut [u8]), StaleHandle> {
        let found =
            self.at(usize::from(socket.index)).filter(|(entry, _)| entry.generation == socket.generation);
        found.ok_or(StaleHandle)
    }
}

/// UDP with a few sockets. See the [module](self).
#[derive(Debug)]
pub struct SmallUdp<'a> {
    table: Table<'a>,
    tx: &'a mut [u8],
    to_send: Ring,
    /// The IP layer's generation in the last turn.
    generation: u32,
    /// Interfaces whose room something waits for.
    full: InterfaceSet,
    /// Something may leave.
    is_ready: bool,
    statistics: Statistics,
}

impl<'a> SmallUdp<'a> {
    /// An engine without sockets.
    #[must_use]
    pub fn new<const SOCKETS: usize, const RX: usize, const TX: usize>(
        storage: &'a mut Storage<SOCKETS, RX, TX>,
    ) -> Self {
        Self::from_slices(&mut storage.sockets, storage.rx.as_flattened_mut(), &mut storage.tx)
    }

    /// An engine over slices of run-time sizes. `rx` is divided equally; sockets beyond 65,535 are not used.
    #[must_use]
    pub fn from_slices(sockets: &'a mut [Socket], rx: &'a mut [u8], tx: &'a mut [u8]) -> Self {
        let count = sockets.len();
        sockets.fill(Socket::FREE);
        Self {
            table: Table { sockets, rx: Regions::new(rx, count) },
            tx,
            to_send: Ring::EMPTY,
            generation: 0,
            full: InterfaceSet::NONE,
            is_ready: false,
            statistics: Statistics::ZERO,
        }
    }

    /// Counters of the engine. Those of what is not here stay 0.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Takes a datagram, RFC 768 and RFC 1122 §4.1.3.
    #[inline]
    fn on_datagram(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        count(&mut self.statistics.received);
        let mut verdict = Verdict::Done;
        // Counted in one place, which is less code.
        let counter = 'taken: {
            let Ok((header, payload)) = split_mut(segment) else {
                break 'taken &mut self.statistics.malformed;
            };
            if header.checksum().is_none() {
                // RFC 1122 §4.1.3.4; RFC 8200 §8.1 for IPv6.
                if cfg!(feature = "ipv6") && matches!(packet.addresses, Addresses::V6(_)) {
                    break 'taken &mut self.statistics.no_checksum;
                }
            } else if packet.rx.checksum == RxChecksum::Unknown
                && !header.sum(packet.addresses.pseudo_sum()).add_bytes(payload).is_valid()
            {
                break 'taken &mut self.statistics.bad_checksum;
            }
            let port = header.dst_port();
            let index = if port == 0 { None } else { self.table.at_port(port) };
            let Some((socket, region)) = index.and_then(|index| self.table.at(index)) else {
                // RFC 1122 §3.2.2: only who sent it to us alone is told.
                if packet.cast == Cast::Unicast {
                    verdict = Verdict::Reject(Reject::PortUnreachable);
                }
                break 'taken &mut self.statistics.no_port;
            };
            let flags = match packet.cast {
                Cast::Unicast => 0,
                Cast::Multicast => MULTICAST,
                Cast::Broadcast => BROADCAST,
            };
            let own = [packet.hop_limit, packet.traffic_class];
            let head = Head::new(header.src_port().unwrap_or(0), Some(packet.interface), flags, own);
            match socket.received.push(region, head, octets(packet.addresses), payload.len()) {
                Some(place) => {
                    copy(place, payload);
                    &mut self.statistics.delivered
                }
                None => &mut self.statistics.receive_full,
            }
        };
        count(counter);
        verdict
    }

    /// Sends what can leave, the oldest first.
    fn visit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Progress {
        self.generation = ip.generation();
        self.full = InterfaceSet::NONE;
        self.is_ready = false;
        let room = self.tx.len();
        let mut at = self.to_send.head;
        while let Some((record, next)) = self.to_send.at(self.tx, at) {
            if record.head().remote_port() != 0 {
                if *budget == 0 {
                    self.is_ready = true;
                    return Progress::More;
                }
                let result = send(ip, &mut self.full, &record);
                count(match result {
                    Ok(()) => {
                        *budget -= 1;
                        &mut self.statistics.sent
                    }
                    Err(SendError::Full) => {
                        at = next;
                        continue;
                    }
                    // Others shall have room beside what waits for a host that may not answer.
                    Err(SendError::Resolving)
                        if record.head().flags() & WAITED == 0
                            || !self.to_send.is_crowded(room, at, next) =>
                    {
                        record.mark(WAITED);
                        at = next;
                        continue;
                    }
                    Err(SendError::TooBig(_)) => &mut self.statistics.too_big,
                    Err(_) => &mut self.statistics.unreachable,
                });
                record.forget();
            }
            at = if at == self.to_send.head { self.to_send.pop(next) } else { next };
        }
        if self.full.is_empty() {
            Progress::Idle
        } else {
            Progress::Blocked(self.full)
        }
    }
}

/// Bits of [`Head`]'s flags of received datagrams: whom they were sent to.
const MULTICAST: u8 = 1;
const BROADCAST: u8 = 2;

/// Bit of [`Head`]'s flags of a datagram to send: its next hop was being resolved when its turn came.
const WAITED: u8 = 1;

/// Sends one datagram, or says which interface has no room for it.
#[inline(never)]
fn send(ip: &mut dyn IpLayer, full: &mut InterfaceSet, record: &Record<'_>) -> Result<(), SendError> {
    let head = record.head();
    let (source, to) = (record.addresses().source(), record.addresses().destination());
    let payload = &*record.payload;
    let from = Source {
        address: Some(source).filter(|source| !source.is_unspecified()),
        interface: head.interface(),
    };
    let mut way = ip.route(from, to);
    // In place: moving it is code.
    let path = match &mut way {
        Ok(path) => path,
        Err(reason) => return Err(SendError::Unreachable(*reason)),
    };
    let sum = path.pseudo_sum();
    let repr = Repr { src_port: u16::from_ne_bytes(head.own()), dst_port: head.remote_port() };
    let packet = Outgoing {
        protocol: IpProtocol::UDP,
        // RFC 1112 §6.1.
        hop_limit: u8::from(path.is_to_group()),
        traffic_class: 0,
        flags: OutFlags::empty(),
    };
    let result = ip.send(path, packet, HEADER_LEN + payload.len(), &mut |buffer: &mut [u8]| {
        // The room is what was asked for.
        let _ = repr.emit(buffer, payload, sum);
    });
    if result == Err(SendError::Full) {
        full.insert(path.interface());
    }
    result
}

impl Transport for SmallUdp<'_> {
    #[inline]
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        if packet.protocol != IpProtocol::UDP {
            return Verdict::NotMine;
        }
        self.on_datagram(packet, segment)
    }

    // Nobody is told; but the IP layer believes a message about a narrower path only if somebody can have sent what it
    // quotes, RFC 8201 §4: the port of a socket of ours.
    fn error(&mut self, _now: Instant, error: &IcmpError<'_>) -> Quoted {
        let port = match error.quoted.first_chunk() {
            Some(port) if error.protocol == IpProtocol::UDP => u16::from_be_bytes(*port),
            _ => 0,
        };
        if port != 0 && self.table.at_port(port).is_some() {
            Quoted::Possible
        } else {
            Quoted::Unknown
        }
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Progress {
        if self.is_ready || self.full.intersects(ip.room()) || self.generation != ip.generation() {
            self.visit(ip, budget)
        } else if self.full.is_empty() {
            Progress::Idle
        } else {
            Progress::Blocked(self.full)
        }
    }

    fn poll_at(&self) -> Option<Instant> {
        self.is_ready.then_some(Instant::ZERO)
    }
}
