//! IP and what it carries.

use super::{pseudo, Content, Layer, Next, Reason, Verdict, Walk};
use crate::{
    dhcpv4, dns, esp, icmpv4, icmpv6, igmp, ipv4, ipv6, ipv6_ext, mld, ndisc, rpl, tcp, udp, Error,
    IpProtocol,
};
use core::net::{IpAddr, Ipv6Addr};

/// What the transport's checksum needs to know of the packet around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    source: IpAddr,
    destination: IpAddr,
    /// Whether not all of the packet is there: a fragment, a quote, a capture that ends early.
    is_cut: bool,
    /// Whether this is from the middle of a packet.
    is_later_fragment: bool,
}

/// So many octets behind the fixed header are looked at by [`ipv6_ext::Chain`].
const CHAIN_LEN_MAX: usize = 65_535 - ipv6::HEADER_LEN;

impl<'a> Walk<'a> {
    /// A packet of either family.
    pub(super) fn ip(&mut self, octets: &'a [u8]) -> Layer<'a> {
        match octets.first().map(|octet| octet >> 4) {
            Some(4) => self.ipv4(octets),
            Some(6) => self.ipv6(octets),
            Some(version) => Layer::refused("IP packet", Error::Version(version), octets),
            None => Layer::refused("IP packet", Error::truncated(1, 0), octets),
        }
    }

    fn ipv4(&mut self, octets: &'a [u8]) -> Layer<'a> {
        let (packet, problem) = match ipv4::Packet::parse(octets) {
            Ok(packet) => (packet, None),
            Err(error) => match ipv4::Packet::parse_captured(octets) {
                // A wrong checksum is shown as the verdict.
                Ok(packet) => (packet, Some(error).filter(|error| *error != Error::Checksum)),
                Err(_) => return Layer::refused("IPv4 packet", error, octets),
            },
        };
        let header = packet.header();
        let used = header.header_len() + packet.payload().len();
        if !self.is_quoted {
            self.set_trailer(octets, used);
        }
        let around = Around {
            source: header.source().into(),
            destination: header.destination().into(),
            is_cut: self.is_quoted || problem.is_some() || header.is_fragment(),
            is_later_fragment: header.fragment_offset() != 0,
        };
        self.next = Next::Protocol(header.protocol(), packet.payload(), around);
        let sum = crate::checksum::Sum::new().add_bytes(header.octets()).add_bytes(packet.option_octets());
        // A router has changed the header that an error quotes.
        let checksum = if self.is_quoted { Verdict::None } else { Verdict::of(sum.is_valid()) };
        // In a quote it is natural that not all is there.
        let problem = problem.filter(|_| !self.is_quoted);
        let octets = octets.get(..used).unwrap_or(octets);
        Layer { checksum, problem, ..self.here(Content::Ipv4(packet), octets) }
    }

    fn ipv6(&mut self, octets: &'a [u8]) -> Layer<'a> {
        let (packet, problem) = match ipv6::Packet::parse(octets) {
            Ok(packet) if packet.payload().is_empty() && !self.is_quoted => {
                self.without_length(packet, octets)
            }
            Ok(packet) => (packet, None),
            Err(error) => match ipv6::Packet::parse_quoted(octets) {
                Ok(packet) => (packet, Some(error)),
                Err(_) => return Layer::refused("IPv6 packet", error, octets),
            },
        };
        let header = packet.header();
        let used = ipv6::HEADER_LEN + packet.payload().len();
        if !self.is_quoted {
            self.set_trailer(octets, used);
        }
        let around = Around {
            source: header.source().into(),
            destination: header.destination().into(),
            is_cut: self.is_quoted || problem.is_some() || packet.payload().len() > CHAIN_LEN_MAX,
            is_later_fragment: false,
        };
        self.next = Next::Chain(ipv6_ext::Chain::new(header.next_header(), packet.payload()), around);
        let problem = problem.filter(|_| !self.is_quoted);
        let octets = octets.get(..used).unwrap_or(octets);
        Layer { problem, ..self.here(Content::Ipv6(packet), octets) }
    }

    /// A packet whose Payload Length is 0: a jumbogram, one that a device was to cut into segments, or an empty one.
    fn without_length(
        &self,
        packet: ipv6::Packet<'a>,
        octets: &'a [u8],
    ) -> (ipv6::Packet<'a>, Option<Error>) {
        match ipv6::Packet::parse_captured(octets) {
            Ok(whole) if !whole.payload().is_empty() => {
                let is_jumbogram = ipv6_ext::Jumbogram::parse(octets).is_ok();
                (whole, Some(Error::Length(0)).filter(|_| !is_jumbogram))
            }
            _ => (packet, None),
        }
    }

    /// A layer at the present depth.
    fn here(&self, content: Content<'a>, octets: &'a [u8]) -> Layer<'a> {
        Layer { depth: self.depth, ..Layer::new(content, octets) }
    }

    /// The next extension header, or what the chain leads to.
    pub(super) fn chain(&mut self, mut chain: ipv6_ext::Chain<'a>, mut around: Around) -> Option<Layer<'a>> {
        match chain.next_header() {
            Ok(Some(header)) => {
                if let Some(fragment) = header.fragment() {
                    around.is_cut |= !fragment.is_atomic();
                    around.is_later_fragment = fragment.offset != 0;
                }
                if let Some(address) = header.home_address() {
                    around.source = address.into();
                }
                if let Some(address) = header.last_address(as_v6(around.destination)) {
                    around.destination = address.into();
                }
                self.next = Next::Chain(chain, around);
                Some(Layer::new(Content::Extension(header), header.bytes))
            }
            Ok(None) => self.protocol(chain.protocol(), chain.rest(), around),
            Err(error) => {
                Some(Layer::refused("extension header", error, chain.rest())).filter(|_| !self.is_quoted)
            }
        }
    }

    /// What an IP packet carries.
    pub(super) fn protocol(
        &mut self,
        protocol: IpProtocol,
        octets: &'a [u8],
        around: Around,
    ) -> Option<Layer<'a>> {
        if around.is_later_fragment {
            self.next = Next::Octets("fragment", Reason::Fragment, octets);
            return self.step();
        }
        if around.is_cut && octets.is_empty() {
            return self.behind();
        }
        Some(match protocol {
            IpProtocol::UDP => self.udp(octets, around),
            IpProtocol::TCP => self.tcp(octets, around),
            IpProtocol::ICMPV4 => self.icmpv4(octets, around),
            IpProtocol::ICMPV6 => self.icmpv6(octets, around),
            IpProtocol::IGMP => match igmp::Packet::parse(octets) {
                Ok(packet) => {
                    let checksum = self.verdict(around, || packet.is_checksum_valid());
                    let problem = igmp::Repr::parse(&packet).err().filter(is_structural);
                    Layer { checksum, problem, ..Layer::new(Content::Igmp(packet), octets) }
                }
                Err(error) => Layer::refused("IGMP message", error, octets),
            },
            IpProtocol::IPV4 | IpProtocol::IPV6 => {
                self.depth = self.depth.saturating_add(1);
                self.ip(octets)
            }
            IpProtocol::AH => return self.chain(ipv6_ext::Chain::new(protocol, octets), around),
            IpProtocol::ESP => match esp::Packet::parse(octets) {
                Ok(packet) => {
                    self.next = Next::Octets("ESP payload", Reason::Encrypted, packet.protected());
                    Layer::new(Content::Esp(packet), octets)
                }
                Err(error) => Layer::refused("ESP packet", error, octets),
            },
            IpProtocol::MOBILITY => match ipv6_ext::Mobility::parse(octets) {
                Ok((message, _)) => {
                    let (octets, rest) =
                        octets.split_at_checked(message.buffer_len()).unwrap_or((octets, &[]));
                    self.next = Next::Protocol(message.payload_proto, rest, around);
                    let (from, to) = (as_v6(around.source), as_v6(around.destination));
                    let checksum =
                        self.verdict(around, || ipv6_ext::Mobility::is_checksum_valid(from, to, octets));
                    Layer { checksum, ..Layer::new(Content::Mobility(message), octets) }
                }
                Err(error) => Layer::refused("mobility header", error, octets),
            },
            IpProtocol::NO_NEXT_HEADER => {
                self.next = Next::Data(octets);
                return self.step();
            }
            _ if octets.is_empty() => return self.behind(),
            _ => Layer::refused("payload", Reason::Unknown, octets),
        })
    }

    /// A verdict on a checksum of which all that it covers is there.
    fn verdict(&self, around: Around, is_right: impl FnOnce() -> bool) -> Verdict {
        if around.is_cut {
            Verdict::None
        } else {
            Verdict::of(is_right())
        }
    }

    /// Ports from the first octets of a transport's header that is not all there.
    fn cut(&self, protocol: IpProtocol, octets: &'a [u8], around: Around, error: Error) -> Layer<'a> {
        match octets {
            &[a, b, c, d, ..] if around.is_cut => {
                let (from, to) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
                Layer::new(Content::Ports(protocol, from, to), octets)
            }
            _ => Layer::refused("transport header", error, octets),
        }
    }

    fn udp(&mut self, octets: &'a [u8], around: Around) -> Layer<'a> {
        let packet = match udp::Packet::parse(octets) {
            Ok(packet) => packet,
            Err(error) => return self.cut(IpProtocol::UDP, octets, around, error),
        };
        let header = packet.header();
        self.set_trailer(octets, usize::from(header.length()));
        let ports = (header.src_port().unwrap_or(0), header.dst_port());
        self.next = Next::Application(ports.0, ports.1, IpProtocol::UDP, packet.payload());
        let checksum = match header.checksum() {
            None => Verdict::Absent,
            Some(_) => {
                self.verdict(around, || packet.verify(pseudo(around.source, around.destination)).is_ok())
            }
        };
        let octets = octets.get(..usize::from(header.length())).unwrap_or(octets);
        Layer { checksum, ..Layer::new(Content::Udp(packet), octets) }
    }

    fn tcp(&mut self, octets: &'a [u8], around: Around) -> Layer<'a> {
        let packet = match tcp::Packet::parse(octets) {
            Ok(packet) => packet,
            Err(error) => return self.cut(IpProtocol::TCP, octets, around, error),
        };
        let header = packet.header();
        self.next =
            Next::Application(header.src_port(), header.dst_port(), IpProtocol::TCP, packet.payload());
        let checksum =
            self.verdict(around, || packet.verify_checksum(pseudo(around.source, around.destination)));
        let problem = packet.options().find_map(Result::err);
        Layer { checksum, problem, ..Layer::new(Content::Tcp(packet), octets) }
    }

    fn icmpv4(&mut self, octets: &'a [u8], around: Around) -> Layer<'a> {
        let packet = match icmpv4::Packet::parse(octets) {
            Ok(packet) => packet,
            Err(error) => return Layer::refused("ICMPv4 message", error, octets),
        };
        self.next = if packet.message_type().is_error() && !self.is_quoted {
            Next::Quote(IpProtocol::IPV4, packet.quote())
        } else {
            // Of a query the layer shows all; a length of its own counts the header, too.
            let shown =
                icmpv4::Query::parse(&packet).map_or(0, |query| query.buffer_len() - icmpv4::HEADER_LEN);
            Next::Data(packet.body().get(shown..).unwrap_or_default())
        };
        let checksum = self.verdict(around, || packet.is_checksum_valid());
        Layer { checksum, ..Layer::new(Content::Icmpv4(packet), octets) }
    }

    fn icmpv6(&mut self, octets: &'a [u8], around: Around) -> Layer<'a> {
        let packet = match icmpv6::Packet::parse(octets) {
            Ok(packet) => packet,
            Err(error) => return Layer::refused("ICMPv6 message", error, octets),
        };
        let (from, to) = (as_v6(around.source), as_v6(around.destination));
        let checksum = self.verdict(around, || packet.is_checksum_valid(from, to));
        let (kind, code, body) = (u8::from(packet.message_type()), packet.code(), packet.body());
        let content = match kind {
            130..=132 | 143 => {
                match mld::Packet::parse(octets).and_then(|mld| mld::Repr::parse(&mld).map(|_| mld)) {
                    Ok(mld) => Content::Mld(mld),
                    Err(error) => self.broken(packet, "multicast listener discovery", error, body),
                }
            }
            133..=137 => match ndisc::Message::parse(kind, code, body) {
                Ok(message) => {
                    if let (ndisc::Message::Redirect(redirect), false) = (&message, self.is_quoted) {
                        let quoted = redirect.options().find_map(|option| match option {
                            ndisc::NdiscOption::RedirectedHeader(packet) => Some(packet),
                            _ => None,
                        });
                        self.next = Next::Quote(IpProtocol::IPV6, quoted.unwrap_or_default());
                    }
                    Content::Ndisc(packet, message)
                }
                Err(error) => self.broken(packet, "neighbour discovery", error, body),
            },
            rpl::MESSAGE_TYPE => {
                match rpl::Packet::parse(octets).and_then(|rpl| rpl::Repr::parse(&rpl).map(|_| rpl)) {
                    Ok(rpl) => Content::Rpl(rpl),
                    Err(error) => self.broken(packet, "RPL", error, body),
                }
            }
            _ => {
                self.next = if packet.message_type().is_error() && !self.is_quoted {
                    Next::Quote(IpProtocol::IPV6, packet.quote())
                } else {
                    let shown = ndisc::DuplicateAddress::parse(&packet)
                        .map_or(4, |message| message.buffer_len() - icmpv6::COMMON_LEN);
                    Next::Data(body.get(shown..).unwrap_or_default())
                };
                Content::Icmpv6(packet)
            }
        };
        Layer { checksum, ..Layer::new(content, octets) }
    }

    /// The ICMPv6 header is shown, its body as octets.
    fn broken(
        &mut self,
        packet: icmpv6::Packet<'a>,
        what: &'static str,
        error: Error,
        body: &'a [u8],
    ) -> Content<'a> {
        self.next = Next::Octets(what, error.into(), body);
        Content::Icmpv6(packet)
    }

    /// The packet that an error message quotes, as far as it goes.
    pub(super) fn quote(&mut self, _: IpProtocol, octets: &'a [u8]) -> Option<Layer<'a>> {
        if octets.is_empty() {
            return self.behind();
        }
        self.depth = self.depth.saturating_add(1);
        self.is_quoted = true;
        Some(self.ip(octets))
    }

    /// By the ports, what a datagram or segment carries.
    pub(super) fn application(
        &mut self,
        from: u16,
        to: u16,
        transport: IpProtocol,
        octets: &'a [u8],
    ) -> Option<Layer<'a>> {
        let is = |ports: &[u16]| ports.contains(&from) || ports.contains(&to);
        if octets.is_empty() || self.is_quoted {
            self.next = Next::Data(octets);
            return self.step();
        }
        let message = match (transport, octets) {
            // RFC 1035 §4.2.2: behind the length; a message in several segments stays octets.
            (IpProtocol::TCP, &[a, b, ref message @ ..])
                if is(&[dns::PORT]) && usize::from(u16::from_be_bytes([a, b])) == message.len() =>
            {
                message
            }
            (IpProtocol::UDP, message) if is(&[dns::PORT, dns::MULTICAST_PORT]) => message,
            (IpProtocol::UDP, message) if is(&[dhcpv4::SERVER_PORT, dhcpv4::CLIENT_PORT]) => {
                return Some(match dhcpv4::Packet::parse(message) {
                    Ok(packet) => {
                        let problem = packet.options().find_map(Result::err);
                        Layer { problem, ..Layer::new(Content::Dhcpv4(packet), message) }
                    }
                    Err(error) => Layer::refused("DHCPv4 message", error, message),
                });
            }
            _ => {
                self.next = Next::Data(octets);
                return self.step();
            }
        };
        Some(match dns::Packet::parse(message) {
            Ok(packet) => {
                let problem = packet.check().err();
                Layer { problem, ..Layer::new(Content::Dns(packet), message) }
            }
            Err(error) => Layer::refused("DNS message", error, message),
        })
    }
}

/// Whether an error says more than that the message is of an unknown kind or its checksum wrong, which is shown
/// otherwise.
fn is_structural(error: &Error) -> bool {
    !matches!(error, Error::Unknown(_) | Error::Checksum)
}

fn as_v6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V6(address) => address,
        IpAddr::V4(address) => address.to_ipv6_mapped(),
    }
}
