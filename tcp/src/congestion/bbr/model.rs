//! The model of the path, draft-ietf-ccwg-bbr-06 §5.5, and the words that it lies in.

use super::Bbr;
use crate::congestion::{Delivery, RateSample};
use tersus_ip::Instant;

/// Words of a connection.
pub(super) const WORDS: usize = 42;
/// The draft's Infinity.
pub(super) const INFINITY: u32 = u32::MAX;
/// Moments of a flight at which the count of lost octets is remembered.
const LOSSES: usize = 4;
/// Beta, in percent.
const BETA_PERCENT: u32 = 70;
/// What is left of an inflight that was too high, in percent.
const TOO_HIGH_PERCENT: u32 = 80;
/// What is left of it at least, in percent of the product: with CRUISE's headroom taken off still all of that.
const PRODUCT_PERCENT: u32 = 118;
/// LossThresh of the draft, in octets of a thousand.
const LOSS_PERMILLE: u16 = 20;
/// A round-trip time above the least one by an eighth of that, and by so many µs, means a queue.
const QUEUE_MIN_US: u32 = 1_000;
/// ExtraAckedFilterLen is twice this, in rounds.
const EXTRA_ACKED_ROUNDS: u8 = 5;

bitflags::bitflags! {
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Flags: u32 {
        const FULL_BW_NOW = 1;
        const FULL_BW_REACHED = 1 << 1;
        const BW_PROBE_SAMPLE = 1 << 2;
        const PREV_PROBE_TOO_HIGH = 1 << 3;
        const PREV_PROBE_PRECAUTIONARY = 1 << 4;
        const IDLE_RESTART = 1 << 5;
        const PROBE_RTT_ROUND_DONE = 1 << 6;
        const LOSS_IN_ROUND = 1 << 7;
        /// BBR.cycle_count, one bit: the slot of `max_bw` that is filled.
        const CYCLE = 1 << 8;
        /// The slot of `extra_acked` that is filled.
        const EXTRA_ACKED_SLOT = 1 << 9;
        /// A loss is being repaired: `prior_cwnd` is restored when that ends.
        const RECOVERY = 1 << 10;
        /// What was sent from when `limited_from` was delivered until `limited_until` is no measure of the network: the
        /// application or ProbeRTT held it back.
        const LIMITED = 1 << 11;
        /// An interval of `extra_acked` has begun.
        const EXTRA_ACKED_BEGUN = 1 << 12;
        /// The peer echoed a mark: it counts as a loss beyond the threshold, by RFC 3168 §6.1.2.
        const ECHO = 1 << 14;
        /// There was a loss since the connection began: `undo_*` hold something.
        const UNDO = 1 << 13;
        /// The last round-trip time that was measured shows a queue.
        const QUEUED = 1 << 15;
    }
}

/// States, §5.1.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    #[default]
    Startup,
    Drain,
    ProbeBwDown,
    ProbeBwCruise,
    ProbeBwRefill,
    ProbeBwUp,
    ProbeRtt,
}

impl State {
    const ALL: [Self; 7] = [
        Self::Startup,
        Self::Drain,
        Self::ProbeBwDown,
        Self::ProbeBwCruise,
        Self::ProbeBwRefill,
        Self::ProbeBwUp,
        Self::ProbeRtt,
    ];

    /// IsInAProbeBWState.
    pub(super) fn is_probe_bw(self) -> bool {
        matches!(self, Self::ProbeBwDown | Self::ProbeBwCruise | Self::ProbeBwRefill | Self::ProbeBwUp)
    }

    /// IsProbingBW.
    pub(super) fn is_probing(self) -> bool {
        matches!(self, Self::Startup | Self::ProbeBwRefill | Self::ProbeBwUp)
    }
}

/// BBR.ack_phase: what the acknowledgements of this round tell of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum AckPhase {
    #[default]
    Init,
    Refilling,
    ProbeStarting,
    ProbeFeedback,
    ProbeStopping,
}

impl AckPhase {
    const ALL: [Self; 5] =
        [Self::Init, Self::Refilling, Self::ProbeStarting, Self::ProbeFeedback, Self::ProbeStopping];
}

/// BBR's variables. Windows in octets, rates in octets per second, `_ms` modulo 2^32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) cwnd: u32,
    pub(super) prior_cwnd: u32,
    /// 0: not set yet.
    pub(super) pacing_rate: u32,
    /// The maximum of this ProbeBW cycle and of the last, by `CYCLE`.
    pub(super) max_bw: [u32; 2],
    pub(super) bw_shortterm: u32,
    pub(super) bw_latest: u32,
    pub(super) full_bw: u32,
    pub(super) inflight_longterm: u32,
    pub(super) inflight_shortterm: u32,
    pub(super) inflight_latest: u32,
    pub(super) min_rtt_us: u32,
    pub(super) min_rtt_ms: u32,
    pub(super) probe_rtt_min_us: u32,
    pub(super) probe_rtt_min_ms: u32,
    pub(super) probe_rtt_done_ms: u32,
    pub(super) next_round_delivered: u32,
    pub(super) loss_round_delivered: u32,
    pub(super) limited_from: u32,
    pub(super) limited_until: u32,
    /// C.lost, and what it was when so much was delivered, the latest first.
    pub(super) lost: u32,
    pub(super) losses: [[u32; 2]; LOSSES],
    /// Drain: the round in which it began. ProbeBW: `cycle_stamp`, in ms.
    pub(super) phase_start: u32,
    pub(super) bw_probe_wait_ms: u32,
    pub(super) probe_up_acked_per_inc: u32,
    pub(super) bw_probe_up_acked: u32,
    pub(super) extra_acked_start_us: u32,
    pub(super) extra_acked_delivered: u32,
    pub(super) extra_acked: [u32; 2],
    pub(super) undo_bw_shortterm: u32,
    pub(super) undo_inflight_shortterm: u32,
    pub(super) undo_inflight_longterm: u32,
    pub(super) flags: Flags,
    // The last word but one.
    pub(super) state: State,
    pub(super) ack_phase: AckPhase,
    /// The state that a loss made it leave; Drain stands for none.
    pub(super) undo_state: State,
    pub(super) full_bw_count: u8,
    // The last word.
    pub(super) bw_probe_up_rounds: u8,
    pub(super) rounds_since_probe_up: u8,
    pub(super) loss_events_in_round: u8,
    pub(super) extra_acked_rounds: u8,
}

/// What the steps of one acknowledgement share.
pub(super) struct Turn<'a> {
    pub(super) bbr: &'a Bbr,
    pub(super) delivery: &'a Delivery,
    /// RS.delivery_rate; 0: none.
    pub(super) rate: u32,
    pub(super) is_app_limited: bool,
    /// RS.lost: octets lost since what the sample tells of was sent.
    pub(super) lost: u32,
    /// The peer echoed a mark since the last acknowledgement.
    pub(super) has_echo: bool,
    /// There is a queue, which losses may come of.
    pub(super) is_queued: bool,
    pub(super) round_start: bool,
    pub(super) loss_round_start: bool,
    pub(super) probe_rtt_expired: bool,
    pub(super) now_ms: u32,
}

impl Turn<'_> {
    pub(super) fn sample(&self) -> Option<&RateSample> {
        self.delivery.sample.as_ref()
    }

    pub(super) fn smss(&self) -> u32 {
        self.delivery.smss.max(1)
    }

    /// C.is_cwnd_limited: the window, and not the pace, kept data back before this acknowledgement.
    pub(super) fn is_cwnd_limited(&self, cwnd: u32) -> bool {
        self.delivery.prior_in_flight.saturating_add(self.smss()) > cwnd
    }

    /// IsInflightTooHigh, §5.5.10.2.
    pub(super) fn is_inflight_too_high(&self) -> bool {
        let asked = self.bbr.loss_permille;
        let permille = if self.is_queued { asked.min(LOSS_PERMILLE) } else { asked };
        let lost = u64::from(self.lost) * 1_000;
        lost > u64::from(self.tx_in_flight()) * u64::from(permille)
            || (self.lost > 0 && !self.delivery.has_sack)
            || self.has_echo
    }

    /// How many of a thousand octets were lost that were in flight then; an echo of a mark counts as all of them.
    fn lost_permille(&self) -> u32 {
        if self.has_echo {
            return 1_000;
        }
        let lost = u64::from(self.lost) * 1_000 / u64::from(self.tx_in_flight().max(1));
        u32::try_from(lost).unwrap_or(u32::MAX)
    }

    /// RS.tx_in_flight: what was in flight when the sample's octets were sent has been delivered since, or is lost.
    pub(super) fn tx_in_flight(&self) -> u32 {
        self.sample().map_or(0, |sample| sample.delivered).saturating_add(self.lost)
    }
}

/// Whether count `a` has reached `b`, both modulo 2^32.
pub(super) fn reached(a: u32, b: u32) -> bool {
    a.wrapping_sub(b) <= u32::MAX / 2
}

pub(super) fn percent(value: u32, percent: u32) -> u32 {
    u32::try_from(u64::from(value) * u64::from(percent) / 100).unwrap_or(u32::MAX)
}

fn low_word(value: u64) -> u32 {
    let [a, b, c, d, ..] = value.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

pub(super) fn millis(now: Instant) -> u32 {
    low_word(now.micros() / 1_000)
}

fn micros(now: Instant) -> u32 {
    low_word(now.micros())
}

impl Model {
    /// OnInit, §5.2.1.
    pub(super) fn new() -> Self {
        Self {
            bw_shortterm: INFINITY,
            inflight_longterm: INFINITY,
            inflight_shortterm: INFINITY,
            min_rtt_us: INFINITY,
            probe_rtt_min_us: INFINITY,
            probe_up_acked_per_inc: INFINITY,
            undo_state: State::Drain,
            ..Self::default()
        }
    }

    /// From the words of a connection; `None` if there are too few.
    pub(super) fn read(words: &[u32]) -> Option<Self> {
        let &[cwnd, prior_cwnd, pacing_rate, a, b, bw_shortterm, bw_latest, full_bw, inflight_longterm, inflight_shortterm, inflight_latest, min_rtt_us, min_rtt_ms, probe_rtt_min_us, probe_rtt_min_ms, probe_rtt_done_ms, next_round_delivered, loss_round_delivered, limited_from, limited_until, lost, l0, l1, l2, l3, l4, l5, l6, l7, phase_start, bw_probe_wait_ms, probe_up_acked_per_inc, bw_probe_up_acked, extra_acked_start_us, extra_acked_delivered, c, d, undo_bw_shortterm, undo_inflight_shortterm, undo_inflight_longterm, states, counts] =
            words.first_chunk::<WORDS>()?;
        let [state, ack_phase, undo_state, flags_high] = states.to_le_bytes();
        let [rounds, full_bw_count, loss_and_extra, flags_low] = counts.to_le_bytes();
        let at = |number: u8| State::ALL.get(usize::from(number)).copied().unwrap_or_default();
        Some(Self {
            cwnd,
            prior_cwnd,
            pacing_rate,
            max_bw: [a, b],
            bw_shortterm,
            bw_latest,
            full_bw,
            inflight_longterm,
            inflight_shortterm,
            inflight_latest,
            min_rtt_us,
            min_rtt_ms,
            probe_rtt_min_us,
            probe_rtt_min_ms,
            probe_rtt_done_ms,
            next_round_delivered,
            loss_round_delivered,
            limited_from,
            limited_until,
            lost,
            losses: [[l0, l1], [l2, l3], [l4, l5], [l6, l7]],
            phase_start,
            bw_probe_wait_ms,
            probe_up_acked_per_inc,
            bw_probe_up_acked,
            extra_acked_start_us,
            extra_acked_delivered,
            extra_acked: [c, d],
            undo_bw_shortterm,
            undo_inflight_shortterm,
            undo_inflight_longterm,
            flags: Flags::from_bits_truncate(u16::from_le_bytes([flags_low, flags_high]).into()),
            state: at(state),
            ack_phase: AckPhase::ALL.get(usize::from(ack_phase)).copied().unwrap_or_default(),
            undo_state: at(undo_state),
            full_bw_count: full_bw_count & 3,
            bw_probe_up_rounds: full_bw_count >> 2,
            rounds_since_probe_up: rounds,
            loss_events_in_round: loss_and_extra & 15,
            extra_acked_rounds: loss_and_extra >> 4,
        })
    }

    /// To the words of a connection.
    pub(super) fn write(&self, words: &mut [u32]) {
        let Some(words) = words.first_chunk_mut::<WORDS>() else { return };
        let [flags_low, flags_high, ..] = self.flags.bits().to_le_bytes();
        let states = [number(State::ALL, self.state), number(AckPhase::ALL, self.ack_phase)];
        let rounds = self.bw_probe_up_rounds.min(30) << 2 | self.full_bw_count.min(3);
        let events = self.extra_acked_rounds.min(15) << 4 | self.loss_events_in_round.min(15);
        let [[l0, l1], [l2, l3], [l4, l5], [l6, l7]] = self.losses;
        *words = [
            self.cwnd,
            self.prior_cwnd,
            self.pacing_rate,
            self.max_bw[0],
            self.max_bw[1],
            self.bw_shortterm,
            self.bw_latest,
            self.full_bw,
            self.inflight_longterm,
            self.inflight_shortterm,
            self.inflight_latest,
            self.min_rtt_us,
            self.min_rtt_ms,
            self.probe_rtt_min_us,
            self.probe_rtt_min_ms,
            self.probe_rtt_done_ms,
            self.next_round_delivered,
            self.loss_round_delivered,
            self.limited_from,
            self.limited_until,
            self.lost,
            l0,
            l1,
            l2,
            l3,
            l4,
            l5,
            l6,
            l7,
            self.phase_start,
            self.bw_probe_wait_ms,
            self.probe_up_acked_per_inc,
            self.bw_probe_up_acked,
            self.extra_acked_start_us,
            self.extra_acked_delivered,
            self.extra_acked[0],
            self.extra_acked[1],
            self.undo_bw_shortterm,
            self.undo_inflight_shortterm,
            self.undo_inflight_longterm,
            u32::from_le_bytes([states[0], states[1], number(State::ALL, self.undo_state), flags_high]),
            u32::from_le_bytes([self.rounds_since_probe_up, rounds, events, flags_low]),
        ];
    }

    /// BBR.max_bw.
    pub(super) fn max_bw(&self) -> u32 {
        self.max_bw[0].max(self.max_bw[1])
    }

    /// BBR.bw, §5.5: BoundBWForModel.
    pub(super) fn bw(&self) -> u32 {
        self.max_bw().min(self.bw_shortterm)
    }

    /// UpdateOnACK, §5.2.3.
    pub(super) fn on_delivery(&mut self, bbr: &Bbr, delivery: &Delivery) {
        if self.flags.contains(Flags::RECOVERY) && !delivery.in_recovery {
            self.end_recovery();
        }
        self.lost = self.lost.wrapping_add(delivery.newly_lost);
        let mut turn = self.turn(bbr, delivery);
        self.remember_losses(delivery);
        if delivery.newly_lost > 0 || turn.has_echo {
            self.on_loss(&turn);
        }
        self.update_latest_delivery_signals(&mut turn);
        self.update_max_bw(&mut turn);
        self.update_congestion_signals(&turn);
        self.update_ack_aggregation(&turn);
        self.check_full_bw_reached(&turn);
        self.check_startup_done(&turn);
        self.check_drain_done(&turn);
        self.update_probe_bw_cycle_phase(&turn);
        self.update_min_rtt(&mut turn);
        self.check_probe_rtt(&turn);
        if turn.loss_round_start {
            // AdvanceLatestDeliverySignals.
            self.bw_latest = turn.rate;
            self.inflight_latest = turn.sample().map_or(0, |sample| sample.delivered);
        }
        self.set_pacing_rate(&turn);
        self.set_cwnd(&turn);
    }

    fn turn<'a>(&mut self, bbr: &'a Bbr, delivery: &'a Delivery) -> Turn<'a> {
        // §4.1: an interval below the least round-trip time comes from data that were sent twice.
        let sample = delivery.sample.as_ref();
        let believed =
            sample.filter(|sample| self.min_rtt_us == INFINITY || sample.interval_us >= self.min_rtt_us);
        let prior = sample.map_or(delivery.delivered, |sample| sample.prior_delivered);
        if self.flags.contains(Flags::LIMITED) && reached(prior, self.limited_until) {
            self.flags.remove(Flags::LIMITED);
        }
        let is_app_limited = self.flags.contains(Flags::LIMITED) && reached(prior, self.limited_from);
        let lost = self.lost.wrapping_sub(self.lost_by(prior));
        let has_echo = self.flags.contains(Flags::ECHO);
        if delivery.rtt_us > 0 && self.min_rtt_us != INFINITY {
            let queue_us = delivery.rtt_us.saturating_sub(self.min_rtt_us);
            self.flags.set(Flags::QUEUED, queue_us > (self.min_rtt_us / 8).max(QUEUE_MIN_US));
        }
        self.flags.remove(Flags::ECHO);
        Turn {
            bbr,
            delivery,
            rate: believed.map_or(0, RateSample::rate),
            is_app_limited,
            lost,
            has_echo,
            is_queued: self.flags.contains(Flags::QUEUED),
            round_start: false,
            loss_round_start: false,
            probe_rtt_expired: false,
            now_ms: millis(delivery.now),
        }
    }

    /// Notes the count of lost octets about three times a flight.
    fn remember_losses(&mut self, delivery: &Delivery) {
        let [[since, _], ..] = self.losses;
        let step = (delivery.in_flight / 3).max(delivery.smss);
        if delivery.delivered.wrapping_sub(since) >= step {
            self.losses.rotate_right(1);
            self.losses[0] = [delivery.delivered, self.lost];
        }
    }

    /// What the count was when so much was delivered, between the notes in proportion.
    pub(super) fn lost_by(&self, delivered: u32) -> u32 {
        let (mut later_delivered, mut later_lost) = (delivered, self.lost);
        for [noted, lost] in self.losses {
            if reached(delivered, noted) {
                let span = u64::from(later_delivered.wrapping_sub(noted)).max(1);
                let part = u64::from(delivered.wrapping_sub(noted)).min(span);
                let grown = u64::from(later_lost.wrapping_sub(lost));
                return lost.wrapping_add(u32::try_from(grown * part / span).unwrap_or(0));
            }
            (later_delivered, later_lost) = (noted, lost);
        }
        later_lost
    }

    /// MarkConnectionAppLimited: samples of what leaves until all that is in flight has arrived do not count.
    pub(super) fn mark_app_limited(&mut self, delivered: u32, in_flight: u32) {
        if !self.flags.contains(Flags::LIMITED) {
            self.limited_from = delivered;
        }
        self.flags.insert(Flags::LIMITED);
        self.limited_until = delivered.wrapping_add(in_flight.max(1));
    }

    /// StartRound, §5.5.1.
    pub(super) fn start_round(&mut self, turn: &Turn<'_>) {
        self.next_round_delivered = turn.delivery.delivered;
    }

    /// §5.5.10.3.
    fn update_latest_delivery_signals(&mut self, turn: &mut Turn<'_>) {
        let Some(sample) = turn.delivery.sample else { return };
        self.bw_latest = self.bw_latest.max(turn.rate);
        self.inflight_latest = self.inflight_latest.max(sample.delivered);
        if reached(sample.prior_delivered, self.loss_round_delivered) {
            self.loss_round_delivered = turn.delivery.delivered;
            turn.loss_round_start = true;
        }
    }

    /// §5.5.5, with UpdateRound of §5.5.1.
    ///
    /// Differs: while it cruises, samples only raise the maximum. They tell of no more than it sends; but while others are in
    /// ProbeRTT or slow down it gets all that, and with each such moment would keep for two cycles more what it had before
    /// they came.
    fn update_max_bw(&mut self, turn: &mut Turn<'_>) {
        let Some(sample) = turn.delivery.sample else { return };
        if reached(sample.prior_delivered, self.next_round_delivered) {
            self.start_round(turn);
            self.rounds_since_probe_up = self.rounds_since_probe_up.saturating_add(1);
            turn.round_start = true;
        }
        let is_cruising = self.state.is_probe_bw() && self.ack_phase == AckPhase::Init;
        if turn.rate > 0 && (turn.rate >= self.max_bw() || !(turn.is_app_limited || is_cruising)) {
            let [even, odd] = &mut self.max_bw;
            let slot = if self.flags.contains(Flags::CYCLE) { odd } else { even };
            *slot = turn.rate.max(*slot);
        }
    }

    /// §5.5.6: the older of the two maxima is forgotten.
    pub(super) fn advance_max_bw_filter(&mut self) {
        let [even, odd] = &mut self.max_bw;
        let (this, other) = if self.flags.contains(Flags::CYCLE) { (odd, even) } else { (even, odd) };
        // A cycle that told nothing takes no place.
        if *this > 0 {
            *other = 0;
            self.flags.toggle(Flags::CYCLE);
        }
    }

    /// §5.5.10.3: once a round with a loss, unless the loss may come from probing.
    fn update_congestion_signals(&mut self, turn: &Turn<'_>) {
        if !turn.loss_round_start {
            return;
        }
        let tolerance = u32::from(turn.bbr.short_term_permille);
        let is_tolerated = tolerance > 0 && !turn.is_queued && turn.lost_permille() <= tolerance;
        if !self.state.is_probing() && self.flags.contains(Flags::LOSS_IN_ROUND) && !is_tolerated {
            if self.bw_shortterm == INFINITY {
                self.bw_shortterm = self.max_bw();
            }
            if self.inflight_shortterm == INFINITY {
                self.inflight_shortterm = self.cwnd;
            }
            self.bw_shortterm = self.bw_latest.max(percent(self.bw_shortterm, BETA_PERCENT));
            self.inflight_shortterm =
                self.inflight_latest.max(percent(self.inflight_shortterm, BETA_PERCENT));
        }
        self.flags.remove(Flags::LOSS_IN_ROUND);
    }

    /// ResetCongestionSignals.
    pub(super) fn reset_congestion_signals(&mut self) {
        self.flags.remove(Flags::LOSS_IN_ROUND);
        self.bw_latest = 0;
        self.inflight_latest = 0;
    }

    /// ResetShortTermModel.
    pub(super) fn reset_short_term_model(&mut self) {
        self.bw_shortterm = INFINITY;
        self.inflight_shortterm = INFINITY;
    }

    /// §5.5.9.
    fn update_ack_aggregation(&mut self, turn: &Turn<'_>) {
        let now = micros(turn.delivery.now);
        let span = now.wrapping_sub(self.extra_acked_start_us);
        let expected = u64::from(self.bw()) * u64::from(span) / 1_000_000;
        let mut expected = u32::try_from(expected).unwrap_or(u32::MAX);
        let begun = self.flags.contains(Flags::EXTRA_ACKED_BEGUN);
        if !begun || self.flags.contains(Flags::IDLE_RESTART) || self.extra_acked_delivered <= expected {
            self.flags.insert(Flags::EXTRA_ACKED_BEGUN);
            self.extra_acked_delivered = 0;
            self.extra_acked_start_us = now;
            expected = 0;
        }
        self.extra_acked_delivered = self.extra_acked_delivered.saturating_add(turn.delivery.newly_delivered);
        let extra = self.extra_acked_delivered.saturating_sub(expected).min(self.cwnd);
        if turn.round_start {
            self.extra_acked_rounds += 1;
            let rounds = if self.flags.contains(Flags::FULL_BW_REACHED) { EXTRA_ACKED_ROUNDS } else { 1 };
            if self.extra_acked_rounds >= rounds {
                self.extra_acked_rounds = 0;
                self.flags.toggle(Flags::EXTRA_ACKED_SLOT);
                *self.extra_acked_slot() = 0;
            }
        }
        let slot = self.extra_acked_slot();
        *slot = extra.max(*slot);
    }

    fn extra_acked_slot(&mut self) -> &mut u32 {
        let [even, odd] = &mut self.extra_acked;
        if self.flags.contains(Flags::EXTRA_ACKED_SLOT) {
            odd
        } else {
            even
        }
    }

    /// RFC 3168 §6.1.2: an echo is answered as a loss would be, at the acknowledgement that brings it.
    pub(super) fn on_echo(&mut self) {
        self.flags.insert(Flags::ECHO);
    }

    /// NoteLoss and HandleLostPacket, §5.5.10.2.
    fn on_loss(&mut self, turn: &Turn<'_>) {
        self.loss_events_in_round = self.loss_events_in_round.saturating_add(1).min(15);
        if !self.flags.contains(Flags::LOSS_IN_ROUND) {
            self.loss_round_delivered = turn.delivery.delivered;
            self.save_state_upon_loss();
        }
        self.flags.insert(Flags::LOSS_IN_ROUND);
        if self.flags.contains(Flags::BW_PROBE_SAMPLE) && turn.is_inflight_too_high() {
            self.on_inflight_too_high(turn);
        }
    }

    /// HandleInflightTooHigh.
    ///
    /// Differs: the draft keeps what was in flight. Flows that fill a queue together then keep their shares as well; if each
    /// gives up a part in proportion, and wins back as much as the others, they come to share alike.
    fn on_inflight_too_high(&mut self, turn: &Turn<'_>) {
        self.flags.insert(Flags::PREV_PROBE_TOO_HIGH);
        self.flags.remove(Flags::BW_PROBE_SAMPLE);
        if !turn.is_app_limited {
            let in_flight = turn.tx_in_flight();
            let left = percent(in_flight, TOO_HIGH_PERCENT);
            let product = percent(self.bdp(), PRODUCT_PERCENT).min(in_flight);
            self.inflight_longterm = left.max(product).max(percent(self.target_inflight(), BETA_PERCENT));
        }
        if self.state == State::ProbeBwUp {
            self.undo_state = State::ProbeBwUp;
            self.start_probe_bw_down(turn);
        }
    }

    /// SaveStateUponLoss, §5.5.11.1.
    pub(super) fn save_state_upon_loss(&mut self) {
        self.save_cwnd();
        self.flags.insert(Flags::UNDO);
        self.undo_state = State::Drain;
        self.undo_bw_shortterm = self.bw_shortterm;
        self.undo_inflight_shortterm = self.inflight_shortterm;
        self.undo_inflight_longterm = self.inflight_longterm;
    }
}

fn number<T: PartialEq, const N: usize>(all: [T; N], one: T) -> u8 {
    all.iter().position(|other| *other == one).and_then(|place| u8::try_from(place).ok()).unwrap_or(0)
}
