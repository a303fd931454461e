//! Wires that are cut, for a while or for ever, and links that go down: the transfer goes on, or both sides learn
//! that it does not.

use crate::network::{HostPlan, Kind, Network, Plan};
use crate::seeds::for_seeds;
use crate::stream::{Conversation, Reading};
use core::time::Duration;
use tersus_iface::ip::Event;
use tersus_iface::phy::{Fraction, Impairment, LinkState, Switch};
use tersus_iface::tcp::{KeepAlive, Options, Outcome};

const BUFFER: usize = 8192;

/// The last retransmission is the first after R2, 100 s, and waits for an answer like any other; they are a minute
/// apart at most.
const GIVEN_UP: Duration = Duration::from_secs(100 + 60 + 60);

fn plan(kind: Kind) -> Plan {
    let delay = Duration::from_millis(20);
    Plan::pair(kind).buffer(BUFFER).impaired(Impairment { delay, ..Impairment::NONE })
}

/// Starts a transfer of so much in both directions and lets it run for a second or so.
fn under_way(network: &mut Network<'_, '_>, kind: Kind) -> Conversation {
    let mut conversation =
        Conversation::open(network, [0, 1], kind.address(1), 80, [2_000_000; 2], Reading::Eager);
    let end = network.now + Duration::from_millis(900 + u64::from(network.random.below(200)));
    while network.now < end || conversation.server.is_none() {
        conversation.step(network, end.max(network.now + Duration::from_secs(1)));
    }
    assert!(conversation.client.sent < 2_000_000);
    conversation
}

#[test]
fn a_transfer_goes_on_after_the_wire_was_cut_for_a_while() {
    for kind in Kind::ALL {
        for_seeds(0..6, |seed| {
            plan(kind).run(seed, |network| {
                let mut conversation = under_way(network, kind);
                network.wires[0].partition(Switch::On);
                let seconds = 1 + u64::from(network.random.below(60));
                let end = network.now + Duration::from_secs(seconds);
                while network.now < end {
                    conversation.step(network, end);
                }
                network.wires[0].partition(Switch::Off);
                // The next retransmission may be as far away as the outage was long.
                conversation.finish(network, Duration::from_secs(70));
            });
        });
    }
}

#[test]
fn both_sides_time_out_when_the_wire_was_cut_for_ever() {
    for kind in Kind::ALL {
        for_seeds(0..6, |seed| {
            plan(kind).run(seed, |network| {
                let mut conversation = under_way(network, kind);
                network.wires[0].partition(Switch::On);
                let cut = network.now;
                let outcomes = conversation.run(network, GIVEN_UP);
                assert_eq!(outcomes, [Outcome::TimedOut; 2]);
                let took = network.now.since(cut);
                assert!(took >= Duration::from_secs(100), "given up after {took:?}");
            });
        });
    }
}

#[test]
fn a_connection_attempt_times_out_when_nobody_answers() {
    for kind in [Kind::RawV4, Kind::RawV6] {
        for_seeds(0..8, |seed| {
            plan(kind).run(seed, |network| {
                network.wires[0].partition(Switch::On);
                let start = network.now;
                let conversation =
                    Conversation::open(network, [0, 1], kind.address(1), 80, [1; 2], Reading::Eager);
                let ended = network.run_until(start + Duration::from_secs(250), |network| {
                    conversation.outcomes(network)[0].is_some()
                });
                assert!(ended, "the client waits for ever");
                assert_eq!(conversation.outcomes(network), [Some(Outcome::TimedOut), None]);
            });
        });
    }
}

#[test]
fn a_transfer_goes_on_after_the_link_was_down() {
    for kind in Kind::ALL {
        for_seeds(0..6, |seed| {
            plan(kind).run(seed, |network| {
                let mut conversation = under_way(network, kind);
                while network.hosts[0].stack.ip.next_event().is_some() {}
                network.wires[0].set_link_state(LinkState::Down);
                network.interrupt();
                let seconds = 1 + u64::from(network.random.below(60));
                let end = network.now + Duration::from_secs(seconds);
                while network.now < end {
                    conversation.step(network, end);
                }
                network.wires[0].set_link_state(LinkState::Up);
                network.interrupt();
                conversation.finish(network, Duration::from_secs(70));
                let events: Vec<Event> =
                    core::iter::from_fn(|| network.hosts[0].stack.ip.next_event()).collect();
                let links: Vec<&Event> = events
                    .iter()
                    .filter(|event| matches!(event, Event::LinkUp(_) | Event::LinkDown(_)))
                    .collect();
                assert!(matches!(links[..], [Event::LinkDown(_), Event::LinkUp(_)]), "{events:?}");
            });
        });
    }
}

#[test]
fn both_sides_time_out_when_the_link_stays_down() {
    for kind in Kind::ALL {
        for_seeds(0..6, |seed| {
            plan(kind).run(seed, |network| {
                let mut conversation = under_way(network, kind);
                network.wires[0].set_link_state(LinkState::Down);
                network.interrupt();
                let outcomes = conversation.run(network, GIVEN_UP);
                assert_eq!(outcomes, [Outcome::TimedOut; 2]);
            });
        });
    }
}

#[test]
fn idle_sides_that_keep_alive_learn_that_the_other_is_gone() {
    for kind in Kind::ALL {
        for_seeds(0..2, |seed| {
            plan(kind).run(seed, |network| {
                let mut conversation = under_way(network, kind);
                let server = conversation.server.as_ref().unwrap().id;
                let options = Options { keep_alive: KeepAlive::On, ..Options::NONE };
                network.hosts[0].tcp.set_options(conversation.client.id, options).unwrap();
                network.hosts[1].tcp.set_options(server, options).unwrap();
                conversation.stop_sending(network);
                network.wires[0].partition(Switch::On);
                // Two hours of silence, nine probes, 75 s apart, and the patience for the last.
                let patience = Duration::from_secs(7200 + 10 * 75);
                assert_eq!(conversation.run(network, patience), [Outcome::TimedOut; 2]);
            });
        });
    }
}

#[test]
fn a_side_that_aborts_tells_the_other_in_spite_of_loss() {
    for kind in Kind::FAST {
        for_seeds(0..12, |seed| {
            let loss = Fraction::from_percent(5);
            let delay = Duration::from_millis(20);
            let plan = plan(kind).impaired(Impairment { loss, delay, ..Impairment::NONE });
            plan.run(seed, |network| {
                let mut conversation = under_way(network, kind);
                network.hosts[0].tcp.abort(conversation.client.id).unwrap();
                // A lost RST is answered for: whatever the other side still sends meets another.
                let outcomes = conversation.run(network, GIVEN_UP);
                assert_eq!(outcomes, [Outcome::Aborted, Outcome::Reset]);
            });
        });
    }
}

#[test]
fn a_listener_without_free_connections_refuses_nobody_for_ever() {
    for kind in Kind::FAST {
        for_seeds(0..8, |seed| {
            let mut plan = plan(kind);
            plan.hosts[1] = HostPlan { connections: 1, ..plan.hosts[1].clone() };
            plan.run(seed, |network| {
                let mut first =
                    Conversation::open(network, [0, 1], kind.address(1), 80, [20_000; 2], Reading::Eager);
                let to = (kind.address(1), 80).into();
                first.act(network);
                let listener = first.listener;
                let mut second =
                    Conversation::open_at(network, [0, 1], listener, to, [20_000; 2], Reading::Eager);
                // The first to be accepted is whoever's handshake came first: that of `first`.
                first.finish(network, Duration::from_secs(65));
                second.progress = network.now;
                second.finish(network, Duration::from_secs(65));
            });
        });
    }
}
