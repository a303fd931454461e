//! Valid octets of family `wire_applications`.

use super::{all, ethernet_frame, ipv4_packet, Sample};
use tersus_wire::dhcpv4::{MessageType, Opt, Repr};
use tersus_wire::dns::{
    self, Builder, Class, Data, Edns, Flags, Header, NameBuf, Question, RecordType, Section,
};
use tersus_wire::{EtherType, HardwareAddress, IpProtocol};

/// All samples of the family.
#[must_use]
pub fn applications() -> Vec<Sample> {
    let mut samples = vec![
        Sample { format: 0, name: "dns_query", octets: query() },
        Sample { format: 0, name: "dns_response", octets: response() },
        Sample { format: 0, name: "dns_pointers_in_rdata", octets: pointers() },
        Sample { format: 1, name: "dhcpv4_discover", octets: discover() },
        Sample { format: 1, name: "dhcpv4_overloaded", octets: overloaded() },
    ];
    let frame = |medium: u8, octets: &[u8]| [&[medium], octets].concat();
    let in_ethernet = |packet: &[u8]| frame(0, &ethernet_frame(EtherType::IPV4, packet));
    let carried = |ports: [u8; 4], message: &[u8]| {
        let len = u16::try_from(message.len() + 8).expect("short").to_be_bytes();
        ipv4_packet(IpProtocol::UDP, &[], &[&ports, &len[..], &[0, 0], message].concat())
    };
    let mut add = |name, octets| samples.push(Sample { format: 2, name, octets });
    add("walk_dns", in_ethernet(&carried([0, 53, 0x13, 0x88], &response())));
    add("walk_dhcpv4", in_ethernet(&carried([0, 68, 0, 67], &discover())));
    add("walk_tunnels", frame(1, &ipv4_packet(IpProtocol(4), &[], &ipv4_packet(IpProtocol(4), &[], &[]))));
    // What the other families have, as the content of a frame.
    for sample in all() {
        match sample.name {
            "ipv4_options" => add("walk_ipv4_options", frame(1, &sample.octets)),
            "ipv6_tcp" => add("walk_loopback", frame(4, &[&[30, 0, 0, 0], &sample.octets[..]].concat())),
            "icmpv4_too_big" => {
                add("walk_quote", in_ethernet(&ipv4_packet(IpProtocol::ICMPV4, &[], &sample.octets)));
            }
            "ieee802154_short" => add("walk_ieee802154", frame(2, &sample.octets)),
            _ => {}
        }
    }
    let lowpan = [&[0x41, 0x88, 5, 0xcd, 0xab, 2, 0, 1, 0][..], &[0x7e, 0x33, 0xf7, 0x12], b"hi"].concat();
    add("walk_sixlowpan", frame(2, &lowpan));
    samples
}

fn name(text: &str) -> NameBuf {
    text.parse().expect("a name")
}

fn query() -> Vec<u8> {
    let mut buffer = [0; 128];
    let header = Header { id: 7, flags: Flags::RD, ..Header::default() };
    let mut query = Builder::new(&mut buffer, &header).expect("room");
    let question = name("www.example.com");
    let question = Question { name: question.as_name(), record_type: RecordType::AAAA, class: Class::IN };
    query.question(&question).expect("room");
    query.edns(&Edns::new(1232)).expect("room");
    query.finish().to_vec()
}

fn response() -> Vec<u8> {
    let mut buffer = [0; 512];
    let header = Header { id: 7, flags: Flags::QR | Flags::RD | Flags::RA, ..Header::default() };
    let mut response = Builder::new(&mut buffer, &header).expect("room");
    let [alias, host] = ["www.example.com", "host.example.com"].map(name);
    let question = Question { name: alias.as_name(), record_type: RecordType::A, class: Class::IN };
    response.question(&question).expect("room");
    let text = dns::Text::parse(b"\x03one").expect("whole");
    for (owner, data) in [
        (&alias, Data::Cname(host.as_name())),
        (&host, Data::A([192, 0, 2, 80].into())),
        (&host, Data::Srv { priority: 1, weight: 2, port: 80, target: host.as_name() }),
        (&host, Data::Mx { preference: 1, exchange: host.as_name() }),
        (&host, Data::Txt(text)),
    ] {
        let record = dns::Repr { name: owner.as_name(), class: Class::IN, ttl: 60, data };
        response.record(Section::Answer, &record).expect("room");
    }
    response.finish().to_vec()
}

/// Types that have names in their RDATA, all of which point to the question's, and a text without strings.
fn pointers() -> Vec<u8> {
    let mut octets = b"\0\x07\x84\0\0\x01\0\x07\0\0\0\0\x04host\x05local\0\0\xff\0\x01".to_vec();
    for (kind, rdata) in [
        (47, &b"\xc0\x0c\0\x01\x40"[..]),
        (14, b"\xc0\x0c\xc0\x0c"),
        (36, b"\0\x01\xc0\x0c"),
        (26, b"\0\x01\xc0\x0c\xc0\x0c"),
        (35, b"\0\x01\0\x02\x01u\x03sip\0\xc0\x0c"),
        (30, b"\xc0\x0c\x40"),
        (16, b""),
    ] {
        let len = u8::try_from(rdata.len()).expect("short");
        octets.extend([0xc0, 12, 0, kind, 0x80, 1, 0, 0, 0, 120, 0, len]);
        octets.extend(rdata);
    }
    octets
}

fn discover() -> Vec<u8> {
    let repr = Repr::discover(0x1234_5678, HardwareAddress::ethernet(super::MAC_A));
    let options = [Opt::ParameterList((&[1, 3, 6]).into()), Opt::MaxMessageSize(576)];
    let mut octets = vec![0; repr.buffer_len(&options)];
    repr.emit(&options, &mut octets).expect("room");
    octets
}

/// An offer with options in all three fields, one of them in three pieces.
fn overloaded() -> Vec<u8> {
    let client = HardwareAddress::ethernet(super::MAC_A);
    let repr = Repr { message_type: MessageType::Offer, ..Repr::discover(1, client) };
    let mut octets = vec![0; repr.buffer_len(&[])];
    repr.emit(&[], &mut octets).expect("room");
    octets.truncate(243);
    octets.extend([52, 1, 3, 1, 4, 255, 255, 255, 0, 121, 2, 8, 10, 51, 4, 0, 0, 14, 16, 255]);
    octets[108..112].copy_from_slice(&[121, 2, 10, 0]);
    octets[44..49].copy_from_slice(&[121, 2, 0, 1, 255]);
    octets
}
