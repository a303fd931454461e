//! Joins groups, prints the datagrams that are sent to them, and leaves the groups when it ends.

mod common;

use clap::{value_parser, Arg, ArgAction, ArgMatches, Command};
use common::{engines, host::Host, options::Options};
use core::net::IpAddr;
use std::io::Write;
use std::process::ExitCode;
use tersus_iface::icmp::EchoResponder;
use tersus_iface::ip::InterfaceId;
use tersus_iface::udp::Local;
use tersus_iface::Progress;

fn main() -> ExitCode {
    let command = Command::new("group")
        .about("Joins groups on the first device and prints the datagrams that are sent to them")
        .arg(
            Arg::new("join")
                .long("join")
                .value_name("GROUP")
                .required(true)
                .action(ArgAction::Append)
                .value_parser(value_parser!(IpAddr))
                .help("A group's address, such as 239.1.2.3 or ff05::77; repeatable"),
        )
        .arg(
            Arg::new("port")
                .long("port")
                .value_name("N")
                .default_value("5000")
                .value_parser(value_parser!(u16).range(1..))
                .help("UDP port to listen at"),
        );
    common::run(command, group)
}

fn group(options: Options, matches: ArgMatches) -> Result<ExitCode, String> {
    let groups: Vec<IpAddr> = matches.get_many("join").unwrap_or_default().copied().collect();
    let port = matches.get_one("port").copied().unwrap_or(5000);
    let mut host = Host::open(options)?;
    let mut icmp = EchoResponder::default();
    let mut igmp = engines::igmp(host.seed());
    let mut udp = engines::udp(1, 1 << 18, host.seed());
    let socket = udp.bind(&Local::port(port)).map_err(|error| error.to_string())?;
    for group in &groups {
        host.stack.ip.join(InterfaceId(0), *group).map_err(|error| format!("{group}: {error}"))?;
    }
    println!("ready");

    let mut buffer = vec![0; 65_535];
    while !host.is_stopped() {
        let progress = host.poll(&mut [&mut icmp, &mut igmp, &mut udp]);
        while let Ok(Some(received)) = udp.recv(socket, &mut buffer) {
            let data = buffer.get(..received.copied).unwrap_or_default();
            println!("{} to {}: {}", received.meta.remote, received.meta.local, data.escape_ascii());
        }
        std::io::stdout().flush().map_err(|error| error.to_string())?;
        if progress != Progress::More {
            host.wait(&[&icmp, &igmp, &udp], None)?;
        }
    }
    for group in groups {
        host.stack.ip.leave(InterfaceId(0), group);
    }
    host.linger(&mut [&mut icmp, &mut igmp, &mut udp])?;
    host.finish(&[("igmp", &igmp.statistics().counters()), ("udp", &udp.statistics().counters())])?;
    Ok(ExitCode::SUCCESS)
}
