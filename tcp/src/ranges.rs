//! Out-of-order data: which octets behind RCV.NXT are here already, RFC 9293 §3.10.7.4 (SHLD-31).
//!
//! ```text
//!         rcv_nxt
//!   ---------+-------+-------+----+-----------+----------
//!    in order|  gap  | range |gap |   range   |
//! ```
//!
//! The octets themselves lie in the receive ring, at their offset from RCV.NXT. Ranges neither overlap nor touch; the
//! chain has the one that changed last in front, in the order in which RFC 2018 §4 wants them reported.

use crate::pool::{Chained, Pool};
use crate::seq::SeqNum;

/// Data that came ahead of a gap, from `start` up to but without `end`: 12 octets, one in a chain for each connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Range {
    start: SeqNum,
    end: SeqNum,
    next: u16,
}

impl Range {
    /// What an entry of the pool starts as.
    pub const NONE: Self = Self { start: SeqNum(0), end: SeqNum(0), next: 0 };

    fn touches(&self, start: SeqNum, end: SeqNum) -> bool {
        self.start.le(end) && start.le(self.end)
    }
}

impl Chained for Range {
    fn next(&self) -> u16 {
        self.next
    }

    fn set_next(&mut self, next: u16) {
        self.next = next;
    }
}

/// What became of a range that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inserted {
    /// So many of its octets were not there before, at least one.
    New(u32),
    /// All of it was there, or there is nothing in it.
    Duplicate,
    /// The share of this connection is used up: nothing changed, and the segment is to be dropped.
    Full,
}

/// The ranges of one connection, 4 octets; zeros: none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ranges {
    head: u16,
    count: u16,
}

impl Ranges {
    /// Nothing is out of order.
    pub(crate) const NONE: Self = Self { head: 0, count: 0 };

    /// Notes that the octets from `start` up to `end` are here. To be called before they are written to the ring, since
    /// it may refuse. Linear in the ranges of this connection, which the pool's cap bounds.
    pub(crate) fn insert(&mut self, pool: &mut Pool<'_, Range>, start: SeqNum, end: SeqNum) -> Inserted {
        if end.le(start) {
            return Inserted::Duplicate;
        }
        let mut merged = Range { start, end, next: 0 };
        let (kept, known) = self.absorb(pool, &mut merged);
        let link = match kept {
            0 => pool.take(self.count),
            link => Some(link),
        };
        let Some(link) = link else { return Inserted::Full };
        merged.next = self.head;
        if let Some(place) = pool.get_mut(link) {
            *place = merged;
            self.head = link;
            self.count += 1;
        }
        match end.distance(start).saturating_sub(known) {
            0 => Inserted::Duplicate,
            octets => Inserted::New(octets),
        }
    }

    /// Takes all ranges out of the chain that touch `merged`, which grows by them. Returns the link to one of them, 0 if
    /// there was none (the others are given back), and how many octets of `merged`, as it was, were there.
    fn absorb(&mut self, pool: &mut Pool<'_, Range>, merged: &mut Range) -> (u16, u32) {
        let Range { start, end, .. } = *merged;
        let (mut kept, mut known) = (0, 0u32);
        let (mut before, mut link) = (0, self.head);
        for _ in 0..self.count {
            let range = pool.copy(link);
            if range.touches(start, end) {
                known = known.saturating_add(range.end.min(end).distance(range.start.max(start)));
                merged.start = merged.start.min(range.start);
                merged.end = merged.end.max(range.end);
                match pool.get_mut(before) {
                    Some(entry) => entry.next = range.next,
                    None => self.head = range.next,
                }
                self.count -= 1;
                if kept == 0 {
                    kept = link;
                } else {
                    pool.give_back(link);
                }
            } else {
                before = link;
            }
            link = range.next;
        }
        (kept, known)
    }

    /// RCV.NXT moves from `before` to `rcv_nxt` by data in order: forgets what lies before that, and returns how far the
    /// data now reach without a gap, which is the RCV.NXT to use (the ring is to be extended by the difference).
    #[must_use]
    pub(crate) fn advance(&mut self, pool: &mut Pool<'_, Range>, before: SeqNum, rcv_nxt: SeqNum) -> SeqNum {
        let mut reached = Range { start: before, end: rcv_nxt, next: 0 };
        let (kept, _) = self.absorb(pool, &mut reached);
        pool.give_back(kept);
        reached.end
    }

    /// The ranges, the one that changed last first: left and right edge.
    pub(crate) fn iter<'p>(&self, pool: &'p Pool<'_, Range>) -> impl Iterator<Item = (SeqNum, SeqNum)> + 'p {
        pool.chain(self.head).map(|range| (range.start, range.end))
    }

    /// Whether nothing is out of order.
    #[must_use]
    pub(crate) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many ranges there are.
    #[must_use]
    pub(crate) const fn count(&self) -> u16 {
        self.count
    }

    /// Forgets all and gives the entries back: the connection ends.
    pub(crate) fn clear(&mut self, pool: &mut Pool<'_, Range>) {
        while self.head != 0 {
            self.head = pool.give_back(self.head);
        }
        self.count = 0;
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "the numbers of these tests are small")]
mod tests {
    extern crate std;

    use super::*;
    use std::vec::Vec;
    use tersus_ip::Random;

    fn list(ranges: &Ranges, pool: &Pool<'_, Range>, base: SeqNum) -> Vec<(u32, u32)> {
        ranges.iter(pool).map(|(start, end)| (start.distance(base), end.distance(base))).collect()
    }

    #[test]
    fn entries_are_as_small_as_planned() {
        assert_eq!((core::mem::size_of::<Range>(), core::mem::size_of::<Ranges>()), (12, 4));
    }

    #[test]
    fn ranges_merge_and_the_newest_comes_first() {
        for base in [0, 1_000, 0x7fff_fff0, 0xffff_ffe0].map(SeqNum) {
            let mut memory = [Range::NONE; 4];
            let mut pool = Pool::new(&mut memory, 4, 1);
            let mut ranges = Ranges::NONE;
            // Start, end, what becomes of it, ranges afterwards
            for (start, end, want, after) in [
                (20, 30, Inserted::New(10), &[(20, 30)][..]),
                (40, 50, Inserted::New(10), &[(40, 50), (20, 30)]),
                (25, 28, Inserted::Duplicate, &[(20, 30), (40, 50)]),
                (60, 60, Inserted::Duplicate, &[(20, 30), (40, 50)]),
                (70, 60, Inserted::Duplicate, &[(20, 30), (40, 50)]),
                (60, 70, Inserted::New(10), &[(60, 70), (20, 30), (40, 50)]),
                (50, 52, Inserted::New(2), &[(40, 52), (60, 70), (20, 30)]),
                (10, 20, Inserted::New(10), &[(10, 30), (40, 52), (60, 70)]),
                (80, 90, Inserted::New(10), &[(80, 90), (10, 30), (40, 52), (60, 70)]),
                (92, 93, Inserted::Full, &[(80, 90), (10, 30), (40, 52), (60, 70)]),
                (28, 65, Inserted::New(18), &[(10, 70), (80, 90)]),
                (5, 95, Inserted::New(20), &[(5, 95)]),
            ] {
                assert_eq!(ranges.insert(&mut pool, base + start, base + end), want, "{start} {end}");
                assert_eq!(list(&ranges, &pool, base), after, "{start} {end}");
                assert_eq!(pool.available(), 4 - after.len());
            }
        }
    }

    #[test]
    fn filling_a_gap_reaches_the_end_of_the_next_range() {
        // RCV.NXT moves to, reaches, what is left
        for (to, want, left) in [
            (9, 9, &[(40, 50), (20, 30), (10, 15)][..]),
            (10, 15, &[(40, 50), (20, 30)]),
            (12, 15, &[(40, 50), (20, 30)]),
            (15, 15, &[(40, 50), (20, 30)]),
            (25, 30, &[(40, 50)]),
            (30, 30, &[(40, 50)]),
            (45, 50, &[]),
            (60, 60, &[]),
        ] {
            let base = SeqNum(0xffff_fff0);
            let mut memory = [Range::NONE; 3];
            let mut pool = Pool::new(&mut memory, 3, 1);
            let mut ranges = Ranges::NONE;
            for (start, end) in [(10, 15), (20, 30), (40, 50)] {
                ranges.insert(&mut pool, base + start, base + end);
            }
            assert_eq!(ranges.advance(&mut pool, base, base + to), base + want, "to {to}");
            assert_eq!(list(&ranges, &pool, base), left, "to {to}");
            assert_eq!(pool.available(), 3 - left.len());
            ranges.clear(&mut pool);
            assert_eq!((ranges, pool.available()), (Ranges::NONE, 3));
        }
    }

    #[test]
    fn connections_that_share_a_pool_keep_what_a_bitmap_keeps() {
        const SPAN: u32 = 60;
        let mut random = Random::new([8; 32]);
        for entries in [0, 1, 2, 3, 5, 8, 40] {
            let mut memory = std::vec![Range::NONE; entries];
            let mut pool = Pool::new(&mut memory, 6, 3);
            let mut connections = [Ranges::default(); 3];
            // For each connection RCV.NXT and the octets behind it.
            let mut models =
                [0xffff_ff00u32, 0x7fff_ff00, 0].map(|nxt| (SeqNum(nxt), [false; SPAN as usize]));
            for _ in 0..20_000 {
                let n = random.below(3) as usize;
                let (ranges, (nxt, map)) = (&mut connections[n], &mut models[n]);
                match random.below(10) {
                    0 => {
                        ranges.clear(&mut pool);
                        map.fill(false);
                    }
                    1 | 2 => {
                        let by = random.below(20) as usize;
                        map.rotate_left(by);
                        map[SPAN as usize - by..].fill(false);
                        let more = map.iter().take_while(|&&here| here).count();
                        map.rotate_left(more);
                        map[SPAN as usize - more..].fill(false);
                        let want = *nxt + (by + more) as u32;
                        assert_eq!(ranges.advance(&mut pool, *nxt, *nxt + by as u32), want);
                        *nxt = want;
                    }
                    _ => {
                        // Never at RCV.NXT itself: that would be in order.
                        let start = 1 + random.below(SPAN - 1);
                        let end = (start + random.below(12)).min(SPAN);
                        let part = &mut map[start as usize..end as usize];
                        let fresh = part.iter().filter(|&&here| !here).count() as u32;
                        match ranges.insert(&mut pool, *nxt + start, *nxt + end) {
                            Inserted::New(octets) => assert_eq!((octets, octets > 0), (fresh, true)),
                            Inserted::Duplicate => assert_eq!(fresh, 0),
                            Inserted::Full => {
                                assert_eq!(fresh, end - start);
                                assert!(
                                    usize::from(ranges.count()) >= pool.available() || ranges.count() >= 6
                                );
                                continue;
                            }
                        }
                        part.fill(true);
                        let newest = ranges.iter(&pool).next();
                        assert!(
                            end == start
                                || newest.is_some_and(|(s, e)| s.le(*nxt + start) && e.ge(*nxt + end))
                        );
                    }
                }
                let mut kept = [false; SPAN as usize];
                for (start, end) in ranges.iter(&pool) {
                    kept[start.distance(*nxt) as usize..end.distance(*nxt) as usize].fill(true);
                }
                assert_eq!(kept, *map, "{entries} entries");
                assert_eq!(ranges.is_empty(), ranges.iter(&pool).next().is_none());
                let held: u16 = connections.iter().map(Ranges::count).sum();
                assert_eq!(pool.available(), entries - usize::from(held));
            }
        }
    }
}
