//! The peers of an engine under test: what they know of each flow, segments made from that, and a check of what the
//! engine sends.
//!
//! Each octet that a peer sends depends on its sequence number alone, so that data that are delivered must be those
//! behind one of the SYNs that were sent. The user's octets depend on their place in the stream in the same way, so
//! that each retransmission must equal the first transmission.

use super::octet_at;
use crate::transport::{Address, OWN_V4};
use arbitrary::Arbitrary;
use core::cell::{Cell, RefCell};
use core::net::{IpAddr, SocketAddr};
use tersus_ip::{ErrorKind, IcmpError, Path};
use tersus_wire::ip::pseudo_addresses;
use tersus_wire::tcp::{self as wire, Flags, SackBlock, Timestamps, UserTimeout};
use tersus_wire::IpProtocol;

/// A segment of a flow: one of those that were seen, or a new one.
#[derive(Arbitrary, Debug)]
pub(super) struct Segment {
    flow: u8,
    flags: u8,
    seq: Place,
    ack: Place,
    window: u16,
    urgent: u16,
    options: SegmentOptions,
    len: u8,
    bad_checksum: bool,
    /// Of its packet: Congestion Experienced is 3.
    pub(super) traffic_class: u8,
}

/// A sequence number, from what the engine said last.
#[derive(Arbitrary, Debug, Clone, Copy)]
enum Place {
    /// What it expects, or has sent.
    Right,
    Off(i8),
    Far(i32),
    Initial,
}

#[derive(Arbitrary, Debug)]
struct SegmentOptions {
    mss: Option<u16>,
    window_scale: Option<u8>,
    sack_permitted: bool,
    timestamps: Stamps,
    user_timeout: Option<u8>,
    /// From what the engine sent last.
    sack: Vec<(i8, i8)>,
    /// The option area instead.
    raw: Option<Vec<u8>>,
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Stamps {
    /// As the engine expects: some on a SYN, and on what follows if it sends some.
    Usual,
    None,
    Off(i16, i8),
    Any(u32, u32),
}

/// What is known of the segments between two endpoints.
struct Flow {
    peer: IpAddr,
    peer_port: u16,
    local: IpAddr,
    port: u16,
    /// What the engine sent: initial and highest next sequence number, acknowledgement, timestamps.
    iss: Option<u32>,
    snd_nxt: u32,
    ack: u32,
    stamp: Option<u32>,
    /// The newest timestamp that was sent to it.
    our_stamp: u32,
    /// Sequence numbers of the SYNs that were sent to it.
    syns: Vec<u32>,
}

/// All flows.
#[derive(Default)]
pub(super) struct Peers {
    flows: RefCell<Vec<Flow>>,
    /// Segments that the engine sent.
    pub(super) seen: Cell<u32>,
}

fn initial(peer_port: u16) -> u32 {
    [0xffff_fff0, 0, 0x7fff_fff0, 1_000].get(usize::from(peer_port % 4)).copied().unwrap_or(0)
}

/// An ICMP error: the octets that it quotes, our address, the peer's, and what it says.
pub(super) struct Error(Vec<u8>, IpAddr, IpAddr, ErrorKind);

impl Error {
    pub(super) fn get(&self) -> IcmpError<'_> {
        let Self(quoted, local, remote, kind) = self;
        let (kind, local, remote) = (*kind, *local, *remote);
        IcmpError { kind, reporter: remote, local, remote, protocol: IpProtocol::TCP, quoted }
    }
}

impl Peers {
    /// As [`Peers::note`], of what leaves along a path.
    pub(super) fn note_sent(&self, path: &Path, segment: &[u8]) {
        self.note(path.source(), path.destination(), segment);
    }

    /// Learns from what the engine sent, and checks its data against what the user sent.
    pub(super) fn note(&self, local: IpAddr, peer: IpAddr, segment: &[u8]) {
        self.seen.set(self.seen.get() + 1);
        let flows = &mut *self.flows.borrow_mut();
        let packet = wire::Packet::parse(segment).expect("checked");
        let header = packet.header();
        let (port, peer_port) = (header.src_port(), header.dst_port());
        let at = flows.iter().position(|flow| {
            (flow.peer, flow.peer_port, flow.local, flow.port) == (peer, peer_port, local, port)
        });
        let at = at.unwrap_or_else(|| {
            if flows.len() >= 8 {
                flows.remove(0);
            }
            let flow = Flow::new((local, port), (peer, peer_port));
            flows.push(Flow { snd_nxt: header.seq(), ack: header.ack(), ..flow });
            flows.len() - 1
        });
        let flow = &mut flows[at];
        if header.flags().contains(Flags::SYN) {
            flow.iss = Some(header.seq());
            assert!(packet.payload().is_empty(), "data with a SYN");
            flow.snd_nxt = header.seq();
        }
        if header.flags().contains(Flags::RST) {
            assert!(packet.payload().is_empty(), "data with an RST");
            return;
        }
        flow.stamp = packet.options().find_map(|option| match option {
            Ok(wire::TcpOption::Timestamps(stamps)) => Some(stamps.value),
            _ => None,
        });
        if header.flags().contains(Flags::ACK) {
            flow.ack = header.ack();
        }
        flow.snd_nxt = header.seq().wrapping_add(packet.segment_len());
        if let Some(iss) = flow.iss {
            for (octet, place) in packet.payload().iter().zip(0..) {
                let place = header.seq().wrapping_sub(iss).wrapping_sub(1).wrapping_add(place);
                assert_eq!(*octet, octet_at(place), "octet {place} of the stream is another");
            }
        }
    }

    /// Whether nothing was ever sent either way.
    pub(super) fn is_empty(&self) -> bool {
        self.flows.borrow().is_empty()
    }

    /// What a user read must be what lies behind one of the SYNs that these endpoints were sent. A local address that the
    /// engine does not tell is `None`.
    pub(super) fn check_read(&self, local: Option<SocketAddr>, remote: SocketAddr, received: &[u8]) {
        let flows = self.flows.borrow();
        let mut known = flows.iter().filter(|flow| {
            let is_local = local.map_or(true, |local| (local.ip(), local.port()) == (flow.local, flow.port));
            is_local && (flow.peer, flow.peer_port) == (remote.ip(), remote.port())
        });
        let is_behind = |syn: &u32| {
            received
                .iter()
                .zip(0..)
                .all(|(octet, place)| *octet == octet_at(syn.wrapping_add(1).wrapping_add(place)))
        };
        // A flow that was forgotten tells nothing.
        let is_right = known.any(|flow| flow.syns.iter().any(is_behind));
        assert!(is_right || received.is_empty() || flows.len() >= 8, "never sent: {received:02x?}");
    }

    /// Makes a segment: from whom, to whom, octets.
    pub(super) fn segment(&self, segment: &Segment) -> Option<(IpAddr, IpAddr, Vec<u8>)> {
        let mut flows = self.flows.borrow_mut();
        let known = flows.len();
        // Also flows that do not exist yet: four peer ports to one port.
        let choice = usize::from(segment.flow) % (known + 4);
        if choice >= known {
            let peer_port = u16::try_from(choice - known).expect("below four") + 5_000;
            let is_there = flows.iter().any(|flow| flow.peer_port == peer_port);
            if !is_there {
                let flow = Flow::new((IpAddr::V4(OWN_V4), 80), (Address::Peer4.get(), peer_port));
                flows.push(Flow { ack: initial(peer_port), ..flow });
            }
        }
        let len = flows.len();
        let flow = &mut flows[choice.min(len - 1)];
        let place = |place: Place, right: u32| match place {
            Place::Right => right,
            Place::Off(off) => right.wrapping_add_signed(off.into()),
            Place::Far(off) => right.wrapping_add_signed(off),
            Place::Initial => initial(flow.peer_port),
        };
        let (seq, ack) = (place(segment.seq, flow.ack), place(segment.ack, flow.snd_nxt));
        let flags = Flags::from_bits_truncate(segment.flags);
        let first = seq.wrapping_add(u32::from(flags.contains(Flags::SYN)));
        if flags.contains(Flags::SYN) {
            flow.syns.push(seq);
        }
        let payload: Vec<u8> = (0..u32::from(segment.len)).map(|i| octet_at(first.wrapping_add(i))).collect();
        let fields = wire::Fields {
            src_port: flow.peer_port,
            dst_port: flow.port,
            seq,
            ack,
            flags,
            window: segment.window,
            urgent: segment.urgent,
        };
        let (from, to) = (flow.peer, flow.local);
        let mut octets = segment.options.build(&fields, flow, &payload)?;
        if segment.bad_checksum {
            octets[16] ^= 1;
        }
        Some((from, to, octets))
    }

    /// An error about a flow, which quotes the number that was sent last, or one near it.
    pub(super) fn error(&self, flow: u8, kind: u8, seq: i8, cut: u8) -> Option<Error> {
        let flows = self.flows.borrow();
        let flow = flows.get(usize::from(flow) % flows.len().max(1))?;
        let seq = flow.snd_nxt.wrapping_add_signed(seq.into());
        let fields =
            wire::Fields { src_port: flow.port, dst_port: flow.peer_port, seq, ..wire::Fields::default() };
        let mut octets = vec![0; 20];
        let sum = pseudo_addresses(flow.local, flow.peer);
        wire::emit(&mut octets, &fields, &[], [&[], &[]], wire::Checksum::Full(sum)).expect("room");
        octets.truncate(8 + usize::from(cut % 13));
        let kind = match kind % 6 {
            0 => ErrorKind::HostUnreachable,
            1 => ErrorKind::PortUnreachable,
            2 => ErrorKind::TooBig(u16::from(kind) * 8),
            3 => ErrorKind::ProtocolUnreachable,
            4 => ErrorKind::HopLimitExceeded,
            _ => ErrorKind::Prohibited,
        };
        Some(Error(octets, flow.local, flow.peer, kind))
    }
}

impl Flow {
    fn new(local: (IpAddr, u16), peer: (IpAddr, u16)) -> Self {
        Self {
            peer: peer.0,
            peer_port: peer.1,
            local: local.0,
            port: local.1,
            iss: None,
            snd_nxt: 0,
            ack: 0,
            stamp: None,
            our_stamp: 0,
            syns: Vec::new(),
        }
    }
}

impl Stamps {
    fn get(self, flow: &mut Flow, flags: Flags) -> Option<Timestamps> {
        let echo = flow.stamp.unwrap_or(0);
        let (value, echo) = match self {
            Self::Usual if flow.stamp.is_some() || flags.contains(Flags::SYN) => {
                (flow.our_stamp.wrapping_add(1), echo)
            }
            Self::Usual | Self::None => return None,
            Self::Off(value, off) => {
                (flow.our_stamp.wrapping_add_signed(value.into()), echo.wrapping_add_signed(off.into()))
            }
            Self::Any(value, echo) => (value, echo),
        };
        flow.our_stamp = value;
        Some(Timestamps { value, echo })
    }
}

impl SegmentOptions {
    fn build(&self, fields: &wire::Fields, flow: &mut Flow, payload: &[u8]) -> Option<Vec<u8>> {
        let mut options = wire::Options::default();
        let mut area = vec![0; wire::OPTIONS_LEN_MAX];
        let area = match &self.raw {
            Some(raw) => {
                let mut raw = raw.clone();
                raw.truncate(wire::OPTIONS_LEN_MAX);
                raw.resize(raw.len().div_ceil(4) * 4, 0);
                raw
            }
            None => {
                options.mss = self.mss;
                options.window_scale = self.window_scale;
                options.sack_permitted = self.sack_permitted;
                options.timestamps = self.timestamps.get(flow, fields.flags);
                options.user_timeout = self.user_timeout.map(|n| UserTimeout::Seconds(n.into()));
                for (left, right) in self.sack.iter().take(3) {
                    let block = SackBlock {
                        left: flow.snd_nxt.wrapping_add_signed((*left).into()),
                        right: flow.snd_nxt.wrapping_add_signed((*right).into()),
                    };
                    options.sack.push(block).ok()?;
                }
                let len = options.emit(&mut area).ok()?;
                area.truncate(len);
                area
            }
        };
        let mut octets = vec![0; wire::HEADER_LEN + area.len() + payload.len()];
        let sum = wire::Checksum::Full(pseudo_addresses(flow.peer, flow.local));
        wire::emit(&mut octets, fields, &area, [payload, &[]], sum).ok()?;
        Some(octets)
    }
}
