//! Nothing that comes in, and no order of calls, makes it panic, hang or lie.

mod common;

use common::{at, feed_octets, ip, segment, with_ip};
use tersus_ip::{
    ErrorKind, IcmpError, Instant, InterfaceSet, Random, SendError as IpError, Transport, Unreachable,
};
use tersus_udp::{ErrorEntry, Local, SendMeta, Sharing, Slot, Storage, Udp};
use tersus_wire::IpProtocol;

#[test]
fn mutated_datagrams_are_dropped_or_delivered() {
    let mut storage: Storage<4, 300, 300> = Storage::new();
    let mut udp = Udp::new(&mut storage, [1; 32]);
    let socket = udp.bind(&Local::port(53)).unwrap();
    udp.bind(&Local::from(at("192.0.2.1:53"))).unwrap();
    let mut random = Random::new([2; 32]);
    let (from, to) = (at("192.0.2.9:4000"), at("192.0.2.3:53"));
    let valid = segment(from, to, b"some octets of data");
    for len in 0..=valid.len() {
        feed_octets(&mut udp, from.ip(), to.ip(), &mut valid[..len].to_vec(), |_| ());
    }
    for _ in 0..20_000 {
        let mut octets = valid.clone();
        for _ in 0..random.below(4) {
            let index = usize::try_from(random.below(8)).unwrap();
            octets[index] = random.next_u32().to_be_bytes()[0];
        }
        octets.truncate(usize::try_from(random.below(30)).unwrap());
        feed_octets(&mut udp, from.ip(), to.ip(), &mut octets, |_| ());
        let _ = udp.recv_with(socket, |meta, data| assert_eq!((meta.len, &*data), (19, &valid[8..])));
    }
}

/// Random calls over tables of all small sizes. After each: what is not ready to be sent does not ask for a poll,
/// `transmit` ends, and no more leaves than was accepted.
#[test]
fn any_order_of_calls_is_survived() {
    let peers = ["192.0.2.9:1", "192.0.2.10:2", "[2001:db8::9]:3", "224.0.0.5:4"].map(at);
    let refused = vec![
        (peers[0].ip(), IpError::Resolving),
        (peers[1].ip(), IpError::Full),
        (peers[2].ip(), IpError::Unreachable(Unreachable::Neighbour)),
        (peers[3].ip(), IpError::TooBig(100)),
    ]
    .leak();
    for (seed, (sockets, room)) in
        [(0, 0), (0, 100), (1, 0), (1, 3), (1, 64), (2, 100), (3, 333)].into_iter().enumerate()
    {
        let mut random = Random::new([u8::try_from(seed).unwrap(); 32]);
        let mut slots = vec![Slot::EMPTY; sockets];
        let mut numbers = vec![7; sockets * 3];
        let mut errors = vec![ErrorEntry::EMPTY; sockets / 2];
        let (mut rx, mut tx) = (vec![9; sockets * room], vec![9; sockets * room]);
        let mut udp = Udp::from_slices(&mut slots, &mut numbers, &mut errors, &mut rx, &mut tx, [1; 32]);
        with_ip(|ip_layer, sent| {
            ip_layer.interface_count = 2;
            let mut handles = Vec::new();
            let mut accepted = 0;
            for _ in 0..6_000 {
                let pick = |random: &mut Random, len: usize| {
                    usize::try_from(random.below(u32::try_from(len).unwrap())).unwrap()
                };
                let peer = peers[pick(&mut random, 4)];
                let socket = handles.get(pick(&mut random, handles.len().max(1))).copied();
                let data = vec![1; pick(&mut random, 60)];
                match (random.below(12), socket) {
                    (0, _) => {
                        let port = u16::try_from(random.below(3)).unwrap();
                        handles.extend(udp.bind(&Local { sharing: Sharing::Shared, ..Local::port(port) }));
                    }
                    (1, Some(socket)) => {
                        let _ = udp.connect(ip_layer, socket, peer);
                    }
                    (2, Some(socket)) => {
                        let _ = udp.disconnect(socket);
                    }
                    (3, Some(socket)) if random.below(3) == 0 => {
                        let _ = udp.close(socket);
                    }
                    (3, Some(socket)) => {
                        let _ = udp.take_error(socket);
                    }
                    (4 | 5, Some(socket)) => {
                        accepted +=
                            usize::from(udp.send_meta(ip_layer, socket, &SendMeta::to(peer), &data).is_ok());
                    }
                    (6, Some(socket)) => {
                        accepted += usize::from(udp.send(ip_layer, socket, &data).is_ok());
                        let meta = SendMeta::to(peer);
                        let forwarded = udp.forward(ip_layer, socket, socket, &meta);
                        accepted += usize::from(matches!(forwarded, Ok(Some(_))));
                    }
                    (7, _) => {
                        let to = at("192.0.2.1:1");
                        let from = peers[pick(&mut random, 2)];
                        feed_octets(&mut udp, from.ip(), to.ip(), &mut segment(from, to, &data), |_| ());
                    }
                    (8, _) => {
                        let quoted = random.next_u64().to_be_bytes();
                        let quoted = if random.below(2) == 0 { [0, 1, 0, 1, 0, 8, 0, 0] } else { quoted };
                        let kind = ErrorKind::Other(3, 9);
                        let (local, remote) = (ip("192.0.2.1"), peer.ip());
                        let protocol = IpProtocol::UDP;
                        let error =
                            IcmpError { kind, reporter: local, local, remote, protocol, quoted: &quoted };
                        udp.error(Instant::from_micros(random.next_u64()), &error);
                    }
                    (9, _) => {
                        let to = pick(&mut random, 5);
                        ip_layer.refusals = &refused[..to];
                        ip_layer.generation = ip_layer.generation.wrapping_add(random.below(2));
                        ip_layer.room =
                            if random.below(3) == 0 { InterfaceSet::NONE } else { InterfaceSet::ALL };
                    }
                    (10, _) => {
                        udp.transmit(ip_layer, &mut pick(&mut random, 4));
                    }
                    _ => {
                        let mut turns = 0;
                        while udp.poll_at().is_some() {
                            udp.transmit(ip_layer, &mut 64);
                            turns += 1;
                            assert!(turns < 100, "polling when asked to must get somewhere");
                        }
                    }
                }
                assert!(sent.borrow().len() <= accepted);
            }
            // At last everything may leave, and does, or is told as undeliverable.
            ip_layer.refusals = &[];
            ip_layer.room = InterfaceSet::ALL;
            ip_layer.generation += 1;
            udp.transmit(ip_layer, &mut 10_000);
            assert_eq!(udp.poll_at(), None);
            for socket in handles {
                assert!(udp.is_send_queue_empty(socket).unwrap_or(true));
            }
            let dropped: u32 = udp
                .statistics()
                .counters()
                .iter()
                .filter(|(name, _)| ["unreachable", "too_big"].contains(name))
                .map(|(_, n)| n)
                .sum();
            assert_eq!(accepted, sent.borrow().len() + usize::try_from(dropped).unwrap(), "none vanishes");
        });
    }
}
