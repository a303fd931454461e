//! An interface in a VLAN: a view of a device that takes tags out and puts them in, by `wire::vlan`. The stack itself sees
//! no tags.
#![cfg(test)]

use tersus_iface::ip::small::{self, SmallIp};
use tersus_iface::phy::memory::{self, End, Wire};
use tersus_iface::phy::{Capabilities, Device, Ethernet, Instant, Medium, RxMeta, RxToken, TxMeta, TxToken};
use tersus_iface::wire::vlan::{self, Tag};
use tersus_iface::wire::{arp, HardwareAddress};

/// A device as interfaces in one VLAN see it; [`vlan::VID_PRIORITY`]: in none.
struct InVlan<D> {
    device: D,
    vid: u16,
}

/// Frames to an interface in a VLAN.
struct Rx<T> {
    token: T,
    vid: u16,
}

/// Frames from an interface in a VLAN.
struct Tx<T> {
    token: T,
    vid: u16,
}

impl<D: Device> Device for InVlan<D> {
    type Rx<'a>
        = Rx<D::Rx<'a>>
    where
        Self: 'a;
    type Tx<'a>
        = Tx<D::Tx<'a>>
    where
        Self: 'a;

    fn receive(&mut self, now: Instant) -> Option<(Self::Rx<'_>, Option<Self::Tx<'_>>)> {
        let vid = self.vid;
        let (rx, tx) = self.device.receive(now)?;
        Some((Rx { token: rx, vid }, tx.map(|token| Tx { token, vid })))
    }

    fn transmit(&mut self, now: Instant) -> Option<Self::Tx<'_>> {
        let vid = self.vid;
        self.device.transmit(now).map(|token| Tx { token, vid })
    }

    fn capabilities(&self) -> Capabilities {
        self.device.capabilities()
    }
}

impl<T: RxToken> RxToken for Rx<T> {
    fn meta(&self) -> RxMeta {
        self.token.meta()
    }

    /// What is for another VLAN is shown as an empty frame, which every link drops.
    fn consume<R>(self, f: impl FnOnce(&mut [u8]) -> R) -> R {
        self.token.consume(|frame| match vlan::remove_tag(frame, self.vid) {
            Ok(Some(frame)) => f(frame),
            Ok(None) | Err(_) => f(&mut []),
        })
    }
}

impl<T: TxToken> TxToken for Tx<T> {
    fn consume<R>(self, len: usize, meta: TxMeta, f: impl FnOnce(&mut [u8]) -> R) -> R {
        if self.vid == vlan::VID_PRIORITY {
            return self.token.consume(len, meta, f);
        }
        self.token.consume(len + vlan::TAG_LEN, meta, |buffer| {
            let result = f(&mut buffer[vlan::TAG_LEN..]);
            vlan::insert_tag(buffer, &Tag::new(self.vid)).expect("a frame has a header");
            result
        })
    }
}

const PEER: [u8; 6] = [2, 0, 0, 0, 0, 9];
const OWN: [u8; 6] = [2, 0, 0, 0, 0, 1];

/// An ARP request by the peer for 192.0.2.1, behind these octets in place of the type field.
fn request(types: &[u8]) -> Vec<u8> {
    let repr = arp::Repr {
        operation: arp::Operation::Request,
        sender_hardware: HardwareAddress::ethernet(PEER),
        sender_protocol: [192, 0, 2, 9].into(),
        target_hardware: HardwareAddress::NONE,
        target_protocol: [192, 0, 2, 1].into(),
    };
    let mut packet = [0; arp::LEN];
    repr.emit(&mut packet).expect("room");
    [&[0xff; 6], &PEER[..], types, &packet, &[0; 18]].concat()
}

/// What a host whose interface is in VLAN `vid` answers to a frame.
fn answer(vid: u16, frame: &[u8]) -> Option<Vec<u8>> {
    let mut memory = memory::Storage::<8, 1518>::new();
    let wire = Wire::new(&mut memory, Medium::Ethernet, [7; 32]);
    let (device, mut peer): (End<'_, '_>, End<'_, '_>) = wire.ends();
    let mut storage = small::Storage::<1, 0, 2>::default();
    let mut ip = SmallIp::new(&mut storage);
    ip.add_address("192.0.2.1/24".parse().expect("an address")).expect("room");
    let mut link = Ethernet::new(InVlan { device, vid }, OWN);
    let mut heard = Vec::new();
    for millisecond in 0..20 {
        let now = Instant::from_millis(millisecond);
        ip.poll(now, &mut link, &mut ());
        while let Some((token, _)) = peer.receive(now) {
            heard.push(token.consume(|frame| frame.to_vec()));
        }
        if millisecond == 10 {
            heard.clear();
            let token = peer.transmit(now).expect("room");
            token.consume(frame.len(), TxMeta::default(), |buffer| buffer.copy_from_slice(frame));
        }
    }
    assert!(heard.len() <= 1, "{heard:02x?}");
    heard.pop()
}

// conf: ETH-VLN-02, ETH-VLN-04, ETH-VLN-05
#[test]
fn a_host_answers_in_its_vlan_and_takes_a_priority_tag_for_none() {
    // VLAN of the interface, type fields of the request, those of the answer
    for (vid, types, want) in [
        (0, &[8, 6][..], Some(&[8, 6][..])),
        (0, &[0x81, 0, 0, 0, 8, 6], Some(&[8, 6])),
        (0, &[0x81, 0, 0xf0, 0, 8, 6], Some(&[8, 6])),
        (0, &[0x81, 0, 0, 7, 8, 6], None),
        (7, &[0x81, 0, 0, 7, 8, 6], Some(&[0x81, 0, 0, 7, 8, 6])),
        (7, &[0x81, 0, 0xa0, 7, 8, 6], Some(&[0x81, 0, 0, 7, 8, 6])),
        (7, &[8, 6], None),
        (7, &[0x81, 0, 0, 0, 8, 6], None),
        (7, &[0x81, 0, 0, 8, 8, 6], None),
        (7, &[0x81, 0, 0x0f, 0xff, 8, 6], None),
        (7, &[0x88, 0xa8, 0, 7, 8, 6], None),
        (7, &[0x81, 0, 0, 7, 0x81, 0, 0, 7, 8, 6], None),
    ] {
        let got = answer(vid, &request(types));
        let Some(want) = want else {
            assert_eq!(got, None, "{vid}: {types:02x?}");
            continue;
        };
        let got = got.unwrap_or_else(|| panic!("{vid}: {types:02x?}"));
        assert_eq!(got[..12], [&PEER[..], &OWN].concat());
        let (fields, packet) = got[12..].split_at(want.len());
        assert_eq!(fields, want);
        let reply = arp::Repr::parse(&arp::Packet::parse(packet).expect("ARP"));
        assert_eq!(reply.operation, arp::Operation::Reply);
        assert_eq!(reply.sender_hardware, HardwareAddress::ethernet(OWN));
        assert_eq!(reply.target_protocol.octets(), [192, 0, 2, 9]);
    }
}
