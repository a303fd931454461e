//! From compressed headers to an IPv6 packet, in one pass.

use super::cursor::{Reader, Writer};
use super::iphc::{Repr, IPV6_HEADER_LEN};
use super::nhc::{self, Encoding};
use super::{Contexts, Error, Identifiers, LinkAddresses, IPV6_HEADERS_MAX};
use crate::ip::pseudo_header;
use crate::IpProtocol;
use core::net::{IpAddr, Ipv6Addr};

/// What was decompressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decompressed {
    /// Octets written: headers and the payload that the frame held.
    pub len: usize,
    /// Octets of these that are headers restored; a multiple of eight.
    pub header_len: usize,
    /// A UDP checksum to compute when the packet is complete.
    pub checksum: Option<ElidedChecksum>,
}

/// A UDP checksum that the sender left out, RFC 6282 §4.3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ElidedChecksum {
    /// Offset of the IPv6 header around it, in octets.
    ipv6: u16,
    /// Offset of the UDP header, in octets.
    udp: u16,
}

impl ElidedChecksum {
    /// Computes the checksum over the complete `packet` and writes it. Linear in its length.
    ///
    /// # Errors
    /// `Length` if the packet is not the one that was decompressed.
    pub fn restore(&self, packet: &mut [u8]) -> Result<(), Error> {
        let (ipv6, udp) = (usize::from(self.ipv6), usize::from(self.udp));
        let mut header = Reader { rest: packet.get(ipv6..).ok_or(Error::Length)? };
        header.take::<8>()?;
        let source = IpAddr::V6(Ipv6Addr::from(*header.take::<16>()?));
        let destination = IpAddr::V6(Ipv6Addr::from(*header.take::<16>()?));
        let datagram = packet.get_mut(udp..).ok_or(Error::Length)?;
        let len = u32::try_from(datagram.len()).map_err(|_| Error::Length)?;
        set_checksum(datagram, 0)?;
        let sum = pseudo_header(source, destination, IpProtocol::UDP, len).add_bytes(datagram);
        // RFC 768: a checksum of zero is sent as ones.
        set_checksum(datagram, if sum.checksum() == 0 { 0xffff } else { sum.checksum() })
    }
}

fn set_checksum(datagram: &mut [u8], checksum: u16) -> Result<(), Error> {
    let field = datagram.get_mut(6..8).ok_or(Error::Length)?;
    field.copy_from_slice(&checksum.to_be_bytes());
    Ok(())
}

/// Restores the IPv6 packet in `bytes`, which start with the IPHC dispatch, at the front of `out`: its headers, and
/// behind them the rest of `bytes`.
///
/// `size` is the length of the whole packet if `bytes` are its first fragment (`datagram_size`), else `None`.
///
/// # Errors
/// [`Error`]: what is reserved or unknown, a context that is not set, octets that end early, `NoRoom`; `Length` if
/// `size` is less than what the fragment holds, an extension header is no multiple of eight octets, or a UDP
/// checksum was elided behind a Routing or Fragment header, so that it covers something else than the packet.
pub fn decompress(
    bytes: &[u8],
    size: Option<u16>,
    link: &LinkAddresses,
    contexts: &Contexts,
    out: &mut [u8],
) -> Result<Decompressed, Error> {
    let mut reader = Reader { rest: bytes };
    let mut writer = Writer::new(out);
    let mut identifiers = Identifiers::of_frame(link);
    let mut chain = Chain { udp: None, elided: false, is_partial: false };
    let mut ipv6 = [None; IPV6_HEADERS_MAX];
    let mut innermost = 0;
    let mut may_nest = ipv6.len();
    for offset in &mut ipv6 {
        may_nest -= 1;
        innermost = writer.len();
        *offset = Some(innermost);
        let (header, rest) = Repr::read(reader.rest, identifiers, contexts)?;
        reader.rest = rest;
        header.restore(&mut writer)?;
        let is_encoded = header.next_header.is_none();
        if !is_encoded || !chain.read(innermost, may_nest > 0, &mut reader, &mut writer)? {
            break;
        }
        identifiers = Identifiers::of_ipv6(&header);
    }

    let header_len = writer.len();
    writer.put(reader.rest)?;
    let len = writer.len();
    let total = size.map_or(len, usize::from);
    if total < len {
        return Err(Error::Length);
    }
    let length_after = |offset: usize| u16::try_from(total - offset).map_err(|_| Error::Length);
    for offset in ipv6.into_iter().flatten() {
        writer.patch(offset + 4, &length_after(offset + IPV6_HEADER_LEN)?.to_be_bytes())?;
    }
    let mut checksum = None;
    if let Some(udp) = chain.udp {
        writer.patch(udp + 4, &length_after(udp)?.to_be_bytes())?;
        if chain.elided {
            let offset = |offset| u16::try_from(offset).map_err(|_| Error::Length);
            checksum = Some(ElidedChecksum { ipv6: offset(innermost)?, udp: offset(udp)? });
        }
    }
    Ok(Decompressed { len, header_len, checksum })
}

/// What was found after the IPv6 headers.
struct Chain {
    /// Offset of the UDP header.
    udp: Option<usize>,
    /// Its checksum was left out.
    elided: bool,
    /// There was a Routing or Fragment header: the packet alone does not yield the checksum.
    is_partial: bool,
}

impl Chain {
    /// Restores the headers behind the IPv6 header at `ipv6`. Returns whether another IPv6 header follows.
    fn read(
        &mut self,
        ipv6: usize,
        may_nest: bool,
        reader: &mut Reader<'_>,
        writer: &mut Writer<'_>,
    ) -> Result<bool, Error> {
        // Where the number of the next header belongs.
        let mut next_header_at = ipv6 + 6;
        // Each turn reads at least an octet.
        loop {
            let octet = reader.octet()?;
            let at = writer.len();
            match Encoding::parse(octet)? {
                Encoding::Udp { checksum_is_elided, ports } => {
                    if checksum_is_elided && self.is_partial {
                        return Err(Error::Length);
                    }
                    writer.patch(next_header_at, &[IpProtocol::UDP.0])?;
                    let (ports, checksum) = nhc::read_udp(ports, checksum_is_elided, reader)?;
                    writer.put(&ports)?;
                    writer.put(&[0; 2])?;
                    writer.put(&checksum)?;
                    self.udp = Some(at);
                    self.elided = checksum_is_elided;
                    return Ok(false);
                }
                Encoding::Ipv6 if may_nest => {
                    writer.patch(next_header_at, &[IpProtocol::IPV6.0])?;
                    self.is_partial = false;
                    return Ok(true);
                }
                Encoding::Ipv6 => return Err(Error::NextHeader(octet)),
                Encoding::Extension { protocol, next_header_is_encoded } => {
                    writer.patch(next_header_at, &[protocol.0])?;
                    self.is_partial |= matches!(protocol, IpProtocol::ROUTING | IpProtocol::FRAGMENT);
                    if nhc::read_extension(protocol, next_header_is_encoded, reader, writer)?.is_some() {
                        return Ok(false);
                    }
                    next_header_at = at;
                }
            }
        }
    }
}
