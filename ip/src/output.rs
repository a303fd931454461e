//! Output: from a path and a segment to a packet on a link. RFC 791 §3, RFC 8200 §3.
//!
//! ```text
//!   send ── path of an old generation? ── decide again, resolve ──> Resolving, Unreachable
//!     │
//!     ├── no room on the interface ──> Full
//!     ├── above the MTU, router alert ──> fragment buffers, options ──> TooBig
//!     └── template of the path, patched ── link's buffer: header, then `fill` writes the segment
//! ```

mod ready;
mod special;

use crate::host::Host;
use crate::path::PathFlags;
use crate::statistics::count;
use crate::{
    Advice, Fill, Instant, InterfaceId, InterfaceSet, Ip, IpLayer, Membership, OutFlags, Outgoing,
    PackedAddress, Path, Routes, SendError, Source, Unreachable,
};
use core::net::IpAddr;
use tersus_phy::{LinkError, LinkLayer, LinkPacket, LinkTx, TxChecksum};
#[cfg(feature = "ipv6")]
use tersus_wire::ipv6;
use tersus_wire::{checksum::Sum, EtherType, HardwareAddress, IpProtocol};

/// The IP layer with its links, as transports see it during one turn.
pub struct Out<'r, 'a, 'l, L: LinkLayer + ?Sized> {
    ip: &'r mut Ip<'a>,
    links: &'r mut [&'l mut L],
    now: Instant,
}

impl<L: LinkLayer + ?Sized> core::fmt::Debug for Out<'_, '_, '_, L> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Out {{ {}, {} links, .. }}", self.now, self.links.len())
    }
}

impl<'a> Ip<'a> {
    /// The IP layer with its links, to be handed to the transports' `transmit`. `links[i]` is interface `i`.
    pub fn out<'r, 'l, L: LinkLayer + ?Sized>(
        &'r mut self,
        now: Instant,
        links: &'r mut [&'l mut L],
    ) -> Out<'r, 'a, 'l, L> {
        self.host.now = now;
        self.host.is_turn_due = false;
        Out { ip: self, links, now }
    }
}

impl<L: LinkLayer + ?Sized> Routes for Out<'_, '_, '_, L> {
    fn route(&self, from: Source, to: IpAddr) -> Result<Path, Unreachable> {
        self.ip.route(from, to)
    }

    fn generation(&self) -> u32 {
        self.ip.generation()
    }

    fn groups(&self, interface: InterfaceId) -> &[Membership] {
        self.ip.groups(interface)
    }

    fn group_generation(&self) -> u32 {
        self.ip.group_generation()
    }

    fn interface_count(&self) -> u8 {
        self.ip.interface_count()
    }
}

impl<L: LinkLayer + ?Sized> IpLayer for Out<'_, '_, '_, L> {
    fn now(&self) -> Instant {
        self.now
    }

    // In line where flash is not short, for transports that are so far in line themselves.
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    fn send(
        &mut self,
        path: &mut Path,
        packet: Outgoing,
        len: usize,
        fill: &mut dyn Fill,
    ) -> Result<(), SendError> {
        let host = &mut self.ip.host;
        host.make_ready(path)?;
        let Some(link) = self.links.get_mut(usize::from(path.interface.0)) else {
            return Err(SendError::Unreachable(Unreachable::InterfaceDown));
        };
        host.send(link.tx(self.now), path, packet, len, fill)
    }

    fn room(&self) -> InterfaceSet {
        self.ip.host.room()
    }

    fn advise(&mut self, path: &Path, advice: Advice) {
        self.ip.host.advise(path, advice);
    }
}

impl Host<'_> {
    /// Sends one packet along a path that is ready.
    #[cfg_attr(not(target_pointer_width = "32"), inline)]
    pub(crate) fn send(
        &mut self,
        tx: &mut dyn LinkTx,
        path: &mut Path,
        packet: Outgoing,
        len: usize,
        fill: &mut dyn Fill,
    ) -> Result<(), SendError> {
        if !self.full.is_empty() && self.full.contains(path.interface) {
            count(&mut self.statistics.send_full);
            return Err(SendError::Full);
        }
        let is_special = packet.flags.intersects(OutFlags::ROUTER_ALERT.union(OutFlags::PARTIAL_CHECKSUM))
            && (packet.flags.contains(OutFlags::ROUTER_ALERT) || !path.has_checksum_offload());
        let result = match path.family {
            #[cfg(feature = "ipv4")]
            4 if !is_special && path.carries(len) => {
                let len = u16::try_from(len).unwrap_or(u16::MAX);
                let header = self.header_v4(path, packet, len);
                let link_packet = link_packet(EtherType::IPV4, 20, packet, len);
                tx.send(&path.next_hop, &link_packet, &mut behind(header, fill))
            }
            #[cfg(feature = "ipv6")]
            6 if !is_special && path.carries(len) => {
                let len = u16::try_from(len).unwrap_or(u16::MAX);
                let header = header_v6(path, packet, packet.protocol, len);
                let link_packet = link_packet(EtherType::IPV6, 40, packet, len);
                tx.send(&path.next_hop, &link_packet, &mut behind([header], fill))
            }
            4 | 6 => {
                let hop_limit = if packet.hop_limit == 0 { path.hop_limit() } else { packet.hop_limit };
                return self.send_special(tx, path, Outgoing { hop_limit, ..packet }, len, fill);
            }
            _ => return Err(SendError::Unreachable(Unreachable::Family)),
        };
        self.after_send(path, result)
    }

    /// What the link's answer means for the sender.
    #[inline]
    fn after_send(&mut self, path: &mut Path, result: Result<(), LinkError>) -> Result<(), SendError> {
        match result {
            Ok(()) => {
                count(&mut self.statistics.sent);
                self.count_sent(path.interface);
                Ok(())
            }
            Err(error) => Err(self.refused(path, error)),
        }
    }

    #[cold]
    #[inline(never)]
    fn refused(&mut self, path: &mut Path, error: LinkError) -> SendError {
        match error {
            LinkError::Full => {
                self.link_full(path.interface);
                count(&mut self.statistics.send_full);
                SendError::Full
            }
            LinkError::TooBig => {
                // The link carries less than it said; the sender's next try shall not be the same.
                path.mtu = path.mtu.saturating_sub(8);
                count(&mut self.statistics.send_too_big);
                SendError::TooBig(path.mtu)
            }
            LinkError::Unreachable => {
                count(&mut self.statistics.send_unreachable);
                SendError::Unreachable(Unreachable::InterfaceDown)
            }
        }
    }

    /// The link of an interface answered `Full`.
    pub(crate) fn link_full(&mut self, interface: InterfaceId) {
        self.full.insert(interface);
        self.is_changed = true;
        if let Some(interface) = self.interface_mut(interface) {
            count(&mut interface.statistics.full);
        }
    }

    pub(crate) fn count_sent(&mut self, interface: InterfaceId) {
        if let Some(interface) = self.interface_mut(interface) {
            count(&mut interface.statistics.sent);
        }
    }

    /// The template of an IPv4 path, with what changes from packet to packet; word by word, so that each is stored in one.
    #[cfg(feature = "ipv4")]
    #[cfg_attr(not(target_pointer_width = "32"), inline)]
    fn header_v4(&mut self, path: &Path, packet: Outgoing, len: u16) -> [[u8; 4]; 5] {
        let [l0, l1] = (20 + len).to_be_bytes();
        let (id, df) = if packet.flags.contains(OutFlags::DONT_FRAGMENT) {
            // RFC 6864 §4.1: the identification of an atomic datagram means nothing.
            (0, 0x4000)
        } else {
            (self.next_identification(path), 0)
        };
        let hop_limit = if packet.hop_limit == 0 { path.header[8] } else { packet.hop_limit };
        // What is summed is what is stored.
        let first = u32::from_be_bytes([0x45, packet.traffic_class, l0, l1]);
        let second = u32::from(id) << 16 | df;
        let third = u16::from_be_bytes([hop_limit, packet.protocol.0]);
        let words = [first.to_be(), second.to_be(), u32::from(third.to_be())];
        let checksum = path.addresses_sum.add_words(words).checksum();
        let ([a, b], [c, d]) = (third.to_be_bytes(), checksum.to_be_bytes());
        let [e, f, g, h, i, j, k, l] = path.addresses_v4();
        [first.to_be_bytes(), second.to_be_bytes(), [a, b, c, d], [e, f, g, h], [i, j, k, l]]
    }

    /// Sends a packet to where another came from: header and payload are there already.
    ///
    /// What is larger than the interface carries goes to the fragment buffers.
    #[expect(clippy::too_many_arguments, reason = "one call, of what a packet consists of")]
    pub(crate) fn send_back(
        &mut self,
        back: &mut dyn LinkTx,
        interface: InterfaceId,
        to: &HardwareAddress,
        source: &PackedAddress,
        destination: &PackedAddress,
        packet: Outgoing,
        len: usize,
        fill: &mut dyn Fill,
    ) -> Result<(), SendError> {
        let entry = self.interface(interface).ok_or(SendError::Unreachable(Unreachable::InterfaceDown))?;
        let mtu = self.mtu_to(entry, destination);
        let Some(mut path) = Path::between(source, destination, interface, mtu) else {
            return Err(SendError::Unreachable(Unreachable::Family));
        };
        path.set_hop_limit(entry.hop_limit());
        path.generation = self.generation;
        path.next_hop = *to;
        path.flags.insert(PathFlags::SOURCE_FIXED | PathFlags::INTERFACE_FIXED);
        self.send(back, &mut path, packet, len, fill)
    }
}

/// Where the checksum field of a segment is.
#[inline]
fn checksum_offset(protocol: IpProtocol) -> u16 {
    // What is sent most costs a comparison.
    if protocol == IpProtocol::TCP {
        16
    } else {
        checksum_offset_of_others(protocol)
    }
}

#[cfg_attr(not(target_pointer_width = "32"), inline(never))]
const fn checksum_offset_of_others(protocol: IpProtocol) -> u16 {
    match protocol {
        IpProtocol::UDP => 6,
        _ => 2,
    }
}

/// Does what a device with checksum offload would do: the field holds the pseudo-header's sum.
pub(crate) fn complete_checksum(protocol: IpProtocol, segment: &mut [u8]) {
    let checksum = match Sum::new().add_bytes(segment).checksum() {
        // RFC 768: zero would mean that there is none.
        0 if protocol == IpProtocol::UDP => u16::MAX,
        checksum => checksum,
    };
    let at = usize::from(checksum_offset(protocol));
    if let Some(field) = segment.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *field = checksum.to_be_bytes();
    }
}

/// The template of an IPv6 path, with what changes from packet to packet.
#[cfg(feature = "ipv6")]
fn header_v6(
    path: &Path,
    packet: Outgoing,
    next_header: tersus_wire::IpProtocol,
    len: u16,
) -> [u8; ipv6::HEADER_LEN] {
    let mut header = path.header;
    let [l0, l1] = len.to_be_bytes();
    header[0] |= packet.traffic_class >> 4;
    header[1] |= packet.traffic_class << 4;
    header[4] = l0;
    header[5] = l1;
    header[6] = next_header.0;
    if packet.hop_limit != 0 {
        header[7] = packet.hop_limit;
    }
    header
}

/// A packet of `len` octets behind a header of `header_len`.
#[inline]
fn link_packet(protocol: EtherType, header_len: u16, packet: Outgoing, len: u16) -> LinkPacket {
    let mut link_packet = LinkPacket::new(protocol, header_len + len);
    if packet.flags.contains(OutFlags::PARTIAL_CHECKSUM) {
        let offset = checksum_offset(packet.protocol);
        link_packet.checksum = TxChecksum::Partial { start: header_len, offset };
    }
    link_packet
}

/// Fills a packet: the header, and what `fill` writes behind it.
#[inline]
fn behind<'f, const LEN: usize, const N: usize>(
    header: [[u8; LEN]; N],
    fill: &'f mut dyn Fill,
) -> impl FnMut(&mut [u8]) + 'f {
    move |buffer| {
        let header = header.as_flattened();
        if let Some((to, rest)) = buffer.split_at_mut_checked(header.len()) {
            to.copy_from_slice(header);
            fill.fill(rest);
        }
    }
}
