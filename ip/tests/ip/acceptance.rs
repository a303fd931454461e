//! Which packets are accepted: headers, addresses, options, extension headers. All else is dropped silently.

use crate::support::*;
use tersus_ip::{Cast, InFlags, InterfaceId};
use tersus_wire::{ipv4, EtherType, IpProtocol};

const ETH: InterfaceId = InterfaceId(0);

/// Lets `packet` arrive: whether it was delivered. Nothing may be sent.
fn is_delivered(host: &mut Host, cast: Cast, packet: Vec<u8>) -> bool {
    host.transport.got.clear();
    let protocol = if packet[0] >> 4 == 4 { EtherType::IPV4 } else { EtherType::IPV6 };
    host.arrive_as(PEER, cast, protocol, packet);
    let sent = host.run();
    assert!(sent.is_empty(), "silence, not {:?}", sent[0].kind());
    !host.transport.got.is_empty()
}

// conf: IP4-ADR-02, IP4-ADR-03, IP4-ADR-04, IP4-ADR-05, IP4-ADR-06, IP4-ADR-07, IP4-ADR-08, IP4-ADR-09, IP4-ADR-10
// conf: IP4-ADR-16, IP4-ADR-18, UDP-API-06
#[test]
fn ipv4_addresses_decide_who_is_heard() {
    let mut host = Host::new(vec![FakeLink::ethernet(), FakeLink::ethernet()]);
    host.ip.add_address(ETH, cidr("192.0.2.1/24")).unwrap();
    host.ip.add_address(InterfaceId(1), cidr("198.51.100.1/24")).unwrap();
    host.ip.join(ETH, ip("239.1.1.1")).unwrap();
    host.settle();
    // source, destination, delivered, counter
    for (source, destination, want, counter) in [
        ("192.0.2.9", "192.0.2.1", true, "delivered"),
        ("203.0.113.9", "192.0.2.1", true, "delivered"),
        ("169.254.7.7", "192.0.2.1", true, "delivered"),
        ("192.0.2.9", "192.0.2.255", true, "delivered"),
        ("192.0.2.9", "192.0.2.0", true, "delivered"),
        ("192.0.2.9", "255.255.255.255", true, "delivered"),
        ("192.0.2.9", "239.1.1.1", true, "delivered"),
        ("192.0.2.9", "224.0.0.1", true, "delivered"),
        ("192.0.2.9", "192.0.2.2", false, "not_for_us"),
        ("192.0.2.9", "192.0.3.255", false, "not_for_us"),
        ("192.0.2.9", "239.1.1.2", false, "not_for_us"),
        // The strong model: an address of another interface is not for us here.
        ("192.0.2.9", "198.51.100.1", false, "not_for_us"),
        ("192.0.2.9", "127.0.0.1", false, "martian_destination"),
        ("192.0.2.9", "0.0.0.0", false, "martian_destination"),
        ("192.0.2.9", "0.1.2.3", false, "martian_destination"),
        ("192.0.2.9", "240.0.0.1", false, "martian_destination"),
        ("255.255.255.255", "192.0.2.1", false, "martian_source"),
        ("192.0.2.255", "192.0.2.1", false, "martian_source"),
        ("192.0.2.0", "192.0.2.1", false, "martian_source"),
        ("224.0.0.1", "192.0.2.1", false, "martian_source"),
        ("0.0.0.0", "192.0.2.1", false, "martian_source"),
        ("0.0.0.0", "192.0.2.255", false, "martian_source"),
        ("0.0.0.0", "224.0.0.1", false, "martian_source"),
        // Who has no address yet asks all, RFC 2131 §4.1.
        ("0.0.0.0", "255.255.255.255", true, "delivered"),
        ("0.0.0.9", "192.0.2.1", false, "martian_source"),
        ("127.0.0.1", "192.0.2.1", false, "martian_source"),
        ("240.0.0.1", "192.0.2.1", false, "martian_source"),
        ("192.0.2.1", "192.0.2.1", false, "own_source"),
    ] {
        let before = host.counter(counter);
        let packet = packet_v4(source, destination, IpProtocol::UDP, b"abcdefgh");
        assert_eq!(is_delivered(&mut host, Cast::Unicast, packet), want, "{source} > {destination}");
        assert_eq!(host.counter(counter), before + 1, "{source} > {destination} counts as {counter}");
    }
}

#[test]
fn what_was_accepted_before_is_judged_anew_when_anything_is_different() {
    let mut host = Host::new(vec![FakeLink::ethernet(), FakeLink::ethernet()]);
    host.ip.add_address(ETH, cidr("192.0.2.1/24")).unwrap();
    host.ip.add_address(InterfaceId(1), cidr("198.51.100.1/24")).unwrap();
    host.settle();
    let packet = || packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"abcdefgh");
    for _ in 0..3 {
        assert!(is_delivered(&mut host, Cast::Unicast, packet()));
        assert!(!is_delivered(&mut host, Cast::Broadcast, packet()), "sent to all");
        let other = packet_v4("192.0.2.9", "192.0.2.2", IpProtocol::UDP, b"abcdefgh");
        assert!(!is_delivered(&mut host, Cast::Unicast, other), "another address");
        assert!(is_delivered(&mut host, Cast::Unicast, packet()));
    }
    // Its source becomes our own; then it is not, and its destination goes.
    host.ip.add_address(ETH, cidr("192.0.2.9/24")).unwrap();
    host.settle();
    assert!(!is_delivered(&mut host, Cast::Unicast, packet()));
    assert!(host.ip.remove_address(ETH, ip("192.0.2.9")));
    assert!(is_delivered(&mut host, Cast::Unicast, packet()));
    assert!(host.ip.remove_address(ETH, ip("192.0.2.1")));
    assert!(!is_delivered(&mut host, Cast::Unicast, packet()));
}

// conf: IP4-ADR-11, IP4-ADR-12
#[test]
fn prefixes_of_31_and_32_have_no_broadcast() {
    for (address, other, heard) in [
        ("192.0.2.0/31", "192.0.2.1", "192.0.2.0"),
        ("192.0.2.1/31", "192.0.2.0", "192.0.2.1"),
        ("192.0.2.1/32", "192.0.2.0", "192.0.2.1"),
    ] {
        let mut host = Host::new(vec![FakeLink::ethernet()]);
        host.ip.add_address(ETH, cidr(address)).unwrap();
        host.settle();
        let packet = packet_v4(other, heard, IpProtocol::UDP, b"abcdefgh");
        assert!(is_delivered(&mut host, Cast::Unicast, packet), "{address}");
        assert_eq!(host.transport.got[0].cast, Cast::Unicast);
    }
}

// conf: IP4-ADR-15, ETH-ETH-05
#[test]
fn the_cast_is_the_wider_of_link_and_address() {
    let mut host = Host::ethernet();
    host.ip.join(ETH, ip("239.1.1.1")).unwrap();
    // link, destination, cast
    for (link, destination, want) in [
        (Cast::Unicast, "192.0.2.1", Some(Cast::Unicast)),
        (Cast::Broadcast, "192.0.2.1", None),
        (Cast::Multicast, "192.0.2.1", None),
        (Cast::Broadcast, "192.0.2.255", Some(Cast::Broadcast)),
        (Cast::Unicast, "255.255.255.255", Some(Cast::Broadcast)),
        (Cast::Multicast, "239.1.1.1", Some(Cast::Multicast)),
        (Cast::Broadcast, "239.1.1.1", Some(Cast::Broadcast)),
    ] {
        let packet = packet_v4("192.0.2.9", destination, IpProtocol::UDP, b"abcdefgh");
        assert_eq!(is_delivered(&mut host, link, packet), want.is_some(), "{link:?} {destination}");
        let got = host.transport.got.first();
        assert_eq!(got.map(|got| got.cast), want);
        let replies = got.is_some_and(|got| got.reply_from.is_some());
        assert_eq!(replies, want == Some(Cast::Unicast));
    }
    assert_eq!(host.counter("cast_mismatch"), 2);
}

// conf: IP6-HDR-08, IP6-HDR-09, IP6-HDR-10, IP6-HDR-11, IP6-HDR-12
#[test]
fn ipv6_addresses_decide_who_is_heard() {
    let mut host = Host::ethernet();
    host.ip.join(ETH, ip("ff05::7")).unwrap();
    host.ip.join(ETH, ip("ff01::7")).unwrap();
    // source, destination, delivered, counter
    for (source, destination, want, counter) in [
        ("2001:db8::9", "2001:db8::1", true, "delivered"),
        ("fe80::9", "fe80::1", true, "delivered"),
        ("2001:db8::9", "ff02::1", true, "delivered"),
        ("2001:db8::9", "ff02::1:ff00:1", true, "delivered"),
        ("2001:db8::9", "ff05::7", true, "delivered"),
        ("2001:db8::9", "ff02::1:ff01:1", false, "not_for_us"),
        ("2001:db8::9", "ff05::8", false, "not_for_us"),
        ("2001:db8::9", "2001:db8::2", false, "not_for_us"),
        ("2001:db8::9", "::1", false, "martian_destination"),
        ("2001:db8::9", "::", false, "martian_destination"),
        ("2001:db8::9", "ff00::1", false, "martian_destination"),
        ("2001:db8::9", "ff01::7", false, "martian_destination"),
        ("2001:db8::9", "::ffff:192.0.2.1", false, "martian_destination"),
        ("::", "ff02::1", false, "martian_source"),
        ("::", "2001:db8::1", false, "not_for_us"),
        ("::1", "2001:db8::1", false, "martian_source"),
        ("ff02::1", "2001:db8::1", false, "martian_source"),
        ("::ffff:192.0.2.9", "2001:db8::1", false, "martian_source"),
        ("2001:db8::1", "2001:db8::1", false, "own_source"),
        ("2001:db8::1", "fe80::1", false, "own_source"),
        ("fe80::1", "2001:db8::1", false, "own_source"),
        ("fe80::1", "ff02::1", false, "own_source"),
    ] {
        let before = host.counter(counter);
        let packet = datagram_v6(source, destination, b"abcdefgh");
        assert_eq!(is_delivered(&mut host, Cast::Unicast, packet), want, "{source} > {destination}");
        assert_eq!(host.counter(counter), before + 1, "{source} > {destination} counts as {counter}");
    }
}

#[test]
fn of_what_seems_to_come_from_us_only_neighbour_discovery_is_heard() {
    let mut host = Host::ethernet();
    host.transport.protocols.push(IpProtocol::ICMPV6);
    // ICMPv6 type, Hop Limit, counter
    for (kind, hop_limit, counter) in [
        (128, 64, "own_source"),
        (128, 255, "own_source"),
        (1, 255, "own_source"),
        (130, 255, "own_source"),
        (135, 64, "own_source"),
        (135, 255, "nd_received"),
    ] {
        let before = host.counter(counter);
        let mut message = [0; 24];
        message[0] = kind;
        let (source, destination) = (v6("2001:db8::1"), v6("fe80::1"));
        tersus_wire::icmpv6::fill_checksum(source, destination, &mut message);
        let packet = packet_v6(source, destination, IpProtocol::ICMPV6, hop_limit, &message);
        assert!(!is_delivered(&mut host, Cast::Unicast, packet), "{kind} {hop_limit}");
        assert_eq!(host.counter(counter), before + 1, "{kind} {hop_limit} counts as {counter}");
    }
}

// conf: IP4-HDR-07, IP4-HDR-09, IP6-HDR-03, IP6-HDR-07
#[test]
fn hop_limit_and_traffic_class_are_passed_up_as_received() {
    let mut host = Host::ethernet();
    for hop_limit in [0, 1, 255] {
        let mut repr = ipv4::Repr::new(IpProtocol::UDP, v4("192.0.2.9"), v4("192.0.2.1"), 8);
        repr.hop_limit = hop_limit;
        repr.traffic_class = 0xb9;
        assert!(is_delivered(&mut host, Cast::Unicast, packet_v4_with(repr, &[], b"abcdefgh")));
        let got = &host.transport.got[0];
        assert_eq!((got.hop_limit, got.traffic_class), (hop_limit, 0xb9));
        let packet = packet_v6(v6("2001:db8::9"), v6("2001:db8::1"), IpProtocol::UDP, hop_limit, b"abcdefgh");
        assert!(is_delivered(&mut host, Cast::Unicast, packet));
        assert_eq!(host.transport.got[0].hop_limit, hop_limit);
    }
}

// conf: IP4-OPT-01, IP4-OPT-04, IP4-OPT-07
#[test]
fn options_do_no_harm_and_source_routes_are_refused() {
    let mut host = Host::ethernet();
    // options, delivered
    for (options, want) in [
        (&[1, 1, 1, 1][..], true),
        (&[0, 9, 9, 9], true),
        (&[0x9e, 4, 0, 0], true),
        (&[136, 4, 0, 1], true),
        (&[148, 4, 0, 0], true),
        (&[7, 3, 4, 0], true),
        (&[1; 40], true),
        (&[131, 3, 4, 0], false),
        (&[137, 7, 4, 192, 0, 2, 7, 0], false),
    ] {
        let repr = ipv4::Repr::new(IpProtocol::UDP, v4("192.0.2.9"), v4("192.0.2.1"), 8);
        let packet = packet_v4_with(repr, options, b"abcdefgh");
        assert_eq!(is_delivered(&mut host, Cast::Unicast, packet), want, "{options:?}");
        if want {
            let alert = host.transport.got[0].flags.contains(InFlags::ROUTER_ALERT);
            assert_eq!(alert, options[0] == 148);
        }
    }
    assert_eq!(host.counter("source_routed"), 2);
}

// conf: IP6-EXT-01, IP6-EXT-05, IP6-EXT-07, IP6-EXT-08
#[test]
fn extension_headers_are_walked_over() {
    let mut host = Host::ethernet();
    let hop_by_hop = |next| [next, 0, 5, 2, 0, 0, 1, 0];
    let destination = |next| [next, 0, 1, 4, 0, 0, 0, 0];
    let routing = |next| [next, 0, 0, 0, 0, 0, 0, 0];
    let atomic = |next| [next, 0, 0, 0, 1, 2, 3, 4];
    let (udp, dst, rth, frg, none) = (17, 60, 43, 44, 59);
    // first, headers, delivered
    for (first, chain, want) in [
        (0, [hop_by_hop(udp)].concat(), true),
        (dst, [destination(udp)].concat(), true),
        (0, [hop_by_hop(dst), destination(rth), routing(frg), atomic(dst), destination(udp)].concat(), true),
        (rth, [routing(dst), destination(dst), destination(udp)].concat(), true),
        (none, vec![], false),
        (dst, [destination(none)].concat(), false),
    ] {
        let payload = [&chain[..], b"abcdefgh"].concat();
        let packet = packet_v6(v6("2001:db8::9"), v6("2001:db8::1"), IpProtocol(first), 64, &payload);
        assert_eq!(is_delivered(&mut host, Cast::Unicast, packet), want, "{first} {chain:?}");
        if want {
            let got = &host.transport.got[0];
            assert_eq!(got.segment, b"abcdefgh");
            assert_eq!(got.flags.contains(InFlags::ROUTER_ALERT), first == 0);
        }
    }
}

// conf: IP6-NDV-10
#[test]
fn neighbour_discovery_in_a_fragment_is_dropped() {
    let mut host = Host::ethernet();
    let whole = solicitation("2001:db8::9", "ff02::1:ff00:1", "2001:db8::1", PEER, 255);
    let payload = [&[58, 0, 0, 0, 1, 2, 3, 4], &whole[40..]].concat();
    let packet = packet_v6(v6("2001:db8::9"), v6("ff02::1:ff00:1"), IpProtocol::FRAGMENT, 255, &payload);
    assert!(!is_delivered(&mut host, Cast::Multicast, packet));
    assert_eq!(host.ip.nd_statistics().fragmented, 1);
    assert_eq!(host.packet(whole).len(), 1);
}

// conf: IP6-HDR-04, IP4-FRG-08
#[test]
fn the_mtu_is_configured_within_what_the_families_need() {
    use tersus_ip::InterfaceError;
    let mut host = Host::ethernet();
    assert_eq!(host.ip.set_mtu(ETH, 1279), Err(InterfaceError::Mtu(1280)));
    assert_eq!(host.ip.set_mtu(ETH, 1280), Ok(()));
    assert_eq!(host.ip.interface(ETH).unwrap().mtu(), 1280);
    assert_eq!(host.ip.set_mtu(ETH, 9000), Ok(()));
    assert_eq!(host.ip.interface(ETH).unwrap().mtu(), 1500, "the link carries no more");
    assert_eq!(host.ip.set_mtu(InterfaceId(9), 1500), Err(InterfaceError::Interface));
    let mut host = Host::new(vec![FakeLink::ethernet()]);
    host.ip.add_address(ETH, cidr("192.0.2.1/24")).unwrap();
    assert_eq!(host.ip.set_mtu(ETH, 67), Err(InterfaceError::Mtu(68)));
    assert_eq!(host.ip.set_mtu(ETH, 68), Ok(()));
}
