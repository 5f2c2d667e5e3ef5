/// Generated full-size CLIP tensors, which need no download: `Fixtures/golden/synthetic.py` in Swift, bit for bit.
///
/// Every value is an integer times a power of two, so no operation rounds. docs/SYNTHETIC.md is the specification.
public struct SyntheticWeights: Sendable, Equatable {
  /// Versions the values: the weights of one generator never change.
  public static let generator = "pocketclip.synthetic.1"

  public var profile: Profile

  /// The difference from plain weights.
  public enum Profile: Sendable, Equatable, Hashable {
    case plain
    /// Four channels after each LayerNorm are multiplied by this factor. The next layer undoes it, so the embeddings
    /// equal the plain ones.
    case channels(Loudness)
    /// One token of each tower has a residual stream of only two spikes.
    case sink
    /// Transformers whose weights and activations have the statistics of a trained one.
    case tails
  }

  public enum Loudness: Int, Sendable, CaseIterable {
    case times10 = 10
    case times50 = 50
    case times100 = 100
  }

  public init(profile: Profile = .plain) { self.profile = profile }

  /// Writes `output.count` elements from `flatIndex` on, in C order, of a tensor in OpenAI's layout.
  ///
  /// The cost is proportional to the written part. `flatIndex + output.count` is at most the shape's element count.
  ///
  /// - Throws: `noRule` for a name that no CLIP has.
  public func fill(
    _ output: UnsafeMutableBufferPointer<Float>, name: String, shape: [Int], from flatIndex: Int
  ) throws(SyntheticWeightsError) {
    let elementCount = shape.reduce(1, *)
    precondition(flatIndex >= 0 && flatIndex <= elementCount - output.count, "a range outside the tensor")
    let path = NamePath(name)
    guard let rule = Rule(path, shape: shape) else { throw .noRule(name: name, shape: shape) }
    if profile == .tails, Tails.fill(output, path, shape: shape, rule: rule, from: flatIndex) { return }
    let stream = CounterStream(name: name)
    let scale = rule.scale().multiplied(byPowerOfTwo: profile.power(of: path))
    stream.fill(output, from: flatIndex, draw: rule.draw, scale: scale)
    let range = flatIndex..<(flatIndex + output.count)
    for edit in profile.edits(of: path, shape: shape, rule: rule) {
      edit.indices.forEachRun(in: range) { run in
        let part = output[(run.lowerBound - flatIndex)..<(run.upperBound - flatIndex)]
        stream.fill(
          UnsafeMutableBufferPointer(rebasing: part), from: run.lowerBound, draw: rule.draw,
          scale: edit.scale)
      }
    }
  }
}

/// Why there are no values.
public enum SyntheticWeightsError: Error, Sendable, Equatable, CustomStringConvertible {
  case noRule(name: String, shape: [Int])

  public var description: String {
    switch self {
    case .noRule(let name, let shape): "synthetic weights have no rule for tensor \(name) \(shape)"
    }
  }
}

extension SyntheticWeights.Profile: CaseIterable, LosslessStringConvertible {
  public static let allCases: [Self] =
    [.plain] + SyntheticWeights.Loudness.allCases.map { .channels($0) } + [.sink, .tails]

  /// `plain`, `channels-10`, `channels-50`, `channels-100`, `sink` or `tails`.
  public init?(_ description: String) {
    guard let profile = Self.allCases.first(where: { $0.description == description }) else { return nil }
    self = profile
  }

  public var description: String {
    switch self {
    case .plain: "plain"
    case .channels(let loudness): "channels-\(loudness.rawValue)"
    case .sink: "sink"
    case .tails: "tails"
    }
  }
}
