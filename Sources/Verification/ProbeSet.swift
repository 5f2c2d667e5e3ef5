internal import BundleFormat

/// Default images and texts for comparing models.
public struct ProbeSet: Sendable {
  public var images: [ProbeImage]
  public var texts: [String]
  /// The name of the set: `standard-1-` and the first 16 hex digits of the SHA-256 of its content.
  public let id: String

  public init(name: String, images: [ProbeImage], texts: [String]) {
    self.images = images
    self.texts = texts
    var stream = DigestStream()
    for image in images {
      stream.update(Array("\(image.width)x\(image.height)\n".utf8))
      stream.update(image.pixels)
    }
    for text in texts { stream.update(Array("\(text)\n".utf8)) }
    id = name + "-" + String(decoding: stream.finish().hex.prefix(16), as: UTF8.self)
  }

  /// Portrait, landscape, tiny and odd sizes; captions, one word, a number, punctuation, a text in another script,
  /// and one that exceeds the context.
  public static let standard = ProbeSet(
    name: "standard-1",
    images: [
      (640, 425), (425, 641), (301, 199), (225, 449), (97, 61), (1023, 333), (511, 767), (230, 227),
    ].enumerated().map { .generated(seed: $0.offset, width: $0.element.0, height: $0.element.1) },
    texts: [
      "a photo of a cat",
      "a diagram",
      "dog",
      "two people riding bicycles along a river at sunset, seen from behind",
      "the number 1234.5, in red!",
      "Übergrößenträger & naïve café",
      "日本の古い駅",
      Array(repeating: "a very long caption about nothing in particular,", count: 20).joined(separator: " "),
    ])
}
