//! Entries in chains, taken from one array that all connections share.
//!
//! ```text
//!   a connection: head --> entry --> entry --> 0          links are number + 1, 0 is the end
//!   the pool:     free --> entry --> 0                    given back;  from `fresh` on: never taken
//! ```
//!
//! So that one connection cannot take everything from the others, it may take an entry only while it holds fewer than
//! are free (and fewer than a cap, which bounds how long its chain gets): one greedy connection leaves half of the pool,
//! n of them leave 1 / (n + 1), and whoever holds none gets the last one. No bookkeeping of who is entitled to what is
//! needed. Where there is only one connection, it may take all.

#[cfg(test)]
use crate::flaws::{first, Flaw};

/// An entry that can stand in a chain.
pub(crate) trait Chained: Copy + Default {
    /// The link to the next entry; 0: it is the last.
    fn next(&self) -> u16;
    /// Changes that link.
    fn set_next(&mut self, next: u16);
}

/// The pool, over a slice of the caller's with any contents, of which at most 65,535 entries count.
pub(crate) struct Pool<'a, E: Chained> {
    entries: &'a mut [E],
    /// Link to the first of those given back.
    free: u16,
    /// How many were taken at least once.
    fresh: u16,
    used: u16,
    cap: u16,
    connections: usize,
}

impl<'a, E: Chained> Pool<'a, E> {
    /// All entries are free. A connection may hold `cap` of them at most; `connections` share the pool.
    #[must_use]
    pub(crate) fn new(entries: &'a mut [E], cap: u16, connections: usize) -> Self {
        Self { entries, free: 0, fresh: 0, used: 0, cap, connections }
    }

    /// Takes an entry, empty, for a connection that holds `held` already, and returns the link to it; `None` if its
    /// share is used up.
    pub(crate) fn take(&mut self, held: u16) -> Option<u16> {
        let greedy = self.connections > 1 && usize::from(held) >= self.available();
        if held >= self.cap || greedy {
            return None;
        }
        let link = if self.free != 0 { self.free } else { self.fresh.checked_add(1)? };
        let entry = self.entries.get_mut(usize::from(link) - 1)?;
        if self.free != 0 {
            self.free = entry.next();
        } else {
            self.fresh = link;
        }
        *entry = E::default();
        self.used += 1;
        Some(link)
    }

    /// Gives an entry back that is in no chain any more. Returns the link that stood in it.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn give_back(&mut self, link: u16) -> u16 {
        let free = self.free;
        let Some(entry) = self.get_mut(link) else { return 0 };
        let next = entry.next();
        entry.set_next(free);
        self.free = link;
        self.used = self.used.saturating_sub(1);
        next
    }

    /// The entry behind a link.
    #[must_use]
    pub(crate) fn get(&self, link: u16) -> Option<&E> {
        self.entries.get(usize::from(link.checked_sub(1)?))
    }

    /// The entry behind a link.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn get_mut(&mut self, link: u16) -> Option<&mut E> {
        self.entries.get_mut(usize::from(link.checked_sub(1)?))
    }

    /// The entry behind a link, by value; the empty one behind 0.
    #[must_use]
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn copy(&self, link: u16) -> E {
        self.get(link).copied().unwrap_or_default()
    }

    /// The entries of a chain in order.
    pub(crate) fn chain(&self, head: u16) -> impl Iterator<Item = &E> + '_ {
        core::iter::successors(self.get(head), |entry| self.get(entry.next())).take(self.entries.len())
    }

    /// The first rule that it breaks if connections hold so many entries. Linear in the entries.
    #[cfg(test)]
    pub(crate) fn flaw(&self, held: usize) -> Option<Flaw> {
        let given_back = usize::from(self.fresh).saturating_sub(usize::from(self.used));
        first(&[
            (usize::from(self.used) == held, "entries are held twice, or by nobody"),
            (self.chain(self.free).count() == given_back, "not all that was given back is free"),
        ])
    }

    /// Entries that nobody holds.
    #[must_use]
    pub(crate) fn available(&self) -> usize {
        self.entries.len().min(usize::from(u16::MAX)).saturating_sub(usize::from(self.used))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Default)]
    struct Entry(u16);

    impl Chained for Entry {
        fn next(&self) -> u16 {
            self.0
        }

        fn set_next(&mut self, next: u16) {
            self.0 = next;
        }
    }

    #[test]
    fn greedy_connections_leave_a_share_for_others() {
        // Entries, cap, connections, greedy ones, what each gets in turn
        for (entries, cap, connections, greedy, want) in [
            (0, 9, 9, 1, [0, 0, 0]),
            (1, 9, 9, 1, [1, 0, 0]),
            (2, 9, 9, 1, [1, 0, 0]),
            (8, 9, 9, 1, [4, 0, 0]),
            (9, 9, 9, 2, [3, 3, 0]),
            (16, 9, 9, 3, [4, 4, 4]),
            (16, 3, 9, 1, [3, 0, 0]),
            (8, 9, 1, 1, [8, 0, 0]),
            (16, 9, 1, 1, [9, 0, 0]),
        ] {
            let mut memory = [Entry(77); 16];
            let mut pool = Pool::new(&mut memory[..entries], cap, connections);
            let mut held = [0u16; 3];
            for _ in 0..entries + 1 {
                for held in &mut held[..greedy] {
                    *held += u16::from(pool.take(*held).is_some());
                }
            }
            assert_eq!(held, want, "{entries} entries, cap {cap}, {connections} connections");
            assert_eq!(pool.available(), entries - usize::from(held.iter().sum::<u16>()));
            let newcomer = pool.take(0).is_some();
            assert_eq!(newcomer, entries > usize::from(want.iter().sum::<u16>()));
        }
    }

    #[test]
    fn entries_given_back_are_taken_again_empty() {
        let mut memory = [Entry(77); 3];
        let mut pool = Pool::new(&mut memory, 9, 1);
        let links = [pool.take(0), pool.take(1), pool.take(2)].map(Option::unwrap);
        assert_eq!((links, pool.take(3)), ([1, 2, 3], None));
        pool.get_mut(2).unwrap().set_next(3);
        assert_eq!(pool.chain(2).count(), 2);
        assert_eq!((pool.give_back(2), pool.give_back(3)), (3, 0));
        assert_eq!((pool.take(0), pool.take(1), pool.available()), (Some(3), Some(2), 0));
        assert_eq!((pool.copy(3).0, pool.copy(0).0), (0, 0));
        assert_eq!((pool.give_back(0), pool.give_back(9)), (0, 0));
    }
}
