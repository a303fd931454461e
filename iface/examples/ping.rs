//! Asks a host for echo replies, and prints as ping(8) does.

mod common;

use clap::{value_parser, Arg, ArgMatches, Command};
use common::{engines, host::Host, options::Options};
use core::net::IpAddr;
use core::time::Duration;
use std::io::Write;
use std::process::ExitCode;
use tersus_iface::icmp::{EchoMeta, Event, Received, Unsent};
use tersus_iface::ip::{ErrorKind, Routes, Source, Unreachable};
use tersus_iface::phy::Instant;
use tersus_iface::Progress;

/// How long a reply is waited for after the last request.
const PATIENCE: Duration = Duration::from_secs(4);

fn main() -> ExitCode {
    let command = Command::new("ping")
        .about("Asks a host for echo replies")
        .arg(
            Arg::new("remote")
                .value_name("ADDRESS")
                .help("Whom to ask, IPv4 or IPv6; a group too")
                .required(true)
                .value_parser(value_parser!(IpAddr)),
        )
        .arg(
            Arg::new("count")
                .short('c')
                .value_name("N")
                .value_parser(value_parser!(u16).range(1..))
                .help("Stop after so many requests [default: go on until interrupted]"),
        )
        .arg(
            Arg::new("interval")
                .short('i')
                .value_name("SECONDS")
                .default_value("1")
                .value_parser(seconds)
                .help("Time between requests"),
        )
        .arg(
            Arg::new("size")
                .short('s')
                .value_name("OCTETS")
                .default_value("56")
                .value_parser(value_parser!(u16).range(..=65_507))
                .help("Data in each request"),
        );
    common::run(command, ping)
}

fn seconds(text: &str) -> Result<Duration, String> {
    let value: f64 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    Duration::try_from_secs_f64(value).map_err(|error| error.to_string())
}

fn ping(options: Options, matches: ArgMatches) -> Result<ExitCode, String> {
    let remote = *matches.get_one::<IpAddr>("remote").ok_or("no address")?;
    let count = matches.get_one::<u16>("count").copied();
    let interval = matches.get_one::<Duration>("interval").copied().unwrap_or(Duration::from_secs(1));
    let size = usize::from(matches.get_one::<u16>("size").copied().unwrap_or(56));

    let mut host = Host::open(options)?;
    let mut icmp = engines::icmp(1, 1 << 18, host.seed());
    let mut igmp = engines::igmp(host.seed());
    let socket = icmp.bind_echo(None).map_err(|error| error.to_string())?;
    let data: Vec<u8> = (0..=255).cycle().take(size).collect();
    match remote {
        IpAddr::V4(_) => println!("PING {remote} ({remote}) {size}({}) bytes of data.", size + 28),
        IpAddr::V6(_) => println!("PING {remote} ({remote}) {size} data bytes"),
    }
    println!("ready");
    std::io::stdout().flush().map_err(|error| error.to_string())?;

    let start = host.now();
    let mut log = Log { sent: Vec::new(), times: Vec::new(), duplicates: 0, errors: 0 };
    let mut buffer = vec![0; size];
    loop {
        let now = host.now();
        let number = log.sent.len();
        let is_last = count.is_some_and(|count| usize::from(count) == number);
        let next = log.sent.last().map_or(start, |last| *last + if is_last { PATIENCE } else { interval });
        let all_heard = log.times.len() + log.errors >= number;
        if host.is_stopped() || is_last && (all_heard || next <= now) {
            break;
        }
        if !is_last && next <= now {
            let sequence = u16::try_from(number % 65_536).unwrap_or(0).wrapping_add(1);
            log.sent.push(now);
            let echo = EchoMeta::to(remote, sequence);
            if let Err(error) = icmp.send_echo(&host.stack.ip, socket, &echo, &data) {
                log.errors += 1;
                println!("ping: sendmsg: {error}");
            }
        }
        let progress = host.poll(&mut [&mut icmp, &mut igmp]);
        while let Ok(Some(received)) = icmp.recv(socket, &mut buffer) {
            let intact = buffer.get(..received.len.min(size)) == Some(&data);
            // What did not leave is reported by ourselves.
            let own = host.stack.ip.route(Source::ANY, remote).map_or(remote, |path| path.source());
            log.hear(host.now(), own, &received, intact);
        }
        if progress != Progress::More {
            host.wait(&[&icmp, &igmp], Some(next.since(host.now())))?;
        }
    }
    log.summary(remote, host.now().since(start));
    host.finish(&[("icmp", &icmp.statistics().counters())])?;
    let is_success = !log.times.is_empty() || host.is_stopped();
    Ok(if is_success { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What was sent and heard.
struct Log {
    sent: Vec<Instant>,
    times: Vec<(u16, Duration)>,
    duplicates: usize,
    errors: usize,
}

impl Log {
    fn hear(&mut self, now: Instant, own: IpAddr, received: &Received, is_intact: bool) {
        match received.event {
            Event::Reply { sequence } => {
                let sent = usize::from(sequence).checked_sub(1).and_then(|number| self.sent.get(number));
                let Some(sent) = sent else { return };
                let time = now.since(*sent);
                let is_duplicate = self.times.iter().any(|(heard, _)| *heard == sequence);
                let note = match (is_duplicate, is_intact) {
                    (true, _) => " (DUP!)",
                    (false, true) => "",
                    (false, false) => " (wrong data!)",
                };
                println!(
                    "{} bytes from {}: icmp_seq={sequence} ttl={} time={} ms{note}",
                    received.len + 8,
                    received.remote,
                    received.hop_limit,
                    milliseconds(time)
                );
                if is_duplicate {
                    self.duplicates += 1;
                } else {
                    self.times.push((sequence, time));
                }
            }
            Event::Error { kind, reporter, sequence, .. } => {
                self.errors += 1;
                println!("From {reporter} icmp_seq={sequence} {}", what(kind));
            }
            Event::Unsent { sequence, cause } => {
                self.errors += 1;
                let text = match cause {
                    Unsent::Unreachable(Unreachable::Neighbour) => "Destination Host Unreachable".to_owned(),
                    Unsent::Unreachable(reason) => format!("Unreachable: {reason}"),
                    Unsent::TooBig(mtu) => format!("Message too long, mtu={mtu}"),
                    other => format!("{other:?}"),
                };
                println!("From {} icmp_seq={sequence} {text}", received.local.unwrap_or(own));
            }
            _ => {}
        }
    }

    fn summary(&self, remote: IpAddr, took: Duration) {
        let (sent, heard) = (self.sent.len(), self.times.len());
        let lost = (sent - heard.min(sent)) * 100 / sent.max(1);
        let duplicates =
            if self.duplicates > 0 { format!(", +{} duplicates", self.duplicates) } else { String::new() };
        let errors = if self.errors > 0 { format!(", +{} errors", self.errors) } else { String::new() };
        println!("\n--- {remote} ping statistics ---");
        println!(
            "{sent} packets transmitted, {heard} received{duplicates}{errors}, {lost}% packet loss, time {}ms",
            took.as_millis()
        );
        let times = || self.times.iter().map(|(_, time)| *time);
        if let (Some(min), Some(max)) = (times().min(), times().max()) {
            let n = u32::try_from(heard).unwrap_or(u32::MAX);
            let mean = times().sum::<Duration>() / n;
            let variance = times().map(|time| (time.as_secs_f64() - mean.as_secs_f64()).powi(2)).sum::<f64>();
            let mdev = Duration::from_secs_f64((variance / f64::from(n)).sqrt());
            let [min, mean, max, mdev] = [min, mean, max, mdev].map(milliseconds);
            println!("rtt min/avg/max/mdev = {min}/{mean}/{max}/{mdev} ms");
        }
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64() * 1e3)
}

fn what(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::HostUnreachable => "Destination Host Unreachable".to_owned(),
        ErrorKind::ProtocolUnreachable => "Destination Protocol Unreachable".to_owned(),
        ErrorKind::PortUnreachable => "Destination Port Unreachable".to_owned(),
        ErrorKind::Prohibited => "Packet filtered".to_owned(),
        ErrorKind::TooBig(mtu) => format!("Frag needed (mtu = {mtu})"),
        ErrorKind::HopLimitExceeded => "Time to live exceeded".to_owned(),
        ErrorKind::ReassemblyTimeExceeded => "Frag reassembly time exceeded".to_owned(),
        ErrorKind::ParameterProblem => "Parameter problem".to_owned(),
        other => format!("{other:?}"),
    }
}
