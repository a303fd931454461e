//! Reassembly of fragments, IPv4 (RFC 791 §3.2, RFC 815) and IPv6 (RFC 8200 §4.5, RFC 5722), in one table.

use crate::{Addresses, Cast, Deadline, InFlags, Instant, InterfaceId};
use core::time::Duration;
use tersus_wire::IpProtocol;

/// Octets of headers that a slot keeps of the first fragment: any IPv4 header, and an IPv6 header with a fragment
/// header and 48 octets of other extension headers.
pub const HEADER_LEN_MAX: usize = 96;

/// A fragment as it was received.
#[derive(Debug, Clone, Copy)]
pub struct Fragment<'f> {
    /// Source and destination.
    pub addresses: Addresses<'f>,
    /// The interface that it came in by.
    pub interface: InterfaceId,
    /// Whom it was addressed to, by link or IP address, whichever is wider.
    pub cast: Cast,
    /// IPv4: Protocol. IPv6: Next Header of the fragment header.
    pub protocol: IpProtocol,
    /// Identification; of IPv4 the low 16 bits.
    pub identification: u32,
    /// Fragment Offset, in octets.
    pub offset: u16,
    /// Whether more fragments follow: the MF or M flag.
    pub more: bool,
    /// What else was seen of the packet.
    pub flags: InFlags,
    /// All headers as received, from the IP header to the end of the options (IPv4) or of the fragment header
    /// (IPv6).
    pub header: &'f [u8],
    /// The octets behind `header`, without padding of the link.
    pub data: &'f [u8],
}

/// What became of a fragment.
#[derive(Debug)]
pub enum Outcome<'t> {
    /// Kept, or a duplicate: more must come.
    Held,
    /// The datagram is complete; its slot is free as soon as the borrow ends.
    Complete(Datagram<'t>),
    /// Dropped and counted, and with it all of its datagram where the reason says so. Nothing is sent.
    Dropped,
    /// Dropped and counted; IPv6 answers with Parameter Problem, code 0, and this pointer.
    Problem {
        /// Offset of the wrong field, in octets from the start of the IPv6 header.
        pointer: u16,
    },
}

/// A reassembled datagram, in place.
#[derive(Debug)]
pub struct Datagram<'t> {
    /// IPv4: header and options of the first fragment, total length, flags, ECN and checksum as of the whole
    /// datagram. IPv6: the fixed header alone, as if there were no extension headers before the segment.
    pub header: &'t [u8],
    /// Protocol, or what the first fragment's fragment header named: the start of a chain of further extension
    /// headers is possible.
    pub protocol: IpProtocol,
    /// Hop Limit, also TTL, of the first fragment.
    pub hop_limit: u8,
    /// Traffic Class of the first fragment with the ECN field of all, RFC 3168 §5.3.
    pub traffic_class: u8,
    /// The widest cast of all fragments.
    pub cast: Cast,
    /// Flags of the first fragment, and [`InFlags::FRAGMENTED`].
    pub flags: InFlags,
    /// The datagram behind its header.
    pub segment: &'t mut [u8],
}

impl<'t> Datagram<'t> {
    /// Source and destination.
    #[must_use]
    pub fn addresses(&self) -> Addresses<'t> {
        Addresses::V4(&[0; 8])
    }
}

/// A datagram that was given up with its first fragment at hand: owed a Time Exceeded, code 1.
#[derive(Debug)]
pub struct Expired<'t> {
    /// Headers of the first fragment as received; cut after [`HEADER_LEN_MAX`] octets.
    pub header: &'t [u8],
    /// The first fragment's data; empty if `header` was cut.
    pub data: &'t [u8],
    /// The interface that the first fragment came in by.
    pub interface: InterfaceId,
    /// The widest cast of all fragments.
    pub cast: Cast,
}

/// Tunables of reassembly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// How long an IPv4 datagram may take from its first-arriving fragment. Default 60 s, RFC 1122 §3.3.2
    /// recommends 60 to 120. IPv6 has 60 s by RFC 8200 §4.5.
    pub ipv4_timeout: Duration,
    /// How many datagrams of one source may be in the table; 0: half of the slots, rounded up.
    pub source_quota: u16,
}

impl Default for Config {
    fn default() -> Self {
        Self { ipv4_timeout: Duration::from_secs(60), source_quota: 0 }
    }
}

/// Counters; they wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Fragments taken in for consideration.
    pub received: u32,
}

/// One datagram in the making. All zeros when free.
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    header: [u8; HEADER_LEN_MAX],
    expires: Deadline,
}

impl Slot {
    /// A free slot.
    pub const FREE: Self = Self { header: [0; HEADER_LEN_MAX], expires: Deadline::NONE };
}

/// Memory for `SLOTS` datagrams at once, each of a buffer of `LEN` octets.
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

/// The table of datagrams in the making.
#[derive(Debug, Default)]
pub struct Reassembly<'a> {
    slots: &'a mut [Slot],
    buffers: &'a mut [u8],
    config: Config,
    /// What happened.
    pub statistics: Statistics,
}

impl<'a> Reassembly<'a> {
    /// A table in `storage`.
    #[must_use]
    pub fn new<const SLOTS: usize, const LEN: usize>(
        storage: &'a mut Storage<SLOTS, LEN>,
        config: Config,
    ) -> Self {
        Self::from_slices(&mut storage.slots, storage.buffers.as_flattened_mut(), config)
    }

    /// A table of as many datagrams as there are slots, each with an equal share of `buffers`.
    #[must_use]
    pub fn from_slices(slots: &'a mut [Slot], buffers: &'a mut [u8], config: Config) -> Self {
        Self { slots, buffers, config, statistics: Statistics::default() }
    }

    /// Largest datagram, in octets behind the IP header, that can be reassembled: MMS_R of RFC 1122 §3.3.2.
    #[must_use]
    pub fn max_segment_len(&self) -> usize {
        self.buffers.len() / self.slots.len().max(1)
    }

    /// Takes one fragment (atomic ones excepted: the caller treats them as whole datagrams).
    pub fn receive(&mut self, now: Instant, fragment: &Fragment<'_>) -> Outcome<'_> {
        let _ = (now, fragment, self.config);
        Outcome::Dropped
    }

    /// Gives up one datagram whose time is over. Call until `None`; those without a first fragment are given up
    /// silently.
    pub fn on_timeout(&mut self, now: Instant) -> Option<Expired<'_>> {
        let _ = now;
        None
    }

    /// When the next datagram is given up.
    #[must_use]
    pub fn poll_at(&self) -> Option<Instant> {
        None
    }
}
