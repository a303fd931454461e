//! A placeholder where a product has a source of entropy.

/// A seed for the engine with this number, different for each number. **For QEMU only.**
///
/// It is the same after each reset and known to whoever reads this line: ports, sequence numbers and identifications
/// made from it can be predicted. The board has no generator and QEMU gives this one nothing unpredictable. A product
/// puts its hardware generator here, and starts nothing before that has delivered.
#[must_use]
pub fn entropy(engine: u8) -> [u8; 32] {
    [engine; 32]
}
