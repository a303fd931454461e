//! Entries in chains, taken from one array that all connections share.
#![cfg_attr(not(test), expect(dead_code, reason = "the engine that uses this module comes next"))]

/// An entry that can stand in a chain.
pub(crate) trait Chained: Copy + Default {
    /// Number of the next entry plus one; 0: the last.
    fn next(&self) -> u16;
    /// Changes the link.
    fn set_next(&mut self, next: u16);
}

/// A pool of entries over a slice of the caller's.
pub(crate) struct Pool<'a, E: Chained> {
    entries: &'a mut [E],
    free: u16,
    fresh: u16,
    used: u16,
    cap: u16,
    sharers: usize,
}

impl<'a, E: Chained> Pool<'a, E> {
    pub(crate) fn new(entries: &'a mut [E], cap: u16, sharers: usize) -> Self {
        Self { entries, free: 0, fresh: 0, used: 0, cap, sharers }
    }
}
