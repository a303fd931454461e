//! smoltcp's `wire`.

use super::samples::{self as sample, DNS, TCP4, UDP6};
use super::{repeat, Codec, Format};
use crate::meter::Meter;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    checksum, DnsPacket, DnsQuestion, DnsRecord, DnsRecordData, EthernetAddress, EthernetFrame,
    EthernetProtocol, EthernetRepr, Ieee802154Address, IpAddress, IpProtocol, Ipv4Address, Ipv4Packet,
    Ipv4Repr, Ipv6Address, Ipv6Packet, Ipv6Repr, SixlowpanIphcPacket, SixlowpanIphcRepr, SixlowpanNextHeader,
    SixlowpanUdpNhcPacket, SixlowpanUdpNhcRepr, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber, UdpPacket,
    UdpRepr,
};
use std::hint::black_box;

/// smoltcp 0.14.
pub struct Smoltcp;

impl Codec for Smoltcp {
    fn run(format: Format, meter: &mut Meter) -> Option<u64> {
        let mut buffer = [0; 128];
        Some(match format {
            Format::EmitTcp4 => {
                let count = repeat(meter, || emit_tcp4(black_box(&mut buffer)), |()| ());
                assert_eq!(buffer[..TCP4.len()], TCP4);
                count
            }
            Format::ParseTcp4 => repeat(
                meter,
                || parse_tcp4(black_box(&TCP4)),
                |repr| assert_eq!(repr.expect("a valid packet").seq_number.0, sample::SEQ as i32),
            ),
            Format::EmitUdp6 => {
                let count = repeat(meter, || emit_udp6(black_box(&mut buffer)), |()| ());
                assert_eq!(buffer[..UDP6.len()], UDP6);
                count
            }
            Format::ParseUdp6 => repeat(
                meter,
                || parse_udp6(black_box(&UDP6)),
                |repr| assert_eq!(repr.expect("a valid packet").src_port, sample::SOURCE_PORT),
            ),
            Format::ParseIphc => {
                let packet = sample::iphc();
                repeat(
                    meter,
                    || parse_iphc(black_box(&packet)),
                    |port| assert_eq!(port.expect("a valid packet"), sample::LOWPAN_PORTS[0]),
                )
            }
            Format::EmitIphc => {
                let packet = sample::iphc();
                let count = repeat(meter, || emit_iphc(black_box(&mut buffer[..packet.len()])), |()| ());
                assert_eq!(buffer[..packet.len()], packet);
                count
            }
            // Only as a part of its interface.
            Format::DecompressIphc | Format::CompressIphc => return None,
            // It has neither; its users copy, then sum, and sum again.
            Format::CopyAndSum | Format::UpdateChecksum => return None,
            Format::ParseDns => repeat(
                meter,
                || parse_dns(black_box(DNS)),
                |addresses| assert_eq!(addresses.expect("a valid packet"), 1),
            ),
            Format::Checksum => {
                let octets = vec![0x5a; 1500];
                repeat(meter, || sum_octets(black_box(&octets)), |_| ())
            }
        })
    }
}

fn caps() -> ChecksumCapabilities {
    ChecksumCapabilities::default()
}

fn v4() -> (Ipv4Address, Ipv4Address) {
    let ends = sample::v4();
    (Ipv4Address::from(ends.source), Ipv4Address::from(ends.destination))
}

fn v6() -> (Ipv6Address, Ipv6Address) {
    let ends = sample::v6();
    (Ipv6Address::from(ends.source), Ipv6Address::from(ends.destination))
}

fn ethernet(ethertype: EthernetProtocol) -> EthernetRepr {
    let ends = sample::macs();
    EthernetRepr {
        src_addr: EthernetAddress(ends.source),
        dst_addr: EthernetAddress(ends.destination),
        ethertype,
    }
}

#[inline(never)]
fn emit_tcp4(buffer: &mut [u8]) {
    let (source, destination) = v4();
    let (ports, (seq, ack, window_len)) = (sample::ports(), sample::tcp());
    let tcp = TcpRepr {
        src_port: ports.source,
        dst_port: ports.destination,
        control: TcpControl::None,
        seq_number: TcpSeqNumber(seq as i32),
        ack_number: Some(TcpSeqNumber(ack as i32)),
        window_len,
        window_scale: None,
        max_seg_size: None,
        sack_permitted: false,
        sack_ranges: [None; 3],
        timestamp: None,
        payload: &[],
    };
    let ip = Ipv4Repr {
        src_addr: source,
        dst_addr: destination,
        next_header: IpProtocol::Tcp,
        payload_len: tcp.buffer_len(),
        hop_limit: 64,
    };
    let len = 14 + ip.buffer_len() + tcp.buffer_len();
    let mut frame = EthernetFrame::new_unchecked(&mut buffer[..len]);
    ethernet(EthernetProtocol::Ipv4).emit(&mut frame);
    let mut packet = Ipv4Packet::new_unchecked(frame.payload_mut());
    ip.emit(&mut packet, &caps());
    let mut segment = TcpPacket::new_unchecked(packet.payload_mut());
    tcp.emit(&mut segment, &IpAddress::Ipv4(source), &IpAddress::Ipv4(destination), &caps());
}

#[inline(never)]
fn parse_tcp4(frame: &[u8]) -> smoltcp::wire::Result<TcpRepr<'_>> {
    let frame = EthernetFrame::new_checked(frame)?;
    let ethernet = EthernetRepr::parse(&frame)?;
    assert_eq!(ethernet.ethertype, EthernetProtocol::Ipv4);
    let packet = Ipv4Packet::new_checked(frame.payload())?;
    let ip = Ipv4Repr::parse(&packet, &caps())?;
    let segment = TcpPacket::new_checked(packet.payload())?;
    TcpRepr::parse(&segment, &IpAddress::Ipv4(ip.src_addr), &IpAddress::Ipv4(ip.dst_addr), &caps())
}

#[inline(never)]
fn emit_udp6(buffer: &mut [u8]) {
    let (source, destination) = v6();
    let ports = sample::ports();
    let udp = UdpRepr { src_port: ports.source, dst_port: ports.destination };
    let ip = Ipv6Repr {
        src_addr: source,
        dst_addr: destination,
        next_header: IpProtocol::Udp,
        payload_len: udp.header_len(),
        hop_limit: 64,
    };
    let len = 14 + ip.buffer_len() + udp.header_len();
    let mut frame = EthernetFrame::new_unchecked(&mut buffer[..len]);
    ethernet(EthernetProtocol::Ipv6).emit(&mut frame);
    let mut packet = Ipv6Packet::new_unchecked(frame.payload_mut());
    ip.emit(&mut packet);
    let mut datagram = UdpPacket::new_unchecked(packet.payload_mut());
    let (source, destination) = (IpAddress::Ipv6(source), IpAddress::Ipv6(destination));
    udp.emit(&mut datagram, &source, &destination, 0, |_| (), &caps());
}

#[inline(never)]
fn parse_udp6(frame: &[u8]) -> smoltcp::wire::Result<UdpRepr> {
    let frame = EthernetFrame::new_checked(frame)?;
    let ethernet = EthernetRepr::parse(&frame)?;
    assert_eq!(ethernet.ethertype, EthernetProtocol::Ipv6);
    let packet = Ipv6Packet::new_checked(frame.payload())?;
    let ip = Ipv6Repr::parse(&packet)?;
    let datagram = UdpPacket::new_checked(packet.payload())?;
    UdpRepr::parse(&datagram, &IpAddress::Ipv6(ip.src_addr), &IpAddress::Ipv6(ip.dst_addr), &caps())
}

fn stations() -> (Option<Ieee802154Address>, Option<Ieee802154Address>) {
    let extended = |address| Some(Ieee802154Address::Extended(address));
    let ends = sample::stations();
    (extended(ends.source), extended(ends.destination))
}

#[inline(never)]
fn parse_iphc(octets: &[u8]) -> smoltcp::wire::Result<u16> {
    let (source, destination) = stations();
    let packet = SixlowpanIphcPacket::new_checked(octets)?;
    let iphc = SixlowpanIphcRepr::parse(&packet, source, destination, &[])?;
    assert_eq!(iphc.next_header, SixlowpanNextHeader::Compressed);
    let datagram = SixlowpanUdpNhcPacket::new_checked(packet.payload())?;
    let udp = SixlowpanUdpNhcRepr::parse(&datagram, &iphc.src_addr, &iphc.dst_addr, &caps())?;
    Ok(udp.0.src_port)
}

#[inline(never)]
fn emit_iphc(buffer: &mut [u8]) {
    let (ll_src_addr, ll_dst_addr) = stations();
    let (source, destination) = v6();
    let iphc = SixlowpanIphcRepr {
        src_addr: source,
        ll_src_addr,
        dst_addr: destination,
        ll_dst_addr,
        next_header: SixlowpanNextHeader::Compressed,
        hop_limit: 64,
        ecn: None,
        dscp: None,
        flow_label: None,
    };
    let [src_port, dst_port] = black_box(sample::LOWPAN_PORTS);
    let udp = SixlowpanUdpNhcRepr(UdpRepr { src_port, dst_port });
    let (headers, datagram) = buffer.split_at_mut(iphc.buffer_len());
    iphc.emit(&mut SixlowpanIphcPacket::new_unchecked(headers));
    let data = black_box(&sample::LOWPAN_DATA);
    let mut datagram = SixlowpanUdpNhcPacket::new_unchecked(datagram);
    udp.emit(&mut datagram, &source, &destination, data.len(), |to| to.copy_from_slice(data), &caps());
}

#[inline(never)]
fn parse_dns(octets: &[u8]) -> smoltcp::wire::Result<usize> {
    let packet = DnsPacket::new_checked(octets)?;
    let (mut rest, question) = DnsQuestion::parse(packet.payload())?;
    for label in packet.parse_name(question.name) {
        black_box(label?);
    }
    let mut addresses = 0;
    for _ in 0..packet.answer_record_count() {
        let (behind, record) = DnsRecord::parse(rest)?;
        rest = behind;
        for label in packet.parse_name(record.name) {
            black_box(label?);
        }
        if let DnsRecordData::A(address) = record.data {
            black_box(address);
            addresses += 1;
        }
    }
    Ok(addresses)
}

#[inline(never)]
fn sum_octets(octets: &[u8]) -> u16 {
    checksum::data(octets)
}
