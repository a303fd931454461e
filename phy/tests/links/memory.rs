//! The wire in memory and its impairments.

use crate::common::*;
use core::time::Duration;
use tersus_phy::memory::{Side, Statistics, Storage, Wire};
use tersus_phy::{
    Device, Direction, Ethernet, Fraction, FrameSlot, Impairment, Instant, LinkError, LinkEvents, LinkLayer,
    LinkPacket, LinkState, Medium, RxToken, Switch, Tracer, TxMeta, TxToken,
};
use tersus_wire::{EtherType, HardwareAddress};

const SEED: [u8; 32] = [9; 32];

fn ms(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

fn put(end: &mut impl Device, now: Instant, octets: &[u8]) -> bool {
    let Some(token) = end.transmit(now) else { return false };
    token.consume(octets.len(), TxMeta::default(), |buffer| buffer.copy_from_slice(octets));
    true
}

fn take(end: &mut impl Device, now: Instant) -> Option<Vec<u8>> {
    end.receive(now).map(|(rx, _)| rx.consume(|octets| octets.to_vec()))
}

/// Numbered frames of `len` octets, one every millisecond, and what arrives, with times.
fn run(
    impairment: Impairment,
    seed: [u8; 32],
    frames: u32,
    len: usize,
) -> (Vec<(Instant, Vec<u8>)>, Statistics) {
    let mut storage = Storage::<512, 100>::new();
    let wire = Wire::new(&mut storage, Medium::Ip, seed);
    wire.impair(Side::Left, impairment);
    let (mut left, mut right) = wire.ends();
    let mut arrived = Vec::new();
    let mut next = 0;
    loop {
        let send_at = (next < frames).then(|| ms(u64::from(next)));
        let Some(now) = tersus_phy::earliest(send_at, right.poll_at()) else { break };
        // Honest in both directions: nothing before, something at.
        if let Some(at) = right.poll_at() {
            if at > Instant::ZERO {
                let before = Instant::from_micros(at.micros() - 1);
                assert_eq!(take(&mut right, before), None, "a frame before {at}");
            }
            if at <= now {
                arrived.push((now, take(&mut right, now).expect("a frame at poll_at")));
                continue;
            }
        }
        let mut frame = next.to_be_bytes().to_vec();
        frame.resize(len, 0);
        assert!(put(&mut left, now, &frame), "room for all");
        next += 1;
    }
    (arrived, wire.statistics(Side::Left))
}

fn number(frame: &[u8]) -> u32 {
    u32::from_be_bytes(*frame.first_chunk().expect("four octets"))
}

#[test]
fn a_perfect_wire_carries_all_at_once_in_order_both_ways() {
    let mut storage = Storage::<4, 64>::new();
    let wire = Wire::new(&mut storage, Medium::Ethernet, SEED);
    let (mut left, mut right) = wire.ends();
    assert_eq!((left.capabilities().mtu, left.capabilities().medium), (50, Medium::Ethernet));
    assert_eq!((left.poll_at(), right.poll_at()), (None, None));
    for n in 0..3 {
        assert!(put(&mut left, ms(5), &[n; 20]));
        assert!(put(&mut right, ms(5), &[n + 10; 30]));
    }
    assert_eq!(right.poll_at(), Some(ms(5)));
    for n in 0..3 {
        assert_eq!(take(&mut right, ms(5)), Some(vec![n; 20]));
        assert_eq!(take(&mut left, ms(5)), Some(vec![n + 10; 30]));
    }
    assert_eq!(take(&mut right, ms(5)), None);
}

#[test]
fn a_full_queue_is_back_pressure_and_wakes_the_sender() {
    let mut storage = Storage::<2, 64>::new();
    let wire = Wire::new(&mut storage, Medium::Ip, SEED);
    let (mut left, mut right) = wire.ends();
    assert!(put(&mut left, ms(0), &[1]) && put(&mut left, ms(0), &[2]));
    assert_eq!(left.poll_at(), None);
    assert!(!put(&mut left, ms(0), &[3]));
    assert_eq!(left.poll_at(), None, "still full");
    assert_eq!(take(&mut right, ms(0)), Some(vec![1]));
    assert_eq!(left.poll_at(), Some(Instant::ZERO));
    assert!(put(&mut left, ms(0), &[3]));
    assert_eq!(left.poll_at(), None);
    assert_eq!(take(&mut right, ms(0)), Some(vec![2]));
    assert_eq!(take(&mut right, ms(0)), Some(vec![3]));
    assert_eq!(wire.statistics(Side::Left).sent, 3);
}

#[test]
fn each_fraction_is_met_within_bounds_and_counted() {
    const FRAMES: u32 = 20_000;
    let ten = Fraction::from_percent(10);
    let base = Impairment { reordering_delay: Duration::from_micros(2_500), ..Impairment::NONE };
    // impairment, counter of it
    type Count = fn(&Statistics) -> u32;
    let cases: [(Impairment, Count); 4] = [
        (Impairment { loss: ten, ..base }, |s| s.lost),
        (Impairment { duplication: ten, ..base }, |s| s.duplicated),
        (Impairment { reordering: ten, ..base }, |s| s.reordered),
        (Impairment { corruption: ten, ..base }, |s| s.corrupted),
    ];
    for (i, (impairment, counter)) in cases.into_iter().enumerate() {
        let (arrived, statistics) = run(impairment, SEED, FRAMES, 40);
        let hits = counter(&statistics);
        assert!((1_850..2_150).contains(&hits), "case {i}: {hits}");
        let others = [statistics.lost, statistics.duplicated, statistics.reordered, statistics.corrupted];
        assert_eq!(others.iter().sum::<u32>(), hits, "case {i}: nothing else happened");
        assert_eq!(statistics.sent, FRAMES);
        let received = u32::try_from(arrived.len()).unwrap();
        assert_eq!(statistics.received, received);
        assert_eq!(received, FRAMES - statistics.lost + statistics.duplicated, "case {i}");
        let corrupted = arrived.iter().filter(|(_, f)| f[4..].iter().any(|&o| o != 0)).count();
        assert_eq!(corrupted > 0, statistics.corrupted > 0);
        if statistics.corrupted == 0 {
            let overtaken = arrived.windows(2).filter(|w| number(&w[0].1) > number(&w[1].1)).count();
            assert_eq!(overtaken > 0, statistics.reordered > 0, "case {i}");
        }
    }
}

#[test]
fn a_corrupted_frame_differs_in_exactly_one_bit() {
    let (arrived, _) = run(Impairment { corruption: Fraction::ALL, ..Impairment::NONE }, SEED, 300, 40);
    let mut places = [0u32; 40];
    for (n, (_, frame)) in (0u32..).zip(&arrived) {
        let mut want = vec![0; 40];
        want[..4].copy_from_slice(&n.to_be_bytes());
        let flipped: u32 = frame.iter().zip(&want).map(|(a, b)| (a ^ b).count_ones()).sum();
        assert_eq!(flipped, 1, "frame {n}");
        places[frame.iter().zip(&want).position(|(a, b)| a != b).unwrap()] += 1;
    }
    assert!(places.iter().filter(|&&n| n > 0).count() > 35, "anywhere: {places:?}");
}

#[test]
fn delay_jitter_and_reordering_keep_to_their_bounds() {
    let impairment = Impairment {
        delay: Duration::from_millis(20),
        jitter: Duration::from_millis(5),
        reordering: Fraction::from_percent(10),
        reordering_delay: Duration::from_millis(10),
        ..Impairment::NONE
    };
    let (arrived, statistics) = run(impairment, SEED, 2_000, 40);
    assert_eq!(arrived.len(), 2_000);
    assert!(statistics.reordered > 100);
    let mut late = 0;
    let mut in_order = 0;
    for (at, frame) in &arrived {
        let took = at.since(ms(u64::from(number(frame))));
        assert!(took >= Duration::from_millis(20) && took <= Duration::from_millis(35), "{took:?}");
        if took > Duration::from_millis(25) {
            late += 1;
        } else if took < Duration::from_millis(25) {
            assert!(number(frame) >= in_order, "jitter alone does not reorder");
            in_order = number(frame);
        }
    }
    assert!(late > 100 && late <= statistics.reordered);
}

#[test]
fn a_rate_limit_serialises_frames() {
    let mut storage = Storage::<64, 1500>::new();
    let wire = Wire::new(&mut storage, Medium::Ip, SEED);
    // 1,000 octets take a millisecond.
    let impairment = Impairment { rate: 8_000_000, delay: Duration::from_millis(3), ..Impairment::NONE };
    wire.impair_both(impairment);
    let (mut left, mut right) = wire.ends();
    for _ in 0..3 {
        put(&mut left, ms(10), &[0; 1000]);
    }
    put(&mut left, ms(20), &[0; 500]);
    for micros in [14_000, 15_000, 16_000, 23_500] {
        let at = Instant::from_micros(micros);
        assert_eq!(right.poll_at(), Some(at));
        assert!(take(&mut right, at).is_some());
    }
    assert_eq!(right.poll_at(), None);
    // 60 octets at 10 Gbit/s take 48 ns: a thousand take 48 µs and not 1,000 rounded microseconds.
    wire.impair_both(Impairment { rate: 10_000_000_000, ..Impairment::NONE });
    let mut last = Instant::ZERO;
    for _ in 0..1000 {
        put(&mut left, ms(30), &[0; 60]);
        last = right.poll_at().unwrap();
        take(&mut right, last).unwrap();
    }
    assert_eq!(last, Instant::from_micros(30_048));
}

#[test]
fn a_seed_replays_exactly_and_another_does_not() {
    let some = Fraction::from_percent(7);
    let impairment = Impairment {
        loss: some,
        duplication: some,
        reordering: some,
        reordering_delay: Duration::from_millis(4),
        corruption: some,
        delay: Duration::from_millis(7),
        jitter: Duration::from_millis(2),
        rate: 1_000_000,
        partition: Switch::Off,
    };
    let first = run(impairment, SEED, 3_000, 60);
    assert_eq!(first, run(impairment, SEED, 3_000, 60));
    assert_ne!(first, run(impairment, [8; 32], 3_000, 60));
}

#[test]
fn a_partition_loses_what_is_sent_meanwhile_and_nothing_else() {
    let mut storage = Storage::<8, 64>::new();
    let wire = Wire::new(&mut storage, Medium::Ip, SEED);
    wire.impair_both(Impairment { delay: Duration::from_millis(5), ..Impairment::NONE });
    let (mut left, mut right) = wire.ends();
    put(&mut left, ms(0), &[1]);
    wire.partition(Switch::On);
    put(&mut left, ms(1), &[2]);
    put(&mut right, ms(1), &[12]);
    wire.partition(Switch::Off);
    put(&mut left, ms(2), &[3]);
    assert_eq!(take(&mut right, ms(9)), Some(vec![1]));
    assert_eq!(take(&mut right, ms(9)), Some(vec![3]));
    assert_eq!(take(&mut right, ms(9)), None);
    assert_eq!(take(&mut left, ms(9)), None);
    let statistics = wire.statistics(Side::Left);
    assert_eq!((statistics.sent, statistics.cut_off, statistics.lost), (3, 1, 0));
    assert_eq!(wire.statistics(Side::Right).cut_off, 1);
    assert_eq!(wire.impairment(Side::Left).delay, Duration::from_millis(5), "the rest is kept");
}

#[test]
fn the_link_state_reaches_both_links() {
    let mut storage = Storage::<8, 1514>::new();
    let wire = Wire::new(&mut storage, Medium::Ethernet, SEED);
    let (left, right) = wire.ends();
    let mut left: Ethernet<_> = Ethernet::new(left, OWN);
    let mut right: Ethernet<_> = Ethernet::new(right, PEER);
    wire.set_link_state(LinkState::Down);
    for link in [&mut left, &mut right] {
        assert_eq!(link.service(ms(1)), LinkEvents::CHANGED);
        assert_eq!(link.properties().link_state, LinkState::Down);
    }
    let mut end = right.into_device();
    assert!(put(&mut end, ms(1), &[0; 60]), "a driver takes frames, the cable does not");
    assert_eq!(wire.statistics(Side::Right).cut_off, 1);
    wire.set_link_state(LinkState::Up);
    assert_eq!(left.service(ms(2)), LinkEvents::CHANGED);
}

#[test]
fn one_slot_carries_frames_whatever_duplication_asks() {
    let mut storage = Storage::<1, 64>::new();
    let wire = Wire::new(&mut storage, Medium::Ip, SEED);
    wire.impair_both(Impairment { duplication: Fraction::ALL, ..Impairment::NONE });
    let (mut left, mut right) = wire.ends();
    for n in 0..5 {
        assert!(put(&mut left, ms(0), &[n]));
        assert!(!put(&mut left, ms(0), &[n]));
        assert_eq!(take(&mut right, ms(0)), Some(vec![n]));
    }
    let mut storage = Storage::<3, 64>::new();
    let wire = Wire::new(&mut storage, Medium::Ip, SEED);
    wire.impair_both(Impairment { duplication: Fraction::ALL, ..Impairment::NONE });
    let (mut left, mut right) = wire.ends();
    assert!(put(&mut left, ms(0), &[1]));
    assert!(!put(&mut left, ms(0), &[2]), "no room for a duplicate");
    assert_eq!((take(&mut right, ms(0)), take(&mut right, ms(0))), (Some(vec![1]), Some(vec![1])));
    assert_eq!(take(&mut right, ms(0)), None);
}

#[test]
fn memory_of_any_size_is_legal() {
    for (slots, octets) in [(0, 0), (0, 50), (1, 0), (3, 41), (5, 4)] {
        let mut a = (vec![FrameSlot::EMPTY; slots], vec![0; octets]);
        let mut b = (vec![FrameSlot::EMPTY; slots], vec![0; octets]);
        let wire = Wire::from_slices([&mut a.0, &mut b.0], [&mut a.1, &mut b.1], Medium::Ethernet, SEED);
        let (mut left, mut right) = wire.ends();
        let mtu = left.capabilities().mtu;
        assert_eq!(usize::from(mtu), (octets / slots.max(1)).saturating_sub(14));
        for len in [0, 1, 14, 60] {
            if let Some(token) = left.transmit(ms(0)) {
                token.consume(len, TxMeta::default(), |buffer| buffer.fill(1));
            }
            take(&mut right, ms(0));
        }
    }
}

#[test]
fn two_interfaces_of_one_stack_on_one_wire_do_not_panic() {
    let mut storage = Storage::<4, 64>::new();
    let wire = Wire::new(&mut storage, Medium::Ip, SEED);
    let (mut left, mut right) = wire.ends();
    put(&mut left, ms(0), &[1]);
    let (rx, _) = right.receive(ms(0)).unwrap();
    rx.consume(|_| {
        // While a frame from the left is in hands, the left has no room, and is woken later.
        assert!(left.transmit(ms(0)).is_none());
        assert!(left.poll_at().is_some());
        assert_eq!(wire.statistics(Side::Left).received, 1);
    });
    assert_eq!(left.poll_at(), Some(Instant::ZERO));
    assert!(left.transmit(ms(0)).is_some());
}

#[test]
fn ethernet_links_exchange_packets_and_the_tracer_sees_every_frame() {
    let mut log = Vec::new();
    let sink = |direction, now, octets: &[u8]| log.push((direction, now, octets.len()));
    let mut storage = Storage::<4, 1514>::new();
    let wire = Wire::new(&mut storage, Medium::Ethernet, SEED);
    wire.impair_both(Impairment { delay: Duration::from_millis(1), ..Impairment::NONE });
    let (left, right) = wire.ends();
    let mut left: Ethernet<_> = Ethernet::new(Tracer::new(left, sink), OWN);
    let mut right: Ethernet<_> = Ethernet::new(right, PEER);
    let to = HardwareAddress::ethernet(PEER);
    send(left.tx(ms(0)), to, LinkPacket::new(EtherType::IPV4, 100), &[4; 100]).unwrap();
    assert_eq!(right.poll_at(), Some(ms(1)));
    let mut upper = Recorder { replies: 1, ..Recorder::default() };
    assert_eq!(right.receive(ms(1), 9, &mut upper), 1);
    assert_eq!(upper.metas[0].timestamp, Some(ms(1)));
    assert_eq!(left.poll_at(), Some(ms(2)));
    let mut upper = Recorder::default();
    assert_eq!(left.receive(ms(2), 9, &mut upper), 1);
    assert_eq!(upper.seen[0].payload, [4; 100]);
    assert_eq!(log, [(Direction::Transmit, ms(0), 114), (Direction::Receive, ms(2), 114)]);
}

#[test]
fn a_slow_wire_fills_and_every_refused_frame_passes_in_the_end() {
    let mut storage = Storage::<3, 1514>::new();
    let wire = Wire::new(&mut storage, Medium::Ethernet, SEED);
    wire.impair_both(Impairment { rate: 1_000_000, ..Impairment::NONE });
    let (left, right) = wire.ends();
    let mut left: Ethernet<_> = Ethernet::new(left, OWN);
    let mut right: Ethernet<_> = Ethernet::new(right, PEER);
    let to = HardwareAddress::ethernet(PEER);
    let (mut now, mut sent, mut rooms) = (Instant::ZERO, 0, 0);
    let mut upper = Recorder::default();
    let mut blocked = false;
    for _ in 0..1_000 {
        if left.service(now).contains(LinkEvents::ROOM) {
            blocked = false;
            rooms += 1;
        }
        while !blocked && sent < 100 {
            match send(left.tx(now), to, LinkPacket::new(EtherType::IPV4, 500), &[1; 500]) {
                Ok(()) => sent += 1,
                Err(error) => {
                    assert_eq!(error, LinkError::Full);
                    blocked = true;
                }
            }
        }
        right.receive(now, 8, &mut upper);
        match tersus_phy::earliest(left.poll_at(), right.poll_at()) {
            Some(at) => now = now.max(at),
            None => break,
        }
    }
    assert_eq!((sent, upper.seen.len()), (100, 100), "after {rooms} waits, at {now}");
    assert_eq!(rooms, 97);
}
