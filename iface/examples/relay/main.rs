//! Joins two TAP or TUN devices by a wire that loses, delays, overtakes and marks packets.
//!
//! ```text
//!   kernel or stack ── left device ──▶ | queue | line, rate | loss | delay | ──▶ right device ── kernel or stack
//!                                  ◀──            delay                    ──
//! ```
//! The other end of a device may be in another network namespace: move it there once `ready` was said.

mod joint;
mod options;

use clap::Parser;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use joint::{Joint, FRAME_LEN};
use options::{Kind, Options};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::process::ExitCode;
use std::sync::Arc;
use tersus_iface::phy::hosted::{wait, Clock, TunTap};
use tersus_iface::phy::memory::{Side, Wire};
use tersus_iface::phy::{earliest, Device, Fraction, FrameSlot, Medium, Random};

fn main() -> ExitCode {
    let options = Options::parse();
    match relay(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("relay: {error}");
            ExitCode::FAILURE
        }
    }
}

fn relay(options: &Options) -> Result<(), String> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).map_err(|error| error.to_string())?;
    }
    let open = |name: &str| match options.kind {
        Kind::Tap => TunTap::tap(name).map_err(|error| format!("{name}: {error}")),
        Kind::Tun => TunTap::tun(name).map_err(|error| format!("{name}: {error}")),
    };
    let medium = if options.kind == Kind::Tap { Medium::Ethernet } else { Medium::Ip };
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&options.seed.to_le_bytes());

    let sides = [Side::Left, Side::Right];
    let mut slots = sides.map(|side| vec![FrameSlot::EMPTY; options.room(side)]);
    let mut octets = sides.map(|side| vec![0; options.room(side) * FRAME_LEN]);
    let wire = Wire::from_slices(
        slots.each_mut().map(Vec::as_mut_slice),
        octets.each_mut().map(Vec::as_mut_slice),
        medium,
        seed,
    );
    sides.iter().for_each(|&side| wire.impair(side, options.impairment(side)));
    let (left, right) = wire.ends();
    let joint = |name: &str, end, side| -> Result<Joint<'_, '_>, String> {
        let mark = if options.is_impaired(side) { options.mark } else { Fraction::NONE };
        Ok(Joint { device: open(name)?, end, mark, dropped: 0, marked: 0 })
    };
    let mut joints = [joint(&options.left, left, Side::Left)?, joint(&options.right, right, Side::Right)?];
    let mut random = Random::new(seed);
    let clock = Clock::new();
    println!("ready");

    while !stop.load(Ordering::Relaxed) {
        joints.iter_mut().for_each(|joint| joint.pass(clock.now(), &mut random));
        let [left, right] = &joints;
        let due = earliest(left.end.poll_at(), right.end.poll_at()).map(|at| at.since(clock.now()));
        // A signal that came before ppoll does not wake it.
        let timeout = due.unwrap_or(Duration::MAX).min(Duration::from_millis(200));
        wait(&[left.device.waiting(), right.device.waiting()], Some(timeout))
            .map_err(|error| format!("waiting for frames: {error}"))?;
    }
    for (joint, side) in joints.iter().zip(sides) {
        let counted = wire.statistics(side);
        println!(
            "from {side:?}: sent {}, received {}, lost {}, reordered {}, duplicated {}, no room {}, marked {}",
            counted.sent,
            counted.received,
            counted.lost,
            counted.reordered,
            counted.duplicated,
            joint.dropped,
            joint.marked
        );
    }
    Ok(())
}
