//! Jumbograms, RFC 2675: packets with more than 65,535 octets behind the fixed header.
//!
//! ```text
//!   fixed header: Payload Length 0 | Hop-by-Hop Options: Jumbo Payload, 4 octets of length | ...
//! ```
//! No link of 65,575 octets or less carries any; those of a capture may come from inside a host.

use super::{Chain, Header, Opt};
use crate::{ipv6, Error, IpProtocol};
use core::fmt;

/// Offset of Payload Length in the fixed header.
const PAYLOAD_LENGTH: u16 = 4;
/// Offset of Next Header in the fixed header.
const NEXT_HEADER: u16 = 6;

/// A view of a jumbogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jumbogram<'a> {
    header: ipv6::Header<'a>,
    len: u32,
    payload: &'a [u8],
}

impl<'a> Jumbogram<'a> {
    /// Splits `bytes` into fixed header and payload; octets beyond the Jumbo Payload Length are ignored.
    ///
    /// # Errors
    /// `Truncated` (lengths saturate at 65,535), `Version`; `Length` if Payload Length is not 0; what RFC 2675 §3 has a
    /// node report is `Field` with the pointer that it demands: Payload Length without the option, the option's length
    /// up to 65,535, a fragment header; and Next Header if it names no Hop-by-Hop Options.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let have = bytes.len();
        let (header, rest) = bytes.split_first_chunk().ok_or(Error::truncated(ipv6::HEADER_LEN, have))?;
        let header = ipv6::Header::new(header);
        if header.version() != 6 {
            return Err(Error::Version(header.version()));
        }
        if header.payload_len() != 0 {
            return Err(Error::Length(header.payload_len()));
        }
        if header.next_header() != IpProtocol::HOP_BY_HOP {
            return Err(Error::Field(NEXT_HEADER));
        }
        let mut headers = Chain::new(header.next_header(), rest).headers();
        let len = match headers.next() {
            Some(options) => jumbo_payload_len(&options.map_err(|_| Error::truncated(have + 8, have))?)?,
            None => return Err(Error::Field(PAYLOAD_LENGTH)),
        };
        let payload_len = usize::try_from(len).unwrap_or(usize::MAX);
        let need = payload_len.saturating_add(ipv6::HEADER_LEN);
        let payload = rest.get(..payload_len).ok_or(Error::truncated(need, have))?;
        if let Some(fragment) = headers.flatten().find(|header| header.protocol == IpProtocol::FRAGMENT) {
            return Err(Error::Field(fragment.offset));
        }
        Ok(Self { header, len, payload })
    }

    /// The fixed header.
    #[must_use]
    pub const fn header(&self) -> ipv6::Header<'a> {
        self.header
    }

    /// Jumbo Payload Length, in octets.
    #[must_use]
    pub const fn payload_len(&self) -> u32 {
        self.len
    }

    /// What follows the fixed header, all of it.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The upper-layer protocol and all octets of it, behind the extension headers.
    ///
    /// # Errors
    /// `Truncated` if an extension header is not all there, or leads beyond the 65,495 octets that [`Chain`] looks at.
    pub fn upper_layer(&self) -> Result<(IpProtocol, &'a [u8]), Error> {
        let chain = Chain::new(self.header.next_header(), self.payload).to_end()?;
        let start = usize::from(chain.offset()).saturating_sub(ipv6::HEADER_LEN);
        Ok((chain.protocol(), self.payload.get(start..).unwrap_or(&[])))
    }
}

fn jumbo_payload_len(header: &Header<'_>) -> Result<u32, Error> {
    for option in header.options() {
        let option = option?;
        match Opt::parse(&option) {
            Ok(Opt::JumboPayload(len)) => return Ok(len),
            Err(error) if option.kind == super::OptionType::JUMBO_PAYLOAD => return Err(error),
            _ => {}
        }
    }
    Err(Error::Field(PAYLOAD_LENGTH))
}

impl fmt::Display for Jumbogram<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} jumbo {}", self.header, self.len)
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::super::{Fragment, OptionsRepr};
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    /// A jumbogram of UDP with this much behind its options.
    fn jumbogram(next_header: IpProtocol, len: u32, data: usize) -> Vec<u8> {
        let source = [0xfe80, 0, 0, 0, 0, 0, 0, 1].into();
        let destination = [0xfe80, 0, 0, 0, 0, 0, 0, 2].into();
        let mut bytes = alloc::vec![0xaa; 48 + data];
        ipv6::Repr::new(IpProtocol::HOP_BY_HOP, source, destination, 0).emit(&mut bytes).unwrap();
        let options = OptionsRepr { next_header, options: &[Opt::JumboPayload(len)] };
        assert_eq!(options.emit(&mut bytes[40..]), Ok(8));
        bytes
    }

    #[test]
    fn a_jumbogram_is_as_long_as_its_option_says() {
        let bytes = jumbogram(IpProtocol::UDP, 70_008, 70_001);
        assert_eq!(bytes[40..48], [17, 0, 0xc2, 4, 0, 1, 0x11, 0x78]);
        let packet = Jumbogram::parse(&bytes).unwrap();
        assert_eq!((packet.payload_len(), packet.payload().len()), (70_008, 70_008));
        let (protocol, segment) = packet.upper_layer().unwrap();
        assert_eq!((protocol, segment.len()), (IpProtocol::UDP, 70_000));
        assert_eq!(packet.header().payload_len(), 0);
        assert_eq!(packet.to_string(), "IPv6 fe80::1 > fe80::2 HopByHop hop limit 64 len 0 jumbo 70008");
        for len in (0..bytes.len() - 1).filter(|len| *len < 60 || len % 1_001 == 0) {
            let got = Jumbogram::parse(&bytes[..len]).unwrap_err();
            let have = u16::try_from(len).unwrap_or(u16::MAX);
            assert!(matches!(got, Error::Truncated { have: h, .. } if h == have), "{len}: {got}");
        }
    }

    // RFC 2675 §3, the errors in its order.
    #[test]
    fn contradictions_are_pointed_at() {
        let mut bytes = jumbogram(IpProtocol::UDP, 70_008, 70_000);
        bytes[5] = 8;
        assert_eq!(Jumbogram::parse(&bytes), Err(Error::Length(8)));
        bytes[5] = 0;
        bytes[0] = 0x40;
        assert_eq!(Jumbogram::parse(&bytes), Err(Error::Version(4)));
        bytes[0] = 0x60;
        bytes[6] = 17;
        assert_eq!(Jumbogram::parse(&bytes), Err(Error::Field(6)));
        bytes[6] = 0;
        bytes[42] = 0x1e;
        assert_eq!(Jumbogram::parse(&bytes), Err(Error::Field(4)), "no option");
        bytes[42..46].copy_from_slice(&[0xc2, 3, 0, 1]);
        assert_eq!(Jumbogram::parse(&bytes), Err(Error::Field(43)), "the option's own length");
        let mut bytes = jumbogram(IpProtocol::UDP, 65_536, 70_000);
        bytes[44..48].copy_from_slice(&65_535_u32.to_be_bytes());
        assert_eq!(Jumbogram::parse(&bytes), Err(Error::Field(44)), "not above 65,535");
        let mut bytes = jumbogram(IpProtocol::FRAGMENT, 70_008, 70_000);
        let fragment = Fragment { next_header: IpProtocol::UDP, offset: 0, more: false, identification: 1 };
        bytes[48..56].copy_from_slice(&fragment.to_bytes());
        assert_eq!(Jumbogram::parse(&bytes), Err(Error::Field(48)), "a fragment");
    }
}
