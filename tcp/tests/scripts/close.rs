//! Closing: RFC 9293 §3.6, §3.10.4, §3.10.5 and §3.10.7.4 eighth; TIME-WAIT.

use crate::runner::*;
use tersus_tcp::State::*;
use tersus_tcp::{Outcome, RecvError, SendError, Stale};

fn close(h: &mut Host) {
    h.close();
}
fn abort(h: &mut Host) {
    h.abort();
}
fn release(h: &mut Host) {
    h.release();
}

// conf: TCP-FIN-06, TCP-FIN-07, TCP-FIN-13
#[test]
fn we_close_first() {
    run(&Setup::default(), connected, || {
        vec![
            (0, Call(close)),
            (0, Out(fin(101).ack(301))),
            (0, Is(FinWait1)),
            (10, In(seg(301).ack(102))),
            (10, Is(FinWait2)),
            (20, In(fin(301).ack(102))),
            (20, Out(seg(102).ack(302))),
            (20, Is(TimeWait)),
            (20, Call(|h| assert_eq!(h.outcome(), Ok(Some(Outcome::Finished))))),
            // The endpoints stay busy for the whole wait.
            (10_019, Call(|h| assert!(h.connect_with(our_port()).is_err()))),
            (10_020, Call(|h| assert!(h.connect_with(our_port()).is_ok()))),
            (10_020, Left(1)),
        ]
    });
}

fn our_port() -> tersus_tcp::ConnectOptions {
    tersus_tcp::ConnectOptions { port: OUR_PORT, ..Default::default() }
}

// conf: TCP-FIN-02
#[test]
fn a_close_in_syn_received_waits_for_the_handshake() {
    for queued in [false, true] {
        let send = |h: &mut Host| assert_eq!(h.send(10, 101), 10);
        let text = if queued { fin(101).ack(301).len(10) } else { fin(101).ack(301) };
        run_both(&Setup::default(), nothing, || {
            vec![
                (0, Call(Host::connect)),
                (0, Out(syn(100))),
                (0, In(syn(300).mss(1460))),
                (0, Out(syn(100).ack(301))),
                (0, Is(SynReceived)),
                (0, Call(if queued { send } else { |_| () })),
                (0, Call(close)),
                (0, Is(SynReceived)),
                (5, In(seg(301).ack(101))),
                (5, Out(text.clone())),
                (5, Is(FinWait1)),
            ]
        });
    }
}

// conf: TCP-FIN-04, TCP-FIN-05
#[test]
fn peer_closes_first_then_we_close() {
    run_both(&Setup::default(), connected, || {
        vec![
            (0, In(fin(301).ack(101))),
            (0, Out(seg(101).ack(302))),
            (0, Is(CloseWait)),
            (10, Call(close)),
            (10, Out(fin(101).ack(302))),
            (10, Is(LastAck)),
            (20, In(seg(302).ack(102))),
            (20, Is(Closed)),
            (20, Call(|h| assert_eq!(h.outcome(), Ok(Some(Outcome::Finished))))),
        ]
    });
}

// conf: TCP-FIN-08
#[test]
fn fins_that_cross_lead_both_to_time_wait() {
    run_both(&Setup::default(), closed_by_us, || {
        vec![
            (10, In(fin(301).ack(101))),
            (10, Out(seg(102).ack(302))),
            (10, Is(Closing)),
            (20, In(seg(302).ack(102))),
            (20, Is(TimeWait)),
        ]
    });
}

// conf: TCP-FIN-06
#[test]
fn a_fin_that_acknowledges_ours_leads_to_time_wait_at_once() {
    run_both(&Setup::default(), closed_by_us, || {
        vec![(10, In(fin(301).ack(102))), (10, Out(seg(102).ack(302))), (10, Is(TimeWait))]
    });
}

// conf: TCP-FIN-01, TCP-SWS-16, TCP-FIN-19
#[test]
fn queued_data_leave_before_the_fin() {
    run_both(&Setup::default(), connected, || {
        vec![
            (0, Call(|h| assert_eq!(h.send(1460, 101), 1460))),
            (0, Out(seg(101).ack(301).len(1460))),
            (1, In(seg(301).ack(1561))),
            (2, Call(|h| assert_eq!(h.send(1, 1561), 1))),
            (2, Out(seg(1561).ack(301).len(1))),
            // Nagle holds one octet, until the FIN comes behind it.
            (3, Call(|h| assert_eq!(h.send(1, 1562), 1))),
            (5, Call(close)),
            (5, Out(seg(1562).ack(301).len(1).fin().psh(true))),
            (5, Call(|h| assert_eq!(h.try_send(b"x"), Err(SendError::Closing)))),
            (10, In(seg(301).ack(1564))),
            (10, Is(FinWait2)),
        ]
    });
}

// conf: TCP-FIN-05, TCP-FIN-19, TCP-API-08
#[test]
fn data_before_a_fin_are_read_before_the_end() {
    run_both(&Setup::default(), connected, || {
        vec![
            (0, In(seg(301).ack(101).len(10).fin())),
            (0, Out(seg(101).ack(312))),
            (0, Is(CloseWait)),
            (0, Call(|h| assert_eq!(h.recv_all().len(), 10))),
            (0, Call(|h| assert_eq!(h.recv(&mut [0]), Err(RecvError::Finished)))),
        ]
    });
}

// conf: TCP-FIN-11
#[test]
fn a_half_closed_connection_still_receives() {
    run_both(&Setup::default(), closed_by_us, || {
        vec![
            (10, In(seg(301).ack(102).len(100))),
            (20, In(seg(401).ack(102).len(100))),
            (20, Out(seg(102).ack(501))),
            (20, Call(|h| assert_eq!(h.recv_all().len(), 200))),
            (20, Is(FinWait2)),
        ]
    });
    // And the other half still sends.
    run_both(&Setup::default(), closed_by_peer, || {
        vec![
            (10, Call(|h| assert_eq!(h.send(10, 101), 10))),
            (10, Out(seg(101).ack(302).len(10))),
            (20, In(seg(302).ack(111))),
            (20, Is(CloseWait)),
        ]
    });
}

// conf: TCP-FIN-10
#[test]
fn a_fin_ahead_of_a_gap_waits_for_the_gap() {
    run(&Setup::default(), connected, || {
        vec![
            (0, In(seg(311).ack(101).len(10).fin())),
            (0, Out(seg(101).ack(301))),
            (0, Is(Established)),
            (10, In(seg(301).ack(101).len(10))),
            (10, Out(seg(101).ack(322))),
            (10, Is(CloseWait)),
            (10, Call(|h| assert_eq!(h.recv_all().len(), 20))),
        ]
    });
    // A FIN alone, likewise.
    run(&Setup::default(), connected, || {
        vec![
            (0, In(fin(311).ack(101))),
            (0, Out(seg(101).ack(301))),
            (0, Is(Established)),
            (10, In(seg(301).ack(101).len(10))),
            (10, Out(seg(101).ack(312))),
            (10, Is(CloseWait)),
        ]
    });
}

// conf: TCP-FIN-18
#[test]
fn data_beyond_a_fin_are_none() {
    run(&Setup::default(), closed_by_peer, || {
        vec![
            (0, In(seg(302).ack(101).len(10))),
            (0, Call(|h| assert_eq!(h.recv(&mut [0; 9]), Err(RecvError::Finished)))),
            (0, Call(|h| assert_eq!(h.counter("data_after_fin"), 1))),
        ]
    });
    // The FIN is known, though ahead of a gap: what lies beyond it is not kept either.
    run(&Setup::default(), connected, || {
        vec![
            (0, In(seg(311).ack(101).len(1).fin())),
            (0, Out(seg(101).ack(301))),
            (0, In(seg(301).ack(101).len(100))),
            (0, Out(seg(101).ack(313))),
            (0, Call(|h| assert_eq!(h.recv_all().len(), 11))),
            (0, Is(CloseWait)),
        ]
    });
}

// conf: TCP-FIN-14, TCP-RST-08
#[test]
fn time_wait_answers_fins_and_ignores_resets() {
    run_both(&Setup::default(), closed_by_us, || {
        vec![
            (0, In(fin(301).ack(102))),
            (0, Out(seg(102).ack(302))),
            (5_000, In(fin(301).ack(102))),
            (5_000, Out(seg(102).ack(302))),
            (6_000, In(rst(302))),
            // An ACK alone draws nothing: two such ends would answer each other for ever.
            (6_000, In(seg(302).ack(102))),
            (14_999, In(fin(301).ack(102))),
            (14_999, Out(seg(102).ack(302))),
            (24_999, In(fin(301).ack(102))),
            // The wait is over, nobody is here.
            (24_999, Out(rst(102))),
        ]
    });
}

// conf: TCP-FIN-15
#[test]
fn a_newer_syn_ends_time_wait() {
    run(&Setup::default(), accepted, || {
        vec![
            (0, Call(close)),
            (0, Out(fin(101).ack(301))),
            (0, In(fin(301).ack(102))),
            (0, Out(seg(102).ack(302))),
            (0, Call(release)),
            // Not newer.
            (100, In(syn(301))),
            (100, In(syn(200))),
            // Behind the FIN.
            (100, In(syn(302))),
            // ISS by the clock, 250 for each millisecond, lies above the old SND.NXT.
            (100, Out(syn(100 + 25_000).ack(303))),
            (110, In(seg(303).ack(101 + 25_000))),
            (110, Call(Host::accept)),
            (110, Is(Established)),
            (110, Call(|h| assert_eq!(h.counter("time_wait_reused"), 1))),
        ]
    });
}

// conf: TCP-FIN-03, TCP-RST-10
#[test]
fn closing_or_aborting_an_attempt_sends_nothing() {
    for f in [close as fn(&mut Host), abort] {
        run_both(&Setup::default(), nothing, || {
            vec![
                (0, Call(Host::connect)),
                (0, Out(syn(100))),
                (10, Call(f)),
                (10, Is(Closed)),
                (10, Call(|h| assert_eq!(h.outcome(), Ok(Some(Outcome::Aborted))))),
                (20, In(syn(300).ack(101))),
                (20, Out(rst(101))),
            ]
        });
    }
}

// conf: TCP-RST-09
#[test]
fn abort_sends_one_rst_and_forgets_what_is_queued() {
    run(&Setup::default(), connected, || {
        vec![
            (0, Call(|h| assert_eq!(h.send(10, 101), 10))),
            (0, Out(seg(101).ack(301).len(10))),
            (0, In(seg(301).ack(101).len(5))),
            (10, Call(abort)),
            (10, Out(rst(111).ack(306))),
            (10, Is(Closed)),
            (10, Call(|h| assert_eq!(h.recv(&mut [0]), Err(RecvError::Ended(Outcome::Aborted))))),
            (20, In(seg(306).ack(111))),
            (20, Out(rst(111))),
        ]
    });
    run(&Setup::default(), closed_by_peer, || vec![(0, Call(abort)), (0, Out(rst(101).ack(302)))]);
    run(&Setup::default(), closed_by_us, || {
        vec![(0, In(seg(301).ack(102))), (0, Is(FinWait2)), (0, Call(abort)), (0, Out(rst(102).ack(301)))]
    });
}

// conf: TCP-RST-10
#[test]
fn abort_is_silent_when_both_have_closed() {
    run_both(&Setup::default(), closed_by_peer, || {
        vec![(0, Call(close)), (0, Out(fin(101).ack(302))), (0, Call(abort)), (0, Is(Closed))]
    });
}

// conf: TCP-RST-08
#[test]
fn a_reset_after_both_have_closed_is_quiet() {
    run_both(&Setup::default(), closed_by_peer, || {
        vec![
            (0, Call(close)),
            (0, Out(fin(101).ack(302))),
            (0, In(rst(302))),
            (0, Is(Closed)),
            (0, Call(|h| assert_eq!(h.outcome(), Ok(Some(Outcome::Finished))))),
        ]
    });
}

// conf: TCP-FIN-12
#[test]
fn a_released_handle_resets_what_nobody_will_read() {
    // Unread data when it is released.
    run_both(&Setup::default(), connected, || {
        vec![
            (0, In(seg(301).ack(101).len(5))),
            (0, Call(release)),
            (0, Out(rst(101).ack(306))),
            (0, Call(|h| assert_eq!(h.state(), Err(Stale)))),
        ]
    });
    // Data after it was released.
    run_both(&Setup::default(), connected, || {
        vec![
            (0, Call(release)),
            (0, Out(fin(101).ack(301))),
            (0, In(seg(301).ack(102).len(5))),
            (0, Out(rst(102).ack(301))),
            (0, Call(|h| assert_eq!(h.counter("data_unread"), 1))),
        ]
    });
}

#[test]
fn a_released_connection_finishes_by_itself() {
    let setup = Setup { connections: 1, ..Setup::default() };
    run_both(&setup, connected, || {
        vec![
            (0, Call(|h| assert_eq!(h.send(10, 101), 10))),
            (0, Out(seg(101).ack(301).len(10))),
            (0, Call(release)),
            (0, Out(fin(111).ack(301))),
            (0, Call(|h| assert!(h.connect_with(Default::default()).is_err()))),
            (10, In(seg(301).ack(112))),
            (20, In(fin(301).ack(112))),
            (20, Out(seg(112).ack(302))),
            // Only its TIME-WAIT entry is left.
            (20, Call(|h| assert!(h.connect_with(Default::default()).is_ok()))),
            (20, Left(1)),
        ]
    });
}

#[test]
fn a_released_connection_does_not_wait_for_ever() {
    let setup = Setup { connections: 1, ..Setup::default() };
    // For the peer's FIN: a minute.
    run(&setup, connected, || {
        vec![
            (0, Call(release)),
            (0, Out(fin(101).ack(301))),
            (10, In(seg(301).ack(102))),
            (60_009, Call(|h| assert!(h.connect_with(Default::default()).is_err()))),
            (60_010, Out(rst(102).ack(301))),
            (60_010, Call(|h| assert!(h.connect_with(Default::default()).is_ok()))),
            (60_010, Left(1)),
        ]
    });
    // For a window that stays closed: R2.
    run(&setup, connected, || {
        vec![
            (0, In(seg(301).ack(101).wnd(0))),
            (0, Call(|h| assert_eq!(h.send(10, 101), 10))),
            (0, Call(release)),
            (1_000, Out(seg(101).ack(301).len(1))),
            (1_000, In(seg(301).ack(101).wnd(0))),
            // Probes at 3, 7, 15, 31 and 63 s; the next would be beyond R2.
            (300_000, Left(5)),
            (300_000, Call(|h| assert!(h.connect_with(Default::default()).is_ok()))),
            (300_000, Left(1)),
            (300_000, Call(|h| assert_eq!(h.counter("timed_out"), 1))),
        ]
    });
}

#[test]
fn stale_handles_are_told_so() {
    run(&Setup { connections: 1, ..Setup::default() }, connected, || {
        vec![
            (0, Call(abort)),
            (0, Left(1)),
            (0, Call(release)),
            (
                0,
                Call(|h| {
                    let old = h.id();
                    let new = h.connect_with(Default::default()).unwrap();
                    assert_ne!(old, new);
                    assert_eq!(h.tcp.send(old, b"x"), Err(SendError::Stale));
                    assert_eq!(h.tcp.recv(old, &mut [0]), Err(RecvError::Stale));
                    assert_eq!(h.tcp.close(old), Err(Stale));
                    assert_eq!(h.tcp.abort(old), Err(Stale));
                    assert_eq!(h.tcp.release(old), Err(Stale));
                    assert_eq!(h.tcp.state(old), Err(Stale));
                    assert_eq!(h.tcp.outcome(old), Err(Stale));
                    assert_eq!(h.tcp.state(new), Ok(SynSent));
                }),
            ),
            (0, Left(1)),
        ]
    });
}

#[test]
fn closing_a_listener_resets_what_was_not_accepted() {
    run(&Setup::default(), listening, || {
        vec![
            (0, In(syn(300))),
            (0, Out(syn(100).ack(301))),
            (0, In(seg(301).ack(101))),
            (0, Call(|h| h.tcp.unlisten(h.listener.unwrap()).unwrap())),
            (0, Out(rst(101).ack(301))),
            (0, In(syn(300))),
            (0, Out(rst(0).ack(301).absolute_seq())),
        ]
    });
}
