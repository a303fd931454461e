extern crate alloc;
use super::*;
use crate::icmpv6::ProblemCode;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

const HBH: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AH: u8 = 51;
const NONE: u8 = 59;
const DST: u8 = 60;
const UDP: u8 = 17;

/// A header of eight octets with six of options.
fn options(next: u8, options: [u8; 6]) -> Vec<u8> {
    let mut bytes = vec![next, 0];
    bytes.extend(options);
    bytes
}

/// A header of eight octets that is nothing but padding.
fn padding(next: u8) -> Vec<u8> {
    options(next, [1, 4, 0, 0, 0, 0])
}

fn routing(next: u8, kind: u8, segments_left: u8) -> Vec<u8> {
    vec![next, 0, kind, segments_left, 0, 0, 0, 0]
}

fn fragment(next: u8, offset: u16, more: bool) -> Vec<u8> {
    Fragment { next_header: IpProtocol(next), offset, more, identification: 0xdead_beef }.to_bytes().to_vec()
}

fn decide(first: u8, parts: &[Vec<u8>]) -> Decision {
    walk(IpProtocol(first), &parts.concat(), Part::Packet, &Limits::default())
}

fn problem(code: ProblemCode, pointer: u16) -> Decision {
    Problem::decide(code, pointer)
}

fn accepted(first: u8, parts: &[Vec<u8>]) -> Accept {
    match decide(first, parts) {
        Decision::Accept(accept) => accept,
        other => panic!("{other:?}"),
    }
}

fn udp() -> Vec<u8> {
    vec![0; 8]
}

// conf: IP6-EXT-01, IP6-EXT-12
#[test]
fn any_order_and_repetition_is_accepted() {
    let h = |kind, next| match kind {
        ROUTING => routing(next, 0, 0),
        FRAGMENT => fragment(next, 0, false),
        _ => padding(next),
    };
    for kinds in [
        &[][..],
        &[HBH],
        &[DST],
        &[HBH, DST, ROUTING, FRAGMENT, DST],
        &[DST, ROUTING, FRAGMENT],
        &[FRAGMENT, ROUTING, DST],
        &[ROUTING, DST, FRAGMENT],
        &[FRAGMENT, FRAGMENT, DST, DST, ROUTING, ROUTING],
    ] {
        let mut chain: Vec<u8> = kinds.to_vec();
        chain.push(UDP);
        let mut parts: Vec<_> = chain.windows(2).map(|pair| h(pair[0], pair[1])).collect();
        parts.push(udp());
        let accept = accepted(chain[0], &parts);
        let len = u16::try_from(kinds.len()).unwrap() * 8;
        assert_eq!((accept.protocol, accept.len), (IpProtocol::UDP, len), "{kinds:?}");
        assert_eq!(accept.named_at, if len == 0 { 6 } else { 40 + len - 8 }, "{kinds:?}");
        assert_eq!(accept.fragment, None, "an atomic fragment is none");
    }
}

// conf: IP6-EXT-01
#[test]
fn hop_by_hop_options_stand_first_or_are_a_problem() {
    let cases = [
        (DST, vec![padding(HBH), padding(UDP), udp()], 40),
        (HBH, vec![padding(HBH), padding(UDP), udp()], 40),
        (FRAGMENT, vec![fragment(HBH, 0, false), padding(UDP), udp()], 40),
        (DST, vec![padding(ROUTING), routing(HBH, 0, 0), padding(UDP)], 48),
    ];
    for (first, parts, pointer) in cases {
        assert_eq!(decide(first, &parts), problem(ProblemCode::NextHeader, pointer), "{first} {parts:?}");
    }
    let bytes = [padding(UDP), udp()].concat();
    let in_fragments = walk(IpProtocol::HOP_BY_HOP, &bytes, Part::Fragmentable, &Limits::default());
    assert_eq!(in_fragments, problem(ProblemCode::NextHeader, 6));
}

// conf: IP6-EXT-02, ICM-V6-12
#[test]
fn the_field_that_names_an_unknown_protocol_is_known() {
    assert_eq!(accepted(200, &[udp()]).named_at, 6);
    assert_eq!(accepted(DST, &[padding(200), udp()]).named_at, 40);
    assert_eq!(accepted(HBH, &[padding(DST), padding(200), udp()]).named_at, 48);
    let accept = accepted(AH, &[vec![UDP, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1], udp()]);
    assert_eq!((accept.protocol, accept.len), (IpProtocol::AH, 0), "unknown to a node without IPsec");
}

// conf: IP6-EXT-03, IP6-EXT-04, ICM-V6-12
#[test]
fn the_highest_bits_of_an_unknown_option_decide() {
    let unknown = |pointer, even_if_multicast| {
        Decision::Problem(Problem { code: ProblemCode::Option, pointer, even_if_multicast })
    };
    for first in [HBH, DST] {
        assert_eq!(accepted(first, &[options(UDP, [0x3e, 4, 0, 0, 0, 0]), udp()]).len, 8);
        let drop = options(UDP, [0x7e, 4, 0, 0, 0, 0]);
        assert_eq!(decide(first, &[drop, udp()]), Decision::Drop(DropReason::Option));
        let problem = options(UDP, [0, 0xbe, 3, 0, 0, 0]);
        assert_eq!(decide(first, &[problem, udp()]), unknown(43, true));
        let unless = options(UDP, [1, 1, 0, 0xfe, 1, 0]);
        assert_eq!(decide(first, &[unless, udp()]), unknown(45, false));
    }
    let in_order = options(UDP, [0x7e, 0, 0xbe, 0, 0xfe, 0]);
    assert_eq!(decide(DST, &[in_order, udp()]), Decision::Drop(DropReason::Option), "the first decides");
    let second = [padding(DST), options(UDP, [0xbe, 0, 0x7e, 0, 1, 0])];
    assert_eq!(decide(HBH, &second), unknown(50, true), "the pointer counts all headers");
}

// conf: IP6-EXT-05
#[test]
fn padding_of_both_kinds_is_skipped() {
    for padding in [[0, 0, 0, 0, 0, 0], [1, 4, 0, 0, 0, 0], [0, 1, 0, 0, 1, 0], [1, 0, 1, 0, 1, 0]] {
        assert_eq!(accepted(DST, &[options(UDP, padding), udp()]).len, 8, "{padding:?}");
    }
}

// conf: IP6-EXT-06
#[test]
fn what_exceeds_a_limit_is_dropped_silently() {
    let limit = Decision::Drop(DropReason::Limit);
    let at = |limits: Limits, first, parts: &[Vec<u8>]| {
        walk(IpProtocol(first), &parts.concat(), Part::Packet, &limits)
    };
    let limits = Limits::default();
    let three = [padding(DST), padding(DST), padding(UDP), udp()];
    assert!(matches!(at(Limits { headers: 3, ..limits }, DST, &three), Decision::Accept(_)));
    assert_eq!(at(Limits { headers: 2, ..limits }, DST, &three), limit);
    assert!(matches!(at(Limits { octets: 24, ..limits }, DST, &three), Decision::Accept(_)));
    assert_eq!(at(Limits { octets: 23, ..limits }, DST, &three), limit);
    let two_options = [options(UDP, [0x3e, 0, 0, 0, 0x3e, 0]), udp()];
    assert!(matches!(at(Limits { options: 2, ..limits }, DST, &two_options), Decision::Accept(_)));
    assert_eq!(at(Limits { options: 1, ..limits }, DST, &two_options), limit);
    let mut seven = vec![UDP, 1, 0x3e, 3, 0, 0, 0];
    seven.extend([1, 5, 0, 0, 0, 0, 0, 0x3e, 0]);
    let mut eight = vec![UDP, 1, 0x3e, 2, 0, 0];
    eight.extend([1, 5, 0, 0, 0, 0, 0, 0, 0x3e, 0]);
    assert!(matches!(at(limits, DST, &[seven, udp()]), Decision::Accept(_)), "alignment needs seven at most");
    assert_eq!(at(limits, DST, &[eight.clone(), udp()]), limit);
    assert!(
        matches!(at(Limits { padding: 255, ..limits }, DST, &[eight, udp()]), Decision::Accept(_)),
        "no limit"
    );
    // RFC 8504 §5.3: eight options by default, of any length.
    for (count, want) in [(8_u8, true), (9, false)] {
        let mut header = vec![UDP, 2];
        header.extend([0x1e, 0].repeat(usize::from(count)));
        header.extend([1, 2, 0, 0].iter().take(22 - 2 * usize::from(count)));
        header.resize(24, 0);
        assert_eq!(matches!(at(limits, DST, &[header, udp()]), Decision::Accept(_)), want, "{count}");
    }
    let long: Vec<u8> = (0..8).flat_map(|_| [&[0x1e, 250][..], &[0; 250]].concat()).collect();
    let mut header = [&[UDP, 252][..], &long].concat();
    header.resize(253 * 8, 0);
    header[2018..2024].copy_from_slice(&[1, 4, 0, 0, 0, 0]);
    let three = [2, 1, 0].map(|left| {
        let mut header = header.clone();
        header[0] = if left == 0 { UDP } else { DST };
        header
    });
    assert!(matches!(at(limits, DST, &[three.concat(), udp()]), Decision::Accept(_)), "6,072 octets");
}

// conf: IP6-EXT-07
#[test]
fn routing_headers_are_used_up_or_a_problem() {
    for kind in [0, 2, 3, 4, 200] {
        assert_eq!(accepted(ROUTING, &[routing(UDP, kind, 0), udp()]).len, 8);
        let left = [routing(UDP, kind, 1), udp()];
        assert_eq!(decide(ROUTING, &left), problem(ProblemCode::HeaderField, 42), "type {kind}");
        let later = [padding(ROUTING), routing(UDP, kind, 255), udp()];
        assert_eq!(decide(DST, &later), problem(ProblemCode::HeaderField, 50), "type {kind}");
    }
}

// conf: IP6-EXT-08
#[test]
fn nothing_follows_no_next_header() {
    let nothing = Decision::Drop(DropReason::NoNextHeader);
    assert_eq!(decide(NONE, &[]), nothing);
    assert_eq!(decide(NONE, &[udp()]), nothing);
    assert_eq!(decide(DST, &[padding(NONE), vec![1, 2, 3]]), nothing);
}

// conf: IP6-EXT-09
#[test]
fn lengths_beyond_the_packet_are_a_problem_at_their_field() {
    for len in 1..=255 {
        for first in [HBH, DST, ROUTING] {
            let bytes = vec![UDP, len, 0, 0, 0, 0, 0, 0];
            assert_eq!(decide(first, &[bytes]), problem(ProblemCode::HeaderField, 41), "{first} {len}");
        }
    }
    for len in 5..=255 {
        let overrun = options(UDP, [0x3e, len, 0, 0, 0, 0]);
        assert_eq!(decide(HBH, &[overrun, udp()]), problem(ProblemCode::HeaderField, 43), "{len}");
    }
    let cut = options(UDP, [1, 3, 0, 0, 0, 0x3e]);
    assert_eq!(decide(HBH, &[cut, udp()]), problem(ProblemCode::HeaderField, 48), "no room for a length");
    for have in 0..2 {
        assert_eq!(decide(DST, &[vec![UDP; have]]), Decision::Drop(DropReason::Truncated));
    }
    for have in 0..8 {
        assert_eq!(decide(FRAGMENT, &[vec![0; have]]), Decision::Drop(DropReason::Truncated));
    }
}

// conf: IP6-FRG-06, IP6-FRG-09
#[test]
fn fragments_end_the_walk_and_reserved_bits_are_ignored() {
    let mut first = fragment(UDP, 0, true);
    first[1] = 0xff;
    first[3] |= 6;
    let accept = accepted(DST, &[padding(FRAGMENT), first, udp()]);
    assert_eq!((accept.protocol, accept.len, accept.named_at), (IpProtocol::UDP, 16, 48));
    let want = Fragment { next_header: IpProtocol::UDP, offset: 0, more: true, identification: 0xdead_beef };
    assert_eq!(accept.fragment, Some(want));
    // A later fragment's data are not looked at, whatever Next Header says.
    let accept = accepted(FRAGMENT, &[fragment(DST, 8, false), vec![9, 255]]);
    assert_eq!((accept.len, accept.fragment.unwrap().offset), (8, 8));
}

// conf: IP6-FRG-08, ICM-V6-13
#[test]
fn a_first_fragment_holds_all_headers() {
    let incomplete = problem(ProblemCode::IncompleteChain, 0);
    let first = |next| fragment(next, 0, true);
    // next, data, complete
    for (next, data, complete) in [
        (UDP, vec![0; 8], true),
        (UDP, vec![0; 7], false),
        (6, vec![0; 20], true),
        (6, vec![0; 16], false),
        (58, vec![0; 8], true),
        (58, vec![], false),
        (DST, [padding(UDP), udp()].concat(), true),
        (DST, padding(UDP), false),
        (DST, vec![UDP, 1, 0, 0, 0, 0, 0, 0], false),
        (DST, [padding(DST), padding(6), vec![0; 16]].concat(), false),
        (200, vec![0], true),
        (200, vec![], false),
        (NONE, vec![], true),
    ] {
        let decision = decide(FRAGMENT, &[first(next), data.clone()]);
        assert_eq!(matches!(decision, Decision::Accept(_)), complete, "{next} {data:?}");
        assert!(complete || decision == incomplete, "{next} {data:?}");
    }
}

#[test]
fn a_fragment_within_a_reassembled_packet_is_dropped() {
    let bytes = [fragment(UDP, 0, false), udp()].concat();
    let decision = walk(IpProtocol::FRAGMENT, &bytes, Part::Fragmentable, &Limits::default());
    assert_eq!(decision, Decision::Drop(DropReason::NestedFragment));
}

#[test]
fn router_alert_is_made_and_found_in_hop_by_hop_options_only() {
    let alert = router_alert(IpProtocol(UDP), 0x0102).to_vec();
    assert_eq!(alert, [UDP, 0, 5, 2, 1, 2, 1, 0]);
    assert_eq!(accepted(HBH, &[alert.clone(), udp()]).router_alert, Some(0x0102));
    assert_eq!(accepted(DST, &[alert, udp()]).router_alert, None);
    assert_eq!(accepted(HBH, &[options(UDP, [5, 1, 0, 0, 0, 0]), udp()]).router_alert, None, "wrong length");
}

#[test]
fn fragment_headers_round_trip_and_are_shown() {
    for offset in [0, 8, 1280, 65_528] {
        for more in [true, false] {
            let header = Fragment { next_header: IpProtocol::UDP, offset, more, identification: 0x0102_0304 };
            let mut buffer = [0; 8];
            assert_eq!(header.emit(&mut buffer), Ok(8));
            assert_eq!(Fragment::parse(&buffer), Ok(header));
        }
    }
    let header = Fragment { next_header: IpProtocol::UDP, offset: 8, more: true, identification: 10 };
    assert_eq!(header.to_string(), "fragment 0000000a at 8+ of UDP");
    assert_eq!(header.emit(&mut [0; 7]), Err(Error::no_room(8, 7)));
    assert_eq!(Fragment { offset: 9, ..header }.emit(&mut [0; 8]), Err(Error::Unrepresentable));
    assert_eq!(Fragment::parse(&[0; 7]), Err(Error::truncated(8, 7)));
}

#[test]
fn a_chain_is_walked_by_structure_over_an_authentication_header() {
    let ah = vec![DST, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    let bytes = [padding(AH), ah, padding(UDP), udp()].concat();
    let mut chain = Chain::new(IpProtocol::HOP_BY_HOP, &bytes);
    let mut seen = Vec::new();
    while let Some(header) = chain.next_header().unwrap() {
        seen.push((header.protocol.0, header.offset, header.bytes.len()));
    }
    assert_eq!(seen, [(HBH, 40, 8), (AH, 48, 24), (DST, 72, 8)]);
    assert_eq!((chain.protocol(), chain.offset(), chain.rest().len()), (IpProtocol::UDP, 80, 8));
    assert_eq!(chain.named_at(), 72);
    let later = [fragment(DST, 8, true), vec![1]].concat();
    let end = Chain::new(IpProtocol::FRAGMENT, &later).to_end().unwrap();
    assert!(end.is_later_fragment() && end.protocol() == IpProtocol::DESTINATION_OPTIONS);
}

// Every truncation of a valid packet, and seeded mutations: the walk ends, and its answers lie in the packet.
#[test]
fn the_walk_is_total() {
    let valid = [
        router_alert(IpProtocol(DST), 0).to_vec(),
        options(ROUTING, [0x3e, 1, 0, 1, 1, 0]),
        routing(FRAGMENT, 0, 0),
        fragment(DST, 0, true),
        padding(UDP),
        udp(),
    ]
    .concat();
    let check = |first: u8, bytes: &[u8]| {
        for part in [Part::Packet, Part::Fragmentable] {
            match walk(IpProtocol(first), bytes, part, &Limits::default()) {
                Decision::Accept(accept) => {
                    assert!(usize::from(accept.len) <= bytes.len());
                    assert!(accept.named_at == 6 || usize::from(accept.named_at) < 40 + bytes.len());
                }
                Decision::Problem(problem) => assert!(usize::from(problem.pointer) < 40 + bytes.len().max(1)),
                Decision::Drop(_) => {}
            }
        }
        drop(Chain::new(IpProtocol(first), bytes).to_end());
    };
    for len in 0..valid.len() {
        check(HBH, &valid[..len]);
    }
    let mut state = 0x9e37_79b9_u32;
    let mut random = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(state >> 8).unwrap()
    };
    let kinds = [HBH, DST, ROUTING, FRAGMENT, AH, NONE, UDP, 6, 200];
    for _ in 0..200_000 {
        let mut bytes = valid.clone();
        for _ in 0..1 + random() % 4 {
            let at = random() % bytes.len();
            bytes[at] = if random() % 2 == 0 { kinds[random() % 9] } else { random().to_le_bytes()[0] };
        }
        bytes.truncate(random() % (valid.len() + 1));
        check(kinds[random() % 9], &bytes);
    }
    let huge = vec![0; 70_000];
    check(DST, &huge);
}
