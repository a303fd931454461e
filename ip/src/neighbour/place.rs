//! Where entries stand: hash chains through the slots, free slots, and who must leave when there are none.

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

/// How many slots are searched for one to evict.
const SEARCH_RESOLVE: u16 = 64;
const SEARCH_STRANGER: u16 = 8;

impl Neighbours<'_> {
    /// The entry of `address` on `interface`, in whatever state.
    pub(super) fn find(&self, interface: InterfaceId, address: &PackedAddress) -> Option<u16> {
        let mut at = self.slot(self.chain_of(interface, address))?.chain;
        // A chain is never longer than the table.
        for _ in self.slots.iter() {
            let index = at.checked_sub(1)?;
            let slot = self.slot(index)?;
            if slot.is(interface, address) {
                return Some(index);
            }
            at = slot.next;
        }
        None
    }

    /// The entry of `address`, if need be a new one, in state Stale and without hardware address; `None` if all
    /// slots are taken by better ones.
    pub(super) fn take(
        &mut self,
        interface: InterfaceId,
        address: PackedAddress,
        claim: Claim,
        now: Instant,
    ) -> Option<u16> {
        if let Some(index) = self.find(interface, &address) {
            return Some(index);
        }
        let index = self.vacate(claim, now)?;
        let chain = self.chain_of(interface, &address);
        let first = core::mem::replace(&mut self.slot_mut(chain)?.chain, index + 1);
        let slot = self.slot_mut(index)?;
        *slot = NeighbourSlot {
            chain: slot.chain,
            next: first,
            address,
            interface,
            state: State::Stale,
            ..NeighbourSlot::FREE
        };
        Some(index)
    }

    /// Frees the slot of an entry.
    pub(super) fn forget(&mut self, index: u16) {
        let Some(slot) = self.slot(index).copied().filter(|slot| slot.state != State::Free) else { return };
        self.enter(index, State::Free, self.last);
        self.unlink(index, &slot);
        let free = core::mem::replace(&mut self.free, index + 1);
        if let Some(slot) = self.slot_mut(index) {
            *slot = NeighbourSlot { chain: slot.chain, next: free, ..NeighbourSlot::FREE };
        }
    }

    /// Takes an entry out of its chain.
    fn unlink(&mut self, index: u16, entry: &NeighbourSlot) {
        let chain = self.chain_of(entry.interface, &entry.address);
        let Some(head) = self.slot_mut(chain) else { return };
        if head.chain == index + 1 {
            head.chain = entry.next;
            return;
        }
        let mut at = head.chain;
        for _ in 0..self.slots.len() {
            let Some(before) = at.checked_sub(1).and_then(|before| self.slot_mut(before)) else { return };
            if before.next == index + 1 {
                before.next = entry.next;
                return;
            }
            at = before.next;
        }
    }

    /// A free slot, off the free list; evicts if there is none.
    fn vacate(&mut self, claim: Claim, now: Instant) -> Option<u16> {
        if self.free == 0 && usize::from(self.fresh) < self.slots.len() {
            self.fresh += 1;
            return Some(self.fresh - 1);
        }
        if self.free == 0 {
            let victim = self.victim(claim, now)?;
            self.forget(victim);
        }
        let index = self.free.checked_sub(1)?;
        self.free = self.slot(index)?.next;
        Some(index)
    }

    /// The entry that is missed least among the next few.
    fn victim(&mut self, claim: Claim, now: Instant) -> Option<u16> {
        let in_use = u32::try_from(tersus_phy::span_micros(self.config.in_use) >> 20).unwrap_or(u32::MAX);
        let search = match claim {
            Claim::Resolve => SEARCH_RESOLVE,
            Claim::Stranger => SEARCH_STRANGER,
        };
        let len = u16::try_from(self.slots.len()).unwrap_or(u16::MAX);
        let mut best: Option<(u16, u32)> = None;
        for _ in 0..search.min(len) {
            let index = self.hand;
            self.hand = if index + 1 < len { index + 1 } else { 0 };
            let slot = self.slot(index)?;
            let state = self.reachability(slot, now);
            if matches!(state, None | Some(Reachability::Failed)) {
                return Some(index);
            }
            let idle = matches!(state, Some(Reachability::Stale | Reachability::Reachable))
                && !slot.flags.contains(Flags::GATEWAY);
            let unused_for = coarse(now).saturating_sub(slot.used);
            // A stranger only ever displaces a stranger.
            let may_go = idle && (slot.used == 0 || (claim == Claim::Resolve && unused_for > in_use));
            if may_go && best.map_or(true, |(_, used)| slot.used < used) {
                best = Some((index, slot.used));
            }
        }
        let (index, _) = best?;
        count(&mut self.statistics.evicted);
        Some(index)
    }

    /// Which chain an address belongs to: a number below the table's length.
    fn chain_of(&self, interface: InterfaceId, address: &PackedAddress) -> u16 {
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
