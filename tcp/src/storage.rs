//! The memory of an engine: owned by the caller, all zeros while empty.

use crate::listener::Listener;
use crate::ranges::Range;
use crate::records::Record;
use crate::syn_table::SynEntry;
use crate::tcb::Slot;
use crate::time_wait::TimeWait;
use core::fmt;
use tersus_ip::Deadline;

/// Memory of a TCP engine of fixed size: plain data, `const`, all zeros (it lies in `.bss`).
///
/// | parameter | what | octets each |
/// |---|---|---|
/// | `CONNS` | connections | about 402 |
/// | `RX`, `TX` | receive and send buffer of each connection, in octets | 1 |
/// | `SYNS` | half-open connections of listeners, all together | 90 |
/// | `WAITS` | connections in TIME-WAIT | 72 |
/// | `LISTENERS` | listeners | about 64 |
/// | `RECORDS` | send records beyond the one that each connection has: four to eight a busy connection, and two for each gap in a window that is to be repaired at once | 28 |
/// | `RANGES` | ranges of data ahead of a gap; 0: such data are dropped | 12 |
/// | `WORDS` | words of congestion control state a connection, see [`congestion::Congestion::words`](crate::congestion::Congestion::words): the default is enough for all algorithms but [`congestion::Bbr`](crate::congestion::Bbr); with too few there are fewer connections, or none | 4 |
///
/// Eight connections with 4 KiB each way take 71 KB, of which the buffers are 65,536 octets:
/// ```
/// type Memory = tersus_tcp::Storage<8, 4096, 4096>;
/// const EMPTY: Memory = Memory::new(); // all zeros; `tersus_ip::Storage` shows how it becomes a `static`
/// # assert_eq!(core::mem::size_of::<Memory>() / 1000, 71);
/// ```
pub struct Storage<
    const CONNS: usize,
    const RX: usize,
    const TX: usize,
    const SYNS: usize = 8,
    const WAITS: usize = 8,
    const LISTENERS: usize = 4,
    const RECORDS: usize = 32,
    const RANGES: usize = 32,
    const WORDS: usize = 9,
> {
    slots: [Slot; CONNS],
    rx: [[u8; RX]; CONNS],
    tx: [[u8; TX]; CONNS],
    words: [[u32; WORDS]; CONNS],
    cells: [[u32; 2]; CONNS],
    deadlines: [Deadline; CONNS],
    links: [[u16; CONNECTION_LINKS]; CONNS],
    syns: [SynEntry; SYNS],
    syn_cells: [[u32; 2]; SYNS],
    syn_deadlines: [Deadline; SYNS],
    syn_links: [[u16; SYN_LINKS]; SYNS],
    waits: [TimeWait; WAITS],
    wait_cells: [[u32; 2]; WAITS],
    listeners: [Listener; LISTENERS],
    records: [Record; RECORDS],
    ranges: [Range; RANGES],
}

/// The sizes of the most important parts.
impl<
        const CONNS: usize,
        const RX: usize,
        const TX: usize,
        const SYNS: usize,
        const WAITS: usize,
        const LISTENERS: usize,
        const RECORDS: usize,
        const RANGES: usize,
        const WORDS: usize,
    > fmt::Debug for Storage<CONNS, RX, TX, SYNS, WAITS, LISTENERS, RECORDS, RANGES, WORDS>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage")
            .field("slots", &CONNS)
            .field("rx", &RX)
            .field("tx", &TX)
            .finish_non_exhaustive()
    }
}

/// Links a connection has: heap, its place there, ready, parked and event queues.
pub(crate) const CONNECTION_LINKS: usize = 5;
/// Links a half-open connection has: heap, its place there, and the queue for room.
pub(crate) const SYN_LINKS: usize = 3;

impl<
        const CONNS: usize,
        const RX: usize,
        const TX: usize,
        const SYNS: usize,
        const WAITS: usize,
        const LISTENERS: usize,
        const RECORDS: usize,
        const RANGES: usize,
        const WORDS: usize,
    > Storage<CONNS, RX, TX, SYNS, WAITS, LISTENERS, RECORDS, RANGES, WORDS>
{
    /// Empty memory.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            slots: [Slot::FREE; CONNS],
            rx: [[0; RX]; CONNS],
            tx: [[0; TX]; CONNS],
            words: [[0; WORDS]; CONNS],
            cells: [[0; 2]; CONNS],
            deadlines: [Deadline::NONE; CONNS],
            links: [[0; CONNECTION_LINKS]; CONNS],
            syns: [SynEntry::FREE; SYNS],
            syn_cells: [[0; 2]; SYNS],
            syn_deadlines: [Deadline::NONE; SYNS],
            syn_links: [[0; SYN_LINKS]; SYNS],
            waits: [TimeWait::FREE; WAITS],
            wait_cells: [[0; 2]; WAITS],
            listeners: [Listener::FREE; LISTENERS],
            records: [Record::NONE; RECORDS],
            ranges: [Range::NONE; RANGES],
        }
    }

    pub(crate) fn slices(&mut self) -> Slices<'_> {
        Slices {
            slots: &mut self.slots,
            rx: self.rx.as_flattened_mut(),
            tx: self.tx.as_flattened_mut(),
            words: self.words.as_flattened_mut(),
            cells: self.cells.as_flattened_mut(),
            deadlines: &mut self.deadlines,
            links: self.links.as_flattened_mut(),
            syns: &mut self.syns,
            syn_cells: self.syn_cells.as_flattened_mut(),
            syn_deadlines: &mut self.syn_deadlines,
            syn_links: self.syn_links.as_flattened_mut(),
            waits: &mut self.waits,
            wait_cells: self.wait_cells.as_flattened_mut(),
            listeners: &mut self.listeners,
            records: &mut self.records,
            ranges: &mut self.ranges,
        }
    }
}

impl<
        const CONNS: usize,
        const RX: usize,
        const TX: usize,
        const SYNS: usize,
        const WAITS: usize,
        const LISTENERS: usize,
        const RECORDS: usize,
        const RANGES: usize,
        const WORDS: usize,
    > Default for Storage<CONNS, RX, TX, SYNS, WAITS, LISTENERS, RECORDS, RANGES, WORDS>
{
    fn default() -> Self {
        Self::new()
    }
}

/// Memory of a TCP engine by slices, for sizes that are known at run time: a `Vec` each on a host, parts of an arena
/// elsewhere. Content does not matter. A side table that is too short limits how many of its owners can be used;
/// all of them may be empty.
#[derive(Default)]
pub struct Slices<'a> {
    /// One for each connection, 60,000 at most; [`Slot::FREE`].
    pub slots: &'a mut [Slot],
    /// Receive buffers, divided equally unless [`Tcp::divide`](crate::Tcp::divide) says otherwise.
    pub rx: &'a mut [u8],
    /// Send buffers, likewise.
    pub tx: &'a mut [u8],
    /// Congestion control: [`congestion::Congestion::words`](crate::congestion::Congestion::words) for each connection.
    pub words: &'a mut [u32],
    /// Look-up: two for each connection.
    pub cells: &'a mut [u32],
    /// Timers: one for each connection.
    pub deadlines: &'a mut [Deadline],
    /// Queues: five for each connection; four: no events.
    pub links: &'a mut [u16],
    /// One for each half-open connection; [`SynEntry::FREE`].
    pub syns: &'a mut [SynEntry],
    /// Look-up: two for each half-open connection.
    pub syn_cells: &'a mut [u32],
    /// Timers: one for each half-open connection.
    pub syn_deadlines: &'a mut [Deadline],
    /// Queues: three for each half-open connection.
    pub syn_links: &'a mut [u16],
    /// One for each connection in TIME-WAIT; [`TimeWait::FREE`].
    pub waits: &'a mut [TimeWait],
    /// Look-up: two for each connection in TIME-WAIT.
    pub wait_cells: &'a mut [u32],
    /// One for each listener; [`Listener::FREE`].
    pub listeners: &'a mut [Listener],
    /// Send records, shared; [`Record::NONE`].
    pub records: &'a mut [Record],
    /// Ranges of data ahead of a gap, shared; [`Range::NONE`].
    pub ranges: &'a mut [Range],
}

/// How long the most important ones are.
impl fmt::Debug for Slices<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut to = f.debug_struct("Slices");
        to.field("slots", &self.slots.len()).field("rx", &self.rx.len()).field("tx", &self.tx.len());
        to.finish_non_exhaustive()
    }
}

/// Cuts `n` elements off the front; fewer if there are not so many.
pub(crate) fn cut<'a, T>(from: &mut &'a mut [T], n: usize) -> &'a mut [T] {
    let all = core::mem::take(from);
    let n = n.min(all.len());
    let (front, rest) = all.split_at_mut_checked(n).unwrap_or_default();
    *from = rest;
    front
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::congestion::{Bbr, Congestion, Cubic, Reno, Unlimited};
    use crate::{Config, Tcp};

    #[test]
    fn words_are_enough_for_all_algorithms_but_bbr_unless_said_otherwise() {
        let connections = |congestion: &dyn Congestion| {
            let mut storage = Storage::<2, 1, 1>::new();
            Tcp::new(&mut storage, Config::new(), congestion, [1; 32]).slots.len()
        };
        for congestion in [&Unlimited as &dyn Congestion, &Reno::DEFAULT, &Cubic::DEFAULT, &Cubic::PACED] {
            assert_eq!(connections(congestion), 2);
        }
        // Eighteen words are not enough for one that needs 42.
        assert_eq!(connections(&Bbr::DEFAULT), 0);
    }
}
