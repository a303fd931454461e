//! What a simulated wire does to frames: loss, duplication, reordering, corruption, delay and rate.

use crate::{Instant, Random, Switch};
use core::time::Duration;

/// A part of all frames, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Fraction(u32);

impl Fraction {
    /// No frame.
    pub const NONE: Self = Self(0);
    /// Every frame.
    pub const ALL: Self = Self(1_000_000);

    /// `millionths` of a million; more than a million is all.
    #[must_use]
    pub const fn from_millionths(millionths: u32) -> Self {
        Self(if millionths > 1_000_000 { 1_000_000 } else { millionths })
    }

    /// `percent` of a hundred; more than a hundred is all.
    #[must_use]
    pub const fn from_percent(percent: u32) -> Self {
        Self::from_millionths(percent.saturating_mul(10_000))
    }

    /// The part, in millionths.
    #[must_use]
    pub const fn millionths(self) -> u32 {
        self.0
    }

    /// Whether the next frame is one of them. Draws no number where the answer is certain.
    fn hits(self, random: &mut Random) -> bool {
        match self.0 {
            0 => false,
            1_000_000 => true,
            part => random.below(1_000_000) < part,
        }
    }
}

/// What a simulated wire does to the frames of one direction. Each impairment acts alone and can be combined with
/// all others; frames already sent are not affected by a change.
///
/// Delays in one direction keep the order of frames; only `reordering` breaks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Impairment {
    /// Frames that do not arrive.
    pub loss: Fraction,
    /// Frames that arrive twice.
    pub duplication: Fraction,
    /// Frames that are held back by `reordering_delay`, so that later ones overtake them.
    pub reordering: Fraction,
    /// How much later a reordered frame arrives.
    pub reordering_delay: Duration,
    /// Frames in which one bit, at any place, is flipped.
    pub corruption: Fraction,
    /// Time on the wire.
    pub delay: Duration,
    /// A further delay, uniform from zero to this. Kept in order: a frame does not arrive before its predecessor.
    pub jitter: Duration,
    /// Bits per second; frames are sent one after the other, each taking its length over this. 0: no limit.
    /// Counted are the frame's octets as the device sees them.
    pub rate: u64,
    /// Whether the wire is cut: all frames that are sent now are lost, those in flight arrive.
    pub partition: Switch,
}

impl Impairment {
    /// A perfect wire: all frames arrive at once.
    pub const NONE: Self = Self {
        loss: Fraction::NONE,
        duplication: Fraction::NONE,
        reordering: Fraction::NONE,
        reordering_delay: Duration::ZERO,
        corruption: Fraction::NONE,
        delay: Duration::ZERO,
        jitter: Duration::ZERO,
        rate: 0,
        partition: Switch::Off,
    };
}

/// What becomes of one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fate {
    /// When it arrives; `None`: lost.
    pub(crate) arrival: Option<Instant>,
    /// Whether it arrives twice.
    pub(crate) duplicated: bool,
    /// Bit to flip, counted from the first octet's highest.
    pub(crate) corrupt_bit: Option<u32>,
    /// Whether it was held back.
    pub(crate) reordered: bool,
}

/// The state of one direction of a wire.
#[derive(Debug)]
pub(crate) struct Impairer {
    random: Random,
    /// When the last bit of the frames so far has been sent, in nanoseconds: a short frame at a high rate takes
    /// less than a microsecond.
    sent_ns: u64,
    /// Latest arrival of a frame in order.
    in_order: Instant,
}

impl Impairer {
    pub(crate) const fn new(random: Random) -> Self {
        Self { random, sent_ns: 0, in_order: Instant::ZERO }
    }

    /// When a frame arrives that is sent at `now` into a perfect wire: not before those sent earlier.
    #[inline]
    pub(crate) fn unimpaired(&self, now: Instant) -> Instant {
        now.max(self.in_order)
    }

    /// Decides over a frame of `len` octets sent at `now`.
    pub(crate) fn fate(&mut self, what: &Impairment, now: Instant, len: usize) -> Fate {
        let bits = u64::try_from(len).unwrap_or(u64::MAX).saturating_mul(8);
        let sent = self.serialise(what.rate, now, bits);
        let random = &mut self.random;
        let lost = what.loss.hits(random) || what.partition == Switch::On;
        let duplicated = what.duplication.hits(random);
        let reordered = what.reordering.hits(random);
        let corrupt_bit =
            what.corruption.hits(random).then(|| random.below(u32::try_from(bits).unwrap_or(0)));
        if lost {
            return Fate { arrival: None, duplicated: false, corrupt_bit: None, reordered: false };
        }
        let mut arrival = (sent + what.delay + up_to(what.jitter, random)).max(self.in_order);
        if reordered {
            arrival += what.reordering_delay;
        } else {
            self.in_order = arrival;
        }
        Fate { arrival: Some(arrival), duplicated, corrupt_bit, reordered }
    }

    /// When the last bit has left a sender that starts at `now` or when it is done with the frames before.
    fn serialise(&mut self, rate: u64, now: Instant, bits: u64) -> Instant {
        if rate == 0 {
            return now;
        }
        let took = bits.saturating_mul(1_000_000_000) / rate;
        self.sent_ns = self.sent_ns.max(now.micros().saturating_mul(1_000)).saturating_add(took);
        Instant::from_micros(self.sent_ns.div_ceil(1_000))
    }
}

/// A duration from zero to `most`, in microseconds; above 71 minutes it counts as that.
fn up_to(most: Duration, random: &mut Random) -> Duration {
    let most = u32::try_from(most.as_micros()).unwrap_or(u32::MAX);
    if most == 0 {
        return Duration::ZERO;
    }
    Duration::from_micros(u64::from(random.below(most.saturating_add(1))))
}
