//! What reaches which socket, and what is known of it.

mod common;

use common::{at, counter, feed, feed_octets, ip, segment};
use tersus_ip::{Cast, InterfaceId, Reject, RxChecksum, Transport, Verdict};
use tersus_udp::{Local, Settings, Sharing, Storage, Udp, ZeroChecksum};

const CLOSED: Verdict = Verdict::Reject(Reject::PortUnreachable);

// conf: UDP-HDR-01, UDP-HDR-04, UDP-HDR-05, UDP-HDR-06, UDP-HDR-09, UDP-HDR-10
#[test]
fn what_is_not_a_datagram_for_us_is_dropped_or_refused() {
    let peer4 = "192.0.2.9:4000";
    let (own4, own6) = ("192.0.2.1:53", "[2001:db8::1]:53");
    let peer6 = "[2001:db8::9]:4000";
    // name, from, to, change to the octets, verdict, delivered, counter that moves
    type Change = fn(&mut Vec<u8>);
    let cases: [(&str, &str, &str, Change, Verdict, u32, &str); 13] = [
        ("good", peer4, own4, |_| (), Verdict::Done, 1, "delivered"),
        ("good v6", peer6, own6, |_| (), Verdict::Done, 1, "delivered"),
        ("octets behind", peer4, own4, |o| o.extend([1, 2, 3]), Verdict::Done, 1, "delivered"),
        ("length 7", peer4, own4, |o| o[5] = 7, Verdict::Done, 0, "malformed"),
        ("length beyond", peer4, own4, |o| o[5] += 1, Verdict::Done, 0, "malformed"),
        ("one octet short", peer4, own4, |o| o.truncate(o.len() - 1), Verdict::Done, 0, "malformed"),
        ("a header short", peer4, own4, |o| o.truncate(7), Verdict::Done, 0, "malformed"),
        ("wrong checksum", peer4, own4, |o| o[9] ^= 1, Verdict::Done, 0, "bad_checksum"),
        ("wrong checksum v6", peer6, own6, |o| o[9] ^= 1, Verdict::Done, 0, "bad_checksum"),
        ("none v4", peer4, own4, |o| o[6..8].fill(0), Verdict::Done, 1, "delivered"),
        ("none v6", peer6, own6, |o| o[6..8].fill(0), Verdict::Done, 0, "no_checksum"),
        ("source port 0", "192.0.2.9:0", own4, |_| (), Verdict::Done, 1, "delivered"),
        ("port 0", peer4, "192.0.2.1:0", |_| (), CLOSED, 0, "no_port"),
    ];
    for (name, from, to, change, verdict, delivered, moves) in cases {
        let mut storage: Storage<2, 256, 256> = Storage::new();
        let mut udp = Udp::new(&mut storage, [1; 32]);
        let socket = udp.bind(&Local::port(53)).unwrap();
        let (from, to) = (at(from), at(to));
        let mut octets = segment(from, to, b"data");
        change(&mut octets);
        let before = octets.clone();
        assert_eq!(feed_octets(&mut udp, from.ip(), to.ip(), &mut octets, |_| ()), verdict, "{name}");
        assert_eq!(octets, before, "{name}: the segment is unaltered");
        assert_eq!((counter(&udp, "delivered"), counter(&udp, moves)), (delivered, 1), "{name}");
        assert_eq!(udp.can_recv(socket), Ok(delivered == 1), "{name}");
        assert_eq!(udp.poll_at(), None, "{name}: nothing leaves");
    }
}

// conf: UDP-HDR-05
#[test]
fn a_socket_may_refuse_datagrams_without_checksum() {
    let mut storage: Storage<1, 256, 0> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    let socket = udp.bind(&Local::port(53)).unwrap();
    let settings = Settings { zero_checksum: ZeroChecksum::Refuse, ..udp.settings(socket).unwrap() };
    udp.set(socket, &settings).unwrap();
    assert_eq!(udp.settings(socket), Ok(settings));
    let (from, to) = (at("192.0.2.9:4000"), at("192.0.2.1:53"));
    let mut octets = segment(from, to, b"data");
    octets[6..8].fill(0);
    assert_eq!(feed_octets(&mut udp, from.ip(), to.ip(), &mut octets, |_| ()), Verdict::Done);
    assert_eq!((counter(&udp, "no_checksum"), udp.can_recv(socket)), (1, Ok(false)));
}

#[test]
fn what_the_device_verified_is_not_summed_again() {
    let mut storage: Storage<1, 256, 0> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    udp.bind(&Local::port(53)).unwrap();
    let (from, to) = (at("192.0.2.9:4000"), at("192.0.2.1:53"));
    let mut octets = segment(from, to, b"data");
    octets[7] ^= 1;
    feed_octets(&mut udp, from.ip(), to.ip(), &mut octets, |meta| meta.rx.checksum = RxChecksum::Verified);
    assert_eq!(counter(&udp, "delivered"), 1);
}

// conf: UDP-API-01
#[test]
fn a_closed_port_is_refused_and_other_protocols_are_not_ours() {
    let mut storage: Storage<1, 256, 0> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    let socket = udp.bind(&Local::port(53)).unwrap();
    assert_eq!(feed(&mut udp, "192.0.2.9:1", "192.0.2.1:54", b""), CLOSED);
    assert_eq!(feed(&mut udp, "[2001:db8::9]:1", "[2001:db8::1]:54", b""), CLOSED);
    let mut octets = segment(at("192.0.2.9:1"), at("192.0.2.1:53"), b"");
    let tcp = |meta: &mut tersus_ip::IpMeta<'_>| meta.protocol = tersus_wire::IpProtocol::TCP;
    let verdict = feed_octets(&mut udp, ip("192.0.2.9"), ip("192.0.2.1"), &mut octets, tcp);
    assert_eq!(verdict, Verdict::NotMine);
    udp.close(socket).unwrap();
    assert_eq!(feed(&mut udp, "192.0.2.9:1", "192.0.2.1:53", b""), CLOSED);
}

// conf: UDP-API-04, UDP-API-09, UDP-API-13
#[test]
fn a_datagram_comes_with_all_that_is_known_of_it() {
    let mut storage: Storage<1, 256, 0> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    let socket = udp.bind(&Local::port(53)).unwrap();
    let (from, to) = (at("[2001:db8::9]:4000"), at("[2001:db8::1]:53"));
    feed_octets(&mut udp, from.ip(), to.ip(), &mut segment(from, to, b"data"), |meta| {
        meta.hop_limit = 7;
        meta.traffic_class = 0xb8 | 3;
        meta.interface = InterfaceId(4);
    });
    let peeked = udp.peek(socket).unwrap().unwrap();
    let received = udp.recv(socket, &mut [0; 16]).unwrap().unwrap();
    assert_eq!(peeked, received.meta);
    assert_eq!((peeked.remote, peeked.local), (from, to.ip()));
    assert_eq!((peeked.hop_limit, peeked.traffic_class, peeked.ecn()), (7, 0xbb, 3));
    assert_eq!((peeked.interface, peeked.cast, peeked.len), (InterfaceId(4), Cast::Unicast, 4));
    assert_eq!(udp.recv(socket, &mut []).unwrap(), None);
}

// conf: UDP-API-16
#[test]
fn boundaries_are_kept_and_truncation_is_told() {
    let mut storage: Storage<1, 256, 0> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    let socket = udp.bind(&Local::port(53)).unwrap();
    for data in [&b"first"[..], b"", b"second one"] {
        feed(&mut udp, "192.0.2.9:4000", "192.0.2.1:53", data);
    }
    let mut buffer = [0; 8];
    // octets copied, length, truncated
    for (copied, len, truncated) in [(5, 5, false), (0, 0, false), (8, 10, true)] {
        let received = udp.recv(socket, &mut buffer).unwrap().unwrap();
        assert_eq!((received.copied, received.meta.len, received.is_truncated()), (copied, len, truncated));
    }
    assert_eq!(&buffer, b"second o");
    assert_eq!(udp.recv(socket, &mut buffer), Ok(None));
}

// conf: UDP-API-15, ICM-ERR-07
#[test]
fn a_full_queue_drops_the_newest_and_answers_nothing() {
    let mut storage: Storage<2, 64, 0> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    let socket = udp.bind(&Local::port(53)).unwrap();
    for number in 0..1000u16 {
        let verdict = feed(&mut udp, "192.0.2.9:4000", "192.0.2.1:53", &number.to_be_bytes());
        assert_eq!(verdict, Verdict::Done);
    }
    assert_eq!((counter(&udp, "delivered"), counter(&udp, "receive_full")), (3, 997));
    for number in 0..3u16 {
        let data = udp.recv_with(socket, |_, data| data.to_vec()).unwrap();
        assert_eq!(data, Some(number.to_be_bytes().to_vec()));
    }
    assert_eq!(udp.can_recv(socket), Ok(false));
}

// conf: UDP-API-17
#[test]
fn a_unicast_datagram_goes_to_the_best_fit_alone() {
    let mut storage: Storage<8, 256, 256> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    common::with_ip(|routes, _| {
        let any = udp.bind(&Local::port(53)).unwrap();
        let by_interface = udp.bind(&Local { interface: Some(InterfaceId(1)), ..Local::port(53) }).unwrap();
        let by_address = udp.bind(&Local::from(at("192.0.2.1:53"))).unwrap();
        let both =
            udp.bind(&Local { interface: Some(InterfaceId(1)), ..Local::from(at("192.0.2.1:53")) }).unwrap();
        let peer = udp.bind(&Local { interface: Some(InterfaceId(2)), ..Local::port(53) }).unwrap();
        udp.connect(routes, peer, at("192.0.2.9:4000")).unwrap();
        let elsewhere = udp.bind(&Local::port(54)).unwrap();
        // from, to, by interface, who gets it
        for (from, to, interface, want) in [
            ("192.0.2.8:4000", "192.0.2.7:53", 0, any),
            ("192.0.2.8:4000", "192.0.2.7:53", 1, by_interface),
            ("192.0.2.8:4000", "192.0.2.1:53", 0, by_address),
            ("192.0.2.8:4000", "192.0.2.1:53", 1, both),
            ("192.0.2.9:4000", "192.0.2.1:53", 2, peer),
            ("192.0.2.9:4000", "192.0.2.1:53", 1, both),
            ("192.0.2.9:4001", "192.0.2.1:53", 2, by_address),
            ("192.0.2.8:4000", "192.0.2.1:53", 2, by_address),
            ("[2001:db8::9]:4000", "[2001:db8::1]:53", 1, by_interface),
            ("192.0.2.9:4000", "192.0.2.1:54", 2, elsewhere),
        ] {
            let (from, to) = (at(from), at(to));
            let verdict = feed_octets(&mut udp, from.ip(), to.ip(), &mut segment(from, to, b""), |meta| {
                meta.interface = InterfaceId(interface);
            });
            assert_eq!(verdict, Verdict::Done);
            let got: Vec<_> = [any, by_interface, by_address, both, peer, elsewhere]
                .into_iter()
                .filter(|&socket| udp.recv(socket, &mut []).unwrap().is_some())
                .collect();
            assert_eq!(got, [want], "{from} to {to} by {interface}");
        }
    });
}

// conf: UDP-API-17
#[test]
fn a_datagram_to_many_goes_to_every_socket_that_fits() {
    let mut storage: Storage<8, 256, 256> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    let shared = Local { sharing: Sharing::Shared, ..Local::port(5353) };
    let first = udp.bind(&shared).unwrap();
    let second = udp.bind(&shared).unwrap();
    let group = udp.bind(&Local::from(at("224.0.0.251:5353"))).unwrap();
    let other_group = udp.bind(&Local::from(at("224.0.0.252:5353"))).unwrap();
    let unicast = udp.bind(&Local::from(at("192.0.2.1:5353"))).unwrap();
    let other_interface = udp.bind(&Local { interface: Some(InterfaceId(1)), ..Local::port(5353) }).unwrap();
    // to, cast, who gets it
    for (to, cast, want) in [
        ("224.0.0.251:5353", Cast::Multicast, vec![first, second, group]),
        ("255.255.255.255:5353", Cast::Broadcast, vec![first, second]),
        ("192.0.2.1:5353", Cast::Unicast, vec![unicast]),
        ("192.0.2.2:5353", Cast::Unicast, vec![first]),
        ("224.0.0.251:5354", Cast::Multicast, vec![]),
    ] {
        let (from, to) = (at("192.0.2.9:5353"), at(to));
        let verdict = feed_octets(&mut udp, from.ip(), to.ip(), &mut segment(from, to, b"q"), |meta| {
            meta.cast = cast;
        });
        assert_eq!(verdict, Verdict::Done, "{to}: nothing sent to many is refused");
        let mut got = Vec::new();
        for socket in [first, second, group, other_group, unicast, other_interface] {
            if let Some(meta) = udp.recv_with(socket, |meta, _| *meta).unwrap() {
                assert_eq!((meta.cast, meta.local), (cast, to.ip()));
                got.push(socket);
            }
        }
        assert_eq!(got, want, "{to}");
    }
}

#[test]
fn a_family_can_be_left_out() {
    let mut storage: Storage<2, 256, 0> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    let v4 = udp.bind(&Local::from(at("0.0.0.0:53"))).unwrap();
    assert_eq!(feed(&mut udp, "[2001:db8::9]:1", "[2001:db8::1]:53", b""), CLOSED);
    let v6 = udp.bind(&Local::from(at("[::]:53"))).unwrap();
    feed(&mut udp, "[2001:db8::9]:1", "[2001:db8::1]:53", b"");
    feed(&mut udp, "192.0.2.9:1", "192.0.2.1:53", b"");
    assert!(udp.peek(v4).unwrap().unwrap().local.is_ipv4());
    assert!(udp.peek(v6).unwrap().unwrap().local.is_ipv6());
}

/// Many sockets at one port and at many ports: each is found, whatever was closed before.
#[test]
fn a_large_table_finds_each_socket() {
    let mut slots = vec![tersus_udp::Slot::EMPTY; 2000];
    let mut numbers = vec![0; 6000];
    let mut errors = [tersus_udp::ErrorEntry::EMPTY; 0];
    let (mut rx, mut tx) = (vec![0; 2000 * 64], vec![0; 2000 * 64]);
    let mut udp = Udp::from_slices(&mut slots, &mut numbers, &mut errors, &mut rx, &mut tx, [1; 32]);
    common::with_ip(|routes, _| {
        let mut sockets = Vec::new();
        for number in 0..1000u16 {
            let server =
                udp.bind(&Local { sharing: Sharing::Shared, ..Local::port(7) }).expect("a shared port");
            udp.connect(routes, server, at(&format!("192.0.2.9:{}", 1000 + number))).unwrap();
            sockets.push((format!("192.0.2.9:{}", 1000 + number), "192.0.2.1:7".to_string(), server));
            let port = 40_000 - number * 7;
            let single = udp.bind(&Local::port(port)).unwrap();
            sockets.push(("192.0.2.8:9".to_string(), format!("192.0.2.1:{port}"), single));
        }
        assert_eq!(udp.bind(&Local::ANY), Err(tersus_udp::BindError::NoSlot));
        for (index, (_, _, socket)) in sockets.iter().enumerate() {
            if index % 3 == 0 {
                udp.close(*socket).unwrap();
            }
        }
        for (index, (from, to, socket)) in sockets.iter().enumerate() {
            let verdict = feed(&mut udp, from, to, b"x");
            if index % 3 == 0 {
                assert_eq!(verdict, CLOSED, "{from} to {to}");
            } else {
                assert_eq!(udp.can_recv(*socket), Ok(true), "{from} to {to}");
            }
        }
        assert_eq!(udp.socket_count(), 2000 - 667);
    });
}

/// The only socket of a port is remembered from one datagram to the next, as long as it is that.
#[test]
fn who_is_the_only_one_of_a_port_changes_with_the_sockets() {
    let mut storage = Storage::<4, 256, 64>::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    common::with_ip(|routes, _| {
        let any = udp.bind(&Local::port(7)).unwrap();
        let feed = |udp: &mut Udp<'_>, to: &str| feed(udp, "192.0.2.9:4000", to, b"x");
        let took = |udp: &mut Udp<'_>, socket| udp.recv(socket, &mut [0; 8]).unwrap().is_some();
        assert_eq!(feed(&mut udp, "192.0.2.1:7"), Verdict::Done);
        assert_eq!(feed(&mut udp, "192.0.2.1:7"), Verdict::Done);
        assert!(took(&mut udp, any) && took(&mut udp, any));
        assert_eq!(feed(&mut udp, "192.0.2.1:8"), CLOSED);
        assert_eq!(feed(&mut udp, "192.0.2.1:0"), CLOSED);
        let specific = udp.bind(&Local { address: Some(ip("192.0.2.1")), ..Local::port(7) }).unwrap();
        feed(&mut udp, "192.0.2.1:7");
        assert!(took(&mut udp, specific) && !took(&mut udp, any));
        udp.close(specific).unwrap();
        feed(&mut udp, "192.0.2.1:7");
        assert!(took(&mut udp, any));
        udp.connect(routes, any, at("192.0.2.8:4000")).unwrap();
        assert_eq!(feed(&mut udp, "192.0.2.1:7"), CLOSED);
        udp.disconnect(any).unwrap();
        feed(&mut udp, "192.0.2.1:7");
        assert!(took(&mut udp, any));
        udp.close(any).unwrap();
        assert_eq!(feed(&mut udp, "192.0.2.1:7"), CLOSED);
    });
}
