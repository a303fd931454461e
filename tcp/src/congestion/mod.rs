//! Congestion control: how much may be in the network.

mod none;
mod reno;

pub use none::Unlimited;
pub use reno::{InitialWindow, Reno};

use tersus_ip::Instant;

/// New data was acknowledged while no loss is being repaired.
#[derive(Clone, Copy, Debug)]
pub struct Ack {
    /// Octets newly acknowledged.
    pub acked: u32,
    /// FlightSize before this acknowledgement, in octets.
    pub flight_size: u32,
    /// SMSS, in octets.
    pub smss: u32,
    /// Smoothed round-trip time, in µs; 0: none yet.
    pub srtt_us: u32,
    /// When it arrived.
    pub now: Instant,
}

/// A loss was detected.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    /// FlightSize, in octets, less what limited transmit sent.
    pub flight_size: u32,
    /// SMSS, in octets.
    pub smss: u32,
    /// When it was detected.
    pub now: Instant,
}

/// How a loss is repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// By counting duplicate acknowledgements, RFC 6582: the window is inflated for each.
    NewReno,
    /// By SACK, RFC 6675: the window is not inflated.
    Sack,
}

/// Whether the retransmission timer expired for these octets before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// For the first time.
    First,
    /// Again.
    Repeated,
}

/// A congestion control algorithm; its state of one connection lies in words of the caller.
pub trait Congestion {
    /// Words of state that each connection needs.
    fn words(&self) -> usize;
    /// A connection is established; its SYN was sent again `syn_retransmissions` times.
    fn start(&self, words: &mut [u32], smss: u32, syn_retransmissions: u8);
    /// cwnd, in octets.
    fn window(&self, words: &[u32]) -> u32;
    /// ssthresh, in octets.
    fn ssthresh(&self, words: &[u32]) -> u32;
    /// New data was acknowledged outside recovery.
    fn on_ack(&self, words: &mut [u32], ack: &Ack);
    /// A loss was found without a timeout (three duplicate acknowledgements): recovery begins.
    fn enter_recovery(&self, words: &mut [u32], loss: &Loss, recovery: Recovery);
    /// One more duplicate acknowledgement in recovery without SACK.
    fn on_duplicate_ack(&self, words: &mut [u32], smss: u32);
    /// `acked` octets were acknowledged in recovery, without ending it (without SACK).
    fn on_partial_ack(&self, words: &mut [u32], acked: u32, smss: u32);
    /// All that was in flight when recovery began is acknowledged; `flight_size` is what is now.
    fn exit_recovery(&self, words: &mut [u32], flight_size: u32, smss: u32);
    /// The retransmission timer expired.
    fn on_timeout(&self, words: &mut [u32], loss: &Loss, expiry: Expiry);
    /// Nothing was sent for longer than the RTO, and now something will be.
    fn after_idle(&self, words: &mut [u32], smss: u32);
}
