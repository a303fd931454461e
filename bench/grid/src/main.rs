//! TCP over simulated paths: what gets through, at what cost, with what stalls, and who gets which share.

mod host;
mod network;
mod path;
mod report;
mod smoltcp;
mod tersus;

use ::smoltcp::socket::tcp::CongestionControl;
use clap::{Args, Parser, Subcommand, ValueEnum};
use host::{Host, Micros, Role, Settings, Shared};
use network::Outcome;
use path::{Full, Shape};
use std::path::PathBuf;
use tersus_iface::tcp::congestion::{Cubic, Reno, Unlimited};

/// A stack with a congestion control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    TersusReno,
    TersusCubic,
    TersusNone,
    SmoltcpReno,
    SmoltcpCubic,
    SmoltcpNone,
}

impl Subject {
    fn name(self) -> &'static str {
        match self {
            Self::TersusReno => "tersus Reno",
            Self::TersusCubic => "tersus CUBIC",
            Self::TersusNone => "tersus none",
            Self::SmoltcpReno => "smoltcp Reno",
            Self::SmoltcpCubic => "smoltcp CUBIC",
            Self::SmoltcpNone => "smoltcp none",
        }
    }

    fn host(self, role: Role, port: Shared, settings: &Settings) -> Box<dyn Host> {
        match self {
            Self::TersusReno => Box::new(tersus::Tersus::new(role, port, settings, &Reno::DEFAULT)),
            Self::TersusCubic => Box::new(tersus::Tersus::new(role, port, settings, &Cubic::DEFAULT)),
            Self::TersusNone => Box::new(tersus::Tersus::new(role, port, settings, &Unlimited)),
            Self::SmoltcpReno => {
                Box::new(smoltcp::Smoltcp::new(role, port, settings, CongestionControl::Reno))
            }
            Self::SmoltcpCubic => {
                Box::new(smoltcp::Smoltcp::new(role, port, settings, CongestionControl::Cubic))
            }
            Self::SmoltcpNone => {
                Box::new(smoltcp::Smoltcp::new(role, port, settings, CongestionControl::None))
            }
        }
    }
}

#[derive(Debug, Parser)]
#[command(
    name = "grid",
    about = "TCP over simulated paths, tersus beside its peers; every octet is verified"
)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// One flow in every combination of the lists given.
    Grid(Grid),
    /// Several flows over one bottleneck: who gets what.
    Fair(Fair),
}

/// What all runs have in common.
#[derive(Debug, Args)]
struct Common {
    /// Rate of the bottleneck, Mbit/s; 0: no limit.
    #[arg(long, default_value_t = 100)]
    rate: u64,
    /// What happens at a full queue.
    #[arg(long, value_enum, default_values = ["tail-drop", "back-pressure"], value_delimiter = ',')]
    queue: Vec<Full>,
    /// Length of the queue in milliseconds of the bottleneck's rate; 0: one round trip, at least 10.
    #[arg(long, default_value_t = 0)]
    queue_ms: u64,
    /// Virtual seconds.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Floor of the retransmission timeout where the stack lets it be chosen, in milliseconds.
    #[arg(long, default_value_t = 1000)]
    rto_min: u64,
    /// Seed of the paths and of the hosts.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Also writes the results as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Also draws delivered octets and windows over time, an SVG a combination, into this folder.
    #[arg(long)]
    plots: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Grid {
    /// Stacks and congestion controls.
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["tersus-reno", "tersus-cubic", "smoltcp-reno", "smoltcp-cubic"])]
    of: Vec<Subject>,
    /// Round trip times, milliseconds.
    #[arg(long, value_delimiter = ',', default_values_t = [10, 50, 100])]
    rtt: Vec<u64>,
    /// Packets lost, percent.
    #[arg(long, value_delimiter = ',', default_values_t = [0.0, 0.1, 1.0, 3.0, 5.0])]
    loss: Vec<f64>,
    /// How many packets are lost in a row, on average.
    #[arg(long, default_value_t = 1.0)]
    burst: f64,
    /// Packets that arrive 5 ms late, percent.
    #[arg(long, value_delimiter = ',', default_values_t = [0.0])]
    reorder: Vec<f64>,
    /// Send and receive buffers, KiB.
    #[arg(long, value_delimiter = ',', default_values_t = [64, 1024, 4096])]
    buffer: Vec<usize>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Fair {
    /// The flows.
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["tersus-cubic", "tersus-cubic"])]
    of: Vec<Subject>,
    /// Seconds between the starts of two flows.
    #[arg(long, default_value_t = 1)]
    stagger: u64,
    /// Round trip time, milliseconds.
    #[arg(long, default_value_t = 50)]
    rtt: u64,
    /// Send and receive buffers, KiB.
    #[arg(long, default_value_t = 4096)]
    buffer: usize,
    #[command(flatten)]
    common: Common,
}

/// One combination, and what came of it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Cell {
    pub rtt_ms: u64,
    pub loss_percent: f64,
    pub reorder_percent: f64,
    pub queue: Full,
    pub buffer_kib: usize,
    pub results: Vec<(Subject, Outcome)>,
}

impl Common {
    fn shapes(&self, rtt_ms: u64, full: Full) -> [Shape; 2] {
        let queue_ms = if self.queue_ms == 0 { rtt_ms.max(10) } else { self.queue_ms };
        let there = Shape {
            rate_mbit: self.rate,
            delay: rtt_ms * 500,
            queue: (queue_ms * self.rate.max(1) * 125) as usize,
            full,
            loss: 0.0,
            burst: 1.0,
            reordering: 0.0,
            reordering_delay: 5_000,
        };
        [there, Shape { rate_mbit: 0, full: Full::TailDrop, queue: usize::MAX, ..there }]
    }

    fn settings(&self, buffer_kib: usize) -> Settings {
        Settings { buffer: buffer_kib * 1024, rto_min_ms: self.rto_min, seed: self.seed }
    }

    fn end(&self) -> Micros {
        self.seconds * 1_000_000
    }

    fn finish(&self, cells: &[Cell]) -> anyhow::Result<()> {
        if let Some(file) = &self.json {
            std::fs::write(file, serde_json::to_string_pretty(cells)?)?;
        }
        if let Some(folder) = &self.plots {
            std::fs::create_dir_all(folder)?;
            for cell in cells {
                report::plot(folder, cell)?;
            }
        }
        Ok(())
    }
}

fn grid(options: &Grid) -> anyhow::Result<()> {
    let common = &options.common;
    let mut cells = Vec::new();
    for &queue in &common.queue {
        for &buffer_kib in &options.buffer {
            for &rtt_ms in &options.rtt {
                for &reorder_percent in &options.reorder {
                    for &loss_percent in &options.loss {
                        let results = Vec::new();
                        cells.push(Cell {
                            rtt_ms,
                            loss_percent,
                            reorder_percent,
                            queue,
                            buffer_kib,
                            results,
                        });
                    }
                }
            }
        }
    }
    let progress = indicatif::ProgressBar::new((cells.len() * options.of.len()) as u64);
    for cell in &mut cells {
        let [mut there, back] = common.shapes(cell.rtt_ms, cell.queue);
        there.loss = cell.loss_percent / 100.0;
        there.burst = options.burst;
        there.reordering = cell.reorder_percent / 100.0;
        for &subject in &options.of {
            let settings = common.settings(cell.buffer_kib);
            let mut outcomes = network::run(&[(subject, 0)], there, back, &settings, common.end());
            cell.results.extend(outcomes.pop().map(|outcome| (subject, outcome)));
            progress.inc(1);
        }
    }
    progress.finish_and_clear();
    report::table(&cells);
    common.finish(&cells)
}

fn fair(options: &Fair) -> anyhow::Result<()> {
    let common = &options.common;
    let mut cells = Vec::new();
    for &queue in &common.queue {
        let [there, back] = common.shapes(options.rtt, queue);
        let starts = (0..).map(|number| number * options.stagger * 1_000_000);
        let flows: Vec<(Subject, Micros)> = options.of.iter().copied().zip(starts).collect();
        let settings = common.settings(options.buffer);
        let outcomes = network::run(&flows, there, back, &settings, common.end());
        let results = options.of.iter().copied().zip(outcomes).collect();
        cells.push(Cell {
            rtt_ms: options.rtt,
            loss_percent: 0.0,
            reorder_percent: 0.0,
            queue,
            buffer_kib: options.buffer,
            results,
        });
    }
    report::shares(&cells);
    common.finish(&cells)
}

fn main() -> anyhow::Result<()> {
    match Options::parse().command {
        Command::Grid(options) => grid(&options),
        Command::Fair(options) => fair(&options),
    }
}
