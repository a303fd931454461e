//! A path made ready: decided, again if something changed, its next hop resolved and marked used.

use crate::decide::Origin;
use crate::host::{Host, Marked};
use crate::neighbour::{Lookup, ResolveError, Role, Usable};
use crate::path::PathFlags;
use crate::statistics::count;
use crate::{Advice, PackedAddress, Path, SendError, Source, Unreachable};
use core::net::IpAddr;

impl Host<'_> {
    /// Decides and prepares a path.
    pub(crate) fn route(&self, from: Source, to: IpAddr) -> Result<Path, Unreachable> {
        let mut path = Path::EMPTY;
        let station = self.way(&Origin::from(from), &PackedAddress::new(to), &mut path)?;
        if !station.is_none() {
            self.neighbour_into(&mut path, station);
        }
        Ok(path)
    }

    /// Sees to it that a path can be sent along: decides it again if it is of an older generation, starts address
    /// resolution if need be, and marks the neighbour used.
    #[inline]
    pub(crate) fn make_ready(&mut self, path: &mut Path) -> Result<(), SendError> {
        let is_old = path.generation != self.generation || path.is_resolving();
        if is_old || self.use_neighbour(path) == Usable::No {
            self.decide_again(path)?;
        }
        Ok(())
    }

    /// Marks the path's neighbour used, unless it was marked a little earlier.
    #[inline]
    fn use_neighbour(&mut self, path: &Path) -> Usable {
        let age = self.now.micros().wrapping_sub(self.marked.since.micros());
        // The entry may have become another's without a move of the generation: so the hardware address counts too.
        let is_marked = path.neighbour == self.marked.neighbour && path.next_hop == self.marked.hardware;
        if is_marked && age < self.marked.span {
            return Usable::Yes;
        }
        self.mark_used(path)
    }

    #[inline(never)]
    fn mark_used(&mut self, path: &Path) -> Usable {
        let Some(index) = path.neighbour.checked_sub(1) else { return Usable::Yes };
        let usable = match self.neighbours.mark_used(index, &path.next_hop, self.now) {
            Usable::Stale => self.use_stale(index),
            usable => usable,
        };
        if usable == Usable::Yes {
            let span = self.neighbours.marked_for(index, self.now);
            self.marked =
                Marked { neighbour: path.neighbour, hardware: path.next_hop, since: self.now, span };
        }
        usable
    }

    /// The first packet to a stale neighbour starts a timer.
    #[cold]
    fn use_stale(&mut self, index: u16) -> Usable {
        let Some(reachability) = &self.duties.reachability else { return Usable::Yes };
        self.is_changed = true;
        (reachability.use_stale)(&mut self.neighbours, index, self.now)
    }

    #[cold]
    #[inline(never)]
    fn decide_again(&mut self, path: &mut Path) -> Result<(), SendError> {
        let result = self.try_decide_again(path);
        match result {
            Err(SendError::Resolving) => count(&mut self.statistics.send_resolving),
            Err(SendError::Unreachable(_)) => count(&mut self.statistics.send_unreachable),
            _ => {}
        }
        result
    }

    fn try_decide_again(&mut self, path: &mut Path) -> Result<(), SendError> {
        let is_source_fixed = path.is_source_fixed();
        let (source, to) = path.ends();
        let from = Origin { address: source, interface: path.is_interface_fixed().then_some(path.interface) };
        let station = self.way(&from, &to, path).map_err(SendError::Unreachable)?;
        path.flags.set(PathFlags::SOURCE_FIXED, is_source_fixed);
        if station.is_none() {
            return Ok(());
        }
        let role = if station == to { Role::Host } else { Role::Gateway };
        let own = self.addresses.iter().position(|own| own.address == source);
        let own = own.and_then(|index| u8::try_from(index).ok()).unwrap_or(u8::MAX);
        self.is_changed = true;
        self.marked = Marked::NONE;
        match self.neighbours.resolve(path.interface, station, role, own, self.now) {
            Ok(Lookup::Found { index, hardware }) => {
                path.neighbour = index.saturating_add(1);
                path.next_hop = hardware;
                let _ = self.use_neighbour(path);
                Ok(())
            }
            Ok(Lookup::Failed) | Err(ResolveError::Full) => {
                path.flags.insert(PathFlags::RESOLVING);
                Err(SendError::Unreachable(Unreachable::Neighbour))
            }
            Ok(Lookup::Resolving | Lookup::Unknown) | Err(ResolveError::Busy) => {
                path.flags.insert(PathFlags::RESOLVING);
                Err(SendError::Resolving)
            }
        }
    }

    /// What a transport learned of a path.
    pub(crate) fn advise(&mut self, path: &Path, advice: Advice) {
        if let Some(reachability) = &self.duties.reachability {
            (reachability.advise)(self, path, advice);
        }
    }

    /// Tells the neighbour table what a transport learned.
    pub(crate) fn take_advice(&mut self, path: &Path, advice: Advice) {
        let Some(index) = path.neighbour.checked_sub(1) else { return };
        let before = self.neighbours.poll_at();
        match advice {
            Advice::Reachable => self.neighbours.confirm(index, &path.next_hop, self.now),
            Advice::Suspect => self.neighbours.suspect(index, &path.next_hop, self.now),
        }
        self.is_changed |= self.neighbours.poll_at() != before;
    }
}
