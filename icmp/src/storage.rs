//! The memory of the engine, and the engine itself.

use crate::{EchoResponder, StaleHandle, Statistics};
use tersus_ip::queue::{Queue, Regions};
use tersus_ip::sorted::{Keyed, Sorted};
use tersus_ip::{InterfaceSet, IpMeta, Random, Verdict};
use tersus_wire::IpProtocol;

/// Names a socket. A handle of a closed socket gets errors, never another socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Handle {
    pub(crate) index: u16,
    pub(crate) generation: u16,
}

/// What a socket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Free = 0,
    /// Asks by echo, with `number` as identifier.
    Echo,
    /// Hears all errors.
    AllErrors,
    /// Hears errors about `protocol`.
    ProtocolErrors,
    /// Hears errors about `protocol` that quote `number` as our port or identifier.
    NumberErrors,
}

/// One socket's state. Only for tables that are handed to `Icmp::from_slices`: start with [`Slot::EMPTY`].
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    pub(crate) kind: Kind,
    pub(crate) protocol: IpProtocol,
    pub(crate) number: u16,
    pub(crate) generation: u16,
    pub(crate) receive: Queue,
}

impl Slot {
    /// A free slot.
    pub const EMPTY: Self =
        Self { kind: Kind::Free, protocol: IpProtocol(0), number: 0, generation: 0, receive: Queue::EMPTY };
}

impl Keyed for Slot {
    /// Echo sockets by identifier, the others behind.
    fn key(&self) -> u32 {
        match self.kind {
            Kind::Echo => u32::from(self.number),
            _ => ERRORS_KEY,
        }
    }
}

/// The key of all sockets that hear errors: above all identifiers.
pub(crate) const ERRORS_KEY: u32 = 0x1_0000;

/// Memory for `SOCKETS` sockets, each with a queue of `RX` octets to receive, and one queue of `TX` octets to send
/// for all.
///
/// A queued message takes its octets and 24 (IPv4) or 48 (IPv6) more, rounded up to a multiple of four. All zeros
/// when empty, so that a `static` lies in `.bss`. Each size may be 0, which means none.
#[derive(Debug)]
pub struct Storage<const SOCKETS: usize, const RX: usize, const TX: usize> {
    slots: [Slot; SOCKETS],
    numbers: [u16; SOCKETS],
    rx: [[u8; RX]; SOCKETS],
    tx: [u8; TX],
}

impl<const SOCKETS: usize, const RX: usize, const TX: usize> Storage<SOCKETS, RX, TX> {
    /// Empty memory.
    #[must_use]
    pub const fn new() -> Self {
        Self { slots: [Slot::EMPTY; SOCKETS], numbers: [0; SOCKETS], rx: [[0; RX]; SOCKETS], tx: [0; TX] }
    }
}

impl<const SOCKETS: usize, const RX: usize, const TX: usize> Default for Storage<SOCKETS, RX, TX> {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether the send queue has something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pending {
    Nothing,
    /// Something may leave.
    Ready,
    /// What there is waits for room or a resolution.
    Waiting,
}

/// ICMP: the echo responder and a table of sockets, and a [`tersus_ip::Transport`]. See the crate's documentation.
#[derive(Debug)]
pub struct Icmp<'a> {
    pub(crate) responder: EchoResponder,
    pub(crate) slots: &'a mut [Slot],
    pub(crate) table: Sorted<'a>,
    pub(crate) rx: Regions<'a>,
    pub(crate) tx: &'a mut [u8],
    /// What all sockets send. The payload of a record is an echo request from its identifier on.
    pub(crate) transmit: Queue,
    pub(crate) pending: Pending,
    /// Whether parked requests may be tried again in this walk.
    pub(crate) retry: Retry,
    /// The interfaces whose room is waited for.
    pub(crate) full: InterfaceSet,
    /// The IP layer's generation at the last `transmit`.
    pub(crate) generation: u32,
    pub(crate) random: Random,
}

/// Whether requests that were parked are tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    No,
    Yes,
}

impl<'a> Icmp<'a> {
    /// An engine without sockets that answers every echo request. `seed` makes identifiers unpredictable: no
    /// outsider may know it, and no two engines may have the same.
    pub fn new<const SOCKETS: usize, const RX: usize, const TX: usize>(
        storage: &'a mut Storage<SOCKETS, RX, TX>,
        seed: [u8; 32],
    ) -> Self {
        let Storage { slots, numbers, rx, tx } = storage;
        Self::from_slices(slots, numbers, rx.as_flattened_mut(), tx, seed)
    }

    /// An engine over memory whose size is known at run time only. There are as many sockets as `slots`, `numbers`
    /// and 65,535 allow; `rx` is divided equally among them.
    pub fn from_slices(
        slots: &'a mut [Slot],
        numbers: &'a mut [u16],
        rx: &'a mut [u8],
        tx: &'a mut [u8],
        seed: [u8; 32],
    ) -> Self {
        let sockets = slots.len().min(numbers.len()).min(usize::from(u16::MAX));
        let slots = slots.get_mut(..sockets).unwrap_or_default();
        slots.fill(Slot::EMPTY);
        Self {
            responder: EchoResponder::default(),
            slots,
            table: Sorted::new(numbers.get_mut(..sockets).unwrap_or_default()),
            rx: Regions::new(rx, sockets),
            tx,
            transmit: Queue::EMPTY,
            pending: Pending::Nothing,
            retry: Retry::No,
            full: InterfaceSet::NONE,
            generation: 0,
            random: Random::new(seed),
        }
    }

    /// What happened so far.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.responder.statistics
    }

    /// Changes whether and how fast echo requests are answered.
    pub fn set_answering(&mut self, answering: crate::Answering) {
        self.responder.set_answering(answering);
    }

    /// How many sockets are open.
    #[must_use]
    pub fn socket_count(&self) -> usize {
        self.table.len()
    }

    pub(crate) fn answer(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        self.responder.answer(packet, segment)
    }

    /// The slot of an open socket.
    pub(crate) fn slot(&self, socket: Handle) -> Result<&Slot, StaleHandle> {
        let slot = self.slots.get(usize::from(socket.index)).ok_or(StaleHandle)?;
        if slot.kind != Kind::Free && slot.generation == socket.generation {
            Ok(slot)
        } else {
            Err(StaleHandle)
        }
    }

    /// The echo socket with this identifier.
    pub(crate) fn echo_socket(&self, identifier: u16) -> Option<u16> {
        self.table.find(self.slots, u32::from(identifier), |_| true)
    }
}

#[cfg(test)]
mod tests {
    use super::Slot;

    #[test]
    fn a_socket_is_small() {
        assert!(core::mem::size_of::<Slot>() <= 12);
    }
}
