/// Merges one piece's symbols, lowest rank first, in O(n log n) with a linked list of symbols and a heap of pairs.
///
/// OpenAI's code merges every occurrence of the lowest pair, left to right, before it searches again. Merging one
/// occurrence at a time by (rank, position) gives the same result, because a pair that a merge creates has a higher
/// rank than that merge: `MergeIndex` only accepts rows that join tokens of earlier rows.
struct BytePairMerging: ~Copyable {
  private var ids: [UInt16] = []
  /// Position of the next symbol; `ids.count` at the end. Merged symbols are skipped.
  private var following: [Int] = []
  private var preceding: [Int] = []
  /// Rank of the pair that starts at each position, to detect outdated heap entries.
  private var pairRanks: [UInt32] = []
  private var heap = PairHeap()

  init(capacity: Int) {
    ids.reserveCapacity(capacity)
    following.reserveCapacity(capacity)
    preceding.reserveCapacity(capacity)
    pairRanks.reserveCapacity(capacity)
    heap.reserveCapacity(3 * capacity)
  }

  /// Position of the first symbol after `position`, or nil at the end.
  func position(after position: Int) -> Int? {
    following[position] < ids.count ? following[position] : nil
  }

  func id(at position: Int) -> UInt16 {
    ids[position]
  }

  /// Merges the piece. Afterwards its tokens are at position 0 and the positions that follow it. Positions are bytes
  /// of the piece.
  mutating func merge(_ piece: borrowing Piece, with index: borrowing MergeIndex) {
    start(with: piece)
    for position in ids.indices { notePair(at: position, index) }
    while let key = heap.popLowest() {
      let rank = UInt32(key >> 48)
      let position = Int(key & 0xFFFF_FFFF_FFFF)
      guard pairRanks[position] == rank else { continue }
      let right = following[position]
      ids[position] = UInt16(truncatingIfNeeded: 512 + rank)
      following[position] = following[right]
      if following[right] < ids.count { preceding[following[right]] = position }
      pairRanks[right] = MergeIndex.noMerge
      notePair(at: position, index)
      if position > 0 { notePair(at: preceding[position], index) }
    }
  }

  private mutating func start(with piece: borrowing Piece) {
    ids.removeAll(keepingCapacity: true)
    following.removeAll(keepingCapacity: true)
    preceding.removeAll(keepingCapacity: true)
    pairRanks.removeAll(keepingCapacity: true)
    heap.removeAll()
    let count = piece.bytes.count
    for position in 0..<count {
      let endOfWord: UInt16 = position == count - 1 ? 256 : 0
      ids.append(endOfWord + byteTokenID(piece.bytes[position]))
      following.append(position + 1)
      preceding.append(position - 1)
      pairRanks.append(MergeIndex.noMerge)
    }
  }

  private mutating func notePair(at position: Int, _ index: borrowing MergeIndex) {
    let right = following[position]
    guard right < ids.count else {
      pairRanks[position] = MergeIndex.noMerge
      return
    }
    let rank = index.rank(left: ids[position], right: ids[right])
    pairRanks[position] = rank
    // Lowest rank first; among equal ranks, the leftmost.
    if rank != MergeIndex.noMerge { heap.insert(UInt64(rank) << 48 | UInt64(position)) }
  }
}

/// The token id of a byte, in the order of OpenAI's `bytes_to_unicode`: printable bytes first, then the rest.
func byteTokenID(_ byte: UInt8) -> UInt16 {
  let value = UInt16(byte)
  return switch byte {
  case 33...126: value - 33
  case 161...172: value - 161 + 94
  case 174...255: value - 174 + 106
  case 0...32: value + 188
  case 127...160: value - 127 + 221
  case 173: 255
  default: 255
  }
}
