//! Every repr, read from octets and emitted; a test of `fuzz` holds the list against the crate.

use core::hint::black_box;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tersus_wire::checksum::Sum;
use tersus_wire::ieee802154::elements::{HeaderElements, NestedElements, PayloadElements};
use tersus_wire::sixlowpan::{Contexts, LinkAddresses};
use tersus_wire::{
    ah, arp, dhcpv4, esp, ethernet, icmp_ext, icmpv4, icmpv6, ieee802154, igmp, ip, ipv4, ipv6, ipv6_ext,
    llc, mld, ndisc, rpl, sixlowpan, tcp, udp, vlan, Error, HardwareAddress, IpProtocol,
};

const SOURCE: Ipv6Addr = Ipv6Addr::LOCALHOST;
const DESTINATION: Ipv6Addr = Ipv6Addr::LOCALHOST;

/// Parses `bytes` as each of them and emits what that gave; a refusal is as good.
pub(crate) fn all(bytes: &[u8], out: &mut [u8]) {
    let all: [fn(&[u8], &mut [u8]) -> Result<(), Error>; 7] =
        [links, radio, internet, extensions, control, groups, transports];
    for each in black_box(all) {
        black_box(each(bytes, out).is_ok());
    }
    black_box(lowpan(bytes, out).is_ok());
    black_box(compressed(bytes, out).is_ok());
}

/// What was written is looked at.
fn done<T>(written: Result<T, Error>) {
    black_box(written.is_ok());
}

fn addresses() -> Sum {
    let address = black_box(IpAddr::V4(Ipv4Addr::LOCALHOST));
    ip::pseudo_addresses(address, address)
}

fn links(bytes: &[u8], out: &mut [u8]) -> Result<(), Error> {
    done(arp::Repr::parse(&arp::Packet::parse(bytes)?).emit(out));
    done(arp::general::Packet::parse(bytes)?.emit(out));
    let packet = ethernet::Packet::parse(bytes)?;
    if let Ok(repr) = ethernet::LengthRepr::parse(&packet) {
        done(repr.emit(out));
    }
    done(ethernet::Repr::parse(&packet)?.emit(out));
    done(vlan::Repr::parse(&vlan::Packet::parse(bytes)?)?.emit(out));
    let packet = llc::Packet::parse(bytes)?;
    done(llc::Repr::parse(&packet).emit(out));
    if let Some(snap) = packet.snap()? {
        done(llc::SnapRepr::parse(&snap).emit(out));
    }
    Ok(())
}

fn radio(bytes: &[u8], out: &mut [u8]) -> Result<(), Error> {
    for element in HeaderElements::new(bytes).flatten() {
        done(ieee802154::elements::HeaderElement::emit(&element, out));
    }
    for element in PayloadElements::new(bytes).flatten() {
        done(ieee802154::elements::PayloadElement::emit(&element, out));
    }
    for element in NestedElements::new(bytes).flatten() {
        done(ieee802154::elements::NestedElement::emit(&element, out));
    }
    if let Ok(command) = ieee802154::Command::parse(bytes) {
        done(command.emit(out));
    }
    if let Ok(beacon) = ieee802154::Beacon::parse(bytes) {
        done(beacon.emit(out));
    }
    let frame = ieee802154::Frame::parse(bytes)?;
    done(ieee802154::FrameRepr::parse(&frame)?.emit(out));
    done(ieee802154::Repr::parse(&frame)?.emit(out));
    Ok(())
}

fn internet(bytes: &[u8], out: &mut [u8]) -> Result<(), Error> {
    if let Ok(packet) = ipv6::Packet::parse(bytes) {
        done(ipv6::Repr::parse(&packet).emit(out));
    }
    if let Ok(packet) = ah::Packet::parse(bytes) {
        done(ah::Repr::parse(&packet).emit(out));
    }
    if let Ok(packet) = esp::Packet::parse(bytes) {
        done(esp::Repr::parse(&packet).emit(out));
    }
    if let Ok(trailer) = esp::Trailer::parse(bytes) {
        done(esp::Trailer::emit(trailer.payload.len(), black_box(4), trailer.next_header, out));
    }
    for option in ipv4::options(bytes).flatten() {
        done(ipv4::emit_options(&[option], out));
        if let ipv4::Opt::Timestamp(data) = option {
            done(ipv4::Timestamps::parse(data).and_then(|timestamps| timestamps.to_data()));
        }
        if let ipv4::Opt::RecordRoute(data) = option {
            done(ipv4::Route::parse(data).and_then(|route| route.to_data()));
        }
    }
    let packet = ipv4::Packet::parse(bytes)?;
    done(ipv4::Repr::parse(&packet).emit(out));
    done(ipv4::Repr::parse(&packet).emit_with_options(packet.option_octets(), out));
    Ok(())
}

fn extensions(bytes: &[u8], out: &mut [u8]) -> Result<(), Error> {
    done(ipv6_ext::Fragment::parse(bytes)?.emit(out));
    if let Ok((header, _)) = ipv6_ext::Mobility::parse(bytes) {
        done(header.emit(SOURCE, DESTINATION, out));
    }
    for option in ipv6_ext::Options::new(bytes, black_box(42)).flatten() {
        let options = [ipv6_ext::Opt::parse(&option)?];
        let next_header = black_box(IpProtocol::UDP);
        done(ipv6_ext::OptionsRepr { next_header, options: &options }.emit(out));
    }
    let header = ipv6_ext::Routing::parse(bytes)?;
    let (next_header, segments_left) = (header.next_header(), header.segments_left());
    if let Ok(repr) = ipv6_ext::RoutingRepr::parse(&header) {
        done(repr.emit(out));
    }
    let mut places = [DESTINATION; 8];
    if let Some(route) = header.source_route()? {
        let mut count = 0;
        for (place, address) in places.iter_mut().zip(route.addresses(DESTINATION)) {
            *place = address;
            count += 1;
        }
        let (addresses, destination) = (places.get(..count).unwrap_or_default(), DESTINATION);
        done(ipv6_ext::SourceRouteRepr { next_header, segments_left, addresses, destination }.emit(out));
    }
    if let Some(route) = header.segment_routing()? {
        let mut count = 0;
        for (place, address) in places.iter_mut().zip(route.segments()) {
            *place = address;
            count += 1;
        }
        let segments = places.get(..count).unwrap_or_default();
        for tlv in route.tlvs().flatten() {
            let (flags, tag, tlvs) = (route.flags(), route.tag(), &[tlv]);
            let repr =
                ipv6_ext::SegmentRoutingRepr { next_header, segments_left, flags, tag, segments, tlvs };
            done(repr.emit(out));
        }
    }
    Ok(())
}

fn control(bytes: &[u8], out: &mut [u8]) -> Result<(), Error> {
    let packet = icmpv4::Packet::parse(bytes)?;
    if let Ok(query) = icmpv4::Query::parse(&packet) {
        done(query.emit(out));
    }
    if let Ok(echo) = icmp_ext::ExtendedEcho::parse_v4(&packet) {
        done(echo.emit_v4(out));
        done(echo.emit_v6(SOURCE, DESTINATION, out));
    }
    if let Some(Ok(extensions)) = packet.extensions() {
        for object in extensions.objects().flatten() {
            done(icmp_ext::Object::emit(&object, out));
        }
    }
    if let Ok(repr) = icmpv4::Repr::parse(&packet) {
        done(repr.emit(out));
    }
    let packet = icmpv6::Packet::parse(bytes)?;
    if let Ok(repr) = icmpv6::Repr::parse(&packet) {
        done(repr.emit(SOURCE, DESTINATION, out));
    }
    if let Ok(repr) = ndisc::DuplicateAddress::parse(&packet) {
        done(repr.emit(SOURCE, DESTINATION, out));
    }
    let like = black_box(HardwareAddress::ethernet([2, 0, 0, 0, 0, 1]));
    let message = ndisc::Message::parse(packet.message_type().0, packet.code(), packet.body())?;
    done(ndisc::Repr::parse(&message).emit(SOURCE, DESTINATION, out));
    for option in message.options() {
        done(ndisc::OptionRepr::parse(&option, &like).emit(out));
    }
    match &message {
        ndisc::Message::NeighbourSolicitation(message) => {
            done(ndisc::SolicitationRepr::parse(message, &like).emit(SOURCE, DESTINATION, out));
        }
        ndisc::Message::NeighbourAdvertisement(message) => {
            done(ndisc::AdvertisementRepr::parse(message, &like).emit(SOURCE, DESTINATION, out));
        }
        ndisc::Message::RouterSolicitation(message) => {
            done(ndisc::RouterSolicitationRepr::parse(message, &like).emit(SOURCE, DESTINATION, out));
        }
        _ => {}
    }
    Ok(())
}

fn groups(bytes: &[u8], out: &mut [u8]) -> Result<(), Error> {
    if let Ok((record, _)) = igmp::Record::parse(bytes) {
        done(record.emit(out));
    }
    if let Ok((record, _)) = mld::Record::parse(bytes) {
        done(record.emit(out));
    }
    if let Ok(repr) = igmp::Packet::parse(bytes).and_then(|packet| igmp::Repr::parse(&packet)) {
        done(repr.emit(out));
    }
    if let Ok(repr) = mld::Packet::parse(bytes).and_then(|packet| mld::Repr::parse(&packet)) {
        done(repr.emit(SOURCE, DESTINATION, out));
    }
    if let Ok((metric, _)) = rpl::Metric::parse(bytes) {
        done(metric.emit(out));
    }
    if let Ok(check) = rpl::ConsistencyCheck::parse(bytes) {
        done(check.emit(out));
    }
    for option in rpl::Options::parse(bytes)? {
        done(rpl::RplOption::emit(&option, out));
    }
    done(rpl::Repr::parse(&rpl::Packet::parse(bytes)?)?.emit(SOURCE, DESTINATION, out));
    Ok(())
}

fn transports(bytes: &[u8], out: &mut [u8]) -> Result<(), Error> {
    for option in tcp::OptionsIter::new(bytes).flatten() {
        done(tcp::TcpOption::emit(&option, out));
        if let tcp::TcpOption::Unknown { kind, data } = option {
            if let Some(other) = tcp::OtherOption::read(kind, data) {
                done(other.emit(out));
            }
        }
    }
    if let Ok(packet) = tcp::Packet::parse(bytes) {
        let repr = tcp::Repr::parse(&packet)?;
        done(repr.emit(out, packet.payload(), tcp::Checksum::Full(addresses())));
        done(repr.emit(out, packet.payload(), tcp::Checksum::Partial(addresses())));
        done(repr.fields.emit(out, tcp::Checksum::Full(addresses())));
        done(repr.options.emit(out));
    }
    if let Ok(packet) = dhcpv4::Packet::parse(bytes) {
        done(dhcpv4::Repr::parse(&packet)?.emit(&[], out));
        done(dhcpv4::ClientIdentifier::parse(packet.option_octets())?.emit(out));
    }
    let packet = udp::Packet::parse(bytes)?;
    done(udp::Repr::parse(&packet, addresses())?.emit(out, packet.payload(), addresses()));
    Ok(())
}

fn lowpan(bytes: &[u8], out: &mut [u8]) -> Result<(), Error> {
    if let Ok((header, _)) = sixlowpan::FragmentHeader::parse(bytes) {
        done(header.emit(out));
    }
    if let Ok((header, _)) = sixlowpan::MeshHeader::parse(bytes) {
        done(header.emit(out));
    }
    if let Ok((header, _)) = sixlowpan::BroadcastHeader::parse(bytes) {
        done(header.emit(out));
    }
    if let Ok((header, _)) = sixlowpan::RecoverableFragment::parse(bytes) {
        done(header.emit(out));
    }
    if let Ok((header, _)) = sixlowpan::RecoverableAck::parse(bytes) {
        done(header.emit(out));
    }
    let (header, _) = sixlowpan::RoutingHeader::parse(bytes)?;
    done(header.emit(out));
    Ok(())
}

fn compressed(bytes: &[u8], out: &mut [u8]) -> Result<(), sixlowpan::Error> {
    let (contexts, link) = (black_box(Contexts::new()), black_box(LinkAddresses::default()));
    let (header, rest) = sixlowpan::iphc::Repr::parse(bytes, &link, &contexts)?;
    black_box(header.emit(out, &link, &contexts).is_ok());
    let (header, payload) = sixlowpan::udp::Repr::parse(rest)?;
    black_box((header.emit(out).is_ok(), header.is_intact(payload, addresses())));
    Ok(())
}
