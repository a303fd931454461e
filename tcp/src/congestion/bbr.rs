//! BBR, version 3, draft-ietf-ccwg-bbr-06: the rate of sending follows the rate at which the network delivers, and what is in
//! flight the product of that rate and the path's least round-trip time. Loss bounds both, it does not rule them.
//!
//! ```text
//!   Startup ──▶ Drain ──▶ ProbeBW:  DOWN ──▶ CRUISE ──▶ REFILL ──▶ UP ──▶ DOWN …
//!      ▲                     │       0.9       1.0        1.0     1.25      pacing gains
//!      └────── ProbeRTT ◀────┘       every 5 s without a lower round-trip time, for 200 ms
//! ```
//! Integers only: rates in octets per second, at most 2^32, gains in percent, times in milliseconds modulo 2^32. The names are
//! the draft's, in sections 5.3 (`state_machine`, `probe_bw`, `probe_rtt`), 5.5 (`model`) and 5.6 (`control`).
//!
//! It needs the duty [`Duties::with_pacing`](crate::Duties::with_pacing) and send records: one for each burst of a
//! round trip. Where records are few, runs are coarse and give no samples; then it goes on with its initial window.
//!
//! Sent octets carry no count of losses; the model notes it a few times a flight (`lost`), by what was delivered then.
//!
//! Differs: whether inflight was too high is judged when an acknowledgement comes, by the octets it covers that were sent last,
//! not by each octet that was lost (§5.5.10.2). The windowed maximum of `extra_acked` has two slots of five rounds.
//!
//! So that two flows come to share alike within half a minute, where by the draft alone the one that was first keeps three
//! fifths for more than one: probes are 1 to 4 s apart, not 2 to 3 (`pick_probe_wait`); the window of a probe is 2.5 times
//! the product, not 2.25; cruising does not renew the maximum of the rate (`update_max_bw`); of an inflight that was too high
//! 80 % are left (`on_inflight_too_high`), and its bound rises by two segments in a probe's first round, not by one.

mod control;
mod model;
mod probe_bw;
mod probe_rtt;
mod state_machine;

use super::{Ack, Congestion, Delivery, Expiry, InitialWindow, Loss, Recovery};
use model::{Flags, Model, WORDS};

/// Rate-based congestion control: BBR version 3, draft-ietf-ccwg-bbr-06.
///
/// It needs the duty [`Duties::with_pacing`](crate::Duties::with_pacing), without which it keeps its initial window; 42 words a
/// connection, the last parameter of [`Storage`](crate::Storage); and send records, one for each burst of a round trip:
/// ```
/// use tersus_tcp::congestion::{Bbr, Congestion};
/// use tersus_tcp::{Config, Storage, Tcp};
///
/// assert_eq!(Bbr::DEFAULT.words(), 42);
/// // Two connections; the default has 9 words and 32 records.
/// let mut memory: Box<Storage<2, 65_536, 65_536, 4, 4, 1, 128, 32, 42>> = Box::default();
/// let tcp = Tcp::new(&mut memory, Config::new(), &Bbr::DEFAULT, [7; 32]);
/// # drop(tcp);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bbr {
    /// What a connection starts with.
    pub initial_window: InitialWindow,
    /// LossThresh: how many octets of a thousand may be lost in a round trip of probing before that counts as too much in
    /// flight. Default 20, as the draft has it. More is for paths that lose without being full, and counts while the
    /// round-trip time is at most an eighth, or a millisecond, above the least one.
    pub loss_permille: u16,
    /// How many octets of a thousand may be lost in a round trip without probing before rate and window follow what is
    /// delivered (§5.5.10.3 of the draft). Default 0, as the draft has it: any loss counts. It does where the round-trip time shows a queue.
    pub short_term_permille: u16,
}

impl Bbr {
    /// As the draft has it, with ten segments to begin with.
    pub const DEFAULT: Self =
        Self { initial_window: InitialWindow::Rfc6928, loss_permille: 20, short_term_permille: 0 };

    /// For paths that lose up to a tenth without being full, such as radio links: that much is not answered. At 3 % of random
    /// loss it fills the path, where [`Bbr::DEFAULT`] has two fifths of it. Where the round-trip time shows a queue, losses are
    /// answered as by [`Bbr::DEFAULT`]: beside other flows both behave alike.
    pub const TOLERANT: Self = Self { loss_permille: 100, short_term_permille: 100, ..Self::DEFAULT };
}

impl Default for Bbr {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Congestion for Bbr {
    fn words(&self) -> usize {
        WORDS
    }

    fn start(&self, words: &mut [u32], smss: u32, syn_retransmissions: u8) {
        let mut model = Model::new();
        model.cwnd = self.initial_window.octets_after(smss, syn_retransmissions);
        model.write(words);
    }

    fn window(&self, words: &[u32]) -> u32 {
        Model::read(words).map_or(super::reno::CWND_WITHOUT_WORDS, |model| model.cwnd)
    }

    /// There is none: slow start ends by rates.
    fn ssthresh(&self, _: &[u32]) -> u32 {
        u32::MAX
    }

    /// Nothing: [`Congestion::on_delivery`] hears of it as well.
    fn on_ack(&self, _: &mut [u32], _: &Ack) {}

    fn enter_recovery(&self, words: &mut [u32], _: &Loss, _: Recovery) {
        let Some(mut model) = Model::read(words) else { return };
        model.begin_recovery();
        model.write(words);
    }

    fn on_duplicate_ack(&self, _: &mut [u32], _: u32) {}

    fn on_partial_ack(&self, _: &mut [u32], _: u32, _: u32) {}

    fn exit_recovery(&self, words: &mut [u32], _: u32, _: u32) {
        let Some(mut model) = Model::read(words) else { return };
        model.end_recovery();
        model.write(words);
    }

    fn on_timeout(&self, words: &mut [u32], loss: &Loss, _: Expiry) {
        let Some(mut model) = Model::read(words) else { return };
        model.begin_recovery();
        // All that was in flight counts as lost.
        model.cwnd = loss.smss;
        model.write(words);
    }

    /// §5.4: cwnd stays, and what leaves is paced at exactly the rate of the model.
    fn after_idle(&self, words: &mut [u32], _: u32) {
        let Some(mut model) = Model::read(words) else { return };
        model.flags.insert(Flags::IDLE_RESTART);
        if model.state.is_probe_bw() {
            model.set_pacing_rate_with_gain(100);
        }
        model.write(words);
    }

    fn on_echo(&self, words: &mut [u32], _: &Loss) {
        let Some(mut model) = Model::read(words) else { return };
        model.on_echo();
        model.write(words);
    }

    fn undo(&self, words: &mut [u32], _cwnd: u32, _ssthresh: u32) {
        let Some(mut model) = Model::read(words) else { return };
        model.undo_loss();
        model.write(words);
    }

    fn is_paced(&self) -> bool {
        true
    }

    fn pacing_rate(&self, words: &[u32], srtt_us: u32) -> Option<u64> {
        Model::read(words).map(|model| model.pacing_rate_now(srtt_us))
    }

    fn on_app_limited(&self, words: &mut [u32], delivered: u32, in_flight: u32) {
        let Some(mut model) = Model::read(words) else { return };
        model.mark_app_limited(delivered, in_flight);
        model.write(words);
    }

    fn on_delivery(&self, words: &mut [u32], delivery: &Delivery) {
        let Some(mut model) = Model::read(words) else { return };
        model.on_delivery(self, delivery);
        model.write(words);
    }
}

#[cfg(test)]
mod tests;
