extern crate alloc;
use super::*;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::net::{Ipv4Addr, Ipv6Addr};
use tersus_wire::ndisc::AdvertFlags;

const LINK: InterfaceId = InterfaceId(0);
const V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
const V6: IpAddr = IpAddr::V6(PEER6);
const PEER6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 7);
const A: HardwareAddress = HardwareAddress::ethernet([2, 0, 0, 0, 0, 0xa]);
const B: HardwareAddress = HardwareAddress::ethernet([2, 0, 0, 0, 0, 0xb]);

fn ms(millis: u64) -> Instant {
    Instant::from_millis(1_000_000 + millis)
}

fn random() -> Random {
    Random::new([7; 32])
}

fn host(n: u16) -> IpAddr {
    let [a, b] = n.to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(10, 1, a, b))
}

/// Reachable time of exactly 30 s, so that scripts can be exact.
fn fixed(neighbours: &mut Neighbours<'_>) {
    neighbours.reachable_time = 30_000_000;
    neighbours.redraw = Deadline::at(Instant::from_micros(u64::MAX));
}

/// What leaves at one moment: solicitations are sent at once.
fn turn(neighbours: &mut Neighbours<'_>, now: Instant) -> Vec<Due> {
    let mut all = Vec::new();
    while let Some(due) = neighbours.next_due(now, InterfaceSet::ALL, &mut random()) {
        if let Due::Solicit(solicitation) = &due {
            neighbours.sent(solicitation, now);
        }
        all.push(due);
    }
    all
}

fn state(neighbours: &Neighbours<'_>, address: IpAddr, now: Instant) -> Option<Reachability> {
    neighbours.iter(now).find(|neighbour| neighbour.address == address).map(|n| n.reachability)
}

fn answer(
    neighbours: &mut Neighbours<'_>,
    address: IpAddr,
    hardware: HardwareAddress,
    now: Instant,
) -> Changes {
    match address {
        IpAddr::V4(a) => neighbours.on_arp(LINK, a, hardware, ArpEvidence::RepliedToUs, now),
        IpAddr::V6(a) => neighbours.on_advertisement(LINK, a, Some(hardware), AdvertFlags::SOLICITED, now),
    }
}

/// A table in which `address` was resolved to A at `ms(0)`.
fn resolved<'a>(slots: &'a mut [NeighbourSlot], address: IpAddr) -> (Neighbours<'a>, u16) {
    let mut neighbours = Neighbours::new(slots, Config::DEFAULT, &mut random());
    fixed(&mut neighbours);
    assert_eq!(neighbours.resolve(LINK, address, Role::Host, 0, ms(0)), Ok(Lookup::Resolving));
    assert_eq!(turn(&mut neighbours, ms(0)).len(), 1);
    assert_eq!(answer(&mut neighbours, address, A, ms(0)), Changes::MOVED);
    let Lookup::Found { index, hardware: A } = neighbours.lookup(LINK, address, ms(0)) else { panic!() };
    (neighbours, index)
}

fn use_it(neighbours: &mut Neighbours<'_>, index: u16, now: Instant) -> Usable {
    match neighbours.mark_used(index, &A, now) {
        Usable::Stale => neighbours.use_stale(index, now),
        usable => usable,
    }
}

#[test]
fn a_slot_is_small_and_zero_when_free() {
    assert!(core::mem::size_of::<NeighbourSlot>() <= 48);
    assert_eq!(State::Free as u8, 0);
    assert!(NeighbourSlot::FREE.address.is_none() && NeighbourSlot::FREE.hardware.is_none());
}

// conf: ETH-ARP-13
#[test]
fn nobody_answers_three_solicitations_a_second_apart_then_a_verdict_that_is_forgotten() {
    for address in [V4, V6] {
        let mut slots = [NeighbourSlot::FREE; 4];
        let mut neighbours = Neighbours::new(&mut slots, Config::DEFAULT, &mut random());
        assert_eq!(neighbours.poll_at(), None);
        let started = neighbours.resolve(LINK, address, Role::Gateway, 5, ms(0));
        assert_eq!(started, Ok(Lookup::Resolving));
        let ask = Solicitation { index: 0, interface: LINK, target: address.into(), to: None, source: 5 };
        for second in [0, 1000, 2000] {
            assert_eq!(neighbours.poll_at(), Some(ms(second)), "{address}");
            assert_eq!(turn(&mut neighbours, ms(second)), vec![Due::Solicit(ask)]);
            assert_eq!(turn(&mut neighbours, ms(second + 999)), vec![]);
        }
        assert_eq!(neighbours.poll_at(), Some(ms(3000)));
        let failure = Failure {
            interface: LINK,
            address: address.into(),
            role: Role::Gateway,
            during: Reachability::Incomplete,
        };
        assert_eq!(turn(&mut neighbours, ms(3000)), vec![Due::Failed(failure)]);
        assert_eq!(neighbours.poll_at(), None);
        assert_eq!(neighbours.lookup(LINK, address, ms(5999)), Lookup::Failed);
        assert_eq!(neighbours.resolve(LINK, address, Role::Host, 0, ms(5999)), Ok(Lookup::Failed));
        assert_eq!(neighbours.lookup(LINK, address, ms(6000)), Lookup::Unknown);
        assert_eq!(neighbours.resolve(LINK, address, Role::Host, 0, ms(6000)), Ok(Lookup::Resolving));
        assert_eq!((neighbours.statistics.unresolved, neighbours.incomplete), (1, 1));
    }
}

// conf: ETH-ARP-11
#[test]
fn a_hundred_sends_in_a_second_ask_once() {
    for address in [V4, V6] {
        let mut slots = [NeighbourSlot::FREE; 4];
        let mut neighbours = Neighbours::new(&mut slots, Config::DEFAULT, &mut random());
        let mut asked = 0;
        for i in 0..100 {
            let now = ms(i * 10);
            assert_eq!(neighbours.resolve(LINK, address, Role::Host, 0, now), Ok(Lookup::Resolving));
            asked += turn(&mut neighbours, now).len();
        }
        assert_eq!(asked, 1, "{address}");
    }
}

#[test]
fn a_hundred_unresolved_neighbours_are_all_asked_in_one_turn() {
    let mut slots = [NeighbourSlot::FREE; 128];
    let mut neighbours = Neighbours::new(&mut slots, Config::DEFAULT, &mut random());
    for n in 0..100 {
        assert_eq!(neighbours.resolve(LINK, host(n), Role::Host, 0, ms(0)), Ok(Lookup::Resolving));
    }
    assert_eq!(turn(&mut neighbours, ms(0)).len(), 100);
    assert_eq!(neighbours.poll_at(), Some(ms(1000)));
    for n in 0..100 {
        assert_eq!(answer(&mut neighbours, host(n), A, ms(1)), Changes::MOVED);
    }
    assert_eq!(neighbours.poll_at(), None);
    assert_eq!(turn(&mut neighbours, ms(1000)), vec![]);
}

// conf: IP6-NDC-16
#[test]
fn stale_sent_to_is_delayed_then_probed_by_unicast_then_removed() {
    for address in [V4, V6] {
        let mut slots = [NeighbourSlot::FREE; 4];
        let (mut neighbours, index) = resolved(&mut slots, address);
        let neighbours = &mut neighbours;
        assert_eq!(use_it(neighbours, index, ms(29_999)), Usable::Yes);
        assert_eq!(state(neighbours, address, ms(29_999)), Some(Reachability::Reachable));
        assert_eq!(state(neighbours, address, ms(30_000)), Some(Reachability::Stale));
        assert_eq!(neighbours.poll_at(), None);
        assert_eq!(use_it(neighbours, index, ms(40_000)), Usable::Yes);
        assert_eq!(state(neighbours, address, ms(40_000)), Some(Reachability::Delay));
        assert_eq!(turn(neighbours, ms(44_999)), vec![]);
        let ask = Solicitation { index, interface: LINK, target: address.into(), to: Some(A), source: 0 };
        for second in [45_000, 46_000, 47_000] {
            assert_eq!(neighbours.poll_at(), Some(ms(second)));
            assert_eq!(turn(neighbours, ms(second)), vec![Due::Solicit(ask)]);
            assert_eq!(state(neighbours, address, ms(second)), Some(Reachability::Probe));
            assert_eq!(use_it(neighbours, index, ms(second)), Usable::Yes);
        }
        let failure = Failure {
            interface: LINK,
            address: address.into(),
            role: Role::Host,
            during: Reachability::Probe,
        };
        assert_eq!(turn(neighbours, ms(48_000)), vec![Due::Failed(failure)]);
        assert_eq!(neighbours.lookup(LINK, address, ms(48_000)), Lookup::Unknown);
        assert_eq!(use_it(neighbours, index, ms(48_000)), Usable::No);
        assert_eq!(neighbours.poll_at(), None);
    }
}

// conf: IP6-NDC-17
#[test]
fn a_busy_connection_is_never_interrupted_by_probes() {
    for address in [V4, V6] {
        let mut slots = [NeighbourSlot::FREE; 4];
        let (mut neighbours, index) = resolved(&mut slots, address);
        for second in 0..600 {
            let now = Instant::from_secs(1_000 + second);
            assert_eq!(use_it(&mut neighbours, index, now), Usable::Yes);
            neighbours.confirm(index, &A, now);
            assert_eq!(turn(&mut neighbours, now), vec![]);
            assert_eq!(neighbours.poll_at(), None);
        }
        // An answer in Delay stops the timer.
        assert_eq!(use_it(&mut neighbours, index, ms(640_000)), Usable::Yes);
        assert_eq!(neighbours.poll_at(), Some(ms(645_000)));
        neighbours.confirm(index, &A, ms(641_000));
        assert_eq!(neighbours.poll_at(), None);
        assert_eq!(state(&neighbours, address, ms(641_000)), Some(Reachability::Reachable));
        // Another's hardware address confirms nothing.
        neighbours.confirm(index, &B, ms(680_000));
        assert_eq!(state(&neighbours, address, ms(680_000)), Some(Reachability::Stale));
    }
}

#[test]
fn a_suspect_is_asked_at_once_but_not_twice_a_second() {
    let mut slots = [NeighbourSlot::FREE; 4];
    let (mut neighbours, index) = resolved(&mut slots, V6);
    neighbours.suspect(index, &A, ms(999));
    assert_eq!(turn(&mut neighbours, ms(999)), vec![]);
    neighbours.suspect(index, &A, ms(1_000));
    let ask = Solicitation { index, interface: LINK, target: V6.into(), to: Some(A), source: 0 };
    assert_eq!(turn(&mut neighbours, ms(1_000)), vec![Due::Solicit(ask)]);
    neighbours.suspect(index, &A, ms(1_500));
    assert_eq!(turn(&mut neighbours, ms(1_500)), vec![]);
    assert_eq!(answer(&mut neighbours, V6, A, ms(1_600)), Changes::empty());
    neighbours.suspect(index, &A, ms(1_700));
    assert_eq!(turn(&mut neighbours, ms(1_700)), vec![]);
    assert_eq!(neighbours.poll_at(), None);
}

// conf: ETH-ARP-10
#[test]
fn an_idle_arp_entry_expires_a_minute_after_its_last_confirmation() {
    let mut slots = [NeighbourSlot::FREE; 4];
    let (mut neighbours, index) = resolved(&mut slots, V4);
    assert_eq!(neighbours.lookup(LINK, V4, ms(59_999)), Lookup::Found { index, hardware: A });
    assert_eq!(neighbours.lookup(LINK, V4, ms(60_000)), Lookup::Unknown);
    assert_eq!(use_it(&mut neighbours, index, ms(60_000)), Usable::No);
    assert_eq!(neighbours.resolve(LINK, V4, Role::Host, 0, ms(60_000)), Ok(Lookup::Resolving));
    let ask = Solicitation { index, interface: LINK, target: V4.into(), to: None, source: 0 };
    assert_eq!(turn(&mut neighbours, ms(60_000)), vec![Due::Solicit(ask)]);
    // With another lifetime, at another time.
    let config = Config { arp_lifetime: Duration::from_secs(90), ..Config::DEFAULT };
    let mut slots = [NeighbourSlot::FREE; 4];
    let mut neighbours = Neighbours::new(&mut slots, config, &mut random());
    let _ = neighbours.resolve(LINK, V4, Role::Host, 0, ms(0));
    assert_eq!(answer(&mut neighbours, V4, A, ms(0)), Changes::MOVED);
    assert_ne!(neighbours.lookup(LINK, V4, ms(89_999)), Lookup::Unknown);
    assert_eq!(neighbours.lookup(LINK, V4, ms(90_000)), Lookup::Unknown);
}

#[test]
fn an_arp_entry_in_use_is_confirmed_by_unicast_before_its_minute_is_over() {
    // First use after the confirmation, in ms; first unicast request.
    for (used, asked) in [(30_000, 35_000), (51_000, 56_000), (52_001, 52_001), (59_999, 59_999)] {
        let mut slots = [NeighbourSlot::FREE; 4];
        let (mut neighbours, index) = resolved(&mut slots, V4);
        assert_eq!(use_it(&mut neighbours, index, ms(used)), Usable::Yes);
        assert_eq!(neighbours.poll_at(), Some(ms(asked)), "used at {used}");
        let ask = Solicitation { index, interface: LINK, target: V4.into(), to: Some(A), source: 0 };
        assert_eq!(turn(&mut neighbours, ms(asked)), vec![Due::Solicit(ask)]);
        assert_eq!(answer(&mut neighbours, V4, A, ms(asked + 1)), Changes::empty());
        assert_eq!(state(&neighbours, V4, ms(asked + 1)), Some(Reachability::Reachable));
        assert_eq!(neighbours.poll_at(), None);
    }
}

// conf: IP6-NDC-18
#[test]
fn the_reachable_time_is_random_within_bounds_and_drawn_again_every_few_hours() {
    let mut slots = [NeighbourSlot::FREE; 1];
    let mut random = Random::new([9; 32]);
    let mut neighbours = Neighbours::new(&mut slots, Config::DEFAULT, &mut random);
    let (mut min, mut max, mut changes, mut last) = (Duration::MAX, Duration::ZERO, 0, Duration::ZERO);
    for hour in 0..1_000 {
        let now = Instant::from_secs(3_600 * hour);
        assert_eq!(neighbours.next_due(now, InterfaceSet::ALL, &mut random), None);
        let drawn = neighbours.reachable_time();
        (min, max) = (min.min(drawn), max.max(drawn));
        changes += u32::from(drawn != last);
        last = drawn;
    }
    assert!(min >= Duration::from_secs(15) && min < Duration::from_secs(16), "{min:?}");
    assert!(max <= Duration::from_secs(45) && max > Duration::from_secs(44), "{max:?}");
    assert!((490..=500).contains(&changes), "{changes}");
    neighbours.set_base_reachable_time(Duration::from_secs(3), &mut random);
    assert!((1_500..=4_500).contains(&neighbours.reachable_time().as_millis()));
}

// conf: IP6-NDC-22
#[test]
fn a_scan_of_a_prefix_takes_no_known_neighbours_place() {
    let mut slots = [NeighbourSlot::FREE; 16];
    let (mut neighbours, index) = resolved(&mut slots, V6);
    assert_eq!(use_it(&mut neighbours, index, ms(0)), Usable::Yes);
    let mut refused = 0;
    for n in 0..10_000u16 {
        let now = ms(u64::from(n));
        let target = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 1, n));
        refused += u32::from(neighbours.resolve(LINK, target, Role::Host, 0, now).is_err());
        assert!(neighbours.incomplete <= 14);
        assert!(neighbours.iter(now).filter(|n| n.reachability == Reachability::Incomplete).count() <= 14);
        turn(&mut neighbours, now);
        assert_eq!(neighbours.lookup(LINK, V6, now), Lookup::Found { index, hardware: A });
    }
    assert!(refused > 9_000, "{refused}");
    assert_eq!(neighbours.statistics.refused_busy + neighbours.statistics.refused_full, refused);
    // And when it is over, there is room again.
    for second in 10..14 {
        turn(&mut neighbours, ms(second * 1_000));
    }
    assert_eq!(neighbours.resolve(LINK, host(1), Role::Host, 0, ms(14_000)), Ok(Lookup::Resolving));
}

#[test]
fn strangers_take_free_slots_and_each_others_only() {
    let mut slots = [NeighbourSlot::FREE; 8];
    let (mut neighbours, index) = resolved(&mut slots, V4);
    let gateway = host(60_000);
    let _ = neighbours.resolve(LINK, gateway, Role::Gateway, 0, ms(0));
    let _ = answer(&mut neighbours, gateway, B, ms(0));
    for n in 0..10_000 {
        let IpAddr::V4(stranger) = host(n) else { panic!() };
        let changes = neighbours.on_arp(LINK, stranger, B, ArpEvidence::AskedUs, ms(55_000));
        assert_eq!(changes, Changes::empty());
        assert_eq!(neighbours.lookup(LINK, V4, ms(55_000)), Lookup::Found { index, hardware: A });
        assert!(matches!(neighbours.lookup(LINK, gateway, ms(55_000)), Lookup::Found { hardware: B, .. }));
    }
    assert_eq!(neighbours.statistics.learned, 10_000);
    assert_eq!(neighbours.statistics.evicted, 10_000 - 6);
    assert_eq!(neighbours.poll_at(), None);
    // Where all were sent to, however long ago, there is no room for a stranger.
    let mut slots = [NeighbourSlot::FREE; 1];
    let (mut neighbours, index) = resolved(&mut slots, V6);
    let IpAddr::V4(stranger) = host(1) else { panic!() };
    let _ = neighbours.on_arp(LINK, stranger, B, ArpEvidence::AskedUs, ms(100_000_000));
    assert_eq!(neighbours.lookup(LINK, V6, ms(100_000_000)), Lookup::Found { index, hardware: A });
    assert_eq!((neighbours.statistics.learned, neighbours.statistics.not_learned), (0, 1));
}

#[test]
fn a_new_neighbour_displaces_the_one_unused_for_longest_and_never_one_in_use() {
    let mut slots = [NeighbourSlot::FREE; 3];
    let mut neighbours = Neighbours::new(&mut slots, Config::DEFAULT, &mut random());
    // Confirmed all the time, used at different times; the third is a gateway.
    let mut indices = [0; 3];
    for (n, role) in [(0, Role::Host), (1, Role::Host), (2, Role::Gateway)] {
        let _ = neighbours.resolve(LINK, host(n), role, 0, ms(0));
        let _ = answer(&mut neighbours, host(n), A, ms(0));
        let Lookup::Found { index, .. } = neighbours.lookup(LINK, host(n), ms(0)) else { panic!() };
        indices[usize::from(n)] = index;
    }
    assert_eq!(use_it(&mut neighbours, indices[1], ms(10_000)), Usable::Yes);
    assert_eq!(use_it(&mut neighbours, indices[0], ms(20_000)), Usable::Yes);
    for index in indices {
        neighbours.confirm(index, &A, ms(29_000));
    }
    assert_eq!(neighbours.resolve(LINK, host(9), Role::Host, 0, ms(29_000)), Err(ResolveError::Full));
    assert_eq!(neighbours.resolve(LINK, host(9), Role::Host, 0, ms(55_000)), Ok(Lookup::Resolving));
    assert_eq!(neighbours.lookup(LINK, host(1), ms(55_000)), Lookup::Unknown);
    assert_eq!(use_it(&mut neighbours, indices[1], ms(55_000)), Usable::No);
    assert!(matches!(neighbours.lookup(LINK, host(0), ms(55_000)), Lookup::Found { .. }));
    // The rest: one in use, one being resolved, one gateway.
    assert_eq!(use_it(&mut neighbours, indices[0], ms(55_000)), Usable::Yes);
    assert_eq!(neighbours.resolve(LINK, host(8), Role::Host, 0, ms(56_000)), Err(ResolveError::Full));
    assert_eq!(neighbours.statistics.evicted, 1);
}

#[test]
fn a_kept_hardware_address_is_refused_once_the_slot_holds_another() {
    let mut slots = [NeighbourSlot::FREE; 1];
    let (mut neighbours, index) = resolved(&mut slots, V4);
    assert_eq!(neighbours.remove(LINK, V4), Changes::MOVED);
    assert_eq!(use_it(&mut neighbours, index, ms(1)), Usable::No);
    let _ = neighbours.resolve(LINK, V6, Role::Host, 0, ms(1));
    assert_eq!(use_it(&mut neighbours, index, ms(1)), Usable::No);
    assert_eq!(neighbours.mark_used(index, &HardwareAddress::NONE, ms(1)), Usable::No);
    let _ = answer(&mut neighbours, V6, B, ms(1));
    assert_eq!(use_it(&mut neighbours, index, ms(1)), Usable::No);
    assert_eq!(neighbours.mark_used(index, &B, ms(1)), Usable::Yes);
    assert_eq!(neighbours.mark_used(77, &B, ms(1)), Usable::No);
}

#[test]
fn a_full_link_loses_no_try_and_is_not_in_poll_at() {
    let other = InterfaceId(1);
    let mut slots = [NeighbourSlot::FREE; 8];
    let mut neighbours = Neighbours::new(&mut slots, Config::DEFAULT, &mut random());
    let _ = neighbours.resolve(LINK, host(1), Role::Host, 0, ms(0));
    let _ = neighbours.resolve(LINK, host(2), Role::Host, 0, ms(0));
    let _ = neighbours.resolve(other, host(3), Role::Host, 0, ms(0));
    // The first leaves; for the second the transmitter is full; the other link has room.
    let first = neighbours.next_due(ms(0), InterfaceSet::ALL, &mut random());
    let Some(Due::Solicit(first)) = first else { panic!() };
    neighbours.sent(&first, ms(0));
    let second = neighbours.next_due(ms(0), InterfaceSet::ALL, &mut random());
    assert!(matches!(second, Some(Due::Solicit(s)) if s.target == host(2).into()));
    assert_eq!(neighbours.poll_at(), Some(ms(0)), "the pass is not over");
    let third = neighbours.next_due(ms(0), InterfaceSet::only(other), &mut random());
    let Some(Due::Solicit(third)) = third else { panic!() };
    assert_eq!(third.target, host(3).into());
    neighbours.sent(&third, ms(0));
    assert_eq!(neighbours.next_due(ms(0), InterfaceSet::only(other), &mut random()), None);
    // What was refused after the pass had gone by waits for room as well.
    assert_eq!(neighbours.poll_at(), Some(ms(1000)));
    assert_eq!(neighbours.next_due(ms(500), InterfaceSet::only(other), &mut random()), None);
    assert_eq!(neighbours.poll_at(), Some(ms(1000)));
    // Room: it leaves at once, with all of its tries.
    let late: Vec<_> = turn(&mut neighbours, ms(700));
    assert!(matches!(late[..], [Due::Solicit(s)] if s.target == host(2).into()));
    for at in [1700, 2700] {
        let all = turn(&mut neighbours, ms(at));
        assert!(all.iter().any(|due| matches!(due, Due::Solicit(s) if s.target == host(2).into())), "{at}");
    }
    let all = turn(&mut neighbours, ms(3700));
    assert!(all.iter().any(|due| matches!(due, Due::Failed(f) if f.address == host(2).into())));
}

// conf: IP6-NDC-07, IP6-NDC-10, IP6-NDC-11, IP6-NDC-12, IP6-NDC-13, IP6-NDC-15
#[test]
fn advertisements_and_solicitations_follow_the_table_of_appendix_c() {
    use Reachability::{Delay, Incomplete, Probe, Reachable, Stale};
    const R: AdvertFlags = AdvertFlags::ROUTER;
    const S: AdvertFlags = AdvertFlags::SOLICITED;
    const O: AdvertFlags = AdvertFlags::OVERRIDE;
    const NO: AdvertFlags = AdvertFlags::empty();
    const MOVED: Changes = Changes::MOVED;
    const SAME: Changes = Changes::empty();
    // State before (address A but for Incomplete), message, state and address after, changes.
    // `None` flags: a solicitation.
    let table = [
        // §7.2.3
        (None, None, Some(B), Some((Stale, B)), SAME),
        (Some(Incomplete), None, Some(B), Some((Stale, B)), MOVED),
        (Some(Reachable), None, Some(A), Some((Reachable, A)), SAME),
        (Some(Reachable), None, Some(B), Some((Stale, B)), MOVED),
        (Some(Stale), None, Some(A), Some((Stale, A)), SAME),
        (Some(Stale), None, Some(B), Some((Stale, B)), MOVED),
        (Some(Delay), None, Some(B), Some((Stale, B)), MOVED),
        (Some(Probe), None, Some(A), Some((Probe, A)), SAME),
        // §7.2.5, no entry
        (None, Some(S | O), Some(B), None, SAME),
        // Incomplete
        (Some(Incomplete), Some(S | O), None, Some((Incomplete, HardwareAddress::NONE)), SAME),
        (Some(Incomplete), Some(S), Some(B), Some((Reachable, B)), MOVED),
        (Some(Incomplete), Some(S | O), Some(B), Some((Reachable, B)), MOVED),
        (Some(Incomplete), Some(NO), Some(B), Some((Stale, B)), MOVED),
        (Some(Incomplete), Some(O), Some(B), Some((Stale, B)), MOVED),
        // I: O clear, another address
        (Some(Reachable), Some(NO), Some(B), Some((Stale, A)), SAME),
        (Some(Reachable), Some(S), Some(B), Some((Stale, A)), SAME),
        (Some(Stale), Some(S), Some(B), Some((Stale, A)), SAME),
        (Some(Delay), Some(S), Some(B), Some((Delay, A)), SAME),
        (Some(Probe), Some(S), Some(B), Some((Probe, A)), SAME),
        // II: solicited
        (Some(Stale), Some(S), Some(A), Some((Reachable, A)), SAME),
        (Some(Delay), Some(S), None, Some((Reachable, A)), SAME),
        (Some(Probe), Some(S), None, Some((Reachable, A)), SAME),
        (Some(Probe), Some(S | O), Some(B), Some((Reachable, B)), MOVED),
        (Some(Reachable), Some(S | O), Some(B), Some((Reachable, B)), MOVED),
        // II: unsolicited
        (Some(Reachable), Some(O), Some(B), Some((Stale, B)), MOVED),
        (Some(Probe), Some(O), Some(B), Some((Stale, B)), MOVED),
        (Some(Reachable), Some(O), Some(A), Some((Reachable, A)), SAME),
        (Some(Stale), Some(O), Some(A), Some((Stale, A)), SAME),
        (Some(Stale), Some(NO), None, Some((Stale, A)), SAME),
        (Some(Probe), Some(O | R), None, Some((Probe, A)), SAME),
        (Some(Delay), Some(NO), Some(A), Some((Delay, A)), SAME),
    ];
    for (row, (before, flags, hardware, after, changes)) in table.into_iter().enumerate() {
        let mut slots = [NeighbourSlot::FREE; 4];
        let mut neighbours = match before {
            None => Neighbours::new(&mut slots, Config::DEFAULT, &mut random()),
            Some(Incomplete) => {
                let mut neighbours = Neighbours::new(&mut slots, Config::DEFAULT, &mut random());
                assert_eq!(neighbours.resolve(LINK, V6, Role::Host, 0, ms(0)), Ok(Lookup::Resolving));
                neighbours
            }
            Some(state) => {
                let (mut neighbours, index) = resolved(&mut slots, V6);
                let state = match state {
                    Reachable => State::Reachable,
                    Stale => State::Stale,
                    Delay => State::Delay,
                    _ => State::Probe,
                };
                neighbours.enter(index, state, ms(0));
                neighbours
            }
        };
        let got = match (flags, hardware) {
            (None, Some(hardware)) => neighbours.on_solicitation(LINK, PEER6, hardware, ms(1)),
            (Some(flags), hardware) => neighbours.on_advertisement(LINK, PEER6, hardware, flags, ms(1)),
            (None, None) => panic!(),
        };
        assert_eq!(got, changes, "row {row}");
        let now = neighbours.iter(ms(1)).next().map(|n| (n.reachability, n.hardware));
        assert_eq!(now, after, "row {row}");
        let timers = matches!(after, Some((Incomplete | Delay | Probe, _)));
        assert_eq!(neighbours.poll_at().is_some(), timers, "row {row}");
    }
}

// conf: IP6-NDC-13
#[test]
fn a_router_that_becomes_a_host_is_reported_once() {
    let mut slots = [NeighbourSlot::FREE; 4];
    let (mut neighbours, _) = resolved(&mut slots, V6);
    let (r, none) = (AdvertFlags::ROUTER, AdvertFlags::empty());
    assert_eq!(neighbours.on_advertisement(LINK, PEER6, None, r, ms(1)), Changes::empty());
    assert_eq!(neighbours.router_flag(LINK, PEER6), RouterFlag::Router);
    // A solicitation says nothing of it; an advertisement that may not override is ignored as a whole.
    let _ = neighbours.on_solicitation(LINK, PEER6, A, ms(2));
    let _ = neighbours.on_advertisement(LINK, PEER6, Some(B), none, ms(2));
    assert_eq!(neighbours.router_flag(LINK, PEER6), RouterFlag::Router);
    assert!(neighbours.iter(ms(2)).any(|n| n.to_string().ends_with(" on interface 0 stale router")));
    assert_eq!(neighbours.on_advertisement(LINK, PEER6, None, none, ms(3)), Changes::ROUTER_LOST);
    assert_eq!(neighbours.on_advertisement(LINK, PEER6, None, none, ms(4)), Changes::empty());
    assert_eq!(neighbours.router_flag(LINK, PEER6), RouterFlag::Host);
}

// conf: ETH-ARP-14
#[test]
fn arp_packets_change_entries_by_what_they_are() {
    use ArpEvidence::{AskedUs, Overheard, RepliedToUs};
    use Reachability::{Delay, Incomplete, Probe, Reachable, Stale};
    const MOVED: Changes = Changes::MOVED;
    const SAME: Changes = Changes::empty();
    let table = [
        (None, AskedUs, B, Some((Stale, B)), SAME),
        (None, RepliedToUs, B, None, SAME),
        (None, Overheard, B, None, SAME),
        (Some(Incomplete), RepliedToUs, B, Some((Reachable, B)), MOVED),
        (Some(Incomplete), AskedUs, B, Some((Stale, B)), MOVED),
        (Some(Incomplete), Overheard, B, Some((Stale, B)), MOVED),
        (Some(Reachable), RepliedToUs, A, Some((Reachable, A)), SAME),
        (Some(Reachable), RepliedToUs, B, Some((Stale, B)), MOVED),
        (Some(Reachable), Overheard, B, Some((Stale, B)), MOVED),
        (Some(Stale), Overheard, A, Some((Stale, A)), SAME),
        (Some(Stale), AskedUs, B, Some((Stale, B)), MOVED),
        (Some(Delay), AskedUs, A, Some((Delay, A)), SAME),
        (Some(Delay), RepliedToUs, A, Some((Reachable, A)), SAME),
        (Some(Probe), RepliedToUs, B, Some((Reachable, B)), MOVED),
        (Some(Probe), Overheard, B, Some((Stale, B)), MOVED),
    ];
    let IpAddr::V4(peer) = V4 else { panic!() };
    for (row, (before, evidence, hardware, after, changes)) in table.into_iter().enumerate() {
        let mut slots = [NeighbourSlot::FREE; 4];
        let (mut neighbours, index) = resolved(&mut slots, V4);
        match before {
            None => assert_eq!(neighbours.remove(LINK, V4), MOVED),
            Some(state) => {
                let state = match state {
                    Incomplete => State::Incomplete,
                    Reachable => State::Reachable,
                    Stale => State::Stale,
                    Delay => State::Delay,
                    _ => State::Probe,
                };
                neighbours.enter(index, state, ms(0));
            }
        }
        assert_eq!(neighbours.on_arp(LINK, peer, hardware, evidence, ms(1)), changes, "row {row}");
        let now = neighbours.iter(ms(1)).next().map(|n| (n.reachability, n.hardware));
        assert_eq!(now, after, "row {row}");
    }
}

#[test]
fn what_nobody_sends_to_moves_nothing_when_it_changes() {
    let mut slots = [NeighbourSlot::FREE; 4];
    let mut neighbours = Neighbours::new(&mut slots, Config::DEFAULT, &mut random());
    for hardware in [A, B, A] {
        assert_eq!(neighbours.on_solicitation(LINK, PEER6, hardware, ms(0)), Changes::empty());
        assert_eq!(state(&neighbours, V6, ms(0)), Some(Reachability::Stale));
    }
    assert_eq!(neighbours.remove(LINK, V6), Changes::empty());
    assert_eq!(neighbours.remove(LINK, V6), Changes::empty());
}

#[test]
fn a_permanent_entry_is_changed_by_the_user_only() {
    let mut slots = [NeighbourSlot::FREE; 1];
    let mut neighbours = Neighbours::new(&mut slots, Config::DEFAULT, &mut random());
    for address in [V4, V6] {
        assert_eq!(neighbours.set_permanent(LINK, address, A, ms(0)), Ok(Changes::MOVED));
        let Lookup::Found { index, .. } = neighbours.lookup(LINK, address, ms(0)) else { panic!() };
        let year = Instant::from_secs(365 * 86_400);
        let IpAddr::V4(peer) = V4 else { panic!() };
        assert_eq!(neighbours.on_arp(LINK, peer, B, ArpEvidence::RepliedToUs, year), Changes::empty());
        let flags = AdvertFlags::OVERRIDE;
        assert_eq!(neighbours.on_advertisement(LINK, PEER6, Some(B), flags, year), Changes::empty());
        assert_eq!(neighbours.on_solicitation(LINK, PEER6, B, year), Changes::empty());
        neighbours.suspect(index, &A, year);
        assert_eq!(use_it(&mut neighbours, index, year), Usable::Yes);
        assert_eq!(turn(&mut neighbours, year), vec![]);
        assert_eq!(neighbours.flush(LINK), Changes::empty());
        assert_eq!(neighbours.resolve(LINK, host(1), Role::Host, 0, year), Err(ResolveError::Full));
        assert_eq!(neighbours.lookup(LINK, address, year), Lookup::Found { index, hardware: A });
        // It may be set again, also over what was learned.
        assert_eq!(neighbours.set_permanent(LINK, address, B, year), Ok(Changes::MOVED));
        assert_eq!(neighbours.lookup(LINK, address, year), Lookup::Found { index, hardware: B });
        assert_eq!(neighbours.remove(LINK, address), Changes::MOVED);
        assert_eq!(neighbours.lookup(LINK, address, year), Lookup::Unknown);
    }
}

#[test]
fn a_link_that_goes_down_takes_its_neighbours_with_it() {
    let mut slots = [NeighbourSlot::FREE; 8];
    let (mut neighbours, _) = resolved(&mut slots, V4);
    let other = InterfaceId(1);
    let _ = neighbours.resolve(other, V4, Role::Host, 0, ms(0));
    let _ = neighbours.resolve(LINK, V6, Role::Host, 0, ms(0));
    let _ = neighbours.next_due(ms(0), InterfaceSet::NONE, &mut random());
    assert_eq!(neighbours.poll_at(), None);
    assert_eq!(neighbours.flush(LINK), Changes::MOVED);
    assert_eq!(neighbours.lookup(LINK, V4, ms(0)), Lookup::Unknown);
    assert_eq!(neighbours.lookup(LINK, V6, ms(0)), Lookup::Unknown);
    assert_eq!(neighbours.lookup(other, V4, ms(0)), Lookup::Resolving);
    assert_eq!((neighbours.incomplete, turn(&mut neighbours, ms(0)).len()), (1, 1));
}

#[test]
fn a_table_of_length_zero_refuses_and_one_of_length_one_works() {
    let mut neighbours = Neighbours::new(&mut [], Config::DEFAULT, &mut random());
    assert_eq!(neighbours.resolve(LINK, V6, Role::Host, 0, ms(0)), Err(ResolveError::Full));
    assert_eq!(neighbours.set_permanent(LINK, V6, A, ms(0)), Err(ResolveError::Full));
    assert_eq!(neighbours.on_solicitation(LINK, PEER6, A, ms(0)), Changes::empty());
    assert_eq!(neighbours.lookup(LINK, V6, ms(0)), Lookup::Unknown);
    assert_eq!(neighbours.mark_used(0, &A, ms(0)), Usable::No);
    assert_eq!(turn(&mut neighbours, ms(0)), vec![]);
    assert_eq!((neighbours.poll_at(), neighbours.statistics.not_learned), (None, 1));
    let mut slots = [NeighbourSlot::FREE; 1];
    let (mut neighbours, _) = resolved(&mut slots, V6);
    assert_eq!(neighbours.resolve(LINK, V4, Role::Host, 0, ms(1)), Err(ResolveError::Full));
    assert_eq!(neighbours.resolve(LINK, V4, Role::Host, 0, ms(40_000)), Ok(Lookup::Resolving));
    assert_eq!(neighbours.resolve(LINK, V6, Role::Host, 0, ms(40_000)), Err(ResolveError::Busy));
}

#[test]
fn a_clock_that_steps_back_or_leaps_breaks_nothing() {
    let year = Duration::from_secs(365 * 86_400);
    let late = ms(0) + year;
    for address in [V4, V6] {
        let mut slots = [NeighbourSlot::FREE; 4];
        let mut neighbours = Neighbours::new(&mut slots, Config::DEFAULT, &mut random());
        let _ = neighbours.resolve(LINK, address, Role::Host, 0, late);
        assert_eq!(turn(&mut neighbours, late).len(), 1);
        // Back by a year: the next try does not wait a year.
        assert_eq!(turn(&mut neighbours, ms(0)).len(), 1);
        assert_eq!(neighbours.poll_at(), Some(ms(1000)));
        assert_eq!(turn(&mut neighbours, ms(1000)).len(), 1);
        // A verdict does not stay for a year.
        let gone = ms(2000) + year;
        assert!(matches!(turn(&mut neighbours, gone)[..], [Due::Failed(_)]));
        assert_eq!(turn(&mut neighbours, ms(3000)).len(), 0);
        assert_eq!(neighbours.lookup(LINK, address, ms(3000)), Lookup::Unknown);
        // An entry does not stay reachable for a year.
        let _ = neighbours.resolve(LINK, address, Role::Host, 0, gone);
        let _ = answer(&mut neighbours, address, A, gone);
        assert_eq!(turn(&mut neighbours, gone), vec![]);
        assert_eq!(turn(&mut neighbours, ms(3000)), vec![]);
        assert_eq!(state(&neighbours, address, ms(3000)), Some(Reachability::Stale));
        assert_eq!(use_it(&mut neighbours, 0, ms(3000)), Usable::Yes);
        assert_eq!(turn(&mut neighbours, ms(8000)).len(), 1);
    }
}

/// What must hold whatever happened.
fn check(neighbours: &Neighbours<'_>, now: Instant) {
    let taken: Vec<_> =
        neighbours.slots.iter().enumerate().filter(|(_, slot)| slot.state != State::Free).collect();
    for (index, slot) in &taken {
        let found = neighbours.find(slot.interface, &slot.address);
        assert_eq!(found, u16::try_from(*index).ok(), "each entry is found, once");
    }
    let incomplete = taken.iter().filter(|(_, slot)| slot.state == State::Incomplete).count();
    assert_eq!(usize::from(neighbours.incomplete), incomplete);
    let timed = taken.iter().filter(|(_, slot)| slot.is_timed());
    assert_eq!(usize::from(neighbours.incomplete + neighbours.doubted), timed.clone().count());
    let earliest = timed.filter_map(|(_, slot)| slot.time.instant()).min();
    if neighbours.cursor == 0 && neighbours.full.is_empty() && now >= neighbours.last {
        assert_eq!(neighbours.poll_at(), earliest);
    }
}

#[test]
fn whatever_is_called_in_whatever_order_the_table_stays_whole() {
    for (seed, len) in [(1u8, 0), (2, 1), (3, 2), (4, 7), (5, 16), (6, 40), (7, 100)] {
        let mut dice = Random::new([seed; 32]);
        let mut slots = vec![NeighbourSlot::FREE; len];
        let mut neighbours = Neighbours::new(&mut slots, Config::DEFAULT, &mut dice);
        let mut now = ms(0);
        for step in 0..40_000 {
            let n = dice.below(60);
            let octet = u8::try_from(n).unwrap();
            let v4 = Ipv4Addr::new(192, 0, 2, octet);
            let v6 = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, u16::from(octet));
            let address = if dice.below(2) == 0 { IpAddr::V4(v4) } else { IpAddr::V6(v6) };
            let interface = InterfaceId(u8::try_from(dice.below(3)).unwrap());
            let hardware = if dice.below(4) == 0 { B } else { A };
            let index = u16::try_from(dice.below(u32::try_from(len).unwrap() + 2)).unwrap();
            match dice.below(14) {
                0..=2 => {
                    let role = if n == 0 { Role::Gateway } else { Role::Host };
                    let _ = neighbours.resolve(interface, address, role, octet, now);
                }
                3 => {
                    let evidence = match dice.below(3) {
                        0 => ArpEvidence::AskedUs,
                        1 => ArpEvidence::RepliedToUs,
                        _ => ArpEvidence::Overheard,
                    };
                    let _ = neighbours.on_arp(interface, v4, hardware, evidence, now);
                }
                4 => {
                    let _ = neighbours.on_solicitation(interface, v6, hardware, now);
                }
                5 | 6 => {
                    let flags = AdvertFlags::from_bits_truncate(dice.next_u64().to_le_bytes()[0]);
                    let given = (dice.below(4) > 0).then_some(hardware);
                    let _ = neighbours.on_advertisement(interface, v6, given, flags, now);
                }
                7 | 8 => {
                    let used = neighbours.mark_used(index, &hardware, now);
                    let known = neighbours.slots.get(usize::from(index));
                    let known = known.is_some_and(|slot| slot.hardware == hardware);
                    assert!(used == Usable::No || known);
                }
                9 => neighbours.confirm(index, &hardware, now),
                10 => neighbours.suspect(index, &hardware, now),
                11 => match dice.below(20) {
                    0 => {
                        let _ = neighbours.flush(interface);
                    }
                    1..=4 => {
                        let _ = neighbours.remove(interface, address);
                    }
                    5 => {
                        let _ = neighbours.set_permanent(interface, address, hardware, now);
                    }
                    _ => neighbours.set_role(interface, address, Role::Host),
                },
                _ => {
                    now = match dice.below(1_000) {
                        0 => Instant::from_micros(dice.next_u64()),
                        1 => Instant::ZERO,
                        2 => Instant::from_micros(now.micros().saturating_sub(5_000_000)),
                        _ => now + Duration::from_millis(u64::from(dice.below(2_000))),
                    };
                    let room =
                        if dice.below(4) == 0 { InterfaceSet::only(interface) } else { InterfaceSet::ALL };
                    // Sometimes the turn's budget ends in the middle, sometimes the link is full.
                    let budget = if dice.below(8) == 0 { 2 } else { usize::MAX };
                    let mut calls = 0;
                    while calls < budget {
                        let Some(due) = neighbours.next_due(now, room, &mut dice) else { break };
                        if let Due::Solicit(solicitation) = due {
                            assert!(room.contains(solicitation.interface));
                            if dice.below(10) > 0 {
                                neighbours.sent(&solicitation, now);
                            }
                        }
                        calls += 1;
                        assert!(calls <= len, "a pass is bounded");
                    }
                }
            }
            check(&neighbours, now);
            let gateways = neighbours.slots.iter().filter(|s| s.flags.contains(Flags::GATEWAY)).count();
            assert!(gateways <= 6, "step {step}");
        }
    }
}

#[test]
fn polling_at_poll_at_does_something_and_polling_before_does_nothing() {
    let mut dice = Random::new([11; 32]);
    let mut slots = [NeighbourSlot::FREE; 12];
    let mut neighbours = Neighbours::new(&mut slots, Config::DEFAULT, &mut dice);
    let mut now = ms(0);
    for n in 0..20_000u32 {
        let address = host(u16::try_from(n % 20).unwrap());
        match dice.below(5) {
            0 => {
                let _ = neighbours.resolve(LINK, address, Role::Host, 0, now);
            }
            1 => {
                let _ = answer(&mut neighbours, address, A, now);
            }
            2 => {
                if let Lookup::Found { index, .. } = neighbours.lookup(LINK, address, now) {
                    let _ = use_it(&mut neighbours, index, now);
                }
            }
            3 => neighbours.confirm(u16::try_from(n % 12).unwrap(), &A, now),
            _ => now += Duration::from_millis(u64::from(dice.below(300))),
        }
        turn(&mut neighbours, now);
        if let Some(at) = neighbours.poll_at() {
            assert!(at > now, "nothing due is left over");
            if dice.below(3) == 0 {
                let before = Instant::from_micros(at.micros() - 1);
                assert_eq!(turn(&mut neighbours, before), vec![]);
                assert_eq!(neighbours.poll_at(), Some(at));
                assert!(!turn(&mut neighbours, at).is_empty() || neighbours.poll_at() != Some(at));
                now = at;
            }
        }
    }
    assert!(neighbours.statistics.unresolved > 0 && neighbours.statistics.lost > 0);
}

#[test]
fn all_counters_are_listed() {
    let statistics = Statistics { resolutions: 1, refused_full: 12, ..Statistics::default() };
    let counters = statistics.counters();
    assert_eq!(counters.len() * 4, core::mem::size_of::<Statistics>());
    assert_eq!((counters[0], counters[11]), (("resolutions", 1), ("refused_full", 12)));
}
