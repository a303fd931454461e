//! 6LoWPAN: IPv6 over IEEE 802.15.4, RFC 4944 with the header compression of RFC 6282.
//!
//! ```text
//!  +-----------+------------------------+---------------------+------+------+-----+---------+
//!  | MAC header| FRAG1 or FRAGN, if any | dispatch and IPHC   | CID, | NHC, | NHC | payload |
//!  |           | size, tag, (offset)    | 011 TF NH HLIM ...  | ...  | ...  | UDP |         |
//!  +-----------+------------------------+---------------------+------+------+-----+---------+
//! ```
//!
//! - [`dispatch`]: which header comes next, RFC 4944 §5.1, RFC 8025.
//! - [`fragment`]: the headers of link fragments, RFC 4944 §5.3.
//! - [`mesh`]: the headers of frames forwarded below IP, RFC 4944 §5.2 and §11.1.
//! - [`recoverable`]: recoverable fragments, RFC 8931.
//! - [`routing`]: the routing headers of page 1, RFC 8138, kept as they are.
//! - [`iphc`]: the encoding of the IPv6 header, RFC 6282 §3.
//! - [`nhc`]: the encoding of extension headers and UDP, RFC 6282 §4; [`udp`]: that of a UDP header alone.
//!
//! [`compress`] and [`decompress`] go over a packet once and need nothing but the addresses of the frame and the
//! [`Contexts`]. `decompress(compress(packet))` is the packet, octet by octet: what could not be restored
//! exactly is not compressed. Left out: HC1 and HC2 (RFC 4944 §10, superseded).
//!
//! ```
//! use tersus_wire::sixlowpan::{compress, decompress, Context, ContextUse, Contexts, LinkAddresses};
//! use tersus_wire::{ip, ipv6, udp, HardwareAddress, IpProtocol};
//!
//! // The prefix 2001:db8::/64 is known to all as context 0, and stands in no frame.
//! let mut contexts = Contexts::new();
//! let prefix: std::net::Ipv6Addr = "2001:db8::".parse()?;
//! contexts.set(0, Context::new(prefix.octets(), 64, ContextUse::Both).ok_or("prefix too long")?);
//! // Nor do interface identifiers that follow from the addresses of the frame.
//! let link = LinkAddresses { source: HardwareAddress::short(1), destination: HardwareAddress::short(2) };
//!
//! let (source, destination) = ("2001:db8::ff:fe00:1".parse()?, "2001:db8::ff:fe00:2".parse()?);
//! let mut packet = [0; 53];
//! ipv6::Repr::new(IpProtocol::UDP, source, destination, 13).emit(&mut packet)?;
//! let addresses = ip::pseudo_addresses(source.into(), destination.into());
//! udp::Repr { src_port: 61_617, dst_port: 61_618 }.emit(&mut packet[40..], b"hello", addresses)?;
//!
//! // 48 octets of headers become six; what they do not stand for follows as it is.
//! let mut frame = [0; 127];
//! let headers = compress(&packet, &link, &contexts, &mut frame)?;
//! let rest = &packet[headers.covered..];
//! let len = headers.header_len + rest.len();
//! frame[headers.header_len..len].copy_from_slice(rest);
//! assert_eq!((headers.covered, headers.header_len), (48, 6));
//!
//! let mut restored = [0; 1280];
//! let whole = decompress(&frame[..len], None, &link, &contexts, &mut restored)?;
//! assert_eq!(&restored[..whole.len], &packet);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! If [`Decompressed::checksum`] is there, the sender has elided the UDP checksum, and [`ElidedChecksum::restore`] writes it
//! once the packet is complete. These functions have an [`Error`] of their own, which says more of what is wrong.

mod address;
mod compress;
mod context;
mod cursor;
mod decompress;
pub mod dispatch;
pub mod fragment;
pub mod iphc;
pub mod mesh;
pub mod nhc;
pub mod recoverable;
pub mod routing;
#[cfg(test)]
mod tests;
pub mod udp;

pub use compress::{compress, Compressed};
pub use context::{Context, ContextUse, Contexts};
pub use decompress::{decompress, Decompressed, ElidedChecksum};
pub use dispatch::Dispatch;
pub use fragment::FragmentHeader;
pub use mesh::{BroadcastHeader, MeshHeader};
pub use recoverable::{RecoverableAck, RecoverableFragment};
pub use routing::RoutingHeader;

use crate::HardwareAddress;
use address::Half;

/// The link MTU of 6LoWPAN: the largest IPv6 packet, in octets, RFC 4944 §4.
pub const MTU: usize = 1280;

/// How many IPv6 headers are compressed or decompressed in one packet: one and a tunnelled one, RFC 6282 §4.2.
pub const IPV6_HEADERS_MAX: usize = 2;

/// Why a compressed packet was refused, or could not be made.
///
/// Flat and small, as it is on the path of each frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The octets end before a header does.
    #[error("truncated")]
    Truncated,
    /// The output does not fit the buffer.
    #[error("no room")]
    NoRoom,
    /// The first octet is another dispatch value than this parser's.
    #[error("dispatch 0x{0:02x} is not known here")]
    Dispatch(u8),
    /// A reserved address mode or extension header.
    #[error("reserved encoding 0x{0:02x}")]
    Reserved(u8),
    /// An encoding of a next header that is not assigned, or an IPv6 header too deep inside others.
    #[error("next header encoding 0x{0:02x} is not known")]
    NextHeader(u8),
    /// An address rests on a context that is not set, RFC 6282 §3.1.2.
    #[error("context {0} is not set")]
    Context(u8),
    /// An address is to be derived from a link-layer address that the frame does not have.
    #[error("no link-layer address to derive an interface identifier from")]
    LinkAddress,
    /// The lengths contradict each other.
    #[error("lengths contradict each other")]
    Length,
    /// A value that cannot be expressed in the format was to be emitted.
    #[error("value cannot be expressed in this format")]
    Unrepresentable,
}

/// The link-layer addresses of a frame, from which interface identifiers may be derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct LinkAddresses {
    /// Who sends the frame.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::ieee802154_address))]
    pub source: HardwareAddress,
    /// To whom.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::ieee802154_address))]
    pub destination: HardwareAddress,
}

/// The interface identifier of a link-layer address: RFC 4944 §6 with the short form of RFC 6282 §3.2.2.
///
/// `None` for addresses that IEEE 802.15.4 does not have.
#[must_use]
pub fn interface_identifier(address: HardwareAddress) -> Option<[u8; 8]> {
    identifier(address).map(Half::octets)
}

#[inline]
fn identifier(address: HardwareAddress) -> Option<Half> {
    match address.as_extended() {
        Some(address) => Some(Half::of_eui64(address)),
        None => address.as_short().map(|short| Half::short(short.to_be_bytes())),
    }
}

/// The interface identifiers that the encapsulating header yields, RFC 6282 §3.2.2.
#[derive(Clone, Copy)]
struct Identifiers {
    source: Option<Half>,
    destination: Option<Half>,
}

impl Identifiers {
    #[inline]
    fn of_frame(link: &LinkAddresses) -> Self {
        Self { source: identifier(link.source), destination: identifier(link.destination) }
    }

    /// Those of an IPv6 header that encapsulates another.
    fn of_ipv6(header: &iphc::Repr) -> Self {
        let [_, source] = address::halves(&header.source.octets());
        let [_, destination] = address::halves(&header.destination.octets());
        Self { source: Some(source), destination: Some(destination) }
    }
}
