//! 6LoWPAN: a [`LinkLayer`](tersus_phy::LinkLayer) that carries IPv6 over IEEE 802.15.4.
//!
//! Packets are compressed as RFC 6282 says and, where one frame does not hold them, cut into link fragments as
//! RFC 4944 §5.3 says. To the IP layer it is a link like Ethernet, with an MTU of 1280 octets and hardware addresses
//! of eight octets (EUI-64) or two (short).
//!
//! ```text
//!   IPv6 packet  ──fill──>  [Outbound; OUT]  ──FRAG1, FRAGN ...──>
//!                └─ certain to fit one frame ─────────────────────>   Device
//!                 <──────── scratch  <──── IPHC ──────────────────    (medium Ieee802154)
//!   IPv6 packet  <──────── [Inbound; IN]  <──── FRAG1, FRAGN ─────
//! ```
//!
//! All memory is the caller's: a [`Storage`], or slices of [`Inbound`] and [`Outbound`]. Each of these holds one
//! packet of 1280 octets. With no `Inbound` nothing is reassembled, with no `Outbound` nothing is fragmented.
//!
//! # Example
//! ```
//! use tersus_phy::{Device, Instant, LinkLayer, LinkPacket, LinkTx};
//! use tersus_sixlowpan::{Config, Sixlowpan, Storage};
//! use tersus_wire::{EtherType, HardwareAddress};
//!
//! # mod radio {
//! #     use tersus_phy::{Capabilities, Device, Instant, Medium, RxToken, TxMeta, TxToken};
//! #     #[derive(Default)]
//! #     pub struct Radio { pub sent: Vec<Vec<u8>> }
//! #     pub struct Nothing;
//! #     impl RxToken for Nothing {
//! #         fn consume<R>(self, f: impl FnOnce(&mut [u8]) -> R) -> R { f(&mut []) }
//! #     }
//! #     pub struct Out<'a>(&'a mut Radio);
//! #     impl TxToken for Out<'_> {
//! #         fn consume<R>(self, len: usize, _: TxMeta, f: impl FnOnce(&mut [u8]) -> R) -> R {
//! #             let mut frame = vec![0; len];
//! #             let result = f(&mut frame);
//! #             self.0.sent.push(frame);
//! #             result
//! #         }
//! #     }
//! #     impl Device for Radio {
//! #         type Rx<'a> = Nothing;
//! #         type Tx<'a> = Out<'a>;
//! #         fn receive(&mut self, _: Instant) -> Option<(Nothing, Option<Out<'_>>)> { None }
//! #         fn transmit(&mut self, _: Instant) -> Option<Out<'_>> { Some(Out(self)) }
//! #         fn capabilities(&self) -> Capabilities { Capabilities::new(Medium::Ieee802154, 125) }
//! #     }
//! # }
//! # use radio::Radio;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Two packets may be reassembled at once, one fragmented.
//! let mut storage = Storage::<2, 1>::new();
//! let own = HardwareAddress::extended([2, 0, 0, 0, 0, 0, 0, 1]);
//! let config = Config::new(0xabcd, own);
//! let mut link = Sixlowpan::new(Radio::default(), config, &mut storage)?;
//! assert_eq!(link.properties().mtu, 1280);
//!
//! // An IPv6 packet of 48 octets to all nodes: 27 octets in the air, 15 of them the MAC header.
//! let now = Instant::from_millis(5);
//! link.service(now);
//! let mut packet = [0; 48];
//! packet[..8].copy_from_slice(&[0x60, 0, 0, 0, 0, 8, 59, 255]);
//! packet[8..24].copy_from_slice(&[0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
//! packet[24..40].copy_from_slice(&[0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
//! let mut fill = |buffer: &mut [u8]| buffer.copy_from_slice(&packet);
//! let description = LinkPacket::new(EtherType::IPV6, 48);
//! link.tx(now).send(&HardwareAddress::IEEE802154_BROADCAST, &description, &mut fill)?;
//! assert_eq!(link.device().sent[0].len(), 15 + 4 + 8);
//! assert_eq!(link.statistics().tx_packets, 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Declared choices
//! - A datagram whose sender left the UDP checksum out is dropped, unless the configuration says that the frames have
//!   another integrity check: [`ElidedChecksum`]. Sent checksums are never left out (RFC 6282 §4.3.2).
//! - Fragments that overlap others in part, or hold other octets, end a reassembly; a new one starts with them.
//!   Exact duplicates do no harm.
//! - Full reassembly table: the oldest packet gives way, of the same source if that has its share.
//! - Mesh headers, broadcast headers, HC1, recoverable fragments, pages above 1 and critical routing headers of
//!   page 1 are recognised, dropped and counted; so are secured frames and frames without a source address.
#![no_std]
#![forbid(unsafe_code)]

mod config;
mod inbound;
mod link;
mod outbound;
mod statistics;
mod storage;

pub use config::{Config, ConfigError, ElidedChecksum};
pub use inbound::Inbound;
pub use link::Sixlowpan;
pub use outbound::Outbound;
pub use statistics::Statistics;
pub use storage::{Scratch, Storage};

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
