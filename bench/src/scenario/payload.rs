//! What is in the octets: nothing in particular while counting, a pattern while verifying.

/// A stream of octets as its sender or its receiver goes through it. The octet at each position is a function of the
/// position, so that loss, duplication and disorder all show.
pub(super) struct Stream {
    position: u64,
    is_checked: bool,
}

impl Stream {
    pub(super) fn new(is_checked: bool) -> Self {
        Self { position: 0, is_checked }
    }

    /// Octets passed so far.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Writes all of `octets`; how many.
    #[inline]
    pub(super) fn fill(&mut self, octets: &mut [u8]) -> usize {
        if self.is_checked {
            for (at, octet) in (self.position..).zip(&mut *octets) {
                *octet = pattern(at);
            }
        }
        self.position += octets.len() as u64;
        std::hint::black_box(octets).len()
    }

    /// Compares all of `octets`; how many.
    #[inline]
    pub(super) fn check(&mut self, octets: &[u8]) -> usize {
        if self.is_checked {
            for (at, octet) in (self.position..).zip(octets) {
                assert_eq!(*octet, pattern(at), "octet {at}");
            }
        }
        self.position += octets.len() as u64;
        std::hint::black_box(octets).len()
    }
}

fn pattern(at: u64) -> u8 {
    ((at ^ (at >> 7)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8
}
