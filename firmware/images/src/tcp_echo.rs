//! Echo over TCP, RFC 862.

use tersus_board::{entropy, halt};
use tersus_iface::tcp::congestion::{Congestion, Cubic, Reno};
use tersus_iface::tcp::{Config, ConnectionId, Duties, Event, Storage, Tcp};

/// What an engine does beside carrying streams: what its equal on smoltcp does.
pub static USUAL: Duties = Duties::NONE.with_keep_alive().with_sack().with_timestamps();
/// What fills a lossy path.
pub static LOSSY: Duties = Duties::NONE.with_sack().with_rack();
/// The congestion control of the first.
pub static RENO: Reno = Reno::DEFAULT;
/// And of the second.
pub static CUBIC: Cubic = Cubic::DEFAULT;

/// Connections of 2 KiB each way.
pub type TcpStorage<const CONNECTIONS: usize, const LISTENERS: usize> =
    Storage<CONNECTIONS, 2048, 2048, 4, 4, LISTENERS, 8, 8>;

/// The engine with its listener on port 7.
pub fn open<const CONNECTIONS: usize, const LISTENERS: usize>(
    storage: &'static mut TcpStorage<CONNECTIONS, LISTENERS>,
    duties: &'static Duties,
    congestion: &'static dyn Congestion,
) -> Tcp<'static> {
    let mut tcp = Tcp::with_duties(storage, Config::new(), duties, congestion, entropy(3));
    if tcp.listen(7, 2).is_err() {
        halt();
    }
    tcp
}

/// What a connection's octets pass through: a static, since a local one would be cleared for each event.
pub type Scratch = [u8; 512];

/// Serves what changed.
pub fn serve(tcp: &mut Tcp<'_>, scratch: &mut Scratch) {
    while let Some(event) = tcp.next_event() {
        match event {
            // An event of the accepted connection follows.
            Event::Acceptable(listener) => while tcp.accept(listener).is_some() {},
            Event::Connection(id, _) => echo(tcp, id, scratch),
        }
    }
}

/// Sends back what one connection received.
pub fn echo(tcp: &mut Tcp<'_>, id: ConnectionId, scratch: &mut Scratch) {
    loop {
        // No more than can be sent back: the rest waits, and the peer's window closes.
        let room = tcp.send_room(id).unwrap_or(0).min(scratch.len());
        let received = tcp.recv(id, scratch.get_mut(..room).unwrap_or_default());
        match received {
            Ok(0) => return,
            Ok(len) => {
                let _ = tcp.send(id, scratch.get(..len).unwrap_or_default());
            }
            // End of stream, reset, timeout: what is queued still leaves.
            Err(_) => {
                let _ = tcp.release(id);
                return;
            }
        }
    }
}
