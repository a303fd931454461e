//! Accurate ECN option, RFC 9768 §3.2.3.
//!
//! ```text
//!   kind 172 | length | EE0B 24 | ECEB 24 | EE1B 24      length 2, 5, 8 or 11:
//!   kind 174 | length | EE1B 24 | ECEB 24 | EE0B 24      counters may be left out from the end
//! ```

use core::fmt;

/// Which of the counters stands first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum AccEcnOrder {
    /// Kind 172: EE0B, ECEB, EE1B.
    Ect0First,
    /// Kind 174: EE1B, ECEB, EE0B.
    Ect1First,
}

/// Counters of octets that arrived marked, each as its lower 24 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccEcn {
    order: AccEcnOrder,
    counters: [u32; 3],
    /// How many of them are there.
    len: u8,
}

impl AccEcn {
    /// Up to three counters in the order in which they stand; their upper eight bits are cut off. `None` for more.
    #[must_use]
    pub fn new(order: AccEcnOrder, counters: &[u32]) -> Option<Self> {
        let mut kept = [0; 3];
        let place = kept.get_mut(..counters.len())?;
        for (to, from) in place.iter_mut().zip(counters) {
            *to = *from & 0x00ff_ffff;
        }
        Some(Self { order, counters: kept, len: u8::try_from(counters.len()).ok()? })
    }

    /// `None` if the octets behind the length are none of the permitted numbers.
    pub(super) fn read(order: AccEcnOrder, data: &[u8]) -> Option<Self> {
        let counter = |octets: &[u8]| match *octets {
            [a, b, c, ..] => u32::from_be_bytes([0, a, b, c]),
            _ => 0,
        };
        let counters = [
            counter(data),
            counter(data.get(3..).unwrap_or_default()),
            counter(data.get(6..).unwrap_or_default()),
        ];
        let len = match data.len() {
            0 => 0,
            3 => 1,
            6 => 2,
            9 => 3,
            _ => return None,
        };
        Some(Self { order, counters, len })
    }

    /// The counters as nine octets, of which the first `3 * self.len()` count.
    pub(super) fn to_octets(self) -> [u8; 9] {
        let [[_, a, b, c], [_, d, e, f], [_, g, h, i]] = self.counters.map(u32::to_be_bytes);
        [a, b, c, d, e, f, g, h, i]
    }

    /// Which counter stands first.
    #[must_use]
    pub fn order(&self) -> AccEcnOrder {
        self.order
    }

    /// How many counters are there: 0 to 3.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn at(&self, place: usize) -> Option<u32> {
        self.counters.get(place).copied().filter(|_| place < self.len())
    }

    /// EE0B: octets that arrived with ECT(0).
    #[must_use]
    pub fn ect0_bytes(&self) -> Option<u32> {
        self.at(if self.order == AccEcnOrder::Ect0First { 0 } else { 2 })
    }

    /// ECEB: octets that arrived with CE.
    #[must_use]
    pub fn ce_bytes(&self) -> Option<u32> {
        self.at(1)
    }

    /// EE1B: octets that arrived with ECT(1).
    #[must_use]
    pub fn ect1_bytes(&self) -> Option<u32> {
        self.at(if self.order == AccEcnOrder::Ect0First { 2 } else { 0 })
    }
}

impl fmt::Display for AccEcn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("accecn")?;
        for (name, counter) in
            [("e0b", self.ect0_bytes()), ("ceb", self.ce_bytes()), ("e1b", self.ect1_bytes())]
        {
            if let Some(counter) = counter {
                write!(f, " {name} {counter}")?;
            }
        }
        Ok(())
    }
}
