//! Reductions that were not needed, taken back: a timeout that came too early is found by what follows it (F-RTO, RFC
//! 5682 §3.1), a retransmission in vain by the duplicates that the peer reports (RFC 3708, RFC 9438 §4.9); where there are
//! timestamps either is found a round trip earlier, by the echo of what was sent first (Eifel, RFC 3522 §3.2).
//!
//! ```text
//!   timeout ──▶ SND.UNA again ──▶ ACK: new ──▶ two new segments ──▶ ACK: new again ──▶ nothing was lost
//!                                  └ duplicate, or everything ──▶ something was: what is lost is sent again
//! ```
//! Both work with SACK alone. What the window was is kept from the first reduction on, until the next one or a second
//! sign of congestion.

use crate::records::Block;
use crate::recovery::{Found, Marks};
use crate::shared::Shared;
use crate::statistics::count;
use crate::tcb::{Flags, Slot};

/// What stood before a reduction, if `Marks::UNDO`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Prior {
    /// cwnd, in octets.
    cwnd: u32,
    ssthresh: u32,
    /// Octets that were sent again since and have not been reported as duplicates.
    again: u32,
}

impl Prior {
    /// Nothing was reduced.
    pub(crate) const NONE: Self = Self { cwnd: 0, ssthresh: 0, again: 0 };
}

/// A reduction is about to come: by SACK, or by the timer.
pub(crate) fn on_reduction(slot: &mut Slot, shared: &Shared<'_>, by: By) {
    let repairing = slot.flags.intersects(Flags::FAST_RECOVERY | Flags::TIMEOUT_RECOVERY);
    slot.repair.marks.remove(Marks::UNDO | Marks::DOUBTFUL | Marks::SPURIOUS_1 | Marks::SPURIOUS_2);
    if repairing || slot.flags.contains(Flags::EXPIRED) {
        // The second in a row is no mistake.
        return;
    }
    let ssthresh = shared.congestion.ssthresh(shared.words());
    slot.repair.prior = Prior { cwnd: shared.cwnd(), ssthresh, again: 0 };
    slot.repair.marks.insert(Marks::UNDO);
    if by == By::Timeout && slot.flags.contains(Flags::SACK_OK) {
        slot.repair.marks.insert(Marks::SPURIOUS_1);
    }
}

/// What reduces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// SACK or RACK.
    Acks,
    /// The retransmission timer.
    Timeout,
}

/// So many octets were sent again.
pub(crate) fn on_sent_again(slot: &mut Slot, octets: u32) {
    slot.repair.prior.again = slot.repair.prior.again.saturating_add(octets);
}

/// What an ACK says about the last reduction.
pub(crate) fn on_ack(slot: &mut Slot, shared: &mut Shared<'_>, dsack: Option<Block>, found: &Found) {
    if !slot.repair.marks.contains(Marks::UNDO) {
        return;
    }
    // What was sent after the reduction was not sent again for it, and more than was sent again is more than that: the
    // network doubles segments as well.
    if let Some(block) = dsack.filter(|block| block.right.le(slot.recover)) {
        let again = &mut slot.repair.prior.again;
        let before = *again;
        *again = before.checked_sub(block.right.distance(block.left)).unwrap_or(before);
        if *again < before && *again == 0 {
            // All of it was in vain: late segments, not lost ones.
            slot.repair.marks.insert(Marks::REORDERED);
            return undo(slot, shared);
        }
    }
    if found.delivery.is_again_unclear {
        slot.repair.marks.insert(Marks::DOUBTFUL);
    }
    if let Some(at) = found.delivery.again_at {
        match found.is_older(slot, shared, at) {
            Some(true) if !slot.repair.marks.contains(Marks::DOUBTFUL) => {
                slot.repair.marks.insert(Marks::REORDERED);
                if slot.repair.marks.contains(Marks::SPURIOUS_1)
                    || !slot.records.is_repairing(&shared.records)
                {
                    return undo(slot, shared);
                }
            }
            // The copy was of use.
            Some(false) => slot.repair.marks.remove(Marks::UNDO),
            _ => {}
        }
    }
    if slot.repair.marks.contains(Marks::SPURIOUS_2) {
        slot.repair.marks.remove(Marks::SPURIOUS_2);
        let is_of_old = found.delivery.newest.is_some_and(|newest| newest.end.le(slot.recover));
        if found.has_advanced && is_of_old {
            // It was not sent again, so the original arrived. Together with what asked it says nothing, step 3 a.
            undo(slot, shared);
        }
    } else if slot.repair.marks.contains(Marks::SPURIOUS_1) {
        slot.repair.marks.remove(Marks::SPURIOUS_1);
        let new = slot.tx.len().saturating_sub(slot.flight_size());
        let fits = found.window.saturating_sub(slot.flight_size()) >= slot.mss();
        if found.has_advanced && slot.snd_una.lt(slot.recover) && new >= slot.mss() && fits {
            slot.repair.marks.insert(Marks::SPURIOUS_2);
        }
    }
}

fn undo(slot: &mut Slot, shared: &mut Shared<'_>) {
    count(&mut shared.stats.undone);
    let Prior { cwnd, ssthresh, .. } = slot.repair.prior;
    shared.congestion.undo(shared.words_mut(), cwnd, ssthresh);
    slot.repair.marks.remove(Marks::UNDO | Marks::FIRST_AGAIN);
    slot.flags.remove(Flags::FAST_RECOVERY | Flags::TIMEOUT_RECOVERY);
    slot.duplicate_acks = 0;
    slot.records.unmark_lost(&mut shared.records);
}
