//! Many runs, over all processors, and what came of them.

use crate::conditions::{Common, Conditions};
use crate::flow::Outcome;
use crate::host::Micros;
use crate::path::Counts;
use crate::subject::Subject;
use crate::{network, topology};
use indicatif::{ParallelProgressIterator, ProgressBar, ProgressStyle};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One run of one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub seed: u64,
    pub delivered: u64,
    pub goodput_mbit: f64,
    pub overhead: f64,
    pub longest_stall_ms: f64,
    /// When the longest stall ended, in milliseconds of the run.
    pub stall_ended_ms: f64,
    /// What became of the packets there.
    pub path: Counts,
    /// What the sender counted, if its stack tells.
    pub counters: BTreeMap<String, u32>,
}

/// All runs of a subject under the same conditions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    #[serde(flatten)]
    pub at: Conditions,
    pub of: Subject,
    pub runs: Vec<Run>,
}

/// What is asked of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Metric {
    /// Megabits delivered per second.
    Goodput,
    /// Octets of the sender's IP packets for each octet delivered.
    Overhead,
    /// Longest time without a delivered octet, in milliseconds.
    Stall,
    /// Expiries of the retransmission timer.
    Timeouts,
}

impl Metric {
    pub fn name(self) -> &'static str {
        match self {
            Self::Goodput => "goodput, Mbit/s",
            Self::Overhead => "octets on the wire per octet delivered",
            Self::Stall => "longest stall, ms",
            Self::Timeouts => "timeouts",
        }
    }

    pub fn of(self, run: &Run) -> f64 {
        match self {
            Self::Goodput => run.goodput_mbit,
            Self::Overhead => run.overhead,
            Self::Stall => run.longest_stall_ms,
            Self::Timeouts => run.counters.get("timeouts").copied().unwrap_or(0).into(),
        }
    }
}

/// Median and extremes of several runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub least: f64,
    pub median: f64,
    pub most: f64,
}

impl Spread {
    /// Of any values; zeros if there are none.
    pub fn new(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |place: usize| values.get(place).copied().unwrap_or(0.0);
        let last = values.len().saturating_sub(1);
        Self { least: at(0), median: (at(last / 2) + at(last.div_ceil(2))) / 2.0, most: at(last) }
    }
}

impl Entry {
    pub fn spread(&self, metric: Metric) -> Spread {
        Spread::new(self.runs.iter().map(|run| metric.of(run)))
    }
}

/// What is to be run: subjects under conditions.
pub type Pairs = Vec<(Conditions, Subject)>;

/// Runs each pair with every seed. The traces are of the first.
pub fn run(pairs: &Pairs, common: &Common, end: Micros) -> Vec<(Entry, Outcome)> {
    let jobs: Vec<_> = pairs.iter().flat_map(|pair| common.seeds().map(move |seed| (*pair, seed))).collect();
    let bar = ProgressBar::new(jobs.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len} runs, {eta} left") {
        bar.set_style(style);
    }
    let job = |((at, of), seed): ((Conditions, Subject), u64)| {
        let plan = topology::one(of, common.shape(&at), common.ack_loss / 100.0);
        let mut results = network::run(&plan, &common.settings(&at, seed), end);
        let outcome = results.flows.remove(0);
        let run = Run {
            seed,
            delivered: outcome.delivered,
            goodput_mbit: outcome.goodput_mbit,
            overhead: outcome.overhead,
            longest_stall_ms: outcome.longest_stall_ms,
            stall_ended_ms: outcome.stall_ended_ms,
            path: results.paths[0],
            counters: outcome.counters.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        };
        (run, outcome)
    };
    let done: Vec<(Run, Outcome)> = jobs.into_par_iter().progress_with(bar.clone()).map(job).collect();
    bar.finish_and_clear();

    let mut done = done.into_iter();
    let count = common.seeds().count();
    let mut entries = Vec::new();
    for &(at, of) in pairs {
        let (runs, mut outcomes): (Vec<Run>, Vec<Outcome>) = done.by_ref().take(count).unzip();
        entries.push((Entry { at, of, runs }, outcomes.remove(0)));
    }
    entries
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::conditions::{Lists, Set};
    use crate::path::Full;

    pub(crate) fn common() -> Common {
        Common {
            rate: 100,
            queue_ms: 0,
            ack_loss: 0.0,
            seconds: None,
            rto_min: 1000,
            records: 256,
            repair: crate::host::Repair::Undo,
            timestamps: crate::host::Timestamps::All,
            seed: 1,
            seeds: 2,
        }
    }

    fn at(queue: Full, rtt_ms: u64, loss_percent: f64) -> Conditions {
        Conditions {
            queue,
            buffer_kib: 1024,
            late_percent: 0.0,
            burst: 1.0,
            mark_ms: 0,
            rtt_ms,
            loss_percent,
        }
    }

    const BOTH: [Subject; 2] = [Subject::TersusCubic, Subject::SmoltcpCubic];

    #[test]
    fn a_run_repeats_to_the_octet_on_any_processor() {
        let pairs: Pairs = BOTH.iter().map(|&of| (at(Full::TailDrop, 10, 1.0), of)).collect();
        let once = run(&pairs, &common(), 1_000_000);
        let again = run(&pairs, &common(), 1_000_000);
        for ((once, _), (again, _)) in once.iter().zip(&again) {
            assert_eq!(once, again);
            assert_ne!(
                once.runs[0].delivered, once.runs[1].delivered,
                "two seeds, one outcome: {:?}",
                once.of
            );
        }
    }

    #[test]
    fn what_is_delivered_and_what_it_took_fit_the_line() {
        for queue in [Full::TailDrop, Full::BackPressure] {
            // More than the path holds, and less than path and queue.
            let at = Conditions { buffer_kib: 192, ..at(queue, 10, 0.0) };
            let pairs: Pairs = BOTH.iter().map(|&of| (at, of)).collect();
            for (entry, _) in run(&pairs, &common(), 4_000_000) {
                for run in &entry.runs {
                    let wire = run.goodput_mbit * run.overhead;
                    // What was sent and has not arrived: a round trip of the path, and a queue.
                    let under_way = 2.0 * 0.010 * 100.0 / 4.0;
                    assert!(wire <= 100.0 + under_way, "{:?} {queue:?}: {wire} Mbit/s", entry.of);
                    assert!(wire >= 95.0, "{:?} {queue:?}: {wire} Mbit/s", entry.of);
                    assert_eq!((run.path.lost, run.path.late, run.path.marked), (0, 0, 0));
                    assert!(queue == Full::TailDrop || run.path.overflowed == 0);
                    let counted = run.path.octets as f64 / run.delivered as f64;
                    assert!((counted - run.overhead).abs() < 1e-9, "{counted} is not {}", run.overhead);
                }
            }
        }
    }

    #[test]
    fn the_round_trip_is_the_stated_one() {
        for rtt_ms in [10, 50, 100] {
            // A window far below what the path holds: no queue.
            let at = Conditions { buffer_kib: 16, ..at(Full::TailDrop, rtt_ms, 0.0) };
            let ran = run(&vec![(at, Subject::TersusCubic)], &common(), 3_000_000);
            let srtt = ran[0].1.trace.last().and_then(|sample| sample.srtt).expect("a measured round trip");
            // A burst of the window's segments, and an ACK that waits for a second one.
            assert!((rtt_ms * 1000..rtt_ms * 1000 + 3_000).contains(&srtt), "{srtt} µs of {rtt_ms} ms");
        }
    }

    #[test]
    fn sets_have_what_they_promise() {
        let lists = |set| Lists {
            set,
            queue: vec![],
            buffer: vec![],
            rtt: vec![],
            loss: vec![],
            late: vec![],
            burst: vec![],
            mark: vec![],
        };
        let count = |lists: &Lists| lists.combinations().len();
        assert_eq!((count(&lists(Set::Quick)), count(&lists(Set::Main))), (8, 120));
        let full = lists(Set::Full).combinations();
        assert_eq!(full.len(), 120 + 24 + 18 + 12);
        assert!(full.iter().any(|at| at.late_percent == 5.0) && full.iter().any(|at| at.mark_ms > 0));
        assert_eq!(count(&Lists { rtt: vec![50], loss: vec![1.0], ..lists(Set::Full) }), 8);
    }

    #[test]
    fn a_median_is_in_the_middle() {
        for (values, least, median, most) in
            [(&[3.0, 1.0, 2.0][..], 1.0, 2.0, 3.0), (&[4.0, 1.0], 1.0, 2.5, 4.0), (&[7.0], 7.0, 7.0, 7.0)]
        {
            assert_eq!(Spread::new(values.iter().copied()), Spread { least, median, most });
        }
    }
}
