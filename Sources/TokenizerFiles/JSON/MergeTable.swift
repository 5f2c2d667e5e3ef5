internal import Tokenizer

/// The merges of a byte-pair encoding, read verbatim, by left and right id.
struct MergeTable {
  /// For each left id, the index of its first merge; one more at the end.
  private(set) var starts: [UInt32]
  private(set) var rights: [UInt32] = []
  private(set) var ranks: [UInt32] = []
  /// Whether a merge has a `▁` after another character.
  private(set) var hasInnerMark = false

  private struct Row {
    var left: UInt32
    var right: UInt32
    var rank: UInt32
  }

  /// - Parameter frozen: pieces that stand for other text, which a merge cannot join.
  init(
    _ merges: [TokenizerJSON.Merge], vocabulary: Int, _ ids: [[UInt8]: Int], frozen: Set<Int>
  ) throws(TokenizerFileError) {
    var rows: [Row] = []
    rows.reserveCapacity(merges.count)
    for (rank, merge) in merges.enumerated() {
      let union = merge.left + merge.right
      let left = try Self.id(merge.left, merge, ids)
      let right = try Self.id(merge.right, merge, ids)
      _ = try Self.id(union, merge, ids)
      guard !frozen.contains(left), !frozen.contains(right) else {
        throw TokenizerFileError(
          .unsupported, at: merge.offset, item: Self.name(merge), found: "a merge of a byte piece or <unk>")
      }
      hasInnerMark = hasInnerMark || PieceList.hasInnerMark(union)
      rows.append(Row(left: UInt32(left), right: UInt32(right), rank: UInt32(rank)))
    }
    rows.sort { ($0.left, $0.right, $0.rank) < ($1.left, $1.right, $1.rank) }
    starts = [UInt32](repeating: 0, count: vocabulary + 1)
    rights.reserveCapacity(rows.count)
    ranks.reserveCapacity(rows.count)
    for (index, row) in rows.enumerated() {
      if index > 0, rows[index - 1].left == row.left, rows[index - 1].right == row.right {
        let merge = merges[Int(row.rank)]
        throw TokenizerFileError(
          .contradiction, at: merge.offset, item: Self.name(merge), expected: "each merge once",
          found: "merges \(rows[index - 1].rank) and \(row.rank)")
      }
      starts[Int(row.left) + 1] += 1
      rights.append(row.right)
      ranks.append(row.rank)
    }
    for id in 0..<vocabulary { starts[id + 1] += starts[id] }
  }

  private static func id(
    _ text: [UInt8], _ merge: TokenizerJSON.Merge, _ ids: [[UInt8]: Int]
  ) throws(TokenizerFileError) -> Int {
    if let id = ids[text] { return id }
    throw TokenizerFileError(
      .contradiction, at: merge.offset, item: name(merge),
      expected: "\"\(String(decoding: text, as: UTF8.self))\" in the vocabulary", found: "none")
  }

  private static func name(_ merge: TokenizerJSON.Merge) -> String {
    "merge \"\(String(decoding: merge.left, as: UTF8.self)) \(String(decoding: merge.right, as: UTF8.self))\""
  }
}
