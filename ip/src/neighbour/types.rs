//! What the neighbour table is told and answers: configuration, verdicts, solicitations, counters.

use super::Reachability;
use crate::{InterfaceId, PackedAddress};
use core::time::Duration;
use tersus_wire::HardwareAddress;

/// Times and limits of the neighbour cache. The defaults are RFC 4861 §10's, for ARP RFC 1122's; [`Config::DEFAULT`] names
/// them. Any value is legal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// `RETRANS_TIMER`: between two solicitations of one neighbour. RFC 1122 §2.3.2.1 asks for 1 s or more; with zero each
    /// turn asks.
    pub retrans_timer: Duration,
    /// `MAX_MULTICAST_SOLICIT` and `MAX_UNICAST_SOLICIT`: solicitations before giving up; 0 counts as 1.
    pub solicit_max: u8,
    /// `REACHABLE_TIME`: the base from which IPv6's reachable time is drawn, half to one and a half of it.
    pub base_reachable_time: Duration,
    /// `DELAY_FIRST_PROBE_TIME`: how long an upper layer may take to confirm a stale neighbour.
    pub delay_first_probe_time: Duration,
    /// How long an ARP entry counts as reachable after a confirmation: sent to later, it is asked again.
    pub arp_reachable_time: Duration,
    /// How long after its last confirmation an ARP entry may be used at all.
    pub arp_lifetime: Duration,
    /// How long the verdict that a neighbour does not answer is held: so long sends to it are refused, unasked.
    pub failed_hold: Duration,
    /// How long after the last packet to it a neighbour counts as in use, and is not evicted.
    pub in_use: Duration,
}

impl Config {
    /// The defaults: 1 s, 3 tries, 30 s, 5 s; ARP 30 s and 60 s; verdict 3 s; in use for 30 s.
    pub const DEFAULT: Self = Self {
        retrans_timer: Duration::from_secs(1),
        solicit_max: 3,
        base_reachable_time: Duration::from_secs(30),
        delay_first_probe_time: Duration::from_secs(5),
        arp_reachable_time: Duration::from_secs(30),
        arp_lifetime: Duration::from_secs(60),
        failed_hold: Duration::from_secs(3),
        in_use: Duration::from_secs(30),
    };
}

impl Default for Config {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What the table knows of a neighbour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// Its hardware address is known: send, and call [`Neighbours::mark_used`](super::Neighbours::mark_used).
    Found {
        /// Where the entry stands.
        index: u16,
        /// Its hardware address.
        hardware: HardwareAddress,
    },
    /// Resolution runs. It ends with [`Changes::MOVED`](super::Changes::MOVED) or with a [`Failure`].
    Resolving,
    /// It did not answer a moment ago.
    Failed,
    /// Nothing: call [`Neighbours::resolve`](super::Neighbours::resolve) to send to it.
    Unknown,
}

/// Whether a kept hardware address may still be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Usable {
    /// Send.
    Yes,
    /// Send; but nobody knows whether it still answers: see [`Neighbours::use_stale`](super::Neighbours::use_stale).
    Stale,
    /// The entry changed, expired or is another's: look up again.
    No,
}

/// Why no resolution was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// As many resolutions as the table allows run at once. One of them ends within seconds, and moves the
    /// generation: whoever is parked until then may try again.
    #[error("too many address resolutions at once")]
    Busy,
    /// All entries are in use, permanent or gateways, or the table has length zero.
    #[error("neighbour table full")]
    Full,
}

/// What a neighbour is to the routing table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    /// A destination on the link.
    #[default]
    Host,
    /// A route's next hop: its entry is never evicted.
    Gateway,
}

/// What an address is to the interface that a message came in by. Told by the engine to [`arp`](crate::arp) and
/// [`ndisc`](crate::ndisc).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// Ours: requests for it are answered, and nobody else may use it.
    Own,
    /// Ours, but others may have it too: an anycast address. Requests are answered without override.
    Anycast,
    /// To become ours once nobody answers to it: RFC 5227 §2.1, RFC 4862 §5.4.
    Tentative,
    /// A station's on the link: inside an on-link prefix and no broadcast address of it, or IPv6 link-local unicast.
    OnLink,
    /// Anything else: off the link, a group, a broadcast address, unspecified, loopback.
    Elsewhere,
}

/// What has fallen due; from [`Neighbours::next_due`](super::Neighbours::next_due).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Send this solicitation, then call [`Neighbours::sent`](super::Neighbours::sent).
    Solicit(Solicitation),
    /// A neighbour does not answer: raise an event, move the generation.
    Failed(Failure),
}

/// A solicitation to send: an ARP request or a neighbour solicitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Solicitation {
    /// Where the entry stands.
    pub index: u16,
    /// The interface to send from.
    pub interface: InterfaceId,
    /// Whose hardware address is wanted.
    pub target: PackedAddress,
    /// Whom to ask: `None` asks all by broadcast or the solicited-node group, `Some` the neighbour itself.
    pub to: Option<HardwareAddress>,
    /// What the caller of [`Neighbours::resolve`](super::Neighbours::resolve) gave: which own address to ask from
    /// (RFC 4861 §7.2.2); 0 for entries that no `resolve` created.
    pub source: u8,
}

/// A neighbour that does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// The interface that it was looked for on.
    pub interface: InterfaceId,
    /// Its address.
    pub address: PackedAddress,
    /// What it was to the routing table.
    pub role: Role,
    /// `Incomplete`: it was never found, and look-ups answer [`Lookup::Failed`] for a while. `Probe`: it was lost;
    /// the entry is gone, and the next send asks all (RFC 4861 §7.3.3).
    pub during: Reachability,
}

/// What happened in the neighbour table. Counters wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Resolutions started.
    pub resolutions: u32,
    /// Resolutions that ended with a hardware address.
    pub resolved: u32,
    /// Resolutions that nobody answered.
    pub unresolved: u32,
    /// Known neighbours that stopped answering.
    pub lost: u32,
    /// Solicitations sent to all.
    pub multicast_solicitations: u32,
    /// Solicitations sent to the neighbour itself.
    pub unicast_solicitations: u32,
    /// Entries created because a neighbour asked for us.
    pub learned: u32,
    /// Neighbours that asked for us and found no room.
    pub not_learned: u32,
    /// Changes of a neighbour's hardware address.
    pub changed: u32,
    /// Live entries that made room for others.
    pub evicted: u32,
    /// Resolutions refused: too many at once.
    pub refused_busy: u32,
    /// Resolutions refused: no entry could be evicted.
    pub refused_full: u32,
}

impl Statistics {
    /// All counters by field name.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u32); 12] {
        [
            ("resolutions", self.resolutions),
            ("resolved", self.resolved),
            ("unresolved", self.unresolved),
            ("lost", self.lost),
            ("multicast_solicitations", self.multicast_solicitations),
            ("unicast_solicitations", self.unicast_solicitations),
            ("learned", self.learned),
            ("not_learned", self.not_learned),
            ("changed", self.changed),
            ("evicted", self.evicted),
            ("refused_busy", self.refused_busy),
            ("refused_full", self.refused_full),
        ]
    }
}
