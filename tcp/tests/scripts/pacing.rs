//! Pacing, RFC 5681 with what may leave spread over the round trip.

use crate::runner::*;
use core::cell::Cell;
use tersus_ip::{Instant, Transport};
use tersus_tcp::congestion::{Ack, Bbr, Congestion, Delivery, Expiry, Loss, Pacing, Recovery, Reno};
use tersus_tcp::{Duties, State};

const MSS: u32 = 1460;

static PACED: Reno = Reno { pacing: Some(Pacing::DEFAULT), ..Reno::DEFAULT };

fn setup() -> Setup {
    Setup { tx: 100_000, congestion: &PACED, ..Setup::default() }
}

/// Connected to a peer a tenth of a second away, with a large window.
fn connected_far(host: &mut Host) {
    host.connect();
    play(
        host,
        vec![
            (0, Out(syn(ISS))),
            (100, In(syn(IRS).ack(ISS + 1).mss(1460).wnd(65_535))),
            (100, Out(seg(ISS + 1).ack(IRS + 1))),
            (100, Is(State::Established)),
        ],
    );
}

fn full(seq: u32) -> Seg {
    seg(seq).ack(IRS + 1).len(MSS as usize)
}

fn send(host: &mut Host) {
    assert_eq!(host.send(60_000, ISS + 1), 60_000);
}

#[test]
fn a_window_leaves_in_bursts_of_two_segments_spread_over_half_a_round_trip_in_slow_start() {
    // 2 * 14,600 octets in 100 ms: two segments last 10 ms.
    run(&setup(), connected_far, || {
        let mut steps = vec![(100, Call(send))];
        for burst in 0..5 {
            for segment in 0..2 {
                steps.push((100 + 10 * u64::from(burst), Out(full(101 + (burst * 2 + segment) * MSS))));
            }
        }
        // Then the window is used up, and nothing waits for time.
        steps.push((160, Call(|host| assert!(host.tcp.poll_at() > Some(host.at(1_000))))));
        steps
    });
}

#[test]
fn poll_at_names_the_next_burst_and_polling_before_sends_nothing() {
    run(&setup(), connected_far, || {
        vec![
            (100, Call(send)),
            (100, Left(2)),
            (
                105,
                Call(|host| {
                    assert_eq!(host.tcp.poll_at(), Some(host.at(110)));
                    for us in [1, 4_999] {
                        host.now = host.at(105) + core::time::Duration::from_micros(us);
                        host.poll();
                        assert!(host.sent.is_empty());
                    }
                    host.now = host.at(110);
                }),
            ),
            (110, Left(2)),
            // An ACK of data leaves at once, without data.
            (112, Burst(vec![seg(301).ack(101).len(10).wnd(65_535), seg(311).ack(101).len(10).wnd(65_535)])),
            (112, Out(seg(101 + 4 * MSS).ack(321))),
            (120, Left(2)),
            (130, Left(2)),
            (140, Left(2)),
        ]
    });
}

#[test]
fn a_late_poll_loses_a_burst_and_no_more() {
    at_each_number(&setup(), connected_far, |host| {
        play(host, vec![(100, Call(send)), (100, Left(2))]);
        // The host sleeps for 50 ms: one burst, and the next 10 ms later.
        host.now = host.at(150);
        host.poll();
        assert_eq!(host.sent.len(), 2);
        assert_eq!(host.tcp.poll_at(), Some(host.at(160)));
        while host.take().is_some() {}
    });
}

#[test]
fn what_is_sent_again_is_paced_as_well() {
    run(&setup(), connected_far, || {
        let mut steps = vec![(100, Call(send))];
        steps.extend([100, 110, 120, 130, 140].map(|at| (at, Left(2))));
        // Three duplicate ACKs: limited transmit lets one segment out for each of the first two.
        steps.push((200, In(seg(301).ack(101).wnd(65_535))));
        steps.push((200, Out(full(101 + 10 * MSS))));
        steps.push((201, In(seg(301).ack(101).wnd(65_535))));
        steps.push((202, In(seg(301).ack(101).wnd(65_535))));
        steps.push((205, Out(full(101))));
        steps.push((205, Drain));
        steps.push((1_000, Drain));
        steps
    });
}

/// Counts what it is told of; what was lost shows in cwnd, above 100,000 octets.
struct Counting;

impl Congestion for Counting {
    fn words(&self) -> usize {
        2
    }
    fn start(&self, words: &mut [u32], _: u32, _: u8) {
        words.fill(0);
    }
    fn window(&self, words: &[u32]) -> u32 {
        100_000 + words[0]
    }
    fn ssthresh(&self, _: &[u32]) -> u32 {
        u32::MAX
    }
    fn on_ack(&self, _: &mut [u32], _: &Ack) {}
    fn enter_recovery(&self, _: &mut [u32], _: &Loss, _: Recovery) {}
    fn on_duplicate_ack(&self, _: &mut [u32], _: u32) {}
    fn on_partial_ack(&self, _: &mut [u32], _: u32, _: u32) {}
    fn exit_recovery(&self, _: &mut [u32], _: u32, _: u32) {}
    fn on_timeout(&self, _: &mut [u32], _: &Loss, _: Expiry) {}
    fn after_idle(&self, _: &mut [u32], _: u32) {}
    fn is_paced(&self) -> bool {
        true
    }
    fn on_delivery(&self, words: &mut [u32], delivery: &Delivery) {
        words[0] += delivery.newly_lost;
        words[1] += delivery.newly_delivered;
        assert_eq!(words[1], delivery.delivered - 1, "all but the SYN");
        assert!(delivery.in_flight <= delivery.prior_in_flight);
    }
}

#[test]
fn an_algorithm_that_paces_hears_of_all_that_is_delivered_or_lost() {
    fn lost(host: &mut Host) -> u32 {
        let id = host.id();
        host.tcp.info(id).unwrap().cwnd - 100_000
    }
    fn connected_with_sack(host: &mut Host) {
        host.connect();
        play(
            host,
            vec![
                (0, Out(syn(ISS))),
                (100, In(syn(IRS).ack(ISS + 1).mss(1460).wnd(65_535).permits(true))),
                (100, Out(seg(ISS + 1).ack(IRS + 1))),
            ],
        );
    }
    let ack = |ack: u32| seg(301).ack(ack).wnd(65_535);
    run(&Setup { congestion: &Counting, ..setup() }, connected_with_sack, || {
        vec![
            (100, Call(|host| assert_eq!(host.send(4 * 1460, ISS + 1), 4 * 1460))),
            (100, Left(4)),
            // The first is missing: the reordering timer finds that out, a fourth of the round trip later.
            (200, In(ack(101).sack(&[(101 + MSS, 101 + 2 * MSS)]))),
            (200, Call(|host| assert_eq!(lost(host), 0))),
            (225, Out(full(101))),
            (225, Call(|host| assert_eq!(lost(host), MSS))),
            (325, In(ack(101 + 4 * MSS))),
            (325, Call(|host| assert_eq!(lost(host), MSS))),
        ]
    });
}

thread_local! {
    static TOLD: Cell<Option<Delivery>> = const { Cell::new(None) };
    static LIMITED: Cell<Option<(u32, u32)>> = const { Cell::new(None) };
    static WINDOW: Cell<u32> = const { Cell::new(100_000) };
}

/// Keeps the last of what it is told.
struct Told;

impl Congestion for Told {
    fn words(&self) -> usize {
        0
    }
    fn start(&self, _: &mut [u32], _: u32, _: u8) {}
    fn window(&self, _: &[u32]) -> u32 {
        WINDOW.get()
    }
    fn ssthresh(&self, _: &[u32]) -> u32 {
        u32::MAX
    }
    fn on_ack(&self, _: &mut [u32], _: &Ack) {}
    fn enter_recovery(&self, _: &mut [u32], _: &Loss, _: Recovery) {}
    fn on_duplicate_ack(&self, _: &mut [u32], _: u32) {}
    fn on_partial_ack(&self, _: &mut [u32], _: u32, _: u32) {}
    fn exit_recovery(&self, _: &mut [u32], _: u32, _: u32) {}
    fn on_timeout(&self, _: &mut [u32], _: &Loss, _: Expiry) {}
    fn after_idle(&self, _: &mut [u32], _: u32) {}
    fn is_paced(&self) -> bool {
        true
    }
    fn on_delivery(&self, _: &mut [u32], delivery: &Delivery) {
        TOLD.set(Some(*delivery));
    }
    fn on_app_limited(&self, _: &mut [u32], delivered: u32, in_flight: u32) {
        LIMITED.set(Some((delivered, in_flight)));
    }
}

#[test]
fn a_delivery_tells_what_was_in_flight_and_of_what_its_rate_is() {
    // Segments: newly delivered, in flight before and after. Sample: segments, µs, octets delivered before it left. RTT.
    type Want = (u32, (u32, u32), Option<(u32, u32, u32)>, u32);
    fn told(want: Option<Want>, has_sack: bool, in_recovery: bool) {
        let is = TOLD.take();
        let short = is.map(|told| {
            let sample =
                told.sample.map(|rate| (rate.delivered / MSS, rate.interval_us, rate.prior_delivered));
            let in_flight = (told.prior_in_flight / MSS, told.in_flight / MSS);
            (told.newly_delivered / MSS, in_flight, sample, told.rtt_us)
        });
        assert_eq!(short, want);
        if let Some(is) = is {
            assert_eq!((is.has_sack, is.in_recovery, is.newly_lost), (has_sack, in_recovery, 0));
        }
    }
    let ack = |segments: u32| seg(301).ack(101 + segments * MSS).wnd(65_535);
    run(&Setup { congestion: &Told, ..setup() }, connected_far, || {
        vec![
            // The SYN is not told of.
            (100, Call(|_| told(None, false, false))),
            (100, Call(|host| assert_eq!(host.send(4 * 1460, ISS + 1), 4 * 1460))),
            (100, Left(4)),
            (200, In(ack(1))),
            (200, Call(|_| told(Some((1, (4, 3), Some((1, 100_000, 1)), 100_000)), false, false))),
            // Nothing new: nothing is told.
            (210, In(ack(1).wnd(65_000))),
            (210, Call(|_| told(None, false, false))),
            (220, In(ack(4))),
            (220, Call(|_| told(Some((3, (3, 0), Some((4, 120_000, 1)), 120_000)), false, false))),
            (220, Call(|host| assert_eq!(host.send(1460, ISS + 1 + 4 * MSS), 1460))),
            (220, Left(1)),
            (330, In(ack(5))),
            (330, Call(|_| told(Some((1, (1, 0), Some((1, 110_000, 1 + 4 * MSS)), 110_000)), false, false))),
        ]
    });
}

/// draft-ietf-ccwg-bbr-06 §4.1.2.4: all has left, nothing is lost, and the window is not full.
#[test]
fn who_writes_less_than_the_network_takes_limits_the_rate() {
    fn begin(host: &mut Host) {
        WINDOW.set(4 * MSS);
        LIMITED.set(None);
        host.connect();
        play(
            host,
            vec![
                (0, Out(syn(ISS))),
                (0, Call(|_| assert_eq!(LIMITED.take(), None, "before the SYN is acknowledged"))),
                (100, In(syn(IRS).ack(ISS + 1).mss(1460).wnd(65_535))),
                (100, Out(seg(ISS + 1).ack(IRS + 1))),
            ],
        );
        LIMITED.set(None);
    }
    let ack = |segments: u32| seg(301).ack(101 + segments * MSS).wnd(65_535);
    run(&Setup { congestion: &Told, ..setup() }, begin, || {
        vec![
            (100, Call(|host| assert_eq!(host.send(3 * 1460, ISS + 1), 3 * 1460))),
            (100, Left(3)),
            // The SYN is the first octet that was delivered.
            (100, Call(|_| assert_eq!(LIMITED.take(), Some((1, 3 * MSS))))),
            (200, In(ack(3))),
            (200, Call(|_| LIMITED.set(None))),
            (200, Call(|host| assert_eq!(host.send(4 * 1460, ISS + 1 + 3 * MSS), 4 * 1460))),
            (200, Left(4)),
            (200, Call(|_| assert_eq!(LIMITED.take(), None, "a full window"))),
            (300, In(ack(7).wnd(2 * 1460))),
            (300, Call(|_| LIMITED.set(None))),
            (300, Call(|host| assert_eq!(host.send(3 * 1460, ISS + 1 + 7 * MSS), 3 * 1460))),
            (300, Left(2)),
            (300, Call(|_| assert_eq!(LIMITED.take(), None, "the peer's window"))),
            (400, In(ack(9))),
            (400, Left(1)),
            (400, Call(|_| assert_eq!(LIMITED.take(), Some((1 + 9 * MSS, MSS))))),
            (500, In(ack(10))),
            (500, Call(|_| WINDOW.set(100_000))),
            (500, Call(|host| assert_eq!(host.send(6 * 1460, ISS + 1 + 10 * MSS), 6 * 1460))),
            (500, Left(6)),
            (500, Call(|_| WINDOW.set(2 * MSS + 100))),
            (500, Call(|_| LIMITED.set(None))),
            (1_500, Left(2)),
            (1_500, Call(|_| assert_eq!(LIMITED.take(), None, "lost octets wait"))),
        ]
    });
    WINDOW.set(100_000);
}

#[test]
fn a_delivery_tells_of_sack_and_of_a_repair() {
    fn connected_with_sack(host: &mut Host) {
        host.connect();
        play(
            host,
            vec![
                (0, Out(syn(ISS))),
                (100, In(syn(IRS).ack(ISS + 1).mss(1460).wnd(65_535).permits(true))),
                (100, Out(seg(ISS + 1).ack(IRS + 1))),
            ],
        );
    }
    fn told(newly_delivered: u32, in_flight: (u32, u32), in_recovery: bool) {
        let is = TOLD.take().unwrap();
        assert_eq!(
            (is.newly_delivered, is.has_sack, is.in_recovery),
            (newly_delivered * MSS, true, in_recovery)
        );
        assert_eq!((is.prior_in_flight, is.in_flight), (in_flight.0 * MSS, in_flight.1 * MSS));
    }
    let ack = |segments: u32| seg(301).ack(101 + segments * MSS).wnd(65_535);
    run(&Setup { congestion: &Told, ..setup() }, connected_with_sack, || {
        vec![
            (100, Call(|host| assert_eq!(host.send(6 * 1460, ISS + 1), 6 * 1460))),
            (100, Left(6)),
            // The first and the last are missing.
            (200, In(ack(0).sack(&[(101 + MSS, 101 + 2 * MSS)]))),
            (200, Call(|_| told(1, (6, 5), false))),
            (225, Out(full(101))),
            (230, In(ack(0).sack(&[(101 + MSS, 101 + 3 * MSS)]))),
            (230, Call(|_| told(1, (5, 4), true))),
        ]
    });
}

#[test]
fn without_the_duty_a_window_leaves_at_once() {
    let duties = &Duties::NONE;
    run(&Setup { duties, ..setup() }, connected_far, || vec![(100, Call(send)), (100, Left(10))]);
}

#[test]
fn an_acknowledged_stream_leaves_no_deadline_behind() {
    at_each_number(&setup(), connected_far, |host| {
        play(host, vec![(100, Call(|host| assert_eq!(host.send(2_920, ISS + 1), 2_920))), (100, Left(2))]);
        host.give(&seg(301).ack(101 + 2 * MSS));
        host.poll();
        assert_eq!(host.tcp.poll_at(), None::<Instant>);
    });
}

#[test]
fn the_syn_is_no_sample_of_a_rate() {
    // The initial window within a part of the first round trip, as soon as the handshake is over.
    let setup = Setup { congestion: &Bbr::DEFAULT, ..setup() };
    run(&setup, connected_far, || vec![(100, Call(send)), (100, Left(2)), (150, Left(8))]);
}
