//! The urgent mechanism, RFC 9293 §3.8.5, as RFC 6093 leaves it: urgent data stay in line, and both ends know where
//! they end.
//!
//! ```text
//!   send:      snd_una      seq of a segment       snd_up
//!   -------------+-----------------+-------------------+-----------
//!                |                 |<-- its pointer -->|
//!
//!   receive:   first to read     rcv_nxt             rcv_up
//!   -------------+-----------------+-------------------+-----------
//!                |<----------- urgent_mark ----------->|
//! ```
//! The pointer names the octet behind the last urgent one. It may lie beyond the window, and a run of urgent data may
//! be longer than a pointer reaches: then it moves with each segment.

use crate::engine::Tcp;
use crate::error::{SendError, Stale};
use crate::events;
use crate::segment::Segment;
use crate::seq::SeqNum;
use crate::shared::Shared;
use crate::slots::slot_mut;
use crate::state::State;
use crate::statistics::count;
use crate::tcb::{Flags, Slot};
use crate::ConnectionId;
use tersus_wire::tcp::{Fields, Flags as Control};

/// What an engine does about urgent data.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Urgent {
    /// A segment with URG arrived.
    pub(crate) arrived: fn(&mut Slot, &mut Shared<'_>, &Segment<'_>),
    /// A segment leaves while the user's mark may lie ahead.
    pub(crate) point: fn(&mut Slot, &mut Fields),
}

impl Urgent {
    pub(crate) const DUTY: Self = Self { arrived, point };
}

/// Sixth, the URG bit, RFC 9293 §3.10.7.4.
fn arrived(slot: &mut Slot, shared: &mut Shared<'_>, seg: &Segment<'_>) {
    // Behind the peer's FIN there is nothing.
    if !matches!(slot.state, State::Established | State::FinWait1 | State::FinWait2) {
        return;
    }
    let ahead_of = if slot.has_urgent() { slot.rcv_up } else { slot.first_unread() };
    if seg.up.gt(ahead_of) {
        count(&mut shared.stats.urgent_received);
        slot.rcv_up = seg.up;
        slot.flags.insert(Flags::URGENT_IN);
        // MUST-32: the user learns of the first pointer, and of each that lies further ahead.
        events::raise(slot, events::URGENT);
    }
}

/// SEG.UP of a segment that leaves.
fn point(slot: &mut Slot, fields: &mut Fields) {
    if slot.snd_mark.le(slot.snd_una) {
        slot.flags.remove(Flags::URGENT_OUT);
        return;
    }
    let seq = SeqNum(fields.seq);
    if slot.snd_mark.gt(seq) && !fields.flags.contains(Control::RST) {
        fields.flags.insert(Control::URG);
        fields.urgent = u16::try_from(slot.snd_mark.distance(seq)).unwrap_or(u16::MAX);
    }
}

impl Slot {
    /// Sequence number of the first octet that the user has not read.
    fn first_unread(&self) -> SeqNum {
        let end = if self.state.has_received_fin() { self.fin_seq } else { self.rcv_nxt };
        end - self.rx.len()
    }

    /// Whether the user has urgent data yet to read.
    fn has_urgent(&self) -> bool {
        self.flags.contains(Flags::URGENT_IN) && self.rcv_up.gt(self.first_unread())
    }

    /// The user has read: a mark that lies behind is none any more, before numbers wrap.
    #[cold]
    pub(crate) fn pass_urgent_mark(&mut self) {
        if !self.has_urgent() {
            self.flags.remove(Flags::URGENT_IN);
        }
    }
}

impl Tcp<'_> {
    /// As [`Tcp::send`], and the peer is told at once that urgent data end where what is queued now ends: SEND call with
    /// the urgent flag, RFC 9293 §3.10.2. The data stay in line behind what was queued before; Nagle does not hold them.
    /// A later call moves the mark. New protocols should not use it, RFC 6093 §5.
    ///
    /// # Errors
    /// [`SendError`]; `LeftOut` without [`Duties::with_urgent`](crate::Duties::with_urgent).
    pub fn send_urgent(&mut self, id: ConnectionId, data: &[u8]) -> Result<usize, SendError> {
        if self.shared.duties.urgent.is_none() {
            return Err(SendError::LeftOut);
        }
        let taken = self.send(id, data)?;
        let slot = slot_mut(self.slots, id)?;
        if taken > 0 {
            slot.snd_mark = slot.data_end();
            // The peer learns of it even while its window is closed.
            slot.flags.insert(Flags::URGENT_OUT | Flags::PUSHED | Flags::ACK_NOW);
            count(&mut self.shared.stats.urgent_sent);
        }
        Ok(taken)
    }

    /// How many octets there are to read until the last urgent one has been read; not all of them need have arrived.
    /// `None`: there is no urgent data, or all of it has been read. RFC 9293 §3.8.5 MUST-33. That the mark has moved is
    /// told by [`Changes::URGENT`](crate::Changes::URGENT).
    ///
    /// # Errors
    /// [`Stale`].
    pub fn urgent_mark(&self, id: ConnectionId) -> Result<Option<usize>, Stale> {
        let slot = self.slot(id)?;
        let octets = slot.rcv_up.distance(slot.first_unread());
        Ok(slot.has_urgent().then_some(usize::try_from(octets).unwrap_or(usize::MAX)))
    }
}
