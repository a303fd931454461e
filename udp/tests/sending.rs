//! What leaves, in which order, and what waits.

mod common;

use common::{at, counter, feed, feed_octets, ip, segment, with_ip};
use tersus_ip::{
    Cast, ChecksumOffload, Instant, InterfaceId, InterfaceSet, OutFlags, Progress, SendError as IpError,
    Transport, Unreachable,
};
use tersus_udp::{Cause, Fragmentation, Local, SendError, SendMeta, Settings, Storage, Udp};

const A: &str = "192.0.2.9:1";
const B: &str = "192.0.2.10:2";

/// Feeds a datagram that came by interface 3.
fn feed_cast(udp: &mut Udp<'_>, from: &str, to: &str, cast: Cast, data: &[u8]) {
    let (from, to) = (at(from), at(to));
    feed_octets(udp, from.ip(), to.ip(), &mut segment(from, to, data), |meta| {
        meta.cast = cast;
        meta.interface = InterfaceId(3);
    });
}

/// The first octet of each datagram that left.
fn firsts(sent: &core::cell::RefCell<Vec<common::Sent>>) -> Vec<u8> {
    sent.borrow().iter().map(|sent| sent.data.first().copied().unwrap_or(0)).collect()
}

// conf: UDP-HDR-02, UDP-HDR-08, UDP-API-05, UDP-API-08
#[test]
fn the_sender_chooses_addresses_hop_limit_and_traffic_class() {
    let mut storage: Storage<2, 0, 2048> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    with_ip(|ip_layer, sent| {
        let socket = udp.bind(&Local::port(53)).unwrap();
        let plain = SendMeta::to(at(A));
        let settings =
            Settings { hop_limit: 9, multicast_hop_limit: 3, traffic_class: 0x28, ..Settings::default() };
        // settings, what is chosen, then from, interface, hop limit, traffic class, DF
        let df = OutFlags::DONT_FRAGMENT;
        let none = OutFlags::empty();
        for (settings, meta, from, interface, hop_limit, traffic_class, flags) in [
            (Settings::default(), plain, "192.0.2.1:53", 0, 0, 0, none),
            (Settings::default(), SendMeta::to(at("[2001:db8::9]:1")), "[2001:db8::1]:53", 0, 0, 0, none),
            (Settings::default(), SendMeta::to(at("224.0.0.251:1")), "192.0.2.1:53", 0, 1, 0, none),
            (settings, plain, "192.0.2.1:53", 0, 9, 0x28, none),
            (settings, SendMeta::to(at("[ff02::fb]:1")), "[2001:db8::1]:53", 0, 3, 0x28, none),
            (settings, SendMeta { hop_limit: 255, ..plain }, "192.0.2.1:53", 0, 255, 0x28, none),
            (settings, SendMeta { traffic_class: Some(2), ..plain }, "192.0.2.1:53", 0, 9, 2, none),
            (settings, SendMeta { source: Some(ip("192.0.2.7")), ..plain }, "192.0.2.7:53", 0, 9, 0x28, none),
            (settings, SendMeta { source: Some(ip("0.0.0.0")), ..plain }, "0.0.0.0:53", 0, 9, 0x28, none),
            (
                settings,
                SendMeta { interface: Some(InterfaceId(2)), ..plain },
                "192.0.2.1:53",
                2,
                9,
                0x28,
                none,
            ),
            (
                settings,
                SendMeta { fragmentation: Fragmentation::Never, ..plain },
                "192.0.2.1:53",
                0,
                9,
                0x28,
                df,
            ),
            (settings, plain, "192.0.2.1:53", 0, 9, 0x28, none),
        ] {
            udp.set(socket, &settings).unwrap();
            sent.borrow_mut().clear();
            udp.send_meta(ip_layer, socket, &meta, b"x").unwrap();
            udp.transmit(ip_layer, &mut 9);
            let sent = &sent.borrow()[0];
            assert_eq!((sent.from, Some(sent.to)), (at(from), meta.remote), "{meta:?}");
            assert_eq!(sent.interface, interface, "{meta:?}");
            let out = sent.outgoing;
            assert_eq!((out.hop_limit, out.traffic_class, out.flags), (hop_limit, traffic_class, flags));
        }
    });
}

// conf: UDP-API-05, UDP-API-07
#[test]
fn what_cannot_be_sent_says_why() {
    let mut storage: Storage<8, 0, 400> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    with_ip(|routes, _| {
        let any = udp.bind(&Local::port(1)).unwrap();
        let v4 = udp.bind(&Local::from(at("192.0.2.1:2"))).unwrap();
        let v6 = udp.bind(&Local::from(at("[::]:3"))).unwrap();
        let one = udp.bind(&Local { interface: Some(InterfaceId(1)), ..Local::port(4) }).unwrap();
        let peer = udp.bind(&Local::port(5)).unwrap();
        udp.connect(routes, peer, at(A)).unwrap();
        let to_v6 = SendMeta::to(at("[2001:db8::9]:1"));
        let to_v4 = SendMeta::to(at(A));
        for (socket, meta, want) in [
            (any, SendMeta::CONNECTED, SendError::NotConnected),
            (any, SendMeta::to(at("192.0.2.9:0")), SendError::Port),
            (any, SendMeta { source: Some(ip("192.0.2.1")), ..to_v6 }, SendError::Family),
            (v4, to_v6, SendError::Family),
            (v6, to_v4, SendError::Family),
            (v4, SendMeta { source: Some(ip("192.0.2.3")), ..to_v4 }, SendError::Source),
            (one, SendMeta { interface: Some(InterfaceId(0)), ..to_v4 }, SendError::Interface),
            (peer, SendMeta::to(at(B)), SendError::Connected),
            (peer, SendMeta { source: Some(ip("192.0.2.3")), ..to_v4 }, SendError::Source),
        ] {
            assert_eq!(udp.send_meta(routes, socket, &meta, b"x"), Err(want), "{meta:?}");
        }
        for reason in [Unreachable::NoRoute, Unreachable::NotOurs, Unreachable::Destination] {
            routes.unroutable = Some(reason);
            let want = Err(SendError::Unreachable(reason));
            assert_eq!(udp.send_meta(routes, any, &to_v4, b"x"), want);
        }
        routes.unroutable = Some(Unreachable::Family);
        assert_eq!(udp.send_meta(routes, any, &to_v4, b"x"), Err(SendError::Family));
        assert_eq!(udp.poll_at(), None, "nothing was queued");
    });
}

// conf: UDP-API-11
#[test]
fn lengths_are_bounded_by_path_protocol_and_queue() {
    let mut storage: Storage<1, 0, 70_000> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    let data = vec![0; 66_000];
    with_ip(|ip_layer, sent| {
        let socket = udp.bind(&Local::port(1)).unwrap();
        let (v4, v6) = (at(A), at("[2001:db8::9]:1"));
        // to, longest, longest in one piece
        let cases = [(v4, 65_507, 1472), (v6, 65_527, 1452)];
        let cases = cases.into_iter().flat_map(|(to, longest, in_one)| {
            let longest = if cfg!(feature = "fragmentation") { longest } else { in_one };
            [(to, Fragmentation::Allow, longest, in_one), (to, Fragmentation::Never, in_one, in_one)]
        });
        for (to, fragmentation, max, in_one) in cases {
            let meta = SendMeta { fragmentation, ..SendMeta::to(to) };
            assert_eq!(udp.max_payload(ip_layer, socket, &meta), Ok(in_one));
            let max = usize::from(max);
            let over = udp.send_meta(ip_layer, socket, &meta, &data[..=max]);
            assert_eq!(over, Err(SendError::TooLong(u16::try_from(max).unwrap())), "{meta:?}");
            udp.send_meta(ip_layer, socket, &meta, &data[..max]).unwrap();
            udp.transmit(ip_layer, &mut 1);
            assert_eq!(sent.borrow().last().unwrap().data.len(), max);
        }
    });
    let mut storage: Storage<1, 0, 100> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    with_ip(|ip_layer, _| {
        let socket = udp.bind(&Local::port(1)).unwrap();
        let Err(SendError::TooLong(max)) = udp.send_to(ip_layer, socket, at(A), &data[..200]) else {
            panic!("the queue has 100 octets")
        };
        udp.send_to(ip_layer, socket, at(A), &data[..usize::from(max)]).unwrap();
        assert_eq!(udp.send_to(ip_layer, socket, at(A), b""), Err(SendError::Full));
        assert_eq!(counter(&udp, "send_full"), 1);
        udp.transmit(ip_layer, &mut 1);
        udp.send_to(ip_layer, socket, at(A), b"").unwrap();
    });
}

#[test]
fn datagrams_leave_in_order_and_within_the_budget() {
    let mut storage: Storage<3, 0, 2048> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    with_ip(|ip_layer, sent| {
        let first = udp.bind(&Local::port(1)).unwrap();
        let second = udp.bind(&Local::port(2)).unwrap();
        for number in 0..6 {
            udp.send_to(ip_layer, first, at(A), &[number]).unwrap();
        }
        udp.send_to(ip_layer, second, at(B), &[100]).unwrap();
        assert_eq!(udp.poll_at(), Some(Instant::ZERO));
        let mut budget = 4;
        assert_eq!((udp.transmit(ip_layer, &mut budget), budget), (Progress::More, 0));
        assert_eq!(firsts(sent), [0, 1, 2, 3]);
        assert_eq!((udp.transmit(ip_layer, &mut budget), budget), (Progress::More, 0));
        budget = 2;
        assert_eq!((udp.transmit(ip_layer, &mut budget), budget), (Progress::More, 0));
        assert_eq!(firsts(sent), [0, 1, 2, 3, 100, 4], "the other socket had its turn first");
        budget = 9;
        assert_eq!((udp.transmit(ip_layer, &mut budget), budget), (Progress::Idle, 8));
        assert_eq!(udp.poll_at(), None);
        assert_eq!(udp.transmit(ip_layer, &mut budget), Progress::Idle);
        assert_eq!((sent.borrow().len(), counter(&udp, "sent")), (7, 7));
        assert_eq!(udp.is_send_queue_empty(first), Ok(true));
    });
}

#[test]
fn a_destination_that_is_being_resolved_delays_no_other() {
    let mut storage: Storage<1, 0, 2048> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    with_ip(|ip_layer, sent| {
        let socket = udp.bind(&Local::port(1)).unwrap();
        ip_layer.refusals = vec![(at(A).ip(), IpError::Resolving)].leak();
        for (to, number) in [(A, 1), (B, 2), (A, 3), (B, 4)] {
            udp.send_to(ip_layer, socket, at(to), &[number]).unwrap();
        }
        assert_eq!(udp.transmit(ip_layer, &mut 9), Progress::Idle);
        assert_eq!(firsts(sent), [2, 4]);
        assert_eq!(udp.poll_at(), None, "a parked datagram is no reason to poll");
        // More to either: the other goes at once, the parked one is not tried before something changed.
        udp.send_to(ip_layer, socket, at(A), &[5]).unwrap();
        udp.send_to(ip_layer, socket, at(B), &[6]).unwrap();
        udp.transmit(ip_layer, &mut 9);
        assert_eq!(firsts(sent), [2, 4, 6]);
        ip_layer.refusals = &[];
        assert_eq!(udp.transmit(ip_layer, &mut 9), Progress::Idle);
        assert_eq!(firsts(sent), [2, 4, 6], "only the generation tells");
        ip_layer.generation += 1;
        assert_eq!(udp.transmit(ip_layer, &mut 2), Progress::More);
        assert_eq!(udp.transmit(ip_layer, &mut 9), Progress::Idle);
        assert_eq!(firsts(sent), [2, 4, 6, 1, 3, 5], "in order");
    });
}

#[test]
fn a_destination_that_is_being_resolved_does_not_fill_the_queue() {
    let mut storage: Storage<1, 0, 2048> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    with_ip(|ip_layer, sent| {
        let socket = udp.bind(&Local::port(1)).unwrap();
        ip_layer.refusals = vec![(at(A).ip(), IpError::Resolving)].leak();
        let mut accepted = 0;
        while udp.send_to(ip_layer, socket, at(A), &[1; 100]).is_ok() {
            udp.transmit(ip_layer, &mut 9);
            accepted += 1;
        }
        assert!((1..=9).contains(&accepted), "{accepted}: half of the queue");
        for number in 0..100 {
            udp.send_to(ip_layer, socket, at(B), &[number; 100]).unwrap();
            udp.transmit(ip_layer, &mut 9);
        }
        assert_eq!(sent.borrow().len(), 100);
    });
}

// conf: UDP-API-03
#[test]
fn an_undeliverable_datagram_is_dropped_and_its_sender_learns() {
    let mut storage: Storage<2, 0, 2048> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    with_ip(|ip_layer, sent| {
        let socket = udp.bind(&Local::port(1)).unwrap();
        let other = udp.bind(&Local::port(2)).unwrap();
        let dead = vec![
            (at(A).ip(), IpError::Unreachable(Unreachable::Neighbour)),
            (ip("192.0.2.11"), IpError::TooBig(576)),
        ];
        for (to, number) in [(A, 1), ("192.0.2.11:3", 2), (B, 3)] {
            udp.send_to(ip_layer, socket, at(to), &[number]).unwrap();
        }
        ip_layer.refusals = dead.leak();
        assert_eq!(udp.transmit(ip_layer, &mut 9), Progress::Idle);
        assert_eq!(firsts(sent), [3]);
        assert_eq!((counter(&udp, "unreachable"), counter(&udp, "too_big")), (1, 1));
        assert_eq!(udp.take_error(other), Ok(None));
        for (cause, remote) in
            [(Cause::Unreachable(Unreachable::Neighbour), at(A)), (Cause::TooBig(576), at("192.0.2.11:3"))]
        {
            let error = udp.take_error(socket).unwrap().unwrap();
            assert_eq!((error.cause, error.remote, error.reporter), (cause, remote, None));
        }
        assert_eq!(udp.take_error(socket), Ok(None));
        assert_eq!(udp.poll_at(), None);
    });
}

#[test]
fn a_full_interface_silences_its_datagrams_alone() {
    let mut storage: Storage<3, 0, 2048> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    with_ip(|ip_layer, sent| {
        ip_layer.interface_count = 2;
        ip_layer.refusals = vec![(at(A).ip(), IpError::Full)].leak();
        let socket = udp.bind(&Local::port(1)).unwrap();
        let to_a = SendMeta { interface: Some(InterfaceId(0)), ..SendMeta::to(at(A)) };
        let to_b = SendMeta { interface: Some(InterfaceId(1)), ..SendMeta::to(at(B)) };
        for (meta, number) in [(to_a, 1), (to_b, 2), (to_a, 3), (to_b, 4)] {
            udp.send_meta(ip_layer, socket, &meta, &[number]).unwrap();
        }
        let blocked = Progress::Blocked(InterfaceSet::only(InterfaceId(0)));
        assert_eq!(udp.transmit(ip_layer, &mut 9), blocked);
        assert_eq!(firsts(sent), [2, 4]);
        assert_eq!(udp.poll_at(), None, "waiting for room is no reason to poll");
        ip_layer.refusals = &[];
        ip_layer.room = InterfaceSet::only(InterfaceId(1));
        assert_eq!(udp.transmit(ip_layer, &mut 9), blocked);
        ip_layer.room = InterfaceSet::ALL;
        assert_eq!(udp.transmit(ip_layer, &mut 9), Progress::Idle);
        assert_eq!(firsts(sent), [2, 4, 1, 3]);
    });
}

#[test]
fn a_resolved_datagram_that_finds_no_room_leaves_when_there_is_room() {
    let mut storage: Storage<1, 0, 2048> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    with_ip(|ip_layer, sent| {
        let socket = udp.bind(&Local::port(1)).unwrap();
        udp.send_to(ip_layer, socket, at(A), &[1]).unwrap();
        udp.send_to(ip_layer, socket, at(B), &[2]).unwrap();
        ip_layer.refusal = Some(IpError::Resolving);
        assert_eq!(udp.transmit(ip_layer, &mut 9), Progress::Idle);
        ip_layer.refusal = Some(IpError::Full);
        ip_layer.generation += 1;
        let blocked = Progress::Blocked(InterfaceSet::only(InterfaceId(0)));
        assert_eq!(udp.transmit(ip_layer, &mut 9), blocked);
        ip_layer.refusal = None;
        assert_eq!(udp.transmit(ip_layer, &mut 9), Progress::Idle);
        assert_eq!(firsts(sent), [1, 2], "the generation need not move again");
    });
}

#[test]
fn a_parked_datagram_is_tried_though_its_socket_was_ready_when_the_generation_moved() {
    let mut storage: Storage<1, 0, 2048> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    with_ip(|ip_layer, sent| {
        let socket = udp.bind(&Local::port(1)).unwrap();
        ip_layer.interface_count = 2;
        udp.send_to(ip_layer, socket, at(A), &[1]).unwrap();
        udp.send_to(ip_layer, socket, at(B), &[2]).unwrap();
        ip_layer.refusals = vec![(at(A).ip(), IpError::Resolving), (at(B).ip(), IpError::Full)].leak();
        udp.transmit(ip_layer, &mut 9);
        // Room wakes the socket, but the budget does not reach it; then the generation moves.
        assert_eq!(udp.transmit(ip_layer, &mut 0), Progress::More);
        ip_layer.refusals = &[];
        ip_layer.generation += 1;
        assert_eq!(udp.transmit(ip_layer, &mut 9), Progress::Idle);
        assert_eq!(firsts(sent), [1, 2]);
    });
}

#[test]
fn a_way_is_decided_anew_when_routes_change() {
    let mut storage: Storage<1, 0, 2048> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    with_ip(|ip_layer, sent| {
        let socket = udp.bind(&Local::port(1)).unwrap();
        udp.send_to(ip_layer, socket, at(A), &[1]).unwrap();
        ip_layer.ipv4 = "192.0.2.77".parse().unwrap();
        udp.send_to(ip_layer, socket, at(A), &[2]).unwrap();
        udp.transmit(ip_layer, &mut 9);
        ip_layer.generation += 1;
        udp.send_to(ip_layer, socket, at(A), &[3]).unwrap();
        udp.transmit(ip_layer, &mut 9);
        let sources: Vec<_> = sent.borrow().iter().map(|sent| sent.from.ip()).collect();
        assert_eq!(sources, [ip("192.0.2.1"), ip("192.0.2.1"), ip("192.0.2.77")]);
        // A connected socket keeps its address: the peer knows it by that.
        udp.connect(ip_layer, socket, at(A)).unwrap();
        ip_layer.ipv4 = "192.0.2.78".parse().unwrap();
        ip_layer.generation += 1;
        udp.send(ip_layer, socket, &[4]).unwrap();
        udp.transmit(ip_layer, &mut 9);
        assert_eq!(sent.borrow()[3].from, at("192.0.2.77:1"));
    });
}

#[test]
fn a_datagram_is_forwarded_without_the_application_touching_it() {
    let mut storage: Storage<2, 256, 64> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    with_ip(|ip_layer, sent| {
        let echo = udp.bind(&Local::port(7)).unwrap();
        assert_eq!(udp.forward(ip_layer, echo, echo, &SendMeta::to(at(A))), Ok(None));
        for data in [&b"one"[..], b"", b"a long one, so the queue is full"] {
            feed(&mut udp, "192.0.2.9:4000", "192.0.2.44:7", data);
        }
        for want in [3, 0] {
            let meta = udp.peek(echo).unwrap().unwrap();
            assert_eq!(udp.forward(ip_layer, echo, echo, &SendMeta::reply_to(&meta)), Ok(Some(want)));
        }
        let meta = udp.peek(echo).unwrap().unwrap();
        let full = udp.forward(ip_layer, echo, echo, &SendMeta::reply_to(&meta));
        assert_eq!((full, udp.can_recv(echo)), (Err(SendError::Full), Ok(true)), "it stays");
        udp.transmit(ip_layer, &mut 9);
        assert_eq!(udp.forward(ip_layer, echo, echo, &SendMeta::reply_to(&meta)), Ok(Some(32)));
        udp.transmit(ip_layer, &mut 9);
        for (sent, data) in sent.borrow().iter().zip([&b"one"[..], b"", b"a long one, so the queue is full"])
        {
            assert_eq!((sent.from, sent.to), (at("192.0.2.44:7"), at("192.0.2.9:4000")));
            assert_eq!(sent.data, data);
        }
    });
}

#[test]
fn a_datagram_can_be_written_and_read_in_place() {
    let mut storage: Storage<1, 256, 256> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    with_ip(|ip_layer, sent| {
        let socket = udp.bind(&Local::port(7)).unwrap();
        let mut calls = 0;
        let mut write = |place: &mut [u8]| {
            calls += 1;
            place.fill(0x5a);
        };
        udp.send_with(ip_layer, socket, &SendMeta::to(at(A)), 5, &mut write).unwrap();
        assert!(udp.send_with(ip_layer, socket, &SendMeta::to(at(A)), 500, &mut write).is_err());
        assert_eq!(calls, 1);
        udp.transmit(ip_layer, &mut 9);
        assert_eq!(sent.borrow()[0].data, [0x5a; 5]);
        feed(&mut udp, A, "192.0.2.1:7", b"abc");
        let read = udp.recv_with(socket, |meta, data| {
            data.reverse();
            (meta.remote, data.to_vec())
        });
        assert_eq!(read, Ok(Some((at(A), b"cba".to_vec()))));
    });
}

// conf: UDP-API-05
#[test]
fn a_datagram_goes_back_to_where_it_came_from() {
    let mut storage: Storage<2, 512, 128> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    with_ip(|ip_layer, sent| {
        let echo = udp.bind(&Local::port(7)).unwrap();
        assert_eq!(udp.send_back(ip_layer, echo), Ok(None));
        // from, to, cast, then source and interface of the answer
        for (from, to, cast, source) in [
            ("192.0.2.9:4000", "192.0.2.44:7", Cast::Unicast, "192.0.2.44:7"),
            ("192.0.2.9:4000", "192.0.2.44:7", Cast::Unicast, "192.0.2.44:7"),
            ("192.0.2.9:4000", "192.0.2.255:7", Cast::Broadcast, "192.0.2.1:7"),
            ("[2001:db8::9]:4000", "[ff02::7]:7", Cast::Multicast, "[2001:db8::1]:7"),
        ] {
            feed_cast(&mut udp, from, to, cast, b"data");
            udp.peek_with(echo, |_, data| data.reverse()).unwrap();
            assert_eq!(udp.send_back(ip_layer, echo), Ok(Some(4)));
            udp.transmit(ip_layer, &mut 9);
            let sent = sent.borrow_mut().pop().unwrap();
            assert_eq!((sent.from, sent.to, sent.interface), (at(source), at(from), 3), "{to}");
            assert_eq!(sent.data, b"atad");
        }
        feed(&mut udp, "192.0.2.9:0", "192.0.2.1:7", b"");
        assert_eq!(udp.send_back(ip_layer, echo), Err(SendError::Port), "no answer is expected");
        udp.skip(echo).unwrap();
        for _ in 0..8 {
            feed(&mut udp, "192.0.2.9:4000", "192.0.2.1:7", &[7; 25]);
        }
        for _ in 0..2 {
            assert_eq!(udp.send_back(ip_layer, echo), Ok(Some(25)));
        }
        assert_eq!((udp.send_back(ip_layer, echo), udp.can_recv(echo)), (Err(SendError::Full), Ok(true)));
        // What came from others before it was connected does not go back; what its peer sent does.
        udp.connect(ip_layer, echo, at("192.0.2.10:4000")).unwrap();
        assert_eq!(udp.send_back(ip_layer, echo), Err(SendError::Connected));
        while udp.can_recv(echo).unwrap() {
            udp.skip(echo).unwrap();
        }
        udp.transmit(ip_layer, &mut 9);
        sent.borrow_mut().clear();
        feed(&mut udp, "192.0.2.10:4000", "192.0.2.1:7", b"x");
        assert_eq!(udp.send_back(ip_layer, echo), Ok(Some(1)));
        udp.transmit(ip_layer, &mut 9);
        assert_eq!(sent.borrow()[0].to, at("192.0.2.10:4000"));
    });
}

/// `common::with_ip` completes the checksum as a device does, and then it must be right.
#[test]
fn a_link_that_completes_checksums_gets_the_sum_of_the_pseudo_header() {
    for to in [A, "[2001:db8::9]:1"] {
        let mut storage: Storage<1, 0, 2048> = Storage::new();
        let mut udp = Udp::new(&mut storage, [1; 32]);
        with_ip(|ip_layer, sent| {
            let socket = udp.bind(&Local::port(53)).unwrap();
            let mut flags = Vec::new();
            for (offload, generation) in [(ChecksumOffload::Partial, 2), (ChecksumOffload::None, 3)] {
                (ip_layer.checksum, ip_layer.generation) = (offload, generation);
                for len in [0, 1, 64, 300] {
                    udp.send_to(ip_layer, socket, at(to), &vec![0x5a; len]).unwrap();
                }
                udp.transmit(ip_layer, &mut 9);
                flags.extend(sent.borrow_mut().drain(..).map(|sent| sent.outgoing.flags));
            }
            let want = [[OutFlags::PARTIAL_CHECKSUM; 4], [OutFlags::empty(); 4]];
            assert_eq!(flags, want.concat(), "{to}");
        });
    }
}
