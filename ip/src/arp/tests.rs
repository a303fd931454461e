extern crate alloc;
use super::*;
use crate::neighbour::{Config, Lookup, NeighbourSlot, Reachability, Role};
use crate::{InterfaceSet, Random};
use alloc::vec::Vec;
use core::net::IpAddr;
use tersus_wire::arp::LEN;

const LINK: InterfaceId = InterfaceId(0);
const US: HardwareAddress = HardwareAddress::ethernet([2, 0, 0, 0, 0, 1]);
const A: HardwareAddress = HardwareAddress::ethernet([2, 0, 0, 0, 0, 0xa]);
const B: HardwareAddress = HardwareAddress::ethernet([2, 0, 0, 0, 0, 0xb]);
const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const CANDIDATE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 5);
const PEER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 7);
const OTHER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 8);
const FAR: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
const ZERO: Ipv4Addr = Ipv4Addr::UNSPECIFIED;
const REQUEST: Operation = Operation::Request;
const REPLY: Operation = Operation::Reply;

/// 192.0.2.1/24 is ours, .5 shall be.
fn ownership(address: Ipv4Addr) -> Ownership {
    match address.octets() {
        [192, 0, 2, 1] => Ownership::Own,
        [192, 0, 2, 5] => Ownership::Tentative,
        [192, 0, 2, 0 | 255] => Ownership::Elsewhere,
        [192, 0, 2, _] => Ownership::OnLink,
        _ => Ownership::Elsewhere,
    }
}

fn context(cast: Cast, now: Instant) -> Context<'static> {
    Context { now, interface: LINK, hardware: US, cast, ownership: &ownership }
}

fn packet(operation: Operation, sha: HardwareAddress, spa: Ipv4Addr, tpa: Ipv4Addr) -> [u8; LEN] {
    let repr = Repr {
        operation,
        sender_hardware: sha,
        sender_protocol: spa,
        target_hardware: HardwareAddress::NONE,
        target_protocol: tpa,
    };
    let mut octets = [0; LEN];
    repr.emit(&mut octets).unwrap();
    octets
}

fn at(secs: u64) -> Instant {
    Instant::from_secs(1_000 + secs)
}

fn table(slots: &mut [NeighbourSlot]) -> Neighbours<'_> {
    Neighbours::new(slots, Config::DEFAULT, &mut Random::new([1; 32]))
}

fn receive(neighbours: &mut Neighbours<'_>, octets: &[u8]) -> (Outcome, Statistics) {
    let mut statistics = Statistics::default();
    let outcome = on_packet(octets, &context(Cast::Unicast, at(0)), neighbours, &mut statistics);
    (outcome, statistics)
}

fn entries(neighbours: &Neighbours<'_>) -> Vec<(IpAddr, HardwareAddress, Reachability)> {
    neighbours.iter(at(0)).map(|n| (n.address, n.hardware, n.reachability)).collect()
}

fn the_reply_to(sha: HardwareAddress, spa: Ipv4Addr) -> Action {
    let packet = Repr {
        operation: REPLY,
        sender_hardware: US,
        sender_protocol: OWN,
        target_hardware: sha,
        target_protocol: spa,
    };
    Action::Reply { to: sha, packet }
}

// conf: ETH-ARP-02, ETH-ARP-03, ETH-ARP-05, ETH-ARP-06, ETH-ARP-07, ETH-ARP-08, ETH-ARP-09
#[test]
fn each_branch_of_packet_reception() {
    use Action::Nothing;
    let conflict = |address, by| Action::Conflict { address, by };
    let duplicate = |address, by| Action::Duplicate { address, by };
    let group = HardwareAddress::ethernet([1, 0, 0x5e, 0, 0, 1]);
    let zero = HardwareAddress::ethernet([0; 6]);
    let all = HardwareAddress::ETHERNET_BROADCAST;
    // op, SHA, SPA, TPA; action; whether the sender is entered; the counter that moves
    for (op, sha, spa, tpa, action, entered, counter) in [
        (REQUEST, A, PEER, OWN, the_reply_to(A, PEER), true, "replied"),
        (REQUEST, A, PEER, OTHER, Nothing, false, "overheard"),
        (REQUEST, A, PEER, PEER, Nothing, false, "overheard"),
        (REPLY, A, PEER, OWN, Nothing, false, "not_asked"),
        (REPLY, A, PEER, PEER, Nothing, false, "overheard"),
        // Probes
        (REQUEST, A, ZERO, OWN, the_reply_to(A, ZERO), false, "replied"),
        (REQUEST, A, ZERO, OTHER, Nothing, false, "overheard"),
        (REQUEST, A, ZERO, CANDIDATE, duplicate(CANDIDATE, A), false, "duplicates"),
        (REPLY, A, ZERO, OWN, Nothing, false, "bad_sender_address"),
        // Conflicts
        (REQUEST, A, OWN, OTHER, conflict(OWN, A), false, "conflicts"),
        (REQUEST, A, OWN, OWN, conflict(OWN, A), false, "conflicts"),
        (REPLY, A, OWN, PEER, conflict(OWN, A), false, "conflicts"),
        (REQUEST, A, CANDIDATE, OWN, duplicate(CANDIDATE, A), false, "duplicates"),
        (REPLY, A, CANDIDATE, OWN, duplicate(CANDIDATE, A), false, "duplicates"),
        // A tentative address is not answered for.
        (REQUEST, A, PEER, CANDIDATE, Nothing, false, "overheard"),
        // Our own packets
        (REQUEST, US, OWN, OWN, Nothing, false, "own_echo"),
        (REQUEST, US, ZERO, CANDIDATE, Nothing, false, "own_echo"),
        // Senders that nobody is
        (REQUEST, group, PEER, OWN, Nothing, false, "bad_sender_hardware"),
        (REQUEST, zero, PEER, OWN, Nothing, false, "bad_sender_hardware"),
        (REQUEST, all, PEER, OWN, Nothing, false, "bad_sender_hardware"),
        (REQUEST, A, Ipv4Addr::new(224, 0, 0, 1), OWN, Nothing, false, "bad_sender_address"),
        (REQUEST, A, Ipv4Addr::BROADCAST, OWN, Nothing, false, "bad_sender_address"),
        (REQUEST, A, Ipv4Addr::LOCALHOST, OWN, Nothing, false, "bad_sender_address"),
        // Off the link, or a broadcast address of it: answered, not entered.
        (REQUEST, A, FAR, OWN, the_reply_to(A, FAR), false, "replied"),
        (REPLY, A, FAR, OWN, Nothing, false, "sender_not_on_link"),
        (REPLY, A, Ipv4Addr::new(192, 0, 2, 255), OWN, Nothing, false, "sender_not_on_link"),
        // Other operations
        (Operation::Unknown(0), A, PEER, OWN, Nothing, false, "unknown_operation"),
        (Operation::Unknown(3), A, PEER, OWN, Nothing, false, "unknown_operation"),
        (Operation::Unknown(9), A, OWN, OWN, Nothing, false, "unknown_operation"),
    ] {
        let mut slots = [NeighbourSlot::FREE; 4];
        let mut neighbours = table(&mut slots);
        let (outcome, statistics) = receive(&mut neighbours, &packet(op, sha, spa, tpa));
        let row = (op, sha, spa, tpa);
        assert_eq!((outcome.action, outcome.changes), (action, Changes::empty()), "{row:?}");
        let want: &[_] = if entered { &[(IpAddr::V4(spa), sha, Reachability::Stale)] } else { &[] };
        assert_eq!(entries(&neighbours), want, "{row:?}");
        let moved: Vec<_> = statistics.counters().into_iter().filter(|(_, n)| *n > 0).collect();
        assert!(moved.contains(&(counter, 1)), "{row:?}: {moved:?}");
    }
}

// conf: ETH-ARP-02, ETH-ARP-05, ETH-ARP-14
#[test]
fn packets_for_others_update_what_is_known_and_unasked_replies_add_nothing() {
    let mut slots = [NeighbourSlot::FREE; 4];
    let mut neighbours = table(&mut slots);
    let _ = receive(&mut neighbours, &packet(REQUEST, A, PEER, OWN));
    // Gratuitous request and reply, and a request to another.
    for (op, sha, tpa) in [(REQUEST, B, PEER), (REPLY, A, PEER), (REQUEST, B, OTHER)] {
        let _ = receive(&mut neighbours, &packet(op, sha, PEER, tpa));
        assert_eq!(entries(&neighbours), [(IpAddr::V4(PEER), sha, Reachability::Stale)]);
    }
    let _ = receive(&mut neighbours, &packet(REPLY, A, OTHER, OWN));
    assert_eq!(entries(&neighbours).len(), 1);
}

#[test]
fn a_reply_by_broadcast_resolves_but_confirms_nothing() {
    for (cast, state) in [(Cast::Unicast, Reachability::Reachable), (Cast::Broadcast, Reachability::Stale)] {
        let mut slots = [NeighbourSlot::FREE; 4];
        let mut neighbours = table(&mut slots);
        let _ = neighbours.resolve(LINK, IpAddr::V4(PEER), Role::Host, 0, at(0));
        let mut statistics = Statistics::default();
        let octets = packet(REPLY, A, PEER, OWN);
        let outcome = on_packet(&octets, &context(cast, at(0)), &mut neighbours, &mut statistics);
        assert_eq!((outcome.action, outcome.changes), (Action::Nothing, Changes::MOVED));
        assert_eq!(entries(&neighbours), [(IpAddr::V4(PEER), A, state)]);
    }
}

// conf: ETH-ARP-15
#[test]
fn ten_thousand_strangers_move_nothing_and_the_gateway_stays() {
    let mut slots = [NeighbourSlot::FREE; 8];
    let mut neighbours = table(&mut slots);
    let gateway = IpAddr::V4(PEER);
    let _ = neighbours.resolve(LINK, gateway, Role::Gateway, 0, at(0));
    let (outcome, _) = receive(&mut neighbours, &packet(REPLY, A, PEER, OWN));
    assert_eq!(outcome.changes, Changes::MOVED);
    // The whole link is 10.0.0.0/8 here, so that there are strangers enough.
    let wide = |address: Ipv4Addr| if address == OWN { Ownership::Own } else { Ownership::OnLink };
    let context = Context { ownership: &wide, ..context(Cast::Broadcast, at(50)) };
    let mut statistics = Statistics::default();
    for n in 0..10_000u32 {
        let stranger = Ipv4Addr::from_bits(0x0a00_0001 + n);
        let [_, _, c, d] = n.to_be_bytes();
        let sha = HardwareAddress::ethernet([2, 0, 0, 1, c, d]);
        for (op, tpa) in [(REQUEST, OWN), (REQUEST, stranger), (REPLY, OWN)] {
            let octets = packet(op, sha, stranger, tpa);
            let outcome = on_packet(&octets, &context, &mut neighbours, &mut statistics);
            assert_eq!(outcome.changes, Changes::empty());
        }
        assert!(matches!(neighbours.lookup(LINK, gateway, at(50)), Lookup::Found { hardware: A, .. }));
    }
    assert_eq!(statistics.replied, 10_000);
    assert_eq!(neighbours.poll_at(), None);
}

// conf: ETH-ACD-02
#[test]
fn requests_probes_and_announcements_are_what_the_rfcs_say() {
    let none = HardwareAddress::NONE;
    for (repr, spa, tha, tpa) in [
        (request(US, OWN, PEER, None), OWN, none, PEER),
        (request(US, OWN, PEER, Some(A)), OWN, A, PEER),
        (probe(US, CANDIDATE), ZERO, none, CANDIDATE),
        (announcement(US, OWN), OWN, none, OWN),
    ] {
        let want = Repr {
            operation: REQUEST,
            sender_hardware: US,
            sender_protocol: spa,
            target_hardware: tha,
            target_protocol: tpa,
        };
        assert_eq!(repr, want);
        let mut octets = [0xee; LEN];
        repr.emit(&mut octets).unwrap();
        assert_eq!(octets[..8], [0, 1, 8, 0, 6, 4, 0, 1]);
        assert_eq!(octets[18..24] == [0; 6], tha.is_none());
    }
}

// conf: ETH-ACD-07
#[test]
fn an_address_is_defended_once_in_ten_seconds() {
    use Verdict::{Announce, GiveUp, Ignore};
    // Conflicts at these seconds, and what each mode does.
    for (mode, script) in [
        (DefenceMode::GiveUp, [(0, GiveUp), (20, GiveUp), (21, GiveUp), (60, GiveUp)]),
        (DefenceMode::Once, [(0, Announce), (10, Announce), (19, GiveUp), (60, Announce)]),
        (DefenceMode::Always, [(0, Announce), (9, Ignore), (10, Announce), (19, Ignore)]),
    ] {
        let mut defence = Defence::NEW;
        for (second, want) in script {
            assert_eq!(defence.on_conflict(mode, at(second)), want, "{mode:?} at {second}");
        }
    }
    // A flood of conflicts is answered six times a minute.
    let mut defence = Defence::default();
    let announced = (0..60_000)
        .filter(|ms| {
            let now = Instant::from_millis(1_000_000 + ms);
            defence.on_conflict(DefenceMode::Always, now) == Announce
        })
        .count();
    assert_eq!(announced, 6);
    // A clock that stepped back makes no old defence recent.
    assert_eq!(defence.on_conflict(DefenceMode::Once, at(0)), Announce);
}

#[test]
fn mutated_packets_never_enter_an_impossible_sender() {
    let mut random = Random::new([3; 32]);
    let mut slots = [NeighbourSlot::FREE; 6];
    let mut neighbours = table(&mut slots);
    let mut statistics = Statistics::default();
    for n in 0..100_000u64 {
        let now = Instant::from_millis(1_000_000 + n * 7);
        let mut octets = [0; 46];
        octets[..LEN].copy_from_slice(&match random.below(4) {
            0 => packet(REQUEST, A, PEER, OWN),
            1 => packet(REPLY, B, OTHER, OWN),
            2 => packet(REQUEST, A, ZERO, CANDIDATE),
            _ => packet(REPLY, US, OWN, PEER),
        });
        for _ in 0..random.below(4) {
            let at = usize::try_from(random.below(28)).unwrap();
            octets[at] = random.next_u64().to_le_bytes()[0];
        }
        let len = if random.below(4) == 0 { usize::try_from(random.below(46)).unwrap() } else { 46 };
        let _ = neighbours.resolve(LINK, IpAddr::V4(PEER), Role::Host, 0, now);
        let cast = if random.below(2) == 0 { Cast::Unicast } else { Cast::Broadcast };
        let outcome = on_packet(&octets[..len], &context(cast, now), &mut neighbours, &mut statistics);
        if let Action::Reply { to, packet } = outcome.action {
            assert!(to.is_unicast() && to != US && packet.sender_hardware == US);
            assert_eq!(packet.operation, REPLY);
        }
        while neighbours.next_due(now, InterfaceSet::ALL, &mut random).is_some() {}
        for neighbour in neighbours.iter(now) {
            let IpAddr::V4(address) = neighbour.address else { panic!() };
            assert_eq!(ownership(address), Ownership::OnLink);
            assert!(neighbour.hardware.is_none() || neighbour.hardware.is_unicast());
            assert_ne!(neighbour.hardware, US);
        }
    }
    let counters = statistics.counters();
    assert!(counters.iter().all(|(_, n)| *n > 0), "each reason occurs: {counters:?}");
    assert_eq!(counters.len() * 4, core::mem::size_of::<Statistics>());
}
