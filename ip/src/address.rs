//! Small values that name interfaces and addresses.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An interface: the link at this index of the list that is given to each poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct InterfaceId(pub u8);

/// A set of interfaces, of the first 32.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct InterfaceSet(u32);

impl InterfaceSet {
    /// How many interfaces a stack can have.
    pub const MAX: usize = 32;
    /// No interface.
    pub const NONE: Self = Self(0);
    /// All interfaces.
    pub const ALL: Self = Self(u32::MAX);

    /// The set of one interface.
    #[must_use]
    pub const fn only(interface: InterfaceId) -> Self {
        Self(1u32.wrapping_shl(interface.0 as u32))
    }

    /// Whether `interface` is in the set.
    #[must_use]
    pub const fn contains(self, interface: InterfaceId) -> bool {
        self.0 & Self::only(interface).0 != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the sets have a member in common.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The members of either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The members that `other` does not have.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Adds `interface`.
    pub fn insert(&mut self, interface: InterfaceId) {
        self.0 |= Self::only(interface).0;
    }

    /// Removes `interface`.
    pub fn remove(&mut self, interface: InterfaceId) {
        self.0 &= !Self::only(interface).0;
    }
}

impl fmt::Debug for InterfaceSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries((0..32u8).filter(|&i| self.contains(InterfaceId(i)))).finish()
    }
}

/// An address or none, of which the empty value is all zeros (an `Option<IpAddr>` is not), for use in tables.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PackedAddress {
    /// 0: none, 4 or 6.
    family: u8,
    octets: [u8; 16],
}

impl PackedAddress {
    /// No address.
    pub const NONE: Self = Self { family: 0, octets: [0; 16] };

    /// Packs `address`.
    #[must_use]
    pub const fn new(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => {
                let [a, b, c, d] = address.octets();
                Self { family: 4, octets: [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] }
            }
            IpAddr::V6(address) => Self { family: 6, octets: address.octets() },
        }
    }

    /// The address, if there is one.
    #[must_use]
    pub const fn get(&self) -> Option<IpAddr> {
        match self.family {
            4 => {
                let [a, b, c, d, ..] = self.octets;
                Some(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
            }
            6 => Some(IpAddr::V6(Ipv6Addr::from_bits(u128::from_be_bytes(self.octets)))),
            _ => None,
        }
    }

    /// The bits of an IPv4 address, if it is one.
    #[cfg(feature = "ipv4")]
    pub(crate) const fn v4_bits(&self) -> Option<u32> {
        let [a, b, c, d, ..] = self.octets;
        if self.family == 4 {
            Some(u32::from_be_bytes([a, b, c, d]))
        } else {
            None
        }
    }

    /// Whether there is no address.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.family == 0
    }
}

impl From<Option<IpAddr>> for PackedAddress {
    fn from(address: Option<IpAddr>) -> Self {
        address.map_or(Self::NONE, Self::new)
    }
}

impl fmt::Debug for PackedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.get(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_addresses_unpack() {
        for text in ["192.0.2.1", "0.0.0.0", "2001:db8::1", "::"] {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(PackedAddress::new(address).get(), Some(address), "{text}");
        }
        assert_eq!(PackedAddress::NONE.get(), None);
        assert_eq!(PackedAddress::default(), PackedAddress::NONE);
    }

    #[test]
    fn a_set_holds_what_was_inserted() {
        let mut set = InterfaceSet::NONE;
        set.insert(InterfaceId(0));
        set.insert(InterfaceId(31));
        assert!(
            set.contains(InterfaceId(0)) && set.contains(InterfaceId(31)) && !set.contains(InterfaceId(1))
        );
        set.remove(InterfaceId(0));
        assert_eq!(set, InterfaceSet::only(InterfaceId(31)));
        assert!(set.intersects(InterfaceSet::ALL) && !set.intersects(InterfaceSet::only(InterfaceId(2))));
    }
}
