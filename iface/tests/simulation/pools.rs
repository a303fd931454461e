//! Several connections over a wire of heavy loss, with few send records and ranges for all of them together: what runs
//! out costs time, and neither a connection nor an octet.

use crate::memory::spread;
use crate::network::{Kind, Network, Plan, Pool};
use crate::seeds::of_seeds;
use crate::stream::{Conversation, Reading};
use core::time::Duration;
use tersus_iface::phy::memory::Side;
use tersus_iface::phy::{earliest, Fraction, Impairment, Random};
use tersus_iface::tcp::Config;

/// Send records of each host, and as many ranges: none, fewer than connections, plenty.
const POOLS: [usize; 6] = [0, 1, 2, 4, 8, 64];

/// Percent of the packets that are lost, each way by itself.
const LOSSES: [u32; 4] = [5, 10, 20, 30];

/// The timeout does not grow beyond this, so that what is seen are stalls and not patience.
const RTO_MAX: Duration = Duration::from_secs(4);

/// Longest that programs do nothing by themselves, that an ACK is delayed, and that the path takes.
const OTHERS: Duration = Duration::from_secs(10);

const CONNECTIONS: usize = 4;

/// Longest time without progress of a connection. A round, a retransmission and its ACK, takes [`RTO_MAX`] at most and
/// fails with `q = 1 - (1 - loss there) * (1 - loss back)`; `n = ln(10^-10) / ln(q)` of them fail one after the other once
/// in 10^10 stalls, and the bound is `n * RTO_MAX + 10 s`: 150 s where three of ten are lost each way.
fn patience(loss: [u32; 2]) -> Duration {
    let arrives = loss.iter().fold(1.0, |product, &percent| product * (1.0 - f64::from(percent) / 100.0));
    let rounds = (-1e10f64.ln() / (1.0f64 - arrives).ln()).ceil();
    Duration::from_secs_f64(RTO_MAX.as_secs_f64() * rounds) + OTHERS
}

/// What the networks of one pool add up to.
#[derive(Default)]
struct Row {
    networks: u32,
    octets: usize,
    stall: Duration,
    timeouts: u32,
    retransmissions: u32,
    /// Segments that had to be thrown away, because there was no range for them.
    unkept: u32,
}

/// Runs all of them to the end that transfers should have.
fn finish(network: &mut Network<'_, '_>, conversations: &mut [Conversation], patience: Duration) {
    while let Some(first) = {
        let open = conversations.iter().filter(|conversation| !conversation.is_over(network));
        open.map(|conversation| conversation.progress).min()
    } {
        let (now, end) = (network.now, first + patience);
        let wanted = conversations.iter().fold(None, |soonest, one| earliest(soonest, one.wants(now)));
        let stepped = network.step(wanted.unwrap_or(end).min(end));
        for conversation in &mut *conversations {
            conversation.act(network);
        }
        let states = || conversations.iter().map(|one| one.state() + "\n").collect::<String>();
        assert!(stepped || network.now < end, "{}: none for {patience:?}:\n{}", network.now, states());
    }
    for conversation in conversations {
        conversation.finish(network, patience);
    }
}

fn transfers(network: &mut Network<'_, '_>, kind: Kind, buffer: usize, patience: Duration) -> Row {
    let mut conversations: Vec<Conversation> = (80..)
        .take(CONNECTIONS)
        .map(|port| {
            // Some are short, and end while others hold all the records.
            let most = [1, 2_000, 30_000, 100_000][network.random.below(4) as usize];
            let to_send = [0; 2].map(|_| network.random.below(most) as usize);
            let lazy = network.random.below(4) == 0 && buffer > 1000;
            let reading = if lazy { Reading::Lazy } else { Reading::Eager };
            Conversation::open(network, [0, 1], kind.address(1), port, to_send, reading)
        })
        .collect();
    finish(network, &mut conversations, patience);
    let count = |name| network.hosts.iter().map(|host| host.counter(name)).sum();
    Row {
        networks: 1,
        octets: conversations
            .iter()
            .map(|one| one.client.received + one.server.as_ref().map_or(0, |server| server.received))
            .sum(),
        stall: conversations.iter().map(|one| one.stall).max().unwrap_or_default(),
        timeouts: count("timeouts"),
        retransmissions: count("retransmits"),
        unkept: count("ranges_full"),
    }
}

/// How many networks: as `TERSUS_TCP_SEEDS` says, 96 without it.
fn many() -> u64 {
    std::env::var("TERSUS_TCP_SEEDS").map_or(96, |text| text.parse().expect("a number is wanted"))
}

#[test]
fn connections_that_share_few_records_and_ranges_all_end_well() {
    let rows = of_seeds(0..many().next_multiple_of(6), |seed| {
        let pool = POOLS[(seed % 6) as usize];
        let mut random = Random::new(spread(!seed));
        let mut of = |choices: u32| random.below(choices) as usize;
        // A link that resolves addresses gives an attempt up after three losses; not so these.
        let kind = [Kind::RawV4, Kind::RawV6][of(2)];
        let loss = [LOSSES[of(4)], LOSSES[of(4)]];
        let buffer = [2_920, 16_384, 65_536][of(3)];
        let delay = [0, 1, 20, 200].map(Duration::from_millis)[of(4)];
        let rto_min = [1_000, 200].map(Duration::from_millis)[of(2)];
        let mut plan = Plan::pair(kind).buffer(buffer);
        for host in &mut plan.hosts {
            host.connections = CONNECTIONS;
            host.pool = Pool::All(pool);
            host.tcp = Config {
                rto_max: RTO_MAX,
                rto_min,
                // Longer than any stall: no connection is to be given up.
                r2: Duration::from_secs(7_200),
                r2_syn: Duration::from_secs(7_200),
                half_open: Duration::from_secs(3_000),
                ..Config::new()
            };
        }
        let row = plan.run(seed, |network| {
            for (side, loss) in [Side::Left, Side::Right].into_iter().zip(loss) {
                let jitter = Duration::from_micros(300);
                let loss = Fraction::from_percent(loss);
                network.wires[0].impair(side, Impairment { loss, delay, jitter, ..Impairment::NONE });
            }
            transfers(network, kind, buffer, patience(loss))
        });
        (pool, row)
    });
    println!("records  networks     octets  longest stall    RTOs  retransmissions  without a range");
    for size in POOLS {
        let mut sum = Row::default();
        for (_, row) in rows.iter().filter(|(pool, _)| *pool == size) {
            sum.networks += row.networks;
            sum.octets += row.octets;
            sum.stall = sum.stall.max(row.stall);
            sum.timeouts += row.timeouts;
            sum.retransmissions += row.retransmissions;
            sum.unkept += row.unkept;
        }
        println!(
            "{size:7}  {:8}  {:9}  {:11.1} s  {:6}  {:15}  {:15}",
            sum.networks,
            sum.octets,
            sum.stall.as_secs_f64(),
            sum.timeouts,
            sum.retransmissions,
            sum.unkept
        );
    }
}
