//! From addresses and ports to a connection: a hash table with open addressing, RFC 9293 §3.4.1 "socket pairs".
//!
//! ```text
//!   cell:  | upper 16 bits of the hash | id + 1 |      0: empty
//!   home:    hash bits * cells / 2^16;  an entry lies there or in one of the cells behind, with no empty one between
//! ```
//!
//! The bits in the cell tell most wrong connections apart without a look at them, and they alone decide where an entry
//! may lie, so that removing moves the entries behind it up (no tombstones) without hashing anything again.
//!
//! The hash is a strongly universal one (multilinear: a secret 64-bit factor for each 32-bit word, upper half of the
//! sum). Without knowledge of the factors any two connections share their 16 bits with a chance of 2^-16, whatever
//! the peer chooses; it costs a multiplication a word where a cryptographic hash costs hundreds of instructions. It is
//! no pseudo-random function: a peer that can measure which of its connections collide can learn to make more. What
//! that buys is bounded, a search through at most the connections that it holds open anyway; numbers that must not be
//! guessed (ISNs) come from a keyed cryptographic hash instead.

use tersus_ip::{Addresses, Random};

/// There is no empty cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// The table, over cells of the caller's that are all zeros in the beginning.
///
/// Fast as long as at most half of the cells are taken; right up to the last one. It holds ids up to 65,534.
pub(crate) struct Index<'a> {
    cells: &'a mut [u32],
}

impl<'a> Index<'a> {
    /// Over `cells`, two for each connection there may be.
    #[must_use]
    pub(crate) fn new(cells: &'a mut [u32]) -> Self {
        Self { cells }
    }

    /// Enters `id` under `hash`; once more changes nothing.
    ///
    /// # Errors
    /// `Full` if no cell is empty, or `id` is 65,535.
    pub(crate) fn insert(&mut self, hash: u32, id: u16) -> Result<(), Full> {
        let entry = entry(hash, id).ok_or(Full)?;
        let mut at = self.home(entry);
        for _ in 0..self.cells.len() {
            match self.cells.get_mut(at) {
                Some(cell) if *cell == 0 => {
                    *cell = entry;
                    return Ok(());
                }
                Some(cell) if *cell == entry => return Ok(()),
                _ => at = self.next(at),
            }
        }
        Err(Full)
    }

    /// The id under `hash` that `is_it` confirms; it is asked about few but the right one.
    pub(crate) fn find(&self, hash: u32, mut is_it: impl FnMut(u16) -> bool) -> Option<u16> {
        let mut at = self.home(hash);
        for _ in 0..self.cells.len() {
            let cell = *self.cells.get(at)?;
            if cell == 0 {
                return None;
            }
            if (cell ^ hash) >> 16 == 0 {
                let id = id(cell);
                if is_it(id) {
                    return Some(id);
                }
            }
            at = self.next(at);
        }
        None
    }

    /// Removes `id`, which was entered under `hash`; nothing happens if it was not.
    pub(crate) fn remove(&mut self, hash: u32, id: u16) {
        let Some(entry) = entry(hash, id) else { return };
        let mut gap = self.home(entry);
        for _ in 0..self.cells.len() {
            match self.cells.get(gap) {
                None | Some(0) => return,
                Some(&cell) if cell == entry => {
                    self.close(gap);
                    return;
                }
                Some(_) => gap = self.next(gap),
            }
        }
    }

    /// Empties the cell `gap`, moving up the entries behind it that may lie there.
    fn close(&mut self, mut gap: usize) {
        let mut at = gap;
        for _ in 1..self.cells.len() {
            at = self.next(at);
            let cell = self.cells.get(at).copied().unwrap_or(0);
            if cell == 0 {
                break;
            }
            // An entry must not move to before its home: only if the gap lies between home and entry.
            if self.steps(self.home(cell), at) >= self.steps(gap, at) {
                self.put(gap, cell);
                gap = at;
            }
        }
        self.put(gap, 0);
    }

    fn put(&mut self, at: usize, cell: u32) {
        if let Some(place) = self.cells.get_mut(at) {
            *place = cell;
        }
    }

    /// The first cell that an entry may lie in.
    fn home(&self, hash: u32) -> usize {
        // At most 2^16 * 2^48; only 16-bit targets have fewer than 2^32 cells to count.
        let scaled = u64::from(hash >> 16) * (self.cells.len() as u64);
        usize::try_from(scaled >> 16).unwrap_or(0)
    }

    fn next(&self, at: usize) -> usize {
        if at + 1 < self.cells.len() {
            at + 1
        } else {
            0
        }
    }

    /// Cells from `from` forwards to `to`, around the end.
    fn steps(&self, from: usize, to: usize) -> usize {
        if to >= from {
            to - from
        } else {
            to + self.cells.len() - from
        }
    }
}

fn entry(hash: u32, id: u16) -> Option<u32> {
    Some((hash & 0xffff_0000) | u32::from(id.checked_add(1)?))
}

fn id(cell: u32) -> u16 {
    let [a, b, ..] = cell.to_le_bytes();
    u16::from_le_bytes([a, b]).wrapping_sub(1)
}

/// The secret factors of the hash: one to start from, one for the ports, eight for IPv6 addresses, of which IPv4 uses
/// two.
pub(crate) struct HashKey {
    start: u64,
    ports: u64,
    addresses: [u64; 8],
}

impl HashKey {
    /// Factors from the engine's generator.
    #[must_use]
    pub(crate) fn new(random: &mut Random) -> Self {
        Self {
            start: random.next_u64(),
            ports: random.next_u64(),
            addresses: core::array::from_fn(|_| random.next_u64()),
        }
    }

    /// The hash of a received packet: `addresses` as they stand in it, and `ports` in one word, the source port in its
    /// upper half.
    #[must_use]
    pub(crate) fn hash(&self, addresses: &Addresses<'_>, ports: u32) -> u32 {
        match addresses {
            Addresses::V4(&[a, b, c, d, e, f, g, h]) => {
                self.hash_v4([u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])], ports)
            }
            Addresses::V6(octets) => {
                let mut sum = self.begin(ports);
                let mut rest = &octets[..];
                for factor in &self.addresses {
                    let Some((word, behind)) = rest.split_first_chunk() else { break };
                    sum = sum.wrapping_add(factor.wrapping_mul(u64::from(u32::from_be_bytes(*word))));
                    rest = behind;
                }
                upper_half(sum)
            }
        }
    }

    fn hash_v4(&self, [source, destination]: [u32; 2], ports: u32) -> u32 {
        let sum = self.begin(ports);
        let sum = sum.wrapping_add(self.addresses[0].wrapping_mul(u64::from(source)));
        upper_half(sum.wrapping_add(self.addresses[1].wrapping_mul(u64::from(destination))))
    }

    fn begin(&self, ports: u32) -> u64 {
        self.start.wrapping_add(self.ports.wrapping_mul(u64::from(ports)))
    }
}

fn upper_half(sum: u64) -> u32 {
    let [.., a, b, c, d] = sum.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

// The tests speak both families.
#[cfg(test)]
#[cfg(all(feature = "ipv4", feature = "ipv6"))]
mod tests {
    extern crate std;

    use super::*;
    use crate::addresses::Packed;
    use core::net::IpAddr;
    use std::collections::BTreeSet;
    use std::vec;
    use tersus_ip::{InterfaceId, Path};

    #[test]
    fn what_was_entered_is_found_and_what_was_removed_is_not() {
        let mut random = Random::new([7; 32]);
        // Cells, entries at most, different hashes: clusters around the end, and full tables
        for (cells, most, hashes) in
            [(0, 0, 4), (1, 1, 2), (2, 1, 4), (8, 4, 1), (8, 8, 3), (16, 8, 40), (100, 50, 1_000)]
        {
            let mut memory = vec![0; cells];
            let mut index = Index::new(&mut memory);
            let mut entered = BTreeSet::new();
            let spread = u32::MAX / hashes;
            for _ in 0..20_000 {
                let hash = (random.below(hashes) + 1) * spread;
                let id = u16::try_from(random.below(20)).unwrap();
                if random.below(2) == 0 && entered.len() < most {
                    assert_eq!(index.insert(hash, id), Ok(()));
                    entered.insert((hash, id));
                } else {
                    index.remove(hash, id);
                    entered.remove(&(hash, id));
                }
                for &(hash, id) in &entered {
                    assert_eq!(index.find(hash, |found| found == id), Some(id), "{cells} cells");
                }
                assert_eq!(entered.contains(&(hash, id)), index.find(hash, |found| found == id).is_some());
            }
            for (hash, id) in entered {
                index.remove(hash, id);
            }
            assert!(memory.iter().all(|&cell| cell == 0), "{cells} cells");
        }
    }

    #[test]
    fn a_full_table_refuses_and_still_searches_to_an_end() {
        let mut memory = [0; 3];
        let mut index = Index::new(&mut memory);
        for id in 0..3 {
            assert_eq!(index.insert(0xffff_0000, id), Ok(()));
        }
        assert_eq!(index.insert(0, 7), Err(Full));
        assert_eq!(index.insert(0xffff_0000, 1), Ok(()), "it is there already");
        assert_eq!(index.find(0, |_| true), None);
        index.remove(0, 7);
        assert_eq!(index.find(0xffff_0000, |id| id == 2), Some(2));
        assert_eq!(Index::new(&mut []).insert(1, 1), Err(Full));
        assert_eq!(Index::new(&mut [0; 4]).insert(1, u16::MAX), Err(Full));
    }

    #[test]
    fn ids_up_to_the_largest_are_kept() {
        let mut memory = [0; 4];
        let mut index = Index::new(&mut memory);
        index.insert(5 << 16, 65_534).unwrap();
        assert_eq!(index.find(5 << 16, |_| true), Some(65_534));
    }

    #[test]
    fn other_bits_of_the_hash_are_told_apart_without_a_question() {
        let mut memory = [0; 4];
        let mut index = Index::new(&mut memory);
        index.insert(0x1234_0000, 1).unwrap();
        assert_eq!(index.find(0x1235_0000, |_| panic!("asked")), None);
    }

    #[test]
    fn a_path_hashes_as_the_packets_that_arrive_on_it() {
        let key = HashKey::new(&mut Random::new([1; 32]));
        for (local, remote) in [("192.0.2.1", "203.0.113.9"), ("2001:db8::1", "2001:db8:7:6:5:4:3:2")] {
            let path =
                Path::new(local.parse().unwrap(), remote.parse().unwrap(), InterfaceId(0), 1500).unwrap();
            let octets = match (path.source(), path.destination()) {
                (IpAddr::V4(local), IpAddr::V4(remote)) => [remote.octets(), local.octets()].concat(),
                (IpAddr::V6(local), IpAddr::V6(remote)) => [remote.octets(), local.octets()].concat(),
                _ => vec![],
            };
            let addresses = match octets.len() {
                8 => Addresses::V4(octets.first_chunk().unwrap()),
                _ => Addresses::V6(octets.first_chunk().unwrap()),
            };
            let hash = key.hash(&addresses, 0x01bb_c3cb);
            assert_eq!(key.hash(&Packed::of_path(&path).get(), 0x01bb_c3cb), hash);
            assert_ne!(key.hash(&Packed::of_path(&path).get(), 0x01bb_c3cc), hash);
            assert_ne!(HashKey::new(&mut Random::new([2; 32])).hash(&addresses, 0x01bb_c3cb), hash);
            // Each octet counts.
            for at in 0..octets.len() {
                let mut other = octets.clone();
                other[at] ^= 0x80;
                let addresses = match octets.len() {
                    8 => Addresses::V4(other.first_chunk().unwrap()),
                    _ => Addresses::V6(other.first_chunk().unwrap()),
                };
                assert_ne!(key.hash(&addresses, 0x01bb_c3cb), hash, "octet {at}");
            }
        }
    }

    #[test]
    fn neighbouring_connections_spread_over_the_table() {
        let key = HashKey::new(&mut Random::new([3; 32]));
        // A thousand ports of one host, and one port of a thousand hosts.
        for by_host in [0, 1] {
            let mut memory = vec![0; 2_000];
            let mut index = Index::new(&mut memory);
            for n in 0..1_000u16 {
                let [a, b] = n.to_be_bytes();
                let octets = [10, 0, a * by_host, b * by_host, 192, 0, 2, 1];
                let ports = (u32::from(n) * u32::from(1 - by_host) + 1_024) << 16 | 443;
                index.insert(key.hash(&Addresses::V4(&octets), ports), n).unwrap();
            }
            let mut longest = 0;
            let mut run = 0;
            for cell in memory {
                run = if cell == 0 { 0 } else { run + 1 };
                longest = longest.max(run);
            }
            assert!(longest < 40, "{longest} cells in a row");
        }
    }
}
