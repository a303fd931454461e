//! What leaves: queued echo requests, and the [`Transport`] that the IP layer drives.

use crate::send::DONT_FRAGMENT;
use crate::statistics::count;
use crate::storage::{Pending, Retry};
use crate::{Icmp, Unsent};
use core::net::IpAddr;
use tersus_ip::queue::{Label, State};
use tersus_ip::{
    IcmpError, Instant, InterfaceSet, IpLayer, IpMeta, OutFlags, Outgoing, Progress, SendError, Source,
    Transport, Verdict,
};
use tersus_wire::{icmpv4, icmpv6, IpProtocol};

/// How many requests that must wait for room a turn passes, in search of one for another interface.
const PASSED_MAX: u32 = 32;

impl Transport for Icmp<'_> {
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        self.on_message(packet, segment)
    }

    fn error(&mut self, _now: Instant, error: &IcmpError<'_>) {
        self.on_error(error);
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Progress {
        if self.pending == Pending::Nothing {
            return Progress::Idle;
        }
        let moved = ip.generation() != self.generation;
        self.generation = ip.generation();
        if self.pending == Pending::Waiting && (moved || self.full.intersects(ip.room())) {
            self.pending = Pending::Ready;
        }
        if moved {
            self.retry = Retry::Yes;
        }
        if self.pending == Pending::Ready {
            self.send_queued(ip, budget);
        }
        if self.pending == Pending::Ready {
            Progress::More
        } else if self.full.is_empty() {
            Progress::Idle
        } else {
            Progress::Blocked(self.full)
        }
    }

    fn poll_at(&self) -> Option<Instant> {
        (self.pending == Pending::Ready).then_some(Instant::ZERO)
    }
}

/// What became of one request.
enum Fate {
    Sent,
    /// It stays for want of room.
    NoRoom,
    /// It stays until its next hop is known.
    Parked,
    Dropped(Unsent),
}

impl Icmp<'_> {
    /// Sends what is queued, oldest first, past what must wait.
    fn send_queued(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) {
        let mut room = ip.room();
        self.full = InterfaceSet::NONE;
        let mut waits = false;
        let mut passed = 0;
        let mut cursor = self.transmit.first();
        while let Some((at, record)) = self.transmit.walk(self.tx, &mut cursor) {
            let (state, label, message) = (record.state(), record.label(), record.payload);
            if state == State::Parked && self.retry == Retry::No {
                waits = true;
                continue;
            }
            if *budget == 0 {
                return;
            }
            let identifier = message.first_chunk().map_or(0, |octets| u16::from_be_bytes(*octets));
            match send_one(ip, &label, message, &mut room, &mut self.full) {
                Fate::Sent => {
                    *budget -= 1;
                    self.transmit.remove(self.tx, at);
                    count(&mut self.responder.statistics.sent);
                }
                Fate::Dropped(cause) => {
                    // Counts as work: a queue full of undeliverable requests is not free.
                    *budget -= 1;
                    self.transmit.remove(self.tx, at);
                    self.on_unsent(identifier, &label, cause);
                }
                Fate::Parked => {
                    self.transmit.mark(self.tx, at, State::Parked);
                    waits = true;
                }
                Fate::NoRoom => {
                    waits = true;
                    passed += 1;
                    if ip.interface_count() <= 1 || passed >= PASSED_MAX {
                        break;
                    }
                }
            }
        }
        // Else parked requests have still to be tried again: those that found no room, and those behind them.
        if passed == 0 {
            self.retry = Retry::No;
        }
        self.pending = if waits { Pending::Waiting } else { Pending::Nothing };
    }
}

/// Sends one request: `message` is it from its identifier on.
fn send_one(
    ip: &mut dyn IpLayer,
    label: &Label,
    message: &[u8],
    room: &mut InterfaceSet,
    full: &mut InterfaceSet,
) -> Fate {
    let from = Source { address: label.local, interface: label.interface };
    let mut path = match ip.route(from, label.remote) {
        Ok(path) => path,
        Err(reason) => return Fate::Dropped(Unsent::Unreachable(reason)),
    };
    let interface = path.interface();
    if !room.contains(interface) {
        full.insert(interface);
        return Fate::NoRoom;
    }
    let addresses = (path.source(), path.destination());
    let mut fill = |buffer: &mut [u8]| write_request(buffer, message, addresses);
    let packet = Outgoing {
        protocol: if label.remote.is_ipv4() { IpProtocol::ICMPV4 } else { IpProtocol::ICMPV6 },
        hop_limit: label.hop_limit,
        traffic_class: label.traffic_class,
        flags: if label.flags & DONT_FRAGMENT == 0 { OutFlags::empty() } else { OutFlags::DONT_FRAGMENT },
    };
    match ip.send(&mut path, packet, icmpv4::HEADER_LEN - 4 + message.len(), &mut fill) {
        Ok(()) => Fate::Sent,
        Err(SendError::Full) => {
            room.remove(interface);
            full.insert(interface);
            Fate::NoRoom
        }
        Err(SendError::Resolving) => Fate::Parked,
        Err(SendError::TooBig(mtu)) => Fate::Dropped(Unsent::TooBig(mtu)),
        Err(SendError::Unreachable(reason)) => Fate::Dropped(Unsent::Unreachable(reason)),
    }
}

/// Writes type, code and checksum in front of identifier, sequence number and data.
fn write_request(buffer: &mut [u8], message: &[u8], addresses: (IpAddr, IpAddr)) {
    let Some((common, rest)) = buffer.split_first_chunk_mut::<4>() else { return };
    for (to, from) in rest.iter_mut().zip(message) {
        *to = *from;
    }
    match addresses {
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            *common = [u8::from(icmpv6::Type::ECHO_REQUEST), 0, 0, 0];
            icmpv6::fill_checksum(source, destination, buffer);
        }
        _ => {
            *common = [u8::from(icmpv4::Type::ECHO_REQUEST), 0, 0, 0];
            icmpv4::fill_checksum(buffer);
        }
    }
}
