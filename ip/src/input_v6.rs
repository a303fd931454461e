//! IPv6 input: RFC 8200 §3 and §4, RFC 4291 §2.

use crate::host::Host;
use crate::icmp_error::{Offender, Reason};
use crate::input::{deliver, Input, Link};
use crate::martian::{kind_v6, Kind};
#[cfg(feature = "fragmentation")]
use crate::reassembly::{Fragment, Outcome};
use crate::statistics::count;
use crate::{Addresses, Cast, InFlags, InterfaceId, IpMeta, PackedAddress, Transports};
use core::net::IpAddr;
use tersus_phy::LinkTx;
use tersus_wire::ipv6_ext::{walk, Accept, Chain, Decision, DropReason, Part};
use tersus_wire::{ipv6, IpProtocol};

impl<T: Transports + ?Sized> Input<'_, '_, T> {
    /// Out of line: IPv4 shall not have the stack frame of this.
    #[inline(never)]
    pub(crate) fn receive_v6(&mut self, link: &Link<'_>, packet: &mut [u8], back: &mut dyn LinkTx) {
        let host = &mut self.ip.host;
        count(&mut host.statistics.received_v6);
        let Ok((header, payload)) = ipv6::split_mut(packet) else {
            return count(&mut host.statistics.malformed);
        };
        let Some(arrival) = host.accept_v6(self.interface, self.flags, &header, payload, link.cast) else {
            return;
        };
        let payload_len = payload.len();
        let mut flags = self.flags;
        let reason = match host.walk(header.next_header(), payload, Part::Packet) {
            Ok(accept) if accept.protocol != IpProtocol::ICMPV6 && header.source().is_unspecified() => {
                return count(&mut host.statistics.martian_source);
            }
            Ok(accept) if accept.fragment.is_none() => {
                let Some((chain, segment)) = payload.split_at_mut_checked(usize::from(accept.len)) else {
                    return;
                };
                if !chain.is_empty() {
                    flags |= seen_in_chain(header.next_header(), chain, &accept);
                }
                let mut meta = IpMeta {
                    now: host.now,
                    interface: self.interface,
                    cast: arrival.cast,
                    protocol: accept.protocol,
                    hop_limit: header.hop_limit(),
                    traffic_class: header.traffic_class(),
                    flags,
                    addresses: Addresses::V6(header.addresses()),
                    reply_from: arrival.reply_from,
                    rx: *link.rx,
                };
                let at = accept.named_at;
                match deliver(host, self.transports, &mut meta, at, segment, link.from, back) {
                    Some(reason) => reason,
                    None => return,
                }
            }
            Ok(accept) => {
                let whole = ipv6::HEADER_LEN + payload_len;
                let header_len = ipv6::HEADER_LEN + usize::from(accept.len);
                let parts = packet.get(..whole).and_then(|packet| packet.split_at_checked(header_len));
                let Some((header, data)) = parts else { return };
                return self.fragment_v6(link, arrival, flags, &accept, header, data, back);
            }
            Err(Some(reason)) => reason,
            Err(None) => return,
        };
        let whole = ipv6::HEADER_LEN + payload_len;
        let parts = packet.get(..whole).and_then(|packet| packet.split_at_checked(ipv6::HEADER_LEN));
        let Some((header, rest)) = parts else { return };
        let offender = Offender { header, rest, cast: arrival.cast, source_cast: Cast::Unicast };
        host.refuse(self.interface, &offender, reason, link.from, back);
    }

    #[cfg(not(feature = "fragmentation"))]
    #[expect(clippy::too_many_arguments, reason = "as the one that does something")]
    fn fragment_v6(
        &mut self,
        _: &Link<'_>,
        _: Arrival,
        _: InFlags,
        _: &Accept,
        _: &[u8],
        _: &[u8],
        _: &mut dyn LinkTx,
    ) {
        count(&mut self.ip.host.statistics.fragment_refused);
    }

    /// Takes a part of a packet, and delivers the packet when it is complete.
    #[cfg(feature = "fragmentation")]
    #[expect(clippy::too_many_arguments, reason = "one call, of what is known of the fragment")]
    #[cold]
    fn fragment_v6(
        &mut self,
        link: &Link<'_>,
        arrival: Arrival,
        mut flags: InFlags,
        accept: &Accept,
        header: &[u8],
        data: &[u8],
        back: &mut dyn LinkTx,
    ) {
        let host = &mut self.ip.host;
        let Some(octets) = header.first_chunk() else { return };
        let fixed = ipv6::Header::new(octets);
        let Some(part) = accept.fragment else { return };
        flags.set(InFlags::ROUTER_ALERT, accept.router_alert.is_some());
        count(&mut host.statistics.fragments);
        host.is_changed = true;
        let fragment = Fragment {
            addresses: Addresses::V6(fixed.addresses()),
            interface: self.interface,
            cast: arrival.cast,
            protocol: part.next_header,
            identification: part.identification,
            offset: part.offset,
            more: part.more,
            flags,
            header,
            data,
        };
        let datagram = match self.ip.reassembly.receive(host.now, &fragment) {
            Outcome::Complete(datagram) => datagram,
            Outcome::Problem { pointer } => {
                let offender =
                    Offender { header, rest: data, cast: arrival.cast, source_cast: Cast::Unicast };
                return host.refuse(self.interface, &offender, Reason::BadField { pointer }, link.from, back);
            }
            Outcome::Held | Outcome::Dropped => return,
        };
        let cast = datagram.cast;
        let addresses = datagram.addresses;
        let reason = match host.walk(datagram.protocol, datagram.segment, Part::Fragmentable) {
            Ok(inner) => {
                let Some(segment) = datagram.segment.get_mut(usize::from(inner.len)..) else { return };
                let mut meta = IpMeta {
                    now: host.now,
                    interface: self.interface,
                    cast,
                    protocol: inner.protocol,
                    hop_limit: datagram.hop_limit,
                    traffic_class: datagram.traffic_class,
                    flags: datagram.flags,
                    addresses,
                    reply_from: if cast == arrival.cast { arrival.reply_from } else { None },
                    rx: link.rx_of_parts(),
                };
                let at = inner.named_at;
                deliver(host, self.transports, &mut meta, at, segment, link.from, back)
            }
            Err(reason) => reason,
        };
        if let Some(reason) = reason {
            let offender = Offender {
                header: datagram.header,
                rest: datagram.segment,
                cast,
                source_cast: Cast::Unicast,
            };
            host.refuse(self.interface, &offender, reason, link.from, back);
        }
    }
}

/// What an acceptable packet is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) cast: Cast,
    pub(crate) reply_from: Option<IpAddr>,
}

/// What a chain of extension headers tells the transports.
#[cold]
fn seen_in_chain(next_header: IpProtocol, chain: &[u8], accept: &Accept) -> InFlags {
    let mut flags = InFlags::empty();
    flags.set(InFlags::ROUTER_ALERT, accept.router_alert.is_some());
    let mut headers = Chain::new(next_header, chain);
    while let Ok(Some(header)) = headers.next_header() {
        // An atomic fragment: neighbour discovery must not come in one, RFC 6980 §5.
        if header.protocol == IpProtocol::FRAGMENT {
            flags.insert(InFlags::FRAGMENTED);
        }
    }
    flags
}

/// Whether a packet is of neighbour discovery, which judges messages with our source itself: they may be a conflict.
fn is_discovery(header: &ipv6::Header<'_>, payload: &[u8]) -> bool {
    header.next_header() == IpProtocol::ICMPV6
        && header.hop_limit() == tersus_wire::ndisc::HOP_LIMIT
        && matches!(payload.first(), Some(133..=137))
}

impl Host<'_> {
    /// Whether a packet is for us and comes from a host; if not, it is counted.
    fn accept_v6(
        &mut self,
        interface: InterfaceId,
        flags: InFlags,
        header: &ipv6::Header<'_>,
        payload: &[u8],
        link_cast: Cast,
    ) -> Option<Arrival> {
        let (source, destination) = (header.source(), header.destination());
        let is_loopback = flags.contains(InFlags::LOOPBACK);
        match kind_v6(source) {
            Kind::Unicast | Kind::LinkLocal => {}
            Kind::Loopback if is_loopback => {}
            // Duplicate address detection and MLD of hosts that start; both are ICMPv6.
            Kind::Unspecified => {}
            _ => {
                count(&mut self.statistics.martian_source);
                return None;
            }
        }
        let is_group = match kind_v6(destination) {
            Kind::Unicast | Kind::LinkLocal => false,
            Kind::Multicast => true,
            Kind::InterfaceLocal if is_loopback => true,
            Kind::Loopback if is_loopback => false,
            _ => {
                count(&mut self.statistics.martian_destination);
                return None;
            }
        };
        let own_source = PackedAddress::v6(source);
        let own_destination = PackedAddress::v6(destination);
        let mut is_own = false;
        for own in self.addresses.iter() {
            if own.interface != interface && !is_loopback {
                continue;
            }
            if own.address == own_source && !is_loopback && !is_discovery(header, payload) {
                count(&mut self.statistics.own_source);
                return None;
            }
            is_own |= own.address == own_destination;
        }
        if is_own && !source.is_unspecified() {
            let reply_from = (link_cast == Cast::Unicast).then_some(IpAddr::V6(destination));
            return Some(Arrival { cast: link_cast, reply_from });
        }
        if !is_group || !self.is_member(interface, &own_destination) {
            count(&mut self.statistics.not_for_us);
            return None;
        }
        // RFC 4443 §4.2: what is said to a group is answered from a unicast address.
        let reply_from = if source.is_unspecified() {
            None
        } else {
            self.select_source(interface, &own_source, &own_source).and_then(|from| from.get())
        };
        let cast = if link_cast == Cast::Broadcast { Cast::Broadcast } else { Cast::Multicast };
        Some(Arrival { cast, reply_from })
    }

    /// Walks the extension headers. `Err`: the packet is dropped, with a reason if an ICMP error is due.
    fn walk(&mut self, next_header: IpProtocol, bytes: &[u8], part: Part) -> Result<Accept, Option<Reason>> {
        let decision = walk(next_header, bytes, part, &self.config.extension_headers);
        match decision {
            Decision::Accept(accept) => Ok(accept),
            Decision::Drop(DropReason::NoNextHeader) => {
                count(&mut self.statistics.no_next_header);
                Err(None)
            }
            Decision::Drop(_) => {
                count(&mut self.statistics.bad_extension);
                Err(None)
            }
            Decision::Problem(problem) => {
                count(&mut self.statistics.bad_extension);
                Err(Some(problem.into()))
            }
        }
    }
}
