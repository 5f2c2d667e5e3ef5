/// The error at one stage, relative to the stage's size.
public struct StageError: Sendable, Equatable, Codable {
  /// `visual.transformer.resblocks.3`, as docs/GOLDEN.md names them.
  public var stage: String
  /// ‖difference‖ / ‖truth‖ of the worst probe.
  public var error: Double

  /// Represents NaN and infinity, which JSON does not support.
  static let notFinite = 1e30

  public init(stage: String, error: Double) {
    self.stage = stage
    self.error = error
  }
}

/// Where a forward pass diverges from the reference.
public struct Divergence: Sendable, Equatable, Codable {
  /// The first stage whose own error is disproportionate.
  public var stage: String
  /// Relative error there, and at the stage before.
  public var error: Double
  public var errorBefore: Double

  /// Finds the stage whose error grows most relative to the stage before it: a fault makes the error jump at its block,
  /// while rounding and quantization errors grow slowly. The search ends at the first error that no precision explains.
  ///
  /// - Parameter noise: the usual error of the precision. Smaller errors of a stage before count as this.
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

  /// A divergence before any weight is used.
  init(before stage: String, error: Double) {
    self.stage = stage
    self.error = error
    errorBefore = 0
  }

  /// A quarter of the signal, which is far beyond any rounding.
  private static let broken = 0.25
}

extension StageTrace {
  /// Errors of the stages that both traces have, in the order of the forward pass.
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
