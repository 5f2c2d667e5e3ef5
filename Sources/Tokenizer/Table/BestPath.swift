/// The best path of a unigram model through one word: at each character, the pieces that begin there extend the best
/// path so far.
///
/// The sums are those of sentencepiece's `EncodeOptimized` (rounded to 32 bits) or of `encode_optimized` in tokenizers
/// (64 bits). A later path must be strictly better.
struct BestPath: ~Copyable {
  /// By the byte position where a piece ends.
  private var scores: [Double] = []
  private var starts: [Int32] = []
  private var ids: [UInt32] = []
  /// By the byte position where a piece of the best path starts: where it ends.
  private var ends: [Int32] = []
  /// The score of the text so far; words of `Words.continued` begin with it.
  private var carried = 0.0

  init(capacity: Int) {
    scores.reserveCapacity(capacity + 1)
    starts.reserveCapacity(capacity + 1)
    ids.reserveCapacity(capacity + 1)
    ends.reserveCapacity(capacity + 1)
  }

  static var bytesPerPosition: Int { 8 + 4 + 4 + 4 }

  /// Begins a text.
  mutating func reset() { carried = 0 }

  mutating func search(_ word: borrowing Piece, _ tokens: TokenTable, _ table: RawSpan) {
    let count = word.bytes.count
    scores.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    ids.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    for _ in 0...count {
      scores.append(0)
      starts.append(-1)
      ids.append(tokens.header.unknownID)
      ends.append(Int32(count))
    }
    let rounds = tokens.header.algorithm == .unigramOfSentencePiece
    scores[0] = rounds ? carried : 0
    var start = 0
    while start < count {
      let next = min(start + characterLength(word.bytes[start]), count)
      extend(from: start, through: next, word, tokens, rounds, table)
      start = next
    }
    carried = scores[count]
    markEnds(count)
  }

  private mutating func extend(
    from start: Int, through next: Int, _ word: borrowing Piece, _ tokens: TokenTable, _ rounds: Bool,
    _ table: RawSpan
  ) {
    var search = tokens.pieces.search(table)
    var hasCharacter = false
    var end = start
    let limit = min(word.bytes.count, start + Int(tokens.header.longestPiece))
    while end < limit, tokens.pieces.advance(&search, word.bytes[end], table) {
      end += 1
      guard let value = search.value, let id = tokens.id(value) else { continue }
      var score = tokens.score(id, table)
      if value & TableHeader.userDefined != 0 {
        score = Double(Float(end - start) * Float(tokens.header.bestScore)) - 0.1
      }
      keep(score + scores[start], from: start, to: end, id, rounds)
      if end == next { hasCharacter = true }
    }
    guard !hasCharacter else { return }
    keep(tokens.header.unknownScore + scores[start], from: start, to: next, tokens.header.unknownID, rounds)
  }

  private mutating func keep(_ exact: Double, from start: Int, to end: Int, _ id: UInt32, _ rounds: Bool) {
    let sum = rounds ? Double(Float(exact)) : exact
    guard starts[end] < 0 || sum > scores[end] else { return }
    scores[end] = sum
    starts[end] = Int32(start)
    ids[end] = id
  }

  private mutating func markEnds(_ count: Int) {
    var end = count
    while end > 0, starts[end] >= 0 {
      let start = Int(starts[end])
      ends[start] = Int32(end)
      end = start
    }
  }

  /// The end of the piece that starts at a position, and its id.
  func piece(at position: Int) -> (end: Int, id: UInt32) {
    let end = Int(ends[position])
    return (end, ids[end])
  }

  /// Whether the word ends with an unknown character.
  func endsUnknown(_ tokens: TokenTable) -> Bool { ids.last == tokens.header.unknownID && starts.last != -1 }
}
