//! A host that runs tersus.

use crate::host::{Host, Micros, Role, Settings, Shared, MTU, PORT};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use tersus_iface::ip::{self, InterfaceId, Ip};
use tersus_iface::phy::{Capabilities, Device, Instant, Medium, RawIp, RxMeta, TxMeta};
use tersus_iface::tcp::congestion::Congestion;
use tersus_iface::tcp::{self, ConnectOptions, ConnectionId, ListenerId, Tcp};
use tersus_iface::wire::Cidr;
use tersus_iface::{Progress, Stack};

struct Wire(Shared);
pub struct Rx(Vec<u8>);
pub struct Tx<'a>(&'a Shared);

impl Device for Wire {
    type Rx<'a> = Rx;
    type Tx<'a> = Tx<'a>;

    fn receive(&mut self, now: Instant) -> Option<(Rx, Option<Tx<'_>>)> {
        let packet = self.0.borrow_mut().inbox.pop_front()?;
        Some((Rx(packet), self.transmit(now)))
    }

    fn transmit(&mut self, _now: Instant) -> Option<Tx<'_>> {
        let has_room = self.0.borrow().room > 0;
        has_room.then_some(Tx(&self.0))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new(Medium::Ip, MTU as u16)
    }

    fn poll_at(&self) -> Option<Instant> {
        None
    }
}

impl tersus_iface::phy::RxToken for Rx {
    fn meta(&self) -> RxMeta {
        RxMeta::default()
    }

    fn consume<R>(mut self, f: impl FnOnce(&mut [u8]) -> R) -> R {
        f(&mut self.0)
    }
}

impl tersus_iface::phy::TxToken for Tx<'_> {
    fn consume<R>(self, len: usize, _meta: TxMeta, f: impl FnOnce(&mut [u8]) -> R) -> R {
        let mut packet = vec![0; len];
        let result = f(&mut packet);
        let mut port = self.0.borrow_mut();
        port.room -= 1;
        port.outbox.push_back(packet);
        result
    }
}

/// Memory that is never given back.
fn leak<T: Clone>(value: T, len: usize) -> &'static mut [T] {
    vec![value; len].leak()
}

pub struct Tersus {
    stack: Stack<'static>,
    link: RawIp<Wire>,
    tcp: Tcp<'static>,
    listener: Option<ListenerId>,
    connection: Option<ConnectionId>,
}

impl Tersus {
    pub fn new(role: Role, port: Shared, settings: &Settings, congestion: &'static dyn Congestion) -> Self {
        let storage: &'static mut ip::Storage<1, 2, 1, 0> = Box::leak(Box::new(ip::Storage::new()));
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&settings.seed.to_le_bytes());
        seed[8] = u8::from(role == Role::Sender);
        let mut stack = Stack::new(Ip::new(storage, seed, ip::Config::default()));
        let address = |role| IpAddr::V4(Ipv4Addr::new(10, 0, 0, if role == Role::Sender { 1 } else { 2 }));
        let cidr = Cidr::new(address(role), 24).expect("a prefix length");
        stack.ip.add_address(InterfaceId(0), cidr).expect("room for an address");
        let mut link = RawIp::new(Wire(port));
        // A path is decided over links that are attached.
        stack.poll_with(Instant::ZERO, &mut [&mut link], &mut ());
        let slices = tcp::Slices {
            slots: leak(tcp::Slot::FREE, 1),
            rx: leak(0, settings.buffer),
            tx: leak(0, settings.buffer),
            words: leak(0, congestion.words()),
            cells: leak(0, 2),
            deadlines: leak(ip::Deadline::NONE, 1),
            links: leak(0, 5),
            syns: leak(tcp::SynEntry::FREE, 4),
            syn_cells: leak(0, 8),
            syn_deadlines: leak(ip::Deadline::NONE, 4),
            syn_links: leak(0, 12),
            waits: leak(tcp::TimeWait::FREE, 1),
            wait_cells: leak(0, 2),
            listeners: leak(tcp::Listener::FREE, 1),
            records: leak(tcp::Record::NONE, 64),
            ranges: leak(tcp::Range::NONE, 256),
        };
        let rto_min = Duration::from_millis(settings.rto_min_ms);
        let config = tcp::Config { rto_min, ..tcp::Config::new() };
        let mut tcp = Tcp::from_slices(slices, config, congestion, seed);
        let (mut listener, mut connection) = (None, None);
        match role {
            Role::Receiver => listener = Some(tcp.listen(PORT, 1).expect("room for a listener")),
            Role::Sender => {
                let remote = SocketAddr::new(address(Role::Receiver), PORT);
                let opened = tcp.connect(&stack.ip, Instant::ZERO, remote, ConnectOptions::default());
                connection = Some(opened.expect("a connection"));
            }
        }
        Self { stack, link, tcp, listener, connection }
    }
}

impl Host for Tersus {
    fn poll(&mut self, now: Micros) {
        let now = Instant::from_micros(now);
        let (links, tcp) = (&mut [&mut self.link], &mut self.tcp);
        while self.stack.poll_with(now, links, &mut (&mut *tcp,)) == Progress::More {}
        if self.connection.is_none() {
            self.connection = self.listener.and_then(|listener| self.tcp.accept(listener));
        }
    }

    fn poll_at(&mut self, _now: Micros) -> Option<Micros> {
        self.stack.poll_at_with(&[&self.link], &(&mut self.tcp,)).map(Instant::micros)
    }

    fn send(&mut self, data: &[u8]) -> usize {
        let Some(connection) = self.connection else { return 0 };
        if !self.tcp.is_established(connection) {
            return 0;
        }
        self.tcp.send(connection, data).unwrap_or(0)
    }

    fn recv(&mut self, buffer: &mut [u8]) -> usize {
        self.connection.and_then(|connection| self.tcp.recv(connection, buffer).ok()).unwrap_or(0)
    }

    fn window(&mut self) -> Option<u32> {
        self.tcp.info(self.connection?).ok().map(|info| info.cwnd)
    }
}
