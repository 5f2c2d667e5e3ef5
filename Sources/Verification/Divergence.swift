#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The error at one stage, relative to the stage's size.
public struct StageError: Sendable, Equatable, Codable {
  /// `visual.transformer.resblocks.3`, as docs/GOLDEN.md names them.
  public var stage: String
  /// ‖difference‖ / ‖truth‖ of the worst probe.
  public var error: Double
  /// Of the worst probe; nil for what comes before the model.
  public var worstCosine: Double?
  /// The largest difference of two components; nil for what comes before the model.
  public var maximumAbsolute: Double?

  /// Represents NaN and infinity, which JSON does not support.
  static let notFinite = 1e30

  public init(
    stage: String, error: Double, worstCosine: Double? = nil, maximumAbsolute: Double? = nil
  ) {
    self.stage = stage
    self.error = error
    self.worstCosine = worstCosine
    self.maximumAbsolute = maximumAbsolute
  }

  /// Of the worst probe, 20 · log₁₀(‖truth‖ / ‖difference‖); nil without a difference.
  public var decibels: Double? { error > 0 ? -20 * log10(error) : nil }
}

/// Where a forward pass diverges from the reference.
public struct Divergence: Sendable, Equatable, Codable {
  /// The first stage whose own error is disproportionate.
  public var stage: String
  /// Relative error there.
  public var error: Double
  /// At the stage before; nil if there is none.
  public var errorBefore: Double?

  /// Finds the stage whose error grows most relative to the stage before it: a fault makes the error jump at its block,
  /// while rounding and quantization errors grow slowly. The search ends at the first error that no precision explains.
  ///
  /// - Parameters:
  ///   - noise: the usual error of the precision. Smaller errors of a stage before count as this.
  ///   - factor: by how much the error must grow.
  init?(_ errors: [StageError], noise: Double, factor least: Double = 1) {
    var before = noise
    var largest = (factor: least, index: -1)
    for (index, stage) in errors.enumerated() {
      let factor = stage.error / before
      if factor > largest.factor { largest = (factor, index) }
      before = max(stage.error, noise)
      if stage.error > Self.broken { break }
    }
    guard largest.index >= 0 else { return nil }
    stage = errors[largest.index].stage
    error = errors[largest.index].error
    errorBefore = largest.index > 0 ? errors[largest.index - 1].error : nil
  }

  /// A divergence before any weight is used.
  init(before stage: String, error: Double) {
    self.stage = stage
    self.error = error
    errorBefore = nil
  }

  /// `at visual.proj: relative error 1.2e-01, 3.0e-07 at the stage before`.
  public var text: String {
    "at \(stage): relative error \(error.scientific)"
      + (errorBefore.map { ", \($0.scientific) at the stage before" } ?? "")
  }

  /// A quarter of the signal, which is far beyond any rounding.
  private static let broken = 0.25
}

extension StageTrace {
  /// Errors of the stages that both traces have, in the order of the forward pass.
  func errors(against truth: StageTrace) -> [StageError] {
    truth.names.compactMap { name in
      let differences = zip(self[name], truth[name]).compactMap { $0.difference(from: $1) }
      return differences.map(\.error).max().map { error in
        let largest = differences.map(\.largest).reduce(0, max)
        return StageError(
          stage: name, error: error, worstCosine: differences.map(\.cosine).reduce(1, min),
          maximumAbsolute: largest.isFinite ? largest : StageError.notFinite)
      }
    }
  }
}
