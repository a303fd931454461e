//! TCP echo; no ping.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use tersus_board::{Board, Buffers, ADDRESS};
use tersus_iface::phy::Ethernet;
#[cfg(feature = "objects")]
use tersus_iface::{ip::Transport, phy::LinkLayer};
use tersus_images::small::{host, turn, HostStorage};
use tersus_images::small_echo::{self, Scratch, Served, TcpStorage};

#[entry]
fn main() -> ! {
    static mut BUFFERS: Buffers = Buffers::new();
    static mut IP: HostStorage = HostStorage::new();
    static mut TCP: TcpStorage = TcpStorage::new();
    static mut SCRATCH: Scratch = [0; 512];

    let (mut board, device) = Board::start(BUFFERS);
    // IPv4 alone: no groups.
    let mut link = Ethernet::<_, 0>::with_groups(device, ADDRESS);
    let mut ip = host(IP);
    let mut tcp = small_echo::open(TCP);
    let mut served: Served = Served::default();
    loop {
        #[cfg(not(feature = "objects"))]
        turn(&mut board, &mut ip, &mut link, &mut (&mut tcp,));
        #[cfg(feature = "objects")]
        turn::<dyn LinkLayer, [&mut dyn Transport]>(&mut board, &mut ip, &mut link, &mut [&mut tcp]);
        small_echo::serve(&mut tcp, &mut served, SCRATCH);
        #[cfg(not(feature = "objects"))]
        board.sleep(ip.poll_at(&link, &(&mut tcp,)));
        #[cfg(feature = "objects")]
        board.sleep(ip.poll_at::<dyn LinkLayer, [&mut dyn Transport]>(&link, &[&mut tcp]));
    }
}
