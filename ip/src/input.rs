//! Input: from a link to a transport. RFC 1122 §3.2, RFC 8200 §3 and §4.
//!
//! ```text
//!   frame ── ARP ──> neighbour table, answer by `back`
//!     │
//!     ├── IPv4: lengths, checksum, addresses, options ─┐
//!     └── IPv6: lengths, addresses, extension headers ─┤
//!                                   fragment? ── held ─┤── complete
//!                                                      v
//!                        ICMP error, neighbour discovery: taken here
//!                        all else: transports in turn ──> Done
//!                                                    ──> Reply: back where it came from
//!                                                    ──> Reject, NotMine: ICMP error by `back`
//! ```

use crate::host::Host;
use crate::icmp_error::{self, Message, Offender, Reason};
#[cfg(feature = "fragmentation")]
use crate::links::Links;
use crate::path_mtu::{Change, TooBig};
use crate::statistics::count;
use crate::{
    Addresses, Cast, InFlags, Instant, InterfaceId, Ip, IpMeta, OutFlags, Outgoing, PackedAddress, Quoted,
    Reject, RxChecksum, RxMeta, SendError, Transports, Verdict,
};
use tersus_phy::{Frame, LinkLayer, LinkTx, Upper};
use tersus_wire::{EtherType, HardwareAddress, IpProtocol};

impl Ip<'_> {
    /// Takes up to `budget` frames from a link and hands their packets to `transports`; says how many frames were
    /// taken. `interface` is the link's index.
    pub fn receive<L: LinkLayer + ?Sized, T: Transports + ?Sized>(
        &mut self,
        now: Instant,
        interface: InterfaceId,
        link: &mut L,
        budget: usize,
        transports: &mut T,
    ) -> usize {
        self.host.now = now;
        let Some(entry) = self.host.interface(interface).filter(|entry| entry.is_attached()) else {
            return 0;
        };
        let mut flags = InFlags::empty();
        flags.set(InFlags::LOOPBACK, entry.is_loopback());
        link.receive(now, budget, &mut Input { ip: self, interface, flags, transports })
    }
}

/// Where a link's frames arrive.
pub(crate) struct Input<'r, 'a, T: ?Sized> {
    pub(crate) ip: &'r mut Ip<'a>,
    pub(crate) interface: InterfaceId,
    /// `LOOPBACK` if the link is one.
    pub(crate) flags: InFlags,
    pub(crate) transports: &'r mut T,
}

/// What the link knows of the packet that is worked on.
#[derive(Clone, Copy)]
pub(crate) struct Link<'f> {
    pub(crate) from: &'f HardwareAddress,
    pub(crate) cast: Cast,
    pub(crate) rx: &'f RxMeta,
}

#[cfg(feature = "fragmentation")]
impl Link<'_> {
    /// What is known of a packet of which this was the last part: nobody verified its checksum.
    pub(crate) fn rx_of_parts(&self) -> RxMeta {
        let mut rx = *self.rx;
        rx.checksum = RxChecksum::Unknown;
        rx
    }
}

impl<T: Transports + ?Sized> Upper for Input<'_, '_, T> {
    fn receive(&mut self, frame: &mut Frame<'_>, back: &mut dyn LinkTx) {
        self.ip.host.count_received(self.interface);
        // Where flash is short, the common way is no reason for more code.
        #[cfg(feature = "ipv4")]
        if cfg!(not(target_pointer_width = "32"))
            && frame.protocol == EtherType::IPV4
            && self.receive_plain_v4(frame, back)
        {
            return;
        }
        let link = Link { from: &frame.from, cast: frame.cast, rx: &frame.meta };
        match frame.protocol {
            #[cfg(feature = "ipv4")]
            EtherType::IPV4 => self.receive_v4(&link, frame.payload, back),
            #[cfg(feature = "ipv6")]
            EtherType::IPV6 => self.receive_v6(&link, frame.payload, back),
            #[cfg(feature = "ipv4")]
            EtherType::ARP => self.ip.host.on_arp(self.interface, frame, back),
            _ => count(&mut self.ip.host.statistics.unknown_ether_type),
        }
    }
}

/// Hands a segment to whom it belongs. Says why an ICMP error is due, if one is; the segment is then unaltered.
/// `named_at` is the offset of the header field that names the protocol.
#[inline]
pub(crate) fn deliver<T: Transports + ?Sized>(
    host: &mut Host<'_>,
    transports: &mut T,
    meta: &mut IpMeta<'_>,
    named_at: u16,
    segment: &mut [u8],
    from: &HardwareAddress,
    back: &mut dyn LinkTx,
) -> Option<Reason> {
    let (is_icmp, taken) = match (meta.addresses, meta.protocol) {
        #[cfg(feature = "ipv4")]
        (Addresses::V4(_), IpProtocol::ICMPV4) => (true, host.take_icmp_v4(meta, segment)),
        #[cfg(feature = "ipv6")]
        (Addresses::V6(_), IpProtocol::ICMPV6) => (true, host.take_icmp_v6(meta, segment, from, back)),
        _ => (false, Taken::Not),
    };
    match taken {
        Taken::Not => {}
        Taken::Whole => return None,
        Taken::Error => {
            match &host.duties.errors {
                Some(errors) => {
                    (errors.receive)(host, meta, segment, &mut |error| transports.error(meta.now, error));
                }
                None => count(&mut host.statistics.errors_ignored),
            }
            return None;
        }
    }
    count(&mut host.statistics.delivered);
    match offer(transports, meta, segment) {
        Verdict::NotMine if is_icmp => {
            // RFC 1122 §3.2.2, RFC 4443 §2.4 (b): unknown messages are dropped silently.
            count(&mut host.statistics.unknown_protocol);
            None
        }
        verdict => host.conclude(verdict, meta, named_at, segment, from, back),
    }
}

/// Whether the checksum of an ICMPv6 message is right, RFC 4443 §2.3; transports then need not verify it again.
#[cfg(feature = "ipv6")]
pub(crate) fn verify_icmp_v6(meta: &mut IpMeta<'_>, message: &[u8]) -> bool {
    if meta.rx.checksum != RxChecksum::Verified {
        let len = u32::try_from(message.len()).unwrap_or(u32::MAX);
        let pseudo = meta.addresses.pseudo_sum().add_u32(len).add_u16(u16::from(IpProtocol::ICMPV6.0));
        if !pseudo.add_bytes(message).is_valid() {
            return false;
        }
        meta.rx.checksum = RxChecksum::Verified;
    }
    true
}

/// Offers a segment to the transports. Out of line where flash is not short: only the usual packet has them in line.
#[cfg_attr(target_pointer_width = "32", inline)]
#[cfg_attr(not(target_pointer_width = "32"), inline(never))]
fn offer<T: Transports + ?Sized>(transports: &mut T, meta: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
    transports.receive(meta, segment)
}

/// What the IP layer did with an ICMP message.
enum Taken {
    /// It was for the IP layer alone, or bad.
    Whole,
    /// It is an error, and its checksum is right.
    Error,
    /// It is for transports.
    Not,
}

impl Host<'_> {
    /// Does what a transport said of a packet. Says why an ICMP error is due, if one is.
    #[cfg_attr(target_pointer_width = "32", inline)]
    pub(crate) fn conclude(
        &mut self,
        verdict: Verdict,
        meta: &IpMeta<'_>,
        named_at: u16,
        segment: &[u8],
        from: &HardwareAddress,
        back: &mut dyn LinkTx,
    ) -> Option<Reason> {
        match verdict {
            Verdict::Done => None,
            Verdict::Reply(len) => {
                self.reply(meta, len, segment, from, back);
                None
            }
            Verdict::Reject(reject) => {
                count(&mut self.statistics.rejected);
                Some(match reject {
                    Reject::PortUnreachable => Reason::PortUnreachable,
                    Reject::Prohibited => Reason::Prohibited,
                })
            }
            Verdict::NotMine => {
                count(&mut self.statistics.unknown_protocol);
                Some(Reason::UnknownProtocol { pointer: named_at })
            }
        }
    }

    pub(crate) fn count_received(&mut self, interface: InterfaceId) {
        if let Some(interface) = self.interface_mut(interface) {
            count(&mut interface.statistics.received);
        }
    }

    /// Looks at an ICMPv4 message: errors are ours, and their checksum; all else is a transport's.
    #[cfg(feature = "ipv4")]
    fn take_icmp_v4(&mut self, meta: &IpMeta<'_>, message: &[u8]) -> Taken {
        let is_verified = meta.rx.checksum == RxChecksum::Verified;
        match message.first() {
            Some(3..=5 | 11 | 12) => {}
            _ => return Taken::Not,
        }
        if !is_verified && !tersus_wire::checksum::Sum::new().add_bytes(message).is_valid() {
            count(&mut self.statistics.icmp_bad_checksum);
            return Taken::Whole;
        }
        // Source Quench is not listened to, RFC 6633 §3; Redirect not yet: the first gateway forwards all the same.
        if let Some(4 | 5) = message.first() {
            count(&mut self.statistics.errors_ignored);
            return Taken::Whole;
        }
        Taken::Error
    }

    /// Looks at an ICMPv6 message: its checksum, errors and neighbour discovery are ours; all else is a transport's.
    #[cfg(feature = "ipv6")]
    fn take_icmp_v6(
        &mut self,
        meta: &mut IpMeta<'_>,
        message: &[u8],
        from: &HardwareAddress,
        back: &mut dyn LinkTx,
    ) -> Taken {
        if !verify_icmp_v6(meta, message) {
            count(&mut self.statistics.icmp_bad_checksum);
            return Taken::Whole;
        }
        match message.first() {
            None => {
                count(&mut self.statistics.malformed);
                Taken::Whole
            }
            Some(0..=127) => Taken::Error,
            Some(133..=137) => {
                self.on_nd(meta, message, *from, back);
                Taken::Whole
            }
            Some(_) => Taken::Not,
        }
    }

    /// A received ICMP error: path MTU, and the transports hear of it. RFC 1122 §3.2.2, RFC 4443 §2.4 (d).
    pub(crate) fn on_error(
        &mut self,
        meta: &IpMeta<'_>,
        message: &[u8],
        tell: &mut dyn FnMut(&crate::IcmpError<'_>) -> Quoted,
    ) {
        let received = icmp_error::parse(&meta.addresses, message);
        // Only a packet of ours can have caused it. It left by the interface of its source, which need not be the one
        // that the message came in by.
        let Some((received, link_mtu)) =
            received.and_then(|received| Some((received, self.own_mtu(received.error.local)?)))
        else {
            return count(&mut self.statistics.errors_ignored);
        };
        count(&mut self.statistics.errors_received);
        let quoted = tell(&received.error);
        if let crate::ErrorKind::TooBig(_) = received.error.kind {
            let message = TooBig {
                destination: received.error.remote,
                reported: received.mtu,
                packet_len: received.packet_len,
                quoted,
            };
            self.is_changed = true;
            if let Change::Lowered(_) = self.path_mtu.on_too_big(self.now, message, link_mtu) {
                self.moved();
            }
        }
    }

    /// The MTU of the link that has an own address, the largest if there are several; `None` if the address is not ours.
    fn own_mtu(&self, address: core::net::IpAddr) -> Option<u16> {
        let address = PackedAddress::new(address);
        let own = self.addresses.iter().filter(|own| own.address == address);
        own.filter_map(|own| self.interface(own.interface)).map(crate::Interface::mtu).max()
    }

    /// Sends a reply in place back to where the packet came from.
    fn reply(
        &mut self,
        meta: &IpMeta<'_>,
        len: u16,
        segment: &[u8],
        from: &HardwareAddress,
        back: &mut dyn LinkTx,
    ) {
        let Some(source) = meta.reply_from else {
            return count(&mut self.statistics.reply_refused);
        };
        let Some(segment) = segment.get(..usize::from(len)) else {
            return count(&mut self.statistics.reply_too_big);
        };
        let (source, destination) = (PackedAddress::new(source), PackedAddress::new(meta.addresses.source()));
        let packet = Outgoing {
            protocol: meta.protocol,
            hop_limit: 0,
            // RFC 1349 §5.1: a reply has the DS field of the request; ECN is the transport's own affair.
            traffic_class: meta.traffic_class & 0xfc,
            flags: self.fits(meta, &destination, segment.len()),
        };
        let result = self.send_back(
            back,
            meta.interface,
            from,
            &source,
            &destination,
            packet,
            segment.len(),
            &mut |buffer: &mut [u8]| {
                if buffer.len() == segment.len() {
                    buffer.copy_from_slice(segment);
                }
            },
        );
        count(match result {
            Ok(()) => &mut self.statistics.replied,
            Err(SendError::TooBig(_)) => &mut self.statistics.reply_too_big,
            Err(_) => &mut self.statistics.reply_full,
        });
    }

    /// DF for what fits into one packet: its identification then needs not be unique.
    fn fits(&self, meta: &IpMeta<'_>, destination: &PackedAddress, len: usize) -> OutFlags {
        let header_len = if matches!(meta.addresses, Addresses::V4(_)) { 20 } else { 40 };
        let mtu = self.interface(meta.interface).map_or(0, |entry| self.mtu_to(entry, destination));
        if len + header_len <= usize::from(mtu) {
            OutFlags::DONT_FRAGMENT
        } else {
            OutFlags::empty()
        }
    }

    /// Refuses a packet with an ICMP error, if that is among the duties.
    pub(crate) fn refuse(
        &mut self,
        interface: InterfaceId,
        offender: &Offender<'_>,
        reason: Reason,
        from: &HardwareAddress,
        back: &mut dyn LinkTx,
    ) {
        match self.duties.refuse {
            Some(refuse) => refuse(self, interface, offender, reason, from, back),
            None => count(&mut self.statistics.errors_suppressed),
        }
    }

    /// Sends an ICMP error about a packet back to where it came from, if the RFCs and the rate limit allow it.
    pub(crate) fn send_error(
        &mut self,
        interface: InterfaceId,
        offender: &Offender<'_>,
        reason: Reason,
        from: &HardwareAddress,
        back: &mut dyn LinkTx,
    ) {
        let Ok(message) = icmp_error::make(offender, reason) else {
            return count(&mut self.statistics.errors_suppressed);
        };
        if !self.error_bucket.take(self.now, self.config.errors) {
            return count(&mut self.statistics.errors_limited);
        }
        let Some(source) = self.error_source(interface, &message) else {
            return count(&mut self.statistics.errors_unsent);
        };
        let (destination, packet) = (message.destination(), error_packet(&message));
        let len = message.len();
        let result = self.send_back(
            back,
            interface,
            from,
            &source,
            &destination,
            packet,
            len,
            &mut |buffer: &mut [u8]| {
                message.write(&source, buffer);
            },
        );
        count(match result {
            Ok(()) => &mut self.statistics.errors_sent,
            Err(_) => &mut self.statistics.errors_unsent,
        });
    }

    /// Source of an error: the address that the packet was sent to, RFC 4443 §2.2 (a), else one of the interface.
    fn error_source(&self, interface: InterfaceId, message: &Message<'_>) -> Option<PackedAddress> {
        if self.is_own(&message.addressed()) {
            return Some(message.addressed());
        }
        self.select_source(interface, &message.destination(), &message.destination())
    }

    /// A datagram was given up: Time Exceeded, code 1, if its first fragment was there. RFC 1122 §3.3.2, RFC 8200
    /// §4.5. It goes by the routing table; if the neighbour is not known the error is lost.
    #[cfg(feature = "fragmentation")]
    #[cold]
    pub(crate) fn on_reassembly_timeout(
        &mut self,
        now: Instant,
        expired: &crate::reassembly::Expired<'_>,
        links: &mut dyn Links,
    ) {
        if self.duties.refuse.is_none() {
            return count(&mut self.statistics.errors_suppressed);
        }
        let offender = Offender {
            header: expired.header,
            rest: expired.data,
            cast: expired.cast,
            source_cast: Cast::Unicast,
        };
        let Ok(message) = icmp_error::make(&offender, Reason::ReassemblyTimeExceeded) else {
            return count(&mut self.statistics.errors_suppressed);
        };
        if !self.error_bucket.take(now, self.config.errors) {
            return count(&mut self.statistics.errors_limited);
        }
        let sent = self.error_source(expired.interface, &message).and_then(|source| {
            // Of no generation: it is decided now.
            let mut path = crate::Path::between(&source, &message.destination(), expired.interface, 0)?;
            self.make_ready(&mut path).ok()?;
            let tx = links.tx(path.interface)?;
            let fill = &mut |buffer: &mut [u8]| message.write(&source, buffer);
            self.send(tx, &mut path, error_packet(&message), message.len(), fill).ok()
        });
        count(match sent {
            Some(()) => &mut self.statistics.errors_sent,
            None => &mut self.statistics.errors_unsent,
        });
    }
}

/// How an error is sent: Traffic Class 0, RFC 1122 §3.2.2.
fn error_packet(message: &Message<'_>) -> Outgoing {
    Outgoing { protocol: message.protocol(), hop_limit: 0, traffic_class: 0, flags: OutFlags::empty() }
}
