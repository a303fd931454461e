//! The way out: which, and along it.

use super::SmallIp;
use crate::decide::Origin;
use crate::martian::{is_link_scoped_group, kind, Kind};
use crate::output::complete_checksum;
use crate::path::PathFlags;
use crate::statistics::count;
use crate::{
    Advice, Fill, Instant, InterfaceId, InterfaceSet, IpLayer, Membership, OutFlags, Outgoing, PackedAddress,
    Path, Routes, SendError, Source, Unreachable,
};
use core::net::IpAddr;
use tersus_phy::{LinkError, LinkLayer, LinkPacket, LinkTx};
use tersus_wire::checksum::Sum;
use tersus_wire::EtherType;

/// The one link's interface.
pub(super) const ONLY: InterfaceId = InterfaceId(0);

/// The IP layer with its link, as transports see it during one turn.
pub struct Out<'r, 'a, L: LinkLayer + ?Sized> {
    pub(super) host: &'r mut SmallIp<'a>,
    pub(super) link: &'r mut L,
    pub(super) now: Instant,
}

impl Routes for SmallIp<'_> {
    fn route(&self, from: Source, to: IpAddr) -> Result<Path, Unreachable> {
        let mut path = Path::EMPTY;
        let mut station = PackedAddress::NONE;
        self.way(&from.into(), &PackedAddress::new(to), &mut path, &mut station)?;
        if !station.is_none() {
            match self.known(&station) {
                Some((index, hardware)) => {
                    path.neighbour = index.saturating_add(1);
                    path.next_hop = hardware;
                }
                None => path.flags.insert(PathFlags::RESOLVING),
            }
        }
        Ok(path)
    }

    fn generation(&self) -> u32 {
        self.generation
    }

    fn groups(&self, _interface: InterfaceId) -> &[Membership] {
        &[]
    }

    fn group_generation(&self) -> u32 {
        0
    }

    fn interface_count(&self) -> u8 {
        1
    }
}

impl<L: LinkLayer + ?Sized> Routes for Out<'_, '_, L> {
    fn route(&self, from: Source, to: IpAddr) -> Result<Path, Unreachable> {
        self.host.route(from, to)
    }

    fn generation(&self) -> u32 {
        self.host.generation
    }

    fn groups(&self, _interface: InterfaceId) -> &[Membership] {
        &[]
    }

    fn group_generation(&self) -> u32 {
        0
    }

    fn interface_count(&self) -> u8 {
        1
    }
}

impl<L: LinkLayer + ?Sized> IpLayer for Out<'_, '_, L> {
    fn now(&self) -> Instant {
        self.now
    }

    fn send(
        &mut self,
        path: &mut Path,
        packet: Outgoing,
        len: usize,
        fill: &mut dyn Fill,
    ) -> Result<(), SendError> {
        if !self.host.is_ready(path) {
            self.host.decide_again(path)?;
        }
        self.host.send(self.link.tx(self.now), path, packet, len, fill)
    }

    fn room(&self) -> InterfaceSet {
        if self.host.is_full {
            InterfaceSet::NONE
        } else {
            InterfaceSet::ALL
        }
    }

    fn advise(&mut self, path: &Path, advice: Advice) {
        if advice == Advice::Reachable {
            self.host.confirm(path);
        }
    }
}

impl SmallIp<'_> {
    /// Decides the way to `to`, but for the hardware address of the station that must be asked for: `next_hop` is its
    /// address, and stays as it is if there is none to ask.
    #[inline(never)]
    fn way(
        &self,
        from: &Origin,
        to: &PackedAddress,
        path: &mut Path,
        next_hop: &mut PackedAddress,
    ) -> Result<(), Unreachable> {
        let kind = kind(to).ok_or(Unreachable::Family)?;
        if matches!(kind, Kind::Unspecified | Kind::Reserved | Kind::Loopback) {
            return Err(Unreachable::Destination);
        }
        if from.interface.is_some_and(|id| id != ONLY) || !self.interface.is_up() {
            return Err(Unreachable::InterfaceDown);
        }
        let station = if kind.is_many() || kind == Kind::LinkLocal { to } else { self.next_hop(to)? };
        let mut source = from.address;
        if source.is_none() {
            source = self.source_for(to, station).ok_or(Unreachable::NoSource)?;
        } else if source.is_unspecified() {
            from.interface.ok_or(Unreachable::NoSource)?;
        } else if !self.is_own(&source) {
            return Err(Unreachable::NotOurs);
        }
        path.begin(&source, to, ONLY, self.interface.mtu()).ok_or(Unreachable::Family)?;
        path.generation = self.generation;
        path.flags.set(PathFlags::SOURCE_FIXED, !from.address.is_none());
        path.flags.set(PathFlags::INTERFACE_FIXED, from.interface.is_some());
        if kind.is_many() || self.is_broadcast(to) || !self.interface.has_neighbours() {
            path.next_hop = self.interface.group_address(to);
        } else {
            *next_hop = *station;
        }
        Ok(())
    }

    /// The station that a packet to `to` goes to first.
    fn next_hop<'t>(&'t self, to: &'t PackedAddress) -> Result<&'t PackedAddress, Unreachable> {
        if self.addresses.iter().any(|own| own.contains(to)) {
            // To ourselves there is no way: no link loops back.
            return if self.is_own(to) { Err(Unreachable::NoRoute) } else { Ok(to) };
        }
        let mut best = None;
        let mut best_len = 0;
        for via in self.routes.iter() {
            if via.prefix_len >= best_len && via.prefix.shares(via.prefix_len, to) {
                best_len = via.prefix_len;
                best = Some(if via.gateway.is_none() { to } else { &via.gateway });
            }
        }
        best.ok_or(Unreachable::NoRoute)
    }

    /// The source for `to`: of the addresses of its family and, over IPv6, of its scope if there is one, the one nearest
    /// to the next hop, or over IPv6 to the destination. RFC 1122 §3.3.4.3, RFC 6724 §5 rules 2 and 8.
    #[inline(never)]
    pub(super) fn source_for(&self, to: &PackedAddress, station: &PackedAddress) -> Option<PackedAddress> {
        let near = if to.is_ipv4() { station } else { to };
        let mut best = None;
        let mut best_rank = 0;
        for own in self.addresses.iter() {
            if !own.address.is_like(to) {
                continue;
            }
            let mut rank = 1 + u16::from(own.address.common_prefix_len(near).min(own.prefix_len));
            if cfg!(feature = "ipv6") && is_link_local(&own.address) == is_link_local(to) {
                rank += 256;
            }
            if rank > best_rank {
                best_rank = rank;
                best = Some(&own.address);
            }
        }
        best.copied()
    }

    /// Whether `to` is the broadcast address of a prefix of ours.
    fn is_broadcast(&self, to: &PackedAddress) -> bool {
        #[cfg(feature = "ipv4")]
        if let Some(IpAddr::V4(to)) = to.get() {
            let mut ranges = self.addresses.iter().filter_map(super::Own::range_v4);
            return ranges.any(|range| range.is_broadcast(to));
        }
        let _ = to;
        false
    }

    /// Whether nothing of a path must be decided again.
    fn is_ready(&self, path: &Path) -> bool {
        if path.generation != self.generation || path.is_resolving() {
            return false;
        }
        match path.neighbour.checked_sub(1).map(|index| self.neighbours.get(usize::from(index))) {
            Some(Some(entry)) => entry.hardware == path.next_hop && self.now < entry.until,
            Some(None) => false,
            None => true,
        }
    }

    #[cold]
    #[inline(never)]
    fn decide_again(&mut self, path: &mut Path) -> Result<(), SendError> {
        let (source, to) = path.ends();
        let is_source_fixed = path.is_source_fixed();
        let from = Origin { address: source, interface: path.is_interface_fixed().then_some(ONLY) };
        let mut station = PackedAddress::NONE;
        let result = match self.way(&from, &to, path, &mut station) {
            Ok(()) if station.is_none() => Ok((u16::MAX, path.next_hop)),
            Ok(()) => self.resolve(&station),
            Err(reason) => Err(SendError::Unreachable(reason)),
        };
        path.flags.set(PathFlags::SOURCE_FIXED, is_source_fixed);
        match result {
            Ok((index, hardware)) => {
                path.neighbour = index.wrapping_add(1);
                path.next_hop = hardware;
                Ok(())
            }
            Err(error) => {
                path.flags.insert(PathFlags::RESOLVING);
                count(match error {
                    SendError::Resolving => &mut self.statistics.send_resolving,
                    _ => &mut self.statistics.send_unreachable,
                });
                Err(error)
            }
        }
    }

    /// Sends one packet along a path that is ready.
    #[inline(never)]
    pub(super) fn send(
        &mut self,
        tx: &mut dyn LinkTx,
        path: &mut Path,
        packet: Outgoing,
        len: usize,
        fill: &mut dyn Fill,
    ) -> Result<(), SendError> {
        if packet.flags.contains(OutFlags::ROUTER_ALERT) {
            count(&mut self.statistics.send_unreachable);
            return Err(SendError::Unreachable(Unreachable::LeftOut));
        }
        let max = path.max_segment_len();
        let Some(segment_len) = u16::try_from(len).ok().filter(|len| *len <= max) else {
            count(&mut self.statistics.send_too_big);
            return Err(SendError::TooBig(path.mtu));
        };
        let (ether_type, header_len) =
            if path.is_ipv6() { (EtherType::IPV6, 40) } else { (EtherType::IPV4, 20) };
        let total = segment_len + header_len;
        let hop_limit = if packet.hop_limit == 0 { 64 } else { packet.hop_limit };
        let packet = Outgoing { hop_limit, ..packet };
        let kept = &*path;
        let result =
            tx.send(&kept.next_hop, &LinkPacket::new(ether_type, total), &mut |buffer: &mut [u8]| {
                let Some((header, segment)) = buffer.split_at_mut_checked(usize::from(header_len)) else {
                    return;
                };
                write_header(kept, packet, header, segment_len);
                fill.fill(segment);
                if packet.flags.contains(OutFlags::PARTIAL_CHECKSUM) {
                    complete_checksum(packet.protocol, segment);
                }
            });
        match result {
            Ok(()) => {
                count(&mut self.statistics.sent);
                Ok(())
            }
            Err(LinkError::Full) => {
                self.is_full = true;
                count(&mut self.statistics.send_full);
                Err(SendError::Full)
            }
            Err(LinkError::TooBig) => {
                // The link carries less than it said; the sender's next try shall not be the same.
                path.mtu = path.mtu.saturating_sub(8);
                count(&mut self.statistics.send_too_big);
                Err(SendError::TooBig(path.mtu))
            }
            Err(LinkError::Unreachable) => {
                count(&mut self.statistics.send_unreachable);
                Err(SendError::Unreachable(Unreachable::InterfaceDown))
            }
        }
    }
}

/// Writes the template of a path with what changes from packet to packet; `len` is that of the segment.
fn write_header(path: &Path, packet: Outgoing, header: &mut [u8], len: u16) {
    for (to, from) in header.iter_mut().zip(&path.header) {
        *to = *from;
    }
    if path.is_ipv6() {
        #[cfg(feature = "ipv6")]
        if let Some(header) = header.first_chunk_mut::<40>() {
            let [l0, l1] = len.to_be_bytes();
            header[0] |= packet.traffic_class >> 4;
            header[1] |= packet.traffic_class << 4;
            header[4] = l0;
            header[5] = l1;
            header[6] = packet.protocol.0;
            header[7] = packet.hop_limit;
        }
    } else if let Some(header) = header.first_chunk_mut::<20>() {
        let [l0, l1] = (len + 20).to_be_bytes();
        header[1] = packet.traffic_class;
        header[2] = l0;
        header[3] = l1;
        header[6] = 0x40;
        header[8] = packet.hop_limit;
        header[9] = packet.protocol.0;
        let [c0, c1] = Sum::new().add_bytes(header).checksum().to_be_bytes();
        header[10] = c0;
        header[11] = c1;
    }
}

/// Of a station or group that is not beyond the link: 169.254/16, fe80::/10, 224.0.0/24, ff02::/16.
fn is_link_local(address: &PackedAddress) -> bool {
    kind(address) == Some(Kind::LinkLocal) || (address.is_group() && is_link_scoped_group(address))
}
