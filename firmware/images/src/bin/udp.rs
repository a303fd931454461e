//! UDP echo; no ping.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use tersus_board::{Board, Buffers, ADDRESS};
use tersus_iface::phy::Ethernet;
#[cfg(feature = "objects")]
use tersus_iface::{ip::Transport, phy::LinkLayer};
use tersus_images::udp_echo::{self, UdpStorage};
use tersus_images::{stack, turn, IpStorage};

#[entry]
fn main() -> ! {
    static mut BUFFERS: Buffers = Buffers::new();
    static mut IP: IpStorage = IpStorage::new();
    static mut UDP: UdpStorage = UdpStorage::with_errors();

    let (mut board, device) = Board::start(BUFFERS);
    let mut link: Ethernet<_> = Ethernet::new(device, ADDRESS);
    let mut stack = stack(IP);
    let (mut udp, socket) = udp_echo::open(UDP);
    loop {
        #[cfg(not(feature = "objects"))]
        turn(&mut board, &mut stack, &mut link, &mut (&mut udp,));
        #[cfg(feature = "objects")]
        turn::<dyn LinkLayer, [&mut dyn Transport]>(&mut board, &mut stack, &mut link, &mut [&mut udp]);
        udp_echo::serve(&stack.ip, &mut udp, socket);
        #[cfg(not(feature = "objects"))]
        board.sleep(stack.poll_at_with(&[&link], &(&mut udp,)));
        #[cfg(feature = "objects")]
        board.sleep(stack.poll_at(&[&link], &[&udp]));
    }
}
