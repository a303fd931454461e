//! The IP layer against a fake link and a fake transport.
#![cfg(test)]

mod acceptance;
mod duties;
mod errors;
mod happy;
mod links;
mod pressure;
mod routing;
mod small;
#[cfg(feature = "fragmentation")]
mod small_fragments;
mod small_groups;
mod solicitations;
mod support;
mod totality;
