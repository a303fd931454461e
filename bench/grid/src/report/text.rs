//! Plots of letters, for a terminal or a report: goodput by loss, and cwnd over time.
//!
//! ```text
//!   Mbit/s, 50 ms
//!   100│BBBBBBBBB            a letter a subject: Subject::mark
//!      │CC       BBB         where lines meet, the later in the list is seen
//!    10│  CCC
//!      └──────────────
//! ```

use super::plots::{window, Line};
use super::{distinct, groups, heading, of_subject};
use crate::flow::Outcome;
use crate::matrix::{Entry, Metric};
use crate::subject::Subject;
use ratatui_core::buffer::{Buffer, Cell};
use ratatui_core::layout::Rect;
use ratatui_core::style::Style;
use ratatui_core::symbols::Marker;
use ratatui_core::widgets::Widget;
use ratatui_widgets::chart::{Axis, Chart, Dataset, GraphType};

/// Columns of a plot, with its axis.
const WIDTH: u16 = 78;
/// Lines of a plot, with its axis; what is left for the area makes labels of four decades stand where they belong.
const HEIGHT: u16 = 18;

/// The end of an axis, and what stands along it at equal distances.
struct Scale {
    bounds: [f64; 2],
    labels: Vec<String>,
}

/// Goodput by loss, a plot for each RTT of each group with several losses.
pub fn overview(entries: &[Entry]) {
    for (heading, group) in groups(entries) {
        let losses = distinct(group.iter().map(|entry| entry.at.loss_percent));
        if losses.len() < 2 {
            continue;
        }
        for rtt in distinct(group.iter().map(|entry| entry.at.rtt_ms)) {
            let mut lines = Vec::new();
            for of in distinct(group.iter().map(|entry| entry.of)) {
                let entries = of_subject(&group, of).filter(|entry| entry.at.rtt_ms == rtt);
                let line: Line = entries
                    .filter_map(|entry| {
                        let place = losses.iter().position(|loss| *loss == entry.at.loss_percent)?;
                        Some((place as f64, entry.spread(Metric::Goodput).median.max(0.1).log10()))
                    })
                    .collect();
                lines.push((of, line));
            }
            let right = Scale {
                bounds: [0.0, (losses.len() - 1) as f64],
                labels: losses.iter().map(|loss| format!("{loss} %")).collect(),
            };
            let up =
                Scale { bounds: [-1.0, 2.0], labels: ["0.1", "1", "10", "100"].map(str::to_owned).to_vec() };
            println!("\ngoodput, Mbit/s, by loss: {heading}, {rtt} ms\n");
            println!("{}", draw(&lines, &right, &up));
        }
    }
}

/// cwnd over time, a plot for each combination, of those who tell theirs.
pub fn over_time(ran: &[(Entry, Outcome)]) {
    for at in distinct(ran.iter().map(|(entry, _)| entry.at)) {
        let lines: Vec<(Subject, Line)> = ran
            .iter()
            .filter(|(entry, _)| entry.at == at)
            .map(|(entry, outcome)| (entry.of, window(&outcome.trace)))
            .filter(|(_, line)| !line.is_empty())
            .collect();
        if lines.is_empty() {
            continue;
        }
        let points = || lines.iter().flat_map(|(_, line)| line);
        let (end, most) =
            points().fold((1.0_f64, 1.0_f64), |(end, most), (x, y)| (end.max(*x), most.max(*y)));
        let right = Scale {
            bounds: [0.0, end],
            labels: [0.0, 0.5, 1.0].map(|part| format!("{:.0} s", part * end)).to_vec(),
        };
        let up = Scale {
            bounds: [0.0, most],
            labels: [0.0, 0.5, 1.0].map(|part| format!("{:.0}", part * most)).to_vec(),
        };
        println!("\ncwnd, KiB, over time: {}, {} ms, {} % lost\n", heading(&at), at.rtt_ms, at.loss_percent);
        println!("{}", draw(&lines, &right, &up));
    }
}

/// Axes and lines, and below them whose they are. One line alone is drawn in dots, which are finer than letters.
fn draw(lines: &[(Subject, Line)], right: &Scale, up: &Scale) -> String {
    let sets = lines.iter().map(|(of, line)| {
        let marker = if lines.len() == 1 { Marker::Braille } else { Marker::Custom(of.mark()) };
        Dataset::default().graph_type(GraphType::Line).marker(marker).data(line)
    });
    // What stands along the lower axis is written below, where it belongs: the library puts it elsewhere.
    let x_axis = Axis::default().bounds(right.bounds).labels(right.labels.iter().map(|_| ""));
    let y_axis = Axis::default().bounds(up.bounds).labels(up.labels.clone());
    let chart = Chart::new(sets.collect()).x_axis(x_axis).y_axis(y_axis).legend_position(None);
    let area = Rect::new(0, 0, WIDTH, HEIGHT);
    let mut buffer = Buffer::empty(area);
    chart.render(area, &mut buffer);
    let margin = 1 + up.labels.iter().map(|label| label.len()).max().unwrap_or(0);
    let (last, span) = (right.labels.len().saturating_sub(1).max(1), usize::from(WIDTH) - margin - 1);
    for (place, label) in right.labels.iter().enumerate() {
        let centred = (margin + span * place / last).saturating_sub(label.len() / 2);
        let x = centred.min(usize::from(WIDTH) - label.len());
        buffer.set_string(x as u16, HEIGHT - 1, label, Style::new());
    }
    let rows = buffer.content().chunks(usize::from(WIDTH));
    let mut text: String = rows
        .map(|row| row.iter().map(Cell::symbol).collect::<String>().trim_end().to_owned() + "\n")
        .collect();
    let legend: Vec<String> = lines.iter().map(|(of, _)| format!("{} {}", of.mark(), of.name())).collect();
    text += &legend.join("   ");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_fits_a_line_of_eighty_columns_and_shows_every_subject() {
        let all = [Subject::TersusReno, Subject::TersusCubic, Subject::TersusBbr, Subject::SmoltcpCubic];
        let lines: Vec<_> = all
            .iter()
            .zip(0..)
            .map(|(&of, n)| (of, vec![(0.0, f64::from(n)), (1.0, f64::from(n))]))
            .collect();
        let scale = |labels: &[&str]| Scale {
            bounds: [0.0, 3.0],
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        };
        let text = draw(&lines, &scale(&["0 %", "5 %"]), &scale(&["0.1", "1", "10", "100"]));
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        // Each at the height of its label, from the top down.
        let rows: Vec<&str> = text
            .lines()
            .filter(|line| line.contains(|c: char| c.is_ascii_digit() && !line.contains('%')))
            .collect();
        for (row, (label, of)) in rows.iter().zip([("100", 3), ("10", 2), ("1", 1), ("0.1", 0)]) {
            assert!(row.trim_start().starts_with(label) && row.contains(all[of].mark()), "{label}: {text}");
        }
        assert!(text.ends_with("R tersus Reno   C tersus CUBIC   B tersus BBR   c smoltcp CUBIC"), "{text}");
    }

    #[test]
    fn marks_are_told_apart() {
        use clap::ValueEnum;
        let all = Subject::value_variants();
        for (n, one) in all.iter().enumerate() {
            assert!(all[n + 1..].iter().all(|other| other.mark() != one.mark()), "{one:?}");
        }
    }
}
