//! Echo over a few TCP connections, RFC 862.

use tersus_board::{entropy, halt};
use tersus_iface::tcp::small::{SmallTcp, Storage};
use tersus_iface::tcp::ConnectionId;

/// Connections that are open at a time.
pub const CONNECTIONS: usize = 2;

/// Connections of 2 KiB each way.
pub type TcpStorage<const CONNS: usize = CONNECTIONS, const LISTENERS: usize = 1> =
    Storage<CONNS, 2048, 2048, LISTENERS>;

/// Who is served.
pub type Served = [Option<ConnectionId>; CONNECTIONS];

/// The engine, which listens at port 7.
pub fn open<const CONNS: usize, const LISTENERS: usize>(
    storage: &'static mut TcpStorage<CONNS, LISTENERS>,
) -> SmallTcp<'static> {
    let mut tcp = SmallTcp::new(storage, entropy(3));
    if tcp.listen(7).is_err() {
        halt();
    }
    tcp
}

/// What a connection's octets pass through: a static, since a local one would be cleared in each turn.
pub type Scratch = [u8; 512];

/// Takes new connections, and sends back what each received.
pub fn serve(tcp: &mut SmallTcp<'_>, served: &mut Served, scratch: &mut Scratch) {
    for place in served {
        if place.is_none() {
            *place = tcp.accept(7);
        }
        if let Some(id) = *place {
            if !echo(tcp, id, scratch) {
                let _ = tcp.release(id);
                *place = None;
            }
        }
    }
}

/// Sends back what one connection received. Whether there may be more.
pub fn echo(tcp: &mut SmallTcp<'_>, id: ConnectionId, scratch: &mut Scratch) -> bool {
    loop {
        // No more than can be sent back: the rest waits, and the peer's window closes.
        let room = tcp.send_room(id).unwrap_or(0).min(scratch.len());
        match tcp.recv(id, scratch.get_mut(..room).unwrap_or_default()) {
            Ok(0) => return true,
            Ok(len) => {
                let _ = tcp.send(id, scratch.get(..len).unwrap_or_default());
            }
            // End of stream, reset, timeout: what is queued still leaves.
            Err(_) => return false,
        }
    }
}
