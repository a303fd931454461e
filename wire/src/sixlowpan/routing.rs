//! Routing headers of page 1, 6LoRH, RFC 8138 §4: recognised and kept, so that a frame can be shown. What may be skipped
//! [`dispatch::skip_pages`](super::dispatch::skip_pages) skips.
//!
//! ```text
//!  |1 0 1| Length  | 6LoRH Type | Length octets    elective: a node that does not know the type skips it
//!  |1 0 0| TSE     | 6LoRH Type | …                critical: it must know the type, which alone says how long it is
//! ```

use crate::put::Put;
use crate::Error;
use core::fmt;

const FORM_MASK: u8 = 0b1110_0000;
const ELECTIVE: u8 = 0b1010_0000;
const CRITICAL: u8 = 0b1000_0000;
const HEADER_LEN: usize = 2;

// Critical types: source routing headers, whose addresses lose 15, 14, 12, 8 or 0 octets (§5.1), and RPI (§6.3).
const ADDRESS_LENS: [usize; 5] = [1, 2, 4, 8, 16];
const RPI: u8 = 5;

/// A routing header and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoutingHeader<'a> {
    /// Whether a node that does not know the type must drop the packet.
    pub critical: bool,
    /// The lower five bits of the first octet: length in octets if elective, else what the type makes of it.
    pub length_or_tse: u8,
    /// 6LoRH Type. Elective and critical types are numbered apart.
    pub kind: u8,
    /// What follows the type.
    pub data: &'a [u8],
}

impl<'a> RoutingHeader<'a> {
    /// Splits `bytes`, which stand in page 1, into the header and the rest.
    ///
    /// # Errors
    /// `Unknown` with the first octet if it is none, with the type if it is critical and not known (only those of
    /// RFC 8138 are); `Truncated`.
    pub fn parse(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Error> {
        let have = bytes.len();
        let &first = bytes.first().ok_or(Error::truncated(HEADER_LEN, have))?;
        let critical = match first & FORM_MASK {
            ELECTIVE => false,
            CRITICAL => true,
            _ => return Err(Error::Unknown(first)),
        };
        let (&[_, kind], rest) =
            bytes.split_first_chunk::<HEADER_LEN>().ok_or(Error::truncated(HEADER_LEN, have))?;
        let length_or_tse = first & !FORM_MASK;
        let len = Self::data_len(critical, length_or_tse, kind)?;
        let (data, rest) = rest.split_at_checked(len).ok_or(Error::truncated(HEADER_LEN + len, have))?;
        Ok((Self { critical, length_or_tse, kind, data }, rest))
    }

    /// Octets behind the type, as first octet and type say.
    pub(crate) fn data_len(critical: bool, length_or_tse: u8, kind: u8) -> Result<usize, Error> {
        if critical {
            critical_len(length_or_tse, kind)
        } else {
            Ok(length_or_tse.into())
        }
    }

    /// Octets that [`Self::emit`] writes.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        HEADER_LEN.saturating_add(self.data.len())
    }

    /// Writes the header at the front of `buffer`; returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` if the content is of another length than first octet and type say, or `length_or_tse`
    /// above 31; `Unknown` with the type if it is critical and not known.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let len = Self::data_len(self.critical, self.length_or_tse, self.kind)?;
        if self.length_or_tse & FORM_MASK != 0 || self.data.len() != len {
            return Err(Error::Unrepresentable);
        }
        let form = if self.critical { CRITICAL } else { ELECTIVE };
        let mut out = Put::new(buffer, self.buffer_len())?;
        out.octets(&[form | self.length_or_tse, self.kind]);
        out.octets(self.data);
        Ok(self.buffer_len())
    }
}

/// Octets behind the type of a critical header.
fn critical_len(tse: u8, kind: u8) -> Result<usize, Error> {
    match kind {
        // TSE is the number of addresses less one.
        0..=4 => {
            let address_len = ADDRESS_LENS.get(usize::from(kind)).copied().unwrap_or_default();
            Ok((usize::from(tse) + 1) * address_len)
        }
        // Flags O, R, F, then I: no instance octet, K: one octet of rank instead of two.
        RPI => Ok(usize::from(tse & 2 == 0) + if tse & 1 == 0 { 2 } else { 1 }),
        other => Err(Error::Unknown(other)),
    }
}

impl fmt::Display for RoutingHeader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.critical, self.kind) {
            (true, 0..=4) => {
                write!(f, "SRH-6LoRH {} hops", usize::from(self.length_or_tse) + 1)
            }
            (true, RPI) => write!(f, "RPI-6LoRH len {}", self.data.len()),
            (true, kind) => write!(f, "critical 6LoRH {kind} len {}", self.data.len()),
            (false, kind) => write!(f, "elective 6LoRH {kind} len {}", self.data.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;

    // conf: LWP-DSP-10
    #[test]
    fn headers_are_as_long_as_their_form_and_type_say() {
        // octets of the header, length of the content, text
        for (octets, text) in [
            (&[0xa0, 9][..], "elective 6LoRH 9 len 0"),
            (&[0xa3, 6, 1, 2, 3], "elective 6LoRH 6 len 3"),
            (&[0x80, 0, 1], "SRH-6LoRH 1 hops"),
            (&[0x82, 1, 1, 2, 3, 4, 5, 6], "SRH-6LoRH 3 hops"),
            (&[0x80, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16], "SRH-6LoRH 1 hops"),
            (&[0x80, 5, 1, 2, 3], "RPI-6LoRH len 3"),
            (&[0x81, 5, 1, 2], "RPI-6LoRH len 2"),
            (&[0x9e, 5, 1, 2], "RPI-6LoRH len 2"),
            (&[0x83, 5, 1], "RPI-6LoRH len 1"),
        ] {
            let bytes = [octets, &[0x7a, 0x33]].concat();
            let (header, rest) = RoutingHeader::parse(&bytes).unwrap();
            assert_eq!((rest, header.to_string().as_str()), (&[0x7a, 0x33][..], text));
            let mut buffer = [0xee; 20];
            assert_eq!(header.emit(&mut buffer), Ok(octets.len()));
            assert_eq!((&buffer[..octets.len()], buffer[octets.len()]), (octets, 0xee));
            for cut in 0..octets.len() {
                let need = if cut < 2 { 2 } else { octets.len() };
                assert_eq!(RoutingHeader::parse(&bytes[..cut]), Err(Error::truncated(need, cut)));
                assert_eq!(header.emit(&mut [0; 20][..cut]), Err(Error::no_room(octets.len(), cut)));
            }
            let longer = RoutingHeader { data: &bytes, ..header };
            assert_eq!(longer.emit(&mut [0; 99]), Err(Error::Unrepresentable));
        }
        assert_eq!(RoutingHeader::parse(&[0x80, 6, 1, 2]), Err(Error::Unknown(6)));
        let unknown = RoutingHeader { critical: true, length_or_tse: 0, kind: 6, data: &[] };
        assert_eq!(unknown.emit(&mut [0; 9]), Err(Error::Unknown(6)));
        let wide = RoutingHeader { critical: false, length_or_tse: 32, kind: 6, data: &[0; 32] };
        assert_eq!(wide.emit(&mut [0; 99]), Err(Error::Unrepresentable));
    }

    #[test]
    fn every_octet_may_have_any_value() {
        for first in 0..=255 {
            for kind in 0..=255 {
                let bytes = [&[first, kind][..], &[0x55; 600]].concat();
                match RoutingHeader::parse(&bytes) {
                    Ok((header, rest)) => {
                        assert!(first >> 6 == 0b10 && header.buffer_len() + rest.len() == bytes.len());
                        let mut buffer = [0; 600];
                        let len = header.emit(&mut buffer).unwrap();
                        assert_eq!(RoutingHeader::parse(&buffer[..len]), Ok((header, &[][..])));
                    }
                    Err(error) => assert!(matches!(error, Error::Unknown(_))),
                }
            }
        }
    }
}
