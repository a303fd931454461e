//! Reprs of control messages.

use super::super::{control as checks, group, icmp};
use super::{emit, open, several, whole, Kind, Made};
use arbitrary::{Result, Unstructured};
use core::net::Ipv6Addr;
use tersus_wire::icmp_ext::{self, ExtendedEcho, Extensions, Object};
use tersus_wire::ndisc::{
    self, AdvertisementRepr, DuplicateAddress, Message, OptionRepr, RouterSolicitationRepr, SolicitationRepr,
};
use tersus_wire::rpl::{self, ConsistencyCheck, Metric, Metrics, RplOption};
use tersus_wire::{icmpv4, icmpv6, igmp, mld, Error, HardwareAddress};

const SOURCE: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const DESTINATION: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x1a);

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "icmpv4::Repr", make: icmpv4_message, read: read_icmpv4, check: icmp::icmpv4 },
    Kind { name: "icmpv4::Query", make: query, read: read_query, check: checks::icmpv4_query },
    Kind { name: "icmpv6::Repr", make: icmpv6_message, read: read_icmpv6, check: icmp::icmpv6 },
    Kind { name: "icmp_ext::Object", make: objects, read: read_extensions, check: checks::extensions },
    Kind {
        name: "icmpv4::Repr with extensions",
        make: extended_v4,
        read: read_icmpv4,
        check: checks::icmpv4_error,
    },
    Kind {
        name: "icmpv6::Repr with extensions",
        make: extended_v6,
        read: read_icmpv6,
        check: checks::icmpv6_error,
    },
    Kind { name: "icmp_ext::ExtendedEcho", make: echo, read: read_echo, check: checks::extended_echo },
    Kind { name: "ndisc::OptionRepr", make: ndisc_option, read: read_ndisc_option, check: |_| {} },
    Kind { name: "ndisc::Repr", make: ndisc_message, read: read_ndisc, check: icmp::icmpv6 },
    Kind { name: "ndisc::SolicitationRepr", make: solicitation, read: read_ndisc, check: icmp::icmpv6 },
    Kind { name: "ndisc::AdvertisementRepr", make: advertisement, read: read_ndisc, check: icmp::icmpv6 },
    Kind {
        name: "ndisc::RouterSolicitationRepr",
        make: router_solicitation,
        read: read_ndisc,
        check: icmp::icmpv6,
    },
    Kind {
        name: "ndisc::DuplicateAddress",
        make: duplicate,
        read: read_duplicate,
        check: checks::duplicate_address,
    },
    Kind { name: "igmp::Repr", make: igmp_message, read: read_igmp, check: group::igmp },
    Kind { name: "igmp::Record", make: igmp_record, read: read_igmp_record, check: |_| {} },
    Kind { name: "mld::Repr", make: mld_message, read: read_mld, check: group::mld },
    Kind { name: "mld::Record", make: mld_record, read: read_mld_record, check: |_| {} },
    Kind { name: "rpl::Repr", make: rpl_message, read: read_rpl, check: checks::rpl_message },
    Kind { name: "rpl::RplOption", make: rpl_option, read: read_rpl_option, check: checks::rpl_options },
    Kind { name: "rpl::Metric", make: metric, read: read_metric, check: checks::rpl_metrics },
    Kind {
        name: "rpl::ConsistencyCheck",
        make: consistency,
        read: read_consistency,
        check: checks::rpl_secure,
    },
];

type Parsed = core::result::Result<(), Error>;

fn icmpv4_message(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let repr: icmpv4::Repr<'_> = from.arbitrary()?;
    let octets = emit(repr.buffer_len(), |buffer| repr.emit(buffer));
    open(octets, icmpv4::HEADER_LEN, &repr, |octets| {
        let packet = icmpv4::Packet::parse(octets)?;
        Ok(packet.is_checksum_valid() && icmpv4::Repr::parse(&packet)? == repr)
    })
}

fn read_icmpv4(octets: &[u8]) -> Parsed {
    icmpv4::Packet::parse(octets).map(|_| ())
}

fn query(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let query: icmpv4::Query<'_> = from.arbitrary()?;
    whole(emit(query.buffer_len(), |buffer| query.emit(buffer)), &query, |octets| {
        Ok(icmpv4::Query::parse(&icmpv4::Packet::parse(octets)?)? == query)
    })
}

fn read_query(octets: &[u8]) -> Parsed {
    icmpv4::Query::parse(&icmpv4::Packet::parse(octets)?).map(|_| ())
}

fn icmpv6_message(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let repr: icmpv6::Repr<'_> = from.arbitrary()?;
    let octets = emit(repr.buffer_len(), |buffer| repr.emit(SOURCE, DESTINATION, buffer));
    open(octets, 8, &repr, |octets| {
        let packet = icmpv6::Packet::parse(octets)?;
        Ok(packet.is_checksum_valid(SOURCE, DESTINATION) && icmpv6::Repr::parse(&packet)? == repr)
    })
}

fn read_icmpv6(octets: &[u8]) -> Parsed {
    icmpv6::Repr::parse(&icmpv6::Packet::parse(octets)?).map(|_| ())
}

/// Objects alone, behind their header: whatever whole ones are there would do, but for the checksum.
fn objects(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let objects: Vec<Object<'_>> = several(from, 4)?;
    let octets = emit(icmp_ext::buffer_len(&objects), |buffer| icmp_ext::emit(&objects, buffer));
    open(octets, 4, &objects, |octets| {
        let extensions = Extensions::parse(octets)?;
        Ok(extensions.objects().eq(objects.iter().copied().map(Ok)))
    })
}

fn read_extensions(octets: &[u8]) -> Parsed {
    Extensions::parse(octets).map(|_| ())
}

fn extended_v4(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let (repr, objects): (icmpv4::Repr<'_>, Vec<Object<'_>>) = (from.arbitrary()?, several(from, 3)?);
    let len = repr.buffer_len_with_extensions(&objects);
    let octets = emit(len, |buffer| repr.emit_with_extensions(&objects, buffer));
    open(octets, icmpv4::HEADER_LEN, &repr, |octets| {
        let packet = icmpv4::Packet::parse(octets)?;
        let read = packet.extensions().ok_or(Error::Unrepresentable)??;
        Ok(packet.is_checksum_valid() && read.objects().eq(objects.iter().copied().map(Ok)))
    })
}

fn extended_v6(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let (repr, objects): (icmpv6::Repr<'_>, Vec<Object<'_>>) = (from.arbitrary()?, several(from, 3)?);
    let len = repr.buffer_len_with_extensions(&objects);
    let octets = emit(len, |buffer| repr.emit_with_extensions(SOURCE, DESTINATION, &objects, buffer));
    open(octets, 8, &repr, |octets| {
        let packet = icmpv6::Packet::parse(octets)?;
        let read = packet.extensions().ok_or(Error::Unrepresentable)??;
        let is_intact = packet.is_checksum_valid(SOURCE, DESTINATION);
        Ok(is_intact && read.objects().eq(objects.iter().copied().map(Ok)))
    })
}

/// As ICMPv4 and as ICMPv6.
fn echo(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let echo: ExtendedEcho<'_> = from.arbitrary()?;
    if let Some(octets) = emit(echo.buffer_len(), |buffer| echo.emit_v6(SOURCE, DESTINATION, buffer)) {
        let packet = icmpv6::Packet::parse(&octets).expect("what was emitted");
        assert_eq!(ExtendedEcho::parse_v6(&packet), Ok(echo));
    }
    open(emit(echo.buffer_len(), |buffer| echo.emit_v4(buffer)), 8, &echo, |octets| {
        Ok(ExtendedEcho::parse_v4(&icmpv4::Packet::parse(octets)?)? == echo)
    })
}

fn read_echo(octets: &[u8]) -> Parsed {
    ExtendedEcho::parse_v4(&icmpv4::Packet::parse(octets)?).map(|_| ())
}

/// An address such as the link of an option has it; none: it is refused.
fn like(option: &OptionRepr<'_>) -> HardwareAddress {
    match option {
        OptionRepr::SourceLinkLayer(address) | OptionRepr::TargetLinkLayer(address) => *address,
        _ => HardwareAddress::NONE,
    }
}

/// Option data are padded to a multiple of eight octets where the format does not say how long they are.
fn ndisc_option(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let option: OptionRepr<'_> = from.arbitrary()?;
    let Some(octets) = emit(option.buffer_len(), |buffer| option.emit(buffer)) else { return Ok(None) };
    let is_same = |octets: &[u8]| {
        let mut options = ndisc::Options::parse(octets)?;
        let read = OptionRepr::parse(&options.next().ok_or(Error::Unrepresentable)?, &like(&option));
        let front =
            |read: &[u8], was: &[u8]| read.strip_prefix(was).is_some_and(|rest| rest.iter().all(|o| *o == 0));
        let is_same = match (read, option) {
            (OptionRepr::RedirectedHeader(read), OptionRepr::RedirectedHeader(was))
            | (OptionRepr::Nonce(read), OptionRepr::Nonce(was)) => front(read, was),
            (OptionRepr::Unknown { kind, data }, OptionRepr::Unknown { kind: known, data: was }) => {
                kind == known && front(data, was)
            }
            (OptionRepr::CaptivePortal(read), OptionRepr::CaptivePortal(was)) => front(was, read),
            (read, was) => read == was,
        };
        Ok(is_same && options.next().is_none())
    };
    whole(Some(octets), &option, is_same)
}

fn read_ndisc_option(octets: &[u8]) -> Parsed {
    match ndisc::Options::parse(octets)?.next() {
        Some(_) => Ok(()),
        None => Err(Error::truncated(8, 0)),
    }
}

/// The octets of several options, to be borrowed by a message.
fn ndisc_options(from: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let options: Vec<OptionRepr<'_>> = several(from, 3)?;
    Ok(options
        .iter()
        .filter_map(|option| emit(option.buffer_len(), |buffer| option.emit(buffer)))
        .flatten()
        .collect())
}

fn ndisc_message(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let mut repr: ndisc::Repr<'_> = from.arbitrary()?;
    let area = ndisc_options(from)?;
    if let Ok(area) = ndisc::Options::parse(&area) {
        use ndisc::Repr::{
            NeighbourAdvertisement, NeighbourSolicitation, Redirect, RouterAdvertisement, RouterSolicitation,
        };
        match &mut repr {
            RouterSolicitation { options }
            | RouterAdvertisement { options, .. }
            | NeighbourSolicitation { options, .. }
            | NeighbourAdvertisement { options, .. }
            | Redirect { options, .. } => *options = area,
        }
        return ndisc_whole(repr);
    }
    ndisc_whole(repr)
}

fn ndisc_whole(repr: ndisc::Repr<'_>) -> Result<Option<Made>> {
    let octets = emit(repr.buffer_len(), |buffer| repr.emit(SOURCE, DESTINATION, buffer));
    let need = repr.buffer_len() - repr.options().as_bytes().len();
    open(octets, need, &repr, |octets| Ok(ndisc::Repr::parse(&ndisc_parse(octets)?) == repr))
}

fn ndisc_parse(octets: &[u8]) -> core::result::Result<Message<'_>, Error> {
    let packet = icmpv6::Packet::parse(octets)?;
    Message::parse(packet.message_type().0, packet.code(), packet.body())
}

fn read_ndisc(octets: &[u8]) -> Parsed {
    ndisc_parse(octets).map(|_| ())
}

fn solicitation(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let repr: SolicitationRepr = from.arbitrary()?;
    let octets = emit(repr.buffer_len(), |buffer| repr.emit(SOURCE, DESTINATION, buffer));
    open(octets, 24, &repr, |octets| match ndisc_parse(octets)? {
        Message::NeighbourSolicitation(message) => {
            Ok(SolicitationRepr::parse(&message, &repr.source_link_layer) == repr)
        }
        _ => Ok(false),
    })
}

fn advertisement(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let repr: AdvertisementRepr = from.arbitrary()?;
    let octets = emit(repr.buffer_len(), |buffer| repr.emit(SOURCE, DESTINATION, buffer));
    open(octets, 24, &repr, |octets| match ndisc_parse(octets)? {
        Message::NeighbourAdvertisement(message) => {
            Ok(AdvertisementRepr::parse(&message, &repr.target_link_layer) == repr)
        }
        _ => Ok(false),
    })
}

fn router_solicitation(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let repr: RouterSolicitationRepr = from.arbitrary()?;
    let octets = emit(repr.buffer_len(), |buffer| repr.emit(SOURCE, DESTINATION, buffer));
    open(octets, 8, &repr, |octets| match ndisc_parse(octets)? {
        Message::RouterSolicitation(message) => {
            Ok(RouterSolicitationRepr::parse(&message, &repr.source_link_layer) == repr)
        }
        _ => Ok(false),
    })
}

fn duplicate(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let repr: DuplicateAddress<'_> = from.arbitrary()?;
    let octets = emit(repr.buffer_len(), |buffer| repr.emit(SOURCE, DESTINATION, buffer));
    whole(octets, &repr, |octets| Ok(DuplicateAddress::parse(&icmpv6::Packet::parse(octets)?)? == repr))
}

fn read_duplicate(octets: &[u8]) -> Parsed {
    DuplicateAddress::parse(&icmpv6::Packet::parse(octets)?).map(|_| ())
}

/// The octets of several records, and how many they are.
fn igmp_records(from: &mut Unstructured<'_>) -> Result<(Vec<u8>, u16)> {
    let (mut octets, mut number) = (Vec::new(), 0);
    for record in several::<igmp::Record<'_>>(from, 3)? {
        if let Some(record) = emit(record.buffer_len(), |buffer| record.emit(buffer)) {
            octets.extend(record);
            number += 1;
        }
    }
    Ok((octets, number))
}

fn igmp_message(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let mut repr: igmp::Repr<'_> = from.arbitrary()?;
    let (octets, number) = igmp_records(from)?;
    let made = igmp::Records::parse(&octets, number).expect("records that were emitted");
    if let igmp::Repr::ReportV3 { records } = &mut repr {
        *records = made;
    }
    let octets = emit(repr.buffer_len(), |buffer| repr.emit(buffer));
    let need = repr.buffer_len().min(8);
    open(octets, need, &repr, |octets| Ok(igmp::Repr::parse(&igmp::Packet::parse(octets)?)? == repr))
}

fn read_igmp(octets: &[u8]) -> Parsed {
    igmp::Packet::parse(octets).map(|_| ())
}

fn igmp_record(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let record: igmp::Record<'_> = from.arbitrary()?;
    whole(emit(record.buffer_len(), |buffer| record.emit(buffer)), &record, |octets| {
        Ok(igmp::Record::parse(octets)? == (record, &[][..]))
    })
}

fn read_igmp_record(octets: &[u8]) -> Parsed {
    igmp::Record::parse(octets).map(|_| ())
}

fn mld_message(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let mut repr: mld::Repr<'_> = from.arbitrary()?;
    let (mut octets, mut number) = (Vec::new(), 0);
    for record in several::<mld::Record<'_>>(from, 3)? {
        if let Some(record) = emit(record.buffer_len(), |buffer| record.emit(buffer)) {
            octets.extend(record);
            number += 1;
        }
    }
    let made = mld::Records::parse(&octets, number).expect("records that were emitted");
    if let mld::Repr::ReportV2 { records } = &mut repr {
        *records = made;
    }
    let octets = emit(repr.buffer_len(), |buffer| repr.emit(SOURCE, DESTINATION, buffer));
    let need = repr.buffer_len().min(8);
    open(octets, need, &repr, |octets| Ok(mld::Repr::parse(&mld::Packet::parse(octets)?)? == repr))
}

fn read_mld(octets: &[u8]) -> Parsed {
    mld::Packet::parse(octets).map(|_| ())
}

fn mld_record(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let record: mld::Record<'_> = from.arbitrary()?;
    whole(emit(record.buffer_len(), |buffer| record.emit(buffer)), &record, |octets| {
        Ok(mld::Record::parse(octets)? == (record, &[][..]))
    })
}

fn read_mld_record(octets: &[u8]) -> Parsed {
    mld::Record::parse(octets).map(|_| ())
}

fn rpl_message(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let mut repr: rpl::Repr<'_> = from.arbitrary()?;
    let made: Vec<RplOption<'_>> = several(from, 4)?;
    let area: Vec<u8> = made
        .iter()
        .filter_map(|option| emit(option.buffer_len(), |buffer| option.emit(buffer)))
        .flatten()
        .collect();
    let made = rpl::Options::parse(&area).expect("options that were emitted");
    let optional = match &mut repr {
        rpl::Repr::Dis { options } => options,
        rpl::Repr::Dio(dio) => &mut dio.options,
        rpl::Repr::Dao(dao) => &mut dao.options,
        rpl::Repr::DaoAck(ack) => &mut ack.options,
        _ => &mut rpl::Options::EMPTY.clone(),
    };
    *optional = made;
    let optional_len = match &repr {
        rpl::Repr::Secure(secure) => secure.content.len(),
        _ => area.len(),
    };
    let octets = emit(repr.buffer_len(), |buffer| repr.emit(SOURCE, DESTINATION, buffer));
    open(octets, repr.buffer_len() - optional_len, &repr, |octets| {
        Ok(rpl::Repr::parse(&rpl::Packet::parse(octets)?)? == repr)
    })
}

fn read_rpl(octets: &[u8]) -> Parsed {
    rpl::Repr::parse(&rpl::Packet::parse(octets)?).map(|_| ())
}

fn rpl_option(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let option: RplOption<'_> = from.arbitrary()?;
    whole(emit(option.buffer_len(), |buffer| option.emit(buffer)), &option, |octets| {
        let read = rpl::Options::parse(octets)?.next();
        Ok(read == Some(option))
    })
}

fn read_rpl_option(octets: &[u8]) -> Parsed {
    match rpl::Options::parse(octets)?.next() {
        Some(_) => Ok(()),
        None => Err(Error::truncated(1, 0)),
    }
}

fn metric(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let metric: Metric<'_> = from.arbitrary()?;
    whole(emit(metric.buffer_len(), |buffer| metric.emit(buffer)), &metric, |octets| {
        Ok(Metrics::new(octets).next().transpose()? == Some(metric))
    })
}

fn read_metric(octets: &[u8]) -> Parsed {
    Metric::parse(octets).map(|_| ())
}

fn consistency(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let check: ConsistencyCheck<'_> = from.arbitrary()?;
    let octets = emit(check.buffer_len(), |buffer| check.emit(buffer));
    open(octets, check.buffer_len() - check.options.as_bytes().len(), &check, |octets| {
        Ok(ConsistencyCheck::parse(octets)? == check)
    })
}

fn read_consistency(octets: &[u8]) -> Parsed {
    ConsistencyCheck::parse(octets).map(|_| ())
}
