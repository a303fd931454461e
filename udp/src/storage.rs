//! The memory of the engine, and the engine itself.

use crate::error::{ErrorEntry, Errors};
use crate::fifo::Fifo;
use crate::slot::{Flags, Slot};
use crate::statistics::count;
use crate::{Cause, Handle, SocketError, StaleHandle, Statistics};
use core::net::SocketAddr;
use tersus_ip::queue::{Record, Regions};
use tersus_ip::sorted::Sorted;
use tersus_ip::{IcmpError, InterfaceSet, Quoted, Random};

/// Memory for `SOCKETS` sockets, each with a queue of `RX` octets to receive and one of `TX` octets to send.
///
/// A queued datagram takes its octets and 16 (IPv4) or 40 (IPv6) more, rounded up to a multiple of four. `ERRORS`
/// is how many errors can wait to be read, of all sockets together; with none, nothing is linked for them. All zeros when empty, so that a `static` lies
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

/// No port, and a number that no socket has.
pub(crate) const NO_SOLE: (u16, u16) = (0, u16::MAX);

/// UDP: a table of sockets, and a [`tersus_ip::Transport`]. See the crate's documentation.
#[derive(Debug)]
pub struct Udp<'a> {
    pub(crate) slots: &'a mut [Slot],
    /// The numbers of the open sockets by their ports.
    pub(crate) table: Sorted<'a>,
    /// A port and its only socket, that a datagram came for last. Forgotten when the table changes.
    pub(crate) sole: (u16, u16),
    /// Sockets with something to send that may leave.
    pub(crate) ready: Fifo<'a>,
    /// Sockets with something to send that waits.
    pub(crate) waiting: Fifo<'a>,
    /// The interfaces whose room some of `waiting` wait for.
    pub(crate) full: InterfaceSet,
    /// The IP layer's generation when `waiting` was last looked through.
    pub(crate) generation: u32,
    pub(crate) errors: Errors<'a>,
    pub(crate) duties: &'static Duties,
    /// [`Udp::free`], once a socket was closed: who closes none links nothing for it.
    pub(crate) free: Option<fn(&mut Udp<'_>, u16)>,
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
        Self::with_duties(
            &mut storage.slots,
            storage.numbers.as_flattened_mut(),
            &mut storage.errors,
            storage.rx.as_flattened_mut(),
            storage.tx.as_flattened_mut(),
            seed,
            const {
                if ERRORS == 0 {
                    &Duties::NONE
                } else {
                    &Duties::ALL
                }
            },
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
        Self::with_duties(slots, numbers, errors, rx, tx, seed, &Duties::ALL)
    }

    fn with_duties(
        slots: &'a mut [Slot],
        numbers: &'a mut [u16],
        errors: &'a mut [ErrorEntry],
        rx: &'a mut [u8],
        tx: &'a mut [u8],
        seed: [u8; 32],
        duties: &'static Duties,
    ) -> Self {
        let sockets = slots.len().min(numbers.len() / 3).min(usize::from(u16::MAX));
        let slots = slots.get_mut(..sockets).unwrap_or_default();
        slots.fill(Slot::EMPTY);
        let (table, numbers) = numbers.split_at_mut_checked(sockets).unwrap_or_default();
        let (ready, waiting) = numbers.split_at_mut_checked(sockets).unwrap_or_default();
        Self {
            slots,
            table: Sorted::new(table),
            sole: NO_SOLE,
            ready: Fifo::new(ready),
            waiting: Fifo::new(waiting.get_mut(..sockets).unwrap_or_default()),
            full: InterfaceSet::NONE,
            generation: 0,
            errors: Errors::new(errors),
            duties,
            free: None,
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
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    #[cfg_attr(not(target_pointer_width = "32"), inline)]
    pub(crate) fn make_ready(&mut self, index: u16) {
        let Some(slot) = self.slots.get_mut(usize::from(index)) else { return };
        if !slot.flags.contains(Flags::READY) {
            slot.flags.insert(Flags::READY);
            self.ready.push(index);
        }
    }
}

/// What is done about errors: functions, so that nothing is linked for what a storage has no room for.
#[derive(Debug)]
pub(crate) struct Duties {
    /// An ICMP error quotes UDP.
    pub(crate) icmp: fn(&mut Udp<'_>, &IcmpError<'_>) -> Quoted,
    /// A queued datagram of the socket in this slot cannot be delivered.
    pub(crate) undelivered: fn(&mut Errors<'_>, &mut Statistics, Handle, &Record<'_>, Cause),
}

impl Duties {
    /// They are kept for the sockets to read.
    const ALL: Self = Self {
        icmp: |udp, error| udp.on_icmp_error(error),
        undelivered: |errors, statistics, socket, record, cause| {
            let remote = SocketAddr::new(record.addresses().destination(), record.port());
            errors.keep(statistics, socket, &SocketError { cause, remote, reporter: None });
        },
    };
    /// They are counted.
    const NONE: Self = Self {
        icmp: |udp, _| {
            count(&mut udp.statistics.icmp_ignored);
            Quoted::Possible
        },
        undelivered: |_, statistics, _, _, _| count(&mut statistics.errors_lost),
    };
}
