//! Neighbour discovery, RFC 4861 §7, as far as a small host takes part in it: it answers solicitations, asks, and
//! believes advertisements of those whom it asked.

use super::neighbours::Heard;
use super::SmallIp;
use crate::martian::{kind_v6, Kind};
use crate::statistics::count;
use crate::{IpMeta, OutFlags, Outgoing, PackedAddress, SendError};
use core::net::{IpAddr, Ipv6Addr};
use tersus_phy::{LinkControl, LinkError, LinkTx};
use tersus_wire::ip::solicited_node;
use tersus_wire::ndisc::{
    AdvertFlags, AdvertisementRepr, Options, SolicitationRepr, ALL_NODES, HOP_LIMIT, NEIGHBOUR_ADVERTISEMENT,
    NEIGHBOUR_SOLICITATION,
};
use tersus_wire::{HardwareAddress, IpProtocol};

impl SmallIp<'_> {
    /// Takes a neighbour discovery message that came behind no extension header and whose checksum is right. Differs:
    /// RFC 6980 §5 forbids a fragment header alone before it.
    #[inline(never)]
    pub(super) fn on_nd(
        &mut self,
        meta: &IpMeta<'_>,
        message: &[u8],
        from: &HardwareAddress,
        back: &mut dyn LinkTx,
    ) {
        count(&mut self.statistics.nd_received);
        let (IpAddr::V6(source), IpAddr::V6(destination)) =
            (meta.addresses.source(), meta.addresses.destination())
        else {
            return;
        };
        let parts = message.split_first_chunk::<8>().filter(|_| meta.hop_limit == HOP_LIMIT);
        let Some((&[kind, 0, _, _, flags, _, _, _], body)) = parts else {
            return count(&mut self.statistics.nd_dropped);
        };
        let flags = AdvertFlags::from_bits_truncate(flags);
        let Some((octets, options)) = body.split_first_chunk::<16>() else {
            return count(&mut self.statistics.nd_dropped);
        };
        let (target, Ok(options)) = (Ipv6Addr::from(*octets), Options::parse(options)) else {
            return count(&mut self.statistics.nd_dropped);
        };
        let hardware = self.interface.properties.hardware_address;
        let given = match kind {
            NEIGHBOUR_SOLICITATION => options.source_link_layer(),
            _ => options.target_link_layer(),
        };
        let given = given.and_then(|option| option.address(&hardware));
        if given.is_some_and(|address| !address.is_unicast() || address == hardware) || *from == hardware {
            return count(&mut self.statistics.nd_dropped);
        }
        let is_own = self.is_own(&PackedAddress::v6(target));
        match kind {
            NEIGHBOUR_SOLICITATION if is_own => {
                let is_probe = source.is_unspecified();
                // §7.1.1: a probe goes to the solicited-node group and names no link-layer address.
                if is_probe && (given.is_some() || destination != solicited_node(target)) {
                    return count(&mut self.statistics.nd_dropped);
                }
                let to = if is_probe { None } else { Some(given.unwrap_or(*from)) };
                if let Some(hardware) = given.filter(|_| self.is_station_v6(source)) {
                    self.heard(&PackedAddress::v6(source), &hardware, Heard::FOR_US | Heard::QUESTION);
                }
                self.advertise(target, if is_probe { ALL_NODES } else { source }, to, back);
            }
            NEIGHBOUR_ADVERTISEMENT if is_own => count(&mut self.statistics.address_conflicts),
            NEIGHBOUR_ADVERTISEMENT => {
                let is_solicited = flags.contains(AdvertFlags::SOLICITED);
                if target.is_multicast() || (is_solicited && destination.is_multicast()) {
                    return count(&mut self.statistics.nd_dropped);
                }
                let target = PackedAddress::v6(target);
                let Some(entry) = self.find(&target) else { return };
                let known = entry.hardware();
                let hardware = given.unwrap_or(known);
                // §7.2.5 I.: another address, and no right to replace ours.
                let may_replace = known.is_none() || flags.contains(AdvertFlags::OVERRIDE);
                if !hardware.is_none() && (hardware == known || may_replace) {
                    self.heard(&target, &hardware, if is_solicited { Heard::FOR_US } else { Heard::empty() });
                }
            }
            // Routers are configured, and solicitations for others are heard by groups that share an address.
            _ => count(&mut self.statistics.nd_dropped),
        }
    }

    /// Whether an address can be that of a station of the link.
    fn is_station_v6(&self, address: Ipv6Addr) -> bool {
        let packed = PackedAddress::v6(address);
        match kind_v6(address) {
            Kind::LinkLocal => true,
            Kind::Unicast => {
                !self.is_own(&packed)
                    && (self.addresses.iter().any(|own| own.contains(&packed))
                        || self.routes.iter().any(|via| via.gateway == packed))
            }
            _ => false,
        }
    }

    /// Says that an address is ours, RFC 4861 §7.2.4.
    fn advertise(
        &mut self,
        address: Ipv6Addr,
        destination: Ipv6Addr,
        to: Option<HardwareAddress>,
        back: &mut dyn LinkTx,
    ) {
        let mut flags = AdvertFlags::OVERRIDE;
        flags.set(AdvertFlags::SOLICITED, to.is_some());
        let target_link_layer = self.interface.properties.hardware_address;
        let message = AdvertisementRepr { flags, target: address, target_link_layer };
        let to = to.unwrap_or(self.interface.group_address(&PackedAddress::v6(destination)));
        let result = self.send_nd(&to, address, destination, message.buffer_len(), back, &mut |buffer| {
            // It is as long as was asked for.
            let _ = message.emit(address, destination, buffer);
        });
        count(match result {
            Ok(()) => &mut self.statistics.neighbour_answers,
            Err(_) => &mut self.statistics.neighbour_unsent,
        });
    }

    /// Asks all whose address may be `target`, RFC 4861 §7.2.2.
    pub(super) fn send_solicitation(
        &mut self,
        source: Ipv6Addr,
        target: Ipv6Addr,
        tx: &mut dyn LinkTx,
    ) -> Result<(), LinkError> {
        let group = solicited_node(target);
        let source_link_layer = self.interface.properties.hardware_address;
        let message = SolicitationRepr { target, source_link_layer };
        let to = self.interface.group_address(&PackedAddress::v6(group));
        let result = self.send_nd(&to, source, group, message.buffer_len(), tx, &mut |buffer| {
            let _ = message.emit(source, group, buffer);
        });
        match result {
            Ok(()) => Ok(()),
            Err(SendError::Full) => Err(LinkError::Full),
            Err(_) => Err(LinkError::Unreachable),
        }
    }

    fn send_nd(
        &mut self,
        to: &HardwareAddress,
        source: Ipv6Addr,
        destination: Ipv6Addr,
        len: usize,
        tx: &mut dyn LinkTx,
        fill: &mut dyn FnMut(&mut [u8]),
    ) -> Result<(), SendError> {
        let packet = Outgoing {
            protocol: IpProtocol::ICMPV6,
            hop_limit: HOP_LIMIT,
            traffic_class: 0,
            flags: OutFlags::empty(),
        };
        let (source, destination) = (PackedAddress::v6(source), PackedAddress::v6(destination));
        self.send_back(tx, to, &source, &destination, packet, len, &mut |buffer: &mut [u8]| fill(buffer))
    }

    /// Whether `group` is one of those that RFC 4291 §2.8 wants a host to be in.
    pub(super) fn is_member(&self, group: &PackedAddress) -> bool {
        *group == PackedAddress::v6(ALL_NODES)
            || self.addresses.iter().any(|own| group_of(own) == Some(*group))
    }

    /// Tells the link of those groups, of each once.
    pub(super) fn tell_groups(&mut self, link: &mut dyn FnMut(LinkControl<'_>)) {
        for index in 0..self.addresses.len() {
            let Some(own) = self.addresses.get(index) else { return };
            let Some(group) = group_of(own).filter(|_| !own.is_told) else { continue };
            let mut news = [Some(PackedAddress::v6(ALL_NODES)), Some(group)];
            for other in self.addresses.iter().filter(|other| other.is_told) {
                news[0] = None;
                if group_of(other) == Some(group) {
                    news[1] = None;
                }
            }
            for group in news.iter().flatten() {
                link(LinkControl::Join(&self.interface.group_address(group)));
            }
            if let Some(own) = self.addresses.get_mut(index) {
                own.is_told = true;
            }
            if let Some(calls) = self.groups.calls {
                (calls.enter)(self, group);
            }
        }
    }
}

/// The solicited-node group of an IPv6 address.
pub(super) fn group_of(own: &super::Own) -> Option<PackedAddress> {
    match own.address.get() {
        Some(IpAddr::V6(address)) => Some(PackedAddress::v6(solicited_node(address))),
        _ => None,
    }
}
