//! Finding sockets by port.
//!
//! The key is the local port, then the remote port, 0 for sockets that are not connected: a look-up is a binary
//! search for the first of a local port, and a second one only past sockets that are connected to other peers.

use crate::slot::{key, Slot};
use crate::Udp;
use tersus_ip::{Addresses, InterfaceId};

/// Whose datagram it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flow<'a> {
    /// The remote address as source, ours as destination.
    pub(crate) addresses: Addresses<'a>,
    pub(crate) local_port: u16,
    /// 0 if the sender named none.
    pub(crate) remote_port: u16,
    /// `None`: it is one of ours that an ICMP error quotes.
    pub(crate) interface: Option<InterfaceId>,
}

/// Where a walk over the sockets of a flow's local port stands: those not connected, then those connected to its peer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk {
    place: usize,
    /// Over those that are connected to others, once.
    has_jumped: bool,
}

impl Udp<'_> {
    /// Starts a walk over the sockets that a flow may be of.
    #[inline]
    pub(crate) fn walk(&self, flow: &Flow<'_>) -> Walk {
        Walk { place: self.table.first(self.slots, key(flow.local_port, 0)), has_jumped: false }
    }

    /// The next socket that the flow fits, and how well: see [`Slot::fit`].
    #[cfg_attr(not(target_pointer_width = "32"), inline)]
    pub(crate) fn next_fit(&self, flow: &Flow<'_>, walk: &mut Walk) -> Option<(u16, u8)> {
        while let Some((number, slot)) = self.table.at(self.slots, walk.place) {
            if slot.local_port != flow.local_port {
                break;
            }
            if slot.remote_port != 0 && slot.remote_port != flow.remote_port {
                if walk.has_jumped || flow.remote_port == 0 {
                    break;
                }
                walk.has_jumped = true;
                walk.place = self.table.first(self.slots, key(flow.local_port, flow.remote_port));
                continue;
            }
            walk.place += 1;
            let fit = slot.fit(flow);
            if fit != 0 {
                return Some((number, fit));
            }
        }
        None
    }

    /// The one socket that a unicast datagram goes to: of those that fit equally well, the first bound.
    #[inline]
    pub(crate) fn best(&mut self, flow: &Flow<'_>) -> Option<u16> {
        // Mostly there is one of a port. Where flash is short, that is no reason for more code.
        if cfg!(not(target_pointer_width = "32")) {
            let (port, number) = self.sole;
            if port == flow.local_port {
                let slot = self.slots.get(usize::from(number))?;
                let is_of_flow = slot.remote_port == 0 || slot.remote_port == flow.remote_port;
                return (is_of_flow && slot.fit(flow) != 0).then_some(number);
            }
            self.find_sole(flow.local_port);
        }
        self.best_of(*flow)
    }

    /// Keeps the socket of a port, if there is no other of it.
    #[inline(never)]
    fn find_sole(&mut self, port: u16) {
        let first = self.table.first(self.slots, key(port, 0));
        let socket_at = |place| self.table.at(self.slots, place).filter(|(_, slot)| slot.local_port == port);
        if let (Some((number, _)), None) = (socket_at(first), socket_at(first + 1)) {
            self.sole = (port, number);
        }
    }

    /// The best of several. `flow` is taken by value, so that the caller needs not have it in memory.
    #[cfg_attr(not(target_pointer_width = "32"), inline(never))]
    fn best_of(&self, flow: Flow<'_>) -> Option<u16> {
        let mut walk = self.walk(&flow);
        let mut best = None;
        let mut best_fit = 0;
        while let Some((number, fit)) = self.next_fit(&flow, &mut walk) {
            if fit > best_fit {
                best = Some(number);
                best_fit = fit;
            }
        }
        best
    }

    /// Whether any socket, connected or not, has this local port.
    pub(crate) fn has_port(&self, port: u16) -> bool {
        let first = self.table.first(self.slots, key(port, 0));
        self.table.at(self.slots, first).is_some_and(|(_, slot)| slot.local_port == port)
    }

    /// Whether an open socket of this key is like that.
    #[inline]
    pub(crate) fn any(&self, key: u32, is: impl FnMut(&Slot) -> bool) -> bool {
        self.table.find(self.slots, key, is).is_some()
    }
}
