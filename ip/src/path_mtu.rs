//! Path MTU discovery: what was learned of each destination, RFC 1191 and RFC 8201.
//!
//! A too-big message lowers the estimate, as far as a transport knows the packet that it quotes, and nothing raises
//! it but time: ten minutes after the last lowering the entry is forgotten, and packets of the link's size are tried
//! again (RFC 1191 §6.3, RFC 8201 §5.3).
//!
//! ```
//! use tersus_ip::path_mtu::{Change, Config, Entry, PathMtu, TooBig};
//! use tersus_ip::{Instant, Quoted};
//!
//! let mut entries = [Entry::FREE; 4];
//! let mut paths = PathMtu::new(&mut entries, Config::default());
//! let destination = "192.0.2.9".parse()?;
//! let message = TooBig { destination, reported: 1400, packet_len: 1500, quoted: Quoted::Known };
//! let now = Instant::from_secs(1);
//! assert_eq!(paths.on_too_big(now, message, 1500), Change::Lowered(1400));
//! assert_eq!(paths.get(destination), Some(1400));
//! // Ten minutes later the link's MTU is tried again.
//! assert_eq!(paths.on_timeout(paths.poll_at().expect("an entry")), 1);
//! assert_eq!(paths.get(destination), None);
//! # Ok::<(), core::net::AddrParseError>(())
//! ```

use crate::{Deadline, Instant, PackedAddress, Quoted};
use core::net::IpAddr;
use core::time::Duration;

/// The smallest MTU of IPv4, in octets: RFC 791 §3.2. No message lowers an estimate further.
pub const IPV4_MIN_MTU: u16 = 68;
/// How far a message lowers an estimate of IPv4 if the transport keeps no record of what it sends, in octets: what every
/// host must take in, RFC 791 §3.2.
pub const IPV4_UNSURE_MTU: u16 = 576;
/// The smallest MTU of IPv6, in octets: RFC 8200 §5. Messages that report less are ignored.
pub const IPV6_MIN_MTU: u16 = 1280;

/// Likely MTUs, in octets, RFC 1191 §7: what is tried where a router reports none.
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

/// A too-big message about a packet with a source of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooBig {
    /// Where the quoted packet was going.
    pub destination: IpAddr,
    /// What the next link carries, in octets; 0: not said.
    pub reported: u32,
    /// The quoted packet's length, in octets.
    pub packet_len: u16,
    /// What the transports know of the quoted packet.
    pub quoted: Quoted,
}

/// What became of a too-big message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The estimate is now this, in octets: paths to the destination are to be decided again.
    Lowered(u16),
    /// It reports no less than what is believed already, or less than IPv6 allows, or no transport knows the packet.
    Ignored,
}

/// Counters; they wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Messages that lowered an estimate.
    pub lowered: u32,
    /// Messages that reported no less than was believed.
    pub not_lower: u32,
    /// Messages that quote what no transport can have sent.
    pub not_ours: u32,
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
    pub fn counters(&self) -> [(&'static str, u32); 7] {
        [
            ("lowered", self.lowered),
            ("not_lower", self.not_lower),
            ("not_ours", self.not_ours),
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
        self.known(&PackedAddress::new(destination))
    }

    pub(crate) fn known(&self, destination: &PackedAddress) -> Option<u16> {
        self.entries.iter().find(|entry| entry.destination == *destination).map(|entry| entry.mtu)
    }

    /// A too-big message came. `link_mtu` is what the first link carries, in octets. The caller has seen that the quoted
    /// packet's source is our own.
    pub fn on_too_big(&mut self, now: Instant, message: TooBig, link_mtu: u16) -> Change {
        let TooBig { destination, reported, packet_len, quoted } = message;
        if quoted == Quoted::Unknown {
            self.statistics.not_ours = self.statistics.not_ours.wrapping_add(1);
            return Change::Ignored;
        }
        let packed = PackedAddress::new(destination);
        let known = self.get(destination);
        let current = known.unwrap_or(link_mtu);
        let reported = u16::try_from(reported).unwrap_or(u16::MAX);
        // Who forges a message about what is not in flight gets no further than what every host takes in.
        let least = if quoted == Quoted::Known { IPV4_MIN_MTU } else { IPV4_UNSURE_MTU };
        let mtu = match destination {
            IpAddr::V4(_) if reported == 0 => plateau_below(packet_len.min(current)).max(least),
            IpAddr::V4(_) => reported.max(least),
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

// The tables of the tests list both families.
#[cfg(test)]
#[cfg(all(feature = "ipv4", feature = "ipv6"))]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::vec;

    const V4: &str = "198.51.100.7";
    const V6: &str = "2001:db8:1::7";

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// A message about a packet in flight.
    fn known(destination: IpAddr, reported: u32, packet_len: u16) -> TooBig {
        TooBig { destination, reported, packet_len, quoted: Quoted::Known }
    }

    fn at(secs: u64) -> Instant {
        Instant::from_secs(secs)
    }

    // conf: TCP-PMT-01, TCP-PMT-02, TCP-PMT-03, TCP-PMT-04, IP6-PMT-01, IP6-PMT-02
    #[test]
    fn a_message_lowers_the_estimate_and_never_raises_it() {
        // destination, reports in turn, packet length; the estimate afterwards, on a link of 1500
        for (to, reports, packet_len, want) in [
            (V4, &[1400][..], 1500, Some(1400)),
            (V4, &[1400, 1300], 1500, Some(1300)),
            (V4, &[1300, 1400], 1500, Some(1300)),
            (V4, &[1500], 1500, None),
            (V4, &[9000], 1500, None),
            (V4, &[100_000], 1500, None),
            (V4, &[68], 1500, Some(68)),
            (V4, &[67], 1500, Some(68)),
            (V4, &[1], 1500, Some(68)),
            (V4, &[0], 1500, Some(1492)),
            (V4, &[0, 0], 1500, Some(1006)),
            (V4, &[0], 1000, Some(508)),
            (V4, &[0], 68, Some(68)),
            (V4, &[0], 0, Some(68)),
            (V4, &[0], 65_535, Some(1492)),
            (V4, &[68, 0], 1500, Some(68)),
            (V6, &[1400], 1500, Some(1400)),
            (V6, &[1400, 1450], 1500, Some(1400)),
            (V6, &[1280], 1500, Some(1280)),
            (V6, &[1279], 1500, None),
            (V6, &[0], 1500, None),
            (V6, &[1300, 1000], 1500, Some(1300)),
            (V6, &[1500], 1500, None),
            (V6, &[u32::MAX], 1500, None),
        ] {
            let mut entries = [Entry::FREE; 2];
            let mut cache = PathMtu::new(&mut entries, Config::default());
            for reported in reports {
                let before = cache.get(ip(to));
                let change = cache.on_too_big(at(1), known(ip(to), *reported, packet_len), 1500);
                let after = cache.get(ip(to));
                let want = if before == after { Change::Ignored } else { Change::Lowered(after.unwrap()) };
                assert_eq!(change, want, "{to} {reports:?}");
            }
            assert_eq!(cache.get(ip(to)), want, "{to} {reports:?}");
            assert_eq!(cache.get(ip("203.0.113.1")), None);
            let total: u32 = cache.statistics.counters().into_iter().map(|(_, count)| count).sum();
            assert_eq!(usize::try_from(total).unwrap(), reports.len(), "each message is counted once");
        }
    }

    #[test]
    fn a_message_is_believed_as_far_as_a_transport_knows_what_it_quotes() {
        // destination, reported, what is known of the quoted packet; the estimate afterwards, on a link of 1500
        for (to, reported, quoted, want) in [
            (V4, 600, Quoted::Possible, Some(600)),
            (V4, 300, Quoted::Possible, Some(576)),
            (V4, 300, Quoted::Known, Some(300)),
            (V4, 300, Quoted::Unknown, None),
            (V4, 0, Quoted::Possible, Some(576)),
            (V6, 1280, Quoted::Possible, Some(1280)),
            (V6, 1280, Quoted::Unknown, None),
        ] {
            let mut entries = [Entry::FREE; 1];
            let mut cache = PathMtu::new(&mut entries, Config::default());
            cache.on_too_big(at(0), TooBig { quoted, ..known(ip(to), reported, 577) }, 1500);
            assert_eq!(cache.get(ip(to)), want, "{to} {reported} {quoted:?}");
            assert_eq!(cache.statistics.not_ours, u32::from(want.is_none()));
            // What is in flight lowers further what was only possible.
            cache.on_too_big(at(0), known(ip(to), 1280, 1500), 1500);
            assert_eq!(cache.get(ip(to)), Some(want.unwrap_or(1280).min(1280)));
        }
    }

    // conf: TCP-PMT-05, IP6-PMT-02, IP4-FRG-09
    #[test]
    fn an_estimate_is_forgotten_ten_minutes_after_the_last_message_that_confirmed_it() {
        for to in [V4, V6] {
            let mut entries = [Entry::FREE; 2];
            let mut cache = PathMtu::new(&mut entries, Config::default());
            cache.on_too_big(at(10), known(ip(to), 1400, 1500), 1500);
            assert_eq!(cache.poll_at(), Some(at(610)));
            cache.on_too_big(at(300), known(ip(to), 1450, 1500), 1500);
            assert_eq!(cache.poll_at(), Some(at(610)), "a wider one says nothing");
            cache.on_too_big(at(400), known(ip(to), 1400, 1500), 1500);
            assert_eq!(cache.poll_at(), Some(at(1000)), "the same again does");
            assert_eq!(cache.on_timeout(Instant::from_micros(999_999_999)), 0);
            assert_eq!(cache.get(ip(to)), Some(1400));
            assert_eq!(cache.on_timeout(at(1000)), 1);
            assert_eq!((cache.get(ip(to)), cache.poll_at(), cache.statistics.expired), (None, None, 1));
        }
    }

    // conf: TCP-PMT-05
    #[test]
    fn no_configuration_tries_again_within_five_minutes() {
        let mut entries = [Entry::FREE; 1];
        let mut cache = PathMtu::new(&mut entries, Config { lifetime: Duration::ZERO });
        cache.on_too_big(at(0), known(ip(V6), 1400, 1500), 1500);
        assert_eq!(cache.poll_at(), Some(at(300)));
    }

    #[test]
    fn a_full_cache_forgets_what_would_run_out_first() {
        let mut entries = [Entry::FREE; 3];
        let mut cache = PathMtu::new(&mut entries, Config::default());
        let to = |i: u64| ip(&alloc::format!("198.51.100.{i}"));
        for i in 1..=100 {
            assert_eq!(cache.on_too_big(at(i), known(to(i), 1400, 1500), 1500), Change::Lowered(1400));
        }
        assert_eq!(cache.statistics.evicted, 97);
        for i in 1..=100 {
            assert_eq!(cache.get(to(i)).is_some(), i > 97, "{i}");
        }
        assert_eq!(cache.poll_at(), Some(at(698)));
        cache.on_too_big(at(200), known(to(98), 1300, 1500), 1500);
        assert_eq!((cache.statistics.evicted, cache.poll_at()), (97, Some(at(699))), "its own place");
        assert_eq!(cache.on_timeout(at(u64::MAX)), 3, "a clock that jumps");
    }

    #[test]
    fn a_cache_of_length_zero_learns_nothing() {
        let mut cache = PathMtu::new(&mut [], Config::default());
        assert_eq!(cache.on_too_big(at(1), known(ip(V4), 1400, 1500), 1500), Change::Ignored);
        assert_eq!((cache.get(ip(V4)), cache.poll_at(), cache.on_timeout(at(9999))), (None, None, 0));
        assert_eq!(cache.statistics.no_table, 1);
    }

    #[test]
    fn plateaus_go_down_to_the_smallest_mtu() {
        let mut mtu = 65_535;
        let mut seen = vec![mtu];
        while mtu > IPV4_MIN_MTU {
            mtu = plateau_below(mtu);
            seen.push(mtu);
        }
        assert_eq!(seen, PLATEAUS);
    }

    /// Random messages and times: the estimate of a living entry never rises, and `poll_at` says when it acts.
    #[test]
    fn the_cache_is_total() {
        let mut random = crate::Random::new([3; 32]);
        let mut entries = [Entry::FREE; 3];
        let mut cache = PathMtu::new(&mut entries, Config::default());
        let mut now = 0;
        for _ in 0..20_000 {
            let to = ip(["198.51.100.1", "198.51.100.2", V6, "::1", "0.0.0.0"]
                [usize::try_from(random.below(5)).unwrap()]);
            now = if random.below(100) == 0 { random.next_u64() >> 20 } else { now + 10_000_000 };
            let now = Instant::from_micros(now);
            let is_due = cache.poll_at().is_some_and(|at| at <= now);
            assert_eq!(cache.on_timeout(now) > 0, is_due);
            let before = cache.get(to);
            let (reported, len) = (random.next_u32() >> random.below(32), random.next_u16());
            cache.on_too_big(now, known(to, reported, len), 1500);
            let after = cache.get(to);
            assert!(after.map_or(true, |after| after <= before.unwrap_or(1500) && after >= 68));
            assert!(after.map_or(true, |after| to.is_ipv4() || after >= 1280));
        }
    }
}
