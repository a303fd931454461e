//! The addresses that an upper-layer checksum covers, RFC 8200 §8.1 and RFC 6275 §11.3.1.

use super::{Chain, Header, Opt, Route};
use crate::{ipv6, IpProtocol};
use core::net::Ipv6Addr;

/// Source and destination for the pseudo-header of what `packet` carries.
///
/// While a routing header has segments left, the destination is the last address of the route, not the fixed header's;
/// the source is that of a Home Address option, if there is one. Of the upper layer, the length that counts is that of
/// what follows the extension headers.
#[must_use]
pub fn pseudo_addresses(packet: &ipv6::Packet<'_>) -> (Ipv6Addr, Ipv6Addr) {
    let header = packet.header();
    let (mut source, mut destination) = (header.source(), header.destination());
    for extension in Chain::new(header.next_header(), packet.payload()).headers().flatten() {
        source = extension.home_address().unwrap_or(source);
        destination = extension.last_address(destination).unwrap_or(destination);
    }
    (source, destination)
}

impl Header<'_> {
    /// The address of a Home Address option, if this is a Destination Options header with one.
    #[must_use]
    pub fn home_address(&self) -> Option<Ipv6Addr> {
        if self.protocol != IpProtocol::DESTINATION_OPTIONS {
            return None;
        }
        self.options().flatten().find_map(|option| match Opt::parse(&option) {
            Ok(Opt::HomeAddress(address)) => Some(address),
            _ => None,
        })
    }

    /// Where a route ends, if this is a routing header with segments left; `destination` is where it leads next. Even
    /// of a type 0 routing header the last address is given: who sends one computes the checksum so, and nothing is
    /// forwarded by looking.
    #[must_use]
    pub fn last_address(&self, destination: Ipv6Addr) -> Option<Ipv6Addr> {
        let routing = self.as_routing().filter(|routing| routing.segments_left() > 0)?;
        match routing.route().ok()? {
            Route::HomeAddress(address) => Some(address),
            Route::Rpl(route) => route.addresses(destination).last(),
            Route::Segment(route) => route.segments().next(),
            Route::Deprecated => routing.data().get(4..)?.last_chunk::<16>().map(|octets| (*octets).into()),
            Route::Unknown(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::super::{OptionsRepr, RouteRepr, RoutingRepr, SegmentRoutingRepr, SourceRouteRepr};
    use super::*;
    use crate::{ip, udp};
    use alloc::vec::Vec;

    const A: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    const VIA: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
    const LAST: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 3);
    const HOME: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 9, 9, 9, 9, 9, 9);

    fn emitted(len: usize, emit: impl Fn(&mut [u8]) -> Result<usize, crate::Error>) -> Vec<u8> {
        let mut buffer = alloc::vec![0; len];
        assert_eq!(emit(&mut buffer), Ok(len));
        buffer
    }

    /// UDP from A to VIA behind these extension headers, its checksum over these addresses.
    fn packet(first: IpProtocol, extensions: &[u8], source: Ipv6Addr, destination: Ipv6Addr) -> Vec<u8> {
        let datagram_len = udp::Repr::buffer_len(4);
        let len = u16::try_from(extensions.len() + datagram_len).unwrap();
        let mut bytes = alloc::vec![0; 40];
        ipv6::Repr::new(first, A, VIA, len).emit(&mut bytes).unwrap();
        bytes.extend(extensions);
        let mut datagram = alloc::vec![0; datagram_len];
        let addresses = ip::pseudo_addresses(source.into(), destination.into());
        udp::Repr { src_port: 1, dst_port: 2 }.emit(&mut datagram, b"data", addresses).unwrap();
        bytes.extend(datagram);
        bytes
    }

    // conf: IP6-EXT-10
    #[test]
    fn the_final_destination_and_the_upper_layers_length_count() {
        use IpProtocol as P;
        let options = |next_header, options: &[Opt<'_>]| {
            let repr = OptionsRepr { next_header, options };
            emitted(repr.buffer_len(), |buffer| repr.emit(buffer))
        };
        let rpl = |segments_left, next_header| {
            let addresses = &[HOME, LAST];
            let repr = SourceRouteRepr { next_header, segments_left, addresses, destination: VIA };
            emitted(repr.buffer_len(), |buffer| repr.emit(buffer))
        };
        let segments = SegmentRoutingRepr {
            next_header: P::UDP,
            segments_left: 1,
            flags: 0,
            tag: 0,
            segments: &[LAST, VIA],
            tlvs: &[],
        };
        let segments = emitted(segments.buffer_len(), |buffer| segments.emit(buffer));
        let route = RouteRepr::HomeAddress(HOME);
        let home = RoutingRepr { next_header: P::UDP, segments_left: 1, route };
        let home = emitted(home.buffer_len(), |buffer| home.emit(buffer));
        let deprecated = [&[17, 2, 0, 1, 0, 0, 0, 0], &LAST.octets()[..]].concat();
        // first header, extension headers, source, destination
        for (first, extensions, source, destination) in [
            (P::UDP, Vec::new(), A, VIA),
            (P::DESTINATION_OPTIONS, options(P::UDP, &[Opt::TunnelEncapsulationLimit(1)]), A, VIA),
            (P::DESTINATION_OPTIONS, options(P::UDP, &[Opt::HomeAddress(HOME)]), HOME, VIA),
            (P::ROUTING, rpl(2, P::UDP), A, LAST),
            (P::ROUTING, rpl(0, P::UDP), A, VIA),
            (P::ROUTING, segments, A, LAST),
            (P::ROUTING, home, A, HOME),
            (P::ROUTING, deprecated, A, LAST),
            (P::ROUTING, [rpl(1, P::DESTINATION_OPTIONS), options(P::UDP, &[])].concat(), A, LAST),
        ] {
            let bytes = packet(first, &extensions, source, destination);
            let packet = ipv6::Packet::parse(&bytes).unwrap();
            let got = pseudo_addresses(&packet);
            assert_eq!(got, (source, destination), "{extensions:?}");
            let end = Chain::new(first, packet.payload()).to_end().unwrap();
            assert_eq!(end.protocol(), P::UDP);
            let datagram = udp::Packet::parse(end.rest()).unwrap();
            let addresses = ip::pseudo_addresses(got.0.into(), got.1.into());
            assert!(udp::Repr::parse(&datagram, addresses).is_ok(), "{extensions:?}");
            let plain = ip::pseudo_addresses(A.into(), VIA.into());
            assert_eq!(udp::Repr::parse(&datagram, plain).is_ok(), got == (A, VIA), "{extensions:?}");
        }
    }
}
