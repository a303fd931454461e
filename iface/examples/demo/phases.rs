//! What the hosts do: ping, UDP echo, a TCP transfer.

use crate::common::http::fill_pattern;
use crate::network::Network;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use indicatif::{ProgressBar, ProgressStyle};
use tersus_iface::tcp::{ConnectOptions, RecvError};
use tersus_iface::{icmp, udp};

const ROUNDS: u16 = 10;
const PATIENCE: Duration = Duration::from_secs(2);

/// Round-trip times of one kind of request.
#[derive(Default)]
pub(crate) struct Rounds {
    sent: usize,
    times: Vec<Duration>,
}

impl Rounds {
    pub(crate) fn print(&self, name: &str) {
        let ms = |time: Duration| format!("{:.3}", time.as_secs_f64() * 1e3);
        let shortest = self.times.iter().min().copied().map_or_else(|| "–".to_owned(), ms);
        let longest = self.times.iter().max().copied().map_or_else(|| "–".to_owned(), ms);
        let count = u32::try_from(self.times.len()).unwrap_or(1).max(1);
        let mean = ms(self.times.iter().sum::<Duration>() / count);
        println!(
            "{name:<22}{} of {} answered, min/avg/max {shortest}/{mean}/{longest} ms",
            self.times.len(),
            self.sent
        );
    }
}

/// Echo requests from left to right.
pub(crate) fn ping(network: &mut Network<'_>, to: IpAddr) -> Result<Rounds, String> {
    let socket = network.left.icmp.bind_echo(None).map_err(|error| error.to_string())?;
    let mut rounds = Rounds::default();
    for sequence in 0..ROUNDS {
        let start = network.now();
        let left = &mut network.left;
        let echo = icmp::EchoMeta::to(to, sequence);
        left.icmp.send_echo(&left.stack.ip, socket, &echo, &[0x55; 56]).map_err(|error| error.to_string())?;
        rounds.sent += 1;
        let mut buffer = [0; 64];
        let end = start + PATIENCE;
        while network.now() < end {
            network.turn(Some(end))?;
            match network.left.icmp.recv(socket, &mut buffer) {
                Ok(Some(icmp::Received { event: icmp::Event::Reply { sequence: heard }, .. }))
                    if heard == sequence =>
                {
                    rounds.times.push(network.now().since(start));
                    break;
                }
                Ok(_) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
    }
    Ok(rounds)
}

/// Datagrams that the right host sends back. Each is repeated until it comes back.
pub(crate) fn udp_echo(network: &mut Network<'_>, to: IpAddr) -> Result<Rounds, String> {
    let server = network.right.udp.bind(&udp::Local::port(7)).map_err(|error| error.to_string())?;
    let client = network.left.udp.bind(&udp::Local::ANY).map_err(|error| error.to_string())?;
    let mut rounds = Rounds::default();
    let mut buffer = [0; 1500];
    for round in 0..ROUNDS {
        let mut data = vec![0; 100 * usize::from(round)];
        fill_pattern(u64::from(round), &mut data);
        let mut answered = false;
        for _attempt in 0..20 {
            let start = network.now();
            let left = &mut network.left;
            let meta = udp::SendMeta::to(SocketAddr::new(to, 7));
            left.udp.send_meta(&left.stack.ip, client, &meta, &data).map_err(|error| error.to_string())?;
            rounds.sent += 1;
            let end = start + PATIENCE;
            while !answered && network.now() < end {
                network.turn(Some(end))?;
                let right = &mut network.right;
                while let Ok(Some(received)) = right.udp.recv(server, &mut buffer) {
                    let data = buffer.get(..received.copied).unwrap_or_default();
                    let _ = right.udp.send_meta(
                        &right.stack.ip,
                        server,
                        &udp::SendMeta::reply_to(&received.meta),
                        data,
                    );
                }
                while let Ok(Some(received)) = network.left.udp.recv(client, &mut buffer) {
                    if buffer.get(..received.copied) == Some(&data) {
                        rounds.times.push(network.now().since(start));
                        answered = true;
                    }
                }
            }
            if answered {
                break;
            }
        }
        if !answered {
            return Err(format!(
                "UDP echo: a datagram of {} octets was sent 20 times and never came back",
                data.len()
            ));
        }
    }
    Ok(rounds)
}

/// A finished transfer.
pub(crate) struct Transfer {
    pub(crate) octets: u64,
    took: Duration,
}

impl Transfer {
    pub(crate) fn print(&self, network: &Network<'_>) {
        let seconds = self.took.as_secs_f64();
        let bits = u32::try_from(self.octets / 1024).map_or(f64::INFINITY, f64::from) * 1024.0 * 8.0;
        let rate =
            if seconds > 0.0 { format!("{:.2} Mbit/s", bits / seconds / 1e6) } else { "–".to_owned() };
        println!("{:<22}{} octets in {seconds:.6} s, {rate}", "TCP transfer", self.octets);
        let counted = |name: &str| {
            let counters = network.left.tcp.statistics().counters();
            counters.iter().find(|(counter, _)| *counter == name).map_or(0, |(_, value)| *value)
        };
        println!(
            "{:<22}{} sent, {} received, {} retransmitted, {} timeouts",
            "TCP segments, left",
            counted("segments_sent"),
            counted("segments_received"),
            counted("retransmits"),
            counted("timeouts"),
        );
    }
}

/// Octets from left to right over one connection, each verified.
pub(crate) fn transfer(network: &mut Network<'_>, to: IpAddr, octets: u64) -> Result<Transfer, String> {
    let listener = network.right.tcp.listen(5001, 1).map_err(|error| error.to_string())?;
    let start = network.now();
    let left = &mut network.left;
    let client = left
        .tcp
        .connect(&left.stack.ip, start, SocketAddr::new(to, 5001), ConnectOptions::default())
        .map_err(|error| error.to_string())?;
    let bar = ProgressBar::new(octets).with_style(
        ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left")
            .map_err(|error| error.to_string())?,
    );

    let mut server = None;
    let (mut sent, mut received) = (0, 0);
    let mut expected = vec![0; 64 * 1024];
    let took = loop {
        network.turn(None)?;
        // The sender: whatever its buffer has room for, then the end.
        while sent < octets {
            let written = network.left.tcp.send_with(client, |free| {
                let len = free.len().min(usize::try_from(octets - sent).unwrap_or(usize::MAX));
                fill_pattern(sent, free.get_mut(..len).unwrap_or_default());
                len
            });
            let written = written.map_err(|error| format!("sending: {error}"))?;
            sent += written as u64;
            if written == 0 {
                break;
            }
        }
        // Before the connection is established, to close it is to give it up: RFC 9293 §3.10.4.
        if sent == octets && network.left.tcp.is_established(client) {
            network.left.tcp.close(client).map_err(|error| error.to_string())?;
        }
        // The receiver: compares every octet.
        server = server.or_else(|| network.right.tcp.accept(listener));
        let Some(server) = server else { continue };
        loop {
            let compared = network.right.tcp.recv_with(server, |data| {
                let len = data.len().min(expected.len());
                let (data, expected) = (data.get(..len), expected.get_mut(..len));
                let (Some(data), Some(expected)) = (data, expected) else { return (0, (0, true)) };
                fill_pattern(received, expected);
                (len, (len, data == expected))
            });
            match compared {
                Ok((0, _)) => break,
                Ok((len, true)) => received += len as u64,
                Ok((_, false)) => return Err(format!("altered after octet {received}")),
                Err(RecvError::Finished) => break,
                Err(error) => return Err(format!("receiving: {error}")),
            }
        }
        bar.set_position(received);
        if received == octets && network.right.tcp.recv(server, &mut [0]) == Err(RecvError::Finished) {
            network.right.tcp.close(server).map_err(|error| error.to_string())?;
            break network.now().since(start);
        }
    };
    // Both ends are to see the end of the connection.
    let end = network.now() + Duration::from_secs(60);
    while network.left.tcp.outcome(client).is_ok_and(|outcome| outcome.is_none()) && network.now() < end {
        network.turn(Some(end))?;
    }
    bar.finish_and_clear();
    match network.left.tcp.outcome(client) {
        Ok(Some(tersus_iface::tcp::Outcome::Finished)) => Ok(Transfer { octets: received, took }),
        other => Err(format!("the connection did not end as it should: {other:?}")),
    }
}
