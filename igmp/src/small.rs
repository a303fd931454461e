//! Group membership for a small host: one link, a few groups, for devices that count octets of flash. A
//! [`tersus_ip::Transport`] like [`Igmp`](crate::Igmp), over any IP layer that has groups; it speaks for the first interface.
//!
//! ```text
//!    Igmp ......... every version as its RFC has it, on many links
//!    SmallIgmp .... what a router needs to hear; one message for each group
//! ```
//!
//! What it says: IGMPv2 (RFC 2236), or IGMPv1 for 400 seconds after a query of that version; MLDv2 (RFC 3810), or MLDv1
//! (RFC 2710) for 260 seconds after one of that version. What is joined or left is told at once and again after a second,
//! and what is joined once more when the link was down and is up again; queries are answered at random within the time
//! that they give, each group by itself.
//!
//! ```
//! use tersus_igmp::small::{SmallIgmp, Storage};
//! use tersus_ip::small::SmallIp;
//! use tersus_ip::Membership;
//!
//! # let mut memory = tersus_ip::small::Storage::<1, 0, 4>::new();
//! # let mut ip = SmallIp::new(&mut memory);
//! let mut table = [Membership::FREE; 4]; // 20 octets each
//! ip.use_groups(&mut table); // before this no group can be joined, and nothing of them is linked
//! let mut memory: Storage<4> = Storage::new(); // as many, 32 octets each
//! let mut igmp = SmallIgmp::new(&mut memory, [7; 32]); // and into the tuple of transports
//! // Then, at any time: ip.join(&mut link, "224.0.0.251".parse()?)?
//! assert_eq!(igmp.statistics().sent, 0);
//! ```
//!
//! What it does not, which [`Igmp`](crate::Igmp) does: several records in one report, silence after another host's report,
//! sources, the querier's own robustness and intervals. [`IpLayer`] has verified the checksum of MLD.

use crate::groups::is_reported;
use crate::output::is_down;
use crate::statistics::count;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tersus_ip::{
    Addresses, Deadline, IcmpError, InFlags, Instant, InterfaceId, InterfaceSet, IpLayer, IpMeta, IpProtocol,
    Membership, OutFlags, Outgoing, PackedAddress, Path, Progress, Quoted, Random, SendError, Source,
    Transport, Verdict,
};
use tersus_wire::checksum::Sum;
use tersus_wire::{icmpv6, igmp, mld};

/// The one link.
const ONLY: InterfaceId = InterfaceId(0);
/// How often a change is told, RFC 2236 §8.1, RFC 3810 §9.1.
const ROBUSTNESS: u8 = 2;
/// Between them, RFC 3810 §9.11; IGMP allows ten seconds. In microseconds.
const INTERVAL: u64 = 1_000_000;
/// RFC 2236 §8.11.
const IGMP_V1_PRESENT: u64 = 400_000_000;
/// RFC 3810 §9.12 with the defaults of its terms.
const MLD_V1_PRESENT: u64 = 260_000_000;
/// Internetwork Control, RFC 3376 §4.
const IGMP_TRAFFIC_CLASS: u8 = 0xc0;
/// Octets of an IGMP message, of one of MLDv1, of an MLDv2 report of one record.
const IGMP_LEN: usize = 8;
const MLD_V1_LEN: usize = 24;
const MLD_LEN: usize = 28;

/// Counters, each wrapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Messages that IP handed in.
    pub received: u32,
    /// Queries taken.
    pub queries: u32,
    /// Messages that need no action: reports and leaves of other hosts.
    pub ignored: u32,
    /// Dropped: too short, a wrong checksum, or not certainly from this link (RFC 3810 §6.2).
    pub dropped: u32,
    /// Messages that left.
    pub sent: u32,
    /// Times that a message had no way out; it is tried again after a second.
    pub unreachable: u32,
    /// Groups that routers were not told of, since the table was full; counted at each change.
    pub table_full: u32,
}

impl Statistics {
    /// All counters by name, in the order of the fields.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u32); 7] {
        [
            ("received", self.received),
            ("queries", self.queries),
            ("ignored", self.ignored),
            ("dropped", self.dropped),
            ("sent", self.sent),
            ("unreachable", self.unreachable),
            ("table_full", self.table_full),
        ]
    }
}

/// What is to be said of one group: an entry of the table that [`Storage`] holds.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// None: the entry is free.
    group: PackedAddress,
    is_leaving: bool,
    /// How often its change is still to be told.
    changes: u8,
    at: Deadline,
}

impl Entry {
    /// A free entry.
    pub const FREE: Self =
        Self { group: PackedAddress::NONE, is_leaving: false, changes: 0, at: Deadline::NONE };

    /// Its change is to be told from now on.
    fn announce(&mut self, now: Instant) {
        self.changes = ROBUSTNESS;
        self.at = Deadline::at(now);
    }
}

/// Memory for `GROUPS` groups: as many entries as the IP layer's table has.
#[derive(Debug)]
pub struct Storage<const GROUPS: usize> {
    entries: [Entry; GROUPS],
}

impl<const GROUPS: usize> Storage<GROUPS> {
    /// Empty memory, all zeros.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: [Entry::FREE; GROUPS] }
    }
}

impl<const GROUPS: usize> Default for Storage<GROUPS> {
    fn default() -> Self {
        Self::new()
    }
}

/// Group membership of a small host. See the [module](self).
#[derive(Debug)]
pub struct SmallIgmp<'a> {
    /// About the IP layer's entries, in their order.
    entries: &'a mut [Entry],
    random: Random,
    /// How many delays were drawn.
    draws: u32,
    /// The IP layer's generation in the last turn.
    generation: u32,
    /// The IP layer's counter when its groups were last looked at.
    group_generation: u32,
    /// The link was down when the IP layer last changed.
    is_down: bool,
    /// Until then the older version is spoken: IGMPv1, MLDv1.
    older_until: [Deadline; 2],
    next: Deadline,
    /// The interface had no room.
    is_full: bool,
    statistics: Statistics,
}

impl<'a> SmallIgmp<'a> {
    /// An engine that knows of no group yet. `seed` makes delays unpredictable: no outsider may know it, and no two
    /// engines may have the same.
    #[must_use]
    pub fn new<const GROUPS: usize>(storage: &'a mut Storage<GROUPS>, seed: [u8; 32]) -> Self {
        Self::from_slices(&mut storage.entries, seed)
    }

    /// An engine over memory whose size is known at run time only.
    #[must_use]
    pub fn from_slices(entries: &'a mut [Entry], seed: [u8; 32]) -> Self {
        entries.fill(Entry::FREE);
        Self {
            entries,
            random: Random::new(seed),
            draws: 0,
            generation: 0,
            group_generation: 0,
            is_down: false,
            older_until: [Deadline::NONE; 2],
            next: Deadline::NONE,
            is_full: false,
            statistics: Statistics::default(),
        }
    }

    /// What happened so far.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Takes what the IP layer joined and left. Where another group has taken an entry, that of the one before is not
    /// told any more.
    fn compare(&mut self, groups: &[Membership], now: Instant) {
        if groups.len() > self.entries.len() {
            count(&mut self.statistics.table_full);
        }
        for (entry, membership) in self.entries.iter_mut().zip(groups) {
            let group = membership.group().filter(|group| is_reported(*group));
            let group = group.map_or(PackedAddress::NONE, PackedAddress::new);
            let is_gone = group.is_none();
            if is_gone == entry.is_leaving && (is_gone || group == entry.group) {
                continue;
            }
            if !is_gone {
                entry.group = group;
            } else if entry.group.is_none() {
                continue;
            }
            entry.is_leaving = is_gone;
            entry.announce(now);
        }
    }

    /// Which group is asked for, and within how many microseconds to answer.
    fn query(&mut self, packet: &IpMeta<'_>, message: &[u8]) -> Result<(PackedAddress, u32), Drop> {
        let (head, rest) = message.split_first_chunk::<8>().ok_or(Drop::Bad)?;
        let code = u16::from_be_bytes([head[4], head[5]]);
        if let Addresses::V6(addresses) = packet.addresses {
            if head[0] != u8::from(mld::Type::Query) {
                return Err(Drop::Ignored);
            }
            let group = rest.first_chunk::<16>().ok_or(Drop::Bad)?;
            // Only what certainly comes from this link, RFC 2710 §5, RFC 3810 §6.2.
            let is_near = addresses[0] == 0xfe && addresses[1] & 0xc0 == 0x80;
            if packet.hop_limit != 1 || !packet.flags.contains(InFlags::ROUTER_ALERT) || !is_near {
                return Err(Drop::Bad);
            }
            // RFC 3810 §8.1.
            let millis = match message.len() {
                MLD_V1_LEN => {
                    self.older_until[1] = Deadline::at(packet.now.plus_micros(MLD_V1_PRESENT));
                    u32::from(code)
                }
                0..MLD_LEN => return Err(Drop::Bad),
                _ => mld::decode(code),
            };
            // The longest that version 2 can say, 8,387,584 ms, is beyond 32 bits of microseconds.
            return Ok((PackedAddress::v6(Ipv6Addr::from(*group)), millis.min(4_000_000) * 1000));
        }
        if !Sum::new().add_bytes(message).is_valid() {
            return Err(Drop::Bad);
        }
        if head[0] != u8::from(igmp::Type::MembershipQuery) {
            return Err(Drop::Ignored);
        }
        // RFC 3376 §7.1: eight octets without a code are of version 1, with one of version 2; from twelve on it is 3.
        let tenths = match (head[1], rest.len()) {
            (0, 0) => {
                self.older_until[0] = Deadline::at(packet.now.plus_micros(IGMP_V1_PRESENT));
                100
            }
            (code, 0) => u16::from(code),
            (_, 1..=3) => return Err(Drop::Bad),
            (code, _) => igmp::decode(code),
        };
        let &[.., a, b, c, d] = head;
        Ok((PackedAddress::v4(Ipv4Addr::new(a, b, c, d)), u32::from(tenths) * 100_000))
    }

    /// Says what is due; whether all of it left.
    fn speak(&mut self, ip: &mut dyn IpLayer, budget: &mut usize, now: Instant) -> bool {
        let mut next = Deadline::NONE;
        for index in 0..self.entries.len() {
            let Some(entry) = self.entries.get(index) else { break };
            if entry.at.is_due(now) {
                let result = if *budget == 0 { Err(SendError::Full) } else { self.say(entry, ip, now) };
                let Some(entry) = self.entries.get_mut(index) else { break };
                entry.at = Deadline::at(now.plus_micros(INTERVAL));
                match result {
                    Ok(()) => {
                        *budget -= 1;
                        count(&mut self.statistics.sent);
                        entry.changes = entry.changes.saturating_sub(1);
                        if entry.changes == 0 {
                            entry.at.stop();
                            if entry.is_leaving {
                                *entry = Entry::FREE;
                            }
                        }
                    }
                    Err(SendError::Full) => {
                        entry.at = Deadline::at(now);
                        self.next = entry.at;
                        self.is_full = *budget != 0;
                        return false;
                    }
                    Err(_) => count(&mut self.statistics.unreachable),
                }
            }
            if let Some(entry) = self.entries.get(index) {
                next = next.earlier(entry.at);
            }
        }
        self.next = next;
        true
    }

    /// Sends one message about a group.
    fn say(&self, entry: &Entry, ip: &mut dyn IpLayer, now: Instant) -> Result<(), SendError> {
        let Some(group) = entry.group.get() else { return Ok(()) };
        let is_older = self.older_until.map(|until| until.is_running() && !until.is_due(now));
        let mut message = [0; MLD_LEN];
        let (kind, at, to, len) = match group {
            IpAddr::V4(_) if entry.is_leaving => {
                (igmp::Type::LeaveGroup.into(), 4, IpAddr::V4(igmp::ALL_ROUTERS), IGMP_LEN)
            }
            IpAddr::V4(_) if is_older[0] => (igmp::Type::V1MembershipReport.into(), 4, group, IGMP_LEN),
            IpAddr::V4(_) => (igmp::Type::V2MembershipReport.into(), 4, group, IGMP_LEN),
            IpAddr::V6(_) if !is_older[1] => {
                message[7] = 1;
                message[8] = u8::from(match (entry.changes, entry.is_leaving) {
                    (_, true) => mld::RecordType::ChangeToInclude,
                    (0, _) => mld::RecordType::ModeIsExclude,
                    _ => mld::RecordType::ChangeToExclude,
                });
                (mld::Type::ReportV2.into(), 12, IpAddr::V6(mld::ALL_V2_ROUTERS), MLD_LEN)
            }
            IpAddr::V6(_) if entry.is_leaving => {
                (mld::Type::Done.into(), 8, IpAddr::V6(mld::ALL_ROUTERS), MLD_V1_LEN)
            }
            IpAddr::V6(_) => (mld::Type::ReportV1.into(), 8, group, MLD_V1_LEN),
        };
        message[0] = kind;
        for (to, from) in message.iter_mut().skip(at).zip(entry.group.as_bytes()) {
            *to = *from;
        }
        let (protocol, traffic_class, none) = match group {
            IpAddr::V4(_) => {
                [message[2], message[3]] = Sum::new().add_bytes(&message).checksum().to_be_bytes();
                (IpProtocol::IGMP, IGMP_TRAFFIC_CLASS, IpAddr::V4(Ipv4Addr::UNSPECIFIED))
            }
            IpAddr::V6(_) => (IpProtocol::ICMPV6, 0, IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
        };
        let packet = Outgoing { protocol, hop_limit: 1, traffic_class, flags: OutFlags::ROUTER_ALERT };
        // Without an address of ours from none, RFC 3376 §4.2.13; that of MLD must be link-local, RFC 3590 §4.
        let mut from = Source { address: None, interface: Some(ONLY) };
        loop {
            let mut path = match ip.route(from, to) {
                Ok(path) => path,
                Err(reason) if from.address.is_some() => return Err(SendError::Unreachable(reason)),
                Err(_) => Path::EMPTY,
            };
            let is_right = match path.addresses() {
                Addresses::V4(_) => !path.is_empty(),
                Addresses::V6(octets) => octets[0] == 0xfe && octets[1] & 0xc0 == 0x80,
            };
            if from.address.is_none() && !is_right {
                from.address = Some(none);
                continue;
            }
            let addresses = (path.source(), path.destination());
            return ip.send(&mut path, packet, len, &mut |buffer: &mut [u8]| {
                for (to, from) in buffer.iter_mut().zip(&message) {
                    *to = *from;
                }
                if let (IpAddr::V6(source), IpAddr::V6(destination)) = addresses {
                    icmpv6::fill_checksum(source, destination, buffer);
                }
            });
        }
    }
}

/// A random time below `within`, in microseconds: of the lighter hash, with which nothing else need be linked.
fn delay(random: &Random, draws: &mut u32, within: u32) -> u64 {
    *draws = draws.wrapping_add(1);
    let [a, b, c, d, ..] = random.hash_light(&[u64::from(*draws)]).to_le_bytes();
    (u64::from(u32::from_le_bytes([a, b, c, d])) * u64::from(within)) >> 32
}

/// Why a message needs no answer.
enum Drop {
    Ignored,
    Bad,
}

impl Transport for SmallIgmp<'_> {
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        match (packet.addresses, packet.protocol) {
            (Addresses::V4(_), IpProtocol::IGMP) if cfg!(feature = "ipv4") => {}
            // Queries, reports, Done; reports of version 2.
            (Addresses::V6(_), IpProtocol::ICMPV6)
                if cfg!(feature = "ipv6") && matches!(segment.first(), Some(130..=132 | 143)) => {}
            _ => return Verdict::NotMine,
        }
        count(&mut self.statistics.received);
        count(match self.query(packet, segment) {
            Ok((asked, within)) => {
                let is_general = asked.is_unspecified();
                for entry in self.entries.iter_mut() {
                    if !entry.is_leaving
                        && (entry.group == asked || (is_general && entry.group.is_like(&asked)))
                    {
                        // What leaves sooner anyway is left as it is.
                        let delay = delay(&self.random, &mut self.draws, within);
                        entry.at = entry.at.earlier(Deadline::at(packet.now.plus_micros(delay)));
                        self.next = self.next.earlier(entry.at);
                    }
                }
                &mut self.statistics.queries
            }
            Err(Drop::Ignored) => &mut self.statistics.ignored,
            Err(Drop::Bad) => &mut self.statistics.dropped,
        });
        Verdict::Done
    }

    fn error(&mut self, _now: Instant, _error: &IcmpError<'_>) -> Quoted {
        Quoted::Unknown
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Progress {
        let now = ip.now();
        let mut is_due = self.next.is_due(now);
        if ip.generation() != self.generation {
            self.generation = ip.generation();
            let was_down = self.is_down;
            self.is_down = is_down(ip, ONLY);
            if was_down && !self.is_down {
                // Who is there now may never have heard of us.
                for entry in self.entries.iter_mut() {
                    if !entry.is_leaving && !entry.group.is_none() {
                        entry.announce(now);
                    }
                }
                is_due = true;
            }
        }
        if ip.group_generation() != self.group_generation {
            self.group_generation = ip.group_generation();
            self.compare(ip.groups(ONLY), now);
            self.next = Deadline::at(now);
            is_due = true;
        }
        self.is_full &= !ip.room().contains(ONLY);
        if !self.is_full && (!is_due || self.speak(ip, budget, now)) {
            Progress::Idle
        } else if self.is_full {
            Progress::Blocked(InterfaceSet::only(ONLY))
        } else {
            Progress::More
        }
    }

    fn poll_at(&self) -> Option<Instant> {
        // Room comes with a poll.
        self.next.instant().filter(|_| !self.is_full)
    }
}
