//! Target `sixlowpan`: two links over radios that lose, double and mix up frames, and frames of any octets.

use crate::steps;
use arbitrary::{Arbitrary, Unstructured};
use core::net::Ipv6Addr;
use core::time::Duration;
use std::collections::VecDeque;
use tersus_phy::{
    Capabilities, Device, Frame, Instant, LinkControl, LinkError, LinkLayer, LinkPacket, LinkState, LinkTx,
    Medium, RxToken, Switch, TxMeta, TxToken, Upper,
};
use tersus_sixlowpan::{Config, Sixlowpan, Storage};
use tersus_wire::sixlowpan::iphc;
use tersus_wire::{ieee802154, ipv6, udp, EtherType, HardwareAddress, IpProtocol};

const PAN: u16 = 0xabcd;

#[derive(Arbitrary, Debug)]
enum Step {
    /// One link sends a packet, whose content is its number, to the other, to all or to a stranger.
    Send {
        right: bool,
        to: Station,
        packet: Packet,
    },
    /// A frame of any octets, or one of the PAN with any payload, arrives.
    Octets {
        right: bool,
        octets: Vec<u8>,
    },
    Payload {
        right: bool,
        from: Station,
        to: Station,
        payload: Vec<u8>,
    },
    /// What left one side arrives at the other, in the order that `order` says; some octet changed.
    Deliver {
        right: bool,
        order: u8,
        copies: u8,
        keep: u8,
    },
    Corrupt {
        right: bool,
        frame: u8,
        at: u8,
        value: u8,
    },
    Room {
        right: bool,
        frames: u8,
    },
    Turn {
        right: bool,
        budget: u8,
        answer: bool,
    },
    Context {
        right: bool,
        id: u8,
        prefix_len: u8,
        is_set: bool,
        compress: bool,
    },
    State {
        right: bool,
        up: bool,
    },
    Wait {
        millis: u32,
    },
    Back {
        millis: u16,
    },
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Station {
    Left,
    Right,
    All,
    Short(u16),
    Nobody,
}

#[derive(Arbitrary, Debug)]
struct Packet {
    len: u16,
    kind: u8,
    from: u8,
    to: u8,
    next_header: u8,
    hop_limit: u8,
    flow_label: u32,
    traffic_class: u8,
}

const LEFT: HardwareAddress = HardwareAddress::extended([2, 0, 0, 0, 0, 0, 0, 0x0a]);
const RIGHT: HardwareAddress = HardwareAddress::short(0x000b);

impl Station {
    fn get(self) -> HardwareAddress {
        match self {
            Self::Left => LEFT,
            Self::Right => RIGHT,
            Self::All => HardwareAddress::IEEE802154_BROADCAST,
            Self::Short(number) => HardwareAddress::short(number),
            Self::Nobody => HardwareAddress::NONE,
        }
    }
}

/// A radio that keeps what is sent.
struct Radio {
    inbox: VecDeque<Vec<u8>>,
    sent: Vec<Vec<u8>>,
    room: usize,
    refused: bool,
    link_state: LinkState,
}

impl Radio {
    fn new() -> Self {
        Self {
            inbox: VecDeque::new(),
            sent: Vec::new(),
            room: 100,
            refused: false,
            link_state: LinkState::Up,
        }
    }
}

struct Rx(Vec<u8>);

impl RxToken for Rx {
    fn consume<R>(mut self, f: impl FnOnce(&mut [u8]) -> R) -> R {
        f(&mut self.0)
    }
}

struct Tx<'a>(&'a mut Radio);

impl TxToken for Tx<'_> {
    fn consume<R>(self, len: usize, meta: TxMeta, f: impl FnOnce(&mut [u8]) -> R) -> R {
        assert!(len <= ieee802154::FRAME_LEN_MAX, "a frame of {len} octets");
        assert_eq!(meta, TxMeta::default());
        let mut frame = vec![0x55; len];
        let result = f(&mut frame);
        let parsed = ieee802154::Frame::parse(&frame).expect("a well-formed frame");
        let repr = ieee802154::Repr::parse(&parsed).expect("a plain data frame");
        assert!(!repr.src.is_none() && repr.dst_pan == PAN && repr.src_pan == PAN);
        assert!(!parsed.payload().is_empty());
        self.0.sent.push(frame);
        self.0.room -= 1;
        result
    }
}

impl Device for Radio {
    type Rx<'a> = Rx;
    type Tx<'a> = Tx<'a>;

    /// Room that comes with a frame was not asked for: its absence is no refusal.
    fn receive(&mut self, _: Instant) -> Option<(Rx, Option<Tx<'_>>)> {
        let frame = self.inbox.pop_front()?;
        Some((Rx(frame), (self.room > 0).then_some(Tx(self))))
    }

    fn transmit(&mut self, _: Instant) -> Option<Tx<'_>> {
        self.refused = self.room == 0;
        (self.room > 0).then_some(Tx(self))
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::new(Medium::Ieee802154, 125);
        capabilities.link_state = self.link_state;
        capabilities
    }

    fn poll_at(&self) -> Option<Instant> {
        let is_now = !self.inbox.is_empty() || (self.refused && self.room > 0);
        is_now.then_some(Instant::ZERO)
    }
}

/// Takes what arrives. On clean radios each packet must be one that was sent.
struct Taker<'a> {
    answer: bool,
    /// Packets that were sent; `None` once frames were forged or changed.
    genuine: Option<&'a [Vec<u8>]>,
    taken: usize,
}

impl Upper for Taker<'_> {
    fn receive(&mut self, frame: &mut Frame<'_>, back: &mut dyn LinkTx) {
        self.taken += 1;
        assert_eq!(frame.protocol, EtherType::IPV6);
        assert!(frame.payload.len() <= 1_280);
        if let Some(genuine) = self.genuine {
            assert!(genuine.iter().any(|sent| sent == frame.payload), "not sent: {:02x?}", frame.payload);
        }
        frame.payload.fill(0x11);
        if self.answer {
            let packet = LinkPacket::new(EtherType::IPV6, 40);
            let mut header = [0; 40];
            let repr = ipv6::Repr::new(IpProtocol::NO_NEXT_HEADER, ADDRESSES[0], ADDRESSES[1], 0);
            repr.emit(&mut header).expect("room");
            let _ = back.send(&frame.from, &packet, &mut |buffer: &mut [u8]| buffer.copy_from_slice(&header));
        }
    }
}

const ADDRESSES: [Ipv6Addr; 8] = [
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x0a),
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0xff, 0xfe00, 0x0b),
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x0a),
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0xff, 0xfe00, 0x0b),
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1),
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00, 0x0b),
    Ipv6Addr::UNSPECIFIED,
    Ipv6Addr::new(0x2001, 0xdb8, 0, 7, 1, 2, 3, 4),
];

impl Packet {
    /// An IPv6 packet; each octet of its payload tells its place and the packet's number.
    fn build(&self, number: usize) -> Vec<u8> {
        let payload_len = usize::from(self.len % 1_241);
        let fill = |i: usize| u8::try_from((i * 7 + number) % 251).expect("below 251");
        let mut payload: Vec<u8> = (0..payload_len).map(fill).collect();
        let address = |number: u8| ADDRESSES[usize::from(number % 8)];
        let (source, destination) = (address(self.from), address(self.to));
        let mut next_header = IpProtocol(self.next_header);
        if self.kind % 3 == 0 && payload_len >= 8 {
            next_header = IpProtocol::UDP;
            let ports = if self.kind & 4 == 0 { 0xf0b0 } else { 0x1234 };
            let repr = udp::Repr { src_port: ports, dst_port: 0xf0b2 };
            let data = payload.split_off(8);
            let addresses = tersus_wire::ip::pseudo_addresses(source.into(), destination.into());
            payload.resize(payload_len, 0);
            repr.emit(&mut payload, &data, addresses).expect("room");
        }
        let repr = ipv6::Repr {
            traffic_class: self.traffic_class,
            flow_label: self.flow_label & 0xf_ffff,
            hop_limit: self.hop_limit,
            ..ipv6::Repr::new(
                next_header,
                source,
                destination,
                u16::try_from(payload_len).expect("at most 1,240"),
            )
        };
        let mut packet = vec![0; ipv6::HEADER_LEN];
        repr.emit(&mut packet).expect("room");
        packet.extend(payload);
        packet
    }
}

type Link<'a> = Sixlowpan<'a, Radio>;

/// Target `sixlowpan`.
///
/// # Panics
/// If a property is broken.
pub fn sixlowpan(data: &[u8]) {
    let (mut left_storage, mut right_storage) = (Storage::<2, 1>::new(), Storage::<1, 2>::new());
    let mut left = Sixlowpan::new(Radio::new(), Config::new(PAN, LEFT), &mut left_storage).expect("legal");
    let mut right = Sixlowpan::new(Radio::new(), Config::new(PAN, RIGHT), &mut right_storage).expect("legal");
    let mut world = World { now: Instant::from_secs(1), genuine: true, sent: Vec::new() };
    left.service(world.now);
    right.service(world.now);
    let mut input = Unstructured::new(data);
    for _ in 0..200 {
        let Some(step) = steps::next::<Step>(&mut input) else { break };
        steps::trace(world.now, &step);
        world.step(&step, &mut left, &mut right);
    }
    // With room and time there is rest, and no fragment stays behind.
    for link in [&mut left, &mut right] {
        link.device_mut().link_state = LinkState::Up;
        link.device_mut().room = 1_000;
    }
    for _ in 0..100 {
        for link in [&mut left, &mut right] {
            world.now = world.now.max(link.poll_at().unwrap_or(world.now));
            world.turn(link, 8, false);
        }
    }
    for link in [&left, &right] {
        assert_eq!(link.poll_at(), None, "it never comes to rest");
    }
}

struct World {
    now: Instant,
    /// Whether all frames that arrived were sent, as they are.
    genuine: bool,
    sent: Vec<Vec<u8>>,
}

impl World {
    fn step<'a>(&mut self, step: &Step, left: &mut Link<'a>, right: &mut Link<'a>) {
        let at_right = match *step {
            Step::Send { right, .. }
            | Step::Octets { right, .. }
            | Step::Payload { right, .. }
            | Step::Deliver { right, .. }
            | Step::Corrupt { right, .. }
            | Step::Room { right, .. }
            | Step::Turn { right, .. }
            | Step::Context { right, .. }
            | Step::State { right, .. } => right,
            Step::Wait { .. } | Step::Back { .. } => false,
        };
        let (link, other) = if at_right { (right, left) } else { (left, right) };
        match step {
            Step::Send { to, packet, .. } => self.send(link, to.get(), packet),
            Step::Octets { octets, .. } => {
                self.genuine = false;
                let mut octets = octets.clone();
                octets.truncate(ieee802154::FRAME_LEN_MAX);
                link.device_mut().inbox.push_back(octets);
            }
            Step::Payload { from, to, payload, .. } => self.forge(link, from.get(), to.get(), payload),
            Step::Deliver { order, copies, keep, .. } => {
                let frames = &mut link.device_mut().sent;
                let mut chosen = Vec::new();
                for _ in 0..frames.len() {
                    let at = usize::from(*order) % frames.len();
                    let frame = frames.remove(at);
                    for _ in 0..(1 + copies % 2) {
                        chosen.push(frame.clone());
                    }
                }
                let lost = usize::from(*keep) % (chosen.len() + 1);
                other.device_mut().inbox.extend(chosen.into_iter().skip(lost));
            }
            Step::Corrupt { frame, at, value, .. } => {
                let frames = &mut link.device_mut().sent;
                let len = frames.len().max(1);
                let Some(frame) = frames.get_mut(usize::from(*frame) % len) else { return };
                let len = frame.len();
                frame[usize::from(*at) % len] = *value;
                self.genuine = false;
            }
            Step::Room { frames, .. } => link.device_mut().room = usize::from(*frames % 16),
            Step::Turn { budget, answer, .. } => self.turn(link, usize::from(*budget % 16), *answer),
            Step::Context { id, prefix_len, is_set, compress, .. } => {
                // The ends may know different contexts: then they understand different addresses.
                self.genuine = false;
                let prefix = is_set.then(|| (ADDRESSES[3].octets(), *prefix_len));
                let compress = if *compress { Switch::On } else { Switch::Off };
                let _ = link.control(LinkControl::Context { id: *id, prefix, compress });
            }
            Step::State { up, .. } => {
                link.device_mut().link_state = if *up { LinkState::Up } else { LinkState::Down };
            }
            Step::Wait { millis } => self.now += Duration::from_millis((*millis).into()),
            Step::Back { millis } => {
                let back = u64::from(*millis) * 1_000;
                self.now = Instant::from_micros(self.now.micros().saturating_sub(back));
            }
        }
    }

    fn send(&mut self, link: &mut Link<'_>, to: HardwareAddress, packet: &Packet) {
        let octets = packet.build(self.sent.len());
        let mut count = 0;
        let description = LinkPacket::new(EtherType::IPV6, u16::try_from(octets.len()).expect("short"));
        let result = link.tx(self.now).send(&to, &description, &mut |buffer: &mut [u8]| {
            count += 1;
            buffer.copy_from_slice(&octets);
        });
        assert_eq!(count, usize::from(result.is_ok()), "{result:?}");
        if to.is_none() {
            assert!(matches!(result, Err(LinkError::Unreachable)));
        }
        self.sent.push(octets);
    }

    /// A frame of the PAN with a payload of any octets.
    fn forge(&mut self, link: &mut Link<'_>, src: HardwareAddress, dst: HardwareAddress, payload: &[u8]) {
        self.genuine = false;
        let repr = ieee802154::Repr {
            version: ieee802154::Version::V2006,
            sequence: 1,
            ack_request: false,
            dst_pan: PAN,
            dst,
            src_pan: PAN,
            src,
        };
        let mut frame = vec![0; repr.buffer_len()];
        repr.emit(&mut frame).expect("room");
        frame.extend(payload);
        frame.truncate(ieee802154::FRAME_LEN_MAX);
        link.device_mut().inbox.push_back(frame);
    }

    fn turn(&mut self, link: &mut Link<'_>, budget: usize, answer: bool) {
        // What is answered is none of the packets that were sent.
        self.genuine &= !answer;
        let due = link.poll_at().is_some_and(|at| at <= self.now);
        let sent = link.device().sent.len();
        let events = link.service(self.now);
        let mut taker = Taker { answer, genuine: self.genuine.then_some(&self.sent), taken: 0 };
        let count = link.receive(self.now, budget, &mut taker);
        assert!(taker.taken <= count && count <= budget);
        let is_idle = count == 0 && events.is_empty() && link.device().sent.len() == sent;
        if due && budget > 0 && is_idle {
            assert!(link.poll_at().map_or(true, |at| at > self.now), "poll_at says now for ever");
        }
        assert_eq!(link.properties().mtu, 1_280);
        let _ = iphc::link_local(link.properties().hardware_address);
    }
}
