//! Place holder.
#![no_std]
