//! Addresses as the tables of a small host hold them.
//!
//! In a build of IPv4 alone an address is a word, and none is 0.0.0.0, which is no station's: nothing is linked that tells
//! families apart. In others it is a [`PackedAddress`].

#[cfg(not(feature = "ipv6"))]
use crate::Addresses;
use crate::{IpMeta, PackedAddress};
#[cfg(not(feature = "ipv6"))]
use core::net::Ipv4Addr;

#[cfg(feature = "ipv6")]
pub(super) use crate::PackedAddress as Address;
#[cfg(not(feature = "ipv6"))]
pub(super) use word::Address;

/// As paths take it.
#[inline]
pub(super) fn packed(address: &Address) -> PackedAddress {
    #[cfg(feature = "ipv6")]
    return *address;
    #[cfg(not(feature = "ipv6"))]
    address.packed()
}

/// From whom to whom a reply to a packet goes, if it may.
#[inline]
pub(super) fn reply_ends(packet: &IpMeta<'_>) -> Option<(Address, Address)> {
    let from = packet.reply_from?;
    #[cfg(feature = "ipv6")]
    return Some((Address::new(from), Address::new(packet.addresses.source())));
    // It is whom the packet was for; and both stand in one place whatever the family, which then need not be told.
    #[cfg(not(feature = "ipv6"))]
    {
        let _ = from;
        let (Addresses::V4(&[a, b, c, d, e, f, g, h]) | Addresses::V6(&[a, b, c, d, e, f, g, h, ..])) =
            packet.addresses;
        let (source, destination) = (Ipv4Addr::new(a, b, c, d), Ipv4Addr::new(e, f, g, h));
        Some((Address::v4(destination), Address::v4(source)))
    }
}

#[cfg(not(feature = "ipv6"))]
mod word {
    use crate::PackedAddress;
    use core::net::{IpAddr, Ipv4Addr};

    /// The bits of an IPv4 address; 0: none.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(in crate::small) struct Address(u32);

    impl Address {
        pub(in crate::small) const NONE: Self = Self(0);

        /// An address; one of IPv6 becomes one that no station has.
        #[inline]
        pub(in crate::small) const fn new(address: IpAddr) -> Self {
            match address {
                IpAddr::V4(address) => Self::v4(address),
                IpAddr::V6(_) => Self(u32::MAX - 1),
            }
        }

        #[inline]
        pub(in crate::small) const fn v4(address: Ipv4Addr) -> Self {
            Self(address.to_bits())
        }

        /// The address, if there is one.
        #[inline]
        pub(in crate::small) const fn get(&self) -> Option<IpAddr> {
            if self.0 == 0 {
                None
            } else {
                Some(IpAddr::V4(Ipv4Addr::from_bits(self.0)))
            }
        }

        #[inline]
        pub(in crate::small) const fn is_none(&self) -> bool {
            self.0 == 0
        }

        #[inline]
        pub(in crate::small) const fn is_unspecified(&self) -> bool {
            self.0 == 0
        }

        /// Whether this and `other` share the first `prefix_len` bits.
        #[inline]
        pub(in crate::small) fn shares(&self, prefix_len: u8, other: &Self) -> bool {
            (self.0 ^ other.0).leading_zeros() >= u32::from(prefix_len)
        }

        #[inline]
        pub(in crate::small) const fn v4_bits(&self) -> Option<u32> {
            Some(self.0)
        }

        #[inline]
        pub(in crate::small) const fn packed(self) -> PackedAddress {
            PackedAddress::v4(Ipv4Addr::from_bits(self.0))
        }
    }
}
