//! The keyed generator of the stack: random numbers and a keyed hash from one seed.

/// Unpredictable numbers from a 32-octet seed: `SipHash-2-4` over a counter, and, under a second key, a keyed hash.
///
/// The same seed gives the same numbers. Two engines must not be given one seed: each would repeat the other's
/// numbers. There is no default seed.
#[derive(Clone)]
pub struct Random {
    number_key: [u8; 16],
    hash_key: [u8; 16],
    counter: u64,
}

impl Random {
    /// A generator keyed by `seed`, which an outsider must not be able to guess.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        let mut number_key = [0; 16];
        let mut hash_key = [0; 16];
        for (to, from) in number_key.iter_mut().chain(hash_key.iter_mut()).zip(seed) {
            *to = from;
        }
        Self { number_key, hash_key, counter: 0 }
    }

    /// The next number, uniform over all 64-bit values.
    pub fn next_u64(&mut self) -> u64 {
        self.counter = self.counter.wrapping_add(1);
        keyed_hash(&self.number_key, &self.counter.to_le_bytes())
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
        // The upper 64 bits of a product of 96, by two of 64.
        let number = self.next_u64();
        let lower = (number & u64::from(u32::MAX)) * u64::from(bound);
        let upper = (number >> 32) * u64::from(bound) + (lower >> 32);
        u32::try_from(upper >> 32).unwrap_or(0)
    }

    /// A keyed hash (pseudo-random function) of `bytes`; it does not move the generator.
    #[must_use]
    pub fn hash(&self, bytes: &[u8]) -> u64 {
        keyed_hash(&self.hash_key, bytes)
    }
}

/// `SipHash-2-4`, Aumasson and Bernstein 2012, §2. Out of line, and one round for all: on a small processor it is large.
#[inline(never)]
fn keyed_hash(key: &[u8; 16], bytes: &[u8]) -> u64 {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *key;
    let k0 = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    let k1 = u64::from_le_bytes([i, j, k, l, m, n, o, p]);
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    let mut rest = bytes;
    while let Some((word, behind)) = rest.split_first_chunk() {
        rest = behind;
        compress(&mut v, u64::from_le_bytes(*word));
    }
    // The last word: what is left, and the length, modulo 256, in the top octet.
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let [length, ..] = bytes.len().to_le_bytes();
    last[7] = length;
    compress(&mut v, u64::from_le_bytes(last));
    v[2] ^= 0xff;
    for _ in 0..4 {
        round(&mut v);
    }
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

fn compress(v: &mut [u64; 4], word: u64) {
    v[3] ^= word;
    round(v);
    round(v);
    v[0] ^= word;
}

fn round(v: &mut [u64; 4]) {
    let [mut v0, mut v1, mut v2, mut v3] = *v;
    v0 = v0.wrapping_add(v1);
    v1 = v1.rotate_left(13) ^ v0;
    v0 = v0.rotate_left(32);
    v2 = v2.wrapping_add(v3);
    v3 = v3.rotate_left(16) ^ v2;
    v0 = v0.wrapping_add(v3);
    v3 = v3.rotate_left(21) ^ v0;
    v2 = v2.wrapping_add(v1);
    v1 = v1.rotate_left(17) ^ v2;
    v2 = v2.rotate_left(32);
    *v = [v0, v1, v2, v3];
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
    fn the_hash_is_siphash_2_4() {
        // Appendix A of the paper, and two vectors of its reference implementation: key 00 01 .. 0f, input 00 01 ..
        let key = core::array::from_fn(|i| u8::try_from(i).unwrap());
        let input: [u8; 15] = core::array::from_fn(|i| u8::try_from(i).unwrap());
        for (len, want) in
            [(15, 0xa129_ca61_49be_45e5), (0, 0x726f_db47_dd0e_0e31), (8, 0x93f5_f579_9a93_2462)]
        {
            assert_eq!(super::keyed_hash(&key, &input[..len]), want, "{len}");
        }
    }

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
