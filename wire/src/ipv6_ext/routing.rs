//! Routing headers, RFC 8200 §4.4.
//!
//! ```text
//!  +-------------+-------------+--------------+---------------+
//!  | Next Header | Hdr Ext Len | Routing Type | Segments Left |
//!  +-------------+-------------+--------------+---------------+
//!  | type-specific data                                       |
//!
//!  0  source route, deprecated by RFC 5095: recognised, never read or made
//!  2  home address, RFC 6275 §6.4: 4 octets reserved, then one address
//!  3  RPL source route, RFC 6554 §3: see SourceRoute
//!  4  segment routing, RFC 8754 §2: see Segments
//! ```
//! Offsets in errors count from the start of the routing header.

use super::{Header, SegmentRouting, SourceRoute};
use crate::cursor::Reader;
use crate::put::Put;
use crate::{Error, IpProtocol};
use core::fmt;
use core::net::Ipv6Addr;

/// Length of a routing header of type 2, in octets.
pub const HOME_ROUTE_LEN: usize = 24;

/// Offset of Hdr Ext Len.
pub(super) const HDR_EXT_LEN: u16 = 1;
/// Offset of Routing Type.
const ROUTING_TYPE: u16 = 2;
/// Offset of Segments Left.
pub(super) const SEGMENTS_LEFT: u16 = 3;

/// A routing type, IANA "Routing Types".
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct RoutingType(pub u8);

impl RoutingType {
    /// Source route, deprecated by RFC 5095.
    pub const SOURCE_ROUTE: Self = Self(0);
    /// Type 2, RFC 6275.
    pub const HOME_ADDRESS: Self = Self(2);
    /// RPL source route, RFC 6554.
    pub const RPL: Self = Self(3);
    /// Segment routing, RFC 8754.
    pub const SEGMENT: Self = Self(4);
}

impl fmt::Display for RoutingType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::SOURCE_ROUTE => "source route (deprecated)",
            Self::HOME_ADDRESS => "home address",
            Self::RPL => "RPL source route",
            Self::SEGMENT => "segment routing",
            Self(number) => return write!(f, "type {number}"),
        })
    }
}

impl fmt::Debug for RoutingType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A view of a routing header: what all types have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Routing<'a> {
    next_header: IpProtocol,
    routing_type: RoutingType,
    segments_left: u8,
    data: &'a [u8],
}

/// What a routing header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route<'a> {
    /// Type 0: not read, RFC 5095 §3.
    Deprecated,
    /// Type 2: the home address of the mobile node that the packet is for.
    HomeAddress(Ipv6Addr),
    /// Type 3.
    Rpl(SourceRoute<'a>),
    /// Type 4.
    Segment(SegmentRouting<'a>),
    /// Any other: type-specific data.
    Unknown(&'a [u8]),
}

impl<'a> Routing<'a> {
    /// The header at the start of `bytes`; what follows it is ignored.
    ///
    /// # Errors
    /// `Truncated`.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        let [next_header, units, routing_type, segments_left] = *reader.array()?;
        Ok(Self {
            next_header: IpProtocol(next_header),
            routing_type: RoutingType(routing_type),
            segments_left,
            data: reader.slice(usize::from(units) * 8 + 4)?,
        })
    }

    /// What follows.
    #[must_use]
    pub const fn next_header(&self) -> IpProtocol {
        self.next_header
    }

    /// Routing Type.
    #[must_use]
    pub const fn routing_type(&self) -> RoutingType {
        self.routing_type
    }

    /// Segments Left: how many nodes are still to be visited.
    #[must_use]
    pub const fn segments_left(&self) -> u8 {
        self.segments_left
    }

    /// Type-specific data: four octets or more.
    #[must_use]
    pub const fn data(&self) -> &'a [u8] {
        self.data
    }

    /// What the header says, by its type.
    ///
    /// # Errors
    /// `Field` with the offset, from the start of the routing header, of what contradicts the type: Hdr Ext Len, or
    /// Segments Left.
    pub fn route(&self) -> Result<Route<'a>, Error> {
        Ok(match self.routing_type {
            RoutingType::SOURCE_ROUTE => Route::Deprecated,
            RoutingType::HOME_ADDRESS => {
                // RFC 6275 §6.4.1: length 2, one segment at most.
                let [_, _, _, _, address @ ..] = self.data else { return Err(Error::Field(HDR_EXT_LEN)) };
                let address = <[u8; 16]>::try_from(address).map_err(|_| Error::Field(HDR_EXT_LEN))?;
                if self.segments_left > 1 {
                    return Err(Error::Field(SEGMENTS_LEFT));
                }
                Route::HomeAddress(address.into())
            }
            RoutingType::RPL => Route::Rpl(SourceRoute::parse(self.data, self.segments_left)?),
            RoutingType::SEGMENT => Route::Segment(SegmentRouting::parse(self.data, self.segments_left)?),
            _ => Route::Unknown(self.data),
        })
    }
}

impl<'a> Header<'a> {
    /// The header as a routing header, if it is one.
    #[must_use]
    pub fn as_routing(&self) -> Option<Routing<'a>> {
        match self.protocol {
            IpProtocol::ROUTING => Routing::parse(self.bytes).ok(),
            _ => None,
        }
    }
}

impl fmt::Display for Routing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} segments left", self.routing_type, self.segments_left)?;
        match self.route() {
            Ok(Route::HomeAddress(address)) => write!(f, ": {address}"),
            Ok(Route::Rpl(route)) => write!(f, ": {route}"),
            Ok(Route::Segment(route)) => write!(f, ": {route}"),
            Ok(Route::Deprecated | Route::Unknown(_)) => write!(f, ", {} octets", self.data.len() + 4),
            Err(error) => write!(f, ": {error}"),
        }
    }
}

/// A routing header of type 2, RFC 6275 §6.4, or of a type that is not known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoutingRepr<'a> {
    /// What follows the header.
    pub next_header: IpProtocol,
    /// Segments Left.
    pub segments_left: u8,
    /// The rest.
    pub route: RouteRepr<'a>,
}

/// What a [`RoutingRepr`] carries. Types 3 and 4 have reprs of their own: `SourceRouteRepr` and `SegmentRoutingRepr`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteRepr<'a> {
    /// Type 2: Segments Left is 0 or 1.
    HomeAddress(Ipv6Addr),
    /// A type that is not known here, and its data: four octets, or eight times n more.
    Unknown(RoutingType, &'a [u8]),
}

impl<'a> RoutingRepr<'a> {
    /// The meaning of a header.
    ///
    /// # Errors
    /// `Field` at Routing Type for type 0, which RFC 5095 forbids to process, and for types 3 and 4, which have reprs
    /// of their own; as [`Routing::route`].
    pub fn parse(routing: &Routing<'a>) -> Result<Self, Error> {
        let route = match routing.route()? {
            Route::HomeAddress(address) => RouteRepr::HomeAddress(address),
            Route::Unknown(data) => RouteRepr::Unknown(routing.routing_type, data),
            Route::Deprecated | Route::Rpl(_) | Route::Segment(_) => return Err(Error::Field(ROUTING_TYPE)),
        };
        Ok(Self { next_header: routing.next_header, segments_left: routing.segments_left, route })
    }

    /// What `emit` writes: a multiple of eight octets.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        match self.route {
            RouteRepr::HomeAddress(_) => HOME_ROUTE_LEN,
            RouteRepr::Unknown(_, data) => 4 + data.len(),
        }
    }

    /// Writes the header at the front of `buffer` and returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` for type 0 (RFC 5095 §3), for a known type as an unknown one, for data of another
    /// length, and for more than one segment left in type 2.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let need = self.buffer_len();
        let routing_type = match self.route {
            RouteRepr::HomeAddress(_) if self.segments_left > 1 => return Err(Error::Unrepresentable),
            RouteRepr::HomeAddress(_) => RoutingType::HOME_ADDRESS,
            RouteRepr::Unknown(RoutingType(0 | 2..=4), _) => return Err(Error::Unrepresentable),
            RouteRepr::Unknown(routing_type, _) => routing_type,
        };
        let mut writer = start(buffer, need, self.next_header, routing_type, self.segments_left)?;
        match self.route {
            RouteRepr::HomeAddress(address) => {
                writer.pad(4);
                writer.octets(&address.octets());
            }
            RouteRepr::Unknown(_, data) => writer.octets(data),
        }
        Ok(need)
    }
}

/// Writes the first four octets of a routing header of `need` octets.
pub(super) fn start(
    buffer: &mut [u8],
    need: usize,
    next_header: IpProtocol,
    routing_type: RoutingType,
    segments_left: u8,
) -> Result<Put<'_>, Error> {
    let units = need.checked_sub(8).filter(|_| need % 8 == 0).map(|rest| rest / 8);
    let units = units.and_then(|units| u8::try_from(units).ok()).ok_or(Error::Unrepresentable)?;
    let mut writer = Put::new(buffer, need)?;
    writer.octets(&[next_header.0, units, routing_type.0, segments_left]);
    Ok(writer)
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;

    const HOME: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7);

    fn home(segments_left: u8) -> RoutingRepr<'static> {
        RoutingRepr { next_header: IpProtocol::UDP, segments_left, route: RouteRepr::HomeAddress(HOME) }
    }

    #[test]
    fn headers_of_type_2_and_of_unknown_types_come_back() {
        let unknown =
            |kind, data| RoutingRepr { route: RouteRepr::Unknown(RoutingType(kind), data), ..home(9) };
        for (repr, len) in [
            (home(0), 24),
            (home(1), 24),
            (unknown(1, &[1, 2, 3, 4][..]), 8),
            (unknown(253, &[7; 12]), 16),
            (unknown(5, &[7; 2044]), 2048),
        ] {
            let mut buffer = alloc::vec![0xee; len + 1];
            assert_eq!((repr.emit(&mut buffer), repr.buffer_len()), (Ok(len), len));
            let routing = Routing::parse(&buffer).unwrap();
            assert_eq!(RoutingRepr::parse(&routing), Ok(repr));
            assert_eq!(routing.data().len(), len - 4);
            for cut in 0..len {
                let need = if cut < 4 { 4 } else { len };
                assert_eq!(Routing::parse(&buffer[..cut]), Err(Error::truncated(need, cut)));
                assert_eq!(repr.emit(&mut buffer[..cut]), Err(Error::no_room(len, cut)));
            }
        }
        let mut buffer = [0; 24];
        home(1).emit(&mut buffer).unwrap();
        assert_eq!(buffer[..8], [17, 2, 2, 1, 0, 0, 0, 0]);
        let text = Routing::parse(&buffer).unwrap().to_string();
        assert_eq!(text, "home address, 1 segments left: 2001:db8::7");
    }

    // RFC 5095 §3.
    #[test]
    fn type_0_is_recognised_and_neither_read_nor_made() {
        let mut bytes = alloc::vec![17, 2, 0, 1, 0, 0, 0, 0];
        bytes.extend(HOME.octets());
        let routing = Routing::parse(&bytes).unwrap();
        assert_eq!(routing.routing_type(), RoutingType::SOURCE_ROUTE);
        assert_eq!(routing.route(), Ok(Route::Deprecated));
        assert_eq!(routing.to_string(), "source route (deprecated), 1 segments left, 24 octets");
        assert_eq!(RoutingRepr::parse(&routing), Err(Error::Field(2)));
        let repr = RoutingRepr { route: RouteRepr::Unknown(RoutingType(0), &[0; 4]), ..home(0) };
        assert_eq!(repr.emit(&mut [0; 8]), Err(Error::Unrepresentable));
    }

    #[test]
    fn what_contradicts_type_2_is_pointed_at_and_not_emitted() {
        let mut bytes = [0; 32];
        home(1).emit(&mut bytes).unwrap();
        for (units, segments_left, want) in [(2, 2, 3), (1, 1, 1), (3, 1, 1), (0, 0, 1)] {
            bytes[1] = units;
            bytes[3] = segments_left;
            assert_eq!(Routing::parse(&bytes).unwrap().route(), Err(Error::Field(want)));
        }
        assert_eq!(home(2).emit(&mut bytes), Err(Error::Unrepresentable));
        for data in [&[0; 3][..], &[0; 5], &[0; 2052]] {
            let repr = RoutingRepr { route: RouteRepr::Unknown(RoutingType(9), data), ..home(0) };
            assert_eq!(repr.emit(&mut [0; 3_000]), Err(Error::Unrepresentable));
        }
        for known in [2, 3, 4] {
            let repr = RoutingRepr { route: RouteRepr::Unknown(RoutingType(known), &[0; 4]), ..home(0) };
            assert_eq!(repr.emit(&mut bytes), Err(Error::Unrepresentable));
        }
    }
}
