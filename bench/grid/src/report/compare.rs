//! Results beside earlier ones.

use super::{key, medians, number, File};
use crate::matrix::{Entry, Metric};
use std::collections::BTreeMap;

/// Changes of goodput below this part are not listed.
const NOTABLE: f64 = 0.05;
/// Stalls that grew by less, in milliseconds, are not listed.
const NOTABLE_STALL_MS: f64 = 100.0;

/// What changed since the earlier file: a summary a subject, then what is notable.
pub fn compare(earlier: &File, now: &[Entry]) {
    let before = medians(&earlier.entries, Metric::Goodput);
    let stalls = medians(&earlier.entries, Metric::Stall);
    println!("\n## Against the earlier run\n");
    println!("| of | compared | better | worse | goodput, geometric mean of ratios |");
    println!("| --- | --- | --- | --- | --- |");
    let mut by_subject: BTreeMap<_, Vec<f64>> = BTreeMap::new();
    let mut notable = Vec::new();
    for entry in now {
        let key = key(entry);
        let (Some(&old), Some(&old_stall)) = (before.get(&key), stalls.get(&key)) else { continue };
        let new = entry.spread(Metric::Goodput).median;
        let new_stall = entry.spread(Metric::Stall).median;
        let ratio = new.max(1e-3) / old.max(1e-3);
        by_subject.entry(entry.of).or_default().push(ratio);
        if (ratio - 1.0).abs() > NOTABLE || new_stall > old_stall + NOTABLE_STALL_MS {
            notable.push(format!(
                "| {key} | {old:.2} | {new:.2} | {ratio:.2} | {old_stall:.0} | {new_stall:.0} |"
            ));
        }
    }
    for (of, ratios) in by_subject {
        let mean = (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
        let better = ratios.iter().filter(|&&ratio| ratio > 1.0 + NOTABLE).count();
        let worse = ratios.iter().filter(|&&ratio| ratio < 1.0 - NOTABLE).count();
        println!("| {} | {} | {better} | {worse} | {mean:.3} |", of.name(), ratios.len());
    }
    if !notable.is_empty() {
        println!("\n| where | Mbit/s before | now | ratio | stall ms before | now |");
        println!("| --- | --- | --- | --- | --- | --- |");
        println!("{}", notable.join("\n"));
    }
}

/// Several files side by side: a line for each condition and subject, a column a file.
pub fn steps(files: &[(String, File)], metric: Metric) {
    let columns: Vec<BTreeMap<String, f64>> =
        files.iter().map(|(_, file)| medians(&file.entries, metric)).collect();
    let labels: Vec<&str> = files.iter().map(|(label, _)| label.as_str()).collect();
    println!("## {}\n\n| where | {} |", metric.name(), labels.join(" | "));
    println!("| --- |{}", " --- |".repeat(labels.len()));
    let keys = super::distinct(files.iter().flat_map(|(_, file)| file.entries.iter().map(key)));
    for key in keys {
        let cells: Vec<String> = columns
            .iter()
            .map(|column| column.get(&key).map_or_else(|| "–".to_owned(), |value| number(*value, metric)))
            .collect();
        println!("| {key} | {} |", cells.join(" | "));
    }
}
