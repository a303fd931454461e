//! Out-of-order data: which octets beyond RCV.NXT are already here.
#![cfg_attr(not(test), expect(dead_code, reason = "the engine that uses this module comes next"))]

use crate::pool::{Chained, Pool};
use crate::seq::SeqNum;

/// One range of octets [start, end) in a chain, 12 octets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Range {
    start: SeqNum,
    end: SeqNum,
    next: u16,
}

impl Chained for Range {
    fn next(&self) -> u16 {
        self.next
    }
    fn set_next(&mut self, next: u16) {
        self.next = next;
    }
}

/// What became of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inserted {
    /// So many of its octets were not there before (more than 0).
    New(u32),
    /// All of it was there, or it is empty.
    Duplicate,
    /// No entry was free, or this connection's share is used up: nothing changed, the segment is to be dropped.
    Full,
}

/// The ranges of one connection, 4 octets; zeros: none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ranges {
    head: u16,
    count: u16,
}

impl Ranges {
    /// Notes that [start, end) is here; call it before writing to the ring.
    pub(crate) fn insert(&mut self, pool: &mut Pool<'_, Range>, start: SeqNum, end: SeqNum) -> Inserted {
        todo!()
    }
    /// RCV.NXT moved to `rcv_nxt` by in-order data: forgets what lies below and returns how far it is now contiguous.
    pub(crate) fn advance(&mut self, pool: &mut Pool<'_, Range>, rcv_nxt: SeqNum) -> SeqNum {
        todo!()
    }
    /// Newest first, as RFC 2018 §4 wants them reported: (left edge, right edge).
    pub(crate) fn iter<'p>(&self, pool: &'p Pool<'_, Range>) -> impl Iterator<Item = (SeqNum, SeqNum)> + 'p {
        let _ = pool;
        core::iter::empty()
    }
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }
    pub(crate) fn clear(&mut self, pool: &mut Pool<'_, Range>) {
        todo!()
    }
}
