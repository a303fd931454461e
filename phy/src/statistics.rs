//! Counters that wrap.

#[inline]
pub(crate) fn count(counter: &mut u32) {
    *counter = counter.wrapping_add(1);
}

/// Adds a length in octets, which is below 2^17 for a frame.
#[inline]
pub(crate) fn add(counter: &mut u32, len: usize) {
    *counter = counter.wrapping_add(u32::try_from(len).unwrap_or(u32::MAX));
}
