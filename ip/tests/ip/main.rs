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
mod solicitations;
mod support;
mod totality;
