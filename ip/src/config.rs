//! What can be tuned of the IP layer.

use crate::rate_limit::Rate;
use crate::{neighbour, path_mtu};
use tersus_wire::ipv6_ext::Limits;

/// Times and limits of the IP layer. To change some, set fields of the default:
/// ```
/// use tersus_ip::Config;
///
/// let mut config = Config::default();
/// config.errors.per_second = 2;
/// config.neighbours.solicit_max = 5;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Config {
    /// Address resolution and reachability of neighbours.
    pub neighbours: neighbour::Config,
    /// Path MTU discovery.
    pub path_mtu: path_mtu::Config,
    /// How many ICMP errors are sent, RFC 4443 §2.4 (f). Default: ten a second, ten at once.
    pub errors: Rate,
    /// How much of IPv6 extension headers is looked at, RFC 8504 §5.3.
    pub extension_headers: Limits,
    /// Reassembly of received fragments.
    #[cfg(feature = "fragmentation")]
    pub reassembly: crate::reassembly::Config,
    /// Fragmentation of what is sent.
    #[cfg(feature = "fragmentation")]
    pub fragments: crate::fragment::Config,
}
