//! Timestamps, RFC 7323 §3 to §5, and RFC 6191's rule for TIME-WAIT. In a script `ts(p, m)` stands for the peer's
//! TSval `p` and for our TSval of millisecond `m`, whichever of them the segment echoes.

use crate::runner::*;
use core::time::Duration;
use tersus_ip::{Instant, OutFlags};
use tersus_tcp::State::*;
use tersus_tcp::{Config, ConnectOptions, Duties, KeepAlive, Options, Outcome, Timestamps};
use tersus_wire::tcp::Flags;

/// Both ways to open.
const OPENED: [fn(&mut Host); 2] = [connected_with_ts, accepted_with_ts];
/// 24 days.
const DAYS_24: u64 = 24 * 86_400_000;
/// That long at most the rule comes later.
const HOUR: u64 = 3_600_000;

fn with(options: Options) -> Setup {
    Setup { options, ..Setup::default() }
}

// conf: TCP-TS-01, TCP-TS-05
#[test]
fn timestamps_are_offered_in_a_syn_and_answered_only_where_they_were() {
    for opened in OPENED {
        run(&Setup::default(), opened, || vec![(10, Is(Established))]);
    }
    // What leaves without them is checked by the runner.
    run(&Setup::default(), listening, || {
        vec![(0, In(syn(300).mss(1460))), (0, Out(syn(100).ack(301).without_ts()))]
    });
    // Crossing SYNs: both may.
    run(&Setup::default(), Host::connect, || {
        vec![
            (0, Out(syn(100).ts(0, 0))),
            (10, In(syn(300).ts(7, 0))),
            (10, Out(syn(100).ack(301).ts(7, 10))),
            (20, In(seg(301).ack(101).ts(8, 10))),
            (20, Is(Established)),
            (30, In(seg(301).ack(101).len(5).ts(9, 10))),
            (70, Out(seg(101).ack(306).ts(9, 70))),
        ]
    });
}

#[test]
fn who_does_not_want_timestamps_has_none() {
    let off = Options { timestamps: Timestamps::Off, ..Options::NONE };
    let never = Config { timestamps: Timestamps::Off, ..Config::new() };
    for setup in [
        with(off),
        Setup { config: never, ..Setup::default() },
        Setup { duties: &Duties::NONE, ..Setup::default() },
    ] {
        run(&setup, Host::connect, || {
            vec![(0, Out(syn(100).without_ts())), (0, In(syn(300).ack(101))), (0, Out(seg(101).ack(301)))]
        });
        run(&setup, listening, || {
            vec![
                (0, In(syn(300).ts(5, 0))),
                (0, Out(syn(100).ack(301).without_ts())),
                (0, In(seg(301).ack(101))),
                (0, Call(Host::accept)),
                (0, Is(Established)),
            ]
        });
    }
    // Both ask for it, and what was settled in the handshake stays.
    run(&Setup::default(), connected_with_ts, || {
        vec![
            (
                0,
                Call(|h| {
                    h.tcp
                        .set_options(h.id(), Options { timestamps: Timestamps::Off, ..Options::NONE })
                        .unwrap()
                }),
            ),
            (0, Call(|h| assert_eq!(h.tcp.options(h.id()).unwrap().timestamps, Timestamps::On))),
            (10, In(seg(301).ack(101).len(5).ts(1010, 0))),
            (50, Out(seg(101).ack(306).ts(1010, 50))),
        ]
    });
}

// conf: TCP-TS-02
#[test]
fn every_segment_carries_them_once_both_syns_did() {
    // Data, retransmissions, ACKs, window updates, probes of a closed window and of silence, FIN: the runner looks at
    // each.
    let config = Config { keep_alive_idle: Duration::from_secs(100), ..Config::new() };
    let options = Options { keep_alive: KeepAlive::On, ..Options::NONE };
    let setup = Setup { config, options, rx: 1000, ..Setup::default() };
    for opened in OPENED {
        run(&setup, opened, || {
            vec![
                (10, Call(|h| assert_eq!(h.send(10, 101), 10))),
                (10, Out(seg(101).ack(301).len(10).ts(1000, 10))),
                (1010, Out(seg(101).ack(301).len(10).ts(1000, 1010))),
                // A full buffer, then an update.
                (1020, In(seg(301).ack(111).len(1000).wnd(0).ts(1020, 1010))),
                (1060, Out(seg(111).ack(1301).wnd(0).ts(1020, 1060))),
                (1070, Call(|h| drop(h.recv_all()))),
                (1070, Out(seg(111).ack(1301).wnd(1000).ts(1020, 1070))),
                // The peer's window is closed.
                (1080, Call(|h| assert_eq!(h.send(10, 111), 10))),
                (2080, Out(seg(111).ack(1301).len(1).ts(1020, 2080))),
                (2090, In(seg(1301).ack(112).wnd(4096).ts(2090, 2080))),
                (2090, Out(seg(112).ack(1301).len(9).ts(2090, 2090))),
                (2100, In(seg(1301).ack(121).ts(2100, 2090))),
                // Silence.
                (102_100, Out(seg(120).ack(1301).ts(2100, 102_100))),
                (102_110, In(seg(1301).ack(121).ts(2110, 102_100))),
                // Unacceptable, SYN included: the answers are made in the segment's place.
                (102_120, In(seg(1299).ack(121).ts(2120, 102_100))),
                (102_120, Out(seg(121).ack(1301).ts(2110, 102_120))),
                (102_130, In(syn(9).ts(2130, 0))),
                (102_130, Out(seg(121).ack(1301).ts(2110, 102_130))),
                // A gap.
                (102_140, In(seg(1311).ack(121).len(10).ts(2140, 102_130))),
                (102_140, Out(seg(121).ack(1301).ts(2110, 102_140))),
                (102_150, In(seg(1301).ack(121).len(10).ts(2150, 102_130))),
                (102_150, Out(seg(121).ack(1321).ts(2150, 102_150))),
                (102_160, Call(|h| h.tcp.close(h.id()).unwrap())),
                (102_160, Out(fin(121).ack(1321).ts(2150, 102_160))),
                (102_170, In(fin(1321).ack(122).ts(2170, 102_160))),
                (102_170, Out(seg(122).ack(1322).ts(2170, 102_170))),
                // TIME-WAIT.
                (102_180, In(fin(1321).ack(122).ts(2180, 102_160))),
                (102_180, Out(seg(122).ack(1322).ts(2180, 102_180))),
            ]
        });
    }
}

// conf: TCP-TS-03
#[test]
fn a_segment_without_them_is_dropped_and_the_connection_lives() {
    for opened in OPENED {
        run(&Setup::default(), opened, || {
            vec![
                (10, In(seg(301).ack(101).len(5))),
                (20, In(fin(301).ack(101))),
                (30, In(seg(301).ack(101).len(5).options(&[1, 1, 1, 0]))),
                // In a word that contradicts its length.
                (40, In(seg(301).ack(101).len(5).options(&[8, 10, 0, 0]))),
                (50, Call(|h| assert_eq!(h.counter("timestamps_missing"), 4))),
                (50, Is(Established)),
                (60, In(seg(301).ack(101).len(5).ts(1060, 0))),
                (100, Out(seg(101).ack(306).ts(1060, 100))),
                (110, In(rst(306))),
                (110, Is(Closed)),
                (110, Call(|h| assert_eq!(h.tcp.outcome(h.id()).unwrap(), Some(Outcome::Reset)))),
            ]
        });
    }
    // A peer that lost its memory, and does without them now, learns that the connection is still here.
    run(&Setup::default(), connected_with_ts, || {
        vec![
            (10, Call(|h| h.stamps_are_free = true)),
            (10, In(syn(9000).mss(1460))),
            (10, Out(seg(101).ack(301).ts(1000, 10))),
            (20, In(rst(301))),
            (20, Is(Closed)),
        ]
    });
    // Half-open: likewise.
    run(&Setup::default(), listening, || {
        vec![
            (0, In(syn(300).ts(1000, 0))),
            (0, Out(syn(100).ack(301).ts(1000, 0))),
            (10, In(seg(301).ack(101))),
            (10, Call(|h| assert_eq!(h.counter("timestamps_missing"), 1))),
            (10, Call(|h| assert_eq!(h.tcp.accept(h.listener.unwrap()), None))),
            // Outside of the window: told so, with timestamps.
            (20, In(seg(9999).ack(101).ts(1020, 0))),
            (20, Out(seg(101).ack(301).ts(1000, 20))),
            (30, In(seg(301).ack(101).ts(1030, 0))),
            (30, Call(Host::accept)),
            (30, Is(Established)),
        ]
    });
}

// conf: TCP-TS-04
#[test]
fn without_agreement_they_are_ignored() {
    for opened in [connected as fn(&mut Host), accepted] {
        run(&Setup::default(), opened, || {
            vec![
                (10, Call(|h| assert_eq!(h.send(5, 101), 5))),
                (10, Out(seg(101).ack(301).len(5))),
                // The runner sees that nothing is echoed.
                (20, In(seg(301).ack(106).len(5).options(&[1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 1]))),
                (60, Out(seg(106).ack(306))),
                (70, In(seg(306).ack(106).len(5).options(&[1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 1]))),
                (110, Out(seg(106).ack(311))),
                (110, Call(|h| assert_eq!(h.recv_all().len(), 10))),
            ]
        });
    }
}

// conf: TCP-TS-07
#[test]
fn the_echo_is_of_the_segment_that_the_ack_is_due_to() {
    for opened in OPENED {
        run(&Setup::default(), opened, || {
            vec![
                // (A) A delayed ACK echoes the earliest.
                (10, In(seg(301).ack(101).len(10).ts(1010, 0))),
                (20, In(seg(311).ack(101).len(10).ts(1020, 0))),
                (20, Out(seg(101).ack(321).ts(1010, 20))),
                // (B) While there is a gap, that of the last in order.
                (30, In(seg(331).ack(101).len(10).ts(1030, 0))),
                (30, Out(seg(101).ack(321).ts(1010, 30))),
                (40, In(seg(341).ack(101).len(10).ts(1040, 0))),
                (40, Out(seg(101).ack(321).ts(1010, 40))),
                // (C) What fills the gap.
                (50, In(seg(321).ack(101).len(10).ts(1025, 0))),
                (50, Out(seg(101).ack(351).ts(1025, 50))),
                // A part of it is old.
                (60, In(seg(341).ack(101).len(20).ts(1060, 0))),
                (60, Out(seg(101).ack(361).ts(1060, 60))),
                // All of it is old, or it lies outside of the window: its time is not taken.
                (70, In(seg(351).ack(101).len(5).ts(1070, 0))),
                (70, Out(seg(101).ack(361).ts(1060, 70))),
                (80, In(seg(9000).ack(101).len(5).ts(1080, 0))),
                (80, Out(seg(101).ack(361).ts(1060, 80))),
                // An ACK without data moves it as well.
                (90, In(seg(361).ack(101).ts(1090, 0))),
                (100, Call(|h| assert_eq!(h.send(5, 101), 5))),
                (100, Out(seg(101).ack(361).len(5).ts(1090, 100))),
            ]
        });
    }
}

// conf: TCP-TS-07, TCP-TS-08
#[test]
fn what_was_overtaken_by_a_tick_is_kept_and_one_tick_more_is_too_old() {
    for opened in OPENED {
        run(&Setup::default(), opened, || {
            vec![
                (10, In(seg(311).ack(101).len(10).ts(1010, 0))),
                (10, Out(seg(101).ack(301).ts(1000, 10))),
                // The gap is filled by what was sent after the rest, and came before it.
                (20, In(seg(301).ack(101).len(10).ts(1011, 0))),
                (20, Out(seg(101).ack(321).ts(1011, 20))),
                (30, In(seg(341).ack(101).len(10).ts(1010, 0))),
                (30, Out(seg(101).ack(321).ts(1011, 30))),
                // In order, and still TS.Recent stays.
                (40, In(seg(321).ack(101).len(10).ts(1010, 0))),
                (40, Out(seg(101).ack(331).ts(1011, 40))),
                (50, In(seg(331).ack(101).len(10).ts(1009, 0))),
                (50, Out(seg(101).ack(331).ts(1011, 50))),
                (60, In(syn(331).ts(1010, 0))),
                (60, Out(seg(101).ack(331).ts(1011, 60))),
                (60, Call(|h| assert_eq!(h.counter("timestamps_old"), 2))),
                (60, Call(|h| assert_eq!(h.recv_all().len(), 30))),
            ]
        });
    }
}

// conf: TCP-TS-08
#[test]
fn an_old_timestamp_is_answered_and_dropped() {
    for opened in OPENED {
        run(&Setup::default(), opened, || {
            vec![
                (10, In(seg(301).ack(101).len(10).ts(1010, 0))),
                (50, Out(seg(101).ack(311).ts(1010, 50))),
                // In the window, and usual but for its time.
                (60, In(seg(311).ack(101).len(10).ts(1008, 0))),
                (60, Out(seg(101).ack(311).ts(1010, 60))),
                // Half the circle away.
                (70, In(seg(311).ack(101).len(10).ts(1010 + (1 << 31), 0))),
                (70, Out(seg(101).ack(311).ts(1010, 70))),
                // A SYN as well, and what lies outside of the window: PAWS comes first.
                (80, In(syn(311).ts(1000, 0))),
                (80, Out(seg(101).ack(311).ts(1010, 80))),
                (90, In(seg(9311).ack(101).len(10).ts(1000, 0))),
                (90, Out(seg(101).ack(311).ts(1010, 90))),
                (90, Call(|h| assert_eq!(h.counter("timestamps_old"), 4))),
                (90, Call(|h| assert_eq!(h.recv_all().len(), 10))),
                // The same time is not old.
                (100, In(seg(311).ack(101).len(10).ts(1010, 0))),
                (140, Out(seg(101).ack(321).ts(1010, 140))),
                (140, Call(|h| assert_eq!(h.recv_all().len(), 10))),
                // Nor is anything up to half the circle ahead.
                (150, In(seg(321).ack(101).len(10).ts(1009 + (1 << 31), 0))),
                (190, Out(seg(101).ack(331).ts(1009 + (1 << 31), 190))),
            ]
        });
    }
}

// conf: TCP-TS-09
#[test]
fn what_waits_ahead_of_a_gap_is_not_judged_again() {
    run(&Setup::default(), connected_with_ts, || {
        vec![
            (10, In(seg(311).ack(101).len(10).ts(1010, 0))),
            (10, Out(seg(101).ack(301).ts(1000, 10))),
            // Newer than what waits.
            (20, In(seg(301).ack(101).len(10).ts(5000, 0))),
            (20, Out(seg(101).ack(321).ts(5000, 20))),
            (20, Call(|h| assert_eq!(h.recv_all().len(), 20))),
        ]
    });
}

// conf: TCP-TS-10
#[test]
fn a_reset_is_not_judged_by_its_time_and_does_not_move_it() {
    for opened in OPENED {
        run(&Setup::default(), opened, || {
            vec![
                (10, In(seg(301).ack(101).len(10).ts(1010, 0))),
                (50, Out(seg(101).ack(311).ts(1010, 50))),
                // In the window, but not exact: challenged, and its time is not taken.
                (60, In(rst(312).ts(9999, 0))),
                (60, Out(seg(101).ack(311).ts(1010, 60))),
                (70, In(seg(311).ack(101).len(10).ts(1011, 0))),
                (110, Out(seg(101).ack(321).ts(1011, 110))),
                (120, In(rst(321).ts(5, 0))),
                (120, Is(Closed)),
            ]
        });
    }
}

// conf: TCP-TS-11
#[test]
fn resets_carry_them_too() {
    run(&Setup::default(), connected_with_ts, || {
        vec![(10, Call(|h| h.tcp.abort(h.id()).unwrap())), (10, Out(rst(101).ack(301).ts(1000, 10)))]
    });
    at_each_number(&Setup::default(), nothing, |host| {
        host.give(&syn(300).ts(1000, 0));
        let sent = host.sent.pop_front().expect("a reset").3.timestamps.unwrap();
        assert_eq!((sent.value, sent.echo), (0, host.peers_ts(1000)));
    });
}

// conf: TCP-TS-12
#[test]
fn after_24_days_of_silence_any_time_is_believed() {
    for (idle, believed) in [(DAYS_24, false), (DAYS_24 + HOUR, true), (400 * 86_400_000, true)] {
        for opened in OPENED {
            at_each_number(&Setup::default(), opened, |host| {
                play(
                    host,
                    vec![
                        (10, In(seg(301).ack(101).len(10).ts(1010, 0))),
                        (50, Out(seg(101).ack(311).ts(1010, 50))),
                    ],
                );
                host.now += Duration::from_millis(idle);
                host.stamps_restart();
                host.give(&seg(311).ack(101).len(10).ts(900, 50));
                host.poll();
                assert_eq!(host.counter("timestamps_old"), u32::from(!believed), "{idle} ms");
                assert_eq!(host.recv_all().len(), if believed { 20 } else { 10 });
                while host.take().is_some() {}
                // From here on the new one counts.
                host.give(&seg(321).ack(101).len(10).ts(898, 50));
                assert_eq!(host.counter("timestamps_old"), if believed { 1 } else { 2 });
            });
        }
    }
}

// conf: TCP-TS-13
#[test]
fn the_clock_ticks_about_once_a_millisecond_and_never_goes_back() {
    // Each tick is also compared by the runner, in every script.
    run(&Setup::default(), connected_with_ts, || {
        let mut steps = Vec::new();
        for step in 0..20u64 {
            let at = 10 + step * step * 1_000;
            steps.push((at, In(seg(301 + step as u32).ack(101).len(1).ts(1000 + at as u32, 0))));
            steps.push((at + 40, Drain));
        }
        steps
    });
    at_each_number(&Setup::default(), connected_with_ts, |host| {
        let base = host.now;
        let mut last = host.our_ts(0);
        let mut seq = 301;
        // A clock that stands still, steps back, or jumps by days and by years.
        for micros in [0, 5_000, 3_000, 0, 86_400_000_000, 40_000_000_000_000_000, 7, 40_000_000_000_000_000]
        {
            host.now = base + Duration::from_micros(micros);
            // The peer's next TSval must pass as well.
            host.give(&seg(seq).ack(101).len(1).ts(1000 + seq, 0));
            host.give(&seg(seq + 1).ack(101).len(1).ts(1000 + seq, 0));
            seq += 2;
            host.poll();
            let (.., options) = host.sent.pop_back().expect("an ACK");
            let value = options.timestamps.unwrap().value;
            assert!(value.wrapping_sub(last) < 1 << 30, "from {last} to {value} at {micros} µs");
            last = value;
            host.sent.clear();
        }
    });
}

// conf: TCP-TS-14
#[test]
#[cfg_attr(not(feature = "ipv4"), ignore = "speaks IPv4")]
fn each_connection_has_a_clock_of_its_own() {
    let mut values = Vec::new();
    for (seed, remote_port, port) in [(7, 4000, 80), (7, 4000, 81), (7, 4001, 80), (8, 4000, 80)] {
        let mut host = Host::new(&Setup::default(), seed, Instant::from_secs(1), 5);
        let remote = core::net::SocketAddr::new(peer_address(false), remote_port);
        let options = ConnectOptions { port, ..ConnectOptions::default() };
        let now = host.now;
        host.with_ip(|tcp, ip| tcp.connect(ip, now, remote, options)).unwrap();
        host.poll();
        values.push(host.sent[0].3.timestamps.unwrap().value);
    }
    for (i, &one) in values.iter().enumerate() {
        for &other in &values[i + 1..] {
            let apart = one.wrapping_sub(other).min(other.wrapping_sub(one));
            assert!(apart > 1 << 20, "{values:?}");
        }
    }
}

// conf: TCP-TS-15
#[test]
fn segments_of_ipv4_are_not_fragmented_on_their_way() {
    run(&Setup::default(), connected_with_ts, || {
        vec![
            (10, Call(|h| assert_eq!(h.send(3000, 101), 3000))),
            (10, Left(3)),
            (
                10,
                Call(|h| {
                    assert!(h.outgoing.iter().all(|out| out.flags.contains(OutFlags::DONT_FRAGMENT)));
                    assert!(h.outgoing.len() > 3);
                }),
            ),
        ]
    });
}

// conf: TCP-MSS-05
#[test]
fn a_segment_has_room_for_its_options() {
    run(&Setup::default(), connected_with_ts, || {
        vec![
            (10, Call(|h| assert_eq!(h.send(3000, 101), 3000))),
            (10, Out(seg(101).ack(301).len(1448).ts(1000, 10))),
            (10, Out(seg(1549).ack(301).len(1448).ts(1000, 10))),
            (10, Out(seg(2997).ack(301).len(104).ts(1000, 10))),
            (10, Call(|h| assert_eq!(h.tcp.info(h.id()).unwrap().mss, 1448))),
        ]
    });
    // The path allows less than the peer.
    run(&Setup { mtu: 1300, ..Setup::default() }, connected_with_ts, || {
        vec![
            (10, Call(|h| assert_eq!(h.send(3000, 101), 3000))),
            (10, Out(seg(101).ack(301).len(1248).ts(1000, 10))),
            (10, Out(seg(1349).ack(301).len(1248).ts(1000, 10))),
            (10, Out(seg(2597).ack(301).len(504).ts(1000, 10))),
        ]
    });
}

// conf: TCP-MSS-06
#[test]
fn the_announced_size_does_not_subtract_them() {
    run(&Setup::default(), Host::connect, || vec![(0, Out(syn(100).mss(1460).ts(0, 0)))]);
    run(&Setup::default(), listening, || {
        vec![(0, In(syn(300).ts(5, 0))), (0, Out(syn(100).ack(301).mss(1460).ts(5, 0)))]
    });
}

// conf: TCP-TS-06, TCP-RTO-06
#[test]
fn what_was_sent_again_gives_a_round_trip_time_by_its_echo() {
    for opened in OPENED {
        run(&Setup::default(), opened, || {
            vec![
                (10, Call(|h| assert_eq!(h.send(10, 101), 10))),
                (10, Out(seg(101).ack(301).len(10).ts(1000, 10))),
                (1010, Out(seg(101).ack(301).len(10).ts(1000, 1010))),
                (3010, Out(seg(101).ack(301).len(10).ts(1000, 3010))),
                // A duplicate ACK shows nothing.
                (3020, In(seg(301).ack(101).ts(1010, 1010))),
                (3020, Call(|h| assert!(h.tcp.info(h.id()).unwrap().rto > Duration::from_secs(3)))),
                // An answer to the second one, two seconds later: the back-off is over.
                (3030, In(seg(301).ack(111).ts(1020, 1010))),
                (
                    3030,
                    Call(|h| {
                        let info = h.tcp.info(h.id()).unwrap();
                        assert!(info.srtt.as_millis() < 2_100 && info.srtt.as_millis() > 200, "{info:?}");
                        assert!(info.rto.as_secs() < 8);
                    }),
                ),
            ]
        });
        // The first answer was only late.
        run(&Setup::default(), opened, || {
            vec![
                (10, Call(|h| assert_eq!(h.send(10, 101), 10))),
                (10, Drain),
                (1010, Out(seg(101).ack(301).len(10).ts(1000, 1010))),
                (
                    1020,
                    Call(|h| {
                        let echo = h.our_ts(0);
                        let octets: Vec<u8> =
                            [[1, 1, 8, 10], h.peers_ts(1030).to_be_bytes(), echo.to_be_bytes()].concat();
                        h.give(&seg(301).ack(111).options(&octets));
                    }),
                ),
                (
                    1020,
                    Call(|h| {
                        let srtt = h.tcp.info(h.id()).unwrap().srtt.as_millis();
                        assert!((120..=1_020).contains(&srtt), "{srtt}");
                    }),
                ),
            ]
        });
        // Echoes of what never was show nothing.
        for echo in [0u32, 1] {
            at_each_number(&Setup::default(), opened, |host| {
                play(host, vec![(10, Call(|h| assert_eq!(h.send(10, 101), 10))), (10, Drain), (1010, Drain)]);
                let rto = host.tcp.info(host.id()).unwrap().rto;
                let echo = if echo == 0 { 0 } else { host.our_ts(1010).wrapping_add(1 << 20) };
                let octets: Vec<u8> =
                    [[1, 1, 8, 10], host.peers_ts(1030).to_be_bytes(), echo.to_be_bytes()].concat();
                host.give(&seg(301).ack(111).options(&octets));
                assert_eq!(host.tcp.info(host.id()).unwrap().rto, rto);
                host.poll();
            });
        }
    }
}

/// Brings a connection of ours into TIME-WAIT: the peer's last timestamp is 1020, its FIN stands at 301.
fn time_wait(host: &mut Host, timestamps: fn(Seg, u32, u64) -> Seg) {
    play(
        host,
        vec![
            (10, Call(|h| h.tcp.close(h.id()).unwrap())),
            (10, Drain),
            (20, In(timestamps(fin(301).ack(102), 1020, 10))),
            (20, Drain),
            (20, Call(|h| h.tcp.release(h.id()).unwrap())),
        ],
    );
}

// conf: TCP-FIN-16
#[test]
fn a_newer_timestamp_ends_time_wait() {
    // TSval of the new SYN, its sequence number, accepted
    for (value, seq, accepted_) in [
        (Some(1021), 302, true),
        (Some(1021), 200, true),
        (Some(1020 + (1 << 30)), 100, true),
        (Some(1020), 302, true),
        (Some(1020), 301, false),
        (Some(1020), 200, false),
        (Some(1019), 9000, false),
        (Some(1020u32.wrapping_sub(1 << 30)), 9000, false),
        (None, 302, true),
        (None, 301, false),
        (None, 200, false),
    ] {
        at_each_number(&Setup::default(), accepted_with_ts, |host| {
            time_wait(host, |seg, value, ms| seg.ts(value, ms));
            let new = syn(seq);
            host.give(&match value {
                Some(value) => new.ts(value, 0),
                None => new,
            });
            host.poll();
            assert_eq!(host.counter("time_wait_reused"), u32::from(accepted_), "{value:?} {seq}");
            assert_eq!(host.sent.len(), usize::from(accepted_), "{value:?} {seq}");
            if let Some((_, fields, _, options)) = host.sent.pop_front() {
                assert_eq!(fields.flags, Flags::SYN | Flags::ACK);
                assert_eq!(options.timestamps.is_some(), value.is_some());
                // Our new numbers lie above the old ones, and so does our clock.
                assert!(fields.seq.wrapping_sub(host.ours(102)) < 1 << 31);
                if let Some(timestamps) = options.timestamps {
                    assert!(timestamps.value.wrapping_sub(host.our_ts(10)) < 1000);
                }
            }
        });
    }
}

// conf: TCP-FIN-17
#[test]
fn a_timestamp_ends_a_time_wait_that_had_none() {
    for (value, seq, accepted_) in
        [(Some(1), 200, true), (Some(1), 303, true), (None, 302, true), (None, 301, false)]
    {
        at_each_number(&Setup::default(), accepted, |host| {
            time_wait(host, |seg, _, _| seg);
            let new = syn(seq);
            host.give(&match value {
                Some(value) => new.ts(value, 0),
                None => new,
            });
            host.poll();
            assert_eq!(host.sent.len(), usize::from(accepted_), "{value:?} {seq}");
            host.sent.clear();
        });
    }
}

#[test]
fn time_wait_takes_no_segment_without_them() {
    at_each_number(&Setup::default(), accepted_with_ts, |host| {
        time_wait(host, |seg, value, ms| seg.ts(value, ms));
        play(
            host,
            vec![
                (30, In(fin(301).ack(102))),
                (40, In(fin(301).ack(102).ts(1010, 10))),
                // What it echoes does not go back.
                (40, Out(seg(102).ack(302).ts(1020, 40))),
            ],
        );
        assert_eq!(host.counter("timestamps_missing"), 1);
    });
}

#[test]
fn a_cookie_brings_scale_and_sack_back_where_there_are_timestamps() {
    for (scale, sack) in [(None, false), (Some(7), false), (None, true), (Some(0), true), (Some(14), true)] {
        let setup = Setup { syns: 0, rx: 100_000, ..Setup::default() };
        at_each_number(&setup, listening, |host| {
            host.tcp.use_syn_cookies(tersus_tcp::SynCookies::WHEN_FULL);
            let mut new = syn(300).mss(1460).ts(1000, 0);
            (new.scale, new.permits) = (scale, Some(sack));
            host.give(&new);
            let (_, answer) = host.take().expect("a cookie");
            assert_eq!((answer.scale, answer.permits), (scale.map(|_| 1), Some(sack)));
            // A few ticks below the clock.
            host.stamps_restart();
            host.give(&seg(301).ack(101).wnd(100).ts(1001, 0));
            host.accept();
            let info = host.tcp.info(host.id()).unwrap();
            assert_eq!(info.send_window, 100 << scale.unwrap_or(0));
            host.poll();
            // Timestamps and SACK are at work.
            host.give(&seg(401).ack(101).len(10).ts(1002, 0));
            host.poll();
            let (_, ack) = host.take().expect("an ACK");
            assert_eq!(ack.ts.map(|ts| ts.0), Some(1001));
            assert_eq!(ack.sack, if sack { vec![(401, 411)] } else { vec![] });
            while host.take().is_some() {}
        });
    }
    // An echo that is none of ours: no timestamps.
    let setup = Setup { syns: 0, ..Setup::default() };
    at_each_number(&setup, listening, |host| {
        host.tcp.use_syn_cookies(tersus_tcp::SynCookies::WHEN_FULL);
        host.give(&syn(300).mss(1460).ts(1000, 0));
        host.take().expect("a cookie");
        host.stamps_are_free = true;
        host.give(&seg(301).ack(101).options(&[1, 1, 8, 10, 0, 0, 0, 9, 1, 2, 3, 4]));
        host.accept();
        host.give(&seg(301).ack(101).len(10));
        assert_eq!(host.recv_all().len(), 10);
        host.poll();
        while host.take().is_some() {}
    });
}

#[test]
fn segments_with_timestamps_alone_are_predicted() {
    for opened in OPENED {
        run(&Setup::default(), opened, || {
            vec![
                (10, In(seg(301).ack(101).len(5).ts(1_010, 0))),
                (10, Call(|h| assert_eq!(h.counter("predicted"), 1))),
                (50, Out(seg(101).ack(306).ts(1_010, 50))),
            ]
        });
    }
}
