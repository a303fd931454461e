//! What leaves: queued echo requests, and the [`Transport`] that the IP layer drives.

use crate::send::{DONT_FRAGMENT, INTERFACE_FIXED, PARKED, SOURCE_FIXED};
use crate::statistics::count;
use crate::storage::{Pending, Retry};
use crate::{Icmp, Unsent};
use tersus_ip::queue::{Record, Visit};
use tersus_ip::{
    Addresses, IcmpError, Instant, InterfaceSet, IpLayer, IpMeta, OutFlags, Outgoing, Progress, Quoted,
    SendError, Source, Transport, Verdict,
};
use tersus_wire::checksum::Sum;
use tersus_wire::{icmpv4, icmpv6, IpProtocol};

/// How many requests that must wait for room a turn passes, in search of one for another interface.
const PASSED_MAX: u32 = 32;

impl Transport for Icmp<'_> {
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        self.on_message(packet, segment)
    }

    fn error(&mut self, _now: Instant, error: &IcmpError<'_>) -> Quoted {
        self.on_error(error)
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

impl Icmp<'_> {
    /// Sends what is queued, oldest first, past what must wait.
    fn send_queued(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) {
        let mut room = ip.room();
        self.full = InterfaceSet::NONE;
        let mut is_out_of_budget = false;
        let mut passed = 0;
        let mut queue = self.transmit;
        // The region is lent to the walk, and what it says to sockets lies in others.
        let tx = core::mem::take(&mut self.tx);
        queue.retain(tx, |record| {
            if record.flags() & PARKED != 0 && self.retry == Retry::No {
                return Visit::Keep;
            }
            if *budget == 0 {
                is_out_of_budget = true;
                return Visit::Stop;
            }
            let cause = match send_one(ip, record, &mut room, &mut self.full) {
                Ok(()) => {
                    *budget -= 1;
                    count(&mut self.responder.statistics.sent);
                    return Visit::Remove;
                }
                Err(SendError::Resolving) => {
                    record.set_flags(record.flags() | PARKED);
                    return Visit::Keep;
                }
                Err(SendError::Full) => {
                    passed += 1;
                    let goes_on = ip.interface_count() > 1 && passed < PASSED_MAX;
                    return if goes_on { Visit::Keep } else { Visit::Stop };
                }
                Err(SendError::TooBig(mtu)) => Unsent::TooBig(mtu),
                Err(SendError::Unreachable(reason)) => Unsent::Unreachable(reason),
            };
            // Counts as work: a queue full of undeliverable requests is not free.
            *budget -= 1;
            self.on_unsent(record, cause);
            Visit::Remove
        });
        self.tx = tx;
        self.transmit = queue;
        if is_out_of_budget {
            return;
        }
        // Else parked requests have still to be tried again: those that found no room, and those behind them.
        if passed == 0 {
            self.retry = Retry::No;
        }
        self.pending = if queue.is_empty() { Pending::Nothing } else { Pending::Waiting };
    }
}

/// Sends one request. The record's payload is it from its identifier on.
fn send_one(
    ip: &mut dyn IpLayer,
    record: &Record<'_>,
    room: &mut InterfaceSet,
    full: &mut InterfaceSet,
) -> Result<(), SendError> {
    let flags = record.flags();
    let to = record.addresses().destination();
    let from = Source {
        address: (flags & SOURCE_FIXED != 0).then(|| record.addresses().source()),
        interface: record.interface().filter(|_| flags & INTERFACE_FIXED != 0),
    };
    let mut path = ip.route(from, to).map_err(SendError::Unreachable)?;
    let interface = path.interface();
    if !room.contains(interface) {
        full.insert(interface);
        return Err(SendError::Full);
    }
    let sum = path.pseudo_sum();
    let (protocol, message) = (protocol(&path.addresses()), &*record.payload);
    let mut fill = |buffer: &mut [u8]| write_request(buffer, message, protocol, sum);
    let packet = Outgoing {
        protocol,
        hop_limit: record.hop_limit(),
        traffic_class: record.traffic_class(),
        flags: if flags & DONT_FRAGMENT == 0 { OutFlags::empty() } else { OutFlags::DONT_FRAGMENT },
    };
    let result = ip.send(&mut path, packet, icmpv4::HEADER_LEN - 4 + message.len(), &mut fill);
    if result == Err(SendError::Full) {
        room.remove(interface);
        full.insert(interface);
    }
    result
}

/// Writes type, code and checksum in front of identifier, sequence number and data.
fn write_request(buffer: &mut [u8], message: &[u8], protocol: IpProtocol, addresses: Sum) {
    let len = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
    let Some((common, rest)) = buffer.split_first_chunk_mut::<4>() else { return };
    for (to, from) in rest.iter_mut().zip(message) {
        *to = *from;
    }
    let (kind, pseudo) = if protocol == IpProtocol::ICMPV6 {
        (u8::from(icmpv6::Type::ECHO_REQUEST), addresses.add_u32(len).add_u16(u16::from(protocol.0)))
    } else {
        (u8::from(icmpv4::Type::ECHO_REQUEST), Sum::new())
    };
    let [c0, c1] = pseudo.add_bytes(&[kind, 0, 0, 0]).add_bytes(rest).checksum().to_be_bytes();
    *common = [kind, 0, c0, c1];
}

/// The protocol of an echo request between these addresses.
fn protocol(addresses: &Addresses<'_>) -> IpProtocol {
    match addresses {
        Addresses::V4(_) => IpProtocol::ICMPV4,
        Addresses::V6(_) => IpProtocol::ICMPV6,
    }
}
