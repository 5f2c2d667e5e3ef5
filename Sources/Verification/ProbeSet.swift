internal import BundleFormat

/// Default images and texts for comparing models.
public struct ProbeSet: Sendable {
  public var images: [ProbeImage]
  public var texts: [String]
  /// The name of the set: `standard-2-` and the first 16 hex digits of the SHA-256 of its content.
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

  /// The images and texts that measure a bundle before it is written.
  public static let standard = ProbeSet(name: "standard-2", images: ProbeScenes.all, texts: ProbeTexts.all)
}
