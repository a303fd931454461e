//! Sleeping until there is something to do, ppoll(2).

use core::time::Duration;
use nix::errno::Errno;
use nix::poll::{ppoll, PollFd, PollFlags};
use nix::sys::time::TimeSpec;
use std::io;
use std::os::fd::BorrowedFd;
use std::vec::Vec;

/// A descriptor, and what it is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'f> {
    fd: BorrowedFd<'f>,
    events: PollFlags,
}

impl<'f> Waiting<'f> {
    /// Frames to read, and, if a frame waits to be written, room for it.
    pub(super) fn new(fd: BorrowedFd<'f>, is_pending: bool) -> Self {
        let writable = if is_pending { PollFlags::POLLOUT } else { PollFlags::empty() };
        Self { fd, events: PollFlags::POLLIN | writable }
    }
}

impl<'f> From<BorrowedFd<'f>> for Waiting<'f> {
    /// Waits until the descriptor can be read: standard input, for one.
    fn from(fd: BorrowedFd<'f>) -> Self {
        Self::new(fd, false)
    }
}

/// Sleeps until one of the descriptors is ready, `timeout` is over (`None`: never), or a signal came. Returns how many
/// are ready.
///
/// ```no_run
/// # use tersus_phy::hosted::{wait, Clock, TunTap};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (clock, tap) = (Clock::new(), TunTap::tap("tap0")?);
/// # let poll_at = Some(clock.now());
/// let timeout = poll_at.map(|at| at.since(clock.now()));
/// wait(&[tap.waiting()], timeout)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Of ppoll(2).
pub fn wait(descriptors: &[Waiting<'_>], timeout: Option<Duration>) -> io::Result<usize> {
    let mut fds: Vec<_> = descriptors.iter().map(|w| PollFd::new(w.fd, w.events)).collect();
    // A year, since the kernel refuses times that it cannot count.
    let longest = Duration::from_secs(365 * 24 * 3600);
    let timeout = timeout.map(|timeout| TimeSpec::from_duration(timeout.min(longest)));
    match ppoll(&mut fds, timeout, None) {
        Ok(ready) => Ok(usize::try_from(ready).unwrap_or(0)),
        Err(Errno::EINTR) => Ok(0),
        Err(errno) => Err(errno.into()),
    }
}
