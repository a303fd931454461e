//! The segment text: data in order, data ahead of a gap, and when they are acknowledged.
//! RFC 9293 §3.10.7.4 seventh, §3.8.6.3; RFC 5681 §4.2.

use crate::connection::Connection;
use crate::events;
use crate::ranges::Inserted;
use crate::segment::{Reply, Segment};
use crate::statistics::{add, count};
use crate::tcb::{Ended, Flags};
use tersus_ip::Deadline;

impl Connection<'_, '_> {
    /// Takes the payload, which starts at RCV.NXT or beyond and ends within the window.
    pub(crate) fn on_data(&mut self, seg: &Segment<'_>) -> Reply {
        if self.tcb.flags.contains(Flags::RELEASED) {
            // Nobody will read it, and the peer must not believe otherwise: RFC 9293 §3.6.1 SHLD-3.
            count(&mut self.stats.data_unread);
            self.end(Ended::Aborted);
            self.tcb.flags.insert(Flags::RESET_DUE);
            return Reply::Nothing;
        }
        let ahead = seg.seq.distance(self.tcb.rcv_nxt);
        let payload = self.before_fin(seg, ahead);
        if ahead == 0 {
            self.on_data_in_order(payload);
            Reply::Nothing
        } else {
            self.on_data_ahead(seg, payload, ahead)
        }
    }

    /// What of the payload lies before a FIN that is already known: data beyond it are none.
    fn before_fin<'p>(&self, seg: &Segment<'p>, ahead: u32) -> &'p [u8] {
        if !self.tcb.flags.contains(Flags::FIN_SEEN) {
            return seg.payload;
        }
        let room = self.tcb.fin_seq.distance(self.tcb.rcv_nxt).saturating_sub(ahead);
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        seg.payload.get(..room).unwrap_or(seg.payload)
    }

    fn on_data_in_order(&mut self, payload: &[u8]) {
        let taken = self.tcb.rx.write(self.rx, payload);
        let mut next = self.tcb.rcv_nxt + taken;
        if !self.tcb.ranges.is_empty() {
            // All or part of a gap is filled: tell at once, RFC 5681 §4.2.
            self.tcb.flags.insert(Flags::ACK_NOW);
            next = self.tcb.ranges.advance(self.ranges, next);
            let behind_gap = next.distance(self.tcb.rcv_nxt) - taken;
            self.tcb.rx.extend(behind_gap);
        }
        let octets = next.distance(self.tcb.rcv_nxt);
        self.tcb.rcv_nxt = next;
        self.tcb.octets_received += u64::from(octets);
        add(&mut self.stats.octets_received, usize::try_from(octets).unwrap_or(0));
        events::raise(self.tcb, events::READABLE);
        self.delay_ack();
    }

    /// Every second segment is acknowledged; a single one waits a little for company, RFC 9293 §3.8.6.3. What one
    /// poll takes in is answered once, since ACKs leave in `transmit`.
    fn delay_ack(&mut self) {
        let tcb = &mut *self.tcb;
        tcb.unacked_segments = tcb.unacked_segments.saturating_add(1);
        let delay = self.env.config.delayed_ack;
        if tcb.unacked_segments >= 2 || delay.is_zero() {
            tcb.flags.insert(Flags::ACK_NOW);
        } else if !tcb.delayed_ack.is_running() {
            tcb.delayed_ack = Deadline::at(self.now + delay);
        }
    }

    /// Ahead of a gap: kept if it can be noted, and a duplicate ACK leaves at once, RFC 5681 §4.2.
    fn on_data_ahead(&mut self, seg: &Segment<'_>, payload: &[u8], ahead: u32) -> Reply {
        let Ok(len) = u32::try_from(payload.len()) else { return Reply::Ack };
        match self.tcb.ranges.insert(self.ranges, seg.seq, seg.seq + len) {
            Inserted::New(_) => {
                count(&mut self.stats.data_out_of_order);
                self.tcb.rx.write_at(self.rx, ahead, payload);
            }
            Inserted::Duplicate => count(&mut self.stats.data_duplicate),
            Inserted::Full => count(&mut self.stats.ranges_full),
        }
        // It acknowledges what waited for company as well; one more would look like a further segment ahead.
        self.tcb.delayed_ack.stop();
        self.tcb.unacked_segments = 0;
        if self.tcb.next_edge(self.env.config.mss_floor) == self.tcb.rcv_edge {
            self.tcb.flags.remove(Flags::ACK_NOW);
        }
        Reply::Ack
    }
}
