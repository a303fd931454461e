//! Fragmentation of what is sent: IPv4 (RFC 791 §3.2, RFC 6864) and IPv6 (RFC 8200 §4.5).

use crate::{Deadline, Fill, Instant, InterfaceId, InterfaceSet, Outgoing, Path, Random};
use core::time::Duration;

/// Largest header that a piece carries, in octets: IPv4 with all its options.
pub const HEADER_LEN_MAX: usize = 60;

/// Names a datagram on its way out; a stale one names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FragmentId {
    slot: u16,
    generation: u16,
}

/// Why a datagram was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BeginError {
    /// All buffers are in use, or the identifications of this flow are: later there is room again.
    #[error("no fragment buffer is free")]
    Full,
    /// No buffer, or no IP datagram, holds so much; or the packet must not be fragmented.
    #[error("datagram larger than a fragment buffer")]
    TooBig,
}

/// The next fragment of a datagram.
#[derive(Debug)]
pub struct Piece<'t> {
    header: [u8; HEADER_LEN_MAX],
    header_len: u8,
    /// The octets behind the header.
    pub payload: &'t [u8],
    /// The way that it goes. The caller may decide it again.
    pub path: &'t mut Path,
}

impl Piece<'_> {
    /// The IP header with options or extension headers, ready to send.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        self.header.get(..usize::from(self.header_len)).unwrap_or(&[])
    }

    /// Length of the packet, in octets.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(self.header_len) + self.payload.len()
    }

    /// Whether the piece is empty, which it never is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the packet into a buffer of [`Self::len`] octets.
    pub fn write(&self, buffer: &mut [u8]) {
        let _ = buffer;
    }
}

/// Why a datagram is given up half-way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abandon {
    /// The path failed: no route, no neighbour, the interface went down.
    Path,
    /// The link refuses pieces of this size.
    TooBig,
}

/// Tunables of fragmentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// How long a datagram may take to leave. Default 30 s: after the receiver's 60 s the rest is of no use.
    pub timeout: Duration,
    /// How long an IPv4 identification must not be used again, RFC 6864 §4.3. Default 120 s; zero: no limit.
    pub lifetime: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(30), lifetime: Duration::from_secs(120) }
    }
}

/// Counters; they wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Datagrams taken to be sent in fragments.
    pub begun: u32,
}

/// One datagram on its way out. All zeros when free.
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    expires: Deadline,
}

impl Slot {
    /// A free slot.
    pub const FREE: Self = Self { expires: Deadline::NONE };
}

/// Memory for `SLOTS` datagrams of up to `LEN` octets behind the IP header.
#[derive(Debug)]
pub struct Storage<const SLOTS: usize, const LEN: usize> {
    slots: [Slot; SLOTS],
    buffers: [[u8; LEN]; SLOTS],
}

impl<const SLOTS: usize, const LEN: usize> Storage<SLOTS, LEN> {
    /// Empty, all zeros.
    #[must_use]
    pub const fn new() -> Self {
        Self { slots: [Slot::FREE; SLOTS], buffers: [[0; LEN]; SLOTS] }
    }
}

impl<const SLOTS: usize, const LEN: usize> Default for Storage<SLOTS, LEN> {
    fn default() -> Self {
        Self::new()
    }
}

/// The datagrams that are on their way out in fragments.
#[derive(Debug, Default)]
pub struct Fragmenter<'a> {
    slots: &'a mut [Slot],
    buffers: &'a mut [u8],
    config: Config,
    /// What happened.
    pub statistics: Statistics,
}

impl<'a> Fragmenter<'a> {
    /// Datagrams in `storage`.
    #[must_use]
    pub fn new<const SLOTS: usize, const LEN: usize>(
        storage: &'a mut Storage<SLOTS, LEN>,
        config: Config,
    ) -> Self {
        Self::from_slices(&mut storage.slots, storage.buffers.as_flattened_mut(), config)
    }

    /// As many datagrams as there are slots, each with an equal share of `buffers`.
    #[must_use]
    pub fn from_slices(slots: &'a mut [Slot], buffers: &'a mut [u8], config: Config) -> Self {
        Self { slots, buffers, config, statistics: Statistics::default() }
    }

    /// Largest segment, in octets behind the IP header, that a buffer holds.
    #[must_use]
    pub fn max_segment_len(&self) -> usize {
        self.buffers.len() / self.slots.len().max(1)
    }

    /// Takes a datagram: `fill` writes its `len` octets, once, if the answer is `Ok`. `options` are IPv4 options,
    /// padded to a multiple of four (empty on IPv6); [`crate::OutFlags::ROUTER_ALERT`] adds that option itself. Hop Limit 0 must have
    /// been replaced.
    ///
    /// # Errors
    /// [`BeginError`]; `fill` was then not called.
    #[expect(clippy::too_many_arguments, reason = "one call, of what a datagram consists of")]
    pub fn begin(
        &mut self,
        now: Instant,
        random: &mut Random,
        path: &Path,
        packet: Outgoing,
        options: &[u8],
        len: usize,
        fill: &mut dyn Fill,
    ) -> Result<FragmentId, BeginError> {
        let _ = (now, random, path, packet, options, len, fill, self.config);
        Err(BeginError::TooBig)
    }

    /// The oldest datagram for an interface that comes after `after`: start with `None`, go on where a datagram
    /// cannot leave now.
    #[must_use]
    pub fn next(&self, interface: InterfaceId, after: Option<FragmentId>) -> Option<FragmentId> {
        let _ = (interface, after);
        None
    }

    /// The interfaces that datagrams wait for.
    #[must_use]
    pub fn waiting(&self) -> InterfaceSet {
        InterfaceSet::NONE
    }

    /// The next piece of a datagram, of at most `mtu` octets; the same until [`Self::sent`]. `None` if there is no
    /// such datagram or the MTU has no room for eight octets.
    pub fn piece(&mut self, id: FragmentId, mtu: u16) -> Option<Piece<'_>> {
        let _ = (id, mtu);
        None
    }

    /// The piece of this length left: the next is due, or the datagram is done and its buffer free.
    pub fn sent(&mut self, id: FragmentId, payload_len: usize) {
        let _ = (id, payload_len);
    }

    /// Gives a datagram up.
    pub fn abandon(&mut self, id: FragmentId, reason: Abandon) {
        let _ = (id, reason);
    }

    /// The interfaces on which `begin` was refused for want of room and has some again; each is told once.
    pub fn take_room(&mut self) -> InterfaceSet {
        InterfaceSet::NONE
    }

    /// Gives up what did not leave in time.
    pub fn on_timeout(&mut self, now: Instant) {
        let _ = now;
    }

    /// When `on_timeout` next has something to do.
    #[must_use]
    pub fn poll_at(&self) -> Option<Instant> {
        None
    }
}
