//! What time does to neighbours: solicitations and their ends, RFC 4861 §7.2.2 and §7.3.3.

use super::slot::{coarse, Flags, State};
use super::{count, Due, Failure, NeighbourSlot, Neighbours, Reachability, Role, Solicitation, Usable};
use crate::{Deadline, Instant, InterfaceSet, PackedAddress, Random};
use core::time::Duration;
use tersus_phy::span_micros;

/// How often the reachable time is drawn again, RFC 4861 §6.3.4: "every few hours".
const REDRAW: Duration = Duration::from_secs(2 * 3600);

impl Neighbours<'_> {
    /// What has fallen due, one thing a call; to be called until `None`. `room` holds the interfaces that can
    /// send: what is due on others waits for a call with room, and is not in [`Neighbours::poll_at`].
    ///
    /// After `Solicit`: if the link took it, call [`Neighbours::sent`]. If it said `Full`, take the interface out
    /// of `room` and go on: neither is a try lost nor is the limit of one a second used up. If it said anything
    /// else, call `sent` too, so that the resolution ends.
    ///
    /// A turn in which anything is being asked visits each slot once; other turns cost a comparison.
    pub fn next_due(&mut self, now: Instant, room: InterfaceSet, random: &mut Random) -> Option<Due> {
        self.keep_time(now, random);
        self.full = InterfaceSet::ALL.without(room);
        while !self.is_quiet() && usize::from(self.cursor) < self.slots.len() {
            let index = self.cursor;
            self.cursor += 1;
            if let Some(due) = self.visit(index, now) {
                return Some(due);
            }
        }
        self.cursor = 0;
        None
    }

    /// A solicitation left, or was lost for good: the next one follows after
    /// [`Config::retrans_timer`](super::Config::retrans_timer).
    pub fn sent(&mut self, solicitation: &Solicitation, now: Instant) {
        let next = Deadline::at(now + self.config.retrans_timer);
        let Some(slot) = self.slots.get_mut(usize::from(solicitation.index)) else { return };
        if !slot.is(solicitation.interface, &solicitation.target)
            || !slot.is_timed()
            || !slot.time.is_due(now)
        {
            return;
        }
        slot.tries = slot.tries.saturating_add(1);
        slot.time = next;
        count(match slot.state {
            State::Probe => &mut self.statistics.unicast_solicitations,
            _ => &mut self.statistics.multicast_solicitations,
        });
    }

    /// When something falls due: exact. What waits for room does not count. O(n) while anything is being asked, else a
    /// comparison.
    #[must_use]
    pub fn poll_at(&self) -> Option<Instant> {
        self.next().instant()
    }

    pub(crate) fn next(&self) -> Deadline {
        let mut earliest = Deadline::NONE;
        if self.is_quiet() {
            return earliest;
        }
        for slot in self.slots.iter().filter(|slot| slot.is_timed()) {
            if !(self.full.contains(slot.interface) && slot.time.is_due(self.last)) {
                earliest = earliest.earlier(slot.time);
            }
        }
        earliest
    }

    /// Whether no timer runs.
    fn is_quiet(&self) -> bool {
        self.incomplete | self.doubted == 0
    }

    /// As [`Neighbours::mark_used`], for a neighbour that is not known to be reachable.
    #[cold]
    pub(super) fn mark_stale(&mut self, index: u16, slot: &NeighbourSlot, now: Instant) -> Usable {
        if self.expiry(slot).is_due(now) {
            return Usable::No;
        }
        if let Some(slot) = self.slot_mut(index) {
            slot.used = coarse(now);
        }
        Usable::Stale
    }

    /// A packet to a neighbour that is not known to be reachable starts Delay, RFC 4861 §7.3.3. Where the entry would
    /// expire before Delay and the probes are over, it is asked at once. Without this call it is used until it expires.
    pub fn use_stale(&mut self, index: u16, now: Instant) -> Usable {
        let config = &self.config;
        let mut confirmed = now + config.delay_first_probe_time;
        for _ in 0..config.solicit_max {
            confirmed += config.retrans_timer;
        }
        let is_stale = |slot: &&NeighbourSlot| matches!(slot.state, State::Reachable | State::Stale);
        let Some(slot) = self.slot(index).filter(is_stale) else { return Usable::No };
        let expiry = self.expiry(slot);
        self.enter(index, if expiry.is_due(confirmed) { State::Probe } else { State::Delay }, now);
        Usable::Yes
    }

    /// When time ends a state of `slot` that begins now; see [`NeighbourSlot::time`].
    pub(super) fn end_of(&self, state: State, slot: &NeighbourSlot, now: Instant) -> Deadline {
        let config = &self.config;
        let ipv4 = slot.is_ipv4();
        Deadline::at(match state {
            State::Free | State::Permanent => return Deadline::NONE,
            State::Stale if !ipv4 => return Deadline::NONE,
            State::Incomplete | State::Probe => now,
            State::Reachable if ipv4 => now + config.arp_reachable_time,
            State::Reachable => now.plus_micros(self.reachable_time),
            State::Stale => now + config.arp_lifetime,
            State::Delay => now + config.delay_first_probe_time,
            State::Failed => now + config.failed_hold,
        })
    }

    /// When an entry that is Reachable or Stale may no longer be used: a minute after its last confirmation with ARP,
    /// never with IPv6.
    pub(super) fn expiry(&self, slot: &NeighbourSlot) -> Deadline {
        let Some(end) = slot.time.instant().filter(|_| slot.is_ipv4()) else { return Deadline::NONE };
        let config = &self.config;
        Deadline::at(match slot.state {
            // Not by subtracting durations, which links a panic.
            State::Reachable => end.plus_micros(
                span_micros(config.arp_lifetime).saturating_sub(span_micros(config.arp_reachable_time)),
            ),
            _ => end,
        })
    }

    /// What is due in one slot.
    fn visit(&mut self, index: u16, now: Instant) -> Option<Due> {
        let solicit_max = self.config.solicit_max.max(1);
        let slot = self.slots.get_mut(usize::from(index))?;
        if !slot.is_timed() || !slot.time.is_due(now) {
            return None;
        }
        if slot.state == State::Delay {
            slot.state = State::Probe;
            slot.tries = 0;
        }
        let interface = slot.interface;
        let target = slot.address;
        if slot.tries >= solicit_max {
            return Some(Due::Failed(self.give_up(index, target, now)));
        }
        if self.full.contains(interface) {
            return None;
        }
        let to = (slot.state == State::Probe).then_some(slot.hardware);
        Some(Due::Solicit(Solicitation { index, interface, target, to, source: slot.source }))
    }

    /// The last solicitation was not answered.
    fn give_up(&mut self, index: u16, address: PackedAddress, now: Instant) -> Failure {
        let slot = self.slot(index).copied().unwrap_or_default();
        let role = if slot.flags.contains(Flags::GATEWAY) { Role::Gateway } else { Role::Host };
        let during = if slot.state == State::Probe {
            count(&mut self.statistics.lost);
            self.forget(index);
            Reachability::Probe
        } else {
            count(&mut self.statistics.unresolved);
            self.enter(index, State::Failed, now);
            Reachability::Incomplete
        };
        Failure { interface: slot.interface, address, role, during }
    }

    /// Draws the reachable time when it is time. After a step back of the clock nothing shall wait until the clock
    /// is again where it was: it ends each state that time can end. O(n) in that case.
    fn keep_time(&mut self, now: Instant, random: &mut Random) {
        let stepped_back = now < self.last;
        self.last = now;
        // ARP's reachable time is fixed.
        let has_random = cfg!(feature = "ipv6");
        if has_random && (self.redraw.is_due(now) || !self.redraw.is_running() || stepped_back) {
            self.redraw = Deadline::at(now + REDRAW);
            self.reachable_time = draw(self.config.base_reachable_time, random);
        }
        if stepped_back {
            let latest = Deadline::at(now);
            for slot in self.slots.iter_mut() {
                if slot.time.is_running() {
                    slot.time = slot.time.earlier(latest);
                }
                slot.used = slot.used.min(coarse(now));
            }
            self.cursor = 0;
        }
    }
}

/// Microseconds, uniform between half and one and a half of `base`, RFC 4861 §6.3.2.
pub(super) fn draw(base: Duration, random: &mut Random) -> u64 {
    const STEPS_BITS: u32 = 10;
    let micros = span_micros(base);
    let steps = u64::from(random.below((1 << STEPS_BITS) + 1));
    (micros / 2).saturating_add((micros >> STEPS_BITS).wrapping_mul(steps))
}
