//! Initial sequence numbers, RFC 6528 §3 and RFC 9293 §3.4.1: a clock that ticks every 4 µs, plus a keyed hash of
//! addresses and ports.
//!
//! A new incarnation of a connection starts above the old one as the clock goes on, while the numbers of other
//! connections tell an outsider nothing.

use crate::addresses::Packed;
use crate::seq::SeqNum;
use tersus_ip::{Addresses, Instant, Random};

/// First octet of what is hashed, so that no other use of the same key gives the same values.
const PURPOSE: u8 = b'I';

/// The ISN of a connection between these addresses and ports, the peer's first, and how far its timestamps are ahead of
/// our clock, RFC 7323 §5.4.
#[must_use]
pub(crate) fn initial(random: &Random, now: Instant, addresses: &Packed, ports: u32) -> (SeqNum, u32) {
    let (number, offset) = hash(random, addresses, ports);
    (SeqNum(lower_half(now.micros() / 4).wrapping_add(number)), offset)
}

/// As [`initial`], without timestamps and by the lighter hash, for [`small`](crate::small); `addresses` as packets of
/// the peer have them.
#[must_use]
pub(crate) fn initial_light(random: &Random, now: Instant, addresses: &Addresses<'_>, ports: u32) -> SeqNum {
    let mut words = [u64::from(PURPOSE) << 32 | u64::from(ports), 0, 0, 0, 0];
    let octets = addresses.as_bytes();
    for (word, octets) in words.iter_mut().skip(1).zip(octets.chunks_exact(8)) {
        *word = u64::from_ne_bytes(octets.try_into().unwrap_or_default());
    }
    let hash = random.hash_light(words.get(..1 + octets.len() / 8).unwrap_or(&words));
    SeqNum(lower_half(now.micros() / 4).wrapping_add(lower_half(hash)))
}

/// Two numbers that belong to these endpoints and that nobody can tell without the key: for the ISN, and for timestamps.
#[must_use]
pub(crate) fn hash(random: &Random, addresses: &Packed, ports: u32) -> (u32, u32) {
    let (octets, len) = material(addresses, ports);
    let hash = random.hash(octets.get(..len).unwrap_or(&octets));
    (lower_half(hash), lower_half(hash >> 32))
}

/// What is hashed, and its length.
fn material(addresses: &Packed, ports: u32) -> ([u8; 37], usize) {
    let mut octets = [0; 37];
    let [a, b, c, d] = ports.to_be_bytes();
    let addresses = addresses.get();
    let mut len = 5;
    if let Some((head, rest)) = octets.split_first_chunk_mut() {
        *head = [PURPOSE, a, b, c, d];
        if let Some(place) = rest.get_mut(..addresses.as_bytes().len()) {
            place.copy_from_slice(addresses.as_bytes());
            len += place.len();
        }
    }
    (octets, len)
}

fn lower_half(word: u64) -> u32 {
    let [a, b, c, d, ..] = word.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

// The tests speak both families.
#[cfg(test)]
#[cfg(all(feature = "ipv4", feature = "ipv6"))]
mod tests {
    use super::*;

    fn path(local: &str, remote: &str) -> Packed {
        Packed::between(remote.parse().unwrap(), local.parse().unwrap())
    }

    // conf: TCP-ISN-01
    #[test]
    fn the_number_advances_by_one_in_four_microseconds() {
        let random = Random::new([1; 32]);
        let path = path("192.0.2.1", "203.0.113.9");
        let at = |micros| initial(&random, Instant::from_micros(micros), &path, 50_123 << 16 | 443).0;
        for (later, want) in
            [(0, 0), (3, 0), (4, 1), (1_000_000, 250_000), (4 << 32, 0), ((4 << 32) + 4_000, 1_000)]
        {
            assert_eq!(at(later).distance(at(0)), want, "{later} µs later");
        }
    }

    // conf: TCP-ISN-02, TCP-ISN-03
    #[test]
    fn each_socket_pair_and_each_key_has_numbers_of_its_own() {
        let now = Instant::from_secs(5);
        let key = Random::new([1; 32]);
        let a = path("192.0.2.1", "203.0.113.9");
        let b = path("2001:db8::1", "2001:db8::2");
        let numbers = [
            initial(&key, now, &a, 50_123 << 16 | 443).0,
            initial(&key, now, &a, 50_124 << 16 | 443).0,
            initial(&key, now, &a, 50_123 << 16 | 444).0,
            initial(&key, now, &a, 443 << 16 | 50_123).0,
            initial(&key, now, &path("203.0.113.9", "192.0.2.1"), 50_123 << 16 | 443).0,
            initial(&key, now, &path("192.0.2.1", "203.0.113.8"), 50_123 << 16 | 443).0,
            initial(&key, now, &path("192.0.2.2", "203.0.113.9"), 50_123 << 16 | 443).0,
            initial(&key, now, &b, 50_123 << 16 | 443).0,
            initial(&key, now, &path("2001:db8::1", "2001:db8::3"), 50_123 << 16 | 443).0,
            initial(&key, now, &path("2001:db8::4", "2001:db8::2"), 50_123 << 16 | 443).0,
            initial(&Random::new([2; 32]), now, &a, 50_123 << 16 | 443).0,
        ];
        for (i, one) in numbers.iter().enumerate() {
            for other in &numbers[i + 1..] {
                let apart = one.distance(*other).min(other.distance(*one));
                assert!(apart > 10_000, "{numbers:?}");
            }
        }
        assert_eq!(initial(&Random::new([1; 32]), now, &a, 50_123 << 16 | 443).0, numbers[0]);
    }
}
