//! Finding sockets by port.
//!
//! The key is the local port, then the remote port, 0 for sockets that are not connected: a look-up is a binary
//! search for the few that have both ports.

use crate::slot::{key, Slot};
use core::net::IpAddr;
use core::ops::Range;
use tersus_ip::sorted::Sorted;
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

    /// The number at a place of a range.
    pub(crate) fn at(&self, place: usize) -> Option<u16> {
        self.0.at(place)
    }

    /// The places of all sockets with this key.
    pub(crate) fn range(&self, slots: &[Slot], key: u32) -> Range<usize> {
        self.0.range(key, |number| key_of(slots, number))
    }

    /// The ranges in which receivers of this flow are: connected ones first.
    pub(crate) fn ranges(&self, slots: &[Slot], flow: &Flow) -> [Range<usize>; 2] {
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
    pub(crate) fn best(&self, slots: &[Slot], flow: &Flow) -> Option<u16> {
        let mut best = None;
        let mut best_fit = 0;
        // From the first of this local port on: those not connected, then those connected, by remote port.
        let mut place = self.0.first(key(flow.local_port, 0), |number| key_of(slots, number));
        let mut is_behind = false;
        while place < self.len() {
            let Some(number) = self.at(place) else { break };
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
                place = self.0.first(slot_key(flow), |number| key_of(slots, number));
                continue;
            }
            if let Some(fit) = slot.fit(flow.local, flow.remote, flow.interface) {
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
        let key_of = |number| key_of(slots, number);
        self.0.first(key(port, 0), key_of) < self.0.first(key(port, u16::MAX).saturating_add(1), key_of)
    }
}

/// The key of a socket that is connected to the flow's peer.
fn slot_key(flow: &Flow) -> u32 {
    key(flow.local_port, flow.remote_port)
}

fn key_of(slots: &[Slot], number: u16) -> u32 {
    slots.get(usize::from(number)).map_or(u32::MAX, Slot::key)
}
