//! A turn: timers that are due, SYN-ACKs, then each ready connection once. And when the next turn is due.

use crate::engine::Tcp;
use crate::output::Visit;
use crate::shared::Shared;
use crate::state::State;
use crate::tcb::{Flags, Slot};
use tersus_ip::{
    earliest, Advice, Deadline, IcmpError, Instant, InterfaceSet, IpLayer, IpMeta, Progress, Quoted,
    Transport, Verdict,
};

impl Transport for Tcp<'_> {
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        self.on_packet(packet, segment)
    }

    fn error(&mut self, now: Instant, error: &IcmpError<'_>) -> Quoted {
        self.on_icmp_error(now, error)
    }

    #[inline]
    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Progress {
        let now = ip.now();
        if self.ready.is_empty() && self.is_calm(now) {
            return Progress::Idle;
        }
        self.turn(ip, budget, now)
    }

    fn poll_at(&self) -> Option<Instant> {
        if !self.ready.is_empty() {
            return Some(Instant::ZERO);
        }
        earliest(self.timers.next().earlier(self.syns.next()).instant(), self.waits.poll_at())
    }
}

impl Tcp<'_> {
    /// Whether nothing waits and nothing is due: the usual turn has at most connections to visit.
    #[inline]
    fn is_calm(&self, now: Instant) -> bool {
        self.parked.is_empty()
            && !self.syns.is_waiting()
            && !self.timers.next().is_due(now)
            && !self.syns.next().is_due(now)
            && !self.waits.is_due(now)
    }

    #[inline(never)]
    fn turn(&mut self, ip: &mut dyn IpLayer, budget: &mut usize, now: Instant) -> Progress {
        self.shared.now = now;
        if !self.is_calm(now) {
            self.begin_turn(ip, budget);
        }
        self.visit_ready(ip, budget);
        self.progress()
    }

    /// What comes before the visits: what waited, timers, SYN-ACKs.
    #[inline(never)]
    fn begin_turn(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) {
        let now = self.shared.now;
        if self.is_parked() {
            self.unpark(ip);
        }
        self.run_timers(now);
        if self.syns.next().is_due(now) {
            self.transmit_syns(ip, budget);
        }
    }

    /// Whether a connection or a SYN-ACK waits for room or for a next hop.
    #[inline]
    fn is_parked(&self) -> bool {
        !self.parked.is_empty() || self.syns.is_waiting()
    }

    /// Before something is parked: what moves the generation from here on wakes it, also a later send of this turn. If
    /// something waits already, its generation is the older one.
    #[cold]
    fn note_generation(&mut self, ip: &dyn IpLayer) {
        if !self.is_parked() {
            self.parked_generation = ip.generation();
        }
    }

    /// Lets what waited for room or for a next hop be visited again, if that may help.
    #[cold]
    fn unpark(&mut self, ip: &dyn IpLayer) {
        let generation = ip.generation();
        let moved = generation != self.parked_generation;
        self.parked_generation = generation;
        let room = ip.room();
        if !self.parked.is_empty() && (moved || room.intersects(self.parked_on)) {
            self.parked_on = InterfaceSet::NONE;
            while let Some(id) = self.parked.pop() {
                self.ready.push(id);
            }
        }
        if self.syns.is_waiting() && (moved || room.intersects(self.syns_on)) {
            self.syns_on = InterfaceSet::NONE;
            self.syns.wake(self.shared.now);
        }
    }

    /// Runs the timers that are due.
    fn run_timers(&mut self, now: Instant) {
        self.waits.expire(now);
        while self.timers.next().is_due(now) {
            let Some((id, _)) = self.timers.earliest() else { break };
            let deadline = match self.connection(id) {
                Some((slot, shared)) => {
                    match shared.watch {
                        Some(watch) => (watch.timeout)(slot, shared),
                        None => slot.on_timeout(shared),
                    }
                    debug_assert_eq!(slot.flaw(shared), None, "after a timer");
                    slot.next_deadline(now)
                }
                None => Deadline::NONE,
            };
            // Whatever a clock or a setting does: each connection is visited once a turn.
            let deadline = if deadline.is_due(now) { Deadline::NONE } else { deadline };
            self.timers.set(id, deadline);
            self.settle(id);
        }
    }

    /// Visits one connection: sends what may leave, then sets its timer.
    fn visit(&mut self, id: u16, ip: &mut dyn IpLayer, budget: &mut usize, full: InterfaceSet) -> Visit {
        let Some(slot) = self.slots.get_mut(usize::from(id)) else { return Visit::Done };
        let shared = &mut self.shared;
        shared.id = id;
        let interface = slot.path.interface();
        let is_full = full != InterfaceSet::NONE && full.contains(interface);
        let plain = if cfg!(not(target_pointer_width = "32")) && !is_full {
            slot.output_plain(shared, ip, budget)
        } else {
            None
        };
        let visit = match plain {
            // Nothing is left that a timer would have to bring out.
            Some(visit) => visit,
            None if slot.is_quiet() => Visit::Done,
            None if is_full && slot.wants_to_send(shared) => Visit::Blocked(interface),
            None => slot.output_unusual(shared, ip, budget),
        };
        debug_assert_eq!(slot.flaw_after(visit, shared), None, "after a visit");
        if slot.flags.intersects(Flags::OWED) {
            slot.after_visit(shared, ip);
        }
        self.timers.set(id, slot.next_deadline(shared.now));
        let (is_live, is_over) = (slot.state.is_live(), slot.is_over());
        if !is_live {
            self.after_end(id);
        }
        if is_over {
            self.free(id);
        }
        visit
    }

    /// A visit may end a connection: this host found no way. The user is told, and nobody finds it any more.
    #[cold]
    fn after_end(&mut self, id: u16) {
        let Some(slot) = self.slots.get_mut(usize::from(id)) else { return };
        if slot.events != 0 && !slot.flags.contains(Flags::RELEASED) {
            self.events.push(id);
        }
        if let Some(waiting) = &mut self.waiting {
            (waiting.wake)(waiting, id, slot);
        }
        if slot.flags.contains(Flags::IN_INDEX) {
            self.leave(id);
            self.tell_state(id, State::SynSent);
        }
    }

    /// Visits each ready connection once.
    fn visit_ready(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) {
        let mut full = InterfaceSet::NONE;
        for _ in 0..self.ready.len() {
            if *budget == 0 {
                return;
            }
            let Some(id) = self.ready.pop() else { return };
            match self.visit(id, ip, budget, full) {
                Visit::Done => {}
                Visit::Budget => self.ready.push(id),
                Visit::Blocked(interface) => {
                    self.note_generation(ip);
                    full.insert(interface);
                    self.parked_on.insert(interface);
                    self.parked.push(id);
                }
                Visit::Resolving => {
                    self.note_generation(ip);
                    self.parked.push(id);
                }
            }
        }
    }

    fn progress(&self) -> Progress {
        if !self.ready.is_empty() || self.syns.next().is_due(self.shared.now) {
            return Progress::More;
        }
        if self.parked.is_empty() && !self.syns.is_waiting() {
            return Progress::Idle;
        }
        match self.parked_on.union(self.syns_on) {
            blocked if blocked.is_empty() => Progress::Idle,
            blocked => Progress::Blocked(blocked),
        }
    }

    /// Sends the SYN-ACKs that are due.
    fn transmit_syns(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) {
        let now = self.shared.now;
        while *budget > 0 {
            let Some(id) = self.syns.due(now) else { return };
            match self.send_syn_ack(id, ip) {
                Visit::Blocked(interface) => {
                    self.note_generation(ip);
                    self.syns_on.insert(interface);
                    self.syns.wait(id);
                }
                Visit::Resolving => {
                    self.note_generation(ip);
                    self.syns.wait(id);
                }
                Visit::Done => *budget -= 1,
                Visit::Budget => {}
            }
        }
    }
}

impl Slot {
    /// What a visit still owes: advice to the IP layer, and the timer of silence.
    fn after_visit(&mut self, shared: &mut Shared<'_>, ip: &mut dyn IpLayer) {
        if self.flags.contains(Flags::START_IDLE) {
            self.start_idle_timer(shared);
        }
        if self.flags.contains(Flags::SUSPECT) {
            ip.advise(&self.path, Advice::Suspect);
        } else if self.flags.contains(Flags::REACHABLE) {
            ip.advise(&self.path, Advice::Reachable);
        }
        self.flags.remove(Flags::OWED);
    }
}
