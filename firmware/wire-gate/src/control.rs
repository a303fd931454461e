//! Control messages, TCP options and 6LoWPAN headers that the walk shows but does not take apart.

use core::hint::black_box;
use core::net::Ipv6Addr;
use tersus_wire::icmp_ext::{self, ExtendedEcho, Extensions, Object};
use tersus_wire::ndisc::{self, DuplicateAddress, Message, OptionRepr};
use tersus_wire::rpl::{self, ConsistencyCheck, Metrics};
use tersus_wire::sixlowpan::{
    BroadcastHeader, MeshHeader, RecoverableAck, RecoverableFragment, RoutingHeader,
};
use tersus_wire::tcp::{OptionsIter, OtherOption, TcpOption};
use tersus_wire::{icmpv4, icmpv6, udp, HardwareAddress};

const SOURCE: Ipv6Addr = Ipv6Addr::LOCALHOST;
const DESTINATION: Ipv6Addr = Ipv6Addr::LOCALHOST;

/// Parses `bytes` as each of them and emits what that gave.
pub(crate) fn all(bytes: &[u8], out: &mut [u8]) {
    if let Ok(packet) = icmpv4::Packet::parse(bytes) {
        black_box(icmpv4::Query::parse(&packet).is_ok_and(|query| query.emit(out).is_ok()));
        black_box(ExtendedEcho::parse_v4(&packet).is_ok_and(|echo| echo.emit_v4(out).is_ok()));
        if let (Ok(repr), Some(Ok(extensions))) = (icmpv4::Repr::parse(&packet), packet.extensions()) {
            let objects = objects(extensions, out);
            black_box(repr.emit_with_extensions(&objects, out).is_ok());
        }
    }
    if let Ok(packet) = icmpv6::Packet::parse(bytes) {
        black_box(
            ExtendedEcho::parse_v6(&packet).is_ok_and(|echo| echo.emit_v6(SOURCE, DESTINATION, out).is_ok()),
        );
        if let (Ok(repr), Some(Ok(extensions))) = (icmpv6::Repr::parse(&packet), packet.extensions()) {
            let objects = objects(extensions, out);
            black_box(repr.emit_with_extensions(SOURCE, DESTINATION, &objects, out).is_ok());
        }
        black_box(
            DuplicateAddress::parse(&packet)
                .is_ok_and(|message| message.emit(SOURCE, DESTINATION, out).is_ok()),
        );
        if let Ok(message) = Message::parse(black_box(134), black_box(0), packet.body()) {
            neighbour_discovery(&message, out);
        }
    }
    if let Ok(packet) = rpl::Packet::parse(bytes) {
        routing(&packet, out);
    }
    black_box(ConsistencyCheck::parse(bytes).is_ok_and(|check| check.emit(out).is_ok()));
    headers(bytes, out);
    for option in OptionsIter::new(bytes).flatten() {
        black_box(option.emit(out).is_ok());
        if let TcpOption::Unknown { kind, data } = option {
            black_box(OtherOption::read(kind, data).is_some_and(|other| other.emit(out).is_ok()));
        }
    }
    if let Ok(packet) = udp::Packet::parse(bytes) {
        black_box(packet.verify_between(SOURCE.into(), DESTINATION.into()).is_ok());
    }
}

/// The first two objects, emitted, and given back to emit them in a message.
fn objects<'a>(extensions: Extensions<'a>, out: &mut [u8]) -> [Object<'a>; 2] {
    let mut found = [Object::Unknown { class: 0, c_type: 0, payload: &[] }; 2];
    for (place, object) in found.iter_mut().zip(extensions.objects().flatten()) {
        *place = object;
        if let Object::LabelStack(stack) = object {
            black_box(stack.labels().count());
        }
    }
    black_box(icmp_ext::emit(&found, out).is_ok());
    found
}

fn neighbour_discovery(message: &Message<'_>, out: &mut [u8]) {
    let like = black_box(HardwareAddress::ethernet([2, 0, 0, 0, 0, 1]));
    black_box(ndisc::Repr::parse(message).emit(SOURCE, DESTINATION, out).is_ok());
    for option in message.options() {
        let repr = OptionRepr::parse(&option, &like);
        black_box(repr.emit(out).is_ok());
        if let OptionRepr::Dnssl(names) = repr {
            black_box(names.names().map(|name| name.labels().count()).max());
        }
    }
}

fn routing(packet: &rpl::Packet<'_>, out: &mut [u8]) {
    let Ok(repr) = rpl::Repr::parse(packet) else { return };
    black_box(repr.emit(SOURCE, DESTINATION, out).is_ok());
    let options = match repr {
        rpl::Repr::Dis { options } => options,
        rpl::Repr::Dio(dio) => dio.options,
        rpl::Repr::Dao(dao) => dao.options,
        rpl::Repr::DaoAck(ack) => ack.options,
        rpl::Repr::Secure(secure) => {
            black_box((
                secure.parts().is_some(),
                secure.message().is_ok(),
                secure.consistency_check().is_ok(),
            ));
            return;
        }
    };
    for option in options {
        black_box(option.emit(out).is_ok());
        if let rpl::RplOption::MetricContainer(metrics) = option {
            for metric in Metrics::new(metrics.as_bytes()).flatten() {
                black_box((metric.emit(out).is_ok(), metric.etx(), metric.hop_count()));
            }
        }
    }
}

fn headers(bytes: &[u8], out: &mut [u8]) {
    black_box(MeshHeader::parse(bytes).is_ok_and(|(header, _)| header.emit(out).is_ok()));
    black_box(BroadcastHeader::parse(bytes).is_ok_and(|(header, _)| header.emit(out).is_ok()));
    black_box(RecoverableFragment::parse(bytes).is_ok_and(|(header, _)| header.emit(out).is_ok()));
    black_box(RecoverableAck::parse(bytes).is_ok_and(|(header, _)| header.emit(out).is_ok()));
    black_box(RoutingHeader::parse(bytes).is_ok_and(|(header, _)| header.emit(out).is_ok()));
}
