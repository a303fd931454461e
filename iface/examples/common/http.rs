//! As much of HTTP/1.1 (RFC 9112) as the examples speak: what `serve` answers and what `fetch` reads.

use core::net::{IpAddr, SocketAddr};

/// Largest request or response head, in octets.
pub(crate) const HEAD_LEN_MAX: usize = 8 * 1024;

/// What follows a response's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    Text(&'static str),
    /// So many octets, octet i having the value i mod 251.
    Pattern(u64),
}

/// A response in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) head: String,
    pub(crate) body: Body,
    /// Whether the connection stays open for another request.
    pub(crate) keep_alive: bool,
}

const PAGE: &str = "<!doctype html><title>tersus</title>\n<p>This page came through tersus. \
                    <a href=\"/bytes/1000000\">/bytes/N</a> gives N octets.\n";

/// Reads one request from the front of `received`: `None` while it is incomplete, else how many octets it had, and
/// the response.
pub(crate) fn answer(received: &[u8]) -> Option<(usize, Response)> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    let refuse =
        |status, header, text| Some((received.len(), response(status, header, Body::Text(text), false)));
    let used = match request.parse(received) {
        Ok(httparse::Status::Complete(used)) => used,
        Ok(httparse::Status::Partial) if received.len() < HEAD_LEN_MAX => return None,
        _ => return refuse("400 Bad Request", "", "this is not HTTP\n"),
    };
    let header = |name: &str| {
        let found = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| String::from_utf8_lossy(header.value).to_ascii_lowercase())
    };
    // A refused request may have content that nobody reads: the connection cannot go on behind it.
    let method = request.method.unwrap_or_default();
    if method != "GET" && method != "HEAD" {
        return refuse("405 Method Not Allowed", "Allow: GET, HEAD\r\n", "GET and HEAD only\n");
    }
    if header("content-length").is_some_and(|len| len != "0") || header("transfer-encoding").is_some() {
        return refuse("400 Bad Request", "", "a request with content is not expected\n");
    }
    let connection = header("connection").unwrap_or_default();
    let keep_alive = match request.version {
        Some(1) => !connection.contains("close"),
        _ => connection.contains("keep-alive"),
    };
    let path = request.path.unwrap_or_default();
    let pattern = path.strip_prefix("/bytes/").and_then(|len| len.parse().ok());
    let (status, body) = match (path, pattern) {
        ("/", _) => ("200 OK", Body::Text(PAGE)),
        (_, Some(len)) => ("200 OK", Body::Pattern(len)),
        _ => ("404 Not Found", Body::Text("not here\n")),
    };
    let mut response = response(status, "", body, keep_alive);
    if method == "HEAD" {
        response.body = Body::Text("");
    }
    Some((used, response))
}

fn response(status: &str, header: &str, body: Body, keep_alive: bool) -> Response {
    let (kind, len) = match body {
        Body::Text(text) if text.starts_with('<') => ("text/html", text.len() as u64),
        Body::Text(text) => ("text/plain", text.len() as u64),
        Body::Pattern(len) => ("application/octet-stream", len),
    };
    let connection = if keep_alive { "keep-alive" } else { "close" };
    let head = format!(
        "HTTP/1.1 {status}\r\nServer: tersus\r\n{header}Content-Type: {kind}\r\nContent-Length: {len}\r\n\
         Connection: {connection}\r\n\r\n"
    );
    Response { head, body, keep_alive }
}

/// Writes a part of the pattern that starts with octet `start`.
pub(crate) fn fill_pattern(start: u64, buffer: &mut [u8]) {
    let mut value = u8::try_from(start % 251).unwrap_or(0);
    for octet in buffer {
        *octet = value;
        value = if value == 250 { 0 } else { value + 1 };
    }
}

/// Where a URL points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// What the Host field says.
    pub(crate) authority: String,
    pub(crate) path: String,
}

/// Reads a URL whose host is an address.
pub(crate) fn target(url: &str) -> Result<Target, String> {
    let uri: http::Uri = url.parse().map_err(|error| format!("{url}: {error}"))?;
    if uri.scheme_str() != Some("http") {
        return Err(format!("{url}: only http:// is spoken here"));
    }
    let host = uri.host().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let address: IpAddr = host.parse().map_err(|_| {
        format!("{host}: a host name; there is no resolver yet, give an address such as 192.0.2.1 or [2001:db8::1]")
    })?;
    Ok(Target {
        address: SocketAddr::new(address, uri.port_u16().unwrap_or(80)),
        authority: uri.authority().map(ToString::to_string).unwrap_or_default(),
        path: uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
    })
}

/// The request for a target. HTTP/1.0, so that no chunked coding comes back.
pub(crate) fn request(target: &Target) -> String {
    format!("GET {} HTTP/1.0\r\nHost: {}\r\nUser-Agent: tersus\r\n\r\n", target.path, target.authority)
}

/// The head of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// Octets of content, if the server says so; else it goes on until the connection is closed.
    pub(crate) content_len: Option<u64>,
}

/// Reads a response's head from the front of `received`: `None` while it is incomplete, else how many octets it had.
pub(crate) fn response_head(received: &[u8]) -> Result<Option<(usize, Head)>, String> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    match response.parse(received) {
        Ok(httparse::Status::Complete(used)) => {
            let len =
                response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
            let content_len = match len {
                Some(header) => {
                    let text = core::str::from_utf8(header.value).map_err(|_| "Content-Length is no text")?;
                    Some(text.trim().parse().map_err(|_| format!("Content-Length {text:?} is no number"))?)
                }
                None => None,
            };
            Ok(Some((used, Head { status: response.code.unwrap_or(0), content_len })))
        }
        Ok(httparse::Status::Partial) if received.len() < HEAD_LEN_MAX => Ok(None),
        Ok(httparse::Status::Partial) => Err("the response's head is too long".to_owned()),
        Err(error) => Err(format!("the answer is not HTTP: {error}")),
    }
}
