//! Reassembly of link fragments, RFC 4944 §5.3.
//!
//! Fragments begin at multiples of eight octets, and all but the last end there; so a bit for each unit of eight
//! octets says what has come, and a second bit where a fragment began. Both together tell an exact duplicate from
//! an overlap without a list of fragments.
//!
//! ```text
//!  units     0 1 2 3 4 5 6 7 8 9
//!  received  1 1 1 1 . . 1 1 1 .      fragments 0..2, 2..4 and 6..9
//!  begins    1 . 1 . . . 1 . . .
//! ```

use crate::statistics::Drop;
use crate::{Config, Statistics};
use tersus_phy::{earliest, Deadline, Instant};
use tersus_wire::sixlowpan::fragment::UNIT;
use tersus_wire::sixlowpan::{ElidedChecksum, LinkAddresses, MTU};
use tersus_wire::HardwareAddress;

/// Whose fragments belong together: RFC 4944 §5.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) source: HardwareAddress,
    pub(crate) destination: HardwareAddress,
    pub(crate) size: u16,
    pub(crate) tag: u16,
}

impl Key {
    pub(crate) fn new(link: &LinkAddresses, size: u16, tag: u16) -> Self {
        Self { source: link.source, destination: link.destination, size, tag }
    }
}

/// A set of units of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Units([u8; MTU / UNIT / 8]);

impl Units {
    const EMPTY: Self = Self([0; MTU / UNIT / 8]);

    fn contains(&self, unit: usize) -> bool {
        self.0.get(unit / 8).is_some_and(|octet| octet & (1 << (unit % 8)) != 0)
    }

    fn insert(&mut self, unit: usize) {
        if let Some(octet) = self.0.get_mut(unit / 8) {
            *octet |= 1 << (unit % 8);
        }
    }

    fn len(&self) -> usize {
        // At most 160.
        self.0.iter().map(|octet| usize::try_from(octet.count_ones()).unwrap_or(0)).sum()
    }
}

/// A packet in reassembly. All zeros when empty.
#[derive(Debug)]
pub struct Inbound {
    key: Key,
    /// When it is given up; not running: the slot is free.
    expires: Deadline,
    received: Units,
    begins: Units,
    checksum: Option<ElidedChecksum>,
    buffer: [u8; MTU],
}

/// A fragment: what it stands for in the uncompressed packet.
pub(crate) struct Fragment<'f> {
    pub(crate) offset: usize,
    pub(crate) data: &'f [u8],
    pub(crate) checksum: Option<ElidedChecksum>,
}

impl Fragment<'_> {
    fn units(&self) -> core::ops::Range<usize> {
        let begin = self.offset / UNIT;
        begin..begin + self.data.len().div_ceil(UNIT)
    }

    /// Not empty, within the packet, and of whole units unless it is the last.
    pub(crate) fn check(&self, size: u16) -> Result<(), Drop> {
        let end = self.offset + self.data.len();
        let size = usize::from(size);
        if self.data.is_empty() || end > size || (end < size && end % UNIT != 0) {
            return Err(Drop::BadFragment);
        }
        Ok(())
    }
}

enum Overlap {
    /// With nothing that has come.
    Nothing,
    /// With the same fragment.
    Duplicate,
    /// With others, or the same with other octets.
    Conflict,
}

impl Inbound {
    /// A free slot.
    pub const EMPTY: Self = Self {
        key: Key { source: HardwareAddress::NONE, destination: HardwareAddress::NONE, size: 0, tag: 0 },
        expires: Deadline::NONE,
        received: Units::EMPTY,
        begins: Units::EMPTY,
        checksum: None,
        buffer: [0; MTU],
    };

    fn start(&mut self, key: Key, expires: Deadline) {
        self.key = key;
        self.expires = expires;
        self.received = Units::EMPTY;
        self.begins = Units::EMPTY;
        self.checksum = None;
    }

    fn overlap(&self, fragment: &Fragment<'_>) -> Overlap {
        let units = fragment.units();
        if !units.clone().any(|unit| self.received.contains(unit)) {
            return Overlap::Nothing;
        }
        // One fragment covers just these units if it began at the first, no other began within, and the next
        // unit is another's or missing.
        let same = units
            .clone()
            .all(|unit| self.received.contains(unit) && self.begins.contains(unit) == (unit == units.start))
            && (!self.received.contains(units.end) || self.begins.contains(units.end));
        let end = fragment.offset + fragment.data.len();
        if same && self.buffer.get(fragment.offset..end) == Some(fragment.data) {
            Overlap::Duplicate
        } else {
            Overlap::Conflict
        }
    }

    fn insert(&mut self, fragment: &Fragment<'_>) {
        let to = self.buffer.get_mut(fragment.offset..).and_then(|rest| rest.get_mut(..fragment.data.len()));
        let Some(to) = to else { return };
        to.copy_from_slice(fragment.data);
        let units = fragment.units();
        self.begins.insert(units.start);
        units.for_each(|unit| self.received.insert(unit));
        self.checksum = self.checksum.or(fragment.checksum);
    }

    fn is_complete(&self) -> bool {
        self.received.len() == usize::from(self.key.size).div_ceil(UNIT)
    }

    /// The whole packet and the checksum to compute over it.
    pub(crate) fn packet(&mut self) -> (&mut [u8], Option<ElidedChecksum>) {
        (self.buffer.get_mut(..usize::from(self.key.size)).unwrap_or(&mut []), self.checksum)
    }

    pub(crate) fn free(&mut self) {
        self.expires.stop();
    }
}

/// The packets in reassembly.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    slots: &'a mut [Inbound],
}

impl<'a> Table<'a> {
    pub(crate) fn new(slots: &'a mut [Inbound]) -> Self {
        slots.iter_mut().for_each(Inbound::free);
        Self { slots }
    }

    /// Takes a fragment that was checked; returns the packet if it is complete now, to be freed by the caller.
    pub(crate) fn on_fragment(
        &mut self,
        key: Key,
        fragment: &Fragment<'_>,
        now: Instant,
        config: &Config,
        statistics: &mut Statistics,
    ) -> Result<Option<&mut Inbound>, Drop> {
        let expires = Deadline::at(now + config.reassembly_timeout);
        let found = self.slots.iter().position(|slot| slot.expires.is_running() && slot.key == key);
        let index = match found {
            Some(index) => index,
            None => self.slot_for(key.source, expires, config, statistics)?,
        };
        let slot = self.slots.get_mut(index).ok_or(Drop::NoTable)?;
        if found.is_none() {
            slot.start(key, expires);
        }
        match slot.overlap(fragment) {
            Overlap::Nothing => {}
            Overlap::Duplicate => return Err(Drop::DuplicateFragment),
            Overlap::Conflict => {
                Statistics::count(&mut statistics.rx_overlap);
                slot.start(key, expires);
            }
        }
        slot.insert(fragment);
        Ok(slot.is_complete().then_some(slot))
    }

    /// A slot for a new packet: the oldest of this source if that has its share, a free one, or the oldest.
    fn slot_for(
        &self,
        source: HardwareAddress,
        expires: Deadline,
        config: &Config,
        statistics: &mut Statistics,
    ) -> Result<usize, Drop> {
        let in_use = || self.slots.iter().enumerate().filter(|(_, slot)| slot.expires.is_running());
        let of_source = || in_use().filter(|(_, slot)| slot.key.source == source);
        // All slots run for the same time: what expires first is oldest. What expires later than a new one is from
        // before the clock stepped back, and would outlive all others.
        let age = |(_, slot): &(usize, &Inbound)| {
            slot.expires.instant().filter(|at| Some(*at) <= expires.instant())
        };
        let share = usize::from(config.datagrams_per_source.max(1));
        if of_source().count() >= share {
            if let Some((index, _)) = of_source().min_by_key(age) {
                Statistics::count(&mut statistics.rx_evicted_by_source);
                return Ok(index);
            }
        }
        if let Some(index) = self.slots.iter().position(|slot| !slot.expires.is_running()) {
            return Ok(index);
        }
        let (index, _) = in_use().min_by_key(age).ok_or(Drop::NoTable)?;
        Statistics::count(&mut statistics.rx_evicted);
        Ok(index)
    }

    /// Gives up what is due.
    pub(crate) fn on_timeout(&mut self, now: Instant, statistics: &mut Statistics) {
        for slot in self.slots.iter_mut().filter(|slot| slot.expires.is_due(now)) {
            slot.free();
            Statistics::count(&mut statistics.rx_timeout);
        }
    }

    /// Gives up all.
    pub(crate) fn clear(&mut self, statistics: &mut Statistics) {
        for slot in self.slots.iter_mut().filter(|slot| slot.expires.is_running()) {
            slot.free();
            Statistics::count(&mut statistics.rx_link_down);
        }
    }

    pub(crate) fn poll_at(&self) -> Option<Instant> {
        self.slots.iter().fold(None, |first, slot| earliest(first, slot.expires.instant()))
    }
}
