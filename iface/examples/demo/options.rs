//! The command line of the demo.

use crate::common::engines::Control;
use clap::{Parser, ValueEnum};
use core::time::Duration;
use std::path::PathBuf;
use tersus_iface::phy::{Fraction, Impairment, Medium};

/// Two hosts in one program, joined by a wire in memory: ping, UDP echo, then a TCP transfer of which every octet is
/// verified.
#[derive(Debug, Parser)]
#[command(name = "demo")]
pub(crate) struct Options {
    /// Octets to transfer over TCP [default: 256 MiB; 1 MiB on ieee802154].
    #[arg(long, value_name = "N")]
    bytes: Option<u64>,
    /// What the wire carries.
    #[arg(long, value_enum, default_value_t = Choice::Ethernet)]
    medium: Choice,
    /// IPv4 or IPv6 [default: 4; 6 on ieee802154, which carries no other].
    #[arg(long, value_name = "4|6", value_parser = clap::value_parser!(u8).range(4..=6))]
    family: Option<u8>,
    /// Frames that do not arrive, as a fraction.
    #[arg(long, value_name = "P", default_value = "0", value_parser = fraction)]
    loss: Fraction,
    /// Frames that arrive twice.
    #[arg(long, value_name = "P", default_value = "0", value_parser = fraction)]
    duplicate: Fraction,
    /// Frames that are overtaken by later ones.
    #[arg(long, value_name = "P", default_value = "0", value_parser = fraction)]
    reorder: Fraction,
    /// Frames in which one bit is flipped.
    #[arg(long, value_name = "P", default_value = "0", value_parser = fraction)]
    corrupt: Fraction,
    /// Time on the wire, one way, in milliseconds.
    #[arg(long, value_name = "MS", default_value = "0", value_parser = milliseconds)]
    delay: Duration,
    /// Speed of the wire in each direction, in Mbit/s; 0: no limit.
    #[arg(long, value_name = "MBIT", default_value = "0", value_parser = megabits)]
    rate: u64,
    /// Send and receive buffer of the connection [default: 256 KiB; 8 KiB on ieee802154].
    #[arg(long, value_name = "OCTETS", value_parser = clap::value_parser!(u32).range(1..))]
    buffer: Option<u32>,
    /// Congestion control of the connection.
    #[arg(long, value_enum, value_name = "NAME", default_value_t = Control::Cubic)]
    pub(crate) congestion: Control,
    /// Seed of all randomness, the wire's included.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Write every frame to this pcapng file, as the left host saw it.
    #[arg(long, value_name = "FILE")]
    pub(crate) pcap: Option<PathBuf>,
    /// Draw goodput, congestion window and round-trip time of the transfer into this SVG file.
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
    /// Virtual time: nobody waits, and a run repeats to the octet.
    #[arg(long = "virtual")]
    pub(crate) is_virtual: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Choice {
    Ethernet,
    Ip,
    Ieee802154,
}

impl Options {
    /// What a picture of the transfer is called.
    pub(crate) fn title(&self) -> String {
        let percent = |part: Fraction| f64::from(part.millionths()) / 1e4;
        format!(
            "{}, {} ms each way, {} Mbit/s, {} % lost, {} % late",
            self.congestion.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned()),
            self.delay.as_secs_f64() * 1e3,
            self.rate as f64 / 1e6,
            percent(self.loss),
            percent(self.reorder)
        )
    }

    pub(crate) fn medium(&self) -> Medium {
        match self.medium {
            Choice::Ethernet => Medium::Ethernet,
            Choice::Ip => Medium::Ip,
            Choice::Ieee802154 => Medium::Ieee802154,
        }
    }

    fn is_small(&self) -> bool {
        self.medium == Choice::Ieee802154
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.unwrap_or(if self.is_small() { 1 << 20 } else { 256 << 20 })
    }

    pub(crate) fn buffer(&self) -> usize {
        let buffer = self.buffer.unwrap_or(if self.is_small() { 8 << 10 } else { 256 << 10 });
        usize::try_from(buffer).unwrap_or(usize::MAX)
    }

    /// Whether IPv6 is asked for.
    pub(crate) fn is_ipv6(&self) -> Result<bool, String> {
        match (self.family, self.is_small()) {
            (Some(4), true) => Err("ieee802154 carries IPv6 only".to_owned()),
            (Some(5), _) => Err("--family is 4 or 6".to_owned()),
            (family, is_small) => Ok(is_small || family == Some(6)),
        }
    }

    pub(crate) fn impairment(&self) -> Impairment {
        Impairment {
            loss: self.loss,
            duplication: self.duplicate,
            reordering: self.reorder,
            // Late enough for a few others to overtake, also on a wire without delay.
            reordering_delay: (self.delay / 4).max(Duration::from_millis(1)),
            corruption: self.corrupt,
            delay: self.delay,
            rate: self.rate,
            ..Impairment::NONE
        }
    }
}

fn fraction(text: &str) -> Result<Fraction, String> {
    let value: f64 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    if !(0.0..=1.0).contains(&value) {
        return Err("a fraction is between 0 and 1".to_owned());
    }
    let millionths = format!("{:.0}", value * 1e6).parse().map_err(|_| "not a fraction")?;
    Ok(Fraction::from_millionths(millionths))
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    let value: f64 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    Duration::try_from_secs_f64(value / 1e3).map_err(|error| error.to_string())
}

fn megabits(text: &str) -> Result<u64, String> {
    let value: f64 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    if !(0.0..=1e6).contains(&value) {
        return Err("a rate is between 0 and 1000000 Mbit/s".to_owned());
    }
    format!("{:.0}", value * 1e6).parse().map_err(|_| "not a rate".to_owned())
}
