//! Runs cases in processes of their own: under callgrind to count, plainly to time and to verify.

use crate::cases::{Case, Subject};
use crate::meter::{Meter, Mode};
use crate::profile::Profile;
use crate::scenario::Work;
use crate::stacks::Stack;
use anyhow::{bail, Context, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::process::Command;

/// One figure of one stack.
pub struct Figure {
    /// Per unit of the case.
    pub value: f64,
    pub work: Work,
    pub profile: Profile,
}

/// What a process that measured prints.
#[derive(Serialize, Deserialize)]
struct Report {
    work: Option<Work>,
    elapsed_ns: u64,
}

/// What `measure` does, in the process that is measured.
pub fn measure(case: &Case, stack: Stack, mode: Mode) -> Result<()> {
    let mut meter = Meter::new(mode);
    let work = stack.run(case.subject, &mut meter);
    let elapsed_ns = meter.elapsed().as_nanos().try_into()?;
    println!("{}", serde_json::to_string(&Report { work, elapsed_ns })?);
    Ok(())
}

/// glibc copies blocks from 2 KiB by `rep movsb`, of which callgrind counts every octet as an instruction; this makes it
/// use its vector loop at every length.
const TUNABLES: &str =
    "glibc.cpu.x86_rep_movsb_threshold=0x7fffffff:glibc.cpu.x86_rep_stosb_threshold=0x7fffffff";

/// Instructions; `None` if the stack has no such thing.
pub fn count(case: &Case, stack: Stack) -> Result<Option<Figure>> {
    if let Subject::Size(_) = case.subject {
        let figure = |size| Figure { value: size as f64, work: Work::default(), profile: Profile::NONE };
        return Ok(stack.size(case.subject).map(figure));
    }
    let directory = tempfile::tempdir()?;
    let out = directory.path().join("callgrind");
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--instr-atstart=no", "--quiet"])
        .arg(format!("--callgrind-out-file={}", out.display()));
    if let Subject::Format(format) = case.subject {
        // The operation alone, without the loop that calls it.
        command.arg(format!("--toggle-collect=tersus_bench::formats::*::{}", format.operation()));
    }
    command.arg(std::env::current_exe()?);
    let report = run(command, case, stack, Mode::Count)?;
    let Some(work) = report.work else { return Ok(None) };
    // Part 1 was written when the meter stopped; the file without a number holds what came after.
    let text = std::fs::read_to_string(out.with_extension("1")).context("callgrind wrote no profile")?;
    let profile = Profile::parse(&text);
    if profile.total == 0 {
        bail!("callgrind counted nothing");
    }
    Ok(Some(Figure { value: profile.total as f64 / case.units(&work), work, profile }))
}

/// Nanoseconds per unit of the case, and what was done.
pub fn time(case: &Case, stack: Stack) -> Result<Option<(f64, Work)>> {
    let report = run(Command::new(std::env::current_exe()?), case, stack, Mode::Time)?;
    Ok(report.work.map(|work| (report.elapsed_ns as f64 / case.units(&work), work)))
}

/// Whether everything arrived as it was sent.
pub fn verify(case: &Case, stack: Stack) -> Result<Option<Work>> {
    Ok(run(Command::new(std::env::current_exe()?), case, stack, Mode::Verify)?.work)
}

/// Whether valgrind is there.
pub fn look_for_valgrind() -> Result<()> {
    if !cfg!(target_arch = "x86_64") {
        bail!("instructions can be counted on x86-64 only; try --times or --verify");
    }
    let found = Command::new("valgrind").arg("--version").output();
    found.context("valgrind is needed to count instructions; try --times or --verify")?;
    Ok(())
}

fn run(mut command: Command, case: &Case, stack: Stack, mode: Mode) -> Result<Report> {
    let mode = format!("{mode:?}").to_lowercase();
    // A given environment: its size moves the stack, and alignment is a few instructions of memcpy.
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).env("GLIBC_TUNABLES", TUNABLES).current_dir(Path::new("/"));
    command.args(["measure", case.id, stack.key(), &mode]);
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("{} of {}: {}", case.id, stack.name(), stderr.trim());
    }
    serde_json::from_slice(&output.stdout).with_context(|| format!("{}: no report: {stderr}", case.id))
}
