//! Sockets: asking by echo, and hearing errors.

mod common;

use common::{feed, ip, is_valid, message};
use core::cell::RefCell;
use core::net::IpAddr;
use tersus_icmp::{
    BindError, EchoMeta, Event, Filter, Fragmentation, Handle, Icmp, Received, SendError, StaleHandle,
    Storage, Unsent,
};
use tersus_ip::fake::FakeIp;
use tersus_ip::{
    ErrorKind, IcmpError, Instant, InterfaceId, InterfaceSet, OutFlags, Outgoing, Progress, Quoted, Random,
    SendError as IpError, Transport, Unreachable, Verdict,
};
use tersus_wire::IpProtocol;

const OWN4: &str = "192.0.2.1";
const A: &str = "192.0.2.9";
const B: &str = "192.0.2.10";
const OWN6: &str = "2001:db8::1";
const C: &str = "2001:db8::9";

/// Whether the family of an address is in this build.
fn is_built(address: &str) -> bool {
    let [ipv4, ipv6] = [cfg!(feature = "ipv4"), cfg!(feature = "ipv6")];
    match ip(address) {
        IpAddr::V4(_) => ipv4,
        IpAddr::V6(_) => ipv6,
    }
}

/// A peer of a family that is in this build: [`A`] is the ninth.
fn peer(number: u8) -> IpAddr {
    if is_built(A) {
        IpAddr::from([192, 0, 2, number])
    } else {
        ip(&format!("2001:db8::{number:x}"))
    }
}

/// A request that left.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sent {
    from: IpAddr,
    to: IpAddr,
    outgoing: Outgoing,
    octets: Vec<u8>,
}

/// Runs `test` with a fake IP layer and the list of what left. Checksums must be right.
fn with_ip(test: impl FnOnce(&mut FakeIp<'_>, &RefCell<Vec<Sent>>)) {
    let sent = RefCell::new(Vec::new());
    let mut buffer = vec![0xee; 65_535];
    let mut keep = |path: &tersus_ip::Path, outgoing: Outgoing, segment: &[u8]| {
        let (from, to) = (path.source(), path.destination());
        assert!(is_valid(from, to, segment), "the checksum is right");
        sent.borrow_mut().push(Sent { from, to, outgoing, octets: segment.to_vec() });
    };
    let mut ip = FakeIp::new(&mut buffer, &mut keep);
    test(&mut ip, &sent);
}

fn counter(icmp: &Icmp<'_>, name: &str) -> u32 {
    icmp.statistics().counters().iter().find(|(known, _)| *known == name).expect("a counter").1
}

/// Everything that the socket heard, with its data.
fn heard(icmp: &mut Icmp<'_>, socket: Handle) -> Vec<(Received, Vec<u8>)> {
    core::iter::from_fn(|| {
        icmp.recv_with(socket, |received, data| (*received, data.to_vec())).expect("an open socket")
    })
    .collect()
}

fn error(icmp: &mut Icmp<'_>, kind: ErrorKind, remote: &str, protocol: IpProtocol, quoted: &[u8]) -> Quoted {
    let local = ip(if remote.contains(':') { OWN6 } else { OWN4 });
    let reporter = ip(remote);
    icmp.error(Instant::ZERO, &IcmpError { kind, reporter, local, remote: ip(remote), protocol, quoted })
}

// conf: ICM-ECH-05, ICM-ECH-09
#[test]
fn a_ping_goes_out_and_its_reply_comes_back() {
    let mut storage: Storage<2, 256, 512> = Storage::new();
    let mut icmp = Icmp::new(&mut storage, [1; 32]);
    with_ip(|ip_layer, sent| {
        let socket = icmp.bind_echo(Some(0xabcd)).unwrap();
        let other = icmp.bind_echo(Some(0xabce)).unwrap();
        let families = [(A, OWN4, 8, 0), (C, OWN6, 128, 129)];
        let built = families.into_iter().filter(|(to, ..)| is_built(to));
        for (to, own, request, reply) in built.clone() {
            let meta = EchoMeta { hop_limit: 9, traffic_class: 0x28, ..EchoMeta::to(ip(to), 77) };
            icmp.send_echo(ip_layer, socket, &meta, b"data").unwrap();
            assert_eq!(icmp.poll_at(), Some(Instant::ZERO));
            assert_eq!(icmp.transmit(ip_layer, &mut 9), Progress::Idle);
            assert_eq!(icmp.poll_at(), None);
            let sent = sent.borrow_mut().remove(0);
            assert_eq!((sent.from, sent.to), (ip(own), ip(to)));
            assert_eq!((sent.outgoing.hop_limit, sent.outgoing.traffic_class), (9, 0x28));
            assert_eq!((sent.octets[0], sent.octets[1]), (request, 0));
            assert_eq!(sent.octets[4..], [0xab, 0xcd, 0, 77, b'd', b'a', b't', b'a']);
            let mut octets = message(ip(to), ip(own), reply, [0xabcd, 77], b"data");
            let verdict = feed(&mut icmp, ip(to), ip(own), &mut octets, |meta| {
                meta.hop_limit = 55;
                meta.traffic_class = 3;
                meta.interface = InterfaceId(2);
            });
            assert_eq!(verdict, Verdict::Done);
            let want = Received {
                event: Event::Reply { sequence: 77 },
                remote: ip(to),
                local: Some(ip(own)),
                interface: Some(InterfaceId(2)),
                hop_limit: 55,
                traffic_class: 3,
                len: 4,
            };
            assert_eq!(heard(&mut icmp, socket), [(want, b"data".to_vec())]);
            assert_eq!(icmp.can_recv(other), Ok(false));
        }
        for (to, own, _, reply) in built.clone() {
            let mut octets = message(ip(to), ip(own), reply, [0xabcf, 1], b"");
            feed(&mut icmp, ip(to), ip(own), &mut octets, |_| ());
        }
        let count = u32::try_from(built.count()).unwrap();
        assert_eq!((counter(&icmp, "replies"), counter(&icmp, "unexpected_reply")), (count, count));
    });
}

#[test]
fn identifiers_are_unique_and_handles_grow_stale() {
    let mut storage: Storage<3, 64, 64> = Storage::new();
    let mut icmp = Icmp::new(&mut storage, [1; 32]);
    with_ip(|routes, sent| {
        let first = icmp.bind_echo(Some(0)).unwrap();
        assert_eq!(icmp.bind_echo(Some(0)), Err(BindError::InUse));
        let second = icmp.bind_echo(None).unwrap();
        assert_ne!(icmp.identifier(second), Ok(Some(0)));
        let errors = icmp.bind_errors(Filter::All).unwrap();
        assert_eq!(icmp.identifier(errors), Ok(None));
        assert_eq!(icmp.bind_echo(None), Err(BindError::NoSlot));
        let meta = EchoMeta::to(peer(9), 1);
        assert_eq!(icmp.send_echo(routes, errors, &meta, b""), Err(SendError::NotEcho));
        // What the closed socket queued must not be answered to the next.
        icmp.send_echo(routes, first, &meta, b"").unwrap();
        icmp.close(first).unwrap();
        let again = icmp.bind_echo(Some(0)).unwrap();
        icmp.transmit(routes, &mut 9);
        assert!(sent.borrow().is_empty());
        assert_eq!(counter(&icmp, "unsent"), 1);
        assert_eq!(icmp.close(first), Err(StaleHandle));
        assert_eq!(icmp.identifier(first), Err(StaleHandle));
        assert_eq!(icmp.recv(first, &mut []), Err(StaleHandle));
        assert_eq!(icmp.can_recv(first), Err(StaleHandle));
        assert_eq!(icmp.send_echo(routes, first, &meta, b""), Err(SendError::Stale));
        assert_eq!((icmp.can_recv(again), icmp.socket_count()), (Ok(false), 3));
    });
}

#[test]
fn what_cannot_be_sent_says_why() {
    let mut storage: Storage<1, 64, 100> = Storage::new();
    let mut icmp = Icmp::new(&mut storage, [1; 32]);
    with_ip(|routes, sent| {
        let socket = icmp.bind_echo(None).unwrap();
        let meta = EchoMeta::to(peer(9), 1);
        // What the queue takes, and what an MTU of 68 does.
        let (longest, in_mtu, foreign) = if is_built(A) { (80, 40, OWN6) } else { (56, 20, OWN4) };
        let data = |len| vec![0; usize::from(len)];
        let foreign = EchoMeta { source: Some(ip(foreign)), ..meta };
        assert_eq!(icmp.send_echo(routes, socket, &foreign, b""), Err(SendError::Family));
        assert_eq!(
            icmp.send_echo(routes, socket, &meta, &data(longest + 1)),
            Err(SendError::TooLong(longest))
        );
        icmp.send_echo(routes, socket, &meta, &data(longest)).unwrap();
        assert_eq!(icmp.send_echo(routes, socket, &meta, b""), Err(SendError::Full));
        let never = EchoMeta { fragmentation: Fragmentation::Never, ..meta };
        routes.mtu = 68;
        assert_eq!(
            icmp.send_echo(routes, socket, &never, &data(in_mtu + 1)),
            Err(SendError::TooLong(in_mtu))
        );
        icmp.transmit(routes, &mut 9);
        icmp.send_echo(routes, socket, &never, &data(in_mtu)).unwrap();
        icmp.transmit(routes, &mut 9);
        assert_eq!(sent.borrow()[1].outgoing.flags, OutFlags::DONT_FRAGMENT);
        routes.unroutable = Some(Unreachable::NoRoute);
        let want = Err(SendError::Unreachable(Unreachable::NoRoute));
        assert_eq!(icmp.send_echo(routes, socket, &meta, b""), want);
    });
}

// conf: ICM-V4-06, ICM-V4-09, ICM-V4-10, ICM-V6-02, ICM-V6-09
#[test]
fn errors_are_heard_by_those_who_asked_for_them() {
    let mut storage: Storage<8, 512, 0> = Storage::new();
    let mut icmp = Icmp::new(&mut storage, [1; 32]);
    let echo = icmp.bind_echo(Some(7)).unwrap();
    let all = icmp.bind_errors(Filter::All).unwrap();
    let udp = icmp.bind_errors(Filter::Protocol(IpProtocol::UDP)).unwrap();
    let port = icmp.bind_errors(Filter::Port(IpProtocol::UDP, 53)).unwrap();
    let identifier = icmp.bind_errors(Filter::Port(IpProtocol::ICMPV4, 7)).unwrap();
    let sockets = [echo, all, udp, port, identifier];
    let from_53 = [0, 53, 0x10, 0, 0, 9, 0, 0];
    let from_54 = [0, 54, 0x10, 0, 0, 9, 0, 0];
    let asked = [8, 0, 0, 0, 0, 7, 0, 3];
    let asked_v6 = [128, 0, 0, 0, 0, 7, 0, 4];
    let answered = [0, 0, 0, 0, 0, 7, 0, 3];
    // remote, protocol, quote, who hears it, with which sequence number at the echo socket
    for (remote, protocol, quoted, who, want) in [
        (A, IpProtocol::UDP, &from_53[..], vec![all, udp, port], 0),
        (C, IpProtocol::UDP, &from_53, vec![all, udp, port], 0),
        (A, IpProtocol::UDP, &from_54, vec![all, udp], 0),
        (A, IpProtocol::UDP, &[0], vec![all, udp], 0),
        (A, IpProtocol::TCP, &from_53, vec![all], 0),
        (A, IpProtocol::ICMPV4, &asked, vec![echo, all, identifier], 3),
        (C, IpProtocol::ICMPV6, &asked_v6, vec![echo, all], 4),
        (A, IpProtocol::ICMPV4, &asked[..7], vec![all], 0),
        (A, IpProtocol::ICMPV4, &answered, vec![all], 0),
    ]
    .into_iter()
    .filter(|(remote, ..)| is_built(remote))
    {
        for kind in [ErrorKind::PortUnreachable, ErrorKind::HopLimitExceeded, ErrorKind::Other(100, 2)] {
            // Of what was asked and answered no record is kept.
            let ours = want > 0 || quoted == answered;
            let known = if ours { Quoted::Possible } else { Quoted::Unknown };
            assert_eq!(error(&mut icmp, kind, remote, protocol, quoted), known, "{remote} {protocol}");
            for socket in sockets {
                let heard = heard(&mut icmp, socket);
                assert_eq!(heard.len(), usize::from(who.contains(&socket)), "{remote} {protocol}");
                for (received, data) in heard {
                    let sequence = if socket == echo { want } else { 0 };
                    let event = Event::Error { kind, reporter: ip(remote), protocol, sequence };
                    assert_eq!((received.event, received.remote), (event, ip(remote)));
                    assert_eq!(data, quoted);
                }
            }
        }
    }
}

#[test]
#[cfg(feature = "ipv4")]
fn a_full_queue_drops_the_newest() {
    let mut storage: Storage<1, 64, 0> = Storage::new();
    let mut icmp = Icmp::new(&mut storage, [1; 32]);
    let socket = icmp.bind_echo(Some(1)).unwrap();
    for sequence in 0..10 {
        let mut octets = message(ip(A), ip(OWN4), 0, [1, sequence], b"");
        feed(&mut icmp, ip(A), ip(OWN4), &mut octets, |_| ());
    }
    error(&mut icmp, ErrorKind::PortUnreachable, A, IpProtocol::ICMPV4, &[8, 0, 0, 0, 0, 1, 0, 0]);
    assert_eq!((counter(&icmp, "replies"), counter(&icmp, "receive_full")), (4, 7));
    assert_eq!(heard(&mut icmp, socket).len(), 4);
}

#[test]
fn what_cannot_leave_waits_or_is_told_and_delays_no_other() {
    let mut storage: Storage<1, 512, 1024> = Storage::new();
    let mut icmp = Icmp::new(&mut storage, [1; 32]);
    with_ip(|ip_layer, sent| {
        ip_layer.interface_count = 2;
        let socket = icmp.bind_echo(None).unwrap();
        let dead = IpError::Unreachable(Unreachable::Neighbour);
        ip_layer.refusals = vec![
            (peer(9), IpError::Resolving),
            (peer(11), dead),
            (peer(12), IpError::TooBig(68)),
            (peer(13), IpError::Full),
        ]
        .leak();
        for (sequence, to) in (0..).zip([9, 11, 12, 13, 10]) {
            let mut meta = EchoMeta::to(peer(to), sequence);
            meta.interface = (to == 13).then_some(InterfaceId(1));
            icmp.send_echo(ip_layer, socket, &meta, b"").unwrap();
        }
        let sequences = || sent.borrow().iter().map(|sent| sent.octets[7]).collect::<Vec<_>>();
        let blocked = Progress::Blocked(InterfaceSet::only(InterfaceId(1)));
        assert_eq!(icmp.transmit(ip_layer, &mut 9), blocked);
        assert_eq!((sequences(), icmp.poll_at()), (vec![4], None));
        let events: Vec<_> = heard(&mut icmp, socket).into_iter().map(|(heard, _)| heard.event).collect();
        let neighbour = Unsent::Unreachable(Unreachable::Neighbour);
        assert_eq!(
            events,
            [
                Event::Unsent { sequence: 1, cause: neighbour },
                Event::Unsent { sequence: 2, cause: Unsent::TooBig(68) }
            ]
        );
        // Room comes, then the resolution ends.
        ip_layer.refusals = vec![(peer(9), IpError::Resolving)].leak();
        assert_eq!(icmp.transmit(ip_layer, &mut 9), Progress::Idle);
        assert_eq!(sequences(), [4, 3]);
        ip_layer.refusals = &[];
        icmp.transmit(ip_layer, &mut 9);
        assert_eq!(sequences(), [4, 3]);
        ip_layer.generation += 1;
        assert_eq!(icmp.transmit(ip_layer, &mut 0), Progress::More);
        assert_eq!(icmp.transmit(ip_layer, &mut 9), Progress::Idle);
        assert_eq!((sequences(), icmp.poll_at()), (vec![4, 3, 0], None));
        // Who does not resolve may not have the whole queue.
        ip_layer.refusals = vec![(peer(9), IpError::Resolving)].leak();
        let mut accepted = 0;
        while icmp.send_echo(ip_layer, socket, &EchoMeta::to(peer(9), 9), &[0; 50]).is_ok() {
            icmp.transmit(ip_layer, &mut 9);
            accepted += 1;
        }
        assert!((1..=8).contains(&accepted), "{accepted}: half of the queue");
        for _ in 0..50 {
            icmp.send_echo(ip_layer, socket, &EchoMeta::to(peer(10), 9), &[0; 50]).unwrap();
            icmp.transmit(ip_layer, &mut 9);
        }
        assert_eq!(counter(&icmp, "sent"), 53);
    });
}

#[test]
fn resolved_requests_that_find_no_room_leave_when_there_is_room() {
    let mut storage: Storage<1, 100, 1000> = Storage::new();
    let mut icmp = Icmp::new(&mut storage, [1; 32]);
    with_ip(|ip_layer, sent| {
        let socket = icmp.bind_echo(Some(7)).unwrap();
        for (to, sequence) in [(9, 1), (10, 2)] {
            icmp.send_echo(ip_layer, socket, &EchoMeta::to(peer(to), sequence), b"").unwrap();
        }
        ip_layer.refusal = Some(IpError::Resolving);
        assert_eq!(icmp.transmit(ip_layer, &mut 9), Progress::Idle);
        ip_layer.refusal = Some(IpError::Full);
        ip_layer.generation += 1;
        let blocked = Progress::Blocked(InterfaceSet::only(InterfaceId(0)));
        assert_eq!(icmp.transmit(ip_layer, &mut 9), blocked);
        ip_layer.refusal = None;
        assert_eq!(icmp.transmit(ip_layer, &mut 9), Progress::Idle);
        assert_eq!(sent.borrow().len(), 2, "the generation need not move again");
    });
}

/// Random calls over tables of small sizes; nothing that was accepted vanishes.
#[test]
fn any_order_of_calls_is_survived() {
    let peers = [A, B, C, "ff02::1"].map(ip);
    let refused = vec![
        (peers[0], IpError::Resolving),
        (peers[1], IpError::Full),
        (peers[2], IpError::Unreachable(Unreachable::NoRoute)),
        (peers[3], IpError::TooBig(100)),
    ]
    .leak();
    for (sockets, rx, tx) in [(0, 0, 0), (1, 0, 50), (1, 64, 0), (2, 90, 100), (3, 300, 1000)] {
        let mut random = Random::new([u8::try_from(tx % 251).unwrap(); 32]);
        let mut slots = vec![tersus_icmp::Slot::EMPTY; sockets];
        let mut numbers = vec![9; sockets];
        let (mut rx, mut tx) = (vec![9; sockets * rx], vec![9; tx]);
        let mut icmp = Icmp::from_slices(&mut slots, &mut numbers, &mut rx, &mut tx, [1; 32]);
        with_ip(|ip_layer, sent| {
            ip_layer.interface_count = 2;
            let mut handles = Vec::new();
            let mut accepted = 0;
            for _ in 0..5_000 {
                let mut pick =
                    |len: usize| usize::try_from(random.below(u32::try_from(len).unwrap())).unwrap();
                let peer = peers[pick(4)];
                let socket = handles.get(pick(handles.len().max(1))).copied();
                let data = vec![1; pick(40)];
                match (pick(10), socket) {
                    (0, _) => {
                        handles.extend(icmp.bind_echo((pick(2) == 0).then_some(1)));
                        handles.extend(icmp.bind_errors(Filter::Port(IpProtocol::UDP, 1)));
                    }
                    (1, Some(socket)) if pick(4) == 0 => {
                        let _ = icmp.close(socket);
                    }
                    (2..=4, Some(socket)) => {
                        let sent = icmp.send_echo(ip_layer, socket, &EchoMeta::to(peer, 5), &data);
                        accepted += usize::from(sent.is_ok());
                    }
                    (5, Some(socket)) => {
                        let _ = icmp.recv(socket, &mut [0; 7]);
                    }
                    (6, _) => {
                        ip_layer.refusals = &refused[..pick(5)];
                        ip_layer.generation = ip_layer.generation.wrapping_add(u32::from(pick(2) == 0));
                        ip_layer.room = if pick(3) == 0 { InterfaceSet::NONE } else { InterfaceSet::ALL };
                    }
                    (7, _) => {
                        icmp.transmit(ip_layer, &mut pick(4));
                    }
                    (8, _) => {
                        let quoted = [8, 0, 0, 0, 0, 1, 0, 0];
                        error(&mut icmp, ErrorKind::TooBig(9), A, IpProtocol::ICMPV4, &quoted[..pick(9)]);
                        let mut octets = message(ip(A), ip(OWN4), 0, [1, 1], &data);
                        feed(&mut icmp, ip(A), ip(OWN4), &mut octets, |_| ());
                    }
                    _ => {
                        let mut turns = 0;
                        while icmp.poll_at().is_some() {
                            icmp.transmit(ip_layer, &mut 64);
                            turns += 1;
                            assert!(turns < 100, "polling when asked to must get somewhere");
                        }
                    }
                }
            }
            ip_layer.refusals = &[];
            ip_layer.room = InterfaceSet::ALL;
            ip_layer.generation += 1;
            icmp.transmit(ip_layer, &mut 10_000);
            assert_eq!(icmp.poll_at(), None);
            let unsent = usize::try_from(counter(&icmp, "unsent")).unwrap();
            assert_eq!(accepted, sent.borrow().len() + unsent, "none vanishes");
        });
    }
}
