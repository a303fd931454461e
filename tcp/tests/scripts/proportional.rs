//! The window of a recovery, octet by octet: RFC 6937.

use crate::numbered::*;
use crate::runner::*;
use tersus_tcp::{Duties, Nagle, Options};

const BY_COUNTING: Duties = Duties::NONE.with_sack();

fn setup() -> Setup {
    Setup { tx: 65_536, records: 32, duties: &BY_COUNTING, ..Setup::default() }
}

/// Ten segments are in flight: all that the initial window permits. So ssthresh will be five.
fn ten_in_flight(host: &mut Host) {
    connected_with_sack(host);
    play(host, vec![(0, In(ack(0))), (0, Call(send::<14_600>)), (0, Left(10))]);
}

fn send<const OCTETS: usize>(host: &mut Host) {
    let start = at(0) + host.already as u32;
    host.already += OCTETS;
    assert_eq!(host.send(OCTETS, start), OCTETS);
}

/// The peer has so many octets behind the first segment.
fn has(octets: u32) -> Step {
    In(ack(0).sack(&[(at(1), at(1) + octets)]))
}

/// §3: while pipe is above ssthresh, sndcnt is CEIL(prr_delivered * ssthresh / RecoverFS) - prr_out.
#[test]
fn what_leaves_is_in_proportion_to_what_arrives() {
    run(&setup(), ten_in_flight, || {
        vec![
            (1, Call(send::<14_600>)),
            (50, has(3 * MSS)),
            (50, Out(data(0))),
            // Half of it, rounded up, less the segment that has left, is a whole one.
            (51, has(4 * MSS - 2)),
            (52, has(4 * MSS - 1)),
            (52, Out(data(10))),
            (100, In(ack(11))),
            (100, Drain),
        ]
    });
}

/// RecoverFS: what had arrived before is not in the network when recovery begins.
#[test]
fn what_was_sacked_before_is_no_part_of_the_flight_that_shrinks() {
    let options = Options { nagle: Nagle::Off, ..Options::NONE };
    run(&Setup { options, ..setup() }, ten_in_flight, || {
        vec![
            (50, has(MSS)),
            (51, has(2 * MSS)),
            (52, has(3 * MSS)),
            (52, Out(data(0))),
            (53, Call(send::<1_000>)),
            // CEIL(3934 * 7300 / 11680) - 1460 is 999.
            (54, has(2 * MSS + 3_934)),
            (55, has(2 * MSS + 3_935)),
            (55, Out(seg(at(10)).ack(301).len(1_000))),
            (100, In(seg(301).ack(at(10) + 1_000).wnd(65_535))),
        ]
    });
}

/// §3: at ssthresh the other branch counts, and lets nothing out.
#[test]
fn with_ssthresh_in_the_network_nothing_leaves() {
    run(&setup(), ten_in_flight, || {
        vec![
            (50, has(3 * MSS)),
            (50, Out(data(0))),
            (51, has(5 * MSS)),
            (52, Call(send::<14_600>)),
            (53, has(5 * MSS + 1)),
            (54, has(6 * MSS)),
            (54, Out(data(10))),
            (100, In(ack(11))),
            (100, Drain),
        ]
    });
}

/// §3, PRR-SSRB: below ssthresh as much leaves as arrived, and one segment more if the ACK advances.
#[test]
fn below_ssthresh_the_window_opens_as_in_slow_start() {
    run(&setup(), ten_in_flight, || {
        vec![
            (50, sack(0, &[(7, 10)])),
            (50, Out(data(0))),
            (50, Out(data(1))),
            (50, Out(data(2))),
            (100, sack(1, &[(7, 10)])),
            (100, Out(data(3))),
            (100, Out(data(4))),
            // More has left than has arrived: what this ACK brings counts alone.
            (101, sack(2, &[(7, 10)])),
            (101, Out(data(5))),
            (101, Out(data(6))),
            (150, In(ack(10))),
        ]
    });
}
