//! Goodput over plain TCP: sends or receives as fast as it goes, for a number of octets or of seconds.

mod common;

use clap::{value_parser, Arg, ArgMatches, Command, ValueEnum};
use common::engines::{self, Control};
use common::{host::Host, options::Options};
use core::net::SocketAddr;
use core::time::Duration;
use indicatif::{ProgressBar, ProgressStyle};
use std::process::ExitCode;
use tersus_iface::icmp::EchoResponder;
use tersus_iface::ip::Instant;
use tersus_iface::tcp::{ConnectOptions, ConnectionId, Info, RecvError, Tcp};
use tersus_iface::Progress as Turn;

/// Octets of buffer each way.
const BUFFER: usize = 4 << 20;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Direction {
    /// Zeros, as fast as they go.
    Send,
    /// Whatever comes is dropped, until the peer closes.
    Receive,
}

fn main() -> ExitCode {
    let number = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).value_parser(value_parser!(u64)).help(help)
    };
    let command = Command::new("throughput")
        .about("Measures goodput over plain TCP")
        .arg(Arg::new("direction").required(true).value_parser(value_parser!(Direction)))
        .arg(
            Arg::new("connect")
                .long("connect")
                .value_name("ADDR:PORT")
                .value_parser(value_parser!(SocketAddr))
                .required_unless_present("listen")
                .help("Open the connection"),
        )
        .arg(
            Arg::new("listen")
                .long("listen")
                .value_name("PORT")
                .value_parser(value_parser!(u16).range(1..))
                .conflicts_with("connect")
                .help("Wait for the connection"),
        )
        .arg(number("bytes", "N", "Stop after so many octets").conflicts_with("seconds"))
        .arg(number("seconds", "S", "Stop after so many seconds [default: 10 when sending without --bytes]"))
        .arg(number("interval", "S", "Print a line every so many seconds"))
        .arg(
            Arg::new("congestion")
                .long("congestion")
                .value_name("NAME")
                .value_parser(value_parser!(Control))
                .default_value("cubic")
                .help("Congestion control"),
        );
    common::run(command, measure)
}

fn measure(options: Options, matches: ArgMatches) -> Result<ExitCode, String> {
    let direction = matches.get_one("direction").copied().unwrap_or(Direction::Receive);
    let control = matches.get_one("congestion").copied().unwrap_or(Control::Cubic);
    let bytes = matches.get_one::<u64>("bytes").copied();
    let default = (direction == Direction::Send && bytes.is_none()).then_some(10);
    let seconds = matches.get_one::<u64>("seconds").copied().or(default);
    let bytes = bytes.unwrap_or(u64::MAX);

    let mut host = Host::open(options)?;
    let mut icmp = EchoResponder::default();
    let mut igmp = engines::igmp(host.seed());
    let mut tcp = engines::tcp(1, BUFFER, control.algorithm(), host.seed());
    let (mut listener, mut connection) = (None, None);
    if let Some(remote) = matches.get_one::<SocketAddr>("connect") {
        let opened = tcp.connect(&host.stack.ip, host.now(), *remote, ConnectOptions::default());
        connection = Some(opened.map_err(|error| format!("{remote}: {error}"))?);
    } else if let Some(port) = matches.get_one::<u16>("listen") {
        listener = Some(tcp.listen(*port, 1).map_err(|error| format!("port {port}: {error}"))?);
    }
    println!("ready");

    let mut progress = Progress::new(matches.get_one::<u64>("interval").copied())?;
    let mut flow = Flow { direction, bytes, written: 0, octets: 0, is_over: false };
    let mut begun = None;
    while !flow.is_over && !host.is_stopped() {
        let turn = host.poll(&mut [&mut icmp, &mut igmp, &mut tcp]);
        if connection.is_none() {
            connection = listener.and_then(|listener| tcp.accept(listener));
        }
        if let Some(id) = connection.filter(|&id| tcp.is_established(id) || begun.is_some()) {
            let start = *begun.get_or_insert_with(|| host.now());
            flow.advance(&mut tcp, id)?;
            progress.note(start, host.now(), flow.octets, tcp.info(id).ok());
        } else if let Some(Ok(Some(outcome))) = connection.map(|id| tcp.outcome(id)) {
            return Err(outcome.to_string());
        }
        let end = begun.zip(seconds).map(|(begun, seconds)| begun + Duration::from_secs(seconds));
        if end.is_some_and(|end| host.now() >= end) {
            break;
        }
        if turn != Turn::More && !flow.is_over {
            host.wait(&[&icmp, &igmp, &tcp], None)?;
        }
    }
    let took = begun.map_or(Duration::ZERO, |begun| host.now().since(begun));
    let stall = progress.finish(begun, host.now());
    if let Some(id) = connection {
        let _ = tcp.release(id);
    }
    host.linger(&mut [&mut icmp, &mut igmp, &mut tcp])?;
    host.finish(&[("icmp", &icmp.statistics().counters()), ("tcp", &tcp.statistics().counters())])?;
    println!(
        "{} octets in {:.3} s, {:.2} Mbit/s, longest stall {} ms",
        flow.octets,
        took.as_secs_f64(),
        megabits(flow.octets, took),
        stall.as_millis()
    );
    Ok(ExitCode::SUCCESS)
}

fn megabits(octets: u64, span: Duration) -> f64 {
    octets as f64 * 8.0 / span.as_secs_f64().max(1e-6) / 1e6
}

/// What is shown while it runs.
struct Progress {
    bar: ProgressBar,
    interval: Option<Duration>,
    /// Octets so far, when the last of them came, and the longest time without any.
    octets: u64,
    last: Option<Instant>,
    longest: Duration,
    /// When the last line was printed, and octets until then.
    line: Option<(Instant, u64)>,
}

impl Progress {
    fn new(interval: Option<u64>) -> Result<Self, String> {
        let style = ProgressStyle::with_template("{spinner} {bytes} in {elapsed}, {bytes_per_sec}{msg}");
        let bar = ProgressBar::new_spinner().with_style(style.map_err(|error| error.to_string())?);
        let interval = interval.map(Duration::from_secs);
        Ok(Self { bar, interval, octets: 0, last: None, longest: Duration::ZERO, line: None })
    }

    fn note(&mut self, start: Instant, now: Instant, octets: u64, info: Option<Info>) {
        if octets > self.octets {
            self.longest = self.longest.max(now.since(self.last.unwrap_or(start)));
            (self.octets, self.last) = (octets, Some(now));
        }
        self.bar.set_position(octets);
        let (since, before) = *self.line.get_or_insert((start, 0));
        if !self.interval.is_some_and(|interval| now.since(since) >= interval) {
            return;
        }
        self.line = Some((now, octets));
        let state = info.map_or_else(String::new, |info| {
            format!(
                ", cwnd {} KiB, RTT {:.1} ms, {} retransmissions",
                info.cwnd / 1024,
                info.srtt.as_secs_f64() * 1e3,
                info.retransmissions
            )
        });
        let rate = megabits(octets - before, now.since(since));
        self.bar.suspend(|| {
            println!("{:8.3} s  {octets} octets, {rate:.2} Mbit/s{state}", now.since(start).as_secs_f64());
        });
        self.bar.set_message(state);
    }

    /// The longest time without progress, up to the end.
    fn finish(self, start: Option<Instant>, now: Instant) -> Duration {
        self.bar.finish_and_clear();
        let last = self.last.or(start).unwrap_or(now);
        self.longest.max(now.since(last))
    }
}

/// What went over the connection.
struct Flow {
    direction: Direction,
    /// How many octets are wanted.
    bytes: u64,
    /// Octets that the send buffer took.
    written: u64,
    /// Octets that the peer acknowledged, or that were received.
    octets: u64,
    is_over: bool,
}

impl Flow {
    /// Goes on as far as buffers allow.
    fn advance(&mut self, tcp: &mut Tcp<'_>, id: ConnectionId) -> Result<(), String> {
        match self.direction {
            Direction::Send => self.send(tcp, id),
            Direction::Receive => self.receive(tcp, id),
        }
    }

    fn send(&mut self, tcp: &mut Tcp<'_>, id: ConnectionId) -> Result<(), String> {
        loop {
            let left = usize::try_from(self.bytes - self.written).unwrap_or(usize::MAX);
            // The buffer holds zeros, or what was sent before: either will do.
            let taken = tcp.send_with(id, |free| free.len().min(left)).map_err(|error| error.to_string())?;
            self.written += taken as u64;
            if taken == 0 {
                break;
            }
        }
        let queued = tcp.send_queue(id).map_err(|error| error.to_string())?;
        self.octets = self.written - queued as u64;
        self.is_over = self.octets == self.bytes;
        Ok(())
    }

    fn receive(&mut self, tcp: &mut Tcp<'_>, id: ConnectionId) -> Result<(), String> {
        loop {
            match tcp.recv_with(id, |data| (data.len(), data.len())) {
                Ok(0) => break,
                Ok(len) => self.octets += len as u64,
                Err(RecvError::Finished) => {
                    self.is_over = true;
                    break;
                }
                Err(error) => return Err(error.to_string()),
            }
        }
        self.is_over |= self.octets >= self.bytes;
        Ok(())
    }
}
