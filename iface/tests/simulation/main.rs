//! Whole stacks on simulated wires, in virtual time: two or three hosts that exchange what the wires lose, double,
//! delay and alter, everything from one seed.
//!
//! The invariant: what was sent arrives once, in order and unharmed, or both sides learn that it did not; it never
//! stalls; and `poll_at` is honest: a turn at that time does something, a turn before it does nothing.
//!
//! A seed that fails is printed. `TERSUS_SEED=n` replays it, and `TERSUS_PCAP=file` keeps its frames.

#[cfg(test)]
mod datagrams;
#[cfg(test)]
mod determinism;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod host;
#[cfg(test)]
mod links;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod neighbours;
#[cfg(test)]
mod network;
#[cfg(test)]
mod options;
#[cfg(test)]
mod outages;
#[cfg(test)]
mod pools;
#[cfg(test)]
mod seeds;
#[cfg(test)]
mod stream;
#[cfg(test)]
mod trace;
#[cfg(test)]
mod transfers;
