//! What is in the routing and timestamp options, RFC 791 §3.1.
//!
//! ```text
//!  Record Route, Loose and Strict Source Route:
//!   | type | length | pointer | address | address | ...            pointer: 4, 8, ... up to length + 1
//!  Internet Timestamp:
//!   | type | length | pointer | overflow 4, flag 4 | entry | ...   pointer: 5, ...
//! ```
//! The pointer counts octets from the option's type, which is 1; what lies before it is done, what lies behind is
//! free or still to be visited. Offsets in errors count from the type, which is 0.

use crate::Error;
use core::fmt;
use core::net::Ipv4Addr;

/// Most octets of data in an option: 40 less type and length.
pub const OPTION_DATA_LEN_MAX: usize = 38;
/// Most addresses in a route, and most entries of timestamps.
pub const ROUTE_LEN_MAX: usize = 9;

/// Smallest pointer of a route.
const ROUTE_START: usize = 4;
/// Smallest pointer of timestamps.
const TIMESTAMP_START: usize = 5;
/// Offset of the pointer, and of overflow and flag, from the option's type.
const POINTER: u16 = 2;
const FLAG: u16 = 3;

/// How many entries of `size` octets lie before the pointer.
fn done(pointer: u8, start: usize, size: usize) -> usize {
    usize::from(pointer).saturating_sub(start) / size
}

/// The first `done` of `all`, and the rest.
fn split<T>(all: &[T], done: usize) -> (&[T], &[T]) {
    all.split_at_checked(done).unwrap_or((all, &[]))
}

/// A route: where the packet was, or where it shall go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// 4, 8, ... up to four times the addresses and four.
    pub pointer: u8,
    /// All addresses, free places included.
    pub addresses: heapless::Vec<Ipv4Addr, ROUTE_LEN_MAX>,
}

impl Route {
    /// A Record Route with this many free places.
    ///
    /// # Errors
    /// `Unrepresentable` above nine.
    pub fn to_record(places: usize) -> Result<Self, Error> {
        let mut addresses = heapless::Vec::new();
        addresses.resize(places, Ipv4Addr::UNSPECIFIED).map_err(|()| Error::Unrepresentable)?;
        Ok(Self { pointer: 4, addresses })
    }

    /// A source route over these addresses, the last of which is the final destination.
    ///
    /// # Errors
    /// `Unrepresentable` above nine.
    pub fn through(addresses: &[Ipv4Addr]) -> Result<Self, Error> {
        let addresses = heapless::Vec::from_slice(addresses).map_err(|()| Error::Unrepresentable)?;
        Ok(Self { pointer: 4, addresses })
    }

    /// Takes the data of an option apart.
    ///
    /// # Errors
    /// `Truncated` without a pointer; `Length` with the option's length if it holds no whole number of addresses or
    /// more than nine; `Field` for a pointer below 4 or between two addresses.
    pub fn parse(data: &[u8]) -> Result<Self, Error> {
        let (pointer, rest) = data.split_first().ok_or(Error::truncated(3, 2))?;
        let mut addresses = heapless::Vec::new();
        let bad_length = Error::Length(u16::try_from(data.len() + 2).unwrap_or(u16::MAX));
        for address in rest.chunks(4) {
            let address = <[u8; 4]>::try_from(address).map_err(|_| bad_length)?;
            addresses.push(address.into()).map_err(|_| bad_length)?;
        }
        if usize::from(*pointer) < ROUTE_START || pointer % 4 != 0 {
            return Err(Error::Field(POINTER));
        }
        Ok(Self { pointer: *pointer, addresses })
    }

    /// The data of the option, to be emitted.
    ///
    /// # Errors
    /// `Unrepresentable` for a pointer that [`Route::parse`] would refuse.
    pub fn to_data(&self) -> Result<heapless::Vec<u8, OPTION_DATA_LEN_MAX>, Error> {
        if usize::from(self.pointer) < ROUTE_START || self.pointer % 4 != 0 {
            return Err(Error::Unrepresentable);
        }
        let mut data = heapless::Vec::new();
        data.push(self.pointer).map_err(|_| Error::Unrepresentable)?;
        for address in &self.addresses {
            data.extend_from_slice(&address.octets()).map_err(|()| Error::Unrepresentable)?;
        }
        Ok(data)
    }

    /// The addresses before the pointer: where the packet was.
    #[must_use]
    pub fn recorded(&self) -> &[Ipv4Addr] {
        split(&self.addresses, done(self.pointer, ROUTE_START, 4)).0
    }

    /// The addresses from the pointer on: where a source route still leads, or the free places of a record.
    #[must_use]
    pub fn remaining(&self) -> &[Ipv4Addr] {
        split(&self.addresses, done(self.pointer, ROUTE_START, 4)).1
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_done(f, self.recorded(), self.remaining())
    }
}

/// What is done, a bar, and the rest.
fn write_done<T: fmt::Display>(f: &mut fmt::Formatter<'_>, done: &[T], rest: &[T]) -> fmt::Result {
    for (i, entry) in done.iter().enumerate() {
        write!(f, "{}{entry}", if i == 0 { "" } else { " " })?;
    }
    if rest.is_empty() {
        return f.write_str(if done.is_empty() { "full" } else { " full" });
    }
    f.write_str(if done.is_empty() { "|" } else { " |" })?;
    for entry in rest {
        write!(f, " {entry}")?;
    }
    Ok(())
}

/// What entries hold, the flag of the timestamp option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum TimestampFlag {
    /// 0: timestamps only.
    TimestampsOnly,
    /// 1: each with the address of who wrote it.
    WithAddresses,
    /// 3: the sender chose the addresses; who owns the next one writes its timestamp.
    Prespecified,
}

impl TimestampFlag {
    const fn of(bits: u8) -> Result<Self, Error> {
        match bits {
            0 => Ok(Self::TimestampsOnly),
            1 => Ok(Self::WithAddresses),
            3 => Ok(Self::Prespecified),
            _ => Err(Error::Field(FLAG)),
        }
    }

    const fn bits(self) -> u8 {
        match self {
            Self::TimestampsOnly => 0,
            Self::WithAddresses => 1,
            Self::Prespecified => 3,
        }
    }

    /// Length of an entry, in octets.
    const fn entry_len(self) -> usize {
        match self {
            Self::TimestampsOnly => 4,
            Self::WithAddresses | Self::Prespecified => 8,
        }
    }
}

/// One entry of a timestamp option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimestampEntry {
    /// Whose it is; `None` if timestamps stand alone.
    pub address: Option<Ipv4Addr>,
    /// Milliseconds since midnight UT, or anything else if the highest bit is set.
    pub timestamp: u32,
}

impl fmt::Display for TimestampEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(address) = self.address {
            write!(f, "{address}=")?;
        }
        write!(f, "{}", self.timestamp)
    }
}

/// The Internet Timestamp option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timestamps {
    /// 5 and up, in steps of an entry.
    pub pointer: u8,
    /// How many could not write for lack of room, 0 to 15.
    pub overflow: u8,
    /// What entries hold.
    pub flag: TimestampFlag,
    /// All entries, free places included.
    pub entries: heapless::Vec<TimestampEntry, ROUTE_LEN_MAX>,
}

impl Timestamps {
    /// Takes the data of an option apart.
    ///
    /// # Errors
    /// `Truncated` without pointer and flag; `Length` with the option's length if it holds no whole number of entries
    /// or more than an option has room for; `Field` for a flag that is not assigned, or a pointer below 5 or between two entries.
    pub fn parse(data: &[u8]) -> Result<Self, Error> {
        let ([pointer, second], rest) =
            data.split_first_chunk().ok_or(Error::truncated(4, data.len() + 2))?;
        let flag = TimestampFlag::of(second & 0x0f)?;
        let bad_length = Error::Length(u16::try_from(data.len() + 2).unwrap_or(u16::MAX));
        if data.len() > OPTION_DATA_LEN_MAX {
            return Err(bad_length);
        }
        let mut entries = heapless::Vec::new();
        for octets in rest.chunks(flag.entry_len()) {
            let entry = match *octets {
                [a, b, c, d] if flag == TimestampFlag::TimestampsOnly => {
                    TimestampEntry { address: None, timestamp: u32::from_be_bytes([a, b, c, d]) }
                }
                [a, b, c, d, e, f, g, h] => TimestampEntry {
                    address: Some(Ipv4Addr::new(a, b, c, d)),
                    timestamp: u32::from_be_bytes([e, f, g, h]),
                },
                _ => return Err(bad_length),
            };
            entries.push(entry).map_err(|_| bad_length)?;
        }
        let timestamps = Self { pointer: *pointer, overflow: second >> 4, flag, entries };
        timestamps.check_pointer(Error::Field(POINTER))?;
        Ok(timestamps)
    }

    fn check_pointer(&self, error: Error) -> Result<(), Error> {
        match usize::from(self.pointer).checked_sub(TIMESTAMP_START) {
            Some(offset) if offset % self.flag.entry_len() == 0 => Ok(()),
            _ => Err(error),
        }
    }

    /// The data of the option, to be emitted.
    ///
    /// # Errors
    /// `Unrepresentable` if it is longer than 38 octets (four entries with addresses), for a pointer that
    /// [`Timestamps::parse`] would refuse, an overflow above 15, or an address missing or too many.
    pub fn to_data(&self) -> Result<heapless::Vec<u8, OPTION_DATA_LEN_MAX>, Error> {
        self.check_pointer(Error::Unrepresentable)?;
        let mut data = heapless::Vec::new();
        if self.overflow > 15 {
            return Err(Error::Unrepresentable);
        }
        let first = [self.pointer, self.overflow << 4 | self.flag.bits()];
        data.extend_from_slice(&first).map_err(|()| Error::Unrepresentable)?;
        for entry in &self.entries {
            match (entry.address, self.flag) {
                (None, TimestampFlag::TimestampsOnly) => {}
                (Some(address), TimestampFlag::WithAddresses | TimestampFlag::Prespecified) => {
                    data.extend_from_slice(&address.octets()).map_err(|()| Error::Unrepresentable)?;
                }
                _ => return Err(Error::Unrepresentable),
            }
            let timestamp = entry.timestamp.to_be_bytes();
            data.extend_from_slice(&timestamp).map_err(|()| Error::Unrepresentable)?;
        }
        Ok(data)
    }

    /// The entries before the pointer: those written.
    #[must_use]
    pub fn recorded(&self) -> &[TimestampEntry] {
        split(&self.entries, done(self.pointer, TIMESTAMP_START, self.flag.entry_len())).0
    }

    /// The entries from the pointer on: free, or to be written by the owners of their addresses.
    #[must_use]
    pub fn remaining(&self) -> &[TimestampEntry] {
        split(&self.entries, done(self.pointer, TIMESTAMP_START, self.flag.entry_len())).1
    }
}

impl fmt::Display for Timestamps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_done(f, self.recorded(), self.remaining())?;
        match self.overflow {
            0 => Ok(()),
            overflow => write!(f, " overflow {overflow}"),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;

    const A: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
    const B: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

    #[test]
    fn routes_come_back_and_tell_what_is_done() {
        // addresses, pointer, recorded
        for (addresses, pointer, recorded) in [
            (&[][..], 4, 0),
            (&[A], 4, 0),
            (&[A], 8, 1),
            (&[A, B], 8, 1),
            (&[A, B], 12, 2),
            (&[A, B], 252, 2),
            (&[A; 9], 40, 9),
        ] {
            let route = Route { pointer, ..Route::through(addresses).unwrap() };
            let data = route.to_data().unwrap();
            assert_eq!(data.len(), 1 + 4 * addresses.len());
            assert_eq!(Route::parse(&data), Ok(route.clone()));
            assert_eq!((route.recorded().len(), route.recorded()), (recorded, &addresses[..recorded]));
            assert_eq!(route.remaining(), &addresses[recorded..]);
        }
        assert_eq!(Route::to_record(3).unwrap().remaining(), [Ipv4Addr::UNSPECIFIED; 3]);
        assert_eq!(Route::to_record(10), Err(Error::Unrepresentable));
        assert_eq!(Route::through(&[A; 10]), Err(Error::Unrepresentable));
        assert_eq!(Route::to_record(0).unwrap().to_string(), "full");
    }

    #[test]
    fn routes_of_wrong_length_or_pointer_are_refused() {
        assert_eq!(Route::parse(&[]), Err(Error::truncated(3, 2)));
        for pointer in 0..=255 {
            let got = Route::parse(&[pointer, 1, 2, 3, 4]);
            assert_eq!(got.is_ok(), pointer >= 4 && pointer % 4 == 0, "{pointer}");
            assert!(got.is_ok() || got == Err(Error::Field(2)));
            let route = Route { pointer, ..Route::through(&[A]).unwrap() };
            assert_eq!(route.to_data().is_ok(), got.is_ok());
        }
        for len in 1..=60u16 {
            let data = alloc::vec![4; usize::from(len)];
            let is_whole = len % 4 == 1 && len <= 37;
            assert_eq!(Route::parse(&data).is_ok(), is_whole, "{len}");
            assert!(is_whole || Route::parse(&data) == Err(Error::Length(len + 2)));
        }
    }

    fn timestamps(flag: TimestampFlag, count: usize) -> Timestamps {
        let address = (flag != TimestampFlag::TimestampsOnly).then_some(A);
        let entry = TimestampEntry { address, timestamp: 0x8000_0007 };
        let mut entries = heapless::Vec::new();
        entries.resize(count, entry).unwrap();
        Timestamps { pointer: 5, overflow: 0, flag, entries }
    }

    #[test]
    fn timestamps_of_all_three_flags_come_back() {
        use TimestampFlag::{Prespecified, TimestampsOnly, WithAddresses};
        // flag, entries, octets of data
        for (flag, count, len) in [
            (TimestampsOnly, 0, 2),
            (TimestampsOnly, 1, 6),
            (TimestampsOnly, 9, 38),
            (WithAddresses, 1, 10),
            (WithAddresses, 4, 34),
            (Prespecified, 2, 18),
        ] {
            for overflow in [0, 15] {
                for recorded in 0..=count {
                    let pointer = u8::try_from(5 + recorded * flag.entry_len()).unwrap();
                    let want = Timestamps { pointer, overflow, ..timestamps(flag, count) };
                    let data = want.to_data().unwrap();
                    assert_eq!((data.len(), data[1]), (len, overflow << 4 | flag.bits()));
                    assert_eq!(Timestamps::parse(&data), Ok(want.clone()));
                    assert_eq!(want.recorded().len(), recorded);
                    assert_eq!(want.remaining().len(), count - recorded);
                }
            }
        }
        let text = Timestamps { pointer: 13, ..timestamps(Prespecified, 2) }.to_string();
        assert_eq!(text, "192.0.2.1=2147483655 | 192.0.2.1=2147483655");
    }

    #[test]
    fn timestamps_of_wrong_length_flag_or_pointer_are_refused() {
        use TimestampFlag::{TimestampsOnly, WithAddresses};
        assert_eq!(Timestamps::parse(&[]), Err(Error::truncated(4, 2)));
        assert_eq!(Timestamps::parse(&[5]), Err(Error::truncated(4, 3)));
        for flag in [2, 4, 5, 15] {
            assert_eq!(Timestamps::parse(&[5, flag]), Err(Error::Field(3)), "{flag}");
        }
        // flag, pointer, octets of entries, result
        for (flag, pointer, len, want) in [
            (0, 4, 4, Err(Error::Field(2))),
            (0, 6, 4, Err(Error::Field(2))),
            (0, 0, 4, Err(Error::Field(2))),
            (1, 9, 8, Err(Error::Field(2))),
            (1, 13, 8, Ok(())),
            (0, 5, 3, Err(Error::Length(7))),
            (1, 5, 4, Err(Error::Length(8))),
            (3, 5, 12, Err(Error::Length(16))),
            (0, 5, 40, Err(Error::Length(44))),
            (1, 5, 32, Ok(())),
            (1, 5, 40, Err(Error::Length(44))),
        ] {
            let data = [&[pointer, flag], &alloc::vec![0; len][..]].concat();
            assert_eq!(Timestamps::parse(&data).map(|_| ()), want, "{flag} {pointer} {len}");
        }
        for bad in [
            timestamps(WithAddresses, 5),
            Timestamps { pointer: 6, ..timestamps(TimestampsOnly, 1) },
            Timestamps { overflow: 16, ..timestamps(TimestampsOnly, 1) },
            Timestamps { flag: WithAddresses, ..timestamps(TimestampsOnly, 1) },
            Timestamps { flag: TimestampsOnly, ..timestamps(WithAddresses, 1) },
        ] {
            assert_eq!(bad.to_data(), Err(Error::Unrepresentable), "{bad:?}");
        }
    }
}
