//! Explicit congestion notification, RFC 3168.

use crate::runner::*;
use core::time::Duration;
use tersus_tcp::{Config, Duties, Ecn, Options, State};
use tersus_wire::tcp::Flags;

const MSS: u32 = 1460;
const SETUP: Flags = Flags::ECE.union(Flags::CWR);

fn requesting() -> Setup {
    Setup { options: Options { ecn: Ecn::Request, ..Options::NONE }, tx: 100_000, ..Setup::default() }
}

/// The ECN bits of what left through the IP layer since the last call.
fn marks(host: &mut Host) -> Vec<u8> {
    host.outgoing.drain(..).map(|out| out.traffic_class & 3).collect()
}

/// A connection with ECN that `connect` opened.
fn with_ecn(host: &mut Host) {
    host.connect();
    play(
        host,
        vec![
            (0, Out(syn(ISS).flag(SETUP))),
            (0, In(syn(IRS).ack(ISS + 1).mss(1460).wnd(65_535).flag(Flags::ECE))),
            (0, Out(seg(ISS + 1).ack(IRS + 1))),
            (0, Is(State::Established)),
        ],
    );
    assert_eq!(marks(host), [0, 0], "SYN and ACK are not marked");
}

fn send<const N: usize>(host: &mut Host) {
    let at = 101 + host.already as u32;
    host.already += N;
    assert_eq!(host.send(N, at), N);
}

fn full(seq: u32) -> Seg {
    seg(seq).ack(IRS + 1).len(MSS as usize)
}

// conf: TCP-ECN-01, TCP-ECN-03
#[test]
fn a_connect_that_asks_and_a_listener_that_is_asked_agree_on_ecn() {
    run(&requesting(), with_ecn, Vec::new);
    run(&Setup::default(), listening, || {
        vec![
            (0, In(syn(IRS).mss(1460).flag(SETUP))),
            (0, Out(syn(ISS).ack(IRS + 1).flag(Flags::ECE))),
            (0, In(seg(IRS + 1).ack(ISS + 1))),
            (0, Call(Host::accept)),
            (0, Call(|h| assert_eq!(marks(h), [0]))),
            (0, Call(send::<10>)),
            (0, Out(seg(101).ack(301).len(10))),
            (0, Call(|h| assert_eq!(marks(h), [2]))),
        ]
    });
}

// conf: TCP-ECN-02, TCP-ECN-04
#[test]
fn without_both_setups_nothing_is_marked() {
    // A plain SYN; one with ECE alone.
    for flags in [0, 1] {
        run(&Setup::default(), listening, || {
            let flags = if flags == 0 { Flags::empty() } else { Flags::ECE };
            vec![
                (0, In(syn(IRS).mss(1460).flag(flags))),
                (0, Out(syn(ISS).ack(IRS + 1))),
                (0, In(seg(IRS + 1).ack(ISS + 1))),
                (0, Call(Host::accept)),
                (0, Call(send::<10>)),
                (0, Out(seg(101).ack(301).len(10))),
                (0, Call(|h| assert!(marks(h).iter().all(|&mark| mark == 0)))),
            ]
        });
    }
    // A plain SYN-ACK; one that echoes both bits.
    for flags in [0, 1] {
        run(&requesting(), nothing, || {
            let flags = if flags == 0 { Flags::empty() } else { SETUP };
            vec![
                (0, Call(Host::connect)),
                (0, Out(syn(ISS).flag(SETUP))),
                (0, In(syn(IRS).ack(ISS + 1).mss(1460).flag(flags))),
                (0, Out(seg(101).ack(301))),
                (0, Call(send::<10>)),
                (0, Out(seg(101).ack(301).len(10))),
                (0, Call(|h| assert!(marks(h).iter().all(|&mark| mark == 0)))),
            ]
        });
    }
    // The user, or the composition, wants none.
    let off = Setup { options: Options { ecn: Ecn::Off, ..Options::NONE }, ..Setup::default() };
    for setup in [off, Setup { duties: &Duties::NONE, ..Setup::default() }] {
        run(&setup, listening, || {
            vec![(0, In(syn(IRS).mss(1460).flag(SETUP))), (0, Out(syn(ISS).ack(IRS + 1)))]
        });
    }
}

// conf: TCP-ECN-10
#[test]
fn a_syn_without_an_answer_is_sent_again_without_ecn() {
    run(&requesting(), nothing, || {
        vec![
            (0, Call(Host::connect)),
            (0, Out(syn(ISS).flag(SETUP))),
            (1000, Out(syn(ISS))),
            // The answer to the first: a plain one has left as well, so nothing may be marked.
            (1010, In(syn(IRS).ack(ISS + 1).mss(1460).flag(Flags::ECE))),
            (1010, Out(seg(101).ack(301))),
            (1010, Call(send::<10>)),
            (1010, Out(seg(101).ack(301).len(10))),
            (1010, Call(|h| assert!(marks(h).iter().all(|&mark| mark == 0)))),
        ]
    });
    // The other side of it.
    run(&Setup::default(), listening, || {
        vec![
            (0, In(syn(IRS).mss(1460).flag(SETUP))),
            (0, Out(syn(ISS).ack(IRS + 1).flag(Flags::ECE))),
            (900, In(syn(IRS).mss(1460))),
            (900, Out(syn(ISS).ack(IRS + 1))),
        ]
    });
}

// conf: TCP-ECN-03, TCP-ECN-05
#[test]
fn new_data_are_marked_and_nothing_else_is() {
    let config = Config {
        rto_min: Duration::from_millis(200),
        rto_initial: Duration::from_millis(200),
        ..Config::new()
    };
    run(&Setup { config, ..requesting() }, with_ecn, || {
        vec![
            (0, Call(send::<2920>)),
            (0, Left(2)),
            (0, Call(|h| assert_eq!(marks(h), [2, 2]))),
            // An ACK of data.
            (10, Burst(vec![seg(301).ack(101).len(1).wnd(65_535), seg(302).ack(101).len(1).wnd(65_535)])),
            (10, Out(seg(3021).ack(303))),
            (10, Call(|h| assert_eq!(marks(h), [0]))),
            // A retransmission.
            (200, Out(seg(101).ack(303).len(MSS as usize))),
            (200, Call(|h| assert_eq!(marks(h), [0]))),
            (210, In(seg(303).ack(3021).wnd(0))),
            // A zero-window probe.
            (210, Call(send::<10>)),
            (650, Left(1)),
            (650, Call(|h| assert_eq!(marks(h), [0]))),
        ]
    });
}

// conf: TCP-ECN-06
#[test]
fn a_mark_is_echoed_until_the_sender_says_that_it_slowed_down() {
    run(&requesting(), with_ecn, || {
        let ece = |seq, ack| seg(seq).ack(ack).flag(Flags::ECE);
        vec![
            (0, Burst(vec![seg(301).ack(101).len(10).ce(), seg(311).ack(101).len(10)])),
            (0, Out(ece(101, 321))),
            (10, Burst(vec![seg(321).ack(101).len(10), seg(331).ack(101).len(10)])),
            (10, Out(ece(101, 341))),
            // Data carry it as well, and so does what is written in the place of a segment.
            (20, Call(send::<10>)),
            (20, Out(ece(101, 341).len(10))),
            (30, In(seg(351).ack(111).len(10))),
            (30, Out(ece(111, 341))),
            (40, In(seg(341).ack(111).len(10).flag(Flags::CWR))),
            (40, Out(seg(111).ack(361))),
            // CWR on what is marked itself begins anew.
            (50, Burst(vec![seg(361).ack(111).len(10).flag(Flags::CWR).ce(), seg(371).ack(111).len(10)])),
            (50, Out(ece(111, 381))),
            (50, Call(|h| assert_eq!(h.counter("congestion_experienced"), 2))),
        ]
    });
}

// conf: TCP-ECN-09
#[test]
fn marks_outside_of_the_window_or_without_data_are_ignored() {
    run(&requesting(), with_ecn, || {
        vec![
            (0, In(seg(90_000).ack(101).len(10).ce())),
            (0, Out(seg(101).ack(301))),
            (0, In(seg(301).ack(101).ce())),
            (0, Burst(vec![seg(301).ack(101).len(10), seg(311).ack(101).len(10)])),
            (0, Out(seg(101).ack(321))),
            (0, Call(|h| assert_eq!(h.counter("congestion_experienced"), 0))),
        ]
    });
}

// conf: TCP-ECN-07, TCP-ECN-08
#[test]
fn a_window_reduced_for_a_loss_is_told_as_well_and_not_reduced_again_for_a_mark_of_that_time() {
    let ece = |n: u32| seg(301).ack(101 + n * MSS).wnd(65_535).flag(Flags::ECE);
    // Fast retransmit.
    run(&requesting(), with_ecn, || {
        let mut steps = vec![(0, Call(send::<60_000>)), (0, Left(10))];
        // A segment was lost, another marked: one leaves again, and as soon as the window permits, a new one.
        steps.push((100, Burst((0..3).map(|_| seg(301).ack(101).wnd(65_535)).collect())));
        steps.push((100, Out(full(101))));
        steps.push((110, Burst((0..3).map(|_| ece(0)).collect())));
        steps.push((110, Out(full(101 + 10 * MSS).flag(Flags::CWR))));
        steps.push((200, In(ece(10))));
        steps.push((200, Out(full(101 + 11 * MSS))));
        steps.push((201, In(ece(10))));
        steps.push((201, Out(full(101 + 12 * MSS))));
        steps.push((201, Call(|h| assert_eq!(h.counter("congestion_echoes"), 0))));
        // A mark of what was sent since is another one.
        steps.push((300, In(ece(11))));
        steps.push((300, Drain));
        steps.push((300, Call(|h| assert_eq!(h.counter("congestion_echoes"), 1))));
        steps
    });
    // The timer.
    run(&requesting(), with_ecn, || {
        vec![
            (0, Call(send::<4380>)),
            (0, Left(3)),
            (1000, Out(full(101))),
            (1000, Call(|h| h.already = 4380)),
            (1100, In(ece(3))),
            (1100, Call(send::<10>)),
            (1100, Out(seg(101 + 3 * MSS).ack(IRS + 1).len(10).flag(Flags::CWR))),
            (1200, Call(|h| assert_eq!(h.counter("congestion_echoes"), 0))),
            (1200, In(seg(301).ack(111 + 3 * MSS).wnd(65_535))),
        ]
    });
}

// conf: TCP-ECN-07, TCP-ECN-08
#[test]
fn echoes_reduce_the_window_once_and_the_next_new_segment_says_so() {
    run(&requesting(), with_ecn, || {
        let ece = |ack| seg(301).ack(ack).wnd(65_535).flag(Flags::ECE);
        let mut steps = vec![(0, Call(send::<60_000>)), (0, Left(10))];
        // The first echo halves ten segments; nothing is sent again.
        steps.push((100, In(ece(101 + MSS))));
        steps.push((
            100,
            Call(|h| {
                let id = h.id();
                assert_eq!(h.tcp.info(id).unwrap().cwnd, 5 * MSS);
            }),
        ));
        // Nine are in flight: as more echoes come, five are still the window.
        for n in 2..6 {
            steps.push((100, In(ece(101 + n * MSS))));
        }
        steps.push((
            100,
            Call(|h| {
                let id = h.id();
                assert_eq!(h.tcp.info(id).unwrap().cwnd, 5 * MSS);
                assert_eq!(h.counter("congestion_echoes"), 1);
                assert_eq!(h.counter("retransmits"), 0);
            }),
        ));
        // The sixth lets the first new segment out, with CWR, and the next without.
        steps.push((101, In(ece(101 + 6 * MSS))));
        steps.push((101, Out(full(101 + 10 * MSS).flag(Flags::CWR))));
        steps.push((102, In(ece(101 + 7 * MSS))));
        steps.push((102, Out(full(101 + 11 * MSS))));
        // Beyond that window another echo counts again.
        steps.push((200, In(ece(101 + 11 * MSS))));
        steps.push((200, Drain));
        steps.push((200, Call(|h| assert_eq!(h.counter("congestion_echoes"), 2))));
        steps
    });
}

/// RFC 3168 §6.1.2: the peer is told of every reduction, also of one that SACK led to.
#[test]
fn a_recovery_by_sack_is_told_with_the_first_new_segment() {
    run(&requesting(), with_ecn_and_sack, || {
        let at = |n: u32| 101 + n * MSS;
        vec![
            (0, Call(send::<20_440>)),
            (0, Left(10)),
            (5, In(seg(301).ack(101).wnd(65_535).sack(&[(at(1), at(10))]))),
            (5, Out(full(101))),
            (5, Out(full(at(10)).flag(Flags::CWR))),
            (5, Out(full(at(11)))),
            (5, Left(2)),
            (9, In(seg(301).ack(at(14)).wnd(65_535))),
        ]
    });
}

/// As `with_ecn`, with SACK.
fn with_ecn_and_sack(host: &mut Host) {
    host.connect();
    let answer = syn(IRS).ack(ISS + 1).mss(1460).wnd(65_535).permits(true).flag(Flags::ECE);
    play(host, vec![(0, Out(syn(ISS).flag(SETUP))), (0, In(answer)), (0, Out(seg(ISS + 1).ack(IRS + 1)))]);
}

/// RFC 3168 §6.1.2, RFC 8985 §7.4.2: and of the one for a loss that a probe repaired.
#[test]
fn a_repair_by_a_probe_is_told_with_the_next_new_segment() {
    run(&requesting(), with_ecn_and_sack, || {
        let at = |n: u32| 101 + n * MSS;
        vec![
            (0, Call(send::<14_600>)),
            (0, Left(10)),
            (5, In(seg(301).ack(at(9)).wnd(65_535))),
            (900, Left(1)),
            (900, Call(|h| assert_eq!(h.counter("loss_probes"), 1))),
            (950, In(seg(301).ack(at(10)).wnd(65_535))),
            (960, Call(send::<2_920>)),
            (960, Out(full(at(10)))),
            (960, Out(full(at(11)))),
            (1_010, In(seg(301).ack(at(12)).wnd(65_535))),
            (1_010, Call(|h| assert_eq!(h.counter("loss_probe_repairs"), 1))),
            (1_020, Call(send::<2_920>)),
            (1_020, Out(full(at(12)).flag(Flags::CWR))),
            (1_020, Out(full(at(13)))),
            (1_022, In(seg(301).ack(at(14)).wnd(65_535))),
        ]
    });
}
