//! Target `small_ip`: frames, sends, configuration and time against the IP layer of a host with one link, an Ethernet or
//! one of raw IP.

use crate::ip::{Job, Taker};
use crate::link::{Arriving, CheckedLink};
use crate::packet::{station, Arrival, EXPERIMENT};
use crate::steps;
use crate::transport::Address;
use arbitrary::{Arbitrary, Unstructured};
use core::net::IpAddr;
use core::time::Duration;
use tersus_ip::small::{SmallIp, Storage};
use tersus_ip::{Advice, Instant, InterfaceId, OutFlags, Outgoing, Progress, Routes, Source};
use tersus_phy::{Cast, LinkEvents, LinkProperties, LinkState, Medium};
use tersus_wire::{Cidr, HardwareAddress};

/// Turns at one moment within which there must be rest.
const TURNS_MAX: usize = 2_000;

#[derive(Arbitrary, Debug)]
enum Step {
    Arrive { station: u8, cast: u8, packet: Box<Arrival> },
    Send { from: Option<Address>, interface: Option<u8>, to: Address, len: u16, packet: Wishes },
    AddAddress { address: Address, prefix_len: u8 },
    RemoveAddress { address: Address },
    AddRoute { prefix: Address, prefix_len: u8, gateway: Option<Address> },
    RemoveRoute { prefix: Address, prefix_len: u8 },
    Mtu { mtu: u16 },
    Link { mtu: u16, up: bool, station: u8 },
    Room { frames: u8 },
    Turn { budget: u8 },
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

/// Target `small_ip`.
///
/// # Panics
/// If a property is broken.
pub fn small_ip(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    let properties = if kind & 4 == 0 {
        LinkProperties::new(Medium::Ethernet, station(1), 1_280)
    } else {
        LinkProperties::new(Medium::Ip, HardwareAddress::NONE, 1_500)
    };
    match kind % 4 {
        0 => run(data, SmallIp::new(&mut Storage::<0, 0, 0>::new()), properties),
        1 => run(data, SmallIp::new(&mut Storage::<2, 1, 1>::new()), properties),
        _ => run(data, SmallIp::new(&mut Storage::<4, 2, 3>::new()), properties),
    }
}

struct World<'a> {
    ip: SmallIp<'a>,
    link: CheckedLink,
    taker: Taker,
    now: Instant,
}

fn run(data: &[u8], ip: SmallIp<'_>, properties: LinkProperties) {
    let now = Instant::from_secs(1);
    let mut link = CheckedLink::new(properties);
    link.never_left = true;
    let mut world = World { ip, link, taker: Taker::default(), now };
    for (address, prefix_len) in [(Address::Own4, 24), (Address::Local6, 64), (Address::Own6, 64)] {
        let _ = world.ip.add_address(Cidr::new(address.get(), prefix_len).expect("a length of the family"));
    }
    let mut input = Unstructured::new(data);
    for _ in 0..100 {
        let Some(step) = steps::next::<Step>(&mut input) else { break };
        steps::trace(world.now, &step);
        world.step(&step);
    }
    // Whatever happened: with room again, and time, there is rest.
    world.link.room = 1_000_000;
    world.turns();
}

fn cidr(address: Address, prefix_len: u8) -> Option<Cidr> {
    Cidr::new(address.get(), prefix_len).ok()
}

impl World<'_> {
    fn step(&mut self, step: &Step) {
        match step {
            Step::Arrive { station, cast, packet } => self.arrive(*station, *cast, packet),
            Step::Send { from, interface, to, len, packet } => {
                let interface = interface.map(|interface| InterfaceId(interface % 2));
                let from = Source { address: from.map(Address::get), interface };
                self.send(from, to.get(), *len, packet);
            }
            Step::AddAddress { address, prefix_len } => {
                if let Some(cidr) = cidr(*address, *prefix_len) {
                    if self.ip.add_address(cidr).is_ok() {
                        assert!(self.ip.addresses().any(|own| own == cidr));
                    }
                }
            }
            Step::RemoveAddress { address } => {
                let address = address.get();
                let had = self.ip.addresses().any(|own| own.address() == address);
                assert_eq!(self.ip.remove_address(address), had);
                assert!(!self.ip.addresses().any(|own| own.address() == address));
            }
            Step::AddRoute { prefix, prefix_len, gateway } => {
                if let Some(prefix) = cidr(*prefix, *prefix_len) {
                    let _ = self.ip.add_route(prefix, gateway.map(Address::get));
                }
            }
            Step::RemoveRoute { prefix, prefix_len } => {
                if let Some(prefix) = cidr(*prefix, *prefix_len) {
                    self.ip.remove_route(prefix);
                    assert!(!self.ip.remove_route(prefix), "it was removed");
                }
            }
            Step::Mtu { mtu } => _ = self.ip.set_mtu(*mtu),
            Step::Link { mtu, up, station: number } => {
                let link = &mut self.link;
                link.properties.mtu = *mtu;
                link.properties.link_state = if *up { LinkState::Up } else { LinkState::Down };
                if link.properties.medium == Medium::Ethernet {
                    link.properties.hardware_address = station(*number);
                }
                link.events |= LinkEvents::CHANGED;
            }
            Step::Room { frames } => self.link.room = (*frames).into(),
            Step::Turn { budget } => {
                self.turn((*budget).into());
                self.turns();
            }
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

    fn arrive(&mut self, from: u8, cast: u8, packet: &Arrival) {
        let (protocol, octets) = packet.build();
        let is_ethernet = self.link.properties.medium == Medium::Ethernet;
        let cast = match cast % 4 {
            1 => Cast::Multicast,
            2 => Cast::Broadcast,
            _ => Cast::Unicast,
        };
        self.link.arriving.push_back(Arriving {
            from: if is_ethernet { station(from) } else { HardwareAddress::NONE },
            cast: if is_ethernet { cast } else { Cast::Unicast },
            protocol,
            octets,
        });
    }

    fn send(&mut self, from: Source, to: IpAddr, len: u16, wishes: &Wishes) {
        let Ok(path) = self.ip.route(from, to) else { return };
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
            advice: wishes.advice.map(|good| if good { Advice::Reachable } else { Advice::Suspect }),
            parked_at: None,
        });
    }

    fn counted(&self) -> u64 {
        self.ip.statistics().counters().iter().map(|(_, count)| u64::from(*count)).sum()
    }

    /// One turn; how many frames moved in it, and whether there is more to do. Each that came is counted in one way at least.
    fn turn(&mut self, budget: usize) -> (usize, Progress) {
        let (waiting, sent, counted) = (self.link.arriving.len(), self.link.sent, self.counted());
        let progress = self.ip.poll_bounded(self.now, budget, &mut self.link, &mut (&mut self.taker,));
        let taken = waiting - self.link.arriving.len();
        assert!(taken <= budget);
        assert!(self.counted() >= counted + taken as u64, "a frame is not accounted for");
        (taken + self.link.sent - sent, progress)
    }

    fn poll_at(&mut self) -> Option<Instant> {
        self.ip.poll_at(&self.link, &(&mut self.taker,))
    }

    /// Turns at this moment until there is rest, which must come; then one turn more, which must do nothing.
    fn turns(&mut self) {
        for count in 0.. {
            let (moved, progress) = self.turn(8);
            if moved == 0 && progress != Progress::More && self.poll_at().map_or(true, |at| at > self.now) {
                break;
            }
            assert!(count < TURNS_MAX, "no rest: {:?} at {}", self.poll_at(), self.now);
        }
        let (poll_at, jobs) = (self.poll_at(), self.taker.jobs.len());
        let (moved, _) = self.turn(8);
        if self.taker.jobs.len() == jobs {
            assert_eq!(moved, 0, "poll_at said {poll_at:?} at {}, but there was something to do", self.now);
            assert_eq!(self.poll_at(), poll_at, "a turn that did nothing moved poll_at");
        }
    }
}
