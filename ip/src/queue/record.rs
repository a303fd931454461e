//! One queued datagram: how it lies in its region.
//!
//! ```text
//!   0         2       3           4        6       7       8           16 or 40
//!   +---------+-------+-----------+--------+-------+-------+-----------+---------+-----+
//!   | length  | state | interface | port   | hop   |traffic| addresses | payload | pad |
//!   |         |       | or 255    |        | limit |class  |           |         |     |
//!   +---------+-------+-----------+--------+-------+-------+-----------+---------+-----+
//!
//!   state:  7    6        5     4 .. 0
//!         | gap | removed | IPv6 | flags |
//! ```

use super::UNIT;
use crate::{Addresses, InterfaceId};

/// Octets in front of the addresses.
const HEADER_LEN: usize = 8;
/// Octets in front of an IPv4 payload.
const V4_LEN: usize = HEADER_LEN + 8;
/// Octets in front of an IPv6 payload.
const V6_LEN: usize = HEADER_LEN + 32;

/// Bits of the state. What begins with `GAP` lasts until the region's end.
const FLAGS: u8 = 0x1f;
const IPV6: u8 = 0x20;
const REMOVED: u8 = 0x40;
const GAP: u8 = 0x80;

/// The first unit of a gap.
pub(super) const GAP_START: [u8; UNIT] = [0, 0, GAP, 0];

/// The interface of a datagram that may leave by any.
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
    /// For the caller's use; the lowest five bits are kept.
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
        let &[_, _, _, _, p0, p1, _, _] = &*self.header;
        u16::from_ne_bytes([p0, p1])
    }

    /// Where it came in, or must leave.
    #[must_use]
    #[inline]
    pub fn interface(&self) -> Option<InterfaceId> {
        let &[_, _, _, interface, ..] = &*self.header;
        (interface != NO_INTERFACE).then_some(InterfaceId(interface))
    }

    /// Whether it came in there, or must leave there. There is no interface 255.
    #[must_use]
    #[inline]
    pub fn is_by(&self, interface: InterfaceId) -> bool {
        let &[_, _, _, own, ..] = &*self.header;
        own == interface.0
    }

    /// Hop Limit.
    #[must_use]
    #[inline]
    pub fn hop_limit(&self) -> u8 {
        let &[.., hop_limit, _] = &*self.header;
        hop_limit
    }

    /// Traffic Class.
    #[must_use]
    #[inline]
    pub fn traffic_class(&self) -> u8 {
        let &[.., traffic_class] = &*self.header;
        traffic_class
    }

    /// What the caller put there.
    #[must_use]
    #[inline]
    pub fn flags(&self) -> u8 {
        self.state() & FLAGS
    }

    /// Changes what the caller put there.
    #[inline]
    pub fn set_flags(&mut self, new: u8) {
        let [_, _, state, ..] = &mut *self.header;
        *state = (*state & !FLAGS) | (new & FLAGS);
    }

    /// Whether [`Queue::retain`](super::Queue::retain) was not told to remove it.
    #[must_use]
    #[inline]
    pub fn is_live(&self) -> bool {
        self.state() & REMOVED == 0
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
    pub(super) fn remove(&mut self) {
        let [_, _, state, ..] = &mut *self.header;
        *state |= REMOVED;
    }

    #[inline]
    fn state(&self) -> u8 {
        let &[_, _, state, ..] = &*self.header;
        state
    }
}

/// Whether addresses are of IPv6. In a build without it none are.
#[inline]
fn are_v6(addresses: &Addresses<'_>) -> bool {
    cfg!(feature = "ipv6") && (cfg!(not(feature = "ipv4")) || matches!(addresses, Addresses::V6(_)))
}

/// Whether a record of this state is of IPv6.
#[inline]
const fn has_v6(state: u8) -> bool {
    cfg!(feature = "ipv6") && (cfg!(not(feature = "ipv4")) || state & IPV6 != 0)
}

/// Whether the record that starts so is of IPv6.
#[inline]
pub(super) const fn is_v6([_, _, state, _]: [u8; UNIT]) -> bool {
    has_v6(state)
}

/// Octets in front of the payload.
#[inline]
pub(super) fn front_len(addresses: &Addresses<'_>) -> usize {
    if are_v6(addresses) {
        V6_LEN
    } else {
        V4_LEN
    }
}

/// Octets of the record that starts so, without what pads its last unit.
#[inline]
pub(super) fn octets([l0, l1, state, _]: [u8; UNIT]) -> usize {
    let front_len = if has_v6(state) { V6_LEN } else { V4_LEN };
    front_len + usize::from(u16::from_ne_bytes([l0, l1]))
}

/// Units of a record of so many octets in front of its payload, and so many of that.
#[inline]
pub(super) fn units_of(front_len: usize, len: u16) -> usize {
    round_up(front_len + usize::from(len)) / UNIT
}

/// Units of the record that starts so; never 0, so that each walk ends.
#[inline]
pub(super) fn units(start: [u8; UNIT]) -> u16 {
    u16::try_from(round_up(octets(start)) / UNIT).unwrap_or(u16::MAX)
}

/// To whole units: by a mask, which is shorter than what `div_ceil` makes of it.
#[inline]
const fn round_up(octets: usize) -> usize {
    (octets + UNIT - 1) & !(UNIT - 1)
}

/// Whether a gap starts so.
#[inline]
pub(super) const fn is_gap([_, _, state, _]: [u8; UNIT]) -> bool {
    state & GAP != 0
}

/// Writes a record but for its payload, and lends the place of that.
#[cfg_attr(not(target_pointer_width = "32"), inline(always))]
pub(super) fn write<'r>(
    record: &'r mut [u8],
    label: &Label,
    addresses: Addresses<'_>,
    len: u16,
) -> Option<&'r mut [u8]> {
    // One look at the length: what is cut off then is there.
    let record = record.get_mut(..front_len(&addresses) + usize::from(len))?;
    let [l0, l1] = len.to_ne_bytes();
    let [p0, p1] = label.port.to_ne_bytes();
    let interface = label.interface.map_or(NO_INTERFACE, |interface| interface.0);
    let family = if are_v6(&addresses) { IPV6 } else { 0 };
    let state = family | (label.flags & FLAGS);
    let (header, rest) = record.split_first_chunk_mut::<HEADER_LEN>()?;
    *header = [l0, l1, state, interface, p0, p1, label.hop_limit, label.traffic_class];
    match addresses {
        Addresses::V4(addresses) if cfg!(feature = "ipv4") => {
            let (to, payload) = rest.split_first_chunk_mut()?;
            *to = *addresses;
            Some(payload)
        }
        Addresses::V6(addresses) if cfg!(feature = "ipv6") => {
            let (to, payload) = rest.split_first_chunk_mut()?;
            *to = *addresses;
            Some(payload)
        }
        _ => None,
    }
}

/// Reads the record at the front of `record`.
#[inline]
pub(super) fn open(record: &mut [u8]) -> Option<Record<'_>> {
    let &[l0, l1, state, _] = record.first_chunk()?;
    let len = usize::from(u16::from_ne_bytes([l0, l1]));
    if has_v6(state) {
        let (header, rest) = record.get_mut(..V6_LEN + len)?.split_first_chunk_mut()?;
        let (addresses, payload) = rest.split_first_chunk_mut()?;
        Some(Record { header, addresses: Addresses::V6(addresses), payload })
    } else {
        let (header, rest) = record.get_mut(..V4_LEN + len)?.split_first_chunk_mut()?;
        let (addresses, payload) = rest.split_first_chunk_mut()?;
        Some(Record { header, addresses: Addresses::V4(addresses), payload })
    }
}
