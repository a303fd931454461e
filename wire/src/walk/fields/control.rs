//! Fields of neighbour discovery, MLD and IGMP, and of extensions of ICMP errors.

use super::Fields;
use crate::icmp_ext::{Extensions, Object};
use crate::igmp::{Records as GroupRecords, Repr as Igmp};
use crate::ndisc::{Message, NdiscOption, OtherOption};
use crate::{mld, Error};

/// What extends an ICMP error, RFC 4884.
pub(super) fn extensions(to: &mut Fields<'_>, extensions: Option<Result<Extensions<'_>, Error>>) {
    let objects = match extensions {
        None => return,
        Some(Ok(extensions)) => extensions.objects(),
        Some(Err(error)) => return to.text("extension_error", error),
    };
    for object in objects {
        let object = match object {
            Ok(object) => object,
            Err(error) => return to.text("extension_error", error),
        };
        let (class, c_type) = object.kind();
        to.number("extension_class", class);
        to.number("extension_type", c_type);
        match object {
            Object::LabelStack(stack) => stack.labels().for_each(|label| {
                to.number("label", label.label);
                to.number("label_ttl", label.ttl);
            }),
            Object::InterfaceInformation(interface) => {
                if let Some(index) = interface.index {
                    to.number("interface_index", index);
                }
                if let Some(address) = interface.address {
                    to.text("interface_address", address);
                }
                if let Some(name) = interface.name {
                    to.text("interface_name", name.escape_ascii());
                }
                if let Some(mtu) = interface.mtu {
                    to.number("interface_mtu", mtu);
                }
            }
            Object::InterfaceIdentification(interface) => to.text("interface", interface),
            Object::Pointer(pointer) => to.number("extension_pointer", pointer),
            Object::Unknown { payload, .. } => to.octets("extension_payload", payload),
        }
    }
}

pub(super) fn ndisc(to: &mut Fields<'_>, message: &Message<'_>) {
    match message {
        Message::RouterSolicitation(_) => {}
        Message::RouterAdvertisement(message) => {
            to.number("cur_hop_limit", message.cur_hop_limit().unwrap_or(0));
            to.number("flags", message.flags().bits());
            to.number("router_lifetime", message.router_lifetime());
            to.number("reachable_time", message.reachable_time_ms().unwrap_or(0));
            to.number("retrans_timer", message.retrans_timer_ms().unwrap_or(0));
        }
        Message::NeighbourSolicitation(message) => to.text("target", message.target()),
        Message::NeighbourAdvertisement(message) => {
            to.number("flags", message.flags().bits());
            to.text("target", message.target());
        }
        Message::Redirect(message) => {
            to.text("target", message.target());
            to.text("destination", message.destination());
        }
    }
    for option in message.options() {
        match option {
            NdiscOption::SourceLinkLayer(address) => to.octets("source_link_layer", address.as_bytes()),
            NdiscOption::TargetLinkLayer(address) => to.octets("target_link_layer", address.as_bytes()),
            NdiscOption::Prefix(prefix) => {
                to.number("prefix_len", prefix.prefix_len());
                to.number("prefix_flags", prefix.flags().bits());
                to.number("valid_lifetime", prefix.valid_lifetime());
                to.number("preferred_lifetime", prefix.preferred_lifetime());
                to.text("prefix", prefix.prefix());
            }
            NdiscOption::Mtu(mtu) => to.number("mtu", mtu),
            NdiscOption::Rdnss(rdnss) => {
                to.number("rdnss_lifetime", rdnss.lifetime());
                rdnss.addresses().for_each(|address| to.text("rdnss", address));
            }
            NdiscOption::Route(route) => {
                to.number("route_prefix_len", route.prefix_len());
                to.number("route_preference", route.preference().to_bits() >> 3);
                to.number("route_lifetime", route.route_lifetime());
                to.text("route_prefix", route.prefix());
            }
            NdiscOption::Nonce(nonce) => to.octets("nonce", nonce),
            NdiscOption::Unknown { kind, data } => match OtherOption::read(kind, data) {
                Some(known) => other_option(to, &known),
                None => {
                    to.number("option", kind);
                    to.octets("option_data", data);
                }
            },
            // What it quotes follows as layers.
            NdiscOption::RedirectedHeader(_) => to.text("option_text", option),
        }
    }
}

pub(super) fn other_option(to: &mut Fields<'_>, option: &OtherOption<'_>) {
    match option {
        OtherOption::Registration(registration) => {
            to.number("registration_status", u8::from(registration.status));
            to.number("registration_routed", registration.is_routed);
            if let Some(transaction_id) = registration.transaction_id {
                to.number("transaction_id", transaction_id);
            }
            to.number("registration_lifetime", registration.lifetime_min);
            to.octets("rovr", registration.rovr.as_bytes());
        }
        OtherOption::Context(context) => {
            to.number("context_id", context.id);
            to.number("context_compress", context.compress);
            to.number("context_lifetime", context.lifetime_min);
            to.text("context_prefix", context.prefix);
        }
        OtherOption::BorderRouter(router) => {
            to.number("border_version", router.version);
            to.number("border_lifetime", router.lifetime_min);
            to.text("border_router", router.address);
        }
        OtherOption::Dnssl(list) => {
            to.number("dnssl_lifetime", list.lifetime);
            list.names().for_each(|name| to.text("dnssl", name));
        }
        OtherOption::CaptivePortal(uri) => to.text("captive_portal", uri.escape_ascii()),
        OtherOption::Nat64Prefix(nat64) => {
            to.number("nat64_lifetime_8s", nat64.lifetime_8s);
            to.text("nat64_prefix", nat64.prefix);
        }
    }
}

pub(super) fn mld(to: &mut Fields<'_>, packet: &mld::Packet<'_>) {
    to.number("type", u8::from(packet.message_type()));
    to.number("code", packet.code());
    to.number("checksum", packet.checksum());
    match mld::Repr::parse(packet) {
        Ok(mld::Repr::QueryV1 { max_resp_delay, group }) => {
            to.number("max_resp_code", max_resp_delay);
            to.text("group", group);
        }
        Ok(mld::Repr::QueryV2 { max_resp_code, group, flags, qqic, sources }) => {
            to.number("max_resp_code", max_resp_code);
            to.text("group", group);
            to.number("suppress", flags.suppress());
            to.number("qrv", flags.qrv());
            to.number("qqic", qqic);
            sources.iter().for_each(|source| to.text("source", source));
        }
        Ok(mld::Repr::ReportV1 { group } | mld::Repr::Done { group }) => to.text("group", group),
        Ok(mld::Repr::ReportV2 { records }) => {
            for record in records.iter() {
                to.number("record_type", u8::from(record.kind));
                to.text("record_group", record.group);
                record.sources.iter().for_each(|source| to.text("record_source", source));
            }
        }
        Err(error) => to.text("error", error),
    }
}

pub(super) fn igmp(to: &mut Fields<'_>, packet: &crate::igmp::Packet<'_>) {
    to.number("type", u8::from(packet.message_type()));
    to.number("max_resp_code", packet.max_resp_code());
    to.number("checksum", packet.checksum());
    match Igmp::parse(packet) {
        Ok(Igmp::Query { group, .. } | Igmp::ReportV1 { group } | Igmp::ReportV2 { group }) => {
            to.text("group", group);
        }
        Ok(Igmp::Leave { group }) => to.text("group", group),
        Ok(Igmp::QueryV3 { group, flags, qqic, sources, .. }) => {
            to.text("group", group);
            to.number("suppress", flags.suppress());
            to.number("qrv", flags.qrv());
            to.number("qqic", qqic);
            sources.iter().for_each(|source| to.text("source", source));
        }
        Ok(Igmp::ReportV3 { records }) => group_records(to, &records),
        Err(error) => to.text("error", error),
    }
}

pub(super) fn group_records(to: &mut Fields<'_>, records: &GroupRecords<'_>) {
    for record in records.iter() {
        to.number("record_type", u8::from(record.kind));
        to.text("record_group", record.group);
        record.sources.iter().for_each(|source| to.text("record_source", source));
    }
}
