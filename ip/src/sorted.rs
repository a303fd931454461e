//! Numbers of sockets, sorted by a key: how a transport finds a socket by port or identifier.
//!
//! ```text
//!            0 ........ used ....... end
//!   numbers: sorted by key  |   free ones, in no order
//! ```
//!
//! A look-up is a binary search; adding and removing move two octets for each number behind. The keys stay where
//! they are: each call is given the same function from number to key, which must not change for a number that is
//! in. If it does, look-ups find nothing or the wrong number, and nothing worse happens.

use core::ops::Range;

/// The numbers from 0 on, each either free or sorted in by its key.
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
        for (number, place) in (0..=u16::MAX).zip(numbers.iter_mut()) {
            *place = number;
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
    pub fn insert(&mut self, key_of: impl Fn(u16) -> u32) {
        let Some(number) = self.free() else { return };
        let at = self.first(key_of(number).saturating_add(1), key_of);
        // One at a time: a rotation by one place needs no more, and much less code.
        let mut moved = number;
        for place in self.numbers.iter_mut().take(self.used + 1).skip(at) {
            core::mem::swap(place, &mut moved);
        }
        self.used += 1;
    }

    /// Takes a number out; it is the next free one.
    pub fn remove(&mut self, number: u16, key_of: impl Fn(u16) -> u32) {
        let mut range = self.range(key_of(number), key_of);
        let Some(at) = range.find(|&at| self.at(at) == Some(number)) else { return };
        let mut moved = number;
        for place in self.numbers.iter_mut().take(self.used).skip(at).rev() {
            core::mem::swap(place, &mut moved);
        }
        self.used -= 1;
    }

    /// The number at a place of a range.
    #[must_use]
    pub fn at(&self, place: usize) -> Option<u16> {
        self.numbers.get(place).copied()
    }

    /// The places of all numbers with this key, in the order in which they were sorted in.
    pub fn range(&self, key: u32, key_of: impl Fn(u16) -> u32) -> Range<usize> {
        let first = self.first(key, &key_of);
        let mut end = first;
        while end < self.used && self.at(end).is_some_and(|number| key_of(number) == key) {
            end += 1;
        }
        first..end
    }

    /// The first place whose key is not below `key`.
    pub fn first(&self, key: u32, key_of: impl Fn(u16) -> u32) -> usize {
        let (mut from, mut to) = (0, self.used);
        while from < to {
            let middle = (from + to) / 2;
            match self.numbers.get(middle) {
                Some(&number) if key_of(number) < key => from = middle + 1,
                _ => to = middle,
            }
        }
        from
    }
}

#[cfg(test)]
mod tests {
    use super::Sorted;

    #[test]
    fn numbers_are_found_by_key_in_the_order_of_their_coming() {
        let keys = [5, 1, 5, 3, 5, 1];
        let key_of = |number: u16| keys[usize::from(number)];
        let mut places = [0; 6];
        let mut sorted = Sorted::new(&mut places);
        for number in 0..6 {
            assert_eq!(sorted.free(), Some(number));
            sorted.insert(key_of);
        }
        assert_eq!(sorted.free(), None);
        sorted.insert(key_of);
        let numbers = |sorted: &Sorted<'_>, key| {
            sorted.range(key, key_of).map(|place| sorted.at(place).unwrap()).fold(0, |all, n| all * 10 + n)
        };
        assert_eq!([1, 3, 5, 2, 9].map(|key| numbers(&sorted, key)), [15, 3, 24, 0, 0]);
        sorted.remove(2, key_of);
        sorted.remove(2, key_of);
        assert_eq!((numbers(&sorted, 5), sorted.free(), sorted.len()), (4, Some(2), 5));
        let mut none = Sorted::new(&mut []);
        none.insert(key_of);
        none.remove(0, key_of);
        assert!(none.is_empty() && none.free().is_none());
    }
}
