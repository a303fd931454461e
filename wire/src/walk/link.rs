//! The layers below IP.

use super::{Content, Layer, Medium, Next, Reason, Verdict, Walk};
use crate::sixlowpan::dispatch::Dispatch;
use crate::sixlowpan::iphc::Base;
use crate::sixlowpan::{self, BroadcastHeader, Contexts, FragmentHeader, LinkAddresses};
use crate::sixlowpan::{MeshHeader, RecoverableAck, RecoverableFragment, RoutingHeader};
use crate::{arp, ethernet, ieee802154, llc, vlan, Error, EtherType};

/// Without a context, only stateless compression can be undone.
const NO_CONTEXTS: &Contexts = &Contexts::new();

impl<'a> Walk<'a> {
    pub(super) fn frame(&mut self, medium: Medium, octets: &'a [u8]) -> Layer<'a> {
        match medium {
            Medium::Ethernet => self.ethernet(octets),
            Medium::Ip => self.ip(octets),
            Medium::Ieee802154 => self.ieee802154(octets, Verdict::None),
            Medium::Ieee802154Fcs => match octets.split_last_chunk() {
                Some((frame, &fcs)) => {
                    self.ieee802154(frame, Verdict::of(frame_check(frame) == u16::from_le_bytes(fcs)))
                }
                None => Layer::refused("IEEE 802.15.4 frame", Error::truncated(5, octets.len()), octets),
            },
            Medium::Loopback => self.loopback(octets),
            Medium::LinuxCooked => match octets.split_first_chunk::<16>() {
                Some((&[d0, d1, .., p0, p1], rest)) => self.cooked([d0, d1], [p0, p1], octets, rest),
                None => Layer::refused("cooked header", Error::truncated(16, octets.len()), octets),
            },
            Medium::LinuxCooked2 => match octets.split_first_chunk::<20>() {
                Some((&[p0, p1, _, _, _, _, _, _, _, _, direction, ..], rest)) => {
                    self.cooked([0, direction], [p0, p1], octets, rest)
                }
                None => Layer::refused("cooked header", Error::truncated(20, octets.len()), octets),
            },
        }
    }

    fn ethernet(&mut self, octets: &'a [u8]) -> Layer<'a> {
        match ethernet::Packet::parse(octets) {
            Ok(packet) => {
                let field = packet.ether_type();
                self.next = if field.is_type() {
                    Next::Type(field, packet.payload())
                } else {
                    Next::Llc(packet.payload())
                };
                self.set_trailer(octets, ethernet::HEADER_LEN + packet.payload().len());
                Layer::new(Content::Ethernet(packet), octets)
            }
            Err(error) => Layer::refused("Ethernet frame", error, octets),
        }
    }

    /// What stands in `octets` behind the first `len`, if nothing of an outer layer does already.
    pub(super) fn set_trailer(&mut self, octets: &'a [u8], len: usize) {
        if self.trailer.is_empty() {
            self.trailer = octets.get(len..).unwrap_or_default();
        }
    }

    /// A tag, a length, or what the payload is.
    pub(super) fn ether_type(&mut self, ether_type: EtherType, octets: &'a [u8]) -> Option<Layer<'a>> {
        if vlan::is_tpid(ether_type) {
            return Some(self.vlan(ether_type, octets));
        }
        Some(match ether_type {
            EtherType::IPV4 | EtherType::IPV6 => self.ip(octets),
            EtherType::ARP => match arp::Packet::parse(octets) {
                Ok(packet) => {
                    self.set_trailer(octets, arp::LEN);
                    Layer::new(Content::Arp(packet), octets.get(..arp::LEN).unwrap_or_default())
                }
                Err(error) => self.arp_general(octets, error),
            },
            _ if octets.is_empty() => return self.behind(),
            _ => Layer::refused("payload", Reason::Unknown, octets),
        })
    }

    /// ARP that is not for Ethernet and IPv4, unless it is broken for these, too.
    fn arp_general(&mut self, octets: &'a [u8], error: Error) -> Layer<'a> {
        match arp::general::Packet::parse(octets) {
            Ok(packet) => {
                let len = packet.buffer_len();
                self.set_trailer(octets, len);
                Layer::new(Content::ArpGeneral(packet), octets.get(..len).unwrap_or_default())
            }
            Err(_) => Layer::refused("ARP packet", error, octets),
        }
    }

    fn vlan(&mut self, tpid: EtherType, octets: &'a [u8]) -> Layer<'a> {
        let Some((&[a, b, c, d], rest)) = octets.split_first_chunk() else {
            return Layer::refused("VLAN tag", Error::truncated(4, octets.len()), octets);
        };
        let field = EtherType(u16::from_be_bytes([c, d]));
        self.next = match field.as_length() {
            _ if field.is_type() => Next::Type(field, rest),
            Some(length) => match rest.split_at_checked(usize::from(length)) {
                Some((payload, _)) => {
                    self.set_trailer(rest, payload.len());
                    Next::Llc(payload)
                }
                None => {
                    let error = Error::truncated(usize::from(length), rest.len());
                    Next::Octets("IEEE 802.3 payload", error.into(), rest)
                }
            },
            None => Next::Octets("payload", Error::Length(field.0).into(), rest),
        };
        let tag = vlan::Tag::from_tci(tpid, u16::from_be_bytes([a, b]));
        Layer::new(Content::Vlan(tag, field), octets)
    }

    pub(super) fn llc(&mut self, octets: &'a [u8]) -> Layer<'a> {
        let packet = match llc::Packet::parse(octets) {
            Ok(packet) => packet,
            Err(error) => return Layer::refused("IEEE 802.2 header", error, octets),
        };
        let information = packet.information();
        self.next = match packet.snap() {
            Ok(Some(snap)) => Next::Snap(snap, information),
            Ok(None) if packet.dsap() == llc::Sap::IP => Next::Ip(information),
            Ok(None) => Next::Octets("LLC payload", Reason::Unknown, information),
            Err(error) => Next::Octets("SNAP header", error.into(), information),
        };
        Layer::new(Content::Llc(packet), octets)
    }

    pub(super) fn snap(&mut self, snap: llc::Snap<'a>, octets: &'a [u8]) -> Layer<'a> {
        self.next = match snap.ether_type() {
            Some(ether_type) => Next::Type(ether_type, snap.payload()),
            None => Next::Octets("SNAP payload", Reason::Unknown, snap.payload()),
        };
        Layer::new(Content::Snap(snap), octets)
    }

    /// The family was written by the machine that captured; it is small, so its order shows.
    fn loopback(&mut self, octets: &'a [u8]) -> Layer<'a> {
        let Some((family, rest)) = octets.split_first_chunk() else {
            return Layer::refused("loopback header", Error::truncated(4, octets.len()), octets);
        };
        let family = u32::from_le_bytes(*family).min(u32::from_be_bytes(*family));
        self.next = match family {
            2 | 10 | 24 | 28 | 30 => Next::Ip(rest),
            _ => Next::Octets("payload", Reason::Unknown, rest),
        };
        Layer::new(Content::Loopback(family), octets)
    }

    fn cooked(&mut self, direction: [u8; 2], field: [u8; 2], octets: &'a [u8], rest: &'a [u8]) -> Layer<'a> {
        let field = EtherType(u16::from_be_bytes(field));
        self.next = match field.0 {
            // Linux's own numbers: an IEEE 802.3 frame without its header, one with LLC.
            0x0001 => Next::Octets("IEEE 802.3 payload", Reason::Unknown, rest),
            0x0004 => Next::Llc(rest),
            _ => Next::Type(field, rest),
        };
        Layer::new(Content::LinuxCooked(u16::from_be_bytes(direction), field), octets)
    }

    fn ieee802154(&mut self, octets: &'a [u8], checksum: Verdict) -> Layer<'a> {
        let frame = match ieee802154::Frame::parse(octets) {
            Ok(frame) => frame,
            Err(error) => {
                return Layer { checksum, ..Layer::refused("IEEE 802.15.4 frame", error, octets) };
            }
        };
        let is_encrypted = frame.security().map_or(frame.is_secured(), |security| security.is_encrypted());
        let (payload, problem) = match frame.split_integrity_code() {
            // What is encrypted is shown with its code, what is not in front of it.
            Ok(_) if is_encrypted => (frame.payload(), None),
            Ok((payload, code)) => {
                self.trailer = code;
                (payload, None)
            }
            Err(error) => (frame.payload(), Some(error)),
        };
        self.next = match frame.frame_type() {
            _ if is_encrypted => Next::Octets("secured payload", Reason::Encrypted, payload),
            _ if problem.is_some() => Next::Data(payload),
            // Without the fields that other beacons start with.
            ieee802154::FrameType::Beacon if frame.version() == ieee802154::Version::V2015 => {
                Next::Data(payload)
            }
            ieee802154::FrameType::Data => match payload.first().map(|octet| Dispatch::of(*octet)) {
                None | Some(Dispatch::NotLowpan) => Next::Data(payload),
                Some(_) => {
                    Next::Lowpan(LinkAddresses { source: frame.src(), destination: frame.dst() }, payload)
                }
            },
            kind => Next::Mac(kind, payload),
        };
        Layer { checksum, problem, ..Layer::new(Content::Ieee802154(frame), octets) }
    }

    /// What a frame of this type carries that is not data. Beacons and commands carry something.
    pub(super) fn mac(&mut self, kind: ieee802154::FrameType, octets: &'a [u8]) -> Option<Layer<'a>> {
        Some(match kind {
            ieee802154::FrameType::Beacon => match ieee802154::Beacon::parse(octets) {
                Ok(beacon) => {
                    self.next = Next::Data(beacon.payload);
                    let len = octets.len() - beacon.payload.len();
                    Layer::new(Content::Beacon(beacon), octets.get(..len).unwrap_or(octets))
                }
                Err(error) => Layer::refused("beacon", error, octets),
            },
            ieee802154::FrameType::Command => match ieee802154::Command::parse(octets) {
                Ok(command) => Layer::new(Content::Command(command), octets),
                Err(error) => Layer::refused("MAC command", error, octets),
            },
            _ if octets.is_empty() => return self.behind(),
            _ => Layer::new(Content::Data, octets),
        })
    }

    /// What page 1 has: routing headers, then compressed headers.
    pub(super) fn page1(&mut self, link: LinkAddresses, octets: &'a [u8]) -> Layer<'a> {
        match octets.first() {
            Some(0x80..=0xbf) => match RoutingHeader::parse(octets) {
                Ok((header, rest)) => {
                    self.next = Next::LowpanPage1(link, rest);
                    let len = octets.len() - rest.len();
                    Layer::new(Content::LowpanRouting(header), octets.get(..len).unwrap_or(octets))
                }
                Err(error) => Layer::refused("6LoWPAN routing header", error, octets),
            },
            Some(0x60..=0x7f) => self.iphc(link, None, octets),
            Some(0xf0 | 0xf1) | None => self.lowpan(link, None, octets),
            Some(other) => Layer::refused("6LoWPAN header", sixlowpan::Error::Dispatch(*other), octets),
        }
    }

    /// 6LoWPAN headers; `size` is that of the whole packet if these are the octets of its first fragment.
    pub(super) fn lowpan(&mut self, link: LinkAddresses, size: Option<u16>, octets: &'a [u8]) -> Layer<'a> {
        let refused = |reason: Reason| Layer::refused("6LoWPAN header", reason, octets);
        let Some((&first, rest)) = octets.split_first() else {
            return refused(sixlowpan::Error::Truncated.into());
        };
        let dispatch = Dispatch::of(first);
        match dispatch {
            Dispatch::Iphc => self.iphc(link, size, octets),
            Dispatch::Ipv6 => {
                self.next = Next::Ip(rest);
                Layer::new(Content::Lowpan(dispatch), octets)
            }
            Dispatch::FirstFragment | Dispatch::NextFragment if size.is_none() => {
                match FragmentHeader::parse(octets) {
                    Ok((header, rest)) => {
                        self.next = match header.datagram_offset {
                            None => Next::LowpanFirst(link, header.datagram_size, rest),
                            Some(_) => Next::Octets("fragment", Reason::Fragment, rest),
                        };
                        Layer::new(Content::LowpanFragment(header), octets)
                    }
                    Err(error) => refused(error.into()),
                }
            }
            // The encapsulating header of RFC 6282 §3.2.2 is then that of the mesh, as in RFC 4944 §10.1.
            Dispatch::Mesh if size.is_none() => match MeshHeader::parse(octets) {
                Ok((header, rest)) => {
                    let link =
                        LinkAddresses { source: header.originator, destination: header.final_destination };
                    self.next = Next::Lowpan(link, rest);
                    Layer::new(Content::LowpanMesh(header), octets)
                }
                Err(error) => refused(error.into()),
            },
            Dispatch::Broadcast if size.is_none() => match BroadcastHeader::parse(octets) {
                Ok((header, rest)) => {
                    self.next = Next::Lowpan(link, rest);
                    Layer::new(Content::LowpanBroadcast(header), octets)
                }
                Err(error) => refused(error.into()),
            },
            Dispatch::RecoverableFragment if size.is_none() => match RecoverableFragment::parse(octets) {
                Ok((header, rest)) => {
                    self.next = Next::Octets("fragment", Reason::Fragment, rest);
                    Layer::new(Content::LowpanRecoverable(header), octets)
                }
                Err(error) => refused(error.into()),
            },
            Dispatch::RecoverableAck if size.is_none() => match RecoverableAck::parse(octets) {
                Ok((header, rest)) => {
                    self.next = Next::Data(rest);
                    Layer::new(Content::LowpanRecoverableAck(header), octets)
                }
                Err(error) => refused(error.into()),
            },
            Dispatch::Page(page @ 0..=1) => {
                self.next = if page == 1 { Next::LowpanPage1(link, rest) } else { Next::Lowpan(link, rest) };
                Layer::new(Content::Lowpan(dispatch), octets)
            }
            _ => refused(sixlowpan::Error::Dispatch(first).into()),
        }
    }

    fn iphc(&mut self, link: LinkAddresses, size: Option<u16>, octets: &'a [u8]) -> Layer<'a> {
        let base = match Base::parse(octets) {
            Ok(base) => base,
            Err(error) => return Layer::refused("6LoWPAN header", error, octets),
        };
        let Some(scratch) = self.scratch.take() else {
            return Layer::refused("6LoWPAN header", sixlowpan::Error::NoRoom, octets);
        };
        let contexts = self.contexts.unwrap_or(NO_CONTEXTS);
        match sixlowpan::decompress(octets, size, &link, contexts, scratch) {
            Ok(restored) => {
                let packet = scratch.get_mut(..restored.len).unwrap_or_default();
                if let (Some(checksum), None) = (restored.checksum, size) {
                    // Only of the packet that was just restored, which it is.
                    let _ = checksum.restore(packet);
                }
                self.next = Next::Ip(packet);
                Layer::new(Content::Iphc(base), octets)
            }
            Err(error) => Layer::refused("6LoWPAN header", error, octets),
        }
    }
}

/// The check sequence of IEEE 802.15.4: the ITU-T's CRC of 16 bits, lowest bit first, from zero.
pub(super) fn frame_check(octets: &[u8]) -> u16 {
    let mut crc = 0_u16;
    for octet in octets {
        crc ^= u16::from(*octet);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x8408 } else { crc >> 1 };
        }
    }
    crc
}
