//! The wire between the two ends: what it carries, loses, repeats, spoils and delays.

use super::dice::Dice;
use core::time::Duration;
use std::collections::BTreeMap;
use tersus_ip::Instant;

/// To whom, addresses, segment.
pub(super) type Frame = (usize, Vec<u8>, Vec<u8>);

pub(super) struct Wire {
    pub(super) queue: BTreeMap<(Instant, u64), Frame>,
    pub(super) count: u64,
    /// Of a thousand segments to each end.
    pub(super) loss: [u64; 2],
    pub(super) repeat: u64,
    pub(super) spoil: u64,
    pub(super) delay_us: u64,
    pub(super) jitter_us: u64,
    pub(super) carried: u64,
    pub(super) is_cut: bool,
}

impl Wire {
    pub(super) fn put(&mut self, dice: &mut Dice, now: Instant, to: usize, both: &[u8], octets: &[u8]) {
        self.carried += 1;
        if self.is_cut {
            return;
        }
        for _ in 0..1 + u64::from(dice.chance(self.repeat)) {
            if dice.chance(self.loss[to]) {
                continue;
            }
            let mut octets = octets.to_vec();
            if dice.chance(self.spoil) {
                let at = dice.below(octets.len() as u64) as usize;
                octets[at] ^= 1 << dice.below(8);
            }
            let delay = self.delay_us + dice.below(self.jitter_us + 1);
            self.count += 1;
            let at = now + Duration::from_micros(delay);
            self.queue.insert((at, self.count), (to, both.to_vec(), octets));
        }
    }
}
