//! A link that gives what it is told to give and checks what is sent.

use crate::check;
use std::collections::VecDeque;
use tersus_phy::{
    Cast, Fill, Frame, Instant, LinkControl, LinkError, LinkEvents, LinkLayer, LinkPacket, LinkProperties,
    LinkTx, RxMeta, TxChecksum, Unsupported, Upper,
};
use tersus_wire::{arp, EtherType, HardwareAddress};

/// A frame that arrives.
pub(crate) struct Arriving {
    pub(crate) from: HardwareAddress,
    pub(crate) cast: Cast,
    pub(crate) protocol: EtherType,
    pub(crate) octets: Vec<u8>,
}

/// The link. Frames sent to a loopback link arrive again.
pub(crate) struct CheckedLink {
    pub(crate) properties: LinkProperties,
    pub(crate) arriving: VecDeque<Arriving>,
    /// Frames that the transmitter still takes.
    pub(crate) room: usize,
    pub(crate) events: LinkEvents,
    /// Frames sent so far.
    pub(crate) sent: usize,
    /// Whether it is for a host that never leaves a group, and may join one again.
    pub(crate) never_left: bool,
    groups: Vec<HardwareAddress>,
    /// Whether a send was refused, so that `ROOM` is owed.
    refused: bool,
}

impl CheckedLink {
    pub(crate) fn new(properties: LinkProperties) -> Self {
        Self {
            properties,
            arriving: VecDeque::new(),
            room: 1_000,
            events: LinkEvents::empty(),
            sent: 0,
            never_left: false,
            groups: Vec::new(),
            refused: false,
        }
    }

    fn has_room(&self) -> bool {
        self.room > 0 && !(self.properties.is_loopback && self.arriving.len() >= 16)
    }
}

impl LinkTx for CheckedLink {
    fn send(
        &mut self,
        to: &HardwareAddress,
        packet: &LinkPacket,
        fill: &mut dyn Fill,
    ) -> Result<(), LinkError> {
        assert_eq!(packet.segment, 0, "segmentation was not offered");
        assert_eq!(packet.checksum, TxChecksum::Full, "checksums were not offered");
        if self.properties.link_state == tersus_phy::LinkState::Down {
            return Err(LinkError::Unreachable);
        }
        if packet.len > self.properties.mtu {
            return Err(LinkError::TooBig);
        }
        if !self.has_room() {
            self.refused = true;
            return Err(LinkError::Full);
        }
        self.room -= 1;
        let mut octets = vec![0xcc; packet.len.into()];
        fill.fill(&mut octets);
        self.sent += 1;
        match packet.protocol {
            EtherType::IPV4 | EtherType::IPV6 => {
                let version = if packet.protocol == EtherType::IPV4 { 4 } else { 6 };
                assert_eq!(octets.first().map(|first| first >> 4), Some(version));
                check::packet(&octets);
            }
            EtherType::ARP => {
                arp::Packet::parse(&octets).expect("a well-formed ARP packet");
            }
            other => panic!("sent {other}"),
        }
        if !self.properties.hardware_address.is_none() {
            assert!(to.as_ethernet().is_some(), "to an address of the link's kind");
        }
        if self.properties.is_loopback {
            let (from, cast, protocol) = (HardwareAddress::NONE, Cast::Unicast, packet.protocol);
            self.arriving.push_back(Arriving { from, cast, protocol, octets });
        }
        Ok(())
    }
}

/// One frame back.
struct Back<'a> {
    link: &'a mut CheckedLink,
    used: bool,
}

impl LinkTx for Back<'_> {
    fn send(
        &mut self,
        to: &HardwareAddress,
        packet: &LinkPacket,
        fill: &mut dyn Fill,
    ) -> Result<(), LinkError> {
        if self.used {
            self.link.refused = true;
            return Err(LinkError::Full);
        }
        let result = self.link.send(to, packet, fill);
        self.used = result.is_ok();
        result
    }
}

impl LinkLayer for CheckedLink {
    fn tx(&mut self, _now: Instant) -> &mut dyn LinkTx {
        self
    }

    fn properties(&self) -> LinkProperties {
        self.properties
    }

    fn service(&mut self, _now: Instant) -> LinkEvents {
        let mut events = core::mem::take(&mut self.events);
        if self.refused && self.has_room() {
            self.refused = false;
            events |= LinkEvents::ROOM;
        }
        events
    }

    fn receive(&mut self, _now: Instant, budget: usize, upper: &mut dyn Upper) -> usize {
        let mut count = 0;
        while count < budget {
            let Some(mut arriving) = self.arriving.pop_front() else { break };
            count += 1;
            let mut frame = Frame {
                from: arriving.from,
                cast: arriving.cast,
                protocol: arriving.protocol,
                meta: RxMeta::default(),
                payload: &mut arriving.octets,
            };
            upper.receive(&mut frame, &mut Back { link: self, used: false });
        }
        count
    }

    fn control(&mut self, command: LinkControl<'_>) -> Result<(), Unsupported> {
        match command {
            LinkControl::Join(group) => {
                let is_new = !self.groups.contains(group);
                assert!(is_new || self.never_left, "joined once an address");
                if is_new {
                    self.groups.push(*group);
                }
                Ok(())
            }
            LinkControl::Leave(group) => {
                assert!(!self.never_left, "left");
                let at = self.groups.iter().position(|other| other == group);
                self.groups.swap_remove(at.expect("left only what was joined"));
                Ok(())
            }
            _ => Err(Unsupported),
        }
    }

    /// Frames that wait cause a turn, and room that was refused and is there now.
    fn poll_at(&self) -> Option<Instant> {
        let is_now = !self.arriving.is_empty() || (self.refused && self.has_room());
        is_now.then_some(Instant::ZERO)
    }
}
