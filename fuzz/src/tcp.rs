//! Targets `tcp` and `small_tcp`: an engine against any segments, or two engines over a network that loses, doubles and
//! reorders.
//!
//! The first octet chooses which, and what the engines are made with; `segments`, `small` and `pair` tell what is
//! checked.

mod pair;
mod peer;
mod segments;
mod small;
mod turns;

use segments::Setup;
use tersus_tcp::congestion::{Bbr, Congestion, Cubic, Reno, Unlimited};
use tersus_tcp::{Duties, Storage};

const CONNECTIONS: usize = 3;

/// Small enough that every table runs full; words for any congestion control.
type Memory = Storage<CONNECTIONS, 256, 256, 2, 2, 2, 4, 3, 42>;

static DUTIES: [Duties; 4] = [
    Duties::ALL,
    Duties::NONE,
    Duties::NONE.with_sack().with_undo().with_urgent().with_keep_alive(),
    Duties::NONE.with_timestamps().with_ecn().with_pacing().with_rack(),
];

impl Setup<'_> {
    /// As the bits of an octet say; the lowest has another meaning.
    fn of(kind: u8) -> Setup<'static> {
        let congestion: [&'static dyn Congestion; 4] =
            [&Reno::DEFAULT, &Unlimited, &Cubic::PACED, &Bbr::DEFAULT];
        Setup {
            congestion: congestion[usize::from(kind >> 1 & 3)],
            duties: &DUTIES[usize::from(kind >> 3 & 3)],
            cookies: kind & 32 != 0,
            growth: kind & 64 != 0,
            watched: kind & 128 != 0,
        }
    }
}

/// Target `tcp`.
///
/// # Panics
/// If a property is broken.
pub fn tcp(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    let setup = Setup::of(*kind);
    if kind & 1 == 0 {
        segments::run(data, &setup);
    } else {
        pair::run(data, &setup, pair::Ends::Large);
    }
}

/// Target `small_tcp`.
///
/// # Panics
/// If a property is broken.
pub fn small_tcp(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    let setup = Setup::of(*kind);
    match kind & 3 {
        0 | 1 => small::run(data),
        2 => pair::run(data, &setup, pair::Ends::Small),
        _ => pair::run(data, &setup, pair::Ends::Mixed),
    }
}

/// The octet that a peer sends at a sequence number, so that octets at a wrong place are seen.
fn octet_at(seq: u32) -> u8 {
    let [octet, ..] = seq.wrapping_mul(0x9e37_79b1).to_be_bytes();
    octet
}
