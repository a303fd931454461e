//! Neighbour discovery, RFC 4861 §4.
