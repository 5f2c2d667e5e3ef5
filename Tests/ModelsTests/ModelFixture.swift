import Architecture
import Archives
import Checkpoints
import Foundation
import Models
import TestSupport
import Testing

/// One of `Fixtures/valid`: a file or folder written by an original library, with the expected model.
struct ModelFixture: Sendable, CustomTestStringConvertible {
  let name: String
  private let json: JSONValue

  var testDescription: String { name }
  /// The library that wrote it, and its version.
  var writer: String { json["writer"]?.stringValue ?? "" }
  var model: String { json["model"]?.stringValue ?? "" }
  var towers: String { json["towers"]?.stringValue ?? "" }
  var hasProjection: Bool { json["projection"]?.boolValue ?? true }
  /// Canonical tensors that the format does not store.
  var absent: [String] { (json["absent"]?.arrayValue ?? []).compactMap(\.stringValue) }
  /// Its weights are rounded to integers, so they approximate the original's.
  var isQuantized: Bool { json["quantized"]?.boolValue ?? false }
  /// Whether the file or a configuration next to it determines activation and heads.
  var hasEvidence: Bool { json["evidence"]?.stringValue != nil }
  var path: String { Fixture.url("valid/" + (json["open"]?.stringValue ?? name)).path }

  static let all: [ModelFixture] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: Fixture.url("valid").path)) ?? []
    return names.sorted().compactMap { name in
      guard name.hasSuffix(".json"), !name.hasSuffix(".model.json") else { return nil }
      return try? ModelFixture(
        name: String(name.dropLast(".json".count)), json: Fixture.json("valid/" + name))
    }
  }()

  /// Whether its BatchNorms are folded into the convolutions: the function is the original's, the tensors are not.
  var isFolded: Bool { json["folded"]?.boolValue ?? false }
  static let exact = all.filter { !$0.isQuantized && !$0.isFolded }

  static func named(_ name: String) throws -> ModelFixture {
    try #require(all.first { $0.name == name }, "no fixture \(name)")
  }

  /// The original model: `Fixtures/valid/MODEL.model.json`.
  func truth() throws -> JSONValue { try Fixture.json("valid/\(model).model.json") }

  /// The options without which this fixture is undecided.
  var options: ModelOptions {
    var options = ModelOptions()
    options.preprocessing = .openAI
    options.pooling = .highestID
    if !hasEvidence {
      options.activation = PerTower(both: .quickGELU)
      options.heads = PerTower(image: model == "rn" ? nil : 1, text: 1)
    }
    return options
  }

  func open() throws -> CLIPModel { try CLIPModel(Checkpoint.open(path), options: options) }
}
