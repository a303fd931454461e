//! The offered window follows the need: it begins small and grows inside the buffer, RFC 9293 §3.8.6 leaves that to the
//! receiver. In the manner of dynamic right-sizing (Fisk and Feng, 2001).
//!
//! ```text
//!   receive buffer  |<- unread ->|<- offered: no more than limit - unread ->|      not offered yet      |
//!                                 rcv_nxt                                    rcv_edge
//!   per round trip  the application took `taken` octets  ──▶  limit = 2 * taken, up to 4 * taken while that grows
//! ```
//! A sender can have twice as much in flight in the next round trip as it has in this one, so that the window must be
//! ahead by that factor, and by its square while a slow start is under way, since what is announced now arrives a round
//! trip later. What the application leaves unread is not counted: a slow reader is not sent a buffer full of old data.
//!
//! Without a call of [`Tcp::grow_windows`] the whole buffer is offered at once and nothing of this is linked. The
//! window scale is chosen for the whole buffer in any case, since it can be told on the SYN alone.

use crate::engine::Tcp;
use crate::error::Stale;
use crate::segment::Segment;
use crate::seq::SeqNum;
use crate::shared::Shared;
use crate::slots::slot_mut;
use crate::tcb::{Flags, Slot};
use crate::timestamps::TICK_US;
use crate::ConnectionId;

/// What is known of one connection's need, 28 octets: a place for [`Tcp::grow_windows`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Growth {
    /// Octets that the window and what is unread may take together.
    limit: u32,
    /// The round trip being looked at: when it began, modulo 2^32 µs, and what the application had taken by then.
    since: u32,
    start: SeqNum,
    /// Octets that it took in the round trip before.
    before: u32,
    /// The round-trip time, in µs; 0: not known.
    rtt_us: u32,
    /// The least that this round trip has shown, in µs; 0: nothing. Without timestamps: when `edge` was noted.
    sample: u32,
    /// Without timestamps: right edge of a window, to see how long it takes to arrive.
    edge: SeqNum,
}

impl Growth {
    /// Nothing is known.
    pub const NONE: Self =
        Self { limit: 0, since: 0, start: SeqNum(0), before: 0, rtt_us: 0, sample: 0, edge: SeqNum(0) };

    /// A window to begin with that holds back no sender with an initial window of ten segments, RFC 6928: the largest
    /// that needs no scaling, 65,535 octets.
    pub const INITIAL: u32 = 65_535;
}

/// Places, and what is done about them.
pub(crate) struct Growing<'a> {
    places: &'a mut [Growth],
    initial: u32,
    /// A slot was taken.
    pub(crate) begin: fn(&mut Growing<'_>, u16),
    /// What the connection at work may offer at most, unread octets included.
    pub(crate) limit: fn(&Growing<'_>, u16, u32) -> u32,
    /// A segment of the connection at work was taken in.
    pub(crate) after: fn(&mut Slot, &mut Shared<'_>, &Segment<'_>),
}

fn begin(growing: &mut Growing<'_>, id: u16) {
    let limit = growing.initial;
    if let Some(place) = growing.places.get_mut(usize::from(id)) {
        *place = Growth { limit, ..Growth::NONE };
    }
}

fn limit(growing: &Growing<'_>, id: u16, size: u32) -> u32 {
    // A few units of its scale are the least that a window can be told in.
    growing.places.get(usize::from(id)).map_or(size, |place| place.limit.max(size >> 12).min(size))
}

/// Data came: perhaps a round trip is over.
fn after(slot: &mut Slot, shared: &mut Shared<'_>, seg: &Segment<'_>) {
    if seg.payload.is_empty() || !slot.state.is_live() {
        return;
    }
    let [a, b, c, d, ..] = shared.now.micros().to_le_bytes();
    let now = u32::from_le_bytes([a, b, c, d]);
    let echoed = shared.timestamps.filter(|_| seg.echo != 0);
    let echoed = echoed.and_then(|duty| (duty.round_trip)(slot, shared, seg.echo));
    let (id, has_timestamps) = (usize::from(shared.id), slot.flags.contains(Flags::TIMESTAMPS));
    let Some(place) = shared.growing.as_mut().and_then(|growing| growing.places.get_mut(id)) else { return };
    let start = slot.rcv_nxt - slot.rx.len();
    if place.since == 0 && place.before == 0 && place.edge == SeqNum(0) {
        // The first data. What the handshake took is the first measure.
        place.rtt_us = slot.rtt.srtt_us();
        (place.since, place.start, place.edge) = (now, start, slot.rcv_edge);
        place.sample = if has_timestamps { 0 } else { now };
    }
    match echoed {
        // An echo counts ticks of 33 ms: on short ways the handshake knew better.
        Some(sample) => {
            let sample = if sample <= COARSE { nonzero_min(slot.rtt.srtt_us(), sample) } else { sample };
            place.sample = nonzero_min(place.sample, sample);
        }
        None if !has_timestamps && slot.rcv_nxt.ge(place.edge) => {
            // A window's worth has arrived, which takes a round trip at least.
            place.rtt_us = nonzero_min(place.rtt_us, now.wrapping_sub(place.sample));
            (place.edge, place.sample) = (slot.rcv_edge, now);
        }
        None => {}
    }
    let known = if place.rtt_us == 0 && has_timestamps { place.sample } else { place.rtt_us };
    if known == 0 || now.wrapping_sub(place.since) < known {
        return;
    }
    let taken = start.distance(place.start);
    place.limit = place.limit.max(wanted(taken, place.before));
    (place.since, place.start, place.before) = (now, start, taken);
    if has_timestamps && place.sample != 0 {
        place.rtt_us = core::mem::take(&mut place.sample);
    }
}

/// The window for a need that was `before` and is `taken` now: twice that, and more while it grows.
fn wanted(taken: u32, before: u32) -> u32 {
    let more = taken.saturating_sub(before);
    let ahead = u64::from(taken) * u64::from(more.min(before)) / u64::from(before.max(1));
    let ahead = if before == 0 { taken } else { u32::try_from(ahead).unwrap_or(taken) };
    taken.saturating_add(ahead).saturating_mul(2)
}

/// The smallest window to begin with.
const INITIAL_MIN: u32 = 2 * 1_460;

/// Two ticks of timestamps, in µs.
const COARSE: u32 = 2 * TICK_US;

/// The lesser, where 0 means that there is none.
fn nonzero_min(a: u32, b: u32) -> u32 {
    if a == 0 {
        b
    } else {
        a.min(b.max(1))
    }
}

impl Shared<'_> {
    /// The window that a SYN announces for a buffer of so many octets: not scaled, RFC 7323 §2.2.
    pub(crate) fn syn_window(&self, size: u32) -> u16 {
        let size = self.growing.as_ref().map_or(size, |growing| growing.initial.min(size));
        u16::try_from(size).unwrap_or(u16::MAX)
    }

    /// How much of a buffer of so many octets the connection at work may use now.
    #[inline]
    pub(crate) fn receive_limit(&self, size: u32) -> u32 {
        match &self.growing {
            None => size,
            Some(growing) => (growing.limit)(growing, self.id, size),
        }
    }
}

impl<'a> Tcp<'a> {
    /// From now on the windows of connections begin with `initial` octets, such as [`Growth::INITIAL`], and grow as
    /// their applications read: to twice what was taken in a round trip, up to the buffer. It is for connections for
    /// which there is a place, those of the storage that come first, and for those that are opened later; the others offer
    /// the whole buffer at once, as all do without this call. `initial` is 2,920 at least, two segments of an Ethernet, so
    /// that acknowledgements need not wait for the timer; above the buffer it changes nothing.
    ///
    /// What it is good for: with buffers for the farthest peer, a near one or a slow reader has no more under way than it
    /// needs. So less waits unread here and in the peer, less is old when it is read, and less is lost when the connection is
    /// aborted. (A fast sender through a long queue makes the round trip longer, and with it the window, up to the
    /// buffer: against that the congestion control of the sender helps alone.) A window once offered is never taken back, RFC 9293 §3.8.6.2.1, and it grows no more
    /// than the buffer, which is the connection's own from the start: this saves no memory here.
    ///
    /// An application that takes nothing before a message is there as a whole must ask for so much
    /// ([`Tcp::offer_at_least`]): what is left unread shows no need.
    ///
    /// ```
    /// # use tersus_tcp::{congestion::Reno, Config, Growth, Storage, Tcp};
    /// let mut places = [Growth::NONE; 8];
    /// let mut storage: Storage<8, 262_144, 4096> = Storage::new();
    /// let mut tcp = Tcp::new(&mut storage, Config::new(), &Reno::DEFAULT, [7; 32]);
    /// tcp.grow_windows(Growth::INITIAL, &mut places);
    /// ```
    pub fn grow_windows(&mut self, initial: u32, places: &'a mut [Growth]) {
        places.fill(Growth { limit: u32::MAX, ..Growth::NONE });
        self.shared.growing =
            Some(Growing { places, initial: initial.max(INITIAL_MIN), begin, limit, after });
    }

    /// The window, and what is unread, may be so many octets together from now on, as far as the buffer goes: for who
    /// waits for a message of that size. Without [`Tcp::grow_windows`] it is so in any case.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn offer_at_least(&mut self, id: ConnectionId, octets: u32) -> Result<(), Stale> {
        slot_mut(self.slots, id)?;
        let growing = self.shared.growing.as_mut();
        if let Some(place) = growing.and_then(|growing| growing.places.get_mut(usize::from(id.index))) {
            place.limit = place.limit.max(octets);
            self.announce(id.index);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_ahead_of_the_need_by_what_a_round_trip_can_add() {
        // Taken in this round trip, in the one before, window
        for (taken, before, want) in [
            (0, 0, 0),
            (10, 0, 40),
            (20, 10, 80),
            (30, 10, 120),
            (15, 10, 44),
            (20, 20, 40),
            (10, 20, 20),
            (1 << 30, 1, u32::MAX),
            (u32::MAX, u32::MAX, u32::MAX),
        ] {
            assert_eq!(wanted(taken, before), want, "{taken} after {before}");
        }
    }

    #[test]
    fn a_place_is_as_small_as_planned() {
        assert_eq!(core::mem::size_of::<Growth>(), 28);
    }
}
