//! The memory of a link.

use crate::{Inbound, Outbound};
use tersus_wire::sixlowpan::MTU;

/// Room for one received packet while it is decompressed and handed up, in octets.
pub type Scratch = [u8; MTU];

/// Memory of a link: `IN` packets in reassembly and `OUT` packets being sent in fragments.
///
/// About 1.3 KiB for each, and as much once for the packet being received. Plain data, all zeros when empty.
#[derive(Debug)]
pub struct Storage<const IN: usize, const OUT: usize> {
    pub(crate) inbound: [Inbound; IN],
    pub(crate) outbound: [Outbound; OUT],
    pub(crate) scratch: Scratch,
}

impl<const IN: usize, const OUT: usize> Storage<IN, OUT> {
    /// Empty.
    #[must_use]
    pub const fn new() -> Self {
        Self { inbound: [Inbound::EMPTY; IN], outbound: [Outbound::EMPTY; OUT], scratch: [0; MTU] }
    }
}

impl<const IN: usize, const OUT: usize> Default for Storage<IN, OUT> {
    fn default() -> Self {
        Self::new()
    }
}
