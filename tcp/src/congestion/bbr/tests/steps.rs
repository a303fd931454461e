//! What each step sets, keeps and forgets: fields of the model that show in what is sent only rounds later.

use super::*;

/// No loss, no sample, no round-trip time, nothing delivered: what is measured by other steps does not disturb.
fn silent() -> Delivery {
    Delivery { newly_delivered: 0, sample: None, rtt_us: 0, in_flight: 2 * BDP, ..delivery() }
}

fn later(ms: u64, delivery: Delivery) -> Delivery {
    Delivery { now: Instant::from_millis(START_MS + ms), ..delivery }
}

fn at_ms(ms: u64) -> u32 {
    model::millis(Instant::from_millis(START_MS + ms))
}

#[test]
fn growth_by_a_fourth_counts_the_rounds_of_a_plateau_anew() {
    let mut model = known(State::Startup);
    (model.full_bw, model.full_bw_count) = (BW / 5 * 4, 2);
    let model = after(model, &Delivery { in_flight: 2 * BDP, ..end_of_round() });
    assert_eq!((model.full_bw, model.full_bw_count), (BW, 0));
}

#[test]
fn loss_that_ends_startup_is_judged_once_a_round_and_bounds_by_product_and_delivery() {
    // Losses noted before, whether the round of losses ends, delivered in it at most, state, bound
    for (events, ends, latest, state, bound) in [
        (5, true, 0, State::Drain, BDP),
        (4, true, 0, State::Startup, INFINITY),
        (15, false, 0, State::Startup, INFINITY),
        (5, true, 2 * BDP, State::Drain, 2 * BDP),
    ] {
        let mut model = known(State::Startup);
        model.flags.insert(Flags::LOSS_IN_ROUND | Flags::RECOVERY);
        model.loss_events_in_round = events;
        model.inflight_latest = latest;
        let base = if ends { end_of_round() } else { delivery() };
        let base = with_sample(base, |sample| sample.delivered = BDP / 10 * 9);
        let lossy = Delivery { newly_lost: SMSS, in_recovery: true, in_flight: 3 * BDP, ..base };
        let model = after(with_losses(model, &lossy, BDP / 10), &lossy);
        assert_eq!((model.state, model.inflight_longterm), (state, bound), "{events} {ends} {latest}");
        assert_eq!(model.undo_state == State::Startup, state == State::Drain, "{events} {ends}");
        assert_eq!(model.loss_events_in_round, if ends { 0 } else { 15 });
    }
}

#[test]
fn a_loss_that_was_none_gives_back_what_it_took() {
    use State::{Drain, ProbeBwCruise, ProbeBwDown, ProbeBwRefill, ProbeBwUp, ProbeRtt, Startup};
    // State, state that the loss made it leave, state then, whether the pipe still counts as full
    for (state, left, want, is_full) in [
        (Drain, Startup, Startup, false),
        (ProbeBwDown, Startup, Startup, false),
        (ProbeRtt, Startup, ProbeRtt, false),
        (ProbeBwDown, ProbeBwUp, ProbeBwRefill, true),
        (ProbeBwUp, ProbeBwUp, ProbeBwUp, true),
        (ProbeRtt, ProbeBwUp, ProbeRtt, true),
        (ProbeBwCruise, Drain, ProbeBwCruise, true),
    ] {
        let mut model = known(state);
        model.begin_recovery();
        model.undo_state = left;
        model.flags.insert(Flags::LOSS_IN_ROUND | Flags::FULL_BW_NOW);
        (model.full_bw, model.full_bw_count) = (BW, 3);
        (model.bw_shortterm, model.inflight_shortterm, model.inflight_longterm) = (BW / 2, BDP, BDP);
        model.cwnd = SMSS;
        model.undo_loss();
        assert_eq!((model.state, model.cwnd), (want, 2 * BDP), "{state:?} {left:?}");
        assert_eq!(model.flags.contains(Flags::FULL_BW_REACHED), is_full, "{state:?} {left:?}");
        assert!(!model.flags.intersects(Flags::LOSS_IN_ROUND | Flags::RECOVERY | Flags::FULL_BW_NOW));
        assert_eq!((model.full_bw, model.full_bw_count), (0, 0));
        let bounds = (model.bw_shortterm, model.inflight_shortterm, model.inflight_longterm);
        assert_eq!(bounds, (INFINITY, INFINITY, INFINITY));
        // Once.
        model.state = Drain;
        model.undo_loss();
        assert_eq!(model.state, Drain, "{state:?} {left:?}");
    }
    // Where there was none, there is nothing to give back.
    let mut model = known(ProbeBwUp);
    (model.full_bw, model.full_bw_count) = (BW, 2);
    let before = model;
    model.undo_loss();
    assert_eq!(model, before);
}

#[test]
fn the_window_from_before_a_repair_is_the_largest_and_never_lowers() {
    let mut model = known(State::ProbeBwCruise);
    model.begin_recovery();
    model.cwnd = SMSS;
    // A second loss within the repair.
    model.begin_recovery();
    assert_eq!(model.prior_cwnd, 2 * BDP);
    model.cwnd = 3 * BDP;
    model.end_recovery();
    assert_eq!(model.cwnd, 3 * BDP);
    // No repair ends: nothing is restored.
    (model.cwnd, model.prior_cwnd) = (SMSS, BDP);
    model.end_recovery();
    assert_eq!(model.cwnd, SMSS);
    // In ProbeRTT the window is small for another reason; elsewhere what it was before the last loss counts.
    for (state, want) in [(State::ProbeRtt, 2 * BDP), (State::ProbeBwCruise, SMSS)] {
        let mut model = known(state);
        (model.cwnd, model.prior_cwnd) = (SMSS, 2 * BDP);
        model.save_cwnd();
        assert_eq!(model.prior_cwnd, want, "{state:?}");
    }
}

#[test]
fn each_phase_of_the_cycle_begins_its_measures_anew() {
    // DOWN, within a round.
    let mut model = known(State::ProbeBwUp);
    model.flags.insert(Flags::FULL_BW_NOW | Flags::LOSS_IN_ROUND);
    (model.bw_latest, model.inflight_latest) = (BW, BDP);
    (model.rounds_since_probe_up, model.probe_up_acked_per_inc) = (40, SMSS);
    let ack = Delivery { delivered: 1_001_000, in_flight: 2 * BDP, ..later(20, delivery()) };
    let model = after(model, &ack);
    assert_eq!((model.state, model.ack_phase), (State::ProbeBwDown, AckPhase::ProbeStopping));
    assert_eq!((model.bw_latest, model.inflight_latest), (0, 0));
    assert!(!model.flags.contains(Flags::LOSS_IN_ROUND));
    assert_eq!((model.next_round_delivered, model.phase_start), (1_001_000, at_ms(20)));
    assert!(model.rounds_since_probe_up <= 1);
    assert_eq!(model.probe_up_acked_per_inc, INFINITY);
    // REFILL, within a round; as well from DOWN.
    for state in [State::ProbeBwCruise, State::ProbeBwDown] {
        let mut model = known(state);
        (model.bw_probe_up_rounds, model.bw_probe_up_acked) = (7, 500);
        (model.bw_shortterm, model.inflight_shortterm) = (BW / 2, BDP);
        model.flags.insert(Flags::PREV_PROBE_PRECAUTIONARY);
        let ack = Delivery { delivered: 1_001_000, in_flight: 2 * BDP, ..later(3_000, delivery()) };
        let model = after(model, &ack);
        assert_eq!((model.state, model.ack_phase), (State::ProbeBwRefill, AckPhase::Refilling));
        assert_eq!((model.bw_probe_up_rounds, model.bw_probe_up_acked), (0, 0));
        assert_eq!((model.bw_shortterm, model.inflight_shortterm), (INFINITY, INFINITY));
        assert_eq!(model.next_round_delivered, 1_001_000);
        assert!(!model.flags.contains(Flags::PREV_PROBE_PRECAUTIONARY));
    }
    // UP, at the end of a round: a plateau is looked for from here, and the bound rises by two segments a window.
    let mut model = known(State::ProbeBwRefill);
    model.ack_phase = AckPhase::Refilling;
    model.flags.insert(Flags::FULL_BW_NOW);
    (model.full_bw, model.full_bw_count) = (7, 3);
    let model = after(model, &Delivery { delivered: 1_100_000, ..end_of_round() });
    assert_eq!((model.state, model.ack_phase), (State::ProbeBwUp, AckPhase::ProbeStarting));
    assert_eq!((model.full_bw, model.full_bw_count), (BW, 0));
    assert!(!model.flags.contains(Flags::FULL_BW_NOW));
    assert!(model.flags.contains(Flags::BW_PROBE_SAMPLE));
    assert_eq!((model.bw_probe_up_rounds, model.probe_up_acked_per_inc), (1, BDP));
    // A round later acknowledgements tell of it.
    let ack = with_sample(delivery(), |sample| sample.prior_delivered = 1_100_000);
    let model = after(model, &Delivery { delivered: 1_200_000, ..ack });
    assert_eq!((model.state, model.ack_phase), (State::ProbeBwUp, AckPhase::ProbeFeedback));
    assert_eq!((model.next_round_delivered, model.rounds_since_probe_up), (1_200_000, 2));
}

#[test]
fn before_the_pipe_was_full_no_cycle_goes_on() {
    let mut model = known(State::ProbeBwCruise);
    model.flags.remove(Flags::FULL_BW_REACHED);
    assert_eq!(after(model, &later(3_000, delivery())).state, State::ProbeBwCruise);
}

#[test]
fn when_what_a_probe_brought_is_known_the_filter_of_the_rate_moves_on() {
    let careful = Flags::PREV_PROBE_PRECAUTIONARY;
    let none = Flags::empty();
    // State, flags, whether the application was the limit; whether the filter moves on, and state then
    for (state, flags, is_limited, moves, want) in [
        (State::ProbeBwDown, none, false, true, State::ProbeBwDown),
        (State::ProbeBwDown, none, true, false, State::ProbeBwDown),
        (State::ProbeBwDown, careful, false, true, State::ProbeBwRefill),
        (State::ProbeBwDown, careful | Flags::PREV_PROBE_TOO_HIGH, false, true, State::ProbeBwDown),
        (State::ProbeRtt, careful, false, false, State::ProbeRtt),
    ] {
        let mut model = known(state);
        model.ack_phase = AckPhase::ProbeStopping;
        model.max_bw = [BW, BW / 2];
        model.flags.insert(flags | Flags::BW_PROBE_SAMPLE);
        let ack = Delivery { in_flight: 2 * BDP, ..end_of_round() };
        let model = after(if is_limited { limited(model, &ack) } else { model }, &ack);
        assert_eq!(model.state, want, "{state:?} {flags:?} {is_limited}");
        assert_eq!(model.max_bw, [BW, if moves { 0 } else { BW / 2 }], "{state:?} {is_limited}");
        assert_eq!(model.flags.contains(Flags::CYCLE), moves, "{state:?} {is_limited}");
        assert!(!model.flags.contains(Flags::BW_PROBE_SAMPLE));
        assert_ne!(model.ack_phase, AckPhase::ProbeStopping);
    }
}

#[test]
fn more_in_flight_without_loss_raises_the_bound() {
    // Lost, bound then: of what was 100,000
    for (lost, want) in [(0, BDP), (BDP / 10, 100_000)] {
        let mut model = known(State::ProbeBwCruise);
        model.inflight_longterm = 100_000;
        let ack = delivery();
        assert_eq!(after(with_losses(model, &ack, lost), &ack).inflight_longterm, want, "{lost}");
    }
    // In a probe: only where the window keeps data back, and the bound keeps the window.
    // In flight before, bound, bound then and octets that count for the next rise
    for (in_flight, bound, want) in
        [(BDP - SMSS + 1, BDP, (BDP + SMSS, 300)), (BDP - SMSS, BDP, (BDP, 0)), (BDP, BDP + 1, (BDP + 1, 0))]
    {
        let mut model = known(State::ProbeBwUp);
        (model.cwnd, model.inflight_longterm, model.probe_up_acked_per_inc) = (BDP, bound, 700);
        let ack = Delivery { prior_in_flight: in_flight, newly_delivered: SMSS, ..silent() };
        let model = after(model, &ack);
        assert_eq!((model.inflight_longterm, model.bw_probe_up_acked), want, "{in_flight} {bound}");
    }
    // The rise is a segment for each segment at most.
    let mut model = known(State::ProbeBwUp);
    (model.cwnd, model.inflight_longterm, model.bw_probe_up_rounds) = (BDP, BDP, 20);
    let ack = Delivery { prior_in_flight: BDP, in_flight: BDP, ..end_of_round() };
    assert_eq!(after(model, &ack).probe_up_acked_per_inc, SMSS);
}

#[test]
fn a_probe_ends_at_a_plateau_unless_the_window_is_the_limit() {
    // In flight before, whether the last probe lost; state then
    for (in_flight, flags, bound, want) in [
        (BDP, Flags::FULL_BW_NOW, BDP, State::ProbeBwUp),
        (BDP - SMSS, Flags::FULL_BW_NOW, BDP, State::ProbeBwDown),
        // The bound of the last probe is not reached.
        (BDP - SMSS, Flags::PREV_PROBE_TOO_HIGH, BDP, State::ProbeBwUp),
    ] {
        let mut model = known(State::ProbeBwUp);
        (model.cwnd, model.inflight_longterm) = (BDP, bound);
        (model.full_bw, model.full_bw_count) = (7, 3);
        model.flags.insert(flags);
        let model = after(model, &Delivery { prior_in_flight: in_flight, in_flight: 2 * BDP, ..delivery() });
        assert_eq!(model.state, want, "{in_flight} {flags:?}");
        if in_flight == BDP {
            assert_eq!((model.full_bw, model.full_bw_count), (BW, 0));
            assert!(!model.flags.contains(Flags::FULL_BW_NOW));
        }
    }
}

#[test]
fn where_a_window_is_few_segments_probes_come_after_as_many_rounds() {
    // cwnd, maximum of the rate, rounds before this one; state then
    for (cwnd, bw, rounds, want) in [
        (10 * SMSS, BW, 8, State::ProbeBwCruise),
        (10 * SMSS, BW, 9, State::ProbeBwRefill),
        (2 * BDP, BW / 10, 10, State::ProbeBwCruise),
        (2 * BDP, BW / 10, 11, State::ProbeBwRefill),
        (2 * BDP, BW, 255, State::ProbeBwRefill),
    ] {
        let mut model = known(State::ProbeBwCruise);
        (model.cwnd, model.max_bw, model.rounds_since_probe_up) = (cwnd, [bw, 0], rounds);
        let ack = with_sample(end_of_round(), |sample| sample.delivered = SMSS);
        assert_eq!(after(model, &ack).state, want, "{cwnd} {bw} {rounds}");
    }
}

#[test]
fn a_clock_that_stepped_back_ends_no_phase_and_no_filter() {
    let back = Delivery { now: Instant::from_millis(START_MS - 1), rtt_us: 2 * RTT_US, ..delivery() };
    let model = after(known(State::ProbeBwCruise), &back);
    assert_eq!((model.state, model.min_rtt_us), (State::ProbeBwCruise, RTT_US));
}

#[test]
fn headroom_is_a_segment_at_least_and_leaves_four() {
    for (bound, want) in [(100 * SMSS, 85 * SMSS), (6 * SMSS, 5 * SMSS), (4 * SMSS, 4 * SMSS)] {
        // Window while it cruises, and what may be in flight when DOWN ends.
        let mut model = known(State::ProbeBwCruise);
        model.inflight_longterm = bound;
        assert_eq!(after(model, &silent()).cwnd, want, "{bound}");
        model.state = State::ProbeBwDown;
        let ends = after(model, &Delivery { in_flight: want, ..silent() });
        assert_eq!(ends.state, State::ProbeBwCruise, "{bound}");
    }
}

#[test]
fn the_least_round_trip_time_is_renewed_by_lower_ones_and_when_it_is_old() {
    // One as low as the least shows no shorter path: the five seconds go on.
    let model = after(known(State::ProbeBwCruise), &later(1_000, delivery()));
    assert_eq!((model.probe_rtt_min_us, model.probe_rtt_min_ms), (RTT_US, at_ms(0)));
    // None was measured.
    let model = after(known(State::ProbeBwCruise), &silent());
    assert_eq!((model.min_rtt_us, model.probe_rtt_min_us), (RTT_US, RTT_US));
    // After ten seconds that of the last five counts, from when it was measured.
    let mut model = known(State::ProbeBwCruise);
    (model.probe_rtt_min_us, model.probe_rtt_min_ms) = (RTT_US + 5_000, at_ms(6_000));
    let slow = |ms| Delivery { rtt_us: 2 * RTT_US, ..later(ms, delivery()) };
    assert_eq!(after(model, &slow(10_000)).min_rtt_us, RTT_US);
    let model = after(model, &slow(10_001));
    assert_eq!((model.min_rtt_us, model.min_rtt_ms), (RTT_US + 5_000, at_ms(6_000)));
}

#[test]
fn probe_rtt_begins_its_measures_anew_and_is_no_measure_of_the_rate() {
    let mut model = known(State::ProbeBwCruise);
    (model.bw_probe_wait_ms, model.probe_rtt_done_ms) = (60_000, 12_345);
    model.flags.insert(Flags::PROBE_RTT_ROUND_DONE);
    let slow = Delivery { rtt_us: RTT_US + 20_000, ..delivery() };
    let model = after(model, &Delivery { delivered: 1_001_000, in_flight: BDP, ..later(5_001, slow) });
    assert_eq!((model.state, model.ack_phase), (State::ProbeRtt, AckPhase::ProbeStopping));
    assert_eq!((model.probe_rtt_done_ms, model.next_round_delivered), (0, 1_001_000));
    assert!(model.flags.contains(Flags::LIMITED));
    assert_eq!((model.limited_from, model.limited_until), (1_001_000, 1_001_000 + BDP));
    assert_eq!(model.prior_cwnd, 2 * BDP);
    // What is in flight has drained: 200 ms and a round, both from here.
    let drained = Delivery { delivered: 1_060_000, in_flight: BDP / 2, ..later(5_050, slow) };
    let mut model = after(model, &drained);
    assert_eq!(model.next_round_delivered, 1_060_000);
    assert!(!model.flags.contains(Flags::PROBE_RTT_ROUND_DONE));
    // What bounded the short term is forgotten when it ends.
    model.flags.insert(Flags::PROBE_RTT_ROUND_DONE);
    (model.bw_shortterm, model.inflight_shortterm) = (BW / 2, BDP);
    let model = after(model, &Delivery { delivered: 1_061_000, ..later(5_300, slow) });
    assert_eq!((model.state, model.probe_rtt_min_ms), (State::ProbeBwCruise, at_ms(5_300)));
    assert_eq!((model.bw_shortterm, model.inflight_shortterm), (INFINITY, INFINITY));
}

#[test]
fn what_is_delivered_ends_an_idle_time() {
    let mut model = known(State::ProbeBwCruise);
    model.flags.insert(Flags::IDLE_RESTART);
    let model = after(model, &silent());
    assert!(model.flags.contains(Flags::IDLE_RESTART));
    assert!(!after(model, &delivery()).flags.contains(Flags::IDLE_RESTART));
    // Where it does not probe the rate, an idle time changes no pace.
    let mut words = [0; WORDS];
    known(State::Drain).write(&mut words);
    BBR.after_idle(&mut words, SMSS);
    assert_eq!(BBR.pacing_rate(&words, 1), Some(u64::from(BW)));
}

#[test]
fn the_window_holds_three_quanta_and_four_segments() {
    // Rate, window where the product is next to nothing: a quantum is a millisecond, two segments to 64 KiB
    for (bw, want) in [(100_000, 6_000), (10_000_000, 29_700), (1_000_000_000, 196_608)] {
        let mut model = known(State::ProbeBwCruise);
        (model.max_bw, model.min_rtt_us, model.probe_rtt_min_us) = ([bw, 0], 1, 1);
        assert_eq!(after(model, &Delivery { in_flight: 1_000_000, ..silent() }).cwnd, want, "{bw}");
    }
    // Without a rate the pace stays.
    let mut model = known(State::ProbeBwCruise);
    model.max_bw = [0, 0];
    assert_eq!(after(model, &silent()).pacing_rate, BW);
    // Four segments, whatever the bounds are.
    for state in [State::ProbeBwCruise, State::Startup] {
        let mut model = known(state);
        (model.inflight_shortterm, model.cwnd) = (SMSS, SMSS);
        assert_eq!(after(model, &silent()).cwnd, 4 * SMSS, "{state:?}");
    }
}

#[test]
fn each_state_has_its_bound_on_the_window() {
    // State, long-term bound, window
    for (state, bound, want) in [
        (State::Startup, BDP, 2 * BDP),
        (State::Drain, BDP, 2 * BDP),
        (State::ProbeBwUp, BDP, BDP),
        (State::ProbeRtt, INFINITY, BDP / 2),
        (State::ProbeRtt, 60_000, 51_000),
    ] {
        let mut model = known(state);
        model.inflight_longterm = bound;
        assert_eq!(
            after(model, &Delivery { in_flight: 3 * BDP, ..silent() }).cwnd,
            want,
            "{state:?} {bound}"
        );
    }
    // Startup: up to twice the product, or while the initial window is not delivered.
    for (cwnd, delivered, want) in [
        (3 * BDP, 1_000_000, 3 * BDP),
        (3 * BDP, 9_999, 3 * BDP + SMSS),
        (2 * BDP - 1, 1_000_000, 2 * BDP - 1 + SMSS),
    ] {
        let mut model = known(State::Startup);
        model.cwnd = cwnd;
        let ack = Delivery { newly_delivered: SMSS, delivered, ..silent() };
        let model = after(model, &ack);
        assert_eq!(model.cwnd, want, "{cwnd} {delivered}");
    }
}

#[test]
fn what_left_before_the_application_paused_is_a_measure() {
    let mut model = known(State::Startup);
    model.mark_app_limited(100, 0);
    assert_eq!((model.limited_from, model.limited_until), (100, 101));
    // A pause goes on: from where it began.
    model.mark_app_limited(200, 50);
    assert_eq!((model.limited_from, model.limited_until), (100, 250));
    // Paused from an octet after that of the sample on, or until before it: the plateau counts.
    for (from, until, want) in [
        (1_000_001, 1_100_000, State::Drain),
        (1_000_000, 1_100_000, State::Startup),
        (900_000, 1_000_001, State::Startup),
        (900_000, 1_000_000, State::Drain),
    ] {
        let mut model = known(State::Startup);
        (model.full_bw, model.full_bw_count) = (BW, 2);
        model.mark_app_limited(from, until - from);
        let model = after(model, &Delivery { in_flight: 3 * BDP, ..end_of_round() });
        assert_eq!(model.state, want, "{from} to {until}");
        assert_eq!(model.flags.contains(Flags::LIMITED), until > 1_000_000);
    }
}

#[test]
fn the_most_that_a_round_delivered_is_kept_until_it_ends() {
    let mut model = known(State::ProbeBwCruise);
    (model.bw_latest, model.inflight_latest) = (2 * BW, 2 * BDP);
    let model = after(model, &delivery());
    assert_eq!((model.bw_latest, model.inflight_latest), (2 * BW, 2 * BDP));
    let model = after(model, &Delivery { delivered: 1_100_000, ..end_of_round() });
    assert_eq!((model.bw_latest, model.inflight_latest), (BW, BDP));
    assert_eq!((model.loss_round_delivered, model.next_round_delivered), (1_100_000, 1_100_000));
}

#[test]
fn a_round_with_a_loss_is_counted_from_the_loss() {
    let mut model = known(State::ProbeBwCruise);
    let lossy = Delivery { newly_lost: SMSS, delivered: 1_050_000, ..delivery() };
    model = after(model, &lossy);
    assert_eq!((model.loss_round_delivered, model.loss_events_in_round), (1_050_000, 1));
    assert!(model.flags.contains(Flags::LOSS_IN_ROUND | Flags::UNDO));
    // More of them in this round: what it was before the first is what can be given back.
    model.inflight_shortterm = BDP;
    model = after(model, &Delivery { delivered: 1_060_000, ..lossy });
    assert_eq!((model.loss_round_delivered, model.loss_events_in_round), (1_050_000, 2));
    assert_eq!(model.undo_inflight_shortterm, INFINITY);
    // It ends, and is answered once.
    let ends = with_sample(delivery(), |sample| sample.prior_delivered = 1_050_000);
    model = after(model, &Delivery { delivered: 1_150_000, ..ends });
    assert!(model.bw_shortterm < INFINITY && !model.flags.contains(Flags::LOSS_IN_ROUND));
    // Without probing, too much in flight sets no long-term bound; nor does what the application held back.
    assert_eq!(model.inflight_longterm, INFINITY);
    let lossy = Delivery { in_flight: 2 * BDP, ..lossy };
    let mut model = limited(known(State::ProbeBwUp), &lossy);
    model.flags.insert(Flags::BW_PROBE_SAMPLE);
    let model = after(with_losses(model, &lossy, BDP / 2), &lossy);
    assert_eq!((model.state, model.inflight_longterm), (State::ProbeBwDown, INFINITY));
    assert_eq!(model.undo_state, State::ProbeBwUp);
}

#[test]
fn what_came_beyond_the_rate_is_remembered_for_five_to_ten_rounds() {
    let far = |ms, delivered| Delivery { newly_delivered: delivered, ..later(ms, silent()) };
    // At most the window, and beside what the rate makes expect.
    let model = after(known(State::ProbeBwCruise), &far(0, 9 * BDP));
    assert_eq!(model.extra_acked, [2 * BDP, 0]);
    let mut model = after(known(State::ProbeBwCruise), &far(0, 20_000));
    model = after(model, &far(8, 20_000));
    assert_eq!(model.extra_acked, [30_000, 0], "8 ms are 10,000 octets");
    // Less changes nothing; an idle time begins anew.
    assert_eq!(after(model, &far(16, 0)).extra_acked, [30_000, 0]);
    model.flags.insert(Flags::IDLE_RESTART);
    let idle = after(model, &far(9, 1_000));
    assert_eq!((idle.extra_acked_delivered, idle.extra_acked), (1_000, [30_000, 0]));
    // Rounds fill the other slot, then this one: in Startup each round is enough.
    for (is_full, rounds) in [(true, 5), (false, 1)] {
        let mut model = known(State::ProbeBwCruise);
        model.flags.set(Flags::FULL_BW_REACHED, is_full);
        model.extra_acked = [70_000, 70_000];
        for round in 1..=2 * rounds {
            let ack = Delivery { newly_delivered: 0, ..end_of_round() };
            model = after(model, &ack);
            let want =
                [if round == 2 * rounds { 0 } else { 70_000 }, if round >= rounds { 0 } else { 70_000 }];
            assert_eq!(model.extra_acked, want, "round {round}, {is_full}");
        }
    }
}

#[test]
fn either_slot_of_extra_acked_widens_the_window_and_a_slow_time_begins_anew() {
    for extra in [[20_000, 0], [0, 20_000]] {
        let mut model = known(State::ProbeBwCruise);
        (model.cwnd, model.extra_acked) = (4 * BDP, extra);
        assert_eq!(after(model, &silent()).cwnd, 2 * BDP + 20_000, "{extra:?}");
    }
    let model = after(known(State::ProbeBwCruise), &Delivery { newly_delivered: 20_000, ..silent() });
    let slow = Delivery { newly_delivered: 3_000, ..later(100, silent()) };
    let model = after(model, &slow);
    assert_eq!(model.extra_acked_delivered, 3_000);
}

#[test]
fn a_rate_as_high_as_the_maximum_renews_it() {
    let mut model = known(State::ProbeBwCruise);
    model.max_bw = [0, BW];
    assert_eq!(after(model, &delivery()).max_bw, [BW, BW]);
}

#[test]
fn a_mark_is_tolerated_by_none_and_without_sack_no_loss_is() {
    let mut model = known(State::ProbeBwCruise);
    model.flags.insert(Flags::LOSS_IN_ROUND | Flags::ECHO);
    model.on_delivery(&Bbr::TOLERANT, &end_of_round());
    assert!(model.bw_shortterm < INFINITY);
    let mut model = known(State::ProbeBwUp);
    model.flags.insert(Flags::BW_PROBE_SAMPLE);
    let lossy = Delivery { newly_lost: 1, has_sack: false, in_flight: 2 * BDP, ..delivery() };
    assert_eq!(after(with_losses(model, &lossy, 1), &lossy).state, State::ProbeBwDown);
}

#[test]
fn a_new_loss_gives_back_no_state_that_an_earlier_one_made_it_leave() {
    let mut model = known(State::ProbeBwCruise);
    model.undo_state = State::Startup;
    model.begin_recovery();
    model.undo_loss();
    assert_eq!(model.state, State::ProbeBwCruise);
}

#[test]
fn the_model_hears_of_repairs_of_pauses_and_of_a_syn_that_was_lost() {
    let loss = Loss { flight_size: BDP, smss: SMSS, now: Instant::ZERO };
    let read = |words: &[u32]| Model::read(words).unwrap();
    let mut words = [0; WORDS];
    known(State::ProbeBwCruise).write(&mut words);
    BBR.enter_recovery(&mut words, &loss, Recovery::Sack);
    assert!(read(&words).flags.contains(Flags::RECOVERY));
    BBR.exit_recovery(&mut words, BDP, SMSS);
    assert!(!read(&words).flags.contains(Flags::RECOVERY));
    BBR.on_app_limited(&mut words, 100, 50);
    assert_eq!((read(&words).limited_from, read(&words).limited_until), (100, 150));
    BBR.start(&mut words, SMSS, 2);
    assert_eq!(BBR.window(&words), BBR.initial_window.octets_after(SMSS, 2));
    assert_ne!(BBR.window(&words), BBR.initial_window.octets(SMSS));
}
