//! TCP over simulated paths: what gets through, at what cost, with what stalls, and who gets which share.

mod conditions;
mod fair;
mod flow;
mod host;
mod linux;
mod matrix;
mod network;
mod path;
mod report;
mod smoltcp;
mod subject;
mod targets;
mod tersus;
mod topology;

use anyhow::Context;
use clap::{ArgGroup, Args, Parser, Subcommand};
use conditions::{Common, Lists, Set};
use host::Settings;
use matrix::{Entry, Metric};
use std::path::PathBuf;
use std::process::ExitCode;
use subject::Subject;

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
    /// What happens to the connection of one flow in the first combination given, line by line.
    Look(Look),
    /// Several flows over shared bottlenecks: who gets what.
    Fair(fair::Fair),
    /// The figures that are demanded, and whether they are reached.
    Targets(targets::Targets),
    /// Real time, beside Linux's own TCP, through the example `relay`; needs root.
    Linux(linux::Linux),
    /// One end of a transfer over the kernel's TCP.
    #[command(hide = true)]
    Peer(linux::Peer),
    /// Several files of `grid --json` side by side.
    Steps(Steps),
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("drawing").args(["plots", "text_plots"]).multiple(true)))]
struct Grid {
    /// Stacks and congestion controls.
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["tersus-reno", "tersus-cubic", "tersus-bbr", "smoltcp-reno", "smoltcp-cubic"])]
    of: Vec<Subject>,
    #[command(flatten)]
    lists: Lists,
    #[command(flatten)]
    common: Common,
    /// Which tables are printed.
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["goodput", "overhead", "stall"])]
    show: Vec<Metric>,
    /// Also writes every run as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Also draws into this folder: goodput by loss, an SVG a group.
    #[arg(long)]
    plots: Option<PathBuf>,
    /// Also draws with letters below the tables, 78 columns wide: goodput by loss, a plot for each RTT.
    #[arg(long)]
    text_plots: bool,
    /// Beside the plots goodput, window and round-trip time over time, an SVG a combination; with letters, the window.
    #[arg(long, requires = "drawing")]
    traces: bool,
    /// Also tells what changed since this file was written by `--json`.
    #[arg(long)]
    compare: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Look {
    /// Stack and congestion control.
    #[arg(value_enum)]
    of: Subject,
    #[command(flatten)]
    lists: Lists,
    #[command(flatten)]
    common: Common,
    /// From when on, in milliseconds of the run.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Until when.
    #[arg(long, default_value_t = 1000)]
    to: u64,
}

#[derive(Debug, Args)]
struct Steps {
    /// Files of `grid --json`, each as LABEL=FILE.
    #[arg(required = true)]
    files: Vec<String>,
    /// What is compared.
    #[arg(long, value_enum, default_value_t = Metric::Goodput)]
    show: Metric,
}

fn grid(options: &Grid) -> anyhow::Result<()> {
    let earlier = options.compare.as_deref().map(report::File::read).transpose()?;
    let combinations = options.lists.combinations();
    let pairs = combinations.iter().flat_map(|at| options.of.iter().map(move |of| (*at, *of))).collect();
    let end = options.common.end(if options.lists.set == Set::Quick { 4 } else { 20 });
    let ran = matrix::run(&pairs, &options.common, end);
    let entries: Vec<Entry> = ran.iter().map(|(entry, _)| entry.clone()).collect();
    report::grid(&entries, &options.show);
    report::shortfalls(&entries);
    if let Some(earlier) = &earlier {
        report::compare(earlier, &entries);
    }
    if options.text_plots {
        report::text::overview(&entries);
        if options.traces {
            report::text::over_time(&ran);
        }
    }
    if let Some(folder) = &options.plots {
        std::fs::create_dir_all(folder)?;
        report::overview(folder, &entries)?;
        if options.traces {
            report::over_time(folder, &ran)?;
        }
    }
    options.json.as_deref().map_or(Ok(()), |file| report::File::write(entries, file))
}

fn look(options: &Look) -> anyhow::Result<()> {
    let combinations = options.lists.combinations();
    let at = combinations.first().context("an empty list")?;
    let (common, span) = (&options.common, (options.from * 1000, options.to * 1000));
    let plan = topology::one(options.of, common.shape(at), common.ack_loss / 100.0);
    let settings = Settings { watch: Some(span), ..common.settings(at, common.seed) };
    network::run(&plan, &settings, options.to * 1000);
    Ok(())
}

/// Whether two of a kind share alike.
fn fair(options: &fair::Fair) -> anyhow::Result<bool> {
    let contests = fair::run(options);
    report::shares(&contests);
    let is_alike = report::parity(&contests);
    if let Some(folder) = &options.plots {
        std::fs::create_dir_all(folder)?;
        report::shares_over_time(folder, &contests)?;
    }
    if let Some(file) = &options.json {
        let all: Vec<_> = contests
            .iter()
            .map(|contest| {
                let of: Vec<Subject> = contest.members.iter().map(|member| member.subject).collect();
                serde_json::json!({
                    "contest": contest.name, "queue": contest.queue, "of": of, "rounds": contest.rounds,
                })
            })
            .collect();
        std::fs::write(file, serde_json::to_string_pretty(&all)? + "\n")?;
    }
    Ok(is_alike)
}

fn steps(options: &Steps) -> anyhow::Result<()> {
    let mut files = Vec::new();
    for word in &options.files {
        let (label, path) = word.split_once('=').with_context(|| format!("{word}: not LABEL=FILE"))?;
        files.push((label.to_owned(), report::File::read(path.as_ref())?));
    }
    report::steps(&files, options.show);
    Ok(())
}

fn main() -> anyhow::Result<ExitCode> {
    match Options::parse().command {
        Command::Grid(options) => grid(&options)?,
        Command::Look(options) => look(&options)?,
        Command::Fair(options) => {
            if !fair(&options)? {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Targets(options) => {
            if !targets::run(&options) {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Linux(options) => linux::run(&options)?,
        Command::Peer(options) => linux::peer(&options)?,
        Command::Steps(options) => steps(&options)?,
    }
    Ok(ExitCode::SUCCESS)
}
