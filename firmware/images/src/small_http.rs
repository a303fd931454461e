//! A page over HTTP beside echo, over a few TCP connections.

use crate::page::{Request, HEAD, PAGE};
use crate::small_echo::{self, Scratch};
use tersus_board::halt;
use tersus_iface::tcp::small::SmallTcp;
use tersus_iface::tcp::ConnectionId;

/// Connections that are open at a time, to both ports together.
pub const CONNECTIONS: usize = 4;

/// Connections of 2 KiB each way, two ports.
pub type TcpStorage = small_echo::TcpStorage<CONNECTIONS, 2>;

/// Who is served.
pub type Served = [Option<Session>; CONNECTIONS];

/// One connection.
pub struct Session {
    id: ConnectionId,
    /// Of a connection to port 80; one to port 7 has its octets back.
    request: Option<Request>,
}

/// The engine, which listens at ports 7 and 80.
pub fn open(storage: &'static mut TcpStorage) -> SmallTcp<'static> {
    let mut tcp = small_echo::open(storage);
    if tcp.listen(80).is_err() {
        halt();
    }
    tcp
}

/// Takes new connections, and serves those that are there.
pub fn serve(tcp: &mut SmallTcp<'_>, served: &mut Served, scratch: &mut Scratch) {
    for place in served {
        if place.is_none() {
            *place = accept(tcp);
        }
        let Some(session) = place else { continue };
        let stays = match &mut session.request {
            None => small_echo::echo(tcp, session.id, scratch),
            Some(request) => answer(tcp, session.id, request, scratch),
        };
        if !stays {
            // What is queued still leaves.
            let _ = tcp.release(session.id);
            *place = None;
        }
    }
}

fn accept(tcp: &mut SmallTcp<'_>) -> Option<Session> {
    let page = tcp.accept(80).map(|id| Session { id, request: Some(Request::default()) });
    page.or_else(|| Some(Session { id: tcp.accept(7)?, request: None }))
}

/// Reads on, and answers a request that is complete. Whether there may be more.
fn answer(tcp: &mut SmallTcp<'_>, id: ConnectionId, request: &mut Request, scratch: &mut Scratch) -> bool {
    while !request.is_complete() {
        match tcp.recv(id, scratch) {
            Ok(0) => return true,
            Ok(len) => request.take(scratch.get(..len).unwrap_or_default()),
            Err(_) => return false,
        }
    }
    // Both fit the send buffer, which is empty.
    let _ = tcp.send(id, HEAD);
    if request.wants_page() {
        let _ = tcp.send(id, PAGE);
    }
    false
}
