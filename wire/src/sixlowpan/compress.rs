//! From an IPv6 packet to its compressed headers, in one pass.

use super::cursor::Writer;
use super::iphc::{Encoded, Repr};
use super::nhc::{self, Plan};
use super::{Contexts, Error, Identifiers, LinkAddresses, IPV6_HEADERS_MAX};

/// What was compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compressed {
    /// Octets written: the compressed headers, dispatch included.
    pub header_len: usize,
    /// Octets at the front of the packet that they stand for: a multiple of eight. The rest follows as it is.
    pub covered: usize,
}

/// Writes the compressed headers of `packet`, a whole IPv6 packet, at the front of `out`.
///
/// UDP and extension headers are compressed as far as `out` has room for them and the decoder restores them
/// exactly; the UDP checksum stays. Room of [`iphc::ENCODED_LEN_MAX`](super::iphc::ENCODED_LEN_MAX) always suffices, and
/// the result is never longer than what it stands for.
///
/// # Errors
/// `Dispatch` if it is no IPv6 packet; `Length` if its payload length is not the number of octets that follow the
/// header, `Truncated` if there is no whole header: it can then be sent uncompressed only. `NoRoom`.
pub fn compress(
    packet: &[u8],
    link: &LinkAddresses,
    contexts: &Contexts,
    out: &mut [u8],
) -> Result<Compressed, Error> {
    let mut writer = Writer::new(out);
    let mut rest = packet;
    let mut identifiers = Identifiers::of_frame(link);
    for headers_left in (0..IPV6_HEADERS_MAX).rev() {
        let (header, after) = Repr::of_packet(rest)?;
        rest = after;
        let encoded = Encoded::new(&header, identifiers, contexts);
        let may_nest = headers_left > 0;
        let room = writer.room().checked_sub(encoded.len()).ok_or(Error::NoRoom)?;
        let plan = header.next_header.and_then(|next| Plan::of(next.0, rest, room, may_nest));
        let next_header = if plan.is_some() { None } else { header.next_header };
        encoded.write(next_header, &mut writer)?;

        let is_tunnel;
        (rest, is_tunnel) = compress_chain(plan, rest, may_nest, &mut writer)?;
        if !is_tunnel {
            break;
        }
        identifiers = Identifiers::of_ipv6(&header);
    }
    Ok(Compressed { header_len: writer.len(), covered: packet.len() - rest.len() })
}

/// Writes the headers after an IPv6 header. Returns what is left, and whether that is an IPv6 header to compress.
fn compress_chain<'a>(
    mut plan: Option<Plan<'a>>,
    mut rest: &'a [u8],
    may_nest: bool,
    writer: &mut Writer<'_>,
) -> Result<(&'a [u8], bool), Error> {
    // Each turn takes a header off `rest`.
    while let Some(header) = plan {
        match header {
            Plan::Udp { ports, in_line, in_line_len, checksum } => {
                let in_line = in_line.get(..in_line_len).unwrap_or(&[]);
                nhc::write_udp(ports, in_line, checksum, writer)?;
                return Ok((rest.get(nhc::UDP_HEADER_LEN..).unwrap_or(&[]), false));
            }
            Plan::Ipv6 => {
                nhc::write_ipv6(writer)?;
                return Ok((rest, true));
            }
            Plan::Extension { eid, next_header, data, covered, next_is_header } => {
                rest = rest.get(covered..).ok_or(Error::Length)?;
                // The next header must fit behind this one at its longest.
                let room = writer.room().saturating_sub(3 + data.len());
                plan = if next_is_header { Plan::of(next_header, rest, room, may_nest) } else { None };
                let next_header = if plan.is_some() { None } else { Some(next_header) };
                nhc::write_extension(eid, next_header, data, writer)?;
            }
        }
    }
    Ok((rest, false))
}
