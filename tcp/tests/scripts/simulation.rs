//! Two engines, a wire that loses, repeats, delays and spoils, and a virtual clock. What was sent arrives once, in
//! order and unharmed; it never stalls: for [`PATIENCE`] at most does nothing move; `poll_at` is honest: it names no
//! moment at which nothing is to be done, and before it nothing is.
//!
//! In a *hostile* world the wire is cut for a while or for ever, either end's clock jumps forward, by a year if need be,
//! or back, and applications abort. Then what was sent arrives, or both ends are told that it does not; what was read
//! until then is unharmed.
//!
//! In a *lossy* world up to three segments of ten are lost each way, and send records and ranges are few or many. What
//! was sent arrives, and without longer pauses than [`lossy::patience`] allows.
//!
//! The worlds of a test are spread over all processors. A seed that fails is printed with the command that replays it.

mod dice;
mod end;
mod lossy;
mod made;
mod seeds;
mod wire;

use crate::runner::{Memory, OUR_PORT};
use core::cell::RefCell;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use dice::Dice;
use end::End;
use std::collections::BTreeMap;
use tersus_ip::fake::FakeIp;
use tersus_ip::{
    Addresses, Instant, InterfaceSet, IpMeta, Outgoing, Path, Progress, SendError, Transport, Verdict,
};
use tersus_tcp::trace::{Entry, Timer, What};
use tersus_tcp::{ConnectOptions, ConnectionId, KeepAlive, ListenerId, Nagle, Options, Outcome, State};
use tersus_wire::IpProtocol;
use wire::Wire;

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// Longest time without any progress: more than twenty retransmissions in a row, of which each or its answer is lost.
const PATIENCE: Duration = Duration::from_secs(1_500);

/// What happens beside loss.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing.
    Rough,
    /// Cuts, jumps of clocks, aborts.
    Hostile,
    /// Loss alone, and much of it.
    Lossy,
}

struct World<'m> {
    ends: [End<'m>; 2],
    wire: Wire,
    dice: Dice,
    now: Instant,
    seed: u64,
    kind: Kind,
    /// What each end's clock is ahead, in µs.
    ahead: [u64; 2],
    /// The next cut of the wire, or the one at work: from when until when.
    cut: Option<(Instant, Instant)>,
    /// When a clock jumps next.
    jump_at: Option<Instant>,
    /// When anything moved last, and how far things were then.
    moved: (Instant, usize),
    /// Longest time without that, and what is allowed.
    stall: Duration,
    patience: Duration,
}

/// Memory of both ends.
type Both = [Memory; 2];

impl<'m> World<'m> {
    fn new(seed: u64, memory: &'m mut Both) -> Self {
        Self::of(Kind::Rough, seed, memory)
    }

    /// The next cut: short, longer than any patience, or for ever.
    fn plan_cut(&mut self) {
        let from = self.now
            + Duration::from_millis(self.dice.of(&[0, 100, 3_000, 100_000]) + self.dice.below(1_000));
        let secs = self.dice.of(&[1, 10, 60, 500, 3_000, 1 << 40]);
        self.cut = Some((from, from + Duration::from_secs(secs)));
    }

    fn plan_jump(&mut self) {
        let after = self.dice.of(&[10, 1_000, 60_000]) + self.dice.below(1_000);
        self.jump_at = Some(self.now + Duration::from_millis(after));
    }

    /// Cuts the wire, mends it, lets a clock jump, if it is time.
    fn trouble(&mut self) {
        if let Some((from, until)) = self.cut {
            self.wire.is_cut = from <= self.now && self.now < until;
            if until <= self.now {
                self.moved.0 = self.now;
                self.cut = None;
                if self.dice.chance(500) {
                    self.plan_cut();
                }
            }
        }
        if self.jump_at.is_some_and(|at| at <= self.now) {
            let who = self.dice.below(2) as usize;
            let micros = self.dice.of(&[1, 1_000, 1_000_000, 50_000_000, 3_600_000_000, 31_536_000_000_000]);
            let back = self.ahead[who].min(self.dice.of(&[1_000, 1_000_000, 60_000_000]));
            self.ahead[who] =
                if self.dice.chance(300) { self.ahead[who] - back } else { self.ahead[who] + micros };
            // What the clock went back all timers wait longer.
            self.moved.0 = self.now + Duration::from_micros(back);
            self.jump_at = None;
            if self.dice.chance(700) {
                self.plan_jump();
            }
        }
    }

    /// What an end's clock shows.
    fn clock(&self, who: usize) -> Instant {
        self.now.plus_micros(self.ahead[who])
    }

    /// The moment at which an end is to be polled.
    fn due(&self, who: usize) -> Option<Instant> {
        let at = self.ends[who].tcp.poll_at()?;
        Some(Instant::from_micros(at.micros().saturating_sub(self.ahead[who])))
    }

    /// Nothing moves for so long at most.
    fn check_progress(&mut self) {
        let sum = |end: &End<'_>| {
            let flags = [end.id.is_some(), end.closed, end.finished, end.released, end.told.is_some()];
            end.written + end.read + flags.into_iter().filter(|&flag| flag).count()
        };
        let far = self.ends.iter().map(sum).sum();
        let is_over = self.ends.iter().all(|end| end.released);
        if !is_over {
            self.stall = self.stall.max(self.now.since(self.moved.0));
        }
        if far != self.moved.1 || self.wire.is_cut || is_over {
            self.moved = (self.now.max(self.moved.0), far);
        }
        assert!(self.now <= self.moved.0 + self.patience, "nothing moves: {}", self.describe());
    }

    /// Polls one end at the present moment.
    fn poll(&mut self, who: usize) -> usize {
        let (clock, seed) = (self.clock(who), self.seed);
        let Self { ends, wire, dice, now, .. } = self;
        let [a, b] = ends;
        let (end, to) = if who == 0 { (a, 1) } else { (b, 0) };
        let mut buffer = vec![0; 70_000];
        let mut sent = Vec::new();
        let mut sink = |path: &Path, _: Outgoing, octets_: &[u8]| {
            let both = [octets(path.source()), octets(path.destination())].concat();
            sent.push((both, octets_.to_vec()));
        };
        let mut ip = FakeIp::new(&mut buffer, &mut sink);
        ip.now = clock;
        ip.mtu = end.mtu;
        if end.full_until.is_some() {
            ip.room = InterfaceSet::NONE;
            ip.refusal = Some(SendError::Full);
        }
        let mut budget = if dice.chance(100) { 1 } else { 1000 };
        let progress = end.tcp.transmit(&mut ip, &mut budget);
        if progress != Progress::More {
            let next = end.tcp.poll_at();
            assert!(
                next.map_or(true, |at| at > clock),
                "seed {seed}: poll_at {next:?} after a poll at {clock}"
            );
        }
        for (both, octets) in &sent {
            wire.put(dice, *now, to, both, octets);
        }
        end.look_at_tasks(self.seed);
        sent.len()
    }

    fn deliver(&mut self, to: usize, both: &[u8], octets: &mut [u8]) {
        let addresses = match both.len() {
            8 => Addresses::V4(both.try_into().unwrap()),
            _ => Addresses::V6(both.try_into().unwrap()),
        };
        let meta = IpMeta::new(self.clock(to), IpProtocol::TCP, addresses);
        let full = self.ends[to].full_until.is_some();
        if let Verdict::Reply(len) = self.ends[to].tcp.receive(&meta, octets) {
            let half = both.len() / 2;
            let back = [&both[half..], &both[..half]].concat();
            if !full {
                self.wire.put(&mut self.dice, self.now, 1 - to, &back, &octets[..usize::from(len)]);
            }
        }
        self.ends[to].look_at_tasks(self.seed);
    }

    /// An end learns that its connection is over.
    fn tell(&mut self, who: usize, outcome: Outcome) {
        let (end, seed) = (&mut self.ends[who], self.seed);
        assert!(self.kind == Kind::Hostile, "seed {seed}: end {who}: {outcome}");
        let id = end.id.unwrap();
        assert_eq!(end.tcp.outcome(id).unwrap(), Some(outcome), "seed {seed}");
        end.tcp.release(id).unwrap();
        (end.told, end.released) = (Some(outcome), true);
    }

    /// The application of one end does something.
    fn app(&mut self, who: usize) {
        let (seed, now) = (self.seed, self.now);
        let hostile = self.kind == Kind::Hostile;
        let end = &mut self.ends[who];
        let dice = &mut self.dice;
        end.app_at = now + Duration::from_micros(dice.of(&[100, 1_000, 30_000, 700_000]));
        if end.id.is_none() {
            end.id = end.listener.and_then(|listener| end.tcp.accept(listener));
        }
        let Some(id) = end.id.filter(|_| !end.released) else { return };
        if hostile && dice.chance(2) {
            end.tcp.abort(id).unwrap();
            // It may have ended otherwise before.
            let outcome = end.tcp.outcome(id).unwrap().expect("an aborted connection has ended");
            return self.tell(who, outcome);
        }
        let done = end.write(id, who, seed, dice).and_then(|()| end.read(id, who, seed, dice));
        if let Err(outcome) = done {
            return self.tell(who, outcome);
        }
        if end.closed && end.finished {
            let outcome = end.tcp.outcome(id).unwrap();
            if let Some(outcome) = outcome.filter(|&outcome| outcome != Outcome::Finished) {
                return self.tell(who, outcome);
            }
            assert!(matches!(outcome, None | Some(Outcome::Finished)), "seed {seed}: {outcome:?}");
            if dice.chance(300) || outcome.is_some() {
                end.tcp.release(id).unwrap();
                assert!(end.tcp.state(id).is_err());
                end.released = true;
            }
        }
    }

    fn run(&mut self) {
        let listener = self.open();
        let limit = self.now + Duration::from_secs(100_000);
        let mut steps = 0u64;
        loop {
            steps += 1;
            assert!(steps < 3_000_000, "endless: {}", self.describe());
            self.trouble();
            self.check_progress();
            // What comes next?
            let wire = self.wire.queue.keys().next().map(|k| k.0);
            let dues = [0, 1].map(|who| self.due(who));
            // A connection that the client gave up before it reached the accept queue is none.
            let none = self.ends[0].released
                && self.ends[1].id.is_none()
                && self.ends[1].tcp.acceptable(listener) == Ok(0);
            let ended = [self.ends[0].released, self.ends[1].released || none];
            let busy = ended != [true; 2];
            let apps = [0, 1].map(|who| (!ended[who]).then_some(self.ends[who].app_at));
            let fulls = [0, 1].map(|who| self.ends[who].full_until);
            let cut = self.cut.map(|(from, until)| if self.wire.is_cut { until } else { from });
            let trouble = cut.into_iter().chain(self.jump_at).filter(|&at| busy && at < limit).min();
            let all = [wire, dues[0], dues[1], apps[0], apps[1], fulls[0], fulls[1], trouble];
            let Some(next) = all.into_iter().flatten().min() else { break };
            if !busy && next > limit {
                break;
            }
            assert!(next < limit, "stalled: {}", self.describe());
            if next > self.now && self.dice.chance(50) {
                self.poll_before(next);
            }
            self.now = self.now.max(next);
            self.take_turns(apps, fulls);
        }
        self.check_end();
    }

    /// One end listens, the other connects.
    fn open(&mut self) -> ListenerId {
        let nagle = if self.dice.chance(500) { Nagle::On } else { Nagle::Off };
        let keep_alive = if self.kind == Kind::Hostile { KeepAlive::On } else { KeepAlive::Off };
        let options = Options { nagle, keep_alive, ..Options::NONE };
        let listener = self.ends[1].tcp.listen_with(OUR_PORT.into(), 2, options).unwrap();
        self.ends[1].listener = Some(listener);
        let id = self.connect(0, self.now, ConnectOptions { options, ..ConnectOptions::default() });
        self.ends[0].id = Some(id);
        for who in [0, 1] {
            self.poll(who);
        }
        listener
    }

    /// An end connects to where the other listens. Nothing leaves yet.
    fn connect(&mut self, who: usize, now: Instant, options: ConnectOptions) -> ConnectionId {
        let remote = SocketAddr::new(self.ends[1].address, OUR_PORT);
        let mut buffer = [0; 0];
        let mut sink = |_: &Path, _: Outgoing, _: &[u8]| {};
        let mut ip = FakeIp::new(&mut buffer, &mut sink);
        ip.mtu = self.ends[who].mtu;
        self.ends[who].tcp.connect(&ip, now, remote, options).unwrap()
    }

    /// Before the moment at which something comes next a poll does nothing.
    fn poll_before(&mut self, next: Instant) {
        let gap = next.since(self.now).as_micros() as u64;
        let early = self.now + Duration::from_micros(self.dice.below(gap));
        let polls = [0, 1].map(|who| self.ends[who].tcp.poll_at());
        let kept = core::mem::replace(&mut self.now, early);
        for who in [0, 1] {
            assert_eq!(self.poll(who), 0, "seed {}: early poll of end {who} sent", self.seed);
            assert_eq!(self.ends[who].tcp.poll_at(), polls[who], "seed {}: early poll", self.seed);
        }
        self.now = kept;
    }

    /// What is to happen at this moment: devices have room again, segments arrive, applications act, ends are polled.
    fn take_turns(&mut self, apps: [Option<Instant>; 2], fulls: [Option<Instant>; 2]) {
        for who in [0, 1] {
            if fulls[who].is_some_and(|at| at <= self.now) {
                self.ends[who].full_until = None;
                self.poll(who);
            } else if self.ends[who].full_until.is_none() && self.dice.chance(3) {
                self.ends[who].full_until = Some(self.now + Duration::from_millis(self.dice.between(1, 300)));
            }
        }
        while let Some((&key, _)) = self.wire.queue.iter().next() {
            if key.0 > self.now {
                break;
            }
            let (to, both, mut octets) = self.wire.queue.remove(&key).unwrap();
            self.deliver(to, &both, &mut octets);
            if self.dice.chance(700) {
                self.poll(to);
            }
        }
        for who in [0, 1] {
            if apps[who].is_some_and(|at| at <= self.now) {
                self.app(who);
                self.ends[who].look_at_tasks(self.seed);
            }
            if self.due(who).is_some_and(|at| at <= self.now) {
                self.poll(who);
            }
        }
    }

    /// All arrived, or both know that it did not; and nothing is left behind: all slots are free, and nothing is timed.
    fn check_end(&mut self) {
        let told = [0, 1].map(|who| self.ends[who].told.is_some());
        for who in [0, 1] {
            // A client may know of a connection that never came to be.
            let end = &self.ends[who];
            let arrived = end.read == end.total_in && end.finished;
            let ok = arrived || told[who] || (end.id.is_none() && told[1 - who]);
            assert!(ok, "end {who}: {}", self.describe());
        }
        for who in [0, 1] {
            assert_eq!(self.ends[who].tcp.poll_at(), None, "seed {}", self.seed);
            for _ in 0..2 {
                self.connect(who, self.clock(who), ConnectOptions::default());
            }
        }
    }

    fn describe(&mut self) -> String {
        let mut text = format!("seed {} at {} carried {}", self.seed, self.now, self.wire.carried);
        for end in &mut self.ends {
            let state = end.id.map(|id| end.tcp.state(id).unwrap_or(State::Closed));
            let info = end.id.map(|id| end.tcp.info(id));
            text += &format!(
                "\n{:?} wrote {}/{} read {}/{} {info:?} poll_at {:?} {:?}",
                state,
                end.written,
                end.total_out,
                end.read,
                end.total_in,
                end.tcp.poll_at(),
                end.tcp.statistics().counters().iter().filter(|c| c.1 > 0).collect::<Vec<_>>(),
            );
        }
        text
    }
}

/// Runs the worlds of these seeds; what all counters add up to.
fn simulate(kind: Kind, seeds: core::ops::Range<u64>) -> BTreeMap<&'static str, u64> {
    let mut totals = BTreeMap::new();
    let worlds = seeds::spread(seeds, |memory: &mut Both, seed| {
        let mut world = World::of(kind, seed, memory);
        world.run();
        world.ends.map(|end| end.tcp.statistics().counters())
    });
    for (name, count) in worlds.into_iter().flatten().flatten() {
        *totals.entry(name).or_insert(0) += u64::from(count);
    }
    totals
}

/// How many worlds the longest test has: as `TERSUS_TCP_SEEDS` says, 200 without it.
fn many() -> u64 {
    std::env::var("TERSUS_TCP_SEEDS").map_or(200, |text| text.parse().unwrap())
}

#[test]
fn what_was_sent_arrives_whatever_the_wire_does_1() {
    simulate(Kind::Rough, 0..100);
}
#[test]
fn what_was_sent_arrives_whatever_the_wire_does_2() {
    simulate(Kind::Rough, 100..200);
}

#[test]
fn what_was_sent_arrives_over_as_many_seeds_as_asked_for() {
    println!("{:#?}", simulate(Kind::Rough, 1_000..1_000 + many()));
}

#[test]
fn what_was_sent_arrives_or_both_ends_are_told_1() {
    simulate(Kind::Hostile, 0..300);
}

#[test]
fn what_was_sent_arrives_or_both_ends_are_told_2() {
    simulate(Kind::Hostile, 300..600);
}

#[test]
fn both_ends_are_told_over_as_many_seeds_as_asked_for() {
    println!("{:#?}", simulate(Kind::Hostile, 1_000..1_000 + many()));
}

/// Each segment that the counters know is in the trace, and watching changes nothing.
#[test]
fn a_trace_tells_every_segment_and_changes_none() {
    for seed in 0..20 {
        let mut memory = [Both::default(), Both::default()];
        let [memory, other] = &mut memory;
        let mut unwatched = World::new(seed, memory);
        unwatched.run();
        let mut watched = World::new(seed, other);
        let tapes: Vec<&RefCell<Vec<Entry>>> = watched
            .ends
            .iter_mut()
            .map(|end| {
                let tape: &'static RefCell<Vec<Entry>> = Box::leak(Box::default());
                end.tcp.trace_to(Box::leak(Box::new(|entry: &Entry| tape.borrow_mut().push(*entry))));
                tape
            })
            .collect();
        watched.run();
        for ((end, other), tape) in watched.ends.iter().zip(&unwatched.ends).zip(tapes) {
            let counted = end.tcp.statistics();
            assert_eq!(counted, other.tcp.statistics(), "seed {seed}");
            let tape = tape.borrow();
            let told = |f: fn(&What) -> bool| tape.iter().filter(|entry| f(&entry.what)).count() as u32;
            assert_eq!(told(|what| matches!(what, What::Sent(..))), counted.segments_sent, "seed {seed}");
            assert_eq!(
                told(|what| matches!(what, What::Received(_))),
                counted.segments_received,
                "seed {seed}"
            );
            assert_eq!(
                told(|what| matches!(what, What::Expired(Timer::Retransmission))),
                counted.timeouts,
                "seed {seed}"
            );
        }
    }
}
