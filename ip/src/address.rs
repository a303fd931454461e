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

    /// The set of one interface; empty if there can be none of this number.
    #[must_use]
    pub const fn only(interface: InterfaceId) -> Self {
        match 1u32.checked_shl(interface.0 as u32) {
            Some(bit) => Self(bit),
            None => Self::NONE,
        }
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

/// Octets of the longest address of this build.
const ADDRESS_LEN: usize = if cfg!(feature = "ipv6") { 16 } else { 4 };

/// An address or none, of which the empty value is all zeros (an `Option<IpAddr>` is not).
///
/// What tables hold and what the layer reckons with inside: in a build of one family it knows no other, so that nothing
/// is linked for that. An address of a family left out of the build packs to a value that is neither
/// [`PackedAddress::NONE`] nor any address of the build, and unpacks to none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PackedAddress {
    /// 0: none, 4 or 6.
    family: u8,
    octets: [u8; ADDRESS_LEN],
}

impl PackedAddress {
    /// No address.
    pub const NONE: Self = Self { family: 0, octets: [0; ADDRESS_LEN] };

    /// Packs `address`.
    #[must_use]
    #[inline]
    pub const fn new(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::v4(address),
            IpAddr::V6(address) => Self::v6(address),
        }
    }

    /// Packs an IPv4 address.
    #[must_use]
    #[inline]
    pub const fn v4(address: Ipv4Addr) -> Self {
        let [a, b, c, d] = address.octets();
        let mut octets = [0; ADDRESS_LEN];
        if cfg!(feature = "ipv4") {
            octets[0] = a;
            octets[1] = b;
            octets[2] = c;
            octets[3] = d;
        }
        Self { family: 4, octets }
    }

    /// Packs an IPv6 address.
    #[must_use]
    #[inline]
    pub const fn v6(address: Ipv6Addr) -> Self {
        #[cfg(feature = "ipv6")]
        let octets = address.octets();
        #[cfg(not(feature = "ipv6"))]
        let octets = [0; ADDRESS_LEN];
        #[cfg(not(feature = "ipv6"))]
        let _ = address;
        Self { family: 6, octets }
    }

    /// The address, if there is one.
    #[must_use]
    #[inline]
    pub const fn get(&self) -> Option<IpAddr> {
        match self.family {
            #[cfg(feature = "ipv4")]
            4 => Some(IpAddr::V4(self.first_octets())),
            #[cfg(feature = "ipv6")]
            6 => Some(IpAddr::V6(Ipv6Addr::from_bits(u128::from_be_bytes(self.octets)))),
            _ => None,
        }
    }

    /// The first four octets: the whole of an IPv4 address.
    #[cfg(feature = "ipv4")]
    const fn first_octets(&self) -> Ipv4Addr {
        let [a, b, c, d, ..] = self.octets;
        Ipv4Addr::new(a, b, c, d)
    }

    /// The bits of an IPv4 address, if it is one.
    #[cfg(feature = "ipv4")]
    #[inline]
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

    /// Whether an address is of IPv4. Only to be asked of addresses of this build's families.
    #[inline]
    pub(crate) const fn is_ipv4(&self) -> bool {
        cfg!(feature = "ipv4") && (cfg!(not(feature = "ipv6")) || self.family == 4)
    }

    /// Whether an address is a group's.
    pub(crate) const fn is_group(&self) -> bool {
        let [first, ..] = self.octets;
        if self.is_ipv4() {
            first & 0xf0 == 0xe0
        } else {
            first == 0xff
        }
    }

    /// Whether an address is `0.0.0.0` or `::`, or none.
    #[must_use]
    pub fn is_unspecified(&self) -> bool {
        self.octets == [0; ADDRESS_LEN]
    }

    /// Whether this and `other` are of one family.
    #[must_use]
    #[inline]
    pub const fn is_like(&self, other: &Self) -> bool {
        self.family == other.family
    }

    /// The octets, as in a header; those behind the four of an IPv4 address are zero, if there are any.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.octets
    }

    /// As [`Self::as_bytes`].
    pub(crate) const fn octets(&self) -> &[u8; ADDRESS_LEN] {
        &self.octets
    }

    /// How many leading bits this and `other`, of one family, share; if both are one IPv4 address it may be more than 32.
    #[inline(never)]
    pub(crate) fn common_prefix_len(&self, other: &Self) -> u8 {
        let mut bits = 0;
        for (a, b) in self.octets.iter().zip(&other.octets) {
            let same = (a ^ b).leading_zeros();
            bits += same;
            if same < u8::BITS {
                break;
            }
        }
        u8::try_from(bits).unwrap_or(u8::MAX)
    }

    /// Whether `other` is of the same family and shares the first `prefix_len` bits.
    pub(crate) fn shares(&self, prefix_len: u8, other: &Self) -> bool {
        self.is_like(other) && self.common_prefix_len(other) >= prefix_len
    }
}

impl From<IpAddr> for PackedAddress {
    fn from(address: IpAddr) -> Self {
        Self::new(address)
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
        // address, whether its family is in this build
        for (text, is_in) in [
            ("192.0.2.1", cfg!(feature = "ipv4")),
            ("0.0.0.0", cfg!(feature = "ipv4")),
            ("2001:db8::1", cfg!(feature = "ipv6")),
            ("::", cfg!(feature = "ipv6")),
        ] {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(PackedAddress::new(address).get(), is_in.then_some(address), "{text}");
            assert_ne!(PackedAddress::new(address), PackedAddress::NONE, "{text}");
        }
        assert_eq!(PackedAddress::NONE.get(), None);
        assert_eq!(PackedAddress::default(), PackedAddress::NONE);
    }

    #[cfg(all(feature = "ipv4", feature = "ipv6"))]
    #[test]
    fn prefixes_are_shared_within_a_family_only() {
        // a, b, prefix length, shared
        for (a, b, prefix_len, want) in [
            ("192.0.2.1", "192.0.2.200", 24, true),
            ("192.0.2.1", "192.0.2.200", 25, false),
            ("192.0.2.1", "192.0.2.1", 32, true),
            ("192.0.2.1", "192.0.2.0", 32, false),
            ("192.0.2.1", "203.0.113.9", 0, true),
            ("::", "0.0.0.0", 0, false),
            ("2001:db8::1", "2001:db8::2", 126, true),
            ("2001:db8::1", "2001:db8::2", 127, false),
            ("2001:db8::1", "2001:db8::1", 128, true),
        ] {
            let [a, b] = [a, b].map(|text| PackedAddress::new(text.parse().unwrap()));
            assert_eq!(a.shares(prefix_len, &b), want, "{a:?} {b:?} {prefix_len}");
        }
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
        // No interface has these numbers, and they are no other's.
        for number in [32, 33, 63, 64, 255] {
            let mut set = InterfaceSet::NONE;
            set.insert(InterfaceId(number));
            assert!(set.is_empty() && !InterfaceSet::ALL.contains(InterfaceId(number)), "{number}");
        }
    }
}
