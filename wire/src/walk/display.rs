//! One line a layer.

use super::{Content, Layer, Verdict};
use core::fmt;

/// So many octets of what is no layer are printed.
const OCTETS_PRINTED_MAX: usize = 24;

/// As a person reads it: indented by two columns for each tunnel or quote around it.
impl fmt::Display for Layer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for _ in 0..self.depth {
            f.write_str("  ")?;
        }
        self.content(f)?;
        f.write_str(match self.checksum {
            // UDP says itself that there is none.
            Verdict::None | Verdict::Absent => "",
            Verdict::Right => "; checksum right",
            Verdict::Wrong => "; checksum WRONG",
        })?;
        match self.problem {
            Some(problem) => write!(f, "; {problem}"),
            None => Ok(()),
        }
    }
}

impl Layer<'_> {
    fn content(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.content {
            Content::Ethernet(packet) => fmt::Display::fmt(packet, f),
            Content::Vlan(tag, field) if field.is_type() => write!(f, "{tag}, {field}"),
            Content::Vlan(tag, field) => write!(f, "{tag}, length {}", field.0),
            Content::Llc(packet) => fmt::Display::fmt(packet, f),
            Content::Snap(snap) => fmt::Display::fmt(snap, f),
            Content::Loopback(family) => write!(f, "loopback, family {family}"),
            Content::LinuxCooked(direction, field) => {
                f.write_str("Linux cooked, ")?;
                match direction {
                    0 => f.write_str("to us")?,
                    1 => f.write_str("broadcast")?,
                    2 => f.write_str("multicast")?,
                    3 => f.write_str("to another")?,
                    4 => f.write_str("sent by us")?,
                    other => write!(f, "direction {other}")?,
                }
                write!(f, ", {field}")
            }
            Content::Ieee802154(frame) => fmt::Display::fmt(frame, f),
            Content::Lowpan(dispatch) => write!(f, "6LoWPAN {dispatch}"),
            Content::Iphc(base) => fmt::Display::fmt(base, f),
            Content::LowpanFragment(header) => fmt::Display::fmt(header, f),
            Content::LowpanMesh(header) => fmt::Display::fmt(header, f),
            Content::LowpanBroadcast(header) => fmt::Display::fmt(header, f),
            Content::LowpanRecoverable(header) => fmt::Display::fmt(header, f),
            Content::LowpanRecoverableAck(header) => fmt::Display::fmt(header, f),
            Content::LowpanRouting(header) => fmt::Display::fmt(header, f),
            Content::Beacon(beacon) => fmt::Display::fmt(beacon, f),
            Content::Command(command) => fmt::Display::fmt(command, f),
            Content::ArpGeneral(packet) => fmt::Display::fmt(packet, f),
            Content::Esp(packet) => fmt::Display::fmt(packet, f),
            Content::Arp(packet) => fmt::Display::fmt(packet, f),
            Content::Ipv4(packet) => fmt::Display::fmt(packet, f),
            Content::Ipv6(packet) => fmt::Display::fmt(packet, f),
            Content::Extension(header) => fmt::Display::fmt(header, f),
            Content::Mobility(message) => fmt::Display::fmt(message, f),
            Content::Icmpv4(packet) => fmt::Display::fmt(packet, f),
            Content::Icmpv6(packet) => fmt::Display::fmt(packet, f),
            Content::Ndisc(_, message) => write!(f, "ICMPv6 {message}"),
            Content::Mld(packet) => fmt::Display::fmt(packet, f),
            Content::Rpl(packet) => fmt::Display::fmt(packet, f),
            Content::Igmp(packet) => fmt::Display::fmt(packet, f),
            Content::Udp(packet) => fmt::Display::fmt(packet, f),
            Content::Tcp(packet) => fmt::Display::fmt(packet, f),
            Content::Ports(protocol, from, to) => write!(f, "{protocol} {from} > {to}, cut off"),
            Content::Dns(packet) => fmt::Display::fmt(packet, f),
            Content::Dhcpv4(packet) => fmt::Display::fmt(packet, f),
            Content::Data => self.octets(f, "data"),
            Content::Trailer if self.octets.iter().all(|octet| *octet == 0) => {
                write!(f, "padding, {} octets", self.octets.len())
            }
            Content::Trailer => self.octets(f, "trailer"),
            Content::Octets(what, reason) => {
                write!(f, "{what}: {reason}")?;
                self.octets(f, "")
            }
        }
    }

    fn octets(&self, f: &mut fmt::Formatter<'_>, what: &str) -> fmt::Result {
        let len = self.octets.len();
        if len == 0 {
            return write!(f, "{what}, no octets");
        }
        write!(f, "{what}, {len} octet{}:", if len == 1 { "" } else { "s" })?;
        for octet in self.octets.iter().take(OCTETS_PRINTED_MAX) {
            write!(f, " {octet:02x}")?;
        }
        f.write_str(if len > OCTETS_PRINTED_MAX { " …" } else { "" })
    }
}
