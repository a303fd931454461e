//! Messages and options to emit, whatever they hold: what a router, a 6LoWPAN node or a test says. The stack's own
//! messages have reprs of their own, which are shorter.

use super::configuration::{Dnssl, Nat64Prefix};
use super::lowpan::{BorderRouter, ContextOption, Registration};
use super::option::{
    NdiscOption, Options, Preference, PrefixFlags, MTU, NONCE, PREFIX_INFORMATION, RDNSS, REDIRECTED_HEADER,
    ROUTE_INFORMATION, SOURCE_LINK_LAYER, TARGET_LINK_LAYER,
};
use super::other::{OtherOption, BORDER_ROUTER, CAPTIVE_PORTAL, CONTEXT, DNSSL, NAT64_PREFIX, REGISTRATION};
use super::{
    AdvertFlags, Message, RouterFlags, ICMP_LEN, NEIGHBOUR_ADVERTISEMENT, NEIGHBOUR_SOLICITATION, REDIRECT,
    ROUTER_ADVERTISEMENT, ROUTER_SOLICITATION,
};
use crate::prefix::Ipv6Prefix;
use crate::put::Put;
use crate::{icmpv6, Error, HardwareAddress};
use core::fmt;
use core::net::Ipv6Addr;

/// Length of type and length of an option, in octets.
const OPTION_HEADER_LEN: usize = 2;

/// An option to emit, or what one means. `parse(emit(option))` is the option if it is filled to whole units of eight
/// octets, else with zeros at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum OptionRepr<'a> {
    /// RFC 4861 §4.6.1.
    SourceLinkLayer(HardwareAddress),
    /// RFC 4861 §4.6.1.
    TargetLinkLayer(HardwareAddress),
    /// RFC 4861 §4.6.2.
    Prefix {
        /// The prefix: bits beyond its length are ignored, and sent as zero.
        prefix: Ipv6Prefix,
        /// L and A.
        flags: PrefixFlags,
        /// Valid Lifetime, in seconds; all ones: for ever.
        valid_lifetime: u32,
        /// Preferred Lifetime, in seconds; all ones: for ever.
        preferred_lifetime: u32,
    },
    /// The packet that was redirected, RFC 4861 §4.6.3.
    RedirectedHeader(&'a [u8]),
    /// RFC 4861 §4.6.4.
    Mtu(u32),
    /// RFC 3971 §5.3.2: six octets, or eight more, and so on.
    Nonce(&'a [u8]),
    /// RFC 4191 §2.3.
    Route {
        /// The prefix that is reached.
        prefix: Ipv6Prefix,
        /// Preference.
        preference: Preference,
        /// Route Lifetime, in seconds; all ones: for ever.
        route_lifetime: u32,
    },
    /// RFC 8106 §5.1.
    Rdnss {
        /// Lifetime, in seconds; all ones: for ever.
        lifetime: u32,
        /// Addresses of servers, 16 octets each.
        addresses: &'a [u8],
    },
    /// RFC 8106 §5.2.
    Dnssl(Dnssl<'a>),
    /// RFC 6775 §4.1, RFC 8505 §4.1.
    Registration(Registration<'a>),
    /// RFC 6775 §4.2.
    Context(ContextOption),
    /// RFC 6775 §4.3.
    BorderRouter(BorderRouter),
    /// RFC 8910 §2.3.
    CaptivePortal(&'a [u8]),
    /// RFC 8781 §4.
    Nat64Prefix(Nat64Prefix),
    /// Any other.
    Unknown {
        /// Type.
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::from_u8::<39>))]
        kind: u8,
        /// What follows type and length.
        data: &'a [u8],
    },
}

impl<'a> OptionRepr<'a> {
    /// What an option means. `like` is any address of the link's kind, such as one's own: it says which kind a link-layer
    /// address option holds; one that holds none of that kind is `Unknown`, and so is a prefix of more than 128 bits.
    #[must_use]
    pub fn parse(option: &NdiscOption<'a>, like: &HardwareAddress) -> Self {
        match *option {
            NdiscOption::SourceLinkLayer(address) => match address.address(like) {
                Some(address) => Self::SourceLinkLayer(address),
                None => Self::Unknown { kind: SOURCE_LINK_LAYER, data: address.as_bytes() },
            },
            NdiscOption::TargetLinkLayer(address) => match address.address(like) {
                Some(address) => Self::TargetLinkLayer(address),
                None => Self::Unknown { kind: TARGET_LINK_LAYER, data: address.as_bytes() },
            },
            NdiscOption::Prefix(option) => match Ipv6Prefix::new(option.prefix(), option.prefix_len()) {
                Some(prefix) => Self::Prefix {
                    prefix,
                    flags: option.flags(),
                    valid_lifetime: option.valid_lifetime(),
                    preferred_lifetime: option.preferred_lifetime(),
                },
                None => Self::Unknown { kind: PREFIX_INFORMATION, data: option.as_bytes() },
            },
            NdiscOption::RedirectedHeader(packet) => Self::RedirectedHeader(packet),
            NdiscOption::Mtu(mtu) => Self::Mtu(mtu),
            NdiscOption::Nonce(nonce) => Self::Nonce(nonce),
            NdiscOption::Route(route) => Self::Route {
                // The view has checked that it is at most 128 bits.
                prefix: Ipv6Prefix::new(route.prefix(), route.prefix_len()).unwrap_or(Ipv6Prefix::ALL),
                preference: route.preference(),
                route_lifetime: route.route_lifetime(),
            },
            NdiscOption::Rdnss(rdnss) => {
                Self::Rdnss { lifetime: rdnss.lifetime(), addresses: rdnss.address_octets() }
            }
            NdiscOption::Unknown { kind, data } => match OtherOption::read(kind, data) {
                Some(OtherOption::Dnssl(dnssl)) => Self::Dnssl(dnssl),
                Some(OtherOption::Registration(registration)) => Self::Registration(registration),
                Some(OtherOption::Context(context)) => Self::Context(context),
                Some(OtherOption::BorderRouter(router)) => Self::BorderRouter(router),
                Some(OtherOption::CaptivePortal(uri)) => Self::CaptivePortal(uri),
                Some(OtherOption::Nat64Prefix(prefix)) => Self::Nat64Prefix(prefix),
                None => Self::Unknown { kind, data },
            },
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Self::SourceLinkLayer(_) => SOURCE_LINK_LAYER,
            Self::TargetLinkLayer(_) => TARGET_LINK_LAYER,
            Self::Prefix { .. } => PREFIX_INFORMATION,
            Self::RedirectedHeader(_) => REDIRECTED_HEADER,
            Self::Mtu(_) => MTU,
            Self::Nonce(_) => NONCE,
            Self::Route { .. } => ROUTE_INFORMATION,
            Self::Rdnss { .. } => RDNSS,
            Self::Dnssl(_) => DNSSL,
            Self::Registration(_) => REGISTRATION,
            Self::Context(_) => CONTEXT,
            Self::BorderRouter(_) => BORDER_ROUTER,
            Self::CaptivePortal(_) => CAPTIVE_PORTAL,
            Self::Nat64Prefix(_) => NAT64_PREFIX,
            Self::Unknown { kind, .. } => *kind,
        }
    }

    /// What follows type and length, without padding, in octets.
    fn data_len(&self) -> usize {
        match self {
            Self::SourceLinkLayer(address) | Self::TargetLinkLayer(address) => address.as_bytes().len(),
            Self::Prefix { .. } => 30,
            Self::RedirectedHeader(packet) => packet.len().saturating_add(6),
            Self::Mtu(_) => 6,
            Self::Route { prefix, .. } => 6 + prefix.octet_count(),
            Self::Rdnss { addresses, .. } => addresses.len().saturating_add(6),
            Self::Dnssl(dnssl) => dnssl.as_bytes().len().saturating_add(6),
            Self::Registration(registration) => 6 + registration.rovr.as_bytes().len(),
            Self::Context(context) => 6 + context.prefix_octet_count(),
            Self::BorderRouter(_) => 22,
            Self::Nat64Prefix(_) => 14,
            Self::CaptivePortal(data) | Self::Nonce(data) | Self::Unknown { data, .. } => data.len(),
        }
    }

    /// Octets that [`Self::emit`] writes: a multiple of eight.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        self.data_len().saturating_add(OPTION_HEADER_LEN + 7) & !7
    }

    /// Writes the option, filled with zeros to a multiple of eight octets, to the front of `buffer`; returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` if it is longer than 2,040 octets, has no link-layer address, no servers or part of
    /// one's address, or a translator's prefix of a length that has no code.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let need = self.buffer_len();
        let units = u8::try_from(need / 8).map_err(|_| Error::Unrepresentable)?;
        let is_representable = match self {
            Self::SourceLinkLayer(address) | Self::TargetLinkLayer(address) => !address.is_none(),
            Self::Rdnss { addresses, .. } => !addresses.is_empty() && addresses.len() % 16 == 0,
            Self::Nat64Prefix(prefix) => prefix.to_octets().is_some(),
            Self::Registration(registration) => registration.opaque_kind <= 3,
            Self::Context(context) => context.id <= 15,
            _ => true,
        };
        if !is_representable {
            return Err(Error::Unrepresentable);
        }
        let mut out = Put::new(buffer, need)?;
        out.octets(&[self.kind(), units]);
        match self {
            Self::SourceLinkLayer(address) | Self::TargetLinkLayer(address) => out.octets(address.as_bytes()),
            Self::Prefix { prefix, flags, valid_lifetime, preferred_lifetime } => {
                out.octets(&[prefix.prefix_len(), flags.bits()]);
                out.octets(&valid_lifetime.to_be_bytes());
                out.octets(&preferred_lifetime.to_be_bytes());
                out.octets(&[0; 4]);
                out.octets(&prefix.address().octets());
            }
            Self::RedirectedHeader(packet) => {
                out.octets(&[0; 6]);
                out.octets(packet);
            }
            Self::Mtu(mtu) => {
                out.octets(&[0; 2]);
                out.octets(&mtu.to_be_bytes());
            }
            Self::Route { prefix, preference, route_lifetime } => {
                out.octets(&[prefix.prefix_len(), preference.to_bits()]);
                out.octets(&route_lifetime.to_be_bytes());
                out.octets(prefix.address().octets().get(..prefix.octet_count()).unwrap_or_default());
            }
            Self::Rdnss { lifetime, addresses: octets } => put_timed(&mut out, *lifetime, octets),
            Self::Dnssl(dnssl) => put_timed(&mut out, dnssl.lifetime, dnssl.as_bytes()),
            Self::Registration(registration) => registration.put(&mut out),
            Self::Context(context) => context.put(&mut out),
            Self::BorderRouter(router) => router.put(&mut out),
            Self::Nat64Prefix(prefix) => out.octets(&prefix.to_octets().unwrap_or_default()),
            Self::CaptivePortal(data) | Self::Nonce(data) | Self::Unknown { data, .. } => out.octets(data),
        }
        out.zeros();
        Ok(need)
    }
}

/// Two reserved octets, a lifetime, and what it is of.
fn put_timed(out: &mut Put<'_>, lifetime: u32, octets: &[u8]) {
    out.octets(&[0; 2]);
    out.octets(&lifetime.to_be_bytes());
    out.octets(octets);
}

/// A message with any options: as octets that were checked, which [`OptionRepr::emit`] writes and [`Options::parse`]
/// takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Repr<'a> {
    /// RFC 4861 §4.1.
    RouterSolicitation {
        /// Options.
        options: Options<'a>,
    },
    /// RFC 4861 §4.2.
    RouterAdvertisement {
        /// Cur Hop Limit; `None` (0): not said.
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::nonzero))]
        cur_hop_limit: Option<u8>,
        /// M and O.
        flags: RouterFlags,
        /// Prf, RFC 4191 §2.2: medium if the router is no default router.
        preference: Preference,
        /// Router Lifetime, in seconds; 0: no default router.
        router_lifetime: u16,
        /// Reachable Time, in milliseconds; `None` (0): not said.
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::nonzero))]
        reachable_time_ms: Option<u32>,
        /// Retrans Timer, in milliseconds; `None` (0): not said.
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::nonzero))]
        retrans_timer_ms: Option<u32>,
        /// Options.
        options: Options<'a>,
    },
    /// RFC 4861 §4.3.
    NeighbourSolicitation {
        /// The address that is asked for.
        target: Ipv6Addr,
        /// Options.
        options: Options<'a>,
    },
    /// RFC 4861 §4.4.
    NeighbourAdvertisement {
        /// R, S and O.
        flags: AdvertFlags,
        /// The address that is advertised.
        target: Ipv6Addr,
        /// Options.
        options: Options<'a>,
    },
    /// RFC 4861 §4.5.
    Redirect {
        /// The better first hop.
        target: Ipv6Addr,
        /// The destination that is redirected.
        destination: Ipv6Addr,
        /// Options.
        options: Options<'a>,
    },
}

impl<'a> Repr<'a> {
    /// What a message means.
    #[must_use]
    pub fn parse(message: &Message<'a>) -> Self {
        let options = message.options();
        match message {
            Message::RouterSolicitation(_) => Self::RouterSolicitation { options },
            Message::RouterAdvertisement(m) => Self::RouterAdvertisement {
                cur_hop_limit: m.cur_hop_limit(),
                flags: m.flags(),
                preference: m.preference(),
                router_lifetime: m.router_lifetime(),
                reachable_time_ms: m.reachable_time_ms(),
                retrans_timer_ms: m.retrans_timer_ms(),
                options,
            },
            Message::NeighbourSolicitation(m) => Self::NeighbourSolicitation { target: m.target(), options },
            Message::NeighbourAdvertisement(m) => {
                Self::NeighbourAdvertisement { flags: m.flags(), target: m.target(), options }
            }
            Message::Redirect(m) => {
                Self::Redirect { target: m.target(), destination: m.destination(), options }
            }
        }
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> Options<'a> {
        match *self {
            Self::RouterSolicitation { options }
            | Self::RouterAdvertisement { options, .. }
            | Self::NeighbourSolicitation { options, .. }
            | Self::NeighbourAdvertisement { options, .. }
            | Self::Redirect { options, .. } => options,
        }
    }

    /// Length of the whole ICMPv6 message, in octets.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        let fixed = match self {
            Self::RouterSolicitation { .. } => 4,
            Self::RouterAdvertisement { .. } => 12,
            Self::NeighbourSolicitation { .. } | Self::NeighbourAdvertisement { .. } => 20,
            Self::Redirect { .. } => 36,
        };
        (ICMP_LEN + fixed).saturating_add(self.options().as_bytes().len())
    }

    /// Writes the whole ICMPv6 message, with its checksum, to the front of `buffer`; returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` for a preference other than medium of no default router, RFC 4191 §2.2.
    pub fn emit(&self, source: Ipv6Addr, destination: Ipv6Addr, buffer: &mut [u8]) -> Result<usize, Error> {
        if let Self::RouterAdvertisement { router_lifetime: 0, preference, .. } = self {
            if *preference != Preference::Medium {
                return Err(Error::Unrepresentable);
            }
        }
        let need = self.buffer_len();
        let mut out = Put::new(buffer, need)?;
        let mut start = |kind| out.octets(&[kind, 0, 0, 0]);
        match self {
            Self::RouterSolicitation { .. } => {
                start(ROUTER_SOLICITATION);
                out.octets(&[0; 4]);
            }
            Self::RouterAdvertisement {
                cur_hop_limit,
                flags,
                preference,
                router_lifetime,
                reachable_time_ms,
                retrans_timer_ms,
                ..
            } => {
                start(ROUTER_ADVERTISEMENT);
                out.octets(&[cur_hop_limit.unwrap_or(0), flags.bits() | preference.to_bits()]);
                out.octets(&router_lifetime.to_be_bytes());
                out.octets(&reachable_time_ms.unwrap_or(0).to_be_bytes());
                out.octets(&retrans_timer_ms.unwrap_or(0).to_be_bytes());
            }
            Self::NeighbourSolicitation { target, .. } => {
                start(NEIGHBOUR_SOLICITATION);
                out.octets(&[0; 4]);
                out.octets(&target.octets());
            }
            Self::NeighbourAdvertisement { flags, target, .. } => {
                start(NEIGHBOUR_ADVERTISEMENT);
                out.octets(&[flags.bits(), 0, 0, 0]);
                out.octets(&target.octets());
            }
            Self::Redirect { target, destination, .. } => {
                start(REDIRECT);
                out.octets(&[0; 4]);
                out.octets(&target.octets());
                out.octets(&destination.octets());
            }
        }
        out.octets(self.options().as_bytes());
        icmpv6::fill_checksum(source, destination, buffer.get_mut(..need).unwrap_or_default());
        Ok(need)
    }
}

impl fmt::Display for OptionRepr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SourceLinkLayer(address) => write!(f, "source at {address}"),
            Self::TargetLinkLayer(address) => write!(f, "target at {address}"),
            Self::Prefix { prefix, .. } => write!(f, "prefix {prefix}"),
            Self::RedirectedHeader(packet) => write!(f, "redirected packet of {} octets", packet.len()),
            Self::Mtu(mtu) => write!(f, "MTU {mtu}"),
            Self::Nonce(_) => f.write_str("nonce"),
            Self::Route { prefix, .. } => write!(f, "route {prefix}"),
            Self::Rdnss { addresses, .. } => write!(f, "{} DNS servers", addresses.len() / 16),
            Self::Dnssl(dnssl) => fmt::Display::fmt(dnssl, f),
            Self::Registration(registration) => fmt::Display::fmt(registration, f),
            Self::Context(context) => fmt::Display::fmt(context, f),
            Self::BorderRouter(router) => fmt::Display::fmt(router, f),
            Self::CaptivePortal(uri) => write!(f, "captive portal {}", uri.escape_ascii()),
            Self::Nat64Prefix(prefix) => fmt::Display::fmt(prefix, f),
            Self::Unknown { kind, data } => write!(f, "option {kind} len {}", data.len()),
        }
    }
}
