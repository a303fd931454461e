//! The figures that TCP here is meant to reach over lossy paths, and whether it does.

use crate::conditions::{Common, Conditions};
use crate::matrix::{self, Entry, Metric};
use crate::path::Full;
use crate::subject::Subject;
use clap::Args;

#[derive(Debug, Args)]
pub struct Targets {
    #[command(flatten)]
    pub common: Common,
}

/// What is demanded of a figure.
#[derive(Clone, Copy)]
enum Demand {
    AtLeast(f64),
    AtMost(f64),
}

/// One figure: under which conditions, of which subject, and what is demanded.
struct Row {
    what: &'static str,
    at: Conditions,
    of: Subject,
    metric: Metric,
    demand: Demand,
}

const TERSUS: [Subject; 3] = [Subject::TersusReno, Subject::TersusCubic, Subject::TersusBbr];

/// Every figure at 100 Mbit/s, 50 ms, a queue of one round trip, RTO floor 200 ms.
fn rows() -> Vec<Row> {
    let at = |buffer_kib, loss_percent| Conditions {
        queue: Full::TailDrop,
        buffer_kib,
        late_percent: 0.0,
        burst: 1.0,
        mark_ms: 0,
        rtt_ms: 50,
        loss_percent,
    };
    let mut rows = Vec::new();
    // What Linux reaches over such a path, in percent of the line.
    for (loss, cubic, bbr) in [(1.0, 3.2, 90.0), (3.0, 1.5, 86.0), (5.0, 1.0, 81.0)] {
        let row = |what, of, least| Row {
            what,
            at: at(4096, loss),
            of,
            metric: Metric::Goodput,
            demand: Demand::AtLeast(least),
        };
        rows.push(row("what Linux CUBIC reaches", Subject::TersusCubic, cubic));
        // Linux' BBR, of the first version, takes no loss for congestion.
        rows.push(row("0.95 of what Linux BBR reaches", Subject::TersusBbrTolerant, 0.95 * bbr));
    }
    for of in TERSUS {
        rows.push(Row {
            what: "no long stall",
            at: at(1024, 3.0),
            of,
            metric: Metric::Stall,
            demand: Demand::AtMost(300.0),
        });
        rows.push(Row {
            what: "reordering is not loss",
            at: Conditions { late_percent: 5.0, ..at(4096, 0.0) },
            of,
            metric: Metric::Goodput,
            demand: Demand::AtLeast(90.0),
        });
        rows.push(Row {
            what: "no flooding",
            at: at(4096, 1.0),
            of,
            metric: Metric::Overhead,
            demand: Demand::AtMost(1.09),
        });
    }
    rows
}

/// Measures all of it and prints a table. Whether everything is reached.
pub fn run(options: &Targets) -> bool {
    let common = Common { rto_min: options.common.rto_min.min(200), ..options.common.clone() };
    let rows = rows();
    let pairs = rows.iter().map(|row| (row.at, row.of)).collect();
    let ran = matrix::run(&pairs, &common, common.end(30));
    println!("| figure | of | buffer KiB | loss % | late % | demanded | median | least–most | reached |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let mut is_all = true;
    for (row, (entry, _)) in rows.iter().zip(&ran) {
        is_all &= print(row, entry);
    }
    is_all
}

fn print(row: &Row, entry: &Entry) -> bool {
    let spread = entry.spread(row.metric);
    let (demand, is_met) = match row.demand {
        Demand::AtLeast(value) => (format!("≥ {value:.2}"), spread.median >= value),
        Demand::AtMost(value) => (format!("≤ {value:.2}"), spread.median <= value),
    };
    println!(
        "| {}: {} | {} | {} | {} | {} | {demand} | {:.3} | {:.3}–{:.3} | {} |",
        row.what,
        row.metric.name(),
        row.of.name(),
        row.at.buffer_kib,
        row.at.loss_percent,
        row.at.late_percent,
        spread.median,
        spread.least,
        spread.most,
        if is_met { "yes" } else { "**no**" }
    );
    is_met
}
