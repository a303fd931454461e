//! Echo over UDP, RFC 862.

use tersus_board::{entropy, halt};
use tersus_iface::ip::Routes;
use tersus_iface::udp::{Handle, Local, Storage, Udp};

/// One socket of 2 KiB each way, which is told of no errors.
pub type UdpStorage = Storage<1, 2048, 2048, 0>;

/// The engine and its socket on port 7.
pub fn open(storage: &'static mut UdpStorage) -> (Udp<'static>, Handle) {
    let mut udp = Udp::new(storage, entropy(2));
    let Ok(socket) = udp.bind(&Local::port(7)) else { halt() };
    (udp, socket)
}

/// Answers what came in, from queue to queue. What finds no room waits for the next turn.
pub fn serve(ip: &dyn Routes, udp: &mut Udp<'_>, socket: Handle) {
    while let Ok(Some(_)) = udp.send_back(ip, socket) {}
}
