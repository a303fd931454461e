//! One engine, a user's calls, any segments, ICMP errors, time.
//!
//! `peer` makes the segments and checks what the engine sends. After each step the counters account for every segment,
//! handles that were given back are stale, and tasks that wait for what is so were woken.

use super::peer::{Peers, Segment};
use super::turns::{self, Way};
use super::{octet_at, Memory, CONNECTIONS};
use crate::steps;
use crate::transport::{check_sent, refuse, Address, Refusal};
use arbitrary::{Arbitrary, Unstructured};
use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Waker;
use core::time::Duration;
use std::sync::Arc;
use std::task::Wake;
use tersus_ip::fake::FakeIp;
use tersus_ip::{Instant, Outgoing, Path, Transport};
use tersus_tcp::congestion::Congestion;
use tersus_tcp::{
    Class, Config, ConnectOptions, ConnectionId, Duties, Ecn, Endpoint, Figures, Growth, Half, KeepAlive,
    ListenerId, Nagle, Options, RecvError, SynCookies, Tcp, Timestamps, Wakers, When,
};
use tersus_wire::IpProtocol;

#[derive(Arbitrary, Debug)]
enum Step {
    Listen { port: u8, address: Option<Address>, backlog: u8, options: UserOptions },
    Unlisten { listener: u8 },
    Accept { listener: u8 },
    Connect { to: Address, port: u8, from_port: u8, options: UserOptions },
    Send { connection: u8, len: u8, how: Sending },
    Recv { connection: u8, len: u8, how: Receiving },
    Both { from: u8, to: u8, read: u8, write: u8 },
    Push { connection: u8 },
    OfferAtLeast { connection: u8, octets: u16 },
    Shutdown { connection: u8, half: u8 },
    Wait4 { connection: u8, when: u8 },
    Close { connection: u8 },
    Abort { connection: u8 },
    Release { connection: u8 },
    SetOptions { connection: u8, options: UserOptions },
    Divide { connections: u8, receive: u8, send: u8 },
    Segment(Segment),
    Octets { from: Address, to: Address, octets: Vec<u8> },
    Icmp { flow: u8, kind: u8, seq: i8, cut: u8 },
    Turn { budget: u8 },
    World(Refusal),
    Wait { millis: u16 },
    WaitForIt,
    Back { millis: u16 },
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Sending {
    Copy,
    InPlace,
    Pieces(u8),
    Urgent,
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Receiving {
    Copy,
    InPlace,
    Pieces(u8),
    Peek,
}

#[derive(Arbitrary, Debug)]
struct UserOptions {
    nagle: u8,
    keep_alive: bool,
    timestamps: bool,
    ecn: u8,
    user_timeout: u8,
    hop_limit: u8,
    traffic_class: u8,
    class: u8,
}

impl UserOptions {
    fn get(&self) -> Options {
        Options {
            nagle: [Nagle::On, Nagle::Off, Nagle::Cork][usize::from(self.nagle % 3)],
            keep_alive: if self.keep_alive { KeepAlive::On } else { KeepAlive::Off },
            timestamps: if self.timestamps { Timestamps::On } else { Timestamps::Off },
            ecn: [Ecn::Accept, Ecn::Request, Ecn::Off][usize::from(self.ecn % 3)],
            user_timeout: Duration::from_secs(self.user_timeout.into()),
            hop_limit: self.hop_limit,
            traffic_class: self.traffic_class,
            class: self.class % 3,
        }
    }
}

/// A task that may have been woken.
#[derive(Default)]
struct Task(AtomicBool);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A connection as its user sees it.
struct User {
    id: ConnectionId,
    sent: u32,
    received: Vec<u8>,
    is_finished: bool,
    /// Those who wait to read, and to write.
    tasks: [Option<Arc<Task>>; 2],
}

struct Engine<'t, 'a> {
    tcp: &'t mut Tcp<'a>,
    peers: &'t Peers,
    users: Vec<User>,
    listeners: Vec<ListenerId>,
    /// Given back.
    stale: Vec<ConnectionId>,
    /// Segments that arrived.
    arrived: u32,
}

/// What an engine is made with.
pub(super) struct Setup<'s> {
    pub(super) congestion: &'s dyn Congestion,
    pub(super) duties: &'static Duties,
    pub(super) cookies: bool,
    pub(super) growth: bool,
    pub(super) watched: bool,
}

pub(super) fn run(data: &[u8], setup: &Setup<'_>) {
    let mut memory = Memory::new();
    let config = Config { delayed_ack: Duration::from_millis(40), ..Config::new() };
    let mut growth = [Growth::NONE; 2];
    let mut figures = [Figures::NONE; 2];
    let (mut wakers, mut acceptors) = ([const { Wakers::NONE }; 2], [const { None }; 2]);
    let mut tcp = Tcp::with_duties(&mut memory, config, setup.duties, setup.congestion, [7; 32]);
    if setup.cookies {
        tcp.use_syn_cookies(SynCookies::WHEN_FULL);
    }
    if setup.growth {
        tcp.grow_windows(0, &mut growth);
    }
    if setup.watched {
        tcp.keep_figures(&mut figures);
        tcp.use_wakers(&mut wakers, &mut acceptors);
    }
    let peers = Peers::default();
    let mut buffer = vec![0xee; 2_000];
    let mut check = |path: &Path, outgoing: Outgoing, segment: &[u8]| {
        assert_eq!(outgoing.protocol, IpProtocol::TCP);
        check_sent(path, IpProtocol::TCP, segment);
        peers.note_sent(path, segment);
    };
    let mut ip = FakeIp::new(&mut buffer, &mut check);
    ip.now = Instant::from_secs(1);
    let mut world = Engine {
        tcp: &mut tcp,
        peers: &peers,
        users: Vec::new(),
        listeners: Vec::new(),
        stale: Vec::new(),
        arrived: 0,
    };
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
    fn user(&mut self, number: u8) -> Option<&mut User> {
        let len = self.users.len().max(1);
        self.users.get_mut(usize::from(number) % len)
    }

    fn id(&mut self, number: u8) -> Option<ConnectionId> {
        self.user(number).map(|user| user.id)
    }

    fn step(&mut self, step: &Step, ip: &mut FakeIp<'_>) {
        match step {
            Step::Listen { port, address, backlog, options } => {
                let port = u16::from(port % 2) * 80;
                let endpoint = Endpoint { address: address.map(Address::get), port, interface: None };
                if let Ok(id) = self.tcp.listen_with(endpoint, (*backlog % 4).into(), options.get()) {
                    self.listeners.push(id);
                }
            }
            Step::Unlisten { listener } => {
                if let Some(id) = self.listener(*listener) {
                    let _ = self.tcp.unlisten(id);
                    assert!(self.tcp.acceptable(id).is_err(), "a closed listener is stale");
                }
            }
            Step::Accept { listener } => {
                if let Some(id) = self.listener(*listener) {
                    if let Some(id) = self.tcp.accept(id) {
                        self.add(id);
                    }
                }
            }
            Step::Connect { to, port, from_port, options } => {
                let remote = SocketAddr::new(to.get(), (*port % 4).into());
                let options = ConnectOptions {
                    port: u16::from(*from_port % 4) * 1_000,
                    options: options.get(),
                    ..ConnectOptions::default()
                };
                if let Ok(id) = self.tcp.connect(ip, ip.now, remote, options) {
                    self.add(id);
                }
            }
            Step::Send { connection, len, how } => self.send(*connection, (*len).into(), *how),
            Step::Recv { connection, len, how } => self.receive(*connection, (*len).into(), *how),
            Step::Both { from, to, read, write } => self.both(*from, *to, (*read).into(), (*write).into()),
            Step::Push { connection } => {
                if let Some(id) = self.id(*connection) {
                    assert!(self.tcp.push(id).is_ok());
                }
            }
            Step::OfferAtLeast { connection, octets } => {
                if let Some(id) = self.id(*connection) {
                    assert!(self.tcp.offer_at_least(id, (*octets).into()).is_ok());
                }
            }
            Step::Shutdown { connection, half } => {
                if let Some(id) = self.id(*connection) {
                    let half = [Half::Receive, Half::Send, Half::Both][usize::from(half % 3)];
                    assert!(self.tcp.shutdown(id, half).is_ok());
                }
            }
            Step::Wait4 { connection, when } => self.wait_for(*connection, *when),
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
            Step::SetOptions { connection, options } => {
                if let Some(id) = self.id(*connection) {
                    assert!(self.tcp.set_options(id, options.get()).is_ok());
                }
            }
            Step::Divide { connections, receive, send } => {
                // Only before there are connections: see its documentation.
                if self.users.is_empty() && self.listeners.is_empty() && self.peers.is_empty() {
                    let class = Class {
                        connections: (*connections % 4).into(),
                        receive: (*receive).into(),
                        send: (*send).into(),
                    };
                    self.tcp.divide(&[class, Class { connections: 1, ..class }]);
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
        while self.tcp.next_event().is_some() {}
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
            let is_stale =
                self.tcp.state(id).is_err() && self.tcp.peek(id).is_err() && self.tcp.info(id).is_err();
            assert!(
                is_stale && self.tcp.push(id).is_err() && self.tcp.close(id).is_err(),
                "a handle lives on"
            );
            assert!(self.tcp.send(id, b"x").is_err() && self.tcp.split(id).is_err(), "a handle lives on");
        }
        for user in &mut self.users {
            let info = self.tcp.info(user.id).expect("in use");
            assert!(info.receive_queue + info.receive_window <= info.receive_buffer.max(1) + 1, "{info:?}");
            assert!(info.sacked <= info.in_flight && info.lost <= info.in_flight, "{info:?}");
            assert!(self.tcp.figures(user.id).is_ok() && self.tcp.urgent_mark(user.id).is_ok());
            let is = [self.tcp.is_readable(user.id), self.tcp.is_writable(user.id)];
            for (task, is) in user.tasks.iter_mut().zip(is) {
                let woken = task.as_ref().is_some_and(|task| task.0.load(Ordering::Relaxed));
                assert!(!is || woken || task.is_none(), "a task sleeps on");
                if woken {
                    *task = None;
                }
            }
        }
    }

    fn listener(&self, number: u8) -> Option<ListenerId> {
        self.listeners.get(usize::from(number) % self.listeners.len().max(1)).copied()
    }

    fn add(&mut self, id: ConnectionId) {
        assert!(self.users.iter().all(|user| user.id != id), "one handle, two connections");
        let (received, tasks) = (Vec::new(), [None, None]);
        self.users.push(User { id, sent: 0, received, is_finished: false, tasks });
        assert!(self.users.len() <= CONNECTIONS);
    }

    fn wait_for(&mut self, number: u8, when: u8) {
        let len_of = self.users.len().max(1);
        let Some(user) = self.users.get_mut(usize::from(number) % len_of) else { return };
        let task = Arc::new(Task::default());
        let waker = Waker::from(task.clone());
        let place = match when % 5 {
            0 => (When::Readable, user.tasks.first_mut()),
            1 => (When::Writable, user.tasks.last_mut()),
            2 => (When::Established, None),
            3 => (When::Flushed, None),
            _ => (When::Ended, None),
        };
        assert!(self.tcp.wake_when(user.id, place.0, &waker).is_ok());
        if let Some(place) = place.1 {
            *place = Some(task);
        }
    }

    fn send(&mut self, number: u8, len: usize, how: Sending) {
        let len_of = self.users.len().max(1);
        let Some(user) = self.users.get_mut(usize::from(number) % len_of) else { return };
        let first = user.sent;
        let data: Vec<u8> = (0..len).zip(first..).map(|(_, place)| octet_at(place)).collect();
        let room = self.tcp.send_room(user.id);
        let result = match how {
            Sending::Copy => self.tcp.send(user.id, &data),
            Sending::InPlace => self.tcp.send_with(user.id, |free| {
                let len = data.len().min(free.len());
                free[..len].copy_from_slice(&data[..len]);
                len
            }),
            Sending::Pieces(cut) => {
                let (front, back) = data.split_at(usize::from(cut).min(len));
                self.tcp.send_vectored(user.id, &[front, &[], back])
            }
            Sending::Urgent => self.tcp.send_urgent(user.id, &data),
        };
        if let Ok(taken) = result {
            assert!(taken <= len && room.is_ok_and(|room| taken <= room));
            user.sent = first.wrapping_add(u32::try_from(taken).expect("short"));
        }
    }

    fn receive(&mut self, number: u8, len: usize, how: Receiving) {
        let len_of = self.users.len().max(1);
        let Some(user) = self.users.get_mut(usize::from(number) % len_of) else { return };
        let mut buffer = vec![0; len];
        let queue = self.tcp.recv_queue(user.id);
        let peeked = self.tcp.peek(user.id).map(|parts| parts.concat());
        let result = match how {
            Receiving::Copy => self.tcp.recv(user.id, &mut buffer),
            Receiving::InPlace => self.tcp.recv_with(user.id, |data| {
                let len = data.len().min(len);
                buffer[..len].copy_from_slice(&data[..len]);
                (len, len)
            }),
            Receiving::Pieces(cut) => {
                let (front, back) = buffer.split_at_mut(usize::from(cut).min(len));
                self.tcp.recv_vectored(user.id, &mut [front, &mut [], back])
            }
            Receiving::Peek => peeked.clone().map(|data| {
                let taken = self.tcp.consume(user.id, len).expect("in use");
                buffer[..taken].copy_from_slice(&data[..taken]);
                taken
            }),
        };
        match (result, peeked) {
            (Ok(taken), Ok(peeked)) => {
                assert_eq!(Ok(peeked.len()), queue.map_err(RecvError::from));
                assert_eq!(peeked.get(..taken), buffer.get(..taken), "what was peeked at is another");
                user.take(&buffer[..taken]);
            }
            (Err(RecvError::Finished), Err(RecvError::Finished)) => user.is_finished = true,
            (Err(end), Err(peeked)) => assert_eq!(end, peeked),
            (result, peeked) => panic!("{result:?}, but peek said {peeked:?}"),
        }
        let (Ok(local), Ok(remote)) = (self.tcp.local(user.id), self.tcp.remote(user.id)) else { return };
        self.peers.check_read(Some(local), remote, &user.received);
    }

    /// Reads from one connection and writes to another, or the same, both borrowed at once.
    fn both(&mut self, from: u8, to: u8, read: usize, write: usize) {
        let (Some(source), Some(target)) = (self.id(from), self.id(to)) else { return };
        let (mut input, mut output) = self.tcp.splice(source, target).expect("both in use");
        let received = match input.peek() {
            Ok(parts) => parts.concat(),
            Err(_) => Vec::new(),
        };
        assert!(input.is_empty() == received.is_empty() && input.len() == received.len());
        let mut buffer = vec![0; read];
        let taken = if write % 2 == 0 { input.recv(&mut buffer).unwrap_or(0) } else { input.consume(read) };
        assert_eq!(taken, read.min(received.len()));
        let room = output.room();
        let mut written = 0;
        let first = self.users.iter().find(|user| user.id == target).map_or(0, |user| user.sent);
        if let Ok(parts) = output.buffers() {
            assert_eq!(parts.iter().map(|part| part.len()).sum::<usize>(), room);
            for (place, octet) in (first..).zip(parts.into_iter().flatten().take(write)) {
                *octet = octet_at(place);
                written += 1;
            }
        }
        assert_eq!(output.commit(written), written);
        for user in &mut self.users {
            if user.id == target {
                user.sent = first.wrapping_add(u32::try_from(written).expect("short"));
            }
            if user.id == source {
                user.take(&received[..taken]);
            }
        }
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
        for listener in core::mem::take(&mut self.listeners) {
            let _ = self.tcp.unlisten(listener);
        }
        turns::run_dry(self.tcp, self.peers, ip);
    }
}

impl User {
    fn take(&mut self, data: &[u8]) {
        assert!(data.is_empty() || !self.is_finished, "data behind the end of the stream");
        self.received.extend(data);
    }
}
