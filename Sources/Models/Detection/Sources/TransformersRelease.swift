/// The release of transformers that wrote a checkpoint's files. Some preprocessing rules depend on the release and
/// are not recorded otherwise.
struct TransformersRelease: Sendable {
  private let version: [Int]
  /// Where the release is stated.
  let detail: String

  /// The first file that states a release.
  ///
  /// - Parameter config: the image processor's.
  /// - Parameter model: the `config.json` next to it.
  init?(_ config: ConfigReader, model: ConfigReader?) throws(ModelError) {
    for reader in [config, model].compactMap({ $0 }) {
      guard let text = try reader.text("transformers_version"), let version = Self.numbers(text) else {
        continue
      }
      self.version = version
      detail = "\(reader.location): transformers_version \(text)"
      return
    }
    return nil
  }

  /// A release that introduced a rule.
  struct Milestone: Sendable {
    let version: [Int]

    /// Resizes images with torchvision.
    static let firstWithTorchvision = Milestone(version: [5, 0])
    /// Composites transparent images on white, in both image processors.
    static let firstOnWhite = Milestone(version: [5, 21])
  }

  func isAtLeast(_ milestone: Milestone) -> Bool {
    !version.lexicographicallyPrecedes(milestone.version)
  }

  /// 5 and 23 for `5.23.0`; nil for `main`.
  private static func numbers(_ text: String) -> [Int]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).prefix(2).map { Int($0) }
    guard let first = parts.first, let major = first else { return nil }
    return [major, (parts.count > 1 ? parts[1] : nil) ?? 0]
  }
}

extension StatedFacts {
  /// Reads the resize backend and alpha handling from transformers' files.
  mutating func readTransformersRules(
    _ config: ConfigReader, model: ConfigReader?
  ) throws(ModelError) {
    let release = try TransformersRelease(config, model: model)
    resizeBackend = try .huggingFace(config, release)
    alpha = .huggingFace(release)
  }
}
