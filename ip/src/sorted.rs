//! Numbers of sockets, sorted by a key: how a transport finds a socket by port or identifier.
//!
//! ```text
//!            0 ........ used ....... end
//!   numbers: sorted by key  |   free ones, in no order
//! ```
//!
//! A look-up is a binary search; adding and removing move two octets for each number behind. The keys stay where
//! they are, in the slots that each call is given; the key of a number that is in must not change. If it does,
//! look-ups find nothing or the wrong number, and nothing worse happens.
//!
//! ```
//! use tersus_ip::sorted::{Keyed, Sorted};
//!
//! struct Socket {
//!     port: u16,
//! }
//! impl Keyed for Socket {
//!     fn key(&self) -> u32 {
//!         self.port.into()
//!     }
//! }
//! let mut sockets = [0, 0, 0].map(|port| Socket { port });
//! let mut numbers = [0; 3];
//! let mut open = Sorted::new(&mut numbers);
//! for port in [5683, 53] {
//!     let number = open.free().expect("room for three");
//!     sockets[usize::from(number)].port = port; // first the key, then the number goes in by it
//!     open.insert(&sockets);
//! }
//! assert_eq!(open.len(), 2);
//! ```

/// What has a key to be sorted by.
pub trait Keyed {
    /// The key; below `u32::MAX`.
    fn key(&self) -> u32;
}

/// The numbers from 0 on, each either free or sorted in by the key of its slot.
#[derive(Debug)]
pub struct Sorted<'a> {
    numbers: &'a mut [u16],
    used: usize,
}

impl<'a> Sorted<'a> {
    /// All numbers free, as many as the slice has places; what is beyond 65,535 is not used.
    pub fn new(numbers: &'a mut [u16]) -> Self {
        let len = numbers.len().min(usize::from(u16::MAX));
        let numbers = numbers.get_mut(..len).unwrap_or_default();
        let mut number = 0;
        for place in numbers.iter_mut() {
            *place = number;
            number = number.wrapping_add(1);
        }
        Self { numbers, used: 0 }
    }

    /// How many numbers are sorted in.
    #[must_use]
    pub fn len(&self) -> usize {
        self.used
    }

    /// Whether all numbers are free.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// The free number that the next [`Sorted::insert`] takes.
    #[must_use]
    pub fn free(&self) -> Option<u16> {
        self.numbers.get(self.used).copied()
    }

    /// Sorts in the number that [`Sorted::free`] gave, behind all with the same key.
    pub fn insert<S: Keyed>(&mut self, slots: &[S]) {
        let Some(number) = self.free() else { return };
        let at = self.first(slots, key_of(slots, number).saturating_add(1));
        self.used += 1;
        // One at a time: a rotation by one place needs no more, and much less code.
        let mut moved = number;
        for place in self.numbers.get_mut(at..self.used).unwrap_or_default() {
            core::mem::swap(place, &mut moved);
        }
    }

    /// Takes a number out; it is the next free one.
    pub fn remove<S: Keyed>(&mut self, slots: &[S], number: u16) {
        let from = self.first(slots, key_of(slots, number));
        let mut last = None;
        for place in self.numbers.get_mut(from..self.used).unwrap_or_default() {
            match last {
                None if *place == number => last = Some(place),
                None => {}
                Some(before) => {
                    core::mem::swap(before, place);
                    last = Some(place);
                }
            }
        }
        self.used -= usize::from(last.is_some());
    }

    /// The number and slot at a place; `None` behind the last.
    #[inline]
    pub fn at<'s, S>(&self, slots: &'s [S], place: usize) -> Option<(u16, &'s S)> {
        if place >= self.used {
            return None;
        }
        let number = *self.numbers.get(place)?;
        Some((number, slots.get(usize::from(number))?))
    }

    /// The first number of this key whose slot `is` what is looked for, in the order in which they were sorted in.
    #[inline]
    pub fn find<S: Keyed>(&self, slots: &[S], key: u32, mut is: impl FnMut(&S) -> bool) -> Option<u16> {
        let mut place = self.first(slots, key);
        while let Some((number, slot)) = self.at(slots, place).filter(|(_, slot)| slot.key() == key) {
            if is(slot) {
                return Some(number);
            }
            place += 1;
        }
        None
    }

    /// The first place whose key is not below `key`.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    #[cfg_attr(not(target_pointer_width = "32"), inline)]
    pub fn first<S: Keyed>(&self, slots: &[S], key: u32) -> usize {
        let (mut from, mut to) = (0, self.used);
        while from < to {
            let middle = (from + to) / 2;
            match self.numbers.get(middle) {
                Some(&number) if key_of(slots, number) < key => from = middle + 1,
                _ => to = middle,
            }
        }
        from
    }
}

#[inline]
fn key_of<S: Keyed>(slots: &[S], number: u16) -> u32 {
    slots.get(usize::from(number)).map_or(u32::MAX, S::key)
}

#[cfg(test)]
mod tests {
    use super::{Keyed, Sorted};

    impl Keyed for u32 {
        fn key(&self) -> u32 {
            *self
        }
    }

    #[test]
    fn numbers_are_found_by_key_in_the_order_of_their_coming() {
        let slots = [5, 1, 5, 3, 5, 1];
        let mut places = [0; 6];
        let mut sorted = Sorted::new(&mut places);
        for number in 0..6 {
            assert_eq!(sorted.free(), Some(number));
            sorted.insert(&slots);
        }
        assert_eq!(sorted.free(), None);
        sorted.insert(&slots);
        let numbers = |sorted: &Sorted<'_>, key| {
            let mut all = 0;
            let mut place = sorted.first(&slots, key);
            while let Some((number, _)) = sorted.at(&slots, place).filter(|(_, found)| **found == key) {
                all = all * 10 + number;
                place += 1;
            }
            all
        };
        assert_eq!((sorted.find(&slots, 1, |_| true), sorted.find(&slots, 2, |_| true)), (Some(1), None));
        assert_eq!(sorted.find(&slots, 5, |_| false), None);
        assert_eq!([1, 3, 5, 2, 9].map(|key| numbers(&sorted, key)), [15, 3, 24, 0, 0]);
        sorted.remove(&slots, 2);
        sorted.remove(&slots, 2);
        assert_eq!((numbers(&sorted, 5), sorted.free(), sorted.len()), (4, Some(2), 5));
        sorted.insert(&slots);
        assert_eq!([1, 3, 5].map(|key| numbers(&sorted, key)), [15, 3, 42]);
        let mut none = Sorted::new(&mut []);
        none.insert(&slots);
        none.remove(&slots, 0);
        assert!(none.is_empty() && none.free().is_none());
    }
}
