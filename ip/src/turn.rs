//! One turn of the IP layer: the links' news, what falls due, and when to come again.

use crate::event::Event;
use crate::host::Host;
use crate::interface::InterfaceFlags;
use crate::links::{Links, List};
use crate::own_addresses::News;
use crate::statistics::count;
use crate::{groups, Deadline, Instant, InterfaceId, Ip};
use tersus_phy::{LinkControl, LinkEvents, LinkLayer, LinkProperties, LinkState};

impl Ip<'_> {
    /// First in each turn: lets every link do its own work, reads the properties of links that are new or changed,
    /// notes which have room again, and tells them of groups. `links[i]` is interface `i`; links beyond the table
    /// of interfaces are ignored and counted.
    // Each composition has one turn. In line where flash is not short: an idle turn is mostly this.
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    pub fn service<L: LinkLayer + ?Sized>(&mut self, now: Instant, links: &mut [&mut L]) {
        let host = &mut self.host;
        host.now = now;
        host.is_turn_due = false;
        let mut id = InterfaceId(0);
        for link in links.iter_mut() {
            let events = link.service(now);
            let flags = host.interface(id).map(|interface| interface.flags);
            if !events.is_empty() || flags != Some(InterfaceFlags::ATTACHED) {
                host.on_link_news(id, events, &mut **link);
            }
            id.0 = id.0.saturating_add(1);
        }
    }

    /// Last in each turn: sends solicitations, announcements and fragments that are due, ends what took too long, and
    /// finds out when to come again. Costs a comparison if nothing happened.
    pub fn maintain<L: LinkLayer + ?Sized>(&mut self, now: Instant, links: &mut [&mut L]) {
        self.host.now = now;
        if self.host.is_changed || self.wake.is_due(now) {
            self.maintain_now(now, &mut List { links, now });
        }
    }

    #[cold]
    #[inline(never)]
    fn maintain_now(&mut self, now: Instant, links: &mut dyn Links) {
        let host = &mut self.host;
        if let Some(announcements) = &host.duties.announcements {
            (announcements.due)(host, now, links);
        }
        #[cfg(feature = "fragmentation")]
        host.fragments_due(now, links);
        #[cfg(feature = "fragmentation")]
        while let Some(expired) = self.reassembly.on_timeout(now) {
            host.on_reassembly_timeout(now, &expired, links);
        }
        if let Some(errors) = &host.duties.errors {
            (errors.due)(host, now);
        }
        host.neighbours_due(now, links);
        // What is parked for a resolution that has just failed, or for a path that has changed, has had its turn.
        host.is_changed = host.is_turn_due;
        self.wake = self.next_due();
    }

    /// When the IP layer next has something to do by itself: then call the turn. Exact; a past moment means at once.
    /// What waits for room on a link does not count: the link's interrupt causes that turn. Nor do links and transports,
    /// which have a `poll_at` each.
    #[must_use]
    pub fn poll_at(&self) -> Option<Instant> {
        let next = if self.host.is_changed { self.next_due() } else { self.wake };
        next.instant()
    }

    fn next_due(&self) -> Deadline {
        let next = self.host.next_due();
        #[cfg(feature = "fragmentation")]
        let next = next.earlier(self.reassembly.poll_at().into());
        next
    }
}

impl Host<'_> {
    /// The earliest deadline of all tables.
    fn next_due(&self) -> Deadline {
        if self.is_turn_due {
            return Deadline::at(Instant::ZERO);
        }
        let mut next = self.neighbours.next().earlier(self.path_mtu.poll_at().into());
        if let Some(announcements) = &self.duties.announcements {
            next = next.earlier((announcements.next_due)(self));
        }
        #[cfg(feature = "fragmentation")]
        {
            next = next.earlier(self.fragments.poll_at().into());
            if self.has_sendable_fragments() {
                next = Deadline::at(Instant::ZERO);
            }
        }
        next
    }

    /// What a link says, and what it has still to be told.
    #[cold]
    #[inline(never)]
    fn on_link_news<L: LinkLayer + ?Sized>(&mut self, id: InterfaceId, events: LinkEvents, link: &mut L) {
        let Some(flags) = self.interface(id).map(|interface| interface.flags) else {
            return count(&mut self.statistics.links_ignored);
        };
        if events.contains(LinkEvents::ROOM) && self.full.contains(id) {
            self.full.remove(id);
            self.is_changed = true;
        }
        if events.contains(LinkEvents::CHANGED) || !flags.contains(InterfaceFlags::ATTACHED) {
            self.on_link_change(id, link.properties());
        }
        if flags != InterfaceFlags::ATTACHED {
            if let Some(groups) = &self.duties.groups {
                // A link without a filter answers `Unsupported`: it passes all groups.
                (groups.tell)(self, id, &mut |command| _ = link.control(command));
            }
        }
    }

    /// Reads what a link says of itself, and does what follows from the difference.
    #[cold]
    fn on_link_change(&mut self, id: InterfaceId, properties: LinkProperties) {
        let Some(interface) = self.interface_mut(id) else { return };
        let was_attached = interface.is_attached();
        let was_up = interface.is_up();
        let was = interface.properties;
        interface.properties = properties;
        interface.flags.insert(InterfaceFlags::ATTACHED);
        let is_up = properties.link_state == LinkState::Up;
        let is_other = was_attached && was.hardware_address != properties.hardware_address;
        if is_up && !was_up {
            count(&mut interface.statistics.went_up);
        }
        if was_up && !is_up {
            count(&mut interface.statistics.went_down);
        }
        if was_up && (!is_up || is_other) {
            // Paths are decided again in any case.
            let _ = self.neighbours.flush(id);
        }
        if is_up && (!was_up || is_other) {
            self.full.remove(id);
        }
        if is_other || (is_up && !was_up) {
            // They leave when the link is up.
            if let Some(announcements) = &self.duties.announcements {
                let news = if is_other { News::Hardware } else { News::Address };
                (announcements.start)(self, id, news);
            }
        }
        match (was_up, is_up) {
            (false, true) => self.tell(Event::LinkUp(id)),
            (true, false) => self.tell(Event::LinkDown(id)),
            _ => {}
        }
        if is_other {
            self.tell(Event::HardwareAddressChanged(id));
        }
        self.moved();
    }

    /// Forgets path MTUs that ran out.
    pub(crate) fn path_mtu_due(&mut self, now: Instant) {
        if self.path_mtu.on_timeout(now) > 0 {
            self.moved();
        }
    }

    /// Tells a link which groups were joined and left.
    pub(crate) fn tell_groups(&mut self, id: InterfaceId, link: &mut dyn FnMut(LinkControl<'_>)) {
        let table = groups::share_mut(self.groups, self.groups_each, id);
        if let Some(interface) = self.interfaces.get_mut(usize::from(id.0)) {
            groups::tell(interface, table, link);
        }
        self.is_changed = true;
    }

    /// Whether fragments wait that could be tried now: what waits for a resolution is tried when it ends.
    #[cfg(feature = "fragmentation")]
    fn has_sendable_fragments(&self) -> bool {
        self.fragments_tried != self.generation && self.fragments.waiting().intersects(self.link_room())
    }

    /// Sends waiting fragments, and gives up those that waited too long.
    #[cfg(feature = "fragmentation")]
    fn fragments_due(&mut self, now: Instant, links: &mut dyn Links) {
        self.fragments.on_timeout(now);
        let waiting = self.fragments.waiting();
        for id in (0..self.interface_count()).map(InterfaceId).filter(|id| waiting.contains(*id)) {
            if self.full.contains(id) {
                continue;
            }
            if let Some(tx) = links.tx(id) {
                self.send_pieces(id, tx);
            }
        }
        self.fragments_tried = self.generation;
        let freed = self.fragments.take_room();
        self.is_turn_due |= self.unbuffered.intersects(freed);
        self.unbuffered = self.unbuffered.without(freed);
    }
}
