//! The urgent mechanism: RFC 9293 §3.8.5, RFC 6093.

use crate::runner::*;
use tersus_tcp::{Changes, ConnectionId, Duties, Event, SendError};

fn mark(h: &Host) -> Option<usize> {
    h.tcp.urgent_mark(h.id()).unwrap()
}

/// Whether an event since the last look said that the mark moved.
fn moved(h: &mut Host) -> bool {
    let mut moved = false;
    while let Some(event) = h.tcp.next_event() {
        moved |= matches!(event, Event::Connection(_, changes) if changes.contains(Changes::URGENT));
    }
    moved
}

fn read(h: &mut Host, octets: usize) {
    let (id, mut buffer) = (h.id(), vec![0; octets]);
    assert_eq!(h.tcp.recv(id, &mut buffer), Ok(octets));
}

fn urgent(h: &mut Host, octets: usize) -> usize {
    let id = h.id();
    h.tcp.send_urgent(id, &vec![b'!'; octets]).unwrap()
}

// conf: TCP-URG-02, TCP-URG-03, TCP-HDR-14
#[test]
fn the_mark_is_told_when_it_comes_and_when_it_moves_on_and_no_other_time() {
    // Segments, octets read before them; whether the mark moved, octets to it
    let run = |steps: &[(Seg, usize, bool, Option<usize>)]| {
        at_each_number(&Setup::default(), connected, |host| {
            let _ = moved(host);
            for (number, (seg, before, told, want)) in steps.iter().enumerate() {
                if *before > 0 {
                    read(host, *before);
                }
                host.give(seg);
                host.poll();
                assert_eq!((moved(host), mark(host)), (*told, *want), "step {number}");
            }
            while host.take().is_some() {}
        });
    };
    let at = |seq: u32| seg(seq).ack(101);
    // The pointer names the octet behind the last urgent one; reading counts down to it.
    run(&[
        (at(301).len(10), 0, false, None),
        (at(311).len(4).urg(4), 0, true, Some(14)),
        (at(315).len(1), 10, false, Some(4)),
        (at(316).len(1), 4, false, None),
    ]);
    // The same pointer again, one that lies before it, and one that lies further on.
    run(&[
        (at(301).len(2).urg(6), 0, true, Some(6)),
        (at(303).len(2).urg(4), 0, false, Some(6)),
        (at(305).len(2).urg(1), 0, false, Some(6)),
        (at(307).len(2).urg(9), 0, true, Some(15)),
    ]);
    // Without the bit the field means nothing; a pointer to what was read means nothing either.
    run(&[
        (Seg { urgent: Some(3), ..at(301).len(3) }, 0, false, None),
        (at(304).urg(0), 3, false, None),
        (at(304).len(1).urg(0), 0, false, None),
        (at(305).len(1).urg(0), 0, true, Some(1)),
    ]);
    // Ahead of a gap, in what is partly old, and without text; the largest pointer lies far beyond the window.
    run(&[
        (at(311).len(5).urg(5), 0, true, Some(15)),
        (at(301).len(10).urg(2), 0, false, Some(15)),
        (at(306).len(12).urg(12), 0, true, Some(17)),
        (at(318).urg(65_535), 17, true, Some(65_535)),
    ]);
    // Two runs of urgent data with reading between them.
    run(&[(at(301).len(3).urg(3), 0, true, Some(3)), (at(304).len(3).urg(3), 3, true, Some(3))]);
    // Old data, data outside of the window, and what follows a FIN bring no mark.
    run(&[
        (at(301).len(3), 0, false, None),
        (at(301).len(3).urg(65_000), 0, false, None),
        (at(304 + 5000).len(3).urg(3), 0, false, None),
        (at(304).fin(), 0, false, None),
        (at(305).urg(9), 0, false, None),
    ]);
}

// conf: TCP-URG-01, TCP-SEQ-08
#[test]
fn urgent_data_longer_than_the_window_are_told_while_it_is_closed() {
    let setup = Setup { rx: 100, ..Setup::default() };
    at_each_number(&setup, connected, |host| {
        let _ = moved(host);
        host.give(&seg(301).ack(101).len(100));
        assert_eq!((moved(host), mark(host)), (false, None));
        // A probe into the closed window: its octet is refused, its pointer is not.
        host.give(&seg(401).ack(101).len(1).urg(500));
        assert_eq!((moved(host), mark(host)), (true, Some(600)));
        for left in (500..600).rev() {
            read(host, 1);
            assert_eq!(mark(host), Some(left));
        }
        host.poll();
        while host.take().is_some() {}
        let mut seq = 401;
        for left in [400, 300, 200, 100] {
            host.give(&seg(seq).ack(101).len(100).urg((901 - seq) as u16));
            seq += 100;
            assert_eq!(mark(host), Some(left + 100));
            read(host, 100);
            host.poll();
            assert_eq!((moved(host), mark(host)), (false, Some(left)));
        }
        host.give(&seg(801).ack(101).len(100));
        assert_eq!(host.recv_all().len(), 100);
        assert_eq!(mark(host), None);
        host.poll();
        while host.take().is_some() {}
    });
}

// conf: TCP-URG-02
#[test]
fn each_segment_before_the_mark_points_to_it_and_so_does_what_is_sent_again() {
    run(&Setup::default(), connected, || {
        vec![
            (0, Call(|h| assert_eq!(h.send(10, 101), 10))),
            (0, Out(seg(101).ack(301).len(10))),
            (0, Call(|h| assert_eq!(h.send(1990, 111), 1990))),
            (0, Out(seg(111).ack(301).len(1460))),
            (5, Call(|h| assert_eq!(urgent(h, 5), 5))),
            (5, Out(seg(1571).ack(301).data(&tail(1571, 530, 5)).urg(535).psh(true))),
            (1_000, Out(seg(101).ack(301).len(1460).urg(2005))),
            (1_001, In(seg(301).ack(1561))),
            (1_001, Out(seg(1561).ack(301).data(&tail(1561, 540, 5)).urg(545))),
            (1_002, In(seg(301).ack(2106))),
            (1_003, Call(|h| assert_eq!(h.send(1, 2106), 1))),
            (1_003, Out(seg(2106).ack(301).len(1))),
        ]
    });
}

/// `len` octets of test data at `at`, then so many urgent ones.
fn tail(at: usize, len: usize, urgent: usize) -> Vec<u8> {
    let mut data: Vec<u8> = (at..at + len).map(pattern).collect();
    data.extend(vec![b'!'; urgent]);
    data
}

// conf: TCP-URG-01, TCP-URG-03
#[test]
fn a_closed_window_does_not_keep_the_mark_from_the_peer() {
    run(&Setup::default(), connected, || {
        vec![
            (0, In(seg(301).ack(101).wnd(0))),
            (0, Call(|h| assert_eq!(urgent(h, 700), 700))),
            (0, Out(seg(101).ack(301).urg(700))),
            // The mark moves: the peer is told again.
            (1, Call(|h| assert_eq!(urgent(h, 1), 1))),
            (1, Out(seg(101).ack(301).urg(701))),
            (10, In(seg(301).ack(101).wnd(4096))),
            (10, Out(seg(101).ack(301).data(&[b'!'; 701]).urg(701))),
        ]
    });
}

// conf: TCP-URG-01
#[test]
fn a_run_longer_than_a_pointer_reaches_moves_its_pointer_along() {
    let setup = Setup { tx: 100_000, ..Setup::default() };
    at_each_number(&setup, connected, |host| {
        let mut una = 101u32;
        assert_eq!(urgent(host, 90_000), 90_000);
        let end = una + 90_000;
        let mut segments = 0;
        host.poll();
        while una != end {
            while let Some((_, seg)) = host.take() {
                let distance = end - seg.seq;
                assert!(seg.flags.contains(tersus_wire::tcp::Flags::URG));
                assert_eq!(seg.urgent, Some(u16::try_from(distance).unwrap_or(65_535)));
                una = una.max(seg.seq + seg.data.len() as u32);
                segments += 1;
            }
            host.give(&seg(301).ack(una));
            host.poll();
        }
        assert!(segments >= 62, "{segments}");
        host.send(10, 0);
        host.poll();
        let (_, seg) = host.take().unwrap();
        assert!(!seg.flags.contains(tersus_wire::tcp::Flags::URG), "{seg:?}");
    });
}

#[test]
fn without_the_duty_the_call_says_so_and_urgent_data_are_data() {
    const DUTIES: &Duties = &Duties::NONE;
    let setup = Setup { duties: DUTIES, ..Setup::default() };
    run(&setup, connected, || {
        vec![
            (0, Call(|h| assert_eq!(h.tcp.send_urgent(h.id(), b"!"), Err(SendError::LeftOut)))),
            (0, In(seg(301).ack(101).data(b"abc").urg(2))),
            (0, Call(|h| assert!(!moved(h) && mark(h).is_none()))),
            (0, Call(|h| assert_eq!(h.recv_all(), b"abc"))),
            (40, Out(seg(101).ack(304))),
        ]
    });
}

#[test]
fn calls_for_urgent_data_say_what_is_wrong() {
    at_each_number(&Setup { tx: 10, ..Setup::default() }, connected, |host| {
        // What found no room is not marked; nothing taken leaves the mark where it was.
        assert_eq!((urgent(host, 20), urgent(host, 1)), (10, 0));
        let id: ConnectionId = host.id();
        host.tcp.close(id).unwrap();
        assert_eq!(host.tcp.send_urgent(id, b"!"), Err(SendError::Closing));
        host.poll();
        let (_, seg) = host.take().unwrap();
        assert_eq!((seg.urgent, seg.data.len()), (Some(10), 10));
        host.tcp.release(id).unwrap();
        assert_eq!(host.tcp.send_urgent(id, b"!"), Err(SendError::Stale));
        assert!(host.tcp.urgent_mark(id).is_err());
    });
}
