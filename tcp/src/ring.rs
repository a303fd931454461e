//! A ring buffer by offset in a flat region that all connections share.
#![cfg_attr(not(test), expect(dead_code, reason = "the engine that uses this module comes next"))]

/// Where a ring lies and what is in it; the octets are in a region that the caller passes to each call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ring {
    start: u32,
    size: u32,
    head: u32,
    len: u32,
}

impl Ring {
    /// An empty ring of `size` octets from `start` on.
    pub(crate) const fn new(start: u32, size: u32) -> Self {
        Self { start, size, head: 0, len: 0 }
    }
    pub(crate) const fn size(&self) -> u32 {
        self.size
    }
    pub(crate) const fn len(&self) -> u32 {
        self.len
    }
    pub(crate) const fn free(&self) -> u32 {
        self.size - self.len
    }
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }
    /// Forgets what is in it.
    pub(crate) fn clear(&mut self) {
        todo!()
    }
    /// Appends; returns how many octets were taken.
    pub(crate) fn write(&mut self, region: &mut [u8], data: &[u8]) -> u32 {
        todo!()
    }
    /// Writes `offset` octets beyond the end, without changing the length; returns how many fitted.
    pub(crate) fn write_at(&self, region: &mut [u8], offset: u32, data: &[u8]) -> u32 {
        todo!()
    }
    /// The next `octets` beyond the end were written: they now count. Returns how many.
    pub(crate) fn extend(&mut self, octets: u32) -> u32 {
        todo!()
    }
    /// Drops octets at the front; returns how many.
    pub(crate) fn consume(&mut self, octets: u32) -> u32 {
        todo!()
    }
    /// `len` octets from `offset` behind the front on, in two pieces (for `wire::tcp::emit`).
    pub(crate) fn slices<'r>(&self, region: &'r [u8], offset: u32, len: u32) -> [&'r [u8]; 2] {
        todo!()
    }
    /// All that can be read, in two pieces.
    pub(crate) fn readable<'r>(&self, region: &'r [u8]) -> [&'r [u8]; 2] {
        todo!()
    }
    /// All that is free, in two pieces; `extend` afterwards.
    pub(crate) fn writable<'r>(&self, region: &'r mut [u8]) -> [&'r mut [u8]; 2] {
        todo!()
    }
    /// Copies from `offset` behind the front; returns how many octets.
    pub(crate) fn copy_out(&self, region: &[u8], offset: u32, buffer: &mut [u8]) -> u32 {
        todo!()
    }
    /// Copies from the front and consumes; returns how many octets.
    pub(crate) fn read(&mut self, region: &[u8], buffer: &mut [u8]) -> u32 {
        todo!()
    }
}
