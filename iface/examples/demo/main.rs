//! Two hosts in one program, joined by a wire in memory. Needs no rights and no options.

#[path = "../common/mod.rs"]
mod common;
mod network;
mod options;
mod phases;
mod plot;

use clap::Parser;
use network::{Network, Side, Time};
use options::Options;
use std::fs::File;
use std::io::BufWriter;
use std::process::ExitCode;
use tersus_iface::phy::hosted::{Capture, Clock};
use tersus_iface::phy::memory::{Side as WireSide, Storage, Wire};
use tersus_iface::phy::{
    Device, Direction, Ethernet, FrameSink, Instant, LinkLayer, Medium, Random, RawIp, Tracer,
};
use tersus_iface::sixlowpan::{self, Sixlowpan};
use tersus_iface::wire::{sixlowpan as lowpan, Cidr, HardwareAddress};

/// PAN of the two hosts on IEEE 802.15.4.
const PAN: u16 = 0x7e25;

fn main() -> ExitCode {
    match demo(&Options::parse()) {
        Ok(octets) => {
            println!("verified {octets} octets");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("demo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn demo(options: &Options) -> Result<u64, String> {
    let mut random = Random::new(common::engines::spread(options.seed));
    let mut seed = || common::engines::draw(&mut random);
    // As many frames as a window holds, so that frames are lost by impairment and never by a full queue.
    let wire = match options.medium() {
        Medium::Ethernet => {
            Wire::new(Box::leak(Box::new(Storage::<512, 1514>::new())), Medium::Ethernet, seed())
        }
        Medium::Ip => Wire::new(Box::leak(Box::new(Storage::<512, 1500>::new())), Medium::Ip, seed()),
        medium => Wire::new(Box::leak(Box::new(Storage::<512, 125>::new())), medium, seed()),
    };
    wire.impair_both(options.impairment());
    let capture = match &options.pcap {
        Some(path) => {
            let file = File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
            Some(Capture::new(BufWriter::new(file)).map_err(|error| error.to_string())?)
        }
        None => None,
    };
    let mut watch = capture.as_ref().map(|capture| capture.interface(options.medium(), "left"));
    let watch = move |direction: Direction, now: Instant, frame: &[u8]| {
        if let Some(watch) = &mut watch {
            watch.frame(direction, now, frame);
        }
    };

    let (left, right) = wire.ends();
    let left = link(options.medium(), Tracer::new(left, watch), 1)?;
    let right = link(options.medium(), right, 2)?;
    let [own, peer] = addresses(options)?;
    let mut network = Network {
        left: Side::new(left, own, options.buffer(), options.congestion, &mut random)?,
        right: Side::new(right, peer, options.buffer(), options.congestion, &mut random)?,
        time: if options.is_virtual {
            Time::Virtual(Instant::from_secs(1))
        } else {
            Time::Real(Clock::new())
        },
    };

    // The first turn reads what the links are.
    network.turn(Some(network.now()))?;
    let pings = phases::ping(&mut network, peer.address())?;
    let datagrams = phases::udp_echo(&mut network, peer.address())?;
    let recorder = plot::Recorder::default();
    if options.plot.is_some() {
        recorder.listen(&mut network.left.tcp);
    }
    let transfer = phases::transfer(&mut network, peer.address(), options.bytes())?;
    if let Some(capture) = capture {
        capture.finish().map_err(|error| format!("--pcap: {error}"))?;
    }
    if let Some(file) = &options.plot {
        recorder.draw(file, &options.title())?;
    }
    pings.print("ping");
    datagrams.print("UDP echo");
    transfer.print(&network);
    for (name, side) in [("left", WireSide::Left), ("right", WireSide::Right)] {
        let counted = wire.statistics(side);
        let shown: Vec<String> = counted
            .counters()
            .iter()
            .filter(|(_, n)| *n > 0)
            .map(|(what, n)| format!("{what} {n}"))
            .collect();
        println!("{:<22}{}", format!("wire, from {name}"), shown.join(", "));
    }
    Ok(transfer.octets)
}

/// EUI-64 of host 1 or 2.
const fn extended(host: u8) -> HardwareAddress {
    HardwareAddress::extended([2, 0, 0, 0xff, 0xfe, 0, 0, host])
}

/// The link of host 1 or 2 over its end of the wire.
fn link<'w, D: Device + 'w>(medium: Medium, end: D, host: u8) -> Result<Box<dyn LinkLayer + 'w>, String> {
    Ok(match medium {
        Medium::Ethernet => {
            let link: Ethernet<_> = Ethernet::new(end, [2, 0, 0, 0, 0, host]);
            Box::new(link)
        }
        Medium::Ip => Box::new(RawIp::new(end)),
        _ => {
            let config = sixlowpan::Config::new(PAN, extended(host));
            let storage = Box::leak(Box::new(sixlowpan::Storage::<8, 16>::new()));
            Box::new(Sixlowpan::new(end, config, storage).map_err(|error| error.to_string())?)
        }
    })
}

/// Addresses of the two hosts. On IEEE 802.15.4 those that the link can compress away.
fn addresses(options: &Options) -> Result<[Cidr; 2], String> {
    let parse = |text: &str| text.parse::<Cidr>().map_err(|error| error.to_string());
    let is_ipv6 = options.is_ipv6()?;
    if options.medium() == Medium::Ieee802154 {
        let address = |host| {
            let address = lowpan::iphc::link_local(extended(host));
            parse(&format!("{}/64", address.map_or_else(String::new, |a| a.to_string())))
        };
        return Ok([address(1)?, address(2)?]);
    }
    if is_ipv6 {
        Ok([parse("fd00::1/64")?, parse("fd00::2/64")?])
    } else {
        Ok([parse("10.0.0.1/24")?, parse("10.0.0.2/24")?])
    }
}
