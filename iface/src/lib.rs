//! The composition of tersus: links, the IP layer and transports as one stack that is polled.
//!
//! ```text
//!   poll:  service links -> receive -> transports send -> IP layer's own duties
//!                                 poll_at: when to poll next by the passing of time alone
//! ```
//!
//! The user owns everything: links, the [`ip::Ip`] inside the [`Stack`], and the transports, whose typed methods are
//! called between polls. What is not in the lists is not linked.
//!
//! ```
//! use tersus_iface::{ip, phy, udp, wire, Stack};
//! use phy::{memory, Ethernet, Instant, Medium};
//!
//! let mut wire_storage = memory::Storage::<8, 1514>::new();
//! let wire = memory::Wire::new(&mut wire_storage, Medium::Ethernet, [1; 32]);
//! let (end, _) = wire.ends();
//! let mut ethernet = Ethernet::new(end, [2, 0, 0, 0, 0, 1]);
//!
//! let mut ip_storage = ip::Storage::<1, 2, 1, 8>::new();
//! let mut stack = Stack::new(ip::Ip::new(&mut ip_storage, [2; 32], ip::Config::default()));
//! stack.ip.add_address(ip::InterfaceId(0), "192.0.2.1/24".parse().unwrap()).unwrap();
//!
//! let now = Instant::from_millis(1);
//! stack.poll(now, &mut [&mut ethernet], &mut []);
//! let next = stack.poll_at(&[&ethernet], &[]);
//! # let _ = next;
//! ```
//!
//! # The order of calls
//! 0. Configure addresses and routes, then poll once: the first poll reads what the links are. Before it no route
//!    leads anywhere, and `connect` or `send` say so.
//! 1. Poll when a device has something (its interrupt, a readable file descriptor), when the moment of
//!    [`Stack::poll_at`] has come, and after calls that give a transport something to send.
//! 2. Call the transports' methods between polls, never less than once after a poll that brought something, or
//!    their buffers fill and the peers stop.
//! 3. Time may stand still between polls; it should not run backwards. If it does, nothing breaks, but what was timed
//!    before may wait until the clock is where it was: a path MTU that was learned, the word of an older querier.
//!
//! # A client and a server
//! Two stacks on a wire in memory, and a TCP connection between them. On a device the loop sleeps until `poll_at` or an
//! interrupt; here time jumps there.
//! ```
//! # #[cfg(feature = "tcp")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use tersus_iface::phy::{memory, Ethernet, Instant, Medium};
//! use tersus_iface::tcp::{congestion::Reno, Config, ConnectOptions, Event, Storage, Tcp};
//! use tersus_iface::{ip, Stack};
//!
//! # if cfg!(not(feature = "ipv6")) { return Ok(()) }
//! let mut memory = memory::Storage::<32, 1514>::new();
//! let wire = memory::Wire::new(&mut memory, Medium::Ethernet, [1; 32]);
//! let (left, right) = wire.ends();
//! let mut left: Ethernet<_> = Ethernet::new(left, [2, 0, 0, 0, 0, 1]);
//! let mut right: Ethernet<_> = Ethernet::new(right, [2, 0, 0, 0, 0, 2]);
//! let (mut a, mut b) = (ip::Storage::<1, 1, 1, 8>::new(), ip::Storage::<1, 1, 1, 8>::new());
//! let mut client = Stack::new(ip::Ip::new(&mut a, [2; 32], ip::Config::default()));
//! let mut server = Stack::new(ip::Ip::new(&mut b, [3; 32], ip::Config::default()));
//! client.ip.add_address(ip::InterfaceId(0), "2001:db8::1/64".parse()?)?;
//! server.ip.add_address(ip::InterfaceId(0), "2001:db8::2/64".parse()?)?;
//! let (mut a, mut b) = (Storage::<1, 2048, 2048>::new(), Storage::<4, 2048, 2048>::new());
//! let mut asking = Tcp::new(&mut a, Config::default(), &Reno::DEFAULT, [4; 32]);
//! let mut answering = Tcp::new(&mut b, Config::default(), &Reno::DEFAULT, [5; 32]);
//!
//! let mut now = Instant::from_millis(1);
//! client.poll(now, &mut [&mut left], &mut [&mut asking]); // reads what the link is: now there are routes
//! let listener = answering.listen(80, 4)?;
//! let remote = "[2001:db8::2]:80".parse()?;
//! let connection = asking.connect(&client.ip, now, remote, ConnectOptions::default())?;
//! asking.send(connection, b"hello")?; // leaves when the connection is established
//!
//! let (mut answer, mut buffer) = (Vec::new(), [0; 512]);
//! loop {
//!     client.poll(now, &mut [&mut left], &mut [&mut asking]);
//!     server.poll(now, &mut [&mut right], &mut [&mut answering]);
//!     while let Some(event) = answering.next_event() {
//!         while answering.accept(listener).is_some() {}
//!         let Event::Connection(id, _) = event else { continue };
//!         loop {
//!             match answering.recv(id, &mut buffer) {
//!                 Ok(0) => break,
//!                 Ok(len) => drop(answering.send(id, &buffer[..len])?), // an echo
//!                 Err(_) => break answering.release(id)?, // the end: what is queued still leaves
//!             }
//!         }
//!     }
//!     while asking.next_event().is_some() {}
//!     if asking.is_established(connection) {
//!         asking.close(connection)?; // behind what was queued; while still connecting it would give up
//!     }
//!     match asking.recv(connection, &mut buffer) {
//!         Ok(len) => answer.extend_from_slice(&buffer[..len]),
//!         Err(_) => break asking.release(connection)?,
//!     }
//!     let due = [client.poll_at(&[&left], &[&asking]), server.poll_at(&[&right], &[&answering])];
//!     now = due.into_iter().flatten().min().unwrap_or(now).max(now);
//! }
//! assert_eq!(answer, b"hello");
//!
//! // What happened is counted, and what was dropped by its reason: in every layer, by the name of the field.
//! assert_eq!(asking.statistics().opened_active, 1);
//! for (name, count) in left.statistics().counters().into_iter().chain(client.ip.statistics().counters()) {
//!     if count > 0 {
//!         println!("{name} {count}");
//!     }
//! }
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "tcp"))]
//! # fn main() {}
//! ```
//!
//! # A 6LoWPAN node, and groups
//! Another link and another transport are other entries of the lists, nothing else changes. Two nodes with a compression
//! context for their prefix; one hears a group and tells the routers of it by MLD:
//! ```
//! use tersus_iface::phy::{memory, Instant, LinkControl, LinkLayer, Medium, Switch};
//! use tersus_iface::sixlowpan::{self, Sixlowpan};
//! use tersus_iface::wire::{sixlowpan::iphc::link_local, HardwareAddress};
//! use tersus_iface::{igmp, ip, udp, Stack};
//!
//! # if cfg!(not(feature = "ipv6")) { return Ok(()) }
//! // Frames without their check sequence; a radio of one's own is a `phy::Device` of this medium.
//! let mut air = memory::Storage::<8, 125>::new();
//! let air = memory::Wire::new(&mut air, Medium::Ieee802154, [1; 32]);
//! let (left, right) = air.ends();
//! let addresses = [1, 2].map(|node| HardwareAddress::extended([2, 0, 0, 0, 0, 0, 0, node]));
//! // Two packets in reassembly and one that leaves in fragments: 5.3 KB each.
//! let (mut a, mut b) = (sixlowpan::Storage::<2, 1>::new(), sixlowpan::Storage::<2, 1>::new());
//! let mut left = Sixlowpan::new(left, sixlowpan::Config::new(0xabcd, addresses[0]), &mut a)?;
//! let mut right = Sixlowpan::new(right, sixlowpan::Config::new(0xabcd, addresses[1]), &mut b)?;
//! let mut prefix = [0; 16];
//! prefix[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
//! for link in [&mut left, &mut right] {
//!     // Context 0 is 2001:db8::/64: addresses of the prefix that follow from hardware addresses cost no octet.
//!     link.control(LinkControl::Context { id: 0, prefix: Some((prefix, 64)), compress: Switch::On })?;
//! }
//!
//! // Groups: ff02::1, one for each address, and those that are joined.
//! let (mut a, mut b) = (ip::Storage::<1, 1, 0, 4, 4>::new(), ip::Storage::<1, 1, 0, 4, 4>::new());
//! let mut sensor = Stack::new(ip::Ip::new(&mut a, [2; 32], ip::Config::default()));
//! let mut reader = Stack::new(ip::Ip::new(&mut b, [3; 32], ip::Config::default()));
//! for (stack, hardware) in [(&mut sensor, addresses[0]), (&mut reader, addresses[1])] {
//!     let own = link_local(hardware).expect("an address of eight octets");
//!     stack.ip.add_address(ip::InterfaceId(0), ip::Cidr::new(own.into(), 64)?)?;
//! }
//! let group = "ff02::4321".parse()?;
//! reader.ip.join(ip::InterfaceId(0), group)?; // also before the first poll; wants one `leave`
//!
//! let mut memory = igmp::Storage::<1, 4>::new();
//! let mut mld = igmp::Igmp::new(&mut memory, igmp::Config::default(), [4; 32]);
//! let (mut a, mut b) = (udp::Storage::<1, 512, 1500>::new(), udp::Storage::<1, 512, 512>::new());
//! let (mut sending, mut hearing) = (udp::Udp::new(&mut a, [5; 32]), udp::Udp::new(&mut b, [6; 32]));
//! let (from, to) = (sending.bind(&udp::Local::ANY)?, hearing.bind(&udp::Local::port(4321))?);
//! let mut now = Instant::from_millis(1);
//! sensor.poll(now, &mut [&mut left], &mut [&mut sending]);
//! // Five frames on the air.
//! sending.send_to(&sensor.ip, from, (group, 4321).into(), &[21; 400])?;
//! let received = loop {
//!     sensor.poll(now, &mut [&mut left], &mut [&mut sending]);
//!     reader.poll(now, &mut [&mut right], &mut [&mut mld, &mut hearing]);
//!     if let Some(received) = hearing.recv(to, &mut [0; 512])? {
//!         break received;
//!     }
//!     let due = [sensor.poll_at(&[&left], &[&sending]), reader.poll_at(&[&right], &[&mld, &hearing])];
//!     now = due.into_iter().flatten().min().expect("MLD repeats its report").max(now);
//! };
//! assert_eq!((received.meta.local, received.meta.len), (group, 400));
//! assert_eq!(mld.statistics().reports_sent, 1);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # Static composition
//! [`Stack::poll_with`] is the same code for a tuple of transports and links of one type: smaller and faster, since
//! nothing is called through a table of functions.
#![no_std]
#![forbid(unsafe_code)]

mod stack;

pub use stack::{Stack, DEFAULT_BUDGET};
pub use tersus_ip::Progress;

#[cfg(feature = "icmp")]
pub use tersus_icmp as icmp;
#[cfg(feature = "igmp")]
pub use tersus_igmp as igmp;
pub use tersus_ip as ip;
pub use tersus_phy as phy;
#[cfg(feature = "sixlowpan")]
pub use tersus_sixlowpan as sixlowpan;
#[cfg(feature = "tcp")]
pub use tersus_tcp as tcp;
#[cfg(feature = "udp")]
pub use tersus_udp as udp;
pub use tersus_wire as wire;

/// The examples of the repository's README, as tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod repository {}

/// The example of this crate's README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
