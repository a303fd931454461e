//! Metrics and constraints in a DAG metric container, RFC 6551 §2.1.
//!
//! ```text
//!   +---------------+---------+-+-+-+-+-----+-------+---------------+
//!   | Routing-MC-   |Res Flags|P|C|O|R|  A  | Prec  | Length        |  then Length octets
//!   | Type          |         | | | | |     |       |               |
//!   +---------------+---------+-+-+-+-+-----+-------+---------------+
//! ```

use crate::put::Put;
use crate::Error;
use core::fmt;

/// Length of the header of a metric object, in octets.
const METRIC_HEADER_LEN: usize = 4;

/// Routing-MC-Type, IANA "Routing Metric/Constraint Type".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// 1: node state and attributes.
    NodeState,
    /// 2: node energy.
    NodeEnergy,
    /// 3: hop count.
    HopCount,
    /// 4: link throughput.
    Throughput,
    /// 5: link latency.
    Latency,
    /// 6: link quality level.
    LinkQuality,
    /// 7: expected transmissions.
    Etx,
    /// 8: link colour.
    LinkColour,
    /// Any other.
    Unknown(u8),
}

impl From<u8> for MetricKind {
    fn from(number: u8) -> Self {
        match number {
            1 => Self::NodeState,
            2 => Self::NodeEnergy,
            3 => Self::HopCount,
            4 => Self::Throughput,
            5 => Self::Latency,
            6 => Self::LinkQuality,
            7 => Self::Etx,
            8 => Self::LinkColour,
            other => Self::Unknown(other),
        }
    }
}

impl From<MetricKind> for u8 {
    fn from(kind: MetricKind) -> Self {
        match kind {
            MetricKind::NodeState => 1,
            MetricKind::NodeEnergy => 2,
            MetricKind::HopCount => 3,
            MetricKind::Throughput => 4,
            MetricKind::Latency => 5,
            MetricKind::LinkQuality => 6,
            MetricKind::Etx => 7,
            MetricKind::LinkColour => 8,
            MetricKind::Unknown(other) => other,
        }
    }
}

bitflags::bitflags! {
    /// Flags of a metric object.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct MetricFlags: u8 {
        /// P: not all nodes of the path could record it.
        const PARTIAL = 8;
        /// C: it is a constraint.
        const CONSTRAINT = 4;
        /// O: the constraint is optional.
        const OPTIONAL = 2;
        /// R: recorded along the path, not aggregated.
        const RECORDED = 1;
    }
}

/// A metric or constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Metric<'a> {
    /// What is measured.
    pub kind: MetricKind,
    /// P, C, O and R.
    pub flags: MetricFlags,
    /// A: how it is aggregated: 0 added, 1 maximum, 2 minimum, 3 multiplied; three bits.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<7>))]
    pub aggregation: u8,
    /// Prec: precedence, 0 the highest; four bits.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<15>))]
    pub precedence: u8,
    /// The object's content, at most 255 octets.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::octets::<32>))]
    pub body: &'a [u8],
}

impl<'a> Metric<'a> {
    /// The first object; returns what follows it.
    ///
    /// # Errors
    /// `Truncated` if it is not all there.
    pub fn parse(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Error> {
        let have = bytes.len();
        let (&[kind, flags, more, len], rest) = bytes
            .split_first_chunk::<METRIC_HEADER_LEN>()
            .ok_or_else(|| Error::truncated(METRIC_HEADER_LEN, have))?;
        let len = usize::from(len);
        let (body, rest) =
            rest.split_at_checked(len).ok_or_else(|| Error::truncated(METRIC_HEADER_LEN + len, have))?;
        let flags = u16::from_be_bytes([flags, more]);
        let [low, _] = (flags >> 7).to_le_bytes();
        let metric = Self {
            kind: MetricKind::from(kind),
            flags: MetricFlags::from_bits_truncate(low & 0x0f),
            aggregation: more >> 4 & 7,
            precedence: more & 0x0f,
            body,
        };
        Ok((metric, rest))
    }

    /// Octets that [`Self::emit`] writes.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        METRIC_HEADER_LEN + self.body.len()
    }

    /// Writes the object to the front of `buffer`; returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` if the content is longer than 255 octets, aggregation above 7, or precedence
    /// above 15.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let len = u8::try_from(self.body.len()).map_err(|_| Error::Unrepresentable)?;
        if self.aggregation > 7 || self.precedence > 15 {
            return Err(Error::Unrepresentable);
        }
        let mut out = Put::new(buffer, self.buffer_len())?;
        let flags = u16::from(self.flags.bits() & 0x0f) << 7
            | u16::from(self.aggregation) << 4
            | u16::from(self.precedence);
        let [high, low] = flags.to_be_bytes();
        out.octets(&[u8::from(self.kind), high, low, len]);
        out.octets(self.body);
        Ok(self.buffer_len())
    }

    /// Hops, of a hop count object (RFC 6551 §3.3).
    #[must_use]
    pub fn hop_count(&self) -> Option<u8> {
        match (self.kind, self.body) {
            (MetricKind::HopCount, &[_, hops, ..]) => Some(hops),
            _ => None,
        }
    }

    /// Expected transmissions in units of 1/128, the first value of an ETX object (RFC 6551 §4.3.2).
    #[must_use]
    pub fn etx(&self) -> Option<u16> {
        match (self.kind, self.body) {
            (MetricKind::Etx, &[a, b, ..]) => Some(u16::from_be_bytes([a, b])),
            _ => None,
        }
    }
}

impl fmt::Display for Metric<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.flags.contains(MetricFlags::CONSTRAINT) {
            f.write_str("constraint ")?;
        }
        match (self.hop_count(), self.etx()) {
            (Some(hops), _) => write!(f, "{hops} hops"),
            (_, Some(etx)) => write!(f, "ETX {}.{:02}", etx / 128, u32::from(etx % 128) * 100 / 128),
            _ => write!(f, "{:?} len {}", self.kind, self.body.len()),
        }
    }
}

/// The objects of a metric container, one by one; one that is not all there is an error and the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metrics<'a> {
    rest: &'a [u8],
}

impl<'a> Metrics<'a> {
    /// Over the content of a container.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    /// The octets that are left.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Metrics<'a> {
    type Item = Result<Metric<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        match Metric::parse(self.rest) {
            Ok((metric, rest)) => {
                self.rest = rest;
                Some(Ok(metric))
            }
            Err(error) => {
                self.rest = &[];
                Some(Err(error))
            }
        }
    }
}
