//! Startup and Drain, draft-ietf-ccwg-bbr-06 §5.3.1 and §5.3.2, and what follows from a loss that was none, §5.5.11.2.

use super::model::{Flags, Model, State, Turn};

/// Rounds without growth by a fourth that mean a full pipe.
const FULL_BW_ROUNDS: u8 = 3;
/// BBRStartupFullLossCnt.
const STARTUP_FULL_LOSS_COUNT: u8 = 6;
/// Rounds that Drain lasts at most.
const DRAIN_ROUNDS: u32 = 3;

impl Model {
    /// EnterStartup.
    pub(super) fn enter_startup(&mut self) {
        self.state = State::Startup;
    }

    /// ResetFullBW.
    pub(super) fn reset_full_bw(&mut self) {
        self.full_bw = 0;
        self.full_bw_count = 0;
        self.flags.remove(Flags::FULL_BW_NOW);
    }

    /// §5.3.1.2: a plateau of the delivery rate.
    pub(super) fn check_full_bw_reached(&mut self, turn: &Turn<'_>) {
        if self.flags.contains(Flags::FULL_BW_NOW) || !turn.round_start || turn.is_app_limited {
            return;
        }
        if u64::from(turn.rate) * 4 >= u64::from(self.full_bw) * 5 {
            self.reset_full_bw();
            self.full_bw = turn.rate;
            return;
        }
        self.full_bw_count += 1;
        if self.full_bw_count >= FULL_BW_ROUNDS {
            self.flags.insert(Flags::FULL_BW_NOW | Flags::FULL_BW_REACHED);
        }
    }

    /// CheckStartupDone, §5.3.1.1.
    pub(super) fn check_startup_done(&mut self, turn: &Turn<'_>) {
        self.check_startup_high_loss(turn);
        if self.state == State::Startup && self.flags.contains(Flags::FULL_BW_REACHED) {
            self.state = State::Drain;
            // BBR.drain_start_round: rounds are counted from here.
            self.phase_start = 0;
        }
    }

    /// §5.3.1.3.
    fn check_startup_high_loss(&mut self, turn: &Turn<'_>) {
        let delivery = turn.delivery;
        let is_high = match (delivery.has_sack, delivery.in_recovery) {
            (_, false) => false,
            (false, true) => delivery.newly_lost > 0,
            (true, true) => {
                turn.loss_round_start
                    && self.loss_events_in_round >= STARTUP_FULL_LOSS_COUNT
                    && turn.is_inflight_too_high()
            }
        };
        if self.state == State::Startup && is_high {
            self.undo_state = State::Startup;
            self.flags.insert(Flags::FULL_BW_REACHED);
            self.inflight_longterm = self.bdp().max(self.inflight_latest);
        }
        if turn.loss_round_start {
            self.loss_events_in_round = 0;
        }
    }

    /// §5.3.2.
    pub(super) fn check_drain_done(&mut self, turn: &Turn<'_>) {
        if self.state != State::Drain {
            return;
        }
        if turn.round_start {
            self.phase_start = self.phase_start.saturating_add(1);
        }
        let is_drained = turn.delivery.in_flight <= self.inflight(turn, 100);
        if is_drained || self.phase_start > DRAIN_ROUNDS {
            self.start_probe_bw_down(turn);
        }
    }

    /// OnEnterRTO and OnEnterFastRecovery, §5.6.4.4.
    pub(super) fn begin_recovery(&mut self) {
        self.save_state_upon_loss();
        self.flags.insert(Flags::RECOVERY);
    }

    /// All losses are repaired: what cwnd was before counts again.
    pub(super) fn end_recovery(&mut self) {
        if self.flags.contains(Flags::RECOVERY) {
            self.flags.remove(Flags::RECOVERY);
            self.restore_cwnd();
        }
    }

    /// HandleSpuriousLossDetection, §5.5.11.2.
    pub(super) fn undo_loss(&mut self) {
        if !self.flags.contains(Flags::UNDO) {
            return;
        }
        self.restore_cwnd();
        self.flags.remove(Flags::LOSS_IN_ROUND | Flags::RECOVERY);
        self.reset_full_bw();
        self.bw_shortterm = self.bw_shortterm.max(self.undo_bw_shortterm);
        self.inflight_shortterm = self.inflight_shortterm.max(self.undo_inflight_shortterm);
        self.inflight_longterm = self.inflight_longterm.max(self.undo_inflight_longterm);
        match self.undo_state {
            State::Startup if self.state != State::Startup => {
                self.flags.remove(Flags::FULL_BW_REACHED);
                if self.state != State::ProbeRtt {
                    self.enter_startup();
                }
            }
            State::ProbeBwUp if self.state != State::ProbeBwUp && self.state != State::ProbeRtt => {
                self.refill();
            }
            _ => {}
        }
        self.undo_state = State::Drain;
    }
}
