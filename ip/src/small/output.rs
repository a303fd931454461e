//! The way out: which, and along it.

use super::address::{packed, Address};
use super::{Relation, SmallIp};
#[cfg(feature = "ipv6")]
use crate::decide::label;
#[cfg(feature = "ipv6")]
use crate::martian::is_link_scoped_group;
use crate::martian::{kind, Kind};
use crate::path::PathFlags;
use crate::statistics::count;
use crate::{
    Advice, Fill, Instant, InterfaceId, InterfaceSet, IpLayer, Membership, OutFlags, Outgoing, Path, Routes,
    SendError, Source, Unreachable,
};
use core::fmt;
use core::net::IpAddr;
use tersus_phy::{LinkError, LinkLayer, LinkPacket, LinkTx, Medium};
use tersus_wire::checksum::Sum;
use tersus_wire::{EtherType, HardwareAddress};

/// The one link's interface.
pub(super) const ONLY: InterfaceId = InterfaceId(0);

/// Takes advice.
pub(super) type Advise = fn(&mut SmallIp<'_>, &Path, Advice);

/// The IP layer with its link, as transports see it during one turn.
pub struct Out<'r, 'a, L: LinkLayer + ?Sized> {
    pub(super) host: &'r mut SmallIp<'a>,
    pub(super) link: &'r mut L,
    pub(super) now: Instant,
}

impl<L: LinkLayer + ?Sized> fmt::Debug for Out<'_, '_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Out").field("now", &self.now).finish_non_exhaustive()
    }
}

impl Routes for SmallIp<'_> {
    fn route(&self, from: Source, to: IpAddr) -> Result<Path, Unreachable> {
        let mut flags = PathFlags::empty();
        if let Some(id) = from.interface {
            if id != ONLY {
                return Err(Unreachable::InterfaceDown);
            }
            flags |= PathFlags::INTERFACE_FIXED;
        }
        if cfg!(not(feature = "ipv6")) && to.is_ipv6() {
            return Err(Unreachable::Family);
        }
        let to = &Address::new(to);
        let fixed = from.address.map_or(Address::NONE, Address::new);
        let mut station = *to;
        let next = self.way(&fixed, &mut station)?;
        let mut source = &fixed;
        if from.address.is_none() {
            source = self.source_for(to, &station).ok_or(Unreachable::NoSource)?;
        } else {
            flags |= PathFlags::SOURCE_FIXED;
            if fixed.is_unspecified() && from.interface.is_none() {
                return Err(Unreachable::NoSource);
            }
        }
        if next == Next::Station && !self.is_known(&station) {
            flags |= PathFlags::RESOLVING;
        }
        #[cfg(feature = "ipv6")]
        if !source.is_like(to) {
            return Err(Unreachable::Family);
        }
        Ok(self.path(source, to, flags, &HardwareAddress::NONE))
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
        self.host.send(self.link.tx(self.now), path, packet, len, fill)
    }

    fn prepare(&mut self, path: &mut Path) -> Result<(), SendError> {
        path.mtu = self.host.interface.mtu();
        path.generation = self.host.generation;
        Ok(())
    }

    fn room(&self) -> InterfaceSet {
        if self.host.is_full {
            InterfaceSet::NONE
        } else {
            InterfaceSet::ALL
        }
    }

    fn advise(&mut self, path: &Path, advice: Advice) {
        if let Some(advise) = self.host.advise {
            advise(self.host, path, advice);
        }
    }
}

impl SmallIp<'_> {
    /// From now on progress of a transport is a sign of life of the neighbour that its packets go to, RFC 1122 §2.3.2.1
    /// (4); before, what transports advise is not heard, and such a neighbour is asked for again when its entry runs out.
    /// Of the small transports none advises; [`Transport`](crate::Transport)s of large hosts do, so a host that puts
    /// `tersus_tcp::Tcp` over this layer calls this once. It is a call since it is code that others are spared.
    pub fn take_advice(&mut self) {
        self.advise = Some(|host, path, advice| {
            if advice == Advice::Reachable {
                host.confirm(path);
            }
        });
    }

    /// A path between two addresses of one family.
    #[inline(never)]
    pub(super) fn path(
        &self,
        source: &Address,
        to: &Address,
        flags: PathFlags,
        next_hop: &HardwareAddress,
    ) -> Path {
        let generation = self.generation;
        let mut path = Path { generation, flags, next_hop: *next_hop, ..Path::EMPTY };
        let _ = path.begin(&packed(source), &packed(to), ONLY, self.interface.mtu());
        path
    }

    /// Whom packets from `from`, if that is known, to `to` go to first; if that is a station, it takes the place of `to`.
    #[inline(never)]
    fn way(&self, from: &Address, to: &mut Address) -> Result<Next, Unreachable> {
        let kind = kind(&packed(to)).ok_or(Unreachable::Family)?;
        if matches!(kind, Kind::Unspecified | Kind::Reserved | Kind::Loopback) || kind.is_interface_local() {
            return Err(Unreachable::Destination);
        }
        if !self.interface.is_up() {
            return Err(Unreachable::InterfaceDown);
        }
        if !from.is_unspecified() && !self.is_own(from) {
            return Err(Unreachable::NotOurs);
        }
        match self.relation(to).0 {
            // To ourselves there is no way: no link loops back.
            Relation::Own => Err(Unreachable::NoRoute),
            Relation::Edge => Ok(Next::Many),
            _ if kind.is_many() || self.interface.properties.medium == Medium::Ip => Ok(Next::Many),
            Relation::Far if kind != Kind::LinkLocal => self.go_by_gateway(to),
            Relation::Near | Relation::Far => Ok(Next::Station),
        }
    }

    /// Finds the hardware address that packets along `path` go to, or asks for it. The addresses of the path stay.
    fn lead(&mut self, path: &mut Path) -> Result<(), SendError> {
        let (source, mut to) = (Address::new(path.source()), Address::new(path.destination()));
        if self.way(&source, &mut to).map_err(SendError::Unreachable)? == Next::Station {
            return self.resolve(&to, path);
        }
        path.next_hop = many(&self.interface, &to);
        Ok(())
    }

    /// Puts the gateway in the place of the destination `to`, which is in no prefix of ours.
    #[inline(always)]
    fn go_by_gateway(&self, to: &mut Address) -> Result<Next, Unreachable> {
        let mut best_rank = 0;
        let mut gateway = Address::NONE;
        for via in self.routes.iter() {
            if via.rank > best_rank && via.prefix.shares(via.rank - 1, to) {
                best_rank = via.rank;
                gateway = via.gateway;
            }
        }
        if best_rank == 0 {
            return Err(Unreachable::NoRoute);
        }
        if !gateway.is_none() {
            *to = gateway;
        }
        Ok(Next::Station)
    }

    /// The source for `to` by way of `station`: over IPv4 that with the prefix that the station is in, or any; over IPv6
    /// the one nearest to the destination, if there is one of its scope, before all of its label. RFC 1122 §3.3.4.3,
    /// RFC 6724 §5 rules 2, 6 and 8.
    #[inline(never)]
    pub(super) fn source_for(&self, to: &Address, station: &Address) -> Option<&Address> {
        #[cfg(feature = "ipv6")]
        if !to.is_ipv4() {
            return self.source_v6(to);
        }
        let _ = to;
        let own = match self.relation(station) {
            (_, Some(own)) => own,
            (_, None) => self.addresses.iter().find(|own| is_of_v4(&own.address))?,
        };
        Some(&own.address)
    }

    #[cfg(feature = "ipv6")]
    fn source_v6(&self, to: &Address) -> Option<&Address> {
        let mut best = None;
        let mut best_rank = 0;
        for own in self.addresses.iter().filter(|own| own.address.is_like(to)) {
            let mut rank = 1 + u16::from(own.address.common_prefix_len(to).min(own.prefix_len));
            if label(&own.address) == label(to) {
                rank += 256;
            }
            if is_link_local(&own.address) == is_link_local(to) {
                rank += 512;
            }
            if rank > best_rank {
                best_rank = rank;
                best = Some(&own.address);
            }
        }
        best
    }

    /// Sends one packet along a path.
    pub(super) fn send(
        &mut self,
        tx: &mut dyn LinkTx,
        path: &mut Path,
        packet: Outgoing,
        len: usize,
        fill: &mut dyn Fill,
    ) -> Result<(), SendError> {
        if let Err(error) = self.lead(path) {
            path.flags.insert(PathFlags::RESOLVING);
            count(match error {
                SendError::Resolving => &mut self.statistics.send_resolving,
                _ => &mut self.statistics.send_unreachable,
            });
            return Err(error);
        }
        self.send_on(tx, path, packet, len, fill)
    }

    /// As [`SmallIp::send`], along a path whose next hop is known.
    #[inline(never)]
    pub(super) fn send_on(
        &mut self,
        tx: &mut dyn LinkTx,
        path: &Path,
        packet: Outgoing,
        len: usize,
        fill: &mut dyn Fill,
    ) -> Result<(), SendError> {
        if packet.flags.intersects(OutFlags::ROUTER_ALERT.union(OutFlags::PARTIAL_CHECKSUM)) {
            if let Some(send) = self.special {
                return send(self, tx, path, packet, len, fill);
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
        let result =
            tx.send(&path.next_hop, &LinkPacket::new(ether_type, total), &mut |buffer: &mut [u8]| {
                if let Some(segment) = write_header(path, packet, total, buffer) {
                    fill.fill(segment);
                }
            });
        let (counter, result) = match result {
            Ok(()) => (&mut self.statistics.sent, Ok(())),
            Err(LinkError::Full) => {
                self.is_full = true;
                (&mut self.statistics.send_full, Err(SendError::Full))
            }
            // Also if the link carries less than it said.
            Err(LinkError::TooBig | LinkError::Unreachable) => (
                &mut self.statistics.send_unreachable,
                Err(SendError::Unreachable(Unreachable::InterfaceDown)),
            ),
        };
        count(counter);
        result
    }
}

/// Whom a packet goes to first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A station of the link.
    Station,
    /// All of them, a group, or whoever is at the other end.
    Many,
}

/// Where packets for a group, or for all stations, go on a link with hardware addresses.
#[cfg(feature = "ipv6")]
fn many(interface: &crate::Interface, to: &Address) -> HardwareAddress {
    interface.group_address(to)
}

/// Where packets for a group, RFC 1112 §6.4, or for all stations go: of links that carry IPv4 only Ethernet has hardware
/// addresses.
#[cfg(not(feature = "ipv6"))]
fn many(_interface: &crate::Interface, to: &Address) -> HardwareAddress {
    let address = match to.v4_bits() {
        Some(bits @ 0xe000_0000..=0xefff_ffff) => 0x0100_5e00_0000 | u64::from(bits & 0x007f_ffff),
        _ => 0xffff_ffff_ffff,
    };
    let [_, _, octets @ ..] = u64::to_be_bytes(address);
    HardwareAddress::from_ethernet(&octets)
}

/// Writes the template of a path with what changes from packet to packet, of so many octets; the rest of `buffer` is the
/// segment.
fn write_header<'b>(path: &Path, packet: Outgoing, total: u16, buffer: &'b mut [u8]) -> Option<&'b mut [u8]> {
    #[cfg(feature = "ipv6")]
    if path.is_ipv6() {
        let (header, segment) = buffer.split_first_chunk_mut::<40>()?;
        let [l0, l1] = total.wrapping_sub(40).to_be_bytes();
        *header = path.header;
        header[0] |= packet.traffic_class >> 4;
        header[1] |= packet.traffic_class << 4;
        header[4] = l0;
        header[5] = l1;
        header[6] = packet.protocol.0;
        if packet.hop_limit != 0 {
            header[7] = packet.hop_limit;
        }
        return Some(segment);
    }
    let (header, segment) = buffer.split_first_chunk_mut::<20>()?;
    *header = *path.header.first_chunk()?;
    header[1] = packet.traffic_class;
    // In one piece: octet by octet it is twice the code.
    if let Some(place) = header.get_mut(2..).and_then(<[u8]>::first_chunk_mut) {
        *place = total.to_be_bytes();
    }
    header[6] = 0x40;
    if packet.hop_limit != 0 {
        header[8] = packet.hop_limit;
    }
    header[9] = packet.protocol.0;
    let [c0, c1] = Sum::new().add_bytes(header).checksum().to_be_bytes();
    header[10] = c0;
    header[11] = c1;
    Some(segment)
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
