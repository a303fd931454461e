//! A turn: timers that are due, SYN-ACKs, then each ready connection once. And when the next turn is due.

use crate::engine::Tcp;
use crate::output::Visit;
use crate::tcb::Flags;
use tersus_ip::{
    earliest, Advice, Deadline, IcmpError, Instant, InterfaceSet, IpLayer, IpMeta, Progress, Transport,
    Verdict,
};

impl Transport for Tcp<'_> {
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        self.on_packet(packet, segment)
    }

    fn error(&mut self, now: Instant, error: &IcmpError<'_>) {
        self.on_icmp_error(now, error);
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Progress {
        // As it was before this turn's sends: what they change wakes in the next turn.
        let generation = ip.generation();
        let now = ip.now();
        self.unpark(ip, generation);
        self.parked_generation = generation;
        self.run_timers(now);
        self.transmit_syns(ip, budget);
        self.visit_ready(ip, budget);
        let blocked = self.parked_on.union(self.syns_on);
        if !self.ready.is_empty() || self.syns.due(now).is_some() {
            Progress::More
        } else if blocked.is_empty() {
            Progress::Idle
        } else {
            Progress::Blocked(blocked)
        }
    }

    fn poll_at(&self) -> Option<Instant> {
        if !self.ready.is_empty() {
            return Some(Instant::ZERO);
        }
        let timer = self.timers.earliest().and_then(|(_, at)| at.instant());
        earliest(timer, earliest(self.waits.poll_at(), self.syns.poll_at()))
    }
}

impl Tcp<'_> {
    /// Lets what waited for room or for a next hop be visited again, if that may help.
    fn unpark(&mut self, ip: &dyn IpLayer, generation: u32) {
        if self.parked.is_empty() && !self.syns.is_waiting() {
            return;
        }
        let moved = generation != self.parked_generation;
        let room = ip.room();
        if !self.parked.is_empty() && (moved || room.intersects(self.parked_on)) {
            self.parked_on = InterfaceSet::NONE;
            while let Some(id) = self.parked.pop() {
                self.ready.push(id);
            }
        }
        if self.syns.is_waiting() && (moved || room.intersects(self.syns_on)) {
            self.syns_on = InterfaceSet::NONE;
            self.syns.wake(ip.now());
        }
    }

    /// Runs the timers that are due.
    fn run_timers(&mut self, now: Instant) {
        self.waits.expire(now);
        while let Some((id, at)) = self.timers.earliest() {
            if !at.is_due(now) {
                break;
            }
            let deadline = match self.connection(id, now) {
                Some(mut connection) => {
                    connection.on_timeout();
                    connection.tcb.next_deadline()
                }
                None => Deadline::NONE,
            };
            // Whatever a clock or a setting does: each connection is visited once a turn.
            let deadline = if deadline.is_due(now) { Deadline::NONE } else { deadline };
            self.timers.set(id, deadline);
            self.settle(id, now);
        }
    }

    /// Visits one connection: sends what may leave, then sets its timer.
    fn visit(&mut self, id: u16, ip: &mut dyn IpLayer, budget: &mut usize, full: InterfaceSet) -> Visit {
        let now = ip.now();
        let Some(mut connection) = self.connection(id, now) else { return Visit::Done };
        if !connection.tcb.flags.contains(Flags::IN_USE) {
            return Visit::Done;
        }
        let interface = connection.tcb.path.interface();
        let visit = if full.contains(interface) && connection.wants_to_send() {
            Visit::Blocked(interface)
        } else {
            connection.output(ip, budget)
        };
        if visit == Visit::Done {
            connection.start_persist_timer();
        }
        if connection.tcb.flags.contains(Flags::START_IDLE) {
            connection.start_idle_timer();
        }
        if connection.tcb.flags.contains(Flags::REACHABLE) {
            ip.advise(&connection.tcb.path, Advice::Reachable);
        }
        if connection.tcb.flags.contains(Flags::SUSPECT) {
            ip.advise(&connection.tcb.path, Advice::Suspect);
        }
        connection.tcb.flags.remove(Flags::REACHABLE | Flags::SUSPECT | Flags::START_IDLE);
        let deadline = connection.tcb.next_deadline();
        let over = connection.tcb.is_over();
        self.timers.set(id, deadline);
        if over {
            self.free(id);
        }
        visit
    }

    /// Visits each ready connection once.
    fn visit_ready(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) {
        let mut full = InterfaceSet::NONE;
        let mut left = self.ready.len();
        while left > 0 && *budget > 0 {
            left -= 1;
            let Some(id) = self.ready.pop() else { return };
            match self.visit(id, ip, budget, full) {
                Visit::Done => {}
                Visit::Budget => self.ready.push(id),
                Visit::Blocked(interface) => {
                    full.insert(interface);
                    self.parked_on.insert(interface);
                    self.parked.push(id);
                }
                Visit::Resolving => self.parked.push(id),
            }
        }
    }

    /// Sends the SYN-ACKs that are due.
    fn transmit_syns(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) {
        let now = ip.now();
        while *budget > 0 {
            let Some(id) = self.syns.due(now) else { return };
            match self.send_syn_ack(id, ip) {
                Visit::Blocked(interface) => {
                    self.syns_on.insert(interface);
                    self.syns.wait(id);
                }
                Visit::Resolving => self.syns.wait(id),
                Visit::Done => *budget -= 1,
                Visit::Budget => {}
            }
        }
    }
}
