//! Two engines over a network that loses, doubles, delays and reorders as the input says.
//!
//! What one user reads is at all times a prefix of what the other wrote. In the end the network is good again: then,
//! within a bounded number of steps, everything that was written is read, or the connection has ended with an outcome.

use super::segments::Setup;
use super::{octet_at, small, Memory};
use crate::steps;
use crate::transport::{check_sent, feed, Address, Arrival};
use arbitrary::{Arbitrary, Unstructured};
use core::cell::RefCell;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use tersus_ip::fake::FakeIp;
use tersus_ip::{
    earliest, IcmpError, Instant, InterfaceSet, IpLayer, IpMeta, Outgoing, Path, Progress, Quoted, SendError,
    Transport, Verdict,
};
use tersus_tcp::small::SmallTcp;
use tersus_tcp::{
    Config, ConnectOptions, ConnectionId, Growth, ListenerId, Nagle, Options, Outcome, RecvError,
    SendError as Refused, Stale, Tcp,
};
use tersus_wire::IpProtocol;

#[derive(Arbitrary, Debug)]
enum Step {
    Write {
        right: bool,
        len: u8,
    },
    Read {
        right: bool,
        len: u8,
    },
    Close {
        right: bool,
    },
    Abort {
        right: bool,
    },
    Turn {
        right: bool,
        budget: u8,
    },
    /// Segments on the way to one side: the `n`th arrives, is lost, doubled, or changed in one octet.
    Arrive {
        right: bool,
        n: u8,
    },
    ArriveAll {
        right: bool,
    },
    Lose {
        right: bool,
        n: u8,
    },
    Double {
        right: bool,
        n: u8,
    },
    Change {
        right: bool,
        n: u8,
        at: u8,
        value: u8,
    },
    Full {
        right: bool,
        on: bool,
    },
    Wait {
        millis: u16,
    },
    WaitForIt,
    Back {
        millis: u8,
    },
}

/// Which engines talk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    Large,
    Small,
    /// A small one opens the connection, a large one accepts it.
    Mixed,
}

/// The calls that both engines have.
trait Calls: Transport {
    fn open(&mut self, ip: &FakeIp<'_>, remote: SocketAddr) -> ConnectionId;
    fn listen(&mut self);
    fn accept(&mut self) -> Option<ConnectionId>;
    fn send(&mut self, id: ConnectionId, data: &[u8]) -> Result<usize, Refused>;
    fn recv(&mut self, id: ConnectionId, buffer: &mut [u8]) -> Result<usize, RecvError>;
    fn close(&mut self, id: ConnectionId);
    fn abort(&mut self, id: ConnectionId);
    fn outcome(&mut self, id: ConnectionId) -> Result<Option<Outcome>, Stale>;
}

/// The large engine.
struct Large<'a> {
    tcp: Tcp<'a>,
    listener: Option<ListenerId>,
    options: Options,
}

impl Transport for Large<'_> {
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        self.tcp.receive(packet, segment)
    }
    fn error(&mut self, now: Instant, error: &IcmpError<'_>) -> Quoted {
        self.tcp.error(now, error)
    }
    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Progress {
        let progress = self.tcp.transmit(ip, budget);
        while self.tcp.next_event().is_some() {}
        progress
    }
    fn poll_at(&self) -> Option<Instant> {
        self.tcp.poll_at()
    }
}

impl Calls for Large<'_> {
    fn open(&mut self, ip: &FakeIp<'_>, remote: SocketAddr) -> ConnectionId {
        let options = ConnectOptions { options: self.options, ..ConnectOptions::default() };
        self.tcp.connect(ip, ip.now, remote, options).expect("the first connection")
    }
    fn listen(&mut self) {
        self.listener = Some(self.tcp.listen_with(80.into(), 2, self.options).expect("the first listener"));
    }
    fn accept(&mut self) -> Option<ConnectionId> {
        self.tcp.accept(self.listener?)
    }
    fn send(&mut self, id: ConnectionId, data: &[u8]) -> Result<usize, Refused> {
        self.tcp.send(id, data)
    }
    fn recv(&mut self, id: ConnectionId, buffer: &mut [u8]) -> Result<usize, RecvError> {
        self.tcp.recv(id, buffer)
    }
    fn close(&mut self, id: ConnectionId) {
        let _ = self.tcp.close(id);
    }
    fn abort(&mut self, id: ConnectionId) {
        let _ = self.tcp.abort(id);
    }
    fn outcome(&mut self, id: ConnectionId) -> Result<Option<Outcome>, Stale> {
        self.tcp.outcome(id)
    }
}

impl Calls for SmallTcp<'_> {
    fn open(&mut self, ip: &FakeIp<'_>, remote: SocketAddr) -> ConnectionId {
        self.connect(ip, ip.now, remote).expect("the first connection")
    }
    fn listen(&mut self) {
        SmallTcp::listen(self, 80).expect("the first listener");
    }
    fn accept(&mut self) -> Option<ConnectionId> {
        SmallTcp::accept(self, 80)
    }
    fn send(&mut self, id: ConnectionId, data: &[u8]) -> Result<usize, Refused> {
        SmallTcp::send(self, id, data)
    }
    fn recv(&mut self, id: ConnectionId, buffer: &mut [u8]) -> Result<usize, RecvError> {
        SmallTcp::recv(self, id, buffer)
    }
    fn close(&mut self, id: ConnectionId) {
        let _ = SmallTcp::close(self, id);
    }
    fn abort(&mut self, id: ConnectionId) {
        let _ = SmallTcp::abort(self, id);
    }
    fn outcome(&mut self, id: ConnectionId) -> Result<Option<Outcome>, Stale> {
        SmallTcp::outcome(self, id)
    }
}

/// One end: its engine, its user, and the segments on the way to the other end.
struct End<'a> {
    tcp: Box<dyn Calls + 'a>,
    address: IpAddr,
    id: Option<ConnectionId>,
    on_the_way: Vec<Vec<u8>>,
    is_full: bool,
    generation: u32,
    written: u32,
    read: u32,
    is_closed: bool,
    is_finished: bool,
}

impl<'a> End<'a> {
    fn new(tcp: Box<dyn Calls + 'a>, address: IpAddr) -> Self {
        Self {
            tcp,
            address,
            id: None,
            on_the_way: Vec::new(),
            is_full: false,
            generation: 1,
            written: 0,
            read: 0,
            is_closed: false,
            is_finished: false,
        }
    }
}

struct World<'a> {
    ends: [End<'a>; 2],
    now: Instant,
}

pub(super) fn run(data: &[u8], setup: &Setup<'_>, which: Ends) {
    let Some(([nagle, mtu], data)) = data.split_first_chunk() else { return };
    let (mut left, mut right) = (Memory::new(), Memory::new());
    let (mut small_left, mut small_right) = (small::Memory::new(), small::Memory::new());
    let (mut growth_left, mut growth_right) = ([Growth::NONE; 1], [Growth::NONE; 1]);
    let nagle = if nagle & 1 == 0 { Nagle::On } else { Nagle::Off };
    let options = Options { nagle, ..Options::NONE };
    let large = |memory, growth, seed| {
        let config = Config { rto_min: Duration::from_millis(200), ..Config::new() };
        let mut tcp = Tcp::with_duties(memory, config, setup.duties, setup.congestion, [seed; 32]);
        if setup.growth {
            tcp.grow_windows(0, growth);
        }
        Box::new(Large { tcp, listener: None, options })
    };
    let left: Box<dyn Calls + '_> = match which {
        Ends::Large => large(&mut left, &mut growth_left[..], 1),
        _ => Box::new(SmallTcp::new(&mut small_left, [1; 32])),
    };
    let right: Box<dyn Calls + '_> = match which {
        Ends::Small => Box::new(SmallTcp::new(&mut small_right, [2; 32])),
        _ => large(&mut right, &mut growth_right[..], 2),
    };
    let ends = [End::new(left, Address::Own4.get()), End::new(right, Address::Peer4.get())];
    let mut world = World { ends, now: Instant::from_secs(1) };
    world.ends[1].tcp.listen();
    // Above the least segment size of the configuration.
    let mtu = 200 + u16::from(*mtu) * 4;
    world.with_ip(0, mtu, |end, ip| {
        end.id = Some(end.tcp.open(ip, SocketAddr::new(Address::Peer4.get(), 80)));
    });
    let mut input = Unstructured::new(data);
    for _ in 0..300 {
        let Some(step) = steps::next::<Step>(&mut input) else { break };
        steps::trace(world.now, &step);
        world.step(&step, mtu);
    }
    world.end(mtu);
}

impl<'a> World<'a> {
    /// Runs `f` with the IP layer of an end; what is sent is on the way then.
    fn with_ip<R>(&mut self, at: usize, mtu: u16, f: impl FnOnce(&mut End<'a>, &mut FakeIp<'_>) -> R) -> R {
        let end = &mut self.ends[at];
        let sent = RefCell::new(Vec::new());
        let mut buffer = [0xee; 2_000];
        let mut keep = |path: &Path, _: Outgoing, segment: &[u8]| {
            check_sent(path, IpProtocol::TCP, segment);
            assert!(segment.len() + 20 <= usize::from(mtu), "a segment above the MTU");
            sent.borrow_mut().push(segment.to_vec());
        };
        let mut ip = FakeIp::new(&mut buffer, &mut keep);
        ip.now = self.now;
        ip.mtu = mtu;
        ip.generation = end.generation;
        if let IpAddr::V4(address) = end.address {
            ip.ipv4 = address;
        }
        if end.is_full {
            ip.refusal = Some(SendError::Full);
            ip.room = InterfaceSet::NONE;
        }
        let result = f(end, &mut ip);
        end.on_the_way.extend(sent.into_inner());
        // A network holds so many segments; what is beyond them is lost.
        end.on_the_way.truncate(64);
        result
    }

    fn step(&mut self, step: &Step, mtu: u16) {
        match *step {
            Step::Write { right, len } => self.write(usize::from(right), len.into()),
            Step::Read { right, len } => self.read(usize::from(right), len.into()),
            Step::Close { right } => {
                let end = &mut self.ends[usize::from(right)];
                if let Some(id) = end.id {
                    end.tcp.close(id);
                    end.is_closed = true;
                }
            }
            Step::Abort { right } => {
                let end = &mut self.ends[usize::from(right)];
                if let Some(id) = end.id {
                    end.tcp.abort(id);
                }
            }
            Step::Turn { right, budget } => self.turn(usize::from(right), budget.into(), mtu),
            Step::Arrive { right, n } => {
                if let Some(segment) = self.take(right, n) {
                    self.arrive(usize::from(right), segment);
                }
            }
            Step::ArriveAll { right } => self.arrive_all(usize::from(right)),
            Step::Lose { right, n } => {
                self.take(right, n);
            }
            Step::Double { right, n } => {
                let way = &mut self.ends[usize::from(!right)].on_the_way;
                if let Some(segment) = way.get(usize::from(n) % way.len().max(1)).cloned() {
                    way.push(segment);
                }
            }
            Step::Change { right, n, at, value } => {
                // The checksum detects every change of one octet.
                if let Some(mut segment) = self.take(right, n) {
                    let len = segment.len();
                    let octet = &mut segment[usize::from(at) % len];
                    if *octet != value {
                        *octet = value;
                        self.arrive(usize::from(right), segment);
                    }
                }
            }
            Step::Full { right, on } => self.ends[usize::from(right)].is_full = on,
            Step::Wait { millis } => self.now += Duration::from_millis(millis.into()),
            Step::WaitForIt => {
                self.now = self.now.max(self.poll_at().unwrap_or(self.now));
                self.turn(0, 16, mtu);
                self.turn(1, 16, mtu);
            }
            Step::Back { millis } => {
                let back = u64::from(millis) * 1_000;
                self.now = Instant::from_micros(self.now.micros().saturating_sub(back));
            }
        }
    }

    /// Takes a segment that is on the way to `right` or to the other.
    fn take(&mut self, right: bool, n: u8) -> Option<Vec<u8>> {
        let way = &mut self.ends[usize::from(!right)].on_the_way;
        (!way.is_empty()).then(|| way.remove(usize::from(n) % way.len()))
    }

    fn poll_at(&self) -> Option<Instant> {
        earliest(self.ends[0].tcp.poll_at(), self.ends[1].tcp.poll_at())
    }

    fn write(&mut self, at: usize, len: usize) {
        let end = &mut self.ends[at];
        let Some(id) = end.id else { return };
        let data: Vec<u8> = (0..len).zip(end.written..).map(|(_, place)| octet_at(place)).collect();
        if let Ok(taken) = end.tcp.send(id, &data) {
            end.written += u32::try_from(taken).expect("short");
        }
    }

    /// What is read continues what was read, and was written.
    fn read(&mut self, at: usize, len: usize) {
        let written = self.ends[1 - at].written;
        let is_closed = self.ends[1 - at].is_closed;
        let end = &mut self.ends[at];
        let Some(id) = end.id else { return };
        let mut buffer = vec![0; len];
        match end.tcp.recv(id, &mut buffer) {
            Ok(taken) => {
                for (octet, place) in buffer[..taken].iter().zip(end.read..) {
                    assert_eq!(*octet, octet_at(place), "octet {place} is another than was written");
                }
                end.read += u32::try_from(taken).expect("short");
                assert!(end.read <= written, "more was read than written");
            }
            Err(RecvError::Finished) => {
                assert!(is_closed && end.read == written, "the stream ended before its end");
                end.is_finished = true;
            }
            Err(_) => {}
        }
    }

    fn turn(&mut self, at: usize, budget: usize, mtu: u16) {
        let mut left = budget;
        self.with_ip(at, mtu, |end, ip| {
            end.tcp.transmit(ip, &mut left);
        });
        assert!(left <= budget);
        let right = &mut self.ends[1];
        if right.id.is_none() {
            right.id = right.tcp.accept();
        }
    }

    fn arrive(&mut self, at: usize, segment: Vec<u8>) {
        let (from, to) = (self.ends[1 - at].address, self.ends[at].address);
        let arrival = Arrival { now: self.now, interface: 0, from, to, protocol: IpProtocol::TCP };
        if let Some(reply) = feed(&mut *self.ends[at].tcp, arrival, segment) {
            self.ends[at].on_the_way.push(reply);
        }
    }

    fn arrive_all(&mut self, at: usize) {
        for segment in core::mem::take(&mut self.ends[1 - at].on_the_way) {
            self.arrive(at, segment);
        }
    }

    /// Whether the connection has ended at one side, by whatever reason.
    fn has_ended(&mut self, at: usize) -> bool {
        let end = &mut self.ends[at];
        end.id.map_or(true, |id| end.tcp.outcome(id).map_or(true, |outcome| outcome.is_some()))
    }

    fn is_done(&self) -> bool {
        (0..2).all(|at| self.ends[at].read == self.ends[1 - at].written)
    }

    /// A good network, readers that read, and time.
    fn end(&mut self, mtu: u16) {
        for end in &mut self.ends {
            end.is_full = false;
            end.generation += 1;
        }
        for _ in 0..3_000 {
            for at in 0..2 {
                self.turn(at, 64, mtu);
                self.arrive_all(1 - at);
                self.turn(1 - at, 64, mtu);
                self.arrive_all(at);
                self.read(at, 512);
            }
            if (self.is_done() && self.ends.iter().all(|end| end.id.is_some()))
                || (self.has_ended(0) && self.has_ended(1))
            {
                return;
            }
            let Some(at) = self.poll_at() else { break };
            self.now = self.now.max(at);
        }
        // One side may have ended alone, and the other have nothing to send that would tell it so.
        let is_alone = self.has_ended(0) || self.has_ended(1);
        let [left, right] = &self.ends;
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
