//! Hosts on wires, in one virtual time, all from one seed.
//!
//! A host gets a turn when its stack's `poll_at` says so, and at no other time, but for turns thrown in to see that
//! they do nothing. So every test here is one of `poll_at` too.

use crate::host::{Host, Links};
use crate::memory::{draw, spread, HostMemory, WireMemory};
use crate::trace::{Recorder, Tap};
use core::cell::Cell;
use core::net::IpAddr;
use core::time::Duration;
use std::rc::Rc;
use tersus_iface::ip::{InterfaceId, Route};
use tersus_iface::phy::memory::{End, Wire};
use tersus_iface::phy::{
    earliest, Ethernet, Impairment, Instant, LinkLayer, Loopback, Medium, Random, RawIp, Tracer,
};
use tersus_iface::sixlowpan::{self, Sixlowpan};
use tersus_iface::tcp;
use tersus_iface::wire::{sixlowpan as lowpan, Cidr, HardwareAddress};

/// PAN of the hosts on IEEE 802.15.4.
const PAN: u16 = 0x7e25;

/// Turns of one host at one moment: more is a storm. A transfer without delay takes all of its turns at one moment.
const TURNS_AT_ONE_MOMENT: u32 = 200_000;

/// A wire between two hosts.
#[derive(Clone)]
pub(crate) struct WirePlan {
    pub(crate) medium: Medium,
    pub(crate) impairment: Impairment,
    /// Frames in flight in each direction.
    pub(crate) frames: usize,
    /// Indices of the hosts.
    pub(crate) hosts: [usize; 2],
}

impl WirePlan {
    pub(crate) fn new(medium: Medium, hosts: [usize; 2]) -> Self {
        Self { medium, impairment: Impairment::NONE, frames: 256, hosts }
    }
}

/// One host. Its links are numbered in the order of the wires, then comes the loopback.
#[derive(Clone)]
pub(crate) struct HostPlan {
    pub(crate) addresses: Vec<(u8, Cidr)>,
    pub(crate) gateways: Vec<(u8, IpAddr)>,
    pub(crate) connections: usize,
    /// Octets of each connection's buffers.
    pub(crate) buffer: usize,
    /// Send records of all connections together, and as many ranges.
    pub(crate) pool: Pool,
    pub(crate) tcp: tcp::Config,
    pub(crate) own_traffic: OwnTraffic,
}

/// Entries that connections share.
#[derive(Clone, Copy)]
pub(crate) enum Pool {
    /// So many for each connection.
    Each(usize),
    /// So many in all.
    All(usize),
}

impl Pool {
    pub(crate) fn entries(self, connections: usize) -> usize {
        match self {
            Self::Each(entries) => entries * connections,
            Self::All(entries) => entries,
        }
    }
}

/// Whether a host has a loopback link.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnTraffic {
    Unreachable,
    Loopback,
}

impl HostPlan {
    pub(crate) fn new(addresses: &[(u8, &str)]) -> Self {
        Self {
            addresses: addresses.iter().map(|(link, cidr)| (*link, cidr.parse().unwrap())).collect(),
            gateways: Vec::new(),
            connections: 2,
            buffer: 4096,
            pool: Pool::Each(4),
            tcp: tcp::Config::default(),
            own_traffic: OwnTraffic::Unreachable,
        }
    }
}

/// How stacks are put together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Composition {
    Lists,
    Tuples,
}

/// Whether frames are recorded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Record {
    Nothing,
    Frames,
}

/// A whole network.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) wires: Vec<WirePlan>,
    pub(crate) hosts: Vec<HostPlan>,
    /// Frames per turn, if not the default.
    pub(crate) budget: Option<usize>,
    pub(crate) composition: Composition,
    pub(crate) record: Record,
}

impl Plan {
    pub(crate) fn new(wires: Vec<WirePlan>, hosts: Vec<HostPlan>) -> Self {
        let (budget, composition, record) = (None, Composition::Lists, Record::Nothing);
        Self { wires, hosts, budget, composition, record }
    }

    /// Two hosts on one wire: `address(0)` and `address(1)`.
    pub(crate) fn pair(kind: Kind) -> Self {
        let host = |index| HostPlan { addresses: vec![(0, kind.cidr(index))], ..HostPlan::new(&[]) };
        Self::new(vec![WirePlan::new(kind.medium(), [0, 1])], vec![host(0), host(1)])
    }

    pub(crate) fn impaired(mut self, impairment: Impairment) -> Self {
        for wire in &mut self.wires {
            wire.impairment = impairment;
        }
        self
    }

    pub(crate) fn buffer(mut self, buffer: usize) -> Self {
        for host in &mut self.hosts {
            host.buffer = buffer;
        }
        self
    }

    /// Builds the network, gives each stack its first turn, and runs `body`.
    pub(crate) fn run<R>(&self, seed: u64, body: impl FnOnce(&mut Network<'_, '_>) -> R) -> R {
        let mut random = Random::new(spread(seed));
        let mut wire_memory: Vec<WireMemory> =
            self.wires.iter().map(|wire| WireMemory::new(wire.medium, wire.frames)).collect();
        let mut host_memory: Vec<HostMemory> = self.hosts.iter().map(HostMemory::new).collect();
        let wires: Vec<Wire<'_>> =
            wire_memory.iter_mut().map(|memory| memory.wire(draw(&mut random))).collect();
        for (wire, plan) in wires.iter().zip(&self.wires) {
            wire.impair_both(plan.impairment);
        }
        let pcap = std::env::var_os("TERSUS_PCAP");
        let recorder = (pcap.is_some() || self.record == Record::Frames).then(Recorder::new).map(Rc::new);
        let _file = SaveAtEnd(recorder.clone().zip(pcap));

        let mut hosts = Vec::new();
        for ((index, plan), memory) in self.hosts.iter().enumerate().zip(&mut host_memory) {
            hosts.push(self.host(index, plan, memory, &wires, recorder.as_deref(), &mut random));
        }
        let mut network =
            Network { hosts, wires: &wires, now: Instant::from_secs(1), random, turns: 0, recorder };
        // The first turn reads what the links are; nothing asked for it.
        let now = network.now;
        for host in &mut network.hosts {
            host.poll(now);
        }
        body(&mut network)
    }

    fn host<'w, 'm: 'w>(
        &self,
        index: usize,
        plan: &HostPlan,
        memory: &'m mut HostMemory,
        wires: &'w [Wire<'m>],
        recorder: Option<&Recorder>,
        random: &mut Random,
    ) -> Host<'w, 'm> {
        let frames = Rc::new(Cell::new(0));
        let (mut engines, link_memory) = memory.split(random);
        let mut lists: Vec<Box<dyn LinkLayer + 'w>> = Vec::new();
        let mut tuples = Vec::new();
        let tap = |medium, link: usize| Tap {
            frames: Rc::clone(&frames),
            capture: recorder
                .map(|recorder| recorder.interface(medium, &format!("host {index} link {link}"))),
        };
        let mut lowpan_memory = Some(link_memory.sixlowpan);
        let own_wires = wires.iter().zip(&self.wires).filter(|(_, plan)| plan.hosts.contains(&index));
        for (number, (wire, wire_plan)) in own_wires.enumerate() {
            let (left, right) = wire.ends();
            let end: End<'w, 'm> = if wire_plan.hosts[0] == index { left } else { right };
            let traced = Tracer::new(end, tap(wire_plan.medium, number));
            match (wire_plan.medium, self.composition) {
                (Medium::Ethernet, Composition::Lists) => {
                    lists.push(Box::new(Ethernet::<_, 8>::with_groups(traced, station(index, number))));
                }
                (Medium::Ethernet, Composition::Tuples) => {
                    tuples.push(Ethernet::with_groups(traced, station(index, number)));
                }
                (Medium::Ip, _) => lists.push(Box::new(RawIp::new(traced))),
                _ => {
                    let config = sixlowpan::Config::new(PAN, extended(index));
                    let memory = lowpan_memory.take().expect("one such link a host");
                    lists.push(Box::new(Sixlowpan::new(traced, config, memory).unwrap()));
                }
            }
        }
        if plan.own_traffic == OwnTraffic::Loopback {
            let (slots, octets) = link_memory.loopback.as_slices();
            let device = Tracer::new(Loopback::from_slices(slots, octets), tap(Medium::Ip, lists.len()));
            lists.push(Box::new(RawIp::loopback(device)));
        }
        for (link, cidr) in &plan.addresses {
            engines.ip.add_address(InterfaceId(*link), *cidr).unwrap();
        }
        for (link, gateway) in &plan.gateways {
            engines.ip.add_route(Route::default_by(*gateway, InterfaceId(*link))).unwrap();
        }
        let links = match self.composition {
            Composition::Lists => Links::Lists(lists),
            Composition::Tuples => Links::Tuples(tuples),
        };
        Host::new(format!("host {index}"), engines, links, self.budget, frames)
    }
}

/// Writes the capture to the file that `TERSUS_PCAP` names, also when the test fails.
struct SaveAtEnd(Option<(Rc<Recorder>, std::ffi::OsString)>);

impl Drop for SaveAtEnd {
    fn drop(&mut self) {
        if let Some((recorder, path)) = &self.0 {
            let _ = std::fs::write(path, recorder.octets());
        }
    }
}

/// Ethernet address of a host on one of its links.
pub(crate) fn station(host: usize, link: usize) -> [u8; 6] {
    [2, 0, 0, 0, u8::try_from(host + 1).unwrap(), u8::try_from(link).unwrap()]
}

/// EUI-64 of a host.
fn extended(host: usize) -> HardwareAddress {
    HardwareAddress::extended([2, 0, 0, 0xff, 0xfe, 0, 0, u8::try_from(host + 1).unwrap()])
}

/// A medium with a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    EthernetV4,
    EthernetV6,
    RawV4,
    RawV6,
    Ieee802154,
}

impl Kind {
    /// All but IEEE 802.15.4.
    pub(crate) const FAST: [Self; 4] = [Self::EthernetV4, Self::EthernetV6, Self::RawV4, Self::RawV6];

    /// Both families on a link that resolves addresses.
    pub(crate) const ETHERNET: [Self; 2] = [Self::EthernetV4, Self::EthernetV6];

    pub(crate) const ALL: [Self; 5] =
        [Self::EthernetV4, Self::EthernetV6, Self::RawV4, Self::RawV6, Self::Ieee802154];

    fn medium(self) -> Medium {
        match self {
            Self::EthernetV4 | Self::EthernetV6 => Medium::Ethernet,
            Self::RawV4 | Self::RawV6 => Medium::Ip,
            Self::Ieee802154 => Medium::Ieee802154,
        }
    }

    fn cidr(self, host: usize) -> Cidr {
        let last = host + 1;
        let text = match self {
            Self::EthernetV4 | Self::RawV4 => format!("10.0.0.{last}/24"),
            Self::EthernetV6 | Self::RawV6 => format!("fd00::{last}/64"),
            Self::Ieee802154 => format!("{}/64", lowpan::iphc::link_local(extended(host)).unwrap()),
        };
        text.parse().unwrap()
    }

    /// The address of a host in [`Plan::pair`].
    pub(crate) fn address(self, host: usize) -> IpAddr {
        self.cidr(host).address()
    }

    /// An address on the link that nobody has.
    pub(crate) fn nobody(self) -> IpAddr {
        let text = if matches!(self, Self::EthernetV4 | Self::RawV4) { "10.0.0.99" } else { "fd00::99" };
        text.parse().unwrap()
    }
}

pub(crate) struct Network<'w, 'm> {
    pub(crate) hosts: Vec<Host<'w, 'm>>,
    pub(crate) wires: &'w [Wire<'m>],
    pub(crate) now: Instant,
    pub(crate) random: Random,
    /// Rounds of turns at this moment.
    turns: u32,
    recorder: Option<Rc<Recorder>>,
}

impl Network<'_, '_> {
    /// When the next host wants a turn.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.hosts.iter().fold(None, |soonest, host| earliest(soonest, host.poll_at()))
    }

    /// Lets time pass until a host wants a turn, but not beyond `until`, and gives a turn to all that want one.
    /// `false`: the time is `until`, and nobody wants one.
    pub(crate) fn step(&mut self, until: Instant) -> bool {
        let next = self.next_at().unwrap_or(until).max(self.now).min(until);
        if next > self.now {
            self.throw_in_early_turns(next);
            self.now = next;
            self.turns = 0;
        }
        self.turns += 1;
        assert!(self.turns < TURNS_AT_ONE_MOMENT, "{}: time does not pass any more", self.now);
        let now = self.now;
        let mut any = false;
        for host in &mut self.hosts {
            if host.poll_at().is_some_and(|at| at <= now) {
                host.poll_due(now);
                any = true;
            }
        }
        any
    }

    /// Runs for a time.
    pub(crate) fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        self.run_until(end, |_| false);
        assert_eq!(self.now, end);
    }

    /// Runs until something is the case; `false`: it never was, until `end`.
    pub(crate) fn run_until(&mut self, end: Instant, mut is_it: impl FnMut(&mut Self) -> bool) -> bool {
        while !is_it(self) {
            if !self.step(end) && self.now >= end {
                return false;
            }
        }
        true
    }

    /// A turn for each host, as an interrupt of its device would cause.
    pub(crate) fn interrupt(&mut self) {
        for host in &mut self.hosts {
            host.poll(self.now);
        }
    }

    fn throw_in_early_turns(&mut self, next: Instant) {
        let span = u32::try_from(next.since(self.now).as_micros()).unwrap_or(u32::MAX);
        for host in &mut self.hosts {
            let early = match self.random.below(8) {
                0 => self.now,
                1 => self.now + Duration::from_micros(u64::from(span - 1)),
                2 => self.now + Duration::from_micros(u64::from(self.random.below(span))),
                _ => continue,
            };
            host.poll_early(early);
        }
    }

    /// What was recorded so far, as a pcapng file.
    pub(crate) fn capture(&self) -> Vec<u8> {
        self.recorder.as_ref().map(|recorder| recorder.octets()).unwrap_or_default()
    }
}
