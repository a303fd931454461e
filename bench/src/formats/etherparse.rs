//! etherparse: headers as owned structures.

use super::samples::{self as sample, TCP4, UDP6};
use super::{repeat, Codec, Format};
use crate::meter::Meter;
use anyhow::{ensure, Result};
use etherparse::{
    EtherType, Ethernet2Header, IpNumber, Ipv4Header, Ipv6FlowLabel, Ipv6Header, TcpHeader, UdpHeader,
};
use std::hint::black_box;

/// etherparse 0.21.
pub struct Etherparse;

impl Codec for Etherparse {
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
                |tcp| assert_eq!(tcp.expect("a valid packet").sequence_number, sample::SEQ),
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
                |udp| assert_eq!(udp.expect("a valid packet").source_port, sample::SOURCE_PORT),
            ),
            _ => return None,
        })
    }
}

fn ethernet(ether_type: EtherType) -> Ethernet2Header {
    let ends = sample::macs();
    Ethernet2Header { source: ends.source, destination: ends.destination, ether_type }
}

/// Puts `octets` at the front and gives what is behind them.
fn put<'b>(buffer: &'b mut [u8], octets: &[u8]) -> Result<&'b mut [u8]> {
    ensure!(buffer.len() >= octets.len(), "no room");
    let (to, rest) = buffer.split_at_mut(octets.len());
    to.copy_from_slice(octets);
    Ok(rest)
}

#[inline(never)]
fn emit_tcp4(buffer: &mut [u8]) -> Result<()> {
    let ends = sample::v4();
    let rest = put(buffer, &ethernet(EtherType::IPV4).to_bytes())?;
    let mut ip = Ipv4Header::new(20, 64, IpNumber::TCP, ends.source, ends.destination)?;
    ip.header_checksum = ip.calc_header_checksum();
    let rest = put(rest, &ip.to_bytes())?;
    let (ports, (seq, ack, window)) = (sample::ports(), sample::tcp());
    let mut tcp = TcpHeader::new(ports.source, ports.destination, seq, window);
    (tcp.ack, tcp.acknowledgment_number) = (true, ack);
    tcp.checksum = tcp.calc_checksum_ipv4(&ip, &[])?;
    put(rest, &tcp.to_bytes())?;
    Ok(())
}

#[inline(never)]
fn parse_tcp4(frame: &[u8]) -> Result<TcpHeader> {
    let (link, rest) = Ethernet2Header::from_slice(frame)?;
    assert_eq!(link.ether_type, EtherType::IPV4);
    let (ip, rest) = Ipv4Header::from_slice(rest)?;
    ensure!(ip.header_checksum == ip.calc_header_checksum(), "header checksum");
    let payload = rest.get(..usize::from(ip.payload_len()?)).unwrap_or_default();
    let (tcp, data) = TcpHeader::from_slice(payload)?;
    ensure!(tcp.checksum == tcp.calc_checksum_ipv4(&ip, data)?, "checksum");
    Ok(tcp)
}

#[inline(never)]
fn emit_udp6(buffer: &mut [u8]) -> Result<()> {
    let ends = sample::v6();
    let rest = put(buffer, &ethernet(EtherType::IPV6).to_bytes())?;
    let ip = Ipv6Header {
        traffic_class: 0,
        flow_label: Ipv6FlowLabel::ZERO,
        payload_length: 8,
        next_header: IpNumber::UDP,
        hop_limit: 64,
        source: ends.source,
        destination: ends.destination,
    };
    let rest = put(rest, &ip.to_bytes())?;
    let ports = sample::ports();
    let udp = UdpHeader::with_ipv6_checksum(ports.source, ports.destination, &ip, &[])?;
    put(rest, &udp.to_bytes())?;
    Ok(())
}

#[inline(never)]
fn parse_udp6(frame: &[u8]) -> Result<UdpHeader> {
    let (link, rest) = Ethernet2Header::from_slice(frame)?;
    assert_eq!(link.ether_type, EtherType::IPV6);
    let (ip, rest) = Ipv6Header::from_slice(rest)?;
    let payload = rest.get(..usize::from(ip.payload_length)).unwrap_or_default();
    let (udp, data) = UdpHeader::from_slice(payload)?;
    ensure!(udp.checksum == udp.calc_checksum_ipv6(&ip, data)?, "checksum");
    Ok(udp)
}
