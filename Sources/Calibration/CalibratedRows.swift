internal import Architecture
internal import ReferenceForward

/// The rows of a layer's inputs that can reach an embedding.
enum CalibratedRows {
  case all
  /// Rows of the tokens up to each text's pooled one: those behind it cannot affect it.
  case tokens([Int], ofLength: Int)

  /// - Parameters:
  ///   - ends: of each text, the number of tokens up to the pooled one.
  ///   - length: tokens of each item.
  init(ends: [Int], length: Int) {
    let rows = ends.enumerated().flatMap { item, end in item * length..<item * length + end }
    self = .tokens(rows, ofLength: ends.count * length)
  }

  /// Ranges of consecutive rows of a layer's inputs, each of at most `limit` rows.
  func ranges(of inputs: LayerInputs, limit: Int) -> [Range<Int>] {
    switch self {
    case .tokens(let rows, let length) where length == inputs.rowCount:
      var ranges: [Range<Int>] = []
      for row in rows {
        if let last = ranges.last, last.upperBound == row, last.count < limit {
          ranges[ranges.count - 1] = last.lowerBound..<row + 1
        } else {
          ranges.append(row..<row + 1)
        }
      }
      return ranges
    // Inputs of a projection: only pooled tokens.
    case .tokens, .all:
      return stride(from: 0, to: inputs.rowCount, by: limit).map {
        $0..<min($0 + limit, inputs.rowCount)
      }
    }
  }
}
