//! Engines in memory from the heap of the host, which is never given back.

use tersus_iface::icmp::{self, Icmp};
use tersus_iface::igmp::{self, Entry, Igmp, Querier};
use tersus_iface::ip::{Deadline, Random};
use tersus_iface::tcp::congestion::{Bbr, Congestion, Cubic, Reno, Unlimited};
use tersus_iface::tcp::{Config, Listener, Range, Record, Slices, Slot, SynCookies, SynEntry, Tcp, TimeWait};
use tersus_iface::udp::{self, Udp};

/// A seed from a number.
pub(crate) fn spread(number: u64) -> [u8; 32] {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    seed
}

/// A fresh seed from a generator: no two engines may have the same.
pub(crate) fn draw(random: &mut Random) -> [u8; 32] {
    let mut seed = [0; 32];
    for part in seed.chunks_exact_mut(8) {
        part.copy_from_slice(&random.next_u64().to_le_bytes());
    }
    seed
}

/// The congestion controls that can be chosen by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Control {
    /// NewReno, RFC 5681 and RFC 6582.
    Reno,
    /// CUBIC, RFC 9438.
    Cubic,
    /// CUBIC, paced.
    CubicPaced,
    /// BBR version 3, draft-ietf-ccwg-bbr: by rates; up to a tenth lost is not taken for congestion.
    #[value(alias = "bbr-tolerant")]
    Bbr,
    /// The same to the letter: 2 % lost is congestion.
    BbrDraft,
    /// None at all: for a link of one's own.
    None,
}

impl Control {
    pub(crate) fn algorithm(self) -> &'static dyn Congestion {
        match self {
            Self::Reno => &Reno::DEFAULT,
            Self::Cubic => &Cubic::DEFAULT,
            Self::CubicPaced => &Cubic::PACED,
            Self::Bbr => &Bbr::TOLERANT,
            Self::BbrDraft => &Bbr::DEFAULT,
            Self::None => &Unlimited,
        }
    }
}

fn leak<T: Clone>(value: T, len: usize) -> &'static mut [T] {
    vec![value; len].leak()
}

/// A TCP engine of `connections` with `buffer` octets each way.
pub(crate) fn tcp(
    connections: usize,
    buffer: usize,
    congestion: &'static dyn Congestion,
    seed: [u8; 32],
) -> Tcp<'static> {
    // Losses of every second packet of a whole buffer, on a few connections at a time.
    let runs = (connections * 4).max(connections.min(4) * buffer / 2048).max(256);
    let half_open = connections.clamp(16, 4096);
    let waits = connections.clamp(64, 60_000);
    let slices = Slices {
        slots: leak(Slot::FREE, connections),
        rx: leak(0, connections * buffer),
        tx: leak(0, connections * buffer),
        words: leak(0, connections * congestion.words()),
        cells: leak(0, connections * 2),
        deadlines: leak(Deadline::NONE, connections),
        links: leak(0, connections * 5),
        syns: leak(SynEntry::FREE, half_open),
        syn_cells: leak(0, half_open * 2),
        syn_deadlines: leak(Deadline::NONE, half_open),
        syn_links: leak(0, half_open * 3),
        waits: leak(TimeWait::FREE, waits),
        wait_cells: leak(0, waits * 2),
        listeners: leak(Listener::FREE, 8),
        records: leak(Record::NONE, runs),
        ranges: leak(Range::NONE, runs),
    };
    let mut tcp = Tcp::from_slices(slices, Config::default(), congestion, seed);
    tcp.use_syn_cookies(SynCookies::WHEN_FULL);
    tcp
}

/// A UDP engine of `sockets` with room for `buffer` octets of datagrams each way.
pub(crate) fn udp(sockets: usize, buffer: usize, seed: [u8; 32]) -> Udp<'static> {
    Udp::from_slices(
        leak(udp::Slot::EMPTY, sockets),
        leak(0, sockets * 3),
        leak(udp::ErrorEntry::EMPTY, sockets * 4),
        leak(0, sockets * buffer),
        leak(0, sockets * buffer),
        seed,
    )
}

/// An ICMP engine that answers echo requests, of `sockets` with room for `buffer` octets of messages.
pub(crate) fn icmp(sockets: usize, buffer: usize, seed: [u8; 32]) -> Icmp<'static> {
    Icmp::from_slices(
        leak(icmp::Slot::EMPTY, sockets),
        leak(0, sockets),
        leak(0, sockets * buffer),
        leak(0, sockets * buffer),
        seed,
    )
}

/// Group membership on up to eight links.
pub(crate) fn igmp(seed: [u8; 32]) -> Igmp<'static> {
    Igmp::from_slices(leak(Querier::EMPTY, 8), leak(Entry::EMPTY, 256), igmp::Config::default(), seed)
}
