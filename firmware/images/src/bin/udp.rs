//! UDP echo; no ping.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use tersus_board::{Board, Buffers, ADDRESS};
use tersus_iface::phy::Ethernet;
#[cfg(feature = "objects")]
use tersus_iface::{ip::Transport, phy::LinkLayer};
use tersus_images::small::{host, turn, HostStorage};
use tersus_images::small_udp_echo::{self, UdpStorage};

#[entry]
fn main() -> ! {
    static mut BUFFERS: Buffers = Buffers::new();
    static mut IP: HostStorage = HostStorage::new();
    static mut UDP: UdpStorage = UdpStorage::new();

    let (mut board, device) = Board::start(BUFFERS);
    // IPv4 alone: no groups.
    let mut link = Ethernet::<_, 0>::with_groups(device, ADDRESS);
    let mut ip = host(IP);
    let (mut udp, socket) = small_udp_echo::open(UDP);
    loop {
        #[cfg(not(feature = "objects"))]
        turn(&mut board, &mut ip, &mut link, &mut (&mut udp,));
        #[cfg(feature = "objects")]
        turn::<dyn LinkLayer, [&mut dyn Transport]>(&mut board, &mut ip, &mut link, &mut [&mut udp]);
        small_udp_echo::serve(&mut udp, socket);
        #[cfg(not(feature = "objects"))]
        board.sleep(ip.poll_at(&link, &(&mut udp,)));
        #[cfg(feature = "objects")]
        board.sleep(ip.poll_at::<dyn LinkLayer, [&mut dyn Transport]>(&link, &[&mut udp]));
    }
}
