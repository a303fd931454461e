//! Memory of the hosts and wires of one network, of sizes that its plan chose.

use crate::network::HostPlan;
use tersus_iface::icmp::{self, Icmp};
use tersus_iface::ip::{self, Deadline, Ip, Random};
use tersus_iface::phy::memory::Wire;
use tersus_iface::phy::{FrameSlot, FrameStorage, Medium};
use tersus_iface::sixlowpan;
use tersus_iface::tcp::congestion::{Congestion, Reno};
use tersus_iface::tcp::{Config, Listener, Range, Record, Slices, Slot, SynEntry, Tcp, TimeWait};
use tersus_iface::udp::{self, Udp};

/// A seed from a number.
pub(crate) fn spread(number: u64) -> [u8; 32] {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    seed
}

/// A fresh seed from a generator.
pub(crate) fn draw(random: &mut Random) -> [u8; 32] {
    let mut seed = [0; 32];
    for part in seed.chunks_exact_mut(8) {
        part.copy_from_slice(&random.next_u64().to_le_bytes());
    }
    seed
}

/// Memory of the IP layer: three links, 112 addresses, four routes, 128 neighbours, groups for all of the addresses,
/// and four datagrams of any size in fragments each way, two of them from one source.
type IpStorage = ip::Storage<3, 112, 4, 128, 112, 4, 65535, 8>;

/// Packets that wait in a loopback, and their longest.
type LoopbackStorage = FrameStorage<16, 16_384>;

/// Memory of one host.
pub(crate) struct HostMemory {
    ip: Box<IpStorage>,
    tcp: TcpMemory,
    udp: UdpMemory,
    icmp: IcmpMemory,
    loopback: Box<LoopbackStorage>,
    sixlowpan: Box<sixlowpan::Storage<8, 16>>,
}

/// The engines of one host.
pub(crate) struct Engines<'m> {
    pub(crate) ip: Ip<'m>,
    pub(crate) tcp: Tcp<'m>,
    pub(crate) udp: Udp<'m>,
    pub(crate) icmp: Icmp<'m>,
}

/// Memory of links that need some.
pub(crate) struct LinkMemory<'m> {
    pub(crate) loopback: &'m mut LoopbackStorage,
    pub(crate) sixlowpan: &'m mut sixlowpan::Storage<8, 16>,
}

impl HostMemory {
    pub(crate) fn new(plan: &HostPlan) -> Self {
        Self {
            ip: Box::new(IpStorage::new()),
            tcp: TcpMemory::new(plan),
            udp: UdpMemory::new(4, 140_000),
            icmp: IcmpMemory::new(2, 16_384),
            loopback: Box::new(LoopbackStorage::new()),
            sixlowpan: Box::new(sixlowpan::Storage::new()),
        }
    }

    pub(crate) fn split(&mut self, random: &mut Random) -> (Engines<'_>, LinkMemory<'_>) {
        let engines = Engines {
            ip: Ip::new(&mut self.ip, draw(random), ip::Config::default()),
            tcp: self.tcp.engine(draw(random)),
            udp: self.udp.engine(draw(random)),
            icmp: self.icmp.engine(draw(random)),
        };
        (engines, LinkMemory { loopback: &mut self.loopback, sixlowpan: &mut self.sixlowpan })
    }
}

struct TcpMemory {
    config: Config,
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

impl TcpMemory {
    fn new(plan: &HostPlan) -> Self {
        let (connections, buffer) = (plan.connections, plan.buffer);
        let entries = plan.pool.entries(connections);
        Self {
            config: plan.tcp.clone(),
            slots: vec![Slot::FREE; connections],
            rx: vec![0; connections * buffer],
            tx: vec![0; connections * buffer],
            words: vec![0; connections * Reno::DEFAULT.words()],
            cells: vec![0; connections * 2],
            deadlines: vec![Deadline::NONE; connections],
            links: vec![0; connections * 5],
            syns: vec![SynEntry::FREE; 8],
            syn_cells: vec![0; 16],
            syn_deadlines: vec![Deadline::NONE; 8],
            syn_links: vec![0; 24],
            waits: vec![TimeWait::FREE; 8],
            wait_cells: vec![0; 16],
            listeners: vec![Listener::FREE; 4],
            records: vec![Record::NONE; entries],
            ranges: vec![Range::NONE; entries],
        }
    }

    fn engine(&mut self, seed: [u8; 32]) -> Tcp<'_> {
        static RENO: Reno = Reno::DEFAULT;
        let slices = Slices {
            slots: &mut self.slots,
            rx: &mut self.rx,
            tx: &mut self.tx,
            words: &mut self.words,
            cells: &mut self.cells,
            deadlines: &mut self.deadlines,
            links: &mut self.links,
            syns: &mut self.syns,
            syn_cells: &mut self.syn_cells,
            syn_deadlines: &mut self.syn_deadlines,
            syn_links: &mut self.syn_links,
            waits: &mut self.waits,
            wait_cells: &mut self.wait_cells,
            listeners: &mut self.listeners,
            records: &mut self.records,
            ranges: &mut self.ranges,
        };
        Tcp::from_slices(slices, self.config.clone(), &RENO, seed)
    }
}

struct UdpMemory {
    slots: Vec<udp::Slot>,
    numbers: Vec<u16>,
    errors: Vec<udp::ErrorEntry>,
    rx: Vec<u8>,
    tx: Vec<u8>,
}

impl UdpMemory {
    fn new(sockets: usize, buffer: usize) -> Self {
        Self {
            slots: vec![udp::Slot::EMPTY; sockets],
            numbers: vec![0; sockets * 3],
            errors: vec![udp::ErrorEntry::EMPTY; sockets * 4],
            rx: vec![0; sockets * buffer],
            tx: vec![0; sockets * buffer],
        }
    }

    fn engine(&mut self, seed: [u8; 32]) -> Udp<'_> {
        Udp::from_slices(
            &mut self.slots,
            &mut self.numbers,
            &mut self.errors,
            &mut self.rx,
            &mut self.tx,
            seed,
        )
    }
}

struct IcmpMemory {
    slots: Vec<icmp::Slot>,
    numbers: Vec<u16>,
    rx: Vec<u8>,
    tx: Vec<u8>,
}

impl IcmpMemory {
    fn new(sockets: usize, buffer: usize) -> Self {
        Self {
            slots: vec![icmp::Slot::EMPTY; sockets],
            numbers: vec![0; sockets],
            rx: vec![0; sockets * buffer],
            tx: vec![0; buffer],
        }
    }

    fn engine(&mut self, seed: [u8; 32]) -> Icmp<'_> {
        Icmp::from_slices(&mut self.slots, &mut self.numbers, &mut self.rx, &mut self.tx, seed)
    }
}

/// Memory of one wire.
pub(crate) struct WireMemory {
    medium: Medium,
    slots: [Vec<FrameSlot>; 2],
    octets: [Vec<u8>; 2],
}

impl WireMemory {
    /// Room for `frames` in each direction, as long as the medium has them.
    pub(crate) fn new(medium: Medium, frames: usize) -> Self {
        let len = match medium {
            Medium::Ethernet => 1514,
            Medium::Ip => 1500,
            _ => 125,
        };
        let slots = || vec![FrameSlot::EMPTY; frames];
        let octets = || vec![0; frames * len];
        Self { medium, slots: [slots(), slots()], octets: [octets(), octets()] }
    }

    pub(crate) fn wire(&mut self, seed: [u8; 32]) -> Wire<'_> {
        let [left_slots, right_slots] = &mut self.slots;
        let [left_octets, right_octets] = &mut self.octets;
        Wire::from_slices([left_slots, right_slots], [left_octets, right_octets], self.medium, seed)
    }
}
