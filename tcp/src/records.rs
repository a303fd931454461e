//! What was sent when: the send records of a connection.
#![cfg_attr(not(test), expect(dead_code, reason = "the engine that uses this module comes next"))]

use crate::pool::{Chained, Pool};
use crate::seq::SeqNum;
use tersus_ip::Instant;

/// A run of octets, 28 octets. Times are the low 32 bits of an `Instant`'s microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Record {
    seq: SeqNum,
    len: u32,
    sent: u32,
    delivered: u32,
    delivered_at: u32,
    first_sent: u32,
    next: u16,
    flags: u8,
    tries: u8,
}

impl Chained for Record {
    fn next(&self) -> u16 {
        self.next
    }
    fn set_next(&mut self, next: u16) {
        self.next = next;
    }
}

/// What a cumulative acknowledgement brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Acked {
    /// Octets that are newly acknowledged.
    pub(crate) octets: u32,
    /// A round-trip time in µs, where RFC 6298 §3 (Karn) allows one.
    pub(crate) rtt: Option<u32>,
    /// Rate sample: octets delivered in `interval` µs; both 0: none.
    pub(crate) delivered: u32,
    pub(crate) interval: u32,
}

/// The records of one connection; zeros: nothing in flight at sequence number 0.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Records {
    open: Record,
}

impl Records {
    /// Nothing in flight, the next octet is `iss` (the SYN is recorded like data, as is a FIN: one octet each).
    pub(crate) fn new(iss: SeqNum) -> Self {
        todo!()
    }
    /// `len` new octets left at SND.NXT (which is the end of what is recorded).
    pub(crate) fn on_send(&mut self, pool: &mut Pool<'_, Record>, len: u32, now: Instant) {
        todo!()
    }
    /// SND.UNA moved to `una`.
    pub(crate) fn on_ack(&mut self, pool: &mut Pool<'_, Record>, una: SeqNum, now: Instant) -> Acked {
        todo!()
    }
    /// The octets [seq, seq + len) count as lost: `first_lost` will give them, `pipe` no longer counts them.
    pub(crate) fn mark_lost(&mut self, pool: &mut Pool<'_, Record>, seq: SeqNum, len: u32) {
        todo!()
    }
    /// All in flight counts as lost, SACKed or not (retransmission timeout).
    pub(crate) fn mark_all_lost(&mut self, pool: &mut Pool<'_, Record>) {
        todo!()
    }
    /// The first octets in sequence order that are lost and were not sent again: start and length.
    pub(crate) fn first_lost(&self, pool: &Pool<'_, Record>) -> Option<(SeqNum, u32)> {
        todo!()
    }
    /// [seq, seq + len) was sent again.
    pub(crate) fn on_retransmit(&mut self, pool: &mut Pool<'_, Record>, seq: SeqNum, len: u32, now: Instant) {
        todo!()
    }
    /// Octets that are in the network: recorded, less SACKed, less lost.
    pub(crate) fn pipe(&self, flight_size: u32) -> u32 {
        todo!()
    }
    /// Octets delivered so far (a running count that wraps).
    pub(crate) fn delivered(&self) -> u32 {
        todo!()
    }
    pub(crate) fn clear(&mut self, pool: &mut Pool<'_, Record>) {
        todo!()
    }
}
