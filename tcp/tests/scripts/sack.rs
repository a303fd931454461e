//! Selective acknowledgement, the receiver's side: RFC 2018, RFC 2883.

use crate::runner::*;
use tersus_tcp::Duties;
use tersus_tcp::State::*;

/// With and without a listener of ours.
const OPENED: [fn(&mut Host); 2] = [connected_with_sack, accepted_with_sack];

// conf: TCP-SACK-01
#[test]
fn sack_is_permitted_in_syns_alone_and_only_in_answer_to_a_syn_that_does() {
    // The runner refuses the option in segments without SYN.
    for (duties, ours) in [(&Duties::ALL, true), (&Duties::NONE, false)] {
        let setup = Setup { duties, ..Setup::default() };
        run(&setup, connected, || vec![(0, Is(Established))]);
        for theirs in [true, false] {
            at_each_number(&setup, listening, |h| {
                let answer = syn(100).ack(301).permits(ours && theirs);
                play(h, vec![(0, In(syn(300).permits(theirs))), (0, Out(answer))]);
            });
        }
    }
    // Simultaneous open.
    for theirs in [true, false] {
        at_each_number(&Setup::default(), nothing, |h| {
            h.connect();
            play(
                h,
                vec![
                    (0, Out(syn(100).permits(true))),
                    (0, In(syn(300).permits(theirs))),
                    (0, Out(syn(100).ack(301).permits(theirs))),
                ],
            );
        });
    }
    // In any other segment it means nothing.
    run(&Setup::default(), connected, || {
        vec![
            (0, In(seg(301).ack(101).permits(true))),
            (0, In(seg(401).ack(101).len(100))),
            (0, Out(seg(101).ack(301))),
        ]
    });
}

// conf: TCP-SACK-02
#[test]
fn without_the_peers_permission_no_blocks_are_sent() {
    for begin in [connected as fn(&mut Host), accepted] {
        run_both(&Setup::default(), begin, || {
            vec![
                (0, In(seg(401).ack(101).len(100))),
                (0, Out(seg(101).ack(301))),
                (0, In(seg(401).ack(101).len(100))),
                (0, Out(seg(101).ack(301))),
            ]
        });
    }
}

// conf: TCP-SACK-03, TCP-SACK-04, TCP-SACK-05
#[test]
fn each_ack_above_a_gap_reports_the_newest_range_first_and_the_others_behind_it() {
    for begin in OPENED {
        run(&Setup { ranges: 16, ..Setup::default() }, begin, || {
            vec![
                (0, In(seg(401).ack(101).len(100))),
                (0, Out(seg(101).ack(301).sack(&[(401, 501)]))),
                (0, In(seg(601).ack(101).len(100))),
                (0, Out(seg(101).ack(301).sack(&[(601, 701), (401, 501)]))),
                (0, In(seg(801).ack(101).len(100))),
                (0, Out(seg(101).ack(301).sack(&[(801, 901), (601, 701), (401, 501)]))),
                (0, In(seg(1001).ack(101).len(100))),
                (0, Out(seg(101).ack(301).sack(&[(1001, 1101), (801, 901), (601, 701), (401, 501)]))),
                (0, In(seg(1201).ack(101).len(100))),
                (0, Out(seg(101).ack(301).sack(&[(1201, 1301), (1001, 1101), (801, 901), (601, 701)]))),
                // It joins two ranges: no block is part of another.
                (0, In(seg(501).ack(101).len(100))),
                (0, Out(seg(101).ack(301).sack(&[(401, 701), (1201, 1301), (1001, 1101), (801, 901)]))),
                // It moves the cumulative acknowledgement, and what is left is told again.
                (0, In(seg(301).ack(101).len(100))),
                (0, Out(seg(101).ack(701).sack(&[(1201, 1301), (1001, 1101), (801, 901)]))),
                // Data carry the blocks too, and are so much shorter.
                (0, Call(|h| assert_eq!(h.send(1460, 101), 1460))),
                (0, Out(seg(101).ack(701).len(1460 - 28).sack(&[(1201, 1301), (1001, 1101), (801, 901)]))),
                (10, In(seg(701).ack(101 + 1432).len(600))),
                (10, Out(seg(1533).ack(1301).len(28))),
            ]
        });
    }
}

// conf: TCP-SACK-05
#[test]
fn what_does_not_fit_in_the_place_of_a_segment_leaves_with_the_next_visit() {
    run_both(&Setup::default(), connected_with_sack, || {
        vec![(0, In(seg(401).ack(101).len(1))), (0, Out(seg(101).ack(301).sack(&[(401, 402)])))]
    });
}

// conf: TCP-SACK-06
#[test]
fn blocks_name_only_what_is_here() {
    // One range alone can be noted: what lies elsewhere is dropped, and never reported.
    run_both(&Setup { ranges: 1, connections: 1, ..Setup::default() }, connected_with_sack, || {
        vec![
            (0, In(seg(401).ack(101).len(100))),
            (0, Out(seg(101).ack(301).sack(&[(401, 501)]))),
            (0, In(seg(601).ack(101).len(100))),
            (0, Out(seg(101).ack(301).sack(&[(401, 501)]))),
            // Beyond the window: cut off.
            (0, In(seg(501).ack(101).len(4096))),
            (0, Out(seg(101).ack(301).sack(&[(401, 4397)]))),
            (0, In(seg(301).ack(101).len(100))),
            (0, Out(seg(101).ack(4397).wnd(0))),
        ]
    });
}

// conf: TCP-SACK-10
#[test]
fn what_comes_twice_is_reported_once_with_its_exact_edges() {
    for begin in OPENED {
        run(&Setup::default(), begin, || {
            vec![
                (0, In(seg(301).ack(101).len(700))),
                (40, Out(seg(101).ack(1001))),
                // Below the cumulative acknowledgement: as a whole, in part, and each time.
                (50, In(seg(501).ack(101).len(500))),
                (50, Out(seg(101).ack(1001).sack(&[(501, 1001)]))),
                (50, In(seg(501).ack(101).len(600))),
                (50, Out(seg(101).ack(1101).sack(&[(501, 1001)]))),
                // Ahead of a gap: the range around it follows.
                (60, In(seg(1501).ack(101).len(500))),
                (60, Out(seg(101).ack(1101).sack(&[(1501, 2001)]))),
                (60, In(seg(2201).ack(101).len(100))),
                (60, Out(seg(101).ack(1101).sack(&[(2201, 2301), (1501, 2001)]))),
                (60, In(seg(1601).ack(101).len(100))),
                (60, Out(seg(101).ack(1101).sack(&[(1601, 1701), (1501, 2001), (2201, 2301)]))),
                // Once.
                (60, In(seg(2301).ack(101).len(10))),
                (60, Out(seg(101).ack(1101).sack(&[(2201, 2311), (1501, 2001)]))),
            ]
        });
    }
}

#[test]
fn duplicates_are_reported_however_many_there_are() {
    // No challenge limit holds them back: the sender is to learn how many of its retransmissions were in vain.
    run(&Setup::default(), connected_with_sack, || {
        let mut steps = vec![(0, In(seg(301).ack(101).len(700))), (40, Out(seg(101).ack(1001)))];
        for _ in 0..40 {
            steps.push((50, In(seg(401).ack(101).len(100))));
            steps.push((50, Out(seg(101).ack(1001).sack(&[(401, 501)]))));
        }
        // What no window can have held is answered within limits, and not reported.
        steps.push((60, In(seg(301u32.wrapping_sub(1 << 30)).ack(101).len(10))));
        steps.push((60, Out(seg(101).ack(1001))));
        steps
    });
}
