//! What always holds of a connection, whatever its peer, its user and the clock do: looked at in builds with debug
//! assertions alone, after each segment, timer and visit. So each script and each simulation is a test of it.
//!
//! ```text
//!    snd_una                                    snd_nxt          rcv_nxt                      rcv_edge
//!      | record | record |   ...   |   open run   |                |  gap  | range | gap | range |
//!      a timer runs while anything stands here                     no two ranges touch
//! ```
//! What holds of the records alone is in `records/flaws.rs`.

use crate::output::Visit;
use crate::pool::Pool;
use crate::ranges::{Range, Ranges};
use crate::seq::SeqNum;
use crate::shared::Shared;
use crate::tcb::{Flags, Slot};

/// A rule that is broken.
pub(crate) type Flaw = &'static str;

/// The first rule that does not hold.
pub(crate) fn first(rules: &[(bool, Flaw)]) -> Option<Flaw> {
    rules.iter().find(|(holds, _)| !holds).map(|&(_, flaw)| flaw)
}

impl Slot {
    /// The first rule that the connection breaks; `None`: it is sound. Linear in its records, quadratic in its ranges.
    pub(crate) fn flaw(&self, shared: &Shared<'_>) -> Option<Flaw> {
        if !self.flags.contains(Flags::IN_USE) || !self.state.is_live() {
            return None;
        }
        let records = self.records.flaw(&shared.records, self.snd_una);
        records.or_else(|| self.flaw_in_sending()).or_else(|| self.flaw_in_receiving(shared))
    }

    fn flaw_in_sending(&self) -> Option<Flaw> {
        let flight = self.flight_size();
        let fin = u32::from(self.flags.contains(Flags::FIN_SENT) && flight > 0);
        let is_in_recovery = self.flags.contains(Flags::FAST_RECOVERY);
        first(&[
            (flight == 0 || self.retransmit.is_running(), "nothing will bring out what is in flight"),
            (
                !self.state.is_synchronized() || flight - fin <= self.tx.len(),
                "more is in flight than is kept",
            ),
            (!is_in_recovery || self.snd_una.lt(self.recover), "a recovery is over and goes on"),
            (!is_in_recovery || self.recover.le(self.snd_nxt()), "a recovery ends with what was never sent"),
            (!self.flags.contains(Flags::FAST_RECOVERY | Flags::TIMEOUT_RECOVERY), "two recoveries at once"),
            (self.state.is_synchronized() || flight <= 1, "data in flight before the handshake is over"),
        ])
    }

    fn flaw_in_receiving(&self, shared: &Shared<'_>) -> Option<Flaw> {
        if !self.state.is_synchronized() {
            return None;
        }
        let will_tell = self.delayed_ack.is_running() || self.flags.contains(Flags::ACK_NOW);
        let flaw = first(&[
            (self.rcv_nxt.le(self.rcv_edge), "the window ends before it begins"),
            (self.rcv_wnd() <= self.rx.free() + 1, "there is no room for what the window permits"),
            (!self.flags.contains(Flags::UNACKED) || will_tell, "nothing will acknowledge what has arrived"),
        ]);
        flaw.or_else(|| self.ranges.flaw(&shared.ranges, self.rcv_nxt, self.rcv_edge))
    }

    /// The same after a visit: unless it was cut short, what may not leave yet has something that brings it out.
    pub(crate) fn flaw_after(&self, visit: Visit, shared: &Shared<'_>) -> Option<Flaw> {
        let is_all = visit != Visit::Done || !self.state.is_live() || !self.state.is_synchronized();
        let will_come = self.retransmit.is_running() || self.flags.contains(Flags::HELD);
        let rules = [
            (is_all || !self.has_unsent() || will_come, "nothing will bring out what is queued"),
            (is_all || !self.flags.contains(Flags::ACK_NOW), "an ACK stayed here"),
        ];
        first(&rules).or_else(|| self.flaw(shared))
    }
}

impl Ranges {
    /// The first rule that the ranges of a connection with this window break.
    fn flaw(&self, pool: &Pool<'_, Range>, rcv_nxt: SeqNum, rcv_edge: SeqNum) -> Option<Flaw> {
        let mut count = 0;
        for (number, (start, end)) in self.iter(pool).enumerate() {
            count += 1;
            let touches = |(left, right): (SeqNum, SeqNum)| left.le(end) && start.le(right);
            let flaw = first(&[
                (
                    start.gt(rcv_nxt) && end.gt(start) && end.le(rcv_edge),
                    "a range lies outside of the window",
                ),
                (!self.iter(pool).skip(number + 1).any(touches), "two ranges touch"),
            ]);
            if flaw.is_some() {
                return flaw;
            }
        }
        first(&[(count == usize::from(self.count()), "ranges are miscounted")])
    }
}
