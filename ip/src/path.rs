//! One routing decision, kept by the socket that asked for it.

use crate::{Addresses, InterfaceId, PackedAddress};
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tersus_wire::checksum::Sum;
use tersus_wire::HardwareAddress;

bitflags::bitflags! {
    /// What is known of a path beside its addresses.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub(crate) struct PathFlags: u8 {
        /// The source was chosen by the caller. Re-deciding keeps any source.
        const SOURCE_FIXED = 1;
        /// The interface was chosen by the caller: re-deciding keeps it.
        const INTERFACE_FIXED = 2;
        /// The next hop's hardware address is not known yet.
        const RESOLVING = 4;
        /// The link completes partial checksums.
        const CHECKSUM_OFFLOAD = 8;
    }
}

/// Octets of the longest header of this build; of IPv4, four more than it has, where the whole layer keeps what its
/// identifications start from.
const TEMPLATE_LEN: usize = if cfg!(feature = "ipv6") { 40 } else { 24 };

/// The way to a destination: addresses, interface, next hop and MTU, decided once and kept.
///
/// [`IpLayer::send`](crate::IpLayer::send) compares one generation counter and re-decides only when something
/// changed. The addresses stand once, inside a prepared IP header; a transport need not keep them a second time and
/// can match received packets against it ([`Path::matches`]). The empty path is all zeros.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Path {
    /// IPv4 (20 octets) or IPv6 (40) header with all that stays the same from packet to packet.
    pub(crate) header: [u8; TEMPLATE_LEN],
    /// Sum over both addresses: part of every pseudo-header, and of the IPv4 header.
    pub(crate) addresses_sum: Sum,
    /// Value of the generation counter when this was decided.
    pub(crate) generation: u32,
    pub(crate) mtu: u16,
    /// Index of the next hop in the neighbour table, plus one; 0: none (group, broadcast, raw IP).
    pub(crate) neighbour: u16,
    pub(crate) interface: InterfaceId,
    /// 0: empty, 4 or 6.
    pub(crate) family: u8,
    pub(crate) flags: PathFlags,
    pub(crate) next_hop: HardwareAddress,
}

impl Path {
    /// The path to nowhere, as tables of sockets start with. Its addresses read as `0.0.0.0`.
    pub const EMPTY: Self = Self {
        header: [0; TEMPLATE_LEN],
        addresses_sum: Sum::new(),
        generation: 0,
        mtu: 0,
        neighbour: 0,
        interface: InterfaceId(0),
        family: 0,
        flags: PathFlags::empty(),
        next_hop: HardwareAddress::NONE,
    };

    /// A path between two addresses of one family; `None` if they are of two, or of one left out of this build.
    /// `mtu` is the largest IP packet, in octets. Without a next hop yet: the layer that decides sets it. Public so
    /// that a fake IP layer is easy to write.
    #[must_use]
    pub fn new(source: IpAddr, destination: IpAddr, interface: InterfaceId, mtu: u16) -> Option<Self> {
        Self::between(&PackedAddress::new(source), &PackedAddress::new(destination), interface, mtu)
    }

    /// As [`Path::new`].
    #[inline(never)]
    pub(crate) fn between(
        source: &PackedAddress,
        destination: &PackedAddress,
        interface: InterfaceId,
        mtu: u16,
    ) -> Option<Self> {
        let mut path = Self::EMPTY;
        path.begin(source, destination, interface, mtu)?;
        Some(path)
    }

    /// As [`Path::between`], of [`Path::EMPTY`] in place.
    #[inline]
    pub(crate) fn begin(
        &mut self,
        source: &PackedAddress,
        destination: &PackedAddress,
        interface: InterfaceId,
        mtu: u16,
    ) -> Option<()> {
        let path = self;
        path.mtu = mtu;
        path.interface = interface;
        match (source.get()?, destination.get()?) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                path.family = 4;
                let [a, b, c, d] = source.octets();
                let [e, f, g, h] = destination.octets();
                let template = [0x45, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, a, b, c, d, e, f, g, h];
                if let Some(header) = path.header.first_chunk_mut() {
                    *header = template;
                }
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                path.family = 6;
                path.header[0] = 0x60;
                path.header[7] = 64;
                let addresses = source.octets().into_iter().chain(destination.octets());
                for (to, from) in path.header.iter_mut().skip(8).zip(addresses) {
                    *to = from;
                }
            }
            _ => return None,
        }
        path.addresses_sum = path.addresses().pseudo_sum();
        Some(())
    }

    /// Becomes the path back to where a packet with these addresses came from, by the interface that it came in by. Not
    /// decided yet, of MTU 0: [`IpLayer::prepare`](crate::IpLayer::prepare) or the first send does that.
    pub fn answer(&mut self, packet: &Addresses<'_>, interface: InterfaceId) {
        *self = Self {
            header: [0; TEMPLATE_LEN],
            addresses_sum: packet.pseudo_sum(),
            generation: 0,
            mtu: 0,
            neighbour: 0,
            interface,
            family: 6,
            flags: PathFlags::SOURCE_FIXED.union(PathFlags::INTERFACE_FIXED),
            next_hop: HardwareAddress::NONE,
        };
        match packet {
            Addresses::V6(octets) if cfg!(feature = "ipv6") => {
                self.header[0] = 0x60;
                self.header[7] = 64;
                let (_, places) = self.header.split_at_mut(8);
                let (own, peer) = places.split_at_mut(16);
                let (remote, local) = octets.split_at(16);
                own.copy_from_slice(local);
                peer.copy_from_slice(remote);
            }
            Addresses::V4(&[a, b, c, d, e, f, g, h]) => {
                self.family = 4;
                if let Some(header) = self.header.first_chunk_mut() {
                    *header = [0x45, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, e, f, g, h, a, b, c, d];
                }
            }
            Addresses::V6(_) => {}
        }
    }

    /// Source and destination as they stand in the header of each packet.
    #[must_use]
    #[inline]
    pub fn addresses(&self) -> Addresses<'_> {
        if self.is_ipv6() {
            Addresses::V6(self.header.last_chunk().unwrap_or(&[0; 32]))
        } else {
            let (_, addresses) = self.header.split_at(12);
            Addresses::V4(addresses.first_chunk().unwrap_or(&[0; 8]))
        }
    }

    /// Our address on this path.
    #[must_use]
    pub fn source(&self) -> IpAddr {
        let h = &self.header;
        if self.is_ipv6() {
            let octets = h.get(8..).and_then(<[u8]>::first_chunk::<16>);
            IpAddr::V6(octets.map_or(Ipv6Addr::UNSPECIFIED, |octets| Ipv6Addr::from(*octets)))
        } else {
            IpAddr::V4(Ipv4Addr::new(h[12], h[13], h[14], h[15]))
        }
    }

    /// The peer's address or group.
    #[must_use]
    pub fn destination(&self) -> IpAddr {
        let h = &self.header;
        if self.is_ipv6() {
            let octets = h.last_chunk::<16>();
            IpAddr::V6(octets.map_or(Ipv6Addr::UNSPECIFIED, |octets| Ipv6Addr::from(*octets)))
        } else {
            IpAddr::V4(Ipv4Addr::new(h[16], h[17], h[18], h[19]))
        }
    }

    /// [`Path::source`] and [`Path::destination`], for tables.
    pub(crate) fn ends(&self) -> (PackedAddress, PackedAddress) {
        (PackedAddress::new(self.source()), PackedAddress::new(self.destination()))
    }

    /// Whether `to` is this path's destination; the empty path has none.
    #[must_use]
    #[inline]
    pub fn leads_to(&self, to: IpAddr) -> bool {
        let h = &self.header;
        match to {
            IpAddr::V4(to) => self.family == 4 && [h[16], h[17], h[18], h[19]] == to.octets(),
            IpAddr::V6(to) => self.is_ipv6() && self.header.last_chunk() == Some(&to.octets()),
        }
    }

    /// Whether the destination is a multicast group.
    #[must_use]
    #[inline]
    pub const fn is_to_group(&self) -> bool {
        if self.is_ipv6() {
            matches!(self.header.last_chunk::<16>(), Some([0xff, ..]))
        } else {
            self.header[16] & 0xf0 == 0xe0
        }
    }

    /// Whether `to` is this path's destination, as tables hold addresses.
    #[must_use]
    #[inline]
    pub fn is_to(&self, to: &PackedAddress) -> bool {
        let h = &self.header;
        let [a, b, c, d, ..] = *to.octets();
        if self.is_ipv6() {
            !to.is_ipv4() && self.header.last_chunk() == Some(to.octets())
        } else {
            self.family == 4 && to.is_ipv4() && [h[16], h[17], h[18], h[19]] == [a, b, c, d]
        }
    }

    /// Whether `from` is this path's source.
    #[must_use]
    #[inline]
    pub fn is_from(&self, from: &PackedAddress) -> bool {
        let h = &self.header;
        let [a, b, c, d, ..] = *from.octets();
        if self.is_ipv6() {
            let (_, own) = h.split_at(8);
            !from.is_ipv4() && own.first_chunk() == Some(from.octets())
        } else {
            self.family == 4 && from.is_ipv4() && [h[12], h[13], h[14], h[15]] == [a, b, c, d]
        }
    }

    /// Whether this is [`Path::EMPTY`].
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.family == 0
    }

    /// Whether this is an IPv6 path.
    #[must_use]
    pub const fn is_ipv6(&self) -> bool {
        cfg!(feature = "ipv6") && self.family == 6
    }

    /// The interface that packets leave from.
    #[must_use]
    pub const fn interface(&self) -> InterfaceId {
        self.interface
    }

    /// Hop Limit of packets whose sender chooses none.
    pub(crate) const fn hop_limit(&self) -> u8 {
        if self.is_ipv6() {
            self.header[7]
        } else {
            self.header[8]
        }
    }

    /// Sets the Hop Limit of packets whose sender chooses none.
    pub(crate) fn set_hop_limit(&mut self, hop_limit: u8) {
        if self.is_ipv6() {
            self.header[7] = hop_limit;
        } else {
            self.header[8] = hop_limit;
        }
    }

    /// Source and destination as an IPv4 header has them.
    #[cfg(feature = "ipv4")]
    pub(crate) const fn addresses_v4(&self) -> [u8; 8] {
        let h = &self.header;
        [h[12], h[13], h[14], h[15], h[16], h[17], h[18], h[19]]
    }

    /// Largest IP packet on this path, in octets: what the link carries or path MTU discovery found.
    #[must_use]
    pub const fn mtu(&self) -> u16 {
        self.mtu
    }

    /// Largest upper-layer segment, in octets, that leaves in one piece: the MTU less the IP header.
    #[must_use]
    pub const fn max_segment_len(&self) -> u16 {
        self.mtu.saturating_sub(if self.is_ipv6() { 40 } else { 20 })
    }

    /// Whether an upper-layer segment of `len` octets leaves in one piece.
    #[must_use]
    #[inline]
    pub const fn carries(&self, len: usize) -> bool {
        match self.mtu.checked_sub(if self.is_ipv6() { 40 } else { 20 }) {
            Some(longest) => len <= longest as usize,
            None => false,
        }
    }

    /// Whether the next hop's hardware address is not known yet: a send answers `Resolving`.
    #[must_use]
    pub const fn is_resolving(&self) -> bool {
        self.flags.contains(PathFlags::RESOLVING)
    }

    /// Whether the link completes partial upper-layer checksums.
    #[must_use]
    pub const fn has_checksum_offload(&self) -> bool {
        self.flags.contains(PathFlags::CHECKSUM_OFFLOAD)
    }

    /// Sum of both addresses for a pseudo-header; length and protocol are still to be added.
    #[must_use]
    #[inline]
    pub const fn pseudo_sum(&self) -> Sum {
        self.addresses_sum
    }

    /// The value of [`Routes::generation`](crate::Routes::generation) at which this was decided.
    #[must_use]
    #[inline]
    pub const fn decided(&self) -> u32 {
        self.generation
    }

    /// Whether this was decided at this value of [`Routes::generation`](crate::Routes::generation): nothing has
    /// changed since.
    #[must_use]
    #[inline]
    pub const fn is_current(&self, generation: u32) -> bool {
        self.generation == generation
    }

    /// Whether whoever asked for the path chose its source.
    #[must_use]
    #[inline]
    pub const fn is_source_fixed(&self) -> bool {
        self.flags.contains(PathFlags::SOURCE_FIXED)
    }

    /// Whether whoever asked for the path chose its interface.
    #[must_use]
    #[inline]
    pub const fn is_interface_fixed(&self) -> bool {
        self.flags.contains(PathFlags::INTERFACE_FIXED)
    }

    /// Whether whoever asked for the path chose nothing but its destination, and the next hop is known.
    #[must_use]
    #[inline]
    pub const fn is_plain(&self) -> bool {
        let other = PathFlags::SOURCE_FIXED.union(PathFlags::INTERFACE_FIXED).union(PathFlags::RESOLVING);
        !self.flags.intersects(other)
    }

    /// Whether these are this path's addresses, as a packet along it has them.
    #[must_use]
    #[inline]
    pub fn has(&self, addresses: &Addresses<'_>) -> bool {
        match addresses {
            Addresses::V4(addresses) => {
                let h = &self.header;
                self.family == 4 && [h[12], h[13], h[14], h[15], h[16], h[17], h[18], h[19]] == **addresses
            }
            Addresses::V6(addresses) => self.is_ipv6() && self.header.last_chunk() == Some(addresses),
        }
    }

    /// Whether a packet with these addresses comes from this path's destination to its source.
    #[must_use]
    #[inline]
    pub fn matches(&self, packet: &Addresses<'_>) -> bool {
        match packet {
            Addresses::V4(addresses) => {
                let h = &self.header;
                let own = u64::from_ne_bytes([h[12], h[13], h[14], h[15], h[16], h[17], h[18], h[19]]);
                self.family == 4 && own.rotate_left(32) == u64::from_ne_bytes(**addresses)
            }
            Addresses::V6(addresses) => {
                let source = addresses.first_chunk::<16>();
                source.is_some_and(|source| self.header.last_chunk() == Some(source)) && self.is_for(packet)
            }
        }
    }

    /// Whether a packet with these addresses goes to this path's source.
    #[must_use]
    #[inline]
    pub fn is_for(&self, packet: &Addresses<'_>) -> bool {
        let h = &self.header;
        match packet {
            Addresses::V4(&[.., a, b, c, d]) => {
                self.family == 4 && [h[12], h[13], h[14], h[15]] == [a, b, c, d]
            }
            Addresses::V6(addresses) => {
                let (_, own) = h.split_at(8);
                self.is_ipv6() && own.first_chunk::<16>() == addresses.last_chunk()
            }
        }
    }
}

impl Default for Path {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} > {} by interface {} to {} mtu {}",
            self.source(),
            self.destination(),
            self.interface.0,
            self.next_hop,
            self.mtu
        )
    }
}

// The tables of the tests list both families.
#[cfg(test)]
#[cfg(all(feature = "ipv4", feature = "ipv6"))]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_path_is_as_small_as_planned() {
        assert!(core::mem::size_of::<Path>() <= 64, "{}", core::mem::size_of::<Path>());
    }

    #[test]
    fn the_addresses_are_those_that_were_given() {
        for (source, destination) in [("192.0.2.1", "203.0.113.9"), ("2001:db8::1", "2001:db8:1::2")] {
            let path = Path::new(ip(source), ip(destination), InterfaceId(0), 1500).unwrap();
            assert_eq!((path.source(), path.destination()), (ip(source), ip(destination)));
            assert!(path.leads_to(ip(destination)) && !path.leads_to(ip(source)));
            assert!(!Path::EMPTY.leads_to(ip(destination)) && !Path::EMPTY.leads_to(ip("0.0.0.0")));
        }
        assert!(Path::new(ip("192.0.2.1"), ip("::1"), InterfaceId(0), 1500).is_none());
    }

    #[test]
    fn packets_of_the_opposite_direction_match() {
        let path = Path::new(ip("192.0.2.1"), ip("203.0.113.9"), InterfaceId(0), 1500).unwrap();
        assert!(path.matches(&Addresses::V4(&[203, 0, 113, 9, 192, 0, 2, 1])));
        assert!(!path.matches(&Addresses::V4(&[192, 0, 2, 1, 203, 0, 113, 9])));
        assert!(!path.matches(&Addresses::V4(&[203, 0, 113, 8, 192, 0, 2, 1])));
        assert!(path.is_for(&Addresses::V4(&[203, 0, 113, 8, 192, 0, 2, 1])));
        assert_eq!(path.addresses(), Addresses::V4(&[192, 0, 2, 1, 203, 0, 113, 9]));
        assert!(path.has(&path.addresses()) && !path.has(&Addresses::V4(&[192, 0, 2, 1, 203, 0, 113, 8])));
        let path = Path::new(ip("::1"), ip("::2"), InterfaceId(0), 1500).unwrap();
        let mut addresses = [0; 32];
        addresses[15] = 2;
        addresses[31] = 1;
        assert!(path.matches(&Addresses::V6(&addresses)));
        addresses[15] = 3;
        assert!(path.is_for(&Addresses::V6(&addresses)) && !path.matches(&Addresses::V6(&addresses)));
        addresses[31] = 3;
        assert!(!path.is_for(&Addresses::V6(&addresses)));
        assert!(path.has(&path.addresses()) && !path.has(&Addresses::V6(&addresses)));
        assert!(!Path::EMPTY.has(&Addresses::V4(&[0; 8])) && !path.has(&Addresses::V4(&[0; 8])));
        assert!(!Path::EMPTY.matches(&Addresses::V4(&[0; 8])));
    }
}
