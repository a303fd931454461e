//! Who has which hardware address: RFC 826, RFC 4861 §7.2.
//!
//! ```text
//!            resolve             answer              a minute without a sign of life
//!    (none) ---------> asked ----------> known ---------------------------------------> (run out)
//!                        | 3 tries        ^  any message of its own that is for us
//!                        v                +-------------+
//!                      failed ---- 3 s ----> (run out)
//! ```
//!
//! A question that finds no room in the link is a try, too.
//!
//! An entry that has run out is as good as free. Who asks for us is entered where one is; who we want to send to takes
//! the place of the entry that runs out first, but of none that is being asked. So strangers displace nobody.

use super::address::Address;
#[cfg(feature = "ipv4")]
use super::arp::REQUEST;
use super::{next, SmallIp};
use crate::path::PathFlags;
use crate::statistics::count;
use crate::{Instant, Path, SendError, Unreachable};
use core::net::IpAddr;
use tersus_phy::{LinkError, LinkTx};
use tersus_wire::HardwareAddress;

/// How long an entry lives after its station was last heard, in microseconds: RFC 1122 §2.3.2.1.
const LIFETIME: u64 = 60_000_000;
/// Between two questions, RFC 1122 §2.3.2.1, RFC 4861 §10.
const INTERVAL: u64 = 1_000_000;
/// How long the verdict is held that nobody answers.
const FAILED_HOLD: u64 = 3_000_000;
/// [`Neighbour::left`] of one that did not answer.
const FAILED: i8 = -1;
/// As [`SmallIp::ask_at`]: nobody is to be asked.
pub(super) const NEVER: Instant = Instant::from_micros(u64::MAX);
/// Questions before that verdict, RFC 4861 §10.
const TRIES: i8 = 3;

/// A station of the link: an entry of the table that [`Storage`](super::Storage) holds.
#[derive(Debug, Clone, Copy)]
pub struct Neighbour {
    pub(super) address: Address,
    pub(super) hardware: HardwareAddress,
    /// 0: its hardware address is known. Above: it is asked for, and this is how many questions are left, and one. Below:
    /// it did not answer.
    left: i8,
    /// Known, or failed: until then. Asked: when to ask again.
    pub(super) until: Instant,
}

impl Neighbour {
    /// A free entry.
    pub const FREE: Self =
        Self { address: Address::NONE, hardware: HardwareAddress::NONE, left: 0, until: Instant::ZERO };

    /// Its hardware address, if it was not asked for since.
    #[cfg(feature = "ipv6")]
    pub(super) fn hardware(&self) -> HardwareAddress {
        if self.left == 0 {
            self.hardware
        } else {
            HardwareAddress::NONE
        }
    }

    /// Makes the entry free. What does not count then stays, which is less code.
    pub(super) fn forget(&mut self) {
        self.address = Address::NONE;
        self.left = 0;
        self.until = Instant::ZERO;
    }

    /// Whether its address is being asked for.
    fn is_asked(&self) -> bool {
        self.left > 0
    }
}

impl SmallIp<'_> {
    /// The entry of an address, whatever it is worth.
    #[cfg(feature = "ipv6")]
    #[inline(never)]
    pub(super) fn find(&self, address: &Address) -> Option<&Neighbour> {
        self.neighbours.iter().find(|entry| entry.address == *address)
    }

    /// Whether the hardware address of a station is known, or was until it ran out.
    pub(super) fn is_known(&self, address: &Address) -> bool {
        self.neighbours.iter().any(|entry| entry.address == *address && entry.left == 0)
    }

    /// Leads `path` to the station `address`, or sees to it that it is asked for.
    pub(super) fn resolve(&mut self, address: &Address, path: &mut Path) -> Result<(), SendError> {
        let now = self.now;
        let Some((index, entry)) = Self::place(self.neighbours, address, NEVER) else {
            // Somebody else is being asked for, which ends.
            return Err(match self.neighbours.is_empty() {
                true => SendError::Unreachable(Unreachable::Neighbour),
                false => SendError::Resolving,
            });
        };
        if entry.address == *address {
            if entry.is_asked() {
                return Err(SendError::Resolving);
            }
            if now < entry.until {
                if entry.left < 0 {
                    return Err(SendError::Unreachable(Unreachable::Neighbour));
                }
                path.flags.remove(PathFlags::RESOLVING);
                path.next_hop = entry.hardware;
                path.neighbour = index;
                path.generation = self.generation;
                return Ok(());
            }
        }
        entry.address = *address;
        entry.left = TRIES + 1;
        entry.until = now;
        self.ask_at = now;
        self.generation = next(self.generation);
        Err(SendError::Resolving)
    }

    /// The entry of `address`, or one that may be taken for it: of those that are not asked for, and that run out before
    /// `until`, the first.
    #[inline(never)]
    fn place<'n>(
        neighbours: &'n mut [Neighbour],
        address: &Address,
        mut until: Instant,
    ) -> Option<(u16, &'n mut Neighbour)> {
        let mut best = None;
        for found in (1..).zip(neighbours) {
            if found.1.address == *address {
                return Some(found);
            }
            if found.1.until < until && !found.1.is_asked() {
                until = found.1.until;
                best = Some(found);
            }
        }
        best
    }

    /// A message of a station of the link named its hardware address. Who asked for us is entered if there is room; any
    /// other message only brings up to date what is there.
    #[inline(never)]
    pub(super) fn heard(&mut self, address: &Address, hardware: &HardwareAddress, what: Heard) {
        let now = self.now;
        let over = Instant::from_micros(now.micros().wrapping_add(1));
        let Some((_, entry)) = Self::place(self.neighbours, address, over) else { return };
        // One that ran out is brought up to date too.
        let is_known = entry.address == *address && entry.left >= 0;
        if !is_known && !what.is_all() {
            return;
        }
        let is_same = is_known && entry.left == 0 && entry.hardware == *hardware;
        if is_same && !what.contains(Heard::FOR_US) {
            return;
        }
        if !is_same {
            // Others may be asked for still: when, is found out at the end of the turn.
            self.ask_at = now;
            self.generation = next(self.generation);
        }
        *entry =
            Neighbour { address: *address, hardware: *hardware, left: 0, until: now.plus_micros(LIFETIME) };
    }

    /// A transport makes progress through a neighbour: it lives. RFC 1122 §2.3.2.1 (4), RFC 4861 §7.3.1.
    pub(super) fn confirm(&mut self, path: &Path) {
        let index = path.neighbour.wrapping_sub(1);
        if path.generation == self.generation {
            if let Some(entry) = self.neighbours.get_mut(usize::from(index)) {
                entry.until = self.now.plus_micros(LIFETIME);
            }
        }
    }

    /// Asks for the neighbours whose turn it is, or gives them up if they did not answer, and finds out who is next.
    pub(super) fn ask(&mut self, tx: &mut dyn LinkTx) {
        let now = self.now;
        // Each time one has its turn, of which it has four at most.
        loop {
            let mut first = None;
            self.ask_at = NEVER;
            for entry in self.neighbours.iter_mut().filter(|entry| entry.is_asked()) {
                if entry.until < self.ask_at {
                    self.ask_at = entry.until;
                    first = Some(entry);
                }
            }
            let Some(entry) = first.filter(|entry| entry.until <= now) else { return };
            let mut hold = INTERVAL;
            entry.left -= 1;
            if entry.left == 0 {
                entry.left = FAILED;
                hold = FAILED_HOLD;
                self.generation = next(self.generation);
            }
            entry.until = now.plus_micros(hold);
            if entry.left > 0 {
                let address = entry.address;
                self.solicit(&address, tx);
            }
        }
    }

    /// Sends one question to all, if there is an address to ask from.
    fn solicit(&mut self, target: &Address, tx: &mut dyn LinkTx) {
        let source = self.source_for(target, target);
        let result = match (source.and_then(Address::get), target.get()) {
            #[cfg(feature = "ipv4")]
            (Some(IpAddr::V4(source)), Some(IpAddr::V4(target))) => {
                let to = &HardwareAddress::ETHERNET_BROADCAST;
                self.send_arp(REQUEST, source, target, to, tx)
            }
            #[cfg(feature = "ipv6")]
            (Some(IpAddr::V6(source)), Some(IpAddr::V6(target))) => {
                self.send_solicitation(source, target, tx)
            }
            _ => Err(LinkError::Unreachable),
        };
        count(match result {
            Ok(()) => &mut self.statistics.solicitations,
            Err(_) => &mut self.statistics.neighbour_unsent,
        });
    }
}

bitflags::bitflags! {
    /// What a message was to us.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) struct Heard: u8 {
        /// It was for us: a question for our address, or the answer to ours.
        const FOR_US = 1;
        /// It was a question.
        const QUESTION = 2;
    }
}
