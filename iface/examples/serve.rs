//! A server: echo, discard and chargen over TCP and UDP (RFC 862, 863, 864), and HTTP on port 80.

mod common;

use clap::{value_parser, Arg, ArgMatches, Command};
use common::http::{self, Body};
use common::{engines, host::Host, options::Options};
use std::collections::HashMap;
use std::io::Write;
use std::process::ExitCode;
use tersus_iface::icmp::EchoResponder;
use tersus_iface::tcp::{ConnectionId, Event, ListenerId, Tcp};
use tersus_iface::udp::{self, Udp};
use tersus_iface::Progress;

fn main() -> ExitCode {
    let command = Command::new("serve")
        .about("Serves echo (7), discard (9) and chargen (19) over TCP and UDP, and HTTP (80)")
        .after_help("HTTP: / is a page, /bytes/N exactly N octets, octet i having the value i mod 251.")
        .arg(
            Arg::new("connections")
                .long("connections")
                .value_name("N")
                .value_parser(value_parser!(u16).range(1..=60_000))
                .default_value("64")
                .help("TCP connections at a time"),
        );
    common::run(command, serve)
}

#[derive(Clone, Copy)]
enum Service {
    Echo,
    Discard,
    Chargen,
    Http,
}

const SERVICES: [(u16, Service); 4] =
    [(7, Service::Echo), (9, Service::Discard), (19, Service::Chargen), (80, Service::Http)];

fn serve(options: Options, matches: ArgMatches) -> Result<ExitCode, String> {
    let connections = matches.get_one("connections").copied().unwrap_or(64u16);
    let mut host = Host::open(options)?;
    let mut icmp = EchoResponder::default();
    let mut igmp = engines::igmp(host.seed());
    let mut udp = engines::udp(3, 1 << 19, host.seed());
    let mut tcp =
        engines::tcp(usize::from(connections), 64 * 1024, engines::Control::Cubic.algorithm(), host.seed());

    let mut listeners = Vec::new();
    for (port, service) in SERVICES {
        let listener = tcp.listen(port, connections).map_err(|error| format!("port {port}: {error}"))?;
        listeners.push((listener, service));
    }
    let mut sockets = Vec::new();
    for (port, service) in SERVICES.into_iter().take(3) {
        let socket = udp.bind(&udp::Local::port(port)).map_err(|error| format!("port {port}: {error}"))?;
        sockets.push((socket, service));
    }
    println!("ready");
    std::io::stdout().flush().map_err(|error| error.to_string())?;

    let mut sessions = HashMap::new();
    while !host.is_stopped() {
        let progress = host.poll(&mut [&mut icmp, &mut igmp, &mut udp, &mut tcp]);
        for (socket, service) in &sockets {
            answer_datagrams(&host, &mut udp, *socket, *service);
        }
        serve_connections(&mut tcp, &listeners, &mut sessions);
        if progress != Progress::More {
            host.wait(&[&icmp, &igmp, &udp, &tcp], None)?;
        }
    }
    host.finish(&[
        ("icmp", &icmp.statistics().counters()),
        ("igmp", &igmp.statistics().counters()),
        ("udp", &udp.statistics().counters()),
        ("tcp", &tcp.statistics().counters()),
    ])?;
    Ok(ExitCode::SUCCESS)
}

fn answer_datagrams(host: &Host, udp: &mut Udp<'_>, socket: udp::Handle, service: Service) {
    let mut buffer = [0; 65_535];
    while let Ok(Some(received)) = udp.recv(socket, &mut buffer) {
        let data = buffer.get(..received.copied).unwrap_or_default();
        let answer = match service {
            Service::Echo => data,
            Service::Chargen => CHARACTERS.get(..72).unwrap_or_default(),
            Service::Discard | Service::Http => continue,
        };
        // No room to queue an answer: the datagram is lost, as datagrams may be.
        let _ = udp.send_meta(&host.stack.ip, socket, &udp::SendMeta::reply_to(&received.meta), answer);
    }
}

/// Lines of the printable characters, RFC 864.
const CHARACTERS: &[u8; 95] =
    b" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";

/// A connection and what is still to be written to it.
struct Session {
    service: Service,
    /// Octets that did not fit the send buffer.
    pending: Vec<u8>,
    /// HTTP: the start of a request.
    received: Vec<u8>,
    /// Octets of the pattern that are still to be sent, and where they start.
    pattern: core::ops::Range<u64>,
    /// Whether the connection ends when everything is written.
    is_last: bool,
}

fn serve_connections(
    tcp: &mut Tcp<'_>,
    listeners: &[(ListenerId, Service)],
    sessions: &mut HashMap<ConnectionId, Session>,
) {
    while let Some(event) = tcp.next_event() {
        match event {
            Event::Acceptable(listener) => {
                let Some((_, service)) = listeners.iter().find(|(id, _)| *id == listener) else { continue };
                while let Some(id) = tcp.accept(listener) {
                    sessions.insert(id, Session::new(*service));
                }
            }
            Event::Connection(id, _) => {
                let Some(session) = sessions.get_mut(&id) else { continue };
                if session.run(tcp, id).is_none() {
                    sessions.remove(&id);
                    let _ = tcp.release(id);
                }
            }
        }
    }
}

impl Session {
    fn new(service: Service) -> Self {
        Self { service, pending: Vec::new(), received: Vec::new(), pattern: 0..0, is_last: false }
    }

    /// Goes on as far as buffers allow; `None` when the connection is done with.
    fn run(&mut self, tcp: &mut Tcp<'_>, id: ConnectionId) -> Option<()> {
        loop {
            self.write(tcp, id)?;
            if !self.pending.is_empty() || !self.pattern.is_empty() {
                return Some(());
            }
            if self.is_last {
                return None;
            }
            let mut buffer = [0; 16 * 1024];
            match tcp.recv(id, &mut buffer) {
                Ok(0) => return Some(()),
                Ok(len) => self.take(buffer.get(..len)?),
                Err(_) => self.is_last = true,
            }
        }
    }

    /// Takes received octets in.
    fn take(&mut self, data: &[u8]) {
        match self.service {
            Service::Echo => self.pending.extend_from_slice(data),
            Service::Discard | Service::Chargen => {}
            Service::Http => self.received.extend_from_slice(data),
        }
    }

    /// Writes what is pending, and makes more of it.
    fn write(&mut self, tcp: &mut Tcp<'_>, id: ConnectionId) -> Option<()> {
        loop {
            let sent = tcp.send(id, &self.pending).ok()?;
            self.pending.drain(..sent);
            if !self.pending.is_empty() {
                return Some(());
            }
            if !self.pattern.is_empty() {
                let start = self.pattern.start;
                let left = usize::try_from(self.pattern.end - start).unwrap_or(usize::MAX);
                let sent = tcp.send_with(id, |free| {
                    let len = free.len().min(left);
                    http::fill_pattern(start, free.get_mut(..len).unwrap_or_default());
                    len
                });
                let sent = sent.ok()?;
                self.pattern.start += sent as u64;
                if sent == 0 {
                    return Some(());
                }
                continue;
            }
            match self.service {
                Service::Chargen if !self.is_last => {
                    self.pending.extend(CHARACTERS.iter().chain(b"\r\n").cycle().take(97 * 100));
                }
                Service::Http if !self.is_last => {
                    let Some((used, response)) = http::answer(&self.received) else { return Some(()) };
                    self.received.drain(..used);
                    self.pending.extend_from_slice(response.head.as_bytes());
                    match response.body {
                        Body::Text(text) => self.pending.extend_from_slice(text.as_bytes()),
                        Body::Pattern(len) => self.pattern = 0..len,
                    }
                    self.is_last = !response.keep_alive;
                }
                _ => return Some(()),
            }
        }
    }
}
