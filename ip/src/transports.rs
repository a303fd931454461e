//! Lists of transports: trait objects, or tuples of up to eight for static composition.

use crate::{earliest, IcmpError, Instant, IpLayer, IpMeta, Progress, Quoted, Transport, Verdict};

/// A list of transports, as the IP layer drives it: `[&mut dyn Transport]`, or a tuple such as
/// `(&mut icmp, &mut udp)`, of up to eight; `(&mut udp,)` is a tuple of one.
///
/// A packet is offered in the order of the list: the one that most packets are for stands first.
// The tuples are written out, one by one: what a reader would have to unfold is not shorter.
pub trait Transports {
    /// Offers a packet to each transport in turn, until one does not answer [`Verdict::NotMine`].
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict;

    /// Hands an ICMP error to every transport; the answer of the one that knows most of what it quotes.
    fn error(&mut self, now: Instant, error: &IcmpError<'_>) -> Quoted;

    /// Lets each transport send, starting with the one at index `first` modulo their number, until the budget is
    /// used up. Those that find it used up send nothing, but take note of what changed: else their `poll_at` would
    /// still wait for a resolution that has ended.
    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize, first: usize) -> Progress;

    /// The earliest moment at which one of them has something to do.
    fn poll_at(&self) -> Option<Instant>;
}

impl Progress {
    /// What two transports have left, together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::More, _) | (_, Self::More) => Self::More,
            (Self::Blocked(a), Self::Blocked(b)) => Self::Blocked(a.union(b)),
            (Self::Blocked(set), Self::Idle) | (Self::Idle, Self::Blocked(set)) => Self::Blocked(set),
            (Self::Idle, Self::Idle) => Self::Idle,
        }
    }
}

/// Transports that are not told of ICMP errors. For a host without that duty
/// ([`Duties::with_errors`](crate::Duties::with_errors)) in static composition: what they would do about an error is
/// then not linked.
#[derive(Debug)]
pub struct WithoutErrors<'t, T: ?Sized>(pub &'t mut T);

impl<T: Transports + ?Sized> Transports for WithoutErrors<'_, T> {
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        self.0.receive(packet, segment)
    }

    fn error(&mut self, _now: Instant, _error: &IcmpError<'_>) -> Quoted {
        Quoted::Unknown
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize, first: usize) -> Progress {
        self.0.transmit(ip, budget, first)
    }

    fn poll_at(&self) -> Option<Instant> {
        self.0.poll_at()
    }
}

impl<T: Transport> Transports for [T] {
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        for transport in self {
            match transport.receive(packet, segment) {
                Verdict::NotMine => {}
                verdict => return verdict,
            }
        }
        Verdict::NotMine
    }

    fn error(&mut self, now: Instant, error: &IcmpError<'_>) -> Quoted {
        self.iter_mut().fold(Quoted::Unknown, |most, transport| most.max(transport.error(now, error)))
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize, first: usize) -> Progress {
        // A host that always starts with the first one has one loop.
        let first = if first == 0 { 0 } else { first.checked_rem(self.len()).unwrap_or(0) };
        let Some((behind, ahead)) = self.split_at_mut_checked(first) else { return Progress::Idle };
        let mut progress = Progress::Idle;
        for transport in ahead {
            progress = progress.and(transport.transmit(ip, budget));
        }
        for transport in behind {
            progress = progress.and(transport.transmit(ip, budget));
        }
        progress
    }

    fn poll_at(&self) -> Option<Instant> {
        self.iter().fold(None, |soonest, transport| earliest(soonest, transport.poll_at()))
    }
}

impl<T: Transport, const N: usize> Transports for [T; N] {
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        self.as_mut_slice().receive(packet, segment)
    }

    fn error(&mut self, now: Instant, error: &IcmpError<'_>) -> Quoted {
        self.as_mut_slice().error(now, error)
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize, first: usize) -> Progress {
        self.as_mut_slice().transmit(ip, budget, first)
    }

    fn poll_at(&self) -> Option<Instant> {
        self.as_slice().poll_at()
    }
}

impl Transports for () {
    fn receive(&mut self, _packet: &IpMeta<'_>, _segment: &mut [u8]) -> Verdict {
        Verdict::NotMine
    }

    fn error(&mut self, _now: Instant, _error: &IcmpError<'_>) -> Quoted {
        Quoted::Unknown
    }

    fn transmit(&mut self, _ip: &mut dyn IpLayer, _budget: &mut usize, _first: usize) -> Progress {
        Progress::Idle
    }

    fn poll_at(&self) -> Option<Instant> {
        None
    }
}

impl<A: Transport> Transports for (A,) {
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        self.0.receive(packet, segment)
    }

    fn error(&mut self, now: Instant, error: &IcmpError<'_>) -> Quoted {
        self.0.error(now, error)
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize, _first: usize) -> Progress {
        self.0.transmit(ip, budget)
    }

    fn poll_at(&self) -> Option<Instant> {
        self.0.poll_at()
    }
}

impl<A: Transport, B: Transport> Transports for (A, B) {
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        match self.0.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        self.1.receive(packet, segment)
    }

    fn error(&mut self, now: Instant, error: &IcmpError<'_>) -> Quoted {
        let mut most = self.0.error(now, error);
        most = most.max(self.1.error(now, error));
        most
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize, first: usize) -> Progress {
        let mut progress = Progress::Idle;
        for turn in 0..2 {
            progress = progress.and(match first.wrapping_add(turn) % 2 {
                0 => self.0.transmit(ip, budget),
                _ => self.1.transmit(ip, budget),
            });
        }
        progress
    }

    fn poll_at(&self) -> Option<Instant> {
        let mut soonest = self.0.poll_at();
        soonest = earliest(soonest, self.1.poll_at());
        soonest
    }
}

impl<A: Transport, B: Transport, C: Transport> Transports for (A, B, C) {
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        match self.0.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.1.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        self.2.receive(packet, segment)
    }

    fn error(&mut self, now: Instant, error: &IcmpError<'_>) -> Quoted {
        let mut most = self.0.error(now, error);
        most = most.max(self.1.error(now, error));
        most = most.max(self.2.error(now, error));
        most
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize, first: usize) -> Progress {
        let mut progress = Progress::Idle;
        for turn in 0..3 {
            progress = progress.and(match first.wrapping_add(turn) % 3 {
                0 => self.0.transmit(ip, budget),
                1 => self.1.transmit(ip, budget),
                _ => self.2.transmit(ip, budget),
            });
        }
        progress
    }

    fn poll_at(&self) -> Option<Instant> {
        let mut soonest = self.0.poll_at();
        soonest = earliest(soonest, self.1.poll_at());
        soonest = earliest(soonest, self.2.poll_at());
        soonest
    }
}

impl<A: Transport, B: Transport, C: Transport, D: Transport> Transports for (A, B, C, D) {
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        match self.0.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.1.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.2.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        self.3.receive(packet, segment)
    }

    fn error(&mut self, now: Instant, error: &IcmpError<'_>) -> Quoted {
        let mut most = self.0.error(now, error);
        most = most.max(self.1.error(now, error));
        most = most.max(self.2.error(now, error));
        most = most.max(self.3.error(now, error));
        most
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize, first: usize) -> Progress {
        let mut progress = Progress::Idle;
        for turn in 0..4 {
            progress = progress.and(match first.wrapping_add(turn) % 4 {
                0 => self.0.transmit(ip, budget),
                1 => self.1.transmit(ip, budget),
                2 => self.2.transmit(ip, budget),
                _ => self.3.transmit(ip, budget),
            });
        }
        progress
    }

    fn poll_at(&self) -> Option<Instant> {
        let mut soonest = self.0.poll_at();
        soonest = earliest(soonest, self.1.poll_at());
        soonest = earliest(soonest, self.2.poll_at());
        soonest = earliest(soonest, self.3.poll_at());
        soonest
    }
}

impl<A: Transport, B: Transport, C: Transport, D: Transport, E: Transport> Transports for (A, B, C, D, E) {
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        match self.0.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.1.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.2.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.3.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        self.4.receive(packet, segment)
    }

    fn error(&mut self, now: Instant, error: &IcmpError<'_>) -> Quoted {
        let mut most = self.0.error(now, error);
        most = most.max(self.1.error(now, error));
        most = most.max(self.2.error(now, error));
        most = most.max(self.3.error(now, error));
        most = most.max(self.4.error(now, error));
        most
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize, first: usize) -> Progress {
        let mut progress = Progress::Idle;
        for turn in 0..5 {
            progress = progress.and(match first.wrapping_add(turn) % 5 {
                0 => self.0.transmit(ip, budget),
                1 => self.1.transmit(ip, budget),
                2 => self.2.transmit(ip, budget),
                3 => self.3.transmit(ip, budget),
                _ => self.4.transmit(ip, budget),
            });
        }
        progress
    }

    fn poll_at(&self) -> Option<Instant> {
        let mut soonest = self.0.poll_at();
        soonest = earliest(soonest, self.1.poll_at());
        soonest = earliest(soonest, self.2.poll_at());
        soonest = earliest(soonest, self.3.poll_at());
        soonest = earliest(soonest, self.4.poll_at());
        soonest
    }
}

impl<A: Transport, B: Transport, C: Transport, D: Transport, E: Transport, F: Transport> Transports
    for (A, B, C, D, E, F)
{
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        match self.0.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.1.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.2.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.3.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.4.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        self.5.receive(packet, segment)
    }

    fn error(&mut self, now: Instant, error: &IcmpError<'_>) -> Quoted {
        let mut most = self.0.error(now, error);
        most = most.max(self.1.error(now, error));
        most = most.max(self.2.error(now, error));
        most = most.max(self.3.error(now, error));
        most = most.max(self.4.error(now, error));
        most = most.max(self.5.error(now, error));
        most
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize, first: usize) -> Progress {
        let mut progress = Progress::Idle;
        for turn in 0..6 {
            progress = progress.and(match first.wrapping_add(turn) % 6 {
                0 => self.0.transmit(ip, budget),
                1 => self.1.transmit(ip, budget),
                2 => self.2.transmit(ip, budget),
                3 => self.3.transmit(ip, budget),
                4 => self.4.transmit(ip, budget),
                _ => self.5.transmit(ip, budget),
            });
        }
        progress
    }

    fn poll_at(&self) -> Option<Instant> {
        let mut soonest = self.0.poll_at();
        soonest = earliest(soonest, self.1.poll_at());
        soonest = earliest(soonest, self.2.poll_at());
        soonest = earliest(soonest, self.3.poll_at());
        soonest = earliest(soonest, self.4.poll_at());
        soonest = earliest(soonest, self.5.poll_at());
        soonest
    }
}

impl<A: Transport, B: Transport, C: Transport, D: Transport, E: Transport, F: Transport, G: Transport>
    Transports for (A, B, C, D, E, F, G)
{
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        match self.0.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.1.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.2.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.3.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.4.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.5.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        self.6.receive(packet, segment)
    }

    fn error(&mut self, now: Instant, error: &IcmpError<'_>) -> Quoted {
        let mut most = self.0.error(now, error);
        most = most.max(self.1.error(now, error));
        most = most.max(self.2.error(now, error));
        most = most.max(self.3.error(now, error));
        most = most.max(self.4.error(now, error));
        most = most.max(self.5.error(now, error));
        most = most.max(self.6.error(now, error));
        most
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize, first: usize) -> Progress {
        let mut progress = Progress::Idle;
        for turn in 0..7 {
            progress = progress.and(match first.wrapping_add(turn) % 7 {
                0 => self.0.transmit(ip, budget),
                1 => self.1.transmit(ip, budget),
                2 => self.2.transmit(ip, budget),
                3 => self.3.transmit(ip, budget),
                4 => self.4.transmit(ip, budget),
                5 => self.5.transmit(ip, budget),
                _ => self.6.transmit(ip, budget),
            });
        }
        progress
    }

    fn poll_at(&self) -> Option<Instant> {
        let mut soonest = self.0.poll_at();
        soonest = earliest(soonest, self.1.poll_at());
        soonest = earliest(soonest, self.2.poll_at());
        soonest = earliest(soonest, self.3.poll_at());
        soonest = earliest(soonest, self.4.poll_at());
        soonest = earliest(soonest, self.5.poll_at());
        soonest = earliest(soonest, self.6.poll_at());
        soonest
    }
}

impl<
        A: Transport,
        B: Transport,
        C: Transport,
        D: Transport,
        E: Transport,
        F: Transport,
        G: Transport,
        H: Transport,
    > Transports for (A, B, C, D, E, F, G, H)
{
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        match self.0.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.1.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.2.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.3.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.4.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.5.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        match self.6.receive(packet, segment) {
            Verdict::NotMine => {}
            verdict => return verdict,
        }
        self.7.receive(packet, segment)
    }

    fn error(&mut self, now: Instant, error: &IcmpError<'_>) -> Quoted {
        let mut most = self.0.error(now, error);
        most = most.max(self.1.error(now, error));
        most = most.max(self.2.error(now, error));
        most = most.max(self.3.error(now, error));
        most = most.max(self.4.error(now, error));
        most = most.max(self.5.error(now, error));
        most = most.max(self.6.error(now, error));
        most = most.max(self.7.error(now, error));
        most
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize, first: usize) -> Progress {
        let mut progress = Progress::Idle;
        for turn in 0..8 {
            progress = progress.and(match first.wrapping_add(turn) % 8 {
                0 => self.0.transmit(ip, budget),
                1 => self.1.transmit(ip, budget),
                2 => self.2.transmit(ip, budget),
                3 => self.3.transmit(ip, budget),
                4 => self.4.transmit(ip, budget),
                5 => self.5.transmit(ip, budget),
                6 => self.6.transmit(ip, budget),
                _ => self.7.transmit(ip, budget),
            });
        }
        progress
    }

    fn poll_at(&self) -> Option<Instant> {
        let mut soonest = self.0.poll_at();
        soonest = earliest(soonest, self.1.poll_at());
        soonest = earliest(soonest, self.2.poll_at());
        soonest = earliest(soonest, self.3.poll_at());
        soonest = earliest(soonest, self.4.poll_at());
        soonest = earliest(soonest, self.5.poll_at());
        soonest = earliest(soonest, self.6.poll_at());
        soonest = earliest(soonest, self.7.poll_at());
        soonest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::FakeIp;

    /// Uses up the budget, and notes what it was given.
    struct Greedy {
        given: Option<usize>,
    }

    impl Transport for Greedy {
        fn receive(&mut self, _packet: &IpMeta<'_>, _segment: &mut [u8]) -> Verdict {
            Verdict::NotMine
        }

        fn error(&mut self, _now: Instant, _error: &IcmpError<'_>) -> Quoted {
            Quoted::Unknown
        }

        fn transmit(&mut self, _ip: &mut dyn IpLayer, budget: &mut usize) -> Progress {
            self.given = Some(*budget);
            *budget = 0;
            Progress::More
        }

        fn poll_at(&self) -> Option<Instant> {
            None
        }
    }

    #[test]
    fn transports_without_errors_hear_of_all_but_errors() {
        struct Told(u8);
        impl Transport for Told {
            fn receive(&mut self, _packet: &IpMeta<'_>, _segment: &mut [u8]) -> Verdict {
                Verdict::Reply(7)
            }
            fn error(&mut self, _now: Instant, _error: &IcmpError<'_>) -> Quoted {
                self.0 += 1;
                Quoted::Known
            }
            fn transmit(&mut self, _ip: &mut dyn IpLayer, _budget: &mut usize) -> Progress {
                Progress::More
            }
            fn poll_at(&self) -> Option<Instant> {
                Some(Instant::ZERO)
            }
        }
        let address = core::net::IpAddr::from([192, 0, 2, 1]);
        let error = IcmpError {
            kind: crate::ErrorKind::PortUnreachable,
            reporter: address,
            local: address,
            remote: address,
            protocol: tersus_wire::IpProtocol::UDP,
            quoted: &[0; 8],
        };
        let mut told = Told(0);
        let mut sent = |_: &crate::Path, _: crate::Outgoing, _: &[u8]| {};
        let mut ip = FakeIp::new(&mut [], &mut sent);
        let mut transports = (&mut told,);
        let mut without = WithoutErrors(&mut transports);
        assert_eq!(without.error(Instant::ZERO, &error), Quoted::Unknown);
        assert_eq!(without.transmit(&mut ip, &mut 1, 0), Progress::More);
        assert_eq!(without.poll_at(), Some(Instant::ZERO));
        assert_eq!(transports.error(Instant::ZERO, &error), Quoted::Known);
        assert_eq!(told.0, 1);
    }

    #[test]
    fn a_transport_that_finds_the_budget_used_up_still_hears_of_the_turn() {
        let mut sent = |_: &crate::Path, _: crate::Outgoing, _: &[u8]| {};
        let mut ip = FakeIp::new(&mut [], &mut sent);
        for first in 0..2 {
            let (mut a, mut b) = (Greedy { given: None }, Greedy { given: None });
            let mut transports = (&mut a, &mut b);
            assert_eq!(transports.transmit(&mut ip, &mut 5, first), Progress::More);
            let want = if first == 0 { (Some(5), Some(0)) } else { (Some(0), Some(5)) };
            assert_eq!((a.given, b.given), want);
            let (mut a, mut b) = (Greedy { given: None }, Greedy { given: None });
            let mut transports: [&mut dyn Transport; 2] = [&mut a, &mut b];
            // Modulo their number.
            assert_eq!(transports.as_mut_slice().transmit(&mut ip, &mut 5, first + 2), Progress::More);
            assert_eq!((a.given, b.given), want);
        }
    }
}
