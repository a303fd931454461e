//! What a connection tells of itself, and what is counted of it for who asks.

use crate::runner::*;
use core::time::Duration;
use tersus_tcp::congestion::{Pacing, Reno};
use tersus_tcp::trace::What;
use tersus_tcp::{Figures, State};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn keep_figures(host: &mut Host) {
    let figures = vec![Figures::NONE; 4].leak();
    host.tcp.keep_figures(figures);
}

fn figures(host: &Host) -> Figures {
    host.tcp.figures(host.id()).unwrap().expect("a place")
}

#[test]
fn a_connection_tells_its_state_its_windows_and_what_was_agreed_on() {
    at_each_number(&Setup { rx: 100_000, tx: 5_000, ..Setup::default() }, nothing, |host| {
        host.connect();
        host.poll();
        let _ = host.take();
        host.now = host.at(30);
        host.give(&syn(300).ack(101).mss(1000).scale(3).wnd(2000));
        host.poll();
        host.sent.clear();
        let id = host.id();
        let info = host.tcp.info(id).unwrap();
        assert_eq!((info.state, info.peer_mss, info.mss), (State::Established, 1000, 1000));
        assert_eq!((info.window_scale, info.send_window), (Some((3, 1)), 2000));
        assert_eq!((info.sack, info.timestamps, info.ecn), (false, false, false));
        assert_eq!((info.srtt, info.rttvar, info.min_rtt), (ms(30), ms(15), ms(30)));
        assert_eq!((info.send_buffer, info.receive_buffer, info.path_mtu), (5_000, 100_000, host.mtu));
        assert_eq!((info.in_flight, info.send_queue, info.in_recovery), (0, 0, false));
        // An older window does not count; two segments fit.
        assert_eq!(host.send(2500, 101), 2500);
        host.give(&seg(301).ack(101).wnd(250).len(7));
        host.poll();
        host.sent.clear();
        let info = host.tcp.info(id).unwrap();
        assert_eq!((info.in_flight, info.send_queue, info.send_window), (2000, 2500, 2000));
        assert_eq!((info.receive_queue, info.octets_received, info.octets_sent), (7, 7, 2000));
        assert_eq!(info.last_sent, host.now);
        // Without a slice there are no figures.
        assert_eq!(host.tcp.figures(id), Ok(None));
        host.tcp.release(id).unwrap();
        assert!(host.tcp.info(id).is_err() && host.tcp.figures(id).is_err());
        host.poll();
        host.sent.clear();
    });
}

#[test]
fn segments_and_octets_of_a_connection_are_counted() {
    run(&Setup::default(), nothing, || {
        vec![
            (0, Call(keep_figures)),
            (0, Call(Host::connect)),
            (0, Out(syn(100))),
            (5, In(syn(300).ack(101).mss(1460))),
            (5, Out(seg(101).ack(301))),
            (10, Call(|h| assert_eq!(h.send(100, 101), 100))),
            (10, Out(seg(101).ack(301).len(100))),
            (20, In(seg(301).ack(101).len(10))),
            (21, In(seg(311).ack(101).len(10))),
            (21, Out(seg(201).ack(321))),
            // Ahead of a gap: answered in its place.
            (30, In(seg(400).ack(101).len(1))),
            (30, Out(seg(201).ack(321))),
            (1_010, Drain),
            (
                1_020,
                Call(|h| {
                    let figures = figures(h);
                    assert_eq!((figures.segments_received, figures.data_segments_received), (4, 3));
                    // SYN, ACK, data, ACK, ACK, data again.
                    assert_eq!((figures.segments_sent, figures.data_segments_sent), (6, 2));
                    assert_eq!((figures.octets_retransmitted, figures.timeouts), (100, 1));
                    assert_eq!(figures.last_data_received, h.at(30));
                    assert_eq!(figures.busy, Duration::from_millis(1_000));
                }),
            ),
            (1_030, In(seg(321).ack(201))),
            (
                5_000,
                Call(|h| {
                    h.give(&seg(321).ack(201));
                    assert_eq!(figures(h).busy, Duration::from_millis(1_020), "idle since then");
                    assert_eq!((figures(h).last_received, figures(h).last_data_received), (h.now, h.at(30)));
                }),
            ),
        ]
    });
}

#[test]
fn time_is_told_by_what_it_was_waited_for() {
    run(&Setup { tx: 100_000, ..Setup::default() }, connected, || {
        vec![
            (0, Call(keep_figures)),
            (0, In(seg(301).ack(101).wnd(2000))),
            (0, Call(|h| assert_eq!(h.send(10_000, 101), 10_000))),
            (0, Drain),
            // 100 ms against the peer's window, then against the congestion window, which is ten segments.
            (100, In(seg(301).ack(1561).wnd(65_535))),
            (100, Drain),
            (150, Call(|h| assert_eq!(h.send(60_000, 10_101), 60_000))),
            (150, Drain),
            (
                400,
                Call(|h| {
                    h.give(&seg(301).ack(1561));
                    let figures = figures(h);
                    assert_eq!((figures.busy, figures.limited_by_window), (ms(400), ms(100)));
                    assert_eq!(figures.limited_by_cwnd, ms(250));
                }),
            ),
            (400, Drain),
        ]
    });
}

#[test]
fn figures_begin_anew_with_each_connection_and_agree_with_a_trace() {
    at_each_number(&Setup { connections: 1, ..Setup::default() }, nothing, |host| {
        keep_figures(host);
        for round in 0..3 {
            let tape: &'static core::cell::RefCell<Vec<What>> = Box::leak(Box::default());
            let sink = |entry: &tersus_tcp::trace::Entry| tape.borrow_mut().push(entry.what);
            host.tcp.trace_to(Box::leak(Box::new(sink)));
            let id = host.connect_with(Default::default()).unwrap();
            host.id = Some(id);
            host.poll();
            let (_, fields, ..) = host.sent.pop_front().unwrap();
            for (flags, seq) in [(syn(0).ack(0).flags, 5), (seg(0).ack(0).flags, 6)] {
                let mut answer = tersus_wire::tcp::Fields { flags, seq, ..Default::default() };
                (answer.src_port, answer.dst_port) = (PEER_PORT, fields.src_port);
                (answer.ack, answer.window) = (fields.seq.wrapping_add(1), 4096);
                host.receive(&answer, &[], &[][..]);
                host.poll();
            }
            let counted = figures(host);
            let told = |f: fn(&What) -> bool| tape.borrow().iter().filter(|what| f(what)).count() as u32;
            assert_eq!(counted.segments_received, told(|what| matches!(what, What::Received(_))));
            assert_eq!(counted.segments_sent, told(|what| matches!(what, What::Sent(..))));
            assert_eq!((counted.segments_received, counted.segments_sent), (2, 2), "round {round}");
            host.tcp.abort(id).unwrap();
            host.tcp.release(id).unwrap();
            host.poll();
            host.sent.clear();
        }
    });
}

/// Connected to a peer a tenth of a second away.
fn connected_far(host: &mut Host) {
    keep_figures(host);
    host.connect();
    play(
        host,
        vec![
            (0, Out(syn(100))),
            (100, In(syn(300).ack(101).mss(1460).permits(true).wnd(65_535))),
            (100, Out(seg(101).ack(301))),
        ],
    );
}

#[test]
fn the_rates_are_those_of_the_last_round_trip_and_of_pacing() {
    run(&Setup { tx: 100_000, ..Setup::default() }, connected_far, || {
        vec![
            (100, Call(|h| assert_eq!(figures(h).delivery_rate, 0))),
            (1_000, Call(|h| assert_eq!(h.send(6 * 1460, 101), 6 * 1460))),
            (1_000, Drain),
            (1_050, In(seg(301).ack(1_561).wnd(65_535))),
            (1_050, Call(|h| assert_eq!(figures(h).delivery_rate, 0, "the round trip is not over"))),
            (1_100, In(seg(301).ack(8_861).wnd(65_535))),
            // 8,760 octets in a tenth of a second.
            (1_100, Call(|h| assert_eq!(figures(h).delivery_rate, 87_600))),
            // Silence counts for nothing.
            (5_000, Call(|h| assert_eq!(h.send(1_000, 8_861), 1_000))),
            (5_000, Drain),
            (5_050, In(seg(301).ack(9_861).wnd(65_535))),
            (5_050, Call(|h| assert_eq!(figures(h).delivery_rate, 20_000))),
            (5_050, Call(|h| assert_eq!(h.tcp.info(h.id()).unwrap().pacing_rate, None))),
        ]
    });
    static PACED: Reno = Reno { pacing: Some(Pacing::DEFAULT), ..Reno::DEFAULT };
    run(&Setup { congestion: &PACED, ..Setup::default() }, connected_far, || {
        // Twice ten segments in a tenth of a second.
        vec![(100, Call(|h| assert_eq!(h.tcp.info(h.id()).unwrap().pacing_rate, Some(292_000))))]
    });
}

#[test]
fn what_overtook_on_the_way_is_told() {
    run(&Setup { tx: 100_000, ..Setup::default() }, connected_far, || {
        vec![
            (100, Call(|h| assert_eq!(h.send(3 * 1460, 101), 3 * 1460))),
            (100, Left(3)),
            (200, In(seg(301).ack(101).sack(&[(3_021, 4_481)]).wnd(65_535))),
            (200, Call(|h| assert!(!h.tcp.info(h.id()).unwrap().reordering))),
            (201, In(seg(301).ack(4_481).wnd(65_535))),
            (201, Call(|h| assert!(h.tcp.info(h.id()).unwrap().reordering))),
        ]
    });
}

#[test]
fn each_segment_that_is_sent_again_counts_text_or_fin() {
    run(&Setup::default(), connected, || {
        let counts = |h: &mut Host| {
            let (all, of_connection) =
                (h.counter("retransmits"), h.tcp.info(h.id()).unwrap().retransmissions);
            assert_eq!((all, of_connection), (h.already as u32, h.already as u32));
            h.already += 1;
        };
        vec![
            (0, Call(|h| assert_eq!(h.send(100, 101), 100))),
            (0, Out(seg(101).ack(301).len(100))),
            (0, Call(counts)),
            (1_000, Out(seg(101).ack(301).len(100))),
            (1_000, Call(counts)),
            (1_010, In(seg(301).ack(201))),
            (1_010, Call(Host::close)),
            (1_010, Out(fin(201).ack(301))),
            (3_010, Out(fin(201).ack(301))),
            (3_010, Call(counts)),
        ]
    });
}
