//! The dispatch octet: which header comes next, RFC 4944 §5.1 with RFC 6282 §2, RFC 8025 and RFC 8931.
//!
//! ```text
//!  00xxxxxx  not a 6LoWPAN frame        10xxxxxx  mesh header
//!  01000000  escape                     11000xxx  first fragment
//!  01000001  uncompressed IPv6          11100xxx  further fragment
//!  01000010  HC1                        1110100x  recoverable fragment, 1110101x its acknowledgement
//!  01010000  broadcast header (BC0)     1111xxxx  page switch
//!  011xxxxx  IPHC
//! ```
//!
//! Their order in a frame is mesh, broadcast, fragment, then page switch and IPv6 (RFC 4944 §5, RFC 8025 §4).

use super::Error;
use core::fmt;

/// The dispatch octet of an uncompressed IPv6 header.
pub const IPV6: u8 = 0b0100_0001;

/// What a dispatch octet of page 0 announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dispatch {
    /// Not a 6LoWPAN frame (NALP).
    NotLowpan,
    /// A further dispatch octet follows; none is assigned.
    Escape,
    /// An uncompressed IPv6 header follows.
    Ipv6,
    /// The compression of RFC 4944 §10, which RFC 6282 supersedes.
    Hc1,
    /// The broadcast header of mesh networks, RFC 4944 §11.1.
    Broadcast,
    /// IPv6 compressed as RFC 6282 says.
    Iphc,
    /// The header of mesh networks, RFC 4944 §5.2.
    Mesh,
    /// The first fragment of a datagram.
    FirstFragment,
    /// A further fragment of a datagram.
    NextFragment,
    /// A recoverable fragment, RFC 8931 §5.1.
    RecoverableFragment,
    /// The acknowledgement of recoverable fragments, RFC 8931 §5.2.
    RecoverableAck,
    /// The octets that follow are read by another table, RFC 8025 §3.
    Page(u8),
    /// Not assigned.
    Unknown(u8),
}

impl Dispatch {
    /// What `octet` announces in page 0.
    #[must_use]
    pub const fn of(octet: u8) -> Self {
        match octet {
            0x00..=0x3f => Self::NotLowpan,
            0x40 => Self::Escape,
            IPV6 => Self::Ipv6,
            0x42 => Self::Hc1,
            0x50 => Self::Broadcast,
            0x60..=0x7f => Self::Iphc,
            0x80..=0xbf => Self::Mesh,
            0xc0..=0xc7 => Self::FirstFragment,
            0xe0..=0xe7 => Self::NextFragment,
            0xe8 | 0xe9 => Self::RecoverableFragment,
            0xea | 0xeb => Self::RecoverableAck,
            0xf0..=0xff => Self::Page(octet & 0x0f),
            _ => Self::Unknown(octet),
        }
    }
}

impl fmt::Display for Dispatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::NotLowpan => "not 6LoWPAN",
            Self::Escape => "escape",
            Self::Ipv6 => "IPv6",
            Self::Hc1 => "HC1",
            Self::Broadcast => "BC0",
            Self::Iphc => "IPHC",
            Self::Mesh => "mesh",
            Self::FirstFragment => "FRAG1",
            Self::NextFragment => "FRAGN",
            Self::RecoverableFragment => "RFRAG",
            Self::RecoverableAck => "RFRAG-ACK",
            Self::Page(page) => return write!(f, "page {page}"),
            Self::Unknown(octet) => return write!(f, "dispatch 0x{octet:02x}"),
        })
    }
}

/// Skips page switches, and in page 1 the elective routing headers of RFC 8138 §4.
///
/// Returns the octets from the first other dispatch octet on. In page 1 only IPHC may follow.
///
/// # Errors
/// `Truncated`; `Dispatch` for a page that is not known and for what page 1 does not have here: critical
/// routing headers, which a node that does not know them must drop silently, and everything else but IPHC.
pub fn skip_pages(mut bytes: &[u8]) -> Result<&[u8], Error> {
    let mut page = 0;
    loop {
        let (&octet, rest) = bytes.split_first().ok_or(Error::Truncated)?;
        match (page, octet) {
            (_, 0xf0 | 0xf1) => {
                page = octet & 0x0f;
                bytes = rest;
            }
            (0, _) => return Ok(bytes),
            (_, 0x60..=0x7f) => return Ok(bytes),
            // 101 length(5), then a type octet and as many octets as the length says.
            (_, 0xa0..=0xbf) => {
                bytes = rest.get(usize::from(octet & 0x1f) + 1..).ok_or(Error::Truncated)?;
            }
            _ => return Err(Error::Dispatch(octet)),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;

    // conf: LWP-DSP-01, LWP-DSP-02, LWP-DSP-03, LWP-DSP-05, LWP-DSP-08, LWP-FRG-15
    #[test]
    fn each_octet_is_what_the_tables_say() {
        for octet in 0..=255u8 {
            let want = match octet {
                _ if octet >> 6 == 0 => "not 6LoWPAN",
                0x40 => "escape",
                0x41 => "IPv6",
                0x42 => "HC1",
                0x50 => "BC0",
                _ if octet >> 5 == 0b011 => "IPHC",
                _ if octet >> 6 == 0b10 => "mesh",
                _ if octet >> 3 == 0b11000 => "FRAG1",
                _ if octet >> 3 == 0b11100 => "FRAGN",
                _ if octet >> 1 == 0b111_0100 => "RFRAG",
                _ if octet >> 1 == 0b111_0101 => "RFRAG-ACK",
                0xf1 => "page 1",
                _ if octet >> 4 == 0xf => continue,
                _ => {
                    assert_eq!(Dispatch::of(octet), Dispatch::Unknown(octet));
                    continue;
                }
            };
            assert_eq!(Dispatch::of(octet).to_string(), want, "0x{octet:02x}");
        }
    }

    // conf: LWP-DSP-09, LWP-DSP-10, LWP-DSP-12
    #[test]
    fn pages_are_switched_and_elective_routing_headers_skipped() {
        for (bytes, want) in [
            (&[0x7a, 0x33][..], Ok(&[0x7a, 0x33][..])),
            (&[0xf1, 0x7a, 0x33], Ok(&[0x7a, 0x33])),
            (&[0xf0, 0x41, 0x60], Ok(&[0x41, 0x60])),
            (&[0xf1, 0xf0, 0x41], Ok(&[0x41])),
            (&[0xf1, 0xa2, 9, 1, 2, 0x7a], Ok(&[0x7a])),
            (&[0xf1, 0xa0, 9, 0x7a], Ok(&[0x7a])),
            (&[0xf1, 0x82, 9, 1, 2, 0x7a], Err(Error::Dispatch(0x82))),
            (&[0xf1, 0x41, 0x60], Err(Error::Dispatch(0x41))),
            (&[0xf2, 0x7a], Ok(&[0xf2, 0x7a])),
            (&[0xf1, 0xf2, 0x7a], Err(Error::Dispatch(0xf2))),
            (&[0xf1, 0xc0, 0x7a], Err(Error::Dispatch(0xc0))),
            (&[0xf1, 0xa3, 9, 1, 2], Err(Error::Truncated)),
            (&[0xf1], Err(Error::Truncated)),
            (&[], Err(Error::Truncated)),
        ] {
            assert_eq!(skip_pages(bytes), want, "{bytes:02x?}");
        }
    }
}
