//! The rows: what is measured, in which unit, and what tersus is to reach.

use crate::formats::Format;
use crate::host::Timestamps;
use crate::link::Checksums;
use crate::scenario::{Scenario, Work};
use crate::sizes::Size;

/// One figure of a row.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// `ROW` or `ROW/PARAMETER`.
    pub id: &'static str,
    pub what: &'static str,
    pub subject: Subject,
    pub unit: Unit,
    pub target: Target,
    pub pace: Pace,
}

/// What a case measures.
#[derive(Debug, Clone, Copy)]
pub enum Subject {
    Scenario(Scenario),
    /// The same with CUBIC in place of no congestion control.
    WithCubic(Scenario),
    Format(Format),
    Size(Size),
}

/// What instructions are divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Frames that carry data; frames and ACKs are told beside it.
    DataFrame,
    /// Octets that the application received.
    Octet,
    /// Rounds of the scenario, or operations.
    Round,
    /// Nothing: the figure is in octets already.
    Octets,
}

/// What tersus is to reach.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    AtMost(f64),
    /// There is none: for comparison with other rows.
    None,
    /// So many times another case.
    TimesOf(f64, &'static str),
}

/// How long a case takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// A second or two.
    Quick,
    /// Thousands of connections: left out by `--quick`.
    Long,
}

impl Case {
    pub fn row(&self) -> &'static str {
        self.id.split('/').next().unwrap_or(self.id)
    }

    /// How many units `work` is.
    pub fn units(&self, work: &Work) -> f64 {
        (match self.unit {
            Unit::DataFrame => work.data_frames,
            Unit::Octet => work.octets,
            Unit::Round => work.rounds,
            Unit::Octets => 1,
        }) as f64
    }
}

impl Unit {
    pub fn name(self) -> &'static str {
        match self {
            Self::DataFrame => "instructions/data packet",
            Self::Octet => "instructions/octet",
            Self::Round => "instructions",
            Self::Octets => "octets",
        }
    }
}

const WINDOW: usize = 64 * 1024;

/// The same scenario under CUBIC.
const fn cubic(subject: Subject) -> Subject {
    match subject {
        Subject::Scenario(scenario) => Subject::WithCubic(scenario),
        other => other,
    }
}

/// How much dearer a row may be with CUBIC: than without where data flow, ...
const CUBIC: f64 = 1.03;
/// ... and of rows in which each segment counts by itself, than it was without any loss recovery. Such rows are cheaper
/// without congestion control than that because nothing is then told of ACKs.
const ROUND_TRIP_BEFORE: f64 = 6_228.0;
const CONNECTION_BEFORE: f64 = 27_033.0;

const fn bulk(mtu: usize, checksums: Checksums, buffer: usize, idle: usize) -> Subject {
    Subject::Scenario(Scenario::Bulk { mtu, checksums, buffer, idle, timestamps: Timestamps::Without })
}

const fn ping_pong(idle: usize, timestamps: Timestamps) -> Subject {
    Subject::Scenario(Scenario::PingPong { idle, timestamps })
}

const fn connection(listeners: usize, timestamps: Timestamps) -> Subject {
    Subject::Scenario(Scenario::Connection { listeners, timestamps })
}

const fn case(
    id: &'static str,
    what: &'static str,
    subject: Subject,
    unit: Unit,
    target: Target,
    pace: Pace,
) -> Case {
    Case { id, what, subject, unit, target, pace }
}

/// All of them, in the order of the table.
pub const CASES: &[Case] = {
    use {Checksums::*, Format::*, Pace::*, Scenario::*, Subject as S, Target::*, Timestamps::*, Unit::*};
    &[
        case("1", "TCP bulk, MTU 1500", bulk(1500, Software, WINDOW, 0), DataFrame, AtMost(2500.0), Quick),
        case(
            "1/timestamps",
            "… with timestamps",
            Subject::Scenario(Bulk {
                mtu: 1500,
                checksums: Software,
                buffer: WINDOW,
                idle: 0,
                timestamps: With,
            }),
            DataFrame,
            Target::None,
            Quick,
        ),
        case(
            "1/cubic",
            "… with CUBIC",
            cubic(bulk(1500, Software, WINDOW, 0)),
            DataFrame,
            TimesOf(CUBIC, "1"),
            Quick,
        ),
        case("2", "… without checksums", bulk(1500, Offloaded, WINDOW, 0), DataFrame, AtMost(1400.0), Quick),
        case(
            "2/cubic",
            "… with CUBIC",
            cubic(bulk(1500, Offloaded, WINDOW, 0)),
            DataFrame,
            TimesOf(CUBIC, "2"),
            Quick,
        ),
        case("4", "TCP bulk, MTU 65,535", bulk(65_535, Software, 1 << 20, 0), Octet, AtMost(0.85), Quick),
        case(
            "4/cubic",
            "… with CUBIC",
            cubic(bulk(65_535, Software, 1 << 20, 0)),
            Octet,
            TimesOf(CUBIC, "4"),
            Quick,
        ),
        case("5", "1-octet round trip", ping_pong(0, Without), Round, AtMost(4600.0), Quick),
        case("5/timestamps", "… with timestamps", ping_pong(0, With), Round, Target::None, Quick),
        case(
            "5/cubic",
            "… with CUBIC",
            cubic(ping_pong(0, Without)),
            Round,
            AtMost(CUBIC * ROUND_TRIP_BEFORE),
            Quick,
        ),
        case("6/0", "idle poll", S::Scenario(IdlePoll { established: 0 }), Round, AtMost(150.0), Quick),
        case(
            "6/1000",
            "… 1,000 established",
            S::Scenario(IdlePoll { established: 1_000 }),
            Round,
            AtMost(150.0),
            Long,
        ),
        case(
            "6/10000",
            "… 10,000 established",
            S::Scenario(IdlePoll { established: 10_000 }),
            Round,
            AtMost(150.0),
            Long,
        ),
        case(
            "6/cubic",
            "… with CUBIC",
            cubic(S::Scenario(IdlePoll { established: 0 })),
            Round,
            TimesOf(CUBIC, "6/0"),
            Quick,
        ),
        case("7/0", "poll_at", S::Scenario(PollAt { established: 0 }), Round, AtMost(80.0), Quick),
        case(
            "7/1000",
            "… 1,000 established",
            S::Scenario(PollAt { established: 1_000 }),
            Round,
            AtMost(80.0),
            Long,
        ),
        case(
            "7/cubic",
            "… with CUBIC",
            cubic(S::Scenario(PollAt { established: 0 })),
            Round,
            TimesOf(CUBIC, "7/0"),
            Quick,
        ),
        case(
            "8/1000",
            "round trip, 1,000 established",
            ping_pong(1_000, Without),
            Round,
            TimesOf(1.01, "5"),
            Long,
        ),
        case("8/10000", "… 10,000 established", ping_pong(10_000, Without), Round, TimesOf(1.01, "5"), Long),
        case(
            "8/cubic",
            "… with CUBIC",
            cubic(ping_pong(10_000, Without)),
            Round,
            AtMost(CUBIC * ROUND_TRIP_BEFORE),
            Long,
        ),
        case(
            "9",
            "bulk, 1,000 idle at the receiver",
            bulk(1500, Software, WINDOW, 1_000),
            DataFrame,
            TimesOf(1.01, "1"),
            Long,
        ),
        case(
            "9/cubic",
            "… with CUBIC",
            cubic(bulk(1500, Software, WINDOW, 1_000)),
            DataFrame,
            TimesOf(CUBIC, "9"),
            Long,
        ),
        case("10/0", "connect … close", connection(0, Without), Round, AtMost(17_500.0), Quick),
        case(
            "10/1000",
            "… 1,000 other listeners",
            connection(1_000, Without),
            Round,
            TimesOf(1.01, "10/0"),
            Quick,
        ),
        case("10/timestamps", "… with timestamps", connection(0, With), Round, Target::None, Quick),
        case(
            "10/cubic",
            "… with CUBIC",
            cubic(connection(0, Without)),
            Round,
            AtMost(CUBIC * CONNECTION_BEFORE),
            Quick,
        ),
        case("11", "UDP, 64 octets", S::Scenario(Datagrams { len: 64 }), DataFrame, AtMost(1000.0), Quick),
        case(
            "12",
            "UDP, 1,472 octets",
            S::Scenario(Datagrams { len: 1472 }),
            DataFrame,
            AtMost(2500.0),
            Quick,
        ),
        case("13/emit", "emit Ethernet+IPv4+TCP", S::Format(EmitTcp4), Round, AtMost(200.0), Quick),
        case("13/parse", "parse Ethernet+IPv4+TCP", S::Format(ParseTcp4), Round, AtMost(250.0), Quick),
        case("14/emit", "emit Ethernet+IPv6+UDP", S::Format(EmitUdp6), Round, AtMost(150.0), Quick),
        case("14/parse", "parse Ethernet+IPv6+UDP", S::Format(ParseUdp6), Round, AtMost(150.0), Quick),
        case("15/parse", "IPHC parse, 32 octets", S::Format(ParseIphc), Round, AtMost(290.0), Quick),
        case("15/emit", "IPHC emit, 32 octets", S::Format(EmitIphc), Round, AtMost(230.0), Quick),
        case(
            "15/decompress",
            "… a whole IPv6 packet restored",
            S::Format(DecompressIphc),
            Round,
            Target::None,
            Quick,
        ),
        case(
            "15/compress",
            "… a whole IPv6 packet compressed",
            S::Format(CompressIphc),
            Round,
            Target::None,
            Quick,
        ),
        case("16", "DNS response parse", S::Format(ParseDns), Round, AtMost(300.0), Quick),
        case("17", "checksum of 1,500 octets", S::Format(Checksum), Round, AtMost(700.0), Quick),
        case("17/copy", "… copied too", S::Format(CopyAndSum), Round, Target::None, Quick),
        case(
            "17/update",
            "… after a change, RFC 1624",
            S::Format(UpdateChecksum),
            Round,
            Target::None,
            Quick,
        ),
        case("25", "TCP connection state", S::Size(Size::Connection), Octets, AtMost(352.0), Quick),
        case("26", "UDP socket in its table", S::Size(Size::Socket), Octets, AtMost(96.0), Quick),
    ]
};

/// A case by its id.
pub fn find(id: &str) -> Option<&'static Case> {
    CASES.iter().find(|case| case.id == id)
}
