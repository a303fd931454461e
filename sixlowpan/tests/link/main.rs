//! Links over a fake radio: what leaves, what arrives, what is refused and counted.

#[cfg(test)]
mod back_pressure;
#[cfg(test)]
mod common;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod reassembly;
#[cfg(test)]
mod receive;
#[cfg(test)]
mod round_trip;
