//! What an ACK with SACK blocks costs its receiver, by how many records are in flight: instructions by callgrind.
//!
//! ```sh
//! cargo run --release --manifest-path bench/Cargo.toml --example sack
//! ```
//! One connection has segments in flight that left at moments of their own, a record each. *Gaps*: every second one is
//! lost, each ACK tells of one more that arrived, and repeats the two or three before it. *One hole*: the first is lost,
//! and each ACK tells of one more behind it. Set-up is subtracted: a run of it alone is counted as well. *Sent again*
//! includes the visit in `transmit` after each ACK, and what it sends.

use core::net::IpAddr;
use core::time::Duration;
use std::process::Command;
use tersus_iface::ip::fake::FakeIp;
use tersus_iface::ip::{Addresses, Instant, IpMeta, Outgoing, Path, Transport};
use tersus_iface::tcp::congestion::Unlimited;
use tersus_iface::tcp::{Config, ConnectOptions, Duties, Storage, Tcp};
use tersus_iface::wire::tcp::{emit, Checksum, Fields, Flags, Options, Packet, SackBlock};
use tersus_iface::wire::IpProtocol;

/// Octets of a segment's payload.
const MSS: u32 = 100;
/// ACKs that are measured, each telling of one segment.
const ACKS: u32 = 100;
/// Records of the pool: more than are ever in flight.
const POOL: usize = 8_192;

type Memory = Storage<1, 1024, 1_048_576, 1, 1, 1, POOL>;

struct Rig<'a> {
    tcp: Tcp<'a>,
    now: Instant,
    iss: u32,
    port: u16,
}

impl Rig<'_> {
    fn transmit(&mut self) {
        let mut buffer = [0; 2048];
        let (mut iss, mut port) = (self.iss, self.port);
        let mut sink = |_: &Path, _: Outgoing, octets: &[u8]| {
            let header = Packet::parse(octets).expect("a segment").header();
            if header.flags().contains(Flags::SYN) {
                (iss, port) = (header.seq(), header.src_port());
            }
        };
        let mut ip = FakeIp::new(&mut buffer, &mut sink);
        ip.now = self.now;
        let mut budget = 10_000;
        self.tcp.transmit(&mut ip, &mut budget);
        (self.iss, self.port) = (iss, port);
    }

    fn receive(&mut self, segment: &mut [u8]) {
        let both = [192, 0, 2, 2, 192, 0, 2, 1];
        self.tcp.receive(&IpMeta::new(self.now, IpProtocol::TCP, Addresses::V4(&both)), segment);
    }

    /// A segment of the peer's.
    fn segment(&self, seq: u32, flags: Flags, options: &Options) -> Vec<u8> {
        let ack = self.iss.wrapping_add(1);
        let window = u16::MAX;
        let fields = Fields { src_port: 80, dst_port: self.port, seq, ack, flags, window, urgent: 0 };
        let mut area = [0; 40];
        let len = options.emit(&mut area).expect("room for options");
        let mut octets = vec![0; 20 + len];
        let both = [192, 0, 2, 2, 192, 0, 2, 1];
        let sum = Addresses::V4(&both).pseudo_sum();
        emit(&mut octets, &fields, &area[..len], [&[], &[]], Checksum::Full(sum)).expect("room for it");
        octets
    }
}

/// `acks` of them are fed, with so many blocks each, while the segments `0..records` are in flight.
fn run(world: &str, records: u32, blocks: u32, sends: bool, acks: u32) {
    let mut memory = Box::new(Memory::new());
    let mut config = Config::new();
    config.rto_min = Duration::from_secs(60);
    config.rto_initial = Duration::from_secs(60);
    let mut tcp = Tcp::with_duties(&mut memory, config, &Duties::ALL, &Unlimited, [7; 32]);
    let remote = (IpAddr::from([192, 0, 2, 2]), 80).into();
    let mut buffer = [0; 2048];
    let mut sink = |_: &Path, _: Outgoing, _: &[u8]| {};
    let now = Instant::from_secs(1);
    let ip = FakeIp::new(&mut buffer, &mut sink);
    let id = tcp.connect(&ip, now, remote, ConnectOptions::default()).expect("a free slot");
    let mut rig = Rig { tcp, now, iss: 0, port: 0 };
    rig.transmit();
    let syn = Options { mss: Some(100), window_scale: Some(8), sack_permitted: true, ..Options::default() };
    rig.receive(&mut rig.segment(0, Flags::SYN | Flags::ACK, &syn));
    rig.transmit();
    // The window of a SYN is not scaled.
    rig.receive(&mut rig.segment(1, Flags::ACK, &Options::default()));
    for _ in 0..records {
        rig.now = rig.now.plus_micros(50);
        rig.tcp.send(id, &[0; MSS as usize]).expect("room");
        rig.transmit();
    }
    rig.now = rig.now.plus_micros(20_000);
    let of = |first: u32, end: u32| SackBlock {
        left: rig.iss.wrapping_add(1 + first * MSS),
        right: rig.iss.wrapping_add(1 + end * MSS),
    };
    // The ACKs of all that arrives, in its order; those before the last `ACKS` are set-up.
    let mut all = Vec::new();
    let step = if world == "gaps" { 2 } else { 1 };
    for arrived in (1..records).step_by(step) {
        let mut options = Options::default();
        for back in 0..blocks {
            let block = match world {
                "gaps" => arrived.checked_sub(2 * back).map(|at| of(at, at + 1)),
                // Older ones are part of the first.
                _ => arrived.checked_sub(back).filter(|&first| first > 0).map(|first| {
                    if back == 0 {
                        of(1, arrived + 1)
                    } else {
                        of(first.max(1), arrived + 1)
                    }
                }),
            };
            if let Some(block) = block {
                options.sack.push(block).expect("four fit");
            }
        }
        all.push(rig.segment(1, Flags::ACK, &options));
    }
    if records == 0 {
        // Nothing is in flight: what it tells is ignored.
        let mut options = Options::default();
        (0..blocks).for_each(|back| options.sack.push(of(2 * back, 2 * back + 1)).expect("four fit"));
        all = (0..2 * ACKS).map(|_| rig.segment(1, Flags::ACK, &options)).collect();
    }
    let measured = ACKS.min(all.len() as u32 / 2);
    let first = all.len() - measured as usize;
    for ack in &mut all[..first] {
        rig.now = rig.now.plus_micros(50);
        rig.receive(ack);
        if sends {
            rig.transmit();
        }
    }
    for ack in all[first..].iter_mut().take(acks.min(measured) as usize) {
        rig.now = rig.now.plus_micros(50);
        rig.receive(ack);
        if sends {
            rig.transmit();
        }
    }
    if acks > 0 {
        println!("{measured}");
    }
}

/// Instructions of a run, and how many ACKs it measured.
fn count(arguments: &[String]) -> (f64, f64) {
    let program = std::env::current_exe().expect("its own path");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(arguments)
        .output()
        .expect("valgrind runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let collected = text.lines().find_map(|line| line.split("Collected : ").nth(1));
    let instructions = collected.unwrap_or_else(|| panic!("callgrind counted nothing: {text}")).trim();
    let measured = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(0.0);
    (instructions.parse().expect("a number"), measured)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [world, records, blocks, sends, acks] = &arguments[..] {
        let number = |text: &str| text.parse().expect("a number");
        return run(world, number(records), number(blocks), sends == "sends", number(acks));
    }
    println!("| in flight | records | blocks | instructions/ACK | … and sent again |");
    println!("|---|---:|---:|---:|---:|");
    for world in ["gaps", "one hole"] {
        for records in [0, 64, 800, 2_000] {
            for blocks in [3, 4] {
                let cost = |sends: &str| {
                    let with = |acks: u32| {
                        let numbers = [records, blocks].map(|number: u32| number.to_string());
                        let [records, blocks] = numbers;
                        count(&[world.to_owned(), records, blocks, sends.to_owned(), acks.to_string()])
                    };
                    let (all, measured) = with(ACKS);
                    (all - with(0).0) / measured
                };
                let (receives, sends) = (cost("receives"), cost("sends"));
                println!("| {world} | {records} | {blocks} | {receives:.0} | {sends:.0} |");
            }
        }
    }
}
