/// A violated expectation about raw bytes: what went wrong, where, and the two numbers that disagree.
///
/// Carries no text, so that it also exists in Embedded Swift. Host-side readers wrap it in their own error type.
public struct ByteFault: Error, Sendable, Equatable {
  /// What was violated. Raw values are stable.
  public enum Kind: UInt8, Sendable, Equatable {
    /// Fewer bytes remain than a load needs.
    case endOfData = 1
    /// A range reaches outside the data.
    case outOfRange = 2
    /// A sum or product does not fit 64 bits.
    case overflow = 3
  }

  public var kind: Kind
  /// Where the data that could not be used begins, counted from the start of the cursor's outermost span.
  public var byteOffset: UInt64
  /// Bytes that were needed from `byteOffset` on (zero when that number itself overflowed).
  public var needed: UInt64
  /// Bytes that were there.
  public var available: UInt64

  public init(_ kind: Kind, at byteOffset: UInt64, needed: UInt64, available: UInt64) {
    self.kind = kind
    self.byteOffset = byteOffset
    self.needed = needed
    self.available = available
  }
}
