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
        match addresses {
            Addresses::V4(octets) => Self::v4(**octets),
            Addresses::V6(octets) => Self { octets: **octets, family: 6 },
        }
    }

    /// Those of packets that arrive on `path`.
    pub(crate) fn of_path(path: &Path) -> Self {
        match path.addresses() {
            Addresses::V4(&[a, b, c, d, e, f, g, h]) => Self::v4([e, f, g, h, a, b, c, d]),
            Addresses::V6(octets) => {
                let mut octets = *octets;
                octets.rotate_left(16);
                Self { octets, family: 6 }
            }
        }
    }

    /// Those of packets from `remote` to `local`; none if these are of two families.
    pub(crate) fn between(remote: IpAddr, local: IpAddr) -> Self {
        let mut octets = [0; 32];
        match (remote, local) {
            (IpAddr::V6(remote), IpAddr::V6(local)) => {
                if let Some((first, rest)) = octets.split_first_chunk_mut::<16>() {
                    *first = remote.octets();
                    if let Some(second) = rest.first_chunk_mut::<16>() {
                        *second = local.octets();
                    }
                }
                Self { octets, family: 6 }
            }
            (IpAddr::V4(remote), IpAddr::V4(local)) => {
                let ([a, b, c, d], [e, f, g, h]) = (remote.octets(), local.octets());
                Self::v4([a, b, c, d, e, f, g, h])
            }
            _ => Self::NONE,
        }
    }

    fn v4(addresses: [u8; 8]) -> Self {
        let mut octets = [0; 32];
        if let Some(first) = octets.first_chunk_mut() {
            *first = addresses;
        }
        Self { octets, family: 4 }
    }

    /// Whether they are these.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
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
