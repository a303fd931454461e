extern crate alloc;
use super::*;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{Ipv4Addr, Ipv6Addr};

/// www.example.org is a CNAME of host.example.org, which has an address.
const RESPONSE: &[u8] = b"\x12\x34\x81\x80\0\x01\0\x02\0\0\0\0\
    \x03www\x07example\x03org\0\0\x01\0\x01\
    \xc0\x0c\0\x05\0\x01\0\0\x0e\x10\0\x07\x04host\xc0\x10\
    \xc0\x2d\0\x01\0\x01\0\0\x0e\x10\0\x04\xc0\0\x02\x01";

fn name(text: &str) -> NameBuf {
    text.parse().unwrap()
}

/// A message of this header's counts, octets and behind them.
fn message(counts: [u8; 4], body: &[u8]) -> Vec<u8> {
    let [q, a, n, r] = counts;
    [&[0, 1, 0x80, 0, 0, q, 0, a, 0, n, 0, r], body].concat()
}

// conf: DDM-DNS-02, DDM-DNS-07
#[test]
fn a_response_is_read_record_by_record() {
    let packet = Packet::parse(RESPONSE).unwrap();
    assert!(packet.is_response());
    assert_eq!((packet.id(), packet.flags()), (0x1234, Flags::QR | Flags::RD | Flags::RA));
    assert_eq!((packet.opcode(), packet.rcode()), (Opcode::QUERY, Rcode::NO_ERROR));
    let mut questions = packet.questions();
    let question = questions.next().unwrap().unwrap();
    assert_eq!(question.name, name("WWW.example.org").as_name());
    assert_eq!((question.record_type, question.class), (RecordType::A, Class::IN));
    assert!(questions.next().is_none());
    let records: Vec<Record<'_>> = questions.answers().map(Result::unwrap).collect();
    let host = name("host.example.org");
    assert_eq!(records[0].data(), Ok(Data::Cname(host.as_name())));
    assert_eq!(records[1].name(), host.as_name());
    assert_eq!(records[1].data(), Ok(Data::A(Ipv4Addr::new(192, 0, 2, 1))));
    assert_eq!((records[1].ttl(), records[1].class()), (3600, Class::IN));
    assert_eq!(packet.answers().count(), 2);
    assert_eq!(packet.records().count(), 2);
    assert_eq!(packet.check(), Ok(()));
    assert_eq!(packet.edns(), Ok(None));
}

#[test]
fn a_message_prints_as_one_line() {
    let packet = Packet::parse(RESPONSE).unwrap();
    let want = "DNS response id 0x1234 RD RA NOERROR, www.example.org A?, \
                www.example.org CNAME host.example.org, host.example.org A 192.0.2.1";
    assert_eq!(packet.to_string(), want);
    let cut = Packet::parse(&RESPONSE[..RESPONSE.len() - 1]).unwrap();
    assert!(cut
        .to_string()
        .ends_with("host.example.org, record broken: truncated: 68 octets needed, 67 present"));
    let many = message([0, 12, 0, 0], &[0, 0, 16, 0, 5, 0, 0, 0, 1, 0, 2, 1, b'"'].repeat(12));
    let text = Packet::parse(&many).unwrap().to_string();
    assert_eq!(text.matches(". TXT \"\\\"\" CLASS5").count(), 8, "{text}");
    assert!(text.ends_with(", 4 more"), "{text}");
}

/// Every record type, emitted and read again, with and without compression.
// conf: DDM-DNS-01, DDM-DNS-07
#[test]
fn what_is_emitted_parses_to_the_same() {
    let names = ["example.com", "www.example.com", "Example.com", "a.b.c.example.com", "."].map(name);
    let [www, upper, deep, root] = [1, 2, 3, 4].map(|index| names[index].as_name());
    let text = Text::parse(b"\x05hello\0\x02\"\\").unwrap();
    let soa = Soa { primary: www, mailbox: deep, serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 };
    let data = [
        Data::A(Ipv4Addr::new(192, 0, 2, 1)),
        Data::Aaaa(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
        Data::Cname(upper),
        Data::Ns(www),
        Data::Ptr(root),
        Data::Mx { preference: 10, exchange: deep },
        Data::Srv { priority: 1, weight: 2, port: 853, target: www },
        Data::Soa(soa),
        Data::Txt(text),
        Data::Opt(EdnsOptions::new(&[0, 10, 0, 2, 1, 2])),
        Data::Nsec(Nsec { next: deep, types: Types::parse(&[0, 1, 0x40, 1, 1, 0x40]).unwrap() }),
        Data::Names(Names::parse(RecordType::MINFO, b"\x03www\x07example\x03com\0\x01a\0").unwrap()),
        Data::Names(Names::parse(RecordType::KX, b"\0\x01\x07example\x03com\0").unwrap()),
        Data::Unknown(RecordType(65), &[1, 2, 3]),
    ];
    let mut lengths = [0; 3];
    let compressions = [Compression::Off, Compression::On, Compression::Multicast];
    for (compression, total) in compressions.into_iter().zip(&mut lengths) {
        let header = Header { id: 7, flags: Flags::QR | Flags::AA, opcode: Opcode(0), rcode: Rcode(3) };
        let mut buffer = [0; 2048];
        let mut builder = Builder::new(&mut buffer, &header).unwrap();
        builder.set_compression(compression);
        let question = Question { name: www, record_type: RecordType::ANY, class: Class(0x8001) };
        builder.question(&question).unwrap();
        let mut records = Vec::new();
        for section in [Section::Answer, Section::Authority, Section::Additional] {
            for (index, data) in data.into_iter().enumerate() {
                let owner = names[index % names.len()].as_name();
                let mut record = Repr { name: owner, class: Class(0x8001), ttl: 300, data };
                if let Data::Opt(_) = data {
                    record.name = Name::ROOT;
                    if section < Section::Additional {
                        continue;
                    }
                }
                builder.record(section, &record).unwrap();
                records.push((section, record));
            }
        }
        *total = builder.len();
        let packet = Packet::parse(builder.finish()).unwrap();
        assert_eq!(packet.header(), header);
        assert_eq!(packet.questions().map(Result::unwrap).collect::<Vec<_>>(), [question]);
        let again: Vec<_> =
            packet.records().map(Result::unwrap).map(|(s, r)| (s, r.repr().unwrap())).collect();
        assert_eq!(again, records, "{compression:?}");
        // Compression keeps the case of letters.
        assert!(again.iter().any(|(_, record)| record.data.to_string() == "CNAME Example.com"));
        assert_eq!(packet.check(), Ok(()));
    }
    assert!(lengths[1] * 3 < lengths[0] * 2 && lengths[2] < lengths[1], "{lengths:?}");
}

#[test]
fn compression_points_to_the_first_of_equal_ends() {
    let mut buffer = [0; 64];
    let mut builder = Builder::new(&mut buffer, &Header::default()).unwrap();
    for text in ["a.a", "b.a", "b.a", "a", "."] {
        let name = name(text);
        let question = Question { name: name.as_name(), record_type: RecordType::A, class: Class::IN };
        builder.question(&question).unwrap();
    }
    let tail = [0, 1, 0, 1];
    let want = [
        &[1, b'a', 1, b'a', 0][..],
        &tail,
        &[1, b'b', 0xc0, 14],
        &tail,
        &[0xc0, 21],
        &tail,
        &[0xc0, 14],
        &tail,
        &[0],
        &tail,
    ];
    assert_eq!(builder.finish()[HEADER_LEN..], want.concat());
}

#[test]
fn a_record_that_does_not_fit_leaves_the_message_as_it_was() {
    let (owner, other) = (name("www.example.com"), name("mail.example.com"));
    let record = Repr { name: owner.as_name(), class: Class::IN, ttl: 1, data: Data::Cname(other.as_name()) };
    let need = HEADER_LEN + 17 + 10 + 7;
    for len in 0..=need {
        let mut buffer = alloc::vec![0xa5; len];
        let Ok(mut builder) = Builder::new(&mut buffer, &Header::default()) else {
            assert!(len < HEADER_LEN);
            continue;
        };
        let added = builder.record(Section::Answer, &record);
        assert_eq!(added.is_ok(), len == need, "{len}");
        if added.is_err() {
            assert!(matches!(added, Err(Error::NoRoom { .. })), "{len}");
        }
        let packet = Packet::parse(builder.finish()).unwrap();
        assert_eq!(packet.answers().count(), usize::from(len == need));
        assert_eq!(packet.check(), Ok(()));
    }
}

#[test]
fn sections_come_in_order_and_codes_fit_their_bits() {
    let mut buffer = [0; 64];
    let header = Header { opcode: Opcode(16), ..Header::default() };
    assert_eq!(Builder::new(&mut buffer, &header).err(), Some(Error::Unrepresentable));
    let header = Header { rcode: Rcode::BAD_VERS, ..Header::default() };
    assert_eq!(Builder::new(&mut buffer, &header).err(), Some(Error::Unrepresentable));
    for opcode_or_rcode in [0x0800, 0x0001] {
        let header = Header { flags: Flags::from_bits_retain(opcode_or_rcode), ..Header::default() };
        assert_eq!(Builder::new(&mut buffer, &header).err(), Some(Error::Unrepresentable));
    }
    let mut builder = Builder::new(&mut buffer, &Header::default()).unwrap();
    builder.edns(&Edns::new(1232)).unwrap();
    let record = Repr { name: Name::ROOT, class: Class::IN, ttl: 0, data: Data::Ns(Name::ROOT) };
    assert_eq!(builder.record(Section::Answer, &record), Err(Error::Unrepresentable));
    let question = Question { name: Name::ROOT, record_type: RecordType::NS, class: Class::IN };
    assert_eq!(builder.question(&question), Err(Error::Unrepresentable));
}

// conf: DDM-DNS-13
#[test]
fn edns_is_one_opt_record_of_the_root() {
    let cookie = [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8];
    let edns = Edns {
        udp_payload_size: 1232,
        extended_rcode: 1,
        version: 0,
        dnssec_ok: true,
        options: EdnsOptions::new(&cookie),
    };
    let mut buffer = [0; 128];
    let mut builder = Builder::new(&mut buffer, &Header::default()).unwrap();
    builder.edns(&edns).unwrap();
    let len = builder.len();
    let packet = Packet::parse(&buffer[..len]).unwrap();
    let again = packet.edns().unwrap().unwrap();
    assert_eq!(again, edns);
    assert_eq!(again.options.find(EdnsOption::COOKIE), Some(&cookie[4..]));
    assert_eq!(again.options.find(EdnsOption::NSID), None);
    assert_eq!(again.rcode(Rcode(7)), Rcode::BAD_COOKIE);
    let text = packet.to_string();
    assert!(text.ends_with(", OPT size 1232 extended RCODE 1 DO cookie"), "{text}");
    let version = Edns { version: 1, ..Edns::new(4096) };
    assert_eq!(version.to_string(), "OPT size 4096 version 1");
    // Sizes below 512 count as 512.
    let small = message([0, 0, 0, 1], &[0, 0, 41, 0, 100, 0, 0, 0, 0, 0, 0]);
    assert_eq!(Packet::parse(&small).unwrap().edns().unwrap().unwrap().udp_payload_size, 512);
    // What is no flag is ignored.
    let reserved = message([0, 0, 0, 1], &[0, 0, 41, 4, 0, 0, 0, 0x7f, 0xff, 0, 0]);
    assert_eq!(Packet::parse(&reserved).unwrap().edns(), Ok(Some(Edns::new(1024))));
    // Two of them, or one that belongs to a name, are no EDNS.
    let two = message([0, 0, 0, 2], &[0, 0, 41, 4, 0, 0, 0, 0, 0, 0, 0].repeat(2));
    assert_eq!(Packet::parse(&two).unwrap().edns(), Err(Error::Field(0)));
    let owned = message([0, 0, 0, 1], &[1, b'a', 0, 0, 41, 4, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(Packet::parse(&owned).unwrap().edns(), Err(Error::Field(0)));
    // An option that is cut off is said to be, and ends the walk.
    let mut cut = EdnsOptions::new(&[0, 3, 0, 0, 0, 10, 0, 8, 1]);
    assert_eq!(cut.next(), Some(Ok(EdnsOption { code: 3, data: &[] })));
    assert_eq!(cut.next(), Some(Err(Error::truncated(12, 5))));
    assert_eq!(cut.next(), None);
    let cut = message([0, 0, 0, 1], &[0, 0, 41, 4, 0, 0, 0, 0, 0, 0, 5, 0, 10, 0, 8, 1]);
    assert_eq!(Packet::parse(&cut).unwrap().check(), Err(Error::truncated(12, 5)));
}

/// RFC 3597 §4 and RFC 6762 §18.14.
#[test]
fn names_in_rdata_are_compressed_where_the_type_allows_it() {
    use RecordType as Type;
    let target = name("host.local");
    let target = target.as_name();
    let soa =
        Soa { primary: target, mailbox: target, serial: 0, refresh: 0, retry: 0, expire: 0, minimum: 0 };
    let names = |record_type, front: &'static [u8], back: &'static [u8]| {
        // The name stands twice where the type has two of them.
        let octets = [front, b"\x04host\x05local\0", back].concat();
        Data::Names(Names::parse(record_type, octets.leak()).unwrap())
    };
    const SECOND: &[u8] = b"\x04host\x05local\0";
    // By themselves, in unicast and in multicast DNS.
    for (data, on, multicast) in [
        (Data::Ns(target), true, true),
        (names(Type::MD, b"", b""), true, false),
        (names(Type::MF, b"", b""), true, false),
        (Data::Cname(target), true, true),
        (Data::Soa(soa), true, true),
        (names(Type::MB, b"", b""), true, false),
        (names(Type::MG, b"", b""), true, false),
        (names(Type::MR, b"", b""), true, false),
        (Data::Ptr(target), true, true),
        (names(Type::MINFO, b"", SECOND), true, false),
        (Data::Mx { preference: 1, exchange: target }, true, true),
        (names(Type::RP, b"", SECOND), false, true),
        (names(Type::AFSDB, b"\0\x01", b""), false, true),
        (names(Type::RT, b"\0\x01", b""), false, true),
        (names(Type::SIG, &[0; 18], b""), false, false),
        (names(Type::PX, b"\0\x01", SECOND), false, true),
        (names(Type::NXT, b"", b"\x40"), false, false),
        (Data::Srv { priority: 0, weight: 0, port: 80, target }, false, true),
        (names(Type::NAPTR, &[0; 7], b""), false, false),
        (names(Type::KX, b"\0\x01", b""), false, true),
        (names(Type::DNAME, b"", b""), false, true),
        (Data::Nsec(Nsec { next: target, types: Types::parse(&[0, 1, 0x40]).unwrap() }), false, true),
    ] {
        for (compression, want) in
            [(Compression::Off, false), (Compression::On, on), (Compression::Multicast, multicast)]
        {
            let mut buffer = [0; 256];
            let mut builder = Builder::new(&mut buffer, &Header::default()).unwrap();
            builder.set_compression(compression);
            let record = Repr { name: target, class: Class::IN.with_top_bit(), ttl: 120, data };
            builder.record(Section::Answer, &record).unwrap();
            let packet = Packet::parse(builder.finish()).unwrap();
            let again = packet.answers().next().unwrap().unwrap();
            assert_eq!(again.repr(), Ok(record));
            assert_eq!(again.rdata().contains(&0xc0), want, "{} {compression:?}", data.record_type());
        }
    }
}

/// RFC 3597 §4: a pointer in RDATA means nothing in another message.
// conf: DDM-MDN-24
#[test]
fn names_in_rdata_are_the_same_names_in_another_message() {
    // The owner and every name in RDATA are the name of the question.
    let records: [(u8, &[u8]); 9] = [
        (3, b"\xc0\x0c"),
        (9, b"\xc0\x0c"),
        (14, b"\xc0\x0c\x01b\xc0\x0c"),
        (17, b"\xc0\x0c\xc0\x0c"),
        (18, b"\0\x01\xc0\x0c"),
        (26, b"\0\x01\xc0\x0c\xc0\x0c"),
        (36, b"\0\x01\xc0\x0c"),
        (39, b"\xc0\x0c"),
        (47, b"\xc0\x0c\0\x01\x40"),
    ];
    for (kind, rdata) in records {
        let len = u8::try_from(rdata.len()).unwrap();
        let body = [b"\x04host\x05local\0\0\xff\0\x01\xc0\x0c\0", &[kind][..], b"\0\x01\0\0\0\x78\0", &[len]];
        let octets = message([1, 1, 0, 0], &[&body.concat(), rdata].concat());
        let packet = Packet::parse(&octets).unwrap();
        let repr = packet.answers().next().unwrap().unwrap().repr().unwrap();
        let text = repr.to_string();
        assert!(text.contains("host.local "), "{text}");
        let mut buffer = [0; 128];
        let mut builder = Builder::new(&mut buffer, &Header::default()).unwrap();
        let other = name("other.example");
        let question = Question { name: other.as_name(), record_type: RecordType::ANY, class: Class::IN };
        builder.question(&question).unwrap();
        builder.record(Section::Answer, &repr).unwrap();
        let emitted = Packet::parse(builder.finish()).unwrap();
        let again = emitted.answers().next().unwrap().unwrap().repr().unwrap();
        assert_eq!((again, again.to_string()), (repr, text), "type {kind}");
        // Of these, RFC 1035 defines the first three, which alone point to the owner.
        let is_compressed = emitted.answers().next().unwrap().unwrap().rdata().contains(&0xc0);
        assert_eq!(is_compressed, kind < 15, "type {kind}");
    }
}

#[test]
fn names_among_octets_have_the_parts_of_their_type() {
    let root = || Some(Name::ROOT);
    let a = name("a");
    for (record_type, rdata, front, second, back) in [
        (RecordType::MB, &[1, b'a', 0][..], 0, None, 0),
        (RecordType::RP, &[1, b'a', 0, 0], 0, root(), 0),
        (RecordType::RT, &[9, 9, 1, b'a', 0], 2, None, 0),
        (RecordType::PX, &[9, 9, 1, b'a', 0, 0], 2, root(), 0),
        (RecordType::NXT, &[1, b'a', 0, 9, 9, 9], 0, None, 3),
        (RecordType::NAPTR, &[9, 9, 9, 9, 0, 1, 9, 0, 1, b'a', 0], 8, None, 0),
    ] {
        let names = Names::parse(record_type, rdata).unwrap();
        assert_eq!((names.record_type(), names.name(), names.second()), (record_type, a.as_name(), second));
        assert_eq!((names.front(), names.back()), (&rdata[..front], &rdata[rdata.len() - back..]));
        for len in 0..rdata.len() - back {
            assert!(Names::parse(record_type, &rdata[..len]).is_err(), "{record_type} {len}");
        }
    }
    assert_eq!(Names::parse(RecordType::A, &[0]), Err(Error::Unknown(1)));
    assert_eq!(Names::parse(RecordType::MB, &[1, b'a', 0xc0, 0]), Err(Error::Field(2)));
    assert_eq!(Names::parse(RecordType::NXT, &[0; 70_000]), Err(Error::Length(u16::MAX)));
    assert_ne!(Names::parse(RecordType::MB, &[0]), Names::parse(RecordType::MR, &[0]));
}

#[test]
fn the_top_bit_of_a_class_prints_as_what_multicast_dns_means_by_it() {
    // A question that wants a unicast response, and a unique record; then another class with that bit.
    let body = b"\x05local\0\0\x0c\x80\x01\xc0\x0c\0\x0c\x80\x01\0\0\0\x78\0\x01\0\xc0\x0c\0\x0c\x80\x03\0\0\0\x78\0\x01\0";
    let octets = message([1, 2, 0, 0], body);
    let packet = Packet::parse(&octets).unwrap();
    let text = packet.to_string();
    assert!(text.ends_with(", local PTR? QU, local PTR . cache-flush, local PTR . CLASS32771"), "{text}");
    let question = packet.questions().next().unwrap().unwrap();
    assert!(question.class.has_top_bit() && question.class.without_top_bit() == Class::IN);
}

#[test]
fn types_in_a_bitmap_are_found_and_walked() {
    // RFC 4034 §4.3: A, MX, RRSIG, NSEC and TYPE1234.
    let mut octets = alloc::vec![0, 6, 0x40, 0x01, 0, 0, 0, 3, 4, 27];
    octets.resize(10 + 26, 0);
    octets.push(0x20);
    let types = Types::parse(&octets).unwrap();
    let want = [1, 15, 46, 47, 1234].map(RecordType);
    assert!(types.iter().eq(want));
    for number in 0..=u16::MAX {
        assert_eq!(types.contains(RecordType(number)), want.contains(&RecordType(number)), "{number}");
    }
    assert_eq!(format!("{types:?}"), "{A, MX, RRSIG, NSEC, TYPE1234}");
    let whole = [[0xff; 32].as_slice(); 2].concat();
    let octets = [&[0, 32], &whole[..32], &[255, 32], &whole[32..]].concat();
    // Without the pseudo-types.
    assert_eq!(Types::parse(&octets).unwrap().iter().count(), 512 - 1 - 128);
    assert_eq!(Types::parse(&octets).unwrap().iter().last(), Some(RecordType(u16::MAX)));
}

/// RFC 4034 §4.1.2.
#[test]
fn types_are_emitted_in_the_shortest_form_and_pseudo_types_ignored() {
    let types = |numbers: &[u16]| numbers.iter().copied().map(RecordType).collect::<Vec<_>>();
    for (numbers, want) in [
        (&[][..], &[][..]),
        (&[7], &[0, 1, 0x01]),
        (&[8, 1, 8], &[0, 2, 0x40, 0x80]),
        // Windows ascend, and those without types are left out.
        (&[1234, 47, 1, 46, 15], &[&[0, 6, 0x40, 1, 0, 0, 0, 3, 4, 27][..], &[0; 26], &[0x20]].concat()),
        (&[65_535, 256], &[&[1, 1, 0x80, 255, 32][..], &[0; 31], &[0x01]].concat()),
    ] {
        let mut octets = [0xff; 64];
        let emitted = Types::emit(&types(numbers), &mut octets).unwrap();
        assert_eq!(emitted.octets(), want);
        assert_eq!(Types::parse(want), Ok(emitted));
        assert!(numbers.iter().all(|number| emitted.contains(RecordType(*number))));
        for len in 0..want.len() {
            let short = Types::emit(&types(numbers), octets.get_mut(..len).unwrap());
            assert!(matches!(short, Err(Error::NoRoom { .. })), "{len}");
        }
    }
    let pseudo = [41, 128, 249, 250, 251, 252, 255];
    for number in pseudo {
        assert_eq!(Types::emit(&types(&[1, number]), &mut [0; 64]), Err(Error::Unrepresentable));
    }
    let all = [&[0, 32][..], &[0xff; 32]].concat();
    let all = Types::parse(&all).unwrap();
    assert!(pseudo.iter().all(|number| !all.contains(RecordType(*number))));
    assert!(all.iter().all(|record_type| record_type != RecordType::OPT && record_type.0 < 128));
}

/// RFC 6763 §6.4.
#[test]
fn attributes_are_emitted_once_and_with_a_key() {
    let of = |key, value| Attribute { key, value };
    let attributes = [of(b"a", None), of(b"b c", Some(b"")), of(b"d", Some(b"=\xff"))];
    let mut octets = [0; 16];
    let text = Text::emit(&attributes, &mut octets).unwrap();
    assert_eq!(text.octets(), b"\x01a\x04b c=\x04d==\xff");
    assert!(text.attributes().eq(attributes));
    assert_eq!(Text::emit(&[], &mut []).unwrap().octets(), [0]);
    for len in 0..12 {
        assert!(matches!(Text::emit(&attributes, &mut [0; 16][..len]), Err(Error::NoRoom { .. })));
    }
    let long = [b'x'; 254];
    assert!(Text::emit(&[of(b"k", Some(&long[..253]))], &mut [0; 256]).is_ok());
    for wrong in [
        &[of(b"", None)][..],
        &[of(b"a=b", None)],
        &[of(b"a\x7f", None)],
        &[of("\u{e9}".as_bytes(), None)],
        &[of(b"Key", None), of(b"key", Some(b"1"))],
        &[of(b"k", Some(&long))],
    ] {
        assert_eq!(Text::emit(wrong, &mut [0; 512]), Err(Error::Unrepresentable), "{wrong:?}");
    }
}

/// RFC 6763 §6.
#[test]
fn text_is_never_empty_and_its_attributes_have_keys() {
    let text = Text::parse(&[]).unwrap();
    assert_eq!((text, text.octets()), (Text::parse(&[0]).unwrap(), &[0][..]));
    assert_eq!(text.strings().collect::<Vec<_>>(), [b""]);
    assert_eq!(text.attributes().count(), 0);
    let text = Text::parse(b"\0\x02=a\x01=\x03a=1\x05b=2=3\x01c\x03A=4\x02d=\x04e= 5").unwrap();
    let seen: Vec<_> = text.attributes().map(|attribute| (attribute.key, attribute.value)).collect();
    let want: [(&[u8], Option<&[u8]>); 6] = [
        (b"a", Some(b"1")),
        (b"b", Some(b"2=3")),
        (b"c", None),
        (b"A", Some(b"4")),
        (b"d", Some(b"")),
        (b"e", Some(b" 5")),
    ];
    assert_eq!(seen, want);
    assert_eq!(text.attribute("A").unwrap().value, Some(&b"1"[..]));
    assert_eq!(text.attribute("C"), Some(Attribute { key: b"c", value: None }));
    assert_eq!((text.attribute(""), text.attribute("=a"), text.attribute("f")), (None, None, None));
}

#[test]
fn codes_print_by_their_names() {
    for (number, want) in
        [(0, "QUERY"), (1, "IQUERY"), (2, "STATUS"), (4, "NOTIFY"), (5, "UPDATE"), (6, "OPCODE6")]
    {
        assert_eq!(Opcode(number).to_string(), want);
    }
    for (number, want) in
        [(0, "NOERROR"), (3, "NXDOMAIN"), (10, "NOTZONE"), (16, "BADVERS"), (4095, "RCODE4095")]
    {
        assert_eq!(Rcode(number).to_string(), want);
    }
    for (number, want) in [(1, "IN"), (3, "CH"), (4, "HS"), (254, "NONE"), (255, "ANY"), (2, "CLASS2")] {
        assert_eq!(Class(number).to_string(), want);
    }
    for (number, want) in [(1, "A"), (13, "HINFO"), (65, "HTTPS"), (252, "AXFR"), (731, "TYPE731")] {
        assert_eq!(RecordType(number).to_string(), want);
    }
    let octets = [0, 1, 0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(Packet::parse(&octets).unwrap().to_string(), "DNS query id 0x0001 UPDATE");
}

// conf: DDM-DNS-17
#[test]
fn a_ttl_with_the_top_bit_counts_as_zero() {
    for (ttl, want) in [(0, 0), (300, 300), (0x7fff_ffff, 0x7fff_ffff), (0x8000_0000, 0), (u32::MAX, 0)] {
        let ttl: u32 = ttl;
        let octets = message([0, 1, 0, 0], &[&[0, 0, 2, 0, 1][..], &ttl.to_be_bytes(), &[0, 1, 0]].concat());
        let packet = Packet::parse(&octets).unwrap();
        let record = packet.answers().next().unwrap().unwrap();
        assert_eq!((record.ttl(), record.ttl_field()), (want, ttl));
        let repr = record.repr().unwrap();
        assert_eq!(repr.ttl, want);
        let mut buffer = [0; 64];
        let mut builder = Builder::new(&mut buffer, &packet.header()).unwrap();
        assert_eq!(builder.record(Section::Answer, &repr), Ok(()));
        let other = Repr { ttl: 0x8000_0000, ..repr };
        assert_eq!(builder.record(Section::Answer, &other), Err(Error::Unrepresentable));
    }
}

/// RFC 6891 §6.1.1 and §6.2.3.
#[test]
fn one_opt_record_of_the_root_is_emitted_and_stands_among_the_additional_ones() {
    let mut buffer = [0; 128];
    let mut builder = Builder::new(&mut buffer, &Header::default()).unwrap();
    let edns = Edns::new(100).repr();
    assert_eq!(edns.class, Class(512));
    let owner = name("a");
    let owned = Repr { name: owner.as_name(), ..edns };
    for (section, record) in
        [(Section::Answer, edns), (Section::Authority, edns), (Section::Additional, owned)]
    {
        assert_eq!(builder.record(section, &record), Err(Error::Unrepresentable));
    }
    let cut = Repr { data: Data::Opt(EdnsOptions::new(&[0, 10, 0, 8, 1])), ..edns };
    assert_eq!(builder.record(Section::Additional, &cut), Err(Error::truncated(12, 5)));
    assert_eq!(builder.len(), HEADER_LEN);
    assert_eq!(builder.record(Section::Additional, &edns), Ok(()));
    assert_eq!(builder.record(Section::Additional, &edns), Err(Error::Unrepresentable));
    let packet = Packet::parse(builder.finish()).unwrap();
    assert_eq!(packet.edns(), Ok(Some(Edns::new(512))));
}

/// RFC 2136 §2.4 and §2.5.
#[test]
fn records_of_updates_may_have_no_rdata() {
    for (kind, class, want) in [
        (1, Class::ANY, "a A 0 octets ANY"),
        (16, Class::NONE, "a TXT 0 octets NONE"),
        (33, Class::ANY, "a SRV 0 octets ANY"),
        // Here it is a size.
        (41, Class::ANY, "OPT size 512"),
    ] {
        let [c0, c1] = class.0.to_be_bytes();
        let octets = message([0, 0, 1, 0], &[1, b'a', 0, 0, kind, c0, c1, 0, 0, 0, 0, 0, 0]);
        let packet = Packet::parse(&octets).unwrap();
        let record = packet.records().next().unwrap().unwrap().1;
        assert_eq!(record.to_string(), want);
        if let Ok(repr @ Repr { data: Data::Unknown(..), .. }) = record.repr() {
            let mut buffer = [0; 64];
            let mut builder = Builder::new(&mut buffer, &packet.header()).unwrap();
            builder.record(Section::Authority, &repr).unwrap();
            assert_eq!(builder.finish(), octets);
        }
    }
    let used = message([0, 0, 1, 0], &[1, b'a', 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
    let packet = Packet::parse(&used).unwrap();
    let record = packet.records().next().unwrap().unwrap().1;
    assert_eq!(record.data(), Err(Error::Length(0)), "in class IN an address has four octets");
}

// conf: DDM-DNS-22
#[test]
fn rdlength_is_what_the_type_needs() {
    let record = |kind: u8, rdata: &[u8]| {
        let len = u8::try_from(rdata.len()).unwrap();
        let octets =
            message([0, 1, 0, 0], &[&[0, 0, kind, 0, 1, 0, 0, 0, 0, 0, len], rdata, &[0; 8]].concat());
        let packet = Packet::parse(&octets).unwrap();
        let record = packet.answers().next().unwrap().unwrap();
        record.data().map(|data| data.to_string())
    };
    for (kind, rdata, want) in [
        (1, &[192, 0, 2, 1][..], Ok("A 192.0.2.1")),
        (1, &[192, 0, 2], Err(Error::Length(3))),
        (1, &[192, 0, 2, 1, 0], Err(Error::Length(5))),
        (28, &[0; 16], Ok("AAAA ::")),
        (28, &[0; 15], Err(Error::Length(15))),
        (28, &[], Err(Error::Length(0))),
        (5, &[1, b'a', 0], Ok("CNAME a")),
        (5, &[1, b'a', 0, 0], Err(Error::Length(4))),
        // The name runs beyond RDATA, into what follows.
        (5, &[2, b'a'], Err(Error::Truncated { need: 27, have: 25 })),
        (12, &[], Err(Error::Truncated { need: 24, have: 23 })),
        (2, &[0], Ok("NS .")),
        (15, &[0, 1, 0], Ok("MX 1 .")),
        (15, &[0], Err(Error::Length(1))),
        (33, &[0, 1, 0, 2, 0, 3, 0], Ok("SRV 1 2 3 .")),
        (33, &[0, 1, 0, 2, 0], Err(Error::Length(5))),
        (6, &[0; 22], Ok("SOA . . 0")),
        (6, &[0; 21], Err(Error::Length(21))),
        (6, &[0; 23], Err(Error::Length(23))),
        (16, &[1, b'a', 2], Err(Error::Truncated { need: 5, have: 3 })),
        (16, b"\x03a b", Ok("TXT \"a b\"")),
        (16, &[], Ok("TXT \"\"")),
        (47, &[1, b'a', 0, 0, 1, 0x40], Ok("NSEC a A")),
        (47, &[0, 0, 4, 0x40, 0, 0, 8, 1, 1, 0x40], Ok("NSEC . A AAAA TYPE257")),
        (47, &[0], Ok("NSEC .")),
        (47, &[0, 0], Err(Error::truncated(2, 1))),
        (47, &[0, 0, 2, 0x40], Err(Error::truncated(4, 3))),
        (47, &[0, 0, 0], Err(Error::Length(0))),
        (47, &[0, 0, 33], Err(Error::Length(33))),
        (47, &[0, 1, 1, 1, 1, 1, 1], Err(Error::Field(3))),
        (39, &[1, b'a', 0], Ok("DNAME a")),
        (39, &[1, b'a', 0, 0], Err(Error::Length(4))),
        (14, &[1, b'a', 0, 1, b'b', 0], Ok("MINFO a b")),
        (14, &[1, b'a', 0], Err(Error::truncated(27, 26))),
        (26, &[0, 1, 0, 1, b'b', 0], Ok("PX . b and 2 octets")),
        (18, &[0, 1, 1, b'a', 0], Ok("AFSDB a and 2 octets")),
        (18, &[0], Err(Error::Length(1))),
        (24, &[0; 20], Ok("SIG . and 19 octets")),
        (24, &[0; 17], Err(Error::Length(17))),
        (30, &[1, b'a', 0, 0x40], Ok("NXT a and 1 octets")),
        (35, b"\0\x01\0\x02\x01u\x03sip\0\x01a\0", Ok("NAPTR a and 11 octets")),
        (35, b"\0\x01\0\x02\x01u\x03si", Err(Error::Length(9))),
        (35, b"\0\x01\0", Err(Error::Length(3))),
        (41, &[0, 3, 0, 0], Ok("OPT NSID")),
        (99, &[1, 2], Ok("TYPE99 2 octets")),
    ] {
        assert_eq!(record(kind, rdata), want.map(ToString::to_string), "type {kind} {rdata:?}");
    }
}

#[test]
fn a_broken_question_hides_the_records() {
    let octets = message([2, 1, 0, 0], &[0, 0, 1, 0, 1, 0x80, 0, 1, 0, 1]);
    let packet = Packet::parse(&octets).unwrap();
    let questions: Vec<_> = packet.questions().collect();
    assert_eq!(questions.len(), 2);
    assert_eq!(questions[1], Err(Error::Field(17)));
    assert_eq!(packet.records().collect::<Vec<_>>(), [Err(Error::Field(17))]);
    assert_eq!(packet.check(), Err(Error::Field(17)));
    assert!(packet.to_string().contains("question broken: field at octet 17"), "{packet}");
}

#[test]
fn a_question_taken_label_by_label_is_the_same_question() {
    // The second name points into the first.
    let octets = message(
        [3, 1, 0, 0],
        b"\x03www\x07example\0\0\x01\0\x01\x04mail\xc0\x10\0\x0f\0\x01\0\0\x02\0\x01\0\0\x01\0\x01\0\0\0\x05\0\0",
    );
    let packet = Packet::parse(&octets).unwrap();
    let wholes: Vec<_> = packet.questions().map(Result::unwrap).collect();
    assert_eq!(wholes.iter().map(|whole| whole.name.labels().count()).collect::<Vec<_>>(), [2, 2, 0]);
    for taken in 0..4 {
        let mut questions = packet.questions();
        for whole in &wholes {
            let mut labels = questions.next_labels().unwrap();
            assert!(labels.by_ref().take(taken).eq(whole.name.labels().take(taken)), "{taken}");
            assert_eq!(labels.question(), Ok(*whole), "{taken}");
        }
        assert!(questions.next_labels().is_none());
        assert_eq!(questions.answers().map(|record| record.unwrap().ttl()).collect::<Vec<_>>(), [5]);
    }
    // Nothing but a pointer, to a label in which the pointer itself stands.
    let octets = message([2, 0, 0, 0], b"\x01a\0\0\x01\0\x06\xc0\x12\0\x01\0\x01\0");
    let mut questions = Packet::parse(&octets).unwrap().questions();
    let _ = questions.next();
    let whole = questions.clone().next().unwrap().unwrap();
    let mut labels = questions.next_labels().unwrap();
    assert_eq!(labels.by_ref().collect::<Vec<_>>(), [Ok(&b"\xc0\x12\0\x01\0\x01"[..])]);
    assert_eq!(labels.question(), Ok(whole));
    // One that is not finished comes again.
    let mut questions = packet.questions();
    assert_eq!(questions.next_labels().unwrap().count(), 2);
    assert_eq!(questions.next(), Some(Ok(wholes[0])));
    assert_eq!(questions.next_labels().unwrap().next(), Some(Ok(&b"mail"[..])));
    assert_eq!(questions.answers().count(), 1);
}

#[test]
fn a_broken_question_taken_label_by_label_is_the_last() {
    for (body, labels_want, question_want) in [
        // Cut off in the name, behind the name, in the type.
        (&b"\x03ww"[..], Err(Error::truncated(17, 15)), Err(Error::truncated(17, 15))),
        (b"\x03www", Err(Error::truncated(17, 16)), Err(Error::truncated(17, 16))),
        (b"\x03www\0\0", Ok(1), Err(Error::truncated(21, 18))),
        // A pointer that leads to itself: the question is whole, only its name is broken.
        (b"\x01a\xc0\x0c\0\x01\0\x01", Err(Error::Field(14)), Ok(RecordType::A)),
    ] {
        let octets = message([1, 1, 0, 0], body);
        let packet = Packet::parse(&octets).unwrap();
        let mut questions = packet.questions();
        let mut labels = questions.next_labels().unwrap();
        let walked = labels.by_ref().try_fold(0, |count, label| label.map(|_| count + 1));
        assert_eq!(walked, labels_want, "{body:02x?}");
        assert!(labels.next().is_none());
        assert_eq!(labels.question().map(|question| question.record_type), question_want, "{body:02x?}");
        assert!(questions.next_labels().is_none() && questions.next().is_none());
    }
    // What is far behind a broken name is no question.
    let mut octets = message([1, 0, 0, 0], b"\x01a\xc0\x0c\0\x01\0\x01");
    octets.resize(50_000, 0xff);
    let mut questions = Packet::parse(&octets).unwrap().questions();
    let mut labels = questions.next_labels().unwrap();
    assert_eq!(labels.by_ref().last(), Some(Err(Error::Field(14))));
    assert_eq!(labels.question().map(|question| question.record_type), Ok(RecordType::A));
    assert!(Packet::parse(&[0; HEADER_LEN]).unwrap().questions().next_labels().is_none());
}

#[test]
fn every_truncation_is_an_error() {
    for len in 0..RESPONSE.len() {
        match Packet::parse(&RESPONSE[..len]) {
            Ok(packet) => {
                assert!(
                    matches!(packet.check(), Err(Error::Truncated { .. })),
                    "{len}: {:?}",
                    packet.check()
                );
            }
            Err(error) => {
                assert_eq!(error, Error::truncated(HEADER_LEN, len));
            }
        }
    }
}

#[test]
fn every_mutation_of_one_octet_ends() {
    let mut octets = RESPONSE.to_vec();
    for at in 0..octets.len() {
        for value in 0..=255 {
            let good = core::mem::replace(&mut octets[at], value);
            let packet = Packet::parse(&octets).unwrap();
            let _: (String, _, _) = (format!("{packet}"), packet.check(), packet.edns());
            octets[at] = good;
        }
    }
}

// conf: DDM-MDN-24
#[test]
fn a_compressed_name_in_srv_rdata_is_decoded() {
    // RFC 2782 forbids to send one, RFC 6762 §18.14 asks to take it.
    let body = b"\x04host\x05local\0\0\x21\0\x01\0\0\0\x78\0\x08\0\0\0\0\x1f\x90\xc0\x0c";
    let message = message([0, 1, 0, 0], body);
    let packet = Packet::parse(&message).unwrap();
    let record = packet.answers().next().unwrap().unwrap();
    let target = name("host.local");
    assert_eq!(record.data(), Ok(Data::Srv { priority: 0, weight: 0, port: 8080, target: target.as_name() }));
}
