//! Hosts with more than one link, gateways, and a host's traffic with itself.

use crate::network::{HostPlan, Kind, Network, OwnTraffic, Plan, WirePlan};
use crate::seeds::for_seeds;
use crate::stream::{Conversation, Reading};
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use tersus_iface::icmp::{EchoMeta, Event};
use tersus_iface::ip::Unreachable;
use tersus_iface::phy::{Fraction, Impairment, Medium};
use tersus_iface::tcp::{ConnectError, ConnectOptions};
use tersus_iface::udp::Local;

const PATIENCE: Duration = Duration::from_secs(65);

/// Host 0 with a wire to each of the hosts 1 and 2.
fn star(media: [Medium; 2], server: &[(u8, &str)], one: &str, two: &str) -> Plan {
    let wires = vec![WirePlan::new(media[0], [0, 1]), WirePlan::new(media[1], [2, 0])];
    let hosts = vec![HostPlan::new(server), HostPlan::new(&[(0, one)]), HostPlan::new(&[(0, two)])];
    Plan::new(wires, hosts)
}

/// Runs both to their end at once.
fn finish_both(network: &mut Network<'_, '_>, mut one: Conversation, mut two: Conversation) {
    let done = |network: &Network<'_, '_>, c: &Conversation| c.outcomes(network).iter().all(Option::is_some);
    while !(done(network, &one) && done(network, &two)) {
        let end = one.progress.max(two.progress) + PATIENCE;
        let stepped = one.step(network, end);
        two.act(network);
        assert!(stepped, "{}: no progress for {PATIENCE:?}", network.now);
    }
    one.finish(network, PATIENCE);
    two.finish(network, PATIENCE);
}

#[test]
fn one_listener_serves_hosts_on_two_links() {
    let media =
        [[Medium::Ethernet, Medium::Ethernet], [Medium::Ethernet, Medium::Ip], [Medium::Ip, Medium::Ip]];
    let families = [
        (["10.0.1.1/24", "10.0.2.1/24"], ["10.0.1.2/24", "10.0.2.2/24"]),
        (["fd00:1::1/64", "fd00:2::1/64"], ["fd00:1::2/64", "fd00:2::2/64"]),
        (["10.0.1.1/24", "fd00:2::1/64"], ["10.0.1.2/24", "fd00:2::2/64"]),
    ];
    for media in media {
        for ([near, far], [one, two]) in families {
            for_seeds(0..8, |seed| {
                let part = Fraction::from_percent(1);
                let delay = Duration::from_millis(5);
                let plan = star(media, &[(0, near), (1, far)], one, two).impaired(Impairment {
                    loss: part,
                    reordering: part,
                    delay,
                    ..Impairment::NONE
                });
                plan.run(seed, |network| {
                    let address = |text: &str| -> IpAddr { text.split('/').next().unwrap().parse().unwrap() };
                    let sizes = [60_000, 50_000];
                    let first = Conversation::open(network, [1, 0], address(near), 80, sizes, Reading::Eager);
                    let to = SocketAddr::new(address(far), 80);
                    let listener = first.listener;
                    // Who is accepted first may be either: both send and expect octets of one stream.
                    let second = Conversation::open_like(network, [2, 0], listener, to, sizes, &first);
                    finish_both(network, first, second);
                });
            });
        }
    }
}

// conf: IP4-RTE-02
#[test]
fn a_destination_off_the_link_is_reached_by_the_default_gateway() {
    for (server, own, gateway, remote) in [
        (["10.0.1.1/24", "192.0.2.7/32"], "10.0.1.2/24", "10.0.1.1", "192.0.2.7"),
        (["fd00:1::1/64", "2001:db8::7/128"], "fd00:1::2/64", "fd00:1::1", "2001:db8::7"),
    ] {
        for_seeds(0..8, |seed| {
            let gateway: IpAddr = gateway.parse().unwrap();
            let remote: IpAddr = remote.parse().unwrap();
            let wires = vec![WirePlan::new(Medium::Ethernet, [0, 1])];
            let mut plan = Plan::new(
                wires,
                vec![HostPlan::new(&[(0, server[0]), (0, server[1])]), HostPlan::new(&[(0, own)])],
            );
            plan.run(seed, |network| {
                let host = &mut network.hosts[1];
                let refused = host.tcp.connect(
                    &host.stack.ip,
                    network.now,
                    SocketAddr::new(remote, 80),
                    ConnectOptions::default(),
                );
                assert_eq!(refused, Err(ConnectError::Unreachable(Unreachable::NoRoute)));
            });
            plan.hosts[1].gateways.push((0, gateway));
            plan.run(seed, |network| {
                let mut conversation =
                    Conversation::open(network, [1, 0], remote, 80, [50_000; 2], Reading::Eager);
                conversation.finish(network, PATIENCE);
                let asked: Vec<IpAddr> =
                    network.hosts[1].stack.ip.neighbours().map(|neighbour| neighbour.address).collect();
                assert!(asked.contains(&gateway) && !asked.contains(&remote), "{asked:?}");
            });
        });
    }
}

/// A host with a wire and its own addresses of both families.
fn alone(own_traffic: OwnTraffic) -> Plan {
    let mut plan = Plan::pair(Kind::EthernetV4);
    plan.hosts[0] = HostPlan { own_traffic, ..HostPlan::new(&[(0, "10.0.0.1/24"), (0, "fd00::1/64")]) };
    plan
}

#[test]
fn a_host_reaches_its_own_addresses_through_a_loopback_link() {
    for own in ["10.0.0.1", "fd00::1"] {
        let own: IpAddr = own.parse().unwrap();
        for_seeds(0..8, |seed| {
            alone(OwnTraffic::Loopback).run(seed, |network| {
                let before = network.wires[0].statistics(tersus_iface::phy::memory::Side::Left).sent;
                let mut conversation =
                    Conversation::open(network, [0, 0], own, 80, [50_000; 2], Reading::Eager);
                conversation.finish(network, PATIENCE);
                let host = &mut network.hosts[0];
                let socket = host.icmp.bind_echo(None).unwrap();
                host.icmp.send_echo(&host.stack.ip, socket, &EchoMeta::to(own, 7), b"self").unwrap();
                let server = host.udp.bind(&Local::port(9)).unwrap();
                let client = host.udp.bind(&Local::ANY).unwrap();
                host.udp.send_to(&host.stack.ip, client, SocketAddr::new(own, 9), b"self").unwrap();
                network.run_for(Duration::from_secs(1));
                let host = &mut network.hosts[0];
                let heard = host.icmp.recv(socket, &mut [0; 16]).unwrap().map(|received| received.event);
                assert_eq!(heard, Some(Event::Reply { sequence: 7 }));
                let datagram = host.udp.recv_with(server, |meta, data| (meta.remote.ip(), data.to_vec()));
                assert_eq!(datagram, Ok(Some((own, b"self".to_vec()))));
                let sent = network.wires[0].statistics(tersus_iface::phy::memory::Side::Left).sent;
                // Announcements of the addresses, and nothing of what the host said to itself.
                assert!(sent - before <= 4, "{} frames left by the wire", sent - before);
            });
        });
    }
}

#[test]
fn without_a_loopback_link_own_addresses_are_unreachable() {
    for own in ["10.0.0.1", "fd00::1"] {
        let to = SocketAddr::new(own.parse().unwrap(), 80);
        alone(OwnTraffic::Unreachable).run(1, |network| {
            let host = &mut network.hosts[0];
            let connected = host.tcp.connect(&host.stack.ip, network.now, to, ConnectOptions::default());
            assert!(matches!(connected, Err(ConnectError::Unreachable(_))), "{connected:?}");
            let socket = host.udp.bind(&Local::ANY).unwrap();
            let sent = host.udp.send_to(&host.stack.ip, socket, to, b"x");
            assert!(matches!(sent, Err(tersus_iface::udp::SendError::Unreachable(_))), "{sent:?}");
        });
    }
}
