//! Addresses that must not stand in a received packet: RFC 1122 §3.2.1.3, RFC 6890, RFC 4291 §2.

use crate::PackedAddress;
use core::net::IpAddr;
#[cfg(feature = "ipv4")]
use core::net::Ipv4Addr;
#[cfg(feature = "ipv6")]
use core::net::Ipv6Addr;

/// What kind of address stands in a header, judged without the host's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One station, as far as form tells.
    Unicast,
    /// One station of this link only: 169.254/16, fe80::/10.
    LinkLocal,
    /// A group.
    Multicast,
    /// A group of this host alone, ff01::/16: never on a wire, RFC 4291 §2.7.
    #[cfg(feature = "ipv6")]
    InterfaceLocal,
    /// 255.255.255.255.
    #[cfg(feature = "ipv4")]
    LimitedBroadcast,
    /// 0.0.0.0 or `::`.
    Unspecified,
    /// 127/8 or `::1`: never on a wire.
    Loopback,
    /// Nothing that a packet may carry: 0/8, 240/4, ff00::/16 (scope 0), ::ffff:0:0/96.
    Reserved,
}

impl Kind {
    /// Whether more than one station may be meant.
    pub(crate) fn is_many(self) -> bool {
        match self {
            Self::Multicast => true,
            #[cfg(feature = "ipv6")]
            Self::InterfaceLocal => true,
            #[cfg(feature = "ipv4")]
            Self::LimitedBroadcast => true,
            _ => false,
        }
    }

    /// Whether it names a group of this host alone.
    pub(crate) fn is_interface_local(self) -> bool {
        match self {
            #[cfg(feature = "ipv6")]
            Self::InterfaceLocal => true,
            _ => false,
        }
    }
}

/// Sorts an address; `None` if its family is left out of this build.
pub(crate) fn kind(address: &PackedAddress) -> Option<Kind> {
    match address.get()? {
        #[cfg(feature = "ipv4")]
        IpAddr::V4(address) => Some(kind_v4(address)),
        #[cfg(feature = "ipv6")]
        IpAddr::V6(address) => Some(kind_v6(address)),
        #[cfg(not(all(feature = "ipv4", feature = "ipv6")))]
        _ => None,
    }
}

/// Sorts an IPv4 address.
#[cfg(feature = "ipv4")]
pub(crate) fn kind_v4(address: Ipv4Addr) -> Kind {
    let [a, b, ..] = address.octets();
    match a {
        0 if address == Ipv4Addr::UNSPECIFIED => Kind::Unspecified,
        0 => Kind::Reserved,
        127 => Kind::Loopback,
        169 if b == 254 => Kind::LinkLocal,
        1..=223 => Kind::Unicast,
        224..=239 => Kind::Multicast,
        _ if address == Ipv4Addr::BROADCAST => Kind::LimitedBroadcast,
        _ => Kind::Reserved,
    }
}

/// Sorts an IPv6 address.
#[cfg(feature = "ipv6")]
pub(crate) fn kind_v6(address: Ipv6Addr) -> Kind {
    let [a, b, c, d, e, f, _, _] = address.segments();
    match a {
        0 if address == Ipv6Addr::UNSPECIFIED => Kind::Unspecified,
        0 if address == Ipv6Addr::LOCALHOST => Kind::Loopback,
        0 if b | c | d | e == 0 && f == 0xffff => Kind::Reserved,
        0xfe80..=0xfebf => Kind::LinkLocal,
        0xff00.. if a & 0x000f == 0 => Kind::Reserved,
        0xff00.. if a & 0x000f == 1 => Kind::InterfaceLocal,
        0xff00.. => Kind::Multicast,
        _ => Kind::Unicast,
    }
}

/// Whether a group is not to leave its link: 224.0.0/24, ff01::/16, ff02::/16.
pub(crate) fn is_link_scoped_group(group: &PackedAddress) -> bool {
    let [a, b, c, ..] = *group.octets();
    if group.is_ipv4() {
        (a, b, c) == (224, 0, 0)
    } else {
        a == 0xff && b & 0x0f <= 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // conf: IP4-ADR-07, IP4-ADR-18
    #[cfg(feature = "ipv4")]
    #[test]
    fn ipv4_addresses_are_sorted_by_their_first_octets() {
        for (address, want) in [
            ("0.0.0.0", Kind::Unspecified),
            ("0.0.0.1", Kind::Reserved),
            ("1.0.0.0", Kind::Unicast),
            ("127.0.0.1", Kind::Loopback),
            ("127.255.255.255", Kind::Loopback),
            ("169.253.255.255", Kind::Unicast),
            ("169.254.0.1", Kind::LinkLocal),
            ("223.255.255.255", Kind::Unicast),
            ("224.0.0.1", Kind::Multicast),
            ("239.255.255.255", Kind::Multicast),
            ("240.0.0.1", Kind::Reserved),
            ("255.255.255.254", Kind::Reserved),
            ("255.255.255.255", Kind::LimitedBroadcast),
        ] {
            assert_eq!(kind_v4(address.parse().unwrap()), want, "{address}");
        }
    }

    // conf: IP6-HDR-11, IP6-HDR-12
    #[cfg(feature = "ipv6")]
    #[test]
    fn ipv6_addresses_are_sorted_by_their_first_segments() {
        for (address, want) in [
            ("::", Kind::Unspecified),
            ("::1", Kind::Loopback),
            ("::2", Kind::Unicast),
            ("::ffff:192.0.2.1", Kind::Reserved),
            ("2001:db8::1", Kind::Unicast),
            ("fc00::1", Kind::Unicast),
            ("fe7f::1", Kind::Unicast),
            ("fe80::1", Kind::LinkLocal),
            ("febf::1", Kind::LinkLocal),
            ("fec0::1", Kind::Unicast),
            ("ff00::1", Kind::Reserved),
            ("ff10::1", Kind::Reserved),
            ("ff01::1", Kind::InterfaceLocal),
            ("ff11::1", Kind::InterfaceLocal),
            ("ff02::1", Kind::Multicast),
            ("ff0f::1", Kind::Multicast),
        ] {
            assert_eq!(kind_v6(address.parse().unwrap()), want, "{address}");
        }
    }
}
