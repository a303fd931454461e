//! The scoreboard of selective acknowledgement: which octets in flight the peer has, and which are therefore lost.
//! RFC 2018 §5, RFC 6675 §4.
//!
//! ```text
//!    snd_una                                        snd_nxt
//!      | lost | sacked | lost, sent again | sacked | in flight |
//! ```
//! Marks are on runs. A block that no entry is left to cut a run for is noted as far as whole runs reach: forgetting a
//! SACK is always allowed. Neighbours that are SACKed become one run, so that a scoreboard takes twice as many
//! entries as there are gaps.

use super::run::{Record, State};
use super::{stamp, Acked, Covered, Records};
use crate::pool::Pool;
use crate::seq::SeqNum;
use tersus_ip::Instant;

/// Discontiguous ranges, or segments, above a hole that reveal a loss: DupThresh, RFC 6675 §2.
const DUP_THRESH: u32 = 3;

/// The octets from `left` up to `right`, which the peer has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) left: SeqNum,
    pub(crate) right: SeqNum,
}

/// What an acknowledgement with SACK blocks brought.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Delivery {
    pub(crate) acked: Acked,
    /// Octets that are SACKed now and were not before.
    pub(crate) sacked: u32,
    /// What was sent last of all that it delivers.
    pub(crate) newest: Option<Sent>,
    /// Octets that were sent once came although later ones had come before: RFC 8985 §6.2 step 3.
    pub(crate) is_reordered: bool,
    /// A run that was sent again then, as [`stamp`] has it, is acknowledged now, and had not been SACKed.
    pub(crate) again_at: Option<u32>,
    /// Others that were sent again are acknowledged or SACKed: no echo tells of them.
    pub(crate) is_again_unclear: bool,
}

/// When octets were sent that have arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    /// As [`stamp`] has it.
    pub(crate) at: u32,
    pub(crate) end: SeqNum,
    pub(crate) was_resent: bool,
}

/// What RACK compares runs with: RFC 8985 §6.2 step 5.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SentAfter {
    /// `RACK.xmit_ts` and `RACK.end_seq`.
    pub(crate) at: u32,
    pub(crate) end: SeqNum,
    /// `RACK.rtt` + `RACK.reo_wnd`, in µs.
    pub(crate) wait_us: u32,
    /// Now, as [`stamp`] has it.
    pub(crate) now: u32,
}

/// What RACK found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Overdue {
    /// Octets that are lost now and were not before.
    pub(crate) lost: u32,
    /// Some of them had been sent again before.
    pub(crate) lost_again: bool,
    /// When the next ones may be, in µs from now; 0: none.
    pub(crate) wait_us: u32,
}

impl SentAfter {
    /// How long a run may still take, in µs, if it was sent before what has arrived; 0: too long already.
    fn remaining(&self, run: &Record) -> Option<u32> {
        let is_before =
            SeqNum(run.sent).lt(SeqNum(self.at)) || (run.sent == self.at && run.end().lt(self.end));
        let deadline = SeqNum(run.sent) + self.wait_us;
        let now = SeqNum(self.now);
        is_before.then(|| if deadline.le(now) { 0 } else { deadline.distance(now) })
    }
}

impl Records {
    /// SND.UNA moves to `una`, and the peer has `blocks` above it, which lie within what is in flight. Linear in the
    /// records for each block.
    pub(crate) fn on_sack(
        &mut self,
        pool: &mut Pool<'_, Record>,
        una: SeqNum,
        blocks: &[Block],
        now: Instant,
    ) -> Delivery {
        let now = stamp(now);
        let mut sum = Covered::default();
        let highest = self.highest_sacked(pool);
        self.cover(pool, &mut sum, una, now);
        let again_at = sum.again_at;
        let before = self.sacked;
        for block in blocks {
            self.mark_sacked(pool, &mut sum, block, now);
        }
        let sacked = self.sacked.saturating_sub(before);
        if sacked > 0 {
            self.merge(pool);
        }
        Delivery {
            again_at,
            is_again_unclear: sum.is_again_unclear || sum.again_at != again_at,
            acked: self.account(&sum, now),
            sacked,
            newest: sum.newest.map(|run| Sent {
                at: run.sent,
                end: run.end(),
                was_resent: run.state.contains(State::RESENT),
            }),
            is_reordered: highest.is_some_and(|highest| sum.original.is_some_and(|end| end.lt(highest))),
        }
    }

    /// Where the highest octets end that are SACKED.
    fn highest_sacked(&self, pool: &Pool<'_, Record>) -> Option<SeqNum> {
        if self.sacked == 0 {
            return None;
        }
        let open = (self.open.len > 0).then_some(&self.open);
        let runs = pool.chain(self.head).chain(open);
        runs.filter(|run| run.state.contains(State::SACKED)).last().map(Record::end)
    }

    /// Marks as lost what was sent before something that has arrived, and is overdue: RFC 8985 §6.2 step 5. Linear in
    /// the records.
    pub(crate) fn mark_lost_by_time(&mut self, pool: &mut Pool<'_, Record>, after: &SentAfter) -> Overdue {
        let mut overdue = Overdue::default();
        self.for_each(pool, |lost, run| {
            if run.state.intersects(State::LOST | State::SACKED) {
                return;
            }
            match after.remaining(run) {
                None => {}
                Some(0) => {
                    overdue.lost = overdue.lost.saturating_add(run.len);
                    overdue.lost_again |= run.state.contains(State::RESENT);
                    run.state.insert(State::LOST);
                    *lost = lost.saturating_add(run.len);
                }
                Some(wait) => overdue.wait_us = overdue.wait_us.max(wait),
            }
        });
        overdue
    }

    /// As `mark_all_lost`, for a timer that expired while RACK measures: what was sent of late may still arrive, but for
    /// the first. RFC 8985 §6.3.
    pub(crate) fn mark_old_lost(&mut self, pool: &mut Pool<'_, Record>, wait_us: u32, now: Instant) {
        let now = SeqNum(stamp(now));
        self.lost = 0;
        self.sacked = 0;
        let mut is_first = true;
        self.for_each(pool, |lost, run| {
            run.state.remove(State::SACKED | State::FRONT | State::LOST);
            if is_first || (SeqNum(run.sent) + wait_us).le(now) {
                run.state.insert(State::LOST);
                *lost = lost.saturating_add(run.len);
            }
            is_first = false;
        });
        self.join(pool, Record::unite);
    }

    fn mark_sacked(&mut self, pool: &mut Pool<'_, Record>, sum: &mut Covered, block: &Block, now: u32) {
        self.cut(pool, block.left);
        self.cut(pool, block.right);
        let is_inside = |run: &Record| {
            run.seq.ge(block.left) && run.end().le(block.right) && !run.state.contains(State::SACKED)
        };
        let mut link = self.head;
        for _ in 0..self.count {
            let run = pool.copy(link);
            if is_inside(&run) {
                self.sack(sum, &run, now);
                if let Some(entry) = pool.get_mut(link) {
                    entry.state = State::SACKED | State::RESENT;
                }
            }
            link = run.next;
        }
        let open = self.open;
        if open.len > 0 && is_inside(&open) {
            self.sack(sum, &open, now);
            self.open.state = State::SACKED | State::RESENT;
        }
    }

    /// All of a run has arrived. If the SACK is forgotten later, no sample may come from it: hence `RESENT`.
    fn sack(&mut self, sum: &mut Covered, run: &Record, now: u32) {
        if run.state.contains(State::LOST) {
            self.lost = self.lost.saturating_sub(run.len);
        }
        self.sacked = self.sacked.saturating_add(run.len);
        self.deliver(sum, run, run.end(), now);
    }

    /// `IsLost` of RFC 6675 §4 for everything: what lies below three SACKed ranges, or below more than two segments'
    /// worth of SACKed octets, is lost, unless it was sent again. Returns how many octets are now that were not before.
    pub(crate) fn mark_lost_by_sack(&mut self, pool: &mut Pool<'_, Record>, smss: u32) -> u32 {
        if self.sacked == 0 {
            return 0;
        }
        let (mut ranges, mut above) = (0u32, self.sacked);
        let mut in_range = false;
        self.for_each(pool, |_, run| {
            let is_sacked = run.state.contains(State::SACKED);
            ranges += u32::from(is_sacked && !in_range);
            in_range = is_sacked;
        });
        in_range = false;
        let before = self.lost;
        self.for_each(pool, |lost, run| {
            let is_sacked = run.state.contains(State::SACKED);
            if is_sacked {
                above = above.saturating_sub(run.len);
                ranges -= u32::from(!in_range);
            } else if (ranges >= DUP_THRESH || above > smss.saturating_mul(DUP_THRESH - 1))
                && !run.state.intersects(State::LOST | State::RESENT)
            {
                run.state.insert(State::LOST);
                *lost = lost.saturating_add(run.len);
            }
            in_range = is_sacked;
        });
        self.lost.saturating_sub(before)
    }

    /// Nothing was lost after all: what was marked is in flight. Linear in the records.
    pub(crate) fn unmark_lost(&mut self, pool: &mut Pool<'_, Record>) {
        self.lost = 0;
        self.for_each(pool, |_, run| run.state.remove(State::LOST | State::FRONT));
    }

    /// As `mark_lost` for the first segment in flight, unless it was sent again already.
    pub(crate) fn mark_front_lost(&mut self, pool: &mut Pool<'_, Record>, smss: u32) {
        let front = pool.get(self.head).copied().unwrap_or(self.open);
        if front.len > 0 && !front.state.intersects(State::LOST | State::RESENT | State::SACKED) {
            let len = smss.min(self.end().distance(front.seq));
            self.mark_lost(pool, front.seq, len);
        }
    }

    /// The first octets below the highest that is SACKed that are neither SACKed nor were sent again: rule 3 of
    /// `NextSeg`, RFC 6675 §4.
    pub(crate) fn first_unsacked(&self, pool: &Pool<'_, Record>) -> Option<(SeqNum, u32)> {
        let open = (self.open.len > 0).then_some(&self.open);
        let mut found = None;
        let mut above = self.sacked;
        for run in pool.chain(self.head).chain(open) {
            if above == 0 {
                return None;
            }
            if run.state.contains(State::SACKED) {
                above = above.saturating_sub(run.len);
                if found.is_some() {
                    break;
                }
            } else if found.is_none() && !run.state.contains(State::RESENT) {
                found = Some((run.seq, run.len));
            }
        }
        found
    }

    /// Whether something in flight was sent again, or is to be. Linear in the records.
    pub(crate) fn is_repairing(&self, pool: &Pool<'_, Record>) -> bool {
        let again = |run: &Record| !run.state.contains(State::SACKED) && run.state.contains(State::RESENT);
        self.lost > 0 || again(&self.open) || pool.chain(self.head).any(again)
    }

    /// The last octets in flight: what a loss probe sends. Constant time or linear in the records.
    pub(crate) fn last(&self, pool: &Pool<'_, Record>) -> Option<(SeqNum, u32)> {
        let run = if self.open.len > 0 { &self.open } else { pool.get(self.tail)? };
        Some((run.seq, run.len))
    }

    /// The last octets in flight that are neither SACKED nor were sent again: what a rescue retransmission sends.
    pub(crate) fn last_unsacked(&self, pool: &Pool<'_, Record>) -> Option<(SeqNum, u32)> {
        let open = (self.open.len > 0).then_some(&self.open);
        let runs = pool.chain(self.head).chain(open);
        runs.filter(|run| !run.state.intersects(State::SACKED | State::RESENT))
            .last()
            .map(|run| (run.seq, run.len))
    }

    /// Octets in flight that the peer has by SACK.
    pub(crate) const fn sacked(&self) -> u32 {
        self.sacked
    }
}
