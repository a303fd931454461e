//! Behaviour in scripts: segments given, segments wanted, at milliseconds. See `runner`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests panic by intent, in helpers too"
)]

mod calls;
mod close;
mod ecn;
mod growth;
mod handshake;
mod info;
mod limits;
mod numbered;
mod pacing;
mod probes;
mod proportional;
mod rack;
mod receiving;
mod recovery;
mod reset;
mod reuse;
mod runner;
mod sack;
mod sending;
mod simulation;
mod state_events;
mod timestamps;
mod trace;
mod undo;
mod urgent;
mod wakers;
