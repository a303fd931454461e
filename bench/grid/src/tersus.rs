//! A host that runs tersus.

use crate::host::{self, Counters, Host, Micros, Repair, Role, Settings, Shared, View, MTU, PORT};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use tersus_iface::ip::{self, InterfaceId, Ip};
use tersus_iface::phy::{Capabilities, Device, Instant, Medium, RawIp, RxMeta, TxMeta};
use tersus_iface::tcp::congestion::Congestion;
use tersus_iface::tcp::trace::Entry;
use tersus_iface::tcp::{
    self, ConnectOptions, ConnectionId, Duties, Ecn, ListenerId, Options, Tcp, Timestamps,
};
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

/// Memory of a host: one connection, one listener.
pub struct Memory {
    ip: Box<ip::Storage<1, 2, 1, 0>>,
    slots: Vec<tcp::Slot>,
    rx: Vec<u8>,
    tx: Vec<u8>,
    words: Vec<u32>,
    cells: Vec<u32>,
    deadlines: Vec<ip::Deadline>,
    links: Vec<u16>,
    syns: Vec<tcp::SynEntry>,
    syn_cells: Vec<u32>,
    syn_deadlines: Vec<ip::Deadline>,
    syn_links: Vec<u16>,
    waits: Vec<tcp::TimeWait>,
    wait_cells: Vec<u32>,
    listeners: Vec<tcp::Listener>,
    records: Vec<tcp::Record>,
    ranges: Vec<tcp::Range>,
    /// What is told of the connection.
    sink: Option<Printer>,
}

/// What there is to repair losses, beside pacing, timestamps and ECN.
fn duties(repair: Repair) -> &'static Duties {
    const NEW_RENO: Duties = Duties::NONE.with_pacing().with_timestamps().with_ecn();
    const SACK: Duties = NEW_RENO.with_sack();
    const RACK: Duties = SACK.with_rack();
    match repair {
        Repair::NewReno => &NEW_RENO,
        Repair::Sack => &SACK,
        Repair::Rack => &RACK,
        Repair::Undo => &Duties::ALL,
    }
}

/// Takes the trace.
type Printer = Box<dyn Fn(&Entry)>;

/// Prints what happens from a moment to another.
fn printer((from, to): (Micros, Micros)) -> Printer {
    Box::new(move |entry| {
        if (from..=to).contains(&entry.at.micros()) {
            println!("{entry}");
        }
    })
}

impl Memory {
    pub fn new(settings: &Settings, congestion: &dyn Congestion) -> Self {
        Self {
            ip: Box::new(ip::Storage::new()),
            slots: vec![tcp::Slot::FREE],
            rx: vec![0; settings.buffer],
            tx: vec![0; settings.buffer],
            words: vec![0; congestion.words()],
            cells: vec![0; 2],
            deadlines: vec![ip::Deadline::NONE],
            links: vec![0; 5],
            syns: vec![tcp::SynEntry::FREE; 4],
            syn_cells: vec![0; 8],
            syn_deadlines: vec![ip::Deadline::NONE; 4],
            syn_links: vec![0; 12],
            waits: vec![tcp::TimeWait::FREE],
            wait_cells: vec![0; 2],
            listeners: vec![tcp::Listener::FREE],
            records: vec![tcp::Record::NONE; settings.records],
            ranges: vec![tcp::Range::NONE; settings.records],
            sink: settings.watch.map(printer),
        }
    }
}

pub struct Tersus<'a> {
    stack: Stack<'a>,
    link: RawIp<Wire>,
    tcp: Tcp<'a>,
    listener: Option<ListenerId>,
    connection: Option<ConnectionId>,
}

impl<'a> Tersus<'a> {
    pub fn new(
        role: Role,
        port: Shared,
        settings: &Settings,
        congestion: &'a dyn Congestion,
        memory: &'a mut Memory,
    ) -> Self {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&settings.seed.to_le_bytes());
        seed[8] = u8::from(role == Role::Sender);
        let mut stack = Stack::new(Ip::new(&mut *memory.ip, seed, ip::Config::default()));
        let address = |role| IpAddr::V4(Ipv4Addr::new(10, 0, 0, if role == Role::Sender { 1 } else { 2 }));
        let cidr = Cidr::new(address(role), 24).expect("a prefix length");
        stack.ip.add_address(InterfaceId(0), cidr).expect("room for an address");
        let mut link = RawIp::new(Wire(port));
        // A path is decided over links that are attached.
        stack.poll_with(Instant::ZERO, &mut [&mut link], &mut ());
        let slices = tcp::Slices {
            slots: &mut memory.slots,
            rx: &mut memory.rx,
            tx: &mut memory.tx,
            words: &mut memory.words,
            cells: &mut memory.cells,
            deadlines: &mut memory.deadlines,
            links: &mut memory.links,
            syns: &mut memory.syns,
            syn_cells: &mut memory.syn_cells,
            syn_deadlines: &mut memory.syn_deadlines,
            syn_links: &mut memory.syn_links,
            waits: &mut memory.waits,
            wait_cells: &mut memory.wait_cells,
            listeners: &mut memory.listeners,
            records: &mut memory.records,
            ranges: &mut memory.ranges,
        };
        let rto_min = Duration::from_millis(settings.rto_min_ms);
        let timestamps = match settings.timestamps {
            host::Timestamps::All | host::Timestamps::Default => Timestamps::On,
            host::Timestamps::None => Timestamps::Off,
        };
        let config = tcp::Config { rto_min, timestamps, ..tcp::Config::new() };
        let duties = duties(settings.repair);
        let mut tcp = Tcp::from_slices_with_duties(slices, config, duties, congestion, seed);
        if let (Role::Sender, Some(sink)) = (role, &memory.sink) {
            tcp.trace_to(sink);
        }
        let (mut listener, mut connection) = (None, None);
        match role {
            Role::Receiver => listener = Some(tcp.listen(PORT, 1).expect("room for a listener")),
            Role::Sender => {
                let remote = SocketAddr::new(address(Role::Receiver), PORT);
                let ecn = if settings.asks_for_ecn { Ecn::Request } else { Ecn::Accept };
                let options =
                    ConnectOptions { options: Options { ecn, ..Options::NONE }, ..Default::default() };
                let opened = tcp.connect(&stack.ip, Instant::ZERO, remote, options);
                connection = Some(opened.expect("a connection"));
            }
        }
        Self { stack, link, tcp, listener, connection }
    }
}

impl Host for Tersus<'_> {
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

    fn view(&mut self) -> View {
        let info = self.connection.and_then(|connection| self.tcp.info(connection).ok());
        let srtt = info.map(|info| info.srtt.as_micros() as Micros);
        View { cwnd: info.map(|info| info.cwnd), srtt: srtt.filter(|&srtt| srtt > 0) }
    }

    fn counters(&self) -> Counters {
        self.tcp.statistics().counters().into_iter().filter(|(_, value)| *value > 0).collect()
    }
}
