//! Samples of family `wire_transport`.

use super::{tcp_sack, tcp_segment, udp_datagram, Sample};
use tersus_wire::tcp::{AccEcn, AccEcnOrder, OtherOption};

/// Valid octets of every format of the family.
#[must_use]
pub fn transport() -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut add = |format, name, octets| samples.push(Sample { format, name, octets });
    let accurate = AccEcn::new(AccEcnOrder::Ect1First, &[1, 2, 3]).expect("three");
    for (name, options) in [
        ("options_fast_open", &[OtherOption::FastOpen(&[]), OtherOption::FastOpen(&[7; 8])][..]),
        ("options_accurate", &[OtherOption::AccEcn(accurate), OtherOption::Md5(&[9; 16])]),
        ("options_ao", &[OtherOption::Authentication { key_id: 1, next_key_id: 2, mac: &[5; 12] }]),
    ] {
        let mut octets = vec![1; 40];
        let mut at = 0;
        for option in options {
            at += option.emit(&mut octets[at..]).expect("room");
        }
        octets.truncate(at + 1);
        add(0, name, octets);
    }
    add(0, "options_syn", tcp_segment()[20..48].to_vec());
    add(1, "udp_checksum", udp_datagram());
    add(1, "udp_no_checksum", vec![0, 9, 0, 53, 0, 8, 0, 0]);
    add(2, "tcp_syn", tcp_segment());
    add(2, "tcp_sack", tcp_sack());
    add(3, "udp", udp_datagram());
    samples
}
