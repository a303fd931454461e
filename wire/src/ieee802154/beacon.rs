//! What a beacon of versions 0 and 1 carries, IEEE 802.15.4 §7.3.1. Enhanced beacons, of version 2, carry information
//! elements instead.
//!
//! ```text
//!  octets: 2             1          0/1          3 each     1            2 or 8 each   rest
//!      +------------+----------+------------+------------+----------+--------------+---------+
//!      | superframe | GTS spec | directions | GTS list   | pending  | addresses    | payload |
//!      +------------+----------+------------+------------+----------+--------------+---------+
//!  superframe, bit 0 first:  beacon order 4 | superframe order 4 | final CAP slot 4 | battery | - | coordinator | permit
//!  GTS spec:  count 3 | - 4 | permit        pending:  short 3 | - | extended 3 | -
//!  GTS:  short address 16 | first slot 4 | slots 4
//! ```

use crate::cursor::Reader;
use crate::put::Put;
use crate::{Error, HardwareAddress};
use core::fmt;

/// Most guaranteed time slots, and most pending addresses of each kind.
pub const BEACON_LIST_MAX: usize = 7;

const BATTERY_LIFE_EXTENSION: u16 = 1 << 12;
const PAN_COORDINATOR: u16 = 1 << 14;
const ASSOCIATION_PERMIT: u16 = 1 << 15;
const GTS_PERMIT: u8 = 1 << 7;

/// The superframe specification, §7.3.1.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Superframe {
    /// Beacon order, 0 to 15: how often beacons come; 15, only when asked for.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<15>))]
    pub beacon_order: u8,
    /// Superframe order, 0 to 15: how long the active part is.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<15>))]
    pub superframe_order: u8,
    /// Last slot of the contention access period, 0 to 15.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<15>))]
    pub final_cap_slot: u8,
    /// Whether receivers may sleep soon after the beacon.
    pub is_battery_life_extended: bool,
    /// Whether the sender is the PAN coordinator.
    pub is_pan_coordinator: bool,
    /// Whether the sender takes new members.
    pub is_association_permitted: bool,
}

/// Who sends in a guaranteed time slot, seen from the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Direction {
    /// The device sends.
    Transmit,
    /// The device receives.
    Receive,
}

/// A guaranteed time slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct GuaranteedSlot {
    /// Short address of the device.
    pub device: u16,
    /// First slot, 0 to 15.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<15>))]
    pub start: u8,
    /// How many slots, 0 to 15.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<15>))]
    pub slots: u8,
    /// Who sends.
    pub direction: Direction,
}

/// What a beacon carries.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Beacon<'a> {
    /// How time is divided.
    pub superframe: Superframe,
    /// Whether guaranteed time slots may be asked for.
    pub is_gts_permitted: bool,
    /// Guaranteed time slots.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::list))]
    pub guaranteed_slots: heapless::Vec<GuaranteedSlot, BEACON_LIST_MAX>,
    /// Devices for which frames wait, by short address.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::list))]
    pub pending_short: heapless::Vec<u16, BEACON_LIST_MAX>,
    /// Devices for which frames wait, by extended address.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::extended_list))]
    pub pending_extended: heapless::Vec<HardwareAddress, BEACON_LIST_MAX>,
    /// What the layer above adds.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::octets::<64>))]
    pub payload: &'a [u8],
}

impl Superframe {
    fn of(field: u16) -> Self {
        let [low, high] = field.to_le_bytes();
        Self {
            beacon_order: low & 0xf,
            superframe_order: low >> 4,
            final_cap_slot: high & 0xf,
            is_battery_life_extended: field & BATTERY_LIFE_EXTENSION != 0,
            is_pan_coordinator: field & PAN_COORDINATOR != 0,
            is_association_permitted: field & ASSOCIATION_PERMIT != 0,
        }
    }

    fn field(self) -> Result<u16, Error> {
        if (self.beacon_order | self.superframe_order | self.final_cap_slot) > 15 {
            return Err(Error::Unrepresentable);
        }
        let low = self.beacon_order | self.superframe_order << 4;
        let flag = |is_set: bool, bit: u16| if is_set { bit } else { 0 };
        Ok(u16::from_le_bytes([low, self.final_cap_slot])
            | flag(self.is_battery_life_extended, BATTERY_LIFE_EXTENSION)
            | flag(self.is_pan_coordinator, PAN_COORDINATOR)
            | flag(self.is_association_permitted, ASSOCIATION_PERMIT))
    }
}

impl<'a> Beacon<'a> {
    /// Takes `bytes`, the payload of a beacon frame of version 0 or 1 that is not encrypted, apart. Reserved bits are
    /// ignored.
    ///
    /// # Errors
    /// `Truncated`.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        let superframe = Superframe::of(u16::from_le_bytes(*reader.array()?));
        let gts = reader.octet()?;
        let directions = if gts & 7 == 0 { 0 } else { reader.octet()? };
        let mut guaranteed_slots = heapless::Vec::new();
        for i in 0..gts & 7 {
            let [low, high, slots] = *reader.array()?;
            let is_receive = directions >> i & 1 != 0;
            // Three bits count to seven, which the list has room for.
            let _ = guaranteed_slots.push(GuaranteedSlot {
                device: u16::from_le_bytes([low, high]),
                start: slots & 0xf,
                slots: slots >> 4,
                direction: if is_receive { Direction::Receive } else { Direction::Transmit },
            });
        }
        let pending = reader.octet()?;
        let (mut pending_short, mut pending_extended) = (heapless::Vec::new(), heapless::Vec::new());
        for _ in 0..pending & 7 {
            let _ = pending_short.push(u16::from_le_bytes(*reader.array()?));
        }
        for _ in 0..pending >> 4 & 7 {
            let address = u64::from_le_bytes(*reader.array()?).to_be_bytes();
            let _ = pending_extended.push(HardwareAddress::extended(address));
        }
        Ok(Self {
            superframe,
            is_gts_permitted: gts & GTS_PERMIT != 0,
            guaranteed_slots,
            pending_short,
            pending_extended,
            payload: reader.rest(),
        })
    }

    /// What `emit` writes, in octets.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        let gts_len = match self.guaranteed_slots.len() {
            0 => 0,
            count => 1 + 3 * count,
        };
        4 + gts_len + 2 * self.pending_short.len() + 8 * self.pending_extended.len() + self.payload.len()
    }

    /// Writes what the beacon carries at the front of `buffer` and returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` for an order or a slot above 15, or a pending address that is not extended.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let need = self.buffer_len();
        let mut writer = Put::new(buffer, need)?;
        let count = |len: usize| u8::try_from(len).map_err(|_| Error::Unrepresentable);
        writer.octets(&self.superframe.field()?.to_le_bytes());
        let permit = if self.is_gts_permitted { GTS_PERMIT } else { 0 };
        writer.octets(&[permit | count(self.guaranteed_slots.len())?]);
        if !self.guaranteed_slots.is_empty() {
            let directions = self
                .guaranteed_slots
                .iter()
                .rev()
                .fold(0_u8, |mask, slot| mask << 1 | u8::from(slot.direction == Direction::Receive));
            writer.octets(&[directions]);
        }
        for slot in &self.guaranteed_slots {
            if (slot.start | slot.slots) > 15 {
                return Err(Error::Unrepresentable);
            }
            writer.octets(&slot.device.to_le_bytes());
            writer.octets(&[slot.start | slot.slots << 4]);
        }
        writer.octets(&[count(self.pending_short.len())? | count(self.pending_extended.len())? << 4]);
        for address in &self.pending_short {
            writer.octets(&address.to_le_bytes());
        }
        for address in &self.pending_extended {
            let address = address.as_extended().ok_or(Error::Unrepresentable)?;
            writer.octets(&u64::from_be_bytes(address).to_le_bytes());
        }
        writer.octets(self.payload);
        Ok(need)
    }
}

impl fmt::Display for Beacon<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let superframe = &self.superframe;
        write!(
            f,
            "beacon order {} superframe order {}",
            superframe.beacon_order, superframe.superframe_order
        )?;
        if superframe.is_pan_coordinator {
            f.write_str(" coordinator")?;
        }
        if superframe.is_association_permitted {
            f.write_str(" association-permit")?;
        }
        if !self.guaranteed_slots.is_empty() {
            write!(f, " guaranteed slots {}", self.guaranteed_slots.len())?;
        }
        for (i, address) in self.pending_short.iter().enumerate() {
            write!(f, "{}{address:04x}", if i == 0 { " pending " } else { " " })?;
        }
        for (i, address) in self.pending_extended.iter().enumerate() {
            let is_first = i == 0 && self.pending_short.is_empty();
            write!(f, "{}{address}", if is_first { " pending " } else { " " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    const PLAIN: Superframe = Superframe {
        beacon_order: 15,
        superframe_order: 15,
        final_cap_slot: 15,
        is_battery_life_extended: false,
        is_pan_coordinator: true,
        is_association_permitted: true,
    };

    fn beacon(slots: usize, short: usize, extended: usize) -> Beacon<'static> {
        let slot = |i: u8| GuaranteedSlot {
            device: u16::from(i) << 8 | 0x77,
            start: 15 - i,
            slots: i,
            direction: if i % 2 == 0 { Direction::Receive } else { Direction::Transmit },
        };
        let address = |i: u8| HardwareAddress::extended([2, 0, 0, 0, 0, 0, 0, i]);
        Beacon {
            superframe: PLAIN,
            is_gts_permitted: true,
            guaranteed_slots: (0..7).map(slot).take(slots).collect(),
            pending_short: (1..8_u16).take(short).collect(),
            pending_extended: (1..8).map(address).take(extended).collect(),
            payload: b"up",
        }
    }

    fn emitted(beacon: &Beacon<'_>) -> Vec<u8> {
        let mut buffer = alloc::vec![0xee; beacon.buffer_len()];
        assert_eq!(beacon.emit(&mut buffer), Ok(buffer.len()));
        buffer
    }

    #[test]
    fn beacons_come_back_with_their_lists() {
        for slots in 0..=7 {
            for (short, extended) in [(0, 0), (1, 0), (0, 1), (7, 7), (3, 2)] {
                let want = beacon(slots, short, extended);
                let bytes = emitted(&want);
                assert_eq!(Beacon::parse(&bytes), Ok(want.clone()));
                let len = bytes.len();
                for cut in 0..len {
                    assert_eq!(want.emit(&mut alloc::vec![0; cut]), Err(Error::no_room(len, cut)));
                }
                for cut in 0..len - 2 {
                    let got = Beacon::parse(&bytes[..cut]).unwrap_err();
                    assert!(
                        matches!(got, Error::Truncated { have, .. } if usize::from(have) == cut),
                        "{got}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_octets_are_little_endian() {
        let bytes = emitted(&beacon(2, 1, 1));
        let want = [
            0xff, 0xcf, 0x82, 0x01, 0x77, 0, 0x0f, 0x77, 1, 0x1e, 0x11, 1, 0, 1, 0, 0, 0, 0, 0, 0, 2, b'u',
            b'p',
        ];
        assert_eq!(bytes, want);
        assert_eq!(
            Beacon::parse(&bytes).unwrap().to_string(),
            "beacon order 15 superframe order 15 coordinator association-permit guaranteed slots 2 pending 0001 \
             02:00:00:00:00:00:00:01"
        );
        // The superframe fields each at its place.
        for (field, superframe) in [
            (0x0001, Superframe { beacon_order: 1, ..Superframe::of(0) }),
            (0x0020, Superframe { superframe_order: 2, ..Superframe::of(0) }),
            (0x0300, Superframe { final_cap_slot: 3, ..Superframe::of(0) }),
            (0x1000, Superframe { is_battery_life_extended: true, ..Superframe::of(0) }),
            (0x4000, Superframe { is_pan_coordinator: true, ..Superframe::of(0) }),
            (0x8000, Superframe { is_association_permitted: true, ..Superframe::of(0) }),
        ] {
            assert_eq!((Superframe::of(field), superframe.field()), (superframe, Ok(field)));
        }
    }

    #[test]
    fn what_cannot_be_said_is_not_emitted() {
        let mut slots = beacon(1, 0, 0);
        slots.guaranteed_slots[0].start = 16;
        let mut address = beacon(0, 0, 1);
        address.pending_extended[0] = HardwareAddress::short(1);
        let order = Beacon { superframe: Superframe { beacon_order: 16, ..PLAIN }, ..beacon(0, 0, 0) };
        for bad in [slots, address, order] {
            assert_eq!(bad.emit(&mut [0; 64]), Err(Error::Unrepresentable), "{bad}");
        }
    }
}
