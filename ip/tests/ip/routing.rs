//! Which way packets go: prefixes, gateways, sources, interfaces, broadcast; and neighbours that do not answer.

use crate::support::*;
use tersus_ip::{
    Cast, Config, Event, InterfaceId, Ip, Outgoing, Route, RouteError, Routes, SendError, Source, Storage,
    Unreachable,
};
use tersus_wire::{arp, EtherType, HardwareAddress};

const ETH: InterfaceId = InterfaceId(0);
const LAN: InterfaceId = InterfaceId(1);

/// Two Ethernet links: 192.0.2.1/24 and 2001:db8::1/64 on the first, 198.51.100.1/24 and 2001:db8:1::1/64 on the
/// second, a link-local address on both, a default gateway on the first.
fn two_links() -> Host {
    let mut host = Host::new(vec![FakeLink::ethernet(), FakeLink::ethernet()]);
    for (interface, address) in [
        (ETH, "192.0.2.1/24"),
        (ETH, "2001:db8::1/64"),
        (ETH, "fe80::1/64"),
        (LAN, "198.51.100.1/24"),
        (LAN, "2001:db8:1::1/64"),
        (LAN, "fe80::2/64"),
    ] {
        host.ip.add_address(interface, cidr(address)).unwrap();
    }
    host.ip.add_route(Route::default_by(ip("192.0.2.254"), ETH)).unwrap();
    host.ip.add_route(Route::default_by(ip("2001:db8::fe"), ETH)).unwrap();
    host.settle();
    host
}

// conf: IP4-RTE-01, IP4-RTE-06, IP4-ADR-17, IP6-DAD-16
#[test]
fn the_longest_prefix_decides_interface_and_source() {
    let mut host = two_links();
    let through = Route {
        prefix: cidr("203.0.113.0/24"),
        gateway: Some(ip("198.51.100.7")),
        interface: LAN,
        metric: 0,
    };
    host.ip.add_route(through).unwrap();
    // destination, interface, source, asked by ARP or NS on that interface
    for (to, interface, source, asked) in [
        ("192.0.2.9", ETH, "192.0.2.1", "Request 192.0.2.9"),
        ("198.51.100.9", LAN, "198.51.100.1", "Request 198.51.100.9"),
        ("203.0.113.9", LAN, "198.51.100.1", "Request 198.51.100.7"),
        ("8.8.8.8", ETH, "192.0.2.1", "Request 192.0.2.254"),
        ("2001:db8::9", ETH, "2001:db8::1", "icmp 135/0"),
        ("2001:db8:1::9", LAN, "2001:db8:1::1", "icmp 135/0"),
        ("2001:db8:77::9", ETH, "2001:db8::1", "icmp 135/0"),
    ] {
        let path = host.ip.route(Source::ANY, ip(to)).unwrap();
        assert_eq!((path.interface(), path.source()), (interface, ip(source)), "{to}");
        host.send(to, 8);
        host.turn();
        for (index, link) in host.links.iter_mut().enumerate() {
            let sent: Vec<_> = link.take_sent().iter().map(Sent::kind).collect();
            let want = if index == usize::from(interface.0) { vec![asked.to_string()] } else { vec![] };
            assert_eq!(sent, want, "{to} on {index}");
        }
        host.settle();
        host.transport.sending.clear();
    }
}

// conf: IP6-DAD-16
#[test]
fn of_several_sources_the_one_that_suits_the_destination_is_chosen() {
    // own addresses, destination, source: RFC 6724 §5, the rule that decides
    for (own, to, want) in [
        // 2: scope.
        (&["fe80::1/64", "2001:db8::1/64"][..], "2001:db8:77::9", "2001:db8::1"),
        (&["2001:db8::1/64", "fe80::1/64"], "fe80::9", "fe80::1"),
        (&["2001:db8::1/64", "fe80::1/64"], "ff02::9", "fe80::1"),
        (&["fe80::1/64", "2001:db8::1/64"], "ff05::9", "2001:db8::1"),
        (&["fe80::1/64"], "ff0e::9", "fe80::1"),
        // 6: label. The longest prefix alone would choose the first.
        (&["fd00::1/64", "2001:db8::1/64"], "ff0e::9", "2001:db8::1"),
        (&["2002:db8::1/64", "2001:db8::1/64"], "2003::9", "2001:db8::1"),
        (&["2001:db8::1/64", "2001:0:1::1/64"], "2001:0:2::9", "2001:0:1::1"),
        (&["2001:db8::1/64", "fd00::1/64"], "fc00::9", "fd00::1"),
        // 8: longest prefix, no longer than the own one.
        (&["2001:db8::1/64", "2001:db8:1::1/64"], "2001:db8:1:7::9", "2001:db8:1::1"),
        (&["2001:db8:3:1::1/32", "2001:db8:2::1/64"], "2001:db8:3::9", "2001:db8:2::1"),
    ] {
        for order in [own.to_vec(), own.iter().rev().copied().collect()] {
            let mut host = Host::new(vec![FakeLink::ethernet()]);
            for address in &order {
                host.ip.add_address(ETH, cidr(address)).unwrap();
            }
            host.ip.add_route(Route::default_by(ip("fe80::fe"), ETH)).unwrap();
            host.settle();
            let path = host.ip.route(Source::ANY, ip(to)).unwrap();
            assert_eq!(path.source(), ip(want), "{order:?} > {to}");
        }
    }
}

// conf: IP6-HDR-13, IP4-ADR-01
#[test]
fn senders_fix_what_they_may_and_are_refused_the_rest() {
    let host = two_links();
    let source = |address: &str| Source { address: Some(ip(address)), interface: None };
    let on = |interface| Source { address: None, interface: Some(interface) };
    // from, to, way or reason
    for (from, to, want) in [
        (Source::ANY, "fe80::9", Err(Unreachable::NoRoute)),
        (on(LAN), "fe80::9", Ok((LAN, "fe80::2"))),
        (source("fe80::2"), "fe80::9", Ok((LAN, "fe80::2"))),
        (on(LAN), "ff02::7", Ok((LAN, "fe80::2"))),
        (on(LAN), "ff05::7", Ok((LAN, "2001:db8:1::1"))),
        (Source::ANY, "ff02::7", Err(Unreachable::NoRoute)),
        (on(LAN), "ff01::7", Err(Unreachable::NoRoute)),
        (source("fe80::2"), "ff11::7", Err(Unreachable::NoRoute)),
        (Source::ANY, "ff05::7", Ok((ETH, "2001:db8::1"))),
        (Source::ANY, "239.1.1.1", Ok((ETH, "192.0.2.1"))),
        (Source::ANY, "255.255.255.255", Err(Unreachable::NoRoute)),
        (on(ETH), "255.255.255.255", Ok((ETH, "192.0.2.1"))),
        (source("198.51.100.1"), "255.255.255.255", Ok((LAN, "198.51.100.1"))),
        (source("198.51.100.1"), "8.8.8.8", Err(Unreachable::NoRoute)),
        (source("203.0.113.1"), "8.8.8.8", Err(Unreachable::NotOurs)),
        (source("192.0.2.1"), "2001:db8::9", Err(Unreachable::Family)),
        (source("224.0.0.1"), "8.8.8.8", Err(Unreachable::NotOurs)),
        (source("0.0.0.0"), "255.255.255.255", Err(Unreachable::NoSource)),
        (
            Source { address: Some(ip("0.0.0.0")), interface: Some(LAN) },
            "255.255.255.255",
            Ok((LAN, "0.0.0.0")),
        ),
        (Source::ANY, "0.0.0.0", Err(Unreachable::Destination)),
        (Source::ANY, "240.0.0.1", Err(Unreachable::Destination)),
        (Source::ANY, "::", Err(Unreachable::Destination)),
        (on(InterfaceId(3)), "255.255.255.255", Err(Unreachable::InterfaceDown)),
        (on(InterfaceId(200)), "192.0.2.9", Err(Unreachable::NoRoute)),
    ] {
        let path = host.ip.route(from, ip(to));
        let got = path.map(|path| (path.interface(), path.source()));
        assert_eq!(got, want.map(|(interface, source)| (interface, ip(source))), "{from:?} {to}");
    }
}

// conf: IP4-ADR-13, IP4-ADR-14, IP4-RTE-02, IP4-ADR-12
#[test]
fn broadcasts_and_groups_go_to_all_and_need_no_gateway() {
    let mut host = Host::new(vec![FakeLink::ethernet()]);
    host.ip.add_address(ETH, cidr("192.0.2.1/24")).unwrap();
    host.settle();
    assert_eq!(host.ip.route(Source::ANY, ip("203.0.113.9")).err(), Some(Unreachable::NoRoute));
    for (to, hardware) in [
        ("255.255.255.255", HardwareAddress::ETHERNET_BROADCAST),
        ("192.0.2.255", HardwareAddress::ETHERNET_BROADCAST),
        ("239.1.1.1", HardwareAddress::ethernet([1, 0, 0x5e, 1, 1, 1])),
    ] {
        host.send(to, 8);
        let sent = host.run();
        assert_eq!((sent.len(), sent[0].to), (1, hardware), "{to}");
    }
    let mut host = Host::new(vec![FakeLink::ethernet()]);
    host.ip.add_address(ETH, cidr("192.0.2.1/32")).unwrap();
    host.settle();
    assert_eq!(host.ip.route(Source::ANY, ip("192.0.2.2")).err(), Some(Unreachable::NoRoute));
}

#[test]
fn an_unspecified_source_is_sent_as_it_is() {
    let mut host = Host::new(vec![FakeLink::ethernet()]);
    host.run();
    let from = Source { address: Some(ip("0.0.0.0")), interface: Some(ETH) };
    host.send_with(from, "255.255.255.255", udp(), 8);
    let sent = host.run();
    assert_eq!(sent[0].v4().header().source(), v4("0.0.0.0"));
    assert_eq!(sent[0].to, HardwareAddress::ETHERNET_BROADCAST);
}

// conf: IP4-RTE-03, IP4-RTE-04
#[test]
fn a_gateway_that_does_not_answer_is_passed_over() {
    let mut host = two_links();
    let second = Route { metric: 5, ..Route::default_by(ip("192.0.2.253"), ETH) };
    host.ip.add_route(second).unwrap();
    host.send("8.8.8.8", 8);
    let mut log = Vec::new();
    let start = host.now.millis();
    for tick in 0..40 {
        for sent in host.at(start + tick * 100) {
            log.push((tick * 100, sent.kind()));
        }
    }
    let asked = |at, who: &str| (at, format!("Request {who}"));
    assert_eq!(
        log[..4],
        [
            asked(0, "192.0.2.254"),
            asked(1000, "192.0.2.254"),
            asked(2000, "192.0.2.254"),
            asked(3000, "192.0.2.253")
        ]
    );
    assert_eq!(host.ip.next_event(), Some(Event::NeighbourFailed(ETH, ip("192.0.2.254"))));
    host.resolve("192.0.2.253", PEER);
    let sent = host.run();
    assert_eq!((sent.len(), sent[0].kind(), sent[0].to), (1, "UDP 8".into(), PEER));
    // For a minute the second serves at once, then the first has another chance.
    host.at(start + 30_000);
    host.send("8.8.4.4", 8);
    assert_eq!(host.kinds(), ["UDP 8"]);
}

// conf: ETH-ARP-11, ETH-ARP-13, IP6-NDC-04, ETH-ETH-06
#[test]
fn a_destination_that_does_not_answer_is_reported_and_delays_no_other() {
    for (dead, live) in [("192.0.2.66", "192.0.2.9"), ("2001:db8::66", "2001:db8::9")] {
        let mut host = Host::ethernet();
        host.ip.add_neighbour(ETH, ip(live), PEER).unwrap();
        let mut packet = udp();
        packet.hop_limit = KEEP;
        host.send_with(Source::ANY, dead, packet, 8);
        host.send(live, 9);
        let start = host.now.millis();
        let first = host.run();
        assert!(first.iter().any(|sent| sent.kind() == "UDP 9"), "the second is not delayed");
        assert_eq!(host.transport.sending[0].result, Some(Err(SendError::Resolving)), "not unreachable yet");
        let mut asked = vec![0];
        for tick in 1..100 {
            asked.extend(host.at(start + tick * 50).iter().map(|_| tick * 50));
        }
        assert_eq!(asked, [0, 1000, 2000]);
        let result = host.transport.sending[0].result;
        assert_eq!(result, Some(Err(SendError::Unreachable(Unreachable::Neighbour))));
        assert_eq!(host.ip.next_event(), Some(Event::NeighbourFailed(ETH, ip(dead))));
    }
}

#[test]
fn many_destinations_are_asked_for_at_once() {
    let mut host = Host::ethernet();
    for n in 2..50 {
        host.send(&format!("192.0.2.{n}"), 8);
    }
    assert_eq!(host.run().len(), 48, "each is asked for in the same turn");
    for n in 2..50 {
        host.resolve(&format!("192.0.2.{n}"), station(n));
    }
    assert_eq!(host.run().len(), 48);
}

#[test]
fn tables_refuse_what_they_cannot_hold() {
    let mut host = two_links();
    let route = Route::default_by(ip("192.0.2.254"), ETH);
    assert_eq!(host.ip.add_route(route), Err(RouteError::Exists));
    let any = Route { prefix: cidr("198.51.100.7/0"), ..route };
    assert_eq!(host.ip.add_route(any), Err(RouteError::Exists), "host bits do not count");
    assert!(host.ip.remove_route(&any));
    host.ip.add_route(any).unwrap();
    assert_eq!(host.ip.add_route(Route { interface: InterfaceId(9), ..route }), Err(RouteError::Interface));
    assert_eq!(host.ip.add_route(Route { gateway: Some(ip("::1")), ..route }), Err(RouteError::Family));
    for bad in ["224.0.0.1", "0.0.0.0", "127.0.0.1", "255.255.255.255", "240.0.0.1"] {
        let route = Route { gateway: Some(ip(bad)), ..route };
        assert_eq!(host.ip.add_route(route), Err(RouteError::Gateway), "{bad}");
    }
    for n in 0..6 {
        let gateway = Some(ip(&format!("192.0.2.{}", n + 20)));
        host.ip.add_route(Route { gateway, ..route }).unwrap();
    }
    let gateway = Some(ip("192.0.2.99"));
    assert_eq!(host.ip.add_route(Route { gateway, ..route }), Err(RouteError::TableFull));
    assert!(host.ip.remove_route(&route) && !host.ip.remove_route(&route));
    assert_eq!(host.ip.routes().count(), 7);
}

#[test]
fn a_path_follows_what_changes() {
    let mut host = two_links();
    host.ip.add_neighbour(ETH, ip("192.0.2.254"), PEER).unwrap();
    host.ip.add_neighbour(ETH, ip("192.0.2.253"), station(3)).unwrap();
    host.send("8.8.8.8", 8);
    let path = host.transport.sending[0].path;
    assert_eq!(host.run()[0].to, PEER);
    host.ip.remove_route(&Route::default_by(ip("192.0.2.254"), ETH));
    host.ip.add_route(Route::default_by(ip("192.0.2.253"), ETH)).unwrap();
    host.send("8.8.8.8", 8);
    host.transport.sending[0].path = path;
    assert_eq!(host.run()[0].to, station(3), "an old path is decided again");
    let mut packet = udp();
    packet.hop_limit = KEEP;
    host.send_with(Source::ANY, "8.8.8.8", packet, 8);
    host.ip.remove_address(ETH, ip("192.0.2.1"));
    assert!(host.run().is_empty());
    let result = host.transport.sending[0].result;
    assert_eq!(result, Some(Err(SendError::Unreachable(Unreachable::NotOurs))));
}

/// An entry whose time is over makes room for a stranger without moving the generation.
#[test]
fn a_path_is_not_used_on_when_its_neighbours_entry_has_become_anothers() {
    let storage: &'static mut Storage<1, 1, 0, 1> = Box::leak(Box::new(Storage::new()));
    let mut host = Host {
        ip: Ip::new(storage, [7; 32], Config::default()),
        links: vec![FakeLink::ethernet()],
        transport: Recorder::new(),
        now: ms(1000),
    };
    host.ip.add_address(ETH, cidr("192.0.2.1/24")).unwrap();
    host.settle();
    let keep = Outgoing { hop_limit: KEEP, ..udp() };
    host.send_with(Source::ANY, "192.0.2.9", keep, 8);
    host.run();
    host.resolve("192.0.2.9", station(9));
    assert_eq!(host.run().iter().map(|sent| sent.to).collect::<Vec<_>>(), [station(9)]);
    // A minute later another station asks for us, has the only entry, and is sent to.
    host.now = ms(host.now.millis() + 70_000);
    let request = arp(arp::Operation::Request, station(10), v4("192.0.2.10"), v4("192.0.2.1"));
    host.arrive_as(station(10), Cast::Broadcast, EtherType::ARP, request);
    host.run();
    let generation = host.ip.generation();
    host.send_with(Source::ANY, "192.0.2.10", keep, 8);
    assert_eq!(host.run().iter().map(|sent| sent.to).collect::<Vec<_>>(), [station(10)]);
    assert_eq!(host.ip.generation(), generation);
    // Nobody knows whether the first neighbour still has its address.
    host.transport.sending[0].result = None;
    assert!(host.run().is_empty());
    assert!(matches!(host.transport.sending[0].result, Some(Err(_))));
}
