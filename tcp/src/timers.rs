//! The timers of all connections: a binary heap with one entry a connection, the earliest of its deadlines.
//!
//! ```text
//!   heap       ids, the earliest deadline first; the children of place p are 2p + 1 and 2p + 2
//!   positions  by id: place in the heap plus one; 0: not in it
//!   deadlines  by id
//! ```
//!
//! The heap is exact: an entry moves when its deadline is set, so that the earliest one is a peek. A restarted
//! retransmission timer is near the bottom already and moves about one level.

use tersus_ip::Deadline;

/// The heap, over slices of the caller's with an element for each connection, all zeros in the beginning. The shortest
/// one counts; at most 65,535.
pub(crate) struct Timers<'a> {
    deadlines: &'a mut [Deadline],
    heap: &'a mut [u16],
    positions: &'a mut [u16],
    len: u16,
    /// The deadline at the top of the heap.
    next: Deadline,
}

impl<'a> Timers<'a> {
    /// No timer runs.
    #[must_use]
    pub(crate) fn new(deadlines: &'a mut [Deadline], heap: &'a mut [u16], positions: &'a mut [u16]) -> Self {
        let shortest = deadlines.len().min(heap.len()).min(positions.len()).min(usize::from(u16::MAX));
        let deadlines = deadlines.get_mut(..shortest).unwrap_or_default();
        Self { deadlines, heap, positions, len: 0, next: Deadline::NONE }
    }

    /// Starts, moves or, with [`Deadline::NONE`], stops the timer of `id`. Logarithmic in the timers that run. An id
    /// that the slices do not have is ignored.
    pub(crate) fn set(&mut self, id: u16, deadline: Deadline) {
        let Some(kept) = self.deadlines.get_mut(usize::from(id)) else { return };
        if *kept == deadline {
            return;
        }
        *kept = deadline;
        let Some(position) = self.positions.get_mut(usize::from(id)) else { return };
        // Alone in the heap it has no place to look for. Where flash is short, that is no reason for more code.
        let is_alone = self.len == 0 || (self.len == 1 && *position == 1);
        if cfg!(not(target_pointer_width = "32")) && is_alone {
            self.len = u16::from(deadline.is_running());
            *position = self.len;
            if let Some(top) = self.heap.first_mut() {
                *top = id;
            }
            self.next = deadline;
            return;
        }
        self.settle(id, deadline);
    }

    /// Puts `id`, whose deadline has changed, where it belongs in the heap. Out of line: the usual way shall not have the
    /// stack frame of this.
    #[cfg_attr(not(target_pointer_width = "32"), inline(never))]
    fn settle(&mut self, id: u16, deadline: Deadline) {
        let Some(position) = self.positions.get_mut(usize::from(id)) else { return };
        if deadline.is_running() {
            if *position == 0 {
                self.len += 1;
                *position = self.len;
            }
            let place = *position - 1;
            self.place(place, id, deadline);
        } else if *position != 0 {
            let place = *position - 1;
            *position = 0;
            // The last one takes the place that became free.
            let last = self.at(self.len.saturating_sub(1));
            self.len = self.len.saturating_sub(1);
            if let Some((moved, deadline)) = last.filter(|(moved, _)| *moved != id) {
                self.place(place, moved, deadline);
            }
        }
        self.next = self.earliest().map_or(Deadline::NONE, |(_, next)| next);
    }

    /// The earliest deadline of all. Constant time.
    #[must_use]
    pub(crate) const fn next(&self) -> Deadline {
        self.next
    }

    /// The connection whose deadline is the earliest. Constant time.
    #[must_use]
    pub(crate) fn earliest(&self) -> Option<(u16, Deadline)> {
        self.at(0)
    }

    /// Timers that run.
    #[must_use]
    #[cfg_attr(not(test), expect(dead_code, reason = "for tests"))]
    pub(crate) const fn len(&self) -> u16 {
        self.len
    }

    /// Puts `id` at `place`, or above or below it.
    fn place(&mut self, mut place: u16, id: u16, deadline: Deadline) {
        while let Some(parent) = place.checked_sub(1).map(|above| above / 2) {
            match self.at(parent) {
                Some((other, others)) if deadline.is_before(others) => self.put(place, other),
                _ => break,
            }
            place = parent;
        }
        while let Some(left) = place.checked_mul(2).and_then(|twice| twice.checked_add(1)) {
            let Some(mut child) = self.at(left) else { break };
            let mut child_place = left;
            if let Some(right) = left.checked_add(1).and_then(|right| self.at(right)) {
                if right.1.is_before(child.1) {
                    child = right;
                    child_place = left + 1;
                }
            }
            if !child.1.is_before(deadline) {
                break;
            }
            self.put(place, child.0);
            place = child_place;
        }
        self.put(place, id);
    }

    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn at(&self, place: u16) -> Option<(u16, Deadline)> {
        if place >= self.len {
            return None;
        }
        let id = *self.heap.get(usize::from(place))?;
        Some((id, *self.deadlines.get(usize::from(id))?))
    }

    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn put(&mut self, place: u16, id: u16) {
        if let (Some(entry), Some(position)) =
            (self.heap.get_mut(usize::from(place)), self.positions.get_mut(usize::from(id)))
        {
            *entry = id;
            *position = place + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::vec;
    use tersus_ip::{Instant, Random};

    fn at(micros: u64) -> Deadline {
        Deadline::at(Instant::from_micros(micros))
    }

    #[test]
    fn the_earliest_is_always_on_top() {
        let mut random = Random::new([5; 32]);
        for connections in [0u16, 1, 2, 3, 8, 100] {
            let n = usize::from(connections);
            let (mut deadlines, mut heap, mut positions) = (vec![Deadline::NONE; n], vec![0; n], vec![0; n]);
            let mut timers = Timers::new(&mut deadlines, &mut heap, &mut positions);
            let mut model = vec![Deadline::NONE; n];
            for _ in 0..20_000 {
                // One id too many: it is ignored.
                let id = u16::try_from(random.below(u32::from(connections) + 1)).unwrap();
                let deadline = match random.below(3) {
                    0 => Deadline::NONE,
                    _ => at(u64::from(random.below(50))),
                };
                timers.set(id, deadline);
                if let Some(kept) = model.get_mut(usize::from(id)) {
                    *kept = deadline;
                }
                let running = model.iter().filter_map(|deadline| deadline.instant());
                assert_eq!(usize::from(timers.len()), running.clone().count());
                let earliest = timers.earliest();
                assert_eq!(earliest.and_then(|(_, deadline)| deadline.instant()), running.min());
                if let Some((id, deadline)) = earliest {
                    assert_eq!(model[usize::from(id)], deadline);
                }
            }
        }
    }

    #[test]
    fn timers_leave_in_the_order_of_their_deadlines() {
        let (mut deadlines, mut heap, mut positions) = ([Deadline::NONE; 6], [0; 6], [0; 6]);
        let mut timers = Timers::new(&mut deadlines, &mut heap, &mut positions);
        for (id, micros) in [(0, 50), (1, 10), (2, 40), (3, u64::MAX), (4, 20), (5, 30)] {
            timers.set(id, at(micros));
        }
        timers.set(2, at(5));
        timers.set(1, at(45));
        let mut order = vec![];
        while let Some((id, _)) = timers.earliest() {
            order.push(id);
            timers.set(id, Deadline::NONE);
        }
        assert_eq!(order, [2, 4, 5, 1, 0, 3]);
        assert_eq!(timers.len(), 0);
        assert!(heap.iter().all(|&id| id < 6) && positions == [0; 6]);
    }

    #[test]
    fn slices_of_different_lengths_count_as_the_shortest() {
        let (mut deadlines, mut heap, mut positions) = ([Deadline::NONE; 3], [0; 2], [0; 9]);
        let mut timers = Timers::new(&mut deadlines, &mut heap, &mut positions);
        for id in 0..9 {
            timers.set(id, at(u64::from(9 - id)));
        }
        assert_eq!((timers.len(), timers.earliest()), (2, Some((1, at(8)))));
    }
}
