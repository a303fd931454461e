//! Loss recovery by SACK, the sender's side: RFC 2018 §5, RFC 6675, RFC 6937.

use crate::numbered::*;
use crate::runner::*;
use core::time::Duration;
use tersus_tcp::congestion::{Congestion, Cubic, Reno, Unlimited};
use tersus_tcp::{Config, Duties, State};

/// Losses are found by counting.
const BY_COUNTING: Duties = Duties::NONE.with_sack();

fn setup() -> Setup {
    Setup { tx: 65_536, records: 32, duties: &BY_COUNTING, ..Setup::default() }
}

/// Ten segments are in flight: all that the initial window permits.
fn ten_in_flight(host: &mut Host) {
    connected_with_sack(host);
    let mut steps = vec![(0, In(ack(0))), (0, Call(|h| assert_eq!(h.send(14_600, 101), 14_600)))];
    steps.extend((0..10).map(|n| (0, Out(data(n)))));
    play(host, steps);
}

/// More to send: segments 10 to 19.
fn ten_more(host: &mut Host) {
    assert_eq!(host.send(14_600, at(10)), 14_600);
}

fn cwnd(host: &mut Host) -> u32 {
    host.tcp.info(host.id()).unwrap().cwnd
}

// conf: TCP-SACK-12, TCP-SACK-13, TCP-SACK-14, TCP-SACK-16, TCP-SACK-17
#[test]
fn a_hole_below_three_segments_is_sent_again_at_once_and_recovery_ends_with_it() {
    run(&setup(), ten_in_flight, || {
        vec![
            (50, sack(0, &[(1, 2)])),
            (51, sack(0, &[(1, 3)])),
            (52, sack(0, &[(1, 4)])),
            (52, Out(data(0))),
            (52, Call(|h| assert_eq!(h.counter("fast_retransmits"), 1))),
            (53, sack(0, &[(1, 5)])),
            // Half of the flight is permitted, and more is in the network.
            (54, sack(0, &[(1, 10)])),
            (54, Call(|h| assert_eq!(h.counter("retransmits"), 1))),
            (100, In(ack(10))),
            // Half of the flight; but no burst.
            (100, Call(|h| assert_eq!(cwnd(h), 2 * MSS))),
        ]
    });
}

/// RFC 6298 §5: what is sent again does not start the timer anew.
#[test]
fn a_lost_retransmission_waits_for_the_timer_that_recovery_started() {
    run(&setup(), ten_in_flight, || {
        vec![
            (50, sack(0, &[(1, 2)])),
            (51, sack(0, &[(3, 4), (1, 2)])),
            (52, sack(0, &[(3, 5), (1, 2)])),
            (52, Out(data(0))),
            (60, sack(0, &[(3, 10), (1, 2)])),
            (60, Out(data(2))),
            (1052, Out(data(0))),
            (1052, Call(|h| assert_eq!(h.counter("timeouts"), 1))),
        ]
    });
}

// conf: TCP-SACK-12
#[test]
fn a_segment_with_data_or_another_window_counts_if_it_brings_new_blocks() {
    run(&setup(), ten_in_flight, || {
        let block = |right: u32| [(at(1), at(right))];
        vec![
            (50, In(seg(301).ack(at(0)).wnd(65_000).sack(&block(2)))),
            (51, In(seg(301).ack(at(0)).wnd(64_000).len(10).sack(&block(3)))),
            (52, In(seg(311).ack(at(0)).wnd(63_000).len(10).sack(&block(4)))),
            // The second segment with data is answered as well.
            (52, Out(seg(at(0)).ack(321).len(MSS as usize))),
        ]
    });
}

/// Neither three segments nor three ranges are reported: what counts is how many ACKs brought news.
// conf: TCP-SACK-12
#[test]
fn three_acks_with_news_reveal_a_loss_however_little_it_is() {
    run(&setup(), ten_in_flight, || {
        let block = |octets: u32| [(at(1), at(1) + octets)];
        vec![
            (50, In(seg(301).ack(at(0)).wnd(65_000).sack(&block(10)))),
            (51, In(seg(301).ack(at(0)).wnd(64_000).len(10).sack(&block(20)))),
            // No news.
            (52, In(seg(311).ack(at(0)).wnd(63_000).sack(&block(20)))),
            (52, Call(|h| assert_eq!(h.counter("fast_retransmits"), 0))),
            (53, In(seg(311).ack(at(0)).wnd(63_000).len(10).sack(&block(30)))),
            (53, Out(seg(at(0)).ack(321).len(MSS as usize))),
        ]
    });
}

// conf: TCP-SACK-13
#[test]
fn three_ranges_reveal_a_loss_however_short_they_are() {
    let options = tersus_tcp::Options { nagle: tersus_tcp::Nagle::Off, ..tersus_tcp::Options::NONE };
    run(&Setup { options, ..setup() }, connected_with_sack, || {
        let mut steps = vec![];
        for n in 0..7 {
            let send: fn(&mut Host) = |h| {
                assert_eq!(h.send(100, 101 + h.already as u32), 100);
                h.already += 100;
            };
            steps.push((n, Call(send)));
            steps.push((n, Drain));
        }
        // One ACK; two ranges lie above the second hole, and one above the third.
        steps.push((50, In(ack(0).sack(&[(201, 301), (401, 501), (601, 701)]))));
        steps.push((50, Out(seg(101).ack(301).len(100))));
        steps.push((60, In(seg(301).ack(801).wnd(65_535))));
        steps
    });
}

// conf: TCP-CC-13
#[test]
fn duplicate_acks_without_news_release_nothing() {
    run(&setup(), ten_in_flight, || {
        vec![
            (1, Call(ten_more)),
            (50, In(ack(0))),
            (50, In(ack(0))),
            (50, In(ack(0))),
            (50, In(ack(0))),
            // One block lets one segment out: RFC 3042.
            (51, sack(0, &[(1, 2)])),
            (51, Out(data(10))),
            (52, sack(0, &[(1, 2)])),
            (53, sack(0, &[(1, 2)])),
            (54, sack(0, &[(1, 2)])),
            (54, Call(|h| assert_eq!(h.counter("fast_retransmits"), 0))),
        ]
    });
}

// conf: TCP-SACK-09
#[test]
fn blocks_that_cannot_be_true_are_ignored() {
    run(&setup(), ten_in_flight, || {
        let mut steps = vec![];
        for blocks in [
            // Beyond what was sent, empty, turned round, half a circle long.
            [(at(8), at(11)), (at(3), at(3)), (at(5), at(4)), (at(1), at(1) + (1 << 31))],
            // Old: the first one would be a report of a duplicate.
            [
                (at(11), at(12)),
                (at(0).wrapping_sub(500), at(0)),
                (at(0) - 9, at(0) - 20),
                (at(10), at(10) + 1),
            ],
        ] {
            steps.push((50, In(ack(0).sack(&blocks))));
        }
        steps.push((50, Call(|h| assert_eq!(h.counter("sack_ignored"), 8))));
        // An option of a length that is none: no block, and no harm.
        steps.push((50, In(ack(0).options(&[1, 5, 9, 0, 0, 0, 0, 0, 0, 0, 1, 1]))));
        steps.push((60, In(ack(10))));
        steps.push((60, Call(|h| assert_eq!(h.counter("retransmits"), 0))));
        steps
    });
}

// conf: TCP-SACK-07, TCP-SACK-08
#[test]
fn a_receiver_may_forget_what_it_reported() {
    run_both(&setup(), connected_with_sack, || {
        vec![
            (0, In(ack(0))),
            (0, Call(|h| assert_eq!(h.send(2 * MSS as usize, 101), 2 * MSS as usize))),
            (0, Out(data(0))),
            (0, Out(data(1))),
            // Even the first segment in flight.
            (50, sack(0, &[(0, 2)])),
            (1000, Out(data(0))),
            (1050, In(ack(1))),
            (1050, Out(data(1))),
            (1100, In(ack(2))),
        ]
    });
}

// conf: TCP-SACK-15
#[test]
fn the_lowest_hole_goes_first_then_new_data_then_what_might_be_lost() {
    run(&setup(), ten_in_flight, || {
        vec![
            // Lost are 0 and 2.
            (50, sack(0, &[(1, 2)])),
            (51, sack(0, &[(3, 4), (1, 2)])),
            (52, sack(0, &[(3, 5), (1, 2)])),
            // Three segments above: the first is lost; above the second there are two.
            (52, Out(data(0))),
            (53, sack(0, &[(3, 6), (1, 2)])),
            // Half of the flight is in the network.
            (54, sack(0, &[(3, 7), (1, 2)])),
            (54, Out(data(2))),
            (55, Call(ten_more)),
            (56, sack(0, &[(3, 8), (1, 2)])),
            (56, Out(data(10))),
            (57, sack(0, &[(3, 9), (1, 2)])),
            (57, Out(data(11))),
            (100, sack(2, &[(3, 9)])),
            (100, Out(data(12))),
        ]
    });
}

// conf: TCP-SACK-15
#[test]
fn what_is_not_known_to_be_lost_goes_again_if_nothing_else_is_left() {
    run(&setup(), ten_in_flight, || {
        vec![
            (50, sack(0, &[(1, 2)])),
            (51, sack(0, &[(1, 3)])),
            (52, sack(0, &[(1, 4)])),
            (52, Out(data(0))),
            // One segment above 7: it is not lost yet, but goes before the last, which nothing is above.
            (53, sack(0, &[(8, 9), (1, 7)])),
            (53, Out(data(7))),
            // The rescue, once.
            (53, Out(data(9))),
            (53, Call(|h| assert_eq!(h.counter("retransmits"), 3))),
        ]
    });
}

// conf: TCP-SACK-18
#[test]
fn a_timeout_in_recovery_ends_it_and_none_begins_before_its_end_is_passed() {
    run(&setup(), ten_in_flight, || {
        vec![
            (50, sack(0, &[(1, 4)])),
            (50, Out(data(0))),
            (1050, Out(data(0))),
            (1050, Call(|h| assert_eq!((h.counter("timeouts"), cwnd(h)), (1, MSS)))),
            // The peer has 1 to 3, and gets 0 now; from 4 on all is sent again, in slow start.
            (1100, sack(0, &[(1, 4)])),
            (1100, sack(4, &[(6, 7)])),
            (1100, Out(data(4))),
            (1100, Out(data(5))),
            (1150, sack(4, &[(5, 7)])),
            (1150, Out(data(7))),
            (1151, sack(4, &[(7, 8), (5, 7)])),
            (1151, Out(data(8))),
            (1152, sack(4, &[(7, 9), (5, 7)])),
            (1152, Out(data(9))),
            (1153, sack(4, &[(7, 10), (5, 7)])),
            (1153, Call(|h| assert_eq!(h.counter("fast_retransmits"), 1))),
            (1160, In(ack(10))),
        ]
    });
}

// conf: TCP-CC-03
#[test]
fn the_handshake_does_not_open_the_window() {
    for begin in [connected as fn(&mut Host), accepted, connected_with_sack, accepted_with_sack] {
        run(&setup(), begin, || {
            vec![
                (0, Call(|h| assert_eq!(cwnd(h), 14_600))),
                (0, In(ack(0))),
                (0, Call(|h| assert_eq!(cwnd(h), 14_600))),
            ]
        });
    }
}

// conf: TCP-CC-21
#[test]
fn every_congestion_control_backs_off_and_starts_slowly_after_a_timeout() {
    const ALL: [&dyn Congestion; 2] = [&Reno::DEFAULT, &Cubic::DEFAULT];
    for congestion in ALL {
        run(&Setup { congestion, ..setup() }, ten_in_flight, || {
            vec![
                (1000, Out(data(0))),
                (1000, Call(|h| assert_eq!(cwnd(h), MSS))),
                (3000, Out(data(0))),
                (7000, Out(data(0))),
                (7000, Call(|h| assert_eq!(cwnd(h), MSS))),
                (7050, In(ack(1))),
                (7050, Out(data(1))),
                (7050, Out(data(2))),
                (7100, In(ack(3))),
                (7100, Out(data(3))),
                (7100, Out(data(4))),
                (7100, Out(data(5))),
            ]
        });
    }
}

#[test]
fn without_records_recovery_is_that_of_newreno() {
    // Nothing can be cut, so no block can be noted.
    run_both(&Setup { records: 0, ..setup() }, ten_in_flight, || {
        vec![
            (50, sack(0, &[(1, 2)])),
            (51, sack(0, &[(1, 3)])),
            (52, sack(0, &[(1, 4)])),
            (52, Out(data(0))),
            (100, sack(4, &[(5, 10)])),
            (100, Out(data(4))),
            (150, In(ack(10))),
            (150, Call(|h| assert_eq!(h.counter("timeouts"), 0))),
        ]
    });
}

/// RFC 5681 §2: what cannot be told by blocks is told by ACKs that say nothing else.
#[test]
fn without_records_text_or_another_window_makes_an_ack_no_duplicate() {
    run(&Setup { records: 0, ..setup() }, ten_in_flight, || {
        let same = |right: u32| In(seg(301).ack(at(0)).wnd(62_000).sack(&[(at(1), at(right))]));
        vec![
            (50, In(seg(301).ack(at(0)).wnd(65_000).sack(&[(at(1), at(2))]))),
            (51, In(seg(301).ack(at(0)).wnd(64_000).sack(&[(at(1), at(3))]))),
            (52, In(seg(301).ack(at(0)).wnd(63_000).sack(&[(at(1), at(4))]))),
            (53, In(seg(301).ack(at(0)).wnd(62_000).sack(&[(at(1), at(5))]))),
            (54, same(6)),
            (55, same(7)),
            (55, Call(|h| assert_eq!((h.counter("duplicate_acks"), h.counter("retransmits")), (2, 0)))),
            (56, same(8)),
            (56, Out(data(0))),
        ]
    });
}

// conf: TCP-SACK-16
#[test]
fn what_the_first_duplicate_ack_advances_by_counts_as_flight() {
    // A delayed ACK and the news of a hole come as one.
    run(&setup(), ten_in_flight, || {
        vec![
            (50, sack(1, &[(2, 3)])),
            (51, sack(1, &[(2, 4)])),
            (52, sack(1, &[(2, 5)])),
            (52, Out(data(1))),
            (52, Call(|h| assert_eq!(h.tcp.info(h.id()).unwrap().ssthresh, 5 * MSS))),
            (100, In(ack(10))),
        ]
    });
}

#[test]
fn a_lost_tail_of_a_recovery_is_rescued() {
    let config = Config { rto_min: Duration::from_millis(200), ..Config::new() };
    run(&Setup { config, ..setup() }, ten_in_flight, || {
        vec![
            // Lost are 0 and 9.
            (50, sack(0, &[(1, 9)])),
            (50, Out(data(0))),
            (50, Out(data(9))),
            (100, In(ack(10))),
            (100, Is(State::Established)),
        ]
    });
}

/// RFC 6675 §2: what it acknowledges besides makes no difference.
// conf: TCP-SACK-12
#[test]
fn an_ack_that_advances_is_a_duplicate_if_it_brings_new_blocks() {
    run(&setup(), ten_in_flight, || {
        let news = |octets: u32| In(ack(1).sack(&[(at(2), at(2) + octets)]));
        vec![
            (50, news(10)),
            (51, news(20)),
            (51, Call(|h| assert_eq!((h.counter("duplicate_acks"), h.counter("retransmits")), (2, 0)))),
            (52, news(30)),
            (52, Out(data(1))),
            (100, In(ack(10))),
        ]
    });
}

/// RFC 6675 §4 rules 1 to 3, one after the other where each could send.
// conf: TCP-SACK-15
#[test]
fn new_data_go_behind_what_is_lost_and_before_what_may_not_be() {
    run(&setup(), ten_in_flight, || {
        vec![
            (1, Call(ten_more)),
            // Nothing tells of 6 but one segment above it.
            (50, sack(0, &[(1, 3), (4, 6), (7, 8)])),
            (50, Out(data(0))),
            // Three ranges, or three segments, lie above 0 and 3; half of the flight may be in the network.
            (50, Out(data(3))),
            (51, sack(0, &[(1, 3), (4, 6), (7, 8), (9, 10)])),
            (51, Drain),
            (51, Call(|h| assert_eq!((h.counter("retransmits"), h.tcp.info(h.id()).unwrap().lost), (2, 0)))),
            (100, In(ack(10))),
            (100, Drain),
        ]
    });
}

/// RFC 6675 §4 rule 4: one segment in each recovery, and in the next one more.
// conf: TCP-SACK-15
#[test]
fn each_recovery_has_one_rescue() {
    run(&Setup { congestion: &Unlimited, ..setup() }, connected_with_sack, || {
        let mut steps = vec![(0, In(ack(0))), (0, Call(ten_segments)), (0, Left(10))];
        for n in [0, 10] {
            let ms = 50 + 10 * u64::from(n);
            // The first and the last two are lost.
            steps.extend([
                (ms, sack(n, &[(n + 1, n + 8)])),
                (ms, Out(data(n))),
                (ms, Out(data(n + 9))),
                (ms + 1, sack(n, &[(n + 9, n + 10), (n + 1, n + 8)])),
                (ms + 1, Out(data(n + 8))),
                (ms + 50, In(ack(n + 10))),
                (ms + 50, Call(ten_segments)),
                (ms + 50, Left(10)),
            ]);
        }
        steps
    });
}

fn ten_segments(host: &mut Host) {
    let start = at(0) + host.already as u32;
    host.already += 10 * MSS as usize;
    assert_eq!(host.send(10 * MSS as usize, start), 10 * MSS as usize);
}

/// RFC 6937 is for what goes by ssthresh.
#[test]
fn without_congestion_control_recovery_holds_nothing_back() {
    run(&Setup { congestion: &Unlimited, ..setup() }, ten_in_flight, || {
        let mut steps = vec![(50, sack(0, &[(1, 4)])), (50, Left(2))];
        steps.extend([(51, Call(ten_more as fn(&mut Host))), (51, Left(10)), (100, In(ack(20)))]);
        steps
    });
}

/// RFC 6298 §5 rule 5.3: with the timer of what was sent first a long repair would end in a timeout.
#[test]
fn each_advance_in_recovery_starts_the_timer_anew() {
    run(&setup(), ten_in_flight, || {
        vec![
            (900, sack(0, &[(1, 4)])),
            (900, Out(data(0))),
            (1_800, In(ack(4))),
            // The rescue: it starts nothing.
            (1_800, Out(data(9))),
            (2_700, In(ack(10))),
            (2_700, Call(|h| assert_eq!(h.counter("timeouts"), 0))),
        ]
    });
}

/// What was in the network at once is at most cwnd, however much the peer has that it could not acknowledge.
#[test]
fn a_recovery_that_follows_another_halves_no_more_than_the_window() {
    run(&setup(), ten_in_flight, || {
        vec![
            (1, Call(ten_more)),
            (50, sack(0, &[(1, 4)])),
            (50, Out(data(0))),
            (51, sack(0, &[(1, 10)])),
            (51, Left(4)),
            // 10 is lost as well.
            (101, sack(0, &[(11, 14), (1, 10)])),
            (101, Out(data(10))),
            (101, Left(3)),
            (151, sack(10, &[(15, 17), (11, 14)])),
            (151, Left(3)),
            (151, Call(|h| assert_eq!((cwnd(h), h.counter("fast_retransmits")), (5 * MSS, 1)))),
            // And 14, which left behind the end of the first recovery.
            (201, sack(10, &[(15, 18), (11, 14)])),
            (201, Drain),
            (201, Call(|h| assert_eq!(h.counter("fast_retransmits"), 2))),
            (201, Call(|h| assert_eq!(h.tcp.info(h.id()).unwrap().ssthresh, 5 * MSS / 2))),
            (250, In(ack(20))),
        ]
    });
}

/// RFC 6675 §4: rules 3 and 4 send what is in the receiver's window, RFC 9293 §3.8.6, though it has moved back.
// conf: TCP-SACK-15
#[test]
fn what_may_be_lost_waits_for_the_peers_window() {
    run(&setup(), ten_in_flight, || {
        let window =
            |segments: u16| In(ack(0).wnd(segments * MSS as u16).sack(&[(at(8), at(9)), (at(1), at(7))]));
        vec![
            (50, sack(0, &[(1, 2)])),
            (51, sack(0, &[(1, 3)])),
            (52, sack(0, &[(1, 4)])),
            (52, Out(data(0))),
            (53, window(7)),
            (54, window(8)),
            // Rule 3, and not yet rule 4.
            (54, Out(data(7))),
            (55, window(9)),
            (56, window(10)),
            (56, Out(data(9))),
            (100, In(ack(10))),
        ]
    });
}

/// RFC 6582 §3.2: what leaves whatever cwnd says is the first segment in flight, not all that is known to be lost.
// conf: TCP-CC-18
#[test]
fn without_sack_the_rest_of_the_first_segment_waits_for_cwnd() {
    run(&setup(), connected, || {
        let window = |window: u16| In(ack(0).wnd(window));
        let mut steps = vec![(0, window(65_535)), (0, Call(|h| assert_eq!(h.send(14_600, 101), 14_600)))];
        steps.extend((0..10).map(|n| (0, Out(data(n)))));
        steps.extend([
            (40, window(500)),
            (50, window(500)),
            (51, window(500)),
            (52, window(500)),
            (52, Out(seg(101).ack(301).len(500))),
            // Eight segments are permitted, and more is in the network.
            (60, window(65_535)),
            (60, Call(|h| assert_eq!(h.tcp.info(h.id()).unwrap().lost, 960))),
            (100, In(seg(301).ack(601).wnd(65_535))),
            (100, Out(seg(601).ack(301).len(1460))),
            (150, In(ack(10))),
        ]);
        steps
    });
}
