import Checkpoints
import Models

/// The published file with the same SHA-256, if there is one.
struct FileIdentity: Encodable {
  /// 64 hex digits.
  var sha256: String
  /// `OpenAI's ViT-L/14`; nil for an unknown file.
  var published: String?

  init(sha256: String) {
    self.sha256 = sha256
    published = PublishedFile.name(ofSHA256: sha256)
  }

  /// After "made from".
  var origin: String {
    published.map { "\($0), as published" }
      ?? "a file that is not known as published (SHA-256 \(ShortID.text(sha256)))"
  }

  /// For people.
  var words: String {
    published.map { "this is \($0) (SHA-256 matches the published file)" }
      ?? "not a known published file (SHA-256 \(ShortID.text(sha256)))"
  }
}
