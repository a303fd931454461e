//! Which paths, and which combinations of them make a set.

use crate::host::{Micros, Repair, Settings, Timestamps};
use crate::path::{Full, Shape};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

/// One combination: a path and the memory of the hosts.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Conditions {
    pub queue: Full,
    pub buffer_kib: usize,
    /// Packets that arrive 5 ms late, percent.
    pub late_percent: f64,
    /// How many packets are lost in a row, on average.
    pub burst: f64,
    /// Milliseconds of queue from which on packets are marked; 0: never.
    pub mark_ms: u64,
    pub rtt_ms: u64,
    /// Packets lost, percent.
    pub loss_percent: f64,
}

/// Sets of combinations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Set {
    /// A minute's worth of assurance that nothing has become much worse: 10 and 50 ms, 0 and 1 % loss.
    Quick,
    /// Every RTT, loss, queue and buffer.
    Main,
    /// The same, and late packets, losses in a row, and marks.
    Full,
}

/// The lists whose combinations are run. One that is given makes a set of its own, with the others as `--set quick`
/// or `--set main` has them.
#[derive(Debug, Args)]
pub struct Lists {
    /// Which combinations.
    #[arg(long, value_enum, default_value_t = Set::Main)]
    pub set: Set,
    /// What happens at a full queue.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub queue: Vec<Full>,
    /// Send and receive buffers, KiB.
    #[arg(long, value_delimiter = ',')]
    pub buffer: Vec<usize>,
    /// Round-trip times, milliseconds.
    #[arg(long, value_delimiter = ',')]
    pub rtt: Vec<u64>,
    /// Packets lost, percent.
    #[arg(long, value_delimiter = ',')]
    pub loss: Vec<f64>,
    /// Packets that arrive 5 ms late, percent.
    #[arg(long, value_delimiter = ',')]
    pub late: Vec<f64>,
    /// How many packets are lost in a row, on average.
    #[arg(long, value_delimiter = ',')]
    pub burst: Vec<f64>,
    /// Milliseconds of queue from which on packets of ECN-capable hosts are marked; 0: never.
    #[arg(long, value_delimiter = ',')]
    pub mark: Vec<u64>,
}

/// Lists of which every combination is meant.
struct Product {
    queue: Vec<Full>,
    buffer: Vec<usize>,
    late: Vec<f64>,
    burst: Vec<f64>,
    mark: Vec<u64>,
    rtt: Vec<u64>,
    loss: Vec<f64>,
}

impl Product {
    fn quick() -> Self {
        Self {
            queue: vec![Full::TailDrop],
            buffer: vec![64, 1024],
            rtt: vec![10, 50],
            loss: vec![0.0, 1.0],
            ..Self::main()
        }
    }

    fn main() -> Self {
        Self {
            queue: vec![Full::TailDrop, Full::BackPressure],
            buffer: vec![64, 256, 1024, 4096],
            late: vec![0.0],
            burst: vec![1.0],
            mark: vec![0],
            rtt: vec![10, 50, 100],
            loss: vec![0.0, 0.1, 1.0, 3.0, 5.0],
        }
    }

    /// What a full set has beside the main one.
    fn others() -> [Self; 3] {
        let queue = vec![Full::TailDrop];
        let buffer = vec![256, 4096];
        [
            Self {
                queue: queue.clone(),
                buffer: buffer.clone(),
                late: vec![1.0, 5.0],
                loss: vec![0.0, 1.0],
                ..Self::main()
            },
            Self {
                queue: queue.clone(),
                buffer: buffer.clone(),
                burst: vec![4.0],
                loss: vec![0.1, 1.0, 3.0],
                ..Self::main()
            },
            Self { queue, buffer, mark: vec![5], loss: vec![0.0, 0.1], ..Self::main() },
        ]
    }

    fn combinations(&self) -> Vec<Conditions> {
        let mut all = Vec::new();
        for &queue in &self.queue {
            for &buffer_kib in &self.buffer {
                for &late_percent in &self.late {
                    for &burst in &self.burst {
                        for &mark_ms in &self.mark {
                            for &rtt_ms in &self.rtt {
                                all.extend(self.loss.iter().map(|&loss_percent| Conditions {
                                    queue,
                                    buffer_kib,
                                    late_percent,
                                    burst,
                                    mark_ms,
                                    rtt_ms,
                                    loss_percent,
                                }));
                            }
                        }
                    }
                }
            }
        }
        all
    }
}

/// A list that was given takes the place of the set's. Whether it was.
fn replace<T: Clone>(list: &mut Vec<T>, given: &[T]) -> bool {
    if !given.is_empty() {
        *list = given.to_vec();
    }
    !given.is_empty()
}

impl Lists {
    pub fn combinations(&self) -> Vec<Conditions> {
        let mut product = if self.set == Set::Quick { Product::quick() } else { Product::main() };
        let given = [
            replace(&mut product.queue, &self.queue),
            replace(&mut product.buffer, &self.buffer),
            replace(&mut product.rtt, &self.rtt),
            replace(&mut product.loss, &self.loss),
            replace(&mut product.late, &self.late),
            replace(&mut product.burst, &self.burst),
            replace(&mut product.mark, &self.mark),
        ];
        let mut all = product.combinations();
        if self.set == Set::Full && !given.contains(&true) {
            all.extend(Product::others().iter().flat_map(Product::combinations));
        }
        all
    }
}

/// What all runs have in common.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Rate of the bottleneck, Mbit/s; 0: no limit.
    #[arg(long, default_value_t = 100)]
    pub rate: u64,
    /// Length of the queue in milliseconds of the bottleneck's rate; 0: one round trip, at least 10.
    #[arg(long, default_value_t = 0)]
    pub queue_ms: u64,
    /// Packets lost on the way back, percent.
    #[arg(long, default_value_t = 0.0)]
    pub ack_loss: f64,
    /// Virtual seconds [default: 20; 4 in the quick set; 60 of `fair`].
    #[arg(long)]
    pub seconds: Option<u64>,
    /// Floor of the retransmission timeout where the stack lets it be chosen, in milliseconds.
    #[arg(long, default_value_t = 1000)]
    pub rto_min: u64,
    /// Send records and out-of-order ranges of a host, where the stack lets their number be chosen.
    #[arg(long, default_value_t = 2048)]
    pub records: usize,
    /// How far tersus goes to repair losses.
    #[arg(long, value_enum, default_value_t = Repair::Undo)]
    pub repair: Repair,
    /// Which stacks send timestamps, 12 octets a segment.
    #[arg(long, value_enum, default_value_t = Timestamps::All)]
    pub timestamps: Timestamps,
    /// First seed of the paths and of the hosts.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many seeds, from the first on; the figures are medians.
    #[arg(long, default_value_t = 1)]
    pub seeds: u64,
}

impl Common {
    /// The bottleneck.
    pub fn shape(&self, at: &Conditions) -> Shape {
        let octets_per_ms = self.rate.max(1) * 125;
        let queue_ms = if self.queue_ms == 0 { at.rtt_ms.max(10) } else { self.queue_ms };
        Shape {
            rate_mbit: self.rate,
            delay: at.rtt_ms * 500,
            queue: (queue_ms * octets_per_ms) as usize,
            full: at.queue,
            mark: (at.mark_ms > 0).then_some((at.mark_ms * octets_per_ms) as usize),
            loss: at.loss_percent / 100.0,
            burst: at.burst,
            late: at.late_percent / 100.0,
            late_by: 5_000,
        }
    }

    /// Where packets are marked, senders ask for ECN.
    pub fn settings(&self, at: &Conditions, seed: u64) -> Settings {
        Settings {
            repair: self.repair,
            timestamps: self.timestamps,
            buffer: at.buffer_kib * 1024,
            rto_min_ms: self.rto_min,
            records: self.records,
            asks_for_ecn: at.mark_ms > 0,
            seed,
            watch: None,
        }
    }

    pub fn seeds(&self) -> impl Iterator<Item = u64> + Clone {
        self.seed..self.seed + self.seeds.max(1)
    }

    /// End of a run that lasts `default` seconds unless told otherwise.
    pub fn end(&self, default: u64) -> Micros {
        self.seconds.unwrap_or(default) * 1_000_000
    }
}
