//! The memory of the engine, and the engine itself.

use crate::error::{ErrorEntry, Errors};
use crate::fifo::Fifo;
use crate::slot::{Flags, Slot};
use crate::table::Table;
use crate::{Cause, Handle, SocketError, StaleHandle, Statistics};
use core::net::{IpAddr, SocketAddr};
use tersus_ip::queue::Regions;
use tersus_ip::{InterfaceSet, Random};

/// Memory for `SOCKETS` sockets, each with a queue of `RX` octets to receive and one of `TX` octets to send.
///
/// A queued datagram takes its octets and 20 (IPv4) or 44 (IPv6) more, rounded up to a multiple of four. `ERRORS`
/// is how many errors can wait to be read, of all sockets together. All zeros when empty, so that a `static` lies
/// in `.bss`. Each size may be 0, which means none.
#[derive(Debug)]
pub struct Storage<const SOCKETS: usize, const RX: usize, const TX: usize, const ERRORS: usize = 4> {
    slots: [Slot; SOCKETS],
    numbers: [[u16; 3]; SOCKETS],
    errors: [ErrorEntry; ERRORS],
    rx: [[u8; RX]; SOCKETS],
    tx: [[u8; TX]; SOCKETS],
}

impl<const SOCKETS: usize, const RX: usize, const TX: usize> Storage<SOCKETS, RX, TX> {
    /// Empty memory, with room for four errors.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_errors()
    }
}

impl<const SOCKETS: usize, const RX: usize, const TX: usize> Default for Storage<SOCKETS, RX, TX> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const SOCKETS: usize, const RX: usize, const TX: usize, const ERRORS: usize>
    Storage<SOCKETS, RX, TX, ERRORS>
{
    /// Empty memory, with room for `ERRORS` errors.
    #[must_use]
    pub const fn with_errors() -> Self {
        Self {
            slots: [Slot::EMPTY; SOCKETS],
            numbers: [[0; 3]; SOCKETS],
            errors: [ErrorEntry::EMPTY; ERRORS],
            rx: [[0; RX]; SOCKETS],
            tx: [[0; TX]; SOCKETS],
        }
    }
}

/// UDP: a table of sockets, and a [`tersus_ip::Transport`]. See the crate's documentation.
#[derive(Debug)]
pub struct Udp<'a> {
    pub(crate) slots: &'a mut [Slot],
    pub(crate) table: Table<'a>,
    /// Sockets with something to send that may leave.
    pub(crate) ready: Fifo<'a>,
    /// Sockets with something to send that waits.
    pub(crate) waiting: Fifo<'a>,
    /// The interfaces whose room some of `waiting` wait for.
    pub(crate) full: InterfaceSet,
    /// The IP layer's generation when `waiting` was last looked through.
    pub(crate) generation: u32,
    pub(crate) errors: Errors<'a>,
    pub(crate) rx: Regions<'a>,
    pub(crate) tx: Regions<'a>,
    pub(crate) random: Random,
    /// First and last.
    pub(crate) ephemeral: (u16, u16),
    pub(crate) statistics: Statistics,
}

impl<'a> Udp<'a> {
    /// An engine without sockets. `seed` makes ephemeral ports unpredictable: no outsider may know it, and no
    /// two engines may have the same.
    pub fn new<const SOCKETS: usize, const RX: usize, const TX: usize, const ERRORS: usize>(
        storage: &'a mut Storage<SOCKETS, RX, TX, ERRORS>,
        seed: [u8; 32],
    ) -> Self {
        Self::from_slices(
            &mut storage.slots,
            storage.numbers.as_flattened_mut(),
            &mut storage.errors,
            storage.rx.as_flattened_mut(),
            storage.tx.as_flattened_mut(),
            seed,
        )
    }

    /// An engine over memory whose size is known at run time only. There are as many sockets as `slots`, a third
    /// of `numbers`, and 65,535 allow; `rx` and `tx` are divided equally among them.
    pub fn from_slices(
        slots: &'a mut [Slot],
        numbers: &'a mut [u16],
        errors: &'a mut [ErrorEntry],
        rx: &'a mut [u8],
        tx: &'a mut [u8],
        seed: [u8; 32],
    ) -> Self {
        let sockets = slots.len().min(numbers.len() / 3).min(usize::from(u16::MAX));
        let slots = slots.get_mut(..sockets).unwrap_or_default();
        slots.fill(Slot::EMPTY);
        let (table, numbers) = numbers.split_at_mut_checked(sockets).unwrap_or_default();
        let (ready, waiting) = numbers.split_at_mut_checked(sockets).unwrap_or_default();
        Self {
            slots,
            table: Table::new(table),
            ready: Fifo::new(ready),
            waiting: Fifo::new(waiting.get_mut(..sockets).unwrap_or_default()),
            full: InterfaceSet::NONE,
            generation: 0,
            errors: Errors::new(errors),
            rx: Regions::new(rx, sockets),
            tx: Regions::new(tx, sockets),
            random: Random::new(seed),
            ephemeral: (49_152, 65_535),
            statistics: Statistics::ZERO,
        }
    }

    /// What happened so far.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// How many sockets are open.
    #[must_use]
    pub fn socket_count(&self) -> usize {
        self.table.len()
    }

    /// The slot of an open socket.
    pub(crate) fn slot(&self, socket: Handle) -> Result<&Slot, StaleHandle> {
        let slot = self.slots.get(usize::from(socket.index)).ok_or(StaleHandle)?;
        if slot.is_open(socket) {
            Ok(slot)
        } else {
            Err(StaleHandle)
        }
    }

    /// The slot of an open socket, to alter.
    #[inline]
    pub(crate) fn slot_mut(&mut self, socket: Handle) -> Result<&mut Slot, StaleHandle> {
        let slot = self.slots.get_mut(usize::from(socket.index)).ok_or(StaleHandle)?;
        if slot.is_open(socket) {
            Ok(slot)
        } else {
            Err(StaleHandle)
        }
    }

    /// Puts a socket into the list of those with something to send.
    pub(crate) fn make_ready(&mut self, index: u16) {
        let Some(slot) = self.slots.get_mut(usize::from(index)) else { return };
        if !slot.flags.contains(Flags::READY) {
            slot.flags.insert(Flags::READY);
            self.ready.push(index);
        }
    }

    /// Keeps an error for its socket to read.
    pub(crate) fn keep_error(
        &mut self,
        index: u16,
        cause: Cause,
        remote: SocketAddr,
        reporter: Option<IpAddr>,
    ) {
        let Some(slot) = self.slots.get(usize::from(index)) else { return };
        let error = SocketError { cause, remote, reporter };
        keep_error(&mut self.errors, &mut self.statistics, index, slot, &error);
    }
}

/// Keeps an error for the socket in this slot to read.
#[cold]
pub(crate) fn keep_error(
    errors: &mut Errors<'_>,
    statistics: &mut Statistics,
    index: u16,
    slot: &Slot,
    error: &SocketError,
) {
    let socket = Handle { index, generation: slot.generation };
    if slot.flags.contains(Flags::CLOSING) || !errors.push(socket, error) {
        crate::statistics::count(&mut statistics.errors_lost);
    }
}
