//! What IPv4 and IPv6 share: protocol numbers, address prefixes, pseudo-headers.
//!
//! ```
//! use tersus_wire::{ip, Cidr, IpProtocol};
//!
//! let network: Cidr = "192.0.2.1/24".parse()?;
//! assert!(network.contains([192, 0, 2, 77].into()));
//! assert_eq!(network.broadcast(), Some([192, 0, 2, 255].into()));
//!
//! // What the checksums of UDP, TCP and ICMPv6 cover beside their own octets.
//! let addresses = ip::pseudo_addresses([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
//! let whole = addresses.add_u16(IpProtocol::UDP.0.into()).add_u16(8); // with protocol and length
//! let at_once = ip::pseudo_header([192, 0, 2, 1].into(), [192, 0, 2, 2].into(), IpProtocol::UDP, 8);
//! assert_eq!(whole.checksum(), at_once.checksum());
//!
//! assert_eq!(ip::solicited_node("2001:db8::12:3456".parse()?), "ff02::1:ff12:3456".parse::<std::net::Ipv6Addr>()?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::checksum::Sum;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

/// An upper-layer protocol or IPv6 Next Header value, IANA "Assigned Internet Protocol Numbers".
///
/// One octet, so that it travels in registers; all 256 values are legal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct IpProtocol(pub u8);

impl IpProtocol {
    /// IPv6 Hop-by-Hop Options, RFC 8200 §4.3.
    pub const HOP_BY_HOP: Self = Self(0);
    /// ICMPv4, RFC 792.
    pub const ICMPV4: Self = Self(1);
    /// IGMP, RFC 3376.
    pub const IGMP: Self = Self(2);
    /// IPv4 in IP, RFC 2003.
    pub const IPV4: Self = Self(4);
    /// TCP, RFC 9293.
    pub const TCP: Self = Self(6);
    /// UDP, RFC 768.
    pub const UDP: Self = Self(17);
    /// IPv6 in IP, RFC 2473.
    pub const IPV6: Self = Self(41);
    /// IPv6 Routing header, RFC 8200 §4.4.
    pub const ROUTING: Self = Self(43);
    /// IPv6 Fragment header, RFC 8200 §4.5.
    pub const FRAGMENT: Self = Self(44);
    /// Generic Routing Encapsulation, RFC 2784.
    pub const GRE: Self = Self(47);
    /// Encapsulating Security Payload, RFC 4303.
    pub const ESP: Self = Self(50);
    /// Authentication Header, RFC 4302.
    pub const AH: Self = Self(51);
    /// ICMPv6, RFC 4443.
    pub const ICMPV6: Self = Self(58);
    /// IPv6 No Next Header, RFC 8200 §4.7.
    pub const NO_NEXT_HEADER: Self = Self(59);
    /// IPv6 Destination Options, RFC 8200 §4.6.
    pub const DESTINATION_OPTIONS: Self = Self(60);
    /// OSPF, RFC 2328 and RFC 5340.
    pub const OSPF: Self = Self(89);
    /// Protocol Independent Multicast, RFC 7761.
    pub const PIM: Self = Self(103);
    /// Virtual Router Redundancy Protocol, RFC 5798.
    pub const VRRP: Self = Self(112);
    /// SCTP, RFC 9260.
    pub const SCTP: Self = Self(132);
    /// IPv6 Mobility header, RFC 6275 §6.1.
    pub const MOBILITY: Self = Self(135);
}

impl fmt::Display for IpProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::HOP_BY_HOP => "HopByHop",
            Self::ICMPV4 => "ICMP",
            Self::IGMP => "IGMP",
            Self::TCP => "TCP",
            Self::UDP => "UDP",
            Self::IPV4 => "IPv4",
            Self::IPV6 => "IPv6",
            Self::ROUTING => "Routing",
            Self::FRAGMENT => "Fragment",
            Self::ESP => "ESP",
            Self::AH => "AH",
            Self::ICMPV6 => "ICMPv6",
            Self::NO_NEXT_HEADER => "NoNextHeader",
            Self::DESTINATION_OPTIONS => "DestinationOptions",
            Self::MOBILITY => "Mobility",
            Self::GRE => "GRE",
            Self::OSPF => "OSPF",
            Self::PIM => "PIM",
            Self::VRRP => "VRRP",
            Self::SCTP => "SCTP",
            Self(number) => return write!(f, "protocol {number}"),
        })
    }
}

impl fmt::Debug for IpProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An address with the length of its prefix, as in `192.0.2.1/24` or `2001:db8::1/64`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Cidr {
    address: IpAddr,
    prefix_len: u8,
}

/// Why a text or a pair is no [`Cidr`] or [`Ipv6Prefix`](crate::Ipv6Prefix).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CidrError {
    /// The part before the slash is no IPv4 or IPv6 address.
    #[error("not an IP address")]
    Address,
    /// The prefix length is missing, no number, or above 32 (IPv4) or 128 (IPv6).
    #[error("not a prefix length of this family")]
    PrefixLength,
}

impl Cidr {
    /// An address and the number of leading bits that its network shares.
    ///
    /// # Errors
    /// `PrefixLength` if above 32 for IPv4 or 128 for IPv6.
    pub fn new(address: IpAddr, prefix_len: u8) -> Result<Self, CidrError> {
        let max = if address.is_ipv4() { 32 } else { 128 };
        if prefix_len > max {
            return Err(CidrError::PrefixLength);
        }
        Ok(Self { address, prefix_len })
    }

    /// The prefix of one address: /32 or /128.
    #[must_use]
    pub fn host(address: IpAddr) -> Self {
        Self { address, prefix_len: if address.is_ipv4() { 32 } else { 128 } }
    }

    /// The address, with its host bits.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Length of the prefix, in bits.
    #[must_use]
    pub fn prefix_len(&self) -> u8 {
        self.prefix_len
    }

    /// Whether `address` is of the same family and lies in the prefix.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let shift = 32 - u32::from(self.prefix_len);
                let difference = own.to_bits() ^ other.to_bits();
                difference.checked_shr(shift).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let shift = 128 - u32::from(self.prefix_len);
                let difference = own.to_bits() ^ other.to_bits();
                difference.checked_shr(shift).unwrap_or(0) == 0
            }
            _ => false,
        }
    }

    /// The directed broadcast address; `None` for IPv6 and for /31 and /32 (RFC 3021).
    #[must_use]
    pub fn broadcast(&self) -> Option<Ipv4Addr> {
        let IpAddr::V4(address) = self.address else { return None };
        if self.prefix_len > 30 {
            return None;
        }
        let host = u32::MAX.checked_shr(u32::from(self.prefix_len)).unwrap_or(0);
        Some(Ipv4Addr::from_bits(address.to_bits() | host))
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let (address, prefix_len) = text.split_once('/').ok_or(CidrError::PrefixLength)?;
        let address = address.parse().map_err(|_| CidrError::Address)?;
        Self::new(address, read_prefix_len(prefix_len)?)
    }
}

/// Digits as an address has them, RFC 4291 §2.3: no sign, no zero in front.
pub(crate) fn read_prefix_len(text: &str) -> Result<u8, CidrError> {
    let is_plain =
        text.bytes().all(|octet| octet.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_plain).ok_or(CidrError::PrefixLength)
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_len)
    }
}

/// Sum over the addresses of a pseudo-header, RFC 9293 §3.1 and RFC 8200 §8.1; protocol and length are added
/// with [`pseudo_header`] or by the caller. Both addresses must be of one family; else the sum is that of none.
#[must_use]
pub fn pseudo_addresses(source: IpAddr, destination: IpAddr) -> Sum {
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            Sum::new().add_u32(source.to_bits()).add_u32(destination.to_bits())
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let mut addresses = [0; 32];
            addresses[..16].copy_from_slice(&source.octets());
            addresses[16..].copy_from_slice(&destination.octets());
            Sum::new().add_array(&addresses)
        }
        _ => Sum::new(),
    }
}

/// Sum over a whole pseudo-header; `len` is the upper-layer length in octets.
#[must_use]
pub fn pseudo_header(source: IpAddr, destination: IpAddr, protocol: IpProtocol, len: u32) -> Sum {
    pseudo_addresses(source, destination).add_u32(len).add_u16(u16::from(protocol.0))
}

/// The solicited-node multicast address of `address`, RFC 4291 §2.7.1.
#[must_use]
pub fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = address.octets();
    Ipv6Addr::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c])
}

/// The Ethernet group address that carries `group`: RFC 1112 §6.4, RFC 2464 §7.
#[must_use]
pub fn ethernet_group(group: IpAddr) -> [u8; 6] {
    match group {
        IpAddr::V4(group) => {
            let [_, b, c, d] = group.octets();
            [0x01, 0x00, 0x5e, b & 0x7f, c, d]
        }
        IpAddr::V6(group) => {
            let [.., a, b, c, d] = group.octets();
            [0x33, 0x33, a, b, c, d]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    #[test]
    fn contains_compares_the_prefix_only() {
        // prefix, address, contained
        for (prefix, address, want) in [
            ("192.0.2.1/24", "192.0.2.200", true),
            ("192.0.2.1/24", "192.0.3.1", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("192.0.2.1/32", "192.0.2.1", true),
            ("192.0.2.1/32", "192.0.2.0", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "192.0.2.1", false),
            ("2001:db8::1/64", "2001:db8::ffff:1", true),
            ("2001:db8::1/64", "2001:db8:0:1::1", false),
            ("2001:db8::1/128", "2001:db8::2", false),
        ] {
            assert_eq!(cidr(prefix).contains(address.parse().unwrap()), want, "{prefix} {address}");
        }
    }

    // conf: IP4-ADR-11, IP4-ADR-12
    #[test]
    fn broadcast_does_not_exist_on_31_and_32() {
        for (prefix, want) in [
            ("192.0.2.1/24", Some("192.0.2.255")),
            ("192.0.2.1/30", Some("192.0.2.3")),
            ("192.0.2.1/31", None),
            ("192.0.2.1/32", None),
            ("10.0.0.1/0", Some("255.255.255.255")),
            ("2001:db8::1/64", None),
        ] {
            assert_eq!(cidr(prefix).broadcast(), want.map(|a| a.parse().unwrap()), "{prefix}");
        }
    }

    #[test]
    fn text_that_is_no_prefix_is_refused() {
        for (text, want) in [
            ("192.0.2.1", CidrError::PrefixLength),
            ("192.0.2.1/33", CidrError::PrefixLength),
            ("::1/129", CidrError::PrefixLength),
            ("192.0.2/24", CidrError::Address),
            ("::1/x", CidrError::PrefixLength),
            ("192.0.2.1/", CidrError::PrefixLength),
            ("192.0.2.1/+8", CidrError::PrefixLength),
            ("192.0.2.1/08", CidrError::PrefixLength),
            ("192.0.2.1/00", CidrError::PrefixLength),
        ] {
            assert_eq!(text.parse::<Cidr>(), Err(want), "{text}");
        }
    }

    // conf: ETH-ETH-09, ETH-ETH-10
    #[test]
    fn groups_map_to_ethernet() {
        for group in ["224.128.1.1", "239.0.1.1"] {
            assert_eq!(ethernet_group(group.parse().unwrap()), [1, 0, 0x5e, 0, 1, 1]);
        }
        let group = "ff02::1:ff00:1".parse().unwrap();
        assert_eq!(ethernet_group(group), [0x33, 0x33, 0xff, 0, 0, 1]);
    }
}
