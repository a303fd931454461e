//! Echo over UDP, RFC 862, with the small engine.

use tersus_board::halt;
use tersus_iface::udp::small::{SmallUdp, Storage};
use tersus_iface::udp::Handle;

/// One socket of 2 KiB each way.
pub type UdpStorage = Storage<1, 2048, 2048>;

/// The engine and its socket on port 7.
pub fn open(storage: &'static mut UdpStorage) -> (SmallUdp<'static>, Handle) {
    let mut udp = SmallUdp::new(storage);
    let Ok(socket) = udp.bind(7) else { halt() };
    (udp, socket)
}

/// Answers what came in, from queue to queue. What finds no room waits for the next turn.
pub fn serve(udp: &mut SmallUdp<'_>, socket: Handle) {
    while let Ok(Some(_)) = udp.send_back(socket) {}
}
