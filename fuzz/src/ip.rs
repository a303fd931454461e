//! Target `ip`: frames, sends, configuration and time against the IP layer over three links: Ethernet, raw IP, loopback.

use crate::link::{Arriving, CheckedLink};
use crate::packet::{station, Arrival, EXPERIMENT};
use crate::steps;
use crate::transport::Address;
use arbitrary::{Arbitrary, Unstructured};
use core::net::IpAddr;
use core::time::Duration;
use tersus_ip::{
    earliest, Config, IcmpError, Instant, InterfaceId, InterfaceSet, Ip, IpLayer, IpMeta, OutFlags, Outgoing,
    Path, Progress, Quoted, Route, Routes, SendError, Source, Storage, Transport, Transports, Verdict,
};
use tersus_phy::{Cast, LinkEvents, LinkLayer, LinkProperties, LinkState, Medium};
use tersus_wire::{Cidr, HardwareAddress};

/// Turns at one moment within which there must be rest.
const TURNS_MAX: usize = 2_000;

#[derive(Arbitrary, Debug)]
enum Step {
    Arrive { interface: u8, station: u8, cast: u8, packet: Arrival },
    Send { from: Option<Address>, interface: Option<u8>, to: Address, len: u16, packet: Wishes },
    AddAddress { interface: u8, address: Address, prefix_len: u8 },
    RemoveAddress { interface: u8, address: Address },
    AddRoute(Routing),
    RemoveRoute(Routing),
    AddNeighbour { interface: u8, address: Address, station: u8 },
    RemoveNeighbour { interface: u8, address: Address },
    Join { interface: u8, group: Address },
    Leave { interface: u8, group: Address },
    HopLimit { interface: u8, hop_limit: u8 },
    Mtu { interface: u8, mtu: u16 },
    Link { interface: u8, mtu: u16, up: bool, station: u8 },
    Room { interface: u8, frames: u8 },
    Turn,
    Wait { millis: u16 },
    WaitLong { seconds: u32 },
    WaitForIt,
    Back { millis: u16 },
}

#[derive(Arbitrary, Debug)]
struct Wishes {
    hop_limit: u8,
    traffic_class: u8,
    flags: u8,
    advice: Option<bool>,
}

#[derive(Arbitrary, Debug)]
struct Routing {
    prefix: Address,
    prefix_len: u8,
    gateway: Option<Address>,
    interface: u8,
    metric: u8,
}

impl Routing {
    fn get(&self) -> Option<Route> {
        Some(Route {
            prefix: Cidr::new(self.prefix.get(), self.prefix_len).ok()?,
            gateway: self.gateway.map(Address::get),
            interface: InterfaceId(self.interface % 4),
            metric: self.metric.into(),
        })
    }
}

/// A packet to send.
pub(crate) struct Job {
    pub(crate) path: Path,
    pub(crate) packet: Outgoing,
    pub(crate) len: usize,
    pub(crate) advice: Option<tersus_ip::Advice>,
    pub(crate) parked_at: Option<u32>,
}

/// A transport that takes the experiment's packets and answers as their first octet says.
#[derive(Default)]
pub(crate) struct Taker {
    pub(crate) jobs: Vec<Job>,
}

impl Transport for Taker {
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        assert_eq!(packet.addresses.source().is_ipv4(), packet.addresses.destination().is_ipv4());
        if packet.protocol != EXPERIMENT {
            return Verdict::NotMine;
        }
        match segment.first() {
            Some(0) => Verdict::NotMine,
            Some(1) => Verdict::Reject(tersus_ip::Reject::PortUnreachable),
            Some(2) => Verdict::Reject(tersus_ip::Reject::Prohibited),
            Some(3) => {
                segment.fill(9);
                Verdict::Reply(u16::try_from(segment.len()).expect("at most 65,535"))
            }
            _ => Verdict::Done,
        }
    }

    fn error(&mut self, _now: Instant, error: &IcmpError<'_>) -> Quoted {
        assert_eq!(error.local.is_ipv4(), error.remote.is_ipv4());
        match error.quoted.first() {
            Some(0..=63) => Quoted::Known,
            Some(64..=127) => Quoted::Possible,
            _ => Quoted::Unknown,
        }
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Progress {
        let mut blocked = InterfaceSet::NONE;
        let mut kept = Vec::new();
        for mut job in core::mem::take(&mut self.jobs) {
            if job.parked_at == Some(ip.generation()) {
                kept.push(job);
                continue;
            }
            if !ip.room().contains(job.path.interface()) || *budget == 0 {
                blocked.insert(job.path.interface());
                kept.push(job);
                continue;
            }
            let mut count = 0;
            let result = ip.send(&mut job.path, job.packet, job.len, &mut |buffer: &mut [u8]| {
                count += 1;
                assert_eq!(buffer.len(), job.len);
                buffer.fill(0x77);
            });
            assert_eq!(count, usize::from(result.is_ok()), "{result:?}");
            if let Some(advice) = job.advice {
                ip.advise(&job.path, advice);
            }
            match result {
                Ok(()) => *budget -= 1,
                Err(SendError::Full) => {
                    assert!(!ip.room().contains(job.path.interface()), "Full, but there is room");
                    blocked.insert(job.path.interface());
                    kept.push(job);
                }
                Err(SendError::Resolving) => {
                    job.parked_at = Some(ip.generation());
                    kept.push(job);
                }
                Err(SendError::TooBig(mtu)) => assert_eq!(mtu, job.path.mtu()),
                Err(SendError::Unreachable(_)) => {}
            }
        }
        self.jobs = kept;
        if blocked.is_empty() {
            Progress::Idle
        } else {
            Progress::Blocked(blocked)
        }
    }

    fn poll_at(&self) -> Option<Instant> {
        None
    }
}

/// Target `ip`.
///
/// # Panics
/// If a property is broken.
pub fn ip(data: &[u8]) {
    let Some((size, data)) = data.split_first() else { return };
    let mut config = Config::default();
    if size & 4 != 0 {
        // Times as short as the steps.
        config.neighbours.retrans_timer = Duration::from_millis(1);
        config.neighbours.base_reachable_time = Duration::from_millis(3);
        config.neighbours.delay_first_probe_time = Duration::from_millis(2);
        config.neighbours.failed_hold = Duration::ZERO;
        config.neighbours.in_use = Duration::ZERO;
    }
    match size % 4 {
        0 => run(data, Ip::new(&mut Storage::<0, 0, 0, 0, 0, 0, 0, 0>::new(), [7; 32], config)),
        1 => run(data, Ip::new(&mut Storage::<3, 2, 1, 1, 1, 1, 64, 1>::new(), [7; 32], config)),
        _ => run(data, Ip::new(&mut Storage::<3, 6, 4, 4, 6, 2, 2_000, 2>::new(), [7; 32], config)),
    }
}

struct World<'a> {
    ip: Ip<'a>,
    links: [CheckedLink; 3],
    taker: Taker,
    now: Instant,
}

fn run(data: &[u8], ip: Ip<'_>) {
    let mut loopback = LinkProperties::new(Medium::Ip, HardwareAddress::NONE, 2_000);
    loopback.is_loopback = true;
    let links = [
        CheckedLink::new(LinkProperties::new(Medium::Ethernet, station(1), 600)),
        CheckedLink::new(LinkProperties::new(Medium::Ip, HardwareAddress::NONE, 1_280)),
        CheckedLink::new(loopback),
    ];
    let mut world = World { ip, links, taker: Taker::default(), now: Instant::from_secs(1) };
    for (interface, address, prefix_len) in
        [(0, Address::Own4, 24), (0, Address::Local6, 64), (1, Address::Own6, 64)]
    {
        let cidr = Cidr::new(address.get(), prefix_len).expect("a length of the family");
        let _ = world.ip.add_address(InterfaceId(interface), cidr);
    }
    let mut input = Unstructured::new(data);
    for _ in 0..100 {
        let Some(step) = steps::next::<Step>(&mut input) else { break };
        steps::trace(world.now, &step);
        world.step(&step);
    }
    // Whatever happened: with room again, and time, there is rest.
    for link in &mut world.links {
        link.room = 1_000_000;
    }
    world.turns();
}

impl World<'_> {
    fn step(&mut self, step: &Step) {
        let id = |interface: u8| InterfaceId(interface % 4);
        match step {
            Step::Arrive { interface, station: from, cast, packet } => {
                self.arrive(*interface, *from, *cast, packet);
            }
            Step::Send { from, interface, to, len, packet } => {
                self.send(from.map(Address::get), interface.map(id), to.get(), *len, packet);
            }
            Step::AddAddress { interface, address, prefix_len } => {
                if let Ok(cidr) = Cidr::new(address.get(), *prefix_len) {
                    if self.ip.add_address(id(*interface), cidr).is_ok() {
                        assert!(self.ip.addresses().any(|own| own == (id(*interface), cidr)));
                    }
                }
            }
            Step::RemoveAddress { interface, address } => {
                let (interface, address) = (id(*interface), address.get());
                self.ip.remove_address(interface, address);
                assert!(!self.ip.addresses().any(|own| own.0 == interface && own.1.address() == address));
            }
            Step::AddRoute(route) => {
                if let Some(route) = route.get() {
                    let _ = self.ip.add_route(route);
                }
            }
            Step::RemoveRoute(route) => {
                if let Some(route) = route.get() {
                    self.ip.remove_route(&route);
                }
            }
            Step::AddNeighbour { interface, address, station: number } => {
                let _ = self.ip.add_neighbour(id(*interface), address.get(), station(*number));
            }
            Step::RemoveNeighbour { interface, address } => {
                self.ip.remove_neighbour(id(*interface), address.get());
            }
            Step::Join { interface, group } => {
                let _ = self.ip.join(id(*interface), group.get());
            }
            Step::Leave { interface, group } => {
                self.ip.leave(id(*interface), group.get());
            }
            Step::HopLimit { interface, hop_limit } => {
                let _ = self.ip.set_hop_limit(id(*interface), *hop_limit);
            }
            Step::Mtu { interface, mtu } => {
                let _ = self.ip.set_mtu(id(*interface), *mtu);
            }
            Step::Link { interface, mtu, up, station: number } => {
                let link = &mut self.links[usize::from(interface % 3)];
                link.properties.mtu = *mtu;
                link.properties.link_state = if *up { LinkState::Up } else { LinkState::Down };
                if link.properties.medium == Medium::Ethernet {
                    link.properties.hardware_address = station(*number);
                }
                link.events |= LinkEvents::CHANGED;
            }
            Step::Room { interface, frames } => {
                self.links[usize::from(interface % 3)].room = (*frames).into();
            }
            Step::Turn => self.turns(),
            Step::Wait { millis } => self.wait(Duration::from_millis((*millis).into())),
            Step::WaitLong { seconds } => self.wait(Duration::from_secs((*seconds).into())),
            Step::WaitForIt => {
                if let Some(at) = self.poll_at() {
                    self.now = self.now.max(at);
                    self.turns();
                }
            }
            Step::Back { millis } => {
                let back = u64::from(*millis) * 1_000;
                self.now = Instant::from_micros(self.now.micros().saturating_sub(back));
            }
        }
    }

    fn wait(&mut self, span: Duration) {
        self.now += span;
        self.turns();
    }

    fn arrive(&mut self, interface: u8, from: u8, cast: u8, packet: &Arrival) {
        let link = &mut self.links[usize::from(interface % 3)];
        let (protocol, octets) = packet.build();
        let is_ethernet = link.properties.medium == Medium::Ethernet;
        let cast = match cast % 4 {
            1 => Cast::Multicast,
            2 => Cast::Broadcast,
            _ => Cast::Unicast,
        };
        link.arriving.push_back(Arriving {
            from: if is_ethernet { station(from) } else { HardwareAddress::NONE },
            cast: if is_ethernet { cast } else { Cast::Unicast },
            protocol,
            octets,
        });
    }

    fn send(
        &mut self,
        address: Option<IpAddr>,
        interface: Option<InterfaceId>,
        to: IpAddr,
        len: u16,
        wishes: &Wishes,
    ) {
        let Ok(path) = self.ip.route(Source { address, interface }, to) else { return };
        assert_eq!(path.destination(), to);
        if self.taker.jobs.len() >= 8 {
            return;
        }
        self.taker.jobs.push(Job {
            path,
            packet: Outgoing {
                protocol: EXPERIMENT,
                hop_limit: wishes.hop_limit,
                traffic_class: wishes.traffic_class,
                flags: OutFlags::from_bits_truncate(wishes.flags),
            },
            len: (len % 3_000).into(),
            advice: wishes.advice.map(|good| {
                if good {
                    tersus_ip::Advice::Reachable
                } else {
                    tersus_ip::Advice::Suspect
                }
            }),
            parked_at: None,
        });
    }

    /// One turn; how many frames moved in it.
    fn turn(&mut self) -> usize {
        let now = self.now;
        let before: usize = self.links.iter().map(|link| link.sent).sum();
        let mut links: Vec<&mut CheckedLink> = self.links.iter_mut().collect();
        self.ip.service(now, &mut links);
        let mut transports = (&mut self.taker,);
        let mut taken = 0;
        for (index, link) in links.iter_mut().enumerate() {
            let id = InterfaceId(u8::try_from(index).expect("three links"));
            taken += self.ip.receive(now, id, &mut **link, 8, &mut transports);
        }
        let mut budget = 8;
        transports.transmit(&mut self.ip.out(now, &mut links), &mut budget, 0);
        self.ip.maintain(now, &mut links);
        while self.ip.next_event().is_some() {}
        taken + self.links.iter().map(|link| link.sent).sum::<usize>() - before
    }

    fn poll_at(&self) -> Option<Instant> {
        // Links beyond the table of interfaces are not served.
        let served =
            self.links.iter().zip(0..).filter(|(_, id)| self.ip.interface(InterfaceId(*id)).is_some());
        let links = served.fold(None, |soonest, (link, _)| earliest(soonest, link.poll_at()));
        earliest(self.ip.poll_at(), links)
    }

    /// Turns at this moment until there is rest, which must come; then one turn more, which must do nothing.
    fn turns(&mut self) {
        self.turn();
        let mut count = 0;
        while self.poll_at().is_some_and(|at| at <= self.now) {
            self.turn();
            count += 1;
            assert!(count < TURNS_MAX, "poll_at says now for ever: {:?} at {}", self.poll_at(), self.now);
        }
        let poll_at = self.poll_at();
        let jobs = self.taker.jobs.len();
        let moved = self.turn();
        if self.taker.jobs.len() == jobs {
            assert_eq!(moved, 0, "poll_at said {poll_at:?} at {}, but there was something to do", self.now);
            assert_eq!(self.poll_at(), poll_at, "a turn that did nothing moved poll_at");
        }
    }
}
