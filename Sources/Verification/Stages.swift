internal import ReferenceForward

/// What one probe looked like at one stage of a forward pass, small enough to keep for every stage: the state that is
/// pooled at the end, and the mean over all tokens or pixels. A nil part was not to be seen there.
struct StageView: Sendable {
  var pooled: [Float]?
  var mean: [Float]?
}

/// The stages of one tower in the order of the forward pass, each with a view per probe.
struct StageTrace: Sendable {
  private(set) var names: [String] = []
  private var views: [String: [StageView]] = [:]

  /// Appends the next probe's view of a stage.
  mutating func append(_ view: StageView, to name: String) {
    if views[name] == nil { names.append(name) }
    views[name, default: []].append(view)
  }

  subscript(name: String) -> [StageView] { views[name] ?? [] }
}

extension StageView {
  /// Rows of one item: `pooledRow` is the one that is pooled; a single row is itself the pooled one.
  init(rows: Int, width: Int, pooledRow: Int?, value: (_ row: Int, _ column: Int) -> Float) {
    pooled = pooledRow.map { row in (0..<width).map { value(row, $0) } }
    guard rows > 1 || pooledRow == nil else { return }
    var sums = [Double](repeating: 0, count: width)
    for row in 0..<rows {
      for column in 0..<width { sums[column] += Double(value(row, column)) }
    }
    mean = sums.map { Float($0 / Double(rows)) }
  }

  /// ‖difference‖ and ‖truth‖, squared, over the parts that both have seen.
  func difference(from truth: StageView) -> (noise: Double, signal: Double)? {
    var sums = (noise: 0.0, signal: 0.0)
    var isComparable = false
    for (mine, theirs) in [(pooled, truth.pooled), (mean, truth.mean)] {
      guard let mine, let theirs, mine.count == theirs.count else { continue }
      isComparable = true
      for (value, expected) in zip(mine, theirs) {
        let difference = Double(value) - Double(expected)
        sums.noise += difference * difference
        sums.signal += Double(expected) * Double(expected)
      }
    }
    return isComparable ? sums : nil
  }
}
