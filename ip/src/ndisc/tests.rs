extern crate alloc;
use super::*;
use crate::neighbour::{Config, NeighbourSlot, Reachability, Role};
use crate::{InterfaceSet, Random};
use alloc::vec::Vec;
use tersus_wire::ndisc::{
    NEIGHBOUR_ADVERTISEMENT, NEIGHBOUR_SOLICITATION, REDIRECT, ROUTER_ADVERTISEMENT, ROUTER_SOLICITATION,
};

const LINK: InterfaceId = InterfaceId(0);
const US: HardwareAddress = HardwareAddress::ethernet([2, 0, 0, 0, 0, 1]);
const A: HardwareAddress = HardwareAddress::ethernet([2, 0, 0, 0, 0, 0xa]);
const B: HardwareAddress = HardwareAddress::ethernet([2, 0, 0, 0, 0, 0xb]);
const GROUP_HW: HardwareAddress = HardwareAddress::ethernet([0x33, 0x33, 0, 0, 0, 1]);
const NONE: HardwareAddress = HardwareAddress::NONE;
const OWN: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const ANYCAST: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);
const TENTATIVE: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 3);
const PEER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 7);
const FAR: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 9, 0, 0, 0, 1);
const ANY: Ipv6Addr = Ipv6Addr::UNSPECIFIED;

fn ownership(address: Ipv6Addr) -> Ownership {
    match address {
        OWN => Ownership::Own,
        ANYCAST => Ownership::Anycast,
        TENTATIVE => Ownership::Tentative,
        _ if address.segments()[0] == 0xfe80 => Ownership::OnLink,
        _ => Ownership::Elsewhere,
    }
}

fn now() -> Instant {
    Instant::from_secs(1_000)
}

fn context(source: Ipv6Addr, destination: Ipv6Addr, frame_source: HardwareAddress) -> Context<'static> {
    Context {
        now: now(),
        interface: LINK,
        hardware: US,
        frame_source,
        envelope: Envelope { source, destination, hop_limit: 255 },
        flags: InFlags::empty(),
        ownership: &ownership,
    }
}

fn table(slots: &mut [NeighbourSlot]) -> Neighbours<'_> {
    Neighbours::new(slots, Config::DEFAULT, &mut Random::new([1; 32]))
}

/// Body of a solicitation or advertisement: first octet, target, link-layer address option of `kind`.
fn body(first: u8, target: Ipv6Addr, kind: u8, hardware: HardwareAddress) -> Vec<u8> {
    let mut body = [first, 0, 0, 0].to_vec();
    body.extend(target.octets());
    if !hardware.is_none() {
        body.extend([kind, 1]);
        body.extend(hardware.as_bytes());
    }
    body
}

fn solicit(target: Ipv6Addr, hardware: HardwareAddress) -> Vec<u8> {
    body(0, target, 1, hardware)
}

fn moved(statistics: &Statistics) -> Vec<(&'static str, u32)> {
    statistics.counters().into_iter().filter(|(_, n)| *n > 0).collect()
}

fn entries(neighbours: &Neighbours<'_>) -> Vec<(IpAddr, HardwareAddress, Reachability)> {
    neighbours.iter(now()).map(|n| (n.address, n.hardware, n.reachability)).collect()
}

// conf: IP6-NDC-05, IP6-NDC-06, IP6-NDC-08, IP6-DAD-05
#[test]
fn solicitations_are_answered_by_the_matrix() {
    use AdvertFlags as F;
    let group = |target| solicited_node(target);
    let advert = |source, destination, to, flags, target| {
        let message = AdvertisementRepr { flags, target, target_link_layer: US };
        Action::Advertise(SendAdvertisement { source, destination, to, message })
    };
    let nothing = Action::Nothing;
    let both = F::SOLICITED | F::OVERRIDE;
    let duplicate = Action::Duplicate { address: TENTATIVE, by: A };
    // Source, destination, target, SLLAO, frame's source; action; entry; counter
    for (source, destination, target, sllao, from, action, entry, counter) in [
        (PEER, group(OWN), OWN, A, A, advert(Some(OWN), PEER, Some(A), both, OWN), Some(A), "advertised"),
        (PEER, OWN, OWN, A, A, advert(Some(OWN), PEER, Some(A), both, OWN), Some(A), "advertised"),
        // Without SLLAO the answer goes where the frame came from.
        (PEER, OWN, OWN, NONE, B, advert(Some(OWN), PEER, Some(B), both, OWN), None, "advertised"),
        (PEER, group(OWN), OWN, A, B, advert(Some(OWN), PEER, Some(A), both, OWN), Some(A), "advertised"),
        (
            ANY,
            group(OWN),
            OWN,
            NONE,
            A,
            advert(Some(OWN), ALL_NODES, None, F::OVERRIDE, OWN),
            None,
            "advertised",
        ),
        (
            PEER,
            group(ANYCAST),
            ANYCAST,
            A,
            A,
            advert(None, PEER, Some(A), F::SOLICITED, ANYCAST),
            Some(A),
            "advertised",
        ),
        // Not ours, or not yet
        (PEER, group(PEER), PEER, A, A, nothing, None, "not_ours"),
        (PEER, group(FAR), FAR, A, A, nothing, None, "not_ours"),
        (PEER, group(ANY), ANY, A, A, nothing, None, "not_ours"),
        (PEER, group(TENTATIVE), TENTATIVE, A, A, nothing, None, "tentative"),
        // Duplicate address detection; our own probe comes back
        (ANY, group(TENTATIVE), TENTATIVE, NONE, A, duplicate, None, "duplicates"),
        (ANY, group(TENTATIVE), TENTATIVE, NONE, US, nothing, None, "own_echo"),
        (OWN, group(OWN), OWN, US, US, nothing, None, "own_echo"),
        (OWN, group(OWN), OWN, A, A, nothing, None, "own_source"),
        // Hardware addresses that nobody has
        (
            PEER,
            group(OWN),
            OWN,
            GROUP_HW,
            A,
            advert(Some(OWN), PEER, Some(A), both, OWN),
            None,
            "bad_link_layer_address",
        ),
        (
            PEER,
            group(OWN),
            OWN,
            US,
            A,
            advert(Some(OWN), PEER, Some(A), both, OWN),
            None,
            "bad_link_layer_address",
        ),
        // Off the link
        (FAR, group(OWN), OWN, A, A, advert(Some(OWN), FAR, Some(A), both, OWN), None, "source_not_on_link"),
    ] {
        let mut slots = [NeighbourSlot::FREE; 4];
        let mut neighbours = table(&mut slots);
        let mut statistics = Statistics::default();
        let outcome = on_message(
            NEIGHBOUR_SOLICITATION,
            0,
            &solicit(target, sllao),
            &context(source, destination, from),
            &mut neighbours,
            &mut statistics,
        );
        let row = (source, destination, target, sllao, from);
        assert_eq!((outcome.action, outcome.changes), (action, Changes::empty()), "{row:?}");
        let want: Vec<_> =
            entry.into_iter().map(|hw| (IpAddr::V6(source), hw, Reachability::Stale)).collect();
        assert_eq!(entries(&neighbours), want, "{row:?}");
        assert!(moved(&statistics).contains(&(counter, 1)), "{row:?} {:?}", moved(&statistics));
    }
}

#[test]
fn advertisements_are_taken_dropped_or_show_duplicates() {
    let conflict = Action::Conflict { address: OWN, by: A };
    let duplicate = Action::Duplicate { address: TENTATIVE, by: A };
    // Target, TLLAO, frame's source; action; resolved to; counter
    for (target, tllao, from, action, found, counter) in [
        (PEER, A, A, Action::Nothing, Some(A), "advertisements"),
        (PEER, A, B, Action::Nothing, Some(A), "advertisements"),
        (PEER, NONE, A, Action::Nothing, None, "advertisements"),
        (PEER, GROUP_HW, A, Action::Nothing, None, "bad_link_layer_address"),
        (PEER, US, A, Action::Nothing, None, "bad_link_layer_address"),
        (FAR, A, A, Action::Nothing, None, "not_asked"),
        (TENTATIVE, A, A, duplicate, None, "duplicates"),
        (TENTATIVE, US, US, Action::Nothing, None, "own_echo"),
        (OWN, A, A, conflict, None, "conflicts"),
        (OWN, US, US, Action::Nothing, None, "own_echo"),
        (ANYCAST, A, A, Action::Nothing, None, "not_asked"),
    ] {
        let mut slots = [NeighbourSlot::FREE; 4];
        let mut neighbours = table(&mut slots);
        let _ = neighbours.resolve(LINK, IpAddr::V6(PEER), Role::Host, 0, now());
        let mut statistics = Statistics::default();
        let outcome = on_message(
            NEIGHBOUR_ADVERTISEMENT,
            0,
            &body(0x60, target, 2, tllao),
            &context(PEER, OWN, from),
            &mut neighbours,
            &mut statistics,
        );
        assert_eq!(outcome.action, action, "{target} {tllao}");
        assert_eq!(outcome.changes.contains(Changes::MOVED), found.is_some(), "{target} {tllao}");
        let want = match found {
            Some(hardware) => (IpAddr::V6(PEER), hardware, Reachability::Reachable),
            None => (IpAddr::V6(PEER), NONE, Reachability::Incomplete),
        };
        assert_eq!(entries(&neighbours), [want], "{target} {tllao}");
        assert_eq!(moved(&statistics), [(counter, 1)], "{target} {tllao}");
    }
}

// conf: IP6-NDV-06, IP6-NDV-10
#[test]
fn what_a_host_must_drop_is_dropped_and_counted() {
    let sllao = [1, 1, 2, 0, 0, 0, 0, 0xa];
    let rs = [&[0; 4][..], &sllao].concat();
    let ra = [&[64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0][..], &sllao].concat();
    let ns = solicit(OWN, A);
    let na = body(0x60, PEER, 2, A);
    let redirect = [&[0; 4][..], &PEER.octets(), &FAR.octets()].concat();
    let messages = [
        (ROUTER_SOLICITATION, rs, "router_solicitations"),
        (ROUTER_ADVERTISEMENT, ra, "router_advertisements_ignored"),
        (NEIGHBOUR_SOLICITATION, ns, "advertised"),
        (NEIGHBOUR_ADVERTISEMENT, na, "not_asked"),
        (REDIRECT, redirect, "redirects_ignored"),
    ];
    for (kind, octets, as_it_is) in messages {
        let good = context(PEER, OWN, A);
        let mut fragmented = good;
        fragmented.flags = InFlags::FRAGMENTED;
        let mut forwarded = good;
        forwarded.envelope.hop_limit = 254;
        let mut zero_option = octets.clone();
        zero_option.extend([200, 0, 0, 0, 0, 0, 0, 0]);
        let mut past_the_end = octets.clone();
        past_the_end.extend([200, 2, 0, 0, 0, 0, 0, 0]);
        for (code, octets, context, counter) in [
            (0, &octets, &good, as_it_is),
            (0, &octets, &fragmented, "fragmented"),
            (0, &octets, &forwarded, "bad_hop_limit"),
            (1, &octets, &good, "malformed"),
            (0, &zero_option, &good, "malformed"),
            (0, &past_the_end, &good, "malformed"),
        ] {
            let mut slots = [NeighbourSlot::FREE; 4];
            let mut neighbours = table(&mut slots);
            let mut statistics = Statistics::default();
            let outcome = on_message(kind, code, octets, context, &mut neighbours, &mut statistics);
            assert_eq!(moved(&statistics), [(counter, 1)], "type {kind}");
            assert_eq!(outcome.changes, Changes::empty());
            if counter != "advertised" {
                assert_eq!(outcome.action, Action::Nothing, "type {kind} {counter}");
                assert_eq!(entries(&neighbours), []);
            }
        }
    }
    // Not for neighbour discovery, and a rule that needs the header.
    let mut slots = [NeighbourSlot::FREE; 4];
    let mut neighbours = table(&mut slots);
    let mut statistics = Statistics::default();
    let outcome = on_message(128, 0, &[0; 40], &context(PEER, OWN, A), &mut neighbours, &mut statistics);
    assert_eq!(outcome.action, Action::Nothing);
    let octets = body(0x60, PEER, 2, A);
    let to_all = context(PEER, ALL_NODES, A);
    let _ = on_message(NEIGHBOUR_ADVERTISEMENT, 0, &octets, &to_all, &mut neighbours, &mut statistics);
    assert_eq!(moved(&statistics), [("malformed", 1), ("invalid", 1)]);
}

#[test]
fn solicitations_go_to_the_group_with_our_address_or_to_the_neighbour() {
    let mut wanted =
        Solicitation { index: 0, interface: LINK, target: IpAddr::V6(PEER).into(), to: None, source: 0 };
    let multicast = solicitation(&wanted, OWN, US).unwrap();
    let message = SolicitationRepr { target: PEER, source_link_layer: US };
    let destination = "ff02::1:ff00:7".parse().unwrap();
    assert_eq!(multicast, SendSolicitation { source: OWN, destination, to: None, message });
    wanted.to = Some(A);
    let unicast = solicitation(&wanted, OWN, US).unwrap();
    assert_eq!(unicast, SendSolicitation { source: OWN, destination: PEER, to: Some(A), message });
    let message = SolicitationRepr { target: PEER, source_link_layer: NONE };
    assert_eq!(solicitation(&wanted, ANY, US).unwrap().message, message);
    wanted.target = IpAddr::V4(core::net::Ipv4Addr::LOCALHOST).into();
    assert_eq!(solicitation(&wanted, OWN, US), None);
    let probe = duplicate_probe(TENTATIVE);
    assert_eq!((probe.source, probe.destination), (ANY, solicited_node(TENTATIVE)));
    assert_eq!((probe.to, probe.message.source_link_layer, probe.message.target), (None, NONE, TENTATIVE));
    let unasked = unsolicited_advertisement(OWN, US);
    assert_eq!((unasked.source, unasked.destination, unasked.to), (Some(OWN), ALL_NODES, None));
    assert_eq!(unasked.message.flags, AdvertFlags::OVERRIDE);
    let new = address_advertisement(OWN, US);
    assert_eq!((new.source, new.destination, new.to), (Some(OWN), ALL_NODES, None));
    assert_eq!((new.message.flags, new.message.target_link_layer), (AdvertFlags::empty(), US));
    // Our own builders pass our own checks.
    let mut octets = [0; 40];
    for (message, source, destination) in
        [(multicast.message, OWN, multicast.destination), (probe.message, ANY, probe.destination)]
    {
        let len = message.buffer_len();
        message.emit(source, destination, &mut octets).unwrap();
        let parsed = Message::parse(octets[0], octets[1], &octets[4..len]).unwrap();
        assert_eq!(parsed.validate(&Envelope { source, destination, hop_limit: 255 }), Ok(()));
    }
}

#[test]
fn mutated_messages_never_enter_an_impossible_neighbour() {
    let mut random = Random::new([5; 32]);
    let mut slots = [NeighbourSlot::FREE; 6];
    let mut neighbours = table(&mut slots);
    let mut statistics = Statistics::default();
    let addresses = [OWN, ANYCAST, TENTATIVE, PEER, FAR, ANY, ALL_NODES, solicited_node(OWN)];
    let stations = [US, A, B, GROUP_HW, NONE, HardwareAddress::extended([1; 8])];
    for n in 0..100_000u64 {
        let mut pick = |len: usize| usize::try_from(random.below(u32::try_from(len).unwrap())).unwrap();
        let mut context = context(addresses[pick(8)], addresses[pick(8)], stations[pick(6)]);
        context.now = Instant::from_millis(1_000_000 + n * 11);
        context.envelope.hop_limit = if pick(20) == 0 { 64 } else { 255 };
        context.flags = if pick(20) == 0 { InFlags::FRAGMENTED } else { InFlags::empty() };
        context.hardware = if pick(10) == 0 { stations[5] } else { US };
        let kind = [133, 134, 135, 135, 135, 136, 136, 136, 137, 200][pick(10)];
        let first = [0, 0x20, 0x40, 0x60, 0x80, 0xe0][pick(6)];
        let option = [1, 2, 5, 200][pick(4)];
        let mut octets = body(first, addresses[pick(8)], option, stations[pick(6)]);
        octets.extend(&[0; 16][..pick(3) * 8]);
        for _ in 0..pick(3) {
            let at = pick(octets.len());
            octets[at] = pick(256).to_le_bytes()[0];
        }
        if pick(10) == 0 {
            octets.truncate(pick(40));
        }
        let code = u8::from(pick(30) == 0);
        let _ = neighbours.resolve(LINK, IpAddr::V6(PEER), Role::Host, 0, context.now);
        let outcome = on_message(kind, code, &octets, &context, &mut neighbours, &mut statistics);
        if let Action::Advertise(advert) = outcome.action {
            assert!(matches!(ownership(advert.message.target), Ownership::Own | Ownership::Anycast));
            assert_eq!(advert.message.flags.contains(AdvertFlags::SOLICITED), advert.to.is_some());
        }
        let at = context.now;
        while neighbours.next_due(at, InterfaceSet::ALL, &mut random).is_some() {}
        for neighbour in neighbours.iter(at) {
            let IpAddr::V6(address) = neighbour.address else { panic!() };
            assert_eq!(ownership(address), Ownership::OnLink);
            assert!(neighbour.hardware.is_none() || neighbour.hardware.is_unicast());
            assert_ne!(neighbour.hardware, US);
        }
    }
    let counters = statistics.counters();
    let silent: Vec<_> = counters.iter().filter(|(_, n)| *n == 0).collect();
    assert!(silent.is_empty() || silent.iter().all(|(name, _)| *name == "redirects_ignored"), "{silent:?}");
    assert_eq!(counters.len() * 4, core::mem::size_of::<Statistics>());
}
