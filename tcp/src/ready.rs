//! Connections that the next `transmit` must visit, first come, first served.
//!
//! ```text
//!   links, by id:   0: not queued;   n + 1: queued, n comes next;   own id + 1: queued, the last one
//! ```
//!
//! The links lie apart from the slots, so that a connection can be queued while its slot is borrowed, and a word each
//! serves both as link and as the mark that it is queued. A connection that goes away is skipped when its turn comes.

/// The queue, over a slice of the caller's with a word for each connection, all zeros in the beginning. It holds ids up
/// to 65,534.
pub(crate) struct Ready<'a> {
    links: &'a mut [u16],
    head: u16,
    tail: u16,
    len: u16,
}

impl<'a> Ready<'a> {
    /// Nobody is queued.
    #[must_use]
    pub(crate) fn new(links: &'a mut [u16]) -> Self {
        Self { links, head: 0, tail: 0, len: 0 }
    }

    /// Appends `id`, unless it is queued already. An id that the slice does not have is ignored.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn push(&mut self, id: u16) {
        // Mostly it is queued already: that is asked first.
        let own = self.links.get_mut(usize::from(id)).filter(|own| **own == 0);
        let (Some(own), Some(link)) = (own, id.checked_add(1)) else { return };
        *own = link;
        if self.len == 0 {
            self.head = id;
        } else if let Some(last) = self.links.get_mut(usize::from(self.tail)) {
            *last = link;
        }
        self.tail = id;
        self.len += 1;
    }

    /// Takes out the one that waited longest.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn pop(&mut self) -> Option<u16> {
        if self.len == 0 {
            return None;
        }
        let id = self.head;
        let next = core::mem::take(self.links.get_mut(usize::from(id))?);
        self.head = next.saturating_sub(1);
        self.len -= 1;
        Some(id)
    }

    /// Whether `id` is queued.
    #[must_use]
    pub(crate) fn contains(&self, id: u16) -> bool {
        self.links.get(usize::from(id)).is_some_and(|&link| link != 0)
    }

    /// How many are queued: a turn that visits so many visits nobody twice.
    #[must_use]
    pub(crate) const fn len(&self) -> u16 {
        self.len
    }

    /// Whether nobody is queued.
    #[must_use]
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::collections::VecDeque;
    use tersus_ip::Random;

    #[test]
    fn the_queue_is_in_order_and_holds_each_once() {
        let mut random = Random::new([6; 32]);
        for connections in [0u16, 1, 2, 5, 40] {
            let mut links = std::vec![0; usize::from(connections)];
            let mut ready = Ready::new(&mut links);
            let mut model = VecDeque::new();
            for _ in 0..10_000 {
                let id = u16::try_from(random.below(u32::from(connections) + 1)).unwrap();
                if random.below(2) == 0 {
                    ready.push(id);
                    if id < connections && !model.contains(&id) {
                        model.push_back(id);
                    }
                } else {
                    assert_eq!(ready.pop(), model.pop_front());
                }
                assert_eq!(usize::from(ready.len()), model.len());
                assert_eq!((ready.is_empty(), ready.contains(id)), (model.is_empty(), model.contains(&id)));
            }
            while ready.pop().is_some() {}
            assert!(links.iter().all(|&link| link == 0));
        }
    }

    #[test]
    fn the_largest_id_is_queued_and_one_more_is_not() {
        let mut links = std::vec![0; 65_536];
        let mut ready = Ready::new(&mut links);
        ready.push(65_534);
        ready.push(65_535);
        assert_eq!((ready.pop(), ready.pop()), (Some(65_534), None));
    }
}
