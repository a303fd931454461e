//! The tables, and the file.

use crate::cases::{Case, Target, Unit, CASES};
use crate::runner::Figure;
use crate::stacks::Stack;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// Figures of one run.
#[derive(Serialize, Deserialize)]
pub struct Results {
    /// Of the format of this file.
    pub version: u32,
    pub compiler: String,
    pub figures: Vec<Entry>,
    #[serde(default)]
    pub times: Vec<Timing>,
}

/// One figure of one stack.
#[derive(Clone, Serialize, Deserialize)]
pub struct Entry {
    pub case: String,
    pub what: String,
    pub stack: Stack,
    pub unit: String,
    pub value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_frame: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acks_per_data_frame: Option<f64>,
}

/// Times of one stack.
#[derive(Clone, Serialize, Deserialize)]
pub struct Timing {
    pub case: String,
    pub stack: Stack,
    /// Nanoseconds per unit.
    pub ns: Spread,
    /// Gbit/s of payload, for bulk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gbit_per_s: Option<Spread>,
    /// How many times as fast as the first stack, run by run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_up: Option<Spread>,
}

/// Of several runs.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    /// `None` if there are none.
    pub fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (&min, &max) = (values.first()?, values.last()?);
        Some(Self { median: *values.get(values.len() / 2)?, min, max })
    }

    fn show(self, digits: usize) -> String {
        format!("{:.digits$} ({:.digits$}..{:.digits$})", self.median, self.min, self.max)
    }
}

impl Entry {
    pub fn new(case: &Case, stack: Stack, figure: &Figure) -> Self {
        let work = figure.work;
        let is_stream = case.unit == Unit::DataFrame && work.frames != work.data_frames;
        let per_data = |frames: u64| frames as f64 / work.data_frames as f64;
        Self {
            case: case.id.to_owned(),
            what: case.what.to_owned(),
            stack,
            unit: case.unit.name().to_owned(),
            value: figure.value,
            per_frame: is_stream.then(|| figure.value / per_data(work.frames)),
            acks_per_data_frame: is_stream.then(|| per_data(work.frames - work.data_frames)),
        }
    }
}

impl Results {
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        serde_json::from_str(&text).with_context(|| path.display().to_string())
    }

    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        std::fs::write(path, text).with_context(|| path.display().to_string())
    }

    fn find(&self, case: &str, stack: Stack) -> Option<&Entry> {
        self.figures.iter().find(|entry| entry.case == case && entry.stack == stack)
    }

    /// What tersus is to reach in a case, as far as it is known.
    pub fn limit(&self, case: &Case) -> Option<f64> {
        match case.target {
            Target::AtMost(limit) => Some(limit),
            Target::None => None,
            Target::TimesOf(factor, other) => Some(self.find(other, Stack::Tersus)?.value * factor),
        }
    }

    /// Cases in which tersus misses its target.
    pub fn misses(&self, case: &Case) -> bool {
        let figure = self.find(case.id, Stack::Tersus);
        figure.zip(self.limit(case)).is_some_and(|(entry, limit)| entry.value > limit)
    }

    /// Rows down, stacks across.
    pub fn table(&self, stacks: &[Stack]) -> String {
        let mut table = String::from("| row | what | unit |");
        for stack in stacks {
            let _ = write!(table, " {} |", stack.name());
        }
        table.push_str(" target | |\n|---|---|---|");
        table.push_str(&"---:|".repeat(stacks.len() + 1));
        table.push_str("---|\n");
        for case in CASES {
            if !self.figures.iter().any(|entry| entry.case == case.id) {
                continue;
            }
            let _ = write!(table, "| {} | {} | {} |", case.id, case.what, case.unit.name());
            for stack in stacks {
                let value = self.find(case.id, *stack).map(|entry| number(entry.value));
                let _ = write!(table, " {} |", value.as_deref().unwrap_or("–"));
            }
            let target = match case.target {
                Target::None => String::new(),
                Target::AtMost(limit) => format!("≤ {}", number(limit)),
                Target::TimesOf(factor, other) => format!("≤ {factor} × row {other}"),
            };
            let _ = writeln!(table, " {target} | {} |", self.verdict(case));
            self.frames(case, stacks, &mut table);
        }
        table
    }

    fn verdict(&self, case: &Case) -> String {
        let Some((entry, limit)) = self.find(case.id, Stack::Tersus).zip(self.limit(case)) else {
            return String::new();
        };
        let factor = entry.value / limit;
        if factor <= 1.0 {
            String::from("met")
        } else {
            format!("{factor:.2} × the target")
        }
    }

    /// Beside a stream: what a frame costs, and how many of them are ACKs.
    fn frames(&self, case: &Case, stacks: &[Stack], table: &mut String) {
        let mut line =
            |what: &str, unit: &str, target: &str, value: fn(&Entry) -> Option<f64>, digits: usize| {
                let values: Vec<_> =
                    stacks.iter().map(|stack| self.find(case.id, *stack).and_then(value)).collect();
                if values.iter().any(Option::is_some) {
                    let _ = write!(table, "| | {what} | {unit} |");
                    for value in values {
                        let _ = match value {
                            Some(value) => write!(table, " {value:.digits$} |"),
                            None => write!(table, " – |"),
                        };
                    }
                    let _ = writeln!(table, " {target} | |");
                }
            };
        line("… a frame, ACKs counted", "instructions/packet", "", |entry| entry.per_frame, 0);
        line("… ACKs", "ACKs/data packet", "≤ 0.05", |entry| entry.acks_per_data_frame, 3);
    }

    /// Medians of times.
    pub fn times_table(&self) -> String {
        let mut table = String::from(
            "| row | what | stack | ns a unit: median (min..max) | Gbit/s | times as fast as the first |\n\
             |---|---|---|---:|---:|---:|\n",
        );
        for time in &self.times {
            let what = crate::cases::find(&time.case).map_or("", |case| case.what);
            let show = |spread: Option<Spread>| spread.map_or(String::new(), |spread| spread.show(2));
            let _ = writeln!(
                table,
                "| {} | {what} | {} | {} | {} | {} |",
                time.case,
                time.stack.name(),
                time.ns.show(if time.ns.median < 100.0 { 2 } else { 0 }),
                show(time.gbit_per_s),
                show(time.speed_up),
            );
        }
        table
    }

    /// What changed since `earlier`, and what is in one of the two only.
    pub fn changes(&self, earlier: &Self) -> String {
        let key = |entry: &Entry| {
            let place = CASES.iter().position(|case| case.id == entry.case);
            (place.unwrap_or(CASES.len()), entry.case.clone(), entry.stack)
        };
        let mut all: BTreeMap<_, (Option<f64>, Option<f64>)> = BTreeMap::new();
        for entry in &earlier.figures {
            all.entry(key(entry)).or_default().0 = Some(entry.value);
        }
        for entry in &self.figures {
            all.entry(key(entry)).or_default().1 = Some(entry.value);
        }
        let mut table = String::from("| row | stack | before | now | change |\n|---|---|---:|---:|---:|\n");
        let mut same = 0;
        for ((_, case, stack), (before, now)) in all {
            let (Some(before), Some(now)) = (before, now) else { continue };
            if (now - before).abs() < 0.0005 * before {
                same += 1;
                continue;
            }
            let percent = (now / before - 1.0) * 100.0;
            let (before, now) = (number(before), number(now));
            let _ = writeln!(table, "| {case} | {} | {before} | {now} | {percent:+.1} % |", stack.name());
        }
        let _ = writeln!(table, "\n{same} figures are the same to 0.05 %.");
        table
    }
}

/// With the digits that mean something, thousands apart.
pub fn number(value: f64) -> String {
    if value < 10.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_thousands_apart() {
        for (value, text) in [(0.8512, "0.85"), (150.0, "150"), (1234.5, "1,234"), (1_234_567.0, "1,234,567")]
        {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn the_middle_of_an_odd_number_of_values_is_their_median() {
        let spread = Spread::of(vec![3.0, 1.0, 2.0]).unwrap();
        assert_eq!((spread.min, spread.median, spread.max), (1.0, 2.0, 3.0));
        assert!(Spread::of(Vec::new()).is_none());
    }
}
