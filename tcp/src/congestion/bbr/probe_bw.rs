//! ProbeBW, draft-ietf-ccwg-bbr-06 §5.3.3: slower, alike, faster than the network delivers, in turn.

use super::model::{AckPhase, Flags, Model, State, Turn, INFINITY};

/// Headroom, in percent of `inflight_longterm`.
const HEADROOM_PERCENT: u32 = 15;
/// Rounds between two probes at most, beside one that is drawn: T_reno_bound, §5.3.3.8.2.
const RENO_ROUNDS: u32 = 63;
/// T_bbr, in ms, beside what is drawn: 2.5 s on average, as the draft has it. Differs: it is drawn from 1 s to 4 s, not from 2 s
/// to 3 s. Flows leave ProbeRTT together, and two that probe at once learn nothing of their shares.
const PROBE_WAIT_MS: u32 = 1_000;
const PROBE_WAIT_DRAWN_MS: u32 = 3_000;

impl Model {
    /// StartProbeBW_DOWN.
    pub(super) fn start_probe_bw_down(&mut self, turn: &Turn<'_>) {
        self.reset_congestion_signals();
        self.probe_up_acked_per_inc = INFINITY;
        self.pick_probe_wait(turn);
        self.phase_start = turn.now_ms;
        self.ack_phase = AckPhase::ProbeStopping;
        self.start_round(turn);
        self.state = State::ProbeBwDown;
    }

    /// PickProbeWait. The draws need not be secret: they keep flows from probing in step.
    fn pick_probe_wait(&mut self, turn: &Turn<'_>) {
        let seed = turn.delivery.delivered ^ self.min_rtt_us.rotate_left(16) ^ turn.now_ms.rotate_left(8);
        let drawn = seed.wrapping_mul(0x9e37_79b1);
        self.rounds_since_probe_up = u8::from(drawn >> 31 == 1);
        self.bw_probe_wait_ms = PROBE_WAIT_MS + (drawn >> 8) % PROBE_WAIT_DRAWN_MS;
    }

    /// StartProbeBW_REFILL.
    fn start_probe_bw_refill(&mut self, turn: &Turn<'_>) {
        self.refill();
        self.start_round(turn);
    }

    /// The same before it is known where the round ends.
    pub(super) fn refill(&mut self) {
        self.reset_short_term_model();
        self.bw_probe_up_rounds = 0;
        self.bw_probe_up_acked = 0;
        self.flags.remove(Flags::PREV_PROBE_PRECAUTIONARY);
        self.ack_phase = AckPhase::Refilling;
        self.state = State::ProbeBwRefill;
    }

    /// StartProbeBW_UP.
    fn start_probe_bw_up(&mut self, turn: &Turn<'_>) {
        self.ack_phase = AckPhase::ProbeStarting;
        self.start_round(turn);
        self.reset_full_bw();
        self.full_bw = turn.rate;
        self.state = State::ProbeBwUp;
        self.raise_inflight_longterm_slope(turn);
    }

    /// UpdateProbeBWCyclePhase, §5.3.3.9.
    pub(super) fn update_probe_bw_cycle_phase(&mut self, turn: &Turn<'_>) {
        if !self.flags.contains(Flags::FULL_BW_REACHED) || self.adapt_long_term_model(turn) {
            return;
        }
        match self.state {
            State::ProbeBwDown | State::ProbeBwCruise if self.is_time_to_probe_bw(turn) => {
                self.start_probe_bw_refill(turn);
            }
            State::ProbeBwDown if self.is_time_to_cruise(turn) => self.state = State::ProbeBwCruise,
            State::ProbeBwRefill if turn.round_start => {
                self.flags.insert(Flags::BW_PROBE_SAMPLE);
                self.start_probe_bw_up(turn);
            }
            State::ProbeBwUp => self.end_probe_bw_up(turn),
            _ => {}
        }
    }

    fn end_probe_bw_up(&mut self, turn: &Turn<'_>) {
        if self.is_time_to_go_down(turn) {
            self.flags.remove(Flags::PREV_PROBE_TOO_HIGH);
            self.start_probe_bw_down(turn);
        }
    }

    /// AdaptLongTermModel; whether it decided a transition.
    fn adapt_long_term_model(&mut self, turn: &Turn<'_>) -> bool {
        if self.ack_phase == AckPhase::ProbeStarting && turn.round_start {
            self.ack_phase = AckPhase::ProbeFeedback;
        }
        if self.ack_phase == AckPhase::ProbeStopping && turn.round_start {
            self.flags.remove(Flags::BW_PROBE_SAMPLE);
            self.ack_phase = AckPhase::Init;
            if self.state.is_probe_bw() && !turn.is_app_limited {
                self.advance_max_bw_filter();
            }
            // The careful probe went well: at once another, without that care.
            let went_well = self.flags & (Flags::PREV_PROBE_PRECAUTIONARY | Flags::PREV_PROBE_TOO_HIGH)
                == Flags::PREV_PROBE_PRECAUTIONARY;
            if self.state.is_probe_bw() && went_well {
                self.start_probe_bw_refill(turn);
                return true;
            }
        }
        if turn.is_inflight_too_high() || self.inflight_longterm == INFINITY {
            return false;
        }
        // What still comes of a probe that was too high does not take back what followed from it.
        let is_answered =
            self.ack_phase == AckPhase::ProbeStopping && self.flags.contains(Flags::PREV_PROBE_TOO_HIGH);
        if !is_answered {
            self.inflight_longterm = self.inflight_longterm.max(turn.tx_in_flight());
        }
        if self.state == State::ProbeBwUp {
            self.probe_inflight_longterm_upward(turn);
        }
        false
    }

    /// IsTimeToProbeBW.
    fn is_time_to_probe_bw(&self, turn: &Turn<'_>) -> bool {
        let waited = turn.now_ms.wrapping_sub(self.phase_start);
        // A clock that stepped back is one that stood still.
        let has_elapsed = waited <= u32::MAX / 2 && waited > self.bw_probe_wait_ms;
        let rounds = (self.target_inflight() / turn.smss()).min(RENO_ROUNDS);
        has_elapsed || u32::from(self.rounds_since_probe_up) >= rounds
    }

    /// IsTimeToCruise.
    fn is_time_to_cruise(&self, turn: &Turn<'_>) -> bool {
        let in_flight = turn.delivery.in_flight;
        in_flight <= self.inflight_with_headroom(turn) && in_flight <= self.inflight(turn, 100)
    }

    /// IsTimeToGoDown.
    fn is_time_to_go_down(&mut self, turn: &Turn<'_>) -> bool {
        let reaches = turn.delivery.prior_in_flight >= self.inflight_longterm;
        if self.flags.contains(Flags::PREV_PROBE_TOO_HIGH) && reaches {
            self.flags.insert(Flags::PREV_PROBE_PRECAUTIONARY);
            return true;
        }
        if turn.is_cwnd_limited(self.cwnd) && self.cwnd >= self.inflight_longterm {
            self.reset_full_bw();
            self.full_bw = turn.rate;
            return false;
        }
        self.flags.contains(Flags::FULL_BW_NOW)
    }

    /// InflightWithHeadroom.
    pub(super) fn inflight_with_headroom(&self, turn: &Turn<'_>) -> u32 {
        if self.inflight_longterm == INFINITY {
            return INFINITY;
        }
        let headroom = super::model::percent(self.inflight_longterm, HEADROOM_PERCENT).max(turn.smss());
        self.inflight_longterm.saturating_sub(headroom).max(super::control::min_pipe_cwnd(turn))
    }

    /// RaiseInflightLongtermSlope: by two segments in this round, four in the next, then eight. Differs: the draft begins with
    /// one. What flows gain alike in a probe is what brings their shares together.
    fn raise_inflight_longterm_slope(&mut self, turn: &Turn<'_>) {
        let growth = 2u32 << self.bw_probe_up_rounds.min(30);
        self.bw_probe_up_rounds = (self.bw_probe_up_rounds + 1).min(30);
        self.probe_up_acked_per_inc = (self.cwnd / growth).max(turn.smss());
    }

    /// ProbeInflightLongtermUpward.
    fn probe_inflight_longterm_upward(&mut self, turn: &Turn<'_>) {
        if !turn.is_cwnd_limited(self.cwnd) || self.cwnd < self.inflight_longterm {
            return;
        }
        self.bw_probe_up_acked = self.bw_probe_up_acked.saturating_add(turn.delivery.newly_delivered);
        let step = self.probe_up_acked_per_inc.max(1);
        let increments = self.bw_probe_up_acked / step;
        self.bw_probe_up_acked %= step;
        self.inflight_longterm =
            self.inflight_longterm.saturating_add(increments.saturating_mul(turn.smss())).min(INFINITY - 1);
        if turn.round_start {
            self.raise_inflight_longterm_slope(turn);
        }
    }
}
