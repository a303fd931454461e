//! MLD: scripts of joins, leaves and queries in, messages at milliseconds out.
#![cfg(feature = "ipv6")]

mod common;
#[path = "common/engine.rs"]
mod engine;

use common::{feed_octets, ip, join, lines, run_until, take, with_ip};
use core::net::{IpAddr, Ipv6Addr};
use engine::{counter, with_engine};
use tersus_igmp::{Config, Igmp, Storage};
use tersus_ip::{InFlags, Instant, IpMeta, Transport, Unreachable, Verdict};
use tersus_wire::mld::{QueryFlags, Repr, Sources};

const A: &str = "ff02::fb";
const B: &str = "ff05::2:3";
const NODE: &str = "ff02::1:ff00:1";
const ROUTERS: &str = "ff02::16";

fn of(group: &str) -> Ipv6Addr {
    group.parse().expect("an address")
}

fn query(max_resp_code: u16, group: Ipv6Addr) -> Repr<'static> {
    let sources = Sources::default();
    Repr::QueryV2 { max_resp_code, group, flags: QueryFlags(0), qqic: 0, sources }
}

fn feed_mld(engine: &mut Igmp<'_>, now: Instant, message: Repr<'_>) -> Verdict {
    let (from, to) = ("fe80::fe", "ff02::1");
    let (IpAddr::V6(source), IpAddr::V6(destination)) = (ip(from), ip(to)) else { panic!("IPv6") };
    let mut octets = [0; 128];
    let len = message.emit(source, destination, &mut octets).expect("room");
    feed_octets(engine, now, from, to, octets.get_mut(..len).expect("room"), |_| ())
}

// conf: MCS-ML-01, MCS-ML2-01, MCS-ML2-06, MCS-ML2-08, MCS-MAP-02
#[test]
fn joins_and_leaves_are_told_twice_in_one_report() {
    with_engine(Config::default(), |engine, ip, said| {
        // All nodes, and scopes 0 and 1, are not told of.
        join(ip, &["ff02::1", "ff01::5", "ff00::5", NODE, A]);
        run_until(engine, ip, said, 5_000);
        let joined = "MLDv2 report ChangeToExclude ff02::1:ff00:1, ChangeToExclude ff02::fb";
        assert_eq!(take(said), lines(&[(0, ROUTERS, joined), (1_000, ROUTERS, joined)]));
        join(ip, &["ff02::1", NODE, B]);
        run_until(engine, ip, said, 9_000);
        let changed = "MLDv2 report ChangeToInclude ff02::fb, ChangeToExclude ff05::2:3";
        assert_eq!(take(said), lines(&[(5_000, ROUTERS, changed), (6_000, ROUTERS, changed)]));
    });
}

#[test]
fn a_later_change_overtakes_an_earlier() {
    with_engine(Config { robustness: 3, ..Config::default() }, |engine, ip, said| {
        join(ip, &[A]);
        run_until(engine, ip, said, 500);
        join(ip, &[]);
        run_until(engine, ip, said, 1_700);
        join(ip, &[A]);
        run_until(engine, ip, said, 9_000);
        let joined = "MLDv2 report ChangeToExclude ff02::fb";
        let left = "MLDv2 report ChangeToInclude ff02::fb";
        let want = [
            (0, ROUTERS, joined),
            (500, ROUTERS, left),
            (1_500, ROUTERS, left),
            (1_700, ROUTERS, joined),
            (2_700, ROUTERS, joined),
            (3_700, ROUTERS, joined),
        ];
        assert_eq!(take(said), lines(&want));
    });
}

// conf: MCS-ML2-02
#[test]
fn queries_are_answered_at_random_in_one_report() {
    with_engine(Config::default(), |engine, ip, said| {
        join(ip, &[A, B]);
        run_until(engine, ip, said, 100_000);
        take(said);
        let mut halves = [0; 2];
        for round in 1..200 {
            let now = round * 100_000;
            feed_mld(engine, ip.now, query(10_000, Ipv6Addr::UNSPECIFIED));
            feed_mld(engine, ip.now, query(0x8fff, Ipv6Addr::UNSPECIFIED)); // a later one changes nothing for the worse
            let at_once = engine.poll_at().unwrap();
            assert!(at_once > ip.now, "never at once");
            run_until(engine, ip, said, now + 100_000);
            let said = take(said);
            let all = "MLDv2 report ModeIsExclude ff02::fb, ModeIsExclude ff05::2:3";
            assert_eq!((said.len(), said[0].2.as_str()), (1, all));
            assert!(said[0].0 - now <= 10_000, "{said:?}");
            halves[usize::from(said[0].0 - now >= 5_000)] += 1;
        }
        assert!(halves.iter().all(|&n| n > 50), "{halves:?}");
        feed_mld(engine, ip.now, query(1_000, of(B)));
        feed_mld(engine, ip.now, query(1_000, of("ff05::9")));
        run_until(engine, ip, said, 30_000_000);
        let said: Vec<_> = take(said).into_iter().map(|(_, _, text)| text).collect();
        assert_eq!(said, ["MLDv2 report ModeIsExclude ff05::2:3"]);
    });
}

// conf: MCS-ML2-05
#[test]
fn the_queriers_robustness_is_adopted() {
    with_engine(Config::default(), |engine, ip, said| {
        for (qrv, times) in [(4, 4), (0, 2), (1, 1)] {
            let sources = Sources::default();
            let flags = QueryFlags(qrv);
            let group = Ipv6Addr::UNSPECIFIED;
            feed_mld(engine, ip.now, Repr::QueryV2 { max_resp_code: 1, group, flags, qqic: 9, sources });
            join(ip, &[A]);
            let end = ip.now.millis() + 20_000;
            run_until(engine, ip, said, end);
            assert_eq!(take(said).len(), times, "joined, QRV {qrv}");
            join(ip, &[]);
            run_until(engine, ip, said, end + 20_000);
            assert_eq!(take(said).len(), times, "left, QRV {qrv}");
        }
    });
}

// conf: MCS-ML-02, MCS-ML-03, MCS-ML-04, MCS-ML-05, MCS-ML-06
#[test]
fn only_what_comes_from_the_link_is_believed() {
    with_engine(Config::default(), |engine, ip_layer, said| {
        join(ip_layer, &[A]);
        run_until(engine, ip_layer, said, 100_000);
        type Adjust = fn(&mut IpMeta<'_>);
        let good: Adjust = |_| ();
        // source, what else is wrong, counter that moves
        for (from, adjust, moves) in [
            ("::", good, "not_on_link"),
            ("2001:db8::fe", good, "not_on_link"),
            ("fe80::fe", (|meta| meta.hop_limit = 2) as Adjust, "not_on_link"),
            ("fe80::fe", |meta| meta.hop_limit = 255, "not_on_link"),
            ("fe80::fe", |meta| meta.flags = InFlags::empty(), "not_on_link"),
            ("febf::fe", good, "queries"),
        ] {
            let (IpAddr::V6(source), IpAddr::V6(to)) = (ip(from), ip("ff02::1")) else { panic!() };
            for message in [query(1_000, Ipv6Addr::UNSPECIFIED), query(1_000, of(A))] {
                let mut octets = [0; 28];
                message.emit(source, to, &mut octets).unwrap();
                let before = counter(engine, moves);
                let now = ip_layer.now;
                let verdict = feed_octets(engine, now, from, "ff02::1", &mut octets, adjust);
                assert_eq!((verdict, counter(engine, moves)), (Verdict::Done, before + 1), "{from}");
                assert_eq!(engine.poll_at().is_some(), moves == "queries", "{from}");
            }
        }
        let (IpAddr::V6(source), IpAddr::V6(to)) = (ip("fe80::fe"), ip("ff02::1")) else { panic!() };
        let mut octets = [0; 40];
        query(1_000, of(A)).emit(source, to, &mut octets).unwrap();
        let now = ip_layer.now;
        let mut wrong = octets;
        wrong[20] ^= 1;
        feed_octets(engine, now, "fe80::fe", "ff02::1", &mut wrong[..28], |_| ());
        assert_eq!(counter(engine, "bad_checksum"), 1);
        for len in [7, 8, 23, 25, 26, 27] {
            let mut cut = octets;
            tersus_wire::icmpv6::fill_checksum(source, to, &mut cut[..len]);
            feed_octets(engine, now, "fe80::fe", "ff02::1", &mut cut[..len], |_| ());
        }
        assert_eq!(counter(engine, "malformed"), 6);
        for kind in [0, 128, 133, 144, 255] {
            octets[0] = kind;
            let verdict = feed_octets(engine, now, "fe80::fe", "ff02::1", &mut octets, |_| ());
            assert_eq!(verdict, Verdict::NotMine, "{kind}");
        }
    });
}

// conf: MCS-ML1-01, MCS-ML1-02, MCS-ML1-03, MCS-ML1-04
#[test]
fn an_older_querier_is_spoken_to_in_version_1() {
    with_engine(Config::default(), |engine, ip, said| {
        join(ip, &[A, B]);
        run_until(engine, ip, said, 100_000);
        take(said);
        // The change that was to be told in version 2 is dropped. Version 1 for 2 * 125 s and the response time.
        join(ip, &[A, B, NODE]);
        let mut nobody = 0;
        engine.transmit(ip, &mut nobody);
        let v1 = Repr::QueryV1 { max_resp_delay: 9_000, group: Ipv6Addr::UNSPECIFIED };
        feed_mld(engine, ip.now, v1);
        feed_mld(engine, ip.now, Repr::ReportV1 { group: of(B) });
        run_until(engine, ip, said, 200_000);
        assert_eq!(
            take(said),
            lines(&[(101_500, A, "MLDv1 report ff02::fb"), (107_500, NODE, "MLDv1 report ff02::1:ff00:1"),])
        );
        join(ip, &[]);
        run_until(engine, ip, said, 300_000);
        assert_eq!(
            take(said),
            lines(&[
                (200_000, "ff02::2", "MLDv1 done ff02::fb"),
                (200_000, "ff02::2", "MLDv1 done ff02::1:ff00:1"),
            ])
        );
        join(ip, &[B]);
        run_until(engine, ip, said, 358_999);
        join(ip, &[B, A]);
        run_until(engine, ip, said, 400_000);
        assert_eq!(
            take(said),
            lines(&[
                (300_000, B, "MLDv1 report ff05::2:3"),
                (310_000, B, "MLDv1 report ff05::2:3"),
                (358_999, A, "MLDv1 report ff02::fb"),
                (368_999, ROUTERS, "MLDv2 report ChangeToExclude ff02::fb"),
            ])
        );
    });
}

// conf: MCS-ML1-03
#[test]
fn reports_that_routers_do_not_hear_spare_us_none() {
    // From whom another host's report comes, whether ours is still due
    for (from, is_due) in [("fe80::2", false), ("::", true), ("2001:db8::2", true)] {
        with_engine(Config::default(), |engine, ip_layer, said| {
            join(ip_layer, &[A]);
            run_until(engine, ip_layer, said, 100_000);
            take(said);
            feed_mld(
                engine,
                ip_layer.now,
                Repr::QueryV1 { max_resp_delay: 9_000, group: Ipv6Addr::UNSPECIFIED },
            );
            let (IpAddr::V6(source), IpAddr::V6(to)) = (ip(from), ip(A)) else { panic!("IPv6") };
            let mut octets = [0; 24];
            Repr::ReportV1 { group: of(A) }.emit(source, to, &mut octets).unwrap();
            feed_octets(engine, ip_layer.now, from, A, &mut octets, |_| ());
            assert_eq!(engine.poll_at().is_some(), is_due, "{from}");
            run_until(engine, ip_layer, said, 200_000);
            assert_eq!(take(said).len(), usize::from(is_due), "{from}");
        });
    }
}

// conf: MCS-ML2-05
#[test]
fn version_1_lasts_as_long_as_the_queriers_own_interval_says() {
    // QRV and QQIC of the version 2 querier, seconds of version 1 after a query with a response time of one second
    for (qrv, qqic, secs) in [(0, 0, 251), (2, 20, 41), (3, 20, 61), (1, 0x80, 129)] {
        with_engine(Config::default(), |engine, ip, said| {
            let (group, flags, sources) = (Ipv6Addr::UNSPECIFIED, QueryFlags(qrv), Sources::default());
            feed_mld(engine, ip.now, Repr::QueryV2 { max_resp_code: 1, group, flags, qqic, sources });
            feed_mld(engine, ip.now, Repr::QueryV1 { max_resp_delay: 1_000, group });
            for (at, want) in [
                (secs * 1000 - 1, "MLDv1 report ff02::fb"),
                (secs * 1000, "MLDv2 report ChangeToExclude ff05::2:3"),
            ] {
                run_until(engine, ip, said, at);
                take(said);
                join(ip, if at % 1000 == 0 { &[A, B] } else { &[A] });
                run_until(engine, ip, said, at);
                let first = take(said).remove(0);
                assert_eq!((first.0, first.2.as_str()), (at, want), "QRV {qrv}, QQIC {qqic}");
            }
        });
    }
}

// conf: MCS-ML-01, MCS-ML-07
#[test]
fn groups_are_told_of_again_when_a_link_local_address_has_come() {
    with_engine(Config::default(), |engine, ip, said| {
        let link_local = ip.ipv6;
        ip.ipv6 = of("2001:db8::1");
        join(ip, &[NODE]);
        run_until(engine, ip, said, 10_000);
        assert_eq!(take(said).len(), 2);
        ip.generation += 1;
        run_until(engine, ip, said, 20_000);
        assert!(take(said).is_empty(), "still none");
        ip.ipv6 = link_local;
        ip.generation += 1;
        run_until(engine, ip, said, 30_000);
        let joined = "MLDv2 report ChangeToExclude ff02::1:ff00:1";
        assert_eq!(take(said), lines(&[(20_000, ROUTERS, joined), (21_000, ROUTERS, joined)]));
        ip.generation += 1;
        run_until(engine, ip, said, 40_000);
        assert!(take(said).is_empty());
        // And when the link was down.
        ip.unroutable = Some(Unreachable::InterfaceDown);
        ip.generation += 1;
        run_until(engine, ip, said, 50_000);
        ip.unroutable = None;
        ip.generation += 1;
        run_until(engine, ip, said, 60_000);
        assert_eq!(take(said), lines(&[(50_000, ROUTERS, joined), (51_000, ROUTERS, joined)]));
    });
}

// conf: MCS-ML2-07
#[test]
fn a_report_above_the_mtu_is_split() {
    let groups: Vec<String> = (0..200).map(|number| format!("ff05::1:{number:x}")).collect();
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    let mut storage: Storage<1, 200> = Storage::new();
    let mut engine = Igmp::new(&mut storage, Config { robustness: 1, ..Config::default() }, [1; 32]);
    with_ip(|ip, said| {
        ip.mtu = 1280;
        join(ip, &groups);
        run_until(&mut engine, ip, said, 5_000);
        let records: Vec<_> =
            take(said).iter().map(|(_, _, text)| text.matches("ChangeToExclude").count()).collect();
        // 1280 octets less 40 of IPv6, 8 of Router Alert and 8 before the records, 20 each.
        assert_eq!(records, [61, 61, 61, 17]);
    });
}
