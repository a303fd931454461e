//! Sending: windows, Nagle, probes, retransmission, congestion. RFC 9293 §3.7.4, §3.8; RFC 5681, 6298, 6582.

use crate::runner::*;
use core::time::Duration;
use tersus_ip::{Advice, ChecksumOffload, ErrorKind, OutFlags, Outgoing, Quoted};
use tersus_tcp::congestion::{InitialWindow, Reno};
use tersus_tcp::State::*;
use tersus_tcp::{Changes, Config, Duties, Event, Info, KeepAlive, Nagle, Options, Outcome, SendError};

const MSS: usize = 1460;

fn send<const N: usize>(h: &mut Host) {
    let start = 101 + h.already as u32;
    h.already += N;
    assert_eq!(h.send(N, start), N);
}

fn fast(mut config: Config) -> Config {
    config.rto_min = Duration::from_millis(200);
    config.rto_initial = Duration::from_millis(200);
    config
}

/// `n` full segments from `seq` on.
fn full(at: u64, seq: u32, n: u32) -> impl Iterator<Item = (u64, Step)> {
    (0..n).map(move |i| (at, Out(seg_at(seq + i * MSS as u32))))
}

fn seg_at(seq: u32) -> Seg {
    seg(seq).ack(301).len(MSS)
}

// conf: TCP-SWS-01, TCP-API-06, TCP-API-07
#[test]
fn nagle_holds_small_segments_while_anything_is_in_flight() {
    run(&Setup::default(), connected, || {
        vec![
            (0, Call(send::<1>)),
            (0, Out(seg(101).ack(301).len(1).psh(true))),
            (10, Call(send::<1>)),
            (20, Call(send::<1>)),
            (30, In(seg(301).ack(102))),
            (30, Out(seg(102).ack(301).len(2).psh(true))),
        ]
    });
    let options = Options { nagle: Nagle::Off, ..Options::NONE };
    run(&Setup { options, ..Setup::default() }, connected, || {
        vec![
            (0, Call(send::<1>)),
            (0, Out(seg(101).ack(301).len(1))),
            (10, Call(send::<1>)),
            (10, Out(seg(102).ack(301).len(1))),
        ]
    });
}

// conf: TCP-SWS-01
#[test]
fn a_small_segment_leaves_behind_full_ones_and_the_next_waits_for_its_acknowledgement() {
    run(&Setup::default(), connected, || {
        vec![
            (0, Call(send::<2190>)),
            (0, Out(seg_at(101).psh(false))),
            (0, Out(seg(1561).ack(301).len(730).psh(true))),
            // Whole segments pass, what is left of them does not.
            (10, Call(send::<1470>)),
            (10, Out(seg_at(2291).psh(false))),
            // The small one is not acknowledged yet.
            (20, In(seg(301).ack(1561))),
            (20, Call(send::<10>)),
            (30, In(seg(301).ack(2291))),
            (30, Out(seg(3751).ack(301).len(20).psh(true))),
            (40, Call(send::<10>)),
            // A whole one is in flight, and the small one before it as well.
            (50, In(seg(301).ack(3751))),
            (60, In(seg(301).ack(3771))),
            (60, Out(seg(3771).ack(301).len(10))),
        ]
    });
}

// conf: TCP-SWS-01
#[test]
fn a_small_segment_that_is_sent_again_holds_the_next_until_it_is_acknowledged() {
    run(&Setup { config: fast(Config::new()), ..Setup::default() }, connected, || {
        vec![
            (0, Call(send::<1560>)),
            (0, Out(seg_at(101))),
            (0, Out(seg(1561).ack(301).len(100).psh(true))),
            (10, In(seg(301).ack(1561))),
            (20, Call(send::<10>)),
            (210, Out(seg(1561).ack(301).len(100))),
            (220, Call(send::<10>)),
            (610, Out(seg(1561).ack(301).len(100))),
            (620, In(seg(301).ack(1661))),
            (620, Out(seg(1661).ack(301).len(20).psh(true))),
        ]
    });
}

// conf: TCP-SWS-01, TCP-SWS-16
#[test]
fn a_fin_waits_for_no_small_segment() {
    run(&Setup::default(), connected, || {
        vec![
            (0, Call(send::<1470>)),
            (0, Out(seg_at(101))),
            (0, Out(seg(1561).ack(301).len(10))),
            (5, Call(send::<10>)),
            (10, Call(|h| h.tcp.close(h.id()).unwrap())),
            (10, Out(fin(1571).ack(301).len(10).psh(true))),
            (20, In(seg(301).ack(1582))),
        ]
    });
    // Without data: it is no segment of the stream's that could be too small.
    run(&Setup::default(), connected, || {
        vec![
            (0, Call(send::<1470>)),
            (0, Out(seg_at(101))),
            (0, Out(seg(1561).ack(301).len(10))),
            (10, Call(|h| h.tcp.close(h.id()).unwrap())),
            (10, Out(fin(1571).ack(301))),
        ]
    });
}

// conf: TCP-SWS-09
#[test]
fn the_last_part_of_the_window_is_used_if_all_that_is_queued_fits_there() {
    // Buffer and window hold two segments and 1,176 octets.
    run(&Setup::default(), connected, || {
        vec![
            (0, Call(send::<4096>)),
            (0, Out(seg_at(101))),
            (0, Out(seg_at(1561))),
            (0, Out(seg(3021).ack(301).len(1176).psh(true))),
            // Two segments are acknowledged and followed by two, with the small one in flight.
            (10, In(seg(301).ack(3021))),
            (10, Call(send::<2920>)),
            (10, Out(seg_at(4197))),
            (10, Out(seg_at(5657).psh(true))),
            (20, In(seg(301).ack(5657))),
            (20, Call(send::<2636>)),
            (20, Out(seg_at(7117))),
            (20, Out(seg(8577).ack(301).len(1176).psh(true))),
        ]
    });
    // One octet more than fits: a part of it is not worth a segment, §3.8.6.2.1 (2).
    run(&Setup { tx: 10_000, ..Setup::default() }, connected, || {
        vec![
            (0, Call(send::<4097>)),
            (0, Out(seg_at(101))),
            (0, Out(seg_at(1561))),
            (10, In(seg(301).ack(1561))),
            (10, Out(seg(3021).ack(301).len(1177).psh(true))),
        ]
    });
}

#[test]
fn a_link_that_completes_checksums_gets_the_sum_of_the_pseudo_header() {
    for ipv6 in [false, true] {
        let setup = Setup { checksum: ChecksumOffload::Partial, ipv6, ..Setup::default() };
        run(&setup, connected, || {
            vec![
                (0, Call(send::<1>)),
                (0, Out(seg(101).ack(301).len(1))),
                (
                    0,
                    Call(|h| {
                        let partial = |out: &&Outgoing| out.flags.contains(OutFlags::PARTIAL_CHECKSUM);
                        assert_eq!(h.outgoing.iter().filter(partial).count(), h.outgoing.len());
                    }),
                ),
            ]
        });
    }
}

// conf: TCP-CC-01, TCP-CC-02
#[test]
fn the_initial_window_is_that_of_the_configuration() {
    static OLD: Reno = Reno { initial_window: InitialWindow::Rfc5681, segments_per_ack: 2, ..Reno::DEFAULT };
    for (congestion, segments) in [(&Reno::DEFAULT, 10), (&OLD, 3)] {
        let setup = Setup { tx: 100_000, congestion, ..Setup::default() };
        run(&setup, connected, || {
            let mut steps = vec![(0, In(seg(301).ack(101).wnd(65_535))), (0, Call(send::<60_000>))];
            steps.extend(full(0, 101, segments));
            // Slow start: two more for each ACK of two.
            steps.push((100, In(seg(301).ack(101 + 2 * MSS as u32).wnd(65_535))));
            steps.extend(full(100, 101 + segments * MSS as u32, 4));
            steps
        });
    }
}

// conf: TCP-CC-04
#[test]
fn after_a_lost_syn_one_segment_leaves() {
    let setup = Setup { tx: 100_000, ..Setup::default() };
    run_both(&setup, nothing, || {
        vec![
            (0, Call(Host::connect)),
            (0, Out(syn(100))),
            (1000, Out(syn(100))),
            (3000, Out(syn(100))),
            (3100, In(syn(300).ack(101).mss(1460).wnd(65_535))),
            (3100, Out(seg(101).ack(301))),
            (3100, Call(send::<9_000>)),
            (3100, Out(seg_at(101))),
        ]
    });
}

// conf: TCP-HDR-01, TCP-ACK-02, TCP-ACK-06, TCP-WS-08
#[test]
fn no_more_is_in_flight_than_the_window_permits() {
    run_both(&Setup::default(), connected, || {
        vec![
            (0, Call(send::<7300>)),
            (0, Out(seg_at(101))),
            (0, Out(seg_at(1561))),
            // 1176 octets of window are less than a segment, and less than half of the largest window.
            (10, In(seg(301).ack(1561).wnd(4096))),
            (10, Out(seg_at(3021))),
            // The same ACK, a larger window.
            (20, In(seg(301).ack(1561).wnd(8192))),
            (20, Out(seg_at(4481))),
            (20, Out(seg_at(5941))),
        ]
    });
}

// conf: TCP-ACK-03, TCP-ACK-05
#[test]
fn an_older_segment_brings_no_window() {
    run_both(&Setup::default(), connected, || {
        vec![
            (0, Call(send::<10>)),
            (0, Left(1)),
            (10, In(seg(306).ack(111).len(5).wnd(1000))),
            (10, Left(1)),
            // Older by its sequence number.
            (20, In(seg(301).ack(111).len(5).wnd(9000))),
            (20, Left(1)),
            (20, Call(|h| assert!(h.info().map_or(true, |info| info.send_window == 1000)))),
            // Older by its acknowledgement.
            (30, In(seg(311).ack(101).wnd(9000))),
            (30, Call(|h| assert!(h.info().map_or(true, |info| info.send_window == 1000)))),
            (30, Call(|h| assert!(h.info().map_or(true, |info| info.in_flight == 0)))),
            (90, Drain),
            // A full segment would fit in 9000 octets.
            (90, Call(send::<2000>)),
            (90, Left(0)),
        ]
    });
}

// conf: TCP-SWS-09
#[test]
fn too_small_a_window_is_used_when_the_override_timer_says_so() {
    run(&Setup { tx: 10_000, ..Setup::default() }, connected, || {
        vec![
            (0, In(seg(301).ack(101).wnd(4000))),
            (0, In(seg(301).ack(101).wnd(100))),
            (0, Call(send::<8000>)),
            (200, Out(seg(101).ack(301).len(100))),
            (250, In(seg(301).ack(201).wnd(100))),
            (450, Out(seg(201).ack(301).len(100))),
            (460, In(seg(301).ack(301).wnd(4000))),
            (460, Out(seg_at(301))),
            (460, Out(seg_at(1761))),
        ]
    });
}

// conf: TCP-RTO-04, TCP-RTO-09, TCP-RTO-10, TCP-RTO-11, TCP-RTO-12, TCP-RTO-05
#[test]
fn data_that_nobody_acknowledges_are_sent_again_and_given_up() {
    run(&Setup::default(), connected, || {
        let mut steps = vec![(0, Call(send::<2920>)), (0, Out(seg_at(101))), (0, Out(seg_at(1561)))];
        // The first segment only; the interval doubles.
        for at in [1, 3, 7, 15, 31, 63] {
            steps.push((at * 1000, Out(seg_at(101))));
        }
        // 60 s, the cap.
        steps.push((123_000, Out(seg_at(101))));
        steps.push((182_999, Is(Established)));
        steps.push((183_000, Is(Closed)));
        steps.push((183_000, Call(|h| assert_eq!(h.outcome(), Ok(Some(Outcome::TimedOut))))));
        steps.push((
            183_000,
            Call(|h| {
                assert_eq!(h.try_send(b"x"), Err(SendError::Ended(Outcome::TimedOut)));
            }),
        ));
        steps
    });
}

// conf: TCP-RTO-10
#[test]
fn the_timer_starts_anew_with_what_is_acknowledged_and_ends_with_all_of_it() {
    run_both(&Setup::default(), connected, || {
        vec![
            (0, Call(send::<2920>)),
            (0, Out(seg_at(101))),
            (0, Out(seg_at(1561))),
            (400, In(seg(301).ack(1561))),
            (1400, Out(seg_at(1561))),
            (1450, In(seg(301).ack(3021))),
            (1450, Call(|h| assert_eq!(h.poll_at(), None))),
        ]
    });
}

// conf: TCP-RTO-15
#[test]
fn the_ip_layer_is_told_of_progress_and_of_the_lack_of_it() {
    run(&Setup::default(), connected, || {
        vec![
            (0, Call(send::<1460>)),
            (0, Out(seg_at(101))),
            (0, Call(|h| h.advice.clear())),
            (1000, Out(seg_at(101))),
            (3000, Out(seg_at(101))),
            (3000, Call(|h| assert_eq!(h.advice, []))),
            // R1, at the third retransmission.
            (7000, Out(seg_at(101))),
            (7000, Call(|h| assert_eq!(h.advice, [(h.now, Advice::Suspect)]))),
            (8000, In(seg(301).ack(1561))),
            (8000, Call(|h| assert_eq!(h.advice.last(), Some(&(h.now, Advice::Reachable))))),
        ]
    });
}

// conf: TCP-RTO-16
#[test]
fn the_user_sets_r2_and_is_told_between_r1_and_r2() {
    // User timeout in seconds, when the connection ends.
    for (user_timeout, end) in [(0, 183_000), (20, 20_000), (200, 200_000)] {
        let user_timeout = Duration::from_secs(user_timeout);
        let setup = Setup { options: Options { user_timeout, ..Options::NONE }, ..Setup::default() };
        for opened in [connected as fn(&mut Host), accepted] {
            at_each_number(&setup, opened, |host| {
                play(
                    host,
                    vec![
                        (0, Call(events_are_none)),
                        (0, Call(send::<10>)),
                        (6_999, Drain),
                        (6_999, Call(events_are_none)),
                    ],
                );
                // R1.
                play(
                    host,
                    vec![
                        (7_000, Drain),
                        (
                            7_000,
                            Call(|h| {
                                assert_eq!(
                                    h.tcp.next_event(),
                                    Some(Event::Connection(h.id(), Changes::STALLED))
                                )
                            }),
                        ),
                        (7_000, Is(Established)),
                        (14_999, Drain),
                        (14_999, Call(events_are_none)),
                    ],
                );
                play(
                    host,
                    vec![(end - 1, Drain), (end - 1, Is(Established)), (end, Drain), (end, Is(Closed))],
                );
                let changes = Changes::ENDED | Changes::READABLE | Changes::STALLED;
                assert_eq!(host.tcp.next_event(), Some(Event::Connection(host.id(), changes)));
            });
        }
    }
    // Not told while there is progress; never given up where the user wants that.
    let setup =
        Setup { options: Options { user_timeout: Duration::MAX, ..Options::NONE }, ..Setup::default() };
    run(&setup, connected, || {
        vec![
            (0, Call(events_are_none)),
            (0, Call(send::<10>)),
            (8_000, Drain),
            (8_000, Call(|h| assert!(h.tcp.next_event().is_some()))),
            (8_000, In(seg(301).ack(106))),
            (8_000, Drain),
            (8_000, Call(|h| while h.tcp.next_event().is_some() {})),
            (100_000, Drain),
            (
                100_000,
                Call(|h| assert_eq!(h.tcp.next_event(), Some(Event::Connection(h.id(), Changes::STALLED)))),
            ),
            (60 * 86_400_000, Drain),
            (60 * 86_400_000, Is(Established)),
        ]
    });
    // A SYN as well.
    run(&Setup::default(), Host::connect, || {
        vec![
            (6_999, Drain),
            (6_999, Call(events_are_none)),
            (7_000, Drain),
            (
                7_000,
                Call(|h| assert_eq!(h.tcp.next_event(), Some(Event::Connection(h.id(), Changes::STALLED)))),
            ),
            (300_000, Drain),
            (300_000, Is(Closed)),
        ]
    });
}

fn events_are_none(host: &mut Host) {
    if host.now == host.start {
        while host.tcp.next_event().is_some() {}
    }
    assert_eq!(host.tcp.next_event(), None);
}

// conf: TCP-RTO-17, TCP-KA-03
#[test]
fn the_defaults_are_those_of_the_standards() {
    let config = Config::new();
    assert!(config.r1 >= 3 && config.r2 >= Duration::from_secs(100));
    assert!(config.r2_syn >= Duration::from_secs(180));
    assert!(config.keep_alive_idle >= Duration::from_secs(7200));
    assert_eq!((config.rto_min, config.rto_initial), (Duration::from_secs(1), Duration::from_secs(1)));
    assert!(config.rto_max >= Duration::from_secs(60));
}

// conf: TCP-API-09
#[test]
fn the_user_timeout_ends_the_connection() {
    let options = Options { user_timeout: Duration::from_secs(10), ..Options::NONE };
    run(&Setup { options, ..Setup::default() }, connected, || {
        vec![
            (0, Call(send::<10>)),
            (0, Left(1)),
            (500, In(seg(301).ack(105))),
            (1500, Out(seg(105).ack(301).data(&seg(101).len(10).data[4..]))),
            (10_499, Left(2)),
            (10_499, Is(Established)),
            (10_500, Is(Closed)),
            (10_500, Call(|h| assert_eq!(h.outcome(), Ok(Some(Outcome::TimedOut))))),
        ]
    });
}

// conf: TCP-RTO-02, TCP-RTO-06, TCP-RTO-07
#[test]
fn the_timeout_follows_the_round_trip_time_by_karns_rule() {
    let setup = Setup { config: fast(Config::new()), ..Setup::default() };
    run(&setup, nothing, || {
        vec![
            (0, Call(Host::connect)),
            (0, Out(syn(100))),
            // R = 100 ms: RTO = 100 + 4 * 50.
            (100, In(syn(300).ack(101).mss(1460))),
            (100, Out(seg(101).ack(301))),
            (100, Call(|h| assert_eq!(h.tcp.info(h.id()).unwrap().rto, Duration::from_millis(300)))),
            (100, Call(send::<10>)),
            (100, Left(1)),
            (400, Out(seg(101).ack(301).len(10))),
            // An ACK of what was sent twice is no sample; the back-off stays.
            (410, In(seg(301).ack(111))),
            (
                410,
                Call(|h| {
                    let info = h.tcp.info(h.id()).unwrap();
                    assert_eq!(
                        (info.srtt, info.rto),
                        (Duration::from_millis(100), Duration::from_millis(600))
                    );
                }),
            ),
            (410, Call(send::<10>)),
            (410, Left(1)),
            (510, In(seg(301).ack(121))),
            // RTTVAR = 3/4 * 50.
            (510, Call(|h| assert_eq!(h.tcp.info(h.id()).unwrap().rto, Duration::from_millis(250)))),
        ]
    });
}

// conf: TCP-CC-10
#[test]
fn acks_with_text_or_another_window_are_no_duplicates() {
    run_both(&Setup { tx: 100_000, ..Setup::default() }, connected, || {
        let mut steps = vec![(0, In(seg(301).ack(101).wnd(65_535))), (0, Call(send::<14_600>))];
        steps.extend(full(0, 101, 10));
        steps.extend((1..5).map(|n| (50, In(seg(301).ack(101).wnd(65_535 - n)))));
        steps.push((60, Burst((0..4).map(|n| seg(301 + n).ack(101).wnd(65_531).len(1)).collect())));
        steps.push((60, Out(seg(14_701).ack(305))));
        steps.push((60, Call(|h| assert_eq!(h.counter("duplicate_acks"), 0))));
        steps
    });
}

// conf: TCP-CC-10, TCP-CC-11, TCP-CC-12, TCP-CC-14, TCP-CC-18, TCP-CC-19
#[test]
fn duplicate_acknowledgements_repair_losses_without_the_timer() {
    run(&Setup { tx: 100_000, ..Setup::default() }, connected, || {
        let w = |ack: u32| seg(301).ack(ack).wnd(65_535);
        let at = |n: u32| 101 + n * MSS as u32;
        let mut steps = vec![(0, In(w(101))), (0, Call(send::<60_000>))];
        steps.extend(full(0, 101, 10));
        // Segments 0 and 3 are lost. Limited transmit: one new segment for the first and the second.
        steps.extend([
            (100, In(w(101))),
            (100, Out(seg_at(at(10)))),
            (100, In(w(101))),
            (100, Out(seg_at(at(11)))),
        ]);
        steps.extend([(100, In(w(101))), (100, Out(seg_at(101)))]);
        // cwnd is 5 + 3 now and grows by each further one; 12 are in flight.
        steps.extend((0..4).map(|_| (100, In(w(101)))));
        steps.extend([(100, In(w(101))), (100, Out(seg_at(at(12))))]);
        // A partial ACK: the next hole at once, and what deflation leaves room for.
        steps.extend([(200, In(w(at(3)))), (200, Out(seg_at(at(3))))]);
        steps.push((200, Drain));
        // 5 + 3, 5 more, less the 3 that are acknowledged, and one back.
        steps.push((200, Call(|h| assert_eq!(h.tcp.info(h.id()).unwrap().cwnd, 11 * MSS as u32))));
        steps.push((200, Call(|h| assert_eq!(h.counter("fast_retransmits"), 1))));
        // All that was in flight: recovery ends with ssthresh.
        steps.push((300, In(w(at(12)))));
        steps.push((300, Drain));
        steps.push((
            300,
            Call(|h| {
                let info = h.tcp.info(h.id()).unwrap();
                assert_eq!((info.ssthresh, h.counter("retransmits")), (5 * MSS as u32, 2));
                assert!(info.cwnd <= info.ssthresh, "{}", info.cwnd);
            }),
        ));
        steps
    });
}

/// RFC 6582 §3.2 step 3, with the timer of the variant that RFC 3782 §4 calls slow but steady.
// conf: TCP-CC-18
#[test]
fn three_losses_in_a_window_are_three_retransmissions_and_one_halving_however_long_they_take() {
    run(&Setup { tx: 100_000, ..Setup::default() }, connected, || {
        let w = |ack: u32| seg(301).ack(ack).wnd(65_535);
        let at = |n: u32| 101 + n * MSS as u32;
        let mut steps = vec![(0, In(w(101))), (0, Call(send::<14_600>))];
        steps.extend(full(0, 101, 10));
        steps.extend([(900, Burst(vec![w(101); 7])), (900, Out(seg_at(101)))]);
        // Five and seven, less four acknowledged, and one back; then three and one.
        let cwnds: [fn(&mut Host); 2] = [
            |h| assert_eq!(h.tcp.info(h.id()).unwrap().cwnd, 9 * MSS as u32),
            |h| assert_eq!(h.tcp.info(h.id()).unwrap().cwnd, 7 * MSS as u32),
        ];
        // The first of the timers would have expired at 1000, and that of the first repair at 1900.
        steps.extend([(950, In(w(at(4)))), (950, Out(seg_at(at(4)))), (950, Call(cwnds[0]))]);
        steps.extend([(1_850, In(w(at(7)))), (1_850, Out(seg_at(at(7)))), (1_850, Call(cwnds[1]))]);
        steps.push((2_800, In(w(at(10)))));
        steps.push((
            2_800,
            Call(|h| {
                let told = ["fast_retransmits", "retransmits", "timeouts"].map(|name| h.counter(name));
                assert_eq!((told, h.tcp.info(h.id()).unwrap().ssthresh), ([1, 3, 0], 5 * MSS as u32));
            }),
        ));
        steps
    });
}

/// RFC 5681 §3.2 step 3: whatever cwnd says. With one record the segment cannot be marked apart from what left with it.
#[test]
fn the_third_duplicate_sends_the_first_hole_at_once_however_few_records_there_are() {
    for records in [0, 1, 2, 16] {
        run(&Setup { tx: 100_000, records, ..Setup::default() }, connected, || {
            let at = |n: u32| 101 + n * MSS as u32;
            let w = move |n: u32| seg(301).ack(at(n)).wnd(65_535);
            vec![
                (0, In(w(0))),
                (0, Call(send::<100_000>)),
                (0, Left(10)),
                (100, Burst((1..=10).map(w).collect())),
                (100, Drain),
                // Two segments of the second flight are left, and many of the third.
                (150, Burst((11..=22).map(w).collect())),
                (150, Drain),
                (200, Burst(vec![w(22), w(22)])),
                (200, Drain),
                (200, In(w(22))),
                (200, Out(seg_at(at(22)))),
                (200, Call(|h| assert_eq!((h.counter("retransmits"), h.counter("timeouts")), (1, 0)))),
                (250, In(w(23))),
                (250, Out(seg_at(at(23)))),
            ]
        });
    }
}

// conf: TCP-CC-08, TCP-CC-09, TCP-CC-17, TCP-CC-20
#[test]
fn a_timeout_starts_slowly_and_ends_fast_recovery() {
    run_both(&Setup { tx: 100_000, ..Setup::default() }, connected, || {
        let w = |ack: u32| seg(301).ack(ack).wnd(65_535);
        let at = |n: u32| 101 + n * MSS as u32;
        let mut steps = vec![(0, In(w(101))), (0, Call(send::<60_000>))];
        steps.extend(full(0, 101, 10));
        steps.push((1000, Out(seg_at(101))));
        steps.push((
            1000,
            Call(|h| {
                let is_right = |info: Info| (info.cwnd, info.ssthresh) == (MSS as u32, 5 * MSS as u32);
                assert!(h.info().map_or(true, is_right));
            }),
        ));
        // What is sent again draws duplicate ACKs; they mean nothing now.
        steps.extend((0..5).map(|_| (1050, In(w(101)))));
        steps.extend([(1100, In(w(at(1)))), (1100, Out(seg_at(at(1)))), (1100, Out(seg_at(at(2))))]);
        steps.extend([(1200, In(w(at(3)))), (1200, Out(seg_at(at(3)))), (1200, Out(seg_at(at(4))))]);
        steps.push((1200, Drain));
        steps.push((1200, Call(|h| assert_eq!(h.counter("fast_retransmits"), 0))));
        // The rest had arrived.
        steps.extend([(1300, In(w(at(10)))), (1300, Drain)]);
        steps.push((1300, Call(|h| assert_eq!(h.send_room(), 100_000 - (60_000 - 10 * MSS)))));
        // So what was sent again in vain draws duplicates of an ACK that covers no more than the timeout did.
        steps.extend((0..4).map(|_| (1310, In(w(at(10))))));
        steps.push((1310, Call(|h| assert_eq!(h.counter("fast_retransmits"), 0))));
        steps.extend([(1400, In(w(at(11)))), (1400, Drain)]);
        steps.push((1410, Burst((0..3).map(|_| w(at(11))).collect())));
        steps.extend([(1410, Out(seg_at(at(11)))), (1410, Drain)]);
        steps.push((1410, Call(|h| assert_eq!(h.counter("fast_retransmits"), 1))));
        steps
    });
}

// conf: TCP-CC-15
#[test]
fn after_silence_the_window_starts_anew() {
    run(&Setup { tx: 100_000, ..Setup::default() }, connected, || {
        let mut steps = vec![(0, In(seg(301).ack(101).wnd(65_535))), (0, Call(send::<29_200>))];
        steps.extend(full(0, 101, 10));
        steps.push((10, In(seg(301).ack(101 + 14_600).wnd(65_535))));
        steps.push((10, Drain));
        steps.push((20, In(seg(301).ack(101 + 29_200).wnd(65_535))));
        steps.push((20, Call(|h| assert!(h.tcp.info(h.id()).unwrap().cwnd > 10 * MSS as u32))));
        steps.push((5000, Call(send::<58_400>)));
        steps.push((5000, Left(10)));
        steps
    });
}

// conf: TCP-SWS-04, TCP-SWS-05, TCP-SWS-06
#[test]
fn a_closed_window_is_probed_for_ever() {
    run(&Setup::default(), connected, || {
        let mut steps = vec![(0, In(seg(301).ack(101).wnd(0))), (0, Call(send::<10>))];
        let (mut at, mut step) = (0, 1000);
        while at < 24 * 3_600_000 {
            at += step;
            step = (step * 2).min(60_000);
            steps.push((at, Out(seg(101).ack(301).len(1))));
            steps.push((at, In(seg(301).ack(101).wnd(0))));
        }
        // It opens, the probe's octet was thrown away.
        steps.push((at + 10, In(seg(301).ack(101).wnd(4096))));
        steps.push((at + 10, Out(seg(101).ack(301).len(1))));
        steps.push((at + 20, In(seg(301).ack(102).wnd(4096))));
        steps.push((at + 20, Out(seg(102).ack(301).len(9))));
        steps.push((at + 30, In(seg(301).ack(111).wnd(4096))));
        steps.push((at + 30, Call(|h| assert_eq!(h.tcp.info(h.id()).unwrap().cwnd, 14_600))));
        steps
    });
    // A peer that does not answer probes is dead: R2.
    run(&Setup::default(), connected, || {
        vec![
            (0, In(seg(301).ack(101).wnd(0))),
            (0, Call(send::<10>)),
            (122_999, Left(6)),
            (122_999, Is(Established)),
            (123_000, Is(Closed)),
        ]
    });
}

#[test]
fn a_fin_is_a_probe_where_nothing_else_is_left() {
    run_both(&Setup::default(), connected, || {
        vec![
            (0, In(seg(301).ack(101).wnd(0))),
            (0, Call(|h| h.close())),
            (1000, Out(fin(101).ack(301))),
            (1010, In(seg(301).ack(102).wnd(0))),
            (1010, Is(FinWait2)),
        ]
    });
}

// conf: TCP-SWS-03
#[test]
fn a_window_that_shrinks_is_survived() {
    run(&Setup::default(), connected, || {
        vec![
            (0, Call(send::<2000>)),
            (0, Out(seg_at(101))),
            (0, Out(seg(1561).ack(301).len(540))),
            (10, In(seg(301).ack(101).wnd(1000))),
            // Nothing new, though the first window would have held it.
            (20, Call(|h| assert_eq!(h.send(1460, 2101), 1460))),
            // Only what lies in the window goes again.
            (1000, Out(seg(101).ack(301).len(1000))),
            (1010, In(seg(301).ack(1101).wnd(0))),
            // Closed: a probe instead, one octet.
            (3010, Out(seg(1101).ack(301).len(1))),
            (3020, In(seg(301).ack(1101).wnd(4096))),
            (3020, Out(seg(1101).ack(301).len(1000))),
            (3030, Drain),
        ]
    });
}

// conf: TCP-KA-01
#[test]
fn an_idle_connection_is_silent_for_ten_days() {
    run_both(&Setup::default(), connected, || {
        vec![
            (10 * 86_400_000, Is(Established)),
            (10 * 86_400_000, Call(|h| assert_eq!((h.poll_at(), h.polls < 20), (None, true)))),
        ]
    });
}

// conf: TCP-KA-02, TCP-KA-04, TCP-KA-05
#[test]
fn keep_alive_probes_an_idle_peer_and_gives_up() {
    let options = Options { keep_alive: KeepAlive::On, ..Options::NONE };
    run(&Setup { options, ..Setup::default() }, connected, || {
        let hour = 3_600_000;
        let mut steps = vec![
            (hour, In(seg(301).ack(101).len(1))),
            (hour + 40, Out(seg(101).ack(302))),
            (3 * hour, Out(seg(100).ack(302))),
            (3 * hour + 75_000, Out(seg(100).ack(302))),
            (3 * hour + 75_010, In(seg(302).ack(101))),
        ];
        let start = 5 * hour + 75_010;
        steps.extend((0..9).map(|n| (start + n * 75_000, Out(seg(100).ack(302)))));
        steps.push((start + 9 * 75_000 - 1, Is(Established)));
        steps.push((start + 9 * 75_000, Out(rst(101).ack(302))));
        steps.push((start + 9 * 75_000, Is(Closed)));
        steps.push((start + 9 * 75_000, Call(|h| assert_eq!(h.outcome(), Ok(Some(Outcome::TimedOut))))));
        steps
    });
}

// conf: TCP-KA-02
#[test]
fn while_data_are_in_flight_there_are_no_keep_alive_probes() {
    let options = Options { keep_alive: KeepAlive::On, user_timeout: Duration::MAX, ..Options::NONE };
    run(&Setup { options, ..Setup::default() }, connected, || {
        vec![
            (0, Call(send::<10>)),
            (10 * 3_600_000, Drain),
            (10 * 3_600_000, Call(|h| assert_eq!(h.counter("keep_alives"), 0))),
            (10 * 3_600_000, In(seg(301).ack(111))),
            (12 * 3_600_000, Out(seg(110).ack(301))),
        ]
    });
}

#[test]
fn an_engine_without_that_duty_sends_no_keep_alive_probes() {
    let options = Options { keep_alive: KeepAlive::On, ..Options::NONE };
    run(&Setup { options, duties: &Duties::NONE, ..Setup::default() }, connected, || {
        vec![
            (10, In(seg(301).ack(101).len(1))),
            (50, Out(seg(101).ack(302))),
            (10 * 86_400_000, Is(Established)),
            (10 * 86_400_000, Call(|h| assert_eq!(h.poll_at(), None))),
        ]
    });
}

// conf: TCP-API-02, TCP-API-03
#[test]
fn traffic_class_and_hop_limit_are_the_users() {
    let options = Options { traffic_class: 0xbb, hop_limit: 3, ..Options::NONE };
    for begin in [connected as fn(&mut Host), accepted] {
        run(&Setup { options, ..Setup::default() }, begin, || {
            vec![(
                0,
                Call(|h| {
                    assert!(!h.outgoing.is_empty());
                    for out in &h.outgoing {
                        assert_eq!((out.traffic_class, out.hop_limit), (0xb8, 3));
                    }
                    let options = Options { traffic_class: 0, ..h.tcp.options(h.id()).unwrap() };
                    h.tcp.set_options(h.id(), options).unwrap();
                    assert_eq!(h.tcp.options(h.id()), Ok(options));
                }),
            )]
        });
    }
}

// conf: TCP-ICMP-01, TCP-ICMP-02, TCP-ICMP-03, TCP-ICMP-05, TCP-API-01
#[test]
fn soft_errors_are_noted_if_they_quote_what_is_in_flight() {
    run(&Setup::default(), connected, || {
        vec![
            (0, Call(|h| assert_eq!(h.icmp(ErrorKind::HostUnreachable, 101), Quoted::Unknown))),
            (0, Call(|h| assert_eq!(h.tcp.soft_error(h.id()), Ok(None)))),
            (0, Call(send::<10>)),
            (0, Left(1)),
            (0, Call(|h| assert_eq!(h.icmp(ErrorKind::HostUnreachable, 111), Quoted::Unknown))),
            (0, Call(|h| assert_eq!(h.tcp.soft_error(h.id()), Ok(None)))),
            // Source Quench.
            (0, Call(|h| assert_eq!(h.icmp(ErrorKind::Other(4, 0), 101), Quoted::Known))),
            (0, Call(|h| assert_eq!(h.tcp.soft_error(h.id()), Ok(None)))),
            (0, Call(|h| assert_eq!(h.icmp(ErrorKind::HopLimitExceeded, 101), Quoted::Known))),
            (0, Call(|h| assert_eq!(h.tcp.soft_error(h.id()), Ok(Some(ErrorKind::HopLimitExceeded))))),
            (0, Is(Established)),
        ]
    });
}

// conf: TCP-RTO-08
#[test]
fn a_constant_round_trip_time_leaves_the_floor() {
    let setup = Setup { config: fast(Config::new()), tx: 100_000, ..Setup::default() };
    run(&setup, connected, || {
        let mut steps = vec![];
        for n in 0..50 {
            steps.push((n * 100, Call(send::<10>)));
            steps.push((n * 100, Left(1)));
            steps.push((n * 100 + 50, In(seg(301).ack(111 + 10 * n as u32))));
        }
        steps.push((
            5000,
            Call(|h| {
                let info = h.tcp.info(h.id()).unwrap();
                assert!(info.srtt.abs_diff(Duration::from_millis(50)) < Duration::from_millis(1), "{info:?}");
                assert_eq!(info.rto, Duration::from_millis(200));
            }),
        ));
        steps
    });
}

// conf: TCP-CC-16
#[test]
fn losses_in_two_windows_or_of_a_retransmission_are_two_reductions() {
    fn ssthresh(h: &mut Host) -> u32 {
        let id = h.id();
        h.tcp.info(id).unwrap().ssthresh
    }
    let ack = |segments: u32| In(seg(301).ack(101 + segments * MSS as u32).wnd(65_535));
    let setup = Setup { tx: 100_000, config: fast(Config::new()), ..Setup::default() };
    run(&setup, connected, || {
        let mut steps = vec![(0, ack(0)), (0, Call(send::<60_000>)), (0, Left(10))];
        // The first of ten is lost; two more leave by limited transmit.
        steps.extend([(98, ack(0)), (98, Left(1)), (99, ack(0)), (99, Left(1)), (100, ack(0))]);
        steps.push((100, Out(seg_at(101))));
        steps.push((100, Call(|h| assert_eq!(ssthresh(h), 5 * MSS as u32))));
        // Repaired. In the next window the first is lost as well.
        steps.extend([(150, ack(12)), (150, Left(2)), (160, ack(12)), (160, Left(1)), (161, ack(12))]);
        steps.extend([
            (161, Left(1)),
            (162, ack(12)),
            (162, Out(seg_at(101 + 12 * MSS as u32))),
            (162, Left(1)),
        ]);
        steps.push((162, Call(|h| assert_eq!(ssthresh(h), 2 * MSS as u32))));
        steps
    });
    run(&setup, connected, || {
        let mut steps = vec![(0, ack(0)), (0, Call(send::<60_000>)), (0, Left(10))];
        steps.extend([(98, ack(0)), (98, Left(1)), (99, ack(0)), (99, Left(1)), (100, ack(0))]);
        steps.push((100, Out(seg_at(101))));
        steps.push((100, Call(|h| assert_eq!(ssthresh(h), 5 * MSS as u32))));
        // It is lost once more: the timer, and half of what the first reduction left.
        steps.push((200, Out(seg_at(101))));
        steps.push((200, Call(|h| assert_eq!(ssthresh(h), 5 * MSS as u32 / 2))));
        steps
    });
}
