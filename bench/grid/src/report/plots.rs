//! SVG: goodput by loss, and what happened over time.

use super::{distinct, groups, heading, of_subject, queue};
use crate::fair::Contest;
use crate::flow::{Outcome, Sample};
use crate::matrix::{Entry, Metric};
use plotters::coord::Shift;
use plotters::prelude::*;
use std::path::Path;

/// Something measured, by something.
pub(super) type Line = Vec<(f64, f64)>;

/// A title, and what is drawn of a trace.
type Panel = (&'static str, fn(&[Sample]) -> Line);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A name for a file.
fn file_name(text: &str) -> String {
    let parts = text.split(|c: char| !c.is_alphanumeric() && c != '.').filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-") + ".svg"
}

/// Megabits per second, half a second at a time.
fn goodput(trace: &[Sample]) -> Line {
    let spans = trace.windows(6).step_by(5).filter_map(|span| Some((span.first()?, span.last()?)));
    spans
        .map(|(first, last)| {
            let span = (last.at - first.at).max(1) as f64;
            (last.at as f64 / 1e6, (last.delivered - first.delivered) as f64 * 8.0 / span)
        })
        .collect()
}

/// cwnd in KiB, where there is one.
pub(super) fn window(trace: &[Sample]) -> Line {
    let windows =
        trace.iter().filter_map(|sample| Some((sample.at, sample.cwnd.filter(|&cwnd| cwnd < 1 << 30)?)));
    windows.map(|(at, cwnd)| (at as f64 / 1e6, f64::from(cwnd) / 1024.0)).collect()
}

/// SRTT in milliseconds, where it is told.
fn round_trip(trace: &[Sample]) -> Line {
    let times = trace.iter().filter_map(|sample| Some((sample.at, sample.srtt?)));
    times.map(|(at, srtt)| (at as f64 / 1e6, srtt as f64 / 1e3)).collect()
}

/// Goodput, window and round-trip time over time, one above the other.
fn three(file: &Path, title: &str, flows: &[(String, &[Sample])]) -> anyhow::Result<()> {
    let area = SVGBackend::new(file, (1000, 960)).into_drawing_area();
    area.fill(&WHITE)?;
    let area = area.titled(title, ("sans-serif", 18))?;
    let panels: [Panel; 3] = [("goodput, Mbit/s", goodput), ("cwnd, KiB", window), ("SRTT, ms", round_trip)];
    for (area, (title, line)) in area.split_evenly((3, 1)).iter().zip(panels) {
        let lines: Vec<_> = flows.iter().map(|(name, trace)| (name.clone(), line(trace))).collect();
        draw(area, title, &lines)?;
    }
    area.present()?;
    Ok(())
}

/// A file for each combination, the subjects in it.
pub fn over_time(folder: &Path, ran: &[(Entry, Outcome)]) -> anyhow::Result<()> {
    for at in distinct(ran.iter().map(|(entry, _)| entry.at)) {
        let title = format!("{}, {} ms, {} % lost", heading(&at), at.rtt_ms, at.loss_percent);
        let flows: Vec<(String, &[Sample])> = ran
            .iter()
            .filter(|(entry, _)| entry.at == at)
            .map(|(entry, outcome)| (entry.of.name().to_owned(), &outcome.trace[..]))
            .collect();
        three(&folder.join(file_name(&title)), &title, &flows)?;
    }
    Ok(())
}

/// A file for each contest, of its first seed.
pub fn shares_over_time(folder: &Path, contests: &[Contest]) -> anyhow::Result<()> {
    for contest in contests {
        let title = format!("{}, {}", contest.name, queue(contest.queue));
        let flows: Vec<(String, &[Sample])> = contest
            .members
            .iter()
            .zip(1..)
            .zip(&contest.traces)
            .map(|((member, n), trace)| (format!("{n}: {}", member.subject.name()), &trace[..]))
            .collect();
        three(&folder.join(file_name(&title)), &title, &flows)?;
    }
    Ok(())
}

/// Goodput by loss, a panel for each RTT, a file for each group.
pub fn overview(folder: &Path, entries: &[Entry]) -> anyhow::Result<()> {
    for (heading, group) in groups(entries) {
        let file = folder.join(file_name(&format!("goodput {heading}")));
        let area = SVGBackend::new(&file, (1200, 460)).into_drawing_area();
        area.fill(&WHITE)?;
        let titled = area.titled(&format!("goodput, Mbit/s, by loss: {heading}"), ("sans-serif", 18))?;
        let rtts = distinct(group.iter().map(|entry| entry.at.rtt_ms));
        let losses = distinct(group.iter().map(|entry| entry.at.loss_percent));
        let subjects = distinct(group.iter().map(|entry| entry.of));
        for (panel, rtt) in titled.split_evenly((1, rtts.len())).iter().zip(rtts) {
            let mut lines = Vec::new();
            for &of in &subjects {
                let entries = of_subject(&group, of).filter(|entry| entry.at.rtt_ms == rtt);
                let line: Line = entries
                    .filter_map(|entry| {
                        let place = losses.iter().position(|loss| *loss == entry.at.loss_percent)?;
                        Some((place as f64, entry.spread(Metric::Goodput).median.max(0.1)))
                    })
                    .collect();
                lines.push((of.name().to_owned(), line));
            }
            by_loss(panel, &format!("{rtt} ms"), &losses, &lines)?;
        }
        area.present()?;
    }
    Ok(())
}

fn by_loss(area: &Area<'_>, title: &str, losses: &[f64], lines: &[(String, Line)]) -> anyhow::Result<()> {
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 15))
        .margin(8)
        .x_label_area_size(36)
        .y_label_area_size(44)
        .build_cartesian_2d(-0.2..losses.len() as f64 - 0.8, (0.1..120.0).log_scale())?;
    let label = |x: &f64| {
        let at = losses.get(x.round() as usize).filter(|_| (x - x.round()).abs() < 0.01 && *x > -0.01);
        at.map_or_else(String::new, |loss| format!("{loss} %"))
    };
    chart
        .configure_mesh()
        .x_labels(losses.len())
        .x_label_formatter(&label)
        .y_label_formatter(&|y: &f64| y.to_string())
        .draw()?;
    series(&mut chart, lines)
}

fn draw(area: &Area<'_>, title: &str, lines: &[(String, Line)]) -> anyhow::Result<()> {
    let points = || lines.iter().flat_map(|(_, line)| line);
    let right = points().map(|(x, _)| *x).fold(1.0, f64::max);
    let top = points().map(|(_, y)| *y).fold(1.0, f64::max) * 1.05;
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 15))
        .margin(8)
        .x_label_area_size(36)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..right, 0.0..top)?;
    chart.configure_mesh().x_desc("seconds").draw()?;
    series(&mut chart, lines)
}

/// A chart whose axes are numbers; the second may be logarithmic.
type Chart<'a, 'b, Y> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<plotters::coord::types::RangedCoordf64, Y>>;

fn series<'a, 'b: 'a, Y>(chart: &mut Chart<'a, 'b, Y>, lines: &[(String, Line)]) -> anyhow::Result<()>
where
    Y: plotters::coord::ranged1d::Ranged<ValueType = f64>,
{
    for (number, (name, line)) in lines.iter().enumerate() {
        let colour = Palette99::pick(number).to_rgba();
        chart
            .draw_series(LineSeries::new(line.iter().copied(), colour.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
    }
    chart.configure_series_labels().border_style(BLACK).background_style(WHITE.mix(0.8)).draw()?;
    Ok(())
}
