//! Congestion control, RFC 9293 §3.8.2: how much of a connection may be in the network.
//!
//! An algorithm is a value that the user passes to the engine, so that only what is used is linked. It holds the
//! configuration; the state of a connection is a few words of the caller's, as many as [`Congestion::words`] says.
//! Integers only. [`Reno`] is RFC 5681 and RFC 6582, [`Cubic`] RFC 9438, both with [`HyStart`] if
//! wanted (RFC 9406) and [`Pacing`]; [`Bbr`] goes by rates; [`Unlimited`] is none.

mod bbr;
mod cubic;
mod delivery;
mod hystart;
mod none;
mod paced;
mod reno;

pub use bbr::Bbr;
pub use cubic::Cubic;
pub use delivery::{Delivery, RateSample};
pub use hystart::HyStart;
pub use none::Unlimited;
pub use paced::Pacing;
pub use reno::{InitialWindow, Reno};

use tersus_ip::Instant;

/// New data was acknowledged, and no loss is being repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ack {
    /// Octets newly acknowledged.
    pub acked: u32,
    /// FlightSize before this acknowledgement, in octets.
    pub flight_size: u32,
    /// SMSS, in octets.
    pub smss: u32,
    /// SRTT, in µs; 0: no sample yet.
    pub srtt_us: u32,
    /// Round-trip time that this acknowledgement measured, in µs; 0: none, or none that Karn's rule permits.
    pub rtt_us: u32,
    /// SND.UNA after this acknowledgement.
    pub snd_una: u32,
    /// SND.NXT: a round trip ends when this is acknowledged.
    pub snd_nxt: u32,
    /// When the acknowledgement was processed.
    pub now: Instant,
}

/// A loss was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// FlightSize, in octets, without what limited transmit sent (RFC 5681 §3.2).
    pub flight_size: u32,
    /// SMSS, in octets.
    pub smss: u32,
    /// When the loss was found.
    pub now: Instant,
}

/// How a loss is repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// By counting duplicate acknowledgements, RFC 6582: each of them inflates the window.
    NewReno,
    /// By SACK, RFC 6675: what left the network is known, and the window is not inflated.
    Sack,
}

/// Whether the retransmission timer expired before for the same octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// For the first time.
    First,
    /// Again: ssthresh must not fall once more, RFC 5681 §3.1.
    Repeated,
}

/// A congestion control algorithm.
///
/// For callers: `words` is the state of one connection; it is [`Congestion::words`] long, and [`Congestion::start`]
/// sets all of it. The engine never sends beyond min(cwnd, send window).
///
/// For implementers: whatever is in `words` and in the arguments, return and do not panic; if `words` is too short, do
/// nothing.
pub trait Congestion {
    /// Words of state that a connection needs. An algorithm of none is not told of acknowledgements.
    fn words(&self) -> usize;

    /// A connection is established, after its SYN or SYN-ACK was sent again `syn_retransmissions` times. The handshake
    /// itself does not open the window.
    fn start(&self, words: &mut [u32], smss: u32, syn_retransmissions: u8);

    /// cwnd, in octets.
    fn window(&self, words: &[u32]) -> u32;

    /// ssthresh, in octets; `u32::MAX`: no loss yet.
    fn ssthresh(&self, words: &[u32]) -> u32;

    /// New data was acknowledged outside recovery.
    fn on_ack(&self, words: &mut [u32], ack: &Ack);

    /// A loss was found by duplicate acknowledgements or SACK, and recovery begins, RFC 5681 §3.2.
    fn enter_recovery(&self, words: &mut [u32], loss: &Loss, recovery: Recovery);

    /// One more duplicate acknowledgement in recovery without SACK, RFC 5681 §3.2 step 4.
    fn on_duplicate_ack(&self, words: &mut [u32], smss: u32);

    /// `acked` octets were acknowledged in recovery without SACK, but not all that was in flight when it began, RFC 6582
    /// §3.2 step 3.
    fn on_partial_ack(&self, words: &mut [u32], acked: u32, smss: u32);

    /// Recovery ends; `flight_size` is what is in flight now, in octets.
    fn exit_recovery(&self, words: &mut [u32], flight_size: u32, smss: u32);

    /// The retransmission timer expired, RFC 5681 §3.1. It also ends a recovery.
    fn on_timeout(&self, words: &mut [u32], loss: &Loss, expiry: Expiry);

    /// The peer echoed a router's mark, RFC 3168 §6.1.2: to be answered as one loss would be, without a repair. At most once
    /// in a window of data.
    fn on_echo(&self, words: &mut [u32], loss: &Loss) {
        self.enter_recovery(words, loss, Recovery::Sack);
    }

    /// What was found lost had not been: the reductions since the last [`Congestion::enter_recovery`] or
    /// [`Congestion::on_timeout`] were not needed, and may be taken back, RFC 9438 §4.9. Before them cwnd and ssthresh
    /// were these, in octets.
    fn undo(&self, words: &mut [u32], cwnd: u32, ssthresh: u32) {
        let _ = (words, cwnd, ssthresh);
    }

    /// Whether the algorithm gives a pacing rate; asked once, when the engine is made. Without the duty
    /// [`Duties::with_pacing`](crate::Duties::with_pacing) the rate is not asked for.
    fn is_paced(&self) -> bool {
        false
    }

    /// How many octets may leave in a second, retransmissions included; `None`: not paced now. `srtt_us` is SRTT in µs,
    /// 0 before the first sample.
    fn pacing_rate(&self, words: &[u32], srtt_us: u32) -> Option<u64> {
        let _ = (words, srtt_us);
        None
    }

    /// Everything that the application had to send has left, and the window is not full: `delivered` octets were
    /// delivered so far, `in_flight` are in the network. Samples of what leaves before these have arrived show the
    /// application's rate. Told under the conditions of `on_delivery`.
    fn on_app_limited(&self, words: &mut [u32], delivered: u32, in_flight: u32) {
        let _ = (words, delivered, in_flight);
    }

    /// What an acknowledgement told of the network, whatever is being repaired; after `on_ack` and the like. It is told if
    /// [`Congestion::is_paced`] and the engine has the duty [`Duties::with_pacing`](crate::Duties::with_pacing).
    fn on_delivery(&self, words: &mut [u32], delivery: &Delivery) {
        let _ = (words, delivery);
    }

    /// Nothing was sent for longer than one RTO, and now something is going to be, RFC 5681 §4.1.
    fn after_idle(&self, words: &mut [u32], smss: u32);
}
