//! One end of a transfer over the kernel's TCP.

use super::Measured;
use clap::{Args, ValueEnum};
use nix::sys::socket::{setsockopt, sockopt};
use std::ffi::OsString;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

#[derive(Debug, Args)]
pub struct Peer {
    #[arg(value_enum)]
    direction: Direction,
    /// Where to listen, or whom to send to.
    address: SocketAddr,
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Of the sender.
    #[arg(long, default_value = "cubic")]
    congestion: OsString,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Direction {
    Send,
    Receive,
}

/// Octets written or read at a time.
const CHUNK: usize = 256 * 1024;

pub fn run(options: &Peer) -> anyhow::Result<()> {
    match options.direction {
        Direction::Send => send(options),
        Direction::Receive => receive(options),
    }
}

/// Sends until the time is over or the receiver has enough.
fn send(options: &Peer) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(options.address)?;
    setsockopt(&stream, sockopt::TcpCongestion, &options.congestion)?;
    stream.set_write_timeout(Some(Duration::from_millis(200)))?;
    let (end, data) = (Instant::now() + Duration::from_secs(options.seconds), vec![0; CHUNK]);
    while Instant::now() < end {
        match stream.write(&data) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) if [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe].contains(&error.kind()) => {
                break
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Takes one connection and says as JSON what came in so many seconds.
fn receive(options: &Peer) -> anyhow::Result<()> {
    let listener = TcpListener::bind(options.address)?;
    println!("ready");
    let (mut stream, _) = listener.accept()?;
    let (start, span) = (Instant::now(), Duration::from_secs(options.seconds));
    let (mut octets, mut last, mut longest) = (0, start, Duration::ZERO);
    let mut buffer = vec![0; CHUNK];
    while start.elapsed() < span {
        let left = (span - start.elapsed()).max(Duration::from_millis(1));
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(len) => {
                octets += len as u64;
                longest = longest.max(last.elapsed());
                last = Instant::now();
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
    }
    let longest = longest.max(last.elapsed());
    let measured = Measured {
        octets,
        seconds: start.elapsed().as_secs_f64(),
        longest_stall_ms: longest.as_secs_f64() * 1e3,
    };
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}
