//! Hardware addresses of all link types in one small value.

use core::fmt;

/// A link-layer address: 6 octets on Ethernet, 2 or 8 on IEEE 802.15.4, none on raw IP links.
///
/// Octets are in the order of the Ethernet wire and of an EUI-64 (most significant first), also for
/// IEEE 802.15.4, whose frames carry them reversed. The all-zero value is [`HardwareAddress::NONE`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct HardwareAddress {
    len: u8,
    octets: [u8; 8],
}

impl HardwareAddress {
    /// No address: what a link without addresses has, or an address that is not known.
    pub const NONE: Self = Self { len: 0, octets: [0; 8] };
    /// The Ethernet broadcast address, ff:ff:ff:ff:ff:ff.
    pub const ETHERNET_BROADCAST: Self = Self::ethernet([0xff; 6]);
    /// The IEEE 802.15.4 broadcast short address, 0xffff.
    pub const IEEE802154_BROADCAST: Self = Self::short(0xffff);

    /// A 48-bit Ethernet address.
    #[must_use]
    pub const fn ethernet(address: [u8; 6]) -> Self {
        let [a, b, c, d, e, f] = address;
        Self { len: 6, octets: [a, b, c, d, e, f, 0, 0] }
    }

    /// As [`Self::ethernet`], of octets that lie in a packet, which is cheaper.
    #[must_use]
    #[inline]
    pub fn from_ethernet(address: &[u8; 6]) -> Self {
        let mut octets = [0; 8];
        if let Some(front) = octets.first_chunk_mut() {
            *front = *address;
        }
        Self { len: 6, octets }
    }

    /// A 64-bit extended IEEE 802.15.4 address (EUI-64), most significant octet first.
    #[must_use]
    pub const fn extended(address: [u8; 8]) -> Self {
        Self { len: 8, octets: address }
    }

    /// A 16-bit short IEEE 802.15.4 address.
    #[must_use]
    pub const fn short(address: u16) -> Self {
        let [a, b] = address.to_be_bytes();
        Self { len: 2, octets: [a, b, 0, 0, 0, 0, 0, 0] }
    }

    /// The address that has these octets; `None` unless there are 2, 6 or 8.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if let Ok(address) = <[u8; 6]>::try_from(bytes) {
            Some(Self::ethernet(address))
        } else if let Ok(address) = <[u8; 8]>::try_from(bytes) {
            Some(Self::extended(address))
        } else if let Ok(address) = <[u8; 2]>::try_from(bytes) {
            Some(Self::short(u16::from_be_bytes(address)))
        } else {
            None
        }
    }

    /// The octets, most significant first; empty for [`Self::NONE`].
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or(&[])
    }

    /// The address as six octets, if it is an Ethernet address.
    #[must_use]
    pub fn as_ethernet(&self) -> Option<[u8; 6]> {
        let [a, b, c, d, e, f, _, _] = self.octets;
        (self.len == 6).then_some([a, b, c, d, e, f])
    }

    /// As [`Self::as_ethernet`], in place.
    #[must_use]
    #[inline]
    pub fn ethernet_octets(&self) -> Option<&[u8; 6]> {
        self.octets.first_chunk().filter(|_| self.len == 6)
    }

    /// The address as eight octets, if it is an extended IEEE 802.15.4 address.
    #[must_use]
    pub fn as_extended(&self) -> Option<[u8; 8]> {
        (self.len == 8).then_some(self.octets)
    }

    /// The address as a number, if it is a short IEEE 802.15.4 address.
    #[must_use]
    pub fn as_short(&self) -> Option<u16> {
        let [a, b, ..] = self.octets;
        (self.len == 2).then_some(u16::from_be_bytes([a, b]))
    }

    /// Whether this is [`Self::NONE`].
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.len == 0
    }

    /// Whether this is the broadcast address of its kind.
    #[must_use]
    pub fn is_broadcast(&self) -> bool {
        *self == Self::ETHERNET_BROADCAST || *self == Self::IEEE802154_BROADCAST
    }

    /// Whether one station is named: neither nothing, nor broadcast, nor an Ethernet group address, nor an
    /// Ethernet address of zeros only.
    #[must_use]
    pub fn is_unicast(&self) -> bool {
        let [first, ..] = self.octets;
        match self.len {
            6 => first & 1 == 0 && self.octets != [0; 8],
            8 => true,
            2 => !self.is_broadcast(),
            _ => false,
        }
    }
}

impl fmt::Display for HardwareAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return f.write_str("none");
        }
        for (i, octet) in self.as_bytes().iter().enumerate() {
            if i > 0 {
                f.write_str(":")?;
            }
            write!(f, "{octet:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for HardwareAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::HardwareAddress as A;
    use alloc::string::ToString;

    #[test]
    fn kinds_are_told_apart_by_length() {
        let ethernet = A::from_bytes(&[2, 0, 0, 0, 0, 1]).unwrap();
        assert_eq!(ethernet.as_ethernet(), Some([2, 0, 0, 0, 0, 1]));
        assert_eq!(ethernet.as_extended(), None);
        let short = A::from_bytes(&[0x12, 0x34]).unwrap();
        assert_eq!(short.as_short(), Some(0x1234));
        let extended = A::from_bytes(&[1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        assert_eq!(extended.as_extended(), Some([1, 2, 3, 4, 5, 6, 7, 8]));
        for len in [0, 1, 3, 4, 5, 7, 9] {
            assert_eq!(A::from_bytes(&[0; 16][..len]), None, "length {len}");
        }
    }

    #[test]
    fn unicast_excludes_groups_broadcast_and_zero() {
        assert!(A::ethernet([2, 0, 0, 0, 0, 1]).is_unicast());
        assert!(!A::ethernet([1, 0, 0x5e, 0, 0, 1]).is_unicast());
        assert!(!A::ethernet([0; 6]).is_unicast());
        assert!(!A::ETHERNET_BROADCAST.is_unicast());
        assert!(!A::IEEE802154_BROADCAST.is_unicast());
        assert!(A::extended([1; 8]).is_unicast());
        assert!(!A::NONE.is_unicast());
    }

    #[test]
    fn display_is_colon_separated() {
        assert_eq!(A::ethernet([2, 0, 0, 0, 0, 0xab]).to_string(), "02:00:00:00:00:ab");
        assert_eq!(A::NONE.to_string(), "none");
    }
}
