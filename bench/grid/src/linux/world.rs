//! Two network namespaces and the relay between them; all of it is gone when the value is dropped.

use super::{Linux, Measured, Pair};
use anyhow::{bail, ensure, Context};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

/// Addresses of the kernel in both namespaces, of the kernel towards tersus, and of tersus.
const LEFT: &str = "10.79.0.1";
const RIGHT: &str = "10.79.0.2";
const GATEWAY: &str = "10.79.1.1";
const TERSUS: &str = "10.79.1.2";
const PORT: u16 = 5001;

pub struct World<'o> {
    options: &'o Linux,
    namespaces: [String; 2],
    running: Vec<Child>,
}

/// What a program prints, line by line.
struct Output(mpsc::Receiver<String>);

impl Output {
    /// The next line, if it comes within some seconds.
    fn line(&self, seconds: u64) -> anyhow::Result<String> {
        self.0.recv_timeout(Duration::from_secs(seconds)).context("a program said nothing in time")
    }

    fn expect_ready(&self) -> anyhow::Result<()> {
        let line = self.line(10)?;
        ensure!(line == "ready", "not `ready` but {line:?}");
        Ok(())
    }
}

impl<'o> World<'o> {
    pub fn new(options: &'o Linux, loss: f64, late: f64, pair: &Pair, seed: u64) -> anyhow::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let namespaces = ["a", "b"].map(|side| format!("tersus-grid-{}-{number}{side}", std::process::id()));
        let mut world = Self { options, namespaces, running: Vec::new() };
        for name in &world.namespaces {
            ip(&["netns", "add", name])?;
            ip(&["-n", name, "link", "set", "lo", "up"])?;
        }
        let relay = options.examples.join("relay");
        ensure!(relay.exists(), "{} is not built: cargo build --release --examples", relay.display());
        let from = if matches!(pair, Pair::LinuxToTersus(_)) { "right" } else { "left" };
        let delay = (options.rtt as f64 / 2.0).to_string();
        let (rate, queue, seed) =
            (options.rate.to_string(), options.queue.to_string(), (seed * 1000 + 7).to_string());
        let (loss, late) = (loss.to_string(), late.to_string());
        // It shall not wait for a processor: what it adds to the delay would be measured.
        let output = world.start(
            0,
            "chrt",
            &[
                "-f",
                "10",
                &relay.to_string_lossy(),
                "--kind",
                "tun",
                "--left",
                "left",
                "--right",
                "right",
                "--from",
                from,
                "--delay",
                &delay,
                "--rate",
                &rate,
                "--queue",
                &queue,
                "--loss",
                &loss,
                "--late",
                &late,
                "--seed",
                &seed,
            ],
        )?;
        output.expect_ready()?;
        let [a, b] = &world.namespaces;
        ip(&["-n", a, "link", "set", "right", "netns", b])?;
        ip(&["-n", a, "address", "add", &format!("{LEFT}/24"), "dev", "left"])?;
        ip(&["-n", b, "address", "add", &format!("{RIGHT}/24"), "dev", "right"])?;
        ip(&["-n", b, "link", "set", "right", "up"])?;
        if !matches!(pair, Pair::LinuxToLinux(_)) {
            ip(&["-n", a, "tuntap", "add", "mode", "tun", "name", "ours"])?;
            ip(&["-n", a, "address", "add", &format!("{GATEWAY}/24"), "dev", "ours"])?;
            ip(&["-n", a, "link", "set", "ours", "up"])?;
            ip(&["-n", b, "route", "add", "10.79.1.0/24", "via", LEFT])?;
            let set = world.command(0, "sysctl", &["-q", "-w", "net.ipv4.ip_forward=1"]).status()?;
            ensure!(set.success(), "sysctl: {set}");
        }
        Ok(world)
    }

    /// Runs a transfer to its end.
    pub fn transfer(&mut self, pair: &Pair) -> anyhow::Result<Measured> {
        let own = std::env::current_exe()?.to_string_lossy().into_owned();
        let throughput = self.options.examples.join("throughput").to_string_lossy().into_owned();
        let (seconds, longer) = (self.options.seconds.to_string(), (self.options.seconds + 5).to_string());
        let patience = self.options.seconds + 30;
        let ours = ["--tun", "ours", "--address", &format!("{TERSUS}/24"), "--gateway", GATEWAY];
        let (at, near) = (format!("{RIGHT}:{PORT}"), format!("{TERSUS}:{PORT}"));
        let receive = ["peer", "receive", at.as_str(), "--seconds", seconds.as_str()];
        match pair {
            Pair::LinuxToLinux(control) => {
                let receiver = self.start(1, &own, &receive)?;
                receiver.expect_ready()?;
                self.start(0, &own, &["peer", "send", &at, "--seconds", &longer, "--congestion", control])?;
                of_peer(&receiver.line(patience)?)
            }
            Pair::TersusToLinux(control) => {
                let receiver = self.start(1, &own, &receive)?;
                receiver.expect_ready()?;
                let mut words = vec!["send", "--connect", &at, "--seconds", &longer, "--congestion", control];
                words.extend(ours);
                self.start(0, &throughput, &words)?;
                of_peer(&receiver.line(patience)?)
            }
            Pair::LinuxToTersus(control) => {
                let port = PORT.to_string();
                let mut words = vec!["receive", "--listen", &port, "--seconds", &seconds];
                words.extend(ours);
                let receiver = self.start(0, &throughput, &words)?;
                receiver.expect_ready()?;
                self.start(1, &own, &["peer", "send", &near, "--seconds", &longer, "--congestion", control])?;
                of_throughput(&receiver.line(patience)?)
            }
        }
    }

    fn command(&self, side: usize, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespaces[side], program]).args(arguments);
        command
    }

    fn start(&mut self, side: usize, program: &str, arguments: &[&str]) -> anyhow::Result<Output> {
        let mut command = self.command(side, program, arguments);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let output = BufReader::new(child.stdout.take().context("no output")?);
        self.running.push(child);
        let (said, heard) = mpsc::channel();
        // It reads on when nobody listens: a program that cannot print may end for that.
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = said.send(line);
            }
        });
        Ok(Output(heard))
    }
}

impl Drop for World<'_> {
    fn drop(&mut self) {
        for child in self.running.iter_mut().rev() {
            // `ip netns exec` and `chrt` become the program that they start.
            let _ = child.kill();
            let _ = child.wait();
        }
        for name in &self.namespaces {
            let _ = Command::new("ip").args(["netns", "del", name]).status();
        }
    }
}

fn ip(words: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("ip").args(words).status().context("ip(8)")?;
    ensure!(status.success(), "ip {}: {status}", words.join(" "));
    Ok(())
}

fn of_peer(line: &str) -> anyhow::Result<Measured> {
    Ok(serde_json::from_str(line)?)
}

/// The last line of `throughput`: `N octets in S s, R Mbit/s, longest stall L ms`.
fn of_throughput(line: &str) -> anyhow::Result<Measured> {
    let words: Vec<&str> = line.split(' ').collect();
    let [octets, "octets", "in", seconds, "s,", _, "Mbit/s,", "longest", "stall", stall, "ms"] = words[..]
    else {
        bail!("throughput said {line:?}");
    };
    Ok(Measured { octets: octets.parse()?, seconds: seconds.parse()?, longest_stall_ms: stall.parse()? })
}
