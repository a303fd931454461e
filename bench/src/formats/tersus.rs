//! `tersus-wire`.

use super::samples::{self as sample, TCP4, UDP6};
use super::{repeat, Codec, Format};
use crate::meter::Meter;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::hint::black_box;
use tersus_iface::wire::checksum::Sum;
use tersus_iface::wire::ip::pseudo_addresses;
use tersus_iface::wire::sixlowpan::{compress, decompress, Contexts, Error as LowpanError, LinkAddresses};
use tersus_iface::wire::{ethernet, ipv4, ipv6, tcp, udp, Error, EtherType, HardwareAddress, IpProtocol};

/// tersus.
pub struct Tersus;

impl Codec for Tersus {
    fn run(format: Format, meter: &mut Meter) -> Option<u64> {
        let mut buffer = [0; 128];
        Some(match format {
            Format::EmitTcp4 => {
                let count = repeat(meter, || emit_tcp4(black_box(&mut buffer)).expect("room"));
                assert_eq!(buffer[..TCP4.len()], TCP4);
                count
            }
            Format::ParseTcp4 => repeat(meter, || {
                let repr = parse_tcp4(black_box(&TCP4)).expect("a valid packet");
                assert_eq!(black_box(repr).fields.seq, sample::SEQ);
            }),
            Format::EmitUdp6 => {
                let count = repeat(meter, || emit_udp6(black_box(&mut buffer)).expect("room"));
                assert_eq!(buffer[..UDP6.len()], UDP6);
                count
            }
            Format::ParseUdp6 => repeat(meter, || {
                let repr = parse_udp6(black_box(&UDP6)).expect("a valid packet");
                assert_eq!(black_box(repr).src_port, sample::SOURCE_PORT);
            }),
            Format::ParseIphc => {
                let packet = sample::iphc();
                let count = repeat(meter, || {
                    let port = parse_iphc(black_box(&packet), &mut buffer).expect("a valid packet");
                    assert_eq!(black_box(port), sample::LOWPAN_PORTS[0]);
                });
                let whole = sample::ipv6();
                assert_eq!(buffer[..whole.len()], whole);
                count
            }
            Format::EmitIphc => {
                let packet = sample::iphc();
                let count = repeat(meter, || emit_iphc(black_box(&mut buffer)).expect("room"));
                assert_eq!(buffer[..packet.len()], packet);
                count
            }
            // No DNS yet.
            Format::ParseDns => return None,
            Format::Checksum => {
                let octets = vec![0x5a; 1500];
                repeat(meter, || {
                    black_box(Sum::new().add_bytes(black_box(&octets)).checksum());
                })
            }
        })
    }
}

fn v4() -> (Ipv4Addr, Ipv4Addr) {
    let ends = sample::v4();
    (Ipv4Addr::from(ends.source), Ipv4Addr::from(ends.destination))
}

fn v6() -> (Ipv6Addr, Ipv6Addr) {
    let ends = sample::v6();
    (Ipv6Addr::from(ends.source), Ipv6Addr::from(ends.destination))
}

fn ethernet(ether_type: EtherType) -> ethernet::Repr {
    let ends = sample::macs();
    ethernet::Repr { destination: ends.destination, source: ends.source, ether_type }
}

fn split(buffer: &mut [u8], len: usize) -> Result<(&mut [u8], &mut [u8]), Error> {
    let have = buffer.len();
    buffer.split_at_mut_checked(len).ok_or_else(|| Error::no_room(len, have))
}

fn rest(buffer: &mut [u8], from: usize) -> &mut [u8] {
    buffer.get_mut(from..).unwrap_or_default()
}

#[inline(never)]
fn emit_tcp4(buffer: &mut [u8]) -> Result<(), Error> {
    let (source, destination) = v4();
    let (header, packet) = split(buffer, ethernet::HEADER_LEN)?;
    ethernet(EtherType::IPV4).emit(header)?;
    let (header, segment) = split(packet, ipv4::HEADER_LEN)?;
    ipv4::Repr::new(IpProtocol::TCP, source, destination, 20).emit(header)?;
    let (ports, (seq, ack, window)) = (sample::ports(), sample::tcp());
    let fields = tcp::Fields {
        src_port: ports.source,
        dst_port: ports.destination,
        seq,
        ack,
        flags: tcp::Flags::ACK,
        window,
        urgent: 0,
    };
    let addresses = pseudo_addresses(IpAddr::V4(source), IpAddr::V4(destination));
    fields.emit(segment, tcp::Checksum::Full(addresses))
}

#[inline(never)]
fn parse_tcp4(frame: &[u8]) -> Result<tcp::Repr, Error> {
    let frame = ethernet::Packet::parse(frame)?;
    let link = ethernet::Repr::parse(&frame)?;
    assert_eq!(link.ether_type, EtherType::IPV4);
    let packet = ipv4::Packet::parse(frame.payload())?;
    let ip = ipv4::Repr::parse(&packet);
    let segment = tcp::Packet::parse(packet.payload())?;
    let addresses = pseudo_addresses(IpAddr::V4(ip.source), IpAddr::V4(ip.destination));
    if !segment.verify_checksum(addresses) {
        return Err(Error::Checksum);
    }
    tcp::Repr::parse(&segment)
}

#[inline(never)]
fn emit_udp6(buffer: &mut [u8]) -> Result<(), Error> {
    let (source, destination) = v6();
    let (header, packet) = split(buffer, ethernet::HEADER_LEN)?;
    ethernet(EtherType::IPV6).emit(header)?;
    let (header, datagram) = split(packet, ipv6::HEADER_LEN)?;
    ipv6::Repr::new(IpProtocol::UDP, source, destination, 8).emit(header)?;
    let addresses = pseudo_addresses(IpAddr::V6(source), IpAddr::V6(destination));
    let ports = sample::ports();
    let udp = udp::Repr { src_port: ports.source, dst_port: ports.destination };
    udp.emit(datagram, &[], addresses)
}

#[inline(never)]
fn parse_udp6(frame: &[u8]) -> Result<udp::Repr, Error> {
    let frame = ethernet::Packet::parse(frame)?;
    let link = ethernet::Repr::parse(&frame)?;
    assert_eq!(link.ether_type, EtherType::IPV6);
    let packet = ipv6::Packet::parse(frame.payload())?;
    let ip = ipv6::Repr::parse(&packet);
    let addresses = pseudo_addresses(IpAddr::V6(ip.source), IpAddr::V6(ip.destination));
    udp::Repr::parse(&udp::Packet::parse(packet.payload())?, addresses)
}

fn stations() -> LinkAddresses {
    let ends = sample::stations();
    LinkAddresses {
        source: HardwareAddress::extended(ends.source),
        destination: HardwareAddress::extended(ends.destination),
    }
}

/// The whole IPv6 packet is restored in `out`, which is more than what the other library is asked.
#[inline(never)]
fn parse_iphc(octets: &[u8], out: &mut [u8]) -> Result<u16, LowpanError> {
    decompress(octets, None, &stations(), &Contexts::default(), out)?;
    let packet = ipv6::Packet::parse(out).map_err(|_| LowpanError::Length)?;
    let ip = ipv6::Repr::parse(&packet);
    let addresses = pseudo_addresses(IpAddr::V6(ip.source), IpAddr::V6(ip.destination));
    let datagram = udp::Packet::parse(packet.payload()).map_err(|_| LowpanError::Length)?;
    let udp = udp::Repr::parse(&datagram, addresses).map_err(|_| LowpanError::Length)?;
    Ok(udp.src_port)
}

/// A whole IPv6 packet is written first: compression takes nothing else.
#[inline(never)]
fn emit_iphc(buffer: &mut [u8]) -> Result<(), LowpanError> {
    let (source, destination) = v6();
    let data = black_box(&sample::LOWPAN_DATA);
    let mut packet = [0; 80];
    let len = (udp::HEADER_LEN + data.len()) as u16;
    ipv6::Repr::new(IpProtocol::UDP, source, destination, len)
        .emit(&mut packet)
        .map_err(|_| LowpanError::NoRoom)?;
    let addresses = pseudo_addresses(IpAddr::V6(source), IpAddr::V6(destination));
    let [src_port, dst_port] = black_box(sample::LOWPAN_PORTS);
    udp::Repr { src_port, dst_port }
        .emit(rest(&mut packet, ipv6::HEADER_LEN), data, addresses)
        .map_err(|_| LowpanError::NoRoom)?;
    let done = compress(&packet, &stations(), &Contexts::default(), buffer)?;
    let left = packet.get(done.covered..).unwrap_or_default();
    rest(buffer, done.header_len)[..left.len()].copy_from_slice(left);
    Ok(())
}
