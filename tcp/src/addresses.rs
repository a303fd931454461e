//! A pair of addresses as tables keep it: without a header, all zeros when empty.

use core::net::IpAddr;
use tersus_ip::{Addresses, Path};

/// Source and destination as they arrive, the peer's first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packed {
    /// IPv4: in the first eight octets.
    octets: [u8; 32],
    /// 0: none, 4 or 6.
    pub(crate) family: u8,
}

impl Packed {
    pub(crate) const NONE: Self = Self { octets: [0; 32], family: 0 };

    /// Those of a received packet.
    pub(crate) fn new(addresses: &Addresses<'_>) -> Self {
        let family = if matches!(addresses, Addresses::V4(_)) { 4 } else { 6 };
        Self::of(addresses.as_bytes().iter().copied(), family)
    }

    /// Those of packets that arrive on `path`.
    pub(crate) fn of_path(path: &Path) -> Self {
        match (path.destination(), path.source()) {
            (IpAddr::V6(remote), IpAddr::V6(local)) => {
                Self::of(remote.octets().into_iter().chain(local.octets()), 6)
            }
            (IpAddr::V4(remote), IpAddr::V4(local)) => {
                Self::of(remote.octets().into_iter().chain(local.octets()), 4)
            }
            _ => Self::NONE,
        }
    }

    fn of(from: impl Iterator<Item = u8>, family: u8) -> Self {
        let mut octets = [0; 32];
        for (to, from) in octets.iter_mut().zip(from) {
            *to = from;
        }
        Self { octets, family }
    }

    /// Whether they are these.
    pub(crate) fn is(&self, addresses: &Addresses<'_>) -> bool {
        match addresses {
            Addresses::V4(other) => self.family == 4 && self.octets.first_chunk::<8>() == Some(*other),
            Addresses::V6(other) => self.family == 6 && self.octets == **other,
        }
    }

    /// As a received packet shows them; none read as zeros.
    pub(crate) fn get(&self) -> Addresses<'_> {
        match self.octets.first_chunk::<8>() {
            Some(octets) if self.family != 6 => Addresses::V4(octets),
            _ => Addresses::V6(&self.octets),
        }
    }
}
