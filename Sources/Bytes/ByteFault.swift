/// A violated expectation about raw bytes: what is wrong, where, and the two numbers that disagree.
///
/// Holds no text, so that it also works in Embedded Swift. Readers on the host wrap it in their own error types.
public struct ByteFault: Error, Sendable, Equatable {
  /// What is violated. Raw values are stable.
  public enum Kind: UInt8, Sendable, Equatable {
    /// Fewer bytes remain than a load needs.
    case endOfData = 1
    /// A range reaches outside the data.
    case outOfRange = 2
    /// A sum or product does not fit 64 bits.
    case overflow = 3
  }

  public var kind: Kind
  /// Where the unusable data begins, counted from the start of the cursor's outermost span.
  public var byteOffset: UInt64
  /// Bytes that are needed from `byteOffset` on (zero if that number itself overflows).
  public var needed: UInt64
  /// Bytes that are available.
  public var available: UInt64

  public init(_ kind: Kind, at byteOffset: UInt64, needed: UInt64, available: UInt64) {
    self.kind = kind
    self.byteOffset = byteOffset
    self.needed = needed
    self.available = available
  }
}
