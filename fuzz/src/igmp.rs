//! Target `igmp`: groups that come and go, queries, reports of others, time.

use crate::check;
use crate::steps;
use crate::transport::{check_sent, feed, refuse, Address, Arrival, Refusal};
use arbitrary::{Arbitrary, Unstructured};
use core::net::{IpAddr, Ipv6Addr};
use core::time::Duration;
use tersus_igmp::{Config, Delays, Igmp, Storage};
use tersus_ip::fake::FakeIp;
use tersus_ip::{Instant, Membership, Outgoing, Path, Progress, Transport};
use tersus_wire::{icmpv6, igmp as wire, IpProtocol};

#[derive(Arbitrary, Debug)]
enum Step {
    Groups {
        groups: Vec<(Address, u8)>,
    },
    /// A message of IGMP (or MLD: between addresses of IPv6) with a right checksum.
    Message {
        from: Address,
        to: Address,
        octets: Vec<u8>,
        is_right: bool,
    },
    /// A query; its group, the time to answer within, and as many octets more.
    Query {
        v6: bool,
        group: Address,
        code: u8,
        more: u8,
    },
    Turn {
        budget: u8,
    },
    World(Refusal),
    Wait {
        millis: u16,
    },
    WaitForIt,
    Back {
        millis: u16,
    },
}

/// Target `igmp`.
///
/// # Panics
/// If a property is broken.
pub fn igmp(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    let mut storage = Storage::<1, 4>::new();
    let mut config = Config::DEFAULT;
    if kind & 1 == 1 {
        config.delays = Delays::Random;
        config.robustness = kind >> 1;
    }
    let mut igmp = Igmp::new(&mut storage, config, [7; 32]);
    // Reports are never more than the input and the robustness ask for: they are seen by their form alone.
    let mut check = |path: &Path, outgoing: Outgoing, segment: &[u8]| {
        assert!(path.destination().is_multicast());
        check_sent(path, outgoing.protocol, segment);
    };
    let mut now = Instant::from_secs(1);
    let mut groups: Vec<Membership> = Vec::new();
    let mut refusal = Refusal::None;
    let (mut generation, mut group_generation) = (1, 1);
    let mut input = Unstructured::new(data);
    for _ in 0..150 {
        let Some(step) = steps::next::<Step>(&mut input) else { break };
        steps::trace(now, &step);
        let mut budget = None;
        match &step {
            Step::Groups { groups: wanted } => {
                let wanted = wanted.iter().take(6).filter(|(group, _)| group.get().is_multicast());
                groups =
                    wanted.map(|(group, users)| Membership::new(group.get(), (*users % 3).into())).collect();
                group_generation += 1;
            }
            Step::Message { from, to, octets, is_right } => {
                message(&mut igmp, now, (from.get(), to.get()), octets.clone(), *is_right);
            }
            Step::Query { v6, group, code, more } => query(&mut igmp, now, *v6, group.get(), *code, *more),
            Step::Turn { budget: turn } => budget = Some(usize::from(*turn)),
            Step::World(world) => {
                refusal = *world;
                generation += 1;
            }
            Step::Wait { millis } => now += Duration::from_millis((*millis).into()),
            Step::WaitForIt => {
                now = now.max(igmp.poll_at().unwrap_or(now));
                budget = Some(8);
            }
            Step::Back { millis } => {
                now = Instant::from_micros(now.micros().saturating_sub(u64::from(*millis) * 1_000));
            }
        }
        if let Some(budget) = budget {
            let mut buffer = [0xee; 1_600];
            let mut ip = FakeIp::new(&mut buffer, &mut check);
            refuse(&mut ip, &refusal);
            (ip.now, ip.generation, ip.group_generation) = (now, generation, group_generation);
            ip.groups = &groups;
            turn(&mut igmp, &mut ip, budget);
        }
    }
    // Nobody asks any more, and no group is left: soon nothing is said.
    generation += 1;
    for _ in 0..200 {
        let mut buffer = [0xee; 1_600];
        let mut ip = FakeIp::new(&mut buffer, &mut check);
        (ip.now, ip.generation, ip.group_generation) = (now, generation, group_generation + 1);
        turn(&mut igmp, &mut ip, 64);
        let Some(at) = igmp.poll_at() else { return };
        now = now.max(at);
    }
    panic!("it never comes to rest: {:?} at {now}", igmp.poll_at());
}

fn turn(igmp: &mut Igmp<'_>, ip: &mut FakeIp<'_>, budget: usize) {
    let mut left = budget;
    for _ in 0..50 {
        let progress = igmp.transmit(ip, &mut left);
        assert!(left <= budget);
        if left == 0 || (progress != Progress::More && igmp.poll_at().map_or(true, |at| at > ip.now)) {
            return;
        }
    }
    panic!("poll_at says {:?} for ever at {}", igmp.poll_at(), ip.now);
}

fn message(
    igmp: &mut Igmp<'_>,
    now: Instant,
    (from, to): (IpAddr, IpAddr),
    mut octets: Vec<u8>,
    is_right: bool,
) {
    let protocol = match (from, to) {
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            if is_right {
                icmpv6::fill_checksum(from, to, &mut octets);
            }
            IpProtocol::ICMPV6
        }
        _ => {
            if is_right {
                wire::fill_checksum(&mut octets);
            }
            IpProtocol::IGMP
        }
    };
    feed(igmp, Arrival { now, interface: 0, from, to, protocol }, octets);
}

fn query(igmp: &mut Igmp<'_>, now: Instant, v6: bool, group: IpAddr, code: u8, more: u8) {
    let more = usize::from(more % 8) * 4;
    if v6 {
        let group = match group {
            IpAddr::V6(group) => group,
            IpAddr::V4(_) => Ipv6Addr::UNSPECIFIED,
        };
        let mut octets = vec![130, 0, 0, 0, code, 0, 0, 0];
        octets.extend(group.octets());
        octets.resize(24 + more, 0);
        let to = Address::Nodes6.get();
        message(igmp, now, (Address::Other6.get(), to), octets, true);
    } else {
        let mut octets = vec![0x11, code, 0, 0];
        match group {
            IpAddr::V4(group) => octets.extend(group.octets()),
            IpAddr::V6(_) => octets.extend([0; 4]),
        }
        octets.resize(8 + more, 0);
        wire::fill_checksum(&mut octets);
        assert_eq!(check::ones_complement_sum(&[&octets]), 0xffff);
        message(igmp, now, (Address::Peer4.get(), wire::ALL_SYSTEMS.into()), octets, true);
    }
}
