//! The gate: what tersus costs, against a committed file.

use crate::report::{number, Results};
use crate::stacks::Stack;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// How far a figure may be from the baseline, either way.
const TOLERANCE: f64 = 0.02;
/// What is gated.
pub const STACKS: [Stack; 2] = [Stack::Tersus, Stack::TersusObjects];

/// The committed file.
#[derive(Serialize, Deserialize)]
pub struct Baseline {
    /// Counts are those of one compiler.
    compiler: String,
    /// What else they depend on: the C library's copy, and the processor that valgrind shows to it.
    environment: String,
    /// By case and stack, `10/0 tersus-objects`: instructions a unit, or octets.
    figures: BTreeMap<String, f64>,
}

/// What the gate says.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Met,
    Missed,
    /// The file is of another compiler or environment.
    NotJudged,
}

impl Baseline {
    pub fn new(results: &Results) -> Self {
        let figures = results.figures.iter().filter(|entry| STACKS.contains(&entry.stack)).map(|entry| {
            // Digits enough to see a hundredth of the tolerance in the smallest figure, and no noise of a division.
            let value = (entry.value * 10_000.0).round() / 10_000.0;
            (format!("{} {}", entry.case, entry.stack.key()), value)
        });
        Self { compiler: results.compiler.clone(), environment: environment(), figures: figures.collect() }
    }

    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        serde_json::from_str(&text).with_context(|| path.display().to_string())
    }

    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        std::fs::write(path, text).with_context(|| path.display().to_string())
    }

    /// Whether `now` is within the tolerance of this, and a text that says what is not.
    pub fn judge(&self, now: &Self) -> (Verdict, String) {
        let mut text = String::new();
        let mut is_met = true;
        let mut names: Vec<_> = self.figures.keys().chain(now.figures.keys()).collect();
        names.sort();
        names.dedup();
        for name in names {
            let show = |value: Option<&f64>| value.map_or(String::from("nothing"), |value| number(*value));
            let (before, after) = (self.figures.get(name), now.figures.get(name));
            // What is in one of the two only is a figure that nobody has looked at.
            let change = before.zip(after).map(|(before, after)| after / before - 1.0);
            if change.is_some_and(|change| change.abs() <= TOLERANCE) {
                continue;
            }
            is_met = false;
            let percent = change.map_or(String::new(), |change| format!(", {:+.1} %", change * 100.0));
            text += &format!("{name}: {} -> {}{percent}\n", show(before), show(after));
        }
        for (what, before, after) in [
            ("compiler", &self.compiler, &now.compiler),
            ("environment", &self.environment, &now.environment),
        ] {
            if before != after {
                text += &format!("!!! NOT JUDGED: the {what} of the baseline is {before}, this is {after}\n");
                return (Verdict::NotJudged, text);
            }
        }
        (if is_met { Verdict::Met } else { Verdict::Missed }, text)
    }
}

/// The gate, as a program: prints, and gives the exit status.
pub fn gate(results: &Results, path: &Path) -> Result<i32> {
    let (verdict, text) = Baseline::read(path)?.judge(&Baseline::new(results));
    print!("{text}");
    let percent = TOLERANCE * 100.0;
    Ok(match verdict {
        Verdict::Met => {
            println!("Every figure is within {percent} % of the baseline.");
            0
        }
        Verdict::Missed => {
            println!(
                "These differ by more than {percent} % from the baseline. If they have to: \
                 --record {} writes the new one, and the commit says why in a line \"Baseline: …\".",
                path.display()
            );
            1
        }
        Verdict::NotJudged => 3,
    })
}

/// What the counts of one binary depend on beside the compiler.
fn environment() -> String {
    let first_line = |command: &mut Command| {
        let output = command.output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).lines().next()?.trim().to_owned())
    };
    let libc = first_line(Command::new("getconf").arg("GNU_LIBC_VERSION"));
    let valgrind = first_line(Command::new("valgrind").arg("--version"));
    let [libc, valgrind] = [libc, valgrind].map(|version| version.unwrap_or(String::from("unknown")));
    format!("{libc}, {valgrind}, {}", vectors())
}

/// The C library chooses its copy by this.
#[cfg(target_arch = "x86_64")]
fn vectors() -> &'static str {
    if std::arch::is_x86_feature_detected!("avx2") {
        "AVX2"
    } else {
        "SSE2"
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn vectors() -> &'static str {
    "not x86-64"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline(compiler: &str, figures: &[(&str, f64)]) -> Baseline {
        let figures = figures.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        Baseline { compiler: compiler.to_owned(), environment: String::new(), figures }
    }

    #[test]
    fn a_figure_may_move_by_two_percent_either_way_and_must_be_known() {
        let before = baseline("a", &[("1 tersus", 1000.0)]);
        for (figures, want) in [
            (&[("1 tersus", 1019.9)][..], Verdict::Met),
            (&[("1 tersus", 980.1)], Verdict::Met),
            (&[("1 tersus", 1021.0)], Verdict::Missed),
            (&[("1 tersus", 979.0)], Verdict::Missed),
            (&[("1 tersus", 1000.0), ("2 tersus", 1.0)], Verdict::Missed),
            (&[], Verdict::Missed),
        ] {
            let (verdict, text) = before.judge(&baseline("a", figures));
            assert_eq!(verdict, want, "{text}");
            assert_eq!(text.is_empty(), want == Verdict::Met, "{text}");
        }
    }

    #[test]
    fn figures_of_another_compiler_are_not_judged() {
        let before = baseline("a", &[("1 tersus", 1000.0)]);
        let (verdict, text) = before.judge(&baseline("b", &[("1 tersus", 2000.0)]));
        assert_eq!(verdict, Verdict::NotJudged);
        assert!(text.contains("1,000 -> 2,000, +100.0 %\n!!! NOT JUDGED"), "{text}");
    }
}
