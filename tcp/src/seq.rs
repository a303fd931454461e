//! Sequence numbers, RFC 9293 §3.4: all modular arithmetic; nobody else compares raw `u32`.

use core::fmt;
use core::ops::{Add, AddAssign, Sub};

/// A sequence number: a position in the circle of 2^32 octets.
///
/// There is no `Ord`: order on a circle is not transitive. The comparisons are right for numbers that lie less
/// than 2^31 apart, as those of one window do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct SeqNum(pub(crate) u32);

impl SeqNum {
    /// Octets from `start` forwards to this number.
    #[must_use]
    pub(crate) const fn distance(self, start: Self) -> u32 {
        self.0.wrapping_sub(start.0)
    }

    /// Whether this comes before `other`.
    #[must_use]
    pub(crate) const fn lt(self, other: Self) -> bool {
        self.0.wrapping_sub(other.0) > i32::MAX.unsigned_abs()
    }

    /// Whether this is `other` or comes before it.
    #[must_use]
    pub(crate) const fn le(self, other: Self) -> bool {
        !other.lt(self)
    }

    /// Whether this comes after `other`.
    #[must_use]
    pub(crate) const fn gt(self, other: Self) -> bool {
        other.lt(self)
    }

    /// Whether this is `other` or comes after it.
    #[must_use]
    pub(crate) const fn ge(self, other: Self) -> bool {
        !self.lt(other)
    }

    /// Whether `start` <= this < `end`; false for all when `start` is `end`. Right for any length below 2^32.
    #[must_use]
    pub(crate) const fn in_range(self, start: Self, end: Self) -> bool {
        self.distance(start) < end.distance(start)
    }

    /// The earlier of the two.
    #[must_use]
    pub(crate) const fn min(self, other: Self) -> Self {
        if other.lt(self) {
            other
        } else {
            self
        }
    }

    /// The later of the two.
    #[must_use]
    pub(crate) const fn max(self, other: Self) -> Self {
        if self.lt(other) {
            other
        } else {
            self
        }
    }
}

impl Add<u32> for SeqNum {
    type Output = Self;

    fn add(self, octets: u32) -> Self {
        Self(self.0.wrapping_add(octets))
    }
}

impl AddAssign<u32> for SeqNum {
    fn add_assign(&mut self, octets: u32) {
        *self = *self + octets;
    }
}

impl Sub<u32> for SeqNum {
    type Output = Self;

    fn sub(self, octets: u32) -> Self {
        Self(self.0.wrapping_sub(octets))
    }
}

impl fmt::Debug for SeqNum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Whether a segment of `len` octets of sequence space at `seq` is acceptable: the table of RFC 9293 §3.10.7.4,
/// first check.
#[must_use]
pub(crate) const fn acceptable(rcv_nxt: SeqNum, rcv_wnd: u32, seq: SeqNum, len: u32) -> bool {
    let first = seq.distance(rcv_nxt);
    match (len, rcv_wnd) {
        (0, 0) => first == 0,
        (0, _) => first < rcv_wnd,
        (_, 0) => false,
        _ => first < rcv_wnd || first.wrapping_add(len - 1) < rcv_wnd,
    }
}

/// Whether an ACK without text is of a peer that has filled the window up to `rcv_edge`, and may have sent the octet of a
/// zero-window probe beyond it: its SEG.SEQ, which is SND.NXT, lies right behind the window, or one further. Differs from
/// the table: such an ACK counts. Where both ends have filled the other's window and lack something of it, or where our
/// window is closed and the peer's has opened, neither would learn it otherwise.
#[must_use]
pub(crate) const fn is_right_behind(rcv_edge: SeqNum, seq: SeqNum, len: u32) -> bool {
    len == 0 && seq.distance(rcv_edge) <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Starts near the places where 32 bits wrap, or their sign changes.
    const STARTS: [u32; 7] = [0, 1, 1_000, 0x7fff_fff0, 0x8000_0000, 0xffff_fff0, 0xffff_ffff];

    // conf: TCP-SEQ-03, TCP-SEQ-04, TCP-SEQ-09
    #[test]
    fn acceptability_follows_the_table_wherever_the_window_lies() {
        // SEG.LEN, RCV.WND, SEG.SEQ - RCV.NXT, acceptable
        const TABLE: [(u32, u32, i32, bool); 23] = [
            (0, 0, 0, true),
            (0, 0, 1, false),
            (0, 0, -1, false),
            (0, 10, -1, false),
            (0, 10, 0, true),
            (0, 10, 9, true),
            (0, 10, 10, false),
            (1, 0, 0, false),
            (5, 0, -4, false),
            (5, 10, -5, false),
            (5, 10, -4, true),
            (5, 10, 0, true),
            (5, 10, 9, true),
            (5, 10, 10, false),
            (1, 1, 0, true),
            (1, 1, -1, false),
            (1, 1, 1, false),
            // Neither the first nor the last octet lies in the window, though some in between do.
            (20, 10, -5, false),
            (65_535, 65_535, 65_534, true),
            (65_535, 65_535, -65_534, true),
            (65_535, 65_535, -65_535, false),
            (1, 1 << 30, (1 << 30) - 1, true),
            (1, 1 << 30, i32::MIN, false),
        ];
        for rcv_nxt in STARTS.map(SeqNum) {
            for (len, wnd, offset, want) in TABLE {
                let seq = SeqNum(rcv_nxt.0.wrapping_add_signed(offset));
                assert_eq!(
                    acceptable(rcv_nxt, wnd, seq, len),
                    want,
                    "RCV.NXT={rcv_nxt:?} {len} {wnd} {offset}"
                );
            }
        }
    }

    // conf: TCP-SEQ-09
    #[test]
    fn order_is_that_of_the_circle() {
        for a in STARTS.map(SeqNum) {
            assert!(a.le(a) && a.ge(a) && !a.lt(a) && !a.gt(a));
            for octets in [1, 2, 65_535, 1 << 30, 0x7fff_ffff] {
                let b = a + octets;
                assert!(a.lt(b) && a.le(b) && b.gt(a) && b.ge(a), "{a:?} {octets}");
                assert!(!b.lt(a) && !b.le(a) && !a.gt(b) && !a.ge(b), "{a:?} {octets}");
                assert_eq!((a.min(b), a.max(b), b.min(a), b.max(a)), (a, b, a, b));
                assert_eq!((b.distance(a), b - octets), (octets, a));
            }
        }
    }

    // conf: TCP-SEQ-09
    #[test]
    fn a_range_holds_its_start_and_not_its_end() {
        for start in STARTS.map(SeqNum) {
            // Length of the range, offset of the number, inside
            for (len, offset, want) in [
                (0, 0, false),
                (1, 0, true),
                (1, 1, false),
                (10, u32::MAX, false),
                (10, 9, true),
                (10, 10, false),
                (u32::MAX, 0x9000_0000, true),
                (u32::MAX, u32::MAX, false),
            ] {
                assert_eq!((start + offset).in_range(start, start + len), want, "{start:?} {len} {offset}");
            }
        }
    }
}
