//! The options that `serve`, `fetch`, `ping` and `sniff`-like examples share: which devices, which addresses.

use clap::{Arg, ArgAction, ArgMatches, Command};
use core::net::IpAddr;
use std::path::PathBuf;
use tersus_wire::Cidr;

/// What kind of device a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Tap,
    Tun,
    Packet,
}

/// One device with the addresses and gateways that were named behind it.
#[derive(Debug, Clone)]
pub(crate) struct DeviceOptions {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) addresses: Vec<Cidr>,
    pub(crate) gateways: Vec<IpAddr>,
}

/// All of the shared options.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) devices: Vec<DeviceOptions>,
    pub(crate) mtu: Option<u16>,
    pub(crate) hardware_address: Option<[u8; 6]>,
    pub(crate) pcap: Option<PathBuf>,
    pub(crate) seed: Option<u64>,
    pub(crate) stats: Option<PathBuf>,
    pub(crate) verbose: bool,
}

/// Adds the shared options to the command of an example.
pub(crate) fn arguments(command: Command) -> Command {
    let device = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name(value)
            .action(ArgAction::Append)
            .help(help)
            .help_heading("Devices")
    };
    command
        .arg(device("tap", "NAME", "Ethernet through a TAP device, created if it does not exist"))
        .arg(device("tun", "NAME", "Raw IP through a TUN device, created if it does not exist"))
        .arg(device("packet", "IFNAME", "Ethernet through a packet socket on an existing interface"))
        .arg(
            device("address", "CIDR", "Own address of the device named before, such as 10.0.0.2/24; repeatable")
                .value_parser(|text: &str| text.parse::<Cidr>()),
        )
        .arg(
            device("gateway", "ADDR", "Default gateway through the device named before; repeatable")
                .value_parser(|text: &str| text.parse::<IpAddr>()),
        )
        .arg(
            Arg::new("mtu")
                .long("mtu")
                .value_name("N")
                .value_parser(clap::value_parser!(u16).range(68..))
                .help("Largest IP packet, in octets [default: the device's]"),
        )
        .arg(
            Arg::new("hardware-address")
                .long("hardware-address")
                .value_name("MAC")
                .value_parser(parse_hardware_address)
                .help("Own Ethernet address of the first device; the others count up [default: made from the seed]"),
        )
        .arg(
            Arg::new("pcap")
                .long("pcap")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help("Write every frame to this pcapng file"),
        )
        .arg(
            Arg::new("seed")
                .long("seed")
                .value_name("N")
                .value_parser(clap::value_parser!(u64))
                .help("Seed of all randomness [default: from the operating system]"),
        )
        .arg(
            Arg::new("stats")
                .long("stats")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help("Write the stack's counters to this file as one JSON object when it ends"),
        )
        .arg(Arg::new("verbose").short('v').long("verbose").action(ArgAction::SetTrue).help("Show each frame"))
}

impl Options {
    /// Reads the shared options. An address or gateway belongs to the device that stands before it.
    pub(crate) fn from_matches(matches: &ArgMatches) -> Result<Self, String> {
        enum Word {
            Device(Kind, String),
            Address(Cidr),
            Gateway(IpAddr),
        }
        let mut words: Vec<(usize, Word)> = Vec::new();
        for (id, kind) in [("tap", Kind::Tap), ("tun", Kind::Tun), ("packet", Kind::Packet)] {
            for (index, name) in placed::<String>(matches, id) {
                words.push((index, Word::Device(kind, name)));
            }
        }
        words.extend(placed(matches, "address").map(|(index, address)| (index, Word::Address(address))));
        words.extend(placed(matches, "gateway").map(|(index, gateway)| (index, Word::Gateway(gateway))));
        words.sort_by_key(|(index, _)| *index);

        let mut devices: Vec<DeviceOptions> = Vec::new();
        for (_, word) in words {
            match (word, devices.last_mut()) {
                (Word::Device(kind, name), _) => {
                    devices.push(DeviceOptions { kind, name, addresses: Vec::new(), gateways: Vec::new() });
                }
                (Word::Address(address), Some(device)) => device.addresses.push(address),
                (Word::Gateway(gateway), Some(device)) => device.gateways.push(gateway),
                (Word::Address(_), None) => return Err("--address needs a device before it".to_owned()),
                (Word::Gateway(_), None) => return Err("--gateway needs a device before it".to_owned()),
            }
        }
        if devices.is_empty() {
            return Err("name a device: --tap NAME, --tun NAME or --packet IFNAME".to_owned());
        }
        Ok(Self {
            devices,
            mtu: matches.get_one("mtu").copied(),
            hardware_address: matches.get_one("hardware-address").copied(),
            pcap: matches.get_one("pcap").cloned(),
            seed: matches.get_one("seed").copied(),
            stats: matches.get_one("stats").cloned(),
            verbose: matches.get_flag("verbose"),
        })
    }
}

/// The values of an option with their places on the command line.
fn placed<'a, T: Clone + Send + Sync + 'static>(
    matches: &'a ArgMatches,
    id: &'a str,
) -> impl Iterator<Item = (usize, T)> + 'a {
    let values = matches.get_many::<T>(id).unwrap_or_default().cloned();
    matches.indices_of(id).unwrap_or_default().zip(values)
}

fn parse_hardware_address(text: &str) -> Result<[u8; 6], String> {
    let octets: Vec<u8> = text
        .split([':', '-'])
        .map(|part| u8::from_str_radix(part, 16).map_err(|_| format!("{part:?} is no hexadecimal octet")))
        .collect::<Result<_, _>>()?;
    let address: [u8; 6] = octets.try_into().map_err(|_| "an Ethernet address has six octets".to_owned())?;
    if address[0] & 1 == 1 {
        return Err("a station's address must not be a group address".to_owned());
    }
    Ok(address)
}
