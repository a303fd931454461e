//! What established connections cost that do nothing.

use super::{Pair, Work};
use crate::host::{Host, Needs};
use crate::meter::Meter;

const COUNT: u64 = 100;

pub(super) fn poll<H: Host>(meter: &mut Meter, established: usize) -> Work {
    let mut pair = Pair::<H>::plain(meter, &Needs::NONE, established);
    let frames = pair.frames();
    let count = meter.repeat(COUNT, if established > 0 { 10 } else { 10_000 });
    polls(&mut pair, 1);
    meter.start();
    polls(&mut pair, count);
    meter.stop();
    assert_eq!(pair.frames(), frames, "an idle poll sent something");
    Work { rounds: count, ..Work::default() }
}

#[inline(never)]
fn polls<H: Host>(pair: &mut Pair<H>, count: u64) {
    for _ in 0..count {
        pair.b.poll(pair.now);
        pair.now += 1;
    }
}

pub(super) fn poll_at<H: Host>(meter: &mut Meter, established: usize) -> Work {
    let mut pair = Pair::<H>::plain(meter, &Needs::NONE, established);
    let count = meter.repeat(COUNT, if established > 0 { 10 } else { 10_000 });
    questions(&mut pair, 1);
    meter.start();
    questions(&mut pair, count);
    meter.stop();
    Work { rounds: count, ..Work::default() }
}

#[inline(never)]
fn questions<H: Host>(pair: &mut Pair<H>, count: u64) {
    for _ in 0..count {
        std::hint::black_box(pair.b.poll_at(pair.now));
    }
}
