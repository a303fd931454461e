//! Fields of TCP and of applications.

use super::Fields;
use crate::dns::{Data, Edns, Section};
use crate::tcp::{OtherOption, TcpOption, UserTimeout};
use crate::{dhcpv4, dns, tcp};
use core::fmt;

pub(super) fn tcp(to: &mut Fields<'_>, packet: &tcp::Packet<'_>) {
    let header = packet.header();
    to.number("source_port", header.src_port());
    to.number("destination_port", header.dst_port());
    to.number("seq", header.seq());
    to.number("ack", header.ack());
    // A header has at most 60 octets.
    to.number("header_len", u8::try_from(header.header_len()).unwrap_or(0));
    to.number("flags", header.flags().bits());
    to.number("window", header.window());
    to.number("checksum", header.checksum());
    if let Some(urgent) = header.urgent() {
        to.number("urgent", urgent);
    }
    for option in packet.options() {
        match option {
            Ok(TcpOption::Nop) => {}
            Ok(TcpOption::Mss(mss)) => to.number("mss", mss),
            Ok(TcpOption::WindowScale(shift)) => to.number("window_scale", shift),
            Ok(TcpOption::SackPermitted) => to.number("sack_permitted", 1_u8),
            Ok(TcpOption::Sack(blocks)) => {
                for block in blocks.iter() {
                    to.number("sack_left", block.left);
                    to.number("sack_right", block.right);
                }
            }
            Ok(TcpOption::Timestamps(timestamps)) => {
                to.number("ts_val", timestamps.value);
                to.number("ts_ecr", timestamps.echo);
            }
            Ok(TcpOption::UserTimeout(UserTimeout::Seconds(seconds))) => to.number("user_timeout", seconds),
            Ok(TcpOption::UserTimeout(UserTimeout::Minutes(minutes))) => {
                to.number("user_timeout", u32::from(minutes) * 60);
            }
            Ok(TcpOption::Unknown { kind, data }) => other_option(to, kind, data),
            Err(error) => to.text("option_error", error),
        }
    }
}

fn other_option(to: &mut Fields<'_>, kind: u8, data: &[u8]) {
    match OtherOption::read(kind, data) {
        Some(OtherOption::FastOpen(cookie)) => to.octets("fast_open_cookie", cookie),
        Some(OtherOption::AccEcn(counters)) => {
            for (name, counter) in [
                ("acc_ecn_ect0", counters.ect0_bytes()),
                ("acc_ecn_ce", counters.ce_bytes()),
                ("acc_ecn_ect1", counters.ect1_bytes()),
            ] {
                if let Some(counter) = counter {
                    to.number(name, counter);
                }
            }
        }
        Some(OtherOption::Md5(digest)) => to.octets("md5_digest", digest),
        Some(OtherOption::Authentication { key_id, next_key_id, mac }) => {
            to.number("key_id", key_id);
            to.number("next_key_id", next_key_id);
            to.octets("mac", mac);
        }
        None => {
            to.number("option", kind);
            to.octets("option_data", data);
        }
    }
}

pub(super) fn dns(to: &mut Fields<'_>, packet: &dns::Packet<'_>) {
    to.number("id", packet.id());
    to.number("response", packet.is_response());
    to.number("opcode", packet.opcode().0);
    to.number("flags", packet.flags().bits());
    to.number("rcode", packet.rcode().0);
    to.number("questions", packet.question_count());
    to.number("answers", packet.record_count(Section::Answer));
    to.number("authority", packet.record_count(Section::Authority));
    to.number("additional", packet.record_count(Section::Additional));
    for question in packet.questions().flatten() {
        to.text("question_name", question.name);
        to.number("question_type", question.record_type.0);
        to.number("question_class", question.class.0);
    }
    for (_, record) in packet.records().flatten() {
        to.text("name", record.name());
        to.number("type", record.record_type().0);
        if record.record_type() != dns::RecordType::OPT {
            to.number("class", record.class().0);
            to.number("ttl", record.ttl_field());
        }
        match record.data() {
            Ok(Data::A(address)) => to.text("a", address),
            Ok(Data::Aaaa(address)) => to.text("aaaa", address),
            Ok(Data::Cname(name)) => to.text("cname", name),
            Ok(Data::Ns(name)) => to.text("ns", name),
            Ok(Data::Ptr(name)) => to.text("ptr", name),
            Ok(Data::Mx { preference, exchange }) => {
                to.number("mx_preference", preference);
                to.text("mx_exchange", exchange);
            }
            Ok(Data::Srv { priority, weight, port, target }) => {
                to.number("srv_priority", priority);
                to.number("srv_weight", weight);
                to.number("srv_port", port);
                to.text("srv_target", target);
            }
            Ok(Data::Soa(soa)) => {
                to.text("soa_primary", soa.primary);
                to.text("soa_mailbox", soa.mailbox);
                to.number("soa_serial", soa.serial);
                to.number("soa_refresh", soa.refresh);
                to.number("soa_retry", soa.retry);
                to.number("soa_expire", soa.expire);
                to.number("soa_minimum", soa.minimum);
            }
            Ok(Data::Txt(text)) => text.strings().for_each(|string| to.octets("txt", string)),
            Ok(Data::Nsec(nsec)) => {
                to.text("nsec_next", nsec.next);
                nsec.types.iter().for_each(|record_type| to.number("nsec_type", record_type.0));
            }
            Ok(Data::Names(names)) => {
                to.text("rdata_name", names.name());
                if let Some(name) = names.second() {
                    to.text("rdata_name", name);
                }
                for octets in [names.front(), names.back()] {
                    if !octets.is_empty() {
                        to.octets("rdata", octets);
                    }
                }
            }
            Ok(Data::Opt(_)) => match Edns::parse(&record) {
                Ok(of_record) => edns(to, &of_record),
                Err(error) => to.text("rdata_error", error),
            },
            Ok(Data::Unknown(_, octets)) => to.octets("rdata", octets),
            Err(error) => to.text("rdata_error", error),
        }
    }
}

fn edns(to: &mut Fields<'_>, edns: &Edns<'_>) {
    to.number("udp_payload_size", edns.udp_payload_size);
    to.number("extended_rcode", edns.extended_rcode);
    to.number("edns_version", edns.version);
    to.number("dnssec_ok", edns.dnssec_ok);
    for option in edns.options.flatten() {
        to.number("edns_option", option.code);
        to.octets("edns_data", option.data);
    }
}

pub(super) fn dhcpv4(to: &mut Fields<'_>, packet: &dhcpv4::Packet<'_>) {
    to.number("op", u8::from(packet.operation()));
    to.number("htype", packet.hardware_type());
    to.number("hlen", packet.hardware_len());
    to.number("hops", packet.hops());
    to.number("xid", packet.transaction_id());
    to.number("secs", packet.secs());
    to.number("flags", packet.flags().bits());
    to.text("ciaddr", packet.client_address());
    to.text("yiaddr", packet.your_address());
    to.text("siaddr", packet.server_address());
    to.text("giaddr", packet.relay_address());
    to.octets("chaddr", packet.client_hardware());
    for (name, text) in [("sname", packet.server_name()), ("file", packet.boot_file())] {
        if let Some(text) = text {
            to.octets(name, text);
        }
    }
    for option in packet.options() {
        let option = match option {
            Ok(option) => option,
            Err(error) => {
                to.text("option_error", error);
                continue;
            }
        };
        to.number("option", option.code());
        match option {
            dhcpv4::Opt::MessageType(kind) => to.number("message_type", u8::from(kind)),
            dhcpv4::Opt::SubnetMask(mask) => to.text("subnet_mask", mask),
            dhcpv4::Opt::Routers(list) => list.iter().for_each(|address| to.text("router", address)),
            dhcpv4::Opt::DnsServers(list) => list.iter().for_each(|address| to.text("dns_server", address)),
            dhcpv4::Opt::InterfaceMtu(mtu) => to.number("interface_mtu", mtu),
            dhcpv4::Opt::BroadcastAddress(address) => to.text("broadcast_address", address),
            dhcpv4::Opt::NtpServers(list) => list.iter().for_each(|address| to.text("ntp_server", address)),
            dhcpv4::Opt::RequestedAddress(address) => to.text("requested_address", address),
            dhcpv4::Opt::ServerIdentifier(address) => to.text("server_identifier", address),
            dhcpv4::Opt::LeaseTime(time) => to.number("lease_time", time),
            dhcpv4::Opt::RenewalTime(time) => to.number("renewal_time", time),
            dhcpv4::Opt::RebindingTime(time) => to.number("rebinding_time", time),
            dhcpv4::Opt::MaxMessageSize(size) => to.number("max_message_size", size),
            dhcpv4::Opt::Overload(fields) => to.number("overload", fields),
            dhcpv4::Opt::Ipv6OnlyPreferred(time) => to.number("ipv6_only_preferred", time),
            dhcpv4::Opt::ParameterList(list) => {
                list.octets().for_each(|code| to.number("requested_option", code));
            }
            dhcpv4::Opt::ClasslessRoutes(routes) => routes.iter().for_each(|route| {
                to.text("route", route.destination);
                to.text("route_router", route.router);
            }),
            dhcpv4::Opt::HostName(value) => to.text("host_name", Plain(&value)),
            dhcpv4::Opt::DomainName(value) => to.text("domain_name", Plain(&value)),
            dhcpv4::Opt::Message(value) => to.text("message", Plain(&value)),
            dhcpv4::Opt::ClassIdentifier(value) => to.text("class_identifier", Plain(&value)),
            dhcpv4::Opt::TftpServerName(value) => to.text("tftp_server_name", Plain(&value)),
            dhcpv4::Opt::BootFile(value) => to.text("boot_file", Plain(&value)),
            dhcpv4::Opt::CaptivePortal(value) => to.text("captive_portal", Plain(&value)),
            other => to.text("option_text", other),
        }
    }
}

/// Text without the quotes that a person is shown, in whatever pieces it came.
struct Plain<'a, 'v>(&'a dhcpv4::Value<'v>);

impl fmt::Display for Plain<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.pieces().try_for_each(|piece| write!(f, "{}", piece.escape_ascii()))
    }
}
