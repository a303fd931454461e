//! Interfaces: what the IP layer keeps of each link.

use crate::PackedAddress;
use tersus_phy::{LinkProperties, LinkState, Medium};
use tersus_wire::ip::ethernet_group;
use tersus_wire::HardwareAddress;

bitflags::bitflags! {
    /// What is known of a link.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub(crate) struct InterfaceFlags: u8 {
        /// The link was seen; its properties are read.
        const ATTACHED = 1;
        /// A group was joined or left, and the link not told yet.
        const GROUPS_CHANGED = 2;
    }
}

/// Counters of one interface, in packets; they wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct InterfaceStatistics {
    /// Taken from the link, of any protocol.
    pub received: u32,
    /// Given to the link, of any protocol.
    pub sent: u32,
    /// Refused by the link because the transmitter was full.
    pub full: u32,
    /// The link went up.
    pub went_up: u32,
    /// The link went down.
    pub went_down: u32,
}

impl InterfaceStatistics {
    /// All counters with their names.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u32); 5] {
        [
            ("received", self.received),
            ("sent", self.sent),
            ("full", self.full),
            ("went_up", self.went_up),
            ("went_down", self.went_down),
        ]
    }
}

/// One interface: an entry of the table that [`Storage`](crate::Storage) holds. Which link it stands for is its index.
#[derive(Debug, Clone, Copy)]
pub struct Interface {
    pub(crate) properties: LinkProperties,
    pub(crate) flags: InterfaceFlags,
    /// Hop Limit of packets whose sender chose none; 0: 64.
    pub(crate) hop_limit: u8,
    /// What the user limited the MTU to; 0: the link's.
    pub(crate) mtu_limit: u16,
    pub(crate) statistics: InterfaceStatistics,
}

impl Interface {
    /// No link seen yet.
    pub const FREE: Self = Self {
        properties: LinkProperties::new(Medium::Ethernet, HardwareAddress::NONE, 0),
        flags: InterfaceFlags::empty(),
        hop_limit: 0,
        mtu_limit: 0,
        statistics: InterfaceStatistics { received: 0, sent: 0, full: 0, went_up: 0, went_down: 0 },
    };

    /// Whether packets pass.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.flags.contains(InterfaceFlags::ATTACHED) && self.properties.link_state == LinkState::Up
    }

    /// Whether a link was seen here.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        self.flags.contains(InterfaceFlags::ATTACHED)
    }

    /// Whether its link is a loopback.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.is_attached() && self.properties.is_loopback
    }

    /// What the link said of itself.
    #[must_use]
    pub fn properties(&self) -> &LinkProperties {
        &self.properties
    }

    /// Largest IP packet, in octets: the link's, or less if the user said so.
    #[must_use]
    pub fn mtu(&self) -> u16 {
        // Without a limit, 0, the difference is the largest number.
        if self.mtu_limit.wrapping_sub(1) < self.properties.mtu {
            self.mtu_limit
        } else {
            self.properties.mtu
        }
    }

    /// Hop Limit of packets whose sender chose none.
    #[must_use]
    pub fn hop_limit(&self) -> u8 {
        match self.hop_limit {
            0 => 64,
            hop_limit => hop_limit,
        }
    }

    /// Its counters.
    #[must_use]
    pub fn statistics(&self) -> &InterfaceStatistics {
        &self.statistics
    }

    /// Whether stations of the link are told apart by hardware addresses.
    pub(crate) fn has_neighbours(&self) -> bool {
        self.properties.medium != Medium::Ip && !self.properties.is_loopback
    }

    /// The link's address of a group or of all stations.
    pub(crate) fn group_address(&self, group: &PackedAddress) -> HardwareAddress {
        match (self.properties.medium, group.get()) {
            (Medium::Ethernet, Some(address)) if group.is_group() => {
                HardwareAddress::ethernet(ethernet_group(address))
            }
            (Medium::Ethernet, _) => HardwareAddress::ETHERNET_BROADCAST,
            (Medium::Ieee802154, _) => HardwareAddress::IEEE802154_BROADCAST,
            _ => HardwareAddress::NONE,
        }
    }
}
