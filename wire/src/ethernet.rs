//! Ethernet II frames, RFC 894.

use core::fmt;

/// An EtherType, IANA "ETHER TYPES"; below 0x0600 it is an IEEE 802.3 length.
///
/// Two octets, so that it travels in registers; all values are legal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct EtherType(pub u16);

impl EtherType {
    /// IPv4, RFC 894.
    pub const IPV4: Self = Self(0x0800);
    /// ARP, RFC 826.
    pub const ARP: Self = Self(0x0806);
    /// A tag of IEEE 802.1Q.
    pub const VLAN: Self = Self(0x8100);
    /// IPv6, RFC 2464 §3.
    pub const IPV6: Self = Self(0x86dd);
}

impl fmt::Display for EtherType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::IPV4 => "IPv4",
            Self::ARP => "ARP",
            Self::VLAN => "VLAN",
            Self::IPV6 => "IPv6",
            Self(number) => return write!(f, "EtherType 0x{number:04x}"),
        })
    }
}

impl fmt::Debug for EtherType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
