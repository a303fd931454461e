//! Results as Markdown, as JSON and as plots, drawn or of letters.

mod compare;
mod plots;
mod tables;
pub mod text;

pub use compare::{compare, steps};
pub use plots::{over_time, overview, shares_over_time};
pub use tables::{cell, grid, parity, shares, shortfalls};

use crate::conditions::Conditions;
use crate::matrix::{Entry, Metric};
use crate::path::Full;
use crate::subject::Subject;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// A file of results.
#[derive(Debug, Serialize, Deserialize)]
pub struct File {
    /// What was called.
    pub command: Vec<String>,
    pub entries: Vec<Entry>,
}

impl File {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        serde_json::from_str(&text).with_context(|| path.display().to_string())
    }

    pub fn write(entries: Vec<Entry>, path: &Path) -> anyhow::Result<()> {
        let file = Self { command: std::env::args().skip(1).collect(), entries };
        std::fs::write(path, serde_json::to_string_pretty(&file)? + "\n")
            .with_context(|| path.display().to_string())
    }
}

fn queue(full: Full) -> &'static str {
    match full {
        Full::TailDrop => "tail drop",
        Full::BackPressure => "back-pressure",
    }
}

/// All but RTT and loss, as a heading.
fn heading(at: &Conditions) -> String {
    let mut text = format!("{}, buffers of {} KiB", queue(at.queue), at.buffer_kib);
    if at.late_percent > 0.0 {
        text += &format!(", {} % of packets 5 ms late", at.late_percent);
    }
    if at.burst > 1.0 {
        text += &format!(", {} lost in a row", at.burst);
    }
    if at.mark_ms > 0 {
        text += &format!(", marks from {} ms of queue on", at.mark_ms);
    }
    text
}

/// Entries under one heading, in the order in which they came.
fn groups(entries: &[Entry]) -> Vec<(String, Vec<&Entry>)> {
    let mut groups: Vec<(String, Vec<&Entry>)> = Vec::new();
    for entry in entries {
        let heading = heading(&entry.at);
        match groups.iter_mut().find(|(name, _)| *name == heading) {
            Some((_, group)) => group.push(entry),
            None => groups.push((heading, vec![entry])),
        }
    }
    groups
}

/// Values in the order in which they came, each once.
fn distinct<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut all = Vec::new();
    for value in values {
        if !all.contains(&value) {
            all.push(value);
        }
    }
    all
}

/// What makes two entries of different files comparable.
fn key(entry: &Entry) -> String {
    let at = &entry.at;
    format!("{}, {} ms, {} % lost, {}", heading(at), at.rtt_ms, at.loss_percent, entry.of.name())
}

/// Medians by key.
fn medians(entries: &[Entry], metric: Metric) -> BTreeMap<String, f64> {
    entries.iter().map(|entry| (key(entry), entry.spread(metric).median)).collect()
}

/// A number with as many digits as it deserves.
fn number(value: f64, metric: Metric) -> String {
    match metric {
        Metric::Goodput => format!("{value:.2}"),
        Metric::Overhead => format!("{value:.3}"),
        Metric::Stall | Metric::Timeouts => format!("{value:.0}"),
    }
}

fn of_subject<'e>(group: &'e [&'e Entry], of: Subject) -> impl Iterator<Item = &'e Entry> + 'e {
    group.iter().copied().filter(move |entry| entry.of == of)
}
