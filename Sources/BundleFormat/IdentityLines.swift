import Architecture

/// Hashes fields as `key=value` lines, each ended by a line feed; floats as the 8 hex digits of their bits.
///
/// A field that was added after the first ids were computed has a line only if its value differs from the one implied
/// before (`unless`). So no id ever changes.
package struct IdentityLines {
  private var stream = DigestStream()

  package init() {}

  package mutating func integer(_ key: StaticString, _ value: Int) {
    line(key, ParameterName("").appending(value).utf8)
  }

  /// Writes `none` if there is no value.
  package mutating func optional(_ key: StaticString, _ value: Int?) {
    guard let value else { return text(key, "none") }
    integer(key, value)
  }

  package mutating func optional(_ key: StaticString, _ value: Int?, unless implied: Int?) {
    if value != implied { optional(key, value) }
  }

  package mutating func choice<Choice: FieldChoice>(_ key: StaticString, _ value: Choice) {
    text(key, value.fieldValue)
  }

  package mutating func choice<Choice: FieldChoice & Equatable>(
    _ key: StaticString, _ value: Choice, unless implied: Choice
  ) {
    if value != implied { choice(key, value) }
  }

  package mutating func float(_ key: StaticString, _ value: Float) {
    var digits: [UInt8] = []
    for shift in stride(from: UInt32(28), through: 0, by: -4) {
      digits.append(Digest.hexDigit(UInt8(truncatingIfNeeded: value.bitPattern >> shift) & 15))
    }
    line(key, digits)
  }

  package mutating func text(_ key: StaticString, _ value: StaticString) {
    line(key, value.withUTF8Buffer { [UInt8]($0) })
  }

  /// Appends bytes that are not a line: digests of tensors, a table.
  package mutating func append(_ bytes: [UInt8]) { stream.update(bytes) }
  package mutating func append(_ bytes: RawSpan) { stream.update(bytes) }

  package consuming func finish() -> Digest { stream.finish() }

  private mutating func line(_ key: StaticString, _ value: [UInt8]) {
    stream.update(key.withUTF8Buffer { [UInt8]($0) })
    stream.update([0x3D])
    stream.update(value)
    stream.update([0x0A])
  }
}
