//! Pacing: what may leave is spread over the round trip instead of leaving at once, at the rate that the congestion
//! control gives.
//!
//! ```text
//!      visit            visit            visit
//!   ─────┬────────────────┬────────────────┬──────▶ time
//!      burst            burst            burst       a burst: one quantum, a millisecond's worth
//!        └─ octets/rate ──┘ next_send
//! ```
//! Data that left before, retransmissions included, set `next_send`; until then no data leave. ACKs, SYNs, FINs alone
//! and probes are not held. A visit that holds something back sets [`Flags::HELD`], and only then is `next_send` one of the
//! deadlines: polling at that moment sends.

use crate::rate::{self, Before};
use crate::records::stamp;
use crate::seq::SeqNum;
use crate::shared::Shared;
use crate::soon::Soon;
use crate::statistics::count;
use crate::tcb::{Flags, Slot};
use tersus_ip::{Deadline, Instant};

/// Longest time between two bursts, in µs, whatever rate is asked for: a connection always goes on.
const GAP_MAX_US: u32 = 1_000_000;
const _: () = assert!(2 * GAP_MAX_US <= Soon::SPAN);
/// What a burst is worth, in µs at the pacing rate; a poll that comes so late loses nothing.
const QUANTUM_US: u32 = 1_000;
/// Octets of a burst at most.
const QUANTUM_MAX: u32 = 64 * 1024;

/// The functions of the duty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pacing {
    /// Octets of data that may leave in this visit.
    pub(crate) burst: fn(&Slot, &Shared<'_>) -> u32,
    /// So many octets of data left.
    pub(crate) sent: fn(&mut Slot, &Shared<'_>, u32),
    /// A segment came, and was taken in: see `rate`.
    pub(crate) before: fn(&Slot, &mut Shared<'_>) -> Before,
    pub(crate) after: fn(&mut Slot, &mut Shared<'_>, Before),
    /// A visit that held nothing back is over.
    pub(crate) idle: fn(&Slot, &mut Shared<'_>),
}

impl Pacing {
    pub(crate) const DUTY: Self =
        Self { burst, sent, before: rate::before, after: rate::after, idle: rate::idle };
}

/// The rate, in octets per second; `None`: not paced now.
fn rate(slot: &Slot, shared: &Shared<'_>) -> Option<u64> {
    shared.congestion.pacing_rate(shared.words(), slot.rtt.srtt_us())
}

/// A millisecond's worth, at least two segments, at most 64 KiB: fewer visits at high rates, short bursts at low ones.
fn burst(slot: &Slot, shared: &Shared<'_>) -> u32 {
    if slot.next_send.is_running() && !slot.next_send.is_due(shared.now) {
        return 0;
    }
    let Some(rate) = rate(slot, shared) else { return u32::MAX };
    let octets = u32::try_from(rate / u64::from(1_000_000 / QUANTUM_US)).unwrap_or(u32::MAX);
    octets.min(QUANTUM_MAX).max(slot.mss().saturating_mul(2))
}

fn sent(slot: &mut Slot, shared: &Shared<'_>, octets: u32) {
    let Some(rate) = rate(slot, shared) else { return slot.next_send.stop() };
    let rate = rate.max(1);
    let span = (u64::from(octets) * 1_000_000 + rate / 2) / rate;
    let now = SeqNum(stamp(shared.now));
    // A burst that left a little late does not delay the next; after a longer pause the time begins anew.
    let recent = SeqNum(slot.next_send.moment().unwrap_or(now.0));
    let is_recent = now.distance(recent) <= QUANTUM_US || recent.distance(now) <= GAP_MAX_US;
    let base = if is_recent { recent } else { now };
    let span = u32::try_from(span).unwrap_or(GAP_MAX_US).min(GAP_MAX_US);
    slot.next_send = Soon::at((base + span).0);
}

impl Slot {
    /// Begins a visit: what it may send.
    pub(crate) fn begin_burst(&mut self, shared: &mut Shared<'_>) {
        let Some(pacing) = shared.pacing else { return };
        self.flags.remove(Flags::HELD);
        shared.burst = (pacing.burst)(self, shared);
    }

    /// Whether the visit has sent its burst; what is due then waits for the next.
    #[inline(never)]
    pub(crate) fn is_held(&mut self, shared: &mut Shared<'_>) -> bool {
        if shared.burst > 0 {
            return false;
        }
        count(&mut shared.stats.paced);
        self.flags.insert(Flags::HELD);
        true
    }

    /// So many octets of data left in this visit.
    #[inline(never)]
    pub(crate) fn on_paced(&mut self, shared: &mut Shared<'_>, octets: u32) {
        let Some(pacing) = shared.pacing else { return };
        shared.burst = shared.burst.saturating_sub(octets);
        (pacing.sent)(self, shared, octets);
        if shared.burst == 0 && self.next_send.is_due(shared.now) {
            // This visit came late, and the next burst is due as well: nothing is held for a moment that has come.
            shared.burst = (pacing.burst)(self, shared);
        }
    }

    /// When what is held back may leave.
    pub(crate) fn held_until(&self, now: Instant) -> Deadline {
        // What was held may be acknowledged by now: it had left before.
        if self.is_quiet() {
            return Deadline::NONE;
        }
        self.next_send.deadline(now)
    }
}

// The tests speak both families.
#[cfg(test)]
#[cfg(all(feature = "ipv4", feature = "ipv6"))]
mod tests {
    use super::*;
    use crate::congestion::{Ack, Congestion, Expiry, Loss, Recovery};

    /// A rate that never changes.
    struct Fixed(Option<u64>);

    impl Congestion for Fixed {
        fn words(&self) -> usize {
            0
        }
        fn start(&self, _: &mut [u32], _: u32, _: u8) {}
        fn window(&self, _: &[u32]) -> u32 {
            u32::MAX
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
        fn pacing_rate(&self, _: &[u32], _: u32) -> Option<u64> {
            self.0
        }
    }

    fn with_rate(rate: Option<u64>, f: impl FnOnce(&mut Slot, &mut Shared<'_>)) {
        let fixed = Fixed(rate);
        let mut storage = crate::Storage::<1, 1, 1, 1, 1, 1, 1, 1, 0>::new();
        let mut tcp = crate::Tcp::new(&mut storage, crate::Config::new(), &fixed, [1; 32]);
        let (slot, shared) = tcp.connection(0).expect("one slot");
        slot.peer_mss = 1_000;
        slot.path = tersus_ip::Path::new(
            core::net::Ipv4Addr::LOCALHOST.into(),
            core::net::Ipv4Addr::LOCALHOST.into(),
            tersus_ip::InterfaceId(0),
            1_500,
        )
        .expect("addresses of one family");
        slot.set_mss(&shared.limits);
        f(slot, shared);
    }

    #[test]
    fn a_burst_is_a_millisecond_of_the_rate_within_bounds() {
        for (rate, want) in [
            (None, u32::MAX),
            (Some(0), 2_000),
            (Some(1_000_000), 2_000),
            (Some(12_500_000), 12_500),
            (Some(1 << 40), 65_536),
            (Some(u64::MAX), 65_536),
        ] {
            with_rate(rate, |slot, shared| {
                assert_eq!(burst(slot, shared), want, "{rate:?}");
            });
        }
    }

    #[test]
    fn the_next_burst_waits_as_long_as_the_last_one_lasts() {
        // Rate, octets, when they left (µs), next burst, for one that was due at 10,000 µs
        for (rate, octets, now, want) in [
            (1_000_000, 5_000, 10_000, 15_000),
            // A little late: nothing is lost. Much later: the time begins anew.
            (1_000_000, 5_000, 10_900, 15_000),
            (1_000_000, 5_000, 11_001, 16_001),
            (1_000_000, 5_000, 99_000, 104_000),
            // Rounded to the nearest microsecond.
            (3_000_000, 1_000, 10_000, 10_333),
            // Slow, never stopped.
            (0, 1_000, 10_000, 1_010_000),
            (u64::MAX, 1_000, 10_000, 10_000),
        ] {
            with_rate(Some(rate), |slot, shared| {
                slot.next_send = Soon::at(10_000);
                shared.now = Instant::from_micros(now);
                sent(slot, shared, octets);
                assert_eq!(slot.next_send, Soon::at(want), "{rate} at {now}");
            });
        }
    }

    #[test]
    fn a_clock_that_stepped_back_holds_nothing_for_long() {
        with_rate(Some(1_000_000), |slot, shared| {
            slot.next_send = Soon::at(1_000_000_000);
            shared.now = Instant::from_secs(1);
            sent(slot, shared, 1_000);
            assert_eq!(slot.next_send, Soon::at(1_001_000));
        });
    }
}
