//! What happened, counted.

/// Counters, each wrapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Messages that IP handed in.
    pub received: u32,
    /// Queries taken.
    pub queries: u32,
    /// Reports of others for groups that we had said or were to say something of.
    pub reports_heard: u32,
    /// Reports of ours that another's made needless.
    pub suppressed: u32,
    /// Messages taken that need no action: leaves, and reports to routers or of other groups.
    pub ignored: u32,
    /// Dropped: wrong checksum.
    pub bad_checksum: u32,
    /// Dropped: too short, or of no version's length.
    pub malformed: u32,
    /// Dropped: MLD from an address that is not link-local, with a Hop Limit other than 1, or without Router Alert.
    pub not_on_link: u32,
    /// Dropped: a type that is not known.
    pub unknown_type: u32,
    /// Reports that left.
    pub reports_sent: u32,
    /// IGMP Leave and MLD Done messages that left.
    pub leaves_sent: u32,
    /// Groups that routers were not told of: the table of groups or interfaces was too small. Those of the table of
    /// groups wait for room, and are counted at each change of membership until then.
    pub table_full: u32,
    /// Times that a message had no way out; it waits until routes change.
    pub unreachable: u32,
}

impl Statistics {
    /// All counters zero.
    pub const ZERO: Self = Self {
        received: 0,
        queries: 0,
        reports_heard: 0,
        suppressed: 0,
        ignored: 0,
        bad_checksum: 0,
        malformed: 0,
        not_on_link: 0,
        unknown_type: 0,
        reports_sent: 0,
        leaves_sent: 0,
        table_full: 0,
        unreachable: 0,
    };

    /// All counters by name, in the order of the fields.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u32); 13] {
        [
            ("received", self.received),
            ("queries", self.queries),
            ("reports_heard", self.reports_heard),
            ("suppressed", self.suppressed),
            ("ignored", self.ignored),
            ("bad_checksum", self.bad_checksum),
            ("malformed", self.malformed),
            ("not_on_link", self.not_on_link),
            ("unknown_type", self.unknown_type),
            ("reports_sent", self.reports_sent),
            ("leaves_sent", self.leaves_sent),
            ("table_full", self.table_full),
            ("unreachable", self.unreachable),
        ]
    }
}

/// Counts one more, wrapping.
pub(crate) fn count(counter: &mut u32) {
    *counter = counter.wrapping_add(1);
}
