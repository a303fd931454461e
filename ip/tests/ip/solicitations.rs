//! What resolution asks, and what waits for it; what is announced and what stays silent.

use crate::support::*;
use tersus_ip::{Cast, InterfaceId};
use tersus_wire::{arp, ipv4, EtherType, HardwareAddress, IpProtocol};

const ETH: InterfaceId = InterfaceId(0);

// conf: ETH-ARP-01
#[test]
fn a_request_is_as_rfc_826_draws_it() {
    let mut host = Host::ethernet();
    let own = host.links[0].properties.hardware_address;
    host.send("192.0.2.9", 8);
    let sent = host.run();
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].to, sent[0].protocol), (HardwareAddress::ETHERNET_BROADCAST, EtherType::ARP));
    // Hardware type, protocol type, their lengths, operation.
    assert_eq!(sent[0].octets[..8], [0, 1, 8, 0, 6, 4, 0, 1]);
    assert_eq!(sent[0].octets[8..14], *own.as_bytes());
    assert_eq!(sent[0].octets[14..18], [192, 0, 2, 1]);
    assert_eq!(sent[0].octets[24..28], [192, 0, 2, 9]);
}

// conf: IP6-NDC-02
#[test]
fn a_solicitation_has_our_hardware_address_and_the_source_of_what_waits() {
    for (to, source, group) in
        [("2001:db8::9", "2001:db8::1", "ff02::1:ff00:9"), ("fe80::12:3456", "fe80::1", "ff02::1:ff12:3456")]
    {
        let mut host = Host::ethernet();
        let own = host.links[0].properties.hardware_address;
        host.send(to, 8);
        let sent = host.run();
        assert_eq!(sent.len(), 1, "{to}");
        let packet = sent[0].v6();
        let header = packet.header();
        assert_eq!((header.source(), header.destination()), (v6(source), v6(group)));
        assert_eq!((header.hop_limit(), packet.payload()[0]), (255, 135));
        assert_eq!(packet.payload()[8..24], v6(to).octets());
        // Source link-layer address, one unit of eight octets.
        assert_eq!(packet.payload()[24..26], [1, 1]);
        assert_eq!(packet.payload()[26..32], *own.as_bytes());
    }
}

// conf: ETH-ARP-12, IP6-NDC-03
#[test]
fn all_that_waits_for_a_neighbour_leaves_when_it_is_found() {
    for peer in ["192.0.2.9", "2001:db8::9"] {
        let mut host = Host::ethernet();
        host.send(peer, 100);
        host.send(peer, 200);
        assert_eq!(host.run().len(), 1, "one question");
        host.resolve(peer, PEER);
        assert_eq!(host.kinds(), ["UDP 100", "UDP 200"], "{peer}");
    }
}

#[test]
fn whatever_names_a_link_local_address_of_ours_goes_to_all() {
    // own address, the peer's, whether replies and probes go to all
    for (own, peer, to_all) in [("169.254.1.1/16", "169.254.1.9", true), ("192.0.2.1/24", "192.0.2.9", false)]
    {
        let mut host = Host::new(vec![FakeLink::ethernet()]);
        host.ip.add_address(ETH, cidr(own)).unwrap();
        host.settle();
        let want = if to_all { HardwareAddress::ETHERNET_BROADCAST } else { PEER };
        let (own, _) = own.split_once('/').unwrap();
        host.arrive(EtherType::ARP, arp(arp::Operation::Request, PEER, v4(peer), v4(own)));
        let sent = host.run();
        assert_eq!((sent.len(), sent[0].to, sent[0].arp().target_hardware), (1, want, PEER));
        // It is known now; five seconds after the first packet it is asked whether it still answers.
        host.send(peer, 8);
        host.run();
        let sent = host.at(host.now.millis() + 5_000);
        assert_eq!((sent.len(), sent[0].to, sent[0].arp().operation), (1, want, arp::Operation::Request));
    }
}

#[test]
fn a_reply_to_us_confirms_its_sender_also_if_all_hear_it() {
    // Whom the frame is for, whose hardware address the reply names, whether its sender is confirmed
    for (cast, named, want) in [
        (Cast::Unicast, US, true),
        (Cast::Broadcast, US, true),
        (Cast::Unicast, station(7), true),
        (Cast::Broadcast, station(7), false),
    ] {
        let mut host = Host::ethernet();
        host.resolve("192.0.2.9", PEER);
        host.send("192.0.2.9", 8);
        host.run();
        host.resolve("192.0.2.9", PEER);
        host.run();
        // Past the reachable time a packet has it asked again.
        host.at(host.now.millis() + 35_000);
        host.send("192.0.2.9", 8);
        host.run();
        let asked = host.at(host.now.millis() + 5_000);
        assert_eq!(asked.iter().map(Sent::kind).collect::<Vec<_>>(), ["Request 192.0.2.9"]);
        let mut reply = arp(arp::Operation::Reply, PEER, v4("192.0.2.9"), v4("192.0.2.1"));
        reply[18..24].copy_from_slice(named.as_bytes());
        host.arrive_as(PEER, cast, EtherType::ARP, reply);
        host.run();
        let asked = host.at(host.now.millis() + 1_000);
        assert_eq!(asked.is_empty(), want, "{cast:?} {named}");
    }
}

// conf: ETH-ACD-09
#[test]
fn requests_are_answered_between_the_announcements() {
    let mut host = Host::new(vec![FakeLink::ethernet()]);
    host.ip.add_address(ETH, cidr("192.0.2.1/24")).unwrap();
    let first = host.at(2000);
    assert_eq!(first.iter().map(Sent::kind).collect::<Vec<_>>(), ["announce 192.0.2.1"]);
    let request = arp(arp::Operation::Request, PEER, v4("192.0.2.9"), v4("192.0.2.1"));
    host.arrive_as(PEER, Cast::Broadcast, EtherType::ARP, request);
    let answer = host.at(2500);
    assert_eq!(answer.len(), 1);
    assert_eq!((answer[0].to, answer[0].arp().operation), (PEER, arp::Operation::Reply));
}

// conf: ETH-ACD-10
#[test]
fn an_idle_host_asks_and_announces_nothing() {
    let mut host = Host::ethernet();
    host.send("192.0.2.9", 8);
    host.run();
    host.resolve("192.0.2.9", PEER);
    host.run();
    let mut silent = 0;
    for minute in 1..=24 * 60 {
        silent += usize::from(host.at(10_000 + minute * 60_000).is_empty());
    }
    assert_eq!(silent, 24 * 60);
    assert_eq!(host.ip.poll_at(), None);
}

// conf: MCS-MAP-03
#[test]
fn a_group_is_joined_on_one_interface_alone() {
    let mut host = Host::new(vec![FakeLink::ethernet(), FakeLink::ethernet()]);
    host.ip.add_address(ETH, cidr("192.0.2.1/24")).unwrap();
    host.ip.add_address(InterfaceId(1), cidr("198.51.100.1/24")).unwrap();
    host.settle();
    host.ip.join(InterfaceId(1), ip("239.1.1.1")).unwrap();
    for (link, source, want) in [(0, "192.0.2.9", 0), (1, "198.51.100.9", 1)] {
        host.transport.got.clear();
        let octets = packet_v4(source, "239.1.1.1", IpProtocol::UDP, b"abcdefgh");
        let frame = Arriving { from: PEER, cast: Cast::Multicast, protocol: EtherType::IPV4, octets };
        host.links[link].arriving.push_back(frame);
        host.run();
        assert_eq!(host.transport.got.len(), want, "link {link}");
    }
}

// conf: IP4-RAS-15
#[test]
fn the_identification_of_an_atomic_datagram_means_nothing() {
    let mut host = Host::ethernet();
    for text in [b"first...", b"second..", b"third..."] {
        let mut repr = ipv4::Repr::new(IpProtocol::UDP, v4("192.0.2.9"), v4("192.0.2.1"), 8);
        repr.flags = ipv4::Flags::DONT_FRAGMENT;
        repr.identification = 0x1234;
        host.packet(packet_v4_with(repr, &[], text));
        assert_eq!(host.transport.got.pop().unwrap().segment, text);
    }
}
