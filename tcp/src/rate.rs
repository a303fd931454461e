//! What each acknowledgement tells the congestion control of the network's rate: draft-ietf-ccwg-bbr-06 §4.
//!
//! The records keep when octets left and what had been delivered by then; what was delivered and lost by one segment is
//! the difference between the moments before it and after it. Only algorithms that give a pacing rate are told.

use crate::congestion::{Delivery, RateSample};
use crate::records::Acked;
use crate::shared::Shared;
use crate::tcb::{Flags, Slot};

/// How it stood before a segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before {
    /// Whether both SYNs were exchanged.
    is_synchronized: bool,
    delivered: u32,
    lost: u32,
    in_flight: u32,
}

pub(crate) fn before(slot: &Slot, shared: &mut Shared<'_>) -> Before {
    shared.acked = Acked::default();
    Before {
        is_synchronized: slot.state.is_synchronized(),
        delivered: slot.records.delivered(),
        lost: slot.records.lost(),
        in_flight: slot.records.pipe(slot.flight_size()),
    }
}

pub(crate) fn after(slot: &mut Slot, shared: &mut Shared<'_>, before: Before) {
    // The segment that ends the handshake delivers a SYN: an octet a round trip is no rate.
    if !before.is_synchronized || !slot.state.is_live() {
        return;
    }
    let delivered = slot.records.delivered();
    let newly_delivered = delivered.wrapping_sub(before.delivered);
    let newly_lost = slot.records.lost().saturating_sub(before.lost);
    if newly_delivered == 0 && newly_lost == 0 {
        return;
    }
    let acked = shared.acked;
    let sample = (acked.interval_us > 0).then(|| RateSample {
        delivered: acked.delivered,
        interval_us: acked.interval_us,
        prior_delivered: delivered.wrapping_sub(acked.delivered),
    });
    let delivery = Delivery {
        newly_delivered,
        newly_lost,
        delivered,
        sample,
        rtt_us: acked.rtt_us.unwrap_or(0),
        prior_in_flight: before.in_flight,
        in_flight: slot.records.pipe(slot.flight_size()),
        smss: slot.mss(),
        has_sack: slot.flags.contains(Flags::SACK_OK),
        in_recovery: slot.flags.intersects(Flags::FAST_RECOVERY | Flags::TIMEOUT_RECOVERY),
        now: shared.now,
    };
    shared.congestion.on_delivery(shared.words_mut(), &delivery);
}

/// After a visit that sent all there was: what is delivered next shows what the application wrote, not what the network
/// carries.
pub(crate) fn idle(slot: &Slot, shared: &mut Shared<'_>) {
    let in_flight = slot.records.pipe(slot.flight_size());
    let is_limited = !slot.has_unsent() && slot.records.lost() == 0 && in_flight < shared.cwnd();
    if is_limited && slot.state.is_synchronized() {
        let delivered = slot.records.delivered();
        shared.congestion.on_app_limited(shared.words_mut(), delivered, in_flight);
    }
}
