//! The keyed generator of the stack: random numbers and a keyed hash from one seed.

use core::hash::Hasher;
use siphasher::sip::{SipHasher13, SipHasher24};

/// Unpredictable numbers from a 32-octet seed: `SipHash-2-4` over a counter, and, under a second key, a keyed hash.
///
/// The same seed gives the same numbers. Two engines must not be given one seed: each would repeat the other's
/// numbers. There is no default seed.
///
/// An engine takes a seed of its own. A device with one seed from its source of entropy draws those of its engines:
/// ```
/// use tersus_phy::Random;
///
/// /// The seed of the next engine.
/// fn seed(random: &mut Random) -> [u8; 32] {
///     let mut seed = [0; 32];
///     for word in seed.chunks_exact_mut(8) {
///         word.copy_from_slice(&random.next_u64().to_le_bytes());
///     }
///     seed
/// }
/// let mut random = Random::new([7; 32]); // from the hardware's generator, at every start anew
/// let (ip, tcp) = (seed(&mut random), seed(&mut random));
/// assert_ne!(ip, tcp);
/// ```
#[derive(Clone)]
pub struct Random {
    /// The key of the numbers, and that of the hash.
    keys: [u8; 32],
    counter: u64,
}

impl Random {
    /// A generator keyed by `seed`, which an outsider must not be able to guess.
    #[must_use]
    pub const fn new(seed: [u8; 32]) -> Self {
        Self { keys: seed, counter: 0 }
    }

    /// The next number, uniform over all 64-bit values.
    pub fn next_u64(&mut self) -> u64 {
        self.counter = self.counter.wrapping_add(1);
        keyed_hash(self.keys.first_chunk(), &self.counter.to_le_bytes())
    }

    /// The next number, uniform over all 32-bit values.
    pub fn next_u32(&mut self) -> u32 {
        let [a, b, c, d, ..] = self.next_u64().to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    /// The next number, uniform over all 16-bit values.
    pub fn next_u16(&mut self) -> u16 {
        let [a, b, ..] = self.next_u64().to_le_bytes();
        u16::from_le_bytes([a, b])
    }

    /// A number below `bound`; 0 if `bound` is 0. The bias is below `bound` / 2^64.
    pub fn below(&mut self, bound: u32) -> u32 {
        let scaled = (u128::from(self.next_u64()) * u128::from(bound)) >> 64;
        u32::try_from(scaled).unwrap_or(0)
    }

    /// A keyed hash (pseudo-random function) of `bytes`; it does not move the generator.
    #[must_use]
    pub fn hash(&self, bytes: &[u8]) -> u64 {
        keyed_hash(self.keys.last_chunk(), bytes)
    }

    /// As [`Random::hash`], of words and by `SipHash-1-3`: fewer rounds and no remainders, and half the flash where nothing
    /// else is linked. Not to be used beside it with one seed.
    #[must_use]
    pub fn hash_light(&self, words: &[u64]) -> u64 {
        keyed_hash_light(self.keys.last_chunk(), words)
    }
}

/// Out of line: its rounds are 800 octets on a small processor, once. There always is a key: half a seed.
#[inline(never)]
fn keyed_hash(key: Option<&[u8; 16]>, bytes: &[u8]) -> u64 {
    let mut hasher = SipHasher24::new_with_key(key.unwrap_or(&[0; 16]));
    hasher.write(bytes);
    hasher.finish()
}

#[inline(never)]
fn keyed_hash_light(key: Option<&[u8; 16]>, words: &[u64]) -> u64 {
    let mut hasher = SipHasher13::new_with_key(key.unwrap_or(&[0; 16]));
    for word in words {
        hasher.write_u64(*word);
    }
    hasher.finish()
}

impl core::fmt::Debug for Random {
    /// Shows no key.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Random")
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn one_seed_gives_one_sequence_and_another_seed_another() {
        let mut a = Random::new([1; 32]);
        let mut b = Random::new([1; 32]);
        let mut c = Random::new([2; 32]);
        for _ in 0..100 {
            let number = a.next_u64();
            assert_eq!(number, b.next_u64());
            assert_ne!(number, c.next_u64());
        }
    }

    #[test]
    fn below_stays_below_and_reaches_all() {
        let mut random = Random::new([3; 32]);
        let mut seen = [0u32; 7];
        for _ in 0..7_000 {
            seen[usize::try_from(random.below(7)).unwrap()] += 1;
        }
        assert!(seen.iter().all(|&n| (800..1_200).contains(&n)), "{seen:?}");
        assert_eq!(random.below(0), 0);
        assert_eq!(random.below(1), 0);
    }

    #[test]
    fn the_hash_depends_on_key_and_octets_only() {
        let mut random = Random::new([4; 32]);
        let before = random.hash(b"tersus");
        random.next_u64();
        assert_eq!(random.hash(b"tersus"), before);
        assert_ne!(random.hash(b"tersut"), before);
        assert_ne!(Random::new([5; 32]).hash(b"tersus"), before);
    }
}
