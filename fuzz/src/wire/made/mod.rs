//! Valid octets of every format, made from arbitrary reprs: emitted, they parse to the repr that they came from.
//!
//! The same kinds serve three ends: `tests/properties.rs` cuts and mutates what they make, the targets get them as
//! inputs with a structure (format [`FORMAT`] of each family), and `tests/completeness.rs` counts them.

mod applications;
mod control;
mod internet;
mod links;
mod lowpan;
mod transport;

use super::Check;
use arbitrary::{Result, Unstructured};
use core::fmt::Debug;
use tersus_wire::Error;

/// The number of the format, in each family, whose input is what its kinds are made from.
pub const FORMAT: u8 = 255;

/// Octets of a kind, and what must be true of them.
#[derive(Debug)]
pub struct Made {
    /// What was emitted.
    pub octets: Vec<u8>,
    /// Shorter than this, they are refused: all of them, unless they end in data of any length.
    pub need: usize,
}

/// A repr of `wire` and its octets.
#[derive(Debug)]
pub struct Kind {
    /// The repr's path in the crate.
    pub name: &'static str,
    /// Makes octets; `None` if `emit` refuses the repr as one that cannot be expressed. Panics unless they parse to the
    /// repr again.
    pub make: fn(&mut Unstructured<'_>) -> Result<Option<Made>>,
    /// Parses octets of the kind, and nothing else.
    pub read: fn(&[u8]) -> core::result::Result<(), Error>,
    /// The check of the kind's format: what parses is emitted again with the same meaning.
    pub check: Check,
}

/// All kinds, by family.
pub const KINDS: &[(&str, &[Kind])] = &[
    ("wire_links", links::KINDS),
    ("wire_internet", internet::KINDS),
    ("wire_control", control::KINDS),
    ("wire_transport", transport::KINDS),
    ("wire_lowpan", lowpan::KINDS),
    ("wire_applications", applications::KINDS),
];

/// Makes what the input says, and a mutation of it.
///
/// # Panics
/// If a property is broken.
pub(super) fn run(family: &str, data: &[u8]) {
    let kinds = KINDS.iter().find(|(name, _)| *name == family).map_or(&[][..], |(_, kinds)| kinds);
    let mut from = Unstructured::new(data);
    let Ok(kind) = from.choose(kinds) else { return };
    let (Ok(at), Ok(mask)) = (from.arbitrary::<u16>(), from.arbitrary::<u8>()) else { return };
    let Ok(Some(Made { mut octets, need })) = (kind.make)(&mut from) else { return };
    (kind.check)(&octets);
    let at = usize::from(at) % octets.len().max(1);
    assert!(at >= need || refuses(kind, &octets[..at]), "{}: {at} octets of {octets:02x?}", kind.name);
    if let Some(octet) = octets.get_mut(at) {
        *octet ^= mask;
        (kind.check)(&octets);
    }
}

/// Whether the front of valid octets is refused as what it is: cut off.
#[must_use]
pub fn refuses(kind: &Kind, front: &[u8]) -> bool {
    match (kind.read)(front) {
        Err(Error::Truncated { need, have }) => need > have && usize::from(have) <= front.len(),
        _ => false,
    }
}

/// Emits into a buffer of exactly the length that the repr says; one that is shorter must be refused.
fn emit<T>(len: usize, emit: impl Fn(&mut [u8]) -> core::result::Result<T, Error>) -> Option<Vec<u8>> {
    let mut octets = vec![0xa5; len];
    match emit(&mut octets) {
        Ok(_) => {}
        Err(Error::NoRoom { .. }) => panic!("{len} octets are not enough, says emit"),
        Err(_) => return None,
    }
    if let Some(less) = len.checked_sub(1) {
        let refused = emit(&mut vec![0xa5; less]).err();
        assert!(matches!(refused, Some(Error::NoRoom { need, have }) if need > have), "{refused:?}");
    }
    Some(octets)
}

/// What was emitted parses to what it came from; it needs all of its octets.
#[expect(clippy::unnecessary_wraps, reason = "what `Kind::make` returns")]
fn whole<T: PartialEq + Debug>(
    octets: Option<Vec<u8>>,
    want: &T,
    parse: impl Fn(&[u8]) -> core::result::Result<bool, Error>,
) -> Result<Option<Made>> {
    Ok(octets.map(|octets| {
        assert_eq!(parse(&octets), Ok(true), "{octets:02x?} of {want:?}");
        Made { need: octets.len(), octets }
    }))
}

/// As [`whole`], but the octets end in data of any length behind the first `need`.
fn open<T: PartialEq + Debug>(
    octets: Option<Vec<u8>>,
    need: usize,
    want: &T,
    parse: impl Fn(&[u8]) -> core::result::Result<bool, Error>,
) -> Result<Option<Made>> {
    Ok(whole(octets, want, parse)?.map(|made| Made { need, ..made }))
}

/// Several arbitrary values.
fn several<'a, T: arbitrary::Arbitrary<'a>>(from: &mut Unstructured<'a>, most: usize) -> Result<Vec<T>> {
    let mut values = Vec::new();
    while values.len() < most && from.arbitrary()? {
        values.push(from.arbitrary()?);
    }
    Ok(values)
}
