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

use crate::runner::*;
use crate::wakers::Task;
use core::cell::RefCell;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::collections::BTreeMap;
use tersus_ip::fake::FakeIp;
use tersus_ip::{
    Addresses, Instant, InterfaceSet, IpMeta, Outgoing, Path, Progress, SendError, Transport, Verdict,
};
use tersus_tcp::congestion::{Bbr, Congestion, Cubic, InitialWindow, Reno, Unlimited};
use tersus_tcp::trace::{Entry, Timer, What};
use tersus_tcp::{
    Config, ConnectOptions, ConnectionId, Growth, KeepAlive, ListenerId, Nagle, Options, Outcome, RecvError,
    SendError as UserError, Stale, State, Tcp, Timestamps, Wakers, When,
};
use tersus_wire::IpProtocol;

mod lossy;
mod seeds;

/// A generator for the tests' own choices.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let x = self.0 ^ (self.0 >> 33);
        x.wrapping_mul(0xff51_afd7_ed55_8ccd) >> 16
    }
    fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            0
        } else {
            self.next() % bound
        }
    }
    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }
    fn chance(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }
    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// One end and its application.
struct End<'m> {
    tcp: Tcp<'m>,
    address: IpAddr,
    mtu: u16,
    id: Option<ConnectionId>,
    listener: Option<ListenerId>,
    /// What the application sends and has sent, expects and has got.
    total_out: usize,
    written: usize,
    total_in: usize,
    read: usize,
    closed: bool,
    finished: bool,
    released: bool,
    /// It was told that the connection ended otherwise than by both FINs.
    told: Option<Outcome>,
    /// The device is full until then.
    full_until: Option<Instant>,
    app_at: Instant,
    /// Who waits to accept, to read, to write, and for the handshake or the end.
    tasks: [Task; 4],
    /// What the last of them waits for.
    other: When,
}

impl End<'_> {
    /// Whether a task has nothing to wait for: in the order of `tasks`.
    fn is_so(&mut self, task: usize) -> bool {
        let Some(id) = self.id else {
            return self.listener.map_or(true, |listener| self.tcp.acceptable(listener).unwrap() > 0);
        };
        let over = self.tcp.outcome(id).map_or(true, |outcome| outcome.is_some());
        match (task, self.other) {
            (0, _) => true,
            (1, _) => self.tcp.is_readable(id),
            (2, _) => self.tcp.is_writable(id),
            (_, When::Established) => over || self.tcp.is_established(id),
            _ => over,
        }
    }

    /// Tasks are woken when what they wait for has become so, and at no other time.
    fn look_at_tasks(&mut self, seed: u64) {
        for task in 0..4 {
            let is_so = self.is_so(task);
            let woken = self.tasks[task].is_woken();
            assert_eq!(woken, is_so && self.tasks[task].waits, "seed {seed}: task {task}");
            if self.tasks[task].waits && !woken {
                continue;
            }
            let waker = self.tasks[task].waker();
            let kinds = [When::Readable, When::Writable, self.other];
            let waits = match (self.id, self.listener, kinds.get(task.wrapping_sub(1))) {
                (Some(id), _, Some(&when)) if !is_so => self.tcp.wake_when(id, when, &waker),
                (None, Some(listener), None) if !is_so => self.tcp.wake_when_acceptable(listener, &waker),
                _ => Err(Stale),
            };
            self.tasks[task].waits = waits.is_ok();
        }
    }
}

/// To whom, addresses, segment.
type Frame = (usize, Vec<u8>, Vec<u8>);

struct Wire {
    queue: BTreeMap<(Instant, u64), Frame>,
    count: u64,
    /// Of a thousand segments to each end.
    loss: [u64; 2],
    repeat: u64,
    spoil: u64,
    delay_us: u64,
    jitter_us: u64,
    carried: u64,
    is_cut: bool,
}

impl Wire {
    fn put(&mut self, dice: &mut Dice, now: Instant, to: usize, both: &[u8], octets: &[u8]) {
        self.carried += 1;
        if self.is_cut {
            return;
        }
        for _ in 0..1 + u64::from(dice.chance(self.repeat)) {
            if dice.chance(self.loss[to]) {
                continue;
            }
            let mut octets = octets.to_vec();
            if dice.chance(self.spoil) {
                let at = dice.below(octets.len() as u64) as usize;
                octets[at] ^= 1 << dice.below(8);
            }
            let delay = self.delay_us + dice.below(self.jitter_us + 1);
            self.count += 1;
            let at = now + Duration::from_micros(delay);
            self.queue.insert((at, self.count), (to, both.to_vec(), octets));
        }
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

fn stream(from: usize, at: usize) -> u8 {
    ((at * 7 + from * 13) % 253) as u8
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

/// Sizes of buffers, in octets.
const BUFFERS: [usize; 9] = [1, 2, 100, 1000, 4096, 65_535, 100_000, 300_000, 1 << 20];

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

    fn of(kind: Kind, seed: u64, memory: &'m mut Both) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
        let ipv6 = dice.chance(300);
        let lossy = kind == Kind::Lossy;
        let harsh = dice.chance(500) && !lossy;
        let wire = Wire {
            queue: BTreeMap::new(),
            count: 0,
            loss: match (kind, harsh) {
                (Kind::Lossy, _) => [dice.of(&lossy::LOSSES), dice.of(&lossy::LOSSES)],
                (_, true) => [dice.below(200); 2],
                (_, false) => [dice.below(20); 2],
            },
            repeat: if harsh { dice.below(100) } else { 0 },
            spoil: if harsh { dice.below(50) } else { 0 },
            delay_us: dice.of(&[0, 10, 1_000, 20_000, 300_000]),
            jitter_us: dice.of(&[0, 0, 100, 5_000, 50_000]),
            carried: 0,
            is_cut: false,
        };
        let now = Instant::from_micros(dice.below(1 << 40));
        let end = |number: usize, memory: &'m mut Memory, dice: &mut Dice| {
            let mut config = Config::new();
            config.r2 = Duration::from_secs(7_200);
            config.r2_syn = Duration::from_secs(7_200);
            config.half_open = Duration::from_secs(3_000);
            if kind == Kind::Hostile {
                config.r2 = Duration::from_secs(dice.of(&[30, 100, 1_000]));
                config.r2_syn = Duration::from_secs(dice.of(&[30, 180]));
                config.half_open = Duration::from_secs(63);
                config.keep_alive_idle = Duration::from_secs(dice.of(&[5, 200]));
                config.keep_alive_interval = Duration::from_secs(20);
                config.keep_alive_count = 3;
            }
            if dice.chance(200) {
                config.timestamps = Timestamps::Off;
            }
            if lossy {
                config.rto_max = lossy::RTO_MAX;
            }
            config.delayed_ack = Duration::from_millis(dice.of(&[0, 40, 200, 499]));
            if dice.chance(300) {
                config.rto_min = Duration::from_millis(200);
                config.rto_initial = Duration::from_millis(200);
            }
            let congestion: &'static dyn Congestion = match dice.below(7) {
                // Without any window each timeout sends all again, and where nothing is kept ahead of a gap for nothing.
                0 if !lossy => &Unlimited,
                1 => &Reno { initial_window: InitialWindow::Rfc5681, segments_per_ack: 1, ..Reno::DEFAULT },
                2 => &Cubic::DEFAULT,
                3 => &Cubic::PACED,
                4 => &Bbr::DEFAULT,
                _ => &Reno::DEFAULT,
            };
            let setup = Setup {
                config,
                rx: dice.of(if lossy { &BUFFERS[4..] } else { &BUFFERS }),
                tx: dice.of(if lossy { &BUFFERS[4..] } else { &BUFFERS }),
                connections: 2,
                records: if lossy { lossy::pool(seed) } else { dice.of(&lossy::POOLS) },
                ranges: dice.of(&[0, 1, 4, 64]),
                waits: dice.of(&[0, 1, 4]),
                congestion,
                ..Setup::default()
            };
            let slow = setup.rx.min(setup.tx) < 10;
            let most = match (slow, lossy) {
                (true, _) => 60,
                (false, false) => 60_000,
                (false, true) => 200_000,
            };
            (
                End {
                    tcp: memory.engine(&setup, (seed as u8).wrapping_mul(2).wrapping_add(number as u8)),
                    address: if number == 0 { our_address(ipv6) } else { peer_address(ipv6) },
                    mtu: dice.of(&[if ipv6 { 1280 } else { 68 }, 1280, 1500, 1500, 9000]),
                    id: None,
                    listener: None,
                    total_out: dice.below(most) as usize,
                    written: 0,
                    total_in: 0,
                    read: 0,
                    closed: false,
                    finished: false,
                    released: false,
                    told: None,
                    full_until: None,
                    app_at: now,
                    tasks: Default::default(),
                    other: if seed % 2 == 0 { When::Established } else { When::Ended },
                },
                slow,
            )
        };
        let [memory_a, memory_b] = memory;
        let (mut a, slow_a) = end(0, memory_a, &mut dice);
        let (mut b, slow_b) = end(1, memory_b, &mut dice);
        if slow_a || slow_b {
            a.total_out = a.total_out.min(60);
            b.total_out = b.total_out.min(60);
        }
        (a.total_in, b.total_in) = (b.total_out, a.total_out);
        for end in [&mut a, &mut b] {
            let connections = (0..2).map(|_| Wakers::NONE).collect::<Vec<_>>().leak();
            let listeners = (0..2).map(|_| None).collect::<Vec<_>>().leak();
            end.tcp.use_wakers(connections, listeners);
            // In one world of three windows begin small and grow.
            if seed % 3 == 0 {
                let initial = [0, 4_000, 10_000, Growth::INITIAL][(seed / 3 % 4) as usize];
                end.tcp.grow_windows(initial, vec![Growth::NONE; 1 + (seed / 12 % 2) as usize].leak());
            }
        }
        let patience = if lossy { lossy::patience(wire.loss) } else { PATIENCE };
        let mut world = Self {
            ends: [a, b],
            wire,
            dice,
            now,
            seed,
            kind,
            ahead: [0; 2],
            cut: None,
            jump_at: None,
            moved: (now, 0),
            stall: Duration::ZERO,
            patience,
        };
        if kind == Kind::Hostile {
            world.plan_cut();
            world.plan_jump();
        }
        world
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
        // Write.
        for _ in 0..dice.below(4) {
            if end.closed {
                break;
            }
            let len = (dice.of(&[1, 10, 1000, 30_000]) as usize).min(end.total_out - end.written);
            let data: Vec<u8> = (0..len).map(|i| stream(who, end.written + i)).collect();
            let taken = match dice.below(4) {
                0 => end.tcp.send(id, &data),
                1 => end.tcp.send_with(id, |free| {
                    let n = free.len().min(data.len());
                    free[..n].copy_from_slice(&data[..n]);
                    n
                }),
                2 => {
                    let (head, body) = data.split_at(data.len() / 3);
                    end.tcp.send_vectored(id, &[head, body])
                }
                _ => {
                    let (_, mut output) = end.tcp.split(id).unwrap();
                    let mut rest = data.iter();
                    let written = output.buffers().map(|parts| {
                        for (to, from) in parts.into_iter().flatten().zip(&mut rest) {
                            *to = *from;
                        }
                    });
                    written.map(|()| output.commit(data.len()))
                }
            };
            end.written += match taken {
                Ok(taken) => taken,
                Err(UserError::Ended(outcome)) => return self.tell(who, outcome),
                Err(e) => panic!("seed {seed}: end {who}: send: {e}"),
            };
            if end.written == end.total_out && end.tcp.is_established(id) && dice.chance(700) {
                end.tcp.close(id).unwrap();
                assert_eq!(end.tcp.send(id, &[1]), Err(UserError::Closing));
                end.closed = true;
            }
        }
        // Read.
        for _ in 0..dice.below(4) {
            let most = dice.of(&[1, 10, 1000, 30_000]) as usize;
            let mut got = vec![0; most];
            let result = match dice.below(4) {
                0 => end.tcp.recv(id, &mut got),
                1 => end.tcp.recv_with(id, |front| {
                    let n = front.len().min(most);
                    got[..n].copy_from_slice(&front[..n]);
                    (n, n)
                }),
                2 => {
                    let (front, back) = got.split_at_mut(most / 2);
                    end.tcp.recv_vectored(id, &mut [front, back])
                }
                _ => {
                    let (mut input, _) = end.tcp.split(id).unwrap();
                    input.peek().map(|parts| parts.concat()).map(|all| {
                        let n = all.len().min(most);
                        got[..n].copy_from_slice(&all[..n]);
                        input.consume(n)
                    })
                }
            };
            match result {
                Ok(n) => {
                    for (i, octet) in got[..n].iter().enumerate() {
                        assert_eq!(
                            *octet,
                            stream(1 - who, end.read + i),
                            "seed {seed}: octet {}",
                            end.read + i
                        );
                    }
                    end.read += n;
                    assert!(end.read <= end.total_in, "seed {seed}: too much");
                }
                Err(RecvError::Finished) => {
                    assert_eq!(end.read, end.total_in, "seed {seed}: end {who} ends early");
                    end.finished = true;
                }
                Err(RecvError::Ended(outcome)) => return self.tell(who, outcome),
                Err(e) => panic!("seed {seed}: end {who}: recv: {e}"),
            }
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
        let nagle = if self.dice.chance(500) { Nagle::On } else { Nagle::Off };
        let keep_alive = if self.kind == Kind::Hostile { KeepAlive::On } else { KeepAlive::Off };
        let options = Options { nagle, keep_alive, ..Options::NONE };
        let listener = self.ends[1].tcp.listen_with(OUR_PORT.into(), 2, options).unwrap();
        self.ends[1].listener = Some(listener);
        let remote = SocketAddr::new(self.ends[1].address, OUR_PORT);
        let options = ConnectOptions { options, ..ConnectOptions::default() };
        {
            let mut buffer = [0; 0];
            let mut sink = |_: &Path, _: Outgoing, _: &[u8]| {};
            let mut ip = FakeIp::new(&mut buffer, &mut sink);
            ip.mtu = self.ends[0].mtu;
            let id = self.ends[0].tcp.connect(&ip, self.now, remote, options);
            self.ends[0].id = Some(id.unwrap());
        }
        for who in [0, 1] {
            self.poll(who);
        }
        let limit = self.now + Duration::from_secs(100_000);
        let mut steps = 0u64;
        loop {
            steps += 1;
            assert!(steps < 3_000_000, "endless: {}", self.describe());
            self.trouble();
            self.check_progress();
            // What comes next?
            let wire = self.wire.queue.keys().next().map(|k| k.0);
            let polls = [0, 1].map(|who| self.ends[who].tcp.poll_at());
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
            // Before that moment a poll does nothing.
            if next > self.now && self.dice.chance(50) {
                let gap = next.since(self.now).as_micros() as u64;
                let early = self.now + Duration::from_micros(self.dice.below(gap));
                let kept = core::mem::replace(&mut self.now, early);
                for who in [0, 1] {
                    assert_eq!(self.poll(who), 0, "seed {}: early poll of end {who} sent", self.seed);
                    assert_eq!(self.ends[who].tcp.poll_at(), polls[who], "seed {}: early poll", self.seed);
                }
                self.now = kept;
            }
            self.now = self.now.max(next);
            for who in [0, 1] {
                if fulls[who].is_some_and(|at| at <= self.now) {
                    self.ends[who].full_until = None;
                    self.poll(who);
                } else if self.ends[who].full_until.is_none() && self.dice.chance(3) {
                    self.ends[who].full_until =
                        Some(self.now + Duration::from_millis(self.dice.between(1, 300)));
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
        let told = [0, 1].map(|who| self.ends[who].told.is_some());
        for who in [0, 1] {
            // All arrived, or both know that it did not; a client may know of a connection that never came to be.
            let end = &self.ends[who];
            let arrived = end.read == end.total_in && end.finished;
            let ok = arrived || told[who] || (end.id.is_none() && told[1 - who]);
            assert!(ok, "end {who}: {}", self.describe());
        }
        // Nothing is left behind: all slots are free, and nothing is timed.
        let clock = [0, 1].map(|who| self.clock(who));
        for who in [0, 1] {
            let end = &mut self.ends[who];
            assert_eq!(end.tcp.poll_at(), None, "seed {}", self.seed);
            let mut buffer = [0; 0];
            let mut sink = |_: &Path, _: Outgoing, _: &[u8]| {};
            let ip = FakeIp::new(&mut buffer, &mut sink);
            for _ in 0..2 {
                end.tcp.connect(&ip, clock[who], remote, ConnectOptions::default()).unwrap();
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
    let worlds = seeds::spread(seeds, |memory, seed| {
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
