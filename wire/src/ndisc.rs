//! Neighbour discovery, RFC 4861 §4.
//!
//! ```text
//!  ICMPv6 type, code, checksum | fixed part                                | options
//!  133 Router Solicitation     | reserved (4)                              | 1
//!  134 Router Advertisement    | hop limit, flags, lifetime, timers (12)   | 1, 3, 5, 24, 25, 31, 34, 35, 37, 38
//!  135 Neighbor Solicitation   | reserved (4), target (16)                 | 1, 14, 33
//!  136 Neighbor Advertisement  | flags (4), target (16)                    | 2, 33
//!  137 Redirect                | reserved (4), target (16), destination (16)| 2, 4
//! ```
//!
//! [`Message::from_icmpv6`] takes a packet, [`Message::parse`] what follows type, code and checksum; both refuse what
//! no message of the type can be (§4, §4.6). [`Message::validate`] applies the rules that need the IP header (§6.1,
//! §7.1, §8.1): a host acts on a message only then. The checksum is verified with all of ICMPv6, not here. [`Repr`] and
//! [`OptionRepr`] emit everything, the other reprs in a shorter way what hosts send most; all emit whole ICMPv6
//! messages, checksum included.
//!
//! A Router Advertisement with two options, written and read again:
//! ```
//! use tersus_wire::ndisc::{Message, NdiscOption, OptionRepr, Options, Preference, Repr, RouterFlags};
//!
//! # fn main() -> Result<(), tersus_wire::Error> {
//! let mut area = [0; 64];
//! let mut len = OptionRepr::Mtu(1280).emit(&mut area)?;
//! len += OptionRepr::CaptivePortal(b"https://portal.example").emit(&mut area[len..])?;
//! let advertisement = Repr::RouterAdvertisement {
//!     cur_hop_limit: Some(64),
//!     flags: RouterFlags::OTHER,
//!     preference: Preference::Medium,
//!     router_lifetime: 1800,
//!     reachable_time_ms: None,
//!     retrans_timer_ms: None,
//!     options: Options::parse(&area[..len])?,
//! };
//! let mut message = [0; 128];
//! let len = advertisement.emit("fe80::1".parse().unwrap(), tersus_wire::ndisc::ALL_NODES, &mut message)?;
//!
//! let packet = tersus_wire::icmpv6::Packet::parse(&message[..len])?;
//! let read = Message::from_icmpv6(&packet)?;
//! assert_eq!(read.options().next(), Some(NdiscOption::Mtu(1280)));
//! assert!(read.to_string().ends_with("captive portal https://portal.example"));
//! # Ok(())
//! # }
//! ```

mod configuration;
mod lowpan;
mod option;
mod other;
mod repr;
mod resolution;

use crate::{icmpv6, Error};
pub use configuration::{Dnssl, Nat64Prefix, SearchName};
use core::fmt;
use core::net::Ipv6Addr;
pub use lowpan::{
    BorderRouter, ContextOption, DuplicateAddress, DuplicateAddressKind, Registration, RegistrationStatus,
    Rovr,
};
pub use option::{
    LinkLayerAddress, NdiscOption, Options, Preference, Prefix, PrefixFlags, Rdnss, RouteInformation,
};
pub use other::OtherOption;
pub use repr::{OptionRepr, Repr};
pub use resolution::{AdvertisementRepr, RouterSolicitationRepr, SolicitationRepr};

/// ICMPv6 type of a Router Solicitation, §4.1.
pub const ROUTER_SOLICITATION: u8 = 133;
/// ICMPv6 type of a Router Advertisement, §4.2.
pub const ROUTER_ADVERTISEMENT: u8 = 134;
/// ICMPv6 type of a Neighbor Solicitation, §4.3.
pub const NEIGHBOUR_SOLICITATION: u8 = 135;
/// ICMPv6 type of a Neighbor Advertisement, §4.4.
pub const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
/// ICMPv6 type of a Redirect, §4.5.
pub const REDIRECT: u8 = 137;

/// The Hop Limit that every message is sent with, and must arrive with: no router has forwarded it.
pub const HOP_LIMIT: u8 = 255;

/// All nodes on the link, RFC 4291 §2.7.1.
pub const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// All routers on the link, RFC 4291 §2.7.1.
pub const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);

/// Length of type, code and checksum, in octets.
const ICMP_LEN: usize = 4;

bitflags::bitflags! {
    /// Flags of a Neighbor Advertisement, §4.4; the first octet behind the checksum.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct AdvertFlags: u8 {
        /// R: the sender is a router.
        const ROUTER = 0x80;
        /// S: it answers a solicitation.
        const SOLICITED = 0x40;
        /// O: it may replace a known link-layer address.
        const OVERRIDE = 0x20;
    }
}

bitflags::bitflags! {
    /// Flags of a Router Advertisement, §4.2.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct RouterFlags: u8 {
        /// M: addresses are given out by DHCPv6.
        const MANAGED = 0x80;
        /// O: other configuration is given out by DHCPv6.
        const OTHER = 0x40;
    }
}

/// A message by its type; borrows the octets behind type, code and checksum.
#[derive(Debug, Clone, Copy)]
pub enum Message<'a> {
    /// §4.1.
    RouterSolicitation(RouterSolicitation<'a>),
    /// §4.2.
    RouterAdvertisement(RouterAdvertisement<'a>),
    /// §4.3.
    NeighbourSolicitation(NeighbourSolicitation<'a>),
    /// §4.4.
    NeighbourAdvertisement(NeighbourAdvertisement<'a>),
    /// §4.5.
    Redirect(Redirect<'a>),
}

/// A view of a Router Solicitation, §4.1.
#[derive(Debug, Clone, Copy)]
pub struct RouterSolicitation<'a> {
    options: Options<'a>,
}

/// A view of a Router Advertisement, §4.2.
#[derive(Debug, Clone, Copy)]
pub struct RouterAdvertisement<'a> {
    fixed: &'a [u8; 12],
    options: Options<'a>,
}

/// A view of a Neighbor Solicitation, §4.3.
#[derive(Debug, Clone, Copy)]
pub struct NeighbourSolicitation<'a> {
    fixed: &'a [u8; 20],
    options: Options<'a>,
}

/// A view of a Neighbor Advertisement, §4.4.
#[derive(Debug, Clone, Copy)]
pub struct NeighbourAdvertisement<'a> {
    fixed: &'a [u8; 20],
    options: Options<'a>,
}

/// A view of a Redirect, §4.5.
#[derive(Debug, Clone, Copy)]
pub struct Redirect<'a> {
    fixed: &'a [u8; 36],
    options: Options<'a>,
}

/// Splits the fixed part off and checks the options.
fn split<const N: usize>(body: &[u8]) -> Result<(&[u8; N], Options<'_>), Error> {
    let truncated = Error::truncated(ICMP_LEN + N, ICMP_LEN + body.len());
    let (fixed, options) = body.split_first_chunk::<N>().ok_or(truncated)?;
    Ok((fixed, Options::parse(options)?))
}

impl<'a> Message<'a> {
    /// The message in an ICMPv6 packet, whose checksum is not looked at: see
    /// [`icmpv6::Packet::is_checksum_valid`].
    ///
    /// # Errors
    /// As [`Message::parse`]; `Unknown` if the packet is none of neighbour discovery.
    pub fn from_icmpv6(packet: &icmpv6::Packet<'a>) -> Result<Self, Error> {
        Self::parse(packet.message_type().0, packet.code(), packet.body())
    }

    /// Parses what follows type, code and checksum of an ICMPv6 message, to its end.
    ///
    /// # Errors
    /// `Unknown` for another type; `Field(1)` if `code` is not 0; `Truncated` below the fixed part, or where an
    /// option runs past the end; `Length(0)` for an option of length 0.
    pub fn parse(kind: u8, code: u8, body: &'a [u8]) -> Result<Self, Error> {
        if !(ROUTER_SOLICITATION..=REDIRECT).contains(&kind) {
            return Err(Error::Unknown(kind));
        }
        if code != 0 {
            return Err(Error::Field(1));
        }
        Ok(match kind {
            ROUTER_SOLICITATION => {
                let (_, options) = split::<4>(body)?;
                Self::RouterSolicitation(RouterSolicitation { options })
            }
            ROUTER_ADVERTISEMENT => {
                let (fixed, options) = split(body)?;
                Self::RouterAdvertisement(RouterAdvertisement { fixed, options })
            }
            NEIGHBOUR_SOLICITATION => {
                let (fixed, options) = split(body)?;
                Self::NeighbourSolicitation(NeighbourSolicitation { fixed, options })
            }
            NEIGHBOUR_ADVERTISEMENT => {
                let (fixed, options) = split(body)?;
                Self::NeighbourAdvertisement(NeighbourAdvertisement { fixed, options })
            }
            _ => {
                let (fixed, options) = split(body)?;
                Self::Redirect(Redirect { fixed, options })
            }
        })
    }

    /// The options, whatever the type.
    #[must_use]
    pub fn options(&self) -> Options<'a> {
        match self {
            Self::RouterSolicitation(message) => message.options,
            Self::RouterAdvertisement(message) => message.options,
            Self::NeighbourSolicitation(message) => message.options,
            Self::NeighbourAdvertisement(message) => message.options,
            Self::Redirect(message) => message.options,
        }
    }

    /// The rules that need the IP header: §6.1.1, §6.1.2, §7.1.1, §7.1.2, §8.1. That a Redirect comes from the
    /// current first hop to its destination (§8.1) is for the caller to check.
    ///
    /// # Errors
    /// The first rule that is broken; the message must then be dropped in silence.
    pub fn validate(&self, envelope: &Envelope) -> Result<(), Invalid> {
        if envelope.hop_limit != HOP_LIMIT {
            return Err(Invalid::HopLimit);
        }
        match self {
            Self::RouterSolicitation(message) => message.validate(envelope),
            Self::RouterAdvertisement(_) if !is_link_local(envelope.source) => Err(Invalid::Source),
            Self::RouterAdvertisement(_) => Ok(()),
            Self::NeighbourSolicitation(message) => message.validate(envelope),
            Self::NeighbourAdvertisement(message) => message.validate(envelope),
            Self::Redirect(message) => message.validate(envelope),
        }
    }
}

/// What the IP header says of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Envelope {
    /// Source address.
    pub source: Ipv6Addr,
    /// Destination address.
    pub destination: Ipv6Addr,
    /// Hop Limit as received.
    pub hop_limit: u8,
}

/// Why a well-formed message is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The Hop Limit is not 255: it may come from off the link.
    #[error("hop limit is not 255")]
    HopLimit,
    /// A source that must be link-local is not.
    #[error("source is not link-local")]
    Source,
    /// Source or target is not an address of one node.
    #[error("address is not unicast")]
    NotUnicast,
    /// A duplicate address detection probe not to a solicited-node group, or a redirect to nowhere.
    #[error("destination is not possible here")]
    Destination,
    /// A link-layer address option from the unspecified source.
    #[error("link-layer address of an unspecified source")]
    SourceLinkLayer,
    /// A multicast advertisement with the Solicited flag.
    #[error("solicited flag in a multicast advertisement")]
    Solicited,
}

/// Whether `destination` is a solicited-node group: ff02::1:ff00:0/104.
fn is_solicited_node(destination: Ipv6Addr) -> bool {
    let [.., a, b, c] = destination.octets();
    destination == crate::ip::solicited_node(Ipv6Addr::from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c]))
}

/// Whether an address is link-local unicast, RFC 4291 §2.5.6.
fn is_link_local(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.octets();
    u16::from_be_bytes([a, b]) & 0xffc0 == 0xfe80
}

/// Sixteen octets at a constant place of a fixed part.
fn address(octets: Option<&[u8; 16]>) -> Ipv6Addr {
    octets.map_or(Ipv6Addr::UNSPECIFIED, |octets| Ipv6Addr::from(*octets))
}

impl<'a> RouterSolicitation<'a> {
    /// All options.
    #[must_use]
    pub fn options(&self) -> Options<'a> {
        self.options
    }

    /// §6.1.1.
    fn validate(&self, envelope: &Envelope) -> Result<(), Invalid> {
        if envelope.source.is_unspecified() && self.options.source_link_layer().is_some() {
            return Err(Invalid::SourceLinkLayer);
        }
        Ok(())
    }
}

impl<'a> RouterAdvertisement<'a> {
    /// `Cur Hop Limit`: for packets to send; `None` if the router does not say.
    #[must_use]
    pub fn cur_hop_limit(&self) -> Option<u8> {
        let hop_limit = self.fixed[0];
        (hop_limit != 0).then_some(hop_limit)
    }

    /// M and O.
    #[must_use]
    pub fn flags(&self) -> RouterFlags {
        RouterFlags::from_bits_truncate(self.fixed[1])
    }

    /// `Prf`: preference as default router, RFC 4191 §2.2; medium for the reserved value, and where there is no lifetime as
    /// default router.
    #[must_use]
    pub fn preference(&self) -> Preference {
        match self.router_lifetime() {
            0 => Preference::Medium,
            _ => Preference::from_bits(self.fixed[1]).unwrap_or_default(),
        }
    }

    /// `Router Lifetime`: how long it is a default router, in seconds; 0: it is none.
    #[must_use]
    pub fn router_lifetime(&self) -> u16 {
        u16::from_be_bytes([self.fixed[2], self.fixed[3]])
    }

    /// `Reachable Time`, in milliseconds; `None` if the router does not say.
    #[must_use]
    pub fn reachable_time_ms(&self) -> Option<u32> {
        let f = self.fixed;
        let time = u32::from_be_bytes([f[4], f[5], f[6], f[7]]);
        (time != 0).then_some(time)
    }

    /// `Retrans Timer`, in milliseconds; `None` if the router does not say.
    #[must_use]
    pub fn retrans_timer_ms(&self) -> Option<u32> {
        let f = self.fixed;
        let time = u32::from_be_bytes([f[8], f[9], f[10], f[11]]);
        (time != 0).then_some(time)
    }

    /// All options.
    #[must_use]
    pub fn options(&self) -> Options<'a> {
        self.options
    }
}

impl<'a> NeighbourSolicitation<'a> {
    /// The address that is asked for.
    #[must_use]
    pub fn target(&self) -> Ipv6Addr {
        address(self.fixed.last_chunk())
    }

    /// All options.
    #[must_use]
    pub fn options(&self) -> Options<'a> {
        self.options
    }

    /// §7.1.1. A multicast source is refused too: no answer could be sent there.
    fn validate(&self, envelope: &Envelope) -> Result<(), Invalid> {
        if self.target().is_multicast() || envelope.source.is_multicast() {
            return Err(Invalid::NotUnicast);
        }
        if envelope.source.is_unspecified() {
            if !is_solicited_node(envelope.destination) {
                return Err(Invalid::Destination);
            }
            if self.options.source_link_layer().is_some() {
                return Err(Invalid::SourceLinkLayer);
            }
        }
        Ok(())
    }
}

impl<'a> NeighbourAdvertisement<'a> {
    /// R, S and O.
    #[must_use]
    pub fn flags(&self) -> AdvertFlags {
        AdvertFlags::from_bits_truncate(self.fixed[0])
    }

    /// The address that is advertised.
    #[must_use]
    pub fn target(&self) -> Ipv6Addr {
        address(self.fixed.last_chunk())
    }

    /// All options.
    #[must_use]
    pub fn options(&self) -> Options<'a> {
        self.options
    }

    /// §7.1.2.
    fn validate(&self, envelope: &Envelope) -> Result<(), Invalid> {
        if self.target().is_multicast() {
            return Err(Invalid::NotUnicast);
        }
        if envelope.destination.is_multicast() && self.flags().contains(AdvertFlags::SOLICITED) {
            return Err(Invalid::Solicited);
        }
        Ok(())
    }
}

impl<'a> Redirect<'a> {
    /// The better first hop; the destination itself if that is on the link.
    #[must_use]
    pub fn target(&self) -> Ipv6Addr {
        address(self.fixed.get(4..20).and_then(<[u8]>::first_chunk))
    }

    /// The destination that is redirected.
    #[must_use]
    pub fn destination(&self) -> Ipv6Addr {
        address(self.fixed.last_chunk())
    }

    /// All options.
    #[must_use]
    pub fn options(&self) -> Options<'a> {
        self.options
    }

    /// §8.1, but for the first hop.
    fn validate(&self, envelope: &Envelope) -> Result<(), Invalid> {
        if !is_link_local(envelope.source) {
            return Err(Invalid::Source);
        }
        if self.destination().is_multicast() {
            return Err(Invalid::Destination);
        }
        if !is_link_local(self.target()) && self.target() != self.destination() {
            return Err(Invalid::NotUnicast);
        }
        Ok(())
    }
}

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RouterSolicitation(_) => f.write_str("router solicitation")?,
            Self::RouterAdvertisement(m) => {
                write!(f, "router advertisement lifetime {} s", m.router_lifetime())?;
            }
            Self::NeighbourSolicitation(m) => write!(f, "who has {}?", m.target())?,
            Self::NeighbourAdvertisement(m) => {
                write!(f, "{} is here", m.target())?;
                for (flag, name) in [
                    (AdvertFlags::ROUTER, " router"),
                    (AdvertFlags::SOLICITED, " solicited"),
                    (AdvertFlags::OVERRIDE, " override"),
                ] {
                    if m.flags().contains(flag) {
                        f.write_str(name)?;
                    }
                }
            }
            Self::Redirect(m) => write!(f, "redirect {} to {}", m.destination(), m.target())?,
        }
        for option in self.options() {
            write!(f, ", {option}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
