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
//!
//! An acknowledgement, however many blocks it has, costs two walks over the runs below the highest SACKed octet, that is
//! twice as many as there are gaps: one marks what has arrived, the other what is overdue. What was sent behind that
//! octet is not looked at, and sending something again costs no walk, since [`Records::first_lost`] and
//! [`Records::on_retransmit`] begin where the last retransmission was.

use super::run::{Record, State};
use super::{stamp, Acked, Covered, Records};
use crate::pool::Pool;
use crate::seq::SeqNum;
use core::ops::ControlFlow::{self, Break, Continue};
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
    /// That run was so more than once, or others that were sent again are acknowledged or SACKed: no echo tells of them.
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
    pub(super) fn remaining(&self, run: &Record) -> Option<u32> {
        let is_before =
            SeqNum(run.sent).lt(SeqNum(self.at)) || (run.sent == self.at && run.end().lt(self.end));
        let deadline = SeqNum(run.sent) + self.wait_us;
        let now = SeqNum(self.now);
        is_before.then(|| if deadline.le(now) { 0 } else { deadline.distance(now) })
    }
}

/// The first block, by where it begins, that reaches beyond `at`.
fn first_beyond(blocks: &[Block], at: SeqNum) -> Option<Block> {
    let beyond = blocks.iter().filter(|block| block.right.gt(at));
    beyond.copied().reduce(|first, block| if block.left.lt(first.left) { block } else { first })
}

impl Overdue {
    /// Marks a run as lost if it is overdue. `Break`: none behind it can be.
    fn judge(&mut self, after: &SentAfter, run: &mut Record) -> ControlFlow<()> {
        if run.state.intersects(State::LOST | State::SACKED) {
            return Continue(());
        }
        match after.remaining(run) {
            None if !run.state.contains(State::RESENT) => return Break(()),
            None => {}
            Some(0) => {
                self.lost = self.lost.saturating_add(run.len);
                self.lost_again |= run.state.contains(State::RESENT);
                run.state.insert(State::LOST);
            }
            Some(wait) => self.wait_us = self.wait_us.max(wait),
        }
        Continue(())
    }
}

impl Records {
    /// SND.UNA moves to `una`, and the peer has `blocks` above it, which lie within what is in flight. Linear in the
    /// runs below the highest octet that is SACKed, whatever the number of blocks.
    pub(crate) fn on_sack(
        &mut self,
        pool: &mut Pool<'_, Record>,
        una: SeqNum,
        blocks: &[Block],
        now: Instant,
    ) -> Delivery {
        let now = stamp(now);
        let mut sum = Covered::default();
        self.cover(pool, &mut sum, una, now);
        let again_at = sum.again_at;
        let before = self.sacked;
        let highest = self.mark_sacked(pool, &mut sum, blocks, now).or(sum.sacked_end);
        Delivery {
            again_at,
            is_again_unclear: sum.is_again_unclear || sum.again_at != again_at,
            acked: self.account(&sum, now),
            sacked: self.sacked.saturating_sub(before),
            newest: sum.newest.map(|run| Sent {
                at: run.sent,
                end: run.end(),
                was_resent: run.state.contains(State::RESENT),
            }),
            is_reordered: highest.is_some_and(|highest| sum.original.is_some_and(|end| end.lt(highest))),
        }
    }

    /// Marks as lost what was sent before something that has arrived, and is overdue: RFC 8985 §6.2 step 5. Linear in
    /// the runs below the first that was sent once, and later than that: what lies behind it was sent later still.
    pub(crate) fn mark_lost_by_time(&mut self, pool: &mut Pool<'_, Record>, after: &SentAfter) -> Overdue {
        let mut overdue = Overdue::default();
        let mut is_beyond_hint = self.hint == 0;
        let mut link = self.head;
        while let Some(run) = pool.get_mut(link) {
            is_beyond_hint |= link == self.hint;
            let lost = overdue.lost;
            if overdue.judge(after, run).is_break() {
                return self.take_overdue(overdue);
            }
            if overdue.lost != lost && !is_beyond_hint {
                self.hint = link;
                is_beyond_hint = true;
            }
            link = run.next;
        }
        if self.open.len > 0 {
            // What it says of others is of no interest: it is the last.
            let _ = overdue.judge(after, &mut self.open);
        }
        self.take_overdue(overdue)
    }

    fn take_overdue(&mut self, overdue: Overdue) -> Overdue {
        self.lost = self.lost.saturating_add(overdue.lost);
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

    /// One walk, up to the last block and to the highest that was SACKed before, whose end it returns. Neighbours that
    /// are SACKed now become one.
    fn mark_sacked(
        &mut self,
        pool: &mut Pool<'_, Record>,
        sum: &mut Covered,
        blocks: &[Block],
        now: u32,
    ) -> Option<SeqNum> {
        let mut unmet = self.sacked;
        let mut highest = None;
        let mut next = first_beyond(blocks, pool.get(self.head).map_or(self.open.seq, |run| run.seq));
        // The run before, if it is SACKED.
        let mut sacked = 0;
        let mut link = self.head;
        while let Some(run) = pool.get_mut(link) {
            let (seq, end, mut follower) = (run.seq, run.end(), run.next);
            if next.is_some_and(|block| block.right.le(seq)) {
                next = first_beyond(blocks, seq);
            }
            if unmet == 0 && next.is_none() {
                return highest;
            }
            if run.state.contains(State::SACKED) {
                unmet = unmet.saturating_sub(run.len);
                highest = Some(end);
                sacked = self.join_sacked(pool, sacked, link);
                link = follower;
                continue;
            }
            let before = core::mem::take(&mut sacked);
            if let Some(block) = next.filter(|block| block.left.lt(end)) {
                // What lies before the block stays as it is; without an entry to cut it, all of it does.
                if block.left.gt(seq) {
                    link = self.split(pool, link, block.left).unwrap_or(follower);
                    continue;
                }
                if block.right.lt(end) {
                    match self.split(pool, link, block.right) {
                        Some(behind) => follower = behind,
                        None => {
                            link = follower;
                            continue;
                        }
                    }
                }
                self.sack_entry(pool, sum, link, now);
                sacked = self.join_sacked(pool, before, link);
            }
            link = follower;
        }
        if self.open.len > 0 && self.open.state.contains(State::SACKED) {
            return Some(self.open.end());
        }
        let mut at = self.open.seq;
        while let Some(block) = first_beyond(blocks, at) {
            self.mark_open_sacked(pool, sum, &block, now);
            at = block.right;
        }
        highest
    }

    /// The same for the open run, of which what is cut off becomes the last of the chain.
    fn mark_open_sacked(&mut self, pool: &mut Pool<'_, Record>, sum: &mut Covered, block: &Block, now: u32) {
        let Block { left, right } = *block;
        let is_inside = |at: SeqNum, open: &Record| at.gt(open.seq) && at.lt(open.end());
        if is_inside(left, &self.open) && !self.cut_open(pool, left) {
            return;
        }
        if self.open.len == 0 || left.gt(self.open.seq) || right.le(self.open.seq) {
            return;
        }
        let last = self.tail;
        if is_inside(right, &self.open) {
            if !self.cut_open(pool, right) {
                return;
            }
            let link = self.tail;
            self.sack_entry(pool, sum, link, now);
            self.join_sacked(pool, last, link);
        } else {
            let open = self.open;
            self.sack(sum, &open, now);
            self.open.state = State::SACKED | State::RESENT;
        }
    }

    /// All of the run behind `link` has arrived.
    fn sack_entry(&mut self, pool: &mut Pool<'_, Record>, sum: &mut Covered, link: u16, now: u32) {
        if let Some(entry) = pool.get_mut(link) {
            let run = *entry;
            entry.state = State::SACKED | State::RESENT;
            self.sack(sum, &run, now);
        }
    }

    /// The SACKed run behind `link` becomes part of the one before it, behind `last`, if there is one and that is SACKed
    /// too. Returns the link to the run that it is part of then.
    fn join_sacked(&mut self, pool: &mut Pool<'_, Record>, last: u16, link: u16) -> u16 {
        if last == 0 {
            return link;
        }
        let len = pool.get(link).map_or(0, |run| run.len);
        match pool.get_mut(last) {
            Some(before) if before.state.contains(State::SACKED) => {
                before.len = before.len.saturating_add(len);
                self.drop_behind(pool, last);
                last
            }
            _ => link,
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
