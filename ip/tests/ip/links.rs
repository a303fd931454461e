//! Links of several kinds, their news, and groups.

use crate::support::*;
use tersus_ip::{Cast, Event, InterfaceId, Routes, Source, Unreachable};
use tersus_phy::{LinkProperties, LinkState, Medium};
use tersus_wire::{ndisc, EtherType, HardwareAddress, IpProtocol};

const ETH: InterfaceId = InterfaceId(0);

#[test]
fn raw_ip_links_need_no_resolution() {
    let mut host = Host::new(vec![FakeLink::raw_ip()]);
    host.ip.add_address(ETH, cidr("192.0.2.1/24")).unwrap();
    host.ip.add_address(ETH, cidr("2001:db8::1/64")).unwrap();
    host.run();
    host.send("192.0.2.9", 8);
    host.send("2001:db8::9", 8);
    let sent = host.run();
    assert_eq!(sent.iter().map(Sent::kind).collect::<Vec<_>>(), ["UDP 8", "UDP 8"]);
    assert!(sent.iter().all(|sent| sent.to == HardwareAddress::NONE));
}

// conf: IP4-ADR-06, IP6-HDR-09
#[test]
fn own_addresses_are_reached_by_the_loopback_link_only() {
    let mut host = Host::new(vec![FakeLink::ethernet()]);
    host.ip.add_address(ETH, cidr("192.0.2.1/24")).unwrap();
    host.run();
    for to in ["192.0.2.1", "127.0.0.1", "::1"] {
        assert_eq!(host.ip.route(Source::ANY, ip(to)).err(), Some(Unreachable::NoRoute), "{to}");
    }

    let mut host = Host::new(vec![FakeLink::ethernet(), FakeLink::loopback()]);
    let lo = InterfaceId(1);
    for (interface, address) in
        [(ETH, "192.0.2.1/24"), (ETH, "2001:db8::1/64"), (lo, "127.0.0.1/8"), (lo, "::1/128")]
    {
        host.ip.add_address(interface, cidr(address)).unwrap();
    }
    host.settle();
    // A group of the host alone, RFC 4291 §2.7.
    host.ip.join(lo, ip("ff01::7")).unwrap();
    let path = host.ip.route(Source { address: None, interface: Some(lo) }, ip("ff01::7")).unwrap();
    host.transport.queue(path, udp(), 8);
    host.turn();
    host.turn();
    assert_eq!(host.transport.got.pop().map(|got| got.destination), Some(ip("ff01::7")));
    for to in ["192.0.2.1", "127.0.0.1", "::1", "2001:db8::1"] {
        host.transport.got.clear();
        host.send(to, 8);
        host.turn();
        host.turn();
        assert!(host.links[0].take_sent().is_empty(), "{to} never leaves");
        let got = &host.transport.got;
        assert_eq!(got.len(), 1, "{to}");
        assert_eq!((got[0].interface, got[0].source, got[0].destination), (lo, ip(to), ip(to)));
    }
}

#[test]
fn a_link_that_goes_down_is_noticed_and_forgotten() {
    let mut host = Host::ethernet();
    host.send("192.0.2.9", 8);
    host.run();
    host.resolve("192.0.2.9", PEER);
    host.run();
    assert_eq!(host.ip.neighbours().count(), 1);
    host.links[0].set_state(LinkState::Down);
    host.run();
    assert_eq!(host.ip.next_event(), Some(Event::LinkDown(ETH)));
    assert_eq!(host.ip.neighbours().count(), 0);
    assert_eq!(host.ip.route(Source::ANY, ip("192.0.2.9")).err(), Some(Unreachable::InterfaceDown));
    host.links[0].set_state(LinkState::Up);
    let kinds = host.kinds();
    assert!(kinds.contains(&"announce 192.0.2.1".into()), "{kinds:?}");
    assert_eq!(host.ip.next_event(), Some(Event::LinkUp(ETH)));
}

// conf: IP6-NDC-01, MCS-MAP-01
#[test]
fn addresses_join_their_groups_and_the_link_is_told_once() {
    let mut host = Host::ethernet();
    let group = |octets| HardwareAddress::ethernet(octets);
    let all_nodes = group([0x33, 0x33, 0, 0, 0, 1]);
    let solicited = group([0x33, 0x33, 0xff, 0, 0, 1]);
    let all_hosts = group([1, 0, 0x5e, 0, 0, 1]);
    let mut groups = host.links[0].groups.clone();
    groups.sort();
    assert_eq!(groups, [all_hosts, all_nodes, solicited]);
    // 2001:db8::1 and fe80::1 share a solicited-node group.
    assert!(host.ip.remove_address(ETH, ip("2001:db8::1")));
    host.run();
    assert!(host.links[0].groups.contains(&solicited) && host.links[0].groups.contains(&all_nodes));
    assert!(host.ip.remove_address(ETH, ip("fe80::1")));
    host.run();
    assert_eq!(host.links[0].groups, [all_hosts]);
}

// conf: ETH-ETH-11, IP4-ADR-03
#[test]
fn only_joined_groups_are_received() {
    let mut host = Host::ethernet();
    let before = host.ip.group_generation();
    let deliver = |host: &mut Host, to: &str| {
        host.transport.got.clear();
        let packet = packet_v4("192.0.2.9", to, IpProtocol::UDP, b"abcdefgh");
        host.arrive_as(PEER, Cast::Multicast, EtherType::IPV4, packet);
        host.run();
        host.transport.got.len()
    };
    assert_eq!(deliver(&mut host, "239.1.1.1"), 0);
    host.ip.join(ETH, ip("239.1.1.1")).unwrap();
    host.ip.join(ETH, ip("239.1.1.1")).unwrap();
    assert_eq!(host.ip.group_generation(), before + 1);
    assert_eq!(deliver(&mut host, "239.1.1.1"), 1);
    assert_eq!(deliver(&mut host, "239.129.1.1"), 0, "another group with the same hardware address");
    assert!(host.ip.leave(ETH, ip("239.1.1.1")));
    assert_eq!(deliver(&mut host, "239.1.1.1"), 1, "one user is left");
    assert!(host.ip.leave(ETH, ip("239.1.1.1")));
    assert_eq!(deliver(&mut host, "239.1.1.1"), 0);
    assert!(!host.ip.leave(ETH, ip("239.1.1.1")));
}

// conf: IP6-NDC-05, IP6-NDC-08
#[test]
fn solicitations_for_us_are_answered_and_others_are_not() {
    let mut host = Host::ethernet();
    let group = "ff02::1:ff00:1";
    // source, target, hop limit, answered
    for (source, target, hop_limit, want) in [
        ("2001:db8::9", "2001:db8::1", 255, true),
        ("fe80::9", "fe80::1", 255, true),
        ("::", "2001:db8::1", 255, true),
        ("2001:db8::9", "2001:db8::1", 254, false),
        ("2001:db8::9", "2001:db8::ff:0:1", 255, false),
    ] {
        let link_layer = if source == "::" { HardwareAddress::NONE } else { PEER };
        let message = solicitation(source, group, target, link_layer, hop_limit);
        host.arrive_as(PEER, Cast::Multicast, EtherType::IPV6, message);
        let sent = host.run();
        assert_eq!(sent.len(), usize::from(want), "{source} {target} {hop_limit}");
        if want {
            assert_eq!((sent[0].kind(), sent[0].v6().header().hop_limit()), ("icmp 136/0".into(), 255));
            assert_eq!(sent[0].v6().header().source(), v6(target));
        }
    }
}

// conf: ICM-V6-01
#[test]
fn icmpv6_messages_with_a_wrong_checksum_go_to_nobody() {
    let mut host = Host::ethernet();
    host.transport.protocols.push(IpProtocol::ICMPV6);
    let good = icmp_v6("2001:db8::9", "2001:db8::1", vec![128, 0, 0, 0, 0, 1, 0, 1]);
    host.packet(good.clone());
    assert_eq!(host.transport.got.len(), 1);
    for bit in 320..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        host.packet(bad);
    }
    assert_eq!(host.transport.got.len(), 1);
    assert_eq!(host.counter("icmp_bad_checksum"), 64);
}

#[test]
fn a_link_with_eight_octet_addresses_resolves_by_neighbour_discovery() {
    let us = HardwareAddress::extended([2, 0, 0, 0, 0, 0, 0, 1]);
    let peer = HardwareAddress::extended([2, 0, 0, 0, 0, 0, 0, 2]);
    let mut host = Host::new(vec![FakeLink::new(LinkProperties::new(Medium::Ieee802154, us, 1280))]);
    host.ip.add_address(ETH, cidr("fe80::1/64")).unwrap();
    host.settle();
    host.send("fe80::9", 8);
    let sent = host.run();
    assert_eq!((sent[0].kind(), sent[0].to), ("icmp 135/0".into(), HardwareAddress::IEEE802154_BROADCAST));
    let message = ndisc::AdvertisementRepr {
        flags: ndisc::AdvertFlags::SOLICITED | ndisc::AdvertFlags::OVERRIDE,
        target: v6("fe80::9"),
        target_link_layer: peer,
    };
    let mut body = vec![0; message.buffer_len()];
    message.emit(v6("fe80::9"), v6("fe80::1"), &mut body).unwrap();
    let packet = packet_v6(v6("fe80::9"), v6("fe80::1"), IpProtocol::ICMPV6, 255, &body);
    host.arrive_as(peer, Cast::Unicast, EtherType::IPV6, packet);
    let sent = host.run();
    assert_eq!((sent[0].kind(), sent[0].to), ("UDP 8".into(), peer));
}

#[test]
fn an_ethernet_without_an_ethernet_address_sends_no_arp() {
    for us in [HardwareAddress::NONE, HardwareAddress::short(7), HardwareAddress::extended([2; 8])] {
        let mut host = Host::new(vec![FakeLink::new(LinkProperties::new(Medium::Ethernet, us, 1500))]);
        host.ip.add_address(ETH, cidr("192.0.2.1/24")).unwrap();
        host.run();
        host.send("192.0.2.9", 8);
        assert!(host.run().is_empty(), "{us}");
        assert!(host.counter("neighbour_unsent") > 0, "{us}");
    }
}

#[test]
fn links_beyond_the_table_are_ignored_and_counted() {
    let mut host = Host::new((0..6).map(|_| FakeLink::ethernet()).collect());
    host.run();
    assert_eq!(host.counter("links_ignored"), 2);
    assert_eq!(host.ip.interface_count(), 4);
    host.links[5].arriving.push_back(Arriving {
        from: PEER,
        cast: Cast::Unicast,
        protocol: EtherType::IPV4,
        octets: packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"abcdefgh"),
    });
    host.run();
    assert!(host.transport.got.is_empty());
}

#[test]
fn what_the_user_changes_causes_a_turn() {
    let mut host = Host::ethernet();
    assert_eq!(host.ip.poll_at(), None);
    let route = tersus_ip::Route::default_by(ip("192.0.2.254"), ETH);
    let steps: [&dyn Fn(&mut Host); 5] = [
        &|host| host.ip.add_route(route).unwrap(),
        &|host| host.ip.join(ETH, ip("239.1.1.1")).unwrap(),
        &|host| assert!(host.ip.leave(ETH, ip("239.1.1.1"))),
        &|host| host.ip.set_mtu(ETH, 1400).unwrap(),
        &|host| assert!(host.ip.remove_route(&route)),
    ];
    for step in steps {
        step(&mut host);
        assert!(host.ip.poll_at().is_some_and(|at| at <= host.now));
        host.run();
        assert_eq!(host.ip.poll_at(), None);
    }
}
