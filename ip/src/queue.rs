//! A queue of datagrams with their addresses, by offset in a flat region.
//!
//! What UDP and ICMP sockets share. A [`Queue`] has four octets of state; the octets lie in a region that the
//! engine was given and hands in at each call, so that slots of sockets hold no pointers. Datagrams lie in one
//! piece, to be read and written in place. A record that finds no room before the region's end starts at its
//! front, and the gap becomes an empty record.
//!
//! ```text
//!   0      2     3    4     6         7        8       9      10     11   12        .. 20 or 44 ..
//!   +------+-----+----+-----+---------+--------+-------+------+------+----+--------+-------+---------+---+
//!   | units|state|pad |port |interface|hop     |traffic|caller|what  | 0  | remote | local | payload |pad|
//!   |      |     |    |     | + 1     |limit   |class  |flags |there |    |        |       |         |   |
//!   +------+-----+----+-----+---------+--------+-------+------+------+----+--------+-------+---------+---+
//! ```
//!
//! The steps that all calls share are functions of their own on small processors, where a copy at each place costs
//! more flash than a call costs time.
//!
//! Remote and local address lie as source and destination do in a received header, so that they are copied as one; the
//! local one is zeros if there is none. Records are multiples of four octets. Removing from the middle leaves an empty record, whose room comes back
//! when all before it are gone, or by [`Queue::compact`].

use crate::{Addresses, InterfaceId};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Octets of a unit.
const UNIT: usize = 4;
/// Octets in front of the addresses.
const HEADER_LEN: usize = 12;

/// Octets in front of an IPv4 payload.
const V4_LEN: usize = HEADER_LEN + 8;
/// Octets in front of an IPv6 payload.
const V6_LEN: usize = HEADER_LEN + 32;

/// Bit of octet 10: the addresses are of IPv6.
const IS_IPV6: u8 = 1;
/// Bit of octet 10: there is a local address.
const HAS_LOCAL: u8 = 2;

/// Values of octet 2.
const WAITING: u8 = 1;
const PARKED: u8 = 2;
const EMPTY: u8 = 3;

/// What is known of a datagram beside its octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// Who sent it, or shall get it.
    pub remote: IpAddr,
    /// The remote port or identifier.
    pub port: u16,
    /// Whom it was addressed to, or the source to use. Of the family of `remote`, else it is not kept.
    pub local: Option<IpAddr>,
    /// Where it came in, or must leave.
    pub interface: Option<InterfaceId>,
    /// Hop Limit.
    pub hop_limit: u8,
    /// Traffic Class.
    pub traffic_class: u8,
    /// For the caller's use.
    pub flags: u8,
}

impl Label {
    /// Octets in front of the payload.
    fn front_len(&self) -> usize {
        match self.remote {
            IpAddr::V4(_) => V4_LEN,
            IpAddr::V6(_) => V6_LEN,
        }
    }
}

/// A queued datagram, in place: its [`Label`], of which each part is read when it is asked for, and its octets.
#[derive(Debug)]
pub struct Record<'r> {
    header: &'r [u8; HEADER_LEN],
    addresses: Addresses<'r>,
    /// The datagram's octets.
    pub payload: &'r mut [u8],
}

impl Record<'_> {
    /// Whether it can leave.
    #[must_use]
    #[inline]
    pub fn state(&self) -> State {
        let &[_, _, state, ..] = self.header;
        if state == PARKED {
            State::Parked
        } else {
            State::Waiting
        }
    }

    /// Remote and local address as source and destination; the local one is unspecified if there is none.
    #[must_use]
    #[inline]
    pub fn addresses(&self) -> Addresses<'_> {
        self.addresses
    }

    /// Who sent it, or shall get it.
    #[must_use]
    #[inline]
    pub fn remote(&self) -> IpAddr {
        self.addresses.source()
    }

    /// The remote port or identifier.
    #[must_use]
    #[inline]
    pub fn port(&self) -> u16 {
        let &[_, _, _, _, p0, p1, ..] = self.header;
        u16::from_ne_bytes([p0, p1])
    }

    /// Whom it was addressed to, or the source to use.
    #[must_use]
    #[inline]
    pub fn local(&self) -> Option<IpAddr> {
        let &[.., what, _] = self.header;
        (what & HAS_LOCAL != 0).then(|| self.addresses.destination())
    }

    /// Whether it has neither a local address nor an interface.
    #[must_use]
    #[inline]
    pub fn is_plain(&self) -> bool {
        let &[.., interface, _, _, _, what, _] = self.header;
        interface == 0 && what & HAS_LOCAL == 0
    }

    /// Where it came in, or must leave.
    #[must_use]
    #[inline]
    pub fn interface(&self) -> Option<InterfaceId> {
        let &[.., interface, _, _, _, _, _] = self.header;
        interface.checked_sub(1).map(InterfaceId)
    }

    /// Hop Limit.
    #[must_use]
    #[inline]
    pub fn hop_limit(&self) -> u8 {
        let &[.., hop_limit, _, _, _, _] = self.header;
        hop_limit
    }

    /// Traffic Class.
    #[must_use]
    #[inline]
    pub fn traffic_class(&self) -> u8 {
        let &[.., traffic_class, _, _, _] = self.header;
        traffic_class
    }

    /// What the caller put there.
    #[must_use]
    #[inline]
    pub fn flags(&self) -> u8 {
        let &[.., flags, _, _] = self.header;
        flags
    }

    /// All of that.
    #[must_use]
    pub fn label(&self) -> Label {
        Label {
            remote: self.remote(),
            port: self.port(),
            local: self.local(),
            interface: self.interface(),
            hop_limit: self.hop_limit(),
            traffic_class: self.traffic_class(),
            flags: self.flags(),
        }
    }
}

/// What is known of a received datagram beside its octets and addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// The sender's port.
    pub port: u16,
    /// Where it came in.
    pub interface: InterfaceId,
    /// Hop Limit.
    pub hop_limit: u8,
    /// Traffic Class.
    pub traffic_class: u8,
    /// For the caller's use.
    pub flags: u8,
}

/// Whether a datagram can leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody tried yet, or it may be tried at any time.
    Waiting,
    /// Tried; waits for something, while those behind it may leave.
    Parked,
}

/// The place of a datagram in a queue. Stays valid while those before it are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    at: u16,
    /// Units from here to the end of the queue.
    left: u16,
}

/// A queue of datagrams, oldest first; the empty queue is all zeros. All calls must be given the same region. If
/// they are not, what is read is arbitrary, and nothing worse happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Queue {
    /// Where the oldest record starts, in units.
    head: u16,
    /// Units in use, gaps included.
    used: u16,
}

impl Queue {
    /// No datagrams.
    pub const EMPTY: Self = Self { head: 0, used: 0 };

    /// Whether there are no datagrams.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Octets of the region that are in use, by addresses and gaps too.
    #[must_use]
    pub fn used_len(&self) -> usize {
        usize::from(self.used) * UNIT
    }

    /// Whether a datagram of `len` octets would be taken now.
    #[must_use]
    pub fn has_room(&self, label: &Label, len: usize, region_len: usize) -> bool {
        let units = len.saturating_add(label.front_len()).div_ceil(UNIT);
        self.room(usize::from(capacity(region_len)), units).is_some()
    }

    /// Appends a datagram of `len` octets and lends its place to be written; its octets are arbitrary until then.
    /// `None` if there is no room: then nothing changed.
    pub fn push<'r>(&mut self, region: &'r mut [u8], label: &Label, len: usize) -> Option<&'r mut [u8]> {
        let interface = label.interface.map_or(0, |interface| interface.0.saturating_add(1));
        let [p0, p1] = label.port.to_ne_bytes();
        let mut header =
            [0, 0, 0, 0, p0, p1, interface, label.hop_limit, label.traffic_class, label.flags, 0, 0];
        match label.remote {
            IpAddr::V4(remote) => {
                let local = match label.local {
                    Some(IpAddr::V4(local)) => {
                        header[10] = HAS_LOCAL;
                        local
                    }
                    _ => Ipv4Addr::UNSPECIFIED,
                };
                let [a, b, c, d] = remote.octets();
                let [e, f, g, h] = local.octets();
                self.append(region, header, Addresses::V4(&[a, b, c, d, e, f, g, h]), len)
            }
            IpAddr::V6(remote) => {
                let mut addresses = [0; 32];
                header[10] = IS_IPV6;
                if let Some(to) = addresses.first_chunk_mut() {
                    *to = remote.octets();
                }
                if let (Some(to), Some(IpAddr::V6(local))) = (addresses.last_chunk_mut(), label.local) {
                    *to = local.octets();
                    header[10] = IS_IPV6 | HAS_LOCAL;
                }
                self.append(region, header, Addresses::V6(&addresses), len)
            }
        }
    }

    /// Appends a datagram of `len` octets that came in with these addresses; else as [`Queue::push`], but that the
    /// label's addresses do not count.
    #[inline]
    pub fn push_received<'r>(
        &mut self,
        region: &'r mut [u8],
        addresses: Addresses<'_>,
        label: &Arrived,
        len: usize,
    ) -> Option<&'r mut [u8]> {
        let what = match addresses {
            Addresses::V4(_) => HAS_LOCAL,
            Addresses::V6(_) => IS_IPV6 | HAS_LOCAL,
        };
        let [p0, p1] = label.port.to_ne_bytes();
        let interface = label.interface.0.saturating_add(1);
        let Arrived { hop_limit, traffic_class, flags, .. } = *label;
        let header = [0, 0, 0, 0, p0, p1, interface, hop_limit, traffic_class, flags, what, 0];
        self.append(region, header, addresses, len)
    }

    /// Appends a datagram of `len` octets to this destination, the rest to be chosen by the socket; else as
    /// [`Queue::push`].
    #[inline]
    pub fn push_to<'r>(
        &mut self,
        region: &'r mut [u8],
        remote: &SocketAddr,
        hop_limit: u8,
        traffic_class: u8,
        len: usize,
    ) -> Option<&'r mut [u8]> {
        let [p0, p1] = remote.port().to_ne_bytes();
        let header = |what| [0, 0, 0, 0, p0, p1, 0, hop_limit, traffic_class, 0, what, 0];
        match remote {
            SocketAddr::V4(remote) => {
                let [a, b, c, d] = remote.ip().octets();
                self.append(region, header(0), Addresses::V4(&[a, b, c, d, 0, 0, 0, 0]), len)
            }
            SocketAddr::V6(remote) => {
                let mut addresses = [0; 32];
                if let Some(to) = addresses.first_chunk_mut() {
                    *to = remote.ip().octets();
                }
                self.append(region, header(IS_IPV6), Addresses::V6(&addresses), len)
            }
        }
    }

    /// Appends a record. The first four octets of `header` are still to be set.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn append<'r>(
        &mut self,
        region: &'r mut [u8],
        header: [u8; HEADER_LEN],
        addresses: Addresses<'_>,
        len: usize,
    ) -> Option<&'r mut [u8]> {
        let front_len = match addresses {
            Addresses::V4(_) => V4_LEN,
            Addresses::V6(_) => V6_LEN,
        };
        let units = len.checked_add(front_len)?.div_ceil(UNIT);
        let at = self.reserve(region, units)?;
        let record = region.get_mut(at * UNIT..)?;
        let (to, rest) = record.split_first_chunk_mut::<HEADER_LEN>()?;
        let [u0, u1] = u16::try_from(units).ok()?.to_ne_bytes();
        // Below four: what makes the length a multiple of that.
        let [pad, ..] = len.wrapping_neg().to_le_bytes();
        let [_, _, _, _, p0, p1, interface, hop_limit, traffic_class, flags, what, _] = header;
        *to = [u0, u1, WAITING, pad % 4, p0, p1, interface, hop_limit, traffic_class, flags, what, 0];
        let payload = match addresses {
            Addresses::V4(addresses) => {
                let (to, payload) = rest.split_first_chunk_mut()?;
                *to = *addresses;
                payload
            }
            Addresses::V6(addresses) => {
                let (to, payload) = rest.split_first_chunk_mut()?;
                *to = *addresses;
                payload
            }
        };
        payload.get_mut(..len)
    }

    /// The oldest datagram.
    pub fn front<'r>(&self, region: &'r mut [u8]) -> Option<Record<'r>> {
        self.get(region, self.first())
    }

    /// Removes the oldest datagram.
    pub fn pop(&mut self, region: &mut [u8]) {
        self.remove(region, self.first());
    }

    /// Where to start a walk.
    #[must_use]
    pub const fn first(&self) -> Cursor {
        Cursor { at: self.head, left: self.used }
    }

    /// The first place at or behind `from` that holds a datagram.
    #[must_use]
    #[inline]
    pub fn seek(&self, region: &[u8], from: Cursor) -> Option<Cursor> {
        let mut cursor = from;
        while cursor.left != 0 {
            let (_, state) = head_of(region, cursor.at)?;
            if state != EMPTY {
                return Some(cursor);
            }
            cursor = self.next(region, cursor);
        }
        None
    }

    /// The place behind the record at `cursor`.
    #[must_use]
    #[inline]
    pub fn next(&self, region: &[u8], cursor: Cursor) -> Cursor {
        let units = head_of(region, cursor.at).map_or(cursor.left, |(units, _)| units);
        let at = advance(cursor.at, units, capacity(region.len()));
        Cursor { at, left: cursor.left.saturating_sub(units) }
    }

    /// The datagram at `cursor`, which [`Queue::seek`] found.
    #[cfg_attr(not(target_pointer_width = "32"), inline)]
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub fn get<'r>(&self, region: &'r mut [u8], cursor: Cursor) -> Option<Record<'r>> {
        if cursor.left == 0 {
            return None;
        }
        let record = region.get_mut(usize::from(cursor.at) * UNIT..)?;
        let (header, rest) = record.split_first_chunk_mut::<HEADER_LEN>()?;
        let &mut [u0, u1, state, pad, .., what, _] = header;
        if state != WAITING && state != PARKED {
            return None;
        }
        let len = usize::from(u16::from_ne_bytes([u0, u1])) * UNIT;
        let pad = usize::from(pad);
        if what & IS_IPV6 == 0 {
            let (addresses, payload) = rest.split_first_chunk_mut()?;
            let payload = payload.get_mut(..len.checked_sub(V4_LEN + pad)?)?;
            Some(Record { header, addresses: Addresses::V4(addresses), payload })
        } else {
            let (addresses, payload) = rest.split_first_chunk_mut()?;
            let payload = payload.get_mut(..len.checked_sub(V6_LEN + pad)?)?;
            Some(Record { header, addresses: Addresses::V6(addresses), payload })
        }
    }

    /// The first datagram at or behind `cursor`, with its place; `cursor` moves behind it.
    #[inline]
    pub fn walk<'r>(&self, region: &'r mut [u8], cursor: &mut Cursor) -> Option<(Cursor, Record<'r>)> {
        let at = self.seek(region, *cursor)?;
        *cursor = self.next(region, at);
        Some((at, self.get(region, at)?))
    }

    /// Changes the state of the datagram at `cursor`.
    pub fn mark(&self, region: &mut [u8], cursor: Cursor, state: State) {
        let state = match state {
            State::Waiting => WAITING,
            State::Parked => PARKED,
        };
        set_state(region, cursor.at, state);
    }

    /// Removes the datagram at `cursor`.
    pub fn remove(&mut self, region: &mut [u8], cursor: Cursor) {
        if cursor.left == 0 {
            return;
        }
        if cursor.at != self.head {
            return set_state(region, cursor.at, EMPTY);
        }
        let capacity = capacity(region.len());
        let (mut at, mut left) = (self.head, self.used);
        let mut next = head_of(region, at);
        while let Some((units, _)) = next {
            left = left.saturating_sub(units);
            at = advance(at, units, capacity);
            next = if left == 0 { None } else { head_of(region, at).filter(|&(_, state)| state == EMPTY) };
        }
        self.used = left;
        self.head = if left == 0 { 0 } else { at };
    }

    /// Brings the room of datagrams that were removed from the middle back at once. Cursors become invalid. Linear
    /// in the octets that are queued.
    pub fn compact(&mut self, region: &mut [u8]) {
        let capacity = capacity(region.len());
        let wraps = capacity.saturating_sub(self.head) < self.used;
        // Records from the head to the region's end, or all of them, to the front of where they are.
        let base = if wraps { self.head } else { 0 };
        let mut upper = base;
        let mut lower = 0;
        let mut cursor = self.first();
        while let Some(at) = self.seek(region, cursor) {
            cursor = self.next(region, at);
            let units = at.left.saturating_sub(cursor.left);
            let to = if wraps && at.at < self.head { &mut lower } else { &mut upper };
            move_units(region, at.at, *to, units);
            *to = to.saturating_add(units).min(capacity);
        }
        let len = upper.saturating_sub(base);
        self.head = base;
        self.used = len.saturating_add(lower);
        if wraps {
            // Then those of the upper part to its end, so that what follows is at the region's front.
            self.head = capacity.saturating_sub(len);
            move_units(region, base, self.head, len);
        }
        if self.used == 0 || self.head == capacity {
            self.head = 0;
        }
    }

    /// Octets of the datagrams that are queued for this address. Linear in their number.
    pub fn len_for(&self, region: &mut [u8], remote: IpAddr) -> usize {
        let mut octets = 0usize;
        let mut cursor = self.first();
        while let Some(at) = self.seek(region, cursor) {
            cursor = self.next(region, at);
            match self.get(region, at) {
                Some(record) if record.remote() == remote => {
                    octets += usize::from(at.left.saturating_sub(cursor.left)) * UNIT;
                }
                _ => {}
            }
        }
        octets
    }

    /// Largest payload with this label that an empty queue takes, in octets; `None`: not even an empty one.
    #[must_use]
    pub fn longest(label: &Label, region_len: usize) -> Option<u16> {
        let region_len = usize::from(capacity(region_len)) * UNIT;
        let octets = region_len.checked_sub(label.front_len())?;
        Some(u16::try_from(octets).unwrap_or(u16::MAX))
    }

    /// Where `units` find room in one piece behind the newest record, and the units of the gap before them.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn room(&self, capacity: usize, units: usize) -> Option<(usize, usize)> {
        let head = usize::from(self.head);
        let tail = head + usize::from(self.used);
        match capacity.checked_sub(tail) {
            Some(room) if units <= room => Some((tail, 0)),
            Some(room) if units <= head => Some((0, room)),
            Some(_) => None,
            // In two pieces: what is free lies between the end of the queue and its head, in one piece.
            None => (units <= head.saturating_sub(tail - capacity)).then_some((tail - capacity, 0)),
        }
    }

    /// Takes `units` behind the newest record.
    fn reserve(&mut self, region: &mut [u8], units: usize) -> Option<usize> {
        let (at, gap) = self.room(usize::from(capacity(region.len())), units)?;
        let used = u16::try_from(usize::from(self.used) + gap + units).ok()?;
        if gap != 0 {
            write_gap(region, usize::from(self.head) + usize::from(self.used), gap);
        }
        self.used = used;
        Some(at)
    }
}

/// The regions of an engine's queues: one for each socket, all of one size.
#[derive(Debug)]
pub struct Regions<'a> {
    octets: &'a mut [u8],
    len: usize,
}

impl<'a> Regions<'a> {
    /// Divides `octets` equally among so many sockets; a multiple of four each.
    pub fn new(octets: &'a mut [u8], sockets: usize) -> Self {
        let len = octets.len().checked_div(sockets).unwrap_or(0) & !(UNIT - 1);
        Self { octets, len }
    }

    /// Octets of each region.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the regions have no octets.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The region of one socket; empty beyond the last.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub fn of(&mut self, index: u16) -> &mut [u8] {
        let start = usize::from(index).wrapping_mul(self.len);
        self.octets.get_mut(start..start.wrapping_add(self.len)).unwrap_or_default()
    }
}

/// Units of a region; what is beyond 65,535 of them is not used.
fn capacity(region_len: usize) -> u16 {
    u16::try_from(region_len / UNIT).unwrap_or(u16::MAX)
}

/// Units and state of the record at `at`. Never 0 units, so that each walk ends.
#[cfg_attr(target_pointer_width = "32", inline(never))]
fn head_of(region: &[u8], at: u16) -> Option<(u16, u8)> {
    let &[u0, u1, state, _] = region.get(usize::from(at) * UNIT..)?.first_chunk::<UNIT>()?;
    Some((u16::from_ne_bytes([u0, u1]).max(1), state))
}

fn move_units(region: &mut [u8], from: u16, to: u16, units: u16) {
    // Unit by unit, not with `copy_within`: nothing else needs memmove, which is larger than this file.
    let mut copy = |unit: u16| {
        let read =
            region.get(usize::from(from.saturating_add(unit)) * UNIT..)?.first_chunk::<UNIT>().copied()?;
        let write =
            region.get_mut(usize::from(to.saturating_add(unit)) * UNIT..)?.first_chunk_mut::<UNIT>()?;
        *write = read;
        Some(())
    };
    for unit in 0..units {
        // What is moved up starts with its end, so that nothing is overwritten before it was read.
        copy(if to < from { unit } else { units - 1 - unit });
    }
}

fn set_state(region: &mut [u8], at: u16, state: u8) {
    let record = region.get_mut(usize::from(at) * UNIT..).and_then(<[u8]>::first_chunk_mut::<UNIT>);
    if let Some([_, _, octet, _]) = record {
        *octet = state;
    }
}

#[cold]
fn write_gap(region: &mut [u8], at: usize, units: usize) {
    let record = region.get_mut(at * UNIT..).and_then(<[u8]>::first_chunk_mut::<UNIT>);
    if let (Some(record), Ok(units)) = (record, u16::try_from(units)) {
        let [u0, u1] = units.to_ne_bytes();
        *record = [u0, u1, EMPTY, 0];
    }
}

#[cfg_attr(target_pointer_width = "32", inline(never))]
fn advance(at: u16, units: u16, capacity: u16) -> u16 {
    let left = capacity.saturating_sub(at);
    if units < left {
        at + units
    } else {
        (units - left) % capacity.max(1)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::collections::VecDeque;
    use std::vec::Vec;
    use tersus_phy::Random;

    fn label(remote: &str, local: Option<&str>, port: u16) -> Label {
        Label {
            remote: remote.parse().unwrap(),
            port,
            local: local.map(|text| text.parse().unwrap()),
            interface: Some(InterfaceId(3)),
            hop_limit: 7,
            traffic_class: 0xb8,
            flags: 0x55,
        }
    }

    #[test]
    fn a_queue_has_four_octets() {
        assert_eq!(core::mem::size_of::<Queue>(), 4);
    }

    #[test]
    fn datagrams_come_out_as_they_went_in() {
        let mut region = [0xee; 256];
        let mut queue = Queue::EMPTY;
        let labels = [
            label("192.0.2.1", Some("192.0.2.2"), 1),
            label("192.0.2.1", None, 2),
            label("2001:db8::1", Some("2001:db8::2"), 3),
            Label { interface: None, ..label("2001:db8::1", None, 65_535) },
        ];
        for (i, label) in labels.iter().enumerate() {
            queue.push(&mut region, label, i).unwrap().fill(9);
        }
        for (i, label) in labels.iter().enumerate() {
            let record = queue.front(&mut region).unwrap();
            assert_eq!((record.label(), record.payload.len()), (*label, i));
            assert!(record.payload.iter().all(|&octet| octet == 9));
            queue.pop(&mut region);
        }
        assert!(queue.is_empty() && queue.front(&mut region).is_none());
    }

    #[test]
    fn what_was_received_reads_as_if_it_had_a_label() {
        let mut addresses = [0; 32];
        addresses[15] = 1;
        addresses[31] = 2;
        let label = Label { port: 53, ..label("192.0.2.1", Some("192.0.2.2"), 53) };
        let Label { port, hop_limit, traffic_class, flags, .. } = label;
        let arrived = Arrived { port, interface: InterfaceId(3), hop_limit, traffic_class, flags };
        for (addresses, remote, local) in [
            (Addresses::V4(&[192, 0, 2, 1, 192, 0, 2, 2]), "192.0.2.1", "192.0.2.2"),
            (Addresses::V6(&addresses), "::1", "::2"),
        ] {
            let mut region = [0xee; 64];
            let mut queue = Queue::EMPTY;
            queue.push_received(&mut region, addresses, &arrived, 3).unwrap().fill(9);
            let record = queue.front(&mut region).unwrap();
            let want =
                Label { remote: remote.parse().unwrap(), local: Some(local.parse().unwrap()), ..label };
            assert_eq!((record.label(), &*record.payload), (want, &[9, 9, 9][..]));
        }
    }

    #[test]
    fn a_destination_alone_reads_as_a_label_without_more() {
        for (remote, address) in [("192.0.2.1:53", "192.0.2.1"), ("[2001:db8::1]:53", "2001:db8::1")] {
            let mut region = [0xee; 64];
            let mut queue = Queue::EMPTY;
            queue.push_to(&mut region, &remote.parse().unwrap(), 7, 0xb8, 2).unwrap().fill(9);
            let record = queue.front(&mut region).unwrap();
            let want = Label { interface: None, flags: 0, ..label(address, None, 53) };
            assert_eq!((record.label(), &*record.payload), (want, &[9, 9][..]));
        }
    }

    #[test]
    fn what_is_removed_from_the_middle_is_skipped() {
        let mut region = [0; 128];
        let mut queue = Queue::EMPTY;
        for port in 0..5 {
            queue.push(&mut region, &label("192.0.2.1", None, port), 0).unwrap();
        }
        let mut cursor = queue.first();
        for _ in 0..2 {
            cursor = queue.next(&region, cursor);
        }
        queue.remove(&mut region, cursor);
        let next = queue.next(&region, cursor);
        queue.remove(&mut region, next);
        let used = queue.used_len();
        let mut ports = Vec::new();
        let mut cursor = queue.first();
        while let Some(at) = queue.seek(&region, cursor) {
            ports.push(queue.get(&mut region, at).unwrap().port());
            cursor = queue.next(&region, at);
        }
        assert_eq!(ports, [0, 1, 4]);
        queue.pop(&mut region);
        queue.pop(&mut region);
        assert_eq!(queue.used_len(), used / 5, "room in the middle comes back with what was before it");
    }

    #[test]
    fn a_parked_datagram_stays_and_says_so() {
        let mut region = [0; 64];
        let mut queue = Queue::EMPTY;
        queue.push(&mut region, &label("192.0.2.1", None, 1), 4).unwrap();
        let first = queue.first();
        queue.mark(&mut region, first, State::Parked);
        assert_eq!(queue.get(&mut region, first).unwrap().state(), State::Parked);
        queue.mark(&mut region, first, State::Waiting);
        assert_eq!(queue.get(&mut region, first).unwrap().state(), State::Waiting);
    }

    /// A queue of owned datagrams is the model. Regions of all small sizes, random pushes, pops and removals.
    #[test]
    fn it_behaves_as_a_list() {
        let mut random = Random::new([7; 32]);
        for region_len in (0..200).step_by(3) {
            let mut region = std::vec![0xa5; region_len];
            let mut queue = Queue::EMPTY;
            let mut model: VecDeque<(u16, usize)> = VecDeque::new();
            for turn in 0..400u16 {
                match random.below(9) {
                    8 => {
                        queue.compact(&mut region);
                        let live: usize = model.iter().map(|&(_, len)| len).sum();
                        assert!(queue.used_len() <= live + model.len() * (V6_LEN + UNIT - 1));
                    }
                    0..=3 => {
                        let len = usize::try_from(random.below(40)).unwrap();
                        let remote = if random.below(2) == 0 { "192.0.2.1" } else { "2001:db8::1" };
                        let label = label(remote, None, turn);
                        if let Some(place) = queue.push(&mut region, &label, len) {
                            assert_eq!(place.len(), len);
                            place.fill(turn.to_be_bytes()[1]);
                            model.push_back((turn, len));
                        } else {
                            assert!(
                                !model.is_empty()
                                    || Queue::longest(&label, region_len)
                                        .map_or(true, |max| len > usize::from(max)),
                                "an empty queue of {region_len} refused {len}"
                            );
                        }
                    }
                    4 | 5 => {
                        queue.pop(&mut region);
                        model.pop_front();
                    }
                    _ => {
                        let index = random.below(u32::try_from(model.len()).unwrap());
                        let mut cursor = queue.first();
                        for _ in 0..index {
                            let at = queue.seek(&region, cursor).unwrap();
                            cursor = queue.next(&region, at);
                        }
                        if let Some(at) = queue.seek(&region, cursor) {
                            queue.remove(&mut region, at);
                            model.remove(usize::try_from(index).unwrap());
                        }
                    }
                }
                let mut cursor = queue.first();
                for &(port, len) in &model {
                    let at = queue.seek(&region, cursor).expect("as many as the model has");
                    let record = queue.get(&mut region, at).unwrap();
                    assert_eq!((record.port(), record.payload.len()), (port, len));
                    assert!(record.payload.iter().all(|&octet| octet == port.to_be_bytes()[1]));
                    cursor = queue.next(&region, at);
                }
                assert_eq!(queue.seek(&region, cursor), None, "no more than the model has");
                assert_eq!(queue.is_empty(), model.is_empty());
                assert!(queue.used_len() <= region_len);
            }
        }
    }

    /// Calls with another region than the one that was written: arbitrary answers, but answers.
    #[test]
    fn a_foreign_region_harms_nobody() {
        let mut random = Random::new([8; 32]);
        for _ in 0..2_000 {
            let mut queue = Queue { head: random.next_u16() % 40, used: random.next_u16() % 80 };
            let mut region = [0; 150];
            for octet in &mut region {
                *octet = u8::try_from(random.below(5)).unwrap();
            }
            for _ in 0..10 {
                let cursor = queue.seek(&region, queue.first());
                if let Some(cursor) = cursor {
                    let _ = queue.get(&mut region, cursor);
                }
                if random.below(3) == 0 {
                    queue.compact(&mut region);
                }
                queue.push(&mut region, &label("192.0.2.1", None, 1), 3);
                queue.pop(&mut region);
            }
        }
    }
}
