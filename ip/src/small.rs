//! The IP layer of a small host: one link, a few addresses, and no more than it takes to talk. For devices that count
//! octets of flash; in front of it stand the same transports, behind it the same links.
//!
//! ```text
//!    Ip ......... a host as RFC 1122 and RFC 8504 want it, on many links       duties are left out one by one
//!    SmallIp .... one link; resolves, refuses, answers                         features are what is in here
//! ```
//!
//! What it does: IPv4 and IPv6 in and out, whole packets; prefixes on the link and routes by gateways, the longest
//! first; address resolution with three tries, a verdict, and entries that live a minute after the last sign of life;
//! replies in place; ICMP errors about what nobody takes, within the rules and the rate of RFC 4443 §2.4.
//!
//! What it does if its user gives memory for it, else it is not linked: fragments of IPv4 both ways, one datagram at a
//! time ([`SmallIp::use_fragments`]); groups beside those that IPv6 itself needs, and the Router Alert of packets about
//! them ([`SmallIp::use_groups`]). Likewise if its user asks for it: checksums that a transport leaves to the layers below
//! ([`SmallIp::complete_checksums`]), and what transports advise ([`SmallIp::take_advice`]).
//!
//! What it does not, which [`Ip`](crate::Ip) does: several links, loopback, fragments of IPv6, received ICMP errors
//! and path MTU discovery, IPv4 options (they are skipped), announcement and defence of addresses, reachability
//! probes, gateways that take over, events.
//!
//! Every IPv4 packet that is whole says Don't Fragment, so none needs an identification (RFC 6864 §4.1) and none a keyed
//! hash.
//! Where paths carry less than the link, limit the packets: [`SmallIp::set_mtu`].
//!
//! A device with a transport of its own, its loop and its sleep; [`Storage`](crate::Storage) shows how memory becomes a
//! `static`. `SmallUdp` of `tersus-udp`, `SmallTcp` of `tersus-tcp` and the others stand in the same place.
//! ```
//! use tersus_ip::small::{SmallIp, Storage};
//! use tersus_ip::{Instant, Progress, Transport};
//! use tersus_phy::{Device, Ethernet, LinkLayer};
//!
//! /// One pass of the main loop; when to make the next one if no interrupt comes: `None`: then only.
//! fn turn<D: Device>(
//!     ip: &mut SmallIp<'_>,
//!     link: &mut Ethernet<D>,
//!     transport: &mut impl Transport,
//!     now: Instant,
//! ) -> Option<Instant> {
//!     // A tuple of transports, here of one: (&mut icmp, &mut udp) has two.
//!     let progress = ip.poll(now, link, &mut (&mut *transport,));
//!     // Here: what the application does with its transports. What it gives them to send leaves in the next pass.
//!     if progress == Progress::More {
//!         return Some(now); // it stopped because of its budget
//!     }
//!     ip.poll_at(link, &(transport,))
//! }
//!
//! # use tersus_phy::memory::{self, Wire};
//! # struct Idle;
//! # impl Transport for Idle {
//! #     fn receive(&mut self, _: &tersus_ip::IpMeta<'_>, _: &mut [u8]) -> tersus_ip::Verdict { tersus_ip::Verdict::NotMine }
//! #     fn error(&mut self, _: Instant, _: &tersus_ip::IcmpError<'_>) -> tersus_ip::Quoted { tersus_ip::Quoted::Unknown }
//! #     fn transmit(&mut self, _: &mut dyn tersus_ip::IpLayer, _: &mut usize) -> Progress { Progress::Idle }
//! #     fn poll_at(&self) -> Option<Instant> { None }
//! # }
//! # let mut transport = Idle;
//! # let mut wire = memory::Storage::<4, 1514>::new();
//! # let wire = Wire::new(&mut wire, tersus_phy::Medium::Ethernet, [7; 32]);
//! # let (driver, _) = wire.ends();
//! let mut link: Ethernet<_> = Ethernet::new(driver, [2, 0, 0, 0, 0, 1]);
//! // Two addresses, a default gateway, four neighbours.
//! let mut memory = Storage::<2, 1, 4>::new();
//! let mut ip = SmallIp::new(&mut memory);
//! # #[cfg(feature = "ipv4")]
//! ip.add_address("192.0.2.1/24".parse()?)?;
//! # #[cfg(feature = "ipv4")]
//! ip.add_route("0.0.0.0/0".parse()?, Some("192.0.2.254".parse()?))?;
//! # #[cfg(feature = "ipv6")]
//! ip.add_address("fe80::1/64".parse()?)?;
//! let next = turn(&mut ip, &mut link, &mut transport, Instant::from_millis(1));
//! # let _ = next;
//! assert_eq!(ip.statistics().received_v4, 0); // every drop has a counter, too
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
#[cfg(feature = "ipv4")]
mod arp;
#[cfg(all(feature = "fragmentation", feature = "ipv4"))]
mod fragments;
mod groups;
mod input;
#[cfg(feature = "ipv6")]
mod ndisc;
mod neighbours;
mod output;
mod statistics;

#[cfg(all(feature = "fragmentation", feature = "ipv4"))]
pub use fragments::{FragmentStatistics, FragmentStorage, CUTS_MAX};
pub use neighbours::Neighbour;
pub use output::Out;
pub use statistics::Statistics;

use self::address::Address;
use self::neighbours::NEVER;
use crate::interface::InterfaceFlags;
use crate::martian::{self, Kind};
use crate::{earliest, AddressError, Instant, Interface, InterfaceError, Progress, RouteError, Transports};
use core::net::IpAddr;
use tersus_phy::{LinkEvents, LinkLayer, LinkProperties};
use tersus_wire::Cidr;

/// Frames that [`SmallIp::poll`] takes in, and sends, at most before it returns.
pub const BUDGET: usize = 128;

/// Memory for one [`SmallIp`]; all zeros when empty. Any number may be zero.
///
/// | parameter | what | octets each |
/// | --- | --- | --- |
/// | `ADDRESSES` | own addresses of both families together | 19 |
/// | `ROUTES` | routes beside those to the prefixes of own addresses: one for a default gateway | 35 |
/// | `NEIGHBOURS` | stations whose hardware addresses are known at a time; none is needed on a raw IP link | 40 |
///
/// With IPv4 alone an address takes 5 octets, a route 11 and a neighbour 24 at most. [`SmallIp`] itself takes under 400.
#[derive(Debug)]
pub struct Storage<const ADDRESSES: usize, const ROUTES: usize, const NEIGHBOURS: usize> {
    addresses: [Own; ADDRESSES],
    routes: [Via; ROUTES],
    neighbours: [Neighbour; NEIGHBOURS],
}

impl<const ADDRESSES: usize, const ROUTES: usize, const NEIGHBOURS: usize>
    Storage<ADDRESSES, ROUTES, NEIGHBOURS>
{
    /// Empty, all zeros.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            addresses: [Own::FREE; ADDRESSES],
            routes: [Via::FREE; ROUTES],
            neighbours: [Neighbour::FREE; NEIGHBOURS],
        }
    }
}

impl<const ADDRESSES: usize, const ROUTES: usize, const NEIGHBOURS: usize> Default
    for Storage<ADDRESSES, ROUTES, NEIGHBOURS>
{
    fn default() -> Self {
        Self::new()
    }
}

/// An own address with its prefix: an entry of the table that [`Storage`] holds.
#[derive(Debug, Clone, Copy)]
pub struct Own {
    address: Address,
    prefix_len: u8,
    /// The link was told of its groups.
    #[cfg(feature = "ipv6")]
    is_told: bool,
}

impl Own {
    /// A free entry.
    pub const FREE: Self = Self::new(Address::NONE, 0);

    const fn new(address: Address, prefix_len: u8) -> Self {
        Self {
            address,
            prefix_len,
            #[cfg(feature = "ipv6")]
            is_told: false,
        }
    }

    fn contains(&self, address: &Address) -> bool {
        !self.address.is_none() && self.address.shares(self.prefix_len, address)
    }

    /// Whether `to`, which is in the prefix, is its first or last address over IPv4: a broadcast address, RFC 1122
    /// §3.2.1.3. /31 and /32 have none, RFC 3021.
    fn is_edge(&self, to: &Address) -> bool {
        #[cfg(feature = "ipv4")]
        if let Some(bits) = to.v4_bits() {
            // The one behind the last is the first again.
            let behind = bits.wrapping_add(1) & u32::MAX.wrapping_shr(u32::from(self.prefix_len));
            return self.prefix_len < 31 && behind <= 1;
        }
        let _ = to;
        false
    }
}

/// What an address is to a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    /// One of its own.
    Own,
    /// A broadcast address of a prefix of its own.
    Edge,
    /// Another one in such a prefix: it is on the link.
    Near,
    /// None of these.
    Far,
}

/// A route: an entry of the table that [`Storage`] holds.
#[derive(Debug, Clone, Copy)]
pub struct Via {
    prefix: Address,
    /// Its length plus one; 0: the entry is free.
    rank: u8,
    /// None: the stations of the prefix are on the link.
    gateway: Address,
}

impl Via {
    /// A free entry.
    pub const FREE: Self = Self { prefix: Address::NONE, rank: 0, gateway: Address::NONE };

    /// One beyond the longest prefix has no rank, and no addresses.
    fn to(prefix: Cidr, gateway: Address) -> Self {
        Self { prefix: Address::new(prefix.address()), rank: prefix.prefix_len().saturating_add(1), gateway }
    }

    fn is_to(&self, prefix: Cidr) -> bool {
        let other = Self::to(prefix, Address::NONE);
        self.prefix == other.prefix && self.rank == other.rank
    }
}

/// The IP layer of a host with one link. See the [module](self).
///
/// [`SmallIp::poll`] is the whole turn. Calls of users, such as a transport's `connect`, take it as
/// [`Routes`](crate::Routes).
// The counters first: they are what most instructions are for that use a field, and the first fields take the shortest.
#[derive(Debug)]
#[repr(C)]
pub struct SmallIp<'a> {
    statistics: Statistics,
    addresses: &'a mut [Own],
    routes: &'a mut [Via],
    neighbours: &'a mut [Neighbour],
    interface: Interface,
    /// The moment of the last turn.
    now: Instant,
    generation: u32,
    /// When a neighbour is to be asked, or given up.
    ask_at: Instant,
    /// The link answered `Full`.
    is_full: bool,
    /// How far the shares of the ICMP errors reach that were sent: the lower half of a moment.
    errors_until: u32,
    groups: groups::Groups<'a>,
    /// Sends what is none of the usual packets, if the user asked for it.
    special: Option<groups::SendSpecial>,
    /// Takes what a transport learned of a path, if the user asked for it.
    advise: Option<output::Advise>,
    #[cfg(all(feature = "fragmentation", feature = "ipv4"))]
    fragments: Option<fragments::Fragments<'a>>,
}

impl<'a> SmallIp<'a> {
    /// An IP layer in `storage`, with nothing configured.
    #[must_use]
    pub fn new<const ADDRESSES: usize, const ROUTES: usize, const NEIGHBOURS: usize>(
        storage: &'a mut Storage<ADDRESSES, ROUTES, NEIGHBOURS>,
    ) -> Self {
        Self::from_slices(&mut storage.addresses, &mut storage.routes, &mut storage.neighbours)
    }

    /// An IP layer in slices of run-time sizes, which are cleared.
    #[must_use]
    pub fn from_slices(
        addresses: &'a mut [Own],
        routes: &'a mut [Via],
        neighbours: &'a mut [Neighbour],
    ) -> Self {
        addresses.fill(Own::FREE);
        routes.fill(Via::FREE);
        // What stands among the neighbours is forgotten when the link is first seen.
        Self {
            addresses,
            routes,
            neighbours,
            interface: Interface::FREE,
            now: Instant::ZERO,
            generation: 1,
            ask_at: NEVER,
            is_full: false,
            errors_until: 0,
            statistics: Statistics::default(),
            groups: groups::Groups::none(),
            special: None,
            advise: None,
            #[cfg(all(feature = "fragmentation", feature = "ipv4"))]
            fragments: None,
        }
    }

    /// Gives the host an address with its prefix, which is then on the link. Nobody is asked whether it is free: a
    /// station that shall find out first uses [`Ip`](crate::Ip).
    ///
    /// # Errors
    /// [`AddressError`]; nothing was changed.
    pub fn add_address(&mut self, cidr: Cidr) -> Result<(), AddressError> {
        match martian::kind(&cidr.address().into()).ok_or(AddressError::Family)? {
            Kind::Unicast | Kind::LinkLocal => {}
            _ => return Err(AddressError::NotUnicast),
        }
        if cidr.broadcast().is_some_and(|broadcast| IpAddr::V4(broadcast) == cidr.address()) {
            return Err(AddressError::NotUnicast);
        }
        let address = Address::new(cidr.address());
        if self.is_own(&address) {
            return Err(AddressError::Exists);
        }
        let free = self.addresses.iter_mut().find(|own| own.address.is_none());
        *free.ok_or(AddressError::TableFull)? = Own::new(address, cidr.prefix_len());
        #[cfg(feature = "ipv6")]
        self.interface.flags.insert(InterfaceFlags::GROUPS_CHANGED);
        self.moved();
        Ok(())
    }

    /// Takes an address from the host; `false` if it did not have it. What the link has joined for an IPv6 address it
    /// goes on hearing; for another address it may be asked to join the same again.
    pub fn remove_address(&mut self, address: IpAddr) -> bool {
        let address = Address::new(address);
        let Some(own) = self.addresses.iter_mut().find(|own| own.address == address) else { return false };
        *own = Own::FREE;
        self.moved();
        true
    }

    /// The own addresses, in the order of the table.
    pub fn addresses(&self) -> impl Iterator<Item = Cidr> + '_ {
        self.addresses.iter().filter_map(|own| Cidr::new(own.address.get()?, own.prefix_len).ok())
    }

    /// Adds a route to `prefix` by `gateway`, a station of the link; `None`: the stations of the prefix are on the
    /// link.
    ///
    /// # Errors
    /// [`RouteError`]; nothing was changed.
    pub fn add_route(&mut self, prefix: Cidr, gateway: Option<IpAddr>) -> Result<(), RouteError> {
        if let Some(gateway) = gateway {
            if gateway.is_ipv4() != prefix.address().is_ipv4() {
                return Err(RouteError::Family);
            }
            if gateway.is_unspecified() || gateway.is_multicast() {
                return Err(RouteError::Gateway);
            }
        }
        if self.routes.iter().any(|via| via.is_to(prefix)) {
            return Err(RouteError::Exists);
        }
        let free = self.routes.iter_mut().find(|via| via.rank == 0);
        *free.ok_or(RouteError::TableFull)? = Via::to(prefix, gateway.map_or(Address::NONE, Address::new));
        self.moved();
        Ok(())
    }

    /// Removes the route to `prefix`; `false` if there is none.
    pub fn remove_route(&mut self, prefix: Cidr) -> bool {
        let Some(via) = self.routes.iter_mut().find(|via| via.is_to(prefix)) else { return false };
        *via = Via::FREE;
        self.moved();
        true
    }

    /// Limits packets to `mtu` octets where the link carries more; 0 removes the limit.
    ///
    /// # Errors
    /// [`InterfaceError::Mtu`] below 68, or below 1280 in a build with IPv6.
    pub fn set_mtu(&mut self, mtu: u16) -> Result<(), InterfaceError> {
        let min = if cfg!(feature = "ipv6") {
            crate::path_mtu::IPV6_MIN_MTU
        } else {
            crate::path_mtu::IPV4_MIN_MTU
        };
        if mtu != 0 && mtu < min {
            return Err(InterfaceError::Mtu(min));
        }
        self.interface.mtu_limit = mtu;
        self.moved();
        Ok(())
    }

    /// What is known of the link.
    #[must_use]
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// Counters of the layer.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// One turn: takes frames in, lets the transports send, and asks for neighbours. [`Progress::More`]: poll again at
    /// once.
    pub fn poll<L: LinkLayer + ?Sized, T: Transports + ?Sized>(
        &mut self,
        now: Instant,
        link: &mut L,
        transports: &mut T,
    ) -> Progress {
        self.poll_bounded(now, BUDGET, link, transports)
    }

    /// As [`SmallIp::poll`], with at most `budget` frames taken in and as many segments sent; replies in place and
    /// questions for neighbours do not count.
    pub fn poll_bounded<L: LinkLayer + ?Sized, T: Transports + ?Sized>(
        &mut self,
        now: Instant,
        budget: usize,
        link: &mut L,
        transports: &mut T,
    ) -> Progress {
        if now < self.now {
            // The clock stepped back: nothing shall wait until it is again where it was.
            self.forget_neighbours();
        }
        self.now = now;
        let events = link.service(now);
        if !events.is_empty() || self.interface.flags != InterfaceFlags::ATTACHED {
            self.on_link_news(events, link.properties());
            #[cfg(feature = "ipv6")]
            {
                self.tell_groups(&mut |command| _ = link.control(command));
                self.interface.flags.remove(InterfaceFlags::GROUPS_CHANGED);
            }
        }
        let taken = link.receive(now, budget, &mut input::Input { host: self, transports });
        let generation = self.generation;
        let mut left = budget;
        #[cfg(all(feature = "fragmentation", feature = "ipv4"))]
        self.go_on(link.tx(now), &mut left);
        let progress = transports.transmit(&mut Out { host: self, link, now }, &mut left, 0);
        if self.ask_at <= now {
            self.ask(link.tx(now));
        }
        // What the transports wait for has come after they had their turn.
        #[cfg(all(feature = "fragmentation", feature = "ipv4"))]
        if self.can_go_on() && budget != 0 {
            return Progress::More;
        }
        if (taken >= budget && budget != 0) || generation != self.generation {
            Progress::More
        } else {
            progress
        }
    }

    /// When to poll next by the passing of time alone; a past moment means at once, `None` not before the device has
    /// something. The transports are those that poll gets, `&(&mut udp,)`; who has them borrowed asks with `&()`, and them
    /// themselves: [`earliest`].
    #[must_use]
    pub fn poll_at<L: LinkLayer + ?Sized, T: Transports + ?Sized>(
        &self,
        link: &L,
        transports: &T,
    ) -> Option<Instant> {
        earliest(Some(self.ask_at).filter(|at| *at != NEVER), earliest(link.poll_at(), transports.poll_at()))
    }

    /// What the link says of itself.
    #[cold]
    #[inline(never)]
    fn on_link_news(&mut self, events: LinkEvents, properties: LinkProperties) {
        // Whatever the news: at worst it says so once more.
        self.is_full = false;
        if self.interface.is_attached() && !events.contains(LinkEvents::CHANGED) {
            return;
        }
        self.interface.properties = properties;
        self.interface.flags.insert(InterfaceFlags::ATTACHED);
        // Another network, perhaps.
        self.forget_neighbours();
    }

    /// All are asked for anew.
    #[cold]
    #[inline(never)]
    fn forget_neighbours(&mut self) {
        self.neighbours.iter_mut().for_each(Neighbour::forget);
        self.ask_at = NEVER;
        self.moved();
    }

    /// Moves the generation: paths are decided again.
    fn moved(&mut self) {
        self.generation = next(self.generation);
    }

    /// What `address` is to us, and the own address with the longest prefix that it is in.
    #[inline(never)]
    fn relation(&self, address: &Address) -> (Relation, Option<&Own>) {
        let mut relation = Relation::Far;
        let mut best: Option<&Own> = None;
        if address.is_none() {
            return (relation, best);
        }
        for own in self.addresses.iter() {
            if own.address == *address {
                return (Relation::Own, Some(own));
            }
            if own.contains(address) && best.map_or(true, |best| best.prefix_len < own.prefix_len) {
                best = Some(own);
                relation = if own.is_edge(address) { Relation::Edge } else { Relation::Near };
            }
        }
        (relation, best)
    }

    /// Whether `address` is ours.
    fn is_own(&self, address: &Address) -> bool {
        self.relation(address).0 == Relation::Own
    }
}

/// The generation behind another.
fn next(generation: u32) -> u32 {
    generation.wrapping_add(1)
}
