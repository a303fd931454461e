//! What a target does with an engine of either kind: hand it a segment, give it turns, wait until nothing is left.

use super::peer::Peers;
use crate::transport::{feed_marked, Arrival};
use core::net::IpAddr;
use tersus_ip::fake::FakeIp;
use tersus_ip::{Instant, Progress, Transport};
use tersus_wire::IpProtocol;

/// Where a segment came from, where it went, and its Traffic Class.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub(super) from: IpAddr,
    pub(super) to: IpAddr,
    pub(super) traffic_class: u8,
}

/// A segment arrives, and the peers see what is answered in place. Returns how many arrived: none where the families
/// differ.
pub(super) fn arrive(tcp: &mut dyn Transport, peers: &Peers, now: Instant, way: Way, octets: Vec<u8>) -> u32 {
    let Way { from, to, traffic_class } = way;
    if from.is_ipv4() != to.is_ipv4() {
        return 0;
    }
    let arrival = Arrival { now, interface: 0, from, to, protocol: IpProtocol::TCP };
    if let Some(reply) = feed_marked(tcp, arrival, traffic_class, octets) {
        peers.note(to, from, &reply);
    }
    1
}

/// Turns at one moment, until there is rest or the budget is used up. At rest one turn more does nothing.
pub(super) fn turn(tcp: &mut dyn Transport, peers: &Peers, ip: &mut FakeIp<'_>, budget: usize) {
    let mut left = budget;
    for count in 0.. {
        let progress = tcp.transmit(ip, &mut left);
        assert!(left <= budget);
        let is_rest = tcp.poll_at().map_or(true, |at| at > ip.now);
        match progress {
            Progress::More => {
                if left == 0 {
                    return;
                }
            }
            Progress::Idle | Progress::Blocked(_) if is_rest => break,
            Progress::Idle | Progress::Blocked(_) => {}
        }
        let at = tcp.poll_at();
        assert!(count < 50, "{progress:?} with budget {left}, and poll_at says {at:?} at {}", ip.now);
    }
    let (at, seen) = (tcp.poll_at(), peers.seen.get());
    tcp.transmit(ip, &mut 16);
    assert_eq!((tcp.poll_at(), peers.seen.get()), (at, seen), "there was something to do");
}

/// Everything was given back: within bounded time no timer runs.
pub(super) fn run_dry(tcp: &mut dyn Transport, peers: &Peers, ip: &mut FakeIp<'_>) {
    for _ in 0..2_000 {
        turn(tcp, peers, ip, 16);
        let Some(at) = tcp.poll_at() else { break };
        ip.now = ip.now.max(at);
    }
    assert_eq!(tcp.poll_at(), None, "timers run for ever at {}", ip.now);
}
