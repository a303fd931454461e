//! IPv4 input: RFC 791 §3.1, RFC 1122 §3.2.1.

use crate::host::{Accepted, Host};
use crate::icmp_error::{Offender, Reason};
use crate::input::{deliver, Input, Link};
use crate::martian::{kind_v4, Kind};
#[cfg(feature = "fragmentation")]
use crate::reassembly::{Fragment, Outcome};
use crate::statistics::count;
use crate::{Addresses, Cast, InFlags, InterfaceId, IpMeta, Transports, Verdict};
use core::net::{IpAddr, Ipv4Addr};
use tersus_phy::{Frame, LinkTx};
use tersus_wire::{ipv4, Error, IpProtocol};

/// Offset of the Protocol field.
const PROTOCOL: u16 = 9;

impl<T: Transports + ?Sized> Input<'_, '_, T> {
    /// Takes a packet as most are: of the same flow as the one before it, and plain. Says whether it was one; if not,
    /// nothing is done.
    #[inline]
    pub(crate) fn receive_plain_v4(&mut self, frame: &mut Frame<'_>, back: &mut dyn LinkTx) -> bool {
        let host = &mut self.ip.host;
        let Some((octets, rest)) = frame.payload.split_first_chunk_mut() else { return false };
        let header = ipv4::Header::new(octets);
        let now = Accepted { addresses: *header.addresses(), interface: Some(self.interface) };
        if now != host.accepted || frame.cast != Cast::Unicast || !header.is_plain() {
            return false;
        }
        let len = usize::from(header.total_len()).checked_sub(ipv4::HEADER_LEN);
        let Some(segment) = len.and_then(|len| rest.get_mut(..len)) else { return false };
        let protocol = header.protocol();
        if protocol == IpProtocol::ICMPV4 {
            return false;
        }
        count(&mut host.statistics.received_v4);
        count(&mut host.statistics.delivered);
        let meta = IpMeta {
            now: host.now,
            interface: self.interface,
            cast: Cast::Unicast,
            protocol,
            hop_limit: header.hop_limit(),
            traffic_class: header.traffic_class(),
            flags: self.flags,
            addresses: Addresses::V4(header.addresses()),
            reply_from: Some(IpAddr::V4(header.destination())),
            rx: frame.meta,
        };
        let verdict = self.transports.receive(&meta, segment);
        if verdict == Verdict::Done {
            return true;
        }
        // A copy: what the transports have in line then needs none in memory.
        let copy = meta;
        if let Some(reason) = host.conclude(verdict, &copy, PROTOCOL, segment, &frame.from, back) {
            let whole = ipv4::HEADER_LEN + segment.len();
            let parts = frame.payload.get(..whole).and_then(|p| p.split_at_checked(ipv4::HEADER_LEN));
            if let Some((header, rest)) = parts {
                let offender = Offender { header, rest, cast: Cast::Unicast, source_cast: Cast::Unicast };
                host.refuse(self.interface, &offender, reason, &frame.from, back);
            }
        }
        true
    }

    #[cfg_attr(not(target_pointer_width = "32"), inline(never))]
    pub(crate) fn receive_v4(&mut self, link: &Link<'_>, packet: &mut [u8], back: &mut dyn LinkTx) {
        let host = &mut self.ip.host;
        count(&mut host.statistics.received_v4);
        let (header, options, segment) = match ipv4::split_mut(packet) {
            Ok(parts) => parts,
            Err(Error::Checksum) => return count(&mut host.statistics.bad_checksum),
            Err(_) => return count(&mut host.statistics.malformed),
        };
        let Some(cast) = host.accept_v4(self.interface, self.flags, &header, link.cast) else { return };
        let mut flags = self.flags;
        let (header_len, total_len) = (header.header_len(), usize::from(header.total_len()));
        let mut reason = None;
        if let Some(check) = host.duties.options.filter(|_| !options.is_empty()) {
            match check(host, options) {
                Ok(seen) => flags |= seen,
                Err(OptionsRefused::Silently) => return,
                Err(OptionsRefused::Problem(pointer)) => reason = Some(Reason::BadField { pointer }),
            }
        }
        if reason.is_none() && !header.is_fragment() {
            let mut meta = IpMeta {
                now: host.now,
                interface: self.interface,
                cast,
                protocol: header.protocol(),
                hop_limit: header.hop_limit(),
                traffic_class: header.traffic_class(),
                flags,
                addresses: Addresses::V4(header.addresses()),
                reply_from: (cast == Cast::Unicast).then_some(IpAddr::V4(header.destination())),
                rx: *link.rx,
            };
            reason = deliver(host, self.transports, &mut meta, PROTOCOL, segment, link.from, back);
            if reason.is_none() {
                return;
            }
        }
        let Some((header, rest)) = packet.get(..total_len).and_then(|p| p.split_at_checked(header_len))
        else {
            return;
        };
        match reason {
            Some(reason) => {
                let offender = Offender { header, rest, cast, source_cast: Cast::Unicast };
                host.refuse(self.interface, &offender, reason, link.from, back);
            }
            None => self.fragment_v4(link, cast, flags, header, rest, back),
        }
    }

    #[cfg(not(feature = "fragmentation"))]
    fn fragment_v4(&mut self, _: &Link<'_>, _: Cast, _: InFlags, _: &[u8], _: &[u8], _: &mut dyn LinkTx) {
        count(&mut self.ip.host.statistics.fragment_refused);
    }

    /// Takes a part of a datagram, and delivers the datagram when it is complete.
    #[cfg(feature = "fragmentation")]
    #[cold]
    fn fragment_v4(
        &mut self,
        link: &Link<'_>,
        cast: Cast,
        flags: InFlags,
        header: &[u8],
        data: &[u8],
        back: &mut dyn LinkTx,
    ) {
        let host = &mut self.ip.host;
        let Some(octets) = header.first_chunk() else { return };
        let fixed = ipv4::Header::new(octets);
        count(&mut host.statistics.fragments);
        host.is_changed = true;
        let fragment = Fragment {
            addresses: Addresses::V4(fixed.addresses()),
            interface: self.interface,
            cast,
            protocol: fixed.protocol(),
            identification: u32::from(fixed.identification()),
            offset: fixed.fragment_offset(),
            more: fixed.flags().contains(ipv4::Flags::MORE_FRAGMENTS),
            flags,
            header,
            data,
        };
        let Outcome::Complete(datagram) = self.ip.reassembly.receive(host.now, &fragment) else { return };
        let mut meta = IpMeta {
            now: host.now,
            interface: self.interface,
            cast: datagram.cast,
            protocol: datagram.protocol,
            hop_limit: datagram.hop_limit,
            traffic_class: datagram.traffic_class,
            flags: datagram.flags,
            addresses: datagram.addresses,
            reply_from: (datagram.cast == Cast::Unicast && cast == Cast::Unicast)
                .then_some(IpAddr::V4(fixed.destination())),
            rx: link.rx_of_parts(),
        };
        let segment = datagram.segment;
        let reason = deliver(host, self.transports, &mut meta, PROTOCOL, segment, link.from, back);
        if let Some(reason) = reason {
            let offender = Offender {
                header: datagram.header,
                rest: segment,
                cast: datagram.cast,
                source_cast: Cast::Unicast,
            };
            host.refuse(self.interface, &offender, reason, link.from, back);
        }
    }
}

/// Why options were refused.
pub(crate) enum OptionsRefused {
    Silently,
    /// Parameter Problem with this pointer.
    Problem(u16),
}

impl Host<'_> {
    /// Whether a packet is for us and comes from a host, RFC 1122 §3.2.1.3; if not, it is counted. Mostly it is of the
    /// same flow as the one before it.
    #[inline]
    fn accept_v4(
        &mut self,
        interface: InterfaceId,
        flags: InFlags,
        header: &ipv4::Header<'_>,
        link_cast: Cast,
    ) -> Option<Cast> {
        let now = Accepted { addresses: *header.addresses(), interface: Some(interface) };
        if now == self.accepted && link_cast == Cast::Unicast {
            return Some(Cast::Unicast);
        }
        let cast = self.accept_anew(interface, flags, header, link_cast)?;
        if cast == Cast::Unicast && header.protocol() != IpProtocol::IGMP {
            self.accepted = now;
        }
        Some(cast)
    }

    #[inline(never)]
    fn accept_anew(
        &mut self,
        interface: InterfaceId,
        flags: InFlags,
        header: &ipv4::Header<'_>,
        link_cast: Cast,
    ) -> Option<Cast> {
        let (source, destination) = (header.source(), header.destination());
        let is_loopback = flags.contains(InFlags::LOOPBACK);
        match kind_v4(source) {
            Kind::Unicast | Kind::LinkLocal => {}
            Kind::Loopback if is_loopback => {}
            // Switches ask for groups without an address of their own, RFC 4541 §2.1.1; and who has no address yet asks
            // all, RFC 1122 §3.2.1.3 (a).
            Kind::Unspecified
                if header.protocol() == IpProtocol::IGMP || destination == Ipv4Addr::BROADCAST => {}
            _ => {
                count(&mut self.statistics.martian_source);
                return None;
            }
        }
        let mut cast = match kind_v4(destination) {
            Kind::Unicast | Kind::LinkLocal => None,
            Kind::Multicast => Some(Cast::Multicast),
            Kind::LimitedBroadcast => Some(Cast::Broadcast),
            Kind::Loopback if is_loopback => None,
            _ => {
                count(&mut self.statistics.martian_destination);
                return None;
            }
        };
        let mut is_own = false;
        for own in self.addresses.iter() {
            let Some(range) = own.range_v4() else { continue };
            if own.interface != interface && !is_loopback {
                continue;
            }
            if range.is(source) && !is_loopback {
                count(&mut self.statistics.own_source);
                return None;
            }
            if range.is_broadcast(source) {
                count(&mut self.statistics.martian_source);
                return None;
            }
            if range.is(destination) {
                is_own = true;
            } else if range.is_broadcast(destination) {
                cast = Some(Cast::Broadcast);
            }
        }
        if is_own {
            // RFC 1122 §3.3.6: one address, but sent to all.
            if link_cast != Cast::Unicast {
                count(&mut self.statistics.cast_mismatch);
                return None;
            }
            return Some(Cast::Unicast);
        }
        let is_ours = match cast {
            None => false,
            Some(Cast::Multicast) => self.is_member(interface, &crate::PackedAddress::v4(destination)),
            Some(_) => true,
        };
        let Some(cast) = cast.filter(|_| is_ours) else {
            count(&mut self.statistics.not_for_us);
            return None;
        };
        Some(if link_cast == Cast::Broadcast { Cast::Broadcast } else { cast })
    }

    /// Looks through the options: unknown ones are ignored, source routes refused.
    pub(crate) fn check_options_v4(&mut self, options: &[u8]) -> Result<InFlags, OptionsRefused> {
        let mut flags = InFlags::empty();
        for option in ipv4::options(options) {
            match option {
                Ok(ipv4::Opt::RouterAlert(_)) => flags.insert(InFlags::ROUTER_ALERT),
                Ok(ipv4::Opt::LooseSourceRoute(_) | ipv4::Opt::StrictSourceRoute(_)) => {
                    count(&mut self.statistics.source_routed);
                    return Err(OptionsRefused::Silently);
                }
                Ok(_) => {}
                Err(error) => {
                    count(&mut self.statistics.bad_option);
                    let Error::Field(pointer) = error else { return Err(OptionsRefused::Silently) };
                    return Err(OptionsRefused::Problem(pointer));
                }
            }
        }
        Ok(flags)
    }
}
