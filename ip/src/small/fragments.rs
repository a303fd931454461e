//! Fragments of IPv4, RFC 791 §3.2: a part of [`SmallIp`] that its user gives memory for,
//! [`SmallIp::use_fragments`]; without it nothing of this is linked.
//!
//! ```text
//!   in    cuts of one datagram   [0, 1480) [2960, 3008)          any order; the hole is still to come
//!         its octets             |aaaaaaaaa|         |cc|        each at its Fragment Offset
//!
//!   out   one datagram, whole    |sssssssssss|wwwwwwwwwwwww|     sent, and what waits for the link's room
//! ```
//!
//! One datagram at a time each way. On its way in a new one takes the place of the one before: so nothing is blocked,
//! and nothing needs a timer; what is too old is not added to. On its way out the next one waits, with
//! [`SendError::Full`].
//!
//! Cuts are kept as they came, [`CUTS_MAX`] of a datagram. One that is there is taken for a duplicate, and ignored; any
//! other overlap, and fragments that disagree on where the datagram ends, drop what was gathered. What can be no part
//! of a datagram, by its length or its place, takes the place of none.
//!
//! Differs: no Time Exceeded tells a sender that its datagram stayed incomplete, nor any other ICMP error that what came
//! in fragments was refused (RFC 1122 §3.3.2, §3.2.2). The ECN field is that of the last fragment.

use super::SmallIp;
use crate::output::complete_checksum;
use crate::statistics::count;
use crate::{Deadline, Fill, Instant, OutFlags, Outgoing, Path, Random, SendError};
use tersus_phy::{LinkError, LinkPacket, LinkTx};
use tersus_wire::checksum::Sum;
use tersus_wire::ipv4::{Flags, Header, HEADER_LEN};
use tersus_wire::{EtherType, HardwareAddress};

/// Fragments that one datagram may have: enough for 576 octets over the smallest link, RFC 791 §3.2.
pub const CUTS_MAX: usize = 16;
/// RFC 1122 §3.3.2, from the fragment that came first; in microseconds.
const TIMEOUT: u64 = 60_000_000;

/// Memory for one datagram on its way in and one on its way out, each of up to `LEN` octets behind the IP header. All
/// zeros when empty; `LEN` may be zero.
#[derive(Debug)]
pub struct FragmentStorage<const LEN: usize> {
    state: State,
    incoming: [u8; LEN],
    outgoing: [u8; LEN],
}

impl<const LEN: usize> FragmentStorage<LEN> {
    /// Empty, all zeros.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: State::NEW, incoming: [0; LEN], outgoing: [0; LEN] }
    }
}

impl<const LEN: usize> Default for FragmentStorage<LEN> {
    fn default() -> Self {
        Self::new()
    }
}

/// Counters of fragments; they wrap. Fragments received are [`Statistics::fragments`](crate::Statistics::fragments),
/// those sent [`Statistics::fragments_sent`](crate::Statistics::fragments_sent).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FragmentStatistics {
    /// Datagrams put together.
    pub completed: u32,
    /// Fragments that came twice, ignored.
    pub duplicates: u32,
    /// Fragments dropped: without data, or not the last and no multiple of eight octets.
    pub bad_length: u32,
    /// Fragments dropped that end beyond the buffer.
    pub beyond_buffer: u32,
    /// Datagrams dropped whose fragments overlap, or disagree on the length.
    pub conflicting: u32,
    /// Datagrams dropped that have more fragments than [`CUTS_MAX`].
    pub too_many: u32,
    /// Datagrams that stayed incomplete, and whose place another took.
    pub evicted: u32,
    /// Datagrams given up on their way out: the link failed, or its MTU has no room for a fragment.
    pub given_up: u32,
}

impl FragmentStatistics {
    const ZERO: Self = Self {
        completed: 0,
        duplicates: 0,
        bad_length: 0,
        beyond_buffer: 0,
        conflicting: 0,
        too_many: 0,
        evicted: 0,
        given_up: 0,
    };

    /// All counters by field name.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u32); 8] {
        [
            ("completed", self.completed),
            ("duplicates", self.duplicates),
            ("bad_length", self.bad_length),
            ("beyond_buffer", self.beyond_buffer),
            ("conflicting", self.conflicting),
            ("too_many", self.too_many),
            ("evicted", self.evicted),
            ("given_up", self.given_up),
        ]
    }
}

/// Where a fragment lies in its datagram, in octets; of length 0: none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cut {
    start: u16,
    end: u16,
}

impl Cut {
    const NONE: Self = Self { start: 0, end: 0 };

    /// Where the data of a fragment lies in a datagram that has room for so many octets.
    fn of(header: &Header<'_>, data: &[u8], room: usize) -> Result<Self, Refusal> {
        let more = header.flags().contains(Flags::MORE_FRAGMENTS);
        if data.is_empty() || (more && data.len() % 8 != 0) {
            return Err(Refusal::BadLength);
        }
        let start = header.fragment_offset();
        let end = usize::from(start) + data.len();
        // Within the largest datagram too, with the shortest header.
        match u16::try_from(end) {
            Ok(cut) if end <= room && end <= usize::from(u16::MAX) - HEADER_LEN => {
                Ok(Self { start, end: cut })
            }
            _ => Err(Refusal::BeyondBuffer),
        }
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// One datagram on its way in.
#[derive(Debug)]
struct Held {
    /// What tells datagrams apart, RFC 791 §3.2: source and destination; identification and protocol.
    addresses: [u8; 8],
    number: u32,
    /// When its time is over; not running: there is none.
    until: Deadline,
    /// Its length; 0: the last fragment has not come.
    total: u16,
    cuts: [Cut; CUTS_MAX],
}

/// One datagram on its way out.
#[derive(Debug)]
struct Leaving {
    /// That of the whole; length, offset and checksum are each fragment's own.
    header: [u8; HEADER_LEN],
    next_hop: HardwareAddress,
    mtu: u16,
    /// Octets of data; 0: there is no datagram.
    len: u16,
    sent: u16,
}

/// What is known of both.
#[derive(Debug)]
struct State {
    held: Held,
    leaving: Leaving,
    /// Where identifications begin: no counter that others could read.
    random: Option<Random>,
    counter: u16,
    statistics: FragmentStatistics,
}

impl State {
    const NEW: Self = Self {
        held: Held {
            addresses: [0; 8],
            number: 0,
            until: Deadline::NONE,
            total: 0,
            cuts: [Cut::NONE; CUTS_MAX],
        },
        leaving: Leaving {
            header: [0; HEADER_LEN],
            next_hop: HardwareAddress::NONE,
            mtu: 0,
            len: 0,
            sent: 0,
        },
        random: None,
        counter: 0,
        statistics: FragmentStatistics::ZERO,
    };
}

/// The part, with its memory.
#[derive(Debug)]
pub(super) struct Fragments<'a> {
    calls: &'static Calls,
    state: &'a mut State,
    pub(super) incoming: &'a mut [u8],
    outgoing: &'a mut [u8],
}

/// What [`SmallIp`] calls.
#[derive(Debug)]
struct Calls {
    gather: fn(&mut Fragments<'_>, Instant, &Header<'_>, &[u8]) -> Option<usize>,
    begin: fn(&mut Fragments<'_>, &Path, Outgoing, usize, &mut dyn Fill) -> Option<SendError>,
    go_on: fn(&mut SmallIp<'_>, &mut dyn LinkTx, &mut usize),
}

static CALLS: Calls = Calls { gather, begin, go_on };

impl<'a> SmallIp<'a> {
    /// From now on puts IPv4 datagrams together that come in fragments, and sends those above the MTU in fragments.
    /// `seed` makes their identifications unpredictable: no outsider may know it, and no two engines may have the
    /// same.
    pub fn use_fragments<const LEN: usize>(&mut self, storage: &'a mut FragmentStorage<LEN>, seed: [u8; 32]) {
        let FragmentStorage { state, incoming, outgoing } = storage;
        state.held.until = Deadline::NONE;
        state.leaving.len = 0;
        state.random = Some(Random::new(seed));
        self.fragments = Some(Fragments { calls: &CALLS, state, incoming, outgoing });
    }

    /// Counters of fragments; `None` before [`SmallIp::use_fragments`].
    #[must_use]
    pub fn fragment_statistics(&self) -> Option<&FragmentStatistics> {
        self.fragments.as_ref().map(|fragments| &fragments.state.statistics)
    }

    /// Takes a fragment, and lends the buffer with the length of its datagram if that is complete: to be given back.
    #[inline(never)]
    pub(super) fn gather(&mut self, header: &Header<'_>, data: &[u8]) -> Option<(&'a mut [u8], usize)> {
        let Some(fragments) = &mut self.fragments else {
            count(&mut self.statistics.fragment_refused);
            return None;
        };
        count(&mut self.statistics.fragments);
        let len = (fragments.calls.gather)(fragments, self.now, header, data)?;
        Some((core::mem::take(&mut fragments.incoming), len))
    }

    /// Gives back what was lent.
    pub(super) fn give_back(&mut self, buffer: &'a mut [u8]) {
        if let Some(fragments) = &mut self.fragments {
            fragments.incoming = buffer;
        }
    }

    /// Takes a datagram above the path's MTU; says why not.
    #[inline(never)]
    pub(super) fn begin(
        &mut self,
        path: &Path,
        packet: Outgoing,
        len: usize,
        fill: &mut dyn Fill,
    ) -> Result<(), SendError> {
        let refusal = match &mut self.fragments {
            Some(fragments) => (fragments.calls.begin)(fragments, path, packet, len, fill),
            None => Some(SendError::TooBig(path.mtu)),
        };
        let Some(refusal) = refusal else { return Ok(()) };
        count(match refusal {
            SendError::Full => &mut self.statistics.send_full,
            _ => &mut self.statistics.send_too_big,
        });
        Err(refusal)
    }

    /// Sends fragments while there is room.
    #[inline]
    pub(super) fn go_on(&mut self, tx: &mut dyn LinkTx, budget: &mut usize) {
        if let Some(fragments) = &self.fragments {
            (fragments.calls.go_on)(self, tx, budget);
        }
    }

    /// Whether fragments could leave at once.
    pub(super) fn can_go_on(&self) -> bool {
        !self.is_full && self.fragments.as_ref().is_some_and(|fragments| fragments.state.leaving.len != 0)
    }
}

/// Why a datagram is not complete.
enum Refusal {
    Held,
    Duplicate,
    BadLength,
    BeyondBuffer,
    Conflict,
    TooMany,
}

/// The length of the datagram, if it is complete.
fn gather(fragments: &mut Fragments<'_>, now: Instant, header: &Header<'_>, data: &[u8]) -> Option<usize> {
    let State { held, statistics, .. } = &mut *fragments.state;
    // What can be no part of a datagram takes the place of none.
    let result = Cut::of(header, data, fragments.incoming.len()).and_then(|cut| {
        let number = u32::from(header.identification()) << 8 | u32::from(header.protocol().0);
        let is_free = !held.until.is_running();
        let is_over = held.until.is_due(now);
        if is_free || is_over || held.number != number || held.addresses != *header.addresses() {
            if !is_free {
                count(&mut statistics.evicted);
            }
            held.addresses = *header.addresses();
            held.number = number;
            held.until = Deadline::at(now.plus_micros(TIMEOUT));
            held.total = 0;
            held.cuts = [Cut::NONE; CUTS_MAX];
        }
        held.take(cut, header.flags(), data, fragments.incoming)
    });
    count(match result {
        Ok(len) => {
            held.until = Deadline::NONE;
            count(&mut statistics.completed);
            return Some(len);
        }
        Err(Refusal::Held) => return None,
        Err(Refusal::Duplicate) => &mut statistics.duplicates,
        Err(Refusal::BadLength) => &mut statistics.bad_length,
        Err(Refusal::BeyondBuffer) => &mut statistics.beyond_buffer,
        Err(Refusal::TooMany) => {
            held.until = Deadline::NONE;
            &mut statistics.too_many
        }
        Err(Refusal::Conflict) => {
            held.until = Deadline::NONE;
            &mut statistics.conflicting
        }
    });
    None
}

impl Held {
    /// Puts a fragment to its place.
    fn take(&mut self, new: Cut, flags: Flags, data: &[u8], buffer: &mut [u8]) -> Result<usize, Refusal> {
        let Cut { start, end } = new;
        let more = flags.contains(Flags::MORE_FRAGMENTS);
        // Nothing lies behind the last fragment, and only it ends where the datagram ends.
        let total = if more { self.total } else { end };
        let mut is_conflict =
            (self.total != 0 && self.total != total) || (more && total != 0 && end >= total);
        let mut there = end - start;
        let mut free = None;
        for cut in &mut self.cuts {
            if *cut == Cut::NONE {
                free = Some(cut);
                break;
            }
            if *cut == new {
                return Err(Refusal::Duplicate);
            }
            is_conflict |= cut.overlaps(&new) || (total != 0 && cut.end > total);
            there = there.wrapping_add(cut.end - cut.start);
        }
        if is_conflict {
            return Err(Refusal::Conflict);
        }
        *free.ok_or(Refusal::TooMany)? = new;
        if let Some(place) = buffer.get_mut(usize::from(start)..usize::from(end)) {
            if place.len() == data.len() {
                place.copy_from_slice(data);
            }
        }
        self.total = total;
        // They do not overlap, and none ends beyond: as many octets as the datagram has are the datagram.
        if total != 0 && there == total {
            Ok(usize::from(total))
        } else {
            Err(Refusal::Held)
        }
    }
}

/// Takes a datagram; says why not.
fn begin(
    fragments: &mut Fragments<'_>,
    path: &Path,
    packet: Outgoing,
    len: usize,
    fill: &mut dyn Fill,
) -> Option<SendError> {
    let state = &mut *fragments.state;
    let is_refused = path.is_ipv6()
        || packet.flags.contains(OutFlags::DONT_FRAGMENT)
        || len > usize::from(u16::MAX) - HEADER_LEN;
    let (false, Some(buffer), Some(random)) = (is_refused, fragments.outgoing.get_mut(..len), &state.random)
    else {
        return Some(SendError::TooBig(path.mtu));
    };
    if state.leaving.len != 0 {
        // That is over with the link's next room, or at once.
        return Some(SendError::Full);
    }
    fill.fill(buffer);
    if packet.flags.contains(OutFlags::PARTIAL_CHECKSUM) {
        complete_checksum(packet.protocol, buffer);
    }
    let header = &mut state.leaving.header;
    for (to, from) in header.iter_mut().zip(&path.header) {
        *to = *from;
    }
    header[1] = packet.traffic_class;
    header[8] = if packet.hop_limit == 0 { 64 } else { packet.hop_limit };
    header[9] = packet.protocol.0;
    // RFC 6864 §4.3: the next of its flow, from where no other can guess.
    state.counter = state.counter.wrapping_add(1);
    let flow = [u64::from_ne_bytes(path.addresses_v4()), u64::from(packet.protocol.0)];
    let [i0, i1, ..] = random.hash_light(&flow).to_le_bytes();
    let identification = u16::from_le_bytes([i0, i1]).wrapping_add(state.counter);
    [header[4], header[5]] = identification.to_be_bytes();
    state.leaving.next_hop = path.next_hop;
    state.leaving.mtu = path.mtu;
    state.leaving.len = u16::try_from(len).unwrap_or(0);
    state.leaving.sent = 0;
    None
}

fn go_on(host: &mut SmallIp<'_>, tx: &mut dyn LinkTx, budget: &mut usize) {
    let Some(Fragments { state, outgoing, .. }) = &mut host.fragments else { return };
    let leaving = &mut state.leaving;
    while leaving.len != 0 && *budget > 0 && !host.is_full {
        // All but the last are multiples of eight octets.
        let room = leaving.mtu.saturating_sub(20) & !7;
        let left = leaving.len.saturating_sub(leaving.sent);
        let (len, more) = if room < left { (room, 0x2000) } else { (left, 0) };
        let start = usize::from(leaving.sent);
        let data = outgoing.get(start..start + usize::from(len)).unwrap_or_default();
        let header = &mut leaving.header;
        [header[2], header[3]] = (len + 20).to_be_bytes();
        [header[6], header[7]] = (leaving.sent >> 3 | more).to_be_bytes();
        [header[10], header[11]] = [0, 0];
        [header[10], header[11]] = Sum::new().add_bytes(header).checksum().to_be_bytes();
        let header = &*header;
        let packet = LinkPacket::new(EtherType::IPV4, len + 20);
        let mut result = Err(LinkError::TooBig);
        if !data.is_empty() {
            result = tx.send(&leaving.next_hop, &packet, &mut |buffer: &mut [u8]| {
                for (to, from) in buffer.iter_mut().zip(header.iter().chain(data)) {
                    *to = *from;
                }
            });
        }
        match result {
            Ok(()) => {
                *budget -= 1;
                count(&mut host.statistics.fragments_sent);
                leaving.sent += len;
                if more == 0 {
                    leaving.len = 0;
                }
            }
            Err(LinkError::Full) => host.is_full = true,
            Err(_) => {
                leaving.len = 0;
                count(&mut state.statistics.given_up);
            }
        }
    }
}
