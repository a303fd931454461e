//! What happened, counted.

/// Counters of the engine, each wrapping. What was dropped is in exactly one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Datagrams that IP handed in.
    pub received: u32,
    /// Copies put into sockets' queues; several for a datagram to a group.
    pub delivered: u32,
    /// Datagrams that left.
    pub sent: u32,
    /// Dropped on receipt: too short, or Length says more than there is or less than a header.
    pub malformed: u32,
    /// Dropped on receipt: wrong checksum.
    pub bad_checksum: u32,
    /// Dropped on receipt: no checksum, over IPv6 or at a socket that refuses that.
    pub no_checksum: u32,
    /// Not delivered: no socket fits.
    pub no_port: u32,
    /// Copies not delivered: the socket's queue was full. Counted before the checksum is looked at.
    pub receive_full: u32,
    /// Calls refused: the socket's send queue was full.
    pub send_full: u32,
    /// Dropped after they were queued: no way, or a next hop that does not answer.
    pub unreachable: u32,
    /// Dropped after they were queued: larger than the path carries.
    pub too_big: u32,
    /// ICMP errors that quoted a datagram of a socket of ours.
    pub icmp_errors: u32,
    /// ICMP errors that quoted UDP, but none of our sockets.
    pub icmp_ignored: u32,
    /// Errors that their socket did not learn of: the error queue was full.
    pub errors_lost: u32,
}

impl Statistics {
    /// All counters zero.
    pub const ZERO: Self = Self {
        received: 0,
        delivered: 0,
        sent: 0,
        malformed: 0,
        bad_checksum: 0,
        no_checksum: 0,
        no_port: 0,
        receive_full: 0,
        send_full: 0,
        unreachable: 0,
        too_big: 0,
        icmp_errors: 0,
        icmp_ignored: 0,
        errors_lost: 0,
    };

    /// All counters by name, in the order of the fields.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u32); 14] {
        [
            ("received", self.received),
            ("delivered", self.delivered),
            ("sent", self.sent),
            ("malformed", self.malformed),
            ("bad_checksum", self.bad_checksum),
            ("no_checksum", self.no_checksum),
            ("no_port", self.no_port),
            ("receive_full", self.receive_full),
            ("send_full", self.send_full),
            ("unreachable", self.unreachable),
            ("too_big", self.too_big),
            ("icmp_errors", self.icmp_errors),
            ("icmp_ignored", self.icmp_ignored),
            ("errors_lost", self.errors_lost),
        ]
    }
}

/// Counts one more, wrapping.
pub(crate) fn count(counter: &mut u32) {
    *counter = counter.wrapping_add(1);
}
