//! Packets in and out, of both families, and address resolution on the way.

use crate::support::*;
use tersus_ip::{Advice, Cast, Event, InterfaceId, IpLayer, Routes, SendError, Verdict};
use tersus_phy::LinkState;
use tersus_wire::{arp, ipv4, EtherType, IpProtocol};

#[test]
fn a_datagram_of_each_family_reaches_the_transport() {
    let mut host = Host::ethernet();
    host.packet(packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"hello v4"));
    host.packet(datagram_v6("2001:db8::9", "2001:db8::1", b"hello v6"));
    let got = &host.transport.got;
    assert_eq!(got.len(), 2);
    assert_eq!(
        (got[0].source, got[0].destination, got[0].cast),
        (ip("192.0.2.9"), ip("192.0.2.1"), Cast::Unicast)
    );
    assert_eq!((got[0].segment.as_slice(), got[0].reply_from), (&b"hello v4"[..], Some(ip("192.0.2.1"))));
    assert_eq!((got[1].source, got[1].segment.as_slice()), (ip("2001:db8::9"), &b"hello v6"[..]));
    assert_eq!(host.counter("delivered"), 2);
}

// conf: IP4-ADR-01, ETH-ARP-03
#[test]
fn arp_requests_for_us_are_answered_to_the_asker() {
    let mut host = Host::ethernet();
    let request = arp(arp::Operation::Request, PEER, v4("192.0.2.9"), v4("192.0.2.1"));
    host.arrive_as(PEER, Cast::Broadcast, EtherType::ARP, request);
    let sent = host.run();
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].to, sent[0].arp().operation), (PEER, arp::Operation::Reply));
    assert_eq!(sent[0].arp().sender_protocol, v4("192.0.2.1"));
}

#[test]
fn the_first_packet_waits_for_resolution_and_then_leaves() {
    for (peer, solicited) in [("192.0.2.9", "Request 192.0.2.9"), ("2001:db8::9", "icmp 135/0")] {
        let mut host = Host::ethernet();
        host.send(peer, 100);
        assert_eq!(host.kinds(), [solicited], "asked for in the same turn");
        assert_eq!(host.transport.sending[0].result, Some(Err(SendError::Resolving)));
        host.resolve(peer, PEER);
        let sent = host.run();
        assert_eq!(sent.len(), 1, "{peer}");
        assert_eq!((sent[0].kind(), sent[0].to), ("UDP 100".into(), PEER));
        host.send(peer, 1);
        assert_eq!(host.kinds(), ["UDP 1"], "known by now");
    }
}

// conf: IP4-HDR-05, IP4-HDR-06, IP4-HDR-08, IP4-FRG-05
#[test]
fn headers_are_as_asked() {
    let mut host = Host::ethernet();
    host.ip.add_neighbour(InterfaceId(0), ip("192.0.2.9"), PEER).unwrap();
    host.ip.add_neighbour(InterfaceId(0), ip("2001:db8::9"), PEER).unwrap();
    host.send("192.0.2.9", 8);
    let mut packet = udp();
    packet.hop_limit = 3;
    packet.traffic_class = 0xb9;
    packet.flags |= tersus_ip::OutFlags::DONT_FRAGMENT;
    host.send_with(tersus_ip::Source::ANY, "192.0.2.9", packet, 8);
    host.send_with(tersus_ip::Source::ANY, "2001:db8::9", packet, 8);
    let sent = host.run();
    let header = sent[0].v4().header();
    assert_eq!((header.hop_limit(), header.traffic_class(), header.flags()), (64, 0, ipv4::Flags::empty()));
    assert_eq!((header.source(), header.destination()), (v4("192.0.2.1"), v4("192.0.2.9")));
    let header = sent[1].v4().header();
    assert_eq!((header.hop_limit(), header.traffic_class()), (3, 0xb9));
    assert_eq!((header.flags(), header.identification()), (ipv4::Flags::DONT_FRAGMENT, 0));
    let header = sent[2].v6().header();
    assert_eq!((header.hop_limit(), header.traffic_class(), header.flow_label()), (3, 0xb9, 0));
    assert_eq!((header.source(), header.destination()), (v6("2001:db8::1"), v6("2001:db8::9")));
}

/// The second packet of a flow goes the short way, if it is plain.
// conf: IP4-HDR-04
#[test]
fn what_follows_a_packet_of_the_same_flow_is_judged_as_that_was() {
    let plain = || packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"abcdefgh");
    let altered = |at: usize, to: u8| {
        let mut packet = plain();
        packet[at] = to;
        packet
    };
    let mut padded = plain();
    padded.extend([0; 18]);
    // the second packet, the counter that tells, octets that reach the transport
    for (second, counter, want) in [
        (plain(), "delivered", Some(8)),
        (padded, "delivered", Some(8)),
        (altered(8, 63), "bad_checksum", None),
        (altered(0, 0x44), "malformed", None),
        (plain()[..20].to_vec(), "malformed", None),
        (altered(19, 2), "bad_checksum", None),
    ] {
        let mut host = Host::ethernet();
        host.packet(plain());
        let before = host.counter(counter);
        host.packet(second.clone());
        assert_eq!(host.counter(counter), before + 1, "{counter} {second:x?}");
        assert_eq!(host.transport.got.get(1).map(|got| got.segment.len()), want, "{second:x?}");
        assert_eq!(host.counter("received_v4"), 2);
    }
    // An address that was taken away is no destination any more.
    let mut host = Host::ethernet();
    host.packet(plain());
    assert!(host.ip.remove_address(InterfaceId(0), ip("192.0.2.1")));
    host.packet(plain());
    assert_eq!((host.transport.got.len(), host.counter("not_for_us")), (1, 1));
}

#[test]
fn errors_are_made_of_each_packet_of_a_flow() {
    let mut host = Host::ethernet();
    for (verdict, want) in [
        (Verdict::Done, &[][..]),
        (Verdict::Reject(tersus_ip::Reject::PortUnreachable), &["icmp 3/3"]),
        (Verdict::Reject(tersus_ip::Reject::Prohibited), &["icmp 3/10"]),
        (Verdict::NotMine, &["icmp 3/2"]),
        (Verdict::Reply(3), &["UDP 3"]),
    ] {
        host.transport.verdict = verdict;
        let sent = host.packet(packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"abcdefgh"));
        assert_eq!(sent.iter().map(Sent::kind).collect::<Vec<_>>(), want, "{verdict:?}");
        assert_eq!(host.transport.got.last().unwrap().segment, b"abcdefgh");
    }
}

#[test]
fn the_hop_limit_of_an_interface_holds_for_ways_that_exist() {
    let mut host = Host::ethernet();
    for peer in ["192.0.2.9", "2001:db8::9"] {
        host.ip.add_neighbour(InterfaceId(0), ip(peer), PEER).unwrap();
        for (set, want) in [(7, 7), (200, 200), (0, 64)] {
            host.ip.set_hop_limit(InterfaceId(0), set).unwrap();
            host.send(peer, 8);
            let sent = host.run();
            let hop_limit = if peer.contains(':') {
                sent[0].v6().header().hop_limit()
            } else {
                sent[0].v4().header().hop_limit()
            };
            assert_eq!(hop_limit, want, "{peer}");
        }
    }
}

// conf: ICM-ECH-02
#[test]
fn a_reply_goes_back_where_the_packet_came_from() {
    let mut host = Host::ethernet();
    host.transport.verdict = Verdict::Reply(4);
    let sent = host.packet(packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"abcdef"));
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].to, PEER);
    let packet = sent[0].v4();
    assert_eq!(packet.payload(), b"fedc");
    assert_eq!((packet.header().source(), packet.header().destination()), (v4("192.0.2.1"), v4("192.0.2.9")));
    let sent = host.packet(datagram_v6("2001:db8::9", "fe80::1", b"abcdef"));
    assert_eq!(sent[0].v6().payload(), b"fedc");
    assert_eq!(sent[0].v6().header().source(), v6("fe80::1"));
    assert_eq!(host.counter("replied"), 2);
}

#[test]
fn a_closed_port_and_an_unknown_protocol_draw_errors() {
    let mut host = Host::ethernet();
    host.transport.verdict = Verdict::Reject(tersus_ip::Reject::PortUnreachable);
    // packet, errors
    for (packet, want) in [
        (packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"abcdefgh"), "icmp 3/3"),
        (packet_v4("192.0.2.9", "192.0.2.1", IpProtocol(200), b"abcdefgh"), "icmp 3/2"),
        (datagram_v6("2001:db8::9", "2001:db8::1", b"abcdefgh"), "icmp 1/4"),
        (packet_v6(v6("2001:db8::9"), v6("2001:db8::1"), IpProtocol(200), 64, b"abcdefgh"), "icmp 4/1"),
    ] {
        let sent = host.packet(packet);
        assert_eq!(sent.iter().map(Sent::kind).collect::<Vec<_>>(), [want]);
        assert_eq!(sent[0].to, PEER);
    }
    assert_eq!(host.counter("errors_sent"), 4);
}

#[test]
fn a_reply_has_the_ds_field_of_its_request_and_no_ecn() {
    let mut host = Host::ethernet();
    host.transport.verdict = Verdict::Reply(8);
    // Traffic Class of the request, of the reply: RFC 1349 §5.1
    for (asked, want) in [(0, 0), (0xb8, 0xb8), (0xbb, 0xb8), (3, 0), (0xff, 0xfc)] {
        let mut repr = ipv4::Repr::new(IpProtocol::UDP, v4("192.0.2.9"), v4("192.0.2.1"), 8);
        repr.traffic_class = asked;
        let sent = host.packet(packet_v4_with(repr, &[], b"abcdefgh"));
        assert_eq!(sent[0].v4().header().traffic_class(), want, "{asked:#x}");
        let mut packet = datagram_v6("2001:db8::9", "2001:db8::1", b"abcdefgh");
        packet[0] |= asked >> 4;
        packet[1] |= asked << 4;
        let sent = host.packet(packet);
        assert_eq!(sent[0].v6().header().traffic_class(), want, "{asked:#x}");
    }
}

// conf: ETH-ACD-06
#[test]
fn new_addresses_are_announced_twice() {
    let mut host = Host::new(vec![FakeLink::ethernet()]);
    host.ip.add_address(InterfaceId(0), cidr("192.0.2.1/24")).unwrap();
    host.ip.add_address(InterfaceId(0), cidr("2001:db8::1/64")).unwrap();
    host.now = ms(1000);
    assert_eq!(host.kinds(), ["announce 192.0.2.1", "icmp 136/0"]);
    assert_eq!(host.ip.poll_at(), Some(ms(2000)));
    assert!(host.at(1999).is_empty());
    assert_eq!(host.at(2000).iter().map(Sent::kind).collect::<Vec<_>>(), ["icmp 136/0"]);
    assert_eq!(host.ip.poll_at(), Some(ms(3000)));
    assert_eq!(host.at(3000).iter().map(Sent::kind).collect::<Vec<_>>(), ["announce 192.0.2.1"]);
    assert_eq!(host.ip.next_event(), Some(Event::LinkUp(InterfaceId(0))));
    assert!(host.at(10_000).is_empty());
}

// conf: IP6-NDC-21
#[test]
fn a_new_address_overrides_nothing_and_a_new_hardware_address_does() {
    let mut host = Host::new(vec![FakeLink::ethernet()]);
    host.ip.add_address(InterfaceId(0), cidr("2001:db8::1/64")).unwrap();
    // How the link comes to be as it is then; flags of the announcements.
    for (states, hardware, flags) in [
        (&[LinkState::Up][..], US, 0),
        (&[LinkState::Down, LinkState::Up], US, 0),
        (&[LinkState::Up], station(7), 0x20),
        (&[LinkState::Down, LinkState::Up], station(8), 0x20),
    ] {
        host.links[0].properties.hardware_address = hardware;
        for state in states {
            host.links[0].set_state(*state);
            host.turn();
        }
        let mut sent = host.links[0].take_sent();
        sent.extend(host.at(host.now.millis() + 1000));
        assert_eq!(sent.len(), 2);
        for sent in sent {
            let packet = sent.v6();
            assert_eq!(packet.header().destination(), v6("ff02::1"));
            assert_eq!((packet.payload()[0], packet.payload()[4]), (136, flags));
        }
        assert!(host.at(host.now.millis() + 1000).is_empty());
    }
}

#[test]
fn strangers_leave_the_generation_where_it_is() {
    let mut host = Host::ethernet();
    host.ip.add_neighbour(InterfaceId(0), ip("192.0.2.9"), PEER).unwrap();
    host.send("192.0.2.9", 8);
    host.run();
    let before = host.ip.generation();
    for n in 0..10_000_u32 {
        let address = core::net::Ipv4Addr::from_bits(v4("192.0.2.0").to_bits() | (n % 250 + 2));
        let to = if n % 2 == 0 { v4("192.0.2.1") } else { v4("192.0.2.77") };
        let request = arp(arp::Operation::Request, station(n), address, to);
        host.arrive_as(station(n), Cast::Broadcast, EtherType::ARP, request);
        host.now = tersus_ip::Instant::from_micros(host.now.micros() + 100);
        host.run();
    }
    assert_eq!(host.ip.generation(), before);
    host.send("192.0.2.9", 8);
    assert_eq!(host.kinds(), ["UDP 8"]);
}

// conf: ETH-ACD-07, ETH-ARP-09
#[test]
fn an_address_in_use_elsewhere_is_reported_and_defended_every_ten_seconds() {
    let mut host = Host::ethernet();
    let start = host.now.millis();
    let mut defended = Vec::new();
    for second in 0..25 {
        let claim = arp(arp::Operation::Request, PEER, v4("192.0.2.1"), v4("192.0.2.1"));
        host.arrive_as(PEER, Cast::Broadcast, EtherType::ARP, claim);
        for sent in host.at(start + second * 1000) {
            defended.push((second, sent.kind()));
        }
        assert_eq!(host.ip.next_event(), Some(Event::AddressConflict(InterfaceId(0), ip("192.0.2.1"))));
    }
    assert_eq!(defended, [0, 10, 20].map(|second| (second, "announce 192.0.2.1".to_string())));
    assert_eq!(host.ip.neighbours().count(), 0, "and never entered");
}

// conf: IP6-NDC-17
#[test]
fn progress_above_spares_the_probes() {
    for advised in [true, false] {
        let mut host = Host::ethernet();
        host.send("2001:db8::9", 8);
        host.run();
        host.resolve("2001:db8::9", PEER);
        host.run();
        let start = host.now.millis();
        let mut probes = 0;
        for second in 1..120 {
            host.send("2001:db8::9", 8);
            let path = host.transport.sending[0].path;
            let sent = host.at(start + second * 1000);
            probes += sent.iter().filter(|sent| sent.kind() == "icmp 135/0").count();
            if advised {
                let now = host.now;
                let mut links = [&mut host.links[0]];
                host.ip.out(now, &mut links).advise(&path, Advice::Reachable);
            }
            if sent.iter().any(|sent| sent.kind() == "icmp 135/0") {
                host.resolve("2001:db8::9", PEER);
            }
        }
        assert_eq!(probes == 0, advised, "{probes} probes");
    }
}
