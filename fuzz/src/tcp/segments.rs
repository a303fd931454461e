//! One engine, a user's calls, any segments, ICMP errors, time.
//!
//! Each octet that the peers send depends on its sequence number alone, so that data that are delivered must be those
//! behind one of the SYNs that were sent. The user's octets depend on their place in the stream in the same way, so
//! that each retransmission must equal the first transmission.

use super::{octet_at, Memory, CONNECTIONS};
use crate::steps;
use crate::transport::{check_sent, feed, refuse, Address, Arrival, Refusal, OWN_V4};
use arbitrary::{Arbitrary, Unstructured};
use core::cell::RefCell;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use tersus_ip::fake::FakeIp;
use tersus_ip::{ErrorKind, IcmpError, Instant, Outgoing, Path, Progress, Transport};
use tersus_tcp::congestion::Congestion;
use tersus_tcp::{
    Class, Config, ConnectOptions, ConnectionId, Endpoint, KeepAlive, ListenerId, Nagle, Options, RecvError,
    Tcp,
};
use tersus_wire::ip::pseudo_addresses;
use tersus_wire::tcp::{self as wire, Flags, SackBlock, Timestamps, UserTimeout};
use tersus_wire::IpProtocol;

#[derive(Arbitrary, Debug)]
enum Step {
    Listen { port: u8, address: Option<Address>, backlog: u8, options: UserOptions },
    Unlisten { listener: u8 },
    Accept { listener: u8 },
    Connect { to: Address, port: u8, from_port: u8, options: UserOptions },
    Send { connection: u8, len: u8, in_place: bool },
    Recv { connection: u8, len: u8, in_place: bool },
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

#[derive(Arbitrary, Debug)]
struct UserOptions {
    nagle: bool,
    keep_alive: bool,
    user_timeout: u8,
    class: u8,
}

impl UserOptions {
    fn get(&self) -> Options {
        Options {
            nagle: if self.nagle { Nagle::On } else { Nagle::Off },
            keep_alive: if self.keep_alive { KeepAlive::On } else { KeepAlive::Off },
            user_timeout: Duration::from_secs(self.user_timeout.into()),
            class: self.class % 3,
            ..Options::NONE
        }
    }
}

/// A segment of a flow: one of those that were seen, or a new one.
#[derive(Arbitrary, Debug)]
struct Segment {
    flow: u8,
    flags: u8,
    seq: Place,
    ack: Place,
    window: u16,
    urgent: u16,
    options: SegmentOptions,
    len: u8,
    bad_checksum: bool,
}

/// A sequence number, from what the engine said last.
#[derive(Arbitrary, Debug, Clone, Copy)]
enum Place {
    /// What it expects, or has sent.
    Right,
    Off(i8),
    Far(i32),
    Initial,
}

#[derive(Arbitrary, Debug)]
struct SegmentOptions {
    mss: Option<u16>,
    window_scale: Option<u8>,
    sack_permitted: bool,
    timestamps: Option<(u32, u32)>,
    user_timeout: Option<u8>,
    sack: Vec<(i8, i8)>,
    /// The option area instead.
    raw: Option<Vec<u8>>,
}

/// What is known of the segments between two endpoints.
struct Flow {
    peer: IpAddr,
    peer_port: u16,
    local: IpAddr,
    port: u16,
    /// What the engine sent: initial and highest next sequence number, acknowledgement.
    iss: Option<u32>,
    snd_nxt: u32,
    ack: u32,
    /// Sequence numbers of the SYNs that were sent to it.
    syns: Vec<u32>,
}

/// A connection as its user sees it.
struct User {
    id: ConnectionId,
    sent: u32,
    received: Vec<u8>,
    is_finished: bool,
}

struct Engine<'t, 'a> {
    tcp: &'t mut Tcp<'a>,
    flows: &'t RefCell<Vec<Flow>>,
    users: Vec<User>,
    listeners: Vec<ListenerId>,
}

fn initial(peer_port: u16) -> u32 {
    [0xffff_fff0, 0, 0x7fff_fff0, 1_000].get(usize::from(peer_port % 4)).copied().unwrap_or(0)
}

pub(super) fn run(data: &[u8], congestion: &dyn Congestion) {
    let mut memory = Memory::new();
    let config = Config { delayed_ack: Duration::from_millis(40), ..Config::new() };
    let mut tcp = Tcp::new(&mut memory, config, congestion, [7; 32]);
    let flows = RefCell::new(Vec::new());
    let mut buffer = vec![0xee; 2_000];
    let mut check = |path: &Path, outgoing: Outgoing, segment: &[u8]| {
        assert_eq!(outgoing.protocol, IpProtocol::TCP);
        check_sent(path, IpProtocol::TCP, segment);
        note(&mut flows.borrow_mut(), path.source(), path.destination(), segment);
    };
    let mut ip = FakeIp::new(&mut buffer, &mut check);
    ip.now = Instant::from_secs(1);
    let mut world = Engine { tcp: &mut tcp, flows: &flows, users: Vec::new(), listeners: Vec::new() };
    let mut input = Unstructured::new(data);
    for _ in 0..200 {
        let Some(step) = steps::next::<Step>(&mut input) else { break };
        steps::trace(ip.now, &step);
        world.step(&step, &mut ip);
    }
    world.end(&mut ip);
}

/// Learns from what the engine sent, and checks its data against what the user sent.
fn note(flows: &mut Vec<Flow>, local: IpAddr, peer: IpAddr, segment: &[u8]) {
    let packet = wire::Packet::parse(segment).expect("checked");
    let header = packet.header();
    let (port, peer_port) = (header.src_port(), header.dst_port());
    let at = flows.iter().position(|flow| {
        (flow.peer, flow.peer_port, flow.local, flow.port) == (peer, peer_port, local, port)
    });
    let at = at.unwrap_or_else(|| {
        if flows.len() >= 8 {
            flows.remove(0);
        }
        let (seq, ack) = (header.seq(), header.ack());
        flows.push(Flow { peer, peer_port, local, port, iss: None, snd_nxt: seq, ack, syns: Vec::new() });
        flows.len() - 1
    });
    let flow = &mut flows[at];
    if header.flags().contains(Flags::SYN) {
        flow.iss = Some(header.seq());
        assert!(packet.payload().is_empty(), "data with a SYN");
        flow.snd_nxt = header.seq();
    }
    if header.flags().contains(Flags::RST) {
        assert!(packet.payload().is_empty(), "data with an RST");
        return;
    }
    if header.flags().contains(Flags::ACK) {
        flow.ack = header.ack();
    }
    flow.snd_nxt = header.seq().wrapping_add(packet.segment_len());
    if let Some(iss) = flow.iss {
        for (octet, place) in packet.payload().iter().zip(0..) {
            let place = header.seq().wrapping_sub(iss).wrapping_sub(1).wrapping_add(place);
            assert_eq!(*octet, octet_at(place), "octet {place} of the stream is another");
        }
    }
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
                let endpoint = Endpoint { address: address.map(Address::get), port };
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
            Step::Send { connection, len, in_place } => self.send(*connection, (*len).into(), *in_place),
            Step::Recv { connection, len, in_place } => self.receive(*connection, (*len).into(), *in_place),
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
                    assert!(self.tcp.state(id).is_err(), "a released handle is stale");
                    self.users.retain(|user| user.id != id);
                }
            }
            Step::SetOptions { connection, options } => {
                if let Some(id) = self.id(*connection) {
                    assert!(self.tcp.set_options(id, options.get()).is_ok());
                }
            }
            Step::Divide { connections, receive, send } => {
                // Only before there are connections: see its documentation.
                if self.users.is_empty() && self.listeners.is_empty() && self.flows.borrow().is_empty() {
                    let class = Class {
                        connections: (*connections % 4).into(),
                        receive: (*receive).into(),
                        send: (*send).into(),
                    };
                    self.tcp.divide(&[class, Class { connections: 1, ..class }]);
                }
            }
            Step::Segment(segment) => self.segment(segment, ip.now),
            Step::Octets { from, to, octets } => {
                let (from, to) = (from.get(), to.get());
                self.arrive(ip.now, from, to, octets.clone());
            }
            Step::Icmp { flow, kind, seq, cut } => self.icmp(*flow, *kind, *seq, *cut, ip.now),
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

    fn listener(&self, number: u8) -> Option<ListenerId> {
        self.listeners.get(usize::from(number) % self.listeners.len().max(1)).copied()
    }

    fn add(&mut self, id: ConnectionId) {
        assert!(self.users.iter().all(|user| user.id != id), "one handle, two connections");
        self.users.push(User { id, sent: 0, received: Vec::new(), is_finished: false });
        assert!(self.users.len() <= CONNECTIONS);
    }

    fn send(&mut self, number: u8, len: usize, in_place: bool) {
        let len_of = self.users.len().max(1);
        let Some(user) = self.users.get_mut(usize::from(number) % len_of) else { return };
        let first = user.sent;
        let data: Vec<u8> = (0..len).zip(first..).map(|(_, place)| octet_at(place)).collect();
        let room = self.tcp.send_room(user.id);
        let taken = if in_place {
            self.tcp.send_with(user.id, |free| {
                let len = data.len().min(free.len());
                free[..len].copy_from_slice(&data[..len]);
                len
            })
        } else {
            self.tcp.send(user.id, &data)
        };
        if let Ok(taken) = taken {
            assert!(taken <= len && room.is_ok_and(|room| taken <= room));
            user.sent = first.wrapping_add(u32::try_from(taken).expect("short"));
        }
    }

    fn receive(&mut self, number: u8, len: usize, in_place: bool) {
        let len_of = self.users.len().max(1);
        let Some(user) = self.users.get_mut(usize::from(number) % len_of) else { return };
        let mut buffer = vec![0; len];
        let result = if in_place {
            self.tcp.recv_with(user.id, |data| {
                let len = data.len().min(len);
                buffer[..len].copy_from_slice(&data[..len]);
                (len, len)
            })
        } else {
            self.tcp.recv(user.id, &mut buffer)
        };
        match result {
            Ok(taken) => {
                assert!(taken == 0 || !user.is_finished, "data behind the end of the stream");
                user.received.extend(&buffer[..taken]);
            }
            Err(RecvError::Finished) => user.is_finished = true,
            Err(_) => {}
        }
        let (Ok(local), Ok(remote)) = (self.tcp.local(user.id), self.tcp.remote(user.id)) else { return };
        let flows = self.flows.borrow();
        let flow = flows.iter().find(|flow| {
            (flow.peer, flow.peer_port, flow.local, flow.port)
                == (remote.ip(), remote.port(), local.ip(), local.port())
        });
        let Some(flow) = flow.filter(|_| !user.received.is_empty()) else { return };
        let is_behind = |syn: &u32| {
            user.received
                .iter()
                .zip(0..)
                .all(|(octet, place)| *octet == octet_at(syn.wrapping_add(1).wrapping_add(place)))
        };
        assert!(flow.syns.iter().any(is_behind), "delivered was not sent: {:02x?}", user.received);
    }

    fn arrive(&mut self, now: Instant, from: IpAddr, to: IpAddr, octets: Vec<u8>) {
        let arrival = Arrival { now, interface: 0, from, to, protocol: IpProtocol::TCP };
        if let Some(reply) = feed(self.tcp, arrival, octets) {
            note(&mut self.flows.borrow_mut(), to, from, &reply);
        }
    }

    fn segment(&mut self, segment: &Segment, now: Instant) {
        let mut flows = self.flows.borrow_mut();
        let known = flows.len();
        // Also flows that do not exist yet: four peer ports to one port.
        let choice = usize::from(segment.flow) % (known + 4);
        if choice >= known {
            let peer_port = u16::try_from(choice - known).expect("below four") + 5_000;
            let is_there = flows.iter().any(|flow| flow.peer_port == peer_port);
            let (local, peer) = (IpAddr::V4(OWN_V4), Address::Peer4.get());
            if !is_there {
                flows.push(Flow {
                    peer,
                    peer_port,
                    local,
                    port: 80,
                    iss: None,
                    snd_nxt: 0,
                    ack: initial(peer_port),
                    syns: Vec::new(),
                });
            }
        }
        let len = flows.len();
        let flow = &mut flows[choice.min(len - 1)];
        let place = |place: Place, right: u32| match place {
            Place::Right => right,
            Place::Off(off) => right.wrapping_add_signed(off.into()),
            Place::Far(off) => right.wrapping_add_signed(off),
            Place::Initial => initial(flow.peer_port),
        };
        let (seq, ack) = (place(segment.seq, flow.ack), place(segment.ack, flow.snd_nxt));
        let flags = Flags::from_bits_truncate(segment.flags);
        let first = seq.wrapping_add(u32::from(flags.contains(Flags::SYN)));
        if flags.contains(Flags::SYN) {
            flow.syns.push(seq);
        }
        let payload: Vec<u8> = (0..u32::from(segment.len)).map(|i| octet_at(first.wrapping_add(i))).collect();
        let (from, to) = (flow.peer, flow.local);
        let fields = wire::Fields {
            src_port: flow.peer_port,
            dst_port: flow.port,
            seq,
            ack,
            flags,
            window: segment.window,
            urgent: segment.urgent,
        };
        let snd_una = flow.snd_nxt;
        drop(flows);
        let Some(mut octets) = segment.options.build(&fields, snd_una, &payload, from, to) else { return };
        if segment.bad_checksum {
            octets[16] ^= 1;
        }
        self.arrive(now, from, to, octets);
    }

    fn icmp(&mut self, flow: u8, kind: u8, seq: i8, cut: u8, now: Instant) {
        let quoted = {
            let flows = self.flows.borrow();
            let Some(flow) = flows.get(usize::from(flow) % flows.len().max(1)) else { return };
            let seq = flow.snd_nxt.wrapping_add_signed(seq.into());
            let fields = wire::Fields {
                src_port: flow.port,
                dst_port: flow.peer_port,
                seq,
                ..wire::Fields::default()
            };
            let mut octets = vec![0; 20];
            let sum = pseudo_addresses(flow.local, flow.peer);
            wire::emit(&mut octets, &fields, &[], [&[], &[]], wire::Checksum::Full(sum)).expect("room");
            octets.truncate(8 + usize::from(cut % 13));
            (octets, flow.local, flow.peer)
        };
        let (octets, local, remote) = quoted;
        let kind = match kind % 6 {
            0 => ErrorKind::HostUnreachable,
            1 => ErrorKind::PortUnreachable,
            2 => ErrorKind::TooBig(u16::from(kind) * 8),
            3 => ErrorKind::ProtocolUnreachable,
            4 => ErrorKind::HopLimitExceeded,
            _ => ErrorKind::Prohibited,
        };
        let error =
            IcmpError { kind, reporter: remote, local, remote, protocol: IpProtocol::TCP, quoted: &octets };
        self.tcp.error(now, &error);
    }

    /// Turns at one moment, until there is rest or the budget is used up.
    fn turn(&mut self, ip: &mut FakeIp<'_>, budget: usize) {
        let mut left = budget;
        for count in 0.. {
            let progress = self.tcp.transmit(ip, &mut left);
            assert!(left <= budget);
            let is_rest = self.tcp.poll_at().map_or(true, |at| at > ip.now);
            match progress {
                Progress::More => {
                    if left == 0 {
                        break;
                    }
                }
                Progress::Idle | Progress::Blocked(_) if is_rest => break,
                Progress::Idle | Progress::Blocked(_) => {}
            }
            let at = self.tcp.poll_at();
            assert!(count < 50, "{progress:?} with budget {left}, and poll_at says {at:?} at {}", ip.now);
        }
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
        for _ in 0..2_000 {
            self.turn(ip, 16);
            let Some(at) = self.tcp.poll_at() else { break };
            ip.now = ip.now.max(at);
        }
        assert_eq!(self.tcp.poll_at(), None, "timers run for ever at {}", ip.now);
    }
}

impl SegmentOptions {
    fn build(
        &self,
        fields: &wire::Fields,
        acked: u32,
        payload: &[u8],
        from: IpAddr,
        to: IpAddr,
    ) -> Option<Vec<u8>> {
        let mut repr = wire::Repr { fields: *fields, ..wire::Repr::default() };
        let mut area = vec![0; wire::MAX_OPTIONS_LEN];
        let area = match &self.raw {
            Some(raw) => {
                let mut raw = raw.clone();
                raw.truncate(wire::MAX_OPTIONS_LEN);
                raw.resize(raw.len().div_ceil(4) * 4, 0);
                raw
            }
            None => {
                repr.options.mss = self.mss;
                repr.options.window_scale = self.window_scale;
                repr.options.sack_permitted = self.sack_permitted;
                repr.options.timestamps = self.timestamps.map(|(value, echo)| Timestamps { value, echo });
                repr.options.user_timeout = self.user_timeout.map(|n| UserTimeout::Seconds(n.into()));
                for (left, right) in self.sack.iter().take(3) {
                    let block = SackBlock {
                        left: acked.wrapping_add_signed((*left).into()),
                        right: acked.wrapping_add_signed((*right).into()),
                    };
                    repr.options.sack.push(block).ok()?;
                }
                let len = repr.options.emit(&mut area).ok()?;
                area.truncate(len);
                area
            }
        };
        let mut octets = vec![0; wire::HEADER_LEN + area.len() + payload.len()];
        let sum = wire::Checksum::Full(pseudo_addresses(from, to));
        wire::emit(&mut octets, fields, &area, [payload, &[]], sum).ok()?;
        Some(octets)
    }
}
