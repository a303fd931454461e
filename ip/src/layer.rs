//! What the waist offers to transports: routes, and sending along them.

use crate::{InterfaceId, InterfaceSet, PackedAddress, Path};
use core::net::IpAddr;
use tersus_phy::{Fill, Instant};
use tersus_wire::IpProtocol;

/// What a sender fixes of its own end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Source {
    /// Source address; `None` lets the IP layer choose (RFC 6724). `Some` of the unspecified address is sent as
    /// it is (for address configuration) and needs `interface`.
    pub address: Option<IpAddr>,
    /// Interface to leave from; `None` lets the routing table choose. Link-local and group destinations need
    /// one if the host has several interfaces.
    pub interface: Option<InterfaceId>,
}

impl Source {
    /// Everything chosen by the IP layer.
    pub const ANY: Self = Self { address: None, interface: None };
}

/// Why there is no way to a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreachable {
    /// No route leads there.
    #[error("no route to the destination")]
    NoRoute,
    /// The interface has no address that could be the source.
    #[error("no source address for the destination")]
    NoSource,
    /// The source asked for is none of our addresses.
    #[error("source address is not ours")]
    NotOurs,
    /// Source and destination are of different families, or the family is left out of this build.
    #[error("address family does not fit")]
    Family,
    /// The destination cannot be sent to: unspecified, or in a block reserved by RFC 6890.
    #[error("destination is no address to send to")]
    Destination,
    /// The interface does not exist or its link is down.
    #[error("interface is down")]
    InterfaceDown,
    /// The next hop does not answer to address resolution.
    #[error("next hop does not answer")]
    Neighbour,
    /// The packet needs a duty that this host was given without: see [`Duties`](crate::Duties).
    #[error("left out of this composition")]
    LeftOut,
}

bitflags::bitflags! {
    /// What a packet to send asks of the IP layer.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct OutFlags: u8 {
        /// Never fragment: IPv4 DF set; too large a packet is refused with `TooBig`.
        const DONT_FRAGMENT = 1;
        /// Carry a Router Alert option (RFC 2113, RFC 2711), value 0.
        const ROUTER_ALERT = 2;
        /// The checksum field holds the pseudo-header's sum, not complemented, and what is below completes it:
        /// for TCP, UDP and ICMPv6. Saves work along a path with [`Path::has_checksum_offload`]; along others the IP
        /// layer completes it.
        const PARTIAL_CHECKSUM = 4;
    }
}

/// What a sender chooses for each packet. Four octets, passed by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outgoing {
    /// Upper-layer protocol.
    pub protocol: IpProtocol,
    /// Hop Limit, also TTL; 0 is replaced by the interface's default (64 unless configured).
    pub hop_limit: u8,
    /// Traffic Class, also DS field and ECN: RFC 2474, RFC 3168.
    pub traffic_class: u8,
    /// Further wishes.
    pub flags: OutFlags,
}

impl Outgoing {
    /// A packet of this protocol with the interface's Hop Limit, Traffic Class 0 and no further wish.
    #[must_use]
    pub const fn new(protocol: IpProtocol) -> Self {
        Self { protocol, hop_limit: 0, traffic_class: 0, flags: OutFlags::empty() }
    }
}

/// Why a packet was not sent. Nothing of it is kept; the sender still has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The interface has no room, or no fragment buffer is free: try again when [`IpLayer::room`] says so, and
    /// skip whatever else leaves from this interface until then.
    #[error("no room to send now")]
    Full,
    /// The next hop's address is being asked for: try again when [`Routes::generation`] has moved.
    #[error("next hop is being resolved")]
    Resolving,
    /// The packet is larger than the path carries, and may not or cannot be fragmented. Holds the largest IP
    /// packet, in octets; the path's MTU is set to it.
    #[error("packet larger than the path's {0} octets")]
    TooBig(u16),
    /// There is no way to the destination.
    #[error("unreachable: {0}")]
    Unreachable(Unreachable),
}

/// What a transport has learned of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// The peer answered: forward progress, RFC 4861 §7.3.1.
    Reachable,
    /// No progress in spite of retransmissions: check the neighbour, try another gateway.
    Suspect,
}

/// A group that the host is a member of on one interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Membership {
    group: PackedAddress,
    /// How many joined.
    pub(crate) users: u16,
    /// Whether the link was told of it; then the entry is kept until the link has been told that it is left.
    pub(crate) is_told: bool,
}

impl Membership {
    /// A free entry.
    pub const FREE: Self = Self { group: PackedAddress::NONE, users: 0, is_told: false };

    /// An entry for a group with this many users. Public for fakes of the IP layer.
    #[must_use]
    pub const fn new(group: IpAddr, users: u16) -> Self {
        Self::of(PackedAddress::new(group), users)
    }

    pub(crate) const fn of(group: PackedAddress, users: u16) -> Self {
        Self { group, users, is_told: false }
    }

    /// The group; `None` if the entry is free.
    #[must_use]
    pub const fn group(&self) -> Option<IpAddr> {
        if self.users == 0 {
            None
        } else {
            self.group.get()
        }
    }

    /// The group, also if it was left and the link still has to be told.
    pub(crate) const fn address(&self) -> PackedAddress {
        self.group
    }

    /// Whether another group may take the entry.
    pub(crate) const fn is_free(&self) -> bool {
        self.users == 0 && !self.is_told
    }
}

/// Routing without sending. The IP engine itself implements it, so that a user call such as `connect` borrows
/// no link.
pub trait Routes {
    /// Decides the way to `to`. Starts no address resolution: the first send does.
    ///
    /// # Errors
    /// [`Unreachable`], with the reason.
    fn route(&self, from: Source, to: IpAddr) -> Result<Path, Unreachable>;

    /// A counter that moves only when a hardware address in use changes or fails, a resolution ends, or a route,
    /// an address or a path MTU changes. Paths of an older generation are decided again at the next send; a
    /// transport wakes what it parked as `Resolving`.
    fn generation(&self) -> u32;

    /// The groups of an interface, free entries included; empty for an interface that does not exist.
    fn groups(&self, interface: InterfaceId) -> &[Membership];

    /// A counter that moves when a group is joined for the first time or left for the last.
    fn group_generation(&self) -> u32;

    /// How many interfaces there are.
    fn interface_count(&self) -> u8;
}

/// The IP layer as a transport sees it during one turn.
///
/// # For implementers
/// Keep `send`'s promises: `fill` is called exactly once if the answer is `Ok`, else not at all; a refused
/// packet leaves no trace but counters.
pub trait IpLayer: Routes {
    /// The moment of this turn.
    fn now(&self) -> Instant;

    /// Sends one packet along `path`: IP header, then `len` octets that `fill` writes in place. A path of an older
    /// generation is decided again first (its addresses stay). Packets above the path's MTU are fragmented
    /// unless `DONT_FRAGMENT` is set.
    ///
    /// # Errors
    /// [`SendError`]; see there what to do in each case.
    fn send(
        &mut self,
        path: &mut Path,
        packet: Outgoing,
        len: usize,
        fill: &mut dyn Fill,
    ) -> Result<(), SendError>;

    /// Decides `path` if it is of an older generation, or was never decided ([`Path::answer`]), as [`IpLayer::send`]
    /// does before it sends. For a transport that has to know the MTU before its first packet.
    ///
    /// # Errors
    /// [`SendError::Unreachable`]; a layer may say [`SendError::Resolving`] as early as here.
    fn prepare(&mut self, path: &mut Path) -> Result<(), SendError> {
        let from = Source { address: Some(path.source()), interface: Some(path.interface()) };
        *path = self.route(from, path.destination()).map_err(SendError::Unreachable)?;
        Ok(())
    }

    /// The interfaces that have room: all but those that answered `Full` and have not reported room since.
    fn room(&self) -> InterfaceSet;

    /// Tells what a transport learned of a path.
    fn advise(&mut self, path: &Path, advice: Advice);
}
