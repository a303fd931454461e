//! SYN cookies, RFC 4987 §3.6: when half-open connections cannot be kept any more, what a connection needs goes
//! out in the sequence number of the SYN-ACK and comes back in the ACK.
//!
//! ```text
//!   ISS    31                                   3 2    0
//!         +--------------------------------------+------+
//!         |  keyed hash of endpoints, IRS,       | MSS  |
//!         |  the current 64 seconds and the MSS  | index|
//!         +--------------------------------------+------+
//! ```
//! An ACK is believed for 64 to 128 seconds, and only while cookies are being given out. A stranger who guesses needs
//! some 2^28 segments. The MSS is the next lower of eight. What else the SYN offered goes out in the low bits of TSval
//! and comes back in TSecr; a peer without timestamps does without it.

use crate::addresses::Packed;
use crate::config;
use crate::engine::Tcp;
use crate::handshake::default_mss;
use crate::options::{Answer, OptionArea};
use crate::segment::Segment;
use crate::segment_arrives::shift_for;
use crate::seq::SeqNum;
use crate::statistics::count;
use crate::syn_table::{Offers, SynEntry, NOT_SCALED};
use crate::timestamps::{is_older, TICK_US};
use core::time::Duration;
use tersus_ip::{Addresses, Deadline, Instant, IpMeta, Random};
use tersus_wire::tcp::{Fields, Flags, Options, Timestamps};

/// First octet of what is hashed, so that no other use of the same key gives the same values.
const PURPOSE: u8 = b'C';
/// How long cookies of one kind are given out, in seconds.
const PERIOD_SECS: u64 = 64;
/// How long an ACK may bring a cookie at most.
const LIFETIME: Duration = Duration::from_secs(2 * PERIOD_SECS);
/// What the MSS is rounded down to: floors, common paths with and without tunnels, and jumbo frames.
const SIZES: [u16; 8] = [64, 536, 1220, 1360, 1400, 1440, 1460, 8940];
/// Low bits of a TSval that tell what a SYN offered: its window scale, or `NOT_SCALED`, and SACK-permitted.
const OFFERS_MASK: u32 = 31;
const SCALE_MASK: u32 = 15;
const SACK_BIT: u32 = 16;
/// `LIFETIME` in ticks of the timestamps' clock, and what the offers may take away.
const LIFETIME_TICKS: u32 = 128_000_000 / TICK_US + OFFERS_MASK + 1;
/// Bits of the number that index `SIZES`.
const INDEX_MASK: u32 = 7;

/// Endpoints of a connection as a segment of the peer shows them, and its initial sequence number.
struct Peer<'a> {
    addresses: Addresses<'a>,
    ports: u32,
    irs: SeqNum,
}

/// How an engine answers SYNs that it cannot keep: a value to pass to [`Tcp::use_syn_cookies`]. An engine that never
/// gets it links none of this, and drops such SYNs.
#[derive(Clone, Copy)]
pub struct SynCookies {
    pub(crate) on_syn: fn(&mut Tcp<'_>, &IpMeta<'_>, &Segment<'_>, &Options) -> Option<Answer>,
    pub(crate) on_ack: fn(&mut Tcp<'_>, &IpMeta<'_>, &Segment<'_>, u32) -> Promoted,
}

/// What an ACK to a listener led to.
pub(crate) enum Promoted {
    /// It brings no cookie of ours.
    No,
    /// It does, and there is no room for a connection now: the peer tries again.
    Later,
    /// A connection, established.
    Yes(u16),
}

impl SynCookies {
    /// When the SYN table, or the listener's share of it, is full.
    pub const WHEN_FULL: Self = Self { on_syn, on_ack };
}

impl core::fmt::Debug for SynCookies {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SynCookies::WHEN_FULL")
    }
}

impl Tcp<'_> {
    /// From now on SYNs that find no place are answered with cookies, RFC 4987 §3.6: a flood of forged SYNs keeps
    /// nobody out. While one is on, connections of peers without timestamps have neither window scale nor a large MSS.
    pub fn use_syn_cookies(&mut self, cookies: SynCookies) {
        self.cookies = Some(cookies);
    }
}

/// The SYN-ACK for a SYN that cannot be kept; the accept queue of its listener has room.
fn on_syn(tcp: &mut Tcp<'_>, packet: &IpMeta<'_>, seg: &Segment<'_>, syn: &Options) -> Option<Answer> {
    let destination = packet.addresses.destination();
    let index = tcp.listeners.find(destination, seg.local_port(), packet.interface)?;
    let listener = *tcp.listeners.at(index)?;
    let window = tcp.classes.get(usize::from(listener.options.class)).map_or(0, |class| class.receive);
    let peer = Peer { addresses: packet.addresses, ports: seg.ports, irs: seg.seq };
    let family = Packed::new(&packet.addresses).family;
    let iss = make(&tcp.shared.random, packet.now, &peer, syn.mss.unwrap_or(default_mss(family)));
    tcp.cookies_until = Deadline::at(packet.now + LIFETIME);
    count(&mut tcp.shared.stats.cookies_sent);
    let fields = Fields {
        src_port: seg.local_port(),
        dst_port: seg.remote_port(),
        seq: iss.0,
        ack: (seg.seq + 1).0,
        flags: Flags::SYN | Flags::ACK,
        window: tcp.shared.syn_window(window),
        urgent: 0,
    };
    // What the last SYN-ACK announced is as good as we know.
    let header_len = if family == 4 { 40 } else { 60 };
    let mss = tcp.announced_mtu.checked_sub(header_len);
    let mut offer = Options { mss, ..Options::EMPTY };
    if let Some(duty) =
        tcp.shared.timestamps.filter(|_| listener.options.timestamps == config::Timestamps::On)
    {
        if let Some(peers) = syn.timestamps {
            let key = Packed::new(&packet.addresses);
            let stamp = (duty.stamp)(&mut tcp.shared, &key, seg.ports, peers.value);
            offer.sack_permitted = syn.sack_permitted && tcp.shared.duties.sack.is_some();
            offer.window_scale = syn.window_scale.map(|_| shift_for(window));
            offer.timestamps = Some(Timestamps { value: with_offers(stamp.value, syn), ..stamp });
        }
    }
    // What does not fit in the place of the SYN is left out.
    let fits = |offer: &Options| offer.buffer_len() <= seg.options.len() + seg.payload.len();
    if !fits(&offer) {
        offer = Options { mss, ..Options::EMPTY };
    }
    let options = if fits(&offer) { OptionArea::of(&offer) } else { OptionArea::NONE };
    Some(Answer { fields, options })
}

/// The latest TSval, not after `now`, whose low bits tell what a SYN offered.
fn with_offers(now: u32, syn: &Options) -> u32 {
    let scale = syn.window_scale.map_or(NOT_SCALED, |shift| shift.min(14));
    let sack = if syn.sack_permitted { SACK_BIT } else { 0 };
    let value = now & !OFFERS_MASK | sack | u32::from(scale);
    if is_older(now, value) {
        value.wrapping_sub(OFFERS_MASK + 1)
    } else {
        value
    }
}

/// An ACK to a listener: the last of a handshake of which nothing was kept, if it brings a cookie.
fn on_ack(tcp: &mut Tcp<'_>, packet: &IpMeta<'_>, seg: &Segment<'_>, hash: u32) -> Promoted {
    if !tcp.cookies_until.is_running() || tcp.cookies_until.is_due(packet.now) || seg.has(Flags::SYN) {
        return Promoted::No;
    }
    let (irs, iss) = (seg.seq - 1, seg.ack - 1);
    let peer = Peer { addresses: packet.addresses, ports: seg.ports, irs };
    let Some(mss) = check(&tcp.shared.random, packet.now, &peer, iss) else { return Promoted::No };
    let destination = packet.addresses.destination();
    let Some(index) = tcp.listeners.find(destination, seg.local_port(), packet.interface) else {
        return Promoted::No;
    };
    let Some(listener) = tcp.listeners.at(index) else { return Promoted::No };
    if listener.len >= listener.backlog {
        count(&mut tcp.shared.stats.syn_backlog);
        return Promoted::Later;
    }
    let wanted = listener.options.timestamps == config::Timestamps::On;
    let addresses = Packed::new(&packet.addresses);
    let timestamps = tcp.shared.timestamps.filter(|_| wanted).and_then(|duty| {
        let timestamps = (duty.find)(seg.options)?;
        let now = (duty.stamp)(&mut tcp.shared, &addresses, seg.ports, 0).value;
        // Anything else is no echo of ours.
        (now.wrapping_sub(timestamps.echo) <= LIFETIME_TICKS).then_some(timestamps)
    });
    let entry = SynEntry {
        addresses,
        ports: seg.ports,
        hash: u16::try_from(hash >> 16).unwrap_or(0),
        irs,
        iss,
        ts_recent: timestamps.map_or(0, |timestamps| timestamps.value),
        peer_mss: mss,
        mtu: tcp.announced_mtu,
        listener: index,
        shift: timestamps.map_or(NOT_SCALED, scale_of),
        offers: timestamps.map_or(Offers::empty(), offers_of),
        interface: packet.interface.0,
        ..SynEntry::FREE
    };
    match tcp.promote(&entry, packet, seg) {
        Some(connection) => {
            count(&mut tcp.shared.stats.cookies_accepted);
            Promoted::Yes(connection)
        }
        None => {
            count(&mut tcp.shared.stats.accept_no_room);
            Promoted::Later
        }
    }
}

/// The window scale that an echo brings back.
fn scale_of(timestamps: Timestamps) -> u8 {
    let [low, ..] = (timestamps.echo & SCALE_MASK).to_le_bytes();
    low
}

/// What else it brings back.
fn offers_of(timestamps: Timestamps) -> Offers {
    let mut offers = Offers::TIMESTAMPS;
    offers.set(Offers::SACK, timestamps.echo & SACK_BIT != 0);
    offers
}

/// The cookie for a SYN that announced `mss`.
fn make(random: &Random, now: Instant, peer: &Peer<'_>, mss: u16) -> SeqNum {
    let index = SIZES.iter().rposition(|&size| size <= mss).unwrap_or(0);
    let index = u8::try_from(index).unwrap_or(0);
    number(random, period(now), peer, index)
}

/// The MSS in a cookie, if `iss` is one that was made for these endpoints of late.
fn check(random: &Random, now: Instant, peer: &Peer<'_>, iss: SeqNum) -> Option<u16> {
    let [index, ..] = (iss.0 & INDEX_MASK).to_le_bytes();
    let now = period(now);
    let is_ours = [now, now.wrapping_sub(1)].into_iter().any(|at| number(random, at, peer, index) == iss);
    SIZES.get(usize::from(index)).copied().filter(|_| is_ours)
}

fn period(now: Instant) -> u32 {
    let [a, b, c, d, ..] = (now.micros() / (PERIOD_SECS * 1_000_000)).to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

fn number(random: &Random, period: u32, peer: &Peer<'_>, index: u8) -> SeqNum {
    let mut octets = [0; 46];
    let [p0, p1, p2, p3] = period.to_le_bytes();
    let [s0, s1, s2, s3] = peer.irs.0.to_le_bytes();
    let [t0, t1, t2, t3] = peer.ports.to_le_bytes();
    let head = [PURPOSE, index, p0, p1, p2, p3, s0, s1, s2, s3, t0, t1, t2, t3];
    let mut len = 0;
    for (to, from) in octets.iter_mut().zip(head.iter().chain(peer.addresses.as_bytes())) {
        *to = *from;
        len += 1;
    }
    let [a, b, c, d, ..] = random.hash(octets.get(..len).unwrap_or(&octets)).to_le_bytes();
    SeqNum(u32::from_le_bytes([a, b, c, d]) & !INDEX_MASK | u32::from(index))
}

// The tests speak both families.
#[cfg(test)]
#[cfg(all(feature = "ipv4", feature = "ipv6"))]
mod tests {
    use super::*;

    const V4: [u8; 8] = [203, 0, 113, 9, 192, 0, 2, 1];

    fn peer(irs: u32) -> Peer<'static> {
        Peer { addresses: Addresses::V4(&V4), ports: 0x1234_0050, irs: SeqNum(irs) }
    }

    #[test]
    fn a_cookie_brings_the_mss_back_rounded_down() {
        let random = Random::new([1; 32]);
        let now = Instant::from_secs(1000);
        for (mss, want) in [
            (0, 64),
            (63, 64),
            (64, 64),
            (535, 64),
            (536, 536),
            (1220, 1220),
            (1400, 1400),
            (1459, 1440),
            (1460, 1460),
            (8939, 1460),
            (u16::MAX, 8940),
        ] {
            let iss = make(&random, now, &peer(77), mss);
            assert_eq!(check(&random, now, &peer(77), iss), Some(want), "MSS {mss}");
        }
    }

    #[test]
    fn a_cookie_is_good_for_its_endpoints_and_for_a_minute_or_two() {
        let random = Random::new([1; 32]);
        let made = Instant::from_secs(64 * 10 + 3);
        let iss = make(&random, made, &peer(77), 1460);
        let good = |secs, peer: &Peer<'_>, iss| check(&random, Instant::from_secs(secs), peer, iss).is_some();
        for (secs, want) in [(640, true), (703, true), (704, true), (767, true), (768, false), (639, false)] {
            assert_eq!(good(secs, &peer(77), iss), want, "at {secs} s");
        }
        assert!(!good(650, &peer(78), iss), "another IRS");
        assert!(!good(650, &Peer { ports: 0x1235_0050, ..peer(77) }, iss), "another port");
        let addresses = Addresses::V4(&[203, 0, 113, 8, 192, 0, 2, 1]);
        assert!(!good(650, &Peer { addresses, ..peer(77) }, iss), "another address");
        for bit in 0..32 {
            assert!(!good(650, &peer(77), SeqNum(iss.0 ^ 1 << bit)), "bit {bit}");
        }
        let other = Random::new([2; 32]);
        assert!(check(&other, made, &peer(77), iss).is_none(), "another key");
    }
}
