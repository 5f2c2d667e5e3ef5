/// The lists of a table behind its header. Every access is checked: wrong bytes give wrong ids, never one outside the
/// vocabulary.
struct TokenTable: Sendable {
  let header: TableHeader
  let pieces: DoubleArray
  let specials: DoubleArray

  init(_ header: TableHeader) {
    self.header = header
    pieces = DoubleArray(header[.pieces])
    specials = DoubleArray(header[.specials])
  }

  /// The id in a value of a trie; nil outside the vocabulary.
  func id(_ value: UInt32) -> UInt32? {
    let id = value & (TableHeader.largestVocabulary - 1)
    return id < header.vocabulary ? id : nil
  }

  /// The id of exactly these bytes of a word.
  func id(of word: borrowing Piece, _ range: Range<Int>, _ table: RawSpan) -> UInt32? {
    var search = pieces.search(table)
    for index in range {
      guard pieces.advance(&search, word.bytes[index], table) else { return nil }
    }
    return search.value.flatMap { id($0) }
  }

  /// The id of the byte piece; nil without one.
  func id(ofByte byte: UInt8, _ table: RawSpan) -> UInt32? {
    let id = table.number(at: Int(header[.bytes].offset) + 4 * Int(byte))
    return id < header.vocabulary ? id : nil
  }

  func score(_ id: UInt32, _ table: RawSpan) -> Double {
    let offset = Int(header[.scores].offset)
    if header.algorithm == .unigramOfTokenizers {
      return Double(bitPattern: table.wideNumber(at: offset + 8 * Int(id)))
    }
    return Double(Float(bitPattern: table.number(at: offset + 4 * Int(id))))
  }

  /// The rank of a piece in `pairsByScore`: the best score has the lowest.
  func rank(_ id: UInt32, _ table: RawSpan) -> UInt32 {
    table.number(at: Int(header[.scores].offset) + 4 * Int(id))
  }

  /// The rank of the merge of two ids in `pairsByRank`; nil without one.
  func rank(_ left: UInt32, _ right: UInt32, _ table: RawSpan) -> UInt32? {
    let starts = Int(header[.mergeStarts].offset)
    let rights = header[.mergeRights]
    let count = Int(rights.byteCount / 4)
    var low = min(Int(table.number(at: starts + 4 * Int(left))), count)
    var high = min(Int(table.number(at: starts + 4 * Int(left) + 4)), count)
    let end = high
    while low < high {
      let middle = (low + high) / 2
      if table.number(at: Int(rights.offset) + 4 * middle) < right { low = middle + 1 } else { high = middle }
    }
    guard low < end, table.number(at: Int(rights.offset) + 4 * low) == right else { return nil }
    return table.number(at: Int(header[.mergeRanks].offset) + 4 * low)
  }
}
