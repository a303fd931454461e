//! Memory of the IP layer: plain data, all zeros when empty, of sizes that the caller chose.

use crate::neighbour::NeighbourSlot;
#[cfg(feature = "fragmentation")]
use crate::{fragment, reassembly};
use crate::{path_mtu, Interface, Membership, OwnAddress, RouteEntry};

/// Memory for one [`Ip`](crate::Ip). Lies in `.bss` as a `static`. Any number may be zero: the table is then empty and
/// what needs it is refused.
///
/// | parameter | what | octets each |
/// | --- | --- | --- |
/// | `INTERFACES` | links, at most 32 | 44, and its groups |
/// | `ADDRESSES` | own addresses on all interfaces together | 40 |
/// | `ROUTES` | routes beside those to the prefixes of own addresses: one for a default gateway | 48 |
/// | `NEIGHBOURS` | stations whose hardware addresses are known at a time; none is needed on raw IP links | 48 |
/// | `GROUPS` | groups for each interface; one with IPv4 needs one (224.0.0.1), one with IPv6 one (ff02::1) and one more for each address | 20 |
/// | `DATAGRAMS` | datagrams that are reassembled at a time, and as many that are sent in fragments; with 0 none is | twice `DATAGRAM_LEN` and a quarter of it, and some 310 |
/// | `DATAGRAM_LEN` | the largest of them, in octets behind the IP header; RFC 1122 §3.3.2 wants 556, RFC 8200 §5 1,460 at least | |
/// | `PATHS` | destinations whose path MTU is remembered | 32 |
///
/// `Storage<1, 2, 1, 8>` takes 768 octets, and [`Ip`](crate::Ip) itself 1.7 KB. So it becomes a `static`, which lies in
/// `.bss`, without unsafe code:
/// ```
/// use tersus_ip::{Config, Ip, Storage};
///
/// # mod static_cell { // what the crate of this name has
/// #     pub struct StaticCell<T>(core::marker::PhantomData<fn() -> T>);
/// #     impl<T> StaticCell<T> {
/// #         pub const fn new() -> Self { Self(core::marker::PhantomData) }
/// #         pub fn init(&'static self, value: T) -> &'static mut T { Box::leak(Box::new(value)) }
/// #     }
/// # }
/// use static_cell::StaticCell; // a crate; `singleton!` of `cortex-m` does as well
///
/// static MEMORY: StaticCell<Storage<1, 2, 1, 8>> = StaticCell::new();
///
/// let seed = [7; 32]; // that nobody can guess, from a source of entropy
/// let ip: Ip<'static> = Ip::new(MEMORY.init(Storage::new()), seed, Config::default());
/// ```
#[derive(Debug)]
pub struct Storage<
    const INTERFACES: usize,
    const ADDRESSES: usize,
    const ROUTES: usize,
    const NEIGHBOURS: usize,
    const GROUPS: usize = 4,
    const DATAGRAMS: usize = 0,
    const DATAGRAM_LEN: usize = 1480,
    const PATHS: usize = 4,
> {
    pub(crate) interfaces: [Interface; INTERFACES],
    pub(crate) addresses: [OwnAddress; ADDRESSES],
    pub(crate) routes: [RouteEntry; ROUTES],
    pub(crate) neighbours: [NeighbourSlot; NEIGHBOURS],
    pub(crate) groups: [[Membership; GROUPS]; INTERFACES],
    pub(crate) paths: [path_mtu::Entry; PATHS],
    #[cfg(feature = "fragmentation")]
    pub(crate) reassembly: reassembly::Storage<DATAGRAMS, DATAGRAM_LEN>,
    #[cfg(feature = "fragmentation")]
    pub(crate) fragments: fragment::Storage<DATAGRAMS, DATAGRAM_LEN>,
}

impl<
        const INTERFACES: usize,
        const ADDRESSES: usize,
        const ROUTES: usize,
        const NEIGHBOURS: usize,
        const GROUPS: usize,
        const DATAGRAMS: usize,
        const DATAGRAM_LEN: usize,
        const PATHS: usize,
    > Storage<INTERFACES, ADDRESSES, ROUTES, NEIGHBOURS, GROUPS, DATAGRAMS, DATAGRAM_LEN, PATHS>
{
    /// Empty, all zeros.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            interfaces: [Interface::FREE; INTERFACES],
            addresses: [OwnAddress::FREE; ADDRESSES],
            routes: [RouteEntry::FREE; ROUTES],
            neighbours: [NeighbourSlot::FREE; NEIGHBOURS],
            groups: [[Membership::FREE; GROUPS]; INTERFACES],
            paths: [path_mtu::Entry::FREE; PATHS],
            #[cfg(feature = "fragmentation")]
            reassembly: reassembly::Storage::new(),
            #[cfg(feature = "fragmentation")]
            fragments: fragment::Storage::new(),
        }
    }
}

impl<
        const INTERFACES: usize,
        const ADDRESSES: usize,
        const ROUTES: usize,
        const NEIGHBOURS: usize,
        const GROUPS: usize,
        const DATAGRAMS: usize,
        const DATAGRAM_LEN: usize,
        const PATHS: usize,
    > Default for Storage<INTERFACES, ADDRESSES, ROUTES, NEIGHBOURS, GROUPS, DATAGRAMS, DATAGRAM_LEN, PATHS>
{
    fn default() -> Self {
        Self::new()
    }
}

/// The same memory as slices, of run-time sizes: fields left empty mean none.
///
/// ```
/// use tersus_ip::{Interface, Ip, OwnAddress, Slices};
/// let mut interfaces = vec![Interface::FREE; 2];
/// let mut addresses = vec![OwnAddress::FREE; 6];
/// let slices = Slices { interfaces: &mut interfaces, addresses: &mut addresses, ..Slices::default() };
/// let ip = Ip::from_slices(slices, [7; 32], Default::default());
/// ```
#[derive(Debug, Default)]
pub struct Slices<'a> {
    /// Links, at most 32.
    pub interfaces: &'a mut [Interface],
    /// Own addresses.
    pub addresses: &'a mut [OwnAddress],
    /// Routes.
    pub routes: &'a mut [RouteEntry],
    /// Neighbours.
    pub neighbours: &'a mut [NeighbourSlot],
    /// Groups: each interface gets an equal share.
    pub groups: &'a mut [Membership],
    /// Destinations whose path MTU is remembered.
    pub paths: &'a mut [path_mtu::Entry],
    /// Datagrams that are reassembled at a time.
    #[cfg(feature = "fragmentation")]
    pub reassembly: reassembly::Reassembly<'a>,
    /// Datagrams that are sent in fragments at a time.
    #[cfg(feature = "fragmentation")]
    pub fragments: fragment::Fragmenter<'a>,
}
