//! Plans of the usual shapes.
//!
//! ```text
//!   one, dumbbell          two ways                     parking lot
//!   s0 ─┐         ┌─ r0    s0, r1 ─┐ ══▶ ┌─ r0, s1      s0 ─▶ ══╤══▶ ══╤══▶ ─▶ r0
//!   s1 ─┼─▶ ═══ ──┼─ r1            ┼     ┼                 s1 ─▶╧ r1   │
//!   s2 ─┘         └─ r2            ┘ ◀══ └                        s2 ─▶╧ r2
//! ```
//! `═══` is a bottleneck: queue and rate. Without a rate of its own the way back has the delay alone.

use crate::host::Micros;
use crate::network::{Plan, Route};
use crate::path::{Full, Shape};
use crate::subject::Subject;

/// How flows share bottlenecks.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    clap::ValueEnum,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Topology {
    /// All flows cross one bottleneck in the same direction.
    Dumbbell,
    /// Every other flow runs the other way, so that acknowledgements queue behind data; both ways are bottlenecks.
    TwoWay,
    /// The first flow crosses a bottleneck for each other flow, which crosses that one alone.
    ParkingLot,
}

/// A flow: what, from when on, and its round-trip time without queues.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    pub subject: Subject,
    pub start: Micros,
    pub rtt: Micros,
}

/// One flow over a path, and back over its delay; `ack_loss` of the packets there are lost.
pub fn one(subject: Subject, there: Shape, ack_loss: f64) -> Plan {
    let back = Shape { loss: ack_loss, ..Shape::delay(there.delay) };
    Plan { paths: vec![there, back], routes: vec![Route { subject, start: 0, paths: [vec![0], vec![1]] }] }
}

/// Flows over shared bottlenecks. The delay is in a path of each flow's own, half of its RTT each way.
pub fn many(topology: Topology, members: &[Member], bottleneck: Shape) -> Plan {
    let bottleneck = Shape { delay: 0, ..bottleneck };
    let mut paths = Vec::new();
    let shared = match topology {
        Topology::Dumbbell => vec![bottleneck],
        Topology::TwoWay => vec![bottleneck; 2],
        // Packets come from another path and cannot be told to wait.
        Topology::ParkingLot => {
            vec![Shape { full: Full::TailDrop, ..bottleneck }; members.len().saturating_sub(1).max(1)]
        }
    };
    let count = shared.len();
    paths.extend(shared);
    let mut routes = Vec::new();
    for (number, member) in members.iter().enumerate() {
        let own = paths.len();
        paths.extend([Shape::delay(member.rtt / 2), Shape::delay(member.rtt - member.rtt / 2)]);
        let (there, back) = match topology {
            Topology::Dumbbell => (vec![0, own], vec![own + 1]),
            Topology::TwoWay if number % 2 == 0 => (vec![0, own], vec![1, own + 1]),
            Topology::TwoWay => (vec![1, own], vec![0, own + 1]),
            Topology::ParkingLot if number == 0 => ((0..count).chain([own]).collect(), vec![own + 1]),
            Topology::ParkingLot => (vec![number - 1, own], vec![own + 1]),
        };
        routes.push(Route { subject: member.subject, start: member.start, paths: [there, back] });
    }
    Plan { paths, routes }
}
