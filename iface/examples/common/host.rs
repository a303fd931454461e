//! The stack of an example on the devices that its options name: opening, polling, waiting, ending.

use crate::common::engines;
use crate::common::options::{DeviceOptions, Kind, Options};
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use serde_json::{json, Map, Value};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::fs::File;
use std::io::{BufWriter, Read};
use std::sync::Arc;
use tersus_iface::ip::{Config, InterfaceId, Ip, Route, Storage, Transport};
use tersus_iface::phy::hosted::{wait, Capture, Clock, PacketSocket, TunTap, Waiting};
use tersus_iface::phy::{Direction, Ethernet, Instant, LinkLayer, Medium, Random, RawIp, Tracer};
use tersus_iface::{Progress, Stack};

/// Counters by name, as the crates give them.
pub(crate) type Counters<'c> = &'c [(&'static str, u32)];

/// Sees each frame on its way: the capture file and `-v`.
type Watch = Box<dyn FnMut(Direction, Instant, &[u8])>;

/// One link over one device of the host.
enum HostLink {
    Tap(Ethernet<Tracer<TunTap, Watch>, 32>),
    Tun(RawIp<Tracer<TunTap, Watch>>),
    Packet(Ethernet<Tracer<PacketSocket, Watch>, 32>),
}

impl HostLink {
    fn open(
        device: &DeviceOptions,
        mtu: Option<u16>,
        address: [u8; 6],
        watch: Watch,
    ) -> Result<Self, String> {
        let name = device.name.as_str();
        let tun_tap = |opened: Result<TunTap, _>| -> Result<TunTap, String> {
            let mut opened = opened.map_err(|error| format!("{name}: {error}"))?;
            if let Some(mtu) = mtu {
                opened.set_mtu(mtu).map_err(|error| format!("{name}: {error}"))?;
            }
            Ok(opened)
        };
        Ok(match device.kind {
            Kind::Tap => {
                let tap = tun_tap(TunTap::tap(name))?;
                Self::Tap(Ethernet::with_groups(Tracer::new(tap, watch), address))
            }
            Kind::Tun => Self::Tun(RawIp::new(Tracer::new(tun_tap(TunTap::tun(name))?, watch))),
            Kind::Packet => {
                let socket = PacketSocket::open(name).map_err(|error| format!("{name}: {error}"))?;
                Self::Packet(Ethernet::with_groups(Tracer::new(socket, watch), address))
            }
        })
    }

    fn medium(kind: Kind) -> Medium {
        match kind {
            Kind::Tap | Kind::Packet => Medium::Ethernet,
            Kind::Tun => Medium::Ip,
        }
    }

    fn layer(&mut self) -> &mut dyn LinkLayer {
        match self {
            Self::Tap(link) => link,
            Self::Tun(link) => link,
            Self::Packet(link) => link,
        }
    }

    fn waiting(&self) -> Waiting<'_> {
        match self {
            Self::Tap(link) => link.device().device().waiting(),
            Self::Tun(link) => link.device().device().waiting(),
            Self::Packet(link) => link.device().device().waiting(),
        }
    }

    fn poll_at(&self) -> Option<Instant> {
        match self {
            Self::Tap(link) => link.poll_at(),
            Self::Tun(link) => link.poll_at(),
            Self::Packet(link) => link.poll_at(),
        }
    }

    fn counters(&self) -> Value {
        match self {
            Self::Tap(link) => object(&link.statistics().counters()),
            Self::Tun(link) => object(&link.statistics().counters()),
            Self::Packet(link) => object(&link.statistics().counters()),
        }
    }
}

/// Memory of the IP layer: 8 links, 32 addresses, 16 routes, 256 neighbours, 32 groups a link, and 8 datagrams of any
/// size in fragments each way.
type IpStorage = Storage<8, 32, 16, 256, 32, 8, 65535, 32>;

/// The stack on its devices.
pub(crate) struct Host {
    pub(crate) stack: Stack<'static>,
    links: Vec<HostLink>,
    clock: Clock,
    stop: Arc<AtomicBool>,
    random: Random,
    capture: Option<Capture<BufWriter<File>>>,
    options: Options,
}

impl Host {
    /// Opens the devices and configures addresses and gateways.
    pub(crate) fn open(options: Options) -> Result<Self, String> {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&stop)).map_err(|error| error.to_string())?;
        }
        let mut random = Random::new(seed(options.seed)?);
        let capture = match &options.pcap {
            Some(path) => {
                let file = File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
                Some(Capture::new(BufWriter::new(file)).map_err(|error| error.to_string())?)
            }
            None => None,
        };

        let storage: &'static mut IpStorage = Box::leak(Box::new(Storage::new()));
        let mut stack = Stack::new(Ip::new(storage, engines::draw(&mut random), Config::default()));
        let [_, _, a, b, c, d] =
            random.next_u64().to_be_bytes().first_chunk::<6>().copied().unwrap_or_default();
        let own = options.hardware_address.unwrap_or([0x02, 0x74, a, b, c, d]);
        let mut links = Vec::new();
        for (index, device) in options.devices.iter().enumerate() {
            let id = u8::try_from(index).ok().filter(|id| *id < 8).ok_or("at most eight devices")?;
            let address = counted(own, id);
            let watch = watch(device, capture.as_ref(), options.verbose);
            links.push(HostLink::open(device, options.mtu, address, watch)?);
            for address in &device.addresses {
                let added = stack.ip.add_address(InterfaceId(id), *address);
                added.map_err(|error| format!("--address {address}: {error}"))?;
            }
            for gateway in &device.gateways {
                let added = stack.ip.add_route(Route::default_by(*gateway, InterfaceId(id)));
                added.map_err(|error| format!("--gateway {gateway}: {error}"))?;
            }
        }
        let mut host = Self { stack, links, clock: Clock::since_1970(), stop, random, capture, options };
        // The first turn reads what the links are.
        host.poll(&mut []);
        Ok(host)
    }

    /// A seed for one engine.
    pub(crate) fn seed(&mut self) -> [u8; 32] {
        engines::draw(&mut self.random)
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Whether SIGINT or SIGTERM came.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// One turn.
    pub(crate) fn poll(&mut self, transports: &mut [&mut dyn Transport]) -> Progress {
        let mut links: Vec<&mut dyn LinkLayer> = self.links.iter_mut().map(HostLink::layer).collect();
        self.stack.poll(self.clock.now(), &mut links, transports)
    }

    /// Sleeps until a device has a frame, a signal came, the stack has something to do, or `at_most` is over.
    pub(crate) fn wait(
        &self,
        transports: &[&dyn Transport],
        at_most: Option<Duration>,
    ) -> Result<(), String> {
        let links = self.links.iter().filter_map(HostLink::poll_at).min();
        let stack = self.stack.poll_at(&[], transports);
        let due = links.into_iter().chain(stack).min().map(|at| at.since(self.clock.now()));
        // A signal that came before ppoll does not wake it: look at the flag now and then.
        let longest = Duration::from_millis(200);
        let timeout = due.into_iter().chain(at_most).chain([longest]).min();
        let waiting: Vec<Waiting<'_>> = self.links.iter().map(HostLink::waiting).collect();
        wait(&waiting, timeout).map(drop).map_err(|error| format!("waiting for frames: {error}"))
    }

    /// Turns for a last half second, so that what the transports still want to say leaves.
    pub(crate) fn linger(&mut self, transports: &mut [&mut dyn Transport]) -> Result<(), String> {
        let end = self.now() + Duration::from_millis(500);
        while self.now() < end {
            self.poll(transports);
            let list: Vec<&dyn Transport> =
                transports.iter().map(|transport| &**transport as &dyn Transport).collect();
            self.wait(&list, Some(end.since(self.now())))?;
        }
        Ok(())
    }

    /// Ends the capture and writes `--stats`, with the counters of these transports beside those of the stack.
    pub(crate) fn finish(&self, transports: &[(&str, Counters<'_>)]) -> Result<(), String> {
        if let Some(capture) = &self.capture {
            capture.finish().map_err(|error| format!("--pcap: {error}"))?;
        }
        let Some(path) = &self.options.stats else { return Ok(()) };
        let ip = &self.stack.ip;
        let mut all = json!({
            "ip": object(&ip.statistics().counters()),
            "neighbours": object(&ip.neighbour_statistics().counters()),
            "path_mtu": object(&ip.path_mtu_statistics().counters()),
            "reassembly": object(&ip.reassembly_statistics().counters()),
            "fragments": object(&ip.fragment_statistics().counters()),
            "links": self.links.iter().map(HostLink::counters).collect::<Vec<_>>(),
        });
        if let Some(all) = all.as_object_mut() {
            all.extend(transports.iter().map(|(name, counters)| ((*name).to_owned(), object(counters))));
        }
        std::fs::write(path, format!("{all:#}\n")).map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// What sees the frames of one device.
fn watch(device: &DeviceOptions, capture: Option<&Capture<BufWriter<File>>>, verbose: bool) -> Watch {
    let mut interface = capture.map(|capture| capture.interface(HostLink::medium(device.kind), &device.name));
    let name = device.name.clone();
    Box::new(move |direction, now, frame| {
        if let Some(interface) = &mut interface {
            tersus_iface::phy::FrameSink::frame(interface, direction, now, frame);
        }
        if verbose {
            eprintln!("{now} {name} {direction:?} {} octets", frame.len());
        }
    })
}

/// The seed of all randomness: the one that was given, spread out, or one from the operating system.
fn seed(given: Option<u64>) -> Result<[u8; 32], String> {
    if let Some(number) = given {
        return Ok(engines::spread(number));
    }
    let mut seed = [0; 32];
    let source = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut seed));
    source.map_err(|error| format!("/dev/urandom: {error}; use --seed"))?;
    Ok(seed)
}

/// The station's address of the device at `index`: they count up from the first.
fn counted(first: [u8; 6], index: u8) -> [u8; 6] {
    let [a, b, c, d, e, last] = first;
    [a, b, c, d, e, last.wrapping_add(index)]
}

fn object(counters: &[(&'static str, u32)]) -> Value {
    Value::Object(
        counters.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<Map<_, _>>(),
    )
}
