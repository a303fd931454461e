//! What a transport offers to the waist.

use crate::{InterfaceId, InterfaceSet, IpLayer};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tersus_phy::{Cast, Instant, RxMeta};
use tersus_wire::checksum::Sum;
use tersus_wire::IpProtocol;

/// Source and destination as they stand in a received header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addresses<'a> {
    /// Source, then destination, of IPv4.
    V4(&'a [u8; 8]),
    /// Source, then destination, of IPv6.
    V6(&'a [u8; 32]),
}

impl<'a> Addresses<'a> {
    /// Two addresses of one family as they would stand in a header, written to the front of `octets`; `None` if they
    /// are of two.
    #[must_use]
    pub fn join(source: IpAddr, destination: IpAddr, octets: &'a mut [u8; 32]) -> Option<Self> {
        match (source, destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let octets: &mut [u8; 8] = octets.first_chunk_mut()?;
                let ([a, b, c, d], [e, f, g, h]) = (source.octets(), destination.octets());
                *octets = [a, b, c, d, e, f, g, h];
                Some(Self::V4(octets))
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                *octets.first_chunk_mut()? = source.octets();
                *octets.last_chunk_mut()? = destination.octets();
                Some(Self::V6(octets))
            }
            _ => None,
        }
    }

    /// The sender.
    #[must_use]
    #[inline]
    pub fn source(&self) -> IpAddr {
        match self {
            Self::V4(&[a, b, c, d, ..]) => IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
            Self::V6(octets) => {
                IpAddr::V6(octets.first_chunk::<16>().map_or(Ipv6Addr::UNSPECIFIED, |o| Ipv6Addr::from(*o)))
            }
        }
    }

    /// Whom the packet is addressed to: an own address, a group or a broadcast address.
    #[must_use]
    #[inline]
    pub fn destination(&self) -> IpAddr {
        match self {
            Self::V4(&[.., a, b, c, d]) => IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
            Self::V6(octets) => {
                IpAddr::V6(octets.last_chunk::<16>().map_or(Ipv6Addr::UNSPECIFIED, |o| Ipv6Addr::from(*o)))
            }
        }
    }

    /// Sum of both for a pseudo-header; length and protocol are still to be added.
    #[must_use]
    pub fn pseudo_sum(&self) -> Sum {
        match self {
            Self::V4(&[a, b, c, d, e, f, g, h]) => {
                Sum::new().add_u32(u32::from_be_bytes([a, b, c, d])).add_u32(u32::from_be_bytes([e, f, g, h]))
            }
            Self::V6(octets) if cfg!(feature = "ipv6") => Sum::new().add_bytes(*octets),
            // Of no packet; read as the other family, the two need no telling apart.
            Self::V6(&[a, b, c, d, e, f, g, h, ..]) => {
                Sum::new().add_u32(u32::from_be_bytes([a, b, c, d])).add_u32(u32::from_be_bytes([e, f, g, h]))
            }
        }
    }

    /// The octets as they stand in the header: 8 or 32; none of a family that is left out of this build.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::V4(octets) if cfg!(feature = "ipv4") => *octets,
            Self::V6(octets) if cfg!(feature = "ipv6") => *octets,
            _ => &[],
        }
    }
}

bitflags::bitflags! {
    /// What was seen of a received packet beside its fields.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct InFlags: u8 {
        /// It carried a Router Alert option.
        const ROUTER_ALERT = 1;
        /// It came in fragments.
        const FRAGMENTED = 2;
        /// It came through the loopback link.
        const LOOPBACK = 4;
    }
}

/// What the IP layer knows of a received packet.
#[derive(Debug, Clone, Copy)]
pub struct IpMeta<'a> {
    /// The moment of this turn.
    pub now: Instant,
    /// The interface that it came in by.
    pub interface: InterfaceId,
    /// Whom it was addressed to, by link or IP address, whichever is wider.
    pub cast: Cast,
    /// The segment's protocol.
    pub protocol: IpProtocol,
    /// Hop Limit, also TTL, as received.
    pub hop_limit: u8,
    /// Traffic Class, also DS field and ECN, as received.
    pub traffic_class: u8,
    /// What else was seen.
    pub flags: InFlags,
    /// Source and destination.
    pub addresses: Addresses<'a>,
    /// The source that a [`Verdict::Reply`] will carry; `None`: a reply would be refused.
    pub reply_from: Option<IpAddr>,
    /// What the device knows of the frame.
    pub rx: RxMeta,
}

impl<'a> IpMeta<'a> {
    /// A unicast packet with Hop Limit 64 that came by the first interface; the other fields can be set. For fakes
    /// of the IP layer.
    #[must_use]
    pub fn new(now: Instant, protocol: IpProtocol, addresses: Addresses<'a>) -> Self {
        Self {
            now,
            interface: InterfaceId(0),
            cast: Cast::Unicast,
            protocol,
            hop_limit: 64,
            traffic_class: 0,
            flags: InFlags::empty(),
            addresses,
            reply_from: Some(addresses.destination()),
            rx: RxMeta::default(),
        }
    }
}

/// What an ICMP error shall say of a packet that a transport refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reject {
    /// Nobody listens at the port: RFC 1122 §3.2.2.1, RFC 4443 §3.1.
    PortUnreachable,
    /// The host's policy forbids it.
    Prohibited,
}

/// What a transport did with a packet. Small, so that it is returned in a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Taken, or dropped and counted.
    Done,
    /// The first so many octets of the segment now hold a reply, to go back where the packet came from.
    Reply(u16),
    /// Refused: answer with an ICMP error. The segment is unaltered.
    Reject(Reject),
    /// Another transport's. The segment is unaltered.
    NotMine,
}

/// What an ICMP error said, IPv4 and IPv6 in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No route: network or host unreachable, RFC 792, RFC 4443 §3.1 codes 0, 2 and 3.
    #[error("host unreachable")]
    HostUnreachable,
    /// The peer does not know the protocol (IPv6: parameter problem, unrecognized next header).
    #[error("protocol unreachable")]
    ProtocolUnreachable,
    /// Nobody listens at the port.
    #[error("port unreachable")]
    PortUnreachable,
    /// A filter forbids it.
    #[error("prohibited by a filter")]
    Prohibited,
    /// Fragmentation needed, or Packet Too Big; holds the next hop's MTU as reported, 0 if it was not. The IP
    /// layer takes it into account before anything more is sent, as far as a transport knows the quoted packet.
    #[error("packet too big for a link of {0} octets")]
    TooBig(u16),
    /// The Hop Limit ran out on the way.
    #[error("hop limit exceeded in transit")]
    HopLimitExceeded,
    /// The peer did not get all fragments in time.
    #[error("fragments missing at the peer")]
    ReassemblyTimeExceeded,
    /// A header field was wrong.
    #[error("header field refused")]
    ParameterProblem,
    /// Another type and code.
    #[error("ICMP type {0}, code {1}")]
    Other(u8, u8),
}

/// A received ICMP error, handed to every transport; each ignores those that quote none of its packets.
#[derive(Debug, Clone, Copy)]
pub struct IcmpError<'a> {
    /// What went wrong.
    pub kind: ErrorKind,
    /// Who says so: a router or the peer.
    pub reporter: IpAddr,
    /// The quoted packet's source: one of our addresses.
    pub local: IpAddr,
    /// The quoted packet's destination.
    pub remote: IpAddr,
    /// The quoted packet's upper-layer protocol.
    pub protocol: IpProtocol,
    /// The start of the quoted segment: at least eight octets, or all of a shorter segment.
    pub quoted: &'a [u8],
}

/// Whether a transport can have sent what an ICMP error quotes. On this depends whether the IP layer believes that
/// the path is narrower: whoever forges an error knows the addresses, but not what is in flight (RFC 5927 §4, §7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quoted {
    /// Not its protocol, or nothing that it can have sent.
    Unknown,
    /// It may have sent this, but keeps no record of what it sends: replies, datagrams.
    Possible,
    /// This is in flight.
    Known,
}

/// Whether a transport has more to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing left that can leave now.
    Idle,
    /// The budget ran out first.
    More,
    /// Something waits for room on these interfaces.
    Blocked(InterfaceSet),
}

/// An upper-layer protocol: takes packets, and is pulled dry when there is room.
///
/// # For implementers
/// - `receive` answers [`Verdict::NotMine`] at once for protocols that are not its own.
/// - Received checksums are the transport's to verify, unless [`IpMeta::rx`] says that they are.
/// - `transmit` visits only what is ready. After `Full`, skip all that leaves from that interface in this turn.
///   What waits for room or for a resolution is no reason for `poll_at` to say "now": retry it in the next
///   `transmit` in which [`IpLayer::room`] or [`Routes::generation`](crate::Routes::generation) says that it can go.
///
/// A toy of protocol 253 (RFC 3692) that asks one host and answers whoever asks; [`fake`](crate::fake) tests it:
/// ```
/// use core::net::IpAddr;
/// use core::time::Duration;
/// use tersus_ip::{
///     Deadline, ErrorKind, IcmpError, Instant, InterfaceSet, IpLayer, IpMeta, IpProtocol, Outgoing, Path, Progress,
///     Quoted, Routes, SendError, Source, Transport, Unreachable, Verdict,
/// };
///
/// const TOY: IpProtocol = IpProtocol(253);
/// const QUESTION: u8 = b'?';
/// const ANSWER: u8 = b'!';
///
/// #[derive(Default)]
/// pub struct Toy {
///     /// The way to the peer, decided once; empty while nothing is asked.
///     path: Path,
///     /// When to ask, or to ask again.
///     due: Deadline,
///     /// Where the next hop was unknown or the link full: what must change before another attempt.
///     waits: Option<Wait>,
///     pub answered: u32,
///     pub malformed: u32,
/// }
/// enum Wait {
///     Resolution { generation: u32 },
///     Room,
/// }
///
/// impl Toy {
///     /// A call of the user's, between polls: it decides the way, and sends nothing.
///     pub fn ask(&mut self, routes: &dyn Routes, now: Instant, peer: IpAddr) -> Result<(), Unreachable> {
///         self.path = routes.route(Source::ANY, peer)?;
///         (self.due, self.waits) = (Deadline::at(now), None);
///         Ok(())
///     }
///
///     fn stop(&mut self) {
///         *self = Self { answered: self.answered, malformed: self.malformed, ..Self::default() };
///     }
/// }
///
/// impl Transport for Toy {
///     fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
///         if packet.protocol != TOY {
///             return Verdict::NotMine;
///         }
///         match segment.first_mut() {
///             // In place, back to where it came from; `reply_from` says whether IP will let it go.
///             Some(kind @ &mut QUESTION) if packet.reply_from.is_some() => {
///                 *kind = ANSWER;
///                 return Verdict::Reply(1);
///             }
///             Some(&mut ANSWER) if self.path.matches(&packet.addresses) => {
///                 self.answered += 1;
///                 self.stop();
///             }
///             _ => self.malformed += 1,
///         }
///         Verdict::Done
///     }
///
///     fn error(&mut self, _: Instant, error: &IcmpError<'_>) -> Quoted {
///         if error.protocol != TOY || !self.path.leads_to(error.remote) || error.quoted.first() != Some(&QUESTION) {
///             return Quoted::Unknown;
///         }
///         if error.kind == ErrorKind::ProtocolUnreachable {
///             self.stop();
///         }
///         Quoted::Possible
///     }
///
///     fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Progress {
///         let blocked = Progress::Blocked(InterfaceSet::only(self.path.interface()));
///         match self.waits {
///             Some(Wait::Resolution { generation }) if generation == ip.generation() => return Progress::Idle,
///             Some(Wait::Room) if !ip.room().contains(self.path.interface()) => return blocked,
///             Some(_) => self.due = Deadline::at(ip.now()),
///             None => {}
///         }
///         self.waits = None;
///         if !self.due.is_due(ip.now()) {
///             return Progress::Idle;
///         }
///         if *budget == 0 {
///             return Progress::More; // `due` has passed, so `poll_at` says that there is more
///         }
///         match ip.send(&mut self.path, Outgoing::new(TOY), 1, &mut |segment: &mut [u8]| segment.fill(QUESTION)) {
///             Ok(()) => {
///                 *budget -= 1;
///                 self.due = Deadline::at(ip.now() + Duration::from_secs(1)); // no answer: once more
///             }
///             Err(SendError::Resolving) => {
///                 (self.due, self.waits) = (Deadline::NONE, Some(Wait::Resolution { generation: ip.generation() }));
///             }
///             Err(SendError::Full) => {
///                 (self.due, self.waits) = (Deadline::NONE, Some(Wait::Room));
///                 return blocked;
///             }
///             Err(SendError::TooBig(_) | SendError::Unreachable(_)) => self.stop(), // and tell the user
///         }
///         Progress::Idle
///     }
///
///     fn poll_at(&self) -> Option<Instant> {
///         self.due.instant()
///     }
/// }
/// # if cfg!(not(feature = "ipv4")) { return Ok(()) }
/// # let mut buffer = [0; 64];
/// # let mut sent = 0;
/// # let mut count = |_: &Path, _: Outgoing, _: &[u8]| sent += 1;
/// # let mut ip = tersus_ip::fake::FakeIp::new(&mut buffer, &mut count);
/// # ip.now = Instant::from_secs(1);
/// # let mut toy = Toy::default();
/// # toy.ask(&ip, ip.now, "192.0.2.9".parse()?)?;
/// # assert_eq!(toy.poll_at(), Some(ip.now));
/// # ip.refusal = Some(SendError::Resolving);
/// # assert_eq!(toy.transmit(&mut ip, &mut 8), Progress::Idle);
/// # assert_eq!(toy.poll_at(), None);
/// # (ip.refusal, ip.generation) = (Some(SendError::Full), 2);
/// # assert_eq!(toy.transmit(&mut ip, &mut 8), Progress::Blocked(InterfaceSet::only(toy.path.interface())));
/// # ip.refusal = None;
/// # assert_eq!(toy.transmit(&mut ip, &mut 8), Progress::Idle);
/// # assert_eq!(toy.poll_at(), Some(Instant::from_secs(2)));
/// # let packet = |toy: &mut Toy, from: &str, octet| {
/// #     let mut octets = [0; 32];
/// #     let from = from.parse().unwrap();
/// #     let addresses = tersus_ip::Addresses::join(from, "192.0.2.1".parse().unwrap(), &mut octets).unwrap();
/// #     let mut packet = IpMeta::new(Instant::from_secs(1), TOY, addresses);
/// #     packet.reply_from = Some("192.0.2.1".parse().unwrap());
/// #     toy.receive(&packet, &mut [octet])
/// # };
/// # assert_eq!(packet(&mut toy, "192.0.2.7", QUESTION), Verdict::Reply(1));
/// # assert_eq!((packet(&mut toy, "192.0.2.7", ANSWER), toy.malformed), (Verdict::Done, 1));
/// # assert_eq!((packet(&mut toy, "192.0.2.9", ANSWER), toy.answered, toy.poll_at()), (Verdict::Done, 1, None));
/// # assert_eq!(sent, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Transport {
    /// Takes one packet. A reply of at most the segment's length may be made in place. A segment that is
    /// rejected or not its own is left unaltered.
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict;

    /// Takes an ICMP error, and says whether it quotes a packet of this transport. Eight quoted octets, or all of a
    /// shorter segment, suffice; errors that quote nothing of ours are ignored.
    fn error(&mut self, now: Instant, error: &IcmpError<'_>) -> Quoted;

    /// Sends what is ready and runs timers that are due; counts `budget` down by one for each packet. With a budget
    /// of 0 it sends nothing, and what may go by now makes `poll_at` say so.
    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Progress;

    /// When `transmit` next has something to do: exact. A past moment means at once.
    fn poll_at(&self) -> Option<Instant>;
}

impl<T: Transport + ?Sized> Transport for &mut T {
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        (**self).receive(packet, segment)
    }

    fn error(&mut self, now: Instant, error: &IcmpError<'_>) -> Quoted {
        (**self).error(now, error)
    }

    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Progress {
        (**self).transmit(ip, budget)
    }

    fn poll_at(&self) -> Option<Instant> {
        (**self).poll_at()
    }
}
