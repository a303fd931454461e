//! What the user should hear of: a short queue, from which the oldest is taken first.

use crate::InterfaceId;
use core::net::IpAddr;

/// How many events wait at most; further ones are counted as lost.
pub const EVENTS_MAX: usize = 8;

/// Something that happened to an interface, an address or a neighbour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The link can carry packets now.
    LinkUp(InterfaceId),
    /// The link carries no packets any more.
    LinkDown(InterfaceId),
    /// The interface has another hardware address than before; its addresses are announced again.
    HardwareAddressChanged(InterfaceId),
    /// A neighbour does not answer to address resolution.
    NeighbourFailed(InterfaceId, IpAddr),
    /// Another station uses one of our addresses, RFC 5227 §2.4. We keep it and defend it.
    AddressConflict(InterfaceId, IpAddr),
}

/// Events that wait to be taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Events {
    slots: [Option<Event>; EVENTS_MAX],
    /// Index of the oldest.
    first: usize,
    len: usize,
}

impl Events {
    pub(crate) const fn new() -> Self {
        Self { slots: [None; EVENTS_MAX], first: 0, len: 0 }
    }

    /// Appends; `false` if the queue is full and the event lost. What waits is not said twice: a station that repeats itself
    /// leaves room for others' events (RFC 5227 §2.4 wants reports of conflicts limited).
    pub(crate) fn push(&mut self, event: Event) -> bool {
        let newest =
            self.len.checked_sub(1).and_then(|last| self.slots.get((self.first + last) % EVENTS_MAX));
        if newest == Some(&Some(event)) {
            return true;
        }
        if self.len >= EVENTS_MAX {
            return false;
        }
        if let Some(slot) = self.slots.get_mut((self.first + self.len) % EVENTS_MAX) {
            *slot = Some(event);
            self.len += 1;
        }
        true
    }

    /// Takes the oldest.
    pub(crate) fn pop(&mut self) -> Option<Event> {
        let event = self.slots.get_mut(self.first)?.take()?;
        self.first = (self.first + 1) % EVENTS_MAX;
        self.len = self.len.saturating_sub(1);
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_order_and_what_does_not_fit_is_lost() {
        let mut events = Events::new();
        for round in 0..3u8 {
            for i in 0..8 {
                assert!(events.push(Event::LinkUp(InterfaceId(round * 8 + i))));
            }
            assert!(!events.push(Event::LinkDown(InterfaceId(0))));
            for i in 0..8 {
                assert_eq!(events.pop(), Some(Event::LinkUp(InterfaceId(round * 8 + i))));
            }
            assert_eq!(events.pop(), None);
        }
    }

    #[test]
    fn an_event_that_waits_is_not_said_again() {
        let mut events = Events::new();
        let [conflict, down] = [Event::LinkUp(InterfaceId(1)), Event::LinkDown(InterfaceId(1))];
        for _ in 0..100 {
            assert!(events.push(conflict));
        }
        assert!(events.push(down) && events.push(conflict));
        for want in [Some(conflict), Some(down), Some(conflict), None] {
            assert_eq!(events.pop(), want);
        }
        assert!(events.push(conflict), "the last one was taken");
        assert_eq!(events.pop(), Some(conflict));
    }
}
