//! ARP, RFC 826.
