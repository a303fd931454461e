//! The fields of a layer for programs: a name and a value each, in the order of the format.

use super::{Content, Layer, Verdict};
use crate::arp::general::HardwareType;
use crate::dns::{Data, EdnsOptions, Section};
use crate::icmp_ext::{Extensions, Object};
use crate::igmp::{Records as GroupRecords, Repr as Igmp};
use crate::ndisc::{Message, NdiscOption, OtherOption};
use crate::tcp::TcpOption;
use crate::{
    dhcpv4, dns, ieee802154, ipv4, ipv6_ext, mld, rpl, tcp, Error, EtherType, HardwareAddress, IpProtocol,
};
use core::fmt::Display;
use core::net::Ipv4Addr;

/// The value of a field.
#[derive(Clone, Copy)]
pub enum Value<'v> {
    /// A number; of a flag, 0 or 1.
    Number(u64),
    /// Something that prints, such as an address or a name.
    Text(&'v dyn Display),
    /// Octets as they stand in the frame.
    Octets(&'v [u8]),
}

/// Takes the fields, one after the other.
struct Fields<'f> {
    take: &'f mut dyn FnMut(&'static str, Value<'_>),
}

impl Fields<'_> {
    fn number(&mut self, name: &'static str, value: impl Into<u64>) {
        (self.take)(name, Value::Number(value.into()));
    }

    fn text(&mut self, name: &'static str, value: impl Display) {
        (self.take)(name, Value::Text(&value));
    }

    fn octets(&mut self, name: &'static str, value: &[u8]) {
        (self.take)(name, Value::Octets(value));
    }

    fn hardware(&mut self, name: &'static str, address: HardwareAddress) {
        if address != HardwareAddress::NONE {
            self.text(name, address);
        }
    }
}

impl Layer<'_> {
    /// The kind of layer in one word, such as `ipv4`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self.content {
            Content::Ethernet(_) => "ethernet",
            Content::Vlan(..) => "vlan",
            Content::Llc(_) => "llc",
            Content::Snap(_) => "snap",
            Content::Loopback(_) => "loopback",
            Content::LinuxCooked(..) => "linux_cooked",
            Content::Ieee802154(_) => "ieee802154",
            Content::Lowpan(_) | Content::Iphc(_) | Content::LowpanFragment(_) => "sixlowpan",
            Content::LowpanMesh(_) | Content::LowpanBroadcast(_) => "sixlowpan_mesh",
            Content::LowpanRecoverable(_) | Content::LowpanRecoverableAck(_) => "sixlowpan_recoverable",
            Content::LowpanRouting(_) => "sixlowpan_routing",
            Content::Beacon(_) => "beacon",
            Content::Command(_) => "mac_command",
            Content::Arp(_) | Content::ArpGeneral(_) => "arp",
            Content::Esp(_) => "esp",
            Content::Ipv4(_) => "ipv4",
            Content::Ipv6(_) => "ipv6",
            Content::Extension(_) => "ipv6_ext",
            Content::Icmpv4(_) => "icmpv4",
            Content::Icmpv6(_) => "icmpv6",
            Content::Ndisc(..) => "ndisc",
            Content::Mld(_) => "mld",
            Content::Rpl(_) => "rpl",
            Content::Igmp(_) => "igmp",
            Content::Udp(_) => "udp",
            Content::Tcp(_) => "tcp",
            Content::Ports(..) => "ports",
            Content::Dns(_) => "dns",
            Content::Dhcpv4(_) => "dhcpv4",
            Content::Data => "data",
            Content::Trailer => "trailer",
            Content::Octets(..) => "octets",
        }
    }

    /// Whether the layer could be parsed.
    #[must_use]
    pub const fn is_parsed(&self) -> bool {
        !matches!(self.content, Content::Octets(..))
    }

    /// Gives all fields to `take`. A name that repeats, such as that of an option, has one value each time.
    pub fn fields(&self, take: &mut dyn FnMut(&'static str, Value<'_>)) {
        let mut to = Fields { take };
        match &self.content {
            Content::Ethernet(packet) => {
                to.text("destination", HardwareAddress::ethernet(packet.destination()));
                to.text("source", HardwareAddress::ethernet(packet.source()));
                to.number("type", packet.ether_type().0);
            }
            Content::Vlan(tag, field) => {
                to.number("tpid", tag.tpid.0);
                let is_customer = tag.tpid == EtherType::VLAN;
                to.number(if is_customer { "priority" } else { "service_priority" }, tag.priority);
                to.number("drop_eligible", tag.is_drop_eligible);
                to.number(if is_customer { "id" } else { "service_id" }, tag.vid);
                to.number("type", field.0);
            }
            Content::Llc(packet) => {
                // With the bits that say group, and response.
                to.number("dsap", packet.dsap().0 | u8::from(packet.is_group()));
                to.number("ssap", packet.ssap().0 | u8::from(packet.is_response()));
            }
            Content::Snap(snap) => {
                to.octets("oui", &snap.oui());
                to.number("protocol", snap.protocol());
            }
            Content::Loopback(family) => to.number("family", *family),
            Content::LinuxCooked(direction, field) => {
                to.number("direction", *direction);
                to.number("type", field.0);
            }
            Content::Ieee802154(frame) => mac(&mut to, frame),
            Content::Lowpan(dispatch) => to.text("dispatch", dispatch),
            Content::Iphc(base) => {
                to.number("traffic_flow", base.traffic_flow());
                to.number("next_header_encoded", base.next_header_is_encoded());
                to.number("context_identifiers", base.has_context_identifiers());
                to.number("source_mode", base.source_mode());
                to.number("multicast", base.is_multicast());
                to.number("destination_mode", base.destination_mode());
            }
            Content::LowpanFragment(header) => {
                to.number("datagram_size", header.datagram_size);
                to.number("datagram_tag", header.datagram_tag);
                if let Some(offset) = header.datagram_offset {
                    to.number("datagram_offset", offset);
                }
            }
            Content::LowpanMesh(header) => {
                to.number("hops_left", header.hops_left);
                to.text("originator", header.originator);
                to.text("final_destination", header.final_destination);
            }
            Content::LowpanBroadcast(header) => to.number("sequence", header.sequence),
            Content::LowpanRecoverable(header) => {
                to.number("datagram_tag", header.datagram_tag);
                to.number("ack_request", header.ack_request);
                to.number("sequence", header.sequence);
                to.number("fragment_size", header.fragment_size);
                to.number("fragment_offset", header.fragment_offset);
            }
            Content::LowpanRecoverableAck(header) => {
                to.number("datagram_tag", header.datagram_tag);
                to.number("bitmap", header.bitmap);
            }
            Content::LowpanRouting(header) => {
                to.number("critical", header.critical);
                to.number("type", header.kind);
                to.number("length_or_tse", header.length_or_tse);
                to.octets("content", header.data);
            }
            Content::Beacon(content) => beacon(&mut to, content),
            Content::Command(content) => command(&mut to, content),
            Content::ArpGeneral(packet) => {
                to.number("hardware_type", packet.hardware_type.0);
                to.number("protocol_type", packet.protocol_type.0);
                to.number("operation", u16::from(packet.operation));
                hardware_address(&mut to, "sender_hardware", packet.hardware_type, packet.sender_hardware);
                protocol_address(&mut to, "sender_protocol", packet.protocol_type, packet.sender_protocol);
                hardware_address(&mut to, "target_hardware", packet.hardware_type, packet.target_hardware);
                protocol_address(&mut to, "target_protocol", packet.protocol_type, packet.target_protocol);
            }
            Content::Esp(packet) => {
                to.number("spi", packet.spi());
                to.number("sequence", packet.sequence());
            }
            Content::Arp(packet) => {
                to.number("operation", u16::from(packet.operation()));
                to.text("sender_hardware", packet.sender_hardware());
                to.text("sender_protocol", packet.sender_protocol());
                to.text("target_hardware", packet.target_hardware());
                to.text("target_protocol", packet.target_protocol());
            }
            Content::Ipv4(packet) => ipv4(&mut to, packet),
            Content::Ipv6(packet) => {
                let header = packet.header();
                to.number("traffic_class", header.traffic_class());
                to.number("flow_label", header.flow_label());
                to.number("payload_len", header.payload_len());
                to.number("next_header", header.next_header().0);
                to.number("hop_limit", header.hop_limit());
                to.text("source", header.source());
                to.text("destination", header.destination());
            }
            Content::Extension(header) => extension(&mut to, header),
            Content::Icmpv4(packet) => {
                to.number("type", u8::from(packet.message_type()));
                to.number("code", packet.code());
                to.number("checksum", packet.checksum());
                if matches!(u8::from(packet.message_type()), 0 | 8 | 13..=18) {
                    to.number("identifier", packet.identifier());
                    to.number("sequence", packet.sequence());
                }
                extensions(&mut to, packet.extensions());
            }
            Content::Icmpv6(packet) => {
                to.number("type", u8::from(packet.message_type()));
                to.number("code", packet.code());
                to.number("checksum", packet.checksum());
                match (u8::from(packet.message_type()), packet.body()) {
                    (128 | 129, &[a, b, c, d, ..]) => {
                        to.number("identifier", u16::from_be_bytes([a, b]));
                        to.number("sequence", u16::from_be_bytes([c, d]));
                    }
                    // RFC 8335 §2: a sequence number of one octet.
                    (160 | 161, &[a, b, ..]) => to.number("identifier", u16::from_be_bytes([a, b])),
                    (2, &[a, b, c, d, ..]) => to.number("mtu", u32::from_be_bytes([a, b, c, d])),
                    (4, &[a, b, c, d, ..]) => to.number("pointer", u32::from_be_bytes([a, b, c, d])),
                    _ => {}
                }
                extensions(&mut to, packet.extensions());
            }
            Content::Ndisc(packet, message) => {
                to.number("type", u8::from(packet.message_type()));
                to.number("code", packet.code());
                to.number("checksum", packet.checksum());
                ndisc(&mut to, message);
            }
            Content::Mld(packet) => mld(&mut to, packet),
            Content::Rpl(packet) => rpl(&mut to, packet),
            Content::Igmp(packet) => igmp(&mut to, packet),
            Content::Udp(packet) => {
                let header = packet.header();
                to.number("source_port", header.src_port().unwrap_or(0));
                to.number("destination_port", header.dst_port());
                to.number("length", header.length());
                to.number("checksum", header.checksum().unwrap_or(0));
            }
            Content::Tcp(packet) => tcp(&mut to, packet),
            Content::Ports(protocol, from, destination) => {
                to.number("protocol", protocol.0);
                to.number("source_port", *from);
                to.number("destination_port", *destination);
            }
            Content::Dns(packet) => dns(&mut to, packet),
            Content::Dhcpv4(packet) => dhcpv4(&mut to, packet),
            Content::Data | Content::Trailer => to.octets("octets", self.octets),
            Content::Octets(what, reason) => {
                to.text("what", what);
                to.text("reason", reason);
                to.octets("octets", self.octets);
            }
        }
        match self.checksum {
            Verdict::None => {}
            Verdict::Right => to.text("verdict", "right"),
            Verdict::Wrong => to.text("verdict", "wrong"),
            Verdict::Absent => to.text("verdict", "absent"),
        }
        if let Some(problem) = self.problem {
            to.text("problem", problem);
        }
    }
}

fn mac(to: &mut Fields<'_>, frame: &ieee802154::Frame<'_>) {
    let control = frame.control();
    to.number("frame_type", control.0 & 7);
    to.number("security", frame.is_secured());
    to.number("pending", control.frame_pending());
    to.number("ack_request", control.ack_request());
    to.number("pan_id_compression", control.pan_id_compression());
    to.number("version", control.0 >> 12 & 3);
    if let Some(sequence) = frame.sequence() {
        to.number("sequence", sequence);
    }
    if let Some(pan) = frame.dst_pan() {
        to.number("destination_pan", pan);
    }
    to.hardware("destination", frame.dst());
    // With compression, it is the destination's.
    if let Some(pan) = frame.src_pan().filter(|_| !control.pan_id_compression()) {
        to.number("source_pan", pan);
    }
    to.hardware("source", frame.src());
}

/// An address of Ethernet, or another IEEE 802 network, reads as one; others are octets.
fn hardware_address(to: &mut Fields<'_>, name: &'static str, hardware: HardwareType, octets: &[u8]) {
    match <[u8; 6]>::try_from(octets) {
        Ok(address) if matches!(hardware, HardwareType::ETHERNET | HardwareType::IEEE_802) => {
            to.text(name, HardwareAddress::ethernet(address));
        }
        _ => to.octets(name, octets),
    }
}

/// An address of IPv4 reads as one, others are octets.
fn protocol_address(to: &mut Fields<'_>, name: &'static str, protocol: EtherType, octets: &[u8]) {
    match <[u8; 4]>::try_from(octets) {
        Ok(address) if protocol == EtherType::IPV4 => to.text(name, Ipv4Addr::from(address)),
        _ => to.octets(name, octets),
    }
}

fn beacon(to: &mut Fields<'_>, beacon: &ieee802154::Beacon<'_>) {
    let superframe = beacon.superframe;
    to.number("beacon_order", superframe.beacon_order);
    to.number("superframe_order", superframe.superframe_order);
    to.number("final_cap_slot", superframe.final_cap_slot);
    to.number("battery_life_extension", superframe.is_battery_life_extended);
    to.number("pan_coordinator", superframe.is_pan_coordinator);
    to.number("association_permitted", superframe.is_association_permitted);
    to.number("gts_permitted", beacon.is_gts_permitted);
    for slot in &beacon.guaranteed_slots {
        to.number("gts_device", slot.device);
        to.number("gts_start", slot.start);
        to.number("gts_slots", slot.slots);
    }
    for address in &beacon.pending_short {
        to.number("pending_short", *address);
    }
    for address in &beacon.pending_extended {
        to.hardware("pending_extended", *address);
    }
}

fn command(to: &mut Fields<'_>, command: &ieee802154::Command<'_>) {
    use ieee802154::Command;
    to.number("id", command.id());
    match command {
        Command::AssociationRequest(capability) => to.number("capability", capability.bits()),
        Command::AssociationResponse { short_address, status } => {
            to.number("short_address", *short_address);
            to.number("status", *status);
        }
        Command::Disassociation(reason) => to.number("reason", *reason),
        Command::CoordinatorRealignment { pan_id, coordinator, channel, short_address, channel_page } => {
            to.number("pan_id", *pan_id);
            to.number("coordinator", *coordinator);
            to.number("channel", *channel);
            to.number("short_address", *short_address);
            if let Some(page) = channel_page {
                to.number("channel_page", *page);
            }
        }
        Command::GtsRequest(characteristics) => to.number("characteristics", *characteristics),
        Command::Unknown(_, content) => to.octets("content", content),
        _ => {}
    }
}

/// What extends an ICMP error, RFC 4884.
fn extensions(to: &mut Fields<'_>, extensions: Option<Result<Extensions<'_>, Error>>) {
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
            Object::Unknown { payload, .. } => to.octets("extension_payload", payload),
        }
    }
}

fn ipv4(to: &mut Fields<'_>, packet: &ipv4::Packet<'_>) {
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

fn extension(to: &mut Fields<'_>, header: &ipv6_ext::Header<'_>) {
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
    if let (IpProtocol::AH, &[_, _, _, _, a, b, c, d, ..]) = (header.protocol, header.bytes) {
        to.number("spi", u32::from_be_bytes([a, b, c, d]));
    }
    for option in header.options() {
        match option {
            Ok(option) => to.number("option", option.kind.0),
            Err(error) => to.text("option_error", error),
        }
    }
}

fn ndisc(to: &mut Fields<'_>, message: &Message<'_>) {
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
                to.number("route_lifetime", route.route_lifetime());
                to.text("route_prefix", route.prefix());
            }
            NdiscOption::Unknown { kind, data } => match OtherOption::read(kind, data) {
                Some(known) => other_option(to, &known),
                None => to.text("option", option),
            },
            other => to.text("option", other),
        }
    }
}

fn other_option(to: &mut Fields<'_>, option: &OtherOption<'_>) {
    match option {
        OtherOption::Registration(registration) => {
            to.number("registration_status", u8::from(registration.status));
            to.number("registration_flags", registration.flags.bits());
            to.number("transaction_id", registration.transaction_id);
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
        other => to.text("option", other),
    }
}

fn mld(to: &mut Fields<'_>, packet: &mld::Packet<'_>) {
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

fn igmp(to: &mut Fields<'_>, packet: &crate::igmp::Packet<'_>) {
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

fn group_records(to: &mut Fields<'_>, records: &GroupRecords<'_>) {
    for record in records.iter() {
        to.number("record_type", u8::from(record.kind));
        to.text("record_group", record.group);
        record.sources.iter().for_each(|source| to.text("record_source", source));
    }
}

fn rpl(to: &mut Fields<'_>, packet: &rpl::Packet<'_>) {
    to.number("type", rpl::MESSAGE_TYPE);
    to.number("code", u8::from(packet.code()));
    to.number("checksum", packet.checksum());
    match rpl::Repr::parse(packet) {
        Ok(rpl::Repr::Dio(dio)) => {
            to.number("instance", dio.instance_id.0);
            to.number("version", dio.version);
            to.number("rank", dio.rank);
            to.number("grounded", dio.grounded);
            to.number("mode", u8::from(dio.mode));
            to.number("preference", dio.preference);
            to.number("dtsn", dio.dtsn);
            to.text("dodag_id", dio.dodag_id);
        }
        Ok(rpl::Repr::Dao(dao)) => {
            to.number("instance", dao.instance_id.0);
            to.number("expects_ack", dao.expects_ack);
            to.number("sequence", dao.sequence);
            dao.dodag_id.into_iter().for_each(|id| to.text("dodag_id", id));
        }
        Ok(rpl::Repr::DaoAck(ack)) => {
            to.number("instance", ack.instance_id.0);
            to.number("sequence", ack.sequence);
            to.number("status", ack.status);
            ack.dodag_id.into_iter().for_each(|id| to.text("dodag_id", id));
        }
        Ok(_) => {}
        Err(error) => to.text("error", error),
    }
}

fn tcp(to: &mut Fields<'_>, packet: &tcp::Packet<'_>) {
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
            Ok(other) => to.text("option", other),
            Err(error) => to.text("option_error", error),
        }
    }
}

fn dns(to: &mut Fields<'_>, packet: &dns::Packet<'_>) {
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
            }
            Ok(Data::Txt(text)) => text.strings().for_each(|string| to.octets("txt", string)),
            Ok(Data::Opt(options)) => edns(to, options, record.class().0),
            Ok(Data::Unknown(_, octets)) => to.octets("rdata", octets),
            Err(error) => to.text("rdata_error", error),
        }
    }
}

fn edns(to: &mut Fields<'_>, options: EdnsOptions<'_>, udp_payload_size: u16) {
    to.number("udp_payload_size", udp_payload_size);
    for option in options.flatten() {
        to.number("edns_option", option.code);
    }
}

fn dhcpv4(to: &mut Fields<'_>, packet: &dhcpv4::Packet<'_>) {
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
            dhcpv4::Opt::NtpServers(list) => list.iter().for_each(|address| to.text("ntp_server", address)),
            dhcpv4::Opt::RequestedAddress(address) => to.text("requested_address", address),
            dhcpv4::Opt::ServerIdentifier(address) => to.text("server_identifier", address),
            dhcpv4::Opt::LeaseTime(time) => to.number("lease_time", time),
            dhcpv4::Opt::RenewalTime(time) => to.number("renewal_time", time),
            dhcpv4::Opt::RebindingTime(time) => to.number("rebinding_time", time),
            dhcpv4::Opt::MaxMessageSize(size) => to.number("max_message_size", size),
            other => to.text("option_text", other),
        }
    }
}
