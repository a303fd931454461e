//! A walk over a frame, layer by layer, that shows all of it: what can be parsed as a view, what cannot as octets with
//! the reason.
//!
//! ```text
//!   Ethernet ─ VLAN ─┬─ LLC ─ SNAP ─┐                       ┌─ UDP ─┬─ DNS        └ further in: IP in IP,
//!   loopback ────────┤              ├─ ARP                  ├─ TCP  └─ DHCPv4       and what an ICMP error
//!   Linux cooked ────┴──────────────┼─ IPv4 ────────────────┼─ ICMP, IGMP           quotes
//!   raw IP ─────────────────────────┴─ IPv6 ─ extensions ───┴─ ICMPv6: NDISC, MLD, RPL
//!   IEEE 802.15.4 ─ 6LoWPAN ──────────┘ (decompressed into the caller's buffer)
//! ```
//!
//! It is for looking: it keeps no state, puts no fragments together, and judges nothing but checksums. A packet that
//! is shorter than its header says is shown as far as it goes, with the [`Layer::problem`]. [`Layer`] prints as one
//! line, indented by how deep it lies; [`Layer::fields`] gives its fields to programs.
//!
//! ```
//! use tersus_wire::walk::{Medium, Walk};
//!
//! let frame = [
//!     0x45, 0, 0, 30, 0, 1, 0x40, 0, 64, 17, 0xb6, 0xcb, 192, 0, 2, 1, 192, 0, 2, 2, // IPv4
//!     0x13, 0x88, 0, 7, 0, 10, 0, 0, b'h', b'i', // UDP
//! ];
//! let lines: Vec<String> = Walk::new(Medium::Ip, &frame, &mut []).map(|layer| layer.to_string()).collect();
//! assert_eq!(lines[1], "UDP 5000 > 7 len 2 no checksum");
//! assert_eq!(lines[2], "data, 2 octets: 68 69");
//! ```

mod display;
mod fields;
mod internet;
mod link;
#[cfg(test)]
mod tests;

pub use fields::Value;

use crate::sixlowpan::{self, Contexts, LinkAddresses};
use crate::{
    arp, dhcpv4, dns, esp, ethernet, icmpv4, icmpv6, ieee802154, igmp, ipv4, ipv6, ipv6_ext, llc, mld, ndisc,
};
use crate::{rpl, tcp, udp, vlan, Error, EtherType, IpProtocol};
use core::net::IpAddr;
use internet::Around;

/// So many layers of a frame are shown; what is further in, as octets.
pub const LAYERS_MAX: u8 = 48;

/// What frames of a device or a capture start with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// Ethernet without its check sequence.
    Ethernet,
    /// An IPv4 or IPv6 packet; its version tells which.
    Ip,
    /// IEEE 802.15.4 without its check sequence.
    Ieee802154,
    /// IEEE 802.15.4 with its check sequence of two octets.
    Ieee802154Fcs,
    /// BSD's loopback: the family in four octets, in the order of the machine that captured.
    Loopback,
    /// Linux's cooked capture, version 1: 16 octets.
    LinuxCooked,
    /// Linux's cooked capture, version 2: 20 octets.
    LinuxCooked2,
}

/// Whether a checksum is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// There is none in this layer, or not all that it covers is there.
    None,
    /// It is right.
    Right,
    /// It is wrong.
    Wrong,
    /// The sender made none.
    Absent,
}

impl Verdict {
    const fn of(is_right: bool) -> Self {
        if is_right {
            Self::Right
        } else {
            Self::Wrong
        }
    }
}

/// Why octets are shown as octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// They are refused.
    #[error("{0}")]
    Refused(#[from] Error),
    /// 6LoWPAN headers that cannot be restored.
    #[error("{0}")]
    Lowpan(#[from] sixlowpan::Error),
    /// What they are is not known here.
    #[error("not known here")]
    Unknown,
    /// They are encrypted.
    #[error("encrypted")]
    Encrypted,
    /// They are from the middle of a packet.
    #[error("from the middle of a packet")]
    Fragment,
    /// [`LAYERS_MAX`] layers are around them.
    #[error("too many layers")]
    TooDeep,
}

/// What a layer is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Content<'a> {
    /// The header of an Ethernet frame.
    Ethernet(ethernet::Packet<'a>),
    /// A VLAN tag, and what the type field behind it says.
    Vlan(vlan::Tag, EtherType),
    /// An IEEE 802.2 header.
    Llc(llc::Packet<'a>),
    /// A SNAP header.
    Snap(llc::Snap<'a>),
    /// The family in front of a loopback packet: 2 is IPv4; 10, 24, 28 and 30 are IPv6.
    Loopback(u32),
    /// The header of a cooked capture: direction, and what follows.
    LinuxCooked(u16, EtherType),
    /// A MAC frame.
    Ieee802154(ieee802154::Frame<'a>),
    /// A 6LoWPAN header in one octet: page, uncompressed IPv6, and what cannot be shown in detail.
    Lowpan(sixlowpan::dispatch::Dispatch),
    /// The compressed headers, which follow restored.
    Iphc(sixlowpan::iphc::Base),
    /// The header of a link fragment.
    LowpanFragment(sixlowpan::FragmentHeader),
    /// The mesh header, RFC 4944 §5.2.
    LowpanMesh(sixlowpan::MeshHeader),
    /// The broadcast header, RFC 4944 §11.1.
    LowpanBroadcast(sixlowpan::BroadcastHeader),
    /// The header of a recoverable fragment, RFC 8931 §5.1.
    LowpanRecoverable(sixlowpan::RecoverableFragment),
    /// The acknowledgement of recoverable fragments, RFC 8931 §5.2.
    LowpanRecoverableAck(sixlowpan::RecoverableAck),
    /// A routing header of page 1, RFC 8138 §4.
    LowpanRouting(sixlowpan::RoutingHeader<'a>),
    /// What a beacon carries; its payload follows.
    Beacon(ieee802154::Beacon<'a>),
    /// What a MAC command says.
    Command(ieee802154::Command<'a>),
    /// ARP.
    Arp(arp::Packet<'a>),
    /// ARP for hardware or protocols other than Ethernet and IPv4.
    ArpGeneral(arp::general::Packet<'a>),
    /// The header of an IPv4 packet.
    Ipv4(ipv4::Packet<'a>),
    /// The header of an IPv6 packet.
    Ipv6(ipv6::Packet<'a>),
    /// What is visible of an encrypted payload.
    Esp(esp::Packet<'a>),
    /// An extension header.
    Extension(ipv6_ext::Header<'a>),
    /// A mobility message, of which what all messages have is taken apart.
    Mobility(ipv6_ext::Mobility<'a>),
    /// ICMPv4; what an error quotes follows.
    Icmpv4(icmpv4::Packet<'a>),
    /// ICMPv6, other than the following; what an error quotes follows.
    Icmpv6(icmpv6::Packet<'a>),
    /// Neighbour discovery.
    Ndisc(icmpv6::Packet<'a>, ndisc::Message<'a>),
    /// Multicast listener discovery.
    Mld(mld::Packet<'a>),
    /// RPL.
    Rpl(rpl::Packet<'a>),
    /// IGMP.
    Igmp(igmp::Packet<'a>),
    /// The header of a UDP datagram.
    Udp(udp::Packet<'a>),
    /// The header of a TCP segment.
    Tcp(tcp::Packet<'a>),
    /// The start of a transport's header, of which a quote or fragment has a part: its ports.
    Ports(IpProtocol, u16, u16),
    /// A DNS message.
    Dns(dns::Packet<'a>),
    /// A DHCPv4 message.
    Dhcpv4(dhcpv4::Packet<'a>),
    /// What applications say.
    Data,
    /// What stands behind a packet: padding, or a check sequence.
    Trailer,
    /// Octets that are no layer, what they should have been, and why they are not.
    Octets(&'static str, Reason),
}

/// One layer of a frame.
#[derive(Debug, Clone)]
pub struct Layer<'a> {
    /// What it is.
    pub content: Content<'a>,
    /// Its octets: of a header, with what it covers.
    pub octets: &'a [u8],
    /// In how many tunnels and quotes it lies.
    pub depth: u8,
    /// Whether its checksum is right.
    pub checksum: Verdict,
    /// What is wrong with it though it is shown: such as that it is not all there.
    pub problem: Option<Error>,
}

impl<'a> Layer<'a> {
    const fn new(content: Content<'a>, octets: &'a [u8]) -> Self {
        Self { content, octets, depth: 0, checksum: Verdict::None, problem: None }
    }

    fn refused(what: &'static str, reason: impl Into<Reason>, octets: &'a [u8]) -> Self {
        Self::new(Content::Octets(what, reason.into()), octets)
    }
}

/// What is to be looked at next.
#[derive(Debug, Clone)]
enum Next<'a> {
    Nothing,
    Frame(Medium, &'a [u8]),
    /// By its type field.
    Type(EtherType, &'a [u8]),
    Llc(&'a [u8]),
    Snap(llc::Snap<'a>, &'a [u8]),
    Lowpan(LinkAddresses, &'a [u8]),
    /// Behind the switch to page 1.
    LowpanPage1(LinkAddresses, &'a [u8]),
    /// The payload of a frame of the MAC itself.
    Mac(ieee802154::FrameType, &'a [u8]),
    /// `datagram_size` of a first fragment.
    LowpanFirst(LinkAddresses, u16, &'a [u8]),
    Ip(&'a [u8]),
    Chain(ipv6_ext::Chain<'a>, Around),
    Protocol(IpProtocol, &'a [u8], Around),
    /// A packet that an error message quotes.
    Quote(IpProtocol, &'a [u8]),
    Application(u16, u16, IpProtocol, &'a [u8]),
    Data(&'a [u8]),
    Octets(&'static str, Reason, &'a [u8]),
}

/// The layers of a frame, outermost first.
#[derive(Debug)]
pub struct Walk<'a> {
    next: Next<'a>,
    /// Where 6LoWPAN headers are restored, once.
    scratch: Option<&'a mut [u8]>,
    contexts: Option<&'a Contexts>,
    /// What stands behind the packet.
    trailer: &'a [u8],
    left: u8,
    depth: u8,
    /// Whether what is looked at is quoted, and so may be cut.
    is_quoted: bool,
}

impl<'a> Walk<'a> {
    /// Over `frame`. `scratch` takes an IPv6 packet whose headers were compressed, of which there is one in a frame:
    /// 1,280 octets do for all but strange ones, none if the medium is not IEEE 802.15.4.
    #[must_use]
    pub fn new(medium: Medium, frame: &'a [u8], scratch: &'a mut [u8]) -> Self {
        Self {
            next: Next::Frame(medium, frame),
            scratch: Some(scratch),
            contexts: None,
            trailer: &[],
            left: LAYERS_MAX,
            depth: 0,
            is_quoted: false,
        }
    }

    /// With what 6LoWPAN addresses may be compressed by; without, those are refused.
    #[must_use]
    pub fn with_contexts(mut self, contexts: &'a Contexts) -> Self {
        self.contexts = Some(contexts);
        self
    }

    /// Looks at what is next, and says what comes behind it.
    fn step(&mut self) -> Option<Layer<'a>> {
        match core::mem::replace(&mut self.next, Next::Nothing) {
            Next::Nothing => self.behind(),
            Next::Frame(medium, octets) => Some(self.frame(medium, octets)),
            Next::Type(ether_type, octets) => self.ether_type(ether_type, octets),
            Next::Llc(octets) => Some(self.llc(octets)),
            Next::Snap(snap, octets) => Some(self.snap(snap, octets)),
            Next::Lowpan(link, octets) => Some(self.lowpan(link, None, octets)),
            Next::LowpanPage1(link, octets) => Some(self.page1(link, octets)),
            Next::LowpanFirst(link, size, octets) => Some(self.lowpan(link, Some(size), octets)),
            Next::Ip(octets) => Some(self.ip(octets)),
            Next::Chain(chain, around) => self.chain(chain, around),
            Next::Protocol(protocol, octets, around) => self.protocol(protocol, octets, around),
            Next::Quote(family, octets) => self.quote(family, octets),
            Next::Application(from, to, transport, octets) => self.application(from, to, transport, octets),
            Next::Data([]) => self.behind(),
            Next::Mac(kind, octets) => self.mac(kind, octets),
            Next::Data(octets) => Some(Layer::new(Content::Data, octets)),
            Next::Octets(_, _, []) => self.behind(),
            Next::Octets(what, reason, octets) => Some(Layer::refused(what, reason, octets)),
        }
    }

    /// What stands behind the packet, once all of that is shown.
    fn behind(&mut self) -> Option<Layer<'a>> {
        let trailer = core::mem::take(&mut self.trailer);
        (self.depth, self.is_quoted) = (0, false);
        if trailer.is_empty() {
            None
        } else {
            Some(Layer::new(Content::Trailer, trailer))
        }
    }

    /// Octets that were not looked at yet.
    fn rest(&self) -> Option<&'a [u8]> {
        let octets = match &self.next {
            Next::Nothing => return None,
            Next::Frame(_, octets) | Next::Type(_, octets) | Next::Llc(octets) | Next::Snap(_, octets) => {
                octets
            }
            Next::Lowpan(_, octets) | Next::LowpanPage1(_, octets) | Next::LowpanFirst(_, _, octets) => {
                octets
            }
            Next::Ip(octets) | Next::Mac(_, octets) => octets,
            Next::Chain(chain, _) => return Some(chain.rest()),
            Next::Protocol(_, octets, _) | Next::Quote(_, octets) | Next::Application(_, _, _, octets) => {
                octets
            }
            Next::Data(octets) | Next::Octets(_, _, octets) => octets,
        };
        Some(octets)
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Layer<'a>;

    fn next(&mut self) -> Option<Layer<'a>> {
        let Some(left) = self.left.checked_sub(1) else {
            let rest = self.rest().filter(|rest| !rest.is_empty());
            self.next = Next::Nothing;
            self.trailer = &[];
            return rest.map(|rest| Layer::refused("layer", Reason::TooDeep, rest));
        };
        self.left = left;
        let mut layer = self.step()?;
        // What is further in than this layer was set by the step.
        layer.depth = layer.depth.max(self.depth);
        if let Content::Trailer = layer.content {
            layer.depth = 0;
        }
        Some(layer)
    }
}

/// The sum of the addresses of a packet, for the checksum of what it carries.
fn pseudo(source: IpAddr, destination: IpAddr) -> crate::checksum::Sum {
    crate::ip::pseudo_addresses(source, destination)
}
