//! The same inputs give the same outputs, bit for bit.

use crate::network::{Composition, Kind, Plan, Record};
use crate::seeds::for_seeds;
use crate::stream::{Conversation, Reading};
use core::time::Duration;
use tersus_iface::phy::{Fraction, Impairment};

fn capture(plan: &Plan, kind: Kind, seed: u64) -> Vec<u8> {
    plan.run(seed, |network| {
        let sizes = [40_000, 30_000];
        let mut conversation = Conversation::open(network, [0, 1], kind.address(1), 80, sizes, Reading::Lazy);
        conversation.finish(network, Duration::from_secs(130));
        network.capture()
    })
}

fn plan(kind: Kind) -> Plan {
    let part = Fraction::from_percent(2);
    let mut plan = Plan::pair(kind).impaired(Impairment {
        loss: part,
        duplication: part,
        reordering: part,
        reordering_delay: Duration::from_millis(4),
        corruption: part,
        delay: Duration::from_millis(10),
        jitter: Duration::from_millis(2),
        ..Impairment::NONE
    });
    plan.record = Record::Frames;
    plan
}

#[test]
fn the_same_seed_gives_the_same_frames_at_the_same_times_and_another_seed_others() {
    for kind in Kind::FAST {
        let plan = plan(kind);
        for_seeds(0..6, |seed| {
            let first = capture(&plan, kind, seed);
            assert!(first.len() > 100_000);
            assert!(first == capture(&plan, kind, seed), "two runs from one seed differ");
            assert!(first != capture(&plan, kind, seed + 1), "two seeds give one run");
        });
    }
}

#[test]
fn tuples_and_trait_objects_are_the_same_stack() {
    for kind in Kind::ETHERNET {
        let lists = plan(kind);
        let tuples = Plan { composition: Composition::Tuples, ..lists.clone() };
        for budget in [None, Some(1), Some(3)] {
            let (lists, tuples) = (Plan { budget, ..lists.clone() }, Plan { budget, ..tuples.clone() });
            for_seeds(0..6, |seed| {
                let same = capture(&lists, kind, seed) == capture(&tuples, kind, seed);
                assert!(same, "the two compositions send other frames or at other times");
            });
        }
    }
}
