//! The host's own addresses, each with its prefix and interface, and their announcement.
//!
//! A new address is announced: over IPv4 by two ARP announcements two seconds apart (RFC 5227 §2.3), over IPv6 by two
//! unsolicited Neighbor Advertisements a second apart. Those of a new address override nothing, since another station may
//! have it (RFC 9131 §6.1.2); those of a new hardware address do (RFC 4861 §7.2.6). Differs: both go to all nodes, not the
//! first to routers alone, so that whoever asks for the address just then has its answer.

use crate::{Deadline, Instant, InterfaceId, PackedAddress};
use tersus_wire::Cidr;

/// How often a new address is announced.
const ANNOUNCEMENTS: u8 = 2;

/// Why an address is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub(crate) enum News {
    /// It is new here, or was out of reach: its link is up again.
    #[default]
    Address,
    /// It has another hardware address.
    Hardware,
}

/// Why an address was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// The interface does not exist.
    #[error("no such interface")]
    Interface,
    /// The address cannot be a host's: unspecified, a group, reserved, or of its prefix the broadcast address or the one
    /// without host bits (RFC 1122 §3.2.1.3).
    #[error("not an address of a host")]
    NotUnicast,
    /// The family is left out of this build.
    #[error("address family left out of this build")]
    Family,
    /// The interface has the address already.
    #[error("address is there already")]
    Exists,
    /// The table of addresses is full.
    #[error("table of addresses is full")]
    TableFull,
    /// The interface has no room for the groups that an IPv6 address needs (RFC 4291 §2.8), or the host was given
    /// without groups. Groups that were left keep their places until the next poll.
    #[error("table of groups is full")]
    GroupsFull,
    /// The interface's MTU was limited below the 1280 octets that IPv6 needs, RFC 8200 §5.
    #[error("MTU below the minimum of IPv6")]
    Mtu,
}

/// One own address: an entry of the table that [`Storage`](crate::Storage) holds.
#[derive(Debug, Clone, Copy)]
pub struct OwnAddress {
    pub(crate) address: PackedAddress,
    pub(crate) prefix_len: u8,
    pub(crate) interface: InterfaceId,
    /// Announcements still to be made.
    pub(crate) announcements: u8,
    /// Of what.
    pub(crate) news: News,
    /// Whether its groups were joined for it; those of an IPv6 address always are.
    pub(crate) in_groups: bool,
    pub(crate) announce_at: Deadline,
    #[cfg(feature = "ipv4")]
    pub(crate) defence: crate::arp::Defence,
}

impl OwnAddress {
    /// A free entry.
    pub const FREE: Self = Self {
        address: PackedAddress::NONE,
        prefix_len: 0,
        interface: InterfaceId(0),
        announcements: 0,
        news: News::Address,
        in_groups: false,
        announce_at: Deadline::NONE,
        #[cfg(feature = "ipv4")]
        defence: crate::arp::Defence::NEW,
    };

    /// The address with its prefix; `None` if the entry is free.
    #[must_use]
    pub fn cidr(&self) -> Option<Cidr> {
        Cidr::new(self.address.get()?, self.prefix_len).ok()
    }

    /// The interface that has it.
    #[must_use]
    pub const fn interface(&self) -> InterfaceId {
        self.interface
    }

    /// The IPv4 prefix, for a look at many packets.
    #[cfg(feature = "ipv4")]
    pub(crate) fn range_v4(&self) -> Option<RangeV4> {
        RangeV4::of(&self.address, self.prefix_len)
    }

    /// Whether `address` is of the prefix.
    pub(crate) fn contains(&self, address: &PackedAddress) -> bool {
        !self.address.is_none() && self.address.shares(self.prefix_len, address)
    }

    /// Whether `address` is the directed broadcast address of the prefix; /31 and /32 have none, RFC 3021.
    #[cfg(feature = "ipv4")]
    pub(crate) fn is_broadcast(&self, address: &PackedAddress) -> bool {
        let (Some(range), Some(address)) = (self.range_v4(), address.v4_bits()) else { return false };
        range.host_bits > 1 && address == range.address | range.host_bits
    }

    /// IPv6 has no broadcast.
    #[cfg(not(feature = "ipv4"))]
    pub(crate) fn is_broadcast(&self, _address: &PackedAddress) -> bool {
        false
    }

    /// Starts announcing. Another hardware address is told of until that is done, whatever comes meanwhile.
    pub(crate) fn announce(&mut self, news: News, now: Instant) {
        self.announcements = ANNOUNCEMENTS;
        if news == News::Hardware {
            self.news = news;
        }
        self.announce_at = Deadline::at(now);
    }

    /// One announcement was made; if the link knows no stations, none is needed.
    pub(crate) fn announced(&mut self, now: Instant, announces: bool) {
        self.announcements = if announces { self.announcements.saturating_sub(1) } else { 0 };
        if self.announcements == 0 {
            self.news = News::Address;
        }
        let interval = if self.address.is_ipv4() { 2_000_000 } else { 1_000_000 };
        self.announce_at =
            if self.announcements == 0 { Deadline::NONE } else { Deadline::at(now.plus_micros(interval)) };
    }
}

/// The entries of `table` that hold an address.
pub(crate) fn iter(table: &[OwnAddress]) -> impl Iterator<Item = &OwnAddress> {
    table.iter().filter(|own| !own.address.is_none())
}

/// The entry of `address` on `interface`.
pub(crate) fn find<'t>(
    table: &'t [OwnAddress],
    interface: InterfaceId,
    address: &PackedAddress,
) -> Option<&'t OwnAddress> {
    table.iter().find(|own| own.address == *address && own.interface == interface)
}

/// An IPv4 prefix as bits.
#[cfg(feature = "ipv4")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct RangeV4 {
    address: u32,
    host_bits: u32,
}

#[cfg(feature = "ipv4")]
impl RangeV4 {
    /// The prefix of an address; `None` if that is none of IPv4.
    pub(crate) fn of(address: &PackedAddress, prefix_len: u8) -> Option<Self> {
        let host_bits = u32::MAX.checked_shr(u32::from(prefix_len)).unwrap_or(0);
        Some(Self { address: address.v4_bits()?, host_bits })
    }

    /// Whether `other` is a broadcast address of the prefix: all host bits one, or all zero (RFC 1122 §3.3.6 asks to
    /// accept the old form). /31 and /32 have none, RFC 3021.
    pub(crate) fn is_broadcast(&self, other: core::net::Ipv4Addr) -> bool {
        let other = other.to_bits();
        if (other ^ self.address) & !self.host_bits != 0 {
            return false;
        }
        let host = other & self.host_bits;
        self.host_bits > 1 && (host == self.host_bits || host == 0)
    }

    /// Whether it is the address itself.
    pub(crate) fn is(&self, other: core::net::Ipv4Addr) -> bool {
        self.address == other.to_bits()
    }
}
