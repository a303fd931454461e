//! Whole segments by number, for scripts of recovery: segment 0 starts behind our SYN.

use crate::runner::*;

/// Octets of a segment.
pub(crate) const MSS: u32 = 1460;

/// Where segment `n` starts.
pub(crate) fn at(n: u32) -> u32 {
    101 + n * MSS
}

/// Segment `n`.
pub(crate) fn data(n: u32) -> Seg {
    seg(at(n)).ack(301).len(MSS as usize)
}

/// An acknowledgement of all before segment `n`.
pub(crate) fn ack(n: u32) -> Seg {
    seg(301).ack(at(n)).wnd(65_535)
}

/// The same arrives, with SACK blocks of whole segments.
pub(crate) fn sack(n: u32, blocks: &[(u32, u32)]) -> Step {
    let blocks: Vec<_> = blocks.iter().map(|&(left, right)| (at(left), at(right))).collect();
    In(ack(n).sack(&blocks))
}
