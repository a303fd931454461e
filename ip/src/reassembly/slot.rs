//! One datagram in the making: what tells it apart, which of its octets are there, and how a fragment joins them.

use super::Fragment;
use crate::{Addresses, Cast, Deadline, InFlags, Instant, InterfaceId};
use tersus_wire::checksum::Sum;
use tersus_wire::IpProtocol;

/// Octets of headers that a slot keeps of the first fragment: any IPv4 header, and an IPv6 header with a fragment
/// header and 48 octets of other extension headers.
pub const HEADER_LEN_MAX: usize = 96;

/// Octets in a block, the unit of Fragment Offset.
pub(super) const BLOCK: usize = 8;
/// Blocks in the largest datagram.
const BLOCKS_MAX: usize = 8_192;
const IPV6_HEADER_LEN: usize = 40;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub(super) enum State {
    #[default]
    Free,
    /// Fragments are being gathered.
    Gathering,
    /// Dropped: what still comes is dropped too.
    Dropped,
}

/// What tells datagrams apart: RFC 791 §3.2, RFC 8200 §4.5. Link-local addresses name different hosts on different
/// interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Key {
    pub(super) family: u8,
    /// IPv4 only.
    pub(super) protocol: u8,
    /// IPv6 link-local sources only.
    pub(super) zone: u8,
    pub(super) identification: u32,
    /// Source, then destination; IPv4 takes eight octets.
    pub(super) addresses: [u8; 32],
}

impl Key {
    const NONE: Self = Self { family: 0, protocol: 0, zone: 0, identification: 0, addresses: [0; 32] };

    pub(super) fn of(fragment: &Fragment<'_>) -> Self {
        let mut key = Self { identification: fragment.identification, ..Self::NONE };
        for (to, from) in key.addresses.iter_mut().zip(fragment.addresses.as_bytes()) {
            *to = *from;
        }
        match fragment.addresses {
            Addresses::V4(_) => {
                key.family = 4;
                key.protocol = fragment.protocol.0;
            }
            Addresses::V6(octets) => {
                key.family = 6;
                let is_link_local = octets[0] == 0xfe && octets[1] & 0xc0 == 0x80;
                key.zone = if is_link_local { fragment.interface.0 } else { 0 };
            }
        }
        key
    }

    pub(super) fn is_same_source(&self, other: &Self) -> bool {
        let len = if self.family == 4 { 4 } else { 16 };
        self.family == other.family
            && self.zone == other.zone
            && self.addresses.get(..len) == other.addresses.get(..len)
    }
}

/// One datagram in the making. All zeros when free.
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    pub(super) state: State,
    pub(super) key: Key,
    pub(super) expires: Deadline,
    /// When the first fragment arrived, to find the oldest.
    pub(super) started: Instant,
    /// Data octets that are there.
    pub(super) gathered: u32,
    /// Length of the data; 0: the last fragment has not come.
    pub(super) total: u32,
    /// Where the furthest fragment ends.
    pub(super) furthest: u32,
    pub(super) interface: InterfaceId,
    pub(super) cast: Cast,
    pub(super) flags: InFlags,
    /// Bit n: a fragment with ECN field n has come.
    pub(super) ecn_seen: u8,
    pub(super) protocol: IpProtocol,
    /// Of the first fragment (offset 0): length of its data; 0: it has not come.
    pub(super) first_len: u16,
    /// Length of its headers; they are cut if above [`HEADER_LEN_MAX`].
    pub(super) header_len: u16,
    pub(super) header: [u8; HEADER_LEN_MAX],
}

impl Slot {
    /// A free slot.
    pub const FREE: Self = Self {
        state: State::Free,
        key: Key::NONE,
        expires: Deadline::NONE,
        started: Instant::ZERO,
        gathered: 0,
        total: 0,
        furthest: 0,
        interface: InterfaceId(0),
        cast: Cast::Unicast,
        flags: InFlags::empty(),
        ecn_seen: 0,
        protocol: IpProtocol(0),
        first_len: 0,
        header_len: 0,
        header: [0; HEADER_LEN_MAX],
    };

    pub(super) fn free(&mut self) {
        self.state = State::Free;
        self.expires = Deadline::NONE;
    }

    pub(super) fn kept_header(&self) -> &[u8] {
        self.header.get(..usize::from(self.header_len).min(HEADER_LEN_MAX)).unwrap_or(&[])
    }
}

impl Default for Slot {
    fn default() -> Self {
        Self::FREE
    }
}
pub(super) enum Stored {
    More,
    Complete,
    Duplicate,
}

/// Why a datagram is dropped.
pub(super) enum Conflict {
    Overlap,
    Length,
    Ecn,
}

/// How many blocks of data, each with two bits, go into `share` octets.
pub(super) fn blocks_in(share: usize) -> usize {
    // 8 n + 2 ceil(n / 8) <= share; the quotient is at most one too large.
    let mut blocks = (share.saturating_mul(4) / 33).min(BLOCKS_MAX);
    while blocks > 0 && blocks * BLOCK + 2 * blocks.div_ceil(8) > share {
        blocks -= 1;
    }
    blocks
}

/// Puts a fragment, which ends within `capacity`, into its slot and buffer.
pub(super) fn store(
    slot: &mut Slot,
    buffer: &mut [u8],
    capacity: usize,
    fragment: &Fragment<'_>,
) -> Result<Stored, Conflict> {
    let start = usize::from(fragment.offset);
    let end = start + fragment.data.len();
    let end_u32 = u32::try_from(end).map_err(|_| Conflict::Length)?;
    check_total(slot, end_u32, fragment.more)?;

    let (data, bits) = buffer.split_at_mut_checked(capacity).ok_or(Conflict::Length)?;
    let (present, starts) =
        bits.split_at_mut_checked((capacity / BLOCK).div_ceil(8)).ok_or(Conflict::Length)?;
    let (first, after) = (start / BLOCK, end.div_ceil(BLOCK));
    let place = data.get_mut(start..end).ok_or(Conflict::Length)?;
    let there = (first..after).filter(|block| bit(present, *block)).count();
    if there > 0 {
        let is_same_cut = bit(starts, first)
            && (first + 1..after).all(|block| !bit(starts, block))
            && (slot.total == end_u32 || !bit(present, after) || bit(starts, after));
        let is_duplicate = there == after - first && is_same_cut && *place == *fragment.data;
        return if is_duplicate { Ok(Stored::Duplicate) } else { Err(Conflict::Overlap) };
    }

    slot.ecn_seen |= 1 << ecn(fragment);
    // RFC 3168 §5.3: a mark must not be lost, nor may a part that is not capable of marks carry one.
    if slot.ecn_seen & (CE_SEEN | NOT_ECT_SEEN) == CE_SEEN | NOT_ECT_SEEN {
        return Err(Conflict::Ecn);
    }
    for (to, from) in place.iter_mut().zip(fragment.data) {
        *to = *from;
    }
    set_bit(starts, first);
    for block in first..after {
        set_bit(present, block);
    }
    slot.gathered += end_u32 - u32::from(fragment.offset);
    slot.furthest = slot.furthest.max(end_u32);
    if !fragment.more {
        slot.total = end_u32;
    }
    slot.cast = wider(slot.cast, fragment.cast);
    if start == 0 {
        slot.protocol = fragment.protocol;
        slot.flags = fragment.flags;
        slot.first_len = u16::try_from(end).unwrap_or(u16::MAX);
        slot.header_len = u16::try_from(fragment.header.len()).unwrap_or(u16::MAX);
        for (to, from) in slot.header.iter_mut().zip(fragment.header) {
            *to = *from;
        }
    }
    Ok(if slot.total != 0 && slot.gathered == slot.total { Stored::Complete } else { Stored::More })
}

/// All fragments must agree on where the datagram ends.
fn check_total(slot: &Slot, end: u32, more: bool) -> Result<(), Conflict> {
    let is_consistent = match (slot.total, more) {
        (0, true) => true,
        (0, false) => end >= slot.furthest,
        (total, true) => end < total,
        (total, false) => end == total,
    };
    if is_consistent {
        Ok(())
    } else {
        Err(Conflict::Length)
    }
}

const NOT_ECT_SEEN: u8 = 1;
const CE_SEEN: u8 = 1 << 3;

/// The ECN field of a fragment's header.
fn ecn(fragment: &Fragment<'_>) -> u8 {
    match (fragment.addresses, fragment.header) {
        (Addresses::V4(_), [_, tos, ..]) => tos & 3,
        (Addresses::V6(_), [_, class_and_label, ..]) => class_and_label >> 4 & 3,
        _ => 0,
    }
}

fn wider(a: Cast, b: Cast) -> Cast {
    match (a, b) {
        (Cast::Broadcast, _) | (_, Cast::Broadcast) => Cast::Broadcast,
        (Cast::Multicast, _) | (_, Cast::Multicast) => Cast::Multicast,
        _ => Cast::Unicast,
    }
}

fn bit(bits: &[u8], index: usize) -> bool {
    bits.get(index / 8).is_some_and(|octet| octet >> (index % 8) & 1 != 0)
}

fn set_bit(bits: &mut [u8], index: usize) {
    if let Some(octet) = bits.get_mut(index / 8) {
        *octet |= 1 << (index % 8);
    }
}

/// Makes the kept header that of a datagram of `total` octets that was never fragmented; returns its traffic class.
/// `None` if there is no such datagram.
pub(super) fn restore_header(slot: &mut Slot, total: usize) -> Option<u8> {
    let is_congested = slot.ecn_seen & CE_SEEN != 0;
    let header_len = usize::from(slot.header_len);
    let h = &mut slot.header;
    if slot.key.family == 4 {
        let [high, low] = u16::try_from(header_len + total).ok()?.to_be_bytes();
        let class = h[1] | if is_congested { 3 } else { 0 };
        h[1] = class;
        [h[2], h[3]] = [high, low];
        // Of the flags only DF stays.
        [h[6], h[7]] = [h[6] & 0x40, 0];
        [h[10], h[11]] = [0, 0];
        let [high, low] = Sum::new().add_bytes(h.get(..header_len)?).checksum().to_be_bytes();
        [h[10], h[11]] = [high, low];
        return Some(class);
    }
    let class = h[0] << 4 | h[1] >> 4 | if is_congested { 3 } else { 0 };
    h[0] = 0x60 | class >> 4;
    h[1] = h[1] & 0x0f | class << 4;
    [h[4], h[5]] = u16::try_from(total).ok()?.to_be_bytes();
    h[6] = slot.protocol.0;
    slot.header_len = u16::try_from(IPV6_HEADER_LEN).ok()?;
    Some(class)
}
