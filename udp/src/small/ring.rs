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

use crate::send::copy;
use tersus_ip::{Addresses, InterfaceId};

/// Octets in front of the addresses.
const HEAD_LEN: usize = 8;
/// No interface.
const NONE: u8 = 0xff;

/// A queue of datagrams; its octets lie in a region of the owner's. All zeros when empty.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ring {
    pub(super) head: usize,
    pub(super) tail: usize,
    /// Where the datagrams go on at the front of the region; 0: they do not.
    end: usize,
}

/// What is known of a datagram beside its addresses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    /// Port of the other end; 0: it is nobody's any more.
    pub(super) remote_port: u16,
    pub(super) interface: Option<InterfaceId>,
    /// Of the lower six bits of this the user may dispose.
    pub(super) flags: u8,
    pub(super) own: [u8; 2],
}

/// Set in the octet of the kind: the addresses are of IPv6.
const V6: u8 = 0x80;

/// A datagram in its place.
pub(super) struct Record<'r> {
    head: &'r mut [u8; HEAD_LEN],
    addresses: &'r [u8],
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
        head: &Head,
        addresses: Addresses<'_>,
        len: usize,
    ) -> Option<&'r mut [u8]> {
        let addresses = addresses.as_bytes();
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
        let [l0, l1] = u16::try_from(len).ok()?.to_be_bytes();
        let [p0, p1] = head.remote_port.to_be_bytes();
        let [o0, o1] = head.own;
        let kind = head.flags | if addresses.len() > 8 { V6 } else { 0 };
        *place = [l0, l1, p0, p1, kind, head.interface.map_or(NONE, |interface| interface.0), o0, o1];
        copy(to, addresses);
        self.end = end;
        self.tail = at + need;
        Some(payload)
    }

    /// The datagram at an offset between head and tail, and the offset of the one behind it.
    #[inline(never)]
    pub(super) fn at<'r>(&self, region: &'r mut [u8], at: usize) -> Option<(Record<'r>, usize)> {
        if at == self.tail {
            return None;
        }
        let (head, rest) = region.get_mut(at..)?.split_first_chunk_mut::<HEAD_LEN>()?;
        let addresses_len = if cfg!(feature = "ipv6") && head[4] & V6 != 0 { 32 } else { 8 };
        let (addresses, rest) = rest.split_at_mut_checked(addresses_len)?;
        let len = usize::from(u16::from_be_bytes([head[0], head[1]]));
        let payload = rest.get_mut(..len)?;
        let mut next = at + record_len(addresses_len, len);
        if next == self.end {
            next = 0;
        }
        Some((Record { head, addresses, payload }, next))
    }

    /// Takes out what lies before `next`, the offset behind the oldest datagram.
    #[inline(never)]
    pub(super) fn pop(&mut self, next: usize) {
        if next < self.head {
            self.end = 0;
        }
        self.head = next;
        if next == self.tail {
            *self = Self::EMPTY;
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.head == self.tail
    }

    /// Whether more than half of a region of so many octets is taken, and not by the datagram at `at` alone, with `next`
    /// behind it.
    #[inline]
    pub(super) fn is_crowded(&self, region_len: usize, at: usize, next: usize) -> bool {
        let taken = if self.tail < self.head {
            self.end.saturating_sub(self.head) + self.tail
        } else {
            self.tail - self.head
        };
        taken > region_len / 2 && (at, next) != (self.head, self.tail)
    }
}

/// Octets that a datagram takes.
fn record_len(addresses_len: usize, len: usize) -> usize {
    (HEAD_LEN + addresses_len + len + 3) & !3
}

/// Whether a region of so many octets could hold such a datagram.
pub(super) fn fits(region_len: usize, addresses: Addresses<'_>, len: usize) -> bool {
    len <= usize::from(u16::MAX) && record_len(addresses.as_bytes().len(), len) <= region_len
}

/// Octets of the longest payload that a region of so many octets can hold between these addresses.
pub(super) fn payload_max(region_len: usize, addresses: Addresses<'_>) -> usize {
    (region_len & !3).saturating_sub(HEAD_LEN + addresses.as_bytes().len())
}

impl Record<'_> {
    #[inline]
    pub(super) fn remote_port(&self) -> u16 {
        u16::from_be_bytes([self.head[2], self.head[3]])
    }

    #[inline]
    pub(super) fn flags(&self) -> u8 {
        self.head[4] & !V6
    }

    #[inline]
    pub(super) fn head(&self) -> Head {
        let [_, _, p0, p1, kind, interface, o0, o1] = *self.head;
        Head {
            remote_port: u16::from_be_bytes([p0, p1]),
            interface: (interface != NONE).then_some(InterfaceId(interface)),
            flags: kind & !V6,
            own: [o0, o1],
        }
    }

    /// Source and destination.
    #[inline]
    pub(super) fn addresses(&self) -> Addresses<'_> {
        #[cfg(feature = "ipv6")]
        if let Ok(addresses) = self.addresses.try_into() {
            return Addresses::V6(addresses);
        }
        Addresses::V4(self.addresses.first_chunk().unwrap_or(&[0; 8]))
    }

    /// Adds to its flags.
    #[inline]
    pub(super) fn mark(self, flags: u8) {
        self.head[4] |= flags;
    }

    /// It is nobody's any more.
    #[inline]
    pub(super) fn forget(self) {
        self.head[2] = 0;
        self.head[3] = 0;
    }
}
