//! Address resolution on the links: what the neighbour table wants sent and what messages tell it, by ARP for IPv4
//! (RFC 826) and by neighbour discovery for IPv6 (RFC 4861).

use crate::event::Event;
use crate::host::Host;
use crate::links::Links;
#[cfg(feature = "ipv6")]
use crate::martian;
use crate::neighbour::{Due, Failure, Ownership, Role, Solicitation};
use crate::own_addresses::News;
use crate::statistics::count;
use crate::{routes, Deadline, Instant, InterfaceId, OwnAddress, PackedAddress, RouteEntry};
use core::net::IpAddr;
#[cfg(feature = "ipv4")]
use tersus_phy::{Frame, Medium};
use tersus_phy::{LinkError, LinkPacket, LinkTx};
use tersus_wire::{EtherType, HardwareAddress};

#[cfg(feature = "ipv4")]
use crate::arp;
#[cfg(feature = "ipv6")]
use crate::{ndisc, IpMeta};
#[cfg(feature = "ipv6")]
use core::net::Ipv6Addr;
#[cfg(feature = "ipv6")]
use tersus_wire::{ipv6, IpProtocol};

/// Largest neighbour discovery message that we send: a solicitation with an eight-octet address.
#[cfg(feature = "ipv6")]
const MESSAGE_LEN_MAX: usize = 40;

/// What an address is to an interface.
fn ownership(
    addresses: &[OwnAddress],
    routes: &[RouteEntry],
    interface: InterfaceId,
    address: &PackedAddress,
) -> Ownership {
    let mut result = Ownership::Elsewhere;
    for own in addresses.iter().filter(|own| own.interface == interface && own.contains(address)) {
        if own.address == *address {
            return Ownership::Own;
        }
        if !own.is_broadcast(address) {
            result = Ownership::OnLink;
        }
    }
    #[cfg(feature = "ipv6")]
    if !address.is_ipv4() && martian::kind(address) == Some(martian::Kind::LinkLocal) {
        return Ownership::OnLink;
    }
    let mut routes = routes.iter().filter(|route| route.interface == interface);
    if routes.any(|route| match route.gateway {
        PackedAddress::NONE => route.contains(address),
        gateway => gateway == *address,
    }) {
        return Ownership::OnLink;
    }
    result
}

impl Host<'_> {
    /// Takes an ARP packet, and answers it by `back`.
    #[cfg(feature = "ipv4")]
    pub(crate) fn on_arp(&mut self, interface: InterfaceId, frame: &Frame<'_>, back: &mut dyn LinkTx) {
        count(&mut self.statistics.arp_received);
        let Some(entry) = self.interface(interface) else { return };
        if entry.properties.medium != Medium::Ethernet || entry.is_loopback() {
            count(&mut self.statistics.arp_dropped);
            return;
        }
        let hardware = entry.properties.hardware_address;
        let (addresses, routes) = (&*self.addresses, &*self.routes);
        let context = arp::Context {
            now: self.now,
            interface,
            hardware,
            cast: frame.cast,
            ownership: &|address| ownership(addresses, routes, interface, &PackedAddress::v4(address)),
        };
        let outcome = arp::on_packet(frame.payload, &context, &mut self.neighbours, &mut self.arp_statistics);
        self.note(outcome.changes);
        match outcome.action {
            arp::Action::Nothing => {}
            arp::Action::Reply { to, packet } => {
                self.send_arp(interface, &to, &packet, back, Purpose::Answer)
            }
            arp::Action::Conflict { address, .. } | arp::Action::Duplicate { address, .. } => {
                self.on_conflict(interface, IpAddr::V4(address), back);
            }
        }
    }

    /// Another station uses an address of ours: the user hears of it, and it is defended.
    fn on_conflict(&mut self, interface: InterfaceId, address: IpAddr, back: &mut dyn LinkTx) {
        count(&mut self.statistics.address_conflicts);
        self.tell(Event::AddressConflict(interface, address));
        if let Some(defend) = self.duties.defend {
            defend(self, interface, address, back);
        }
    }

    /// Defends an IPv4 address, RFC 5227 §2.4 (c).
    pub(crate) fn defend(&mut self, interface: InterfaceId, address: IpAddr, back: &mut dyn LinkTx) {
        #[cfg(feature = "ipv4")]
        if let IpAddr::V4(address) = address {
            let now = self.now;
            let own = self
                .addresses
                .iter_mut()
                .find(|own| own.interface == interface && own.address == PackedAddress::v4(address));
            let verdict = own.map(|own| own.defence.on_conflict(arp::DefenceMode::Always, now));
            let hardware = self.interface(interface).map(|entry| entry.properties.hardware_address);
            if let (Some(arp::Verdict::Announce), Some(hardware)) = (verdict, hardware) {
                let packet = arp::announcement(hardware, address);
                let all = HardwareAddress::ETHERNET_BROADCAST;
                self.send_arp(interface, &all, &packet, back, Purpose::Announcement);
            }
        }
        #[cfg(not(feature = "ipv4"))]
        let _ = (interface, address, back);
    }

    /// Takes a neighbour discovery message, whose checksum is right, and answers it by `back`.
    #[cfg(feature = "ipv6")]
    pub(crate) fn on_nd(
        &mut self,
        meta: &IpMeta<'_>,
        message: &[u8],
        frame_source: HardwareAddress,
        back: &mut dyn LinkTx,
    ) {
        count(&mut self.statistics.nd_received);
        let interface = meta.interface;
        let (IpAddr::V6(source), IpAddr::V6(destination)) =
            (meta.addresses.source(), meta.addresses.destination())
        else {
            return;
        };
        let Some((&[kind, code, _, _], body)) = message.split_first_chunk() else { return };
        let Some(entry) = self.interface(interface).filter(|entry| entry.has_neighbours()) else {
            count(&mut self.statistics.nd_dropped);
            return;
        };
        let (addresses, routes) = (&*self.addresses, &*self.routes);
        let context = ndisc::Context {
            now: self.now,
            interface,
            hardware: entry.properties.hardware_address,
            frame_source,
            envelope: tersus_wire::ndisc::Envelope { source, destination, hop_limit: meta.hop_limit },
            flags: meta.flags,
            ownership: &|address| ownership(addresses, routes, interface, &PackedAddress::v6(address)),
        };
        let statistics = &mut self.nd_statistics;
        let outcome = ndisc::on_message(kind, code, body, &context, &mut self.neighbours, statistics);
        self.note(outcome.changes);
        match outcome.action {
            ndisc::Action::Nothing => {}
            ndisc::Action::Advertise(answer) => self.advertise(interface, &answer, back, Purpose::Answer),
            ndisc::Action::Conflict { address, .. } | ndisc::Action::Duplicate { address, .. } => {
                self.on_conflict(interface, IpAddr::V6(address), back);
            }
        }
    }

    /// Does what has fallen due among neighbours.
    pub(crate) fn neighbours_due(&mut self, now: Instant, links: &mut dyn Links) {
        loop {
            let room = self.link_room();
            let Some(due) = self.neighbours.next_due(now, room, &mut self.random) else { return };
            match due {
                Due::Solicit(wanted) => match links.tx(wanted.interface) {
                    Some(tx) => self.solicit(&wanted, tx),
                    None => self.neighbours.sent(&wanted, now),
                },
                Due::Failed(failure) => {
                    if let Some(failover) = &self.duties.failover {
                        (failover.note)(self, &failure);
                    }
                    if let Some(address) = failure.address.get() {
                        self.tell(Event::NeighbourFailed(failure.interface, address));
                    }
                    self.moved();
                }
            }
        }
    }

    /// A gateway that does not answer is passed over for a while.
    pub(crate) fn note_failure(&mut self, failure: &Failure) {
        if failure.role == Role::Gateway {
            routes::on_failure(self.routes, failure.interface, &failure.address, self.now);
        }
    }

    /// Sends a solicitation. If the link is full it is tried again when there is room.
    fn solicit(&mut self, wanted: &Solicitation, tx: &mut dyn LinkTx) {
        let interface = wanted.interface;
        let result = self.try_solicit(wanted, tx);
        match result {
            Some(Err(LinkError::Full)) => return self.link_full(interface),
            Some(Ok(())) => {
                count(&mut self.statistics.solicitations);
                self.count_sent(interface);
            }
            _ => count(&mut self.statistics.neighbour_unsent),
        }
        self.neighbours.sent(wanted, self.now);
    }

    fn try_solicit(&mut self, wanted: &Solicitation, tx: &mut dyn LinkTx) -> Option<Result<(), LinkError>> {
        let interface = wanted.interface;
        let hardware = self.interface(interface)?.properties.hardware_address;
        // The source that the packet will have, if it is still ours there; else what suits the target.
        let own = self.addresses.get(usize::from(wanted.source)).filter(|own| own.interface == interface);
        let own = own.map(|own| own.address).filter(|address| address.is_like(&wanted.target));
        let source = own.or_else(|| self.select_source(interface, &wanted.target, &wanted.target))?;
        match (source.get()?, wanted.target.get()?) {
            #[cfg(feature = "ipv4")]
            (IpAddr::V4(source), IpAddr::V4(target)) => {
                let packet = arp::request(hardware, source, target, wanted.to);
                let to = arp::whom(source, wanted.to);
                Some(emit_arp(&to, &packet, tx))
            }
            #[cfg(feature = "ipv6")]
            (IpAddr::V6(source), IpAddr::V6(_)) => {
                let wanted = ndisc::solicitation(wanted, source, hardware)?;
                let mut message = [0; MESSAGE_LEN_MAX];
                let message = message.get_mut(..wanted.message.buffer_len())?;
                wanted.message.emit(wanted.source, wanted.destination, message).ok()?;
                let to = wanted.to.unwrap_or(self.group_hardware(interface, wanted.destination));
                Some(emit_nd(&to, wanted.source, wanted.destination, message, tx))
            }
            _ => None,
        }
    }

    /// The interface can carry packets again, or has another hardware address: its addresses are announced.
    pub(crate) fn announce_again(&mut self, interface: InterfaceId, news: News) {
        for own in self.addresses.iter_mut().filter(|own| own.interface == interface) {
            own.announce(news, self.now);
        }
    }

    /// When the next address is to be announced.
    pub(crate) fn next_announcement(&self) -> Deadline {
        let is_up = |own: &&OwnAddress| self.interface(own.interface).is_some_and(crate::Interface::is_up);
        let next = self.addresses.iter().filter(is_up).map(|own| own.announce_at);
        next.fold(Deadline::NONE, Deadline::earlier)
    }

    /// Announces the addresses whose time it is.
    pub(crate) fn announce_due(&mut self, now: Instant, links: &mut dyn Links) {
        for index in 0..self.addresses.len() {
            let Some(own) = self.addresses.get(index).copied() else { return };
            let Some(entry) = self.interface(own.interface).filter(|entry| entry.is_up()) else { continue };
            if !own.announce_at.is_due(now) {
                continue;
            }
            let hardware = entry.properties.hardware_address;
            let announces = entry.has_neighbours();
            if let Some(own) = self.addresses.get_mut(index) {
                own.announced(now, announces);
            }
            let Some(tx) = links.tx(own.interface).filter(|_| announces) else { continue };
            match own.address.get() {
                #[cfg(feature = "ipv4")]
                Some(IpAddr::V4(address)) if self.is_ethernet(own.interface) => {
                    let packet = arp::announcement(hardware, address);
                    let all = HardwareAddress::ETHERNET_BROADCAST;
                    self.send_arp(own.interface, &all, &packet, tx, Purpose::Announcement);
                }
                #[cfg(feature = "ipv6")]
                Some(IpAddr::V6(address)) => {
                    let message = match own.news {
                        News::Address => ndisc::address_advertisement(address, hardware),
                        News::Hardware => ndisc::unsolicited_advertisement(address, hardware),
                    };
                    self.advertise(own.interface, &message, tx, Purpose::Announcement);
                }
                _ => {}
            }
        }
    }

    #[cfg(feature = "ipv4")]
    fn is_ethernet(&self, interface: InterfaceId) -> bool {
        self.interface(interface).is_some_and(|entry| entry.properties.medium == Medium::Ethernet)
    }

    #[cfg(feature = "ipv6")]
    fn group_hardware(&self, interface: InterfaceId, group: Ipv6Addr) -> HardwareAddress {
        let entry = self.interface(interface);
        entry.map_or(HardwareAddress::NONE, |entry| entry.group_address(&PackedAddress::v6(group)))
    }

    /// Counts what became of a message that is not sent again if it is lost.
    fn count_message(&mut self, interface: InterfaceId, result: Result<(), LinkError>, purpose: Purpose) {
        match (result, purpose) {
            (Ok(()), Purpose::Answer) => count(&mut self.statistics.neighbour_answers),
            (Ok(()), Purpose::Announcement) => count(&mut self.statistics.announcements),
            (Err(_), _) => return count(&mut self.statistics.neighbour_unsent),
        }
        self.count_sent(interface);
    }

    #[cfg(feature = "ipv4")]
    fn send_arp(
        &mut self,
        interface: InterfaceId,
        to: &HardwareAddress,
        packet: &tersus_wire::arp::Repr,
        tx: &mut dyn LinkTx,
        purpose: Purpose,
    ) {
        let result = emit_arp(to, packet, tx);
        self.count_message(interface, result, purpose);
    }

    #[cfg(feature = "ipv6")]
    fn advertise(
        &mut self,
        interface: InterfaceId,
        answer: &ndisc::SendAdvertisement,
        tx: &mut dyn LinkTx,
        purpose: Purpose,
    ) {
        let destination = answer.destination;
        let source = match answer.source {
            Some(source) => Some(PackedAddress::v6(source)),
            None => {
                let destination = PackedAddress::v6(destination);
                self.select_source(interface, &destination, &destination)
            }
        };
        let Some(IpAddr::V6(source)) = source.and_then(|source| source.get()) else { return };
        let mut message = [0; MESSAGE_LEN_MAX];
        let Some(message) = message.get_mut(..answer.message.buffer_len()) else { return };
        if answer.message.emit(source, destination, message).is_err() {
            return;
        }
        let to = answer.to.unwrap_or(self.group_hardware(interface, destination));
        let result = emit_nd(&to, source, destination, message, tx);
        self.count_message(interface, result, purpose);
    }
}

/// Why a message is sent that is no solicitation.
#[derive(Clone, Copy)]
enum Purpose {
    Answer,
    Announcement,
}

#[cfg(feature = "ipv4")]
fn emit_arp(
    to: &HardwareAddress,
    packet: &tersus_wire::arp::Repr,
    tx: &mut dyn LinkTx,
) -> Result<(), LinkError> {
    let mut octets = [0; tersus_wire::arp::LEN];
    // A link that says it is an Ethernet and has another address has no ARP.
    if packet.emit(&mut octets).is_err() {
        return Err(LinkError::Unreachable);
    }
    let len = u16::try_from(octets.len()).unwrap_or(u16::MAX);
    tx.send(to, &LinkPacket::new(EtherType::ARP, len), &mut |buffer: &mut [u8]| {
        if let Some((front, _)) = buffer.split_first_chunk_mut() {
            *front = octets;
        }
    })
}

/// Sends a neighbour discovery message with Hop Limit 255.
#[cfg(feature = "ipv6")]
fn emit_nd(
    to: &HardwareAddress,
    source: Ipv6Addr,
    destination: Ipv6Addr,
    message: &[u8],
    tx: &mut dyn LinkTx,
) -> Result<(), LinkError> {
    let payload_len = u16::try_from(message.len()).unwrap_or(u16::MAX);
    let header = ipv6::Repr {
        hop_limit: tersus_wire::ndisc::HOP_LIMIT,
        ..ipv6::Repr::new(IpProtocol::ICMPV6, source, destination, payload_len)
    };
    let packet = LinkPacket::new(EtherType::IPV6, payload_len.saturating_add(40));
    tx.send(to, &packet, &mut |buffer: &mut [u8]| {
        let emitted = header.emit(buffer);
        debug_assert!(emitted.is_ok());
        if let Some(to) = buffer.get_mut(ipv6::HEADER_LEN..).filter(|to| to.len() == message.len()) {
            to.copy_from_slice(message);
        }
    })
}
