//! Limits of challenge ACKs, RFC 5961 §7.
//!
//! A limit that all connections share is a side channel (erratum 4772): whoever drains it learns from its own
//! connection's silence that another exists. So each connection has a limit of its own, and the one over all is
//! drawn anew each second.

use crate::shared::Limits;
use crate::tcb::Slot;
use tersus_ip::{Instant, Random};

/// The limit over all connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limiter {
    second: u64,
    left: u16,
}

impl Limiter {
    pub(crate) const fn new() -> Self {
        Self { second: u64::MAX, left: 0 }
    }

    /// Whether `slot` may send a challenge ACK now; if so it is counted.
    pub(crate) fn allows(&mut self, slot: &mut Slot, limits: &Limits, now: Instant, random: &Random) -> bool {
        // A second of 2^20 microseconds: a division of 64 bits is much code where processors have none.
        let second = now.micros() >> 20;
        // The low bits suffice to see that five seconds are over.
        let [low, ..] = second.to_le_bytes();
        if low.wrapping_sub(slot.challenge_period) > 5 {
            slot.challenge_period = low;
            slot.challenges = 0;
        }
        if slot.challenges >= limits.challenge_acks {
            return false;
        }
        if self.second != second {
            self.second = second;
            self.left = draw(limits.challenge_acks_overall, random_of(random, second));
        }
        let Some(left) = self.left.checked_sub(1) else { return false };
        self.left = left;
        slot.challenges += 1;
        true
    }
}

/// A number between half of `most` and `most`.
fn draw(most: u16, random: u32) -> u16 {
    let half = u32::from(most / 2);
    let spread = u32::from(most) - half + 1;
    u16::try_from(half + random.checked_rem(spread).unwrap_or(0)).unwrap_or(most)
}

/// A number for this second.
fn random_of(random: &Random, second: u64) -> u32 {
    let [a, b, c, d, ..] = random.hash(&second.to_le_bytes()).to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    // conf: TCP-ATK-06
    #[test]
    fn one_connection_sends_at_most_its_share_in_five_seconds() {
        let config = Limits::new(&crate::Config::new());
        let random = Random::new([1; 32]);
        let mut limiter = Limiter::new();
        let mut slot = Slot::FREE;
        for start in [0, 5, 10] {
            let allowed = (0..5_000u64)
                .map(|ms| Instant::from_millis(start * 1_000 + ms))
                .filter(|&now| limiter.allows(&mut slot, &config, now, &random))
                .count();
            assert_eq!(allowed, 10, "from {start} s");
        }
    }

    // conf: TCP-ATK-07
    #[test]
    fn the_limit_over_all_is_drawn_anew_each_second() {
        let config = Limits::new(&crate::Config::new());
        let random = Random::new([1; 32]);
        let mut limiter = Limiter::new();
        let mut limits = [0; 20];
        for (second, limit) in (1..).zip(&mut limits) {
            for _ in 0..1_000 {
                let mut slot = Slot::FREE;
                let allowed = limiter.allows(&mut slot, &config, Instant::from_secs(second), &random);
                *limit += u32::from(allowed);
            }
        }
        assert!(limits.iter().all(|limit| (100..=200).contains(limit)), "{limits:?}");
        assert!(limits.iter().any(|&limit| limit != limits[0]), "{limits:?}");
    }
}
