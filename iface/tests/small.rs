//! Small hosts on simulated wires, with each other and with a whole one: what was sent arrives once, in order and
//! unharmed, whatever the wire does, and both ends learn that it is over. `poll_at` is honest: a host that says when it
//! wants to be polled does something then.
#![cfg(test)]

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;
use tersus_iface::icmp::EchoResponder;
use tersus_iface::igmp;
use tersus_iface::ip::small::{self, SmallIp};
use tersus_iface::ip::{self, InterfaceId};
use tersus_iface::phy::memory::{self, Wire};
use tersus_iface::phy::{
    earliest, Device, Ethernet, Fraction, Impairment, Instant, LinkLayer, Medium, Random, RxToken, TxMeta,
    TxToken,
};
use tersus_iface::tcp::congestion::Reno;
use tersus_iface::tcp::small::SmallTcp;
use tersus_iface::tcp::{
    self, Config, ConnectOptions, ConnectionId, Outcome, RecvError, SendError, State, Tcp,
};
use tersus_iface::udp::small::SmallUdp;
use tersus_iface::udp::{self, Local, Udp};
use tersus_iface::wire::Cidr;
use tersus_iface::{Progress, Stack};

const PORT: u16 = 7;

/// The octet at a place of a stream.
fn octet(salt: u32, at: usize) -> u8 {
    let at = u32::try_from(at).unwrap().wrapping_add(salt).wrapping_mul(0x9e37_79b1);
    (at ^ (at >> 15)).wrapping_mul(0x85eb_ca77).to_be_bytes()[0]
}

/// What programs do with either engine.
trait Host {
    fn poll(&mut self, now: Instant) -> Progress;
    fn poll_at(&self) -> Option<Instant>;
    fn connect(&mut self, now: Instant, to: SocketAddr) -> ConnectionId;
    fn accept(&mut self) -> Option<ConnectionId>;
    fn send(&mut self, id: ConnectionId, data: &[u8]) -> Result<usize, SendError>;
    fn recv(&mut self, id: ConnectionId, buffer: &mut [u8]) -> Result<usize, RecvError>;
    fn close(&mut self, id: ConnectionId);
    fn state(&mut self, id: ConnectionId) -> State;
    fn is_synchronized(&mut self, id: ConnectionId) -> bool {
        self.state(id).is_synchronized()
    }
    fn has_ended(&mut self, id: ConnectionId) -> bool {
        matches!(self.state(id), State::Closed | State::TimeWait)
    }
}

struct Small<'m, L> {
    ip: SmallIp<'m>,
    tcp: SmallTcp<'m>,
    link: L,
    icmp: EchoResponder,
}

impl<L: LinkLayer> Host for Small<'_, L> {
    fn poll(&mut self, now: Instant) -> Progress {
        self.ip.poll(now, &mut self.link, &mut (&mut self.icmp, &mut self.tcp))
    }
    fn poll_at(&self) -> Option<Instant> {
        use tersus_iface::ip::Transport;
        earliest(self.ip.poll_at(&self.link, &()), self.tcp.poll_at())
    }
    fn connect(&mut self, now: Instant, to: SocketAddr) -> ConnectionId {
        self.tcp.connect(&self.ip, now, to).unwrap()
    }
    fn accept(&mut self) -> Option<ConnectionId> {
        self.tcp.accept(PORT)
    }
    fn send(&mut self, id: ConnectionId, data: &[u8]) -> Result<usize, SendError> {
        self.tcp.send(id, data)
    }
    fn recv(&mut self, id: ConnectionId, buffer: &mut [u8]) -> Result<usize, RecvError> {
        self.tcp.recv(id, buffer)
    }
    fn close(&mut self, id: ConnectionId) {
        self.tcp.close(id).unwrap();
    }
    fn state(&mut self, id: ConnectionId) -> State {
        self.tcp.state(id).unwrap()
    }
}

struct Whole<'m, L> {
    stack: Stack<'m>,
    tcp: Tcp<'m>,
    link: L,
    listener: tcp::ListenerId,
}

impl<L: LinkLayer> Host for Whole<'_, L> {
    fn poll(&mut self, now: Instant) -> Progress {
        self.stack.poll_with(now, &mut [&mut self.link], &mut (&mut self.tcp,))
    }
    fn poll_at(&self) -> Option<Instant> {
        self.stack.poll_at(&[&self.link], &[&self.tcp])
    }
    fn connect(&mut self, now: Instant, to: SocketAddr) -> ConnectionId {
        self.tcp.connect(&self.stack.ip, now, to, ConnectOptions::default()).unwrap()
    }
    fn accept(&mut self) -> Option<ConnectionId> {
        self.tcp.accept(self.listener)
    }
    fn send(&mut self, id: ConnectionId, data: &[u8]) -> Result<usize, SendError> {
        self.tcp.send(id, data)
    }
    fn recv(&mut self, id: ConnectionId, buffer: &mut [u8]) -> Result<usize, RecvError> {
        self.tcp.recv(id, buffer)
    }
    fn close(&mut self, id: ConnectionId) {
        self.tcp.close(id).unwrap();
    }
    fn state(&mut self, id: ConnectionId) -> State {
        self.tcp.state(id).unwrap()
    }
}

/// One end of the conversation.
struct Program {
    id: Option<ConnectionId>,
    salts: [u32; 2],
    to_send: usize,
    sent: usize,
    received: usize,
    is_closed: bool,
    has_end: bool,
    /// It reads now and then only.
    is_lazy: bool,
    has_given_up: bool,
}

impl Program {
    /// Nobody answered for minutes: the wire may be as bad as that.
    fn give_up(&mut self, outcome: Outcome) -> bool {
        assert!(matches!(outcome, Outcome::TimedOut | Outcome::Unreachable(_)), "{outcome}");
        self.has_given_up = true;
        false
    }

    /// Sends, receives and closes what it can; whether anything moved.
    fn act(&mut self, host: &mut dyn Host, random: &mut Random) -> bool {
        if self.id.is_none() {
            self.id = host.accept();
        }
        let Some(id) = self.id else { return false };
        let before = (self.sent, self.received, self.has_end);
        while self.sent < self.to_send {
            let len = (self.to_send - self.sent).min(usize::try_from(random.below(3000)).unwrap() + 1);
            let data: Vec<u8> = (self.sent..self.sent + len).map(|at| octet(self.salts[0], at)).collect();
            let taken = match host.send(id, &data) {
                Ok(taken) => taken,
                Err(SendError::Ended(outcome)) => return self.give_up(outcome),
                Err(error) => panic!("after {} octets: {error}", self.sent),
            };
            self.sent += taken;
            if taken < len {
                break;
            }
        }
        if self.sent == self.to_send && !self.is_closed && host.is_synchronized(id) {
            self.is_closed = true;
            host.close(id);
        }
        if !self.is_lazy || random.below(8) == 0 {
            let mut buffer = [0; 700];
            loop {
                match host.recv(id, &mut buffer) {
                    Ok(0) => break,
                    Ok(len) => {
                        for (at, got) in (self.received..).zip(&buffer[..len]) {
                            assert_eq!(*got, octet(self.salts[1], at), "octet {at}");
                        }
                        self.received += len;
                    }
                    Err(RecvError::Finished) => {
                        self.has_end = true;
                        break;
                    }
                    Err(RecvError::Ended(outcome)) => return self.give_up(outcome),
                    Err(error) => panic!("after {} octets: {error}", self.received),
                }
            }
        }
        before != (self.sent, self.received, self.has_end)
    }
}

/// Who talks to whom; the one on the left opens.
#[derive(Debug, Clone, Copy)]
enum Pair {
    Small,
    SmallOpensToWhole,
    WholeOpensToSmall,
}

#[derive(Debug, Clone, Copy)]
enum Family {
    V4,
    V6,
}

fn address(family: Family, host: u8) -> Cidr {
    match family {
        Family::V4 => Cidr::new(Ipv4Addr::new(192, 0, 2, host).into(), 24).unwrap(),
        Family::V6 => Cidr::new(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, host.into()).into(), 64).unwrap(),
    }
}

fn small<L: LinkLayer>(link: L, family: Family, host: u8, buffer: usize, seed: u8) -> Small<'static, L> {
    let storage: &'static mut small::Storage<1, 0, 2> = Box::leak(Box::default());
    let mut ip = SmallIp::new(storage);
    ip.add_address(address(family, host)).unwrap();
    let rx = Box::leak(vec![0; buffer * 3].into_boxed_slice());
    let tx = Box::leak(vec![0; buffer * 3].into_boxed_slice());
    let connections = Box::leak(Box::new([tcp::small::Connection::FREE; 3]));
    let mut tcp = SmallTcp::from_slices(connections, rx, tx, Box::leak(Box::new([0; 1])), [seed; 32]);
    tcp.listen(PORT).unwrap();
    Small { ip, tcp, link, icmp: EchoResponder::default() }
}

fn whole<L: LinkLayer>(link: L, family: Family, host: u8, seed: u8) -> Whole<'static, L> {
    static RENO: Reno = Reno::DEFAULT;
    let storage: &'static mut ip::Storage<1, 1, 0, 4> = Box::leak(Box::default());
    let mut ip = ip::Ip::new(storage, [seed; 32], ip::Config::default());
    ip.add_address(InterfaceId(0), address(family, host)).unwrap();
    let storage: &'static mut tcp::Storage<2, 4096, 4096> = Box::leak(Box::new(tcp::Storage::new()));
    let mut tcp = Tcp::new(storage, Config::new(), &RENO, [seed; 32]);
    let listener = tcp.listen(PORT, 2).unwrap();
    Whole { stack: Stack::new(ip), tcp, link, listener }
}

/// Octets both ways over a wire that is harmed so, from one seed. `false`: somebody gave up.
fn converse(pair: Pair, family: Family, impairment: Impairment, seed: u64) -> bool {
    let mut random = Random::new([u8::try_from(seed % 251).unwrap(); 32]);
    let mut memory = memory::Storage::<64, 1514>::new();
    let wire = Wire::new(&mut memory, Medium::Ethernet, [u8::try_from(seed % 241).unwrap(); 32]);
    wire.impair_both(impairment);
    let (left, right) = wire.ends();
    let left: Ethernet<_> = Ethernet::new(left, [2, 0, 0, 0, 0, 1]);
    let right: Ethernet<_> = Ethernet::new(right, [2, 0, 0, 0, 0, 2]);
    let buffer = [1, 17, 536, 2048, 70_000][usize::try_from(seed % 5).unwrap()];
    let mut hosts: [Box<dyn Host + '_>; 2] = match pair {
        Pair::Small => {
            [Box::new(small(left, family, 1, buffer, 1)), Box::new(small(right, family, 2, buffer, 2))]
        }
        Pair::SmallOpensToWhole => {
            [Box::new(small(left, family, 1, buffer, 1)), Box::new(whole(right, family, 2, 2))]
        }
        Pair::WholeOpensToSmall => {
            [Box::new(whole(left, family, 1, 1)), Box::new(small(right, family, 2, buffer, 2))]
        }
    };
    let salts = [random.next_u32(), random.next_u32()];
    let most = u32::try_from((buffer * 20).clamp(60, 60_000)).unwrap();
    let to_send = [0, 0].map(|_: usize| usize::try_from(random.below(most)).unwrap());
    let mut programs = [0, 1].map(|end| Program {
        id: None,
        salts: [salts[end], salts[1 - end]],
        to_send: to_send[end],
        sent: 0,
        received: 0,
        is_closed: false,
        has_end: false,
        is_lazy: random.below(4) == 0,
        has_given_up: false,
    });
    let mut now = Instant::from_secs(100);
    for host in &mut hosts {
        host.poll(now);
    }
    let to = SocketAddr::new(address(family, 2).address(), PORT);
    programs[0].id = Some(hosts[0].connect(now, to));
    let mut moved_at = now;
    let mut turns_at_once = 0;
    loop {
        let mut is_busy = false;
        for (host, program) in hosts.iter_mut().zip(&mut programs) {
            is_busy |= host.poll(now) == Progress::More;
            if program.act(&mut **host, &mut random) {
                moved_at = now;
                is_busy = true;
            }
        }
        if programs.iter().any(|program| program.has_given_up) {
            assert!(
                impairment.loss != Fraction::NONE || impairment.corruption != Fraction::NONE,
                "seed {seed}"
            );
            return false;
        }
        let is_over = programs.iter().all(|program| program.has_end && program.is_closed)
            && hosts.iter_mut().zip(&programs).all(|(host, program)| host.has_ended(program.id.unwrap()));
        if is_over {
            break;
        }
        let next = hosts.iter().fold(None, |soonest, host| earliest(soonest, host.poll_at()));
        // A lazy program looks again after a while.
        let mut next = earliest(next, Some(now + Duration::from_millis(200))).unwrap();
        if is_busy {
            next = now;
        }
        turns_at_once = if next <= now { turns_at_once + 1 } else { 0 };
        assert!(turns_at_once < 10_000, "it spins at {now}: {pair:?} {family:?} seed {seed}");
        now = next.max(now);
        let state = |program: &Program| (program.sent, program.to_send, program.received, program.has_end);
        assert!(
            now < moved_at + Duration::from_secs(400),
            "it stalls: {pair:?} {family:?} {impairment:?} seed {seed}: {:?}",
            programs.each_ref().map(state)
        );
    }
    assert_eq!(programs.map(|program| program.received), [to_send[1], to_send[0]]);
    true
}

fn converse_all(seeds: u64, impairments: &[Impairment]) {
    let (mut all, mut given_up) = (0, 0);
    for (impairment, number) in impairments.iter().zip(0..) {
        for pair in [Pair::Small, Pair::SmallOpensToWhole, Pair::WholeOpensToSmall] {
            for family in [Family::V4, Family::V6] {
                for delay in [0, 20] {
                    for seed in 0..seeds {
                        let impairment = Impairment { delay: Duration::from_millis(delay), ..*impairment };
                        all += 1;
                        if !converse(pair, family, impairment, seed + number * 1000 + delay * 7) {
                            given_up += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(given_up * 100 <= all, "{given_up} of {all} gave up");
}

/// How many each; `TERSUS_SEEDS=n` for more.
fn seeds() -> u64 {
    std::env::var("TERSUS_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(10)
}

fn percent(percent: u32) -> Fraction {
    Fraction::from_millionths(percent * 10_000)
}

#[test]
fn small_hosts_talk_over_a_perfect_wire() {
    converse_all(seeds(), &[Impairment::NONE]);
}

#[test]
fn small_hosts_survive_loss() {
    let of = |loss| Impairment { loss: percent(loss), ..Impairment::NONE };
    converse_all(seeds(), &[of(1), of(5), of(10)]);
}

#[test]
fn small_hosts_survive_what_comes_twice_or_late() {
    let twice = Impairment { duplication: percent(20), ..Impairment::NONE };
    let late = Impairment {
        reordering: percent(20),
        reordering_delay: Duration::from_millis(5),
        ..Impairment::NONE
    };
    converse_all(seeds(), &[twice, late]);
}

#[test]
fn small_hosts_survive_damage() {
    let of = |corruption| Impairment { corruption: percent(corruption), ..Impairment::NONE };
    converse_all(seeds(), &[of(3), of(10)]);
}

/// What a frame holds of a datagram.
const LARGEST_WHOLE: u32 = 1000;

/// Two hosts of a small UDP each, one of which echoes, over a wire that is harmed so, from one seed. Returns how many
/// datagrams were sent and came back. Those above `LARGEST_WHOLE` go in fragments.
fn echo(family: Family, largest: u32, impairment: Impairment, seed: u64) -> (usize, usize) {
    let mut random = Random::new([u8::try_from(seed % 251).unwrap(); 32]);
    let mut memory = memory::Storage::<64, 1514>::new();
    let wire = Wire::new(&mut memory, Medium::Ethernet, [u8::try_from(seed % 241).unwrap(); 32]);
    wire.impair_both(impairment);
    let (left, right) = wire.ends();
    let mut links =
        [Ethernet::<_, 8>::new(left, [2, 0, 0, 0, 0, 1]), Ethernet::new(right, [2, 0, 0, 0, 0, 2])];
    let mut memories: [small::Storage<1, 0, 2>; 2] = Default::default();
    let mut ips = memories.each_mut().map(SmallIp::new);
    let mut fragments: [small::FragmentStorage<2048>; 2] = Default::default();
    if largest > LARGEST_WHOLE {
        for ((ip, fragments), seed) in ips.iter_mut().zip(&mut fragments).zip(1..) {
            ip.use_fragments(fragments, [seed; 32]);
        }
    }
    let mut storages: [udp::small::Storage<1, 8192, 2048>; 2] = Default::default();
    let mut udps = storages.each_mut().map(SmallUdp::new);
    for (ip, host) in ips.iter_mut().zip(1..) {
        ip.add_address(address(family, host)).unwrap();
    }
    let asks = udps[0].bind_any(&mut random).unwrap();
    let answers = udps[1].bind(PORT).unwrap();
    let to = SocketAddr::new(address(family, 2).address(), PORT);
    let (mut sent, mut lens, mut returned) = (0, Vec::new(), vec![0; 300]);
    let mut now = Instant::from_secs(100);
    let mut turns = 0;
    loop {
        turns += 1;
        assert!(turns < 20_000, "it spins at {now}: {family:?} seed {seed}");
        let mut is_busy = false;
        for ((ip, link), udp) in ips.iter_mut().zip(&mut links).zip(&mut udps) {
            is_busy |= ip.poll(now, link, &mut (udp,)) == Progress::More;
        }
        while sent < returned.len() && random.below(4) != 0 {
            let len = usize::try_from(random.below(largest)).unwrap() + 2;
            let number = u16::try_from(sent).unwrap().to_be_bytes();
            let write = |place: &mut [u8]| {
                for (at, octet_at) in place.iter_mut().enumerate() {
                    *octet_at = number.get(at).copied().unwrap_or(octet(u32::from(number[1]), at));
                }
            };
            if udps[0].send_with(asks, ip::Source::ANY, to, len, write).is_err() {
                break;
            }
            lens.push(len);
            sent += 1;
            is_busy = true;
        }
        while let Ok(Some(_)) = udps[1].send_back(answers) {
            is_busy = true;
        }
        while let Some((number, data)) = udps[0]
            .recv_with(asks, |meta, data| {
                assert_eq!(meta.remote, to);
                let (number, data) = data.split_first_chunk().unwrap();
                (usize::from(u16::from_be_bytes(*number)), data.to_vec())
            })
            .unwrap()
        {
            assert_eq!(data.len() + 2, lens[number], "seed {seed}");
            let salt = u32::from(u16::try_from(number).unwrap().to_be_bytes()[1]);
            assert!((2..).zip(&data).all(|(at, got)| *got == octet(salt, at)), "seed {seed}");
            returned[number] += 1;
        }
        let next = ips.iter().zip(&links).zip(&udps).fold(None, |soonest, ((ip, link), udp)| {
            use tersus_iface::ip::Transport;
            earliest(soonest, earliest(ip.poll_at(link, &()), udp.poll_at()))
        });
        match next {
            _ if is_busy => (),
            Some(next) if next < now + Duration::from_secs(30) => now = next.max(now),
            _ if sent == returned.len() => break,
            _ => now += Duration::from_millis(10),
        }
    }
    assert!(impairment.duplication != Fraction::NONE || returned.iter().all(|times| *times <= 1));
    (sent, returned.iter().filter(|times| **times > 0).count())
}

#[test]
fn datagrams_of_small_hosts_come_back_unharmed_or_not_at_all() {
    let of = |loss, twice, late, damage| Impairment {
        loss: percent(loss),
        duplication: percent(twice),
        reordering: percent(late),
        reordering_delay: Duration::from_millis(5),
        corruption: percent(damage),
        ..Impairment::NONE
    };
    for (impairment, least) in
        [(Impairment::NONE, 100), (of(10, 0, 0, 0), 60), (of(0, 20, 20, 0), 60), (of(0, 0, 0, 10), 60)]
    {
        for family in [Family::V4, Family::V6] {
            for seed in 0..seeds() {
                let (sent, returned) = echo(family, LARGEST_WHOLE, impairment, seed);
                let share = returned * 100 / sent;
                assert!(share >= least, "{family:?} {impairment:?} seed {seed}: {returned} of {sent}");
            }
        }
    }
}

#[test]
fn datagrams_in_fragments_come_back_unharmed_or_not_at_all() {
    let of = |loss, twice, late, damage| Impairment {
        loss: percent(loss),
        duplication: percent(twice),
        reordering: percent(late),
        reordering_delay: Duration::from_millis(5),
        corruption: percent(damage),
        ..Impairment::NONE
    };
    for (impairment, least) in [
        (Impairment::NONE, 100),
        (of(10, 0, 0, 0), 50),
        (of(0, 20, 0, 0), 60),
        (of(0, 0, 10, 0), 30),
        (of(0, 0, 0, 10), 50),
    ] {
        for seed in 0..seeds() {
            let (sent, returned) = echo(Family::V4, 1900, impairment, seed);
            let share = returned * 100 / sent;
            assert!(share >= least, "{impairment:?} seed {seed}: {returned} of {sent}");
        }
    }
}

/// Lets a small host and its routers talk: what the host says of groups, at which second.
#[test]
fn routers_hear_of_the_groups_of_a_small_host() {
    let mut memory = memory::Storage::<64, 1514>::new();
    let wire = Wire::new(&mut memory, Medium::Ethernet, [3; 32]);
    let (left, mut router) = wire.ends();
    let mut link: Ethernet<_> = Ethernet::new(left, [2, 0, 0, 0, 0, 1]);
    let mut storage: small::Storage<2, 0, 2> = small::Storage::default();
    let mut ip = SmallIp::new(&mut storage);
    let mut table = [ip::Membership::FREE; 4];
    ip.use_groups(&mut table);
    for family in [Family::V4, Family::V6] {
        ip.add_address(address(family, 2)).unwrap();
    }
    for group in ["224.0.0.1", "239.7.7.7", "ff15::7"] {
        ip.join(&mut link, group.parse().unwrap()).unwrap();
    }
    let mut storage: igmp::small::Storage<4> = igmp::small::Storage::new();
    let mut igmp = igmp::small::SmallIgmp::new(&mut storage, [1; 32]);
    let mut heard = Vec::new();
    for second in 100..200 {
        let now = Instant::from_secs(second);
        let query: &[u8] = match second {
            // General queries, to be answered within a second.
            120 => &[
                1, 0, 0x5e, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8, 0, 0x46, 0xc0, 0, 32, 0, 0, 0, 0, 1, 2, 0x82, 0x0d,
                192, 0, 2, 9, 224, 0, 0, 1, 0x94, 4, 0, 0, 0x11, 10, 0xee, 0xf5, 0, 0, 0, 0,
            ],
            _ => &[],
        };
        if let Some(token) = router.transmit(now).filter(|_| !query.is_empty()) {
            token.consume(query.len(), TxMeta::default(), |frame| frame.copy_from_slice(query));
        }
        if second == 150 {
            assert!(ip.leave(&mut link, "239.7.7.7".parse().unwrap()));
            assert!(ip.leave(&mut link, "ff15::7".parse().unwrap()));
        }
        while ip.poll(now, &mut link, &mut (&mut igmp,)) == Progress::More {}
        while let Some((token, _)) = router.receive(now) {
            token.consume(|frame| {
                let kind = match frame.get(12..14) {
                    Some([8, 0]) => format!("{:#x} {:?}", frame[38], &frame[42..46]),
                    _ => format!("{} {} {:?}", frame[62], frame[70], &frame[74..90]),
                };
                heard.push((second, kind));
            });
        }
    }
    let (own, joined) = (
        "[255, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 255, 0, 0, 2]",
        "[255, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]",
    );
    let group = "[239, 7, 7, 7]";
    // The changes, the answer, the leaves; 4 joins a group of MLDv2, 3 leaves it.
    let want: Vec<(u64, String)> = [
        (100, format!("0x16 {group}")),
        (100, format!("143 4 {joined}")),
        (100, format!("143 4 {own}")),
        (101, format!("0x16 {group}")),
        (101, format!("143 4 {joined}")),
        (101, format!("143 4 {own}")),
        (121, format!("0x16 {group}")),
        (150, format!("0x17 {group}")),
        (150, format!("143 3 {joined}")),
        (151, format!("0x17 {group}")),
        (151, format!("143 3 {joined}")),
    ]
    .into();
    assert_eq!(heard, want);
}

#[test]
fn a_small_udp_answers_a_whole_one() {
    let mut memory = memory::Storage::<64, 1514>::new();
    let wire = Wire::new(&mut memory, Medium::Ethernet, [3; 32]);
    let (left, right) = wire.ends();
    let mut left: Ethernet<_> = Ethernet::new(left, [2, 0, 0, 0, 0, 1]);
    let mut right: Ethernet<_> = Ethernet::new(right, [2, 0, 0, 0, 0, 2]);
    for family in [Family::V4, Family::V6] {
        let mut storage: ip::Storage<1, 2, 0, 4> = ip::Storage::default();
        let mut ip = ip::Ip::new(&mut storage, [1; 32], ip::Config::default());
        ip.add_address(InterfaceId(0), address(family, 1)).unwrap();
        let mut stack = Stack::new(ip);
        let mut storage: udp::Storage<1, 2048, 2048> = udp::Storage::new();
        let mut whole = Udp::new(&mut storage, [2; 32]);
        let asks = whole.bind(&Local::port(9)).unwrap();
        let mut storage: small::Storage<1, 0, 2> = small::Storage::default();
        let mut ip = SmallIp::new(&mut storage);
        ip.add_address(address(family, 2)).unwrap();
        let mut storage: udp::small::Storage<1, 2048, 2048> = udp::small::Storage::new();
        let mut small = SmallUdp::new(&mut storage);
        let answers = small.bind(PORT).unwrap();
        let now = Instant::from_secs(100);
        stack.poll_with(now, &mut [&mut left], &mut (&mut whole,));
        let to = SocketAddr::new(address(family, 2).address(), PORT);
        whole.send_to(&stack.ip, asks, to, b"hello").unwrap();
        whole.send_to(&stack.ip, asks, SocketAddr::new(to.ip(), 8), b"nobody").unwrap();
        for _ in 0..10 {
            stack.poll_with(now, &mut [&mut left], &mut (&mut whole,));
            ip.poll(now, &mut right, &mut (&mut small,));
            while let Ok(Some(_)) = small.send_back(answers) {}
        }
        let mut buffer = [0; 10];
        let got = whole.recv(asks, &mut buffer).unwrap().unwrap();
        assert_eq!((got.meta.remote, &buffer[..got.copied]), (to, &b"hello"[..]));
        assert_eq!(small.statistics().no_port, 1);
        assert!(whole.take_error(asks).unwrap().is_some(), "nobody at port 8");
    }
}
