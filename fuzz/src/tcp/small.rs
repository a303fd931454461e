//! One small engine, a user's calls, any segments, ICMP errors, time: what `segments` does for the other.

use super::peer::{Peers, Segment};
use super::turns::{self, Way};
use super::{octet_at, CONNECTIONS};
use crate::steps;
use crate::transport::{check_sent, refuse, Address, Refusal};
use arbitrary::{Arbitrary, Unstructured};
use core::net::SocketAddr;
use core::time::Duration;
use tersus_ip::fake::FakeIp;
use tersus_ip::{Instant, Outgoing, Path, Transport};
use tersus_tcp::small::{SmallTcp, Storage};
use tersus_tcp::{ConnectionId, KeepAlive, Nagle, RecvError};
use tersus_wire::IpProtocol;

/// Small enough that every table runs full.
pub(super) type Memory = Storage<CONNECTIONS, 256, 256, 2>;

#[derive(Arbitrary, Debug)]
enum Step {
    Listen { port: u8 },
    Unlisten { port: u8 },
    Accept { port: u8 },
    Connect { to: Address, port: u8 },
    Send { connection: u8, len: u8 },
    Recv { connection: u8, len: u8 },
    Close { connection: u8 },
    Abort { connection: u8 },
    Release { connection: u8 },
    Nagle { connection: u8, on: bool },
    KeepAlive { connection: u8, on: bool },
    Segment(Segment),
    Octets { from: Address, to: Address, octets: Vec<u8> },
    Icmp { flow: u8, kind: u8, seq: i8, cut: u8 },
    Turn { budget: u8 },
    World(Refusal),
    Wait { millis: u16 },
    WaitForIt,
    Back { millis: u16 },
}

/// A connection as its user sees it.
struct User {
    id: ConnectionId,
    sent: u32,
    received: Vec<u8>,
    is_finished: bool,
}

struct Engine<'t, 'a> {
    tcp: &'t mut SmallTcp<'a>,
    peers: &'t Peers,
    users: Vec<User>,
    /// Given back.
    stale: Vec<ConnectionId>,
    /// Segments that arrived.
    arrived: u32,
}

pub(super) fn run(data: &[u8]) {
    let mut memory = Memory::new();
    let mut tcp = SmallTcp::new(&mut memory, [7; 32]);
    let peers = Peers::default();
    let mut buffer = vec![0xee; 2_000];
    let mut check = |path: &Path, outgoing: Outgoing, segment: &[u8]| {
        assert_eq!(outgoing.protocol, IpProtocol::TCP);
        check_sent(path, IpProtocol::TCP, segment);
        peers.note_sent(path, segment);
    };
    let mut ip = FakeIp::new(&mut buffer, &mut check);
    ip.now = Instant::from_secs(1);
    let mut world = Engine { tcp: &mut tcp, peers: &peers, users: Vec::new(), stale: Vec::new(), arrived: 0 };
    let mut input = Unstructured::new(data);
    for _ in 0..200 {
        let Some(step) = steps::next::<Step>(&mut input) else { break };
        steps::trace(ip.now, &step);
        world.step(&step, &mut ip);
        world.check();
    }
    world.end(&mut ip);
}

impl Engine<'_, '_> {
    fn id(&mut self, number: u8) -> Option<ConnectionId> {
        self.users.get(usize::from(number) % self.users.len().max(1)).map(|user| user.id)
    }

    fn step(&mut self, step: &Step, ip: &mut FakeIp<'_>) {
        match step {
            Step::Listen { port } => _ = self.tcp.listen(u16::from(port % 3) * 80),
            Step::Unlisten { port } => self.tcp.unlisten(u16::from(port % 3) * 80),
            Step::Accept { port } => {
                if let Some(id) = self.tcp.accept(u16::from(port % 3) * 80) {
                    self.add(id);
                }
            }
            Step::Connect { to, port } => {
                let remote = SocketAddr::new(to.get(), (*port % 4).into());
                if let Ok(id) = self.tcp.connect(ip, ip.now, remote) {
                    self.add(id);
                }
            }
            Step::Send { connection, len } => self.send(*connection, (*len).into()),
            Step::Recv { connection, len } => self.receive(*connection, (*len).into()),
            Step::Close { connection } => {
                if let Some(id) = self.id(*connection) {
                    assert!(self.tcp.close(id).is_ok());
                }
            }
            Step::Abort { connection } => {
                if let Some(id) = self.id(*connection) {
                    assert!(self.tcp.abort(id).is_ok());
                }
            }
            Step::Release { connection } => {
                if let Some(id) = self.id(*connection) {
                    assert!(self.tcp.release(id).is_ok());
                    self.users.retain(|user| user.id != id);
                    self.stale.push(id);
                }
            }
            Step::Nagle { connection, on } => {
                if let Some(id) = self.id(*connection) {
                    assert!(self.tcp.set_nagle(id, if *on { Nagle::On } else { Nagle::Off }).is_ok());
                }
            }
            Step::KeepAlive { connection, on } => {
                if let Some(id) = self.id(*connection) {
                    let keep_alive = if *on { KeepAlive::On } else { KeepAlive::Off };
                    assert!(self.tcp.set_keep_alive(id, keep_alive).is_ok());
                }
            }
            Step::Segment(segment) => {
                if let Some((from, to, octets)) = self.peers.segment(segment) {
                    let way = Way { from, to, traffic_class: segment.traffic_class };
                    self.arrived += turns::arrive(self.tcp, self.peers, ip.now, way, octets);
                }
            }
            Step::Octets { from, to, octets } => {
                let way = Way { from: from.get(), to: to.get(), traffic_class: 0 };
                self.arrived += turns::arrive(self.tcp, self.peers, ip.now, way, octets.clone());
            }
            Step::Icmp { flow, kind, seq, cut } => {
                if let Some(error) = self.peers.error(*flow, *kind, *seq, *cut) {
                    self.tcp.error(ip.now, &error.get());
                }
            }
            Step::Turn { budget } => self.turn(ip, (*budget).into()),
            Step::World(refusal) => refuse(ip, refusal),
            Step::Wait { millis } => ip.now += Duration::from_millis((*millis).into()),
            Step::WaitForIt => {
                ip.now = ip.now.max(self.tcp.poll_at().unwrap_or(ip.now));
                self.turn(ip, 16);
            }
            Step::Back { millis } => {
                let back = u64::from(*millis) * 1_000;
                ip.now = Instant::from_micros(ip.now.micros().saturating_sub(back));
            }
        }
    }

    /// What holds after each step.
    fn check(&mut self) {
        let stats = self.tcp.statistics();
        // Also what was taken in may turn out to be malformed: its options.
        let told = stats.segments_received + stats.bad_checksum + stats.not_unicast;
        let is_told = told <= self.arrived && self.arrived <= told + stats.malformed;
        assert!(is_told, "a segment that arrived is not accounted for: {stats:?}");
        // What finds no way counts as sent and lost.
        let (sent, seen) = (stats.segments_sent, self.peers.seen.get());
        let is_told = seen <= sent && sent <= seen + stats.unroutable;
        assert!(is_told, "{seen} segments left: {stats:?}");
        for &id in &self.stale {
            let is_stale = self.tcp.state(id).is_err() && self.tcp.remote(id).is_err();
            let is_stale = is_stale && self.tcp.send(id, b"x").is_err() && self.tcp.release(id).is_err();
            assert!(is_stale && self.tcp.recv(id, &mut [0]).is_err(), "a handle lives on");
        }
        for user in &self.users {
            assert!(self.tcp.state(user.id).is_ok() && self.tcp.outcome(user.id).is_ok());
        }
    }

    fn add(&mut self, id: ConnectionId) {
        assert!(self.users.iter().all(|user| user.id != id), "one handle, two connections");
        self.users.push(User { id, sent: 0, received: Vec::new(), is_finished: false });
        assert!(self.users.len() <= CONNECTIONS);
    }

    fn send(&mut self, number: u8, len: usize) {
        let len_of = self.users.len().max(1);
        let Some(user) = self.users.get_mut(usize::from(number) % len_of) else { return };
        let data: Vec<u8> = (0..len).zip(user.sent..).map(|(_, place)| octet_at(place)).collect();
        let room = self.tcp.send_room(user.id);
        if let Ok(taken) = self.tcp.send(user.id, &data) {
            assert!(taken <= len && room.is_ok_and(|room| taken <= room));
            user.sent = user.sent.wrapping_add(u32::try_from(taken).expect("short"));
        }
    }

    fn receive(&mut self, number: u8, len: usize) {
        let len_of = self.users.len().max(1);
        let Some(user) = self.users.get_mut(usize::from(number) % len_of) else { return };
        let mut buffer = vec![0; len];
        match self.tcp.recv(user.id, &mut buffer) {
            Ok(taken) => {
                assert!(taken == 0 || !user.is_finished, "data behind the end of the stream");
                user.received.extend(&buffer[..taken]);
            }
            Err(RecvError::Finished) => user.is_finished = true,
            Err(_) => {}
        }
        let Ok(remote) = self.tcp.remote(user.id) else { return };
        self.peers.check_read(None, remote, &user.received);
    }

    fn turn(&mut self, ip: &mut FakeIp<'_>, budget: usize) {
        turns::turn(self.tcp, self.peers, ip, budget);
    }

    /// The user gives everything back; within bounded time nothing is left of it.
    fn end(&mut self, ip: &mut FakeIp<'_>) {
        refuse(ip, &Refusal::None);
        for user in core::mem::take(&mut self.users) {
            let _ = self.tcp.release(user.id);
        }
        // Nobody else takes what waits.
        for port in [80, 160] {
            while let Some(id) = self.tcp.accept(port) {
                let _ = self.tcp.release(id);
            }
            self.tcp.unlisten(port);
        }
        turns::run_dry(self.tcp, self.peers, ip);
    }
}
