//! Losses found by time, and lost tails by a probe: RFC 8985.

use crate::numbered::*;
use crate::runner::*;
use core::time::Duration;
use tersus_ip::Transport;
use tersus_tcp::{Config, Duties};

pub(crate) const RACK: Duties = Duties::NONE.with_sack().with_rack();

pub(crate) fn setup() -> Setup {
    Setup { tx: 65_536, records: 32, duties: &RACK, ..Setup::default() }
}

/// A peer 50 ms away.
pub(crate) fn far(host: &mut Host) {
    far_with(host, 50, true);
}

fn far_without_sack(host: &mut Host) {
    far_with(host, 50, false);
}

pub(crate) fn a_little_nearer(host: &mut Host) {
    far_with(host, 48, true);
}

pub(crate) fn far_with(host: &mut Host, rtt: u64, sack: bool) {
    host.connect();
    play(
        host,
        vec![
            (0, Out(syn(100))),
            (rtt, In(syn(300).ack(101).mss(1460).permits(sack))),
            (rtt, Out(seg(101).ack(301))),
            (rtt, In(ack(0))),
        ],
    );
}

pub(crate) fn send<const SEGMENTS: usize>(host: &mut Host) {
    let start = at(0) + host.already as u32;
    host.already += SEGMENTS * MSS as usize;
    assert_eq!(host.send(SEGMENTS * MSS as usize, start), SEGMENTS * MSS as usize);
}

pub(crate) fn ten(mut steps: Vec<(u64, Step)>) -> Vec<(u64, Step)> {
    let mut all = vec![(50, Call(send::<10>))];
    all.extend((0..10).map(|n| (50, Out(data(n)))));
    all.append(&mut steps);
    all
}

/// What follows in a script.
type Steps = fn() -> Vec<(u64, Step)>;

fn cwnd(host: &mut Host) -> u32 {
    host.tcp.info(host.id()).unwrap().cwnd
}

// conf: TCP-RCK-06, TCP-RCK-07, TCP-RCK-08, TCP-RCK-10
#[test]
fn a_lost_tail_is_probed_once_and_then_the_timer_has_it() {
    run(&setup(), far, || {
        vec![
            (50, Call(send::<3>)),
            (50, Out(data(0))),
            (50, Out(data(1))),
            (50, Out(data(2))),
            // One segment is left, and its ACK may be delayed: 2 SRTT + 200 ms.
            (100, In(ack(2))),
            (100, Call(|h| assert_eq!(h.tcp.poll_at(), Some(h.at(400))))),
            (400, Out(data(2))),
            // The RTO follows, and no second probe.
            (400, Call(|h| assert_eq!(h.tcp.poll_at(), Some(h.at(1400))))),
            (1400, Out(data(2))),
            (1400, Call(|h| assert_eq!((h.counter("loss_probes"), h.counter("timeouts")), (1, 1)))),
            (3400, Out(data(2))),
            (3450, In(ack(3))),
        ]
    });
}

// conf: TCP-RCK-06, TCP-RCK-08
#[test]
fn a_probe_is_new_data_if_there_are_any() {
    run(&setup(), far, || {
        ten(vec![
            (60, Call(send::<2>)),
            // More than one segment in flight: 2 SRTT. It leaves above cwnd.
            (150, Out(data(10))),
            (150, Call(|h| assert_eq!((h.counter("loss_probes"), h.counter("retransmits")), (1, 0)))),
            (200, In(ack(11))),
            (200, Out(data(11))),
        ])
    });
}

// conf: TCP-RCK-07
#[test]
fn another_probe_needs_another_sample() {
    let config = Config { rto_min: Duration::from_millis(400), ..Config::new() };
    run(&Setup { config, ..setup() }, far, || {
        vec![
            (50, Call(send::<2>)),
            (50, Out(data(0))),
            (50, Out(data(1))),
            (150, Out(data(1))),
            // The ACK of what was sent twice measures nothing.
            (200, In(ack(2))),
            (210, Call(send::<2>)),
            (210, Out(data(2))),
            (210, Out(data(3))),
            (610, Out(data(2))),
            (610, Call(|h| assert_eq!((h.counter("loss_probes"), h.counter("timeouts")), (1, 1)))),
            (660, In(ack(4))),
        ]
    });
}

// conf: TCP-RCK-09
#[test]
fn a_loss_that_a_probe_repaired_reduces_the_window_unless_the_probe_was_in_vain() {
    // What comes at 450 ms, when the probe was acknowledged; repaired losses afterwards.
    let in_vain: [(Steps, u32); 3] = [
        (Vec::new, 1),
        (|| vec![(450, sack(10, &[(9, 10)]))], 0),
        (|| vec![(450, In(ack(10))), (450, In(ack(10)))], 0),
    ];
    for (then, repairs) in in_vain {
        at_each_number(&setup(), far, |h| {
            let mut steps = ten(vec![(100, In(ack(9))), (400, Out(data(9)))]);
            steps.append(&mut then());
            steps.extend([(460, Call(send::<1> as fn(&mut Host))), (460, Out(data(10))), (510, In(ack(11)))]);
            play(h, steps);
            assert_eq!(h.counter("loss_probe_repairs"), repairs);
            assert_eq!(cwnd(h) < 14_600, repairs > 0, "{}", cwnd(h));
        });
    }
}

// conf: TCP-RCK-02, TCP-RCK-03
/// As long as there is a gap the peer echoes what came before it, which is older than any retransmission.
#[test]
fn a_copy_that_is_sacked_tells_of_the_copy_before_it_whatever_is_echoed() {
    const STAMPS: Duties = RACK.with_timestamps();
    const LEN: u32 = MSS - 12;
    let from = |n| 101 + n * LEN;
    let out = |n, peers, ms| Out(seg(from(n)).ack(301).len(LEN as usize).ts(peers, ms));
    let ack = |n, peers, ms| seg(301).ack(from(n)).wnd(65_535).ts(peers, ms);
    run(&Setup { duties: &STAMPS, ..setup() }, Host::connect, || {
        let mut steps = vec![
            (0, Out(syn(100).ts(0, 0))),
            (50, In(syn(300).ack(101).mss(1460).permits(true).ts(7, 0))),
            (50, Out(seg(101).ack(301).ts(7, 50))),
            (50, In(ack(0, 8, 50))),
            (50, Call(|h| assert_eq!(h.send(10 * LEN as usize, 101), 10 * LEN as usize))),
        ];
        steps.extend((0..10).map(|n| (50, out(n, 8, 50))));
        steps.append(&mut vec![
            (140, In(ack(0, 98, 50).sack(&[(from(2), from(10))]))),
            (140, out(0, 98, 140)),
            (140, out(1, 98, 140)),
            (200, In(ack(0, 158, 50).sack(&[(from(1), from(10))]))),
            (200, out(0, 158, 200)),
            (260, In(ack(10, 218, 200))),
        ]);
        steps
    });
}

// conf: TCP-RCK-03, TCP-CC-16
#[test]
fn a_lost_retransmission_is_sent_again_without_the_timer_and_counts_as_a_second_loss() {
    run(&setup(), far, || {
        ten(vec![
            (60, Call(send::<10>)),
            (100, sack(0, &[(1, 4)])),
            (100, Out(data(0))),
            (101, sack(0, &[(1, 10)])),
            (101, Out(data(10))),
            (101, Out(data(11))),
            (101, Out(data(12))),
            (101, Out(data(13))),
            (101, Call(|h| assert_eq!(cwnd(h), 7300))),
            // Sent after the retransmission, and here before it.
            (151, sack(0, &[(1, 11)])),
            (151, Out(data(0))),
            (151, Call(|h| assert_eq!((cwnd(h), h.counter("timeouts")), (3650, 0)))),
            (152, sack(0, &[(1, 14)])),
            (152, Out(data(14))),
            // And once more; but twice is all that a recovery halves.
            (202, sack(0, &[(1, 15)])),
            (202, Out(data(0))),
            (202, Out(data(15))),
            (202, Call(|h| assert_eq!((cwnd(h), h.counter("timeouts")), (3650, 0)))),
        ])
    });
}

/// Nothing was sent behind it that could tell: silence is asked about once, then the timer has it.
#[test]
fn a_lost_retransmission_with_nothing_behind_it_is_sent_again_after_silence() {
    run(&setup(), far, || {
        ten(vec![
            (100, sack(0, &[(1, 10)])),
            (100, Out(data(0))),
            (275, Out(data(0))),
            (275, Call(|h| assert_eq!((h.counter("timeouts"), h.counter("loss_probes")), (0, 1)))),
            (1275, Out(data(0))),
            (1275, Call(|h| assert_eq!((h.counter("timeouts"), h.counter("loss_probes")), (1, 1)))),
        ])
    });
}

// conf: TCP-RCK-04, TCP-RCK-05
#[test]
fn what_may_only_be_late_is_waited_for() {
    run(&setup(), a_little_nearer, || {
        vec![
            (48, Call(send::<2>)),
            (48, Out(data(0))),
            (48, Out(data(1))),
            (96, sack(0, &[(1, 2)])),
            // A quarter of the least round trip.
            (96, Call(|h| assert_eq!(h.tcp.poll_at(), Some(h.at(108))))),
            (108, Out(data(0))),
            (108, Call(|h| assert_eq!((h.counter("timeouts"), h.counter("fast_retransmits")), (0, 1)))),
            (156, In(ack(2))),
        ]
    });
}

// conf: TCP-RCK-04
#[test]
fn a_reported_duplicate_widens_the_window_for_sixteen_recoveries_of_either_kind() {
    /// A round trip of 48 ms, in which the first of two segments is lost; when it leaves again.
    fn lost(h: &mut Host, n: u32, waits: u64) {
        let now = (h.now.micros() - h.start.micros()) / 1000;
        send::<2>(h);
        h.poll();
        play(h, vec![(now, Out(data(n))), (now, Out(data(n + 1))), (now + 48, sack(n, &[(n + 1, n + 2)]))]);
        let again = now + 48 + waits;
        play(h, vec![(again, Out(data(n))), (again + 48, In(ack(n + 2)))]);
    }
    at_each_number(&setup(), a_little_nearer, |h| {
        let now = (h.now.micros() - h.start.micros()) / 1000;
        lost(h, 0, 12);
        let mut n = 2;
        // One before the sixteen: a quarter of the least round trip, then two.
        play(h, vec![(now + 400, sack(n, &[(0, 1)]))]);
        for _ in 0..15 {
            lost(h, n, 24);
            n += 2;
        }
        let now = (h.now.micros() - h.start.micros()) / 1000;
        send::<1>(h);
        h.poll();
        play(h, vec![(now, Out(data(n))), (now + 2000, Drain), (now + 2000, In(ack(n + 1)))]);
        assert_eq!(h.counter("timeouts"), 1);
        lost(h, n + 1, 12);
    });
}

/// RFC 8985 §6.2 step 4: however many there are of them in one round trip.
#[test]
fn reported_duplicates_widen_the_window_once_a_round_trip() {
    at_each_number(&setup(), a_little_nearer, |h| {
        play(
            h,
            vec![
                (48, Call(send::<3>)),
                (48, Left(3)),
                (60, In(ack(1))),
                (60, sack(1, &[(0, 1)])),
                (61, sack(1, &[(0, 1)])),
                (96, In(ack(3))),
                // Another round trip.
                (100, Call(send::<2>)),
                (100, Left(2)),
                (110, sack(3, &[(0, 1)])),
                (111, sack(3, &[(0, 1)])),
                (148, In(ack(5))),
                (200, Call(send::<2>)),
                (200, Left(2)),
                (248, sack(5, &[(6, 7)])),
            ],
        );
        // Three quarters of the least round trip, which was 12 ms.
        assert_eq!(h.tcp.poll_at(), Some(h.at(248) + Duration::from_millis(9)));
    });
}

/// RFC 8985 §6.2 step 3: also if the ACK of what was late says nothing of the rest.
#[test]
fn what_comes_late_is_reordered_whatever_blocks_come_with_it() {
    for blocks in [&[][..], &[(3, 4)], &[(2, 4)]] {
        run(&setup(), far, || {
            ten(vec![
                (100, sack(0, &[(2, 3)])),
                (101, sack(1, blocks)),
                (101, Call(|h| assert!(h.tcp.info(h.id()).unwrap().reordering))),
                (102, In(ack(10))),
            ])
        });
    }
}

// conf: TCP-RCK-04
#[test]
fn where_segments_overtake_three_above_a_hole_prove_nothing() {
    run(&setup(), far, || {
        ten(vec![
            (100, sack(0, &[(1, 2)])),
            // It was late.
            (101, In(ack(2))),
            (102, sack(2, &[(3, 7)])),
            (105, In(ack(7))),
            (110, In(ack(10))),
            (110, Call(|h| assert_eq!(h.counter("retransmits"), 0))),
        ])
    });
    // Where none was seen to, they do.
    run(&setup(), far, || ten(vec![(100, sack(0, &[(1, 4)])), (100, Out(data(0)))]));
}

// conf: TCP-RCK-11
#[test]
fn what_is_lost_leaves_as_the_window_permits() {
    run(&setup(), far, || {
        ten(vec![
            // Three arrived, so three may leave.
            (100, sack(0, &[(7, 10)])),
            (100, Out(data(0))),
            (100, Out(data(1))),
            (100, Out(data(2))),
            (100, Call(|h| assert_eq!(h.counter("retransmits"), 3))),
        ])
    });
}

// conf: TCP-RCK-01
#[test]
fn without_sack_there_is_neither_rack_nor_a_probe() {
    run(&setup(), far_without_sack, || {
        vec![
            (50, Call(send::<2>)),
            (50, Out(data(0))),
            (50, Out(data(1))),
            (1050, Out(data(0))),
            (1050, Call(|h| assert_eq!((h.counter("loss_probes"), h.counter("timeouts")), (0, 1)))),
            (1100, In(ack(2))),
        ]
    });
}

#[test]
fn a_clock_that_steps_back_makes_nothing_lost() {
    at_each_number(&setup(), a_little_nearer, |host| {
        play(
            host,
            vec![
                (1_000, Call(|host| assert_eq!(host.send(1460, at(0)), 1460))),
                (1_000, Out(data(0))),
                (1_048, In(ack(1))),
            ],
        );
        // By half a second: what is sent now is older than what has arrived.
        host.now = host.at(500);
        play(
            host,
            vec![
                (500, Call(|host| assert_eq!(host.send(4 * 1460, at(1)), 4 * 1460))),
                (500, Left(4)),
                // What was overtaken is lost after a quarter of the round trip, and what was sent later is not.
                (548, sack(1, &[(2, 3)])),
                (560, Out(data(1))),
                (561, sack(1, &[(2, 4)])),
                (562, In(ack(5))),
            ],
        );
    });
}

/// RFC 8985 §6.2 step 2: `RACK.xmit_ts` is of what was sent last, whatever arrives behind it.
#[test]
fn what_is_late_does_not_make_what_was_sent_last_older() {
    run(&setup(), far, || {
        vec![
            (50, Call(send::<3>)),
            (50, Left(3)),
            (60, Call(send::<3>)),
            (60, Left(3)),
            (110, sack(0, &[(5, 6)])),
            (111, sack(1, &[(5, 6)])),
            // A round trip and a quarter of one after they were sent: 1 and 2, and then 3 and 4.
            (123, Call(|h| assert!(!h.tcp.info(h.id()).unwrap().in_recovery))),
            (140, Drain),
            (140, Call(|h| assert_eq!(h.counter("fast_retransmits"), 1))),
            (
                140,
                Call(|h| {
                    assert_eq!(h.tcp.info(h.id()).unwrap().lost + h.counter("retransmits") * MSS, 4 * MSS)
                }),
            ),
            (180, In(ack(6))),
        ]
    });
}

/// The same, of what was sent at one moment: the highest counts.
#[test]
fn of_what_was_sent_at_one_moment_the_highest_tells_what_is_lost() {
    run(&setup(), far, || {
        ten(vec![
            (100, sack(0, &[(1, 2)])),
            (100, sack(0, &[(1, 2), (3, 6)])),
            (100, Out(data(0))),
            (101, sack(0, &[(1, 2), (3, 8)])),
            (101, Out(data(2))),
            (150, In(ack(10))),
        ])
    });
}

/// RFC 8985 §6.2 step 4: in recovery nothing is waited for, as long as nothing was seen to overtake.
#[test]
fn in_recovery_the_next_loss_is_one_at_once() {
    run(&setup(), a_little_nearer, || {
        vec![
            (48, Call(send::<4>)),
            (48, Left(4)),
            (96, sack(0, &[(1, 2)])),
            (108, Out(data(0))),
            (110, sack(0, &[(1, 2), (3, 4)])),
            (110, Out(data(2))),
            (160, In(ack(4))),
        ]
    });
}

/// RFC 8985 §6.2 step 4: SRTT is the most.
#[test]
fn the_window_of_reordering_is_never_longer_than_a_round_trip() {
    at_each_number(&setup(), a_little_nearer, |h| {
        let mut now = 48;
        for n in 0..6 {
            send::<1>(h);
            h.poll();
            play(
                h,
                vec![(now, Out(data(n))), (now + 48, In(ack(n + 1))), (now + 48, sack(n + 1, &[(n, n + 1)]))],
            );
            now += 48;
        }
        send::<2>(h);
        h.poll();
        play(h, vec![(now, Left(2)), (now + 48, sack(6, &[(7, 8)]))]);
        // A quarter for each would be seven quarters.
        assert_eq!(h.tcp.poll_at(), Some(h.at(now + 96)));
    });
}

/// RFC 8985 §6.3: while a timeout is repaired, the timer of what may be late finds losses but begins nothing.
#[test]
fn what_is_overdue_behind_a_timeout_is_no_second_loss() {
    run(&setup(), far, || {
        ten(vec![
            // Reordering.
            (100, sack(0, &[(1, 2)])),
            (101, In(ack(2))),
            (3_000, Drain),
            (3_000, Call(|h| assert_eq!((h.counter("timeouts"), h.counter("fast_retransmits")), (1, 0)))),
            (3_010, In(ack(3))),
            (3_010, Out(data(3))),
            (3_010, Out(data(4))),
            (3_060, sack(3, &[(4, 5)])),
            (3_060, Left(1)),
            (3_110, Drain),
            (3_110, Call(|h| assert_eq!((h.counter("timeouts"), h.counter("fast_retransmits")), (1, 0)))),
        ])
    });
}

/// Where no record is left to note the blocks in, time tells nothing: RFC 5681 §3.2.
#[test]
fn without_records_what_is_counted_counts() {
    run(&Setup { records: 0, ..setup() }, far, || {
        ten(vec![
            (100, sack(0, &[(1, 2)])),
            (101, sack(0, &[(1, 3)])),
            (102, sack(0, &[(1, 4)])),
            (102, Out(data(0))),
            (150, sack(4, &[(5, 10)])),
            (150, Out(data(4))),
            (200, In(ack(10))),
            (200, Call(|h| assert_eq!(h.counter("timeouts"), 0))),
        ])
    });
}

/// RFC 9293 §3.10.7.4: a FIN takes a place of its own; one that has arrived is not sent again with the text before it.
#[test]
fn a_fin_that_arrived_is_not_sent_again_with_what_was_lost_before_it() {
    run(&setup(), a_little_nearer, || {
        vec![
            (48, Call(send::<2>)),
            (48, Left(2)),
            (50, Call(Host::close)),
            (50, Out(fin(at(2)).ack(301))),
            (98, In(ack(0).sack(&[(at(2), at(2) + 1)]))),
            (108, Out(data(0))),
            (156, In(ack(1).sack(&[(at(2), at(2) + 1)]))),
            (156, Out(data(1))),
            (204, In(seg(301).ack(at(2) + 1))),
        ]
    });
    // One that did not goes with the last of the text, and with no other.
    run(&setup(), a_little_nearer, || {
        vec![
            (48, Call(send::<2>)),
            (48, Left(2)),
            (50, Call(Host::close)),
            (50, Out(fin(at(2)).ack(301))),
            (2_000, Drain),
            (2_010, In(ack(1))),
            (2_010, Out(data(1).fin())),
            (2_060, In(seg(301).ack(at(2) + 1))),
        ]
    });
}

/// Round trips of 50 ms in which everything arrives; how many segments are in flight behind them.
fn open_window(h: &mut Host, una: &mut u32, trips: u32) -> u32 {
    for _ in 0..trips {
        fill(h);
        everything_arrives(h, una);
    }
    fill(h);
    h.tcp.info(h.id()).unwrap().in_flight / MSS
}

fn fill(h: &mut Host) {
    let whole = h.send_room() / MSS as usize * MSS as usize;
    assert_eq!(h.send(whole, at(0) + h.already as u32), whole);
    h.already += whole;
    h.poll();
}

fn everything_arrives(h: &mut Host, una: &mut u32) {
    let now = (h.now.micros() - h.start.micros()) / 1000;
    *una += h.tcp.info(h.id()).unwrap().in_flight / MSS;
    play(h, vec![(now, Drain), (now + 50, In(ack(*una))), (now + 50, Drain)]);
}

/// RFC 5681 §4.3: in each recovery a lost retransmission halves once more. RFC 6937 §3: RecoverFS is what was in the
/// network then, with what the ACK delivered that told of it.
// conf: TCP-CC-16
#[test]
fn a_second_loss_of_a_recovery_is_one_in_the_next_recovery_too() {
    at_each_number(&setup(), far, |h| {
        let mut una = 0;
        for (trips, is_first) in [(5, true), (12, false)] {
            let flight = open_window(h, &mut una, trips);
            let now = (h.now.micros() - h.start.micros()) / 1000;
            let arrived = una + flight;
            play(h, vec![(now + 50, sack(una, &[(una + 1, arrived)])), (now + 50, Drain)]);
            let first = h.tcp.info(h.id()).unwrap().ssthresh;
            assert_eq!(first, flight * MSS / 2);
            let again = sack(una, &[(una + 1, arrived + 3)]);
            if is_first {
                // Ten of twenty segments were permitted, and nine went beside the lost one, of which three are here:
                // CEIL(3 * 5 / 9 segments) lets out one, the retransmission.
                play(h, vec![(now + 100, again), (now + 100, Left(1))]);
                assert_eq!((flight, h.counter("retransmits")), (20, 2));
            } else {
                play(h, vec![(now + 100, again), (now + 100, Drain)]);
            }
            assert_eq!(h.tcp.info(h.id()).unwrap().ssthresh, (first / 2).max(2 * MSS));
            everything_arrives(h, &mut una);
            everything_arrives(h, &mut una);
        }
    });
}
