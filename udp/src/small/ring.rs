//! Datagrams one behind the other in a region of octets, each in one piece.
//!
//! ```text
//!            head            tail                         tail      head          end
//!   +----------+---------------+---------+      +-----------+---------+-------------+----+
//!   |          | oldest …      |         |  or  | … newest  |         | oldest …    |    |
//!   +----------+---------------+---------+      +-----------+---------+-------------+----+
//!
//!   +--------+--------+------+-----------+----------------------+-----------------+--------------+---
//!   | length | remote | kind | interface | two octets of its    | 8 or 32: source | payload      | to 4
//!   |        | port   |      |           | user                 | and destination |              |
//!   +--------+--------+------+-----------+----------------------+-----------------+--------------+---
//! ```

use crate::place::copy;
use tersus_ip::{Addresses, InterfaceId};

/// Octets in front of the addresses.
const HEAD_LEN: usize = 8;
/// No interface.
const NONE: u8 = 0xff;

/// Source and destination as a record has them: 8 octets, or 32.
#[cfg(feature = "ipv6")]
pub(super) type Octets = [u8];
/// Source and destination as a record has them.
#[cfg(not(feature = "ipv6"))]
pub(super) type Octets = [u8; 8];

/// A queue of datagrams; its octets lie in a region of the owner's. All zeros when empty.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ring {
    pub(super) head: usize,
    pub(super) tail: usize,
    /// Where the datagrams go on at the front of the region; 0: they do not.
    end: usize,
}

/// What is known of a datagram beside its addresses: as it stands in front of them, but for the length, and the family.
/// Numbers of two octets are in the order of the machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head([u8; HEAD_LEN]);

impl Head {
    /// Of the lower six bits of `flags`, and of `own`, the user may dispose.
    #[inline]
    pub(super) fn new(remote_port: u16, interface: Option<InterfaceId>, flags: u8, own: [u8; 2]) -> Self {
        let [p0, p1] = remote_port.to_ne_bytes();
        let [o0, o1] = own;
        Self([0, 0, p0, p1, flags, interface.map_or(NONE, |interface| interface.0), o0, o1])
    }

    /// This, with other flags, and other octets of the user's.
    #[inline]
    pub(super) fn with(self, flags: u8, own: [u8; 2]) -> Self {
        let [l0, l1, p0, p1, _, interface, ..] = self.0;
        let [o0, o1] = own;
        Self([l0, l1, p0, p1, flags, interface, o0, o1])
    }

    #[inline]
    fn len(self) -> usize {
        usize::from(u16::from_ne_bytes([self.0[0], self.0[1]]))
    }

    /// Port of the other end; 0: it is nobody's any more.
    #[inline]
    pub(super) fn remote_port(self) -> u16 {
        u16::from_ne_bytes([self.0[2], self.0[3]])
    }

    #[inline]
    pub(super) fn flags(self) -> u8 {
        self.0[4] & !V6
    }

    #[inline]
    fn addresses_len(self) -> usize {
        if cfg!(feature = "ipv6") && self.0[4] & V6 != 0 {
            32
        } else {
            8
        }
    }

    #[inline]
    pub(super) fn interface(self) -> Option<InterfaceId> {
        (self.0[5] != NONE).then_some(InterfaceId(self.0[5]))
    }

    #[inline]
    pub(super) fn own(self) -> [u8; 2] {
        [self.0[6], self.0[7]]
    }
}

/// Set in the octet of the kind: the addresses are of IPv6.
const V6: u8 = 0x80;

/// A datagram in its place.
pub(super) struct Record<'r> {
    head: &'r mut [u8; HEAD_LEN],
    addresses: &'r Octets,
    pub(super) payload: &'r mut [u8],
}

impl Ring {
    /// All zeros.
    pub(super) const EMPTY: Self = Self { head: 0, tail: 0, end: 0 };

    /// Room for a datagram of `len` octets behind the newest, already written but for its payload. `None`: not now.
    #[inline(never)]
    pub(super) fn push<'r>(
        &mut self,
        region: &'r mut [u8],
        head: Head,
        addresses: &Octets,
        len: usize,
    ) -> Option<&'r mut [u8]> {
        let need = record_len(addresses.len(), len);
        let mut end = self.end;
        let at = if self.tail < self.head {
            // The tail never reaches the head, which would look empty.
            (need < self.head - self.tail).then_some(self.tail)?
        } else if need <= region.len().saturating_sub(self.tail) {
            self.tail
        } else {
            end = self.tail;
            (need < self.head).then_some(0)?
        };
        let (place, rest) = region.get_mut(at..)?.split_first_chunk_mut::<HEAD_LEN>()?;
        let (to, rest) = rest.split_at_mut_checked(addresses.len())?;
        let payload = rest.get_mut(..len)?;
        let [l0, l1] = u16::try_from(len).ok()?.to_ne_bytes();
        *place = head.0;
        [place[0], place[1]] = [l0, l1];
        if addresses.len() > 8 {
            place[4] |= V6;
        }
        copy(to, addresses);
        self.end = end;
        self.tail = at + need;
        Some(payload)
    }

    /// The datagram at an offset between head and tail, and the offset of the one behind it.
    pub(super) fn at<'r>(&self, region: &'r mut [u8], at: usize) -> Option<(Record<'r>, usize)> {
        if at == self.tail {
            return None;
        }
        let (head, rest) = region.get_mut(at..)?.split_first_chunk_mut::<HEAD_LEN>()?;
        let (len, addresses_len) = (Head(*head).len(), Head(*head).addresses_len());
        #[cfg(feature = "ipv6")]
        let (addresses, rest) = rest.split_at_mut_checked(addresses_len)?;
        #[cfg(not(feature = "ipv6"))]
        let (addresses, rest) = rest.split_first_chunk_mut()?;
        let payload = rest.get_mut(..len)?;
        let mut next = at + record_len(addresses_len, len);
        if next == self.end {
            next = 0;
        }
        Some((Record { head, addresses, payload }, next))
    }

    /// Takes out what lies before `next`, the offset behind the oldest datagram; where the oldest lies now.
    #[inline(never)]
    pub(super) fn pop(&mut self, next: usize) -> usize {
        if next < self.head {
            self.end = 0;
        }
        self.head = next;
        if next == self.tail {
            *self = Self::EMPTY;
        }
        self.head
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.head == self.tail
    }

    /// Whether more than half of a region of so many octets is taken, and not by the datagram at `at` alone, with `next`
    /// behind it.
    #[inline]
    pub(super) fn is_crowded(&self, region_len: usize, at: usize, next: usize) -> bool {
        let front = if self.tail < self.head { self.end } else { 0 };
        let taken = front.wrapping_add(self.tail).wrapping_sub(self.head);
        taken > region_len / 2 && (at, next) != (self.head, self.tail)
    }
}

/// Octets that a datagram takes.
fn record_len(addresses_len: usize, len: usize) -> usize {
    (HEAD_LEN + addresses_len + len + 3) & !3
}

/// Octets of the longest payload that a region of so many octets can hold behind so many of addresses, if it can any.
pub(super) fn payload_max(region_len: usize, addresses_len: usize) -> Option<u16> {
    let longest = (region_len & !3).checked_sub(HEAD_LEN + addresses_len)?;
    Some(u16::try_from(longest).unwrap_or(u16::MAX))
}

/// Source and destination of a packet; what it begins with, if they are of a family left out of this build.
#[inline]
pub(super) fn octets<'o>(addresses: Addresses<'o>) -> &'o Octets {
    #[cfg(feature = "ipv6")]
    return match addresses {
        Addresses::V4(octets) => octets,
        Addresses::V6(octets) => octets,
    };
    #[cfg(not(feature = "ipv6"))]
    match addresses {
        Addresses::V4(octets) => octets,
        Addresses::V6(octets) => octets.first_chunk().unwrap_or(&[0; 8]),
    }
}

impl Record<'_> {
    #[inline]
    pub(super) fn head(&self) -> Head {
        Head(*self.head)
    }

    /// Source and destination.
    #[inline]
    pub(super) fn addresses(&self) -> Addresses<'_> {
        #[cfg(feature = "ipv6")]
        if let Ok(addresses) = self.addresses.try_into() {
            return Addresses::V6(addresses);
        }
        #[cfg(feature = "ipv6")]
        return Addresses::V4(self.addresses.first_chunk().unwrap_or(&[0; 8]));
        #[cfg(not(feature = "ipv6"))]
        Addresses::V4(self.addresses)
    }

    /// Destination and source, for an answer, in `to`, which has 32 octets or, in a build of IPv4 alone, 8.
    #[inline]
    pub(super) fn reversed<'t>(&self, to: &'t mut [u8; REVERSED_LEN]) -> &'t mut Octets {
        #[cfg(feature = "ipv6")]
        {
            let to = to.get_mut(..self.addresses.len()).unwrap_or_default();
            let (own, other) = self.addresses.split_at(self.addresses.len() / 2);
            for (to, from) in to.iter_mut().zip(other.iter().chain(own)) {
                *to = *from;
            }
            to
        }
        #[cfg(not(feature = "ipv6"))]
        {
            let [a, b, c, d, e, f, g, h] = *self.addresses;
            *to = [e, f, g, h, a, b, c, d];
            to
        }
    }

    /// Adds to its flags.
    #[inline]
    pub(super) fn mark(self, flags: u8) {
        self.head[4] |= flags;
    }

    /// It is nobody's any more.
    #[inline]
    pub(super) fn forget(self) {
        [self.head[2], self.head[3]] = [0, 0];
    }
}

/// Room for the longest addresses of this build.
pub(super) const REVERSED_LEN: usize = if cfg!(feature = "ipv6") { 32 } else { 8 };
