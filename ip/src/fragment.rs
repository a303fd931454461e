//! Fragmentation of what is sent: IPv4 (RFC 791 §3.2, RFC 6864) and IPv6 (RFC 8200 §4.5).
//!
//! A datagram above the path's MTU is written once, whole, into a buffer of its own and leaves piece by piece, over as
//! many turns as its link needs. A buffer in use is never overwritten: without a free one the sender waits.
//!
//! ```text
//!   begin -> | data 0 .. len                                     |
//!   piece ->           | header + data offset .. offset + room |         at most the MTU of the moment
//!   sent  ->                                                   ^ offset
//! ```

mod identification;
mod slot;

use crate::{Deadline, Fill, Instant, InterfaceId, InterfaceSet, OutFlags, Outgoing, Path, Random};
use core::time::Duration;
use identification::Identifications;
use slot::{IPV4_HEADER_LEN, IPV4_ROUTER_ALERT};

pub use slot::{Slot, HEADER_LEN_MAX, OPTIONS_LEN_MAX};

/// Names a datagram on its way out; a stale one names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FragmentId {
    slot: u16,
    /// Place in the order of all datagrams begun.
    order: u32,
}

/// Why a datagram was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BeginError {
    /// All buffers are in use: [`Fragmenter::take_room`] says when to try again.
    #[error("no fragment buffer is free")]
    Full,
    /// All IPv4 identifications that this flow may use within [`Config::lifetime`] are used up. The sender is to learn
    /// that the datagram cannot leave; others on the interface must not wait for it.
    #[error("no identification is free")]
    Limited,
    /// No buffer, or no IP datagram, holds so much; or the packet must not be fragmented.
    #[error("datagram larger than a fragment buffer")]
    TooBig,
}

/// The next fragment of a datagram.
#[derive(Debug)]
pub struct Piece<'t> {
    header: [u8; HEADER_LEN_MAX],
    header_len: u8,
    /// The octets behind the header.
    pub payload: &'t [u8],
    /// The way that it goes.
    pub path: &'t Path,
}

impl Piece<'_> {
    /// The IP header with options or extension headers, ready to send.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        self.header.get(..usize::from(self.header_len)).unwrap_or(&[])
    }

    /// Length of the packet, in octets. No packet is empty.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a packet has a header")]
    pub fn len(&self) -> usize {
        usize::from(self.header_len) + self.payload.len()
    }

    /// Writes the packet into a buffer of [`Self::len`] octets.
    pub fn write(&self, buffer: &mut [u8]) {
        for (to, from) in buffer.iter_mut().zip(self.header()) {
            *to = *from;
        }
        if let Some(to) = buffer.get_mut(self.header().len()..self.len()) {
            for (to, from) in to.iter_mut().zip(self.payload) {
                *to = *from;
            }
        }
    }
}

/// Why a datagram is given up half-way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abandon {
    /// The path failed: no route, no neighbour, the interface went down.
    Path,
    /// The path's MTU leaves no room for eight octets of data.
    TooBig,
}

/// Tunables of fragmentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// How long a datagram may take to leave. Default 30 s: after the receiver's 60 s the rest is of no use. Zero: what the
    /// link does not take at once is given up.
    pub timeout: Duration,
    /// How long an IPv4 identification is not used again, RFC 6864 §4.3. Default 120 s, which allows 478 fragmented
    /// datagrams a second to a flow; zero: no limit.
    pub lifetime: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(30), lifetime: Duration::from_secs(120) }
    }
}

/// Counters; they wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Datagrams taken to be sent in fragments.
    pub begun: u32,
    /// Fragments that left.
    pub pieces: u32,
    /// Datagrams all of whose fragments left.
    pub completed: u32,
    /// Datagrams refused because all buffers were in use.
    pub full: u32,
    /// Datagrams refused because all identifications were used.
    pub limited: u32,
    /// Datagrams refused as larger than a buffer or an IP datagram.
    pub too_big: u32,
    /// Datagrams given up because their path failed.
    pub path_failed: u32,
    /// Datagrams given up because the path became too narrow for any fragment.
    pub path_too_narrow: u32,
    /// Datagrams given up because they did not leave in time.
    pub expired: u32,
}

impl Statistics {
    /// All counters by field name.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u32); 9] {
        [
            ("begun", self.begun),
            ("pieces", self.pieces),
            ("completed", self.completed),
            ("full", self.full),
            ("limited", self.limited),
            ("too_big", self.too_big),
            ("path_failed", self.path_failed),
            ("path_too_narrow", self.path_too_narrow),
            ("expired", self.expired),
        ]
    }
}
/// Memory for `SLOTS` datagrams of up to `LEN` octets behind the IP header.
#[derive(Debug)]
pub struct Storage<const SLOTS: usize, const LEN: usize> {
    slots: [Slot; SLOTS],
    buffers: [[u8; LEN]; SLOTS],
}

impl<const SLOTS: usize, const LEN: usize> Storage<SLOTS, LEN> {
    /// Empty, all zeros.
    #[must_use]
    pub const fn new() -> Self {
        Self { slots: [Slot::FREE; SLOTS], buffers: [[0; LEN]; SLOTS] }
    }

    /// The two slices that [`Fragmenter::from_slices`] takes.
    pub fn as_slices(&mut self) -> (&mut [Slot], &mut [u8]) {
        (&mut self.slots, self.buffers.as_flattened_mut())
    }
}

impl<const SLOTS: usize, const LEN: usize> Default for Storage<SLOTS, LEN> {
    fn default() -> Self {
        Self::new()
    }
}

/// The datagrams that are on their way out in fragments.
#[derive(Debug, Default)]
pub struct Fragmenter<'a> {
    slots: &'a mut [Slot],
    buffers: &'a mut [u8],
    /// Length of each slot's share of `buffers`.
    share: usize,
    /// Place in the order of the next datagram.
    order: u32,
    next: Deadline,
    identifications: Identifications,
    /// Interfaces that were refused a buffer since one was free last.
    refused: InterfaceSet,
    /// Interfaces to tell of a free buffer.
    room: InterfaceSet,
    config: Config,
    /// What happened.
    pub statistics: Statistics,
}

impl<'a> Fragmenter<'a> {
    /// Datagrams in `storage`.
    #[must_use]
    pub fn new<const SLOTS: usize, const LEN: usize>(
        storage: &'a mut Storage<SLOTS, LEN>,
        config: Config,
    ) -> Self {
        let (slots, buffers) = storage.as_slices();
        Self::from_slices(slots, buffers, config)
    }

    /// As many datagrams as there are slots (65,535 at most), each with an equal share of `buffers`. No slots are legal:
    /// nothing is then fragmented.
    #[must_use]
    pub fn from_slices(slots: &'a mut [Slot], buffers: &'a mut [u8], config: Config) -> Self {
        let len = slots.len().min(usize::from(u16::MAX));
        let slots = slots.get_mut(..len).unwrap_or_default();
        slots.fill(Slot::FREE);
        let share = buffers.len() / slots.len().max(1);
        Self { slots, buffers, share, config, ..Self::default() }
    }

    /// Largest segment, in octets behind the IP header, that a buffer holds.
    #[must_use]
    pub fn max_segment_len(&self) -> usize {
        if self.slots.is_empty() {
            0
        } else {
            self.share.min(usize::from(u16::MAX))
        }
    }

    /// Takes a datagram: `fill` writes its `len` octets, once, if the answer is `Ok`. `options` are IPv4 options,
    /// padded to a multiple of four (ignored on IPv6); [`OutFlags::ROUTER_ALERT`] adds that option itself, with value
    /// 0. A Hop Limit of 0 is sent as 64.
    ///
    /// # Errors
    /// [`BeginError`]; `fill` was then not called.
    #[expect(clippy::too_many_arguments, reason = "one call, of what a datagram consists of")]
    pub fn begin(
        &mut self,
        now: Instant,
        random: &Random,
        path: &Path,
        packet: Outgoing,
        options: &[u8],
        len: usize,
        fill: &mut dyn Fill,
    ) -> Result<FragmentId, BeginError> {
        let mut slot = Slot {
            expires: Deadline::at(now + self.config.timeout),
            path: *path,
            protocol: packet.protocol,
            hop_limit: if packet.hop_limit == 0 { 64 } else { packet.hop_limit },
            traffic_class: packet.traffic_class,
            flags: packet.flags,
            ..Slot::FREE
        };
        self.check_size(&mut slot, options, len)?;
        let Some(index) = self.slots.iter().position(Slot::is_free) else {
            count(&mut self.statistics.full);
            self.refused.insert(path.interface());
            return Err(BeginError::Full);
        };
        slot.identification =
            match self.identifications.next(now, random, path, packet.protocol, &self.config) {
                Some(identification) => identification,
                None => {
                    count(&mut self.statistics.limited);
                    return Err(BeginError::Limited);
                }
            };
        self.order = self.order.wrapping_add(1);
        slot.order = self.order;
        let start = index * self.share;
        let (Some(to), Some(buffer)) = (self.slots.get_mut(index), self.buffers.get_mut(start..start + len))
        else {
            return Err(BeginError::TooBig);
        };
        fill.fill(buffer);
        self.next = self.next.earlier(slot.expires);
        *to = slot;
        count(&mut self.statistics.begun);
        Ok(FragmentId { slot: u16::try_from(index).unwrap_or(u16::MAX), order: slot.order })
    }

    fn check_size(&mut self, slot: &mut Slot, options: &[u8], len: usize) -> Result<(), BeginError> {
        let mut options_len = 0;
        if !slot.path.is_ipv6() {
            let alert = if slot.alert_len() > 0 { &IPV4_ROUTER_ALERT[..] } else { &[] };
            options_len = options.len() + alert.len();
            for (to, from) in slot.options.iter_mut().zip(alert.iter().chain(options)) {
                *to = *from;
            }
        }
        let header_len = if slot.path.is_ipv6() { slot.alert_len() } else { IPV4_HEADER_LEN + options_len };
        slot.options_len = u8::try_from(options_len).unwrap_or(u8::MAX);
        slot.len = u16::try_from(len).unwrap_or(u16::MAX);
        let fits = options_len <= OPTIONS_LEN_MAX
            && options_len % 4 == 0
            && len.saturating_add(header_len) <= usize::from(u16::MAX)
            && len <= self.max_segment_len()
            && !slot.path.is_empty()
            && !slot.flags.contains(OutFlags::DONT_FRAGMENT);
        if fits {
            return Ok(());
        }
        count(&mut self.statistics.too_big);
        Err(BeginError::TooBig)
    }

    /// The oldest datagram for an interface that comes after `after`: start with `None`, go on where a datagram
    /// cannot leave now, so that one that waits for its next hop delays no other.
    #[must_use]
    pub fn next(&self, interface: InterfaceId, after: Option<FragmentId>) -> Option<FragmentId> {
        // The order wraps; ages do not reach half its range.
        let age = |order: u32| self.order.wrapping_sub(order);
        let bound = after.map_or(u32::MAX, |id| age(id.order));
        let waiting = self.slots.iter().enumerate().filter(|(_, slot)| {
            !slot.is_free() && slot.path.interface() == interface && age(slot.order) < bound
        });
        let (index, slot) = waiting.max_by_key(|(_, slot)| age(slot.order))?;
        Some(FragmentId { slot: u16::try_from(index).ok()?, order: slot.order })
    }

    /// The interfaces that datagrams are to leave from.
    #[must_use]
    pub fn waiting(&self) -> InterfaceSet {
        let mut set = InterfaceSet::NONE;
        for slot in self.slots.iter().filter(|slot| !slot.is_free()) {
            set.insert(slot.path.interface());
        }
        set
    }

    /// The path of a datagram, to be decided again when it is out of date.
    pub fn path_mut(&mut self, id: FragmentId) -> Option<&mut Path> {
        self.slot_mut(id).map(|slot| &mut slot.path)
    }

    /// The whole segment of a datagram, as to complete its checksum.
    pub fn segment_mut(&mut self, id: FragmentId) -> Option<&mut [u8]> {
        let start = usize::from(id.slot) * self.share;
        let len = usize::from(self.slot_mut(id)?.len);
        self.buffers.get_mut(start..start + len)
    }

    /// The next piece of a datagram, of at most `mtu` octets; the same until [`Self::sent`]. `None` if there is no
    /// such datagram or the MTU has no room for eight octets of data.
    #[must_use]
    pub fn piece(&self, id: FragmentId, mtu: u16) -> Option<Piece<'_>> {
        let slot = self.slots.get(usize::from(id.slot)).filter(|slot| is(slot, id))?;
        let (header, header_len, payload_len) = slot.next_piece(usize::from(mtu))?;
        let start = usize::from(id.slot) * self.share + usize::from(slot.offset);
        let payload = self.buffers.get(start..start + payload_len)?;
        Some(Piece { header, header_len: u8::try_from(header_len).ok()?, payload, path: &slot.path })
    }

    /// The piece with this much payload left: the next is due, or the datagram is done and its buffer free.
    pub fn sent(&mut self, id: FragmentId, payload_len: usize) {
        let Some(slot) = self.slot_mut(id) else { return };
        slot.offset = slot.offset.saturating_add(u16::try_from(payload_len).unwrap_or(u16::MAX));
        let is_done = slot.offset >= slot.len;
        count(&mut self.statistics.pieces);
        if is_done {
            count(&mut self.statistics.completed);
            self.free(id);
        }
    }

    /// Gives a datagram up.
    pub fn abandon(&mut self, id: FragmentId, reason: Abandon) {
        if self.slot_mut(id).is_none() {
            return;
        }
        count(match reason {
            Abandon::Path => &mut self.statistics.path_failed,
            Abandon::TooBig => &mut self.statistics.path_too_narrow,
        });
        self.free(id);
    }

    /// The interfaces on which `begin` was refused for want of a buffer when none was free, and may be tried again; each
    /// is told once.
    pub fn take_room(&mut self) -> InterfaceSet {
        core::mem::replace(&mut self.room, InterfaceSet::NONE)
    }

    /// Gives up what did not leave in time.
    pub fn on_timeout(&mut self, now: Instant) {
        if !self.next.is_due(now) {
            return;
        }
        for slot in self.slots.iter_mut().filter(|slot| slot.expires.is_due(now)) {
            *slot = Slot::FREE;
            count(&mut self.statistics.expired);
        }
        self.after_freeing();
    }

    /// When `on_timeout` next has something to do.
    #[must_use]
    pub fn poll_at(&self) -> Option<Instant> {
        self.next.instant()
    }

    fn slot_mut(&mut self, id: FragmentId) -> Option<&mut Slot> {
        self.slots.get_mut(usize::from(id.slot)).filter(|slot| is(slot, id))
    }

    fn free(&mut self, id: FragmentId) {
        if let Some(slot) = self.slot_mut(id) {
            *slot = Slot::FREE;
        }
        self.after_freeing();
    }

    fn after_freeing(&mut self) {
        self.next = self.slots.iter().fold(Deadline::NONE, |next, slot| next.earlier(slot.expires));
        self.room = self.room.union(core::mem::replace(&mut self.refused, InterfaceSet::NONE));
    }
}

fn is(slot: &Slot, id: FragmentId) -> bool {
    !slot.is_free() && slot.order == id.order
}

fn count(counter: &mut u32) {
    *counter = counter.wrapping_add(1);
}

#[cfg(test)]
mod tests;
