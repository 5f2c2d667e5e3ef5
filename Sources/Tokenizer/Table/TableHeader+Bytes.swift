/// An error in a tokenizer table.
public enum TableFault: Error, Equatable, Sendable {
  /// Not a table, or of a later version.
  case notATable
  /// A field has a value without a meaning.
  case badField(offset: Int)
  /// A list leaves the table, or has another size than its entries need.
  case badSection(offset: Int)

  /// From the start of the table.
  public var byteOffset: Int {
    switch self {
    case .notATable: 0
    case .badField(let offset), .badSection(let offset): offset
    }
  }
}

extension TableHeader {
  /// Reads and checks the fields in constant time. The lists are checked at each access.
  public init(_ table: RawSpan) throws(TableFault) {
    self.init()
    guard table.byteCount >= Self.byteCount, table.number(at: 0) == Self.magic,
      table.number(at: 4) == UInt32(Self.byteCount) << 16 | UInt32(Self.version)
    else { throw .notATable }
    algorithm = try table.field(at: 8, Algorithm.init(rawValue:))
    cleans = try table.field(at: 9, Self.flag)
    letterCase = try table.field(at: 10, LetterCase.init(rawValue:))
    punctuation = try table.field(at: 11, PunctuationRule.init(rawValue:))
    deletesAfterLowerCasing = try table.field(at: 12, Self.flag)
    collapsesWhitespace = try table.field(at: 13, Self.flag)
    prefix = try table.field(at: 14, Prefix.init(rawValue:))
    spaces = try table.field(at: 15, Spaces.init(rawValue:))
    mapping = try table.field(at: 16, Mapping.init(rawValue:))
    words = try table.field(at: 17, Words.init(rawValue:))
    unknown = try table.field(at: 18, Unknown.init(rawValue:))
    longestKey = try table.field(at: 19) { $0 <= Self.longestKeyLimit ? $0 : nil }
    vocabulary = table.number(at: 20)
    guard vocabulary > 0, vocabulary <= Self.largestVocabulary else { throw .badField(offset: 20) }
    unknownID = try id(at: 24, table)
    beginID = try id(at: 28, table)
    endID = try id(at: 32, table)
    padID = try id(at: 36, table)
    length = table.number(at: 40)
    guard length == 0 || padID != Self.noID else { throw .badField(offset: 40) }
    longestPiece = table.number(at: 44)
    guard longestPiece <= Self.longestPieceLimit else { throw .badField(offset: 44) }
    unknownScore = Double(bitPattern: table.wideNumber(at: 48))
    bestScore = Double(bitPattern: table.wideNumber(at: 56))
    hasUserDefined = try table.field(at: 136, Self.flag)
    for index in sections.indices { sections[index] = try section(index, table) }
    try checkSizes()
  }

  private static func flag(_ value: UInt8) -> Bool? { value > 1 ? nil : value == 1 }

  private func id(at offset: Int, _ table: RawSpan) throws(TableFault) -> UInt32 {
    let id = table.number(at: offset)
    guard id < vocabulary || id == Self.noID else { throw .badField(offset: offset) }
    return id
  }

  private func section(_ index: Int, _ table: RawSpan) throws(TableFault) -> Section {
    let position = Self.firstSection + 8 * index
    let section = Section(offset: table.number(at: position), byteCount: table.number(at: position + 4))
    guard Int(section.offset) + Int(section.byteCount) <= table.byteCount, section.offset % 8 == 0 else {
      throw .badSection(offset: position)
    }
    return section
  }

  /// The lists that the algorithm needs have an entry for each id.
  private func checkSizes() throws(TableFault) {
    let count = Int(vocabulary)
    switch algorithm {
    case .unigramOfSentencePiece, .pairsByScore: try check(.scores, count: count, width: 4)
    case .unigramOfTokenizers: try check(.scores, count: count, width: 8)
    case .pairsByRank: try check(.mergeStarts, count: count + 1, width: 4)
    }
    if unknown == .bytes { try check(.bytes, count: 256, width: 4) }
    guard self[.mergeRights].byteCount == self[.mergeRanks].byteCount else {
      throw .badSection(offset: Self.firstSection + 8 * List.mergeRanks.rawValue)
    }
  }

  private func check(_ list: List, count: Int, width: Int) throws(TableFault) {
    guard Int(self[list].byteCount) == count * width else {
      throw .badSection(offset: Self.firstSection + 8 * list.rawValue)
    }
  }

  /// The bytes of the fields.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.byteCount)
    append(UInt64(Self.magic), 4, to: &bytes)
    append(UInt64(Self.version) | UInt64(Self.byteCount) << 16, 4, to: &bytes)
    bytes.append(algorithm.rawValue)
    bytes.append(cleans ? 1 : 0)
    bytes.append(letterCase.rawValue)
    bytes.append(punctuation.rawValue)
    bytes.append(deletesAfterLowerCasing ? 1 : 0)
    bytes.append(collapsesWhitespace ? 1 : 0)
    bytes.append(prefix.rawValue)
    bytes.append(spaces.rawValue)
    bytes.append(mapping.rawValue)
    bytes.append(words.rawValue)
    bytes.append(unknown.rawValue)
    bytes.append(longestKey)
    append(UInt64(vocabulary), 4, to: &bytes)
    append(UInt64(unknownID), 4, to: &bytes)
    append(UInt64(beginID), 4, to: &bytes)
    append(UInt64(endID), 4, to: &bytes)
    append(UInt64(padID), 4, to: &bytes)
    append(UInt64(length), 4, to: &bytes)
    append(UInt64(longestPiece), 4, to: &bytes)
    append(unknownScore.bitPattern, 8, to: &bytes)
    append(bestScore.bitPattern, 8, to: &bytes)
    for index in sections.indices {
      append(UInt64(sections[index].offset), 4, to: &bytes)
      append(UInt64(sections[index].byteCount), 4, to: &bytes)
    }
    bytes.append(hasUserDefined ? 1 : 0)
    while bytes.count < Self.byteCount { bytes.append(0) }
    return bytes
  }

  private func append(_ value: UInt64, _ width: Int, to bytes: inout [UInt8]) {
    for index in 0..<width { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
  }
}

extension RawSpan {
  /// The little-endian number at an offset; 0 outside the table.
  func number(at offset: Int) -> UInt32 {
    guard offset >= 0, offset <= byteCount - 4 else { return 0 }
    return UInt32(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  func wideNumber(at offset: Int) -> UInt64 {
    UInt64(number(at: offset)) | UInt64(number(at: offset + 4)) << 32
  }

  /// The meaning of a byte of the header.
  fileprivate func field<Value>(at offset: Int, _ meaning: (UInt8) -> Value?) throws(TableFault) -> Value {
    let byte = UInt8(truncatingIfNeeded: number(at: offset & ~3) >> UInt32(8 * (offset & 3)))
    guard let value = meaning(byte) else { throw .badField(offset: offset) }
    return value
  }
}
