internal import ReferenceForward

/// A summary of one probe at one stage of a forward pass, small enough to keep for every stage: the state that is
/// pooled at the end, the mean over all tokens or pixels, and a sum with signs that depends on their order. A part is nil if
/// it was not observed.
struct StageView: Sendable {
  var pooled: [Float]?
  var mean: [Float]?
  /// Σ ±row / √rows, with a fixed pseudo-random sign for each position.
  var signed: [Float]?
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
    var signedSums = sums
    for row in 0..<rows {
      let sign = Self.sign(row)
      for column in 0..<width {
        let value = Double(value(row, column))
        sums[column] += value
        signedSums[column] += sign * value
      }
    }
    mean = sums.map { Float($0 / Double(rows)) }
    signed = signedSums.map { Float($0 / Double(rows).squareRoot()) }
  }

  /// A bit of a multiplicative hash (Knuth).
  private static func sign(_ row: Int) -> Double {
    (UInt32(truncatingIfNeeded: row + 1) &* 2_654_435_761) >> 31 == 0 ? 1 : -1
  }

  /// Over the parts that both have; nil if there is none.
  func difference(from truth: StageView) -> StageDifference? {
    var sums = StageDifference()
    var isComparable = false
    for (mine, theirs) in [(pooled, truth.pooled), (mean, truth.mean), (signed, truth.signed)] {
      guard let mine, let theirs, mine.count == theirs.count else { continue }
      isComparable = true
      for (value, expected) in zip(mine, theirs) {
        let difference = Double(value) - Double(expected)
        sums.noise += difference * difference
        sums.signal += Double(expected) * Double(expected)
        sums.own += Double(value) * Double(value)
        sums.product += Double(value) * Double(expected)
        sums.largest = max(sums.largest, abs(difference))
      }
    }
    return isComparable ? sums : nil
  }
}

/// One probe's state compared with the reference's.
struct StageDifference: Sendable {
  /// ‖difference‖², ‖reference‖² and ‖state‖².
  var noise = 0.0
  var signal = 0.0
  var own = 0.0
  /// Of the state and the reference.
  var product = 0.0
  /// The largest difference of two components.
  var largest = 0.0

  /// ‖difference‖ / ‖reference‖.
  var error: Double {
    guard signal > 0 else { return noise > 0 ? 1 : 0 }
    return noise.isFinite ? (noise / signal).squareRoot() : StageError.notFinite
  }

  /// −1 for values that are not finite.
  var cosine: Double {
    guard noise > 0 else { return noise == 0 ? 1 : -1 }
    let cosine = product / (own * signal).squareRoot()
    return cosine.isFinite ? cosine : -1
  }
}
