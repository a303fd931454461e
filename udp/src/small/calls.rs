//! The user's calls.

use super::ring::{octets, payload_max, Head, REVERSED_LEN};
use super::{SmallUdp, BROADCAST, MULTICAST};
use crate::place::copy;
use crate::statistics::count;
use crate::{BindError, Handle, Received, RecvMeta, SendError, StaleHandle, Statistics};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tersus_ip::{Addresses, Cast, Random, Source};

/// First of the ports that are chosen, RFC 6335 §6: the upper quarter.
const EPHEMERAL: u16 = 0xc000;

impl SmallUdp<'_> {
    /// Opens a socket at `port` of every own address.
    ///
    /// # Errors
    /// [`BindError::NoPort`] for port 0, [`BindError::InUse`], [`BindError::NoSlot`].
    pub fn bind(&mut self, port: u16) -> Result<Handle, BindError> {
        if port == 0 {
            return Err(BindError::NoPort);
        }
        if self.table.at_port(port).is_some() {
            return Err(BindError::InUse);
        }
        let index = self.table.at_port(0).ok_or(BindError::NoSlot)?;
        let place = u16::try_from(index).map_err(|_| BindError::NoSlot)?;
        let (socket, _) = self.table.at(index).ok_or(BindError::NoSlot)?;
        socket.port = port;
        let generation = socket.generation;
        Ok(Handle { index: place, generation })
    }

    /// Opens a socket at a port from 49,152 up that nobody can guess, RFC 6056 §3.3.1. Apart from
    /// [`SmallUdp::bind`], so that who needs none links no generator.
    ///
    /// # Errors
    /// [`BindError::NoSlot`].
    pub fn bind_any(&mut self, random: &mut Random) -> Result<Handle, BindError> {
        let mut port = random.next_u16();
        // Each socket can be in the way of one try.
        for _ in 0..=self.table.sockets.len() {
            match self.bind(port | EPHEMERAL) {
                Err(BindError::InUse) => port = port.wrapping_add(1),
                done => return done,
            }
        }
        Err(BindError::NoSlot)
    }

    /// Gives a socket back. What it received is lost; what it has queued still leaves.
    ///
    /// # Errors
    /// [`StaleHandle`].
    pub fn close(&mut self, socket: Handle) -> Result<(), StaleHandle> {
        let (entry, _) = self.table.open(socket)?;
        *entry = super::Socket { generation: entry.generation.wrapping_add(1), ..super::Socket::FREE };
        Ok(())
    }

    /// The port of a socket.
    ///
    /// # Errors
    /// [`StaleHandle`].
    pub fn local_port(&self, socket: Handle) -> Result<u16, StaleHandle> {
        Ok(self.entry(socket)?.port)
    }

    /// Whether a received datagram waits.
    ///
    /// # Errors
    /// [`StaleHandle`].
    pub fn can_recv(&self, socket: Handle) -> Result<bool, StaleHandle> {
        Ok(!self.entry(socket)?.received.is_empty())
    }

    fn entry(&self, socket: Handle) -> Result<&super::Socket, StaleHandle> {
        let entry = self.table.sockets.get(usize::from(socket.index));
        entry.filter(|entry| entry.generation == socket.generation).ok_or(StaleHandle)
    }

    /// Takes the oldest received datagram and copies it to the front of `buffer`; `None` if there is none. What does
    /// not fit is lost, and [`Received::is_truncated`] tells.
    ///
    /// # Errors
    /// [`StaleHandle`].
    pub fn recv(&mut self, socket: Handle, buffer: &mut [u8]) -> Result<Option<Received>, StaleHandle> {
        self.recv_with(socket, |meta, data| {
            let copied = data.len().min(buffer.len());
            if let (Some(to), Some(from)) = (buffer.get_mut(..copied), data.get(..copied)) {
                to.copy_from_slice(from);
            }
            Received { meta: *meta, copied }
        })
    }

    /// Lends the oldest received datagram in place, which may be altered there, and takes it; `None` if there is none.
    ///
    /// # Errors
    /// [`StaleHandle`]; `read` was not called.
    pub fn recv_with<R>(
        &mut self,
        socket: Handle,
        read: impl FnOnce(&RecvMeta, &mut [u8]) -> R,
    ) -> Result<Option<R>, StaleHandle> {
        let (entry, region) = self.table.open(socket)?;
        let Some((record, next)) = entry.received.at(region, entry.received.head) else { return Ok(None) };
        entry.received.pop(next);
        let head = record.head();
        let [hop_limit, traffic_class] = head.own();
        let addresses = record.addresses();
        let meta = RecvMeta {
            remote: SocketAddr::new(addresses.source(), head.remote_port()),
            local: addresses.destination(),
            cast: match head.flags() {
                MULTICAST => Cast::Multicast,
                BROADCAST => Cast::Broadcast,
                _ => Cast::Unicast,
            },
            interface: head.interface().unwrap_or_default(),
            hop_limit,
            traffic_class,
            len: record.payload.len(),
        };
        Ok(Some(read(&meta, record.payload)))
    }

    /// Queues a datagram to `remote`; it leaves in the next poll.
    ///
    /// # Errors
    /// [`SendError::Stale`], [`SendError::Port`], [`SendError::Full`], [`SendError::TooLong`] by the size of the queue.
    pub fn send_to(&mut self, socket: Handle, remote: SocketAddr, data: &[u8]) -> Result<(), SendError> {
        self.send_with(socket, Source::ANY, remote, data.len(), |place| copy(place, data))
    }

    /// Queues a datagram of `len` octets, which `write` writes in place, to `remote`. The address of `from`, if there is
    /// one, is the source, such as [`RecvMeta::local`].
    ///
    /// # Errors
    /// As [`SmallUdp::send_to`], and [`SendError::Family`] if source and destination are of two; `write` was not called.
    pub fn send_with(
        &mut self,
        socket: Handle,
        from: Source,
        remote: SocketAddr,
        len: usize,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<(), SendError> {
        let port = self.local_port(socket).map_err(|_| SendError::Stale)?;
        let source = from.address.unwrap_or(unspecified(remote.ip()));
        let mut joined = [0; 32];
        let addresses = Addresses::join(source, remote.ip(), &mut joined).ok_or(SendError::Family)?;
        if remote.port() == 0 {
            return Err(SendError::Port);
        }
        let head = Head::new(remote.port(), from.interface, 0, port.to_ne_bytes());
        let addresses = octets(addresses);
        let (addresses_len, room) = (addresses.len(), self.tx.len());
        let place = self.to_send.push(self.tx, head, addresses, len);
        write(place.ok_or_else(|| refusal(&mut self.statistics, room, addresses_len, len))?);
        self.is_ready = true;
        Ok(())
    }

    /// Takes the oldest received datagram and queues it to where it came from, from the address it was sent to; `None`
    /// if there is none, else its length. One that expects no answer is dropped.
    ///
    /// # Errors
    /// [`SendError::Stale`]; [`SendError::Full`], and the datagram stays; [`SendError::TooLong`] if the queue is too small
    /// for it, which is then lost.
    pub fn send_back(&mut self, socket: Handle) -> Result<Option<usize>, SendError> {
        let (entry, region) = self.table.open(socket).map_err(|_| SendError::Stale)?;
        let port = entry.port;
        let Some((record, next)) = entry.received.at(region, entry.received.head) else { return Ok(None) };
        let received = record.head();
        let len = record.payload.len();
        if received.remote_port() != 0 {
            let mut addresses = [0; REVERSED_LEN];
            let addresses = record.reversed(&mut addresses);
            if received.flags() != 0 {
                // What was sent to many is answered from one.
                let half = addresses.len() / 2;
                addresses.iter_mut().take(half).for_each(|octet| *octet = 0);
            }
            let head = received.with(0, port.to_ne_bytes());
            let room = self.tx.len();
            let Some(place) = self.to_send.push(self.tx, head, addresses, len) else {
                let refusal = refusal(&mut self.statistics, room, addresses.len(), len);
                if refusal != SendError::Full {
                    entry.received.pop(next);
                }
                return Err(refusal);
            };
            copy(place, record.payload);
            self.is_ready = true;
        }
        entry.received.pop(next);
        Ok(Some(len))
    }
}

/// Why a datagram finds no room in a queue of `room` octets.
fn refusal(statistics: &mut Statistics, room: usize, addresses_len: usize, len: usize) -> SendError {
    match payload_max(room, addresses_len) {
        Some(longest) if len <= usize::from(longest) => {
            count(&mut statistics.send_full);
            SendError::Full
        }
        longest => SendError::TooLong(longest.unwrap_or(0)),
    }
}

/// The address of nobody, of the family of `other`.
fn unspecified(other: IpAddr) -> IpAddr {
    match other {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}
