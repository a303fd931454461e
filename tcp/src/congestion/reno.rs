//! Reno.

use super::{Ack, Congestion, Expiry, Loss, Recovery};

/// How much may leave before the first acknowledgement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InitialWindow {
    /// RFC 6928 §2: ten segments, at most 14,600 octets (or two segments).
    #[default]
    Rfc6928,
    /// RFC 5681 §3.1: two to four segments.
    Rfc5681,
}

/// Reno by RFC 5681 with NewReno recovery by RFC 6582.
#[derive(Clone, Copy, Debug)]
pub struct Reno {
    /// The initial window.
    pub initial_window: InitialWindow,
    /// L of RFC 3465 §2.2: one acknowledgement opens the window by so many segments at most in slow start, 1 to 255. Default 2.
    pub segments_per_ack: u8,
}

impl Reno {
    /// IW10, L = 2.
    pub const DEFAULT: Self = Self { initial_window: InitialWindow::Rfc6928, segments_per_ack: 2 };
}

impl Congestion for Reno {
    fn words(&self) -> usize {
        3
    }
    fn start(&self, words: &mut [u32], smss: u32, syn_retransmissions: u8) {
        todo!()
    }
    fn window(&self, words: &[u32]) -> u32 {
        todo!()
    }
    fn ssthresh(&self, words: &[u32]) -> u32 {
        todo!()
    }
    fn on_ack(&self, words: &mut [u32], ack: &Ack) {
        todo!()
    }
    fn enter_recovery(&self, words: &mut [u32], loss: &Loss, recovery: Recovery) {
        todo!()
    }
    fn on_duplicate_ack(&self, words: &mut [u32], smss: u32) {
        todo!()
    }
    fn on_partial_ack(&self, words: &mut [u32], acked: u32, smss: u32) {
        todo!()
    }
    fn exit_recovery(&self, words: &mut [u32], flight_size: u32, smss: u32) {
        todo!()
    }
    fn on_timeout(&self, words: &mut [u32], loss: &Loss, expiry: Expiry) {
        todo!()
    }
    fn after_idle(&self, words: &mut [u32], smss: u32) {
        todo!()
    }
}
