//! Answering echo requests in place: RFC 792, RFC 1122 §3.2.2.6, RFC 4443 §4.2.

use crate::statistics::{count, Statistics};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tersus_ip::rate_limit::{Rate, TokenBucket};
use tersus_ip::{
    Addresses, Cast, IcmpError, Instant, IpLayer, IpMeta, Progress, Quoted, RxChecksum, Transport, Verdict,
};
use tersus_wire::checksum::Sum;
use tersus_wire::{icmpv4, icmpv6, Error, IpProtocol};

/// Whether and how fast echo requests are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Answering {
    /// All of them: RFC 1122 §3.2.2.6 and RFC 8504 §5.8 want a host to.
    #[default]
    Always,
    /// At most so many each second.
    Limited(Rate),
    /// None.
    Never,
}

/// What arrived, after its checksum was verified.
pub(crate) enum Message {
    Request,
    Reply { identifier: u16, sequence: u16 },
}

/// Answers echo requests of both families, without memory: what [`Icmp`](crate::Icmp) does beside its sockets.
#[derive(Debug, Default)]
pub struct EchoResponder {
    answering: Answering,
    bucket: TokenBucket,
    pub(crate) statistics: Statistics,
}

impl EchoResponder {
    /// A responder.
    #[must_use]
    pub const fn new(answering: Answering) -> Self {
        Self { answering, bucket: TokenBucket::new(), statistics: Statistics::ZERO }
    }

    /// Changes whether and how fast is answered.
    pub fn set_answering(&mut self, answering: Answering) {
        self.answering = answering;
    }

    /// What happened so far.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Says what an echo message is; `Err` if it is none, or was dropped and counted.
    pub(crate) fn open(&mut self, packet: &IpMeta<'_>, segment: &[u8]) -> Result<Message, Verdict> {
        let Some(kind) = echo_kind(packet, segment) else { return Err(Verdict::NotMine) };
        count(&mut self.statistics.received);
        let Some(&[_, _, _, _, i0, i1, s0, s1]) = segment.first_chunk() else {
            count(&mut self.statistics.malformed);
            return Err(Verdict::Done);
        };
        // That of ICMPv6 was verified by the IP layer, which says so.
        if packet.rx.checksum == RxChecksum::Unknown && !is_checksum_valid(packet, segment) {
            count(&mut self.statistics.bad_checksum);
            return Err(Verdict::Done);
        }
        Ok(match kind {
            Kind::Request => Message::Request,
            Kind::Reply => Message::Reply {
                identifier: u16::from_be_bytes([i0, i1]),
                sequence: u16::from_be_bytes([s0, s1]),
            },
        })
    }

    /// Answers an echo request, or counts why not.
    pub(crate) fn answer(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        let Some(from) = packet.reply_from.filter(|_| is_to_be_answered(packet)) else {
            count(&mut self.statistics.not_answered);
            return Verdict::Done;
        };
        match self.answering {
            Answering::Always => {}
            Answering::Limited(rate) if self.bucket.take(packet.now, rate) => {}
            Answering::Limited(_) => {
                count(&mut self.statistics.rate_limited);
                return Verdict::Done;
            }
            Answering::Never => {
                count(&mut self.statistics.not_answered);
                return Verdict::Done;
            }
        }
        let Ok(len) = u16::try_from(segment.len()) else {
            count(&mut self.statistics.malformed);
            return Verdict::Done;
        };
        if write_reply(packet, from, segment).is_err() {
            count(&mut self.statistics.malformed);
            return Verdict::Done;
        }
        count(&mut self.statistics.answered);
        Verdict::Reply(len)
    }
}

impl Transport for EchoResponder {
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        match self.open(packet, segment) {
            Ok(Message::Request) => self.answer(packet, segment),
            Ok(Message::Reply { .. }) => {
                count(&mut self.statistics.unexpected_reply);
                Verdict::Done
            }
            Err(verdict) => verdict,
        }
    }

    fn error(&mut self, _now: Instant, error: &IcmpError<'_>) -> Quoted {
        quoted_reply(error)
    }

    fn transmit(&mut self, _ip: &mut dyn IpLayer, _budget: &mut usize) -> Progress {
        Progress::Idle
    }

    fn poll_at(&self) -> Option<Instant> {
        None
    }
}

/// Whether an error quotes an echo reply: of those that were sent nothing is kept.
pub(crate) fn quoted_reply(error: &IcmpError<'_>) -> Quoted {
    let reply = match error.protocol {
        IpProtocol::ICMPV4 => u8::from(icmpv4::Type::ECHO_REPLY),
        IpProtocol::ICMPV6 => u8::from(icmpv6::Type::ECHO_REPLY),
        _ => return Quoted::Unknown,
    };
    if error.quoted.first() == Some(&reply) {
        Quoted::Possible
    } else {
        Quoted::Unknown
    }
}

/// The messages that are ours.
enum Kind {
    Request,
    Reply,
}

/// Which echo message a packet is, if it is one. All others belong to the IP layer or to group membership, or are
/// unknown, and dropped silently: RFC 1122 §3.2.2, RFC 4443 §2.4 (b).
fn echo_kind(packet: &IpMeta<'_>, segment: &[u8]) -> Option<Kind> {
    let number = *segment.first()?;
    match (packet.addresses, packet.protocol) {
        (Addresses::V4(_), IpProtocol::ICMPV4) => match icmpv4::Type::from(number) {
            icmpv4::Type::ECHO_REQUEST => Some(Kind::Request),
            icmpv4::Type::ECHO_REPLY => Some(Kind::Reply),
            _ => None,
        },
        (Addresses::V6(_), IpProtocol::ICMPV6) => match icmpv6::Type::from(number) {
            icmpv6::Type::ECHO_REQUEST => Some(Kind::Request),
            icmpv6::Type::ECHO_REPLY => Some(Kind::Reply),
            _ => None,
        },
        _ => None,
    }
}

fn is_checksum_valid(packet: &IpMeta<'_>, segment: &[u8]) -> bool {
    let pseudo = match packet.addresses {
        Addresses::V4(_) => Sum::new(),
        Addresses::V6(_) => {
            let len = u32::try_from(segment.len()).unwrap_or(u32::MAX);
            packet.addresses.pseudo_sum().add_u32(len).add_u16(u16::from(packet.protocol.0))
        }
    };
    pseudo.add_bytes(segment).is_valid()
}

/// IPv4: only what was sent to us alone. IPv6: what was sent to a group too, RFC 4443 §4.2.
fn is_to_be_answered(packet: &IpMeta<'_>) -> bool {
    match packet.addresses {
        Addresses::V4(_) => packet.cast == Cast::Unicast,
        Addresses::V6(_) => !packet.addresses.source().is_multicast(),
    }
}

/// Turns the request into its reply, from an address that the IP layer chose.
fn write_reply(packet: &IpMeta<'_>, from: IpAddr, segment: &mut [u8]) -> Result<(), Error> {
    match (packet.addresses.destination(), from) {
        (IpAddr::V4(_), _) => icmpv4::echo_reply_in_place(segment),
        (IpAddr::V6(asked), IpAddr::V6(from)) => {
            icmpv6::echo_reply_in_place(segment)?;
            if asked != from {
                icmpv6::readdress_in_place(segment, asked, from);
            }
            Ok(())
        }
        (IpAddr::V6(_), IpAddr::V4(_)) => Err(Error::Unrepresentable),
    }
}

/// The octets of an address, and how many of them count.
pub(crate) fn octets(address: IpAddr) -> ([u8; 16], usize) {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            ([a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 4)
        }
        IpAddr::V6(address) => (address.octets(), 16),
    }
}

/// An address of the family of `like` from the front of `bytes`, and what follows it.
pub(crate) fn split_address(bytes: &mut [u8], like: IpAddr) -> Option<(IpAddr, &mut [u8])> {
    match like {
        IpAddr::V4(_) => {
            let (octets, rest) = bytes.split_first_chunk_mut::<4>()?;
            Some((IpAddr::V4(Ipv4Addr::from(*octets)), rest))
        }
        IpAddr::V6(_) => {
            let (octets, rest) = bytes.split_first_chunk_mut::<16>()?;
            Some((IpAddr::V6(Ipv6Addr::from(*octets)), rest))
        }
    }
}
