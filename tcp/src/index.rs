//! From addresses and ports to a connection.
#![cfg_attr(not(test), expect(dead_code, reason = "the engine that uses this module comes next"))]

use tersus_ip::{Addresses, Path, Random};

/// No cell is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// An open-addressing table over the caller's cells (twice as many as connections; all zeros: empty).
pub(crate) struct Index<'a> {
    cells: &'a mut [u32],
}

impl<'a> Index<'a> {
    pub(crate) fn new(cells: &'a mut [u32]) -> Self {
        Self { cells }
    }
    pub(crate) fn insert(&mut self, hash: u32, id: u16) -> Result<(), Full> {
        todo!()
    }
    pub(crate) fn find(&self, hash: u32, is_it: impl FnMut(u16) -> bool) -> Option<u16> {
        todo!()
    }
    pub(crate) fn remove(&mut self, hash: u32, id: u16) {
        todo!()
    }
}

/// The secret of the hash.
pub(crate) struct HashKey {
    words: [u64; 10],
}

impl HashKey {
    pub(crate) fn new(random: &mut Random) -> Self {
        todo!()
    }
    /// Of a received packet: addresses as they stand in it (source, then destination), both ports as one word in
    /// the order of arrival (source in the upper half).
    pub(crate) fn hash(&self, addresses: &Addresses<'_>, ports: u32) -> u32 {
        todo!()
    }
    /// Of the packets that arrive on a path: the same as `hash` gives for them.
    pub(crate) fn hash_path(&self, path: &Path, ports: u32) -> u32 {
        todo!()
    }
}
