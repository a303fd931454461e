//! Errors of calls.

use tersus_ip::Unreachable;

/// The handle names no socket: it was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("socket was closed")]
pub struct StaleHandle;

/// Why no socket was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// All slots of the table are in use.
    #[error("no free socket slot")]
    NoSlot,
    /// Another socket has the identifier.
    #[error("identifier is in use")]
    InUse,
}

/// Why an echo request was not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The handle names no socket.
    #[error("socket was closed")]
    Stale,
    /// The socket hears errors only: it has no identifier.
    #[error("socket has no identifier")]
    NotEcho,
    /// Source and destination are of two families, or the family is left out of this build.
    #[error("address family does not fit")]
    Family,
    /// More data than can be sent, in octets: by the path's MTU if it may not be fragmented, else by IP or by the
    /// size of the send queue.
    #[error("data longer than {0} octets")]
    TooLong(u16),
    /// The queue has no room at present, or the destination is still being resolved and has had its share.
    #[error("no room in the send queue")]
    Full,
    /// There is no way to the destination.
    #[error("unreachable: {0}")]
    Unreachable(Unreachable),
}
