//! Hosts that were given without some duties, or all.

use crate::support::*;
use tersus_ip::{
    Config, Duties, Event, InterfaceId, Ip, JoinError, OutFlags, Reject, SendError, Source, Storage,
    Unreachable, Verdict,
};
use tersus_phy::Cast;
use tersus_wire::{arp, icmpv4, EtherType, IpProtocol};

const ETH: InterfaceId = InterfaceId(0);

/// One Ethernet link, 192.0.2.1/24.
fn host(duties: &'static Duties) -> Host {
    let mut host = Host::new(vec![FakeLink::ethernet()]);
    let storage: &'static mut Large = Box::leak(Box::new(Storage::new()));
    host.ip = Ip::with_duties(storage, [7; 32], Config::default(), duties);
    host.ip.add_address(ETH, cidr("192.0.2.1/24")).unwrap();
    host
}

/// ARP from another station that uses our address.
fn conflict() -> Vec<u8> {
    arp(arp::Operation::Request, PEER, v4("192.0.2.1"), v4("192.0.2.1"))
}

/// A datagram of ours came too large for a router.
fn too_big() -> Vec<u8> {
    let mut message = vec![3, 4, 0, 0, 0, 0, 2, 88];
    message.extend(packet_v4("192.0.2.1", "192.0.2.9", IpProtocol::UDP, b"abcdefgh"));
    icmpv4::fill_checksum(&mut message);
    packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::ICMPV4, &message)
}

#[test]
fn without_any_duty_packets_come_and_go_and_neighbours_are_resolved() {
    let mut host = host(&Duties::NONE);
    host.arrive_as(
        PEER,
        Cast::Broadcast,
        EtherType::ARP,
        arp(arp::Operation::Request, PEER, v4("192.0.2.9"), v4("192.0.2.1")),
    );
    assert_eq!(host.kinds(), ["Reply 192.0.2.9"], "and no announcement");
    host.packet(packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"hello"));
    assert_eq!(host.transport.got[0].segment, b"hello");
    host.send("192.0.2.9", 5);
    assert_eq!(host.kinds(), ["UDP 5"], "who asked is known");
    host.send("192.0.2.10", 6);
    assert_eq!(host.kinds(), ["Request 192.0.2.10"]);
    host.resolve("192.0.2.10", station(10));
    let sent = host.run();
    assert_eq!((sent[0].kind(), sent[0].to), ("UDP 6".into(), station(10)));
    host.transport.verdict = Verdict::Reply(5);
    let sent = host.packet(packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"hello"));
    assert_eq!((sent[0].kind(), sent[0].v4().payload()), ("UDP 5".into(), &b"olleh"[..]));
    assert_eq!(host.ip.poll_at(), None, "nothing is left to do");
}

#[test]
fn without_reachability_an_entry_serves_a_minute_and_is_then_asked_for_again() {
    let mut host = host(&Duties::NONE);
    host.turn();
    host.send("192.0.2.9", 1);
    host.run();
    host.resolve("192.0.2.9", PEER);
    let resolved_at = host.now.millis();
    assert_eq!(host.kinds(), ["UDP 1"]);
    for after in [29_000, 31_000, 59_000] {
        host.send("192.0.2.9", 2);
        let sent = host.at(resolved_at + after);
        assert_eq!(sent.iter().map(Sent::kind).collect::<Vec<_>>(), ["UDP 2"], "{after}");
        assert_eq!(host.ip.poll_at(), None, "it is not probed");
    }
    host.send("192.0.2.9", 3);
    let sent = host.at(resolved_at + 60_000);
    assert_eq!(sent.iter().map(Sent::kind).collect::<Vec<_>>(), ["Request 192.0.2.9"]);
    host.resolve("192.0.2.9", station(9));
    let sent = host.run();
    assert_eq!((sent[0].kind(), sent[0].to), ("UDP 3".into(), station(9)));
}

#[test]
fn what_no_duty_takes_is_counted_and_harms_nothing() {
    let mut host = host(&Duties::NONE);
    let packet = |protocol| packet_v4("192.0.2.9", "192.0.2.1", protocol, b"abcdefgh");
    let group = packet_v4("192.0.2.9", "224.0.0.1", IpProtocol::UDP, b"abcdefgh");
    // what, the counter that it moves, what is sent
    for (what, packet, counter) in [
        ("an error", too_big(), "errors_ignored"),
        ("an unknown protocol", packet(IpProtocol(200)), "unknown_protocol"),
        ("a group", group, "not_for_us"),
    ] {
        let before = host.counter(counter);
        assert!(host.packet(packet).is_empty(), "{what}");
        assert_eq!(host.counter(counter), before + 1, "{what}");
    }
    host.transport.verdict = Verdict::Reject(Reject::PortUnreachable);
    assert!(host.packet(packet(IpProtocol::UDP)).is_empty());
    assert_eq!((host.counter("rejected"), host.counter("errors_suppressed")), (1, 2));
    host.arrive_as(PEER, Cast::Broadcast, EtherType::ARP, conflict());
    assert!(host.kinds().is_empty());
    assert_eq!((host.counter("address_conflicts"), host.ip.next_event()), (1, None));
    assert!(host.transport.errors.is_empty());
    assert_eq!(host.ip.join(ETH, ip("239.1.1.1")), Err(JoinError::LeftOut));
    assert!(!host.ip.leave(ETH, ip("224.0.0.1")));
    assert!(host.ip.add_address(ETH, cidr("2001:db8::1/64")).is_err(), "IPv6 needs groups");
    let mut alert = udp();
    alert.flags |= OutFlags::ROUTER_ALERT;
    alert.hop_limit = KEEP;
    host.ip.add_neighbour(ETH, ip("192.0.2.9"), PEER).unwrap();
    host.send_with(Source::ANY, "192.0.2.9", alert, 8);
    assert!(host.run().is_empty());
    assert_eq!(host.transport.sending[0].result, Some(Err(SendError::Unreachable(Unreachable::LeftOut))));
}

#[test]
fn each_duty_comes_alone() {
    const ERRORS: Duties = Duties::NONE.with_errors();
    const REFUSALS: Duties = Duties::NONE.with_refusals();
    const ANNOUNCEMENTS: Duties = Duties::NONE.with_announcements();
    const DEFENCE: Duties = Duties::NONE.with_defence();
    const EVENTS: Duties = Duties::NONE.with_events();
    const GROUPS: Duties = Duties::NONE.with_groups();
    const OPTIONS: Duties = Duties::NONE.with_options();
    let unknown = || packet_v4("192.0.2.9", "192.0.2.1", IpProtocol(200), b"abcdefgh");
    // its option is one octet short
    let mut options = unknown();
    options[0] = 0x46;
    options.splice(20..20, [0x94, 5, 0, 0]);
    options[3] += 4;
    options[10..12].fill(0);
    let sum = tersus_wire::checksum::Sum::new().add_bytes(&options[..24]).checksum();
    options[10..12].copy_from_slice(&sum.to_be_bytes());

    // duty, what is sent at first, about an error, an unknown protocol, a conflict, a bad option; events; groups told
    for (duties, announced, learned, refused, defended, problem, events, groups) in [
        (&Duties::NONE, false, false, false, false, false, false, 0),
        (&ERRORS, false, true, false, false, false, false, 0),
        (&REFUSALS, false, false, true, false, false, false, 0),
        (&ANNOUNCEMENTS, true, false, false, false, false, false, 0),
        (&DEFENCE, false, false, false, true, false, false, 0),
        (&EVENTS, false, false, false, false, false, true, 0),
        (&GROUPS, false, false, false, false, false, false, 1),
        (&OPTIONS, false, false, false, false, true, false, 0),
        (&Duties::ALL, true, true, true, true, true, true, 1),
    ] {
        let mut host = host(duties);
        host.turn();
        host.turn();
        assert_eq!(!host.links[0].take_sent().is_empty(), announced);
        assert_eq!(host.ip.next_event() == Some(Event::LinkUp(ETH)), events);
        assert_eq!(host.links[0].groups.len(), groups);
        assert!(host.packet(too_big()).is_empty());
        assert_eq!(host.transport.errors.len(), usize::from(learned));
        assert_eq!(host.ip.path_mtu_statistics().lowered, u32::from(learned));
        assert_eq!(!host.packet(unknown()).is_empty(), refused);
        assert_eq!(host.counter("bad_option"), 0);
        host.packet(options.clone());
        assert_eq!(host.counter("bad_option") == 1, problem);
        host.arrive_as(PEER, Cast::Broadcast, EtherType::ARP, conflict());
        assert_eq!(host.run().iter().any(|sent| sent.kind() == "announce 192.0.2.1"), defended);
    }
}
