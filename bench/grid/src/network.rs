//! Hosts joined by paths, in virtual time.
//!
//! ```text
//!   sender 0 ──┐                            ┌── receiver 0
//!   sender 1 ──┼──▶ path ──▶ path ──▶ … ──▶─┼── receiver 1
//!     …        │  ◀── path ◀── … ◀── path   │     …
//! ```
//! Each flow says which paths its packets cross, there and back; flows that name the same path share it. Everything
//! follows from the plan and the seed.

use crate::flow::{Flow, Hosts, Outcome, Streams};
use crate::host::{Micros, Settings};
use crate::path::{Counts, Packet, Path, Shape};
use crate::subject::Subject;

/// How often a trace is written.
const SAMPLE: Micros = 100_000;
/// A stack that wants a turn now, and does nothing in it, waits so long: it shall not stop the clock.
const PATIENCE: Micros = 50;

/// A flow and its way.
#[derive(Debug, Clone)]
pub struct Route {
    pub subject: Subject,
    pub start: Micros,
    /// The paths that packets of the sender and of the receiver cross, by their number; none of the two is empty.
    pub paths: [Vec<usize>; 2],
}

/// Paths, and the flows over them.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub paths: Vec<Shape>,
    pub routes: Vec<Route>,
}

/// What became of everything.
#[derive(Debug, Clone)]
pub struct Results {
    pub flows: Vec<Outcome>,
    pub paths: Vec<Counts>,
}

/// Runs a plan until `end`.
pub fn run(plan: &Plan, settings: &Settings, end: Micros) -> Results {
    let seeds = settings.seed * 16..;
    let mut paths: Vec<Path> =
        plan.paths.iter().zip(seeds).map(|(shape, seed)| Path::new(*shape, seed)).collect();
    let settings: Vec<Settings> = (1..=plan.routes.len() as u64)
        .map(|n| Settings { seed: settings.seed * 100 + n, ..*settings })
        .collect();
    let pairs = plan.routes.iter().zip(&settings);
    let mut memory: Vec<Hosts> = pairs.map(|(route, own)| Hosts::new(route.subject, own)).collect();
    let parts = plan.routes.iter().zip(&settings).zip(&mut memory);
    let mut flows: Vec<Flow<'_>> =
        parts.map(|((route, own), memory)| Flow::new(route.subject, route.start, own, memory)).collect();

    let mut streams = Streams::new();
    let (mut now, mut sample, mut rounds) = (0, 0, 0);
    while now <= end {
        deliver(&mut paths, plan, &mut flows, now);
        // Who goes first fills a queue that pushes back: they take turns.
        let count = flows.len();
        for number in (0..count).map(|number| (number + rounds) % count) {
            turn(number, &mut flows[number], &plan.routes[number], &mut paths, &mut streams, now);
        }
        rounds += 1;
        if now >= sample {
            sample = now + SAMPLE;
            flows.iter_mut().filter(|flow| flow.start <= now).for_each(|flow| flow.sample(now));
        }
        let arrivals = paths.iter().filter_map(Path::next);
        let turns = flows.iter().flat_map(|flow| flow.due);
        now = arrivals.chain(turns).min().unwrap_or(end + 1).max(now + 1);
    }
    Results {
        flows: flows.into_iter().map(|flow| flow.outcome(end)).collect(),
        paths: paths.into_iter().map(|path| path.counts).collect(),
    }
}

/// Hands packets that have arrived to the next path, or to the host at the end.
fn deliver(paths: &mut [Path], plan: &Plan, flows: &mut [Flow<'_>], now: Micros) {
    while let Some(mut packet) = paths.iter_mut().find_map(|path| path.arrived(now)) {
        packet.hop += 1;
        let (number, far) = (packet.flow, 1 - packet.side);
        match plan.routes[number].paths[packet.side].get(packet.hop) {
            Some(&next) => paths[next].send(now, packet),
            None => {
                flows[number].ports[far].borrow_mut().inbox.push_back(packet.octets);
                flows[number].due[far] = now;
            }
        }
    }
}

/// Gives the hosts of a flow their turns, if any is due.
fn turn(
    number: usize,
    flow: &mut Flow<'_>,
    route: &Route,
    paths: &mut [Path],
    streams: &mut Streams,
    now: Micros,
) {
    if flow.start > now || flow.due.iter().all(|due| *due > now) {
        return;
    }
    loop {
        for side in 0..2 {
            if flow.due[side] > now {
                continue;
            }
            let path = &mut paths[route.paths[side][0]];
            flow.ports[side].borrow_mut().room = path.room(now);
            flow.hosts[side].poll(now);
            let sent = core::mem::take(&mut flow.ports[side].borrow_mut().outbox);
            let progressed = !sent.is_empty();
            for octets in sent {
                if side == 0 {
                    flow.on_wire += octets.len() as u64;
                }
                path.send(now, Packet { flow: number, side, hop: 0, octets });
            }
            let wanted = flow.hosts[side].poll_at(now).unwrap_or(Micros::MAX);
            let is_blocked = path.room(now) == 0;
            flow.due[side] = match wanted {
                _ if is_blocked => path.room_at(now),
                at if at > now => at,
                _ if progressed => now + 1,
                _ => now + PATIENCE,
            };
        }
        if !flow.use_streams(streams, now) {
            return;
        }
        // What was written may leave, and what was read may open the window.
        flow.due = [now; 2];
    }
}
