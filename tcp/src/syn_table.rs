//! Half-open connections of listeners: SYN-RECEIVED without buffers, 68 octets each. RFC 4987 §3.5.
//!
//! An entry holds all that is needed to answer, to answer again, and to become a connection.

use crate::addresses::Packed;
use crate::index::Index;
use crate::ready::Ready;
use crate::seq::SeqNum;
use crate::timers::Timers;
use core::net::IpAddr;
use tersus_ip::{Addresses, Deadline, Instant, InterfaceId};

/// The peer's SYN had no window scale option.
pub(crate) const NOT_SCALED: u8 = 15;
/// `SynEntry::link` of an entry that waits.
const WAITING: u16 = 1;

bitflags::bitflags! {
    /// What the peer's SYN offered beside MSS and window scale.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub(crate) struct Offers: u8 {
        /// SACK-permitted, RFC 2018 §2.
        const SACK = 1;
        /// Timestamps, RFC 7323 §3.2, and our side wants them too.
        const TIMESTAMPS = 1 << 1;
        /// ECE and CWR, RFC 3168 §6.1.1, and we agree.
        const ECN = 1 << 7;
    }
}

/// A half-open connection; all zeros: free.
#[derive(Debug, Clone, Copy)]
pub struct SynEntry {
    pub(crate) ports: u32,
    pub(crate) irs: SeqNum,
    pub(crate) iss: SeqNum,
    /// When the SYN-ACK first left, in microseconds modulo 2^32.
    pub(crate) sent: u32,
    /// TSval of the peer's SYN.
    pub(crate) ts_recent: u32,
    pub(crate) peer_mss: u16,
    /// MTU of the path that the SYN-ACK took; 0: none left yet.
    pub(crate) mtu: u16,
    /// Index of the listener.
    pub(crate) listener: u16,
    /// Upper half of the endpoints' hash: the part that the index needs.
    pub(crate) hash: u16,
    /// Free list: index plus one of the next. In use: whether it waits for room or for the next hop.
    pub(crate) link: u16,
    /// None: free.
    pub(crate) addresses: Packed,
    /// Window scale of the peer, or `NOT_SCALED`; in the upper half the ACKs of unacceptable segments that left.
    pub(crate) shift: u8,
    /// SYN-ACKs that left.
    pub(crate) tries: u8,
    pub(crate) interface: u8,
    pub(crate) offers: Offers,
}

impl SynEntry {
    /// A free entry.
    pub const FREE: Self = Self {
        ports: 0,
        irs: SeqNum(0),
        iss: SeqNum(0),
        sent: 0,
        ts_recent: 0,
        peer_mss: 0,
        mtu: 0,
        listener: 0,
        hash: 0,
        link: 0,
        addresses: Packed::NONE,
        shift: 0,
        tries: 0,
        interface: 0,
        offers: Offers::empty(),
    };

    /// Our address.
    pub(crate) fn local(&self) -> IpAddr {
        self.addresses.get().destination()
    }

    /// The peer's address.
    pub(crate) fn remote(&self) -> IpAddr {
        self.addresses.get().source()
    }

    pub(crate) fn local_port(&self) -> u16 {
        let [_, _, a, b] = self.ports.to_be_bytes();
        u16::from_be_bytes([a, b])
    }

    pub(crate) fn remote_port(&self) -> u16 {
        let [a, b, ..] = self.ports.to_be_bytes();
        u16::from_be_bytes([a, b])
    }

    pub(crate) fn hash(&self) -> u32 {
        u32::from(self.hash) << 16
    }

    /// Window scale of the peer, if its SYN had the option.
    pub(crate) fn peer_shift(&self) -> Option<u8> {
        Some(self.shift & 15).filter(|&shift| shift != NOT_SCALED)
    }

    /// Whether another ACK of an unacceptable segment may leave; if so it is counted. At most 15.
    pub(crate) fn may_challenge(&mut self) -> bool {
        let counted = self.shift.checked_add(16);
        self.shift = counted.unwrap_or(self.shift);
        counted.is_some()
    }

    pub(crate) fn interface(&self) -> InterfaceId {
        InterfaceId(self.interface)
    }
}

/// The table, with its own look-up and timers.
pub(crate) struct SynTable<'a> {
    entries: &'a mut [SynEntry],
    index: Index<'a>,
    timers: Timers<'a>,
    /// Entries whose SYN-ACK found no room, or waits for the next hop.
    waiting: Ready<'a>,
    free: u16,
}

impl<'a> SynTable<'a> {
    pub(crate) fn new(
        entries: &'a mut [SynEntry],
        index: Index<'a>,
        timers: Timers<'a>,
        waiting: Ready<'a>,
    ) -> Self {
        let len = entries.len();
        for (entry, own) in entries.iter_mut().zip(1..u16::MAX) {
            let link = if usize::from(own) == len { 0 } else { own + 1 };
            *entry = SynEntry { link, ..SynEntry::FREE };
        }
        Self { entries, index, timers, waiting, free: u16::from(len > 0) }
    }

    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn get(&mut self, id: u16) -> Option<&mut SynEntry> {
        self.entries.get_mut(usize::from(id)).filter(|entry| entry.addresses != Packed::NONE)
    }

    /// The entry of these endpoints, if there is one.
    pub(crate) fn find(&self, hash: u32, addresses: &Addresses<'_>, ports: u32) -> Option<u16> {
        self.index.find(hash, |id| {
            self.entries.get(usize::from(id)).is_some_and(|e| e.ports == ports && e.addresses.is(addresses))
        })
    }

    /// Whether another entry fits.
    pub(crate) fn has_room(&self) -> bool {
        self.free != 0
    }

    /// Adds an entry, whose SYN-ACK is due at once. `None` if the table is full.
    pub(crate) fn insert(&mut self, entry: SynEntry, now: Instant) -> Option<u16> {
        let id = self.free.checked_sub(1)?;
        let place = self.entries.get_mut(usize::from(id))?;
        self.free = place.link;
        *place = SynEntry { link: 0, ..entry };
        // The index has two cells for each entry: it cannot be full.
        let indexed = self.index.insert(entry.hash(), id);
        debug_assert!(indexed.is_ok());
        self.timers.set(id, Deadline::at(now));
        Some(id)
    }

    pub(crate) fn remove(&mut self, id: u16) {
        let free = self.free;
        let Some(entry) = self.get(id) else { return };
        let hash = entry.hash();
        *entry = SynEntry { link: free, ..SynEntry::FREE };
        self.free = id + 1;
        self.index.remove(hash, id);
        self.timers.set(id, Deadline::NONE);
    }

    /// An id whose SYN-ACK is due.
    pub(crate) fn due(&self, now: Instant) -> Option<u16> {
        self.timers.earliest().filter(|(_, at)| at.is_due(now)).map(|(id, _)| id)
    }

    /// The SYN-ACK of `id` is due at `at`.
    pub(crate) fn set_due(&mut self, id: u16, at: Instant) {
        if let Some(entry) = self.get(id) {
            entry.link = 0;
            self.timers.set(id, Deadline::at(at));
        }
    }

    /// The SYN-ACK of `id` finds no room, or its next hop is being resolved: until `wake` it is not due.
    pub(crate) fn wait(&mut self, id: u16) {
        if let Some(entry) = self.get(id) {
            entry.link = WAITING;
            self.timers.set(id, Deadline::NONE);
            self.waiting.push(id);
        }
    }

    /// Whether any SYN-ACK waits.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// What waits is due.
    pub(crate) fn wake(&mut self, now: Instant) {
        while let Some(id) = self.waiting.pop() {
            if self.get(id).is_some_and(|entry| entry.link == WAITING) {
                self.set_due(id, now);
            }
        }
    }

    /// When the next SYN-ACK is due.
    pub(crate) const fn next(&self) -> Deadline {
        self.timers.next()
    }

    /// Removes all entries of a listener. Linear in the table's length.
    pub(crate) fn remove_of(&mut self, listener: u16) {
        let len = u16::try_from(self.entries.len()).unwrap_or(u16::MAX);
        for id in 0..len {
            if self.get(id).is_some_and(|entry| entry.listener == listener) {
                self.remove(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_as_small_as_planned() {
        assert!(core::mem::size_of::<SynEntry>() <= 68, "{}", core::mem::size_of::<SynEntry>());
    }
}
