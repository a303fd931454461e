//! What an acknowledgement tells of the network's rate, for algorithms that model the path: delivery rate samples as
//! draft-ietf-ccwg-bbr-06 §4 has them.
//!
//! ```text
//!   sent:       prior_delivered was the count then          acknowledged: delivered
//!   ------------+-------------------------------------------+-------------> time
//!               |<-------------- interval_us -------------->|
//!               so many octets were delivered in it: sample.delivered
//! ```

use tersus_ip::Instant;

/// A rate that was measured: of the octets sent last among those that an acknowledgement covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateSample {
    /// Octets delivered from when they were sent until now.
    pub delivered: u32,
    /// In so many µs; not 0.
    pub interval_us: u32,
    /// [`Delivery::delivered`] when they were sent.
    pub prior_delivered: u32,
}

impl RateSample {
    /// Octets per second, at most `u32::MAX`.
    #[must_use]
    pub fn rate(&self) -> u32 {
        let rate = u64::from(self.delivered) * 1_000_000 / u64::from(self.interval_us.max(1));
        u32::try_from(rate).unwrap_or(u32::MAX)
    }
}

/// What one acknowledgement brought, cumulatively and by SACK, whether or not a loss is being repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// Octets newly delivered.
    pub newly_delivered: u32,
    /// Octets newly found lost.
    pub newly_lost: u32,
    /// Octets delivered so far; wraps.
    pub delivered: u32,
    /// The rate, if it could be measured.
    pub sample: Option<RateSample>,
    /// The round-trip time of what was sent last, in µs; 0: none, or none that Karn's rule permits.
    pub rtt_us: u32,
    /// Octets in the network before this acknowledgement.
    pub prior_in_flight: u32,
    /// Octets in the network after it.
    pub in_flight: u32,
    /// SMSS, in octets.
    pub smss: u32,
    /// Whether more than one loss in a round trip can be found: the peer sends SACK.
    pub has_sack: bool,
    /// Whether a loss is being repaired.
    pub in_recovery: bool,
    /// When the acknowledgement was processed.
    pub now: Instant,
}
