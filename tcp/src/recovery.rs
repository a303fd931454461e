//! Loss recovery by selective acknowledgement: RFC 6675, with the window of RFC 6937 (PRR) while it lasts.
//!
//! ```text
//!   ACK ──▶ blocks ──▶ records: SACKED, LOST ──▶ recovery begins, goes on or ends ──▶ output: NextSeg
//! ```
//! Rules 1 and 2 of `NextSeg` are `output`'s: what is lost goes first, then what was never sent. Rules 3 and 4, for when
//! neither is there, are here. HighRxt is not kept: the records know what was sent again.

use crate::acknowledgement::{samples_shift, DUPLICATE_ACKS};
use crate::congestion::{Loss, Recovery};
use crate::rack::{Rack, Width};
use crate::records::{stamp, Block, Delivery, Overdue};
use crate::segment::Segment;
use crate::seq::SeqNum;
use crate::shared::Shared;
use crate::statistics::count;
use crate::tcb::{Flags, Slot};
use crate::undo::{By, Prior};
use tersus_wire::tcp::{OptionsIter, TcpOption};

/// The window in recovery is the congestion control's.
const NOT_PROPORTIONAL: u32 = u32::MAX;

bitflags::bitflags! {
    /// How a repair stands, one bit each.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub(crate) struct Marks: u16 {
        /// The first retransmission of a recovery is to leave, whatever cwnd says.
        const FIRST_AGAIN = 1;
        /// The rescue retransmission of this recovery was sent, RFC 6675 §4.
        const RESCUED = 1 << 1;
        /// A retransmission was lost in this recovery, and reduced the window once more.
        const REDUCED_TWICE = 1 << 2;
        /// RACK has seen something arrive.
        const MEASURED = 1 << 3;
        /// Segments overtake each other on this path.
        const REORDERED = 1 << 4;
        /// The reordering window was widened in this round trip.
        const DSACK_ROUND = 1 << 5;
        /// What runs is the reordering timer, RFC 8985 §6.2.
        const REORDERING_TIMER = 1 << 6;
        /// What runs is the probe timeout, RFC 8985 §7.2.
        const PROBE_TIMER = 1 << 7;
        /// A loss probe is in flight, or about to be.
        const PROBED = 1 << 8;
        /// It is octets that were sent before. In recovery: the first in flight was sent again because of silence.
        const PROBED_AGAIN = 1 << 9;
        /// The probe that is to leave is a tail loss probe, RFC 8985 §7.3.
        const LOSS_PROBE = 1 << 11;
        /// The last reduction can be taken back.
        const UNDO = 1 << 12;
        /// The timer expired; the next ACK may show that it came too early, RFC 5682 §3.1 step 2.
        const SPURIOUS_1 = 1 << 13;
        /// It may have; new data ask, step 3.
        const SPURIOUS_2 = 1 << 14;
        /// Something that was sent again in this recovery was SACKed: whether the original or the copy, nobody knows.
        const DOUBTFUL = 1 << 15;
        /// No round-trip time was measured since.
        const UNSAMPLED = 1 << 10;
        /// What runs is not the RTO.
        const TIMERS = Self::REORDERING_TIMER.bits() | Self::PROBE_TIMER.bits();
    }
}

/// What a connection knows of its repairs, beside the records.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Repair {
    /// The delivered count when recovery began, which prr_delivered is counted from, RFC 6937.
    delivered: u32,
    /// Octets sent until then, modulo 2^32, which prr_out is counted from. Out of recovery, which ends every probe: see
    /// [`Repair::probe_end`].
    sent: u32,
    /// RecoverFS.
    flight_size: u32,
    /// pipe + sndcnt: what may be in the network until the next ACK.
    window: u32,
    pub(crate) rack: Rack,
    pub(crate) prior: Prior,
    pub(crate) marks: Marks,
    pub(crate) width: Width,
}

impl Repair {
    /// Nothing was ever lost.
    pub(crate) const NONE: Self = Self {
        delivered: 0,
        sent: 0,
        flight_size: 0,
        window: 0,
        rack: Rack::NONE,
        prior: Prior::NONE,
        marks: Marks::empty(),
        width: Width::NONE,
    };

    /// `TLP.end_seq`, if `Marks::PROBED`.
    pub(crate) const fn probe_end(&self) -> SeqNum {
        SeqNum(self.sent)
    }

    /// A probe is in flight, or about to be: it may end with `end`.
    pub(crate) fn begin_probe(&mut self, end: SeqNum) {
        self.marks.insert(Marks::PROBED);
        self.sent = end.0;
    }
}

/// A SACK option, taken apart.
#[derive(Default)]
struct Report {
    blocks: [Block; 4],
    len: usize,
    /// Octets that came twice, RFC 2883 §5.
    dsack: Option<Block>,
}

impl Report {
    fn blocks(&self) -> &[Block] {
        self.blocks.get(..self.len).unwrap_or_default()
    }
}

/// The fifth step's ACK field, of a connection with SACK.
pub(crate) fn on_ack(slot: &mut Slot, shared: &mut Shared<'_>, seg: &Segment<'_>) {
    let (una, flight_size) = (slot.snd_una, slot.flight_size());
    let report = slot.read_sack(shared, seg);
    let ack = seg.ack.max(una);
    let before = slot.records.delivered();
    let delivery = slot.records.on_sack(&mut shared.records, ack, report.blocks(), shared.now);
    let found = Found {
        delivered: slot.records.delivered().wrapping_sub(before),
        flight_size,
        has_advanced: ack != una,
        has_blocks: report.len > 0,
        has_dsack: report.dsack.is_some(),
        echo: seg.echo,
        window: if seg.seq.lt(slot.snd_wl1) { slot.snd_wnd } else { slot.window_of(seg) },
        delivery,
    };
    if found.has_advanced {
        slot.advance(shared, seg, &delivery.acked);
    } else {
        shared.acked = delivery.acked;
        if let Some(rtt) = delivery.acked.rtt_us {
            slot.rtt.on_sample(rtt, samples_shift(flight_size, found.delivered));
        }
    }
    if report.dsack.is_some() {
        count(&mut shared.stats.dsacks);
    }
    if let Some(undo) = &shared.duties.undo {
        (undo.on_ack)(slot, shared, report.dsack, &found);
    }
    if slot.flight_size() > 0 || found.has_advanced {
        slot.recover_by_sack(shared, seg, &found);
    } else if found.has_dsack {
        // Nothing can be lost, but what came twice tells of the path: RFC 8985 §6.2 step 4.
        slot.detect(shared, &found);
    }
    if let Some(rack) = &shared.duties.rack {
        (rack.on_ack)(slot, shared, seg, report.dsack.map(|block| block.right), &found);
    }
    if seg.ack.ge(una) {
        slot.take_window(shared, seg);
    }
}

/// What an ACK told.
pub(crate) struct Found {
    /// `DeliveredData` of RFC 6937, in octets.
    delivered: u32,
    /// FlightSize before.
    pub(crate) flight_size: u32,
    pub(crate) has_advanced: bool,
    pub(crate) has_blocks: bool,
    pub(crate) has_dsack: bool,
    /// TSecr, if the connection has timestamps.
    echo: u32,
    /// SND.WND as it will be behind it.
    pub(crate) window: u32,
    pub(crate) delivery: Delivery,
}

impl Found {
    /// No ACK came, but a timer expired.
    pub(crate) fn nothing(slot: &Slot) -> Self {
        Self {
            delivered: 0,
            flight_size: slot.flight_size(),
            has_advanced: false,
            has_blocks: false,
            has_dsack: false,
            echo: 0,
            window: slot.snd_wnd,
            delivery: Delivery::default(),
        }
    }

    /// Whether the segment that caused the ACK was sent before the moment `at`, as [`stamp`] has it: the original, not what
    /// was sent again then. `None`: nothing tells, or both left in one tick. RFC 3522 §3.2 (Eifel), RFC 8985 §6.2 step 2.
    pub(crate) fn is_older(&self, slot: &Slot, shared: &mut Shared<'_>, at: u32) -> Option<bool> {
        let duty = shared.timestamps.filter(|_| slot.flags.contains(Flags::TIMESTAMPS))?;
        let since = stamp(shared.now).wrapping_sub(at);
        (duty.is_older_than)(slot, shared, self.echo, since)
    }
}

impl Slot {
    /// The blocks that can be true: within what is in flight, RFC 2018 §3.
    fn read_sack(&self, shared: &mut Shared<'_>, seg: &Segment<'_>) -> Report {
        let mut report = Report::default();
        let una = seg.ack.max(self.snd_una);
        let option = OptionsIter::new(seg.options).map_while(Result::ok).find_map(|option| match option {
            TcpOption::Sack(blocks) => Some(blocks),
            _ => None,
        });
        let Some(blocks) = option else { return report };
        let of = |block: tersus_wire::tcp::SackBlock| Block {
            left: SeqNum(block.left),
            right: SeqNum(block.right),
        };
        let second = blocks.iter().nth(1).map(of);
        for (number, block) in blocks.iter().map(of).enumerate() {
            let Block { left, right } = block;
            let is_second_around =
                second.is_some_and(|second| left.ge(second.left) && right.le(second.right));
            // No duplicate is of what was never sent, or older than any window: a stranger's, or forged.
            let is_of_late = left.ge(self.snd_una - self.max_snd_wnd) && right.le(self.snd_nxt());
            if number == 0 && left.lt(right) && is_of_late && (right.le(seg.ack) || is_second_around) {
                report.dsack = Some(block);
                continue;
            }
            let is_possible = left.lt(right) && right.gt(una) && right.le(self.snd_nxt());
            if let Some(place) = report.blocks.get_mut(report.len).filter(|_| is_possible) {
                *place = Block { left: left.max(una), right };
                report.len += 1;
            } else {
                count(&mut shared.stats.sack_ignored);
            }
        }
        report
    }

    fn recover_by_sack(&mut self, shared: &mut Shared<'_>, seg: &Segment<'_>, found: &Found) {
        let mut has_ended = false;
        if self.flags.contains(Flags::FAST_RECOVERY) && self.snd_una.ge(self.recover) {
            self.end_recovery(shared);
            has_ended = true;
        }
        if self.flags.contains(Flags::TIMEOUT_RECOVERY) && self.snd_una.ge(self.recover) {
            self.flags.remove(Flags::TIMEOUT_RECOVERY);
            if let Some(rack) = &shared.duties.rack {
                (rack.on_recovered)(self);
            }
        }
        let overdue = self.detect(shared, found);
        let is_open = !self.flags.intersects(Flags::FAST_RECOVERY | Flags::TIMEOUT_RECOVERY);
        // A duplicate ACK by RFC 6675 §2; where no record is left to note the blocks, by RFC 5681 §2.
        let is_unnoted = found.has_blocks && self.records.sacked() == 0;
        if is_open && (found.delivery.sacked > 0 || (is_unnoted && self.is_duplicate_ack(seg))) {
            count(&mut shared.stats.duplicate_acks);
            self.duplicate_acks = self.duplicate_acks.saturating_add(1);
            if self.duplicate_acks == 1 {
                // What this ACK advanced by was in flight until now, and what it lets out is not.
                self.recover = self.snd_una + found.flight_size;
            }
        }
        // RACK lets later segments overtake; what cannot be noted can only be counted.
        let counts = is_unnoted || shared.duties.rack.is_none();
        if is_open && (overdue.lost > 0 || (counts && self.duplicate_acks >= DUPLICATE_ACKS)) {
            self.begin_recovery(shared, found);
        } else if self.flags.contains(Flags::FAST_RECOVERY) {
            self.in_recovery(shared, found, &overdue);
        } else if has_ended {
            self.restart_after_ack(shared);
        } else {
            self.take_growth(shared, found);
        }
        if let Some(rack) = shared.duties.rack.as_ref().filter(|_| overdue.wait_us > 0) {
            (rack.wait)(self, shared, overdue.wait_us);
        }
    }

    /// Marks what is lost, by RACK or by RFC 6675.
    fn detect(&mut self, shared: &mut Shared<'_>, found: &Found) -> Overdue {
        if let Some(rack) = &shared.duties.rack {
            return (rack.detect)(self, shared, found);
        }
        let mss = self.mss();
        let lost = self.records.mark_lost_by_sack(&mut shared.records, mss);
        Overdue { lost, ..Overdue::default() }
    }

    /// The reordering timer found losses, or none.
    pub(crate) fn on_overdue(&mut self, shared: &mut Shared<'_>, found: &Found, overdue: &Overdue) {
        if self.flags.contains(Flags::FAST_RECOVERY) {
            self.in_recovery(shared, found, overdue);
        } else if overdue.lost > 0 && !self.flags.contains(Flags::TIMEOUT_RECOVERY) {
            self.begin_recovery(shared, found);
        }
    }

    /// What an ACK does when it reveals no loss.
    fn take_growth(&mut self, shared: &mut Shared<'_>, found: &Found) {
        if found.has_advanced {
            let sample = self.ack_sample(shared, &found.delivery.acked, found.flight_size);
            shared.congestion.on_ack(shared.words_mut(), &sample);
            self.restart_after_ack(shared);
        }
    }

    /// RFC 6675 §5, step 4.
    fn begin_recovery(&mut self, shared: &mut Shared<'_>, found: &Found) {
        count(&mut shared.stats.fast_retransmits);
        let smss = self.mss();
        // Without what limited transmit sent.
        let flight_size =
            if self.duplicate_acks > 1 { self.recover.distance(self.snd_una) } else { found.flight_size };
        // Of a recovery that has just ended much may be in flight that has arrived: that was never in the network at once.
        let flight_size = flight_size.min(shared.cwnd());
        if let Some(undo) = &shared.duties.undo {
            (undo.on_reduction)(self, shared, By::Acks);
        }
        self.flags.insert(Flags::FAST_RECOVERY);
        self.repair.marks.insert(Marks::FIRST_AGAIN);
        // What a probe tells besides is told by the reduction of this recovery.
        self.repair.marks.remove(Marks::RESCUED | Marks::REDUCED_TWICE | Marks::PROBED | Marks::PROBED_AGAIN);
        if self.records.lost() == 0 {
            self.mark_first_lost(shared, smss);
        }
        let sacked_before = self.records.sacked().saturating_sub(found.delivery.sacked);
        self.repair.flight_size = found.flight_size.saturating_sub(sacked_before);
        self.begin_reduction(shared, found, flight_size);
        self.start_retransmit_timer(shared);
    }

    /// The window goes down to what `flight_size` leads to, in proportion to what arrives.
    fn begin_reduction(&mut self, shared: &mut Shared<'_>, found: &Found, flight_size: u32) {
        let loss = Loss { flight_size, smss: self.mss(), now: shared.now };
        shared.congestion.enter_recovery(shared.words_mut(), &loss, Recovery::Sack);
        self.on_window_reduced();
        self.recover = self.snd_nxt();
        self.repair.delivered = self.records.delivered().wrapping_sub(found.delivered);
        self.repair.sent = low(self.octets_sent);
        self.reduce(shared, found);
    }

    /// §5, steps A to C.
    fn in_recovery(&mut self, shared: &mut Shared<'_>, found: &Found, overdue: &Overdue) {
        let mss = self.mss();
        if found.has_advanced || found.delivery.sacked > 0 {
            // Something is heard again: the next silence may be asked about.
            self.repair.marks.remove(Marks::PROBED_AGAIN);
        }
        if found.has_advanced && found.has_blocks && self.records.sacked() == 0 {
            // The blocks could not be noted: the first hole is the next, as RFC 6582 has it.
            self.records.mark_front_lost(&mut shared.records, mss);
        }
        if overdue.lost_again && !self.repair.marks.contains(Marks::REDUCED_TWICE) {
            // A retransmission was lost as well: a second sign of congestion, RFC 5681 §4.3.
            self.repair.marks.remove(Marks::UNDO);
            self.repair.marks.insert(Marks::REDUCED_TWICE | Marks::FIRST_AGAIN);
            let target = shared.congestion.ssthresh(shared.words()).min(found.flight_size);
            self.repair.flight_size = self.records.pipe(self.flight_size()).saturating_add(found.delivered);
            self.begin_reduction(shared, found, target);
        } else {
            self.reduce(shared, found);
        }
        if found.has_advanced {
            self.start_retransmit_timer(shared);
        }
    }

    fn end_recovery(&mut self, shared: &mut Shared<'_>) {
        self.flags.remove(Flags::FAST_RECOVERY);
        self.repair.marks.remove(Marks::FIRST_AGAIN | Marks::PROBED_AGAIN);
        if let Some(rack) = &shared.duties.rack {
            (rack.on_recovered)(self);
        }
        let mss = self.mss();
        shared.congestion.exit_recovery(shared.words_mut(), self.flight_size(), mss);
    }

    /// RFC 6937 §3.
    fn reduce(&mut self, shared: &mut Shared<'_>, found: &Found) {
        let ssthresh = shared.congestion.ssthresh(shared.words());
        if ssthresh == u32::MAX {
            // It does not go by ssthresh: its own window counts.
            self.repair.window = NOT_PROPORTIONAL;
            return;
        }
        let smss = self.mss();
        let delivered = self.records.delivered().wrapping_sub(self.repair.delivered);
        let out = low(self.octets_sent).wrapping_sub(self.repair.sent);
        let pipe = self.records.pipe(self.flight_size());
        let count = if pipe > ssthresh {
            let whole = u64::from(delivered) * u64::from(ssthresh);
            let share = whole.div_ceil(self.repair.flight_size.max(1).into());
            u32::try_from(share).unwrap_or(u32::MAX).saturating_sub(out)
        } else {
            let mut limit = delivered.saturating_sub(out).max(found.delivered);
            if found.has_advanced {
                limit = limit.saturating_add(smss);
            }
            limit.min(ssthresh - pipe)
        };
        self.repair.window = pipe.saturating_add(count);
    }

    /// cwnd, or what takes its place in recovery.
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    #[cfg_attr(target_pointer_width = "32", inline)]
    pub(crate) fn cwnd(&self, shared: &Shared<'_>) -> u32 {
        let by_sack = Flags::FAST_RECOVERY | Flags::SACK_OK;
        if self.flags.contains(by_sack) && self.repair.window != NOT_PROPORTIONAL {
            return self.repair.window;
        }
        shared.cwnd()
    }
}

/// Rules 3 and 4 of `NextSeg`, RFC 6675 §4.
pub(crate) fn more(slot: &Slot, shared: &Shared<'_>) -> Option<More> {
    let smss = slot.mss();
    let pipe = slot.records.pipe(slot.flight_size());
    if pipe.saturating_add(smss) > slot.cwnd(shared) {
        return None;
    }
    // RACK and its probe do the rest.
    if shared.duties.rack.is_some() {
        return None;
    }
    if let Some((seq, len)) = slot.records.first_unsacked(&shared.records) {
        return Some(More { seq, len, is_rescue: false });
    }
    if slot.repair.marks.contains(Marks::RESCUED) {
        return None;
    }
    let (seq, len) = slot.records.last_unsacked(&shared.records)?;
    let last = len.min(smss);
    Some(More { seq: seq + (len - last), len: last, is_rescue: true })
}

/// Octets to be sent again although nothing says that they are lost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct More {
    pub(crate) seq: SeqNum,
    pub(crate) len: u32,
    /// By rule 4: once in a recovery.
    pub(crate) is_rescue: bool,
}

fn low(octets: u64) -> u32 {
    let [a, b, c, d, ..] = octets.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}
