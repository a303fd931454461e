//! What leaves: queued datagrams, and the [`Transport`] that the IP layer drives.
//!
//! ```text
//!   send ──> ready ──transmit──> gone
//!              ^        |
//!              |        v  room is full, next hop is being resolved
//!              +---- waiting
//!      room or generation says that it may go
//! ```

use crate::input::is_udp;
use crate::send::DONT_FRAGMENT;
use crate::slot::{Flags, Slot, Wish};
use crate::statistics::count;
use crate::storage::keep_error;
use crate::{Cause, SocketError, Udp};
use core::net::SocketAddr;
use tersus_ip::queue::{Record, State};
use tersus_ip::{
    IcmpError, Instant, InterfaceSet, IpLayer, IpMeta, OutFlags, Outgoing, Path, Progress, SendError,
    Transport, Verdict,
};
use tersus_wire::{udp, IpProtocol};

/// How many datagrams that must wait for room a socket's turn passes, in search of one for another interface.
const PASSED_MAX: u32 = 32;

impl Transport for Udp<'_> {
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        if !is_udp(packet.protocol) {
            return Verdict::NotMine;
        }
        self.on_datagram(packet, segment)
    }

    fn error(&mut self, _now: Instant, error: &IcmpError<'_>) {
        if is_udp(error.protocol) {
            self.on_icmp_error(error);
        }
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Progress {
        if ip.generation() != self.generation {
            self.generation = ip.generation();
            self.retry_parked();
        } else if self.waiting.is_empty() || self.full.intersects(ip.room()) {
            self.wake();
        }
        let room = ip.room();
        let mut turn = Turn { generation: self.generation, room, full: self.full, ip, budget };
        for _ in 0..self.ready.len() {
            if *turn.budget == 0 {
                break;
            }
            let Some(index) = self.ready.pop() else { break };
            self.send_queued(index, &mut turn);
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

    fn poll_at(&self) -> Option<Instant> {
        (!self.ready.is_empty()).then_some(Instant::ZERO)
    }
}

/// What all sockets share in one `transmit`.
struct Turn<'t> {
    ip: &'t mut dyn IpLayer,
    budget: &'t mut usize,
    /// The interfaces that did not answer `Full` in this turn.
    room: InterfaceSet,
    /// Those that did, or have no room since an earlier turn.
    full: InterfaceSet,
    generation: u32,
}

/// What became of one datagram.
enum Fate {
    Sent,
    /// It stays for want of room.
    NoRoom,
    /// It stays until its next hop is known.
    Parked,
    Dropped(Cause),
}

impl Udp<'_> {
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

    /// After a resolution may have ended: parked datagrams are tried again, those of sockets that are ready for another
    /// reason too.
    fn retry_parked(&mut self) {
        self.wake();
        for _ in 0..self.ready.len() {
            let Some(index) = self.ready.pop() else { break };
            if let Some(slot) = self.slots.get_mut(usize::from(index)) {
                slot.flags.insert(Flags::RETRY);
            }
            self.ready.push(index);
        }
    }

    /// Sends what a socket has queued, oldest first, and files the socket where it belongs then.
    fn send_queued(&mut self, index: u16, turn: &mut Turn<'_>) {
        let Some(slot) = self.slots.get_mut(usize::from(index)) else { return };
        let region = self.tx.of(index);
        slot.flags.remove(Flags::READY);
        let retry = slot.flags.contains(Flags::RETRY);
        let mut cursor = slot.transmit.first();
        let mut waits = false;
        let mut passed = 0;
        while let Some((at, record)) = slot.transmit.walk(region, &mut cursor) {
            if record.state() == State::Parked && !retry {
                waits = true;
                continue;
            }
            if *turn.budget == 0 {
                return self.make_ready(index);
            }
            match send_one(slot, &record, turn) {
                Fate::Sent => {
                    *turn.budget -= 1;
                    slot.transmit.remove(region, at);
                    count(&mut self.statistics.sent);
                }
                Fate::Dropped(cause) => {
                    // Counts as work: a queue full of undeliverable datagrams is not free.
                    *turn.budget -= 1;
                    let remote = SocketAddr::new(record.remote(), record.port());
                    slot.transmit.remove(region, at);
                    count(match cause {
                        Cause::TooBig(_) => &mut self.statistics.too_big,
                        _ => &mut self.statistics.unreachable,
                    });
                    let error = SocketError { cause, remote, reporter: None };
                    keep_error(&mut self.errors, &mut self.statistics, index, slot, &error);
                }
                Fate::Parked => {
                    slot.transmit.mark(region, at, State::Parked);
                    waits = true;
                }
                Fate::NoRoom => {
                    waits = true;
                    passed += 1;
                    let one_way = slot.flags.contains(Flags::CONNECTED)
                        || slot.interface != 0
                        || turn.ip.interface_count() <= 1;
                    if one_way || passed >= PASSED_MAX {
                        break;
                    }
                }
            }
        }
        self.finish_visit(index, waits, passed);
    }

    /// After a socket's queue was walked, past `passed` datagrams that found no room: it waits, is done, or was closed
    /// and is free now.
    fn finish_visit(&mut self, index: u16, waits: bool, passed: u32) {
        let Some(slot) = self.slots.get_mut(usize::from(index)) else { return };
        // Else parked datagrams have still to be tried again: those that found no room, and those behind them.
        if passed == 0 {
            slot.flags.remove(Flags::RETRY);
        }
        if waits {
            if !slot.flags.contains(Flags::WAITING) {
                slot.flags.insert(Flags::WAITING);
                self.waiting.push(index);
            }
        } else if slot.flags.contains(Flags::CLOSING) && slot.transmit.is_empty() {
            self.free(index);
        }
    }
}

/// Sends one datagram along the kept way if it is its own and fresh, else along a new one.
#[inline]
fn send_one(slot: &mut Slot, record: &Record<'_>, turn: &mut Turn<'_>) -> Fate {
    let asked = Flags::SOURCE_ASKED.union(Flags::INTERFACE_ASKED);
    let kept = Flags::CONNECTED.union(Flags::PATH_KEPT);
    let is_plain = record.is_plain()
        && slot.flags.intersects(kept)
        && !slot.flags.intersects(asked)
        && slot.path.leads_to(record.remote());
    if is_plain && slot.is_fresh(turn.generation) {
        return send_along(&mut slot.path, slot.local_port, record, turn);
    }
    send_otherwise(slot, record, turn)
}

/// Sends one datagram that has wishes, or that goes elsewhere than the one before it.
#[cold]
#[inline(never)]
fn send_otherwise(slot: &mut Slot, record: &Record<'_>, turn: &mut Turn<'_>) -> Fate {
    let wish = Wish { source: record.local(), interface: record.interface() };
    if slot.is_fresh(turn.generation) && slot.has_path_for(record.remote(), &wish) {
        return send_along(&mut slot.path, slot.local_port, record, turn);
    }
    match turn.ip.route(slot.source(&wish), record.remote()) {
        Ok(mut path) => {
            let fate = send_along(&mut path, slot.local_port, record, turn);
            slot.keep_path(&path, record.remote(), &wish, turn.generation);
            fate
        }
        Err(reason) => Fate::Dropped(Cause::Unreachable(reason)),
    }
}

fn send_along(path: &mut Path, local_port: u16, record: &Record<'_>, turn: &mut Turn<'_>) -> Fate {
    let interface = path.interface();
    if !turn.room.contains(interface) {
        turn.full.insert(interface);
        return Fate::NoRoom;
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
    match turn.ip.send(path, packet, udp::Repr::buffer_len(payload.len()), &mut fill) {
        Ok(()) => Fate::Sent,
        Err(SendError::Full) => {
            turn.room.remove(interface);
            turn.full.insert(interface);
            Fate::NoRoom
        }
        Err(SendError::Resolving) => Fate::Parked,
        Err(SendError::TooBig(mtu)) => Fate::Dropped(Cause::TooBig(mtu)),
        Err(SendError::Unreachable(reason)) => Fate::Dropped(Cause::Unreachable(reason)),
    }
}
