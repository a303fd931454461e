//! Neighbour discovery messages against the neighbour table: RFC 4861 §7, duplicates by RFC 4862 §5.4.
//!
//! In addition to RFC 4861's rules a message never enters a hardware address that is no station's or our own, and
//! solicitations enter only senders that are on the link (Differs: §7.2.3 says nothing of it; RFC 5942 §4 forbids
//! to conclude from such a message that the sender is on the link, so no packet would use the entry).
//!
//! Left out for now: Router Advertisements and Redirects are validated and counted, not acted upon; the reply for
//! an anycast address is not delayed (§7.2.7); no nonces (RFC 7527).
//!
//! Nothing here sends: [`on_message`] says what to send, the builders below what it holds.

use crate::neighbour::{Changes, Lookup, Neighbours, Ownership, Solicitation};
use crate::{InFlags, Instant, InterfaceId};
use core::fmt;
use core::net::{IpAddr, Ipv6Addr};
use tersus_wire::ip::solicited_node;
use tersus_wire::ndisc::{
    AdvertFlags, AdvertisementRepr, Envelope, Invalid, Message, NeighbourAdvertisement,
    NeighbourSolicitation, SolicitationRepr, ALL_NODES,
};
use tersus_wire::HardwareAddress;

/// What is needed to know of a message's packet and interface.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The moment of this turn.
    pub now: Instant,
    /// The interface that it came in by.
    pub interface: InterfaceId,
    /// Our hardware address there.
    pub hardware: HardwareAddress,
    /// Who sent the frame.
    pub frame_source: HardwareAddress,
    /// Addresses and Hop Limit.
    pub envelope: Envelope,
    /// `FRAGMENTED` if there was a fragment header, even that of an atomic fragment (RFC 6980 §5).
    pub flags: InFlags,
    /// What an IPv6 address is to the interface.
    pub ownership: &'a dyn Fn(Ipv6Addr) -> Ownership,
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { now, interface, hardware, frame_source, envelope, flags, .. } = self;
        write!(
            f,
            "Context {{ {now}, {interface:?}, {hardware}, {frame_source}, {envelope:?}, {flags:?}, .. }}"
        )
    }
}

/// What to do after a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    Nothing,
    /// Send an advertisement.
    Advertise(SendAdvertisement),
    /// Another station uses an address of ours. RFC 4862 §5.4.4 leaves the answer to the node: log it.
    Conflict {
        /// Our address.
        address: Ipv6Addr,
        /// Who uses it.
        by: HardwareAddress,
    },
    /// Another station has, or probes for, our tentative address, RFC 4862 §5.4.3, §5.4.4: it must not be used.
    Duplicate {
        /// The tentative address.
        address: Ipv6Addr,
        /// Who has it.
        by: HardwareAddress,
    },
}

/// What a message led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Outcome {
    /// What to do.
    pub action: Action,
    /// What changed in the neighbour table.
    pub changes: Changes,
}

/// A Neighbor Advertisement with where to send it. Hop Limit 255, never fragmented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendAdvertisement {
    /// Source address; `None`: any own unicast address of the interface (the target is an anycast address).
    pub source: Option<Ipv6Addr>,
    /// Destination address.
    pub destination: Ipv6Addr,
    /// Station to send it to; `None`: the group of `destination`.
    pub to: Option<HardwareAddress>,
    /// The message.
    pub message: AdvertisementRepr,
}

/// A Neighbor Solicitation with where to send it. Hop Limit 255, never fragmented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendSolicitation {
    /// Source address.
    pub source: Ipv6Addr,
    /// Destination address.
    pub destination: Ipv6Addr,
    /// Station to send it to; `None`: the group of `destination`.
    pub to: Option<HardwareAddress>,
    /// The message.
    pub message: SolicitationRepr,
}

/// What neighbour discovery messages were, and why some were dropped. Counters wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Solicitations for an address of ours that were answered.
    pub advertised: u32,
    /// Advertisements of known neighbours.
    pub advertisements: u32,
    /// Conflicts over an address of ours.
    pub conflicts: u32,
    /// Conflicts over a tentative address.
    pub duplicates: u32,
    /// Valid Router Advertisements, not acted upon.
    pub router_advertisements_ignored: u32,
    /// Valid Redirects, not acted upon.
    pub redirects_ignored: u32,
    /// Dropped: Router Solicitations, which are for routers (RFC 4861 §6.1.1).
    pub router_solicitations: u32,
    /// Dropped: came with a fragment header (RFC 6980 §5).
    pub fragmented: u32,
    /// Dropped: too short, code not 0, an option of length 0 or past the end.
    pub malformed: u32,
    /// Dropped: Hop Limit not 255.
    pub bad_hop_limit: u32,
    /// Dropped: another rule of RFC 4861 §6.1, §7.1 or §8.1 is broken.
    pub invalid: u32,
    /// Dropped: our own message came back.
    pub own_echo: u32,
    /// Dropped: a solicitation whose source is an address of ours.
    pub own_source: u32,
    /// Dropped: a solicitation for an address that is not ours.
    pub not_ours: u32,
    /// Dropped: a solicitation for a tentative address by one who does not probe for it (RFC 4862 §5.4.3).
    pub tentative: u32,
    /// Dropped: an advertisement of a neighbour that nobody asked for (RFC 4861 §7.2.5).
    pub not_asked: u32,
    /// Not entered: the link-layer address is not a station's, or is our own.
    pub bad_link_layer_address: u32,
    /// Answered but not entered: the solicitation's source is not on the link.
    pub source_not_on_link: u32,
}

impl Statistics {
    /// All counters by field name.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u32); 18] {
        [
            ("advertised", self.advertised),
            ("advertisements", self.advertisements),
            ("conflicts", self.conflicts),
            ("duplicates", self.duplicates),
            ("router_advertisements_ignored", self.router_advertisements_ignored),
            ("redirects_ignored", self.redirects_ignored),
            ("router_solicitations", self.router_solicitations),
            ("fragmented", self.fragmented),
            ("malformed", self.malformed),
            ("bad_hop_limit", self.bad_hop_limit),
            ("invalid", self.invalid),
            ("own_echo", self.own_echo),
            ("own_source", self.own_source),
            ("not_ours", self.not_ours),
            ("tentative", self.tentative),
            ("not_asked", self.not_asked),
            ("bad_link_layer_address", self.bad_link_layer_address),
            ("source_not_on_link", self.source_not_on_link),
        ]
    }
}

/// Takes one message of types 133 to 137, of which `body` is what follows type, code and checksum. The checksum
/// must have been verified.
pub fn on_message(
    kind: u8,
    code: u8,
    body: &[u8],
    context: &Context<'_>,
    neighbours: &mut Neighbours<'_>,
    statistics: &mut Statistics,
) -> Outcome {
    let mut changes = Changes::empty();
    let action = match checked(kind, code, body, context, statistics) {
        Some(Message::NeighbourSolicitation(message)) => {
            on_solicitation(&message, context, neighbours, statistics, &mut changes)
        }
        Some(Message::NeighbourAdvertisement(message)) => {
            on_advertisement(&message, context, neighbours, statistics, &mut changes)
        }
        Some(message) => {
            count(match message {
                Message::RouterSolicitation(_) => &mut statistics.router_solicitations,
                Message::RouterAdvertisement(_) => &mut statistics.router_advertisements_ignored,
                _ => &mut statistics.redirects_ignored,
            });
            Action::Nothing
        }
        None => Action::Nothing,
    };
    Outcome { action, changes }
}

/// RFC 4861 §6.1, §7.1 and §8.1, RFC 6980 §5; `None` if the message is dropped.
fn checked<'b>(
    kind: u8,
    code: u8,
    body: &'b [u8],
    context: &Context<'_>,
    statistics: &mut Statistics,
) -> Option<Message<'b>> {
    if context.flags.contains(InFlags::FRAGMENTED) {
        count(&mut statistics.fragmented);
        return None;
    }
    let Ok(message) = Message::parse(kind, code, body) else {
        count(&mut statistics.malformed);
        return None;
    };
    match message.validate(&context.envelope) {
        Ok(()) => return Some(message),
        Err(Invalid::HopLimit) => count(&mut statistics.bad_hop_limit),
        Err(_) => count(&mut statistics.invalid),
    }
    None
}

/// RFC 4861 §7.2.3, RFC 4862 §5.4.3.
fn on_solicitation(
    message: &NeighbourSolicitation<'_>,
    context: &Context<'_>,
    neighbours: &mut Neighbours<'_>,
    statistics: &mut Statistics,
    changes: &mut Changes,
) -> Action {
    let source = context.envelope.source;
    let target = message.target();
    let owned = (context.ownership)(target);
    let from_us = is_own(context, &context.frame_source);
    match owned {
        Ownership::Own | Ownership::Anycast if !from_us => {}
        Ownership::Tentative if !from_us && source.is_unspecified() => {
            count(&mut statistics.duplicates);
            return Action::Duplicate { address: target, by: context.frame_source };
        }
        _ => {
            count(match owned {
                Ownership::OnLink | Ownership::Elsewhere => &mut statistics.not_ours,
                _ if from_us => &mut statistics.own_echo,
                _ => &mut statistics.tentative,
            });
            return Action::Nothing;
        }
    }
    if source.is_unspecified() {
        return advertise(target, owned, ALL_NODES, None, context, statistics);
    }
    let sender = (context.ownership)(source);
    if matches!(sender, Ownership::Own | Ownership::Anycast | Ownership::Tentative) {
        count(&mut statistics.own_source);
        return Action::Nothing;
    }
    let given = message.options().source_link_layer().and_then(|option| option.address(&context.hardware));
    let usable = given.filter(|address| is_station(context, address));
    match usable {
        Some(hardware) if sender == Ownership::OnLink => {
            *changes = neighbours.on_solicitation(context.interface, source, hardware, context.now);
        }
        Some(_) => count(&mut statistics.source_not_on_link),
        None if given.is_some() => count(&mut statistics.bad_link_layer_address),
        None => {}
    }
    let to = usable.unwrap_or(context.frame_source);
    advertise(target, owned, source, Some(to), context, statistics)
}

/// RFC 4861 §7.2.4. The link-layer address goes with every advertisement, not only in answer to groups.
fn advertise(
    target: Ipv6Addr,
    owned: Ownership,
    destination: Ipv6Addr,
    to: Option<HardwareAddress>,
    context: &Context<'_>,
    statistics: &mut Statistics,
) -> Action {
    count(&mut statistics.advertised);
    let mut flags = AdvertFlags::empty();
    flags.set(AdvertFlags::SOLICITED, !destination.is_multicast());
    flags.set(AdvertFlags::OVERRIDE, owned == Ownership::Own);
    let source = (owned == Ownership::Own).then_some(target);
    let message = AdvertisementRepr { flags, target, target_link_layer: context.hardware };
    Action::Advertise(SendAdvertisement { source, destination, to, message })
}

/// RFC 4861 §7.2.5, RFC 4862 §5.4.4.
fn on_advertisement(
    message: &NeighbourAdvertisement<'_>,
    context: &Context<'_>,
    neighbours: &mut Neighbours<'_>,
    statistics: &mut Statistics,
    changes: &mut Changes,
) -> Action {
    let target = message.target();
    let by = context.frame_source;
    match (context.ownership)(target) {
        Ownership::Own | Ownership::Anycast | Ownership::Tentative if is_own(context, &by) => {
            count(&mut statistics.own_echo);
            return Action::Nothing;
        }
        Ownership::Tentative => {
            count(&mut statistics.duplicates);
            return Action::Duplicate { address: target, by };
        }
        Ownership::Own => {
            count(&mut statistics.conflicts);
            return Action::Conflict { address: target, by };
        }
        Ownership::Anycast | Ownership::OnLink | Ownership::Elsewhere => {}
    }
    let given = message.options().target_link_layer().and_then(|option| option.address(&context.hardware));
    if given.is_some_and(|address| !is_station(context, &address)) {
        count(&mut statistics.bad_link_layer_address);
        return Action::Nothing;
    }
    match neighbours.lookup(context.interface, IpAddr::V6(target), context.now) {
        Lookup::Unknown | Lookup::Failed => count(&mut statistics.not_asked),
        Lookup::Found { .. } | Lookup::Resolving => {
            count(&mut statistics.advertisements);
            *changes =
                neighbours.on_advertisement(context.interface, target, given, message.flags(), context.now);
        }
    }
    Action::Nothing
}

fn is_own(context: &Context<'_>, address: &HardwareAddress) -> bool {
    *address == context.hardware && !address.is_none()
}

/// Whether a hardware address may be entered.
fn is_station(context: &Context<'_>, address: &HardwareAddress) -> bool {
    address.is_unicast() && !is_own(context, address)
}

/// The message for a solicitation that the neighbour table wants, RFC 4861 §7.2.2; `None` if it is not for IPv6.
/// `source` is an own address of the interface, `hardware` ours there.
#[must_use]
pub fn solicitation(
    wanted: &Solicitation,
    source: Ipv6Addr,
    hardware: HardwareAddress,
) -> Option<SendSolicitation> {
    let Some(IpAddr::V6(target)) = wanted.target.get() else { return None };
    let destination = if wanted.to.is_some() { target } else { solicited_node(target) };
    let source_link_layer = if source.is_unspecified() { HardwareAddress::NONE } else { hardware };
    let message = SolicitationRepr { target, source_link_layer };
    Some(SendSolicitation { source, destination, to: wanted.to, message })
}

/// The probe for duplicates of a tentative address, RFC 4862 §5.4.2.
#[must_use]
pub fn duplicate_probe(tentative: Ipv6Addr) -> SendSolicitation {
    let message = SolicitationRepr { target: tentative, source_link_layer: HardwareAddress::NONE };
    let destination = solicited_node(tentative);
    SendSolicitation { source: Ipv6Addr::UNSPECIFIED, destination, to: None, message }
}

/// An advertisement that nobody asked for: our hardware address for `address` is new, RFC 4861 §7.2.6.
#[must_use]
pub fn unsolicited_advertisement(address: Ipv6Addr, hardware: HardwareAddress) -> SendAdvertisement {
    let message =
        AdvertisementRepr { flags: AdvertFlags::OVERRIDE, target: address, target_link_layer: hardware };
    SendAdvertisement { source: Some(address), destination: ALL_NODES, to: None, message }
}

/// An advertisement that nobody asked for: `address` is new here, RFC 9131 §6.1.2. It overrides nothing: another station
/// may have the address.
#[must_use]
pub fn address_advertisement(address: Ipv6Addr, hardware: HardwareAddress) -> SendAdvertisement {
    let mut advertisement = unsolicited_advertisement(address, hardware);
    advertisement.message.flags = AdvertFlags::empty();
    advertisement
}

fn count(counter: &mut u32) {
    *counter = counter.wrapping_add(1);
}

#[cfg(test)]
mod tests;
