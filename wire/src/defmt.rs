//! `Format` of errors, reprs and layers, feature `defmt`: the text that they print elsewhere, or that of `Debug` where they
//! print through their view only. Octets and tables are formatted on the device, since addresses, bit flags and bounded
//! lists have no format of their own in `defmt`.

use crate::ip::CidrError;
use crate::{
    ah, arp, dhcpv4, dns, esp, ethernet, icmp_ext, icmpv4, icmpv6, ieee802154, igmp, ipv4, ipv6, ipv6_ext,
    llc, mld, ndisc, rpl, sixlowpan, tcp, udp, vlan, walk,
};
use crate::{Cidr, Error, EtherType, HardwareAddress, IpProtocol, Ipv6Prefix};
use defmt::{Debug2Format, Display2Format, Format, Formatter};

impl Format for Error {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for HardwareAddress {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for EtherType {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for IpProtocol {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for Cidr {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for CidrError {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for Ipv6Prefix {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for ethernet::Repr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for ethernet::LengthRepr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for vlan::Repr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for llc::Repr {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for llc::SnapRepr {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for arp::Repr {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for arp::general::Packet<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for ieee802154::Beacon<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for ieee802154::Command<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for ieee802154::elements::HeaderElement<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for ieee802154::elements::PayloadElement<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for ieee802154::elements::NestedElement<'_> {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for ieee802154::Repr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for ieee802154::FrameRepr<'_> {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for ieee802154::SecurityRepr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for ipv4::Opt<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for ipv4::Route {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for ipv4::Timestamps {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for ipv4::Repr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for ipv6::Repr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for ipv6_ext::Fragment {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for ipv6_ext::Opt<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for ipv6_ext::Mobility<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for ipv6_ext::Tlv<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for ipv6_ext::OptionsRepr<'_> {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for ipv6_ext::RoutingRepr<'_> {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for ipv6_ext::SourceRouteRepr<'_> {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for ipv6_ext::SegmentRoutingRepr<'_> {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for ah::Repr<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for esp::Repr {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for esp::Trailer<'_> {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for icmpv4::Repr<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for icmpv4::Query<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for icmpv6::Repr<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for icmp_ext::Object<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for icmp_ext::ExtendedEcho<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for ndisc::SolicitationRepr {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for ndisc::AdvertisementRepr {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for ndisc::RouterSolicitationRepr {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for ndisc::OptionRepr<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for ndisc::DuplicateAddress<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for ndisc::Repr<'_> {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for ndisc::Invalid {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for igmp::Repr<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for igmp::Record<'_> {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for mld::Repr<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for mld::Record<'_> {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for rpl::Repr<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for rpl::RplOption<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for rpl::Metric<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for rpl::ConsistencyCheck<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for udp::Repr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for tcp::TcpOption<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for tcp::OtherOption<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for tcp::Repr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for sixlowpan::Error {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for sixlowpan::FragmentHeader {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for sixlowpan::MeshHeader {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for sixlowpan::BroadcastHeader {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for sixlowpan::RecoverableFragment {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for sixlowpan::RecoverableAck {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for sixlowpan::RoutingHeader<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for sixlowpan::iphc::Repr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for sixlowpan::udp::Repr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for dns::NameError {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for dns::Name<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for dns::NameBuf {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for dns::Question<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for dns::Repr<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for dns::Header {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for dhcpv4::ClientIdentifier<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for dhcpv4::Opt<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for dhcpv4::Repr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for walk::Layer<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for walk::Reason {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}
