//! One entry of the neighbour table, and what users and messages see of it.

use crate::{Deadline, Instant, InterfaceId, PackedAddress};
use core::fmt;
use core::net::IpAddr;
use tersus_wire::HardwareAddress;

/// Reachability of a neighbour, RFC 4861 §7.3.2, and two states of our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reachability {
    /// Resolution runs: the hardware address is not known yet.
    Incomplete,
    /// It answered, or an upper layer made progress, within the reachable time.
    Reachable,
    /// The hardware address is known, but not whether it still answers. Nothing is done until it is sent to.
    Stale,
    /// It was sent to while stale; an upper layer has a few seconds to confirm it.
    Delay,
    /// It is being asked, by unicast, whether it still answers.
    Probe,
    /// Set by the user: neither messages nor time change it.
    Permanent,
    /// It did not answer to resolution. Held for a short time, then forgotten.
    Failed,
}

/// [`Reachability`] with the free slot, whose value is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub(super) enum State {
    #[default]
    Free,
    Incomplete,
    Reachable,
    Stale,
    Delay,
    Probe,
    Permanent,
    Failed,
}

bitflags::bitflags! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub(super) struct Flags: u8 {
        /// `IsRouter` of RFC 4861 §5.1: its advertisements say so.
        const ROUTER = 1;
        /// A route leads through it: never evicted.
        const GATEWAY = 2;
    }
}

/// Memory for one neighbour: at most 48 octets, all zeros when free.
#[derive(Debug, Clone, Copy)]
pub struct NeighbourSlot {
    /// When time ends the state. Incomplete, Delay and Probe have a timer that acts; the end of Reachable, of an
    /// ARP entry's Stale and of Failed is noticed when somebody looks.
    pub(super) time: Deadline,
    /// When last sent to, in units of 2^20 microseconds; 0: never.
    pub(super) used: u32,
    pub(super) address: PackedAddress,
    pub(super) interface: InterfaceId,
    pub(super) hardware: HardwareAddress,
    pub(super) state: State,
    pub(super) flags: Flags,
    /// Solicitations sent in this state.
    pub(super) tries: u8,
    /// Given by the caller of `resolve`, and given back with each solicitation.
    pub(super) source: u8,
}

impl NeighbourSlot {
    /// A free slot.
    pub const FREE: Self = Self {
        time: Deadline::NONE,
        used: 0,
        address: PackedAddress::NONE,
        interface: InterfaceId(0),
        hardware: HardwareAddress::NONE,
        state: State::Free,
        flags: Flags::empty(),
        tries: 0,
        source: 0,
    };

    /// Whether time alone ends the state.
    pub(super) fn is_timed(&self) -> bool {
        matches!(self.state, State::Incomplete | State::Delay | State::Probe)
    }

    pub(super) fn is_ipv4(&self) -> bool {
        self.address.is_ipv4()
    }

    pub(super) fn is(&self, interface: InterfaceId, address: &PackedAddress) -> bool {
        self.interface == interface && self.address == *address
    }
}

impl Default for NeighbourSlot {
    fn default() -> Self {
        Self::FREE
    }
}

/// `now` in the unit of [`NeighbourSlot::used`]; never 0.
pub(super) fn coarse(now: Instant) -> u32 {
    u32::try_from(now.micros() >> 20).unwrap_or(u32::MAX).max(1)
}

/// A neighbour as the table knows it, for display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Neighbour {
    /// The interface that it is on.
    pub interface: InterfaceId,
    /// Its address.
    pub address: IpAddr,
    /// Its hardware address; `NONE` while incomplete or failed.
    pub hardware: HardwareAddress,
    /// Whether it answers.
    pub reachability: Reachability,
    /// Whether its advertisements say that it is a router. IPv6 only.
    pub router: RouterFlag,
}

/// Whether a neighbour says that it forwards packets: `IsRouter`, RFC 4861 §5.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RouterFlag {
    /// It does not say so.
    #[default]
    Host,
    /// It does.
    Router,
}

impl fmt::Display for Neighbour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} on interface {} ", self.address, self.hardware, self.interface.0)?;
        f.write_str(match self.reachability {
            Reachability::Incomplete => "incomplete",
            Reachability::Reachable => "reachable",
            Reachability::Stale => "stale",
            Reachability::Delay => "delay",
            Reachability::Probe => "probe",
            Reachability::Permanent => "permanent",
            Reachability::Failed => "failed",
        })?;
        match self.router {
            RouterFlag::Host => Ok(()),
            RouterFlag::Router => f.write_str(" router"),
        }
    }
}
