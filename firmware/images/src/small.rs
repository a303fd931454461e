//! What is the same in the images with one small host: the IP layer's memory and addresses, and the turn.

#[cfg(feature = "ipv4")]
use core::net::Ipv4Addr;
#[cfg(feature = "ipv6")]
use core::net::Ipv6Addr;
use tersus_board::{halt, Board};
use tersus_iface::ip::small::{SmallIp, Storage};
use tersus_iface::ip::{Progress, Transports, WithoutErrors};
use tersus_iface::phy::LinkLayer;
use tersus_iface::wire::Cidr;

/// Two addresses, two routes, eight neighbours.
pub type HostStorage = Storage<2, 2, 8>;

/// The host with the addresses of all images: 10.0.0.2/24 and fd00::2/64.
pub fn host(storage: &'static mut HostStorage) -> SmallIp<'static> {
    let mut ip = SmallIp::new(storage);
    #[cfg(feature = "ipv4")]
    add(&mut ip, Cidr::new(Ipv4Addr::new(10, 0, 0, 2).into(), 24).ok());
    #[cfg(feature = "ipv6")]
    add(&mut ip, Cidr::new(Ipv6Addr::new(0xFD00, 0, 0, 0, 0, 0, 0, 2).into(), 64).ok());
    ip
}

fn add(ip: &mut SmallIp<'_>, cidr: Option<Cidr>) {
    let Some(cidr) = cidr else { halt() };
    if ip.add_address(cidr).is_err() {
        halt();
    }
}

/// One turn of one frame, when the host says so. What it cost is told when the board is to sleep.
#[cfg(feature = "probe")]
pub fn turn<L, T>(board: &mut Board, ip: &mut SmallIp<'_>, link: &mut L, transports: &mut T)
where
    L: LinkLayer + ?Sized,
    T: Transports + ?Sized,
{
    let now = board.acknowledge();
    let progress = ip.poll_bounded(now, 1, link, transports);
    board.polled(progress == Progress::More);
}

/// Polls until there is nothing more to do at once. An image passes a tuple of its engines (static composition), or
/// trait objects.
#[cfg(not(feature = "probe"))]
pub fn turn<L, T>(board: &mut Board, ip: &mut SmallIp<'_>, link: &mut L, transports: &mut T)
where
    L: LinkLayer + ?Sized,
    T: Transports + ?Sized,
{
    // It hears no errors; so its transports need not know what to do about them.
    let transports = &mut WithoutErrors(transports);
    loop {
        let now = board.acknowledge();
        if ip.poll(now, link, transports) != Progress::More {
            return;
        }
    }
}
