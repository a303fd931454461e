//! IGMP: scripts of joins, leaves and queries in, messages at milliseconds out.
#![cfg(feature = "ipv4")]

mod common;
#[path = "common/engine.rs"]
mod engine;

use common::{feed_octets, join, lines, run_until, take, with_ip};
use core::net::Ipv4Addr;
use engine::{counter, with_engine};
use tersus_igmp::{Config, Delays, Igmp, Storage};
use tersus_ip::{Instant, InterfaceSet, Membership, Progress, SendError, Transport, Unreachable, Verdict};
use tersus_wire::igmp::{self, QueryFlags, Repr, Sources};

const A: &str = "224.0.0.251";
const B: &str = "239.1.2.3";
const C: &str = "239.9.9.9";
const REPORT_A: &str = "IGMPv2 report 224.0.0.251";
const REPORT_B: &str = "IGMPv2 report 239.1.2.3";
const REPORT_C: &str = "IGMPv2 report 239.9.9.9";

fn general(max_resp_code: u8) -> Repr<'static> {
    Repr::Query { max_resp_code, group: Ipv4Addr::UNSPECIFIED }
}

fn of(group: &str) -> Ipv4Addr {
    group.parse().expect("an address")
}

fn feed_igmp(engine: &mut Igmp<'_>, now: Instant, message: Repr<'_>) -> Verdict {
    let mut octets = [0; 64];
    let len = message.emit(&mut octets).expect("room");
    feed_octets(engine, now, "192.0.2.254", "224.0.0.1", octets.get_mut(..len).expect("room"), |_| ())
}

// conf: MCS-IG-01, MCS-IG2-01, MCS-IG2-04, MCS-IG2-05, MCS-MAP-01
#[test]
fn joins_are_told_twice_and_leaves_once() {
    with_engine(Config::default(), |engine, ip, said| {
        run_until(engine, ip, said, 1_000);
        join(ip, &["224.0.0.1", A]);
        run_until(engine, ip, said, 5_000);
        join(ip, &["224.0.0.1", A, B]);
        run_until(engine, ip, said, 60_000);
        join(ip, &["224.0.0.1", B]);
        run_until(engine, ip, said, 120_000);
        assert_eq!(
            take(said),
            lines(&[
                (1_000, A, REPORT_A),
                (5_000, B, REPORT_B),
                (11_000, A, REPORT_A),
                (15_000, B, REPORT_B),
                (60_000, "224.0.0.2", "IGMPv2 leave 224.0.0.251"),
            ])
        );
        assert_eq!((counter(engine, "reports_sent"), counter(engine, "leaves_sent")), (4, 1));
    });
}

// conf: MCS-IG2-02, MCS-IG2-06, MCS-IG-05, MCS-IG-06, MCS-IG-07
#[test]
fn answers_are_evenly_spaced() {
    with_engine(Config::default(), |engine, ip, said| {
        join(ip, &["224.0.0.1", A, B, C]);
        run_until(engine, ip, said, 100_000);
        take(said);
        feed_igmp(engine, ip.now, general(60));
        run_until(engine, ip, said, 200_000);
        assert_eq!(
            take(said),
            lines(&[(101_000, A, REPORT_A), (103_000, B, REPORT_B), (105_000, C, REPORT_C)])
        );
        // For one group; for one that is not ours; a version 3 query, in floating point, to our own address and
        // without Router Alert.
        feed_igmp(engine, ip.now, Repr::Query { max_resp_code: 10, group: of(B) });
        feed_igmp(engine, ip.now, Repr::Query { max_resp_code: 10, group: of("239.7.7.7") });
        run_until(engine, ip, said, 300_000);
        let v3 = Repr::QueryV3 {
            max_resp_code: 0x80 | 0x0e,
            group: of(C),
            flags: QueryFlags(2),
            qqic: 125,
            sources: Sources::default(),
        };
        let mut octets = [0; 12];
        v3.emit(&mut octets).unwrap();
        feed_octets(engine, ip.now, "192.0.2.254", "192.0.2.1", &mut octets, |meta| {
            meta.flags = tersus_ip::InFlags::empty();
            meta.hop_limit = 64;
        });
        run_until(engine, ip, said, 400_000);
        assert_eq!(take(said), lines(&[(200_500, B, REPORT_B), (312_000, C, REPORT_C)]));
        assert_eq!(counter(engine, "queries"), 4);
    });
}

// conf: MCS-IG2-02
#[test]
fn a_running_answer_is_only_brought_forward() {
    with_engine(Config::default(), |engine, ip, said| {
        join(ip, &[A]);
        run_until(engine, ip, said, 100_000);
        take(said);
        feed_igmp(engine, ip.now, general(100)); // due at 105 s
        feed_igmp(engine, ip.now, general(200)); // would be 110 s
        run_until(engine, ip, said, 102_000);
        feed_igmp(engine, ip.now, general(40)); // up to 106 s: the running one will do
        feed_igmp(engine, ip.now, general(10)); // up to 103 s: 102.5 s
        run_until(engine, ip, said, 200_000);
        assert_eq!(take(said), lines(&[(102_500, A, REPORT_A)]));
    });
}

#[test]
fn random_answers_lie_within_the_time() {
    let config = Config { delays: Delays::Random, ..Config::default() };
    with_engine(config, |engine, ip, said| {
        join(ip, &[A]);
        let mut halves = [0; 2];
        run_until(engine, ip, said, 100_000);
        take(said);
        for round in 1..200 {
            let now = 100_000 * round;
            feed_igmp(engine, ip.now, general(100));
            run_until(engine, ip, said, now + 100_000);
            let said = take(said);
            assert_eq!(said.len(), 1);
            let delay = said[0].0 - now;
            assert!(delay <= 10_000, "{delay}");
            halves[usize::from(delay >= 5_000)] += 1;
        }
        assert!(halves.iter().all(|&n| n > 70), "{halves:?}");
    });
}

// conf: MCS-IG-08, MCS-IG2-04
#[test]
fn what_another_reported_is_not_reported_again() {
    with_engine(Config::default(), |engine, ip, said| {
        join(ip, &[A, B]);
        run_until(engine, ip, said, 100_000);
        take(said);
        feed_igmp(engine, ip.now, general(100));
        feed_igmp(engine, ip.now, Repr::ReportV2 { group: of(A) });
        feed_igmp(engine, ip.now, Repr::ReportV1 { group: of("239.7.7.7") });
        feed_igmp(engine, ip.now, Repr::Leave { group: of(B) });
        run_until(engine, ip, said, 200_000);
        join(ip, &[]);
        run_until(engine, ip, said, 300_000);
        // Leaving A is the other's to tell.
        let leave = (200_000, "224.0.0.2", "IGMPv2 leave 239.1.2.3");
        assert_eq!(take(said), lines(&[(107_500, B, REPORT_B), leave]));
        assert_eq!((counter(engine, "suppressed"), counter(engine, "ignored")), (1, 2));
        assert_eq!(engine.poll_at(), None);
    });
}

// conf: MCS-IG2-03, MCS-IG-05
#[test]
fn a_version_1_querier_is_spoken_to_in_version_1_for_400_seconds() {
    with_engine(Config::default(), |engine, ip, said| {
        join(ip, &[A]);
        run_until(engine, ip, said, 100_000);
        take(said);
        feed_igmp(engine, ip.now, general(0)); // until 500 s
        run_until(engine, ip, said, 200_000);
        join(ip, &[]); // no leave in version 1
        run_until(engine, ip, said, 499_999);
        join(ip, &[B]);
        run_until(engine, ip, said, 600_000);
        assert_eq!(
            take(said),
            lines(&[
                (105_000, A, "IGMPv1 report 224.0.0.251"),
                (499_999, B, "IGMPv1 report 239.1.2.3"),
                (509_999, B, REPORT_B),
            ])
        );
    });
}

// conf: MCS-IG-02, MCS-IG-03, MCS-IG-05
#[test]
fn what_is_not_well_formed_is_dropped() {
    with_engine(Config::default(), |engine, ip, said| {
        join(ip, &[A]);
        run_until(engine, ip, said, 100_000);
        let mut query = [0; 16];
        general(100).emit(&mut query).unwrap();
        for bit in 0..64 {
            let mut octets = query;
            octets[bit / 8] ^= 1 << (bit % 8);
            let now = ip.now;
            feed_octets(engine, now, "192.0.2.254", "224.0.0.1", &mut octets[..8], |_| ());
        }
        assert_eq!(counter(engine, "bad_checksum"), 64);
        for len in [0, 7, 9, 10, 11] {
            let mut octets = query;
            igmp::fill_checksum(&mut octets[..len]);
            let now = ip.now;
            feed_octets(engine, now, "192.0.2.254", "224.0.0.1", &mut octets[..len], |_| ());
        }
        assert_eq!(counter(engine, "malformed"), 5);
        let mut octets = [0x99, 0, 0, 0, 0, 0, 0, 0];
        igmp::fill_checksum(&mut octets);
        let now = ip.now;
        let verdict = feed_octets(engine, now, "192.0.2.254", "224.0.0.1", &mut octets, |_| ());
        assert_eq!((verdict, counter(engine, "unknown_type")), (Verdict::Done, 1));
        let verdict = feed_octets(engine, now, "192.0.2.254", "224.0.0.1", &mut octets, |meta| {
            meta.protocol = tersus_wire::IpProtocol::UDP;
        });
        assert_eq!((verdict, engine.poll_at()), (Verdict::NotMine, None));
    });
}

#[test]
fn what_cannot_leave_waits_without_asking_to_be_polled() {
    with_engine(Config::default(), |engine, ip, said| {
        ip.now = Instant::from_millis(1);
        join(ip, &[A]);
        ip.refusal = Some(SendError::Full);
        let full = InterfaceSet::only(tersus_ip::InterfaceId(0));
        assert_eq!(engine.transmit(ip, &mut 9), Progress::Blocked(full));
        ip.refusal = None;
        ip.room = InterfaceSet::NONE;
        assert_eq!((engine.transmit(ip, &mut 9), engine.poll_at()), (Progress::Blocked(full), None));
        ip.room = InterfaceSet::ALL;
        run_until(engine, ip, said, 50_000);
        assert_eq!(take(said), lines(&[(1, A, REPORT_A), (10_001, A, REPORT_A)]));
        // The link is down; it comes again.
        join(ip, &[B]);
        ip.unroutable = Some(Unreachable::InterfaceDown);
        assert_eq!((engine.transmit(ip, &mut 9), engine.poll_at()), (Progress::Idle, None));
        ip.unroutable = None;
        ip.generation += 1;
        run_until(engine, ip, said, 90_000);
        assert_eq!(
            take(said),
            lines(&[
                (50_000, "224.0.0.2", "IGMPv2 leave 224.0.0.251"),
                (50_000, B, REPORT_B),
                (60_000, B, REPORT_B)
            ])
        );
        // After a change of the link whoever is there is told anew.
        ip.unroutable = Some(Unreachable::InterfaceDown);
        ip.generation += 1;
        run_until(engine, ip, said, 100_000);
        ip.unroutable = None;
        ip.generation += 1;
        run_until(engine, ip, said, 120_000);
        assert_eq!(take(said), lines(&[(100_000, B, REPORT_B), (110_000, B, REPORT_B)]));
        ip.generation += 1;
        run_until(engine, ip, said, 130_000);
        assert!(take(said).is_empty(), "the link has not changed");
        // The budget holds.
        join(ip, &[A, B, C]);
        let mut budget = 1;
        assert_eq!((engine.transmit(ip, &mut budget), budget), (Progress::More, 0));
        assert_eq!(engine.poll_at(), Some(ip.now));
        assert_eq!(engine.transmit(ip, &mut 1), Progress::Idle);
        assert_eq!(take(said).len(), 2);
    });
}

#[test]
fn small_tables_speak_of_what_they_hold() {
    for (queriers, entries, reports) in [(0, 8, 0), (1, 0, 0), (1, 2, 2), (1, 3, 3)] {
        let mut queriers = vec![tersus_igmp::Querier::EMPTY; queriers];
        let mut entries = vec![tersus_igmp::Entry::EMPTY; entries];
        let mut engine = Igmp::from_slices(&mut queriers, &mut entries, Config::default(), [1; 32]);
        with_ip(|ip, said| {
            join(ip, &[A, B, C]);
            run_until(&mut engine, ip, said, 5_000);
            assert_eq!(take(said).len(), reports);
            assert_eq!(counter(&engine, "table_full"), 3 - u32::try_from(reports).unwrap());
        });
    }
    // Interfaces that are left out say nothing.
    let config = Config { interfaces: InterfaceSet::NONE, ..Config::default() };
    with_engine(config, |engine, ip, said| {
        join(ip, &[A]);
        run_until(engine, ip, said, 5_000);
        assert!(take(said).is_empty());
    });
}

/// A group that found the table full is told of as soon as there is room: the group that was left has gone, or a member
/// that was one too many.
#[test]
fn a_group_that_found_no_room_is_told_of_when_there_is_some() {
    let mut storage: Storage<1, 1> = Storage::new();
    let mut engine = Igmp::new(&mut storage, Config::default(), [1; 32]);
    with_ip(|ip, said| {
        join(ip, &[A]);
        run_until(&mut engine, ip, said, 20_000);
        take(said);
        // Another group instead, between two polls.
        join(ip, &[B]);
        run_until(&mut engine, ip, said, 40_000);
        let leave = |at, group| (at, "224.0.0.2", group);
        let left_a = leave(20_000, "IGMPv2 leave 224.0.0.251");
        assert_eq!(take(said), lines(&[left_a, (20_000, B, REPORT_B), (30_000, B, REPORT_B)]));
        join(ip, &[B, C]);
        run_until(&mut engine, ip, said, 60_000);
        assert_eq!((take(said).len(), counter(&engine, "table_full")), (0, 2));
        join(ip, &[C]);
        run_until(&mut engine, ip, said, 80_000);
        let left_b = leave(60_000, "IGMPv2 leave 239.1.2.3");
        assert_eq!(take(said), lines(&[left_b, (60_000, C, REPORT_C), (70_000, C, REPORT_C)]));
        // Where the link is down, nothing is told and nothing forgotten.
        ip.unroutable = Some(Unreachable::InterfaceDown);
        join(ip, &[A]);
        run_until(&mut engine, ip, said, 90_000);
        assert!(take(said).is_empty());
        ip.unroutable = None;
        ip.generation += 1;
        run_until(&mut engine, ip, said, 120_000);
        let left_c = leave(90_000, "IGMPv2 leave 239.9.9.9");
        assert_eq!(take(said), lines(&[left_c, (90_000, A, REPORT_A), (100_000, A, REPORT_A)]));
    });
}

/// Random joins, leaves, messages and clock jumps: nothing panics, and whenever a poll is asked for, it does
/// something.
#[test]
fn any_order_of_events_is_survived() {
    let mut random = tersus_ip::Random::new([9; 32]);
    let groups = [A, B, C, "ff02::fb", "ff05::2", "ff02::1:ff00:1"].map(|group| group.parse().unwrap());
    for size in [0, 1, 3, 8] {
        let mut queriers = vec![tersus_igmp::Querier::EMPTY; size.min(2)];
        let mut entries = vec![tersus_igmp::Entry::EMPTY; size];
        let mut engine = Igmp::from_slices(&mut queriers, &mut entries, Config::default(), [1; 32]);
        with_ip(|ip, said| {
            for _ in 0..3_000 {
                match random.below(8) {
                    0 => {
                        let joined = groups
                            .iter()
                            .filter(|_| random.below(2) == 0)
                            .map(|group| Membership::new(*group, 1))
                            .collect::<Vec<_>>();
                        ip.groups = joined.leak();
                        ip.group_generation = ip.group_generation.wrapping_add(1);
                    }
                    1 => {
                        ip.refusal = (random.below(2) == 0).then_some(SendError::Full);
                        ip.unroutable = (random.below(3) == 0).then_some(Unreachable::NoSource);
                        ip.generation = ip.generation.wrapping_add(1);
                    }
                    2..=4 => {
                        let len = usize::try_from(random.below(40)).unwrap();
                        let mut octets = vec![0; len];
                        for octet in &mut octets {
                            *octet = random.next_u16().to_be_bytes()[0] & 3;
                        }
                        let v6 = random.below(2) == 0;
                        if let Some(kind) = octets.first_mut() {
                            let kinds = if v6 { [130, 131, 132, 143] } else { [0x11, 0x12, 0x16, 0x22] };
                            *kind = kinds[usize::try_from(random.below(4)).unwrap()];
                        }
                        let (from, to) = if v6 { ("fe80::2", "ff02::1") } else { ("192.0.2.9", "224.0.0.1") };
                        igmp::fill_checksum(&mut octets);
                        let now = ip.now;
                        feed_octets(&mut engine, now, from, to, &mut octets, |meta| {
                            meta.rx.checksum = tersus_ip::RxChecksum::Verified;
                        });
                    }
                    5 => ip.now = Instant::from_micros(random.next_u64() >> random.below(64)),
                    _ => {
                        engine.transmit(ip, &mut usize::try_from(random.below(5)).unwrap());
                    }
                }
                said.borrow_mut().clear();
            }
            ip.refusal = None;
            ip.unroutable = None;
            ip.generation += 1;
            for _ in 0..100 {
                engine.transmit(ip, &mut 1000);
                let Some(at) = engine.poll_at() else { break };
                assert!(at > ip.now || at == Instant::from_micros(u64::MAX), "{at} at {}", ip.now);
                ip.now = at;
            }
            assert_eq!(engine.poll_at().filter(|at| at.micros() != u64::MAX), None, "it comes to rest");
        });
    }
}
