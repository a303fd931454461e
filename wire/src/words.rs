//! Headers as words of 32 bits in network order: made in registers, added to a checksum there, stored once.

/// The octets of `words`, each of which has the octet order of the network already. `LEN` is four times `WORDS`.
#[inline]
pub(crate) fn octets<const WORDS: usize, const LEN: usize>(words: [u32; WORDS]) -> [u8; LEN] {
    const { assert!(LEN == 4 * WORDS) };
    let mut octets = [0; LEN];
    octets.copy_from_slice(words.map(u32::to_ne_bytes).as_flattened());
    octets
}

/// Two fields of 16 bits in host order, as one word in network order.
#[inline]
pub(crate) fn pair(first: u16, second: u16) -> u32 {
    (u32::from(first) << 16 | u32::from(second)).to_be()
}
