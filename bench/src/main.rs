//! The project's measuring stick: tersus and its peers, through their public APIs, in one run. See README.md.

mod audit;
mod cases;
mod formats;
mod gate;
mod host;
mod link;
mod meter;
mod profile;
mod report;
mod runner;
mod scenario;
mod sizes;
mod stacks;

use anyhow::{bail, Context, Result};
use cases::{Case, Pace, Subject, Unit, CASES};
use clap::{Parser, Subcommand};
use gate::Baseline;
use meter::Mode;
use report::{Entry, Results, Spread, Timing};
use runner::Figure;
use stacks::Stack;
use std::collections::VecDeque;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Mutex;

/// Measures tersus beside its peers: instructions by callgrind, times, sizes.
///
/// Prints a Markdown table. Instructions repeat exactly and are what targets are stated in; times depend on the machine.
#[derive(Parser)]
#[command(version)]
struct Options {
    #[command(subcommand)]
    inner: Option<Inner>,

    /// Rows or cases to measure: 1,5,10/1000. Default: all
    #[arg(long, value_delimiter = ',', value_name = "ROW")]
    only: Vec<String>,

    /// Leave out what takes longer than a few seconds: thousands of connections
    #[arg(long)]
    quick: bool,

    /// Stacks to measure
    #[arg(
        long,
        value_delimiter = ',',
        value_enum,
        default_value = "smoltcp,etherparse,tersus,tersus-objects"
    )]
    stacks: Vec<Stack>,

    /// Also take times, as medians of interleaved runs
    #[arg(long)]
    times: bool,

    /// How many runs a time is the median of
    #[arg(long, default_value_t = 15, value_name = "N")]
    runs: usize,

    /// Check every octet and every frame of every scenario instead of measuring
    #[arg(long, conflicts_with_all = ["times", "profile", "json", "compare"])]
    verify: bool,

    /// Also print the N dearest functions of each case in which tersus misses its target, or of every case that --only
    /// names
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "15")]
    profile: Option<usize>,

    /// Write the figures to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Print what changed since a file was written
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,

    /// Fail if a figure of tersus in the quick cases is not within 2 % of FILE's; exit with 3 if that cannot be said
    #[arg(long, value_name = "FILE", conflicts_with_all = ["only", "quick", "stacks", "verify"])]
    gate: Option<PathBuf>,

    /// Write the figures that `--gate` compares
    #[arg(long, value_name = "FILE", conflicts_with_all = ["only", "quick", "stacks", "verify", "gate"])]
    record: Option<PathBuf>,

    /// Cases counted at a time. Does not change instructions; times are taken one by one
    #[arg(long, default_value_t = 2, value_name = "N")]
    jobs: usize,
}

#[derive(Subcommand)]
enum Inner {
    /// One case of one stack in this process
    #[command(hide = true)]
    Measure { case: String, stack: Stack, mode: Mode },
}

fn main() -> Result<()> {
    let mut options = Options::parse();
    if let Some(Inner::Measure { case, stack, mode }) = options.inner {
        let case = cases::find(&case).context("no such case")?;
        return runner::measure(case, stack, mode);
    }
    if options.gate.is_some() || options.record.is_some() {
        options.quick = true;
        options.stacks = gate::STACKS.to_vec();
    }
    let earlier = options.compare.as_deref().map(Results::read).transpose()?;
    let jobs = selected(&options)?;
    if options.verify {
        return verify(&jobs, options.jobs);
    }
    if jobs.iter().any(|(case, _)| !matches!(case.subject, Subject::Size(_))) {
        runner::look_for_valgrind()?;
    }
    let figures = in_parallel(&jobs, options.jobs, runner::count)?;
    let mut results = Results { version: 1, compiler: compiler(), figures: Vec::new(), times: Vec::new() };
    for ((case, stack), figure) in jobs.iter().zip(&figures) {
        results.figures.extend(figure.as_ref().map(|figure| Entry::new(case, *stack, figure)));
    }
    println!("Instructions by callgrind, {}; sizes on this machine.\n", results.compiler);
    println!("{}", results.table(&options.stacks));
    println!("Row 27, the size of firmware, is what `firmware/ladder` prints.\n");
    if let Some(count) = options.profile {
        print_profiles(&options, &results, &jobs, &figures, count);
    }
    if options.times {
        results.times = times(&options, &jobs)?;
        println!("{}", results.times_table());
    }
    if let Some(earlier) = earlier {
        println!("{}", results.changes(&earlier));
    }
    if let Some(path) = &options.json {
        results.write(path)?;
    }
    if let Some(path) = &options.record {
        Baseline::new(&results).write(path)?;
    }
    if let Some(path) = &options.gate {
        let status = gate::gate(&results, path)?;
        std::process::exit(status);
    }
    Ok(())
}

type Job = (&'static Case, Stack);

/// Cases and stacks as the options say.
fn selected(options: &Options) -> Result<Vec<Job>> {
    for wanted in &options.only {
        if !CASES.iter().any(|case| names(wanted, case)) {
            bail!(
                "no row or case {wanted}; there are {}",
                CASES.iter().map(|case| case.id).collect::<Vec<_>>().join(", ")
            );
        }
    }
    let mut jobs = Vec::new();
    for case in CASES {
        let is_wanted = options.only.is_empty() || options.only.iter().any(|wanted| names(wanted, case));
        if !is_wanted || (options.quick && case.pace != Pace::Quick) {
            continue;
        }
        let stacks = options.stacks.iter().filter(|stack| stack.may_have(case.subject));
        jobs.extend(stacks.map(|stack| (case, *stack)));
    }
    Ok(jobs)
}

fn names(wanted: &str, case: &Case) -> bool {
    wanted == case.id || wanted == case.row()
}

/// Does something for each job, several at a time; results in the order of the jobs.
fn in_parallel<T: Send>(
    jobs: &[Job],
    threads: usize,
    work: impl Fn(&'static Case, Stack) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let queue: Mutex<VecDeque<usize>> = Mutex::new((0..jobs.len()).collect());
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| loop {
                let next = queue.lock().ok().and_then(|mut queue| queue.pop_front());
                let Some((place, (case, stack))) = next.and_then(|place| Some((place, *jobs.get(place)?)))
                else {
                    break;
                };
                tell(&format!("{} {}", case.id, stack.name()));
                let result = work(case, stack);
                if let Ok(mut done) = done.lock() {
                    done.push((place, result));
                }
            });
        }
    });
    tell("");
    let mut done = done.into_inner().ok().context("a worker panicked")?;
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

fn verify(jobs: &[Job], threads: usize) -> Result<()> {
    let jobs: Vec<Job> =
        jobs.iter().copied().filter(|(case, _)| !matches!(case.subject, Subject::Size(_))).collect();
    let outcomes = in_parallel(&jobs, threads, |case, stack| Ok(runner::verify(case, stack)))?;
    let mut failures = 0;
    println!("| row | what | stack | octets | frames | |\n|---|---|---|---:|---:|---|");
    for ((case, stack), outcome) in jobs.iter().zip(outcomes) {
        let line = match outcome {
            Ok(None) => continue,
            Ok(Some(work)) => format!("{} | {} | right", work.octets, work.frames),
            Err(error) => {
                failures += 1;
                let first = format!("{error:#}");
                format!("| | **{}**", first.lines().take(3).collect::<Vec<_>>().join(" "))
            }
        };
        println!("| {} | {} | {} | {line} |", case.id, case.what, stack.name());
    }
    if failures > 0 {
        bail!("{failures} cases failed");
    }
    Ok(())
}

fn print_profiles(
    options: &Options,
    results: &Results,
    jobs: &[Job],
    figures: &[Option<Figure>],
    count: usize,
) {
    for ((case, stack), figure) in jobs.iter().zip(figures) {
        let Some(figure) = figure else { continue };
        let is_named = !options.only.is_empty();
        let is_wanted = if is_named { true } else { *stack == Stack::Tersus && results.misses(case) };
        if figure.profile.total == 0 || !is_wanted {
            continue;
        }
        println!("### Row {}, {}: {}\n", case.id, case.what, stack.name());
        println!("| own {} | with callees | calls | function |\n|---:|---:|---:|---|", case.unit.name());
        let units = case.units(&figure.work);
        let digits = if case.unit == Unit::Octet { 3 } else { 0 };
        for function in figure.profile.functions.iter().take(count) {
            let [own, inclusive, calls] =
                [function.own, function.inclusive, function.calls].map(|number| number as f64 / units);
            println!("| {own:.digits$} | {inclusive:.digits$} | {calls:.2} | `{}` |", function.name);
        }
        println!();
    }
}

/// Runs of all stacks by turns, so that what disturbs the machine disturbs them alike.
fn times(options: &Options, jobs: &[Job]) -> Result<Vec<Timing>> {
    let mut timings = Vec::new();
    for case in CASES {
        let stacks: Vec<Stack> =
            jobs.iter().filter(|(other, _)| other.id == case.id).map(|(_, stack)| *stack).collect();
        if matches!(case.subject, Subject::Size(_)) || stacks.is_empty() {
            continue;
        }
        let mut runs: Vec<Vec<(f64, f64)>> = vec![Vec::new(); stacks.len()];
        for number in 0..options.runs.max(1) {
            tell(&format!("{} run {}", case.id, number + 1));
            for (stack, runs) in stacks.iter().zip(&mut runs) {
                if let Some((ns, work)) = runner::time(case, *stack)? {
                    // Octets of payload a nanosecond, in bits.
                    let gbit = 8.0 * work.octets as f64 / (ns * case.units(&work));
                    runs.push((ns, gbit));
                }
            }
        }
        let first = runs.first().cloned().unwrap_or_default();
        for (number, (stack, runs)) in stacks.iter().zip(&runs).enumerate() {
            let Some(ns) = Spread::of(runs.iter().map(|run| run.0).collect()) else { continue };
            let is_stream = case.row() == "1" || case.row() == "2" || case.row() == "4" || case.row() == "9";
            let ratios = first.iter().zip(runs).map(|(first, run)| first.0 / run.0).collect();
            timings.push(Timing {
                case: case.id.to_owned(),
                stack: *stack,
                ns,
                gbit_per_s: Spread::of(runs.iter().map(|run| run.1).collect()).filter(|_| is_stream),
                speed_up: Spread::of(ratios).filter(|_| number > 0),
            });
        }
    }
    tell("");
    Ok(timings)
}

/// What goes on, for whoever watches.
fn tell(what: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K{what}");
    }
}

fn compiler() -> String {
    let version = std::process::Command::new("rustc").arg("--version").output();
    version.map_or_else(
        |_| String::from("unknown compiler"),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
