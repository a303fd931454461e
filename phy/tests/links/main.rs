//! The links over scripted devices, and over the devices in memory.

mod common;
mod ethernet;
mod memory;
mod raw_ip;
