//! Place holder.
#![no_std]
#![forbid(unsafe_code)]

pub mod congestion;
mod index;
mod isn;
mod pool;
mod ranges;
mod ready;
mod records;
mod ring;
mod rtt;
mod seq;
mod timers;

pub use rtt::RtoConfig;
