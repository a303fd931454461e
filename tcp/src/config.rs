//! What can be tuned: of the engine, and of each connection.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use tersus_ip::InterfaceId;

/// Settings of a TCP engine: `Config { rto_min: Duration::from_millis(200), ..Config::new() }`. Values outside of
/// their range are brought into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// RTO before any measurement, RFC 6298 §2, rule 2.1. Default 1 s; at least `rto_min`.
    pub rto_initial: Duration,
    /// Floor of the RTO, RFC 6298 §2, rule 2.4. Default 1 s, as the RFC wants; 10 ms at least. 200 ms is common practice.
    pub rto_min: Duration,
    /// Cap of the RTO, RFC 6298 §2, rule 2.5. Default 60 s, which is the least the RFC permits; 1 s at least.
    pub rto_max: Duration,
    /// R1, RFC 9293 §3.8.3: after so many retransmissions of one segment the IP layer is told to suspect the
    /// path. Default 3.
    pub r1: u8,
    /// R2, RFC 9293 §3.8.3, of connections without a user timeout: one whose data are retransmitted without any
    /// progress for so long is given up with [`Outcome::TimedOut`](crate::Outcome::TimedOut). Default 100 s, the
    /// least that the RFC recommends.
    pub r2: Duration,
    /// R2 of a SYN. Default 180 s, the least that the RFC permits.
    pub r2_syn: Duration,
    /// How long a half-open connection waits for the last ACK of the handshake. Default 63 s: five
    /// retransmissions of the SYN-ACK. 1 s to 1 h.
    pub half_open: Duration,
    /// Keep-alive, RFC 9293 §3.8.4: silence before the first probe. Default 2 h, the least that the RFC permits.
    pub keep_alive_idle: Duration,
    /// Keep-alive: time between probes. Default 75 s.
    pub keep_alive_interval: Duration,
    /// Keep-alive: probes without any answer before the connection is given up. Default 9; at least 2.
    pub keep_alive_count: u8,
    /// How long an ACK may wait for company, RFC 9293 §3.8.6.3. Default 40 ms; at most 499 ms; zero: never waits.
    pub delayed_ack: Duration,
    /// So many full segments of a young connection are acknowledged one by one, so that the peer's slow start, which counts
    /// ACKs, is not held back by ours, RFC 5681 §3.1. Default 16; 0: none.
    pub quick_acks: u8,
    /// So many full segments are acknowledged one by one after each that came ahead of a gap: who loses segments has a small
    /// window, and what an ACK waits it cannot use. With one segment in a hundred lost CUBIC carries 7 % more for it.
    /// Default 128; 0: none.
    pub quick_acks_after_gap: u8,
    /// How long a segment below the window's worth waits for a larger window, RFC 9293 §3.8.6.2.1. Default
    /// 200 ms; 100 ms to 1 s.
    pub sws_override: Duration,
    /// How long TIME-WAIT lasts. Default 10 s, as in the field; RFC 9293 §3.4.2 says 2 MSL, 240 s.
    pub time_wait: Duration,
    /// How long FIN-WAIT-2 of a *released* connection waits for the peer's FIN. Default 60 s.
    pub fin_wait_2: Duration,
    /// Challenge and duplicate ACKs that one connection sends within five to six seconds, RFC 5961 §7. Default 10.
    pub challenge_acks: u8,
    /// The same for all connections together, within one second; the true limit is random, between this and half of
    /// it, so that it cannot be used to probe for connections. Default 200.
    pub challenge_acks_overall: u16,
    /// The smallest segment size that a peer's MSS option or a path can impose, in octets of payload. Default 64;
    /// 1 to 536.
    pub mss_floor: u16,
    /// Whether connections use timestamps at all, RFC 7323. Default on; each connection can still do without.
    pub timestamps: Timestamps,
    /// Ephemeral ports, RFC 6056: first. Default 1024; at least 1.
    pub first_port: u16,
    /// Ephemeral ports, RFC 6056: last. Default 65535; at least `first_port`.
    pub last_port: u16,
}

impl Config {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            rto_initial: Duration::from_secs(1),
            rto_min: Duration::from_secs(1),
            rto_max: Duration::from_secs(60),
            r1: 3,
            r2: Duration::from_secs(100),
            r2_syn: Duration::from_secs(180),
            half_open: Duration::from_secs(63),
            keep_alive_idle: Duration::from_secs(7_200),
            keep_alive_interval: Duration::from_secs(75),
            keep_alive_count: 9,
            delayed_ack: Duration::from_millis(40),
            quick_acks: 16,
            quick_acks_after_gap: 128,
            sws_override: Duration::from_millis(200),
            time_wait: Duration::from_secs(10),
            fin_wait_2: Duration::from_secs(60),
            challenge_acks: 10,
            challenge_acks_overall: 200,
            mss_floor: 64,
            timestamps: Timestamps::On,
            first_port: 1024,
            last_port: 65_535,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether small segments, those that are not full, wait for acknowledgements: RFC 9293 §3.7.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Nagle {
    /// A small segment waits for the acknowledgement of the small one before it, not for that of full ones: the form of
    /// Appendix A.3 (Minshall). One is in flight at most. So the end of a message that is longer than a segment does not
    /// wait for the peer's delayed ACK, and the end of a window is used by whatever fits there.
    ///
    /// The strict form, by which it waits for all that is in flight, has no value of its own: it saves at most one segment a
    /// round trip, and who wants fuller segments than these has `Cork`.
    #[default]
    On,
    /// They leave at once: lowest delay.
    Off,
    /// They wait even with nothing in flight: for a full segment, for [`Tcp::push`](crate::Tcp::push) or `close`, and
    /// no longer than [`Config::sws_override`]. For who writes a message piece by piece.
    Cork,
}

/// Whether an idle connection is probed, RFC 9293 §3.8.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeepAlive {
    /// It is not, as the RFC demands by default.
    #[default]
    Off,
    /// It is, with the times of [`Config`], if the engine has that among its [`Duties`](crate::Duties).
    On,
}

/// Explicit congestion notification, RFC 3168; it needs the duty [`Duties::with_ecn`](crate::Duties::with_ecn).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ecn {
    /// Used if the peer asks for it. Attempts to connect do not.
    #[default]
    Accept,
    /// Attempts to connect ask for it as well; a SYN that has to be sent again no longer does.
    Request,
    /// Not used.
    Off,
}

/// Whether segments carry timestamps, RFC 7323: 12 octets each, for round-trip times of what was sent again and for
/// protection against sequence numbers that come round again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Timestamps {
    /// They do if the peer agrees, and if the engine has that among its [`Duties`](crate::Duties).
    #[default]
    On,
    /// They do not: nothing is offered, and what the peer offers is ignored.
    Off,
}

/// Settings of one connection. A listener hands its own to the connections it accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Whether small segments wait.
    pub nagle: Nagle,
    /// Whether an idle connection is probed.
    pub keep_alive: KeepAlive,
    /// Whether timestamps are offered and accepted; both this and [`Config::timestamps`] must be on.
    pub timestamps: Timestamps,
    /// User timeout, RFC 9293 §3.10.8: data that stay unacknowledged for so long end the connection. It is this
    /// connection's R2 (§3.8.3 MUST-21) and takes the place of [`Config::r2`] and [`Config::r2_syn`], shorter or longer.
    /// Zero: those. Rounded up to milliseconds; 49 days or more, such as [`Duration::MAX`]: never.
    pub user_timeout: Duration,
    /// Hop Limit, also TTL, of what is sent; 0: the interface's default.
    pub hop_limit: u8,
    /// Traffic Class of what is sent; the lower two bits are ECN's and ignored. RFC 9293 §3.9.1.9.
    pub traffic_class: u8,
    /// Whether routers may mark packets instead of dropping them.
    pub ecn: Ecn,
    /// Buffer class that the connection is taken from; see [`Tcp::divide`](crate::Tcp::divide). 0 is the first.
    pub class: u8,
}

impl Options {
    /// The defaults: Nagle and timestamps on, no keep-alive, no user timeout.
    pub const NONE: Self = Self {
        nagle: Nagle::On,
        keep_alive: KeepAlive::Off,
        timestamps: Timestamps::On,
        user_timeout: Duration::ZERO,
        hop_limit: 0,
        traffic_class: 0,
        ecn: Ecn::Accept,
        class: 0,
    };
}

/// Where to connect from, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConnectOptions {
    /// Local address; `None`: source selection of the IP layer, RFC 6724.
    pub address: Option<IpAddr>,
    /// Local port; 0: an ephemeral one, RFC 6056.
    pub port: u16,
    /// Interface to leave from; needed for link-local peers if there are several.
    pub interface: Option<InterfaceId>,
    /// Settings of the connection.
    pub options: Options,
}

/// Where a listener waits: a port, at one of our addresses or all, for what comes in by one interface or by any.
///
/// `80` means port 80 of both families; `0.0.0.0:80` of IPv4, `[::]:80` of IPv6 alone;
/// `Endpoint { interface: Some(id), ..80.into() }` is for one interface. Of several that fit a segment the one of its
/// interface comes first, then the one of its address, then that of its family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// The address; unspecified: every address of its family; `None`: every address.
    pub address: Option<IpAddr>,
    /// The port; not 0.
    pub port: u16,
    /// The interface that connections come in by; `None`: any.
    pub interface: Option<InterfaceId>,
}

impl From<u16> for Endpoint {
    fn from(port: u16) -> Self {
        Self { address: None, port, interface: None }
    }
}

impl From<(IpAddr, u16)> for Endpoint {
    fn from((address, port): (IpAddr, u16)) -> Self {
        Self { address: Some(address), port, interface: None }
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        Self { address: Some(address.ip()), port: address.port(), interface: None }
    }
}
