//! Selective acknowledgement, the receiver's side: which octets ahead of a gap are here, RFC 2018 §4, and which came
//! twice, RFC 2883 §4.
//!
//! ```text
//!      rcv_nxt
//!   ------+-----+-------+-----+-------+----      SACK: [DSACK] [range that changed last] [others, newest first]
//!         | gap | range | gap | range |
//! ```
//! The ranges stand in the order in which they are reported. A duplicate is noted until the next ACK of its connection
//! leaves; the engine keeps one, since that ACK leaves at once.

use crate::seq::SeqNum;
use crate::shared::Shared;
use crate::tcb::{Flags, Slot};
use tersus_wire::tcp::{Options, SackBlock};

/// Octets that came twice, of the connection `id`; zeros: none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Dsack {
    id: u16,
    left: SeqNum,
    right: SeqNum,
}

impl Dsack {
    /// Nothing to report.
    pub(crate) const NONE: Self = Self { id: 0, left: SeqNum(0), right: SeqNum(0) };

    /// Whether nothing is to be reported.
    pub(crate) const fn is_none(&self) -> bool {
        self.left.0 == self.right.0
    }

    /// An ACK of the connection `id` has left: a duplicate is reported once.
    #[inline]
    pub(crate) fn on_ack_left(&mut self, id: u16) {
        if !self.is_none() && self.id == id {
            *self = Self::NONE;
        }
    }
}

fn block(left: SeqNum, right: SeqNum) -> SackBlock {
    SackBlock { left: left.0, right: right.0 }
}

/// Adds the blocks to the options of an ACK, as many as fit beside those that are there.
pub(crate) fn report(slot: &Slot, shared: &Shared<'_>, options: &mut Options) {
    let mut room = options.sack_room();
    let mut push = |block| {
        if room > 0 && options.sack.push(block).is_ok() {
            room -= 1;
        }
    };
    let dsack = shared.dsack;
    if dsack.id == shared.id && !dsack.is_none() {
        push(block(dsack.left, dsack.right));
    }
    for (left, right) in slot.ranges.iter(&shared.ranges).take(4) {
        push(block(left, right));
    }
}

/// The octets from `left` to `right` came although they were here; whether the next ACK will say so.
pub(crate) fn note_duplicate(slot: &Slot, shared: &mut Shared<'_>, left: SeqNum, right: SeqNum) -> bool {
    // What lies further back than any window was never received: a stranger's, or of an earlier connection.
    let is_of_late = left.ge(slot.rcv_nxt) || slot.rcv_nxt.distance(left) <= slot.rx.size();
    let is_told = slot.flags.contains(Flags::SACK_OK) && left.lt(right) && is_of_late;
    if is_told {
        shared.dsack = Dsack { id: shared.id, left, right };
    }
    is_told
}
