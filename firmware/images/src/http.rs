//! A page over HTTP beside echo, over the whole TCP.

use crate::page::{Request, HEAD, PAGE};
use crate::tcp_echo::Scratch;
use tersus_board::halt;
use tersus_iface::tcp::{ConnectionId, Event, ListenerId, Tcp};

/// The connections that are served.
const SESSIONS: usize = 4;

/// Requests in the making.
pub struct Pages {
    listener: ListenerId,
    sessions: [Option<Session>; SESSIONS],
}

/// One connection to port 80.
struct Session {
    id: ConnectionId,
    request: Request,
}

impl Pages {
    /// Listens on port 80.
    pub fn open(tcp: &mut Tcp<'_>) -> Self {
        let Ok(listener) = tcp.listen(80, 4) else { halt() };
        Self { listener, sessions: [const { None }; SESSIONS] }
    }

    fn accept(&mut self, tcp: &mut Tcp<'_>) {
        while let Some(place) = self.sessions.iter_mut().find(|place| place.is_none()) {
            let Some(id) = tcp.accept(self.listener) else { return };
            *place = Some(Session { id, request: Request::default() });
        }
    }
}

/// Serves what changed, on port 80 and on port 7.
pub fn serve(tcp: &mut Tcp<'_>, pages: &mut Pages, scratch: &mut Scratch) {
    while let Some(event) = tcp.next_event() {
        match event {
            Event::Acceptable(listener) if listener == pages.listener => pages.accept(tcp),
            Event::Acceptable(listener) => while tcp.accept(listener).is_some() {},
            Event::Connection(id, _) => {
                let place =
                    pages.sessions.iter_mut().find(|place| place.as_ref().is_some_and(|s| s.id == id));
                match place {
                    Some(place) => {
                        if place.as_mut().is_none_or(|session| session.run(tcp)) {
                            *place = None;
                            // What is queued still leaves.
                            let _ = tcp.release(id);
                            pages.accept(tcp);
                        }
                    }
                    None => crate::tcp_echo::echo(tcp, id, scratch),
                }
            }
        }
    }
}

impl Session {
    /// Reads on; whether the connection is done with.
    fn run(&mut self, tcp: &mut Tcp<'_>) -> bool {
        let mut scratch = [0; 64];
        while !self.request.is_complete() {
            match tcp.recv(self.id, &mut scratch) {
                Ok(0) => return false,
                Ok(len) => self.request.take(scratch.get(..len).unwrap_or_default()),
                Err(_) => return true,
            }
        }
        // Both fit the send buffer, which is empty.
        let _ = tcp.send(self.id, HEAD);
        if self.request.wants_page() {
            let _ = tcp.send(self.id, PAGE);
        }
        true
    }
}
