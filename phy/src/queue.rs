//! Frames in memory, in the order of their arrival.
//!
//! ```text
//!             head            head + count
//!   +-----------+-----------------+-----------+      slots: a ring; each names one buffer, and all
//!   |   free    |  waiting frames |   free    |      slots together name each buffer once
//!   +-----------+-----------------+-----------+
//!   +-------+-------+-------+-------+---------+      octets: one buffer of `share` octets per slot
//!   |   0   |   1   |   2   |   3   |   ...   |
//!   +-------+-------+-------+-------+---------+
//! ```
//! A frame that arrives before others that wait moves its slot towards the head; the octets stay in place.

use crate::Instant;

/// A place for one frame in a [`FrameStorage`].
#[derive(Debug, Clone, Copy)]
pub struct FrameSlot {
    at: Instant,
    len: u32,
    buffer: u16,
}

impl FrameSlot {
    /// An empty place.
    pub const EMPTY: Self = Self { at: Instant::ZERO, len: 0, buffer: 0 };
}

/// Memory for `FRAMES` frames (at most 65,535) of at most `LEN` octets, link header included.
#[derive(Debug)]
pub struct FrameStorage<const FRAMES: usize, const LEN: usize> {
    slots: [FrameSlot; FRAMES],
    octets: [[u8; LEN]; FRAMES],
}

impl<const FRAMES: usize, const LEN: usize> FrameStorage<FRAMES, LEN> {
    /// Empty memory, all zeros.
    #[must_use]
    pub const fn new() -> Self {
        Self { slots: [FrameSlot::EMPTY; FRAMES], octets: [[0; LEN]; FRAMES] }
    }

    /// The memory as slices, for a `from_slices`.
    pub fn as_slices(&mut self) -> (&mut [FrameSlot], &mut [u8]) {
        (&mut self.slots, self.octets.as_flattened_mut())
    }
}

impl<const FRAMES: usize, const LEN: usize> Default for FrameStorage<FRAMES, LEN> {
    fn default() -> Self {
        Self::new()
    }
}

/// A queue of frames in borrowed memory.
#[derive(Debug)]
pub(crate) struct Queue<'a> {
    ring: Ring<'a>,
    octets: &'a mut [u8],
    share: usize,
}

/// The order of the frames.
#[derive(Debug)]
struct Ring<'a> {
    slots: &'a mut [FrameSlot],
    head: usize,
    count: usize,
}

/// A frame that was taken from a queue. Its buffer keeps its octets until the next frame is put in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    buffer: u16,
    len: u32,
    /// When it arrived.
    pub(crate) at: Instant,
}

impl<'a> Queue<'a> {
    /// Uses as many slots as a `u16` counts; the octets are shared out equally.
    pub(crate) fn new(slots: &'a mut [FrameSlot], octets: &'a mut [u8]) -> Self {
        let count = slots.len().min(usize::from(u16::MAX));
        let (slots, _) = slots.split_at_mut_checked(count).unwrap_or_default();
        for (slot, buffer) in slots.iter_mut().zip(0..) {
            *slot = FrameSlot { buffer, ..FrameSlot::EMPTY };
        }
        let share = octets.len() / slots.len().max(1);
        Self { ring: Ring { slots, head: 0, count: 0 }, octets, share }
    }

    /// Longest frame, in octets.
    pub(crate) const fn share(&self) -> usize {
        self.share
    }

    /// Frames that can be put in.
    pub(crate) const fn room(&self) -> usize {
        self.ring.slots.len() - self.ring.count
    }

    /// Frames that can be put in when it is empty.
    pub(crate) const fn capacity(&self) -> usize {
        self.ring.slots.len()
    }

    /// When the frame at the head arrives.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        if self.ring.count == 0 {
            return None;
        }
        self.ring.slots.get(self.ring.head).map(|slot| slot.at)
    }

    /// Takes the frame at the head, if it has arrived.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Taken> {
        self.ring.take(now)
    }

    /// The octets of a frame that was taken.
    pub(crate) fn octets(&mut self, taken: Taken) -> &mut [u8] {
        let share = share_mut(self.octets, self.share, taken.buffer);
        share.get_mut(..to_usize(taken.len)).unwrap_or_default()
    }

    /// The buffer of the next frame to be put in: as long as the longest frame, empty without room.
    pub(crate) fn free(&mut self) -> &mut [u8] {
        match self.ring.free() {
            Some(buffer) => share_mut(self.octets, self.share, buffer),
            None => &mut [],
        }
    }

    /// Puts in the frame of `len` octets that `free` was filled with.
    pub(crate) fn put(&mut self, len: usize, at: Instant) {
        self.ring.put(len, at);
    }

    /// Puts in the frame that `free` was filled with, and a copy of it. Without room for both there is no copy:
    /// the answer says whether there is one.
    pub(crate) fn put_twice(&mut self, len: usize, at: Instant) -> bool {
        let original = self.ring.free();
        self.put(len, at);
        let Some(original) = original else { return false };
        let (from, to) = two_shares(self.octets, self.share, original, self.ring.free());
        let Some(to) = to else { return false };
        match (from.get(..len), to.get_mut(..len)) {
            (Some(from), Some(to)) => to.copy_from_slice(from),
            _ => return false,
        }
        self.put(len, at);
        true
    }

    /// The octets of a frame that was taken, and, where there is room, the end of the queue to put another in.
    pub(crate) fn octets_and_end(&mut self, taken: Taken) -> (&mut [u8], Option<End<'_, 'a>>) {
        let len = to_usize(taken.len);
        // In a queue that was full the free buffer is that of the frame just taken.
        let free = self.ring.free().filter(|&free| free != taken.buffer);
        let (frame, buffer) = two_shares(self.octets, self.share, taken.buffer, free);
        let end = buffer.map(|buffer| End { ring: &mut self.ring, buffer });
        (frame.get_mut(..len).unwrap_or_default(), end)
    }

    /// The end of the queue, where there is room.
    pub(crate) fn end(&mut self) -> Option<End<'_, 'a>> {
        let free = self.ring.free()?;
        Some(End { ring: &mut self.ring, buffer: share_mut(self.octets, self.share, free) })
    }
}

/// Room at the end of a queue.
#[derive(Debug)]
pub(crate) struct End<'q, 'a> {
    ring: &'q mut Ring<'a>,
    buffer: &'q mut [u8],
}

impl End<'_, '_> {
    /// Lends `len` octets and puts what `f` left in them into the queue. A frame longer than the memory has room
    /// for is not queued.
    pub(crate) fn put<R>(self, len: usize, at: Instant, f: impl FnOnce(&mut [u8]) -> R) -> R {
        match self.buffer.get_mut(..len) {
            Some(buffer) => {
                let result = f(buffer);
                self.ring.put(len, at);
                result
            }
            None => f(self.buffer),
        }
    }
}

impl Ring<'_> {
    /// Position in `slots` of the place `n` behind the head.
    fn position(&self, n: usize) -> usize {
        let position = self.head + n;
        if position >= self.slots.len() {
            position - self.slots.len()
        } else {
            position
        }
    }

    fn take(&mut self, now: Instant) -> Option<Taken> {
        if self.count == 0 {
            return None;
        }
        let slot = self.slots.get(self.head).filter(|slot| slot.at <= now)?;
        let taken = Taken { buffer: slot.buffer, len: slot.len, at: slot.at };
        self.head = self.position(1);
        self.count -= 1;
        Some(taken)
    }

    fn free(&self) -> Option<u16> {
        if self.count == self.slots.len() {
            return None;
        }
        self.slots.get(self.position(self.count)).map(|slot| slot.buffer)
    }

    /// Linear in the number of frames that it overtakes.
    fn put(&mut self, len: usize, at: Instant) {
        let mut position = self.position(self.count);
        let Some(slot) = self.slots.get_mut(position) else { return };
        slot.at = at;
        slot.len = u32::try_from(len).unwrap_or(0);
        for n in (0..self.count).rev() {
            let before = self.position(n);
            if self.slots.get(before).map_or(true, |slot| slot.at <= at) {
                break;
            }
            self.slots.swap(before, position);
            position = before;
        }
        self.count += 1;
    }
}

fn to_usize(len: u32) -> usize {
    usize::try_from(len).unwrap_or(0)
}

fn share_mut(octets: &mut [u8], share: usize, buffer: u16) -> &mut [u8] {
    let start = usize::from(buffer) * share;
    octets.get_mut(start..start + share).unwrap_or_default()
}

/// One buffer, and at once another one, where it is not the same.
fn two_shares(octets: &mut [u8], share: usize, a: u16, b: Option<u16>) -> (&mut [u8], Option<&mut [u8]>) {
    let Some(b) = b.filter(|&b| b != a) else { return (share_mut(octets, share, a), None) };
    let middle = usize::from(a.max(b)) * share;
    let (front, back) = octets.split_at_mut_checked(middle).unwrap_or_default();
    let low = share_mut(front, share, a.min(b));
    let high = back.get_mut(..share).unwrap_or_default();
    if a < b {
        (low, Some(high))
    } else {
        (high, Some(low))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    fn put(queue: &mut Queue<'_>, octet: u8, ms: u64) {
        let end = queue.end().unwrap();
        end.put(3, at(ms), |buffer| buffer.fill(octet));
    }

    fn take(queue: &mut Queue<'_>, ms: u64) -> Option<u8> {
        let taken = queue.take(at(ms))?;
        let octets = queue.octets(taken);
        assert_eq!(octets, [octets[0]; 3]);
        Some(octets[0])
    }

    #[test]
    fn frames_come_out_in_the_order_of_arrival_and_equal_times_in_the_order_of_sending() {
        let mut storage = FrameStorage::<4, 3>::new();
        let (slots, octets) = storage.as_slices();
        let mut queue = Queue::new(slots, octets);
        // Three rounds, so that the ring wraps.
        for round in 0..3 {
            let start = round * 100;
            for (octet, ms) in [(1, 10), (2, 10), (3, 5), (4, 7)] {
                put(&mut queue, octet, start + ms);
            }
            assert!(queue.end().is_none());
            assert_eq!(queue.next_at(), Some(at(start + 5)));
            assert_eq!(take(&mut queue, start + 4), None);
            assert_eq!(take(&mut queue, start + 5), Some(3));
            let rest: Vec<_> = core::iter::from_fn(|| take(&mut queue, start + 10)).collect();
            assert_eq!(rest, [4, 1, 2]);
            assert_eq!(queue.next_at(), None);
        }
    }

    #[test]
    fn a_full_queue_gives_no_end_beside_the_frame_taken() {
        let mut storage = FrameStorage::<2, 3>::new();
        let (slots, octets) = storage.as_slices();
        let mut queue = Queue::new(slots, octets);
        put(&mut queue, 1, 0);
        put(&mut queue, 2, 0);
        let taken = queue.take(at(0)).unwrap();
        let (frame, end) = queue.octets_and_end(taken);
        assert_eq!((frame[0], end.is_none()), (1, true));
        let taken = queue.take(at(0)).unwrap();
        let (frame, end) = queue.octets_and_end(taken);
        end.unwrap().put(3, at(0), |buffer| buffer.copy_from_slice(frame));
        assert_eq!(take(&mut queue, 0), Some(2));
    }

    #[test]
    fn memory_of_any_size_is_legal() {
        for (slots, octets) in [(0, 0), (0, 9), (1, 0), (3, 2), (1, 3)] {
            let mut slots = std::vec![FrameSlot::EMPTY; slots];
            let mut octets = std::vec![0; octets];
            let mut queue = Queue::new(&mut slots, &mut octets);
            if let Some(end) = queue.end() {
                end.put(3, at(0), |buffer| buffer.fill(1));
            }
            if let Some(taken) = queue.take(at(0)) {
                assert_eq!(queue.octets(taken), [1; 3]);
            }
        }
    }
}
