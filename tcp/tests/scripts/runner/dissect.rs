//! What a segment on its way says.

use tersus_ip::Instant;
use tersus_wire::checksum::Sum;
use tersus_wire::tcp::{self, Fields, Flags};

/// What a segment on its way says; its checksum and options must be right.
pub(super) fn dissect(now: Instant, sum: Sum, octets: &[u8]) -> (Instant, Fields, Vec<u8>, tcp::Options) {
    assert!(tcp::verify_checksum(octets, sum), "wrong checksum sent");
    let packet = tcp::Packet::parse(octets).unwrap();
    let header = packet.header();
    assert_eq!(header.reserved(), 0);
    let area = &octets[tcp::HEADER_LEN..octets.len() - packet.payload().len()];
    assert!(is_padded(area), "octets behind the end of the option list");
    let mut area = tcp::Options::default();
    for option in packet.options() {
        match option.unwrap() {
            tcp::TcpOption::Mss(mss) => area.mss = Some(mss),
            tcp::TcpOption::WindowScale(shift) => area.window_scale = Some(shift),
            tcp::TcpOption::SackPermitted => area.sack_permitted = true,
            tcp::TcpOption::Sack(blocks) => {
                blocks.iter().for_each(|block| area.sack.push(block).unwrap());
            }
            tcp::TcpOption::Timestamps(timestamps) => area.timestamps = Some(timestamps),
            tcp::TcpOption::Nop => {}
            other => panic!("option {other:?} sent"),
        }
    }
    let fields = Fields {
        src_port: header.src_port(),
        dst_port: header.dst_port(),
        seq: header.seq(),
        ack: header.ack(),
        flags: header.flags(),
        window: header.window(),
        urgent: header.urgent().unwrap_or(0),
    };
    if !fields.flags.contains(Flags::SYN) {
        let syn_options = (area.mss, area.window_scale, area.sack_permitted);
        assert_eq!(syn_options, (None, None, false), "SYN options without SYN");
    }
    (now, fields, packet.payload().to_vec(), area)
}

/// Whether an option area has zeros alone behind its end-of-list option, if it has one.
fn is_padded(mut area: &[u8]) -> bool {
    loop {
        match *area {
            [] => return true,
            [0, ref rest @ ..] => return rest.iter().all(|&octet| octet == 0),
            [1, ref rest @ ..] => area = rest,
            [_, len, ..] => area = &area[usize::from(len)..],
            [_] => return false,
        }
    }
}

/// As a device does that completes checksums.
pub(super) fn complete_checksum(pseudo: Sum, octets: &mut [u8]) {
    let pseudo = pseudo.add_u16(6).add_u16(octets.len() as u16).partial();
    assert_eq!(octets[16..18], pseudo.to_be_bytes(), "the sum of the pseudo-header");
    let checksum = Sum::new().add_bytes(octets).checksum();
    octets[16..18].copy_from_slice(&checksum.to_be_bytes());
}
