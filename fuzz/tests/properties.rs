//! Properties of every repr of `wire`, over arbitrary values: emitted, it parses to the same; cut anywhere, it is refused
//! with what was needed and what there was; with any one octet changed, it is refused, or what was parsed makes the round
//! trip again. Overflow checks are on.
//!
//! A failure prints a seed; `arbtest(…).seed(…)` runs that input alone.

use arbtest::arbtest;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use tersus_fuzz::wire::made::{refuses, Kind, Made, KINDS};

fn kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().flat_map(|(_, kinds)| kinds.iter())
}

/// Runs `property` on so many things of each kind that can be expressed, of as many inputs as that takes. All kinds
/// get their turn, also behind one that fails.
fn each(wanted: u32, property: impl Fn(&Kind, &Made)) {
    let property = AssertUnwindSafe(property);
    let failed: Vec<_> =
        kinds().filter(|kind| panic::catch_unwind(|| one(kind, wanted, &*property)).is_err()).collect();
    assert!(failed.is_empty(), "{:?}", failed.iter().map(|kind| kind.name).collect::<Vec<_>>());
}

fn one(kind: &Kind, wanted: u32, property: impl Fn(&Kind, &Made)) {
    let (made, refused) = (Cell::new(0_u32), Cell::new(0_u32));
    let mut count: u32 = 0;
    while made.get() < wanted {
        count += 1;
        assert!(count < wanted * 20, "{}: nearly all arbitrary values are refused", kind.name);
        // Any number; the lower half of a seed is the length of the input.
        let seed = u64::from(count.wrapping_mul(0x9e37_79b9)) << 32 | u64::from(64 + count * 7 % 960);
        arbtest(|from| {
            match (kind.make)(from) {
                Ok(Some(octets)) => {
                    made.set(made.get() + 1);
                    property(kind, &octets);
                }
                Ok(None) => refused.set(refused.get() + 1),
                // The input ran out.
                Err(_) => {}
            }
            Ok(())
        })
        .seed(seed)
        .run();
    }
    println!("{}: {} made, {} refused by emit", kind.name, made.get(), refused.get());
}

/// Says which octets broke the property.
fn check(kind: &Kind, octets: &[u8]) {
    if let Err(reason) = panic::catch_unwind(|| (kind.check)(octets)) {
        eprintln!("{} as {octets:02x?}", kind.name);
        panic::resume_unwind(reason);
    }
}

#[test]
fn what_is_emitted_parses_to_the_same() {
    // `make` asserts it.
    each(3_000, |kind, made| check(kind, &made.octets));
}

#[test]
fn every_truncation_is_refused_with_what_was_needed_and_there() {
    each(300, |kind, made| {
        for len in 0..made.need {
            let front = &made.octets[..len];
            assert!(refuses(kind, front), "{}: {:?} for {front:02x?}", kind.name, (kind.read)(front));
        }
        for len in made.need..made.octets.len() {
            check(kind, &made.octets[..len]);
        }
    });
}

#[test]
fn every_mutation_of_one_octet_is_refused_or_makes_the_round_trip() {
    each(100, |kind, made| {
        let mut octets = made.octets.clone();
        // Long payloads are all alike.
        for at in (0..octets.len()).filter(|at| *at < 80 || at % 16 == 0) {
            let good = octets[at];
            for mask in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
                octets[at] = good ^ mask;
                check(kind, &octets);
                let _ = (kind.read)(&octets);
            }
            octets[at] = good;
        }
    });
}
