//! UDP datagrams of all sizes, in one piece and in fragments.

use crate::network::{Kind, Network, Plan};
use crate::seeds::for_seeds;
use core::net::SocketAddr;
use core::time::Duration;
use tersus_iface::phy::{Fraction, Impairment};
use tersus_iface::udp::{Handle, Local};

const SIZES: [usize; 9] = [0, 1, 1000, 1400, 1472, 1473, 9000, 33_333, 60_000];

/// Octets that no other datagram has.
fn content(seed: u64, number: u8, len: usize) -> Vec<u8> {
    let salt = u32::try_from(seed).unwrap().wrapping_mul(977) ^ u32::from(number);
    let octets = (0..u32::try_from(len).unwrap()).map(|at| (at ^ salt).wrapping_mul(0x9e37_79b1) >> 13);
    octets.map(|value| value.to_le_bytes()[0]).collect()
}

/// Two sockets of host 0, and two of host 1 on the ports 1 and 2; one datagram each way, so that neighbours know each
/// other.
fn sockets(network: &mut Network<'_, '_>, kind: Kind) -> ([Handle; 2], [Handle; 2]) {
    let clients = [1001, 1002].map(|port| network.hosts[0].udp.bind(&Local::port(port)).unwrap());
    let servers = [1, 2].map(|port| network.hosts[1].udp.bind(&Local::port(port)).unwrap());
    for _ in 0..50 {
        send(network, 0, clients[0], SocketAddr::new(kind.address(1), 1), b"to");
        send(network, 1, servers[0], SocketAddr::new(kind.address(0), 1001), b"back");
        network.run_for(Duration::from_secs(1));
        let to = !received(network, 1, servers[0]).is_empty();
        if to & !received(network, 0, clients[0]).is_empty() {
            return (clients, servers);
        }
    }
    panic!("the hosts never met");
}

fn send(network: &mut Network<'_, '_>, host: usize, socket: Handle, to: SocketAddr, data: &[u8]) {
    let host = &mut network.hosts[host];
    host.udp.send_to(&host.stack.ip, socket, to, data).unwrap();
}

fn received(network: &mut Network<'_, '_>, host: usize, socket: Handle) -> Vec<Vec<u8>> {
    let udp = &mut network.hosts[host].udp;
    core::iter::from_fn(|| udp.recv_with(socket, |_, data| data.to_vec()).unwrap()).collect()
}

/// Sends two datagrams at once, of each size, in each direction; hands what arrived to `check`.
fn exchange(
    kind: Kind,
    impairment: Impairment,
    sizes: &[usize],
    seed: u64,
    check: impl Fn(&[Vec<u8>], &[u8]),
) {
    Plan::pair(kind).impaired(impairment).run(seed, |network| {
        let (clients, servers) = sockets(network, kind);
        for &size in sizes {
            let there = [content(seed, 1, size), content(seed, 2, size)];
            let back = [content(seed, 3, size), content(seed, 4, size)];
            for (index, port) in [(0, 1), (1, 2)] {
                send(network, 0, clients[index], SocketAddr::new(kind.address(1), port), &there[index]);
                let to = SocketAddr::new(kind.address(0), port + 1000);
                send(network, 1, servers[index], to, &back[index]);
            }
            network.run_for(Duration::from_secs(10));
            for index in 0..2 {
                check(&received(network, 1, servers[index]), &there[index]);
                check(&received(network, 0, clients[index]), &back[index]);
            }
            for host in &mut network.hosts {
                let errors = clients.map(|socket| host.udp.take_error(socket));
                assert!(errors.iter().all(|error| !matches!(error, Ok(Some(_)))), "{errors:?}");
            }
        }
    });
}

/// It came once.
fn once(came: &[Vec<u8>], sent: &[u8]) {
    assert_eq!(came.len(), 1, "copies of {} octets", sent.len());
    assert!(came[0] == sent, "{} octets were altered", sent.len());
}

/// It came once or not at all.
fn at_most_once(came: &[Vec<u8>], sent: &[u8]) {
    assert!(came.len() <= 1, "{} copies of {} octets", came.len(), sent.len());
    assert!(came.iter().all(|copy| copy == sent), "{} octets were altered", sent.len());
}

// conf: IP4-RAS-02
#[test]
fn datagrams_of_every_size_arrive_once() {
    for kind in Kind::FAST {
        for_seeds(0..3, |seed| exchange(kind, Impairment::NONE, &SIZES, seed, once));
    }
    for_seeds(0..3, |seed| {
        exchange(Kind::Ieee802154, Impairment::NONE, &[0, 1, 60, 100, 500, 1200, 1400, 9000], seed, once);
    });
}

// conf: IP4-RAS-01
#[test]
fn fragments_in_any_order_make_up_the_datagram() {
    for kind in Kind::FAST {
        for_seeds(0..8, |seed| {
            let impairment = Impairment {
                reordering: Fraction::from_percent(30),
                reordering_delay: Duration::from_millis(1),
                jitter: Duration::from_millis(2),
                delay: Duration::from_millis(5),
                ..Impairment::NONE
            };
            exchange(kind, impairment, &SIZES, seed, once);
        });
    }
}

// conf: IP4-RAS-12
#[test]
fn duplicated_fragments_do_no_harm() {
    for kind in Kind::FAST {
        for_seeds(0..8, |seed| {
            let impairment = Impairment {
                duplication: Fraction::from_percent(20),
                reordering: Fraction::from_percent(20),
                reordering_delay: Duration::from_millis(1),
                delay: Duration::from_millis(5),
                ..Impairment::NONE
            };
            // UDP does not look for copies: a frame that came twice is a datagram that came twice.
            exchange(kind, impairment, &SIZES, seed, |came, sent| {
                assert!(matches!(came.len(), 1 | 2), "{} copies of {} octets", came.len(), sent.len());
                assert!(came.iter().all(|copy| copy == sent), "{} octets were altered", sent.len());
            });
        });
    }
}

#[test]
fn lost_fragments_cost_their_datagram_and_no_other() {
    for kind in Kind::FAST {
        for_seeds(0..8, |seed| {
            let impairment = Impairment { loss: Fraction::from_percent(2), ..Impairment::NONE };
            exchange(kind, impairment, &SIZES, seed, at_most_once);
        });
    }
}

#[test]
fn corrupted_datagrams_are_dropped() {
    for kind in Kind::FAST {
        for_seeds(0..8, |seed| {
            let impairment = Impairment { corruption: Fraction::from_percent(5), ..Impairment::NONE };
            // Of one piece or two: two altered bits in one datagram can make up for each other in its checksum.
            exchange(kind, impairment, &[1, 1000, 1472, 1473, 2000], seed, at_most_once);
        });
    }
}

#[test]
fn fragments_of_6lowpan_in_any_order_make_up_the_packet() {
    for_seeds(0..16, |seed| {
        let impairment = Impairment {
            duplication: Fraction::from_percent(20),
            reordering: Fraction::from_percent(20),
            reordering_delay: Duration::from_millis(1),
            delay: Duration::from_millis(5),
            ..Impairment::NONE
        };
        exchange(Kind::Ieee802154, impairment, &[0, 1, 60, 100, 500, 1200], seed, |came, sent| {
            assert!(matches!(came.len(), 1 | 2), "{} copies of {} octets", came.len(), sent.len());
            assert!(came.iter().all(|copy| copy == sent), "{} octets were altered", sent.len());
        });
    });
}
