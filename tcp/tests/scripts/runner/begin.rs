//! The first moves of scripts.

use super::*;
use tersus_tcp::State;

/// A connection that `connect` opened, both SYNs without window scale, MSS 1460, peer's window 4096.
pub(crate) fn connected(host: &mut Host) {
    host.connect();
    play(
        host,
        vec![
            (0, Out(syn(ISS))),
            (0, In(syn(IRS).ack(ISS + 1).mss(1460))),
            (0, Out(seg(ISS + 1).ack(IRS + 1))),
            (0, Is(State::Established)),
        ],
    );
}

/// As `connected`, and the peer closed.
pub(crate) fn closed_by_peer(host: &mut Host) {
    connected(host);
    let fin = fin(IRS + 1).ack(ISS + 1);
    let ack = seg(ISS + 1).ack(IRS + 2);
    play(host, vec![(0, In(fin)), (0, Out(ack)), (0, Is(State::CloseWait))]);
}

/// As `connected`, and we closed; the peer has not seen it yet.
pub(crate) fn closed_by_us(host: &mut Host) {
    connected(host);
    let fin = fin(ISS + 1).ack(IRS + 1);
    play(host, vec![(0, Call(Host::close)), (0, Out(fin)), (0, Is(State::FinWait1))]);
}

/// A connection that a listener accepted, likewise.
pub(crate) fn accepted(host: &mut Host) {
    host.listen();
    play(
        host,
        vec![
            (0, In(syn(IRS).mss(1460))),
            (0, Out(syn(ISS).ack(IRS + 1))),
            (0, In(seg(IRS + 1).ack(ISS + 1))),
            (0, Call(Host::accept)),
            (0, Is(State::Established)),
        ],
    );
}

/// As `connected`, with SACK.
pub(crate) fn connected_with_sack(host: &mut Host) {
    host.connect();
    play(
        host,
        vec![
            (0, Out(syn(ISS).permits(true))),
            (0, In(syn(IRS).ack(ISS + 1).mss(1460).permits(true))),
            (0, Out(seg(ISS + 1).ack(IRS + 1))),
        ],
    );
}

/// As `accepted`, with SACK.
pub(crate) fn accepted_with_sack(host: &mut Host) {
    host.listen();
    play(
        host,
        vec![
            (0, In(syn(IRS).mss(1460).permits(true))),
            (0, Out(syn(ISS).ack(IRS + 1).permits(true))),
            (0, In(seg(IRS + 1).ack(ISS + 1))),
            (0, Call(Host::accept)),
        ],
    );
}

/// As `connected`, with timestamps: the peer's stand at 1000.
pub(crate) fn connected_with_ts(host: &mut Host) {
    host.connect();
    play(
        host,
        vec![
            (0, Out(syn(ISS).ts(0, 0))),
            (0, In(syn(IRS).ack(ISS + 1).mss(1460).ts(1000, 0))),
            (0, Out(seg(ISS + 1).ack(IRS + 1).ts(1000, 0))),
        ],
    );
}

/// As `accepted`, with timestamps.
pub(crate) fn accepted_with_ts(host: &mut Host) {
    host.listen();
    play(
        host,
        vec![
            (0, In(syn(IRS).mss(1460).ts(1000, 0))),
            (0, Out(syn(ISS).ack(IRS + 1).ts(1000, 0))),
            (0, In(seg(IRS + 1).ack(ISS + 1).ts(1000, 0))),
            (0, Call(Host::accept)),
        ],
    );
}

pub(crate) fn listening(host: &mut Host) {
    host.listen();
}

pub(crate) fn nothing(_: &mut Host) {}
