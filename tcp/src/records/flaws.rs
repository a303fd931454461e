//! What always holds of the records of a connection: see the `flaws` of the crate.

use super::run::{Record, State};
use super::Records;
use crate::flaws::{first, Flaw};
use crate::pool::Pool;
use crate::seq::SeqNum;

impl Records {
    /// How many entries of the pool they hold.
    #[cfg(test)]
    pub(crate) fn entries(&self) -> usize {
        self.count.into()
    }

    /// The first rule that the records of a connection break whose SND.UNA is `una`. Linear in the records.
    pub(crate) fn flaw(&self, pool: &Pool<'_, Record>, una: SeqNum) -> Option<Flaw> {
        let (mut at, mut count, mut last) = (una, 0, 0);
        let (mut sacked, mut lost) = (0u32, 0u32);
        let mut is_before_hint = self.hint != 0;
        let mut link = self.head;
        while let Some(run) = pool.get(link) {
            is_before_hint &= link != self.hint;
            let is_lost = run.state.contains(State::LOST);
            let flaw = run.flaw(at).or_else(|| {
                first(&[
                    (count < self.count, "there are more records than counted"),
                    (run.len > 0, "a record of the chain is empty"),
                    (!is_before_hint || !is_lost, "what is lost is looked for behind it"),
                ])
            });
            if flaw.is_some() {
                return flaw;
            }
            count += 1;
            sacked = sacked.wrapping_add(run.octets_if(State::SACKED));
            lost = lost.wrapping_add(run.octets_if(State::LOST));
            (at, last, link) = (run.end(), link, run.next);
        }
        self.open.flaw(at).or_else(|| {
            first(&[
                (count == self.count && last == self.tail, "the chain of records ends elsewhere"),
                (!is_before_hint, "what is lost is looked for in another chain"),
                (
                    sacked.wrapping_add(self.open.octets_if(State::SACKED)) == self.sacked,
                    "SACKed octets are miscounted",
                ),
                (
                    lost.wrapping_add(self.open.octets_if(State::LOST)) == self.lost,
                    "lost octets are miscounted",
                ),
            ])
        })
    }
}

impl Record {
    /// The first rule that a run breaks which is to begin at `at`.
    fn flaw(&self, at: SeqNum) -> Option<Flaw> {
        let marks = State::LOST | State::SACKED;
        first(&[
            (self.seq == at, "records do not follow one another"),
            (!self.state.contains(marks), "lost, and SACKed as well"),
            (
                self.state.contains(State::LOST) || !self.state.contains(State::FRONT),
                "part of what is not lost is",
            ),
        ])
    }

    fn octets_if(&self, state: State) -> u32 {
        if self.state.contains(state) {
            self.len
        } else {
            0
        }
    }
}
