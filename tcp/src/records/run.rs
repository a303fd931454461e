//! One run of octets: what is known of it, and how it is cut and shortened.

use crate::pool::Chained;
use crate::seq::SeqNum;

bitflags::bitflags! {
    /// What is known of a run.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct State: u8 {
        /// The peer has it, by SACK.
        const SACKED = 1;
        /// It left the network, and was not sent again since.
        const LOST = 2;
        /// Of what is `LOST`, only the first segment is: there was no record to split the run.
        const FRONT = 4;
        /// It was sent again: no sample may come from it (Karn).
        const RESENT = 8;
        /// Its octets were not all sent at one moment.
        const COARSE = 16;
        /// A coarse run has a mark.
        const MARKED = 32;
    }
}

/// A send record, 28 octets: a run of octets that were sent together, and what became of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Record {
    pub(super) seq: SeqNum,
    pub(super) len: u32,
    /// When it was sent last.
    pub(super) sent: u32,
    /// Octets delivered when it was sent. Coarse: the mark, which is a sequence number.
    pub(super) delivered: u32,
    /// When that was counted. Coarse: when the octet before the mark was sent.
    pub(super) delivered_at: u32,
    /// When the first octet of the flight that led to that count was sent. Coarse: the end of what was sent again.
    pub(super) first_sent: u32,
    pub(super) next: u16,
    pub(super) state: State,
    /// How often it was sent again.
    pub(super) tries: u8,
}

impl Record {
    /// What an entry of the pool starts as.
    pub const NONE: Self = Self {
        seq: SeqNum(0),
        len: 0,
        sent: 0,
        delivered: 0,
        delivered_at: 0,
        first_sent: 0,
        next: 0,
        state: State::empty(),
        tries: 0,
    };

    pub(super) fn end(&self) -> SeqNum {
        self.seq + self.len
    }

    pub(super) fn is_coarse(&self) -> bool {
        self.state.contains(State::COARSE)
    }

    /// Makes it coarse: the fields of a rate sample become free for the mark and for what was sent again.
    pub(super) fn coarsen(&mut self) {
        if !self.is_coarse() {
            self.state.insert(State::COARSE);
            // If it was sent again, it was as a whole.
            self.first_sent = self.end().0;
        }
    }

    /// Whether `behind`, which follows it, can be told apart by nothing but the place.
    pub(super) fn is_like(&self, behind: &Self) -> bool {
        if self.state.contains(State::SACKED) && behind.state.contains(State::SACKED) {
            return true;
        }
        !self.is_coarse()
            && self.state == behind.state
            && self.sent == behind.sent
            && self.delivered == behind.delivered
            && self.tries == behind.tries
            && self.end() == behind.seq
    }

    /// It and `behind` as one, if nothing tells them apart.
    pub(super) fn join_like(&self, behind: &Self) -> Option<Self> {
        self.is_like(behind).then(|| self.with(behind))
    }

    /// What overlaps with the octets of `again`, which left now, was sent again, unless the peer has it. Returns how many
    /// octets of it counted as lost.
    pub(super) fn resend(&mut self, again: &Self) -> u32 {
        if self.state.contains(State::SACKED) {
            return 0;
        }
        let found = if self.state.contains(State::LOST) { self.len } else { 0 };
        let tries = self.tries.saturating_add(1);
        if self.seq.ge(again.seq) && self.end().le(again.end()) {
            *self =
                Self { seq: self.seq, len: self.len, next: self.next, tries, state: State::RESENT, ..*again };
            return found;
        }
        // It could not be cut: as a whole it counts as sent again, up to the end of `again` it was.
        let resent = self.state.contains(State::RESENT);
        self.tries = tries;
        self.coarsen();
        let before = SeqNum(self.first_sent);
        let end = again.end();
        self.first_sent = if resent { before.max(end).0 } else { end.0 };
        self.sent = again.sent;
        self.state.remove(State::LOST | State::FRONT | State::MARKED);
        self.state.insert(State::RESENT);
        found
    }

    /// It and `behind`, which is like it.
    pub(super) fn with(&self, behind: &Self) -> Self {
        Self { len: self.len.saturating_add(behind.len), ..*self }
    }

    /// It and `behind` as one, if both are lost: they will be sent again in one go.
    pub(super) fn unite(&self, behind: &Self) -> Option<Self> {
        let both = self.state & behind.state;
        if !both.contains(State::LOST) || (self.state | behind.state).contains(State::FRONT) {
            return None;
        }
        let mut united = self.with(behind);
        united.coarsen();
        united.state.remove(State::MARKED);
        united.state |= behind.state & State::RESENT;
        // Whatever of it was sent again, nothing of it gives a sample.
        united.first_sent = united.end().0;
        Some(united)
    }

    /// Cuts it at `at`, inside of it, and returns the part behind.
    pub(super) fn cut(&mut self, at: SeqNum) -> Self {
        let mut behind = *self;
        behind.seq = at;
        behind.len = self.end().distance(at);
        self.len = at.distance(self.seq);
        if self.is_coarse() {
            let without_mark = if SeqNum(self.delivered).le(at) { &mut behind } else { &mut *self };
            without_mark.state.remove(State::MARKED);
            if SeqNum(self.first_sent).le(at) {
                behind.state.remove(State::RESENT);
            }
        }
        if self.state.contains(State::FRONT) {
            self.state.remove(State::FRONT);
            behind.state.remove(State::FRONT | State::LOST);
        }
        behind
    }

    /// Drops the octets before `una`, which lies inside of it, and returns how many of those behind are no longer lost.
    pub(super) fn acknowledge(&mut self, una: SeqNum) -> u32 {
        self.len = self.end().distance(una);
        self.seq = una;
        if self.is_coarse() {
            if una.ge(SeqNum(self.delivered)) {
                self.state.remove(State::MARKED);
            }
            if una.ge(SeqNum(self.first_sent)) {
                self.state.remove(State::RESENT);
            }
        }
        if self.state.contains(State::FRONT) {
            // Only the first segment was, and that has arrived.
            self.state.remove(State::FRONT | State::LOST);
            return self.len;
        }
        0
    }
}

impl Chained for Record {
    fn next(&self) -> u16 {
        self.next
    }

    fn set_next(&mut self, next: u16) {
        self.next = next;
    }
}
