/// The error at one stage, relative to the stage's size.
public struct StageError: Sendable, Equatable, Codable {
  /// `visual.transformer.resblocks.3`, as docs/GOLDEN.md names them.
  public var stage: String
  /// ‖difference‖ / ‖truth‖ of the worst probe.
  public var error: Double

  /// Stands for NaN and infinity, which JSON does not have.
  static let notFinite = 1e30

  public init(stage: String, error: Double) {
    self.stage = stage
    self.error = error
  }
}

/// Where a forward pass leaves the truth.
public struct Divergence: Sendable, Equatable, Codable {
  /// The first stage whose own error is out of proportion.
  public var stage: String
  /// Relative error there, and at the stage before.
  public var error: Double
  public var errorBefore: Double

  /// A fault makes the error jump at the block that has it, while rounding and quantization grow slowly: the stage
  /// with the largest factor over the one before is named, up to where the error first reaches what no precision
  /// explains. What is below `noise`, the precision's ordinary level, counts as noise.
  init?(_ errors: [StageError], noise: Double) {
    var before = noise
    var largest = (factor: 1.0, index: -1, before: noise)
    for (index, stage) in errors.enumerated() {
      let factor = stage.error / before
      if factor > largest.factor { largest = (factor, index, before) }
      before = max(stage.error, noise)
      if stage.error > Self.broken { break }
    }
    guard largest.index >= 0 else { return nil }
    stage = errors[largest.index].stage
    error = errors[largest.index].error
    errorBefore = largest.before
  }

  /// Before any weight.
  init(before stage: String, error: Double) {
    self.stage = stage
    self.error = error
    errorBefore = 0
  }

  /// A quarter of the signal: far beyond any rounding.
  private static let broken = 0.25
}

extension StageTrace {
  /// Errors in the order of the forward pass, of the stages that both have seen.
  func errors(against truth: StageTrace) -> [StageError] {
    truth.names.compactMap { name in
      let worst = zip(self[name], truth[name]).compactMap { mine, theirs -> Double? in
        guard let (noise, signal) = mine.difference(from: theirs) else { return nil }
        guard signal > 0 else { return noise > 0 ? 1 : 0 }
        return noise.isFinite ? (noise / signal).squareRoot() : StageError.notFinite
      }
      .max()
      return worst.map { StageError(stage: name, error: $0) }
    }
  }
}
