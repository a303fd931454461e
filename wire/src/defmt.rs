//! `Format` of errors, reprs and layers, feature `defmt`: what they print elsewhere, as text. Octets and tables are
//! formatted on the device, since addresses, bit flags and bounded lists have no format of their own in `defmt`.

use crate::{
    arp, dhcpv4, dns, ethernet, icmpv4, icmpv6, ieee802154, igmp, ipv4, ipv6, llc, mld, ndisc, rpl,
    sixlowpan, tcp, udp, vlan, walk,
};
use crate::{Error, EtherType, HardwareAddress, IpProtocol};
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

impl Format for ethernet::Repr {
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
        Debug2Format(self).format(f);
    }
}

impl Format for llc::SnapRepr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for arp::Repr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for ieee802154::Repr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
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

impl Format for udp::Repr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for tcp::Repr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for ndisc::SolicitationRepr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for ndisc::AdvertisementRepr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for ndisc::RouterSolicitationRepr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for dns::Header {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for dns::NameBuf {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for dhcpv4::Repr {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for sixlowpan::FragmentHeader {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for sixlowpan::Error {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for icmpv4::Repr<'_> {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for icmpv6::Repr<'_> {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for igmp::Repr<'_> {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for mld::Repr<'_> {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
    }
}

impl Format for rpl::Repr<'_> {
    fn format(&self, f: Formatter<'_>) {
        Debug2Format(self).format(f);
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

impl Format for dns::Name<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for dhcpv4::Opt<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}

impl Format for walk::Layer<'_> {
    fn format(&self, f: Formatter<'_>) {
        Display2Format(self).format(f);
    }
}
