//! Target `tcp`: an engine against any segments, or two engines over a network that loses, doubles and reorders.
//!
//! The first octet chooses which; `segments` and `pair` tell what is checked.

mod pair;
mod segments;

use tersus_tcp::congestion::{Congestion, Reno, Unlimited};
use tersus_tcp::Storage;

const CONNECTIONS: usize = 3;

/// Small enough that every table runs full.
type Memory = Storage<CONNECTIONS, 256, 256, 2, 2, 2, 4, 3>;

/// Target `tcp`.
///
/// # Panics
/// If a property is broken.
pub fn tcp(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    let congestion: &dyn Congestion = if kind & 2 == 0 { &Reno::DEFAULT } else { &Unlimited };
    if kind & 1 == 0 {
        segments::run(data, congestion);
    } else {
        pair::run(data, congestion);
    }
}

/// The octet that a peer sends at a sequence number, so that octets at a wrong place are seen.
fn octet_at(seq: u32) -> u8 {
    let [octet, ..] = seq.wrapping_mul(0x9e37_79b1).to_be_bytes();
    octet
}
