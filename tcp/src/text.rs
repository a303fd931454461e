//! The segment text: data in order, data ahead of a gap, and when they are acknowledged.
//! RFC 9293 §3.10.7.4 seventh, §3.8.6.3; RFC 5681 §4.2.

use crate::events;
use crate::ranges::Inserted;
use crate::segment::{Reply, Segment};
use crate::shared::Shared;
use crate::soon::Soon;
use crate::statistics::count;
use crate::tcb::{Ended, Flags, Slot};

impl Slot {
    /// Takes the payload, which starts at RCV.NXT or beyond and ends within the window.
    pub(crate) fn on_data(&mut self, shared: &mut Shared<'_>, seg: &Segment<'_>) -> Reply {
        if self.flags.intersects(Flags::RELEASED | Flags::RECV_SHUT) {
            // Nobody will read it, and the peer must not believe otherwise: RFC 9293 §3.6.1 SHLD-3.
            count(&mut shared.stats.data_unread);
            self.end(shared, Ended::Aborted);
            self.flags.insert(Flags::RESET_DUE);
            return Reply::Nothing;
        }
        let ahead = seg.seq.distance(self.rcv_nxt);
        let payload = self.before_fin(seg, ahead);
        if ahead == 0 {
            self.on_data_in_order(shared, payload);
            Reply::Nothing
        } else {
            self.on_data_ahead(shared, seg, payload, ahead)
        }
    }

    /// What of the payload lies before a FIN that is already known: data beyond it are none.
    fn before_fin<'p>(&self, seg: &Segment<'p>, ahead: u32) -> &'p [u8] {
        if !self.flags.contains(Flags::FIN_SEEN) {
            return seg.payload;
        }
        let room = self.fin_seq.distance(self.rcv_nxt).saturating_sub(ahead);
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        seg.payload.get(..room).unwrap_or(seg.payload)
    }

    /// Takes payload that starts at RCV.NXT.
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    pub(crate) fn on_data_in_order(&mut self, shared: &mut Shared<'_>, payload: &[u8]) {
        let taken = self.rx.write(shared.rx, payload);
        let mut next = self.rcv_nxt + taken;
        if !self.ranges.is_empty() {
            // All or part of a gap is filled: tell at once, RFC 5681 §4.2.
            self.flags.insert(Flags::ACK_NOW);
            next = self.ranges.advance(&mut shared.ranges, self.rcv_nxt, next);
            let behind_gap = next.distance(self.rcv_nxt) - taken;
            self.rx.extend(behind_gap);
        }
        let octets = next.distance(self.rcv_nxt);
        self.rcv_nxt = next;
        self.octets_received += u64::from(octets);
        shared.stats.octets_received = shared.stats.octets_received.wrapping_add(octets);
        events::raise(self, events::READABLE);
        self.delay_ack(shared, octets);
    }

    /// Every second segment is acknowledged; a single one waits a little for company, RFC 9293 §3.8.6.3. What one
    /// poll takes in is answered once, since ACKs leave in `transmit`.
    fn delay_ack(&mut self, shared: &mut Shared<'_>, octets: u32) {
        let delay = shared.limits.delayed_ack;
        if self.flags.contains(Flags::UNACKED) || delay == 0 || self.is_quick(shared, octets) {
            self.flags.insert(Flags::ACK_NOW);
        } else {
            self.delayed_ack = Soon::after(shared.now, delay);
        }
        self.flags.insert(Flags::UNACKED);
    }

    /// Whether these octets are a full segment of a peer whose window is likely to be small: its slow start has just begun,
    /// or it has just lost something. Small segments wait: an answer may go with their ACK.
    fn is_quick(&mut self, shared: &Shared<'_>, octets: u32) -> bool {
        let smss = self.mss();
        if octets < smss {
            return false;
        }
        if let Some(left) = self.quick_acks.checked_sub(1) {
            self.quick_acks = left;
            return true;
        }
        self.octets_received <= u64::from(smss) * u64::from(shared.limits.quick_acks)
    }

    /// Ahead of a gap: kept if it can be noted, and a duplicate ACK leaves at once, RFC 5681 §4.2.
    fn on_data_ahead(
        &mut self,
        shared: &mut Shared<'_>,
        seg: &Segment<'_>,
        payload: &[u8],
        ahead: u32,
    ) -> Reply {
        let Ok(len) = u32::try_from(payload.len()) else { return Reply::Ack };
        match self.ranges.insert(&mut shared.ranges, seg.seq, seg.seq + len) {
            Inserted::New(_) => {
                count(&mut shared.stats.data_out_of_order);
                self.rx.write_at(shared.rx, ahead, payload);
            }
            Inserted::Duplicate => {
                count(&mut shared.stats.data_duplicate);
                self.note_duplicate(shared, seg.seq, seg.seq + len);
            }
            Inserted::Full => count(&mut shared.stats.ranges_full),
        }
        self.quick_acks = shared.limits.quick_acks_after_gap;
        // It acknowledges what waited for company as well; one more would look like a further segment ahead.
        self.delayed_ack.stop();
        self.flags.remove(Flags::UNACKED);
        if self.next_edge(shared) == self.rcv_edge {
            self.flags.remove(Flags::ACK_NOW);
        }
        Reply::Ack
    }
}
