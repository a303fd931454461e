//! What leaves: reports and leaves, and the [`Transport`] that the IP layer drives.

use crate::input::{is_link_local, random_delay};
use crate::statistics::count;
use crate::storage::{Entry, Flags, State};
use crate::{Delays, Igmp};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::time::Duration;
use tersus_ip::{
    Deadline, Fill, IcmpError, Instant, InterfaceId, IpLayer, IpMeta, OutFlags, Outgoing, Path, Progress,
    Quoted, SendError, Source, Transport, Unreachable, Verdict,
};
use tersus_wire::{icmpv6, igmp, mld, IpProtocol};

/// Octets of a Hop-by-Hop Options header with Router Alert.
const ROUTER_ALERT_LEN: u16 = 8;

/// Internetwork Control, RFC 3376 §4.
const IGMP_TRAFFIC_CLASS: u8 = 0xc0;

impl Transport for Igmp<'_> {
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        self.on_packet(packet, segment)
    }

    fn error(&mut self, _now: Instant, _error: &IcmpError<'_>) -> Quoted {
        Quoted::Unknown
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Progress {
        let now = ip.now();
        let is_changed = self.look_around(ip, now);
        if is_changed || self.next.is_due(now) {
            self.speak_everywhere(ip, budget, now);
            // The last word of a group that was left makes room for another.
            if self.compare_again(ip, now) {
                self.speak_everywhere(ip, budget, now);
            }
            self.reckon();
        }
        if self.next.is_due(now) {
            Progress::More
        } else if self.full.is_empty() {
            Progress::Idle
        } else {
            Progress::Blocked(self.full)
        }
    }

    fn poll_at(&self) -> Option<Instant> {
        self.next.instant()
    }
}

/// What is said of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Message {
    IgmpReportV1(Ipv4Addr),
    IgmpReportV2(Ipv4Addr),
    IgmpLeave(Ipv4Addr),
    MldReportV1(Ipv6Addr),
    MldDone(Ipv6Addr),
}

/// Why an interface says nothing more in this turn.
enum Silence {
    Full,
    Unreachable,
}

impl Igmp<'_> {
    /// Sees what changed in the IP layer; says whether something did.
    fn look_around(&mut self, ip: &dyn IpLayer, now: Instant) -> bool {
        let mut is_changed = false;
        if ip.generation() != self.generation {
            self.generation = ip.generation();
            is_changed = !self.unreachable.is_empty();
            self.unreachable = tersus_ip::InterfaceSet::NONE;
            for number in 0..ip.interface_count() {
                let interface = InterfaceId(number);
                if is_down(ip, interface) {
                    self.down.insert(interface);
                } else if self.down.contains(interface) {
                    // Who is there now may never have heard of us.
                    self.down.remove(interface);
                    self.announce_again(interface, now, |_| true);
                    is_changed = true;
                }
                if self.unspecified.contains(interface) && link_local_source(ip, interface).is_some() {
                    // RFC 3590 §4.
                    self.unspecified.remove(interface);
                    self.announce_again(interface, now, IpAddr::is_ipv6);
                    is_changed = true;
                }
            }
        }
        if ip.group_generation() != self.group_generation {
            self.group_generation = ip.group_generation();
            self.compare_groups(ip, now);
            is_changed = true;
        }
        is_changed |= self.compare_again(ip, now);
        if self.full.intersects(ip.room()) {
            self.full = tersus_ip::InterfaceSet::NONE;
            is_changed = true;
        }
        is_changed
    }

    /// Says what is due on all interfaces.
    fn speak_everywhere(&mut self, ip: &mut dyn IpLayer, budget: &mut usize, now: Instant) {
        for number in 0..ip.interface_count() {
            self.speak(InterfaceId(number), ip, budget, now);
        }
    }

    /// Says what is due on one interface.
    fn speak(&mut self, interface: InterfaceId, ip: &mut dyn IpLayer, budget: &mut usize, now: Instant) {
        if self.full.contains(interface) || self.unreachable.contains(interface) {
            return;
        }
        let silence = if ip.room().contains(interface) {
            self.report_together(interface, ip, budget, now)
                .and_then(|()| self.report_singly(interface, ip, budget, now))
        } else if self.entries.iter().any(|entry| entry.interface == interface && entry.is_due(now)) {
            Err(Silence::Full)
        } else {
            Ok(())
        };
        match silence {
            Ok(()) => {}
            Err(Silence::Full) => self.full.insert(interface),
            Err(Silence::Unreachable) => {
                count(&mut self.statistics.unreachable);
                self.unreachable.insert(interface);
            }
        }
    }

    /// MLDv2: all that is due, in as few reports as the MTU allows. RFC 3810 §5.2.15, §6.
    fn report_together(
        &mut self,
        interface: InterfaceId,
        ip: &mut dyn IpLayer,
        budget: &mut usize,
        now: Instant,
    ) -> Result<(), Silence> {
        if !cfg!(feature = "ipv6") || self.querier(interface).is_mld_v1(now) {
            return Ok(());
        }
        loop {
            let due = self.entries.iter().filter(|entry| record_of(entry, interface, now).is_some()).count();
            if due == 0 || *budget == 0 {
                return Ok(());
            }
            let mut path = self.path_v6(interface, mld::ALL_V2_ROUTERS, ip)?;
            let room = path.max_segment_len().saturating_sub(ROUTER_ALERT_LEN);
            let room = usize::from(room).saturating_sub(mld::REPORT_V2_LEN) / mld::RECORD_LEN;
            let number = u16::try_from(due.min(room.max(1))).unwrap_or(u16::MAX);
            let entries = &*self.entries;
            let addresses = (path.source(), path.destination());
            let mut fill = |buffer: &mut [u8]| {
                let records = entries.iter().filter_map(|entry| record_of(entry, interface, now));
                write_report(buffer, number, records, addresses);
            };
            let len = mld::REPORT_V2_LEN + usize::from(number) * mld::RECORD_LEN;
            send(ip, &mut path, IpProtocol::ICMPV6, 0, len, &mut fill)?;
            *budget -= 1;
            count(&mut self.statistics.reports_sent);
            let mut told = 0;
            let again = self.again(self.config.unsolicited_interval_v2);
            for entry in &mut *self.entries {
                if told < number && record_of(entry, interface, now).is_some() {
                    told += 1;
                    on_told(entry, now, again);
                }
            }
        }
    }

    /// IGMP and MLDv1: one message for each group.
    fn report_singly(
        &mut self,
        interface: InterfaceId,
        ip: &mut dyn IpLayer,
        budget: &mut usize,
        now: Instant,
    ) -> Result<(), Silence> {
        for index in 0..self.entries.len() {
            let Some(entry) = self.entries.get(index).copied() else { break };
            if entry.interface != interface || !entry.is_due(now) || self.is_mld_v2(&entry, now) {
                continue;
            }
            let Some(message) = self.message_for(&entry, now) else { continue };
            if *budget == 0 {
                return Ok(());
            }
            self.send_message(message, interface, ip)?;
            *budget -= 1;
            count(match message {
                Message::IgmpLeave(_) | Message::MldDone(_) => &mut self.statistics.leaves_sent,
                _ => &mut self.statistics.reports_sent,
            });
            let again = self.again(self.config.unsolicited_interval);
            if let Some(entry) = self.entries.get_mut(index) {
                entry.flags.insert(Flags::LAST_REPORTER);
                on_told(entry, now, again);
            }
        }
        Ok(())
    }

    /// What is to be said of a group, by the version that is spoken.
    fn message_for(&self, entry: &Entry, now: Instant) -> Option<Message> {
        let is_leaving = entry.state == State::Leaving;
        Some(match entry.group.get()? {
            IpAddr::V4(group) if is_leaving => Message::IgmpLeave(group),
            IpAddr::V4(group) if self.querier(entry.interface).is_igmp_v1(now) => {
                Message::IgmpReportV1(group)
            }
            IpAddr::V4(group) => Message::IgmpReportV2(group),
            IpAddr::V6(group) if is_leaving => Message::MldDone(group),
            IpAddr::V6(group) => Message::MldReportV1(group),
        })
    }

    fn send_message(
        &mut self,
        message: Message,
        interface: InterfaceId,
        ip: &mut dyn IpLayer,
    ) -> Result<(), Silence> {
        match message {
            Message::IgmpReportV1(group) => send_igmp(ip, interface, group, igmp::Repr::ReportV1 { group }),
            Message::IgmpReportV2(group) => send_igmp(ip, interface, group, igmp::Repr::ReportV2 { group }),
            Message::IgmpLeave(group) => {
                send_igmp(ip, interface, igmp::ALL_ROUTERS, igmp::Repr::Leave { group })
            }
            Message::MldReportV1(group) => self.send_mld(ip, interface, group, mld::Repr::ReportV1 { group }),
            Message::MldDone(group) => {
                self.send_mld(ip, interface, mld::ALL_ROUTERS, mld::Repr::Done { group })
            }
        }
    }

    fn send_mld(
        &mut self,
        ip: &mut dyn IpLayer,
        interface: InterfaceId,
        to: Ipv6Addr,
        message: mld::Repr<'_>,
    ) -> Result<(), Silence> {
        let mut path = self.path_v6(interface, to, ip)?;
        let addresses = (path.source(), path.destination());
        let mut fill = |buffer: &mut [u8]| {
            if let (IpAddr::V6(source), IpAddr::V6(destination)) = addresses {
                let written = message.emit(source, destination, buffer);
                debug_assert!(written.is_ok());
            }
        };
        send(ip, &mut path, IpProtocol::ICMPV6, 0, message.buffer_len(), &mut fill)
    }

    /// The way for MLD: from a link-local address, or from the unspecified one while there is none. RFC 3590 §4,
    /// RFC 3810 §5.2.13.
    fn path_v6(&mut self, interface: InterfaceId, to: Ipv6Addr, ip: &dyn IpLayer) -> Result<Path, Silence> {
        let source = link_local_source(ip, interface);
        if source.is_none() {
            self.unspecified.insert(interface);
        }
        let address = Some(source.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)));
        let from = Source { address, interface: Some(interface) };
        ip.route(from, IpAddr::V6(to)).map_err(|_| Silence::Unreachable)
    }

    /// The time until a change is told again.
    fn again(&mut self, interval: Duration) -> Duration {
        match self.config.delays {
            Delays::Even => interval,
            Delays::Random => random_delay(&mut self.random, interval),
        }
    }
}

/// Whether an interface's link is down.
pub(crate) fn is_down(ip: &dyn IpLayer, interface: InterfaceId) -> bool {
    let all = if cfg!(feature = "ipv6") { IpAddr::V6(mld::ALL_NODES) } else { IpAddr::V4(igmp::ALL_SYSTEMS) };
    let from = Source { address: None, interface: Some(interface) };
    ip.route(from, all) == Err(Unreachable::InterfaceDown)
}

/// Our link-local address on an interface, if there is one that may be used.
fn link_local_source(ip: &dyn IpLayer, interface: InterfaceId) -> Option<IpAddr> {
    let from = Source { address: None, interface: Some(interface) };
    let source = ip.route(from, IpAddr::V6(mld::ALL_V2_ROUTERS)).ok()?.source();
    matches!(source, IpAddr::V6(address) if is_link_local(address)).then_some(source)
}

/// Sends an IGMP message; from 0.0.0.0 while the interface has no address, RFC 3376 §4.2.13.
fn send_igmp(
    ip: &mut dyn IpLayer,
    interface: InterfaceId,
    to: Ipv4Addr,
    message: igmp::Repr<'_>,
) -> Result<(), Silence> {
    let to = IpAddr::V4(to);
    let interface = Some(interface);
    let unspecified = Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let path = match ip.route(Source { address: None, interface }, to) {
        Err(Unreachable::NoSource) => ip.route(Source { address: unspecified, interface }, to),
        path => path,
    };
    let mut path = path.map_err(|_| Silence::Unreachable)?;
    let mut fill = |buffer: &mut [u8]| {
        let written = message.emit(buffer);
        debug_assert!(written.is_ok());
    };
    send(ip, &mut path, IpProtocol::IGMP, IGMP_TRAFFIC_CLASS, message.buffer_len(), &mut fill)
}

/// Hop limit 1 and Router Alert, as both protocols want it.
fn send(
    ip: &mut dyn IpLayer,
    path: &mut Path,
    protocol: IpProtocol,
    traffic_class: u8,
    len: usize,
    fill: &mut dyn Fill,
) -> Result<(), Silence> {
    let packet = Outgoing { protocol, hop_limit: 1, traffic_class, flags: OutFlags::ROUTER_ALERT };
    ip.send(path, packet, len, fill).map_err(|error| match error {
        SendError::Full => Silence::Full,
        _ => Silence::Unreachable,
    })
}

/// What an MLDv2 report says of a group, if something is due.
fn record_of(entry: &Entry, interface: InterfaceId, now: Instant) -> Option<mld::Record<'static>> {
    let Some(IpAddr::V6(group)) = entry.group.get() else { return None };
    if entry.interface != interface {
        return None;
    }
    let kind = match entry.state {
        State::Free => return None,
        State::Leaving if entry.change_at.is_due(now) => mld::RecordType::ChangeToInclude,
        State::Member if entry.change_at.is_due(now) => mld::RecordType::ChangeToExclude,
        State::Member if entry.response_at.is_due(now) => mld::RecordType::ModeIsExclude,
        State::Leaving | State::Member => return None,
    };
    Some(mld::Record { kind, group, sources: mld::Sources::default() })
}

fn write_report(
    buffer: &mut [u8],
    number: u16,
    records: impl Iterator<Item = mld::Record<'static>>,
    addresses: (IpAddr, IpAddr),
) {
    let Some((header, mut rest)) = buffer.split_first_chunk_mut::<{ mld::REPORT_V2_LEN }>() else { return };
    let [n0, n1] = number.to_be_bytes();
    *header = [u8::from(mld::Type::ReportV2), 0, 0, 0, 0, 0, n0, n1];
    for record in records.take(usize::from(number)) {
        let Some((place, behind)) = rest.split_at_mut_checked(record.buffer_len()) else { break };
        let written = record.emit(place);
        debug_assert!(written.is_ok());
        rest = behind;
    }
    if let (IpAddr::V6(source), IpAddr::V6(destination)) = addresses {
        icmpv6::fill_checksum(source, destination, buffer);
    }
}

/// What was due of a group was told.
fn on_told(entry: &mut Entry, now: Instant, again: Duration) {
    if entry.response_at.is_due(now) {
        entry.response_at.stop();
    }
    if !entry.change_at.is_due(now) {
        return;
    }
    entry.repeats = entry.repeats.saturating_sub(1);
    if entry.repeats > 0 {
        entry.change_at = Deadline::at(now + again);
    } else if entry.state == State::Leaving {
        *entry = Entry::EMPTY;
    } else {
        entry.change_at.stop();
    }
}
