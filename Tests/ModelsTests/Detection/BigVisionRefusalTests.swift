import Archives
import Checkpoints
import Foundation
import Models
import TestSupport
import Testing

/// Changed parameter trees of big_vision: nothing in them is skipped, and other models have their own names.
@Suite("Other trees of big_vision") struct BigVisionRefusalTests {
  private func problem(after change: (inout EditedCheckpoint) -> Void) throws -> ModelError {
    var edited = try EditedCheckpoint("../siglip/big-vision-positions.npz")
    change(&edited)
    return try #require(throws: ModelError.self) {
      try edited.open(isFileGiven: true) { checkpoint in
        let inspection = try ModelInspection(checkpoint)
        if let problem = inspection.problems.first { throw problem }
      }
    }
  }

  @Test("An image tower without a MAP head, NaFlex, a tower without its prefix and LiT's BERT are named")
  func names() throws {
    let cases: [(String, (inout EditedCheckpoint) -> Void)] = [
      ("without a MAP head", { $0.keep { !$0.hasPrefix("img.MAPHead_0.") } }),
      ("NaFlex", { $0.reshape("img.embedding.kernel", to: [108, 40]) }),
      (
        "image tower by itself",
        { edited in
          edited.keep { $0.hasPrefix("img.") }
          edited.rename { String($0.dropFirst("img.".count)) }
        }
      ),
      ("without a head", { $0.keep { !$0.hasPrefix("txt.head.") } }),
      (
        "LiT",
        { edited in
          edited.keep { !$0.hasPrefix("txt.") }
          edited.add("txt.BertEncoder_0.embedder.embedders_token_ids.embedding", shape: [4, 4])
        }
      ),
    ]
    for (name, change) in cases {
      let error = try problem(after: change)
      #expect(error.code == .unsupportedArchitecture && error.description.contains(name), "\(error)")
    }
  }

  @Test(
    "An unknown tensor of a tower is an error with its name",
    arguments: ["img.pre_logits.kernel", "txt.MAPHead_0.probe", "txt.extra", "c"])
  func unknown(_ name: String) throws {
    let error = try problem { $0.add(name, shape: [4]) }
    #expect(error.code == .unexpectedTensors && error.description.contains(name), "\(error)")
  }

  @Test("Positions of an encoder are added, and never dropped: another shape, or no other table, is an error")
  func positions() throws {
    let second = "txt.Encoder_0.pos_embedding"
    let shape = try problem { $0.reshape(second, to: [8, 24]) }
    #expect(shape.code == .badReparametrization && shape.description.contains(second), "\(shape)")
    let alone = try problem { $0.remove("txt.pos_embedding") }
    #expect(alone.code == .missingTensors && alone.description.contains("positional_embedding"), "\(alone)")
    let image = try problem { $0.add("img.Transformer.pos_embedding", shape: [1, 9, 40]) }
    #expect(image.code == .unexpectedTensors && image.description.contains("img.Transformer"), "\(image)")
  }

  @Test("Kernels of one tower have the same heads")
  func heads() throws {
    let name = "img.MAPHead_0.MultiHeadDotProductAttention_0.query.kernel"
    let error = try problem { $0.reshape(name, to: [40, 4, 10]) }
    #expect(error.code == .wrongShape && error.tensor == name, "\(error)")
    #expect(error.description.contains("2 heads"), "\(error)")
  }

  /// The scales of the first LayerNorms in all layers, which the fixture stores layer by layer.
  private static let stack = "img.Transformer.encoderblock.LayerNorm_0.scale"

  @Test(
    "Layers that an encoder's tensors do not have in common are missing, and so is a stack without layers",
    arguments: [([2, 40], "resblocks.2.ln_1"), ([40], "resblocks.0.ln_1")])
  func layers(_ shape: [Int], _ missing: String) throws {
    let error = try problem { edited in
      edited.keep { !($0.hasPrefix("img.Transformer.") && $0.hasSuffix(".LayerNorm_0.scale")) }
      edited.add(Self.stack, shape: shape)
    }
    #expect(error.code == .missingTensors && error.description.contains(missing), "\(error)")
  }

  @Test("A layer that is in a stack and in a tensor of its own is an error")
  func twice() throws {
    var edited = try EditedCheckpoint("../siglip/big-vision.npz")
    edited.add(Self.stack, shape: [3, 40])
    let error = try #require(throws: ReadError.self) { try edited.open(isFileGiven: true) { $0 } }
    #expect(error.code == .duplicateTensorName, "\(error)")
  }
}

/// Image encoders of language models, in llama.cpp's names.
@Suite("mmproj files") struct ProjectorFileTests {
  private static let file = "siglip/mmproj.gguf"

  @Test("SigLIP's is named, with its projector, and refused because nothing in it pools")
  func sigLIP() throws {
    let checkpoint = try Checkpoint.open(Fixture.url(Self.file).path)
    #expect(checkpoint.ignored.map(\.name) == ["mm"])
    let error = try #require(throws: ModelError.self) { try ModelInspection(checkpoint) }
    #expect(error.category == .unsupported && error.description.contains("SigLIP's image tower"), "\(error)")
    #expect(error.description.contains("gemma3") && error.hint.contains("complete SigLIP checkpoint"))
  }

  @Test(
    "Encoders with other tensors are neither CLIP's nor SigLIP's",
    arguments: ["v.blk.0.ls1.weight", "v.blk.0.attn_q_norm.weight", "v.pre_ln.weight", "v.class_embd"])
  func others(_ name: String) throws {
    var edited = try EditedCheckpoint("../" + Self.file)
    edited.add(name, shape: [72])
    let error = try #require(throws: ModelError.self) {
      try edited.open(isFileGiven: true) { try ModelInspection($0) }
    }
    #expect(error.category == .unsupported && error.description.contains("neither CLIP's"), "\(error)")
    var unbiased = try EditedCheckpoint("../" + Self.file)
    unbiased.remove("v.patch_embd.bias")
    let second = try #require(throws: ModelError.self) {
      try unbiased.open(isFileGiven: true) { try ModelInspection($0) }
    }
    #expect(second.description.contains("neither CLIP's"), "\(second)")
  }
}
