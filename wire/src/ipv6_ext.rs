//! IPv6 extension headers, RFC 8200 §4.
//!
//! ```text
//!   fixed header | Hop-by-Hop | Destination | Routing | Fragment | Destination | upper layer
//!                |            |  Options    |         |          |  Options    |
//!   0            40                                              |             |
//!                <-- unfragmentable part -----------> <----------+- data of the fragment -->
//! ```
//!
//! Three levels: [`Chain`] walks structure only, for quotes and tools, [`Headers`] is it as an iterator; [`Options`]
//! iterates over the options of one header, [`Opt`] and [`Routing`] say what is in them; [`walk`] decides what a host
//! does with a packet. But for routing headers, which can be had alone, all offsets count from the start of the IPv6 header, as
//! the pointer of a Parameter Problem does.
//!
//! An Authentication Header is walked over by [`Chain`]; to [`walk`], which knows no IPsec, it is a Next Header that is not
//! recognized, RFC 8200 §4.
//!
//! ```
//! use tersus_wire::ipv6_ext::{Chain, End, Opt, OptionsRepr};
//! use tersus_wire::IpProtocol;
//!
//! let options = [Opt::RouterAlert(0), Opt::TunnelEncapsulationLimit(4)];
//! let repr = OptionsRepr { next_header: IpProtocol::UDP, options: &options };
//! let mut buffer = [0; 16];
//! let len = repr.emit(&mut buffer)?;
//!
//! let mut headers = Chain::new(IpProtocol::HOP_BY_HOP, &buffer[..len]).headers();
//! for header in headers.by_ref() {
//!     assert_eq!(header?.to_string(), "HopByHop router alert 0, tunnel encapsulation limit 4 > UDP");
//! }
//! assert_eq!(headers.end(), End::UpperLayer(IpProtocol::UDP));
//! # Ok::<(), tersus_wire::Error>(())
//! ```

mod fragment;
mod headers;
mod host;
mod jumbo;
mod mobility;
mod option;
mod pseudo;
mod routing;
mod segment;
mod source_route;
#[cfg(test)]
mod tests;
mod typed;

pub use fragment::{Fragment, FRAGMENT_LEN};
pub use headers::{End, Headers};
pub use host::{walk, Accept, Decision, DropReason, Limits, Part, Problem};
pub use jumbo::Jumbogram;
pub use mobility::{Mobility, MOBILITY_HEADER_LEN};
pub use option::{Action, OptionAt, OptionType, Options};
pub use pseudo::pseudo_addresses;
pub use routing::{Route, RouteRepr, Routing, RoutingRepr, RoutingType, HOME_ROUTE_LEN};
pub use segment::{SegmentRouting, SegmentRoutingRepr, Tlv, Tlvs};
pub use source_route::{SourceRoute, SourceRouteRepr};
pub use typed::{Opt, OptionsRepr, Rpl, RplFlags};

use crate::{Error, IpProtocol};

/// Length of the fixed header in front of the chain, in octets.
const FIXED_LEN: u16 = 40;
/// Offset of Next Header in the fixed header.
const FIXED_NEXT_HEADER: u16 = 6;

/// Length of a Hop-by-Hop Options header that holds a Router Alert and nothing else, in octets.
pub const ROUTER_ALERT_LEN: usize = 8;

/// One extension header of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// What kind of header it is.
    pub protocol: IpProtocol,
    /// Its offset from the start of the IPv6 header, in octets.
    pub offset: u16,
    /// Its octets, Next Header first: at least eight.
    pub bytes: &'a [u8],
}

impl<'a> Header<'a> {
    /// Next Header.
    #[must_use]
    pub fn next_header(&self) -> IpProtocol {
        IpProtocol(self.bytes.first().copied().unwrap_or(IpProtocol::NO_NEXT_HEADER.0))
    }

    /// The fragment header's fields, if this is one.
    #[must_use]
    pub fn fragment(&self) -> Option<Fragment> {
        if self.protocol != IpProtocol::FRAGMENT {
            return None;
        }
        Fragment::parse(self.bytes).ok()
    }

    /// The options, if this is a Hop-by-Hop or Destination Options header; else none.
    #[must_use]
    pub fn options(&self) -> Options<'a> {
        let has = matches!(self.protocol, IpProtocol::HOP_BY_HOP | IpProtocol::DESTINATION_OPTIONS);
        let bytes = if has { self.bytes.get(2..).unwrap_or(&[]) } else { &[] };
        Options::new(bytes, self.offset.saturating_add(2))
    }

    /// Routing Type and Segments Left, if this is a Routing header.
    #[must_use]
    pub fn routing(&self) -> Option<(u8, u8)> {
        match (self.protocol, self.bytes) {
            (IpProtocol::ROUTING, [_, _, kind, segments_left, ..]) => Some((*kind, *segments_left)),
            _ => None,
        }
    }
}

/// Walks a chain of extension headers by structure alone. It ends at the first header that is none, or is behind a
/// fragment header of a later fragment; every header takes eight octets or more, so the walk is bounded.
#[derive(Debug, Clone)]
pub struct Chain<'a> {
    protocol: IpProtocol,
    named_at: u16,
    offset: u16,
    rest: &'a [u8],
    is_later_fragment: bool,
}

impl<'a> Chain<'a> {
    /// The chain that the fixed header's Next Header starts; `payload` is what follows the fixed header. Octets beyond
    /// 65,495 are not looked at.
    #[must_use]
    pub fn new(next_header: IpProtocol, payload: &'a [u8]) -> Self {
        let limit = usize::from(u16::MAX - FIXED_LEN);
        let rest = payload.get(..payload.len().min(limit)).unwrap_or(&[]);
        Self {
            protocol: next_header,
            named_at: FIXED_NEXT_HEADER,
            offset: FIXED_LEN,
            rest,
            is_later_fragment: false,
        }
    }

    /// The protocol of what comes next: an extension header, or where the chain ends.
    #[must_use]
    pub fn protocol(&self) -> IpProtocol {
        self.protocol
    }

    /// Offset of the Next Header field that names [`Self::protocol`].
    #[must_use]
    pub fn named_at(&self) -> u16 {
        self.named_at
    }

    /// Offset of what comes next.
    #[must_use]
    pub fn offset(&self) -> u16 {
        self.offset
    }

    /// The octets from there on.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether a fragment header says that what comes next is the middle of a packet.
    #[must_use]
    pub fn is_later_fragment(&self) -> bool {
        self.is_later_fragment
    }

    /// Whether what comes next is an extension header.
    #[must_use]
    pub fn has_more(&self) -> bool {
        let is_extension = matches!(
            self.protocol,
            IpProtocol::HOP_BY_HOP
                | IpProtocol::ROUTING
                | IpProtocol::FRAGMENT
                | IpProtocol::AH
                | IpProtocol::DESTINATION_OPTIONS
        );
        is_extension && !self.is_later_fragment
    }

    /// The next extension header; `None` at the end of the chain.
    ///
    /// # Errors
    /// `Truncated` if it is not all there; the walk then stays where it is.
    pub fn next_header(&mut self) -> Result<Option<Header<'a>>, Error> {
        if !self.has_more() {
            return Ok(None);
        }
        let have = self.rest.len();
        let (next, units) = match self.rest {
            [next, units, ..] => (IpProtocol(*next), usize::from(*units)),
            _ => return Err(Error::truncated(8, have)),
        };
        let len = match self.protocol {
            IpProtocol::FRAGMENT => FRAGMENT_LEN,
            // RFC 4302 §2.2: in units of four octets, less two.
            IpProtocol::AH => (units + 2) * 4,
            _ => (units + 1) * 8,
        };
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or_else(|| Error::truncated(len, have))?;
        let header = Header { protocol: self.protocol, offset: self.offset, bytes };
        self.is_later_fragment = header.fragment().is_some_and(|fragment| fragment.offset != 0);
        self.named_at = self.offset;
        self.offset = self.offset.saturating_add(u16::try_from(len).unwrap_or(u16::MAX));
        self.protocol = next;
        self.rest = rest;
        Ok(Some(header))
    }

    /// Goes to the end of the chain.
    ///
    /// # Errors
    /// `Truncated` if a header is not all there.
    pub fn to_end(mut self) -> Result<Self, Error> {
        while self.next_header()?.is_some() {}
        Ok(self)
    }
}

/// A Hop-by-Hop Options header that holds a Router Alert (RFC 2711 §2.1) of this value and a `PadN`.
#[must_use]
pub fn router_alert(next_header: IpProtocol, value: u16) -> [u8; ROUTER_ALERT_LEN] {
    let [high, low] = value.to_be_bytes();
    [next_header.0, 0, OptionType::ROUTER_ALERT.0, 2, high, low, OptionType::PAD_N.0, 0]
}
