/// Spearman's rank correlation.
enum Ranks {
  /// Pearson's correlation of the ranks, equal values sharing their mean rank; nil if one side has a single value.
  static func correlation(_ one: [Double], _ other: [Double]) -> Double? {
    let (a, b) = (ranks(one), ranks(other))
    let mean = Double(a.count - 1) / 2
    var (product, left, right) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      product += (x - mean) * (y - mean)
      left += (x - mean) * (x - mean)
      right += (y - mean) * (y - mean)
    }
    return left > 0 && right > 0 ? product / (left * right).squareRoot() : nil
  }

  private static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      for place in start..<end { ranks[order[place]] = Double(start + end - 1) / 2 }
      start = end
    }
    return ranks
  }
}
