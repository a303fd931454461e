//! Fields of RPL and of its options.

use super::Fields;
use crate::rpl::{KeyIdentifier, MESSAGE_TYPE};
use crate::rpl::{Options, Packet, Repr, RplOption, Secure};
use core::net::Ipv6Addr;

pub(super) fn rpl(to: &mut Fields<'_>, packet: &Packet<'_>) {
    to.number("type", MESSAGE_TYPE);
    to.number("code", u8::from(packet.code()));
    to.number("checksum", packet.checksum());
    match Repr::parse(packet) {
        Ok(Repr::Secure(message)) => secure(to, &message),
        Ok(message) => content(to, &message),
        Err(error) => to.text("error", error),
    }
}

/// A message, as it is or as it lies readable in one with a security section.
fn content(to: &mut Fields<'_>, message: &Repr<'_>) {
    match message {
        Repr::Dis { options: content } => options(to, *content),
        Repr::Dio(dio) => {
            to.number("instance", dio.instance_id.0);
            to.number("version", dio.version);
            to.number("rank", dio.rank);
            to.number("grounded", dio.grounded);
            to.number("mode", u8::from(dio.mode));
            to.number("preference", dio.preference);
            to.number("dtsn", dio.dtsn);
            to.text("dodag_id", dio.dodag_id);
            options(to, dio.options);
        }
        Repr::Dao(dao) => {
            to.number("instance", dao.instance_id.0);
            to.number("expects_ack", dao.expects_ack);
            to.number("sequence", dao.sequence);
            dodag_id(to, dao.dodag_id);
            options(to, dao.options);
        }
        Repr::DaoAck(ack) => {
            to.number("instance", ack.instance_id.0);
            to.number("sequence", ack.sequence);
            to.number("status", ack.status);
            dodag_id(to, ack.dodag_id);
            options(to, ack.options);
        }
        // Not within another.
        Repr::Secure(_) => {}
    }
}

fn dodag_id(to: &mut Fields<'_>, id: Option<Ipv6Addr>) {
    if let Some(id) = id {
        to.text("dodag_id", id);
    }
}

fn secure(to: &mut Fields<'_>, message: &Secure<'_>) {
    let security = &message.security;
    to.number("counter_is_time", security.counter_is_time);
    to.number("algorithm", security.algorithm);
    to.number("level", security.level);
    to.number("counter", security.counter);
    match security.key {
        KeyIdentifier::Group { index } => to.number("key_index", index),
        KeyIdentifier::GroupOf { source, index } | KeyIdentifier::EncryptedSignature { source, index } => {
            to.octets("key_source", &source);
            to.number("key_index", index);
        }
        KeyIdentifier::Pair | KeyIdentifier::Signature => {}
    }
    match (message.consistency_check(), message.message()) {
        (Ok(check), _) => {
            to.number("instance", check.instance_id.0);
            to.number("response", check.is_response);
            to.number("nonce", check.nonce);
            to.text("dodag_id", check.dodag_id);
            to.number("destination_counter", check.destination_counter);
            options(to, check.options);
        }
        (_, Ok(message)) => content(to, &message),
        _ => to.octets("content", message.content),
    }
}

fn options(to: &mut Fields<'_>, options: Options<'_>) {
    for option in options {
        match option {
            RplOption::Pad1 | RplOption::PadN(_) => {}
            RplOption::MetricContainer(metrics) => metrics.for_each(|metric| match metric {
                Ok(metric) => {
                    to.number("metric", u8::from(metric.kind));
                    to.number("metric_flags", metric.flags.bits());
                    to.number("metric_aggregation", metric.aggregation);
                    to.number("metric_precedence", metric.precedence);
                    to.octets("metric_body", metric.body);
                }
                Err(error) => to.text("option_error", error),
            }),
            RplOption::RouteInformation(route) => {
                to.text("route", route.prefix);
                to.number("route_preference", route.preference.to_bits() >> 3);
                to.number("route_lifetime", route.route_lifetime);
            }
            RplOption::DodagConfiguration(configuration) => {
                to.number("authentication", configuration.authentication);
                to.number("path_control_size", configuration.path_control_size);
                to.number("dio_interval_doublings", configuration.dio_interval_doublings);
                to.number("dio_interval_min", configuration.dio_interval_min);
                to.number("dio_redundancy_constant", configuration.dio_redundancy_constant);
                to.number("max_rank_increase", configuration.max_rank_increase);
                to.number("min_hop_rank_increase", configuration.min_hop_rank_increase);
                to.number("objective_code_point", configuration.objective_code_point);
                to.number("default_lifetime", configuration.default_lifetime);
                to.number("lifetime_unit", configuration.lifetime_unit);
            }
            RplOption::Target(prefix) => {
                to.number("target_prefix_len", prefix.prefix_len());
                to.text("target", prefix.address());
            }
            RplOption::TransitInformation(transit) => {
                to.number("external", transit.external);
                to.number("path_control", transit.path_control);
                to.number("path_sequence", transit.path_sequence);
                to.number("path_lifetime", transit.path_lifetime);
                if let Some(parent) = transit.parent {
                    to.text("parent", parent);
                }
            }
            RplOption::SolicitedInformation(wanted) => {
                if let Some(instance) = wanted.instance_id {
                    to.number("solicited_instance", instance.0);
                }
                if let Some(id) = wanted.dodag_id {
                    to.text("solicited_dodag_id", id);
                }
                if let Some(version) = wanted.version {
                    to.number("solicited_version", version);
                }
            }
            RplOption::PrefixInformation(prefix) => {
                to.number("prefix_len", prefix.prefix_len);
                to.number("prefix_flags", prefix.flags.bits());
                to.number("valid_lifetime", prefix.valid_lifetime);
                to.number("preferred_lifetime", prefix.preferred_lifetime);
                to.text("prefix", prefix.prefix);
            }
            RplOption::TargetDescriptor(descriptor) => to.number("target_descriptor", descriptor),
            RplOption::Unknown { kind, data } => {
                to.number("option", kind);
                to.octets("option_data", data);
            }
        }
    }
}
