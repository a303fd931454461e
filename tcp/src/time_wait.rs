//! TIME-WAIT in a table of its own: RFC 9293 §3.6.1, RFC 6191, RFC 1337.
//!
//! What the protocol still needs of a closed connection is 64 octets, without buffers. All entries wait equally
//! long, so the table is a queue: its head is its next deadline. An entry whose wait starts anew moves to the end.

use crate::addresses::Packed;
use crate::index::Index;
use crate::seq::SeqNum;
use tersus_ip::{Addresses, Instant};

/// What is left of a connection in TIME-WAIT; all zeros: free.
#[derive(Debug, Clone, Copy)]
pub struct TimeWait {
    until: Instant,
    ports: u32,
    pub(crate) snd_nxt: SeqNum,
    pub(crate) rcv_nxt: SeqNum,
    /// TS.Recent, if the connection had timestamps.
    ts_recent: u32,
    /// Upper half of the endpoints' hash: the part that the index needs.
    hash: u16,
    /// Index plus one of the neighbours in the queue.
    next: u16,
    previous: u16,
    /// None: free.
    addresses: Packed,
    timestamps: Had,
}

/// Whether the connection had timestamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Had {
    No,
    Timestamps,
}

/// What a connection leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Last {
    pub(crate) snd_nxt: SeqNum,
    pub(crate) rcv_nxt: SeqNum,
    /// TS.Recent, if it had timestamps.
    pub(crate) ts_recent: Option<u32>,
}

impl TimeWait {
    /// A free entry.
    pub const FREE: Self = Self {
        until: Instant::ZERO,
        ports: 0,
        snd_nxt: SeqNum(0),
        rcv_nxt: SeqNum(0),
        ts_recent: 0,
        hash: 0,
        next: 0,
        previous: 0,
        addresses: Packed::NONE,
        timestamps: Had::No,
    };
}

/// The table.
pub(crate) struct TimeWaits<'a> {
    entries: &'a mut [TimeWait],
    index: Index<'a>,
    head: u16,
    tail: u16,
    /// First free entry, index plus one; linked by `next`.
    free: u16,
}

fn place(link: u16) -> Option<usize> {
    link.checked_sub(1).map(usize::from)
}

impl<'a> TimeWaits<'a> {
    pub(crate) fn new(entries: &'a mut [TimeWait], cells: &'a mut [u32]) -> Self {
        let len = entries.len();
        for (entry, own) in entries.iter_mut().zip(1..u16::MAX) {
            let next = if usize::from(own) == len { 0 } else { own + 1 };
            *entry = TimeWait { next, ..TimeWait::FREE };
        }
        Self { entries, index: Index::new(cells), head: 0, tail: 0, free: u16::from(len > 0) }
    }

    fn get(&mut self, link: u16) -> Option<&mut TimeWait> {
        self.entries.get_mut(place(link)?)
    }

    /// When the first wait ends.
    pub(crate) fn poll_at(&self) -> Option<Instant> {
        Some(self.entries.get(place(self.head)?)?.until)
    }

    /// Whether a wait ends by now.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.head != 0 && self.poll_at().is_some_and(|until| until <= now)
    }

    /// The entry of these endpoints, if there is one.
    #[inline]
    pub(crate) fn find(&self, hash: u32, addresses: &Addresses<'_>, ports: u32) -> Option<u16> {
        if self.head == 0 {
            return None;
        }
        self.look_up(hash, addresses, ports)
    }

    fn look_up(&self, hash: u32, addresses: &Addresses<'_>, ports: u32) -> Option<u16> {
        self.index.find(hash, |id| {
            self.entries.get(usize::from(id)).is_some_and(|e| e.ports == ports && e.addresses.is(addresses))
        })
    }

    /// What the connection of an entry left behind.
    pub(crate) fn last(&self, id: u16) -> Option<Last> {
        self.entries.get(usize::from(id)).map(|e| Last {
            snd_nxt: e.snd_nxt,
            rcv_nxt: e.rcv_nxt,
            ts_recent: (e.timestamps == Had::Timestamps).then_some(e.ts_recent),
        })
    }

    /// Adds an entry; whether the oldest had to make room. With a table of length 0 nothing is kept.
    pub(crate) fn insert(
        &mut self,
        hash: u32,
        addresses: Packed,
        ports: u32,
        last: Last,
        until: Instant,
    ) -> Evicted {
        let evicted = if self.free == 0 { Evicted::Oldest } else { Evicted::None };
        if self.free == 0 {
            self.remove_head();
        }
        let own = self.free;
        let Some(entry) = self.get(own) else { return evicted };
        let free = entry.next;
        *entry = TimeWait {
            addresses,
            ports,
            hash: u16::try_from(hash >> 16).unwrap_or(0),
            snd_nxt: last.snd_nxt,
            rcv_nxt: last.rcv_nxt,
            ts_recent: last.ts_recent.unwrap_or(0),
            timestamps: if last.ts_recent.is_some() { Had::Timestamps } else { Had::No },
            ..TimeWait::FREE
        };
        self.free = free;
        // The index has two cells for each entry: it cannot be full.
        let indexed = self.index.insert(hash, own - 1);
        debug_assert!(indexed.is_ok());
        self.append(own, until);
        evicted
    }

    /// The wait of an entry starts anew.
    pub(crate) fn restart(&mut self, id: u16, until: Instant) {
        self.unlink(id + 1);
        self.append(id + 1, until);
    }

    /// Ends the wait of an entry.
    pub(crate) fn remove(&mut self, id: u16) {
        let own = id + 1;
        self.unlink(own);
        let free = self.free;
        let Some(entry) = self.get(own) else { return };
        let hash = u32::from(entry.hash) << 16;
        *entry = TimeWait { next: free, ..TimeWait::FREE };
        self.free = own;
        self.index.remove(hash, id);
    }

    /// Ends what has waited long enough.
    pub(crate) fn expire(&mut self, now: Instant) {
        while self.is_due(now) {
            self.remove_head();
        }
    }

    fn remove_head(&mut self) {
        if let Some(id) = self.head.checked_sub(1) {
            self.remove(id);
        }
    }

    fn append(&mut self, own: u16, until: Instant) {
        let tail = self.tail;
        // A clock that steps back must not break the order of the queue.
        let latest = self.get(tail).map_or(Instant::ZERO, |last| {
            last.next = own;
            last.until
        });
        if let Some(entry) = self.get(own) {
            entry.until = until.max(latest);
            entry.previous = tail;
            entry.next = 0;
        }
        if tail == 0 {
            self.head = own;
        }
        self.tail = own;
    }

    fn unlink(&mut self, own: u16) {
        let Some(entry) = self.get(own) else { return };
        let (previous, next) = (entry.previous, entry.next);
        match self.get(previous) {
            Some(before) => before.next = next,
            None => self.head = next,
        }
        match self.get(next) {
            Some(after) => after.previous = previous,
            None => self.tail = previous,
        }
    }
}

/// Whether an entry was given up early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evicted {
    None,
    Oldest,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> [u8; 8] {
        [192, 0, 2, n, 192, 0, 2, 1]
    }

    fn insert(table: &mut TimeWaits<'_>, n: u8, at: u64) -> Evicted {
        let key = key(n);
        let packed = Packed::new(&Addresses::V4(&key));
        let last = Last { snd_nxt: SeqNum(n.into()), rcv_nxt: SeqNum(0), ts_recent: None };
        table.insert(n.into(), packed, 7, last, Instant::from_secs(at))
    }

    fn find(table: &TimeWaits<'_>, n: u8) -> Option<u16> {
        table.find(n.into(), &Addresses::V4(&key(n)), 7)
    }

    #[test]
    fn entries_are_as_small_as_planned() {
        assert!(core::mem::size_of::<TimeWait>() <= 64, "{}", core::mem::size_of::<TimeWait>());
    }

    #[test]
    fn the_oldest_makes_room_and_a_restart_makes_young() {
        let (mut entries, mut cells) = ([TimeWait::FREE; 3], [0; 6]);
        let mut table = TimeWaits::new(&mut entries, &mut cells);
        for n in 1..=3 {
            assert_eq!(insert(&mut table, n, 10 + u64::from(n)), Evicted::None);
        }
        assert_eq!(table.poll_at(), Some(Instant::from_secs(11)));
        table.restart(find(&table, 1).unwrap(), Instant::from_secs(20));
        assert_eq!(table.poll_at(), Some(Instant::from_secs(12)));
        assert_eq!(insert(&mut table, 4, 21), Evicted::Oldest);
        assert_eq!(
            (find(&table, 1).is_some(), find(&table, 2), find(&table, 3).is_some()),
            (true, None, true)
        );
        table.expire(Instant::from_secs(20));
        assert_eq!((find(&table, 1), find(&table, 3), find(&table, 4).is_some()), (None, None, true));
        table.expire(Instant::from_secs(21));
        assert_eq!(table.poll_at(), None);
    }

    #[test]
    fn a_table_of_length_zero_keeps_nothing() {
        let mut table = TimeWaits::new(&mut [], &mut []);
        insert(&mut table, 1, 10);
        assert_eq!((find(&table, 1), table.poll_at()), (None, None));
    }
}
