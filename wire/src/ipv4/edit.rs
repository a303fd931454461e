//! Editing a header in place: what routers and translators change of a packet that they pass on. The Header Checksum
//! follows by RFC 1624, without a look at the rest, and a wrong one stays wrong: no edit hides damage.

use super::{CHECKSUM, DESTINATION, HEADER_LEN, HOP_LIMIT, PROTOCOL, SOURCE, TRAFFIC_CLASS, VERSION_IHL};
use crate::{checksum, Error};
use core::net::Ipv4Addr;

/// Sets the Hop Limit (Time to Live) of the packet at the front of `packet`, and updates its Header Checksum.
///
/// ```
/// # use tersus_wire::{ipv4, IpProtocol};
/// # let mut packet = [0; ipv4::HEADER_LEN];
/// # ipv4::Repr::new(IpProtocol::UDP, [192, 0, 2, 1].into(), [192, 0, 2, 2].into(), 0).emit(&mut packet)?;
/// let hop_limit = ipv4::Packet::parse(&packet)?.header().hop_limit();
/// ipv4::set_hop_limit(&mut packet, hop_limit - 1)?; // a router drops the packet instead if it was 1 or less
/// assert_eq!(ipv4::Packet::parse(&packet)?.header().hop_limit(), 63); // parsed, so the checksum is right
/// # Ok::<(), tersus_wire::Error>(())
/// ```
///
/// # Errors
/// `Truncated` below 20 octets, `Version`; nothing was written then.
pub fn set_hop_limit(packet: &mut [u8], hop_limit: u8) -> Result<(), Error> {
    let header = header(packet)?;
    let old = [header[HOP_LIMIT], header[PROTOCOL]];
    header[HOP_LIMIT] = hop_limit;
    update(header, &old, &[hop_limit, old[1]]);
    Ok(())
}

/// Sets the Traffic Class (DS field and ECN) of the packet at the front of `packet`, and updates its Header Checksum.
///
/// # Errors
/// `Truncated` below 20 octets, `Version`; nothing was written then.
pub fn set_traffic_class(packet: &mut [u8], traffic_class: u8) -> Result<(), Error> {
    let header = header(packet)?;
    let old = [header[VERSION_IHL], header[TRAFFIC_CLASS]];
    header[TRAFFIC_CLASS] = traffic_class;
    update(header, &old, &[old[0], traffic_class]);
    Ok(())
}

/// Sets both addresses of the packet at the front of `packet`, and updates its Header Checksum.
///
/// UDP and TCP checksums cover the addresses, too: [`update_bytes`](crate::checksum::update_bytes) has an example.
///
/// # Errors
/// `Truncated` below 20 octets, `Version`; nothing was written then.
pub fn set_addresses(packet: &mut [u8], source: Ipv4Addr, destination: Ipv4Addr) -> Result<(), Error> {
    let header = header(packet)?;
    let mut new = [0; 8];
    new[..4].copy_from_slice(&source.octets());
    new[4..].copy_from_slice(&destination.octets());
    let addresses = &mut header[SOURCE..DESTINATION + 4];
    let mut old = [0; 8];
    old.copy_from_slice(addresses);
    addresses.copy_from_slice(&new);
    update(header, &old, &new);
    Ok(())
}

/// The header of a packet of this version; its lengths are not looked at, which no edit here needs.
fn header(packet: &mut [u8]) -> Result<&mut [u8; HEADER_LEN], Error> {
    let have = packet.len();
    let header = packet.first_chunk_mut().ok_or_else(|| Error::truncated(HEADER_LEN, have))?;
    let header: &mut [u8; HEADER_LEN] = header;
    match header[VERSION_IHL] >> 4 {
        4 => Ok(header),
        version => Err(Error::Version(version)),
    }
}

fn update(header: &mut [u8; HEADER_LEN], old: &[u8], new: &[u8]) {
    let field = u16::from_be_bytes([header[CHECKSUM], header[CHECKSUM + 1]]);
    [header[CHECKSUM], header[CHECKSUM + 1]] = checksum::update_bytes(field, old, new).to_be_bytes();
}

#[cfg(test)]
mod tests {
    use super::super::{Packet, Repr};
    use super::*;
    use crate::IpProtocol;

    fn packet() -> [u8; HEADER_LEN] {
        let mut packet = [0; HEADER_LEN];
        let (source, destination) = (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2));
        Repr::new(IpProtocol::UDP, source, destination, 0).emit(&mut packet).unwrap();
        packet
    }

    #[test]
    fn an_edited_packet_is_the_one_that_would_have_been_emitted() {
        let (source, destination) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::BROADCAST);
        for value in 0..=u8::MAX {
            let mut edited = packet();
            set_hop_limit(&mut edited, value).unwrap();
            set_traffic_class(&mut edited, !value).unwrap();
            set_addresses(&mut edited, source, destination).unwrap();
            let repr = Repr {
                hop_limit: value,
                traffic_class: !value,
                ..Repr::new(IpProtocol::UDP, source, destination, 0)
            };
            let mut emitted = [0; HEADER_LEN];
            repr.emit(&mut emitted).unwrap();
            assert_eq!(edited, emitted);
        }
    }

    #[test]
    fn a_wrong_checksum_stays_wrong() {
        let mut packet = packet();
        packet[CHECKSUM] ^= 0x40;
        set_hop_limit(&mut packet, 1).unwrap();
        set_addresses(&mut packet, Ipv4Addr::LOCALHOST, Ipv4Addr::LOCALHOST).unwrap();
        assert_eq!(Packet::parse(&packet), Err(Error::Checksum));
    }

    #[test]
    fn what_is_no_header_is_left_as_it_is() {
        let mut short = [0x45; HEADER_LEN - 1];
        assert_eq!(set_hop_limit(&mut short, 1), Err(Error::truncated(20, 19)));
        assert_eq!(short, [0x45; HEADER_LEN - 1]);
        let mut other = [0x60; HEADER_LEN];
        assert_eq!(set_traffic_class(&mut other, 1), Err(Error::Version(6)));
        assert_eq!(
            set_addresses(&mut other, Ipv4Addr::LOCALHOST, Ipv4Addr::LOCALHOST),
            Err(Error::Version(6))
        );
        assert_eq!(other, [0x60; HEADER_LEN]);
    }
}
