/// The release of transformers that wrote a checkpoint's files: some rules of preprocessing came with one and are stated
/// nowhere else.
struct TransformersRelease: Sendable {
  private let version: [Int]
  /// Where it is stated.
  let detail: String

  /// The first file that states a release.
  ///
  /// - Parameter config: the image processor's.
  /// - Parameter model: the `config.json` that lies beside it.
  init?(_ config: ConfigReader, model: ConfigReader?) throws(ModelError) {
    for reader in [config, model].compactMap({ $0 }) {
      guard let text = try reader.text("transformers_version"), let version = Self.numbers(text) else {
        continue
      }
      self.version = version
      detail = "\(reader.place): transformers_version \(text)"
      return
    }
    return nil
  }

  /// A release that brought a rule.
  struct Milestone: Sendable {
    let version: [Int]

    /// Images are resized with torchvision.
    static let firstWithTorchvision = Milestone(version: [5, 0])
    /// Transparent images are laid on white, by either image processor.
    static let firstOnWhite = Milestone(version: [5, 21])
  }

  func isAtLeast(_ milestone: Milestone) -> Bool {
    !version.lexicographicallyPrecedes(milestone.version)
  }

  /// 5 and 23 of `5.23.0`; nil of `main`.
  private static func numbers(_ text: String) -> [Int]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).prefix(2).map { Int($0) }
    guard let first = parts.first, let major = first else { return nil }
    return [major, (parts.count > 1 ? parts[1] : nil) ?? 0]
  }
}

extension StatedFacts {
  /// What transformers' files say about the resize and about transparency.
  mutating func readTransformersRules(
    _ config: ConfigReader, model: ConfigReader?
  ) throws(ModelError) {
    let release = try TransformersRelease(config, model: model)
    resizeBackend = try .huggingFace(config, release)
    alpha = .huggingFace(release)
  }
}
