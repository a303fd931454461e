//! Frames from devices of this host, until a signal comes.

use crate::common::options::{DeviceOptions, Kind, Options};
use crate::show::Show;
use std::time::{SystemTime, UNIX_EPOCH};
use tersus_iface::phy::hosted::{wait, Clock, PacketSocket, TunTap, Waiting};
use tersus_iface::phy::{Device, Instant, RxToken};
use tersus_wire::walk::Medium;

/// A device that frames come from.
enum Source {
    Tap(TunTap),
    Tun(TunTap),
    Packet(PacketSocket),
}

impl Source {
    fn open(device: &DeviceOptions) -> Result<Self, String> {
        let name = device.name.as_str();
        let opened = match device.kind {
            Kind::Tap => TunTap::tap(name).map(Self::Tap),
            Kind::Tun => TunTap::tun(name).map(Self::Tun),
            Kind::Packet => PacketSocket::open(name).map(Self::Packet),
        };
        opened.map_err(|error| format!("{name}: {error}"))
    }

    fn waiting(&self) -> Waiting<'_> {
        match self {
            Self::Tap(device) | Self::Tun(device) => device.waiting(),
            Self::Packet(device) => device.waiting(),
        }
    }

    /// Shows a frame, if one is there.
    fn show(&mut self, now: Instant, show: &mut Show) -> Option<Result<(), String>> {
        match self {
            Self::Tap(device) => next(device, now, Medium::Ethernet, show),
            Self::Tun(device) => next(device, now, Medium::Ip, show),
            Self::Packet(device) => next(device, now, Medium::Ethernet, show),
        }
    }
}

fn next(
    device: &mut impl Device,
    now: Instant,
    medium: Medium,
    show: &mut Show,
) -> Option<Result<(), String>> {
    let (frame, _) = device.receive(now)?;
    let time_us = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    let time_us = time_us.and_then(|time| u64::try_from(time.as_micros()).ok());
    Some(frame.consume(|octets| show.frame(time_us, Ok(medium), octets)))
}

/// Shows frames until the process is ended.
pub(crate) fn sniff(options: &Options, show: &mut Show) -> Result<(), String> {
    let mut sources = options.devices.iter().map(Source::open).collect::<Result<Vec<_>, _>>()?;
    let clock = Clock::new();
    loop {
        for source in &mut sources {
            while let Some(shown) = source.show(clock.now(), show) {
                shown?;
            }
        }
        show.flush()?;
        let waiting: Vec<Waiting<'_>> = sources.iter().map(Source::waiting).collect();
        wait(&waiting, None).map_err(|error| error.to_string())?;
    }
}
