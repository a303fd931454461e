//! Memory of engines, of sizes that a script chooses.

use super::Setup;
use tersus_ip::Deadline;
use tersus_tcp::small::SmallTcp;
use tersus_tcp::{Listener, Range, Record, Slices, Slot, SynEntry, Tcp, TimeWait};

/// Memory of an engine. It may serve one engine after the other: each finds it full of rubbish, where that is allowed.
#[derive(Default)]
pub(crate) struct Memory {
    slots: Vec<Slot>,
    rx: Vec<u8>,
    tx: Vec<u8>,
    words: Vec<u32>,
    cells: Vec<u32>,
    deadlines: Vec<Deadline>,
    links: Vec<u16>,
    syns: Vec<SynEntry>,
    syn_cells: Vec<u32>,
    syn_deadlines: Vec<Deadline>,
    syn_links: Vec<u16>,
    waits: Vec<TimeWait>,
    wait_cells: Vec<u32>,
    listeners: Vec<Listener>,
    records: Vec<Record>,
    ranges: Vec<Range>,
}

impl Memory {
    pub(crate) fn engine(&mut self, setup: &Setup, seed: u8) -> Tcp<'_> {
        let (n, m, w) = (setup.connections, setup.syns, setup.waits);
        let slices = Slices {
            slots: fresh(&mut self.slots, Slot::FREE, n),
            rx: fresh(&mut self.rx, 0xaa, setup.rx * n),
            tx: fresh(&mut self.tx, 0xaa, setup.tx * n),
            words: fresh(&mut self.words, 77, setup.congestion.words() * n),
            cells: fresh(&mut self.cells, 77, 2 * n),
            deadlines: fresh(&mut self.deadlines, Deadline::default(), n),
            links: fresh(&mut self.links, 77, 5 * n),
            syns: fresh(&mut self.syns, SynEntry::FREE, m),
            syn_cells: fresh(&mut self.syn_cells, 77, 2 * m),
            syn_deadlines: fresh(&mut self.syn_deadlines, Deadline::default(), m),
            syn_links: fresh(&mut self.syn_links, 77, 3 * m),
            waits: fresh(&mut self.waits, TimeWait::FREE, w),
            wait_cells: fresh(&mut self.wait_cells, 77, 2 * w),
            listeners: fresh(&mut self.listeners, Listener::FREE, setup.listeners),
            records: fresh(&mut self.records, Record::NONE, setup.records),
            ranges: fresh(&mut self.ranges, Range::NONE, setup.ranges),
        };
        let config = setup.config.clone();
        Tcp::from_slices_with_duties(slices, config, setup.duties, setup.congestion, [seed; 32])
    }
}

/// `n` of `value` in a vector, whatever was in it.
fn fresh<T: Clone>(memory: &mut Vec<T>, value: T, n: usize) -> &mut [T] {
    memory.clear();
    memory.resize(n, value);
    memory
}

/// An engine over leaked memory.
pub(crate) fn engine(setup: &Setup, seed: u8) -> Tcp<'static> {
    Box::leak(Box::<Memory>::default()).engine(setup, seed)
}

/// A small engine over leaked memory.
pub(super) fn small_engine(setup: &Setup, seed: u8) -> SmallTcp<'static> {
    let n = setup.connections;
    SmallTcp::from_slices(
        vec![tersus_tcp::small::Connection::FREE; n].leak(),
        vec![0xaa; setup.rx * n].leak(),
        vec![0xaa; setup.tx * n].leak(),
        vec![77; setup.listeners].leak(),
        [seed; 32],
    )
}
