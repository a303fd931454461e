//! Markdown.

use super::{distinct, groups, number, of_subject, queue};
use crate::fair::Contest;
use crate::matrix::{Entry, Metric, Spread};
use crate::subject::Subject;

/// A median, and the extremes where there are several runs.
pub fn cell(spread: Spread, metric: Metric) -> String {
    let median = number(spread.median, metric);
    if spread.least == spread.most {
        return median;
    }
    format!("{median} ({}–{})", number(spread.least, metric), number(spread.most, metric))
}

/// A table a group and metric: a line for each RTT and loss, a column for each subject.
pub fn grid(entries: &[Entry], metrics: &[Metric]) {
    for &metric in metrics {
        println!("\n## {}", metric.name());
        for (heading, group) in groups(entries) {
            let subjects = distinct(group.iter().map(|entry| entry.of));
            println!("\n{heading}\n");
            let names: Vec<&str> = subjects.iter().map(|of| of.name()).collect();
            println!("| RTT ms | loss % | {} |", names.join(" | "));
            println!("| --- | --- |{}", " --- |".repeat(names.len()));
            let lines = distinct(group.iter().map(|entry| (entry.at.rtt_ms, entry.at.loss_percent)));
            for (rtt, loss) in lines {
                let cells: Vec<String> = subjects
                    .iter()
                    .map(|&of| {
                        let mut found = of_subject(&group, of);
                        let found =
                            found.find(|entry| (entry.at.rtt_ms, entry.at.loss_percent) == (rtt, loss));
                        found.map_or_else(|| "–".to_owned(), |entry| cell(entry.spread(metric), metric))
                    })
                    .collect();
                println!("| {rtt} | {loss} | {} |", cells.join(" | "));
            }
        }
    }
}

/// Where a control of tersus delivers less than smoltcp's of the same name.
pub fn shortfalls(entries: &[Entry]) {
    let pairs = [
        (Subject::TersusCubic, Subject::SmoltcpCubic),
        (Subject::TersusReno, Subject::SmoltcpReno),
        (Subject::TersusNone, Subject::SmoltcpNone),
    ];
    for (ours, theirs) in pairs {
        let mut compared = 0;
        let mut lines = Vec::new();
        for own in entries.iter().filter(|entry| entry.of == ours) {
            let Some(other) = entries.iter().find(|entry| entry.of == theirs && entry.at == own.at) else {
                continue;
            };
            compared += 1;
            let (a, b) = (own.spread(Metric::Goodput).median, other.spread(Metric::Goodput).median);
            if a < b {
                lines.push(format!("| {} | {a:.2} | {b:.2} | {:.3} |", super::key(own), a / b));
            }
        }
        if compared == 0 {
            continue;
        }
        println!("\n{}: less than {} in {} of {compared}", ours.name(), theirs.name(), lines.len());
        if !lines.is_empty() {
            println!("\n| where | Mbit/s | Mbit/s of {} | ratio |\n| --- | --- | --- | --- |", theirs.name());
            println!("{}", lines.join("\n"));
        }
    }
}

/// Who got what of a bottleneck.
pub fn shares(contests: &[Contest]) {
    println!("| contest | queue | flow | RTT ms | goodput Mbit/s | wire/delivered | longest stall ms | Jain's index | most/least |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for contest in contests {
        let (jain, ratio) = (contest.jain(), contest.ratio());
        for (number, member) in contest.members.iter().enumerate() {
            let spread = |of: fn(&crate::fair::Share) -> f64| {
                Spread::new(contest.rounds.iter().filter_map(|round| round.get(number).map(of)))
            };
            println!(
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                contest.name,
                queue(contest.queue),
                member.subject.name(),
                member.rtt / 1000,
                cell(spread(|share| share.goodput_mbit), Metric::Goodput),
                cell(spread(|share| share.overhead), Metric::Overhead),
                cell(spread(|share| share.longest_stall_ms), Metric::Stall),
                cell(jain, Metric::Overhead),
                cell(ratio, Metric::Goodput),
            );
        }
    }
}

/// Whether two of a kind share alike: the smaller share at least 0.8 of the larger, as a mean over the seeds.
pub fn parity(contests: &[Contest]) -> bool {
    let judged: Vec<_> = contests.iter().filter_map(|contest| Some((contest, contest.parity()?))).collect();
    if judged.is_empty() {
        return true;
    }
    println!("\n| two alike | queue | smaller of larger share, mean | worst | within 20 % |");
    println!("| --- | --- | --- | --- | --- |");
    let mut is_all = true;
    for (contest, (mean, worst)) in judged {
        let is_met = mean >= 0.8;
        is_all &= is_met;
        let name = contest.members.first().map_or("", |member| member.subject.name());
        let verdict = if is_met { "yes" } else { "**no**" };
        println!("| {name} | {} | {mean:.2} | {worst:.2} | {verdict} |", queue(contest.queue));
    }
    is_all
}
