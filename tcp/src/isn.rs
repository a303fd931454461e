//! Initial sequence numbers, RFC 6528 §3 and RFC 9293 §3.4.1: a clock that ticks every 4 µs, plus a keyed hash of
//! addresses and ports.
//!
//! A new incarnation of a connection starts above the old one as the clock goes on, while the numbers of other
//! connections tell an outsider nothing.

use crate::seq::SeqNum;
use core::net::IpAddr;
use tersus_ip::{Instant, Path, Random};

/// First octet of what is hashed, so that no other use of the same key gives the same values.
const PURPOSE: u8 = b'I';

/// The ISN of a connection on `path`, whose source is our address.
#[must_use]
pub(crate) fn initial(
    random: &Random,
    now: Instant,
    path: &Path,
    local_port: u16,
    remote_port: u16,
) -> SeqNum {
    let mut octets = [0; 37];
    let [l0, l1] = local_port.to_be_bytes();
    let [r0, r1] = remote_port.to_be_bytes();
    let head = [PURPOSE, l0, l1, r0, r1];
    let mut len = 0;
    let mut put = |from: &[u8]| {
        for (to, from) in octets.iter_mut().skip(len).zip(from) {
            *to = *from;
        }
        len += from.len();
    };
    put(&head);
    for address in [path.source(), path.destination()] {
        match address {
            IpAddr::V4(address) => put(&address.octets()),
            IpAddr::V6(address) => put(&address.octets()),
        }
    }
    let hash = random.hash(octets.get(..len).unwrap_or(&octets));
    SeqNum(lower_half(now.micros() / 4).wrapping_add(lower_half(hash)))
}

fn lower_half(word: u64) -> u32 {
    let [a, b, c, d, ..] = word.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;
    use tersus_ip::InterfaceId;

    fn path(local: &str, remote: &str) -> Path {
        Path::new(local.parse().unwrap(), remote.parse().unwrap(), InterfaceId(0), 1500).unwrap()
    }

    // conf: TCP-ISN-01
    #[test]
    fn the_number_advances_by_one_in_four_microseconds() {
        let random = Random::new([1; 32]);
        let path = path("192.0.2.1", "203.0.113.9");
        let at = |micros| initial(&random, Instant::from_micros(micros), &path, 443, 50_123);
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
            initial(&key, now, &a, 443, 50_123),
            initial(&key, now, &a, 443, 50_124),
            initial(&key, now, &a, 444, 50_123),
            initial(&key, now, &a, 50_123, 443),
            initial(&key, now, &path("203.0.113.9", "192.0.2.1"), 443, 50_123),
            initial(&key, now, &path("192.0.2.1", "203.0.113.8"), 443, 50_123),
            initial(&key, now, &path("192.0.2.2", "203.0.113.9"), 443, 50_123),
            initial(&key, now, &b, 443, 50_123),
            initial(&key, now, &path("2001:db8::1", "2001:db8::3"), 443, 50_123),
            initial(&key, now, &path("2001:db8::4", "2001:db8::2"), 443, 50_123),
            initial(&Random::new([2; 32]), now, &a, 443, 50_123),
        ];
        for (i, one) in numbers.iter().enumerate() {
            for other in &numbers[i + 1..] {
                let apart = one.distance(*other).min(other.distance(*one));
                assert!(apart > 10_000, "{numbers:?}");
            }
        }
        assert_eq!(initial(&Random::new([1; 32]), now, &a, 443, 50_123), numbers[0]);
    }
}
