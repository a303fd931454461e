//! The small engine: scripts of joins, leaves and queries in, messages at milliseconds out.
#![cfg(all(feature = "ipv4", feature = "ipv6"))]

mod common;

use common::{feed_octets, ip, join, lines, run_until, take, with_ip};
use core::net::{IpAddr, Ipv6Addr};
use tersus_igmp::small::{SmallIgmp, Storage};
use tersus_ip::{
    InFlags, Instant, InterfaceId, InterfaceSet, IpMeta, Progress, SendError, Transport, Unreachable, Verdict,
};
use tersus_wire::{igmp, mld};

fn engine() -> SmallIgmp<'static> {
    SmallIgmp::new(Box::leak(Box::<Storage<4>>::default()), [7; 32])
}

fn counter(engine: &SmallIgmp<'_>, name: &str) -> u32 {
    let counters = engine.statistics().counters();
    counters.iter().find(|(n, _)| *n == name).unwrap_or_else(|| panic!("no counter {name}")).1
}

fn ask_igmp(engine: &mut SmallIgmp<'_>, now: Instant, repr: igmp::Repr<'_>) {
    let mut octets = vec![0; repr.buffer_len()];
    repr.emit(&mut octets).expect("room");
    assert_eq!(feed_octets(engine, now, "192.0.2.254", "224.0.0.1", &mut octets, |_| ()), Verdict::Done);
}

fn mld_octets(repr: mld::Repr<'_>) -> Vec<u8> {
    let (IpAddr::V6(from), IpAddr::V6(to)) = (ip("fe80::fe"), ip("ff02::1")) else { panic!("IPv6") };
    let mut octets = vec![0; repr.buffer_len()];
    repr.emit(from, to, &mut octets).expect("room");
    octets
}

fn ask_mld(engine: &mut SmallIgmp<'_>, now: Instant, repr: mld::Repr<'_>) {
    assert_eq!(feed_octets(engine, now, "fe80::fe", "ff02::1", &mut mld_octets(repr), |_| ()), Verdict::Done);
}

fn query_v2(max_resp_code: u16, group: Ipv6Addr) -> mld::Repr<'static> {
    let sources = mld::Sources::default();
    mld::Repr::QueryV2 { max_resp_code, group, flags: mld::QueryFlags(0), qqic: 0, sources }
}

const ANY_V4: core::net::Ipv4Addr = core::net::Ipv4Addr::UNSPECIFIED;
const ANY_V6: Ipv6Addr = Ipv6Addr::UNSPECIFIED;

// conf: MCS-MAP-02
#[test]
fn joins_and_leaves_are_told_twice() {
    with_ip(|ip, said| {
        let mut engine = engine();
        // 224.0.0.1, ff02::1 and what does not leave the host are not told of.
        join(ip, &["224.0.0.1", "239.7.7.7", "ff02::fb"]);
        run_until(&mut engine, ip, said, 5000);
        let (report, change) = ("IGMPv2 report 239.7.7.7", "MLDv2 report ChangeToExclude ff02::fb");
        assert_eq!(
            take(said),
            lines(&[
                (0, "239.7.7.7", report),
                (0, "ff02::16", change),
                (1000, "239.7.7.7", report),
                (1000, "ff02::16", change)
            ])
        );
        join(ip, &["224.0.0.1"]);
        let (leave, change) = ("IGMPv2 leave 239.7.7.7", "MLDv2 report ChangeToInclude ff02::fb");
        // The others of the table are free now.
        let groups = [tersus_ip::Membership::new(common::ip("224.0.0.1"), 1); 1].into_iter();
        let free = core::iter::repeat(tersus_ip::Membership::FREE).take(2);
        ip.groups = groups.chain(free).collect::<Vec<_>>().leak();
        run_until(&mut engine, ip, said, 9000);
        assert_eq!(
            take(said),
            lines(&[
                (5000, "224.0.0.2", leave),
                (5000, "ff02::16", change),
                (6000, "224.0.0.2", leave),
                (6000, "ff02::16", change)
            ])
        );
        assert!(engine.poll_at().is_none());
    });
}

#[test]
fn queries_are_answered_within_the_time_that_they_give() {
    with_ip(|ip, said| {
        let mut engine = engine();
        join(ip, &["239.7.7.7", "ff02::fb", "ff15::7", "ff01::1"]);
        run_until(&mut engine, ip, said, 5000);
        take(said);
        // What is asked, who answers.
        let of = |group: &str| group.parse::<Ipv6Addr>().expect("an address");
        let now = ip.now;
        ask_igmp(&mut engine, now, igmp::Repr::Query { max_resp_code: 20, group: ANY_V4 });
        run_until(&mut engine, ip, said, 7000);
        assert_eq!(take(said).len(), 1);
        ask_igmp(
            &mut engine,
            ip.now,
            igmp::Repr::Query { max_resp_code: 20, group: "239.7.7.8".parse().unwrap() },
        );
        assert!(engine.poll_at().is_none(), "no group of ours");
        ask_mld(&mut engine, ip.now, query_v2(2000, ANY_V6));
        run_until(&mut engine, ip, said, 9000);
        let mut texts: Vec<String> = take(said).into_iter().map(|(_, _, text)| text).collect();
        texts.sort();
        assert_eq!(texts, ["MLDv2 report ModeIsExclude ff02::fb", "MLDv2 report ModeIsExclude ff15::7"]);
        ask_mld(&mut engine, ip.now, query_v2(2000, of("ff15::7")));
        run_until(&mut engine, ip, said, 11_000);
        assert_eq!(take(said).len(), 1);
        assert_eq!(counter(&engine, "queries"), 4);
    });
}

#[test]
fn older_routers_are_answered_in_their_version_until_they_are_gone() {
    with_ip(|ip, said| {
        let mut engine = engine();
        join(ip, &["239.7.7.7", "ff02::fb"]);
        run_until(&mut engine, ip, said, 5000);
        take(said);
        let now = ip.now;
        ask_igmp(&mut engine, now, igmp::Repr::Query { max_resp_code: 0, group: ANY_V4 });
        ask_mld(&mut engine, now, mld::Repr::QueryV1 { max_resp_delay: 1000, group: ANY_V6 });
        run_until(&mut engine, ip, said, 16_000);
        let mut told: Vec<_> = take(said).into_iter().map(|(_, to, text)| (to, text)).collect();
        told.sort();
        let own = |to: &str, text: &str| (to.to_string(), text.to_string());
        assert_eq!(
            told,
            [own("239.7.7.7", "IGMPv1 report 239.7.7.7"), own("ff02::fb", "MLDv1 report ff02::fb")]
        );
        // 400 s and 260 s after.
        for (seconds, text) in [(264, "MLDv1 report ff02::fb"), (265, "MLDv2 report ModeIsExclude ff02::fb")]
        {
            run_until(&mut engine, ip, said, seconds * 1000);
            ask_mld(&mut engine, ip.now, query_v2(1, ANY_V6));
            run_until(&mut engine, ip, said, seconds * 1000 + 2);
            assert_eq!(take(said)[0].2, text);
        }
    });
}

// conf: MCS-IG-05
#[test]
fn the_length_of_an_igmp_query_tells_its_version() {
    // Octets, Max Resp Code, what is answered
    for (len, code, answer) in [
        (8, 0, Some("IGMPv1 report 239.7.7.7")),
        (8, 1, Some("IGMPv2 report 239.7.7.7")),
        (9, 0, None),
        (9, 1, None),
        (11, 0, None),
        (11, 1, None),
        (12, 0, Some("IGMPv2 report 239.7.7.7")),
        (12, 1, Some("IGMPv2 report 239.7.7.7")),
        (16, 0, Some("IGMPv2 report 239.7.7.7")),
    ] {
        with_ip(|ip, said| {
            let mut engine = engine();
            join(ip, &["239.7.7.7"]);
            run_until(&mut engine, ip, said, 5000);
            take(said);
            let mut octets = vec![0; len];
            [octets[0], octets[1]] = [0x11, code];
            let sum = tersus_wire::checksum::Sum::new().add_bytes(&octets);
            [octets[2], octets[3]] = sum.checksum().to_be_bytes();
            feed_octets(&mut engine, ip.now, "192.0.2.254", "224.0.0.1", &mut octets, |_| ());
            assert_eq!(counter(&engine, "dropped"), u32::from(answer.is_none()), "{len} {code}");
            run_until(&mut engine, ip, said, 20_000);
            let told = take(said).pop().map(|(_, _, text)| text);
            assert_eq!(told.as_deref(), answer, "{len} {code}");
        });
    }
}

#[test]
fn what_is_not_certainly_from_this_link_is_not_answered() {
    type Adjust = fn(&mut IpMeta<'_>);
    let adjusts: [Adjust; 2] = [|meta| meta.hop_limit = 64, |meta| meta.flags = InFlags::empty()];
    with_ip(|ip, said| {
        let mut engine = engine();
        join(ip, &["ff02::fb"]);
        run_until(&mut engine, ip, said, 5000);
        for adjust in adjusts {
            let mut octets = mld_octets(query_v2(1000, ANY_V6));
            feed_octets(&mut engine, ip.now, "fe80::fe", "ff02::1", &mut octets, adjust);
        }
        let mut octets = mld_octets(query_v2(1000, ANY_V6));
        feed_octets(&mut engine, ip.now, "2001:db8::fe", "ff02::1", &mut octets, |_| ());
        for len in [1, 8, 23, 25, 27] {
            let mut octets = mld_octets(query_v2(1000, ANY_V6));
            octets.truncate(len);
            feed_octets(&mut engine, ip.now, "fe80::fe", "ff02::1", &mut octets, |_| ());
        }
        let mut wrong = [0x11, 1, 2, 3, 0, 0, 0, 0];
        feed_octets(&mut engine, ip.now, "192.0.2.254", "224.0.0.1", &mut wrong, |_| ());
        feed_octets(&mut engine, ip.now, "192.0.2.254", "224.0.0.1", &mut wrong[..7], |_| ());
        assert_eq!(counter(&engine, "dropped"), 10);
        let mut echo = [128, 0, 0, 0, 0, 0, 0, 0];
        let verdict = feed_octets(&mut engine, ip.now, "fe80::fe", "ff02::1", &mut echo, |_| ());
        assert_eq!(verdict, Verdict::NotMine);
        assert!(engine.poll_at().is_none());
    });
}

#[test]
fn what_has_no_way_or_no_room_is_said_later() {
    with_ip(|ip, said| {
        let mut engine = engine();
        join(ip, &["239.7.7.7"]);
        ip.unroutable = Some(Unreachable::InterfaceDown);
        ip.now = Instant::from_secs(1);
        engine.transmit(ip, &mut 10);
        assert_eq!(counter(&engine, "unreachable"), 1);
        assert_eq!(engine.poll_at(), Some(Instant::from_secs(2)));
        ip.unroutable = None;
        ip.now = Instant::from_secs(2);
        ip.refusal = Some(SendError::Full);
        let only = InterfaceSet::only(InterfaceId(0));
        assert_eq!(engine.transmit(ip, &mut 10), Progress::Blocked(only));
        assert_eq!(engine.poll_at(), None, "room comes with a poll");
        ip.room = InterfaceSet::NONE;
        assert_eq!(engine.transmit(ip, &mut 10), Progress::Blocked(only));
        ip.room = InterfaceSet::ALL;
        ip.refusal = None;
        assert_eq!(engine.transmit(ip, &mut 0), Progress::More);
        assert!(said.borrow().is_empty());
        assert_eq!(engine.transmit(ip, &mut 10), Progress::Idle);
        assert_eq!(said.borrow().len(), 1);
    });
}

#[test]
fn what_is_joined_is_told_again_when_the_link_was_down_and_is_up() {
    with_ip(|ip, said| {
        let mut engine = engine();
        join(ip, &["224.0.0.1", "239.7.7.7", "ff02::fb"]);
        run_until(&mut engine, ip, said, 5000);
        take(said);
        // Any other change tells nothing, nor does the link's end.
        ip.generation += 1;
        run_until(&mut engine, ip, said, 6000);
        ip.unroutable = Some(Unreachable::InterfaceDown);
        ip.generation += 1;
        run_until(&mut engine, ip, said, 9000);
        assert!(take(said).is_empty() && engine.poll_at().is_none());
        ip.unroutable = None;
        ip.generation += 1;
        run_until(&mut engine, ip, said, 19_000);
        let (report, change) = ("IGMPv2 report 239.7.7.7", "MLDv2 report ChangeToExclude ff02::fb");
        assert_eq!(
            take(said),
            lines(&[
                (9000, "239.7.7.7", report),
                (9000, "ff02::16", change),
                (10_000, "239.7.7.7", report),
                (10_000, "ff02::16", change)
            ])
        );
    });
}

#[test]
fn a_table_that_is_too_small_is_counted() {
    with_ip(|ip, said| {
        let mut engine = SmallIgmp::from_slices(&mut [], [7; 32]);
        join(ip, &["239.7.7.7"]);
        run_until(&mut engine, ip, said, 5000);
        assert_eq!(counter(&engine, "table_full"), 1);
        assert!(take(said).is_empty());
    });
}

#[test]
fn any_octets_do_no_harm() {
    with_ip(|ip, said| {
        let mut engine = engine();
        join(ip, &["239.7.7.7", "ff02::fb"]);
        let mut random = tersus_ip::Random::new([3; 32]);
        for round in 0..20_000_u32 {
            let len = usize::try_from(random.below(40)).unwrap();
            let mut octets: Vec<u8> = (0..len).map(|_| random.next_u64().to_le_bytes()[0]).collect();
            if let Some(first) = octets.first_mut().filter(|_| round % 4 != 0) {
                *first = [0x11, 130, 143, 0x16][usize::try_from(random.below(4)).unwrap()];
            }
            let (from, to) =
                if round % 2 == 0 { ("fe80::fe", "ff02::1") } else { ("192.0.2.254", "224.0.0.1") };
            ip.now = Instant::from_micros(random.next_u64() >> random.below(64));
            feed_octets(&mut engine, ip.now, from, to, &mut octets, |_| ());
            engine.transmit(ip, &mut usize::try_from(random.below(3)).unwrap());
        }
        assert!(!said.borrow().is_empty());
    });
}
