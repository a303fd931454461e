//! Codes of options, IANA "BOOTP Vendor Extensions and DHCP Options": all of RFC 2132, and what hosts meet of later
//! ones. An option without a variant of its own in [`Opt`](super::Opt) is `Unknown`, and of a length that its code
//! allows.

/// Padding: no length.
pub const PAD: u8 = 0;
/// Subnet Mask, RFC 2132 §3.3.
pub const SUBNET_MASK: u8 = 1;
/// Time Offset, RFC 2132 §3.4.
pub const TIME_OFFSET: u8 = 2;
/// Router, RFC 2132 §3.5.
pub const ROUTER: u8 = 3;
/// Time Server, RFC 2132 §3.6.
pub const TIME_SERVER: u8 = 4;
/// Name Server, RFC 2132 §3.7: not that of DNS.
pub const NAME_SERVER: u8 = 5;
/// Domain Name Server, RFC 2132 §3.8.
pub const DNS_SERVER: u8 = 6;
/// Log Server, RFC 2132 §3.9.
pub const LOG_SERVER: u8 = 7;
/// Cookie Server, RFC 2132 §3.10.
pub const COOKIE_SERVER: u8 = 8;
/// LPR Server, RFC 2132 §3.11.
pub const LPR_SERVER: u8 = 9;
/// Impress Server, RFC 2132 §3.12.
pub const IMPRESS_SERVER: u8 = 10;
/// Resource Location Server, RFC 2132 §3.13.
pub const RESOURCE_LOCATION_SERVER: u8 = 11;
/// Host Name, RFC 2132 §3.14.
pub const HOST_NAME: u8 = 12;
/// Boot File Size, RFC 2132 §3.15.
pub const BOOT_FILE_SIZE: u8 = 13;
/// Merit Dump File, RFC 2132 §3.16.
pub const MERIT_DUMP_FILE: u8 = 14;
/// Domain Name, RFC 2132 §3.17.
pub const DOMAIN_NAME: u8 = 15;
/// Swap Server, RFC 2132 §3.18.
pub const SWAP_SERVER: u8 = 16;
/// Root Path, RFC 2132 §3.19.
pub const ROOT_PATH: u8 = 17;
/// Extensions Path, RFC 2132 §3.20.
pub const EXTENSIONS_PATH: u8 = 18;
/// IP Forwarding, RFC 2132 §4.1.
pub const IP_FORWARDING: u8 = 19;
/// Non-Local Source Routing, RFC 2132 §4.2.
pub const SOURCE_ROUTING: u8 = 20;
/// Policy Filter, RFC 2132 §4.3.
pub const POLICY_FILTER: u8 = 21;
/// Maximum Datagram Reassembly Size, RFC 2132 §4.4.
pub const REASSEMBLY_SIZE: u8 = 22;
/// Default IP Time-to-live, RFC 2132 §4.5.
pub const DEFAULT_TTL: u8 = 23;
/// Path MTU Aging Timeout, RFC 2132 §4.6.
pub const PATH_MTU_TIMEOUT: u8 = 24;
/// Path MTU Plateau Table, RFC 2132 §4.7.
pub const PATH_MTU_PLATEAUS: u8 = 25;
/// Interface MTU, RFC 2132 §5.1.
pub const INTERFACE_MTU: u8 = 26;
/// All Subnets are Local, RFC 2132 §5.2.
pub const ALL_SUBNETS_LOCAL: u8 = 27;
/// Broadcast Address, RFC 2132 §5.3.
pub const BROADCAST_ADDRESS: u8 = 28;
/// Perform Mask Discovery, RFC 2132 §5.4.
pub const MASK_DISCOVERY: u8 = 29;
/// Mask Supplier, RFC 2132 §5.5.
pub const MASK_SUPPLIER: u8 = 30;
/// Perform Router Discovery, RFC 2132 §5.6.
pub const ROUTER_DISCOVERY: u8 = 31;
/// Router Solicitation Address, RFC 2132 §5.7.
pub const ROUTER_SOLICITATION_ADDRESS: u8 = 32;
/// Static Route, RFC 2132 §5.8: to be ignored beside [`CLASSLESS_ROUTES`], RFC 3442.
pub const STATIC_ROUTE: u8 = 33;
/// Trailer Encapsulation, RFC 2132 §6.1.
pub const TRAILERS: u8 = 34;
/// ARP Cache Timeout, RFC 2132 §6.2.
pub const ARP_TIMEOUT: u8 = 35;
/// Ethernet Encapsulation, RFC 2132 §6.3.
pub const ETHERNET_ENCAPSULATION: u8 = 36;
/// TCP Default TTL, RFC 2132 §7.1.
pub const TCP_TTL: u8 = 37;
/// TCP Keepalive Interval, RFC 2132 §7.2.
pub const TCP_KEEPALIVE_INTERVAL: u8 = 38;
/// TCP Keepalive Garbage, RFC 2132 §7.3.
pub const TCP_KEEPALIVE_GARBAGE: u8 = 39;
/// Network Information Service Domain, RFC 2132 §8.1.
pub const NIS_DOMAIN: u8 = 40;
/// Network Information Servers, RFC 2132 §8.2.
pub const NIS_SERVERS: u8 = 41;
/// Network Time Protocol Servers, RFC 2132 §8.3.
pub const NTP_SERVER: u8 = 42;
/// Vendor Specific Information, RFC 2132 §8.4.
pub const VENDOR_SPECIFIC: u8 = 43;
/// NetBIOS over TCP/IP Name Server, RFC 2132 §8.5.
pub const NETBIOS_NAME_SERVER: u8 = 44;
/// NetBIOS over TCP/IP Datagram Distribution Server, RFC 2132 §8.6.
pub const NETBIOS_DATAGRAM_SERVER: u8 = 45;
/// NetBIOS over TCP/IP Node Type, RFC 2132 §8.7.
pub const NETBIOS_NODE_TYPE: u8 = 46;
/// NetBIOS over TCP/IP Scope, RFC 2132 §8.8.
pub const NETBIOS_SCOPE: u8 = 47;
/// X Window System Font Server, RFC 2132 §8.9.
pub const X_FONT_SERVER: u8 = 48;
/// X Window System Display Manager, RFC 2132 §8.10.
pub const X_DISPLAY_MANAGER: u8 = 49;
/// Requested IP Address, RFC 2132 §9.1.
pub const REQUESTED_ADDRESS: u8 = 50;
/// IP Address Lease Time, RFC 2132 §9.2.
pub const LEASE_TIME: u8 = 51;
/// Option Overload, RFC 2132 §9.3.
pub const OVERLOAD: u8 = 52;
/// DHCP Message Type, RFC 2132 §9.6.
pub const MESSAGE_TYPE: u8 = 53;
/// Server Identifier, RFC 2132 §9.7.
pub const SERVER_IDENTIFIER: u8 = 54;
/// Parameter Request List, RFC 2132 §9.8.
pub const PARAMETER_LIST: u8 = 55;
/// Message, RFC 2132 §9.9.
pub const MESSAGE: u8 = 56;
/// Maximum DHCP Message Size, RFC 2132 §9.10.
pub const MAX_MESSAGE_SIZE: u8 = 57;
/// Renewal (T1) Time, RFC 2132 §9.11.
pub const RENEWAL_TIME: u8 = 58;
/// Rebinding (T2) Time, RFC 2132 §9.12.
pub const REBINDING_TIME: u8 = 59;
/// Vendor Class Identifier, RFC 2132 §9.13.
pub const CLASS_IDENTIFIER: u8 = 60;
/// Client Identifier, RFC 2132 §9.14.
pub const CLIENT_IDENTIFIER: u8 = 61;
/// Network Information Service+ Domain, RFC 2132 §8.11.
pub const NIS_PLUS_DOMAIN: u8 = 64;
/// Network Information Service+ Servers, RFC 2132 §8.12.
pub const NIS_PLUS_SERVERS: u8 = 65;
/// TFTP Server Name, RFC 2132 §9.4: what `sname` would hold.
pub const TFTP_SERVER_NAME: u8 = 66;
/// Bootfile Name, RFC 2132 §9.5: what `file` would hold.
pub const BOOT_FILE: u8 = 67;
/// Mobile IP Home Agent, RFC 2132 §8.13.
pub const HOME_AGENT: u8 = 68;
/// SMTP Server, RFC 2132 §8.14.
pub const SMTP_SERVER: u8 = 69;
/// POP3 Server, RFC 2132 §8.15.
pub const POP3_SERVER: u8 = 70;
/// NNTP Server, RFC 2132 §8.16.
pub const NNTP_SERVER: u8 = 71;
/// Default WWW Server, RFC 2132 §8.17.
pub const WWW_SERVER: u8 = 72;
/// Default Finger Server, RFC 2132 §8.18.
pub const FINGER_SERVER: u8 = 73;
/// Default IRC Server, RFC 2132 §8.19.
pub const IRC_SERVER: u8 = 74;
/// StreetTalk Server, RFC 2132 §8.20.
pub const STREETTALK_SERVER: u8 = 75;
/// StreetTalk Directory Assistance Server, RFC 2132 §8.21.
pub const STDA_SERVER: u8 = 76;
/// Rapid Commit, RFC 4039: no octets.
pub const RAPID_COMMIT: u8 = 80;
/// Client FQDN, RFC 4702: flags, two codes, a name.
pub const CLIENT_FQDN: u8 = 81;
/// Relay Agent Information, RFC 3046.
pub const RELAY_INFORMATION: u8 = 82;
/// IPv6-Only Preferred, RFC 8925: seconds.
pub const IPV6_ONLY_PREFERRED: u8 = 108;
/// Captive-Portal, RFC 8910: a URI.
pub const CAPTIVE_PORTAL: u8 = 114;
/// Subnet Selection, RFC 3011.
pub const SUBNET_SELECTION: u8 = 118;
/// Domain Search, RFC 3397.
pub const DOMAIN_SEARCH: u8 = 119;
/// Classless Static Route, RFC 3442.
pub const CLASSLESS_ROUTES: u8 = 121;
/// The end: no length.
pub const END: u8 = 255;

/// Whether an option may have so many octets. Those that are not in the table may have any number.
#[must_use]
pub const fn is_len(code: u8, len: usize) -> bool {
    match code {
        RAPID_COMMIT => len == 0,
        IP_FORWARDING
        | SOURCE_ROUTING
        | DEFAULT_TTL
        | ALL_SUBNETS_LOCAL
        | MASK_DISCOVERY
        | MASK_SUPPLIER
        | ROUTER_DISCOVERY
        | TRAILERS
        | ETHERNET_ENCAPSULATION
        | TCP_TTL
        | TCP_KEEPALIVE_GARBAGE
        | NETBIOS_NODE_TYPE
        | OVERLOAD
        | MESSAGE_TYPE => len == 1,
        BOOT_FILE_SIZE | REASSEMBLY_SIZE | INTERFACE_MTU | MAX_MESSAGE_SIZE => len == 2,
        SUBNET_MASK
        | TIME_OFFSET
        | SWAP_SERVER
        | PATH_MTU_TIMEOUT
        | BROADCAST_ADDRESS
        | ROUTER_SOLICITATION_ADDRESS
        | ARP_TIMEOUT
        | TCP_KEEPALIVE_INTERVAL
        | REQUESTED_ADDRESS
        | LEASE_TIME
        | SERVER_IDENTIFIER
        | RENEWAL_TIME
        | REBINDING_TIME
        | IPV6_ONLY_PREFERRED
        | SUBNET_SELECTION => len == 4,
        PATH_MTU_PLATEAUS => len >= 2 && len % 2 == 0,
        // Lists of addresses, of which only that of home agents may be empty.
        HOME_AGENT => len % 4 == 0,
        ROUTER..=RESOURCE_LOCATION_SERVER
        | NIS_SERVERS
        | NTP_SERVER
        | NETBIOS_NAME_SERVER
        | NETBIOS_DATAGRAM_SERVER
        | X_FONT_SERVER
        | X_DISPLAY_MANAGER
        | NIS_PLUS_SERVERS
        | SMTP_SERVER..=STDA_SERVER => len >= 4 && len % 4 == 0,
        POLICY_FILTER | STATIC_ROUTE => len >= 8 && len % 8 == 0,
        CLIENT_IDENTIFIER | RELAY_INFORMATION => len >= 2,
        CLIENT_FQDN => len >= 3,
        // A router behind a prefix of no octets.
        CLASSLESS_ROUTES => len >= 5,
        HOST_NAME | MERIT_DUMP_FILE | DOMAIN_NAME | ROOT_PATH | EXTENSIONS_PATH | NIS_DOMAIN
        | VENDOR_SPECIFIC | NETBIOS_SCOPE | PARAMETER_LIST | MESSAGE | CLASS_IDENTIFIER | NIS_PLUS_DOMAIN
        | TFTP_SERVER_NAME | BOOT_FILE | CAPTIVE_PORTAL | DOMAIN_SEARCH => len >= 1,
        _ => true,
    }
}
