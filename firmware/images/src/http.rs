//! As much of HTTP/1.0 (RFC 1945) as a page needs: any request is answered with it, and the connection closed.
//!
//! A request is complete at its first empty line. What it asks for is not looked at, but for its first octet: `H` of
//! HEAD gets no page.

use crate::tcp_echo::Scratch;
use tersus_board::halt;
use tersus_iface::tcp::{ConnectionId, Event, ListenerId, Tcp};

const HEAD: &[u8] =
    b"HTTP/1.0 200 OK\r\nServer: tersus\r\nContent-Type: text/html\r\nContent-Length: 98\r\nConnection: close\r\n\r\n";
const PAGE: &[u8] =
    b"<!doctype html><title>tersus</title>\n<p>This page was served by a micro-controller of QEMU's.</p>\n";
const _: () = assert!(PAGE.len() == 98);

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
    first: u8,
    /// Line ends in a row: two end the request.
    line_ends: u8,
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
            *place = Some(Session { id, first: 0, line_ends: 0 });
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
        while self.line_ends < 2 {
            match tcp.recv(self.id, &mut scratch) {
                Ok(0) => return false,
                Ok(len) => self.take(scratch.get(..len).unwrap_or_default()),
                Err(_) => return true,
            }
        }
        // Both fit the send buffer, which is empty.
        let _ = tcp.send(self.id, HEAD);
        if self.first != b'H' {
            let _ = tcp.send(self.id, PAGE);
        }
        true
    }

    fn take(&mut self, data: &[u8]) {
        for octet in data {
            if self.first == 0 {
                self.first = *octet;
            }
            match octet {
                b'\n' => self.line_ends = self.line_ends.saturating_add(1),
                b'\r' => {}
                // The rest of what came does not count once the request is complete.
                _ if self.line_ends < 2 => self.line_ends = 0,
                _ => {}
            }
        }
    }
}
