//! ARP packets against the neighbour table: RFC 826 in its order, address conflicts by RFC 5227.
//!
//! RFC 826 lets any packet update what is known of its sender, and any request for us add it. Hosts on the link
//! are not all friendly, so here, in addition:
//!
//! - only a request for an address of ours adds its sender; replies and overheard packets only update;
//! - a sender that is 0.0.0.0 (a probe), ours, a group, a broadcast address or off the link is never entered, nor is
//!   one whose hardware address is not a station's.
//!
//! Nothing here sends: [`on_packet`] says what to send, the builders below what it holds. Which own address
//! gives way in a conflict is decided by a [`Defence`] for each.

use crate::neighbour::{ArpEvidence, Changes, Lookup, Neighbours, Ownership};
use crate::{Cast, Deadline, Instant, InterfaceId, PackedAddress};
use core::fmt;
use core::net::Ipv4Addr;
use core::time::Duration;
use tersus_wire::arp::{Operation, Packet, Repr};
use tersus_wire::HardwareAddress;

/// `DEFEND_INTERVAL`, RFC 5227 §1.1: between two defences of one address.
pub const DEFEND_INTERVAL: Duration = Duration::from_secs(10);

/// What is needed to know of the interface that a packet came in by.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The moment of this turn.
    pub now: Instant,
    /// The interface.
    pub interface: InterfaceId,
    /// Our Ethernet address on it.
    pub hardware: HardwareAddress,
    /// Whom the frame was addressed to.
    pub cast: Cast,
    /// What an IPv4 address is to the interface.
    pub ownership: &'a dyn Fn(Ipv4Addr) -> Ownership,
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { now, interface, hardware, cast, .. } = self;
        write!(f, "Context {{ {now}, {interface:?}, {hardware}, {cast:?}, .. }}")
    }
}

/// What to do after a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    Nothing,
    /// Send `packet` to the Ethernet address `to`.
    Reply {
        /// Who asked.
        to: HardwareAddress,
        /// The reply.
        packet: Repr,
    },
    /// Another station uses an address of ours: ask its [`Defence`].
    Conflict {
        /// Our address.
        address: Ipv4Addr,
        /// Who uses it.
        by: HardwareAddress,
    },
    /// Another station uses, or probes for, an address that we probe for, RFC 5227 §2.1.1: it must not be used.
    Duplicate {
        /// The tentative address.
        address: Ipv4Addr,
        /// Who has it.
        by: HardwareAddress,
    },
}

/// What a packet led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Outcome {
    /// What to do.
    pub action: Action,
    /// What changed in the neighbour table.
    pub changes: Changes,
}

/// What ARP packets were, and why some were dropped. Counters wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Requests for an address of ours that were answered.
    pub replied: u32,
    /// Conflicts over an address of ours.
    pub conflicts: u32,
    /// Conflicts over an address that we probe for.
    pub duplicates: u32,
    /// Packets for others: they may have updated an entry.
    pub overheard: u32,
    /// Dropped: a reply of a station that we did not ask and do not know.
    pub not_asked: u32,
    /// Dropped: too short, or not IPv4 over Ethernet.
    pub malformed: u32,
    /// Dropped: neither request nor reply.
    pub unknown_operation: u32,
    /// Dropped: our own packet came back.
    pub own_echo: u32,
    /// Dropped: the sender's hardware address is a group, broadcast or zero.
    pub bad_sender_hardware: u32,
    /// Dropped: the sender's IPv4 address is a group, broadcast or loopback, or a reply came from 0.0.0.0.
    pub bad_sender_address: u32,
    /// Answered or not, but not entered: the sender is off the link or a broadcast address of it.
    pub sender_not_on_link: u32,
}

impl Statistics {
    /// All counters by field name.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u32); 11] {
        [
            ("replied", self.replied),
            ("conflicts", self.conflicts),
            ("duplicates", self.duplicates),
            ("overheard", self.overheard),
            ("not_asked", self.not_asked),
            ("malformed", self.malformed),
            ("unknown_operation", self.unknown_operation),
            ("own_echo", self.own_echo),
            ("bad_sender_hardware", self.bad_sender_hardware),
            ("bad_sender_address", self.bad_sender_address),
            ("sender_not_on_link", self.sender_not_on_link),
        ]
    }
}

/// Takes one ARP packet, which link padding may follow: RFC 826 "Packet Reception".
pub fn on_packet(
    bytes: &[u8],
    context: &Context<'_>,
    neighbours: &mut Neighbours<'_>,
    statistics: &mut Statistics,
) -> Outcome {
    let mut changes = Changes::empty();
    let action = match checked(bytes, context, statistics) {
        Some(packet) => process(&packet, context, neighbours, statistics, &mut changes),
        None => Action::Nothing,
    };
    Outcome { action, changes }
}

/// RFC 826's checks of hardware and protocol, and those that keep nonsense out; `None` if it is dropped.
fn checked(bytes: &[u8], context: &Context<'_>, statistics: &mut Statistics) -> Option<Repr> {
    let Ok(packet) = Packet::parse(bytes) else {
        count(&mut statistics.malformed);
        return None;
    };
    let packet = Repr::parse(&packet);
    let spa = packet.sender_protocol;
    let reason = if matches!(packet.operation, Operation::Unknown(_)) {
        &mut statistics.unknown_operation
    } else if packet.sender_hardware == context.hardware {
        &mut statistics.own_echo
    } else if !packet.sender_hardware.is_unicast() {
        &mut statistics.bad_sender_hardware
    } else if spa.is_multicast()
        || spa.is_broadcast()
        || spa.is_loopback()
        || (spa.is_unspecified() && packet.operation == Operation::Reply)
    {
        &mut statistics.bad_sender_address
    } else {
        return Some(packet);
    };
    count(reason);
    None
}

/// A packet that makes sense: conflict, merge, answer.
fn process(
    packet: &Repr,
    context: &Context<'_>,
    neighbours: &mut Neighbours<'_>,
    statistics: &mut Statistics,
    changes: &mut Changes,
) -> Action {
    let Repr { operation, sender_hardware: sha, sender_protocol: spa, target_protocol: tpa, .. } = *packet;
    // Some answer by broadcast: RFC 3927 §2.5, RFC 5227 §2.6. Then the packet says whom.
    let is_to_us = context.cast == Cast::Unicast || packet.target_hardware == context.hardware;
    let target = (context.ownership)(tpa);
    if spa.is_unspecified() {
        // A probe, RFC 5227 §2.1.1: answered, never entered.
        return match target {
            Ownership::Tentative => duplicate(tpa, sha, statistics),
            Ownership::Own | Ownership::Anycast => reply(packet, context, statistics),
            Ownership::OnLink | Ownership::Elsewhere => {
                count(&mut statistics.overheard);
                Action::Nothing
            }
        };
    }
    let sender = (context.ownership)(spa);
    match sender {
        Ownership::Own => {
            count(&mut statistics.conflicts);
            return Action::Conflict { address: spa, by: sha };
        }
        Ownership::Tentative => return duplicate(spa, sha, statistics),
        Ownership::Anycast | Ownership::OnLink | Ownership::Elsewhere => {}
    }
    let for_us = matches!(target, Ownership::Own | Ownership::Anycast);
    if sender == Ownership::OnLink {
        let evidence = match operation {
            Operation::Request if for_us => ArpEvidence::AskedUs,
            Operation::Reply if for_us && is_to_us => ArpEvidence::RepliedToUs,
            _ => ArpEvidence::Overheard,
        };
        if evidence == ArpEvidence::RepliedToUs {
            let known = neighbours.lookup(context.interface, PackedAddress::v4(spa), context.now);
            if matches!(known, Lookup::Unknown | Lookup::Failed) {
                count(&mut statistics.not_asked);
            }
        }
        *changes = neighbours.on_arp(context.interface, spa, sha, evidence, context.now);
    } else {
        count(&mut statistics.sender_not_on_link);
    }
    if !for_us {
        count(&mut statistics.overheard);
        return Action::Nothing;
    }
    match operation {
        Operation::Request => reply(packet, context, statistics),
        Operation::Reply | Operation::Unknown(_) => Action::Nothing,
    }
}

fn duplicate(address: Ipv4Addr, by: HardwareAddress, statistics: &mut Statistics) -> Action {
    count(&mut statistics.duplicates);
    Action::Duplicate { address, by }
}

/// RFC 826: fields swapped, ours filled in, to the sender alone; of a link-local address of ours to all, so that a second
/// station that has it is noticed (RFC 3927 §2.5).
fn reply(request: &Repr, context: &Context<'_>, statistics: &mut Statistics) -> Action {
    count(&mut statistics.replied);
    let packet = Repr {
        operation: Operation::Reply,
        sender_hardware: context.hardware,
        sender_protocol: request.target_protocol,
        target_hardware: request.sender_hardware,
        target_protocol: request.sender_protocol,
    };
    let to = whom(request.target_protocol, Some(request.sender_hardware));
    Action::Reply { to, packet }
}

/// Whom a packet from `source` is sent to that is meant for the station `to`, or for all if that is `None`: all stations
/// if `source` is link-local, RFC 3927 §2.5.
#[must_use]
pub fn whom(source: Ipv4Addr, to: Option<HardwareAddress>) -> HardwareAddress {
    to.filter(|_| !source.is_link_local()).unwrap_or(HardwareAddress::ETHERNET_BROADCAST)
}

/// A request for the hardware address of `target`, RFC 826. To be sent to [`whom`].
#[must_use]
pub fn request(
    hardware: HardwareAddress,
    source: Ipv4Addr,
    target: Ipv4Addr,
    to: Option<HardwareAddress>,
) -> Repr {
    Repr {
        operation: Operation::Request,
        sender_hardware: hardware,
        sender_protocol: source,
        target_hardware: to.unwrap_or_default(),
        target_protocol: target,
    }
}

/// A probe for an address that shall become ours, RFC 5227 §2.1.1. To be sent by broadcast.
#[must_use]
pub fn probe(hardware: HardwareAddress, candidate: Ipv4Addr) -> Repr {
    request(hardware, Ipv4Addr::UNSPECIFIED, candidate, None)
}

/// An announcement of an address of ours, RFC 5227 §2.3; also called a gratuitous request. To be sent by broadcast.
#[must_use]
pub fn announcement(hardware: HardwareAddress, address: Ipv4Addr) -> Repr {
    request(hardware, address, address, None)
}

/// How an address in use is held against another station that uses it, RFC 5227 §2.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DefenceMode {
    /// (a): given up at once.
    GiveUp,
    /// (b): defended, and given up at a second conflict within ten seconds.
    Once,
    /// (c): defended for ever, at most every ten seconds. The default: a configured address is the user's will.
    #[default]
    Always,
}

/// What to do about a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// Broadcast one [`announcement`].
    Announce,
    /// Stop using the address at once.
    GiveUp,
    /// Nothing: it was defended a moment ago.
    Ignore,
}

/// The defence of one own address. All zeros at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Defence {
    /// When it was last defended.
    defended: Deadline,
}

impl Defence {
    /// An address that was never in conflict.
    pub const NEW: Self = Self { defended: Deadline::NONE };

    /// Another station uses the address: [`Action::Conflict`].
    pub fn on_conflict(&mut self, mode: DefenceMode, now: Instant) -> Verdict {
        let recently = self.defended.instant().is_some_and(|at| at <= now && now < at + DEFEND_INTERVAL);
        match (mode, recently) {
            (DefenceMode::GiveUp, _) | (DefenceMode::Once, true) => Verdict::GiveUp,
            (DefenceMode::Always, true) => Verdict::Ignore,
            (DefenceMode::Once | DefenceMode::Always, false) => {
                self.defended = Deadline::at(now);
                Verdict::Announce
            }
        }
    }
}

fn count(counter: &mut u32) {
    *counter = counter.wrapping_add(1);
}

#[cfg(test)]
mod tests;
