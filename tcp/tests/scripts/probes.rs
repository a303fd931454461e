//! Tail loss probes: when silence is asked about, and when it is not. RFC 8985 §7.

use crate::numbered::*;
use crate::rack::{far, far_with, send, setup, ten};
use crate::runner::*;
use core::time::Duration;
use tersus_ip::Transport;
use tersus_tcp::Config;

/// How long the connection will be silent, in ms.
fn silence(host: &mut Host) -> u64 {
    let at = host.tcp.poll_at().unwrap().micros();
    (at - host.now.micros()).div_ceil(1_000)
}

/// §7.2: the timeout of the handshake is the RTO, however long that is.
#[test]
fn a_syn_is_no_tail() {
    let config = Config { rto_initial: Duration::from_secs(3), ..Config::new() };
    run(&Setup { config, ..setup() }, nothing, || {
        vec![(0, Call(Host::connect)), (0, Out(syn(100).permits(true))), (3_000, Out(syn(100).permits(true)))]
    });
}

/// §7.3: `TLP.end_seq` is set until it is acknowledged.
#[test]
fn while_one_probe_is_in_flight_there_is_no_other() {
    run(&setup(), far, || {
        ten(vec![
            (60, Call(send::<2>)),
            (150, Out(data(10))),
            // This measures a round trip, but is not of the probe.
            (160, In(ack(5))),
            (160, Out(data(11))),
            (160, Call(|h| assert_eq!(silence(h), 1_000))),
            (200, In(ack(12))),
            // Now there may be.
            (210, Call(send::<1>)),
            (210, Out(data(12))),
            (210, Call(|h| assert!(silence(h) < 500, "{}", silence(h)))),
        ])
    });
}

/// §7.3: a round trip must have been measured since, though the probe is over.
#[test]
fn a_probe_in_vain_measures_nothing() {
    let config = Config { rto_min: Duration::from_millis(400), ..Config::new() };
    run(&Setup { config, ..setup() }, far, || {
        vec![
            (50, Call(send::<2>)),
            (50, Left(2)),
            (150, Out(data(1))),
            (200, sack(2, &[(1, 2)])),
            (210, Call(send::<2>)),
            (210, Left(2)),
            (210, Call(|h| assert_eq!(silence(h), 400))),
            (260, In(ack(4))),
            (270, Call(send::<2>)),
            (270, Left(2)),
            (270, Call(|h| assert!(silence(h) < 200, "{}", silence(h)))),
        ]
    });
}

/// §7.2: two round trips, but no less than a poll or a delayed ACK may take.
#[test]
fn on_a_short_path_a_probe_waits_for_ten_milliseconds() {
    let begin = |host: &mut Host| far_with(host, 1, true);
    run(&setup(), begin, || {
        vec![(1, Call(send::<2>)), (1, Left(2)), (1, Call(|h| assert_eq!(silence(h), 10)))]
    });
}

/// RFC 6298 §5 rule 5.5, RFC 8985 §7.2: after a timeout the next is as long as that, until a round trip is measured.
#[test]
fn behind_a_timeout_nothing_is_probed() {
    run(&setup(), far, || {
        ten(vec![
            (100, sack(0, &[(1, 10)])),
            (100, Out(data(0))),
            (275, Out(data(0))),
            (1_275, Out(data(0))),
            (1_325, In(ack(10))),
            (1_330, Call(send::<1>)),
            (1_330, Out(data(10))),
            (1_330, Call(|h| assert_eq!(silence(h), 2_000))),
        ])
    });
}

/// What a probe brought to light is a recovery like any other: its end is the probe's.
#[test]
fn a_recovery_ends_the_probe_that_revealed_it() {
    run(&setup(), far, || {
        ten(vec![
            (150, Out(data(9))),
            (210, sack(0, &[(1, 10)])),
            (210, Out(data(0))),
            // Its silence is asked about, though that of the tail was: once.
            (210, Call(|h| assert!(silence(h) < 500, "{}", silence(h)))),
            (700, Left(1)),
            (700, Call(|h| assert_eq!((h.counter("loss_probes"), h.counter("timeouts")), (2, 0)))),
            (750, In(ack(10))),
            // Behind the next sample a tail is probed again.
            (760, Call(send::<1>)),
            (760, Left(1)),
            (760, Call(|h| assert_eq!(silence(h), 1_000))),
            (810, In(ack(11))),
            (820, Call(send::<1>)),
            (820, Left(1)),
            (820, Call(|h| assert!(silence(h) < 500, "{}", silence(h)))),
        ])
    });
}

/// Silence is asked about again if something was heard since.
#[test]
fn each_hole_of_a_recovery_may_be_asked_about() {
    run(&setup(), far, || {
        ten(vec![
            (100, sack(0, &[(2, 10)])),
            (100, Out(data(0))),
            (100, Out(data(1))),
            (275, Out(data(0))),
            // Whatever was sent before that is lost.
            (325, sack(1, &[(2, 10)])),
            (325, Out(data(1))),
            (325, Call(|h| assert!(silence(h) < 500, "{}", silence(h)))),
            (375, In(ack(10))),
        ])
    });
}

/// §7.4.2: as a loss would, by RFC 5681 and RFC 6582.
#[test]
fn a_repair_by_a_probe_halves_what_is_in_flight() {
    run(&setup(), far, || {
        ten(vec![
            (100, In(ack(9))),
            (400, Out(data(9))),
            (450, In(ack(10))),
            (460, Call(send::<6>)),
            (460, Left(6)),
            (510, In(ack(16))),
            (
                510,
                Call(|h| {
                    let info = h.tcp.info(h.id()).unwrap();
                    assert_eq!((info.ssthresh, info.cwnd), (3 * MSS, 2 * MSS));
                }),
            ),
        ])
    });
}

/// §7.3, and RFC 9293 §3.8.6: what is beyond the peer's window is no probe.
#[test]
fn a_tail_beyond_the_window_is_not_probed() {
    run(&setup(), far, || {
        ten(vec![
            (100, In(ack(0).wnd(9 * MSS as u16))),
            (150, Call(|h| assert_eq!(h.counter("loss_probes"), 0))),
            (160, In(ack(0).wnd(10 * MSS as u16))),
            (160, Out(data(9))),
            (160, Call(|h| assert_eq!(h.counter("loss_probes"), 1))),
            (200, In(ack(10))),
        ])
    });
}

/// RFC 5681 §4.1: an idle time counts from the last data that left, sent again or not.
// conf: TCP-CC-15
#[test]
fn what_is_sent_again_ends_an_idle_time() {
    run(&setup(), far, || {
        let mut steps: Vec<_> = (2..=10).step_by(2).map(|n| (100, In(ack(n)))).collect();
        steps.extend([
            (300, Call(send::<2> as fn(&mut Host))),
            (300, Left(2)),
            (350, In(ack(11))),
            (650, Out(data(11))),
            (650, Call(|h| assert_eq!(h.tcp.info(h.id()).unwrap().last_sent, h.at(650)))),
            // In vain: nothing was lost.
            (1_400, sack(12, &[(11, 12)])),
            // 1,150 ms after new data, 800 after the probe; the RTO is one second.
            (1_450, Call(send::<14>)),
            (1_450, Left(14)),
            (1_500, In(ack(26))),
            // More than a second after both.
            (2_550, Call(send::<14>)),
            (2_550, Left(10)),
            (2_600, In(ack(36))),
            (2_600, Left(4)),
            (2_650, In(ack(40))),
        ]);
        ten(steps)
    });
}

/// §7.3: `TLP.end_seq` is behind what the probe sent, not behind what was in flight before.
#[test]
fn a_probe_of_new_data_is_over_with_these() {
    run(&setup(), far, || {
        ten(vec![
            (60, Call(send::<2>)),
            (150, Out(data(10))),
            (160, In(ack(10))),
            (160, Out(data(11))),
            // Half of it: no other probe yet.
            (170, In(seg(301).ack(at(10) + MSS / 2).wnd(65_535))),
            (170, Call(|h| assert_eq!(silence(h), 1_000))),
            (200, In(ack(12))),
        ])
    });
}
