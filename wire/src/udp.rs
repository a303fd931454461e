//! UDP, RFC 768.
