//! Groups: a part of [`SmallIp`] that its user gives memory for, [`SmallIp::use_groups`]; without it nothing of this is
//! linked, and the host hears only the groups that IPv6 itself needs.
//!
//! The table is what an [`Transport`](crate::Transport) that speaks IGMP and MLD reads through
//! [`Routes::groups`](crate::Routes::groups). The solicited-node groups of own addresses stand in it too, RFC 3810
//! §6, as far as there is room.

use super::output::ONLY;
use super::SmallIp;
use crate::groups::{self, Change};
use crate::martian::{kind, Kind};
use crate::output::complete_checksum;
use crate::{
    Fill, InterfaceId, IpProtocol, JoinError, Membership, OutFlags, Outgoing, PackedAddress, Path, SendError,
};
use core::net::IpAddr;
use tersus_phy::{LinkControl, LinkLayer, LinkTx};
#[cfg(feature = "ipv4")]
use tersus_wire::ipv4::Header;

/// Router Alert, RFC 2113 §2.1.
const ALERT_V4: [u8; 4] = [0x94, 4, 0, 0];

/// The part, with its memory.
#[derive(Debug)]
pub(super) struct Groups<'a> {
    /// What there is to call: nothing, unless the user gave memory.
    pub(super) calls: Option<&'static Calls>,
    table: &'a mut [Membership],
    pub(super) generation: u32,
}

/// Who sent a packet, by its source.
#[cfg(feature = "ipv4")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    /// One host, another than this.
    Host,
    /// Anything else.
    Nobody,
}

/// What [`SmallIp`] calls.
#[derive(Debug)]
pub(super) struct Calls {
    #[cfg(feature = "ipv4")]
    hears_v4: fn(&[Membership], &Header<'_>, Sender) -> bool,
    #[cfg(feature = "ipv6")]
    has: fn(&[Membership], &PackedAddress) -> bool,
    /// An own address has this solicited-node group.
    #[cfg(feature = "ipv6")]
    pub(super) enter: fn(&mut SmallIp<'_>, PackedAddress),
}

/// Sends a packet that is none of the usual ones, along a path whose next hop is known.
pub(super) type SendSpecial =
    fn(&mut SmallIp<'_>, &mut dyn LinkTx, &Path, Outgoing, usize, &mut dyn Fill) -> Result<(), SendError>;

static CALLS: Calls = Calls {
    #[cfg(feature = "ipv4")]
    hears_v4,
    #[cfg(feature = "ipv6")]
    has: groups::contains,
    #[cfg(feature = "ipv6")]
    enter,
};

impl Groups<'_> {
    /// No groups.
    pub(super) fn none() -> Self {
        Self { calls: None, table: &mut [], generation: 0 }
    }

    /// Whether a packet from such a sender is for a group that somebody joined.
    #[cfg(feature = "ipv4")]
    pub(super) fn hears_v4(&self, header: &Header<'_>, sender: Sender) -> bool {
        self.calls.is_some_and(|calls| (calls.hears_v4)(self.table, header, sender))
    }

    /// Whether somebody joined `group`.
    #[cfg(feature = "ipv6")]
    pub(super) fn has(&self, group: &PackedAddress) -> bool {
        self.calls.is_some_and(|calls| (calls.has)(self.table, group))
    }

    /// Those of an interface, free entries included.
    pub(super) fn of(&self, interface: InterfaceId) -> &[Membership] {
        if interface == ONLY {
            self.table
        } else {
            &[]
        }
    }

    fn on_change(&mut self, change: Change) {
        if change == Change::Membership {
            self.generation = self.generation.wrapping_add(1);
        }
    }
}

impl<'a> SmallIp<'a> {
    /// From now on the host can be in groups: as many as `table` has entries; the solicited-node group of each IPv6
    /// address takes one, if there is one. What stood in the table is forgotten.
    pub fn use_groups(&mut self, table: &'a mut [Membership]) {
        table.fill(Membership::FREE);
        self.groups = Groups { calls: Some(&CALLS), table, generation: 1 };
        self.complete_checksums();
    }

    /// From now on the host completes checksums of transports that ask for it, [`OutFlags::PARTIAL_CHECKSUM`]; before,
    /// their packets are refused as [`Unreachable::LeftOut`](crate::Unreachable::LeftOut). Of the transports here
    /// none asks a host whose link does not complete them.
    pub fn complete_checksums(&mut self) {
        self.special = Some(send_special);
    }

    /// Joins a group, and tells the link, which is the one that the host is polled with. Each join is counted and wants
    /// one [`SmallIp::leave`]. Who hears routers ask joins 224.0.0.1, RFC 1112 §4.
    ///
    /// # Errors
    /// [`JoinError`]; nothing was changed. [`JoinError::LeftOut`] before [`SmallIp::use_groups`].
    pub fn join<L: LinkLayer + ?Sized>(&mut self, link: &mut L, group: IpAddr) -> Result<(), JoinError> {
        let group = PackedAddress::new(group);
        match kind(&group) {
            Some(Kind::Multicast) => {}
            Some(_) => return Err(JoinError::NotAGroup),
            None => return Err(JoinError::Family),
        }
        if self.groups.calls.is_none() {
            return Err(JoinError::LeftOut);
        }
        let is_heard = self.is_heard(&group);
        let change = groups::join(self.groups.table, group)?;
        self.groups.on_change(change);
        if !is_heard {
            let _ = link.control(LinkControl::Join(&self.interface.group_address(&group)));
        }
        Ok(())
    }

    /// Leaves a group once, and tells the link if nothing needs its frames any more; `false` if it was not joined.
    pub fn leave<L: LinkLayer + ?Sized>(&mut self, link: &mut L, group: IpAddr) -> bool {
        let group = PackedAddress::new(group);
        let change = groups::leave(self.groups.table, &group);
        self.groups.on_change(change);
        if change == Change::Membership && !self.is_heard(&group) {
            let _ = link.control(LinkControl::Leave(&self.interface.group_address(&group)));
        }
        change != Change::None
    }

    /// Whether the link was told to receive what is sent to a group, for this or another one of the same hardware
    /// address.
    fn is_heard(&self, group: &PackedAddress) -> bool {
        let hardware = self.interface.group_address(group);
        let is_it = |group: &PackedAddress| self.interface.group_address(group) == hardware;
        #[cfg(feature = "ipv6")]
        for group in self.addresses.iter().filter(|own| own.is_told).filter_map(super::ndisc::group_of) {
            if is_it(&group) || is_it(&PackedAddress::v6(tersus_wire::ndisc::ALL_NODES)) {
                return true;
            }
        }
        self.groups.table.iter().filter_map(Membership::group).any(|group| is_it(&PackedAddress::new(group)))
    }
}

/// Only switches send without an address of their own, and only to ask for groups, RFC 4541 §2.1.1.
#[cfg(feature = "ipv4")]
fn hears_v4(table: &[Membership], header: &Header<'_>, sender: Sender) -> bool {
    (sender == Sender::Host || (header.source().is_unspecified() && header.protocol() == IpProtocol::IGMP))
        && groups::contains(table, &PackedAddress::v4(header.destination()))
}

/// The link hears the group already; routers are to hear of it.
#[cfg(feature = "ipv6")]
fn enter(host: &mut SmallIp<'_>, group: PackedAddress) {
    if let Ok(change) = groups::join(host.groups.table, group) {
        host.groups.on_change(change);
    }
}

/// Sends with a Router Alert, as a packet whose segment begins with what carries it, and with a checksum completed.
fn send_special(
    host: &mut SmallIp<'_>,
    tx: &mut dyn LinkTx,
    path: &Path,
    packet: Outgoing,
    len: usize,
    fill: &mut dyn Fill,
) -> Result<(), SendError> {
    let mut path = *path;
    let flags = packet.flags.difference(OutFlags::ROUTER_ALERT | OutFlags::PARTIAL_CHECKSUM);
    let mut whole = Outgoing { flags, ..packet };
    let mut alert = [packet.protocol.0, 0, 5, 2, 0, 0, 1, 0];
    let mut alert_len = 0;
    if !packet.flags.contains(OutFlags::ROUTER_ALERT) {
        // Nothing in front of the segment.
    } else if path.is_ipv6() {
        // RFC 2711 §2.1: in a Hop-by-Hop Options header.
        whole.protocol = IpProtocol(0);
        alert_len = 8;
    } else {
        // RFC 2113 §2.1: an option, so the header has 24 octets. Its checksum is to have the option's sum in it.
        let [a, b, ..] = ALERT_V4;
        [alert[0], alert[1], alert[2], alert[3]] = ALERT_V4;
        alert_len = 4;
        path.header[0] = 0x46;
        [path.header[10], path.header[11]] = [a, b];
    }
    host.send_on(tx, &path, whole, len.saturating_add(alert_len), &mut |buffer: &mut [u8]| {
        let Some((place, segment)) = buffer.split_at_mut_checked(alert_len) else { return };
        for (to, from) in place.iter_mut().zip(&alert) {
            *to = *from;
        }
        fill.fill(segment);
        if packet.flags.contains(OutFlags::PARTIAL_CHECKSUM) {
            complete_checksum(packet.protocol, segment);
        }
    })
}
