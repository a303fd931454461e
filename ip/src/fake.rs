//! An IP layer that reaches nobody: for tests of transports.
//!
//! It routes everything, answers sends as told, and shows what was sent to a function. A transport is tested
//! against it without links, neighbours or headers.
//!
//! A test plays the IP layer: it sets what the layer says, calls `transmit`, `receive` and `error` of the transport, and
//! looks at what left. An `echo` stands for the transport:
//! ```
//! use tersus_ip::fake::FakeIp;
//! use tersus_ip::{Addresses, Instant, IpLayer, IpMeta, IpProtocol, Outgoing, Path, Routes, SendError, Source, Verdict};
//!
//! # if cfg!(not(feature = "ipv4")) { return Ok(()) }
//! let mut buffer = [0; 1500];
//! let mut left = Vec::new();
//! let mut sent = |path: &Path, packet: Outgoing, segment: &[u8]| {
//!     left.push((path.destination(), packet.protocol, segment.to_vec()));
//! };
//! let mut ip = FakeIp::new(&mut buffer, &mut sent);
//! ip.now = Instant::from_secs(1);
//!
//! // What a transport does in `transmit`: first the next hop is unknown.
//! let mut path = ip.route(Source::ANY, "192.0.2.9".parse()?)?;
//! let mut send = |ip: &mut FakeIp<'_>| {
//!     ip.send(&mut path, Outgoing::new(IpProtocol(253)), 2, &mut |segment: &mut [u8]| segment.copy_from_slice(b"hi"))
//! };
//! ip.refusal = Some(SendError::Resolving);
//! assert_eq!(send(&mut ip), Err(SendError::Resolving));
//! // It was found: what waited tries again because the generation has moved.
//! ip.refusal = None;
//! ip.generation += 1;
//! assert_eq!(send(&mut ip), Ok(()));
//!
//! // What a transport is given in `receive`.
//! fn echo(packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
//!     match packet.protocol {
//!         IpProtocol(253) => Verdict::Reply(segment.len() as u16),
//!         _ => Verdict::NotMine,
//!     }
//! }
//! let mut octets = [0; 32];
//! let addresses = Addresses::join("192.0.2.9".parse()?, "192.0.2.1".parse()?, &mut octets).expect("one family");
//! let mut packet = IpMeta::new(ip.now, IpProtocol(253), addresses);
//! packet.reply_from = Some("192.0.2.1".parse()?);
//! assert_eq!(echo(&packet, &mut [b'h', b'i']), Verdict::Reply(2));
//! assert_eq!(left, [("192.0.2.9".parse()?, IpProtocol(253), b"hi".to_vec())]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::path::PathFlags;
use crate::{
    Advice, ChecksumOffload, Fill, Instant, InterfaceId, InterfaceSet, IpLayer, Membership, Outgoing, Path,
    Routes, SendError, Source, Unreachable,
};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A fake IP layer with one interface unless told; all fields may be set between calls.
pub struct FakeIp<'a> {
    /// The moment of this turn.
    pub now: Instant,
    /// Value of [`Routes::generation`].
    pub generation: u32,
    /// Value of [`Routes::group_generation`].
    pub group_generation: u32,
    /// Value of [`IpLayer::room`].
    pub room: InterfaceSet,
    /// Value of [`Routes::interface_count`].
    pub interface_count: u8,
    /// MTU of the paths that are decided from now on, in octets.
    pub mtu: u16,
    /// What the links below the paths that are decided from now on do for checksums.
    pub checksum: ChecksumOffload,
    /// Own IPv4 address, the source where the caller fixes none.
    pub ipv4: Ipv4Addr,
    /// Own IPv6 address, the source where the caller fixes none.
    pub ipv6: Ipv6Addr,
    /// What `route` answers instead of a path.
    pub unroutable: Option<Unreachable>,
    /// What `send` answers instead of sending.
    pub refusal: Option<SendError>,
    /// What `send` answers to these destinations, when `refusal` is none. `Resolving` shows in their paths too.
    pub refusals: &'a [(IpAddr, SendError)],
    /// Value of [`Routes::groups`] of the interface.
    pub groups: &'a [Membership],
    /// The last word of [`IpLayer::advise`].
    pub advice: Option<Advice>,
    buffer: &'a mut [u8],
    sent: &'a mut dyn FnMut(&Path, Outgoing, &[u8]),
}

impl<'a> FakeIp<'a> {
    /// A layer whose own addresses are 192.0.2.1 and 2001:db8::1, MTU 1500, time zero. `buffer` bounds the length of
    /// a segment; `sent` sees every segment with its path.
    ///
    /// A [`Deadline`](crate::Deadline) at time zero falls due a microsecond later: set `now` to a later moment before a
    /// transport is asked to do something at once.
    pub fn new(buffer: &'a mut [u8], sent: &'a mut dyn FnMut(&Path, Outgoing, &[u8])) -> Self {
        Self {
            now: Instant::ZERO,
            generation: 1,
            group_generation: 1,
            room: InterfaceSet::ALL,
            interface_count: 1,
            mtu: 1500,
            checksum: ChecksumOffload::None,
            ipv4: Ipv4Addr::new(192, 0, 2, 1),
            ipv6: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1),
            unroutable: None,
            refusal: None,
            refusals: &[],
            groups: &[],
            advice: None,
            buffer,
            sent,
        }
    }

    fn refusal_of(&self, to: IpAddr) -> Option<SendError> {
        let of_destination = || self.refusals.iter().find(|(address, _)| *address == to);
        self.refusal.or_else(|| of_destination().map(|&(_, refusal)| refusal))
    }
}

impl core::fmt::Debug for FakeIp<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { now, generation, room, mtu, ipv4, ipv6, unroutable, refusal, .. } = self;
        write!(f, "FakeIp {{ {now}, generation: {generation}, {room:?}, mtu: {mtu}, {ipv4}, {ipv6}, ")?;
        write!(f, "{unroutable:?}, {refusal:?}, .. }}")
    }
}

impl Routes for FakeIp<'_> {
    fn route(&self, from: Source, to: IpAddr) -> Result<Path, Unreachable> {
        if let Some(reason) = self.unroutable {
            return Err(reason);
        }
        let source = from.address.unwrap_or(match to {
            IpAddr::V4(_) => IpAddr::V4(self.ipv4),
            IpAddr::V6(_) => IpAddr::V6(self.ipv6),
        });
        let interface = from.interface.unwrap_or_default();
        let mut path = Path::new(source, to, interface, self.mtu).ok_or(Unreachable::Family)?;
        path.generation = self.generation;
        path.flags.set(PathFlags::SOURCE_FIXED, from.address.is_some());
        path.flags.set(PathFlags::INTERFACE_FIXED, from.interface.is_some());
        path.flags.set(PathFlags::CHECKSUM_OFFLOAD, self.checksum == ChecksumOffload::Partial);
        path.flags.set(PathFlags::RESOLVING, self.refusal_of(to) == Some(SendError::Resolving));
        Ok(path)
    }

    fn generation(&self) -> u32 {
        self.generation
    }

    fn groups(&self, interface: InterfaceId) -> &[Membership] {
        if interface == InterfaceId(0) {
            self.groups
        } else {
            &[]
        }
    }

    fn group_generation(&self) -> u32 {
        self.group_generation
    }

    fn interface_count(&self) -> u8 {
        self.interface_count
    }
}

impl IpLayer for FakeIp<'_> {
    fn now(&self) -> Instant {
        self.now
    }

    fn send(
        &mut self,
        path: &mut Path,
        packet: Outgoing,
        len: usize,
        fill: &mut dyn Fill,
    ) -> Result<(), SendError> {
        if let Some(refusal) = self.refusal_of(path.destination()) {
            return Err(refusal);
        }
        let buffer = self.buffer.get_mut(..len).ok_or(SendError::TooBig(path.mtu()))?;
        fill.fill(buffer);
        (self.sent)(path, packet, buffer);
        Ok(())
    }

    fn room(&self) -> InterfaceSet {
        self.room
    }

    fn advise(&mut self, _path: &Path, advice: Advice) {
        self.advice = Some(advice);
    }
}
