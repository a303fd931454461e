//! Samples of family `wire_control`.

use super::{echo, icmpv4_error, icmpv6_echo, igmp_messages, ipv4_packet, mld_messages, udp_datagram};
use super::{Sample, MAC_A, V4_A, V6_A, V6_B};
use core::net::Ipv4Addr;
use tersus_wire::icmp_ext::{
    self, ExtendedEcho, InterfaceIdentification, InterfaceInformation, LabelStack, NeighbourState, Object,
    ReplyCode, ReplyFlags, Role,
};
use tersus_wire::ndisc::{
    AdvertFlags, BorderRouter, ContextOption, Dnssl, DuplicateAddress, DuplicateAddressKind, Nat64Prefix,
    OptionRepr, Options, Preference, PrefixFlags, Registration, RegistrationStatus, Repr, RouterFlags, Rovr,
};
use tersus_wire::rpl::{self, RplOption};
use tersus_wire::{icmpv4, icmpv6, HardwareAddress, IpProtocol, Ipv6Prefix};

/// Valid octets of every format of the family.
#[must_use]
pub fn control() -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut add = |format, name, octets| samples.push(Sample { format, name, octets });
    for (name, query) in queries() {
        add(0, name, filled(query.buffer_len(), |buffer| query.emit(buffer)));
    }
    let objects = objects();
    add(1, "extensions", filled(icmp_ext::buffer_len(&objects), |buffer| icmp_ext::emit(&objects, buffer)));
    let quote = ipv4_packet(IpProtocol::UDP, &[], &udp_datagram());
    let error = icmpv4::Repr::TimeExceeded { code: icmpv4::TimeExceededCode::HopLimit, quote: &quote };
    let stack = &objects[..1];
    let len = error.buffer_len_with_extensions(stack);
    add(2, "icmpv4_label_stack", filled(len, |buffer| error.emit_with_extensions(stack, buffer)));
    let error = icmpv6::Repr::TimeExceeded { code: icmpv6::TimeExceededCode::HopLimit, quote: &quote };
    let interface = &objects[1..2];
    let len = error.buffer_len_with_extensions(interface);
    let octets = filled(len, |buffer| error.emit_with_extensions(V6_A, V6_B, interface, buffer));
    add(3, "icmpv6_interface", octets);
    for (name, octets) in extended_echoes(&objects[2..3]) {
        add(4, name, octets);
    }
    let options = ndisc_options();
    add(5, "ndisc_options", [&[1], &options[..]].concat());
    for (name, octets) in ndisc_messages(&options) {
        add(6, name, [&octets[..2], &octets[4..]].concat());
    }
    for (name, transaction_id, len) in [("dar", None, 8), ("edac", Some(3), 16)] {
        let message = DuplicateAddress {
            kind: DuplicateAddressKind::Request,
            status: RegistrationStatus::Success,
            transaction_id,
            lifetime_min: 60,
            rovr: Rovr::new(&[0x11; 16][..len]).expect("a size"),
            address: V6_B,
        };
        add(7, name, filled(message.buffer_len(), |buffer| message.emit(V6_A, V6_B, buffer)));
    }
    let options = rpl_options();
    for (name, message) in rpl_messages(rpl::Options::parse(&options).expect("whole")) {
        add(8, name, filled(message.buffer_len(), |buffer| message.emit(V6_A, V6_B, buffer)));
    }
    add(9, "rpl_options", options);
    add(10, "rpl_secure_dis", vec![0x80, 0, 0, 0, 0, 1, 2, 3, 4, 9, 0, 0, 1, 2, 3, 4]);
    let challenge = [&[0x8a, 0x80, 0, 0x82, 0, 1, 2, 3, 4], &[7; 9][..], &[1, 0x80, 0, 9], &V6_A.octets()];
    add(10, "rpl_challenge", [&challenge.concat(), &[0, 0, 0, 1][..], &[9; 8]].concat());
    add(11, "rpl_metrics", METRICS.to_vec());
    for (name, octets) in igmp_messages() {
        add(12, name, octets);
    }
    for (name, octets) in mld_messages() {
        add(13, name, octets);
    }
    add(14, "icmpv4_echo", echo());
    add(14, "icmpv4_too_big", icmpv4_error());
    add(15, "icmpv6_echo", icmpv6_echo());
    samples
}

/// ETX 1.5 and a constraint of 4 hops.
const METRICS: [u8; 12] = [7, 0, 0, 2, 0, 192, 3, 0x02, 0x12, 2, 0, 4];

fn filled<E: core::fmt::Debug>(len: usize, emit: impl Fn(&mut [u8]) -> Result<usize, E>) -> Vec<u8> {
    let mut octets = vec![0; len];
    emit(&mut octets).expect("room");
    octets
}

fn queries() -> Vec<(&'static str, icmpv4::Query<'static>)> {
    const ROUTERS: [u8; 16] = [192, 0, 2, 1, 0, 0, 0, 5, 192, 0, 2, 2, 0x80, 0, 0, 0];
    let routers = icmpv4::Routers::new(&ROUTERS).expect("two");
    let (identifier, sequence) = (0x1234, 7);
    vec![
        ("icmpv4_router", icmpv4::Query::RouterAdvertisement { code: 0, lifetime: 1_800, routers }),
        (
            "icmpv4_timestamp",
            icmpv4::Query::TimestampReply { identifier, sequence, originate: 1, receive: 2, transmit: 3 },
        ),
        (
            "icmpv4_mask",
            icmpv4::Query::AddressMaskReply { identifier, sequence, mask: Ipv4Addr::new(255, 255, 255, 0) },
        ),
    ]
}

fn objects() -> Vec<Object<'static>> {
    vec![
        Object::LabelStack(LabelStack::new(&[0x00, 0x7d, 0x0a, 1, 0, 3, 0x1f, 0xff]).expect("two")),
        Object::InterfaceInformation(InterfaceInformation {
            role: Role::Incoming,
            index: Some(3),
            address: Some(V4_A.into()),
            name: Some(b"eth0.5"),
            mtu: Some(1_500),
        }),
        Object::InterfaceIdentification(InterfaceIdentification::ByName(b"eth0")),
        Object::InterfaceIdentification(InterfaceIdentification::ByIndex(7)),
        Object::InterfaceIdentification(InterfaceIdentification::ByAddress {
            family: 16389,
            address: &MAC_A,
        }),
        Object::Unknown { class: 247, c_type: 3, payload: &[1, 2, 3, 4] },
    ]
}

fn extended_echoes(objects: &[Object<'_>]) -> Vec<(&'static str, Vec<u8>)> {
    let extensions = filled(icmp_ext::buffer_len(objects), |buffer| icmp_ext::emit(objects, buffer));
    let (identifier, sequence) = (0x1234, 7);
    let request = ExtendedEcho::Request { identifier, sequence, local: true, extensions: &extensions };
    let reply = ExtendedEcho::Reply {
        code: ReplyCode::NoError,
        identifier,
        sequence,
        state: NeighbourState::Reachable,
        flags: ReplyFlags::all(),
    };
    vec![
        ("extended_echo_v4", filled(request.buffer_len(), |buffer| request.emit_v4(buffer))),
        ("extended_echo_v6", filled(request.buffer_len(), |buffer| request.emit_v6(V6_A, V6_B, buffer))),
        ("extended_reply_v4", filled(reply.buffer_len(), |buffer| reply.emit_v4(buffer))),
    ]
}

/// One option of each kind.
fn ndisc_options() -> Vec<u8> {
    let prefix = |len| Ipv6Prefix::new(V6_B, len).expect("at most 128");
    [
        OptionRepr::SourceLinkLayer(HardwareAddress::ethernet(MAC_A)),
        OptionRepr::Prefix {
            prefix: prefix(64),
            flags: PrefixFlags::all(),
            valid_lifetime: 3_600,
            preferred_lifetime: 1_800,
        },
        OptionRepr::RedirectedHeader(&[0x60; 8]),
        OptionRepr::Mtu(1_280),
        OptionRepr::Nonce(&[7; 6]),
        OptionRepr::Route { prefix: prefix(65), preference: Preference::Low, route_lifetime: 3 },
        OptionRepr::Rdnss { lifetime: 9, addresses: &[0x20; 16] },
        OptionRepr::Dnssl(Dnssl::new(9, b"\x05local\x00\x07example\x03com\x00").expect("two names")),
        OptionRepr::Registration(Registration {
            status: RegistrationStatus::Moved,
            opaque: 9,
            opaque_kind: 1,
            is_routed: true,
            transaction_id: Some(5),
            lifetime_min: 60,
            rovr: Rovr::new(&[0x11; 8]).expect("a size"),
        }),
        OptionRepr::Context(ContextOption { id: 12, compress: true, lifetime_min: 600, prefix: prefix(64) }),
        OptionRepr::BorderRouter(BorderRouter { version: 0x0102_0304, lifetime_min: 9, address: V6_A }),
        OptionRepr::CaptivePortal(b"https://a.b/c"),
        OptionRepr::Nat64Prefix(Nat64Prefix { lifetime_8s: 75, prefix: prefix(96) }),
    ]
    .iter()
    .flat_map(|option| filled(option.buffer_len(), |buffer| option.emit(buffer)))
    .collect()
}

fn ndisc_messages(options: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let options = Options::parse(options).expect("whole");
    let advertisement = Repr::RouterAdvertisement {
        cur_hop_limit: Some(64),
        flags: RouterFlags::all(),
        preference: Preference::High,
        router_lifetime: 1_800,
        reachable_time_ms: None,
        retrans_timer_ms: Some(1_000),
        options,
    };
    let none = Options::EMPTY;
    [
        ("ndisc_router_advertisement", advertisement),
        ("ndisc_solicitation", Repr::NeighbourSolicitation { target: V6_B, options: none }),
        (
            "ndisc_advertisement",
            Repr::NeighbourAdvertisement { flags: AdvertFlags::all(), target: V6_B, options: none },
        ),
        ("ndisc_redirect", Repr::Redirect { target: V6_A, destination: V6_B, options: none }),
    ]
    .iter()
    .map(|(name, repr)| (*name, filled(repr.buffer_len(), |buffer| repr.emit(V6_A, V6_B, buffer))))
    .collect()
}

/// One option of each kind.
fn rpl_options() -> Vec<u8> {
    let prefix = |len| Ipv6Prefix::new(V6_B, len).expect("at most 128");
    [
        RplOption::Pad1,
        RplOption::PadN(3),
        RplOption::MetricContainer(rpl::Metrics::new(&METRICS)),
        RplOption::RouteInformation(rpl::RouteInformation {
            prefix: prefix(61),
            preference: Preference::Low,
            route_lifetime: 60,
        }),
        RplOption::DodagConfiguration(rpl::DodagConfiguration {
            dio_interval_min: 12,
            min_hop_rank_increase: 256,
            ..rpl::DodagConfiguration::default()
        }),
        RplOption::Target(prefix(128)),
        RplOption::TransitInformation(rpl::TransitInformation {
            external: true,
            path_control: 0x80,
            path_sequence: 9,
            path_lifetime: 30,
            parent: Some(V6_A),
        }),
        RplOption::SolicitedInformation(rpl::SolicitedInformation {
            instance_id: Some(rpl::InstanceId(0x81)),
            dodag_id: Some(V6_A),
            version: Some(7),
        }),
        RplOption::PrefixInformation(rpl::PrefixInformation {
            prefix_len: 64,
            flags: rpl::PrefixFlags::all(),
            valid_lifetime: 86_400,
            preferred_lifetime: 14_400,
            prefix: V6_B,
        }),
        RplOption::TargetDescriptor(0xcafe_0001),
    ]
    .iter()
    .flat_map(|option| filled(option.buffer_len(), |buffer| option.emit(buffer)))
    .collect()
}

fn rpl_messages(options: rpl::Options<'_>) -> Vec<(&'static str, rpl::Repr<'_>)> {
    let instance_id = rpl::InstanceId(30);
    let security = rpl::Security {
        counter_is_time: true,
        algorithm: 0,
        key: rpl::KeyIdentifier::Group { index: 4 },
        level: 2,
        counter: 9,
    };
    let code = rpl::Code::SecureDodagInformationSolicitation;
    vec![
        ("rpl_dis", rpl::Repr::Dis { options: rpl::Options::EMPTY }),
        (
            "rpl_dio",
            rpl::Repr::Dio(rpl::Dio {
                instance_id,
                version: 240,
                rank: 256,
                grounded: true,
                mode: rpl::ModeOfOperation::NonStoring,
                preference: 5,
                dtsn: 3,
                dodag_id: V6_A,
                options,
            }),
        ),
        (
            "rpl_dao",
            rpl::Repr::Dao(rpl::Dao {
                instance_id,
                expects_ack: true,
                sequence: 241,
                dodag_id: Some(V6_A),
                options: rpl::Options::EMPTY,
            }),
        ),
        (
            "rpl_dao_ack",
            rpl::Repr::DaoAck(rpl::DaoAck {
                instance_id,
                sequence: 241,
                status: 0,
                dodag_id: None,
                options: rpl::Options::EMPTY,
            }),
        ),
        ("rpl_secure", rpl::Repr::Secure(rpl::Secure { code, security, content: &[0; 10] })),
    ]
}
