//! Echo requests are answered in place, or dropped and counted.

mod common;

use common::{close, feed, ip, is_valid, message};
use core::net::IpAddr;
use tersus_icmp::{Answering, EchoResponder, Icmp, Storage};
use tersus_ip::rate_limit::Rate;
use tersus_ip::{Cast, Instant, IpMeta, Random, RxChecksum, Transport, Verdict};
use tersus_wire::IpProtocol;

const PEER4: &str = "192.0.2.9";
const OWN4: &str = "192.0.2.1";
const PEER6: &str = "2001:db8::9";
const OWN6: &str = "2001:db8::1";

fn counter(responder: &EchoResponder, name: &str) -> u32 {
    responder.statistics().counters().iter().find(|(known, _)| *known == name).expect("a counter").1
}

fn request(from: &str, to: &str, data: &[u8]) -> Vec<u8> {
    let kind = if from.contains(':') { 128 } else { 8 };
    message(ip(from), ip(to), kind, [0x1234, 7], data)
}

// conf: ICM-ECH-01, ICM-ECH-02, ICM-ECH-06, ICM-ECH-07, ICM-V4-01
#[test]
fn a_request_comes_back_as_its_reply() {
    for (from, to, kind) in [(PEER4, OWN4, 0), (PEER4, "192.0.2.77", 0), (PEER6, OWN6, 129)] {
        for len in [0, 1, 2, 55, 56, 1472, 65_507] {
            let data: Vec<u8> = (0..=255).cycle().take(len).collect();
            let mut octets = request(from, to, &data);
            let mut responder = EchoResponder::new(Answering::Always);
            let verdict = feed(&mut responder, ip(from), ip(to), &mut octets, |_| ());
            assert_eq!(verdict, Verdict::Reply(u16::try_from(len + 8).unwrap()), "{from} {len}");
            assert_eq!((octets[0], octets[1], &octets[4..8]), (kind, 0, &[0x12, 0x34, 0, 7][..]));
            assert_eq!(octets[8..], data);
            assert!(is_valid(ip(to), ip(from), &octets), "{from} {len}");
            assert_eq!(counter(&responder, "answered"), 1);
        }
    }
}

// conf: ICM-ECH-03, ICM-ECH-08, ICM-V4-02, ICM-V4-13, ICM-V4-14, ICM-V6-03
#[test]
fn what_is_answered_and_what_is_not() {
    type Adjust = fn(&mut IpMeta<'_>);
    let many: Adjust = |meta| {
        meta.cast = Cast::Multicast;
        meta.reply_from = Some(ip(if meta.addresses.source().is_ipv4() { OWN4 } else { OWN6 }));
    };
    let all: Adjust = |meta| {
        meta.cast = Cast::Broadcast;
        meta.reply_from = Some(ip(OWN4));
    };
    let refused: Adjust = |meta| meta.reply_from = None;
    let plain: Adjust = |_| ();
    // name, from, to, type, what IP knows, counter that moves
    for (name, from, to, kind, adjust, moves) in [
        ("v4 unicast", PEER4, OWN4, 8, plain, "answered"),
        ("v4 broadcast", PEER4, "255.255.255.255", 8, all, "not_answered"),
        ("v4 unicast in a broadcast frame", PEER4, OWN4, 8, all, "not_answered"),
        ("v4 group", PEER4, "224.0.0.1", 8, many, "not_answered"),
        ("v4 that IP would not answer", PEER4, OWN4, 8, refused, "not_answered"),
        ("v6 unicast", PEER6, OWN6, 128, plain, "answered"),
        ("v6 group", PEER6, "ff02::1", 128, many, "answered"),
        ("v6 group from a group", "ff02::2", "ff02::1", 128, many, "not_answered"),
        ("v6 that IP would not answer", "::", OWN6, 128, refused, "not_answered"),
        ("v4 reply", PEER4, OWN4, 0, plain, "unexpected_reply"),
        ("v6 reply", PEER6, OWN6, 129, plain, "unexpected_reply"),
        ("v4 source quench", PEER4, OWN4, 4, plain, "none"),
        ("v4 timestamp", PEER4, OWN4, 13, plain, "none"),
        ("v4 information", PEER4, OWN4, 15, plain, "none"),
        ("v4 address mask", PEER4, OWN4, 17, plain, "none"),
        ("v4 type 200", PEER4, OWN4, 200, plain, "none"),
        ("v6 type 200", PEER6, OWN6, 200, plain, "none"),
        ("v6 listener query", PEER6, "ff02::1", 130, many, "none"),
        ("v4 with the type of v6", PEER4, OWN4, 128, plain, "none"),
        ("v6 with the type of v4", PEER6, OWN6, 8, plain, "none"),
    ] {
        let mut responder = EchoResponder::default();
        let mut octets = message(ip(from), ip(to), kind, [1, 2], b"data");
        let verdict = feed(&mut responder, ip(from), ip(to), &mut octets, adjust);
        if moves == "none" {
            let unaltered = message(ip(from), ip(to), kind, [1, 2], b"data");
            assert_eq!((verdict, octets), (Verdict::NotMine, unaltered), "{name}: IP drops it silently");
            assert_eq!(counter(&responder, "received"), 0, "{name}");
            continue;
        }
        assert_eq!(counter(&responder, moves), 1, "{name}");
        assert_eq!(verdict != Verdict::Done, moves == "answered", "{name}");
        if verdict != Verdict::Done {
            let own: IpAddr = ip(if from.contains(':') { OWN6 } else { OWN4 });
            assert!(is_valid(own, ip(from), &octets), "{name}: the checksum covers the new source");
        }
    }
}

// conf: ICM-ECH-10
#[test]
fn a_code_that_is_not_zero_is_answered_with_zero() {
    for (from, to, kind) in [(PEER4, OWN4, 8), (PEER6, OWN6, 128)] {
        let mut octets = vec![kind, 77, 0, 0, 0, 1, 0, 2, 9];
        octets = close(ip(from), ip(to), octets);
        let mut responder = EchoResponder::default();
        assert_eq!(feed(&mut responder, ip(from), ip(to), &mut octets, |_| ()), Verdict::Reply(9));
        assert_eq!(octets[1], 0);
        assert!(is_valid(ip(to), ip(from), &octets));
    }
}

// conf: ICM-V4-01, ICM-V6-01
#[test]
fn a_wrong_checksum_and_a_short_message_are_dropped() {
    let valid = request(PEER4, OWN4, b"data!");
    for (from, to) in [(PEER4, OWN4), (PEER6, OWN6)] {
        let valid = request(from, to, b"data!");
        for bit in 8..valid.len() * 8 {
            let mut responder = EchoResponder::default();
            let mut octets = valid.clone();
            octets[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(feed(&mut responder, ip(from), ip(to), &mut octets, |_| ()), Verdict::Done);
            assert_eq!(counter(&responder, "bad_checksum"), 1);
        }
    }
    let mut responder = EchoResponder::default();
    for len in 1..8 {
        feed(&mut responder, ip(PEER4), ip(OWN4), &mut valid.clone()[..len], |_| ());
        feed(&mut responder, ip(PEER6), ip(OWN6), &mut request(PEER6, OWN6, b"")[..len], |_| ());
    }
    assert_eq!((counter(&responder, "malformed"), counter(&responder, "answered")), (14, 0));
    let mut octets = valid.clone();
    octets[2] ^= 1;
    let verified = |meta: &mut IpMeta<'_>| meta.rx.checksum = RxChecksum::Verified;
    let verdict = feed(&mut responder, ip(PEER4), ip(OWN4), &mut octets, verified);
    assert_eq!(verdict, Verdict::Reply(13), "what the device verified is not summed again");
}

#[test]
fn answering_can_be_limited_and_switched_off() {
    let mut responder = EchoResponder::new(Answering::Limited(Rate { per_second: 10, burst: 5 }));
    let ask = |responder: &mut EchoResponder, ms| {
        let mut octets = request(PEER4, OWN4, b"");
        let verdict = feed(responder, ip(PEER4), ip(OWN4), &mut octets, |meta| {
            meta.now = Instant::from_millis(ms);
        });
        verdict != Verdict::Done
    };
    assert_eq!((0..100).filter(|_| ask(&mut responder, 0)).count(), 5);
    assert!(!ask(&mut responder, 99));
    assert!(ask(&mut responder, 100));
    assert_eq!(counter(&responder, "rate_limited"), 96);
    responder.set_answering(Answering::Never);
    assert!(!ask(&mut responder, 100_000));
    responder.set_answering(Answering::Always);
    assert!((0..100).all(|_| ask(&mut responder, 100_000)));
}

#[test]
fn other_protocols_are_not_ours_and_nothing_else_is_done() {
    let mut responder = EchoResponder::default();
    let mut octets = request(PEER4, OWN4, b"");
    for protocol in [IpProtocol::UDP, IpProtocol::IGMP, IpProtocol::ICMPV6] {
        let verdict = feed(&mut responder, ip(PEER4), ip(OWN4), &mut octets, |meta| meta.protocol = protocol);
        assert_eq!((verdict, responder.poll_at()), (Verdict::NotMine, None));
    }
    // The engine with sockets, but none of them, answers as well.
    let mut storage: Storage<0, 0, 0> = Storage::new();
    let mut icmp = Icmp::new(&mut storage, [1; 32]);
    assert_eq!(feed(&mut icmp, ip(PEER4), ip(OWN4), &mut octets, |_| ()), Verdict::Reply(8));
}

#[test]
fn mutated_messages_harm_nobody() {
    let mut random = Random::new([3; 32]);
    let mut responder = EchoResponder::default();
    for _ in 0..50_000 {
        let (from, to) = if random.below(2) == 0 { (PEER4, OWN4) } else { (PEER6, OWN6) };
        let mut octets = request(from, to, b"some data");
        for _ in 0..random.below(3) {
            let index = usize::try_from(random.below(17)).unwrap();
            octets[index] = random.next_u16().to_be_bytes()[0];
        }
        octets.truncate(usize::try_from(random.below(19)).unwrap());
        let len = octets.len();
        match feed(&mut responder, ip(from), ip(to), &mut octets, |_| ()) {
            Verdict::Reply(reply) => assert_eq!(usize::from(reply), len),
            verdict => assert!(matches!(verdict, Verdict::Done | Verdict::NotMine)),
        }
    }
}
