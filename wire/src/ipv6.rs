//! IPv6, RFC 8200 §3.
