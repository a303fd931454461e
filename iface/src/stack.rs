//! One turn of a stack: who goes when, and with how much.

use tersus_ip::{earliest, Instant, InterfaceId, InterfaceSet, Ip, Progress, Transport, Transports};
use tersus_phy::LinkLayer;

/// Frames that [`Stack::poll`] takes in and sends at most before it returns.
pub const DEFAULT_BUDGET: usize = 256;

/// An IP layer with the order of its turns. Links and transports are lent to each poll.
///
/// `links[i]` is interface `i`: the list must be the same in every call. Transports may come in any order, which may change;
/// a packet is offered in that order, so the one that most packets are for stands first.
#[derive(Debug)]
pub struct Stack<'a> {
    /// The IP layer: addresses, routes, groups, events and counters.
    pub ip: Ip<'a>,
    /// Counts turns, to rotate who goes first.
    turn: usize,
}

impl<'a> Stack<'a> {
    /// A stack around `ip`.
    #[must_use]
    pub const fn new(ip: Ip<'a>) -> Self {
        Self { ip, turn: 0 }
    }

    /// One turn over lists of trait objects, bounded to [`DEFAULT_BUDGET`] frames. [`Progress::More`]: poll again
    /// at once, without waiting for an interrupt.
    pub fn poll(
        &mut self,
        now: Instant,
        links: &mut [&mut dyn LinkLayer],
        transports: &mut [&mut dyn Transport],
    ) -> Progress {
        self.poll_with(now, links, transports)
    }

    /// One turn of any composition: `stack.poll_with(now, &mut [&mut ethernet], &mut (&mut icmp, &mut udp))`.
    pub fn poll_with<'l, L: LinkLayer + ?Sized + 'l, T: Transports + ?Sized>(
        &mut self,
        now: Instant,
        links: &mut [&'l mut L],
        transports: &mut T,
    ) -> Progress {
        self.poll_bounded(now, DEFAULT_BUDGET, links, transports)
    }

    /// One turn in which at most `budget` frames are taken in and segments sent, in sum; for systems that must bound
    /// the time of a poll. Replies made in place and the IP layer's own few packets (address resolution,
    /// fragments) do not count. At most half of the budget goes inwards, so that a flood cannot keep the transports
    /// from sending; a budget of one serves both directions by turns. 0 does
    /// housekeeping only and says [`Progress::More`], since what waits was not looked at.
    pub fn poll_bounded<'l, L: LinkLayer + ?Sized + 'l, T: Transports + ?Sized>(
        &mut self,
        now: Instant,
        budget: usize,
        links: &mut [&'l mut L],
        transports: &mut T,
    ) -> Progress {
        self.turn = self.turn.wrapping_add(1);
        self.ip.service(now, links);

        let mut inward = if budget == 1 { self.turn % 2 } else { budget.div_ceil(2) };
        let mut outward = budget.saturating_sub(inward);
        let count = links.len().min(InterfaceSet::MAX);
        // Every second turn: with a budget of one, directions take turns, and an even count would tie one to the other.
        let rotation = self.turn / 2;
        let mut i = if count > 1 { rotation % count } else { 0 };
        let mut progress = Progress::Idle;
        for _ in 0..count {
            let (Some(link), Ok(id)) = (links.get_mut(i), u8::try_from(i)) else { break };
            inward -= self.ip.receive(now, InterfaceId(id), &mut **link, inward, transports).min(inward);
            if inward == 0 {
                // Whether a device has more is not asked: that would take a frame.
                progress = Progress::More;
            }
            i = if i + 1 == count { 0 } else { i + 1 };
        }
        outward = outward.saturating_add(inward);

        progress = progress.and(transports.transmit(&mut self.ip.out(now, links), &mut outward, rotation));
        self.ip.maintain(now, links);
        progress
    }

    /// When to poll next by the passing of time alone; a past moment means at once, `None` not before a device has
    /// something. Polling then does something, polling before does nothing.
    #[must_use]
    pub fn poll_at(&self, links: &[&dyn LinkLayer], transports: &[&dyn Transport]) -> Option<Instant> {
        let links = links.iter().fold(None, |soonest, link| earliest(soonest, link.poll_at()));
        let transports =
            transports.iter().fold(None, |soonest, transport| earliest(soonest, transport.poll_at()));
        earliest(self.ip.poll_at(), earliest(links, transports))
    }

    /// The same for any composition: `stack.poll_at_with(&[&ethernet], &(&mut icmp, &mut udp))`.
    #[must_use]
    pub fn poll_at_with<L: LinkLayer + ?Sized, T: Transports + ?Sized>(
        &self,
        links: &[&L],
        transports: &T,
    ) -> Option<Instant> {
        let links = links.iter().fold(None, |soonest, link| earliest(soonest, link.poll_at()));
        earliest(self.ip.poll_at(), earliest(links, transports.poll_at()))
    }
}
