//! Address resolution of a whole stack: many at once, strangers, and those who do not answer.

use crate::network::{station, HostPlan, Kind, Network, Plan, WirePlan};
use crate::seeds::for_seeds;
use crate::stream::{Conversation, Reading};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;
use tersus_iface::icmp::{EchoMeta, Event};
use tersus_iface::ip::Routes;
use tersus_iface::phy::memory::Side;
use tersus_iface::phy::{Device, Impairment, Instant, Medium, TxMeta, TxToken};
use tersus_iface::udp::Local;
use tersus_iface::wire::{arp, ethernet, ip as wire_ip, ipv6, ndisc, EtherType, HardwareAddress, IpProtocol};

const DELAY: Duration = Duration::from_millis(10);

fn delayed() -> Impairment {
    Impairment { delay: DELAY, ..Impairment::NONE }
}

/// Puts a frame on the wire as if `side` had sent it; nothing if there is no room.
fn inject(
    network: &Network<'_, '_>,
    side: Side,
    payload: &[u8],
    to: [u8; 6],
    from: [u8; 6],
    kind: EtherType,
) {
    let (left, right) = network.wires[0].ends();
    let mut end = if side == Side::Left { left } else { right };
    let Some(token) = end.transmit(network.now) else { panic!("the wire is full") };
    let len = (ethernet::HEADER_LEN + payload.len()).max(ethernet::MIN_FRAME_LEN);
    token.consume(len, TxMeta::default(), |frame| {
        frame.fill(0);
        ethernet::Repr { destination: to, source: from, ether_type: kind }.emit(frame).unwrap();
        frame[ethernet::HEADER_LEN..][..payload.len()].copy_from_slice(payload);
    });
}

/// A stranger's question for the address of the host at the other end of `side`, as an ARP request or a Neighbor
/// Solicitation.
fn ask(network: &Network<'_, '_>, side: Side, number: u16) {
    let [high, low] = number.to_be_bytes();
    let hardware = [6, 0, 0, 0, high, low];
    let host = if side == Side::Left { 2 } else { 1 };
    if network.hosts[0].stack.ip.addresses().any(|(_, cidr)| cidr.address().is_ipv4()) {
        let question = arp::Repr {
            operation: arp::Operation::Request,
            sender_hardware: HardwareAddress::ethernet(hardware),
            sender_protocol: Ipv4Addr::new(10, 0, 0x80 | high, low),
            target_hardware: HardwareAddress::NONE,
            target_protocol: Ipv4Addr::new(10, 0, 0, host),
        };
        let mut packet = [0; arp::LEN];
        question.emit(&mut packet).unwrap();
        inject(network, side, &packet, ethernet::BROADCAST, hardware, EtherType::ARP);
    } else {
        let target = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, u16::from(host));
        let source = Ipv6Addr::new(0xfd00, 0, 0, 0, 1, 0, 0, number);
        let group = wire_ip::solicited_node(target);
        let solicitation =
            ndisc::SolicitationRepr { target, source_link_layer: HardwareAddress::ethernet(hardware) };
        let len = solicitation.buffer_len();
        let mut packet = vec![0; ipv6::HEADER_LEN + len];
        let header = ipv6::Repr::new(IpProtocol::ICMPV6, source, group, u16::try_from(len).unwrap());
        ipv6::Repr { hop_limit: ndisc::HOP_LIMIT, ..header }.emit(&mut packet).unwrap();
        solicitation.emit(source, group, &mut packet[ipv6::HEADER_LEN..]).unwrap();
        let to = wire_ip::ethernet_group(IpAddr::V6(group));
        inject(network, side, &packet, to, hardware, EtherType::IPV6);
    }
}

#[test]
fn ten_thousand_strangers_disturb_nothing() {
    const STRANGERS: u16 = 5000;
    for (addresses, to) in
        [(["10.0.0.1/16", "10.0.0.2/16"], "10.0.0.2"), (["fd00::1/64", "fd00::2/64"], "fd00::2")]
    {
        let hosts = addresses.map(|address| HostPlan::new(&[(0, address)])).to_vec();
        let wire = WirePlan { frames: 1024, ..WirePlan::new(Medium::Ethernet, [0, 1]) };
        let plan = Plan::new(vec![wire], hosts).impaired(delayed());
        let transfer = |strangers: u16, seed: u64| -> Instant {
            plan.run(seed, |network| {
                let to = to.parse().unwrap();
                let sizes = [400_000; 2];
                let mut conversation = Conversation::open(network, [0, 1], to, 80, sizes, Reading::Eager);
                while !network.hosts[0].tcp.is_established(conversation.client.id) {
                    conversation.step(network, Instant::from_secs(10));
                }
                let before = [0, 1].map(|host: usize| network.hosts[host].stack.ip.generation());
                let mut asked = 0;
                let mut at = network.now;
                while conversation.outcomes(network).iter().any(Option::is_none) {
                    // Where there is a frame of the transfer, a few others.
                    if network.now > at && asked < strangers {
                        at = network.now;
                        for _ in 0..100 {
                            ask(network, Side::Left, asked);
                            ask(network, Side::Right, asked);
                            asked += 1;
                        }
                    }
                    assert!(conversation.step(network, conversation.progress + Duration::from_secs(10)));
                }
                assert_eq!(asked, strangers, "the transfer was too short");
                let after = [0, 1].map(|host: usize| network.hosts[host].stack.ip.generation());
                assert_eq!(before, after);
                for host in &network.hosts {
                    assert_eq!(host.counter("retransmits"), 0);
                    assert!(host.counter("neighbour_answers") >= u32::from(strangers));
                }
                conversation.finish(network, Duration::from_secs(10));
                network.now
            })
        };
        for_seeds(0..2, |seed| {
            assert_eq!(transfer(0, seed), transfer(STRANGERS, seed), "the transfer took another time");
        });
    }
}

/// Host 1 with a hundred addresses.
fn hundred(kind: Kind) -> (Plan, Vec<IpAddr>) {
    let texts: Vec<String> = (100..200)
        .map(|n| if kind == Kind::EthernetV4 { format!("10.0.0.{n}/24") } else { format!("fd00::{n}/64") })
        .collect();
    let addresses: Vec<(u8, &str)> = texts.iter().map(|text| (0, text.as_str())).collect();
    let mut plan = Plan::pair(kind).impaired(delayed());
    plan.hosts[1] = HostPlan::new(&addresses);
    let peers = texts.iter().map(|text| text.split('/').next().unwrap().parse().unwrap()).collect();
    (plan, peers)
}

#[test]
fn a_hundred_peers_are_resolved_in_one_round_trip() {
    for kind in Kind::ETHERNET {
        let (plan, peers) = hundred(kind);
        for_seeds(0..6, |seed| {
            plan.run(seed, |network| {
                let server = network.hosts[1].udp.bind(&Local::port(9)).unwrap();
                // The announcements of the hundred addresses would tell all there is to know.
                network.run_for(Duration::from_secs(10));
                let host = &mut network.hosts[0];
                let client = host.udp.bind(&Local::ANY).unwrap();
                // Nobody is asked first: it must not delay the others.
                for to in [kind.nobody()].iter().chain(&peers) {
                    host.udp.send_to(&host.stack.ip, client, SocketAddr::new(*to, 9), b"hello").unwrap();
                }
                // There, back, and there again with the datagram.
                network.run_for(DELAY * 3);
                let udp = &mut network.hosts[1].udp;
                let mut heard: Vec<IpAddr> =
                    core::iter::from_fn(|| udp.recv_with(server, |meta, _| meta.local).unwrap()).collect();
                heard.sort();
                assert_eq!(heard, peers);
            });
        });
    }
}

#[test]
fn who_does_not_answer_delays_nobody_else() {
    for kind in Kind::ETHERNET {
        for_seeds(0..6, |seed| {
            Plan::pair(kind).impaired(delayed()).run(seed, |network| {
                let server = network.hosts[1].udp.bind(&Local::port(9)).unwrap();
                let host = &mut network.hosts[0];
                let client = host.udp.bind(&Local::ANY).unwrap();
                let ping = host.icmp.bind_echo(None).unwrap();
                let nobody = SocketAddr::new(kind.nobody(), 9);
                let someone = SocketAddr::new(kind.address(1), 9);
                host.udp.send_to(&host.stack.ip, client, nobody, b"nobody").unwrap();
                host.udp.send_to(&host.stack.ip, client, someone, b"someone").unwrap();
                let ip = &host.stack.ip;
                host.icmp.send_echo(ip, ping, &EchoMeta::to(nobody.ip(), 1), b"nobody").unwrap();
                host.icmp.send_echo(ip, ping, &EchoMeta::to(someone.ip(), 2), b"someone").unwrap();
                network.run_for(DELAY * 4);
                let heard = network.hosts[1].udp.recv_with(server, |_, data| data.to_vec());
                assert_eq!(heard, Ok(Some(b"someone".to_vec())));
                let heard = network.hosts[0].icmp.recv(ping, &mut [0; 16]).unwrap();
                assert_eq!(heard.map(|received| received.event), Some(Event::Reply { sequence: 2 }));
            });
        });
    }
}

#[test]
fn the_first_ping_to_a_cold_stack_is_answered() {
    for kind in Kind::ALL {
        for_seeds(0..8, |seed| {
            Plan::pair(kind).impaired(delayed()).run(seed, |network| {
                let host = &mut network.hosts[0];
                let ping = host.icmp.bind_echo(None).unwrap();
                let echo = EchoMeta::to(kind.address(1), 1);
                host.icmp.send_echo(&host.stack.ip, ping, &echo, b"first").unwrap();
                // Question and answer about the address, request and reply; the other side may ask in its turn.
                network.run_for(DELAY * 6);
                let heard = network.hosts[0].icmp.recv(ping, &mut [0; 16]).unwrap();
                assert_eq!(heard.map(|received| received.event), Some(Event::Reply { sequence: 1 }));
            });
        });
    }
}

#[test]
fn a_transfer_survives_a_lie_about_the_hardware_address_of_its_peer() {
    let kind = Kind::EthernetV4;
    for_seeds(0..8, |seed| {
        Plan::pair(kind).impaired(delayed()).run(seed, |network| {
            let mut conversation =
                Conversation::open(network, [0, 1], kind.address(1), 80, [1_000_000; 2], Reading::Eager);
            let end = network.now + Duration::from_secs(1);
            while network.now < end {
                conversation.step(network, end);
            }
            assert!(conversation.client.sent < 1_000_000, "the lie would come too late");
            // From here on everything for host 1 goes to nobody, until host 0 asks again.
            let nowhere = [2, 0, 0, 0, 0xee, 0xee];
            let lie = arp::Repr {
                operation: arp::Operation::Reply,
                sender_hardware: HardwareAddress::ethernet(nowhere),
                sender_protocol: Ipv4Addr::new(10, 0, 0, 2),
                target_hardware: HardwareAddress::ethernet(station(0, 0)),
                target_protocol: Ipv4Addr::new(10, 0, 0, 1),
            };
            let mut packet = [0; arp::LEN];
            lie.emit(&mut packet).unwrap();
            inject(network, Side::Right, &packet, station(0, 0), nowhere, EtherType::ARP);
            conversation.finish(network, Duration::from_secs(65));
        });
    });
}
