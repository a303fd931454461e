//! The IP layer against a fake link and a fake transport.
#![cfg(test)]

mod happy;
mod links;
mod support;
