//! What can be chosen.

use core::time::Duration;
use tersus_ip::InterfaceSet;

/// When the answers to a query leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delays {
    /// Evenly spaced over the time that the query gives, divided by the number of groups: no bursts of our own.
    #[default]
    Even,
    /// Each at random within that time, RFC 2236 §3: no bursts of many hosts, and others may spare us ours.
    Random,
}

/// What can be chosen. Everything has a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// When the answers to queries of IGMPv1, IGMPv2 and MLDv1 leave, and when reports are repeated. Those of
    /// MLDv2 are always random, and together.
    pub delays: Delays,
    /// How often a join, or a leave of MLDv2, is told, if no querier says otherwise: 1 to 7, by default 2.
    pub robustness: u8,
    /// Longest time between them in IGMP and MLDv1: RFC 2236 §8.10, RFC 2710 §7.10; by default 10 s.
    pub unsolicited_interval: Duration,
    /// Longest time between them in MLDv2: RFC 3810 §9.11; by default 1 s.
    pub unsolicited_interval_v2: Duration,
    /// The interfaces to speak on; by default all.
    pub interfaces: InterfaceSet,
}

impl Config {
    /// The default.
    pub const DEFAULT: Self = Self {
        delays: Delays::Even,
        robustness: 2,
        unsolicited_interval: Duration::from_secs(10),
        unsolicited_interval_v2: Duration::from_secs(1),
        interfaces: InterfaceSet::ALL,
    };
}

impl Default for Config {
    fn default() -> Self {
        Self::DEFAULT
    }
}
