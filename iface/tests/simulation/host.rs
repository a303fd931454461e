//! One host: a whole stack, its links, and what can be seen of its turns from outside.

use crate::memory::Engines;
use crate::trace::Tap;
use core::cell::Cell;
use std::rc::Rc;
use tersus_iface::icmp::Icmp;
use tersus_iface::ip::Transport;
use tersus_iface::phy::memory::End;
use tersus_iface::phy::{Ethernet, Instant, LinkLayer, Tracer};
use tersus_iface::tcp::Tcp;
use tersus_iface::udp::Udp;
use tersus_iface::{Progress, Stack};

/// An Ethernet link whose type is known.
pub(crate) type StaticLink<'w, 'm> = Ethernet<Tracer<End<'w, 'm>, Tap>>;

/// The links of a host, and with them how its stack is put together.
pub(crate) enum Links<'w, 'm> {
    /// Trait objects: `poll` of lists.
    Lists(Vec<Box<dyn LinkLayer + 'w>>),
    /// One type of link and a tuple of transports: `poll_with`.
    Tuples(Vec<StaticLink<'w, 'm>>),
}

pub(crate) struct Host<'w, 'm> {
    pub(crate) name: String,
    pub(crate) stack: Stack<'m>,
    pub(crate) icmp: Icmp<'m>,
    pub(crate) udp: Udp<'m>,
    pub(crate) tcp: Tcp<'m>,
    links: Links<'w, 'm>,
    budget: Option<usize>,
    /// Frames that went through its devices, either way.
    frames: Rc<Cell<u64>>,
    /// Turns in a row, at one moment, that were asked for and did nothing.
    quiet: u32,
    polled_at: Instant,
    pub(crate) polls: u64,
}

/// What can be seen of a host: equal before and after a turn that did nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Appearance {
    frames: u64,
    counters: u64,
    poll_at: Option<Instant>,
}

impl<'w, 'm> Host<'w, 'm> {
    pub(crate) fn new(
        name: String,
        engines: Engines<'m>,
        links: Links<'w, 'm>,
        budget: Option<usize>,
        frames: Rc<Cell<u64>>,
    ) -> Self {
        let Engines { ip, tcp, udp, icmp } = engines;
        Self {
            name,
            stack: Stack::new(ip),
            icmp,
            udp,
            tcp,
            links,
            budget,
            frames,
            quiet: 0,
            polled_at: Instant::ZERO,
            polls: 0,
        }
    }

    pub(crate) fn poll_at(&self) -> Option<Instant> {
        match &self.links {
            Links::Lists(links) => {
                let links: Vec<&dyn LinkLayer> = links.iter().map(|link| &**link as &dyn LinkLayer).collect();
                self.stack.poll_at(&links, &[&self.icmp, &self.udp, &self.tcp])
            }
            Links::Tuples(links) => {
                let links: Vec<&StaticLink<'w, 'm>> = links.iter().collect();
                let transports: &[&dyn Transport] = &[&self.icmp, &self.udp, &self.tcp];
                links.iter().fold(self.stack.poll_at(&[], transports), |soonest, link| {
                    tersus_iface::phy::earliest(soonest, link.poll_at())
                })
            }
        }
    }

    /// One turn, whatever it does.
    pub(crate) fn poll(&mut self, now: Instant) -> Progress {
        self.polls += 1;
        let (icmp, udp, tcp) = (&mut self.icmp, &mut self.udp, &mut self.tcp);
        match &mut self.links {
            Links::Lists(links) => {
                let mut links: Vec<&mut dyn LinkLayer> =
                    links.iter_mut().map(|link| &mut **link as &mut dyn LinkLayer).collect();
                let mut transports: [&mut dyn Transport; 3] = [icmp, udp, tcp];
                match self.budget {
                    None => self.stack.poll(now, &mut links, &mut transports),
                    Some(budget) => {
                        self.stack.poll_bounded(now, budget, &mut links, transports.as_mut_slice())
                    }
                }
            }
            Links::Tuples(links) => {
                let mut links: Vec<&mut StaticLink<'w, 'm>> = links.iter_mut().collect();
                let mut transports = (icmp, udp, tcp);
                match self.budget {
                    None => self.stack.poll_with(now, &mut links, &mut transports),
                    Some(budget) => self.stack.poll_bounded(now, budget, &mut links, &mut transports),
                }
            }
        }
    }

    /// The turn that `poll_at` asked for: it does something.
    ///
    /// With a budget of one the first turn of two may look the wrong way.
    pub(crate) fn poll_due(&mut self, now: Instant) {
        let before = self.appearance();
        if now > self.polled_at {
            self.quiet = 0;
        }
        self.polled_at = now;
        self.poll(now);
        let after = self.appearance();
        if before == after {
            self.quiet += 1;
            let allowed = u32::from(self.budget == Some(1));
            assert!(
                self.quiet <= allowed,
                "{} at {now}: poll_at said {:?}, and {} turns did nothing",
                self.name,
                before.poll_at,
                self.quiet
            );
        } else {
            self.quiet = 0;
        }
    }

    /// A turn before the moment that `poll_at` names: it does nothing.
    pub(crate) fn poll_early(&mut self, now: Instant) {
        let before = self.appearance();
        self.poll(now);
        let after = self.appearance();
        assert_eq!(before, after, "{} at {now}: a turn before its time did something", self.name);
    }

    fn appearance(&self) -> Appearance {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut mix = |counters: &[(&'static str, u32)]| {
            for (_, value) in counters {
                hash = (hash ^ u64::from(*value)).wrapping_mul(0x0100_0000_01b3);
            }
        };
        let ip = &self.stack.ip;
        mix(&ip.statistics().counters());
        mix(&ip.neighbour_statistics().counters());
        mix(&ip.reassembly_statistics().counters());
        mix(&ip.fragment_statistics().counters());
        mix(&self.icmp.statistics().counters());
        mix(&self.udp.statistics().counters());
        mix(&self.tcp.statistics().counters());
        Appearance { frames: self.frames.get(), counters: hash, poll_at: self.poll_at() }
    }

    /// A counter by its name, from whichever table has it.
    pub(crate) fn counter(&self, name: &str) -> u32 {
        let ip = &self.stack.ip;
        let (a, b, c, d, e, f, g) = (
            ip.statistics().counters(),
            ip.neighbour_statistics().counters(),
            ip.reassembly_statistics().counters(),
            ip.fragment_statistics().counters(),
            self.icmp.statistics().counters(),
            self.udp.statistics().counters(),
            self.tcp.statistics().counters(),
        );
        let tables: [&[(&str, u32)]; 7] = [&g, &f, &e, &a, &b, &c, &d];
        let found = tables.iter().copied().flatten().find(|(counter, _)| *counter == name);
        found.unwrap_or_else(|| panic!("no counter {name}")).1
    }
}
