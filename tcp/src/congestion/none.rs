//! No congestion control: for benchmarks, and for links that belong to one user alone. It does not conform to RFC 9293
//! §3.8.2.

use super::{Ack, Congestion, Expiry, Loss, Recovery};

/// No limit beside the peer's window. Not for shared networks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unlimited;

impl Congestion for Unlimited {
    fn words(&self) -> usize {
        0
    }

    fn start(&self, _: &mut [u32], _: u32, _: u8) {}

    fn window(&self, _: &[u32]) -> u32 {
        u32::MAX
    }

    fn ssthresh(&self, _: &[u32]) -> u32 {
        u32::MAX
    }

    fn on_ack(&self, _: &mut [u32], _: &Ack) {}

    fn enter_recovery(&self, _: &mut [u32], _: &Loss, _: Recovery) {}

    fn on_duplicate_ack(&self, _: &mut [u32], _: u32) {}

    fn on_partial_ack(&self, _: &mut [u32], _: u32, _: u32) {}

    fn exit_recovery(&self, _: &mut [u32], _: u32, _: u32) {}

    fn on_timeout(&self, _: &mut [u32], _: &Loss, _: Expiry) {}

    fn after_idle(&self, _: &mut [u32], _: u32) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_narrows_the_window() {
        let none: &dyn Congestion = &Unlimited;
        none.start(&mut [], 1460, 3);
        let loss = Loss { flight_size: 1, smss: 1460, now: tersus_ip::Instant::ZERO };
        none.on_timeout(&mut [], &loss, Expiry::First);
        none.enter_recovery(&mut [], &loss, Recovery::NewReno);
        none.after_idle(&mut [], 1460);
        assert_eq!((none.words(), none.window(&[])), (0, u32::MAX));
    }
}
