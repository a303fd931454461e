//! A ring buffer by offset in a flat region that all connections share, so that slots hold no pointers and sizes may
//! be mixed.
//!
//! ```text
//!   region  ...|<------------------- size ------------------->|...
//!              start      head                head + len
//!                 free    |  read from here  |   write here
//!                                               '-> write_at: out of order, does not count until `extend`
//! ```

/// Largest ring, in octets: the largest window, RFC 7323 §2.3. Sums of two offsets stay below 2^32.
pub(crate) const SIZE_MAX: u32 = 1 << 30;

/// Where a ring lies and how much is in it, 16 octets; zeros: a ring of no size. The octets are in a region that each
/// call is given; where the region ends too early, nothing is read or written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ring {
    start: u32,
    size: u32,
    /// Where the first octet is, from `start` on; below `size`.
    head: u32,
    /// Octets in it; at most `size`.
    len: u32,
}

impl Ring {
    /// An empty ring of `size` octets, at most [`SIZE_MAX`], from `start` on.
    #[must_use]
    pub(crate) const fn new(start: u32, size: u32) -> Self {
        Self { start, size: if size < SIZE_MAX { size } else { SIZE_MAX }, head: 0, len: 0 }
    }

    /// Octets that it can hold.
    #[must_use]
    pub(crate) const fn size(&self) -> u32 {
        self.size
    }

    /// Octets in it.
    #[must_use]
    pub(crate) const fn len(&self) -> u32 {
        self.len
    }

    /// Octets that can be written.
    #[must_use]
    pub(crate) const fn free(&self) -> u32 {
        self.size.saturating_sub(self.len)
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Drops all that is in it.
    pub(crate) fn clear(&mut self) {
        self.head = 0;
        self.len = 0;
    }

    /// Appends `data` and returns how many octets were taken.
    pub(crate) fn write(&mut self, region: &mut [u8], data: &[u8]) -> u32 {
        // Mostly all of it fits, in one piece. Where flash is short, that is no reason for more code.
        if cfg!(not(target_pointer_width = "32")) {
            let at = self.wrapped(self.head + self.len) as usize;
            let (len, size) = (data.len(), self.size as usize);
            let end = self.len as usize + len;
            let from = self.start as usize + at;
            if end <= size && at + len <= size {
                if let Some(place) = region.get_mut(from..from + len) {
                    place.copy_from_slice(data);
                    let before = self.len;
                    self.len = u32::try_from(end).unwrap_or(before);
                    return self.len - before;
                }
            }
        }
        let written = self.write_at(region, 0, data);
        self.extend(written)
    }

    /// Writes `data` at `offset` octets behind the last one, for data that arrived out of order. The length stays.
    /// Returns how many octets fitted; those that did not were beyond the free space.
    pub(crate) fn write_at(&self, region: &mut [u8], offset: u32, data: &[u8]) -> u32 {
        let room = self.free().saturating_sub(offset);
        let len = room.min(u32::try_from(data.len()).unwrap_or(u32::MAX));
        let mut rest = data.get(..len as usize).unwrap_or_default();
        let mut at = self.place(self.len.saturating_add(offset));
        // In two pieces at most: up to the end of the ring, and from its start.
        while !rest.is_empty() {
            let piece = rest.len().min((self.size - at) as usize);
            let place =
                region.get_mut(self.start.saturating_add(at) as usize..).and_then(|r| r.get_mut(..piece));
            let (Some(place), Some((now, later))) = (place, rest.split_at_checked(piece)) else { return 0 };
            place.copy_from_slice(now);
            rest = later;
            at = 0;
        }
        len
    }

    /// The next `octets` behind the last one have been written: they count from now on. Returns how many do.
    pub(crate) fn extend(&mut self, octets: u32) -> u32 {
        let octets = octets.min(self.free());
        self.len += octets;
        octets
    }

    /// Drops `octets` at the front and returns how many there were.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn consume(&mut self, octets: u32) -> u32 {
        let octets = octets.min(self.len);
        self.len -= octets;
        // The head moves on even when the ring becomes empty: what `write_at` left behind the end lies relative to it.
        self.head += octets;
        if self.head >= self.size {
            self.head -= self.size;
        }
        octets
    }

    /// `len` octets from `offset` behind the front on, which are there; `None` if they do not lie in one piece.
    #[must_use]
    #[inline(always)]
    pub(crate) fn whole<'r>(&self, region: &'r [u8], offset: u32, len: u32) -> Option<&'r [u8]> {
        let from = self.place(offset);
        if len > self.size - from {
            return None;
        }
        let from = self.start as usize + from as usize;
        region.get(from..from + len as usize)
    }

    /// Up to `len` octets from `offset` behind the front on, in two pieces: the second is what wrapped.
    #[must_use]
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    pub(crate) fn slices<'r>(&self, region: &'r [u8], offset: u32, len: u32) -> [&'r [u8]; 2] {
        let len = len.min(self.len.saturating_sub(offset));
        let from = self.place(offset);
        let front = len.min(self.size - from);
        let piece = |from: u32, len: u32| {
            let rest = region.get(self.start.saturating_add(from) as usize..).unwrap_or_default();
            rest.get(..len as usize).unwrap_or_default()
        };
        [piece(from, front), if len == front { &[] } else { piece(0, len - front) }]
    }

    /// All that is in it, in two pieces.
    #[must_use]
    pub(crate) fn readable<'r>(&self, region: &'r [u8]) -> [&'r [u8]; 2] {
        self.slices(region, 0, self.len)
    }

    /// The free octets behind the last one, as far as they lie together; what is written there counts after
    /// [`Ring::extend`].
    #[must_use]
    pub(crate) fn writable<'r>(&self, region: &'r mut [u8]) -> &'r mut [u8] {
        let at = self.place(self.len);
        let len = self.free().min(self.size - at);
        let rest = region.get_mut(self.start.saturating_add(at) as usize..).unwrap_or_default();
        rest.get_mut(..len as usize).unwrap_or_default()
    }

    /// The same in two pieces, with what lies at the start of the ring: all that is free.
    #[must_use]
    pub(crate) fn writable_parts<'r>(&self, region: &'r mut [u8]) -> [&'r mut [u8]; 2] {
        let (at, free) = (self.place(self.len), self.free());
        let first = free.min(self.size - at);
        let ring = region.get_mut(self.start as usize..).unwrap_or_default();
        let ring = ring.get_mut(..self.size as usize).unwrap_or_default();
        // What wrapped ends before what is in the ring begins, and that before the first piece.
        let (start, rest) = ring.split_at_mut_checked(at as usize).unwrap_or_default();
        let second = start.get_mut(..(free - first) as usize).unwrap_or_default();
        [rest.get_mut(..first as usize).unwrap_or_default(), second]
    }

    /// Appends the pieces one behind the other, as far as there is room; returns how many octets were taken.
    pub(crate) fn write_all_of(&mut self, region: &mut [u8], pieces: &[&[u8]]) -> usize {
        let before = self.len;
        for piece in pieces {
            // The one that does not fit as a whole is the last.
            if (self.write(region, piece) as usize) < piece.len() {
                break;
            }
        }
        (self.len - before) as usize
    }

    /// Copies octets from `offset` behind the head on to the front of `to`, as many as are there and fit, and returns how
    /// many.
    #[inline(never)]
    pub(crate) fn copy_to(&self, region: &[u8], offset: u32, to: &mut [u8]) -> u32 {
        let there = self.len.saturating_sub(offset);
        let len = there.min(u32::try_from(to.len()).unwrap_or(u32::MAX));
        let mut rest = to.get_mut(..len as usize).unwrap_or_default();
        let mut at = self.place(offset);
        // In two pieces at most, as in `write_at`.
        while !rest.is_empty() {
            let piece = rest.len().min((self.size - at) as usize);
            let from =
                region.get(self.start.saturating_add(at) as usize..).and_then(|region| region.get(..piece));
            let (Some(from), Some((now, later))) = (from, rest.split_at_mut_checked(piece)) else { return 0 };
            now.copy_from_slice(from);
            rest = later;
            at = 0;
        }
        len
    }

    /// Copies from the front to `buffer`, drops what was copied, and returns how many octets that were.
    pub(crate) fn read(&mut self, region: &[u8], buffer: &mut [u8]) -> u32 {
        let wanted = u32::try_from(buffer.len()).unwrap_or(u32::MAX).min(self.len);
        // As in `write`.
        if cfg!(not(target_pointer_width = "32")) {
            if let (Some(from), Some(to)) = (self.whole(region, 0, wanted), buffer.get_mut(..wanted as usize))
            {
                to.copy_from_slice(from);
                return self.consume(wanted);
            }
        }
        let mut rest = buffer;
        for piece in self.slices(region, 0, wanted) {
            let Some((to, behind)) = rest.split_at_mut_checked(piece.len()) else { break };
            to.copy_from_slice(piece);
            rest = behind;
        }
        self.consume(wanted)
    }

    /// Where the octet `offset` behind the front lies, from `start` on.
    fn place(&self, offset: u32) -> u32 {
        // Both are at most 2^30.
        self.wrapped(self.head + offset.min(self.size))
    }

    /// Where what lies so many octets behind the start is, if what is behind the end begins there anew; of less than twice
    /// the size.
    fn wrapped(&self, at: u32) -> u32 {
        if at >= self.size {
            at - self.size
        } else {
            at
        }
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "the numbers of these tests are small")]
mod tests {
    extern crate std;

    use super::*;
    use tersus_ip::Random;

    fn joined(pieces: [&[u8]; 2]) -> std::vec::Vec<u8> {
        pieces.concat()
    }

    #[test]
    fn a_ring_is_as_small_as_planned() {
        assert_eq!(core::mem::size_of::<Ring>(), 16);
    }

    #[test]
    fn what_wraps_lies_in_two_pieces() {
        let mut region = *b"........";
        let mut ring = Ring::new(2, 5);
        assert_eq!(ring.write(&mut region, b"abcd"), 4);
        assert_eq!(ring.consume(3), 3);
        assert_eq!(ring.write(&mut region, b"efghi"), 4);
        assert_eq!(&region, b"..fghde.");
        assert_eq!(ring.readable(&region), [&b"de"[..], b"fgh"]);
        assert_eq!(ring.slices(&region, 1, 2), [&b"e"[..], b"f"]);
        assert_eq!(ring.slices(&region, 2, 9), [&b"fgh"[..], b""]);
        assert_eq!((ring.len(), ring.free(), ring.size()), (5, 0, 5));
        let mut buffer = [0; 3];
        assert_eq!(joined(ring.slices(&region, 1, 3)), b"efg");
        assert_eq!(ring.read(&region, &mut buffer), 3);
        assert_eq!((&buffer, ring.len()), (b"def", 2));
        ring.writable(&mut region).copy_from_slice(b"ij");
        assert_eq!(ring.extend(2), 2);
        ring.writable(&mut region).copy_from_slice(b"k");
        assert_eq!(ring.extend(9), 1);
        assert_eq!(joined(ring.readable(&region)), b"ghijk");
        assert_eq!((region[0], region[1], region[7]), (b'.', b'.', b'.'));
    }

    #[test]
    fn out_of_order_data_counts_when_the_gap_is_filled() {
        let mut region = [b'.'; 8];
        let mut ring = Ring::new(0, 8);
        ring.write(&mut region, b"xxxxx");
        ring.consume(5);
        // Offset behind the end, data, octets taken
        for (offset, data, want) in
            [(2, &b"cd"[..], 2), (4, b"ef", 2), (6, b"ghi", 2), (8, b"z", 0), (u32::MAX, b"z", 0)]
        {
            assert_eq!(ring.write_at(&mut region, offset, data), want, "at {offset}");
            assert!(ring.is_empty());
        }
        assert_eq!(ring.write(&mut region, b"ab"), 2);
        assert_eq!(joined(ring.readable(&region)), b"ab");
        assert_eq!(ring.consume(2), 2);
        assert_eq!(ring.extend(6), 6);
        assert_eq!(joined(ring.readable(&region)), b"cdefgh");
    }

    #[test]
    fn odd_sizes_and_short_regions_do_nothing_and_do_not_panic() {
        for (start, size) in [(0, 0), (0, 1), (3, 2), (4, 1), (u32::MAX, u32::MAX), (0, u32::MAX)] {
            let mut region = [0; 4];
            let mut ring = Ring::new(start, size);
            let fits = u64::from(start) + u64::from(size) <= 4;
            let taken = ring.write(&mut region, b"abc");
            assert!(taken <= size.min(3) && (!fits || taken == size.min(3)), "{start} {size}");
            assert_eq!(ring.write_at(&mut region, u32::MAX, b"abc"), 0);
            assert_eq!(ring.slices(&region, u32::MAX, u32::MAX), [&[][..], &[]]);
            ring.extend(u32::MAX);
            assert_eq!(ring.len(), size.min(SIZE_MAX));
            assert_eq!(ring.copy_to(&region, 0, &mut [0; 9]), if fits { size.min(9) } else { 0 });
            assert_eq!(ring.read(&region, &mut [0; 9]), size.min(9));
            assert_eq!(ring.consume(u32::MAX), size.min(SIZE_MAX) - size.min(9));
            assert_eq!(ring.writable(&mut region).len(), if fits { size as usize } else { 0 });
            let parts = ring.writable_parts(&mut region).map(|part| part.len());
            assert_eq!(parts, [if fits { size as usize } else { 0 }, 0]);
            ring.clear();
            assert_eq!(ring, Ring::new(start, size));
        }
    }

    #[test]
    fn a_ring_behaves_as_a_queue_of_octets() {
        let mut random = Random::new([1; 32]);
        for size in [1, 2, 7, 64] {
            let mut region = [0u8; 80];
            let mut ring = Ring::new(8, size);
            let mut queue = std::collections::VecDeque::new();
            let mut next = 0u8;
            for _ in 0..5_000 {
                let amount = random.below(size + 3);
                match random.below(5) {
                    3 => {
                        // In place, in both pieces, as far as they go.
                        let mut written = 0;
                        for part in ring.writable_parts(&mut region) {
                            for octet in part.iter_mut().take((amount - written) as usize) {
                                *octet = next;
                                queue.push_back(next);
                                next = next.wrapping_add(1);
                                written += 1;
                            }
                        }
                        assert_eq!(ring.extend(written), amount.min(size - (queue.len() as u32 - written)));
                    }
                    4 => {
                        let data: std::vec::Vec<u8> =
                            (0..amount).map(|i| next.wrapping_add(i as u8)).collect();
                        let (front, back) = data.split_at(data.len() / 3);
                        let taken = ring.write_all_of(&mut region, &[front, &[], back]);
                        assert_eq!(taken as u32, amount.min(size - queue.len() as u32));
                        queue.extend(&data[..taken]);
                        next = next.wrapping_add(taken as u8);
                    }
                    0 => {
                        let data: std::vec::Vec<u8> =
                            (0..amount).map(|i| next.wrapping_add(i as u8)).collect();
                        let taken = ring.write(&mut region, &data);
                        assert_eq!(taken, amount.min(size - queue.len() as u32));
                        queue.extend(&data[..taken as usize]);
                        next = next.wrapping_add(taken as u8);
                    }
                    1 => {
                        let dropped = ring.consume(amount);
                        assert_eq!(dropped, amount.min(queue.len() as u32));
                        queue.drain(..dropped as usize);
                    }
                    _ => {
                        // The second half first, then the first half, then both count.
                        let data: std::vec::Vec<u8> =
                            (0..amount).map(|i| next.wrapping_add(i as u8)).collect();
                        let half = amount / 2;
                        let back = ring.write_at(&mut region, half, &data[half as usize..]);
                        let front = ring.write_at(&mut region, 0, &data[..half as usize]);
                        let taken = ring.extend(if front == half { front + back } else { front });
                        queue.extend(&data[..taken as usize]);
                        next = next.wrapping_add(taken as u8);
                    }
                }
                assert_eq!(ring.len() as usize, queue.len());
                assert!(joined(ring.readable(&region)).iter().eq(&queue));
                let offset = random.below(size + 2);
                let copied = joined(ring.slices(&region, offset, 5));
                assert!(copied.iter().eq(queue.iter().skip(offset as usize).take(5)));
                let mut buffer = [0; 5];
                assert_eq!(ring.copy_to(&region, offset, &mut buffer) as usize, copied.len());
                assert!(buffer.starts_with(&copied));
            }
            assert!(region[..8].iter().chain(&region[8 + size as usize..]).all(|&octet| octet == 0));
        }
    }
}
