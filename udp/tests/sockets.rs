//! Opening, connecting and closing: who may be bound where, and what a handle is good for.

mod common;

use common::{at, feed, ip, with_ip};
use std::collections::HashSet;
use tersus_ip::{InterfaceId, Transport, Unreachable, Verdict};
use tersus_udp::{BindError, ConnectError, Local, SendError, Sharing, StaleHandle, Storage, Udp};

fn local(text: &str, interface: u8, sharing: Sharing) -> Local {
    let base = match text.strip_prefix("*:") {
        Some(port) => Local::port(port.parse().expect("a port")),
        None => Local::from(at(text)),
    };
    Local { interface: interface.checked_sub(1).map(InterfaceId), sharing, ..base }
}

#[test]
fn who_would_receive_the_same_is_refused() {
    use Sharing::{Exclusive, Shared};
    // first, its interface + 1, sharing; second, ...; whether both may be
    for (first, i, s, second, j, t, both) in [
        ("*:53", 0, Exclusive, "*:53", 0, Exclusive, false),
        ("*:53", 0, Shared, "*:53", 0, Exclusive, false),
        ("*:53", 0, Exclusive, "*:53", 0, Shared, false),
        ("*:53", 0, Shared, "*:53", 0, Shared, true),
        ("*:53", 0, Exclusive, "*:54", 0, Exclusive, true),
        ("*:53", 0, Exclusive, "*:53", 1, Exclusive, true),
        ("*:53", 1, Exclusive, "*:53", 2, Exclusive, true),
        ("*:53", 1, Exclusive, "*:53", 1, Exclusive, false),
        ("*:53", 0, Exclusive, "192.0.2.1:53", 0, Exclusive, true),
        ("192.0.2.2:53", 0, Exclusive, "192.0.2.1:53", 0, Exclusive, true),
        ("192.0.2.1:53", 0, Exclusive, "192.0.2.1:53", 0, Exclusive, false),
        ("[2001:db8::1]:53", 0, Exclusive, "[2001:db8::1]:53", 0, Exclusive, false),
        ("0.0.0.0:53", 0, Exclusive, "[::]:53", 0, Exclusive, true),
        ("0.0.0.0:53", 0, Exclusive, "*:53", 0, Exclusive, false),
        ("*:53", 0, Exclusive, "[::]:53", 0, Exclusive, false),
    ] {
        let mut storage: Storage<2, 0, 0> = Storage::new();
        let mut udp = Udp::new(&mut storage, [1; 32]);
        let one = local(first, i, s);
        let handle = udp.bind(&one).unwrap();
        assert_eq!(udp.local(handle), Ok(one));
        let other = udp.bind(&local(second, j, t));
        assert_eq!(other.is_ok(), both, "{first} {i} {s:?} and {second} {j} {t:?}");
        if !both {
            assert_eq!(other, Err(BindError::InUse));
        }
    }
}

#[test]
fn a_stale_handle_is_an_error_at_every_call() {
    let mut storage: Storage<1, 64, 64> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    with_ip(|routes, _| {
        let old = udp.bind(&Local::port(53)).unwrap();
        assert_eq!(udp.bind(&Local::port(54)), Err(BindError::NoSlot));
        udp.close(old).unwrap();
        let new = udp.bind(&Local::port(53)).unwrap();
        assert_ne!(old, new);
        assert_eq!(udp.close(old), Err(StaleHandle));
        assert_eq!(udp.abort(old), Err(StaleHandle));
        assert_eq!(udp.recv(old, &mut []), Err(StaleHandle));
        assert_eq!(udp.peek(old), Err(StaleHandle));
        assert_eq!(udp.skip(old), Err(StaleHandle));
        assert_eq!(udp.can_recv(old), Err(StaleHandle));
        assert_eq!(udp.is_send_queue_empty(old), Err(StaleHandle));
        assert_eq!(udp.local(old), Err(StaleHandle));
        assert_eq!(udp.remote(old), Err(StaleHandle));
        assert_eq!(udp.settings(old), Err(StaleHandle));
        assert_eq!(udp.take_error(old), Err(StaleHandle));
        assert_eq!(udp.connect(routes, old, at("192.0.2.9:1")), Err(ConnectError::Stale));
        assert_eq!(udp.disconnect(old), Err(ConnectError::Stale));
        assert_eq!(udp.send(routes, old, b""), Err(SendError::Stale));
        assert_eq!(udp.send_to(routes, old, at("192.0.2.9:1"), b""), Err(SendError::Stale));
        assert_eq!(udp.can_recv(new), Ok(false));
    });
}

// conf: UDP-API-14
#[test]
fn ephemeral_ports_are_spread_and_never_taken_twice() {
    let mut slots = vec![tersus_udp::Slot::EMPTY; 400];
    let mut numbers = vec![0; 1200];
    let mut udp = Udp::from_slices(&mut slots, &mut numbers, &mut [], &mut [], &mut [], [1; 32]);
    let mut seen = HashSet::new();
    let mut quarters = [0; 4];
    let mut steps = 0;
    let mut last = 0;
    for _ in 0..400 {
        let socket = udp.bind(&Local::ANY).unwrap();
        let port = udp.local(socket).unwrap().port;
        assert!(port >= 49_152 && seen.insert(port), "{port}");
        quarters[usize::from(port - 49_152) / 4096] += 1;
        steps += u32::from(port == last + 1);
        last = port;
    }
    assert!(quarters.iter().all(|&n| (60..140).contains(&n)), "{quarters:?}");
    assert!(steps < 5, "ports do not follow one another");
}

#[test]
fn a_range_without_a_free_port_is_an_error() {
    let mut storage: Storage<8, 0, 0> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    udp.set_ephemeral_ports(1000..=1002);
    udp.bind(&Local::port(1001)).unwrap();
    let mut ports: Vec<_> =
        (0..2).map(|_| udp.bind(&Local::ANY).map(|s| udp.local(s).unwrap().port).unwrap()).collect();
    ports.sort_unstable();
    assert_eq!(ports, [1000, 1002]);
    assert_eq!(udp.bind(&Local::ANY), Err(BindError::NoPort));
    #[expect(clippy::reversed_empty_ranges, reason = "what a user may write")]
    for range in [5..=4, 0..=0] {
        udp.set_ephemeral_ports(range);
        assert_eq!(udp.bind(&Local::ANY), Err(BindError::NoPort));
    }
    udp.set_ephemeral_ports(0..=65_535);
    assert!(udp.bind(&Local::ANY).is_ok());
}

#[test]
fn connecting_fixes_both_ends() {
    let mut storage: Storage<3, 256, 256> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    with_ip(|routes, sent| {
        let socket = udp.bind(&Local::port(53)).unwrap();
        udp.connect(routes, socket, at("192.0.2.9:4000")).unwrap();
        assert_eq!(udp.remote(socket), Ok(Some(at("192.0.2.9:4000"))));
        assert_eq!(udp.local(socket).unwrap().address, Some(ip("192.0.2.1")));
        for (from, to) in [
            ("192.0.2.9:4001", "192.0.2.1:53"),
            ("192.0.2.8:4000", "192.0.2.1:53"),
            ("192.0.2.9:4000", "192.0.2.2:53"),
        ] {
            let refused = feed(&mut udp, from, to, b"");
            assert!(matches!(refused, Verdict::Reject(_)), "{from} {to}");
        }
        assert_eq!(feed(&mut udp, "192.0.2.9:4000", "192.0.2.1:53", b""), Verdict::Done);
        // Another may be bound to the port now, but not be connected to the same.
        let other = udp.bind(&Local::port(53)).unwrap();
        assert_eq!(udp.connect(routes, other, at("192.0.2.9:4000")), Err(ConnectError::InUse));
        assert_eq!(udp.remote(other), Ok(None));
        assert_eq!(udp.disconnect(socket), Err(ConnectError::InUse));
        udp.connect(routes, other, at("192.0.2.9:4001")).unwrap();
        udp.disconnect(socket).unwrap();
        assert_eq!(udp.local(socket), Ok(Local::port(53)));
        assert_eq!(feed(&mut udp, "192.0.2.7:1", "192.0.2.7:53", b""), Verdict::Done);
        // Connecting anew changes the peer; what was queued for the old one still goes there.
        udp.send(routes, other, b"old").unwrap();
        udp.connect(routes, other, at("192.0.2.10:7")).unwrap();
        udp.send(routes, other, b"new").unwrap();
        udp.transmit(routes, &mut 9);
        let seen: Vec<_> = sent.borrow().iter().map(|s| (s.to, s.data.clone())).collect();
        assert_eq!(seen, [(at("192.0.2.9:4001"), b"old".to_vec()), (at("192.0.2.10:7"), b"new".to_vec())]);
    });
}

#[test]
fn what_cannot_be_connected_says_why() {
    let mut storage: Storage<4, 256, 256> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    with_ip(|routes, _| {
        let v4 = udp.bind(&Local::from(at("192.0.2.1:53"))).unwrap();
        let any = udp.bind(&Local::port(54)).unwrap();
        let group = udp.bind(&Local::from(at("224.0.0.251:5353"))).unwrap();
        // socket, peer, error
        for (socket, peer, want) in [
            (v4, "[2001:db8::9]:1", ConnectError::Family),
            (any, "192.0.2.9:0", ConnectError::Port),
            (group, "192.0.2.9:1", ConnectError::Group),
        ] {
            assert_eq!(udp.connect(routes, socket, at(peer)), Err(want), "{peer}");
            assert_eq!(udp.remote(socket), Ok(None));
        }
        routes.unroutable = Some(Unreachable::NoRoute);
        let want = ConnectError::Unreachable(Unreachable::NoRoute);
        assert_eq!(udp.connect(routes, any, at("192.0.2.9:1")), Err(want));
    });
}

#[test]
fn a_closed_socket_still_sends_what_it_queued() {
    let mut storage: Storage<1, 256, 256> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    with_ip(|routes, sent| {
        let socket = udp.bind(&Local::port(53)).unwrap();
        udp.send_to(routes, socket, at("192.0.2.9:1"), b"last words").unwrap();
        udp.close(socket).unwrap();
        assert!(matches!(feed(&mut udp, "192.0.2.9:1", "192.0.2.1:53", b""), Verdict::Reject(_)));
        assert_eq!(udp.bind(&Local::port(53)), Err(BindError::NoSlot), "the slot is not free yet");
        udp.transmit(routes, &mut 9);
        assert_eq!(sent.borrow()[0].data, b"last words");
        let again = udp.bind(&Local::port(53)).unwrap();
        udp.send_to(routes, again, at("192.0.2.9:1"), b"never").unwrap();
        udp.abort(again).unwrap();
        assert_eq!((udp.socket_count(), udp.poll_at()), (0, None));
        udp.transmit(routes, &mut 9);
        assert_eq!(sent.borrow().len(), 1);
    });
}
