/// Byte-pair encoding of one word with the pieces or merges of a table, in O(n log n).
///
/// Both libraries merge the best pair first and the leftmost among equals. sentencepiece merges two neighbours if
/// their union is a piece, tokenizers if a merge lists them.
struct PieceMerging: ~Copyable {
  /// By the byte position where a symbol starts. A length of 0: no symbol starts there.
  private var lengths: [Int32] = []
  private var preceding: [Int32] = []
  private var ids: [UInt32] = []
  private var heap = PairHeap()

  init(capacity: Int) {
    lengths.reserveCapacity(capacity)
    preceding.reserveCapacity(capacity)
    ids.reserveCapacity(capacity)
    heap.reserveCapacity(3 * capacity)
  }

  static var bytesPerPosition: Int { 4 + 4 + 4 + 3 * 8 }

  /// A word's most bytes: a key of the heap holds a rank of 24 bits, a position and a length of 20 bits each.
  static var longestWord: Int { 1 << 20 - 1 }
  private static var largestRank: UInt32 { 1 << 24 - 1 }

  /// The id of a symbol that is not in the table.
  private static var unknown: UInt32 { TableHeader.noID }
  /// Marks a symbol that never merges, a user-defined piece.
  private static var frozen: UInt32 { TableHeader.userDefined }

  mutating func search(_ word: borrowing Piece, _ tokens: TokenTable, _ table: RawSpan) {
    start(with: word, tokens, table)
    let count = word.bytes.count
    var left = 0
    while left < count {
      notePair(at: left, word, tokens, table)
      left += Int(lengths[left])
    }
    while let key = heap.popLowest() {
      let position = Int(key >> 20 & 0xFFFFF)
      let length = Int(key & 0xFFFFF)
      guard let right = right(of: position), Int(lengths[position] + lengths[right]) == length,
        rank(position, right, word, tokens, table) != nil
      else { continue }
      lengths[position] = Int32(length)
      lengths[right] = 0
      ids[position] = tokens.id(of: word, position..<position + length, table) ?? Self.unknown
      if position + length < count { preceding[position + length] = Int32(position) }
      notePair(at: position, word, tokens, table)
      if position > 0 { notePair(at: Int(preceding[position]), word, tokens, table) }
    }
  }

  /// The end of the symbol that starts at a position, and its id; nil if it is in no table.
  func piece(at position: Int) -> (end: Int, id: UInt32?) {
    let id = ids[position]
    return (position + Int(lengths[position]), id == Self.unknown ? nil : id & ~Self.frozen)
  }

  /// One symbol per character, or per user-defined piece of sentencepiece.
  private mutating func start(with word: borrowing Piece, _ tokens: TokenTable, _ table: RawSpan) {
    lengths.removeAll(keepingCapacity: true)
    preceding.removeAll(keepingCapacity: true)
    ids.removeAll(keepingCapacity: true)
    heap.removeAll()
    for _ in 0..<word.bytes.count {
      lengths.append(0)
      preceding.append(0)
      ids.append(Self.unknown)
    }
    var position = 0
    var last = 0
    while position < word.bytes.count {
      let next = min(position + characterLength(word.bytes[position]), word.bytes.count)
      var end = next
      if let piece = userDefined(at: position, word, tokens, table) {
        (end, ids[position]) = (piece.end, piece.id | Self.frozen)
      } else {
        ids[position] = tokens.id(of: word, position..<next, table) ?? Self.unknown
      }
      lengths[position] = Int32(end - position)
      preceding[position] = Int32(last)
      (last, position) = (position, end)
    }
  }

  private func userDefined(
    at start: Int, _ word: borrowing Piece, _ tokens: TokenTable, _ table: RawSpan
  ) -> (end: Int, id: UInt32)? {
    guard tokens.header.algorithm == .pairsByScore else { return nil }
    var search = tokens.pieces.search(table)
    var found: (end: Int, id: UInt32)?
    var end = start
    let limit = min(word.bytes.count, start + Int(tokens.header.longestPiece))
    while end < limit, tokens.pieces.advance(&search, word.bytes[end], table) {
      end += 1
      guard let value = search.value, value & TableHeader.userDefined != 0, let id = tokens.id(value) else {
        continue
      }
      found = (end, id)
    }
    return found
  }

  private func right(of position: Int) -> Int? {
    guard lengths[position] > 0 else { return nil }
    let next = position + Int(lengths[position])
    return next < lengths.count ? next : nil
  }

  private mutating func notePair(
    at position: Int, _ word: borrowing Piece, _ tokens: TokenTable, _ table: RawSpan
  ) {
    guard let right = right(of: position), let rank = rank(position, right, word, tokens, table),
      rank <= Self.largestRank
    else { return }
    let length = UInt64(lengths[position] + lengths[right])
    heap.insert(UInt64(rank) << 40 | UInt64(position) << 20 | length)
  }

  private func rank(
    _ left: Int, _ right: Int, _ word: borrowing Piece, _ tokens: TokenTable, _ table: RawSpan
  ) -> UInt32? {
    if tokens.header.algorithm == .pairsByRank {
      guard ids[left] != Self.unknown, ids[right] != Self.unknown else { return nil }
      return tokens.rank(ids[left], ids[right], table)
    }
    guard !isFrozen(left), !isFrozen(right) else { return nil }
    let end = right + Int(lengths[right])
    return tokens.id(of: word, left..<end, table).map { tokens.rank($0, table) }
  }

  private func isFrozen(_ position: Int) -> Bool {
    ids[position] != Self.unknown && ids[position] & Self.frozen != 0
  }
}
