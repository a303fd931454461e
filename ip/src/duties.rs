//! What the IP layer does beside carrying packets, as values: who leaves a duty out does not link it.
//!
//! ```text
//!    Ip::new ............ Duties::ALL      a host as RFC 1122 and RFC 8504 want it
//!    Ip::with_duties .... Duties::NONE.with_errors()...    what the user chose
//! ```
//!
//! A table of plain functions and no feature: one build holds hosts of several compositions, and the default leaves
//! nothing out. Each method of [`Duties`] says what happens without its duty.

use crate::event::Event;
use crate::host::Host;
use crate::icmp_error::{Offender, Reason};
use crate::links::Links;
use crate::neighbour::{Failure, Neighbours, Usable};
use crate::own_addresses::News;
use crate::{
    Advice, Deadline, Fill, IcmpError, Instant, InterfaceId, IpMeta, JoinError, Outgoing, PackedAddress,
    Path, Quoted, RouteEntry, SendError,
};
use core::net::IpAddr;
use tersus_phy::{LinkControl, LinkTx};
use tersus_wire::HardwareAddress;

/// Which duties a host has. The same for its whole life: a constant, such as
/// `const DUTIES: Duties = Duties::NONE.with_refusals();`.
#[derive(Debug, Clone, Copy)]
pub struct Duties {
    pub(crate) errors: Option<Errors>,
    pub(crate) refuse: Option<Refuse>,
    pub(crate) announcements: Option<Announcements>,
    pub(crate) defend: Option<Defend>,
    pub(crate) tell: Option<fn(&mut Host<'_>, Event)>,
    pub(crate) groups: Option<Groups>,
    pub(crate) router_alert: Option<Send>,
    #[cfg(feature = "ipv4")]
    pub(crate) options: Option<Options>,
    pub(crate) reachability: Option<Reachability>,
    pub(crate) failover: Option<Failover>,
}

impl Duties {
    /// Packets are carried and neighbours resolved, no more.
    pub const NONE: Self = Self {
        errors: None,
        refuse: None,
        announcements: None,
        defend: None,
        tell: None,
        groups: None,
        router_alert: None,
        #[cfg(feature = "ipv4")]
        options: None,
        reachability: None,
        failover: None,
    };

    /// Every duty: what [`Ip::new`](crate::Ip::new) takes.
    pub const ALL: Self = Self::NONE
        .with_errors()
        .with_refusals()
        .with_announcements()
        .with_defence()
        .with_events()
        .with_groups()
        .with_router_alert()
        .with_options()
        .with_reachability()
        .with_failover();

    /// Received ICMP errors reach the transports, and path MTUs are learned: RFC 1122 §3.2.2, RFC 1191, RFC 8201.
    /// Without: dropped, counted in [`Statistics::errors_ignored`](crate::Statistics::errors_ignored).
    #[must_use]
    pub const fn with_errors(mut self) -> Self {
        self.errors = Some(Errors {
            receive: |host, meta, message, tell| host.on_error(meta, message, tell),
            path_mtu: |host, to| host.path_mtu.known(to),
            due: |host, now| host.path_mtu_due(now),
        });
        self
    }

    /// What nobody takes is refused with an ICMP error: RFC 1122 §3.2.2, RFC 4443 §2.4. Without: dropped, counted in
    /// [`Statistics::errors_suppressed`](crate::Statistics::errors_suppressed).
    #[must_use]
    pub const fn with_refusals(mut self) -> Self {
        self.refuse = Some(|host, interface, offender, reason, from, back| {
            host.send_error(interface, offender, reason, from, back);
        });
        self
    }

    /// New addresses are announced, also when a link comes up: RFC 5227 §2.3, RFC 9131. Without: stations that knew
    /// the address elsewhere learn of it when they ask again.
    #[must_use]
    pub const fn with_announcements(mut self) -> Self {
        self.announcements = Some(Announcements {
            start: |host, interface, news| host.announce_again(interface, news),
            due: |host, now, links| host.announce_due(now, links),
            next_due: |host| host.next_announcement(),
        });
        self
    }

    /// IPv4 addresses are defended against other stations that use them: RFC 5227 §2.4 (c). Without: the conflict is
    /// told and counted.
    #[must_use]
    pub const fn with_defence(mut self) -> Self {
        self.defend = Some(|host, interface, address, back| host.defend(interface, address, back));
        self
    }

    /// [`Event`](crate::Event)s wait for the user. Without: there are none.
    #[must_use]
    pub const fn with_events(mut self) -> Self {
        self.tell = Some(|host, event| host.keep_event(event));
        self
    }

    /// Groups are joined, their packets received, and links told of them: RFC 1112. IPv6 cannot do without. Without:
    /// [`JoinError::LeftOut`](crate::JoinError::LeftOut), and what is sent to a group is not for us.
    #[must_use]
    pub const fn with_groups(mut self) -> Self {
        self.groups = Some(Groups {
            join: |host, interface, group| host.join(interface, group),
            leave: |host, interface, group| host.leave(interface, group),
            tell: |host, interface, link| host.tell_groups(interface, link),
            contains: |host, interface, group| host.is_joined(interface, group),
        });
        self
    }

    /// Packets can carry a Router Alert option: RFC 2113, RFC 2711. Group membership needs it. Without: they are
    /// refused with [`Unreachable::LeftOut`](crate::Unreachable::LeftOut).
    #[must_use]
    pub const fn with_router_alert(mut self) -> Self {
        self.router_alert =
            Some(|host, link, path, packet, len, fill| host.send_alert(link, path, packet, len, fill));
        self
    }

    /// IPv4 options are looked through: source routes are refused, malformed ones answered, RFC 1122 §3.2.1.8, RFC
    /// 7126 §4.3. Without: they are skipped unread.
    #[must_use]
    pub const fn with_options(self) -> Self {
        Self {
            #[cfg(feature = "ipv4")]
            options: Some(|host, options| host.check_options_v4(options)),
            ..self
        }
    }

    /// Neighbours in use are asked whether they still answer, and transports' advice is taken: RFC 4861 §7.3. Without:
    /// an ARP entry is used until its minute is over, and then asked for as if it were new; an IPv6 entry until its
    /// station says otherwise.
    #[must_use]
    pub const fn with_reachability(mut self) -> Self {
        self.reachability = Some(Reachability {
            use_stale: |neighbours, index, now| neighbours.use_stale(index, now),
            advise: |host, path, advice| host.take_advice(path, advice),
        });
        self
    }

    /// A gateway that does not answer is passed over where another serves: RFC 1122 §3.3.1.5. Without: the best route
    /// is the best route.
    #[must_use]
    pub const fn with_failover(mut self) -> Self {
        self.failover = Some(Failover {
            has_failed: |host, route| host.gateway_failed(route),
            note: |host, failure| host.note_failure(failure),
        });
        self
    }
}

/// Hands an ICMP error to the transports.
type TellTransports<'t> = dyn FnMut(&IcmpError<'_>) -> Quoted + 't;
/// Tells a link something.
type TellLink<'t> = dyn FnMut(LinkControl<'_>) + 't;

/// Received ICMP errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Errors {
    pub(crate) receive: fn(&mut Host<'_>, &IpMeta<'_>, &[u8], &mut TellTransports<'_>),
    pub(crate) path_mtu: fn(&Host<'_>, &PackedAddress) -> Option<u16>,
    pub(crate) due: fn(&mut Host<'_>, Instant),
}

/// Announcements of own addresses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Announcements {
    pub(crate) start: fn(&mut Host<'_>, InterfaceId, News),
    pub(crate) due: fn(&mut Host<'_>, Instant, &mut dyn Links),
    pub(crate) next_due: fn(&Host<'_>) -> Deadline,
}

/// Membership of groups.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Groups {
    pub(crate) join: fn(&mut Host<'_>, InterfaceId, PackedAddress) -> Result<(), JoinError>,
    pub(crate) leave: fn(&mut Host<'_>, InterfaceId, PackedAddress) -> bool,
    pub(crate) tell: fn(&mut Host<'_>, InterfaceId, &mut TellLink<'_>),
    pub(crate) contains: fn(&Host<'_>, InterfaceId, &PackedAddress) -> bool,
}

/// Neighbour unreachability detection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reachability {
    pub(crate) use_stale: fn(&mut Neighbours<'_>, u16, Instant) -> Usable,
    pub(crate) advise: fn(&mut Host<'_>, &Path, Advice),
}

/// Detection of dead gateways.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failover {
    pub(crate) has_failed: fn(&Host<'_>, &RouteEntry) -> bool,
    pub(crate) note: fn(&mut Host<'_>, &Failure),
}

type Refuse = fn(&mut Host<'_>, InterfaceId, &Offender<'_>, Reason, &HardwareAddress, &mut dyn LinkTx);

type Defend = fn(&mut Host<'_>, InterfaceId, IpAddr, &mut dyn LinkTx);

type Send =
    fn(&mut Host<'_>, &mut dyn LinkTx, &mut Path, Outgoing, usize, &mut dyn Fill) -> Result<(), SendError>;

#[cfg(feature = "ipv4")]
type Options = fn(&mut Host<'_>, &[u8]) -> Result<crate::InFlags, crate::input_v4::OptionsRefused>;
