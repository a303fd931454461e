//! A world as its seed makes it: the wire, and the ends, of any size and with any configuration.

use super::dice::Dice;
use super::end::End;
use super::wire::Wire;
use super::{lossy, Both, Kind, World, PATIENCE};
use crate::runner::{our_address, peer_address, Memory, Setup};
use core::time::Duration;
use std::collections::BTreeMap;
use tersus_ip::Instant;
use tersus_tcp::congestion::{Bbr, Congestion, Cubic, InitialWindow, Reno, Unlimited};
use tersus_tcp::{Config, Growth, Timestamps, Wakers, When};

/// Sizes of buffers, in octets.
const BUFFERS: [usize; 9] = [1, 2, 100, 1000, 4096, 65_535, 100_000, 300_000, 1 << 20];

/// What both ends have in common.
struct Made {
    kind: Kind,
    seed: u64,
    ipv6: bool,
    now: Instant,
}

impl<'m> World<'m> {
    pub(super) fn of(kind: Kind, seed: u64, memory: &'m mut Both) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
        // In a build of one family that; the dice fall alike in each.
        let ipv6 = (dice.chance(300) && cfg!(feature = "ipv6")) || cfg!(not(feature = "ipv4"));
        let lossy = kind == Kind::Lossy;
        let wire = wire(kind, &mut dice);
        let now = Instant::from_micros(dice.below(1 << 40));
        let made = Made { kind, seed, ipv6, now };
        let [memory_a, memory_b] = memory;
        let (mut a, slow_a) = end(0, &made, memory_a, &mut dice);
        let (mut b, slow_b) = end(1, &made, memory_b, &mut dice);
        if slow_a || slow_b {
            a.total_out = a.total_out.min(60);
            b.total_out = b.total_out.min(60);
        }
        (a.total_in, b.total_in) = (b.total_out, a.total_out);
        for end in [&mut a, &mut b] {
            let connections = (0..2).map(|_| Wakers::NONE).collect::<Vec<_>>().leak();
            let listeners = (0..2).map(|_| None).collect::<Vec<_>>().leak();
            end.tcp.use_wakers(connections, listeners);
            // In one world of three windows begin small and grow.
            if seed % 3 == 0 {
                let initial = [0, 4_000, 10_000, Growth::INITIAL][(seed / 3 % 4) as usize];
                end.tcp.grow_windows(initial, vec![Growth::NONE; 1 + (seed / 12 % 2) as usize].leak());
            }
        }
        let patience = if lossy { lossy::patience(wire.loss) } else { PATIENCE };
        let mut world = Self {
            ends: [a, b],
            wire,
            dice,
            now,
            seed,
            kind,
            ahead: [0; 2],
            cut: None,
            jump_at: None,
            moved: (now, 0),
            stall: Duration::ZERO,
            patience,
        };
        if kind == Kind::Hostile {
            world.plan_cut();
            world.plan_jump();
        }
        world
    }
}

/// The wire.
fn wire(kind: Kind, dice: &mut Dice) -> Wire {
    let harsh = dice.chance(500) && kind != Kind::Lossy;
    Wire {
        queue: BTreeMap::new(),
        count: 0,
        loss: match (kind, harsh) {
            (Kind::Lossy, _) => [dice.of(&lossy::LOSSES), dice.of(&lossy::LOSSES)],
            (_, true) => [dice.below(200); 2],
            (_, false) => [dice.below(20); 2],
        },
        repeat: if harsh { dice.below(100) } else { 0 },
        spoil: if harsh { dice.below(50) } else { 0 },
        delay_us: dice.of(&[0, 10, 1_000, 20_000, 300_000]),
        jitter_us: dice.of(&[0, 0, 100, 5_000, 50_000]),
        carried: 0,
        is_cut: false,
    }
}

/// An end, and whether its buffers are so small that it is slow.
fn end<'m>(number: usize, made: &Made, memory: &'m mut Memory, dice: &mut Dice) -> (End<'m>, bool) {
    let Made { kind, seed, ipv6, now } = *made;
    let lossy = kind == Kind::Lossy;
    let config = config(kind, dice);
    let congestion = congestion(kind, dice);
    let setup = Setup {
        config,
        rx: dice.of(if lossy { &BUFFERS[4..] } else { &BUFFERS }),
        tx: dice.of(if lossy { &BUFFERS[4..] } else { &BUFFERS }),
        connections: 2,
        records: if lossy { lossy::pool(seed) } else { dice.of(&lossy::POOLS) },
        ranges: dice.of(&[0, 1, 4, 64]),
        waits: dice.of(&[0, 1, 4]),
        congestion,
        ..Setup::default()
    };
    let slow = setup.rx.min(setup.tx) < 10;
    let most = match (slow, lossy) {
        (true, _) => 60,
        (false, false) => 60_000,
        (false, true) => 200_000,
    };
    (
        End {
            tcp: memory.engine(&setup, (seed as u8).wrapping_mul(2).wrapping_add(number as u8)),
            address: if number == 0 { our_address(ipv6) } else { peer_address(ipv6) },
            mtu: dice.of(&[if ipv6 { 1280 } else { 68 }, 1280, 1500, 1500, 9000]),
            id: None,
            listener: None,
            total_out: dice.below(most) as usize,
            written: 0,
            total_in: 0,
            read: 0,
            closed: false,
            finished: false,
            released: false,
            told: None,
            full_until: None,
            app_at: now,
            tasks: Default::default(),
            other: if seed % 2 == 0 { When::Established } else { When::Ended },
        },
        slow,
    )
}

/// The configuration of an end.
fn config(kind: Kind, dice: &mut Dice) -> Config {
    let mut config = Config::new();
    config.r2 = Duration::from_secs(7_200);
    config.r2_syn = Duration::from_secs(7_200);
    config.half_open = Duration::from_secs(3_000);
    if kind == Kind::Hostile {
        config.r2 = Duration::from_secs(dice.of(&[30, 100, 1_000]));
        config.r2_syn = Duration::from_secs(dice.of(&[30, 180]));
        config.half_open = Duration::from_secs(63);
        config.keep_alive_idle = Duration::from_secs(dice.of(&[5, 200]));
        config.keep_alive_interval = Duration::from_secs(20);
        config.keep_alive_count = 3;
    }
    if dice.chance(200) {
        config.timestamps = Timestamps::Off;
    }
    if kind == Kind::Lossy {
        config.rto_max = lossy::RTO_MAX;
    }
    config.delayed_ack = Duration::from_millis(dice.of(&[0, 40, 200, 499]));
    if dice.chance(300) {
        config.rto_min = Duration::from_millis(200);
        config.rto_initial = Duration::from_millis(200);
    }
    config
}

fn congestion(kind: Kind, dice: &mut Dice) -> &'static dyn Congestion {
    match dice.below(7) {
        // Without any window each timeout sends all again, and where nothing is kept ahead of a gap for nothing.
        0 if kind != Kind::Lossy => &Unlimited,
        1 => &Reno { initial_window: InitialWindow::Rfc5681, segments_per_ack: 1, ..Reno::DEFAULT },
        2 => &Cubic::DEFAULT,
        3 => &Cubic::PACED,
        4 => &Bbr::DEFAULT,
        _ => &Reno::DEFAULT,
    }
}
