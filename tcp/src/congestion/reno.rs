//! Reno: slow start and congestion avoidance by RFC 5681 §3.1, fast recovery by RFC 6582 §3.2, octets counted by RFC
//! 3465.
//!
//! ```text
//!   words:  cwnd | ssthresh | octets acknowledged in congestion avoidance since cwnd last grew | HyStart++, if on
//! ```

use super::hystart::{self, HyStart, Phase};
use super::{Ack, Congestion, Expiry, Loss, Pacing, Recovery};

/// Largest cwnd, in octets: the largest window that TCP can offer, RFC 7323 §2.3.
pub(super) const CWND_MAX: u32 = 1 << 30;
/// cwnd of a caller whose words are too few: the default SMSS, RFC 9293 §3.7.1.
pub(super) const CWND_WITHOUT_WORDS: u32 = 536;

/// How much may leave before the first acknowledgement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InitialWindow {
    /// RFC 6928 §2: ten segments, but at most 14,600 octets or two segments, whichever is more.
    #[default]
    Rfc6928,
    /// RFC 5681 §3.1: two, three or four segments, by their size.
    Rfc5681,
}

impl InitialWindow {
    /// In octets.
    pub(super) fn octets(self, smss: u32) -> u32 {
        match self {
            Self::Rfc6928 => smss.saturating_mul(10).min(smss.saturating_mul(2).max(14_600)),
            Self::Rfc5681 if smss > 2_190 => smss.saturating_mul(2),
            Self::Rfc5681 if smss > 1_095 => smss.saturating_mul(3),
            Self::Rfc5681 => smss.saturating_mul(4),
        }
    }

    /// The same after a SYN was sent again so often. RFC 5681 §3.1: one segment if it was lost; RFC 6928 §2: only if that
    /// happened more than once.
    pub(super) fn octets_after(self, smss: u32, syn_retransmissions: u8) -> u32 {
        let forgiven = match self {
            Self::Rfc6928 => 1,
            Self::Rfc5681 => 0,
        };
        if syn_retransmissions > forgiven {
            smss
        } else {
            self.octets(smss)
        }
    }
}

/// Reno with NewReno's recovery, and octets counted instead of acknowledgements.
#[derive(Clone, Copy, Debug)]
pub struct Reno {
    /// What a connection starts with, and restarts with after an idle time.
    pub initial_window: InitialWindow,
    /// The limit L of RFC 3465 §2.2: by how many segments one acknowledgement may open the window in slow start, 1 to
    /// 255 (0 counts as 1). Default 2. With 1 slow start is that of RFC 5681 to the letter; after a timeout it always
    /// is (RFC 3465 §2.3).
    pub segments_per_ack: u8,
    /// With it the first slow start ends when round-trip times grow, RFC 9406; it takes five words more. Default none.
    pub hystart: Option<HyStart>,
    /// With it segments leave spread over the round trip, if the engine has the duty
    /// [`Duties::with_pacing`](crate::Duties::with_pacing). Default none.
    pub pacing: Option<Pacing>,
}

impl Reno {
    /// Ten segments, and L = 2.
    pub const DEFAULT: Self =
        Self { initial_window: InitialWindow::Rfc6928, segments_per_ack: 2, hystart: None, pacing: None };

    /// Slow start, while cwnd is below ssthresh; how it goes on. `words` are HyStart++'s: they count until there is an ssthresh.
    pub(super) fn slow_start(
        &self,
        cwnd: &mut u32,
        ssthresh: &mut u32,
        words: Option<&mut [u32; hystart::WORDS]>,
        ack: &Ack,
    ) -> Phase {
        let is_first = *ssthresh == u32::MAX;
        let phase = match (self.hystart, words) {
            (Some(hystart), Some(words)) if is_first => (hystart.on_ack)(words, ack),
            _ => Phase::SlowStart,
        };
        if phase == Phase::Over {
            *ssthresh = *cwnd;
            return phase;
        }
        // What the application does not use is not tested, RFC 7661 §4.4; but every round trip is looked at.
        if ack.flight_size < *cwnd / 2 {
            return phase;
        }
        let limit = if is_first { self.segments_per_ack.max(1) } else { 1 };
        let mut step = ack.acked.min(ack.smss.saturating_mul(u32::from(limit)));
        if phase == Phase::Conservative {
            step /= hystart::CSS_GROWTH_DIVISOR;
        }
        *cwnd = cwnd.saturating_add(step).min(CWND_MAX);
        phase
    }
}

impl Default for Reno {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Words of a connection without HyStart++.
const WORDS: usize = 3;

/// The words of a connection; `None` if the caller has too few.
struct State<'a> {
    cwnd: &'a mut u32,
    ssthresh: &'a mut u32,
    counted: &'a mut u32,
}

fn state(words: &mut [u32]) -> Option<State<'_>> {
    let [cwnd, ssthresh, counted] = words.first_chunk_mut()?;
    Some(State { cwnd, ssthresh, counted })
}

/// Equation 4 of RFC 5681 §3.1.
fn half(loss: &Loss) -> u32 {
    (loss.flight_size / 2).max(loss.smss.saturating_mul(2))
}

impl Congestion for Reno {
    fn words(&self) -> usize {
        WORDS + self.hystart.map_or(0, |_| hystart::WORDS)
    }

    fn start(&self, words: &mut [u32], smss: u32, syn_retransmissions: u8) {
        words.iter_mut().skip(WORDS).for_each(|word| *word = 0);
        let Some(state) = state(words) else { return };
        *state.cwnd = self.initial_window.octets_after(smss, syn_retransmissions);
        *state.ssthresh = u32::MAX;
        *state.counted = 0;
    }

    fn window(&self, words: &[u32]) -> u32 {
        words.first_chunk::<3>().map_or(CWND_WITHOUT_WORDS, |words| words[0])
    }

    fn ssthresh(&self, words: &[u32]) -> u32 {
        words.first_chunk::<3>().map_or(u32::MAX, |words| words[1])
    }

    fn on_ack(&self, words: &mut [u32], ack: &Ack) {
        let Some((reno, hystart)) = words.split_first_chunk_mut::<WORDS>() else { return };
        let [cwnd, ssthresh, counted] = reno;
        if *cwnd < *ssthresh {
            self.slow_start(cwnd, ssthresh, hystart.first_chunk_mut(), ack);
            return;
        }
        // A window that was not half used was not tested: it does not grow, RFC 7661 §4.4.
        if ack.flight_size < *cwnd / 2 {
            return;
        }
        *counted = counted.saturating_add(ack.acked);
        if *counted >= *cwnd {
            // What is above a whole window does not count twice: one SMSS a round trip.
            *counted = (*counted - *cwnd).min(*cwnd);
            *cwnd = cwnd.saturating_add(ack.smss).min(CWND_MAX);
        }
    }

    fn enter_recovery(&self, words: &mut [u32], loss: &Loss, recovery: Recovery) {
        let Some(state) = state(words) else { return };
        *state.ssthresh = half(loss);
        *state.counted = 0;
        *state.cwnd = match recovery {
            // The three segments that caused the duplicate acknowledgements have left the network.
            Recovery::NewReno => state.ssthresh.saturating_add(loss.smss.saturating_mul(3)),
            Recovery::Sack => *state.ssthresh,
        };
    }

    fn on_duplicate_ack(&self, words: &mut [u32], smss: u32) {
        let Some(state) = state(words) else { return };
        *state.cwnd = state.cwnd.saturating_add(smss).min(CWND_MAX);
    }

    fn on_partial_ack(&self, words: &mut [u32], acked: u32, smss: u32) {
        let Some(state) = state(words) else { return };
        let back = if acked >= smss { smss } else { 0 };
        *state.cwnd = state.cwnd.saturating_sub(acked).saturating_add(back).max(smss);
    }

    fn exit_recovery(&self, words: &mut [u32], flight_size: u32, smss: u32) {
        let Some(state) = state(words) else { return };
        // The first of the two choices of RFC 6582 §3.2, step 3: no burst.
        *state.cwnd = (*state.ssthresh).min(flight_size.max(smss).saturating_add(smss));
    }

    fn on_timeout(&self, words: &mut [u32], loss: &Loss, expiry: Expiry) {
        let Some(state) = state(words) else { return };
        if expiry == Expiry::First {
            *state.ssthresh = half(loss);
        }
        *state.cwnd = loss.smss;
        *state.counted = 0;
    }

    fn is_paced(&self) -> bool {
        self.pacing.is_some()
    }

    fn pacing_rate(&self, words: &[u32], srtt_us: u32) -> Option<u64> {
        self.pacing?.rate(self.window(words), self.ssthresh(words), srtt_us)
    }

    fn undo(&self, words: &mut [u32], cwnd: u32, ssthresh: u32) {
        let Some(state) = state(words) else { return };
        *state.cwnd = (*state.cwnd).max(cwnd).min(CWND_MAX);
        *state.ssthresh = ssthresh;
        *state.counted = 0;
    }

    fn after_idle(&self, words: &mut [u32], smss: u32) {
        let Some(state) = state(words) else { return };
        *state.cwnd = (*state.cwnd).min(self.initial_window.octets(smss));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tersus_ip::Instant;

    const SMSS: u32 = 1_000;
    const LETTER: Reno =
        Reno { initial_window: InitialWindow::Rfc5681, segments_per_ack: 1, ..Reno::DEFAULT };

    fn ack(acked: u32, flight_size: u32) -> Ack {
        Ack {
            acked,
            flight_size,
            smss: SMSS,
            srtt_us: 100_000,
            rtt_us: 100_000,
            snd_una: 0,
            snd_nxt: flight_size,
            now: Instant::ZERO,
        }
    }

    fn loss(flight_size: u32) -> Loss {
        Loss { flight_size, smss: SMSS, now: Instant::ZERO }
    }

    fn started(reno: Reno) -> [u32; 3] {
        let mut words = [7; 3];
        reno.start(&mut words, SMSS, 0);
        words
    }

    // conf: TCP-CC-02, TCP-CC-04, TCP-CC-05
    #[test]
    fn the_initial_window_is_that_of_the_chosen_rfc() {
        use InitialWindow::{Rfc5681, Rfc6928};
        // Choice, SMSS, retransmissions of the SYN, cwnd
        for (initial_window, smss, lost, want) in [
            (Rfc6928, 536, 0, 5_360),
            (Rfc6928, 1_460, 0, 14_600),
            (Rfc6928, 1_461, 0, 14_600),
            (Rfc6928, 8_960, 0, 17_920),
            (Rfc6928, 1_460, 1, 14_600),
            (Rfc6928, 1_460, 2, 1_460),
            (Rfc5681, 1_095, 0, 4_380),
            (Rfc5681, 1_096, 0, 3_288),
            (Rfc5681, 2_190, 0, 6_570),
            (Rfc5681, 2_191, 0, 4_382),
            (Rfc5681, 1_460, 1, 1_460),
        ] {
            let reno = Reno { initial_window, ..Reno::DEFAULT };
            let mut words = [7; 3];
            reno.start(&mut words, smss, lost);
            assert_eq!(reno.window(&words), want, "{initial_window:?} {smss} {lost}");
            assert_eq!(reno.ssthresh(&words), u32::MAX);
        }
    }

    // conf: TCP-CC-06
    #[test]
    fn slow_start_grows_by_what_is_acknowledged_up_to_its_limit() {
        // L, octets acknowledged at once, growth
        for (segments_per_ack, acked, want) in [
            (1, 1, 1),
            (1, 1_000, 1_000),
            (1, 5_000, 1_000),
            (2, 1_500, 1_500),
            (2, 5_000, 2_000),
            (0, 5_000, 1_000),
        ] {
            let reno = Reno { segments_per_ack, ..Reno::DEFAULT };
            let mut words = started(reno);
            reno.on_ack(&mut words, &ack(acked, 10_000));
            assert_eq!(reno.window(&words), 10_000 + want, "L {segments_per_ack}, {acked} octets");
        }
        // Splitting acknowledgements gains nothing.
        let mut words = started(LETTER);
        for _ in 0..SMSS {
            LETTER.on_ack(&mut words, &ack(1, 4_000));
        }
        assert_eq!(LETTER.window(&words), 5_000);
    }

    // conf: TCP-CC-07
    #[test]
    fn congestion_avoidance_grows_by_one_segment_a_round_trip() {
        // Octets that each acknowledgement covers
        for step in [1, 100, 1_000, 2_000, 100_000] {
            let mut words = [10_000, 10_000, 0];
            for trip in 1..=10 {
                let cwnd = words[0];
                let mut acked = 0;
                while acked < cwnd {
                    let now = step.min(cwnd - acked);
                    LETTER.on_ack(&mut words, &ack(now, cwnd));
                    acked += now;
                }
                assert_eq!(LETTER.window(&words), 10_000 + trip * SMSS, "{step} octets each");
            }
        }
    }

    #[test]
    fn a_window_that_is_not_used_does_not_grow() {
        for (flight_size, want) in [(4_999, 10_000), (5_000, 11_000)] {
            let mut words = started(Reno::DEFAULT);
            Reno::DEFAULT.on_ack(&mut words, &ack(1_000, flight_size));
            assert_eq!(Reno::DEFAULT.window(&words), want, "{flight_size} in flight");
            // Nor does what was acknowledged meanwhile count for later, in congestion avoidance.
            let mut words = [10_000, 10_000, 0];
            Reno::DEFAULT.on_ack(&mut words, &ack(10_000, flight_size));
            assert_eq!(words, [want, 10_000, 0], "{flight_size} in flight");
        }
    }

    // conf: TCP-CC-08, TCP-CC-09
    #[test]
    fn a_timeout_leaves_one_segment_and_half_of_the_flight() {
        let mut words = [50_000, u32::MAX, 9];
        // The flight counts, not cwnd.
        Reno::DEFAULT.on_timeout(&mut words, &loss(20_000), Expiry::First);
        assert_eq!(words, [1_000, 10_000, 0]);
        Reno::DEFAULT.on_timeout(&mut words, &loss(1_000), Expiry::Repeated);
        assert_eq!(words, [1_000, 10_000, 0]);
        // Slow start again, with L = 1, up to ssthresh.
        let mut flight = 1_000;
        for want in [2_000, 4_000, 8_000] {
            for _ in 0..flight / SMSS {
                Reno::DEFAULT.on_ack(&mut words, &ack(SMSS, flight));
            }
            assert_eq!(words[0], want);
            flight = want;
        }
        let mut stretched = [4_000, 10_000, 0];
        Reno::DEFAULT.on_ack(&mut stretched, &ack(4_000, 4_000));
        assert_eq!(stretched[0], 5_000);
        Reno::DEFAULT.on_timeout(&mut words, &loss(3_000), Expiry::First);
        assert_eq!(words[1], 2_000);
    }

    // conf: TCP-CC-14, TCP-CC-19
    #[test]
    fn fast_recovery_inflates_deflates_and_ends_at_half_without_a_burst() {
        let mut words = [20_000, u32::MAX, 0];
        LETTER.enter_recovery(&mut words, &loss(18_000), Recovery::NewReno);
        assert_eq!(words, [12_000, 9_000, 0]);
        LETTER.on_duplicate_ack(&mut words, SMSS);
        LETTER.on_duplicate_ack(&mut words, SMSS);
        assert_eq!(words[0], 14_000);
        // Acknowledged, cwnd
        for (acked, want) in [(3_000, 12_000), (1_000, 12_000), (999, 11_001), (40_000, 1_000)] {
            LETTER.on_partial_ack(&mut words, acked, SMSS);
            assert_eq!(words[0], want, "{acked}");
        }
        // In flight when it ends, cwnd
        for (flight_size, want) in [(0, 2_000), (500, 2_000), (4_000, 5_000), (30_000, 9_000)] {
            LETTER.exit_recovery(&mut words, flight_size, SMSS);
            assert_eq!(words[0], want, "{flight_size}");
        }
    }

    #[test]
    fn recovery_by_sack_does_not_inflate() {
        let mut words = [20_000, u32::MAX, 0];
        LETTER.enter_recovery(&mut words, &loss(18_000), Recovery::Sack);
        assert_eq!(words, [9_000, 9_000, 0]);
        LETTER.enter_recovery(&mut words, &loss(1), Recovery::Sack);
        assert_eq!(words[1], 2_000);
    }

    // conf: TCP-CC-15
    #[test]
    fn after_an_idle_time_the_window_is_at_most_the_initial_one() {
        for (cwnd, want) in [(50_000, 4_000), (2_000, 2_000)] {
            let mut words = [cwnd, 30_000, 0];
            LETTER.after_idle(&mut words, SMSS);
            assert_eq!(words, [want, 30_000, 0]);
        }
    }

    #[test]
    fn no_number_and_no_lack_of_words_makes_it_panic() {
        const EXTREMES: [u32; 4] = [0, 1, 1 << 31, u32::MAX];
        for len in 0..4 {
            for a in EXTREMES {
                for b in EXTREMES {
                    for smss in EXTREMES {
                        let mut words = [a, b, a];
                        let words = &mut words[..len.min(3)];
                        let ack = Ack { acked: a, flight_size: b, smss, ..ack(0, 0) };
                        let loss = Loss { flight_size: b, smss, now: Instant::ZERO };
                        let reno: &dyn Congestion = &Reno::DEFAULT;
                        reno.on_ack(words, &ack);
                        reno.on_duplicate_ack(words, smss);
                        reno.on_partial_ack(words, a, smss);
                        reno.enter_recovery(words, &loss, Recovery::NewReno);
                        reno.exit_recovery(words, a, smss);
                        reno.on_timeout(words, &loss, Expiry::First);
                        reno.after_idle(words, smss);
                        reno.start(words, smss, 3);
                        assert_eq!(reno.window(words), if len < 3 { 536 } else { smss });
                    }
                }
            }
        }
    }
}
