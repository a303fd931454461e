//! Reassembly of fragments, IPv4 (RFC 791 §3.2, RFC 815) and IPv6 (RFC 8200 §4.5, RFC 5722), in one table.
//!
//! Each slot has a buffer of its own, an equal share of one region:
//!
//! ```text
//!   0                                          capacity                       share
//!   +-------------------------------------------+--------------+--------------+
//!   | data, each octet at its Fragment Offset   | present bits | start bits   |
//!   +-------------------------------------------+--------------+--------------+
//! ```
//!
//! There are two bits for each block of eight octets: whether it is there, and whether a fragment starts with it. RFC
//! 815 keeps a list of holes in the holes instead, which costs no memory but a walk along the list for each fragment:
//! 4,096 holes can be made with one block each, and every further fragment pays for all of them. With bits a fragment
//! costs what it is long, for a 32nd of the memory; and the start bits tell an exact duplicate from another cut of the
//! same octets.
//!
//! Declared: exact duplicates are ignored; every other overlap drops the datagram in both families, and what comes of it
//! later is dropped until its time is over (RFC 5722 §4). RFC 791 lets the later copy win; but no honest sender
//! overlaps, and whoever does wants two readers to see two packets.

//!
//! ```
//! use tersus_ip::reassembly::{Config, Fragment, Outcome, Reassembly, Storage};
//! use tersus_ip::{Addresses, Cast, InFlags, Instant, InterfaceId, IpProtocol};
//!
//! # if cfg!(not(feature = "ipv4")) { return }
//! // Two datagrams at a time, of at most 1480 octets: 1573 octets each, and what is known of it.
//! let mut storage = Storage::<2, 1480>::new();
//! let mut table = Reassembly::new(&mut storage, Config::default());
//! let mut header = [0x45, 0, 0, 28, 0, 7, 0x20, 0, 64, 17, 0, 0, 192, 0, 2, 9, 192, 0, 2, 1];
//! let addresses = Addresses::V4(&[192, 0, 2, 9, 192, 0, 2, 1]);
//! let mut fragment = Fragment {
//!     addresses,
//!     interface: InterfaceId(0),
//!     cast: Cast::Unicast,
//!     protocol: IpProtocol::UDP,
//!     identification: 7,
//!     offset: 0,
//!     more: true,
//!     flags: InFlags::empty(),
//!     header: &header,
//!     data: b"first 8 ",
//! };
//! let now = Instant::from_secs(1);
//! assert!(matches!(table.receive(now, &fragment), Outcome::Held));
//! (fragment.offset, fragment.more, fragment.data) = (8, false, b"and last");
//! let Outcome::Complete(datagram) = table.receive(now, &fragment) else { panic!() };
//! assert_eq!(datagram.segment, b"first 8 and last");
//! ```

mod slot;

use crate::{Addresses, Cast, Deadline, InFlags, Instant, InterfaceId};
use core::time::Duration;
use slot::{blocks_in, restore_header, store, Conflict, Key, State, Stored, BLOCK};
use tersus_wire::IpProtocol;

pub use slot::{Slot, HEADER_LEN_MAX};

/// RFC 8200 §4.5: exactly this.
const IPV6_TIMEOUT: Duration = Duration::from_secs(60);
/// IPv6 header and fragment header.
const IPV6_FRAGMENT_HEADERS_LEN: usize = 48;
/// Offset of Payload Length in the IPv6 header.
const IPV6_PAYLOAD_LENGTH: u16 = 4;

/// A fragment as it was received.
#[derive(Debug, Clone, Copy)]
pub struct Fragment<'f> {
    /// Source and destination.
    pub addresses: Addresses<'f>,
    /// The interface that it came in by.
    pub interface: InterfaceId,
    /// Whom it was addressed to, by link or IP address, whichever is wider.
    pub cast: Cast,
    /// IPv4: Protocol. IPv6: Next Header of the fragment header.
    pub protocol: IpProtocol,
    /// Identification; of IPv4 the low 16 bits.
    pub identification: u32,
    /// Fragment Offset, in octets: a multiple of eight.
    pub offset: u16,
    /// Whether more fragments follow: the MF or M flag.
    pub more: bool,
    /// What else was seen of the packet.
    pub flags: InFlags,
    /// All headers as received, from the IP header to the end of the options (IPv4) or of the fragment header
    /// (IPv6).
    pub header: &'f [u8],
    /// The octets behind `header`, without padding of the link.
    pub data: &'f [u8],
}

/// What became of a fragment.
#[derive(Debug)]
pub enum Outcome<'t> {
    /// Kept, or a duplicate: more must come.
    Held,
    /// The datagram is complete; its slot is free as soon as the borrow ends.
    Complete(Datagram<'t>),
    /// Dropped and counted, and with it all of its datagram where the reason says so. Nothing is sent.
    Dropped,
    /// Dropped and counted; IPv6 answers with Parameter Problem, code 0, and this pointer.
    Problem {
        /// Offset of the wrong field, in octets from the start of the IPv6 header.
        pointer: u16,
    },
}

/// A reassembled datagram, in place.
#[derive(Debug)]
pub struct Datagram<'t> {
    /// IPv4: header and options of the first fragment, with total length, flags, ECN and checksum as of the whole
    /// datagram. IPv6: the fixed header alone, as if no extension headers had stood before the segment.
    pub header: &'t [u8],
    /// Source and destination, as they stand in `header`.
    pub addresses: Addresses<'t>,
    /// Protocol, or what the first fragment's fragment header named: that may be a further extension header.
    pub protocol: IpProtocol,
    /// Hop Limit, also TTL, of the first fragment.
    pub hop_limit: u8,
    /// Traffic Class of the first fragment with the ECN field of all, RFC 3168 §5.3.
    pub traffic_class: u8,
    /// The widest cast of all fragments.
    pub cast: Cast,
    /// Flags of the first fragment, and [`InFlags::FRAGMENTED`].
    pub flags: InFlags,
    /// The datagram behind its header.
    pub segment: &'t mut [u8],
}

/// A datagram that was given up with its first fragment at hand: owed a Time Exceeded, code 1.
#[derive(Debug)]
pub struct Expired<'t> {
    /// Headers of the first fragment as received; cut after [`HEADER_LEN_MAX`] octets.
    pub header: &'t [u8],
    /// The first fragment's data; empty if `header` was cut.
    pub data: &'t [u8],
    /// The interface that the first-arriving fragment came in by.
    pub interface: InterfaceId,
    /// The widest cast of all fragments.
    pub cast: Cast,
}

/// Tunables of reassembly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// How long an IPv4 datagram may take from its first-arriving fragment. Default 60 s; RFC 1122 §3.3.2
    /// recommends 60 to 120. IPv6 has 60 s by RFC 8200 §4.5. Zero: what is not complete after one turn is given up.
    pub ipv4_timeout: Duration,
    /// How many datagrams of one source may be in the table; 0, the default: half of the slots, rounded up.
    pub source_quota: u16,
}

impl Default for Config {
    fn default() -> Self {
        Self { ipv4_timeout: Duration::from_secs(60), source_quota: 0 }
    }
}

/// Counters; they wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Fragments received.
    pub received: u32,
    /// Datagrams completed.
    pub completed: u32,
    /// Exact duplicates, ignored.
    pub duplicates: u32,
    /// Fragments dropped: without data, not the last and no multiple of eight octets, or with a header that is none.
    pub bad_length: u32,
    /// Fragments dropped that end beyond the largest IP datagram; of IPv4 with their datagram.
    pub too_long: u32,
    /// Fragments dropped, with their datagram, that end beyond the buffer.
    pub beyond_buffer: u32,
    /// Datagrams dropped whose fragments overlap.
    pub overlapping: u32,
    /// Datagrams dropped whose fragments disagree on the length.
    pub inconsistent: u32,
    /// Datagrams dropped of which a part was marked as congested and a part not capable of it, RFC 3168 §5.3.
    pub ecn_mismatch: u32,
    /// Fragments dropped of a datagram that was dropped before, or whose time was over.
    pub of_dropped: u32,
    /// Fragments dropped because the table has length zero.
    pub no_table: u32,
    /// Datagrams given up to make room for another of the same source.
    pub over_quota: u32,
    /// Datagrams given up to make room for another source's.
    pub evicted: u32,
    /// Datagrams given up because their time was over.
    pub expired: u32,
}

impl Statistics {
    /// All counters by field name.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u32); 14] {
        [
            ("received", self.received),
            ("completed", self.completed),
            ("duplicates", self.duplicates),
            ("bad_length", self.bad_length),
            ("too_long", self.too_long),
            ("beyond_buffer", self.beyond_buffer),
            ("overlapping", self.overlapping),
            ("inconsistent", self.inconsistent),
            ("ecn_mismatch", self.ecn_mismatch),
            ("of_dropped", self.of_dropped),
            ("no_table", self.no_table),
            ("over_quota", self.over_quota),
            ("evicted", self.evicted),
            ("expired", self.expired),
        ]
    }
}
/// Memory for `SLOTS` datagrams at once, each of a buffer of `LEN` octets. A datagram of `n` octets behind the IP header
/// needs about `n * 33 / 32`: for 1,500 octets 1,552, for the largest 67,584.
#[derive(Debug)]
pub struct Storage<const SLOTS: usize, const LEN: usize> {
    slots: [Slot; SLOTS],
    buffers: [[u8; LEN]; SLOTS],
}

impl<const SLOTS: usize, const LEN: usize> Storage<SLOTS, LEN> {
    /// Empty, all zeros.
    #[must_use]
    pub const fn new() -> Self {
        Self { slots: [Slot::FREE; SLOTS], buffers: [[0; LEN]; SLOTS] }
    }

    /// The two slices that [`Reassembly::from_slices`] takes.
    pub fn as_slices(&mut self) -> (&mut [Slot], &mut [u8]) {
        (&mut self.slots, self.buffers.as_flattened_mut())
    }
}

impl<const SLOTS: usize, const LEN: usize> Default for Storage<SLOTS, LEN> {
    fn default() -> Self {
        Self::new()
    }
}

/// The table of datagrams in the making.
///
/// The empty table is `Default`, so that an engine can take it out (`core::mem::take`) while it handles a completed
/// datagram, and put it back.
#[derive(Debug, Default)]
pub struct Reassembly<'a> {
    slots: &'a mut [Slot],
    buffers: &'a mut [u8],
    /// Length of each slot's share of `buffers`.
    share: usize,
    /// Octets of data that a share holds.
    capacity: usize,
    next: Deadline,
    config: Config,
    /// What happened.
    pub statistics: Statistics,
}

impl<'a> Reassembly<'a> {
    /// A table in `storage`.
    #[must_use]
    pub fn new<const SLOTS: usize, const LEN: usize>(
        storage: &'a mut Storage<SLOTS, LEN>,
        config: Config,
    ) -> Self {
        let (slots, buffers) = storage.as_slices();
        Self::from_slices(slots, buffers, config)
    }

    /// A table of as many datagrams as there are slots, each with an equal share of `buffers`. No slots, or no buffers,
    /// are legal: fragments are then dropped.
    #[must_use]
    pub fn from_slices(slots: &'a mut [Slot], buffers: &'a mut [u8], config: Config) -> Self {
        slots.fill(Slot::FREE);
        let share = buffers.len() / slots.len().max(1);
        let capacity = if slots.is_empty() { 0 } else { blocks_in(share) * BLOCK };
        Self {
            slots,
            buffers,
            share,
            capacity,
            next: Deadline::NONE,
            config,
            statistics: Statistics::default(),
        }
    }

    /// Largest datagram, in octets behind the IP header, that can be reassembled: MMS_R of RFC 1122 §3.3.2.
    #[must_use]
    pub fn max_segment_len(&self) -> usize {
        self.capacity
    }

    /// Takes one fragment (atomic ones excepted: the caller treats them as whole datagrams).
    ///
    /// Costs the fragment's length and a pass over the slots.
    pub fn receive(&mut self, now: Instant, fragment: &Fragment<'_>) -> Outcome<'_> {
        count(&mut self.statistics.received);
        let index = match self.gather(now, fragment) {
            Ok(Some(index)) => index,
            Ok(None) => return Outcome::Held,
            Err(Refusal::Dropped) => return Outcome::Dropped,
            Err(Refusal::Problem(pointer)) => return Outcome::Problem { pointer },
        };
        match self.complete(index) {
            Some(datagram) => Outcome::Complete(datagram),
            None => Outcome::Dropped,
        }
    }

    /// Gives up one datagram whose time is over. Call until `None`; those without a first fragment are given up
    /// silently.
    pub fn on_timeout(&mut self, now: Instant) -> Option<Expired<'_>> {
        let mut owed = None;
        while self.next.is_due(now) && owed.is_none() {
            let (index, slot) = self.slots.iter_mut().enumerate().find(|(_, s)| s.expires.is_due(now))?;
            if slot.state == State::Gathering {
                count(&mut self.statistics.expired);
                owed = (slot.first_len > 0).then_some(index);
            }
            slot.free();
            self.find_next();
        }
        let index = owed?;
        let slot = self.slots.get(index)?;
        let is_cut = usize::from(slot.header_len) > HEADER_LEN_MAX;
        let len = if is_cut { 0 } else { usize::from(slot.first_len) };
        let data = self.buffers.get(index * self.share..)?.get(..len)?;
        Some(Expired { header: slot.kept_header(), data, interface: slot.interface, cast: slot.cast })
    }

    /// When the next datagram is given up.
    #[must_use]
    pub fn poll_at(&self) -> Option<Instant> {
        self.next.instant()
    }

    /// Stores a fragment; returns the slot if its datagram is complete.
    fn gather(&mut self, now: Instant, fragment: &Fragment<'_>) -> Result<Option<usize>, Refusal> {
        let key = Key::of(fragment);
        let found = self.slots.iter().position(|slot| slot.state != State::Free && slot.key == key);
        // A turn takes frames in before it looks at what time has ended.
        let is_over = |slot: &Slot| slot.state == State::Dropped || slot.expires.instant() < Some(now);
        if found.is_some_and(|index| self.slots.get(index).is_some_and(is_over)) {
            count(&mut self.statistics.of_dropped);
            return Err(Refusal::Dropped);
        }
        self.check_lengths(fragment, found)?;
        let index = match found {
            Some(index) => index,
            None => self.admit(now, key, fragment).ok_or(Refusal::Dropped)?,
        };
        let share = index * self.share..(index + 1) * self.share;
        let (Some(slot), Some(buffer)) = (self.slots.get_mut(index), self.buffers.get_mut(share)) else {
            return Err(Refusal::Dropped);
        };
        match store(slot, buffer, self.capacity, fragment) {
            Ok(Stored::Complete) => Ok(Some(index)),
            Ok(Stored::More) => Ok(None),
            Ok(Stored::Duplicate) => {
                count(&mut self.statistics.duplicates);
                Ok(None)
            }
            Err(conflict) => {
                slot.state = State::Dropped;
                count(match conflict {
                    Conflict::Overlap => &mut self.statistics.overlapping,
                    Conflict::Length => &mut self.statistics.inconsistent,
                    Conflict::Ecn => &mut self.statistics.ecn_mismatch,
                });
                Err(Refusal::Dropped)
            }
        }
    }

    /// What can be said of one fragment alone: RFC 791 §3.2, RFC 8200 §4.5.
    fn check_lengths(&mut self, fragment: &Fragment<'_>, found: Option<usize>) -> Result<(), Refusal> {
        let len = fragment.data.len();
        let end = usize::from(fragment.offset) + len;
        let header_len = fragment.header.len();
        let (is_header, len_max, payload_length, fragment_offset) = match fragment.addresses {
            Addresses::V4(_) => {
                let len_max = usize::from(u16::MAX).saturating_sub(header_len);
                ((20..=60).contains(&header_len), len_max, Refusal::Dropped, Refusal::Dropped)
            }
            Addresses::V6(_) => {
                // Payload Length counts the extension headers that stay, but not the fragment header.
                let others = header_len.saturating_sub(IPV6_FRAGMENT_HEADERS_LEN);
                let len_max = usize::from(u16::MAX).saturating_sub(others);
                // The fragment header ends `header`; its offset field stands six octets before the end.
                let pointer = u16::try_from(header_len.saturating_sub(6)).unwrap_or(u16::MAX);
                let is_header = header_len >= IPV6_FRAGMENT_HEADERS_LEN;
                (is_header, len_max, Refusal::Problem(IPV6_PAYLOAD_LENGTH), Refusal::Problem(pointer))
            }
        };
        if !is_header || len == 0 || usize::from(fragment.offset) % BLOCK != 0 {
            count(&mut self.statistics.bad_length);
            return Err(Refusal::Dropped);
        }
        if fragment.more && len % BLOCK != 0 {
            count(&mut self.statistics.bad_length);
            return Err(payload_length);
        }
        let slot = found.and_then(|index| self.slots.get_mut(index));
        if end > len_max {
            count(&mut self.statistics.too_long);
            // IPv6 drops the fragment and says so; IPv4 is silent and has no use for the rest.
            if let (Addresses::V4(_), Some(slot)) = (fragment.addresses, slot) {
                slot.state = State::Dropped;
            }
            return Err(fragment_offset);
        }
        if end > self.capacity {
            if self.slots.is_empty() {
                count(&mut self.statistics.no_table);
                return Err(Refusal::Dropped);
            }
            count(&mut self.statistics.beyond_buffer);
            if let Some(slot) = found.and_then(|index| self.slots.get_mut(index)) {
                slot.state = State::Dropped;
            }
            return Err(Refusal::Dropped);
        }
        Ok(())
    }

    /// A slot for a new datagram: of the source's own if it has its share, else a free one, else a dropped one, else the
    /// oldest.
    fn admit(&mut self, now: Instant, key: Key, fragment: &Fragment<'_>) -> Option<usize> {
        let quota = match self.config.source_quota {
            0 => self.slots.len().div_ceil(2),
            quota => usize::from(quota),
        };
        let is_own = |slot: &Slot| slot.state != State::Free && slot.key.is_same_source(&key);
        let index = if self.slots.iter().filter(|slot| is_own(slot)).count() >= quota {
            count(&mut self.statistics.over_quota);
            self.oldest(now, is_own)?
        } else if let Some(index) = self.slots.iter().position(|slot| slot.state == State::Free) {
            index
        } else {
            count(&mut self.statistics.evicted);
            self.oldest(now, |slot| slot.state == State::Dropped).or_else(|| self.oldest(now, |_| true))?
        };
        let timeout = if key.family == 4 { self.config.ipv4_timeout } else { IPV6_TIMEOUT };
        *self.slots.get_mut(index)? = Slot {
            state: State::Gathering,
            key,
            expires: Deadline::at(now + timeout),
            started: now,
            interface: fragment.interface,
            ..Slot::FREE
        };
        let bits = self.buffers.get_mut(index * self.share..(index + 1) * self.share)?;
        bits.get_mut(self.capacity..)?.fill(0);
        self.find_next();
        Some(index)
    }

    /// Where the clock stepped back, what began later than now is oldest: it would outlive all others.
    fn oldest(&self, now: Instant, is_candidate: impl Fn(&Slot) -> bool) -> Option<usize> {
        let candidates = self.slots.iter().enumerate().filter(|(_, slot)| is_candidate(slot));
        let started = |slot: &Slot| if slot.started > now { Instant::ZERO } else { slot.started };
        candidates.min_by_key(|(_, slot)| started(slot)).map(|(index, _)| index)
    }

    /// Lends a complete datagram and frees its slot.
    fn complete(&mut self, index: usize) -> Option<Datagram<'_>> {
        self.slots.get_mut(index)?.free();
        self.find_next();
        let slot = self.slots.get_mut(index)?;
        let total = usize::try_from(slot.total).ok()?;
        let segment = self.buffers.get_mut(index * self.share..)?.get_mut(..total)?;
        let traffic_class = restore_header(slot, total);
        let Some(traffic_class) = traffic_class else {
            // The first fragment's options, larger than the others', make the whole too long.
            count(&mut self.statistics.too_long);
            return None;
        };
        let header = slot.kept_header();
        let (addresses, hop_limit) = match header {
            [0x40..=0x4f, ..] => (Addresses::V4(header.get(12..)?.first_chunk()?), *header.get(8)?),
            _ => (Addresses::V6(header.get(8..)?.first_chunk()?), *header.get(7)?),
        };
        count(&mut self.statistics.completed);
        Some(Datagram {
            header,
            addresses,
            protocol: slot.protocol,
            hop_limit,
            traffic_class,
            cast: slot.cast,
            flags: slot.flags | InFlags::FRAGMENTED,
            segment,
        })
    }

    fn find_next(&mut self) {
        self.next = self.slots.iter().fold(Deadline::NONE, |next, slot| next.earlier(slot.expires));
    }
}

fn count(counter: &mut u32) {
    *counter = counter.wrapping_add(1);
}

/// Why a fragment is not taken.
enum Refusal {
    Dropped,
    /// Parameter Problem with this pointer.
    Problem(u16),
}

#[cfg(test)]
mod tests;
