//! Reductions that were not needed are taken back: RFC 3522, RFC 5682, RFC 3708, RFC 9438 §4.9; duplicates as senders see
//! them, RFC 2883 §5.

use crate::numbered::*;
use crate::runner::*;
use tersus_tcp::congestion::{Congestion, Cubic, Reno};
use tersus_tcp::Duties;

/// Without probes, so that the timer expires.
const TIMER: Duties = Duties::NONE.with_sack().with_undo();
const RACK: Duties = Duties::NONE.with_sack().with_rack().with_undo();

fn setup(duties: &'static Duties, congestion: &'static dyn Congestion) -> Setup {
    Setup { tx: 65_536, records: 32, duties, congestion, ..Setup::default() }
}

/// A peer 50 ms away; ten segments are in flight, and two more wait.
fn under_way(host: &mut Host) {
    host.connect();
    let mut steps = vec![
        (0, Out(syn(100))),
        (50, In(syn(300).ack(101).mss(1460).permits(true))),
        (50, Out(seg(101).ack(301))),
        (50, In(ack(0))),
        (50, Call(|h| assert_eq!(h.send(12 * MSS as usize, 101), 12 * MSS as usize))),
    ];
    steps.extend((0..10).map(|n| (50, Out(data(n)))));
    play(host, steps);
}

fn cwnd(host: &mut Host) -> u32 {
    host.tcp.info(host.id()).unwrap().cwnd
}

fn is_reordering(host: &mut Host) -> bool {
    host.tcp.info(host.id()).unwrap().reordering
}

fn is_in_recovery(host: &mut Host) -> bool {
    host.tcp.info(host.id()).unwrap().in_recovery
}

// conf: TCP-CUB-10
#[test]
fn a_timeout_that_came_too_early_is_taken_back() {
    const ALL: [&dyn Congestion; 2] = [&Reno::DEFAULT, &Cubic::DEFAULT];
    for congestion in ALL {
        run(&setup(&TIMER, congestion), under_way, || {
            vec![
                (1050, Out(data(0))),
                (1050, Call(|h| assert_eq!(cwnd(h), MSS))),
                // The originals were delayed. New data ask before anything else is sent again.
                (1060, In(ack(2))),
                (1060, Out(data(10))),
                (1060, Out(data(11))),
                (1061, In(ack(4))),
                (1061, Call(|h| assert!(cwnd(h) >= 14_600 && !is_in_recovery(h), "{}", cwnd(h)))),
                (1062, In(ack(10))),
                (1110, In(ack(12))),
                (1110, Call(|h| assert_eq!((h.counter("undone"), h.counter("retransmits")), (1, 1)))),
            ]
        });
    }
}

#[test]
fn a_timeout_that_was_right_goes_on() {
    run(&setup(&TIMER, &Reno::DEFAULT), under_way, || {
        vec![
            (1050, Out(data(0))),
            (1100, In(ack(1))),
            (1100, Out(data(10))),
            (1100, Out(data(11))),
            // Only the new ones arrive: the others were lost.
            (1150, sack(1, &[(10, 11)])),
            (1150, Out(data(1))),
            (1151, sack(1, &[(10, 12)])),
            (1151, Out(data(2))),
            (1200, sack(3, &[(10, 12)])),
            (1200, Out(data(3))),
            (1200, Out(data(4))),
            (1200, Out(data(5))),
            (1200, Call(|h| assert_eq!((h.counter("undone"), cwnd(h) < 14_600), (0, true)))),
            (1250, In(ack(12))),
        ]
    });
}

/// RFC 5682 §3.1 step 2 a: a duplicate says that something behind arrived, not that the first segment did.
#[test]
fn a_duplicate_ack_behind_a_timeout_asks_nothing() {
    run(&setup(&TIMER, &Reno::DEFAULT), under_way, || {
        vec![
            (1050, Out(data(0))),
            (1060, sack(0, &[(1, 2)])),
            (1100, In(ack(2))),
            (1100, Out(data(2))),
            (1100, Out(data(3))),
            (1100, Call(|h| assert_eq!((h.counter("undone"), is_in_recovery(h)), (0, true)))),
            (1150, In(ack(10))),
            (1150, Drain),
            (1200, In(ack(12))),
        ]
    });
}

// conf: TCP-RTO-19
#[test]
fn an_ack_of_what_asked_as_well_leaves_a_timeout_as_it_is() {
    run(&setup(&TIMER, &Reno::DEFAULT), under_way, || {
        vec![
            (1050, Out(data(0))),
            (1100, In(ack(1))),
            (1100, Out(data(10))),
            (1100, Out(data(11))),
            // It covers more than was in flight when the timer expired: RFC 5682 §3.1, step 3 a.
            (1150, In(ack(12))),
            (1150, Call(|h| assert_eq!((h.counter("undone"), cwnd(h) <= 3 * MSS), (0, true)))),
        ]
    });
}

// conf: TCP-CUB-10, TCP-RCK-02, TCP-SACK-11
#[test]
fn a_retransmission_that_the_peer_reports_as_a_duplicate_is_taken_back() {
    const ALL: [&dyn Congestion; 2] = [&Reno::DEFAULT, &Cubic::DEFAULT];
    for congestion in ALL {
        run(&setup(&RACK, congestion), under_way, || {
            vec![
                (100, sack(0, &[(1, 4)])),
                (100, Out(data(0))),
                (100, Call(|h| assert!(cwnd(h) < 14_600))),
                // Two milliseconds are less than any round trip: the original came, late. It says nothing about
                // what was sent between it and the retransmission.
                (102, In(ack(4))),
                (102, Out(data(10))),
                (103, In(ack(10))),
                (103, Out(data(11))),
                (103, Call(|h| assert_eq!((h.counter("undone"), h.counter("retransmits")), (0, 1)))),
                (150, sack(10, &[(0, 1)])),
                (150, Call(|h| assert!(cwnd(h) >= 14_600, "{}", cwnd(h)))),
                (150, Call(|h| assert_eq!((h.counter("undone"), h.counter("dsacks")), (1, 1)))),
                (150, Call(|h| assert!(is_reordering(h)))),
                (153, In(ack(12))),
            ]
        });
    }
}

/// RFC 3708 §3: a report that cannot be of what was sent again since the reduction says nothing about it. The network
/// doubles segments as well, and a peer may say what it likes.
#[test]
fn a_duplicate_of_something_else_takes_nothing_back() {
    // What the peer reports as a duplicate; whether the reduction is taken back, and whether it is a report at all.
    for (left, right, undone, dsacks) in [
        (at(0), at(1), 1, 1),
        // In pieces it would be all of it.
        (at(0), at(0) + 700, 0, 1),
        // More than was sent again.
        (at(0), at(2), 0, 1),
        (at(9) - 10, at(11), 0, 1),
        // Sent after the reduction.
        (at(10), at(11), 0, 1),
        // Older than any window, and never sent at all.
        (at(10).wrapping_sub(65_536), at(11).wrapping_sub(65_536), 0, 0),
        (at(0).wrapping_sub(1 << 30), at(1).wrapping_sub(1 << 30), 0, 0),
        (at(13), at(14), 0, 0),
    ] {
        at_each_number(&setup(&RACK, &Reno::DEFAULT), under_way, |h| {
            play(
                h,
                vec![
                    (100, sack(0, &[(1, 4)])),
                    (100, Out(data(0))),
                    (150, In(ack(10))),
                    (150, Out(data(10))),
                    (150, Out(data(11))),
                    (200, In(ack(12).sack(&[(left, right), (at(12), at(20))]))),
                ],
            );
            assert_eq!((h.counter("undone"), h.counter("dsacks")), (undone, dsacks), "{left} {right}");
        });
    }
}

/// Segment `n` of a connection with timestamps, which leaves at `ms` with an echo of the peer's `peers`.
fn stamped(n: u32, peers: u32, ms: u64) -> Seg {
    let (start, len) = (101 + n * STAMPED, STAMPED as usize);
    seg(start).ack(301).len(len).ts(peers, ms)
}

/// An acknowledgement of all before segment `n`, which answers what left at `ms`.
fn echo(n: u32, peers: u32, ms: u64) -> Seg {
    seg(301).ack(101 + n * STAMPED).wnd(65_535).ts(peers, ms)
}

/// MSS less the timestamps.
const STAMPED: u32 = 1448;

/// As `under_way`, with timestamps.
fn under_way_with_timestamps(host: &mut Host) {
    under_way_at(host, 50);
}

/// The same, and the peer is `rtt` away.
fn under_way_at(host: &mut Host, rtt: u64) {
    host.connect();
    play(
        host,
        vec![
            (0, Out(syn(100).ts(0, 0))),
            (rtt, In(syn(300).ack(101).mss(1460).permits(true).ts(7, 0))),
            (rtt, Out(seg(101).ack(301).ts(7, rtt))),
            (rtt, In(echo(0, 8, rtt))),
        ],
    );
    let len = 12 * STAMPED as usize;
    assert_eq!(host.send(len, 101), len);
    play(host, (0..10).map(|n| (rtt, Out(stamped(n, 8, rtt)))).collect());
}

// conf: TCP-CUB-10, TCP-RCK-02
#[test]
fn an_echo_of_the_original_takes_a_retransmission_back_at_once() {
    const ALL: [&dyn Congestion; 2] = [&Reno::DEFAULT, &Cubic::DEFAULT];
    const STAMPS: Duties = RACK.with_timestamps();
    for congestion in ALL {
        run(&setup(&STAMPS, congestion), under_way_with_timestamps, || {
            vec![
                (140, In(echo(0, 98, 50).sack(&[(101 + STAMPED, 101 + 4 * STAMPED)]))),
                (140, Out(stamped(0, 98, 140))),
                (140, Call(|h| assert!(cwnd(h) < 10 * STAMPED))),
                // Longer than the least round trip, so its time alone says nothing. Taken for an answer to the
                // retransmission, it would be one to all that left before that.
                (195, In(echo(4, 153, 50))),
                (195, Out(stamped(10, 153, 195))),
                (195, Out(stamped(11, 153, 195))),
                (195, Call(|h| assert!(cwnd(h) >= 10 * STAMPED && !is_in_recovery(h), "{}", cwnd(h)))),
                (195, Call(|h| assert_eq!((h.counter("undone"), h.counter("retransmits")), (1, 1)))),
                (195, Call(|h| assert!(is_reordering(h)))),
                (196, In(echo(12, 154, 195))),
            ]
        });
        run(&setup(&STAMPS, congestion), under_way_with_timestamps, || {
            vec![
                (140, In(echo(0, 98, 50).sack(&[(101 + STAMPED, 101 + 10 * STAMPED)]))),
                (140, Out(stamped(0, 98, 140))),
                (140, Out(stamped(10, 98, 140))),
                (140, Out(stamped(11, 98, 140))),
                (195, In(echo(12, 153, 140))),
                (195, Call(|h| assert!(cwnd(h) < 10 * STAMPED, "{}", cwnd(h)))),
                (195, Call(|h| assert_eq!((h.counter("undone"), h.counter("retransmits")), (0, 1)))),
            ]
        });
    }
}

// conf: TCP-CUB-10, TCP-RCK-02
/// Originals and retransmission leave in neighbouring ticks of the clock, of 32.768 ms, and the ACK comes within the second.
#[test]
fn an_echo_of_the_tick_before_is_enough() {
    const STAMPS: Duties = RACK.with_timestamps();
    let begin = |host: &mut Host| under_way_at(host, 40);
    run(&setup(&STAMPS, &Cubic::DEFAULT), begin, || {
        vec![
            (90, In(echo(0, 58, 40).sack(&[(101 + STAMPED, 101 + 4 * STAMPED)]))),
            (90, Out(stamped(0, 58, 90))),
            (90, Call(|h| assert!(cwnd(h) < 10 * STAMPED))),
            (94, In(echo(4, 62, 40))),
            (94, Out(stamped(10, 62, 94))),
            (94, Out(stamped(11, 62, 94))),
            (94, Call(|h| assert!(cwnd(h) >= 10 * STAMPED, "{}", cwnd(h)))),
            (94, Call(|h| assert_eq!((h.counter("undone"), h.counter("retransmits")), (1, 1)))),
            // And the path is known to let later segments overtake: three of them say nothing yet.
            (134, In(echo(4, 102, 40).sack(&[(101 + 5 * STAMPED, 101 + 8 * STAMPED)]))),
            (135, Call(|h| assert_eq!((h.counter("fast_retransmits"), h.counter("retransmits")), (1, 1)))),
            (139, In(echo(12, 107, 94))),
        ]
    });
}

// conf: TCP-SACK-11
#[test]
fn a_reported_duplicate_is_no_sign_of_loss() {
    run(&setup(&TIMER, &Reno::DEFAULT), under_way, || {
        vec![
            // Below the acknowledgement, and inside of the second block.
            (60, sack(3, &[(1, 2)])),
            (60, Out(data(10))),
            (60, Out(data(11))),
            (61, sack(3, &[(5, 6), (5, 7)])),
            (62, sack(3, &[(5, 6), (5, 7)])),
            (63, sack(3, &[(5, 6), (5, 7)])),
            (64, Call(|h| assert_eq!((h.counter("dsacks"), h.counter("fast_retransmits")), (4, 0)))),
            (70, In(ack(12))),
        ]
    });
}

/// RFC 5681 §4.3: a retransmission that was lost too is a second sign, whatever is reported as a duplicate then.
#[test]
fn a_second_sign_of_congestion_is_not_taken_back() {
    run(&setup(&RACK, &Reno::DEFAULT), under_way, || {
        vec![
            (100, sack(0, &[(1, 4)])),
            (100, Out(data(0))),
            (101, sack(0, &[(1, 10)])),
            (101, Out(data(10))),
            (101, Out(data(11))),
            (151, sack(0, &[(1, 11)])),
            (151, Out(data(0))),
            (201, sack(12, &[(0, 1)])),
            (201, sack(12, &[(0, 1)])),
            (201, Call(|h| assert_eq!((h.counter("undone"), h.counter("dsacks")), (0, 2)))),
        ]
    });
}

/// Nor is a timeout in recovery.
#[test]
fn a_timeout_in_recovery_is_not_taken_back() {
    run(&setup(&TIMER, &Reno::DEFAULT), under_way, || {
        vec![
            (100, sack(0, &[(1, 4)])),
            (100, Out(data(0))),
            (1_100, Out(data(0))),
            (1_110, In(ack(4))),
            (1_110, Drain),
            (1_111, In(ack(6))),
            (1_111, Drain),
            (1_112, In(ack(10))),
            (1_112, Drain),
            (1_112, Call(|h| assert_eq!(h.counter("undone"), 0))),
            (1_200, In(ack(12))),
        ]
    });
}

/// RFC 3522 §3.2: an echo tells of one segment. Of several that were sent again each must be told of.
#[test]
fn an_echo_of_one_original_says_nothing_of_other_retransmissions() {
    const STAMPS: Duties = RACK.with_timestamps();
    run(&setup(&STAMPS, &Reno::DEFAULT), under_way_with_timestamps, || {
        let at = |n: u32| 101 + n * STAMPED;
        vec![
            (140, In(echo(0, 98, 50).sack(&[(at(5), at(10)), (at(2), at(4))]))),
            // 0, 1, 4 and what is new.
            (140, Left(5)),
            (195, In(echo(1, 153, 50).sack(&[(at(5), at(10)), (at(2), at(4))]))),
            (195, Call(|h| assert_eq!((h.counter("undone"), is_in_recovery(h)), (0, true)))),
            // Two at once.
            (196, In(echo(10, 154, 50))),
            (196, Call(|h| assert_eq!(h.counter("undone"), 0))),
            (197, In(echo(12, 155, 140))),
        ]
    });
}

/// The same behind a timeout: one that is early is taken back without asking, RFC 3522 §3.2.
#[test]
fn an_echo_of_the_original_takes_a_timeout_back_at_once() {
    const STAMPS: Duties = TIMER.with_timestamps();
    run(&setup(&STAMPS, &Reno::DEFAULT), under_way_with_timestamps, || {
        vec![
            (1_050, Left(1)),
            (1_060, In(echo(1, 1_000, 50))),
            (1_060, Drain),
            (1_060, Call(|h| assert_eq!((h.counter("undone"), is_in_recovery(h)), (1, false)))),
            (1_110, In(echo(12, 1_050, 1_050))),
            (1_110, Drain),
        ]
    });
}

/// RFC 5682 §3.1 step 2 b: only if there are new data, and room for them; a whole segment at least.
#[test]
fn behind_a_timeout_new_data_ask_if_there_are_any() {
    // Octets queued behind ten segments, the window of the ACK, whether new data ask.
    for (queued, window, asks) in [
        (0, 65_535, false),
        (MSS - 1, 65_535, false),
        (MSS, 65_535, true),
        (2 * MSS, 9 * MSS, true),
        (2 * MSS, 9 * MSS - 1, false),
    ] {
        at_each_number(&setup(&TIMER, &Reno::DEFAULT), connected_with_sack, |h| {
            let start = (h.now.micros() - h.start.micros()) / 1_000;
            h.give(&ack(0));
            let len = 10 * MSS + queued;
            assert_eq!(h.send(len as usize, 101), len as usize);
            h.poll();
            play(h, vec![(start, Left(10)), (start + 1_000, Out(data(0)))]);
            h.advance(h.at(start + 1_010));
            h.give(&seg(301).ack(at(2)).wnd(window as u16));
            h.poll();
            // Else what is lost goes on.
            let first = h.sent.front().map(|(_, fields, ..)| fields.seq);
            assert_eq!(first, Some(h.ours(at(if asks { 10 } else { 2 }))), "{queued} {window}");
            play(h, vec![(start + 1_010, Drain), (start + 1_060, In(ack(10))), (start + 1_060, Drain)]);
        });
    }
}
