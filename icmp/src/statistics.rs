//! What happened, counted.

/// Counters, each wrapping. What was dropped is in exactly one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Echo requests and replies that IP handed in.
    pub received: u32,
    /// Echo requests that were answered.
    pub answered: u32,
    /// Echo requests not answered: sent to many over IPv4, from an address that names not one host, or answering
    /// is switched off.
    pub not_answered: u32,
    /// Echo requests not answered: too many by the rate that is set.
    pub rate_limited: u32,
    /// Dropped: shorter than an echo message, or longer than a reply can be.
    pub malformed: u32,
    /// Dropped: wrong checksum.
    pub bad_checksum: u32,
    /// Echo replies that a socket got.
    pub replies: u32,
    /// Dropped: echo replies with an identifier that no socket has.
    pub unexpected_reply: u32,
    /// ICMP errors that a socket got; several for an error that several heard.
    pub errors: u32,
    /// Replies and errors that a socket did not get: its queue was full.
    pub receive_full: u32,
    /// Echo requests that left.
    pub sent: u32,
    /// Calls refused: the send queue was full.
    pub send_full: u32,
    /// Echo requests dropped after they were queued: no way, no room by the path's MTU, or their socket was
    /// closed.
    pub unsent: u32,
}

impl Statistics {
    /// All counters zero.
    pub const ZERO: Self = Self {
        received: 0,
        answered: 0,
        not_answered: 0,
        rate_limited: 0,
        malformed: 0,
        bad_checksum: 0,
        replies: 0,
        unexpected_reply: 0,
        errors: 0,
        receive_full: 0,
        sent: 0,
        send_full: 0,
        unsent: 0,
    };

    /// All counters by name, in the order of the fields.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u32); 13] {
        [
            ("received", self.received),
            ("answered", self.answered),
            ("not_answered", self.not_answered),
            ("rate_limited", self.rate_limited),
            ("malformed", self.malformed),
            ("bad_checksum", self.bad_checksum),
            ("replies", self.replies),
            ("unexpected_reply", self.unexpected_reply),
            ("errors", self.errors),
            ("receive_full", self.receive_full),
            ("sent", self.sent),
            ("send_full", self.send_full),
            ("unsent", self.unsent),
        ]
    }
}

/// Counts one more, wrapping.
pub(crate) fn count(counter: &mut u32) {
    *counter = counter.wrapping_add(1);
}
