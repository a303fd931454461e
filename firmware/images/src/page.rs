//! As much of HTTP/1.0 (RFC 1945) as a page needs: any request is answered with it, and the connection closed.
//!
//! A request is complete at its first empty line. What it asks for is not looked at, but for its first octet: `H` of
//! HEAD gets no page.

/// What every answer begins with.
pub const HEAD: &[u8] =
    b"HTTP/1.0 200 OK\r\nServer: tersus\r\nContent-Type: text/html\r\nContent-Length: 98\r\nConnection: close\r\n\r\n";
/// The page.
pub const PAGE: &[u8] =
    b"<!doctype html><title>tersus</title>\n<p>This page was served by a micro-controller of QEMU's.</p>\n";
const _: () = assert!(PAGE.len() == 98);

/// A request in the making.
#[derive(Default)]
pub struct Request {
    first: u8,
    /// Line ends in a row: two end the request.
    line_ends: u8,
}

impl Request {
    /// Takes what came.
    pub fn take(&mut self, data: &[u8]) {
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

    /// Whether it is complete.
    pub fn is_complete(&self) -> bool {
        self.line_ends >= 2
    }

    /// Whether it wants more than the head.
    pub fn wants_page(&self) -> bool {
        self.first != b'H'
    }
}
