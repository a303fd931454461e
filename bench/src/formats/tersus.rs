//! `tersus-wire`.

use super::samples::{self as sample, DNS, TCP4, UDP6};
use super::{repeat, Codec, Format};
use crate::meter::Meter;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::hint::black_box;
use tersus_iface::wire::checksum::{self, copy_and_sum, Sum};
use tersus_iface::wire::ip::pseudo_addresses;
use tersus_iface::wire::sixlowpan::{
    self, compress, decompress, iphc, Contexts, Error as LowpanError, LinkAddresses,
};
use tersus_iface::wire::{
    dns, ethernet, ipv4, ipv6, tcp, udp, Error, EtherType, HardwareAddress, IpProtocol,
};

/// tersus.
pub struct Tersus;

impl Codec for Tersus {
    fn run(format: Format, meter: &mut Meter) -> Option<u64> {
        let mut buffer = [0; 128];
        Some(match format {
            Format::EmitTcp4 => {
                let count =
                    repeat(meter, || emit_tcp4(black_box(&mut buffer)), |result| result.expect("room"));
                assert_eq!(buffer[..TCP4.len()], TCP4);
                count
            }
            Format::ParseTcp4 => repeat(
                meter,
                || parse_tcp4(black_box(&TCP4)),
                |repr| assert_eq!(repr.expect("a valid packet").fields.seq, sample::SEQ),
            ),
            Format::EmitUdp6 => {
                let count =
                    repeat(meter, || emit_udp6(black_box(&mut buffer)), |result| result.expect("room"));
                assert_eq!(buffer[..UDP6.len()], UDP6);
                count
            }
            Format::ParseUdp6 => repeat(
                meter,
                || parse_udp6(black_box(&UDP6)),
                |repr| assert_eq!(repr.expect("a valid packet").src_port, sample::SOURCE_PORT),
            ),
            Format::ParseIphc => {
                let (packet, contexts) = (sample::iphc(), Contexts::new());
                repeat(
                    meter,
                    || parse_iphc(black_box(&packet), black_box(&contexts)),
                    |port| assert_eq!(port.expect("a valid packet"), sample::LOWPAN_PORTS[0]),
                )
            }
            Format::EmitIphc => {
                let (packet, contexts) = (sample::iphc(), Contexts::new());
                let count = repeat(
                    meter,
                    || emit_iphc(black_box(&mut buffer), black_box(&contexts)),
                    |result| result.expect("room"),
                );
                assert_eq!(buffer[..packet.len()], packet);
                count
            }
            Format::DecompressIphc => {
                let (packet, contexts) = (sample::iphc(), Contexts::new());
                let whole = sample::ipv6();
                let count = repeat(
                    meter,
                    || decompress_packet(black_box(&packet), black_box(&contexts), &mut buffer),
                    |len| assert_eq!(len, Ok(whole.len())),
                );
                assert_eq!(buffer[..whole.len()], whole);
                count
            }
            Format::CompressIphc => {
                let (packet, contexts) = (sample::iphc(), Contexts::new());
                let whole = sample::ipv6();
                let count = repeat(
                    meter,
                    || compress_packet(black_box(&whole), black_box(&contexts), &mut buffer),
                    |len| assert_eq!(len, Ok(packet.len())),
                );
                assert_eq!(buffer[..packet.len()], packet);
                count
            }
            Format::ParseDns => repeat(
                meter,
                || parse_dns(black_box(DNS)),
                |addresses| assert_eq!(addresses.expect("a valid packet"), 1),
            ),
            Format::Checksum => {
                let octets = vec![0x5a; 1500];
                repeat(meter, || sum_octets(black_box(&octets)), |_| ())
            }
            Format::CopyAndSum => {
                let (octets, mut to) = (vec![0x5a; 1500], vec![0; 1500]);
                let count = repeat(meter, || sum_copied(black_box(&mut to), black_box(&octets)), |_| ());
                assert_eq!(to, octets);
                count
            }
            Format::UpdateChecksum => repeat(
                meter,
                // RFC 1624 §4.
                || sum_updated(black_box([0xdd2f, 0x5555, 0x3285])),
                |sum| assert_eq!(sum, 0),
            ),
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

#[inline(never)]
fn parse_iphc(octets: &[u8], contexts: &Contexts) -> Result<u16, LowpanError> {
    let (ip, rest) = iphc::Repr::parse(octets, &stations(), contexts)?;
    assert_eq!(ip.next_header, None);
    let (udp, payload) = sixlowpan::udp::Repr::parse(rest)?;
    let addresses = pseudo_addresses(IpAddr::V6(ip.source), IpAddr::V6(ip.destination));
    assert!(udp.is_intact(payload, addresses));
    Ok(udp.src_port)
}

#[inline(never)]
fn emit_iphc(buffer: &mut [u8], contexts: &Contexts) -> Result<(), LowpanError> {
    let (source, destination) = v6();
    let [src_port, dst_port] = black_box(sample::LOWPAN_PORTS);
    let data = black_box(&sample::LOWPAN_DATA);
    let ip =
        iphc::Repr { traffic_class: 0, flow_label: 0, next_header: None, hop_limit: 64, source, destination };
    let ip_len = ip.emit(buffer, &stations(), contexts)?;
    let rest = buffer.get_mut(ip_len..).unwrap_or_default();
    let mut udp = sixlowpan::udp::Repr { src_port, dst_port, checksum: Some(0) };
    let (header, payload) = rest.split_at_mut_checked(udp.buffer_len()).ok_or(LowpanError::NoRoom)?;
    let sum = copy_and_sum(payload.get_mut(..data.len()).ok_or(LowpanError::NoRoom)?, data);
    let addresses = pseudo_addresses(IpAddr::V6(source), IpAddr::V6(destination));
    let length = (udp::HEADER_LEN + data.len()) as u16;
    udp.checksum = Some(udp::Repr { src_port, dst_port }.checksum(length, addresses, sum));
    udp.emit(header)?;
    Ok(())
}

/// The whole IPv6 packet is restored.
#[inline(never)]
fn decompress_packet(octets: &[u8], contexts: &Contexts, out: &mut [u8]) -> Result<usize, LowpanError> {
    Ok(decompress(octets, None, &stations(), contexts, out)?.len)
}

#[inline(never)]
fn compress_packet(packet: &[u8], contexts: &Contexts, out: &mut [u8]) -> Result<usize, LowpanError> {
    let done = compress(packet, &stations(), contexts, out)?;
    let left = packet.get(done.covered..).unwrap_or_default();
    let to = out.get_mut(done.header_len..).and_then(|rest| rest.get_mut(..left.len()));
    to.ok_or(LowpanError::NoRoom)?.copy_from_slice(left);
    Ok(done.header_len + left.len())
}

#[inline(never)]
fn parse_dns(octets: &[u8]) -> Result<usize, Error> {
    let packet = dns::Packet::parse(octets)?;
    let mut questions = packet.questions();
    if let Some(mut labels) = questions.next_labels() {
        for label in &mut labels {
            black_box(label?);
        }
        labels.question()?;
    }
    let mut addresses = 0;
    for record in questions.answers() {
        let record = record?;
        if record.record_type() == dns::RecordType::A {
            if let dns::Data::A(address) = record.data()? {
                black_box(address);
                addresses += 1;
            }
        } else {
            black_box(record.rdata());
        }
        for label in record.name().labels() {
            black_box(label?);
        }
    }
    Ok(addresses)
}

#[inline(never)]
fn sum_octets(octets: &[u8]) -> u16 {
    Sum::new().add_bytes(octets).checksum()
}

#[inline(never)]
fn sum_copied(to: &mut [u8], octets: &[u8]) -> u16 {
    copy_and_sum(to, octets).checksum()
}

#[inline(never)]
fn sum_updated([before, old, new]: [u16; 3]) -> u16 {
    checksum::update(before, old, new)
}
