//! The whole stack, of the image that has all there is: the IP layer's memory and addresses, and the turn.

#[cfg(feature = "ipv4")]
use core::net::Ipv4Addr;
#[cfg(feature = "ipv6")]
use core::net::Ipv6Addr;
use tersus_board::{entropy, halt, Board};
use tersus_iface::ip::{Config, InterfaceId, Ip, Storage, Transports};
use tersus_iface::phy::LinkLayer;
use tersus_iface::wire::Cidr;
use tersus_iface::{Progress, Stack};

/// Datagrams in fragments, each way.
const DATAGRAMS: usize = if cfg!(feature = "fragmentation") { 1 } else { 0 };

/// One interface, two addresses, two routes, eight neighbours, four groups.
pub type IpStorage = Storage<1, 2, 2, 8, 4, DATAGRAMS>;

/// The stack with the addresses of all images: 10.0.0.2/24 and fd00::2/64.
pub fn stack(storage: &'static mut IpStorage) -> Stack<'static> {
    let mut ip = Ip::new(storage, entropy(1), Config::default());
    #[cfg(feature = "ipv4")]
    add(&mut ip, Cidr::new(Ipv4Addr::new(10, 0, 0, 2).into(), 24).ok());
    #[cfg(feature = "ipv6")]
    add(&mut ip, Cidr::new(Ipv6Addr::new(0xFD00, 0, 0, 0, 0, 0, 0, 2).into(), 64).ok());
    Stack::new(ip)
}

fn add(ip: &mut Ip<'_>, cidr: Option<Cidr>) {
    let Some(cidr) = cidr else { halt() };
    if ip.add_address(InterfaceId(0), cidr).is_err() {
        halt();
    }
}

/// One turn of one frame, when the host says so. What it cost is told when the board is to sleep.
#[cfg(feature = "probe")]
pub fn turn<L, T>(board: &mut Board, stack: &mut Stack<'_>, link: &mut L, transports: &mut T)
where
    L: LinkLayer + ?Sized,
    T: Transports + ?Sized,
{
    let now = board.acknowledge();
    let progress = stack.poll_bounded(now, 1, &mut [&mut *link], transports);
    board.polled(progress == Progress::More);
}

/// Polls until there is nothing more to do at once. An image passes a tuple of its engines (static composition), or
/// trait objects.
#[cfg(not(feature = "probe"))]
pub fn turn<L, T>(board: &mut Board, stack: &mut Stack<'_>, link: &mut L, transports: &mut T)
where
    L: LinkLayer + ?Sized,
    T: Transports + ?Sized,
{
    loop {
        let now = board.acknowledge();
        if stack.poll_with(now, &mut [&mut *link], transports) != Progress::More {
            return;
        }
    }
}
