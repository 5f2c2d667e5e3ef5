internal import CTextTables

/// One pass of Python's `html.unescape`: `&amp;`, `&#38;` and `&#x26;` become the character that they represent, by
/// the rules of HTML 5 for valid and invalid references (the longest known name if the semicolon is missing).
struct CharacterReferences<Source: ScalarSource & ~Escapable>: ScalarSource, ~Escapable {
  private var source: Source
  private let isNeeded: Bool
  /// The second scalar of an entity with two.
  private var pending: TextScalar?

  @_lifetime(copy source)
  init(_ source: Source, isNeeded: Bool = true) {
    self.source = source
    self.isNeeded = isNeeded
  }

  @_lifetime(self: copy self)
  @inline(never)
  mutating func next() -> TextScalar? {
    if let scalar = pending {
      pending = nil
      return scalar
    }
    while let scalar = source.next() {
      guard scalar.value == ampersand, isNeeded else { return scalar }
      switch readReference() {
      case .none: return scalar
      case .nothing: continue
      case .scalars(let first, let second):
        if let second { pending = TextScalar(value: second, offset: scalar.offset) }
        return TextScalar(value: first, offset: scalar.offset)
      }
    }
    return nil
  }

  private enum Reference {
    /// The ampersand does not start a reference.
    case none
    /// A reference to a code point that HTML 5 drops.
    case nothing
    case scalars(UInt32, UInt32?)
  }

  /// Reads the text after an ampersand and consumes it only if it is a reference.
  @_lifetime(self: copy self)
  private mutating func readReference() -> Reference {
    var ahead = source
    guard let first = ahead.next() else { return .none }
    return first.value == numberSign ? readNumber() : readName()
  }

  @_lifetime(self: copy self)
  private mutating func readNumber() -> Reference {
    var ahead = source
    _ = ahead.next()  // the number sign
    var afterLetter = ahead
    var base: UInt32 = 10
    if let letter = afterLetter.next(), letter.value | 0x20 == lowercaseX {
      base = 16
      ahead = afterLetter
    }
    var number: UInt32 = 0
    var digitCount = 0
    var afterDigits = ahead
    while let scalar = ahead.next() {
      guard let digit = hexDigit(scalar.value), digit < base else {
        if scalar.value == semicolon { afterDigits = ahead }
        break
      }
      // Saturates far above the last code point.
      number = number > 0x0FFF_FFFF / 16 ? 0x0FFF_FFFF : number * base + digit
      digitCount += 1
      afterDigits = ahead
    }
    guard digitCount > 0 else { return .none }
    source = afterDigits
    let scalar = ct_numeric_reference(number)
    return scalar == CT_NO_SCALAR ? .nothing : .scalars(scalar, nil)
  }

  @_lifetime(self: copy self)
  private mutating func readName() -> Reference {
    var name = InlineArray<31, UInt8>(repeating: 0)
    var length = 0
    var ahead = source
    while let scalar = ahead.next() {
      if length < name.count, isLetterOrDigit(scalar.value) {
        name[length] = UInt8(truncatingIfNeeded: scalar.value)
        length += 1
        continue
      }
      if scalar.value == semicolon, let found = entity(name, length: length, legacy: false) {
        source = ahead
        return found
      }
      break
    }
    length = min(length, CT_LONGEST_LEGACY_NAME)
    while length >= 2 {
      if let found = entity(name, length: length, legacy: true) {
        for _ in 0..<length { _ = source.next() }
        return found
      }
      length -= 1
    }
    return .none
  }

  private func entity(_ name: InlineArray<31, UInt8>, length: Int, legacy: Bool) -> Reference? {
    var scalars: (UInt32, UInt32) = (0, 0)
    let count = name.span.withUnsafeBufferPointer { bytes in
      withUnsafeMutableBytes(of: &scalars) { storage in
        ct_named_entity(
          bytes.baseAddress, length, legacy, storage.assumingMemoryBound(to: UInt32.self).baseAddress)
      }
    }
    return count == 0 ? nil : .scalars(scalars.0, count == 2 ? scalars.1 : nil)
  }
}

private let ampersand: UInt32 = 0x26
private let numberSign: UInt32 = 0x23
private let semicolon: UInt32 = 0x3B
private let lowercaseX: UInt32 = 0x78

private func hexDigit(_ scalar: UInt32) -> UInt32? {
  switch scalar {
  case 0x30...0x39: scalar - 0x30
  case 0x41...0x46: scalar - 0x41 + 10
  case 0x61...0x66: scalar - 0x61 + 10
  default: nil
  }
}

private func isLetterOrDigit(_ scalar: UInt32) -> Bool {
  switch scalar {
  case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
  default: false
  }
}
