//! What a sender learns when nobody is there.

use crate::network::{Kind, Plan};
use crate::seeds::for_seeds;
use core::net::SocketAddr;
use core::time::Duration;
use tersus_iface::icmp::{EchoMeta, Event, Unsent};
use tersus_iface::ip::{ErrorKind, Unreachable};
use tersus_iface::tcp::{ConnectOptions, Outcome};
use tersus_iface::udp::{Cause, Local};

// conf: UDP-API-01, UDP-API-03, ICM-V6-07
#[test]
fn an_unused_udp_port_is_told_to_the_sender() {
    for kind in Kind::ALL {
        for_seeds(0..6, |seed| {
            Plan::pair(kind).run(seed, |network| {
                let host = &mut network.hosts[0];
                let socket = host.udp.bind(&Local::ANY).unwrap();
                let to = SocketAddr::new(kind.address(1), 9);
                host.udp.send_to(&host.stack.ip, socket, to, b"anybody?").unwrap();
                network.run_for(Duration::from_secs(1));
                let error = network.hosts[0].udp.take_error(socket).unwrap().expect("an error");
                assert_eq!(error.cause, Cause::Icmp(ErrorKind::PortUnreachable));
                assert_eq!((error.remote, error.reporter), (to, Some(to.ip())));
            });
        });
    }
}

// conf: TCP-RST-01
#[test]
fn an_unused_tcp_port_refuses() {
    for kind in Kind::ALL {
        for_seeds(0..6, |seed| {
            Plan::pair(kind).run(seed, |network| {
                let host = &mut network.hosts[0];
                let to = SocketAddr::new(kind.address(1), 9);
                let options = ConnectOptions::default();
                let id = host.tcp.connect(&host.stack.ip, network.now, to, options).unwrap();
                network.run_for(Duration::from_secs(1));
                assert_eq!(network.hosts[0].tcp.outcome(id), Ok(Some(Outcome::Refused)));
            });
        });
    }
}

#[test]
fn a_neighbour_that_does_not_answer_is_told_to_udp_and_ping() {
    for kind in Kind::ETHERNET {
        for_seeds(0..6, |seed| {
            Plan::pair(kind).run(seed, |network| {
                let host = &mut network.hosts[0];
                let to = SocketAddr::new(kind.nobody(), 9);
                let socket = host.udp.bind(&Local::ANY).unwrap();
                host.udp.send_to(&host.stack.ip, socket, to, b"anybody?").unwrap();
                let ping = host.icmp.bind_echo(None).unwrap();
                host.icmp.send_echo(&host.stack.ip, ping, &EchoMeta::to(to.ip(), 3), b"").unwrap();
                // Three solicitations, a second apart.
                network.run_for(Duration::from_secs(4));
                let host = &mut network.hosts[0];
                let error = host.udp.take_error(socket).unwrap().expect("an error");
                assert_eq!(error.cause, Cause::Unreachable(Unreachable::Neighbour));
                assert_eq!((error.remote, error.reporter), (to, None));
                let heard = host.icmp.recv(ping, &mut [0; 16]).unwrap().map(|received| received.event);
                let cause = Unsent::Unreachable(Unreachable::Neighbour);
                assert_eq!(heard, Some(Event::Unsent { sequence: 3, cause }));
            });
        });
    }
}

#[test]
fn a_neighbour_that_does_not_answer_ends_the_attempt_to_connect() {
    for kind in Kind::ETHERNET {
        for_seeds(0..6, |seed| {
            Plan::pair(kind).run(seed, |network| {
                let host = &mut network.hosts[0];
                let to = SocketAddr::new(kind.nobody(), 9);
                let options = ConnectOptions::default();
                let id = host.tcp.connect(&host.stack.ip, network.now, to, options).unwrap();
                network.run_for(Duration::from_secs(4));
                let outcome = network.hosts[0].tcp.outcome(id).unwrap();
                assert!(matches!(outcome, Some(Outcome::Unreachable(_))), "{outcome:?}");
            });
        });
    }
}
