//! What the tests share: a virtual clock, an IP layer that keeps what was said, and messages to feed.

use core::cell::RefCell;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tersus_ip::fake::FakeIp;
use tersus_ip::{
    Addresses, Cast, InFlags, Instant, IpMeta, Membership, OutFlags, Outgoing, Transport, Verdict,
};
use tersus_wire::{igmp, mld, IpProtocol};

/// Something that was said: when, in microseconds; where to; what.
pub(crate) type Said = (u64, String, String);

pub(crate) type Heard = RefCell<Vec<Said>>;

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// Runs `test` with a fake IP layer whose own addresses are 192.0.2.1 and fe80::1. Whatever leaves must have TTL 1,
/// Router Alert, a right checksum and the right source.
pub(crate) fn with_ip(test: impl FnOnce(&mut FakeIp<'_>, &Heard)) {
    let said = RefCell::new(Vec::new());
    let mut buffer = vec![0xee; 2000];
    let mut keep = |path: &tersus_ip::Path, outgoing: Outgoing, segment: &[u8]| {
        assert_eq!((outgoing.hop_limit, outgoing.flags), (1, OutFlags::ROUTER_ALERT));
        let text = match (path.source(), path.destination()) {
            (IpAddr::V4(source), IpAddr::V4(_)) => {
                assert_eq!((outgoing.protocol, outgoing.traffic_class), (IpProtocol::IGMP, 0xc0));
                assert_eq!(source, Ipv4Addr::new(192, 0, 2, 1));
                let packet = igmp::Packet::parse(segment).expect("a message");
                assert!(packet.is_checksum_valid());
                packet.to_string()
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                assert_eq!(outgoing.protocol, IpProtocol::ICMPV6);
                assert!(source.is_unspecified() || source.segments()[0] == 0xfe80, "{source}");
                let packet = mld::Packet::parse(segment).expect("a message");
                assert!(packet.is_checksum_valid(source, destination));
                packet.to_string()
            }
            _ => panic!("one family"),
        };
        said.borrow_mut().push((0, path.destination().to_string(), text));
    };
    let mut ip = FakeIp::new(&mut buffer, &mut keep);
    ip.ipv6 = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
    test(&mut ip, &said);
}

/// What is joined from now on.
pub(crate) fn join(fake: &mut FakeIp<'_>, groups: &[&str]) {
    fake.groups = groups.iter().map(|group| Membership::new(ip(group), 1)).collect::<Vec<_>>().leak();
    fake.group_generation += 1;
}

fn turn(igmp: &mut dyn Transport, fake: &mut FakeIp<'_>, said: &Heard, at: Instant) -> usize {
    fake.now = at;
    let before = said.borrow().len();
    igmp.transmit(fake, &mut 1000);
    for entry in said.borrow_mut().iter_mut().skip(before) {
        entry.0 = at.micros();
    }
    let after = said.borrow().len();
    after - before
}

/// Polls now, and then whenever asked to, until `end` milliseconds. Polling before does nothing, polling then does
/// something.
pub(crate) fn run_until(igmp: &mut dyn Transport, fake: &mut FakeIp<'_>, said: &Heard, end: u64) {
    let end = Instant::from_millis(end);
    let now = fake.now;
    turn(igmp, fake, said, now);
    while let Some(at) = igmp.poll_at().filter(|&at| at <= end) {
        assert!(at > fake.now, "it asks for a moment that is not past");
        let before = Instant::from_micros(at.micros() - 1);
        assert_eq!(turn(igmp, fake, said, before), 0, "nothing leaves before it is due");
        assert_ne!(turn(igmp, fake, said, at), 0, "something leaves when it is due");
    }
    turn(igmp, fake, said, end);
}

/// Takes what was said: milliseconds, where to, what.
pub(crate) fn take(said: &Heard) -> Vec<(u64, String, String)> {
    said.borrow_mut().drain(..).map(|(at, to, text)| (at / 1000, to, text)).collect()
}

/// The same as owned texts, to compare.
pub(crate) fn lines(lines: &[(u64, &str, &str)]) -> Vec<(u64, String, String)> {
    lines.iter().map(|(at, to, text)| (*at, (*to).to_string(), (*text).to_string())).collect()
}

/// Feeds octets as a packet that came at the fake layer's moment, as a router of the link would send it.
pub(crate) fn feed_octets(
    igmp: &mut dyn Transport,
    now: Instant,
    from: &str,
    to: &str,
    octets: &mut [u8],
    adjust: impl FnOnce(&mut IpMeta<'_>),
) -> Verdict {
    let (mut v4, mut v6) = ([0; 8], [0; 32]);
    let (protocol, addresses) = match (ip(from), ip(to)) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            v4[..4].copy_from_slice(&from.octets());
            v4[4..].copy_from_slice(&to.octets());
            (IpProtocol::IGMP, Addresses::V4(&v4))
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            v6[..16].copy_from_slice(&from.octets());
            v6[16..].copy_from_slice(&to.octets());
            (IpProtocol::ICMPV6, Addresses::V6(&v6))
        }
        _ => panic!("one family"),
    };
    let mut meta = IpMeta::new(now, protocol, addresses);
    meta.hop_limit = 1;
    meta.cast = Cast::Multicast;
    meta.flags = InFlags::ROUTER_ALERT;
    adjust(&mut meta);
    igmp.receive(&meta, octets)
}
