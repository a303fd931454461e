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
//! An entry that has run out is as good as free. Who asks for us is entered where one is; who we want to send to takes
//! the place of the entry that runs out first, but of none that is being asked. So strangers displace nobody.

use super::address::Address;
#[cfg(feature = "ipv4")]
use super::arp::REQUEST;
use super::SmallIp;
use crate::statistics::count;
use crate::{Deadline, Instant, Path, SendError, Unreachable};
use core::net::IpAddr;
use tersus_phy::{LinkError, LinkTx};
use tersus_wire::HardwareAddress;

/// How long an entry lives after its station was last heard, in microseconds: RFC 1122 §2.3.2.1.
const LIFETIME: u64 = 60_000_000;
/// Between two questions, RFC 1122 §2.3.2.1, RFC 4861 §10.
const INTERVAL: u64 = 1_000_000;
/// How long the verdict is held that nobody answers.
const FAILED_HOLD: u64 = 3_000_000;
/// Questions before that verdict, RFC 4861 §10.
const TRIES: u8 = 3;

/// A station of the link: an entry of the table that [`super::Storage`] holds.
#[derive(Debug, Clone, Copy)]
pub struct Neighbour {
    pub(super) address: Address,
    /// None while it is not known.
    pub(super) hardware: HardwareAddress,
    /// Questions asked, if it is not known; beyond [`TRIES`]: it did not answer.
    tries: u8,
    /// Known, or failed: until then. Asked: when to ask again.
    pub(super) until: Instant,
}

impl Neighbour {
    /// A free entry.
    pub const FREE: Self =
        Self { address: Address::NONE, hardware: HardwareAddress::NONE, tries: 0, until: Instant::ZERO };

    /// Whether its hardware address is known.
    pub(super) fn is_known(&self, now: Instant) -> bool {
        !self.hardware.is_none() && now < self.until
    }

    /// Whether its address is being asked for.
    fn is_asked(&self) -> bool {
        self.hardware.is_none() && self.tries <= TRIES && !self.address.is_none()
    }
}

impl SmallIp<'_> {
    /// The entry of an address, whatever it is worth.
    #[cfg(feature = "ipv6")]
    #[inline(never)]
    pub(super) fn find(&self, address: &Address) -> Option<&Neighbour> {
        self.neighbours.iter().find(|entry| entry.address == *address)
    }

    /// Sees to it that `address`, where no station is known, is asked for.
    pub(super) fn resolve(&mut self, address: &Address) -> SendError {
        let now = self.now;
        let Some(entry) = self.place(address, Instant::from_micros(u64::MAX)) else {
            // Somebody else is being asked for, which ends.
            return match self.neighbours.is_empty() {
                true => SendError::Unreachable(Unreachable::Neighbour),
                false => SendError::Resolving,
            };
        };
        if entry.address == *address {
            if entry.is_asked() {
                return SendError::Resolving;
            }
            if now < entry.until {
                return SendError::Unreachable(Unreachable::Neighbour);
            }
        }
        *entry = Neighbour { address: *address, until: now, ..Neighbour::FREE };
        self.ask_at = Deadline::at(now);
        self.moved();
        SendError::Resolving
    }

    /// The entry of `address`, or one that may be taken for it: of those that are not asked for, and that run out before
    /// `until`, the first.
    #[inline(never)]
    fn place(&mut self, address: &Address, until: Instant) -> Option<&mut Neighbour> {
        let mut best: Option<&mut Neighbour> = None;
        for entry in self.neighbours.iter_mut() {
            if entry.address == *address {
                return Some(entry);
            }
            let until = best.as_ref().map_or(until, |best| best.until);
            if entry.until < until && !entry.is_asked() {
                best = Some(entry);
            }
        }
        best
    }

    /// A message of a station of the link named its hardware address. Who asked for us is entered if there is room; any
    /// other message only brings up to date what is there.
    #[inline(never)]
    pub(super) fn heard(&mut self, address: &Address, hardware: &HardwareAddress, what: Heard) {
        let now = self.now;
        let Some(entry) = self.place(address, now.plus_micros(1)) else { return };
        let was_asked = entry.is_asked();
        let is_known = entry.address == *address && (was_asked || entry.is_known(now));
        if !is_known && what != Heard::Asked {
            return;
        }
        let is_same = is_known && entry.hardware == *hardware;
        if is_same && what == Heard::Other {
            return;
        }
        *entry =
            Neighbour { address: *address, hardware: *hardware, tries: 0, until: now.plus_micros(LIFETIME) };
        if !is_same {
            // Others may be asked for still: when, is found out at the end of the turn.
            self.ask_at = Deadline::at(now);
            self.moved();
        }
    }

    /// A transport makes progress through a neighbour: it lives. RFC 1122 §2.3.2.1 (4), RFC 4861 §7.3.1.
    pub(super) fn confirm(&mut self, path: &Path) {
        let index = path.neighbour.wrapping_sub(1);
        if let Some(entry) = self.neighbours.get_mut(usize::from(index)) {
            if path.generation == self.generation && self.now < entry.until {
                entry.until = self.now.plus_micros(LIFETIME);
            }
        }
    }

    /// Asks for the neighbours whose turn it is, and gives up those that do not answer.
    #[cold]
    #[inline(never)]
    pub(super) fn ask(&mut self, tx: &mut dyn LinkTx) {
        let now = self.now;
        let mut ask_at = Deadline::NONE;
        let neighbours = core::mem::take(&mut self.neighbours);
        for entry in neighbours.iter_mut().filter(|entry| entry.is_asked()) {
            if entry.until <= now {
                let mut hold = INTERVAL;
                if entry.tries == TRIES {
                    hold = FAILED_HOLD;
                    self.moved();
                } else {
                    match self.solicit(&entry.address, tx) {
                        Some(Err(LinkError::Full)) => {
                            // Room brings the next try.
                            self.is_full = true;
                            ask_at = Deadline::NONE;
                            break;
                        }
                        Some(Ok(())) => count(&mut self.statistics.solicitations),
                        _ => count(&mut self.statistics.neighbour_unsent),
                    }
                }
                entry.tries += 1;
                entry.until = now.plus_micros(hold);
            }
            if entry.is_asked() {
                ask_at = ask_at.earlier(Deadline::at(entry.until));
            }
        }
        self.neighbours = neighbours;
        self.ask_at = ask_at;
    }

    /// Sends one question to all; `None` if there is no address to ask from.
    fn solicit(&mut self, target: &Address, tx: &mut dyn LinkTx) -> Option<Result<(), LinkError>> {
        let source = self.source_for(target, target)?;
        match (source.get()?, target.get()?) {
            #[cfg(feature = "ipv4")]
            (IpAddr::V4(source), IpAddr::V4(target)) => {
                let to = &HardwareAddress::ETHERNET_BROADCAST;
                Some(self.send_arp(REQUEST, source, target, to, tx))
            }
            #[cfg(feature = "ipv6")]
            (IpAddr::V6(source), IpAddr::V6(target)) => Some(self.send_solicitation(source, target, tx)),
            _ => None,
        }
    }
}

/// What a message was to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// It asked for us.
    Asked,
    /// It answered us.
    Answered,
    /// It was for others.
    Other,
}
