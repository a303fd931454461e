//! Whatever arrives, whatever the clock does, however small the tables: no panic, and nothing wrong is sent.

use crate::support::*;
use tersus_ip::{
    AddressError, Cast, Config, Instant, InterfaceError, InterfaceId, Ip, JoinError, NeighbourError, Random,
    Reject, Route, RouteError, Routes, Slices, Source, Storage, Unreachable, Verdict,
};
use tersus_wire::{arp, icmpv4, icmpv6, ipv4, ipv6, EtherType, IpProtocol};

const ETH: InterfaceId = InterfaceId(0);

/// Valid frames of all kinds.
pub(crate) fn frames() -> Vec<(EtherType, Vec<u8>)> {
    let mut fragment = ipv4::Repr::new(IpProtocol::UDP, v4("192.0.2.9"), v4("192.0.2.1"), 16);
    fragment.flags = ipv4::Flags::MORE_FRAGMENTS;
    let mut last = fragment;
    last.flags = ipv4::Flags::empty();
    last.fragment_offset = 16;
    let plain = ipv4::Repr::new(IpProtocol::UDP, v4("192.0.2.9"), v4("192.0.2.1"), 16);
    let mut error = vec![3, 4, 0, 0, 0, 0, 5, 0];
    error.extend(packet_v4("192.0.2.1", "192.0.2.9", IpProtocol::UDP, &[7; 16]));
    icmpv4::fill_checksum(&mut error);
    let mut error_v6 = vec![2, 0, 0, 0, 0, 0, 5, 20];
    error_v6.extend(datagram_v6("2001:db8::1", "2001:db8::9", &[7; 16]));
    let chain = [0_u8, 0, 1, 4, 0, 0, 0, 0];
    let parts =
        [&[60, 0, 5, 2, 0, 0, 1, 0][..], &[44, 0, 1, 4, 0, 0, 0, 0], &[17, 0, 0, 1, 0, 0, 0, 5], &[7; 16]];
    let v4_frame = |octets| (EtherType::IPV4, octets);
    let v6_frame = |octets| (EtherType::IPV6, octets);
    vec![
        (EtherType::ARP, arp(arp::Operation::Request, PEER, v4("192.0.2.9"), v4("192.0.2.1"))),
        (EtherType::ARP, arp(arp::Operation::Reply, PEER, v4("192.0.2.9"), v4("192.0.2.1"))),
        (EtherType::ARP, arp(arp::Operation::Request, PEER, v4("192.0.2.1"), v4("192.0.2.1"))),
        v4_frame(packet_v4_with(plain, &[], &[7; 16])),
        v4_frame(packet_v4_with(plain, &[148, 4, 0, 0, 7, 7, 4, 0, 0, 0, 0, 0], &[7; 16])),
        v4_frame(packet_v4_with(fragment, &[], &[7; 16])),
        v4_frame(packet_v4_with(last, &[], &[7; 16])),
        v4_frame(packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::ICMPV4, &error)),
        v6_frame(datagram_v6("2001:db8::9", "2001:db8::1", &[7; 16])),
        v6_frame(packet_v6(
            v6("2001:db8::9"),
            v6("2001:db8::1"),
            IpProtocol::HOP_BY_HOP,
            64,
            &parts.concat(),
        )),
        v6_frame(packet_v6(v6("2001:db8::9"), v6("ff02::1"), IpProtocol::DESTINATION_OPTIONS, 64, &chain)),
        v6_frame(solicitation("2001:db8::9", "ff02::1:ff00:1", "2001:db8::1", PEER, 255)),
        v6_frame(icmp_v6("2001:db8::9", "2001:db8::1", error_v6)),
        v6_frame(icmp_v6("2001:db8::9", "2001:db8::1", vec![128, 0, 0, 0, 0, 1, 0, 1])),
    ]
}

/// Alters a frame. Half of the time an IPv4 header checksum is made right again.
pub(crate) fn mutate(random: &mut Random, protocol: EtherType, octets: &mut Vec<u8>) {
    for _ in 0..random.below(4) {
        let index = usize::try_from(random.below(u32::try_from(octets.len()).unwrap())).unwrap();
        match random.below(3) {
            0 => octets[index] ^= 1 << random.below(8),
            1 => octets[index] = [0, 1, 4, 5, 0x7f, 0x80, 0xff][usize::try_from(random.below(7)).unwrap()],
            _ => octets.truncate(index.max(1)),
        }
        if octets.len() < 2 {
            return;
        }
    }
    if protocol == EtherType::IPV4 && octets.len() >= 20 && random.below(2) == 0 {
        let len = (usize::from(octets[0] & 15) * 4).min(octets.len());
        octets[10] = 0;
        octets[11] = 0;
        let checksum = tersus_wire::checksum::Sum::new().add_bytes(&octets[..len]).checksum();
        octets[10..12].copy_from_slice(&checksum.to_be_bytes());
    }
}

/// What was sent is well-formed, and comes from one of our addresses.
pub(crate) fn check(sent: &Sent) {
    let ours = ["192.0.2.1", "2001:db8::1", "fe80::1"].map(ip);
    match sent.protocol {
        EtherType::ARP => assert_eq!(sent.arp().sender_hardware, US),
        EtherType::IPV4 => {
            let packet = sent.v4();
            assert!(ours.contains(&packet.header().source().into()), "{packet}");
            if packet.header().protocol() == IpProtocol::ICMPV4 && !packet.header().is_fragment() {
                assert!(icmpv4::Packet::parse(packet.payload()).unwrap().is_checksum_valid());
                assert!(sent.octets.len() <= 576);
            }
        }
        _ => {
            let packet: ipv6::Packet<'_> = sent.v6();
            let header = packet.header();
            assert!(ours.contains(&header.source().into()), "{packet}");
            if header.next_header() == IpProtocol::ICMPV6 {
                let message = icmpv6::Packet::parse(packet.payload()).unwrap();
                assert!(message.is_checksum_valid(header.source(), header.destination()));
                assert!(sent.octets.len() <= 1280);
            }
        }
    }
}

#[test]
fn mutated_frames_and_a_jumping_clock_do_no_harm() {
    for seed in 0..4_u8 {
        let mut random = Random::new([seed; 32]);
        let mut host = Host::ethernet();
        host.ip.add_route(Route::default_by(ip("192.0.2.254"), ETH)).unwrap();
        let frames = frames();
        let verdicts = [
            Verdict::Done,
            Verdict::Reply(8),
            Verdict::Reply(u16::MAX),
            Verdict::Reject(Reject::PortUnreachable),
            Verdict::Reject(Reject::Prohibited),
            Verdict::NotMine,
        ];
        for round in 0..20_000_u32 {
            let pick = |random: &mut Random, len: usize| {
                usize::try_from(random.below(u32::try_from(len).unwrap())).unwrap()
            };
            host.transport.verdict = verdicts[pick(&mut random, verdicts.len())];
            let (protocol, mut octets) = frames[pick(&mut random, frames.len())].clone();
            mutate(&mut random, protocol, &mut octets);
            let cast = [Cast::Unicast, Cast::Unicast, Cast::Multicast, Cast::Broadcast][pick(&mut random, 4)];
            host.arrive_as(PEER, cast, protocol, octets);
            host.links[0].room = pick(&mut random, 5);
            host.now = match random.below(200) {
                0 => Instant::from_micros(host.now.micros().saturating_add(365 * 86_400_000_000)),
                1 => Instant::from_micros(host.now.micros() / 2),
                2 => Instant::from_micros(u64::MAX - 5),
                3 => Instant::from_millis(1),
                _ => Instant::from_micros(host.now.micros().saturating_add(u64::from(random.below(50_000)))),
            };
            if round % 50 == 0 {
                host.send(["192.0.2.9", "8.8.8.8", "2001:db8::9"][pick(&mut random, 3)], 3000);
            }
            if round % 7 == 0 {
                while host.ip.next_event().is_some() {}
            }
            for sent in host.run() {
                check(&sent);
            }
            host.transport.got.clear();
            host.transport.errors.clear();
        }
        // And it still works.
        host.links[0].room = usize::MAX;
        host.now = Instant::from_millis(host.now.millis().min(1 << 40) + 120_000);
        host.transport.sending.clear();
        host.transport.verdict = Verdict::Reply(8);
        host.run();
        let sent = host.packet(packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"abcdefgh"));
        assert_eq!(sent.last().map(Sent::kind), Some("UDP 8".into()), "seed {seed}");
    }
}

#[test]
fn tables_of_length_zero_are_legal() {
    let storage: &'static mut tersus_ip::Storage<0, 0, 0, 0, 0, 0, 0, 0> =
        Box::leak(Box::new(tersus_ip::Storage::new()));
    let none = Ip::new(storage, [1; 32], Config::default());
    let slices = Ip::from_slices(Slices::default(), [1; 32], Config::default());
    for ip_layer in [none, slices] {
        let mut host = Host::new(vec![FakeLink::ethernet()]);
        host.ip = ip_layer;
        assert_eq!(host.ip.add_address(ETH, cidr("192.0.2.1/24")), Err(AddressError::Interface));
        assert_eq!(host.ip.join(ETH, ip("224.0.0.7")), Err(JoinError::Interface));
        assert_eq!(host.ip.add_route(Route::default_by(ip("192.0.2.1"), ETH)), Err(RouteError::Interface));
        assert!(host.ip.route(Source::ANY, ip("192.0.2.9")).is_err());
        assert!(host.ip.groups(ETH).is_empty());
        for (protocol, octets) in frames() {
            host.arrive(protocol, octets);
            assert!(host.run().is_empty());
        }
        assert_eq!(host.ip.poll_at(), None);
    }
    // An interface and addresses, but no neighbours and no groups.
    let storage: &'static mut tersus_ip::Storage<1, 2, 0, 0, 0, 0, 0, 0> =
        Box::leak(Box::new(tersus_ip::Storage::new()));
    let mut host = Host::new(vec![FakeLink::ethernet()]);
    host.ip = Ip::new(storage, [1; 32], Config::default());
    assert_eq!(host.ip.add_address(ETH, cidr("2001:db8::1/64")), Err(AddressError::GroupsFull));
    host.ip.add_address(ETH, cidr("192.0.2.1/24")).unwrap();
    assert_eq!(host.ip.add_address(ETH, cidr("192.0.2.1/24")), Err(AddressError::Exists));
    host.ip.add_address(ETH, cidr("192.0.2.2/24")).unwrap();
    assert_eq!(host.ip.add_address(ETH, cidr("192.0.2.3/24")), Err(AddressError::TableFull));
    for bad in
        ["224.0.0.1/4", "0.0.0.0/0", "192.0.2.255/24", "192.0.2.0/24", "255.255.255.255/32", "240.0.0.1/8"]
    {
        assert_eq!(host.ip.add_address(ETH, cidr(bad)), Err(AddressError::NotUnicast), "{bad}");
    }
    host.settle();
    let mut packet = udp();
    packet.hop_limit = KEEP;
    host.send_with(Source::ANY, "192.0.2.9", packet, 8);
    host.run();
    let result = host.transport.sending[0].result;
    assert_eq!(result, Some(Err(tersus_ip::SendError::Unreachable(Unreachable::Neighbour))));
    for (protocol, octets) in frames() {
        host.arrive(protocol, octets);
        host.run();
    }
    assert!(host.transport.got.len() >= 2, "one-piece packets pass");
}

#[test]
fn an_mtu_below_ipv6s_and_an_ipv6_address_exclude_each_other() {
    let mut host = Host::new(vec![FakeLink::ethernet()]);
    host.ip.set_mtu(ETH, 1279).unwrap();
    host.ip.add_address(ETH, cidr("192.0.2.1/24")).unwrap();
    assert_eq!(host.ip.add_address(ETH, cidr("2001:db8::1/64")), Err(AddressError::Mtu));
    for mtu in [1280, 0] {
        host.ip.set_mtu(ETH, mtu).unwrap();
        host.ip.add_address(ETH, cidr("2001:db8::1/64")).unwrap();
        assert_eq!(host.ip.set_mtu(ETH, 1279), Err(InterfaceError::Mtu(1280)));
        assert!(host.ip.remove_address(ETH, ip("2001:db8::1")));
    }
}

#[test]
fn static_neighbours_are_stations_of_interfaces_that_exist() {
    let mut host = Host::new(vec![FakeLink::ethernet()]);
    let ghost = InterfaceId(4);
    assert_eq!(host.ip.add_neighbour(ghost, ip("192.0.2.9"), PEER), Err(NeighbourError::Interface));
    for bad in ["0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "ff02::1"] {
        assert_eq!(host.ip.add_neighbour(ETH, ip(bad), PEER), Err(NeighbourError::NotUnicast), "{bad}");
    }
    for n in 1..=64 {
        host.ip.add_neighbour(ETH, ip(&format!("192.0.2.{n}")), PEER).unwrap();
    }
    assert_eq!(host.ip.add_neighbour(ETH, ip("192.0.2.65"), PEER), Err(NeighbourError::TableFull));
    assert_eq!(host.ip.add_neighbour(ETH, ip("192.0.2.64"), US), Ok(()), "its own place");
}

/// An address whose group had no room takes nobody else's with it.
#[test]
fn removing_an_address_leaves_only_what_it_joined() {
    let storage: &'static mut Storage<1, 2, 0, 0, 1> = Box::leak(Box::new(Storage::new()));
    let mut ip_layer = Ip::new(storage, [7; 32], Config::default());
    ip_layer.join(ETH, ip("239.1.1.1")).unwrap();
    ip_layer.add_address(ETH, cidr("192.0.2.1/24")).unwrap();
    assert!(ip_layer.leave(ETH, ip("239.1.1.1")));
    ip_layer.add_address(ETH, cidr("192.0.2.2/24")).unwrap();
    assert!(ip_layer.remove_address(ETH, ip("192.0.2.1")));
    assert_eq!(ip_layer.groups(ETH)[0].group(), Some(ip("224.0.0.1")));
    assert!(ip_layer.remove_address(ETH, ip("192.0.2.2")));
    assert_eq!(ip_layer.groups(ETH)[0].group(), None);
}

#[test]
fn polling_at_poll_at_does_something_and_before_does_nothing() {
    let mut random = Random::new([3; 32]);
    let mut host = Host::new(vec![FakeLink::ethernet()]);
    for address in ["192.0.2.1/24", "2001:db8::1/64"] {
        host.ip.add_address(ETH, cidr(address)).unwrap();
    }
    host.run();
    let mut idle = 0;
    for round in 0..3000_u32 {
        // Something from outside, now and then.
        if random.below(3) == 0 {
            match random.below(5) {
                0 => host.send(&format!("192.0.2.{}", random.below(250) + 2), 8),
                1 => host.send(&format!("2001:db8::{:x}", random.below(250) + 2), 8),
                2 => host.resolve(&format!("192.0.2.{}", random.below(250) + 2), PEER),
                3 => {
                    let mut repr = ipv4::Repr::new(IpProtocol::UDP, v4("192.0.2.9"), v4("192.0.2.1"), 8);
                    repr.flags = ipv4::Flags::MORE_FRAGMENTS;
                    repr.identification = random.next_u16();
                    host.arrive(EtherType::IPV4, packet_v4_with(repr, &[], b"abcdefgh"));
                }
                _ => host.transport.sending.clear(),
            }
            host.run();
        }
        let observe = |host: &Host| {
            let counters = host.ip.statistics().counters().map(|(_, count)| count);
            let neighbours = host.ip.neighbour_statistics().counters().map(|(_, count)| count);
            let reassembly = host.ip.reassembly_statistics().counters().map(|(_, count)| count);
            let states: Vec<_> = host.ip.neighbours().map(|n| (n.address, n.reachability)).collect();
            (counters, neighbours.to_vec(), reassembly.to_vec(), host.ip.generation(), states)
        };
        let Some(at) = host.ip.poll_at() else {
            idle += 1;
            host.now = Instant::from_micros(host.now.micros() + 1_000_000);
            continue;
        };
        if at > host.now {
            // Somewhere before: nothing happens but by the passing of time itself.
            let gap = at.micros() - host.now.micros();
            host.now = Instant::from_micros(host.now.micros() + u64::from(random.below(1000)) * gap / 1001);
            let before = observe(&host);
            assert!(host.run().is_empty(), "round {round}: something was sent before its time");
            let after = observe(&host);
            assert_eq!((before.0, before.1, before.2, before.3), (after.0, after.1, after.2, after.3));
            assert_eq!(host.ip.poll_at(), Some(at), "round {round}: the deadline stays");
            host.now = at;
        }
        let before = observe(&host);
        let sent = host.run();
        let after = observe(&host);
        let is_other = before != after || host.ip.poll_at() != Some(at);
        assert!(!sent.is_empty() || is_other, "round {round}: nothing happened at {at}");
    }
    assert!(idle < 2900);
}
