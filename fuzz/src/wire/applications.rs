//! Family `wire_applications`: DNS, DHCPv4, and the walk that goes into them.

use super::{emitted, Family};
use crate::samples;
use tersus_wire::dhcpv4::{self, Opt};
use tersus_wire::dns::{self, Builder, NameBuf};
use tersus_wire::sixlowpan::{Context, ContextUse, Contexts};
use tersus_wire::walk::{Content, Layer, Medium, Value, Walk, LAYERS_MAX};
use tersus_wire::Error;

/// The family.
pub(super) const FAMILY: Family = Family {
    name: "wire_applications",
    formats: &[(0, "dns", dns), (1, "dhcpv4", dhcpv4), (2, "walk", walk)],
    samples: samples::applications,
};

/// What was parsed is emitted again, with compression of our own, and means the same.
pub(super) fn dns(bytes: &[u8]) {
    let Ok(packet) = dns::Packet::parse(bytes) else { return };
    let _ = packet.to_string();
    let _ = packet.edns();
    assert!(packet.questions().count() <= bytes.len() / 5 + 1);
    assert!(packet.records().count() <= bytes.len() / 11 + 1);
    check_questions(bytes, &packet);
    let mut at = None;
    for (_, record) in packet.records().flatten() {
        check_name(record.name());
        assert!(record.ttl() <= record.ttl_field());
        match record.data() {
            Ok(dns::Data::Txt(text)) => check_text(&text),
            Ok(dns::Data::Nsec(nsec)) => check_types(&nsec.types),
            Ok(dns::Data::Aaaa(address)) => check_name(NameBuf::of_address(address.into()).as_name()),
            _ => {}
        }
        let start = at.unwrap_or_else(|| questions_end(bytes, &packet));
        check_labels(bytes, start, record.name());
        let (again, end) = dns::Record::parse(bytes, start).expect("it was just read");
        assert_eq!(again, record);
        at = Some(end);
    }
    if packet.check().is_err() {
        return;
    }
    let mut buffer = vec![0; 1 << 16];
    let mut builder = Builder::new(&mut buffer, &packet.header()).expect("a header that was parsed");
    let questions: Vec<_> = packet.questions().map(|question| question.expect("checked")).collect();
    let records: Vec<_> = packet.records().map(|record| record.expect("checked")).collect();
    let records: Vec<_> = records.iter().map(|(at, record)| (*at, record.repr().expect("checked"))).collect();
    // Without compression where it is not made here, a message can grow beyond any buffer.
    if questions.iter().any(|question| builder.question(question).is_err())
        || records.iter().any(|(section, record)| builder.record(*section, record).is_err())
    {
        return;
    }
    let again = dns::Packet::parse(builder.finish()).expect("what was emitted can be parsed");
    assert_eq!(again.header(), packet.header());
    assert_eq!(again.check(), Ok(()));
    assert_eq!(again.questions().collect::<Vec<_>>(), questions.into_iter().map(Ok).collect::<Vec<_>>());
    let repeated: Vec<_> = again.records().map(|record| record.expect("emitted")).collect();
    let repeated: Vec<_> =
        repeated.iter().map(|(at, record)| (*at, record.repr().expect("emitted"))).collect();
    assert_eq!(repeated, records);
}

/// Label by label, questions are what they are as wholes, wherever one stops.
fn check_questions(bytes: &[u8], packet: &dns::Packet<'_>) {
    let mut at = dns::HEADER_LEN;
    let wholes: Vec<_> = packet.questions().collect();
    for taken in [usize::MAX, 1, 0] {
        let mut questions = packet.questions();
        for whole in &wholes {
            let mut labels = questions.next_labels().expect("as many");
            let seen: Vec<_> = labels.by_ref().take(taken).collect();
            if let Ok(question) = whole {
                assert!(question.name.labels().take(taken).eq(seen));
            }
            assert_eq!(labels.question(), *whole);
        }
        assert!(questions.next_labels().is_none() && questions.next().is_none());
    }
    for question in wholes.into_iter().flatten() {
        check_name(question.name);
        check_labels(bytes, at, question.name);
        let (again, end) = dns::Question::parse(bytes, at).expect("it was just read");
        assert_eq!(again, question);
        at = end;
    }
}

fn questions_end(bytes: &[u8], packet: &dns::Packet<'_>) -> usize {
    packet.questions().fold(dns::HEADER_LEN, |at, _| dns::Question::parse(bytes, at).expect("it was read").1)
}

/// The labels of a name are those that a walk by the rules, octet by octet, finds.
fn check_labels(bytes: &[u8], at: usize, name: dns::Name<'_>) {
    let labels: Result<Vec<_>, _> = name.labels().collect();
    assert_eq!(labels.ok(), plain_labels(bytes, at));
}

fn plain_labels(bytes: &[u8], first: usize) -> Option<Vec<&[u8]>> {
    let (mut labels, mut len, mut pointers) = (Vec::new(), 1, 0);
    let (mut start, mut at, mut end) = (first, first, bytes.len());
    loop {
        let octet = usize::from(*bytes[..end].get(at)?);
        match octet {
            0 => return Some(labels),
            1..=63 => {
                labels.push(bytes[..end].get(at + 1..at + 1 + octet)?);
                at += 1 + octet;
                len += 1 + octet;
                if len > dns::NAME_LEN_MAX {
                    return None;
                }
            }
            0xc0.. => {
                let to = (octet - 0xc0) << 8 | usize::from(*bytes[..end].get(at + 1)?);
                if to >= start || to < dns::HEADER_LEN {
                    return None;
                }
                // A name that is nothing but a pointer is what that leads to.
                if at != first {
                    pointers += 1;
                    end = start;
                }
                if pointers > 126 {
                    return None;
                }
                (start, at) = (to, to);
            }
            _ => return None,
        }
    }
}

/// A name is broken or at most 255 octets, and reads as it prints.
fn check_name(name: dns::Name<'_>) {
    let owned = NameBuf::try_from(name);
    assert_eq!(owned.is_ok(), name.check().is_ok());
    let Ok(owned) = owned else { return };
    assert_eq!(owned.as_name(), name);
    assert!(name.is_within(&dns::Name::ROOT) && name.is_within(&name));
    assert_eq!(owned.to_string().parse(), Ok(owned));
}

/// An attribute is found by its key, unless an earlier one has it.
fn check_text(text: &dns::Text<'_>) {
    assert!(text.strings().count() > 0);
    for attribute in text.attributes() {
        let Ok(key) = core::str::from_utf8(attribute.key) else { continue };
        let first = text.attribute(key).expect("it was just seen");
        assert!(first.key.eq_ignore_ascii_case(attribute.key));
    }
}

/// A set has the types that it yields, which ascend.
fn check_types(types: &dns::Types<'_>) {
    let some: Vec<_> = types.iter().take(256).map(|record_type| record_type.0).collect();
    assert!(some.iter().all(|number| types.contains(dns::RecordType(*number))));
    for pair in some.windows(2) {
        assert!(pair[0] < pair[1]);
        assert!(pair[0] + 1 == pair[1] || !types.contains(dns::RecordType(pair[0] + 1)));
    }
    let some: Vec<_> = some.into_iter().map(dns::RecordType).collect();
    let mut octets = [0; 34 * 256];
    let again = dns::Types::emit(&some, &mut octets).expect("types of records");
    assert!(again.iter().eq(some));
    assert_eq!(dns::Types::parse(again.octets()), Ok(again));
}

/// What was parsed is emitted again with the same options, all in one field.
pub(super) fn dhcpv4(bytes: &[u8]) {
    let Ok(packet) = dhcpv4::Packet::parse(bytes) else { return };
    let _ = (packet.to_string(), packet.parameters());
    assert!(packet.pieces().count() <= bytes.len());
    for option in packet.options().flatten() {
        if let Opt::ClientIdentifier(value) = &option {
            value.as_slice().into_iter().for_each(identifier);
        }
        let value = packet.option(option.code()).expect("it was just seen");
        let mut octets = vec![0; value.len()];
        assert_eq!(value.copy_to(&mut octets).map(<[u8]>::len), Ok(octets.len()));
        assert!(value == octets[..]);
        if let Some(shorter) = octets.len().checked_sub(1) {
            assert!(value.copy_to(&mut octets[..shorter]).is_err());
        }
    }
    let Ok(repr) = dhcpv4::Repr::parse(&packet) else { return };
    let is_own = |option: &Opt<'_>| matches!(option, Opt::MessageType(_) | Opt::Overload(_));
    let options: Vec<Opt<'_>> = packet.options().flatten().filter(|option| !is_own(option)).collect();
    let again = emitted(repr.buffer_len(&options), |buffer| repr.emit(&options, buffer).map(|_| ()));
    let again = dhcpv4::Packet::parse(&again).expect("what was emitted can be parsed");
    assert_eq!(dhcpv4::Repr::parse(&again), Ok(repr));
    let repeated: Vec<_> = again.options().map(|option| option.expect("emitted")).skip(1).collect();
    assert_eq!(repeated, options);
    check_within(&repr, &options);
}

/// What was taken apart is put together again.
pub(super) fn identifier(octets: &[u8]) {
    let Ok(identifier) = dhcpv4::ClientIdentifier::parse(octets) else { return };
    let _ = identifier.to_string();
    let mut buffer = vec![0; identifier.buffer_len()];
    assert!(identifier.emit(&mut buffer).expect("it was parsed") == *octets);
}

/// What is emitted into less than it needs means the same, wherever its options stand; or it is refused.
fn check_within(repr: &dhcpv4::Repr, options: &[Opt<'_>]) {
    let need = repr.buffer_len(options);
    for less in [1, 60, 190] {
        let len = need.saturating_sub(less).max(dhcpv4::MESSAGE_LEN_MIN);
        let mut buffer = vec![0xff; len];
        match repr.emit_within(options, &mut buffer) {
            Ok(written) => {
                let packet =
                    dhcpv4::Packet::parse(&buffer[..written]).expect("what was emitted can be parsed");
                assert_eq!(dhcpv4::Repr::parse(&packet), Ok(*repr));
                let mut read: Vec<_> =
                    packet.options().map(|option| option.expect("emitted")).skip(1).collect();
                read.retain(|option| !matches!(option, Opt::Overload(_)));
                assert_eq!(read, options);
            }
            Err(error) => assert_eq!(error, Error::no_room(need, len)),
        }
    }
}

const MEDIA: [Medium; 7] = [
    Medium::Ethernet,
    Medium::Ip,
    Medium::Ieee802154,
    Medium::Ieee802154Fcs,
    Medium::Loopback,
    Medium::LinuxCooked,
    Medium::LinuxCooked2,
];

/// Input: the medium, then a frame. The walk ends, each layer prints as one line, and nothing of the frame is before
/// the first layer.
pub(super) fn walk(bytes: &[u8]) {
    let Some((medium, frame)) = bytes.split_first() else { return };
    let medium = MEDIA[usize::from(*medium) % MEDIA.len()];
    let mut contexts = Contexts::new();
    let prefix = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    contexts.set(0, Context::new(prefix, 64, ContextUse::Both).expect("64 bits"));
    for room in [0, 100, 2048] {
        let mut scratch = vec![0; room];
        let layers: Vec<Layer<'_>> =
            Walk::new(medium, frame, &mut scratch).with_contexts(&contexts).collect();
        assert!((1..=usize::from(LAYERS_MAX) + 1).contains(&layers.len()));
        for layer in &layers {
            let line = layer.to_string();
            assert!(!line.is_empty() && !line.contains('\n'), "{line:?}");
            let mut count = 0;
            layer.fields(&mut |name, value| {
                assert!(!name.is_empty());
                count += 1;
                if let Value::Text(text) = value {
                    let _ = text.to_string();
                }
            });
            assert!(count > 0 || matches!(layer.content, Content::Ndisc(..)), "{line}");
        }
        assert!(layers[0].octets.len() <= frame.len());
    }
}
