import Foundation
import TestSupport

/// `Fixtures/golden/synthetic-digests.json`, written by the Python version.
struct DigestFile: Decodable {
  struct Tensor: Decodable {
    var variant: String
    var name: String
    var shape: [Int]
    /// By profile.
    var sha256: [String: String]
  }

  struct Image: Decodable {
    var index: Int
    var size: Int
    var sha256: String
  }

  var generator: String
  var tensors: [Tensor]
  var images: [Image]

  init() throws {
    self = try Fixture.decoded("golden/synthetic-digests.json", as: Self.self)
  }
}

/// `Fixtures/golden/probe-texts.json`: texts and ids from OpenAI's tokenizer.
struct ProbeTextFile: Decodable {
  struct Text: Decodable {
    var text: String
    var ids: [Int32]
  }

  var texts: [Text]

  init() throws {
    self = try Fixture.decoded("golden/probe-texts.json", as: Self.self)
  }
}
