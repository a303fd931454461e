//! What the IP layer joined and left since it was last looked at.

use crate::statistics::count;
use crate::storage::{Entry, Flags, State};
use crate::Igmp;
use core::net::IpAddr;
use tersus_ip::{Deadline, Instant, InterfaceId, IpLayer, PackedAddress};
use tersus_wire::{igmp, mld};

impl Igmp<'_> {
    /// Compares the IP layer's groups with ours. Costs the product of both; only after a change.
    /// `Routes` would do, but a `dyn IpLayer` can be lent as that from Rust 1.86 on only.
    pub(crate) fn compare_groups(&mut self, routes: &dyn IpLayer, now: Instant) {
        self.is_short = false;
        for entry in &mut *self.entries {
            entry.flags.remove(Flags::PRESENT);
        }
        for number in 0..routes.interface_count() {
            let interface = InterfaceId(number);
            if !self.config.interfaces.contains(interface) {
                continue;
            }
            for membership in routes.groups(interface) {
                if let Some(group) = membership.group().filter(|group| is_reported(*group)) {
                    self.see(interface, PackedAddress::new(group), now);
                }
            }
        }
        for index in 0..self.entries.len() {
            let Some(entry) = self.entries.get(index).copied() else { break };
            if entry.state == State::Member && !entry.flags.contains(Flags::PRESENT) {
                let exists = entry.interface.0 < routes.interface_count();
                let left = if exists { self.leave(entry, now) } else { Entry::EMPTY };
                if let Some(place) = self.entries.get_mut(index) {
                    *place = left;
                }
            }
        }
    }

    /// Compares once more if a group found no room and now there is some; says whether it did.
    pub(crate) fn compare_again(&mut self, routes: &dyn IpLayer, now: Instant) -> bool {
        let has_room = self.is_short && self.entries.iter().any(|entry| entry.state == State::Free);
        if has_room {
            self.compare_groups(routes, now);
        }
        has_room
    }

    /// The IP layer has this group.
    fn see(&mut self, interface: InterfaceId, group: PackedAddress, now: Instant) {
        let is_tracked = usize::from(interface.0) < self.queriers.len();
        let known = |entry: &Entry| {
            entry.state != State::Free && entry.group == group && entry.interface == interface
        };
        let index = self.entries.iter().position(known);
        let index = index.or_else(|| self.entries.iter().position(|entry| entry.state == State::Free));
        let Some(index) = index.filter(|_| is_tracked) else {
            count(&mut self.statistics.table_full);
            self.is_short |= is_tracked;
            return;
        };
        let robustness = self.querier(interface).robustness(&self.config);
        let Some(entry) = self.entries.get_mut(index) else { return };
        if entry.state != State::Member {
            // A leave that was not told completely is overtaken: RFC 3810 §6.1.
            *entry = Entry { group, interface, state: State::Member, ..Entry::EMPTY };
            announce(entry, robustness, now);
        }
        entry.flags.insert(Flags::PRESENT);
    }

    /// The entry of a group that was left: what is still to be said of it.
    fn leave(&self, entry: Entry, now: Instant) -> Entry {
        let querier = self.querier(entry.interface);
        let repeats = if self.is_mld_v2(&entry, now) {
            querier.robustness(&self.config)
        } else {
            let is_igmp_v1 = !entry.group.is_none()
                && matches!(entry.group.get(), Some(IpAddr::V4(_)))
                && querier.is_igmp_v1(now);
            // RFC 2236 §3: who did not report last need not tell; version 1 has no leave.
            u8::from(entry.flags.contains(Flags::LAST_REPORTER) && !is_igmp_v1)
        };
        if repeats == 0 {
            return Entry::EMPTY;
        }
        Entry {
            state: State::Leaving,
            repeats,
            change_at: Deadline::at(now),
            response_at: Deadline::NONE,
            ..entry
        }
    }

    /// Says again what is joined on an interface, as far as the groups are meant.
    pub(crate) fn announce_again(
        &mut self,
        interface: InterfaceId,
        now: Instant,
        is_meant: fn(&IpAddr) -> bool,
    ) {
        let robustness = self.querier(interface).robustness(&self.config);
        for entry in &mut *self.entries {
            let is_meant = entry.group.get().as_ref().is_some_and(is_meant);
            if entry.interface == interface && entry.state == State::Member && is_meant {
                announce(entry, robustness, now);
            }
        }
    }
}

/// Tells of a group at once, and so many times.
fn announce(entry: &mut Entry, robustness: u8, now: Instant) {
    entry.repeats = robustness;
    entry.change_at = Deadline::at(now);
}

/// Whether routers are told of a group: not of those that everybody is in, and that do not leave the host.
/// RFC 2236 §6, RFC 3810 §6.
pub(crate) fn is_reported(group: IpAddr) -> bool {
    match group {
        IpAddr::V4(group) => cfg!(feature = "ipv4") && group != igmp::ALL_SYSTEMS,
        IpAddr::V6(group) => {
            let [_, flags_and_scope, ..] = group.octets();
            cfg!(feature = "ipv6") && group != mld::ALL_NODES && flags_and_scope & 0x0f > 1
        }
    }
}
