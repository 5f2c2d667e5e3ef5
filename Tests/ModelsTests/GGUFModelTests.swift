import Architecture
import Archives
import BundleFormat
import Checkpoints
import Foundation
import Models
import TestSupport
import Testing

/// What GGUF files state about their model, and what they do not.
@Suite("Models in GGUF files") struct GGUFModelTests {
  private static let whole = "valid/vit-clip-cpp-f16.gguf"

  private func inspect(_ bytes: [UInt8]) throws -> ModelInspection {
    let folder = try TemporaryFolder()
    return try ModelInspection(Checkpoint.open(folder.write(Data(bytes), to: "edited.gguf")))
  }

  /// The file with the bytes after `key` replaced: its type and value.
  private func setting(_ key: String, to value: [UInt8], in fixture: String = whole) throws -> [UInt8] {
    var bytes = try Fixture.bytes(fixture)
    let start = try #require(bytes.firstRange(of: Array(key.utf8))).upperBound
    bytes.replaceSubrange(start..<start + value.count, with: value)
    return bytes
  }

  private static let boolType: [UInt8] = [7, 0, 0, 0]
  private static let u32Type: [UInt8] = [4, 0, 0, 0]

  @Test("a file of clip.cpp is converted without any option: it states every setting")
  func needsNoOption() throws {
    let inspection = try inspect(Fixture.bytes(Self.whole))
    #expect(inspection.problems.isEmpty, "\(inspection.problems)")
    #expect(inspection.convention == "clip.cpp" && inspection.preprocessing == .openAI)
    for field in ["image.heads", "text.heads", "image.activation", "text.epsilon", "preprocessing"] {
      #expect(inspection.decisions.first { $0.field == field }?.source == .evidence, "\(field)")
    }
  }

  @Test("one image tower has one id, with any tool's names, in either byte order, in BF16 or FP16")
  func identities() throws {
    let expected = try SpaceID(of: ModelFixture.named("vit-hugging-face").open())
    for name in ["vit-clip-cpp-f16.gguf", "vit-mmproj.gguf", "vit-bf16.gguf", "vit-big-endian.gguf"] {
      #expect(try SpaceID(of: ModelFixture.named(name).open()).image == expected.image, "\(name)")
    }
    let text = try SpaceID(of: ModelFixture.named("vit-clip-cpp-text.gguf").open())
    #expect(text.text == expected.text && text.image == nil)
  }

  @Test("the shape, not the name, identifies the linear layer of the MLP that widens")
  func linears() throws {
    for (fixture, convention) in [("vit-clip-cpp-f16.gguf", "clip.cpp"), ("vit-mmproj.gguf", "GGUF")] {
      let inspection = try inspect(Fixture.bytes("valid/" + fixture))
      #expect(inspection.convention == convention && inspection.problems.isEmpty, "\(fixture)")
    }
  }

  @Test("without a logit scale the model is complete, and a note says what is used instead")
  func logitScale() throws {
    let inspection = try inspect(Fixture.bytes(Self.whole))
    #expect(try CLIPModel(Checkpoint.open(Fixture.url(Self.whole).path)).scoreKind == nil)
    #expect(inspection.notes.contains { $0.contains("logit scale") && $0.contains("100") })
  }

  @Test("use_gelu means the GELU of training, use_silu is an error, and nothing is guessed")
  func activations() throws {
    let gelu = try inspect(setting("clip.use_gelu", to: Self.boolType + [1]))
    #expect(gelu.architecture.text?.stack.activation == .gelu)
    let silu = try #require(throws: ModelError.self) {
      // A key of the same length replaces use_gelu.
      var bytes = try setting("clip.use_gelu", to: Self.boolType + [1])
      let key = try #require(bytes.firstRange(of: Array("clip.use_gelu".utf8)))
      bytes.replaceSubrange(key, with: Array("clip.use_silu".utf8))
      return try inspect(bytes)
    }
    #expect(silu.category == .unsupported && silu.description.contains("use_silu"), "\(silu)")
    var untold = try Fixture.bytes(Self.whole)
    let key = try #require(untold.firstRange(of: Array("clip.use_gelu".utf8)))
    untold.replaceSubrange(key, with: Array("general.gelus".utf8))
    #expect(try inspect(untold).problems.contains { $0.code == .undecidedActivation })
  }

  @Test("an unknown key of clip. is an error, because it could change the embeddings")
  func unknownKey() throws {
    var bytes = try Fixture.bytes(Self.whole)
    let key = try #require(bytes.firstRange(of: Array("clip.use_gelu".utf8)))
    bytes.replaceSubrange(key, with: Array("clip.use_what".utf8))
    let error = try #require(throws: ModelError.self) { try inspect(bytes) }
    #expect(error.description.contains("unknown key clip.use_what"), "\(error)")
  }

  @Test("for another architecture the names decide; clip.cpp's pooling is not applied, other keys are listed")
  func otherArchitecture() throws {
    var bytes = try Fixture.bytes(Self.whole)
    let value = try #require(bytes.firstRange(of: [4, 0, 0, 0, 0, 0, 0, 0] + Array("clip".utf8)))
    bytes.replaceSubrange(value, with: [4, 0, 0, 0, 0, 0, 0, 0] + Array("pigs".utf8))
    let key = try #require(bytes.firstRange(of: Array("clip.has_text_encoder".utf8)))
    bytes.replaceSubrange(key, with: Array("pigs.has_text_encoder".utf8))
    let inspection = try inspect(bytes)
    #expect(inspection.architecture.image != nil && inspection.architecture.text != nil)
    #expect(inspection.problems.contains { $0.code == .undecidedPooling })
    #expect(
      inspection.notes.contains("unknown GGUF metadata is not used: pigs.has_text_encoder"),
      "\(inspection.notes)")
  }

  @Test("A size in the keyed values that the tensors do not have is an error")
  func contradiction() throws {
    let inspection = try inspect(setting("clip.vision.image_size", to: Self.u32Type + [23, 0, 0, 0]))
    #expect(inspection.architecture.image?.imageSize == 24)
    let problem = try #require(inspection.problems.first)
    #expect(problem.code == .configurationContradictsTensors && problem.hint.contains("--activation"))
    #expect(problem.description.contains("image size 23") && problem.description.contains("image_size"))
  }

  /// Q8_0 rounds to a 127th of a block's largest magnitude. Q4_0 rounds to an 8th, and loses a complete step at the
  /// other end of the range. Scales are FP16.
  private static let steps: [(String, Float)] = [
    ("quantized/vit-q8_0.gguf", 0.5 / 127 + 0x1p-11), ("quantized/vit-q4_0.gguf", 1.0 / 8 + 0x1p-11),
  ]

  @Test("a quantized tensor is listed with its stored type")
  func storedTypes() throws {
    let checkpoint = try Checkpoint.open(Fixture.url("valid/quantized/vit-q4_0.gguf").path)
    #expect(Set(checkpoint.tensors.map(\.storedType)).isSuperset(of: ["Q4_0", "F32"]))
  }

  @Test("a quantized file gives the original's tensors within its step, and its unquantized tensors exactly")
  func quantized() throws {
    let original = try ModelFixture.named("vit-hugging-face").open()
    for (fixture, step) in Self.steps {
      let model = try CLIPModel(Checkpoint.open(Fixture.url("valid/" + fixture).path))
      var quantizedCount = 0
      for parameter in model.schema.parameters {
        let (values, truth) = (try model.values(of: parameter), try original.values(of: parameter))
        let largest = truth.map(abs).max() ?? 0
        let error = zip(values, truth).map { abs($0 - $1) }.max() ?? .infinity
        let isMatrix = parameter.shape.count == 2 && parameter.role != .positions
        #expect(error <= (isMatrix ? step * largest : 0), "\(fixture) \(parameter.name)")
        quantizedCount += error > 0 ? 1 : 0
      }
      #expect(quantizedCount > 4, "\(fixture)")
    }
  }
}

extension ImageTower {
  fileprivate var layers: Int? { trunk.stack?.layers }
}
