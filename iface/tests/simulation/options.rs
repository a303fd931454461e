//! IPv4 options below TCP: a whole stack takes segments behind options that TCP knows nothing of.

use core::net::Ipv4Addr;
use tersus_iface::ip::{Config, InterfaceId, Ip};
use tersus_iface::phy::{memory, Device, Instant, Medium, RawIp, RxToken, TxMeta, TxToken};
use tersus_iface::tcp::congestion::Reno;
use tersus_iface::tcp::{self, Tcp};
use tersus_iface::wire::checksum::Sum;
use tersus_iface::wire::tcp::{emit, Checksum, Fields, Flags, Packet};
use tersus_iface::Stack;

const US: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const PEER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
const HEADER_LEN: usize = 20;

/// A segment of the peer's in a packet with these options.
fn packet(options: &[u8], fields: &Fields, data: &[u8]) -> Vec<u8> {
    let header_len = HEADER_LEN + options.len();
    let len = header_len + 20 + data.len();
    let mut octets = vec![0; len];
    let addresses = [PEER.octets(), US.octets()].concat();
    octets[0] = 0x40 | u8::try_from(header_len / 4).unwrap();
    octets[2..4].copy_from_slice(&u16::try_from(len).unwrap().to_be_bytes());
    octets[8..10].copy_from_slice(&[64, 6]);
    octets[12..20].copy_from_slice(&addresses);
    octets[20..header_len].copy_from_slice(options);
    let checksum = Sum::new().add_bytes(&octets[..header_len]).checksum();
    octets[10..12].copy_from_slice(&checksum.to_be_bytes());
    let sum = Sum::new().add_bytes(&addresses);
    emit(&mut octets[header_len..], fields, &[], [data, &[]], Checksum::Full(sum)).unwrap();
    octets
}

// conf: TCP-API-04
#[test]
fn ip_options_that_tcp_does_not_know_are_ignored() {
    // Record Route with room for one, and for none; Internet Timestamp; Router Alert; one that nobody knows.
    for options in [
        &[7, 7, 4, 0, 0, 0, 0, 0][..],
        &[7, 3, 4, 0],
        &[68, 8, 5, 0, 0, 0, 0, 0],
        &[148, 4, 0, 0],
        &[0x9e, 6, 1, 2, 3, 4, 1, 1],
    ] {
        let mut frames = memory::Storage::<8, 1514>::new();
        let wire = memory::Wire::new(&mut frames, Medium::Ip, [1; 32]);
        let (left, mut peer) = wire.ends();
        let mut link = RawIp::new(left);
        let mut storage = tersus_iface::ip::Storage::<1, 1, 0, 2>::new();
        let mut stack = Stack::new(Ip::new(&mut storage, [2; 32], Config::default()));
        stack.ip.add_address(InterfaceId(0), "192.0.2.1/24".parse().unwrap()).unwrap();
        let mut connections = tcp::Storage::<1, 1000, 1000>::new();
        let mut tcp = Tcp::new(&mut connections, tcp::Config::new(), &Reno::DEFAULT, [3; 32]);
        let listener = tcp.listen(80, 1).unwrap();

        let mut now = Instant::ZERO;
        let mut exchange = |tcp: &mut Tcp<'_>, fields: Fields, data: &[u8]| {
            let octets = packet(options, &fields, data);
            let token = peer.transmit(now).expect("room on the wire");
            token.consume(octets.len(), TxMeta::default(), |frame| frame.copy_from_slice(&octets));
            let mut answer = None;
            // A delayed ACK leaves within a second as well.
            for _ in 0..11 {
                stack.poll(now, &mut [&mut link], &mut [tcp]);
                while let Some((token, _)) = peer.receive(now) {
                    token.consume(|frame| {
                        answer = Some(Packet::parse(&frame[HEADER_LEN..]).unwrap().header().fields())
                    });
                }
                now += core::time::Duration::from_millis(100);
            }
            answer
        };
        let from_peer = Fields {
            src_port: 4000,
            dst_port: 80,
            seq: 300,
            flags: Flags::SYN,
            window: 4096,
            ..Fields::default()
        };
        let syn_ack = exchange(&mut tcp, from_peer, b"").expect("a SYN-ACK");
        assert_eq!((syn_ack.flags, syn_ack.ack), (Flags::SYN | Flags::ACK, 301), "{options:?}");
        let from_peer = Fields { seq: 301, ack: syn_ack.seq.wrapping_add(1), flags: Flags::ACK, ..from_peer };
        assert!(exchange(&mut tcp, from_peer, b"").is_none());
        let id = tcp.accept(listener).expect("a connection");
        let ack = exchange(&mut tcp, from_peer, b"hello").expect("an ACK");
        assert_eq!(ack.ack, 306, "{options:?}");
        let mut buffer = [0; 10];
        assert_eq!(tcp.recv(id, &mut buffer), Ok(5));
        assert_eq!(&buffer[..5], b"hello");
    }
}
