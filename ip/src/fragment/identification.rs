//! Identifications of fragmented datagrams: RFC 6864 §4.3 for IPv4, RFC 8200 §4.5 and RFC 7739 for IPv6.

use super::Config;
use crate::{Instant, Path, Random};
use core::net::IpAddr;
use tersus_wire::IpProtocol;

/// How many counters identifications are drawn from.
const COUNTERS: usize = 16;
/// Parts of a lifetime in which each counter's use is limited. A span of one lifetime touches at most one part more;
/// all their uses together are the 65,536 identifications.
const PARTS: u32 = 7;
const USES_PER_PART: u32 = 65_536 / (PARTS + 1);

/// Identifications: a keyed hash of the flow plus a counter that a second part of the hash picks, RFC 7739 §5.3. To an
/// outsider the numbers of a flow are as good as random; to the flow they do not repeat before the counter wraps.
#[derive(Debug, Default)]
pub(super) struct Identifications {
    counters: [Counter; COUNTERS],
}

#[derive(Debug, Clone, Copy, Default)]
struct Counter {
    next: u32,
    /// Uses by IPv4 since `started`.
    uses: u32,
    started: Instant,
}

impl Identifications {
    /// `None` if the flow's IPv4 identifications are used up for now.
    pub(super) fn next(
        &mut self,
        now: Instant,
        random: &Random,
        path: &Path,
        protocol: IpProtocol,
        config: &Config,
    ) -> Option<u32> {
        let hash = flow_hash(random, path, protocol);
        let [a, b, c, d, .., pick] = hash.to_le_bytes();
        let counter = self.counters.get_mut(usize::from(pick) % COUNTERS)?;
        if !path.is_ipv6() && !config.lifetime.is_zero() {
            let is_over = now < counter.started || now.since(counter.started) >= config.lifetime / PARTS;
            if is_over {
                (counter.started, counter.uses) = (now, 0);
            }
            if counter.uses >= USES_PER_PART {
                return None;
            }
            counter.uses += 1;
        }
        counter.next = counter.next.wrapping_add(1);
        Some(u32::from_le_bytes([a, b, c, d]).wrapping_add(counter.next))
    }
}

/// The flow is what receivers tell datagrams apart by: of IPv6 the protocol is no part of it.
fn flow_hash(random: &Random, path: &Path, protocol: IpProtocol) -> u64 {
    const LABEL: u8 = b'f';
    let mut octets = [0; 34];
    let mut put = |source: &[u8], destination: &[u8], protocol: u8| {
        let flow = [LABEL, protocol].into_iter().chain(source.iter().chain(destination).copied());
        for (to, from) in octets.iter_mut().zip(flow) {
            *to = from;
        }
    };
    match (path.source(), path.destination()) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            put(&source.octets(), &destination.octets(), protocol.0);
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => put(&source.octets(), &destination.octets(), 0),
        _ => {}
    }
    random.hash(&octets)
}
