//! Programs at the two ends of a TCP connection: each sends a stream, and compares what it receives.

use crate::network::Network;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use tersus_iface::phy::{earliest, Instant, Random};
use tersus_iface::tcp::{ConnectOptions, ConnectionId, ListenerId, Outcome, RecvError, SendError, Tcp};

/// The octet at a place of a stream: no two places a short way apart have the same neighbourhood.
fn octet(salt: u32, at: usize) -> u8 {
    let at = u32::try_from(at).unwrap().wrapping_add(salt).wrapping_mul(0x9e37_79b1);
    (at ^ (at >> 15)).wrapping_mul(0x85eb_ca77).to_be_bytes()[0]
}

/// How a program reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// All that is there, at once.
    Eager,
    /// Some of it, now and then: windows close.
    Lazy,
}

/// One end.
pub(crate) struct Program {
    pub(crate) host: usize,
    pub(crate) id: ConnectionId,
    salts: [u32; 2],
    /// Octets to send.
    to_send: usize,
    pub(crate) sent: usize,
    pub(crate) received: usize,
    is_closed: bool,
    /// It neither sends nor closes any more.
    is_silent: bool,
    /// The peer's end of stream was read.
    pub(crate) has_ended: bool,
    reading: Reading,
    read_at: Instant,
}

impl Program {
    pub(crate) fn new(
        host: usize,
        id: ConnectionId,
        salts: [u32; 2],
        to_send: usize,
        reading: Reading,
    ) -> Self {
        let read_at = Instant::ZERO;
        let (sent, received, is_closed, is_silent, has_ended) = (0, 0, false, false, false);
        Self { host, id, salts, to_send, sent, received, is_closed, is_silent, has_ended, reading, read_at }
    }

    /// Sends, receives and closes what it can. Returns whether anything moved.
    pub(crate) fn act(&mut self, tcp: &mut Tcp<'_>, now: Instant, random: &mut Random) -> bool {
        let (sent, received, ended) = (self.sent, self.received, self.has_ended);
        self.write(tcp, random);
        self.read(tcp, now, random);
        (sent, received, ended) != (self.sent, self.received, self.has_ended)
    }

    fn write(&mut self, tcp: &mut Tcp<'_>, random: &mut Random) {
        if self.is_silent {
            return;
        }
        while self.sent < self.to_send && !self.is_closed {
            let most = 1 + usize::try_from(random.below(5000)).unwrap();
            let [salt, _] = self.salts;
            let (start, left) = (self.sent, self.to_send - self.sent);
            let written = tcp.send_with(self.id, |free| {
                let len = free.len().min(left).min(most);
                for (place, at) in free[..len].iter_mut().zip(start..) {
                    *place = octet(salt, at);
                }
                len
            });
            match written {
                Ok(0) => break,
                Ok(len) => self.sent += len,
                Err(SendError::Ended(_)) => return,
                Err(error) => panic!("host {}: sending: {error}", self.host),
            }
        }
        // CLOSE in SYN-SENT gives the attempt up, RFC 9293 §3.10.4.
        if self.sent == self.to_send && !self.is_closed && tcp.is_established(self.id) {
            tcp.close(self.id).unwrap();
            self.is_closed = true;
        }
    }

    fn read(&mut self, tcp: &mut Tcp<'_>, now: Instant, random: &mut Random) {
        if now < self.read_at {
            return;
        }
        let mut most = usize::MAX;
        if self.reading == Reading::Lazy {
            self.read_at = now + Duration::from_millis(1 + u64::from(random.below(300)));
            most = 1 + usize::try_from(random.below(3000)).unwrap();
        }
        while most > 0 {
            let [_, salt] = self.salts;
            let (host, start) = (self.host, self.received);
            let read = tcp.recv_with(self.id, |data| {
                let len = data.len().min(most);
                for (got, at) in data[..len].iter().zip(start..) {
                    assert_eq!(*got, octet(salt, at), "host {host}: octet {at} of its stream is another");
                }
                (len, len)
            });
            match read {
                Ok(0) => break,
                Ok(len) => {
                    self.received += len;
                    most -= len;
                }
                Err(RecvError::Finished) => {
                    self.has_ended = true;
                    break;
                }
                Err(RecvError::Ended(_)) => break,
                Err(error) => panic!("host {}: receiving: {error}", self.host),
            }
        }
    }

    /// When it wants to read again.
    fn wants(&self, now: Instant) -> Option<Instant> {
        (!self.has_ended && self.read_at > now).then_some(self.read_at)
    }
}

/// A connection between two hosts with a program at each end.
pub(crate) struct Conversation {
    pub(crate) client: Program,
    pub(crate) server: Option<Program>,
    pub(crate) listener: ListenerId,
    server_host: usize,
    to_send: [usize; 2],
    salts: [u32; 2],
    reading: Reading,
    pub(crate) progress: Instant,
    /// Longest time without any.
    pub(crate) stall: Duration,
}

impl Conversation {
    /// Connects from `hosts[0]` to a new listener of `hosts[1]`, each to send as many octets.
    pub(crate) fn open(
        network: &mut Network<'_, '_>,
        hosts: [usize; 2],
        to: IpAddr,
        port: u16,
        to_send: [usize; 2],
        reading: Reading,
    ) -> Self {
        let listener = network.hosts[hosts[1]].tcp.listen(port, 4).unwrap();
        Self::open_at(network, hosts, listener, SocketAddr::new(to, port), to_send, reading)
    }

    /// The same at a listener that is there.
    pub(crate) fn open_at(
        network: &mut Network<'_, '_>,
        hosts: [usize; 2],
        listener: ListenerId,
        to: SocketAddr,
        to_send: [usize; 2],
        reading: Reading,
    ) -> Self {
        let now = network.now;
        let salts = [network.random.next_u16(), network.random.next_u16()].map(u32::from);
        let host = &mut network.hosts[hosts[0]];
        let id = host.tcp.connect(&host.stack.ip, now, to, ConnectOptions::default()).unwrap();
        let client = Program::new(hosts[0], id, salts, to_send[0], reading);
        let (server, server_host, progress, stall) = (None, hosts[1], now, Duration::ZERO);
        Self { client, server, listener, server_host, to_send, salts, reading, progress, stall }
    }

    /// The same with the octets of another conversation: either server may serve either client.
    pub(crate) fn open_like(
        network: &mut Network<'_, '_>,
        hosts: [usize; 2],
        listener: ListenerId,
        to: SocketAddr,
        to_send: [usize; 2],
        other: &Self,
    ) -> Self {
        let mut like = Self::open_at(network, hosts, listener, to, to_send, other.reading);
        like.salts = other.salts;
        like.client.salts = other.salts;
        like
    }

    /// Lets both programs do what they can, and looks whether anything moved.
    pub(crate) fn act(&mut self, network: &mut Network<'_, '_>) {
        let Network { hosts, now, random, .. } = network;
        let mut moved = self.client.act(&mut hosts[self.client.host].tcp, *now, random);
        if self.server.is_none() {
            if let Some(id) = hosts[self.server_host].tcp.accept(self.listener) {
                let [from_client, from_server] = self.salts;
                let salts = [from_server, from_client];
                let program = Program::new(self.server_host, id, salts, self.to_send[1], self.reading);
                self.server = Some(program);
            }
        }
        if let Some(server) = &mut self.server {
            moved |= server.act(&mut hosts[server.host].tcp, *now, random);
        }
        if moved {
            self.stall = self.stall.max(now.since(self.progress));
            self.progress = *now;
        }
    }

    /// How the connection ended at both ends, as far as it has.
    pub(crate) fn outcomes(&self, network: &Network<'_, '_>) -> [Option<Outcome>; 2] {
        let outcome = |program: &Program| network.hosts[program.host].tcp.outcome(program.id).unwrap();
        [outcome(&self.client), self.server.as_ref().and_then(outcome)]
    }

    /// When one of its programs wants to read again.
    pub(crate) fn wants(&self, now: Instant) -> Option<Instant> {
        earliest(self.client.wants(now), self.server.as_ref().and_then(|server| server.wants(now)))
    }

    /// Whether both ends have an outcome, and nothing is left to read.
    pub(crate) fn is_over(&self, network: &Network<'_, '_>) -> bool {
        self.outcomes(network).iter().all(Option::is_some) && self.have_read_all(network)
    }

    /// One step of the network, or of a program.
    pub(crate) fn step(&mut self, network: &mut Network<'_, '_>, end: Instant) -> bool {
        let wanted = self.wants(network.now);
        let stepped = network.step(wanted.unwrap_or(end).min(end));
        self.act(network);
        stepped || network.now < end
    }

    /// Runs until both ends have an outcome, with progress every `patience`.
    pub(crate) fn run(&mut self, network: &mut Network<'_, '_>, patience: Duration) -> [Outcome; 2] {
        self.act(network);
        loop {
            if let ([Some(client), Some(server)], true) =
                (self.outcomes(network), self.have_read_all(network))
            {
                return [client, server];
            }
            let end = self.progress + patience;
            let (done, of) = (self.state(), self.to_send);
            assert!(
                self.step(network, end),
                "{}: no progress for {patience:?}: {done} of {of:?}",
                network.now
            );
        }
    }

    /// Lets what was sent arrive and be read; from then on both programs are silent, and the connection stays open.
    pub(crate) fn stop_sending(&mut self, network: &mut Network<'_, '_>) {
        for program in [Some(&mut self.client), self.server.as_mut()].into_iter().flatten() {
            program.is_silent = true;
        }
        let end = network.now + Duration::from_secs(60);
        while network.now < end {
            self.step(network, end);
        }
        for program in [Some(&self.client), self.server.as_ref()].into_iter().flatten() {
            assert_eq!(network.hosts[program.host].tcp.send_queue(program.id), Ok(0));
        }
        self.progress = network.now;
    }

    /// Whether nothing is left to read: a connection can be over before its programs are.
    fn have_read_all(&self, network: &Network<'_, '_>) -> bool {
        [Some(&self.client), self.server.as_ref()].into_iter().flatten().all(|program| {
            let tcp = &network.hosts[program.host].tcp;
            program.has_ended
                || (tcp.outcome(program.id) != Ok(Some(Outcome::Finished))
                    && tcp.recv_queue(program.id) == Ok(0))
        })
    }

    pub(crate) fn state(&self) -> String {
        let show = |p: &Program| {
            let Program { sent, received, is_closed, has_ended, .. } = p;
            format!("sent {sent} received {received} closed {is_closed} ended {has_ended}")
        };
        format!("client {}, server {:?}", show(&self.client), self.server.as_ref().map(show))
    }

    /// Runs to the end that a transfer should have: everything arrived, both sides know it.
    pub(crate) fn finish(&mut self, network: &mut Network<'_, '_>, patience: Duration) {
        let outcomes = self.run(network, patience);
        let done = self.state();
        assert_eq!(outcomes, [Outcome::Finished; 2], "{done}");
        let server = self.server.as_ref().unwrap();
        assert_eq!([server.received, self.client.received], self.to_send, "{done}");
        assert!(server.has_ended && self.client.has_ended, "{done}");
        network.hosts[self.client.host].tcp.release(self.client.id).unwrap();
        network.hosts[server.host].tcp.release(server.id).unwrap();
    }
}
