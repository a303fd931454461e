//! One queued datagram: how it lies in its region.
//!
//! ```text
//!   0         2      3        4        6        8           9       10      11      12        20 or 44
//!   +---------+------+--------+--------+--------+-----------+-------+-------+-------+---------+---------+---+
//!   | units   | mark | family | length | port   | interface | hop   |traffic| flags |addresses| payload |pad|
//!   |         |      |        |        |        | or 255    | limit |class  |       |         |         |   |
//!   +---------+------+--------+--------+--------+-----------+-------+-------+-------+---------+---------+---+
//! ```

use super::UNIT;
use crate::{Addresses, InterfaceId};

/// Octets in front of the addresses.
const HEADER_LEN: usize = 12;
/// Octets in front of an IPv4 payload.
const V4_LEN: usize = HEADER_LEN + 8;
/// Octets in front of an IPv6 payload.
const V6_LEN: usize = HEADER_LEN + 32;

/// Values of octet 2. What begins with `GAP` lasts until the region's end.
pub(super) const LIVE: u8 = 0;
pub(super) const GAP: u8 = 1;
pub(super) const REMOVED: u8 = 2;

/// Octet 8 of a datagram that may leave by any interface.
const NO_INTERFACE: u8 = 255;

/// What is known of a datagram beside its addresses and octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// The remote port, or another number of the protocol's.
    pub port: u16,
    /// Where it came in, or must leave.
    pub interface: Option<InterfaceId>,
    /// Hop Limit.
    pub hop_limit: u8,
    /// Traffic Class.
    pub traffic_class: u8,
    /// For the caller's use.
    pub flags: u8,
}

/// A queued datagram, in place: each part of its [`Label`] is read when it is asked for.
#[derive(Debug)]
pub struct Record<'r> {
    header: &'r mut [u8; HEADER_LEN],
    addresses: Addresses<'r>,
    /// The datagram's octets.
    pub payload: &'r mut [u8],
}

impl Record<'_> {
    /// Source and destination, as they were given.
    #[must_use]
    #[inline]
    pub fn addresses(&self) -> Addresses<'_> {
        self.addresses
    }

    /// The remote port, or another number of the protocol's.
    #[must_use]
    #[inline]
    pub fn port(&self) -> u16 {
        let &[.., p0, p1, _, _, _, _] = &*self.header;
        u16::from_ne_bytes([p0, p1])
    }

    /// Where it came in, or must leave.
    #[must_use]
    #[inline]
    pub fn interface(&self) -> Option<InterfaceId> {
        let [.., interface, _, _, _] = &*self.header;
        (*interface != NO_INTERFACE).then_some(InterfaceId(*interface))
    }

    /// Hop Limit.
    #[must_use]
    #[inline]
    pub fn hop_limit(&self) -> u8 {
        let &[.., hop_limit, _, _] = &*self.header;
        hop_limit
    }

    /// Traffic Class.
    #[must_use]
    #[inline]
    pub fn traffic_class(&self) -> u8 {
        let &[.., traffic_class, _] = &*self.header;
        traffic_class
    }

    /// What the caller put there.
    #[must_use]
    #[inline]
    pub fn flags(&self) -> u8 {
        let &[.., flags] = &*self.header;
        flags
    }

    /// Changes what the caller put there.
    #[inline]
    pub fn set_flags(&mut self, new: u8) {
        let [.., flags] = &mut *self.header;
        *flags = new;
    }

    /// All of that.
    #[must_use]
    pub fn label(&self) -> Label {
        Label {
            port: self.port(),
            interface: self.interface(),
            hop_limit: self.hop_limit(),
            traffic_class: self.traffic_class(),
            flags: self.flags(),
        }
    }

    #[inline]
    pub(super) fn mark(&mut self) -> &mut u8 {
        let [_, _, mark, ..] = &mut *self.header;
        mark
    }
}

/// Whether addresses, or the octet that tells them, are of IPv6. In a build without it none are.
#[inline]
fn is_v6(addresses: &Addresses<'_>) -> bool {
    cfg!(feature = "ipv6") && (cfg!(not(feature = "ipv4")) || matches!(addresses, Addresses::V6(_)))
}

/// Octets in front of the payload.
#[inline]
pub(super) fn front_len(addresses: &Addresses<'_>) -> usize {
    if is_v6(addresses) {
        V6_LEN
    } else {
        V4_LEN
    }
}

/// Units of the record that starts so; never 0, so that each walk ends.
#[inline]
pub(super) fn units(start: [u8; UNIT]) -> usize {
    let [u0, u1, _, _] = start;
    usize::from(u16::from_ne_bytes([u0, u1]).max(1))
}

/// Writes a record but for its payload, and lends the place of that.
#[cfg_attr(not(target_pointer_width = "32"), inline(always))]
pub(super) fn write<'r>(
    record: &'r mut [u8],
    label: &Label,
    addresses: Addresses<'_>,
    units: u16,
    len: u16,
) -> Option<&'r mut [u8]> {
    let [u0, u1] = units.to_ne_bytes();
    let [l0, l1] = len.to_ne_bytes();
    let [p0, p1] = label.port.to_ne_bytes();
    let interface = label.interface.map_or(NO_INTERFACE, |interface| interface.0);
    let Label { hop_limit, traffic_class, flags, .. } = *label;
    let (header, rest) = record.split_first_chunk_mut::<HEADER_LEN>()?;
    let family = u8::from(is_v6(&addresses));
    *header = [u0, u1, LIVE, family, l0, l1, p0, p1, interface, hop_limit, traffic_class, flags];
    let payload = match addresses {
        Addresses::V4(addresses) if cfg!(feature = "ipv4") => {
            let (to, payload) = rest.split_first_chunk_mut()?;
            *to = *addresses;
            payload
        }
        Addresses::V6(addresses) if cfg!(feature = "ipv6") => {
            let (to, payload) = rest.split_first_chunk_mut()?;
            *to = *addresses;
            payload
        }
        _ => return None,
    };
    payload.get_mut(..usize::from(len))
}

/// Reads the record at the front of `record`.
#[inline]
pub(super) fn open(record: &mut [u8]) -> Option<Record<'_>> {
    let (header, rest) = record.split_first_chunk_mut::<HEADER_LEN>()?;
    let &mut [_, _, _, family, l0, l1, ..] = header;
    let len = usize::from(u16::from_ne_bytes([l0, l1]));
    if cfg!(feature = "ipv6") && (cfg!(not(feature = "ipv4")) || family != 0) {
        let (addresses, payload) = rest.split_first_chunk_mut()?;
        Some(Record { header, addresses: Addresses::V6(addresses), payload: payload.get_mut(..len)? })
    } else {
        let (addresses, payload) = rest.split_first_chunk_mut()?;
        Some(Record { header, addresses: Addresses::V4(addresses), payload: payload.get_mut(..len)? })
    }
}
