//! The same in real time, beside Linux: two network namespaces, a relay between two TUN devices, and transfers of the
//! kernel's TCP and of ours through it.
//!
//! ```text
//!   namespace a                                                         namespace b
//!   tersus ── TUN ── kernel, forwards ─┐                            ┌── kernel's TCP
//!                    kernel's TCP     ─┴─ TUN ── relay ── TUN ──────┘
//! ```
//! The relay (`iface/examples/relay`) delays both ways, and has a rate, a queue and losses in the way of the data.

mod peer;
mod world;

pub use peer::{run as peer, Peer};

use crate::matrix::{Metric, Spread};
use crate::report;
use anyhow::Context;
use clap::Args;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use world::World;

#[derive(Debug, Clone, Args)]
pub struct Linux {
    /// Packets lost, percent.
    #[arg(long, value_delimiter = ',', default_values_t = [1.0, 3.0])]
    loss: Vec<f64>,
    /// Packets that arrive 5 ms late, percent.
    #[arg(long, value_delimiter = ',', default_values_t = [0.0])]
    late: Vec<f64>,
    /// Round-trip time, milliseconds.
    #[arg(long, default_value_t = 50)]
    rtt: u64,
    /// Rate, Mbit/s.
    #[arg(long, default_value_t = 100)]
    rate: u64,
    /// Packets that wait for the line; the default is a round trip of 100 Mbit/s.
    #[arg(long, default_value_t = 416)]
    queue: u64,
    /// Seconds of a transfer, real ones.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Transfers of each kind; the figures are medians.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// Transfers at a time. Each takes a part of a processor; one that waits for it measures the processor.
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    /// Congestion controls of tersus, as `throughput --congestion` names them.
    #[arg(long, value_delimiter = ',', default_values = ["reno", "cubic"])]
    tersus: Vec<String>,
    /// Congestion controls of the kernel, as `net.ipv4.tcp_available_congestion_control` names them.
    #[arg(long, value_delimiter = ',', default_values = ["cubic", "bbr"])]
    linux: Vec<String>,
    /// Where the examples `relay` and `throughput` lie: `cargo build --release --examples` in the library's workspace.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/release/examples"))]
    examples: PathBuf,
    /// Also writes the figures as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Who sends to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Pair {
    /// The kernel to itself, with this control.
    LinuxToLinux(String),
    TersusToLinux(String),
    LinuxToTersus(String),
}

impl Pair {
    fn name(&self) -> String {
        match self {
            Self::LinuxToLinux(control) => format!("Linux {control} → Linux"),
            Self::TersusToLinux(control) => format!("tersus {control} → Linux"),
            Self::LinuxToTersus(control) => format!("Linux {control} → tersus"),
        }
    }
}

/// What a receiver measured.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Measured {
    pub octets: u64,
    pub seconds: f64,
    pub longest_stall_ms: f64,
}

impl Measured {
    fn goodput_mbit(self) -> f64 {
        self.octets as f64 * 8.0 / self.seconds.max(1e-6) / 1e6
    }
}

/// One kind of transfer.
#[derive(Debug, Serialize)]
struct Line {
    pair: Pair,
    loss_percent: f64,
    late_percent: f64,
    measured: Vec<Measured>,
}

pub fn run(options: &Linux) -> anyhow::Result<()> {
    let pairs: Vec<Pair> = options
        .linux
        .iter()
        .cloned()
        .map(Pair::LinuxToLinux)
        .chain(options.tersus.iter().cloned().map(Pair::TersusToLinux))
        .chain(options.linux.iter().cloned().map(Pair::LinuxToTersus))
        .collect();
    let mut lines = Vec::new();
    for &loss_percent in &options.loss {
        for &late_percent in &options.late {
            let line =
                |pair: &Pair| Line { pair: pair.clone(), loss_percent, late_percent, measured: Vec::new() };
            lines.extend(pairs.iter().map(line));
        }
    }
    let threads = rayon::ThreadPoolBuilder::new().num_threads(options.jobs.max(1)).build()?;
    let bar = indicatif::ProgressBar::new(lines.len() as u64 * options.seeds);
    for seed in 1..=options.seeds.max(1) {
        let transfer = |line: &mut Line| -> anyhow::Result<()> {
            let measured = World::new(options, line.loss_percent, line.late_percent, &line.pair, seed)
                .and_then(|mut world| world.transfer(&line.pair))
                .with_context(|| line.pair.name())?;
            bar.inc(1);
            line.measured.push(measured);
            Ok(())
        };
        threads.install(|| lines.par_iter_mut().try_for_each(transfer))?;
    }
    bar.finish_and_clear();
    print(options, &lines);
    if let Some(file) = &options.json {
        std::fs::write(file, serde_json::to_string_pretty(&lines)? + "\n")?;
    }
    Ok(())
}

fn print(options: &Linux, lines: &[Line]) {
    println!(
        "{} Mbit/s, RTT {} ms, a queue of {} packets, {} s each, {} of each kind\n",
        options.rate, options.rtt, options.queue, options.seconds, options.seeds
    );
    println!("| loss % | late % | from → to | goodput Mbit/s | % of the line | longest stall ms |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for line in lines {
        let goodput = Spread::new(line.measured.iter().map(|measured| measured.goodput_mbit()));
        let stall = Spread::new(line.measured.iter().map(|measured| measured.longest_stall_ms));
        println!(
            "| {} | {} | {} | {} | {:.1} | {} |",
            line.loss_percent,
            line.late_percent,
            line.pair.name(),
            report::cell(goodput, Metric::Goodput),
            goodput.median * 100.0 / options.rate.max(1) as f64,
            report::cell(stall, Metric::Stall)
        );
    }
}
