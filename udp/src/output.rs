//! What leaves: queued datagrams, and the [`Transport`] that the IP layer drives.
//!
//! ```text
//!   send ──> ready ──transmit──> gone
//!              ^        |
//!              |        v  room is full, next hop is being resolved
//!              +---- waiting
//!      room or generation says that it may go
//! ```

use crate::place::{DONT_FRAGMENT, INTERFACE_FIXED, PARKED, SOURCE_FIXED};
use crate::slot::{Flags, Slot};
use crate::statistics::count;
use crate::{Cause, Handle, Udp};
use tersus_ip::queue::{Record, Visit};
use tersus_ip::{
    IcmpError, Instant, InterfaceSet, IpLayer, IpMeta, OutFlags, Outgoing, Path, Progress, Quoted, SendError,
    Source, Transport, Verdict,
};
use tersus_wire::{udp, IpProtocol};

/// How many datagrams that must wait for room a socket's turn passes, in search of one for another interface.
const PASSED_MAX: u32 = 32;

impl Transport for Udp<'_> {
    // In line where flash is not short: in a static composition, the fields of `packet` then stay in registers.
    #[cfg_attr(target_pointer_width = "32", inline)]
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        if packet.protocol != IpProtocol::UDP {
            return Verdict::NotMine;
        }
        self.on_datagram(packet, segment)
    }

    fn error(&mut self, _now: Instant, error: &IcmpError<'_>) -> Quoted {
        if error.protocol == IpProtocol::UDP {
            (self.duties.icmp)(self, error)
        } else {
            Quoted::Unknown
        }
    }

    // In line as far as `send_front` where flash is not short: in a static composition, the IP layer's send is so too.
    #[cfg_attr(target_pointer_width = "32", inline)]
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
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
///
/// The IP layer is handed on beside it, not in it: then the compiler can know which one it is.
struct Turn {
    /// The interfaces that did not answer `Full` in this turn.
    room: InterfaceSet,
    /// Those that did, or have no room since an earlier turn.
    full: InterfaceSet,
    generation: u32,
    has_one_interface: bool,
}

impl Udp<'_> {
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
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
        let mut turn = Turn { room, full: self.full, generation, has_one_interface };
        for _ in 0..self.ready.len() {
            if *budget == 0 {
                break;
            }
            let Some(index) = self.ready.pop() else { break };
            self.visit(index, ip, &mut turn, budget);
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
    #[cfg_attr(target_pointer_width = "32", inline)]
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    fn visit(&mut self, index: u16, ip: &mut dyn IpLayer, turn: &mut Turn, budget: &mut usize) {
        let Some(slot) = self.slots.get_mut(usize::from(index)) else { return };
        slot.flags.remove(Flags::READY);
        // It is here for something new; what is parked has not been called.
        let passes_parked = slot.flags.contains(Flags::WAITING);
        let region = self.tx.of(index);
        // Mostly all goes one way, and leaves at once. Where flash is short, that is no reason for more code.
        let mut refused = None;
        if cfg!(not(target_pointer_width = "32")) && !passes_parked {
            let before = *budget;
            refused = send_front(slot, region, ip, turn, budget);
            let sent = u32::try_from(before - *budget).unwrap_or(0);
            self.statistics.sent = self.statistics.sent.wrapping_add(sent);
        }
        let mut is_out_of_budget = false;
        let mut passed = 0;
        let mut queue = slot.transmit;
        queue.retain(region, |record| {
            if passes_parked && record.flags() & PARKED != 0 {
                return Visit::Keep;
            }
            if *budget == 0 {
                is_out_of_budget = true;
                return Visit::Stop;
            }
            let error = match refused.take().map_or_else(|| send_one(slot, record, ip, turn), Err) {
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

/// Sends from the queue's front what goes along the socket's path, until something does not, or is refused: then it is
/// still there, and the answer is why.
#[cfg_attr(not(target_pointer_width = "32"), inline(always))]
fn send_front(
    slot: &mut Slot,
    region: &mut [u8],
    ip: &mut dyn IpLayer,
    turn: &mut Turn,
    budget: &mut usize,
) -> Option<SendError> {
    let path = &mut slot.path;
    let decided = path.decided();
    if !(slot.flags.contains(Flags::CONNECTED) || path.is_current(turn.generation))
        || !turn.room.contains(path.interface())
    {
        return None;
    }
    let checksum = checksum_along(path);
    let mut queue = slot.transmit;
    let mut left = *budget;
    let mut refused = None;
    while left != 0 {
        let Some((record, rest)) = queue.split_first(region) else { break };
        // `send` may decide the path again.
        let is_along =
            path.is_current(decided) && path.has(&record.addresses()) && record.is_by(path.interface());
        if !is_along || !record.is_live() {
            break;
        }
        if let Err(error) = send_now(path, slot.local_port, &record, checksum, ip, turn) {
            refused = Some(error);
            break;
        }
        queue = rest;
        left -= 1;
    }
    slot.transmit = queue;
    *budget = left;
    refused
}

/// Whether a datagram's way is the socket's path.
#[inline]
fn is_along(slot: &Slot, record: &Record<'_>, turn: &Turn) -> bool {
    // A connected socket's path stays decided: IP renews it. Others look for a new source too.
    (slot.flags.contains(Flags::CONNECTED) || slot.path.is_current(turn.generation))
        && slot.path.has(&record.addresses())
        && record.is_by(slot.path.interface())
}

/// Sends one datagram: along the socket's path if that is its way, else along a new one, which the socket keeps.
#[cfg_attr(target_pointer_width = "32", inline)]
#[cfg_attr(not(target_pointer_width = "32"), inline(never))]
fn send_one(
    slot: &mut Slot,
    record: &Record<'_>,
    ip: &mut dyn IpLayer,
    turn: &mut Turn,
) -> Result<(), SendError> {
    if is_along(slot, record, turn) {
        return send_along(&mut slot.path, slot.local_port, record, ip, turn);
    }
    send_along_new(slot, record, ip, turn)
}

#[cold]
#[inline(never)]
fn send_along_new(
    slot: &mut Slot,
    record: &Record<'_>,
    ip: &mut dyn IpLayer,
    turn: &mut Turn,
) -> Result<(), SendError> {
    let flags = record.flags();
    let from = Source {
        address: (flags & SOURCE_FIXED != 0).then(|| record.addresses().source()),
        interface: record.interface().filter(|_| flags & INTERFACE_FIXED != 0),
    };
    let path = ip.route(from, record.addresses().destination());
    let mut path = path.map_err(SendError::Unreachable)?;
    let result = send_along(&mut path, slot.local_port, record, ip, turn);
    slot.keep_path(&path);
    result
}

fn send_along(
    path: &mut Path,
    local_port: u16,
    record: &Record<'_>,
    ip: &mut dyn IpLayer,
    turn: &mut Turn,
) -> Result<(), SendError> {
    let interface = path.interface();
    if !turn.room.contains(interface) {
        turn.full.insert(interface);
        return Err(SendError::Full);
    }
    send_now(path, local_port, record, checksum_along(path), ip, turn)
}

/// The link does the checksum where it can.
#[inline]
fn checksum_along(path: &Path) -> udp::Checksum {
    if path.has_checksum_offload() {
        udp::Checksum::Partial
    } else {
        udp::Checksum::Full
    }
}

/// As [`send_along`], where there is room as far as is known.
#[cfg_attr(not(target_pointer_width = "32"), inline)]
fn send_now(
    path: &mut Path,
    local_port: u16,
    record: &Record<'_>,
    checksum: udp::Checksum,
    ip: &mut dyn IpLayer,
    turn: &mut Turn,
) -> Result<(), SendError> {
    let addresses = path.pseudo_sum();
    let repr = udp::Repr { src_port: local_port, dst_port: record.port() };
    let payload = &*record.payload;
    let mut fill = move |buffer: &mut [u8]| {
        // The buffer is as long as was asked for.
        let written = repr.emit_with(buffer, payload, addresses, checksum);
        debug_assert!(written.is_ok());
    };
    let packet = Outgoing {
        protocol: IpProtocol::UDP,
        hop_limit: record.hop_limit(),
        traffic_class: record.traffic_class(),
        flags: OutFlags::from_bits_truncate(record.flags() & DONT_FRAGMENT).union(match checksum {
            udp::Checksum::Full => OutFlags::empty(),
            udp::Checksum::Partial => OutFlags::PARTIAL_CHECKSUM,
        }),
    };
    let result = ip.send(path, packet, udp::Repr::buffer_len(payload.len()), &mut fill);
    if result == Err(SendError::Full) {
        turn.room.remove(path.interface());
        turn.full.insert(path.interface());
    }
    result
}
