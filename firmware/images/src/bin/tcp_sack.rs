//! TCP echo by the whole TCP, with SACK, RACK and CUBIC, on the small IP layer; no ping.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use tersus_board::{Board, Buffers, ADDRESS};
use tersus_iface::phy::Ethernet;
#[cfg(feature = "objects")]
use tersus_iface::{ip::Transport, phy::LinkLayer};
use tersus_images::small::{host, turn, HostStorage};
use tersus_images::tcp_echo::{self, Scratch, TcpStorage};

#[entry]
fn main() -> ! {
    static mut BUFFERS: Buffers = Buffers::new();
    static mut IP: HostStorage = HostStorage::new();
    static mut TCP: TcpStorage<2, 1> = TcpStorage::new();
    static mut SCRATCH: Scratch = [0; 512];

    let (mut board, device) = Board::start(BUFFERS);
    // IPv4 alone: no groups.
    let mut link = Ethernet::<_, 0>::with_groups(device, ADDRESS);
    let mut ip = host(IP);
    // The peers that answer need not be asked for.
    ip.take_advice();
    let mut tcp = tcp_echo::open(TCP, &tcp_echo::LOSSY, &tcp_echo::CUBIC);
    loop {
        #[cfg(not(feature = "objects"))]
        turn(&mut board, &mut ip, &mut link, &mut (&mut tcp,));
        #[cfg(feature = "objects")]
        turn::<dyn LinkLayer, [&mut dyn Transport]>(&mut board, &mut ip, &mut link, &mut [&mut tcp]);
        tcp_echo::serve(&mut tcp, SCRATCH);
        #[cfg(not(feature = "objects"))]
        board.sleep(ip.poll_at(&link, &(&mut tcp,)));
        #[cfg(feature = "objects")]
        board.sleep(ip.poll_at::<dyn LinkLayer, [&mut dyn Transport]>(&link, &[&mut tcp]));
    }
}
