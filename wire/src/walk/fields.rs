//! The fields of a layer for programs: a name and a value each, in the order of the format.

mod control;
mod internet;
mod link;
mod rpl;
#[cfg(test)]
mod tests;
mod upper;

use super::{Content, Layer, Verdict};
use control::{igmp, mld, ndisc};
use internet::{extension, icmpv4, icmpv6, ipv4, ipv6};
use link::{beacon, command, hardware_address, mac, protocol_address};
use rpl::rpl;
use upper::{dhcpv4, dns, tcp};

use crate::{EtherType, HardwareAddress};
use core::fmt::{self, Display};

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

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => f.debug_tuple("Number").field(number).finish(),
            Self::Text(text) => f.debug_tuple("Text").field(&format_args!("{text}")).finish(),
            Self::Octets(octets) => f.debug_tuple("Octets").field(octets).finish(),
        }
    }
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
            Content::Mobility(_) => "mobility",
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
                to.text("control", packet.control());
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
            Content::Mobility(message) => {
                to.number("payload_proto", message.payload_proto.0);
                to.number("type", message.mh_type);
                to.octets("data", message.data);
            }
            Content::Arp(packet) => {
                to.number("operation", u16::from(packet.operation()));
                to.text("sender_hardware", packet.sender_hardware());
                to.text("sender_protocol", packet.sender_protocol());
                to.text("target_hardware", packet.target_hardware());
                to.text("target_protocol", packet.target_protocol());
            }
            Content::Ipv4(packet) => ipv4(&mut to, packet),
            Content::Ipv6(packet) => ipv6(&mut to, packet),
            Content::Extension(header) => extension(&mut to, header),
            Content::Icmpv4(packet) => icmpv4(&mut to, packet),
            Content::Icmpv6(packet) => icmpv6(&mut to, packet),
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
