//! The small engine over the fake IP layer.

extern crate std;

use super::*;
use crate::{BindError, Handle, SendError as Refused, StaleHandle};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;
use tersus_ip::fake::FakeIp;
use tersus_ip::{InterfaceId, Path, Random, Unreachable};
use tersus_wire::ip::pseudo_addresses;

const OWN: [&str; 2] = ["192.0.2.1", "2001:db8::1"];
const PEER: [&str; 2] = ["192.0.2.9", "2001:db8::9"];

fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// A datagram from a peer's port 99 to a port of ours, and what becomes of it.
struct Given {
    from: [&'static str; 2],
    to: [&'static str; 2],
    src_port: u16,
    cast: Cast,
}

const GIVEN: Given = Given { from: PEER, to: OWN, src_port: 99, cast: Cast::Unicast };

impl Given {
    fn put(&self, udp: &mut SmallUdp<'_>, family: usize, port: u16, data: &[u8]) -> Verdict {
        self.put_altered(udp, family, port, data, |_| ())
    }

    fn put_altered(
        &self,
        udp: &mut SmallUdp<'_>,
        family: usize,
        port: u16,
        data: &[u8],
        alter: impl FnOnce(&mut Vec<u8>),
    ) -> Verdict {
        let (source, destination) = (self.from[family].parse().unwrap(), self.to[family].parse().unwrap());
        let mut segment = vec![0; HEADER_LEN + data.len()];
        let repr = Repr { src_port: self.src_port, dst_port: port };
        repr.emit(&mut segment, data, pseudo_addresses(source, destination)).unwrap();
        alter(&mut segment);
        let mut octets = [0; 32];
        let addresses = Addresses::join(source, destination, &mut octets).unwrap();
        let mut meta = IpMeta::new(Instant::ZERO, IpProtocol::UDP, addresses);
        meta.cast = self.cast;
        meta.traffic_class = 3;
        udp.receive(&meta, &mut segment)
    }
}

/// What left in one turn: "source > destination:port data", and whether its checksum is right.
fn turn(udp: &mut SmallUdp<'_>, budget: usize, set: impl FnOnce(&mut FakeIp<'_>)) -> (Vec<String>, Progress) {
    let mut sent = Vec::new();
    let mut note = |path: &Path, packet: Outgoing, segment: &[u8]| {
        assert_eq!(packet.protocol, IpProtocol::UDP);
        // RFC 1112 §6.1; 0: the layer's own.
        assert_eq!(packet.hop_limit, u8::from(path.destination().is_multicast()));
        let view = tersus_wire::udp::Packet::parse(segment).unwrap();
        view.verify_between(path.source(), path.destination()).unwrap();
        let header = view.header();
        let (from, to) = (header.src_port().unwrap(), header.dst_port());
        let (from, to) = (SocketAddr::new(path.source(), from), SocketAddr::new(path.destination(), to));
        sent.push(std::format!("{from} > {to} {}", String::from_utf8_lossy(view.payload())));
    };
    let mut buffer = [0; 3000];
    let mut ip = FakeIp::new(&mut buffer, &mut note);
    set(&mut ip);
    let progress = udp.transmit(&mut ip, &mut { budget });
    (sent, progress)
}

fn sent(udp: &mut SmallUdp<'_>) -> Vec<String> {
    turn(udp, 64, |_| ()).0
}

fn received(udp: &mut SmallUdp<'_>, socket: Handle) -> Option<(String, Vec<u8>)> {
    udp.recv_with(socket, |meta, data| (meta.remote.to_string(), data.to_vec())).unwrap()
}

// conf: UDP-API-04, UDP-API-09, UDP-API-13, UDP-API-16
#[test]
fn a_datagram_is_received_with_all_that_is_known_of_it() {
    let mut storage: Storage<2, 256, 256> = Storage::new();
    let mut udp = SmallUdp::new(&mut storage);
    let (_, socket) = (udp.bind(6).unwrap(), udp.bind(7).unwrap());
    for family in [0, 1] {
        assert_eq!(GIVEN.put(&mut udp, family, 7, b"hello"), Verdict::Done);
        assert_eq!(udp.can_recv(socket), Ok(true));
        let mut buffer = [0; 4];
        let got = udp.recv(socket, &mut buffer).unwrap().unwrap();
        assert_eq!((&buffer, got.is_truncated(), got.meta.len), (b"hell", true, 5));
        assert_eq!(got.meta.remote, SocketAddr::new(PEER[family].parse().unwrap(), 99));
        assert_eq!(got.meta.local.to_string(), OWN[family]);
        assert_eq!((got.meta.hop_limit, got.meta.ecn(), got.meta.cast), (64, 3, Cast::Unicast));
        assert_eq!(udp.recv(socket, &mut buffer), Ok(None));
        assert_eq!(udp.can_recv(socket), Ok(false));
    }
}

// conf: UDP-HDR-01, UDP-HDR-04, UDP-HDR-05, UDP-HDR-06, UDP-HDR-09, UDP-HDR-10, UDP-API-01
#[test]
fn what_is_not_a_datagram_for_us_is_dropped_or_refused() {
    let mut storage: Storage<1, 256, 256> = Storage::new();
    let mut udp = SmallUdp::new(&mut storage);
    let socket = udp.bind(7).unwrap();
    let no_checksum = |segment: &mut Vec<u8>| segment[6..8].fill(0);
    for family in [0, 1] {
        let flip = |segment: &mut Vec<u8>| segment[9] ^= 1;
        assert_eq!(GIVEN.put_altered(&mut udp, family, 7, b"abc", flip), Verdict::Done);
        let cut = |segment: &mut Vec<u8>| segment.truncate(10);
        assert_eq!(GIVEN.put_altered(&mut udp, family, 7, b"abc", cut), Verdict::Done);
        let short = |segment: &mut Vec<u8>| segment[5] = 7;
        assert_eq!(GIVEN.put_altered(&mut udp, family, 7, b"abc", short), Verdict::Done);
        for port in [0, 8] {
            let refused = Verdict::Reject(Reject::PortUnreachable);
            assert_eq!(GIVEN.put(&mut udp, family, port, b"abc"), refused, "port {port}");
            let to_all = Given { cast: Cast::Broadcast, ..GIVEN };
            assert_eq!(to_all.put(&mut udp, family, port, b"abc"), Verdict::Done);
        }
        assert_eq!(received(&mut udp, socket), None);
        assert_eq!(GIVEN.put_altered(&mut udp, family, 7, b"abc", no_checksum), Verdict::Done);
        assert_eq!(received(&mut udp, socket).is_some(), family == 0);
        // Octets behind the length are the link's; a sender without a port wants no answer.
        let longer = |segment: &mut Vec<u8>| segment.push(9);
        let silent = Given { src_port: 0, ..GIVEN };
        assert_eq!(silent.put_altered(&mut udp, family, 7, b"abc", longer), Verdict::Done);
        assert_eq!(udp.send_back(socket), Ok(Some(3)));
        assert!(sent(&mut udp).is_empty());
    }
    let counted = *udp.statistics();
    let want = Statistics {
        received: 18,
        malformed: 4,
        bad_checksum: 2,
        no_checksum: 1,
        no_port: 8,
        delivered: 3,
        ..Statistics::ZERO
    };
    assert_eq!(counted, want);
    let mut octets = [0; 32];
    let addresses = Addresses::join(OWN[0].parse().unwrap(), PEER[0].parse().unwrap(), &mut octets).unwrap();
    let other = IpMeta::new(Instant::ZERO, IpProtocol::TCP, addresses);
    assert_eq!(udp.receive(&other, &mut [0; 20]), Verdict::NotMine);
}

// conf: UDP-API-05, UDP-HDR-02
#[test]
fn answers_leave_from_where_the_question_went() {
    let mut storage: Storage<1, 512, 512> = Storage::new();
    let mut udp = SmallUdp::new(&mut storage);
    let socket = udp.bind(7).unwrap();
    let second = Given { to: ["192.0.2.77", "2001:db8::77"], ..GIVEN };
    let to_all = Given { to: ["192.0.2.255", "ff02::1"], cast: Cast::Multicast, ..GIVEN };
    for family in [0, 1] {
        second.put(&mut udp, family, 7, b"one");
        GIVEN.put(&mut udp, family, 7, b"two");
        to_all.put(&mut udp, family, 7, b"all");
        for _ in 0..3 {
            assert_eq!(udp.send_back(socket), Ok(Some(3)));
        }
        assert_eq!(udp.send_back(socket), Ok(None));
    }
    assert_eq!(
        sent(&mut udp),
        [
            "192.0.2.77:7 > 192.0.2.9:99 one",
            "192.0.2.1:7 > 192.0.2.9:99 two",
            "192.0.2.1:7 > 192.0.2.9:99 all",
            "[2001:db8::77]:7 > [2001:db8::9]:99 one",
            "[2001:db8::1]:7 > [2001:db8::9]:99 two",
            "[2001:db8::1]:7 > [2001:db8::9]:99 all",
        ]
    );
    assert_eq!(udp.statistics().sent, 6);
}

#[test]
fn sockets_are_named_by_handles_that_go_stale() {
    let mut storage: Storage<2, 64, 64> = Storage::new();
    let mut udp = SmallUdp::new(&mut storage);
    assert_eq!(udp.bind(0), Err(BindError::NoPort));
    let first = udp.bind(7).unwrap();
    assert_eq!(udp.bind(7), Err(BindError::InUse));
    udp.bind(8).unwrap();
    assert_eq!(udp.bind(9), Err(BindError::NoSlot));
    GIVEN.put(&mut udp, 0, 7, b"lost");
    udp.send_to(first, socket("192.0.2.9:1"), b"kept").unwrap();
    udp.close(first).unwrap();
    assert_eq!(udp.close(first), Err(StaleHandle));
    let second = udp.bind(9).unwrap();
    assert_eq!((udp.local_port(first), udp.local_port(second)), (Err(StaleHandle), Ok(9)));
    assert_eq!(udp.recv(first, &mut []), Err(StaleHandle));
    assert_eq!(udp.can_recv(first), Err(StaleHandle));
    assert_eq!(udp.recv(second, &mut []), Ok(None));
    assert_eq!(udp.send_back(first), Err(Refused::Stale));
    assert_eq!(udp.send_to(first, socket("192.0.2.9:1"), b""), Err(Refused::Stale));
    assert_eq!(sent(&mut udp), ["192.0.2.1:7 > 192.0.2.9:1 kept"]);
    assert_eq!(GIVEN.put(&mut udp, 0, 7, b""), Verdict::Reject(Reject::PortUnreachable));
}

// conf: UDP-API-14
// conf: IP6-PMT-04
#[test]
fn an_error_may_be_about_a_datagram_of_ours() {
    let mut storage: Storage<2, 0, 0> = Storage::new();
    let mut udp = SmallUdp::new(&mut storage);
    udp.bind(5683).unwrap();
    for (protocol, quoted, want) in [
        (IpProtocol::UDP, &[0x16, 0x33, 0, 53, 5, 200, 0, 0][..], Quoted::Possible),
        (IpProtocol::UDP, &[0x16, 0x33], Quoted::Possible),
        (IpProtocol::TCP, &[0x16, 0x33, 0, 53, 5, 200, 0, 0], Quoted::Unknown),
        // Another port; that of the entry which is free; none.
        (IpProtocol::UDP, &[0x16, 0x34, 0x16, 0x33, 5, 200, 0, 0], Quoted::Unknown),
        (IpProtocol::UDP, &[0, 0, 0, 53, 5, 200, 0, 0], Quoted::Unknown),
        (IpProtocol::UDP, &[0x16], Quoted::Unknown),
    ] {
        let error = IcmpError {
            kind: tersus_ip::ErrorKind::TooBig(1280),
            reporter: "2001:db8::fe".parse().unwrap(),
            local: "2001:db8::1".parse().unwrap(),
            remote: "2001:db8:1::9".parse().unwrap(),
            protocol,
            quoted,
        };
        assert_eq!(udp.error(Instant::ZERO, &error), want, "{protocol} {quoted:?}");
    }
}

#[test]
fn chosen_ports_are_from_the_ephemeral_range_and_differ_by_seed() {
    let mut storage: Storage<40, 0, 0> = Storage::new();
    let mut udp = SmallUdp::new(&mut storage);
    let mut ports = Vec::new();
    for seed in 0..40 {
        let socket = udp.bind_any(&mut Random::new([seed; 32])).unwrap();
        ports.push(udp.local_port(socket).unwrap());
    }
    assert_eq!(udp.bind_any(&mut Random::new([0; 32])), Err(BindError::NoSlot));
    assert!(ports.iter().all(|port| *port >= 49_152), "{ports:?}");
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 40);
    // The same number again finds the next port.
    let mut storage: Storage<3, 0, 0> = Storage::new();
    let mut udp = SmallUdp::new(&mut storage);
    let ports = [0; 3].map(|seed: u8| {
        let socket = udp.bind_any(&mut Random::new([seed; 32])).unwrap();
        udp.local_port(socket).unwrap()
    });
    assert!(ports[0] != ports[1] && ports[1] != ports[2] && ports[0] != ports[2]);
}

#[test]
fn a_send_call_is_refused_with_its_reason() {
    let mut storage: Storage<1, 0, 100> = Storage::new();
    let mut udp = SmallUdp::new(&mut storage);
    let from = udp.bind(7).unwrap();
    assert_eq!(udp.send_to(from, socket("192.0.2.9:0"), b""), Err(Refused::Port));
    assert_eq!(udp.send_to(from, socket("192.0.2.9:1"), &[0; 85]), Err(Refused::TooLong(84)));
    assert_eq!(udp.send_to(from, socket("[2001:db8::9]:1"), &[0; 61]), Err(Refused::TooLong(60)));
    let other = Source { address: Some(OWN[1].parse().unwrap()), interface: None };
    let refused = udp.send_with(from, other, socket("192.0.2.9:1"), 0, |_| panic!("it writes"));
    assert_eq!(refused, Err(Refused::Family));
    udp.send_to(from, socket("192.0.2.9:1"), &[b'x'; 80]).unwrap();
    assert_eq!(udp.send_to(from, socket("192.0.2.9:1"), b""), Err(Refused::Full));
    assert_eq!(udp.statistics().send_full, 1);
    assert_eq!(sent(&mut udp).len(), 1);
    let own = Source { address: Some("192.0.2.2".parse().unwrap()), interface: Some(InterfaceId(0)) };
    udp.send_with(from, own, socket("192.0.2.9:1"), 2, |place| place.copy_from_slice(b"hi")).unwrap();
    assert_eq!(sent(&mut udp), ["192.0.2.2:7 > 192.0.2.9:1 hi"]);
}

// conf: UDP-API-15
#[test]
fn a_full_queue_drops_what_comes_and_only_that() {
    let mut storage: Storage<2, 100, 100> = Storage::new();
    let mut udp = SmallUdp::new(&mut storage);
    let (full, free) = (udp.bind(7).unwrap(), udp.bind(8).unwrap());
    for n in 0..1000_u32 {
        assert_eq!(GIVEN.put(&mut udp, 0, 7, &n.to_be_bytes()), Verdict::Done);
    }
    GIVEN.put(&mut udp, 0, 8, b"here");
    assert_eq!(udp.statistics().receive_full, 995);
    for n in 0..5_u32 {
        assert_eq!(received(&mut udp, full).unwrap().1, n.to_be_bytes());
    }
    assert_eq!(received(&mut udp, full), None);
    assert_eq!(received(&mut udp, free).unwrap().1, b"here");
    // What can never be sent is not kept for ever.
    let mut storage: Storage<1, 200, 100> = Storage::new();
    let mut udp = SmallUdp::new(&mut storage);
    let socket = udp.bind(7).unwrap();
    GIVEN.put(&mut udp, 0, 7, &[1; 100]);
    assert_eq!(udp.send_back(socket), Err(Refused::TooLong(84)));
    assert_eq!(udp.send_back(socket), Ok(None));
}

#[test]
fn a_queue_holds_what_went_in_whatever_its_size_and_theirs() {
    let mut random = Random::new([5; 32]);
    for size in [0, 15, 16, 20, 60, 64, 101, 500] {
        let mut sockets = [Socket::FREE; 1];
        let (mut rx, mut tx) = (vec![0; size], vec![]);
        let mut udp = SmallUdp::from_slices(&mut sockets, &mut rx, &mut tx);
        let socket = udp.bind(7).unwrap();
        let mut held = std::collections::VecDeque::new();
        for n in 0..2000_u32 {
            if random.below(2) == 0 {
                let family = usize::try_from(random.below(2)).unwrap();
                let len = usize::try_from(random.below(60)).unwrap();
                let data: Vec<u8> = n.to_be_bytes().into_iter().cycle().take(len).collect();
                let before = udp.statistics().delivered;
                GIVEN.put(&mut udp, family, 7, &data);
                let is_taken = udp.statistics().delivered != before;
                let need = (8 + [8, 32][family] + len).next_multiple_of(4);
                assert!(is_taken || !held.is_empty() || need > size, "{size}: {need}");
                if is_taken {
                    held.push_back((family, data));
                }
            } else {
                let got = received(&mut udp, socket);
                let want = held.pop_front();
                assert_eq!(got.as_ref().map(|got| &got.1), want.as_ref().map(|want| &want.1), "{size}");
                if let (Some((remote, _)), Some((family, _))) = (got, want) {
                    assert!(remote.contains(PEER[family]), "{remote}");
                }
            }
        }
    }
}

#[test]
fn one_destination_that_does_not_answer_holds_up_no_other() {
    let mut storage: Storage<1, 0, 400> = Storage::new();
    let mut udp = SmallUdp::new(&mut storage);
    let from = udp.bind(7).unwrap();
    static DEAD: [(IpAddr, SendError); 1] =
        [(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 66)), SendError::Resolving)];
    let (to_dead, to_live) = (socket("192.0.2.66:1"), socket("192.0.2.9:1"));
    udp.send_to(from, to_dead, b"d").unwrap();
    udp.send_to(from, to_live, b"a").unwrap();
    let (left, progress) = turn(&mut udp, 64, |ip| ip.refusals = &DEAD);
    assert_eq!((left, progress), (vec!["192.0.2.1:7 > 192.0.2.9:1 a".to_string()], Progress::Idle));
    assert_eq!(udp.poll_at(), None, "a resolution tells when it is over");
    // It may hold half of the queue, of which the newest goes first when the host is there at last.
    for n in 0..40 {
        let _ = udp.send_to(from, to_dead, &[b'A' + n; 4]);
        turn(&mut udp, 64, |ip| ip.refusals = &DEAD);
        udp.send_to(from, to_live, b"b").unwrap();
        assert_eq!(turn(&mut udp, 64, |ip| ip.refusals = &DEAD).0.len(), 1);
    }
    assert!(udp.statistics().unreachable > 20);
    let (left, _) = turn(&mut udp, 64, |ip| ip.generation = 2);
    assert!(left.last().unwrap().ends_with("hhhh") && left.len() > 4, "{left:?}");
    // One that takes more than half is kept alone.
    udp.send_to(from, to_dead, &[b'x'; 380]).unwrap();
    turn(&mut udp, 64, |ip| (ip.refusals, ip.generation) = (&DEAD, 2));
    assert_eq!(turn(&mut udp, 64, |ip| ip.generation = 3).0.len(), 1);
}

// conf: UDP-API-11
#[test]
fn what_is_for_a_group_goes_no_further_than_the_link() {
    let mut storage: Storage<1, 0, 200> = Storage::new();
    let mut udp = SmallUdp::new(&mut storage);
    let own = udp.bind(7).unwrap();
    for to in ["224.0.0.251:9", "[ff02::fb]:9"] {
        udp.send_to(own, socket(to), b"all").unwrap();
    }
    assert_eq!(sent(&mut udp).len(), 2);
}

#[test]
fn what_cannot_leave_is_dropped_and_counted() {
    let mut storage: Storage<1, 0, 2000> = Storage::new();
    let mut udp = SmallUdp::new(&mut storage);
    let from = udp.bind(7).unwrap();
    let mut lost = |set: fn(&mut FakeIp<'_>)| {
        udp.send_to(from, socket("192.0.2.9:1"), b"abc").unwrap();
        let (left, progress) = turn(&mut udp, 64, set);
        assert_eq!((left.len(), progress, udp.poll_at()), (0, Progress::Idle, None));
        (udp.statistics().unreachable, udp.statistics().too_big)
    };
    assert_eq!(lost(|ip| ip.unroutable = Some(Unreachable::NoRoute)), (1, 0));
    assert_eq!(lost(|ip| ip.refusal = Some(SendError::Unreachable(Unreachable::Neighbour))), (2, 0));
    assert_eq!(lost(|ip| ip.refusal = Some(SendError::TooBig(500))), (2, 1));
}

#[test]
fn room_and_budget_are_waited_for() {
    let mut storage: Storage<1, 0, 400> = Storage::new();
    let mut udp = SmallUdp::new(&mut storage);
    let from = udp.bind(7).unwrap();
    for data in [b"1", b"2", b"3"] {
        udp.send_to(from, socket("192.0.2.9:1"), data).unwrap();
    }
    assert_eq!(udp.poll_at(), Some(Instant::ZERO));
    let first = InterfaceSet::only(InterfaceId(0));
    let (left, progress) = turn(&mut udp, 64, |ip| ip.refusal = Some(SendError::Full));
    assert_eq!((left.len(), progress, udp.poll_at()), (0, Progress::Blocked(first), None));
    let (left, progress) = turn(&mut udp, 64, |ip| ip.room = InterfaceSet::NONE);
    assert_eq!((left.len(), progress, udp.poll_at()), (0, Progress::Blocked(first), None));
    let (left, progress) = turn(&mut udp, 0, |_| ());
    assert_eq!((left.len(), progress, udp.poll_at()), (0, Progress::More, Some(Instant::ZERO)));
    let (left, progress) = turn(&mut udp, 2, |_| ());
    assert_eq!((left.len(), progress, udp.poll_at()), (2, Progress::More, Some(Instant::ZERO)));
    let (left, progress) = turn(&mut udp, 1, |_| ());
    assert_eq!((left.len(), progress, udp.poll_at()), (1, Progress::Idle, None));
    let (left, progress) = turn(&mut udp, 1, |_| ());
    assert_eq!((left.len(), progress), (0, Progress::Idle));
}

#[test]
fn memory_of_no_size_is_legal() {
    let mut storage: Storage<0, 0, 0> = Storage::new();
    let mut udp = SmallUdp::new(&mut storage);
    assert_eq!(udp.bind(7), Err(BindError::NoSlot));
    assert_eq!(GIVEN.put(&mut udp, 0, 7, b""), Verdict::Reject(Reject::PortUnreachable));
    assert!(sent(&mut udp).is_empty());
    let mut storage: Storage<1, 0, 0> = Storage::new();
    let mut udp = SmallUdp::new(&mut storage);
    let from = udp.bind(7).unwrap();
    assert_eq!(udp.send_to(from, socket("192.0.2.9:1"), b""), Err(Refused::TooLong(0)));
    GIVEN.put(&mut udp, 0, 7, b"");
    assert_eq!(udp.statistics().receive_full, 1);
}
