//! What leaves: queued datagrams, and the [`Transport`] that the IP layer drives.
//!
//! ```text
//!   send ──> ready ──transmit──> gone
//!              ^        |
//!              |        v  room is full, next hop is being resolved
//!              +---- waiting
//!      room or generation says that it may go
//! ```

use crate::send::{DONT_FRAGMENT, INTERFACE_FIXED, PARKED, SOURCE_FIXED};
use crate::slot::{Flags, Slot};
use crate::statistics::count;
use crate::{Cause, Handle, Udp};
use tersus_ip::queue::{Record, Visit};
use tersus_ip::{
    IcmpError, Instant, InterfaceSet, IpLayer, IpMeta, OutFlags, Outgoing, Path, Progress, SendError, Source,
    Transport, Verdict,
};
use tersus_wire::{udp, IpProtocol};

/// How many datagrams that must wait for room a socket's turn passes, in search of one for another interface.
const PASSED_MAX: u32 = 32;

impl Transport for Udp<'_> {
    #[inline]
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        if packet.protocol != IpProtocol::UDP {
            return Verdict::NotMine;
        }
        self.on_datagram(packet, segment)
    }

    fn error(&mut self, _now: Instant, error: &IcmpError<'_>) {
        if error.protocol == IpProtocol::UDP {
            (self.duties.icmp)(self, error);
        }
    }

    #[inline]
    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Progress {
        if self.ready.is_empty() && self.waiting.is_empty() {
            return Progress::Idle;
        }
        self.transmit_queued(ip, budget)
    }

    #[inline]
    fn poll_at(&self) -> Option<Instant> {
        (!self.ready.is_empty()).then_some(Instant::ZERO)
    }
}

/// What all sockets share in one `transmit`.
struct Turn<'t> {
    ip: &'t mut dyn IpLayer,
    /// The interfaces that did not answer `Full` in this turn.
    room: InterfaceSet,
    /// Those that did, or have no room since an earlier turn.
    full: InterfaceSet,
    generation: u32,
    has_one_interface: bool,
}

impl Udp<'_> {
    #[inline(never)]
    fn transmit_queued(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Progress {
        let generation = ip.generation();
        let room = ip.room();
        if generation != self.generation || self.full.intersects(room) {
            self.wake();
        }
        if self.waiting.is_empty() {
            self.full = InterfaceSet::NONE;
        }
        self.generation = generation;
        let has_one_interface = ip.interface_count() <= 1;
        let mut turn = Turn { ip, room, full: self.full, generation, has_one_interface };
        for _ in 0..self.ready.len() {
            if *budget == 0 {
                break;
            }
            let Some(index) = self.ready.pop() else { break };
            self.visit(index, &mut turn, budget);
        }
        self.full = turn.full;
        if !self.ready.is_empty() {
            Progress::More
        } else if self.full.is_empty() {
            Progress::Idle
        } else {
            Progress::Blocked(self.full)
        }
    }

    /// Makes waiting sockets ready: what they wait for may have come.
    fn wake(&mut self) {
        self.full = InterfaceSet::NONE;
        while let Some(index) = self.waiting.pop() {
            if let Some(slot) = self.slots.get_mut(usize::from(index)) {
                slot.flags.remove(Flags::WAITING);
            }
            self.make_ready(index);
        }
    }

    /// Sends what a socket has queued, oldest first, and files the socket where it belongs then.
    #[inline]
    fn visit(&mut self, index: u16, turn: &mut Turn<'_>, budget: &mut usize) {
        let Some(slot) = self.slots.get_mut(usize::from(index)) else { return };
        slot.flags.remove(Flags::READY);
        // It is here for something new; what is parked has not been called.
        let passes_parked = slot.flags.contains(Flags::WAITING);
        let mut is_out_of_budget = false;
        let mut passed = 0;
        let mut queue = slot.transmit;
        queue.retain(self.tx.of(index), |record| {
            if passes_parked && record.flags() & PARKED != 0 {
                return Visit::Keep;
            }
            if *budget == 0 {
                is_out_of_budget = true;
                return Visit::Stop;
            }
            let error = match send_one(slot, record, turn) {
                Ok(()) => {
                    // One that cannot be delivered counts too: a queue full of those is not free.
                    *budget -= 1;
                    count(&mut self.statistics.sent);
                    return Visit::Remove;
                }
                Err(error) => error,
            };
            let cause = match error {
                SendError::Resolving => {
                    record.set_flags(record.flags() | PARKED);
                    return Visit::Keep;
                }
                SendError::Full => {
                    passed += 1;
                    let one_way = turn.has_one_interface || slot.has_one_way();
                    return if one_way || passed >= PASSED_MAX { Visit::Stop } else { Visit::Keep };
                }
                SendError::TooBig(mtu) => {
                    count(&mut self.statistics.too_big);
                    Cause::TooBig(mtu)
                }
                SendError::Unreachable(reason) => {
                    count(&mut self.statistics.unreachable);
                    Cause::Unreachable(reason)
                }
            };
            *budget -= 1;
            if slot.flags.contains(Flags::CLOSING) {
                count(&mut self.statistics.errors_lost);
            } else {
                let socket = Handle { index, generation: slot.generation };
                (self.duties.undelivered)(&mut self.errors, &mut self.statistics, socket, record, cause);
            }
            Visit::Remove
        });
        slot.transmit = queue;
        if is_out_of_budget {
            self.make_ready(index);
        } else if queue.is_empty() {
            if slot.flags.contains(Flags::CLOSING) {
                if let Some(free) = self.free {
                    free(self, index);
                }
            }
        } else if !slot.flags.contains(Flags::WAITING) {
            slot.flags.insert(Flags::WAITING);
            self.waiting.push(index);
        }
    }
}

/// Sends one datagram: along the socket's path if that is its way, else along a new one, which the socket keeps.
#[inline]
fn send_one(slot: &mut Slot, record: &Record<'_>, turn: &mut Turn<'_>) -> Result<(), SendError> {
    // A connected socket's path stays decided: IP renews it. Others look for a new source too.
    let is_fresh = slot.flags.contains(Flags::CONNECTED) || slot.path.is_current(turn.generation);
    if is_fresh
        && slot.path.addresses() == record.addresses()
        && record.interface() == Some(slot.path.interface())
    {
        return send_along(&mut slot.path, slot.local_port, record, turn);
    }
    send_along_new(slot, record, turn)
}

#[cold]
#[inline(never)]
fn send_along_new(slot: &mut Slot, record: &Record<'_>, turn: &mut Turn<'_>) -> Result<(), SendError> {
    let flags = record.flags();
    let from = Source {
        address: (flags & SOURCE_FIXED != 0).then(|| record.addresses().source()),
        interface: record.interface().filter(|_| flags & INTERFACE_FIXED != 0),
    };
    let path = turn.ip.route(from, record.addresses().destination());
    let mut path = path.map_err(SendError::Unreachable)?;
    let result = send_along(&mut path, slot.local_port, record, turn);
    slot.keep_path(&path);
    result
}

fn send_along(
    path: &mut Path,
    local_port: u16,
    record: &Record<'_>,
    turn: &mut Turn<'_>,
) -> Result<(), SendError> {
    let interface = path.interface();
    if !turn.room.contains(interface) {
        turn.full.insert(interface);
        return Err(SendError::Full);
    }
    let addresses = path.pseudo_sum();
    let repr = udp::Repr { src_port: local_port, dst_port: record.port() };
    let payload = &*record.payload;
    let mut fill = |buffer: &mut [u8]| {
        // The buffer is as long as was asked for.
        let written = repr.emit(buffer, payload, addresses);
        debug_assert!(written.is_ok());
    };
    let packet = Outgoing {
        protocol: IpProtocol::UDP,
        hop_limit: record.hop_limit(),
        traffic_class: record.traffic_class(),
        flags: if record.flags() & DONT_FRAGMENT == 0 { OutFlags::empty() } else { OutFlags::DONT_FRAGMENT },
    };
    let result = turn.ip.send(path, packet, udp::Repr::buffer_len(payload.len()), &mut fill);
    if result == Err(SendError::Full) {
        turn.room.remove(interface);
        turn.full.insert(interface);
    }
    result
}
