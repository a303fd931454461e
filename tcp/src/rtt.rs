//! The retransmission timeout, RFC 6298.
#![cfg_attr(not(test), expect(dead_code, reason = "the engine that uses this module comes next"))]

/// Limits of the retransmission timeout, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtoConfig {
    /// Before the first sample, RFC 6298 §2.1. Default 1 s.
    pub initial_us: u32,
    /// Floor, §2.4. Default 1 s; a lower one departs from the RFC.
    pub min_us: u32,
    /// Cap, §2.5. Default 60 s.
    pub max_us: u32,
    /// Clock granularity G, §2.2. Default 1 ms.
    pub granularity_us: u32,
}

impl RtoConfig {
    /// What RFC 6298 says.
    pub const DEFAULT: Self =
        Self { initial_us: 1_000_000, min_us: 1_000_000, max_us: 60_000_000, granularity_us: 1_000 };
}

/// Round-trip estimate and timeout of one connection, 16 octets; zeros: no sample yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rtt {
    srtt: u32,
    rttvar: u32,
    min: u32,
    backoff: u8,
    flags: u8,
}

impl Rtt {
    /// A sample in µs (never of retransmitted octets). Ends the back-off.
    pub(crate) fn on_sample(&mut self, rtt_us: u32) {
        todo!()
    }
    /// The timer expired: the timeout doubles, §5.5.
    pub(crate) fn on_timeout(&mut self) {
        todo!()
    }
    /// The handshake is complete and a SYN had timed out: data starts with 3 s, §5.7.
    pub(crate) fn on_established_after_syn_timeout(&mut self) {
        todo!()
    }
    /// The timeout in µs, back-off included.
    pub(crate) fn rto_us(&self, config: &RtoConfig) -> u32 {
        todo!()
    }
    /// SRTT in µs; 0 before the first sample.
    pub(crate) fn srtt_us(&self) -> u32 {
        todo!()
    }
    /// Smallest sample in µs; 0 before the first.
    pub(crate) fn min_us(&self) -> u32 {
        todo!()
    }
    /// Timeouts since the last sample.
    pub(crate) fn backoff(&self) -> u8 {
        self.backoff
    }
}
