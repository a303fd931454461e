//! Target `small_udp`: calls of the user, datagrams and turns over a fake IP layer, against the small engine.

use crate::steps;
use crate::transport::{check_sent, feed, refuse, Address, Arrival, Port, Refusal};
use arbitrary::{Arbitrary, Unstructured};
use core::cell::Cell;
use core::net::SocketAddr;
use tersus_ip::fake::FakeIp;
use tersus_ip::{InterfaceId, InterfaceSet, Outgoing, Path, Progress, Random, Source, Transport};
use tersus_udp::small::{SmallUdp, Storage};
use tersus_udp::Handle;
use tersus_wire::ip::pseudo_addresses;
use tersus_wire::{udp as wire, IpProtocol};

const SOCKETS: usize = 3;
const QUEUE: usize = 160;

#[derive(Arbitrary, Debug)]
enum Step {
    Bind { port: Port },
    BindAny,
    Close { socket: u8 },
    Send { socket: u8, source: Option<Address>, interface: Option<u8>, to: Address, port: Port, len: u8 },
    SendBack { socket: u8 },
    Recv { socket: u8, room: u8, in_place: bool },
    Datagram { from: Address, port: Port, to: Address, to_port: Port, data: Vec<u8>, no_checksum: bool },
    Octets { from: Address, to: Address, octets: Vec<u8> },
    Turn { budget: u8 },
    World(Refusal),
}

/// The engine, and what its user knows.
struct World<'a> {
    udp: SmallUdp<'a>,
    open: Vec<Handle>,
    stale: Vec<Handle>,
    random: Random,
    /// Datagrams that arrived, were queued, and were queued or dropped because they expect no answer.
    arrived: u32,
    queued: u32,
    answered: u32,
    /// Whether what is received may hold any octets.
    is_any: &'a Cell<bool>,
}

/// Target `small_udp`.
///
/// # Panics
/// If a property is broken.
pub fn small_udp(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut storage = Storage::<SOCKETS, QUEUE, QUEUE>::new();
    let mut buffer = vec![0xee; 2_000];
    let (sent, is_any) = (Cell::new(0), Cell::new(false));
    let mut check = |path: &Path, outgoing: Outgoing, segment: &[u8]| {
        assert_eq!(outgoing.protocol, IpProtocol::UDP);
        check_sent(path, IpProtocol::UDP, segment);
        let is_right = segment[8..].iter().all(|&octet| octet == octet_of(segment.len() - 8));
        assert!(is_right || is_any.get(), "{segment:02x?}");
        sent.set(sent.get() + 1);
    };
    let mut ip = FakeIp::new(&mut buffer, &mut check);
    ip.interface_count = 2;
    let mut world = World {
        udp: SmallUdp::new(&mut storage),
        open: Vec::new(),
        stale: Vec::new(),
        random: Random::new([7; 32]),
        arrived: 0,
        queued: 0,
        answered: 0,
        is_any: &is_any,
    };
    for _ in 0..200 {
        let Some(step) = steps::next::<Step>(&mut input) else { break };
        steps::trace(ip.now, &step);
        world.step(&step, &mut ip);
        world.check(sent.get());
    }
    // Resolutions end, while there is no room; then there is room, and all that was queued leaves.
    refuse(&mut ip, &Refusal::Full);
    while world.udp.transmit(&mut ip, &mut 16) == Progress::More {}
    ip.refusal = None;
    ip.room = InterfaceSet::ALL;
    let mut count = 0;
    while world.udp.transmit(&mut ip, &mut 16) != Progress::Idle {
        count += 1;
        assert!(count <= SOCKETS * QUEUE, "it never comes to rest");
    }
    assert_eq!(world.udp.poll_at(), None, "idle, but poll_at says now");
    let stats = world.udp.statistics();
    let gone = stats.sent + stats.too_big + stats.unreachable;
    let is_told = world.queued <= gone && gone <= world.queued + world.answered;
    assert!(is_told, "a datagram was kept or lost: {stats:?}");
}

/// All octets of a datagram of so many are this one.
fn octet_of(len: usize) -> u8 {
    (len % 251) as u8
}

impl World<'_> {
    fn pick(&self, number: u8) -> Option<Handle> {
        self.open.get(usize::from(number) % self.open.len().max(1)).copied()
    }

    fn step(&mut self, step: &Step, ip: &mut FakeIp<'_>) {
        match step {
            Step::Bind { port } => {
                let port = port.get();
                if let Ok(handle) = self.udp.bind(port) {
                    assert_eq!(self.udp.local_port(handle), Ok(port));
                    self.open.push(handle);
                }
            }
            Step::BindAny => {
                if let Ok(handle) = self.udp.bind_any(&mut self.random) {
                    assert!(self.udp.local_port(handle).is_ok_and(|port| port >= 49_152));
                    self.open.push(handle);
                }
            }
            Step::Close { socket } => {
                if let Some(handle) = self.pick(*socket) {
                    assert!(self.udp.close(handle).is_ok());
                    self.open.retain(|open| *open != handle);
                    self.stale.push(handle);
                }
            }
            Step::Send { socket, source, interface, to, port, len } => {
                let Some(handle) = self.pick(*socket) else { return };
                let interface = interface.map(|interface| InterfaceId(interface % 3));
                let from = Source { address: source.map(Address::get), interface };
                let (remote, len) = (SocketAddr::new(to.get(), port.get()), usize::from(*len));
                let mut count = 0;
                let result = self.udp.send_with(handle, from, remote, len, |place| {
                    count += 1;
                    assert_eq!(place.len(), len);
                    place.fill(octet_of(len));
                });
                assert_eq!(count, u32::from(result.is_ok()));
                self.queued += count;
            }
            Step::SendBack { socket } => {
                let Some(handle) = self.pick(*socket) else { return };
                let can = self.udp.can_recv(handle).expect("open");
                match self.udp.send_back(handle) {
                    Ok(sent) => {
                        assert_eq!(sent.is_some(), can);
                        self.answered += u32::from(can);
                    }
                    Err(error) => assert!(can, "{error}"),
                }
            }
            Step::Recv { socket, room, in_place } => self.receive(*socket, (*room).into(), *in_place),
            Step::Datagram { from, port, to, to_port, data, no_checksum } => {
                let (from, to) = (from.get(), to.get());
                let data = vec![octet_of(data.len()); data.len()];
                let mut octets = vec![0; wire::Repr::buffer_len(data.len())];
                let repr = wire::Repr { src_port: port.get(), dst_port: to_port.get() };
                if repr.emit(&mut octets, &data, pseudo_addresses(from, to)).is_ok() {
                    if *no_checksum {
                        octets[6..8].fill(0);
                    }
                    let protocol = IpProtocol::UDP;
                    self.arrive(Arrival { now: ip.now, interface: 0, from, to, protocol }, octets);
                }
            }
            Step::Octets { from, to, octets } => {
                let (from, to, protocol) = (from.get(), to.get(), IpProtocol::UDP);
                self.is_any.set(true);
                self.arrive(Arrival { now: ip.now, interface: 1, from, to, protocol }, octets.clone());
            }
            Step::Turn { budget } => self.turn(ip, usize::from(*budget)),
            Step::World(refusal) => refuse(ip, refusal),
        }
    }

    fn receive(&mut self, socket: u8, room: usize, in_place: bool) {
        let Some(handle) = self.pick(socket) else { return };
        let can = self.udp.can_recv(handle).expect("open");
        let mut buffer = vec![0; room];
        let got = if in_place {
            self.udp.recv_with(handle, |meta, data| {
                assert_eq!(data.len(), meta.len);
                data.to_vec()
            })
        } else {
            self.udp.recv(handle, &mut buffer).map(|received| {
                received.map(|received| {
                    assert_eq!(received.copied, received.meta.len.min(room));
                    assert_eq!(received.is_truncated(), received.meta.len > room);
                    // As long as it was, of what was copied.
                    let octet = buffer.first().copied().unwrap_or(octet_of(received.meta.len));
                    let mut data = vec![octet; received.meta.len];
                    data[..received.copied].copy_from_slice(&buffer[..received.copied]);
                    data
                })
            })
        };
        let got = got.expect("open");
        assert_eq!(got.is_some(), can);
        let is_right = got.map_or(true, |data| data.iter().all(|&octet| octet == octet_of(data.len())));
        assert!(is_right || self.is_any.get(), "an octet is another");
    }

    fn arrive(&mut self, arrival: Arrival, octets: Vec<u8>) {
        if arrival.from.is_ipv4() == arrival.to.is_ipv4() {
            self.arrived += 1;
            feed(&mut self.udp, arrival, octets);
        }
    }

    /// A turn. Without progress, `poll_at` does not say "now" again.
    fn turn(&mut self, ip: &mut FakeIp<'_>, budget: usize) {
        let mut left = budget;
        let progress = self.udp.transmit(ip, &mut left);
        assert!(left <= budget);
        match progress {
            Progress::More => assert_eq!(left, 0, "More, with budget left"),
            Progress::Idle | Progress::Blocked(_) => {
                assert_eq!(self.udp.poll_at(), None, "{progress:?}, but poll_at says now");
            }
        }
    }

    /// What holds after each step.
    fn check(&mut self, sent: u32) {
        let stats = self.udp.statistics();
        let told = stats.delivered + stats.receive_full + stats.no_port;
        let told = told + stats.malformed + stats.no_checksum + stats.bad_checksum;
        assert_eq!((told, stats.received), (self.arrived, self.arrived), "{stats:?}");
        assert_eq!(stats.sent, sent, "a datagram that left is not accounted for");
        assert!(self.open.len() <= SOCKETS);
        for &handle in &self.stale {
            let is_stale = self.udp.local_port(handle).is_err() && self.udp.can_recv(handle).is_err();
            let is_stale =
                is_stale && self.udp.recv(handle, &mut []).is_err() && self.udp.close(handle).is_err();
            assert!(is_stale && self.udp.send_back(handle).is_err(), "a handle lives on");
        }
    }
}
