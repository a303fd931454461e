//! The RPL source route, a routing header of type 3: RFC 6554 §3.
//!
//! ```text
//!  +-------------+-------------+--------------+---------------+
//!  | Next Header | Hdr Ext Len |      3       | Segments Left |
//!  +------+------+------+------+--------------+---------------+
//!  |CmprI |CmprE | Pad  |            Reserved                 |
//!  +------+------+------+-------------------------------------+
//!  | Addresses[1..n-1], each without its first CmprI octets   |
//!  | Addresses[n], without its first CmprE octets   | Pad     |
//! ```
//! The octets left out are those of the packet's destination address.

use super::routing::{start, HDR_EXT_LEN, SEGMENTS_LEFT};
use super::{Routing, RoutingType};
use crate::{Error, IpProtocol};
use core::fmt;
use core::net::Ipv6Addr;

/// Octets in front of the addresses.
const HEADER_LEN: usize = 8;
/// Offset of Pad in the routing header.
const PAD: u16 = 5;

/// A view of the type-specific data of an RPL source route (type 3), RFC 6554 §3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceRoute<'a> {
    cmpr_i: u8,
    cmpr_e: u8,
    /// All addresses but the last, shortened.
    front: &'a [u8],
    /// The last address, shortened.
    last: &'a [u8],
}

impl<'a> SourceRoute<'a> {
    /// Takes type-specific data apart; the checks of RFC 6554 §3 and §4.2.
    pub(super) fn parse(data: &'a [u8], segments_left: u8) -> Result<Self, Error> {
        let bad_len = Error::Field(HDR_EXT_LEN);
        let ([cmpr, pad, _, _], addresses) = data.split_first_chunk().ok_or(bad_len)?;
        let (cmpr_i, cmpr_e, pad) = (cmpr >> 4, cmpr & 0x0f, usize::from(pad >> 4));
        // Whole addresses fill the header.
        if (cmpr_i, cmpr_e) == (0, 0) && pad != 0 {
            return Err(Error::Field(PAD));
        }
        let len = addresses.len().checked_sub(pad).ok_or(bad_len)?;
        let front_len = len.checked_sub(16 - usize::from(cmpr_e)).ok_or(bad_len)?;
        if front_len % (16 - usize::from(cmpr_i)) != 0 {
            return Err(bad_len);
        }
        let (front, rest) = addresses.split_at_checked(front_len).ok_or(bad_len)?;
        let last = rest.get(..16 - usize::from(cmpr_e)).ok_or(bad_len)?;
        let route = Self { cmpr_i, cmpr_e, front, last };
        if usize::from(segments_left) > route.len() {
            return Err(Error::Field(SEGMENTS_LEFT));
        }
        Ok(route)
    }

    /// `CmprI`: octets left out of every address but the last.
    #[must_use]
    pub const fn cmpr_i(&self) -> u8 {
        self.cmpr_i
    }

    /// `CmprE`: octets left out of the last address.
    #[must_use]
    pub const fn cmpr_e(&self) -> u8 {
        self.cmpr_e
    }

    /// How many addresses there are, at least one: n of RFC 6554 §4.2.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "never empty")]
    pub fn len(&self) -> usize {
        self.front.len() / self.short_len() + 1
    }

    fn short_len(&self) -> usize {
        // The field has four bits: never zero, which the optimiser is to see.
        16 - usize::from(self.cmpr_i & 0x0f)
    }

    /// The addresses in order, completed by the first octets of `destination`, the packet's destination address.
    pub fn addresses(&self, destination: Ipv6Addr) -> impl Iterator<Item = Ipv6Addr> + 'a {
        let shortened = self.front.chunks_exact(self.short_len()).chain(core::iter::once(self.last));
        shortened.map(move |tail| {
            let mut octets = destination.octets();
            for (to, from) in octets.iter_mut().rev().zip(tail.iter().rev()) {
                *to = *from;
            }
            octets.into()
        })
    }
}

/// The addresses as far as they are in the header: what was left out shows as `..`.
impl fmt::Display for SourceRoute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shortened = self.front.chunks_exact(self.short_len()).chain(core::iter::once(self.last));
        for (i, tail) in shortened.enumerate() {
            f.write_str(if i == 0 { "" } else { " " })?;
            match <[u8; 16]>::try_from(tail) {
                Ok(octets) => write!(f, "{}", Ipv6Addr::from(octets))?,
                Err(_) => {
                    f.write_str("..")?;
                    for octet in tail {
                        write!(f, "{octet:02x}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// A source route to be sent; its inverse is [`SourceRoute`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceRouteRepr<'a> {
    /// What follows the header.
    pub next_header: IpProtocol,
    /// Segments Left: at most as many as addresses.
    pub segments_left: u8,
    /// The addresses to be visited behind the packet's destination: one or more.
    pub addresses: &'a [Ipv6Addr],
    /// The packet's destination address, whose first octets are left out of the others.
    pub destination: Ipv6Addr,
}

impl SourceRouteRepr<'_> {
    /// `CmprI`, `CmprE`, and the octets of the addresses without Pad.
    fn layout(&self) -> (u8, u8, usize) {
        let shared = |address: &Ipv6Addr| {
            let pairs = address.octets().into_iter().zip(self.destination.octets());
            // A whole address cannot be left out: 15 is the most that the field holds.
            pairs.take(15).take_while(|(a, b)| a == b).fold(0_u8, |count, _| count + 1)
        };
        let Some((last, front)) = self.addresses.split_last() else { return (0, 0, 0) };
        let cmpr_e = shared(last);
        let cmpr_i = front.iter().map(shared).min().unwrap_or(cmpr_e);
        let len = front.len().saturating_mul(16 - usize::from(cmpr_i));
        (cmpr_i, cmpr_e, len.saturating_add(16 - usize::from(cmpr_e)))
    }

    /// What `emit` writes: a multiple of eight octets.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        let (_, _, len) = self.layout();
        len.saturating_add(HEADER_LEN + 7) & !7
    }

    /// Writes the header, its addresses as short as the destination allows, at the front of `buffer` and returns its
    /// length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` without addresses, with fewer addresses than segments left, above 2,048 octets, or if one
    /// of the addresses or the destination is multicast, RFC 6554 §3.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let need = self.buffer_len();
        if self.destination.is_multicast() || self.addresses.iter().any(Ipv6Addr::is_multicast) {
            return Err(Error::Unrepresentable);
        }
        if self.addresses.is_empty() || usize::from(self.segments_left) > self.addresses.len() {
            return Err(Error::Unrepresentable);
        }
        let (cmpr_i, cmpr_e, len) = self.layout();
        let padding = need - HEADER_LEN - len;
        let mut writer = start(buffer, need, self.next_header, RoutingType::RPL, self.segments_left)?;
        let pad = u8::try_from(padding << 4).map_err(|_| Error::Unrepresentable)?;
        writer.octets(&[cmpr_i << 4 | cmpr_e, pad, 0, 0]);
        for (i, address) in self.addresses.iter().enumerate() {
            let is_last = i + 1 == self.addresses.len();
            let left_out = usize::from(if is_last { cmpr_e } else { cmpr_i });
            writer.octets(address.octets().get(left_out..).unwrap_or(&[]));
        }
        writer.pad(padding);
        Ok(need)
    }
}

impl<'a> Routing<'a> {
    /// The RPL source route, if this is one.
    ///
    /// # Errors
    /// As [`Routing::route`].
    pub fn source_route(&self) -> Result<Option<SourceRoute<'a>>, Error> {
        match self.route()? {
            super::Route::Rpl(route) => Ok(Some(route)),
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    const TO: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    /// Differs in the last octet, in the last two, in the first.
    const NEAR: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
    const NEXT: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x102);
    const FAR: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 3);

    fn repr(addresses: &[Ipv6Addr]) -> SourceRouteRepr<'_> {
        SourceRouteRepr { next_header: IpProtocol::UDP, segments_left: 1, addresses, destination: TO }
    }

    #[test]
    fn routes_come_back_as_short_as_the_destination_allows() {
        // addresses, CmprI, CmprE, octets
        for (addresses, cmpr_i, cmpr_e, len) in [
            (&[NEAR][..], 15, 15, 16),
            (&[TO], 15, 15, 16),
            (&[FAR], 0, 0, 24),
            (&[NEAR, NEXT], 15, 14, 16),
            (&[NEXT, NEAR], 14, 15, 16),
            (&[NEAR, FAR], 15, 0, 32),
            (&[FAR, NEAR], 0, 15, 32),
            (&[NEAR, FAR, NEAR, NEXT], 0, 14, 64),
            (&[NEAR; 8], 15, 15, 16),
            (&[NEAR; 9], 15, 15, 24),
            (&[NEAR; 255], 15, 15, 264),
            (&[FAR; 127], 0, 0, 2040),
        ] {
            let repr = repr(addresses);
            let mut buffer = alloc::vec![0xee; len + 1];
            assert_eq!((repr.emit(&mut buffer), repr.buffer_len()), (Ok(len), len), "{addresses:?}");
            let routing = Routing::parse(&buffer).unwrap();
            let route = routing.source_route().unwrap().unwrap();
            assert_eq!((route.cmpr_i(), route.cmpr_e()), (cmpr_i, cmpr_e));
            assert_eq!(route.len(), addresses.len());
            assert_eq!(route.addresses(TO).collect::<Vec<_>>(), addresses);
            assert_eq!(repr.emit(&mut buffer[..len - 1]), Err(Error::no_room(len, len - 1)));
        }
    }

    #[test]
    fn the_octets_are_those_of_rfc_6554() {
        let mut buffer = [0xee; 16];
        SourceRouteRepr { segments_left: 2, ..repr(&[NEAR, NEXT]) }.emit(&mut buffer).unwrap();
        assert_eq!(buffer, [17, 1, 3, 2, 0xfe, 0x50, 0, 0, 2, 1, 2, 0, 0, 0, 0, 0]);
        let text = Routing::parse(&buffer).unwrap().to_string();
        assert_eq!(text, "RPL source route, 2 segments left: ..02 ..0102");
        let mut buffer = [0; 24];
        repr(&[FAR]).emit(&mut buffer).unwrap();
        let text = Routing::parse(&buffer).unwrap().to_string();
        assert_eq!(text, "RPL source route, 1 segments left: fe80::3");
    }

    // RFC 6554 §4.2: what a node checks before it goes on.
    #[test]
    fn contradictions_are_pointed_at() {
        let route = |bytes: &[u8]| Routing::parse(bytes).unwrap().route().map(|_| ());
        // Segments Left, CmprI and CmprE, Pad, octets of addresses, result
        for (left, cmpr, pad, len, want) in [
            (1, 0xff, 7, 8, Ok(())),
            (2, 0xff, 7, 8, Err(Error::Field(3))),
            (8, 0xff, 0, 8, Ok(())),
            (9, 0xff, 0, 8, Err(Error::Field(3))),
            (255, 0xff, 0, 8, Err(Error::Field(3))),
            (0, 0xff, 8, 8, Err(Error::Field(1))),
            (1, 0xff, 15, 16, Ok(())),
            (2, 0xff, 15, 16, Err(Error::Field(3))),
            (8, 0xff, 8, 16, Ok(())),
            (9, 0xff, 15, 24, Ok(())),
            (0, 0x00, 8, 24, Err(Error::Field(5))),
            (0, 0x00, 0, 8, Err(Error::Field(1))),
            (0, 0x00, 1, 16, Err(Error::Field(5))),
            (0, 0x0f, 0, 16, Err(Error::Field(1))),
            (0, 0x1f, 0, 16, Ok(())),
            (0, 0x00, 0, 24, Err(Error::Field(1))),
            (0, 0x80, 0, 24, Ok(())),
            (0, 0x00, 0, 0, Err(Error::Field(1))),
        ] {
            let mut bytes = alloc::vec![17, len / 8, 3, left, cmpr, pad << 4, 0, 0];
            bytes.resize(8 + usize::from(len), 0x11);
            assert_eq!(route(&bytes), want, "{left} {cmpr:#x} {pad} {len}");
        }
    }

    #[test]
    fn what_cannot_be_said_is_not_emitted() {
        let mut buffer = [0; 5_000];
        assert_eq!(repr(&[]).emit(&mut buffer), Err(Error::Unrepresentable));
        assert_eq!(repr(&[FAR; 128]).emit(&mut buffer), Err(Error::Unrepresentable));
        let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
        assert_eq!(repr(&[NEAR, group]).emit(&mut buffer), Err(Error::Unrepresentable));
        let to_group = SourceRouteRepr { destination: group, ..repr(&[NEAR]) };
        assert_eq!(to_group.emit(&mut buffer), Err(Error::Unrepresentable));
        let left = SourceRouteRepr { segments_left: 2, ..repr(&[NEAR]) };
        assert_eq!(left.emit(&mut buffer), Err(Error::Unrepresentable));
    }
}
