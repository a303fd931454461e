//! ICMP errors reach the socket that sent what they quote, and no other.

mod common;

use common::{at, counter, ip, with_ip};
use tersus_ip::{ErrorKind, IcmpError, Instant, Quoted, SendError, Transport};
use tersus_udp::{Cause, Local, Storage, Udp};
use tersus_wire::IpProtocol;

/// An error about a datagram from `from` to `to`, with exactly the eight octets that RFC 792 asks for.
fn error(udp: &mut Udp<'_>, kind: ErrorKind, from: &str, to: &str) -> Quoted {
    let (from, to) = (at(from), at(to));
    let [s0, s1] = from.port().to_be_bytes();
    let [d0, d1] = to.port().to_be_bytes();
    let error = IcmpError {
        kind,
        reporter: ip("192.0.2.254"),
        local: from.ip(),
        remote: to.ip(),
        protocol: IpProtocol::UDP,
        quoted: &[s0, s1, d0, d1, 0, 8, 0, 0],
    };
    udp.error(Instant::ZERO, &error)
}

// conf: UDP-API-03, UDP-API-12, ICM-V4-09, ICM-V4-10, ICM-V6-09
#[test]
fn an_error_is_told_to_the_socket_that_sent() {
    let mut storage: Storage<4, 0, 256, 8> = Storage::with_errors();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    with_ip(|routes, _| {
        let any = udp.bind(&Local::port(53)).unwrap();
        let bound = udp.bind(&Local::from(at("192.0.2.7:53"))).unwrap();
        let peer = udp.bind(&Local::port(54)).unwrap();
        udp.connect(routes, peer, at("192.0.2.9:4000")).unwrap();
        let group = udp.bind(&Local::from(at("224.0.0.251:5353"))).unwrap();
        let sockets = [any, bound, peer, group];
        // quoted source and destination, who learns
        for (from, to, who) in [
            ("192.0.2.1:53", "192.0.2.9:4000", Some(any)),
            ("192.0.2.7:53", "192.0.2.9:4000", Some(bound)),
            ("[2001:db8::1]:53", "[2001:db8::9]:4000", Some(any)),
            ("192.0.2.1:54", "192.0.2.9:4000", Some(peer)),
            ("192.0.2.1:54", "192.0.2.9:4001", None),
            ("192.0.2.1:54", "192.0.2.8:4000", None),
            ("192.0.2.2:54", "192.0.2.9:4000", None),
            ("192.0.2.1:55", "192.0.2.9:4000", None),
            ("192.0.2.1:53", "192.0.2.9:0", None),
            ("192.0.2.1:5353", "192.0.2.9:5353", Some(group)),
        ] {
            for kind in [
                ErrorKind::PortUnreachable,
                ErrorKind::HostUnreachable,
                ErrorKind::HopLimitExceeded,
                ErrorKind::ParameterProblem,
                ErrorKind::TooBig(576),
            ] {
                // No record is kept of what was sent.
                let want = if who.is_some() { Quoted::Possible } else { Quoted::Unknown };
                assert_eq!(error(&mut udp, kind, from, to), want, "{from} {to}");
                for socket in sockets {
                    let told = udp.take_error(socket).unwrap();
                    assert_eq!(told.is_some(), Some(socket) == who, "{from} {to}");
                    let Some(told) = told else { continue };
                    assert_eq!((told.cause, told.remote), (Cause::Icmp(kind), at(to)));
                    assert_eq!(told.reporter, Some(ip("192.0.2.254")));
                    assert_eq!(udp.take_error(socket), Ok(None), "cleared on read");
                }
            }
        }
        assert_eq!((counter(&udp, "icmp_errors"), counter(&udp, "icmp_ignored")), (25, 25));
    });
}

// conf: ICM-V4-07
#[test]
fn a_short_quote_or_another_protocol_is_ignored() {
    let mut storage: Storage<1, 0, 0> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    let socket = udp.bind(&Local::port(53)).unwrap();
    let quoted = [0, 53, 0x0f, 0xa0, 0, 8, 0, 0];
    for (len, protocol, told) in [
        (0, IpProtocol::UDP, false),
        (3, IpProtocol::UDP, false),
        (4, IpProtocol::UDP, true),
        (8, IpProtocol::TCP, false),
    ] {
        let error = IcmpError {
            kind: ErrorKind::PortUnreachable,
            reporter: ip("192.0.2.9"),
            local: ip("192.0.2.1"),
            remote: ip("192.0.2.9"),
            protocol,
            quoted: &quoted[..len],
        };
        assert_eq!(udp.error(Instant::ZERO, &error) != Quoted::Unknown, told, "{len} {protocol}");
        assert_eq!(udp.take_error(socket).unwrap().is_some(), told, "{len} {protocol}");
    }
}

#[test]
fn a_noisy_socket_does_not_silence_another() {
    let mut storage: Storage<2, 0, 0, 3> = Storage::with_errors();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    let noisy = udp.bind(&Local::port(1)).unwrap();
    let quiet = udp.bind(&Local::port(2)).unwrap();
    error(&mut udp, ErrorKind::PortUnreachable, "192.0.2.1:2", "192.0.2.9:9");
    for port in 1..100 {
        error(&mut udp, ErrorKind::PortUnreachable, "192.0.2.1:1", &format!("192.0.2.9:{port}"));
    }
    assert_eq!(counter(&udp, "errors_lost"), 97);
    let ports: Vec<_> =
        core::iter::from_fn(|| udp.take_error(noisy).unwrap()).map(|e| e.remote.port()).collect();
    assert_eq!(ports, [1, 99], "the oldest and the newest");
    assert!(udp.take_error(quiet).unwrap().is_some());
    // What a closed socket did not read is gone.
    error(&mut udp, ErrorKind::PortUnreachable, "192.0.2.1:1", "192.0.2.9:9");
    udp.close(noisy).unwrap();
    let next = udp.bind(&Local::port(1)).unwrap();
    assert_eq!(udp.take_error(next), Ok(None));
}

#[test]
fn without_room_for_errors_they_are_counted() {
    let mut storage: Storage<1, 0, 64, 0> = Storage::with_errors();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    with_ip(|ip_layer, _| {
        let socket = udp.bind(&Local::port(53)).unwrap();
        udp.send_to(ip_layer, socket, at("192.0.2.9:1"), b"x").unwrap();
        ip_layer.refusal = Some(SendError::TooBig(68));
        udp.transmit(ip_layer, &mut 9);
        error(&mut udp, ErrorKind::PortUnreachable, "192.0.2.1:53", "192.0.2.9:1");
        let counted = ["too_big", "errors_lost", "icmp_ignored", "icmp_errors"];
        assert_eq!(counted.map(|name| counter(&udp, name)), [1, 1, 1, 0]);
        assert_eq!((udp.take_error(socket), udp.poll_at()), (Ok(None), None));
    });
}
