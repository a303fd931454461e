//! Messages of DNS and DHCPv4.

use super::super::applications as checks;
use super::{emit, open, several, whole, Kind, Made};
use arbitrary::{Result, Unstructured};
use tersus_wire::dhcpv4::{self, MessageType};
use tersus_wire::dns::{self, Builder, Compression, Section};
use tersus_wire::Error;

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "dns::Repr", make: message, read: read_dns, check: checks::dns },
    Kind { name: "dns::NameBuf", make: name, read: read_name, check: |_| {} },
    Kind { name: "dhcpv4::Repr", make: dhcp, read: read_dhcp, check: checks::dhcpv4 },
    Kind {
        name: "dhcpv4::ClientIdentifier",
        make: identifier,
        read: read_identifier,
        check: checks::identifier,
    },
];

/// A whole message of questions and records of each section; a record that cannot be expressed is left out.
fn message(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let header: dns::Header = from.arbitrary()?;
    let mut buffer = vec![0; 4_096];
    let mut builder = Builder::new(&mut buffer, &header).expect("an arbitrary header fits its bits");
    let compression = *from.choose(&[Compression::Off, Compression::On, Compression::Multicast])?;
    builder.set_compression(compression);
    let mut questions: Vec<dns::Question<'_>> = several(from, 2)?;
    questions.retain(|question| builder.question(question).is_ok());
    let mut records = Vec::new();
    for section in [Section::Answer, Section::Authority, Section::Additional] {
        for record in several::<dns::Repr<'_>>(from, 3)? {
            let before = builder.len();
            match builder.record(section, &record) {
                Ok(()) => records.push((section, record)),
                Err(_) => assert_eq!(builder.len(), before, "a refused record changes nothing"),
            }
        }
    }
    let octets = builder.finish().to_vec();
    whole(Some(octets), &header, |octets| {
        let packet = dns::Packet::parse(octets)?;
        packet.check()?;
        let mut read = Vec::new();
        for record in packet.records() {
            let (section, record) = record?;
            read.push((section, record.repr()?));
        }
        let is_same = packet.questions().eq(questions.iter().copied().map(Ok)) && read == records;
        Ok(is_same && packet.header() == header)
    })
}

fn read_dns(octets: &[u8]) -> core::result::Result<(), Error> {
    dns::Packet::parse(octets)?.check()
}

fn name(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let name: dns::NameBuf = from.arbitrary()?;
    assert_eq!(name.to_string().parse(), Ok(name.clone()), "what is printed reads as the same name");
    let mut octets = Vec::new();
    for label in name.as_name().labels() {
        let label = label.expect("a name of our own");
        octets.push(u8::try_from(label.len()).expect("at most 63"));
        octets.extend(label);
    }
    octets.push(0);
    whole(Some(octets), &name, |octets| Ok(dns::Name::parse(octets, 0, 0)?.0 == name.as_name()))
}

fn read_name(octets: &[u8]) -> core::result::Result<(), Error> {
    dns::Name::parse(octets, 0, 0)?.0.check()
}

/// With options, each code once. Behind the fixed part, and the first option, a message may end anywhere: what is cut
/// off is an option, which the walk yields as broken.
fn dhcp(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let mut repr: dhcpv4::Repr = from.arbitrary()?;
    if matches!(repr.message_type, MessageType::Unknown(0)) {
        repr.message_type = MessageType::Discover;
    }
    let mut options: Vec<dhcpv4::Opt<'_>> = several(from, 5)?;
    let mut seen = [dhcpv4::code::MESSAGE_TYPE, dhcpv4::code::OVERLOAD].to_vec();
    options.retain(|option| {
        let is_new = !seen.contains(&option.code());
        seen.push(option.code());
        is_new
    });
    let len = repr.buffer_len(&options);
    let octets = emit(len, |buffer| repr.emit(&options, buffer));
    if !matches!(repr.operation, dhcpv4::Operation::Request | dhcpv4::Operation::Reply) {
        // It is sent as it is, and not accepted.
        return Ok(None);
    }
    open(octets, dhcpv4::HEADER_LEN, &repr, |octets| {
        let packet = dhcpv4::Packet::parse(octets)?;
        let read: Vec<_> = packet.options().collect::<core::result::Result<_, _>>()?;
        let is_same = read.iter().filter(|option| option.code() != dhcpv4::code::MESSAGE_TYPE).eq(&options);
        Ok(is_same && dhcpv4::Repr::parse(&packet)? == repr)
    })
}

fn read_dhcp(octets: &[u8]) -> core::result::Result<(), Error> {
    dhcpv4::Packet::parse(octets).map(|_| ())
}

/// It ends with its option: a shorter one is another.
fn identifier(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let identifier: dhcpv4::ClientIdentifier<'_> = from.arbitrary()?;
    let octets = emit(identifier.buffer_len(), |buffer| identifier.emit(buffer).map(|_| ()));
    open(octets, 0, &identifier, |octets| Ok(dhcpv4::ClientIdentifier::parse(octets)? == identifier))
}

fn read_identifier(octets: &[u8]) -> core::result::Result<(), Error> {
    dhcpv4::ClientIdentifier::parse(octets).map(|_| ())
}
