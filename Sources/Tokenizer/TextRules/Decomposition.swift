internal import CTextTables

/// Canonical decomposition, scalar by scalar. Marks are not sorted here.
struct Decomposition<Source: ScalarSource & ~Escapable>: ScalarSource, ~Escapable {
  private(set) var source: Source
  /// The scalar whose parts are being returned, and the number of returned parts.
  private var current = TextScalar(value: 0, offset: 0)
  private var returned = 0
  private var count = 0

  @_lifetime(copy source)
  init(_ source: Source) {
    self.source = source
  }

  /// The next scalar of the text, not decomposed.
  @_lifetime(self: copy self)
  mutating func nextAsWritten() -> TextScalar? {
    source.next()
  }

  @_lifetime(self: copy self)
  @inline(never)
  mutating func next() -> TextScalar? {
    if returned == count {
      guard let scalar = source.next() else { return nil }
      current = scalar
      returned = 0
    }
    var parts: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
    count = withUnsafeMutableBytes(of: &parts) { storage in
      ct_decompose(current.value, storage.assumingMemoryBound(to: UInt32.self).baseAddress)
    }
    returned += 1
    let value =
      switch returned {
      case 1: parts.0
      case 2: parts.1
      case 3: parts.2
      default: parts.3
      }
    return TextScalar(value: value, offset: current.offset)
  }
}
