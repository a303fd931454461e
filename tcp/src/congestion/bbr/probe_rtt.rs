//! ProbeRTT, draft-ietf-ccwg-bbr-06 §5.3.4: half of the product for 200 ms, so that queues drain and the least round-trip time
//! shows.

use super::model::{AckPhase, Flags, Model, State, Turn, INFINITY};

/// MinRTTFilterLen.
const MIN_RTT_FILTER_MS: u32 = 10_000;
/// ProbeRTTInterval.
const PROBE_RTT_INTERVAL_MS: u32 = 5_000;
/// ProbeRTTDuration.
const PROBE_RTT_DURATION_MS: u32 = 200;

/// Whether more than `span` has passed since `start`; a clock that stepped back is one that stood still.
fn has_passed(now: u32, start: u32, span: u32) -> bool {
    let passed = now.wrapping_sub(start);
    passed <= u32::MAX / 2 && passed > span
}

impl Model {
    /// UpdateMinRTT.
    pub(super) fn update_min_rtt(&mut self, turn: &mut Turn<'_>) {
        let now = turn.now_ms;
        turn.probe_rtt_expired = self.probe_rtt_min_us != INFINITY
            && has_passed(now, self.probe_rtt_min_ms, PROBE_RTT_INTERVAL_MS);
        let rtt = turn.delivery.rtt_us;
        if rtt > 0 && (rtt < self.probe_rtt_min_us || turn.probe_rtt_expired) {
            self.probe_rtt_min_us = rtt;
            self.probe_rtt_min_ms = now;
        }
        let min_rtt_expired = has_passed(now, self.min_rtt_ms, MIN_RTT_FILTER_MS);
        if self.probe_rtt_min_us < self.min_rtt_us || min_rtt_expired {
            self.min_rtt_us = self.probe_rtt_min_us;
            self.min_rtt_ms = self.probe_rtt_min_ms;
        }
    }

    /// CheckProbeRTT.
    pub(super) fn check_probe_rtt(&mut self, turn: &Turn<'_>) {
        let may_enter = self.state != State::ProbeRtt && !self.flags.contains(Flags::IDLE_RESTART);
        if may_enter && turn.probe_rtt_expired {
            self.save_cwnd();
            self.state = State::ProbeRtt;
            self.probe_rtt_done_ms = 0;
            self.ack_phase = AckPhase::ProbeStopping;
            self.start_round(turn);
        }
        if self.state == State::ProbeRtt {
            self.on_probe_rtt(turn);
        }
        if turn.delivery.newly_delivered > 0 {
            self.flags.remove(Flags::IDLE_RESTART);
        }
    }

    /// HandleProbeRTT.
    fn on_probe_rtt(&mut self, turn: &Turn<'_>) {
        self.mark_app_limited(turn.delivery.delivered, turn.delivery.in_flight);
        if self.probe_rtt_done_ms == 0 {
            if turn.delivery.in_flight <= self.probe_rtt_cwnd(turn) {
                // 0 stands for "not yet".
                self.probe_rtt_done_ms = turn.now_ms.wrapping_add(PROBE_RTT_DURATION_MS) | 1;
                self.flags.remove(Flags::PROBE_RTT_ROUND_DONE);
                self.start_round(turn);
            }
            return;
        }
        if turn.round_start {
            self.flags.insert(Flags::PROBE_RTT_ROUND_DONE);
        }
        if self.flags.contains(Flags::PROBE_RTT_ROUND_DONE)
            && has_passed(turn.now_ms, self.probe_rtt_done_ms, 0)
        {
            self.probe_rtt_min_ms = turn.now_ms;
            self.restore_cwnd();
            self.exit_probe_rtt(turn);
        }
    }

    /// ExitProbeRTT, §5.3.4.4.
    fn exit_probe_rtt(&mut self, turn: &Turn<'_>) {
        self.reset_short_term_model();
        if self.flags.contains(Flags::FULL_BW_REACHED) {
            self.start_probe_bw_down(turn);
            self.state = State::ProbeBwCruise;
        } else {
            self.enter_startup();
        }
    }
}
