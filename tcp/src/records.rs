//! What was sent when: the send records of a connection, for round-trip times, rates and loss recovery.
//!
//! ```text
//!       snd_una                                               snd_nxt
//!   --------+----------------+-------+-----------------+---------+------
//!           |    record      | lost  |     record      |  open   |
//!           +----------------+-------+-----------------+---------+
//!             head -> chain of records from the pool     in the slot
//! ```
//!
//! A record is a *run*: octets sent at one moment, with one count of what was delivered until then. They give the same
//! round-trip time and the same rate, however many segments they were. The newest run is *open*: it lies in the slot,
//! and a short exchange never touches the pool. Always, the chain and the open run together cover [SND.UNA, SND.NXT)
//! exactly.
//!
//! When the pool has no entry left, precision is lost, never octets:
//! - New octets join the open run, which becomes *coarse*: it has no send time of its own any more. One mark in it (an
//!   octet and when that was sent) still gives a sample in each round trip.
//! - A run of which only the first segment is lost is lost as a whole, with a note that says so ([`State::FRONT`]).
//! - A run of which only the first segment can be sent again counts as sent again as a whole, until what really was is
//!   acknowledged. The next segment must be marked as lost when the partial acknowledgement comes (NewReno).
//!
//! Times are the low 32 bits of an `Instant`'s microseconds.

use crate::pool::Pool;
use crate::seq::SeqNum;
use tersus_ip::Instant;

mod flaws;
mod run;
mod scoreboard;
pub use run::Record;
use run::State;
pub(crate) use scoreboard::{Block, Delivery, Overdue, SentAfter};

/// Largest difference of two times that is believed.
const HALF: u32 = u32::MAX / 2;

/// Whether anybody looks at the rate at which octets were delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rate {
    Wanted,
    Unasked,
}

/// What a cumulative acknowledgement brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Acked {
    /// Octets newly acknowledged.
    pub(crate) octets: u32,
    /// A round-trip time, in µs, if RFC 6298 §3 (Karn) allows one: nothing of what was acknowledged was sent twice.
    pub(crate) rtt_us: Option<u32>,
    /// The rate at which the network delivers: so many octets …
    pub(crate) delivered: u32,
    /// … in so many µs; 0: no sample.
    pub(crate) interval_us: u32,
}

/// The records of one connection, with its open run; zeros: nothing was sent, and the next octet is 0.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Records {
    open: Record,
    /// Octets in flight that the peer has by SACK.
    sacked: u32,
    /// Octets in flight that are lost.
    lost: u32,
    /// Octets delivered so far; wraps.
    delivered: u32,
    /// When that last changed, or when sending began after an idle time.
    delivered_at: u32,
    /// When the run was sent that was delivered last.
    first_sent: u32,
    head: u16,
    tail: u16,
    count: u16,
    /// A run of the chain before which none is lost; 0: the first.
    hint: u16,
}

impl Records {
    /// Of no connection.
    pub(crate) const NONE: Self = Self::new(SeqNum(0));

    /// Nothing is in flight, and the next octet is `iss`. SYN and FIN are recorded like an octet of data each.
    #[must_use]
    pub(crate) const fn new(iss: SeqNum) -> Self {
        Self {
            open: Record { seq: iss, ..Record::NONE },
            sacked: 0,
            lost: 0,
            delivered: 0,
            delivered_at: 0,
            first_sent: 0,
            head: 0,
            tail: 0,
            count: 0,
            hint: 0,
        }
    }

    /// SND.NXT: where the recorded octets end.
    #[must_use]
    pub(crate) fn end(&self) -> SeqNum {
        self.open.end()
    }

    /// `len` new octets left, from [`Records::end`] on. Constant time.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn on_send(&mut self, pool: &mut Pool<'_, Record>, len: u32, now: Instant) {
        if len == 0 {
            return;
        }
        let sent = stamp(now);
        if self.open.len == 0 {
            if self.head == 0 {
                // Nothing was in flight: a rate is measured from here on.
                self.first_sent = sent;
                self.delivered_at = sent;
            }
            self.open = self.run(self.open.seq, len, sent);
        } else if self.open.sent == sent
            && self.open.delivered == self.delivered
            && self.open.state.is_empty()
        {
            self.open.len = self.open.len.saturating_add(len);
        } else if self.append(pool, self.open) {
            self.open = self.run(self.open.end(), len, sent);
        } else {
            self.swallow(len, sent);
        }
    }

    /// Octets that leave now.
    fn run(&self, seq: SeqNum, len: u32, sent: u32) -> Record {
        Record {
            seq,
            len,
            sent,
            delivered: self.delivered,
            delivered_at: self.delivered_at,
            first_sent: self.first_sent,
            ..Record::NONE
        }
    }

    /// The open run takes new octets of another moment, because the pool has no entry for what it was.
    fn swallow(&mut self, len: u32, sent: u32) {
        let open = &mut self.open;
        open.coarsen();
        if open.state.contains(State::SACKED) {
            // The new octets are not: forgetting a SACK is always allowed.
            open.state.remove(State::SACKED);
            self.sacked = self.sacked.saturating_sub(open.len);
        }
        if open.state.contains(State::LOST) {
            self.lost = self.lost.saturating_add(len);
        }
        open.len = open.len.saturating_add(len);
        open.sent = sent;
        if !open.state.intersects(State::MARKED | State::RESENT) {
            open.state.insert(State::MARKED);
            open.delivered = open.end().0;
            open.delivered_at = sent;
        }
    }

    /// Appends a run to the chain; false: there is no entry for it, and nothing changed.
    fn append(&mut self, pool: &mut Pool<'_, Record>, run: Record) -> bool {
        let Some(link) = pool.take(self.count) else { return false };
        if let Some(entry) = pool.get_mut(link) {
            *entry = Record { next: 0, ..run };
        }
        match pool.get_mut(self.tail) {
            Some(tail) => tail.next = link,
            None => self.head = link,
        }
        self.tail = link;
        self.count += 1;
        true
    }

    /// SND.UNA moved to `una`: drops what is acknowledged. Linear in the records that this takes away. At what rate it was
    /// delivered is worked out for whom it interests.
    pub(crate) fn on_ack(
        &mut self,
        pool: &mut Pool<'_, Record>,
        una: SeqNum,
        now: Instant,
        rate: Rate,
    ) -> Acked {
        let now = stamp(now);
        if self.head == 0 && self.open.state.is_empty() && una == self.open.end() {
            return self.on_ack_of_all(now, rate);
        }
        self.on_ack_of_some(pool, una, now)
    }

    /// The usual case: at most one run is in flight, and all of it has arrived.
    fn on_ack_of_all(&mut self, now: u32, rate: Rate) -> Acked {
        let run = &mut self.open;
        let octets = core::mem::take(&mut run.len);
        if octets == 0 {
            return Acked::default();
        }
        run.seq += octets;
        self.delivered = self.delivered.wrapping_add(octets);
        let rtt = now.wrapping_sub(run.sent);
        let mut acked = Acked { octets, rtt_us: (rtt <= HALF).then_some(rtt), ..Acked::default() };
        if rate == Rate::Wanted {
            let interval = run.sent.wrapping_sub(run.first_sent).max(now.wrapping_sub(run.delivered_at));
            if interval != 0 && interval <= HALF {
                acked.delivered = self.delivered.wrapping_sub(run.delivered);
                acked.interval_us = interval;
            }
        }
        self.first_sent = run.sent;
        self.delivered_at = now;
        acked
    }

    #[inline(never)]
    fn on_ack_of_some(&mut self, pool: &mut Pool<'_, Record>, una: SeqNum, now: u32) -> Acked {
        let mut sum = Covered::default();
        self.cover(pool, &mut sum, una, now);
        self.account(&sum, now)
    }

    /// Drops what is below `una` and adds it up.
    fn cover(&mut self, pool: &mut Pool<'_, Record>, sum: &mut Covered, una: SeqNum, now: u32) {
        while let Some(record) = pool.get_mut(self.head) {
            if una.le(record.seq) {
                return;
            }
            let before = *record;
            if una.lt(before.end()) {
                let found = record.acknowledge(una);
                self.lost = self.lost.saturating_sub(found);
                self.take_in(sum, &before, una, now);
                return;
            }
            self.take_in(sum, &before, before.end(), now);
            if self.hint == self.head {
                self.hint = 0;
            }
            self.head = pool.give_back(self.head);
            self.count = self.count.saturating_sub(1);
            if self.head == 0 {
                self.tail = 0;
            }
        }
        if self.open.len > 0 && una.gt(self.open.seq) {
            let before = self.open;
            if una.lt(before.end()) {
                let found = self.open.acknowledge(una);
                self.lost = self.lost.saturating_sub(found);
                self.take_in(sum, &before, una, now);
            } else {
                self.open = Record { seq: before.end(), ..Record::NONE };
                self.take_in(sum, &before, before.end(), now);
            }
        }
    }

    /// `before`, as it was, is acknowledged up to `una`, at most its end.
    fn take_in(&mut self, sum: &mut Covered, before: &Record, una: SeqNum, now: u32) {
        let octets = una.distance(before.seq);
        sum.octets = sum.octets.saturating_add(octets);
        if before.state.contains(State::LOST) {
            self.lost = self.lost.saturating_sub(octets);
        }
        if before.state.contains(State::SACKED) {
            // It was delivered, and told what it could tell, when the SACK came.
            self.sacked = self.sacked.saturating_sub(octets);
            sum.sacked_end = Some(una);
            return;
        }
        self.deliver(sum, before, una, now);
    }

    /// The octets of `before` up to `until` have arrived, and are counted as delivered for the first time.
    fn deliver(&mut self, sum: &mut Covered, before: &Record, until: SeqNum, now: u32) {
        self.delivered = self.delivered.wrapping_add(until.distance(before.seq));
        if before.state.contains(State::RESENT) {
            // An echo of the first copy is older than the second, and a coarse run has no one moment.
            sum.is_again_unclear |= sum.is_ambiguous || before.tries != 1 || before.is_coarse();
            sum.is_ambiguous = true;
            sum.again_at = sum.again_at.or(Some(before.sent));
        }
        if before.is_coarse() {
            if before.state.contains(State::MARKED) && until.ge(SeqNum(before.delivered)) {
                sum.rtt_us = Some(now.wrapping_sub(before.delivered_at));
            }
        } else {
            sum.rtt_us = Some(now.wrapping_sub(before.sent));
        }
        // What was sent last tells the rate.
        if !sum.newest.is_some_and(|newest| SeqNum(before.sent).lt(SeqNum(newest.sent))) {
            sum.newest = Some(Record { len: until.distance(before.seq), ..*before });
        }
        if sum.original.is_none() && !before.state.contains(State::RESENT) {
            sum.original = Some(until);
        }
    }

    fn account(&mut self, sum: &Covered, now: u32) -> Acked {
        let mut acked = Acked { octets: sum.octets, ..Acked::default() };
        if !sum.is_ambiguous {
            acked.rtt_us = sum.rtt_us.filter(|&rtt| rtt <= HALF);
        }
        if let Some(newest) = &sum.newest {
            if !newest.is_coarse() {
                // A clock that stepped back gives no sample: more than half of the circle.
                let send_interval = newest.sent.wrapping_sub(newest.first_sent);
                let ack_interval = now.wrapping_sub(newest.delivered_at);
                let interval = send_interval.max(ack_interval);
                if interval != 0 && interval <= HALF {
                    acked.delivered = self.delivered.wrapping_sub(newest.delivered);
                    acked.interval_us = interval;
                }
            }
            self.first_sent = newest.sent;
            self.delivered_at = now;
        }
        acked
    }

    /// The octets from `seq` on, `len` of them, have left the network: [`Records::first_lost`] gives them, and
    /// [`Records::pipe`] no longer counts them. What the peer has by SACK is left alone. Linear in the records.
    pub(crate) fn mark_lost(&mut self, pool: &mut Pool<'_, Record>, seq: SeqNum, len: u32) {
        let end = seq + len;
        self.cut(pool, seq);
        self.cut(pool, end);
        self.for_each(pool, |lost, run| {
            if run.seq.lt(seq) || run.seq.ge(end) || run.state.contains(State::SACKED) {
                return;
            }
            let is_whole = run.end().le(end);
            if !run.state.contains(State::LOST) {
                *lost = lost.saturating_add(run.len);
                run.state.insert(State::LOST);
                run.state.set(State::FRONT, !is_whole);
            } else if is_whole {
                run.state.remove(State::FRONT);
            }
        });
    }

    /// All that is in flight is lost, and no SACK counts any more, RFC 2018 §8: the retransmission timer expired. Linear
    /// in the records.
    pub(crate) fn mark_all_lost(&mut self, pool: &mut Pool<'_, Record>) {
        self.lost = 0;
        self.sacked = 0;
        self.for_each(pool, |lost, run| {
            run.state.remove(State::SACKED | State::FRONT);
            run.state.insert(State::LOST);
            *lost = lost.saturating_add(run.len);
        });
        self.join(pool, Record::unite);
    }

    /// What was lost before `end` and could not be cut where it was sent again is lost once more, now that what really
    /// was sent again is acknowledged. Linear in the records.
    pub(crate) fn mark_rest_lost(&mut self, pool: &mut Pool<'_, Record>, end: SeqNum) {
        self.for_each(pool, |lost, run| {
            let is_known = run.state.intersects(State::SACKED | State::RESENT | State::LOST);
            if run.is_coarse() && !is_known && run.seq.lt(end) {
                run.state.insert(State::LOST);
                *lost = lost.saturating_add(run.len);
            }
        });
    }

    /// The first octets, in sequence order, that are lost and were not sent again since: where they start, and how many
    /// there are in a row. Linear in the records between the last retransmission and them.
    #[must_use]
    pub(crate) fn first_lost(&self, pool: &Pool<'_, Record>) -> Option<(SeqNum, u32)> {
        if self.lost == 0 {
            return None;
        }
        let open = (self.open.len > 0).then_some(&self.open);
        let mut found: Option<(SeqNum, u32)> = None;
        for run in pool.chain(self.start()).chain(open) {
            if !run.state.contains(State::LOST) {
                if found.is_some() {
                    break;
                }
                continue;
            }
            let (seq, len) = found.unwrap_or((run.seq, 0));
            found = Some((seq, len.saturating_add(run.len)));
            if run.state.contains(State::FRONT) {
                break;
            }
        }
        found
    }

    /// The octets from `seq` on, `len` of them, were sent again. Linear in the records between the last retransmission
    /// and them, if they lie behind it.
    pub(crate) fn on_retransmit(&mut self, pool: &mut Pool<'_, Record>, seq: SeqNum, len: u32, now: Instant) {
        if len == 0 {
            return;
        }
        let end = seq + len;
        let is_behind = pool.get(self.start()).is_some_and(|run| run.seq.le(seq));
        let start = if is_behind { self.start() } else { self.head };
        self.cut_behind(pool, start, seq);
        self.cut_behind(pool, start, end);
        // What was cut off the open run may be the first of the chain now.
        let start = if start == 0 { self.head } else { start };
        let again = self.run(seq, len, stamp(now));
        let mut link = start;
        while let Some(run) = pool.get_mut(link) {
            if run.seq.ge(end) {
                break;
            }
            if run.end().gt(seq) {
                self.lost = self.lost.saturating_sub(run.resend(&again));
            }
            link = run.next;
        }
        if self.open.len > 0 && self.open.seq.lt(end) && self.open.end().gt(seq) {
            self.lost = self.lost.saturating_sub(self.open.resend(&again));
        }
        self.join_behind(pool, start, Some(end), Record::join_like);
        self.hint = start;
        while let Some(run) = pool.get(self.hint) {
            if run.state.contains(State::LOST) || run.end().gt(seq) || run.next == 0 {
                break;
            }
            self.hint = run.next;
        }
    }

    /// Octets that are in the network: FlightSize less what is SACKed or lost, as RFC 6675 §4 has it for runs.
    #[must_use]
    pub(crate) const fn pipe(&self, flight_size: u32) -> u32 {
        flight_size.saturating_sub(self.sacked.saturating_add(self.lost))
    }

    /// Octets in flight that are lost and were not sent again.
    #[must_use]
    pub(crate) const fn lost(&self) -> u32 {
        self.lost
    }

    /// Octets delivered so far, a count that wraps.
    #[must_use]
    pub(crate) const fn delivered(&self) -> u32 {
        self.delivered
    }

    /// Whether the octet at `seq` was sent again. Linear in the records.
    #[must_use]
    pub(crate) fn was_resent(&self, pool: &Pool<'_, Record>, seq: SeqNum) -> bool {
        let runs = pool.chain(self.head).chain(Some(&self.open));
        runs.filter(|run| seq.ge(run.seq) && seq.lt(run.end())).any(|run| run.state.contains(State::RESENT))
    }

    /// Forgets what is in flight and gives the entries back: the connection ends.
    pub(crate) fn clear(&mut self, pool: &mut Pool<'_, Record>) {
        while self.head != 0 {
            self.head = pool.give_back(self.head);
        }
        *self = Self::new(self.end());
    }

    /// Makes a run begin at `at`, if that lies inside of one and there is an entry for it.
    fn cut(&mut self, pool: &mut Pool<'_, Record>, at: SeqNum) {
        self.cut_behind(pool, self.head, at);
    }

    /// The same for the open run, and those from `link` on.
    fn cut_behind(&mut self, pool: &mut Pool<'_, Record>, mut link: u16, at: SeqNum) {
        if at.gt(self.open.seq) {
            if at.lt(self.open.end()) {
                self.cut_open(pool, at);
            }
            return;
        }
        while let Some(run) = pool.get(link) {
            if at.le(run.seq) {
                return;
            }
            if at.lt(run.end()) {
                self.split(pool, link, at);
                return;
            }
            link = run.next;
        }
    }

    /// Cuts the open run at `at`, inside of it: what lies before that becomes the last of the chain. False: there is no
    /// entry for it.
    fn cut_open(&mut self, pool: &mut Pool<'_, Record>, at: SeqNum) -> bool {
        let mut front = self.open;
        let behind = front.cut(at);
        let is_cut = self.append(pool, front);
        if is_cut {
            let before = self.open;
            self.note_cut(&before, &behind);
            self.open = behind;
        }
        is_cut
    }

    /// Cuts a run of the chain at `at`, inside of it, and returns the link to the part behind; `None`: there is no entry
    /// for it.
    fn split(&mut self, pool: &mut Pool<'_, Record>, link: u16, at: SeqNum) -> Option<u16> {
        let new = pool.take(self.count)?;
        let run = pool.copy(link);
        let mut front = run;
        let behind = front.cut(at);
        self.note_cut(&run, &behind);
        front.next = new;
        // One after the other: an array of both would be moved as a whole.
        if let Some(entry) = pool.get_mut(link) {
            *entry = front;
        }
        if let Some(entry) = pool.get_mut(new) {
            *entry = behind;
        }
        if self.tail == link {
            self.tail = new;
        }
        self.count += 1;
        Some(new)
    }

    /// The part behind a cut may not be lost any more.
    fn note_cut(&mut self, before: &Record, behind: &Record) {
        if before.state.contains(State::LOST) && !behind.state.contains(State::LOST) {
            self.lost = self.lost.saturating_sub(behind.len);
        }
    }

    /// Joins neighbours in the chain that `f` makes one of.
    fn join(&mut self, pool: &mut Pool<'_, Record>, f: impl Fn(&Record, &Record) -> Option<Record>) {
        self.join_behind(pool, self.head, None, f);
    }

    /// The same from `link` on, as far as the first of both begins before `end`.
    fn join_behind(
        &mut self,
        pool: &mut Pool<'_, Record>,
        mut link: u16,
        end: Option<SeqNum>,
        f: impl Fn(&Record, &Record) -> Option<Record>,
    ) {
        while let Some(run) = pool.get(link) {
            let Some(behind) = pool.get(run.next) else { return };
            if end.is_some_and(|end| run.seq.ge(end)) {
                return;
            }
            let Some(joined) = f(run, behind) else {
                link = run.next;
                continue;
            };
            if let Some(entry) = pool.get_mut(link) {
                *entry = Record { next: entry.next, ..joined };
            }
            self.drop_behind(pool, link);
        }
    }

    /// The run behind that of `link`, which holds its octets too, gives its entry back.
    fn drop_behind(&mut self, pool: &mut Pool<'_, Record>, link: u16) {
        let gone = pool.get(link).map_or(0, |run| run.next);
        let next = pool.give_back(gone);
        if let Some(entry) = pool.get_mut(link) {
            entry.next = next;
        }
        self.count = self.count.saturating_sub(1);
        if self.tail == gone {
            self.tail = link;
        }
        if self.hint == gone {
            self.hint = link;
        }
    }

    /// Where the chain is to be looked through for what is lost.
    fn start(&self) -> u16 {
        if self.hint != 0 {
            self.hint
        } else {
            self.head
        }
    }

    /// Calls `f` with each run in sequence order, and with the count of lost octets to keep up. Any of them may be lost
    /// then.
    fn for_each(&mut self, pool: &mut Pool<'_, Record>, mut f: impl FnMut(&mut u32, &mut Record)) {
        self.hint = 0;
        let mut link = self.head;
        for _ in 0..self.count {
            let Some(run) = pool.get_mut(link) else { break };
            f(&mut self.lost, run);
            link = run.next;
        }
        if self.open.len > 0 {
            f(&mut self.lost, &mut self.open);
        }
    }
}

/// What the runs that one acknowledgement covers add up to.
#[derive(Default)]
struct Covered {
    octets: u32,
    rtt_us: Option<u32>,
    /// One of them was sent twice.
    is_ambiguous: bool,
    /// When the first of them was that was.
    again_at: Option<u32>,
    /// It, or another one, was more than once, or nobody knows when.
    is_again_unclear: bool,
    newest: Option<Record>,
    /// Where the first of them ends that was sent once.
    original: Option<SeqNum>,
    /// Where the last of those ends that the peer had by SACK.
    sacked_end: Option<SeqNum>,
}

/// A moment as the records keep it.
pub(crate) fn stamp(now: Instant) -> u32 {
    let [a, b, c, d, ..] = now.micros().to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests;
