internal import Bytes
internal import TensorTypes

/// The Python dictionary of an npy header, parsed as its three possible fields. Nothing is evaluated: the grammar has
/// keys, a type's spelling, a boolean and a tuple of integers.
struct NPYDictionary: ~Escapable {
  private(set) var descriptor = ""
  private(set) var isFortranOrder = false
  private(set) var shape: [Int] = []
  private var cursor: ByteCursor
  private var descriptorOffset: UInt64 = 0
  private let limits: Limits

  /// - Throws: `npyHeader`, `limitExceeded`, `numberOverflow`, and `unsupportedDType` for a structured type.
  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, baseOffset: UInt64, limits: Limits) throws(ReadError) {
    cursor = ByteCursor(bytes, baseOffset: baseOffset)
    self.limits = limits
    try parse()
  }

  /// The meaning of the descriptor: byte order, kind, width.
  ///
  /// - Throws: `npyObjectArray`, `unsupportedDType`.
  func elementType() throws(ReadError) -> (dtype: DType, isBigEndian: Bool) {
    let hasOrder = descriptor.first.map { "<>=|".contains($0) } ?? false
    let kind = hasOrder ? String(descriptor.dropFirst()) : descriptor
    if kind.hasPrefix("O") {
      throw ReadError(.npyObjectArray, at: descriptorOffset, found: "'\(descriptor)'")
    }
    guard let dtype = Self.dtypes[kind] else {
      throw ReadError(.unsupportedDType, at: descriptorOffset, found: "'\(descriptor)'")
    }
    return (dtype, descriptor.hasPrefix(">") && dtype.byteWidth > 1)
  }

  /// ml_dtypes' bfloat16 is written as two bytes without a kind.
  private static let dtypes: [String: DType] = [
    "f8": .f64, "f4": .f32, "f2": .f16, "V2": .bf16, "i8": .i64, "i4": .i32, "i2": .i16, "i1": .i8,
    "u8": .u64,
    "u4": .u32, "u2": .u16, "u1": .u8, "b1": .bool,
  ]

  @_lifetime(self: copy self)
  private mutating func parse() throws(ReadError) {
    var keys: Set<String> = []
    try expect("{")
    while !take("}") {
      let offset = cursor.absoluteOffset
      let key = try text()
      guard keys.insert(key).inserted else { throw malformed(at: offset, "each key once", found: key) }
      try expect(":")
      try readValue(of: key, at: offset)
      if take("}") { break }
      try expect(",")
    }
    guard keys.count == 3 else {
      throw malformed(at: cursor.absoluteOffset, "descr, fortran_order and shape")
    }
    skipSpace()
    guard cursor.isAtEnd else { throw malformed(at: cursor.absoluteOffset, "spaces up to the data") }
  }

  @_lifetime(self: copy self)
  private mutating func readValue(of key: String, at offset: UInt64) throws(ReadError) {
    skipSpace()
    switch key {
    case "descr":
      descriptorOffset = cursor.absoluteOffset
      if cursor.peek() == UInt8(ascii: "[") || cursor.peek() == UInt8(ascii: "(") {
        throw ReadError(.unsupportedDType, at: descriptorOffset, found: "a structured type")
      }
      descriptor = try text()
    case "fortran_order": isFortranOrder = try truth()
    case "shape": shape = try sizes()
    default: throw malformed(at: offset, "descr, fortran_order and shape", found: key)
    }
  }

  /// A string without escapes.
  @_lifetime(self: copy self)
  private mutating func text() throws(ReadError) -> String {
    skipSpace()
    let start = cursor.absoluteOffset
    guard let quote = cursor.peek(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw malformed(at: start, "a quoted string")
    }
    advance()
    var bytes: [UInt8] = []
    while let byte = cursor.peek(), byte != quote {
      guard byte != UInt8(ascii: "\\"), byte >= 0x20 else { throw malformed(at: start, "a plain string") }
      bytes.append(byte)
      advance()
    }
    guard cursor.peek() == quote, let text = String(validating: bytes, as: UTF8.self) else {
      throw malformed(at: start, "a string that ends")
    }
    advance()
    return text
  }

  @_lifetime(self: copy self)
  private mutating func truth() throws(ReadError) -> Bool {
    for (literal, value) in [("True" as StaticString, true), ("False", false)]
    where cursor.starts(with: literal) {
      for _ in 0..<literal.utf8CodeUnitCount { advance() }
      return value
    }
    throw malformed(at: cursor.absoluteOffset, "True or False")
  }

  /// `()`, `(3,)`, `(3, 4)`; Python 2 wrote `3L`.
  @_lifetime(self: copy self)
  private mutating func sizes() throws(ReadError) -> [Int] {
    let start = cursor.absoluteOffset
    try expect("(")
    var sizes: [Int] = []
    var endsWithComma = false
    while !take(")") {
      guard sizes.count < limits.tensorRank else {
        throw ReadError(.limitExceeded, at: start, expected: "at most \(limits.tensorRank) axes")
      }
      guard sizes.isEmpty || endsWithComma else { throw malformed(at: start, "a tuple") }
      sizes.append(try number())
      endsWithComma = take(",")
    }
    // In Python, (3) is a number.
    guard sizes.count != 1 || endsWithComma else { throw malformed(at: start, "a tuple") }
    return sizes
  }

  @_lifetime(self: copy self)
  private mutating func number() throws(ReadError) -> Int {
    skipSpace()
    let start = cursor.absoluteOffset
    let beginsWithZero = cursor.peek() == UInt8(ascii: "0")
    var value = 0
    var digits = 0
    while let byte = cursor.peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
      guard let tens = checkedProduct(value, 10), let next = checkedSum(tens, Int(byte - UInt8(ascii: "0")))
      else { throw ReadError(.numberOverflow, at: start) }
      value = next
      digits += 1
      advance()
    }
    // Python 3 also rejects numbers with leading zeros.
    guard digits > 0, digits == 1 || !beginsWithZero else {
      throw malformed(at: start, "an integer of zero or more")
    }
    _ = take("L")
    return value
  }

  @_lifetime(self: copy self)
  private mutating func expect(_ character: Character) throws(ReadError) {
    guard take(character) else { throw malformed(at: cursor.absoluteOffset, "\(character)") }
  }

  /// Moves past `character` and the spaces before it, if it comes next.
  @_lifetime(self: copy self)
  private mutating func take(_ character: Character) -> Bool {
    skipSpace()
    guard cursor.peek() == character.asciiValue else { return false }
    advance()
    return true
  }

  @_lifetime(self: copy self)
  private mutating func skipSpace() {
    while let byte = cursor.peek(), byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D { advance() }
  }

  /// Moves past a byte that `peek` returned.
  @_lifetime(self: copy self)
  private mutating func advance() { try? cursor.skip(1) }

  private func malformed(at offset: UInt64, _ expected: String, found: String? = nil) -> ReadError {
    ReadError(.npyHeader, at: offset, expected: expected, found: found)
  }
}
