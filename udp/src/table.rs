//! Finding sockets by port: their numbers, sorted.
//!
//! ```text
//!            0 ........ used ....... end
//!   numbers: sorted by key  |   free ones, in no order
//! ```
//!
//! The key is the local port, then the remote port, 0 for sockets that are not connected. A look-up is a binary
//! search for the few that have both ports; binding and closing move two octets for each socket behind.

use crate::slot::{key, Slot};
use core::net::IpAddr;
use core::ops::Range;
use tersus_ip::InterfaceId;

/// Whose datagram it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flow {
    pub(crate) local: IpAddr,
    pub(crate) local_port: u16,
    pub(crate) remote: IpAddr,
    /// 0 if the sender named none.
    pub(crate) remote_port: u16,
    pub(crate) interface: Option<InterfaceId>,
}

#[derive(Debug)]
pub(crate) struct Table<'a> {
    numbers: &'a mut [u16],
    used: usize,
}

impl<'a> Table<'a> {
    pub(crate) fn new(numbers: &'a mut [u16]) -> Self {
        for (number, place) in (0..).zip(numbers.iter_mut()) {
            *place = number;
        }
        Self { numbers, used: 0 }
    }

    /// How many sockets there are.
    pub(crate) fn len(&self) -> usize {
        self.used
    }

    /// A free number.
    pub(crate) fn free(&self) -> Option<u16> {
        self.numbers.get(self.used).copied()
    }

    /// Sorts in the number that [`Table::free`] gave; its slot is filled. Behind all of the same key: the first
    /// bound is the first found.
    pub(crate) fn insert(&mut self, slots: &[Slot]) {
        let Some(number) = self.free() else { return };
        let at = self.first(slots, key_of(slots, number).saturating_add(1));
        // One at a time: a rotation by one place needs no more, and much less code.
        let mut moved = number;
        for place in self.numbers.iter_mut().take(self.used + 1).skip(at) {
            core::mem::swap(place, &mut moved);
        }
        self.used += 1;
    }

    /// Takes out a number whose slot still has the key it was sorted by.
    pub(crate) fn remove(&mut self, slots: &[Slot], number: u16) {
        let mut range = self.range(slots, key_of(slots, number));
        let Some(at) = range.find(|&at| self.at(at) == Some(number)) else { return };
        let mut moved = number;
        for place in self.numbers.iter_mut().take(self.used).skip(at).rev() {
            core::mem::swap(place, &mut moved);
        }
        self.used -= 1;
    }

    /// The number at a place of a range.
    pub(crate) fn at(&self, place: usize) -> Option<u16> {
        self.numbers.get(place).copied()
    }

    /// The places of all sockets with this key.
    pub(crate) fn range(&self, slots: &[Slot], key: u32) -> Range<usize> {
        let first = self.first(slots, key);
        let mut end = first;
        while end < self.used && self.at(end).is_some_and(|number| key_of(slots, number) == key) {
            end += 1;
        }
        first..end
    }

    /// The ranges in which receivers of this flow are: connected ones first.
    pub(crate) fn ranges(&self, slots: &[Slot], flow: &Flow) -> [Range<usize>; 2] {
        let connected = match flow.remote_port {
            0 => 0..0,
            port => self.range(slots, key(flow.local_port, port)),
        };
        [connected, self.range(slots, key(flow.local_port, 0))]
    }

    /// The one socket that a unicast datagram goes to.
    pub(crate) fn best(&self, slots: &[Slot], flow: &Flow) -> Option<u16> {
        for range in self.ranges(slots, flow) {
            let mut best = None;
            let mut best_fit = 0;
            for place in range {
                let Some(number) = self.at(place) else { break };
                let Some(slot) = slots.get(usize::from(number)) else { break };
                if let Some(fit) = slot.fit(flow.local, flow.remote, flow.interface) {
                    if best.is_none() || fit > best_fit {
                        best = Some(number);
                        best_fit = fit;
                    }
                }
            }
            if best.is_some() {
                return best;
            }
        }
        None
    }

    /// Whether any socket, connected or not, has this local port.
    pub(crate) fn has_port(&self, slots: &[Slot], port: u16) -> bool {
        let first = self.first(slots, key(port, 0));
        first < self.first(slots, key(port, u16::MAX).saturating_add(1))
    }

    /// The first place whose key is not below `key`.
    fn first(&self, slots: &[Slot], key: u32) -> usize {
        let sorted = self.numbers.get(..self.used).unwrap_or_default();
        sorted.partition_point(|&number| key_of(slots, number) < key)
    }
}

fn key_of(slots: &[Slot], number: u16) -> u32 {
    slots.get(usize::from(number)).map_or(u32::MAX, Slot::key)
}
