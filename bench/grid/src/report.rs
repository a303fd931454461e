//! Results as Markdown and as plots.

use crate::network::Sample;
use crate::path::Full;
use crate::Cell;
use plotters::prelude::*;
use std::path::Path;

fn queue(full: Full) -> &'static str {
    match full {
        Full::TailDrop => "tail drop",
        Full::BackPressure => "back-pressure",
    }
}

/// One line a combination and subject.
pub fn table(cells: &[Cell]) {
    println!("| queue | buffer KiB | RTT ms | loss % | late % | of | goodput Mbit/s | wire/delivered | longest stall ms |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for cell in cells {
        for (subject, outcome) in &cell.results {
            println!(
                "| {} | {} | {} | {} | {} | {} | {:.2} | {:.3} | {:.0} |",
                queue(cell.queue),
                cell.buffer_kib,
                cell.rtt_ms,
                cell.loss_percent,
                cell.reorder_percent,
                subject.name(),
                outcome.goodput_mbit,
                outcome.overhead,
                outcome.longest_stall_ms
            );
        }
    }
}

/// Flows over one bottleneck: goodput while all were there, and Jain's index of it.
pub fn shares(cells: &[Cell]) {
    println!(
        "| queue | flow | goodput Mbit/s, second half | wire/delivered | longest stall ms | Jain's index |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    for cell in cells {
        let rates: Vec<f64> = cell.results.iter().map(|(_, outcome)| second_half(&outcome.trace)).collect();
        let (sum, squares) = (rates.iter().sum::<f64>(), rates.iter().map(|rate| rate * rate).sum::<f64>());
        let index = sum * sum / (rates.len() as f64 * squares.max(1e-9));
        for ((subject, outcome), rate) in cell.results.iter().zip(&rates) {
            println!(
                "| {} | {} | {rate:.2} | {:.3} | {:.0} | {index:.3} |",
                queue(cell.queue),
                subject.name(),
                outcome.overhead,
                outcome.longest_stall_ms
            );
        }
    }
}

/// Megabits per second in the second half of a run: after every flow has started.
fn second_half(trace: &[Sample]) -> f64 {
    let Some(last) = trace.last() else { return 0.0 };
    let Some(middle) = trace.iter().find(|sample| sample.at_ms >= last.at_ms / 2) else { return 0.0 };
    let span = (last.at_ms - middle.at_ms).max(1) as f64;
    (last.delivered - middle.delivered) as f64 * 8.0 / 1000.0 / span
}

/// Seconds, and something measured then.
type Line = Vec<(f64, f64)>;

/// Megabits per second, half a second at a time.
fn goodput(trace: &[Sample]) -> Line {
    let spans = trace.windows(6).step_by(5).filter_map(|span| Some((span.first()?, span.last()?)));
    spans
        .map(|(first, last)| {
            let span = (last.at_ms - first.at_ms).max(1) as f64;
            (last.at_ms as f64 / 1e3, (last.delivered - first.delivered) as f64 * 8.0 / 1e3 / span)
        })
        .collect()
}

/// cwnd in KiB, where there is one.
fn window(trace: &[Sample]) -> Line {
    let windows =
        trace.iter().filter_map(|sample| Some((sample.at_ms, sample.cwnd.filter(|&cwnd| cwnd < 1 << 30)?)));
    windows.map(|(at, cwnd)| (at as f64 / 1e3, f64::from(cwnd) / 1024.0)).collect()
}

/// Goodput over time above, windows below.
pub fn plot(folder: &Path, cell: &Cell) -> anyhow::Result<()> {
    let name = format!(
        "{}-{}k-{}ms-{}loss-{}late.svg",
        queue(cell.queue).replace(' ', "-"),
        cell.buffer_kib,
        cell.rtt_ms,
        cell.loss_percent,
        cell.reorder_percent
    );
    let file = folder.join(name);
    let area = SVGBackend::new(&file, (1000, 700)).into_drawing_area();
    area.fill(&WHITE)?;
    let (upper, lower) = area.split_vertically(350);
    let lines = |of: fn(&[Sample]) -> Line| {
        cell.results.iter().map(|(subject, outcome)| (subject.name(), of(&outcome.trace))).collect::<Vec<_>>()
    };
    draw(&upper, "goodput, Mbit/s", &lines(goodput))?;
    draw(&lower, "cwnd, KiB", &lines(window))?;
    area.present()?;
    Ok(())
}

fn draw<B: DrawingBackend>(
    area: &DrawingArea<B, plotters::coord::Shift>,
    title: &str,
    lines: &[(&str, Line)],
) -> anyhow::Result<()>
where
    B::ErrorType: 'static,
{
    let points = || lines.iter().flat_map(|(_, line)| line);
    let right = points().map(|(x, _)| *x).fold(1.0, f64::max);
    let top = points().map(|(_, y)| *y).fold(1.0, f64::max) * 1.05;
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 16))
        .margin(8)
        .x_label_area_size(24)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..right, 0.0..top)?;
    chart.configure_mesh().x_desc("seconds").draw()?;
    for (number, (name, line)) in lines.iter().enumerate() {
        let colour = Palette99::pick(number).to_rgba();
        chart
            .draw_series(LineSeries::new(line.iter().copied(), colour))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour));
    }
    chart.configure_series_labels().border_style(BLACK).background_style(WHITE).draw()?;
    Ok(())
}
