//! Several flows over shared bottlenecks: who gets what.

use crate::conditions::{Common, Conditions};
use crate::flow::Sample;
use crate::host::Micros;
use crate::matrix::Spread;
use crate::network;
use crate::path::Full;
use crate::subject::Subject;
use crate::topology::{self, Member, Topology};
use clap::Args;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use rayon::prelude::*;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Fair {
    /// The flows, each of two stacks. Without any: a suite of contests.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub of: Vec<Subject>,
    /// How they share bottlenecks.
    #[arg(long, value_enum, default_value_t = Topology::Dumbbell)]
    pub topology: Topology,
    /// Round-trip times without queues, milliseconds: of each flow, by turns.
    #[arg(long, value_delimiter = ',', default_values_t = [50])]
    pub rtt: Vec<u64>,
    /// Milliseconds between the starts of two flows.
    #[arg(long, default_value_t = 1000)]
    pub stagger: u64,
    /// Seconds, from the start of the last flow on, that are not counted.
    #[arg(long, default_value_t = 10)]
    pub settle: u64,
    /// What happens at a full queue.
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["tail-drop"])]
    pub queue: Vec<Full>,
    /// Send and receive buffers, KiB.
    #[arg(long, default_value_t = 4096)]
    pub buffer: usize,
    /// Packets lost, percent.
    #[arg(long, default_value_t = 0.0)]
    pub loss: f64,
    #[command(flatten)]
    pub common: Common,
    /// Also writes the shares as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// Also draws goodput, windows and round-trip times over time, an SVG a contest, into this folder.
    #[arg(long)]
    pub plots: Option<PathBuf>,
}

/// What a flow got, after all had settled.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Share {
    pub goodput_mbit: f64,
    /// Of the whole run.
    pub overhead: f64,
    pub longest_stall_ms: f64,
}

/// Flows against one another, once for each seed.
pub struct Contest {
    pub name: String,
    pub queue: Full,
    pub members: Vec<Member>,
    pub rounds: Vec<Vec<Share>>,
    /// Of the first seed.
    pub traces: Vec<Vec<Sample>>,
}

impl Contest {
    /// Jain's index of the goodputs: 1, all alike; 1 over their number, one has all.
    pub fn jain(&self) -> Spread {
        Spread::new(self.rounds.iter().map(|round| jain(round)))
    }

    /// The largest goodput over the smallest.
    pub fn ratio(&self) -> Spread {
        Spread::new(self.rounds.iter().map(|round| {
            let rates = || round.iter().map(|share| share.goodput_mbit);
            rates().fold(0.0, f64::max) / rates().fold(f64::INFINITY, f64::min).max(1e-3)
        }))
    }
}

impl Contest {
    /// Of two of a kind over ways of the same length: what the smaller share is of the larger one, as a mean over the seeds and
    /// at worst. `None`: it is another contest.
    pub fn parity(&self) -> Option<(f64, f64)> {
        let [one, other] = &self.members[..] else { return None };
        if one.subject != other.subject || one.rtt != other.rtt {
            return None;
        }
        let parts = self.rounds.iter().filter_map(|round| match round[..] {
            [a, b] => {
                let (a, b) = (a.goodput_mbit, b.goodput_mbit);
                Some(a.min(b) / a.max(b).max(1e-3))
            }
            _ => None,
        });
        let parts: Vec<f64> = parts.collect();
        let mean = parts.iter().sum::<f64>() / parts.len().max(1) as f64;
        Some((mean, parts.iter().copied().fold(1.0, f64::min)))
    }
}

fn jain(round: &[Share]) -> f64 {
    let rates = || round.iter().map(|share| share.goodput_mbit);
    let (sum, squares) = (rates().sum::<f64>(), rates().map(|rate| rate * rate).sum::<f64>());
    sum * sum / (round.len().max(1) as f64 * squares.max(1e-9))
}

/// Megabits per second from a moment on.
fn rate_from(trace: &[Sample], from: Micros) -> f64 {
    let (Some(first), Some(last)) = (trace.iter().find(|sample| sample.at >= from), trace.last()) else {
        return 0.0;
    };
    (last.delivered - first.delivered) as f64 * 8.0 / (last.at - first.at).max(1) as f64
}

/// Flows to be run, and how they share.
struct Setup {
    name: String,
    topology: Topology,
    of: Vec<Subject>,
    rtt: Vec<u64>,
}

/// What is asked when nothing else is.
fn suite() -> Vec<Setup> {
    use Subject::{SmoltcpCubic, TersusBbr, TersusCubic, TersusReno};
    use Topology::{Dumbbell, ParkingLot, TwoWay};
    let contests: [(&str, Topology, &[Subject], &[u64]); 14] = [
        ("two alike", Dumbbell, &[TersusReno, TersusReno], &[50]),
        ("two alike", Dumbbell, &[TersusCubic, TersusCubic], &[50]),
        ("two alike", Dumbbell, &[TersusBbr, TersusBbr], &[50]),
        ("BBR and CUBIC", Dumbbell, &[TersusBbr, TersusCubic], &[50]),
        ("CUBIC and Reno", Dumbbell, &[TersusCubic, TersusReno], &[50]),
        ("CUBIC and smoltcp's", Dumbbell, &[TersusCubic, SmoltcpCubic], &[50]),
        ("eight stacks", Dumbbell, &[TersusCubic, TersusCubic, TersusCubic, TersusCubic], &[50]),
        ("eight stacks, mixed", Dumbbell, &[TersusCubic, TersusReno, TersusCubic, TersusReno], &[50]),
        ("eight stacks", Dumbbell, &[TersusBbr, TersusBbr, TersusBbr, TersusBbr], &[50]),
        ("unequal RTT", Dumbbell, &[TersusBbr, TersusBbr], &[20, 80]),
        ("unequal RTT", Dumbbell, &[TersusReno, TersusReno], &[20, 80]),
        ("unequal RTT", Dumbbell, &[TersusCubic, TersusCubic], &[20, 80]),
        ("two ways", TwoWay, &[TersusCubic, TersusCubic], &[50]),
        ("parking lot", ParkingLot, &[TersusCubic, TersusCubic, TersusCubic], &[50]),
    ];
    contests
        .iter()
        .map(|(name, topology, of, rtt)| Setup {
            name: (*name).to_owned(),
            topology: *topology,
            of: of.to_vec(),
            rtt: rtt.to_vec(),
        })
        .collect()
}

fn contest(options: &Fair, setup: &Setup, queue: Full) -> Contest {
    let common = &options.common;
    let starts = (0..).map(|number| number * options.stagger * 1000);
    let rtts = setup.rtt.iter().cycle().map(|rtt| rtt * 1000);
    let members: Vec<Member> = setup
        .of
        .iter()
        .zip(starts)
        .zip(rtts)
        .map(|((&subject, start), rtt)| Member { subject, start, rtt })
        .collect();
    // The queue is as long as the longest round trip.
    let at = Conditions {
        queue,
        buffer_kib: options.buffer,
        late_percent: 0.0,
        burst: 1.0,
        mark_ms: 0,
        rtt_ms: setup.rtt.iter().copied().max().unwrap_or(50),
        loss_percent: options.loss,
    };
    let end = common.end(60);
    let settled = members.last().map_or(0, |member| member.start) + options.settle * 1_000_000;
    let (mut rounds, mut traces) = (Vec::new(), Vec::new());
    for seed in common.seeds() {
        // Without it, nothing would depend on the seed where nothing is lost at random.
        let mut random = SmallRng::seed_from_u64(seed);
        let mut moved = members.clone();
        moved.iter_mut().for_each(|member| member.start += random.random_range(0..member.rtt.max(1)));
        let plan = topology::many(setup.topology, &moved, common.shape(&at));
        let results = network::run(&plan, &common.settings(&at, seed), end);
        let shares = results.flows.iter().map(|flow| Share {
            goodput_mbit: rate_from(&flow.trace, settled),
            overhead: flow.overhead,
            longest_stall_ms: flow.longest_stall_ms,
        });
        rounds.push(shares.collect());
        if traces.is_empty() {
            traces = results.flows.into_iter().map(|flow| flow.trace).collect();
        }
    }
    Contest { name: setup.name.clone(), queue, members, rounds, traces }
}

/// Runs what is asked for.
pub fn run(options: &Fair) -> Vec<Contest> {
    let setups = if options.of.is_empty() {
        suite()
    } else {
        let name = options.of.iter().map(|of| of.name()).collect::<Vec<_>>().join(", ");
        vec![Setup { name, topology: options.topology, of: options.of.clone(), rtt: options.rtt.clone() }]
    };
    let jobs: Vec<(&Setup, Full)> =
        setups.iter().flat_map(|setup| options.queue.iter().map(move |queue| (setup, *queue))).collect();
    jobs.into_par_iter().map(|(setup, queue)| contest(options, setup, queue)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(goodput_mbit: f64) -> Share {
        Share { goodput_mbit, overhead: 1.0, longest_stall_ms: 0.0 }
    }

    #[test]
    fn jains_index_and_the_ratio_are_those_of_the_book() {
        for (rates, index, ratio) in
            [(&[5.0, 5.0][..], 1.0, 1.0), (&[1.0, 3.0], 0.8, 3.0), (&[6.0, 3.0, 3.0, 0.0], 2.0 / 3.0, 6000.0)]
        {
            let round: Vec<Share> = rates.iter().copied().map(share).collect();
            let contest = Contest {
                name: String::new(),
                queue: Full::TailDrop,
                members: vec![],
                rounds: vec![round],
                traces: vec![],
            };
            assert!((contest.jain().median - index).abs() < 1e-9, "{rates:?}");
            assert!((contest.ratio().median - ratio).abs() < 1e-6, "{rates:?}");
        }
    }

    #[test]
    fn two_of_a_kind_are_judged_by_the_smaller_share() {
        use Subject::{TersusCubic, TersusReno};
        let contest = |of: [Subject; 2], rtt: [Micros; 2], rounds: &[[f64; 2]]| Contest {
            name: String::new(),
            queue: Full::TailDrop,
            members: (0..2).map(|n| Member { subject: of[n], start: 0, rtt: rtt[n] }).collect(),
            rounds: rounds.iter().map(|round| round.map(share).to_vec()).collect(),
            traces: vec![],
        };
        let rounds = [[50.0, 40.0], [30.0, 60.0]];
        let (mean, worst) = contest([TersusReno; 2], [5, 5], &rounds).parity().expect("both are of one kind");
        assert!((mean - 0.65).abs() < 1e-9 && (worst - 0.5).abs() < 1e-9, "{mean} {worst}");
        assert!(contest([TersusReno, TersusCubic], [5, 5], &rounds).parity().is_none());
        assert!(contest([TersusReno; 2], [5, 6], &rounds).parity().is_none());
    }

    #[test]
    fn all_that_share_a_bottleneck_have_its_rate_together() {
        use Subject::{SmoltcpCubic, TersusCubic};
        for (topology, most) in
            [(Topology::Dumbbell, 100.0), (Topology::TwoWay, 200.0), (Topology::ParkingLot, 200.0)]
        {
            let members = [TersusCubic, SmoltcpCubic, TersusCubic].map(|subject| Member {
                subject,
                start: 0,
                rtt: 20_000,
            });
            let at = Conditions {
                queue: Full::TailDrop,
                buffer_kib: 256,
                late_percent: 0.0,
                burst: 1.0,
                mark_ms: 0,
                rtt_ms: 20,
                loss_percent: 0.0,
            };
            let common = crate::matrix::tests::common();
            let plan = topology::many(topology, &members, common.shape(&at));
            let results = network::run(&plan, &common.settings(&at, 1), 5_000_000);
            let wire: f64 = results.flows.iter().map(|flow| flow.goodput_mbit * flow.overhead).sum();
            let sent = results.flows.iter().all(|flow| flow.delivered > 0);
            assert!(sent && wire < most * 1.1 && wire > most * 0.3, "{topology:?}: {wire} Mbit/s");
        }
    }
}
