/// Deliberate departures from the published forward pass, one field for each mistake that ports make. `Diagnosis` tries
/// them; without any, the pass is CLIP's.
package struct Departures: Sendable, Equatable {
  /// `visual.ln_pre` is left out.
  package var omitsPreNorm = false
  /// `visual.ln_post` or `ln_final` is left out.
  package var omitsPostNorm = false
  /// The embedding is the pooled hidden state.
  package var omitsProjection = false
  package var mask = Mask.ofTower
  package var attentionScale = AttentionScale.headSize
  package var pooling = Pooling.ofTower
  /// BatchNorm uses the mean and variance of the batch instead of the stored ones: a model in training mode.
  package var usesBatchStatistics = false

  package init() {}

  package enum Mask: Sendable { case ofTower, causal, none }

  package enum AttentionScale: Sendable {
    /// 1 / √d of a head.
    case headSize
    /// 1 / √W of all heads.
    case width
    /// 1
    case none
  }

  package enum Pooling: Sendable {
    case ofTower
    case first, last
    /// The position before the tower's.
    case beforePooled
    /// The mean of all positions.
    case mean
    /// The mean of an image's patches, without the class token.
    case meanOfPatches
    /// The mean of a text's positions up to the pooled one.
    case meanOfText
  }
}

extension Departures.Mask {
  func isCausal(_ ofTower: Bool) -> Bool {
    switch self {
    case .ofTower: ofTower
    case .causal: true
    case .none: false
    }
  }
}

extension Departures.AttentionScale {
  /// What scores are multiplied with.
  func factor(heads: Int, headSize: Int) -> Float {
    switch self {
    case .headSize: Float(1 / Double(headSize).squareRoot())
    case .width: Float(1 / Double(headSize * heads).squareRoot())
    case .none: 1
    }
  }
}

extension Departures.Pooling {
  /// x `[B, N, W]` → `[B, W]`.
  ///
  /// - Parameter pooled: the tower's own position of each item.
  func pooled(_ x: Tensor, at pooled: [Int]) -> Tensor {
    let (batch, count, width) = (x.shape[0], x.shape[1], x.shape[2])
    let rows = (0..<batch).map { item in
      switch self {
      case .ofTower: pooled[item]..<pooled[item] + 1
      case .first: 0..<1
      case .last: count - 1..<count
      case .beforePooled: max(0, pooled[item] - 1)..<max(1, pooled[item])
      case .mean: 0..<count
      case .meanOfPatches: min(1, count - 1)..<count
      case .meanOfText: 0..<pooled[item] + 1
      }
    }
    return Tensor(
      [batch, width],
      rows.enumerated().flatMap { item, rows in x.mean(ofRows: rows.shifted(by: item * count)) })
  }
}

extension Range<Int> {
  fileprivate func shifted(by offset: Int) -> Range<Int> { lowerBound + offset..<upperBound + offset }
}

extension Tensor {
  fileprivate func mean(ofRows rows: Range<Int>) -> [Float] {
    guard rows.count > 1 else { return Array(row(rows.lowerBound)) }
    var sums = [Double](repeating: 0, count: width)
    for index in rows {
      for (channel, value) in row(index).enumerated() { sums[channel] += Double(value) }
    }
    return sums.map { Float($0 / Double(rows.count)) }
  }
}
