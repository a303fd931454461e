//! A wire in memory: two devices, each of which receives what the other sends, for two stacks in one program.
//!
//! ```text
//!            Side::Left                                     Side::Right
//!   stack -- End -- transmit --> [ frames in flight ] --> receive -- End -- stack
//!             ^                                                       |
//!             +---- receive <-- [ frames in flight ] <-- transmit <---+
//! ```
//! Each direction has its own queue, [`Impairment`] and [`Statistics`]. What happens to a frame depends on the
//! seed, on the frames before it and on the time that the caller gives, and on nothing else.
//!
//! A direction whose queue is full takes no more frames; it never drops one for that. Its sender is woken through
//! [`Device::poll_at`] when there is room.
//!
//! A wire that loses a twentieth and takes 10 ms, for a test of two stacks:
//! ```
//! use core::time::Duration;
//! use tersus_phy::memory::{Side, Storage, Wire};
//! use tersus_phy::{Ethernet, Fraction, Impairment, Medium, Switch};
//!
//! // 64 frames of at most 1514 octets each way: about 197 KB.
//! let mut storage = Storage::<64, 1514>::new();
//! let wire = Wire::new(&mut storage, Medium::Ethernet, [7; 32]);
//! wire.impair_both(Impairment {
//!     loss: Fraction::from_percent(5),
//!     delay: Duration::from_millis(10),
//!     ..Impairment::NONE
//! });
//! let (left, right) = wire.ends();
//! let left: Ethernet<_> = Ethernet::new(left, [2, 0, 0, 0, 0, 1]);
//! let right: Ethernet<_> = Ethernet::new(right, [2, 0, 0, 0, 0, 2]);
//! // Poll a stack over each, in whatever order; what happened is told by either end's wire.
//! wire.partition(Switch::On); // unplugged, in both directions
//! assert_eq!(wire.statistics(Side::Left).lost, 0);
//! # let _ = (left, right);
//! ```

use crate::impairment::{Impairer, Impairment};
use crate::queue::{FrameSlot, FrameStorage, Queue, Taken};
use crate::{
    earliest, Capabilities, Device, Instant, LinkState, Medium, Random, RxMeta, RxToken, Switch, TxMeta,
    TxToken,
};
use core::cell::{Cell, RefCell, RefMut};

/// Memory of a wire: in each direction `FRAMES` frames of at most `LEN` octets in flight, link header included.
#[derive(Debug, Default)]
pub struct Storage<const FRAMES: usize, const LEN: usize> {
    from_left: FrameStorage<FRAMES, LEN>,
    from_right: FrameStorage<FRAMES, LEN>,
}

impl<const FRAMES: usize, const LEN: usize> Storage<FRAMES, LEN> {
    /// Empty memory, all zeros.
    #[must_use]
    pub const fn new() -> Self {
        Self { from_left: FrameStorage::new(), from_right: FrameStorage::new() }
    }
}

/// One end of a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The end that [`Wire::ends`] gives first.
    Left,
    /// The end that [`Wire::ends`] gives second.
    Right,
}

/// A wire between two [`End`]s.
#[derive(Debug)]
pub struct Wire<'a> {
    medium: Medium,
    link_state: Cell<LinkState>,
    from_left: Direction<'a>,
    from_right: Direction<'a>,
}

/// What travels from one side to the other.
#[derive(Debug)]
struct Direction<'a> {
    flight: RefCell<Flight<'a>>,
    // Not in `flight`, which is borrowed while a frame is in someone's hands.
    impairment: Cell<Impairment>,
    /// Whether frames need not be looked at: no impairment is set.
    is_perfect: Cell<bool>,
    counters: Counters,
    /// Whether the sender was refused room, and waits.
    refused: Cell<bool>,
}

/// Frames in flight.
#[derive(Debug)]
struct Flight<'a> {
    queue: Queue<'a>,
    impairer: Impairer,
}

impl<'a> Wire<'a> {
    /// A perfect wire of this medium, whose impairments, once set, follow `seed`. The MTU is what `LEN` leaves
    /// beside the medium's header.
    pub fn new<const FRAMES: usize, const LEN: usize>(
        storage: &'a mut Storage<FRAMES, LEN>,
        medium: Medium,
        seed: [u8; 32],
    ) -> Self {
        let (left_slots, left_octets) = storage.from_left.as_slices();
        let (right_slots, right_octets) = storage.from_right.as_slices();
        Self::from_slices([left_slots, right_slots], [left_octets, right_octets], medium, seed)
    }

    /// A wire on any memory: slots and octets for what the left side sends, then for what the right side sends.
    /// In each direction the octets are shared out equally to the slots; the smaller share bounds the MTU.
    pub fn from_slices(
        slots: [&'a mut [FrameSlot]; 2],
        octets: [&'a mut [u8]; 2],
        medium: Medium,
        seed: [u8; 32],
    ) -> Self {
        let mut random = Random::new(seed);
        let [left_slots, right_slots] = slots;
        let [left_octets, right_octets] = octets;
        Self {
            medium,
            link_state: Cell::new(LinkState::Up),
            from_left: Direction::new(Queue::new(left_slots, left_octets), &mut random),
            from_right: Direction::new(Queue::new(right_slots, right_octets), &mut random),
        }
    }

    /// The two ends, left and right.
    #[must_use]
    pub fn ends(&self) -> (End<'_, 'a>, End<'_, 'a>) {
        let capabilities = Capabilities::new(self.medium, self.mtu());
        let end = |side| End { wire: self, side, capabilities };
        (end(Side::Left), end(Side::Right))
    }

    /// What happens to frames that `side` sends.
    #[must_use]
    pub fn impairment(&self, side: Side) -> Impairment {
        self.from(side).impairment.get()
    }

    /// Says what shall happen to frames that `side` sends from now on.
    pub fn impair(&self, side: Side, impairment: Impairment) {
        let direction = self.from(side);
        direction.impairment.set(impairment);
        direction.is_perfect.set(impairment == Impairment::NONE);
    }

    /// Says what shall happen to frames that either side sends from now on.
    pub fn impair_both(&self, impairment: Impairment) {
        self.impair(Side::Left, impairment);
        self.impair(Side::Right, impairment);
    }

    /// Cuts the wire in both directions, or joins it again, without either side being told.
    pub fn partition(&self, partition: Switch) {
        for side in [Side::Left, Side::Right] {
            self.impair(side, Impairment { partition, ..self.impairment(side) });
        }
    }

    /// Plugs the cable in or out: both ends see the link state; frames sent while it is down are lost.
    pub fn set_link_state(&self, link_state: LinkState) {
        self.link_state.set(link_state);
    }

    /// What happened to frames that `side` sent.
    #[must_use]
    pub fn statistics(&self, side: Side) -> Statistics {
        self.from(side).counters.read()
    }

    /// The direction away from `side`.
    const fn from(&self, side: Side) -> &Direction<'a> {
        match side {
            Side::Left => &self.from_left,
            Side::Right => &self.from_right,
        }
    }

    /// The direction towards `side`.
    const fn to(&self, side: Side) -> &Direction<'a> {
        match side {
            Side::Left => &self.from_right,
            Side::Right => &self.from_left,
        }
    }

    fn mtu(&self) -> u16 {
        let share = self.from_left.share().min(self.from_right.share());
        u16::try_from(share.saturating_sub(self.medium.header_len())).unwrap_or(u16::MAX)
    }
}

impl<'a> Direction<'a> {
    fn new(queue: Queue<'a>, random: &mut Random) -> Self {
        let mut seed = [0; 32];
        for part in seed.chunks_exact_mut(8) {
            part.copy_from_slice(&random.next_u64().to_le_bytes());
        }
        Self {
            flight: RefCell::new(Flight { queue, impairer: Impairer::new(Random::new(seed)) }),
            impairment: Cell::new(Impairment::NONE),
            is_perfect: Cell::new(true),
            counters: Counters::default(),
            refused: Cell::new(false),
        }
    }

    /// Asked before any frame is in flight.
    fn share(&self) -> usize {
        self.flight.try_borrow().map_or(0, |flight| flight.queue.share())
    }

    /// Room for one frame, and for its duplicate if there may be one.
    fn has_room(&self, queue: &Queue<'_>) -> bool {
        if self.is_perfect.get() {
            return queue.room() > 0;
        }
        let duplicated = self.impairment.get().duplication != crate::Fraction::NONE;
        let need = if duplicated { 2.min(queue.capacity()) } else { 1 };
        queue.room() >= need.max(1)
    }

    fn room(&self) -> Option<RefMut<'_, Flight<'a>>> {
        // Borrowed: someone has a frame of this very direction in hands. For the sender that is as if it were full.
        let flight = self.flight.try_borrow_mut().ok()?;
        self.has_room(&flight.queue).then_some(flight)
    }
}

/// One end of a [`Wire`]: a device.
#[derive(Debug)]
pub struct End<'w, 'a> {
    wire: &'w Wire<'a>,
    side: Side,
    capabilities: Capabilities,
}

impl<'w, 'a> End<'w, 'a> {
    /// The wire.
    #[must_use]
    pub const fn wire(&self) -> &'w Wire<'a> {
        self.wire
    }

    /// Which end this is.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }

    fn room(&self, now: Instant) -> Option<WireTx<'w, 'a>> {
        let direction = self.wire.from(self.side);
        let link_state = self.wire.link_state.get();
        direction.room().map(|flight| WireTx { direction, flight, now, link_state })
    }
}

impl<'w, 'a> Device for End<'w, 'a> {
    type Rx<'t>
        = WireRx<'w, 'a>
    where
        Self: 't;
    type Tx<'t>
        = WireTx<'w, 'a>
    where
        Self: 't;

    fn receive(&mut self, now: Instant) -> Option<(Self::Rx<'_>, Option<Self::Tx<'_>>)> {
        let direction = self.wire.to(self.side);
        let mut flight = direction.flight.try_borrow_mut().ok()?;
        let taken = flight.queue.take(now)?;
        bump(&direction.counters.received);
        Some((WireRx { flight, taken }, self.room(now)))
    }

    fn transmit(&mut self, now: Instant) -> Option<Self::Tx<'_>> {
        let room = self.room(now);
        self.wire.from(self.side).refused.set(room.is_none());
        room
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { link_state: self.wire.link_state.get(), ..self.capabilities }
    }

    /// Arrival of the next frame; at once if room was refused and is there now, as an interrupt would say.
    fn poll_at(&self) -> Option<Instant> {
        let arrival = match self.wire.to(self.side).flight.try_borrow() {
            Ok(flight) => flight.queue.next_at(),
            Err(_) => Some(Instant::ZERO),
        };
        let from = self.wire.from(self.side);
        let room = from.refused.get() && from.flight.try_borrow().map_or(true, |f| from.has_room(&f.queue));
        earliest(arrival, room.then_some(Instant::ZERO))
    }
}

/// A frame that arrived.
#[derive(Debug)]
pub struct WireRx<'w, 'a> {
    flight: RefMut<'w, Flight<'a>>,
    taken: Taken,
}

impl RxToken for WireRx<'_, '_> {
    fn meta(&self) -> RxMeta {
        RxMeta { timestamp: Some(self.taken.at), ..RxMeta::default() }
    }

    fn consume<R>(mut self, f: impl FnOnce(&mut [u8]) -> R) -> R {
        f(self.flight.queue.octets(self.taken))
    }
}

/// Room for one frame.
#[derive(Debug)]
pub struct WireTx<'w, 'a> {
    direction: &'w Direction<'a>,
    flight: RefMut<'w, Flight<'a>>,
    now: Instant,
    link_state: LinkState,
}

impl TxToken for WireTx<'_, '_> {
    fn consume<R>(mut self, len: usize, _: TxMeta, f: impl FnOnce(&mut [u8]) -> R) -> R {
        let Flight { queue, impairer } = &mut *self.flight;
        let buffer = queue.free();
        let Some(frame) = buffer.get_mut(..len) else {
            bump(&self.direction.counters.oversized);
            return f(buffer);
        };
        let result = f(frame);

        let counters = &self.direction.counters;
        bump(&counters.sent);
        if self.direction.is_perfect.get() && self.link_state == LinkState::Up {
            queue.put(len, impairer.unimpaired(self.now));
            return result;
        }
        let mut impairment = self.direction.impairment.get();
        if self.link_state == LinkState::Down {
            impairment.partition = Switch::On;
        }
        let fate = impairer.fate(&impairment, self.now, len);
        let Some(arrival) = fate.arrival else {
            let cut_off = impairment.partition == Switch::On;
            bump(if cut_off { &counters.cut_off } else { &counters.lost });
            return result;
        };
        if let Some(bit) = fate.corrupt_bit {
            if let Some(octet) = usize::try_from(bit / 8).ok().and_then(|at| frame.get_mut(at)) {
                *octet ^= 0x80 >> (bit % 8);
                bump(&counters.corrupted);
            }
        }
        if fate.reordered {
            bump(&counters.reordered);
        }
        if !fate.duplicated {
            queue.put(len, arrival);
        } else if queue.put_twice(len, arrival) {
            bump(&counters.duplicated);
        }
        result
    }
}

/// [`Statistics`] that can be counted while frames are in someone's hands.
#[derive(Debug, Default)]
struct Counters {
    sent: Cell<u32>,
    received: Cell<u32>,
    lost: Cell<u32>,
    cut_off: Cell<u32>,
    duplicated: Cell<u32>,
    reordered: Cell<u32>,
    corrupted: Cell<u32>,
    oversized: Cell<u32>,
}

impl Counters {
    fn read(&self) -> Statistics {
        Statistics {
            sent: self.sent.get(),
            received: self.received.get(),
            lost: self.lost.get(),
            cut_off: self.cut_off.get(),
            duplicated: self.duplicated.get(),
            reordered: self.reordered.get(),
            corrupted: self.corrupted.get(),
            oversized: self.oversized.get(),
        }
    }
}

#[inline]
fn bump(counter: &Cell<u32>) {
    counter.set(counter.get().wrapping_add(1));
}

/// What happened in one direction of a wire since it was made. Counters wrap.
///
/// Without oversized frames, `sent + duplicated` is `lost + cut_off + received` and what is still in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Statistics {
    /// Frames sent.
    pub sent: u32,
    /// Frames received, duplicates included.
    pub received: u32,
    /// Lost by [`Impairment::loss`].
    pub lost: u32,
    /// Lost while the wire was partitioned or the link down.
    pub cut_off: u32,
    /// Frames that were put on the wire twice.
    pub duplicated: u32,
    /// Frames held back, so that others overtook them.
    pub reordered: u32,
    /// Frames with a bit flipped.
    pub corrupted: u32,
    /// Not sent: longer than the memory has room for, against the device's MTU.
    pub oversized: u32,
}

impl Statistics {
    /// All counters by the names of their fields.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u32); 8] {
        [
            ("sent", self.sent),
            ("received", self.received),
            ("lost", self.lost),
            ("cut_off", self.cut_off),
            ("duplicated", self.duplicated),
            ("reordered", self.reordered),
            ("corrupted", self.corrupted),
            ("oversized", self.oversized),
        ]
    }
}
