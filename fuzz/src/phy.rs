//! Target `phy`: two Ethernet links over a wire in memory, with impairments, requests and strange frames.

use crate::steps;
use arbitrary::{Arbitrary, Unstructured};
use core::time::Duration;
use tersus_phy::memory::{End, Side, Storage, Wire};
use tersus_phy::{
    Device, Ethernet, Fraction, Frame, Impairment, Instant, LinkControl, LinkError, LinkLayer, LinkPacket,
    LinkState, LinkTx, Medium, Switch, TxMeta, TxToken, Upper,
};
use tersus_wire::{EtherType, HardwareAddress};

const FRAMES: usize = 4;
const LEN: usize = 128;
const LEFT: [u8; 6] = [2, 0, 0, 0, 0, 1];
const RIGHT: [u8; 6] = [2, 0, 0, 0, 0, 2];

#[derive(Arbitrary, Debug)]
enum Step {
    /// One link sends to an address.
    Send {
        right: bool,
        to: Station,
        ether_type: u16,
        len: u8,
    },
    /// A frame of any octets is put on the wire.
    Raw {
        right: bool,
        octets: Vec<u8>,
    },
    /// A turn of one link: service, receive, answering if `answer`.
    Turn {
        right: bool,
        budget: u8,
        answer: bool,
    },
    /// A request to a link.
    Control {
        right: bool,
        request: Request,
    },
    /// The wire changes.
    Impair {
        right: bool,
        impairment: Damage,
    },
    Partition(bool),
    Cable(bool),
    /// Time passes; or steps back.
    Wait(u32),
    Back(u16),
}

#[derive(Arbitrary, Debug)]
enum Station {
    Left,
    Right,
    Broadcast,
    Group(u8),
    Nobody,
    Short(u16),
}

#[derive(Arbitrary, Debug)]
enum Request {
    Join(u8),
    Leave(u8),
    Promiscuous(bool),
    Context(u8),
}

#[derive(Arbitrary, Debug)]
struct Damage {
    loss: u8,
    duplication: u8,
    reordering: u8,
    corruption: u8,
    reordering_delay: u16,
    delay: u16,
    jitter: u32,
    rate: u32,
}

impl Damage {
    fn impairment(&self) -> Impairment {
        let fraction = |part: u8| Fraction::from_percent(u32::from(part / 2));
        Impairment {
            loss: fraction(self.loss),
            duplication: fraction(self.duplication),
            reordering: fraction(self.reordering),
            corruption: fraction(self.corruption),
            reordering_delay: Duration::from_micros(self.reordering_delay.into()),
            delay: Duration::from_micros(self.delay.into()),
            jitter: Duration::from_micros(self.jitter.into()),
            rate: self.rate.into(),
            partition: Switch::Off,
        }
    }
}

fn group(number: u8) -> HardwareAddress {
    HardwareAddress::ethernet([1, 0, 0x5e, 0, 0, number % 12])
}

fn switch(on: bool) -> Switch {
    if on {
        Switch::On
    } else {
        Switch::Off
    }
}

/// Takes what arrives, and answers it.
struct Taker {
    answer: bool,
    taken: usize,
}

impl Upper for Taker {
    fn receive(&mut self, frame: &mut Frame<'_>, back: &mut dyn LinkTx) {
        self.taken += 1;
        assert!(frame.payload.len() <= LEN - 14);
        assert!(frame.from.is_unicast() || frame.from.as_ethernet() == Some([0; 6]));
        frame.payload.fill(0x11);
        if self.answer {
            let packet = LinkPacket::new(EtherType::IPV4, 20);
            let mut count = 0;
            let mut fill = |buffer: &mut [u8]| {
                count += 1;
                assert_eq!(buffer.len(), 20);
                buffer.fill(0x22);
            };
            let first = back.send(&frame.from, &packet, &mut fill);
            let second = back.send(&frame.from, &packet, &mut fill);
            assert!(second.is_err(), "one answer a frame");
            assert_eq!(count, usize::from(first.is_ok()));
        }
    }
}

/// Target `phy`.
///
/// # Panics
/// If a property is broken.
pub fn phy(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut storage = Storage::<FRAMES, LEN>::new();
    let wire = Wire::new(&mut storage, Medium::Ethernet, [7; 32]);
    let (left, right) = wire.ends();
    // Further ends, to put strange frames on the wire.
    let (mut raw_left, mut raw_right) = wire.ends();
    let mut left: Ethernet<_> = Ethernet::new(left, LEFT);
    let mut right: Ethernet<_> = Ethernet::new(right, RIGHT);
    let mut raw_refused = [false; 2];
    let mut now = Instant::ZERO;
    for _ in 0..200 {
        let Some(step) = steps::next::<Step>(&mut input) else { break };
        steps::trace(now, &step);
        match step {
            Step::Send { right: from_right, to, ether_type, len } => {
                let link = if from_right { &mut right } else { &mut left };
                send(link, now, &to, ether_type, len);
            }
            Step::Raw { right: from_right, octets } => {
                let (end, refused) = if from_right {
                    (&mut raw_right, &mut raw_refused[1])
                } else {
                    (&mut raw_left, &mut raw_refused[0])
                };
                *refused |= !raw(end, now, &octets);
            }
            Step::Turn { right: at_right, budget, answer } => {
                let (link, end, refused) = if at_right {
                    (&mut right, &mut raw_right, &mut raw_refused[1])
                } else {
                    (&mut left, &mut raw_left, &mut raw_refused[0])
                };
                // The further end was refused, but the link is told of the room: it need not have use for it.
                let is_exact = !*refused;
                *refused &= end.transmit(now).is_none();
                turn(link, now, budget.into(), answer, is_exact);
            }
            Step::Control { right: at_right, request } => {
                control(if at_right { &mut right } else { &mut left }, &request);
            }
            Step::Impair { right: from_right, impairment } => {
                let side = if from_right { Side::Right } else { Side::Left };
                wire.impair(side, impairment.impairment());
            }
            Step::Partition(on) => wire.partition(switch(on)),
            Step::Cable(up) => wire.set_link_state(if up { LinkState::Up } else { LinkState::Down }),
            Step::Wait(micros) => now += Duration::from_micros(micros.into()),
            Step::Back(micros) => now = Instant::from_micros(now.micros().saturating_sub(micros.into())),
        }
    }
    // Whatever happened, what is in flight arrives, and then there is rest.
    wire.impair_both(Impairment::NONE);
    wire.set_link_state(LinkState::Up);
    for _ in 0..=4 * FRAMES {
        for (link, end) in [(&mut left, &mut raw_left), (&mut right, &mut raw_right)] {
            drop(end.transmit(now));
            now = now.max(link.poll_at().unwrap_or(now));
            turn(link, now, FRAMES, false, false);
        }
    }
    for (link, side) in [(&left, Side::Left), (&right, Side::Right)] {
        assert_eq!(link.poll_at(), None, "rest at {side:?}");
        let s = wire.statistics(side);
        assert_eq!(s.sent + s.duplicated, s.lost + s.cut_off + s.received, "{s:?}");
        assert_eq!(s.oversized, 0);
    }
}

fn send(link: &mut Ethernet<End<'_, '_>>, now: Instant, to: &Station, ether_type: u16, len: u8) {
    let to = match *to {
        Station::Left => HardwareAddress::ethernet(LEFT),
        Station::Right => HardwareAddress::ethernet(RIGHT),
        Station::Broadcast => HardwareAddress::ETHERNET_BROADCAST,
        Station::Group(number) => group(number),
        Station::Nobody => HardwareAddress::NONE,
        Station::Short(address) => HardwareAddress::short(address),
    };
    let mut count = 0;
    let packet = LinkPacket::new(EtherType(ether_type), len.into());
    let result = link.tx(now).send(&to, &packet, &mut |buffer: &mut [u8]| {
        count += 1;
        assert_eq!(buffer.len(), usize::from(len));
        buffer.fill(0x33);
    });
    assert_eq!(count, usize::from(result.is_ok()));
    if usize::from(len) > LEN - 14 {
        assert_ne!(result, Ok(()));
    }
    if to.as_ethernet().is_none() {
        assert!(matches!(result, Err(LinkError::Unreachable | LinkError::TooBig | LinkError::Full)));
    }
}

/// Whether there was room.
fn raw(end: &mut End<'_, '_>, now: Instant, octets: &[u8]) -> bool {
    let Some(token) = end.transmit(now) else { return false };
    let len = octets.len().min(LEN);
    token.consume(len, TxMeta::default(), |buffer| buffer.copy_from_slice(&octets[..len]));
    true
}

fn turn(link: &mut Ethernet<End<'_, '_>>, now: Instant, budget: usize, answer: bool, is_exact: bool) {
    let due = link.poll_at().is_some_and(|at| at <= now);
    let events = link.service(now);
    let mut taker = Taker { answer, taken: 0 };
    let count = link.receive(now, budget, &mut taker);
    assert!(taker.taken <= count && count <= budget);
    // A send after the burst may have taken the room that `poll_at` still tells of: one idle turn, not two.
    if is_exact && due && budget > 0 && count == 0 && events.is_empty() {
        assert!(link.poll_at().map_or(true, |at| at > now), "poll_at says now for ever");
    }
    assert_eq!(link.properties().mtu, 114);
}

fn control(link: &mut Ethernet<End<'_, '_>>, request: &Request) {
    let _ = match *request {
        Request::Join(number) => link.control(LinkControl::Join(&group(number))),
        Request::Leave(number) => link.control(LinkControl::Leave(&group(number))),
        Request::Promiscuous(on) => link.control(LinkControl::Promiscuous(switch(on))),
        Request::Context(id) => {
            link.control(LinkControl::Context { id, prefix: None, compress: Switch::Off })
        }
    };
}
