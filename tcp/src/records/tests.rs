extern crate std;

use super::*;
use std::collections::VecDeque;
use std::vec;
use std::vec::Vec;
use tersus_ip::Random;

const ISS: SeqNum = SeqNum(0xffff_fc00);
const MSS: u32 = 100;

fn at(micros: u64) -> Instant {
    Instant::from_micros(micros)
}

/// Start relative to the ISS, length and state of each run.
fn runs(records: &Records, pool: &Pool<'_, Record>) -> Vec<(u32, u32, State)> {
    let open = (records.open.len > 0).then_some(&records.open);
    pool.chain(records.head).chain(open).map(|run| (run.seq.distance(ISS), run.len, run.state)).collect()
}

/// The invariant, and that all counts are what the runs add up to.
fn check(records: &Records, pool: &Pool<'_, Record>, una: SeqNum, nxt: SeqNum) {
    let runs = runs(records, pool);
    let mut seq = una.distance(ISS);
    for &(start, len, _) in &runs {
        assert_eq!(start, seq, "a gap or an overlap: {runs:?}");
        assert!(len > 0, "{runs:?}");
        seq = seq.wrapping_add(len);
    }
    assert_eq!(seq, nxt.distance(ISS), "{runs:?}");
    assert_eq!(records.end(), nxt);
    let octets = |flag| runs.iter().filter(|run| run.2.contains(flag)).map(|run| run.1).sum::<u32>();
    assert_eq!((records.lost, records.sacked), (octets(State::LOST), octets(State::SACKED)), "{runs:?}");
    assert_eq!(pool.chain(records.head).count(), usize::from(records.count));
    assert_eq!(records.tail == 0, records.head == 0);
    assert_eq!(pool.copy(records.tail).next, 0);
    let before_hint =
        pool.chain(records.head).take_while(|run| Some(run.seq) != pool.get(records.hint).map(|run| run.seq));
    assert!(
        records.hint == 0 || before_hint.into_iter().all(|run| !run.state.contains(State::LOST)),
        "{runs:?}"
    );
    assert!(records.hint == 0 || pool.chain(records.head).any(|run| run.seq == pool.copy(records.hint).seq));
    assert_eq!(records.pipe(nxt.distance(una)), nxt.distance(una) - records.lost - records.sacked);
}

#[test]
fn entries_are_as_small_as_planned() {
    assert_eq!(core::mem::size_of::<Record>(), 28);
    assert!(core::mem::size_of::<Records>() <= 56);
    assert_eq!(Record::NONE.next, Record::default().next);
}

#[test]
fn a_short_exchange_does_not_touch_the_pool() {
    let mut pool = Pool::new(&mut [], 9, 9);
    let mut records = Records::new(ISS);
    records.on_send(&mut pool, 10, at(1_000));
    records.on_send(&mut pool, 20, at(1_000));
    assert_eq!(runs(&records, &pool), [(0, 30, State::empty())]);
    let acked = records.on_ack(&mut pool, ISS + 30, at(1_250), Rate::Wanted);
    assert_eq!(acked, Acked { octets: 30, rtt_us: Some(250), delivered: 30, interval_us: 250 });
    check(&records, &pool, ISS + 30, ISS + 30);
    assert_eq!(records.on_ack(&mut pool, ISS + 30, at(1_300), Rate::Wanted), Acked::default());
}

#[test]
fn octets_of_one_moment_are_one_run_and_those_of_another_a_new_one() {
    let mut memory = [Record::NONE; 8];
    let mut pool = Pool::new(&mut memory, 8, 1);
    let mut records = Records::new(ISS);
    for (len, now) in [(100, 10), (100, 10), (50, 20), (0, 25), (100, 30), (100, 30)] {
        records.on_send(&mut pool, len, at(now));
    }
    let none = State::empty();
    assert_eq!(runs(&records, &pool), [(0, 200, none), (200, 50, none), (250, 200, none)]);
    // Acknowledged up to, when; octets, sample
    for (una, now, octets, rtt) in [
        (0, 30, 0, None),
        (150, 40, 150, Some(30)),
        (220, 50, 70, Some(30)),
        (449, 60, 229, Some(30)),
        (450, 99, 1, Some(69)),
    ] {
        let acked = records.on_ack(&mut pool, ISS + una, at(now), Rate::Wanted);
        assert_eq!((acked.octets, acked.rtt_us), (octets, rtt), "up to {una}");
        check(&records, &pool, ISS + una, ISS + 450);
    }
    assert_eq!(pool.available(), 8);
}

// conf: TCP-RTO-06
#[test]
fn what_was_sent_again_gives_no_sample() {
    let mut memory = [Record::NONE; 8];
    let mut pool = Pool::new(&mut memory, 8, 1);
    let mut records = Records::new(ISS);
    records.on_send(&mut pool, 300, at(10));
    records.on_send(&mut pool, 300, at(20));
    records.mark_lost(&mut pool, ISS, MSS);
    assert_eq!((records.first_lost(&pool), records.pipe(600)), (Some((ISS, 100)), 500));
    records.on_retransmit(&mut pool, ISS, MSS, at(50));
    assert_eq!((records.first_lost(&pool), records.pipe(600)), (None, 600));
    let (resent, none) = (State::RESENT, State::empty());
    assert_eq!(runs(&records, &pool), [(0, 100, resent), (100, 200, none), (300, 300, none)]);
    // It repairs the gap: nothing that it acknowledges can be told apart from it.
    assert_eq!(records.on_ack(&mut pool, ISS + 400, at(70), Rate::Wanted).rtt_us, None);
    assert_eq!(records.on_ack(&mut pool, ISS + 600, at(80), Rate::Wanted).rtt_us, Some(60));
}

#[test]
fn all_that_a_timeout_marks_is_sent_again_segment_by_segment_in_order() {
    let mut memory = [Record::NONE; 8];
    let mut pool = Pool::new(&mut memory, 8, 1);
    let mut records = Records::new(ISS);
    for now in [10, 20, 30] {
        records.on_send(&mut pool, 150, at(now));
    }
    records.mark_all_lost(&mut pool);
    assert_eq!((records.pipe(450), records.lost()), (0, 450));
    let mut order = vec![];
    while let Some((seq, len)) = records.first_lost(&pool) {
        // Segments span the runs.
        order.push((seq.distance(ISS), len.min(MSS)));
        records.on_retransmit(&mut pool, seq, len.min(MSS), at(99));
        check(&records, &pool, ISS, ISS + 450);
    }
    assert_eq!(order, [(0, 100), (100, 100), (200, 100), (300, 100), (400, 50)]);
    // What was sent again at one moment is one run again, but for the open one.
    assert_eq!(runs(&records, &pool).len(), 2);
    assert_eq!(records.on_ack(&mut pool, ISS + 450, at(150), Rate::Wanted).rtt_us, None);
    assert_eq!(pool.available(), 8);
}

#[test]
fn without_an_entry_the_first_segment_goes_and_a_partial_acknowledgement_marks_the_next() {
    let mut pool = Pool::new(&mut [], 9, 9);
    let mut records = Records::new(ISS);
    records.on_send(&mut pool, 500, at(10));
    records.mark_lost(&mut pool, ISS, MSS);
    assert_eq!(records.first_lost(&pool), Some((ISS, 500)));
    records.on_retransmit(&mut pool, ISS, MSS, at(20));
    // Nothing else is sent again before the acknowledgement comes.
    assert_eq!((records.first_lost(&pool), records.pipe(500)), (None, 500));
    let acked = records.on_ack(&mut pool, ISS + 300, at(60), Rate::Wanted);
    assert_eq!((acked.octets, acked.rtt_us), (300, None));
    records.mark_lost(&mut pool, ISS + 300, MSS);
    assert_eq!(records.first_lost(&pool), Some((ISS + 300, 200)));
    // The original arrives after all: what is behind it is no longer lost either.
    records.on_ack(&mut pool, ISS + 400, at(70), Rate::Wanted);
    assert_eq!((records.first_lost(&pool), records.lost()), (None, 0));
    check(&records, &pool, ISS + 400, ISS + 500);
}

#[test]
fn the_rate_is_what_was_delivered_since_the_run_was_sent() {
    let mut memory = [Record::NONE; 8];
    let mut pool = Pool::new(&mut memory, 8, 1);
    let mut records = Records::new(ISS);
    // 100 octets every 10 ms, acknowledged 40 ms later: 10,000 octets a second.
    for step in 0..20u32 {
        let now = at(1_000_000 + u64::from(step) * 10_000);
        if step >= 4 {
            let acked = records.on_ack(&mut pool, ISS + (step - 3) * 100, now, Rate::Wanted);
            assert_eq!(acked.rtt_us, Some(40_000));
            if step >= 8 {
                assert_eq!((acked.delivered, acked.interval_us), (400, 40_000), "step {step}");
            }
        }
        records.on_send(&mut pool, 100, now);
    }
    assert_eq!(records.delivered(), 1_700 - 100);
}

// conf: TCP-RTO-07
#[test]
fn each_round_trip_gives_a_sample_however_small_the_pool() {
    for entries in [0, 1, 2, 4, 8] {
        for lost_at in [None, Some(200u64)] {
            let mut memory = vec![Record::NONE; entries];
            let mut pool = Pool::new(&mut memory, 9, 1);
            let mut records = Records::new(ISS);
            let mut samples = 0;
            // 100 octets a millisecond for a second, acknowledged 50 ms later; once the first segment is sent again.
            for ms in 0..1_000u64 {
                let now = at(1_000_000 + ms * 1_000);
                records.on_send(&mut pool, 100, now);
                if let Some(acked) = ms.checked_sub(50) {
                    let una = ISS + (u32::try_from(acked).unwrap() + 1) * 100;
                    let sample = records.on_ack(&mut pool, una, now, Rate::Wanted).rtt_us;
                    assert_eq!(sample.unwrap_or(50_000), 50_000);
                    samples += u32::from(sample.is_some());
                    if lost_at == Some(ms) {
                        records.mark_lost(&mut pool, una, 100);
                        let (seq, _) = records.first_lost(&pool).unwrap();
                        records.on_retransmit(&mut pool, seq, 100, now);
                    }
                }
            }
            assert!(samples >= 16, "{entries} entries: {samples} samples in 19 round trips");
        }
    }
}

/// Whether the octets from the first in flight up to `una` are SACKed.
fn sacked_octets(records: &Records, pool: &Pool<'_, Record>, una: SeqNum) -> Vec<bool> {
    let all = runs(records, pool).into_iter().flat_map(|(start, len, state)| {
        (start..start + len).map(move |seq| (seq, state.contains(State::SACKED)))
    });
    all.take_while(|(seq, _)| (ISS + *seq).lt(una)).map(|(_, sacked)| sacked).collect()
}

/// What is known of an octet in flight.
#[derive(Clone, Copy)]
struct Octet {
    sent: u64,
    was_resent: bool,
}

#[test]
fn runs_cover_what_is_in_flight_and_karns_rule_holds_in_any_order_of_calls() {
    for entries in [0usize, 1, 2, 4, 8, 64] {
        for seed in 0..8u8 {
            let mut random = Random::new([seed; 32]);
            let mut memory = vec![Record::NONE; entries];
            let mut pool = Pool::new(&mut memory, 64, 2);
            // Another connection takes and gives back what it can.
            let mut other = Records::new(SeqNum(5));
            let mut records = Records::new(ISS);
            let (mut una, mut nxt) = (ISS, ISS);
            let mut model: VecDeque<Octet> = VecDeque::new();
            let mut now = 0xffff_0000u64;
            for _ in 0..4_000 {
                now += u64::from(random.below(3)) * 1_000;
                let flight = nxt.distance(una);
                match random.below(14) {
                    0..=4 if flight < 5_000 => {
                        let len = 1 + random.below(3 * MSS);
                        records.on_send(&mut pool, len, at(now));
                        model.extend((0..len).map(|_| Octet { sent: now, was_resent: false }));
                        nxt += len;
                    }
                    5 | 6 => {
                        let octets = random.below(flight + 1);
                        una += octets;
                        let before = records.delivered();
                        let known = sacked_octets(&records, &pool, una);
                        let acked = records.on_ack(&mut pool, una, at(now), Rate::Wanted);
                        let taken = model.drain(..octets as usize).zip(&known);
                        // What was SACKed was delivered then.
                        let taken: Vec<Octet> =
                            taken.filter(|(_, sacked)| !**sacked).map(|(octet, _)| octet).collect();
                        assert_eq!(
                            (acked.octets, records.delivered().wrapping_sub(before)),
                            (octets, u32::try_from(taken.len()).unwrap())
                        );
                        if let Some(rtt) = acked.rtt_us {
                            assert!(taken.iter().all(|octet| !octet.was_resent), "Karn");
                            assert!(taken.iter().any(|octet| now - octet.sent == u64::from(rtt)));
                        }
                    }
                    7 if flight > 0 => {
                        records.mark_lost(&mut pool, una, MSS.min(flight));
                        if sacked_octets(&records, &pool, una + 1).first() == Some(&false) {
                            assert_eq!(records.first_lost(&pool).map(|lost| lost.0), Some(una));
                        }
                    }
                    8 if flight > 0 => {
                        let offset = random.below(flight);
                        records.mark_lost(&mut pool, una + offset, MSS.min(flight - offset));
                    }
                    9 if random.below(5) == 0 => {
                        records.mark_all_lost(&mut pool);
                        assert_eq!((records.lost(), records.pipe(flight)), (flight, 0));
                    }
                    12 if flight > 0 => {
                        let blocks = [0; 4].map(|_| {
                            let left = random.below(flight);
                            let len = 1 + random.below((2 * MSS).min(flight - left));
                            Block { left: una + left, right: una + (left + len) }
                        });
                        let blocks = &blocks[..1 + random.below(4) as usize];
                        let (before, delivered) = (records.sacked(), records.delivered());
                        let delivery = records.on_sack(&mut pool, una, blocks, at(now));
                        assert_eq!(delivery.acked.octets, 0);
                        assert_eq!(records.sacked() - before, delivery.sacked);
                        assert_eq!(records.delivered().wrapping_sub(delivered), delivery.sacked);
                    }
                    13 if random.below(3) == 0 => {
                        let before = records.lost();
                        let lost = records.mark_lost_by_sack(&mut pool, MSS);
                        assert_eq!(records.lost(), before + lost);
                        assert_eq!(records.mark_lost_by_sack(&mut pool, MSS), 0);
                        records.mark_rest_lost(&mut pool, una + random.below(flight + 1));
                    }
                    10 => {
                        if random.below(2) == 0 {
                            other.on_send(&mut pool, 10, at(now));
                        } else {
                            let all = other.end();
                            other.on_ack(&mut pool, all, at(now), Rate::Wanted);
                        }
                    }
                    _ => {
                        if let Some((seq, len)) = records.first_lost(&pool) {
                            let len = len.min(MSS);
                            let before = records.lost();
                            records.on_retransmit(&mut pool, seq, len, at(now));
                            assert!(records.lost() < before, "sending again makes progress");
                            let from = seq.distance(una) as usize;
                            for octet in model.range_mut(from..from + len as usize) {
                                *octet = Octet { sent: now, was_resent: true };
                            }
                        }
                    }
                }
                check(&records, &pool, una, nxt);
            }
            // Whatever happened: a timeout sends all that is left again, and the end is reached.
            records.mark_all_lost(&mut pool);
            for _ in 0..1_000 {
                let Some((seq, len)) = records.first_lost(&pool) else {
                    una = una + MSS.min(nxt.distance(una));
                    records.on_ack(&mut pool, una, at(now), Rate::Wanted);
                    if una == nxt {
                        break;
                    }
                    records.mark_lost(&mut pool, una, MSS);
                    continue;
                };
                records.on_retransmit(&mut pool, seq, len.min(MSS), at(now));
            }
            assert_eq!(una, nxt, "it stalled");
            records.clear(&mut pool);
            other.clear(&mut pool);
            assert_eq!(pool.available(), entries);
        }
    }
}

/// One walk over runs and blocks finds what a look at each octet finds, and the walk of RACK that ends early what one to
/// the end does.
#[test]
fn with_entries_enough_exactly_the_octets_of_the_blocks_are_sacked() {
    for seed in 0..40u8 {
        let mut random = Random::new([seed; 32]);
        let mut memory = vec![Record::NONE; 2_000];
        let mut pool = Pool::new(&mut memory, 2_000, 1);
        let mut records = Records::new(ISS);
        let (mut una, mut nxt, mut now) = (0u32, 0u32, 1_000u64);
        let mut model: Vec<bool> = vec![];
        for _ in 0..300 {
            now += u64::from(random.below(3)) * 100;
            let flight = nxt - una;
            match random.below(8) {
                0..=3 => {
                    let len = 1 + random.below(2 * MSS);
                    records.on_send(&mut pool, len, at(now));
                    nxt += len;
                    model.resize(nxt as usize, false);
                }
                4 if flight > 0 => {
                    if let Some((seq, len)) = records.first_lost(&pool) {
                        records.on_retransmit(&mut pool, seq, len.min(MSS), at(now));
                    }
                }
                5 | 6 if flight > 0 => {
                    una += if random.below(4) == 0 { random.below(flight / 4 + 1) } else { 0 };
                    let blocks: Vec<Block> = (0..1 + random.below(4))
                        .map(|_| {
                            let left = una + random.below(nxt - una);
                            let right = left + 1 + random.below((3 * MSS).min(nxt - left));
                            model[left as usize..right as usize].fill(true);
                            Block { left: ISS + left, right: ISS + right }
                        })
                        .collect();
                    records.on_sack(&mut pool, ISS + una, &blocks, at(now));
                    assert_eq!(
                        sacked_octets(&records, &pool, records.end()),
                        model[una as usize..],
                        "seed {seed}, {blocks:?}"
                    );
                }
                7 if flight > 0 => {
                    let wait_us = random.below(400);
                    let (sent, end) = (stamp(at(now)).saturating_sub(random.below(3_000)), ISS + una);
                    let after = SentAfter { at: sent, end, wait_us, now: stamp(at(now)) };
                    let open = (records.open.len > 0).then_some(&records.open);
                    let in_flight = pool.chain(records.head).chain(open);
                    let in_flight =
                        in_flight.filter(|run| !run.state.intersects(State::LOST | State::SACKED));
                    let mut want = Overdue::default();
                    for run in in_flight {
                        match after.remaining(run) {
                            Some(0) => {
                                want.lost += run.len;
                                want.lost_again |= run.state.contains(State::RESENT);
                            }
                            wait => want.wait_us = want.wait_us.max(wait.unwrap_or(0)),
                        }
                    }
                    assert_eq!(records.mark_lost_by_time(&mut pool, &after), want, "seed {seed}");
                }
                _ => {}
            }
            check(&records, &pool, ISS + una, ISS + nxt);
        }
        let sacked =
            pool.chain(records.head).map(|run| run.state.contains(State::SACKED)).collect::<Vec<_>>();
        assert!(sacked.windows(2).all(|pair| pair != [true; 2]), "neighbours are one run");
    }
}

#[test]
fn an_echo_tells_of_one_retransmission_alone() {
    // Entries; what is sent again and when; what arrives: up to where, and blocks; when it was sent again, and whether
    // that is unclear.
    for (entries, again, una, block, want) in [
        (8, &[(0, 100, 50)][..], 200, None, (Some(50), false)),
        (8, &[(0, 100, 50)], 100, Some((200, 300)), (Some(50), false)),
        (8, &[(100, 100, 50)], 0, Some((100, 200)), (None, true)),
        (8, &[(0, 100, 50), (100, 100, 60)], 200, None, (Some(50), true)),
        (8, &[(0, 100, 50), (200, 100, 60)], 100, Some((200, 300)), (Some(50), true)),
        // The echo of the first copy is older than the second.
        (8, &[(0, 100, 50), (0, 100, 60)], 200, None, (Some(60), true)),
        // Without an entry for it nobody knows which octets were.
        (0, &[(0, 100, 50)], 100, None, (Some(50), true)),
    ] {
        let mut memory = std::vec![Record::NONE; entries];
        let mut pool = Pool::new(&mut memory, 8, 1);
        let mut records = Records::new(ISS);
        for at_us in 0..3 {
            records.on_send(&mut pool, 100, at(at_us));
        }
        for &(start, len, at_us) in again {
            records.mark_lost(&mut pool, ISS + start, len);
            records.on_retransmit(&mut pool, ISS + start, len, at(at_us));
        }
        let block = block.map(|(left, right)| Block { left: ISS + left, right: ISS + right });
        let delivery = records.on_sack(&mut pool, ISS + una, block.as_slice(), at(99));
        let got = (delivery.again_at, delivery.is_again_unclear);
        assert_eq!(got, want, "{entries} entries, {again:?} and an ACK of {una} with {block:?}");
        records.clear(&mut pool);
    }
}

// conf: TCP-RCK-12
#[test]
fn a_timeout_spares_what_was_sent_of_late_but_for_the_first() {
    let mut memory = [Record::NONE; 8];
    let mut pool = Pool::new(&mut memory, 8, 1);
    // Sent when, now, lost
    for (sent, now, want) in [
        ([0, 1_000, 2_000, 3_000], 3_500, &[(0, 300)][..]),
        ([0, 1_000, 2_000, 3_000], 500, &[(0, 100)]),
        ([0, 1_000, 2_000, 3_000], 9_000, &[(0, 400)]),
    ] {
        let mut records = Records::new(ISS);
        for at_us in sent {
            records.on_send(&mut pool, 100, at(at_us));
        }
        let block = Block { left: ISS + 100, right: ISS + 200 };
        records.on_sack(&mut pool, ISS, &[block], at(3_000));
        records.mark_old_lost(&mut pool, 1_000, at(now));
        let lost = runs(&records, &pool).into_iter().filter(|run| run.2.contains(State::LOST));
        let octets: u32 = lost.map(|run| run.1).sum();
        assert_eq!(octets, want[0].1, "at {now}");
        assert_eq!((records.first_lost(&pool).map(|lost| lost.0), records.sacked()), (Some(ISS), 0));
        check(&records, &pool, ISS, ISS + 400);
        records.clear(&mut pool);
    }
}

#[test]
fn with_entries_enough_exactly_what_was_marked_is_lost() {
    let mut random = Random::new([9; 32]);
    let mut memory = vec![Record::NONE; 500];
    let mut pool = Pool::new(&mut memory, 500, 1);
    for _ in 0..300 {
        let mut records = Records::new(ISS);
        let mut lost = [false; 2_000];
        for now in 0..20 {
            records.on_send(&mut pool, 100, at(now));
        }
        for step in 0..30 {
            let (from, len) = (random.below(2_000), random.below(200));
            let to = (from + len).min(2_000);
            if random.below(3) == 0 {
                records.on_retransmit(&mut pool, ISS + from, to - from, at(100 + step));
                lost[from as usize..to as usize].fill(false);
            } else {
                records.mark_lost(&mut pool, ISS + from, to - from);
                lost[from as usize..to as usize].fill(true);
            }
            let mut kept = [false; 2_000];
            for (start, len, state) in runs(&records, &pool) {
                kept[start as usize..(start + len) as usize].fill(state.contains(State::LOST));
                assert!(!state.intersects(State::COARSE | State::FRONT));
            }
            let wrong = kept.iter().zip(&lost).position(|(a, b)| a != b);
            assert_eq!(wrong, None, "step {step}, {from}..{to}: {:?}", runs(&records, &pool));
            let first = lost.iter().position(|&lost| lost);
            assert_eq!(records.first_lost(&pool).map(|(seq, _)| seq.distance(ISS) as usize), first);
            check(&records, &pool, ISS, ISS + 2_000);
        }
        records.clear(&mut pool);
    }
}

#[test]
fn calls_that_make_no_sense_do_no_harm() {
    let mut memory = [Record::NONE; 3];
    let mut pool = Pool::new(&mut memory, 3, 1);
    let mut random = Random::new([3; 32]);
    let mut records = Records::NONE;
    for _ in 0..50_000 {
        let (seq, len) = (SeqNum(random.next_u32()), random.next_u32() >> random.below(32));
        let now = at(random.next_u64());
        match random.below(6) {
            0 => records.on_send(&mut pool, len, now),
            1 => drop(records.on_ack(&mut pool, seq, now, Rate::Wanted)),
            2 => records.mark_lost(&mut pool, seq, len),
            3 => records.on_retransmit(&mut pool, seq, len, now),
            4 => records.mark_all_lost(&mut pool),
            _ if random.below(20) == 0 => records.clear(&mut pool),
            _ => {
                let block = Block { left: seq, right: seq + len };
                records.on_sack(&mut pool, seq, &[block], now);
                records.mark_lost_by_sack(&mut pool, len);
                let found = (records.first_lost(&pool), records.first_unsacked(&pool));
                assert!(records.pipe(len) <= len && (found.0.is_none() || records.lost() > 0));
                assert!(!records.last_unsacked(&pool).is_some_and(|(_, len)| len == 0));
            }
        }
    }
}

#[test]
fn the_rate_is_taken_over_the_longer_of_sending_and_acknowledging() {
    // Octets that are still in flight at the end: with none, all there is is one run.
    for more in [0, 100] {
        let mut memory = [Record::NONE; 8];
        let mut pool = Pool::new(&mut memory, 8, 1);
        let mut records = Records::new(ISS);
        let after = |us: u64| at(1_000_000 + us);
        records.on_send(&mut pool, 100, after(0));
        records.on_send(&mut pool, 100, after(30_000));
        records.on_ack(&mut pool, ISS + 100, after(40_000), Rate::Wanted);
        // 300 octets in 41 ms; their acknowledgements come within 5 ms.
        records.on_send(&mut pool, 100, after(41_000));
        records.on_ack(&mut pool, ISS + 200, after(42_000), Rate::Wanted);
        records.on_send(&mut pool, more, after(43_000));
        let acked = records.on_ack(&mut pool, ISS + 300, after(45_000), Rate::Wanted);
        assert_eq!((acked.delivered, acked.interval_us), (200, 41_000), "{more} more");
    }
}

#[test]
fn a_clock_that_stepped_back_gives_no_rate() {
    for more in [0, 100] {
        let mut memory = [Record::NONE; 8];
        let mut pool = Pool::new(&mut memory, 8, 1);
        let mut records = Records::new(ISS);
        records.on_send(&mut pool, 100, at(2_000_000));
        records.on_send(&mut pool, more, at(2_000_100));
        let acked = records.on_ack(&mut pool, ISS + 100, at(1_000_000), Rate::Wanted);
        assert_eq!((acked.rtt_us, acked.delivered, acked.interval_us), (None, 0, 0), "{more} more");
    }
}
