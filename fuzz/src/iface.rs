//! Target `iface`: two whole stacks on one wire in memory, impaired as the input says.
//!
//! Every frame that leaves is checked. What one user of TCP reads is a prefix of what the other wrote; each datagram
//! and echo reply that arrives was sent. In the end the wire is good: then all is read, or the connection has ended.

use crate::check;
use crate::packet::{station, Arrival};
use crate::steps;
use arbitrary::{Arbitrary, Unstructured};
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use tersus_icmp::{EchoMeta, Icmp};
use tersus_iface::{ip, Stack};
use tersus_igmp::Igmp;
use tersus_ip::{earliest, Config, Instant, InterfaceId, Ip, Progress};
use tersus_phy::memory::{End, Side, Storage, Wire};
use tersus_phy::{
    Device, Direction, Ethernet, Fraction, FrameSink, Impairment, LinkLayer, LinkState, Medium, Switch,
    Tracer, TxMeta, TxToken,
};
use tersus_tcp::congestion::Reno;
use tersus_tcp::{ConnectOptions, ConnectionId, ListenerId, RecvError, Tcp};
use tersus_udp::{Local, SendMeta, Udp};
use tersus_wire::{arp, ethernet, EtherType, HardwareAddress};

/// Polls at one moment within which there must be rest.
const POLLS_MAX: usize = 2_000;

#[derive(Arbitrary, Debug)]
enum Step {
    Connect { right: bool, v6: bool },
    Write { right: bool, len: u16 },
    Read { right: bool, len: u16 },
    Close { right: bool },
    Release { right: bool },
    Datagram { right: bool, v6: bool, port: bool, len: u16 },
    Ping { right: bool, v6: bool, len: u16 },
    Group { right: bool, v6: bool, number: u8, leave: bool },
    Address { right: bool, number: u8, remove: bool },
    Forge { right: bool, from: u8, to_all: bool, packet: Box<Arrival> },
    Poll { right: bool, budget: u8 },
    Impair { right: bool, impairment: Damage },
    Partition(bool),
    Cable(bool),
    Wait { millis: u16 },
    WaitForIt,
}

#[derive(Arbitrary, Debug)]
struct Damage {
    loss: u8,
    duplication: u8,
    reordering: u8,
    corruption: u8,
    delay: u16,
    jitter: u16,
    rate: u16,
}

impl Damage {
    fn impairment(&self) -> Impairment {
        let fraction = |part: u8| Fraction::from_percent(u32::from(part) / 4);
        Impairment {
            loss: fraction(self.loss),
            duplication: fraction(self.duplication),
            reordering: fraction(self.reordering),
            corruption: fraction(self.corruption),
            reordering_delay: Duration::from_micros(self.delay.into()),
            delay: Duration::from_micros(self.delay.into()),
            jitter: Duration::from_micros(self.jitter.into()),
            rate: u64::from(self.rate) * 10_000,
            partition: Switch::Off,
        }
    }
}

/// Looks at what a stack sends.
struct Checker;

impl FrameSink for Checker {
    fn frame(&mut self, direction: Direction, _: Instant, octets: &[u8]) {
        if direction == Direction::Receive {
            return;
        }
        let frame = ethernet::Packet::parse(octets).expect("an Ethernet frame");
        assert!(octets.len() >= ethernet::MIN_FRAME_LEN, "padded");
        ethernet::Repr::parse(&frame).expect("of Ethernet II, from one station");
        let payload = frame.payload();
        let len = match frame.ether_type() {
            EtherType::ARP => {
                arp::Packet::parse(payload).expect("a well-formed ARP packet");
                return;
            }
            EtherType::IPV4 => usize::from(u16::from_be_bytes([payload[2], payload[3]])),
            EtherType::IPV6 => 40 + usize::from(u16::from_be_bytes([payload[4], payload[5]])),
            other => panic!("sent {other}"),
        };
        let (packet, padding) = payload.split_at(len);
        assert!(padding.is_empty() || octets.len() == ethernet::MIN_FRAME_LEN);
        assert!(padding.iter().all(|octet| *octet == 0), "padding tells nothing");
        check::packet(packet);
    }
}

type Link<'w> = Ethernet<Tracer<End<'w, 'w>, Checker>>;

/// One host and its user.
struct Host<'w> {
    stack: Stack<'w>,
    link: Link<'w>,
    icmp: Icmp<'w>,
    igmp: Igmp<'w>,
    udp: Udp<'w>,
    tcp: Tcp<'w>,
    sockets: [tersus_udp::Handle; 2],
    ping: tersus_icmp::Handle,
    listener: ListenerId,
    id: Option<ConnectionId>,
    written: u32,
    read: u32,
    is_closed: bool,
}

fn address(right: bool, v6: bool) -> IpAddr {
    let text = match (right, v6) {
        (false, false) => "192.0.2.1",
        (true, false) => "192.0.2.2",
        (false, true) => "2001:db8::1",
        (true, true) => "2001:db8::2",
    };
    text.parse().expect("an address")
}

fn octet_at(place: u32) -> u8 {
    let [octet, ..] = place.wrapping_mul(0x9e37_79b1).to_be_bytes();
    octet
}

/// Memory of one host.
struct Memory {
    ip: ip::Storage<1, 4, 1, 2, 6, 2, 1_600, 2>,
    icmp: tersus_icmp::Storage<1, 400, 400>,
    igmp: tersus_igmp::Storage<1, 6>,
    udp: tersus_udp::Storage<2, 1_024, 2_048>,
    tcp: tersus_tcp::Storage<2, 512, 512, 2, 2, 1, 4, 4>,
}

impl Memory {
    const fn new() -> Self {
        Self {
            ip: ip::Storage::new(),
            icmp: tersus_icmp::Storage::new(),
            igmp: tersus_igmp::Storage::new(),
            udp: tersus_udp::Storage::new(),
            tcp: tersus_tcp::Storage::new(),
        }
    }

    fn host<'w>(&'w mut self, end: End<'w, 'w>, right: bool) -> Host<'w> {
        let number = 1 + u8::from(right);
        let hardware = station(number).as_ethernet().expect("of Ethernet");
        let mut icmp = Icmp::new(&mut self.icmp, [number; 32]);
        let mut udp = Udp::new(&mut self.udp, [10 + number; 32]);
        let mut tcp = Tcp::new(&mut self.tcp, tersus_tcp::Config::new(), &Reno::DEFAULT, [20 + number; 32]);
        let mut ip = Ip::new(&mut self.ip, [30 + number; 32], Config::default());
        for (address, prefix_len) in [(address(right, false), 24), (address(right, true), 64)] {
            let cidr = tersus_wire::Cidr::new(address, prefix_len).expect("a length of the family");
            ip.add_address(InterfaceId(0), cidr).expect("room");
        }
        Host {
            stack: Stack::new(ip),
            link: Ethernet::new(Tracer::new(end, Checker), hardware),
            igmp: Igmp::new(&mut self.igmp, tersus_igmp::Config::DEFAULT, [40 + number; 32]),
            sockets: [7, 8].map(|port| udp.bind(&Local::port(port)).expect("a free port")),
            ping: icmp.bind_echo(Some(77)).expect("a free identifier"),
            listener: tcp.listen(80, 1).expect("a free port"),
            icmp,
            udp,
            tcp,
            id: None,
            written: 0,
            read: 0,
            is_closed: false,
        }
    }
}

impl Host<'_> {
    fn poll_at(&self) -> Option<Instant> {
        let transports = earliest(
            earliest(ip::Transport::poll_at(&self.icmp), ip::Transport::poll_at(&self.igmp)),
            earliest(ip::Transport::poll_at(&self.udp), ip::Transport::poll_at(&self.tcp)),
        );
        earliest(self.stack.poll_at(&[&self.link], &[]), transports)
    }

    fn poll(&mut self, now: Instant, budget: usize) -> Progress {
        let Self { stack, link, icmp, igmp, udp, tcp, .. } = self;
        let mut links: [&mut dyn LinkLayer; 1] = [link];
        let progress = stack.poll_bounded(now, budget, &mut links, &mut (icmp, igmp, udp, tcp));
        while stack.ip.next_event().is_some() {}
        while self.tcp.next_event().is_some() {}
        if self.id.is_none() {
            self.id = self.tcp.accept(self.listener);
        }
        self.hear();
        progress
    }

    /// Takes what came for the datagram sockets: each octet of it tells its length.
    fn hear(&mut self) {
        for socket in self.sockets {
            let heard = self.udp.recv_with(socket, |meta, octets| {
                assert_eq!(meta.len, octets.len());
            });
            heard.expect("an open socket");
        }
        let _ = self.icmp.recv(self.ping, &mut [0; 64]).expect("an open socket");
    }
}

struct World<'w> {
    hosts: [Host<'w>; 2],
    /// Ends of the wire for a third station, and whether it was refused room: the wire then tells the links of room
    /// for which they have no use.
    forger: [(End<'w, 'w>, bool); 2],
    now: Instant,
    /// Whether a third party has forged frames: what is read may then be its own.
    is_forged: bool,
    /// Counts connections: a new one is opened only when the last is forgotten on both sides.
    is_used: bool,
}

/// Target `iface`.
///
/// # Panics
/// If a property is broken.
pub fn iface(data: &[u8]) {
    let mut frames = Storage::<16, 614>::new();
    let wire = Wire::new(&mut frames, Medium::Ethernet, [9; 32]);
    let (mut left, mut right) = (Memory::new(), Memory::new());
    run(data, &wire, &mut left, &mut right);
}

fn run<'w>(data: &[u8], wire: &'w Wire<'w>, left: &'w mut Memory, right: &'w mut Memory) {
    let ends = wire.ends();
    let (left_end, right_end) = wire.ends();
    let hosts = [left.host(ends.0, false), right.host(ends.1, true)];
    let mut world = World {
        hosts,
        forger: [(left_end, false), (right_end, false)],
        now: Instant::from_secs(1),
        is_forged: false,
        is_used: false,
    };
    world.poll_both();
    let mut input = Unstructured::new(data);
    for _ in 0..100 {
        let Some(step) = steps::next::<Step>(&mut input) else { break };
        steps::trace(world.now, &step);
        world.step(&step, wire);
    }
    wire.impair_both(Impairment::NONE);
    wire.set_link_state(LinkState::Up);
    world.end();
}

impl<'w> World<'w> {
    fn step(&mut self, step: &Step, wire: &Wire<'_>) {
        match *step {
            Step::Connect { right, v6 } => self.connect(right, v6),
            Step::Write { right, len } => self.write(right, (len % 700).into()),
            Step::Read { right, len } => self.read(right, (len % 700).into()),
            Step::Close { right } => {
                let host = &mut self.hosts[usize::from(right)];
                if let Some(id) = host.id {
                    let _ = host.tcp.close(id);
                    host.is_closed = true;
                }
            }
            Step::Release { right } => {
                let host = &mut self.hosts[usize::from(right)];
                if let Some(id) = host.id {
                    // What is not read is lost, and the handle with it.
                    let _ = host.tcp.abort(id);
                }
            }
            Step::Datagram { right, v6, port, len } => {
                let host = &mut self.hosts[usize::from(right)];
                let to = SocketAddr::new(address(!right, v6), 7 + u16::from(port) * 2);
                let data = vec![0x44; usize::from(len % 1_500)];
                let _ = host.udp.send_meta(&host.stack.ip, host.sockets[0], &SendMeta::to(to), &data);
            }
            Step::Ping { right, v6, len } => {
                let host = &mut self.hosts[usize::from(right)];
                let meta = EchoMeta::to(address(!right, v6), len);
                let _ =
                    host.icmp.send_echo(&host.stack.ip, host.ping, &meta, &[0x55; 300][..(len % 300).into()]);
            }
            Step::Group { right, v6, number, leave } => {
                let group = if v6 { [0xff02, 0xff05] } else { [0xe000, 0xe001] };
                let ip = &mut self.hosts[usize::from(right)].stack.ip;
                let group: IpAddr = if v6 {
                    core::net::Ipv6Addr::new(group[usize::from(number % 2)], 0, 0, 0, 0, 0, 1, number.into())
                        .into()
                } else {
                    core::net::Ipv4Addr::new(224, number % 2, 1, number).into()
                };
                if leave {
                    ip.leave(InterfaceId(0), group);
                } else {
                    let _ = ip.join(InterfaceId(0), group);
                }
            }
            Step::Address { right, number, remove } => {
                let ip = &mut self.hosts[usize::from(right)].stack.ip;
                let address: IpAddr = core::net::Ipv4Addr::new(198, 51, 100, 1 + number % 4).into();
                if remove {
                    ip.remove_address(InterfaceId(0), address);
                } else {
                    let _ =
                        ip.add_address(InterfaceId(0), tersus_wire::Cidr::new(address, 24).expect("legal"));
                }
            }
            Step::Forge { right, from, to_all, ref packet } => {
                self.is_forged = true;
                let (end, refused) = &mut self.forger[usize::from(!right)];
                let to =
                    if to_all { HardwareAddress::ETHERNET_BROADCAST } else { station(1 + u8::from(right)) };
                *refused |= !forge(end, self.now, station(from), to, packet);
            }
            Step::Poll { right, budget } => {
                self.hosts[usize::from(right)].poll(self.now, budget.into());
            }
            Step::Impair { right, ref impairment } => {
                let side = if right { Side::Right } else { Side::Left };
                wire.impair(side, impairment.impairment());
            }
            Step::Partition(on) => wire.partition(if on { Switch::On } else { Switch::Off }),
            Step::Cable(up) => wire.set_link_state(if up { LinkState::Up } else { LinkState::Down }),
            Step::Wait { millis } => {
                self.now += Duration::from_millis(millis.into());
                self.poll_until_rest();
            }
            Step::WaitForIt => {
                self.now = self.now.max(self.poll_at().unwrap_or(self.now));
                self.poll_until_rest();
            }
        }
    }

    fn poll_at(&self) -> Option<Instant> {
        earliest(self.hosts[0].poll_at(), self.hosts[1].poll_at())
    }

    fn poll_both(&mut self) {
        for host in &mut self.hosts {
            host.poll(self.now, 32);
        }
    }

    /// Polls at this moment until there is rest.
    fn poll_until_rest(&mut self) {
        for _ in 0..POLLS_MAX {
            for (end, refused) in &mut self.forger {
                *refused = *refused && end.transmit(self.now).is_none();
            }
            self.poll_both();
            if self.poll_at().map_or(true, |at| at > self.now) {
                return;
            }
        }
        let at = self
            .hosts
            .each_ref()
            .map(|host| (host.stack.ip.poll_at(), host.link.poll_at(), ip::Transport::poll_at(&host.tcp)));
        panic!("poll_at says now for ever at {}: {at:?}", self.now);
    }

    fn connect(&mut self, right: bool, v6: bool) {
        if self.is_used {
            return;
        }
        let host = &mut self.hosts[usize::from(right)];
        let to = SocketAddr::new(address(!right, v6), 80);
        let options = ConnectOptions::default();
        if let Ok(id) = host.tcp.connect(&host.stack.ip, self.now, to, options) {
            host.id = Some(id);
            self.is_used = true;
        }
    }

    fn write(&mut self, right: bool, len: usize) {
        let host = &mut self.hosts[usize::from(right)];
        let Some(id) = host.id else { return };
        let data: Vec<u8> = (0..len).zip(host.written..).map(|(_, place)| octet_at(place)).collect();
        if let Ok(taken) = host.tcp.send(id, &data) {
            host.written += u32::try_from(taken).expect("short");
        }
    }

    fn read(&mut self, right: bool, len: usize) {
        let (at, other) = (usize::from(right), usize::from(!right));
        let (written, is_closed) = (self.hosts[other].written, self.hosts[other].is_closed);
        let host = &mut self.hosts[at];
        let Some(id) = host.id else { return };
        let mut buffer = vec![0; len];
        match host.tcp.recv(id, &mut buffer) {
            Ok(taken) if !self.is_forged => {
                for (octet, place) in buffer[..taken].iter().zip(host.read..) {
                    assert_eq!(*octet, octet_at(place), "octet {place} is another than was written");
                }
                host.read += u32::try_from(taken).expect("short");
                assert!(host.read <= written, "more was read than written");
            }
            Err(RecvError::Finished) if !self.is_forged => {
                assert!(is_closed && host.read == written, "the stream ended before its end");
            }
            _ => {}
        }
    }

    fn has_ended(&self, at: usize) -> bool {
        let host = &self.hosts[at];
        host.id.map_or(true, |id| host.tcp.outcome(id).map_or(true, |outcome| outcome.is_some()))
    }

    fn is_done(&self) -> bool {
        self.hosts[0].read == self.hosts[1].written && self.hosts[1].read == self.hosts[0].written
    }

    /// A good wire, readers that read, and time.
    fn end(&mut self) {
        for _ in 0..1_000 {
            self.poll_until_rest();
            for right in [false, true] {
                self.read(right, 600);
            }
            if self.is_forged || !self.is_used || self.is_done() || (self.has_ended(0) && self.has_ended(1)) {
                return;
            }
            let Some(at) = self.poll_at() else { break };
            self.now = self.now.max(at);
        }
        let is_alone = self.has_ended(0) || self.has_ended(1);
        let [left, right] = &self.hosts;
        assert!(
            is_alone || self.is_done(),
            "a stall at {}: {}/{} and {}/{} octets read",
            self.now,
            right.read,
            left.written,
            left.read,
            right.written
        );
    }
}

/// Puts a frame of a third station on the wire; whether there was room.
fn forge(
    end: &mut End<'_, '_>,
    now: Instant,
    from: HardwareAddress,
    to: HardwareAddress,
    packet: &Arrival,
) -> bool {
    let (ether_type, octets) = packet.build();
    let mut frame = vec![0; ethernet::HEADER_LEN];
    let repr = ethernet::Repr {
        destination: to.as_ethernet().expect("of Ethernet"),
        source: from.as_ethernet().expect("of Ethernet"),
        ether_type,
    };
    if repr.emit(&mut frame).is_err() {
        return true;
    }
    frame.extend(octets);
    frame.truncate(614);
    let Some(token) = end.transmit(now) else { return false };
    token.consume(frame.len(), TxMeta::default(), |buffer| buffer.copy_from_slice(&frame));
    true
}
