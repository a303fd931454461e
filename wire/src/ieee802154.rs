//! IEEE 802.15.4 frames.
