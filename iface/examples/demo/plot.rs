//! `--plot`: goodput, congestion window and round-trip time of the transfer over time, from the trace of its sender.

use core::cell::RefCell;
use plotters::coord::Shift;
use plotters::prelude::*;
use std::path::Path;
use std::rc::Rc;
use tersus_iface::phy::Instant;
use tersus_iface::tcp::trace::{Cause, Entry, Loss, What};
use tersus_iface::tcp::Tcp;

/// Spans of time over which goodput is averaged.
const SPANS: u32 = 200;
/// Points of a line: more than the picture is wide show nothing.
const POINTS: usize = 2_000;
/// A window that is none.
const UNLIMITED: u32 = 1 << 30;

/// Something measured at some second.
type Line = Vec<(f64, f64)>;

/// A panel of the picture.
type Panel<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// How the sender stood at a moment.
#[derive(Debug, Clone, Copy)]
struct Moment {
    at: Instant,
    /// Octets acknowledged since the start.
    acknowledged: u64,
    cwnd: u32,
    srtt_ms: f64,
}

/// What the sender's trace told.
#[derive(Debug, Default)]
struct Seen {
    moments: Vec<Moment>,
    /// SND.UNA of the last moment.
    snd_una: Option<u32>,
    /// When something was sent again, and whether a timer was why.
    again: Vec<(Instant, Loss)>,
}

impl Seen {
    fn entry(&mut self, entry: &Entry) {
        if let What::Sent(_, Cause::Again(loss)) = entry.what {
            self.again.push((entry.at, loss));
        }
        let Some(variables) = entry.variables else { return };
        let una = variables.snd_una;
        let advance = una.wrapping_sub(self.snd_una.unwrap_or(una));
        self.snd_una = Some(una);
        let acknowledged = self.moments.last().map_or(0, |last| last.acknowledged) + u64::from(advance);
        let srtt_ms = variables.srtt.as_secs_f64() * 1e3;
        let moment = Moment { at: entry.at, acknowledged, cwnd: variables.cwnd, srtt_ms };
        // Of one moment the last is kept.
        match self.moments.last_mut().filter(|last| last.at == entry.at) {
            Some(last) => *last = moment,
            None => self.moments.push(moment),
        }
    }
}

/// Takes the trace of a sender.
#[derive(Debug, Default, Clone)]
pub(crate) struct Recorder(Rc<RefCell<Seen>>);

impl Recorder {
    /// From now on this engine is listened to.
    pub(crate) fn listen(&self, tcp: &mut Tcp<'static>) {
        let seen = Rc::clone(&self.0);
        tcp.trace_to(Box::leak(Box::new(move |entry: &Entry| seen.borrow_mut().entry(entry))));
    }

    /// Draws what was heard.
    pub(crate) fn draw(&self, file: &Path, title: &str) -> Result<(), String> {
        let seen = self.0.borrow();
        picture(&seen, file, title).map_err(|error| format!("{}: {error}", file.display()))
    }
}

fn picture(seen: &Seen, file: &Path, title: &str) -> Result<(), Box<dyn core::error::Error>> {
    let (Some(first), Some(last)) = (seen.moments.first(), seen.moments.last()) else {
        return Err("there was no transfer".into());
    };
    let seconds = |at: Instant| at.since(first.at).as_secs_f64();
    let step = seen.moments.len().div_ceil(POINTS).max(1);
    let some = || seen.moments.iter().step_by(step);
    let windows = some().filter(|moment| moment.cwnd < UNLIMITED);
    let windows: Line = windows.map(|moment| (seconds(moment.at), f64::from(moment.cwnd) / 1024.0)).collect();
    let times = some().filter(|moment| moment.srtt_ms > 0.0);
    let times: Line = times.map(|moment| (seconds(moment.at), moment.srtt_ms)).collect();
    let marks = |wanted: fn(Loss) -> bool| -> Vec<f64> {
        seen.again.iter().filter(|(_, loss)| wanted(*loss)).map(|(at, _)| seconds(*at)).collect()
    };

    let area = SVGBackend::new(file, (1000, 900)).into_drawing_area();
    area.fill(&WHITE)?;
    let end = seconds(last.at).max(1e-6);
    let area = area.titled(title, ("sans-serif", 18))?;
    let panels = area.split_evenly((3, 1));
    let [upper, middle, lower] = panels.as_slice() else { return Ok(()) };
    panel(upper, "goodput, Mbit/s", end, &goodput(&seen.moments, end), &[])?;
    let again = [
        ("sent again", BLUE, marks(|loss| loss != Loss::Timeout)),
        ("sent again after a timeout", RED, marks(|loss| loss == Loss::Timeout)),
    ];
    panel(middle, "congestion window, KiB", end, &windows, &again)?;
    panel(lower, "smoothed round-trip time, ms", end, &times, &[])?;
    area.present()?;
    Ok(())
}

/// Megabits acknowledged per second, a span at a time.
fn goodput(moments: &[Moment], end: f64) -> Line {
    let width = end / f64::from(SPANS);
    let Some(first) = moments.first() else { return Line::new() };
    let mut line = Line::new();
    let (mut before, mut index) = (0, 0);
    for span in 1..=SPANS {
        let until = width * f64::from(span);
        let mut acknowledged = before;
        while let Some(moment) = moments.get(index).filter(|m| m.at.since(first.at).as_secs_f64() <= until) {
            acknowledged = moment.acknowledged;
            index += 1;
        }
        line.push((until - width / 2.0, (acknowledged - before) as f64 * 8.0 / width / 1e6));
        before = acknowledged;
    }
    line
}

/// A line, and marks on its axis.
fn panel(
    area: &Panel<'_>,
    title: &str,
    end: f64,
    line: &[(f64, f64)],
    marks: &[(&str, RGBColor, Vec<f64>)],
) -> Result<(), Box<dyn core::error::Error>> {
    let top = line.iter().map(|(_, y)| *y).fold(1e-3, f64::max) * 1.05;
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 15))
        .margin(8)
        .x_label_area_size(36)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..end, 0.0..top)?;
    chart.configure_mesh().x_desc("seconds").light_line_style(WHITE).draw()?;
    chart.draw_series(LineSeries::new(line.iter().copied(), BLACK))?;
    for (name, colour, at) in marks.iter().filter(|(_, _, at)| !at.is_empty()) {
        let colour = *colour;
        chart
            .draw_series(at.iter().map(|x| Circle::new((*x, 0.0), 3, colour.filled())))?
            .label(format!("{name}: {}", at.len()))
            .legend(move |place| Circle::new(place, 3, colour.filled()));
    }
    if marks.iter().any(|(_, _, at)| !at.is_empty()) {
        chart.configure_series_labels().border_style(BLACK).background_style(WHITE).draw()?;
    }
    Ok(())
}
