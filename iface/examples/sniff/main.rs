//! Shows frames, one line a layer, from a device or from a pcap or pcapng file. What cannot be parsed is shown as octets
//! with the reason. Times are seconds since the first frame; with `--json`, which writes one object a line, microseconds
//! since 1970.
//!
//! ```sh
//! cargo run --example sniff -- --read FILE
//! cargo run --example sniff -- --packet eth0 --json
//! ```

#[path = "../common/mod.rs"]
mod common;
mod live;
mod show;

use clap::{value_parser, Arg, ArgAction, ArgMatches, Command};
use common::{capture, options};
use show::Show;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let command = Command::new("sniff")
        .about("Shows frames, one line a layer, from a device or a file")
        .arg(
            Arg::new("read")
                .long("read")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .conflicts_with_all(["tap", "tun", "packet"])
                .help("A pcap or pcapng file instead of a device"),
        )
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("One JSON object a frame, with all fields"),
        );
    match sniff(&options::arguments(command).get_matches()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sniff: {error}");
            ExitCode::FAILURE
        }
    }
}

fn sniff(matches: &ArgMatches) -> Result<(), String> {
    let mut show = Show::new(matches.get_flag("json"));
    match matches.get_one::<PathBuf>("read") {
        Some(path) => {
            capture::read(path, &mut |frame| show.frame(frame.time_us, frame.medium, frame.octets))?;
            show.flush()
        }
        None => live::sniff(&options::Options::from_matches(matches)?, &mut show),
    }
}
