//! The user's side of receiving.

use crate::{Handle, StaleHandle, Udp};
use core::net::{IpAddr, SocketAddr};
use tersus_ip::queue::Record;
use tersus_ip::{Addresses, Cast, InterfaceId};

/// Bits of [`Record::flags`]: whom the datagram was sent to, 0 for one station.
const MULTICAST: u8 = 1;
const BROADCAST: u8 = 2;

/// What is known of a received datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecvMeta {
    /// Who sent it. Port 0: no answer is expected.
    pub remote: SocketAddr,
    /// The specific address that it was sent to: an own one, a group or a broadcast address. RFC 1122 §4.1.3.5.
    pub local: IpAddr,
    /// Whether it was sent to one, a group, or all.
    pub cast: Cast,
    /// The interface that it came in by.
    pub interface: InterfaceId,
    /// Hop Limit, also TTL, as received.
    pub hop_limit: u8,
    /// Traffic Class as received: DS field, and ECN in its lowest two bits.
    pub traffic_class: u8,
    /// Length of its payload, in octets.
    pub len: usize,
}

impl RecvMeta {
    /// The ECN field, RFC 3168 §5: 0 not capable, 1 ECT(1), 2 ECT(0), 3 congestion experienced.
    #[must_use]
    pub const fn ecn(&self) -> u8 {
        self.traffic_class & 3
    }

    pub(crate) fn is_unicast(&self) -> bool {
        self.cast == Cast::Unicast
    }

    #[inline]
    fn new(record: &Record<'_>) -> Self {
        Self {
            remote: SocketAddr::new(record.addresses().source(), record.port()),
            local: record.addresses().destination(),
            cast: match record.flags() {
                0 => Cast::Unicast,
                flags => cast_of(flags),
            },
            interface: record.interface().unwrap_or_default(),
            hop_limit: record.hop_limit(),
            traffic_class: record.traffic_class(),
            len: record.payload.len(),
        }
    }
}

/// The cast that is kept so, of a group's or broadcast.
#[cold]
fn cast_of(flags: u8) -> Cast {
    match flags {
        MULTICAST => Cast::Multicast,
        _ => Cast::Broadcast,
    }
}

/// How a cast is kept in [`Record::flags`].
pub(crate) fn cast_flags(cast: Cast) -> u8 {
    match cast {
        Cast::Unicast => 0,
        Cast::Multicast => MULTICAST,
        Cast::Broadcast => BROADCAST,
    }
}

/// A datagram that was copied out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// What is known of it.
    pub meta: RecvMeta,
    /// How many octets were copied.
    pub copied: usize,
}

impl Received {
    /// Whether the buffer was too short: the rest of the datagram is lost.
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        self.copied < self.meta.len
    }
}

impl Udp<'_> {
    /// Takes the oldest received datagram and copies it to the front of `buffer`; `None` if there is none. What
    /// does not fit is lost, and [`Received::is_truncated`] tells.
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

    /// Lends the oldest received datagram in place, which may be altered there, and takes it; `None` if there is
    /// none.
    ///
    /// # Errors
    /// [`StaleHandle`]; `read` was not called.
    pub fn recv_with<R>(
        &mut self,
        socket: Handle,
        read: impl FnOnce(&RecvMeta, &mut [u8]) -> R,
    ) -> Result<Option<R>, StaleHandle> {
        let slot = self.slots.get_mut(usize::from(socket.index)).filter(|slot| slot.is_open(socket));
        let queue = &mut slot.ok_or(StaleHandle)?.receive;
        let Some(region) = self.rx.get(socket.index) else { return Ok(None) };
        let Some((record, rest)) = queue.split_first(region) else { return Ok(None) };
        *queue = rest;
        // Where flash is not short, there is one of each family.
        if cfg!(not(target_pointer_width = "32")) && matches!(record.addresses(), Addresses::V6(_)) {
            return Ok(Some(read_v6(record, read)));
        }
        Ok(Some(read(&RecvMeta::new(&record), record.payload)))
    }

    /// Takes the oldest datagram out of a socket's receive queue.
    pub(crate) fn drop_front(&mut self, index: u16) {
        if let Some(slot) = self.slots.get_mut(usize::from(index)) {
            slot.receive.pop(self.rx.of(index));
        }
    }

    /// What is known of the oldest received datagram, which stays; `None` if there is none.
    ///
    /// # Errors
    /// [`StaleHandle`].
    pub fn peek(&mut self, socket: Handle) -> Result<Option<RecvMeta>, StaleHandle> {
        self.peek_with(socket, |meta, _| *meta)
    }

    /// Lends the oldest received datagram in place, which may be altered there, and stays; `None` if there is none.
    /// What [`Udp::forward`] and [`Udp::send_back`] pass on is what was left there.
    ///
    /// # Errors
    /// [`StaleHandle`]; `read` was not called.
    pub fn peek_with<R>(
        &mut self,
        socket: Handle,
        read: impl FnOnce(&RecvMeta, &mut [u8]) -> R,
    ) -> Result<Option<R>, StaleHandle> {
        let queue = self.slot(socket)?.receive;
        let front = queue.front(self.rx.of(socket.index));
        Ok(front.map(|record| read(&RecvMeta::new(&record), record.payload)))
    }

    /// Drops the oldest received datagram, if there is one.
    ///
    /// # Errors
    /// [`StaleHandle`].
    pub fn skip(&mut self, socket: Handle) -> Result<(), StaleHandle> {
        self.recv_with(socket, |_, _| ())?;
        Ok(())
    }

    /// Whether a received datagram waits.
    ///
    /// # Errors
    /// [`StaleHandle`].
    pub fn can_recv(&self, socket: Handle) -> Result<bool, StaleHandle> {
        Ok(!self.slot(socket)?.receive.is_empty())
    }
}

#[inline(never)]
fn read_v6<R>(record: Record<'_>, read: impl FnOnce(&RecvMeta, &mut [u8]) -> R) -> R {
    read(&RecvMeta::new(&record), record.payload)
}
