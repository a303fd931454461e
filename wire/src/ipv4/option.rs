//! The options of a header, RFC 791 §3.1.
//!
//! ```text
//!  0       1        2
//!  +------+--------+------------------+
//!  | type | length | data             |   length counts all three
//!  +------+--------+------------------+
//!  | type |   of one octet: End of Option List, No Operation
//!  +------+
//!  type:  copied 1 | class 2 | number 5
//! ```
//! [`options`] checks structure only; what is in a route or in timestamps is taken apart by [`Route`] and
//! [`Timestamps`].

use super::{Route, Timestamps, OPTIONS_LEN_MAX};
use crate::put::Put;
use crate::Error;
use core::fmt;

/// Octets in front of an option's data: type and length.
const OPTION_HEADER_LEN: usize = 2;

/// An option, IANA "IP Option Numbers".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Opt<'a> {
    /// Record Route, type 7: pointer and addresses.
    RecordRoute(&'a [u8]),
    /// Timestamp, type 68: pointer, flags and timestamps.
    Timestamp(&'a [u8]),
    /// Loose Source Route, type 131: pointer and addresses.
    LooseSourceRoute(&'a [u8]),
    /// Stream Identifier, type 136: obsolete, RFC 6814.
    StreamId(u16),
    /// Strict Source Route, type 137: pointer and addresses.
    StrictSourceRoute(&'a [u8]),
    /// Router Alert, type 148, RFC 2113.
    RouterAlert(u16),
    /// Any other: type and data.
    Unknown(u8, &'a [u8]),
}

impl Opt<'_> {
    /// The type octet.
    #[must_use]
    pub const fn kind(&self) -> u8 {
        match self {
            Self::RecordRoute(_) => 7,
            Self::Timestamp(_) => 68,
            Self::LooseSourceRoute(_) => 131,
            Self::StreamId(_) => 136,
            Self::StrictSourceRoute(_) => 137,
            Self::RouterAlert(_) => 148,
            Self::Unknown(kind, _) => *kind,
        }
    }

    /// Whether every fragment carries the option; else only the first does.
    #[must_use]
    pub const fn is_copied(&self) -> bool {
        self.kind() & 0x80 != 0
    }

    /// Octets that it takes in a header, type and length included.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        OPTION_HEADER_LEN
            + match self {
                Self::RecordRoute(data)
                | Self::Timestamp(data)
                | Self::LooseSourceRoute(data)
                | Self::StrictSourceRoute(data)
                | Self::Unknown(_, data) => data.len(),
                Self::StreamId(_) | Self::RouterAlert(_) => 2,
            }
    }

    fn write(&self, writer: &mut Put<'_>) -> Result<(), Error> {
        let len = u8::try_from(self.buffer_len()).map_err(|_| Error::Unrepresentable)?;
        match self {
            // A type that is one octet, or that would be read as another variant or refused.
            Self::Unknown(0 | 1 | 7 | 68 | 131 | 137 | 148, _) | Self::Unknown(136, [_, _]) => {
                return Err(Error::Unrepresentable);
            }
            _ => {}
        }
        writer.octets(&[self.kind(), len]);
        match self {
            Self::RecordRoute(data)
            | Self::Timestamp(data)
            | Self::LooseSourceRoute(data)
            | Self::StrictSourceRoute(data)
            | Self::Unknown(_, data) => writer.octets(data),
            Self::StreamId(value) | Self::RouterAlert(value) => writer.octets(&value.to_be_bytes()),
        }
        Ok(())
    }
}

impl fmt::Display for Opt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, data) = match self {
            Self::RecordRoute(data) => ("RR", data),
            Self::LooseSourceRoute(data) => ("LSRR", data),
            Self::StrictSourceRoute(data) => ("SSRR", data),
            Self::Timestamp(data) => {
                return match Timestamps::parse(data) {
                    Ok(timestamps) => write!(f, "TS {timestamps}"),
                    Err(_) => f.write_str("bad TS"),
                };
            }
            Self::StreamId(id) => return write!(f, "SID {id}"),
            Self::RouterAlert(value) => return write!(f, "RA {value}"),
            // RFC 1108: kept, not understood.
            Self::Unknown(130, _) => return f.write_str("security"),
            Self::Unknown(133, _) => return f.write_str("extended security"),
            Self::Unknown(kind, _) => return write!(f, "option {kind}"),
        };
        match Route::parse(data) {
            Ok(route) => write!(f, "{name} {route}"),
            Err(_) => write!(f, "bad {name}"),
        }
    }
}

/// The options of a header, one by one; see [`options`].
#[derive(Debug, Clone)]
pub struct Options<'a> {
    rest: &'a [u8],
    /// Where `rest` starts, in octets from the start of the header.
    offset: u8,
}

/// Walks the option octets of a header. No Operation is skipped, End of Option List ends the walk. A wrong length
/// yields one `Error::Field` with the option's offset from the start of the header, and ends it.
#[must_use]
pub const fn options(octets: &[u8]) -> Options<'_> {
    Options { rest: octets, offset: 20 }
}

impl<'a> Iterator for Options<'a> {
    type Item = Result<Opt<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, offset) = loop {
            let (&kind, rest) = self.rest.split_first()?;
            let offset = self.offset;
            match kind {
                0 => {
                    self.rest = &[];
                    return None;
                }
                1 => {
                    self.rest = rest;
                    self.offset = offset.wrapping_add(1);
                }
                _ => break (kind, offset),
            }
        };
        let whole = self.rest;
        self.rest = &[];
        let bad = Some(Err(Error::Field(u16::from(offset))));
        let Some(&len) = whole.get(1) else { return bad };
        let Some((option, rest)) = whole.split_at_checked(usize::from(len)) else { return bad };
        let Some(data) = option.get(2..) else { return bad };
        let option = match (kind, data) {
            (7, _) => Opt::RecordRoute(data),
            (68, _) => Opt::Timestamp(data),
            (131, _) => Opt::LooseSourceRoute(data),
            (136, &[high, low]) => Opt::StreamId(u16::from_be_bytes([high, low])),
            (137, _) => Opt::StrictSourceRoute(data),
            (148, &[high, low]) => Opt::RouterAlert(u16::from_be_bytes([high, low])),
            (148, _) => return bad,
            _ => Opt::Unknown(kind, data),
        };
        self.rest = rest;
        self.offset = offset.wrapping_add(len);
        Some(Ok(option))
    }
}

/// Octets that [`emit_options`] writes: a multiple of four.
#[must_use]
pub fn options_len(options: &[Opt<'_>]) -> usize {
    let len = options.iter().fold(0_usize, |len, option| len.saturating_add(option.buffer_len()));
    len.saturating_add(3) & !3
}

/// Writes options at the front of `buffer`, padded with End of Option List to a multiple of four, and returns how
/// many octets that took: what [`Repr::emit_with_options`](super::Repr::emit_with_options) wants.
///
/// # Errors
/// `NoRoom`; `Unrepresentable` if they are longer than 40 octets, if more than one is a source route (RFC 1122
/// §3.2.1.8), if one is repeated that RFC 791 §3.1 allows once (security, stream identifier, record route, timestamp), or if
/// an unknown one has the type of a known one.
pub fn emit_options(options: &[Opt<'_>], buffer: &mut [u8]) -> Result<usize, Error> {
    let need = options_len(options);
    let mut seen = 0_u8;
    let is_repeated = options.iter().any(|option| {
        let bit = match option.kind() {
            7 => 1,
            68 => 2,
            130 => 4,
            131 | 137 => 8,
            136 => 16,
            _ => 0,
        };
        let is_repeated = seen & bit != 0;
        seen |= bit;
        is_repeated
    });
    if need > OPTIONS_LEN_MAX || is_repeated {
        return Err(Error::Unrepresentable);
    }
    let mut writer = Put::new(buffer, need)?;
    let mut len = 0;
    for option in options {
        option.write(&mut writer)?;
        len += option.buffer_len();
    }
    writer.pad(need - len);
    Ok(need)
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::super::{Packet, Repr, ROUTER_ALERT};
    use super::*;
    use crate::IpProtocol;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    fn walk(octets: &[u8]) -> Vec<Opt<'_>> {
        options(octets).map(Result::unwrap).collect()
    }

    // conf: IP4-OPT-04
    #[test]
    fn options_of_every_kind_are_emitted_padded_and_come_back() {
        let route = [4, 192, 0, 2, 1, 0, 0, 0, 0];
        let timestamp = [5, 0, 0, 0, 0, 0];
        // options, octets with padding
        for (list, len) in [
            (&[][..], 0),
            (&[Opt::RouterAlert(0)], 4),
            (&[Opt::RecordRoute(&route)], 12),
            (&[Opt::Timestamp(&timestamp), Opt::StreamId(9)], 12),
            (&[Opt::LooseSourceRoute(&route), Opt::RouterAlert(1)], 16),
            (&[Opt::StrictSourceRoute(&route), Opt::RecordRoute(&route)], 24),
            (&[Opt::Unknown(130, &[1; 9]), Opt::Unknown(0x5e, &[]), Opt::Unknown(136, &[1])], 16),
            (&[Opt::Unknown(0x9e, &[7; 38])], 40),
        ] {
            let mut buffer = [0xee; 40];
            assert_eq!((emit_options(list, &mut buffer), options_len(list)), (Ok(len), len), "{list:?}");
            assert_eq!(walk(&buffer[..len]), list);
            for room in 0..len {
                let want = Err(Error::no_room(len, room));
                assert_eq!(emit_options(list, &mut buffer[..room]), want, "{list:?}");
            }
        }
        assert_eq!(emit_options(&[Opt::RouterAlert(0)], &mut [0; 4]), Ok(4));
        let mut buffer = [0; 4];
        emit_options(&[Opt::RouterAlert(0)], &mut buffer).unwrap();
        assert_eq!(buffer, ROUTER_ALERT);
    }

    // conf: IP4-OPT-05
    #[test]
    fn what_stands_once_and_what_cannot_be_told_apart_is_not_emitted() {
        let route = [4, 192, 0, 2, 1];
        for list in [
            &[Opt::LooseSourceRoute(&route), Opt::LooseSourceRoute(&route)][..],
            &[Opt::LooseSourceRoute(&route), Opt::RouterAlert(0), Opt::StrictSourceRoute(&route)],
            &[Opt::RecordRoute(&route), Opt::RouterAlert(0), Opt::RecordRoute(&route)],
            &[Opt::Timestamp(&[5, 0]), Opt::Timestamp(&[5, 0])],
            &[Opt::StreamId(1), Opt::StreamId(2)],
            &[Opt::Unknown(130, &[1; 9]), Opt::Unknown(130, &[1; 9])],
            &[Opt::Unknown(0x9e, &[7; 39])],
            &[Opt::Unknown(0x9e, &[7; 254])],
            &[Opt::RouterAlert(0); 11],
            &[Opt::Unknown(0, &[])],
            &[Opt::Unknown(1, &[])],
            &[Opt::Unknown(7, &route)],
            &[Opt::Unknown(136, &[1, 2])],
            &[Opt::Unknown(148, &[1])],
        ] {
            assert_eq!(emit_options(list, &mut [0; 400]), Err(Error::Unrepresentable), "{list:?}");
        }
    }

    #[test]
    fn the_highest_bit_of_the_type_says_what_fragments_carry() {
        // option, copied
        for (option, want) in [
            (Opt::RecordRoute(&[]), false),
            (Opt::Timestamp(&[]), false),
            (Opt::LooseSourceRoute(&[]), true),
            (Opt::StrictSourceRoute(&[]), true),
            (Opt::StreamId(0), true),
            (Opt::RouterAlert(0), true),
            (Opt::Unknown(0x1e, &[]), false),
            (Opt::Unknown(0x9e, &[]), true),
        ] {
            assert_eq!(option.is_copied(), want, "{option}");
        }
    }

    #[test]
    fn options_are_shown_with_what_they_hold() {
        for (octets, want) in [
            (&[7, 7, 8, 192, 0, 2, 1][..], "RR 192.0.2.1 full"),
            (&[7, 11, 8, 192, 0, 2, 1, 0, 0, 0, 0], "RR 192.0.2.1 | 0.0.0.0"),
            (&[131, 7, 4, 192, 0, 2, 1], "LSRR | 192.0.2.1"),
            (&[137, 6, 4, 1, 2, 3], "bad SSRR"),
            (&[68, 12, 9, 0x20, 0, 0, 0, 7, 0, 0, 0, 0], "TS 7 | 0 overflow 2"),
            (&[68, 4, 5, 2], "bad TS"),
            (&[130, 3, 1], "security"),
            (&[133, 3, 1], "extended security"),
            (&[0x9e, 2], "option 158"),
        ] {
            assert_eq!(walk(octets)[0].to_string(), want);
        }
    }

    // The option octets of example 3 in appendix A of RFC 791, where x and y are any types.
    #[test]
    fn the_third_example_of_rfc_791_is_understood() {
        let octets = [0x5e, 3, 1, 0x5e, 4, 2, 3, 1, 0x5f, 3, 4, 0];
        let want = [Opt::Unknown(0x5e, &[1]), Opt::Unknown(0x5e, &[2, 3]), Opt::Unknown(0x5f, &[4])];
        assert_eq!(walk(&octets), want);
        let (source, destination) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let repr = Repr::new(IpProtocol(1), source, destination, 576 - 32);
        let mut bytes = alloc::vec![0; 576];
        repr.emit_with_options(&octets, &mut bytes).unwrap();
        assert_eq!(bytes[..4], [0x48, 0, 2, 64], "IHL 8, Total Length 576");
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!((packet.options().count(), packet.payload().len()), (3, 544));
    }

    #[test]
    fn every_truncation_and_every_mutation_of_one_octet_is_walked_to_an_end() {
        let route = [8, 192, 0, 2, 1, 0, 0, 0, 0];
        let list = [
            Opt::RecordRoute(&route),
            Opt::Timestamp(&[5, 3, 192, 0, 2, 1, 0, 0, 0, 0]),
            Opt::LooseSourceRoute(&route),
        ];
        let mut octets = [0; 40];
        let len = emit_options(&list, &mut octets).unwrap();
        let check = |octets: &[u8]| {
            for option in options(octets).flatten() {
                assert!(!option.to_string().is_empty() && option.buffer_len() <= octets.len());
            }
            assert!(options(octets).count() <= octets.len());
        };
        for cut in 0..=len {
            check(&octets[..cut]);
        }
        for at in 0..len {
            for value in 0..=255 {
                let mut mutated = octets;
                mutated[at] = value;
                check(&mutated[..len]);
            }
        }
    }
}
