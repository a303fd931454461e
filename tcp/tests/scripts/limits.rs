//! Limits: tables of any length, full devices, budgets, events, buffer classes, and any octets at all.

use crate::runner::*;
use core::net::{IpAddr, SocketAddr};
use tersus_ip::fake::FakeIp;
use tersus_ip::{
    Advice, ErrorKind, Fill, Instant, InterfaceId, InterfaceSet, IpLayer, Membership, Outgoing, Path,
    Progress, Routes, SendError, Source, Transport, Unreachable,
};
use tersus_tcp::congestion::Unlimited;
use tersus_tcp::State::*;
use tersus_tcp::{
    Changes, Class, Config, ConnectError, ConnectOptions, Event, ListenError, Options, Outcome, Slices,
    Storage, Tcp,
};
use tersus_wire::tcp::{Fields, Flags};

#[test]
fn an_engine_without_memory_refuses_everything() {
    let mut h = Host::new(
        &Setup { connections: 0, syns: 0, waits: 0, listeners: 0, records: 0, ranges: 0, ..Setup::default() },
        1,
        Instant::ZERO,
        0,
    );
    assert_eq!(h.tcp.listen(80, 1), Err(ListenError::NoRoom));
    assert_eq!(h.connect_with(ConnectOptions::default()), Err(ConnectError::NoRoom));
    assert_eq!((h.tcp.next_event(), h.tcp.poll_at()), (None, None));
    h.poll();
    let syn = Fields { src_port: 1, dst_port: 80, flags: Flags::SYN, ..Fields::default() };
    h.receive(&syn, &[], &[]);
    assert_eq!(h.sent.len(), 1, "an RST");
    let mut none = Tcp::from_slices(Slices::default(), Config::new(), &Unlimited, [1; 32]);
    assert_eq!(none.listen(80, 1), Err(ListenError::NoRoom));
}

// Without a SYN table or TIME-WAIT table the rest works.
#[test]
fn each_table_may_be_empty() {
    run(&Setup { syns: 0, ..Setup::default() }, listening, || {
        vec![(0, In(syn(300))), (0, Call(|h| assert_eq!(h.counter("syn_no_room"), 1)))]
    });
    run(&Setup { waits: 0, records: 0, ranges: 0, ..Setup::default() }, connected, || {
        vec![
            (0, Call(|h| h.tcp.close(h.id()).unwrap())),
            (0, Out(fin(101).ack(301))),
            (10, In(fin(301).ack(102))),
            (10, Out(seg(102).ack(302))),
            (10, Is(TimeWait)),
            // Nobody remembers the connection.
            (20, In(fin(301).ack(102))),
            (20, Out(rst(102))),
        ]
    });
}

#[test]
fn storage_has_the_sizes_of_its_parameters() {
    let mut storage: Storage<3, 100, 200, 2, 2, 1> = Storage::new();
    let mut tcp = Tcp::new(&mut storage, Config::new(), &tersus_tcp::congestion::Reno::DEFAULT, [1; 32]);
    let mut h = Host::new(&Setup::default(), 1, Instant::ZERO, 0);
    let remote = h.remote();
    let ids: Vec<_> = h.with_ip(|_, ip| {
        (0..4).map(|_| tcp.connect(ip, Instant::ZERO, remote, ConnectOptions::default())).collect()
    });
    assert_eq!(ids.iter().filter(|id| id.is_ok()).count(), 3);
    assert_eq!(tcp.send(ids[2].unwrap(), &[1; 300]), Ok(200));
    assert_eq!(tcp.listen(80, 1).and_then(|_| tcp.listen(81, 1)), Err(ListenError::NoRoom));
}

#[test]
fn a_full_device_blocks_only_until_there_is_room() {
    run_both(&Setup::default(), connected, || {
        vec![
            (
                0,
                Call(|h| {
                    h.send(10, 101);
                    (h.room, h.refusal) = (InterfaceSet::NONE, Some(SendError::Full));
                }),
            ),
            (
                0,
                Call(|h| {
                    assert_eq!(h.progress, Progress::Blocked(InterfaceSet::only(InterfaceId(0))));
                    // Nothing but time can come, so nobody polls.
                    assert_eq!(h.poll_at(), None);
                }),
            ),
            (5000, Call(|h| (h.room, h.refusal) = (InterfaceSet::ALL, None))),
            (5000, Out(seg(101).ack(301).len(10))),
        ]
    });
}

#[test]
fn a_half_open_connection_waits_for_room_as_well() {
    run_both(&Setup::default(), listening, || {
        vec![
            (0, Call(|h| (h.room, h.refusal) = (InterfaceSet::NONE, Some(SendError::Full)))),
            (0, In(syn(300))),
            (0, Call(|h| assert_eq!(h.poll_at(), None))),
            (100, Call(|h| (h.room, h.refusal) = (InterfaceSet::ALL, None))),
            (100, Out(syn(100).ack(301))),
        ]
    });
}

#[test]
fn what_waits_for_a_next_hop_goes_when_the_generation_moves() {
    run_both(&Setup::default(), nothing, || {
        vec![
            (0, Call(|h| h.refusal = Some(SendError::Resolving))),
            (0, Call(Host::connect)),
            (0, Call(|h| assert_eq!((h.poll_at(), h.progress), (None, Progress::Idle)))),
            (500, Call(|h| h.refusal = None)),
            (500, Call(|h| h.generation += 1)),
            (500, Out(syn(100))),
            (500, In(syn(300).ack(101))),
            (500, Out(seg(101).ack(301))),
        ]
    });
}

#[test]
fn an_attempt_ends_at_once_when_this_host_finds_no_way() {
    run(&Setup::default(), nothing, || {
        vec![
            (0, Call(|h| h.refusal = Some(SendError::Resolving))),
            (0, Call(Host::connect)),
            (3000, Call(|h| h.refusal = Some(SendError::Unreachable(Unreachable::Neighbour)))),
            (3000, Call(|h| h.generation += 1)),
            (3000, Is(Closed)),
            (
                3000,
                Call(|h| {
                    let unreachable = Outcome::Unreachable(ErrorKind::HostUnreachable);
                    assert_eq!(h.tcp.outcome(h.id()), Ok(Some(unreachable)));
                }),
            ),
        ]
    });
}

#[test]
fn attempts_that_find_no_way_leave_nothing_behind() {
    let setup = Setup { connections: 2, ..Setup::default() };
    let mut h = Host::new(&setup, 1, tersus_ip::Instant::from_secs(1), 0);
    for attempt in 0..100 {
        h.refusal = Some(SendError::Unreachable(Unreachable::NoRoute));
        h.connect();
        h.poll();
        let id = h.id();
        // The user is told by an event too, and the endpoints are free at once.
        let told = core::iter::from_fn(|| h.tcp.next_event())
            .any(|event| matches!(event, Event::Connection(of, _) if of == id));
        assert!(told, "attempt {attempt}");
        h.tcp.release(id).unwrap();
    }
    h.refusal = None;
    h.connect();
    h.poll();
    assert_eq!(h.sent.len(), 1);
}

#[test]
fn an_unroutable_segment_counts_as_lost() {
    run_both(&Setup::default(), connected, || {
        vec![
            (0, Call(|h| h.refusal = Some(SendError::Unreachable(Unreachable::NoRoute)))),
            (0, Call(|h| assert_eq!(h.send(10, 101), 10))),
            (500, Call(|h| h.refusal = None)),
            (1000, Out(seg(101).ack(301).len(10))),
        ]
    });
}

#[test]
fn a_turn_sends_no_more_than_its_budget() {
    run(&Setup { mtu: 140, ..Setup::default() }, connected, || {
        vec![
            (
                0,
                Call(|h| {
                    h.budget = 3;
                    h.send(1000, 101);
                    h.poll();
                    assert_eq!((h.sent.len(), h.progress), (3, Progress::More));
                    assert!(h.tcp.poll_at().is_some_and(|at| at <= h.now), "at once");
                    h.poll();
                    assert_eq!(h.sent.len(), 6);
                }),
            ),
            (0, Left(10)),
        ]
    });
}

#[test]
fn events_tell_what_changed_and_nothing_else() {
    run(&Setup::default(), listening, || {
        vec![
            (0, In(syn(300))),
            (0, Left(1)),
            (0, Call(|h| assert_eq!(h.tcp.next_event(), None))),
            (0, In(seg(301).ack(101))),
            (
                0,
                Call(|h| {
                    assert_eq!(h.tcp.next_event(), Some(Event::Acceptable(h.listener.unwrap())));
                    assert_eq!(h.tcp.next_event(), None);
                    h.accept();
                    while h.tcp.next_event().is_some() {}
                    h.send(10, 101);
                }),
            ),
            (0, Left(1)),
            (0, Burst(vec![seg(301).ack(101).len(5), seg(306).ack(111).len(5), seg(311).ack(111).len(5)])),
            (0, Left(1)),
            (
                0,
                Call(|h| {
                    let event = Event::Connection(h.id(), Changes::READABLE | Changes::WRITABLE);
                    assert_eq!((h.tcp.next_event(), h.tcp.next_event()), (Some(event), None));
                }),
            ),
            (0, In(rst(316))),
            (
                0,
                Call(|h| {
                    let event = Event::Connection(h.id(), Changes::READABLE | Changes::ENDED);
                    assert_eq!((h.tcp.next_event(), h.tcp.next_event()), (Some(event), None));
                }),
            ),
        ]
    });
    run(&Setup::default(), connected, || {
        vec![(
            0,
            Call(|h| {
                let event = Event::Connection(h.id(), Changes::CONNECTED | Changes::WRITABLE);
                assert_eq!((h.tcp.next_event(), h.tcp.next_event()), (Some(event), None));
            }),
        )]
    });
}

#[test]
fn connections_of_a_class_have_its_buffers() {
    let mut h =
        Host::new(&Setup { connections: 4, rx: 1000, tx: 1000, ..Setup::default() }, 1, Instant::ZERO, 0);
    h.tcp.divide(&[
        Class { connections: 3, receive: 100, send: 200 },
        Class { connections: 1, receive: 3000, send: 3000 },
        Class { connections: 9, receive: 1, send: 1 },
    ]);
    let class = |class| ConnectOptions { options: Options { class, ..Options::NONE }, ..Default::default() };
    let big = h.connect_with(class(1)).unwrap();
    assert_eq!(h.connect_with(class(1)), Err(ConnectError::NoRoom));
    assert_eq!(h.connect_with(class(2)), Err(ConnectError::NoRoom), "no slot left");
    assert_eq!(h.connect_with(class(7)), Err(ConnectError::NoRoom));
    assert_eq!(h.tcp.send_room(big), Ok(3000));
    for _ in 0..3 {
        let small = h.connect_with(class(0)).unwrap();
        assert_eq!(h.tcp.send_room(small), Ok(200));
    }
    assert_eq!(h.connect_with(class(0)), Err(ConnectError::NoRoom));
    // A division of what is in use changes nothing.
    h.tcp.divide(&[]);
    assert_eq!(h.tcp.send_room(big), Ok(3000));
}

/// An IP layer whose path MTU is smaller than it said.
struct SmallPath<'a>(FakeIp<'a>, u16);

impl Routes for SmallPath<'_> {
    fn route(&self, from: Source, to: IpAddr) -> Result<Path, Unreachable> {
        self.0.route(from, to)
    }
    fn generation(&self) -> u32 {
        self.0.generation()
    }
    fn groups(&self, interface: InterfaceId) -> &[Membership] {
        self.0.groups(interface)
    }
    fn group_generation(&self) -> u32 {
        self.0.group_generation()
    }
    fn interface_count(&self) -> u8 {
        1
    }
}

impl IpLayer for SmallPath<'_> {
    fn now(&self) -> Instant {
        self.0.now()
    }
    fn send(
        &mut self,
        path: &mut Path,
        out: Outgoing,
        len: usize,
        fill: &mut dyn Fill,
    ) -> Result<(), SendError> {
        if len + 20 > usize::from(self.1) {
            *path = Path::new(path.source(), path.destination(), path.interface(), self.1).unwrap();
            return Err(SendError::TooBig(self.1));
        }
        self.0.send(path, out, len, fill)
    }
    fn room(&self) -> InterfaceSet {
        self.0.room()
    }
    fn advise(&mut self, _: &Path, _: Advice) {}
}

#[test]
#[cfg_attr(not(feature = "ipv4"), ignore = "speaks IPv4")]
fn small_tcp_cuts_anew_what_its_path_carries_no_more() {
    run_in_family(&Setup { small: true, ..Setup::default() }, connected, || {
        vec![(
            0,
            Call(|h| {
                assert_eq!(h.send(1920, 101), 1920);
                let (mut buffer, mut lens) = ([0; 2000], Vec::new());
                let mut sink = |_: &Path, _: Outgoing, octets: &[u8]| lens.push(octets.len() - 20);
                let mut ip = SmallPath(FakeIp::new(&mut buffer, &mut sink), 1000);
                ip.0.now = h.now;
                h.small.as_mut().unwrap().transmit(&mut ip, &mut 100);
                assert_eq!(lens, [960, 960]);
            }),
        )]
    });
}

// conf: TCP-PMT-01, TCP-PMT-06, TCP-ICMP-06
#[test]
#[cfg_attr(not(feature = "ipv4"), ignore = "speaks IPv4")]
fn too_big_a_segment_goes_again_cut_anew() {
    run_in_family(&Setup::default(), connected, || {
        vec![
            (0, Call(|h| assert_eq!(h.send(3000, 101), 3000))),
            (0, Out(seg(101).ack(301).len(1460))),
            (0, Out(seg(1561).ack(301).len(1460))),
            (0, Out(seg(3021).ack(301).len(80))),
            (
                10,
                Call(|h| {
                    let cwnd = h.tcp.info(h.id()).unwrap().cwnd;
                    h.icmp(ErrorKind::TooBig(1000), 101);
                    h.icmp(ErrorKind::TooBig(1000), 1561);
                    let mut buffer = [0; 2000];
                    let mut lens = Vec::new();
                    let mut sink = |_: &Path, _: Outgoing, octets: &[u8]| lens.push(octets.len() - 20);
                    let mut ip = SmallPath(FakeIp::new(&mut buffer, &mut sink), 1000);
                    ip.0.now = h.now;
                    h.tcp.transmit(&mut ip, &mut 100);
                    assert_eq!(lens, [960, 960, 960, 120], "what was in flight, smaller");
                    assert_eq!(h.tcp.info(h.id()).unwrap().cwnd, cwnd);
                    assert_eq!(h.tcp.state(h.id()), Ok(Established));
                }),
            ),
            // What another segment of the first flight met, and what cannot be true.
            (20, Call(|h| assert_eq!(h.icmp(ErrorKind::TooBig(1000), 1561), tersus_ip::Quoted::Known))),
            (30, Call(|h| assert_eq!(h.icmp(ErrorKind::TooBig(1400), 101), tersus_ip::Quoted::Known))),
            (30, Call(|h| assert_eq!(h.icmp(ErrorKind::TooBig(0), 101), tersus_ip::Quoted::Known))),
        ]
    });
}

#[test]
#[cfg_attr(not(feature = "ipv4"), ignore = "speaks IPv4")]
fn ten_thousand_connections_are_found_one_by_one() {
    let n = 10_000u32;
    let setup = Setup { connections: n as usize, rx: 16, tx: 16, listeners: 1, ..Setup::default() };
    let mut h = Host::new(&Setup { syns: 64, backlog: 64, ..setup }, 1, Instant::from_millis(1), 0);
    h.listen();
    let peer = |i: u32| IpAddr::from([10, (i >> 16) as u8, (i >> 8) as u8, i as u8]);
    let ours = our_address(false);
    let mut ids = Vec::new();
    for i in 0..n {
        let port = 1000 + (i % 7) as u16;
        let syn = Fields {
            src_port: port,
            dst_port: OUR_PORT,
            seq: i,
            flags: Flags::SYN,
            window: 99,
            ..Fields::default()
        };
        h.receive_between(peer(i), ours, &syn, &[], &[]);
        h.poll();
        let (_, answer, ..) = h.sent.pop_front().unwrap();
        let ack = Fields { seq: i + 1, ack: answer.seq + 1, flags: Flags::ACK, ..syn };
        h.receive_between(peer(i), ours, &ack, &[], &i.to_be_bytes());
        h.accept();
        ids.push(h.id());
    }
    h.poll();
    for (i, id) in (0..n).zip(&ids) {
        let mut data = [0; 4];
        assert_eq!(h.tcp.recv(*id, &mut data), Ok(4));
        assert_eq!(u32::from_be_bytes(data), i);
        assert_eq!(h.tcp.remote(*id), Ok(SocketAddr::new(peer(i), 1000 + (i % 7) as u16)));
    }
    h.advance(Instant::from_secs(1));
    assert_eq!((h.tcp.poll_at(), h.sent.len()), (None, n as usize), "all are acknowledged and idle");
}

// conf: TCP-HDR-03, TCP-HDR-05, TCP-HDR-15
#[test]
fn a_spoilt_segment_is_dropped_before_any_change() {
    run(&Setup::default(), connected, || {
        vec![(
            0,
            Call(|h| {
                let both = [192, 0, 2, 2, 192, 0, 2, 1];
                let sum = tersus_wire::checksum::Sum::new().add_bytes(&both);
                let before = h.tcp.info(h.id());
                let make = |h: &Host| {
                    let fields = Fields {
                        src_port: PEER_PORT,
                        dst_port: OUR_PORT,
                        seq: h.peers(301),
                        ack: h.ours(101),
                        flags: Flags::ACK,
                        window: 4096,
                        urgent: 0,
                    };
                    let mut octets = vec![0; 25];
                    let checksum = tersus_wire::tcp::Checksum::Full(sum);
                    tersus_wire::tcp::emit(&mut octets, &fields, &[], [b"hello", &[]], checksum).unwrap();
                    octets
                };
                for bit in 0..25 * 8 {
                    let mut octets = make(h);
                    octets[bit / 8] ^= 1 << (bit % 8);
                    h.receive_octets(&both, &mut octets);
                }
                assert_eq!(h.counter("bad_checksum"), 200);
                // Data offsets that cannot be, with a right checksum; and segments that end early.
                for offset in [0, 4, 7, 15] {
                    let mut octets = make(h);
                    octets[12] = offset << 4;
                    octets[16..18].fill(0);
                    let sum = sum.add_u16(6).add_u32(25).add_bytes(&octets);
                    octets[16..18].copy_from_slice(&sum.checksum().to_be_bytes());
                    h.receive_octets(&both, &mut octets);
                }
                for len in 0..20 {
                    let mut octets = make(h)[..len].to_vec();
                    h.receive_octets(&both, &mut octets);
                }
                assert!(h.recv_all().is_empty());
                assert_eq!(h.tcp.info(h.id()), before);
            }),
        )]
    });
}

/// Any octets, any order of calls, any clock: no panic, and what leaves is well formed (the runner checks it).
#[test]
fn any_octets_and_any_calls_are_survived() {
    let mut state = 1u64;
    let mut random = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    for round in 0..400u32 {
        let setup = Setup {
            rx: [0, 1, 50, 3000, 70_000][random(5) as usize],
            tx: [0, 1, 50, 3000, 70_000][random(5) as usize],
            connections: random(4) as usize,
            syns: random(3) as usize,
            waits: random(3) as usize,
            records: random(4) as usize,
            ranges: random(4) as usize,
            ipv6: random(3) == 0,
            ..Setup::default()
        };
        let mut h = Host::new(&setup, round as u8, Instant::from_micros(random(1 << 30)), 77);
        h.tcp.listen(OUR_PORT, 2).ok();
        let listener = h.tcp.listen(81, 1).ok();
        let mut ids = Vec::new();
        let both = match (peer_address(setup.ipv6), our_address(setup.ipv6)) {
            (IpAddr::V4(a), IpAddr::V4(b)) => [a.octets(), b.octets()].concat(),
            (IpAddr::V6(a), IpAddr::V6(b)) => [a.octets(), b.octets()].concat(),
            _ => unreachable!(),
        };
        // Numbers that were seen, so that segments often fit.
        let (mut ours, mut peers) = (0u32, random(1 << 32) as u32);
        for _ in 0..300 {
            match random(12) {
                0 => {
                    let options =
                        ConnectOptions { port: [0, OUR_PORT, 5][random(3) as usize], ..Default::default() };
                    ids.extend(h.connect_with(options));
                }
                1 => ids.extend(listener.and_then(|l| h.tcp.accept(l))),
                2 | 3 => {
                    if let Some(&id) = ids.get(random(ids.len() as u64 + 1) as usize) {
                        match random(8) {
                            0 => drop(h.tcp.close(id)),
                            1 => drop(h.tcp.abort(id)),
                            2 => drop(h.tcp.release(id)),
                            3 | 4 => drop(h.tcp.send(id, &[7; 2000])),
                            5 => drop(h.tcp.recv(id, &mut [0; 500])),
                            6 => drop(h.tcp.recv_with(id, |front| (front.len() + 5, ()))),
                            _ => drop(h.tcp.send_with(id, |free| free.len() + 5)),
                        }
                    }
                }
                4 => {
                    let most = 1 << [10, 20, 30, 45][random(4) as usize];
                    h.now = Instant::from_micros(random(most));
                }
                5 => h.now = h.tcp.poll_at().unwrap_or(h.now).max(h.now),
                6 => {
                    let kind = [ErrorKind::TooBig(68), ErrorKind::PortUnreachable][random(2) as usize];
                    h.icmp(kind, ours.wrapping_add(random(3) as u32));
                }
                _ => {
                    let flags = [
                        Flags::SYN,
                        Flags::SYN | Flags::ACK,
                        Flags::ACK,
                        Flags::ACK,
                        Flags::ACK,
                        Flags::ACK | Flags::FIN,
                        Flags::RST,
                        Flags::from_bits_truncate(random(256) as u8),
                    ][random(8) as usize];
                    let seq = peers.wrapping_add([0, 0, 1, 1, 2, 100, u32::MAX][random(7) as usize]);
                    let ack = ours.wrapping_add([0, 0, 1, 1, 2, 100, u32::MAX][random(7) as usize]);
                    let fields = Fields {
                        src_port: PEER_PORT,
                        dst_port: [OUR_PORT, 81][random(2) as usize],
                        seq,
                        ack,
                        flags,
                        window: [0, 1, 1000, 65_535][random(4) as usize],
                        urgent: 0,
                    };
                    let options =
                        &[2u8, 4, 0, random(256) as u8, 3, 3, random(256) as u8, 1][..4 * random(3) as usize];
                    let len = [0, 0, 1, 100, 1460][random(5) as usize];
                    let payload = vec![9; len];
                    if random(3) > 0 {
                        h.receive(&fields, options, &payload);
                        peers = seq.wrapping_add(len as u32);
                    } else {
                        // Spoilt, cut, and with the checksum made right again.
                        let mut octets = vec![0; 20 + options.len() + len];
                        let sum = tersus_wire::checksum::Sum::new().add_bytes(&both);
                        let checksum = tersus_wire::tcp::Checksum::Full(sum);
                        tersus_wire::tcp::emit(&mut octets, &fields, options, [&payload, &[]], checksum)
                            .unwrap();
                        for _ in 0..random(4) {
                            let at = random(octets.len() as u64) as usize;
                            octets[at] = random(256) as u8;
                        }
                        octets.truncate(random(octets.len() as u64 + 1) as usize);
                        if octets.len() >= 18 && random(2) == 0 {
                            octets[16..18].fill(0);
                            let sum = sum.add_u16(6).add_u32(octets.len() as u32).add_bytes(&octets);
                            octets[16..18].copy_from_slice(&sum.checksum().to_be_bytes());
                        }
                        h.receive_octets(&both, &mut octets);
                    }
                }
            }
            h.refusal = [
                None,
                None,
                None,
                Some(SendError::Full),
                Some(SendError::Resolving),
                Some(SendError::TooBig(99)),
            ][random(6) as usize];
            h.budget = [0, 1, 1000][random(3) as usize];
            h.generation += u32::from(random(5) == 0);
            h.poll();
            while h.tcp.next_event().is_some() {}
            for (_, fields, data, _) in core::mem::take(&mut h.sent) {
                ours = fields.seq.wrapping_add(data.len() as u32);
                if fields.flags.contains(Flags::ACK) {
                    peers = fields.ack;
                }
            }
        }
    }
}
