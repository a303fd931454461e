//! What comes in: queries of routers, reports of other hosts.

use crate::statistics::count;
use crate::storage::{Querier, State};
use crate::{Delays, Igmp};
use core::net::{IpAddr, Ipv6Addr};
use core::time::Duration;
use tersus_ip::{Addresses, Deadline, InFlags, Instant, InterfaceId, IpMeta, RxChecksum, Verdict};
use tersus_wire::{igmp, mld, Error, IpProtocol};

/// RFC 2236 §4: what a version 1 query gives to answer within.
const V1_RESPONSE_TIME: Duration = Duration::from_secs(10);
/// RFC 2236 §8.11: how long a version 1 querier is taken to be present.
const V1_ROUTER_PRESENT_TIMEOUT: Duration = Duration::from_secs(400);

/// What a query asks for.
struct Asked {
    /// Unspecified: all groups of the family.
    group: IpAddr,
    within: Duration,
}

impl Igmp<'_> {
    pub(crate) fn on_packet(&mut self, packet: &IpMeta<'_>, segment: &[u8]) -> Verdict {
        match (packet.addresses, packet.protocol) {
            (Addresses::V4(_), IpProtocol::IGMP) if cfg!(feature = "ipv4") => {
                count(&mut self.statistics.received);
                if let Err(error) = self.on_igmp(packet, segment) {
                    self.count_error(error);
                }
                Verdict::Done
            }
            (Addresses::V6(_), IpProtocol::ICMPV6) if cfg!(feature = "ipv6") => {
                let kind = segment.first().map(|kind| mld::Type::from(*kind));
                if matches!(kind, None | Some(mld::Type::Unknown(_))) {
                    return Verdict::NotMine;
                }
                count(&mut self.statistics.received);
                if let Err(error) = self.on_mld(packet, segment) {
                    self.count_error(error);
                }
                Verdict::Done
            }
            _ => Verdict::NotMine,
        }
    }

    fn count_error(&mut self, error: Error) {
        count(match error {
            Error::Checksum => &mut self.statistics.bad_checksum,
            Error::Unknown(_) => &mut self.statistics.unknown_type,
            _ => &mut self.statistics.malformed,
        });
    }

    /// IGMP. Queries are taken with and without Router Alert: routers of version 1 and some of version 2 send none.
    fn on_igmp(&mut self, packet: &IpMeta<'_>, segment: &[u8]) -> Result<(), Error> {
        let tenths = |tenths: u16| Duration::from_millis(u64::from(tenths) * 100);
        match igmp::Repr::parse(&igmp::Packet::parse(segment)?)? {
            igmp::Repr::Query { max_resp_code: 0, group } => {
                if let Some(querier) = self.querier_mut(packet.interface) {
                    querier.igmp_v1_until = Deadline::at(packet.now + V1_ROUTER_PRESENT_TIMEOUT);
                }
                self.on_query(packet, &Asked { group: IpAddr::V4(group), within: V1_RESPONSE_TIME });
            }
            igmp::Repr::Query { max_resp_code, group } => {
                let within = tenths(u16::from(max_resp_code));
                self.on_query(packet, &Asked { group: IpAddr::V4(group), within });
            }
            // Answered in version 2, to which a version 3 router then turns: RFC 3376 §7.3.
            igmp::Repr::QueryV3 { max_resp_code, group, .. } => {
                let within = tenths(igmp::decode(max_resp_code));
                self.on_query(packet, &Asked { group: IpAddr::V4(group), within });
            }
            igmp::Repr::ReportV1 { group } | igmp::Repr::ReportV2 { group } => {
                self.on_report(packet.interface, IpAddr::V4(group), packet.now);
            }
            igmp::Repr::Leave { .. } | igmp::Repr::ReportV3 { .. } => count(&mut self.statistics.ignored),
        }
        Ok(())
    }

    /// MLD. Only what certainly comes from this link is taken: RFC 2710 §5, RFC 3810 §6.2.
    fn on_mld(&mut self, packet: &IpMeta<'_>, segment: &[u8]) -> Result<(), Error> {
        let (IpAddr::V6(source), IpAddr::V6(destination)) =
            (packet.addresses.source(), packet.addresses.destination())
        else {
            return Ok(());
        };
        let message = mld::Packet::parse(segment)?;
        if packet.rx.checksum == RxChecksum::Unknown && !message.is_checksum_valid(source, destination) {
            return Err(Error::Checksum);
        }
        let message = mld::Repr::parse(&message)?;
        // Reports from the unspecified address too: routers do not hear those (RFC 3590 §4), so they spare us none.
        if packet.hop_limit != 1 || !packet.flags.contains(InFlags::ROUTER_ALERT) || !is_link_local(source) {
            count(&mut self.statistics.not_on_link);
            return Ok(());
        }
        match message {
            mld::Repr::QueryV1 { max_resp_delay, group } => {
                let within = Duration::from_millis(u64::from(max_resp_delay));
                self.on_older_querier(packet, within);
                self.on_query(packet, &Asked { group: IpAddr::V6(group), within });
            }
            mld::Repr::QueryV2 { max_resp_code, group, flags, qqic, .. } => {
                if let Some(querier) = self.querier_mut(packet.interface) {
                    querier.qrv = flags.qrv();
                    querier.qqic = qqic;
                }
                let within = Duration::from_millis(u64::from(mld::decode(max_resp_code)));
                self.on_query(packet, &Asked { group: IpAddr::V6(group), within });
            }
            mld::Repr::ReportV1 { group } => {
                self.on_report(packet.interface, IpAddr::V6(group), packet.now);
            }
            mld::Repr::Done { .. } | mld::Repr::ReportV2 { .. } => count(&mut self.statistics.ignored),
        }
        Ok(())
    }

    /// An MLDv1 querier is present: version 1 until it has been silent long enough, RFC 3810 §8.2.1 and §9.12. What
    /// was to be said in version 2 is dropped when that begins.
    fn on_older_querier(&mut self, packet: &IpMeta<'_>, within: Duration) {
        let config = self.config;
        let Some(querier) = self.querier_mut(packet.interface) else { return };
        let was_v1 = querier.is_mld_v1(packet.now);
        let robustness = u32::from(querier.robustness(&config));
        let timeout = querier.query_interval().saturating_mul(robustness).saturating_add(within);
        querier.mld_v1_until = Deadline::at(packet.now + timeout);
        if was_v1 {
            return;
        }
        for entry in &mut *self.entries {
            if entry.interface == packet.interface && matches!(entry.group.get(), Some(IpAddr::V6(_))) {
                entry.silence();
            }
        }
    }

    /// Sets when the groups that are asked for are reported, RFC 2236 §3, RFC 2710 §4, RFC 3810 §6.2.
    fn on_query(&mut self, packet: &IpMeta<'_>, asked: &Asked) {
        count(&mut self.statistics.queries);
        let (interface, now) = (packet.interface, packet.now);
        let is_v4 = asked.group.is_ipv4();
        let is_asked = |entry: &crate::Entry| {
            let group = entry.group.get();
            entry.state == State::Member
                && entry.interface == interface
                && group.is_some_and(|group| group.is_ipv4() == is_v4)
                && (asked.group.is_unspecified() || group == Some(asked.group))
        };
        let number = u32::try_from(self.entries.iter().filter(|entry| is_asked(entry)).count());
        let number = number.unwrap_or(u32::MAX);
        let is_mld_v2 = !is_v4 && !self.querier(interface).is_mld_v1(now);
        // MLDv2 answers all in one report.
        let together = now + random_delay(&mut self.random, asked.within);
        let last = now + asked.within;
        // In microseconds: dividing and multiplying a `Duration` links panics on a processor of 32 bits.
        let step = u64::try_from(asked.within.as_micros()).unwrap_or(u64::MAX) / u64::from(number.max(1));
        let mut before = 0_u64;
        for entry in self.entries.iter_mut().filter(|entry| is_asked(entry)) {
            if is_mld_v2 {
                entry.response_at = entry.response_at.earlier(Deadline::at(together));
                continue;
            }
            let delay = match self.config.delays {
                // The middle of its share: neither at once nor at the last moment.
                Delays::Even => {
                    Duration::from_micros(step.saturating_mul(before).saturating_add(step / 2).max(1))
                }
                Delays::Random => random_delay(&mut self.random, asked.within),
            };
            before += 1;
            // What is to leave in time anyway stays as it is.
            if !entry.next().is_running() || !entry.next().is_due(last) {
                entry.response_at = Deadline::at(now + delay);
            }
        }
        self.reckon();
    }

    /// Another host reported a group: ours need not, and leaving is its to tell. RFC 2236 §3, RFC 2710 §4. MLDv2 has
    /// no suppression.
    fn on_report(&mut self, interface: InterfaceId, group: IpAddr, now: Instant) {
        let querier = self.querier(interface);
        let ours = self.entries.iter_mut().find(|entry| {
            entry.state == State::Member && entry.interface == interface && entry.group.get() == Some(group)
        });
        let is_mld_v2 = !group.is_ipv4() && !querier.is_mld_v1(now);
        let Some(entry) = ours.filter(|_| !is_mld_v2) else {
            count(&mut self.statistics.ignored);
            return;
        };
        count(&mut self.statistics.reports_heard);
        entry.flags.remove(crate::storage::Flags::LAST_REPORTER);
        if entry.next().is_running() {
            count(&mut self.statistics.suppressed);
            entry.silence();
        }
        self.reckon();
    }

    fn querier_mut(&mut self, interface: InterfaceId) -> Option<&mut Querier> {
        self.queriers.get_mut(usize::from(interface.0))
    }
}

/// A random time above zero, at most `within` (and a microsecond if that is zero).
pub(crate) fn random_delay(random: &mut tersus_ip::Random, within: Duration) -> Duration {
    let micros = u64::try_from(within.as_micros()).unwrap_or(u64::MAX);
    let scaled = (u128::from(random.next_u64()) * u128::from(micros)) >> 64;
    Duration::from_micros(u64::try_from(scaled).unwrap_or(0).saturating_add(1))
}

/// fe80::/10, RFC 4291 §2.5.6.
pub(crate) fn is_link_local(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.octets();
    a == 0xfe && b & 0xc0 == 0x80
}
