//! A first-in first-out list of socket numbers over a slice.

/// At most as many numbers as the slice has places; who pushes makes sure that no number is in it twice.
#[derive(Debug)]
pub(crate) struct Fifo<'a> {
    places: &'a mut [u16],
    head: usize,
    len: usize,
}

impl<'a> Fifo<'a> {
    pub(crate) fn new(places: &'a mut [u16]) -> Self {
        Self { places, head: 0, len: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn push(&mut self, number: u16) {
        let place = self.place(self.len);
        if let (true, Some(place)) = (self.len < self.places.len(), self.places.get_mut(place)) {
            *place = number;
            self.len += 1;
        }
    }

    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn pop(&mut self) -> Option<u16> {
        let number = *self.places.get(self.head)?;
        self.len = self.len.checked_sub(1)?;
        self.head = self.place(1);
        Some(number)
    }

    /// Takes `number` out, wherever it is. Linear in the list's length.
    pub(crate) fn remove(&mut self, number: u16) {
        for _ in 0..self.len {
            match self.pop() {
                Some(other) if other != number => self.push(other),
                _ => {}
            }
        }
    }

    /// Index of the place `distance` behind the head; at most one turn.
    fn place(&self, distance: usize) -> usize {
        let place = self.head + distance;
        if place < self.places.len() {
            place
        } else {
            place - self.places.len()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fifo;

    #[test]
    fn numbers_leave_in_order_and_removed_ones_do_not() {
        let mut places = [0; 3];
        let mut fifo = Fifo::new(&mut places);
        for round in 0..7 {
            for number in [1, 2, 3] {
                fifo.push(number + round);
            }
            fifo.push(99);
            fifo.remove(2 + round);
            assert_eq!(fifo.pop(), Some(1 + round), "a full list takes no more");
            assert_eq!((fifo.len(), fifo.pop(), fifo.pop()), (1, Some(3 + round), None));
            fifo.push(5);
            assert_eq!((fifo.pop(), fifo.is_empty()), (Some(5), true));
        }
        let mut none = Fifo::new(&mut []);
        none.push(1);
        none.remove(1);
        assert_eq!(none.pop(), None);
    }
}
