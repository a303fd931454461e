//! Options of neighbour discovery: RFC 4861 §4.6, RFC 4191 §2.3, RFC 8106 §5.1, RFC 3971 §5.3.2. More are
//! values of [`OtherOption`].
//!
//! ```text
//!   +------+--------+------ ... ------+
//!   | Type | Length | Length × 8 − 2  |   Length counts units of 8 octets, type and length included
//!   +------+--------+------ ... ------+
//! ```

use super::other::OtherOption;
use crate::{Error, HardwareAddress};
use core::fmt;
use core::net::Ipv6Addr;

pub(super) const SOURCE_LINK_LAYER: u8 = 1;
pub(super) const TARGET_LINK_LAYER: u8 = 2;
pub(super) const PREFIX_INFORMATION: u8 = 3;
pub(super) const REDIRECTED_HEADER: u8 = 4;
pub(super) const MTU: u8 = 5;
pub(super) const NONCE: u8 = 14;
pub(super) const ROUTE_INFORMATION: u8 = 24;
pub(super) const RDNSS: u8 = 25;

/// The options of one message, checked: none has length 0, none runs past the end. Iterate to read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options<'a> {
    rest: &'a [u8],
}

impl<'a> Options<'a> {
    /// No option.
    pub const EMPTY: Self = Self { rest: &[] };

    /// The octets of the options that are left.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.rest
    }

    /// Checks all lengths.
    ///
    /// # Errors
    /// `Length(0)` for an option of length 0; `Truncated` where one runs past the end.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let have = rest.len();
            let &[_, units, ..] = rest else { return Err(Error::truncated(2, have)) };
            if units == 0 {
                return Err(Error::Length(0));
            }
            let len = usize::from(units) * 8;
            rest = rest.get(len..).ok_or(Error::truncated(len, have))?;
        }
        Ok(Self { rest: bytes })
    }

    /// The first source link-layer address option.
    #[must_use]
    pub fn source_link_layer(&self) -> Option<LinkLayerAddress<'a>> {
        let mut options = *self;
        options.find_map(|option| match option {
            NdiscOption::SourceLinkLayer(address) => Some(address),
            _ => None,
        })
    }

    /// The first target link-layer address option.
    #[must_use]
    pub fn target_link_layer(&self) -> Option<LinkLayerAddress<'a>> {
        let mut options = *self;
        options.find_map(|option| match option {
            NdiscOption::TargetLinkLayer(address) => Some(address),
            _ => None,
        })
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = NdiscOption<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let &[kind, units, ..] = self.rest else { return None };
        // `parse` checked that the length is at least 8 and lies inside.
        let len = usize::from(units.max(1)) * 8;
        let data = self.rest.get(2..len)?;
        self.rest = self.rest.get(len..).unwrap_or(&[]);
        Some(NdiscOption::read(kind, data))
    }
}

/// One option. A known type with a length that it cannot have reads as `Unknown`: receivers skip it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NdiscOption<'a> {
    /// The sender's link-layer address, RFC 4861 §4.6.1.
    SourceLinkLayer(LinkLayerAddress<'a>),
    /// The target's link-layer address, RFC 4861 §4.6.1.
    TargetLinkLayer(LinkLayerAddress<'a>),
    /// A prefix of the link, RFC 4861 §4.6.2.
    Prefix(Prefix<'a>),
    /// As much as fits of the packet that was redirected, with padding, RFC 4861 §4.6.3.
    RedirectedHeader(&'a [u8]),
    /// The link's MTU, RFC 4861 §4.6.4.
    Mtu(u32),
    /// What tells an own solicitation that came back from another's, RFC 3971 §5.3.2, RFC 7527; six octets or
    /// more.
    Nonce(&'a [u8]),
    /// A route, RFC 4191 §2.3.
    Route(RouteInformation<'a>),
    /// DNS servers, RFC 8106 §5.1.
    Rdnss(Rdnss<'a>),
    /// Any other; [`OtherOption::read`] knows some more.
    Unknown {
        /// Type.
        kind: u8,
        /// What follows type and length: a multiple of 8, less 2 octets.
        data: &'a [u8],
    },
}

impl<'a> NdiscOption<'a> {
    fn read(kind: u8, data: &'a [u8]) -> Self {
        let known = match kind {
            SOURCE_LINK_LAYER => Some(Self::SourceLinkLayer(LinkLayerAddress { data })),
            TARGET_LINK_LAYER => Some(Self::TargetLinkLayer(LinkLayerAddress { data })),
            PREFIX_INFORMATION => <&[u8; 30]>::try_from(data).ok().map(|data| Self::Prefix(Prefix { data })),
            // Reserved: 6 octets.
            REDIRECTED_HEADER => data.get(6..).map(Self::RedirectedHeader),
            MTU => match data {
                &[_, _, a, b, c, d] => Some(Self::Mtu(u32::from_be_bytes([a, b, c, d]))),
                _ => None,
            },
            NONCE => Some(Self::Nonce(data)),
            ROUTE_INFORMATION => RouteInformation::read(data).map(Self::Route),
            RDNSS => Rdnss::read(data).map(Self::Rdnss),
            _ => None,
        };
        known.unwrap_or(Self::Unknown { kind, data })
    }
}

impl fmt::Display for NdiscOption<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SourceLinkLayer(address) => write!(f, "source at {address}"),
            Self::TargetLinkLayer(address) => write!(f, "target at {address}"),
            Self::Prefix(prefix) => write!(f, "prefix {}/{}", prefix.prefix(), prefix.prefix_len()),
            Self::RedirectedHeader(packet) => write!(f, "redirected packet of {} octets", packet.len()),
            Self::Mtu(mtu) => write!(f, "MTU {mtu}"),
            Self::Nonce(_) => f.write_str("nonce"),
            Self::Route(route) => write!(f, "route {}/{}", route.prefix(), route.prefix_len()),
            Self::Rdnss(rdnss) => {
                f.write_str("DNS servers")?;
                rdnss.addresses().try_for_each(|address| write!(f, " {address}"))
            }
            Self::Unknown { kind, data } => match OtherOption::read(*kind, data) {
                Some(option) => fmt::Display::fmt(&option, f),
                None => write!(f, "option {kind} len {}", data.len()),
            },
        }
    }
}

/// Content of a link-layer address option: an address and padding.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LinkLayerAddress<'a> {
    data: &'a [u8],
}

impl<'a> LinkLayerAddress<'a> {
    /// The address, on a link where stations have addresses like `like`: 6 octets in an option of 8 on Ethernet
    /// (RFC 2464 §6), 2 in 8 or 8 in 16 on IEEE 802.15.4 (RFC 4944 §8). `None` if the length does not fit the
    /// link, or the link has no addresses.
    #[must_use]
    pub fn address(&self, like: &HardwareAddress) -> Option<HardwareAddress> {
        match (like.as_bytes().len(), self.data) {
            (6, &[a, b, c, d, e, f]) => Some(HardwareAddress::ethernet([a, b, c, d, e, f])),
            (2 | 8, &[a, b, _, _, _, _]) => Some(HardwareAddress::short(u16::from_be_bytes([a, b]))),
            (2 | 8, data) if data.len() == 14 => data.first_chunk().map(|a| HardwareAddress::extended(*a)),
            _ => None,
        }
    }

    /// What follows type and length, padding included.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.data
    }
}

impl fmt::Display for LinkLayerAddress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, octet) in self.data.iter().enumerate() {
            if i > 0 {
                f.write_str(":")?;
            }
            write!(f, "{octet:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for LinkLayerAddress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

bitflags::bitflags! {
    /// Flags of a prefix, RFC 4861 §4.6.2.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct PrefixFlags: u8 {
        /// L: the prefix is on the link.
        const ON_LINK = 0x80;
        /// A: addresses may be formed from it.
        const AUTONOMOUS = 0x40;
    }
}

/// Content of a prefix information option, RFC 4861 §4.6.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix<'a> {
    data: &'a [u8; 30],
}

impl<'a> Prefix<'a> {
    /// Leading bits that count; above 128 in a malformed option.
    #[must_use]
    pub fn prefix_len(&self) -> u8 {
        self.data[0]
    }

    /// What follows type and length.
    pub(super) fn as_bytes(&self) -> &'a [u8] {
        self.data
    }

    /// L and A.
    #[must_use]
    pub fn flags(&self) -> PrefixFlags {
        PrefixFlags::from_bits_truncate(self.data[1])
    }

    /// How long the prefix is on the link, in seconds; all ones: for ever.
    #[must_use]
    pub fn valid_lifetime(&self) -> u32 {
        let d = self.data;
        u32::from_be_bytes([d[2], d[3], d[4], d[5]])
    }

    /// How long addresses formed from it are preferred, in seconds; all ones: for ever.
    #[must_use]
    pub fn preferred_lifetime(&self) -> u32 {
        let d = self.data;
        u32::from_be_bytes([d[6], d[7], d[8], d[9]])
    }

    /// The prefix; bits beyond its length are arbitrary.
    #[must_use]
    pub fn prefix(&self) -> Ipv6Addr {
        self.data.last_chunk::<16>().map_or(Ipv6Addr::UNSPECIFIED, |octets| Ipv6Addr::from(*octets))
    }
}

/// Preference of a router or route, RFC 4191 §2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Preference {
    /// 11: use others first.
    Low,
    /// 00: what routers say that know of no preference.
    #[default]
    Medium,
    /// 01: use it first.
    High,
}

impl Preference {
    /// From bits 3 and 4 of an octet; `None` for the reserved value 10.
    pub(crate) fn from_bits(octet: u8) -> Option<Self> {
        match octet >> 3 & 3 {
            0 => Some(Self::Medium),
            1 => Some(Self::High),
            3 => Some(Self::Low),
            _ => None,
        }
    }

    /// Bits 3 and 4 of an octet.
    pub(crate) fn to_bits(self) -> u8 {
        match self {
            Self::Medium => 0,
            Self::High => 0x08,
            Self::Low => 0x18,
        }
    }
}

/// Content of a route information option, RFC 4191 §2.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteInformation<'a> {
    fixed: &'a [u8; 6],
    prefix: &'a [u8],
    preference: Preference,
}

impl<'a> RouteInformation<'a> {
    /// `None` if the prefix does not fit its octets (0, 8 or 16) or the preference is reserved.
    fn read(data: &'a [u8]) -> Option<Self> {
        let (fixed, prefix) = data.split_first_chunk::<6>()?;
        let preference = Preference::from_bits(fixed[1])?;
        let fits = prefix.len() <= 16 && usize::from(fixed[0]) <= prefix.len() * 8;
        fits.then_some(Self { fixed, prefix, preference })
    }

    /// Leading bits that count, 0 to 128.
    #[must_use]
    pub fn prefix_len(&self) -> u8 {
        self.fixed[0]
    }

    /// Preference of the route.
    #[must_use]
    pub fn preference(&self) -> Preference {
        self.preference
    }

    /// How long the route is valid, in seconds; all ones: for ever.
    #[must_use]
    pub fn route_lifetime(&self) -> u32 {
        let f = self.fixed;
        u32::from_be_bytes([f[2], f[3], f[4], f[5]])
    }

    /// The prefix; octets that were left out are zero.
    #[must_use]
    pub fn prefix(&self) -> Ipv6Addr {
        let mut octets = [0; 16];
        for (to, from) in octets.iter_mut().zip(self.prefix) {
            *to = *from;
        }
        Ipv6Addr::from(octets)
    }
}

/// Content of a recursive DNS server option, RFC 8106 §5.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rdnss<'a> {
    fixed: &'a [u8; 6],
    addresses: &'a [u8],
}

impl<'a> Rdnss<'a> {
    /// `None` unless one or more whole addresses follow: the option's length is odd and at least 3.
    fn read(data: &'a [u8]) -> Option<Self> {
        let (fixed, addresses) = data.split_first_chunk::<6>()?;
        (!addresses.is_empty() && addresses.len() % 16 == 0).then_some(Self { fixed, addresses })
    }

    /// How long the servers may be used, in seconds; 0: no longer; all ones: for ever.
    #[must_use]
    pub fn lifetime(&self) -> u32 {
        let f = self.fixed;
        u32::from_be_bytes([f[2], f[3], f[4], f[5]])
    }

    pub(super) fn address_octets(&self) -> &'a [u8] {
        self.addresses
    }

    /// The servers, at least one.
    pub fn addresses(&self) -> impl Iterator<Item = Ipv6Addr> + 'a {
        self.addresses
            .chunks_exact(16)
            .filter_map(|octets| <[u8; 16]>::try_from(octets).ok())
            .map(Ipv6Addr::from)
    }
}

/// Length of the option that holds `address`, in octets; 0 for none.
pub(super) fn link_layer_len(address: &HardwareAddress) -> usize {
    match address.as_bytes().len() {
        0 => 0,
        len => (2 + len).div_ceil(8) * 8,
    }
}

/// Writes a link-layer address option over all of `option`, which is cleared and has the option's length.
pub(super) fn emit_link_layer(kind: u8, address: &HardwareAddress, option: &mut [u8]) -> Result<(), Error> {
    let len = link_layer_len(address);
    if len == 0 {
        return Ok(());
    }
    let units = u8::try_from(len / 8).map_err(|_| Error::Unrepresentable)?;
    for (to, from) in option.iter_mut().zip([kind, units].iter().chain(address.as_bytes())) {
        *to = *from;
    }
    Ok(())
}
