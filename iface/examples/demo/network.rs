//! Two hosts, each with a whole stack, and the time that both live in.

use crate::common::engines::{self, Control};
use core::time::Duration;
use tersus_iface::icmp::Icmp;
use tersus_iface::igmp::Igmp;
use tersus_iface::ip::{Config, InterfaceId, Ip, Storage, Transport};
use tersus_iface::phy::hosted::Clock;
use tersus_iface::phy::{earliest, Instant, LinkLayer, Random};
use tersus_iface::tcp::Tcp;
use tersus_iface::udp::Udp;
use tersus_iface::wire::Cidr;
use tersus_iface::{Progress, Stack};

/// One host: a stack over one link.
pub(crate) struct Side<'w> {
    pub(crate) stack: Stack<'static>,
    link: Box<dyn LinkLayer + 'w>,
    pub(crate) icmp: Icmp<'static>,
    igmp: Igmp<'static>,
    pub(crate) udp: Udp<'static>,
    pub(crate) tcp: Tcp<'static>,
}

impl<'w> Side<'w> {
    pub(crate) fn new(
        link: Box<dyn LinkLayer + 'w>,
        address: Cidr,
        buffer: usize,
        control: Control,
        random: &mut Random,
    ) -> Result<Self, String> {
        let mut seed = || engines::draw(random);
        let storage: &'static mut Storage<1, 2, 1, 4, 4, 2, 2048, 4> = Box::leak(Box::new(Storage::new()));
        let mut stack = Stack::new(Ip::new(storage, seed(), Config::default()));
        stack.ip.add_address(InterfaceId(0), address).map_err(|error| error.to_string())?;
        Ok(Self {
            stack,
            link,
            icmp: engines::icmp(1, 4096, seed()),
            igmp: engines::igmp(seed()),
            udp: engines::udp(1, 8192, seed()),
            tcp: engines::tcp(1, buffer, control.algorithm(), seed()),
        })
    }

    fn poll(&mut self, now: Instant) -> Progress {
        let transports: &mut [&mut dyn Transport] =
            &mut [&mut self.icmp, &mut self.igmp, &mut self.udp, &mut self.tcp];
        self.stack.poll(now, &mut [&mut *self.link], transports)
    }

    fn poll_at(&self) -> Option<Instant> {
        self.stack.poll_at(&[&*self.link], &[&self.icmp, &self.igmp, &self.udp, &self.tcp])
    }
}

/// Where the time comes from.
pub(crate) enum Time {
    /// It jumps to the next moment at which something happens.
    Virtual(Instant),
    Real(Clock),
}

pub(crate) struct Network<'w> {
    pub(crate) left: Side<'w>,
    pub(crate) right: Side<'w>,
    pub(crate) time: Time,
}

impl Network<'_> {
    pub(crate) fn now(&self) -> Instant {
        match &self.time {
            Time::Virtual(now) => *now,
            Time::Real(clock) => clock.now(),
        }
    }

    /// Lets time pass until something happens, `until` at the latest, then gives each host a turn.
    pub(crate) fn turn(&mut self, until: Option<Instant>) -> Result<(), String> {
        let next = earliest(earliest(self.left.poll_at(), self.right.poll_at()), until);
        let next = next.ok_or("both hosts wait for ever")?;
        match &mut self.time {
            Time::Virtual(now) => *now = next.max(*now),
            Time::Real(clock) => {
                let wait = next.since(clock.now());
                // A sleep lasts longer than it should by some 60 µs: the rest is spun.
                if wait > Duration::from_micros(200) {
                    std::thread::sleep(wait - Duration::from_micros(100));
                }
            }
        }
        let now = self.now();
        self.left.poll(now);
        self.right.poll(now);
        Ok(())
    }
}
