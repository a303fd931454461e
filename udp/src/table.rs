//! Finding sockets by port.
//!
//! The key is the local port, then the remote port, 0 for sockets that are not connected: a look-up is a binary
//! search for the few that have both ports.

use crate::slot::{key, Slot};
use core::ops::Range;
use tersus_ip::sorted::Sorted;
use tersus_ip::{Addresses, InterfaceId};

/// Whose datagram it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flow<'a> {
    /// The remote address as source, ours as destination.
    pub(crate) addresses: Addresses<'a>,
    pub(crate) local_port: u16,
    /// 0 if the sender named none.
    pub(crate) remote_port: u16,
    pub(crate) interface: Option<InterfaceId>,
}

/// The numbers of the open sockets.
#[derive(Debug)]
pub(crate) struct Table<'a>(Sorted<'a>);

impl<'a> Table<'a> {
    pub(crate) fn new(numbers: &'a mut [u16]) -> Self {
        Self(Sorted::new(numbers))
    }

    /// How many sockets there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// A free number.
    pub(crate) fn free(&self) -> Option<u16> {
        self.0.free()
    }

    /// Sorts in the number that [`Table::free`] gave; its slot is filled. Behind all of the same key: the first
    /// bound is the first found.
    pub(crate) fn insert(&mut self, slots: &[Slot]) {
        self.0.insert(|number| key_of(slots, number));
    }

    /// Takes out a number whose slot still has the key it was sorted by.
    pub(crate) fn remove(&mut self, slots: &[Slot], number: u16) {
        self.0.remove(number, |number| key_of(slots, number));
    }

    /// The first place whose key is not below `key`.
    fn first(&self, slots: &[Slot], key: u32) -> usize {
        self.0.first(key, |number| key_of(slots, number))
    }

    /// The number at a place of a range.
    pub(crate) fn at(&self, place: usize) -> Option<u16> {
        self.0.at(place)
    }

    /// The places of all sockets with this key.
    pub(crate) fn range(&self, slots: &[Slot], key: u32) -> Range<usize> {
        self.0.range(key, |number| key_of(slots, number))
    }

    /// The ranges in which receivers of this flow are: connected ones first.
    pub(crate) fn ranges(&self, slots: &[Slot], flow: &Flow<'_>) -> [Range<usize>; 2] {
        let open = self.range(slots, key(flow.local_port, 0));
        // Those that are connected stand behind; mostly there are none.
        let behind = self.at(open.end).filter(|_| open.end < self.len() && flow.remote_port != 0);
        let is_port = |number| key_of(slots, number) <= key(flow.local_port, u16::MAX);
        let connected = match behind.filter(|number| is_port(*number)) {
            None => 0..0,
            Some(_) => self.range(slots, key(flow.local_port, flow.remote_port)),
        };
        [connected, open]
    }

    /// The one socket that a unicast datagram goes to.
    #[inline]
    pub(crate) fn best(&self, slots: &[Slot], flow: &Flow<'_>) -> Option<u16> {
        let first = self.first(slots, key(flow.local_port, 0));
        if self.slot(slots, first + 1).is_some_and(|next| next.local_port == flow.local_port) {
            return self.best_from(first, slots, flow);
        }
        // Mostly there is one at most.
        let slot = self.slot(slots, first)?;
        let is_its_port = slot.local_port == flow.local_port
            && (slot.remote_port == 0 || slot.remote_port == flow.remote_port);
        if !is_its_port {
            return None;
        }
        slot.fit(&flow.addresses, flow.interface)?;
        self.at(first)
    }

    /// The slot at a place.
    #[inline]
    fn slot<'s>(&self, slots: &'s [Slot], place: usize) -> Option<&'s Slot> {
        if place < self.len() {
            slots.get(usize::from(self.at(place)?))
        } else {
            None
        }
    }

    /// The best of those from a place on, the first of this local port: those not connected, then those connected, by
    /// remote port.
    #[cold]
    #[inline(never)]
    fn best_from(&self, first: usize, slots: &[Slot], flow: &Flow<'_>) -> Option<u16> {
        let mut best = None;
        let mut best_fit = 0;
        let mut place = first;
        let mut is_behind = false;
        while let Some(number) = self.at(place).filter(|_| place < self.len()) {
            let Some(slot) = slots.get(usize::from(number)) else { break };
            if slot.local_port != flow.local_port {
                break;
            }
            if slot.remote_port != 0 && slot.remote_port != flow.remote_port {
                // Over those of other peers, once.
                if is_behind || flow.remote_port == 0 {
                    break;
                }
                is_behind = true;
                place = self.first(slots, slot_key(flow));
                continue;
            }
            if let Some(fit) = slot.fit(&flow.addresses, flow.interface) {
                if best.is_none() || fit > best_fit {
                    best = Some(number);
                    best_fit = fit;
                }
            }
            place += 1;
        }
        best
    }

    /// Whether any socket, connected or not, has this local port.
    pub(crate) fn has_port(&self, slots: &[Slot], port: u16) -> bool {
        let first = self.slot(slots, self.first(slots, key(port, 0)));
        first.is_some_and(|slot| slot.local_port == port)
    }
}

/// The key of a socket that is connected to the flow's peer.
fn slot_key(flow: &Flow<'_>) -> u32 {
    key(flow.local_port, flow.remote_port)
}

fn key_of(slots: &[Slot], number: u16) -> u32 {
    slots.get(usize::from(number)).map_or(u32::MAX, Slot::key)
}
