public import Architecture

/// Identities of towers, pixels and tokens: what must be equal for vectors to be comparable.
public enum Identity {
  /// SHA-256 of the tower's architecture fields as `key=value\n` lines, then of the raw digests of its canonical
  /// tensors in schema order.
  ///
  /// - Parameter tensorDigests: one per parameter of the tower.
  public static func tower(
    _ tower: Tower, of architecture: CLIPArchitecture, tensorDigests: [Digest]
  ) throws(BundleFault) -> Digest {
    var lines = IdentityLines()
    switch tower {
    case .image:
      var image = architecture.image
      try image?.visitFields(&lines)
    case .text:
      var text = architecture.text
      try text?.visitFields(&lines)
    }
    for digest in tensorDigests { lines.stream.update(digest.bytes) }
    return lines.stream.finish()
  }

  /// SHA-256 of the preprocessing fields as `key=value\n` lines.
  public static func preprocessing(_ preprocessing: Preprocessing) throws(BundleFault) -> Digest {
    var lines = IdentityLines()
    var copy = preprocessing
    try copy.visitFields(&lines)
    return lines.stream.finish()
  }

  /// SHA-256 of the Unicode version that classes and lower case were taken from, and of the stored merges.
  public static func tokenizer(unicodeVersion: StaticString, merges: RawSpan) -> Digest {
    var lines = IdentityLines()
    lines.append("tokenizer.kind") { $0.append("openai") }
    lines.append("tokenizer.unicode") { $0.append(unicodeVersion) }
    lines.stream.update(merges)
    return lines.stream.finish()
  }

  /// SHA-256 of a canonical tensor's name, a zero byte, rank and extents as u64, all little-endian; the caller
  /// goes on with the values as FP32.
  public static func beginTensor(_ parameter: Parameter) -> DigestStream {
    var stream = DigestStream()
    stream.update(parameter.name.utf8)
    stream.update([0])
    stream.update(littleEndian(parameter.shape.count))
    for extent in parameter.shape { stream.update(littleEndian(extent)) }
    return stream
  }

  private static func littleEndian(_ value: Int) -> [UInt8] {
    let bits = UInt64(value)
    var bytes: [UInt8] = []
    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * UInt64(shift)))) }
    return bytes
  }
}

/// Hashes fields as lines, floats as the 8 hex digits of their bits.
private struct IdentityLines: FieldCodec {
  var stream = DigestStream()

  struct Line {
    var bytes: [UInt8] = []

    mutating func append(_ literal: StaticString) {
      literal.withUTF8Buffer { for byte in $0 { bytes.append(byte) } }
    }

    mutating func append(_ value: Int) { bytes.append(contentsOf: ParameterName("").appending(value).utf8) }
  }

  mutating func append(_ key: StaticString, value: (inout Line) -> Void) {
    var line = Line()
    line.append(key)
    line.append("=")
    value(&line)
    line.append("\n")
    stream.update(line.bytes)
  }

  mutating func version(_ key: StaticString, _ value: inout Int) { append(key) { $0.append(value) } }

  mutating func integer(_ key: StaticString, _ value: inout Int, _ allowed: ClosedRange<Int>) {
    append(key) { $0.append(value) }
  }

  mutating func optional(_ key: StaticString, _ value: inout Int?, _ allowed: ClosedRange<Int>) {
    append(key) { line in
      if let known = value { line.append(known) } else { line.append("none") }
    }
  }

  mutating func addition(_ key: StaticString, _ value: inout Int?, _ allowed: ClosedRange<Int>) {
    if var known = value { integer(key, &known, allowed) }
  }

  mutating func addition<Choice: FieldChoice & Equatable>(
    _ key: StaticString, _ value: inout Choice, absent: Choice
  ) {
    if value != absent { choice(key, &value) }
  }

  mutating func choice<Choice: FieldChoice>(_ key: StaticString, _ value: inout Choice) {
    append(key) { $0.append(value.fieldValue) }
  }

  mutating func text(_ key: StaticString, _ value: inout [UInt8]) {
    append(key) { $0.bytes.append(contentsOf: value) }
  }

  mutating func digest(_ key: StaticString, _ value: inout Digest?) {
    append(key) { line in
      if let known = value { line.bytes.append(contentsOf: known.hex) } else { line.append("-") }
    }
  }

  mutating func float(_ key: StaticString, _ value: inout Float) {
    append(key) { line in
      for shift in [28, 24, 20, 16, 12, 8, 4, 0] {
        let nibble = UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(shift)) & 15
        line.bytes.append(Digest.hexDigit(nibble))
      }
    }
  }

  mutating func require(_ holds: Bool, _ key: StaticString) {}
}
