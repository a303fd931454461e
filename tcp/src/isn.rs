//! Initial sequence numbers, RFC 6528.
#![cfg_attr(not(test), expect(dead_code, reason = "the engine that uses this module comes next"))]

use crate::seq::SeqNum;
use tersus_ip::{Instant, Path, Random};

/// The ISN for a connection on `path` (our address is its source): a clock of 4 µs plus a keyed hash of the addresses and ports.
pub(crate) fn initial(
    random: &Random,
    now: Instant,
    path: &Path,
    local_port: u16,
    remote_port: u16,
) -> SeqNum {
    todo!()
}
