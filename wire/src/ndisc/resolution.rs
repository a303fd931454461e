//! The messages that a host sends to find neighbours and routers, with the one option that they have then: what
//! [`Repr`](super::Repr) can express, too, in fewer steps.

use super::{
    option, AdvertFlags, NeighbourAdvertisement, NeighbourSolicitation, RouterSolicitation, ICMP_LEN,
    NEIGHBOUR_ADVERTISEMENT, NEIGHBOUR_SOLICITATION, ROUTER_SOLICITATION,
};
use crate::checksum::Sum;
use crate::ip::pseudo_header;
use crate::{Error, HardwareAddress, IpProtocol};
use core::fmt;
use core::net::{IpAddr, Ipv6Addr};

/// A Neighbor Solicitation to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct SolicitationRepr {
    /// The address that is asked for.
    pub target: Ipv6Addr,
    /// Our link-layer address; `NONE` leaves the option out, as it must be when the source is unspecified.
    pub source_link_layer: HardwareAddress,
}

/// A Neighbor Advertisement to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct AdvertisementRepr {
    /// R, S and O.
    pub flags: AdvertFlags,
    /// The address that is advertised.
    pub target: Ipv6Addr,
    /// Its link-layer address; `NONE` leaves the option out.
    pub target_link_layer: HardwareAddress,
}

/// A Router Solicitation to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct RouterSolicitationRepr {
    /// Our link-layer address; `NONE` leaves the option out, as it must be when the source is unspecified.
    pub source_link_layer: HardwareAddress,
}

impl SolicitationRepr {
    /// What a message means. `like` is any address of the link's kind, such as one's own: it says which kind the option holds.
    #[must_use]
    pub fn parse(message: &NeighbourSolicitation<'_>, like: &HardwareAddress) -> Self {
        let source_link_layer = message.options.source_link_layer().and_then(|option| option.address(like));
        Self { target: message.target(), source_link_layer: source_link_layer.unwrap_or_default() }
    }

    /// Length of the whole ICMPv6 message, in octets.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        ICMP_LEN + 20 + option::link_layer_len(&self.source_link_layer)
    }

    /// Writes the whole ICMPv6 message, with its checksum, to the front of `buffer`.
    ///
    /// # Errors
    /// `NoRoom` below [`Self::buffer_len`] octets.
    pub fn emit(&self, source: Ipv6Addr, destination: Ipv6Addr, buffer: &mut [u8]) -> Result<(), Error> {
        let message = take(buffer, self.buffer_len())?;
        let (fixed, options) = fixed_part::<24>(message)?;
        fixed[0] = NEIGHBOUR_SOLICITATION;
        fixed[8..].copy_from_slice(&self.target.octets());
        option::emit_link_layer(option::SOURCE_LINK_LAYER, &self.source_link_layer, options)?;
        finish(source, destination, message)
    }
}

impl AdvertisementRepr {
    /// What a message means. `like` is any address of the link's kind, such as one's own: it says which kind the option holds.
    #[must_use]
    pub fn parse(message: &NeighbourAdvertisement<'_>, like: &HardwareAddress) -> Self {
        let target_link_layer = message.options.target_link_layer().and_then(|option| option.address(like));
        Self {
            flags: message.flags(),
            target: message.target(),
            target_link_layer: target_link_layer.unwrap_or_default(),
        }
    }

    /// Length of the whole ICMPv6 message, in octets.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        ICMP_LEN + 20 + option::link_layer_len(&self.target_link_layer)
    }

    /// Writes the whole ICMPv6 message, with its checksum, to the front of `buffer`.
    ///
    /// # Errors
    /// `NoRoom` below [`Self::buffer_len`] octets.
    pub fn emit(&self, source: Ipv6Addr, destination: Ipv6Addr, buffer: &mut [u8]) -> Result<(), Error> {
        let message = take(buffer, self.buffer_len())?;
        let (fixed, options) = fixed_part::<24>(message)?;
        fixed[0] = NEIGHBOUR_ADVERTISEMENT;
        fixed[4] = self.flags.bits();
        fixed[8..].copy_from_slice(&self.target.octets());
        option::emit_link_layer(option::TARGET_LINK_LAYER, &self.target_link_layer, options)?;
        finish(source, destination, message)
    }
}

impl RouterSolicitationRepr {
    /// What a message means. `like` is any address of the link's kind, such as one's own: it says which kind the option holds.
    #[must_use]
    pub fn parse(message: &RouterSolicitation<'_>, like: &HardwareAddress) -> Self {
        let source_link_layer = message.options.source_link_layer().and_then(|option| option.address(like));
        Self { source_link_layer: source_link_layer.unwrap_or_default() }
    }

    /// Length of the whole ICMPv6 message, in octets.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        ICMP_LEN + 4 + option::link_layer_len(&self.source_link_layer)
    }

    /// Writes the whole ICMPv6 message, with its checksum, to the front of `buffer`.
    ///
    /// # Errors
    /// `NoRoom` below [`Self::buffer_len`] octets.
    pub fn emit(&self, source: Ipv6Addr, destination: Ipv6Addr, buffer: &mut [u8]) -> Result<(), Error> {
        let message = take(buffer, self.buffer_len())?;
        let (fixed, options) = fixed_part::<8>(message)?;
        fixed[0] = ROUTER_SOLICITATION;
        option::emit_link_layer(option::SOURCE_LINK_LAYER, &self.source_link_layer, options)?;
        finish(source, destination, message)
    }
}

/// The front of `buffer`, cleared.
fn take(buffer: &mut [u8], len: usize) -> Result<&mut [u8], Error> {
    let have = buffer.len();
    let message = buffer.get_mut(..len).ok_or(Error::no_room(len, have))?;
    message.fill(0);
    Ok(message)
}

fn fixed_part<const N: usize>(message: &mut [u8]) -> Result<(&mut [u8; N], &mut [u8]), Error> {
    let have = message.len();
    message.split_first_chunk_mut::<N>().ok_or(Error::no_room(N, have))
}

/// Writes the checksum, RFC 4443 §2.3.
fn finish(source: Ipv6Addr, destination: Ipv6Addr, message: &mut [u8]) -> Result<(), Error> {
    let len = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let sum: Sum = pseudo_header(IpAddr::V6(source), IpAddr::V6(destination), IpProtocol::ICMPV6, len);
    let checksum = sum.add_bytes(message).checksum();
    let (fixed, _) = fixed_part::<ICMP_LEN>(message)?;
    fixed[2..].copy_from_slice(&checksum.to_be_bytes());
    Ok(())
}

impl fmt::Display for SolicitationRepr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "who has {}? tell {}", self.target, self.source_link_layer)
    }
}

impl fmt::Display for AdvertisementRepr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is at {}", self.target, self.target_link_layer)
    }
}

impl fmt::Display for RouterSolicitationRepr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "router solicitation from {}", self.source_link_layer)
    }
}
