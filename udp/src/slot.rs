//! One socket: its state in the table, and what a user chooses of it.

use crate::table::Flow;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tersus_ip::queue::Queue;
use tersus_ip::sorted::Keyed;
use tersus_ip::{Addresses, InterfaceId, Path};

/// Names a socket. A handle of a closed socket gets errors, never another socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Handle {
    pub(crate) index: u16,
    pub(crate) generation: u16,
}

impl Handle {
    pub(crate) const FIRST: Self = Self { index: 0, generation: 0 };
}

/// Where a socket listens and sends from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Local {
    /// Own address, group or broadcast address. `None`: every address of both families; the unspecified address
    /// of a family: every address of that family.
    pub address: Option<IpAddr>,
    /// Port; 0 asks for an ephemeral one.
    pub port: u16,
    /// The only interface to receive from and to send by; `None`: all.
    pub interface: Option<InterfaceId>,
    /// Whether others may be bound to the same.
    pub sharing: Sharing,
}

impl Local {
    /// Every address, an ephemeral port.
    pub const ANY: Self = Self::port(0);

    /// Every address of both families, this port.
    #[must_use]
    pub const fn port(port: u16) -> Self {
        Self { address: None, port, interface: None, sharing: Sharing::Exclusive }
    }
}

impl From<SocketAddr> for Local {
    fn from(from: SocketAddr) -> Self {
        Self { address: Some(from.ip()), ..Self::port(from.port()) }
    }
}

/// Whether several sockets may be bound to the same address, port and interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sharing {
    /// No.
    #[default]
    Exclusive,
    /// Yes, if all of them say so. Each gets what comes to groups and broadcast addresses; what comes to one
    /// address goes to the one of them that was bound first.
    Shared,
}

/// Whether a socket takes IPv4 datagrams without checksum. Those of IPv6 are always refused, RFC 8200 §8.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ZeroChecksum {
    /// It takes them, RFC 1122 §4.1.3.4.
    #[default]
    Accept,
    /// It drops them.
    Refuse,
}

/// What a socket uses where the sender of a datagram chooses nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings {
    /// Hop Limit, also TTL, towards one host; 0: the interface's default, 64.
    pub hop_limit: u8,
    /// Hop Limit towards groups; 0 and 1: the link alone, RFC 1112 §6.1.
    pub multicast_hop_limit: u8,
    /// Traffic Class: DS field and ECN.
    pub traffic_class: u8,
    /// Datagrams without checksum.
    pub zero_checksum: ZeroChecksum,
}

bitflags::bitflags! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Flags: u16 {
        /// IPv6 is not for this socket.
        const ONLY_V4 = 1;
        /// IPv4 is not for this socket.
        const ONLY_V6 = 2;
        /// Bound to an address: the source of `path`.
        const ADDRESS = 4;
        /// That address is a group or broadcast address: it filters, but is no source, and `path` only holds it.
        const GROUP = 8;
        /// Takes from and sends to one peer, the destination of `path`.
        const CONNECTED = 16;
        /// In the list of those with something to send.
        const READY = 32;
        /// In the list of those that wait for room or a resolution.
        const WAITING = 64;
        /// Drops datagrams without checksum.
        const REFUSE_ZERO = 128;
        /// Others may be bound to the same.
        const SHARED = 256;
        /// Closed by the user, but what it queued has still to leave.
        const CLOSING = 512;
        /// Bound to an interface.
        const INTERFACE = 1024;
        /// Socket and `path` fix nothing, and `path` leads to one station: what is sent along it needs no more questions
        /// while it is current and resolved.
        const PLAIN = 2048;
    }
}

/// One socket's state. Only for tables that are handed to `Udp::from_slices`: start with [`Slot::EMPTY`].
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    /// Connected: the way to the peer. Else the way to the last destination, or only a place for the address that
    /// the socket is bound to. `flags` says which.
    pub(crate) path: Path,
    /// 0: the slot is free.
    pub(crate) local_port: u16,
    /// 0: not connected.
    pub(crate) remote_port: u16,
    /// Odd while the socket is open, as that of each handle: one comparison tells an open socket from all else.
    pub(crate) generation: u16,
    pub(crate) flags: Flags,
    pub(crate) receive: Queue,
    pub(crate) transmit: Queue,
    /// Interface that the socket is bound to, plus one; 0: none.
    pub(crate) interface: u8,
    pub(crate) hop_limit: u8,
    pub(crate) multicast_hop_limit: u8,
    pub(crate) traffic_class: u8,
}

impl Slot {
    /// A free slot.
    pub const EMPTY: Self = Self {
        path: Path::EMPTY,
        local_port: 0,
        remote_port: 0,
        generation: 0,
        flags: Flags::empty(),
        receive: Queue::EMPTY,
        transmit: Queue::EMPTY,
        interface: 0,
        hop_limit: 0,
        multicast_hop_limit: 0,
        traffic_class: 0,
    };

    /// Whether this is the open socket of a handle.
    #[inline]
    pub(crate) fn is_open(&self, socket: Handle) -> bool {
        self.generation == socket.generation
    }

    /// The address that the socket is bound to.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.flags.contains(Flags::ADDRESS).then(|| self.path.source())
    }

    /// What [`Local::address`] said, or the source that `connect` found.
    pub(crate) fn local_address(&self) -> Option<IpAddr> {
        match self.address() {
            None if self.flags.contains(Flags::CONNECTED) => Some(self.path.source()),
            None if self.flags.contains(Flags::ONLY_V4) => Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            None if self.flags.contains(Flags::ONLY_V6) => Some(IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
            address => address,
        }
    }

    pub(crate) fn interface(&self) -> Option<InterfaceId> {
        self.interface.checked_sub(1).map(InterfaceId)
    }

    /// The peer, if the socket is connected.
    pub(crate) fn remote(&self) -> Option<SocketAddr> {
        self.flags
            .contains(Flags::CONNECTED)
            .then(|| SocketAddr::new(self.path.destination(), self.remote_port))
    }

    pub(crate) fn admits_family(&self, address: IpAddr) -> bool {
        !self.flags.contains(if address.is_ipv4() { Flags::ONLY_V6 } else { Flags::ONLY_V4 })
    }

    /// How well the socket fits a flow whose ports it has: better above, 0: not at all.
    #[inline]
    pub(crate) fn fit(&self, flow: &Flow<'_>) -> u8 {
        let foreign = match flow.addresses {
            Addresses::V4(_) => Flags::ONLY_V6,
            Addresses::V6(_) => Flags::ONLY_V4,
        };
        if self.flags.intersects(foreign.union(Flags::CLOSING)) {
            return 0;
        }
        let mut fit = 2;
        if self.interface != 0 {
            if flow.interface.is_some_and(|interface| Some(interface) != self.interface()) {
                return 0;
            }
            fit += 1;
        }
        if self.flags.contains(Flags::CONNECTED) {
            if !self.path.matches(&flow.addresses) {
                return 0;
            }
            fit += 6;
        } else if self.flags.contains(Flags::ADDRESS) {
            if self.path.is_for(&flow.addresses) {
                fit += 2;
            } else if flow.interface.is_none() && self.flags.contains(Flags::GROUP) {
                // Bound to a group, it sends from another address; that it is ours, IP has checked.
                fit = 1;
            } else {
                return 0;
            }
        }
        fit
    }

    /// Whether a socket bound to `other` would get the same datagrams as this one, neither connected.
    pub(crate) fn collides(&self, other: &Self) -> bool {
        let shared = self.flags.contains(Flags::SHARED) && other.flags.contains(Flags::SHARED);
        let families = Flags::ONLY_V4.union(Flags::ONLY_V6);
        let apart = self.flags.union(other.flags).contains(families);
        !shared
            && !self.flags.contains(Flags::CLOSING)
            && self.interface == other.interface
            && self.address() == other.address()
            && !apart
    }

    /// Whether the socket fixes the source, to that of `path`. A group is none.
    #[inline]
    pub(crate) fn has_source(&self) -> bool {
        let is_fixed = self.flags.intersects(Flags::ADDRESS.union(Flags::CONNECTED));
        is_fixed && !self.flags.contains(Flags::GROUP)
    }

    /// Whether the socket and its path fix nothing, and the path leads to one station whose address is known.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.flags.contains(Flags::PLAIN) && !self.path.is_resolving()
    }

    /// Whether it is bound to a port and nothing else, so that it takes whatever comes there.
    #[inline]
    pub(crate) fn takes_all(&self) -> bool {
        let others = Flags::ONLY_V4.union(Flags::ONLY_V6).union(Flags::ADDRESS).union(Flags::CONNECTED);
        !self.flags.intersects(others.union(Flags::INTERFACE).union(Flags::CLOSING))
    }

    /// Whether all that it sends leaves by one interface.
    pub(crate) fn has_one_way(&self) -> bool {
        self.interface != 0 || self.flags.contains(Flags::CONNECTED)
    }

    /// The Hop Limit of what leaves along a path.
    #[inline]
    pub(crate) fn hop_limit_along(&self, path: &Path) -> u8 {
        if path.is_to_group() {
            self.multicast_hop_limit.max(1)
        } else {
            self.hop_limit
        }
    }

    /// Keeps a path for the next datagram to the same destination. Sockets bound to a group keep none, and connected
    /// ones none to others (whom they queued something for before).
    pub(crate) fn keep_path(&mut self, path: &Path) {
        let is_others = self.flags.contains(Flags::CONNECTED) && self.path.addresses() != path.addresses();
        if !is_others && !self.flags.contains(Flags::GROUP) {
            self.path = *path;
            let fixed = Flags::ADDRESS.union(Flags::CONNECTED).union(Flags::INTERFACE);
            let chooses = path.is_source_fixed() || path.is_interface_fixed();
            self.flags.set(Flags::PLAIN, !self.flags.intersects(fixed) && !chooses && !path.is_to_group());
        }
    }

    /// Forgets the way, but not the address that the socket is bound to.
    pub(crate) fn forget_path(&mut self) {
        self.path = self.address().map_or(Path::EMPTY, only_source);
        self.flags.remove(Flags::CONNECTED.union(Flags::PLAIN));
    }
}

impl Keyed for Slot {
    #[inline]
    fn key(&self) -> u32 {
        key(self.local_port, self.remote_port)
    }
}

/// A path that leads nowhere and holds an address. It is of no generation that the IP layer has.
pub(crate) fn only_source(address: IpAddr) -> Path {
    let nowhere = match address {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    Path::new(address, nowhere, InterfaceId(0), 0).unwrap_or(Path::EMPTY)
}

/// Local port first, so that all of a port stand together, those not connected (remote port 0) in front.
#[inline]
pub(crate) fn key(local_port: u16, remote_port: u16) -> u32 {
    u32::from(local_port) << 16 | u32::from(remote_port)
}

#[cfg(test)]
mod tests {
    use super::Slot;
    use crate::ErrorEntry;
    use core::mem::size_of;

    #[test]
    fn a_socket_is_as_small_as_planned() {
        let side_tables = 3 * size_of::<u16>();
        assert!(size_of::<Slot>() + side_tables <= 96, "{}", size_of::<Slot>());
        assert!(size_of::<ErrorEntry>() <= 48, "{}", size_of::<ErrorEntry>());
    }
}
