//! A runner for scripts: segments given, segments wanted, at milliseconds. Nothing leaves but what is listed.
//!
//! Scripts count our sequence numbers from 100 (the SYN's) and the peer's from 300, as if these were the ISS and the
//! IRS; each script runs at several real ones, those at which 32 bits wrap included. What any TCP has to do runs against
//! the small engine, too: `run_both`. There, steps call the methods of `Host`, not those of `Host::tcp`.

mod begin;
mod dissect;
mod host;
mod memory;
mod segment;
mod translate;

pub(crate) use begin::*;
pub(crate) use host::{our_address, peer_address, Host};
pub(crate) use memory::{engine, Memory};
pub(crate) use segment::{fin, pattern, rst, seg, syn, Seg};
use tersus_ip::{ChecksumOffload, Instant};
use tersus_tcp::congestion::{Congestion, Reno};
use tersus_tcp::{Config, Duties, Options, State};

/// What scripts call the ISS and the IRS.
pub(crate) const ISS: u32 = 100;
pub(crate) const IRS: u32 = 300;
/// Ports of scripts.
pub(crate) const OUR_PORT: u16 = 80;
pub(crate) const PEER_PORT: u16 = 4000;

/// A step of a script.
pub(crate) enum Step {
    /// The peer sends this; then a poll.
    In(Seg),
    /// The peer sends these; then one poll.
    Burst(Vec<Seg>),
    /// This left at this moment.
    Out(Seg),
    /// So many segments left up to now, whatever they say.
    Left(usize),
    /// What left up to now is of no interest.
    Drain,
    /// The user, or the test, does something; then a poll.
    Call(fn(&mut Host)),
    /// The connection is in this state.
    Is(State),
}
pub(crate) use Step::{Burst, Call, Drain, In, Is, Left, Out};

/// What scripts start from.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) config: Config,
    pub(crate) options: Options,
    pub(crate) rx: usize,
    pub(crate) tx: usize,
    pub(crate) connections: usize,
    pub(crate) syns: usize,
    pub(crate) waits: usize,
    pub(crate) listeners: usize,
    pub(crate) records: usize,
    pub(crate) ranges: usize,
    pub(crate) backlog: u16,
    pub(crate) mtu: u16,
    pub(crate) ipv6: bool,
    pub(crate) checksum: ChecksumOffload,
    pub(crate) congestion: &'static dyn Congestion,
    pub(crate) duties: &'static Duties,
    /// The small engine plays.
    pub(crate) small: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            config: Config::new(),
            options: Options::NONE,
            rx: 4096,
            tx: 8192,
            connections: 4,
            syns: 4,
            waits: 4,
            listeners: 2,
            records: 16,
            ranges: 8,
            backlog: 4,
            mtu: 1500,
            ipv6: cfg!(not(feature = "ipv4")),
            checksum: ChecksumOffload::None,
            congestion: &Reno::DEFAULT,
            duties: &Duties::ALL,
            small: false,
        }
    }
}

/// Runs a script at several sequence numbers and in both families. `begin` makes the first moves.
pub(crate) fn run(setup: &Setup, begin: fn(&mut Host), steps: impl Fn() -> Vec<(u64, Step)>) {
    at_each_number(setup, begin, |host| play(host, steps()));
}

/// As [`run`], and the same against the small engine.
pub(crate) fn run_both(setup: &Setup, begin: fn(&mut Host), steps: impl Fn() -> Vec<(u64, Step)>) {
    run(setup, begin, &steps);
    run(&Setup { small: true, ..setup.clone() }, begin, steps);
}

/// Runs a script that names what is peculiar to a family, the one of `setup`, in a build that has it.
pub(crate) fn run_in_family(setup: &Setup, begin: fn(&mut Host), steps: impl Fn() -> Vec<(u64, Step)>) {
    let is_built = [cfg!(feature = "ipv4"), cfg!(feature = "ipv6")];
    if is_built[usize::from(setup.ipv6)] {
        at_each_number_in_family(setup, begin, |host| play(host, steps()));
    }
}

/// Does something with a host at several sequence numbers and in both families, after `begin` has made the first
/// moves.
pub(crate) fn at_each_number(setup: &Setup, begin: fn(&mut Host), then: impl Fn(&mut Host)) {
    let families = [(false, cfg!(feature = "ipv4")), (true, cfg!(feature = "ipv6"))];
    for (ipv6, _) in families.into_iter().filter(|(_, is_built)| *is_built) {
        // The longer header of IPv6 takes nothing from the segments: a script counts alike in both.
        let mtu = setup.mtu + if ipv6 { 20 } else { 0 };
        at_each_number_in_family(&Setup { ipv6, mtu, ..setup.clone() }, begin, &then);
    }
}

fn at_each_number_in_family(setup: &Setup, begin: fn(&mut Host), then: impl Fn(&mut Host)) {
    // The ISS of this engine and these endpoints at the start of time: a clock of 4 µs is added to it.
    let mut probe = Host::new(setup, 7, Instant::ZERO, 0);
    probe.connect();
    probe.poll();
    let (_, fields, ..) = probe.sent.pop_front().unwrap();
    let any = arbitrary();
    for (iss, irs) in [
        (0, 0xffff_ffff),
        (1, 0x7fff_ffff),
        (0x7fff_ffff, 0xffff_fffe),
        (0xffff_fffe, 0),
        // Text of a few hundred octets crosses the end of the number space.
        (0xffff_ff9b, 0xffff_ff00),
        (any, any.rotate_left(16)),
    ] {
        let ticks = u64::from(u32::wrapping_sub(iss, fields.seq));
        let start = Instant::from_micros(ticks * 4);
        let mut host = Host::new(setup, 7, start, irs);
        begin(&mut host);
        then(&mut host);
    }
}

/// A number like any other, another one in each test and the same in each run of it.
fn arbitrary() -> u32 {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or_default();
    name.bytes().fold(0x811c_9dc5, |hash, octet| (hash ^ u32::from(octet)).wrapping_mul(0x0100_0193))
}

/// Plays the steps of a script.
pub(crate) fn play(host: &mut Host, steps: Vec<(u64, Step)>) {
    for (number, (ms, step)) in steps.into_iter().enumerate() {
        let what = format!("step {number}, ISS {:#x}, IRS {:#x}", host.ours(ISS), host.irs);
        host.advance(host.at(ms));
        if !matches!(step, Out(_) | Left(_) | Drain) {
            host.assert_silence(&what);
        }
        match step {
            In(seg) => {
                host.give(&seg);
                host.poll();
            }
            Burst(segs) => {
                segs.iter().for_each(|seg| host.give(seg));
                host.poll();
            }
            Out(seg) => host.expect(&what, ms, &seg),
            Left(count) => {
                assert_eq!(host.sent.len(), count, "{what}");
                while host.take().is_some() {}
            }
            Drain => while host.take().is_some() {},
            Call(f) => {
                f(host);
                host.poll();
            }
            Is(state) => assert_eq!(host.state().unwrap(), state, "{what}"),
        }
    }
    host.assert_silence("end");
}
