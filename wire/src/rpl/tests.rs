extern crate alloc;
use super::*;
use crate::ndisc::Preference;
use crate::Ipv6Prefix;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

const SOURCE: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const ROOT: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1);
const GROUP: Ipv6Addr = ALL_RPL_NODES;

const CONFIGURATION: DodagConfiguration = DodagConfiguration {
    authentication: true,
    path_control_size: 5,
    dio_interval_doublings: 8,
    dio_interval_min: 12,
    dio_redundancy_constant: 10,
    max_rank_increase: 1792,
    min_hop_rank_increase: 256,
    objective_code_point: 1,
    default_lifetime: 30,
    lifetime_unit: 60,
};

fn prefix(len: u8) -> Ipv6Prefix {
    Ipv6Prefix::new(Ipv6Addr::new(0xfd00, 1, 2, 3, 4, 5, 6, 7), len).unwrap()
}

/// One option of each kind, some with and without what may be absent.
fn options() -> Vec<RplOption<'static>> {
    let transit = TransitInformation {
        external: true,
        path_control: 0x80,
        path_sequence: 9,
        path_lifetime: 30,
        parent: None,
    };
    let route =
        RouteInformation { prefix: prefix(61), preference: Preference::Low, route_lifetime: u32::MAX };
    vec![
        RplOption::Pad1,
        RplOption::PadN(0),
        RplOption::PadN(5),
        RplOption::MetricContainer(Metrics::new(&[7, 0, 0, 2, 0, 192, 3, 0x02, 0x12, 2, 0, 4])),
        RplOption::RouteInformation(route),
        RplOption::RouteInformation(RouteInformation {
            prefix: Ipv6Prefix::ALL,
            preference: Preference::High,
            ..route
        }),
        RplOption::DodagConfiguration(CONFIGURATION),
        RplOption::Target(prefix(128)),
        RplOption::Target(prefix(9)),
        RplOption::TransitInformation(transit),
        RplOption::TransitInformation(TransitInformation { parent: Some(ROOT), external: false, ..transit }),
        RplOption::SolicitedInformation(SolicitedInformation {
            instance_id: Some(InstanceId(0x81)),
            dodag_id: Some(ROOT),
            version: None,
        }),
        RplOption::PrefixInformation(PrefixInformation {
            prefix_len: 64,
            flags: PrefixFlags::AUTONOMOUS | PrefixFlags::ROUTER_ADDRESS,
            valid_lifetime: 86_400,
            preferred_lifetime: 14_400,
            prefix: ROOT,
        }),
        RplOption::TargetDescriptor(0xcafe_0001),
        RplOption::Unknown { kind: 10, data: &[1, 2, 3] },
    ]
}

fn octets_of(options: &[RplOption<'_>]) -> Vec<u8> {
    let mut octets = Vec::new();
    for option in options {
        let mut buffer = [0xee; 64];
        let len = option.emit(&mut buffer).unwrap();
        assert_eq!((len, buffer[len]), (option.buffer_len(), 0xee));
        for room in 0..len {
            assert_eq!(option.emit(&mut [0; 64][..room]), Err(Error::no_room(len, room)), "{option}");
        }
        octets.extend(&buffer[..len]);
    }
    octets
}

const SECURITY: Security = Security {
    counter_is_time: true,
    algorithm: 0,
    key: KeyIdentifier::Group { index: 4 },
    level: 2,
    counter: 0x0102_0304,
};

fn messages<'a>(options: Options<'a>, content: &'a [u8]) -> Vec<Repr<'a>> {
    let dio = Dio {
        instance_id: InstanceId(30),
        version: 240,
        rank: 256,
        grounded: true,
        mode: ModeOfOperation::Storing,
        preference: 5,
        dtsn: 3,
        dodag_id: ROOT,
        options,
    };
    let dao = Dao {
        instance_id: InstanceId(0x85),
        expects_ack: true,
        sequence: 241,
        dodag_id: Some(ROOT),
        options,
    };
    let ack = DaoAck {
        instance_id: InstanceId(30),
        sequence: 241,
        status: 0,
        dodag_id: None,
        options: Options::EMPTY,
    };
    let secure = |code, key, level| {
        Repr::Secure(Secure { code, security: Security { key, level, ..SECURITY }, content })
    };
    let (source, index) = (*b"keysourc", 1);
    vec![
        Repr::Dis { options },
        Repr::Dio(dio),
        Repr::Dio(Dio { rank: 0xffff, grounded: false, mode: ModeOfOperation::Unknown(6), ..dio }),
        Repr::Dao(dao),
        Repr::Dao(Dao { instance_id: InstanceId(5), expects_ack: false, dodag_id: None, ..dao }),
        Repr::DaoAck(ack),
        Repr::DaoAck(DaoAck { status: 128, dodag_id: Some(ROOT), options, ..ack }),
        secure(Code::SecureDodagInformationObject, KeyIdentifier::Group { index }, 2),
        secure(Code::SecureDodagInformationSolicitation, KeyIdentifier::Pair, 1),
        secure(Code::ConsistencyCheck, KeyIdentifier::GroupOf { source, index }, 0),
        secure(Code::SecureDestinationAdvertisementObject, KeyIdentifier::Signature, 2),
        secure(Code::Unknown(0xff), KeyIdentifier::EncryptedSignature { source, index }, 3),
    ]
}

fn emitted(repr: &Repr<'_>) -> Vec<u8> {
    let mut buffer = [0xee; 600];
    let len = repr.emit(SOURCE, GROUP, &mut buffer).unwrap();
    assert_eq!((len, buffer[len]), (repr.buffer_len(), 0xee));
    buffer[..len].to_vec()
}

fn parsed(bytes: &[u8]) -> Result<Repr<'_>, Error> {
    Repr::parse(&Packet::parse(bytes)?)
}

#[test]
fn what_is_emitted_parses_to_the_same_and_every_flipped_bit_breaks_the_checksum() {
    let octets = octets_of(&options());
    for repr in messages(Options::parse(&octets).unwrap(), b"content and its code") {
        let mut bytes = emitted(&repr);
        assert_eq!(parsed(&bytes), Ok(repr));
        let packet = Packet::parse(&bytes).unwrap();
        assert!(packet.is_checksum_valid(SOURCE, GROUP));
        assert_eq!(packet.code(), repr.code());
        for room in 0..bytes.len() {
            let refused = repr.emit(SOURCE, GROUP, &mut [0; 600][..room]);
            assert_eq!(refused, Err(Error::no_room(bytes.len(), room)));
        }
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            let is_valid = Packet::parse(&bytes).map(|packet| packet.is_checksum_valid(SOURCE, GROUP));
            assert!(!is_valid.unwrap_or(false), "{repr} bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn options_are_read_as_they_were_written() {
    let all = options();
    let octets = octets_of(&all);
    let read: Vec<_> = Options::parse(&octets).unwrap().collect();
    assert_eq!(read, all);
}

#[test]
fn the_octets_are_those_of_the_figures() {
    let configuration = [4, 14, 0x0d, 8, 12, 10, 7, 0, 1, 0, 0, 1, 0, 30, 0, 60];
    assert_eq!(octets_of(&[RplOption::DodagConfiguration(CONFIGURATION)]), configuration);
    assert_eq!(octets_of(&[RplOption::Target(prefix(9))]), [5, 4, 0, 9, 0xfd, 0]);
    assert_eq!(octets_of(&[RplOption::Pad1, RplOption::PadN(2)]), [0, 1, 2, 0, 0]);
    let dio = &messages(Options::EMPTY, &[])[1];
    let mut want = vec![155, 1, 0, 0, 30, 240, 1, 0, 0x95, 3, 0, 0];
    want.extend(ROOT.octets());
    let mut bytes = emitted(dio);
    bytes[2..4].fill(0);
    assert_eq!(bytes, want);
    let secure = &messages(Options::EMPTY, b"x")[7];
    assert_eq!(emitted(secure)[4..], [0x80, 0, 0x02, 0, 1, 2, 3, 4, 1, b'x']);
}

#[test]
fn every_truncation_is_refused_or_ends_between_options() {
    let all = options();
    let octets = octets_of(&all);
    // Where an option ends: there the message may end too.
    let mut ends = vec![0];
    for option in &all {
        ends.push(ends[ends.len() - 1] + option.buffer_len());
    }
    for repr in messages(Options::parse(&octets).unwrap(), &[]) {
        let bytes = emitted(&repr);
        let is_secure = matches!(repr, Repr::Secure(_));
        let fixed =
            if is_secure || bytes.len() < octets.len() { bytes.len() } else { bytes.len() - octets.len() };
        for len in 0..bytes.len() {
            let may_end = len >= fixed && ends.contains(&(len - fixed));
            match parsed(&bytes[..len]) {
                Ok(short) => assert!(may_end, "{short} at {len}"),
                Err(Error::Truncated { need, have }) => {
                    assert!(!may_end && need > have, "{repr} at {len}: {need} {have}");
                    assert!(usize::from(have) <= len);
                }
                Err(error) => panic!("{repr} at {len}: {error}"),
            }
        }
    }
    assert_eq!(parsed(&[155, 1, 0, 0, 9]), Err(Error::truncated(28, 5)));
    assert_eq!(parsed(&[155, 2, 0, 0, 9, 0x40, 0, 1]), Err(Error::truncated(24, 8)));
    assert_eq!(parsed(&[155, 0x8a, 0, 0, 9]), Err(Error::truncated(12, 5)));
    assert_eq!(parsed(&[155, 0, 0, 0, 0, 0, 4, 14, 0]), Err(Error::truncated(16, 3)));
    assert_eq!(Packet::parse(&[134, 0, 0, 0]), Err(Error::Unknown(134)));
}

#[test]
fn every_octet_may_have_any_value() {
    let octets = octets_of(&options());
    for repr in messages(Options::parse(&octets).unwrap(), &[0x55; 400]) {
        let good = emitted(&repr);
        let mut bytes = good.clone();
        for at in 0..bytes.len().min(200) {
            for value in 0..=255 {
                bytes[at] = value;
                let Ok(packet) = Packet::parse(&bytes) else { continue };
                drop(packet.to_string());
                let Ok(repr) = Repr::parse(&packet) else { continue };
                let again = emitted(&repr);
                assert_eq!(parsed(&again), Ok(repr), "octet {at} is {value}");
                assert!(repr_options(&repr).count() <= bytes.len());
            }
            bytes[at] = good[at];
        }
    }
}

fn repr_options<'a>(repr: &Repr<'a>) -> Options<'a> {
    match repr {
        Repr::Dis { options } => *options,
        Repr::Dio(dio) => dio.options,
        Repr::Dao(dao) => dao.options,
        Repr::DaoAck(ack) => ack.options,
        Repr::Secure(_) => Options::EMPTY,
    }
}

#[test]
fn options_of_a_length_that_they_cannot_have_are_kept_as_unknown() {
    for octets in [
        &[4, 13, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13][..],
        &[5, 1, 0],
        &[5, 3, 0, 9, 0xfd],
        &[5, 4, 0, 129, 0xfd, 0],
        &[6, 3, 0, 0, 0],
        &[6, 5, 0, 0, 0, 0, 1],
        &[7, 0],
        &[8, 1, 64],
        &[9, 3, 1, 2, 3],
        &[3, 6, 8, 0, 0, 0, 0, 1],
    ] {
        let read: Vec<_> = Options::parse(octets).unwrap().collect();
        assert_eq!(read, [RplOption::Unknown { kind: octets[0], data: &octets[2..] }]);
        assert_eq!(octets_of(&read), octets);
    }
    // Octets beyond the prefix may be there, and mean nothing.
    let long = [5, 5, 0, 8, 0xfd, 0xff, 0xff];
    let short = RplOption::Target(Ipv6Prefix::new(ROOT, 8).unwrap());
    assert_eq!(Options::parse(&long).unwrap().collect::<Vec<_>>(), [short]);
    let too_long = RplOption::Unknown { kind: 99, data: &[0; 256] };
    assert_eq!(too_long.emit(&mut [0; 300]), Err(Error::Unrepresentable));
}

#[test]
fn metrics_are_walked_to_the_first_that_is_not_all_there() {
    let container = [7, 0x00, 0x00, 2, 0, 192, 3, 0x06, 0x92, 2, 0, 4, 9, 0, 0, 1];
    let mut metrics = Metrics::new(&container);
    let etx = metrics.next().unwrap().unwrap();
    assert_eq!((etx.etx(), etx.hop_count(), etx.to_string().as_str()), (Some(192), None, "ETX 1.50"));
    let hops = metrics.next().unwrap().unwrap();
    assert_eq!((hops.kind, hops.hop_count()), (MetricKind::HopCount, Some(4)));
    assert_eq!(hops.flags, MetricFlags::PARTIAL | MetricFlags::CONSTRAINT | MetricFlags::RECORDED);
    assert_eq!((hops.aggregation, hops.precedence), (1, 2));
    assert_eq!(hops.to_string(), "constraint 4 hops");
    let mut buffer = [0; 6];
    assert_eq!(hops.emit(&mut buffer), Ok(6));
    assert_eq!(buffer, container[6..12]);
    assert_eq!(metrics.next(), Some(Err(Error::truncated(5, 4))));
    assert_eq!(metrics.next(), None);
    assert_eq!(Metric { aggregation: 8, ..hops }.emit(&mut buffer), Err(Error::Unrepresentable));
    assert_eq!(Metric { precedence: 16, ..hops }.emit(&mut buffer), Err(Error::Unrepresentable));
    for kind in 0..=255 {
        assert_eq!(u8::from(MetricKind::from(kind)), kind);
    }
}

#[test]
fn a_secure_message_can_be_read_if_it_is_not_encrypted() {
    let plain = emitted(&messages(Options::EMPTY, &[])[1]);
    let content = [&plain[4..], b"01234567"].concat();
    let mut secure =
        Secure { code: Code::SecureDodagInformationObject, security: SECURITY, content: &content };
    assert_eq!(secure.parts(), Some((&plain[4..], &b"01234567"[..])));
    assert_eq!(secure.message(), Ok(messages(Options::EMPTY, &[])[1]));
    assert_eq!(secure.consistency_check(), Err(Error::Unknown(0x81)));
    secure.security.level = 3;
    assert_eq!(secure.message(), Err(Error::Unknown(0x81)));
    secure.security.level = 4;
    assert_eq!((secure.message(), secure.parts()), (Err(Error::Unknown(0x81)), None));
    secure.security.level = 0;
    secure.content = b"123";
    assert_eq!(secure.message(), Err(Error::truncated(4, 3)));

    let check = ConsistencyCheck {
        instance_id: InstanceId(1),
        is_response: true,
        nonce: 0xbeef,
        dodag_id: ROOT,
        destination_counter: 77,
        options: Options::parse(&[1, 1, 0]).unwrap(),
    };
    let mut buffer = [0; 31];
    let len = check.emit(&mut buffer).unwrap();
    assert_eq!((len, ConsistencyCheck::parse(&buffer[..len])), (27, Ok(check)));
    for room in 0..len {
        assert_eq!(check.emit(&mut [0; 27][..room]), Err(Error::no_room(27, room)));
        let refused = ConsistencyCheck::parse(&buffer[..room]).err();
        let want = match room {
            24 => None,
            25.. => Some(Error::truncated(if room == 25 { 2 } else { 3 }, room - 24)),
            _ => Some(Error::truncated(24, room)),
        };
        assert_eq!(refused, want);
    }
    let secure = Secure { code: Code::ConsistencyCheck, content: &buffer, ..secure };
    assert_eq!(secure.consistency_check(), Ok(check));
    assert!(secure.message().is_err());
    for (code, key, level) in [
        (Code::DodagInformationObject, SECURITY.key, 2),
        (Code::ConsistencyCheck, KeyIdentifier::Signature, 1),
        (Code::ConsistencyCheck, KeyIdentifier::EncryptedSignature { source: [0; 8], index: 0 }, 0),
        (Code::ConsistencyCheck, SECURITY.key, 8),
    ] {
        let wrong = Repr::Secure(Secure { code, security: Security { key, level, ..SECURITY }, ..secure });
        assert_eq!(wrong.emit(SOURCE, GROUP, &mut [0; 99]), Err(Error::Unrepresentable));
    }
}

#[test]
fn code_points_survive() {
    for octet in 0..=255 {
        assert_eq!(u8::from(Code::from(octet)), octet);
        assert_eq!(Code::from(octet).is_secure(), octet >= 128);
        assert_eq!(u8::from(ModeOfOperation::from(octet)), octet & 7);
    }
    assert_eq!((InstanceId(0x7f).number(), InstanceId(0x7f).is_local()), (127, false));
    assert_eq!((InstanceId(0xff).number(), InstanceId(0xff).is_local()), (63, true));
}

#[test]
fn messages_are_shown_as_a_person_reads_them() {
    let octets = octets_of(&options());
    let content = octets_of(&[]);
    let texts: Vec<String> = messages(Options::EMPTY, &content)
        .iter()
        .map(|repr| Packet::parse(&emitted(repr)).unwrap().to_string())
        .collect();
    assert_eq!(
        texts,
        [
            "RPL DIS",
            "RPL DIO instance 30 dodag fd00::1 version 240 rank 256 grounded storing prf 5 dtsn 3",
            "RPL DIO instance 30 dodag fd00::1 version 240 rank infinite floating mode 6 prf 5 dtsn 3",
            "RPL DAO instance local 5 seq 241 dodag fd00::1 wants ack",
            "RPL DAO instance 5 seq 241",
            "RPL DAO-ACK instance 30 seq 241 status 0 (accepted)",
            "RPL DAO-ACK instance 30 seq 241 dodag fd00::1 status 128 (rejected)",
            "RPL secure DIO key 1 level 2 time 16909060 len 0",
            "RPL secure DIS pair key level 1 time 16909060 len 0",
            "RPL CC key 1 of 6b6579736f757263 level 0 time 16909060 len 0",
            "RPL secure DAO signed level 2 time 16909060 len 0",
            "RPL code 0xff key 1 of 6b6579736f757263 level 3 time 16909060 len 0",
        ]
    );
    let texts: Vec<String> = Options::parse(&octets).unwrap().map(|option| option.to_string()).collect();
    assert_eq!(
        texts,
        [
            "padding of 1",
            "padding of 2",
            "padding of 7",
            "metrics ETX 1.50 and constraint 4 hops",
            "route fd00:1:2::/61 lifetime for ever",
            "route ::/0 lifetime for ever",
            "configuration OCP 1 Imin 2^12 ms doublings 8 k 10 min hop rank 256 max rank increase 1792 \
             lifetime 30 x 60 s authenticated",
            "target fd00:1:2:3:4:5:6:7/128",
            "target fd00::/9",
            "transit external seq 9 lifetime 30",
            "transit through fd00::1 seq 9 lifetime 30",
            "solicited instance local 1 dodag fd00::1",
            "prefix fd00::1/64 valid 86400 s",
            "target tag 0xcafe0001",
            "option 10 len 3",
        ]
    );
    let dis = emitted(&Repr::Dis { options: Options::parse(&octets[..20]).unwrap_or_default() });
    assert_eq!(Packet::parse(&dis).unwrap().to_string(), "RPL DIS");
    let other = [155, 4, 0, 0, 1];
    assert_eq!(Packet::parse(&other).unwrap().to_string(), "RPL code 0x04 len 1");
    let cut = [155, 1, 0, 0, 1];
    assert_eq!(
        Packet::parse(&cut).unwrap().to_string(),
        "RPL DIO len 1: truncated: 28 octets needed, 5 present"
    );
}

/// RFC 6550 §6.7.3, §6.7.5, §6.7.9, §6.7.10: fields that do not count are zero when sent, and ignored on receipt.
#[test]
fn what_does_not_count_is_ignored_and_sent_as_zero() {
    let read = |octets: &'static [u8]| Options::parse(octets).unwrap().next().unwrap();
    // Solicited information: instance, flags V, I, D and reserved ones, DODAGID, version.
    let solicited = |instance: u8, flags: u8, last: u8, version: u8| {
        [&[7, 19, instance, flags, 0xfd][..], &[0; 14], &[last, version]].concat()
    };
    for (flags, want) in [
        (0x1f, SolicitedInformation::default()),
        (0x9f, SolicitedInformation { version: Some(7), ..SolicitedInformation::default() }),
        (0x40, SolicitedInformation { instance_id: Some(InstanceId(9)), ..SolicitedInformation::default() }),
        (0x20, SolicitedInformation { dodag_id: Some(ROOT), ..SolicitedInformation::default() }),
    ] {
        let octets = solicited(9, flags, 1, 7);
        let got: Vec<_> = Options::parse(&octets).unwrap().collect();
        assert_eq!(got, [RplOption::SolicitedInformation(want)], "{flags:02x}");
        let mut clean = solicited(9 * (flags >> 6 & 1), flags & 0xe0, 1, 7 * (flags >> 7));
        if flags & 0x20 == 0 {
            clean[4..20].fill(0);
        }
        assert_eq!(octets_of(&got), clean, "{flags:02x}");
    }
    // The reserved preference: the option is ignored as a route, and a route cannot say it.
    let reserved = read(&[3, 6, 0, 0x10, 0, 0, 0, 1]);
    assert_eq!(reserved, RplOption::Unknown { kind: 3, data: &[0, 0x10, 0, 0, 0, 1] });
    // Padding above seven octets in all.
    assert_eq!(read(&[1, 5, 9, 9, 9, 9, 9]), RplOption::PadN(5));
    assert_eq!(read(&[1, 6, 0, 0, 0, 0, 0, 0]), RplOption::Unknown { kind: 1, data: &[0; 6] });
    assert_eq!(RplOption::PadN(6).emit(&mut [0; 16]), Err(Error::Unrepresentable));
    // A prefix: further bits mean something with R only, when they are an address.
    let address = Ipv6Addr::new(0xfd00, 0, 0, 0, 1, 2, 3, 4);
    let alone = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0);
    for (flags, prefix_len, want) in [
        (0xc0, 64, Some(alone)),
        (0xe0, 64, Some(address)),
        (0xe0, 129, None),
        (0, 0, Some(Ipv6Addr::UNSPECIFIED)),
    ] {
        let octets = [&[8, 30, prefix_len, flags][..], &[0; 12], &address.octets()].concat();
        let option = Options::parse(&octets).unwrap().next().unwrap();
        let got = match option {
            RplOption::PrefixInformation(prefix) => Some(prefix.prefix),
            _ => None,
        };
        assert_eq!(got, want, "flags {flags:02x}, {prefix_len} bits");
        assert_eq!(octets_of(&[option])[16..], want.unwrap_or(address).octets());
    }
    let too_much = PrefixInformation {
        prefix_len: 64,
        flags: PrefixFlags::ON_LINK,
        valid_lifetime: 1,
        preferred_lifetime: 1,
        prefix: address,
    };
    let refused = RplOption::PrefixInformation(too_much).emit(&mut [0; 32]);
    assert_eq!(refused, Err(Error::Unrepresentable));
}

/// RFC 6550 §6.4.1, §6.5.1: D must be set where the instance is local.
#[test]
fn a_local_instance_is_named_together_with_its_dodag() {
    let none = Options::parse(&[]).unwrap();
    let dao = |id, dodag_id| {
        Repr::Dao(Dao {
            instance_id: InstanceId(id),
            expects_ack: true,
            sequence: 1,
            dodag_id,
            options: none,
        })
    };
    let ack = |id, dodag_id| {
        Repr::DaoAck(DaoAck { instance_id: InstanceId(id), sequence: 1, status: 0, dodag_id, options: none })
    };
    for (local, with, global) in [
        (dao(0x81, None), dao(0x81, Some(ROOT)), dao(1, None)),
        (ack(0xff, None), ack(0xff, Some(ROOT)), ack(1, None)),
    ] {
        let mut octets = [0; 64];
        assert_eq!(local.emit(SOURCE, GROUP, &mut octets), Err(Error::Unrepresentable));
        assert!(with.emit(SOURCE, GROUP, &mut octets).is_ok());
        let len = global.emit(SOURCE, GROUP, &mut octets).unwrap();
        assert_eq!(Repr::parse(&Packet::parse(&octets[..len]).unwrap()), Ok(global));
        octets[4] |= 0x80;
        assert_eq!(Repr::parse(&Packet::parse(&octets[..len]).unwrap()), Err(Error::Field(5)));
    }
}

#[test]
fn numbers_that_their_bits_do_not_hold_are_not_emitted() {
    let mut octets = [0; 64];
    for (preference, want) in [(7, Ok(28)), (8, Err(Error::Unrepresentable))] {
        let dio = Dio {
            instance_id: InstanceId(0),
            version: 0,
            rank: 1,
            grounded: false,
            mode: ModeOfOperation::Storing,
            preference,
            dtsn: 0,
            dodag_id: ROOT,
            options: Options::parse(&[]).unwrap(),
        };
        assert_eq!(Repr::Dio(dio).emit(SOURCE, GROUP, &mut octets), want);
    }
    for (path_control_size, want) in [(7, Ok(16)), (8, Err(Error::Unrepresentable))] {
        let configuration = DodagConfiguration { path_control_size, ..DodagConfiguration::default() };
        assert_eq!(RplOption::DodagConfiguration(configuration).emit(&mut octets), want);
    }
}
