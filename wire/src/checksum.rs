//! The Internet checksum: RFC 1071, incremental update by RFC 1624.
//!
//! A [`Sum`] adds parts that need not lie together; each part but the last must have an even length. Sums are
//! kept in the octet order of the machine and folded late, so that wide words can be added with no swap.
//!
//! Emitters of this crate compute checksums themselves; this is for formats of one's own, and for packets that are
//! edited: see [`update_bytes`].
//!
//! ```
//! use tersus_wire::checksum::Sum;
//!
//! let (header, data) = ([0x08, 0, 0, 0, 0, 7, 0, 1], b"ping!"); // the field of the checksum is 0 meanwhile
//! let checksum = Sum::new().add_bytes(&header).add_bytes(data).checksum();
//! assert_eq!(checksum, 0xf826);
//!
//! // Who receives it sums over everything, the field included.
//! assert!(Sum::new().add_bytes(&header).add_bytes(data).add_u16(checksum).is_valid());
//! ```

/// An Internet checksum in the making: a ones' complement sum, not yet folded to 16 bits.
///
/// Sums that stand for one checksum may differ, and then are not equal: compare what [`Sum::checksum`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum(u32);

impl Sum {
    /// The sum of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(0)
    }

    /// Adds octets; if their number is odd, a zero octet is thought behind them.
    ///
    /// Linear in `bytes.len()`.
    #[must_use]
    pub fn add_bytes(self, bytes: &[u8]) -> Self {
        self.join(Self(sum_words(bytes)))
    }

    /// Adds a header of a known length, as [`Self::add_bytes`] does, but in line where that is faster.
    #[must_use]
    #[inline]
    pub fn add_array<const N: usize>(self, octets: &[u8; N]) -> Self {
        // On small machines the call is worth more than speed.
        if WORD != 8 {
            return self.add_bytes(octets);
        }
        let (words, rest) = add_words(0, octets);
        let sum = self.join(Self(fold_to_32(words as u64)));
        if rest.is_empty() {
            sum
        } else {
            sum.join(Self(sum_tail(rest)))
        }
    }

    /// Adds words in network order, as they stand in a header. One after the other their carries gather in the upper half
    /// of a wide word, so that none of them has to be brought back.
    #[must_use]
    #[inline]
    pub fn add_words<const N: usize>(self, words: [u32; N]) -> Self {
        if WORD != 8 {
            return words.iter().fold(self, |sum, &word| sum.add_word(word));
        }
        Self(fold_to_32(words.into_iter().fold(u64::from(self.0), |sum, word| sum + u64::from(word))))
    }

    /// Whether the data summed so far and a header of a known length, its checksum field included, are intact: as
    /// [`Self::add_array`] and [`Self::is_valid`] say.
    #[must_use]
    #[inline]
    pub fn is_valid_with<const N: usize>(self, octets: &[u8; N]) -> bool {
        // On small machines the call is worth more than speed.
        if WORD != 8 {
            return self.add_bytes(octets).is_valid();
        }
        let (mut sum, rest) = add_words(0, octets);
        sum = add_word(sum, self.0 as usize);
        if !rest.is_empty() {
            sum = add_word(sum, sum_tail(rest) as usize);
        }
        is_multiple(sum as u64)
    }

    /// Adds a word in network order, as it stands in a header.
    #[inline]
    pub(crate) fn add_word(self, word: u32) -> Self {
        self.join(Self(word))
    }

    /// Adds a 16-bit field given in host order.
    #[must_use]
    #[inline]
    pub fn add_u16(self, value: u16) -> Self {
        self.join(Self(u32::from(value.to_be())))
    }

    /// Adds a 32-bit field given in host order.
    #[must_use]
    #[inline]
    pub fn add_u32(self, value: u32) -> Self {
        // The upper half weighs 2^16, which is 1 in ones' complement arithmetic of 16 bits.
        self.join(Self(value.to_be()))
    }

    /// Adds another sum; the parts that it covers must start at an even offset.
    #[must_use]
    #[inline]
    pub fn join(self, other: Self) -> Self {
        let (sum, carry) = self.0.overflowing_add(other.0);
        Self(sum + u32::from(carry))
    }

    /// The checksum field's value in host order: the complement of the folded sum.
    ///
    /// Over data that include a right checksum field this is 0.
    #[must_use]
    #[inline]
    pub fn checksum(self) -> u16 {
        !u16::from_be(self.fold())
    }

    /// Whether the summed data, their checksum field included, are intact.
    #[must_use]
    #[inline]
    pub fn is_valid(self) -> bool {
        self.fold() == 0xffff
    }

    /// The folded sum itself in host order, not complemented: what a device that completes checksums wants to
    /// find in the field.
    #[must_use]
    #[inline]
    pub fn partial(self) -> u16 {
        u16::from_be(self.fold())
    }

    #[inline]
    fn fold(self) -> u16 {
        // Both halves are added in each half; the carry of the lower one runs into the upper one, which is kept.
        let sum = self.0.wrapping_add(self.0.rotate_left(16));
        let [.., low, high] = sum.to_le_bytes();
        u16::from_le_bytes([low, high])
    }
}

/// Copies `from` to the front of `to` and returns the sum of what was copied. The shorter length counts.
///
/// Copy and sum are separate passes: on processors with a cache that is the faster form. What is short goes in one, where
/// the two calls would cost more than the octets.
#[inline]
pub fn copy_and_sum(to: &mut [u8], from: &[u8]) -> Sum {
    if WORD == 8 && from.len() < SHORT {
        Sum(copy_and_sum_words(to, from))
    } else {
        copy_then_sum(to, from)
    }
}

/// Octets up to which [`copy_and_sum`] takes one pass.
const SHORT: usize = 256;

#[cfg_attr(not(target_pointer_width = "32"), inline(never))]
fn copy_then_sum(to: &mut [u8], from: &[u8]) -> Sum {
    let len = to.len().min(from.len());
    match (to.get_mut(..len), from.get(..len)) {
        (Some(to), Some(from)) => {
            to.copy_from_slice(from);
            Sum::new().add_bytes(to)
        }
        _ => Sum::new(),
    }
}

/// Both in one pass, block by block.
#[inline(never)]
fn copy_and_sum_words(to: &mut [u8], from: &[u8]) -> u32 {
    let len = to.len().min(from.len());
    let mut rest = (to.get_mut(..len).unwrap_or_default(), from.get(..len).unwrap_or_default());
    let mut sum = 0;
    while rest.1.len() >= 64 {
        (sum, rest) = copy_block::<64>(sum, rest);
    }
    if rest.1.is_empty() {
        return fold_to_32(sum as u64);
    }
    (sum, rest) = copy_block::<32>(sum, rest);
    (sum, rest) = copy_block::<16>(sum, rest);
    (sum, rest) = copy_block::<8>(sum, rest);
    let words = fold_to_32(sum as u64);
    if rest.1.is_empty() {
        return words;
    }
    let tail = sum_tail(rest.1);
    (_, rest) = copy_block::<4>(0, rest);
    (_, rest) = copy_block::<2>(0, rest);
    copy_block::<1>(0, rest);
    Sum(words).join(Sum(tail)).0
}

/// Copies and adds the first `N` octets, if there are so many; both have one length. Returns the rest too.
#[inline]
fn copy_block<'t, 'f, const N: usize>(
    sum: usize,
    (to, from): (&'t mut [u8], &'f [u8]),
) -> (usize, (&'t mut [u8], &'f [u8])) {
    if from.len() < N {
        return (sum, (to, from));
    }
    match (to.split_first_chunk_mut::<N>(), from.split_first_chunk::<N>()) {
        (Some((place, to)), Some((block, from))) => {
            *place = *block;
            (add_words(sum, block).0, (to, from))
        }
        _ => (sum, (&mut [], &[])),
    }
}

/// The checksum field after one 16-bit word that it covers changed from `old` to `new`, RFC 1624 §3, eqn. 3.
///
/// All three are in host order. Over UDP, [`update_bytes`] says what 0 means.
#[must_use]
pub fn update(checksum: u16, old: u16, new: u16) -> u16 {
    let sum = u32::from(!checksum) + u32::from(!old) + u32::from(new);
    let sum = (sum >> 16) + (sum & 0xffff);
    let sum = (sum >> 16) + (sum & 0xffff);
    let [low, high, ..] = sum.to_le_bytes();
    !u16::from_le_bytes([low, high])
}

/// The checksum field, in host order, after octets that it covers changed from `old` to `new`, RFC 1624.
///
/// Both start at an even offset of what is covered, and are of one length; a last odd octet must be the last that is
/// covered. If all that is covered became zero, as in no header, the result is 0 where a new sum gives its other form, 0xffff.
/// So an address translator corrects a checksum over a pseudo-header:
///
/// ```
/// use tersus_wire::{checksum, ip, ipv4, udp};
///
/// # let mut datagram = [0; 8];
/// # let (old, new, server) = ([192, 0, 2, 1], [198, 51, 100, 7], [203, 0, 113, 9]);
/// # let repr = udp::Repr { src_port: 5000, dst_port: 53 };
/// # repr.emit(&mut datagram, &[], ip::pseudo_addresses(old.into(), server.into()))?;
/// // The source address of this datagram was translated from `old` to `new`.
/// let header = udp::Packet::parse(&datagram)?.header();
/// if let Some(checksum) = header.checksum() {
///     let checksum = match checksum::update_bytes(checksum, &old, &new) {
///         0 => 0xffff, // over UDP, 0 means that there is none; TCP has no such exception
///         checksum => checksum,
///     };
///     datagram[6..8].copy_from_slice(&checksum.to_be_bytes());
/// }
/// udp::Packet::parse(&datagram)?.verify_between(new.into(), server.into())?;
/// # Ok::<(), tersus_wire::Error>(())
/// ```
#[must_use]
pub fn update_bytes(checksum: u16, old: &[u8], new: &[u8]) -> u16 {
    // The complement of a sum is the sum of the complements: equation 3 holds for any number of words at once.
    let sum = |bytes: &[u8]| Sum::new().add_bytes(bytes).partial();
    update(checksum, sum(old), sum(new))
}

/// A machine word, in octets.
const WORD: usize = core::mem::size_of::<usize>();

/// Ones' complement sum in machine order, folded to 32 bits. Out of line: inlined into emitters it bloats them.
#[inline(never)]
fn sum_words(mut bytes: &[u8]) -> u32 {
    let mut sum = 0;
    // On small machines one short loop is worth more than speed.
    if WORD == 8 {
        while let Some((block, rest)) = bytes.split_first_chunk::<256>() {
            (sum, _) = add_words(sum, block);
            bytes = rest;
        }
        sum = add_one_block::<128>(sum, &mut bytes);
        sum = add_one_block::<64>(sum, &mut bytes);
        sum = add_one_block::<32>(sum, &mut bytes);
        sum = add_one_block::<16>(sum, &mut bytes);
        sum = add_one_block::<8>(sum, &mut bytes);
    } else {
        while let Some((word, rest)) = bytes.split_first_chunk() {
            sum = add_word(sum, usize::from_ne_bytes(*word));
            bytes = rest;
        }
    }
    Sum(fold_to_32(sum as u64)).join(Sum(sum_tail(bytes))).0
}

/// Sum of the octets behind the last whole word.
#[inline]
fn sum_tail(mut bytes: &[u8]) -> u32 {
    let mut sum = Sum::new();
    if WORD == 8 {
        if let Some((word, rest)) = bytes.split_first_chunk() {
            sum = Sum(u32::from_ne_bytes(*word));
            bytes = rest;
        }
    }
    let last = match *bytes {
        [] => return sum.0,
        [a] => u32::from(u16::from_ne_bytes([a, 0])),
        [a, b] => u32::from(u16::from_ne_bytes([a, b])),
        [a, b, c, ..] => u32::from_ne_bytes([a, b, c, 0]),
    };
    sum.join(Sum(last)).0
}

/// Takes `N` octets off the front of `bytes`, if there are so many.
#[inline]
fn add_one_block<const N: usize>(sum: usize, bytes: &mut &[u8]) -> usize {
    match bytes.split_first_chunk::<N>() {
        Some((block, rest)) => {
            *bytes = rest;
            add_words(sum, block).0
        }
        None => sum,
    }
}

/// Adds whole words and returns what is left behind them. The carry of each addition goes into the next, so that a
/// processor with a carry flag needs one instruction a word. Each block is a chain of its own, joined to `sum` at its
/// end: a processor that can works on several at a time.
#[inline]
fn add_words<const N: usize>(sum: usize, block: &[u8; N]) -> (usize, &[u8]) {
    let (mut chain, mut carry) = (0, false);
    let mut words: &[u8] = block;
    while let Some((word, rest)) = words.split_first_chunk() {
        (chain, carry) = add_with_carry(chain, usize::from_ne_bytes(*word), carry);
        words = rest;
    }
    let (sum, carry) = add_with_carry(sum, chain, carry);
    // A chain that carries ends below the largest word, so with a carry this sum, too, is below it.
    (sum.wrapping_add(usize::from(carry)), words)
}

/// The sum of both and of the carry, and whether there is a carry again.
#[inline]
fn add_with_carry(a: usize, b: usize, carry: bool) -> (usize, bool) {
    let (sum, first) = a.overflowing_add(b);
    let (sum, second) = sum.overflowing_add(usize::from(carry));
    (sum, first | second)
}

/// Whether a ones' complement sum of data that are not all zeros is right: then it is a multiple of 2^16 - 1, and neither
/// folded nor divided to see that. Times the inverse of the divisor, modulo 2^64, multiples become what they are multiples
/// by, and nothing else is as small.
#[inline]
fn is_multiple(sum: u64) -> bool {
    const DIVISOR: u64 = 0xffff;
    const INVERSE: u64 = 0xfffe_fffe_fffe_ffff;
    const { assert!(DIVISOR.wrapping_mul(INVERSE) == 1) };
    // 0 becomes the largest word.
    sum.wrapping_mul(INVERSE).wrapping_sub(1) < u64::MAX / DIVISOR
}

/// Addition with end-around carry.
#[inline]
fn add_word(sum: usize, word: usize) -> usize {
    let (sum, carry) = sum.overflowing_add(word);
    // After a carry the sum is below the largest word.
    sum + usize::from(carry)
}

/// Folds with end-around carry, as [`Sum::fold`] does.
#[inline]
fn fold_to_32(sum: u64) -> u32 {
    let sum = sum.wrapping_add(sum.rotate_left(32));
    u32::try_from(sum >> 32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, octet by octet.
    fn reference(bytes: &[u8]) -> u16 {
        let mut sum: u64 = 0;
        for pair in bytes.chunks(2) {
            let low = pair.get(1).copied().unwrap_or(0);
            sum += u64::from(u16::from_be_bytes([pair[0], low]));
        }
        while sum > 0xffff {
            sum = (sum >> 16) + (sum & 0xffff);
        }
        u16::try_from(sum).unwrap()
    }

    fn octets(len: usize, seed: u32) -> [u8; 2000] {
        let mut state = seed;
        let mut bytes = [0; 2000];
        for b in &mut bytes[..len] {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *b = state.to_be_bytes()[0];
        }
        bytes
    }

    #[test]
    fn an_array_is_valid_where_its_sum_is() {
        let sums = [0, 1, 0xfffe, 0xffff, 0x1_0000, 0xffff_0000, u32::MAX];
        let check = |octets: &[u8; 20]| {
            for sum in sums.map(Sum) {
                assert_eq!(sum.is_valid_with(octets), sum.add_bytes(octets).is_valid(), "{sum:?} {octets:?}");
            }
        };
        check(&[0; 20]);
        check(&[0xff; 20]);
        for seed in 0..2_000 {
            let random = octets(20, seed);
            let mut header: [u8; 20] = *random.first_chunk().unwrap();
            for sum in sums.map(Sum) {
                let right = sum.add_bytes(&header[..18]).checksum();
                header[18..].copy_from_slice(&right.to_be_bytes());
                assert!(sum.is_valid_with(&header), "{sum:?} {header:?}");
                check(&header);
                header[seed as usize % 20] ^= 1 << (seed % 8);
                assert!(!sum.is_valid_with(&header), "{sum:?} {header:?}");
            }
        }
    }

    #[test]
    fn words_are_added_as_their_octets_are() {
        for seed in 0..2_000 {
            let random = octets(28, seed);
            let words: [u32; 7] =
                core::array::from_fn(|i| u32::from_ne_bytes(*random[4 * i..].first_chunk().unwrap()));
            let sum = Sum(u32::MAX - seed);
            assert_eq!(sum.add_words(words).partial(), sum.add_bytes(&random[..28]).partial());
        }
        assert_eq!(Sum(u32::MAX).add_words([u32::MAX; 9]).partial(), 0xffff);
        assert_eq!(Sum::new().add_words([0; 9]), Sum::new());
    }

    // conf: IP4-HDR-10
    #[test]
    fn rfc_1071_section_3_example() {
        let sum = Sum::new().add_bytes(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
        assert_eq!(sum.partial(), 0xddf2);
        assert_eq!(sum.checksum(), !0xddf2);
    }

    #[test]
    fn every_length_equals_the_definition() {
        for len in 0..600 {
            let bytes = octets(len, 7);
            assert_eq!(
                Sum::new().add_bytes(&bytes[..len]).partial(),
                reference(&bytes[..len]),
                "length {len}"
            );
        }
        assert_eq!(Sum::new().add_bytes(&[0xff; 1999]).partial(), reference(&[0xff; 1999]));
    }

    #[test]
    fn a_header_in_line_has_the_same_sum() {
        fn check<const N: usize>() {
            for bytes in [octets(N, 13), [0xff; 2000]] {
                let array = bytes.first_chunk::<N>().unwrap();
                let (start, want) = (Sum::new().add_u32(u32::MAX - 1), reference(array));
                assert_eq!(Sum::new().add_array(array).partial(), want, "length {N}");
                assert_eq!(start.add_array(array).partial(), start.add_bytes(array).partial(), "length {N}");
            }
        }
        check::<0>();
        check::<1>();
        check::<2>();
        check::<3>();
        check::<4>();
        check::<5>();
        check::<6>();
        check::<7>();
        check::<8>();
        check::<11>();
        check::<20>();
        check::<40>();
        check::<67>();
    }

    #[test]
    fn parts_may_lie_apart() {
        let bytes = octets(1500, 3);
        let whole = Sum::new().add_bytes(&bytes[..1500]);
        for cut in (0..1500).step_by(2) {
            let parts = Sum::new().add_bytes(&bytes[..cut]).add_bytes(&bytes[cut..1500]);
            assert_eq!(parts.checksum(), whole.checksum(), "cut at {cut}");
        }
    }

    #[test]
    fn fields_are_added_in_network_order() {
        let octets = Sum::new().add_bytes(&[0x12, 0x34, 0x9a, 0xbc, 0xde, 0xf0]);
        let fields = Sum::new().add_u16(0x1234).add_u32(0x9abc_def0);
        assert_eq!(octets.checksum(), fields.checksum());
    }

    #[test]
    fn data_with_their_checksum_are_valid() {
        let mut bytes = octets(40, 11);
        bytes[10] = 0;
        bytes[11] = 0;
        let checksum = Sum::new().add_bytes(&bytes[..40]).checksum();
        bytes[10..12].copy_from_slice(&checksum.to_be_bytes());
        assert!(Sum::new().add_bytes(&bytes[..40]).is_valid());
        bytes[3] ^= 0x10;
        assert!(!Sum::new().add_bytes(&bytes[..40]).is_valid());
    }

    #[test]
    fn each_length_is_copied_and_summed() {
        for from_len in 0..600 {
            let from = octets(from_len, 15);
            for to_len in [from_len, from_len + 9, from_len / 2] {
                let (mut to, len) = ([0xa5; 700], from_len.min(to_len));
                let sum = copy_and_sum(&mut to[..to_len], &from[..from_len]);
                assert_eq!(to[..len], from[..len], "{from_len} into {to_len}");
                assert!(to[len..].iter().all(|&octet| octet == 0xa5), "{from_len} into {to_len}");
                assert_eq!(sum.partial(), reference(&from[..len]), "{from_len} into {to_len}");
            }
        }
    }

    #[test]
    fn copying_sums_what_was_copied() {
        let from = octets(100, 5);
        let mut to = [0; 60];
        let sum = copy_and_sum(&mut to, &from[..100]);
        assert_eq!(to, from[..60]);
        assert_eq!(sum.checksum(), Sum::new().add_bytes(&from[..60]).checksum());
    }

    // RFC 1071 §3: eight octets as four words, as two long words, and in groups of three and five, where the sum of what
    // starts at an odd octet is swapped.
    #[test]
    fn the_sums_of_rfc_1071_section_3_agree() {
        let octets = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(Sum::new().add_bytes(&octets).partial(), 0xddf2);
        assert_eq!(Sum::new().add_u32(0x0001_f203).add_u32(0xf4f5_f6f7).partial(), 0xddf2);
        let swapped =
            [0x0100, 0x03f2, 0xf5f4, 0xf7f6].iter().fold(Sum::new(), |sum, word| sum.add_u16(*word));
        assert_eq!(swapped.partial(), 0xf2dd);
        let (first, second) = octets.split_at(3);
        let (first, second) = (Sum::new().add_bytes(first), Sum::new().add_bytes(second));
        assert_eq!((first.partial(), second.partial()), (0xf201, 0xf0eb));
        assert_eq!(first.add_u16(second.partial().swap_bytes()).partial(), 0xddf2);
    }

    // The examples of RFC 1624 §4: the old word 0x5555 becomes 0x3285 in a header whose checksum is 0xdd2f.
    #[test]
    fn incremental_update_equals_recomputation() {
        assert_eq!(update(0xdd2f, 0x5555, 0x3285), 0x0000);
        let mut bytes = octets(20, 9);
        let before = Sum::new().add_bytes(&bytes[..20]).checksum();
        let old = u16::from_be_bytes([bytes[8], bytes[9]]);
        bytes[8] ^= 0x5a;
        let new = u16::from_be_bytes([bytes[8], bytes[9]]);
        assert_eq!(update(before, old, new), Sum::new().add_bytes(&bytes[..20]).checksum());
    }

    #[test]
    fn an_update_over_octets_agrees_with_a_new_sum() {
        let mut bytes = [0x5a_u8; 64];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = byte.wrapping_mul(u8::try_from(index).unwrap()).wrapping_add(3);
        }
        for (start, len) in [(0, 2), (2, 8), (10, 32), (40, 24), (60, 4), (62, 2), (0, 62), (8, 0)] {
            for fill in [0x00, 0x01, 0x7f, 0xff] {
                let mut edited = bytes;
                edited[start..start + len].fill(fill);
                let before = Sum::new().add_bytes(&bytes).checksum();
                let after = update_bytes(before, &bytes[start..start + len], &edited[start..start + len]);
                assert_eq!(
                    after,
                    Sum::new().add_bytes(&edited).checksum(),
                    "{len} octets at {start} of {fill}"
                );
            }
        }
    }

    #[test]
    fn a_last_odd_octet_is_updated_as_it_was_summed() {
        let (old, new) = ([1, 2, 3, 4, 5], [1, 2, 3, 4, 77]);
        let before = Sum::new().add_bytes(&old).checksum();
        assert_eq!(update_bytes(before, &old[4..], &new[4..]), Sum::new().add_bytes(&new).checksum());
    }
}
