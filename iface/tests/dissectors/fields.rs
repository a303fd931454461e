//! Which field of a layer is which of tshark's.
//!
//! What tshark 4.0 cannot show, so that the unit tests of `wire` alone stand for it: of the address registration option
//! what RFC 8505 §4.1 added, that is I, R, T, the TID, Opaque and a ROVR longer than an EUI-64; what is encrypted.

use core::net::Ipv6Addr;

/// Layers, their field or `a|b` for several, tshark's field, how the two are made alike.
pub(crate) const FIELDS: &[(&[&str], &str, &str, Kind)] = &[
    (&["ethernet"], "destination", "eth.dst", Kind::Text),
    (&["ethernet"], "source", "eth.src", Kind::Text),
    (&["ethernet"], "type", "eth.type", Kind::EtherType),
    (&["ethernet"], "type", "eth.len", Kind::Length),
    (&["vlan"], "id", "vlan.id", Kind::Number),
    (&["vlan"], "priority", "vlan.priority", Kind::Number),
    (&["vlan"], "service_id", "ieee8021ad.id", Kind::Number),
    (&["vlan"], "service_priority", "ieee8021ad.priority", Kind::Number),
    (&["llc"], "dsap", "llc.dsap", Kind::Number),
    (&["llc"], "ssap", "llc.ssap", Kind::Number),
    (&["arp"], "operation", "arp.opcode", Kind::Number),
    (&["arp"], "sender_hardware", "arp.src.hw_mac", Kind::Text),
    (&["arp"], "sender_protocol", "arp.src.proto_ipv4", Kind::Text),
    (&["arp"], "target_hardware", "arp.dst.hw_mac", Kind::Text),
    (&["arp"], "target_protocol", "arp.dst.proto_ipv4", Kind::Text),
    (&["ieee802154"], "frame_type", "wpan.frame_type", Kind::Number),
    (&["ieee802154"], "security", "wpan.security", Kind::Number),
    (&["ieee802154"], "pending", "wpan.pending", Kind::Number),
    (&["ieee802154"], "ack_request", "wpan.ack_request", Kind::Number),
    (&["ieee802154"], "pan_id_compression", "wpan.pan_id_compression", Kind::Number),
    (&["ieee802154"], "version", "wpan.version", Kind::Number),
    (&["ieee802154"], "sequence", "wpan.seq_no", Kind::Number),
    (&["ieee802154"], "destination_pan", "wpan.dst_pan", Kind::Number),
    (&["ieee802154"], "destination", "wpan.dst16", Kind::Short),
    (&["ieee802154"], "destination", "wpan.dst64", Kind::Extended),
    (&["ieee802154"], "source", "wpan.src16", Kind::Short),
    (&["ieee802154"], "source", "wpan.src64", Kind::Extended),
    (&["sixlowpan"], "traffic_flow", "6lowpan.iphc.tf", Kind::Number),
    (&["sixlowpan"], "next_header_encoded", "6lowpan.iphc.nh", Kind::Number),
    (&["sixlowpan"], "context_identifiers", "6lowpan.iphc.cid", Kind::Number),
    (&["sixlowpan"], "multicast", "6lowpan.iphc.m", Kind::Number),
    (&["sixlowpan"], "datagram_size", "6lowpan.frag.size", Kind::Number),
    (&["sixlowpan"], "datagram_tag", "6lowpan.frag.tag", Kind::Number),
    (&["sixlowpan_recoverable"], "datagram_tag", "6lowpan.rfrag.tag", Kind::Number),
    (&["sixlowpan_recoverable"], "ack_request", "6lowpan.rfrag.ack_requested", Kind::Number),
    (&["sixlowpan_recoverable"], "sequence", "6lowpan.rfrag.sequence", Kind::Number),
    (&["sixlowpan_recoverable"], "fragment_size", "6lowpan.rfrag.size", Kind::Number),
    (&["sixlowpan_recoverable"], "bitmap", "6lowpan.rfrag.ack_bitmask", Kind::Number),
    (&["sixlowpan_routing"], "type", "6lowpan.rhtype", Kind::Number),
    (&["beacon"], "beacon_order", "wpan.beacon_order", Kind::Number),
    (&["beacon"], "superframe_order", "wpan.superframe_order", Kind::Number),
    (&["beacon"], "final_cap_slot", "wpan.cap", Kind::Number),
    (&["beacon"], "pan_coordinator", "wpan.bcn_coord", Kind::Number),
    (&["beacon"], "association_permitted", "wpan.assoc_permit", Kind::Number),
    (&["mac_command"], "id", "wpan.cmd", Kind::Number),
    (&["mac_command"], "status", "wpan.assoc.status", Kind::Number),
    (&["esp"], "spi", "esp.spi", Kind::Number),
    (&["esp"], "sequence", "esp.sequence", Kind::Number),
    (&["ndisc"], "registration_status", "icmpv6.opt.aro.status", Kind::Number),
    (&["ndisc"], "registration_lifetime", "icmpv6.opt.aro.registration_lifetime", Kind::Number),
    (&["ndisc"], "context_id", "icmpv6.opt.6co.flag.cid", Kind::Number),
    (&["ndisc"], "context_lifetime", "icmpv6.opt.6co.valid_lifetime", Kind::Number),
    (&["ndisc"], "border_router", "icmpv6.opt.abro.6lbr_address", Kind::Text),
    (&["ipv4"], "header_len", "ip.hdr_len", Kind::Number),
    (&["ipv4"], "traffic_class", "ip.dsfield", Kind::Number),
    (&["ipv4"], "total_len", "ip.len", Kind::Number),
    (&["ipv4"], "identification", "ip.id", Kind::Number),
    (&["ipv4"], "dont_fragment", "ip.flags.df", Kind::Number),
    (&["ipv4"], "more_fragments", "ip.flags.mf", Kind::Number),
    (&["ipv4"], "fragment_offset", "ip.frag_offset", Kind::Eighth),
    (&["ipv4"], "hop_limit", "ip.ttl", Kind::Number),
    (&["ipv4"], "protocol", "ip.proto", Kind::Number),
    (&["ipv4"], "checksum", "ip.checksum", Kind::Number),
    (&["ipv4"], "source", "ip.src", Kind::Text),
    (&["ipv4"], "destination", "ip.dst", Kind::Text),
    (&["ipv6"], "traffic_class", "ipv6.tclass", Kind::Number),
    (&["ipv6"], "flow_label", "ipv6.flow", Kind::Number),
    (&["ipv6"], "payload_len", "ipv6.plen", Kind::Number),
    (&["ipv6"], "next_header", "ipv6.nxt", Kind::Number),
    (&["ipv6"], "hop_limit", "ipv6.hlim", Kind::Number),
    (&["ipv6"], "source", "ipv6.src", Kind::Text),
    (&["ipv6"], "destination", "ipv6.dst", Kind::Text),
    (&["ipv6_ext"], "fragment_offset", "ipv6.fraghdr.offset", Kind::Eighth),
    (&["ipv6_ext"], "more_fragments", "ipv6.fraghdr.more", Kind::Number),
    (&["ipv6_ext"], "identification", "ipv6.fraghdr.ident", Kind::Number),
    (&["ipv6_ext"], "routing_type", "ipv6.routing.type", Kind::Number),
    (&["ipv6_ext"], "segments_left", "ipv6.routing.segleft", Kind::Number),
    (&["ipv6_ext"], "option", "ipv6.opt.type", Kind::Number),
    (&["ipv6_ext"], "spi", "ah.spi", Kind::Number),
    (&["icmpv4"], "type", "icmp.type", Kind::Number),
    (&["icmpv4"], "code", "icmp.code", Kind::Number),
    (&["icmpv4"], "checksum", "icmp.checksum", Kind::Number),
    (&["icmpv4"], "sequence", "icmp.seq", Kind::Number),
    (&["icmpv6", "ndisc", "mld", "rpl"], "type", "icmpv6.type", Kind::Number),
    (&["icmpv6", "ndisc", "mld", "rpl"], "code", "icmpv6.code", Kind::Number),
    (&["icmpv6", "ndisc", "mld", "rpl"], "checksum", "icmpv6.checksum", Kind::Number),
    (&["icmpv6"], "identifier", "icmpv6.echo.identifier", Kind::Number),
    (&["icmpv6"], "sequence", "icmpv6.echo.sequence_number", Kind::Number),
    (&["icmpv6"], "mtu", "icmpv6.mtu", Kind::Number),
    (&["icmpv6"], "pointer", "icmpv6.pointer", Kind::Number),
    (&["ndisc"], "cur_hop_limit", "icmpv6.nd.ra.cur_hop_limit", Kind::Number),
    (&["ndisc"], "router_lifetime", "icmpv6.nd.ra.router_lifetime", Kind::Number),
    (&["ndisc"], "reachable_time", "icmpv6.nd.ra.reachable_time", Kind::Number),
    (&["ndisc"], "retrans_timer", "icmpv6.nd.ra.retrans_timer", Kind::Number),
    (&["ndisc"], "prefix_len|route_prefix_len", "icmpv6.opt.prefix.length", Kind::Number),
    (&["ndisc"], "valid_lifetime", "icmpv6.opt.prefix.valid_lifetime", Kind::Number),
    (&["ndisc"], "preferred_lifetime", "icmpv6.opt.prefix.preferred_lifetime", Kind::Number),
    (&["ndisc"], "mtu", "icmpv6.opt.mtu", Kind::Number),
    (&["ndisc"], "rdnss", "icmpv6.opt.rdnss", Kind::Text),
    (&["ndisc"], "rdnss_lifetime", "icmpv6.opt.rdnss.lifetime", Kind::Number),
    (&["mld"], "suppress", "icmpv6.mld.flag.s", Kind::Number),
    (&["mld"], "qrv", "icmpv6.mld.flag.qrv", Kind::Number),
    (&["mld"], "qqic", "icmpv6.mld.qqi", Kind::Number),
    (&["mld"], "group", "icmpv6.mld.multicast_address", Kind::Text),
    (&["mld"], "source", "icmpv6.mld.source_address", Kind::Text),
    (&["mld"], "record_type", "icmpv6.mldr.mar.record_type", Kind::Number),
    (&["mld"], "record_group", "icmpv6.mldr.mar.multicast_address", Kind::Text),
    (&["mld"], "record_source", "icmpv6.mldr.mar.source_address", Kind::Text),
    (&["rpl"], "rank", "icmpv6.rpl.dio.rank", Kind::Number),
    (&["rpl"], "version", "icmpv6.rpl.dio.version", Kind::Number),
    (&["rpl"], "grounded", "icmpv6.rpl.dio.flag.g", Kind::Number),
    (&["rpl"], "mode", "icmpv6.rpl.dio.flag.mop", Kind::Number),
    (&["rpl"], "preference", "icmpv6.rpl.dio.flag.preference", Kind::Number),
    (&["rpl"], "dtsn", "icmpv6.rpl.dio.dtsn", Kind::Number),
    (&["rpl"], "expects_ack", "icmpv6.rpl.dao.flag.k", Kind::Number),
    (&["rpl"], "status", "icmpv6.rpl.daoack.status", Kind::Number),
    (&["igmp"], "type", "igmp.type", Kind::Number),
    (&["igmp"], "checksum", "igmp.checksum", Kind::Number),
    (&["igmp"], "group|record_group", "igmp.maddr", Kind::Text),
    (&["igmp"], "qrv", "igmp.qrv", Kind::Number),
    (&["igmp"], "suppress", "igmp.s", Kind::Number),
    (&["igmp"], "qqic", "igmp.qqic", Kind::Number),
    (&["igmp"], "record_type", "igmp.record_type", Kind::Number),
    (&["igmp"], "source|record_source", "igmp.saddr", Kind::Text),
    (&["udp"], "source_port", "udp.srcport", Kind::Number),
    (&["udp"], "destination_port", "udp.dstport", Kind::Number),
    (&["udp"], "length", "udp.length", Kind::Number),
    (&["udp"], "checksum", "udp.checksum", Kind::Number),
    (&["tcp"], "source_port", "tcp.srcport", Kind::Number),
    (&["tcp"], "destination_port", "tcp.dstport", Kind::Number),
    (&["tcp"], "seq", "tcp.seq_raw", Kind::Number),
    (&["tcp"], "ack", "tcp.ack_raw", Kind::Number),
    (&["tcp"], "header_len", "tcp.hdr_len", Kind::Number),
    (&["tcp"], "flags", "tcp.flags", Kind::LowOctet),
    (&["tcp"], "window", "tcp.window_size_value", Kind::Number),
    (&["tcp"], "checksum", "tcp.checksum", Kind::Number),
    (&["tcp"], "mss", "tcp.options.mss_val", Kind::Number),
    (&["tcp"], "window_scale", "tcp.options.wscale.shift", Kind::Number),
    (&["tcp"], "sack_left", "tcp.options.sack_le", Kind::Number),
    (&["tcp"], "sack_right", "tcp.options.sack_re", Kind::Number),
    (&["tcp"], "ts_val", "tcp.options.timestamp.tsval", Kind::Number),
    (&["tcp"], "ts_ecr", "tcp.options.timestamp.tsecr", Kind::Number),
    (&["dns"], "id", "dns.id", Kind::Number),
    (&["dns"], "response", "dns.flags.response", Kind::Number),
    (&["dns"], "opcode", "dns.flags.opcode", Kind::Number),
    (&["dns"], "questions", "dns.count.queries", Kind::Number),
    (&["dns"], "answers", "dns.count.answers", Kind::Number),
    (&["dns"], "authority", "dns.count.auth_rr", Kind::Number),
    (&["dns"], "additional", "dns.count.add_rr", Kind::Number),
    (&["dns"], "question_name", "dns.qry.name", Kind::Name),
    (&["dns"], "question_type", "dns.qry.type", Kind::Number),
    (&["dns"], "name", "dns.resp.name", Kind::Name),
    (&["dns"], "type", "dns.resp.type", Kind::Number),
    (&["dns"], "ttl", "dns.resp.ttl", Kind::Number),
    (&["dns"], "a", "dns.a", Kind::Text),
    (&["dns"], "aaaa", "dns.aaaa", Kind::Text),
    (&["dns"], "cname", "dns.cname", Kind::Name),
    (&["dns"], "ns", "dns.ns", Kind::Name),
    (&["dns"], "ptr", "dns.ptr.domain_name", Kind::Name),
    (&["dns"], "mx_preference", "dns.mx.preference", Kind::Number),
    (&["dns"], "mx_exchange", "dns.mx.mail_exchange", Kind::Name),
    (&["dns"], "srv_priority", "dns.srv.priority", Kind::Number),
    (&["dns"], "srv_weight", "dns.srv.weight", Kind::Number),
    (&["dns"], "srv_port", "dns.srv.port", Kind::Number),
    (&["dns"], "srv_target", "dns.srv.target", Kind::Name),
    (&["dns"], "soa_primary", "dns.soa.mname", Kind::Name),
    (&["dns"], "soa_mailbox", "dns.soa.rname", Kind::Name),
    (&["dns"], "soa_serial", "dns.soa.serial_number", Kind::Number),
    (&["dns"], "udp_payload_size", "dns.rr.udp_payload_size", Kind::Number),
    (&["dns"], "edns_option", "dns.opt.code", Kind::Number),
    (&["dhcpv4"], "op", "dhcp.type", Kind::Number),
    (&["dhcpv4"], "htype", "dhcp.hw.type", Kind::First),
    (&["dhcpv4"], "hlen", "dhcp.hw.len", Kind::Number),
    (&["dhcpv4"], "hops", "dhcp.hops", Kind::Number),
    (&["dhcpv4"], "xid", "dhcp.id", Kind::Number),
    (&["dhcpv4"], "secs", "dhcp.secs", Kind::Number),
    (&["dhcpv4"], "ciaddr", "dhcp.ip.client", Kind::Text),
    (&["dhcpv4"], "yiaddr", "dhcp.ip.your", Kind::Text),
    (&["dhcpv4"], "siaddr", "dhcp.ip.server", Kind::Text),
    (&["dhcpv4"], "giaddr", "dhcp.ip.relay", Kind::Text),
    (&["dhcpv4"], "message_type", "dhcp.option.dhcp", Kind::Number),
    (&["dhcpv4"], "subnet_mask", "dhcp.option.subnet_mask", Kind::Text),
    (&["dhcpv4"], "router", "dhcp.option.router", Kind::Text),
    (&["dhcpv4"], "dns_server", "dhcp.option.domain_name_server", Kind::Text),
    (&["dhcpv4"], "ntp_server", "dhcp.option.ntp_server", Kind::Text),
    (&["dhcpv4"], "lease_time", "dhcp.option.ip_address_lease_time", Kind::Number),
    (&["dhcpv4"], "renewal_time", "dhcp.option.renewal_time_value", Kind::Number),
    (&["dhcpv4"], "rebinding_time", "dhcp.option.rebinding_time_value", Kind::Number),
    (&["dhcpv4"], "server_identifier", "dhcp.option.dhcp_server_id", Kind::Text),
    (&["dhcpv4"], "requested_address", "dhcp.option.requested_ip_address", Kind::Text),
    (&["dhcpv4"], "max_message_size", "dhcp.option.dhcp_max_message_size", Kind::Number),
];

/// How a value of ours and one of tshark's are made alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Decimal here; decimal, hexadecimal or a truth value there.
    Number,
    /// A number, of which tshark gives a second one of another meaning.
    First,
    /// The same text but for the case of letters and the form of IPv6 addresses.
    Text,
    /// A number of which tshark has more bits.
    LowOctet,
    /// Octets here, units of eight there.
    Eighth,
    /// The same text; the root is written differently.
    Name,
    /// The field is tshark's only where it is a type.
    EtherType,
    /// The field is tshark's only where it is a length.
    Length,
    /// An address of two octets, which is a number there.
    Short,
    /// An address of eight octets.
    Extended,
}

impl Kind {
    /// Ours, in the form that is compared; `None` where tshark has no such field.
    pub(crate) fn ours(self, text: &str) -> Option<String> {
        let number = || text.parse::<u64>().ok();
        match self {
            Self::EtherType if number()? < 0x600 => None,
            Self::Length if number()? >= 0x600 => None,
            Self::Short if text.len() != 5 => None,
            Self::Extended if text.len() != 23 => None,
            Self::Short => Some(u64::from_str_radix(&text.replace(':', ""), 16).ok()?.to_string()),
            Self::LowOctet => Some((number()? & 0xff).to_string()),
            Self::Eighth => Some((number()? / 8).to_string()),
            Self::Name => Some(unescaped(text).to_lowercase()),
            _ => Some(text.to_lowercase()),
        }
    }

    /// Tshark's, in the same form.
    pub(crate) fn theirs(self, text: &str) -> String {
        let number = || match text {
            "True" => Some(1),
            "False" => Some(0),
            _ => text
                .strip_prefix("0x")
                .map_or_else(|| text.parse().ok(), |hex| u64::from_str_radix(hex, 16).ok()),
        };
        let as_number =
            |number: Option<u64>| number.map_or_else(|| text.to_owned(), |number| number.to_string());
        match self {
            Self::Number | Self::First | Self::Eighth | Self::EtherType | Self::Length | Self::Short => {
                as_number(number())
            }
            Self::LowOctet => as_number(number().map(|number| number & 0xff)),
            Self::Name if text == "<Root>" => ".".to_owned(),
            Self::Text => {
                text.parse::<Ipv6Addr>().map_or_else(|_| text.to_lowercase(), |address| address.to_string())
            }
            Self::Name | Self::Extended => text.to_lowercase(),
        }
    }
}

/// A name without backslashes, as tshark prints it: what is no ASCII is shown as what cannot be shown.
fn unescaped(name: &str) -> String {
    let (mut text, mut rest) = (String::new(), name);
    while let Some((before, escaped)) = rest.split_once('\\') {
        text += before;
        match escaped.get(..3).and_then(|digits| digits.parse::<u8>().ok()) {
            Some(octet) => {
                text.push(if octet.is_ascii() { char::from(octet) } else { char::REPLACEMENT_CHARACTER });
                rest = escaped.get(3..).unwrap_or_default();
            }
            None => {
                text.extend(escaped.chars().next());
                rest = escaped.get(1..).unwrap_or_default();
            }
        }
    }
    text + rest
}
