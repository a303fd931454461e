//! A queue of datagrams with their addresses, by offset in a flat region.
//!
//! What UDP and ICMP sockets share. A [`Queue`] has four octets of state; the octets lie in a region that the
//! engine was given and hands in at each call, so that slots of sockets hold no pointers. Datagrams lie in one
//! piece, to be read and written in place. One that finds no room before the region's end starts at its front, and
//! the gap is marked.
//!
//! ```text
//!             head              head + used
//!   0          |  oldest .. newest  |          end
//!   +----------+---------+-----+----+-----------+         +-------+-----------+----------+-----+
//!   |   free   | record  |  ..  |rec.|   free    |   or    |  ..   |   free    |  record  | gap |
//!   +----------+---------+-----+----+-----------+         +-------+-----------+----------+-----+
//! ```
//!
//! In front of a datagram stand its label and addresses: 16 octets with those of IPv4, 40 with those of IPv6. Offsets
//! count units of four octets. A queue is a value: what was pushed is taken back by keeping the queue as it was
//! before. [`Queue::pop`] takes from the front; [`Queue::retain`] is for queues of which some datagrams must wait while
//! others go: room comes back from both ends, and from the middle when all before or all behind it are gone.
//!
//! ```
//! use tersus_ip::queue::{Label, Queue};
//! use tersus_ip::Addresses;
//!
//! # if cfg!(not(feature = "ipv4")) { return }
//! let mut region = [0; 256];
//! let mut queue = Queue::EMPTY;
//! let label = Label { port: 53, interface: None, hop_limit: 64, traffic_class: 0, flags: 0 };
//! let addresses = Addresses::V4(&[192, 0, 2, 1, 192, 0, 2, 9]);
//! let place = queue.push(&mut region, &label, addresses, 5).expect("room");
//! place.copy_from_slice(b"hello"); // written in place
//! assert_eq!(queue.used_len(), 24); // 16 for label and addresses, 5, and up to a multiple of four
//! assert_eq!(queue.front(&mut region).expect("one").payload, b"hello");
//! queue.pop(&region);
//! assert!(queue.is_empty());
//! ```

mod record;
mod regions;

use crate::Addresses;
use record::{front_len, is_gap, is_v6, octets, open, units, units_of, write, GAP_START};
pub use record::{Label, Record};
pub use regions::Regions;

/// Octets of a unit.
const UNIT: usize = 4;

/// What becomes of a datagram that [`Queue::retain`] shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visit {
    /// It is done with.
    Remove,
    /// It stays; the next is shown.
    Keep,
    /// It and all behind it stay, and no more are shown.
    Stop,
}

/// A queue of datagrams, oldest first; the empty queue is all zeros. All calls must be given the same region. If
/// they are not, what is read is arbitrary, and nothing worse happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Queue {
    /// Where the oldest record starts, in units.
    head: u16,
    /// Units in use, gaps included.
    used: u16,
}

impl Queue {
    /// No datagrams.
    pub const EMPTY: Self = Self { head: 0, used: 0 };

    /// Whether there are no datagrams.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Octets of the region that are in use, by labels and gaps too.
    #[must_use]
    #[inline]
    pub fn used_len(&self) -> usize {
        usize::from(self.used) * UNIT
    }

    /// Whether a datagram of `len` octets would leave half of the region to others: what may be queued for a
    /// destination of which nobody knows whether it answers. The only one always may.
    #[must_use]
    pub fn leaves_half(&self, len: usize, region_len: usize) -> bool {
        self.used == 0 || self.used_len().saturating_add(len) <= region_len / 2
    }

    /// Largest payload with such addresses that an empty queue takes, in octets; `None`: not even an empty one.
    #[must_use]
    pub fn longest(addresses: &Addresses<'_>, region_len: usize) -> Option<u16> {
        let region_len = capacity(region_len) * UNIT;
        let octets = region_len.checked_sub(front_len(addresses))?;
        Some(u16::try_from(octets).unwrap_or(u16::MAX))
    }

    /// Appends a datagram of `len` octets and lends its place to be written; its octets are arbitrary until then.
    /// `None` if there is no room: then nothing changed.
    #[inline(never)]
    pub fn push<'r>(
        &mut self,
        region: &'r mut [u8],
        label: &Label,
        addresses: Addresses<'_>,
        len: usize,
    ) -> Option<&'r mut [u8]> {
        let len = u16::try_from(len).ok()?;
        let at = self.reserve(region, units_of(front_len(&addresses), len))?;
        write(region.get_mut(at * UNIT..)?, label, addresses, len)
    }

    /// As [`Queue::push`], but only behind the newest, where mostly there is room, and in line: for machines where flash
    /// is not short. The queue with the datagram is returned too.
    #[inline(always)]
    pub fn push_behind<'r>(
        self,
        region: &'r mut [u8],
        label: impl FnOnce() -> Label,
        addresses: Addresses<'_>,
        len: usize,
    ) -> Option<(Self, &'r mut [u8])> {
        let len = u16::try_from(len).ok()?;
        let start = usize::from(self.head) + usize::from(self.used);
        let end = start + units_of(front_len(&addresses), len);
        let used = u16::try_from(end).ok()?.wrapping_sub(self.head);
        let record = region.get_mut(start * UNIT..end * UNIT)?;
        let place = write(record, &label(), addresses, len)?;
        Some((Self { head: self.head, used }, place))
    }

    /// The oldest datagram.
    #[inline]
    pub fn front<'r>(&self, region: &'r mut [u8]) -> Option<Record<'r>> {
        if self.used == 0 {
            return None;
        }
        open(region.get_mut(usize::from(self.head) * UNIT..)?)
    }

    /// Removes the oldest datagram.
    #[inline]
    pub fn pop(&mut self, region: &[u8]) {
        if self.used != 0 {
            *self = self.rest(region);
        }
    }

    /// The oldest datagram, and the queue without it. It stays where it is until something is pushed.
    #[inline]
    pub fn split_first<'r>(&self, region: &'r mut [u8]) -> Option<(Record<'r>, Self)> {
        if self.used == 0 {
            return None;
        }
        let start = start_at(region, usize::from(self.head))?;
        // Where flash is not short, there is one of each family.
        if cfg!(not(target_pointer_width = "32")) && is_v6(start) {
            return self.split_at(region, start);
        }
        self.split(region, start)
    }

    #[inline(never)]
    fn split_at<'r>(&self, region: &'r mut [u8], start: [u8; UNIT]) -> Option<(Record<'r>, Self)> {
        self.split(region, start)
    }

    /// As [`Queue::split_first`], of a record that starts so.
    #[inline]
    fn split<'r>(&self, region: &'r mut [u8], start: [u8; UNIT]) -> Option<(Record<'r>, Self)> {
        let at = usize::from(self.head) * UNIT;
        let rest = self.rest_behind(region, start);
        Some((open(region.get_mut(at..at + octets(start))?)?, rest))
    }

    /// Shows each datagram, oldest first, and removes those that `visit` says. Linear in their number.
    #[inline]
    pub fn retain(&mut self, region: &mut [u8], mut visit: impl FnMut(&mut Record<'_>) -> Visit) {
        // Always the rest of the queue, from the record that is looked at.
        let mut rest = *self;
        // From the first that stays, and what is behind the last that stays.
        let mut kept = Self::EMPTY;
        let mut behind = 0;
        while let Some(mut record) = rest.front(region) {
            if record.is_live() {
                match visit(&mut record) {
                    Visit::Remove => record.remove(),
                    verdict => {
                        if kept.is_empty() {
                            kept = rest;
                        }
                        if verdict == Visit::Stop {
                            behind = 0;
                            break;
                        }
                        behind = rest.rest(region).used;
                    }
                }
            }
            rest = rest.rest(region);
        }
        kept.used = kept.used.saturating_sub(behind);
        *self = kept;
    }

    /// The queue without its oldest record, and without a gap behind that.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    #[cfg_attr(not(target_pointer_width = "32"), inline)]
    fn rest(self, region: &[u8]) -> Self {
        match start_at(region, usize::from(self.head)) {
            Some(start) => self.rest_behind(region, start),
            None => Self::EMPTY,
        }
    }

    /// As [`Queue::rest`], behind a record that starts so.
    #[inline]
    fn rest_behind(self, region: &[u8], start: [u8; UNIT]) -> Self {
        let units = units(start);
        let left = match self.used.checked_sub(units) {
            None | Some(0) => return Self::EMPTY,
            Some(left) => left,
        };
        // Gaps end with the region: a queue that ends before that has none. Where flash is short, one look is enough.
        let tail = usize::from(self.head) + usize::from(self.used);
        if cfg!(not(target_pointer_width = "32")) && tail < capacity(region.len()) {
            return Self { head: self.head.wrapping_add(units), used: left };
        }
        let head = usize::from(self.head) + usize::from(units);
        if head < usize::from(u16::MAX) && start_at(region, head).is_some_and(|start| !is_gap(start)) {
            return Self { head: u16::try_from(head).unwrap_or(0), used: left };
        }
        Self::from_front(usize::from(left).saturating_sub(capacity(region.len()).saturating_sub(head)))
    }

    /// So many units, from the region's front on.
    fn from_front(used: usize) -> Self {
        Self { head: 0, used: u16::try_from(used).unwrap_or(0) }
    }

    /// Takes `units` in one piece behind the newest record.
    fn reserve(&mut self, region: &mut [u8], units: usize) -> Option<usize> {
        let capacity = capacity(region.len());
        let head = usize::from(self.head);
        let tail = head + usize::from(self.used);
        let (at, end) = if tail > capacity { (tail - capacity, head) } else { (tail, capacity) };
        let (at, gap) = if units <= end.saturating_sub(at) {
            (at, 0)
        } else if tail <= capacity && units <= head {
            (0, capacity - tail)
        } else {
            return None;
        };
        if gap != 0 {
            *start_mut(region, tail)? = GAP_START;
        }
        self.used = u16::try_from(usize::from(self.used) + gap + units).ok()?;
        Some(at)
    }
}

/// Units of a region; what is beyond 65,535 of them is not used.
#[inline]
fn capacity(region_len: usize) -> usize {
    (region_len / UNIT).min(usize::from(u16::MAX))
}

/// The first unit of what is at `at`.
#[inline]
fn start_at(region: &[u8], at: usize) -> Option<[u8; UNIT]> {
    region.get(at * UNIT..at * UNIT + UNIT)?.first_chunk().copied()
}

#[inline]
fn start_mut(region: &mut [u8], at: usize) -> Option<&mut [u8; UNIT]> {
    region.get_mut(at * UNIT..)?.first_chunk_mut()
}

// The tables of the tests list both families.
#[cfg(test)]
#[cfg(all(feature = "ipv4", feature = "ipv6"))]
mod tests {
    extern crate std;

    use super::*;
    use crate::InterfaceId;
    use std::vec::Vec;
    use tersus_phy::Random;

    const V4: Addresses<'_> = Addresses::V4(&[192, 0, 2, 1, 192, 0, 2, 2]);
    const V6: Addresses<'_> = Addresses::V6(&[9; 32]);

    fn label(port: u16) -> Label {
        Label { port, interface: Some(InterfaceId(3)), hop_limit: 7, traffic_class: 0xb8, flags: 0x15 }
    }

    /// The ports of all that is queued.
    fn ports(queue: &Queue, region: &mut [u8]) -> Vec<u16> {
        let mut ports = Vec::new();
        let mut copy = *queue;
        copy.retain(region, |record| {
            ports.push(record.port());
            Visit::Keep
        });
        assert_eq!(copy, *queue, "what is kept stays where it is");
        ports
    }

    #[test]
    fn a_queue_has_four_octets() {
        assert_eq!(core::mem::size_of::<Queue>(), 4);
    }

    #[test]
    fn datagrams_come_out_as_they_went_in() {
        let mut region = [0xee; 256];
        let mut queue = Queue::EMPTY;
        let labels = [
            (V4, label(1)),
            (V6, Label { interface: None, ..label(65_535) }),
            (V4, Label { hop_limit: 0, traffic_class: 0, flags: 0, ..label(0) }),
        ];
        for (i, (addresses, label)) in labels.iter().enumerate() {
            queue.push(&mut region, label, *addresses, i).unwrap().fill(9);
        }
        for (i, (addresses, label)) in labels.iter().enumerate() {
            let mut record = queue.front(&mut region).unwrap();
            assert_eq!((record.label(), record.payload.len()), (*label, i));
            assert_eq!(record.addresses(), *addresses);
            assert!(record.payload.iter().all(|&octet| octet == 9));
            record.set_flags(1);
            assert_eq!(queue.front(&mut region).unwrap().flags(), 1);
            assert!(record_is_by_its_interface(&queue.front(&mut region).unwrap()));
            let (record, rest) = queue.split_first(&mut region).unwrap();
            assert_eq!(record.label(), Label { flags: 1, ..*label });
            queue = rest;
        }
        assert!(
            queue.is_empty()
                && queue.front(&mut region).is_none()
                && queue.split_first(&mut region).is_none()
        );
    }

    fn record_is_by_its_interface(record: &Record<'_>) -> bool {
        (0..255).map(InterfaceId).all(|id| record.is_by(id) == (record.interface() == Some(id)))
    }

    #[test]
    fn what_was_pushed_is_taken_back_by_keeping_the_queue_as_it_was() {
        let mut region = [0; 100];
        let mut queue = Queue::EMPTY;
        for port in 0..3 {
            queue.push(&mut region, &label(port), V4, 4).unwrap();
        }
        queue.pop(&region);
        let before = queue;
        // The next would start at the region's front.
        queue.push(&mut region, &label(9), V4, 4).unwrap().fill(0xff);
        let mut queue = before;
        assert_eq!(ports(&queue, &mut region), [1, 2]);
        queue.push(&mut region, &label(3), V4, 4).unwrap();
        assert_eq!(ports(&queue, &mut region), [1, 2, 3]);
    }

    #[test]
    fn room_comes_back_from_both_ends_while_the_oldest_waits() {
        let mut region = [0; 128];
        let mut queue = Queue::EMPTY;
        queue.push(&mut region, &label(0), V4, 4).unwrap();
        for port in 1..100 {
            queue.push(&mut region, &label(port), V4, 30).unwrap();
            queue.push(&mut region, &label(1000), V4, 10).unwrap();
            queue.retain(&mut region, |record| match record.port() {
                0 => Visit::Keep,
                _ => Visit::Remove,
            });
            assert_eq!(queue.used_len(), 20);
        }
        assert_eq!(ports(&queue, &mut region), [0]);
    }

    #[test]
    fn room_in_the_middle_comes_back_with_what_is_before_or_behind_it() {
        let mut region = [0; 256];
        let remove = |queue: &mut Queue, region: &mut [u8], gone: &[u16]| {
            queue.retain(region, |record| match gone.contains(&record.port()) {
                true => Visit::Remove,
                false => Visit::Keep,
            });
        };
        // removed at once, removed then, octets in use after each
        for (first, then, used) in [
            (&[1, 2][..], &[0][..], [80, 32]),
            (&[2, 3], &[4], [80, 32]),
            (&[1, 3], &[0, 4], [80, 16]),
            (&[0, 4], &[2], [48, 48]),
            (&[0, 1, 2, 3], &[4], [16, 0]),
        ] {
            let mut queue = Queue::EMPTY;
            for port in 0..5 {
                queue.push(&mut region, &label(port), V4, 0).unwrap();
            }
            for (gone, used) in [first, then].into_iter().zip(used) {
                remove(&mut queue, &mut region, gone);
                assert_eq!(queue.used_len(), used, "{first:?} {then:?}");
            }
        }
    }

    #[test]
    fn half_of_the_region_is_for_others() {
        let mut region = [0; 200];
        let mut queue = Queue::EMPTY;
        assert!(queue.leaves_half(1_000, 200), "the only one always may");
        queue.push(&mut region, &label(0), V4, 40).unwrap();
        assert!(queue.leaves_half(44, 200) && !queue.leaves_half(45, 200));
    }

    /// A list is the model. Regions of all small sizes, random pushes, pops and visits.
    #[test]
    fn it_behaves_as_a_list() {
        let mut random = Random::new([7; 32]);
        for region_len in (0..260).step_by(3) {
            let mut region = std::vec![0xa5; region_len];
            let mut queue = Queue::EMPTY;
            // Pops are for queues that nothing is removed from the middle of.
            let has_pops = random.below(2) == 0;
            let mut model: Vec<(u16, usize)> = Vec::new();
            for turn in 0..400u16 {
                match random.below(6) {
                    0..=3 => {
                        let len = usize::try_from(random.below(40)).unwrap();
                        let addresses = if random.below(2) == 0 { V4 } else { V6 };
                        let place = match random.below(2) {
                            0 => queue.push(&mut region, &label(turn), addresses, len),
                            _ => queue.push_behind(&mut region, || label(turn), addresses, len).map(
                                |(with, place)| {
                                    queue = with;
                                    place
                                },
                            ),
                        };
                        if let Some(place) = place {
                            assert_eq!(place.len(), len);
                            place.fill(turn.to_be_bytes()[1]);
                            model.push((turn, len));
                        } else {
                            let longest = Queue::longest(&addresses, region_len);
                            let fits = longest.is_some_and(|max| len <= usize::from(max));
                            assert!(
                                !model.is_empty() || !fits,
                                "an empty queue of {region_len} refused {len}"
                            );
                        }
                    }
                    4 if has_pops => {
                        queue.pop(&region);
                        model.drain(..usize::from(!model.is_empty()));
                    }
                    4 => {
                        let stop = usize::try_from(random.below(9)).unwrap();
                        let mut shown = 0;
                        let mut gone = Vec::new();
                        queue.retain(&mut region, |record| {
                            assert_eq!(record.port(), model[shown].0);
                            shown += 1;
                            if shown > stop {
                                Visit::Stop
                            } else if random.below(2) == 0 {
                                gone.push(record.port());
                                Visit::Remove
                            } else {
                                Visit::Keep
                            }
                        });
                        assert_eq!(shown, model.len().min(stop + 1));
                        model.retain(|(port, _)| !gone.contains(port));
                    }
                    _ => {}
                }
                let mut left = model.iter();
                queue.retain(&mut region, |record| {
                    let &(port, len) = left.next().expect("no more than the model has");
                    assert_eq!((record.port(), record.payload.len()), (port, len));
                    assert!(record.payload.iter().all(|&octet| octet == port.to_be_bytes()[1]));
                    Visit::Keep
                });
                assert_eq!(left.next(), None, "as many as the model has");
                assert_eq!(queue.is_empty(), model.is_empty());
                assert!(queue.used_len() <= region_len);
            }
        }
    }

    /// Calls with another region than the one that was written: arbitrary answers, but answers.
    #[test]
    fn a_foreign_region_harms_nobody() {
        let mut random = Random::new([8; 32]);
        for _ in 0..5_000 {
            let mut queue = Queue { head: random.next_u16() % 40, used: random.next_u16() % 80 };
            if random.below(9) == 0 {
                queue = Queue { head: random.next_u16(), used: random.next_u16() };
            }
            let mut region = [0; 150];
            for octet in &mut region {
                *octet = u8::try_from(random.below(5)).unwrap();
            }
            for _ in 0..10 {
                queue.front(&mut region);
                if random.below(3) == 0 {
                    queue.retain(&mut region, |_| match random.below(3) {
                        0 => Visit::Keep,
                        1 => Visit::Remove,
                        _ => Visit::Stop,
                    });
                }
                queue.push(&mut region, &label(1), V4, 3);
                queue.pop(&region);
            }
        }
    }
}
