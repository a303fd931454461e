//! Timestamps, RFC 7323 §3 to §5: round-trip times of retransmitted data, and protection against sequence numbers
//! that come round again (PAWS).
//!
//! ```text
//!   TSval   our clock, of 33 ms, plus an offset that the keyed hash gives these endpoints (§5.4): it tells
//!           nobody how long we run, and a later connection of the same endpoints goes on where this one ends
//!   TSecr   TS.Recent: the TSval of the segment that the next ACK is due to (§4.3)
//! ```
//! All of this hangs on [`Timestamping`], so that an engine without the duty links none of it.

use crate::addresses::Packed;
use crate::config;
use crate::isn;
use crate::segment::{Reply, Segment};
use crate::shared::Shared;
use crate::statistics::count;
use crate::tcb::{Flags, Slot};
use core::ops::ControlFlow::{self, Break, Continue};
use tersus_ip::Instant;
use tersus_wire::tcp::{Flags as Control, Options, Timestamps};

/// A tick of our clock is 2^15 µs, 33 ms: within §5.4's 1 ms to 1 s, and no division. It wraps after four years.
///
/// A finer one would cost throughput where segments overtake each other: what fills a gap moves the peer's TS.Recent on, and
/// then PAWS throws away whatever left some ticks before that and comes late (§5.3 R1). Each of these is a gap again, so
/// that a repair never ends. What comes late by less than a tick is kept by receivers that let one pass, as this and Linux.
const TICK_SHIFT: u32 = 15;
/// The same in µs.
pub(crate) const TICK_US: u32 = 1 << TICK_SHIFT;
/// §5.5: after 24 days TS.Recent says nothing any more. In units of 2^30 µs, 18 minutes, rounded up.
const RECENT_LIFETIME: u16 = 1_932;
/// How far the clock moves at once: whatever the caller's does, a peer sees ours go forward, never back.
const STEP_MAX: u64 = 1 << 38;

/// What timestamps need of the engine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timestamping {
    /// The option of a segment of endpoints that have no connection, or none yet, with the TSval to echo.
    pub(crate) stamp: fn(&mut Shared<'_>, &Packed, u32, u32) -> Timestamps,
    /// A segment of a connection with timestamps arrives: §5.3 R1 and R3.
    pub(crate) arrive: fn(&mut Slot, &mut Shared<'_>, &mut Segment<'_>) -> ControlFlow<Reply>,
    /// The option of a segment that leaves now.
    pub(crate) compose: fn(&mut Slot, &mut Shared<'_>) -> Timestamps,
    /// §4.1: the round-trip time that the echo of an ACK shows, in µs.
    pub(crate) round_trip: fn(&Slot, &mut Shared<'_>, u32) -> Option<u32>,
    /// RFC 3522 §3.2: whether an echo is of something that left before what left so many µs ago, by the TSval of either.
    pub(crate) is_older_than: fn(&Slot, &mut Shared<'_>, u32, u32) -> Option<bool>,
    /// The timestamps of any option area.
    pub(crate) find: fn(&[u8]) -> Option<Timestamps>,
}

impl Timestamping {
    /// RFC 7323.
    pub(crate) const RFC7323: Self = Self { stamp, arrive, compose, round_trip, is_older_than, find };
}

/// Our clock: it follows the caller's, but never goes back, and never so far forward that it seems to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    micros: u64,
    /// The caller's time when it was read last.
    read: u64,
}

impl Clock {
    pub(crate) const fn new() -> Self {
        Self { micros: 0, read: 0 }
    }

    /// The clock in ticks.
    pub(crate) fn ticks(&mut self, now: Instant) -> u32 {
        let step = now.micros().saturating_sub(self.read).min(STEP_MAX);
        self.read = now.micros();
        self.micros = self.micros.wrapping_add(step);
        lower_half(self.micros >> TICK_SHIFT)
    }

    /// What it showed so many µs before it was read last.
    fn ticks_before(&self, ago: u32) -> u32 {
        lower_half(self.micros.wrapping_sub(ago.into()) >> TICK_SHIFT)
    }
}

/// Whether timestamp `a` is older than `b`: §5.2, "less than in modular arithmetic".
pub(crate) const fn is_older(a: u32, b: u32) -> bool {
    a.wrapping_sub(b) > u32::MAX / 2
}

/// A moment in units of 2^30 µs, modulo 2^16: over two years.
fn coarse(now: Instant) -> u16 {
    u16::try_from(now.micros() >> 30 & u64::from(u16::MAX)).unwrap_or(0)
}

fn lower_half(word: u64) -> u32 {
    u32::try_from(word & u64::from(u32::MAX)).unwrap_or(0)
}

fn stamp(shared: &mut Shared<'_>, addresses: &Packed, ports: u32, echo: u32) -> Timestamps {
    let (_, offset) = isn::hash(&shared.random, addresses, ports);
    Timestamps { value: shared.clock.ticks(shared.now).wrapping_add(offset), echo }
}

/// §5.3, for the usual segment: nothing but timestamps, and none older than the last. Whatever else is told apart
/// behind it, so that this costs little.
fn arrive(slot: &mut Slot, shared: &mut Shared<'_>, seg: &mut Segment<'_>) -> ControlFlow<Reply> {
    match Timestamps::alone(seg.options) {
        Some(timestamps) if !seg.has(Control::RST) && !is_older(timestamps.value, slot.ts_recent) => {
            slot.take_timestamps(shared, seg, timestamps);
            // They are read: what is left of the segment is as usual as one without options.
            seg.options = &[];
            Continue(())
        }
        _ => arrive_rare(slot, shared, seg),
    }
}

/// §5.3 in full.
#[cold]
#[inline(never)]
fn arrive_rare(slot: &mut Slot, shared: &mut Shared<'_>, seg: &mut Segment<'_>) -> ControlFlow<Reply> {
    // §5.2: exempt.
    if seg.has(Control::RST) {
        return Continue(());
    }
    let Some(timestamps) = find(seg.options) else {
        if seg.has(Control::SYN) {
            // Differs from §3.2: it is answered, else a peer that lost its memory and does without timestamps now could
            // never learn that the connection is still here.
            return Continue(());
        }
        count(&mut shared.stats.timestamps_missing);
        return Break(Reply::Nothing);
    };
    // R1: an old timestamp, unless what it is compared with is too old itself.
    if is_older(timestamps.value, slot.ts_recent) && !slot.is_ts_recent_too_old(shared) {
        // Differs from R1: the tick before TS.Recent passes. What fills a gap moves TS.Recent on, and overtakes what left
        // a moment before; thrown away, that is a gap again, and the sender takes it for congestion. No clock is so
        // slow that numbers come round within two ticks, §5.4.
        if timestamps.value.wrapping_add(1) == slot.ts_recent && !seg.has(Control::SYN) {
            seg.echo = timestamps.echo;
            return Continue(());
        }
        count(&mut shared.stats.timestamps_old);
        return Break(slot.challenge(shared));
    }
    slot.take_timestamps(shared, seg, timestamps);
    Continue(())
}

impl Slot {
    /// §5.3 R3, for what passes the first check on sequence numbers: SEG.SEQ at or below Last.ACK.sent, and something of
    /// it at or beyond RCV.NXT. Last.ACK.sent is RCV.NXT unless a segment waits for its ACK, and then the time of that
    /// one stays.
    #[inline]
    fn take_timestamps(&mut self, shared: &Shared<'_>, seg: &mut Segment<'_>, timestamps: Timestamps) {
        seg.echo = timestamps.echo;
        let is_new =
            seg.seq == self.rcv_nxt || (seg.seq.lt(self.rcv_nxt) && (seg.seq + seg.len()).gt(self.rcv_nxt));
        if is_new && !self.flags.contains(Flags::UNACKED) {
            self.set_ts_recent(timestamps.value, shared.now);
        }
    }

    /// §5.5. A clock that stepped back makes it seem old.
    fn is_ts_recent_too_old(&self, shared: &Shared<'_>) -> bool {
        coarse(shared.now).wrapping_sub(self.ts_recent_at) > RECENT_LIFETIME
    }

    /// The value that segments from now on are compared with, and that the next ACK echoes.
    #[inline]
    pub(crate) fn set_ts_recent(&mut self, value: u32, now: Instant) {
        self.ts_recent = value;
        self.ts_recent_at = coarse(now);
    }

    /// What the user has set.
    pub(crate) fn wants_timestamps(&self) -> config::Timestamps {
        if self.flags.contains(Flags::TIMESTAMPS_WANTED) {
            config::Timestamps::On
        } else {
            config::Timestamps::Off
        }
    }
}

fn compose(slot: &mut Slot, shared: &mut Shared<'_>) -> Timestamps {
    let value = shared.clock.ticks(shared.now).wrapping_add(slot.ts_offset);
    // 0 as long as there is none: RFC 7323 §3.2.
    Timestamps { value, echo: slot.ts_recent }
}

/// An echo of ticks that have not been, or of none, shows nothing. One below a tick counts as one.
#[cold]
fn round_trip(slot: &Slot, shared: &mut Shared<'_>, echo: u32) -> Option<u32> {
    let now = shared.clock.ticks(shared.now).wrapping_add(slot.ts_offset);
    let ticks = now.wrapping_sub(echo);
    if echo == 0 || ticks > u32::MAX / 2 {
        return None;
    }
    Some(ticks.clamp(1, u32::MAX >> TICK_SHIFT) << TICK_SHIFT)
}

/// What left in one tick of the clock has one TSval, so the ticks are compared, not times: a tick that ends between the two
/// is enough. Where both lie in one, or `echo` is of a tick that has not been, or of none, nothing is told.
#[cold]
fn is_older_than(slot: &Slot, shared: &mut Shared<'_>, echo: u32, ago: u32) -> Option<bool> {
    let now = shared.clock.ticks(shared.now).wrapping_add(slot.ts_offset);
    let then = shared.clock.ticks_before(ago).wrapping_add(slot.ts_offset);
    if echo == 0 || echo == then || ago > u32::MAX / 2 || is_older(now, echo) {
        return None;
    }
    Some(is_older(echo, then))
}

/// In any layout.
#[inline(never)]
fn find(options: &[u8]) -> Option<Timestamps> {
    Options::parse(options).ok()?.timestamps
}

#[cfg(test)]
mod tests {
    use super::*;

    // conf: TCP-TS-13
    #[test]
    fn the_clock_goes_forward_whatever_the_callers_does() {
        let mut clock = Clock::new();
        let mut last = clock.ticks(Instant::from_micros(1 << 50));
        // Micros, ticks since the one before at least and at most.
        for (micros, least, most) in [
            (1 << 50, 0, 0),
            ((1 << 50) + 32_767, 0, 1),
            ((1 << 50) + 32_768, 0, 1),
            ((1 << 50) + 32_768_000, 999, 1_000),
            (5, 0, 0),
            (32_768_005, 1_000, 1_000),
            (u64::MAX, 1 << 23, 1 << 23),
            (0, 0, 0),
            (1 << 40, 1 << 23, 1 << 23),
        ] {
            let ticks = clock.ticks(Instant::from_micros(micros));
            assert!((least..=most).contains(&ticks.wrapping_sub(last)), "{micros}: {last} to {ticks}");
            last = ticks;
        }
    }

    #[test]
    fn what_the_clock_showed_is_what_it_shows_less_the_ticks_since() {
        const AGOS: [u32; 7] = [0, 1, 32_767, 32_768, 32_769, 1_000_000, u32::MAX / 2];
        // Where it starts, so that ticks wrap in between as well.
        for start in [1 << 33, (1 << 37) - 16, (1 << 47) - 5, (1 << 47) + 40_000] {
            for ago in AGOS {
                let mut clock = Clock { micros: start, read: 7 };
                let then = clock.ticks(Instant::from_micros(7));
                clock.ticks(Instant::from_micros(7 + u64::from(ago / 3)));
                clock.ticks(Instant::from_micros(7 + u64::from(ago)));
                assert_eq!(clock.ticks_before(ago), then, "{start}, {ago} before");
            }
        }
    }

    #[test]
    fn age_is_that_of_the_circle() {
        for b in [0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
            for (ahead, older) in
                [(0, false), (1, false), (0x7fff_ffff, false), (0x8000_0000, true), (u32::MAX, true)]
            {
                assert_eq!(is_older(ahead.wrapping_add(b), b), older, "{ahead} ahead of {b}");
            }
        }
    }

    #[test]
    fn four_and_twenty_days_are_counted_in_coarse_units() {
        assert_eq!(coarse(Instant::from_secs(24 * 86_400)), RECENT_LIFETIME - 1);
        assert_eq!(coarse(Instant::from_micros(u64::MAX)), u16::MAX);
    }
}
