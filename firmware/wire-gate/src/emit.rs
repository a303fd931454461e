//! A layer's repr, emitted.

use core::hint::black_box;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tersus_wire::dns::{Builder, Data, NameBuf, RecordType, Section, Text, Types};
use tersus_wire::ndisc::{self, AdvertisementRepr, Message, RouterSolicitationRepr, SolicitationRepr};
use tersus_wire::walk::{Content, Layer};
use tersus_wire::{
    arp, dhcpv4, dns, ethernet, icmpv4, icmpv6, ieee802154, igmp, ip, ipv4, ipv6, llc, mld, rpl, tcp, udp,
};

const SOURCE: Ipv6Addr = Ipv6Addr::LOCALHOST;
const DESTINATION: Ipv6Addr = Ipv6Addr::LOCALHOST;

/// Emits what a layer means.
pub(crate) fn layer(layer: &Layer<'_>, out: &mut [u8]) {
    let addresses = ip::pseudo_addresses(IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST));
    black_box(match &layer.content {
        Content::Ethernet(packet) => ethernet::Repr::parse(packet).is_ok_and(|repr| repr.emit(out).is_ok()),
        Content::Vlan(tag, _) => tag.to_bytes().is_ok(),
        Content::Llc(packet) => llc::Repr::parse(packet).emit(out).is_ok(),
        Content::Snap(snap) => llc::SnapRepr::parse(snap).emit(out).is_ok(),
        Content::Arp(packet) => arp::Repr::parse(packet).emit(out).is_ok(),
        Content::Ieee802154(frame) => ieee802154::Repr::parse(frame).is_ok_and(|repr| repr.emit(out).is_ok()),
        Content::LowpanFragment(header) => header.emit(out).is_ok(),
        Content::Ipv4(packet) => {
            ipv4::Repr::parse(packet).emit_with_options(packet.option_octets(), out).is_ok()
        }
        Content::Ipv6(packet) => ipv6::Repr::parse(packet).emit(out).is_ok(),
        Content::Extension(header) => header.fragment().is_some_and(|fragment| fragment.emit(out).is_ok()),
        Content::Icmpv4(packet) => icmpv4::Repr::parse(packet).is_ok_and(|repr| repr.emit(out).is_ok()),
        Content::Icmpv6(packet) => {
            icmpv6::Repr::parse(packet).is_ok_and(|repr| repr.emit(SOURCE, DESTINATION, out).is_ok())
        }
        Content::Ndisc(_, message) => neighbour_discovery(message, out),
        Content::Mld(packet) => {
            mld::Repr::parse(packet).is_ok_and(|repr| repr.emit(SOURCE, DESTINATION, out).is_ok())
        }
        Content::Rpl(packet) => {
            rpl::Repr::parse(packet).is_ok_and(|repr| repr.emit(SOURCE, DESTINATION, out).is_ok())
        }
        Content::Igmp(packet) => igmp::Repr::parse(packet).is_ok_and(|repr| repr.emit(out).is_ok()),
        Content::Udp(packet) => udp::Repr::parse(packet, addresses)
            .is_ok_and(|repr| repr.emit(out, packet.payload(), addresses).is_ok()),
        Content::Tcp(packet) => tcp::Repr::parse(packet)
            .is_ok_and(|repr| repr.emit(out, packet.payload(), tcp::Checksum::Full(addresses)).is_ok()),
        Content::Dns(packet) => message(packet, out).is_ok(),
        Content::Dhcpv4(packet) => options(packet, out),
        _ => false,
    });
}

fn neighbour_discovery(message: &Message<'_>, out: &mut [u8]) -> bool {
    let like = black_box(tersus_wire::HardwareAddress::ethernet([2, 0, 0, 0, 0, 1]));
    let envelope = ndisc::Envelope { source: SOURCE, destination: DESTINATION, hop_limit: black_box(255) };
    black_box(message.validate(&envelope).is_ok());
    match message {
        Message::NeighbourSolicitation(message) => {
            SolicitationRepr::parse(message, &like).emit(SOURCE, DESTINATION, out).is_ok()
        }
        Message::NeighbourAdvertisement(message) => {
            AdvertisementRepr::parse(message, &like).emit(SOURCE, DESTINATION, out).is_ok()
        }
        Message::RouterSolicitation(message) => {
            RouterSolicitationRepr::parse(message, &like).emit(SOURCE, DESTINATION, out).is_ok()
        }
        _ => false,
    }
}

fn message(packet: &dns::Packet<'_>, out: &mut [u8]) -> Result<(), tersus_wire::Error> {
    black_box(packet.edns().is_ok());
    let mut builder = Builder::new(out, &packet.header())?;
    let mut questions = packet.questions();
    while let Some(mut labels) = questions.next_labels() {
        for label in &mut labels {
            black_box(label?);
        }
        builder.question(&labels.question()?)?;
    }
    for record in packet.records() {
        let (section, record) = record?;
        let repr = record.repr()?;
        black_box(match repr.data {
            Data::Txt(text) => {
                let mut octets = [0; 64];
                let attribute = text.attribute(black_box("txtvers"));
                attribute.is_some_and(|attribute| Text::emit(&[attribute; 2], &mut octets).is_ok())
            }
            Data::Nsec(nsec) => {
                let mut octets = [0; 34];
                let has = nsec.types.contains(black_box(RecordType::AAAA));
                has && Types::emit(black_box(&[RecordType::AAAA, RecordType::A]), &mut octets).is_ok()
            }
            Data::Aaaa(address) => NameBuf::of_address(address.into()).as_name() == repr.name,
            _ => false,
        });
        builder.record(black_box(section).max(Section::Answer), &repr)?;
    }
    black_box(builder.finish());
    Ok(())
}

fn options(packet: &dhcpv4::Packet<'_>, out: &mut [u8]) -> bool {
    let parameters = packet.parameters();
    if let Some(list) = parameters.domain_search.as_ref().and_then(|list| list.value().copy_to(out).ok()) {
        black_box(dhcpv4::SearchList::names(list).count());
    }
    let address = packet.your_address();
    black_box(dhcpv4::Addresses::emit(&[address], out).is_ok());
    if let Some(route) = parameters.classless_routes.as_ref().and_then(|routes| routes.iter().next()) {
        black_box(dhcpv4::Routes::emit(&[route], out).is_ok());
    }
    if let Some((name, _)) = packet.boot_file().and_then(|octets| dns::Name::parse(octets, 0, 0).ok()) {
        black_box(dhcpv4::SearchList::emit(&[name, name], out).is_ok());
    }
    black_box(dhcpv4::relay_sub_options(packet.option_octets()).count());
    black_box(dhcpv4::set_server_name(out, packet.file_field()).is_ok());
    black_box(dhcpv4::set_boot_file(out, packet.server_name_field()).is_ok());
    let Ok(repr) = dhcpv4::Repr::parse(packet) else { return false };
    let _ = dhcpv4::Repr::reply(&repr, dhcpv4::MessageType::Nak).emit(&[], out);
    packet.options().flatten().all(|option| repr.emit_within(core::slice::from_ref(&option), out).is_ok())
}
