//! RACK-TLP, RFC 8985: losses found by time, and lost tails by a probe.
//!
//! ```text
//!   sent:      A   B   C   D                  what arrives tells when it was sent; what was sent before that and
//!   arrived:           C                      has not arrived one round trip and a reordering window after is lost
//!              A, B lost at xmit + RACK.rtt + reo_wnd
//! ```
//! One deadline serves all: the slot's `retransmit` is the reordering timer, the probe timeout or the RTO, as
//! [`Marks`] says; so only one of them runs, §8. RACK needs SACK; a retransmission that is acknowledged
//! within the least round trip counts as spurious, and where there are timestamps one whose echo is older, §6.2 step 2.

use crate::congestion::{Loss, Recovery};
use crate::records::{stamp, Overdue, SentAfter};
use crate::recovery::{Found, Marks};
use crate::segment::Segment;
use crate::seq::SeqNum;
use crate::shared::Shared;
use crate::statistics::count;
use crate::tcb::{Flags, Slot};

/// Recoveries that a widened window outlasts, §6.2 step 4.
const PERSIST: u8 = 16;
/// `TLP.max_ack_delay`, in µs: how long a peer may keep the ACK of a lone segment, §7.2.
const MAX_ACK_DELAY_US: u32 = 200_000;
/// Probe timeout before the first sample, §7.2.
const PTO_WITHOUT_SRTT_US: u32 = 1_000_000;
/// Least probe timeout: on a path of microseconds, polls and delayed ACKs take longer than the path.
const PTO_MIN_US: u32 = 10_000;

/// What a connection remembers, §5.3 and §7.1.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rack {
    /// `RACK.xmit_ts`, if `Marks::MEASURED`.
    sent: u32,
    /// `RACK.end_seq`.
    end: SeqNum,
    /// `RACK.rtt`, in µs.
    rtt_us: u32,
    /// `RACK.dsack_round`, if `Marks::DSACK_ROUND`.
    dsack_round: SeqNum,
}

/// How wide the reordering window is, §5.3.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Width {
    /// `RACK.reo_wnd_mult` less one.
    widened: u8,
    /// `RACK.reo_wnd_persist`.
    persist: u8,
}

impl Width {
    /// As wide as at first.
    pub(crate) const NONE: Self = Self { widened: 0, persist: 0 };
}

impl Rack {
    /// Nothing was measured.
    pub(crate) const NONE: Self = Self { sent: 0, end: SeqNum(0), rtt_us: 0, dsack_round: SeqNum(0) };
}

/// Takes in what an ACK delivered, and marks what is overdue: §6.2.
pub(crate) fn detect(slot: &mut Slot, shared: &mut Shared<'_>, found: &Found) -> Overdue {
    if SeqNum(slot.repair.rack.sent).gt(SeqNum(stamp(shared.now))) {
        // The clock stepped back: all that is sent from now on would seem to be older, and be lost with each ACK.
        slot.repair.marks.remove(Marks::MEASURED);
    }
    update(slot, shared, found);
    if !slot.repair.marks.contains(Marks::MEASURED) {
        return Overdue::default();
    }
    let wait_us = slot.repair.rack.rtt_us.saturating_add(reordering_window(slot));
    let Rack { sent: at, end, .. } = slot.repair.rack;
    let after = SentAfter { at, end, wait_us, now: stamp(shared.now) };
    slot.records.mark_lost_by_time(&mut shared.records, &after)
}

/// Steps 1 to 4.
fn update(slot: &mut Slot, shared: &mut Shared<'_>, found: &Found) {
    if let Some(newest) = found.delivery.newest {
        let rtt = stamp(shared.now).wrapping_sub(newest.at);
        // Differs: the echo says nothing of what is SACKed. It is that of what came last before the gap, RFC 7323 §4.3,
        // older than any retransmission behind it; a copy that is lost would be found by new data alone.
        let is_echoed = newest.end.le(slot.snd_una);
        let is_of_original = newest.was_resent
            && (rtt < slot.rtt.min_us()
                || (is_echoed && found.is_older(slot, shared, newest.at) == Some(true)));
        let is_possible = rtt <= u32::MAX / 2 && !is_of_original;
        if is_possible {
            let rack = &mut slot.repair.rack;
            rack.rtt_us = rtt;
            let is_later = SeqNum(newest.at).gt(SeqNum(rack.sent))
                || (newest.at == rack.sent && newest.end.gt(rack.end));
            if is_later || !slot.repair.marks.contains(Marks::MEASURED) {
                slot.repair.marks.insert(Marks::MEASURED);
                (rack.sent, rack.end) = (newest.at, newest.end);
            }
        }
    }
    if found.delivery.is_reordered {
        slot.repair.marks.insert(Marks::REORDERED);
    }
    let rack = &mut slot.repair.rack;
    if slot.repair.marks.contains(Marks::DSACK_ROUND) && slot.snd_una.ge(rack.dsack_round) {
        slot.repair.marks.remove(Marks::DSACK_ROUND);
    }
    if found.has_dsack && !slot.repair.marks.contains(Marks::DSACK_ROUND) {
        slot.repair.marks.insert(Marks::DSACK_ROUND);
        slot.repair.rack.dsack_round = slot.snd_nxt();
        let width = &mut slot.repair.width;
        width.widened = width.widened.saturating_add(1);
        width.persist = PERSIST;
    }
}

/// `RACK_update_reo_wnd`, in µs.
fn reordering_window(slot: &Slot) -> u32 {
    let in_recovery = slot.flags.intersects(Flags::FAST_RECOVERY | Flags::TIMEOUT_RECOVERY);
    let many_sacked = slot.records.sacked() > slot.mss().saturating_mul(2);
    if !slot.repair.marks.contains(Marks::REORDERED) && (in_recovery || many_sacked) {
        return 0;
    }
    let widened = u32::from(slot.repair.width.widened) + 1;
    (slot.rtt.min_us() / 4).saturating_mul(widened).min(slot.rtt.srtt_us())
}

/// A recovery ends: the window is narrow again after sixteen of them, §6.2 step 4.
pub(crate) fn on_recovered(slot: &mut Slot) {
    let width = &mut slot.repair.width;
    width.persist = width.persist.saturating_sub(1);
    if width.persist == 0 {
        width.widened = 0;
    }
}

/// What the timer's expiry makes of what is in flight, §6.3.
pub(crate) fn mark_old_lost(slot: &mut Slot, shared: &mut Shared<'_>) {
    let wait_us = slot.repair.rack.rtt_us.saturating_add(reordering_window(slot));
    slot.records.mark_old_lost(&mut shared.records, wait_us, shared.now);
    slot.repair.marks.insert(Marks::FIRST_AGAIN);
}

/// Starts the timer that §8 wants: the probe timeout where §7.2 permits one, else the RTO.
pub(crate) fn start_timer(slot: &mut Slot, shared: &mut Shared<'_>) {
    let rto = slot.rtt.rto_us(&shared.rto);
    slot.repair.marks.remove(Marks::TIMERS);
    let mut span = rto;
    let pto = if may_probe(slot) {
        probe_timeout(slot)
    } else if may_repeat(slot) {
        repeat_timeout(slot)
    } else {
        rto
    };
    if pto < rto {
        slot.repair.marks.insert(Marks::PROBE_TIMER);
        span = pto;
    }
    slot.retransmit = shared.after(span.into());
}

/// The conditions of §7.2, and those of §7.3 for another probe.
fn may_probe(slot: &Slot) -> bool {
    slot.state.is_synchronized()
        && !slot.flags.intersects(Flags::FAST_RECOVERY | Flags::TIMEOUT_RECOVERY)
        && !slot.repair.marks.intersects(Marks::PROBED | Marks::UNSAMPLED)
        && slot.records.sacked() == 0
        && slot.records.lost() == 0
        && slot.snd_wnd > 0
        && slot.rtt.backoff() == 0
}

/// PTO of §7.2, in µs.
fn probe_timeout(slot: &Slot) -> u32 {
    let srtt = slot.rtt.srtt_us();
    if srtt == 0 {
        return PTO_WITHOUT_SRTT_US;
    }
    let delay = if slot.flight_size() <= slot.mss() { MAX_ACK_DELAY_US } else { 0 };
    srtt.saturating_mul(2).saturating_add(delay).max(PTO_MIN_US)
}

/// Whether silence may mean that the last retransmission of a recovery is lost. Nothing was sent behind it that could
/// tell, and §7.2 wants no probe in recovery: a second would pass until the RTO. Differs: once, until something is heard.
fn may_repeat(slot: &Slot) -> bool {
    slot.flags.contains(Flags::FAST_RECOVERY)
        && !slot.repair.marks.contains(Marks::PROBED_AGAIN)
        && slot.records.lost() == 0
        && slot.snd_wnd > 0
        && slot.rtt.backoff() == 0
        && slot.rtt.srtt_us() > 0
}

/// When that is so, in µs: a round trip later than an RTO without its floor would expire, since a queue may have grown.
fn repeat_timeout(slot: &Slot) -> u32 {
    let (srtt, rttvar) = (slot.rtt.srtt_us(), slot.rtt.rttvar_us());
    srtt.saturating_mul(2).saturating_add(rttvar.saturating_mul(4)).max(PTO_MIN_US)
}

/// The first segment in flight was lost once more: that is a second sign of congestion.
fn repeat(slot: &mut Slot, shared: &mut Shared<'_>) {
    count(&mut shared.stats.loss_probes);
    slot.repair.marks.insert(Marks::PROBED_AGAIN);
    let mss = slot.mss();
    slot.mark_first_lost(shared, mss);
    let overdue = Overdue { lost: slot.records.lost(), lost_again: true, wait_us: 0 };
    let found = Found::nothing(slot);
    slot.on_overdue(shared, &found, &overdue);
    slot.repair.marks.insert(Marks::FIRST_AGAIN);
    slot.start_retransmit_timer(shared);
}

/// The reordering timer or the probe timeout expired.
pub(crate) fn on_timer(slot: &mut Slot, shared: &mut Shared<'_>) {
    let is_probe = slot.repair.marks.contains(Marks::PROBE_TIMER);
    slot.repair.marks.remove(Marks::TIMERS);
    if is_probe && slot.flags.contains(Flags::FAST_RECOVERY) {
        return repeat(slot, shared);
    }
    if is_probe {
        slot.flags.insert(Flags::PROBE_DUE);
        slot.repair.marks.insert(Marks::LOSS_PROBE | Marks::UNSAMPLED);
        slot.repair.marks.remove(Marks::PROBED_AGAIN);
        slot.repair.begin_probe(slot.snd_nxt());
        return start_timer(slot, shared);
    }
    let found = Found::nothing(slot);
    let overdue = detect(slot, shared, &found);
    slot.on_overdue(shared, &found, &overdue);
    if slot.records.lost() > 0 {
        // Nothing that arrives will let it out.
        slot.repair.marks.insert(Marks::FIRST_AGAIN);
    }
    slot.start_retransmit_timer(shared);
    wait(slot, shared, overdue.wait_us);
}

/// The reordering timer runs for what may be lost in so many µs, §6.2 step 5. What takes longer than the RTO is left to
/// that: one timer serves both (§8), and a measured time may come from a run whose octets left at several moments.
pub(crate) fn wait(slot: &mut Slot, shared: &Shared<'_>, wait_us: u32) {
    if wait_us > 0 && slot.flight_size() > 0 && wait_us < slot.rtt.rto_us(&shared.rto) {
        slot.repair.marks.remove(Marks::TIMERS);
        slot.repair.marks.insert(Marks::REORDERING_TIMER);
        slot.retransmit = shared.after(wait_us.into());
    }
}

impl Slot {
    /// Whether a loss probe is to leave.
    #[inline]
    pub(crate) fn is_loss_probe_due(&self) -> bool {
        self.flags.contains(Flags::PROBE_DUE) && self.repair.marks.contains(Marks::LOSS_PROBE)
    }
}

/// What a loss probe is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Probe {
    /// New data.
    New,
    /// The last segment once more.
    Again,
}

/// A probe left, §7.3.
pub(crate) fn on_probe_sent(slot: &mut Slot, shared: &mut Shared<'_>, probe: Probe) {
    count(&mut shared.stats.loss_probes);
    slot.flags.remove(Flags::PROBE_DUE);
    slot.repair.marks.remove(Marks::LOSS_PROBE);
    if slot.repair.marks.contains(Marks::PROBED) {
        slot.repair.begin_probe(slot.snd_nxt());
    }
    slot.repair.marks.set(Marks::PROBED_AGAIN, probe == Probe::Again);
    start_timer(slot, shared);
}

/// What an ACK says about a probe: §7.4.
pub(crate) fn on_ack_of_probe(
    slot: &mut Slot,
    shared: &mut Shared<'_>,
    seg: &Segment<'_>,
    dsack_end: Option<SeqNum>,
    found: &Found,
) {
    let end = slot.repair.probe_end();
    if !slot.repair.marks.contains(Marks::PROBED) || seg.ack.lt(end) {
        return;
    }
    let was_in_vain = dsack_end == Some(end);
    if !slot.repair.marks.contains(Marks::PROBED_AGAIN) || was_in_vain {
        slot.repair.marks.remove(Marks::PROBED);
    } else if seg.ack.gt(end) {
        // It repaired a loss that nothing else tells of: §7.4.2.
        slot.repair.marks.remove(Marks::PROBED);
        count(&mut shared.stats.loss_probe_repairs);
        let smss = slot.mss();
        let loss = Loss { flight_size: found.flight_size, smss, now: shared.now };
        shared.congestion.enter_recovery(shared.words_mut(), &loss, Recovery::Sack);
        shared.congestion.exit_recovery(shared.words_mut(), slot.flight_size(), smss);
        slot.on_window_reduced();
    } else if !found.has_advanced && !found.has_blocks && seg.payload.is_empty() {
        // Both it and the original arrived.
        slot.repair.marks.remove(Marks::PROBED);
    }
}
