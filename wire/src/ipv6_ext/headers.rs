//! The chain of extension headers as an iterator.

use super::{Chain, Header, Opt};
use crate::{ah, Error, IpProtocol};
use core::fmt;

/// The extension headers of a packet, in order.
///
/// It yields at most one header for every eight octets behind the fixed header, of which at most 65,495 are looked at:
/// 8,186 items, and one error, which ends the walk. It stops before what is no extension header (ESP and No Next Header
/// too), and behind the fragment header of a fragment that is not the first, since what follows is the middle of
/// something.
#[derive(Debug, Clone)]
pub struct Headers<'a> {
    chain: Chain<'a>,
    has_failed: bool,
}

/// Why a walk over headers ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// An upper-layer protocol follows, or one that is not known here.
    UpperLayer(IpProtocol),
    /// The rest is encrypted, RFC 4303.
    Encrypted,
    /// Nothing follows, RFC 8200 §4.7; octets that are there are ignored.
    NoNextHeader,
    /// The rest is the middle of a packet.
    LaterFragment,
    /// A header is not all there.
    Truncated,
    /// The walk has not come to its end yet.
    Open,
}

impl<'a> Headers<'a> {
    /// Where the walk stands: behind the last header that it yielded.
    #[must_use]
    pub const fn position(&self) -> &Chain<'a> {
        &self.chain
    }

    /// Why the walk ended.
    #[must_use]
    pub fn end(&self) -> End {
        if self.has_failed {
            return End::Truncated;
        }
        if self.chain.has_more() {
            return End::Open;
        }
        match self.chain.protocol() {
            _ if self.chain.is_later_fragment() => End::LaterFragment,
            IpProtocol::ESP => End::Encrypted,
            IpProtocol::NO_NEXT_HEADER => End::NoNextHeader,
            protocol => End::UpperLayer(protocol),
        }
    }
}

impl<'a> Chain<'a> {
    /// The headers from here on, as an iterator.
    #[must_use]
    pub const fn headers(self) -> Headers<'a> {
        Headers { chain: self, has_failed: false }
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Result<Header<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let next = self.chain.next_header();
        self.has_failed = next.is_err();
        next.transpose()
    }
}

/// One line: what the header is, what it says, and what follows it.
impl fmt::Display for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(fragment) = self.fragment() {
            return fragment.fmt(f);
        }
        if self.protocol == IpProtocol::AH {
            return match ah::Packet::parse(self.bytes) {
                Ok(packet) => packet.fmt(f),
                Err(error) => write!(f, "AH: {error}"),
            };
        }
        write!(f, "{}", self.protocol)?;
        if let Some(routing) = self.as_routing() {
            write!(f, " {routing}")?;
        }
        let mut is_first = true;
        for option in self.options() {
            let lead = if is_first { " " } else { ", " };
            match option.and_then(|option| Opt::parse(&option)) {
                Ok(Opt::Pad1 | Opt::PadN(_)) => continue,
                Ok(option) => write!(f, "{lead}{option}")?,
                Err(error) => write!(f, "{lead}{error}")?,
            }
            is_first = false;
        }
        write!(f, " > {}", self.next_header())
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::super::{router_alert, Fragment, OptionsRepr, Rpl, RplFlags};
    use super::super::{OptionType, SourceRouteRepr};
    use super::*;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    fn shown(first: IpProtocol, bytes: &[u8]) -> (Vec<String>, End) {
        let mut headers = Chain::new(first, bytes).headers();
        assert!(bytes.is_empty() || headers.end() == End::Open || !headers.position().has_more());
        let mut lines = Vec::new();
        for header in headers.by_ref() {
            lines.push(header.map_or_else(|error| error.to_string(), |header| header.to_string()));
        }
        assert!(headers.next().is_none() && headers.end() != End::Open);
        (lines, headers.end())
    }

    fn padding(next: IpProtocol) -> Vec<u8> {
        alloc::vec![next.0, 0, 1, 4, 0, 0, 0, 0]
    }

    // conf: IP6-EXT-08
    #[test]
    fn the_walk_stops_where_nothing_more_can_be_seen() {
        use IpProtocol as P;
        let fragment = |offset| {
            let header =
                Fragment { next_header: P::DESTINATION_OPTIONS, offset, more: true, identification: 9 };
            [&header.to_bytes()[..], &padding(P::UDP)].concat()
        };
        let ends = |next: P| [padding(P::DESTINATION_OPTIONS), padding(next), Vec::from([9; 40])].concat();
        for (first, bytes, count, end) in [
            (P::UDP, Vec::new(), 0, End::UpperLayer(P::UDP)),
            (P(200), Vec::new(), 0, End::UpperLayer(P(200))),
            (P::ESP, alloc::vec![0; 8], 0, End::Encrypted),
            (P::NO_NEXT_HEADER, alloc::vec![0; 8], 0, End::NoNextHeader),
            (P::HOP_BY_HOP, ends(P::TCP), 2, End::UpperLayer(P::TCP)),
            (P::HOP_BY_HOP, ends(P::ESP), 2, End::Encrypted),
            (P::HOP_BY_HOP, ends(P::NO_NEXT_HEADER), 2, End::NoNextHeader),
            (P::HOP_BY_HOP, ends(P::MOBILITY), 2, End::UpperLayer(P::MOBILITY)),
            (P::HOP_BY_HOP, ends(P::ROUTING), 3, End::Truncated),
            (P::FRAGMENT, fragment(0), 2, End::UpperLayer(P::UDP)),
            (P::FRAGMENT, fragment(8), 1, End::LaterFragment),
        ] {
            let (lines, got) = shown(first, &bytes);
            assert_eq!((lines.len(), got), (count, end), "{lines:?}");
        }
    }

    // conf: IP6-EXT-09
    #[test]
    fn the_walk_is_bounded_by_its_octets_and_has_one_error() {
        let zeros = alloc::vec![0; 70_000];
        let headers = Chain::new(IpProtocol::HOP_BY_HOP, &zeros).headers();
        assert_eq!(headers.count(), 8_187, "8,186 headers, and what is cut off");
        let bytes = [padding(IpProtocol::ROUTING), alloc::vec![17, 200, 0, 0, 0, 0, 0, 0]].concat();
        for len in 0..bytes.len() {
            let results: Vec<_> = Chain::new(IpProtocol::HOP_BY_HOP, &bytes[..len]).headers().collect();
            let (last, front) = results.split_last().unwrap();
            assert!(last.is_err() && front.iter().all(Result::is_ok) && front.len() == len / 8, "{len}");
        }
    }

    #[test]
    fn headers_are_shown_with_what_they_say() {
        use IpProtocol as P;
        let rpl = Opt::Rpl(Rpl {
            kind: OptionType::RPL,
            flags: RplFlags::empty(),
            instance: 0,
            sender_rank: 512,
            sub_tlvs: &[],
        });
        let options = [rpl, Opt::TunnelEncapsulationLimit(4)];
        let options = OptionsRepr { next_header: P::UDP, options: &options };
        let address = [0xfe80, 0, 0, 0, 0, 0, 0, 1].into();
        let route = SourceRouteRepr {
            next_header: P::AH,
            segments_left: 1,
            addresses: &[address],
            destination: [0x2001; 8].into(),
        };
        let integrity = ah::Repr { next_header: P::DESTINATION_OPTIONS, spi: 7, sequence: 8, icv: &[0; 12] };
        let mut buffer = [0; 200];
        let mut bytes = router_alert(P::ROUTING, 0).to_vec();
        let len = route.emit(&mut buffer).unwrap();
        bytes.extend(&buffer[..len]);
        let len = integrity.emit(&mut buffer).unwrap();
        bytes.extend(&buffer[..len]);
        let len = options.emit(&mut buffer).unwrap();
        bytes.extend(&buffer[..len]);
        let (lines, end) = shown(P::HOP_BY_HOP, &bytes);
        assert_eq!(end, End::UpperLayer(P::UDP));
        assert_eq!(
            lines,
            [
                "HopByHop router alert 0 > Routing",
                "Routing RPL source route, 1 segments left: fe80::1 > AH",
                "AH SPI 0x00000007 sequence 8 ICV 12 octets > DestinationOptions",
                "DestinationOptions RPL instance 0 rank 512 up, tunnel encapsulation limit 4 > UDP",
            ]
        );
        let bad = alloc::vec![17, 0, 5, 1, 0, 0x3e, 9, 0];
        let want =
            "DestinationOptions field at octet 43 has a forbidden value, field at octet 46 has a forbidden \
                    value > UDP";
        assert_eq!(shown(P::DESTINATION_OPTIONS, &bad).0, [want]);
    }
}
