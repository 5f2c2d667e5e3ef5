import Archives
import Checkpoints
import Foundation
import TestSupport
import Testing

/// The contents that a reader must find in a fixture, from its `NAME.json`; written by the scripts next to the
/// fixtures.
struct FixtureSidecar: Sendable, CustomTestStringConvertible {
  let name: String
  let json: JSONValue

  var testDescription: String { name }
  var format: String { json["format"]?.stringValue ?? "" }
  var model: String { json["model"]?.stringValue ?? "" }
  var towers: String { json["towers"]?.stringValue ?? "" }
  var hasProjection: Bool { json["projection"]?.boolValue ?? true }
  var ignored: Set<String> { Set((json["ignored"]?.objectValue?.members ?? []).map(\.key)) }
  var path: String { Fixture.url("valid/" + (json["open"]?.stringValue ?? name)).path }
  /// Tensors keep OpenAI's names.
  var hasOpenAINames: Bool {
    json["names"]?.stringValue.map { $0 == "openai" } ?? (format != "hugging-face")
  }
  /// The container of the layout's files; nil if it depends on the writer's version.
  var container: CheckpointFormat? {
    format == "open-clip" ? .safetensors : CheckpointFormat(identifier: format)
  }
  var wrapper: String? { json["wrapper"]?.stringValue }
  var prefix: String? { json["prefix"]?.stringValue }

  static let all: [FixtureSidecar] = {
    let folder = Fixture.url("valid").path
    let names = (try? Folder.names(in: folder, limits: .standard)) ?? []
    return names.compactMap { name in
      guard name.hasSuffix(".json"), !name.hasSuffix(".model.json") else { return nil }
      return try? FixtureSidecar(
        name: String(name.dropLast(".json".count)), json: Fixture.json("valid/" + name))
    }
  }()

  /// Canonical names with shape and digest, for the towers of the fixture.
  func expectedTensors() throws -> [String: (shape: [Int], sha256: String)] {
    let tensors = try Fixture.json("valid/\(model).model.json")["tensors"]?.objectValue?.members ?? []
    var expected: [String: (shape: [Int], sha256: String)] = [:]
    for member in tensors {
      let tower = member.value["tower"]?.stringValue
      guard towers == "both" || tower == "both" || tower == towers else { continue }
      let shape = (member.value["shape"]?.arrayValue ?? []).compactMap(\.integerValue)
      expected[member.key] = (shape, member.value["sha256"]?.stringValue ?? "")
    }
    return expected
  }
}

/// The digest of design.md section 2: name, zero byte, rank and dimensions, then FP32 values.
func identityDigest(_ tensor: CheckpointTensor) throws -> String {
  var message = [UInt8](tensor.name.utf8) + [0]
  for number in [tensor.shape.count] + tensor.shape {
    withUnsafeBytes(of: UInt64(number).littleEndian) { message.append(contentsOf: $0) }
  }
  try tensor.floats().withUnsafeBytes { message.append(contentsOf: $0) }
  return sha256(message)
}
