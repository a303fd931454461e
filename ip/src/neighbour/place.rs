//! Where entries stand, and who must leave when there is no room.
//!
//! ```text
//!    0        home(address)                          len
//!    +----------+------------------------+-----------+
//!    |          | an entry stands in one |           |     round the end and on from 0
//!    |          | of these WINDOW slots  |           |
//!    +----------+------------------------+-----------+
//! ```
//!
//! A table of up to `WINDOW` slots is one window. In a larger one a keyed hash says where an address's window begins, so
//! that nobody outside can choose addresses that crowd one; whatever its length, a look-up sees `WINDOW` slots at most.

use super::slot::{coarse, Flags, State};
use super::{count, NeighbourSlot, Neighbours, Reachability};
use crate::{Instant, InterfaceId, PackedAddress};

/// Who wants a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// We want to send to the neighbour.
    Resolve,
    /// The neighbour asked for us.
    Stranger,
}

/// Slots in which an address may stand.
const WINDOW: usize = 64;

impl Neighbours<'_> {
    /// The entry of `address` on `interface`, in whatever state.
    pub(super) fn find(&self, interface: InterfaceId, address: &PackedAddress) -> Option<u16> {
        let mut at = self.home(interface, address);
        for _ in 0..WINDOW.min(self.slots.len()) {
            if self.slots.get(usize::from(at))?.is(interface, address) {
                return Some(at);
            }
            at = self.after(at);
        }
        None
    }

    /// A new entry for `address`, free but for its name, in place of an older one of the same name or of one that is
    /// missed less; `None` if there is none. Whether it is a gateway outlives the older one.
    #[inline(never)]
    pub(super) fn take(
        &mut self,
        interface: InterfaceId,
        address: PackedAddress,
        claim: Claim,
        now: Instant,
    ) -> Option<u16> {
        let found = self.find(interface, &address);
        let index = found.or_else(|| self.victim(self.home(interface, &address), claim, now))?;
        self.enter(index, State::Free, now);
        let slot = self.slot_mut(index)?;
        let flags = if found.is_some() { slot.flags & Flags::GATEWAY } else { Flags::empty() };
        *slot = NeighbourSlot { address, interface, flags, ..NeighbourSlot::FREE };
        Some(index)
    }

    /// Frees the slot of an entry.
    pub(super) fn forget(&mut self, index: u16) {
        self.enter(index, State::Free, self.last);
        if let Some(slot) = self.slot_mut(index) {
            *slot = NeighbourSlot::FREE;
        }
    }

    /// The slot that is missed least in the window that begins `at`.
    fn victim(&mut self, mut at: u16, claim: Claim, now: Instant) -> Option<u16> {
        let in_use = u32::try_from(tersus_phy::span_micros(self.config.in_use) >> 20).unwrap_or(u32::MAX);
        let mut best = None;
        let mut best_used = u32::MAX;
        for _ in 0..WINDOW.min(self.slots.len()) {
            let slot = self.slot(at)?;
            let state = self.reachability(slot, now);
            if matches!(state, None | Some(Reachability::Failed)) {
                return Some(at);
            }
            let idle = matches!(state, Some(Reachability::Stale | Reachability::Reachable))
                && !slot.flags.contains(Flags::GATEWAY);
            let unused_for = coarse(now).saturating_sub(slot.used);
            // A stranger only ever displaces a stranger.
            let may_go = idle && (slot.used == 0 || (claim == Claim::Resolve && unused_for > in_use));
            if may_go && slot.used < best_used {
                best = Some(at);
                best_used = slot.used;
            }
            at = self.after(at);
        }
        if best.is_some() {
            count(&mut self.statistics.evicted);
        }
        best
    }

    /// The slot after `at`, round the end.
    fn after(&self, at: u16) -> u16 {
        let next = at.wrapping_add(1);
        if usize::from(next) < self.slots.len() {
            next
        } else {
            0
        }
    }

    /// Where the window of an address begins: a number below the table's length.
    fn home(&self, interface: InterfaceId, address: &PackedAddress) -> u16 {
        if self.slots.len() <= WINDOW {
            return 0;
        }
        let mut hash = self.key ^ u32::from(interface.0);
        for word in address.octets().chunks_exact(4) {
            let word = <[u8; 4]>::try_from(word).map_or(0, u32::from_be_bytes);
            hash = (hash ^ word).wrapping_mul(0x9e37_79b1);
            hash ^= hash >> 15;
        }
        let len = u64::try_from(self.slots.len()).unwrap_or(0);
        u16::try_from((u64::from(hash) * len) >> 32).unwrap_or(0)
    }
}
