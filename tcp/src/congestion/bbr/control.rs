//! Pacing rate and congestion window, draft-ietf-ccwg-bbr-06 §5.6.

use super::model::{percent, Flags, Model, State, Turn, INFINITY};
use crate::congestion::reno::CWND_MAX;

/// 100 less PacingMarginPercent.
const MARGIN_PERCENT: u32 = 99;
/// Startup's pacing gain.
const STARTUP_GAIN: u32 = 277;
/// ProbeRTTCwndGain.
const PROBE_RTT_GAIN: u32 = 50;
/// Send quanta that are kept in flight beside all else, §5.5.8.1.
const QUANTA: u32 = 3;
/// Largest send quantum, in octets.
const QUANTUM_MAX: u32 = 64 * 1024;

/// MinPipeCwnd, §5.6.4.3.
pub(super) fn min_pipe_cwnd(turn: &Turn<'_>) -> u32 {
    turn.smss().saturating_mul(4)
}

/// A window in a round trip, times the gain of Startup.
fn initial_rate(window: u32, rtt_us: u32) -> u64 {
    u64::from(window) * 10_000 * u64::from(STARTUP_GAIN) / u64::from(rtt_us.max(1))
}

impl State {
    /// The table of §5.6.1, in percent.
    fn pacing_gain(self) -> u32 {
        match self {
            Self::Startup => STARTUP_GAIN,
            Self::Drain => 50,
            Self::ProbeBwDown => 90,
            Self::ProbeBwCruise | Self::ProbeBwRefill | Self::ProbeRtt => 100,
            Self::ProbeBwUp => 125,
        }
    }

    fn cwnd_gain(self) -> u32 {
        match self {
            // Differs: 225 in the draft. Where the window rules, and with several flows it does, a probe shall push as hard as
            // where the pace does.
            Self::ProbeBwUp => 250,
            Self::ProbeRtt => PROBE_RTT_GAIN,
            _ => 200,
        }
    }
}

impl Model {
    /// SetPacingRate. The first time what counts is InitPacingRate: a rate that samples may only raise.
    pub(super) fn set_pacing_rate(&mut self, turn: &Turn<'_>) {
        let rtt_us = turn.delivery.rtt_us;
        if self.pacing_rate == 0 && rtt_us > 0 {
            let initial = initial_rate(turn.bbr.initial_window.octets(turn.smss()), rtt_us);
            self.pacing_rate = u32::try_from(initial).unwrap_or(u32::MAX);
        }
        self.set_pacing_rate_with_gain(self.state.pacing_gain());
    }

    /// §5.6.2: before the pipe was full once, the rate only rises.
    pub(super) fn set_pacing_rate_with_gain(&mut self, gain: u32) {
        let rate = percent(percent(self.bw(), gain), MARGIN_PERCENT);
        if rate > 0 && (self.flags.contains(Flags::FULL_BW_REACHED) || rate > self.pacing_rate) {
            self.pacing_rate = rate;
        }
    }

    /// The rate, in octets per second. Until it is known: InitPacingRate, from the initial window.
    pub(super) fn pacing_rate_now(&self, srtt_us: u32) -> u64 {
        match self.pacing_rate {
            0 => initial_rate(self.cwnd, if srtt_us == 0 { 1_000 } else { srtt_us }),
            rate => rate.into(),
        }
    }

    /// BBR.bdp, in octets; 0 without a model.
    pub(super) fn bdp(&self) -> u32 {
        if self.min_rtt_us == INFINITY {
            return 0;
        }
        let bdp = u64::from(self.bw()) * u64::from(self.min_rtt_us) / 1_000_000;
        u32::try_from(bdp).unwrap_or(u32::MAX)
    }

    /// TargetInflight.
    pub(super) fn target_inflight(&self) -> u32 {
        self.bdp().min(self.cwnd)
    }

    /// Inflight(gain), §5.6.4.2.
    pub(super) fn inflight(&self, turn: &Turn<'_>, gain: u32) -> u32 {
        self.quantization_budget(turn, self.bdp_multiple(turn, gain))
    }

    /// BDPMultiple.
    fn bdp_multiple(&self, turn: &Turn<'_>, gain: u32) -> u32 {
        if self.min_rtt_us == INFINITY {
            return turn.bbr.initial_window.octets(turn.smss());
        }
        percent(self.bdp(), gain)
    }

    /// QuantizationBudget, with the offload budget of §5.5.8.
    fn quantization_budget(&self, turn: &Turn<'_>, inflight_cap: u32) -> u32 {
        let quantum = (self.pacing_rate / 1_000).min(QUANTUM_MAX).max(turn.smss().saturating_mul(2));
        let cap = inflight_cap.max(quantum.saturating_mul(QUANTA)).max(min_pipe_cwnd(turn));
        if self.state == State::ProbeBwUp {
            return cap.saturating_add(turn.smss().saturating_mul(2));
        }
        cap
    }

    /// SetCwnd, §5.6.4.6.
    pub(super) fn set_cwnd(&mut self, turn: &Turn<'_>) {
        let initial = turn.bbr.initial_window.octets(turn.smss());
        let extra = self.extra_acked[0].max(self.extra_acked[1]);
        let cap = self.bdp_multiple(turn, self.state.cwnd_gain()).saturating_add(extra);
        let max_inflight = self.quantization_budget(turn, cap);
        let grown = self.cwnd.saturating_add(turn.delivery.newly_delivered).min(CWND_MAX);
        if self.flags.contains(Flags::FULL_BW_REACHED) {
            self.cwnd = grown.min(max_inflight);
        } else if self.cwnd < max_inflight || turn.delivery.delivered < initial {
            self.cwnd = grown;
        }
        self.cwnd = self.cwnd.max(min_pipe_cwnd(turn));
        if self.state == State::ProbeRtt {
            self.cwnd = self.cwnd.min(self.probe_rtt_cwnd(turn));
        }
        self.bound_cwnd_for_model(turn);
    }

    /// ProbeRTTCwnd, §5.6.4.5.
    pub(super) fn probe_rtt_cwnd(&self, turn: &Turn<'_>) -> u32 {
        self.bdp_multiple(turn, PROBE_RTT_GAIN).max(min_pipe_cwnd(turn))
    }

    /// BoundCwndForModel, §5.6.4.7.
    fn bound_cwnd_for_model(&mut self, turn: &Turn<'_>) {
        let cap = match self.state {
            State::Startup | State::Drain => INFINITY,
            State::ProbeBwCruise | State::ProbeRtt => self.inflight_with_headroom(turn),
            State::ProbeBwDown | State::ProbeBwRefill | State::ProbeBwUp => self.inflight_longterm,
        };
        let cap = cap.min(self.inflight_shortterm).max(min_pipe_cwnd(turn));
        self.cwnd = self.cwnd.min(cap);
    }

    /// SaveCwnd, §5.6.4.4.
    pub(super) fn save_cwnd(&mut self) {
        self.prior_cwnd = if self.flags.contains(Flags::RECOVERY) || self.state == State::ProbeRtt {
            self.prior_cwnd.max(self.cwnd)
        } else {
            self.cwnd
        };
    }

    /// RestoreCwnd.
    pub(super) fn restore_cwnd(&mut self) {
        self.cwnd = self.cwnd.max(self.prior_cwnd);
    }
}
