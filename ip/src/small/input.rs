//! The way in: from the link to a transport.

use super::address::{reply_ends, Address};
#[cfg(feature = "ipv4")]
use super::groups::Sender;
use super::output::ONLY;
#[cfg(feature = "ipv4")]
use super::Relation;
use super::SmallIp;
use crate::icmp_error::Reason;
#[cfg(feature = "ipv6")]
use crate::icmp_error::{self, Offender};
#[cfg(feature = "ipv6")]
use crate::input::verify_icmp_v6;
#[cfg(feature = "ipv4")]
use crate::martian::kind_v4;
#[cfg(feature = "ipv6")]
use crate::martian::kind_v6;
use crate::martian::Kind;
use crate::path::PathFlags;
use crate::statistics::count;
#[cfg(feature = "ipv6")]
use crate::PackedAddress;
use crate::{
    Addresses, Cast, Fill, InFlags, IpMeta, OutFlags, Outgoing, Reject, SendError, Transports, Verdict,
};
use core::net::IpAddr;
#[cfg(feature = "ipv4")]
use core::net::Ipv4Addr;
#[cfg(all(feature = "ipv4", feature = "fragmentation"))]
use tersus_phy::RxChecksum;
use tersus_phy::{Frame, LinkTx, Upper};
#[cfg(feature = "ipv4")]
use tersus_wire::{checksum::Sum, ipv4, Error};
#[cfg(feature = "ipv6")]
use tersus_wire::{
    ipv6,
    ipv6_ext::{walk, Decision, Limits, Part},
};
use tersus_wire::{EtherType, HardwareAddress, IpProtocol};

/// Microseconds that each ICMP error takes of a span, and that span: ten at once at most, and less than ten a second
/// after them. RFC 4443 §2.4 (f), RFC 1812 §4.3.2.8. Numbers of few bits, which an instruction can name.
const ERROR_SHARE: u32 = 0x1_a000;
const ERROR_SPAN: u32 = 10 * ERROR_SHARE;

/// Where the link's frames arrive.
pub(super) struct Input<'r, 'a, T: ?Sized> {
    pub(super) host: &'r mut SmallIp<'a>,
    pub(super) transports: &'r mut T,
}

impl<T: Transports + ?Sized> Upper for Input<'_, '_, T> {
    fn receive(&mut self, frame: &mut Frame<'_>, back: &mut dyn LinkTx) {
        match frame.protocol {
            #[cfg(feature = "ipv4")]
            EtherType::IPV4 => self.receive_v4(frame, back),
            #[cfg(feature = "ipv6")]
            EtherType::IPV6 => self.receive_v6(frame, back),
            #[cfg(feature = "ipv4")]
            EtherType::ARP => self.host.on_arp(frame.payload, back),
            _ => count(&mut self.host.statistics.unknown_ether_type),
        }
    }
}

impl<T: Transports + ?Sized> Input<'_, '_, T> {
    /// RFC 791 §3.1, RFC 1122 §3.2.1.
    #[cfg(feature = "ipv4")]
    fn receive_v4(&mut self, frame: &mut Frame<'_>, back: &mut dyn LinkTx) {
        // Apart from the frame, which then needs no memory where the link is known.
        let (host, from) = (&mut *self.host, frame.from);
        count(&mut host.statistics.received_v4);
        let (header, _options, segment) = match ipv4::split_mut(frame.payload) {
            Ok(parts) => parts,
            Err(Error::Checksum) => return count(&mut host.statistics.bad_checksum),
            Err(_) => return count(&mut host.statistics.malformed),
        };
        let Some(cast) = host.accept_v4(&header, frame.cast) else { return };
        #[cfg(not(feature = "fragmentation"))]
        if header.is_fragment() {
            return count(&mut host.statistics.fragment_refused);
        }
        // What a datagram was put together in, while a transport looks at it.
        #[cfg(feature = "fragmentation")]
        let mut lent = &mut [][..];
        #[cfg(feature = "fragmentation")]
        let segment = if header.is_fragment() {
            let Some((buffer, len)) = host.gather(&header, segment) else { return };
            // Nobody has seen the checksum of what came in parts.
            frame.meta.checksum = RxChecksum::Unknown;
            lent = buffer;
            lent.get_mut(..len).unwrap_or_default()
        } else {
            segment
        };
        let meta = IpMeta {
            now: host.now,
            interface: ONLY,
            cast,
            protocol: header.protocol(),
            hop_limit: header.hop_limit(),
            traffic_class: header.traffic_class(),
            flags: if header.is_fragment() { InFlags::FRAGMENTED } else { InFlags::empty() },
            addresses: Addresses::V4(header.addresses()),
            reply_from: (cast == Cast::Unicast).then(|| IpAddr::V4(header.destination())),
            rx: frame.meta,
        };
        let reason = deliver(host, self.transports, &meta, 9, segment, &from, back);
        #[cfg(feature = "fragmentation")]
        if header.is_fragment() {
            host.give_back(lent);
            if reason.is_some() {
                count(&mut host.statistics.errors_suppressed);
            }
            return;
        }
        if let Some(reason) = reason {
            host.refuse_v4(frame.payload, &from, cast, reason, back);
        }
    }

    /// RFC 8200 §3 and §4. Out of line: IPv4 shall not have the stack frame of this.
    #[cfg(feature = "ipv6")]
    #[inline(never)]
    fn receive_v6(&mut self, frame: &mut Frame<'_>, back: &mut dyn LinkTx) {
        let host = &mut *self.host;
        count(&mut host.statistics.received_v6);
        let Ok((header, payload)) = ipv6::split_mut(frame.payload) else {
            return count(&mut host.statistics.malformed);
        };
        let Some(arrival) = host.accept_v6(&header, frame.cast) else { return };
        let total_len = ipv6::HEADER_LEN + payload.len();
        let reason = match walk(header.next_header(), payload, Part::Packet, &Limits::default()) {
            Decision::Accept(accept) if accept.fragment.is_some() => {
                return count(&mut host.statistics.fragment_refused);
            }
            Decision::Accept(accept) => {
                let Some(segment) = payload.get_mut(usize::from(accept.len)..) else { return };
                let mut flags = InFlags::empty();
                flags.set(InFlags::ROUTER_ALERT, accept.router_alert.is_some());
                let mut meta = IpMeta {
                    now: host.now,
                    interface: ONLY,
                    cast: arrival.cast,
                    protocol: accept.protocol,
                    hop_limit: header.hop_limit(),
                    traffic_class: header.traffic_class(),
                    flags,
                    addresses: Addresses::V6(header.addresses()),
                    reply_from: arrival.reply_from,
                    rx: frame.meta,
                };
                if accept.protocol == IpProtocol::ICMPV6 {
                    if accept.len != 0 && matches!(segment.first(), Some(133..=137)) {
                        return count(&mut host.statistics.nd_dropped);
                    }
                    if !host.take_icmp_v6(&mut meta, segment, &frame.from, back) {
                        return;
                    }
                } else if header.source().is_unspecified() {
                    return count(&mut host.statistics.martian_source);
                }
                let at = accept.named_at;
                match deliver(host, self.transports, &meta, at, segment, &frame.from, back) {
                    Some(reason) => reason,
                    None => return,
                }
            }
            Decision::Drop(_) => return count(&mut host.statistics.bad_extension),
            Decision::Problem(problem) => {
                count(&mut host.statistics.bad_extension);
                problem.into()
            }
        };
        host.refuse_v6(frame, total_len, arrival.cast, reason, back);
    }
}

/// Hands a segment to whom it belongs. Says why an ICMP error is due, if one is; the segment is then unaltered.
#[inline]
fn deliver<T: Transports + ?Sized>(
    host: &mut SmallIp<'_>,
    transports: &mut T,
    meta: &IpMeta<'_>,
    named_at: u16,
    segment: &mut [u8],
    from: &HardwareAddress,
    back: &mut dyn LinkTx,
) -> Option<Reason> {
    count(&mut host.statistics.delivered);
    match transports.receive(meta, segment) {
        Verdict::Done => None,
        Verdict::Reply(len) => {
            host.reply(meta, len, segment, from, back);
            None
        }
        Verdict::Reject(Reject::PortUnreachable) => Some(Reason::PortUnreachable),
        Verdict::Reject(Reject::Prohibited) => Some(Reason::Prohibited),
        Verdict::NotMine => {
            let icmp = match meta.addresses {
                Addresses::V4(_) => IpProtocol::ICMPV4,
                Addresses::V6(_) => IpProtocol::ICMPV6,
            };
            // RFC 1122 §3.2.2, RFC 4443 §2.4 (b): unknown messages are dropped silently.
            if meta.protocol == icmp {
                count(&mut host.statistics.unknown_protocol);
                return None;
            }
            Some(Reason::UnknownProtocol { pointer: named_at })
        }
    }
}

/// What an acceptable IPv6 packet is to us.
#[cfg(feature = "ipv6")]
struct Arrival {
    cast: Cast,
    reply_from: Option<IpAddr>,
}

impl SmallIp<'_> {
    /// Whom a packet is for, if it is for us and comes from a host, RFC 1122 §3.2.1.3; if not, it is counted.
    #[cfg(feature = "ipv4")]
    // Beside IPv6, which shall not have the stack frame of this.
    #[cfg_attr(feature = "ipv6", inline(never))]
    fn accept_v4(&mut self, header: &ipv4::Header<'_>, link_cast: Cast) -> Option<Cast> {
        let (source, destination) = (Address::v4(header.source()), Address::v4(header.destination()));
        let is_host = match kind_v4(header.source()) {
            Kind::Unicast | Kind::LinkLocal => {
                !matches!(self.relation(&source).0, Relation::Own | Relation::Edge)
            }
            // RFC 1122 §3.2.1.3 (a): who has no address yet asks all.
            Kind::Unspecified => header.destination() == Ipv4Addr::BROADCAST,
            _ => false,
        };
        let sender = if is_host { Sender::Host } else { Sender::Nobody };
        let counter = 'refused: {
            if is_host {
                match self.relation(&destination).0 {
                    Relation::Own if link_cast == Cast::Unicast => return Some(Cast::Unicast),
                    // RFC 1122 §3.3.6: one address, but sent to all.
                    Relation::Own => break 'refused &mut self.statistics.cast_mismatch,
                    Relation::Edge => return Some(Cast::Broadcast),
                    _ if header.destination() == Ipv4Addr::BROADCAST => return Some(Cast::Broadcast),
                    _ => {}
                }
            }
            if self.groups.hears_v4(header, sender) {
                return Some(Cast::Multicast);
            }
            if is_host {
                &mut self.statistics.not_for_us
            } else {
                &mut self.statistics.martian_source
            }
        };
        count(counter);
        None
    }

    /// Whom a packet is for, if it is for us and comes from a host; if not, it is counted.
    #[cfg(feature = "ipv6")]
    #[inline(never)]
    fn accept_v6(&mut self, header: &ipv6::Header<'_>, link_cast: Cast) -> Option<Arrival> {
        let (source, destination) =
            (PackedAddress::v6(header.source()), PackedAddress::v6(header.destination()));
        // The unspecified one is for duplicate address detection, which is ICMPv6.
        let is_martian =
            !matches!(kind_v6(header.source()), Kind::Unicast | Kind::LinkLocal | Kind::Unspecified);
        if is_martian || self.is_own(&source) {
            count(&mut self.statistics.martian_source);
            return None;
        }
        if !source.is_unspecified() && self.is_own(&destination) {
            let reply_from = (link_cast == Cast::Unicast).then(|| IpAddr::V6(header.destination()));
            return Some(Arrival { cast: link_cast, reply_from });
        }
        if !self.is_member(&destination) && !self.groups.has(&destination) {
            count(&mut self.statistics.not_for_us);
            return None;
        }
        // RFC 4443 §4.2: what is said to a group is answered from a unicast address.
        let reply_from = if source.is_unspecified() { None } else { self.source_for(&source, &source) };
        Some(Arrival { cast: Cast::Multicast, reply_from: reply_from.and_then(|from| from.get()) })
    }

    /// Looks at an ICMPv6 message: its checksum, errors and neighbour discovery are
    /// ours. Says whether it is for transports.
    #[cfg(feature = "ipv6")]
    fn take_icmp_v6(
        &mut self,
        meta: &mut IpMeta<'_>,
        message: &[u8],
        from: &HardwareAddress,
        back: &mut dyn LinkTx,
    ) -> bool {
        if !verify_icmp_v6(meta, message) {
            count(&mut self.statistics.icmp_bad_checksum);
            return false;
        }
        match message.first() {
            None | Some(0..=127) => count(&mut self.statistics.errors_ignored),
            Some(133..=137) => self.on_nd(meta, message, from, back),
            Some(_) => return true,
        }
        false
    }

    /// Sends a reply in place back to where the packet came from.
    #[cold]
    #[inline(never)]
    pub(super) fn reply(
        &mut self,
        meta: &IpMeta<'_>,
        len: u16,
        segment: &[u8],
        from: &HardwareAddress,
        back: &mut dyn LinkTx,
    ) {
        let (Some((source, destination)), Some(segment)) =
            (reply_ends(meta), segment.get(..usize::from(len)))
        else {
            return count(&mut self.statistics.reply_refused);
        };
        let packet = Outgoing {
            protocol: meta.protocol,
            hop_limit: 0,
            // RFC 1349 §5.1: a reply has the DS field of the request; ECN is the transport's own affair.
            traffic_class: meta.traffic_class & 0xfc,
            flags: OutFlags::empty(),
        };
        let fill = &mut |buffer: &mut [u8]| {
            if buffer.len() == segment.len() {
                buffer.copy_from_slice(segment);
            }
        };
        let result = self.send_back(back, from, &source, &destination, packet, segment.len(), fill);
        count(match result {
            Ok(()) => &mut self.statistics.replied,
            Err(SendError::TooBig(_)) => &mut self.statistics.reply_too_big,
            Err(_) => &mut self.statistics.reply_full,
        });
    }

    /// Refuses a packet, behind which there may be padding, with an ICMP error, RFC 1122 §3.2.2. What came to many is
    /// not; that the packet has a source, is no fragment and no ICMP message, is known here.
    #[cfg(feature = "ipv4")]
    #[cold]
    #[inline(never)]
    fn refuse_v4(
        &mut self,
        packet: &[u8],
        from: &HardwareAddress,
        cast: Cast,
        reason: Reason,
        back: &mut dyn LinkTx,
    ) {
        let Some(header) = packet.first_chunk().map(ipv4::Header::new) else { return };
        // RFC 1812 §4.3.2.3: 576 octets at most, with both headers.
        let quote = packet.get(..usize::from(header.total_len().min(548))).unwrap_or_default();
        if !self.may_refuse(reason, cast) {
            return;
        }
        let code = match reason {
            Reason::PortUnreachable => 3,
            Reason::Prohibited => 10,
            _ => 2,
        };
        let [c0, c1] =
            Sum::new().add_u16(u16::from_be_bytes([3, code])).add_bytes(quote).checksum().to_be_bytes();
        let message = [3, code, c0, c1, 0, 0, 0, 0];
        let fill = &mut |buffer: &mut [u8]| {
            if let Some((head, rest)) = buffer.split_first_chunk_mut() {
                *head = message;
                if rest.len() == quote.len() {
                    rest.copy_from_slice(quote);
                }
            }
        };
        let (source, to) = (Address::v4(header.destination()), Address::v4(header.source()));
        self.send_error(back, from, &source, &to, IpProtocol::ICMPV4, 8 + quote.len(), fill);
    }

    /// Refuses a packet with an ICMP error, if RFC 4443 §2.4 allows it.
    #[cfg(feature = "ipv6")]
    #[cold]
    #[inline(never)]
    fn refuse_v6(
        &mut self,
        frame: &Frame<'_>,
        total_len: usize,
        cast: Cast,
        reason: Reason,
        back: &mut dyn LinkTx,
    ) {
        let parts =
            frame.payload.get(..total_len).and_then(|packet| packet.split_at_checked(ipv6::HEADER_LEN));
        let Some((header, rest)) = parts else { return };
        let offender = Offender { header, rest, cast, source_cast: Cast::Unicast };
        let Ok(message) = icmp_error::make_ipv6(&offender, reason) else {
            return count(&mut self.statistics.errors_suppressed);
        };
        // What came to many was looked at by `make`, which knows the exceptions.
        if !self.may_refuse(reason, Cast::Unicast) {
            return;
        }
        let (addressed, to) = (message.addressed(), message.destination());
        let own = if self.is_own(&addressed) { None } else { self.source_for(&to, &to) };
        let source = *own.unwrap_or(&addressed);
        let fill = &mut |buffer: &mut [u8]| message.write(&source, buffer);
        self.send_error(back, &frame.from, &source, &to, IpProtocol::ICMPV6, message.len(), fill);
    }

    /// Whether an error may be sent now; counts the packet, and why not.
    fn may_refuse(&mut self, reason: Reason, cast: Cast) -> bool {
        count(match reason {
            Reason::UnknownProtocol { .. } => &mut self.statistics.unknown_protocol,
            _ => &mut self.statistics.rejected,
        });
        if cast != Cast::Unicast {
            count(&mut self.statistics.errors_suppressed);
            return false;
        }
        // As `rate_limit` does it. Of a clock that stepped, or of long ago, is what is no span ahead.
        let [a, b, c, d, ..] = self.now.micros().to_le_bytes();
        let now = u32::from_le_bytes([a, b, c, d]);
        let mut taken = self.errors_until.wrapping_sub(now);
        if taken > ERROR_SPAN {
            taken = 0;
        }
        if taken > ERROR_SPAN - ERROR_SHARE {
            count(&mut self.statistics.errors_limited);
            return false;
        }
        self.errors_until = now.wrapping_add(taken).wrapping_add(ERROR_SHARE);
        true
    }

    #[expect(clippy::too_many_arguments, reason = "one call, of what a packet consists of")]
    fn send_error(
        &mut self,
        back: &mut dyn LinkTx,
        from: &HardwareAddress,
        source: &Address,
        destination: &Address,
        protocol: IpProtocol,
        len: usize,
        fill: &mut dyn Fill,
    ) {
        let packet = Outgoing { protocol, hop_limit: 0, traffic_class: 0, flags: OutFlags::empty() };
        let result = self.send_back(back, from, source, destination, packet, len, fill);
        count(match result {
            Ok(()) => &mut self.statistics.errors_sent,
            Err(_) => &mut self.statistics.errors_unsent,
        });
    }

    /// Sends a packet to where another came from.
    #[expect(clippy::too_many_arguments, reason = "one call, of what a packet consists of")]
    pub(super) fn send_back(
        &mut self,
        back: &mut dyn LinkTx,
        to: &HardwareAddress,
        source: &Address,
        destination: &Address,
        packet: Outgoing,
        len: usize,
        fill: &mut dyn Fill,
    ) -> Result<(), SendError> {
        let path = self.path(source, destination, PathFlags::empty(), to);
        self.send_on(back, &path, packet, len, fill)
    }
}
