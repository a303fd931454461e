//! An HTTP client: gets what a URL names.

mod common;

use clap::{value_parser, Arg, ArgMatches, Command};
use common::{engines, host::Host, http, options::Options};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use tersus_iface::icmp::EchoResponder;
use tersus_iface::tcp::{ConnectOptions, ConnectionId, Outcome, RecvError, Tcp};
use tersus_iface::Progress;

fn main() -> ExitCode {
    let command = Command::new("fetch")
        .about("Gets what a URL names, over HTTP")
        .arg(Arg::new("url").value_name("URL").required(true).help("http://ADDRESS[:PORT]/PATH"))
        .arg(
            Arg::new("output")
                .short('o')
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Write the content to this file [default: standard output]"),
        );
    common::run(command, fetch)
}

fn fetch(options: Options, matches: ArgMatches) -> Result<ExitCode, String> {
    let target = http::target(matches.get_one::<String>("url").map_or("", String::as_str))?;
    let path = matches.get_one::<PathBuf>("output");
    let mut output: Box<dyn Write> = match path {
        Some(path) => Box::new(File::create(path).map_err(|error| format!("{}: {error}", path.display()))?),
        None => Box::new(std::io::stdout().lock()),
    };
    let mut host = Host::open(options)?;
    let mut icmp = EchoResponder::default();
    let mut igmp = engines::igmp(host.seed());
    let mut tcp = engines::tcp(1, 256 * 1024, engines::Control::Cubic.algorithm(), host.seed());
    let connection = tcp
        .connect(&host.stack.ip, host.now(), target.address, ConnectOptions::default())
        .map_err(|error| format!("{}: {error}", target.address))?;
    if path.is_some() {
        println!("ready");
    }

    let mut request = http::request(&target).into_bytes();
    let mut content = Content::default();
    let result = loop {
        if host.is_stopped() {
            break Ok(());
        }
        let progress = host.poll(&mut [&mut icmp, &mut igmp, &mut tcp]);
        if let Ok(sent) = tcp.send(connection, &request) {
            request.drain(..sent);
        }
        match content.read(&mut tcp, connection, &mut output) {
            Ok(Step::More) => {}
            Ok(Step::Done) => break Ok(()),
            Err(error) => break Err(format!("{}: {error}", target.address)),
        }
        if progress != Progress::More {
            host.wait(&[&icmp, &igmp, &tcp], None)?;
        }
    };
    let _ = tcp.close(connection);
    let _ = tcp.release(connection);
    host.linger(&mut [&mut icmp, &mut igmp, &mut tcp])?;
    host.finish(&[("icmp", &icmp.statistics().counters()), ("tcp", &tcp.statistics().counters())])?;
    result?;
    output.flush().map_err(|error| error.to_string())?;
    match content.head.map(|head| head.status) {
        Some(200..=299) => Ok(ExitCode::SUCCESS),
        Some(status) => Err(format!("the server answers with status {status}")),
        None => Err("ended before the answer came".to_owned()),
    }
}

/// What came so far.
#[derive(Default)]
struct Content {
    /// The response's head while it is incomplete.
    received: Vec<u8>,
    head: Option<http::Head>,
    len: u64,
}

enum Step {
    More,
    Done,
}

impl Content {
    /// Reads what there is; `Done` when the content is complete.
    fn read(&mut self, tcp: &mut Tcp<'_>, id: ConnectionId, output: &mut dyn Write) -> Result<Step, String> {
        let mut buffer = [0; 64 * 1024];
        loop {
            match tcp.recv(id, &mut buffer) {
                Ok(0) => return Ok(Step::More),
                Ok(len) => self.take(buffer.get(..len).unwrap_or_default(), output)?,
                Err(RecvError::Finished) => {
                    return match self.head.map(|head| head.content_len) {
                        Some(None) => Ok(Step::Done),
                        Some(Some(len)) => Err(format!("closed after {} of {len} octets", self.len)),
                        None => Err("closed before it answered".to_owned()),
                    };
                }
                Err(RecvError::Ended(Outcome::Unreachable(kind))) => {
                    return Err(format!("unreachable: {kind:?}"))
                }
                Err(error) => return Err(error.to_string()),
            }
            if self.head.is_some_and(|head| head.content_len == Some(self.len)) {
                return Ok(Step::Done);
            }
        }
    }

    fn take(&mut self, data: &[u8], output: &mut dyn Write) -> Result<(), String> {
        if self.head.is_some() {
            return self.write(data, output);
        }
        self.received.extend_from_slice(data);
        let Some((used, head)) = http::response_head(&self.received)? else { return Ok(()) };
        self.head = Some(head);
        let received = core::mem::take(&mut self.received);
        self.write(received.get(used..).unwrap_or_default(), output)
    }

    fn write(&mut self, data: &[u8], output: &mut dyn Write) -> Result<(), String> {
        let most = self.head.and_then(|head| head.content_len).map_or(u64::MAX, |len| len - self.len);
        let data =
            data.get(..data.len().min(usize::try_from(most).unwrap_or(usize::MAX))).unwrap_or_default();
        self.len += data.len() as u64;
        output.write_all(data).map_err(|error| format!("writing: {error}"))
    }
}
