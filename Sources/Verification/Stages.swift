internal import ReferenceForward

/// A summary of one probe at one stage of a forward pass, small enough to keep for every stage: the state that is
/// pooled at the end, and the mean over all tokens or pixels. A part is nil if it was not observed.
struct StageView: Sendable {
  var pooled: [Float]?
  var mean: [Float]?
}

/// The stages of one tower in the order of the forward pass, each with one summary per probe.
struct StageTrace: Sendable {
  private(set) var names: [String] = []
  private var views: [String: [StageView]] = [:]

  /// Appends the next probe's summary of a stage.
  mutating func append(_ view: StageView, to name: String) {
    if views[name] == nil { names.append(name) }
    views[name, default: []].append(view)
  }

  subscript(name: String) -> [StageView] { views[name] ?? [] }
}

extension StageView {
  /// Summarizes the rows of one item. `pooledRow` is the row that is pooled; a single row is the pooled one.
  init(rows: Int, width: Int, pooledRow: Int?, value: (_ row: Int, _ column: Int) -> Float) {
    pooled = pooledRow.map { row in (0..<width).map { value(row, $0) } }
    guard rows > 1 || pooledRow == nil else { return }
    var sums = [Double](repeating: 0, count: width)
    for row in 0..<rows {
      for column in 0..<width { sums[column] += Double(value(row, column)) }
    }
    mean = sums.map { Float($0 / Double(rows)) }
  }

  /// ‖difference‖ and ‖reference‖, squared, over the parts that both have.
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
