//! The way out: which, and along it.

use super::address::{packed, Address};
use super::SmallIp;
#[cfg(feature = "ipv6")]
use crate::martian::is_link_scoped_group;
use crate::martian::{kind, Kind};
use crate::output::complete_checksum;
use crate::path::PathFlags;
use crate::statistics::count;
use crate::{
    Advice, Fill, Instant, InterfaceId, InterfaceSet, IpLayer, Membership, OutFlags, Outgoing, Path, Routes,
    SendError, Source, Unreachable,
};
use core::net::IpAddr;
use tersus_phy::{LinkError, LinkLayer, LinkPacket, LinkTx};
use tersus_wire::checksum::Sum;
use tersus_wire::{EtherType, HardwareAddress};

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
        if from.interface.is_some_and(|id| id != ONLY) {
            return Err(Unreachable::InterfaceDown);
        }
        let mut flags = PathFlags::empty();
        flags.set(PathFlags::SOURCE_FIXED, from.address.is_some());
        flags.set(PathFlags::INTERFACE_FIXED, from.interface.is_some());
        if cfg!(not(feature = "ipv6")) && to.is_ipv6() {
            return Err(Unreachable::Family);
        }
        let source = from.address.map_or(Address::NONE, Address::new);
        let mut path = Path::EMPTY;
        let mut to_ask = Address::NONE;
        self.decide(flags, &source, &Address::new(to), &mut path, &mut to_ask)?;
        Ok(path)
    }

    fn generation(&self) -> u32 {
        self.generation
    }

    fn groups(&self, interface: InterfaceId) -> &[Membership] {
        self.groups.of(interface)
    }

    fn group_generation(&self) -> u32 {
        self.groups.generation
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

    fn groups(&self, interface: InterfaceId) -> &[Membership] {
        self.host.groups.of(interface)
    }

    fn group_generation(&self) -> u32 {
        self.host.groups.generation
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
    /// Decides the way to `to`. If the path is then still resolving, `to_ask` is the station whose hardware address is to
    /// be asked for.
    #[inline(never)]
    fn decide(
        &self,
        flags: PathFlags,
        from: &Address,
        to: &Address,
        path: &mut Path,
        to_ask: &mut Address,
    ) -> Result<(), Unreachable> {
        let kind = kind(&packed(to)).ok_or(Unreachable::Family)?;
        if matches!(kind, Kind::Unspecified | Kind::Reserved | Kind::Loopback) {
            return Err(Unreachable::Destination);
        }
        if !self.interface.is_up() {
            return Err(Unreachable::InterfaceDown);
        }
        let mut is_to_many = kind.is_many();
        let mut station = to;
        if let Some(own) = self.on_link(to) {
            if self.is_own(to) {
                // To ourselves there is no way: no link loops back.
                return Err(Unreachable::NoRoute);
            }
            is_to_many |= own.is_edge(to);
        } else if !is_to_many && kind != Kind::LinkLocal {
            station = self.gateway(to)?;
        }
        let source = if !flags.contains(PathFlags::SOURCE_FIXED) {
            self.source_for(to, station).ok_or(Unreachable::NoSource)?
        } else if self.is_own(from) {
            from
        } else if !from.is_unspecified() {
            return Err(Unreachable::NotOurs);
        } else if flags.contains(PathFlags::INTERFACE_FIXED) {
            from
        } else {
            return Err(Unreachable::NoSource);
        };
        path.begin(&packed(source), &packed(to), ONLY, self.interface.mtu()).ok_or(Unreachable::Family)?;
        path.generation = self.generation;
        path.flags = flags.difference(PathFlags::RESOLVING);
        if is_to_many || !self.interface.has_neighbours() {
            path.next_hop = self.interface.group_address(&packed(to));
            return Ok(());
        }
        for (index, entry) in (1..).zip(self.neighbours.iter()) {
            if entry.address == *station && entry.is_known(self.now) {
                path.neighbour = index;
                lead(path, &entry.hardware);
                return Ok(());
            }
        }
        path.flags.insert(PathFlags::RESOLVING);
        *to_ask = *station;
        Ok(())
    }

    /// The station that a packet to `to`, which is in no prefix of ours, goes to first.
    fn gateway<'t>(&'t self, to: &'t Address) -> Result<&'t Address, Unreachable> {
        let mut best = Err(Unreachable::NoRoute);
        let mut best_rank = 0;
        for via in self.routes.iter() {
            if via.rank > best_rank && via.prefix.shares(via.rank - 1, to) {
                best_rank = via.rank;
                best = Ok(if via.gateway.is_none() { to } else { &via.gateway });
            }
        }
        best
    }

    /// The source for `to` by way of `station`: over IPv4 that with the prefix that the station is in, or any; over IPv6
    /// the one nearest to the destination, if there is one of its scope. RFC 1122 §3.3.4.3, RFC 6724 §5 rules 2 and 8.
    #[inline(never)]
    pub(super) fn source_for(&self, to: &Address, station: &Address) -> Option<&Address> {
        #[cfg(feature = "ipv6")]
        if !to.is_ipv4() {
            return self.source_v6(to);
        }
        let _ = to;
        let own = match self.on_link(station) {
            Some(own) => own,
            None => self.addresses.iter().find(|own| is_of_v4(&own.address))?,
        };
        Some(&own.address)
    }

    #[cfg(feature = "ipv6")]
    fn source_v6(&self, to: &Address) -> Option<&Address> {
        let mut best = None;
        let mut best_rank = 0;
        for own in self.addresses.iter().filter(|own| own.address.is_like(to)) {
            let mut rank = 1 + u16::from(own.address.common_prefix_len(to).min(own.prefix_len));
            if is_link_local(&own.address) == is_link_local(to) {
                rank += 256;
            }
            if rank > best_rank {
                best_rank = rank;
                best = Some(&own.address);
            }
        }
        best
    }

    /// Whether nothing of a path must be decided again: what is entered anew among the neighbours moves the generation.
    fn is_ready(&self, path: &Path) -> bool {
        if path.generation != self.generation || path.is_resolving() {
            return false;
        }
        match path.neighbour.checked_sub(1) {
            Some(index) => {
                self.neighbours.get(usize::from(index)).is_some_and(|entry| self.now < entry.until)
            }
            None => true,
        }
    }

    #[cold]
    #[inline(never)]
    fn decide_again(&mut self, path: &mut Path) -> Result<(), SendError> {
        let flags = path.flags;
        let (source, to) = (Address::new(path.source()), Address::new(path.destination()));
        // The source stays, whoever chose it.
        let mut station = Address::NONE;
        let result = self.decide(flags | PathFlags::SOURCE_FIXED, &source, &to, path, &mut station);
        path.flags.set(PathFlags::SOURCE_FIXED, flags.contains(PathFlags::SOURCE_FIXED));
        let error = match result {
            Ok(()) if !path.is_resolving() => return Ok(()),
            Ok(()) => self.resolve(&station),
            Err(reason) => {
                path.flags.insert(PathFlags::RESOLVING);
                SendError::Unreachable(reason)
            }
        };
        count(match error {
            SendError::Resolving => &mut self.statistics.send_resolving,
            _ => &mut self.statistics.send_unreachable,
        });
        Err(error)
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
            if let Some(calls) = self.groups.calls {
                return (calls.send_alert)(self, tx, path, packet, len, fill);
            }
            count(&mut self.statistics.send_unreachable);
            return Err(SendError::Unreachable(Unreachable::LeftOut));
        }
        let max = path.max_segment_len();
        let Some(segment_len) = u16::try_from(len).ok().filter(|len| *len <= max) else {
            #[cfg(all(feature = "fragmentation", feature = "ipv4"))]
            return self.begin(path, packet, len, fill);
            #[cfg(not(all(feature = "fragmentation", feature = "ipv4")))]
            {
                count(&mut self.statistics.send_too_big);
                return Err(SendError::TooBig(path.mtu));
            }
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

/// Out of line, where two references are known to lie apart: else a `memmove` is linked for it.
#[inline(never)]
fn lead(path: &mut Path, next_hop: &HardwareAddress) {
    path.next_hop = *next_hop;
}

/// Whether there is an address of IPv4.
fn is_of_v4(address: &Address) -> bool {
    #[cfg(feature = "ipv6")]
    return matches!(address.get(), Some(IpAddr::V4(_)));
    #[cfg(not(feature = "ipv6"))]
    !address.is_none()
}

/// Of a station or group that is not beyond the link: 169.254/16, fe80::/10, 224.0.0/24, ff02::/16.
#[cfg(feature = "ipv6")]
fn is_link_local(address: &Address) -> bool {
    kind(address) == Some(Kind::LinkLocal) || (address.is_group() && is_link_scoped_group(address))
}
