//! What holds in a build of either family alone: datagrams in and out, and errors, with both engines.

mod common;

use common::{at, feed, segment, with_ip};
use tersus_ip::{ErrorKind, IcmpError, Instant, Quoted, Transport, Verdict};
use tersus_udp::{small, Cause, Local, Storage, Udp};
use tersus_wire::IpProtocol;

/// Whether the build has the family, a peer, the own address.
const FAMILIES: [(bool, &str, &str); 2] = [
    (cfg!(feature = "ipv4"), "192.0.2.9:4000", "192.0.2.1:53"),
    (cfg!(feature = "ipv6"), "[2001:db8::9]:4000", "[2001:db8::1]:53"),
];

#[test]
fn a_datagram_is_answered_in_each_family_that_is_built() {
    for (_, peer, own) in FAMILIES.into_iter().filter(|family| family.0) {
        let mut storage: Storage<1, 256, 256> = Storage::new();
        let mut udp = Udp::new(&mut storage, [1; 32]);
        let socket = udp.bind(&Local::port(53)).unwrap();
        assert_eq!(feed(&mut udp, peer, own, b"who"), Verdict::Done, "{own}");
        with_ip(|ip, sent| {
            let mut data = [0; 8];
            let received = udp.recv(socket, &mut data).unwrap().unwrap();
            assert_eq!((received.meta.remote, &data[..received.copied]), (at(peer), &b"who"[..]));
            udp.send_to(ip, socket, received.meta.remote, b"me").unwrap();
            udp.transmit(ip, &mut 8);
            let sent = sent.borrow();
            assert_eq!(sent.len(), 1, "{own}");
            assert_eq!((sent[0].from, sent[0].to, &sent[0].data[..]), (at(own), at(peer), &b"me"[..]));
        });
    }
}

#[test]
fn the_small_engine_answers_in_each_family_that_is_built() {
    for (_, peer, own) in FAMILIES.into_iter().filter(|family| family.0) {
        let mut storage: small::Storage<1, 256, 256> = small::Storage::new();
        let mut udp = small::SmallUdp::new(&mut storage);
        let socket = udp.bind(53).unwrap();
        assert_eq!(feed(&mut udp, peer, own, b"who"), Verdict::Done, "{own}");
        with_ip(|ip, sent| {
            let mut data = [0; 8];
            let received = udp.recv(socket, &mut data).unwrap().unwrap();
            assert_eq!((received.meta.remote, &data[..received.copied]), (at(peer), &b"who"[..]));
            udp.send_to(socket, received.meta.remote, b"me").unwrap();
            udp.transmit(ip, &mut 8);
            let sent = sent.borrow();
            assert_eq!(sent.len(), 1, "{own}");
            assert_eq!((sent[0].from, sent[0].to, &sent[0].data[..]), (at(own), at(peer), &b"me"[..]));
        });
    }
}

#[test]
fn an_error_is_told_in_each_family_that_is_built() {
    for (_, peer, own) in FAMILIES.into_iter().filter(|family| family.0) {
        let mut storage: Storage<1, 0, 256, 1> = Storage::with_errors();
        let mut udp = Udp::new(&mut storage, [1; 32]);
        let socket = udp.bind(&Local::port(53)).unwrap();
        let quoted = segment(at(own), at(peer), b"");
        let (local, remote) = (at(own).ip(), at(peer).ip());
        let kind = ErrorKind::PortUnreachable;
        let protocol = IpProtocol::UDP;
        let error = IcmpError { kind, reporter: remote, local, remote, protocol, quoted: &quoted };
        assert_eq!(udp.error(Instant::ZERO, &error), Quoted::Possible, "{own}");
        let told = udp.take_error(socket).unwrap().unwrap();
        assert_eq!((told.cause, told.remote), (Cause::Icmp(kind), at(peer)));
    }
}
