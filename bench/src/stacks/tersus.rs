//! tersus, in both compositions that `iface` offers.

use crate::host::{Class, Host, Micros, Needs, Timestamps, SMALL_BUFFER};
use crate::link::{Checksums, End};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::marker::PhantomData;
use tersus_iface::ip::{Config, InterfaceId, Ip, Storage};
use tersus_iface::phy::{
    Capabilities, ChecksumOffload, Device, Ethernet, Instant, Medium, RxChecksum, RxMeta, TxMeta,
};
use tersus_iface::tcp::congestion::{Congestion, Cubic, Unlimited};
use tersus_iface::tcp::{self, ConnectOptions, ConnectionId, Endpoint, ListenerId, Options, State, Tcp};
use tersus_iface::udp::{self, Udp};
use tersus_iface::wire::Cidr;
use tersus_iface::{Progress, Stack};

/// An end of the link as tersus sees it.
pub struct Port(End);

pub struct RxToken<'a>(&'a End);
pub struct TxToken<'a>(&'a End);

impl Device for Port {
    type Rx<'a> = RxToken<'a>;
    type Tx<'a> = TxToken<'a>;

    #[inline]
    fn receive(&mut self, _now: Instant) -> Option<(RxToken<'_>, Option<TxToken<'_>>)> {
        let back = self.0.can_transmit().then_some(TxToken(&self.0));
        self.0.can_receive().then_some((RxToken(&self.0), back))
    }

    #[inline]
    fn transmit(&mut self, _now: Instant) -> Option<TxToken<'_>> {
        self.0.can_transmit().then_some(TxToken(&self.0))
    }

    #[inline]
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::new(Medium::Ethernet, self.0.options.mtu as u16);
        if self.0.options.checksums == Checksums::Offloaded {
            capabilities.checksum = ChecksumOffload::Partial;
        }
        capabilities
    }
}

impl tersus_iface::phy::RxToken for RxToken<'_> {
    #[inline]
    fn meta(&self) -> RxMeta {
        let mut meta = RxMeta::default();
        if self.0.options.checksums == Checksums::Offloaded {
            meta.checksum = RxChecksum::Verified;
        }
        meta
    }

    #[inline]
    fn consume<R>(self, f: impl FnOnce(&mut [u8]) -> R) -> R {
        self.0.receive(f)
    }
}

impl tersus_iface::phy::TxToken for TxToken<'_> {
    #[inline]
    fn consume<R>(self, len: usize, _meta: TxMeta, f: impl FnOnce(&mut [u8]) -> R) -> R {
        self.0.transmit(len, f)
    }
}

type Link = Ethernet<Port>;

/// How a turn is composed.
pub trait Composition {
    fn poll(
        stack: &mut Stack<'static>,
        now: Instant,
        link: &mut Link,
        transports: &mut Transports,
    ) -> Progress;
    fn poll_at(stack: &Stack<'static>, link: &Link, transports: &mut Transports) -> Option<Instant>;
}

/// The transport of a scenario: a program that only speaks UDP has no TCP.
#[expect(clippy::large_enum_variant, reason = "there are two of them in a process")]
pub enum Transports {
    Tcp(Tcp<'static>),
    Udp(Udp<'static>),
}

/// `poll_with`: one link and a tuple of transports, known to the compiler.
pub struct Static;
/// `poll`: lists of trait objects.
pub struct Objects;

impl Composition for Static {
    #[inline]
    fn poll(
        stack: &mut Stack<'static>,
        now: Instant,
        link: &mut Link,
        transports: &mut Transports,
    ) -> Progress {
        match transports {
            Transports::Tcp(tcp) => stack.poll_with(now, &mut [link], &mut (tcp,)),
            Transports::Udp(udp) => stack.poll_with(now, &mut [link], &mut (udp,)),
        }
    }

    #[inline]
    fn poll_at(stack: &Stack<'static>, link: &Link, transports: &mut Transports) -> Option<Instant> {
        match transports {
            Transports::Tcp(tcp) => stack.poll_at_with(&[link], &(tcp,)),
            Transports::Udp(udp) => stack.poll_at_with(&[link], &(udp,)),
        }
    }
}

impl Composition for Objects {
    #[inline]
    fn poll(
        stack: &mut Stack<'static>,
        now: Instant,
        link: &mut Link,
        transports: &mut Transports,
    ) -> Progress {
        match transports {
            Transports::Tcp(tcp) => stack.poll(now, &mut [link], &mut [tcp]),
            Transports::Udp(udp) => stack.poll(now, &mut [link], &mut [udp]),
        }
    }

    #[inline]
    fn poll_at(stack: &Stack<'static>, link: &Link, transports: &mut Transports) -> Option<Instant> {
        match transports {
            Transports::Tcp(tcp) => stack.poll_at(&[link], &[tcp]),
            Transports::Udp(udp) => stack.poll_at(&[link], &[udp]),
        }
    }
}

/// Which congestion control connections have.
pub trait Control {
    const CONGESTION: &'static dyn Congestion;
}

/// None, as smoltcp has by default.
pub struct Uncontrolled;
/// CUBIC.
pub struct ByCubic;

impl Control for Uncontrolled {
    const CONGESTION: &'static dyn Congestion = &Unlimited;
}

impl Control for ByCubic {
    const CONGESTION: &'static dyn Congestion = &Cubic::DEFAULT;
}

/// A host.
pub struct Tersus<C, K = Uncontrolled> {
    stack: Stack<'static>,
    link: Link,
    transports: Transports,
    /// Listeners by port, the newest last.
    listeners: Vec<(u16, ListenerId)>,
    needs: Needs,
    peer: IpAddr,
    kind: PhantomData<(C, K)>,
}

fn instant(now: Micros) -> Instant {
    Instant::from_micros(now)
}

/// Memory that is never given back, as that of a firmware.
fn leak<T: Clone>(value: T, len: usize) -> &'static mut [T] {
    vec![value; len].leak()
}

const SEED: [u8; 32] = [7; 32];

/// A TCP engine with two classes of connections: `Class::Bulk` and `Class::Small`.
fn engine(needs: &Needs, congestion: &'static dyn Congestion) -> Tcp<'static> {
    let connections = needs.bulk + needs.small;
    let buffers = needs.bulk * needs.bulk_buffer + needs.small * SMALL_BUFFER;
    let half_open = 64;
    let waits = 16;
    let mut tcp = Tcp::from_slices(
        tcp::Slices {
            slots: leak(tcp::Slot::FREE, connections),
            rx: leak(0, buffers),
            tx: leak(0, buffers),
            words: leak(0, connections * congestion.words()),
            cells: leak(0, connections * 2),
            deadlines: leak(tersus_iface::ip::Deadline::NONE, connections),
            // As in `tcp::Storage`: with events, which nobody asks for here.
            links: leak(0, connections * 5),
            syns: leak(tcp::SynEntry::FREE, half_open),
            syn_cells: leak(0, half_open * 2),
            syn_deadlines: leak(tersus_iface::ip::Deadline::NONE, half_open),
            syn_links: leak(0, half_open * 3),
            waits: leak(tcp::TimeWait::FREE, waits),
            wait_cells: leak(0, waits * 2),
            listeners: leak(tcp::Listener::FREE, needs.listeners),
            records: leak(tcp::Record::NONE, 64),
            ranges: leak(tcp::Range::NONE, 64),
        },
        tcp::Config::default(),
        congestion,
        SEED,
    );
    let class = |connections: usize, buffer: usize| tcp::Class {
        connections: connections as u16,
        receive: buffer as u32,
        send: buffer as u32,
    };
    tcp.divide(&[class(needs.bulk, needs.bulk_buffer), class(needs.small, SMALL_BUFFER)]);
    tcp
}

fn transports(needs: &Needs, congestion: &'static dyn Congestion) -> Transports {
    if needs.udp == 0 {
        return Transports::Tcp(engine(needs, congestion));
    }
    let buffer = needs.udp * 128 * 1024;
    Transports::Udp(Udp::from_slices(
        leak(udp::Slot::EMPTY, needs.udp),
        leak(0, needs.udp * 3),
        leak(udp::ErrorEntry::EMPTY, 4),
        leak(0, buffer),
        leak(0, buffer),
        SEED,
    ))
}

fn options(class: Class, needs: &Needs) -> Options {
    let class = match class {
        Class::Bulk => 0,
        Class::Small => 1,
    };
    let timestamps = match needs.timestamps {
        Timestamps::Without => tcp::Timestamps::Off,
        Timestamps::With => tcp::Timestamps::On,
    };
    Options { class, timestamps, ..Options::NONE }
}

impl<C, K> Tersus<C, K> {
    fn tcp(&mut self) -> &mut Tcp<'static> {
        match &mut self.transports {
            Transports::Tcp(tcp) => tcp,
            Transports::Udp(_) => unreachable!("a scenario of datagrams has no connections"),
        }
    }

    fn udp(&mut self) -> (&Ip<'static>, &mut Udp<'static>) {
        match &mut self.transports {
            Transports::Udp(udp) => (&self.stack.ip, udp),
            Transports::Tcp(_) => unreachable!("a scenario of connections has no datagrams"),
        }
    }
}

impl<C: Composition, K: Control> Host for Tersus<C, K> {
    type Connection = ConnectionId;
    type Socket = udp::Handle;

    fn new(end: End, number: u8, needs: &Needs) -> Self {
        let storage: &'static mut Storage<1, 2, 1, 8> = Box::leak(Box::new(Storage::new()));
        let mut stack = Stack::new(Ip::new(storage, SEED, Config::default()));
        let address = |number| IpAddr::V4(Ipv4Addr::new(10, 0, 0, number));
        let cidr = Cidr::new(address(number), 24).expect("a prefix length");
        stack.ip.add_address(InterfaceId(0), cidr).expect("room for an address");
        Self {
            stack,
            link: Ethernet::new(Port(end), [2, 0, 0, 0, 0, number]),
            transports: transports(needs, K::CONGESTION),
            listeners: Vec::new(),
            needs: *needs,
            peer: address(3 - number),
            kind: PhantomData,
        }
    }

    #[inline(never)]
    fn poll(&mut self, now: Micros) {
        let now = instant(now);
        while C::poll(&mut self.stack, now, &mut self.link, &mut self.transports) == Progress::More {}
    }

    #[inline(never)]
    fn poll_at(&mut self, _now: Micros) -> Option<Micros> {
        C::poll_at(&self.stack, &self.link, &mut self.transports).map(Instant::micros)
    }

    fn restart(&mut self) {
        self.transports = transports(&self.needs, K::CONGESTION);
        self.listeners.clear();
    }

    fn listen(&mut self, port: u16, class: Class, backlog: usize) {
        let options = options(class, &self.needs);
        let listener = self.tcp().listen_with(Endpoint::from(port), backlog as u16, options);
        self.listeners.push((port, listener.expect("room for a listener")));
    }

    fn accept(&mut self, port: u16) -> Option<ConnectionId> {
        let (_, listener) = *self.listeners.iter().rev().find(|(at, _)| *at == port)?;
        self.tcp().accept(listener)
    }

    fn connect(&mut self, now: Micros, local: u16, port: u16, class: Class) -> ConnectionId {
        let options =
            ConnectOptions { port: local, options: options(class, &self.needs), ..ConnectOptions::default() };
        let remote = SocketAddr::new(self.peer, port);
        let Transports::Tcp(tcp) = &mut self.transports else {
            unreachable!("a scenario of datagrams has no connections")
        };
        tcp.connect(&self.stack.ip, instant(now), remote, options).expect("a connection")
    }

    fn is_established(&self, connection: ConnectionId) -> bool {
        match &self.transports {
            Transports::Tcp(tcp) => tcp.is_established(connection),
            Transports::Udp(_) => false,
        }
    }

    fn send(&mut self, connection: ConnectionId, data: &[u8]) -> usize {
        self.tcp().send(connection, data).expect("an open connection")
    }

    fn recv(&mut self, connection: ConnectionId, buffer: &mut [u8]) -> usize {
        self.tcp().recv(connection, buffer).expect("an open connection")
    }

    fn send_with(&mut self, connection: ConnectionId, f: impl FnOnce(&mut [u8]) -> usize) -> usize {
        self.tcp().send_with(connection, f).expect("an open connection")
    }

    fn recv_with(&mut self, connection: ConnectionId, f: impl FnOnce(&[u8]) -> usize) -> usize {
        let taken = self.tcp().recv_with(connection, |data| {
            let len = f(data);
            (len, len)
        });
        taken.expect("an open connection")
    }

    fn close(&mut self, connection: ConnectionId) {
        self.tcp().close(connection).expect("a connection to close");
    }

    fn is_over(&self, connection: ConnectionId) -> bool {
        match &self.transports {
            Transports::Tcp(tcp) => {
                matches!(tcp.state(connection), Err(_) | Ok(State::Closed | State::TimeWait))
            }
            Transports::Udp(_) => true,
        }
    }

    fn release(&mut self, connection: ConnectionId) {
        self.tcp().release(connection).expect("a connection to release");
    }

    fn bind(&mut self, port: u16) -> udp::Handle {
        self.udp().1.bind(&udp::Local::port(port)).expect("room for a socket")
    }

    fn send_to(&mut self, socket: udp::Handle, port: u16, data: &[u8]) -> bool {
        let remote = SocketAddr::new(self.peer, port);
        let (ip, udp) = self.udp();
        udp.send_to(ip, socket, remote, data).is_ok()
    }

    fn recv_from(&mut self, socket: udp::Handle, buffer: &mut [u8]) -> Option<usize> {
        let received = self.udp().1.recv(socket, buffer).expect("a socket");
        received.map(|received| received.copied)
    }
}
