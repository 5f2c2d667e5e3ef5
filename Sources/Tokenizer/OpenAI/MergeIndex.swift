/// An error in a merge list; `row` counts from 0.
public enum MergesFault: Error, Equatable, Sendable {
  /// There must be 0 to 65,022 merges, so that every token id fits in 16 bits, and two values for each.
  case badCount(merges: Int, values: Int)
  /// A row may only join tokens that earlier rows define: ids below 512 + row.
  case idNotYetDefined(row: Int, id: UInt16)
  /// Two rows join the same pair, so one of them could never be used.
  case repeatedPair(row: Int)
}

/// Finds the rank of a pair of tokens: the merge list sorted by pair.
///
/// Built by counting in O(n), without a hash that a malicious list could degrade. Takes 6 bytes per merge and 2 per
/// token.
struct MergeIndex: Sendable {
  static let maximumMergeCount = 65_536 - 512 - 2
  static let noMerge = UInt32.max

  /// The start of each left token's pairs in `rights`, and one additional entry for the end.
  private let starts: [UInt16]
  /// Right tokens, ascending for each left token.
  private let rights: [UInt16]
  /// The row of the merge list for each entry of `rights`.
  private let ranks: [UInt16]

  init(merges: Span<UInt16>, count: Int) throws(MergesFault) {
    guard count >= 0, count <= Self.maximumMergeCount, merges.count / 2 >= count else {
      throw .badCount(merges: count, values: merges.count)
    }
    for row in 0..<count {
      let id = max(merges[2 * row], merges[2 * row + 1])
      guard Int(id) < 512 + row else { throw .idNotYetDefined(row: row, id: id) }
    }
    let tokenCount = 512 + count
    let byRight = Self.sorted(rows: nil, of: merges, column: 1, count: count, tokenCount: tokenCount)
    let byPair = Self.sorted(rows: byRight.rows, of: merges, column: 0, count: count, tokenCount: tokenCount)
    var rights = [UInt16]()
    rights.reserveCapacity(count)
    for row in byPair.rows { rights.append(merges[2 * Int(row) + 1]) }
    for index in 1..<max(count, 1) where rights[index] == rights[index - 1] {
      let row = Int(byPair.rows[index])
      guard merges[2 * row] != merges[2 * Int(byPair.rows[index - 1])] else {
        throw .repeatedPair(row: row)
      }
    }
    self.starts = byPair.starts
    self.rights = rights
    self.ranks = byPair.rows
  }

  /// The row of the merge list that joins `left` and `right`, or `noMerge`.
  func rank(left: UInt16, right: UInt16) -> UInt32 {
    guard Int(left) + 1 < starts.count else { return Self.noMerge }
    var low = Int(starts[Int(left)])
    var high = Int(starts[Int(left) + 1])
    while low < high {
      let middle = (low + high) / 2
      if rights[middle] < right { low = middle + 1 } else { high = middle }
    }
    guard low < Int(starts[Int(left) + 1]), rights[low] == right else { return Self.noMerge }
    return UInt32(ranks[low])
  }

  /// A stable counting sort of `rows` (nil: 0, 1, 2, …) by one column, and the start of each value's rows.
  private static func sorted(
    rows: [UInt16]?, of merges: Span<UInt16>, column: Int, count: Int, tokenCount: Int
  ) -> (rows: [UInt16], starts: [UInt16]) {
    var starts = [UInt16](repeating: 0, count: tokenCount + 1)
    for row in 0..<count { starts[Int(merges[2 * row + column]) + 1] += 1 }
    for id in 0..<tokenCount { starts[id + 1] += starts[id] }
    var next = starts
    var result = [UInt16](repeating: 0, count: count)
    for index in 0..<count {
      let row = rows?[index] ?? UInt16(index)
      let id = Int(merges[2 * Int(row) + column])
      result[Int(next[id])] = row
      next[id] += 1
    }
    return (result, starts)
  }
}
