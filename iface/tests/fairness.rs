//! With a budget of one frame a turn, nobody is kept from his turn by somebody who always has something to do.

use tersus_iface::ip::{
    Config, IcmpError, Instant, Ip, IpLayer, IpMeta, Quoted, Storage, Transport, Verdict,
};
use tersus_iface::phy::{memory, Device, Ethernet, LinkLayer, Medium, TxMeta, TxToken};
use tersus_iface::{Progress, Stack};

const OWN: [u8; 6] = [2, 0, 0, 0, 0, 1];

/// A frame to the host, of a type that it does not know.
fn send(end: &mut impl Device, now: Instant) {
    let Some(token) = end.transmit(now) else { return };
    token.consume(60, TxMeta::default(), |frame| {
        let header = [OWN, [2, 0, 0, 0, 0, 9]].into_iter().flatten().chain([0x88, 0xb5]);
        frame.iter_mut().zip(header.chain(core::iter::repeat(0))).for_each(|(to, from)| *to = from);
    });
}

#[test]
fn a_flooded_link_does_not_keep_the_others_from_being_read() {
    for flooded in 0..2 {
        let mut storages = [const { memory::Storage::<4, 1514>::new() }; 2];
        let wires = storages.each_mut().map(|storage| memory::Wire::new(storage, Medium::Ethernet, [1; 32]));
        let mut peers = wires.each_ref().map(|wire| wire.ends().1);
        let mut links = wires.each_ref().map(|wire| Ethernet::<_, 8>::new(wire.ends().0, OWN));
        let mut memory = Storage::<2, 1, 0, 4>::new();
        let mut stack = Stack::new(Ip::new(&mut memory, [2; 32], Config::default()));

        for turn in 1..=30 {
            let now = Instant::from_millis(turn);
            for (index, peer) in peers.iter_mut().enumerate() {
                if index == flooded || turn == 1 {
                    send(peer, now);
                }
            }
            let [a, b] = &mut links;
            let mut links: [&mut dyn LinkLayer; 2] = [a, b];
            stack.poll_bounded(now, 1, &mut links, &mut ());
        }
        for (index, link) in links.iter().enumerate() {
            assert!(
                link.statistics().rx_frames > 0,
                "link {index} was never read while {flooded} was flooded"
            );
        }
    }
}

/// Always has a packet to send.
#[derive(Default)]
struct Greedy {
    sent: u32,
}

impl Transport for Greedy {
    fn receive(&mut self, _: &IpMeta<'_>, _: &mut [u8]) -> Verdict {
        Verdict::NotMine
    }

    fn error(&mut self, _: Instant, _: &IcmpError<'_>) -> Quoted {
        Quoted::Unknown
    }

    fn transmit(&mut self, _: &mut dyn IpLayer, budget: &mut usize) -> Progress {
        self.sent += u32::from(*budget > 0);
        *budget = budget.saturating_sub(1);
        Progress::More
    }

    fn poll_at(&self) -> Option<Instant> {
        Some(Instant::ZERO)
    }
}

// The link is flooded too: every second turn goes to a frame that came in.
#[test]
fn each_transport_gets_its_share_of_the_turns() {
    let mut storage = memory::Storage::<4, 1514>::new();
    let wire = memory::Wire::new(&mut storage, Medium::Ethernet, [1; 32]);
    let (end, mut peer) = wire.ends();
    let mut link = Ethernet::<_, 8>::new(end, OWN);
    let mut memory = Storage::<1, 1, 0, 4>::new();
    let mut stack = Stack::new(Ip::new(&mut memory, [2; 32], Config::default()));
    let (mut a, mut b) = (Greedy::default(), Greedy::default());
    for turn in 1..=40 {
        let now = Instant::from_millis(turn);
        send(&mut peer, now);
        stack.poll_bounded(now, 1, &mut [&mut link], &mut (&mut a, &mut b));
    }
    assert!(a.sent >= 10 && b.sent >= 10, "{} and {}", a.sent, b.sent);
    assert!(link.statistics().rx_frames >= 20, "{} frames", link.statistics().rx_frames);
}
