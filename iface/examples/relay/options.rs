//! The command line of the relay.

use crate::joint::FRAME_LEN;
use clap::{Parser, ValueEnum};
use core::time::Duration;
use tersus_iface::phy::memory::Side;
use tersus_iface::phy::{Fraction, Impairment};

/// Frames that a direction without impairment holds.
const ROOM: usize = 8192;

/// Joins two devices by an impaired wire, in real time.
#[derive(Debug, Parser)]
#[command(name = "relay")]
pub(crate) struct Options {
    /// Device on the left, made if it does not exist.
    #[arg(long, value_name = "NAME")]
    pub(crate) left: String,
    /// Device on the right.
    #[arg(long, value_name = "NAME")]
    pub(crate) right: String,
    /// What the devices carry.
    #[arg(long, value_enum, default_value_t = Kind::Tap)]
    pub(crate) kind: Kind,
    /// Which way frames travel that are lost, late, marked and limited in rate.
    #[arg(long, value_enum, default_value_t = From::Both)]
    from: From,
    /// Time on the wire, one way and either way, in milliseconds.
    #[arg(long, value_name = "MS", default_value = "0", value_parser = milliseconds)]
    delay: Duration,
    /// Speed of the wire, in Mbit/s; 0: no limit.
    #[arg(long, value_name = "MBIT", default_value_t = 0)]
    rate: u64,
    /// Frames that wait for a wire of some rate, beside those that are on it; what finds no room is dropped.
    #[arg(long, value_name = "FRAMES", default_value_t = 400)]
    queue: usize,
    /// Frames that do not arrive, in percent.
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = percent)]
    loss: Fraction,
    /// Frames that arrive 5 ms late, in percent.
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = percent)]
    late: Fraction,
    /// Frames that arrive twice, in percent.
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = percent)]
    twice: Fraction,
    /// Packets of ECN-capable senders that are marked, in percent: CE, RFC 3168 §5.
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = percent)]
    pub(crate) mark: Fraction,
    /// Seed of all randomness.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Tap,
    Tun,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum From {
    Left,
    Right,
    Both,
}

fn percent(text: &str) -> Result<Fraction, String> {
    let value: f64 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    if !(0.0..=100.0).contains(&value) {
        return Err("a percentage is between 0 and 100".to_owned());
    }
    let millionths = format!("{:.0}", value * 1e4).parse().map_err(|_| "not a percentage")?;
    Ok(Fraction::from_millionths(millionths))
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    let value: f64 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    Duration::try_from_secs_f64(value / 1e3).map_err(|error| error.to_string())
}

impl Options {
    /// What happens to frames from one side.
    pub(crate) fn impairment(&self, side: Side) -> Impairment {
        let plain = Impairment { delay: self.delay, ..Impairment::NONE };
        if !self.is_impaired(side) {
            return plain;
        }
        Impairment {
            loss: self.loss,
            duplication: self.twice,
            reordering: self.late,
            reordering_delay: Duration::from_millis(5),
            rate: self.rate.saturating_mul(1_000_000),
            ..plain
        }
    }

    pub(crate) fn is_impaired(&self, side: Side) -> bool {
        match self.from {
            From::Both => true,
            From::Left => side == Side::Left,
            From::Right => side == Side::Right,
        }
    }

    /// Frames that a direction holds: those on a wire of some rate fill its delay, and the queue is behind them.
    pub(crate) fn room(&self, side: Side) -> usize {
        if self.rate == 0 || !self.is_impaired(side) {
            return ROOM;
        }
        let on_wire = u128::from(self.rate) * self.delay.as_micros() / (8 * FRAME_LEN as u128);
        self.queue + usize::try_from(on_wire).unwrap_or(ROOM)
    }
}
