//! What the examples share. Each uses a part of it.
#![expect(dead_code, reason = "each example compiles all of it and uses what it needs")]

pub(crate) mod capture;
pub(crate) mod engines;
pub(crate) mod host;
pub(crate) mod http;
pub(crate) mod options;

use clap::Command;
use std::process::ExitCode;

/// Runs an example: its command line, then `body`, whose error is shown as a person wants to read it.
pub(crate) fn run(
    command: Command,
    body: impl FnOnce(options::Options, clap::ArgMatches) -> Result<ExitCode, String>,
) -> ExitCode {
    let command = options::arguments(command);
    let name = command.get_name().to_owned();
    let matches = command.get_matches();
    let result = options::Options::from_matches(&matches).and_then(|options| body(options, matches));
    result.unwrap_or_else(|error| {
        eprintln!("{name}: {error}");
        ExitCode::FAILURE
    })
}
