internal import Archives

/// The leaves of a Flax state: nested maps flattened to paths, without recursion.
struct FlaxTree {
  struct Leaf {
    /// Keys from the top to the enclosing map or list, shared with its neighbours.
    var above: [String]
    var key: String
    var value: Value
    var offset: Int

    /// Keys from the top.
    var path: [String] { above + [key] }
    var name: String { path.joined(separator: ".") }
    var isArray: Bool { if case .array = value { true } else { false } }
  }

  enum Value: Equatable {
    case array(FlaxArray)
    case integer(Int)
    /// Numbers, texts and nil, which are never weights.
    case other
  }

  private(set) var leaves: [Leaf] = []
  private var levels: [Level] = []
  /// Keys of the value that is being read.
  private var path: [String] = []
  /// Bytes of the keys of the enclosing maps and lists.
  private var nameByteCount = 0
  /// Charged for a leaf, and for each key above it because several passes visit them, in addition to its name.
  private static let leafBytes = 256
  private static let keyBytes = 64
  private var valueCount = 0
  private let file: MappedFile
  private let limits: Limits

  /// A map or list whose entries are being read.
  private struct Level {
    var isMap: Bool
    var remaining: Int
    var read = 0
    var keys: Set<String> = []
    /// Keys of the path to it.
    var path: [String]
    /// The first of `leaves` below it.
    var firstLeaf: Int
    var offset: Int
  }

  /// - Throws: any `messagePack…` or `flax…` code, `truncatedFile`, `unsupportedDType`, `limitExceeded`.
  init(_ file: MappedFile, limits: Limits) throws(ReadError) {
    self.file = file
    self.limits = limits
    var lexer = MessagePackLexer(file.bytes)
    guard case .map(let pairs) = try lexer.next() else {
      throw ReadError(.messagePackSyntax, at: 0, expected: "a map at the top")
    }
    try open(isMap: true, count: pairs, at: 0)
    while let level = levels.last {
      if level.remaining == 0 { try close(level) } else { try readEntry(&lexer) }
    }
    guard lexer.isAtEnd else {
      throw ReadError(.messagePackTrailingData, at: lexer.offset, found: "\(lexer.remaining) bytes")
    }
  }

  private mutating func readEntry(_ lexer: inout MessagePackLexer) throws(ReadError) {
    path.append(try key(&lexer))
    let offset = Int(lexer.offset)
    try countValue(at: offset)
    let value: Value
    switch try lexer.next() {
    case .map(let pairs): return try open(isMap: true, count: pairs, at: offset)
    case .array(let count): return try open(isMap: false, count: count, at: offset)
    case .extended(let type, let range): value = .array(try array(type, range, at: offset))
    case .integer(let number): value = .integer(number)
    case .number, .text, .binary, .bool, .null: value = .other
    }
    let key = path.removeLast()
    // Names are built from the keys once, when tensors are created.
    try limits.charge(
      Self.leafBytes + Self.keyBytes * path.count + nameByteCount + key.utf8.count,
      for: "values of MessagePack", at: UInt64(offset))
    leaves.append(Leaf(above: levels[levels.count - 1].path, key: key, value: value, offset: offset))
  }

  /// Names repeat the keys above them, so a short file could otherwise need much memory.
  private mutating func countValue(at offset: Int) throws(ReadError) {
    valueCount += 1
    guard valueCount <= limits.tensors else {
      throw ReadError(.limitExceeded, at: UInt64(offset), expected: "at most \(limits.tensors) values")
    }
    let nameBytes = nameByteCount + (path.last?.utf8.count ?? 0)
    guard nameBytes <= limits.nestedNameBytes else {
      throw ReadError(
        .limitExceeded, at: UInt64(offset), expected: "a name of at most \(limits.nestedNameBytes) bytes",
        found: "\(nameBytes)")
    }
  }

  /// The next key of a map, or the position in a list, as Flax numbers lists.
  private mutating func key(_ lexer: inout MessagePackLexer) throws(ReadError) -> String {
    let last = levels.count - 1
    levels[last].remaining -= 1
    levels[last].read += 1
    guard levels[last].isMap else { return "\(levels[last].read - 1)" }
    let offset = lexer.offset
    guard case .text(let range) = try lexer.next() else {
      throw ReadError(.messagePackSyntax, at: offset, expected: "a key that is text")
    }
    let key = try lexer.text(range)
    try limits.requireFewMarks(key, at: offset)
    guard levels[last].keys.insert(key).inserted else {
      throw ReadError(.messagePackDuplicateKey, at: offset, found: (path + [key]).joined(separator: "."))
    }
    return key
  }

  private func array(_ type: Int8, _ range: Range<Int>, at offset: Int) throws(ReadError) -> FlaxArray {
    let name = path.joined(separator: ".")
    guard FlaxArray.extensionTypes.contains(type) else {
      let found = type == 2 ? "type 2, a complex number" : "type \(type)"
      throw ReadError(.flaxExtension, at: UInt64(offset), found: found, path: [.tensor(name)])
    }
    do throws(ReadError) {
      return try FlaxArray(range, in: file, limits: limits)
    } catch {
      throw error.inside(.tensor(name))
    }
  }

  private mutating func open(isMap: Bool, count: Int, at offset: Int) throws(ReadError) {
    guard levels.count < limits.messagePackDepth else {
      throw ReadError(
        .messagePackTooDeep, at: UInt64(offset), expected: "at most \(limits.messagePackDepth) levels")
    }
    levels.append(
      Level(isMap: isMap, remaining: count, path: path, firstLeaf: leaves.count, offset: offset))
    nameByteCount = path.reduce(0) { $0 + $1.utf8.count }
  }

  private mutating func close(_ level: Level) throws(ReadError) {
    levels.removeLast()
    if level.keys.contains(FlaxChunks.marker) { try joinChunks(level) }
    _ = path.popLast()
    nameByteCount = path.reduce(0) { $0 + $1.utf8.count }
  }

  /// Replaces the leaves of a chunked array by one array.
  private mutating func joinChunks(_ level: Level) throws(ReadError) {
    let name = path.joined(separator: ".")
    do throws(ReadError) {
      let parts = leaves[level.firstLeaf...]
      let array = try FlaxChunks(parts, depth: path.count, at: level.offset, limits: limits).joined()
      leaves.removeSubrange(level.firstLeaf...)
      guard let key = path.last else { throw ReadError(.flaxChunksInvalid, at: UInt64(level.offset)) }
      leaves.append(
        Leaf(above: path.dropLast(), key: key, value: .array(array), offset: level.offset))
    } catch {
      throw error.inside(.tensor(name))
    }
  }
}
