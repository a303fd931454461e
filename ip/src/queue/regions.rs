//! The memory of many queues: one region for each socket.

use super::UNIT;

/// The regions of an engine's queues: one for each socket, all of one size.
#[derive(Debug)]
pub struct Regions<'a> {
    octets: &'a mut [u8],
    len: u32,
}

impl<'a> Regions<'a> {
    /// Divides `octets` equally among so many sockets; a multiple of four each.
    pub fn new(octets: &'a mut [u8], sockets: usize) -> Self {
        let len = octets.len().checked_div(sockets).unwrap_or(0) & !(UNIT - 1);
        Self { octets, len: u32::try_from(len).unwrap_or(u32::MAX - 3) }
    }

    /// Octets of each region.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.len).unwrap_or(0)
    }

    /// Whether the regions have no octets.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The region of one socket; empty beyond the last.
    #[inline]
    pub fn of(&mut self, index: u16) -> &mut [u8] {
        self.get(index).unwrap_or_default()
    }

    /// The region of one socket; `None` beyond the last.
    #[inline]
    pub fn get(&mut self, index: u16) -> Option<&mut [u8]> {
        self.at(usize::from(index))
    }

    /// As [`Regions::get`], by an index that was found by counting.
    #[inline]
    pub fn at(&mut self, index: usize) -> Option<&mut [u8]> {
        let start = index.wrapping_mul(self.len());
        let len = self.len();
        self.octets.get_mut(start..)?.get_mut(..len)
    }
}
