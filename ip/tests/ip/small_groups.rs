//! Groups of a small host: who is heard, what the link is told, and packets with a Router Alert.

use crate::small::Small;
use crate::support::*;
use core::net::IpAddr;
use tersus_ip::{Cast, JoinError, Membership, OutFlags, Outgoing, Routes, SendError, Unreachable};
use tersus_ip::{InterfaceId, IpProtocol, Source};
use tersus_wire::{checksum::Sum, ipv6_ext, HardwareAddress};

fn host() -> Small {
    let mut host = Small::new();
    host.ip.use_groups(vec![Membership::FREE; 4].leak());
    host
}

fn groups(host: &Small) -> Vec<IpAddr> {
    host.ip.groups(InterfaceId(0)).iter().filter_map(Membership::group).collect()
}

fn ethernet(octets: [u8; 6]) -> HardwareAddress {
    HardwareAddress::ethernet(octets)
}

#[test]
fn groups_are_heard_while_somebody_is_in_them() {
    let mut host = host();
    for (group, source, octets) in [
        ("239.7.7.7", "192.0.2.9", [1, 0, 0x5e, 7, 7, 7]),
        ("ff15::7", "2001:db8::9", [0x33, 0x33, 0, 0, 0, 7]),
    ] {
        let hear = |host: &mut Small| {
            host.transport.got.clear();
            let packet = match (ip(source), ip(group)) {
                (IpAddr::V4(_), _) => packet_v4(source, group, IpProtocol::UDP, b"abcdefgh"),
                _ => datagram_v6(source, group, b"abcdefgh"),
            };
            assert!(host.packet_as(Cast::Multicast, packet).is_empty());
            host.transport.got.first().map(|got| got.cast)
        };
        assert_eq!(hear(&mut host), None);
        let generation = host.ip.group_generation();
        host.ip.join(&mut host.link, ip(group)).unwrap();
        host.ip.join(&mut host.link, ip(group)).unwrap();
        assert_eq!(hear(&mut host), Some(Cast::Multicast));
        assert_eq!(host.link.groups.iter().filter(|joined| **joined == ethernet(octets)).count(), 1);
        assert!(groups(&host).contains(&ip(group)));
        assert!(host.ip.leave(&mut host.link, ip(group)));
        assert_eq!(hear(&mut host), Some(Cast::Multicast), "one user is left");
        assert!(host.ip.leave(&mut host.link, ip(group)));
        assert!(!host.link.groups.contains(&ethernet(octets)));
        assert_eq!(hear(&mut host), None);
        assert!(!host.ip.leave(&mut host.link, ip(group)));
        assert_eq!(host.ip.group_generation(), generation + 2, "the first and the last count");
    }
}

#[test]
fn switches_without_an_address_are_heard_when_they_ask_for_groups() {
    // protocol, source, destination, delivered
    for (protocol, source, destination, want) in [
        (IpProtocol::IGMP, "0.0.0.0", "224.0.0.1", true),
        (IpProtocol::IGMP, "192.0.2.9", "224.0.0.1", true),
        (IpProtocol::IGMP, "0.0.0.0", "192.0.2.1", false),
        (IpProtocol::IGMP, "0.0.0.7", "224.0.0.1", false),
        (IpProtocol::UDP, "0.0.0.0", "224.0.0.1", false),
    ] {
        let mut host = host();
        host.ip.join(&mut host.link, ip("224.0.0.1")).unwrap();
        host.transport.protocols.push(IpProtocol::IGMP);
        let packet = packet_v4(source, destination, protocol, b"abcdefgh");
        let cast = if destination.starts_with("224") { Cast::Multicast } else { Cast::Unicast };
        assert!(host.packet_as(cast, packet).is_empty());
        assert_eq!(host.transport.got.len(), usize::from(want), "{protocol} {source} > {destination}");
        assert_eq!(host.counter("martian_source"), u32::from(!want));
    }
    // Where nobody knows IGMP no error goes to 0.0.0.0, RFC 1122 §3.2.2.
    let mut host = Small::new();
    let packet = packet_v4("0.0.0.0", "192.0.2.1", IpProtocol::IGMP, b"abcdefgh");
    assert!(host.packet_as(Cast::Unicast, packet).is_empty());
}

#[test]
fn groups_of_one_hardware_address_are_told_as_one() {
    let mut host = host();
    let octets = ethernet([1, 0, 0x5e, 7, 7, 7]);
    host.ip.join(&mut host.link, ip("239.7.7.7")).unwrap();
    host.ip.join(&mut host.link, ip("238.135.7.7")).unwrap();
    let before = host.link.controls;
    assert!(host.ip.leave(&mut host.link, ip("239.7.7.7")));
    assert_eq!(host.link.controls, before);
    assert!(host.link.groups.contains(&octets));
    assert!(host.ip.leave(&mut host.link, ip("238.135.7.7")));
    assert!(!host.link.groups.contains(&octets));
    // What IPv6 itself needs stays.
    host.ip.join(&mut host.link, ip("ff15::1")).unwrap();
    assert!(host.ip.leave(&mut host.link, ip("ff15::1")));
    assert!(host.link.groups.contains(&ethernet([0x33, 0x33, 0, 0, 0, 1])));
}

#[test]
fn solicited_node_groups_are_in_the_table() {
    let mut host = Small::with::<3, 0, 1>(FakeLink::ethernet());
    host.ip.use_groups(vec![Membership::FREE; 4].leak());
    for address in ["192.0.2.1/24", "2001:db8::1/64", "fe80::1/64"] {
        host.ip.add_address(cidr(address)).unwrap();
    }
    assert!(groups(&host).is_empty());
    host.run();
    assert_eq!(groups(&host), [ip("ff02::1:ff00:1")], "once for both addresses");
}

#[test]
fn joins_are_refused_with_a_reason() {
    let mut host = Small::new();
    let join = |host: &mut Small, group| host.ip.join(&mut host.link, ip(group));
    assert_eq!(join(&mut host, "239.7.7.7"), Err(JoinError::LeftOut));
    host.ip.use_groups(vec![Membership::FREE; 1].leak());
    assert_eq!(join(&mut host, "192.0.2.7"), Err(JoinError::NotAGroup));
    assert_eq!(join(&mut host, "255.255.255.255"), Err(JoinError::NotAGroup));
    assert_eq!(join(&mut host, "239.7.7.7"), Ok(()));
    assert_eq!(join(&mut host, "239.7.7.8"), Err(JoinError::TableFull));
    assert_eq!(join(&mut host, "239.7.7.7"), Ok(()));
}

#[test]
fn a_router_alert_goes_in_an_option_or_a_header_of_its_own() {
    let packet = Outgoing {
        hop_limit: 1,
        flags: OutFlags::ROUTER_ALERT,
        protocol: IpProtocol(2),
        traffic_class: 0xc0,
    };
    let mut host = host();
    host.send("224.0.0.22", packet, 8);
    let sent = host.run().remove(0);
    assert_eq!(sent.octets.len(), 32);
    assert_eq!((sent.octets[0], &sent.octets[20..24]), (0x46, &[0x94, 4, 0, 0][..]));
    assert!(Sum::new().add_bytes(&sent.octets[..24]).is_valid());
    let packet_sent = sent.v4();
    let header = packet_sent.header();
    assert_eq!((header.total_len(), header.hop_limit(), header.traffic_class()), (32, 1, 0xc0));
    assert_eq!(packet_sent.payload(), [0, 1, 2, 3, 4, 5, 6, 7]);

    let packet = Outgoing { protocol: IpProtocol::ICMPV6, traffic_class: 0, ..packet };
    host.send("ff02::16", packet, 8);
    let sent = host.run().remove(0);
    let packet_sent = sent.v6();
    assert_eq!((packet_sent.header().next_header(), packet_sent.payload().len()), (IpProtocol(0), 16));
    let ipv6_ext::Decision::Accept(accept) = ipv6_ext::walk(
        IpProtocol(0),
        packet_sent.payload(),
        ipv6_ext::Part::Packet,
        &ipv6_ext::Limits::default(),
    ) else {
        panic!("a header that is right")
    };
    assert_eq!((accept.protocol, accept.router_alert), (IpProtocol::ICMPV6, Some(0)));
    assert_eq!(packet_sent.payload()[8..], [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn an_alert_that_fits_no_packet_is_refused() {
    let packet = Outgoing {
        hop_limit: KEEP,
        flags: OutFlags::ROUTER_ALERT,
        protocol: IpProtocol(2),
        traffic_class: 0,
    };
    for (to, fits) in [("224.0.0.22", 1476), ("ff02::16", 1452)] {
        let mut host = host();
        host.send(to, packet, fits);
        assert_eq!(host.run()[0].octets.len(), 1500);
        host.send(to, packet, fits + 1);
        assert!(host.run().is_empty());
        assert_eq!(host.transport.sending[1].result, Some(Err(SendError::TooBig(1500))));
    }
    // And without groups there is none.
    let mut host = Small::new();
    host.send("224.0.0.22", packet, 8);
    assert!(host.run().is_empty());
    assert_eq!(host.transport.sending[0].result, Some(Err(SendError::Unreachable(Unreachable::LeftOut))));
    assert!(host.ip.route(Source::ANY, ip("224.0.0.22")).is_ok());
}
