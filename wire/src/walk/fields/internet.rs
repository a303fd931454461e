//! Fields of IP headers, of extension headers, and of ICMP.

use super::control::extensions;
use super::Fields;
use crate::icmp_ext::{ExtendedEcho, ReplyFlags};
use crate::ipv6_ext::{Opt, Route};
use crate::ndisc::DuplicateAddress;
use crate::{ah, icmpv4, icmpv6, ipv4, ipv6, ipv6_ext, IpProtocol};
use core::net::Ipv4Addr;

pub(super) fn ipv4(to: &mut Fields<'_>, packet: &ipv4::Packet<'_>) {
    let header = packet.header();
    // A header has at most 60 octets.
    to.number("header_len", u8::try_from(header.header_len()).unwrap_or(0));
    to.number("traffic_class", header.traffic_class());
    to.number("total_len", header.total_len());
    to.number("identification", header.identification());
    to.number("dont_fragment", header.flags().contains(ipv4::Flags::DONT_FRAGMENT));
    to.number("more_fragments", header.flags().contains(ipv4::Flags::MORE_FRAGMENTS));
    to.number("fragment_offset", header.fragment_offset());
    to.number("hop_limit", header.hop_limit());
    to.number("protocol", header.protocol().0);
    to.number("checksum", header.checksum());
    to.text("source", header.source());
    to.text("destination", header.destination());
    for option in packet.options() {
        match option {
            Ok(option) => to.text("option", option),
            Err(error) => to.text("option_error", error),
        }
    }
}

pub(super) fn ipv6(to: &mut Fields<'_>, packet: &ipv6::Packet<'_>) {
    let header = packet.header();
    to.number("traffic_class", header.traffic_class());
    to.number("flow_label", header.flow_label());
    to.number("payload_len", header.payload_len());
    to.number("next_header", header.next_header().0);
    to.number("hop_limit", header.hop_limit());
    to.text("source", header.source());
    to.text("destination", header.destination());
}

pub(super) fn extension(to: &mut Fields<'_>, header: &ipv6_ext::Header<'_>) {
    to.number("protocol", header.protocol.0);
    to.number("next_header", header.next_header().0);
    // The chain has at most 65,495 octets.
    to.number("len", u16::try_from(header.bytes.len()).unwrap_or(u16::MAX));
    if let Some(fragment) = header.fragment() {
        to.number("fragment_offset", fragment.offset);
        to.number("more_fragments", fragment.more);
        to.number("identification", fragment.identification);
    }
    if let Some((kind, left)) = header.routing() {
        to.number("routing_type", kind);
        to.number("segments_left", left);
    }
    match header.as_routing().map(|routing| routing.route()) {
        None | Some(Ok(Route::Deprecated)) => {}
        Some(Ok(Route::HomeAddress(address))) => to.text("routing_address", address),
        Some(Ok(Route::Rpl(route))) => to.text("route", route),
        Some(Ok(Route::Segment(route))) => {
            to.number("segment_flags", route.flags());
            to.number("segment_tag", route.tag());
            route.segments().for_each(|segment| to.text("segment", segment));
        }
        Some(Ok(Route::Unknown(data))) => to.octets("routing_data", data),
        Some(Err(error)) => to.text("routing_error", error),
    }
    if header.protocol == IpProtocol::AH {
        match ah::Packet::parse(header.bytes) {
            Ok(packet) => {
                to.number("spi", packet.spi());
                to.number("sequence", packet.sequence());
                to.octets("icv", packet.icv());
            }
            Err(error) => to.text("error", error),
        }
    }
    for option in header.options() {
        match option {
            Ok(option) => {
                to.number("option", option.kind.0);
                match Opt::parse(&option) {
                    Ok(option) => ipv6_option(to, &option),
                    Err(error) => to.text("option_error", error),
                }
            }
            Err(error) => to.text("option_error", error),
        }
    }
}

fn ipv6_option(to: &mut Fields<'_>, option: &Opt<'_>) {
    match option {
        Opt::Pad1 | Opt::PadN(_) => {}
        Opt::TunnelEncapsulationLimit(limit) => to.number("tunnel_encapsulation_limit", *limit),
        Opt::RouterAlert(value) => to.number("router_alert", *value),
        Opt::Rpl(rpl) => {
            to.number("rpl_flags", rpl.flags.bits());
            to.number("rpl_instance", rpl.instance);
            to.number("rpl_sender_rank", rpl.sender_rank);
        }
        Opt::JumboPayload(len) => to.number("jumbo_payload_len", *len),
        Opt::HomeAddress(address) => to.text("home_address", address),
        Opt::Unknown(_, data) => to.octets("option_data", data),
    }
}

pub(super) fn icmpv4(to: &mut Fields<'_>, packet: &icmpv4::Packet<'_>) {
    to.number("type", u8::from(packet.message_type()));
    to.number("code", packet.code());
    to.number("checksum", packet.checksum());
    let [a, b, c, d] = packet.rest_of_header();
    match (u8::from(packet.message_type()), packet.code()) {
        (0 | 8 | 13..=18, _) => {
            to.number("identifier", packet.identifier());
            to.number("sequence", packet.sequence());
        }
        (3, 4) => to.number("mtu", u16::from_be_bytes([c, d])),
        (5, _) => to.text("gateway", Ipv4Addr::new(a, b, c, d)),
        (9, _) => to.number("lifetime", u16::from_be_bytes([c, d])),
        (12, _) => to.number("pointer", a),
        _ => {}
    }
    match (icmpv4::Query::parse(packet), packet.body()) {
        (Ok(icmpv4::Query::RouterAdvertisement { routers, .. }), _) => {
            for (address, preference) in routers.iter() {
                to.text("router", address);
                to.text("router_preference", preference);
            }
        }
        // A request has all three as well.
        (
            Ok(icmpv4::Query::Timestamp { .. } | icmpv4::Query::TimestampReply { .. }),
            &[a, b, c, d, e, f, g, h, i, j, k, l, ..],
        ) => {
            to.number("originate", u32::from_be_bytes([a, b, c, d]));
            to.number("receive", u32::from_be_bytes([e, f, g, h]));
            to.number("transmit", u32::from_be_bytes([i, j, k, l]));
        }
        (
            Ok(icmpv4::Query::AddressMaskRequest { .. } | icmpv4::Query::AddressMaskReply { .. }),
            &[a, b, c, d, ..],
        ) => to.text("mask", Ipv4Addr::new(a, b, c, d)),
        _ => {}
    }
    if let Ok(echo) = ExtendedEcho::parse_v4(packet) {
        extended_echo(to, &echo);
    }
    extensions(to, packet.extensions());
}

pub(super) fn icmpv6(to: &mut Fields<'_>, packet: &icmpv6::Packet<'_>) {
    to.number("type", u8::from(packet.message_type()));
    to.number("code", packet.code());
    to.number("checksum", packet.checksum());
    match (u8::from(packet.message_type()), packet.body()) {
        (128 | 129, &[a, b, c, d, ..]) => {
            to.number("identifier", u16::from_be_bytes([a, b]));
            to.number("sequence", u16::from_be_bytes([c, d]));
        }
        (2, &[a, b, c, d, ..]) => to.number("mtu", u32::from_be_bytes([a, b, c, d])),
        (4, &[a, b, c, d, ..]) => to.number("pointer", u32::from_be_bytes([a, b, c, d])),
        _ => {}
    }
    if let Ok(echo) = ExtendedEcho::parse_v6(packet) {
        extended_echo(to, &echo);
    }
    if let Ok(message) = DuplicateAddress::parse(packet) {
        to.number("registration_status", u8::from(message.status));
        if let Some(transaction_id) = message.transaction_id {
            to.number("transaction_id", transaction_id);
        }
        to.number("registration_lifetime", message.lifetime_min);
        to.octets("rovr", message.rovr.as_bytes());
        to.text("registered_address", message.address);
    }
    extensions(to, packet.extensions());
}

fn extended_echo(to: &mut Fields<'_>, echo: &ExtendedEcho<'_>) {
    match *echo {
        ExtendedEcho::Request { identifier, sequence, local, .. } => {
            to.number("identifier", identifier);
            to.number("probe_sequence", sequence);
            to.number("local", local);
        }
        ExtendedEcho::Reply { identifier, sequence, state, flags, .. } => {
            to.number("identifier", identifier);
            to.number("probe_sequence", sequence);
            to.number("state", u8::from(state));
            to.number("active", flags.contains(ReplyFlags::ACTIVE));
            to.number("ipv4", flags.contains(ReplyFlags::IPV4));
            to.number("ipv6", flags.contains(ReplyFlags::IPV6));
        }
    }
    extensions(to, echo.interface());
}
