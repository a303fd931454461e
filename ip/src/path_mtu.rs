//! Path MTU discovery: what was learned of each destination, RFC 1191 and RFC 8201.
//!
//! A too-big message lowers the estimate and nothing raises it but time: ten minutes after the last lowering the
//! entry is forgotten, and packets of the link's size are tried again (RFC 1191 §6.3, RFC 8201 §5.3).

use crate::{Deadline, Instant, PackedAddress};
use core::net::IpAddr;
use core::time::Duration;

/// The smallest MTU of IPv4, in octets: RFC 791 §3.2. No message lowers an estimate further.
pub const IPV4_MIN_MTU: u16 = 68;
/// The smallest MTU of IPv6, in octets: RFC 8200 §5. Messages that report less are ignored.
pub const IPV6_MIN_MTU: u16 = 1280;

/// Likely MTUs, in octets, RFC 1191 §7.1: what is tried where a router reports none.
pub const PLATEAUS: [u16; 11] = [65_535, 32_000, 17_914, 8_166, 4_352, 2_002, 1_492, 1_006, 508, 296, 68];

/// What is known of one destination. All zeros when free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Entry {
    destination: PackedAddress,
    mtu: u16,
    expires: Deadline,
}

impl Entry {
    /// A free entry.
    pub const FREE: Self = Self { destination: PackedAddress::NONE, mtu: 0, expires: Deadline::NONE };
}

/// Tunables of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// How long an estimate holds after it was last lowered. Default ten minutes; less than five is taken as
    /// five (RFC 1191 §3, RFC 8201 §4).
    pub lifetime: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { lifetime: Duration::from_secs(600) }
    }
}

/// What became of a too-big message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The estimate is now this, in octets: paths to the destination are to be decided again.
    Lowered(u16),
    /// It reports no less than what is believed already, or less than IPv6 allows.
    Ignored,
}

/// Counters; they wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Messages that lowered an estimate.
    pub lowered: u32,
    /// Messages that reported no less than was believed.
    pub not_lower: u32,
    /// IPv6 messages that reported less than 1280 octets.
    pub below_minimum: u32,
    /// Messages for which the table, of length zero, had no room.
    pub no_table: u32,
    /// Estimates that made room for another destination before their time.
    pub evicted: u32,
    /// Estimates that ran out.
    pub expired: u32,
}

impl Statistics {
    /// All counters by field name.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u32); 6] {
        [
            ("lowered", self.lowered),
            ("not_lower", self.not_lower),
            ("below_minimum", self.below_minimum),
            ("no_table", self.no_table),
            ("evicted", self.evicted),
            ("expired", self.expired),
        ]
    }
}

/// The cache of path MTU estimates, one entry a destination.
///
/// Look-ups are linear in the number of entries; they are made when a path is decided, not per packet.
#[derive(Debug, Default)]
pub struct PathMtu<'a> {
    entries: &'a mut [Entry],
    next: Deadline,
    config: Config,
    /// What happened.
    pub statistics: Statistics,
}

impl<'a> PathMtu<'a> {
    /// A cache with room for as many destinations as there are entries; none is legal: nothing is then learned.
    #[must_use]
    pub fn new(entries: &'a mut [Entry], config: Config) -> Self {
        entries.fill(Entry::FREE);
        let config = Config { lifetime: config.lifetime.max(Duration::from_secs(300)) };
        Self { entries, next: Deadline::NONE, config, statistics: Statistics::default() }
    }

    /// The estimate for a destination, in octets; `None`: the link's MTU.
    #[must_use]
    pub fn get(&self, destination: IpAddr) -> Option<u16> {
        let packed = PackedAddress::new(destination);
        self.entries.iter().find(|entry| entry.destination == packed).map(|entry| entry.mtu)
    }

    /// A too-big message came: a packet of `packet_len` octets to `destination` met a link of `reported` octets
    /// (0: not said). `link_mtu` is what the first link carries. The caller has seen that the quoted packet is
    /// our own.
    pub fn on_too_big(
        &mut self,
        now: Instant,
        destination: IpAddr,
        reported: u32,
        packet_len: u16,
        link_mtu: u16,
    ) -> Change {
        let packed = PackedAddress::new(destination);
        let known = self.get(destination);
        let current = known.unwrap_or(link_mtu);
        let reported = u16::try_from(reported).unwrap_or(u16::MAX);
        let mtu = match destination {
            IpAddr::V4(_) if reported == 0 => plateau_below(packet_len.min(current)),
            IpAddr::V4(_) => reported.max(IPV4_MIN_MTU),
            IpAddr::V6(_) if reported < IPV6_MIN_MTU => {
                self.statistics.below_minimum = self.statistics.below_minimum.wrapping_add(1);
                return Change::Ignored;
            }
            IpAddr::V6(_) => reported,
        };
        let repeated = known == Some(mtu);
        if mtu >= current && !repeated {
            self.statistics.not_lower = self.statistics.not_lower.wrapping_add(1);
            return Change::Ignored;
        }
        let expires = Deadline::at(now + self.config.lifetime);
        let Some(place) = self.place_for(packed) else {
            self.statistics.no_table = self.statistics.no_table.wrapping_add(1);
            return Change::Ignored;
        };
        let evicts = !place.destination.is_none() && place.destination != packed;
        *place = Entry { destination: packed, mtu, expires };
        self.statistics.evicted = self.statistics.evicted.wrapping_add(u32::from(evicts));
        self.find_next();
        if repeated {
            // The path is still that narrow: only the time until the next attempt starts again.
            self.statistics.not_lower = self.statistics.not_lower.wrapping_add(1);
            return Change::Ignored;
        }
        self.statistics.lowered = self.statistics.lowered.wrapping_add(1);
        Change::Lowered(mtu)
    }

    /// Forgets estimates that ran out; says how many: if any, paths are to be decided again.
    pub fn on_timeout(&mut self, now: Instant) -> usize {
        if !self.next.is_due(now) {
            return 0;
        }
        let mut count = 0;
        for entry in self.entries.iter_mut().filter(|entry| entry.expires.is_due(now)) {
            *entry = Entry::FREE;
            count += 1;
            self.statistics.expired = self.statistics.expired.wrapping_add(1);
        }
        self.find_next();
        count
    }

    /// When the next estimate runs out.
    #[must_use]
    pub fn poll_at(&self) -> Option<Instant> {
        self.next.instant()
    }

    /// The destination's own entry, else a free one, else the one that would run out first.
    fn place_for(&mut self, destination: PackedAddress) -> Option<&mut Entry> {
        let own = self.entries.iter().position(|entry| entry.destination == destination);
        let free = || self.entries.iter().position(|entry| entry.destination.is_none());
        let oldest = || {
            let soonest = self.entries.iter().enumerate().min_by_key(|(_, entry)| entry.expires.instant());
            soonest.map(|(index, _)| index)
        };
        let index = own.or_else(free).or_else(oldest)?;
        self.entries.get_mut(index)
    }

    fn find_next(&mut self) {
        self.next = self.entries.iter().fold(Deadline::NONE, |next, entry| next.earlier(entry.expires));
    }
}

/// The largest plateau below `len`, at least the smallest MTU.
fn plateau_below(len: u16) -> u16 {
    PLATEAUS.into_iter().find(|plateau| *plateau < len).unwrap_or(IPV4_MIN_MTU)
}
