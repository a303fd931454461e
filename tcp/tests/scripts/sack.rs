//! Selective acknowledgement, the receiver's side: RFC 2018, RFC 2883.

use crate::runner::*;
use tersus_tcp::Duties;
use tersus_tcp::State::*;
use tersus_wire::tcp::{Fields, Flags, SackBlock};

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

/// Where the first text of a second peer starts.
const OTHERS_TEXT: u32 = 70_001;

/// A second connection, from another port of the peer, from which 100 octets have come.
fn second(h: &mut Host) {
    let mut fields = Fields {
        src_port: PEER_PORT + 1,
        dst_port: OUR_PORT,
        seq: OTHERS_TEXT - 1,
        flags: Flags::SYN,
        window: 4096,
        ..Fields::default()
    };
    h.receive(&fields, &[1, 1, 4, 2], &[]);
    h.poll();
    let (_, answer, ..) = h.sent.pop_front().expect("a SYN in answer");
    fields = Fields { seq: OTHERS_TEXT, ack: answer.seq.wrapping_add(1), flags: Flags::ACK, ..fields };
    h.receive(&fields, &[], &[7; 100]);
    // The first octet once more; the ACK has no room in the place of a segment that is so short.
    h.advance(h.at(1_000));
    h.sent.clear();
    h.receive(&fields, &[], &[7]);
    assert!(h.sent.is_empty());
}

/// RFC 2883 §4: a duplicate is one of its connection.
// conf: TCP-SACK-10
#[test]
fn what_came_twice_is_reported_by_the_connection_that_it_came_to() {
    at_each_number(&Setup::default(), accepted_with_sack, |h| {
        second(h);
        // Another connection says in the meantime what it has; that does not report the duplicate, nor forget it.
        h.give(&seg(401).ack(101).len(100));
        let (_, ours) = h.take().expect("an ACK at once");
        assert_eq!(ours.sack, [(401, 501)]);
        h.poll();
        let (_, fields, _, options) = h.sent.pop_front().expect("the ACK that had no room");
        assert_eq!((fields.dst_port, fields.ack), (PEER_PORT + 1, OTHERS_TEXT + 100));
        assert_eq!(options.sack.as_slice(), [SackBlock { left: OTHERS_TEXT, right: OTHERS_TEXT + 1 }]);
    });
}

/// RFC 5961 §10: what is no report of a duplicate is answered within limits.
#[test]
fn without_sack_or_without_text_what_is_old_is_answered_within_limits() {
    for (begin, len) in [(connected as fn(&mut Host), 10), (connected_with_sack, 0)] {
        at_each_number(&Setup::default(), begin, |h| {
            play(h, vec![(0, In(seg(301).ack(101).len(700))), (40, Out(seg(101).ack(1001)))]);
            play(h, vec![(50, In(seg(401).ack(101).len(len))), (50, Out(seg(101).ack(1001)))]);
            assert_eq!(h.counter("challenge_acks"), 1);
        });
    }
}
