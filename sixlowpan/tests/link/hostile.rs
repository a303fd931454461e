//! Octets from seeds: nothing panics, nothing is handed up that is no packet, and good traffic still passes.

use crate::common::*;
use tersus_phy::{LinkLayer, LinkState};
use tersus_wire::HardwareAddress;

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn octets(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| u8::try_from(self.roll(256)).unwrap()).collect()
    }
}

#[test]
fn random_frames_are_dropped_and_good_packets_still_arrive() {
    let mut dice = Dice(11);
    let mut receiver = link(B);
    receiver.device_mut().room = 0;
    let packet = udp_between(C, B, 900);
    let good = frames(&mut link(C), B, &packet);
    let mut now = 0;
    for round in 0..300 {
        let mut noise: Vec<Vec<u8>> = Vec::new();
        for _ in 0..60 {
            let len = dice.roll(104);
            let mut payload = dice.octets(len);
            // Half of them start with a dispatch that leads on.
            if let Some(first) = payload.first_mut() {
                match dice.roll(8) {
                    0 => *first = 0x60 | *first & 0x1f,
                    1 => *first = 0xc0 | *first & 0x07,
                    2 => *first = 0xe0 | *first & 0x07,
                    3 => *first = 0x41,
                    _ => {}
                }
            }
            let source = HardwareAddress::short(u16::try_from(dice.roll(4)).unwrap() + 0x100);
            noise.push(frame(source, B, &payload));
        }
        now += u64::try_from(dice.roll(90_000)).unwrap();
        receive(&mut receiver, at(now), &noise);
        let got = receive(&mut receiver, at(now), &good);
        assert_eq!(got.len(), 1, "round {round}");
        assert_eq!(got[0].packet, packet);
    }
    let lost = receiver.statistics();
    assert!(lost.rx_bad_header > 0 && lost.rx_bad_fragment > 0 && lost.rx_unsupported > 0);
}

#[test]
fn single_octet_mutations_of_good_frames_never_panic() {
    for len in [60, 480] {
        let sent = frames(&mut link(A), B, &udp_between(A, B, len));
        for (index, frame) in sent.iter().enumerate() {
            for at_octet in 0..frame.len() {
                let mut receiver = link(B);
                for value in [0, 1, 0x7f, 0x80, 0xff, frame[at_octet] ^ 1, frame[at_octet] ^ 0x10] {
                    let mut bad = sent.clone();
                    bad[index][at_octet] = value;
                    for got in receive(&mut receiver, at(0), &bad) {
                        assert!(got.packet.len() <= 1280);
                    }
                }
            }
            for cut in 0..frame.len() {
                let mut receiver = link(B);
                let mut bad = sent.clone();
                bad[index].truncate(cut);
                // Shorter frames of the last fragment pass no check but the end of the packet.
                let got = receive(&mut receiver, at(0), &bad);
                assert!(sent.len() == 1 || got.is_empty(), "frame {index} cut at {cut}");
            }
        }
    }
}

#[test]
fn any_order_of_calls_and_any_clock_leave_the_link_working() {
    let mut dice = Dice(5);
    let (mut link_a, mut link_b) = (link(A), link(B));
    let mut upper = Collector::default();
    for round in 0..20_000 {
        let now = match dice.roll(20) {
            0 => tersus_phy::Instant::from_micros(u64::MAX),
            1 => at(0),
            _ => at(u64::try_from(dice.roll(200_000)).unwrap()),
        };
        match dice.roll(7) {
            0 => {
                let len = 48 + dice.roll(1233);
                let to = [B, ALL][dice.roll(2)];
                let _ = send(&mut link_a, now, to, &udp_between(A, B, len));
            }
            1 => link_a.device_mut().room = dice.roll(6),
            2 => {
                link_a.service(now);
            }
            3 => {
                let sent = link_a.device_mut().take_sent();
                link_b.device_mut().inbox.extend(sent);
            }
            4 => {
                upper.answers = dice.roll(3);
                link_b.receive(now, dice.roll(4), &mut upper);
            }
            5 => {
                link_b.service(now);
            }
            _ if round % 50 == 0 => set_link_state(&mut link_a, LinkState::Down),
            _ => set_link_state(&mut link_a, LinkState::Up),
        }
        // After a turn at `now` nothing is left that was due before it.
        if let Some(due) = link_b.poll_at() {
            link_b.service(due);
            assert!(link_b.poll_at().map_or(true, |next| next > due || due.micros() == u64::MAX));
        }
    }
    // What the upper layer got were packets that were sent, whole and unharmed.
    assert!(!upper.got.is_empty());
    for got in &upper.got {
        assert_eq!(got.packet, udp_between(A, B, got.packet.len()));
    }
    set_link_state(&mut link_a, LinkState::Up);
    link_a.device_mut().room = usize::MAX;
    link_a.service(at(0));
    link_a.device_mut().take_sent();
    let sent = frames(&mut link_a, B, &udp_between(A, B, 1280));
    link_b.device_mut().inbox.clear();
    assert_eq!(receive(&mut link_b, at(300_000), &sent).len(), 1);
}
