//! What messages say of neighbours: RFC 826 and RFC 4861 §7.2.3 to §7.2.5, applied to the table.

use super::place::Claim;
use super::slot::{Flags, State};
use super::{count, Neighbours, Reachability, RouterFlag};
use crate::{Instant, InterfaceId, PackedAddress};
use core::net::{Ipv4Addr, Ipv6Addr};
use tersus_wire::ndisc::AdvertFlags;
use tersus_wire::HardwareAddress;

bitflags::bitflags! {
    /// What a call changed for others.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    #[must_use]
    pub struct Changes: u8 {
        /// Move the generation: a hardware address in use changed, an entry in use was removed, or a resolution
        /// ended.
        const MOVED = 1;
        /// A neighbour that was a router says that it is none: take it out of the default routers, RFC 4861
        /// §7.2.5.
        const ROUTER_LOST = 2;
    }
}

/// What an ARP packet is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArpEvidence {
    /// It asks for an address of ours: the only packet that may add an entry.
    AskedUs,
    /// It is a reply to us: a confirmation, if we asked.
    RepliedToUs,
    /// It was meant for others: it may update an entry.
    Overheard,
}

impl Neighbours<'_> {
    /// An ARP packet named its sender's addresses, RFC 826. The caller has checked them: see
    /// [`arp`](crate::arp). A reply to us confirms a neighbour that we asked; all others leave what they change
    /// stale.
    pub fn on_arp(
        &mut self,
        interface: InterfaceId,
        sender: Ipv4Addr,
        hardware: HardwareAddress,
        evidence: ArpEvidence,
        now: Instant,
    ) -> Changes {
        let Some((index, state)) = self.known(interface, PackedAddress::v4(sender), now) else {
            return match evidence {
                ArpEvidence::AskedUs => self.learn(interface, PackedAddress::v4(sender), hardware, now),
                ArpEvidence::RepliedToUs | ArpEvidence::Overheard => Changes::empty(),
            };
        };
        let asked = matches!(state, Reachability::Incomplete | Reachability::Delay | Reachability::Probe);
        match state {
            Reachability::Permanent | Reachability::Failed => Changes::empty(),
            _ if asked && evidence == ArpEvidence::RepliedToUs => {
                self.record(index, hardware, State::Reachable, now)
            }
            // The minute that an ARP entry lives starts again: its sender lives and has this address.
            Reachability::Incomplete | Reachability::Stale => self.record(index, hardware, State::Stale, now),
            _ if self.slot(index).is_some_and(|slot| slot.hardware != hardware) => {
                self.record(index, hardware, State::Stale, now)
            }
            _ => Changes::empty(),
        }
    }

    /// A valid neighbour solicitation with a source link-layer address came from `source`, RFC 4861 §7.2.3.
    pub fn on_solicitation(
        &mut self,
        interface: InterfaceId,
        source: Ipv6Addr,
        hardware: HardwareAddress,
        now: Instant,
    ) -> Changes {
        let Some((index, state)) = self.known(interface, PackedAddress::v6(source), now) else {
            return self.learn(interface, PackedAddress::v6(source), hardware, now);
        };
        let differs = self.slot(index).is_some_and(|slot| slot.hardware != hardware);
        if state != Reachability::Permanent && differs {
            self.record(index, hardware, State::Stale, now)
        } else {
            Changes::empty()
        }
    }

    /// A valid neighbour advertisement for `target` came in, RFC 4861 §7.2.5; `hardware` is its target
    /// link-layer address option.
    pub fn on_advertisement(
        &mut self,
        interface: InterfaceId,
        target: Ipv6Addr,
        hardware: Option<HardwareAddress>,
        flags: AdvertFlags,
        now: Instant,
    ) -> Changes {
        let Some((index, state)) = self.known(interface, PackedAddress::v6(target), now) else {
            return Changes::empty();
        };
        let cached = self.slot(index).map_or(HardwareAddress::NONE, |slot| slot.hardware);
        let solicited = flags.contains(AdvertFlags::SOLICITED);
        match (state, hardware) {
            (Reachability::Permanent | Reachability::Failed, _) | (Reachability::Incomplete, None) => {
                return Changes::empty();
            }
            (Reachability::Incomplete, Some(hardware)) => {
                let state = if solicited { State::Reachable } else { State::Stale };
                return self.record(index, hardware, state, now) | self.set_router(index, flags);
            }
            // I. of §7.2.5: another address, and no right to replace ours.
            (_, Some(hardware)) if hardware != cached && !flags.contains(AdvertFlags::OVERRIDE) => {
                if state == Reachability::Reachable {
                    self.enter(index, State::Stale, now);
                }
                return Changes::empty();
            }
            _ => {}
        }
        // II. of §7.2.5.
        let differs = hardware.is_some_and(|hardware| hardware != cached);
        let hardware = hardware.unwrap_or(cached);
        let changes = if solicited {
            self.record(index, hardware, State::Reachable, now)
        } else if differs {
            self.record(index, hardware, State::Stale, now)
        } else {
            Changes::empty()
        };
        changes | self.set_router(index, flags)
    }

    /// Whether a neighbour is known as a router: `IsRouter`, RFC 4861 §5.1.
    #[must_use]
    pub fn router_flag(&self, interface: InterfaceId, address: Ipv6Addr) -> RouterFlag {
        let index = self.find(interface, &PackedAddress::v6(address));
        match index.and_then(|index| self.slot(index)) {
            Some(slot) if slot.flags.contains(Flags::ROUTER) => RouterFlag::Router,
            _ => RouterFlag::Host,
        }
    }

    /// The entry of an address that counts as present. A verdict is no entry: RFC 4861 would have deleted it.
    fn known(
        &self,
        interface: InterfaceId,
        address: PackedAddress,
        now: Instant,
    ) -> Option<(u16, Reachability)> {
        let index = self.find(interface, &address)?;
        match self.reachability(self.slot(index)?, now)? {
            Reachability::Failed => None,
            state => Some((index, state)),
        }
    }

    /// Adds a neighbour that asked for us, as Stale.
    fn learn(
        &mut self,
        interface: InterfaceId,
        address: PackedAddress,
        hardware: HardwareAddress,
        now: Instant,
    ) -> Changes {
        let Some(index) = self.take(interface, address, Claim::Stranger, now) else {
            count(&mut self.statistics.not_learned);
            return Changes::empty();
        };
        count(&mut self.statistics.learned);
        self.enter(index, State::Stale, now);
        if let Some(slot) = self.slot_mut(index) {
            slot.hardware = hardware;
        }
        Changes::empty()
    }

    /// Writes hardware address and state. `MOVED` if a resolution ended or an address in use changed.
    fn record(&mut self, index: u16, hardware: HardwareAddress, state: State, now: Instant) -> Changes {
        let Some(slot) = self.slot(index) else { return Changes::empty() };
        let resolved = slot.state == State::Incomplete;
        let changed = !resolved && slot.hardware != hardware;
        let in_use = slot.used != 0;
        self.enter(index, state, now);
        if let Some(slot) = self.slot_mut(index) {
            slot.hardware = hardware;
        }
        if resolved {
            count(&mut self.statistics.resolved);
        }
        if changed {
            count(&mut self.statistics.changed);
        }
        if resolved || (changed && in_use) {
            Changes::MOVED
        } else {
            Changes::empty()
        }
    }

    fn set_router(&mut self, index: u16, flags: AdvertFlags) -> Changes {
        let Some(slot) = self.slot_mut(index) else { return Changes::empty() };
        let was = slot.flags.contains(Flags::ROUTER);
        slot.flags.set(Flags::ROUTER, flags.contains(AdvertFlags::ROUTER));
        if was && !flags.contains(AdvertFlags::ROUTER) {
            Changes::ROUTER_LOST
        } else {
            Changes::empty()
        }
    }
}
